/* Opens what every operation needs, and says what to do when something is missing. Never goes on
 * without a part. */
#include "operation/context.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "operation/policy_seen.h"
#include "policy/calendar.h"
#include "policy/load.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define CONTEXT_LINE_MS 20000
#define KEY_FILE_MAX    4096

/* `*text` becomes a key's file. A missing one of an exchange (".new") is no fault. */
static enum medgl_error context_key_file(const struct context *context, const char *name,
                                         struct secret *text)
{
    char path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0077, .max = KEY_FILE_MAX};
    MEDGL_TRY(path_under(path, context->root, name));
    return file_read_trusted(path, &rule, text);
}

static enum medgl_error context_key_lacking(const struct context *context, const char *name,
                                            enum medgl_error error)
{
    log_line(LOG_ERR,
             "key %s%s: %s: restore it from the backup (or run medgl-admin setup on a new "
             "installation)",
             context->root, name, medgl_error_text(error));
    return MEDGL_ERR_KEY;
}

static enum medgl_error context_seal_key(const struct context *context, const char *name,
                                         struct seal_key **key)
{
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(context_key_file(context, name, &text));
    return seal_key_open(&text, key);
}

static enum medgl_error context_signer(const struct context *context, const char *name,
                                       struct note_signer **signer)
{
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(context_key_file(context, name, &text));
    return note_signer_open(&text, signer);
}

static enum medgl_error context_keys(struct context *context)
{
    const char *name = context_file(context->place, CONTEXT_FILE_STORE_KEY);
    enum medgl_error error = context_seal_key(context, name, &context->seal);
    if (error != MEDGL_OK)
        return context_key_lacking(context, name, error);
    name = context_file(context->place, CONTEXT_FILE_LEDGER_KEY);
    error = context_signer(context, name, &context->signer);
    if (error != MEDGL_OK)
        return context_key_lacking(context, name, error);
    return MEDGL_OK;
}

/* /run is made anew at each start, by an older tmpfiles.d perhaps: where the second line is missing
 * all stand in the first. */
static enum medgl_error context_lines(struct context *context)
{
    struct stat st;
    MEDGL_TRY(path_under(context->kdf_directory, context->root, PATH_KDF));
    MEDGL_TRY(path_under(context->kdf_directory_console, context->root, PATH_KDF_CONSOLE));
    if (stat(context->kdf_directory_console, &st) != 0 || !S_ISDIR(st.st_mode))
        context->kdf_directory_console[0] = '\0';
    return MEDGL_OK;
}

enum medgl_error context_row_key(const struct seal_key *key,
                                 unsigned char row_key[CRYPTO_HASH_SIZE])
{
    return seal_key_derive(key, "medgl row mac", row_key);
}

static enum medgl_error context_store_under(struct context *context, bool create, bool read_only,
                                            const struct seal_key *key)
{
    unsigned char row_key[CRYPTO_HASH_SIZE];
    char path[PATH_MAX];
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STORE, path));
    MEDGL_TRY(seal_key_derive(key, "medgl unknown names", context->tag_key));
    MEDGL_TRY(context_row_key(key, row_key));
    const struct store_options options = {
        .path = path,
        .row_key = row_key,
        .patience_ms = context->patience_ms,
        .create = create,
        .read_only = read_only,
        .other_keys = true,
    };
    enum medgl_error error = store_open(&options, &context->store);
    secret_wipe(row_key, sizeof(row_key));
    return error;
}

/* -- keys that are being exchanged (R37) ------------------------------------------------------ */

/* The store is under another key than store.key when that was read: it was exchanged since, or the
 * file of the new one was not put in its place yet.
 *
 * MUST: the new one is read first: where that is gone, store.key is the new one by now. */
