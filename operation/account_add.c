/* Enrolling people, one or hundreds, and changing what is known of them and which rules they have.
 * Every act leaves its entry in the same transaction; no entry holds what a fact about a person is.
 */
#include "operation/account.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/account_rules.h"
#include "operation/evidence.h"
#include "operation/person.h"
#include "operation/role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- enrol ---------------------------------------------------------------------------------- */

/* MUST: a name is one person's for good, and so is a uid while its account is there, also after the
 * Unix user was deleted: whoever comes later must not step into what was somebody else's (R25). */
static enum medgl_error enrol_name_is_free(struct store_txn *txn, const struct account *account,
                                           char why[OPERATION_WHY_SIZE])
{
    struct account other;
    enum medgl_error error = store_account_by_name(txn, account->name, &other);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    if (other.state == ACCOUNT_STATE_RETIRED)
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s was enrolled, and is retired: a name is never given out twice. Give "
                         "the Unix user another name"),
                       account->name);
    else if (other.uid != account->uid)
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s is enrolled already, for the uid %lld, and the Unix user has another "
                         "one now. The same person: give the user that uid again (usermod -u). "
                         "Another person: give that user another name"),
                       account->name, (long long)other.uid);
    else
        (void)snprintf(why, OPERATION_WHY_SIZE, _("%s is enrolled already"), account->name);
    return MEDGL_ERR_EXISTS;
}

static enum medgl_error enrol_uid_is_free(struct store_txn *txn, const struct account *account,
                                          char why[OPERATION_WHY_SIZE])
{
    struct account other;
    enum medgl_error error = store_account_by_uid(txn, account->uid, &other);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    (void)snprintf(why, OPERATION_WHY_SIZE,
                   _("the uid %lld belongs to the account %s: give the Unix user %s another uid "
                     "(usermod -u), or, where %s is the same person or gone for good, retire that "
                     "account first"),
                   (long long)account->uid, other.name, account->name, other.name);
    return MEDGL_ERR_EXISTS;
}

static enum medgl_error enrol_is_free(struct store_txn *txn, const struct account *account,
                                      char why[OPERATION_WHY_SIZE])
{
    MEDGL_TRY(enrol_name_is_free(txn, account, why));
    return enrol_uid_is_free(txn, account, why);
}

struct beside_run {
    const struct account *account;
    char *why;
};

static enum medgl_error beside_look(struct store_txn *txn, void *argument)
{
    const struct beside_run *run = argument;
    return enrol_is_free(txn, run->account, run->why);
}

static enum medgl_error beside_main(const struct context *context, enum context_need need,
                                    struct context *main)
{
    const enum medgl_error error = context_open(context->root, need, main);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}

enum medgl_error account_free_beside(const struct context *context, const struct account *account,
                                     char why[OPERATION_WHY_SIZE])
{
    auto_clean(context_close) struct context other = {.store = NULL};
    struct beside_run run = {account, why};
    switch (context->place) {
    case CONTEXT_MAIN:
        if (!context_there(context->root, CONTEXT_BREAKGLASS))
            return MEDGL_OK;
        MEDGL_TRY(context_open_breakglass(context->root, CONTEXT_READING, &other));
        break;
    case CONTEXT_BREAKGLASS:
        MEDGL_TRY(beside_main(context, CONTEXT_READING, &other));
        break;
    }
    return store_transact(other.store, STORE_READ, beside_look, &run);
}

/* MUST: break-glass accounts are in their own store, and nobody else is (R32). */
static enum medgl_error enrol_in_place(const struct context *context, const struct account *account,
                                       char why[OPERATION_WHY_SIZE])
{
    const bool breakglass = account->class_ == ACCOUNT_CLASS_BREAKGLASS;
    if (breakglass == (context->place == CONTEXT_BREAKGLASS))
        return MEDGL_OK;
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                   breakglass
                       ? _("break-glass accounts are in a store of their own: enrol one with "
                           "account add NAME --class breakglass, or many from a file of "
                           "their own with --from FILE --class breakglass")
                       : _("only break-glass accounts are in this store: enrol everybody "
                           "else in a file of their own"));
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error account_enrol(struct context *context, struct store_txn *txn,
                               struct account *account, char why[OPERATION_WHY_SIZE])
{
    static const struct account nobody;
    struct ledger_entry entry;
    char idle[RULES_IDLE_SIZE];
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(enrol_in_place(context, account, why));
    MEDGL_TRY(enrol_is_free(txn, account, why));
    MEDGL_TRY(account_free_beside(context, account, why));
    MEDGL_TRY(crypto_random_id(account->id));
    account->state = ACCOUNT_STATE_ACTIVE;
    account->created = account->state_since = clock.now;
    evidence_begin(context, &clock, LEDGER_ACCOUNT_ADD, account, &entry);
    ledger_entry_text(&entry, "class", account_class_word(account->class_));
    ledger_entry_number(&entry, "unix_uid", account->uid);
    ledger_entry_text(&entry, "full_name", account->full_name);
    rules_tell(&nobody, account, &entry, idle);
    MEDGL_TRY(evidence_append(context, txn, &entry, &account->ledger_seq));
    return store_account_add(txn, account);
}

