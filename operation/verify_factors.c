/* Second factors and grants, by the ledger and by the store. Reads only. */
#include "operation/verify_factors.h"

#include "operation/verify_owner.h"

#include "base/auto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct held_grant {
    struct map_node node; /* by its id */
    char account[CRYPTO_ID_SIZE];
    char kind[32], instead[32]; /* as the entry has them */
    char work[STORE_TEXT_SIZE];
    uint64_t seq;
    medgl_time since, until;
    uint32_t used;
    enum grant_end end;
    bool seen;
};

static void factors_fault(const struct verify_factors *factors, uint64_t seq, const char *what)
{
    factors->fault(factors->argument, seq, what);
}

static struct held_grant *grant_find(const struct verify_factors *factors, const char *id)
{
    return map_find(&factors->grants, id);
}

/* -- what entries say ------------------------------------------------------------------------- */

static medgl_time entry_time(const struct ledger_entry *entry, const char *name)
{
    medgl_time t;
    return clock_parse_utc(ledger_entry_find_text(entry, name), &t) == MEDGL_OK ? t : -1;
}

/* Of "totp", "card", "recovery", "code". */
static bool entry_kind(const char *word, enum credential_kind *kind)
{
    static const struct {
        enum factor_kind factor;
        enum credential_kind kind;
    } kinds[] = {{FACTOR_KIND_TOTP, CREDENTIAL_TOTP},
                 {FACTOR_KIND_CARD, CREDENTIAL_CARD},
                 {FACTOR_KIND_RECOVERY, CREDENTIAL_RECOVERY},
                 {FACTOR_KIND_CODE, CREDENTIAL_CODE}};
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        if (strcmp(word, factor_kind_word(kinds[i].factor)) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static enum medgl_error learn_enrol(struct verify_factors *factors,
                                    const struct ledger_entry *entry)
{
    enum credential_kind kind;
    struct owner *owner = owner_find_or_add(&factors->owners, entry->subject.account);
    if (owner == NULL)
        return MEDGL_ERR_MEMORY;
    if (!entry_kind(ledger_entry_find_text(entry, "factor"), &kind) || kind == CREDENTIAL_CODE) {
        factors_fault(factors, entry->seq, "an entry gives a second factor of no kind there is");
        return MEDGL_OK;
    }
    if (kind == CREDENTIAL_RECOVERY)
        return owner_add_codes(owner, entry, kind, ledger_entry_find_number(entry, "count", 0));
    return owner_add_device(owner, entry, kind, ledger_entry_find_text(entry, "credential"));
}

/* One of the codes of a grant ("": recovery codes). */
static enum medgl_error learn_code(const struct verify_factors *factors, struct owner *owner,
                                   const struct ledger_entry *entry, const char *grant,
                                   const char *id)
{
    struct held_codes *codes = owner->codes;
    while (codes != NULL && strcmp(codes->grant, grant) != 0)
        codes = codes->next;
    const struct used_code *before = codes != NULL ? codes->used : NULL;
    while (before != NULL && strcmp(before->id, id) != 0)
        before = before->next;
    if (codes == NULL || codes->left == 0 || before != NULL) {
        factors_fault(factors, entry->seq, "a code was used that was used before, or never made");
        return MEDGL_OK;
    }
    struct used_code *used = calloc(1, sizeof(*used));
    if (used == NULL)
        return MEDGL_ERR_MEMORY;
    (void)snprintf(used->id, sizeof(used->id), "%s", id);
    used->next = codes->used;
    codes->used = used;
    codes->left--;
    return MEDGL_OK;
}

/* MUST: one that was taken from the store, or put back, is told of here too: afterwards there would
 * be nothing to see. */
static enum medgl_error learn_revoke(const struct verify_factors *factors,
                                     const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "credential");
    struct owner *owner = owner_find(&factors->owners, entry->subject.account);
    enum credential_kind kind;
    int64_t count = 1, dropped = 0;
    if (owner != NULL && entry_kind(ledger_entry_find_text(entry, "factor"), &kind)) {
        if (id[0] != '\0' && kind == CREDENTIAL_RECOVERY)
            return learn_code(factors, owner, entry, "", id);
        dropped = owner_drop_devices(owner, kind, id[0] != '\0' ? id : NULL);
        if (id[0] == '\0') {
            count = ledger_entry_find_number(entry, "count", -1);
            dropped += owner_drop_codes(owner, kind, NULL);
        }
    }
    if (dropped != count)
        factors_fault(factors, entry->seq,
                      "an entry takes away other second factors than there were");
    return MEDGL_OK;
}

/* They were taken away before, each kind with an entry of its own. */
static void learn_retire(const struct verify_factors *factors, const struct ledger_entry *entry)
{
    struct owner *owner = owner_find(&factors->owners, entry->subject.account);
    if (owner != NULL && owner_drop_all(owner) > 0)
        factors_fault(factors, entry->seq,
                      "an account was retired, and second factors of it were gone before");
}

static enum medgl_error learn_device(const struct verify_factors *factors, struct owner *owner,
                                     const struct ledger_entry *entry, enum credential_kind kind,
                                     const char *id)
{
    const int64_t step = ledger_entry_find_number(entry, "step", -1);
    struct held_device *device = owner->devices;
    while (device != NULL && (device->kind != kind || strcmp(device->id, id) != 0))
        device = device->next;
    if (device == NULL) {
        factors_fault(factors, entry->seq, "a second factor was used that the account has not");
        return MEDGL_OK;
    }
    if (kind == CREDENTIAL_TOTP && step <= device->step)
        factors_fault(factors, entry->seq, "a step of a device was used again");
    device->seq = entry->seq;
    if (step > device->step)
        device->step = step;
    return MEDGL_OK;
}

static void owner_forget_pending(const struct verify_factors *factors, struct owner *owner,
                                 uint64_t seq)
{
    if (owner->pending[0] != '\0')
        factors_fault(factors, seq, "a code of a grant was used, and no entry says of which");
    owner->pending[0] = '\0';
}

/* What proved it stands last: "password+totp", "card". */
static enum medgl_error learn_login(struct verify_factors *factors,
                                    const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "factor");
    if (id[0] == '\0')
        return MEDGL_OK;
    const char *proofs = ledger_entry_find_text(entry, "factors"), *last = strrchr(proofs, '+');
    enum credential_kind kind;
    struct owner *owner = owner_find_or_add(&factors->owners, entry->subject.account);
    if (owner == NULL)
        return MEDGL_ERR_MEMORY;
    owner_forget_pending(factors, owner, entry->seq);
    if (!entry_kind(last != NULL ? last + 1 : proofs, &kind))
        factors_fault(factors, entry->seq, "a second factor was used that is of no kind there is");
    else if (kind == CREDENTIAL_RECOVERY)
        return learn_code(factors, owner, entry, "", id);
    else if (kind == CREDENTIAL_CODE)
        (void)snprintf(owner->pending, sizeof(owner->pending), "%s", id);
    else
        return learn_device(factors, owner, entry, kind, id);
    return MEDGL_OK;
}

