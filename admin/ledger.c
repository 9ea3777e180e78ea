/* The noun ledger: shows, verifies and exports the evidence. Adds nothing to it. */
#include "admin/admin.h"

#include "operation/evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- walking -------------------------------------------------------------------------------- */

/* A block at a time, so that a slow reader of our output holds no transaction open. */
#define BLOCK_ENTRIES 512

struct line {
    uint64_t seq;
    char *text;
    size_t len;
};

struct block {
    struct line line[BLOCK_ENTRIES];
    size_t count;
};

/* What becomes of each line. The walk goes on after ADMIN_DONE and ADMIN_EVIDENCE, and ends with
 * anything else: nothing more can be written. */
typedef enum admin_exit (*line_function)(void *argument, const struct line *line);

static void block_clear(struct block *block)
{
    for (size_t i = 0; i < block->count; i++)
        free(block->line[i].text);
    block->count = 0;
}

static void block_free(struct block **block)
{
    if (*block != NULL)
        block_clear(*block);
    free(*block);
}

static enum medgl_error block_keep(void *argument, const struct ledger_row *row)
{
    struct block *block = argument;
    /* The transaction was run again. */
    if (block->count > 0 && row->seq <= block->line[block->count - 1].seq)
        block_clear(block);
    if (block->count == BLOCK_ENTRIES)
        return MEDGL_ERR_CORRUPT;
    char *text = strndup(row->line, row->len);
    if (text == NULL)
        return MEDGL_ERR_MEMORY;
    block->line[block->count++] = (struct line){.seq = row->seq, .text = text, .len = row->len};
    return MEDGL_OK;
}

static enum admin_exit ledger_failed(enum medgl_error error)
{
    if (error != MEDGL_ERR_CORRUPT)
        return admin_failed(error, "", NULL);
    complain(_("The ledger was changed: run medgl-admin ledger verify."));
    return ADMIN_EVIDENCE;
}

static bool walk_goes_on(enum admin_exit code)
{
    return code == ADMIN_DONE || code == ADMIN_EVIDENCE;
}

static enum admin_exit block_visit(const struct block *block, uint64_t *expected,
                                   line_function function, void *argument)
{
    enum admin_exit code = ADMIN_DONE;
    for (size_t i = 0; i < block->count && walk_goes_on(code); i++) {
        if (block->line[i].seq != *expected) {
            complain(_("Entry %" PRIu64 " is missing: run medgl-admin ledger verify."), *expected);
            code = ADMIN_EVIDENCE;
        }
        *expected = block->line[i].seq + 1;
        enum admin_exit visited = function(argument, &block->line[i]);
        if (visited != ADMIN_DONE)
            code = visited;
    }
    return code;
}

/* All entries with from <= seq < to. A gap, or an end before the head says so, is ADMIN_EVIDENCE,
 * but the walk goes on. */
static enum admin_exit ledger_walk(struct context *context, uint64_t from, uint64_t to,
                                   line_function function, void *argument)
{
    enum admin_exit code = ADMIN_DONE;
    uint64_t size = 0, expected = from;
    auto_clean(block_free) struct block *block = calloc(1, sizeof(*block));
    enum medgl_error error =
        block != NULL ? operation_ledger_size(context, &size) : MEDGL_ERR_MEMORY;
    if (to > size)
        to = size;
    for (uint64_t at = from; error == MEDGL_OK && walk_goes_on(code) && at < to;
         at += BLOCK_ENTRIES) {
        uint64_t end = to - at > BLOCK_ENTRIES ? at + BLOCK_ENTRIES : to;
        block_clear(block);
        error = operation_ledger_each(context, at, end, block_keep, block);
        enum admin_exit visited =
            error == MEDGL_OK ? block_visit(block, &expected, function, argument) : ADMIN_DONE;
        if (visited != ADMIN_DONE)
            code = visited;
    }
    if (error != MEDGL_OK)
        return ledger_failed(error);
    if (walk_goes_on(code) && expected < to) {
        complain(_("Entry %" PRIu64 " is missing: run medgl-admin ledger verify."), expected);
        return ADMIN_EVIDENCE;
    }
    return code;
}

