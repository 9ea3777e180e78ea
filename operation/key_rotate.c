/* Exchanging a key: the files, as who may write them; the store, as its owner (see keys.h). */
#include "operation/keys.h"

#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "base/text.h"
#include "ledger/verify.h"
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/factors.h"
#include "operation/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEY_TEXT_MAX  4096
#define ROTATE_LOOKED 120 /* an exit status of the child that is no error number */

/* -- in the transaction: one transaction with its entry --------------------------------------- */

struct exchange {
    const struct key_rotate_request *request;
    struct context *context;
    struct seal_key *seal;        /* the new store key */
    struct note_signer *signer;   /* the new ledger key */
    struct note_signer *replaced; /* the ledger key that goes */
    uint64_t secrets;
};

/* What each kind of credential is bound to when it is sealed: none can be forgotten here. */
static const char *reseal_field(enum credential_kind kind)
{
    switch (kind) {
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_FORMER:
        return SEAL_FIELD_PASSWORD;
    case CREDENTIAL_TOTP:
    case CREDENTIAL_CARD:
    case CREDENTIAL_RECOVERY:
    case CREDENTIAL_CODE:
        return factor_field(kind);
    }
    return NULL;
}

static enum medgl_error reseal(void *argument, struct credential *credential)
{
    struct exchange *exchange = argument;
    auto_secret struct secret plain = SECRET_NONE;
    const char *field = reseal_field(credential->kind);
    if (field == NULL)
        return MEDGL_ERR_CORRUPT;
    enum medgl_error error = unseal(exchange->context->seal, credential->account_id, field,
                                    credential->sealed, credential->sealed_len, &plain);
    if (error != MEDGL_OK) {
        log_line(LOG_ERR,
                 "a secret (%s) of account %s: %s: no key is exchanged while it is there: see what "
                 "medgl-admin ledger verify says, and have it issued anew or taken away",
                 field, credential->account_id, medgl_error_text(error));
        return error;
    }
    exchange->secrets++;
    credential->sealed_len = sizeof(credential->sealed);
    return seal(exchange->seal, credential->account_id, field, plain.bytes, plain.len,
                credential->sealed, &credential->sealed_len);
}

static void exchange_progress(void *argument, uint64_t done, uint64_t total)
{
    const struct exchange *exchange = argument;
    if (exchange->request->progress != NULL)
        exchange->request->progress(exchange->request->argument, done, total);
}

static enum medgl_error exchange_rows(struct store_txn *txn, struct exchange *exchange)
{
    unsigned char row_key[CRYPTO_HASH_SIZE];
    exchange->secrets = 0;
    MEDGL_TRY(context_row_key(exchange->seal, row_key));
    const struct store_rekey rekey = {
        .row_key = row_key,
        .argument = exchange,
        .reseal = reseal,
        .progress = exchange_progress,
    };
    enum medgl_error error = store_rekey(txn, &rekey);
    secret_wipe(row_key, sizeof(row_key));
    return error;
}

static enum medgl_error exchange_name(const struct exchange *exchange, struct key_period *from,
                                      struct key_period *to)
{
    const char *algorithm = NULL;
    from->use = to->use = exchange->request->use;
    switch (exchange->request->use) {
    case KEY_USE_STORE:
        seal_key_id(exchange->context->seal, from->name);
        seal_key_id(exchange->seal, to->name);
        algorithm = KEYS_STORE_ALGORITHM;
        break;
    case KEY_USE_LEDGER:
        MEDGL_TRY(note_signer_vkey(exchange->replaced, from->name));
        MEDGL_TRY(note_signer_vkey(exchange->signer, to->name));
        algorithm = KEYS_LEDGER_ALGORITHM;
        break;
    }
    MEDGL_TRY(text_copy(from->algorithm, sizeof(from->algorithm), algorithm));
    return text_copy(to->algorithm, sizeof(to->algorithm), algorithm);
}

static enum medgl_error exchange_count(void *argument, const struct key_period *key)
{
    (void)key;
    ++*(size_t *)argument;
    return MEDGL_OK;
}

/* The first key gets its row with the first exchange. MUST: never more keys of the ledger than
 * verification takes, or the evidence could never be verified again. */
static enum medgl_error exchange_periods(struct store_txn *txn, const struct key_period *from,
                                         const struct key_period *to)
{
    size_t count = 0;
    MEDGL_TRY(store_key_each(txn, to->use, exchange_count, &count));
    if (to->use == KEY_USE_LEDGER && count >= LEDGER_KEYS_MAX)
        return MEDGL_ERR_REFUSED;
    if (count == 0)
        MEDGL_TRY(store_key_add(txn, from));
    return store_key_add(txn, to);
}