static enum medgl_error learn_grant(struct verify_factors *factors,
                                    const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "grant");
    const int64_t codes = ledger_entry_find_number(entry, "codes", 0);
    struct owner *owner = owner_find_or_add(&factors->owners, entry->subject.account);
    if (grant_find(factors, id) != NULL) {
        factors_fault(factors, entry->seq, "a grant was made that was there");
        return MEDGL_OK;
    }
    struct held_grant *grant = map_add(&factors->grants, id, sizeof(*grant));
    if (owner == NULL || grant == NULL)
        return MEDGL_ERR_MEMORY;
    (void)snprintf(grant->account, sizeof(grant->account), "%s", entry->subject.account);
    (void)snprintf(grant->kind, sizeof(grant->kind), "%s",
                   ledger_entry_find_text(entry, "grant_kind"));
    (void)snprintf(grant->instead, sizeof(grant->instead), "%s",
                   ledger_entry_find_text(entry, "instead"));
    (void)snprintf(grant->work, sizeof(grant->work), "%s", ledger_entry_find_text(entry, "work"));
    grant->seq = entry->seq;
    grant->since = entry_time(entry, "since");
    grant->until = entry_time(entry, "until");
    return codes > 0 ? owner_add_codes(owner, entry, CREDENTIAL_CODE, codes) : MEDGL_OK;
}

