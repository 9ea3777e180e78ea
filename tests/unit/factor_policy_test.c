/* Which second factor is asked of whom, when and where, and what counts as two (R03, R13, R23, R24,
 * R32), as tables of cases, and what must hold for every combination of facts. */
#include "base/auto.h"
#include "base/clock.h"
#include "policy/factor.h"
#include "policy/login.h"
#include "tests/unit/table.h"

#include <string.h>

#define TOKYO   (9 * 3600)
#define BEFORE  "2026-11-21 12:00"
#define AFTER   "2027-04-01 00:00"
#define DRIVER  "card_module=/usr/lib/driver.so"
#define CARDS   DRIVER ";factor_kinds=card;factor_enrol=administrator"
#define CONSOLE "console"

/* "2026-11-21 17:00", as the clocks of a zone show it; "" is 0. */
static medgl_time at(const char *shown, int offset)
{
    char text[64];
    medgl_time t = 0;
    if (shown[0] == '\0')
        return 0;
    (void)snprintf(text, sizeof(text), "%.10sT%s:00.000Z", shown, shown + 11);
    if (clock_parse_utc(text, &t) != MEDGL_OK)
        fail_msg("%s is no time", shown);
    return t - offset * MEDGL_SECOND;
}

/* "factor_staff=none;factor_kinds=totp" on top of the defaults. */
static struct policy policy_of(const char *settings)
{
    char text[512], why[256], *left = text, *one;
    struct policy policy;
    policy_defaults(&policy);
    assert_in_range(snprintf(text, sizeof(text), "%s", settings), 0, sizeof(text) - 1);
    while ((one = strsep(&left, ";")) != NULL && *one != '\0') {
        const char *name = strsep(&one, "=");
        if (policy_set(&policy, policy_key_find(name), one, why, sizeof(why)) != MEDGL_OK)
            fail_msg("%s: %s", settings, why);
    }
    return policy;
}

static bool has_word(const char *words, const char *word)
{
    const size_t len = strlen(word);
    for (const char *found = words; (found = strstr(found, word)) != NULL; found += len)
        if ((found == words || found[-1] == ' ') && (found[len] == ' ' || found[len] == '\0'))
            return true;
    return false;
}

/* "system", "anywhere", "unknown", or a place as on a command line. */
static struct admission_place place_of(const char *text)
{
    struct admission_place place = {.origin = ADMISSION_ORIGIN_UNKNOWN};
    if (strcmp(text, "system") == 0)
        place.origin = ADMISSION_ORIGIN_SYSTEM;
    else if (strcmp(text, "anywhere") == 0)
        place.origin = ADMISSION_ORIGIN_ANYWHERE;
    else if (strcmp(text, "unknown") != 0)
        assert_int_equal(admission_parse_place(text, &place), MEDGL_OK);
    return place;
}

/* -- what is asked of an account --------------------------------------------------------------- */

/* An account: its class and rule, what it has, the module's word: words, in any order. */
static struct factor_facts facts_of(const char *words)
{
    struct factor_facts facts = {.class_ = ACCOUNT_CLASS_STAFF, .utc_offset = TOKYO};
    facts.class_ = has_word(words, "privileged")    ? ACCOUNT_CLASS_PRIVILEGED
                   : has_word(words, "maintenance") ? ACCOUNT_CLASS_MAINTENANCE
                   : has_word(words, "breakglass")  ? ACCOUNT_CLASS_BREAKGLASS
                   : has_word(words, "no-class")    ? (enum account_class)9
                                                    : ACCOUNT_CLASS_STAFF;
    facts.own = has_word(words, "required")   ? ACCOUNT_FACTOR_REQUIRED
                : has_word(words, "optional") ? ACCOUNT_FACTOR_OPTIONAL
                : has_word(words, "none")     ? ACCOUNT_FACTOR_NONE
                : has_word(words, "damaged")  ? (enum account_factor)9
                                              : ACCOUNT_FACTOR_CLASS;
    facts.mode = has_word(words, "factor=only")   ? FACTOR_MODE_ONLY
                 : has_word(words, "factor=none") ? FACTOR_MODE_NONE
                                                  : FACTOR_MODE_POLICY;
    facts.totp = has_word(words, "totp");
    facts.card = has_word(words, "card");
    facts.recovery = has_word(words, "recovery") ? 10 : 0;
    facts.waived = has_word(words, "waiver") || has_word(words, "waiver=recovery");
    facts.instead = has_word(words, "waiver=recovery") ? GRANT_INSTEAD_RECOVERY
                    : facts.waived                     ? GRANT_INSTEAD_CODE
                                                       : GRANT_INSTEAD_NONE;
    return facts;
}

static void demand_words(const struct factor_demand *demand, char *text, size_t size)
{
    (void)snprintf(text, size, "%s%s%s%s%s%s%s%s%s%s%s %s", demand->asked ? "asked " : "",
                   demand->required ? "required " : "", demand->enrols ? "enrols " : "",
                   demand->waived ? "waived " : "", demand->totp ? "totp " : "",
                   demand->card ? "card " : "", demand->recovery ? "recovery " : "",
                   demand->code ? "code " : "", demand->in_force ? "force " : "",
                   demand->required_from != 0 ? "later " : "", account_factor_word(demand->rule),
                   factor_ground_word(demand->ground));
}

