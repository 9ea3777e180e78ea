/* The passwords that an account had (R16) and their stems (R14): asked about before a new one is
 * set, kept when it is. Never has an old password, only its record.
 *
 * All records of an account share one salt, so that one evaluation of a candidate is compared with
 * all of them, and is at the same time the hash under which it will be stored. They fall into
 * groups by what stands before the hash in the PHC string: cost and salt. */
#include "operation/history.h"

#include "factor/crypted.h"
#include "operation/password.h"

#include <string.h>

/* In the place of the end of a former password's life: it is kept for good. */
#define HISTORY_FOREVER INT64_MAX
/* How many are forgotten at a time; the rest with the next one. */
#define HISTORY_FORGET_MAX 64

struct history_run {
    struct context *context;
    const struct history_question *question;
    struct password_line line;
    struct secret kept; /* struct password_record, the latest first */
    bool current;       /* the first of them is the one in force */
    int64_t former;     /* how many of them count against the depth */
};

static void history_run_free(struct history_run *run)
{
    secret_free(&run->kept);
}

void history_answer_clear(struct history_answer *answer)
{
    secret_wipe(answer, sizeof(*answer));
}

static size_t history_count(const struct history_run *run)
{
    return run->kept.len / sizeof(struct password_record);
}

static const struct password_record *history_at(const struct history_run *run, size_t i)
{
    return (const struct password_record *)(const void *)run->kept.bytes + i;
}

/* -- reading -------------------------------------------------------------------------------- */

static enum medgl_error history_read_one(struct history_run *run,
                                         const struct credential *credential)
{
    auto_clean(password_record_clear) struct password_record record = {.has_stem = false};
    struct secret *kept = &run->kept;
    MEDGL_TRY(password_unseal(run->context, credential, &record));
    if (kept->len + sizeof(record) > kept->cap) {
        auto_secret struct secret larger = SECRET_NONE;
        MEDGL_TRY(secret_alloc(&larger, 2 * kept->cap + 32 * sizeof(record)));
        if (kept->len > 0)
            memcpy(larger.bytes, kept->bytes, kept->len);
        larger.len = kept->len;
        secret_free(kept);
        *kept = larger;
        larger = (struct secret)SECRET_NONE;
    }
    memcpy(kept->bytes + kept->len, &record, sizeof(record));
    kept->len += sizeof(record);
    return MEDGL_OK;
}

static enum medgl_error history_read_former(void *argument, const struct credential *credential)
{
    struct history_run *run = argument;
    if (credential->valid_until != HISTORY_FOREVER &&
        ++run->former > run->context->policy.password_history)
        return MEDGL_OK;
    return history_read_one(run, credential);
}

static enum medgl_error history_read(struct store_txn *txn, void *argument)
{
    struct history_run *run = argument;
    struct credential credential;
    run->kept.len = 0;
    run->former = 0;
    enum medgl_error error =
        store_credential_get(txn, run->question->account_id, CREDENTIAL_PASSWORD, &credential);
    run->current = error == MEDGL_OK;
    if (run->current)
        error = history_read_one(run, &credential);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    return store_credential_each_of(txn, run->question->account_id, CREDENTIAL_FORMER,
                                    history_read_former, run);
}

/* -- comparing ------------------------------------------------------------------------------ */

static bool history_same_group(const struct password_record *a, const struct password_record *b)
{
    const char *hash = strrchr(a->hash, '$');
    return !password_record_imported(a) && hash != NULL &&
           strncmp(a->hash, b->hash, (size_t)(hash - a->hash) + 1) == 0;
}

/* A record of the candidate against all of its group. */
static void history_compare(const struct history_run *run, const struct password_record *fresh,
                            struct history_answer *answer)
{
    for (size_t i = 0; i < history_count(run); i++) {
        const struct password_record *kept = history_at(run, i);
        if (!history_same_group(fresh, kept))
            continue;
        answer->used_before |=
            secret_equal(fresh->hash, strlen(fresh->hash), kept->hash, strlen(kept->hash));
        answer->similar_to_former |=
            fresh->has_stem && kept->has_stem && fresh->stem_tag == kept->stem_tag;
    }
}

/* Cost and salt of a record of ours. */
static enum medgl_error history_make(const struct history_run *run,
                                     const struct password_record *like,
                                     struct password_record *fresh)
{
    struct kdf_record parsed;
    MEDGL_TRY(kdf_parse(like->hash, &parsed));
    enum medgl_error error =
        password_record_make(&run->line, &parsed.cost, parsed.salt, run->question->prepared, fresh);
    secret_wipe(&parsed, sizeof(parsed));
    return error;
}

static bool history_is_answered(const struct history_run *run, size_t i,
                                const struct password_record *first)
{
    if (history_same_group(history_at(run, i), first))
        return true;
    for (size_t before = 0; before < i; before++)
        if (history_same_group(history_at(run, i), history_at(run, before)))
            return true;
    return false;
}

/* Made of what was typed, as it was, by whatever its owner typed it on. A hash that cannot be asked
 * keeps nobody from the change that gets rid of it. */
