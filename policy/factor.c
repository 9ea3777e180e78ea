/* Second factors: whether one is asked, which, and what counts as one. Never looks anything up, and
 * never says that nothing is asked where it cannot tell.
 *
 * MUSTs:
 * - Whether a code is asked for follows from the policy, the service, the place and this host as a
 *   whole; nothing of an account comes in (R23). Wherever an account's code counts, it is asked
 * for.
 * - A waiver takes nothing away from what is asked: it adds what is accepted (R03). */
#include "policy/factor.h"

#include "policy/admission_rules.h"
#include "policy/calendar.h"
#include "policy/value.h"

#include <string.h>

static bool factor_in_rule(const char *services, const char *service)
{
    return services[0] != '\0' && service != NULL && services_admit(services, service);
}

/* What the machine does by itself has nobody who could be asked. */
static bool factor_of_machine(const struct admission_place *place)
{
    return place != NULL && place->origin == ADMISSION_ORIGIN_SYSTEM;
}

static bool factor_exempt_place(const struct policy *policy, const struct admission_place *place)
{
    if (factor_of_machine(place))
        return true;
    return policy->factor_exempt_places[0] != '\0' && place != NULL &&
           place->origin != ADMISSION_ORIGIN_ANYWHERE &&
           places_admit(policy->factor_exempt_places, place);
}

static bool factor_takes_totp(const struct policy *policy)
{
    return policy->factor_kinds != POLICY_FACTOR_KINDS_CARD;
}

static bool factor_takes_card(const struct policy *policy)
{
    return policy->factor_kinds != POLICY_FACTOR_KINDS_TOTP && policy->card_module[0] != '\0';
}

/* -- the day ---------------------------------------------------------------------------------- */

medgl_time policy_required_from(const struct policy *policy, int utc_offset)
{
    int64_t day;
    if (value_parse_date(policy->factor_required_from, &day) != MEDGL_OK)
        return 0;
    return day * MEDGL_DAY - utc_offset * MEDGL_SECOND;
}

int64_t policy_required_days(const struct policy *policy, int utc_offset, medgl_time now)
{
    medgl_time left;
    const medgl_time from = policy_required_from(policy, utc_offset);
    if (now >= from)
        return 0;
    if (__builtin_sub_overflow(from, now, &left))
        left = INT64_MAX;
    return left / MEDGL_DAY + (left % MEDGL_DAY > 0);
}

bool policy_factor_warns(const struct policy *policy, const struct factor_demand *demand,
                         bool has_factor, medgl_time warned_at, int utc_offset, medgl_time now)
{
    const struct policy_span before = {-policy->factor_warn.months,
                                       -policy->factor_warn.milliseconds};
    if (has_factor || demand->rule != ACCOUNT_FACTOR_REQUIRED || demand->required_from <= now ||
        policy_span_most(policy->factor_warn) == 0)
        return false;
    return now >= policy_add(demand->required_from, before, utc_offset) &&
           (warned_at == 0 || policy_day(warned_at, utc_offset) != policy_day(now, utc_offset));
}

/* -- what is asked of an account -------------------------------------------------------------- */

/* A number that is none of them, from a damaged row, asks for most. */
static enum account_factor factor_of_class(enum policy_factor of_class)
{
    switch (of_class) {
    case POLICY_FACTOR_REQUIRED:
        return ACCOUNT_FACTOR_REQUIRED;
    case POLICY_FACTOR_OPTIONAL:
        return ACCOUNT_FACTOR_OPTIONAL;
    case POLICY_FACTOR_NONE:
        return ACCOUNT_FACTOR_NONE;
    }
    return ACCOUNT_FACTOR_REQUIRED;
}

/* The rule, who made it, and from when on it requires; of an account's own that is damaged, most.
 * The day is for classes: an account of which a factor is required by name is asked for it at once.
 */
static void factor_rule(const struct policy *policy, const struct factor_facts *facts,
                        medgl_time now, struct factor_demand *demand)
{
    demand->ground = FACTOR_GROUND_ACCOUNT;
    demand->rule = ACCOUNT_FACTOR_REQUIRED;
    switch (facts->own) {
    case ACCOUNT_FACTOR_REQUIRED:
        return;
    case ACCOUNT_FACTOR_OPTIONAL:
    case ACCOUNT_FACTOR_NONE:
        demand->rule = facts->own;
        return;
    case ACCOUNT_FACTOR_CLASS:
        demand->ground = FACTOR_GROUND_CLASS;
        demand->rule = factor_of_class(policy_class_of(policy, facts->class_)->factor);
        if (demand->rule == ACCOUNT_FACTOR_REQUIRED &&
            now < policy_required_from(policy, facts->utc_offset))
            demand->required_from = policy_required_from(policy, facts->utc_offset);
        return;
    }
}

/* By the rule of account or class alone. A waiver is something to ask for, as a device is. */
static void factor_by_rule(bool has, struct factor_demand *demand)
{
    switch (demand->rule) {
    case ACCOUNT_FACTOR_REQUIRED:
        demand->required = demand->required_from == 0;
        demand->asked = demand->required || has || demand->waived;
        if (!demand->asked)
            demand->ground = FACTOR_GROUND_DEADLINE;
        return;
    case ACCOUNT_FACTOR_OPTIONAL:
        demand->asked = has || demand->waived;
        return;
    case ACCOUNT_FACTOR_NONE:
        return;
    case ACCOUNT_FACTOR_CLASS: /* looked up already */
        break;
    }
    demand->asked = demand->required = true;
}

/* What the module and the policy say of this service and place, whoever comes. True: it is settled.
 */