/* `demand` ends in the rule and the ground. */
static const struct demand_row {
    const char *name, *settings, *account, *place, *service, *now, *demand;
} demand_rows[] = {
    /* the rule, and the day */
    {"before the day, nothing", "", "", CONSOLE, "login", BEFORE, "later required deadline"},
    {"before the day, a device", "", "totp", CONSOLE, "login", BEFORE,
     "asked totp force later required class"},
    {"before the day, recovery codes alone", "", "recovery", CONSOLE, "login", BEFORE,
     "recovery later required deadline"},
    {"before the day, a waiver", "", "waiver", CONSOLE, "login", BEFORE,
     "asked waived code later required class"},
    {"from the day on, nothing", "", "", CONSOLE, "login", AFTER,
     "asked required enrols required class"},
    {"from the day on, a device", "", "totp", CONSOLE, "login", AFTER,
     "asked required totp force required class"},
    {"a minute before, in the site's zone", "", "", CONSOLE, "login", "2027-03-31 23:59",
     "later required deadline"},
    {"at once", "factor_required_from=", "", CONSOLE, "login", BEFORE,
     "asked required enrols required class"},
    {"optional, nothing", "factor_staff=optional", "", CONSOLE, "login", AFTER, "optional class"},
    {"optional, a device", "factor_staff=optional", "totp", CONSOLE, "login", AFTER,
     "asked totp force optional class"},
    {"optional, recovery codes alone", "factor_staff=optional", "recovery", CONSOLE, "login", AFTER,
     "recovery optional class"},
    {"none, a device", "factor_staff=none", "totp", CONSOLE, "login", AFTER, "totp none class"},
    {"administrators", "", "privileged", CONSOLE, "login", AFTER,
     "asked required enrols required class"},
    {"maintenance", "", "maintenance", CONSOLE, "login", AFTER,
     "asked required enrols required class"},
    {"R32 an emergency", "", "breakglass", CONSOLE, "login", AFTER, "none class"},
    {"R32 an emergency, a device", "", "breakglass totp", CONSOLE, "login", AFTER,
     "totp none class"},
    {"a class that is none", "", "no-class", CONSOLE, "login", AFTER,
     "asked required enrols required class"},
    {"own, required at once", "", "required", CONSOLE, "login", BEFORE,
     "asked required enrols required account"},
    {"own, required in an emergency", "", "breakglass required totp", CONSOLE, "login", BEFORE,
     "asked required totp force required account"},
    {"own, optional", "", "optional", CONSOLE, "login", AFTER, "optional account"},
    {"own, optional, a device", "", "optional totp", CONSOLE, "login", AFTER,
     "asked totp force optional account"},
    {"own, none", "", "none totp", CONSOLE, "login", AFTER, "totp none account"},
    {"own, damaged", "", "damaged", CONSOLE, "login", BEFORE,
     "asked required enrols required account"},
    /* enrolment */
    {"an administrator enrols", "factor_enrol=administrator", "", CONSOLE, "login", AFTER,
     "asked required required class"},
    {"nobody enrols a card", CARDS, "", CONSOLE, "login", AFTER, "asked required required class"},
    {"a code on paper is no device, but a way in", "", "recovery", CONSOLE, "login", AFTER,
     "asked required recovery required class"},
    {"a code on paper that is not accepted", "factor_recovery=grant", "recovery", CONSOLE, "login",
     AFTER, "asked required enrols required class"},
    {"a card that is not accepted is not replaced", DRIVER ";factor_kinds=totp", "card", CONSOLE,
     "login", AFTER, "asked required required class"},
    {"nor without a driver", "", "card", CONSOLE, "login", AFTER, "asked required required class"},
    {"nor is a device", CARDS, "totp", CONSOLE, "login", AFTER, "asked required required class"},
    /* kinds */
    {"both", DRIVER, "totp card", CONSOLE, "login", AFTER,
     "asked required totp card force required class"},
    {"codes alone", DRIVER ";factor_kinds=totp", "totp card", CONSOLE, "login", AFTER,
     "asked required totp force required class"},
    {"cards alone", CARDS, "totp card", CONSOLE, "login", AFTER,
     "asked required card force required class"},
    {"a card alone, and no driver", "factor_staff=optional", "card", CONSOLE, "login", AFTER,
     "optional class"},
    {"a card where the reader is not", DRIVER, "card", "10.1.2.3", "sshd", AFTER,
     "asked required force required class"},
    {"a card in a service that does not ask", DRIVER ";card_services=login", "card", CONSOLE, "su",
     AFTER, "asked required force required class"},
    {"optional, a card elsewhere", DRIVER ";factor_staff=optional", "card", "10.1.2.3", "sshd",
     AFTER, "asked force optional class"},
    /* exempt */
    {"an exempt service", "factor_exempt_services=sudo", "totp", "own", "sudo", AFTER,
     "totp force required service"},
    {"another service", "factor_exempt_services=sudo", "totp", "own", "su", AFTER,
     "asked required totp force required class"},
    {"an exempt place", "factor_exempt_places=own, 10.1.0.0/16", "totp", "10.1.2.3", "sshd", AFTER,
     "totp force required place"},
    {"another place", "factor_exempt_places=own, 10.1.0.0/16", "totp", "10.2.2.3", "sshd", AFTER,
     "asked required totp force required class"},
    {"service before place", "factor_exempt_places=any;factor_exempt_services=sshd", "totp",
     "10.1.2.3", "sshd", AFTER, "totp force required service"},
    {"exempt before the account's own rule", "factor_exempt_places=any", "required", CONSOLE,
     "login", AFTER, "required place"},
    {"a place that is not known", "factor_exempt_places=console, local, 0.0.0.0/0, ::/0", "totp",
     "unknown", "sshd", AFTER, "asked required totp force required class"},
    {"what the machine does", "", "totp", "system", "cron", AFTER, "totp force required place"},
    {"a question without a place", "factor_exempt_places=any", "totp", "anywhere", "sshd", AFTER,
     "asked required totp force required class"},
    {"a question without anything", DRIVER ";factor_exempt_places=any;factor_exempt_services=any",
     "totp card", NULL, NULL, AFTER, "asked required totp card force required class"},
    /* the module */
    {"factor=none", "", "factor=none totp", CONSOLE, "login", AFTER, "totp force required module"},
    {"factor=none, nothing", "", "factor=none", CONSOLE, "login", AFTER, "required module"},
    {"factor=only", "", "factor=only totp", "10.1.2.3", "sshd", BEFORE,
     "asked required totp force later required module"},
    {"factor=only, nothing, before the day", "", "factor=only", "10.1.2.3", "sshd", BEFORE,
     "asked required later required module"},
    {"factor=only, nothing, optional", "factor_staff=optional", "factor=only", "10.1.2.3", "sshd",
     AFTER, "asked required optional module"},
    {"factor=only, none", "", "factor=only none", "10.1.2.3", "sshd", AFTER,
     "asked required none module"},
    {"factor=only, nothing is exempt", "factor_exempt_places=any;factor_exempt_services=any",
     "factor=only totp", "10.1.2.3", "sshd", AFTER, "asked required totp force required module"},
    {"factor=only, the machine", "", "factor=only totp", "system", "cron", AFTER,
     "asked required totp force required module"},
    {"factor=only behind a key", DRIVER ";factor_host=possession", "factor=only", "10.1.2.3",
     "sshd", AFTER, "asked required required module"},
    /* waivers */
    {"R03 a waiver with codes", "", "waiver", CONSOLE, "login", AFTER,
     "asked required waived code required class"},
    {"R03 and the device beside it", "", "waiver totp", CONSOLE, "login", AFTER,
     "asked required waived totp code force required class"},
    {"R03 a waiver with recovery codes", "", "waiver=recovery recovery", CONSOLE, "login", AFTER,
     "asked required waived recovery required class"},
    {"R03 and none left", "", "waiver=recovery", CONSOLE, "login", AFTER,
     "asked required waived required class"},
    {"R03 recovery codes with a waiver alone", "factor_recovery=grant", "totp recovery", CONSOLE,
     "login", AFTER, "asked required totp force required class"},
    {"R03 and with it", "factor_recovery=grant", "totp recovery waiver=recovery", CONSOLE, "login",
     AFTER, "asked required waived totp recovery force required class"},
    {"R03 and with another", "factor_recovery=grant", "totp recovery waiver", CONSOLE, "login",
     AFTER, "asked required waived totp code force required class"},
    {"R03 a waiver asks, too", "factor_staff=optional", "waiver", CONSOLE, "login", AFTER,
     "asked waived code optional class"},
    {"R03 but of whom nothing is asked", "factor_staff=none", "waiver", CONSOLE, "login", AFTER,
     "waived code none class"},
    {"R03 a waiver and factor=only", "", "waiver factor=only", CONSOLE, "login", AFTER,
     "asked required waived code required module"},
};

