/* What becomes of a password after it was set: judged at each login, warned of, due, revoked,
 * replaced, and held against the ledger. On a real store in a private root. */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "factor/kdf_slots.h"
#include "operation/history.h"
#include "operation/session.h"

#include <argon2.h>
#include <crypt.h>

#define SHORT_ONE "v9$Xq-3R" /* 8 characters, all three kinds, nothing that anybody guesses */
#define GUESSABLE "Passw0rd!2024"
#define LATIN_1   "Gr\xfc\xdf-7-mawaru-Xq" /* as typed on a machine that knew no UTF-8 */

/* Of crypt(3), with few rounds: what /etc/shadow would have. */
#define CRYPT(hash) "$6$rounds=1000$medgltest$" hash
#define CRYPT_LONG                                                                                 \
    CRYPT("LmWsOa.8tgjPNJNxcR3oDY1N9hMKnBn7.UQaIPFHptMrhV97s/6gT0W3nR3DfH33Avqc8P0/"               \
          "0jP8Luq3XPbCu0")
#define CRYPT_SHORT                                                                                \
    CRYPT("OwNdM42ldM/H0z1p2RdZoSLuSYhHgUvZUYECTWFqbHwA4E2ULhUFTjqINLahtHUU6w1.d3"                 \
          "aU620kUZecOW7wC0")
#define CRYPT_GUESSABLE                                                                            \
    CRYPT("jyvTnQVuT4q8rVZA0x0EZaHUAPqNLqDx9SK2UeagJSwc6VEEhx4zYtYohhaT8PGmJ8wd2B3."               \
          "sTJFwF08YW2El1")
#define CRYPT_COSTLY                                                                               \
    "$6$rounds=999999999$medgltest$LmWsOa.8tgjPNJNxcR3oDY1N9hMKnBn7.UQaIPFHptMrhV97s/6gT0W3nR3D"   \
    "fH33Avqc8P0/0jP8Luq3XPbCu0"
#define CRYPT_LATIN_1                                                                              \
    CRYPT("KYA.aahS5vUNk9G71AYfNJLI.GmE7G7/8C6iB5529OMWysDYle0hgS6W5fPcgiU9JAlKYe"                 \
          "VagZiuAHit1JeLh0")

static struct fixture *here; /* of the test that runs */

static int open_here(void **state)
{
    void *fixture = NULL;
    (void)state;
    if (fixture_open(&fixture) != 0)
        return 1;
    here = fixture;
    return 0;
}

static int close_here(void **state)
{
    void *fixture = here;
    (void)state;
    return fixture_close(&fixture);
}

/* -- what a try costs ------------------------------------------------------------------------- */

#define WAITS_MAX 16

static struct {
    bool slow; /* each evaluation takes some milliseconds */
    unsigned argon2, crypt, waits;
    int64_t patience[WAITS_MAX]; /* of each wait for a slot */
    bool crowded;                /* the first of them takes longer than a hash may wait */
    pid_t holder;                /* who makes it so */
} work;

int __real_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type)
{
    work.argon2++;
    if (work.slow)
        (void)usleep(5000);
    return __real_argon2_ctx(context, type);
}

char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
    work.crypt++;
    return __real_crypt_rn(phrase, setting, data, size);
}

enum medgl_error __real_kdf_slot_acquire(const char *directory, unsigned slots, int64_t patience_ms,
                                         struct kdf_slot *slot);
/* Takes the one slot for a while; what it is asked for waits in line. */
static pid_t hold_slot(const char *directory, int64_t milliseconds)
{
    char byte;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct kdf_slot slot = KDF_SLOT_NONE;
        if (__real_kdf_slot_acquire(directory, 1, 30000, &slot) != MEDGL_OK ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        clock_sleep(milliseconds);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return child;
}

enum medgl_error __wrap_kdf_slot_acquire(const char *directory, unsigned slots, int64_t patience_ms,
                                         struct kdf_slot *slot);
enum medgl_error __wrap_kdf_slot_acquire(const char *directory, unsigned slots, int64_t patience_ms,
                                         struct kdf_slot *slot)
{
    if (work.waits < WAITS_MAX)
        work.patience[work.waits++] = patience_ms;
    if (work.crowded) {
        work.crowded = false;
        work.holder = hold_slot(directory, 5500);
    }
    return __real_kdf_slot_acquire(directory, slots, patience_ms, slot);
}

/* -- a password with a past ------------------------------------------------------------------- */

struct plant {
    struct fixture *f;
    const char *hash; /* of crypt(3); NULL: ours */
    enum password_strength strength;
    medgl_time set_at;
    struct password_record record;
    struct account account;
    struct credential credential;
};

static enum medgl_error plant_now(struct store_txn *txn, void *argument)
{
    struct plant *plant = argument;
    struct context *context = &plant->f->context;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    struct credential *credential = &plant->credential;
    MEDGL_TRY(store_account_by_name(txn, plant->f->user, &plant->account));
    *credential = (struct credential){.strength = plant->strength, .set_at = plant->set_at};
    memcpy(credential->account_id, plant->account.id, CRYPTO_ID_SIZE);
    MEDGL_TRY(crypto_random_id(credential->id));
    evidence_begin(context, &clock,
                   plant->hash != NULL ? LEDGER_PASSWORD_IMPORT : LEDGER_PASSWORD_CHANGE,
                   &plant->account, &entry);
    ledger_entry_text(&entry, "credential", credential->id);
    MEDGL_TRY(evidence_append(context, txn, &entry, &credential->ledger_seq));
    MEDGL_TRY(password_seal(context, credential, &plant->record));
    return store_credential_put(txn, credential);
}

static void plant_password(struct fixture *f, const char *password, enum password_strength strength,
                           medgl_time age)
{
    struct plant plant = {.f = f, .strength = strength, .set_at = clock_read().now - age};
    struct secret prepared = SECRET_NONE;
    const struct password_line line = context_line(&f->context);
    const struct kdf_cost cost = context_cost(&f->context);
    assert_int_equal(secret_copy(&prepared, password, strlen(password)), MEDGL_OK);
    assert_int_equal(password_record_make(&line, &cost, NULL, &prepared, &plant.record), MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, plant_now, &plant), MEDGL_OK);
    secret_free(&prepared);
}

static void plant_hash(struct fixture *f, const char *hash, medgl_time age)
{
    struct plant plant = {.f = f, .hash = hash, .set_at = clock_read().now - age};
    (void)snprintf(plant.record.hash, sizeof(plant.record.hash), "%s", hash);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, plant_now, &plant), MEDGL_OK);
}

/* What is stored about the account now. */
struct stored {
    const char *user;
    struct account account;
    struct activity activity;
    bool present;
    struct credential credential;
};

static enum medgl_error stored_now(struct store_txn *txn, void *argument)
{
    struct stored *stored = argument;
    MEDGL_TRY(store_account_by_name(txn, stored->user, &stored->account));
    MEDGL_TRY(store_activity_get(txn, stored->account.id, &stored->activity));
    enum medgl_error error =
        store_credential_get(txn, stored->account.id, CREDENTIAL_PASSWORD, &stored->credential);
    stored->present = error == MEDGL_OK;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static struct stored stored_of(struct fixture *f)
{
    struct stored stored = {.user = f->user};
    assert_int_equal(store_transact(f->context.store, STORE_READ, stored_now, &stored), MEDGL_OK);
    return stored;
}

static bool stored_imported(struct fixture *f)
{
    const struct stored stored = stored_of(f);
    struct password_record record;
    assert_true(stored.present);
    assert_int_equal(password_unseal(&f->context, &stored.credential, &record), MEDGL_OK);
    return password_record_imported(&record);
}

static enum medgl_error put_activity(struct store_txn *txn, void *argument)
{
    return store_activity_put(txn, argument);
}

static void set_warned(struct fixture *f, medgl_time when)
{
    struct stored stored = stored_of(f);
    stored.activity.warned_at = when;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, put_activity, &stored.activity),
                     MEDGL_OK);
}

