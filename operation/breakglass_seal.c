/* Sealing a break-glass account, and which are sealed (R32). The code is drawn here, goes onto the
 * page and into the hash, and nowhere else: who seals need not see it. */
#include "operation/breakglass.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "factor/breakglass.h"
#include "operation/alert.h"
#include "operation/breakglass_login.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"
#include "operation/password.h"
#include "operation/refuse.h"
#include "operation/role.h"
#include "operation/session.h"
#include "policy/calendar.h"
#include "policy/reset.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEAL_HOST_MAX 15 /* of the host's name, in a serial that people read to each other */

struct seal_run {
    struct context *context;
    const struct breakglass_seal_request *request;
    char *why;
    struct account account;
    struct breakglass_look look;
    struct breakglass row; /* what is to be */
    uint64_t sealings;     /* on this machine so far */
    uint32_t unreviewed;   /* emergencies that are over */
    uint32_t first;        /* the lowest number of those */
    struct credential fresh;
    uint32_t cleared;
};

static void seal_clear(struct seal_run *run)
{
    secret_wipe(run, sizeof(*run));
}

/* -- what has to be true ---------------------------------------------------------------------- */

/* Those of the policy's ways to deliver that a seal has: nobody types a sealed credential. */
static size_t seal_ways(const struct policy *policy, char *list, size_t size)
{
    static const char *const ways[] = {RESET_BY_PRINTER, RESET_BY_FILE, RESET_BY_SCREEN};
    size_t len = 0;
    list[0] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(ways); i++)
        if (policy_reset_delivers(policy, ways[i]))
            len += (size_t)snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", ways[i]);
    return len;
}

static enum medgl_error seal_check_way(const struct seal_run *run)
{
    const struct policy *policy = &run->context->policy;
    const char *way = run->request->way;
    char ways[64];
    if (seal_ways(policy, ways, sizeof(ways)) == 0)
        return refuse(run->why, _("the policy lets a sealed credential out by no way: add printer "
                                  "or file to reset_delivery"));
    if (strcmp(way, RESET_BY_TERMINAL) == 0 || !policy_reset_delivers(policy, way))
        return refuse(
            run->why,
            _("the policy does not let a sealed credential out by this way: %s; it may be "
              "%s (reset_delivery)"),
            way, ways);
    if (strcmp(way, RESET_BY_PRINTER) == 0 && policy->slip_program[0] == '\0')
        return refuse(run->why, _("there is no printer for slips: set slip_program in policy.conf, "
                                  "or name a file with --slip"));
    return MEDGL_OK;
}

