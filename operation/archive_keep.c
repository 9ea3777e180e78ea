/* Which bodies stay in the store when an archive has them too.
 *
 * MUSTs (R08): with every archive's file gone, verification is as sharp about each row as it was
 * before, and finds nothing that is not so:
 * - An entry that a row names stays.
 * - What stays tells of nothing that an entry ended which went: what ends it stays as well. */
#include "operation/archive_keep.h"

#include "base/account.h"
#include "base/auto.h"

#include "ledger/peek.h"
#include "ledger/scan.h"

#include <stdlib.h>
#include <string.h>

struct keep_state {
    struct map_node node; /* by the account */
    uint64_t seq;         /* of the last entry that says what state it is in */
};

struct keep_run {
    struct archive_keep *keep;
    struct verify_map open; /* sessions, by the store */
    struct verify_map states;
    struct ledger_scanner scanner;
};

static void run_free(struct keep_run *run)
{
    map_free(&run->open, NULL);
    map_free(&run->states, NULL);
    ledger_scanner_free(&run->scanner);
}

void archive_keep_free(struct archive_keep *keep)
{
    free(keep->seqs);
    map_free(&keep->sessions, NULL);
    *keep = (struct archive_keep){.count = 0};
}

static enum medgl_error keep_seq(struct archive_keep *keep, uint64_t seq)
{
    if (keep->count == keep->room) {
        const size_t room = keep->room > 0 ? 2 * keep->room : 64;
        uint64_t *larger = reallocarray(keep->seqs, room, sizeof(*larger));
        if (larger == NULL)
            return MEDGL_ERR_MEMORY;
        keep->seqs = larger;
        keep->room = room;
    }
    keep->seqs[keep->count++] = seq;
    return MEDGL_OK;
}