/* -- the account phase ------------------------------------------------------------------------ */

static bool nobody_hears(void *carrier)
{
    (void)carrier;
    return false;
}

struct entrance {
    bool silent, deaf;
    bool root; /* su by root */
};

static enum access_verdict enter(struct fixture *f, const struct entrance *by,
                                 struct script *script)
{
    struct talk talk = script_talk(script);
    struct caller caller = caller_from(by->root ? "" : "192.0.2.1");
    const struct access_request request = {
        .caller = &caller, .user = f->user, .silent = by->silent};
    enum access_verdict verdict = ACCESS_DENIED;
    if (by->root)
        (void)snprintf(caller.ruser, sizeof(caller.ruser), "root");
    talk.heard = by->deaf ? nobody_hears : NULL;
    assert_int_equal(operation_access(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

/* A zone in which it is about noon, so that no midnight falls into the test. */
static int noon_zone(char *policy, size_t size)
{
    const int hour = (int)(clock_read().now % MEDGL_DAY / MEDGL_HOUR);
    const int east = 12 - hour;
    (void)snprintf(policy, size, "time_zone = Etc/GMT%+d\n", -east); /* the sign is the other way */
    return east;
}

enum warned {
    WARNED_NEVER,
    WARNED_AT_MIDNIGHT,
    WARNED_BEFORE_MIDNIGHT,
    WARNED_AHEAD /* the clock was set back since */
};

static const struct warn_row {
    const char *name;
    medgl_time age;
    enum warned warned;
    struct entrance by;
    bool told, kept;
} warn_rows[] = {
    {"not yet", 40 * MEDGL_DAY, WARNED_NEVER, {0}, false, false},
    {"the first time", 50 * MEDGL_DAY, WARNED_NEVER, {0}, true, true},
    {"today already", 50 * MEDGL_DAY, WARNED_AT_MIDNIGHT, {0}, false, false},
    {"yesterday", 50 * MEDGL_DAY, WARNED_BEFORE_MIDNIGHT, {0}, true, true},
    {"tomorrow, by a wrong clock", 50 * MEDGL_DAY, WARNED_AHEAD, {0}, true, true},
    {"silent", 50 * MEDGL_DAY, WARNED_NEVER, {.silent = true}, false, false},
    {"nobody heard", 50 * MEDGL_DAY, WARNED_NEVER, {.deaf = true}, true, false},
    {"root steps in", 50 * MEDGL_DAY, WARNED_NEVER, {.root = true}, false, false},
};

/* R15: once a calendar day of the site, and only where somebody is told. */
static void warns_once_a_day(void **state)
{
    const struct warn_row *row = *state;
    struct script script = {.next = 0}, again = {.next = 0};
    char policy[64];
    const int east = noon_zone(policy, sizeof(policy));
    const medgl_time now = clock_read().now;
    const medgl_time midnight =
        now - (now + east * MEDGL_HOUR) % MEDGL_DAY; /* the one before, there */
    const medgl_time moments[] = {0, midnight, midnight - 1, now + MEDGL_DAY};
    write_policy(here, policy);
    reopen(here);
    enrol(here);
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, row->age);
    set_warned(here, moments[row->warned]);
    assert_int_equal(enter(here, &row->by, &script), ACCESS_ALLOWED);
    assert_int_equal(strstr(script.heard, "must be changed before") != NULL, row->told);
    const medgl_time kept = stored_of(here).activity.warned_at;
    assert_int_equal(kept >= now && kept != moments[row->warned], row->kept);
    assert_int_equal(enter(here, &row->by, &again), ACCESS_ALLOWED);
    assert_int_equal(strstr(again.heard, "must be changed before") != NULL,
                     row->told && !row->kept);
    assert_int_equal(verify(here), MEDGL_OK);
}

static const struct grace_row {
    const char *name;
    int64_t logins;
    const char *calls; /* n: a login, s: a silent one, r: root steps in */
    const char *ends;  /* a: allowed, c: change due */
    unsigned used;
} grace_rows[] = {
    {"none", 0, "nn", "cc", 0},
    {"one", 1, "nnn", "acc", 1},
    {"three", 3, "nnnnn", "aaacc", 3},
    {"silent calls use none up", 1, "sssns", "aaaac", 1},
    {"nor does root", 1, "rrnr", "aaac", 1},
    {"none left for anybody", 0, "srn", "ccc", 0},
};

/* R15: counted before it is allowed. */
static void grace_logins(void **state)
{
    const struct grace_row *row = *state;
    enrol(here);
    here->context.policy.password_grace_logins = row->logins;
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, 70 * MEDGL_DAY);
    for (size_t i = 0; row->calls[i] != '\0'; i++) {
        struct script script = {.next = 0};
        const struct entrance by = {.silent = row->calls[i] == 's', .root = row->calls[i] == 'r'};
        const unsigned before = stored_of(here).activity.grace_used;
        assert_int_equal(enter(here, &by, &script),
                         row->ends[i] == 'a' ? ACCESS_ALLOWED : ACCESS_CHANGE_DUE);
        const unsigned used = stored_of(here).activity.grace_used;
        assert_int_equal(strstr(script.heard, "Your password has expired") != NULL, used > before);
        assert_int_equal(strstr(script.heard, "the last login") != NULL,
                         used > before && used == row->logins);
    }
    assert_int_equal(stored_of(here).activity.grace_used, row->used);
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_GRACE], row->used);
    assert_int_equal(verify(here), MEDGL_OK);
    issue(here); /* a new password has all of them, and no warning yet */
    assert_int_equal(stored_of(here).activity.grace_used, 0);
    assert_int_equal(stored_of(here).activity.warned_at, 0);
}

/* R15 R29: whose session finds no room has used none up; that it was tried again and again is one
 * entry. */