/* The grant of an entry, which goes on with that entry. NULL: there is none that could. */
static struct held_grant *learn_grant_goes_on(const struct verify_factors *factors,
                                              const struct ledger_entry *entry)
{
    struct held_grant *grant = grant_find(factors, ledger_entry_find_text(entry, "grant"));
    if (grant == NULL || grant->end != GRANT_END_NONE ||
        strcmp(grant->account, entry->subject.account) != 0) {
        factors_fault(factors, entry->seq, "a grant was used or ended that was not there");
        return NULL;
    }
    grant->seq = entry->seq;
    return grant;
}

static enum medgl_error learn_grant_use(const struct verify_factors *factors,
                                        const struct ledger_entry *entry)
{
    struct held_grant *grant = learn_grant_goes_on(factors, entry);
    struct owner *owner = owner_find(&factors->owners, entry->subject.account);
    if (grant == NULL || owner == NULL)
        return MEDGL_OK;
    grant->used++;
    if (owner->pending[0] == '\0' ||
        strcmp(grant->instead, grant_instead_word(GRANT_INSTEAD_CODE)) != 0)
        return MEDGL_OK;
    char id[CRYPTO_ID_SIZE];
    memcpy(id, owner->pending, sizeof(id));
    owner->pending[0] = '\0';
    return learn_code(factors, owner, entry, grant->node.id, id);
}

static void learn_grant_end(const struct verify_factors *factors, const struct ledger_entry *entry,
                            enum grant_end end)
{
    struct held_grant *grant = learn_grant_goes_on(factors, entry);
    struct owner *owner = owner_find(&factors->owners, entry->subject.account);
    if (grant == NULL || owner == NULL)
        return;
    grant->end = end;
    (void)owner_drop_codes(owner, CREDENTIAL_CODE, grant->node.id);
}

