/* What witnesses say of checkpoints: their signatures are taken in once they are verified, and
 * counted. A signature of anybody else is nothing here. */
#include "operation/cosign.h"
#include "operation/prove.h"
#include "operation/refuse.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WITNESSES_FILE_MAX 65536
#define WHY_SIZE           STORE_TEXT_SIZE
#define SIGNATURE_PREFIX   "\u2014 "
#define ANSWERED_MOST      1000

/* -- who they are -------------------------------------------------------------------------------
 */

void witnesses_free(struct witnesses *witnesses)
{
    for (size_t i = 0; i < witnesses->count; i++)
        cosigner_free(&witnesses->key[i]);
    witnesses->count = 0;
}

/* MUST: nobody counts twice, by two keys of one name or by one key under two. */
static enum medgl_error witnesses_add(struct witnesses *witnesses, const char *line)
{
    if (witnesses->count == WITNESSES_MOST)
        return MEDGL_ERR_KEY;
    struct cosigner **key = &witnesses->key[witnesses->count];
    MEDGL_TRY(cosigner_open(line, key));
    for (size_t i = 0; i < witnesses->count; i++)
        if (cosigner_same(witnesses->key[i], *key)) {
            cosigner_free(key);
            return MEDGL_ERR_KEY;
        }
    witnesses->count++;
    return MEDGL_OK;
}

static enum medgl_error witnesses_parse(struct witnesses *witnesses, char *text)
{
    unsigned number = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        line[strcspn(line, "\r")] = '\0';
        line += strspn(line, " \t");
        if (line[0] == '\0' || line[0] == '#')
            continue;
        enum medgl_error error = witnesses_add(witnesses, line);
        if (error == MEDGL_ERR_KEY)
            log_line(LOG_ERR,
                     PATH_WITNESSES ": line %u is no key of a witness (NAME+HASH+KEY of type "
                                    "0x04), or there under that name or with that key "
                                    "already, or one beyond %d: correct it",
                     number, WITNESSES_MOST);
        MEDGL_TRY(error);
    }
    return MEDGL_OK;
}

enum medgl_error witnesses_open(const struct context *context, struct witnesses *witnesses)
{
    auto_secret struct secret text = SECRET_NONE;
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = WITNESSES_FILE_MAX};
    char path[PATH_MAX];
    witnesses->count = 0;
    MEDGL_TRY(path_under(path, context->root, PATH_WITNESSES));
    enum medgl_error error = file_read_trusted(path, &rule, &text);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    if (text.bytes == NULL || strlen((const char *)text.bytes) != text.len)
        return MEDGL_ERR_KEY;
    error = witnesses_parse(witnesses, (char *)text.bytes);
    if (error != MEDGL_OK)
        witnesses_free(witnesses);
    return error;
}

/* -- signature lines ------------------------------------------------------------------------------
 */

/* One line of signature over a text, as a note of its own. */
struct statement {
    char note[STORE_COSIGNED_SIZE];
    size_t witness; /* WITNESSES_MOST: none of ours */
    uint64_t seconds;
};

/* Where the signature lines of a note begin; NULL: it is none. */
static const char *note_lines(const char *note)
{
    const char *split = NULL;
    for (const char *at = strstr(note, "\n\n"); at != NULL; at = strstr(at + 1, "\n\n"))
        split = at;
    return split != NULL && split[2] != '\0' ? split + 2 : NULL;
}

/* The next line. MEDGL_ERR_NOT_FOUND: there is none. MEDGL_ERR_CORRUPT: it says that it is of a
 * witness, and is not valid. */
static enum medgl_error statement_next(const char *note, const char **at,
                                       const struct witnesses *witnesses,
                                       struct statement *statement)
{
    const char *lines = note_lines(note);
    const int text = lines != NULL ? (int)(lines - note) : 0;
    const int len = (int)strcspn(*at, "\n");
    if (len == 0)
        return MEDGL_ERR_NOT_FOUND;
    if (snprintf(statement->note, sizeof(statement->note), "%.*s%.*s\n", text, note, len, *at) >=
        (int)sizeof(statement->note))
        return MEDGL_ERR_CORRUPT;
    *at += len + ((*at)[len] == '\n');
    statement->seconds = 0;
    for (statement->witness = 0; statement->witness < witnesses->count; statement->witness++) {
        enum medgl_error error = cosignature_verify(
            statement->note, witnesses->key[statement->witness], &statement->seconds);
        if (error != MEDGL_ERR_NOT_FOUND)
            return error;
    }
    statement->witness = WITNESSES_MOST;
    return MEDGL_OK;
}

