/* The one decision of a login, and of the account phase. Never looks anything up; what is not
 * proved is refused. */
#include "policy/login.h"

static enum login_reason login_by_attempt(const struct login_facts *facts)
{
    switch (facts->attempt) {
    case ATTEMPT_LOCKED_SOURCE:
        return LOGIN_REASON_LOCKED_SOURCE;
    case ATTEMPT_LOCKED_ACCOUNT:
        return LOGIN_REASON_LOCKED_ACCOUNT;
    case ATTEMPT_DELAYED: /* the caller waits for these two; it gave up */
    case ATTEMPT_IN_FLIGHT:
        return LOGIN_REASON_ATTEMPT_LOST;
    case ATTEMPT_ADMITTED:
        return facts->reservation_held ? LOGIN_REASON_OK : LOGIN_REASON_ATTEMPT_LOST;
    }
    return LOGIN_REASON_UNDECIDED;
}

static enum login_reason login_by_account(bool uid_matches, enum account_state state)
{
    if (!uid_matches) /* R25: somebody else got this name */
        return LOGIN_REASON_UID_CHANGED;
    switch (state) {
    case ACCOUNT_STATE_DISABLED:
        return LOGIN_REASON_DISABLED;
    case ACCOUNT_STATE_RETIRED:
        return LOGIN_REASON_RETIRED;
    case ACCOUNT_STATE_ACTIVE:
        return LOGIN_REASON_OK;
    }
    return LOGIN_REASON_UNDECIDED;
}

static enum login_reason login_by_admission(enum admission_reason admission)
{
    switch (admission) {
    case ADMISSION_UNDECIDED:
        return LOGIN_REASON_UNDECIDED;
    case ADMISSION_GRANTED:
        return LOGIN_REASON_OK;
    case ADMISSION_MAINTENANCE:
        return LOGIN_REASON_MAINTENANCE;
    case ADMISSION_SERVICE:
        return LOGIN_REASON_SERVICE;
    case ADMISSION_PLACE:
        return LOGIN_REASON_PLACE;
    case ADMISSION_HOURS:
        return LOGIN_REASON_HOURS;
    case ADMISSION_CALENDAR:
        return LOGIN_REASON_CALENDAR;
    }
    return LOGIN_REASON_UNDECIDED;
}

/* R26: who comes with a shared id. */
static enum login_reason login_by_person(enum factor_result person)
{
    switch (person) {
    case FACTOR_FAILED:
        return LOGIN_REASON_PERSON;
    case FACTOR_NOT_ASKED:
    case FACTOR_PROVED:
        return LOGIN_REASON_OK;
    }
    return LOGIN_REASON_PERSON;
}

/* R32: what the sealed credential opens at a login, */
static enum login_reason login_by_breakglass(enum account_class class_,
                                             enum breakglass_verdict verdict)
{
    if (class_ != ACCOUNT_CLASS_BREAKGLASS)
        return LOGIN_REASON_OK;
    switch (verdict) {
    case BREAKGLASS_REFUSED_UNSEALED:
        return LOGIN_REASON_NOT_SEALED;
    case BREAKGLASS_REFUSED_CLOSED:
        return LOGIN_REASON_CLOSED;
    case BREAKGLASS_REFUSED_OUTSIDE:
        return LOGIN_REASON_NO_EMERGENCY;
    case BREAKGLASS_OPENS:
    case BREAKGLASS_DECLARES:
        return LOGIN_REASON_OK;
    }
    return LOGIN_REASON_NOT_SEALED;
}

/* and what is open without it. MUST: no way around the envelope. */
static enum login_reason account_by_breakglass(enum account_class class_,
                                               enum breakglass_state state)
{
    if (class_ != ACCOUNT_CLASS_BREAKGLASS)
        return LOGIN_REASON_OK;
    switch (state) {
    case BREAKGLASS_UNSEALED:
        return LOGIN_REASON_NOT_SEALED;
    case BREAKGLASS_SEALED:
        return LOGIN_REASON_UNOPENED;
    case BREAKGLASS_USED:
        return LOGIN_REASON_OK;
    case BREAKGLASS_CLOSED:
        return LOGIN_REASON_CLOSED;
    }
    return LOGIN_REASON_NOT_SEALED;
}

/* A card and its PIN proved everything: the password was not needed, and is no matter. */
static bool login_by_card(const struct policy *policy, const struct login_facts *facts)
{
    return facts->password == FACTOR_NOT_ASKED && !facts->host_proved &&
           facts->second == FACTOR_PROVED && facts->second_kind == FACTOR_KIND_CARD &&
           policy->card_alone == POLICY_YES;
}

/* What has to be proved first: the password, unless another module proved something, or a card
 * stands alone. MUST: what was not asked proves nothing by itself; the second factor follows. */
