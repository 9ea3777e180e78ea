/* The noun ledger: verifies the evidence, and gives its checkpoint out. */
#include "admin/admin.h"

#include "operation/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum admin_exit ledger_failed(enum medgl_error error, const char *why)
{
    if (error != MEDGL_ERR_CORRUPT)
        return admin_failed(error, "", why);
    complain(_("The ledger was changed: run medgl-admin ledger verify."));
    return ADMIN_EVIDENCE;
}

/* -- verify --------------------------------------------------------------------------------- */

#define BAR_WIDTH 40

struct verify {
    struct table *faults;
    unsigned percent; /* as shown, and one more; 0: nothing was shown */
};

static void verify_fault(void *argument, uint64_t seq, const char *what)
{
    const struct verify *verify = argument;
    table_row(verify->faults, (struct cell[]){CELL_NUMBER(seq), CELL_TEXT(what)});
}

/* No fault: it may have been taken elsewhere, and what it would show is still proven to be so. */
static void verify_missing(void *argument, const struct archive *archive)
{
    (void)argument;
    complain(_("The archive %s, with the entries from %" PRIu64 " to %" PRIu64
               ", is missing: put it back into %s, or name its directory with --archive."),
             archive->file, archive->first, archive->next - 1, PATH_ARCHIVE);
}

/* On a terminal alone, and drawn again only where something changes. */
static void verify_progress(void *argument, uint64_t done, uint64_t total)
{
    static const char full[] = "########################################";
    struct verify *verify = argument;
    const unsigned percent = total > 0 && done < total ? (unsigned)(100 * done / total) : 100;
    const int filled = (int)(percent * BAR_WIDTH / 100);
    _Static_assert(sizeof(full) - 1 == BAR_WIDTH, "the bar is as wide as it says");
    if (verify->percent == percent + 1)
        return;
    verify->percent = percent + 1;
    (void)fprintf(stderr, "\r[%-*.*s] %3u %%  %" PRIu64 "/%" PRIu64, BAR_WIDTH, filled, full,
                  percent, done, total);
    (void)fflush(stderr);
}

static void verify_result(struct admin *admin, const struct ledger_result *result)
{
    static const struct column columns[] = {
        {"entries", N_("Entries"), COLUMN_NUMBER, COLUMN_BOTH},
        {"faults", N_("Faults"), COLUMN_NUMBER, COLUMN_BOTH},
        {"absent", N_("Entries in archives that were not given"), COLUMN_NUMBER, COLUMN_BOTH},
        {"archives", N_("Archives"), COLUMN_NUMBER, COLUMN_BOTH},
        {"archives_missing", N_("Archives that are missing"), COLUMN_NUMBER, COLUMN_BOTH},
        {"archives_altered", N_("Archives that were altered"), COLUMN_NUMBER, COLUMN_BOTH},
        {"checkpoints", N_("Checkpoints that fit"), COLUMN_NUMBER, COLUMN_BOTH},
        {"cosignatures", N_("Cosignatures of witnesses on them"), COLUMN_NUMBER, COLUMN_BOTH},
        {"witnessed", N_("Entries that enough witnesses have seen"), COLUMN_NUMBER, COLUMN_BOTH},
        {"witnessed_time", N_("Seen by them at"), COLUMN_TIME, COLUMN_BOTH},
        {"clock_backwards", N_("Times that the clock went back"), COLUMN_NUMBER, COLUMN_BOTH},
        {"clock_unsynchronised", N_("Entries under an unsynchronised clock"), COLUMN_NUMBER,
         COLUMN_BOTH},
        {"root", N_("Root hash"), COLUMN_TEXT, COLUMN_BOTH},
        {"verified", N_("Verified"), COLUMN_BOOL, COLUMN_BOTH},
    };
    char root[CRYPTO_HASH_SIZE * 2];
    crypto_base64(root, result->root, sizeof(result->root), true);
    struct table *table =
        table_new(&admin->output, "verification", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){
                         CELL_NUMBER(result->entries),
                         CELL_NUMBER(result->faults),
                         CELL_NUMBER(result->absent),
                         CELL_NUMBER(result->archives),
                         CELL_NUMBER(result->archives_missing),
                         CELL_NUMBER(result->archives_altered),
                         CELL_NUMBER(result->checkpoints),
                         CELL_NUMBER(result->cosignatures),
                         CELL_NUMBER(result->witnessed),
                         CELL_NUMBER(result->witnessed_time),
                         CELL_NUMBER(result->clock_backwards),
                         CELL_NUMBER(result->clock_unsynchronised),
                         CELL_TEXT(root),
                         CELL_NUMBER(result->faults == 0),
                     });
    table_print(&table);
}

