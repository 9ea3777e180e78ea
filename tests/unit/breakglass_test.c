/* R32: sealing a break-glass account in each of its states, the list, and what its sealed
 * credential opens: typed in many ways, with a slip of the finger, outside of an emergency, after
 * it. */
#define FIXTURE_IN "/dev/shm" /* hundreds of stores are made and synced */
#include "tests/small_reserve.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "factor/breakglass.h"
#include "operation/breakglass.h"
#include "operation/emergency.h"
#include "operation/grant.h"
#include "operation/recovery.h"
#include "operation/session.h"
#include "operation/totp.h"

#include <ctype.h>

/* Users of any Debian, whom nobody logs in as. */
#define NAME    "games"
#define SECOND  "lp"
#define NOBODY  "medgl-no-such-user"
#define SOURCE  "192.0.2.7"
#define PASSAGE "Yama no ue ni 3-tsu"

static struct fixture *here; /* its context is that of the break-glass accounts */

/* -- the clocks of the machine ---------------------------------------------------------------- */

static int64_t ahead;  /* of both clocks */
static bool never_set; /* the clock of the machine is that of 1970 */

struct clock_reading __real_clock_read(void);
struct clock_reading __wrap_clock_read(void);
int64_t __real_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void);

struct clock_reading __wrap_clock_read(void)
{
    struct clock_reading clock = __real_clock_read();
    clock.now = never_set ? __real_clock_monotonic() % MEDGL_DAY : clock.now + ahead;
    return clock;
}

int64_t __wrap_clock_monotonic(void)
{
    return __real_clock_monotonic() + ahead;
}

/* -- the page --------------------------------------------------------------------------------- */

struct page {
    char code[BREAKGLASS_TEXT_SIZE]; /* of the last one that came out */
    char serial[STORE_SERIAL_SIZE];
    char warned[2048];
    unsigned count;
    bool jams;
    bool rather_not;
};

static struct page page;

static enum medgl_error page_deliver(void *argument, const struct account *account,
                                     const struct breakglass *row, const struct secret *code)
{
    struct page *out = argument;
    assert_int_equal(account->class_, ACCOUNT_CLASS_BREAKGLASS);
    assert_int_equal(code->len, BREAKGLASS_TEXT_SIZE - 1);
    if (out->jams)
        return MEDGL_ERR_IO;
    memcpy(out->code, code->bytes, sizeof(out->code));
    (void)snprintf(out->serial, sizeof(out->serial), "%s", row->serial);
    out->count++;
    return MEDGL_OK;
}

static enum medgl_error page_warn(void *argument, const char *warning)
{
    struct page *out = argument;
    (void)strncat(out->warned, warning, sizeof(out->warned) - strlen(out->warned) - 1);
    return out->rather_not ? MEDGL_ERR_ABORTED : MEDGL_OK;
}

static enum medgl_error seal_by(struct context *context, const char *name, const char *way,
                                char why[OPERATION_WHY_SIZE])
{
    struct breakglass sealed;
    const struct breakglass_seal_request request = {
        .name = name, .way = way, .argument = &page, .deliver = page_deliver, .warn = page_warn};
    page.warned[0] = '\0';
    const enum medgl_error error = operation_breakglass_seal(context, &request, &sealed, why);
    if (error == MEDGL_OK)
        assert_string_equal(sealed.serial, page.serial);
    else
        assert_int_equal(sealed.times, 0);
    return error;
}

static void seal_it(const char *name)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(seal_by(&here->context, name, "file", why), MEDGL_OK);
}

/* -- the installation ------------------------------------------------------------------------- */

static void add(const char *name, enum account_class class_, struct context *context)
{
    char why[OPERATION_WHY_SIZE];
    const struct passwd *user = getpwnam(name);
    assert_non_null(user);
    const struct account_add_request request = {
        .name = name, .uid = user->pw_uid, .class_ = class_};
    assert_int_equal(operation_account_add(context, &request, why), MEDGL_OK);
}

static void open_small(const char *policy)
{
    context_close(&here->context);
    write_policy(here, policy);
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    here->context.actor = (struct actor){.uid = -1, .roles = ROLE_ROOT};
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "operator");
}

static void begin_with(const char *policy)
{
    void *state = NULL;
    ahead = 0;
    never_set = false;
    page = (struct page){.count = 0};
    assert_int_equal(fixture_open(&state), 0);
    here = state;
    open_small(policy);
    add(NAME, ACCOUNT_CLASS_BREAKGLASS, &here->context);
}

static void begin(void)
{
    begin_with("");
}

static void end(void)
{
    void *state = here;
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close(&state), 0);
}

