/* Everything that can be checked about the evidence: each entry, the tree, every checkpoint, every
 * row, and whether the state is what the ledger says it is (R08). Reads only. */
#include "operation/evidence.h"
#include "operation/head_seen.h"
#include "operation/verify_factors.h"
#include "operation/verify_running.h"

#include "base/auto.h"
#include "base/file.h"

#include <dirent.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISHED_DIGITS 20 /* what evidence_publish() calls a checkpoint by: its size */

/* The latest entry that says what an account or its password is. */
struct verify_last {
    char account[CRYPTO_ID_SIZE];
    uint64_t account_seq, password_seq;
    bool account_known, password_known;
    char credential[CRYPTO_ID_SIZE]; /* id of the password that the entry made */
    enum account_state state;
};

/* The latest entry about each password that an account ever had. */
struct verify_made {
    char account[CRYPTO_ID_SIZE];
    char credential[CRYPTO_ID_SIZE];
    uint64_t seq;
    bool revoked; /* and not seen yet among the former ones */
};

struct verify_run {
    struct context *context;
    const struct evidence_request *request;
    struct ledger_verifier *verifier;
    struct ledger_head head;
    void *last; /* a tree of struct verify_last, see tsearch(3) */
    void *made; /* one of struct verify_made */
    struct verify_running running;
    struct verify_factors factors;
    struct head_seen seen; /* what logins saw, says the file beside the store */
    uint64_t faults;
};

static void verify_fault(struct verify_run *run, uint64_t seq, const char *what)
{
    run->faults++;
    run->request->fault(run->request->argument, seq, what);
}

static int verify_compare(const void *a, const void *b)
{
    return strcmp(((const struct verify_last *)a)->account,
                  ((const struct verify_last *)b)->account);
}

static struct verify_last *verify_find(const struct verify_run *run, const char *account)
{
    struct verify_last key = {.account_seq = 0};
    (void)snprintf(key.account, sizeof(key.account), "%s", account);
    struct verify_last *const *found = tfind(&key, &run->last, verify_compare);
    return found != NULL ? *found : NULL;
}

/* NULL: no memory. */
static struct verify_last *verify_find_or_add(struct verify_run *run, const char *account)
{
    struct verify_last *last = verify_find(run, account);
    if (last != NULL)
        return last;
    auto_free struct verify_last *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL)
        return NULL;
    fresh->state = ACCOUNT_STATE_ACTIVE;
    (void)snprintf(fresh->account, sizeof(fresh->account), "%s", account);
    if (tsearch(fresh, &run->last, verify_compare) == NULL)
        return NULL;
    return auto_give(fresh);
}

static int verify_compare_made(const void *a, const void *b)
{
    const struct verify_made *one = a, *other = b;
    int order = strcmp(one->account, other->account);
    return order != 0 ? order : strcmp(one->credential, other->credential);
}

static struct verify_made verify_made_key(const char *account, const char *credential)
{
    struct verify_made key = {.seq = 0};
    (void)snprintf(key.account, sizeof(key.account), "%s", account);
    (void)snprintf(key.credential, sizeof(key.credential), "%s", credential);
    return key;
}

/* MUST: what was revoked is kept for good, or it could be set again (R12). */
static void verify_note_revoked(struct verify_run *run, const struct ledger_entry *entry)
{
    const struct verify_made key =
        verify_made_key(entry->subject.account, ledger_entry_find_text(entry, "credential"));
    struct verify_made *const *found = tfind(&key, &run->made, verify_compare_made);
    if (found != NULL)
        (*found)->revoked = true;
}

static enum medgl_error verify_note_made(struct verify_run *run, const char *account,
                                         const char *credential, uint64_t seq)
{
    const struct verify_made key = verify_made_key(account, credential);
    struct verify_made *const *found = tfind(&key, &run->made, verify_compare_made);
    if (found != NULL) {
        (*found)->seq = seq;
        return MEDGL_OK;
    }
    auto_free struct verify_made *fresh = malloc(sizeof(*fresh));
    if (fresh == NULL)
        return MEDGL_ERR_MEMORY;
    *fresh = key;
    fresh->seq = seq;
    if (tsearch(fresh, &run->made, verify_compare_made) == NULL)
        return MEDGL_ERR_MEMORY;
    (void)auto_give(fresh);
    return MEDGL_OK;
}