/* No fault: whoever else has seen a ledger says nothing of whether it is whole. */
static void verify_witnessed(const struct policy *policy, const struct ledger_result *result)
{
    if (policy->witness_quorum == 0)
        return;
    if (result->witnessed > 0)
        complain(_("Witnessed: the first %" PRIu64 " entries, by %u witnesses of the %" PRId64
                   " that witness_quorum asks for."),
                 result->witnessed, result->witnesses, policy->witness_quorum);
    else
        complain(_("Not witnessed: no checkpoint has more than %u cosignatures of the %" PRId64
                   " that witness_quorum asks for. Hand one to the witnesses, and take in what "
                   "they sign with ledger cosign."),
                 result->witnesses, policy->witness_quorum);
}

enum admin_exit ledger_verify(struct admin *admin)
{
    static const struct column columns[] = {
        {"seq", N_("AT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"what", N_("FAULT"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct verify verify = {
        .faults = table_new(&admin->output, "faults", TABLE_LIST, columns, MEDGL_COUNT(columns))};
    const struct evidence_request request = {
        .checkpoints = (const char *const *)admin->checkpoint,
        .labels = admin->options.checkpoint,
        .checkpoint_count = admin->options.checkpoint_count,
        .vkeys = (const char *const *)&admin->vkey,
        .vkey_labels = (const char *const *)&admin->options.value[OPTION_VKEY],
        .vkey_count = admin->vkey != NULL,
        .archives = admin->archive.fd,
        .archive_labels = (const char *const *)admin->archive.path,
        .archive_count = admin->archive.count,
        .fault = verify_fault,
        .missing = verify_missing,
        .argument = &verify,
        .progress = isatty(STDERR_FILENO) && !admin->output.json ? verify_progress : NULL,
    };
    struct ledger_result result = {0};
    enum medgl_error error = operation_verify(&admin->context, &request, &result);
    if (verify.percent > 0)
        (void)fputc('\n', stderr);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT) {
        table_free(&verify.faults);
        return admin_failed(error, "", NULL);
    }
    table_print(&verify.faults);
    verify_result(admin, &result);
    if (result.absent > 0)
        complain(_("%" PRIu64 " entries are in archives that were not given: that they are "
                   "unchanged was verified, not what they say."),
                 result.absent);
    verify_witnessed(&admin->context.policy, &result);
    if (error == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("The evidence does not verify. Keep this machine's disk as it is and call the "
               "auditor."));
    return ADMIN_EVIDENCE;
}

/* -- checkpoint ----------------------------------------------------------------------------- */

enum admin_exit ledger_checkpoint(struct admin *admin)
{
    static const struct column columns[] = {{"note", "", COLUMN_BLOCK, COLUMN_JSON}};
    char note[STORE_NOTE_SIZE] = "";
    enum medgl_error error = operation_checkpoint(&admin->context, note);
    if (error != MEDGL_OK)
        return ledger_failed(error, NULL);
    output_raw(&admin->output, note, strlen(note));
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "checkpoint", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(note)});
        table_print(&table);
    }
    return ADMIN_DONE;
}