static enum breakglass_state state_of(const char *name);

/* -- somebody who types ----------------------------------------------------------------------- */

struct typist {
    const char *typed[6]; /* to what is hidden, in order; the last one again and again */
    const char *person[2];
    unsigned asked, shown;
    char heard[8192];
};

static enum medgl_error typist_ask(void *carrier, enum talk_style style, enum talk_meaning meaning,
                                   const char *prompt, struct secret *answer)
{
    struct typist *typist = carrier;
    const char *text;
    (void)meaning;
    (void)strncat(typist->heard, prompt, sizeof(typist->heard) - strlen(typist->heard) - 1);
    if (style == TALK_VISIBLE)
        text = typist->shown < 2 ? typist->person[typist->shown++] : NULL;
    else
        text = typist->typed[typist->asked++];
    if (text == NULL)
        return MEDGL_ERR_ABORTED;
    return secret_copy(answer, text, strlen(text));
}

static void typist_say(void *carrier, const char *message)
{
    struct typist *typist = carrier;
    (void)strncat(typist->heard, message, sizeof(typist->heard) - strlen(typist->heard) - 1);
}

static enum login_verdict log_in(const char *name, struct typist *typist)
{
    const struct talk talk = {
        .carrier = typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    const struct caller caller = caller_from(SOURCE);
    const struct login_request request = {.caller = &caller, .user = name};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static bool opens(const char *code)
{
    struct typist typist = {.typed = {code, code}, .person = {"Tanaka", "network down"}};
    return log_in(NAME, &typist) == LOGIN_ALLOWED;
}

static enum access_verdict account_phase(void)
{
    struct typist typist = {.asked = 0};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    const struct caller caller = caller_from(SOURCE);
    const struct access_request request = {.caller = &caller, .user = NAME};
    enum access_verdict verdict = ACCESS_ALLOWED;
    assert_int_equal(operation_access(&here->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static enum session_verdict open_session(struct session_opening *opening)
{
    struct typist typist = {.asked = 0};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    struct caller caller = caller_from(SOURCE);
    enum session_verdict verdict = SESSION_DONE;
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    assert_int_equal(
        operation_session_open(&here->context, &talk, &caller, NAME, false, opening, &verdict),
        MEDGL_OK);
    return verdict;
}

static void recover(void)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    assert_int_equal(operation_emergency_recover(&here->context, "Director", NULL, &row, why),
                     MEDGL_OK);
}

/* -- what is on record ------------------------------------------------------------------------ */

struct search {
    const char *text;
    unsigned count;
};

static enum medgl_error search_row(void *argument, const struct ledger_row *row)
{
    struct search *search = argument;
    char line[8192];
    assert_true(row->len < sizeof(line));
    memcpy(line, row->line, row->len);
    line[row->len] = '\0';
    search->count += strstr(line, search->text) != NULL;
    return MEDGL_OK;
}

static unsigned entries_with(const char *text)
{
    struct search search = {.text = text};
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, search_row, &search),
                     MEDGL_OK);
    return search.count;
}

static enum medgl_error search_alert(void *argument, const struct alert *alert)
{
    struct search *search = argument;
    search->count += strstr(alert->text, search->text) != NULL ? alert->count : 0;
    return MEDGL_OK;
}

static enum medgl_error search_alerts(struct store_txn *txn, void *argument)
{
    return store_alert_each(txn, true, search_alert, argument);
}

static unsigned alerts_with(const char *text)
{
    struct search search = {.text = text};
    assert_int_equal(store_transact(here->context.store, STORE_READ, search_alerts, &search),
                     MEDGL_OK);
    return search.count;
}

struct listed {
    const char *name;
    struct breakglass_record record;
    char serial[STORE_SERIAL_SIZE];
    uint32_t times;
    unsigned count;
};

static void list_one(void *argument, const struct breakglass_record *record)
{
    struct listed *listed = argument;
    listed->count++;
    if (strcmp(record->account->name, listed->name) != 0)
        return;
    listed->record = *record;
    listed->times = record->row->times;
    (void)snprintf(listed->serial, sizeof(listed->serial), "%s", record->row->serial);
}

static struct listed list(const char *name)
{
    struct listed listed = {.name = name};
    assert_int_equal(operation_breakglass_list(&here->context, list_one, &listed), MEDGL_OK);
    return listed;
}

static enum breakglass_state state_of(const char *name)
{
    return list(name).record.state;
}

/* -- sealing in each state -------------------------------------------------------------------- */

static char old[BREAKGLASS_TEXT_SIZE]; /* what the envelope before holds */

static void was_never(void)
{
    (void)snprintf(old, sizeof(old), "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4E");
}

static void was_sealed(void)
{
    seal_it(NAME);
    memcpy(old, page.code, sizeof(old));
}

static void was_used(void)
{
    was_sealed();
    assert_true(opens(old));
}

static void was_recovered(void)
{
    was_used();
    recover();
}

/* Nobody wrote anything down. */
static void was_timed_out(void)
{
    was_used();
    ahead = 73 * MEDGL_HOUR;
}

static void was_revoked(void)
{
    char why[OPERATION_WHY_SIZE];
    struct password_revoked revoked;
    const struct password_revoke_request request = {.name = NAME, .reason = "envelope was open"};
    was_sealed();
    assert_int_equal(operation_password_revoke(&here->context, &request, &revoked, why), MEDGL_OK);
    assert_int_equal(state_of(NAME), BREAKGLASS_UNSEALED);
}

static void was_disabled(void)
{
    char why[OPERATION_WHY_SIZE];
    was_sealed();
    assert_int_equal(operation_account_disable(&here->context, NAME, "audit", why), MEDGL_OK);
}

static void was_retired(void)
{
    char why[OPERATION_WHY_SIZE];
    was_sealed();
    assert_int_equal(operation_account_retire(&here->context, NAME, "gone", why), MEDGL_OK);
}

static void was_left_open(void)
{
    struct session_opening opening;
    was_used();
    assert_int_equal(open_session(&opening), SESSION_DONE);
    recover();
}

static void was_guessed_at(void)
{
    was_sealed();
    for (int i = 0; i < 3; i++)
        assert_false(opens(WRONG_AGAIN));
    for (int i = 0; i < 3; i++)
        assert_false(opens(PASSAGE));
}

static const struct sealing {
    const char *name;
    void (*was)(void);
    enum medgl_error error;
    const char *why; /* in the sentence */
    bool old_opens;  /* afterwards */
} sealings[] = {
    {"never sealed", was_never, MEDGL_OK, NULL, false},
    {"sealed: the old envelope opens nothing", was_sealed, MEDGL_OK, NULL, false},
    {"in use: refused", was_used, MEDGL_ERR_REFUSED, "in use in emergency 1", true},
    {"closed by recovery", was_recovered, MEDGL_OK, NULL, false},
    {"closed by the time alone", was_timed_out, MEDGL_OK, NULL, false},
    {"revoked", was_revoked, MEDGL_OK, NULL, false},
    {"disabled: refused", was_disabled, MEDGL_ERR_REFUSED, "disabled", false},
    {"retired: refused", was_retired, MEDGL_ERR_REFUSED, "retired", false},
    {"a session was left open: refused", was_left_open, MEDGL_ERR_REFUSED, "sessions of", false},
    {"guessed at: the tries are cleared", was_guessed_at, MEDGL_OK, NULL, false},
};

static void sealing_test(void **state)
{
    const struct sealing *row = *state;
    char why[OPERATION_WHY_SIZE];
    begin();
    row->was();
    const struct listed before = list(NAME);
    const unsigned pages = page.count;
    assert_int_equal(seal_by(&here->context, NAME, "file", why), row->error);
    if (row->error != MEDGL_OK) {
        assert_non_null(strstr(why, row->why));
        assert_int_equal(page.count, pages);
        assert_int_equal(opens(old), row->old_opens);
        end();
        return;
    }
    const struct listed after = list(NAME);
    assert_int_equal(after.record.state, BREAKGLASS_SEALED);
    assert_int_equal(after.times, before.times + 1);
    assert_string_not_equal(after.serial, before.serial);
    assert_int_equal(after.record.emergency, 0);
    assert_int_equal(before.record.state != BREAKGLASS_UNSEALED,
                     strstr(page.warned, "destroy it") != NULL);
    assert_int_equal(entries_with("\"breakglass.seal\""), after.times);
    assert_false(opens(old));
    assert_true(opens(page.code));
    assert_int_equal(state_of(NAME), BREAKGLASS_USED);
    end();
}

/* What is over is on record before the old envelope goes. */
static void settled_first(void **state)
{
    (void)state;
    begin();
    was_timed_out();
    assert_int_equal(entries_with("\"emergency.recover\""), 0);
    seal_it(NAME);
    assert_int_equal(entries_with("\"emergency.recover\""), 1);
    assert_int_equal(entries_with("\"breakglass.close\""), 1);
    assert_non_null(strstr(page.warned, "not reviewed"));
    end();
}

static void serials_are_new(void **state)
{
    char serial[8][STORE_SERIAL_SIZE], number[16];
    (void)state;
    begin();
    add(SECOND, ACCOUNT_CLASS_BREAKGLASS, &here->context);
    for (unsigned i = 0; i < 8; i++) {
        seal_it(i % 3 == 0 ? SECOND : NAME);
        (void)snprintf(serial[i], sizeof(serial[i]), "%s", page.serial);
        (void)snprintf(number, sizeof(number), "-%04u-", i + 1);
        assert_non_null(strstr(serial[i], number));
        assert_int_equal(list(NAME).count, 2);
    }
    end();
}

/* -- what stands in the way of sealing -------------------------------------------------------- */

static void page_jams(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    was_sealed();
    const struct listed before = list(NAME);
    const struct tally tally = tally_of(here);
    page.jams = true;
    assert_int_equal(seal_by(&here->context, NAME, "file", why), MEDGL_ERR_IO);
    assert_string_equal(list(NAME).serial, before.serial);
    const struct tally now = tally_of(here);
    assert_memory_equal(now.kinds, tally.kinds, sizeof(tally.kinds));
    assert_true(opens(old));
    end();
}

static void rather_not(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    was_sealed();
    page.rather_not = true;
    assert_int_equal(seal_by(&here->context, NAME, "file", why), MEDGL_ERR_ABORTED);
    assert_true(opens(old));
    end();
}

static const struct way {
    const char *name, *policy, *way;
    bool goes;
    const char *said, *unsaid; /* of one that does not go */
} ways[] = {
    {"a file", "", "file", true},
    {"a printer that is not there", "", "printer", false},
    {"a printer", "slip_program = /bin/true\n", "printer", true},
    {"the screen, where the policy does not say so", "", "screen", false,
     "it may be printer, file (", "at-terminal"},
    {"the screen", "reset_delivery = screen\n", "screen", true},
    {"a file, where the policy allows the printer alone",
     "reset_delivery = printer\nslip_program = /bin/true\n", "file", false},
    {"what its owner types", "reset_delivery = file\n", "at-terminal", false, "it may be file (",
     NULL},
    {"what its owner types, where others do", "reset_delivery = at-terminal, screen\n",
     "at-terminal", false, "it may be screen (", NULL},
    {"no way is left (R32)", "reset_delivery = at-terminal\n", "file", false,
     "add printer or file to reset_delivery", "at-terminal"},
};

static void way_test(void **state)
{
    const struct way *row = *state;
    char why[OPERATION_WHY_SIZE], wanted[64];
    begin_with(row->policy);
    assert_int_equal(seal_by(&here->context, NAME, row->way, why),
                     row->goes ? MEDGL_OK : MEDGL_ERR_REFUSED);
    assert_int_equal(page.count, row->goes);
    if (row->said != NULL)
        assert_non_null(strstr(why, row->said));
    if (row->unsaid != NULL)
        assert_null(strstr(why, row->unsaid));
    (void)snprintf(wanted, sizeof(wanted), "\"deliver\":\"%s\"", row->way);
    assert_int_equal(entries_with(wanted), row->goes);
    end();
}

static void not_of_the_class(void **state)
{
    char why[OPERATION_WHY_SIZE];
    auto_clean(context_close) struct context main_context = {.store = NULL};
    (void)state;
    begin();
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &main_context), MEDGL_OK);
    main_context.actor.roles = ROLE_ROOT;
    add(SECOND, ACCOUNT_CLASS_STAFF, &main_context);
    assert_int_equal(seal_by(&main_context, SECOND, "file", why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "no break-glass account"));
    assert_int_equal(seal_by(&here->context, NOBODY, "file", why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(page.count, 0);
    end();
}

static void helpdesk_seals_nothing(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    here->context.actor = (struct actor){.uid = 4711, .roles = ROLE_HELPDESK};
    assert_int_equal(seal_by(&here->context, NAME, "file", why), MEDGL_ERR_REFUSED);
    assert_int_equal(page.count, 0);
    here->context.actor.roles = ROLE_SECURITY;
    assert_int_equal(seal_by(&here->context, NAME, "file", why), MEDGL_OK);
    end();
}

/* A review that is missing is told until it is there. */
static void review_is_told(void **state)
{
    auto_clean(context_close) struct context main_context = {.store = NULL};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    was_recovered();
    assert_int_equal(context_open(here->root, CONTEXT_READING, &main_context), MEDGL_OK);
    seal_it(NAME);
    assert_non_null(strstr(page.warned, "report emergency 1"));
    assert_int_equal(entries_with("\"unreviewed\":1"), 1);
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "reviewer");
    assert_int_equal(operation_emergency_review(&here->context, &main_context, 1, "fine", why),
                     MEDGL_OK);
    seal_it(NAME);
    assert_null(strstr(page.warned, "review"));
    end();
}

static void list_knows_renewal(void **state)
{
    (void)state;
    begin();
    assert_int_equal(list(NAME).record.state, BREAKGLASS_UNSEALED);
    assert_int_equal(list(NAME).record.renew, 0);
    seal_it(NAME);
    assert_true(list(NAME).record.renew > clock_read().now);
    assert_false(list(NAME).record.due);
    ahead = 366 * MEDGL_DAY;
    assert_true(list(NAME).record.due);
    ahead = 0;
    assert_true(opens(page.code));
    assert_int_equal(list(NAME).record.renew, 0);
    assert_int_equal(list(NAME).record.emergency, 1);
    end();
}

/* -- what goes not with such an account ------------------------------------------------------- */

static enum medgl_error give_reset(char *why)
{
    (void)snprintf(here->user, sizeof(here->user), "%s", NAME);
    return issue_try(here, "known-in-person", why);
}

static enum medgl_error give_totp(char *why)
{
    struct typist typist = {.asked = 0};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    const struct totp_enrol_request request = {.name = NAME, .label = "", .reason = ""};
    return operation_totp_enrol(&here->context, &talk, &request, why);
}

static enum medgl_error give_codes(char *why)
{
    const struct recovery_issue_request request = {.name = NAME, .reason = "x"};
    return operation_recovery_issue(&here->context, &request, why);
}

static enum medgl_error give_grant(char *why)
{
    const struct grant_add_request request = {.name = NAME,
                                              .kind = GRANT_OUT_OF_HOURS,
                                              .until = clock_read().now + MEDGL_HOUR,
                                              .approved_by = "daemon",
                                              .reason = "x"};
    char id[CRYPTO_ID_SIZE];
    return operation_grant_add(&here->context, &request, id, why);
}

static const struct gift {
    const char *name;
    enum medgl_error (*give)(char *why);
} gifts[] = {
    {"an issued password", give_reset},
    {"a device", give_totp},
    {"recovery codes", give_codes},
    {"a grant", give_grant},
};

static void gift_test(void **state)
{
    const struct gift *row = *state;
    char why[OPERATION_WHY_SIZE] = "";
    begin();
    seal_it(NAME);
    assert_int_equal(row->give(why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "breakglass seal"));
    assert_true(opens(page.code));
    end();
}

static void passwd_is_refused(void **state)
{
    struct typist typist = {.typed = {page.code, PASSWORD_ONE, PASSWORD_ONE}};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    struct caller caller = caller_from(SOURCE);
    const struct change_request request = {.caller = &caller, .user = NAME};
    enum change_verdict verdict = CHANGE_DONE;
    (void)state;
    begin();
    was_used();
    caller.real_uid = (int64_t)getpwnam(NAME)->pw_uid;
    assert_int_equal(operation_change(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_not_equal(verdict, CHANGE_DONE);
    assert_non_null(strstr(typist.heard, "breakglass seal"));
    assert_int_equal(typist.asked, 0);
    assert_true(opens(old));
    end();
}

/* -- logging in ------------------------------------------------------------------------------- */

static void lower(char *typed)
{
    for (; *typed != '\0'; typed++)
        *typed = (char)tolower((unsigned char)*typed);
}

static void without_hyphens(char *typed)
{
    char *to = typed;
    for (; *typed != '\0'; typed++)
        if (*typed != '-')
            *to++ = *typed;
    *to = '\0';
}

static void blanks(char *typed)
{
    for (; *typed != '\0'; typed++)
        *typed = *typed == '-' ? ' ' : *typed;
}

static void zero_as_letter(char *typed)
{
    for (; *typed != '\0'; typed++)
        *typed = *typed == '0' ? 'o' : *typed == '1' ? 'l' : *typed;
}

static void dots(char *typed)
{
    for (; *typed != '\0'; typed++)
        *typed = *typed == '-' ? '.' : *typed;
}

static void two_groups(char *typed)
{
    typed[2 * (BREAKGLASS_GROUP + 1) - 1] = '\0';
}

static void as_it_is(char *typed)
{
    (void)typed;
}

static const struct spelling {
    const char *name;
    void (*spell)(char *typed);
} spellings[] = {
    {"as it stands", as_it_is},      {"small letters", lower},
    {"no hyphens", without_hyphens}, {"blanks for hyphens", blanks},
    {"look-alikes", zero_as_letter},
};

static void spelling_test(void **state)
{
    const struct spelling *row = *state;
    char typed[BREAKGLASS_TEXT_SIZE];
    begin();
    seal_it(NAME);
    memcpy(typed, page.code, sizeof(typed));
    row->spell(typed);
    assert_true(opens(typed));
    assert_int_equal(entries_with("\"emergency.declare\""), 1);
    assert_int_equal(entries_with("\"breakglass.use\""), 1);
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_FAILURE], 0);
    end();
}

/* Another last character: the check group does not fit. */
static void with_slip(char typed[BREAKGLASS_TEXT_SIZE], char other)
{
    memcpy(typed, page.code, BREAKGLASS_TEXT_SIZE);
    char *last = &typed[BREAKGLASS_TEXT_SIZE - 2];
    *last = *last == other ? 'Z' : other;
}

static void slip_is_no_try(void **state)
{
    char slip[BREAKGLASS_TEXT_SIZE];
    (void)state;
    begin();
    seal_it(NAME);
    with_slip(slip, '7');
    struct typist typist = {.typed = {slip, page.code}, .person = {"Tanaka", "fire"}};
    assert_int_equal(log_in(NAME, &typist), LOGIN_ALLOWED);
    assert_int_equal(typist.asked, 2);
    assert_non_null(strstr(typist.heard, "typing error"));
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_FAILURE], 0);
    end();
}