static enum medgl_error verify_learn_account(struct verify_run *run,
                                             const struct ledger_entry *entry)
{
    struct verify_last *last = verify_find_or_add(run, entry->subject.account);
    if (last == NULL)
        return MEDGL_ERR_MEMORY;
    last->account_known = true;
    last->account_seq = entry->seq;
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

static enum medgl_error verify_learn_password(struct verify_run *run,
                                              const struct ledger_entry *entry)
{
    const char *credential = ledger_entry_find_text(entry, "credential");
    struct verify_last *last = verify_find_or_add(run, entry->subject.account);
    if (last == NULL)
        return MEDGL_ERR_MEMORY;
    last->password_known = entry->kind != LEDGER_PASSWORD_REVOKE;
    last->password_seq = entry->seq;
    (void)snprintf(last->credential, sizeof(last->credential), "%s", credential);
    if (!last->password_known) { /* it ends as what it was */
        verify_note_revoked(run, entry);
        return MEDGL_OK;
    }
    return verify_note_made(run, entry->subject.account, credential, entry->seq);
}

/* What an entry says about accounts and passwords. Every kind is named, so that a new one cannot be
 * forgotten here. */
static enum medgl_error verify_learn(struct verify_run *run, const struct ledger_entry *entry)
{
    if (entry->subject.account == NULL)
        return MEDGL_OK;
    MEDGL_TRY(verify_factors_learn(&run->factors, entry));
    switch (entry->kind) {
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
        return verify_learn_account(run, entry);
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_REVOKE:
        return verify_learn_password(run, entry);
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
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

static enum medgl_error verify_row(void *argument, const struct ledger_row *row)
{
    struct verify_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    MEDGL_TRY(ledger_verifier_entry(run->verifier, row->seq, row->line, row->len, row->leaf));
    if (run->request->progress != NULL && row->seq % 1024 == 0)
        run->request->progress(run->request->argument, row->seq, run->head.tree.size);
    if (ledger_entry_decode(row->line, row->len, &parsed) != MEDGL_OK)
        return MEDGL_OK; /* the verifier has reported it */
    MEDGL_TRY(verify_running_learn(&run->running, ledger_parsed_entry(parsed)));
    return verify_learn(run, ledger_parsed_entry(parsed));
}

static enum medgl_error verify_account(void *argument, const struct account *account)
{
    struct verify_run *run = argument;
    struct verify_last *last = verify_find(run, account->id);
    if (last == NULL || !last->account_known)
        verify_fault(run, account->ledger_seq, "an account has no entry that made it");
    else if (last->account_seq != account->ledger_seq || last->state != account->state)
        verify_fault(run, last->account_seq,
                     "an account is not in the state that its last entry says");
    if (last != NULL)
        last->account_known = false; /* seen: what is left over has an entry and no row */
    return MEDGL_OK;
}

static void verify_password(struct verify_run *run, const struct credential *credential)
{
    struct verify_last *last = verify_find(run, credential->account_id);
    if (last == NULL || !last->password_known)
        verify_fault(run, credential->ledger_seq, "a password has no entry that made it");
    else if (last->password_seq != credential->ledger_seq ||
             strcmp(last->credential, credential->id) != 0)
        verify_fault(run, last->password_seq, "a password is not the one that its last entry made");
    if (last != NULL)
        last->password_known = false;
}

/* One that is gone is no fault, unless it was revoked: the policy says how many are kept. One that
 * never was, or that is older than its last entry, would let a used password come back (R16). */
static void verify_former(struct verify_run *run, const struct credential *credential)
{
    const struct verify_made key = verify_made_key(credential->account_id, credential->id);
    struct verify_made *const *found = tfind(&key, &run->made, verify_compare_made);
    if (found != NULL)
        (*found)->revoked = false;
    if (found == NULL)
        verify_fault(run, credential->ledger_seq, "a former password has no entry that made it");
    else if ((*found)->seq != credential->ledger_seq)
        verify_fault(run, (*found)->seq, "a former password is not what its last entry made of it");
}

static enum medgl_error verify_credential(void *argument, const struct credential *credential)
{
    struct verify_run *run = argument;
    switch (credential->kind) {
    case CREDENTIAL_PASSWORD:
        verify_password(run, credential);
        return MEDGL_OK;
    case CREDENTIAL_FORMER:
        verify_former(run, credential);
        return MEDGL_OK;
    case CREDENTIAL_TOTP:
    case CREDENTIAL_CARD:
    case CREDENTIAL_RECOVERY:
    case CREDENTIAL_CODE:
        verify_factors_row(&run->factors, credential);
        return MEDGL_OK;
    }
    verify_fault(run, credential->ledger_seq, "a credential is of no kind that there is");
    return MEDGL_OK;
}

/* Whoever has an entry and was not seen among the rows is gone. */
static void verify_left_over(const void *node, VISIT visit, void *argument)
{
    const struct verify_last *last = *(struct verify_last *const *)node;
    if (visit != postorder && visit != leaf)
        return;
    if (last->account_known)
        verify_fault(argument, last->account_seq, "an account that an entry made is gone");
    if (last->password_known)
        verify_fault(argument, last->password_seq, "a password that an entry made is gone");
}

/* Retiring takes the former ones away as well. */
static void verify_revoked(const void *node, VISIT visit, void *argument)
{
    const struct verify_made *made = *(struct verify_made *const *)node;
    if ((visit != postorder && visit != leaf) || !made->revoked)
        return;
    const struct verify_last *last = verify_find(argument, made->account);
    if (last == NULL || last->state != ACCOUNT_STATE_RETIRED)
        verify_fault(argument, made->seq, "a revoked password is gone: it could be set again");
}

static enum medgl_error verify_state(struct store_txn *txn, struct verify_run *run)
{
    MEDGL_TRY(store_account_each(txn, verify_account, run));
    MEDGL_TRY(store_credential_each(txn, verify_credential, run));
    twalk_r(run->last, verify_left_over, run);
    twalk_r(run->made, verify_revoked, run);
    MEDGL_TRY(verify_factors_state(&run->factors, txn));
    return verify_running_state(&run->running, txn);
}

static enum medgl_error verify_checkpoint(void *argument, uint64_t size, const char *checkpoint)
{
    struct verify_run *run = argument;
    char label[64];
    (void)snprintf(label, sizeof(label), "stored checkpoint %llu", (unsigned long long)size);
    return ledger_verifier_checkpoint(run->verifier, label, checkpoint);
}

static enum medgl_error verify_checkpoints(struct store_txn *txn, struct verify_run *run)
{
    const struct evidence_request *request = run->request;
    for (size_t i = 0; i < request->checkpoint_count; i++)
        MEDGL_TRY(
            ledger_verifier_checkpoint(run->verifier, request->labels[i], request->checkpoints[i]));
    if (run->head.tree.size > 0)
        MEDGL_TRY(ledger_verifier_checkpoint(run->verifier, "head", run->head.checkpoint));
    return store_checkpoint_each(txn, verify_checkpoint, run);
}

static int verify_is_published(const struct dirent *entry)
{
    return strlen(entry->d_name) == PUBLISHED_DIGITS &&
           entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
}

static enum medgl_error verify_published_one(struct verify_run *run, const char *name)
{
    auto_secret struct secret note = SECRET_NONE;
    char path[PATH_MAX], beneath[sizeof(PATH_CHECKPOINTS "/") + PUBLISHED_DIGITS];
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = STORE_NOTE_SIZE};
    (void)snprintf(beneath, sizeof(beneath), PATH_CHECKPOINTS "/%.*s", PUBLISHED_DIGITS, name);
    MEDGL_TRY(path_under(path, run->context->root, beneath));
    if (file_read_trusted(path, &rule, &note) != MEDGL_OK)
        verify_fault(run, 0, "a published checkpoint cannot be read: see the log");
    else
        MEDGL_TRY(ledger_verifier_checkpoint(run->verifier, path, (const char *)note.bytes));
    return MEDGL_OK;
}

/* MUST: the files beside the store are read too. A store that was put back from an older copy is
 * sound in itself, with every row and signature; they tell of what came after it. Read before the
 * store: a file is written after its commit, so none of them can be ahead. */
static enum medgl_error verify_published(struct verify_run *run)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    enum medgl_error error = path_under(path, run->context->root, PATH_CHECKPOINTS);
    int count = error == MEDGL_OK ? scandir(path, &names, verify_is_published, alphasort) : 0;
    if (count < 0)
        verify_fault(run, 0, "the published checkpoints cannot be listed");
    for (int i = 0; i < count; i++) {
        if (error == MEDGL_OK)
            error = verify_published_one(run, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return error;
}

/* What a login saw, and then used a step or code up in. */
static enum medgl_error verify_seen(struct store_txn *txn, struct verify_run *run)
{
    const struct head_mark *const marks[] = {&run->seen.seen, &run->seen.lost};
    for (size_t i = 0; i < MEDGL_COUNT(marks); i++) {
        char what[160], time[CLOCK_TEXT_SIZE];
        bool holds;
        MEDGL_TRY(head_seen_holds(txn, marks[i], &holds));
        if (holds)
            continue;
        clock_format_utc(marks[i]->time, time);
        (void)snprintf(what, sizeof(what),
                       "a login saw another ledger with this entry at %s: an older store was put "
                       "back since",
                       time);
        verify_fault(run, marks[i]->size - 1, what);
    }
    return MEDGL_OK;
}

/* All of it in one transaction: entries and state are those of one moment. */
static enum medgl_error verify_now(struct store_txn *txn, void *argument)
{
    struct verify_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    MEDGL_TRY(verify_checkpoints(txn, run));
    MEDGL_TRY(verify_seen(txn, run));
    MEDGL_TRY(store_ledger_each(txn, 0, UINT64_MAX, verify_row, run));
    return verify_state(txn, run);
}

static void verify_problem(void *argument, const char *what)
{
    struct verify_run *run = argument;
    verify_fault(run, run->head.tree.size, what);
}

static void verify_relay(void *argument, uint64_t seq, const char *what)
{
    verify_fault(argument, seq, what);
}

static void verify_free(struct verify_run *run)
{
    ledger_verifier_free(&run->verifier);
    tdestroy(run->last, free);
    tdestroy(run->made, free);
    verify_factors_free(&run->factors);
    verify_running_free(&run->running);
}

enum medgl_error operation_verify(struct context *context, const struct evidence_request *request,
                                  struct ledger_result *result)
{
    auto_clean(verify_free) struct verify_run run = {.context = context, .request = request};
    auto_clean(note_verifier_free) struct note_verifier *key = NULL;
    char vkey[NOTE_VKEY_SIZE];
    *result = (struct ledger_result){.faults = 1};
    run.running.fault = run.factors.fault = verify_relay;
    run.running.argument = run.factors.argument = &run;
    MEDGL_TRY(note_signer_vkey(context->signer, vkey));
    MEDGL_TRY(note_verifier_open(vkey, &key));
    MEDGL_TRY(ledger_verifier_new(key, verify_relay, &run, &run.verifier));
    MEDGL_TRY(verify_published(&run));
    head_seen_read(context, &run.seen);
    enum medgl_error checked = store_check(context->store, verify_problem, &run);
    if (checked != MEDGL_OK && checked != MEDGL_ERR_CORRUPT)
        return checked;
    enum medgl_error read = store_transact(context->store, STORE_READ, verify_now, &run);
    if (read != MEDGL_OK && read != MEDGL_ERR_CORRUPT)
        return read;
    enum medgl_error error =
        ledger_verifier_finish(run.verifier, read == MEDGL_OK ? &run.head.tree : NULL, result);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return error;
    if (read == MEDGL_ERR_CORRUPT && run.faults == 0)
        verify_fault(&run, run.head.tree.size, "the store could not be read to its end");
    result->faults = run.faults;
    return run.faults == 0 && error == MEDGL_OK ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}
