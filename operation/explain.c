/* Whether a right password would be let in, and which rule says no: the facts of a login without
 * the login, before the very functions that decide there. Counts nothing, changes nothing. */
#include "operation/report.h"

#include "base/text.h"
#include "operation/attempt.h"
#include "operation/breakglass_login.h"
#include "operation/factors.h"
#include "operation/identity.h"
#include "operation/password.h"
#include "operation/session.h"
#include "policy/calendar.h"

#include <stdlib.h>
#include <string.h>

struct explain_run {
    struct context *context;
    const struct explain_request *request;
    struct explain_answer *answer;
    struct unix_user user;
    struct caller caller;
    bool owner;   /* who is logged in here as this very user */
    bool anybody; /* for the places as if it were another one */
    struct admission_place place;
    struct source source;
    struct password_facts password;
    struct breakglass_look breakglass;
    struct factors factors;
    bool any_factor;
};

/* -- from where ---------------------------------------------------------------------------------
 */

/* What stands behind "uid 1000" or "user alice", by which tries at this machine are counted. */
static bool explain_counted(const char *text, struct caller *caller)
{
    static const char uid[] = "uid ", user[] = "user ";
    if (strncmp(text, uid, strlen(uid)) == 0) {
        const char *digits = text + strlen(uid);
        const size_t count = strspn(digits, "0123456789");
        caller->real_uid = count > 0 && count < 11 && digits[count] == '\0' ? atoll(digits) : 0;
        return caller->real_uid > 0;
    }
    return strncmp(text, user, strlen(user)) == 0 && text[strlen(user)] != '\0' &&
           text_copy(caller->ruser, sizeof(caller->ruser), text + strlen(user)) == MEDGL_OK;
}

/* A place on a command line as the login from there that it asks about. Whoever is logged in here
 * is the owner, where nobody else is named. */
static enum medgl_error explain_from(struct explain_run *run)
{
    char text[STORE_SOURCE_SIZE];
    struct admission_place place;
    if (run->request->from == NULL)
        return MEDGL_OK;
    MEDGL_TRY(text_copy(text, sizeof(text), source_key_place(run->request->from)));
    const size_t len = strlen(text);
    if (len > 3 && strcmp(text + len - 3, "/64") == 0) /* as `account show` names it */
        text[len - 3] = '\0';
    if (explain_counted(text, &run->caller))
        return MEDGL_OK;
    MEDGL_TRY(admission_parse_place(text, &place));
    switch (place.origin) {
    case ADMISSION_ORIGIN_ADDRESS:
        return text_copy(run->caller.rhost, sizeof(run->caller.rhost), text);
    case ADMISSION_ORIGIN_LOCAL:
        run->owner = true;
        run->anybody = !place.own && place.terminal[0] == '\0';
        return text_copy(run->caller.tty, sizeof(run->caller.tty), place.terminal);
    case ADMISSION_ORIGIN_CONSOLE:
        return text_copy(run->caller.tty, sizeof(run->caller.tty), text);
    case ADMISSION_ORIGIN_UNKNOWN:
    case ADMISSION_ORIGIN_SYSTEM:
    case ADMISSION_ORIGIN_ANYWHERE:
        break;
    }
    return MEDGL_ERR_ARGUMENT;
}

/* What the rules ask about it, and what tries from there count as: by the functions of a login. */
static enum medgl_error explain_place(struct explain_run *run)
{
    const struct account *account = &run->answer->account;
    run->source = (struct source){.remote = true};
    run->place = (struct admission_place){.origin = ADMISSION_ORIGIN_ANYWHERE};
    if (run->request->from == NULL)
        return MEDGL_OK;
    struct caller caller = run->caller;
    if (run->owner)
        caller.real_uid = account->uid;
    if (run->owner && account->uid == 0) { /* root, and not what root does to others */
        caller.real_uid = -1;
        MEDGL_TRY(text_copy(caller.ruser, sizeof(caller.ruser), account->name));
    }
    source_of(&caller, &run->source);
    place_of(&caller, &run->place);
    run->place.own = !run->anybody && caller_is_owner(&caller, account);
    run->source.own = source_key_is_own(run->source.key, account);
    return text_copy(run->answer->source, sizeof(run->answer->source), run->source.key);
}

/* The first that the rule names, where the question names none. */
static void explain_service(const struct context *context, const struct account *account,
                            const char *service, char text[STORE_NAME_SIZE])
{
    const char *rule = account->services[0] != '\0'
                           ? account->services
                           : policy_class_of(&context->policy, account->class_)->services;
    if (service == NULL)
        (void)snprintf(text, STORE_NAME_SIZE, "%.*s", (int)strcspn(rule, ", "), rule);
    else
        (void)snprintf(text, STORE_NAME_SIZE, "%s", service);
}