static void a_grace_login_without_room(void **state)
{
    struct caller caller = caller_from("192.0.2.1");
    struct script script = {.next = 0}, refused = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct access_request request = {.caller = &caller, .user = here->user};
    const struct talk telling = script_talk(&refused);
    struct session_opening opening;
    enum session_verdict session;
    enum access_verdict verdict;
    (void)state;
    enrol(here);
    here->context.policy.password_grace_logins = 3;
    here->context.policy.classes[ACCOUNT_CLASS_STAFF - 1].sessions = 1;
    here->context.policy.attempt_delay = (struct policy_span){.milliseconds = MEDGL_MINUTE};
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, 70 * MEDGL_DAY);
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    assert_int_equal(operation_session_open(&here->context, &talk, &caller, here->user, false,
                                            &opening, &session),
                     MEDGL_OK);
    assert_int_equal(session, SESSION_DONE);
    for (int i = 0; i < 3; i++) {
        verdict = ACCESS_ALLOWED;
        assert_int_equal(operation_access(&here->context, &telling, &request, &verdict), MEDGL_OK);
        assert_int_equal(verdict, ACCESS_DENIED);
    }
    assert_non_null(strstr(refused.heard, "too many sessions open"));
    assert_null(strstr(refused.heard, "expired"));
    assert_int_equal(stored_of(here).activity.grace_used, 0);
    assert_int_equal(tally_of(here).kinds[LEDGER_SESSION_REFUSED], 1);
    assert_int_equal(
        operation_session_close(&here->context, &caller, here->user, opening.id, &session),
        MEDGL_OK);
    assert_int_equal(operation_access(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, ACCESS_ALLOWED);
    assert_int_equal(stored_of(here).activity.grace_used, 1);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R15: what cannot be counted is not allowed. */
static void a_grace_login_that_cannot_be_counted(void **state)
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct access_request request = {.caller = &caller, .user = here->user};
    enum access_verdict verdict = ACCESS_ALLOWED;
    (void)state;
    enrol(here);
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, 70 * MEDGL_DAY);
    context_close(&here->context);
    assert_int_equal(context_open(here->root, CONTEXT_READING, &here->context), MEDGL_OK);
    here->context.policy.password_grace_logins = 3;
    assert_int_not_equal(operation_access(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, ACCESS_DENIED);
    assert_string_equal(script.heard, "");
}

/* R15: that a warning cannot be kept denies nobody. */
static void a_warning_that_cannot_be_kept(void **state)
{
    struct script script = {.next = 0};
    (void)state;
    enrol(here);
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, 50 * MEDGL_DAY);
    context_close(&here->context);
    assert_int_equal(context_open(here->root, CONTEXT_READING, &here->context), MEDGL_OK);
    assert_int_equal(enter(here, &(struct entrance){.silent = false}, &script), ACCESS_ALLOWED);
    assert_non_null(strstr(script.heard, "must be changed before"));
}

static pid_t access_process(const struct fixture *f, const int start[2])
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    struct fixture own = *f;
    struct script script = {.next = 0};
    char byte;
    if (context_open(f->root, CONTEXT_STATE, &own.context) != MEDGL_OK)
        _exit(3);
    own.context.policy.password_grace_logins = 1;
    (void)close(start[1]);
    (void)!read(start[0], &byte, 1); /* all at once */
    enum access_verdict verdict = enter(&own, &(struct entrance){.silent = false}, &script);
    context_close(&own.context);
    _exit(verdict == ACCESS_ALLOWED ? 0 : 1);
}

/* Of several logins at once, one gets the last grace login. */
static void the_last_grace_login_is_one(void **state)
{
    int start[2], status;
    unsigned allowed = 0, due = 0;
    (void)state;
    enrol(here);
    plant_password(here, SHORT_ONE, PASSWORD_STRENGTH_SHORT, 70 * MEDGL_DAY);
    context_close(&here->context);
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < 6; i++)
        (void)access_process(here, start);
    (void)close(start[1]);
    (void)close(start[0]);
    while (wait(&status) > 0) {
        assert_true(WIFEXITED(status));
        allowed += WEXITSTATUS(status) == 0;
        due += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    assert_int_equal(allowed, 1);
    assert_int_equal(due, 5);
}

/* R15: the change to summer time moves no date. In Berlin it was set on the 30th, by its summer
 * time on the 31st, and February has neither. */
static void summer_time_moves_no_date(void **state)
{
    struct credential credential = {.strength = PASSWORD_STRENGTH_SHORT};
    medgl_time winter, summer, due;
    (void)state;
    write_policy(here, "time_zone = Europe/Berlin\n");
    reopen(here);
    assert_int_equal(clock_parse_utc("2026-12-30T22:30:00.000Z", &credential.set_at), MEDGL_OK);
    assert_int_equal(clock_parse_utc("2027-02-01T12:00:00.000Z", &winter), MEDGL_OK);
    assert_int_equal(clock_parse_utc("2027-07-01T12:00:00.000Z", &summer), MEDGL_OK);
    assert_int_equal(clock_parse_utc("2027-02-28T22:30:00.000Z", &due), MEDGL_OK);
    const struct password_facts then = password_facts_from(&credential, winter);
    const struct password_facts later = password_facts_from(&credential, summer);
    assert_int_not_equal(then.utc_offset_now, later.utc_offset_now);
    assert_true(policy_password_standing(&here->context.policy, &then, winter).due_at == due);
    assert_true(policy_password_standing(&here->context.policy, &later, summer).due_at == due);
}

/* -- judged at login -------------------------------------------------------------------------- */

static const struct import_row {
    const char *name, *hash, *password;
    medgl_time age;
    const char *policy;
    enum login_verdict login;
    enum access_verdict access;
    bool taken_over;
    enum password_strength strength;
    unsigned judged;
} import_rows[] = {
    {"a long one", CRYPT_LONG, PASSWORD_ONE, 400 * MEDGL_DAY, "", LOGIN_ALLOWED, ACCESS_ALLOWED,
     true, PASSWORD_STRENGTH_LONG, 1},
    {"a short one, young", CRYPT_SHORT, SHORT_ONE, 10 * MEDGL_DAY, "", LOGIN_ALLOWED,
     ACCESS_ALLOWED, true, PASSWORD_STRENGTH_SHORT, 1},
    {"a short one, old", CRYPT_SHORT, SHORT_ONE, 400 * MEDGL_DAY, "", LOGIN_ALLOWED,
     ACCESS_CHANGE_DUE, true, PASSWORD_STRENGTH_SHORT, 1},
    {"one that is guessed", CRYPT_GUESSABLE, GUESSABLE, MEDGL_DAY, "", LOGIN_ALLOWED,
     ACCESS_CHANGE_DUE, true, PASSWORD_STRENGTH_NONE, 1},
    {"a wrong one", CRYPT_LONG, WRONG, MEDGL_DAY, "", LOGIN_REFUSED, ACCESS_CHANGE_DUE, false,
     PASSWORD_STRENGTH_NONE, 0},
    {"one too long to be one", CRYPT_LONG, "\1", MEDGL_DAY, "", LOGIN_REFUSED, ACCESS_CHANGE_DUE,
     false, PASSWORD_STRENGTH_NONE, 0},
    {"one that is no text", CRYPT_LATIN_1, LATIN_1, MEDGL_DAY, "", LOGIN_ALLOWED, ACCESS_CHANGE_DUE,
     false, PASSWORD_STRENGTH_NONE, 0},
    {"a list cannot be asked", CRYPT_LONG, PASSWORD_ONE, MEDGL_DAY,
     "password_blocklist = /nowhere/list\n", LOGIN_ALLOWED, ACCESS_CHANGE_DUE, false,
     PASSWORD_STRENGTH_NONE, 0},
};

/* R19: the first right login makes an imported hash one of ours, and judges it. */
static void imported_hashes(void **state)
{
    const struct import_row *row = *state;
    write_policy(here, row->policy);
    reopen(here);
    enrol(here);
    plant_hash(here, row->hash, row->age);
    const medgl_time set_at = stored_of(here).credential.set_at;
    assert_int_equal(try_login(here, here->user, "192.0.2.1", row->password), row->login);
    assert_int_equal(try_access(here), row->access);
    assert_int_equal(stored_imported(here), !row->taken_over);
    assert_int_equal(stored_of(here).credential.strength, row->strength);
    assert_true(stored_of(here).credential.set_at == set_at);
    struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_REHASH], row->taken_over);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_JUDGE], row->judged);
    /* Once is enough, and it is still the same password. */
    assert_int_equal(try_login(here, here->user, "192.0.2.1", row->password), row->login);
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_JUDGE], row->judged);
    assert_int_equal(stored_of(here).credential.strength, row->strength);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R19 R20: stored by an older version, it costs a try as much as any other, and nobody gets in by
 * it; a new password is the way out. */