static enum medgl_error seal_check_account(struct store_txn *txn, struct seal_run *run)
{
    struct account *account = &run->account;
    MEDGL_TRY(store_account_by_name(txn, run->request->name, account));
    MEDGL_TRY(role_reaches(run->context, txn, account, run->why));
    if (!breakglass_is(account))
        return refuse(run->why,
                      _("%s is no break-glass account: enrol another Unix user with medgl-admin "
                        "account add NAME --class breakglass"),
                      account->name);
    if (run->context->place != CONTEXT_BREAKGLASS)
        return refuse(run->why,
                      _("%s was enrolled by an older version, and cannot be sealed: retire it, and "
                        "enrol another Unix user with --class breakglass"),
                      account->name);
    if (account->state == ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    return refuse(run->why, _("the account is %s: only an active account is sealed"),
                  account_state_word(account->state));
}

static enum medgl_error seal_check_state(const struct seal_run *run)
{
    switch (policy_breakglass_state(&run->look.facts)) {
    case BREAKGLASS_USED:
        return refuse(run->why,
                      _("%s is in use in emergency %" PRIu32 ": end that first, with medgl-admin "
                        "emergency recover"),
                      run->account.name, run->look.now.row.number);
    case BREAKGLASS_UNSEALED:
    case BREAKGLASS_SEALED:
    case BREAKGLASS_CLOSED:
        break;
    }
    return MEDGL_OK;
}

/* MUST: whoever is in by the old envelope does not stay in beside the new one. */
static enum medgl_error seal_check_sessions(struct store_txn *txn, struct seal_run *run)
{
    struct session_open_count count;
    uint32_t lost;
    MEDGL_TRY(session_sweep(run->context, txn, &run->look.clocks.clock, &run->account, &lost));
    MEDGL_TRY(session_count_open(txn, run->account.id, &count));
    if (count.persons == 0)
        return MEDGL_OK;
    return refuse(run->why,
                  _("sessions of %s are open (%" PRIu32 "): end them with medgl-admin emergency "
                    "settle as root, or session end, and seal then"),
                  run->account.name, count.persons);
}

/* MUST: nor what it left running without a session: a new seal says that the account was not used.
 */
static enum medgl_error seal_end_processes(const struct seal_run *run)
{
    const struct breakglass_seal_request *request = run->request;
    if (!run->look.facts.used || request->end == NULL ||
        request->end(request->argument, &run->account))
        return MEDGL_OK;
    return refuse(run->why,
                  _("processes of %s are left from its use: end them with medgl-admin emergency "
                    "settle as root, and seal then"),
                  run->account.name);
}

static enum medgl_error seal_count_sealing(void *argument, const struct breakglass *row)
{
    uint64_t *sealings = argument;
    *sealings += row->times;
    return MEDGL_OK;
}

static enum medgl_error seal_count_unreviewed(void *argument, const struct emergency *emergency)
{
    struct seal_run *run = argument;
    if (emergency->ended == EMERGENCY_END_NONE || emergency->reviewed != 0)
        return MEDGL_OK;
    if (run->unreviewed++ == 0)
        run->first = emergency->number;
    return MEDGL_OK;
}

/* What is over is written down first, so that no trace of its use goes with the old envelope. */
static enum medgl_error seal_check(struct store_txn *txn, struct seal_run *run)
{
    const uint64_t before = run->sealings;
    bool settled;
    MEDGL_TRY(seal_check_way(run));
    MEDGL_TRY(seal_check_account(txn, run));
    MEDGL_TRY(emergency_clocks_read(txn, &run->look.clocks));
    MEDGL_TRY(emergency_settle(run->context, txn, &run->look.clocks, &settled));
    MEDGL_TRY(breakglass_look(run->context, txn, &run->account, &run->look));
    MEDGL_TRY(seal_check_state(run));
    MEDGL_TRY(seal_check_sessions(txn, run));
    run->sealings = run->unreviewed = run->first = 0;
    MEDGL_TRY(store_breakglass_each(txn, seal_count_sealing, &run->sealings));
    MEDGL_TRY(store_emergency_each(txn, seal_count_unreviewed, run));
    if (run->row.serial[0] != '\0' && run->sealings != before)
        return refuse(run->why, _("Somebody else sealed an account meanwhile. This page opens "
                                  "nothing: destroy it, and begin anew."));
    return MEDGL_OK;
}

/* -- what is told ----------------------------------------------------------------------------- */

static enum medgl_error seal_warn(const struct seal_run *run, const char *warning)
{
    const struct breakglass_seal_request *request = run->request;
    return request->warn != NULL ? request->warn(request->argument, warning) : MEDGL_OK;
}

static enum medgl_error seal_tell(const struct seal_run *run)
{
    char text[OPERATION_WHY_SIZE];
    if (run->unreviewed > 0) {
        (void)snprintf(text, sizeof(text),
                       _("Emergencies that are over and were not reviewed: %" PRIu32 ", the first "
                         "of them number %" PRIu32 ". Have somebody who had no part in it look at "
                         "medgl-admin report emergency %" PRIu32 " and sign it off with emergency "
                         "review."),
                       run->unreviewed, run->first, run->first);
        MEDGL_TRY(seal_warn(run, text));
    }
    if (!run->look.facts.sealed)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   _("The envelope %s opens nothing any more once this is done: destroy it."),
                   run->look.row.serial);
    return seal_warn(run, text);
}