static void demanded(void **state)
{
    const struct demand_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    struct factor_facts facts = facts_of(row->account);
    struct admission_place place;
    char words[256];
    if (row->place != NULL) {
        place = place_of(row->place);
        facts.place = &place;
    }
    facts.service = row->service;
    const struct factor_demand demand = policy_factor(&policy, &facts, at(row->now, TOKYO));
    demand_words(&demand, words, sizeof(words));
    char *gap = strstr(words, "  ");
    if (gap != NULL)
        memmove(gap, gap + 1, strlen(gap));
    assert_string_equal(words, row->demand);
    if (demand.required_from != 0)
        assert_int_equal(demand.required_from, at(AFTER, TOKYO));
}

/* Every combination of what an account is and has, under every policy of these. */
static const char *const policies[] = {
    "",
    "factor_required_from=",
    "factor_required_from=;factor_staff=optional;factor_enrol=administrator",
    "factor_required_from=;factor_staff=none;factor_privileged=none;factor_maintenance=none",
    DRIVER ";factor_exempt_places=console;factor_exempt_services=sudo",
    CARDS ";factor_required_from=;factor_recovery=grant",
    DRIVER ";factor_kinds=totp;factor_required_from=",
    DRIVER ";factor_host=possession;card_alone=yes;card_places=any;factor_required_from=",
};
static const char *const combined_places[] = {"console", "10.1.2.3", "system", "unknown", "own"};
static const char *const combined_services[] = {"sshd", "sudo"};

typedef void combination_check(const struct policy *policy, struct factor_facts *facts,
                               medgl_time now);

static void combine(combination_check *check)
{
    const medgl_time now = at(BEFORE, TOKYO);
    for (size_t p = 0; p < MEDGL_COUNT(policies); p++) {
        const struct policy policy = policy_of(policies[p]);
        char why[256];
        assert_int_equal(policy_check(&policy, why, sizeof(why)), MEDGL_OK);
        for (unsigned i = 0; i < 4 * 4 * 3 * 2 * 2 * 2 * 3 * 5 * 2; i++) {
            unsigned n = i;
            struct factor_facts facts = {.utc_offset = TOKYO};
            facts.class_ = (enum account_class)(n % 4 + 1), n /= 4;
            facts.own = (enum account_factor)(n % 4), n /= 4;
            facts.mode = (enum factor_mode)(n % 3), n /= 3;
            facts.totp = n % 2, n /= 2;
            facts.card = n % 2, n /= 2;
            facts.recovery = n % 2 * 10, n /= 2;
            facts.instead = (enum grant_instead)(n % 3), n /= 3;
            facts.waived = facts.instead != GRANT_INSTEAD_NONE;
            const struct admission_place place = place_of(combined_places[n % 5]);
            facts.place = &place, n /= 5;
            facts.service = combined_services[n];
            check(&policy, &facts, now);
        }
    }
}

