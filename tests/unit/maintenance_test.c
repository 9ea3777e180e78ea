/* Maintenance (R30): closed but while somebody approved the work, each session confirmed by another
 * person, a company's accounts ended together, and each of it held against the ledger. */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/alert.h"
#include "operation/identity.h"
#include "operation/maintenance.h"

#include <unistd.h>

#define COMPANY    "Aoi Systems"
#define OTHER      "daemon" /* a Unix user of every Debian */
#define OTHER_UID  1
#define THIRD      "bin"
#define THIRD_UID  2
#define FOURTH     "sys"
#define FOURTH_UID 3
#define CHIEF      "chief"
#define CHIEF_UID  54321

static struct fixture *here;
static bool database_fails;

enum medgl_error __real_unix_user_find(const char *name, struct unix_user *user);
enum medgl_error __wrap_unix_user_find(const char *name, struct unix_user *user);

enum medgl_error __wrap_unix_user_find(const char *name, struct unix_user *user)
{
    return database_fails ? MEDGL_ERR_IO : __real_unix_user_find(name, user);
}

static void add_account(const char *name, int64_t uid, enum account_class class_,
                        const char *company, const char *staff_number)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request request = {
        .name = name,
        .uid = uid,
        .class_ = class_,
        .person = {.full_name = name, .staff_number = staff_number},
        .rules.company = company};
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void acts(const char *name, int64_t uid, unsigned roles, bool asserted)
{
    here->context.actor = (struct actor){.uid = uid, .roles = roles, .asserted = asserted};
    (void)snprintf(here->context.actor.name, STORE_NAME_SIZE, "%s", name);
}

static void chief_acts(void)
{
    acts(CHIEF, CHIEF_UID, ROLE_SECURITY, false);
}

static void open_here(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    add_account(here->user, (int64_t)geteuid(), ACCOUNT_CLASS_MAINTENANCE, COMPANY, "V-1");
    set_password(here, PASSWORD_ONE);
    chief_acts();
}

static void close_here(void)
{
    assert_int_equal(fixture_close((void **)&here), 0);
}