static void a_hash_that_costs_too_much(void **state)
{
    (void)state;
    enrol(here);
    plant_hash(here, CRYPT_COSTLY, MEDGL_DAY);
    work.crypt = work.argon2 = 0;
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(work.crypt, 0);
    assert_int_equal(work.argon2, 1);
    assert_true(stored_imported(here));
    set_password(here, PASSWORD_ONE);
    assert_int_equal(work.crypt, 0);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* What could not be judged is judged once it can be. */
static void an_unjudged_password_is_judged_later(void **state)
{
    (void)state;
    enrol(here);
    plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    (void)snprintf(here->context.policy.password_blocklist,
                   sizeof(here->context.policy.password_blocklist), "/nowhere/list");
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_true(stored_imported(here));
    here->context.policy.password_blocklist[0] = '\0';
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_false(stored_imported(here));
    assert_int_equal(try_access(here), ACCESS_ALLOWED);
}

/* On a crowded machine a good password is found to be one, and gets its hash later. */
static void judged_on_a_crowded_machine(void **state)
{
    int status;
    (void)state;
    write_policy(here, "kdf_slots = 1\n");
    reopen(here);
    enrol(here);
    plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    work.crowded = true;
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(waitpid(work.holder, &status, 0), work.holder);
    assert_int_equal(status, 0);
    assert_true(stored_imported(here));
    assert_int_equal(try_access(here), ACCESS_ALLOWED);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_false(stored_imported(here));
    struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_JUDGE], 1);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_REHASH], 1);
    assert_int_equal(verify(here), MEDGL_OK);
}

#define BYTES_35 PASSWORD_ONE ".Minato.no 4gats"
#define BYTES_70 BYTES_35 BYTES_35

static const struct partial_row {
    const char *name, *setting, *right, *mistyped;
    bool crowded;
} partial_rows[] = {
    {"DES", "ab", "Kaze7-gu-RIGHT", "Kaze7-gu-RIGTH", false},
    {"DES, cut short", "ab", "Kaze7-gu-RIGHT", "Kaze7-gu", false},
    {"DES, on a crowded machine", "ab", "Kaze7-gu-RIGHT", "Kaze7-gu-RIGTH", true},
    {"bcrypt", "$2b$04$abcdefghijklmnopqrstuu", BYTES_70 "-7RIGHT", BYTES_70 "-7RIGTH", false},
    {"bcrypt, cut short", "$2b$04$abcdefghijklmnopqrstuu", BYTES_70 "-7RIGHT", BYTES_70 "-7",
     false},
};

/* R19: a hash that matches a mistyped password is not replaced by one of that: the right one is
 * never refused, and due as long as nobody knows what it is. */
static void a_match_that_proves_a_part(void **state)
{
    const struct partial_row *row = *state;
    struct crypt_data data = {.initialized = 0};
    int status;
    write_policy(here, "kdf_slots = 1\n");
    reopen(here);
    enrol(here);
    assert_non_null(crypt_rn(row->right, row->setting, &data, (int)sizeof(data)));
    plant_hash(here, data.output, MEDGL_DAY);
    work.crowded = row->crowded;
    assert_int_equal(try_login(here, here->user, "192.0.2.1", row->mistyped), LOGIN_ALLOWED);
    assert_true(!row->crowded || waitpid(work.holder, &status, 0) == work.holder);
    assert_int_equal(try_access(here), ACCESS_CHANGE_DUE);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", row->right), LOGIN_ALLOWED);
    assert_int_equal(try_access(here), ACCESS_CHANGE_DUE);
    assert_true(stored_imported(here));
    assert_int_equal(stored_of(here).credential.strength, PASSWORD_STRENGTH_NONE);
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_JUDGE], 0);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R12 R19: what was revoked does not come back through /etc/shadow. */
static void a_revoked_password_is_not_imported(void **state)
{
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    assert_int_equal(
        operation_password_revoke(&here->context,
                                  &(struct password_revoke_request){
                                      .name = here->user, .reason = "phishing", .sessions = true},
                                  &revoked, why),
        MEDGL_OK);
    plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_access(here), ACCESS_CHANGE_DUE);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_access(here), ACCESS_CHANGE_DUE);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R20 R23: nobody learns or changes anything with a right password that is not admitted. */