/* -- show ----------------------------------------------------------------------------------- */

struct show {
    struct output *output;
    struct table *table; /* for people */
    bool by_kind;
    enum ledger_kind kind;
    const char *subject;
    struct line *last; /* a ring of the last ones that fit, of `last_size`; NULL: all are shown */
    size_t last_size;
    uint64_t matches;
    uint64_t shown;
};

/* The kind-specific fields as words: name=value ... */
static char *show_details(const struct ledger_entry *entry)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct ledger_field *field = &entry->fields[i];
        if (field->type == LEDGER_FIELD_TEXT && field->text[0] == '\0')
            continue;
        (void)fprintf(stream, "%s%s=", ftell(stream) > 0 ? " " : "", field->name);
        switch (field->type) {
        case LEDGER_FIELD_TEXT:
            (void)fprintf(stream, strchr(field->text, ' ') != NULL ? "\"%s\"" : "%s", field->text);
            break;
        case LEDGER_FIELD_NUMBER:
            (void)fprintf(stream, "%" PRId64, field->number);
            break;
        case LEDGER_FIELD_BOOL:
            (void)fputs(field->number != 0 ? "yes" : "no", stream);
            break;
        }
    }
    return fclose(stream) == 0 ? text : NULL;
}

static void show_entry(const struct show *show, const struct ledger_entry *entry)
{
    char actor[STORE_NAME_SIZE];
    auto_free char *details = show_details(entry);
    if (entry->actor.name[0] != '\0' || entry->actor.uid < 0)
        (void)snprintf(actor, sizeof(actor), "%s", entry->actor.name);
    else
        (void)snprintf(actor, sizeof(actor), "uid %" PRId64, entry->actor.uid);
    table_row(show->table, (struct cell[]){
                               CELL_NUMBER(entry->seq),
                               CELL_NUMBER(entry->time),
                               CELL_TEXT(ledger_kind_word(entry->kind)),
                               CELL_TEXT(actor),
                               CELL_TEXT(entry->subject.name),
                               CELL_TEXT(details),
                           });
}

static bool show_wants(const struct show *show, const struct ledger_entry *entry)
{
    return (!show->by_kind || entry->kind == show->kind) &&
           (show->subject == NULL ||
            (entry->subject.name != NULL && strcmp(entry->subject.name, show->subject) == 0));
}

static enum admin_exit show_decode(const struct line *line, struct ledger_parsed **parsed)
{
    if (ledger_entry_decode(line->text, line->len, parsed) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("Entry %" PRIu64 " cannot be read: run medgl-admin ledger verify."), line->seq);
    return ADMIN_EVIDENCE;
}

static enum admin_exit show_print(struct show *show, const struct line *line)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    enum admin_exit code = show_decode(line, &parsed);
    if (code != ADMIN_DONE)
        return code;
    if (show->table == NULL)
        output_array_value(show->output, show->shown == 0, line->text, line->len);
    else
        show_entry(show, ledger_parsed_entry(parsed));
    show->shown++;
    return show->output->failed ? ADMIN_UNUSABLE : ADMIN_DONE;
}

static enum admin_exit show_line(void *argument, const struct line *line)
{
    struct show *show = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    enum admin_exit code = ADMIN_DONE;
    if (show->by_kind || show->subject != NULL)
        code = show_decode(line, &parsed);
    if (code != ADMIN_DONE || (parsed != NULL && !show_wants(show, ledger_parsed_entry(parsed))))
        return code;
    if (show->last == NULL)
        return show_print(show, line);
    struct line *place = &show->last[show->matches++ % show->last_size];
    free(place->text);
    *place =
        (struct line){.seq = line->seq, .text = strndup(line->text, line->len), .len = line->len};
    return admin_failed(place->text != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY, "", NULL);
}

