/* The store that a backup is about to take the place of: what its ledger says since the backup, so
 * that no code is good twice, and nobody has to guess what is lost. Reads only. */
#include "operation/backup_restore.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"
#include "operation/factors.h"
#include "operation/head_seen.h"
#include "operation/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void before_forget_backups(struct before *before)
{
    while (before->backups != NULL) {
        struct before_backup *next = before->backups->next;
        free(before->backups);
        before->backups = next;
    }
}

void before_close(struct before *before)
{
    while (before->codes != NULL) {
        struct before_code *next = before->codes->next;
        free(before->codes);
        before->codes = next;
    }
    while (before->fates != NULL) {
        struct before_fate *next = before->fates->next;
        free(before->fates);
        before->fates = next;
    }
    before_forget_backups(before);
    context_close(&before->context);
}

enum medgl_error before_open(const char *root, struct before *before)
{
    char path[PATH_MAX];
    struct stat st;
    struct head_seen head;
    MEDGL_TRY(path_under(path, root, PATH_STORE));
    if (lstat(path, &st) != 0)
        return MEDGL_OK;
    MEDGL_TRY(text_copy(before->context.root, sizeof(before->context.root), root));
    head_seen_read(&before->context, &head);
    before->seen = head.seen.time;
    enum medgl_error error = context_open(root, CONTEXT_STATE, &before->context);
    if (error == MEDGL_ERR_DEADLINE || error == MEDGL_ERR_MEMORY)
        return error; /* it may open the next time */
    before->open = error == MEDGL_OK;
    if (!before->open)
        return MEDGL_OK; /* which may be why it is put back */
    before->new_key[0] = before->context.store_key_new;
    before->new_key[1] = before->context.ledger_key_new;
    return MEDGL_OK;
}

/* One that is missing is not put back to an older one. */
static enum medgl_error before_key(const char *root, const char *name, struct secret *key)
{
    char path[PATH_MAX];
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = KEYS_VKEY_FILE_MAX};
    MEDGL_TRY(path_under(path, root, name));
    enum medgl_error error = file_read_trusted(path, &rule, key);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error before_keys(const struct before *before, const char *root, const char *staged,
                             bool back[2])
{
    static const char *const names[][2] = {{PATH_STORE_KEY, PATH_STORE_KEY_NEW},
                                           {PATH_LEDGER_KEY, PATH_LEDGER_KEY_NEW}};
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        auto_secret struct secret there = SECRET_NONE, fresh = SECRET_NONE;
        MEDGL_TRY(before_key(root, names[i][before->new_key[i]], &there));
        MEDGL_TRY(before_key(staged, names[i][0], &fresh));
        back[i] = there.len > 0 && !secret_equal(there.bytes, there.len, fresh.bytes, fresh.len);
    }
    return MEDGL_OK;
}

/* -- whether it goes on from the backup ---------------------------------------------------------
 */

struct compare_run {
    const struct backup_manifest *manifest;
    struct merkle_tree tree;
};

static enum medgl_error compare_leaf(void *argument, const struct ledger_row *row)
{
    struct compare_run *run = argument;
    return merkle_append(&run->tree, row->leaf);
}

static enum medgl_error compare_now(struct store_txn *txn, void *argument)
{
    struct compare_run *run = argument;
    run->tree = (struct merkle_tree){.size = 0};
    return store_ledger_each(txn, 0, run->manifest->size, compare_leaf, run);
}

enum medgl_error before_compare(struct before *before, const struct backup_manifest *manifest)
{
    struct compare_run run = {.manifest = manifest};
    unsigned char root[MERKLE_HASH_SIZE];
    before->follows = false;
    if (!before->open)
        return MEDGL_OK;
    enum medgl_error error = store_transact(before->context.store, STORE_READ, compare_now, &run);
    if (error != MEDGL_OK) /* damaged: nothing it says is known */
        return error == MEDGL_ERR_MEMORY ? error : MEDGL_OK;
    MEDGL_TRY(merkle_root(&run.tree, root));
    before->follows =
        run.tree.size == manifest->size && memcmp(root, manifest->root, sizeof(root)) == 0;
    return MEDGL_OK;
}

/* -- what it says since --------------------------------------------------------------------------
 */

static enum medgl_error before_note(struct before *before, const char *account,
                                    enum credential_kind kind, const char *credential, bool grants)
{
    struct before_code *code = calloc(1, sizeof(*code));
    if (code == NULL)
        return MEDGL_ERR_MEMORY;
    (void)snprintf(code->account, sizeof(code->account), "%s", account);
    (void)snprintf(code->credential, sizeof(code->credential), "%s", credential);
    code->kind = kind;
    code->grants = grants;
    code->next = before->codes;
    before->codes = code;
    return MEDGL_OK;
}

static bool entry_is_recovery(const struct ledger_entry *entry, const char *field)
{
    const char *proofs = ledger_entry_find_text(entry, field), *last = strrchr(proofs, '+');
    return strcmp(last != NULL ? last + 1 : proofs, factor_kind_word(FACTOR_KIND_RECOVERY)) == 0;
}

