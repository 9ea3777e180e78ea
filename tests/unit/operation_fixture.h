/* A real store in a private root, somebody to talk with, and what the ledger holds afterwards: for
 * tests of operation/. */
#ifndef MEDGL_TESTS_OPERATION_FIXTURE_H
#define MEDGL_TESTS_OPERATION_FIXTURE_H

#include "operation/account.h"
#include "operation/change_password.h"
#include "operation/evidence.h"
#include "operation/login.h"
#include "operation/password.h"
#include "operation/reset.h"
#include "operation/role.h"
#include "operation/setup.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/cheap_hash.h"
#include "tests/factorless.h"
#include "tests/installation.h"

#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define PASSWORD_ONE "Kazaguruma-7-mawaru"
#define PASSWORD_TWO "Minato.no 4-gatsu!"
#define WRONG        "Wrong-guess-1234" /* asked for a password, people answer another one each time */
#define WRONG_AGAIN  "Wrong-guess-5678" /* and this one as it stands */

/* A root of its own for each test. */
struct fixture {
    char root[64];
    struct context context;
    char user[64]; /* a Unix user that exists: ourselves */
    char issued[128];
};

/* The present, behind every entry: what was written in this millisecond is not before it. */
static inline medgl_time fixture_present(void)
{
    clock_sleep(2);
    return clock_read().now;
}

/* -- somebody to talk with -------------------------------------------------------------------- */

struct script {
    const char *answers[12]; /* NULL: gives up; "\1": an answer that is too long */
    size_t next;
    char heard[4096];
    const char *person; /* who answers a question that is shown: NULL: gives up */
};

static inline enum medgl_error script_ask(void *carrier, enum talk_style style,
                                          enum talk_meaning meaning, const char *prompt,
                                          struct secret *answer)
{
    struct script *script = carrier;
    static unsigned guesses;
    char wrong[64];
    (void)strncat(script->heard, prompt, sizeof(script->heard) - strlen(script->heard) - 1);
    const char *text = style == TALK_VISIBLE ? script->person : script->answers[script->next];
    assert_true(style == TALK_SECRET || meaning == TALK_ANSWER);
    if (text == NULL)
        return MEDGL_ERR_ABORTED;
    script->next += style == TALK_SECRET;
    if (text[0] == '\1')
        return MEDGL_ERR_ARGUMENT;
    if (strcmp(text, WRONG) == 0) {
        (void)snprintf(wrong, sizeof(wrong), "Wrong-guess-%d-%u", (int)getpid(), ++guesses);
        text = wrong;
    }
    return secret_copy(answer, text, strlen(text));
}

static inline void script_say(void *carrier, const char *message)
{
    struct script *script = carrier;
    (void)strncat(script->heard, message, sizeof(script->heard) - strlen(script->heard) - 2);
    (void)strncat(script->heard, "\n", 2);
}

static inline struct talk script_talk(struct script *script)
{
    return (struct talk){
        .carrier = script, .ask = script_ask, .inform = script_say, .warn = script_say};
}

static inline struct caller caller_from(const char *rhost)
{
    struct caller caller = {.trusted = true, .real_uid = 0};
    (void)snprintf(caller.service, sizeof(caller.service), "sshd");
    (void)snprintf(caller.rhost, sizeof(caller.rhost), "%s", rhost);
    (void)snprintf(caller.tty, sizeof(caller.tty), "ssh");
    return caller;
}

/* The user's own program, with the rights of root: passwd. */
static inline struct caller caller_owner(void)
{
    struct caller caller = caller_from("192.0.2.1");
    caller.real_uid = geteuid();
    return caller;
}

static inline enum login_verdict try_login(struct fixture *f, const char *user, const char *rhost,
                                           const char *password)
{
    struct script script = {.answers = {password}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from(rhost);
    const struct login_request request = {.caller = &caller, .user = user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static inline enum access_verdict try_access(struct fixture *f)
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct access_request request = {.caller = &caller, .user = f->user};
    enum access_verdict verdict = ACCESS_ALLOWED;
    assert_int_equal(operation_access(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static inline enum change_verdict try_change(struct fixture *f, const char *const *answers,
                                             char *heard, size_t size)
{
    struct script script = {.next = 0};
    for (size_t i = 0; answers[i] != NULL; i++)
        script.answers[i] = answers[i];
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_owner();
    const struct change_request request = {.caller = &caller, .user = f->user};
    enum change_verdict verdict = CHANGE_DONE;
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_OK);
    if (heard != NULL)
        (void)snprintf(heard, size, "%s", script.heard);
    return verdict;
}

/* -- the fixture ------------------------------------------------------------------------------ */

static inline void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[PATH_MAX], part[PATH_MAX];
    assert_int_equal(path_under(path, f->root, name), MEDGL_OK);
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        if (mkdir(part, 0755) != 0)
            assert_int_equal(errno, EEXIST);
    }
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, text, strlen(text)), MEDGL_OK);
}

static inline void write_policy(const struct fixture *f, const char *more)
{
    char text[1024];
    int len = snprintf(text, sizeof(text),
                       "kdf_memory = 19 MiB\nkdf_time = 2\nattempt_delay = 0\n%s", more);
    assert_in_range(len, 1, sizeof(text) - 1);
    write_file(f, MEDGL_SYSCONFDIR "/policy.conf", text);
}

static inline void reopen(struct fixture *f)
{
    context_close(&f->context);
    assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_OK);
    f->context.actor.roles = ROLE_ROOT;
}

