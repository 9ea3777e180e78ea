/* Accounts and passwords, by the ledger and by the store. Reads only. */
#include "operation/verify_accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The latest entries that say what an account or its password is. */
struct last {
    struct map_node node;
    uint64_t account_seq, password_seq;
    bool account_known, password_known;
    char credential[CRYPTO_ID_SIZE]; /* id of the password that the entry made */
    enum account_state state;
    char *company; /* malloc'ed; NULL: none */
};

static void last_forget(void *node)
{
    const struct last *last = node;
    free(last->company);
}

/* The latest entry about a password, by account and id. */
struct made {
    struct map_node node;
    char account[CRYPTO_ID_SIZE];
    uint64_t seq;
    bool revoked; /* and not seen yet among the former ones */
};

static void accounts_fault(const struct verify_accounts *accounts, uint64_t seq, const char *what)
{
    accounts->fault(accounts->argument, seq, what);
}

/* NULL: no memory. */
static struct last *last_find_or_add(struct verify_accounts *accounts, const char *account)
{
    struct last *last = map_find(&accounts->last, account);
    if (last != NULL)
        return last;
    last = map_add(&accounts->last, account, sizeof(*last));
    if (last != NULL)
        last->state = ACCOUNT_STATE_ACTIVE;
    return last;
}

static void made_id(const char *account, const char *credential, char id[MAP_ID_SIZE])
{
    (void)snprintf(id, MAP_ID_SIZE, "%.32s/%.32s", account, credential);
}

static struct made *made_find(const struct verify_accounts *accounts, const char *account,
                              const char *credential)
{
    char id[MAP_ID_SIZE];
    made_id(account, credential, id);
    return map_find(&accounts->made, id);
}