/* -- the credential --------------------------------------------------------------------------- */

/* The first part of the host's name, in capitals, how many were sealed here, and two letters that
 * tell a page that came out in vain from the next one: "ER-0003-KX". MUST: none comes twice on this
 * machine. */
static enum medgl_error seal_serial(const struct seal_run *run, char serial[STORE_SERIAL_SIZE])
{
    static const char letters[] = "ABCDEFGHJKMNPQRSTVWXYZ";
    char host[HOST_NAME_MAX + 1] = "", part[SEAL_HOST_MAX + 1] = "HOST";
    unsigned first, second;
    size_t len = 0;
    (void)gethostname(host, sizeof(host) - 1);
    for (const char *at = host; *at != '\0' && *at != '.' && len < SEAL_HOST_MAX; at++)
        if (isalnum((unsigned char)*at) || *at == '-')
            part[len++] = (char)toupper((unsigned char)*at);
    if (len > 0)
        part[len] = '\0';
    MEDGL_TRY(crypto_random_below(sizeof(letters) - 1, &first));
    MEDGL_TRY(crypto_random_below(sizeof(letters) - 1, &second));
    (void)snprintf(serial, STORE_SERIAL_SIZE, "%s-%04" PRIu32 "-%c%c", part,
                   (uint32_t)run->sealings + 1, letters[first], letters[second]);
    return MEDGL_OK;
}

static enum medgl_error seal_row(struct seal_run *run)
{
    struct breakglass *row = &run->row;
    if (run->sealings >= UINT32_MAX)
        return MEDGL_ERR_SPACE;
    *row = (struct breakglass){.times = run->look.row.times + 1,
                               .sealed_at = clock_moment(clock_read().now)};
    MEDGL_TRY(seal_serial(run, row->serial));
    return text_copy(row->account_id, sizeof(row->account_id), run->account.id);
}

static enum medgl_error seal_credential(struct seal_run *run, const struct secret *code)
{
    auto_secret struct secret prepared = SECRET_NONE;
    auto_clean(password_record_clear) struct password_record record = {.has_stem = false};
    struct credential *fresh = &run->fresh;
    const struct password_line line = context_line(run->context);
    const struct kdf_cost cost = context_cost(run->context);
    MEDGL_TRY(password_prepare(code, &prepared));
    MEDGL_TRY(password_record_make(&line, &cost, NULL, &prepared, &record));
    *fresh = (struct credential){.kind = CREDENTIAL_PASSWORD,
                                 .strength = PASSWORD_STRENGTH_LONG,
                                 .set_at = run->row.sealed_at};
    MEDGL_TRY(text_copy(fresh->account_id, sizeof(fresh->account_id), run->account.id));
    MEDGL_TRY(text_copy(fresh->label, sizeof(fresh->label), run->row.serial));
    MEDGL_TRY(crypto_random_id(fresh->id));
    return password_seal(run->context, fresh, &record);
}

static enum medgl_error seal_make(struct seal_run *run)
{
    auto_secret struct secret code = SECRET_NONE;
    const struct breakglass_seal_request *request = run->request;
    MEDGL_TRY(seal_row(run));
    MEDGL_TRY(breakglass_code_generate(&code));
    MEDGL_TRY(seal_credential(run, &code));
    return request->deliver(request->argument, &run->account, &run->row, &code);
}

/* -- the transactions ------------------------------------------------------------------------- */

static enum medgl_error seal_prepare(struct store_txn *txn, void *argument)
{
    return seal_check(txn, argument);
}

/* MUST: the row has the time of its entry, against which it is verified; the page has that at which
 * it was made. */
