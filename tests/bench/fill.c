/* Fills a store through its interface: accounts, passwords, and the ledger entries that made them,
 * many in one transaction. Verifies like any other store; only the heads in the middle of a
 * transaction, which nobody can ever see, are not signed. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/password.h"

#include <inttypes.h>
#include <string.h>

#define FILL_BATCH 20000

struct fill {
    struct context *context;
    const struct bench *bench;
    struct clock_reading clock;
    struct password_record record;
    uint64_t from, to, accounts;
    struct ledger_head head;
};

static enum medgl_error fill_sign(struct fill *fill)
{
    struct checkpoint checkpoint = {.size = fill->head.tree.size};
    MEDGL_TRY(text_copy(checkpoint.origin, sizeof(checkpoint.origin),
                        note_signer_name(fill->context->signer)));
    MEDGL_TRY(merkle_root(&fill->head.tree, checkpoint.root));
    return checkpoint_sign(&checkpoint, fill->context->signer, fill->head.checkpoint,
                           sizeof(fill->head.checkpoint));
}

static enum medgl_error fill_entry(struct fill *fill, struct store_txn *txn,
                                   struct ledger_entry *entry, bool last, uint64_t *seq)
{
    unsigned char leaf[MERKLE_HASH_SIZE];
    auto_free char *line = NULL;
    size_t len;
    *seq = entry->seq = fill->head.tree.size;
    MEDGL_TRY(ledger_entry_encode(entry, &line, &len));
    MEDGL_TRY(merkle_leaf(line, len, leaf));
    MEDGL_TRY(merkle_append(&fill->head.tree, leaf));
    if (last)
        MEDGL_TRY(fill_sign(fill));
    return store_ledger_append(txn, line, len, leaf, &fill->head);
}

/* The people of the bench stand at equal distances among the others. Ids rise with the number, so
 * that a million rows go in at the end of their table; which id an account has makes no difference
 * afterwards. */
static enum medgl_error fill_describe(const struct fill *fill, uint64_t number,
                                      struct account *account)
{
    const uint64_t distance = fill->accounts / BENCH_PEOPLE;
    char random[CRYPTO_ID_SIZE];
    *account = (struct account){.uid = (int64_t)(100000 + number),
                                .class_ = ACCOUNT_CLASS_STAFF,
                                .state = ACCOUNT_STATE_ACTIVE,
                                .state_since = fill->clock.now,
                                .full_name = "Hanako Yamada",
                                .created = fill->clock.now};
    MEDGL_TRY(crypto_random_id(random));
    (void)snprintf(account->id, sizeof(account->id), "%08" PRIx64 "%.24s",
                   number * (UINT32_MAX / fill->accounts), random);
    (void)snprintf(account->name, sizeof(account->name), "person%07" PRIu64, number);
    if (number % distance != 0 || number / distance >= BENCH_PEOPLE)
        return MEDGL_OK;
    account->uid = fill->bench->uids[number / distance];
    return text_copy(account->name, sizeof(account->name), fill->bench->people[number / distance]);
}

static enum medgl_error fill_one(struct fill *fill, struct store_txn *txn, uint64_t number)
{
    struct account account;
    struct credential credential = {.strength = PASSWORD_STRENGTH_LONG, .set_at = fill->clock.now};
    struct ledger_entry entry;
    MEDGL_TRY(fill_describe(fill, number, &account));
    evidence_begin(fill->context, &fill->clock, LEDGER_ACCOUNT_ADD, &account, &entry);
    ledger_entry_text(&entry, "class", account_class_word(account.class_));
    ledger_entry_number(&entry, "unix_uid", account.uid);
    ledger_entry_text(&entry, "full_name", account.full_name);
    MEDGL_TRY(fill_entry(fill, txn, &entry, false, &account.ledger_seq));
    MEDGL_TRY(store_account_add(txn, &account));

    MEDGL_TRY(crypto_random_id(credential.id));
    MEDGL_TRY(text_copy(credential.account_id, sizeof(credential.account_id), account.id));
    evidence_begin(fill->context, &fill->clock, LEDGER_PASSWORD_CHANGE, &account, &entry);
    ledger_entry_text(&entry, "credential", credential.id);
    MEDGL_TRY(fill_entry(fill, txn, &entry, number + 1 == fill->to, &credential.ledger_seq));
    MEDGL_TRY(password_seal(fill->context, &credential, &fill->record));
    return store_credential_put(txn, &credential);
}

static enum medgl_error fill_batch(struct store_txn *txn, void *argument)
{
    struct fill *fill = argument;
    MEDGL_TRY(store_ledger_head(txn, &fill->head));
    for (uint64_t i = fill->from; i < fill->to; i++)
        MEDGL_TRY(fill_one(fill, txn, i));
    return MEDGL_OK;
}

enum medgl_error place_fill(struct context *context, const struct bench *bench, uint64_t accounts)
{
    struct fill fill = {
        .context = context, .bench = bench, .clock = clock_read(), .accounts = accounts};
    const struct kdf_cost cost = context_cost(context);
    const struct password_line line = context_line(context);
    auto_secret struct secret password = SECRET_NONE;
    MEDGL_TRY(secret_copy(&password, BENCH_PASSWORD, strlen(BENCH_PASSWORD)));
    MEDGL_TRY(password_hash(&line, &cost, NULL, &password,
                            fill.record.hash)); /* one hash for all of them */
    for (fill.from = 0; fill.from < accounts; fill.from = fill.to) {
        fill.to = fill.from + FILL_BATCH < accounts ? fill.from + FILL_BATCH : accounts;
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, fill_batch, &fill));
    }
    return MEDGL_OK;
}