/* R23: the same is said whoever they say they are, and what is typed twice is a try. */
static const struct stranger {
    const char *name, *user;
} strangers[] = {{"the account", NAME}, {"another account", SECOND}, {"nobody", NOBODY}};

static void slip_of_anybody(void **state)
{
    const struct stranger *row = *state;
    char slip[BREAKGLASS_TEXT_SIZE], next[3][BREAKGLASS_TEXT_SIZE];
    begin_with("unenrolled = deny\n");
    add(SECOND, ACCOUNT_CLASS_BREAKGLASS, &here->context);
    seal_it(NAME);
    with_slip(slip, '7');
    struct typist twice = {.typed = {slip, slip, slip}};
    assert_int_equal(log_in(row->user, &twice), LOGIN_REFUSED);
    assert_int_equal(twice.asked, 2);
    for (int i = 0; i < 3; i++)
        with_slip(next[i], "234"[i]);
    struct typist many = {.typed = {slip, next[0], next[1], next[2], slip}};
    assert_int_equal(log_in(row->user, &many), LOGIN_REFUSED);
    assert_int_equal(many.asked, 4); /* three times it is told */
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_FAILURE], 2);
    end();
}

/* -- who, and why ----------------------------------------------------------------------------- */

static void person_is_recorded(void **state)
{
    (void)state;
    begin();
    seal_it(NAME);
    struct typist typist = {.typed = {page.code}, .person = {"Tanaka Hanako", "the PACS is down"}};
    assert_int_equal(log_in(NAME, &typist), LOGIN_ALLOWED);
    assert_int_equal(entries_with("\"person\":\"Tanaka Hanako\""), 1);
    assert_int_equal(entries_with("\"reason\":\"the PACS is down\""), 1);
    end();
}