enum medgl_error verify_factors_learn(struct verify_factors *factors,
                                      const struct ledger_entry *entry)
{
    if (entry->subject.account == NULL)
        return MEDGL_OK;
    switch (entry->kind) {
    case LEDGER_LOGIN_SUCCESS:
        return learn_login(factors, entry);
    case LEDGER_FACTOR_ENROL:
        return learn_enrol(factors, entry);
    case LEDGER_FACTOR_REVOKE:
        return learn_revoke(factors, entry);
    case LEDGER_GRANT_ADD:
        return learn_grant(factors, entry);
    case LEDGER_GRANT_USE:
        return learn_grant_use(factors, entry);
    case LEDGER_GRANT_REVOKE:
        learn_grant_end(factors, entry, GRANT_END_REVOKED);
        return MEDGL_OK;
    case LEDGER_GRANT_END:
        learn_grant_end(factors, entry, GRANT_END_EXPIRED);
        return MEDGL_OK;
    case LEDGER_ACCOUNT_RETIRE:
        learn_retire(factors, entry);
        return MEDGL_OK;
    case LEDGER_SETUP:
    case LEDGER_PASSWORD_RESET:
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
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_SESSION_OPEN:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_SESSION_END:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
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

static void row_device(const struct verify_factors *factors, const struct owner *owner,
                       const struct credential *credential)
{
    struct held_device *device = owner != NULL ? owner->devices : NULL;
    while (device != NULL &&
           (device->kind != credential->kind || strcmp(device->id, credential->id) != 0))
        device = device->next;
    if (device == NULL) {
        factors_fault(factors, credential->ledger_seq, "a second factor has no entry that made it");
        return;
    }
    device->seen = true;
    if (device->seq != credential->ledger_seq ||
        (device->step >= 0 && device->step != credential->counter))
        factors_fault(factors, device->seq,
                      "a second factor is not what its last entry made of it: what was used could "
                      "be used again");
}

static void row_code(const struct verify_factors *factors, const struct owner *owner,
                     const struct credential *credential)
{
    struct held_codes *codes = owner != NULL ? owner->codes : NULL;
    while (codes != NULL &&
           (codes->kind != credential->kind || codes->seq != credential->ledger_seq))
        codes = codes->next;
    if (codes == NULL ||
        (codes->kind == CREDENTIAL_CODE && strcmp(codes->grant, credential->label) != 0)) {
        factors_fault(factors, credential->ledger_seq,
                      "a code is there that no entry made, or that was taken away");
        return;
    }
    codes->rows++;
    for (const struct used_code *used = codes->used; used != NULL; used = used->next)
        if (strcmp(used->id, credential->id) == 0)
            factors_fault(factors, codes->seq, "a code is there again that was used");
}

void verify_factors_row(struct verify_factors *factors, const struct credential *credential)
{
    const struct owner *owner = owner_find(&factors->owners, credential->account_id);
    switch (credential->kind) {
    case CREDENTIAL_TOTP:
    case CREDENTIAL_CARD:
        row_device(factors, owner, credential);
        return;
    case CREDENTIAL_RECOVERY:
    case CREDENTIAL_CODE:
        row_code(factors, owner, credential);
        return;
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_FORMER:
        return;
    }
}

static enum medgl_error row_grant(void *argument, const struct grant *row)
{
    const struct verify_factors *factors = argument;
    struct held_grant *grant = grant_find(factors, row->id);
    if (grant == NULL || strcmp(grant->account, row->account_id) != 0) {
        factors_fault(factors, row->ledger_seq, "a grant has no entry that made it");
        return MEDGL_OK;
    }
    grant->seen = true;
    if (grant->seq != row->ledger_seq || grant->since != row->since || grant->until != row->until ||
        grant->used != row->used || grant->end != row->end ||
        (grant->end != GRANT_END_NONE) != (row->ended != 0) ||
        strcmp(grant->kind, grant_kind_word(row->kind)) != 0 ||
        strcmp(grant->work, row->work) != 0 ||
        (row->instead != GRANT_INSTEAD_NONE &&
         strcmp(grant->instead, grant_instead_word(row->instead)) != 0))
        factors_fault(factors, grant->seq, "a grant is not what its entries say");
    return MEDGL_OK;
}

static void left_of_owner(const struct verify_factors *factors, struct owner *owner)
{
    owner_forget_pending(factors, owner, 0);
    for (const struct held_device *device = owner->devices; device != NULL; device = device->next)
        if (!device->seen)
            factors_fault(factors, device->seq, "a second factor that an entry made is gone");
    for (const struct held_codes *codes = owner->codes; codes != NULL; codes = codes->next)
        if (codes->rows != codes->left)
            factors_fault(factors, codes->seq, "there are more or fewer codes than were left");
}

enum medgl_error verify_factors_state(struct verify_factors *factors, struct store_txn *txn)
{
    MEDGL_TRY(store_grant_each(txn, NULL, false, row_grant, factors));
    MAP_EACH(&factors->owners, struct owner, owner)
    {
        left_of_owner(factors, owner);
    }
    MAP_EACH(&factors->grants, const struct held_grant, grant)
    {
        if (!grant->seen)
            factors_fault(factors, grant->seq, "a grant that an entry made is gone");
    }
    return MEDGL_OK;
}

void verify_factors_free(struct verify_factors *factors)
{
    map_free(&factors->owners, owner_forget);
    map_free(&factors->grants, NULL);
}
