/* Entries of the evidence: written as JSON, and read back (scan.c) in the one form that they are
 * written in.
 * Never changes what it is given to make it fit: a text that cannot be kept is refused. */
#include "ledger/entry.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/scan.h"

#include <jansson.h>
#include <string.h>

static const struct {
    const char *word, *help;
} kinds[LEDGER_KIND_COUNT] = {
#define LEDGER_KIND_ROW(id, word, help) [LEDGER_##id] = {word, help},
    LEDGER_KINDS(LEDGER_KIND_ROW)
#undef LEDGER_KIND_ROW
};

const char *ledger_kind_word(enum ledger_kind kind)
{
    return (unsigned)kind < LEDGER_KIND_COUNT ? kinds[kind].word : "";
}

const char *ledger_kind_help(enum ledger_kind kind)
{
    return (unsigned)kind < LEDGER_KIND_COUNT ? kinds[kind].help : "";
}

enum medgl_error ledger_kind_parse(const char *word, enum ledger_kind *kind)
{
    for (size_t i = 0; i < LEDGER_KIND_COUNT; i++)
        if (word[0] == kinds[i].word[0] && strcmp(word, kinds[i].word) == 0) {
            *kind = (enum ledger_kind)i;
            return MEDGL_OK;
        }
    return MEDGL_ERR_ARGUMENT;
}

/* One too many is remembered in the count alone, for ledger_entry_encode() to refuse. */
static void entry_add(struct ledger_entry *entry, const struct ledger_field *field)
{
    if (entry->field_count < LEDGER_FIELDS_MAX)
        entry->fields[entry->field_count] = *field;
    if (entry->field_count <= LEDGER_FIELDS_MAX)
        entry->field_count++;
}

void ledger_entry_text(struct ledger_entry *entry, const char *name, const char *text)
{
    entry_add(entry, &(struct ledger_field){.name = name, .type = LEDGER_FIELD_TEXT, .text = text});
}

void ledger_entry_number(struct ledger_entry *entry, const char *name, int64_t number)
{
    entry_add(entry,
              &(struct ledger_field){.name = name, .type = LEDGER_FIELD_NUMBER, .number = number});
}

void ledger_entry_bool(struct ledger_entry *entry, const char *name, bool value)
{
    entry_add(entry,
              &(struct ledger_field){.name = name, .type = LEDGER_FIELD_BOOL, .number = value});
}

void ledger_entry_time(struct ledger_entry *entry, const char *name, medgl_time t,
                       char buffer[CLOCK_TEXT_SIZE])
{
    clock_format_utc(t, buffer);
    ledger_entry_text(entry, name, buffer);
}

const struct ledger_field *ledger_entry_find(const struct ledger_entry *entry, const char *name,
                                             enum ledger_field_type type)
{
    for (size_t i = 0; i < entry->field_count; i++)
        if (entry->fields[i].type == type && entry->fields[i].name[0] == name[0] &&
            strcmp(entry->fields[i].name, name) == 0)
            return &entry->fields[i];
    return NULL;
}

const char *ledger_entry_find_text(const struct ledger_entry *entry, const char *name)
{
    const struct ledger_field *field = ledger_entry_find(entry, name, LEDGER_FIELD_TEXT);
    return field != NULL && field->text != NULL ? field->text : "";
}

int64_t ledger_entry_find_number(const struct ledger_entry *entry, const char *name, int64_t none)
{
    const struct ledger_field *field = ledger_entry_find(entry, name, LEDGER_FIELD_NUMBER);
    return field != NULL ? field->number : none;
}

/* -- reading ---------------------------------------------------------------------------------- */

struct ledger_parsed {
    struct ledger_entry entry;
    char line[]; /* a copy that its strings are cut from, in place */
};

enum medgl_error ledger_entry_decode(const char *line, size_t len, struct ledger_parsed **parsed)
{
    *parsed = NULL;
    auto_free struct ledger_parsed *made = malloc(sizeof(*made) + len + SCAN_SLACK);
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    made->entry = (struct ledger_entry){0};
    memcpy(made->line, line, len);
    memset(made->line + len, 0, SCAN_SLACK);
    if (!ledger_scan_in_place(made->line, len, &made->entry))
        return MEDGL_ERR_CORRUPT;
    *parsed = auto_give(made);
    return MEDGL_OK;
}