static enum medgl_error context_other_key(struct context *context, bool create, bool read_only)
{
    static const enum context_file files[] = {CONTEXT_FILE_STORE_KEY_NEW, CONTEXT_FILE_STORE_KEY};
    for (size_t i = 0; i < MEDGL_COUNT(files); i++) {
        auto_clean(seal_key_free) struct seal_key *key = NULL;
        const char *name = context_file(context->place, files[i]);
        if (context_seal_key(context, name, &key) != MEDGL_OK)
            continue;
        enum medgl_error error = context_store_under(context, create, read_only, key);
        if (error == MEDGL_ERR_KEY)
            continue;
        seal_key_free(&context->seal);
        context->seal = auto_give(key);
        context->store_key_new = i == 0;
        return error;
    }
    log_line(LOG_ERR,
             "the store %s%s is under another key than %s%s: restore both from the same backup",
             context->root, context_file(context->place, CONTEXT_FILE_STORE), context->root,
             context_file(context->place, CONTEXT_FILE_STORE_KEY));
    return MEDGL_ERR_KEY;
}

static enum medgl_error context_read_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

/* Whose the last signature is, its key is in force. What is malformed was never in force. */
static enum medgl_error context_settle_signer(struct context *context)
{
    auto_clean(note_signer_free) struct note_signer *fresh = NULL;
    struct ledger_head head;
    const char *name = context_file(context->place, CONTEXT_FILE_LEDGER_KEY_NEW);
    if (context_signer(context, name, &fresh) != MEDGL_OK)
        return MEDGL_OK;
    MEDGL_TRY(store_transact(context->store, STORE_READ, context_read_head, &head));
    context->ledger_key_new = note_names(head.checkpoint, fresh);
    if (!context->ledger_key_new)
        return MEDGL_OK;
    note_signer_free(&context->signer);
    context->signer = auto_give(fresh);
    return MEDGL_OK;
}

/* -- the policy -------------------------------------------------------------------------------- */

static enum medgl_error context_zone(const struct context *context)
{
    if (clock_set_zone(context->policy.time_zone) == MEDGL_OK)
        return MEDGL_OK;
    log_line(LOG_ERR, "policy: time_zone \"%s\" is not known here: install tzdata or correct it",
             context->policy.time_zone);
    return MEDGL_ERR_POLICY;
}

static enum medgl_error context_load(const struct context *read, struct context *context)
{
    if (read == NULL || read->policy_lost) {
        context->policy_read = clock_monotonic();
        return policy_load(context->root, geteuid(), NULL, &context->policy);
    }
    context->policy_read = read->policy_read;
    context->policy = read->policy;
    return MEDGL_OK;
}

static enum medgl_error context_policy(const struct context *read, struct context *context)
{
    enum medgl_error error = context_load(read, context);
    if (error == MEDGL_OK)
        return context_zone(context);
    log_line(LOG_ERR,
             "the policy in %s%s is not usable, and nobody logs in until it is: correct it, and "
             "see that medgl-admin policy check finds nothing",
             context->root, MEDGL_SYSCONFDIR);
    return error;
}

/* MUST: no mistake in the policy keeps a break-glass account out (R32). Where the zone is not known
 * here, that of the machine holds. */
static void context_policy_breakglass(const struct context *read, struct context *context)
{
    context->policy_lost = context_load(read, context) != MEDGL_OK;
    if (context->policy_lost)
        policy_defaults(&context->policy);
    (void)context_zone(context);
}

static enum medgl_error context_read_policy(struct store_txn *txn, void *argument)
{
    return policy_seen_last(txn, argument);
}

/* The one that this store saw last, where the files are of no use. */
static void context_policy_last(struct context *context)
{
    const enum medgl_error error =
        store_transact(context->store, STORE_READ, context_read_policy, &context->policy);
    log_line(LOG_ERR,
             "the policy in %s%s is not usable: for break-glass accounts %s; everybody else stays "
             "out until it is corrected: see that medgl-admin policy check finds nothing",
             context->root, MEDGL_SYSCONFDIR,
             error == MEDGL_OK ? "the one that was seen last holds" : "the defaults hold");
    if (error != MEDGL_OK)
        policy_defaults(&context->policy);
    (void)context_zone(context);
}

