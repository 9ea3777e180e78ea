/* Whether the rules of access let anybody in at all, whether sessions end that nobody uses, and
 * whether the policy is the one that was seen last (R04, R05, R22, R25, R27, R34). The rules
 * are asked by the function that asks them at a login. Works as the owner of the store. */
#include "operation/doctor.h"
#include "operation/last_use.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/caller.h"
#include "operation/prove.h"
#include "policy/admission.h"
#include "policy/calendar.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOGIND       "/usr/lib/systemd/systemd-logind"
#define LOGIND_CONF  "/etc/systemd/logind.conf"
#define ACCESS_AHEAD (8 * MEDGL_DAY) /* every day of the week, whatever the time of day */

/* A list of names in a sentence, cut where it gets too long. */
struct names {
    char text[400];
    size_t count;
};

static void names_add(struct names *names, const char *name)
{
    const size_t used = strlen(names->text);
    if (used + strlen(name) + 8 < sizeof(names->text))
        (void)snprintf(names->text + used, sizeof(names->text) - used, "%s%s",
                       names->count > 0 ? ", " : "", name);
    else if (names->text[used - 1] != '.')
        (void)snprintf(names->text + used, sizeof(names->text) - used, ", ...");
    names->count++;
}

struct looking {
    struct doctor *doctor;
    const struct context *context;
    struct ledger_reader *reader;
    medgl_time now;
    struct doctor_account *accounts; /* all */
    struct account *privileged;      /* the active ones */
    size_t account_count, privileged_count;
    size_t account_room, privileged_room;
    bool hours; /* an account has hours of its own */
    struct names imported, dormant;
};

static void looking_free(struct looking *looking)
{
    ledger_reader_free(&looking->reader);
    free(looking->accounts);
    free(looking->privileged);
}

/* Room for one more in an array; NULL: there is none. */
static void *looking_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    void *more = reallocarray(array, 2 * *room + 16, size);
    if (more != NULL)
        *room = 2 * *room + 16;
    return more;
}

/* -- reading ------------------------------------------------------------------------------------
 */

/* One hash that was taken over, and nobody has used it here: whose it is has not been seen since.
 */
static enum medgl_error looking_password(struct store_txn *txn, struct looking *looking,
                                         const struct account *account)
{
    struct credential credential;
    enum medgl_error error =
        store_credential_get(txn, account->id, CREDENTIAL_PASSWORD, &credential);
    if (error == MEDGL_OK && credential.strength == PASSWORD_STRENGTH_NONE && !credential.issued)
        names_add(&looking->imported, account->name);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error looking_active(struct store_txn *txn, struct looking *looking,
                                       const struct account *account)
{
    struct activity activity;
    looking->hours |= account->hours[0] != '\0' && strcasecmp(account->hours, "always") != 0;
    MEDGL_TRY(store_activity_get(txn, account->id, &activity));
    if (policy_dormant(&looking->context->policy, last_use(&activity), account->created,
                       looking->now))
        names_add(&looking->dormant, account->name);
    MEDGL_TRY(looking_password(txn, looking, account));
    if (account->class_ != ACCOUNT_CLASS_PRIVILEGED)
        return MEDGL_OK;
    void *more = looking_room(looking->privileged, looking->privileged_count,
                              &looking->privileged_room, sizeof(*account));
    if (more == NULL)
        return MEDGL_ERR_MEMORY;
    looking->privileged = more;
    looking->privileged[looking->privileged_count++] = *account;
    return MEDGL_OK;
}

static enum medgl_error looking_account(void *argument, const struct account *account)
{
    struct looking *looking = argument;
    void *more = looking_room(looking->accounts, looking->account_count, &looking->account_room,
                              sizeof(*looking->accounts));
    if (more == NULL)
        return MEDGL_ERR_MEMORY;
    looking->accounts = more;
    struct doctor_account *kept = &looking->accounts[looking->account_count++];
    *kept = (struct doctor_account){.uid = account->uid,
                                    .class_ = account->class_,
                                    .state = account->state,
                                    .shared = account->shared};
    return text_copy(kept->name, sizeof(kept->name), account->name);
}

static bool looking_is_shadow(void *argument, const char *line, size_t len)
{
    static const char kind[] = "\"kind\":\"account.shadow\"";
    (void)argument;
    return memmem(line, len, kind, sizeof(kind) - 1) != NULL;
}

static enum medgl_error looking_shadow(void *argument, const struct ledger_row *row)
{
    const struct looking *looking = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0) /* in an archive that is not here */
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    const struct ledger_field *locked = ledger_entry_find(entry, "locked", LEDGER_FIELD_BOOL);
    for (size_t i = 0; locked != NULL && entry->subject.name != NULL && i < looking->account_count;
         i++)
        if (strcmp(looking->accounts[i].name, entry->subject.name) == 0)
            looking->accounts[i].shadow_locked = locked->number != 0;
    return MEDGL_OK;
}

