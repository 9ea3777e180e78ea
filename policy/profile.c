/* What the profiles ask for: sets of defaults, and which values fall short of them. Never forbids a
 * value: the ranges of policy/keys.c do. */
#include "policy/policy.h"

#include "base/auto.h"

#include <string.h>

/* Where a profile differs from the presets, which are those of MHLW 6.0. */
static const struct {
    enum policy_profile profile;
    const char *key, *value;
} profile_values[] = {
    {POLICY_PROFILE_MHLW_5_1, "password_rotation", "all"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_long_length", "15"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_kinds", "0"},
    {POLICY_PROFILE_NIST_800_63B_4, "password_rotation", "none"},
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
    for (size_t i = 0; i < count; i++)
        (void)policy_set(policy, &keys[i], keys[i].preset, why, sizeof(why));
    for (size_t i = 0; i < MEDGL_COUNT(profile_values); i++)
        if (profile_values[i].profile == profile)
            (void)policy_set(policy, policy_key_find(profile_values[i].key),
                             profile_values[i].value, why, sizeof(why));
    policy->profile = profile;
}