static void nobody_answers(void **state)
{
    (void)state;
    begin();
    seal_it(NAME);
    struct typist typist = {.typed = {page.code}};
    assert_int_equal(log_in(NAME, &typist), LOGIN_ALLOWED);
    assert_int_equal(entries_with("\"breakglass.person\""), 1);
    end();
}

/* sshd's password method, and people who type into the next field: no trace of the code. */
static const struct echo {
    const char *name;
    void (*spell)(char *typed);
    const char *before, *after;
} echoes[] = {
    {"as it stands", as_it_is, "", ""},
    {"in small letters", lower, "", ""},
    {"without hyphens", without_hyphens, "", ""},
    {"in a sentence", as_it_is, "it is ", "!"},
    {"in small letters, in a sentence", lower, "it is ", "!"},
    {"with blanks, in a sentence", blanks, "Tanaka ", ""},
    {"with dots", dots, "", ""},
    {"look-alikes, in a sentence", zero_as_letter, "Tanaka ", ""},
    {"a part of it", two_groups, "it begins with ", ""},
};

static void echo_test(void **state)
{
    const struct echo *row = *state;
    char said[64], typed[BREAKGLASS_TEXT_SIZE], group[6];
    begin();
    seal_it(NAME);
    memcpy(typed, page.code, sizeof(typed));
    row->spell(typed);
    (void)snprintf(said, sizeof(said), "%s%s%s", row->before, typed, row->after);
    struct typist typist = {.typed = {page.code}, .person = {said, said}};
    assert_int_equal(log_in(NAME, &typist), LOGIN_ALLOWED);
    assert_int_equal(entries_with("\"breakglass.person\""), 1);
    /* One group of it is enough to know it by. */
    for (size_t i = 0; i < BREAKGLASS_GROUPS; i++) {
        (void)snprintf(group, sizeof(group), "%.4s", page.code + i * 5);
        assert_int_equal(alerts_with(group), 0);
    }
    assert_int_equal(entries_with(page.code), 0);
    assert_int_equal(entries_with(typed), 0);
    struct typist first = {.typed = {page.code}, .person = {"Tanaka", said}};
    assert_int_equal(log_in(NAME, &first), LOGIN_ALLOWED);
    assert_int_equal(entries_with("\"person\":\"Tanaka\""), 1);
    assert_int_equal(entries_with(typed), 0);
    end();
}