static bool factor_by_place(const struct policy *policy, const struct factor_facts *facts,
                            struct factor_demand *demand)
{
    switch (facts->mode) {
    case FACTOR_MODE_NONE:
        demand->ground = FACTOR_GROUND_MODULE;
        return true;
    case FACTOR_MODE_ONLY: /* nothing is never a proof */
        demand->ground = FACTOR_GROUND_MODULE;
        demand->asked = demand->required = true;
        return true;
    case FACTOR_MODE_POLICY:
        break;
    }
    if (factor_in_rule(policy->factor_exempt_services, facts->service))
        demand->ground = FACTOR_GROUND_SERVICE;
    else if (factor_exempt_place(policy, facts->place))
        demand->ground = FACTOR_GROUND_PLACE;
    else
        return false;
    return true;
}

/* Whether its owner may enrol a device with the password alone. Who has a way in already comes that
 * way: neither a device of a kind that is refused now nor a code on paper is passed over by who
 * knows a password. MUST: never on the word of the host (factor=only): a stack goes on after a
 * module that failed, and would let a stranger enrol. */
static bool factor_enrols(const struct policy *policy, const struct factor_facts *facts,
                          const struct factor_demand *demand)
{
    return facts->mode == FACTOR_MODE_POLICY && demand->required &&
           demand->rule != ACCOUNT_FACTOR_NONE && !facts->totp && !facts->card &&
           !demand->recovery && !demand->waived && factor_takes_totp(policy) &&
           policy->factor_enrol == POLICY_ENROL_LOGIN;
}

struct factor_demand policy_factor(const struct policy *policy, const struct factor_facts *facts,
                                   medgl_time now)
{
    struct factor_demand demand = {.ground = FACTOR_GROUND_UNDECIDED};
    const bool totp = facts->totp && factor_takes_totp(policy);
    const bool card = facts->card && factor_takes_card(policy);
    factor_rule(policy, facts, now, &demand);
    demand.in_force = demand.rule != ACCOUNT_FACTOR_NONE && (totp || card);
    demand.waived = facts->waived;
    if (!factor_by_place(policy, facts, &demand))
        factor_by_rule(totp || card, &demand);
    demand.totp = totp;
    demand.card = card && policy_card_applies(policy, facts->service, facts->place);
    demand.recovery =
        facts->recovery > 0 && (policy->factor_recovery == POLICY_RECOVERY_ALWAYS ||
                                (facts->waived && facts->instead == GRANT_INSTEAD_RECOVERY));
    demand.code = facts->waived && facts->instead == GRANT_INSTEAD_CODE;
    demand.enrols = factor_enrols(policy, facts, &demand);
    return demand;
}

/* -- what is asked for, of everybody alike ---------------------------------------------------- */

/* Some class has to have one by now. */
static bool factor_required_of_some(const struct policy *policy, int utc_offset, medgl_time now)
{
    if (now < policy_required_from(policy, utc_offset))
        return false;
    for (size_t i = 0; i < POLICY_CLASSES; i++)
        if (policy->classes[i].factor == POLICY_FACTOR_REQUIRED)
            return true;
    return false;
}

bool policy_factor_prompts(const struct policy *policy, enum factor_mode mode, const char *service,
                           const struct admission_place *place, bool any_enrolled, int utc_offset,
                           medgl_time now)
{
    switch (mode) {
    case FACTOR_MODE_NONE:
        return false;
    case FACTOR_MODE_ONLY:
        return true;
    case FACTOR_MODE_POLICY:
        break;
    }
    return !factor_in_rule(policy->factor_exempt_services, service) &&
           !factor_exempt_place(policy, place) &&
           (any_enrolled || factor_required_of_some(policy, utc_offset, now));
}

bool policy_factor_one_prompt(const struct policy *policy, const char *service)
{
    return factor_in_rule(policy->factor_one_prompt, service);
}

bool policy_card_applies(const struct policy *policy, const char *service,
                         const struct admission_place *place)
{
    if (!factor_takes_card(policy) || factor_of_machine(place))
        return false;
    const bool anywhere = place == NULL || place->origin == ADMISSION_ORIGIN_ANYWHERE;
    return (service == NULL || services_admit(policy->card_services, service)) &&
           (anywhere || places_admit(policy->card_places, place));
}

/* -- two factors, not two steps --------------------------------------------------------------- */

bool policy_factors_independent(const struct policy *policy, bool password, bool host,
                                enum factor_kind second)
{
    const bool knows = password || (host && policy->factor_host == POLICY_HOST_KNOWLEDGE);
    switch (second) {
    case FACTOR_KIND_NONE:
        return false;
    case FACTOR_KIND_TOTP:
    case FACTOR_KIND_RECOVERY:
    case FACTOR_KIND_CODE:
        return knows;
    case FACTOR_KIND_CARD: /* its PIN is known, and beside a key that is enough */
        return knows || host || policy->card_alone == POLICY_YES;
    }
    return false;
}

const char *factor_ground_word(enum factor_ground ground)
{
    switch (ground) {
    case FACTOR_GROUND_UNDECIDED:
        return "undecided";
    case FACTOR_GROUND_MODULE:
        return "module";
    case FACTOR_GROUND_SERVICE:
        return "service";
    case FACTOR_GROUND_PLACE:
        return "place";
    case FACTOR_GROUND_ACCOUNT:
        return "account";
    case FACTOR_GROUND_CLASS:
        return "class";
    case FACTOR_GROUND_DEADLINE:
        return "deadline";
    }
    return "undecided";
}