/* What --last kept, oldest first. */
static enum admin_exit show_last(struct show *show)
{
    enum admin_exit code = ADMIN_DONE;
    uint64_t first = show->matches > show->last_size ? show->matches - show->last_size : 0;
    for (uint64_t i = first; i < show->matches; i++) {
        struct line *line = &show->last[i % show->last_size];
        enum admin_exit printed = line->text != NULL ? show_print(show, line) : ADMIN_DONE;
        if (printed != ADMIN_DONE)
            code = printed;
    }
    for (size_t i = 0; i < show->last_size; i++)
        free(show->last[i].text);
    free(show->last);
    return code;
}

static enum admin_exit show_run(struct admin *admin, struct show *show)
{
    const struct options *options = &admin->options;
    uint64_t from, to, last = options_number(options, OPTION_LAST, 0), size = 0;
    options_range(options, OPTION_SEQ, &from, &to);
    to++;
    if (options->value[OPTION_KIND] != NULL) {
        show->by_kind = true;
        if (ledger_kind_parse(options->value[OPTION_KIND], &show->kind) != MEDGL_OK)
            return ADMIN_USAGE;
    }
    show->subject = options->value[OPTION_SUBJECT];
    if (last > 0 && !show->by_kind && show->subject == NULL) {
        enum medgl_error error = operation_ledger_size(&admin->context, &size);
        if (error != MEDGL_OK)
            return ledger_failed(error);
        size = size < to ? size : to;
        from = size > last && size - last > from ? size - last : from;
    } else if (last > 0) {
        show->last_size = (size_t)last;
        show->last = calloc(show->last_size, sizeof(*show->last));
        if (show->last == NULL)
            return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    }
    enum admin_exit code = ledger_walk(&admin->context, from, to, show_line, show);
    enum admin_exit kept = show->last != NULL ? show_last(show) : ADMIN_DONE;
    return code != ADMIN_DONE ? code : kept;
}