/* The latest that each witness says on a note; 0: nothing. */
static enum medgl_error note_times(const char *note, const struct witnesses *witnesses,
                                   uint64_t seconds[WITNESSES_MOST])
{
    struct statement statement;
    const char *at = note_lines(note);
    enum medgl_error error = at != NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT;
    memset(seconds, 0, WITNESSES_MOST * sizeof(*seconds));
    while (error == MEDGL_OK) {
        error = statement_next(note, &at, witnesses, &statement);
        if (error == MEDGL_OK && statement.witness < WITNESSES_MOST &&
            statement.seconds > seconds[statement.witness])
            seconds[statement.witness] = statement.seconds;
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* -- taking them in ------------------------------------------------------------------------------
 */

struct cosign_run {
    struct context *context;
    const char *note;
    const struct witnesses *witnesses;
    uint64_t size;
    uint64_t said[WITNESSES_MOST]; /* by the note */
    struct kept_checkpoint kept;
    unsigned count;
    bool taken; /* something was new */
    char *why;
};

static enum medgl_error cosign_nobody(char *why)
{
    (void)snprintf(why, WHY_SIZE, _("no witness is known here: put their keys into %s, one a line"),
                   PATH_WITNESSES);
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error cosign_unsigned(char *why)
{
    (void)snprintf(why, WHY_SIZE, _("no witness of %s has signed it"), PATH_WITNESSES);
    return MEDGL_ERR_REFUSED;
}

/* The second line. What the text says besides is compared with what is kept. */
static bool note_size(const char *note, uint64_t *size)
{
    const char *line = strchr(note, '\n');
    char text[24];
    const size_t len = line != NULL ? strcspn(line + 1, "\n") : 0;
    if (len == 0 || len >= sizeof(text) || strspn(line + 1, "0123456789") != len)
        return false;
    memcpy(text, line + 1, len);
    text[len] = '\0';
    *size = strtoull(text, NULL, 10);
    return true;
}

/* The kept note without the lines of witnesses that said something later, and with those. */
static enum medgl_error cosign_merge(struct cosign_run *run)
{
    struct statement statement;
    uint64_t known[WITNESSES_MOST];
    char merged[STORE_COSIGNED_SIZE];
    const char *at = note_lines(run->kept.note), *begin = at;
    MEDGL_TRY(note_times(run->kept.note, run->witnesses, known));
    (void)snprintf(merged, sizeof(merged), "%.*s", (int)(begin - run->kept.note), run->kept.note);
    for (const char *line = at;
         statement_next(run->kept.note, &at, run->witnesses, &statement) == MEDGL_OK; line = at) {
        const bool replaced =
            statement.witness < WITNESSES_MOST && run->said[statement.witness] > statement.seconds;
        const size_t used = strlen(merged);
        if (!replaced)
            (void)snprintf(merged + used, sizeof(merged) - used, "%.*s", (int)(at - line), line);
    }
    at = note_lines(run->note);
    while (statement_next(run->note, &at, run->witnesses, &statement) == MEDGL_OK) {
        const size_t w = statement.witness;
        if (w == WITNESSES_MOST || statement.seconds != run->said[w] || run->said[w] <= known[w])
            continue;
        if (cosignature_merge(merged, statement.note, run->kept.note, sizeof(run->kept.note)) !=
            MEDGL_OK)
            return refuse(run->why, _("the checkpoint has no room for more signatures"));
        memcpy(merged, run->kept.note, sizeof(merged));
        run->taken = true;
    }
    memcpy(run->kept.note, merged, sizeof(merged));
    return MEDGL_OK;
}

static enum medgl_error cosign_record(struct cosign_run *run, struct store_txn *txn)
{
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    char names[WITNESSES_MOST * (NOTE_ORIGIN_SIZE + 1)] = "";
    for (size_t i = 0; i < run->witnesses->count; i++) {
        const size_t used = strlen(names);
        if (run->said[i] > 0)
            (void)snprintf(names + used, sizeof(names) - used, "%s%s", used > 0 ? " " : "",
                           cosigner_name(run->witnesses->key[i]));
    }
    evidence_begin(run->context, &clock, LEDGER_COSIGN, NULL, &entry);
    ledger_entry_number(&entry, "size", (int64_t)run->size);
    ledger_entry_text(&entry, "witnesses", names);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return evidence_keep(txn, clock.now);
}

static enum medgl_error cosign_now(struct store_txn *txn, void *argument)
{
    struct cosign_run *run = argument;
    uint64_t seconds[WITNESSES_MOST];
    char same[STORE_COSIGNED_SIZE];
    run->taken = false;
    run->count = 0;
    enum medgl_error error = store_checkpoint_of(txn, run->size, &run->kept);
    if (error == MEDGL_ERR_NOT_FOUND)
        return refuse(run->why, _("no checkpoint of that size was given out here"));
    MEDGL_TRY(error);
    if (note_lines(run->kept.note) == NULL)
        return MEDGL_ERR_CORRUPT;
    /* What is not the same text is another ledger's. */
    if (cosignature_merge(run->kept.note, run->note, same, sizeof(same)) == MEDGL_ERR_CORRUPT)
        return refuse(run->why,
                      _("it is no checkpoint of this ledger: the one that was kept of that "
                        "size says something else. Keep both, and call the auditor"));
    MEDGL_TRY(cosign_merge(run));
    MEDGL_TRY(note_times(run->kept.note, run->witnesses, seconds));
    for (size_t i = 0; i < run->witnesses->count; i++)
        run->count += seconds[i] > 0;
    if (!run->taken)
        return MEDGL_OK;
    MEDGL_TRY(store_checkpoint_update(txn, &run->kept));
    return cosign_record(run, txn);
}

/* -- answers --------------------------------------------------------------------------------------
 */

/* A witness answers with signature lines alone: the checkpoint that they are over is one of the
 * latest that were given out. */
struct answer_run {
    const struct witnesses *witnesses;
    const char *lines;
    uint64_t sizes[ANSWERED_MOST]; /* a ring */
    size_t count;
    char note[STORE_COSIGNED_SIZE];
};

static enum medgl_error answer_collect(void *argument, uint64_t size, const char *checkpoint)
{
    struct answer_run *run = argument;
    (void)checkpoint;
    run->sizes[run->count++ % ANSWERED_MOST] = size;
    return MEDGL_OK;
}

/* Whether all that the witnesses among the lines sign is this text. */
static bool answer_fits(struct answer_run *run, const char *kept)
{
    uint64_t seconds[WITNESSES_MOST];
    const char *lines = note_lines(kept);
    if (lines == NULL || snprintf(run->note, sizeof(run->note), "%.*s%s", (int)(lines - kept), kept,
                                  run->lines) >= (int)sizeof(run->note))
        return false;
    return note_times(run->note, run->witnesses, seconds) == MEDGL_OK;
}

static enum medgl_error answer_find(struct store_txn *txn, void *argument)
{
    struct answer_run *run = argument;
    struct kept_checkpoint kept;
    run->count = 0;
    MEDGL_TRY(store_checkpoint_each(txn, answer_collect, run));
    for (size_t i = 0; i < run->count && i < ANSWERED_MOST; i++) {
        MEDGL_TRY(
            store_checkpoint_of(txn, run->sizes[(run->count - 1 - i) % ANSWERED_MOST], &kept));
        if (answer_fits(run, kept.note))
            return MEDGL_OK;
    }
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error cosign_answer(struct context *context, const struct witnesses *witnesses,
                                      const char *lines, char note[STORE_COSIGNED_SIZE], char *why)
{
    auto_free struct answer_run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return MEDGL_ERR_MEMORY;
    run->witnesses = witnesses;
    run->lines = lines;
    enum medgl_error error = store_transact(context->store, STORE_READ, answer_find, run);
    memcpy(note, run->note, sizeof(run->note));
    return error == MEDGL_ERR_REFUSED
               ? refuse(why, _("none of the latest checkpoints is what these lines sign: "
                               "hand in the whole checkpoint with them"))
               : error;
}

enum medgl_error operation_cosign(struct context *context, const char *note, unsigned *count,
                                  char why[])
{
    char answered[STORE_COSIGNED_SIZE];
    auto_clean(witnesses_free) struct witnesses witnesses = {.count = 0};
    struct cosign_run run = {.context = context, .note = note, .witnesses = &witnesses, .why = why};
    bool any = false;
    *count = 0;
    why[0] = '\0';
    MEDGL_TRY(witnesses_open(context, &witnesses));
    if (witnesses.count == 0)
        return cosign_nobody(why);
    if (strncmp(note, SIGNATURE_PREFIX, strlen(SIGNATURE_PREFIX)) == 0) {
        MEDGL_TRY(cosign_answer(context, &witnesses, note, answered, why));
        run.note = answered;
    }
    note = run.note;
    if (strlen(note) >= STORE_COSIGNED_SIZE || note_lines(note) == NULL ||
        !note_size(note, &run.size))
        return refuse(why, _("it is no checkpoint"));
    enum medgl_error error = note_times(note, &witnesses, run.said);
    if (error == MEDGL_ERR_CORRUPT)
        return refuse(why, _("a signature in it that says it is a witness's is not valid"));
    MEDGL_TRY(error);
    for (size_t i = 0; i < witnesses.count; i++)
        any |= run.said[i] > 0;
    if (!any)
        return cosign_unsigned(why);
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, cosign_now, &run));
    *count = run.count;
    if (run.taken)
        (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}

/* -- what they say ------------------------------------------------------------------------------
 */

struct state_run {
    const struct witnesses *witnesses;
    size_t quorum;
    struct witness_state *state;
    uint64_t *sizes; /* of checkpoints that somebody besides us may have signed */
    size_t count, room;
};

static void state_free(struct state_run *run)
{
    free(run->sizes);
}

static enum medgl_error state_collect(void *argument, uint64_t size, const char *checkpoint)
{
    struct state_run *run = argument;
    const char *lines = note_lines(checkpoint);
    const char *second = lines != NULL ? strchr(lines, '\n') : NULL;
    if (second == NULL || second[1] == '\0')
        return MEDGL_OK;
    if (run->count == run->room) {
        const size_t room = run->room > 0 ? 2 * run->room : 64;
        uint64_t *more = reallocarray(run->sizes, room, sizeof(*more));
        if (more == NULL)
            return MEDGL_ERR_MEMORY;
        run->sizes = more;
        run->room = room;
    }
    run->sizes[run->count++] = size;
    return MEDGL_OK;
}

static int later_first(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? 1 : (one > other ? -1 : 0);
}

/* Since when as many witnesses as the quorum have seen it; false: fewer have. One that is not valid
 * counts for nothing: verification tells of it. */
static bool state_settle(struct state_run *run, const struct kept_checkpoint *kept)
{
    uint64_t seconds[WITNESSES_MOST];
    if (note_times(kept->note, run->witnesses, seconds) != MEDGL_OK)
        return false;
    qsort(seconds, WITNESSES_MOST, sizeof(*seconds), later_first);
    if (run->quorum > WITNESSES_MOST || seconds[run->quorum - 1] == 0)
        return false;
    run->state->size = kept->size;
    run->state->time = (medgl_time)(seconds[run->quorum - 1] * (uint64_t)MEDGL_SECOND);
    return true;
}

static enum medgl_error state_read(struct store_txn *txn, void *argument)
{
    struct state_run *run = argument;
    struct kept_checkpoint kept;
    run->count = 0;
    run->state->size = 0;
    run->state->time = 0;
    MEDGL_TRY(store_checkpoint_each(txn, state_collect, run));
    if (run->count > 0)
        qsort(run->sizes, run->count, sizeof(*run->sizes), later_first);
    for (size_t i = 0; i < run->count; i++) {
        MEDGL_TRY(store_checkpoint_of(txn, run->sizes[i], &kept));
        if (state_settle(run, &kept))
            break;
    }
    return MEDGL_OK;
}

enum medgl_error operation_witness_state(struct context *context, struct witness_state *state)
{
    auto_clean(witnesses_free) struct witnesses witnesses = {.count = 0};
    const int64_t quorum = context->policy.witness_quorum;
    *state = (struct witness_state){.witnesses = 0};
    MEDGL_TRY(witnesses_open(context, &witnesses));
    state->witnesses = (unsigned)witnesses.count;
    if (witnesses.count == 0)
        return MEDGL_OK;
    auto_clean(state_free) struct state_run run = {
        .witnesses = &witnesses, .quorum = quorum > 0 ? (size_t)quorum : 1, .state = state};
    return store_transact(context->store, STORE_READ, state_read, &run);
}