static enum medgl_error looking_read(struct store_txn *txn, void *argument)
{
    struct looking *looking = argument;
    struct account account;
    uint64_t seen;
    looking->account_count = looking->privileged_count = 0;
    looking->imported = looking->dormant = (struct names){.count = 0};
    MEDGL_TRY(store_account_each(txn, looking_account, looking));
    for (size_t i = 0; i < looking->account_count; i++) {
        if (looking->accounts[i].state != ACCOUNT_STATE_ACTIVE)
            continue;
        MEDGL_TRY(store_account_by_name(txn, looking->accounts[i].name, &account));
        MEDGL_TRY(looking_active(txn, looking, &account));
    }
    const struct ledger_reading reading = {
        .to = UINT64_MAX, .wanted = looking_is_shadow, .each = looking_shadow, .argument = looking};
    return ledger_reader_select(looking->reader, txn, &reading, &seen);
}

/* -- places and services that there are ---------------------------------------------------------
 */

/* A rule's part that is an address or a network stands for its first host; what no packet comes
 * from is none. */
static bool place_of_network(const char *part, struct admission_place *place)
{
    char address[64];
    (void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(part, "/"), part);
    if (admission_parse_place(address, place) != MEDGL_OK ||
        place->origin != ADMISSION_ORIGIN_ADDRESS)
        return false;
    struct in6_addr *six = (struct in6_addr *)(void *)place->address;
    if (part[strlen(address)] == '/' && (place->address[15] & 1) == 0)
        place->address[15] |= 1;
    if (part[strlen(address)] == '/' && strchr(part, ':') == NULL &&
        strcmp(part + strlen(address), "/32") == 0)
        (void)admission_parse_place(address, place);
    const bool none =
        IN6_IS_ADDR_UNSPECIFIED(six) || IN6_IS_ADDR_MULTICAST(six) ||
        (IN6_IS_ADDR_V4MAPPED(six) &&
         (place->address[12] >= 224 || (place->address[12] == 0 && strchr(part, '/') == NULL)));
    return !none;
}

/* Terminals that Linux has, beside the machine and of people logged in there. */
static bool place_of_terminal(size_t i, struct admission_place *place)
{
    static const struct {
        const char *format;
        unsigned from, to;
    } terminals[] = {
        {"tty%u", 1, 63}, {"ttyS%u", 0, 31},  {"ttyAMA%u", 0, 7}, {"hvc%u", 0, 7},
        {":%u", 0, 15},   {"ttyUSB%u", 0, 7}, {"xvc%u", 0, 3},    {"pts/%u", 0, 127},
    };
    for (size_t kind = 0; kind < MEDGL_COUNT(terminals); kind++) {
        const size_t count = terminals[kind].to - terminals[kind].from + 1;
        const bool local = terminals[kind].format[0] == 'p';
        if (i < count) {
            *place = (struct admission_place){.origin = local ? ADMISSION_ORIGIN_LOCAL
                                                              : ADMISSION_ORIGIN_CONSOLE};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(place->terminal, sizeof(place->terminal), terminals[kind].format,
                           terminals[kind].from + (unsigned)i);
#pragma GCC diagnostic pop
            return true;
        }
        i -= count;
    }
    return false;
}

static bool access_admits(const struct looking *looking, const struct account *account,
                          const struct admission_place *place, const char *service,
                          struct admission_decision *decision)
{
    const struct admission_facts facts =
        admission_facts_from(account, place, service, looking->now);
    *decision = policy_admit(&looking->context->policy, &facts, looking->now);
    return decision->places.granted;
}

