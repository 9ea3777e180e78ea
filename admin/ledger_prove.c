/* The noun ledger: proofs for others, archives, cosignatures. */
#include "admin/admin.h"

#include "base/file.h"
#include "operation/prove.h"
#include "policy/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- prove ------------------------------------------------------------------------------------ */

static enum admin_exit prove_no_entry(const struct options *options)
{
    if (options->name != NULL)
        complain(_("There is no entry %s."), options->name);
    else
        complain(_("The ledger never had %s entries."), options->value[OPTION_CONSISTENCY]);
    return ADMIN_NOT_FOUND;
}

static enum admin_exit prove_print(struct admin *admin, const char *text)
{
    static const struct column columns[] = {{"text", "", COLUMN_BLOCK, COLUMN_JSON}};
    const char *path = admin->options.value[OPTION_OUTPUT];
    if (path != NULL) {
        if (file_write(admin->file.fd, text, strlen(text)) != MEDGL_OK ||
            fsync(admin->file.fd) != 0) {
            complain(_("%s could not be written (%s)."), path, strerror(errno));
            return ADMIN_UNUSABLE;
        }
        admin->file_stays = true;
        output_result(&admin->output, path, _("The proof is in %s."), path);
        return ADMIN_DONE;
    }
    output_raw(&admin->output, text, strlen(text));
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "proof", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(text)});
        table_print(&table);
    }
    return ADMIN_DONE;
}

enum admin_exit ledger_prove(struct admin *admin)
{
    const struct options *options = &admin->options;
    auto_free char *text = NULL;
    enum medgl_error error =
        options->name != NULL
            ? operation_prove_inclusion(&admin->context, strtoull(options->name, NULL, 10), &text)
            : operation_prove_consistency(&admin->context,
                                          options_number(options, OPTION_CONSISTENCY, 0), &text);
    if (error == MEDGL_ERR_NOT_FOUND)
        return prove_no_entry(options);
    return error == MEDGL_OK ? prove_print(admin, text) : ledger_failed(error, NULL);
}

/* -- archive ---------------------------------------------------------------------------------- */

static const struct column archive_columns[] = {
    {"file", N_("FILE"), COLUMN_TEXT, COLUMN_BOTH},
    {"first", N_("FIRST"), COLUMN_NUMBER, COLUMN_BOTH},
    {"last", N_("LAST"), COLUMN_NUMBER, COLUMN_BOTH},
    {"bytes", N_("BYTES"), COLUMN_NUMBER, COLUMN_BOTH},
    {"digest", "", COLUMN_TEXT, COLUMN_JSON},
    {"seq", N_("ENTRY"), COLUMN_NUMBER, COLUMN_BOTH},
};

static enum admin_exit archive_confirm(const struct admin *admin, const struct archive *plan)
{
    char question[256];
    if (admin->options.value[OPTION_YES] != NULL)
        return ADMIN_DONE;
    if (!ask_possible()) {
        complain(_("Bodies of entries leave the store: confirm it with --yes."));
        return ADMIN_USAGE;
    }
    (void)snprintf(question, sizeof(question),
                   _("Entries from %" PRIu64 " to %" PRIu64
                     " and perhaps more leave the store for a file. Type yes to confirm:"),
                   plan->first, plan->next - 1);
    if (ask_to_type(question, "yes"))
        return ADMIN_DONE;
    complain(_("Not confirmed; nothing was changed."));
    return ADMIN_REFUSED;
}

/* As many files as it takes; with a copy for the operator one. */
static enum medgl_error archive_all(struct admin *admin, medgl_time until, struct table *table,
                                    char why[STORE_TEXT_SIZE])
{
    const bool copy = admin->options.value[OPTION_OUTPUT] != NULL;
    const struct archive_request request = {.until = until, .copy = copy ? admin->file.fd : -1};
    enum medgl_error error;
    do {
        struct archive archive;
        MEDGL_TRY(operation_archive(&admin->context, &request, &archive, why));
        admin->file_stays = copy;
        table_row(table,
                  (struct cell[]){CELL_TEXT(archive.file), CELL_NUMBER(archive.first),
                                  CELL_NUMBER(archive.next - 1), CELL_NUMBER(archive.bytes),
                                  CELL_TEXT(archive.digest), CELL_NUMBER(archive.ledger_seq)});
        error = operation_archive_plan(&admin->context, until, &archive, why);
    } while (error == MEDGL_OK && !copy);
    if (error == MEDGL_OK)
        output_say(&admin->output, _("More entries are that old: run this again, with another "
                                     "file."));
    return error == MEDGL_ERR_REFUSED ? MEDGL_OK : error; /* none is left */
}

enum admin_exit ledger_archive(struct admin *admin)
{
    const struct policy *policy = &admin->context.policy;
    medgl_time until = clock_read().now - policy_span_most(policy->ledger_retention);
    char why[STORE_TEXT_SIZE];
    struct archive plan;
    enum admin_exit code = options_time(&admin->options, OPTION_UNTIL, &until);
    if (code != ADMIN_DONE)
        return code;
    enum medgl_error error = operation_archive_plan(&admin->context, until, &plan, why);
    if (error != MEDGL_OK)
        return ledger_failed(error, why);
    code = archive_confirm(admin, &plan);
    if (code != ADMIN_DONE)
        return code;
    struct table *table = table_new(&admin->output, "archives", TABLE_LIST, archive_columns,
                                    MEDGL_COUNT(archive_columns));
    error = archive_all(admin, until, table, why);
    table_print(&table);
    return ledger_failed(error, why);
}

/* -- cosign ----------------------------------------------------------------------------------- */

enum admin_exit ledger_cosign(struct admin *admin)
{
    static const struct column columns[] = {
        {"witnesses", N_("Witnesses on it now"), COLUMN_NUMBER, COLUMN_BOTH},
        {"quorum", N_("Witnesses that the policy asks for"), COLUMN_NUMBER, COLUMN_BOTH}};
    const char *path = admin->options.value[OPTION_FROM];
    char why[STORE_TEXT_SIZE];
    unsigned count;
    auto_free char *note = strndup((const char *)admin->from.bytes, admin->from.len);
    if (note == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    if (strlen(note) != admin->from.len) {
        complain(_("%s is not text."), path);
        return ADMIN_USAGE;
    }
    enum medgl_error error = operation_cosign(&admin->context, note, &count, why);
    if (error == MEDGL_ERR_REFUSED) {
        complain(_("%s was not taken in: %s."), path, why);
        return ADMIN_REFUSED;
    }
    if (error != MEDGL_OK)
        return ledger_failed(error, why);
    struct table *table =
        table_new(&admin->output, "cosignatures", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_NUMBER(count),
                                     CELL_NUMBER(admin->context.policy.witness_quorum)});
    table_print(&table);
    return ADMIN_DONE;
}
