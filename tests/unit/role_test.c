/* Roles (R08, R11): whom an operator's role reaches, that each act asks for itself, and what is
 * written down of refused tries. */
#include "tests/unit/operation_fixture.h"

#include "operation/alert.h"
#include "operation/recovery.h"
#include "operation/reset.h"
#include "operation/role.h"
#include "operation/totp.h"
#include "tests/unit/table.h"

/* Five accounts of four people: games is the other one of daemon's owner. */
#define STAFF       "daemon"
#define PRIVILEGED  "bin"
#define MAINTENANCE "sys"
#define BREAKGLASS  "sync"
#define SECOND      "games"

static struct fixture *here;

static void enrol_one(const char *name, int64_t uid, enum account_class class_, const char *number)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request request = {
        .name = name, .uid = uid, .class_ = class_, .person.staff_number = number};
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void open_here(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    enrol_one(STAFF, 1, ACCOUNT_CLASS_STAFF, "17");
    enrol_one(PRIVILEGED, 2, ACCOUNT_CLASS_PRIVILEGED, "18");
    enrol_one(MAINTENANCE, 3, ACCOUNT_CLASS_MAINTENANCE, "19");
    enrol_one(BREAKGLASS, 4, ACCOUNT_CLASS_PRIVILEGED, NULL);
    old_breakglass(here, BREAKGLASS);
    enrol_one(SECOND, 5, ACCOUNT_CLASS_STAFF, "17");
}

static void close_here(void)
{
    assert_int_equal(fixture_close((void **)&here), 0);
}

static void act_as(unsigned roles, int64_t uid, const char *name, bool asserted)
{
    here->context.actor = (struct actor){.uid = uid, .asserted = asserted, .roles = roles};
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "%s", name);
}

static uint64_t ledger_size(void)
{
    uint64_t size = 0;
    assert_int_equal(operation_ledger_size(&here->context, &size), MEDGL_OK);
    return size;
}

/* -- whom a role reaches ---------------------------------------------------------------------- */

struct reach {
    const char *name;
    unsigned roles;
    int64_t uid; /* of who logged in */
    const char *who;
    bool asserted;
    const char *account;
    const char *says; /* NULL: reached */
    enum policy_roles policy;
    const char *holder; /* who was looked up; NULL: the account */
    unsigned holds;
};
#define HOLDER   "has a role here"
#define HELPDESK "helpdesk does not reach"
#define OWN      "your own account"
#define ROLE     "that is for the groups"
static const struct reach reaches[] = {
    {"helpdesk, staff", ROLE_HELPDESK, 900, "alice", false, STAFF, NULL},
    {"helpdesk, privileged", ROLE_HELPDESK, 900, "alice", false, PRIVILEGED, HELPDESK},
    {"helpdesk, maintenance", ROLE_HELPDESK, 900, "alice", false, MAINTENANCE, HELPDESK},
    {"helpdesk, break-glass", ROLE_HELPDESK, 900, "alice", false, BREAKGLASS, HELPDESK},
    {"helpdesk and audit, privileged", ROLE_HELPDESK | ROLE_AUDIT, 900, "alice", false, PRIVILEGED,
     HELPDESK},
    {"security, privileged", ROLE_SECURITY, 900, "alice", false, PRIVILEGED, NULL},
    {"security, maintenance", ROLE_SECURITY, 900, "alice", false, MAINTENANCE, NULL},
    {"security, break-glass", ROLE_SECURITY, 900, "alice", false, BREAKGLASS, NULL},
    {"both, privileged", ROLE_HELPDESK | ROLE_SECURITY, 900, "alice", false, PRIVILEGED, NULL},
    {"audit", ROLE_AUDIT, 900, "alice", false, STAFF, ROLE},
    {"no role", 0, 900, "alice", false, STAFF, ROLE},
    {"an engine", 0, -1, "", false, STAFF, ROLE},
    {"root", ROLE_ROOT, -1, "", false, BREAKGLASS, NULL},
    {"root, by a name", ROLE_ROOT, -1, "alice", true, BREAKGLASS, NULL},
    {"own, by the login uid", ROLE_HELPDESK, 1, "renamed", false, STAFF, OWN},
    {"own, by the kernel's name", ROLE_HELPDESK, 900, STAFF, false, STAFF, OWN},
    {"own, of security", ROLE_SECURITY, 2, PRIVILEGED, false, PRIVILEGED, OWN},
    {"own, of another class", ROLE_HELPDESK, 2, PRIVILEGED, false, PRIVILEGED, OWN},
    {"own, root by a name", ROLE_ROOT, -1, STAFF, true, STAFF, OWN},
    {"own, root by a name written otherwise", ROLE_ROOT, -1, "Daemon", true, STAFF, OWN},
    {"the same person's other account", ROLE_SECURITY, 1, STAFF, false, SECOND, OWN},
    {"the other way round", ROLE_HELPDESK, 5, SECOND, false, STAFF, OWN},
    {"the same person's, by a name", ROLE_ROOT, -1, SECOND, true, STAFF, OWN},
    {"the owner of a private root", ROLE_ROOT, 1, STAFF, false, STAFF, NULL},
    {"the policy binds nobody", 0, 900, "alice", false, BREAKGLASS, NULL, POLICY_ROLES_NONE},
    {"nor to others than oneself", 0, 1, STAFF, false, STAFF, NULL, POLICY_ROLES_NONE},
    {"but a name that was given holds", ROLE_ROOT, -1, STAFF, true, STAFF, OWN, POLICY_ROLES_NONE},
    {"a uid of nobody's", ROLE_HELPDESK, 900, "", false, STAFF, NULL},
    {"helpdesk, staff with a higher role", ROLE_HELPDESK, 900, "alice", false, STAFF, HOLDER,
     .holds = ROLE_SECURITY},
    {"helpdesk, staff who reviews", ROLE_HELPDESK, 900, "alice", false, STAFF, HOLDER,
     .holds = ROLE_AUDIT},
    {"helpdesk, a colleague", ROLE_HELPDESK, 900, "alice", false, STAFF, HOLDER,
     .holds = ROLE_HELPDESK},
    {"helpdesk and audit, staff with a role", ROLE_HELPDESK | ROLE_AUDIT, 900, "alice", false,
     STAFF, HOLDER, .holds = ROLE_SECURITY},
    {"helpdesk, nobody was looked up", ROLE_HELPDESK, 900, "alice", false, STAFF, HOLDER,
     .holder = ""},
    {"helpdesk, another was looked up", ROLE_HELPDESK, 900, "alice", false, STAFF, HOLDER,
     .holder = SECOND},
    {"security, staff with a role", ROLE_SECURITY, 900, "alice", false, STAFF, NULL,
     .holds = ROLE_SECURITY},
    {"security, nobody was looked up", ROLE_SECURITY, 900, "alice", false, STAFF, NULL,
     .holder = ""},
    {"root, staff with a role", ROLE_ROOT, -1, "", false, STAFF, NULL, .holds = ROLE_SECURITY},
};

