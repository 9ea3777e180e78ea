/* Exchanges of keys, by the ledger and by the store. Reads only. */
#include "operation/verify_keys.h"

#include "base/auto.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exchange {
    struct map_node node;
    uint64_t seq;
    char to[STORE_TEXT_SIZE];
    char from[STORE_TEXT_SIZE];
    bool seen;
};

static void keys_fault(const struct verify_keys *keys, uint64_t seq, const char *what)
{
    keys->fault(keys->argument, seq, what);
}

enum medgl_error verify_keys_open(struct verify_keys *keys, struct context *context,
                                  struct store_txn *txn, ledger_fault fault, void *argument,
                                  struct ledger_verifier **verifier)
{
    struct ledger_verifier_key list[LEDGER_KEYS_MAX];
    MEDGL_TRY(keys_of_ledger(context, txn, &keys->keys, &keys->count));
    for (size_t i = 0; i < keys->count && i < LEDGER_KEYS_MAX; i++)
        list[i] = (struct ledger_verifier_key){keys->keys[i].verifier, keys->keys[i].from};
    enum medgl_error error = keys->count <= LEDGER_KEYS_MAX
                                 ? ledger_verifier_new(list, keys->count, fault, argument, verifier)
                                 : MEDGL_ERR_ARGUMENT;
    if (error != MEDGL_ERR_ARGUMENT)
        return error;
    /* Rows that cannot be: the key at hand verifies what it can, and the rest is a fault. */
    keys_fault(keys, 0, "the rows of the ledger's keys contradict each other");
    if (keys->count == 0)
        return MEDGL_ERR_CORRUPT;
    list[0] = (struct ledger_verifier_key){keys->keys[keys->count - 1].verifier, 0};
    return ledger_verifier_new(list, 1, fault, argument, verifier);
}

void verify_keys_free(struct verify_keys *keys)
{
    keys_of_ledger_free(&keys->keys, &keys->count);
    map_free(&keys->exchanges, NULL);
}

static bool keys_have(const struct verify_keys *keys, const char *line)
{
    auto_clean(note_verifier_free) struct note_verifier *kept = NULL;
    if (note_verifier_open(line, &kept) != MEDGL_OK)
        return false;
    for (size_t i = 0; i < keys->count; i++)
        if (note_verifier_same(keys->keys[i].verifier, kept))
            return true;
    return false;
}

/* MUST: at least one key, or an empty file would say that all is well. */
enum medgl_error verify_keys_kept(struct verify_keys *keys, const char *label, const char *text)
{
    auto_free char *copy = strdup(text);
    char raw[1024], what[1024];
    bool good = true;
    unsigned count = 0;
    if (copy == NULL)
        return MEDGL_ERR_MEMORY;
    for (char *rest = copy, *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0')
            continue;
        count++;
        good = good && keys_have(keys, line);
    }
    if (good && count > 0)
        return MEDGL_OK;
    (void)snprintf(raw, sizeof(raw), "%s is no key that this ledger ever had", label);
    text_printable(what, sizeof(what), raw);
    keys_fault(keys, 0, what);
    return MEDGL_OK;
}

static void exchange_id(const char *use, uint64_t seq, char id[MAP_ID_SIZE])
{
    (void)snprintf(id, MAP_ID_SIZE, "%.32s/%" PRIu64, use, seq);
}

enum medgl_error verify_keys_learn(struct verify_keys *keys, const struct ledger_entry *entry)
{
    char id[MAP_ID_SIZE];
    if (entry->kind != LEDGER_KEY_ROTATE)
        return MEDGL_OK;
    exchange_id(ledger_entry_find_text(entry, "key"), entry->seq, id);
    if (map_find(&keys->exchanges, id) != NULL)
        return MEDGL_OK; /* the seq comes again, which is told elsewhere */
    struct exchange *exchange = map_add(&keys->exchanges, id, sizeof(*exchange));
    if (exchange == NULL)
        return MEDGL_ERR_MEMORY;
    exchange->seq = entry->seq;
    (void)snprintf(exchange->from, sizeof(exchange->from), "%s",
                   ledger_entry_find_text(entry, "from"));
    (void)snprintf(exchange->to, sizeof(exchange->to), "%s", ledger_entry_find_text(entry, "to"));
    return MEDGL_OK;
}

struct period_run {
    struct verify_keys *keys;
    bool first;
    struct key_period before;
};

static enum medgl_error period_row(void *argument, const struct key_period *row)
{
    struct period_run *run = argument;
    char id[MAP_ID_SIZE];
    exchange_id(key_use_word(row->use), row->ledger_seq, id);
    struct exchange *exchange = map_find(&run->keys->exchanges, id);
    const bool first = run->first;
    run->first = false;
    if (first && exchange == NULL && row->from == 0) { /* the key of the setup */
        run->before = *row;
        return MEDGL_OK;
    }
    if (exchange == NULL)
        keys_fault(run->keys, row->ledger_seq, "a key has no entry that put it in force");
    else if (first || strcmp(exchange->to, row->name) != 0 ||
             strcmp(exchange->from, run->before.name) != 0 ||
             (row->use == KEY_USE_LEDGER && row->from != exchange->seq + 1))
        keys_fault(run->keys, exchange->seq, "a key is not the one that its entry put in force");
    if (exchange != NULL)
        exchange->seen = true;
    run->before = *row;
    return MEDGL_OK;
}

enum medgl_error verify_keys_state(struct verify_keys *keys, struct store_txn *txn)
{
    static const enum key_use uses[] = {KEY_USE_STORE, KEY_USE_LEDGER};
    for (size_t i = 0; i < MEDGL_COUNT(uses); i++) {
        struct period_run run = {.keys = keys, .first = true};
        MEDGL_TRY(store_key_each(txn, uses[i], period_row, &run));
    }
    MAP_EACH(&keys->exchanges, const struct exchange, exchange)
    {
        if (!exchange->seen)
            keys_fault(keys, exchange->seq,
                       "an exchange of keys that an entry tells of has no row");
    }
    return MEDGL_OK;
}
