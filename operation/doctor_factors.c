/* Second factors before they keep somebody out, or keep nobody out (R24, R03): what the policy asks
 * of those who could put it right, and whether the host asks at all. Reads only. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/path.h"
#include "factor/card.h"
#include "operation/card_reader.h"
#include "operation/factors.h"
#include "operation/grant.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FACTORS_SOON (30 * MEDGL_DAY)

/* A list of names in a sentence, cut where it gets too long. */
struct people_list {
    char text[400];
    size_t count;
};

static void list_add(struct people_list *list, const char *name)
{
    const size_t used = strlen(list->text);
    if (used + strlen(name) + 8 < sizeof(list->text))
        (void)snprintf(list->text + used, sizeof(list->text) - used, "%s%s",
                       list->count > 0 ? ", " : "", name);
    else if (list->text[used - 1] != '.')
        (void)snprintf(list->text + used, sizeof(list->text) - used, ", ...");
    list->count++;
}

struct factors_look {
    struct doctor *doctor;
    const struct context *context;
    struct store_txn *txn;
    medgl_time now, at; /* what is asked of people is asked of the time `at` */
    size_t accounts, privileged, administrators; /* active ones; of the last a factor is in force,
                                                    or none will be required */
    struct people_list bare, paperless, waived;
    bool required; /* of some active account */
};

/* -- of accounts ------------------------------------------------------------------------------ */

static struct factor_demand look_demand(const struct factors_look *look,
                                        const struct account *account,
                                        const struct factors *factors, medgl_time at)
{
    struct factor_facts facts =
        factor_facts_from(account, factors, FACTOR_MODE_POLICY, NULL, NULL, at);
    facts.waived = false; /* it ends */
    return policy_factor(&look->context->policy, &facts, at);
}

static enum medgl_error look_account(void *argument, const struct account *account)
{
    struct factors_look *look = argument;
    struct factors factors;
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    MEDGL_TRY(factors_read(look->txn, account->id, look->now, &factors));
    const struct factor_demand demand = look_demand(look, account, &factors, look->at);
    look->accounts++;
    look->required |= demand.required;
    if (factors.totp + factors.card > 0 && factors.recovery == 0)
        list_add(&look->paperless, account->name);
    if (factors.waived)
        list_add(&look->waived, account->name);
    if (account->class_ != ACCOUNT_CLASS_PRIVILEGED)
        return MEDGL_OK;
    look->privileged++;
    if (demand.in_force || !demand.required)
        look->administrators++;
    else
        list_add(&look->bare, account->name);
    return MEDGL_OK;
}

static enum medgl_error look_now(struct store_txn *txn, void *argument)
{
    struct factors_look *look = argument;
    look->txn = txn;
    look->accounts = look->privileged = look->administrators = 0;
    look->bare = look->paperless = look->waived = (struct people_list){.count = 0};
    look->required = false;
    return store_account_each(txn, look_account, look);
}

/* Whether nobody could put it right. */
static bool factors_nobody(const struct factors_look *look, enum doctor_level level,
                           const char *when)
{
    struct doctor *doctor = look->doctor;
    if (look->privileged > 0 && look->administrators == 0)
        doctor_say(doctor, level, "factors",
                   "a second factor is required %s, and no privileged account has one (%s): you "
                   "would lock yourself out; enrol one with medgl-admin totp enrol or card enrol, "
                   "or move factor_required_from",
                   when, look->bare.text);
    else if (look->privileged == 0 && look->required &&
             look->context->policy.unenrolled == POLICY_UNENROLLED_DENY)
        doctor_say(doctor, level, "factors",
                   "a second factor is required %s, who is not enrolled is refused, and no "
                   "privileged account is there: nobody could put it right; enrol an "
                   "administrator with a second factor first",
                   when);
    else
        return false;
    return true;
}

/* Long before the day it is a warning, of what would be a fault then. */
static enum medgl_error factors_later(const struct factors_look *soon, bool *said)
{
    struct factors_look look = *soon;
    const struct policy *policy = &look.context->policy;
    char when[64];
    *said = false;
    look.at = policy_required_from(policy, clock_utc_offset(look.now));
    if (look.at <= soon->at)
        return MEDGL_OK;
    (void)snprintf(when, sizeof(when), "from %s on", policy->factor_required_from);
    look.at += MEDGL_DAY; /* the offset may be another one by then */
    MEDGL_TRY(store_transact(look.context->store, STORE_READ, look_now, &look));
    *said = factors_nobody(&look, DOCTOR_WARNING, when);
    return MEDGL_OK;
}

/* MUST be a fault: whoever keeps the rules must not be locked out by them. That they could enrol at
 * a login that works is no reason to count on it. */