/* Some place that the rule lets in; else the decision about any. */
static bool access_place(const struct looking *looking, const struct account *account,
                         const char *service, struct admission_decision *decision)
{
    struct admission_place place = {.origin = ADMISSION_ORIGIN_UNKNOWN};
    char rule[POLICY_RULE_SIZE], *rest = rule;
    if (access_admits(looking, account, &place, service, decision))
        return true;
    for (size_t i = 0; place_of_terminal(i, &place); i++)
        if (access_admits(looking, account, &place, service, decision))
            return true;
    if (text_copy(rule, sizeof(rule), decision->places.rule) != MEDGL_OK)
        return false;
    for (char *part; (part = strsep(&rest, ", \t")) != NULL;)
        if (part[0] != '\0' && place_of_network(part, &place) &&
            access_admits(looking, account, &place, service, decision))
            return true;
    return false;
}

/* A service of the rule that has a file here; "" where the rule names none of these. */
static void access_service(const struct doctor *doctor, const char *rule,
                           char service[POLICY_RULE_SIZE])
{
    static const char *const directories[] = {MEDGL_PAMCONFDIR, "/usr/lib/pam.d"};
    char rules[POLICY_RULE_SIZE], path[POLICY_RULE_SIZE + 64], *rest = rules;
    service[0] = '\0';
    if (strcasecmp(rule, "any") == 0) {
        (void)snprintf(service, POLICY_RULE_SIZE, "login");
        return;
    }
    if (text_copy(rules, sizeof(rules), rule) != MEDGL_OK)
        return;
    for (const char *part; (part = strsep(&rest, ", \t")) != NULL;)
        for (size_t i = 0; i < MEDGL_COUNT(directories) && part[0] != '\0'; i++) {
            (void)snprintf(path, sizeof(path), "%s/%s", directories[i], part);
            if (strchr(part, '/') == NULL && doctor_is_there(doctor, path)) {
                (void)snprintf(service, POLICY_RULE_SIZE, "%s", part);
                return;
            }
        }
}

/* -- judging ------------------------------------------------------------------------------------
 */

/* The first quarter of an hour, from now on, in which its hours hold; 0: none soon. */
static medgl_time access_opens(const struct looking *looking, const struct account *account)
{
    static const struct admission_place anywhere = {.origin = ADMISSION_ORIGIN_ANYWHERE};
    const struct policy *policy = &looking->context->policy;
    const medgl_time quarter = 15 * MEDGL_MINUTE;
    for (medgl_time at = looking->now; at < looking->now + ACCESS_AHEAD;
         at += quarter - at % quarter) {
        const struct admission_facts facts = admission_facts_from(account, &anywhere, "", at);
        if (policy_admit(policy, &facts, at).hours.granted)
            return at;
    }
    return 0;
}

/* When a privileged account could log in from somewhere, from now on; 0: not soon. Says which rule
 * never lets it. */
static medgl_time access_judge_privileged(const struct looking *looking,
                                          const struct account *account)
{
    struct doctor *doctor = looking->doctor;
    struct admission_decision decision;
    struct admission_place place = {.origin = ADMISSION_ORIGIN_UNKNOWN};
    char service[POLICY_RULE_SIZE];
    (void)access_admits(looking, account, &place, "", &decision);
    access_service(doctor, decision.services.rule, service);
    if (service[0] == '\0')
        doctor_say(doctor, DOCTOR_WARNING, "access",
                   "%s, privileged, may use the services \"%s\", and none of them has a file in "
                   "%s: correct %s",
                   account->name, decision.services.rule, MEDGL_PAMCONFDIR,
                   decision.services.own ? "its rule (account set --services)"
                                         : "services_privileged");
    const bool anywhere = access_place(looking, account, service, &decision);
    if (!anywhere)
        doctor_say(doctor, DOCTOR_WARNING, "access",
                   "%s, privileged, may log in from \"%s\", and no terminal or network is that: "
                   "correct %s",
                   account->name, decision.places.rule,
                   decision.places.own ? "its rule (account set --places)" : "places_privileged");
    return anywhere && service[0] != '\0' ? access_opens(looking, account) : 0;
}