static enum medgl_error exchange_alert(struct store_txn *txn, struct exchange *exchange,
                                       const struct clock_reading *clock)
{
    const char *use = key_use_word(exchange->request->use);
    char text[STORE_ALERT_SIZE], reason[STORE_TEXT_SIZE];
    text_printable(reason, sizeof(reason), exchange->request->reason);
    (void)snprintf(text, sizeof(text), "The %s key%s was exchanged for a new one: %s", use,
                   exchange->request->place == CONTEXT_BREAKGLASS ? " of the break-glass accounts"
                                                                  : "",
                   reason);
    const struct alert_event event = {.kind = ALERT_KEY, .text = text, .about = use};
    return alert_raise(exchange->context, txn, clock, &event);
}

/* The last entry that the old key signs, and the first of the new one: the alert of it comes
 * before, so that this is the checkpoint that is kept and published. */
static enum medgl_error exchange_entry(struct store_txn *txn, struct exchange *exchange,
                                       const struct clock_reading *clock)
{
    struct key_period from = {.from = 0}, to = {.since = clock->now};
    struct context *context = exchange->context;
    const enum key_use use = exchange->request->use;
    struct ledger_entry entry;
    MEDGL_TRY(exchange_name(exchange, &from, &to));
    evidence_begin(context, clock, LEDGER_KEY_ROTATE, NULL, &entry);
    ledger_entry_text(&entry, "key", key_use_word(use));
    ledger_entry_text(&entry, "algorithm", to.algorithm);
    ledger_entry_text(&entry, "from", from.name);
    ledger_entry_text(&entry, "to", to.name);
    ledger_entry_text(&entry, "reason", exchange->request->reason);
    if (use == KEY_USE_STORE)
        ledger_entry_number(&entry, "secrets", (int64_t)exchange->secrets);
    context->coming = exchange->signer; /* NULL: of a store key */
    MEDGL_TRY(evidence_append(context, txn, &entry, &to.ledger_seq));
    if (use == KEY_USE_LEDGER) {
        to.from = to.ledger_seq + 1;
        context->signer = exchange->signer;
    }
    context->coming = NULL;
    MEDGL_TRY(exchange_periods(txn, &from, &to));
    return evidence_keep(txn, clock->now);
}

static enum medgl_error exchange_now(struct store_txn *txn, void *argument)
{
    struct exchange *exchange = argument;
    const struct clock_reading clock = clock_read();
    exchange->context->signer = exchange->replaced;
    exchange->context->coming = NULL;
    if (exchange->request->use == KEY_USE_STORE)
        MEDGL_TRY(exchange_rows(txn, exchange));
    MEDGL_TRY(exchange_alert(txn, exchange, &clock));
    return exchange_entry(txn, exchange, &clock);
}

/* -- as the owner of the store ---------------------------------------------------------------- */

static const char *rotate_key(const struct key_rotate_request *request)
{
    return context_file(request->place, request->use == KEY_USE_STORE ? CONTEXT_FILE_STORE_KEY
                                                                      : CONTEXT_FILE_LEDGER_KEY);
}

static const char *rotate_key_new(const struct key_rotate_request *request)
{
    return context_file(request->place, request->use == KEY_USE_STORE
                                            ? CONTEXT_FILE_STORE_KEY_NEW
                                            : CONTEXT_FILE_LEDGER_KEY_NEW);
}

static enum medgl_error rotate_open(const struct key_rotate_request *request,
                                    struct context *context)
{
    switch (request->place) {
    case CONTEXT_MAIN:
        return context_open(request->root, CONTEXT_STATE, context);
    case CONTEXT_BREAKGLASS:
        return context_open_breakglass(request->root, CONTEXT_STATE, context);
    }
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error exchange_open(struct exchange *exchange)
{
    const struct key_rotate_request *request = exchange->request;
    auto_secret struct secret text = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0077, .max = KEY_TEXT_MAX};
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, request->root, rotate_key_new(request)));
    MEDGL_TRY(file_read_trusted(path, &rule, &text));
    exchange->replaced = exchange->context->signer;
    return request->use == KEY_USE_STORE ? seal_key_open(&text, &exchange->seal)
                                         : note_signer_open(&text, &exchange->signer);
}

static void exchange_close(struct exchange *exchange)
{
    exchange->context->signer = exchange->replaced;
    context_close(exchange->context);
    note_signer_free(&exchange->signer);
    seal_key_free(&exchange->seal);
}

