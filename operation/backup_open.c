/* Opening a backup: whether what is sealed in a file is a backup, whole, of one ledger, and one
 * that a restore would work with. Nothing of it is believed before it was held against the manifest
 * and the manifest against the ledger's key; and nothing is written outside of `root`. */
#include "operation/backup_pack.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/verify_joins.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

void backup_opened_close(struct backup_opened *opened)
{
    context_close(&opened->context);
    backup_manifest_free(&opened->manifest);
}

/* What is opened on one side of a pipe is unpacked on the other: it is never in a file as a whole.
 */
struct open_run {
    int from;
    const char *root;
    uint64_t most;
    struct backup_manifest *manifest;
    char *note;
    char *why;
    enum medgl_error error;
};

static void *open_unpack(void *argument)
{
    struct open_run *run = argument;
    run->error =
        backup_unpack(run->from, run->root, run->most, run->manifest, &run->note, run->why);
    return NULL;
}

static void open_run_free(struct open_run *run)
{
    free(run->note);
}

/* An envelope says by itself neither whether it is whole nor who made it: a wrong key is told from
 * damage by what comes out. */
static enum medgl_error open_stream(const struct backup_open_request *request, struct open_run *run)
{
    int ends[2];
    pthread_t thread;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return medgl_error_from_errno(errno);
    auto_fd int from = ends[0], to = ends[1];
    run->from = from;
    if (pthread_create(&thread, NULL, open_unpack, run) != 0)
        return MEDGL_ERR_MEMORY;
    enum medgl_error error = envelope_open_stream(&request->key, request->fd, to);
    (void)close(auto_give_fd(to));
    if (pthread_join(thread, NULL) != 0)
        return MEDGL_ERR_IO;
    if (error == MEDGL_ERR_KEY)
        (void)snprintf(run->why, BACKUP_WHY_SIZE, "%s",
                       _("It does not open with this key: it was sealed to another certificate, or "
                         "the key or its passphrase is wrong."));
    else if (error == MEDGL_ERR_CORRUPT)
        (void)snprintf(run->why, BACKUP_WHY_SIZE, "%s", _("It is no backup, or it is damaged."));
    return error != MEDGL_OK ? error : run->error;
}

static enum medgl_error open_refuse(char *why, const char *sentence)
{
    (void)snprintf(why, BACKUP_WHY_SIZE, "%s", sentence);
    return MEDGL_ERR_CORRUPT;
}

/* MUST: by the key of the ledger in it, of whose origin it is. Whether that is the ledger of this
 * machine is asked by who puts it in its place. */
static enum medgl_error open_judge_note(const struct backup_opened *opened, const char *note,
                                        char *why)
{
    auto_clean(note_verifier_free) struct note_verifier *key = NULL;
    char vkey[NOTE_VKEY_SIZE];
    size_t len;
    MEDGL_TRY(note_signer_vkey(opened->context.signer, vkey));
    MEDGL_TRY(note_verifier_open(vkey, &key));
    if (note_open(note, key, &len) != MEDGL_OK)
        return open_refuse(why, _("Its manifest is not signed by the ledger's key in it."));
    struct backup_manifest signed_one = {.count = 0};
    enum medgl_error error = backup_manifest_parse(note, len, &signed_one);
    const bool same = error == MEDGL_OK && signed_one.count == opened->manifest.count;
    backup_manifest_free(&signed_one);
    if (!same || strcmp(opened->manifest.origin, note_signer_name(opened->context.signer)) != 0)
        return open_refuse(why, _("Its manifest is not that of the ledger in it."));
    return MEDGL_OK;
}

static enum medgl_error open_read_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

static enum medgl_error open_judge_head(struct backup_opened *opened, char *why)
{
    struct ledger_head head;
    unsigned char root[MERKLE_HASH_SIZE];
    MEDGL_TRY(store_transact(opened->context.store, STORE_READ, open_read_head, &head));
    MEDGL_TRY(merkle_root(&head.tree, root));
    if (head.tree.size != opened->manifest.size ||
        memcmp(root, opened->manifest.root, sizeof(root)) != 0)
        return open_refuse(why, _("Its ledger is not the one that its manifest names."));
    return MEDGL_OK;
}

/* That of the break-glass accounts, by itself and by what the main one vouches for. A backup of an
 * older version has none. */
static enum medgl_error open_breakglass(const char *root, const struct evidence_request *evidence,
                                        uint64_t *faults)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    struct ledger_result result = {.faults = 1};
    if (!context_there(root, CONTEXT_BREAKGLASS))
        return MEDGL_OK;
    enum medgl_error error = context_open_breakglass(root, CONTEXT_STATE, &small);
    if (error == MEDGL_OK)
        error = operation_verify(&small, evidence, &result);
    *faults += error != MEDGL_OK ? result.faults : 0;
    return error == MEDGL_ERR_KEY || error == MEDGL_ERR_ACCESS ? MEDGL_ERR_CORRUPT : error;
}

static enum medgl_error open_evidence(const struct backup_open_request *request, const char *root,
                                      struct backup_opened *opened, struct backup_found *found,
                                      char *why)
{
    auto_clean(verify_joins_free) struct verify_joins joins = {.count = 0};
    struct store_facts facts;
    struct ledger_result result;
    const struct evidence_request evidence = {
        .joins = &joins, .fault = request->fault, .argument = request->argument};
    enum medgl_error error = operation_verify(&opened->context, &evidence, &result);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return error;
    found->faults = result.faults;
    if (error == MEDGL_OK)
        error = open_breakglass(root, &evidence, &found->faults);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return error;
    if (error == MEDGL_ERR_CORRUPT)
        return open_refuse(why, _("The evidence in it does not verify: a restore would bring back "
                                  "what cannot be proven."));
    MEDGL_TRY(store_facts(opened->context.store, &facts));
    found->accounts = facts.accounts;
    return MEDGL_OK;
}

enum medgl_error backup_open(const struct backup_open_request *request, const char *root,
                             struct backup_opened *opened, struct backup_found *found,
                             char why[BACKUP_WHY_SIZE])
{
    auto_clean(open_run_free) struct open_run run = {
        .root = root, .manifest = &opened->manifest, .why = why};
    *found = (struct backup_found){.faults = 0};
    MEDGL_TRY(backup_digest(request->fd, opened->digest, &opened->bytes));
    run.most = opened->bytes;
    MEDGL_TRY(open_stream(request, &run));
    (void)snprintf(found->origin, sizeof(found->origin), "%s", opened->manifest.origin);
    found->size = opened->manifest.size;
    found->created = opened->manifest.created;
    found->breakglass = backup_manifest_find(&opened->manifest, BACKUP_SMALL_STORE) != NULL;
    enum medgl_error error = context_open(root, CONTEXT_STATE, &opened->context);
    if (error != MEDGL_OK) {
        (void)open_refuse(why, _("The policy, the keys or the store in it cannot be used; what was "
                                 "wrong stands above, or in the log."));
        return error == MEDGL_ERR_MEMORY || error == MEDGL_ERR_SPACE ? error : MEDGL_ERR_CORRUPT;
    }
    MEDGL_TRY(open_judge_note(opened, run.note, why));
    MEDGL_TRY(open_judge_head(opened, why));
    return open_evidence(request, root, opened, found, why);
}
