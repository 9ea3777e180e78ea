/* Whose the uid of a break-glass account is beside its own (R32): what runs under it is ended with
 * an emergency. Reads passwd and subuid; ends nothing. */
#include "operation/doctor.h"

#include "base/auto.h"

#include <stdlib.h>
#include <string.h>

#define PASSWD "/etc/passwd"
#define SUBUID "/etc/subuid"

static bool uids_number(const char *text, int64_t *number)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 10)
        return false;
    *number = strtoll(text, &end, 10);
    return end[0] == '\0';
}

/* The question that is asked before anything is ended (privileged_is_theirs() of admin/), which of
 * an active account is a fault in either case. */
static bool uids_are_ended(struct doctor *doctor, const struct doctor_account *account)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    bool anothers = false;
    int64_t uid;
    if (account->state == ACCOUNT_STATE_ACTIVE || doctor_read(doctor, PASSWD, &text) != NULL)
        return true;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        const char *name = strsep(&line, ":");
        (void)strsep(&line, ":");
        if (!uids_number(strsep(&line, ":"), &uid))
            continue;
        if (strcmp(name, account->name) == 0)
            return uid == account->uid;
        anothers |= uid == account->uid;
    }
    return !anothers;
}

static void uids_another_name(struct doctor *doctor, const struct doctor_account *account,
                              const char *name)
{
    if (uids_are_ended(doctor, account))
        doctor_say(doctor, DOCTOR_FAULT, "accounts",
                   "%s has uid %lld, as break-glass account %s has: whatever runs under it is "
                   "ended with an emergency: give %s another uid",
                   name, (long long)account->uid, account->name, name);
    else
        doctor_say(doctor, DOCTOR_WARNING, "accounts",
                   "uid %lld of break-glass account %s, which is not active any more, is that of "
                   "%s now: emergency settle ends nothing under it",
                   (long long)account->uid, account->name, name);
}

static void uids_in_a_range(struct doctor *doctor, const struct doctor_account *account,
                            const char *name)
{
    if (uids_are_ended(doctor, account))
        doctor_say(doctor, DOCTOR_FAULT, "accounts",
                   "uid %lld of break-glass account %s is in a range that %s gives to %s: what "
                   "their containers run under it is ended with an emergency: give them another "
                   "range",
                   (long long)account->uid, account->name, SUBUID, name);
}

/* -- the files -------------------------------------------------------------------------------- */

static void uids_passwd(struct doctor *doctor, char *line)
{
    int64_t uid;
    const char *name = strsep(&line, ":");
    (void)strsep(&line, ":");
    if (!uids_number(strsep(&line, ":"), &uid))
        return;
    for (size_t i = 0; i < doctor->account_count; i++) {
        const struct doctor_account *account = &doctor->accounts[i];
        if (account->class_ == ACCOUNT_CLASS_BREAKGLASS && account->uid == uid &&
            strcmp(account->name, name) != 0)
            uids_another_name(doctor, account, name);
    }
}

static void uids_subuid(struct doctor *doctor, char *line)
{
    int64_t first, count;
    const char *name = strsep(&line, ":");
    if (!uids_number(strsep(&line, ":"), &first) || !uids_number(line, &count))
        return;
    for (size_t i = 0; i < doctor->account_count; i++) {
        const struct doctor_account *account = &doctor->accounts[i];
        if (account->class_ == ACCOUNT_CLASS_BREAKGLASS && account->uid >= first &&
            account->uid - first < count)
            uids_in_a_range(doctor, account, name);
    }
}

void doctor_uids(struct doctor *doctor)
{
    static const struct {
        const char *name;
        void (*line)(struct doctor *doctor, char *line);
    } files[] = {{PASSWD, uids_passwd}, {SUBUID, uids_subuid}};
    for (size_t i = 0; i < MEDGL_COUNT(files) && doctor->accounts_known; i++) {
        auto_clean(doctor_text_free) struct doctor_text text = {NULL};
        if (!doctor_open(doctor, "accounts", files[i].name, &text))
            continue;
        for (char *line; (line = doctor_line(&text)) != NULL;)
            files[i].line(doctor, line);
    }
}