static enum medgl_error made_note(struct verify_accounts *accounts, const char *account,
                                  const char *credential, uint64_t seq)
{
    char id[MAP_ID_SIZE];
    made_id(account, credential, id);
    struct made *made = map_find(&accounts->made, id);
    if (made == NULL)
        made = map_add(&accounts->made, id, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    (void)snprintf(made->account, sizeof(made->account), "%s", account);
    made->seq = seq;
    return MEDGL_OK;
}

/* -- what entries say ------------------------------------------------------------------------- */

static enum medgl_error learn_company(struct last *last, const struct ledger_entry *entry)
{
    const struct ledger_field *field = ledger_entry_find(entry, "company", LEDGER_FIELD_TEXT);
    if (field == NULL)
        return MEDGL_OK;
    free(last->company);
    last->company = strdup(field->text);
    return last->company != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

static enum medgl_error learn_account(struct verify_accounts *accounts,
                                      const struct ledger_entry *entry)
{
    struct last *last = last_find_or_add(accounts, entry->subject.account);
    if (last == NULL)
        return MEDGL_ERR_MEMORY;
    last->account_known = true;
    last->account_seq = entry->seq;
    if (entry->kind == LEDGER_ACCOUNT_ADD || entry->kind == LEDGER_ACCOUNT_CHANGE)
        MEDGL_TRY(learn_company(last, entry));
    if (entry->kind == LEDGER_ACCOUNT_ADD || entry->kind == LEDGER_ACCOUNT_ENABLE)
        last->state = ACCOUNT_STATE_ACTIVE;
    if (entry->kind == LEDGER_ACCOUNT_DISABLE)
        last->state = ACCOUNT_STATE_DISABLED;
    if (entry->kind == LEDGER_ACCOUNT_RETIRE) {
        last->state = ACCOUNT_STATE_RETIRED;
        last->password_known = false; /* retiring takes the password away */
    }
    return MEDGL_OK;
}

static enum medgl_error learn_password(struct verify_accounts *accounts,
                                       const struct ledger_entry *entry)
{
    const char *credential = ledger_entry_find_text(entry, "credential");
    struct last *last = last_find_or_add(accounts, entry->subject.account);
    if (last == NULL)
        return MEDGL_ERR_MEMORY;
    last->password_known = entry->kind != LEDGER_PASSWORD_REVOKE;
    last->password_seq = entry->seq;
    (void)snprintf(last->credential, sizeof(last->credential), "%s", credential);
    if (last->password_known)
        return made_note(accounts, entry->subject.account, credential, entry->seq);
    /* MUST: what was revoked is kept for good, or it could be set again (R12). It ends as what it
     * was. */
    struct made *made = made_find(accounts, entry->subject.account, credential);
    if (made != NULL)
        made->revoked = true;
    return MEDGL_OK;
}

/* Every kind is named, so that a new one cannot be forgotten here. */
enum medgl_error verify_accounts_learn(struct verify_accounts *accounts,
                                       const struct ledger_entry *entry)
{
    if (entry->subject.account == NULL)
        return MEDGL_OK;
    switch (entry->kind) {
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
        return learn_account(accounts, entry);
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_BREAKGLASS_SEAL:
        return learn_password(accounts, entry);
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_SESSION_OPEN:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_SESSION_END:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

/* -- what rows say ---------------------------------------------------------------------------- */

static enum medgl_error row_account(void *argument, const struct account *account)
{
    struct verify_accounts *accounts = argument;
    struct last *last = map_find(&accounts->last, account->id);
    if (last == NULL || !last->account_known)
        accounts_fault(accounts, account->ledger_seq, "an account has no entry that made it");
    else if (last->account_seq != account->ledger_seq || last->state != account->state)
        accounts_fault(accounts, last->account_seq,
                       "an account is not in the state that its last entry says");
    else if (strcmp(last->company != NULL ? last->company : "", account->company) != 0)
        accounts_fault(accounts, last->account_seq,
                       "an account is not of the company that its entries say");
    if (last != NULL)
        last->account_known = false; /* seen: what is left over has an entry and no row */
    return MEDGL_OK;
}

static void row_password(struct verify_accounts *accounts, const struct credential *credential)
{
    struct last *last = map_find(&accounts->last, credential->account_id);
    if (last == NULL || !last->password_known)
        accounts_fault(accounts, credential->ledger_seq, "a password has no entry that made it");
    else if (last->password_seq != credential->ledger_seq ||
             strcmp(last->credential, credential->id) != 0)
        accounts_fault(accounts, last->password_seq,
                       "a password is not the one that its last entry made");
    if (last != NULL)
        last->password_known = false;
}

/* One that is gone is no fault, unless it was revoked: the policy says how many are kept. One that
 * never was, or that is older than its last entry, would let a used password come back (R16). */
static void row_former(struct verify_accounts *accounts, const struct credential *credential)
{
    struct made *made = made_find(accounts, credential->account_id, credential->id);
    if (made == NULL)
        accounts_fault(accounts, credential->ledger_seq,
                       "a former password has no entry that made it");
    else if (made->seq != credential->ledger_seq)
        accounts_fault(accounts, made->seq,
                       "a former password is not what its last entry made of it");
    if (made != NULL)
        made->revoked = false;
}

void verify_accounts_row(struct verify_accounts *accounts, const struct credential *credential)
{
    if (credential->kind == CREDENTIAL_PASSWORD)
        row_password(accounts, credential);
    else if (credential->kind == CREDENTIAL_FORMER)
        row_former(accounts, credential);
}

enum medgl_error verify_accounts_state(struct verify_accounts *accounts, struct store_txn *txn)
{
    return store_account_each(txn, row_account, accounts);
}

/* Whoever has an entry and was not seen among the rows is gone. Retiring takes the former passwords
 * away as well. */
void verify_accounts_gone(struct verify_accounts *accounts)
{
    MAP_EACH(&accounts->last, const struct last, last)
    {
        if (last->account_known)
            accounts_fault(accounts, last->account_seq, "an account that an entry made is gone");
        if (last->password_known)
            accounts_fault(accounts, last->password_seq, "a password that an entry made is gone");
    }
    MAP_EACH(&accounts->made, const struct made, made)
    {
        const struct last *last = map_find(&accounts->last, made->account);
        if (made->revoked && (last == NULL || last->state != ACCOUNT_STATE_RETIRED))
            accounts_fault(accounts, made->seq,
                           "a revoked password is gone: it could be set again");
    }
}

void verify_accounts_free(struct verify_accounts *accounts)
{
    map_free(&accounts->last, last_forget);
    map_free(&accounts->made, NULL);
}
