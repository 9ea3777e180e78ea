/* Making a new installation: directories, keys, the store, the first entry; and the small one of
 * the break-glass accounts beside it (R32), also where it is missing beside an old one. Never
 * replaces a key: what was sealed under it would be lost. May be run again after an interruption.
 */
#include "operation/setup.h"

#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "base/text.h"
#include "operation/emergency_join.h"
#include "operation/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct setup_directory {
    const char *path;
    bool owned; /* by the owner of the store; else by root */
    mode_t mode;
};

static const struct setup_directory setup_directories[] = {
    {MEDGL_SYSCONFDIR, false, 0755}, {MEDGL_SYSCONFDIR "/policy.conf.d", false, 0755},
    {MEDGL_STATEDIR, true, 0700},    {PATH_CHECKPOINTS, true, 0700},
    {PATH_DOCUMENTS, true, 0700},    {MEDGL_RUNDIR, false, 0755},
    {PATH_KDF, true, 0700},          {PATH_KDF_CONSOLE, true, 0700},
    {PATH_ARCHIVE, true, 0700},      {PATH_NOTIFY, false, 0755},
    {PATH_BREAKGLASS, true, 0700},   {PATH_BREAKGLASS_CHECKPOINTS, true, 0700},
};

/* The directories above one of ours, as mkdir -p does; those that are there are left as they are.
 */
static enum medgl_error setup_parents(const char *path)
{
    char part[PATH_MAX];
    MEDGL_TRY(text_copy(part, sizeof(part), path));
    for (char *at = part + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return medgl_error_from_errno(errno);
        *at = '/';
    }
    return MEDGL_OK;
}

enum medgl_error setup_make_directories(const char *root, uid_t owner, gid_t group)
{
    for (size_t i = 0; i < MEDGL_COUNT(setup_directories); i++) {
        const struct setup_directory *directory = &setup_directories[i];
        char path[PATH_MAX];
        MEDGL_TRY(path_under(path, root, directory->path));
        enum medgl_error error = setup_parents(path);
        if (error == MEDGL_OK)
            error = file_directory(path, directory->owned ? owner : geteuid(),
                                   directory->owned ? group : getegid(), directory->mode);
        if (error != MEDGL_OK) {
            log_line(LOG_ERR, "directory %s: %s", path, medgl_error_text(error));
            return error;
        }
    }
    return MEDGL_OK;
}

/* What one of the two installations is made from. */
struct setup_part {
    const struct setup_request *request;
    enum context_place place;
    char origin[NOTE_ORIGIN_SIZE];
};

static bool setup_exists(const struct setup_part *part, enum context_file file)
{
    char path[PATH_MAX];
    struct stat st;
    return path_under(path, part->request->root, context_file(part->place, file)) == MEDGL_OK &&
           lstat(path, &st) == 0;
}

static enum medgl_error setup_write_key(const struct setup_part *part, enum context_file file,
                                        const struct secret *key)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, part->request->root, context_file(part->place, file)));
    return file_create(path, part->request->owner, part->request->group, 0400, key->bytes,
                       key->len);
}

/* The ledger's key pair. The private half comes last: as long as it is missing, a second run makes
 * both anew. */
static enum medgl_error setup_ledger_key(const struct setup_part *part)
{
    auto_secret struct secret skey = SECRET_NONE;
    char vkey[NOTE_VKEY_SIZE + 1], path[PATH_MAX];
    if (setup_exists(part, CONTEXT_FILE_LEDGER_KEY))
        return MEDGL_OK;
    MEDGL_TRY(note_key_generate(part->origin, &skey, vkey));
    size_t vkey_len = strlen(vkey);
    vkey[vkey_len++] = '\n';
    MEDGL_TRY(
        path_under(path, part->request->root, context_file(part->place, CONTEXT_FILE_LEDGER_VKEY)));
    MEDGL_TRY(file_replace(path, geteuid(), getegid(), 0644, vkey, vkey_len));
    return setup_write_key(part, CONTEXT_FILE_LEDGER_KEY, &skey);
}