/* -- what it opens, and what it does not ------------------------------------------------------ */

static void outside_is_refused(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    const struct emergency_declare_request declare = {
        .criterion = "system-failure", .decided_by = "Director", .drill = true};
    (void)state;
    begin_with("breakglass_outside = deny\nemergency_criteria = system-failure\n");
    seal_it(NAME);
    assert_false(opens(page.code));
    assert_int_equal(alerts_with("refused (no-emergency)"), 1);
    assert_int_equal(state_of(NAME), BREAKGLASS_SEALED);
    assert_int_equal(entries_with("\"emergency.declare\""), 0);
    assert_int_equal(operation_emergency_declare(&here->context, &declare, &row, why), MEDGL_OK);
    assert_true(opens(page.code)); /* a drill opens it, too */
    assert_int_equal(state_of(NAME), BREAKGLASS_USED);
    end();
}

static const struct phase {
    const char *name;
    void (*was)(void);
    enum access_verdict access;
    enum session_verdict session;
} phases[] = {
    {"never sealed", was_never, ACCESS_DENIED, SESSION_REFUSED},
    {"sealed, and not used: no key is a way around the envelope", was_sealed, ACCESS_DENIED,
     SESSION_REFUSED},
    {"used", was_used, ACCESS_ALLOWED, SESSION_DONE},
    {"recovered", was_recovered, ACCESS_DENIED, SESSION_REFUSED},
    {"timed out", was_timed_out, ACCESS_DENIED, SESSION_REFUSED},
    {"revoked", was_revoked, ACCESS_DENIED, SESSION_REFUSED},
};

