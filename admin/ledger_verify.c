/* The noun ledger: verifies the evidence of both places, the main one and that of the break-glass
 * accounts, and the one by the other. */
#include "admin/admin.h"

#include "operation/evidence.h"
#include "operation/verify_joins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_WIDTH 40

struct verify {
    struct admin *admin;
    struct table *faults, *results;
    const char *ledger; /* which one is verified, by its name */
    struct verify_joins joins;
    bool broken;      /* a fault was found in one of them */
    unsigned percent; /* as shown, and one more; 0: nothing was shown */
};

static void verify_fault(void *argument, uint64_t seq, const char *what)
{
    const struct verify *verify = argument;
    table_row(verify->faults,
              (struct cell[]){CELL_TEXT(verify->ledger), CELL_NUMBER(seq), CELL_TEXT(what)});
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

static const struct column result_columns[] = {
    {"ledger", N_("Ledger"), COLUMN_TEXT, COLUMN_BOTH},
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

static void verify_result(const struct verify *verify, const struct ledger_result *result)
{
    char root[CRYPTO_HASH_SIZE * 2];
    crypto_base64(root, result->root, sizeof(result->root), true);
    table_row(verify->results, (struct cell[]){
                                   CELL_TEXT(verify->ledger),
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

/* -- one ledger ------------------------------------------------------------------------------- */

/* A checkpoint is of the ledger whose name is its first line, a public key of that whose name it
 * begins with; what is of neither is a fault of the first that is verified. */
static bool verify_is_of(const char *text, const char *name)
{
    const size_t len = strlen(name);
    return strncmp(text, name, len) == 0 && (text[len] == '\n' || text[len] == '+');
}

/* Whether what was handed in is for `context`. */
static bool verify_is_for(const struct admin *admin, const struct context *context,
                          const char *text)
{
    const bool small =
        admin->small.store != NULL && verify_is_of(text, note_signer_name(admin->small.signer));
    return small == (context == &admin->small);
}

struct verify_given {
    const char *checkpoint[ADMIN_CHECKPOINTS_MAX], *label[ADMIN_CHECKPOINTS_MAX];
    size_t count;
    bool vkey;
};

static void verify_give(const struct admin *admin, const struct context *context,
                        struct verify_given *given)
{
    *given = (struct verify_given){.count = 0};
    for (size_t i = 0; i < admin->options.checkpoint_count; i++)
        if (note_looks_like(admin->checkpoint[i]) &&
            verify_is_for(admin, context, admin->checkpoint[i])) {
            given->checkpoint[given->count] = admin->checkpoint[i];
            given->label[given->count++] = admin->options.checkpoint[i];
        }
    given->vkey = admin->vkey != NULL && note_vkey_looks_like(admin->vkey) &&
                  verify_is_for(admin, context, admin->vkey);
}

static enum medgl_error verify_run(struct verify *verify, struct context *context,
                                   struct ledger_result *result)
{
    struct admin *admin = verify->admin;
    struct verify_given given;
    verify_give(admin, context, &given);
    const struct evidence_request request = {
        .checkpoints = given.checkpoint,
        .labels = given.label,
        .checkpoint_count = given.count,
        .vkeys = (const char *const *)&admin->vkey,
        .vkey_labels = (const char *const *)&admin->options.value[OPTION_VKEY],
        .vkey_count = given.vkey,
        .archives = admin->archive.fd,
        .archive_labels = (const char *const *)admin->archive.path,
        .archive_count = context->place == CONTEXT_MAIN ? admin->archive.count : 0,
        .joins = context->place == CONTEXT_MAIN || context == &admin->small ? &verify->joins : NULL,
        .fault = verify_fault,
        .missing = verify_missing,
        .argument = verify,
        .progress = isatty(STDERR_FILENO) && !admin->output.json ? verify_progress : NULL,
    };
    const enum medgl_error error = operation_verify(context, &request, result);
    if (verify->percent > 0)
        (void)fputc('\n', stderr);
    verify->percent = 0;
    return error;
}

static enum admin_exit verify_one(struct verify *verify, struct context *context)
{
    struct ledger_result result = {0};
    verify->ledger = note_signer_name(context->signer);
    const enum medgl_error error = verify_run(verify, context, &result);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return admin_failed(error, "", NULL);
    verify->broken |= error != MEDGL_OK;
    verify_result(verify, &result);
    if (result.absent > 0)
        complain(_("%" PRIu64 " entries are in archives that were not given: that they are "
                   "unchanged was verified, not what they say."),
                 result.absent);
    if (context->place == CONTEXT_MAIN)
        verify_witnessed(&context->policy, &result);
    return ADMIN_DONE;
}

/* MUST: what fails here is never said to hold, whatever somebody cut off of it, and keeps nothing
 * else from being verified; but no evidence is suspected where a wrong file was named. */
static bool verify_can_use(const struct admin *admin)
{
    const struct options *options = &admin->options;
    bool all = true;
    for (size_t i = 0; i < options->checkpoint_count; i++)
        if (!note_looks_like(admin->checkpoint[i])) {
            complain(_("%s is no checkpoint: no signature stands in it behind a blank line. "
                       "Nothing is held against it: name a file that holds what ledger checkpoint "
                       "printed."),
                     options->checkpoint[i]);
            all = false;
        }
    if (admin->vkey == NULL || note_vkey_looks_like(admin->vkey))
        return all;
    complain(_("%s is no public key of a ledger. Nothing is held against it: name a copy of a file "
               "such as %s."),
             options->value[OPTION_VKEY], PATH_LEDGER_VKEY);
    return false;
}

/* -- both ------------------------------------------------------------------------------------- */

/* MUST: the main one first (operation/verify_joins.h). */
static enum admin_exit verify_all(struct verify *verify)
{
    struct admin *admin = verify->admin;
    const bool both = admin->context.place == CONTEXT_MAIN;
    enum admin_exit code = verify_one(verify, &admin->context);
    if (!both || code != ADMIN_DONE)
        return code;
    if (admin->small.store != NULL)
        return verify_one(verify, &admin->small);
    if (verify->joins.count == 0 || admin->partial)
        return ADMIN_DONE;
    verify->broken = true;
    verify_joins_end(&verify->joins, verify_fault, verify);
    complain(_("The ledger of the break-glass accounts is gone, and the main one vouches for it: "
               "put %s back from a backup."),
             PATH_BREAKGLASS);
    return ADMIN_DONE;
}

enum admin_exit ledger_verify(struct admin *admin)
{
    static const struct column columns[] = {
        {"ledger", N_("LEDGER"), COLUMN_TEXT, COLUMN_BOTH},
        {"seq", N_("AT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"what", N_("FAULT"), COLUMN_TEXT, COLUMN_WIDE},
    };
    const bool usable = verify_can_use(admin);
    struct verify verify = {
        .admin = admin,
        .faults = table_new(&admin->output, "faults", TABLE_LIST, columns, MEDGL_COUNT(columns)),
        .results = table_new(&admin->output, "verification", TABLE_RECORD, result_columns,
                             MEDGL_COUNT(result_columns))};
    const enum admin_exit code = verify_all(&verify);
    verify_joins_free(&verify.joins);
    table_print(&verify.faults);
    table_print(&verify.results);
    if (verify.broken) {
        complain(_("The evidence does not verify. Keep this machine's disk as it is and call the "
                   "auditor."));
        return ADMIN_EVIDENCE;
    }
    return code == ADMIN_DONE && !usable ? ADMIN_USAGE : code;
}