static enum medgl_error factors_administrators(const struct factors_look *look)
{
    const struct policy *policy = &look->context->policy;
    const int offset = clock_utc_offset(look->now);
    const long long days = (long long)policy_required_days(policy, offset, look->now);
    char when[64] = "now";
    bool said;
    if (days > 0)
        (void)snprintf(when, sizeof(when), "in %lld %s", days, days == 1 ? "day" : "days");
    if (factors_nobody(look, DOCTOR_FAULT, when))
        return MEDGL_OK;
    MEDGL_TRY(factors_later(look, &said));
    if (look->bare.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "a second factor is required %s, and these privileged accounts have none: %s: "
                   "enrol one for each; medgl-admin report readiness --lacking says who else",
                   when, look->bare.text);
    else if (!said)
        doctor_say(look->doctor, DOCTOR_OK, "factors",
                   "no second factor that is required keeps an administrator out");
    return MEDGL_OK;
}

static void factors_people(const struct factors_look *look)
{
    if (look->paperless.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "accounts with a second factor and no recovery codes, %zu: %s: who loses the "
                   "device is kept out until an administrator acts; medgl-admin recovery issue",
                   look->paperless.count, look->paperless.text);
    if (look->waived.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "factor waivers that are open, %zu: %s: see medgl-admin grant list, and revoke "
                   "what is not needed any more",
                   look->waived.count, look->waived.text);
}

/* -- what cards are checked with -------------------------------------------------------------- */

/* Asks what a login asks: what that refuses is a fault here. */
static void factors_card_module(struct doctor *doctor, const struct policy *policy)
{
    const char *path = policy->card_module;
    enum medgl_error error = MEDGL_OK;
    char real[PATH_MAX];
    struct stat st;
    if (stat(path, &st) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s: %s: install the driver, or correct the policy", path,
                   strerror(errno));
    else if (!S_ISREG(st.st_mode) || access(path, R_OK) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s, is no file that the engine can read: correct the policy, or "
                   "chmod it to 0644",
                   path);
    else if ((error = card_module_check(path, real)) == MEDGL_ERR_ACCESS)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s, can be changed by others than root, and is refused: chown it "
                   "and the directories above it to root, and let nobody else write there",
                   path);
    else if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "cards", "card_module, %s: %s: correct the policy", path,
                   medgl_error_text(error));
    else
        doctor_say(doctor, DOCTOR_OK, "cards", "the driver, %s, can be read", path);
}

static void factors_lists(struct doctor *doctor, const struct policy *policy,
                          const struct card_trust *trust, medgl_time now)
{
    struct card_trust_facts facts;
    char next[CLOCK_LOCAL_SIZE];
    const bool require = policy->card_crl == POLICY_CRL_REQUIRE;
    const enum doctor_level level = require ? DOCTOR_FAULT : DOCTOR_WARNING;
    card_trust_facts(trust, now, &facts);
    clock_format_local(facts.next, next);
    if (facts.lists == 0)
        doctor_say(doctor, level, "cards",
                   "%s has no list of revoked certificates: %s; fetch the issuers' lists there",
                   PATH_TRUST, require ? "no card is accepted" : "who is revoked is not known");
    else if (facts.missing > 0)
        doctor_say(doctor, level, "cards",
                   "%zu issuers have no list of revoked certificates in %s, one is %s: %s; fetch "
                   "theirs",
                   facts.missing, PATH_TRUST, facts.without,
                   require ? "cards below them are refused" : "whom they revoked is not known");
    else if (facts.old > 0)
        doctor_say(doctor, level, "cards",
                   "the lists of revoked certificates of %zu issuers in %s are past their end, one "
                   "since %s: %s; fetch new ones",
                   facts.old, PATH_TRUST, next,
                   require ? "cards of that issuer are refused"
                           : "who was revoked since is not known");
    else if (facts.next != 0 && facts.next - now < 2 * MEDGL_DAY)
        doctor_say(doctor, DOCTOR_WARNING, "cards",
                   "a list of revoked certificates in %s ends at %s: fetch a new one", PATH_TRUST,
                   next);
    else
        doctor_say(doctor, DOCTOR_OK, "cards",
                   "%zu anchors and %zu lists of revoked certificates are in order", facts.anchors,
                   facts.lists);
}

static void factors_cards(const struct factors_look *look)
{
    struct doctor *doctor = look->doctor;
    const struct policy *policy = &look->context->policy;
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    char path[PATH_MAX];
    if (policy->card_module[0] == '\0')
        return;
    factors_card_module(doctor, policy);
    enum medgl_error error = path_under(path, doctor->root, PATH_TRUST);
    if (error == MEDGL_OK)
        error = card_trust_load(path, geteuid(), &trust);
    if (error == MEDGL_ERR_NOT_FOUND)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "%s%s has no certificate to trust: no card is accepted; put the certificates "
                   "of your issuers there",
                   doctor->root, PATH_TRUST);
    else if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "%s%s cannot be used: %s: no card is accepted; do what the log says",
                   doctor->root, PATH_TRUST, medgl_error_text(error));
    else
        factors_lists(doctor, policy, trust, look->now);
}