static void phase_test(void **state)
{
    const struct phase *row = *state;
    struct session_opening opening;
    begin();
    row->was();
    assert_int_equal(account_phase(), row->access);
    assert_int_equal(open_session(&opening), row->session);
    assert_int_equal(alerts_with("came without its sealed credential") > 0,
                     row->session == SESSION_REFUSED);
    end();
}

static void sessions_are_told(void **state)
{
    struct session_opening opening[2];
    struct caller caller = caller_from(SOURCE);
    enum session_verdict verdict;
    (void)state;
    begin();
    was_used();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_session(&opening[i]), SESSION_DONE);
        assert_in_range(opening[i].until_s, 1, 72 * 3600 + 1);
    }
    assert_int_equal(list(NAME).record.sessions, 2);
    assert_int_equal(alerts_with(" began"), 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            operation_session_close(&here->context, &caller, NAME, opening[i].id, &verdict),
            MEDGL_OK);
    assert_int_equal(alerts_with(" ended"), 2);
    end();
}

static void declare_drill(void)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    const struct emergency_declare_request request = {
        .criterion = "system-failure", .decided_by = "Director", .drill = true};
    assert_int_equal(operation_emergency_declare(&here->context, &request, &row, why), MEDGL_OK);
}

/* A session of it that ends late is of the drill; the envelope that is used after it is not. */
static void drill_is_over(void **state)
{
    struct session_opening opening;
    struct caller caller = caller_from(SOURCE);
    enum session_verdict verdict;
    (void)state;
    begin_with("emergency_criteria = system-failure\n");
    seal_it(NAME);
    declare_drill();
    assert_true(opens(page.code));
    assert_int_equal(open_session(&opening), SESSION_DONE);
    recover();
    assert_int_equal(operation_session_close(&here->context, &caller, NAME, opening.id, &verdict),
                     MEDGL_OK);
    assert_int_equal(alerts_with("DRILL: A session"), 2);
    assert_false(opens(page.code));
    assert_int_equal(alerts_with("refused (closed)"), 1);
    assert_int_equal(alerts_with("DRILL: The sealed credential"), 0);
    declare_drill();
    assert_false(opens(page.code));
    assert_true(alerts_with("DRILL: The sealed credential") > 0);
    end();
}