struct reach_run {
    const char *account;
    char *why;
};

static enum medgl_error reach_now(struct store_txn *txn, void *argument)
{
    const struct reach_run *run = argument;
    struct account account;
    assert_int_equal(store_account_by_name(txn, run->account, &account), MEDGL_OK);
    return role_reaches(&here->context, txn, &account, run->why);
}

static void reach(void **state)
{
    const struct reach *row = *state;
    char why[OPERATION_WHY_SIZE] = "";
    struct reach_run run = {.account = row->account, .why = why};
    act_as(row->roles, row->uid, row->who, row->asserted);
    here->context.policy.roles = row->policy;
    here->context.holder = (struct role_holder){.roles = row->holds};
    (void)snprintf(here->context.holder.name, sizeof(here->context.holder.name), "%s",
                   row->holder != NULL ? row->holder : row->account);
    const enum medgl_error error = store_transact(here->context.store, STORE_READ, reach_now, &run);
    here->context.policy.roles = POLICY_ROLES_GROUPS;
    assert_int_equal(error, row->says == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (row->says != NULL && strstr(why, row->says) == NULL)
        fail_msg("says: %s", why);
}

/* -- every act asks --------------------------------------------------------------------------- */

static enum medgl_error act_unlock(char *why)
{
    uint32_t cleared;
    return operation_account_unlock(&here->context, PRIVILEGED, NULL, "x", &cleared, why);
}
static enum medgl_error act_disable(char *why)
{
    return operation_account_disable(&here->context, PRIVILEGED, "x", why);
}
static enum medgl_error act_enable(char *why)
{
    return operation_account_enable(&here->context, PRIVILEGED, "x", why);
}
static enum medgl_error act_retire(char *why)
{
    return operation_account_retire(&here->context, PRIVILEGED, "x", why);
}
static enum medgl_error act_change(char *why)
{
    const struct account_change_request request = {.name = PRIVILEGED, .rules.factor = "none"};
    return operation_account_change(&here->context, &request, why);
}
static enum medgl_error act_revoke(char *why)
{
    struct password_revoked revoked;
    const struct password_revoke_request request = {
        .name = PRIVILEGED, .reason = "x", .sessions = true, .factors = true};
    return operation_password_revoke(&here->context, &request, &revoked, why);
}
static enum medgl_error act_totp(char *why)
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct totp_enrol_request request = {.name = PRIVILEGED, .label = "x", .reason = "x"};
    const enum medgl_error error = operation_totp_enrol(&here->context, &talk, &request, why);
    assert_string_equal(script.heard, ""); /* no secret was shown */
    return error;
}
static enum medgl_error act_remove_totp(char *why)
{
    uint32_t removed;
    return operation_factor_remove(&here->context, PRIVILEGED, FACTOR_KIND_TOTP, NULL, "x",
                                   &removed, why);
}
static enum medgl_error act_remove_card(char *why)
{
    uint32_t removed;
    return operation_factor_remove(&here->context, PRIVILEGED, FACTOR_KIND_CARD, NULL, "x",
                                   &removed, why);
}
static enum medgl_error act_remove_codes(char *why)
{
    uint32_t removed;
    return operation_factor_remove(&here->context, PRIVILEGED, FACTOR_KIND_RECOVERY, NULL, "x",
                                   &removed, why);
}
static enum medgl_error never_delivered(void *argument, const struct account *account,
                                        const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument;
    (void)account;
    (void)codes;
    (void)count;
    fail_msg("codes were made");
    return MEDGL_ERR_ABORTED;
}
static enum medgl_error act_codes(char *why)
{
    const struct recovery_issue_request request = {
        .name = PRIVILEGED, .reason = "x", .deliver = never_delivered};
    return operation_recovery_issue(&here->context, &request, why);
}
static enum medgl_error act_reset(char *why)
{
    struct reset_done done;
    const struct reset_request request = {.name = PRIVILEGED,
                                          .method = "known-in-person",
                                          .note = "",
                                          .requested_by = "",
                                          .delivery = RESET_SLIP,
                                          .slip_to = "file",
                                          .argument = here,
                                          .deliver = take_password};
    return operation_password_reset(&here->context, &request, &done, why);
}

