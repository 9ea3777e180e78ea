/* Everything that can be checked about the evidence: each entry, the tree, every checkpoint, every
 * row, and whether the state is what the ledger says it is (R08). Reads only. */
#include "operation/cosign.h"
#include "operation/document.h"
#include "operation/evidence.h"
#include "operation/verify_accounts.h"
#include "operation/verify_archives.h"
#include "operation/verify_backups.h"
#include "operation/verify_emergency.h"
#include "operation/verify_factors.h"
#include "operation/verify_joins.h"
#include "operation/verify_keys.h"
#include "operation/verify_ledger.h"
#include "operation/verify_running.h"

#include "base/auto.h"

#include <stdio.h>

#define PROGRESS_EVERY 4096

struct verify_run {
    struct context *context;
    const struct evidence_request *request;
    struct ledger_verifier *verifier;
    struct ledger_head head;
    struct verify_published published;
    struct witnesses witnesses;
    struct verify_gaps gaps;
    struct verify_accounts accounts;
    struct archive_files archives;
    struct verify_backups backups;
    struct verify_emergency emergency;
    struct verify_joins *joins; /* NULL: of a small ledger by itself */
    struct verify_joins own_joins;
    char joins_origin[NOTE_ORIGIN_SIZE];
    struct verify_documents *documents;
    struct verify_factors factors;
    struct verify_keys keys;
    struct verify_running running;
    uint64_t faults;
};

static void verify_fault(void *argument, uint64_t seq, const char *what)
{
    struct verify_run *run = argument;
    run->faults++;
    run->request->fault(run->request->argument, seq, what);
}

/* Of what the state says. MUST: no body that is not at hand excuses anything, or whoever can have
 * one taken away could put rows in its place: bodies that rows are held against stay in the store.
 * Archives of older versions took them as well, and have to be given. */
static void verify_state_fault(void *argument, uint64_t seq, const char *what)
{
    const struct verify_run *run = argument;
    char told[512];
    (void)snprintf(told, sizeof(told),
                   "%s: its entry is in an archive that is not at hand: name its directory with "
                   "--archive",
                   what);
    verify_fault(argument, seq, gaps_have(&run->gaps, seq) ? told : what);
}

static void verify_problem(void *argument, const char *what)
{
    struct verify_run *run = argument;
    verify_fault(run, run->head.tree.size, what);
}

/* -- entries ---------------------------------------------------------------------------------- */

/* Each part passes over what does not concern it. */
static enum medgl_error verify_learn(struct verify_run *run, const struct ledger_entry *entry)
{
    MEDGL_TRY(verify_accounts_learn(&run->accounts, entry));
    MEDGL_TRY(verify_factors_learn(&run->factors, entry));
    MEDGL_TRY(verify_running_learn(&run->running, entry));
    MEDGL_TRY(verify_documents_learn(run->documents, entry));
    MEDGL_TRY(verify_backups_learn(&run->backups, entry));
    MEDGL_TRY(verify_emergency_learn(&run->emergency, entry));
    if (run->context->place == CONTEXT_MAIN)
        MEDGL_TRY(verify_joins_learn(run->joins, run->joins_origin, entry, verify_fault, run));
    MEDGL_TRY(verify_keys_learn(&run->keys, entry));
    return verify_archives_learn(&run->archives, entry);
}

static enum medgl_error verify_absent(struct verify_run *run, uint64_t seq)
{
    run->running.incomplete = true;
    if (run->joins != NULL)
        run->joins->incomplete = true;
    return gaps_add(&run->gaps, seq);
}

static enum medgl_error verify_row(void *argument, const struct ledger_row *row)
{
    struct verify_run *run = argument;
    const struct evidence_request *request = run->request;
    const struct ledger_entry *entry = NULL;
    const char *line = row->line;
    size_t len = row->len;
    if (len == 0)
        MEDGL_TRY(verify_archives_body(&run->archives, row->seq, &line, &len));
    if (line == NULL)
        MEDGL_TRY(verify_absent(run, row->seq));
    MEDGL_TRY(ledger_verifier_entry(run->verifier, row->seq, line, len, row->leaf, &entry));
    if (run->context->place == CONTEXT_BREAKGLASS && run->joins != NULL)
        MEDGL_TRY(verify_joins_leaf(run->joins, row->leaf, verify_fault, run));
    if (request->progress != NULL && row->seq % PROGRESS_EVERY == 0)
        request->progress(request->argument, row->seq, run->head.tree.size);
    return entry != NULL ? verify_learn(run, entry) : MEDGL_OK;
}

/* -- state ------------------------------------------------------------------------------------ */