static enum medgl_error seal_record(struct store_txn *txn, struct seal_run *run)
{
    struct ledger_entry entry;
    const struct breakglass *before = &run->look.row;
    run->row.sealed_at = emergency_moment(&run->look.clocks);
    evidence_begin(run->context, &run->look.clocks.clock, LEDGER_BREAKGLASS_SEAL, &run->account,
                   &entry);
    ledger_entry_text(&entry, "credential", run->fresh.id);
    ledger_entry_text(&entry, "serial", run->row.serial);
    ledger_entry_number(&entry, "times", run->row.times);
    ledger_entry_text(&entry, "deliver", run->request->way);
    if (before->serial[0] != '\0') {
        ledger_entry_text(&entry, "replaces", before->serial);
        ledger_entry_text(&entry, "was",
                          breakglass_state_word(policy_breakglass_state(&run->look.facts)));
    }
    if (run->request->reason != NULL)
        ledger_entry_text(&entry, "why", run->request->reason);
    ledger_entry_number(&entry, "unreviewed", run->unreviewed);
    ledger_entry_number(&entry, "cleared", run->cleared);
    return evidence_append(run->context, txn, &entry, &run->row.ledger_seq);
}

/* MUST: an envelope is not made useless by another one unseen. */
static enum medgl_error seal_tell_all(struct store_txn *txn, const struct seal_run *run)
{
    const struct breakglass *before = &run->look.row;
    char all[2 * STORE_ALERT_SIZE], text[STORE_ALERT_SIZE];
    (void)snprintf(all, sizeof(all), "Break-glass account %s was sealed, number %s, by %s.%s%s%s",
                   run->account.name, run->row.serial, run->context->actor.name,
                   before->serial[0] != '\0' ? " The envelope " : "", before->serial,
                   before->serial[0] != '\0' ? " opens nothing any more." : "");
    text_printable(text, sizeof(text), all);
    const struct alert_event event = {
        .kind = ALERT_BREAKGLASS, .account = &run->account, .text = text, .about = run->row.serial};
    return alert_raise(run->context, txn, &run->look.clocks.clock, &event);
}

static enum medgl_error seal_now(struct store_txn *txn, void *argument)
{
    struct seal_run *run = argument;
    MEDGL_TRY(seal_check(txn, run));
    MEDGL_TRY(store_attempt_clear(txn, run->account.id, NULL, &run->cleared));
    MEDGL_TRY(seal_record(txn, run));
    run->fresh.ledger_seq = run->row.ledger_seq;
    MEDGL_TRY(password_begin(txn, run->account.id));
    MEDGL_TRY(store_credential_put(txn, &run->fresh));
    MEDGL_TRY(store_breakglass_put(txn, &run->row));
    MEDGL_TRY(seal_tell_all(txn, run));
    return evidence_keep(txn, run->look.clocks.clock.now);
}

/* An envelope that a full disk makes useless is none. Where others read just now, the watch takes
 * the space later. */
static enum medgl_error seal_reserve(const struct seal_run *run)
{
    const enum medgl_error error = store_reserve(run->context->store, BREAKGLASS_RESERVE);
    if (error == MEDGL_ERR_SPACE)
        return refuse(run->why, _("there is no space for what an emergency writes (4 MiB): make "
                                  "room on the disk of the break-glass store, and seal then"));
    return error == MEDGL_ERR_DEADLINE ? MEDGL_OK : error;
}

enum medgl_error operation_breakglass_seal(struct context *context,
                                           const struct breakglass_seal_request *request,
                                           struct breakglass *sealed, char why[OPERATION_WHY_SIZE])
{
    auto_clean(seal_clear) struct seal_run run = {
        .context = context, .request = request, .why = why};
    *sealed = (struct breakglass){.times = 0};
    why[0] = '\0';
    if (request->way == NULL || request->deliver == NULL ||
        (request->reason != NULL && !text_is_printable(request->reason)))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, seal_prepare, &run));
    alert_wake(context); /* what was settled is told, whatever becomes of the seal */
    MEDGL_TRY(seal_end_processes(&run));
    MEDGL_TRY(seal_reserve(&run));
    MEDGL_TRY(seal_tell(&run));
    MEDGL_TRY(seal_make(&run));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, seal_now, &run));
    *sealed = run.row;
    alert_wake(context);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
