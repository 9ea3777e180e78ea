/* The noun card: smartcards, in the readers and of accounts. A PIN is asked for on the terminal and
 * goes nowhere else. */
#include "admin/factor.h"

#include "operation/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- look ------------------------------------------------------------------------------------- */

static void look_row(void *argument, const struct card_seen *seen)
{
    struct table *table = argument;
    const bool none = seen->facts.subject[0] == '\0';
    table_row(table, (struct cell[]){CELL_TEXT(seen->reader), CELL_TEXT(seen->label),
                                     CELL_TEXT(seen->serial), CELL_TEXT(seen->facts.subject),
                                     CELL_TEXT(seen->facts.issuer), CELL_TEXT(seen->facts.serial),
                                     CELL_TEXT(seen->facts.fingerprint), CELL_TEXT(seen->facts.key),
                                     CELL_NUMBER(seen->facts.not_after),
                                     CELL_TEXT(none ? "" : card_verdict_word(seen->verdict)),
                                     CELL_NUMBER(seen->accepted), CELL_NUMBER(seen->crl_next),
                                     CELL_TEXT(seen->remark), CELL_TEXT(seen->account)});
}

enum admin_exit card_look(struct admin *admin)
{
    static const struct column columns[] = {
        {"reader", N_("READER"), COLUMN_TEXT, COLUMN_JSON},
        {"label", N_("CARD"), COLUMN_TEXT, COLUMN_BOTH},
        {"card_serial", N_("CARD SERIAL"), COLUMN_TEXT, COLUMN_JSON},
        {"subject", N_("SUBJECT"), COLUMN_TEXT, COLUMN_WIDE},
        {"issuer", N_("ISSUER"), COLUMN_TEXT, COLUMN_JSON},
        {"serial", N_("SERIAL"), COLUMN_TEXT, COLUMN_JSON},
        {"certificate", N_("CERTIFICATE"), COLUMN_TEXT, COLUMN_JSON},
        {"key", N_("KEY"), COLUMN_TEXT, COLUMN_BOTH},
        {"until", N_("UNTIL"), COLUMN_TIME, COLUMN_BOTH},
        {"verdict", N_("VERDICT"), COLUMN_TEXT, COLUMN_BOTH},
        {"accepted", N_("ACCEPTED"), COLUMN_BOOL, COLUMN_BOTH},
        {"list_until", N_("LIST UNTIL"), COLUMN_TIME, COLUMN_JSON},
        {"remark", N_("REMARK"), COLUMN_TEXT, COLUMN_WIDE},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    };
    char why[OPERATION_WHY_SIZE] = "";
    auto_clean(table_free) struct table *table =
        table_new(&admin->output, "readers", TABLE_LIST, columns, MEDGL_COUNT(columns));
    const enum medgl_error error = operation_card_look(&admin->context, look_row, table, why);
    if (error != MEDGL_OK)
        return admin_failed(error, "", why);
    table_print_or(&admin->output, &table, _("No card is in a reader."));
    return ADMIN_DONE;
}

/* -- enrol ------------------------------------------------------------------------------------ */

/* An attribute goes with a rule by the subject, and that not without one. */
static enum admin_exit enrol_settle(const struct admin *admin, struct card_enrol_request *request)
{
    const char *const *value = admin->options.value;
    const char *match = value[OPTION_MATCH];
    request->match = CARD_MATCH_EXACT;
    if (match != NULL && card_match_parse(match, &request->match) != MEDGL_OK)
        return ADMIN_USAGE;
    if ((request->match == CARD_MATCH_SUBJECT) != (value[OPTION_ATTRIBUTE] != NULL))
        complain(_("--attribute goes with --match subject, and that needs one"));
    else if (value[OPTION_CERTIFICATE] == NULL && !ask_possible())
        complain(_("The PIN of a card is asked for on a terminal alone. Without one, enrol the "
                   "card's certificate from a file, with --certificate FILE."));
    else
        return ADMIN_DONE;
    return ADMIN_USAGE;
}

enum admin_exit card_enrol(struct admin *admin)
{
    const char *name = admin->options.name;
    const struct talk talk = ask_talk();
    char why[OPERATION_WHY_SIZE] = "";
    struct card_enrol_request request = {
        .name = name,
        .certificate = admin->options.value[OPTION_CERTIFICATE] != NULL ? &admin->from : NULL,
        .attribute = options_text(&admin->options, OPTION_ATTRIBUTE),
        .label = options_text(&admin->options, OPTION_LABEL),
        .reason = options_text(&admin->options, OPTION_REASON),
    };
    const enum admin_exit code = enrol_settle(admin, &request);
    if (code != ADMIN_DONE)
        return code;
    const enum medgl_error error = operation_card_enrol(&admin->context, &talk, &request, why);
    if (error != MEDGL_OK)
        return admin_failed(error, name, why);
    output_result(&admin->output, name,
                  _("%s has a card now: it counts from the next login on, where the policy asks "
                    "the readers (card_places, card_services)."),
                  name);
    return ADMIN_DONE;
}

/* -- list ------------------------------------------------------------------------------------- */

enum admin_exit card_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ID"), COLUMN_TEXT, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"label", N_("LABEL"), COLUMN_TEXT, COLUMN_BOTH},
        {"rule", N_("WHICH CARD"), COLUMN_TEXT, COLUMN_WIDE},
        {"enrolled", N_("ENROLLED"), COLUMN_TIME, COLUMN_BOTH},
    };
    return factor_list(admin, FACTOR_KIND_CARD, "cards", columns, MEDGL_COUNT(columns),
                       _("No card is enrolled."));
}

/* -- remove ----------------------------------------------------------------------------------- */

enum admin_exit card_remove(struct admin *admin)
{
    const char *name = admin->options.name;
    uint32_t removed;
    const enum admin_exit code = factor_remove(admin, FACTOR_KIND_CARD, &removed);
    if (code != ADMIN_DONE)
        return code;
    output_result(&admin->output, name,
                  _("Cards that were taken away from %s: %" PRIu32 ". They open nothing here any "
                    "more; whoever gave them out can revoke them everywhere."),
                  name, removed);
    return ADMIN_DONE;
}