static enum medgl_error setup_keys(const struct setup_part *part)
{
    auto_secret struct secret key = SECRET_NONE;
    if (setup_exists(part, CONTEXT_FILE_STORE) && (!setup_exists(part, CONTEXT_FILE_STORE_KEY) ||
                                                   !setup_exists(part, CONTEXT_FILE_LEDGER_KEY))) {
        log_line(LOG_ERR,
                 "there is a store %s%s, but not its keys: restore them from the backup; new keys "
                 "could not open it",
                 part->request->root, context_file(part->place, CONTEXT_FILE_STORE));
        return MEDGL_ERR_KEY;
    }
    if (!setup_exists(part, CONTEXT_FILE_STORE_KEY)) {
        MEDGL_TRY(seal_key_generate(&key));
        MEDGL_TRY(setup_write_key(part, CONTEXT_FILE_STORE_KEY, &key));
    }
    return setup_ledger_key(part);
}

struct setup_run {
    struct context *context;
    bool existed;
};

static enum medgl_error setup_first_entry(struct store_txn *txn, void *argument)
{
    struct setup_run *run = argument;
    struct ledger_head head;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_ledger_head(txn, &head));
    run->existed = head.tree.size > 0;
    if (run->existed)
        return MEDGL_OK;
    evidence_begin(run->context, &clock, LEDGER_SETUP, NULL, &entry);
    ledger_entry_text(&entry, "version", PACKAGE_VERSION);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return evidence_keep(txn, clock.now);
}

/* What is done as the owner of the store. */
static enum medgl_error setup_store(const struct setup_part *part)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    struct setup_run run = {.context = &context};
    MEDGL_TRY(context_prepare_of(part->place, part->request->root, NULL, &context));
    context.actor = part->request->actor;
    MEDGL_TRY(context_store(&context, true, false));
    MEDGL_TRY(store_transact(context.store, STORE_WRITE, setup_first_entry, &run));
    if (run.existed)
        return MEDGL_ERR_EXISTS;
    return evidence_publish(&context);
}

/* A child becomes the owner for good; its exit status is our error number. */
static enum medgl_error setup_store_as_owner(const struct setup_part *part)
{
    if (geteuid() == part->request->owner)
        return setup_store(part);
    pid_t child = fork();
    if (child < 0)
        return medgl_error_from_errno(errno);
    if (child == 0) {
        enum medgl_error error = privilege_drop(part->request->owner, part->request->group);
        if (error == MEDGL_OK)
            error = setup_store(part);
        _exit((int)error);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return medgl_error_from_errno(errno);
    return WIFEXITED(status) ? (enum medgl_error)WEXITSTATUS(status) : MEDGL_ERR_IO;
}

/* MEDGL_ERR_EXISTS: it was there. */
static enum medgl_error setup_part(const struct setup_part *part)
{
    const enum medgl_error error = setup_keys(part);
    return error == MEDGL_OK ? setup_store_as_owner(part) : error;
}

/* The main ledger may have had its name for years: the key says it. */
static enum medgl_error setup_breakglass(const struct setup_request *request)
{
    auto_secret struct secret text = SECRET_NONE;
    auto_clean(note_signer_free) struct note_signer *signer = NULL;
    struct setup_part part = {.request = request, .place = CONTEXT_BREAKGLASS};
    const struct file_rule rule = {.owner = request->owner, .forbidden = 0077, .max = 4096};
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, request->root, PATH_LEDGER_KEY));
    MEDGL_TRY(file_read_trusted(path, &rule, &text));
    MEDGL_TRY(note_signer_open(&text, &signer));
    if (emergency_join_origin(note_signer_name(signer), part.origin) == MEDGL_OK)
        return setup_part(&part);
    log_line(LOG_ERR,
             "the ledger's name %s is too long for that of the break-glass accounts' one: there "
             "can be none here",
             note_signer_name(signer));
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error setup_both(const struct setup_request *request)
{
    struct setup_part part = {.request = request, .place = CONTEXT_MAIN};
    MEDGL_TRY(setup_make_directories(request->root, request->owner, request->group));
    MEDGL_TRY(text_copy(part.origin, sizeof(part.origin), request->origin));
    const enum medgl_error before = setup_part(&part);
    if (before != MEDGL_OK && before != MEDGL_ERR_EXISTS)
        return before;
    const enum medgl_error error = setup_breakglass(request);
    return error == MEDGL_ERR_EXISTS ? before : error;
}

enum medgl_error operation_setup(const struct setup_request *request)
{
    mode_t mask = umask(022);
    const enum medgl_error error = setup_both(request);
    (void)umask(mask);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}