static enum medgl_error verify_credential(void *argument, const struct credential *credential)
{
    struct verify_run *run = argument;
    switch (credential->kind) {
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_FORMER:
        verify_accounts_row(&run->accounts, credential);
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

static enum medgl_error verify_joined(struct store_txn *txn, struct verify_run *run)
{
    if (run->joins == NULL)
        return MEDGL_OK;
    if (run->context->place == CONTEXT_MAIN)
        return verify_joins_state(run->joins, run->joins_origin, txn, verify_fault, run);
    verify_joins_end(run->joins, verify_fault, run);
    return MEDGL_OK;
}

static enum medgl_error verify_state(struct store_txn *txn, struct verify_run *run)
{
    MEDGL_TRY(verify_accounts_state(&run->accounts, txn));
    MEDGL_TRY(store_credential_each(txn, verify_credential, run));
    verify_accounts_gone(&run->accounts);
    MEDGL_TRY(verify_factors_state(&run->factors, txn));
    MEDGL_TRY(verify_running_state(&run->running, txn));
    MEDGL_TRY(verify_documents_state(run->documents, txn));
    MEDGL_TRY(verify_archives_state(&run->archives));
    MEDGL_TRY(verify_backups_state(&run->backups, txn));
    MEDGL_TRY(verify_emergency_state(&run->emergency, txn));
    MEDGL_TRY(verify_joined(txn, run));
    return verify_keys_state(&run->keys, txn);
}

/* -- all of it -------------------------------------------------------------------------------- */

static enum medgl_error verify_witnesses(struct verify_run *run)
{
    enum medgl_error error = witnesses_open(run->context, &run->witnesses);
    if (error == MEDGL_ERR_KEY) {
        verify_fault(run, 0, "the keys of the witnesses cannot be read: see the log");
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    return ledger_verifier_witnesses(
        run->verifier, (const struct cosigner *const *)run->witnesses.key, run->witnesses.count,
        (unsigned)run->context->policy.witness_quorum);
}

static enum medgl_error verify_begin(struct store_txn *txn, struct verify_run *run)
{
    const struct evidence_request *request = run->request;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    MEDGL_TRY(verify_keys_open(&run->keys, run->context, txn, verify_fault, run, &run->verifier));
    for (size_t i = 0; i < request->vkey_count; i++)
        MEDGL_TRY(verify_keys_kept(&run->keys, request->vkey_labels[i], request->vkeys[i]));
    for (; run->archives.key_count < run->keys.count && run->archives.key_count < LEDGER_KEYS_MAX;
         run->archives.key_count++)
        run->archives.keys[run->archives.key_count] =
            run->keys.keys[run->archives.key_count].verifier;
    MEDGL_TRY(archive_files_learn(&run->archives, txn));
    MEDGL_TRY(verify_archives_given(&run->archives, request->archive_labels));
    MEDGL_TRY(verify_witnesses(run));
    MEDGL_TRY(verify_ledger_checkpoints(&run->published, request, &run->head, txn, run->verifier));
    return verify_ledger_seen(&run->published, txn, verify_fault, run);
}

/* All of it in one transaction: entries and state are those of one moment. */
static enum medgl_error verify_now(struct store_txn *txn, void *argument)
{
    struct verify_run *run = argument;
    MEDGL_TRY(verify_begin(txn, run));
    MEDGL_TRY(store_ledger_stream(txn, verify_row, run));
    if (run->request->progress != NULL)
        run->request->progress(run->request->argument, run->head.tree.size, run->head.tree.size);
    return verify_state(txn, run);
}

static void verify_free(struct verify_run *run)
{
    ledger_verifier_free(&run->verifier);
    verify_published_free(&run->published);
    witnesses_free(&run->witnesses);
    gaps_free(&run->gaps);
    verify_accounts_free(&run->accounts);
    archive_files_free(&run->archives);
    verify_backups_free(&run->backups);
    verify_emergency_free(&run->emergency);
    verify_joins_free(&run->own_joins);
    verify_documents_free(&run->documents);
    verify_factors_free(&run->factors);
    verify_keys_free(&run->keys);
    verify_running_free(&run->running);
}

static void verify_prepare_joins(struct verify_run *run)
{
    run->joins = run->request->joins;
    if (run->context->place == CONTEXT_MAIN && run->joins == NULL)
        run->joins = &run->own_joins;
    if (emergency_join_origin(note_signer_name(run->context->signer), run->joins_origin) !=
        MEDGL_OK)
        run->joins_origin[0] = '\0'; /* nothing can be joined under such a name */
}

static void verify_prepare(struct verify_run *run)
{
    verify_prepare_joins(run);
    run->archives.root = run->context->root;
    run->archives.whole = true;
    run->archives.given = run->request->archives;
    run->archives.given_count = run->request->archive_count;
    run->accounts.fault = run->factors.fault = run->running.fault = run->backups.fault =
        run->emergency.fault = verify_state_fault;
    run->archives.fault = run->keys.fault = verify_fault; /* never excused: R37 */
    run->accounts.argument = run->factors.argument = run->running.argument = run->keys.argument =
        run->archives.argument = run->backups.argument = run->emergency.argument = run;
}

enum medgl_error operation_verify(struct context *context, const struct evidence_request *request,
                                  struct ledger_result *result)
{
    auto_clean(verify_free) struct verify_run run = {.context = context, .request = request};
    *result = (struct ledger_result){.faults = 1};
    verify_prepare(&run);
    MEDGL_TRY(verify_documents_new(context, verify_state_fault, &run, &run.documents));
    MEDGL_TRY(verify_published_read(&run.published, context, verify_fault, &run));
    enum medgl_error checked = store_check_beside_ledger(context->store, verify_problem, &run);
    if (checked != MEDGL_OK && checked != MEDGL_ERR_CORRUPT)
        return checked;
    enum medgl_error read = store_transact(context->store, STORE_READ, verify_now, &run);
    if (read != MEDGL_OK && read != MEDGL_ERR_CORRUPT)
        return read;
    if (read == MEDGL_OK)
        MEDGL_TRY(verify_documents_files(run.documents, verify_fault, &run));
    enum medgl_error error = MEDGL_OK;
    if (run.verifier != NULL)
        error =
            ledger_verifier_finish(run.verifier, read == MEDGL_OK ? &run.head.tree : NULL, result);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return error;
    if (read == MEDGL_ERR_CORRUPT && run.faults == 0)
        verify_fault(&run, run.head.tree.size, "the store could not be read to its end");
    result->faults = run.faults;
    verify_archives_count(&run.archives, request, result);
    return run.faults == 0 && error == MEDGL_OK ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}