static const struct act {
    const char *name;
    enum medgl_error (*act)(char *why);
} acts[] = {
    {"account unlock", act_unlock},        {"account disable", act_disable},
    {"account enable", act_enable},        {"account retire", act_retire},
    {"account set", act_change},           {"password revoke", act_revoke},
    {"password reset", act_reset},         {"totp enrol", act_totp},
    {"totp remove", act_remove_totp},      {"card remove", act_remove_card},
    {"recovery revoke", act_remove_codes}, {"recovery issue", act_codes},
};

static void act(void **state)
{
    const struct act *row = *state;
    const uint64_t size = ledger_size();
    char why[OPERATION_WHY_SIZE] = "";
    act_as(ROLE_HELPDESK, 900, "alice", false);
    assert_int_equal(row->act(why), MEDGL_ERR_REFUSED);
    if (strstr(why, HELPDESK) == NULL)
        fail_msg("says: %s", why);
    act_as(ROLE_SECURITY, 2, PRIVILEGED, false);
    assert_int_equal(row->act(why), MEDGL_ERR_REFUSED);
    if (strstr(why, OWN) == NULL)
        fail_msg("says: %s", why);
    act_as(ROLE_AUDIT, 900, "alice", false);
    assert_int_equal(row->act(why), MEDGL_ERR_REFUSED);
    if (strstr(why, ROLE) == NULL)
        fail_msg("says: %s", why);
    assert_int_equal(ledger_size(), size);
}

/* -- refused tries ---------------------------------------------------------------------------- */

struct told {
    char text[sizeof(((struct alert *)NULL)->text)];
    unsigned count;
};

static void hear_alert(void *argument, const struct alert *alert)
{
    struct told *told = argument;
    if (alert->kind != ALERT_ROLE)
        return;
    told->count++;
    (void)snprintf(told->text, sizeof(told->text), "%s", alert->text);
}

static void hear_delivery(void *argument, const struct delivery *delivery)
{
    (void)argument;
    (void)delivery;
}

struct last {
    char details[4096], subject[STORE_NAME_SIZE];
    int64_t uid;
};

static enum medgl_error last_refused(void *argument, const struct ledger_row *row)
{
    struct last *last = argument;
    struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->kind == LEDGER_ROLE_REFUSED) {
        (void)snprintf(last->details, sizeof(last->details), "%s|%s|%s",
                       ledger_entry_find_text(entry, "verb"), ledger_entry_find_text(entry, "why"),
                       ledger_entry_find_text(entry, "roles"));
        (void)snprintf(last->subject, sizeof(last->subject), "%s",
                       entry->subject.name != NULL ? entry->subject.name : "-");
        last->uid = entry->actor.uid;
    }
    ledger_parsed_free(&parsed);
    return MEDGL_OK;
}

