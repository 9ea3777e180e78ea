/* Two installations (R32, R25): which one an account is in, and that nothing that befalls the main
 * one, the policy or the zone keeps a break-glass account out, and nothing that befalls the small
 * one anybody else. */
#define FIXTURE_ANEW true
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/attempt.h"
#include "operation/emergency.h"
#include "operation/import.h"
#include "operation/policy_seen.h"
#include "operation/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STAFF    "ward"   /* in the main store */
#define ENVELOPE "sealed" /* in the small one */
#define UID      7000

static struct fixture *here;
static char self[PATH_MAX]; /* this program */

static const char *at(const char *name)
{
    static char path[4][PATH_MAX];
    static unsigned turn;
    char *to = path[turn++ % 4];
    assert_int_equal(path_under(to, here->root, name), MEDGL_OK);
    return to;
}

static enum medgl_error add(struct context *context, const char *name, int64_t uid,
                            enum account_class class_, char why[OPERATION_WHY_SIZE])
{
    const struct account_add_request request = {.name = name, .uid = uid, .class_ = class_};
    return operation_account_add(context, &request, why);
}

static void open_small(struct context *context)
{
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, context), MEDGL_OK);
    context->actor.roles = ROLE_ROOT;
}

static void enrol_small(const char *name, int64_t uid)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    char why[OPERATION_WHY_SIZE];
    open_small(&small);
    assert_int_equal(add(&small, name, uid, ACCOUNT_CLASS_BREAKGLASS, why), MEDGL_OK);
}

static void begin(void)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(fixture_open((void **)&here), 0);
    assert_int_equal(add(&here->context, STAFF, UID, ACCOUNT_CLASS_STAFF, why), MEDGL_OK);
    enrol_small(ENVELOPE, UID + 1);
}

