/* R32: guesses at a break-glass account on a full device leave the space that the right credential
 * needs, and its evidence says how many of them have no entry. On a file system of its own: without
 * the right to make one there is nothing to be shown. */
#define FIXTURE_IN   "/mnt"
#define FIXTURE_ANEW true
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include "operation/alert.h"
#include "operation/attempt.h"
#include "operation/session.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#define GUESSES   500
#define MISUSES   300
#define ABANDONED 40
#define FILLER    FIXTURE_IN "/filler"

static struct both both;
static char code[BREAKGLASS_TEXT_SIZE];

/* -- a device --------------------------------------------------------------------------------- */

/* In a mount namespace of our own: nothing of it is seen outside, or outlives us. */
static bool device_make(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("medgl", FIXTURE_IN, "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=0700") == 0;
}

static uint64_t device_left(void)
{
    struct statvfs device;
    assert_int_equal(statvfs(FIXTURE_IN, &device), 0);
    return (uint64_t)device.f_bavail * device.f_frsize;
}

static void device_fill(void)
{
    static const char block[4096] = {1};
    auto_fd int fd = open(FILLER, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof(block)) > 0)
        continue;
    assert_int_equal(device_left(), 0);
}

/* -- the account ------------------------------------------------------------------------------ */

static unsigned tries;

static void guess(unsigned times)
{
    for (unsigned i = 0; i < times; i++, tries++)
        assert_int_equal(both_type(&both, BREAKGLASS_ONE, WRONG), LOGIN_REFUSED);
}

static enum medgl_error find_one(struct store_txn *txn, void *argument)
{
    return store_account_by_name(txn, BREAKGLASS_ONE, argument);
}

/* A connection that ends before it has an answer. */
static int leave(void)
{
    const struct caller caller = caller_from("192.0.2.7");
    struct reservation reservation;
    struct account account;
    struct source source;
    both_open_small(&both);
    source_of(&caller, &source);
    return store_transact(both.small.store, STORE_READ, find_one, &account) == MEDGL_OK &&
                   attempt_reserve(&both.small, &account, account.id, &caller, &source,
                                   &reservation) == MEDGL_OK
               ? 0
               : 1;
}

static void guess_and_leave(unsigned times)
{
    context_close(&both.small); /* no store is taken along by a fork */
    for (unsigned i = 0; i < times; i++, tries++) {
        int status = 1;
        const pid_t child = fork();
        if (child == 0)
            _exit(leave());
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    both_open_small(&both);
}

/* -- what is on record ------------------------------------------------------------------------ */

struct search {
    const char *text, *more;
    unsigned count;
};

static enum medgl_error search_row(void *argument, const struct ledger_row *row)
{
    struct search *search = argument;
    char line[8192];
    assert_true(row->len < sizeof(line));
    memcpy(line, row->line, row->len);
    line[row->len] = '\0';
    search->count += strstr(line, search->text) != NULL && strstr(line, search->more) != NULL;
    return MEDGL_OK;
}

static unsigned entries_with(const char *text, const char *more)
{
    struct search search = {.text = text, .more = more};
    assert_int_equal(operation_ledger_each(&both.small, 0, UINT64_MAX, search_row, &search),
                     MEDGL_OK);
    return search.count;
}

/* Each try has an entry, or is one of those that an entry tells of. */
static enum medgl_error account_row(void *argument, const struct ledger_row *row)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    unsigned *count = argument;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    *count += entry->kind == LEDGER_LOGIN_FAILURE;
    *count += (unsigned)ledger_entry_find_number(entry, "unrecorded", 0);
    return MEDGL_OK;
}

static unsigned tries_on_record(void)
{
    unsigned count = 0;
    assert_int_equal(operation_ledger_each(&both.small, 0, UINT64_MAX, account_row, &count),
                     MEDGL_OK);
    return count;
}

static uint64_t reserved(void)
{
    uint64_t bytes;
    assert_int_equal(store_reserved(both.small.store, &bytes), MEDGL_OK);
    return bytes;
}

static void evidence_holds(void)
{
    struct ledger_result result;
    const struct evidence_request request = {.fault = count_fault};
    assert_int_equal(operation_verify(&both.small, &request, &result), MEDGL_OK);
}

/* -- the case --------------------------------------------------------------------------------- */

static enum medgl_error use_some(struct store_txn *txn, void *argument)
{
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    (void)argument;
    for (unsigned i = 0; i < 50; i++) {
        evidence_begin(&both.small, &clock, LEDGER_LOGIN_FAILURE, NULL, &entry);
        ledger_entry_text(&entry, "source", "192.0.2.7");
        MEDGL_TRY(evidence_append(&both.small, txn, &entry, NULL));
    }
    tries += 50;
    return MEDGL_OK;
}

/* As entries of tries do, many at a time. */
static void use_half(void)
{
    while (reserved() >= (uint64_t)BREAKGLASS_RESERVE / 2)
        assert_int_equal(store_transact(both.small.store, STORE_WRITE, use_some, NULL), MEDGL_OK);
    guess(1);
    assert_true(both.small.scarce);
}

static enum session_verdict session_begin(const char *name, struct caller *caller,
                                          struct session_opening *opening)
{
    struct script script = {.person = NULL};
    const struct talk talk = script_talk(&script);
    enum session_verdict verdict = SESSION_DONE;
    *caller = caller_from("192.0.2.7");
    assert_int_equal(process_name(getpid(), caller->leader), MEDGL_OK);
    assert_int_equal(
        operation_session_open(&both.small, &talk, caller, name, false, opening, &verdict),
        MEDGL_OK);
    return verdict;
}