/* -- the facts ----------------------------------------------------------------------------------
 */

static enum medgl_error explain_password(struct store_txn *txn, struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    struct credential credential;
    struct activity activity;
    const char *id = answer->account.id;
    MEDGL_TRY(store_activity_get(txn, id, &activity));
    enum medgl_error error = store_credential_get(txn, id, CREDENTIAL_PASSWORD, &credential);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    answer->has_password = error == MEDGL_OK;
    answer->issued = answer->has_password && credential.issued;
    answer->issued_until = answer->issued ? credential.valid_until : 0;
    run->password = password_facts_from(answer->has_password ? &credential : NULL, answer->at);
    run->password.grace_used = activity.grace_used;
    run->password.sealed = breakglass_is(&answer->account);
    MEDGL_TRY(breakglass_look(run->context, txn, &answer->account, &run->breakglass));
    answer->codes = activity.factor_failures;
    answer->codes_limit = run->context->policy.factor_failures;
    return MEDGL_OK;
}

/* A delay makes a login wait, and refuses nobody. */
static enum medgl_error explain_attempt(struct store_txn *txn, struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    struct policy undelayed;
    attempt_undelayed(&run->context->policy, &undelayed);
    return attempt_judge(&undelayed, txn, &answer->account, answer->account.id, &run->source,
                         answer->at, &answer->attempt);
}

static enum medgl_error explain_sessions(struct store_txn *txn, struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    const struct account *account = &answer->account;
    const struct policy *policy = &run->context->policy;
    const struct policy_class *of_class = policy_class_of(policy, account->class_);
    struct session_crowd crowd;
    MEDGL_TRY(session_count(txn, account, clock_read().now, &crowd));
    const struct crowd_facts facts = crowd_facts_from(account, &crowd);
    answer->crowd = policy_crowd(policy, &facts);
    answer->sessions = crowd.own;
    answer->sessions_limit =
        account->sessions > 0 ? account->sessions : (uint32_t)of_class->sessions;
    answer->class_sessions = crowd.class_;
    answer->class_limit = (uint32_t)of_class->sessions_total;
    return MEDGL_OK;
}

/* -- the decisions ------------------------------------------------------------------------------
 */

/* What is asked besides the password. Before the service is known nothing can be said. */
static void explain_factor(struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    const struct policy *policy = &run->context->policy;
    const struct factor_facts facts =
        factor_facts_from(&answer->account, &run->factors, FACTOR_MODE_POLICY, &run->place,
                          answer->service, answer->at);
    answer->factor = policy_factor(policy, &facts, answer->at);
    answer->factor_prompts =
        policy_factor_prompts(policy, FACTOR_MODE_POLICY, answer->service, &run->place,
                              run->any_factor, facts.utc_offset, answer->at);
    answer->totp = run->factors.totp;
    answer->card = run->factors.card;
    answer->recovery = run->factors.recovery;
    answer->code_left = run->factors.code;
    run->password.second_factor = answer->factor.in_force;
}

static void explain_admission(struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    const struct account *account = &answer->account;
    explain_service(run->context, account, run->request->service, answer->service);
    struct admission_facts facts =
        admission_facts_from(account, &run->place, answer->service, answer->at);
    factors_admit(&run->factors, &facts);
    answer->place_asked = run->request->from != NULL;
    answer->admission = policy_admit(&run->context->policy, &facts, answer->at);
}

/* Whoever waits is let in afterwards. */
static enum attempt_verdict explain_waited(enum attempt_verdict verdict)
{
    switch (verdict) {
    case ATTEMPT_LOCKED_SOURCE:
    case ATTEMPT_LOCKED_ACCOUNT:
        return verdict;
    case ATTEMPT_DELAYED:
    case ATTEMPT_IN_FLIGHT:
    case ATTEMPT_ADMITTED:
        return ATTEMPT_ADMITTED;
    }
    return ATTEMPT_LOCKED_SOURCE;
}

/* What a login proves of the second factor: all of it, or nothing. */
static struct login_facts explain_second(struct login_facts login,
                                         const struct factor_demand *demand, bool given,
                                         bool closed)
{
    const bool any = demand->totp || demand->card || demand->recovery || demand->code;
    login.second = !demand->asked || !any ? FACTOR_NOT_ASKED
                   : given                ? FACTOR_PROVED
                                          : FACTOR_FAILED;
    login.second_required = demand->required;
    login.second_enrols = demand->enrols && !given;
    if (!given || demand->asked == false)
        return login;
    login.second_kind = demand->totp       ? FACTOR_KIND_TOTP
                        : demand->card     ? FACTOR_KIND_CARD
                        : demand->recovery ? FACTOR_KIND_RECOVERY
                        : any              ? FACTOR_KIND_CODE
                                           : FACTOR_KIND_NONE;
    /* Who enrols one at this very login has it then. */
    if (demand->enrols) {
        login.second = FACTOR_PROVED;
        login.second_kind = FACTOR_KIND_TOTP;
    }
    login.second_closed = closed && login.second_kind == FACTOR_KIND_TOTP && !demand->enrols;
    return login;
}