static void a_closed_account_is_not_taken_over(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol(here);
    plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_login(here, here->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(operation_account_disable(&here->context, here->user, "leave", why), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.2", PASSWORD_ONE), LOGIN_REFUSED);
    assert_true(stored_imported(here));
    assert_int_equal(tally_of(here).wrong, 5);
    assert_int_equal(operation_account_enable(&here->context, here->user, "back", why), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.2", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_false(stored_imported(here));
}

static const struct work_row {
    const char *name;
    bool imported, locked, disabled;
    const char *password;
    unsigned argon2, crypt;
} work_rows[] = {
    {"wrong", false, false, false, WRONG, 1, 0},
    {"right", false, false, false, PASSWORD_ONE, 1, 0},
    {"right, while locked", false, true, false, PASSWORD_ONE, 1, 0},
    {"too long", false, false, false, "\1", 1, 0},
    {"imported, wrong", true, false, false, WRONG, 1, 1},
    {"imported, wrong, while locked", true, true, false, WRONG, 1, 1},
    {"imported, right, while locked", true, true, false, PASSWORD_ONE, 1, 1},
    {"imported, right, of a disabled account", true, false, true, PASSWORD_ONE, 1, 1},
    {"imported, wrong, of a disabled account", true, false, true, WRONG, 1, 1},
    {"imported, too long", true, false, false, "\1", 1, 1},
    {"imported, right: its hash, and that of its stem", true, false, false, PASSWORD_ONE, 3, 1},
};

/* R23: an imported hash takes no less than others do, and as much whatever is refused. */
static void same_work(void **state)
{
    const struct work_row *row = *state;
    char why[OPERATION_WHY_SIZE];
    enrol(here);
    if (row->imported)
        plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    else
        plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    for (int i = 0; row->locked && i < 5; i++)
        assert_int_equal(try_login(here, here->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    if (row->disabled)
        assert_int_equal(operation_account_disable(&here->context, here->user, "left", why),
                         MEDGL_OK);
    memset(&work, 0, sizeof(work));
    (void)try_login(here, here->user, "192.0.2.1", row->password);
    assert_int_equal(work.argon2, row->argon2);
    assert_int_equal(work.crypt, row->crypt);
}

/* R10 R23: before the password is known to be right, all waits are one; afterwards they are short.
 * Else a right one would be counted as an abandoned attempt on a crowded machine. */
static void a_login_waits_no_longer_than_it_may(void **state)
{
    const int64_t all = context_line(&here->context).patience_ms;
    (void)state;
    enrol(here);
    plant_hash(here, CRYPT_LONG, MEDGL_DAY);
    memset(&work, 0, sizeof(work));
    work.slow = true;
    const int64_t begin = clock_monotonic();
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_false(stored_imported(here));
    assert_int_equal(work.waits, 4); /* of everybody, crypt(3), the hash, and that of its stem */
    const int64_t least = all - (clock_monotonic() - begin);
    assert_true(work.patience[0] >= least && work.patience[0] <= all);
    assert_true(work.patience[1] >= least && work.patience[1] < work.patience[0]);
    assert_in_range(work.patience[2], 1, 5000);
    assert_in_range(work.patience[3], 1, 5000);
}

static const struct raise_row {
    const char *name, *password;
    enum password_strength before;
    const char *policy;
    bool disabled;
    enum password_strength after;
    enum access_verdict access;
} raise_rows[] = {
    {"nothing changed", PASSWORD_ONE, PASSWORD_STRENGTH_LONG, "", false, PASSWORD_STRENGTH_LONG,
     ACCESS_ALLOWED},
    {"long is longer now", PASSWORD_ONE, PASSWORD_STRENGTH_LONG, "password_long_length = 20\n",
     false, PASSWORD_STRENGTH_SHORT, ACCESS_CHANGE_DUE},
    {"short is longer now", SHORT_ONE, PASSWORD_STRENGTH_SHORT, "password_short_length = 9\n",
     false, PASSWORD_STRENGTH_NONE, ACCESS_CHANGE_DUE},
    {"long enough by now", PASSWORD_ONE, PASSWORD_STRENGTH_SHORT, "", false, PASSWORD_STRENGTH_LONG,
     ACCESS_ALLOWED},
    {"what met no rule stays so", PASSWORD_ONE, PASSWORD_STRENGTH_NONE, "", false,
     PASSWORD_STRENGTH_NONE, ACCESS_CHANGE_DUE},
    {"not of a closed account", PASSWORD_ONE, PASSWORD_STRENGTH_LONG, "password_long_length = 20\n",
     true, PASSWORD_STRENGTH_LONG, ACCESS_DENIED},
};

/* R19: every stored password is known to meet the rules in force. */
static void judged_under_the_policy_of_today(void **state)
{
    const struct raise_row *row = *state;
    char why[OPERATION_WHY_SIZE];
    enrol(here);
    plant_password(here, row->password, row->before, 100 * MEDGL_DAY);
    write_policy(here, row->policy);
    reopen(here);
    if (row->disabled)
        assert_int_equal(operation_account_disable(&here->context, here->user, "left", why),
                         MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(stored_of(here).credential.strength, row->before);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", row->password),
                     row->disabled ? LOGIN_REFUSED : LOGIN_ALLOWED);
    assert_int_equal(stored_of(here).credential.strength, row->after);
    assert_int_equal(try_access(here), row->access);
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_JUDGE], row->before != row->after);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R10 R16: a renewed hash keeps its salt, so that the history is still one evaluation away. */
static void a_renewed_hash_keeps_its_salt(void **state)
{
    struct password_record before, after;
    struct kdf_record one, other;
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    struct stored stored = stored_of(here);
    assert_int_equal(password_unseal(&here->context, &stored.credential, &before), MEDGL_OK);
    here->context.policy.kdf_time = 3;
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    stored = stored_of(here);
    assert_int_equal(password_unseal(&here->context, &stored.credential, &after), MEDGL_OK);
    assert_int_equal(kdf_parse(before.hash, &one), MEDGL_OK);
    assert_int_equal(kdf_parse(after.hash, &other), MEDGL_OK);
    assert_int_equal(other.cost.time, 3);
    assert_memory_equal(one.salt, other.salt, KDF_SALT_SIZE);
    assert_true(before.has_stem && after.has_stem);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* -- revoked, and replaced -------------------------------------------------------------------- */

static bool used_before(struct fixture *f, const char *password)
{
    struct history_answer answer;
    auto_secret struct secret typed = SECRET_NONE, prepared = SECRET_NONE;
    const struct stored stored = stored_of(f);
    assert_int_equal(secret_copy(&typed, password, strlen(password)), MEDGL_OK);
    assert_int_equal(password_prepare(&typed, &prepared), MEDGL_OK);
    const struct history_question question = {.account_id = stored.account.id,
                                              .typed = &typed,
                                              .prepared = &prepared,
                                              .patience_ms = INT64_MAX};
    assert_int_equal(history_ask(&f->context, &question, &answer), MEDGL_OK);
    return answer.used_before;
}

static const struct spelling_row {
    const char *name, *imported, *candidate;
    bool used;
} spelling_rows[] = {
    {"as it was", "Kazaguruma-7-\u304cmawaru", "Kazaguruma-7-\u304cmawaru", true},
    {"decomposed, as it was", "Kazaguruma-7-\u304b\u3099mawaru", "Kazaguruma-7-\u304b\u3099mawaru",
     true},
    {"a no-break space, as it was", "Kazaguruma 7\u00a0mawaru", "Kazaguruma 7\u00a0mawaru", true},
    {"decomposed now", "Kazaguruma-7-\u304cmawaru", "Kazaguruma-7-\u304b\u3099mawaru", true},
    {"a no-break space now", "Kazaguruma 7 mawaru", "Kazaguruma 7\u00a0mawaru", true},
    {"another one", "Kazaguruma-7-\u304cmawaru", "Kazaguruma-7-\u304dmawaru", false},
};

/* R12 R16: what made an imported hash knew no OpaqueString. */
static void a_revoked_import_is_known_as_typed(void **state)
{
    const struct spelling_row *row = *state;
    struct crypt_data data = {.initialized = 0};
    char why[OPERATION_WHY_SIZE], heard[4096];
    struct password_revoked end;
    enrol(here);
    assert_non_null(crypt_rn(row->imported, CRYPT(""), &data, (int)sizeof(data)));
    plant_hash(here, data.output, MEDGL_DAY);
    assert_int_equal(
        operation_password_revoke(
            &here->context,
            &(struct password_revoke_request){.name = here->user, .reason = "phishing"}, &end, why),
        MEDGL_OK);
    assert_int_equal(used_before(here, row->candidate), row->used);
    issue(here);
    const char *const answers[] = {here->issued, row->candidate, row->candidate, NULL};
    assert_int_equal(try_change(here, answers, heard, sizeof(heard)),
                     row->used ? CHANGE_ABORTED : CHANGE_DONE);
    assert_int_equal(strstr(heard, "was used before") != NULL, row->used);
}

static void open_session(struct fixture *f, char id[CRYPTO_ID_SIZE])
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    enum session_verdict verdict = SESSION_REFUSED;
    struct session_opening opening;
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    memcpy(id, opening.id, CRYPTO_ID_SIZE);
}

static enum session_verdict close_session(struct fixture *f, const char *id)
{
    const struct caller caller = caller_from("192.0.2.1");
    enum session_verdict verdict = SESSION_DONE;
    assert_int_equal(operation_session_close(&f->context, &caller, f->user, id, &verdict),
                     MEDGL_OK);
    return verdict;
}

static const struct revoke_row {
    const char *name;
    unsigned sessions; /* open ones, beside one that was closed before */
    bool end;
    unsigned ended;
    bool disabled;
} revoke_rows[] = {
    {"no session", 0, true, 0, false},
    {"two sessions end", 2, true, 2, false},
    {"by choice they do not", 2, false, 0, false},
    {"a disabled account too", 1, true, 1, true},
};

/* R12: one act, one transaction, and nothing of it comes back. */
static void revoked(void **state)
{
    const struct revoke_row *row = *state;
    char closed[CRYPTO_ID_SIZE], open[4][CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    struct password_revoked end;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    open_session(here, closed);
    assert_int_equal(close_session(here, closed), SESSION_DONE);
    for (unsigned i = 0; i < row->sessions; i++)
        open_session(here, open[i]);
    if (row->disabled)
        assert_int_equal(operation_account_disable(&here->context, here->user, "left", why),
                         MEDGL_OK);
    const struct password_revoke_request request = {
        .name = here->user, .reason = "seen on a screen", .sessions = row->end};
    assert_int_equal(operation_password_revoke(&here->context, &request, &end, why), MEDGL_OK);
    assert_int_equal(end.uid, (int64_t)geteuid());
    assert_int_equal(end.sessions, row->ended);
    for (unsigned i = 0; i < row->sessions; i++) /* the host's own report comes after */
        assert_int_equal(close_session(here, open[i]), SESSION_DONE);
    struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_REVOKE], 1);
    assert_int_equal(tally.kinds[LEDGER_SESSION_CLOSE], 1 + row->sessions);
    assert_false(stored_of(here).present);
    assert_true(used_before(here, PASSWORD_ONE));
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(operation_password_revoke(
                         &here->context,
                         &(struct password_revoke_request){.name = here->user, .reason = "again"},
                         &end, why),
                     MEDGL_ERR_REFUSED);
    assert_true(why[0] != '\0');
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_REVOKE], 1);
}

/* R12: who forgot them the first time can do it still. */
static void sessions_end_after_the_password(void **state)
{
    char open[2][CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    struct password_revoked end;
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    open_session(here, open[0]);
    open_session(here, open[1]);
    assert_int_equal(operation_password_revoke(
                         &here->context,
                         &(struct password_revoke_request){.name = here->user, .reason = "lost"},
                         &end, why),
                     MEDGL_OK);
    assert_true(end.password);
    assert_int_equal(end.sessions, 0);
    assert_int_equal(operation_password_revoke(&here->context,
                                               &(struct password_revoke_request){.name = here->user,
                                                                                 .reason = "lost",
                                                                                 .sessions = true},
                                               &end, why),
                     MEDGL_OK);
    assert_false(end.password);
    assert_int_equal(end.uid, (int64_t)geteuid());
    assert_int_equal(end.sessions, 2);
    assert_int_equal(close_session(here, open[0]), SESSION_DONE);
    struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_REVOKE], 2);
    assert_int_equal(tally.kinds[LEDGER_SESSION_CLOSE], 2);
    assert_int_equal(verify(here), MEDGL_OK);
    plant_password(here, PASSWORD_TWO, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void revoking_needs_a_reason_and_somebody(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct password_revoked end;
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    assert_int_equal(
        operation_password_revoke(
            &here->context,
            &(struct password_revoke_request){.name = here->user, .reason = "", .sessions = true},
            &end, why),
        MEDGL_ERR_ARGUMENT);
    assert_int_equal(
        operation_password_revoke(
            &here->context,
            &(struct password_revoke_request){.name = "nemo", .reason = "lost", .sessions = true},
            &end, why),
        MEDGL_ERR_NOT_FOUND);
    assert_true(stored_of(here).present);
}

/* R12: also for whoever is just logging in with it. */
static void revoking_wins_over_a_login_under_way(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct proof proof;
    struct password_revoked end;
    struct secret typed = SECRET_NONE;
    const struct caller caller = caller_from("192.0.2.1");
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    assert_int_equal(secret_copy(&typed, PASSWORD_ONE, strlen(PASSWORD_ONE)), MEDGL_OK);
    assert_int_equal(proof_find(&here->context, &caller, here->user, PROOF_LOGIN, &proof),
                     MEDGL_OK);
    assert_int_equal(proof_verify(&proof, &typed), MEDGL_OK);
    assert_true(proof.matches);
    assert_int_equal(operation_password_revoke(&here->context,
                                               &(struct password_revoke_request){.name = here->user,
                                                                                 .reason = "lost",
                                                                                 .sessions = true},
                                               &end, why),
                     MEDGL_OK);
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_false(proof.decision.allowed);
    proof_clear(&proof);
    secret_free(&typed);
}

/* R16 R11 R18: a reset keeps what it replaces, and what it issues passes the rules in force. */
static void a_reset_keeps_the_former_password(void **state)
{
    struct account_report report;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    here->context.policy.password_long_length = 40;
    issue(here);
    assert_true(strlen(here->issued) >= 40);
    assert_int_equal(stored_of(here).credential.strength, PASSWORD_STRENGTH_LONG);
    assert_true(used_before(here, PASSWORD_ONE));
    assert_true(used_before(here, here->issued));
    assert_false(used_before(here, PASSWORD_TWO));
    assert_int_equal(operation_account_show(&here->context, here->user, &report, NULL, NULL),
                     MEDGL_OK);
    assert_int_equal(report.former, 1);
    assert_int_equal(report.standing.ground, PASSWORD_GROUND_ISSUED);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(operation_account_retire(&here->context, here->user, "left", why), MEDGL_OK);
    assert_int_equal(operation_account_show(&here->context, here->user, &report, NULL, NULL),
                     MEDGL_OK);
    assert_int_equal(report.former, 0);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R14: no password is set, and none issued, while a list cannot be asked. */
static void nothing_is_issued_unjudged(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol(here);
    (void)snprintf(here->context.policy.password_blocklist,
                   sizeof(here->context.policy.password_blocklist), "/nowhere/list");
    assert_int_equal(issue_try(here, "known-in-person", why), MEDGL_ERR_POLICY);
    assert_false(stored_of(here).present);
    assert_string_equal(here->issued, "");
}

/* -- own limits ------------------------------------------------------------------------------- */

static enum change_verdict guess_change(struct fixture *f)
{
    static const char *const answers[] = {WRONG, NULL};
    return try_change(f, answers, NULL, 0);
}

/* From a place of the network, or "": at this machine. */
static bool change_is_open(struct fixture *f, const char *rhost)
{
    struct script script = {.answers = {PASSWORD_ONE}};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_from(rhost);
    caller.real_uid = geteuid();
    const struct change_request request = {.caller = &caller, .user = f->user};
    enum change_verdict verdict = CHANGE_DONE;
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict == CHANGE_ABORTED; /* it got as far as the new one */
}

static const struct limit_row {
    const char *name;
    int64_t per_change;
    unsigned changes, logins; /* wrong ones, from one place */
    unsigned strangers;       /* wrong logins, each from another place */
    bool change, local;       /* the right one is let in afterwards: there, and at this machine */
    bool login;
} limit_rows[] = {
    {"below both", 5, 4, 4, 0, true, true, true},
    {"the change closes", 5, 5, 0, 0, false, true, true},
    {"after as many as the policy says", 3, 3, 0, 0, false, true, true},
    {"the login closes", 5, 0, 5, 0, true, true, false},
    {"both close", 5, 5, 5, 0, false, true, false},
    {"strangers close no change at this machine", 5, 0, 0, 20, false, true, false},
    {"a change alone closes no remote login", 10, 10, 0, 0, false, true, true},
    {"but it counts with what strangers do", 5, 4, 0, 16, false, true, false},
};

/* R17 R20: wrong current passwords close the change, and not the login. */
static void limits_of_their_own(void **state)
{
    const struct limit_row *row = *state;
    char place[32];
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    here->context.policy.attempts_per_change = row->per_change;
    for (unsigned i = 0; i < row->changes; i++)
        assert_int_equal(guess_change(here), CHANGE_WRONG_CURRENT);
    for (unsigned i = 0; i < row->logins; i++)
        assert_int_equal(try_login(here, here->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    for (unsigned i = 0; i < row->strangers; i++) {
        (void)snprintf(place, sizeof(place), "203.0.113.%u", i + 1);
        assert_int_equal(try_login(here, here->user, place, WRONG), LOGIN_REFUSED);
    }
    assert_int_equal(change_is_open(here, "192.0.2.1"), row->change);
    assert_int_equal(change_is_open(here, ""), row->local);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE),
                     row->login ? LOGIN_ALLOWED : LOGIN_REFUSED);
    assert_int_equal(verify(here), MEDGL_OK);
}

struct sources {
    unsigned count;
    struct account_report_source change;
};

static void note_source(void *argument, const struct account_report_source *source)
{
    struct sources *sources = argument;
    sources->count++;
    if (source->change)
        sources->change = *source;
}

static const struct unlock_row {
    const char *name, *source;
    uint32_t cleared;
    bool change, login;
} unlock_rows[] = {
    {"the change alone", "change 192.0.2.1", 5, true, false},
    {"the login alone", "192.0.2.1", 5, false, true},
    {"all", NULL, 10, true, true},
};

/* R17 R20: `account show` names the source of a change, and `account unlock` takes that name. */
static void a_closed_change_is_unlocked(void **state)
{
    const struct unlock_row *row = *state;
    struct account_report report;
    struct sources sources = {.count = 0};
    uint32_t cleared;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_login(here, here->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(guess_change(here), CHANGE_WRONG_CURRENT);
    assert_int_equal(
        operation_account_show(&here->context, here->user, &report, note_source, &sources),
        MEDGL_OK);
    assert_int_equal(sources.count, 2);
    assert_string_equal(sources.change.source, "change 192.0.2.1");
    assert_int_equal(sources.change.counts.source_failures, 5);
    assert_int_equal(sources.change.decision.verdict, ATTEMPT_LOCKED_SOURCE);
    assert_string_equal(report.activity.last_failure_source, "192.0.2.1");
    assert_int_equal(operation_account_unlock(&here->context, here->user, row->source,
                                              "called back", &cleared,
                                              (char[OPERATION_WHY_SIZE]){""}),
                     MEDGL_OK);
    assert_int_equal(cleared, row->cleared);
    assert_int_equal(change_is_open(here, "192.0.2.1"), row->change);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE),
                     row->login ? LOGIN_ALLOWED : LOGIN_REFUSED);
}

static const struct source_row {
    const char *name, *key, *place;
    bool change, console;
} source_rows[] = {
    {"an address", "192.0.2.1", "192.0.2.1", false, false},
    {"a console", "tty1", "tty1", false, true},
    {"a change", "change uid 1000", "uid 1000", true, false},
    {"a change at a console", "change tty1", "tty1", true, true},
    {"no change", "changeling", "changeling", false, false},
};

static void keys_of_sources(void **state)
{
    const struct source_row *row = *state;
    struct source source;
    assert_int_equal(source_key_is_change(row->key), row->change);
    assert_int_equal(source_key_is_console(row->key), row->console);
    assert_string_equal(source_key_place(row->key), row->place);
    memset(source.key, 'x', sizeof(source.key) - 1); /* as long as one can be */
    source.key[sizeof(source.key) - 1] = '\0';
    source_of_change(&source);
    assert_true(source_key_is_change(source.key));
    assert_int_equal(strlen(source.key), sizeof(source.key) - 1);
    (void)snprintf(source.key, sizeof(source.key), "%s", row->place);
    source_of_change(&source);
    assert_string_equal(source_key_place(source.key), row->place);
}

/* -- state against ledger --------------------------------------------------------------------- */

struct tamper_run {
    struct fixture *f;
    struct account account;
    struct credential password, former; /* as they were */
    char session[CRYPTO_ID_SIZE];       /* an open one */
};

static enum medgl_error tamper_nothing(struct store_txn *txn, struct tamper_run *run)
{
    (void)txn;
    (void)run;
    return MEDGL_OK;
}

static enum medgl_error tamper_add_former(struct store_txn *txn, struct tamper_run *run)
{
    struct credential invented = run->former;
    MEDGL_TRY(crypto_random_id(invented.id));
    return store_credential_add(txn, &invented);
}

static enum medgl_error tamper_older_former(struct store_txn *txn, struct tamper_run *run)
{
    struct credential older = run->former;
    older.ledger_seq--;
    MEDGL_TRY(store_credential_remove(txn, run->account.id, CREDENTIAL_FORMER, older.id));
    return store_credential_add(txn, &older);
}

static enum medgl_error tamper_forget_former(struct store_txn *txn, struct tamper_run *run)
{
    return store_credential_delete(txn, run->account.id, CREDENTIAL_FORMER);
}

static enum medgl_error tamper_delete(struct store_txn *txn, struct tamper_run *run)
{
    return store_credential_delete(txn, run->account.id, CREDENTIAL_PASSWORD);
}

static enum medgl_error tamper_exchange(struct store_txn *txn, struct tamper_run *run)
{
    struct credential back = run->former;
    back.kind = CREDENTIAL_PASSWORD;
    return store_credential_put(txn, &back);
}

static enum medgl_error tamper_old_seq(struct store_txn *txn, struct tamper_run *run)
{
    run->password.ledger_seq--;
    return store_credential_put(txn, &run->password);
}

static enum medgl_error tamper_account(struct store_txn *txn, struct tamper_run *run)
{
    run->account.ledger_seq++;
    return store_account_update(txn, &run->account);
}

/* The entry without the deed. */
static enum medgl_error tamper_entry(struct store_txn *txn, struct tamper_run *run,
                                     enum ledger_kind kind)
{
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    evidence_begin(&run->f->context, &clock, kind, &run->account, &entry);
    ledger_entry_text(&entry, "credential", run->password.id);
    return evidence_append(&run->f->context, txn, &entry, NULL);
}

static enum medgl_error tamper_revoke(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_PASSWORD_REVOKE);
}

static enum medgl_error tamper_judge(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_PASSWORD_JUDGE);
}