static enum login_reason login_by_first(const struct policy *policy,
                                        const struct login_facts *facts)
{
    if (facts->password == FACTOR_NOT_ASKED && (facts->host_proved || login_by_card(policy, facts)))
        return LOGIN_REASON_OK;
    if (!facts->password_facts.present)
        return LOGIN_REASON_NO_PASSWORD;
    return facts->password == FACTOR_PROVED ? LOGIN_REASON_OK : LOGIN_REASON_WRONG_PASSWORD;
}

/* R24: knowledge and possession. */
static bool login_independent(const struct policy *policy, const struct login_facts *facts,
                              enum factor_kind second)
{
    return policy_factors_independent(policy, facts->password == FACTOR_PROVED, facts->host_proved,
                                      second);
}

static enum login_reason login_by_second(const struct policy *policy,
                                         const struct login_facts *facts)
{
    switch (facts->second) {
    case FACTOR_PROVED:
        if (facts->second_kind == FACTOR_KIND_NONE)
            return LOGIN_REASON_WRONG_FACTOR;
        return login_independent(policy, facts, facts->second_kind) ? LOGIN_REASON_OK
                                                                    : LOGIN_REASON_SAME_KIND;
    case FACTOR_FAILED:
        return LOGIN_REASON_WRONG_FACTOR;
    case FACTOR_NOT_ASKED:
        if (facts->password == FACTOR_PROVED && !facts->second_required)
            return LOGIN_REASON_OK;
        return facts->second_enrols && !facts->host_proved ? LOGIN_REASON_ENROL
                                                           : LOGIN_REASON_NO_FACTOR;
    }
    return LOGIN_REASON_WRONG_FACTOR;
}

/* What is left to ask of whom nothing else refuses: with LOGIN_REASON_ENROL, that the factor is
 * enrolled. */
static enum login_reason login_by_rules(const struct login_facts *facts)
{
    const enum login_reason reason = login_by_admission(facts->admission);
    return reason != LOGIN_REASON_OK ? reason : login_by_person(facts->person);
}

/* The first reason that holds, in the order of the enum; but LOGIN_REASON_ENROL comes last. */
static enum login_reason login_reason(const struct policy *policy, const struct login_facts *facts,
                                      bool usable)
{
    enum login_reason reason, second;
    if (!facts->known)
        return LOGIN_REASON_UNKNOWN_ACCOUNT;
    if ((reason = login_by_attempt(facts)) != LOGIN_REASON_OK)
        return reason;
    if ((reason = login_by_account(facts->uid_matches, facts->state)) != LOGIN_REASON_OK)
        return reason;
    if ((reason = login_by_first(policy, facts)) != LOGIN_REASON_OK)
        return reason;
    second = login_by_second(policy, facts);
    if (second != LOGIN_REASON_OK && second != LOGIN_REASON_ENROL)
        return second;
    if (facts->password_facts.present && !usable && !login_by_card(policy, facts))
        return LOGIN_REASON_ISSUED_EXPIRED;
    if (facts->second_closed)
        return LOGIN_REASON_FACTOR_CLOSED;
    if ((reason = login_by_breakglass(facts->class_, facts->breakglass)) != LOGIN_REASON_OK)
        return reason;
    reason = login_by_rules(facts);
    return reason != LOGIN_REASON_OK ? reason : second;
}

struct login_decision policy_login(const struct policy *policy, const struct login_facts *facts,
                                   medgl_time now)
{
    struct login_decision decision = {false};
    decision.standing = policy_password_standing(policy, &facts->password_facts, now);
    decision.reason = login_reason(policy, facts, decision.standing.usable);
    decision.allowed = decision.reason == LOGIN_REASON_OK;
    /* R23: every refusal of an admitted guess counts alike. If the right password of a closed
     * account did not, the next try's missing delay would tell that it was right. Who may enrol is
     * told so anyway. */
    decision.counts = !decision.allowed && decision.reason != LOGIN_REASON_ENROL &&
                      facts->attempt == ATTEMPT_ADMITTED && facts->reservation_held;
    return decision;
}

/* The first reason that holds, in the order of the enum. R18: a key does not get around an issued
 * password's end; R22, R27: nor around the rules of access. */
static enum login_reason account_reason(const struct account_facts *facts, bool usable)
{
    enum login_reason reason;
    if (!facts->known)
        return LOGIN_REASON_UNKNOWN_ACCOUNT;
    if ((reason = login_by_account(facts->uid_matches, facts->state)) != LOGIN_REASON_OK)
        return reason;
    if (facts->password_facts.present && !usable && !facts->card_alone)
        return LOGIN_REASON_ISSUED_EXPIRED;
    if ((reason = account_by_breakglass(facts->class_, facts->breakglass)) != LOGIN_REASON_OK)
        return reason;
    if ((reason = login_by_admission(facts->admission)) != LOGIN_REASON_OK)
        return reason;
    return login_by_person(facts->person);
}

