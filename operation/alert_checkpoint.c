/* The newest checkpoint to each program of notify.d (R08): what leaves the machine is what a
 * rewritten ledger contradicts. No alert: nobody is disturbed, nothing is written into the ledger
 * for it, and of several that wait the newest says all that the others do.
 *
 * Who had it is remembered in a file of ours, so that one program that fails makes the others get
 * nothing twice. It proves nothing: without it everybody gets the newest once more. */
#include "operation/alert.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define TOLD_FILE     "/told" /* beside the store */
#define TOLD_MAX      65536
#define RECEIVERS     32
#define BACK_OFF      MEDGL_MINUTE
#define BACK_OFF_MOST MEDGL_HOUR

/* What a program had, and when it is tried again. */
struct receiver {
    char channel[STORE_NAME_SIZE];
    uint64_t size; /* of the newest that it had */
    uint32_t tries;
    medgl_time next;
    bool here; /* it is in notify.d */
};

struct tell {
    struct context *context;
    const struct alert_carrier *carrier;
    struct alert_report *report;
    struct kept_checkpoint newest;
    struct receiver receiver[2 * RECEIVERS];
    size_t count;
    bool blind; /* the directory cannot be read */
};

/* -- who had what -------------------------------------------------------------------------------
 */

static struct receiver *tell_find(struct tell *tell, const char *channel)
{
    for (size_t i = 0; i < tell->count; i++)
        if (strcmp(tell->receiver[i].channel, channel) == 0)
            return &tell->receiver[i];
    if (tell->count == MEDGL_COUNT(tell->receiver))
        return NULL;
    struct receiver *fresh = &tell->receiver[tell->count];
    *fresh = (struct receiver){.size = 0};
    if (text_copy(fresh->channel, sizeof(fresh->channel), channel) != MEDGL_OK)
        return NULL;
    tell->count++;
    return fresh;
}

/* "SIZE TRIES NEXT CHANNEL", a line each. What is not so is passed over. */
static void told_parse(struct tell *tell, char *text)
{
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        struct receiver read = {.size = 0};
        int used = 0;
        if (sscanf(line, "%" SCNu64 " %" SCNu32 " %" SCNd64 " %n", &read.size, &read.tries,
                   &read.next, &used) != 3 ||
            used == 0)
            continue;
        struct receiver *receiver = tell_find(tell, line + used);
        if (receiver == NULL)
            continue;
        receiver->size = read.size;
        receiver->tries = read.tries;
        receiver->next = read.next;
    }
}

static enum medgl_error told_path(const struct tell *tell, char path[PATH_MAX])
{
    char state[PATH_MAX];
    MEDGL_TRY(context_path(tell->context, CONTEXT_FILE_STATE, state));
    return path_under(path, state, TOLD_FILE);
}

static void told_read(struct tell *tell)
{
    auto_secret struct secret text = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = TOLD_MAX};
    char path[PATH_MAX];
    if (told_path(tell, path) == MEDGL_OK && file_read_trusted(path, &rule, &text) == MEDGL_OK &&
        text.bytes != NULL)
        told_parse(tell, (char *)text.bytes);
}

static enum medgl_error told_write(const struct tell *tell)
{
    auto_free char *text = NULL;
    char path[PATH_MAX];
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return MEDGL_ERR_MEMORY;
    for (size_t i = 0; i < tell->count; i++)
        if (tell->receiver[i].here)
            (void)fprintf(stream, "%" PRIu64 " %" PRIu32 " %" PRId64 " %s\n",
                          tell->receiver[i].size, tell->receiver[i].tries, tell->receiver[i].next,
                          tell->receiver[i].channel);
    if (fclose(stream) != 0)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(told_path(tell, path));
    return file_replace(path, geteuid(), getegid(), 0600, text, size);
}

/* -- what they get -------------------------------------------------------------------------------
 */

/* With the names that alerts have, and two more. */
static enum medgl_error checkpoint_payload(const struct kept_checkpoint *kept,
                                           const char id[CRYPTO_ID_SIZE], char **payload)
{
    char host[STORE_NAME_SIZE] = "", time[CLOCK_TEXT_SIZE], text[96];
    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    clock_format_utc(kept->time, time);
    (void)snprintf(text, sizeof(text), "The ledger has %" PRIu64 " entries: keep this checkpoint.",
                   kept->size);
#define FIELD_TEXT(key, value)                                                                     \
    {                                                                                              \
        .name = (key), .type = LEDGER_FIELD_TEXT, .text = (value)                                  \
    }
    const struct ledger_field fields[] = {
        FIELD_TEXT("id", id),
        FIELD_TEXT("kind", ALERT_CHECKPOINT),
        {.name = "urgent", .type = LEDGER_FIELD_BOOL, .number = 0},
        FIELD_TEXT("host", host),
        FIELD_TEXT("time", time),
        FIELD_TEXT("last", time),
        {.name = "count", .type = LEDGER_FIELD_NUMBER, .number = 1},
        FIELD_TEXT("account", NULL),
        FIELD_TEXT("source", NULL),
        FIELD_TEXT("text", text),
        {.name = "size", .type = LEDGER_FIELD_NUMBER, .number = (int64_t)kept->size},
        FIELD_TEXT("note", kept->note),
    };
#undef FIELD_TEXT
    return ledger_fields_encode(fields, MEDGL_COUNT(fields), payload);
}