/* The MUSTs of policy_factor(). */
static void keeps_promises(const struct policy *policy, struct factor_facts *facts, medgl_time now)
{
    const struct factor_demand demand = policy_factor(policy, facts, now);
    assert_true(demand.asked || !demand.required);
    assert_true(demand.required || !demand.enrols);
    assert_true(!demand.enrols || !(demand.totp || demand.card || demand.recovery || demand.code));
    assert_true(!demand.enrols || policy->factor_enrol == POLICY_ENROL_LOGIN);
    assert_true(facts->mode != FACTOR_MODE_ONLY || (demand.asked && demand.required));
    assert_true(facts->mode != FACTOR_MODE_NONE || !demand.asked);
    assert_true(!demand.totp || (facts->totp && policy->factor_kinds != POLICY_FACTOR_KINDS_CARD));
    assert_true(!demand.card || (facts->card && policy->factor_kinds != POLICY_FACTOR_KINDS_TOTP));
    assert_true(!demand.recovery || facts->recovery > 0);
    assert_true(!demand.code || facts->waived);
    assert_true(demand.ground != FACTOR_GROUND_UNDECIDED);
    assert_true(demand.rule != ACCOUNT_FACTOR_CLASS);
}

static void every_promise(void **state)
{
    (void)state;
    combine(keeps_promises);
}

/* R03: a waiver makes nothing less asked, nor less accepted. */
static void waiver_adds(const struct policy *policy, struct factor_facts *facts, medgl_time now)
{
    const struct factor_demand with = policy_factor(policy, facts, now);
    facts->waived = false;
    const struct factor_demand without = policy_factor(policy, facts, now);
    assert_true(with.asked >= without.asked && with.required == without.required);
    assert_true(with.totp == without.totp && with.card == without.card);
    assert_true(with.recovery >= without.recovery && with.code >= without.code);
    assert_true(with.in_force == without.in_force && with.rule == without.rule);
}

static void R03_waiver_adds(void **state)
{
    (void)state;
    combine(waiver_adds);
}

/* R13: rule C hangs on the account and the policy, not on where somebody logs in. */
static void force_is_the_accounts(const struct policy *policy, struct factor_facts *facts,
                                  medgl_time now)
{
    const bool here = policy_factor(policy, facts, now).in_force;
    facts->mode = FACTOR_MODE_POLICY;
    facts->place = NULL;
    facts->service = NULL;
    const struct factor_demand demand = policy_factor(policy, facts, now);
    assert_int_equal(demand.in_force, here);
    assert_true(!here || demand.asked); /* what does not expire is never enough alone */
}

static void R13_force(void **state)
{
    (void)state;
    combine(force_is_the_accounts);
}

/* -- of everybody alike (R23) ------------------------------------------------------------------ */

/* Wherever somebody's code counts it is asked for. Nothing of an account could be given: what is
 * asked for is the same for everybody. */
static void asks_where_it_counts(const struct policy *policy, struct factor_facts *facts,
                                 medgl_time now)
{
    const struct factor_demand demand = policy_factor(policy, facts, now);
    const bool any = facts->totp || facts->card || facts->recovery > 0 || facts->waived;
    const bool prompts = policy_factor_prompts(policy, facts->mode, facts->service, facts->place,
                                               any, facts->utc_offset, now);
    if (demand.asked && (demand.totp || demand.recovery || demand.code))
        assert_true(prompts);
    if (facts->mode == FACTOR_MODE_NONE)
        assert_false(prompts);
    if (demand.card) /* and its PIN, but where no factor is taken */
        assert_true(policy_card_applies(policy, facts->service, facts->place));
}

static void R23_asked_where_it_counts(void **state)
{
    (void)state;
    combine(asks_where_it_counts);
}

static const struct prompt_row {
    const char *name, *settings;
    enum factor_mode mode;
    const char *place, *service;
    bool any;
    const char *now;
    bool prompts;
} prompt_rows[] = {
    {"nobody has one, before the day", "", 0, CONSOLE, "login", false, "2027-03-31 23:59", false},
    {"nobody has one, from the day on", "", 0, CONSOLE, "login", false, AFTER, true},
    {"nobody has one, at once", "factor_required_from=", 0, CONSOLE, "login", false, BEFORE, true},
    {"somebody has one", "", 0, CONSOLE, "login", true, BEFORE, true},
    {"somebody has one, optional of all",
     "factor_staff=optional;factor_privileged=optional;factor_maintenance=optional", 0, CONSOLE,
     "login", true, AFTER, true},
    {"nobody has one, optional of all",
     "factor_staff=optional;factor_privileged=optional;factor_maintenance=optional", 0, CONSOLE,
     "login", false, AFTER, false},
    {"nobody has one, required of administrators alone",
     "factor_staff=none;factor_maintenance=optional", 0, CONSOLE, "login", false, AFTER, true},
    {"none of all, by an account's own rule",
     "factor_staff=none;factor_privileged=none;factor_maintenance=none", 0, CONSOLE, "login", true,
     AFTER, true},
    {"an exempt service", "factor_exempt_services=sudo", 0, "own", "sudo", true, AFTER, false},
    {"its name in capitals", "factor_exempt_services=sudo", 0, "own", "SUDO", true, AFTER, false},
    {"another service", "factor_exempt_services=sudo", 0, "own", "su", true, AFTER, true},
    {"an exempt place", "factor_exempt_places=console", 0, "tty1", "login", true, AFTER, false},
    {"another place", "factor_exempt_places=console", 0, "10.1.2.3", "sshd", true, AFTER, true},
    {"the machine", "", 0, "system", "cron", true, AFTER, false},
    {"factor=none", "", FACTOR_MODE_NONE, CONSOLE, "login", true, AFTER, false},
    {"factor=only", "", FACTOR_MODE_ONLY, CONSOLE, "login", false, BEFORE, true},
    {"factor=only, nothing is exempt", "factor_exempt_places=any;factor_exempt_services=any",
     FACTOR_MODE_ONLY, CONSOLE, "login", false, BEFORE, true},
    {"cards alone, for codes on paper", CARDS, 0, CONSOLE, "login", true, AFTER, true},
};