/* R05, R22, R27: whoever keeps the rules must not be locked out by them. That their hours begin
 * again tomorrow is what the rules are for. */
static void access_privileged(const struct looking *looking)
{
    const unsigned before = looking->doctor->faults;
    char from[CLOCK_LOCAL_SIZE];
    medgl_time next = 0;
    size_t open = 0;
    for (size_t i = 0; i < looking->privileged_count; i++) {
        const medgl_time opens = access_judge_privileged(looking, &looking->privileged[i]);
        open += opens == looking->now;
        if (opens != 0 && (next == 0 || opens < next))
            next = opens;
    }
    clock_format_local(next, from);
    if (looking->privileged_count > 0 && next == 0)
        doctor_say(looking->doctor, DOCTOR_FAULT, "access",
                   "no privileged account could log in from anywhere within the coming week: you "
                   "would lock yourself out; stay logged in, and widen hours, places or services "
                   "of one of them (medgl-admin account explain NAME says which rule refuses)");
    else if (looking->privileged_count > 0 && open == 0)
        doctor_say(looking->doctor, DOCTOR_OK, "access",
                   "0 of %zu privileged accounts could log in now: their hours begin at %s",
                   looking->privileged_count, from);
    else if (looking->privileged_count > 0 && looking->doctor->faults == before)
        doctor_say(looking->doctor, DOCTOR_OK, "access",
                   "%zu of %zu privileged accounts could log in now", open,
                   looking->privileged_count);
}

/* Whoever came from a network, and needs sudo or wants to unlock the screen, is asked for a place
 * again. */
static void access_staff_places(const struct looking *looking)
{
    const char *rule = policy_class_of(&looking->context->policy, ACCOUNT_CLASS_STAFF)->places;
    if (admission_places_strand(rule))
        doctor_say(looking->doctor, DOCTOR_WARNING, "access",
                   "places_staff is \"%s\", without own or local: whoever logs in from there can "
                   "neither use sudo nor unlock a screen; add own, or local for su as well, unless "
                   "that is meant",
                   rule);
}

/* R22. A file that cannot be read was told of with the policy. */
static void access_calendar(const struct looking *looking)
{
    const struct policy *policy = &looking->context->policy;
    struct doctor *doctor = looking->doctor;
    const int64_t today = policy_day(looking->now, clock_utc_offset(looking->now));
    bool hours = looking->hours;
    for (size_t i = 0; i < POLICY_CLASSES; i++)
        hours |= strcasecmp(policy->classes[i].hours, "always") != 0;
    if (policy->calendar.known && hours && policy->holidays[0] != '\0' &&
        (policy->calendar.count == 0 || policy->calendar.day[policy->calendar.count - 1] <= today))
        doctor_say(doctor, DOCTOR_WARNING, "calendar",
                   "%s has no day after today, and hours are limited: add the holidays to come",
                   policy->holidays);
}

/* R34: a change that no login has told of so far. */
static enum medgl_error access_seen(struct store_txn *txn, void *argument)
{
    const struct looking *looking = argument;
    auto_free char *text = NULL;
    char since[CLOCK_LOCAL_SIZE];
    struct policy_seen seen;
    MEDGL_TRY(policy_text(&looking->context->policy, &text));
    enum medgl_error error = store_policy_seen_get(txn, &seen);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    clock_format_local(seen.since, since);
    if (seen.len == strlen(text) && memcmp(seen.text, text, seen.len) == 0)
        doctor_say(looking->doctor, DOCTOR_OK, "change",
                   "the policy in force is the one that the ledger knows since %s", since);
    else
        doctor_say(looking->doctor, DOCTOR_WARNING, "change",
                   "the policy is another one than the ledger knows since %s, and nobody has "
                   "logged in under it: the next login tells of it; if nobody of you changed it, "
                   "find out who did",
                   since);
    return MEDGL_OK;
}

/* -- sessions that nobody uses (R04) ------------------------------------------------------------
 */