static inline int fixture_open(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return 1;
    log_open(LOG_TARGET_NONE, "test", 0);
    (void)snprintf(f->root, sizeof(f->root), FIXTURE_IN "/medgl-operation-XXXXXX");
    if (mkdtemp(f->root) == NULL || installation_make(f->root) != MEDGL_OK)
        return 1;
    const struct passwd *self = getpwuid(geteuid());
    if (self == NULL)
        return 1;
    (void)snprintf(f->user, sizeof(f->user), "%s", self->pw_name);
    write_file(f, FACTORLESS_FILE, FACTORLESS_TEXT);
    write_policy(f, "");
    if (context_open(f->root, CONTEXT_STATE, &f->context) != MEDGL_OK)
        return 1;
    f->context.actor.roles = ROLE_ROOT;
    *state = f;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int fixture_close(void **state)
{
    struct fixture *f = *state;
    context_close(&f->context);
    installation_closed();
    int failed = nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return failed;
}

static inline enum medgl_error take_password(void *argument, const struct account *account,
                                             const struct secret *password, medgl_time valid_until)
{
    struct fixture *f = argument;
    assert_true(valid_until > account->created);
    (void)snprintf(f->issued, sizeof(f->issued), "%s", (const char *)password->bytes);
    return MEDGL_OK;
}

static inline void enrol(struct fixture *f)
{
    const struct account_add_request request = {.name = f->user,
                                                .uid = (int64_t)geteuid(),
                                                .class_ = ACCOUNT_CLASS_STAFF,
                                                .person.full_name = "Test Person"};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
}

static inline enum medgl_error old_breakglass_now(struct store_txn *txn, void *argument)
{
    struct account account;
    MEDGL_TRY(store_account_by_name(txn, argument, &account));
    account.class_ = ACCOUNT_CLASS_BREAKGLASS;
    return store_account_update(txn, &account);
}

/* Makes an account of the main store one of a version that kept break-glass accounts there. */
static inline void old_breakglass(struct fixture *f, const char *name)
{
    char copy[STORE_NAME_SIZE];
    (void)snprintf(copy, sizeof(copy), "%s", name);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, old_breakglass_now, copy),
                     MEDGL_OK);
}

/* A slip, as the desk issues it. */
static inline enum medgl_error issue_try(struct fixture *f, const char *method, char why[])
{
    struct reset_done done;
    const struct reset_request request = {.name = f->user,
                                          .method = method,
                                          .note = "",
                                          .requested_by = "",
                                          .delivery = RESET_SLIP,
                                          .slip_to = "file",
                                          .argument = f,
                                          .deliver = take_password};
    return operation_password_reset(&f->context, &request, &done, why);
}

static inline void issue(struct fixture *f)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(issue_try(f, "known-in-person", why), MEDGL_OK);
}

static inline void set_password(struct fixture *f, const char *password)
{
    const char *const answers[] = {f->issued, password, password, NULL};
    issue(f);
    assert_int_equal(try_change(f, answers, NULL, 0), CHANGE_DONE);
}

static inline void count_fault(void *argument, uint64_t seq, const char *what)
{
    (void)argument;
    print_message("# fault at %llu: %s\n", (unsigned long long)seq, what);
}

static inline enum medgl_error verify(struct fixture *f)
{
    struct ledger_result result;
    const struct evidence_request request = {.fault = count_fault};
    return operation_verify(&f->context, &request, &result);
}

/* A store and its journal, for as long as nobody has it open. */
static inline void copy_store(const char *from, const char *to)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char source[PATH_MAX], target[PATH_MAX], bytes[65536];
    for (size_t i = 0; i < MEDGL_COUNT(parts); i++) {
        (void)snprintf(source, sizeof(source), "%s%s", from, parts[i]);
        (void)snprintf(target, sizeof(target), "%s%s", to, parts[i]);
        auto_file FILE *in = fopen(source, "re");
        auto_file FILE *out = fopen(target, "we");
        assert_non_null(out);
        for (size_t got; in != NULL && (got = fread(bytes, 1, sizeof(bytes), in)) > 0;)
            assert_int_equal(fwrite(bytes, 1, got, out), got);
    }
}

struct tally {
    unsigned kinds[LEDGER_KIND_COUNT];
    unsigned wrong, counted, repeated;
    char reason[64], class_[32], person[64], changed[512]; /* of the last entry that has one */
};

static inline void tally_text(const struct ledger_field *field, const char *name, char *text,
                              size_t size)
{
    if (strcmp(field->name, name) == 0)
        (void)snprintf(text, size, "%s", field->text);
}

static inline enum medgl_error tally_row(void *argument, const struct ledger_row *row)
{
    struct tally *tally = argument;
    struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    tally->kinds[entry->kind]++;
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct ledger_field *field = &entry->fields[i];
        if (strcmp(field->name, "reason") == 0 && strcmp(field->text, "wrong-password") == 0)
            tally->wrong++;
        if (strcmp(field->name, "counted") == 0 && field->number != 0)
            tally->counted++;
        if (strcmp(field->name, "repeated") == 0 && field->number != 0)
            tally->repeated++;
        tally_text(field, "reason", tally->reason, sizeof(tally->reason));
        tally_text(field, "class", tally->class_, sizeof(tally->class_));
        tally_text(field, "person", tally->person, sizeof(tally->person));
        tally_text(field, "changed", tally->changed, sizeof(tally->changed));
    }
    ledger_parsed_free(&parsed);
    return MEDGL_OK;
}

static inline struct tally tally_of(struct fixture *f)
{
    struct tally tally = {.wrong = 0};
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, tally_row, &tally),
                     MEDGL_OK);
    return tally;
}

#endif