static enum medgl_error tamper_import(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_PASSWORD_IMPORT);
}

static enum medgl_error tamper_change(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_ACCOUNT_CHANGE);
}

/* R29: sessions that are hidden make room, ones that never were take it. */
static enum medgl_error tamper_hide_session(struct store_txn *txn, struct tamper_run *run)
{
    return store_session_close(txn, run->session, clock_read().now, SESSION_END_CLOSED);
}

static enum medgl_error tamper_add_session(struct store_txn *txn, struct tamper_run *run)
{
    struct session session = {.opened = clock_read().now, .class_ = run->account.class_};
    memcpy(session.account_id, run->account.id, CRYPTO_ID_SIZE);
    MEDGL_TRY(crypto_random_id(session.id));
    return store_session_open(txn, &session);
}

/* R34: a policy that counts as seen, and was not. */
static enum medgl_error tamper_policy(struct store_txn *txn, struct tamper_run *run)
{
    struct policy_seen seen;
    (void)run;
    MEDGL_TRY(store_policy_seen_get(txn, &seen));
    seen.digest[0] = seen.digest[0] == '0' ? '1' : '0';
    return store_policy_seen_put(txn, &seen);
}

static enum medgl_error tamper_end_session(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_SESSION_CLOSE);
}

static enum medgl_error tamper_policy_entry(struct store_txn *txn, struct tamper_run *run)
{
    return tamper_entry(txn, run, LEDGER_POLICY_CHANGE);
}

