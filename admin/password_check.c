/* What the rules say to passwords (R19): `password check` and `password generate`. Touches no
 * account and counts no try; so it never says whether a password is somebody's, or was: that would
 * be a guess that nobody counts (R17, R20). No password goes through a stream, whose buffer stays.
 */
#include "admin/admin.h"

#include "base/file.h"
#include "operation/account.h"
#include "operation/judge.h"
#include "policy/load.h"
#include "policy/login.h"

#include <inttypes.h>
#include <string.h>

struct check {
    const struct policy *policy;
    struct judge judge;
    const struct account *account; /* NULL: nobody in particular */
    medgl_time now;
    struct table *table;
    uint32_t accepted, refused;
};

/* The policy where no store is opened; mistakes are said. */
static enum medgl_error check_policy(const struct admin *admin, struct policy *policy)
{
    MEDGL_TRY(policy_load(admin->identity.root, geteuid(), NULL, policy));
    return clock_set_zone(policy->time_zone) == MEDGL_OK ? MEDGL_OK : MEDGL_ERR_POLICY;
}

/* -- judging -------------------------------------------------------------------------------- */

/* As if it were set now. */
static struct password_standing check_standing(const struct check *check,
                                               const struct password_verdict *verdict)
{
    const struct password_facts facts = {.present = true,
                                         .strength = verdict->strength,
                                         .set_at = check->now,
                                         .utc_offset = clock_utc_offset(check->now)};
    return policy_password_standing(check->policy, &facts, check->now);
}

static void check_row(struct check *check, size_t line, const struct password_candidate *candidate)
{
    const struct password_verdict verdict = policy_password_check(check->policy, candidate);
    const bool accepted = verdict.refusal == PASSWORD_ACCEPTED;
    struct password_standing standing = {.rule = PASSWORD_RULE_NONE};
    char why[JUDGE_TEXT_SIZE];
    judge_explain(check->policy, &verdict, false, why);
    if (accepted) {
        standing = check_standing(check, &verdict);
        check->accepted++;
    } else {
        check->refused++;
    }
    const bool weak = verdict.weakness != PASSWORD_WEAKNESS_NONE;
    const bool assessed = candidate->valid_text && candidate->length != UINT32_MAX;
    table_row(check->table, (struct cell[]){
                                CELL_NUMBER(line),
                                CELL_NUMBER(accepted),
                                CELL_TEXT(accepted ? password_rule_word(standing.rule) : NULL),
                                CELL_NUMBER(standing.due_at),
                                CELL_TEXT(accepted ? NULL : password_refusal_word(verdict.refusal)),
                                CELL_TEXT(weak ? password_weakness_word(verdict.weakness) : NULL),
                                assessed ? CELL_NUMBER(candidate->guess_bits) : CELL_NONE,
                                CELL_TEXT(why),
                            });
}

static enum medgl_error check_one(struct check *check, size_t line, const unsigned char *bytes,
                                  size_t len)
{
    auto_secret struct secret typed = SECRET_NONE;
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_candidate candidate;
    const struct judge_case subject = {.account = check->account, .typed = &typed};
    MEDGL_TRY(secret_copy(&typed, bytes, len));
    MEDGL_TRY(judge_candidate(&check->judge, &subject, &prepared, &candidate));
    check_row(check, line, &candidate);
    return MEDGL_OK;
}

/* One a line; empty ones are none. */
static enum medgl_error check_lines(struct check *check, const struct secret *text)
{
    const unsigned char *at = text->bytes, *end = text->bytes + text->len;
    for (size_t line = 1; at < end; line++) {
        const unsigned char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        size_t kept = len > 0 && at[len - 1] == '\r' ? len - 1 : len; /* as Windows ends them */
        if (kept > 0)
            MEDGL_TRY(check_one(check, line, at, kept));
        at += len + (stop != NULL);
    }
    return MEDGL_OK;
}

/* -- asking --------------------------------------------------------------------------------- */

/* All of FILE, or one from the terminal, or all of standard input. */
static enum admin_exit check_text(struct admin *admin, struct secret *text)
{
    if (admin->options.value[OPTION_FROM] != NULL) {
        *text = admin->from;
        admin->from = (struct secret)SECRET_NONE;
        return ADMIN_DONE;
    }
    if (isatty(STDIN_FILENO))
        return admin_failed(ask_secretly(_("Password to check:"), text), "", NULL);
    return files_read(STDIN_FILENO, _("standard input"), text);
}

static enum admin_exit check_account(struct admin *admin, struct account *account)
{
    struct account_report report;
    enum medgl_error error =
        operation_account_show(&admin->context, admin->options.name, &report, NULL, NULL);
    *account = report.account;
    return admin_failed(error, admin->options.name, NULL);
}