static void prompted(void **state)
{
    const struct prompt_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    const struct admission_place place = place_of(row->place);
    assert_int_equal(policy_factor_prompts(&policy, row->mode, row->service, &place, row->any,
                                           TOKYO, at(row->now, TOKYO)),
                     row->prompts);
}

static void one_prompt(void **state)
{
    const struct policy none = policy_of(""), some = policy_of("factor_one_prompt=xrdp-sesman"),
                        all = policy_of("factor_one_prompt=any");
    (void)state;
    assert_false(policy_factor_one_prompt(&none, "xrdp-sesman"));
    assert_true(policy_factor_one_prompt(&some, "xrdp-sesman"));
    assert_false(policy_factor_one_prompt(&some, "sshd"));
    assert_true(policy_factor_one_prompt(&all, "sshd"));
    assert_false(policy_factor_one_prompt(&all, NULL));
}

static const struct card_row {
    const char *name, *settings, *place, *service;
    bool applies;
} card_rows[] = {
    {"no driver", "", "tty1", "login", false},
    {"the console", DRIVER, "tty1", "login", true},
    {"a display", DRIVER, ":0", "gdm-password", true},
    {"from elsewhere", DRIVER, "10.1.2.3", "sshd", false},
    {"a place that is not known", DRIVER, "unknown", "sshd", false},
    {"anywhere", DRIVER ";card_places=any", "10.1.2.3", "sshd", true},
    {"sudo", DRIVER, "own", "sudo", false},
    {"sudo, by the policy", DRIVER ";card_places=console, own", "own", "sudo", true},
    {"a service", DRIVER ";card_services=login", "tty1", "login", true},
    {"another service", DRIVER ";card_services=login", "tty1", "su", false},
    {"no cards", DRIVER ";factor_kinds=totp", "tty1", "login", false},
    {"the machine", DRIVER ";card_places=any", "system", "cron", false},
    {"no question of a place", DRIVER, "anywhere", "login", true},
};

static void card_applied(void **state)
{
    const struct card_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    const struct admission_place place = place_of(row->place);
    assert_int_equal(policy_card_applies(&policy, row->service, &place), row->applies);
}

/* -- the day ----------------------------------------------------------------------------------- */

static const struct day_row {
    const char *name, *from;
    int offset;
    const char *now; /* in UTC */
    int64_t days;
} day_rows[] = {
    {"in UTC, a second too early", "2027-04-01", 0, "2027-03-31 23:59", 1},
    {"in UTC, on time", "2027-04-01", 0, "2027-04-01 00:00", 0},
    {"in Tokyo, on time", "2027-04-01", TOKYO, "2027-03-31 15:00", 0},
    {"in Tokyo, a minute too early", "2027-04-01", TOKYO, "2027-03-31 14:59", 1},
    {"west of Greenwich", "2027-04-01", -5 * 3600, "2027-04-01 04:59", 1},
    {"west of Greenwich, on time", "2027-04-01", -5 * 3600, "2027-04-01 05:00", 0},
    {"a day", "2027-04-01", TOKYO, "2027-03-30 15:00", 1},
    {"a day and a minute", "2027-04-01", TOKYO, "2027-03-30 14:59", 2},
    {"long after", "2027-04-01", TOKYO, "2031-01-01 00:00", 0},
    {"a leap day", "2028-02-29", 0, "2028-02-28 12:00", 1},
    {"at once", "", TOKYO, "2026-11-21 00:00", 0},
    {"before the epoch", "1969-12-31", 0, "2026-11-21 00:00", 0},
};

static void required_days(void **state)
{
    const struct day_row *row = *state;
    char settings[64], shown[32];
    (void)snprintf(settings, sizeof(settings), "factor_required_from=%s", row->from);
    (void)snprintf(shown, sizeof(shown), "%s 00:00", row->from);
    const struct policy policy = policy_of(settings);
    assert_int_equal(policy_required_days(&policy, row->offset, at(row->now, 0)), row->days);
    assert_int_equal(policy_required_from(&policy, row->offset),
                     row->from[0] == '\0' ? 0 : at(shown, row->offset));
}

static void required_at_the_ends_of_time(void **state)
{
    const struct policy policy = policy_of("factor_required_from=9999-12-31");
    (void)state;
    assert_int_equal(policy_required_days(&policy, 0, INT64_MAX), 0);
    assert_true(policy_required_days(&policy, 0, INT64_MIN) > 0);
    struct factor_facts facts = facts_of("");
    assert_true(policy_factor(&policy, &facts, INT64_MAX).required);
    assert_false(policy_factor(&policy, &facts, INT64_MIN).required);
}

static const struct warn_row {
    const char *name, *settings, *account;
    bool has_factor;
    const char *warned, *now; /* in Tokyo */
    bool warns;
} warn_rows[] = {
    {"60 days before", "", "", false, "", "2027-01-31 00:00", true},
    {"a minute earlier", "", "", false, "", "2027-01-30 23:59", false},
    {"the last minute", "", "", false, "", "2027-03-31 23:59", true},
    {"the day itself: it refuses", "", "", false, "", AFTER, false},
    {"has one", "", "totp", true, "", "2027-03-01 00:00", false},
    {"warned today", "", "", false, "2027-03-01 00:00", "2027-03-01 23:59", false},
    {"warned yesterday", "", "", false, "2027-02-28 23:59", "2027-03-01 00:00", true},
    {"a month before", "factor_warn=1 month", "", false, "", "2027-03-01 00:00", true},
    {"not yet a month", "factor_warn=1 month", "", false, "", "2027-02-28 23:59", false},
    {"never", "factor_warn=0", "", false, "", "2027-03-31 23:59", false},
    {"optional", "factor_staff=optional", "", false, "", "2027-03-01 00:00", false},
    {"its own rule", "", "optional", false, "", "2027-03-01 00:00", false},
    {"its own rule holds already", "", "required", false, "", "2027-03-01 00:00", false},
    {"R32 an emergency", "", "breakglass", false, "", "2027-03-01 00:00", false},
    {"at once", "factor_required_from=", "", false, "", "2027-03-01 00:00", false},
};