static const struct tamper_row {
    const char *name;
    enum medgl_error (*tamper)(struct store_txn *txn, struct tamper_run *run);
    const char *fault; /* NULL: none */
} tamper_rows[] = {
    {"nothing", tamper_nothing, NULL},
    {"former passwords that the policy let go", tamper_forget_former, NULL},
    {"a former password that never was", tamper_add_former, "a former password has no entry"},
    {"an older state of a former password", tamper_older_former, "a former password is not"},
    {"a password taken away", tamper_delete, "a password that an entry made is gone"},
    {"a former password put in force", tamper_exchange, "a password is not the one"},
    {"an older state of the password", tamper_old_seq, "a password is not the one"},
    {"a revoked password that is still there", tamper_revoke, "a password has no entry"},
    {"a judgement that is not stored", tamper_judge, "a password is not the one"},
    {"an import that is not stored", tamper_import, "a password is not the one"},
    {"an older state of the account", tamper_account, "an account is not in the state"},
    {"a change of the account that is not stored", tamper_change, "an account is not in the state"},
    {"an open session hidden", tamper_hide_session, "a session that an entry opened is gone"},
    {"an open session that never was", tamper_add_session, "an open session has no entry"},
    {"an end of a session that is not stored", tamper_end_session, "a session ended that was not"},
    {"another policy that was seen", tamper_policy, "the policy seen last is not the one"},
    {"a change of the policy that is not stored", tamper_policy_entry, "the policy seen last is"},
};