/* A checkpoint that could not be published is told in the log, and undoes nothing. */
static enum medgl_error exchange_as_owner(const struct key_rotate_request *request)
{
    struct context context;
    MEDGL_TRY(rotate_open(request, &context));
    auto_clean(exchange_close) struct exchange exchange = {
        .request = request, .context = &context, .replaced = context.signer};
    context.actor = request->actor;
    MEDGL_TRY(exchange_open(&exchange));
    MEDGL_TRY(store_transact(context.store, STORE_WRITE, exchange_now, &exchange));
    (void)evidence_publish(&context);
    alert_wake(&context);
    return MEDGL_OK;
}

/* ROTATE_LOOKED: the new key is in force. */
static enum medgl_error look_as_owner(const struct key_rotate_request *request, bool *in_force)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    MEDGL_TRY(rotate_open(request, &context));
    *in_force = request->use == KEY_USE_STORE ? context.store_key_new : context.ledger_key_new;
    return MEDGL_OK;
}

static int rotate_child(const struct key_rotate_request *request, bool look)
{
    bool in_force = false;
    enum medgl_error error = privilege_drop(request->owner, request->group);
    if (error == MEDGL_OK)
        error = look ? look_as_owner(request, &in_force) : exchange_as_owner(request);
    return error == MEDGL_OK && in_force ? ROTATE_LOOKED : (int)error;
}

/* A child becomes the owner for good; its exit status says what came of it. */
static enum medgl_error rotate_as_owner(const struct key_rotate_request *request, bool *in_force)
{
    const bool look = in_force != NULL;
    int status;
    if (look)
        *in_force = false;
    if (geteuid() == request->owner)
        return look ? look_as_owner(request, in_force) : exchange_as_owner(request);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return medgl_error_from_errno(errno);
    if (child == 0)
        _exit(rotate_child(request, look));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return medgl_error_from_errno(errno);
    if (!WIFEXITED(status))
        return MEDGL_ERR_IO;
    if (look && WEXITSTATUS(status) == ROTATE_LOOKED) {
        *in_force = true;
        return MEDGL_OK;
    }
    return (enum medgl_error)WEXITSTATUS(status);
}

/* -- files, as who may write them ------------------------------------------------------------- */

struct files {
    const struct key_rotate_request *request;
    char key[PATH_MAX], fresh[PATH_MAX], vkey[PATH_MAX];
    int lock;
};

static void files_close(struct files *files)
{
    if (files->lock >= 0)
        (void)close(files->lock);
}

/* MUST: two never exchange a key at once. Whoever takes a new key for a left-over and removes it
 * would remove the one that the other's store is under by now. The child holds it with us, and goes
 * on alone where we are killed. The file is replaced under the lock: it must be there still. */
