/* Opens what every operation needs, and says what to do when something is missing. Never goes on
 * without a part. */
#include "operation/context.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "policy/calendar.h"
#include "policy/load.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define CONTEXT_PATIENCE_MS                                                                        \
    10000 /* of other writers; the waits of a login add up to the engine's life */
#define CONTEXT_LINE_MS 20000
#define KEY_FILE_MAX    4096

static enum medgl_error context_key_file(const char *root, const char *name, struct secret *text)
{
    char path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0077, .max = KEY_FILE_MAX};
    MEDGL_TRY(path_under(path, root, name));
    enum medgl_error error = file_read_trusted(path, &rule, text);
    if (error == MEDGL_OK)
        return MEDGL_OK;
    log_line(
        LOG_ERR,
        "key %s: %s: restore it from the backup (or run medgl-admin setup on a new installation)",
        path, medgl_error_text(error));
    return MEDGL_ERR_KEY;
}

static enum medgl_error context_keys(struct context *context)
{
    auto_secret struct secret store_key = SECRET_NONE;
    auto_secret struct secret ledger_key = SECRET_NONE;
    MEDGL_TRY(context_key_file(context->root, PATH_STORE_KEY, &store_key));
    MEDGL_TRY(context_key_file(context->root, PATH_LEDGER_KEY, &ledger_key));
    enum medgl_error error = seal_key_open(&store_key, &context->seal);
    if (error == MEDGL_OK)
        error = note_signer_open(&ledger_key, &context->signer);
    if (error != MEDGL_OK)
        log_line(LOG_ERR, "a key in %s%s is malformed: restore it from the backup", context->root,
                 MEDGL_SYSCONFDIR);
    return error;
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

enum medgl_error context_store(struct context *context, bool create, bool read_only)
{
    unsigned char row_key[CRYPTO_HASH_SIZE];
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, context->root, PATH_STORE));
    MEDGL_TRY(context_lines(context));
    MEDGL_TRY(seal_key_derive(context->seal, "medgl unknown names", context->tag_key));
    MEDGL_TRY(seal_key_derive(context->seal, "medgl row mac", row_key));
    const struct store_options options = {
        .path = path,
        .row_key = row_key,
        .patience_ms = CONTEXT_PATIENCE_MS,
        .create = create,
        .read_only = read_only,
    };
    enum medgl_error error = store_open(&options, &context->store);
    secret_wipe(row_key, sizeof(row_key));
    return error;
}

enum medgl_error context_prepare(const char *root, struct context *context)
{
    *context = (struct context){.actor = {.uid = -1}};
    MEDGL_TRY(text_copy(context->root, sizeof(context->root), root));
    context->policy_read = clock_monotonic();
    enum medgl_error error = policy_load(root, geteuid(), NULL, &context->policy);
    if (error != MEDGL_OK) {
        log_line(LOG_ERR,
                 "the policy in %s%s is not usable, and nobody logs in until it is: correct it, "
                 "and see that medgl-admin policy check finds nothing",
                 root, MEDGL_SYSCONFDIR);
        return error;
    }
    if (clock_set_zone(context->policy.time_zone) != MEDGL_OK) {
        log_line(LOG_ERR,
                 "policy: time_zone \"%s\" is not known here: install tzdata or correct it",
                 context->policy.time_zone);
        return MEDGL_ERR_POLICY;
    }
    actor_from_audit(&context->actor);
    return context_keys(context);
}

enum medgl_error context_open(const char *root, enum context_need need, struct context *context)
{
    enum medgl_error error = context_prepare(root, context);
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
    const struct passwd *user = getpwuid((uid_t)uid);
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
