/* Who becomes root by sudo without a password (R27), or for everything although they have a role
 * (R08): what stands in sudoers, not what sudo would make of it. Reads only. */
#include "operation/doctor.h"
#include "operation/role.h"

#include "base/auto.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SUDOERS "/etc/sudoers"

struct sudo {
    int depth;
    bool told;
};

static void sudo_read(struct doctor *doctor, const char *path, struct sudo *sudo);

/* Whether a command list of a line holds ALL; `asked`: also where a password is asked for, else
 * behind a NOPASSWD: that still counts alone. */
static bool sudo_is_open(const char *rest, bool asked)
{
    bool free_ = asked;
    char word[64];
    for (const char *at = rest; at[0] != '\0';) {
        at += strspn(at, " \t,");
        const size_t len = strcspn(at, " \t,:");
        const bool tag = at[len] == ':';
        (void)snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), at);
        if (tag && strcmp(word, "NOPASSWD") == 0)
            free_ = true;
        else if (tag && strcmp(word, "PASSWD") == 0)
            free_ = asked;
        else if (!tag && free_ && strcmp(word, "ALL") == 0)
            return true;
        at += len + tag;
    }
    return false;
}

/* A user of the host who is not enrolled is no concern of the rules. */
static bool sudo_concerns(const struct doctor *doctor, const char *who)
{
    if (who[0] == '%' || who[0] == '+' || who[0] == '#' || isupper((unsigned char)who[0]))
        return true;
    const struct doctor_account *account = doctor_account_find(doctor, who);
    return account != NULL && account->state == ACCOUNT_STATE_ACTIVE;
}

static void sudo_defaults(struct doctor *doctor, struct sudo *sudo, const char *path,
                          const char *line)
{
    if (strstr(line, "!authenticate") == NULL)
        return;
    sudo->told = true;
    doctor_say(doctor, DOCTOR_WARNING, "sudo",
               "%s%s: !authenticate: sudo asks nobody for a proof; take it out", doctor->root,
               path);
}

/* Root for everything is bound by no role: what it does is evidence at best. */
static bool sudo_has_role(const struct doctor *doctor, const char *who)
{
    static const enum role all[] = {ROLE_HELPDESK, ROLE_SECURITY, ROLE_AUDIT};
    unsigned roles = 0;
    for (size_t i = 0; i < MEDGL_COUNT(all); i++)
        if (who[0] == '%' && strcmp(who + 1, role_group(all[i])) == 0)
            return true;
    return who[0] != '%' && doctor->root[0] == '\0' && role_of_user(who, &roles) == MEDGL_OK &&
           roles != 0;
}

static void sudo_tell(struct doctor *doctor, struct sudo *sudo, const char *path, const char *who,
                      bool unasked)
{
    if (unasked && sudo_concerns(doctor, who)) {
        sudo->told = true;
        doctor_say(doctor, DOCTOR_WARNING, "sudo",
                   "%s%s: %s becomes root without a password (NOPASSWD: ALL): take NOPASSWD "
                   "out, or name the commands",
                   doctor->root, path, who);
    }
    if (sudo_has_role(doctor, who)) {
        sudo->told = true;
        doctor_say(doctor, DOCTOR_WARNING, "sudo",
                   "%s%s: %s runs everything as root, which no role binds: name the commands of "
                   "the role, as the sudoers file does that comes with medgl-admin",
                   doctor->root, path, who);
    }
}

static void sudo_grants(struct doctor *doctor, struct sudo *sudo, const char *path, char *line)
{
    char *commands = strchr(line, '=');
    if (commands == NULL)
        return;
    commands[0] = '\0';
    commands++;
    commands += strspn(commands, " \t");
    if (commands[0] == '(') /* as whom: parts of it look like tags */
        commands += strcspn(commands, ")") + (strchr(commands, ')') != NULL);
    if (!sudo_is_open(commands, true))
        return;
    const bool unasked = sudo_is_open(commands, false);
    char *rest = line;
    for (char *who; (who = strsep(&rest, ",")) != NULL;) {
        who += strspn(who, " \t");
        const bool last = strcspn(who, " \t") < strlen(who);
        who[strcspn(who, " \t")] = '\0';
        if (who[0] != '\0')
            sudo_tell(doctor, sudo, path, who, unasked);
        if (last) /* the host follows */
            break;
    }
}

/* In a directory sudo passes over names with a dot or that end in '~'. */
static void sudo_each(struct doctor *doctor, const char *path, void *argument)
{
    const char *name = strrchr(path, '/') + 1;
    if (strchr(name, '.') == NULL && name[strlen(name) - 1] != '~')
        sudo_read(doctor, path, argument);
}

static void sudo_include(struct doctor *doctor, struct sudo *sudo, const char *line)
{
    static const char *const words[] = {"includedir", "include"};
    char path[PATH_MAX];
    for (size_t i = 0; i < MEDGL_COUNT(words); i++) {
        const size_t len = strlen(words[i]);
        if (strncmp(line + 1, words[i], len) != 0 || strchr(" \t", line[1 + len]) == NULL)
            continue;
        line += 1 + len;
        line += strspn(line, " \t\"");
        if (snprintf(path, sizeof(path), "%s%.*s", line[0] == '/' ? "" : "/etc/",
                     (int)strcspn(line, " \t\""), line) >= (int)sizeof(path))
            return;
        if (i == 0)
            doctor_each_file(doctor, "sudo", path, "", sudo_each, sudo);
        else
            sudo_read(doctor, path, sudo);
        return;
    }
}

static void sudo_read(struct doctor *doctor, const char *path, struct sudo *sudo)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (sudo->depth >= DOCTOR_INCLUDE_MAX || !doctor_open(doctor, "sudo", path, &text))
        return;
    doctor_join(&text);
    sudo->depth++;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        line += strspn(line, " \t");
        if (strncmp(line, "Defaults", 8) == 0)
            sudo_defaults(doctor, sudo, path, line);
        else if (line[0] == '@' || (line[0] == '#' && strncmp(line, "#include", 8) == 0))
            sudo_include(doctor, sudo, line);
        else if (line[0] != '#' || isdigit((unsigned char)line[1]))
            sudo_grants(doctor, sudo, path, line);
    }
    sudo->depth--;
}

void doctor_sudo(struct doctor *doctor)
{
    struct sudo sudo = {.depth = 0};
    if (!doctor_is_there(doctor, SUDOERS))
        return;
    sudo_read(doctor, SUDOERS, &sudo);
    if (!sudo.told)
        doctor_say(doctor, DOCTOR_OK, "sudo", "no enrolled user becomes root without a password");
}