static void ended_sessions_are_told(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct session_opening opening[2];
    struct session_ended ended;
    (void)state;
    begin();
    was_used();
    for (int i = 0; i < 2; i++)
        assert_int_equal(open_session(&opening[i]), SESSION_DONE);
    assert_int_equal(operation_session_end(&here->context, opening[0].id, "done", &ended, why),
                     MEDGL_OK);
    assert_int_equal(alerts_with(" was ended"), 1);
    recover();
    assert_int_equal(operation_emergency_ended(&here->context, NAME), MEDGL_OK);
    assert_int_equal(alerts_with(" was ended"), 2);
    end();
}

/* What ends while they say who they are keeps them out. */
static enum medgl_error typist_recovers(void *carrier, enum talk_style style,
                                        enum talk_meaning meaning, const char *prompt,
                                        struct secret *answer)
{
    const struct typist *typist = carrier;
    if (style == TALK_VISIBLE && typist->shown == 0)
        recover();
    return typist_ask(carrier, style, meaning, prompt, answer);
}

static void recovered_while_asked(void **state)
{
    struct typist typist = {.person = {"Tanaka", "fire"}};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_recovers, .inform = typist_say, .warn = typist_say};
    const struct caller caller = caller_from(SOURCE);
    const struct login_request request = {.caller = &caller, .user = NAME};
    enum login_verdict verdict = LOGIN_ALLOWED;
    (void)state;
    begin();
    seal_it(NAME);
    typist.typed[0] = page.code;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, LOGIN_REFUSED);
    assert_int_equal(entries_with("\"person\":\"Tanaka\""), 1);
    end();
}