static void close_verified(void)
{
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

static struct grant_add_request work_request(void)
{
    return (struct grant_add_request){.name = here->user,
                                      .kind = GRANT_MAINTENANCE,
                                      .until = clock_read().now + MEDGL_HOUR,
                                      .approved_by = "Dr Sato",
                                      .reason = "order 114",
                                      .work = "replace the disk"};
}

static void approve(char id[CRYPTO_ID_SIZE])
{
    char why[OPERATION_WHY_SIZE];
    const struct grant_add_request request = work_request();
    if (operation_grant_add(&here->context, &request, id, why) != MEDGL_OK)
        fail_msg("not approved: %s", why);
}

/* A session that is opened by this process, or by one that is gone. */
static void session_begin_as(struct caller caller, bool gone, struct session_opening *opening)
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    enum session_verdict verdict = SESSION_REFUSED;
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    if (gone) { /* it began at another time */
        char *start = strrchr(caller.leader, ' ');
        assert_non_null(start);
        (void)snprintf(start, 3, " 1");
    }
    assert_int_equal(operation_session_open(&here->context, &talk, &caller, here->user, false,
                                            opening, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

static void session_begin(const char *service, bool gone, struct session_opening *opening)
{
    struct caller caller = caller_from("192.0.2.1");
    (void)snprintf(caller.service, sizeof(caller.service), "%s", service);
    session_begin_as(caller, gone, opening);
}

static void session_finish(const char *id)
{
    struct caller caller = caller_from("192.0.2.1");
    enum session_verdict verdict = SESSION_REFUSED;
    assert_int_equal(operation_session_close(&here->context, &caller, here->user, id, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

/* One that is over. */
static void session_worked(char id[CRYPTO_ID_SIZE])
{
    struct session_opening opening;
    session_begin("sshd", false, &opening);
    session_finish(opening.id);
    memcpy(id, opening.id, CRYPTO_ID_SIZE);
}

static enum medgl_error confirm(const char *id, char why[OPERATION_WHY_SIZE])
{
    uint32_t count;
    return operation_maintenance_confirm(&here->context, id, "as ordered", &count, why);
}

struct seen {
    unsigned count, confirmed, with_grant;
    char work[STORE_TEXT_SIZE], by[STORE_NAME_SIZE], company[STORE_NAME_SIZE];
};

static void see(void *argument, const struct maintenance_record *record)
{
    struct seen *seen = argument;
    seen->count++;
    seen->confirmed += record->session->confirmed != 0;
    seen->with_grant += record->grant != NULL;
    (void)snprintf(seen->work, sizeof(seen->work), "%s",
                   record->grant != NULL ? record->grant->work : "");
    (void)snprintf(seen->by, sizeof(seen->by), "%s", record->session->confirmed_by);
    (void)snprintf(seen->company, sizeof(seen->company), "%s", record->company);
}

static struct seen list(struct maintenance_filter filter)
{
    struct seen seen = {.count = 0};
    assert_int_equal(operation_maintenance_list(&here->context, &filter, see, &seen), MEDGL_OK);
    return seen;
}

/* -- closed but while work is approved ----------------------------------------------------------
 */

static void R30_closed_without_a_grant(void **state)
{
    (void)state;
    open_here();
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    struct tally tally = tally_of(here);
    assert_string_equal(tally.reason, "maintenance");
    assert_int_equal(try_access(here), ACCESS_DENIED); /* nor is a key a way in */
    close_verified();
}

static void R30_open_within_it_and_told(void **state)
{
    struct session_opening opening;
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    enum access_verdict verdict = ACCESS_DENIED;
    char id[CRYPTO_ID_SIZE];
    (void)state;
    open_here();
    const struct access_request access = {.caller = &caller, .user = here->user};
    approve(id);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(operation_access(&here->context, &talk, &access, &verdict), MEDGL_OK);
    assert_int_equal(verdict, ACCESS_ALLOWED);
    assert_non_null(strstr(script.heard, "Work: replace the disk"));
    assert_non_null(strstr(script.heard, "approved by Dr Sato (order 114)"));
    session_begin("sshd", false, &opening);
    assert_in_range(opening.until_s, 3000, 3600); /* it ends with the approval */
    const struct seen seen = list((struct maintenance_filter){.company = "AOI systems"});
    assert_true(seen.count == 1 && seen.with_grant == 1);
    assert_string_equal(seen.work, "replace the disk");
    session_finish(opening.id);
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_grant_revoke(&here->context, id, "not today", why), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    close_verified();
}

static void R30_what_is_no_grant_for_work(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    struct grant_add_request request;
    (void)state;
    open_here();
    add_account(OTHER, OTHER_UID, ACCOUNT_CLASS_STAFF, "", "");
    request = work_request();
    request.name = OTHER;
    assert_int_equal(operation_grant_add(&here->context, &request, id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "no account for maintenance"));
    request = work_request();
    request.work = NULL;
    assert_int_equal(operation_grant_add(&here->context, &request, id, why), MEDGL_ERR_ARGUMENT);
    request = work_request();
    request.approved_by = here->user;
    assert_int_equal(operation_grant_add(&here->context, &request, id, why), MEDGL_ERR_REFUSED);
    close_verified();
}

/* -- confirmed ----------------------------------------------------------------------------------
 */

static const struct confirmer {
    const char *name, *actor;
    int64_t uid;
    unsigned roles;
    bool asserted, itself; /* itself: name and uid are those of the account */
    enum medgl_error error;
} confirmers[] = {
    {"somebody of security", CHIEF, CHIEF_UID, ROLE_SECURITY, false, false, MEDGL_OK},
    {"who is bound by no role", "boss", CHIEF_UID, ROLE_ROOT, false, false, MEDGL_OK},
    {"a name that was given", "tester", -1, ROLE_ROOT, true, false, MEDGL_OK},
    {"nobody known", "", -1, ROLE_ROOT, false, false, MEDGL_ERR_REFUSED},
    {"the helpdesk", CHIEF, CHIEF_UID, ROLE_HELPDESK, false, false, MEDGL_ERR_REFUSED},
    {"no role", CHIEF, CHIEF_UID, 0, false, false, MEDGL_ERR_REFUSED},
    {"the account itself", "", 0, ROLE_SECURITY, false, true, MEDGL_ERR_REFUSED},
    {"the account itself, as root", "", 0, ROLE_ROOT, false, true, MEDGL_ERR_REFUSED},
    {"by its uid alone", CHIEF, -2, ROLE_ROOT, false, false, MEDGL_ERR_REFUSED},
    {"its name, in capitals", "\1", CHIEF_UID, ROLE_ROOT, true, false, MEDGL_ERR_REFUSED},
    {"another account of the same person", OTHER, OTHER_UID, ROLE_SECURITY, false, false,
     MEDGL_ERR_REFUSED},
    {"that account, as root", OTHER, OTHER_UID, ROLE_ROOT, false, false, MEDGL_ERR_REFUSED},
    {"another person with an account", THIRD, THIRD_UID, ROLE_SECURITY, false, false, MEDGL_OK},
};

static void R30_who_confirms(void **state)
{
    const struct confirmer *row = *state;
    char id[CRYPTO_ID_SIZE], grant[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE], capitals[64];
    open_here();
    add_account(OTHER, OTHER_UID, ACCOUNT_CLASS_PRIVILEGED, "", "v-1"); /* V-1 as well */
    add_account(THIRD, THIRD_UID, ACCOUNT_CLASS_PRIVILEGED, "", "N-9");
    approve(grant);
    session_worked(id);
    for (size_t i = 0; i < sizeof(capitals); i++)
        capitals[i] = here->user[i] >= 'a' && here->user[i] <= 'z' ? (char)(here->user[i] - 32)
                                                                   : here->user[i];
    acts(row->itself             ? here->user
         : row->actor[0] == '\1' ? capitals
                                 : row->actor,
         row->itself || row->uid == -2 ? (int64_t)geteuid() : row->uid, row->roles, row->asserted);
    assert_int_equal(confirm(id, why), row->error);
    const struct seen seen = list((struct maintenance_filter){.account = here->user});
    assert_int_equal(seen.confirmed, row->error == MEDGL_OK);
    assert_string_equal(seen.by, row->error == MEDGL_OK ? row->actor : "");
    assert_true(row->error == MEDGL_OK || why[0] != '\0');
    assert_int_equal(tally_of(here).kinds[LEDGER_MAINTENANCE_CONFIRM], row->error == MEDGL_OK);
    close_verified();
}

/* Who became the account on this machine did its work, whatever they are called. */
static const struct comer {
    const char *name;
    int64_t from_uid; /* of who became it; -1: it is not known */
    const char *from; /* likewise */
    const char *actor;
    int64_t uid;
    bool asserted;
    enum medgl_error error;
} comers[] = {
    {"who did not come", THIRD_UID, "", CHIEF, CHIEF_UID, false, MEDGL_OK},
    {"who came by su", CHIEF_UID, "", CHIEF, CHIEF_UID, false, MEDGL_ERR_REFUSED},
    {"who came, under a name that was given", CHIEF_UID, "", "boss", CHIEF_UID, true,
     MEDGL_ERR_REFUSED},
    {"a name that was given, of who came", THIRD_UID, "", THIRD, -1, true, MEDGL_ERR_REFUSED},
    {"who came by another account of theirs", OTHER_UID, "", FOURTH, FOURTH_UID, false,
     MEDGL_ERR_REFUSED},
    {"who came, by the name alone", -1, CHIEF, CHIEF, CHIEF_UID, false, MEDGL_ERR_REFUSED},
    {"who did not, by the name alone", -1, THIRD, CHIEF, CHIEF_UID, false, MEDGL_OK},
};

static void R30_who_came_does_not_confirm(void **state)
{
    const struct comer *row = *state;
    struct session_opening opening;
    struct caller caller = caller_from("");
    char grant[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    open_here();
    add_account(OTHER, OTHER_UID, ACCOUNT_CLASS_PRIVILEGED, "", "N-8");
    add_account(THIRD, THIRD_UID, ACCOUNT_CLASS_PRIVILEGED, "", "N-9");
    add_account(FOURTH, FOURTH_UID, ACCOUNT_CLASS_PRIVILEGED, "", "n-8");
    approve(grant);
    caller.real_uid = row->from_uid;
    (void)snprintf(caller.service, sizeof(caller.service), "su");
    (void)snprintf(caller.ruser, sizeof(caller.ruser), "%s", row->from);
    session_begin_as(caller, false, &opening);
    session_finish(opening.id);
    acts(row->actor, row->uid, ROLE_ROOT, row->asserted);
    assert_int_equal(confirm(opening.id, why), row->error);
    if (row->error == MEDGL_ERR_REFUSED)
        assert_non_null(strstr(why, "who did the work does not confirm it"));
    assert_int_equal(tally_of(here).kinds[LEDGER_MAINTENANCE_CONFIRM], row->error == MEDGL_OK);
    close_verified();
}

/* Who acts may be the one who came, under another name. */
static void R30_nobody_confirms_without_the_user_database(void **state)
{
    char id[CRYPTO_ID_SIZE], grant[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here();
    approve(grant);
    session_worked(id);
    database_fails = true;
    assert_int_equal(confirm(id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "the user database gives no answer"));
    database_fails = false;
    assert_int_equal(confirm(id, why), MEDGL_OK);
    close_verified();
}

static void R30_what_is_confirmed(void **state)
{
    struct session_opening open, gone, cron;
    char first[CRYPTO_ID_SIZE], second[CRYPTO_ID_SIZE], grant[CRYPTO_ID_SIZE],
        why[OPERATION_WHY_SIZE];
    uint32_t count;
    (void)state;
    open_here();
    assert_int_equal(confirm("012", why), MEDGL_ERR_ARGUMENT);
    assert_int_equal(confirm("01234567", why), MEDGL_ERR_NOT_FOUND);
    approve(grant);
    assert_int_equal(confirm(grant, why), MEDGL_ERR_NOT_FOUND); /* nobody came */
    session_worked(first);
    session_worked(second);
    session_begin("cron", false, &cron); /* the machine's: nobody confirms it */
    session_begin("sshd", false, &open);
    assert_int_equal(confirm(open.id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "is open"));
    assert_int_equal(confirm(grant, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "is open"));
    assert_int_equal(list((struct maintenance_filter){.unconfirmed = true}).count, 2);
    assert_int_equal(list((struct maintenance_filter){.unconfirmed = false}).count, 3);
    assert_int_equal(confirm(first, why), MEDGL_OK);
    assert_int_equal(confirm(first, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "confirmed already"));
    session_finish(open.id);
    session_begin("sshd", true, &gone); /* lost, and not yet known to be */
    grant[8] = '\0';                    /* the beginning will do */
    assert_int_equal(operation_maintenance_confirm(&here->context, grant, NULL, &count, why),
                     MEDGL_OK);
    assert_int_equal(count, 3);
    assert_int_equal(confirm(grant, why), MEDGL_ERR_REFUSED);
    assert_int_equal(confirm(cron.id, why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(list((struct maintenance_filter){.unconfirmed = true}).count, 0);
    assert_int_equal(list((struct maintenance_filter){.since = 0}).confirmed, 4);
    assert_int_equal(tally_of(here).kinds[LEDGER_MAINTENANCE_CONFIRM], 4);
    close_verified();
}

/* -- held against the ledger --------------------------------------------------------------------
 */

struct tamper {
    const char *id; /* of a session, a grant */
};

static enum medgl_error tamper_session(struct store_txn *txn, void *argument)
{
    const struct tamper *tamper = argument;
    struct session session;
    MEDGL_TRY(store_session_by_id(txn, tamper->id, &session));
    session.confirmed = 1;
    return store_session_update(txn, &session);
}

static enum medgl_error tamper_company(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    account.company[0] = '\0';
    return store_account_update(txn, &account);
}

static enum medgl_error tamper_entry(struct store_txn *txn, void *argument)
{
    const struct tamper *tamper = argument;
    const struct clock_reading clock = clock_read();
    struct account account;
    struct ledger_entry entry;
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    evidence_begin(&here->context, &clock, LEDGER_MAINTENANCE_CONFIRM, &account, &entry);
    ledger_entry_text(&entry, "session", tamper->id);
    return evidence_append(&here->context, txn, &entry, NULL);
}

static enum medgl_error tamper_work(struct store_txn *txn, void *argument)
{
    const struct tamper *tamper = argument;
    struct grant grant;
    MEDGL_TRY(store_grant_by_id(txn, tamper->id, &grant));
    (void)snprintf(grant.work, sizeof(grant.work), "something else");
    return store_grant_update(txn, &grant);
}

static const struct tamper_row {
    const char *name;
    store_function tamper;
    bool grant;
} tamper_rows[] = {
    {"a confirmation without an entry", tamper_session, false},
    {"an entry without a confirmation", tamper_entry, false},
    {"another company", tamper_company, false},
    {"other work", tamper_work, true},
};

static void R30_rows_say_what_entries_say(void **state)
{
    const struct tamper_row *row = *state;
    char id[CRYPTO_ID_SIZE], other[CRYPTO_ID_SIZE], grant[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    open_here();
    approve(grant);
    session_worked(id);
    session_worked(other);
    assert_int_equal(confirm(other, why), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
    struct tamper tamper = {row->grant ? grant : id};
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, row->tamper, &tamper),
                     MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_ERR_CORRUPT);
    close_here();
}

/* -- the company --------------------------------------------------------------------------------
 */

static void R30_company_of_maintenance_alone(void **state)
{
    char why[OPERATION_WHY_SIZE];
    enum account_class staff = ACCOUNT_CLASS_STAFF;
    (void)state;
    open_here();
    add_account(OTHER, OTHER_UID, ACCOUNT_CLASS_STAFF, "", "");
    struct account_change_request change = {.name = OTHER, .rules.company = COMPANY};
    assert_int_equal(operation_account_change(&here->context, &change, why), MEDGL_ERR_ARGUMENT);
    change = (struct account_change_request){.name = here->user, .class_ = &staff};
    assert_int_equal(operation_account_change(&here->context, &change, why), MEDGL_ERR_ARGUMENT);
    change.rules.company = "";
    assert_int_equal(operation_account_change(&here->context, &change, why), MEDGL_OK);
    close_verified();
}

struct ended_sum {
    unsigned accounts, disabled, sessions;
};

static void sum_ended(void *argument, const struct maintenance_ended *ended)
{
    struct ended_sum *sum = argument;
    sum->accounts++;
    sum->disabled += ended->disabled;
    sum->sessions += ended->sessions;
}

static enum medgl_error end_company(const char *company, struct ended_sum *sum,
                                    char why[OPERATION_WHY_SIZE])
{
    *sum = (struct ended_sum){.accounts = 0};
    return operation_maintenance_end(&here->context, company, "contract ended", sum_ended, sum,
                                     why);
}

static void R30_a_company_ends(void **state)
{
    struct session_opening opening;
    struct ended_sum sum;
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here();
    add_account(OTHER, OTHER_UID, ACCOUNT_CLASS_MAINTENANCE, "AOI  SYSTEMS", "V-2");
    add_account(THIRD, THIRD_UID, ACCOUNT_CLASS_MAINTENANCE, "Midori Systems", "W-1");
    assert_int_equal(operation_account_disable(&here->context, OTHER, "on leave", why), MEDGL_OK);
    approve(id);
    session_begin("sshd", false, &opening);
    assert_int_equal(end_company("Aka Systems", &sum, why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(end_company("", &sum, why), MEDGL_ERR_ARGUMENT);
    acts(OTHER, OTHER_UID, ROLE_SECURITY, false); /* their own account is among them */
    assert_int_equal(end_company(COMPANY, &sum, why), MEDGL_ERR_REFUSED);
    chief_acts();
    assert_int_equal(tally_of(here).kinds[LEDGER_ACCOUNT_DISABLE], 1);
    assert_int_equal(end_company("aoi systems", &sum, why), MEDGL_OK);
    assert_true(sum.accounts == 2 && sum.disabled == 1 && sum.sessions == 1);
    struct tally tally = tally_of(here);
    assert_true(tally.kinds[LEDGER_ACCOUNT_DISABLE] == 2 && tally.kinds[LEDGER_SESSION_END] == 1 &&
                tally.kinds[LEDGER_GRANT_REVOKE] == 1);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(end_company(COMPANY, &sum, why), MEDGL_OK); /* again: for their processes */
    assert_true(sum.accounts == 2 && sum.disabled == 0 && sum.sessions == 0);
    assert_int_equal(confirm(opening.id, why), MEDGL_OK); /* what they did is looked at still */
    close_verified();
}

/* -- waiting ------------------------------------------------------------------------------------
 */

static enum medgl_error wait_add(struct store_txn *txn, void *argument)
{
    const medgl_time *closed = argument;
    struct account account;
    struct session session = {.class_ = ACCOUNT_CLASS_MAINTENANCE, .opened = *closed - MEDGL_HOUR};
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    MEDGL_TRY(crypto_random_id(session.id));
    memcpy(session.account_id, account.id, sizeof(session.account_id));
    (void)snprintf(session.service, sizeof(session.service), "sshd");
    MEDGL_TRY(store_session_open(txn, &session));
    return store_session_close(txn, session.id, *closed, SESSION_END_CLOSED);
}

static void count_alert(void *argument, const struct alert *alert)
{
    unsigned *count = argument;
    *count += alert->kind == ALERT_MAINTENANCE;
}

static void count_no_delivery(void *argument, const struct delivery *delivery)
{
    (void)argument, (void)delivery;
}

static const struct waiting_row {
    const char *name, *policy;
    int64_t days[3]; /* since each of them was over; 0: no more */
    uint32_t all, overdue;
} waiting_rows[] = {
    {"none", "", {0}, 0, 0},
    {"one that is young", "", {6}, 1, 0},
    {"one to the day", "", {7}, 1, 1},
    {"one of three", "", {1, 2, 8}, 3, 1},
    {"a shorter time", "maintenance_confirm = 1 day\n", {1, 2, 8}, 3, 3},
    {"any time", "maintenance_confirm = 0\n", {1, 2, 800}, 3, 0},
};

static void R30_waiting_is_told(void **state)
{
    const struct waiting_row *row = *state;
    struct maintenance_waiting waiting;
    uint32_t raised;
    unsigned alerts = 0;
    open_here();
    write_policy(here, row->policy);
    reopen(here);
    for (size_t i = 0; i < MEDGL_COUNT(row->days) && row->days[i] != 0; i++) {
        medgl_time closed = clock_read().now - row->days[i] * MEDGL_DAY;
        assert_int_equal(store_transact(here->context.store, STORE_WRITE, wait_add, &closed),
                         MEDGL_OK);
    }
    assert_int_equal(maintenance_waiting(&here->context, clock_read().now, &waiting), MEDGL_OK);
    assert_int_equal(waiting.all, row->all);
    assert_int_equal(waiting.overdue, row->overdue);
    for (int i = 0; i < 2; i++) /* once a day is enough */
        assert_int_equal(operation_alert_watch(&here->context, NULL, &raised), MEDGL_OK);
    assert_int_equal(
        operation_alert_list(&here->context, true, count_alert, count_no_delivery, &alerts),
        MEDGL_OK);
    assert_int_equal(alerts, row->overdue > 0);
    close_here();
}

int main(void)
{
    table_add("maintenance", "R30: closed without a grant", R30_closed_without_a_grant, NULL);
    table_add("maintenance", "R30: open within it, and told", R30_open_within_it_and_told, NULL);
    table_add("maintenance", "R30: what is no grant for it", R30_what_is_no_grant_for_work, NULL);
    TABLE_ADD("R30: who confirms", confirmers, R30_who_confirms);
    TABLE_ADD("R30: who came does not confirm", comers, R30_who_came_does_not_confirm);
    table_add("maintenance", "R30: nobody confirms without the user database",
              R30_nobody_confirms_without_the_user_database, NULL);
    table_add("maintenance", "R30: what is confirmed", R30_what_is_confirmed, NULL);
    TABLE_ADD("R30: verification", tamper_rows, R30_rows_say_what_entries_say);
    table_add("maintenance", "R30: a company", R30_company_of_maintenance_alone, NULL);
    table_add("maintenance", "R30: a company ends", R30_a_company_ends, NULL);
    TABLE_ADD("R30: waiting for a confirmation", waiting_rows, R30_waiting_is_told);
    return table_run("maintenance");
}