static void warned(void **state)
{
    const struct warn_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    const struct factor_facts facts = facts_of(row->account);
    const medgl_time now = at(row->now, TOKYO);
    const struct factor_demand demand = policy_factor(&policy, &facts, now);
    assert_int_equal(
        policy_factor_warns(&policy, &demand, row->has_factor, at(row->warned, TOKYO), TOKYO, now),
        row->warns);
}

/* -- two factors, not two steps -----------------------------------------------------------------
 */

static const struct independent_row {
    const char *name, *settings;
    bool password, host;
    enum factor_kind second;
    bool independent;
} independent_rows[] = {
    {"password and device", "", true, false, FACTOR_KIND_TOTP, true},
    {"password and card", DRIVER, true, false, FACTOR_KIND_CARD, true},
    {"password and code on paper", "", true, false, FACTOR_KIND_RECOVERY, true},
    {"password and issued code", "", true, false, FACTOR_KIND_CODE, true},
    {"password and nothing", "", true, false, FACTOR_KIND_NONE, false},
    {"password and what is no kind", "", true, false, (enum factor_kind)9, false},
    {"device alone", "", false, false, FACTOR_KIND_TOTP, false},
    {"code on paper alone", "", false, false, FACTOR_KIND_RECOVERY, false},
    {"issued code alone", "", false, false, FACTOR_KIND_CODE, false},
    {"card alone", DRIVER, false, false, FACTOR_KIND_CARD, false},
    {"card alone, by the policy", DRIVER ";card_alone=yes", false, false, FACTOR_KIND_CARD, true},
    {"device alone, by that policy", DRIVER ";card_alone=yes", false, false, FACTOR_KIND_TOTP,
     false},
    {"nothing at all", DRIVER ";card_alone=yes", false, false, FACTOR_KIND_NONE, false},
    {"host and device", "", false, true, FACTOR_KIND_TOTP, true},
    {"host and nothing", "", false, true, FACTOR_KIND_NONE, false},
    {"key and device", DRIVER ";factor_host=possession", false, true, FACTOR_KIND_TOTP, false},
    {"key and code on paper", DRIVER ";factor_host=possession", false, true, FACTOR_KIND_RECOVERY,
     false},
    {"key and issued code", DRIVER ";factor_host=possession", false, true, FACTOR_KIND_CODE, false},
    {"key and card", DRIVER ";factor_host=possession", false, true, FACTOR_KIND_CARD, true},
    {"key, password and device", DRIVER ";factor_host=possession", true, true, FACTOR_KIND_TOTP,
     true},
};

static void independent(void **state)
{
    const struct independent_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    assert_int_equal(policy_factors_independent(&policy, row->password, row->host, row->second),
                     row->independent);
}

/* -- the decision of a login --------------------------------------------------------------------
 */

#define NOW (20000 * MEDGL_DAY)

/* The password that an account has. */
enum kept {
    KEPT_GOOD,
    KEPT_NONE,
    KEPT_OVER, /* issued, and past its end */
    KEPT_DUE,
};

static struct password_facts kept_facts(enum kept kept)
{
    return (struct password_facts){
        .present = kept != KEPT_NONE,
        .strength = kept == KEPT_DUE ? PASSWORD_STRENGTH_SHORT : PASSWORD_STRENGTH_LONG,
        .issued = kept == KEPT_OVER,
        .set_at = NOW - 90 * MEDGL_DAY,
        .valid_until = kept == KEPT_OVER ? NOW - MEDGL_DAY : 0,
    };
}

#define UNSAID FACTOR_NOT_ASKED
#define BAD    FACTOR_FAILED
#define GOOD   FACTOR_PROVED

#define ALONE DRIVER ";card_alone=yes"
#define KEY   DRIVER ";factor_host=possession"

