/* Second factors of every kind: listed without a secret, and taken away with an entry. */
#include "base/message.h"
#include "base/text.h"
#include "operation/card_judge.h"
#include "operation/evidence.h"
#include "operation/role.h"
#include "operation/totp.h"

#include <stdio.h>
#include <string.h>

/* -- list ------------------------------------------------------------------------------------- */

struct list_run {
    struct context *context;
    struct store_txn *txn;
    const char *name;
    enum factor_kind kind; /* FACTOR_KIND_NONE: devices and cards */
    void (*each)(void *argument, const struct factor_report *report);
    void *argument;
    const struct account *account;
};

/* A step that was used is a time. */
static enum medgl_error list_device(const struct list_run *run, struct factor_report *report)
{
    auto_clean(totp_record_clear) struct totp_record record = {.digits = 0};
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(factor_unseal(run->context, report->credential, &text));
    MEDGL_TRY(totp_record_read(&text, &record));
    (void)snprintf(report->what, sizeof(report->what), _("%s, %u digits, %u seconds"),
                   totp_algorithm_shown(record.algorithm), record.digits, record.period);
    report->last_used = report->credential->counter * (int64_t)record.period * MEDGL_SECOND;
    return MEDGL_OK;
}

static enum medgl_error list_card(const struct list_run *run, struct factor_report *report)
{
    char match[CARD_MATCH_SIZE];
    MEDGL_TRY(card_rule_read(run->context, report->credential, match));
    card_rule_text(match, report->what, sizeof(report->what));
    return MEDGL_OK;
}

/* What is known of it besides the seal. What is wrong is in the log, with what to do. */
static enum medgl_error list_describe(const struct list_run *run, struct factor_report *report)
{
    enum medgl_error error = MEDGL_OK;
    if (report->kind == FACTOR_KIND_TOTP)
        error = list_device(run, report);
    if (report->kind == FACTOR_KIND_CARD)
        error = list_card(run, report);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    return text_copy(report->what, sizeof(report->what), "?");
}

static enum medgl_error list_credential(void *argument, const struct credential *credential)
{
    const struct list_run *run = argument;
    struct factor_report report = {.credential = credential,
                                   .kind = factor_kind_of(credential->kind),
                                   .name = run->account->name};
    MEDGL_TRY(list_describe(run, &report));
    run->each(run->argument, &report);
    return MEDGL_OK;
}

/* One whose row is not to be believed hides those behind it of the account, and no other's. */
static void list_damaged(const struct list_run *run, enum credential_kind kind)
{
    static const struct credential unknown;
    const struct factor_report report = {.credential = &unknown,
                                         .kind = factor_kind_of(kind),
                                         .name = run->account->name,
                                         .what = "?"};
    run->each(run->argument, &report);
}

static enum medgl_error list_account(void *argument, const struct account *account)
{
    static const enum credential_kind kinds[] = {CREDENTIAL_TOTP, CREDENTIAL_CARD};
    struct list_run *run = argument;
    run->account = account;
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++) {
        if (run->kind != FACTOR_KIND_NONE && run->kind != factor_kind_of(kinds[i]))
            continue;
        const enum medgl_error error =
            store_credential_each_of(run->txn, account->id, kinds[i], list_credential, run);
        if (error == MEDGL_ERR_CORRUPT)
            list_damaged(run, kinds[i]);
        else
            MEDGL_TRY(error);
    }
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    struct account account;
    run->txn = txn;
    if (run->name == NULL)
        return store_account_each(txn, list_account, run);
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return list_account(run, &account);
}