static bool explain_admits(const struct account_decision *decision)
{
    return decision->verdict != ACCOUNT_DENIED && decision->verdict != ACCOUNT_EXPIRED;
}

static bool explain_opens(enum breakglass_verdict verdict)
{
    switch (verdict) {
    case BREAKGLASS_OPENS:
    case BREAKGLASS_DECLARES:
        return true;
    case BREAKGLASS_REFUSED_UNSEALED:
    case BREAKGLASS_REFUSED_CLOSED:
    case BREAKGLASS_REFUSED_OUTSIDE:
        break;
    }
    return false;
}

/* The login with everything proved, then the account phase, then the session. */
static void explain_decide(struct explain_run *run)
{
    struct explain_answer *answer = run->answer;
    const struct account *account = &answer->account;
    const struct policy *policy = &run->context->policy;
    const struct breakglass_facts *breakglass = &run->breakglass.facts;
    const enum factor_result person = account->shared ? FACTOR_PROVED : FACTOR_NOT_ASKED;
    const struct login_facts login = {.known = true,
                                      .uid_matches = answer->uid_matches,
                                      .state = account->state,
                                      .class_ = account->class_,
                                      .attempt = explain_waited(answer->attempt.verdict),
                                      .reservation_held = true,
                                      .password = FACTOR_PROVED,
                                      .password_facts = run->password,
                                      .admission = answer->admission.reason,
                                      .person = person,
                                      .breakglass = policy_breakglass_use(policy, breakglass)};
    const struct account_facts access = {.known = true,
                                         .uid_matches = answer->uid_matches,
                                         .state = account->state,
                                         .class_ = account->class_,
                                         .password_facts = run->password,
                                         .admission = answer->admission.reason,
                                         .person = person,
                                         .breakglass = policy_breakglass_state(breakglass)};
    struct account_facts then = access; /* after the login that used the envelope (R32) */
    if (explain_opens(login.breakglass))
        then.breakglass = BREAKGLASS_USED;
    const bool closed = answer->codes >= (uint64_t)answer->codes_limit;
    const struct login_facts whole = explain_second(login, &answer->factor, true, closed);
    const struct login_facts bare = explain_second(login, &answer->factor, false, closed);
    const struct login_decision decision = policy_login(policy, &whole, answer->at);
    const struct login_decision without = policy_login(policy, &bare, answer->at);
    const struct account_decision phase = policy_account(policy, &access, answer->at);
    const struct account_decision after = policy_account(policy, &then, answer->at);
    answer->standing = decision.standing;
    answer->reason = decision.allowed ? after.reason : decision.reason;
    answer->key_reason = phase.reason;
    answer->key_admitted = explain_admits(&phase) && answer->crowd == CROWD_ADMITTED;
    const bool admitted = explain_admits(&after) && answer->crowd == CROWD_ADMITTED;
    answer->admitted = decision.allowed && admitted;
    answer->bare_reason = without.allowed ? after.reason : without.reason;
    answer->bare_admitted = without.allowed && admitted;
}

static enum medgl_error explain_now(struct store_txn *txn, void *argument)
{
    struct explain_run *run = argument;
    struct explain_answer *answer = run->answer;
    MEDGL_TRY(store_account_by_name(txn, run->request->name, &answer->account));
    answer->uid_matches = run->user.exists && run->user.uid == answer->account.uid;
    MEDGL_TRY(explain_place(run));
    MEDGL_TRY(explain_password(txn, run));
    MEDGL_TRY(factors_read(txn, answer->account.id, answer->at, &run->factors));
    MEDGL_TRY(store_credential_any_factor(txn, &run->any_factor));
    MEDGL_TRY(explain_attempt(txn, run));
    return explain_sessions(txn, run);
}

enum medgl_error operation_account_explain(struct context *context,
                                           const struct explain_request *request,
                                           struct explain_answer *answer)
{
    struct explain_run run = {
        .context = context, .request = request, .answer = answer, .caller.trusted = true};
    *answer = (struct explain_answer){.at = request->at > 0 ? request->at : clock_read().now};
    MEDGL_TRY(explain_from(&run));
    MEDGL_TRY(unix_user_find(request->name, &run.user));
    MEDGL_TRY(store_transact(context->store, STORE_READ, explain_now, &run));
    explain_admission(&run);
    explain_factor(&run);
    explain_decide(&run);
    return MEDGL_OK;
}