/* The same for the same text, whoever has signed it besides. */
static enum medgl_error checkpoint_id(const struct kept_checkpoint *kept, char id[CRYPTO_ID_SIZE])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    const char *end = strstr(kept->note, "\n\n");
    const struct bytes text = {kept->note, end != NULL ? (size_t)(end - kept->note) : 0};
    MEDGL_TRY(crypto_sha256(&text, 1, hash));
    text_hex(id, hash, (CRYPTO_ID_SIZE - 1) / 2);
    return MEDGL_OK;
}

/* -- telling ------------------------------------------------------------------------------------
 */

static enum medgl_error tell_receiver(void *argument, const char *channel)
{
    struct tell *tell = argument;
    tell->blind |= strcmp(channel, ALERT_HOOKS) == 0;
    if (strncmp(channel, ALERT_HOOK, strlen(ALERT_HOOK)) != 0)
        return MEDGL_OK;
    struct receiver *receiver = tell_find(tell, channel);
    if (receiver != NULL)
        receiver->here = true;
    return receiver != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

/* One that the clock puts further ahead than it is ever put off is due. */
static bool tell_due(const struct receiver *receiver, medgl_time now)
{
    return receiver->next <= now || receiver->next > now + BACK_OFF_MOST;
}

static medgl_time tell_back_off(uint32_t tries)
{
    medgl_time wait = BACK_OFF;
    for (uint32_t i = 1; i < tries && wait < BACK_OFF_MOST; i++)
        wait *= 2;
    return wait < BACK_OFF_MOST ? wait : BACK_OFF_MOST;
}

static void tell_one(struct tell *tell, struct receiver *receiver, const char *id,
                     const char *payload)
{
    char why[STORE_TEXT_SIZE] = "", shown[STORE_TEXT_SIZE];
    enum medgl_error error = tell->carrier->hand(tell->carrier->argument, receiver->channel, id,
                                                 ALERT_CHECKPOINT, payload, why);
    receiver->here = error != MEDGL_ERR_NOT_FOUND;
    if (error == MEDGL_OK) {
        tell->report->delivered++;
        receiver->size = tell->newest.size;
        receiver->tries = 0;
        receiver->next = 0;
    } else if (error != MEDGL_ERR_NOT_FOUND) {
        tell->report->failed++;
        receiver->tries += receiver->tries < UINT32_MAX;
        receiver->next = clock_read().now + tell_back_off(receiver->tries);
        text_printable(shown, sizeof(shown), why[0] != '\0' ? why : medgl_error_text(error));
        log_line(LOG_WARNING,
                 "checkpoint %" PRIu64 " could not be handed to %s: %s: it is tried again later",
                 tell->newest.size, receiver->channel, shown);
    }
}

static enum medgl_error tell_all(struct tell *tell, size_t *left)
{
    auto_free char *payload = NULL;
    char id[CRYPTO_ID_SIZE];
    *left = 0;
    MEDGL_TRY(checkpoint_id(&tell->newest, id));
    MEDGL_TRY(checkpoint_payload(&tell->newest, id, &payload));
    for (size_t i = 0; i < tell->count; i++) {
        struct receiver *receiver = &tell->receiver[i];
        if (!receiver->here || receiver->size == tell->newest.size)
            continue;
        if (tell_due(receiver, clock_read().now)) {
            tell_one(tell, receiver, id, payload);
            MEDGL_TRY(told_write(tell)); /* whatever comes next, it is not handed out again */
        }
        *left += receiver->here && receiver->size != tell->newest.size;
    }
    return MEDGL_OK;
}

static enum medgl_error tell_newest(struct store_txn *txn, void *argument)
{
    struct kept_checkpoint *newest = argument;
    enum medgl_error error = store_checkpoint_at(txn, clock_read().now, newest);
    if (error == MEDGL_ERR_NOT_FOUND)
        newest->size = 0;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* Read again: a witness may have signed it meanwhile. */
static enum medgl_error tell_done(struct store_txn *txn, void *argument)
{
    const struct tell *tell = argument;
    struct kept_checkpoint kept;
    MEDGL_TRY(store_checkpoint_of(txn, tell->newest.size, &kept));
    kept.told = clock_read().now;
    return store_checkpoint_update(txn, &kept);
}

/* Two processes would hand it out twice; the second leaves it to the first. */
static bool tell_lock(const struct context *context, int *fd)
{
    char path[PATH_MAX];
    if (context_path(context, CONTEXT_FILE_STATE, path) != MEDGL_OK)
        return false;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) == 0;
}

enum medgl_error operation_alert_checkpoint(struct context *context,
                                            const struct alert_carrier *carrier,
                                            struct alert_report *report)
{
    static const struct alert none = {.kind = ALERT_EVIDENCE};
    auto_fd int lock = -1;
    size_t left = 0, here = 0;
    *report = (struct alert_report){0};
    if (carrier->hand == NULL)
        return MEDGL_OK;
    auto_free struct tell *tell = calloc(1, sizeof(*tell));
    if (tell == NULL)
        return MEDGL_ERR_MEMORY;
    tell->context = context;
    tell->carrier = carrier;
    tell->report = report;
    MEDGL_TRY(store_transact(context->store, STORE_READ, tell_newest, &tell->newest));
    if (tell->newest.size == 0 || tell->newest.told != 0 || !tell_lock(context, &lock))
        return MEDGL_OK;
    told_read(tell);
    MEDGL_TRY(carrier->channels(carrier->argument, &none, tell_receiver, tell));
    MEDGL_TRY(tell_all(tell, &left));
    for (size_t i = 0; i < tell->count; i++)
        here += tell->receiver[i].here;
    report->waiting = (uint32_t)left - report->failed;
    if (left == 0 && here > 0 && !tell->blind)
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, tell_done, tell));
    return report->failed > 0 ? MEDGL_ERR_REFUSED : MEDGL_OK;
}
