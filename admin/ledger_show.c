/* The noun ledger: shows and exports entries, those in archives too where the files are here. */
#include "admin/admin.h"

#include "operation/evidence.h"
#include "operation/ledger_filter.h"
#include "operation/prove.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- walking -------------------------------------------------------------------------------- */

/* A block at a time, so that a slow reader of our output holds no transaction open. */
#define BLOCK_ENTRIES 2048

struct line {
    uint64_t seq;
    char *text; /* "": the body is in an archive that is not here */
    size_t len;
    unsigned char leaf[MERKLE_HASH_SIZE];
    bool back; /* its time is before that of an entry before it */
};

/* What becomes of each line. The walk goes on after ADMIN_DONE and ADMIN_EVIDENCE, and ends with
 * anything else: nothing more can be written. */
typedef enum admin_exit (*line_function)(void *argument, const struct line *line);

struct walk {
    struct ledger_reader *reader;
    const struct ledger_test *test; /* NULL: everything */
    struct line line[BLOCK_ENTRIES];
    size_t count;
    uint64_t seen, seen_before; /* of the block */
    char latest[CLOCK_TEXT_SIZE], latest_before[CLOCK_TEXT_SIZE];
    bool back;
};

static void walk_clear(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        free(walk->line[i].text);
    walk->count = 0;
}

static void walk_free(struct walk **walk)
{
    if (*walk == NULL)
        return;
    walk_clear(*walk);
    ledger_reader_free(&(*walk)->reader);
    free(*walk);
}

/* The transaction was run again: what it said before is nothing. */
static void walk_again(struct walk *walk)
{
    if (walk->seen < walk->seen_before) {
        walk_clear(walk);
        memcpy(walk->latest, walk->latest_before, sizeof(walk->latest));
    }
    walk->seen_before = walk->seen;
}