static enum medgl_error files_lock(struct files *files)
{
    struct stat held, there;
    for (;;) {
        auto_fd int fd = open(files->key, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
            return medgl_error_from_errno(errno);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK ? MEDGL_ERR_CONFLICT : medgl_error_from_errno(errno);
        if (fstat(fd, &held) != 0 || stat(files->key, &there) != 0)
            return medgl_error_from_errno(errno);
        if (held.st_ino == there.st_ino && held.st_dev == there.st_dev) {
            files->lock = auto_give_fd(fd);
            return MEDGL_OK;
        }
    }
}

static enum medgl_error files_open(const struct key_rotate_request *request, struct files *files)
{
    *files = (struct files){.request = request, .lock = -1};
    MEDGL_TRY(path_under(files->key, request->root, rotate_key(request)));
    MEDGL_TRY(path_under(files->fresh, request->root, rotate_key_new(request)));
    MEDGL_TRY(path_under(files->vkey, request->root,
                         context_file(request->place, CONTEXT_FILE_LEDGER_VKEY)));
    return files_lock(files);
}

static enum medgl_error files_remove(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
}

/* MUST: only where the store says that it is not in force. */
static enum medgl_error files_remove_fresh(const struct files *files)
{
    char beside[PATH_MAX];
    MEDGL_TRY(files_remove(files->fresh));
    if (snprintf(beside, sizeof(beside), "%s.new", files->fresh) >= (int)sizeof(beside))
        return MEDGL_ERR_ARGUMENT;
    return files_remove(beside); /* of file_create() that was interrupted */
}

static enum medgl_error files_make_fresh(const struct files *files)
{
    const struct key_rotate_request *request = files->request;
    auto_secret struct secret text = SECRET_NONE, old = SECRET_NONE;
    auto_clean(note_signer_free) struct note_signer *signer = NULL;
    const struct file_rule rule = {.owner = request->owner, .forbidden = 0077, .max = KEY_TEXT_MAX};
    char vkey[NOTE_VKEY_SIZE];
    switch (request->use) {
    case KEY_USE_STORE:
        MEDGL_TRY(seal_key_generate(&text));
        break;
    case KEY_USE_LEDGER: /* its name is the ledger's, for good */
        MEDGL_TRY(file_read_trusted(files->key, &rule, &old));
        MEDGL_TRY(note_signer_open(&old, &signer));
        MEDGL_TRY(note_key_generate(note_signer_name(signer), &text, vkey));
        break;
    }
    return file_create(files->fresh, request->owner, request->group, 0400, text.bytes, text.len);
}

/* The line of the new key, then those that were there: who holds an older one finds it. */
static enum medgl_error files_publish_vkey(const struct files *files)
{
    auto_secret struct secret text = SECRET_NONE, old = SECRET_NONE;
    auto_clean(note_signer_free) struct note_signer *signer = NULL;
    const struct key_rotate_request *request = files->request;
    const struct file_rule secret = {
        .owner = request->owner, .forbidden = 0077, .max = KEY_TEXT_MAX};
    const struct file_rule rule = {
        .owner = request->owner, .forbidden = 0022, .max = KEYS_VKEY_FILE_MAX};
    char vkey[NOTE_VKEY_SIZE];
    auto_free char *lines = NULL;
    MEDGL_TRY(file_read_trusted(files->fresh, &secret, &text));
    MEDGL_TRY(note_signer_open(&text, &signer));
    MEDGL_TRY(note_signer_vkey(signer, vkey));
    enum medgl_error error = file_read_trusted(files->vkey, &rule, &old);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    const char *former = error == MEDGL_OK ? (const char *)old.bytes : "";
    const size_t len = strlen(vkey);
    if (strncmp(former, vkey, len) == 0 && (former[len] == '\n' || former[len] == '\0'))
        return MEDGL_OK; /* an interrupted run did it */
    if (asprintf(&lines, "%s\n%s", vkey, former) < 0)
        return MEDGL_ERR_MEMORY;
    return file_replace(files->vkey, geteuid(), getegid(), 0644, lines, strlen(lines));
}

/* MUST: the store says that the new key is in force. The public half goes first: as long as the
 * file of the new key is there, there is something to finish. */
static enum medgl_error files_finish(const struct files *files)
{
    if (files->request->use == KEY_USE_LEDGER)
        MEDGL_TRY(files_publish_vkey(files));
    if (rename(files->fresh, files->key) != 0)
        return medgl_error_from_errno(errno);
    return file_sync_name(files->key);
}

static enum medgl_error finish_old(const struct files *files, bool *finished)
{
    bool in_force;
    *finished = false;
    MEDGL_TRY(rotate_as_owner(files->request, &in_force));
    if (!in_force)
        return MEDGL_OK;
    MEDGL_TRY(files_finish(files));
    *finished = true;
    return MEDGL_OK;
}

enum medgl_error operation_key_finish(const struct key_rotate_request *request, bool *finished)
{
    auto_clean(files_close) struct files files = {.lock = -1};
    *finished = false;
    MEDGL_TRY(files_open(request, &files));
    return finish_old(&files, finished);
}

/* A commit that was reported as failed may be there all the same: the store is asked, and where it
 * cannot be, or after a fault of the disk, the new key stays for the next run. */
static enum medgl_error exchange_failed(const struct files *files, enum medgl_error error)
{
    bool finished;
    enum medgl_error looked = finish_old(files, &finished);
    if (looked == MEDGL_OK && finished)
        return MEDGL_OK;
    if (looked == MEDGL_OK && error != MEDGL_ERR_IO)
        (void)files_remove_fresh(files);
    return error;
}

enum medgl_error operation_key_rotate(const struct key_rotate_request *request, bool *finished_old)
{
    auto_clean(files_close) struct files files = {.lock = -1};
    *finished_old = false;
    MEDGL_TRY(files_open(request, &files));
    MEDGL_TRY(finish_old(&files, finished_old));
    if (*finished_old)
        return MEDGL_OK;
    MEDGL_TRY(files_remove_fresh(&files));
    MEDGL_TRY(files_make_fresh(&files));
    enum medgl_error error = rotate_as_owner(request, NULL);
    return error == MEDGL_OK ? files_finish(&files) : exchange_failed(&files, error);
}