void doctor_factors(struct doctor *doctor, const struct context *context)
{
    struct factors_look look = {.doctor = doctor, .context = context, .now = clock_read().now};
    look.at = look.now + FACTORS_SOON;
    enum medgl_error error = store_transact(context->store, STORE_READ, look_now, &look);
    if (error == MEDGL_OK)
        error = factors_administrators(&look);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "factors",
                   "who has a second factor is not known: %s: run medgl-admin ledger verify",
                   medgl_error_text(error));
        return;
    }
    factors_people(&look);
    factors_cards(&look);
}

/* -- the host --------------------------------------------------------------------------------- */

static const struct admission_place factors_anywhere = {.origin = ADMISSION_ORIGIN_ANYWHERE};

/* Whether sshd asks people for a code, now or soon. */
static bool host_prompts(const struct policy *policy, enum factor_mode mode, medgl_time at)
{
    return policy_factor_prompts(policy, mode, "sshd", &factors_anywhere, true,
                                 clock_utc_offset(at), at);
}

/* Whether a second factor will be required of anybody who comes through sshd. */
static bool host_requires(const struct policy *policy, medgl_time at)
{
    for (int class_ = ACCOUNT_CLASS_STAFF; class_ <= ACCOUNT_CLASS_BREAKGLASS; class_++) {
        const struct factor_facts facts = {.class_ = (enum account_class)class_,
                                           .service = "sshd",
                                           .place = &factors_anywhere,
                                           .utc_offset = clock_utc_offset(at)};
        if (policy_factor(policy, &facts, at).required)
            return true;
    }
    return false;
}

/* Whether every way of AuthenticationMethods goes through a method, or none does (`any` false). */
static bool methods_have(const char *methods, const char *method, bool any)
{
    char text[512], *rest = text;
    size_t ways = 0, with = 0;
    (void)snprintf(text, sizeof(text), "%s", methods);
    for (char *way; (way = strsep(&rest, " \t")) != NULL;) {
        bool found = false;
        ways += way[0] != '\0';
        for (const char *step; (step = strsep(&way, ",")) != NULL;)
            found |= strncasecmp(step, method, strlen(method)) == 0;
        with += found;
    }
    return any ? with > 0 : ways > 0 && with == ways;
}

/* factor=only: what stands before the module proves the first factor, there or in sshd. */
static void host_only(struct doctor *doctor, const struct policy *policy)
{
    const struct doctor_sshd *sshd = &doctor->sshd;
    const bool keys = sshd->known && methods_have(sshd->methods, "publickey", false);
    if (!sshd->proved && !keys)
        doctor_say_unproved(doctor, "sshd", sshd->failed,
                            "nor does AuthenticationMethods: a device alone lets in; set "
                            "AuthenticationMethods publickey,keyboard-interactive");
    else if (!sshd->proved && policy->factor_host == POLICY_HOST_KNOWLEDGE)
        doctor_say(doctor, DOCTOR_WARNING, "factors",
                   "sshd: factor=only behind an ssh key, and factor_host says knowledge: a key is "
                   "possession, and a code of a device is possession again; set factor_host = "
                   "possession, and ask for the password too (without factor=only)");
}

static void host_password(struct doctor *doctor, const struct policy *policy, medgl_time soon)
{
    const struct doctor_sshd *sshd = &doctor->sshd;
    const bool used =
        sshd->methods[0] == '\0' ? sshd->password : methods_have(sshd->methods, "password", true);
    if (used && host_prompts(policy, sshd->mode, soon) && !policy_factor_one_prompt(policy, "sshd"))
        doctor_say(doctor, DOCTOR_WARNING, "factors",
                   "sshd: the method \"password\" gives the password as the answer to every "
                   "prompt, so a code is always wrong: set PasswordAuthentication no and leave "
                   "KbdInteractiveAuthentication on, or name sshd in factor_one_prompt");
}

/* A key is one factor, and sshd asks PAM for no other. */
static void host_keys(struct doctor *doctor, const struct policy *policy, medgl_time soon)
{
    const struct doctor_sshd *sshd = &doctor->sshd;
    const bool alone = sshd->methods[0] == '\0'
                           ? sshd->keys
                           : !methods_have(sshd->methods, "keyboard-interactive", false) &&
                                 methods_have(sshd->methods, "publickey", true);
    if (alone && host_requires(policy, soon))
        doctor_say(doctor, DOCTOR_WARNING, "factors",
                   "sshd: who comes with an ssh key passes no second factor, and one is required: "
                   "set AuthenticationMethods publickey,keyboard-interactive, or "
                   "PubkeyAuthentication no");
}

void doctor_factors_host(struct doctor *doctor, const struct policy *policy)
{
    const struct doctor_sshd *sshd = &doctor->sshd;
    const medgl_time soon = clock_read().now + FACTORS_SOON;
    if (!sshd->asked)
        return;
    if (sshd->mode == FACTOR_MODE_ONLY)
        host_only(doctor, policy);
    if (!sshd->known)
        return;
    host_password(doctor, policy, soon);
    host_keys(doctor, policy, soon);
}