static void walk_clock(struct walk *walk, const char *line, size_t len)
{
    static const char before[] = "\"time\":\"";
    char text[CLOCK_TEXT_SIZE];
    medgl_time now, latest;
    const char *at = memmem(line, len, before, sizeof(before) - 1);
    walk->back = false;
    if (at == NULL || (size_t)(line + len - at) < sizeof(before) + sizeof(text))
        return;
    memcpy(text, at + sizeof(before) - 1, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    if (strcmp(text, walk->latest) >= 0)
        memcpy(walk->latest, text, sizeof(text));
    else
        walk->back = clock_parse_utc(text, &now) == MEDGL_OK &&
                     clock_parse_utc(walk->latest, &latest) == MEDGL_OK &&
                     now + EVIDENCE_CLOCK_BACK < latest;
}

static bool walk_wanted(void *argument, const char *line, size_t len)
{
    struct walk *walk = argument;
    walk_again(walk);
    walk_clock(walk, line, len);
    return walk->test == NULL || ledger_test_wants(walk->test, line, len);
}

static enum medgl_error walk_keep(void *argument, const struct ledger_row *row)
{
    struct walk *walk = argument;
    walk_again(walk);
    if (walk->count == BLOCK_ENTRIES)
        return MEDGL_ERR_CORRUPT; /* more of them than seqs */
    struct line *line = &walk->line[walk->count];
    *line = (struct line){.seq = row->seq, .len = row->len, .back = row->len > 0 && walk->back};
    memcpy(line->leaf, row->leaf, sizeof(line->leaf));
    line->text = strndup(row->line, row->len);
    if (line->text == NULL)
        return MEDGL_ERR_MEMORY;
    walk->count++;
    return MEDGL_OK;
}

static bool walk_goes_on(enum admin_exit code)
{
    return code == ADMIN_DONE || code == ADMIN_EVIDENCE;
}

static enum admin_exit walk_lacks(uint64_t seq)
{
    complain(_("Entry %" PRIu64 " is missing: run medgl-admin ledger verify."), seq);
    return ADMIN_EVIDENCE;
}

/* All of [at, end) that is wanted. Where everything is, it is known which one is missing. */
static enum admin_exit walk_visit(const struct walk *walk, uint64_t at, uint64_t end,
                                  line_function function, void *argument)
{
    enum admin_exit code = ADMIN_DONE;
    uint64_t expected = at;
    for (size_t i = 0; i < walk->count && walk_goes_on(code); i++) {
        const struct line *line = &walk->line[i];
        if (walk->test == NULL && line->seq != expected)
            code = walk_lacks(expected);
        expected = line->seq + 1;
        enum admin_exit visited = function(argument, line);
        if (visited != ADMIN_DONE)
            code = visited;
    }
    if (!walk_goes_on(code))
        return code;
    if (walk->test == NULL && expected < end)
        return walk_lacks(expected);
    if (walk->seen == end - at)
        return code;
    if (walk->test != NULL)
        complain(_("Between %" PRIu64 " and %" PRIu64
                   " entries are missing: run medgl-admin ledger verify."),
                 at, end - 1);
    return ADMIN_EVIDENCE;
}

static enum admin_exit walk_block(struct walk *walk, uint64_t at, uint64_t end,
                                  line_function function, void *argument)
{
    const struct ledger_reading reading = {
        .from = at, .to = end, .wanted = walk_wanted, .each = walk_keep, .argument = walk};
    walk_clear(walk);
    walk->seen_before = 0;
    memcpy(walk->latest_before, walk->latest, sizeof(walk->latest));
    enum medgl_error error = ledger_reader_run(walk->reader, &reading, &walk->seen);
    return error == MEDGL_OK ? walk_visit(walk, at, end, function, argument)
                             : ledger_failed(error, NULL);
}

/* The entries with from <= seq < to that the test wants. A gap, or an end before the head says so,
 * is ADMIN_EVIDENCE, but the walk goes on. */
static enum admin_exit ledger_walk(struct context *context, uint64_t from, uint64_t to,
                                   const struct ledger_test *test, line_function function,
                                   void *argument)
{
    enum admin_exit code = ADMIN_DONE;
    uint64_t size = 0;
    auto_clean(walk_free) struct walk *walk = calloc(1, sizeof(*walk));
    enum medgl_error error =
        walk != NULL ? ledger_reader_open(context, &walk->reader) : MEDGL_ERR_MEMORY;
    if (error == MEDGL_OK)
        error = operation_ledger_size(context, &size);
    if (error != MEDGL_OK)
        return ledger_failed(error, NULL);
    walk->test = test;
    if (to > size)
        to = size;
    for (uint64_t at = from; walk_goes_on(code) && at < to; at += BLOCK_ENTRIES) {
        const uint64_t end = to - at > BLOCK_ENTRIES ? at + BLOCK_ENTRIES : to;
        enum admin_exit visited = walk_block(walk, at, end, function, argument);
        if (visited != ADMIN_DONE)
            code = visited;
    }
    return code == ADMIN_DONE && ledger_reader_faults(walk->reader) > 0 ? ADMIN_EVIDENCE : code;
}

/* Of an entry whose body is elsewhere: what the tree has of it. malloc'ed. */
static char *line_of_leaf(const struct line *line)
{
    char *text, leaf[4 * ((MERKLE_HASH_SIZE + 2) / 3) + 1];
    crypto_base64(leaf, line->leaf, sizeof(line->leaf), true);
    return asprintf(&text, "{\"seq\":%" PRIu64 ",\"leaf\":\"%s\"}", line->seq, leaf) >= 0 ? text
                                                                                          : NULL;
}

/* -- show ----------------------------------------------------------------------------------- */

struct show {
    struct output *output;
    struct table *table; /* for people */
    enum ledger_kind kind;
    struct ledger_filter filter;
    struct ledger_test test;
    bool filtered;
    struct line *last; /* a ring of the last ones that fit, of `last_size`; NULL: all are shown */
    size_t last_size;
    uint64_t matches;
    uint64_t shown;
    uint64_t elsewhere; /* could not be looked at */
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

static void show_entry(const struct show *show, const struct ledger_entry *entry, bool back)
{
    char actor[STORE_NAME_SIZE];
    auto_free char *details = show_details(entry);
    if (entry->actor.name[0] != '\0' || entry->actor.uid < 0)
        (void)snprintf(actor, sizeof(actor), "%s", entry->actor.name);
    else
        (void)snprintf(actor, sizeof(actor), "uid %" PRId64, entry->actor.uid);
    table_row(show->table,
              (struct cell[]){
                  CELL_NUMBER(entry->seq),
                  CELL_NUMBER(entry->time),
                  CELL_TEXT(back ? _("went back")
                                 : (entry->clock_synchronised ? "" : _("unsynchronised"))),
                  CELL_TEXT(ledger_kind_word(entry->kind)),
                  CELL_TEXT(actor),
                  CELL_TEXT(entry->subject.name),
                  CELL_TEXT(details),
              });
}

static enum admin_exit show_decode(const struct line *line, struct ledger_parsed **parsed)
{
    if (ledger_entry_decode(line->text, line->len, parsed) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("Entry %" PRIu64 " cannot be read: run medgl-admin ledger verify."), line->seq);
    return ADMIN_EVIDENCE;
}

static enum admin_exit show_elsewhere(struct show *show, const struct line *line)
{
    auto_free char *text = line_of_leaf(line);
    if (text == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    if (show->table == NULL)
        output_array_value(show->output, show->shown == 0, text, strlen(text));
    else
        table_row(show->table, (struct cell[]){CELL_NUMBER(line->seq), CELL_NUMBER(0),
                                               CELL_TEXT(""), CELL_TEXT(_("(in an archive)")),
                                               CELL_TEXT(""), CELL_TEXT(""), CELL_TEXT("")});
    show->shown++;
    return show->output->failed ? ADMIN_UNUSABLE : ADMIN_DONE;
}

static enum admin_exit show_print(struct show *show, const struct line *line)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (line->len == 0)
        return show_elsewhere(show, line);
    enum admin_exit code = show_decode(line, &parsed);
    if (code != ADMIN_DONE)
        return code;
    if (show->table == NULL)
        output_array_value(show->output, show->shown == 0, line->text, line->len);
    else
        show_entry(show, ledger_parsed_entry(parsed), line->back);
    show->shown++;
    return show->output->failed ? ADMIN_UNUSABLE : ADMIN_DONE;
}

static enum admin_exit show_line(void *argument, const struct line *line)
{
    struct show *show = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    enum admin_exit code = ADMIN_DONE;
    if (show->filtered && line->len == 0) {
        show->elsewhere++;
        return ADMIN_DONE;
    }
    if (show->filtered)
        code = show_decode(line, &parsed);
    if (code != ADMIN_DONE ||
        (parsed != NULL && !ledger_test_fits(&show->test, ledger_parsed_entry(parsed))))
        return code;
    if (show->last == NULL)
        return show_print(show, line);
    struct line *place = &show->last[show->matches++ % show->last_size];
    free(place->text);
    *place = *line;
    place->text = strndup(line->text, line->len);
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

static enum admin_exit show_filter(const struct options *options, struct show *show)
{
    struct ledger_filter *filter = &show->filter;
    if (options->value[OPTION_KIND] != NULL) {
        if (ledger_kind_parse(options->value[OPTION_KIND], &show->kind) != MEDGL_OK)
            return ADMIN_USAGE;
        filter->kind = &show->kind;
    }
    filter->subject = options->value[OPTION_SUBJECT];
    filter->actor = options->value[OPTION_ACTOR];
    const enum admin_exit code = options_period(options, &filter->since, &filter->until);
    if (code != ADMIN_DONE)
        return code;
    show->filtered = !ledger_filter_empty(filter);
    return admin_failed(ledger_test_make(filter, &show->test), "", NULL);
}

static enum admin_exit show_run(struct admin *admin, struct show *show)
{
    const struct options *options = &admin->options;
    uint64_t from, to, last = options_number(options, OPTION_LAST, 0), size = 0;
    options_range(options, OPTION_SEQ, &from, &to);
    to++;
    if (last > 0 && !show->filtered) {
        enum medgl_error error = operation_ledger_size(&admin->context, &size);
        if (error != MEDGL_OK)
            return ledger_failed(error, NULL);
        size = size < to ? size : to;
        from = size > last && size - last > from ? size - last : from;
    } else if (last > 0) {
        show->last_size = (size_t)last;
        show->last = calloc(show->last_size, sizeof(*show->last));
        if (show->last == NULL)
            return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    }
    enum admin_exit code = ledger_walk(&admin->context, from, to,
                                       show->filtered ? &show->test : NULL, show_line, show);
    enum admin_exit kept = show->last != NULL ? show_last(show) : ADMIN_DONE;
    if (show->elsewhere > 0)
        complain(_("%" PRIu64 " entries are in archives that are not in %s, and were not looked "
                   "at."),
                 show->elsewhere, PATH_ARCHIVE);
    return code != ADMIN_DONE ? code : kept;
}

enum admin_exit ledger_show(struct admin *admin)
{
    static const struct column columns[] = {
        {"seq", N_("SEQ"), COLUMN_NUMBER, COLUMN_BOTH},
        {"time", N_("TIME"), COLUMN_TIME, COLUMN_BOTH},
        {"clock", N_("CLOCK"), COLUMN_TEXT, COLUMN_BOTH},
        {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
        {"actor", N_("ACTOR"), COLUMN_TEXT, COLUMN_BOTH},
        {"subject", N_("SUBJECT"), COLUMN_TEXT, COLUMN_BOTH},
        {"details", N_("DETAILS"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct show show = {.output = &admin->output};
    enum admin_exit code = show_filter(&admin->options, &show);
    if (code != ADMIN_DONE)
        return code;
    if (show.output->json) {
        output_array_begin(show.output, "entries");
        code = show_run(admin, &show);
        output_array_end(show.output);
        return code;
    }
    show.table = table_new(show.output, "entries", TABLE_LIST, columns, MEDGL_COUNT(columns));
    code = show_run(admin, &show);
    if (code == ADMIN_DONE)
        table_print_or(show.output, &show.table, _("No entry was found."));
    else
        table_print(&show.table);
    return code;
}

/* -- export --------------------------------------------------------------------------------- */

static enum admin_exit export_line(void *argument, const struct line *line)
{
    FILE *stream = argument;
    auto_free char *leaf = line->len == 0 ? line_of_leaf(line) : NULL;
    const char *text = line->len == 0 ? leaf : line->text;
    const size_t len = leaf != NULL ? strlen(leaf) : line->len;
    if (text == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    return fwrite(text, 1, len, stream) == len && fputc('\n', stream) != EOF ? ADMIN_DONE
                                                                             : ADMIN_UNUSABLE;
}

static enum admin_exit export_to_file(struct admin *admin)
{
    const char *path = admin->options.value[OPTION_OUTPUT];
    int fd = dup(admin->file.fd);
    auto_file FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (stream == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    enum admin_exit code = ledger_walk(&admin->context, 0, UINT64_MAX, NULL, export_line, stream);
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
    return ledger_walk(&admin->context, 0, UINT64_MAX, NULL, export_line, stdout);
}
