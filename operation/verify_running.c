/* The sessions and the policy of this moment, by the ledger and by the store. Reads only. */
#include "operation/verify_running.h"

#include <stdio.h>
#include <string.h>

struct open_session {
    struct map_node node; /* by its id */
    uint64_t seq;
    char account[CRYPTO_ID_SIZE];
    bool seen; /* its row is there, and says so too */
};

static enum medgl_error running_opened(struct verify_running *running,
                                       const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "session");
    if (map_find(&running->open, id) != NULL)
        return MEDGL_OK;
    struct open_session *opened = map_add(&running->open, id, sizeof(*opened));
    if (opened == NULL)
        return MEDGL_ERR_MEMORY;
    opened->seq = entry->seq;
    (void)snprintf(opened->account, sizeof(opened->account), "%s",
                   entry->subject.account != NULL ? entry->subject.account : "");
    return MEDGL_OK;
}

static void running_ended(struct verify_running *running, const struct ledger_entry *entry)
{
    struct open_session *found = map_find(&running->open, ledger_entry_find_text(entry, "session"));
    if (found != NULL)
        map_remove(&running->open, found);
    else if (!running->incomplete) /* an archive takes the entries of a session that is over */
        running->fault(running->argument, entry->seq, "a session ended that was not open");
}

struct confirmed_session {
    struct map_node node; /* by its id */
    uint64_t seq;
    char account[CRYPTO_ID_SIZE], by[STORE_NAME_SIZE];
    bool seen;
};

static enum medgl_error running_confirmed(struct verify_running *running,
                                          const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "session");
    if (map_find(&running->confirmed, id) != NULL) {
        running->fault(running->argument, entry->seq, "a session was confirmed that had been");
        return MEDGL_OK;
    }
    struct confirmed_session *confirmed = map_add(&running->confirmed, id, sizeof(*confirmed));
    if (confirmed == NULL)
        return MEDGL_ERR_MEMORY;
    confirmed->seq = entry->seq;
    (void)snprintf(confirmed->account, sizeof(confirmed->account), "%s",
                   entry->subject.account != NULL ? entry->subject.account : "");
    (void)snprintf(confirmed->by, sizeof(confirmed->by), "%s", entry->actor.name);
    return MEDGL_OK;
}

enum medgl_error verify_running_learn(struct verify_running *running,
                                      const struct ledger_entry *entry)
{
    switch (entry->kind) {
    case LEDGER_SESSION_OPEN:
        return running_opened(running, entry);
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_END:
        running_ended(running, entry);
        return MEDGL_OK;
    case LEDGER_MAINTENANCE_CONFIRM:
        return running_confirmed(running, entry);
    case LEDGER_POLICY_CHANGE:
        running->policy_known = true;
        running->policy_seq = entry->seq;
        (void)snprintf(running->policy_digest, sizeof(running->policy_digest), "%s",
                       ledger_entry_find_text(entry, "digest"));
        return MEDGL_OK;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_LOGIN_SUCCESS:
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
    case LEDGER_SESSION_REFUSED:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
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
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

static enum medgl_error running_row(void *argument, const struct session *session)
{
    const struct verify_running *running = argument;
    struct open_session *found = map_find(&running->open, session->id);
    if (found == NULL || strcmp(found->account, session->account_id) != 0)
        running->fault(running->argument, 0, "an open session has no entry that opened it");
    else
        found->seen = true;
    return MEDGL_OK;
}

static enum medgl_error confirmed_row(void *argument, const struct session *session)
{
    const struct verify_running *running = argument;
    struct confirmed_session *found = map_find(&running->confirmed, session->id);
    if (found == NULL || found->seq != session->confirmed_seq ||
        strcmp(found->account, session->account_id) != 0 ||
        strcmp(found->by, session->confirmed_by) != 0)
        running->fault(running->argument, session->confirmed_seq,
                       "a session says that it was confirmed, and no entry does");
    if (found != NULL)
        found->seen = true;
    return MEDGL_OK;
}

static enum medgl_error confirmed_state(struct verify_running *running, struct store_txn *txn)
{
    MEDGL_TRY(store_session_each_confirmed(txn, confirmed_row, running));
    MAP_EACH(&running->confirmed, const struct confirmed_session, confirmed)
    {
        if (!confirmed->seen)
            running->fault(running->argument, confirmed->seq,
                           "a session that an entry confirmed is gone, or not confirmed");
    }
    return MEDGL_OK;
}

static enum medgl_error running_policy(const struct verify_running *running, struct store_txn *txn)
{
    struct policy_seen seen;
    enum medgl_error error = store_policy_seen_get(txn, &seen);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    const bool known = error == MEDGL_OK;
    if (known != running->policy_known ||
        (known && (seen.ledger_seq != running->policy_seq ||
                   strcmp(seen.digest, running->policy_digest) != 0)))
        running->fault(running->argument, running->policy_seq,
                       "the policy seen last is not the one that its last entry says");
    return MEDGL_OK;
}

enum medgl_error verify_running_state(struct verify_running *running, struct store_txn *txn)
{
    MEDGL_TRY(store_session_each_open(txn, NULL, running_row, running));
    MAP_EACH(&running->open, const struct open_session, open)
    {
        if (!open->seen)
            running->fault(running->argument, open->seq,
                           "a session that an entry opened is gone, or over without an entry");
    }
    MEDGL_TRY(confirmed_state(running, txn));
    return running_policy(running, txn);
}

void verify_running_free(struct verify_running *running)
{
    map_free(&running->open, NULL);
    map_free(&running->confirmed, NULL);
}