static enum medgl_error keep_id(struct verify_map *map, const char *id)
{
    if (map_find(map, id) != NULL)
        return MEDGL_OK;
    return map_add(map, id, sizeof(struct map_node)) != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

/* -- what rows name --------------------------------------------------------------------------- */

static enum medgl_error keep_account(void *argument, const struct account *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_credential(void *argument, const struct credential *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_grant(void *argument, const struct grant *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_document(void *argument, const struct document *row)
{
    MEDGL_TRY(keep_seq(argument, row->shown_seq));
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_key(void *argument, const struct key_period *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_backup(void *argument, const struct backup *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_archive(void *argument, const struct archive *row)
{
    return keep_seq(argument, row->ledger_seq);
}

static enum medgl_error keep_session(void *argument, const struct session *row)
{
    struct keep_run *run = argument;
    return keep_id(&run->open, row->id);
}

static enum medgl_error keep_policy(struct store_txn *txn, struct archive_keep *keep)
{
    struct policy_seen seen;
    enum medgl_error error = store_policy_seen_get(txn, &seen);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    return keep_seq(keep, seen.ledger_seq);
}

static enum medgl_error keep_rows(struct store_txn *txn, struct keep_run *run)
{
    struct archive_keep *keep = run->keep;
    MEDGL_TRY(store_account_each(txn, keep_account, keep));
    MEDGL_TRY(store_credential_each(txn, keep_credential, keep));
    MEDGL_TRY(store_grant_each(txn, NULL, false, keep_grant, keep));
    MEDGL_TRY(store_document_each(txn, keep_document, keep));
    MEDGL_TRY(store_key_each(txn, KEY_USE_STORE, keep_key, keep));
    MEDGL_TRY(store_key_each(txn, KEY_USE_LEDGER, keep_key, keep));
    MEDGL_TRY(store_backup_each(txn, keep_backup, keep));
    MEDGL_TRY(store_archive_each(txn, keep_archive, keep));
    MEDGL_TRY(store_session_each_open(txn, NULL, keep_session, run));
    return keep_policy(txn, keep);
}

/* -- what entries say ------------------------------------------------------------------------- */

/* Of each account the last one in the archive: what comes after it is later in the ledger. */
static enum medgl_error keep_state_of(struct keep_run *run, const struct ledger_entry *entry)
{
    const char *account = entry->subject.account != NULL ? entry->subject.account : "";
    struct keep_state *state = map_find(&run->states, account);
    if (state == NULL)
        state = map_add(&run->states, account, sizeof(*state));
    if (state == NULL)
        return MEDGL_ERR_MEMORY;
    state->seq = entry->seq;
    return MEDGL_OK;
}

/* Which company an account is of is held against the row (R30). */
static enum medgl_error keep_company(struct archive_keep *keep, const struct ledger_entry *entry)
{
    return ledger_entry_find(entry, "company", LEDGER_FIELD_TEXT) != NULL
               ? keep_seq(keep, entry->seq)
               : MEDGL_OK;
}

/* One less of those that an entry made which stays. */
static bool login_used_code(const struct ledger_entry *entry)
{
    const char *proofs = ledger_entry_find_text(entry, "factors"), *last = strrchr(proofs, '+');
    last = last != NULL ? last + 1 : proofs;
    return strcmp(last, factor_kind_word(FACTOR_KIND_RECOVERY)) == 0 ||
           strcmp(last, factor_kind_word(FACTOR_KIND_CODE)) == 0;
}

/* Every kind is named, so that a new one cannot be forgotten here. */
static enum medgl_error keep_entry(struct keep_run *run, const struct ledger_entry *entry)
{
    struct archive_keep *keep = run->keep;
    const char *session = ledger_entry_find_text(entry, "session");
    switch (entry->kind) {
    case LEDGER_SETUP:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
        return keep_seq(keep, entry->seq);
    case LEDGER_ACCOUNT_ADD:
        MEDGL_TRY(keep_company(keep, entry));
        return keep_state_of(run, entry);
    case LEDGER_ACCOUNT_CHANGE:
        return keep_company(keep, entry);
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
        return keep_state_of(run, entry);
    case LEDGER_LOGIN_SUCCESS:
        return login_used_code(entry) ? keep_seq(keep, entry->seq) : MEDGL_OK;
    case LEDGER_SESSION_OPEN:
        return map_find(&run->open, session) != NULL ? keep_seq(keep, entry->seq) : MEDGL_OK;
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_END:
        return map_find(&keep->sessions, session) != NULL ? keep_seq(keep, entry->seq) : MEDGL_OK;
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
    case LEDGER_PASSWORD_RESET:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

static enum medgl_error keep_line(void *argument, const struct ledger_row *row)
{
    struct keep_run *run = argument;
    MEDGL_TRY(ledger_scan(&run->scanner, row->line, row->len, NULL));
    return keep_entry(run, &run->scanner.entry);
}

static bool peek_is(const struct ledger_peek *peek, enum ledger_kind kind)
{
    const char *word = ledger_kind_word(kind);
    return peek->kind_len == strlen(word) && memcmp(peek->kind, word, peek->kind_len) == 0;
}

enum medgl_error archive_keep_before(struct archive_keep *keep, const struct ledger_row *row)
{
    auto_clean(ledger_scanner_free) struct ledger_scanner scanner = {.room = 0};
    struct ledger_peek peek;
    if (!ledger_peek(row->line, row->len, &peek))
        return MEDGL_ERR_CORRUPT;
    if (!peek_is(&peek, LEDGER_SESSION_OPEN))
        return MEDGL_OK;
    MEDGL_TRY(ledger_scan(&scanner, row->line, row->len, NULL));
    return keep_id(&keep->sessions, ledger_entry_find_text(&scanner.entry, "session"));
}

/* -- the rest --------------------------------------------------------------------------------- */

static int seq_compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static enum medgl_error keep_collect(struct store_txn *txn, struct keep_run *run, uint64_t first,
                                     uint64_t next)
{
    struct archive_keep *keep = run->keep;
    keep->count = 0;
    MEDGL_TRY(keep_rows(txn, run));
    MEDGL_TRY(store_ledger_each(txn, first, next, keep_line, run));
    MAP_EACH(&run->states, const struct keep_state, state)
    {
        MEDGL_TRY(keep_seq(keep, state->seq));
    }
    if (keep->count > 0)
        qsort(keep->seqs, keep->count, sizeof(*keep->seqs), seq_compare);
    return MEDGL_OK;
}

enum medgl_error archive_keep_rest(struct archive_keep *keep, struct store_txn *txn, uint64_t first,
                                   uint64_t next)
{
    auto_clean(run_free) struct keep_run run = {.keep = keep};
    MEDGL_TRY(keep_collect(txn, &run, first, next));
    for (size_t i = 0; i < keep->count && first < next; i++) {
        const uint64_t seq = keep->seqs[i];
        if (seq < first || seq >= next)
            continue;
        MEDGL_TRY(store_ledger_archive(txn, first, seq));
        first = seq + 1;
    }
    return store_ledger_archive(txn, first, next);
}