static enum admin_exit check_judged(struct admin *admin, struct check *check,
                                    const struct secret *text)
{
    static const struct column columns[] = {
        {"line", N_("LINE"), COLUMN_NUMBER, COLUMN_BOTH},
        {"accepted", N_("ACCEPTED"), COLUMN_BOOL, COLUMN_BOTH},
        {"rule", N_("RULE"), COLUMN_TEXT, COLUMN_BOTH},
        {"until", N_("UNTIL"), COLUMN_TIME, COLUMN_BOTH},
        {"refusal", "", COLUMN_TEXT, COLUMN_JSON},
        {"weakness", N_("WEAKNESS"), COLUMN_TEXT, COLUMN_BOTH},
        {"bits", N_("BITS"), COLUMN_NUMBER, COLUMN_BOTH},
        {"why", N_("WHY"), COLUMN_TEXT, COLUMN_WIDE},
    };
    check->table =
        table_new(&admin->output, "passwords", TABLE_LIST, columns, MEDGL_COUNT(columns));
    enum medgl_error error = check_lines(check, text);
    if (error == MEDGL_OK && check->accepted + check->refused == 0) {
        table_free(&check->table);
        complain(_("There is no password to check."));
        return ADMIN_USAGE;
    }
    table_print(&check->table);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    output_say(&admin->output, _("Accepted: %" PRIu32 ". Refused: %" PRIu32 "."), check->accepted,
               check->refused);
    return check->refused == 0 ? ADMIN_DONE : ADMIN_REFUSED;
}

enum admin_exit password_check(struct admin *admin)
{
    auto_secret struct secret text = SECRET_NONE;
    struct account account;
    struct policy policy;
    struct check check = {.policy = &policy, .now = clock_read().now};
    enum admin_exit code;
    if (admin->options.name != NULL) {
        code = check_account(admin, &account);
        policy = admin->context.policy;
        check.account = &account;
    } else {
        code = admin_failed(check_policy(admin, &policy), "", NULL);
    }
    if (code != ADMIN_DONE)
        return code;
    enum medgl_error error = judge_open(admin->identity.root, &policy, &check.judge);
    if (error != MEDGL_OK) /* said in the log; no account is missing */
        return admin_failed(MEDGL_ERR_POLICY, "", NULL);
    code = check_text(admin, &text);
    if (code == ADMIN_DONE)
        code = check_judged(admin, &check, &text);
    judge_close(&check.judge);
    return code;
}

/* -- generating ----------------------------------------------------------------------------- */

static void generate_add(struct secret *text, const void *bytes, size_t len)
{
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

/* What is generated has letters, digits and '-': it needs no quoting in JSON. */
static enum medgl_error generate_text(const struct judge *judge, uint64_t count, bool json,
                                      struct secret *text)
{
    static const char head[] = "{\n   \"passwords\": [", tail[] = "\n   ]\n}\n";
    const char *before = json ? "\n      \"" : "", *after = json ? "\"" : "\n";
    MEDGL_TRY(secret_alloc(text, sizeof(head) + sizeof(tail) +
                                     count * (PASSWORD_BYTES_MAX + sizeof("\n      \"\","))));
    if (json)
        generate_add(text, head, sizeof(head) - 1);
    for (uint64_t i = 0; i < count; i++) {
        auto_secret struct secret password = SECRET_NONE;
        MEDGL_TRY(judge_suggest(judge, NULL, &password));
        if (json && i > 0)
            generate_add(text, ",", 1);
        generate_add(text, before, strlen(before));
        generate_add(text, password.bytes, password.len);
        generate_add(text, after, strlen(after));
    }
    if (json)
        generate_add(text, tail, sizeof(tail) - 1);
    return MEDGL_OK;
}

enum admin_exit password_generate_some(struct admin *admin)
{
    auto_secret struct secret text = SECRET_NONE;
    struct policy policy;
    struct judge judge;
    const uint64_t count = options_number(&admin->options, OPTION_HOW_MANY, 1);
    enum medgl_error error = check_policy(admin, &policy);
    if (error == MEDGL_OK)
        error = judge_open(admin->identity.root, &policy, &judge) == MEDGL_OK ? MEDGL_OK
                                                                              : MEDGL_ERR_POLICY;
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    error = generate_text(&judge, count, admin->output.json, &text);
    judge_close(&judge);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    if (file_write(STDOUT_FILENO, text.bytes, text.len) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("The passwords could not be written to standard output."));
    return ADMIN_UNUSABLE;
}