enum medgl_error operation_factor_list(
    struct context *context, const char *name, enum factor_kind kind,
    void (*each)(void *argument, const struct factor_report *report), void *argument)
{
    struct list_run run = {
        .context = context, .name = name, .kind = kind, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}

/* -- remove ----------------------------------------------------------------------------------- */

static enum credential_kind remove_credential_kind(enum factor_kind kind)
{
    switch (kind) {
    case FACTOR_KIND_TOTP:
        return CREDENTIAL_TOTP;
    case FACTOR_KIND_CARD:
        return CREDENTIAL_CARD;
    case FACTOR_KIND_RECOVERY:
        return CREDENTIAL_RECOVERY;
    case FACTOR_KIND_CODE:
        return CREDENTIAL_CODE;
    case FACTOR_KIND_NONE:
        break;
    }
    return CREDENTIAL_PASSWORD; /* which nothing here takes away */
}

struct remove_run {
    struct context *context;
    const char *name;
    enum factor_kind kind;
    const char *id; /* NULL: all */
    const char *reason;
    char *why;
    struct account account;
    uint32_t all, fitting;
    bool exact; /* an id or label as a whole: no beginning of another one stands beside it */
    char found[CRYPTO_ID_SIZE];
};

/* The label as a whole, or the beginning of the id. */
static bool remove_fits(const struct remove_run *run, const struct credential *credential,
                        bool *exact)
{
    const size_t len = strlen(run->id);
    *exact = strcmp(credential->id, run->id) == 0 || strcmp(credential->label, run->id) == 0;
    return *exact || (len >= CRYPTO_ID_LEAST && strncmp(credential->id, run->id, len) == 0);
}

static enum medgl_error remove_look(void *argument, const struct credential *credential)
{
    struct remove_run *run = argument;
    bool exact = false;
    run->all++;
    if (run->id == NULL || !remove_fits(run, credential, &exact) || (run->exact && !exact))
        return MEDGL_OK;
    if (exact && !run->exact)
        run->fitting = 0;
    run->exact = exact;
    run->fitting++;
    memcpy(run->found, credential->id, sizeof(run->found));
    return MEDGL_OK;
}

static enum medgl_error remove_refuse(const struct remove_run *run)
{
    const char *text = NULL;
    if (run->all == 0)
        text = _("the account has nothing of that kind: there is nothing to take away");
    else if (run->id != NULL && run->fitting == 0)
        text = _("none of the account's has that id or label: the list says which there are");
    else if (run->id != NULL && run->fitting > 1)
        text = _("several of the account's have that id or label: give more of the id");
    if (text == NULL)
        return MEDGL_OK;
    (void)snprintf(run->why, OPERATION_WHY_SIZE, "%s", text);
    return MEDGL_ERR_REFUSED;
}

/* `id` NULL: `count` of them, all that there are. */
static enum medgl_error remove_entry(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock,
                                     const struct account *account, enum factor_kind kind,
                                     const char *id, uint32_t count, const char *reason)
{
    struct ledger_entry entry;
    evidence_begin(context, clock, LEDGER_FACTOR_REVOKE, account, &entry);
    ledger_entry_text(&entry, "factor", factor_kind_word(kind));
    if (id != NULL)
        ledger_entry_text(&entry, "credential", id);
    else
        ledger_entry_number(&entry, "count", count);
    ledger_entry_text(&entry, "reason", reason);
    return evidence_append(context, txn, &entry, NULL);
}

static enum medgl_error remove_now(struct store_txn *txn, void *argument)
{
    struct remove_run *run = argument;
    const struct clock_reading clock = clock_read();
    const enum credential_kind kind = remove_credential_kind(run->kind);
    const char *id = run->id != NULL ? run->found : NULL;
    run->all = run->fitting = 0;
    run->exact = false;
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(store_credential_each_of(txn, run->account.id, kind, remove_look, run));
    MEDGL_TRY(remove_refuse(run));
    MEDGL_TRY(remove_entry(run->context, txn, &clock, &run->account, run->kind, id, run->all,
                           run->reason));
    if (id != NULL)
        MEDGL_TRY(store_credential_remove(txn, run->account.id, kind, id));
    else
        MEDGL_TRY(store_credential_delete(txn, run->account.id, kind));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_factor_remove(struct context *context, const char *name,
                                         enum factor_kind kind, const char *id, const char *reason,
                                         uint32_t *removed, char why[OPERATION_WHY_SIZE])
{
    struct remove_run run = {
        .context = context, .name = name, .kind = kind, .id = id, .reason = reason, .why = why};
    *removed = 0;
    why[0] = '\0';
    if (kind == FACTOR_KIND_NONE || kind == FACTOR_KIND_CODE || !text_says_something(reason))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, remove_now, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    *removed = id != NULL ? 1 : run.all;
    return MEDGL_OK;
}

/* -- all of them ------------------------------------------------------------------------------ */

enum medgl_error factors_revoke(struct context *context, struct store_txn *txn,
                                const struct clock_reading *clock, const struct account *account,
                                const char *reason, uint32_t *removed)
{
    static const enum factor_kind kinds[] = {FACTOR_KIND_TOTP, FACTOR_KIND_CARD,
                                             FACTOR_KIND_RECOVERY, FACTOR_KIND_CODE};
    *removed = 0;
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++) {
        const enum credential_kind kind = remove_credential_kind(kinds[i]);
        uint32_t count = 0;
        MEDGL_TRY(factors_count(txn, account->id, kind, &count));
        if (count == 0)
            continue;
        MEDGL_TRY(remove_entry(context, txn, clock, account, kinds[i], NULL, count, reason));
        MEDGL_TRY(store_credential_delete(txn, account->id, kind));
        *removed += count;
    }
    return MEDGL_OK;
}