static enum medgl_error before_learn_revoke(struct before *before, const struct ledger_entry *entry)
{
    static const enum credential_kind kinds[] = {CREDENTIAL_RECOVERY, CREDENTIAL_TOTP,
                                                 CREDENTIAL_CARD};
    const char *word = ledger_entry_find_text(entry, "factor");
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        if (strcmp(word, factor_kind_word(factor_kind_of(kinds[i]))) == 0)
            return before_note(before, entry->subject.account, kinds[i],
                               ledger_entry_find_text(entry, "credential"), false);
    return MEDGL_OK;
}

/* Codes that were used, and what was taken away or replaced. */
static enum medgl_error before_learn_codes(struct before *before, const struct ledger_entry *entry)
{
    const char *account = entry->subject.account;
    if (account == NULL)
        return MEDGL_OK;
    if (entry->kind == LEDGER_LOGIN_SUCCESS && entry_is_recovery(entry, "factors"))
        return before_note(before, account, CREDENTIAL_RECOVERY,
                           ledger_entry_find_text(entry, "factor"), false);
    if (entry->kind == LEDGER_FACTOR_REVOKE)
        return before_learn_revoke(before, entry);
    if (entry->kind == LEDGER_GRANT_USE || entry->kind == LEDGER_GRANT_REVOKE)
        return before_note(before, account, CREDENTIAL_CODE, "", true);
    if (entry->kind == LEDGER_PASSWORD_REVOKE)
        return before_note(before, account, CREDENTIAL_PASSWORD,
                           ledger_entry_find_text(entry, "credential"), false);
    return MEDGL_OK;
}

static struct before_fate *before_fate_of(struct before *before, const char *account)
{
    struct before_fate *fate = before->fates;
    while (fate != NULL && strcmp(fate->account, account) != 0)
        fate = fate->next;
    if (fate == NULL && (fate = calloc(1, sizeof(*fate))) != NULL) {
        (void)snprintf(fate->account, sizeof(fate->account), "%s", account);
        fate->next = before->fates;
        before->fates = fate;
    }
    return fate;
}

/* What came last holds: who was disabled and enabled again is not disabled. */
static enum medgl_error before_learn_fate(struct before *before, const struct ledger_entry *entry)
{
    const bool state = entry->kind == LEDGER_ACCOUNT_DISABLE ||
                       entry->kind == LEDGER_ACCOUNT_ENABLE || entry->kind == LEDGER_ACCOUNT_RETIRE;
    const bool fresh =
        entry->kind == LEDGER_PASSWORD_ISSUE || entry->kind == LEDGER_PASSWORD_RESET ||
        entry->kind == LEDGER_PASSWORD_CHANGE || entry->kind == LEDGER_PASSWORD_IMPORT;
    if (entry->subject.account == NULL ||
        (!state && !fresh && entry->kind != LEDGER_PASSWORD_REVOKE))
        return MEDGL_OK;
    struct before_fate *fate = before_fate_of(before, entry->subject.account);
    if (fate == NULL)
        return MEDGL_ERR_MEMORY;
    if (state) {
        fate->disabled = entry->kind == LEDGER_ACCOUNT_DISABLE;
        fate->retired = entry->kind == LEDGER_ACCOUNT_RETIRE;
        (void)snprintf(fate->reason, sizeof(fate->reason), "%s",
                       ledger_entry_find_text(entry, "why"));
    } else {
        fate->revoked = !fresh;
        fate->replaced = fate->replaced || fresh;
    }
    return MEDGL_OK;
}

/* What somebody decided, and would have to again: no logins, and nothing that the machine does by
 * itself. */
static bool before_is_act(enum ledger_kind kind)
{
    switch (kind) {
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_ARCHIVE:
    case LEDGER_KEY_ROTATE:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_MAINTENANCE_CONFIRM:
        return true;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_JUDGE:
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
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_END:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return false;
}

static enum medgl_error before_row(void *argument, const struct ledger_row *row)
{
    struct before *before = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0) { /* archived since: not known */
        before->follows = false;
        return MEDGL_OK;
    }
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (before_is_act(entry->kind) && before->lost != NULL)
        before->lost(before->argument, entry);
    MEDGL_TRY(before_learn_codes(before, entry));
    return before_learn_fate(before, entry);
}

/* The latest comes first: the oldest is the first of the list. */
static enum medgl_error before_backup(void *argument, const struct backup *row)
{
    struct before *before = argument;
    struct before_backup *backup = calloc(1, sizeof(*backup));
    if (backup == NULL)
        return MEDGL_ERR_MEMORY;
    backup->row = *row;
    backup->gone = row->state == BACKUP_GONE;
    backup->next = before->backups;
    before->backups = backup;
    return MEDGL_OK;
}

/* Damaged rows name nothing. */
static enum medgl_error before_learn_backups(struct before *before, struct store_txn *txn)
{
    before_forget_backups(before);
    enum medgl_error error = store_backup_each(txn, before_backup, before);
    if (error == MEDGL_ERR_CORRUPT)
        before_forget_backups(before);
    return error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
}

enum medgl_error before_learn(struct before *before, struct store_txn *txn, uint64_t since)
{
    struct ledger_head head;
    MEDGL_TRY(before_learn_backups(before, txn));
    MEDGL_TRY(store_ledger_head(txn, &head));
    before->size = head.tree.size;
    if (!before->follows)
        return MEDGL_OK;
    enum medgl_error error = store_ledger_each(txn, since, UINT64_MAX, before_row, before);
    if (error == MEDGL_ERR_CORRUPT) /* changed from outside: what it says is not believed */
        before->follows = false;
    return error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
}