static void end(void)
{
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* What a login does first: a try is counted, and an entry written. */
static void works(struct context *context, const char *name)
{
    struct account account;
    struct proof proof;
    const struct caller caller = caller_from("192.0.2.1");
    assert_int_equal(proof_find(context, &caller, name, PROOF_LOGIN, &proof), MEDGL_OK);
    assert_true(proof.known);
    account = proof.account;
    proof_clear(&proof);
    char note[STORE_NOTE_SIZE];
    assert_string_equal(account.name, name);
    assert_int_equal(operation_checkpoint(context, note), MEDGL_OK);
    uint32_t cleared;
    char why[OPERATION_WHY_SIZE];
    context->actor.roles = ROLE_ROOT;
    assert_int_equal(operation_account_unlock(context, name, NULL, "test", &cleared, why),
                     MEDGL_OK);
}

/* -- setup ------------------------------------------------------------------------------------ */

static void read_text(const char *name, char text[1024])
{
    auto_file FILE *file = fopen(at(name), "re");
    assert_non_null(file);
    text[fread(text, 1, 1023, file)] = '\0';
}

static void R32_setup_makes_both(void **state)
{
    (void)state;
    auto_clean(context_close) struct context small = {.store = NULL};
    struct stat st;
    begin();
    open_small(&small);
    assert_int_equal(small.place, CONTEXT_BREAKGLASS);
    assert_string_equal(note_signer_name(small.signer), "test.example/medgl/breakglass");
    assert_int_equal(stat(at(PATH_BREAKGLASS), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(at(PATH_BREAKGLASS_KEY), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(stat(at(PATH_BREAKGLASS_LEDGER_KEY), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(set_up(here->root), MEDGL_ERR_EXISTS);
    end();
}

/* An installation from before there were break-glass accounts, and one whose setup was cut off. */
static void R32_setup_adds_what_is_missing(void **state)
{
    char before[1024], after[1024], main_key[1024];
    (void)state;
    assert_int_equal(fixture_open((void **)&here), 0);
    read_text(PATH_STORE_KEY, main_key);
    read_text(PATH_BREAKGLASS_KEY, before);
    assert_int_equal(unlink(at(PATH_BREAKGLASS_STORE)), 0);
    (void)unlink(at(PATH_BREAKGLASS_STORE "-wal"));
    (void)unlink(at(PATH_BREAKGLASS_STORE "-shm"));
    (void)unlink(at(PATH_BREAKGLASS_CHECKPOINTS "/00000000000000000001"));
    assert_int_equal(set_up(here->root), MEDGL_OK);
    read_text(PATH_BREAKGLASS_KEY, after);
    assert_string_equal(before, after); /* never replaced */
    assert_int_equal(unlink(at(PATH_BREAKGLASS_KEY)), 0);
    assert_int_equal(set_up(here->root), MEDGL_ERR_KEY); /* a new one could not open the store */
    assert_int_equal(nftw(at(PATH_BREAKGLASS), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(unlink(at(PATH_BREAKGLASS_LEDGER_KEY)), 0);
    assert_false(context_there(here->root, CONTEXT_BREAKGLASS));
    assert_int_equal(set_up(here->root), MEDGL_OK);
    assert_true(context_there(here->root, CONTEXT_BREAKGLASS));
    read_text(PATH_STORE_KEY, after);
    assert_string_equal(main_key, after);
    assert_int_equal(set_up(here->root), MEDGL_ERR_EXISTS);
    end();
}

/* -- which one an account is in --------------------------------------------------------------- */

struct where {
    const char *name, *typed; /* "*": the Unix user that runs this test */
    int64_t small_uid;        /* a further account of the small store; -1: of that user */
    bool retired;
    enum context_place place;
};
static const struct where wheres[] = {
    {"of the main store", STAFF, 0, false, CONTEXT_MAIN},
    {"of the small store", ENVELOPE, 0, false, CONTEXT_BREAKGLASS},
    {"retired in the small store", ENVELOPE, 0, true, CONTEXT_BREAKGLASS},
    {"of nobody", "nobody-of-this-name", 0, false, CONTEXT_MAIN},
    {"no login name", "-", 0, false, CONTEXT_MAIN},
    {"another name of the uid of one in the small store", "*", -1, false, CONTEXT_BREAKGLASS},
    {"a Unix user that is nowhere", "*", UID + 2, false, CONTEXT_MAIN},
};

static void R32_place(void **state)
{
    const struct where *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    char why[OPERATION_WHY_SIZE];
    begin();
    if (row->small_uid != 0)
        enrol_small("third", row->small_uid < 0 ? (int64_t)geteuid() : row->small_uid);
    if (row->retired) {
        auto_clean(context_close) struct context small = {.store = NULL};
        open_small(&small);
        assert_int_equal(operation_account_retire(&small, row->typed, "test", why), MEDGL_OK);
    }
    const char *typed = strcmp(row->typed, "*") == 0 ? here->user : row->typed;
    assert_int_equal(context_open_of(here->root, CONTEXT_STATE, typed, &context), MEDGL_OK);
    assert_int_equal(context.place, row->place);
    assert_false(context.unsure);
    end();
}

/* -- what befalls the main one, the policy, the zone ------------------------------------------ */

enum damage {
    DAMAGE_GARBAGE, /* a text in the place of the file */
    DAMAGE_GONE,
    DAMAGE_EMPTY,
    DAMAGE_LOCKED, /* somebody has the store to themselves */
    DAMAGE_POLICY,
    DAMAGE_ZONE,
    DAMAGE_WHOLE, /* the directory of all that changes is gone */
};
struct damaged {
    const char *name;
    enum damage damage;
    const char *file;
    enum medgl_error main; /* of opening the main one */
};
static const struct damaged main_damages[] = {
    {"the main store is garbage", DAMAGE_GARBAGE, PATH_STORE, MEDGL_ERR_CORRUPT},
    {"the main store is empty", DAMAGE_EMPTY, PATH_STORE, MEDGL_ERR_CORRUPT},
    {"the main store is missing", DAMAGE_GONE, PATH_STORE, MEDGL_ERR_NOT_FOUND},
    {"the main store is locked", DAMAGE_LOCKED, PATH_STORE, MEDGL_ERR_DEADLINE},
    {"the main store's key is missing", DAMAGE_GONE, PATH_STORE_KEY, MEDGL_ERR_KEY},
    {"the main store's key is garbage", DAMAGE_GARBAGE, PATH_STORE_KEY, MEDGL_ERR_KEY},
    {"the main ledger's key is missing", DAMAGE_GONE, PATH_LEDGER_KEY, MEDGL_ERR_KEY},
    {"the main state is missing", DAMAGE_WHOLE, MEDGL_STATEDIR, MEDGL_ERR_NOT_FOUND},
    {"the policy is broken", DAMAGE_POLICY, "attempts_per_source = many\n", MEDGL_ERR_POLICY},
    {"the policy has rules that contradict each other", DAMAGE_POLICY,
     "attempts_per_account = 3\nattempts_per_source = 9\n", MEDGL_ERR_POLICY},
    {"the zone is not known", DAMAGE_ZONE, "time_zone = Nowhere/Atlantis\n", MEDGL_ERR_POLICY},
};

/* A process that has the store to itself until it is killed, or ("turns") again and again. */
static pid_t lock_store_for(const char *path, const char *program, const char *how)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        char fd[16];
        (void)snprintf(fd, sizeof(fd), "%d", ready[1]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl(program, program, how, path, fd, (char *)NULL);
        _exit(1);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return child;
}

static pid_t lock_store(const char *path, const char *program)
{
    return lock_store_for(path, program, "hold");
}

/* One that works: where a device is full and the journal's index is lost, each has the store to
 * itself for a transaction. */
static int hold_in_turns(const char *path, int fd)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    const int file = open(path, O_RDWR | O_CLOEXEC);
    for (bool told = false; file >= 0; told = true) {
        lock.l_type = F_WRLCK;
        if (fcntl(file, F_SETLKW, &lock) != 0 || (!told && write(fd, "", 1) != 1))
            return 1;
        clock_sleep(3000);
        lock.l_type = F_UNLCK;
        if (fcntl(file, F_SETLK, &lock) != 0)
            return 1;
        clock_sleep(1500);
    }
    return 1;
}

static int hold(const char *path, int fd)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    const int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 || fcntl(file, F_SETLK, &lock) != 0 || write(fd, "", 1) != 1)
        return 1;
    for (;;)
        (void)pause();
}

static void do_damage(const struct damaged *row, pid_t *holder)
{
    *holder = 0;
    switch (row->damage) {
    case DAMAGE_GARBAGE:
    case DAMAGE_EMPTY:
        assert_int_equal(unlink(at(row->file)), 0);
        write_file(here, row->file, row->damage == DAMAGE_EMPTY ? "" : "no store and no key\n");
        assert_int_equal(chmod(at(row->file), 0400), 0);
        break;
    case DAMAGE_GONE:
        assert_int_equal(unlink(at(row->file)), 0);
        break;
    case DAMAGE_WHOLE:
        assert_int_equal(nftw(at(row->file), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        break;
    case DAMAGE_LOCKED:
        *holder = lock_store(at(row->file), self);
        break;
    case DAMAGE_POLICY:
    case DAMAGE_ZONE:
        write_policy(here, row->file);
        break;
    }
    if (row->damage == DAMAGE_GARBAGE && strcmp(row->file, PATH_STORE) == 0)
        assert_int_equal(chmod(at(row->file), 0600), 0);
}

static void undo(pid_t holder)
{
    if (holder != 0 && kill(holder, SIGKILL) == 0)
        (void)waitpid(holder, NULL, 0);
}

static void R32_main_damaged(void **state)
{
    const struct damaged *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    pid_t holder;
    begin();
    context_close(&here->context);
    do_damage(row, &holder);
    const int64_t before = clock_monotonic();
    assert_int_equal(context_open_of(here->root, CONTEXT_STATE, ENVELOPE, &context), MEDGL_OK);
    assert_int_equal(context.place, CONTEXT_BREAKGLASS);
    assert_int_equal(context.policy_lost,
                     row->damage == DAMAGE_POLICY || row->damage == DAMAGE_ZONE);
    works(&context, ENVELOPE);
    assert_true(clock_monotonic() - before < CONTEXT_PATIENCE_MS); /* nobody waited for the lock */
    context_close(&context);
    if (row->damage != DAMAGE_LOCKED || getenv("MEDGL_TEST_LONG") != NULL)
        assert_int_equal(context_open_of(here->root, CONTEXT_STATE, STAFF, &context), row->main);
    undo(holder);
    end();
}

/* The first thing that happened to what is watched, but for the file that wakes who delivers alerts
 * of both: NULL: nothing. */
static const char *touched(int watch)
{
    static char events[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    const ssize_t len = read(watch, events, sizeof(events));
    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *event = (const void *)(events + at);
        if (event->len == 0 || strcmp(event->name, "alerts") != 0)
            return event->len > 0 ? event->name : "itself";
        at += (ssize_t)sizeof(*event) + (ssize_t)event->len;
    }
    return NULL;
}

/* MUST: the main store is not touched for a break-glass account. */
static void R32_main_not_touched(void **state)
{
    static const char *const names[] = {PATH_STORE, PATH_STORE_KEY, PATH_LEDGER_KEY,
                                        MEDGL_STATEDIR};
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    begin();
    context_close(&here->context);
    auto_fd int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (size_t i = 0; i < MEDGL_COUNT(names); i++)
        assert_true(inotify_add_watch(watch, at(names[i]), IN_OPEN | IN_ACCESS | IN_MODIFY) >= 0);
    assert_int_equal(context_open_of(here->root, CONTEXT_STATE, ENVELOPE, &context), MEDGL_OK);
    works(&context, ENVELOPE);
    context_close(&context);
    const char *what = touched(watch);
    if (what != NULL)
        fail_msg("touched: %s", what);
    assert_int_equal(context_open_of(here->root, CONTEXT_STATE, STAFF, &context), MEDGL_OK);
    assert_non_null(touched(watch)); /* the watch works */
    end();
}

/* -- what befalls the small one --------------------------------------------------------------- */

static const struct damaged small_damages[] = {
    {"the small store is garbage", DAMAGE_GARBAGE, PATH_BREAKGLASS_STORE, 0},
    {"the small store is empty", DAMAGE_EMPTY, PATH_BREAKGLASS_STORE, 0},
    {"the small store is missing", DAMAGE_GONE, PATH_BREAKGLASS_STORE, 0},
    {"all of the small state is missing", DAMAGE_WHOLE, PATH_BREAKGLASS, 0},
    {"the small store's key is missing", DAMAGE_GONE, PATH_BREAKGLASS_KEY, 0},
    {"the small store's key is garbage", DAMAGE_GARBAGE, PATH_BREAKGLASS_KEY, 0},
    {"the small ledger's key is missing", DAMAGE_GONE, PATH_BREAKGLASS_LEDGER_KEY, 0},
    {"the small store is locked", DAMAGE_LOCKED, PATH_BREAKGLASS_STORE, 0},
};

static void R32_small_damaged(void **state)
{
    const struct damaged *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    static const char *const names[] = {STAFF, ENVELOPE, "nobody-of-this-name"};
    pid_t holder;
    begin();
    context_close(&here->context);
    do_damage(row, &holder);
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        assert_int_equal(context_open_of(here->root, CONTEXT_STATE, names[i], &context), MEDGL_OK);
        assert_int_equal(context.place, CONTEXT_MAIN);
        assert_true(context.unsure);
        if (i == 0)
            works(&context, STAFF);
        context_close(&context);
    }
    assert_int_not_equal(context_open_breakglass(here->root, CONTEXT_READING, &context), MEDGL_OK);
    if (holder != 0)
        assert_int_equal(kill(holder, 0), 0); /* none of ours: not ended */
    undo(holder);
    end();
}

/* An installation from before there were such accounts: nothing is unsure. */
static void R32_small_was_never_made(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    begin();
    assert_int_equal(nftw(at(PATH_BREAKGLASS), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(unlink(at(PATH_BREAKGLASS_KEY)), 0);
    assert_int_equal(context_open_of(here->root, CONTEXT_STATE, "nobody-of-this-name", &context),
                     MEDGL_OK);
    assert_int_equal(context.place, CONTEXT_MAIN);
    assert_false(context.unsure);
    context_close(&context);
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, &context),
                     MEDGL_ERR_NOT_FOUND);
    end();
}

/* -- a policy that is lost -------------------------------------------------------------------- */

struct lost {
    const char *name, *policy; /* NULL: none was seen */
    int64_t attempts;
};
static const struct lost losts[] = {
    {"the one that was seen last", "attempts_per_source = 7\nemergency_max = 9 h\n", 7},
    {"of another profile", "profile = nist-800-63b-4\nattempts_per_source = 4\n", 4},
    {"with holidays", "attempts_per_source = 6\nholidays = /etc/medgl/days\n", 6},
    {"with holidays that cannot be read", "attempts_per_source = 6\nholidays = /nowhere\n", 6},
    {"none was ever seen", NULL, 5},
};

static void R32_policy_lost(void **state)
{
    const struct lost *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    auto_free char *before = NULL, *after = NULL;
    uint64_t size[2];
    begin();
    write_file(here, "/etc/medgl/days", "2026-01-01 New year\n2026-05-05\n");
    if (row->policy != NULL) {
        write_policy(here, row->policy);
        open_small(&context);
        assert_int_equal(policy_seen_keep(&context), MEDGL_OK);
        assert_int_equal(operation_ledger_size(&context, &size[0]), MEDGL_OK);
        assert_int_equal(policy_seen_keep(&context), MEDGL_OK); /* the same one: no entry */
        assert_int_equal(operation_ledger_size(&context, &size[1]), MEDGL_OK);
        assert_int_equal(size[0], size[1]);
        assert_int_equal(policy_text(&context.policy, &before), MEDGL_OK);
        context_close(&context);
    }
    write_policy(here, "no_such_key = 1\n");
    open_small(&context);
    assert_true(context.policy_lost);
    assert_int_equal(context.policy.attempts_per_source, row->attempts);
    assert_int_equal(policy_text(&context.policy, &after), MEDGL_OK);
    if (before != NULL)
        assert_string_equal(before, after);
    assert_int_equal(policy_seen_keep(&context), MEDGL_OK); /* what is lost is no change */
    works(&context, ENVELOPE);
    end();
}

static enum medgl_error put_text(struct store_txn *txn, void *argument)
{
    const char *text = argument;
    const struct policy_seen seen = {.since = 1, .text = text, .len = strlen(text)};
    return store_policy_seen_put(txn, &seen);
}

struct last {
    const char *name, *text;
    int64_t attempts; /* 5: the default */
};
static const struct last lasts[] = {
    {"a zone that is gone", "time_zone = Nowhere/Atlantis\nattempts_per_source = 8\n", 8},
    {"a key of another version", "attempts_per_source = 8\nno_such_key = 1\n", 5},
    {"a value of another version", "attempts_per_source = 8\nunenrolled = perhaps\n", 5},
    {"values that contradict each other", "attempts_per_source = 8\nattempts_per_account = 6\n", 5},
    {"a holiday that is none", "attempts_per_source = 8\nholiday = 2026-13-01\n", 5},
    {"nothing", "", 5},
};

static void R32_policy_last(void **state)
{
    const struct last *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    begin();
    open_small(&context);
    assert_int_equal(
        store_transact(context.store, STORE_WRITE, put_text, (void *)(uintptr_t)row->text),
        MEDGL_OK);
    context_close(&context);
    write_policy(here, "no_such_key = 1\n");
    open_small(&context);
    assert_true(context.policy_lost);
    assert_int_equal(context.policy.attempts_per_source, row->attempts);
    works(&context, ENVELOPE);
    end();
}

/* -- one name and one uid in both (R25) ------------------------------------------------------- */

struct both {
    const char *name, *account;
    int64_t uid;
    enum account_class class_;
    bool into_small;
    enum medgl_error expected;
    const char *why;
};
static const struct both boths[] = {
    {"a name of the small one into the main one", ENVELOPE, UID + 9, ACCOUNT_CLASS_STAFF, false,
     MEDGL_ERR_EXISTS, ENVELOPE},
    {"a uid of the small one into the main one", "fresh", UID + 1, ACCOUNT_CLASS_STAFF, false,
     MEDGL_ERR_EXISTS, ENVELOPE},
    {"a name of the main one into the small one", STAFF, UID + 9, ACCOUNT_CLASS_BREAKGLASS, true,
     MEDGL_ERR_EXISTS, STAFF},
    {"a uid of the main one into the small one", "fresh", UID, ACCOUNT_CLASS_BREAKGLASS, true,
     MEDGL_ERR_EXISTS, STAFF},
    {"the class into the main one", "fresh", UID + 9, ACCOUNT_CLASS_BREAKGLASS, false,
     MEDGL_ERR_ARGUMENT, "--class breakglass"},
    {"another class into the small one", "fresh", UID + 9, ACCOUNT_CLASS_STAFF, true,
     MEDGL_ERR_ARGUMENT, "file of their own"},
    {"a free one into the main one", "fresh", UID + 9, ACCOUNT_CLASS_STAFF, false, MEDGL_OK, ""},
    {"a free one into the small one", "fresh", UID + 9, ACCOUNT_CLASS_BREAKGLASS, true, MEDGL_OK,
     ""},
};

static void R25_unique_over_both(void **state)
{
    const struct both *row = *state;
    auto_clean(context_close) struct context small = {.store = NULL};
    char why[OPERATION_WHY_SIZE] = "";
    begin();
    open_small(&small);
    assert_int_equal(
        add(row->into_small ? &small : &here->context, row->account, row->uid, row->class_, why),
        row->expected);
    assert_non_null(strstr(why, row->why));
    end();
}

static void R25_not_looked_at_is_not_free(void **state)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    char why[OPERATION_WHY_SIZE] = "";
    (void)state;
    begin();
    open_small(&small);
    assert_int_equal(unlink(at(PATH_BREAKGLASS_KEY)), 0);
    assert_int_equal(add(&here->context, "fresh", UID + 9, ACCOUNT_CLASS_STAFF, why),
                     MEDGL_ERR_KEY);
    assert_int_equal(unlink(at(PATH_STORE)), 0);
    assert_int_equal(add(&small, "fresh", UID + 9, ACCOUNT_CLASS_BREAKGLASS, why), MEDGL_ERR_IO);
    end();
}

static void R32_class_stays(void **state)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    const enum account_class breakglass = ACCOUNT_CLASS_BREAKGLASS, staff = ACCOUNT_CLASS_STAFF;
    const struct account_change_request into = {.name = STAFF, .class_ = &breakglass};
    const struct account_change_request out = {.name = ENVELOPE, .class_ = &staff};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    open_small(&small);
    assert_int_equal(operation_account_change(&here->context, &into, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "--class breakglass"));
    assert_int_equal(operation_account_change(&small, &out, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "retire"));
    end();
}

static void R32_no_import(void **state)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    auto_secret struct secret hash = SECRET_NONE;
    enum import_verdict verdict;
    (void)state;
    begin();
    open_small(&small);
    const char text[] = "$6$abcdefgh$" /* of nothing: it is not evaluated */
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_int_equal(secret_copy(&hash, text, sizeof(text) - 1), MEDGL_OK);
    struct import_request request = {.name = ENVELOPE,
                                     .uid = UID + 1,
                                     .class_ = ACCOUNT_CLASS_STAFF,
                                     .full_name = "",
                                     .hash = &hash};
    assert_int_equal(operation_import(&here->context, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_BREAKGLASS);
    assert_int_equal(operation_import(&small, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_BREAKGLASS);
    request.name = "fresh";
    request.uid = UID + 9;
    request.class_ = ACCOUNT_CLASS_BREAKGLASS;
    assert_int_equal(operation_import(&here->context, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_BREAKGLASS);
    end();
}

/* -- whoever keeps the small store ------------------------------------------------------------ */

struct stuck {
    const char *name, *program; /* it runs as; NULL: as this test */
    bool ended;
};
static const struct stuck stucks[] = {
    {"one of our engines", "medgl-auth", true},
    {"one of our command lines", "medgl-admin", true},
    {"another program", "backup-agent", false},
};

static void R32_stuck(void **state)
{
    const struct stuck *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    char program[PATH_MAX];
    int status;
    begin();
    context_close(&here->context);
    (void)snprintf(program, sizeof(program), "%s/%s", here->root, row->program);
    copy_store(self, program);
    assert_int_equal(chmod(program, 0700), 0);
    const pid_t holder = lock_store(at(PATH_BREAKGLASS_STORE), program);
    enum medgl_error error = context_open_of(here->root, CONTEXT_STATE, ENVELOPE, &context);
    assert_int_equal(error, MEDGL_OK);
    assert_int_equal(context.place, row->ended ? CONTEXT_BREAKGLASS : CONTEXT_MAIN);
    assert_int_equal(context.unsure, !row->ended);
    if (row->ended)
        works(&context, ENVELOPE);
    const pid_t gone = waitpid(holder, &status, WNOHANG);
    assert_int_equal(gone, row->ended ? holder : 0);
    if (row->ended)
        assert_true(WIFSIGNALED(status));
    else
        undo(holder);
    end();
}

/* For longer than a look waits, and it is not ended: whoever asks, for a name that is there or not.
 */
static void R32_who_works_is_not_ended(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    static const char *const names[] = {"nobody-of-this-name", ENVELOPE};
    char program[PATH_MAX];
    (void)state;
    begin();
    context_close(&here->context);
    (void)snprintf(program, sizeof(program), "%s/medgl-auth", here->root);
    copy_store(self, program);
    assert_int_equal(chmod(program, 0700), 0);
    const pid_t holder = lock_store_for(at(PATH_BREAKGLASS_STORE), program, "turns");
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        assert_int_equal(context_open_of(here->root, CONTEXT_STATE, names[i], &context), MEDGL_OK);
        assert_int_equal(context.place, i == 0 ? CONTEXT_MAIN : CONTEXT_BREAKGLASS);
        assert_false(context.unsure);
        context_close(&context);
        assert_int_equal(waitpid(holder, NULL, WNOHANG), 0);
    }
    undo(holder);
    end();
}

/* -- who acts ---------------------------------------------------------------------------------- */

#define SOMEBODY 1 /* "daemon", of every Debian */

static unsigned names_asked;

struct passwd *__real_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid);

struct passwd *__wrap_getpwuid(uid_t uid)
{
    names_asked++;
    return __real_getpwuid(uid);
}

static bool becomes_somebody(void)
{
    auto_fd int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, "1", 1) == 1;
}

static bool acts_as(enum medgl_error error, const struct context *context, const char *name)
{
    return error == MEDGL_OK && context->actor.uid == SOMEBODY &&
           strcmp(context->actor.name, name) == 0;
}

/* 0: the main one has the name, the small one did not ask for it; 77: the kernel knows no logins.
 */
static int somebody_opens(void)
{
    auto_clean(context_close) struct context small = {.store = NULL},
                                             main_context = {.store = NULL};
    if (!becomes_somebody())
        return 77;
    names_asked = 0;
    const bool here_too =
        acts_as(context_open_of(here->root, CONTEXT_STATE, ENVELOPE, &small), &small, "");
    if (!here_too || small.place != CONTEXT_BREAKGLASS || names_asked != 0)
        return 1;
    return acts_as(context_open_of(here->root, CONTEXT_STATE, STAFF, &main_context), &main_context,
                   "daemon") &&
                   names_asked == 1
               ? 0
               : 2;
}

static void R32_no_name_is_asked_for(void **state)
{
    int status = 1;
    (void)state;
    begin();
    context_close(&here->context);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(somebody_opens());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    end();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* -- what settles keeps it --------------------------------------------------------------------- */

struct last_kept {
    int64_t attempts;
    enum medgl_error error;
};

static enum medgl_error look_last(struct store_txn *txn, void *argument)
{
    struct last_kept *last = argument;
    struct policy policy = {0};
    last->error = policy_seen_last(txn, &policy);
    last->attempts = last->error == MEDGL_OK ? policy.attempts_per_source : -1;
    return MEDGL_OK;
}

static struct last_kept last_kept(const struct context *context)
{
    struct last_kept last = {.error = MEDGL_ERR_NOT_FOUND};
    assert_int_equal(store_transact(context->store, STORE_READ, look_last, &last), MEDGL_OK);
    return last;
}

/* As somebody who has the file and not the key. */
static void damage_last(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(at(PATH_BREAKGLASS_STORE), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE policy_seen SET since = since + 1", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void settle_with(const char *text)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    bool settled = true;
    write_policy(here, text);
    open_small(&context);
    context.policy_read += MEDGL_MINUTE; /* behind what was kept before: clocks round, and wait */
    assert_int_equal(operation_emergency_settle(&context, &settled), MEDGL_OK);
    assert_false(settled);
}

/* And fails by nothing that keeps it from that. */
static void R32_settle_keeps_the_policy(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    begin();
    settle_with("attempts_per_source = 7\n");
    settle_with("attempts_per_source = 8\n");
    open_small(&context);
    assert_int_equal(last_kept(&context).attempts, 8);
    context_close(&context);
    damage_last();
    settle_with("attempts_per_source = 9\n");
    open_small(&context);
    assert_int_equal(policy_seen_keep(&context), MEDGL_ERR_CORRUPT);
    assert_int_equal(last_kept(&context).error, MEDGL_ERR_CORRUPT);
    end();
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2], (int)strtol(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "turns") == 0)
        return hold_in_turns(argv[2], (int)strtol(argv[3], NULL, 10));
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
        return 1;
    TABLE_ADD("R32 an account's place", wheres, R32_place);
    TABLE_ADD("R32 a break-glass account works", main_damages, R32_main_damaged);
    TABLE_ADD("R32 everybody else works", small_damages, R32_small_damaged);
    TABLE_ADD("R32 the policy that holds", losts, R32_policy_lost);
    TABLE_ADD("R32 a policy that was seen last", lasts, R32_policy_last);
    table_add("R32 the policy that holds", "settle keeps it", R32_settle_keeps_the_policy, NULL);
    TABLE_ADD("R25 a name and a uid", boths, R25_unique_over_both);
    TABLE_ADD("R32 who keeps the small store", stucks, R32_stuck);
    table_add("R32", "who works is not ended", R32_who_works_is_not_ended, NULL);
    table_add("R32", "the user database is not asked who acts", R32_no_name_is_asked_for, NULL);
    table_add("R32", "setup makes both", R32_setup_makes_both, NULL);
    table_add("R32", "setup adds what is missing", R32_setup_adds_what_is_missing, NULL);
    table_add("R32", "the main store is not touched", R32_main_not_touched, NULL);
    table_add("R32", "the small one was never made", R32_small_was_never_made, NULL);
    table_add("R25", "what cannot be looked at is not free", R25_not_looked_at_is_not_free, NULL);
    table_add("R32", "the class stays", R32_class_stays, NULL);
    table_add("R32", "no password is imported", R32_no_import, NULL);
    return table_run("place");
}