static enum medgl_error add_read(const struct account_add_request *request, struct account *account,
                                 char why[OPERATION_WHY_SIZE])
{
    *account = (struct account){.uid = request->uid, .class_ = request->class_};
    if (!text_is_login_name(request->name)) {
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s", _("that cannot be a login name"));
        return MEDGL_ERR_ARGUMENT;
    }
    MEDGL_TRY(text_copy(account->name, sizeof(account->name), request->name));
    MEDGL_TRY(rules_read(&request->rules, account, why));
    MEDGL_TRY(rules_fit(account, why));
    return person_read(&request->person, clock_read().now, account, why);
}

struct add_verdict {
    enum medgl_error error;
    char *why; /* malloc'ed, NULL for none */
};

struct add_run {
    struct context *context, *main; /* the main one, where `context` is the other; else NULL */
    store_function function;
    const struct account_add_many *many;
    struct add_verdict *verdict; /* one for each */
    size_t at, added, refused;
};

static void add_free(struct add_run *run)
{
    for (size_t i = 0; run->verdict != NULL && i < run->many->count; i++)
        free(run->verdict[i].why);
    free(run->verdict);
}

/* What the rules say against one of them; any other error is the store's, and ends the act. */
static bool add_refused(enum medgl_error error)
{
    return error == MEDGL_ERR_ARGUMENT || error == MEDGL_ERR_EXISTS;
}

static enum medgl_error add_one(struct store_txn *txn, const struct add_run *run, size_t at)
{
    struct account account;
    struct add_verdict *verdict = &run->verdict[at];
    char why[OPERATION_WHY_SIZE] = "";
    verdict->error = add_read(&run->many->requests[at], &account, why);
    if (verdict->error == MEDGL_OK)
        verdict->error = account_enrol(run->context, txn, &account, why);
    free(verdict->why); /* the transaction may be run again */
    verdict->why = why[0] != '\0' ? strdup(why) : NULL;
    return verdict->error;
}

static void add_tell(const struct add_run *run, size_t at)
{
    const struct account_add_many *many = run->many;
    const struct add_verdict *verdict = &run->verdict[at];
    enum medgl_error error = verdict->error;
    if (error == MEDGL_OK && many->all_or_nothing && run->refused > 0)
        error = MEDGL_ERR_ABORTED;
    many->outcome(many->argument, at, error, verdict->why != NULL ? verdict->why : "");
}

/* Does everything, then lets the transaction go where nothing is to stay: what a dry run says is
 * what would be. */
static enum medgl_error add_together(struct store_txn *txn, void *argument)
{
    struct add_run *run = argument;
    run->refused = 0;
    for (size_t i = 0; i < run->many->count; i++) {
        enum medgl_error error = add_one(txn, run, i);
        if (add_refused(error))
            run->refused++;
        else
            MEDGL_TRY(error);
    }
    if (run->refused > 0 || run->many->dry_run)
        return MEDGL_ERR_REFUSED;
    return evidence_keep(txn, clock_read().now);
}

static enum medgl_error add_inside(struct store_txn *txn, void *argument)
{
    struct add_run *run = argument;
    (void)txn;
    return store_transact(run->context->store, STORE_WRITE, run->function, run);
}

/* MUST: who enrols in the one store and who enrols in the other never do so at once: each would
 * find the same name free. So the main store's lock is held for both. */
static enum medgl_error add_transact(struct add_run *run, store_function function)
{
    run->function = function;
    return run->main != NULL ? store_transact(run->main->store, STORE_WRITE, add_inside, run)
                             : add_inside(NULL, run);
}

static enum medgl_error add_in_one(struct add_run *run)
{
    enum medgl_error error = add_transact(run, add_together);
    if (error != MEDGL_OK && error != MEDGL_ERR_REFUSED)
        return error;
    if (error == MEDGL_OK)
        (void)evidence_publish(run->context);
    for (size_t i = 0; i < run->many->count; i++)
        add_tell(run, i);
    return run->refused > 0 ? MEDGL_ERR_REFUSED : MEDGL_OK;
}

static enum medgl_error add_alone(struct store_txn *txn, void *argument)
{
    const struct add_run *run = argument;
    return add_one(txn, run, run->at);
}

static enum medgl_error add_in_turn(struct add_run *run)
{
    char note[STORE_NOTE_SIZE];
    enum medgl_error error = MEDGL_OK;
    for (; error == MEDGL_OK && run->at < run->many->count; run->at++) {
        error = add_transact(run, add_alone);
        run->verdict[run->at].error = error;
        run->added += error == MEDGL_OK;
        run->refused += add_refused(error);
        add_tell(run, run->at);
        if (add_refused(error))
            error = MEDGL_OK;
    }
    if (run->added > 0) /* one checkpoint for all of them: it was one act of one person */
        (void)operation_checkpoint(run->context, note);
    return error == MEDGL_OK && run->refused > 0 ? MEDGL_ERR_REFUSED : error;
}