static const struct login_row {
    const char *name, *settings;
    enum factor_result password, second;
    enum factor_kind kind;
    bool required, enrols, host;
    enum kept kept;
    const char *reason;
    bool counts;
} login_rows[] = {
    {"password, and a device", "", GOOD, GOOD, FACTOR_KIND_TOTP, 1, 0, 0, KEPT_GOOD, "ok", 0},
    {"password, and a card", "", GOOD, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_GOOD, "ok", 0},
    {"password, and what is no kind", "", GOOD, GOOD, FACTOR_KIND_NONE, 1, 0, 0, KEPT_GOOD,
     "wrong-factor", 1},
    {"password, and no such result", "", GOOD, (enum factor_result)9, FACTOR_KIND_TOTP, 0, 0, 0,
     KEPT_GOOD, "wrong-factor", 1},
    {"password, none is there", "", GOOD, UNSAID, 0, 1, 0, 0, KEPT_GOOD, "no-factor", 1},
    {"password, none is there, enrols", "", GOOD, UNSAID, 0, 1, 1, 0, KEPT_GOOD, "enrol", 0},
    {"password, wrong code, enrols", "", GOOD, BAD, 0, 1, 1, 0, KEPT_GOOD, "wrong-factor", 1},
    {"wrong password, enrols", "", BAD, UNSAID, 0, 1, 1, 0, KEPT_GOOD, "wrong-password", 1},
    {"no password given, enrols", "", UNSAID, UNSAID, 0, 1, 1, 0, KEPT_GOOD, "wrong-password", 1},
    {"issued and over, enrols", "", GOOD, UNSAID, 0, 1, 1, 0, KEPT_OVER, "issued-expired", 1},
    {"password due, enrols", "", GOOD, UNSAID, 0, 1, 1, 0, KEPT_DUE, "enrol", 0},
    {"enrolled just now", "", GOOD, GOOD, FACTOR_KIND_TOTP, 1, 1, 0, KEPT_GOOD, "ok", 0},
    {"card alone, by the policy", ALONE, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_GOOD, "ok",
     0},
    {"card alone, no password kept", ALONE, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_NONE,
     "ok", 0},
    {"card alone, password due", ALONE, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_DUE, "ok", 0},
    {"card alone, password over", ALONE, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_OVER, "ok",
     0},
    {"card alone, not required", ALONE, UNSAID, GOOD, FACTOR_KIND_CARD, 0, 0, 0, KEPT_GOOD, "ok",
     0},
    {"card alone, not by the policy", DRIVER, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_GOOD,
     "wrong-password", 1},
    {"card alone, wrong", ALONE, UNSAID, BAD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_GOOD,
     "wrong-password", 1},
    {"card that failed, enrols", ALONE, UNSAID, BAD, FACTOR_KIND_CARD, 1, 1, 0, KEPT_NONE,
     "no-password", 1},
    {"card and a wrong password", ALONE, BAD, GOOD, FACTOR_KIND_CARD, 1, 0, 0, KEPT_GOOD,
     "wrong-password", 1},
    {"device alone", ALONE, UNSAID, GOOD, FACTOR_KIND_TOTP, 1, 0, 0, KEPT_GOOD, "wrong-password",
     1},
    {"code on paper alone", ALONE, UNSAID, GOOD, FACTOR_KIND_RECOVERY, 1, 0, 0, KEPT_NONE,
     "no-password", 1},
    {"host, and a device", "", UNSAID, GOOD, FACTOR_KIND_TOTP, 1, 0, 1, KEPT_GOOD, "ok", 0},
    {"host, and a device, no password kept", "", UNSAID, GOOD, FACTOR_KIND_TOTP, 1, 0, 1, KEPT_NONE,
     "ok", 0},
    {"host, and a device, password over", "", UNSAID, GOOD, FACTOR_KIND_TOTP, 1, 0, 1, KEPT_OVER,
     "issued-expired", 1},
    {"host alone", "", UNSAID, UNSAID, 0, 1, 0, 1, KEPT_GOOD, "no-factor", 1},
    {"host alone, not required", "", UNSAID, UNSAID, 0, 0, 0, 1, KEPT_GOOD, "no-factor", 1},
    {"host alone enrols nothing", "", UNSAID, UNSAID, 0, 1, 1, 1, KEPT_GOOD, "no-factor", 1},
    {"host, wrong code", "", UNSAID, BAD, 0, 1, 0, 1, KEPT_GOOD, "wrong-factor", 1},
    {"host, and a wrong password", "", BAD, GOOD, FACTOR_KIND_TOTP, 1, 0, 1, KEPT_GOOD,
     "wrong-password", 1},
    {"key, and a device", KEY, UNSAID, GOOD, FACTOR_KIND_TOTP, 1, 0, 1, KEPT_GOOD, "same-kind", 1},
    {"key, and a code on paper", KEY, UNSAID, GOOD, FACTOR_KIND_RECOVERY, 1, 0, 1, KEPT_GOOD,
     "same-kind", 1},
    {"key, and a card", KEY, UNSAID, GOOD, FACTOR_KIND_CARD, 1, 0, 1, KEPT_GOOD, "ok", 0},
    {"key alone, enrols", KEY, UNSAID, UNSAID, 0, 1, 1, 1, KEPT_GOOD, "no-factor", 1},
};

static struct login_facts login_of(const struct login_row *row)
{
    return (struct login_facts){.known = true,
                                .uid_matches = true,
                                .state = ACCOUNT_STATE_ACTIVE,
                                .class_ = ACCOUNT_CLASS_STAFF,
                                .attempt = ATTEMPT_ADMITTED,
                                .reservation_held = true,
                                .password = row->password,
                                .second = row->second,
                                .second_kind = row->kind,
                                .second_required = row->required,
                                .second_enrols = row->enrols,
                                .host_proved = row->host,
                                .password_facts = kept_facts(row->kept),
                                .admission = ADMISSION_GRANTED,
                                .person = FACTOR_NOT_ASKED};
}

static void login_decided(void **state)
{
    const struct login_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    struct login_facts facts = login_of(row);
    const struct login_decision decision = policy_login(&policy, &facts, NOW);
    assert_string_equal(login_reason_word(decision.reason), row->reason);
    assert_int_equal(decision.allowed, strcmp(row->reason, "ok") == 0);
    assert_int_equal(decision.counts, row->counts);
}

/* Whom anything else refuses enrols nothing, and is counted as anybody. */
static void enrolment_comes_last(void **state)
{
    const struct policy policy = policy_of("");
    const struct login_row row = {"", "", GOOD, UNSAID, 0, 1, 1, 0, KEPT_GOOD, "", 0};
    const struct login_facts good = login_of(&row);
    struct login_facts facts = good;
    (void)state;
    facts.second_closed = true;
    assert_int_equal(policy_login(&policy, &facts, NOW).reason, LOGIN_REASON_FACTOR_CLOSED);
    facts = good;
    facts.admission = ADMISSION_HOURS;
    assert_int_equal(policy_login(&policy, &facts, NOW).reason, LOGIN_REASON_HOURS);
    assert_true(policy_login(&policy, &facts, NOW).counts);
    facts = good;
    facts.person = FACTOR_FAILED;
    assert_int_equal(policy_login(&policy, &facts, NOW).reason, LOGIN_REASON_PERSON);
    facts = good;
    facts.state = ACCOUNT_STATE_DISABLED;
    assert_int_equal(policy_login(&policy, &facts, NOW).reason, LOGIN_REASON_DISABLED);
    facts = good;
    facts.reservation_held = false;
    assert_int_equal(policy_login(&policy, &facts, NOW).reason, LOGIN_REASON_ATTEMPT_LOST);
}