static const struct refusal {
    const char *name;
    const char *account, *why; /* NULL: asked before, of the account */
    unsigned roles;
    const char *details, *subject;
} refusals[] = {
    {"a verb", NULL, "role", ROLE_AUDIT, "backup create|role|audit", "-"},
    {"of nobody's role", NULL, "role", 0, "backup create|role|", "-"},
    {"about an account", STAFF, "role", ROLE_AUDIT, "backup create|role|audit", STAFF},
    {"a name that may be a password", "Sommer-2026-wind", "role", ROLE_HELPDESK | ROLE_AUDIT,
     "backup create|role|helpdesk audit", "-"},
    {"a class", PRIVILEGED, NULL, ROLE_HELPDESK, "backup create|class|helpdesk", PRIVILEGED},
};

static void refusal(void **state)
{
    const struct refusal *row = *state;
    struct told told = {.count = 0};
    struct last last = {.uid = -2};
    char why[OPERATION_WHY_SIZE];
    act_as(row->roles, 900, "alice", false);
    if (row->why != NULL)
        assert_int_equal(
            operation_role_refused(&here->context, "backup create", row->account, row->why),
            MEDGL_OK);
    else
        assert_int_equal(operation_role_reaches(&here->context, "backup create", row->account, why),
                         MEDGL_ERR_REFUSED);
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, last_refused, &last),
                     MEDGL_OK);
    assert_string_equal(last.details, row->details);
    assert_string_equal(last.subject, row->subject);
    assert_int_equal(last.uid, 900);
    assert_int_equal(operation_alert_list(&here->context, true, hear_alert, hear_delivery, &told),
                     MEDGL_OK);
    assert_true(told.count > 0);
    assert_non_null(strstr(told.text, "alice tried \"medgl-admin backup create\""));
    assert_int_equal(verify(here), MEDGL_OK);
}

/* Names are cut between characters. */
static void a_long_name_stays_text(void **state)
{
    char name[97] = "";
    struct told told = {.count = 0};
    (void)state;
    for (size_t i = 0; i < 32; i++)
        memcpy(name + 3 * i, "\xe9\x9d\x9e", 4);
    clock_sleep(2); /* the alert of another case is an older one */
    act_as(ROLE_AUDIT, 900, name, false);
    assert_int_equal(operation_role_refused(&here->context, "backup create", NULL, "role"),
                     MEDGL_OK);
    assert_int_equal(operation_alert_list(&here->context, true, hear_alert, hear_delivery, &told),
                     MEDGL_OK);
    assert_true(told.count > 0);
    name[63] = '\0'; /* 21 characters: 64 bytes end inside the next one */
    assert_int_equal(strncmp(told.text, name, 63), 0);
    assert_int_equal(strncmp(told.text + 63, " tried", 6), 0);
}

/* What is reached leaves nothing, and who is not enrolled is the act's to say. */
static void nothing_is_written_of_what_is_allowed(void **state)
{
    char why[OPERATION_WHY_SIZE];
    const uint64_t size = ledger_size();
    (void)state;
    act_as(ROLE_HELPDESK, 900, "alice", false);
    assert_int_equal(operation_role_reaches(&here->context, "totp enrol", STAFF, why), MEDGL_OK);
    assert_string_equal(here->context.holder.name, STAFF);
    assert_int_equal(operation_role_reaches(&here->context, "totp enrol", "nobody", why), MEDGL_OK);
    assert_string_equal(here->context.holder.name, "");
    assert_int_equal(ledger_size(), size);
}

/* -- groups ----------------------------------------------------------------------------------- */

static void who_is_not_there_has_no_role(void **state)
{
    unsigned roles = ROLE_ANY;
    (void)state;
    assert_int_equal(role_of_user("no such user, is there", &roles), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(roles, 0);
    roles = ROLE_ANY;
    assert_int_equal(role_of_user("", &roles), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(roles, 0);
}

static void words_and_groups(void **state)
{
    (void)state;
    assert_string_equal(role_group(ROLE_HELPDESK), "medgl-helpdesk");
    assert_string_equal(role_group(ROLE_SECURITY), "medgl-security");
    assert_string_equal(role_group(ROLE_AUDIT), "medgl-audit");
    assert_null(role_group(ROLE_ROOT));
    assert_null(role_group(ROLE_EVERYBODY));
    assert_string_equal(role_word(ROLE_ROOT), "root");
    assert_string_equal(role_word(ROLE_EVERYBODY), "");
}

int main(void)
{
    open_here();
    TABLE_ADD("reached or not", reaches, reach);
    TABLE_ADD("asks for the role in its transaction", acts, act);
    TABLE_ADD("a refused try is written down", refusals, refusal);
    table_add("roles", "nothing is written of what is allowed",
              nothing_is_written_of_what_is_allowed, NULL);
    table_add("roles", "a long name stays text", a_long_name_stays_text, NULL);
    table_add("roles", "who is not there has none", who_is_not_there_has_no_role, NULL);
    table_add("roles", "words and groups", words_and_groups, NULL);
    const int failed = table_run("role");
    close_here();
    return failed;
}