enum medgl_error operation_account_add_many(struct context *context,
                                            const struct account_add_many *many)
{
    auto_clean(add_free) struct add_run run = {
        .context = context,
        .many = many,
        .verdict = calloc(many->count + 1, sizeof(struct add_verdict))};
    auto_clean(context_close) struct context other = {.store = NULL};
    if (run.verdict == NULL)
        return MEDGL_ERR_MEMORY;
    if (context->place == CONTEXT_BREAKGLASS) {
        MEDGL_TRY(beside_main(context, CONTEXT_STATE, &other));
        run.main = &other;
    }
    return many->all_or_nothing || many->dry_run ? add_in_one(&run) : add_in_turn(&run);
}

struct add_outcome {
    enum medgl_error error;
    char *why;
};

static void add_hear(void *argument, size_t index, enum medgl_error error, const char *why)
{
    struct add_outcome *outcome = argument;
    (void)index;
    outcome->error = error;
    (void)snprintf(outcome->why, OPERATION_WHY_SIZE, "%s", why);
}

enum medgl_error operation_account_add(struct context *context,
                                       const struct account_add_request *request,
                                       char why[OPERATION_WHY_SIZE])
{
    struct add_outcome outcome = {.error = MEDGL_ERR_REFUSED, .why = why};
    const struct account_add_many many = {.requests = request,
                                          .count = 1,
                                          .all_or_nothing = true,
                                          .argument = &outcome,
                                          .outcome = add_hear};
    why[0] = '\0';
    enum medgl_error error = operation_account_add_many(context, &many);
    return error == MEDGL_ERR_REFUSED ? outcome.error : error;
}

/* -- change --------------------------------------------------------------------------------- */

struct change_run {
    struct context *context;
    const struct account_change_request *request;
    char *why;
};

/* The names of the facts in which two accounts differ, separated by spaces. */
static void change_fields(const struct account *before, const struct account *after,
                          char fields[OPERATION_WHY_SIZE])
{
    const struct {
        const char *name;
        bool differs;
    } facts[] = {
        {"class", before->class_ != after->class_},
        {"full_name", strcmp(before->full_name, after->full_name) != 0},
        {"reading", strcmp(before->reading, after->reading) != 0},
        {"staff_number", strcmp(before->staff_number, after->staff_number) != 0},
        {"birth_date", strcmp(before->birth_date, after->birth_date) != 0},
    };
    fields[0] = '\0';
    for (size_t i = 0, used = 0; i < MEDGL_COUNT(facts); i++)
        if (facts[i].differs)
            used += (size_t)snprintf(fields + used, OPERATION_WHY_SIZE - used, "%s%s",
                                     used > 0 ? " " : "", facts[i].name);
}

static enum medgl_error change_class(const struct account *before, const struct account *after,
                                     char why[OPERATION_WHY_SIZE])
{
    const bool was = before->class_ == ACCOUNT_CLASS_BREAKGLASS;
    const bool becomes = after->class_ == ACCOUNT_CLASS_BREAKGLASS;
    if (was == becomes)
        return MEDGL_OK;
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                   becomes ? _("no account becomes a break-glass one: enrol another Unix user with "
                               "account add NAME --class breakglass, and seal it")
                           : _("a break-glass account stays one: retire it, and enrol another Unix "
                               "user"));
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error change_now(struct store_txn *txn, void *argument)
{
    struct change_run *run = argument;
    struct account before, after;
    struct ledger_entry entry;
    char fields[OPERATION_WHY_SIZE], idle[RULES_IDLE_SIZE];
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->request->name, &before));
    MEDGL_TRY(role_reaches(run->context, txn, &before, run->why));
    after = before;
    if (run->request->class_ != NULL)
        after.class_ = *run->request->class_;
    MEDGL_TRY(person_read(&run->request->person, clock.now, &after, run->why));
    MEDGL_TRY(rules_read(&run->request->rules, &after, run->why));
    MEDGL_TRY(rules_fit(&after, run->why));
    MEDGL_TRY(change_class(&before, &after, run->why));
    change_fields(&before, &after, fields);
    rules_fields(&before, &after, fields);
    if (fields[0] == '\0') {
        (void)snprintf(run->why, OPERATION_WHY_SIZE, "%s", _("nothing to change"));
        return MEDGL_ERR_REFUSED;
    }
    evidence_begin(run->context, &clock, LEDGER_ACCOUNT_CHANGE, &after, &entry);
    ledger_entry_text(&entry, "fields", fields);
    if (after.class_ != before.class_)
        ledger_entry_text(&entry, "class", account_class_word(after.class_));
    rules_tell(&before, &after, &entry, idle);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &after.ledger_seq));
    MEDGL_TRY(store_account_update(txn, &after));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_account_change(struct context *context,
                                          const struct account_change_request *request,
                                          char why[OPERATION_WHY_SIZE])
{
    struct change_run run = {.context = context, .request = request, .why = why};
    why[0] = '\0';
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, change_now, &run));
    (void)evidence_publish(context);
    return MEDGL_OK;
}