/* Every combination: nobody is let in who did not prove two things where two are required, nor who
 * proved nothing. */
static void never_without_a_proof(void **state)
{
    static const char *const settings[] = {"", ALONE, KEY, KEY ";card_alone=yes"};
    unsigned allowed = 0;
    (void)state;
    for (unsigned i = 0; i < 4 * 3 * 3 * 5 * 2 * 2 * 2 * 4; i++) {
        unsigned n = i;
        const struct policy policy = policy_of(settings[n % 4]);
        n /= 4;
        struct login_row row = {.name = ""};
        row.password = (enum factor_result)(n % 3), n /= 3;
        row.second = (enum factor_result)(n % 3), n /= 3;
        row.kind = (enum factor_kind)(n % 5), n /= 5;
        row.required = n % 2, n /= 2;
        row.enrols = n % 2, n /= 2;
        row.host = n % 2, n /= 2;
        row.kept = (enum kept)n;
        const struct login_facts facts = login_of(&row);
        const struct login_decision decision = policy_login(&policy, &facts, NOW);
        const bool password = row.password == GOOD && row.kept != KEPT_NONE;
        const bool second = row.second == GOOD && row.kind != FACTOR_KIND_NONE;
        const bool card = second && row.kind == FACTOR_KIND_CARD;
        const bool alone = policy.card_alone == POLICY_YES;
        const bool knows = password || (row.host && policy.factor_host == POLICY_HOST_KNOWLEDGE);
        assert_int_equal(decision.allowed, decision.reason == LOGIN_REASON_OK);
        assert_true(!decision.allowed || password || second);
        assert_true(!decision.allowed || !row.required || second);
        assert_true(!decision.allowed || password || row.host || (card && alone));
        assert_true(!decision.allowed || !second || knows || card);
        assert_true(!decision.allowed || (row.password != BAD && row.second != BAD));
        assert_true(decision.reason != LOGIN_REASON_ENROL || (knows && row.second == UNSAID));
        allowed += decision.allowed;
    }
    assert_true(allowed > 0);
}

/* An expired password keeps no card waiting that needs none (sssd #7089); a key it does. */
static void account_by_card(void **state)
{
    static const enum account_verdict by_key[] = {ACCOUNT_OK, ACCOUNT_OK, ACCOUNT_DENIED,
                                                  ACCOUNT_CHANGE_DUE};
    const struct policy policy = policy_of(ALONE);
    (void)state;
    for (unsigned kept = 0; kept < 4; kept++) {
        struct account_facts facts = {.known = true,
                                      .uid_matches = true,
                                      .state = ACCOUNT_STATE_ACTIVE,
                                      .class_ = ACCOUNT_CLASS_STAFF,
                                      .password_facts = kept_facts((enum kept)kept),
                                      .admission = ADMISSION_GRANTED,
                                      .person = FACTOR_NOT_ASKED};
        assert_int_equal(policy_account(&policy, &facts, NOW).verdict, by_key[kept]);
        facts.card_alone = true;
        assert_int_equal(policy_account(&policy, &facts, NOW).verdict, ACCOUNT_OK);
        facts.admission = ADMISSION_HOURS;
        assert_int_equal(policy_account(&policy, &facts, NOW).verdict, ACCOUNT_DENIED);
        facts.admission = ADMISSION_GRANTED;
        facts.state = ACCOUNT_STATE_DISABLED;
        assert_int_equal(policy_account(&policy, &facts, NOW).verdict, ACCOUNT_DENIED);
    }
}

static void words(void **state)
{
    static const char *const grounds[] = {"undecided", "module", "service", "place",
                                          "account",   "class",  "deadline"};
    (void)state;
    for (unsigned i = 0; i < MEDGL_COUNT(grounds); i++)
        assert_string_equal(factor_ground_word((enum factor_ground)i), grounds[i]);
    assert_string_equal(factor_ground_word((enum factor_ground)99), "undecided");
}

int main(void)
{
    TABLE_ADD("R24 demand", demand_rows, demanded);
    table_add("R24 demand", "what holds of all", every_promise, NULL);
    table_add("R03 demand", "a waiver adds alone", R03_waiver_adds, NULL);
    table_add("R13 demand", "in force wherever it is asked", R13_force, NULL);
    TABLE_ADD("R23 prompt", prompt_rows, prompted);
    table_add("R23 prompt", "wherever a code counts", R23_asked_where_it_counts, NULL);
    table_add("R24 prompt", "one for both", one_prompt, NULL);
    TABLE_ADD("R24 card", card_rows, card_applied);
    TABLE_ADD("R24 day", day_rows, required_days);
    table_add("R24 day", "ends of time", required_at_the_ends_of_time, NULL);
    TABLE_ADD("R24 warning", warn_rows, warned);
    TABLE_ADD("R24 two factors", independent_rows, independent);
    TABLE_ADD("R24 login", login_rows, login_decided);
    table_add("R24 login", "enrolment comes last", enrolment_comes_last, NULL);
    table_add("R24 login", "never without a proof", never_without_a_proof, NULL);
    table_add("R24 account phase", "a card alone", account_by_card, NULL);
    table_add("R24 demand", "words", words, NULL);
    return table_run("second factors in the policy");
}