enum admin_exit ledger_show(struct admin *admin)
{
    static const struct column columns[] = {
        {"seq", N_("SEQ"), COLUMN_NUMBER, COLUMN_BOTH},
        {"time", N_("TIME"), COLUMN_TIME, COLUMN_BOTH},
        {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
        {"actor", N_("ACTOR"), COLUMN_TEXT, COLUMN_BOTH},
        {"subject", N_("SUBJECT"), COLUMN_TEXT, COLUMN_BOTH},
        {"details", N_("DETAILS"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct show show = {.output = &admin->output};
    if (show.output->json) {
        output_array_begin(show.output, "entries");
        enum admin_exit code = show_run(admin, &show);
        output_array_end(show.output);
        return code;
    }
    show.table = table_new(show.output, "entries", TABLE_LIST, columns, MEDGL_COUNT(columns));
    enum admin_exit code = show_run(admin, &show);
    table_print(&show.table);
    return code;
}

/* -- verify --------------------------------------------------------------------------------- */

struct verify {
    struct table *faults;
    bool progress; /* was shown: its line is open */
};

static void verify_fault(void *argument, uint64_t seq, const char *what)
{
    const struct verify *verify = argument;
    table_row(verify->faults, (struct cell[]){CELL_NUMBER(seq), CELL_TEXT(what)});
}

static void verify_progress(void *argument, uint64_t done, uint64_t total)
{
    struct verify *verify = argument;
    verify->progress = true;
    (void)fprintf(stderr, "\r%" PRIu64 "/%" PRIu64, done, total);
}

static void verify_result(struct admin *admin, const struct ledger_result *result)
{
    static const struct column columns[] = {
        {"entries", N_("Entries"), COLUMN_NUMBER, COLUMN_BOTH},
        {"faults", N_("Faults"), COLUMN_NUMBER, COLUMN_BOTH},
        {"checkpoints", N_("Checkpoints that fit"), COLUMN_NUMBER, COLUMN_BOTH},
        {"clock_backwards", N_("Times that the clock went back"), COLUMN_NUMBER, COLUMN_BOTH},
        {"clock_unsynchronised", N_("Entries under an unsynchronised clock"), COLUMN_NUMBER,
         COLUMN_BOTH},
        {"root", N_("Root hash"), COLUMN_TEXT, COLUMN_BOTH},
        {"verified", N_("Verified"), COLUMN_BOOL, COLUMN_BOTH},
    };
    char root[CRYPTO_HASH_SIZE * 2];
    crypto_base64(root, result->root, sizeof(result->root), true);
    struct table *table =
        table_new(&admin->output, "verification", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){
                         CELL_NUMBER(result->entries),
                         CELL_NUMBER(result->faults),
                         CELL_NUMBER(result->checkpoints),
                         CELL_NUMBER(result->clock_backwards),
                         CELL_NUMBER(result->clock_unsynchronised),
                         CELL_TEXT(root),
                         CELL_NUMBER(result->faults == 0),
                     });
    table_print(&table);
}

enum admin_exit ledger_verify(struct admin *admin)
{
    static const struct column columns[] = {
        {"seq", N_("AT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"what", N_("FAULT"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct verify verify = {
        .faults = table_new(&admin->output, "faults", TABLE_LIST, columns, MEDGL_COUNT(columns))};
    const struct evidence_request request = {
        .checkpoints = (const char *const *)admin->checkpoint,
        .labels = admin->options.checkpoint,
        .checkpoint_count = admin->options.checkpoint_count,
        .fault = verify_fault,
        .argument = &verify,
        .progress = isatty(STDERR_FILENO) ? verify_progress : NULL,
    };
    struct ledger_result result = {0};
    enum medgl_error error = operation_verify(&admin->context, &request, &result);
    if (verify.progress)
        (void)fputc('\n', stderr);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT) {
        table_free(&verify.faults);
        return admin_failed(error, "", NULL);
    }
    table_print(&verify.faults);
    verify_result(admin, &result);
    if (error == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("The evidence does not verify. Keep this machine's disk as it is and call the "
               "auditor."));
    return ADMIN_EVIDENCE;
}

/* -- export and checkpoint ------------------------------------------------------------------ */

static enum admin_exit export_line(void *argument, const struct line *line)
{
    FILE *stream = argument;
    return fwrite(line->text, 1, line->len, stream) == line->len && fputc('\n', stream) != EOF
               ? ADMIN_DONE
               : ADMIN_UNUSABLE;
}

static enum admin_exit export_to_file(struct admin *admin)
{
    const char *path = admin->options.value[OPTION_OUTPUT];
    int fd = dup(admin->file.fd);
    auto_file FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (stream == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    enum admin_exit code = ledger_walk(&admin->context, 0, UINT64_MAX, export_line, stream);
    if (ferror(stream) || fflush(stream) != 0 || fsync(fd) != 0) {
        complain(_("%s could not be written (%s)."), path, strerror(errno));
        return ADMIN_UNUSABLE;
    }
    /* What is left of a ledger that was tampered with is evidence as well. */
    admin->file_stays = code == ADMIN_DONE || code == ADMIN_EVIDENCE;
    if (code == ADMIN_DONE)
        output_result(&admin->output, path, _("The ledger is in %s."), path);
    return code;
}

/* The exact bytes that were hashed: leaf hash = SHA-256(0x00 || line without its newline). */
enum admin_exit ledger_export(struct admin *admin)
{
    if (admin->file.fd >= 0)
        return export_to_file(admin);
    if (admin->output.json) /* the same lines, as one document */
        return ledger_show(admin);
    return ledger_walk(&admin->context, 0, UINT64_MAX, export_line, stdout);
}

enum admin_exit ledger_checkpoint(struct admin *admin)
{
    static const struct column columns[] = {{"note", "", COLUMN_BLOCK, COLUMN_JSON}};
    char note[STORE_NOTE_SIZE] = "";
    enum medgl_error error = operation_checkpoint(&admin->context, note);
    if (error != MEDGL_OK)
        return ledger_failed(error);
    output_raw(&admin->output, note, strlen(note));
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "checkpoint", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(note)});
        table_print(&table);
    }
    return ADMIN_DONE;
}
