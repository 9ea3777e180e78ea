/* What the profiles ask for: sets of defaults, and which values fall short of them. Never forbids a
 * value: the ranges of policy/keys.c do. */
#include "base/auto.h"
#include "policy/admission.h"
#include "policy/calendar.h"
#include "policy/policy.h"
#include "policy/value.h"

#include <string.h>

/* Where a profile differs from the presets, which are those of MHLW 6.0. What NIST asks for of
 * passwords beyond these holds under every profile: each code point counts, nothing is cut, no
 * hints, a comparison with a list (the built-in one has no switch), a reason with each refusal. */
static const struct {
    enum policy_profile profile;
    const char *key, *value;
} profile_values[] = {
    {POLICY_PROFILE_MHLW_5_1, "password_rotation", "all"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_long_length", "15"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_kinds", "0"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_rotation", "none"},
};

#define PROFILE_6_0  (1U << POLICY_PROFILE_MHLW_6_0)
#define PROFILE_5_1  (1U << POLICY_PROFILE_MHLW_5_1)
#define PROFILE_MHLW (PROFILE_6_0 | PROFILE_5_1)
#define PROFILE_NIST (1U << POLICY_PROFILE_NIST_800_63B_4)

#define NIST_PASSWORDS "NIST SP 800-63B-4 3.1.1.2"
#define NIST_GUESSES   "NIST SP 800-63B-4 3.2.2"

#define MHLW_FACTORS "5.1 6.5 C.11(4)" /* R24 */
#define NIST_FACTORS "NIST SP 800-63B-4 2.2"

enum profile_side {
    PROFILE_LESS,  /* a lower value than the default is weaker */
    PROFILE_MORE,  /* a higher one is */
    PROFILE_LATER, /* a longer time is, and 0, which is never */
    PROFILE_OTHER  /* any other one is */
};

/* Which side of a profile's default is weaker, and the clause that the default serves. What is not
 * here, or cannot leave its range on that side, is free. */
static const struct {
    unsigned profiles;
    const char *key;
    enum profile_side weaker;
    const char *clause;
} profile_rules[] = {
    {PROFILE_6_0, "password_kinds", PROFILE_LESS, "5.2 T15, 6.0 Q&A Sys-54"},
    {PROFILE_5_1, "password_kinds", PROFILE_LESS, "5.1 6.5 C.11"},
    {PROFILE_5_1, "password_rotation", PROFILE_OTHER, "5.1 6.5 C.11"},
    {PROFILE_MHLW, "password_warn", PROFILE_LESS, "HP 2-1-6-123"},
    {PROFILE_MHLW, "password_issued_valid", PROFILE_MORE, "HP 2-1-6-126"},
    {PROFILE_MHLW, "password_min_age", PROFILE_LESS, "HP 2-1-6-124"},
    {PROFILE_MHLW, "password_history", PROFILE_LESS, "HP 2-1-6-124"},
    {PROFILE_MHLW, "password_guess_bits", PROFILE_LESS, "5.2 T16"},
    {PROFILE_MHLW, "password_grace_logins", PROFILE_MORE, "HP 2-1-6-123"},
    {PROFILE_MHLW, "password_suggest", PROFILE_LESS, "HP 2-1-6-112"},
    {PROFILE_MHLW, "attempts_per_source", PROFILE_MORE, "HP 2-1-6-130"},
    {PROFILE_MHLW, "attempts_per_account", PROFILE_MORE, "HP 2-1-6-130"},
    {PROFILE_MHLW, "attempts_per_change", PROFILE_MORE, "HP 2-1-6-125"},
    {PROFILE_MHLW, "attempt_window", PROFILE_LESS, "HP 2-1-6-130"},
    {PROFILE_MHLW, "lock_time", PROFILE_LESS, "HP 2-1-6-130"},
    {PROFILE_MHLW, "attempt_delay", PROFILE_LESS, "5.1 6.5 D.4"},
    {PROFILE_MHLW, "attempt_delay_max", PROFILE_LESS, "5.1 6.5 D.4"},
    {PROFILE_MHLW, "attempts_spread", PROFILE_MORE, "HP 2-1-6-130"},
    {PROFILE_MHLW, "idle_staff", PROFILE_LATER, "5.2 T4"},
    {PROFILE_MHLW, "idle_privileged", PROFILE_LATER, "5.2 T4"},
    {PROFILE_MHLW, "idle_maintenance", PROFILE_LATER, "5.2 T4"},
    {PROFILE_MHLW, "idle_breakglass", PROFILE_LATER, "5.2 T4"},
    {PROFILE_MHLW, "places_privileged", PROFILE_MORE, "HP 2-1-6-117"},
    {PROFILE_MHLW, "dormant_after", PROFILE_MORE, "HP 2-1-6-110"},
    {PROFILE_MHLW, "kdf_memory", PROFILE_LESS, "5.2 T12"},
    {PROFILE_MHLW, "kdf_time", PROFILE_LESS, "5.2 T12"},
    {PROFILE_MHLW, "minimum_free", PROFILE_LESS, "HP 2-1-6-94"},
    {PROFILE_MHLW, "factor_staff", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "factor_privileged", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "factor_maintenance", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "factor_required_from", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "factor_exempt_places", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "factor_exempt_services", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "card_places", PROFILE_MORE, MHLW_FACTORS},
    {PROFILE_MHLW, "card_crl", PROFILE_MORE, "HP 2-1-6-90"},
    {PROFILE_MHLW, "grant_max", PROFILE_MORE, "5.2 T3"},
    {PROFILE_MHLW, "totp_algorithm", PROFILE_LESS, "HP 2-1-6-86"}, /* CRYPTREC watches SHA-1 */
    /* 3.1.1.2: 15 alone; no composition rules and no periodic change; a blocklist; a costly hash */
    {PROFILE_NIST, "password_long_length", PROFILE_LESS, NIST_PASSWORDS},
    {PROFILE_NIST, "password_kinds", PROFILE_MORE, NIST_PASSWORDS},
    {PROFILE_NIST, "password_rotation", PROFILE_OTHER, NIST_PASSWORDS},
    {PROFILE_NIST, "password_guess_bits", PROFILE_LESS, NIST_PASSWORDS},
    {PROFILE_NIST, "kdf_memory", PROFILE_LESS, NIST_PASSWORDS},
    {PROFILE_NIST, "kdf_time", PROFILE_LESS, NIST_PASSWORDS},
    /* 3.2.2: guesses are limited */
    {PROFILE_NIST, "attempts_per_source", PROFILE_MORE, NIST_GUESSES},
    {PROFILE_NIST, "attempts_per_account", PROFILE_MORE, NIST_GUESSES},
    {PROFILE_NIST, "attempts_per_change", PROFILE_MORE, NIST_GUESSES},
    {PROFILE_NIST, "attempt_window", PROFILE_LESS, NIST_GUESSES},
    {PROFILE_NIST, "lock_time", PROFILE_LESS, NIST_GUESSES},
    {PROFILE_NIST, "attempt_delay", PROFILE_LESS, NIST_GUESSES},
    {PROFILE_NIST, "attempt_delay_max", PROFILE_LESS, NIST_GUESSES},
    /* 2.2: two different factors, in whatever way they come (AAL2) */
    {PROFILE_NIST, "factor_staff", PROFILE_MORE, NIST_FACTORS},
    {PROFILE_NIST, "factor_privileged", PROFILE_MORE, NIST_FACTORS},
    {PROFILE_NIST, "factor_maintenance", PROFILE_MORE, NIST_FACTORS},
    {PROFILE_NIST, "factor_exempt_places", PROFILE_MORE, NIST_FACTORS},
    {PROFILE_NIST, "factor_exempt_services", PROFILE_MORE, NIST_FACTORS},
    {PROFILE_NIST, "card_places", PROFILE_MORE, NIST_FACTORS},
};

void policy_defaults(struct policy *policy)
{
    policy_profile(policy, POLICY_PROFILE_MHLW_6_0);
}

void policy_profile(struct policy *policy, enum policy_profile profile)
{
    char why[1]; /* every value here is valid: a test shows it */
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    memset(policy, 0, sizeof(*policy));
    policy->calendar.known = true; /* no file is named, so no day is a holiday */
    for (size_t i = 0; i < count; i++)
        (void)policy_set(policy, &keys[i], keys[i].preset, why, sizeof(why));
    for (size_t i = 0; i < MEDGL_COUNT(profile_values); i++)
        if (profile_values[i].profile == profile)
            (void)policy_set(policy, policy_key_find(profile_values[i].key),
                             profile_values[i].value, why, sizeof(why));
    policy->profile = profile;
}

/* 1 where a rule of places leaves nobody out, in its canonical form: what holds for all of the
 * network is no terminal of an administrator. */
static int64_t profile_everywhere(const char *places)
{
    return strcmp(places, "any") == 0 || strstr(places, "0.0.0.0/0") != NULL ||
           strstr(places, "::/0") != NULL;
}

/* A rule that may be empty exempts. A card in this machine's reader proves nothing of who comes
 * over the network. */
static int64_t profile_places(const struct policy_key *key, const char *places)
{
    if (key->least == 0)
        return places[0] != '\0';
    return key->offset == offsetof(struct policy, card_places) ? admission_places_remote(places)
                                                               : profile_everywhere(places);
}

/* A value as a number that can be compared with another of its key. */
static int64_t profile_number(const struct policy *policy, const struct policy_key *key)
{
    const char *member = (const char *)policy + key->offset;
    int64_t number = 0;
    struct policy_span span;
    unsigned choice;
    switch (key->type) {
    case POLICY_TYPE_NUMBER:
    case POLICY_TYPE_SIZE:
        memcpy(&number, member, sizeof(number));
        break;
    case POLICY_TYPE_SPAN:
        memcpy(&span, member, sizeof(span));
        number = policy_span_most(span);
        break;
    case POLICY_TYPE_CHOICE:
        memcpy(&choice, member, sizeof(choice));
        number = choice;
        break;
    case POLICY_TYPE_PLACES:
        number = profile_places(key, member);
        break;
    case POLICY_TYPE_SERVICES:
        number = key->least == 0 && member[0] != '\0';
        break;
    case POLICY_TYPE_DATE: /* "" is at once */
        if (value_parse_date(member, &number) != MEDGL_OK)
            number = INT64_MIN;
        break;
    case POLICY_TYPE_ZONE:
    case POLICY_TYPE_PATHS:
    case POLICY_TYPE_NAMES:
    case POLICY_TYPE_MAIL:
    case POLICY_TYPE_HOURS:
    case POLICY_TYPE_TEXT:
        break;
    }
    return number;
}

static bool profile_side_of(enum profile_side weaker, int64_t value, int64_t wanted)
{
    switch (weaker) {
    case PROFILE_LESS:
        return value < wanted;
    case PROFILE_MORE:
        return value > wanted;
    case PROFILE_LATER:
        return value > wanted || value == 0;
    case PROFILE_OTHER:
        return value != wanted;
    }
    return true;
}

const char *policy_weaker(const struct policy *policy, const struct policy_key *key)
{
    struct policy defaults;
    policy_profile(&defaults, policy->profile);
    int64_t value = profile_number(policy, key), wanted = profile_number(&defaults, key);
    for (size_t i = 0; i < MEDGL_COUNT(profile_rules); i++)
        if ((profile_rules[i].profiles & (1U << policy->profile)) != 0 &&
            strcmp(profile_rules[i].key, key->name) == 0 &&
            profile_side_of(profile_rules[i].weaker, value, wanted))
            return profile_rules[i].clause;
    return NULL;
}