/* The clock of a machine that was never set: the envelope opens all the same. */
static void clock_of_1970(void **state)
{
    (void)state;
    begin();
    seal_it(NAME);
    never_set = true;
    assert_true(opens(page.code));
    assert_int_equal(state_of(NAME), BREAKGLASS_USED);
    assert_int_equal(account_phase(), ACCESS_ALLOWED);
    recover();
    assert_false(opens(page.code));
    seal_it(NAME);
    assert_true(opens(page.code));
    never_set = false;
    assert_true(opens(page.code));
    end();
}

/* R20: guessing delays, and locks nobody out. */
static void guessing_locks_nothing(void **state)
{
    char guess[32];
    (void)state;
    begin_with("attempts_per_source = 3\nattempts_per_account = 5\n");
    seal_it(NAME);
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(guess, sizeof(guess), "Wrong guess %u!", i);
        assert_false(opens(guess));
    }
    assert_true(opens(page.code));
    end();
}

int main(void)
{
    TABLE_ADD("R32 sealing", sealings, sealing_test);
    table_add("R32 sealing", "what is over is written down first", settled_first, NULL);
    table_add("R32 sealing", "no serial comes twice", serials_are_new, NULL);
    table_add("R32 sealing", "a page that jams: the old credential is in force", page_jams, NULL);
    table_add("R32 sealing", "who is warned may stop", rather_not, NULL);
    TABLE_ADD("R32 the page goes to", ways, way_test);
    table_add("R32 sealing", "other accounts are not sealed", not_of_the_class, NULL);
    table_add("R32 sealing", "is not the helpdesk's", helpdesk_seals_nothing, NULL);
    table_add("R33 sealing", "warns while a review is missing", review_is_told, NULL);
    table_add("R32 list", "knows what is due", list_knows_renewal, NULL);
    TABLE_ADD("R32 nothing else opens it", gifts, gift_test);
    table_add("R32 nothing else opens it", "passwd", passwd_is_refused, NULL);
    TABLE_ADD("R32 login, the code typed", spellings, spelling_test);
    table_add("R32 a slip of the finger", "is no try", slip_is_no_try, NULL);
    TABLE_ADD("R23 a slip of the finger at", strangers, slip_of_anybody);
    table_add("R32 who and why", "are recorded", person_is_recorded, NULL);
    table_add("R32 who and why", "need no answer", nobody_answers, NULL);
    TABLE_ADD("R32 the code as an answer leaves no trace", echoes, echo_test);
    table_add("R32 outside of an emergency", "deny", outside_is_refused, NULL);
    TABLE_ADD("R32 account phase and session", phases, phase_test);
    table_add("R32 sessions", "each is told, and its end", sessions_are_told, NULL);
    table_add("R31 drill", "its mark ends with it, but for its sessions", drill_is_over, NULL);
    table_add("R32 sessions", "their end by others is told", ended_sessions_are_told, NULL);
    table_add("R32 login", "what ends while they are asked keeps them out", recovered_while_asked,
              NULL);
    table_add("R32 robust", "the clock says 1970", clock_of_1970, NULL);
    table_add("R20 robust", "guessing locks nothing", guessing_locks_nothing, NULL);
    return table_run("breakglass");
}