/* -- opening ---------------------------------------------------------------------------------- */

enum medgl_error context_store(struct context *context, bool create, bool read_only)
{
    MEDGL_TRY(context_lines(context));
    enum medgl_error error = context_store_under(context, create, read_only, context->seal);
    if (error == MEDGL_ERR_KEY)
        error = context_other_key(context, create, read_only);
    if (error == MEDGL_OK && context->policy_lost)
        context_policy_last(context);
    return error == MEDGL_OK ? context_settle_signer(context) : error;
}

enum medgl_error context_prepare_of(enum context_place place, const char *root,
                                    const struct context *read, struct context *context)
{
    *context =
        (struct context){.place = place, .patience_ms = CONTEXT_PATIENCE_MS, .actor = {.uid = -1}};
    MEDGL_TRY(text_copy(context->root, sizeof(context->root), root));
    actor_from_audit(&context->actor);
    switch (place) {
    case CONTEXT_MAIN:
        MEDGL_TRY(context_policy(read, context));
        actor_look_name(&context->actor);
        break;
    /* MUST: no user database that hangs keeps a break-glass account out: its entries have the uid.
     * Whoever acts for an operator gives their name. */
    case CONTEXT_BREAKGLASS:
        context_policy_breakglass(read, context);
        break;
    }
    return context_keys(context);
}

enum medgl_error context_prepare(const char *root, struct context *context)
{
    return context_prepare_of(CONTEXT_MAIN, root, NULL, context);
}

enum medgl_error context_open(const char *root, enum context_need need, struct context *context)
{
    return context_open_as(root, need, NULL, context);
}

enum medgl_error context_open_as(const char *root, enum context_need need,
                                 const struct context *read, struct context *context)
{
    enum medgl_error error = context_prepare_of(CONTEXT_MAIN, root, read, context);
    if (error == MEDGL_OK)
        error = context_store(context, false, need == CONTEXT_READING);
    if (error != MEDGL_OK)
        context_close(context);
    return error;
}

void context_close(struct context *context)
{
    store_close(&context->store);
    note_signer_free(&context->signer);
    seal_key_free(&context->seal);
    secret_wipe(context, sizeof(*context));
}

/* /proc/self/loginuid: set once per login by pam_loginuid, kept through su and sudo. */
void actor_from_audit(struct actor *actor)
{
    char text[24] = "";
    *actor = (struct actor){.uid = -1};
    auto_fd int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (got <= 0)
        return;
    char *end;
    unsigned long uid = strtoul(text, &end, 10);
    if ((*end != '\0' && *end != '\n') || uid >= 0xffffffffUL)
        return;
    actor->uid = (int64_t)uid;
}

void actor_look_name(struct actor *actor)
{
    const struct passwd *user = actor->uid >= 0 ? getpwuid((uid_t)actor->uid) : NULL;
    if (user != NULL)
        text_printable(actor->name, sizeof(actor->name), user->pw_name);
}

/* MUST: the wait ends well before the attempt that is in flight, and before the engine's own end:
 * else a crowded machine would count right passwords as failed tries, and lock their owners out. */
struct password_line context_line(const struct context *context)
{
    const int64_t half = policy_span_most(context->policy.attempt_timeout) / 2;
    const int64_t patience = (half < CONTEXT_LINE_MS ? half : CONTEXT_LINE_MS) - context->spent_ms;
    const bool console = context->console && context->kdf_directory_console[0] != '\0';
    return (struct password_line){
        .directory = console ? context->kdf_directory_console : context->kdf_directory,
        .slots = console ? 1 : (unsigned)context->policy.kdf_slots,
        .patience_ms = patience > 0 ? patience : 0,
    };
}

struct kdf_cost context_cost(const struct context *context)
{
    return (struct kdf_cost){
        .memory_kib = (uint32_t)(context->policy.kdf_memory / 1024),
        .time = (uint32_t)context->policy.kdf_time,
        .lanes = (uint32_t)context->policy.kdf_lanes,
    };
}