static enum medgl_error tamper_take(void *argument, const struct credential *credential)
{
    struct tamper_run *run = argument;
    run->former = *credential;
    return MEDGL_OK;
}

struct tampering {
    struct tamper_run run;
    const struct tamper_row *row;
};

static enum medgl_error tamper_now(struct store_txn *txn, void *argument)
{
    struct tampering *tampering = argument;
    struct tamper_run *run = &tampering->run;
    MEDGL_TRY(store_account_by_name(txn, run->f->user, &run->account));
    MEDGL_TRY(store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &run->password));
    MEDGL_TRY(store_credential_each_of(txn, run->account.id, CREDENTIAL_FORMER, tamper_take, run));
    return tampering->row->tamper(txn, run);
}

struct faults {
    unsigned count;
    char first[256];
};

static void note_fault(void *argument, uint64_t seq, const char *what)
{
    struct faults *faults = argument;
    (void)seq;
    if (faults->count++ == 0)
        (void)snprintf(faults->first, sizeof(faults->first), "%s", what);
}

/* R08 R16: who has the row key, but not the ledger's, is found. */
static void state_against_ledger(void **state)
{
    struct tampering tampering = {.run.f = here, .row = *state};
    struct faults faults = {.count = 0};
    struct ledger_result result;
    const struct evidence_request request = {.fault = note_fault, .argument = &faults};
    const char *expected = tampering.row->fault;
    enrol(here);
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    issue(here);
    open_session(here, tampering.run.session);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, tamper_now, &tampering),
                     MEDGL_OK);
    assert_int_equal(operation_verify(&here->context, &request, &result),
                     expected == NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    assert_int_equal(faults.count > 0, expected != NULL);
    if (expected != NULL)
        assert_memory_equal(faults.first, expected, strlen(expected));
}

static enum medgl_error tamper_revoked_now(struct store_txn *txn, void *argument)
{
    const struct stored *stored = argument;
    return store_credential_delete(txn, stored->account.id, CREDENTIAL_FORMER);
}

static const struct gone_row {
    const char *name;
    bool taken, retired;
    enum medgl_error verdict;
} gone_rows[] = {
    {"kept", false, false, MEDGL_OK},
    {"taken away", true, false, MEDGL_ERR_CORRUPT},
    {"of a retired account", false, true, MEDGL_OK},
};

/* R08 R12: what was revoked is there for good. */
static void a_revoked_password_is_still_there(void **state)
{
    const struct gone_row *row = *state;
    struct password_revoked end;
    char why[OPERATION_WHY_SIZE];
    enrol(here);
    here->context.policy.password_history = 1;
    plant_password(here, PASSWORD_ONE, PASSWORD_STRENGTH_LONG, MEDGL_DAY);
    assert_int_equal(
        operation_password_revoke(
            &here->context,
            &(struct password_revoke_request){.name = here->user, .reason = "phishing"}, &end, why),
        MEDGL_OK);
    for (int i = 0; i < 4; i++) /* more than the policy keeps of others */
        issue(here);
    struct stored stored = stored_of(here);
    if (row->taken)
        assert_int_equal(
            store_transact(here->context.store, STORE_WRITE, tamper_revoked_now, &stored),
            MEDGL_OK);
    if (row->retired)
        assert_int_equal(operation_account_retire(&here->context, here->user, "left", why),
                         MEDGL_OK);
    assert_int_equal(verify(here), row->verdict);
}

int main(void)
{
    TABLE_ADD("warning", warn_rows, warns_once_a_day);
    TABLE_ADD("grace logins", grace_rows, grace_logins);
    table_add("grace logins", "not counted, not allowed", a_grace_login_that_cannot_be_counted,
              NULL);
    table_add("warning", "not kept, allowed", a_warning_that_cannot_be_kept, NULL);
    table_add("grace logins", "no room for the session", a_grace_login_without_room, NULL);
    table_add("grace logins", "the last one is one", the_last_grace_login_is_one, NULL);
    TABLE_ADD("import", import_rows, imported_hashes);
    table_add("R15", "summer time moves no date", summer_time_moves_no_date, NULL);
    TABLE_ADD("import, in part", partial_rows, a_match_that_proves_a_part);
    table_add("import", "too costly", a_hash_that_costs_too_much, NULL);
    table_add("import", "judged later", an_unjudged_password_is_judged_later, NULL);
    table_add("import", "on a crowded machine", judged_on_a_crowded_machine, NULL);
    table_add("import", "revoked before", a_revoked_password_is_not_imported, NULL);
    table_add("import", "of a closed account", a_closed_account_is_not_taken_over, NULL);
    TABLE_ADD("work", work_rows, same_work);
    table_add("work", "waits", a_login_waits_no_longer_than_it_may, NULL);
    TABLE_ADD("judged", raise_rows, judged_under_the_policy_of_today);
    table_add("judged", "with the same salt", a_renewed_hash_keeps_its_salt, NULL);
    TABLE_ADD("revoke", revoke_rows, revoked);
    TABLE_ADD("revoke, imported", spelling_rows, a_revoked_import_is_known_as_typed);
    table_add("revoke", "the sessions afterwards", sessions_end_after_the_password, NULL);
    table_add("revoke", "reason and name", revoking_needs_a_reason_and_somebody, NULL);
    table_add("revoke", "during a login", revoking_wins_over_a_login_under_way, NULL);
    table_add("reset", "keeps the former one", a_reset_keeps_the_former_password, NULL);
    table_add("reset", "not while a list is missing", nothing_is_issued_unjudged, NULL);
    TABLE_ADD("limits", limit_rows, limits_of_their_own);
    TABLE_ADD("unlock", unlock_rows, a_closed_change_is_unlocked);
    TABLE_ADD("source", source_rows, keys_of_sources);
    TABLE_ADD("verify", tamper_rows, state_against_ledger);
    TABLE_ADD("verify, revoked", gone_rows, a_revoked_password_is_still_there);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    return table_run("expiry");
}