static void logind_value(struct doctor *doctor, const char *path, void *argument)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    static const char key[] = "StopIdleSessionSec";
    bool *set = argument;
    if (!doctor_open(doctor, "idle", path, &text))
        return;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        line += strspn(line, " \t");
        if (strncmp(line, key, sizeof(key) - 1) != 0)
            continue;
        line += sizeof(key) - 1;
        line += strspn(line, " \t");
        if (line[0] != '=')
            continue;
        line += 1 + strspn(line + 1, " \t\r");
        *set = line[0] != '\0' && strncmp(line, "infinity", 8) != 0 && strcmp(line, "0") != 0;
    }
}

static void access_logind(struct doctor *doctor, medgl_time idle)
{
    static const char *const directories[] = {"/usr/lib/systemd/logind.conf.d",
                                              "/run/systemd/logind.conf.d",
                                              "/etc/systemd/logind.conf.d"};
    bool set = false;
    if (!doctor_is_there(doctor, LOGIND) && !doctor_is_there(doctor, "/lib/systemd/systemd-logind"))
        return;
    logind_value(doctor, LOGIND_CONF, &set);
    for (size_t i = 0; i < MEDGL_COUNT(directories); i++)
        doctor_each_file(doctor, "idle", directories[i], ".conf", logind_value, &set);
    if (set)
        doctor_say(doctor, DOCTOR_OK, "idle", "systemd-logind ends sessions that nobody uses");
    else
        doctor_say(doctor, DOCTOR_WARNING, "idle",
                   "systemd-logind ends no session that nobody uses: make the directory "
                   "/etc/systemd/logind.conf.d, write the lines \"[Login]\" and "
                   "\"StopIdleSessionSec=%lld\" into medgl.conf there, then run systemctl kill "
                   "--signal=HUP systemd-logind",
                   (long long)(idle / MEDGL_SECOND));
}

static void access_idle(struct doctor *doctor, const struct policy *policy)
{
    static const enum account_class classes[] = {ACCOUNT_CLASS_STAFF, ACCOUNT_CLASS_PRIVILEGED,
                                                 ACCOUNT_CLASS_MAINTENANCE,
                                                 ACCOUNT_CLASS_BREAKGLASS};
    medgl_time least = 0;
    for (size_t i = 0; i < MEDGL_COUNT(classes); i++) {
        const medgl_time idle = policy_span_most(policy_class_of(policy, classes[i])->idle);
        if (idle == 0)
            doctor_say(doctor, DOCTOR_WARNING, "idle",
                       "idle_%s is 0: a shell that is left alone stays open; set it to a time, as "
                       "\"15 min\"",
                       account_class_word(classes[i]));
        else if (least == 0 || idle < least)
            least = idle;
    }
    access_logind(doctor, least > 0 ? least : 15 * MEDGL_MINUTE);
}

void doctor_access(struct doctor *doctor, const struct context *context)
{
    auto_clean(looking_free) struct looking looking = {
        .doctor = doctor, .context = context, .now = clock_read().now};
    enum medgl_error error = ledger_reader_open(context, &looking.reader);
    if (error == MEDGL_OK)
        error = store_transact(context->store, STORE_READ, looking_read, &looking);
    if (error == MEDGL_OK)
        error = store_transact(context->store, STORE_READ, access_seen, &looking);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "accounts",
                   "the accounts cannot be read: %s: do what the log says, then run this again",
                   medgl_error_text(error));
        return;
    }
    for (size_t i = 0; i < looking.account_count; i++)
        doctor->enrolled(doctor, &looking.accounts[i]);
    doctor->accounts_known = true;
    if (looking.dormant.count > 0)
        doctor_say(doctor, DOCTOR_WARNING, "accounts",
                   "%zu accounts have not been used for a long time (%s): medgl-admin report "
                   "dormant says since when; disable or retire them",
                   looking.dormant.count, looking.dormant.text);
    if (looking.imported.count > 0)
        doctor_say(doctor, DOCTOR_WARNING, "accounts",
                   "%zu accounts have a password from /etc/shadow that was never judged here, "
                   "because they have not logged in since (%s): reset those that will not soon",
                   looking.imported.count, looking.imported.text);
    access_privileged(&looking);
    access_staff_places(&looking);
    access_calendar(&looking);
    access_idle(doctor, &context->policy);
}