const struct ledger_entry *ledger_parsed_entry(const struct ledger_parsed *parsed)
{
    return &parsed->entry;
}

void ledger_parsed_free(struct ledger_parsed **parsed)
{
    free(*parsed);
    *parsed = NULL;
}

/* -- writing ---------------------------------------------------------------------------------- */

static bool entry_text_valid(const char *text)
{
    return text != NULL && text_is_printable(text);
}

/* Everything that JSON could not hold; the rest is judged by reading the line back. */
static bool entry_texts_valid(const struct ledger_entry *entry)
{
    const struct ledger_subject *subject = &entry->subject;
    if (!entry_text_valid(entry->origin) || !entry_text_valid(entry->actor.name) ||
        entry->seq > INT64_MAX || entry->field_count > LEDGER_FIELDS_MAX)
        return false;
    if ((subject->account != NULL || subject->name != NULL) &&
        (!entry_text_valid(subject->account) || !entry_text_valid(subject->name)))
        return false;
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct ledger_field *field = &entry->fields[i];
        if (!entry_text_valid(field->name) ||
            (field->type == LEDGER_FIELD_TEXT && !entry_text_valid(field->text)))
            return false;
    }
    return true;
}

static json_t *field_json(const struct ledger_field *field)
{
    switch (field->type) {
    case LEDGER_FIELD_TEXT:
        return json_string(field->text);
    case LEDGER_FIELD_NUMBER:
        return json_integer(field->number);
    case LEDGER_FIELD_BOOL:
        return json_boolean(field->number != 0);
    }
    return NULL;
}

static enum medgl_error details_json(const struct ledger_entry *entry, json_t *details)
{
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct ledger_field *field = &entry->fields[i];
        if (json_object_get(details, field->name) != NULL)
            return MEDGL_ERR_ARGUMENT; /* a second one would silently replace the first */
        if (json_object_set_new(details, field->name, field_json(field)) != 0)
            return MEDGL_ERR_MEMORY;
    }
    return MEDGL_OK;
}

enum medgl_error ledger_entry_encode(const struct ledger_entry *entry, char **line, size_t *len)
{
    *line = NULL;
    *len = 0;
    if (!entry_texts_valid(entry))
        return MEDGL_ERR_ARGUMENT;
    json_auto_t *details = json_object();
    json_auto_t *subject =
        entry->subject.account == NULL
            ? json_null()
            : json_pack("{ss,ss}", "account", entry->subject.account, "name", entry->subject.name);
    if (details == NULL || subject == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(details_json(entry, details));
    char time[CLOCK_TEXT_SIZE];
    clock_format_utc(entry->time, time);
    json_auto_t *whole = json_pack(
        "{sI,ss,ss,ss,ss,s{sI,ss},sO,sO}", "seq", (json_int_t)entry->seq, "time", time, "clock",
        entry->clock_synchronised ? "synchronised" : "unsynchronised", "origin", entry->origin,
        "kind", ledger_kind_word(entry->kind), "actor", "uid", (json_int_t)entry->actor.uid, "name",
        entry->actor.name, "subject", subject, "details", details);
    auto_free char *made = whole != NULL ? json_dumps(whole, JSON_COMPACT) : NULL;
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    /* What could not be read back is never written. */
    auto_clean(ledger_parsed_free) struct ledger_parsed *again = NULL;
    enum medgl_error error = ledger_entry_decode(made, strlen(made), &again);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_CORRUPT ? MEDGL_ERR_ARGUMENT : error;
    *len = strlen(made);
    *line = auto_give(made);
    return MEDGL_OK;
}

enum medgl_error ledger_fields_encode(const struct ledger_field *fields, size_t count, char **text)
{
    json_auto_t *object = json_object();
    *text = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct ledger_field *field = &fields[i];
        bool none = field->type == LEDGER_FIELD_TEXT && field->text == NULL;
        if (json_object_set_new(object, field->name, none ? json_null() : field_json(field)) != 0)
            return object != NULL ? MEDGL_ERR_ARGUMENT : MEDGL_ERR_MEMORY;
    }
    *text = json_dumps(object, JSON_COMPACT);
    return *text != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
}
