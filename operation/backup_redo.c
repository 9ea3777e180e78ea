/* What was taken away after the backup, and would be back with it, is taken away again (R12, R24,
 * R25): in the transaction of the restore, each with its entry. Gives nothing to anybody. */
#include "operation/backup_restore.h"

#include "base/text.h"
#include "operation/evidence.h"
#include "operation/factors.h"
#include "operation/grant.h"
#include "operation/history.h"
#include "operation/totp.h"

#include <stdio.h>
#include <string.h>

#define REDO_CODE     "used or replaced before the store was put back"
#define REDO_FACTOR   "taken away before the store was put back"
#define REDO_REVOKED  "revoked before the store was put back"
#define REDO_REPLACED "given out, and replaced before the store was put back"

struct redo {
    struct context *context;
    struct store_txn *txn;
    const struct clock_reading *clock;
    struct redone *done;
};

/* -- credentials -------------------------------------------------------------------------------
 */

static enum medgl_error redo_revoke(struct redo *redo, const struct account *account,
                                    const struct before_code *code, uint32_t count)
{
    struct ledger_entry entry;
    const char *reason = code->kind == CREDENTIAL_RECOVERY ? REDO_CODE : REDO_FACTOR;
    evidence_begin(redo->context, redo->clock, LEDGER_FACTOR_REVOKE, account, &entry);
    ledger_entry_text(&entry, "factor", factor_kind_word(factor_kind_of(code->kind)));
    if (code->credential[0] != '\0')
        ledger_entry_text(&entry, "credential", code->credential);
    else
        ledger_entry_number(&entry, "count", count);
    ledger_entry_text(&entry, "reason", reason);
    MEDGL_TRY(evidence_append(redo->context, redo->txn, &entry, NULL));
    return code->credential[0] != '\0'
               ? store_credential_remove(redo->txn, account->id, code->kind, code->credential)
               : store_credential_delete(redo->txn, account->id, code->kind);
}

struct code_find {
    const char *id;
    uint32_t found, all;
};

static enum medgl_error code_look(void *argument, const struct credential *credential)
{
    struct code_find *find = argument;
    find->all++;
    find->found += strcmp(credential->id, find->id) == 0;
    return MEDGL_OK;
}

/* MUST: it can never be set again, whoever knows it. */
static enum medgl_error redo_password(struct redo *redo, const struct account *account,
                                      const struct credential *going, const char *why)
{
    struct ledger_entry entry;
    MEDGL_TRY(history_keep_for_good(redo->context, redo->txn, going));
    MEDGL_TRY(store_credential_delete(redo->txn, account->id, CREDENTIAL_PASSWORD));
    evidence_begin(redo->context, redo->clock, LEDGER_PASSWORD_REVOKE, account, &entry);
    ledger_entry_text(&entry, "why", why);
    ledger_entry_text(&entry, "credential", going->id);
    ledger_entry_number(&entry, "sessions", 0);
    redo->done->acts++;
    return evidence_append(redo->context, redo->txn, &entry, NULL);
}

static enum medgl_error redo_password_of(struct redo *redo, const struct account *account,
                                         const char *id)
{
    struct credential there;
    enum medgl_error error =
        store_credential_get(redo->txn, account->id, CREDENTIAL_PASSWORD, &there);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    return strcmp(there.id, id) == 0 ? redo_password(redo, account, &there, REDO_REVOKED)
                                     : MEDGL_OK;
}

/* What was used up, taken away or replaced since is not good again. */
static enum medgl_error redo_code(struct redo *redo, const struct before_code *code)
{
    struct code_find find = {.id = code->credential};
    struct account account;
    enum medgl_error error = store_account_by_id(redo->txn, code->account, &account);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error; /* enrolled since */
    if (code->grants)
        return grants_revoke(redo->context, redo->txn, redo->clock, &account,
                             "used or ended before the store was put back");
    if (code->kind == CREDENTIAL_PASSWORD)
        return redo_password_of(redo, &account, code->credential);
    MEDGL_TRY(store_credential_each_of(redo->txn, account.id, code->kind, code_look, &find));
    if (find.all == 0 || (code->credential[0] != '\0' && find.found == 0))
        return MEDGL_OK;
    *(code->kind == CREDENTIAL_RECOVERY ? &redo->done->codes : &redo->done->acts) +=
        code->credential[0] != '\0' ? 1 : find.all;
    return redo_revoke(redo, &account, code, find.all);
}

/* -- accounts ------------------------------------------------------------------------------------
 */

/* As operation/account.c: a disabled account keeps what proves who its owner is. */
static enum medgl_error redo_strip(struct redo *redo, const struct account *account,
                                   const char *reason)
{
    uint32_t removed;
    MEDGL_TRY(grants_revoke(redo->context, redo->txn, redo->clock, account, reason));
    if (account->state != ACCOUNT_STATE_RETIRED)
        return MEDGL_OK;
    MEDGL_TRY(factors_revoke(redo->context, redo->txn, redo->clock, account, reason, &removed));
    MEDGL_TRY(store_credential_delete(redo->txn, account->id, CREDENTIAL_PASSWORD));
    return store_credential_delete(redo->txn, account->id, CREDENTIAL_FORMER);
}

static enum medgl_error redo_state(struct redo *redo, struct account *account,
                                   const struct before_fate *fate)
{
    struct ledger_entry entry;
    const bool retire = fate->retired && account->state != ACCOUNT_STATE_RETIRED;
    if (!retire && !(fate->disabled && account->state == ACCOUNT_STATE_ACTIVE))
        return MEDGL_OK;
    account->state = retire ? ACCOUNT_STATE_RETIRED : ACCOUNT_STATE_DISABLED;
    account->state_since = redo->clock->now;
    MEDGL_TRY(text_copy(account->state_reason, sizeof(account->state_reason), fate->reason));
    MEDGL_TRY(redo_strip(redo, account, fate->reason));
    evidence_begin(redo->context, redo->clock,
                   retire ? LEDGER_ACCOUNT_RETIRE : LEDGER_ACCOUNT_DISABLE, account, &entry);
    ledger_entry_text(&entry, "why", fate->reason);
    MEDGL_TRY(evidence_append(redo->context, redo->txn, &entry, &account->ledger_seq));
    redo->done->acts++;
    return store_account_update(redo->txn, account);
}

static enum medgl_error redo_fate(struct redo *redo, const struct before_fate *fate)
{
    struct account account;
    struct credential there;
    enum medgl_error error = store_account_by_id(redo->txn, fate->account, &account);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error; /* enrolled since */
    error = store_credential_get(redo->txn, account.id, CREDENTIAL_PASSWORD, &there);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    if (error == MEDGL_OK && (fate->revoked || (fate->replaced && there.issued)))
        MEDGL_TRY(
            redo_password(redo, &account, &there, fate->revoked ? REDO_REVOKED : REDO_REPLACED));
    return redo_state(redo, &account, fate);
}

enum medgl_error redo_acts(struct context *context, struct store_txn *txn,
                           const struct clock_reading *clock, const struct before *before,
                           struct redone *done)
{
    struct redo redo = {context, txn, clock, done};
    *done = (struct redone){.acts = 0};
    for (const struct before_code *code = before->codes; code != NULL; code = code->next)
        MEDGL_TRY(redo_code(&redo, code));
    for (const struct before_fate *fate = before->fates; fate != NULL; fate = fate->next)
        MEDGL_TRY(redo_fate(&redo, fate));
    return MEDGL_OK;
}