struct account_decision policy_account(const struct policy *policy,
                                       const struct account_facts *facts, medgl_time now)
{
    struct account_decision decision = {ACCOUNT_DENIED};
    decision.standing = policy_password_standing(policy, &facts->password_facts, now);
    decision.reason = account_reason(facts, decision.standing.usable);
    if (decision.reason == LOGIN_REASON_RETIRED)
        decision.verdict = ACCOUNT_EXPIRED;
    if (decision.reason != LOGIN_REASON_OK)
        return decision;
    if (!facts->password_facts.present || facts->card_alone)
        /* nothing that could be due: the host proved a key; or a card that needs no password, which
         * may be overdue in a drawer (sssd #7089) */
        decision.verdict = ACCOUNT_OK;
    else if (decision.standing.due)
        decision.verdict = decision.standing.grace ? ACCOUNT_OK_GRACE : ACCOUNT_CHANGE_DUE;
    else
        decision.verdict = decision.standing.warn ? ACCOUNT_OK_WARN : ACCOUNT_OK;
    return decision;
}

const char *login_reason_word(enum login_reason reason)
{
    switch (reason) {
    case LOGIN_REASON_UNDECIDED:
        return "undecided";
    case LOGIN_REASON_OK:
        return "ok";
    case LOGIN_REASON_UNKNOWN_ACCOUNT:
        return "unknown-account";
    case LOGIN_REASON_LOCKED_SOURCE:
        return "locked-source";
    case LOGIN_REASON_LOCKED_ACCOUNT:
        return "locked-account";
    case LOGIN_REASON_ATTEMPT_LOST:
        return "attempt-lost";
    case LOGIN_REASON_UID_CHANGED:
        return "uid-changed";
    case LOGIN_REASON_DISABLED:
        return "disabled";
    case LOGIN_REASON_RETIRED:
        return "retired";
    case LOGIN_REASON_NO_PASSWORD:
        return "no-password";
    case LOGIN_REASON_WRONG_PASSWORD:
        return "wrong-password";
    case LOGIN_REASON_WRONG_FACTOR:
        return "wrong-factor";
    case LOGIN_REASON_SAME_KIND:
        return "same-kind";
    case LOGIN_REASON_NO_FACTOR:
        return "no-factor";
    case LOGIN_REASON_ENROL:
        return "enrol";
    case LOGIN_REASON_ISSUED_EXPIRED:
        return "issued-expired";
    case LOGIN_REASON_FACTOR_CLOSED:
        return "factor-closed";
    case LOGIN_REASON_NOT_SEALED:
        return "not-sealed";
    case LOGIN_REASON_CLOSED:
        return "closed";
    case LOGIN_REASON_NO_EMERGENCY:
        return "no-emergency";
    case LOGIN_REASON_UNOPENED:
        return "sealed";
    case LOGIN_REASON_MAINTENANCE:
        return "maintenance";
    case LOGIN_REASON_SERVICE:
        return "service";
    case LOGIN_REASON_PLACE:
        return "place";
    case LOGIN_REASON_HOURS:
        return "hours";
    case LOGIN_REASON_CALENDAR:
        return "calendar";
    case LOGIN_REASON_PERSON:
        return "person";
    }
    return "undecided";
}

const char *password_rule_word(enum password_rule rule)
{
    switch (rule) {
    case PASSWORD_RULE_NONE:
        return "none";
    case PASSWORD_RULE_A:
        return "A";
    case PASSWORD_RULE_B:
        return "B";
    case PASSWORD_RULE_C:
        return "C";
    }
    return "none";
}

const char *password_refusal_word(enum password_refusal refusal)
{
    switch (refusal) {
    case PASSWORD_ACCEPTED:
        return "accepted";
    case PASSWORD_REFUSED_TEXT:
        return "malformed";
    case PASSWORD_REFUSED_TOO_LONG:
        return "too-long";
    case PASSWORD_REFUSED_TOO_SHORT:
        return "too-short";
    case PASSWORD_REFUSED_KINDS:
        return "kinds";
    case PASSWORD_REFUSED_SAME:
        return "same";
    case PASSWORD_REFUSED_FULL_WIDTH:
        return "full-width";
    case PASSWORD_REFUSED_GUESSABLE:
        return "guessable";
    case PASSWORD_REFUSED_SIMILAR:
        return "similar";
    case PASSWORD_REFUSED_USED:
        return "used-before";
    case PASSWORD_REFUSED_SIMILAR_FORMER:
        return "similar-to-former";
    }
    return "malformed";
}

const char *password_ground_word(enum password_ground ground)
{
    switch (ground) {
    case PASSWORD_GROUND_NONE:
        return "none";
    case PASSWORD_GROUND_LONG:
        return "long";
    case PASSWORD_GROUND_SHORT:
        return "short-alone";
    case PASSWORD_GROUND_ROTATION:
        return "rotation";
    case PASSWORD_GROUND_FACTOR:
        return "second-factor";
    case PASSWORD_GROUND_ISSUED:
        return "issued";
    case PASSWORD_GROUND_UNJUDGED:
        return "unjudged";
    case PASSWORD_GROUND_NOT_ALONE:
        return "not-alone";
    case PASSWORD_GROUND_CLOCK:
        return "clock";
    }
    return "none";
}