static void session(void)
{
    struct caller caller;
    struct session_opening opening;
    enum session_verdict verdict = SESSION_REFUSED;
    assert_int_equal(session_begin(BREAKGLASS_ONE, &caller, &opening), SESSION_DONE);
    assert_int_equal(
        operation_session_close(&both.small, &caller, BREAKGLASS_ONE, opening.id, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

static void R32_guesses_leave_space_for_the_envelope(void **state)
{
    (void)state;
    both_begin(&both);
    both_seal_for(&both, BREAKGLASS_ONE, code);
    guess(3);
    assert_false(both.small.scarce);
    context_close(&both.small);
    device_fill();
    both_open_small(&both);
    use_half();
    const unsigned failures = entries_with("login.failure", "");
    const uint64_t before = reserved();
    guess(GUESSES);
    guess_and_leave(ABANDONED);
    guess(1);
    assert_int_equal(device_left(), 0);
    assert_int_equal(entries_with("login.failure", ""), failures);
    assert_int_equal(entries_with("login.abandoned", ""), 0);
    assert_true(before - reserved() < (uint64_t)1 << 17); /* whatever their number */

    assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_ALLOWED);
    session();
    assert_int_equal(entries_with("login.success", "unrecorded"), 1);
    assert_int_equal(tries_on_record(), tries);
    static const char *const kinds[] = {"emergency.declare", "breakglass.use", "session.open",
                                        "session.close"};
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        assert_int_equal(entries_with(kinds[i], ""), 1);
    evidence_holds();
    assert_int_equal(device_left(), 0);

    assert_int_equal(unlink(FILLER), 0);
    guess(2); /* recorded again */
    assert_int_equal(entries_with("login.failure", ""), failures + 2);
    assert_int_equal(tries_on_record(), tries);
    both_end(&both);
}

/* -- an envelope that was used ---------------------------------------------------------------- */

static enum medgl_error carry(void *argument, const char *channel, const struct alert *alert,
                              const char *payload, char why[STORE_TEXT_SIZE])
{
    (void)argument;
    (void)channel;
    (void)alert;
    (void)payload;
    why[0] = '\0';
    return MEDGL_OK;
}

static enum medgl_error carry_by(void *argument, const struct alert *alert,
                                 enum medgl_error (*each)(void *each_argument, const char *channel),
                                 void *each_argument)
{
    (void)argument;
    (void)alert;
    return each(each_argument, "mail");
}

static void deliver(void)
{
    const struct alert_carrier carrier = {.carry = carry, .channels = carry_by};
    struct alert_report report;
    assert_int_equal(operation_alert_deliver(&both.small, &carrier, NULL, &report), MEDGL_OK);
}

/* What it was right for is over: each try proves it, and each alert about it was delivered. */
static void misuse(const char *old)
{
    struct caller caller;
    struct session_opening opening;
    for (unsigned i = 0; i < MISUSES; i++, tries += 2) {
        assert_int_equal(both_type(&both, BREAKGLASS_TWO, old), LOGIN_REFUSED);
        assert_int_equal(session_begin(BREAKGLASS_TWO, &caller, &opening), SESSION_REFUSED);
        deliver();
    }
}

static void R32_used_envelope_leaves_space_for_another(void **state)
{
    char old[BREAKGLASS_TEXT_SIZE];
    (void)state;
    tries = 0;
    both_begin(&both);
    both_seal_for(&both, BREAKGLASS_TWO, old);
    assert_int_equal(both_type(&both, BREAKGLASS_TWO, old), LOGIN_ALLOWED);
    both_recover(&both);
    both_seal_for(&both, BREAKGLASS_ONE, code);
    deliver();
    context_close(&both.small);
    device_fill();
    both_open_small(&both);
    use_half();
    const unsigned failures = entries_with("login.failure", ""),
                   raised = entries_with("alert.raise", "");
    const uint64_t before = reserved();
    misuse(old);
    assert_int_equal(device_left(), 0);
    assert_int_equal(entries_with("login.failure", ""), failures);
    assert_int_equal(entries_with("session.refused", ""), 0);
    assert_int_equal(entries_with("alert.raise", "The sealed credential"), 1);
    assert_in_range(entries_with("alert.raise", "") - raised, 1,
                    4);                                   /* each kind: told, and once more */
    assert_true(before - reserved() < (uint64_t)1 << 18); /* whatever their number */
    assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_ALLOWED);
    session();

    assert_int_equal(unlink(FILLER), 0);
    assert_int_equal(both_type(&both, BREAKGLASS_TWO, old), LOGIN_REFUSED);
    tries++;
    assert_int_equal(entries_with("login.failure", "unrecorded"), 1);
    assert_int_equal(tries_on_record(), tries);
    evidence_holds();
    both_end(&both);
}

int main(void)
{
    if (!device_make()) {
        printf("1..0 # SKIP no file system can be made here: %s\n", strerror(errno));
        return 0;
    }
    table_add("breakglass_full", "R32_guesses_leave_space_for_the_envelope",
              R32_guesses_leave_space_for_the_envelope, NULL);
    table_add("breakglass_full", "R32_used_envelope_leaves_space_for_another",
              R32_used_envelope_leaves_space_for_another, NULL);
    return table_run("breakglass_full");
}