static enum medgl_error history_ask_imported(const struct history_run *run,
                                             const struct password_record *kept,
                                             struct history_answer *answer)
{
    const struct secret *typed = run->question->typed, *prepared = run->question->prepared;
    bool matches;
    if (!crypted_affordable(kept->hash))
        return MEDGL_OK;
    MEDGL_TRY(crypted_verify(&run->line, kept->hash, prepared, &matches));
    if (!matches && !secret_equal(typed->bytes, typed->len, prepared->bytes, prepared->len))
        MEDGL_TRY(crypted_verify(&run->line, kept->hash, typed, &matches));
    answer->used_before |= matches;
    return MEDGL_OK;
}

/* What the first evaluation does not answer for. */
static enum medgl_error history_ask_others(const struct history_run *run,
                                           struct history_answer *answer)
{
    for (size_t i = 0; i < history_count(run); i++) {
        auto_clean(password_record_clear) struct password_record fresh = {.has_stem = false};
        const struct password_record *kept = history_at(run, i);
        if (password_record_imported(kept)) {
            if (i > 0 || !run->current || run->question->current_unproved)
                MEDGL_TRY(history_ask_imported(run, kept, answer));
        } else if (!history_is_answered(run, i, &answer->record)) {
            MEDGL_TRY(history_make(run, kept, &fresh));
            history_compare(run, &fresh, answer);
        }
    }
    return MEDGL_OK;
}

/* The salt of the account: that of the latest record of ours; a fresh one where there is none. */
static enum medgl_error history_salt(const struct history_run *run,
                                     unsigned char salt[KDF_SALT_SIZE])
{
    struct kdf_record parsed;
    for (size_t i = 0; i < history_count(run); i++) {
        if (password_record_imported(history_at(run, i)))
            continue;
        MEDGL_TRY(kdf_parse(history_at(run, i)->hash, &parsed));
        memcpy(salt, parsed.salt, KDF_SALT_SIZE);
        secret_wipe(&parsed, sizeof(parsed));
        return MEDGL_OK;
    }
    return crypto_random(salt, KDF_SALT_SIZE);
}

enum medgl_error history_ask(struct context *context, const struct history_question *question,
                             struct history_answer *answer)
{
    auto_clean(history_run_free) struct history_run run = {
        .context = context, .question = question, .line = context_line(context)};
    unsigned char salt[KDF_SALT_SIZE];
    const struct kdf_cost cost = context_cost(context);
    if (run.line.patience_ms > question->patience_ms)
        run.line.patience_ms = question->patience_ms;
    *answer = (struct history_answer){.used_before = false};
    MEDGL_TRY(store_transact(context->store, STORE_READ, history_read, &run));
    MEDGL_TRY(history_salt(&run, salt));
    MEDGL_TRY(password_record_make(&run.line, &cost, salt, question->prepared, &answer->record));
    history_compare(&run, &answer->record, answer);
    return history_ask_others(&run, answer);
}

/* -- keeping -------------------------------------------------------------------------------- */

struct history_forget {
    int64_t left; /* that may stay */
    char id[HISTORY_FORGET_MAX][CRYPTO_ID_SIZE];
    size_t count;
};

static enum medgl_error history_look(void *argument, const struct credential *credential)
{
    struct history_forget *forget = argument;
    if (credential->valid_until == HISTORY_FOREVER || --forget->left >= 0 ||
        forget->count == HISTORY_FORGET_MAX)
        return MEDGL_OK;
    memcpy(forget->id[forget->count++], credential->id, CRYPTO_ID_SIZE);
    return MEDGL_OK;
}

static enum medgl_error history_add(const struct context *context, struct store_txn *txn,
                                    const struct credential *going, medgl_time until)
{
    struct history_forget forget = {.left = context->policy.password_history};
    struct credential former = *going;
    former.kind = CREDENTIAL_FORMER;
    former.valid_until = until;
    MEDGL_TRY(store_credential_add(txn, &former));
    MEDGL_TRY(
        store_credential_each_of(txn, going->account_id, CREDENTIAL_FORMER, history_look, &forget));
    for (size_t i = 0; i < forget.count; i++)
        MEDGL_TRY(store_credential_remove(txn, going->account_id, CREDENTIAL_FORMER, forget.id[i]));
    return MEDGL_OK;
}

enum medgl_error history_keep(const struct context *context, struct store_txn *txn,
                              const struct credential *going)
{
    return history_add(context, txn, going, 0);
}

enum medgl_error history_keep_for_good(const struct context *context, struct store_txn *txn,
                                       const struct credential *going)
{
    return history_add(context, txn, going, HISTORY_FOREVER);
}

struct history_end {
    const char *credential;
    bool ended;
};

static enum medgl_error history_find_ended(void *argument, const struct credential *credential)
{
    struct history_end *end = argument;
    end->ended |=
        credential->valid_until == HISTORY_FOREVER && strcmp(credential->id, end->credential) == 0;
    return MEDGL_OK;
}

enum medgl_error history_was_ended(struct store_txn *txn, const char *account_id,
                                   const char *credential, bool *ended)
{
    auto_clean(credential_clear) struct credential current;
    struct history_end end = {.credential = credential};
    const enum medgl_error error =
        store_credential_get(txn, account_id, CREDENTIAL_PASSWORD, &current);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    else
        end.ended = true;
    MEDGL_TRY(
        store_credential_each_of(txn, account_id, CREDENTIAL_FORMER, history_find_ended, &end));
    *ended = end.ended;
    return MEDGL_OK;
}
