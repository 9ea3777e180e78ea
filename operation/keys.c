/* What keys the store and the ledger had. Exchanges none: see key_rotate.c. */
#include "operation/keys.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

const char *key_use_word(enum key_use use)
{
    switch (use) {
    case KEY_USE_STORE:
        return "store";
    case KEY_USE_LEDGER:
        return "ledger";
    }
    return NULL;
}

enum medgl_error key_use_parse(const char *word, enum key_use *use)
{
    static const enum key_use all[] = {KEY_USE_STORE, KEY_USE_LEDGER};
    for (size_t i = 0; i < MEDGL_COUNT(all); i++)
        if (strcmp(word, key_use_word(all[i])) == 0) {
            *use = all[i];
            return MEDGL_OK;
        }
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error keys_name(const struct context *context, enum key_use use,
                                  struct key_period *key)
{
    _Static_assert(sizeof(key->name) >= NOTE_VKEY_SIZE, "a verifier key is a name");
    _Static_assert(sizeof(key->name) >= SEAL_KEY_ID_SIZE, "the id of a store key is one");
    switch (use) {
    case KEY_USE_STORE:
        seal_key_id(context->seal, key->name);
        return text_copy(key->algorithm, sizeof(key->algorithm), KEYS_STORE_ALGORITHM);
    case KEY_USE_LEDGER:
        MEDGL_TRY(note_signer_vkey(context->signer, key->name));
        return text_copy(key->algorithm, sizeof(key->algorithm), KEYS_LEDGER_ALGORITHM);
    }
    return MEDGL_ERR_ARGUMENT;
}

struct each_run {
    struct context *context;
    enum key_use use;
    enum medgl_error (*each)(void *argument, const struct key_period *key);
    void *argument;
    size_t count;
};

static enum medgl_error each_count(void *argument, const struct key_period *key)
{
    struct each_run *run = argument;
    run->count++;
    return run->each(run->argument, key);
}

/* Before the first exchange there are no rows: the one key of setup is in force since ever. */
static enum medgl_error each_now(struct store_txn *txn, void *argument)
{
    struct each_run *run = argument;
    struct key_period first = {.use = run->use};
    run->count = 0;
    MEDGL_TRY(store_key_each(txn, run->use, each_count, run));
    if (run->count > 0)
        return MEDGL_OK;
    MEDGL_TRY(keys_name(run->context, run->use, &first));
    return run->each(run->argument, &first);
}

enum medgl_error operation_key_each(struct context *context, enum key_use use,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct key_period *key),
                                    void *argument)
{
    struct each_run run = {.context = context, .use = use, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, each_now, &run);
}

/* -- verifier keys of the ledger -------------------------------------------------------------- */

struct verifiers {
    struct ledger_key *keys;
    size_t count;
};

static enum medgl_error verifier_add(void *argument, const struct key_period *key)
{
    struct verifiers *run = argument;
    struct ledger_key *larger = reallocarray(run->keys, run->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->keys = larger;
    larger[run->count] = (struct ledger_key){.from = key->from};
    MEDGL_TRY(note_verifier_open(key->name, &larger[run->count].verifier));
    run->count++;
    return MEDGL_OK;
}

void keys_of_ledger_free(struct ledger_key **keys, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        note_verifier_free(&(*keys)[i].verifier);
    free(*keys);
    *keys = NULL;
    *count = 0;
}

enum medgl_error keys_of_ledger(struct context *context, struct store_txn *txn,
                                struct ledger_key **keys, size_t *count)
{
    struct verifiers found = {.count = 0};
    struct each_run run = {
        .context = context, .use = KEY_USE_LEDGER, .each = verifier_add, .argument = &found};
    *keys = NULL;
    *count = 0;
    enum medgl_error error = each_now(txn, &run);
    if (error == MEDGL_OK) {
        *keys = found.keys;
        *count = found.count;
    } else {
        keys_of_ledger_free(&found.keys, &found.count);
    }
    return error;
}
