/* Who has which role (R08): whether there are the groups, who reviews what they do themselves, and
 * who is root besides. Asks the user database of this machine; of a private root it says nothing,
 * as no role holds there. */
#include "operation/doctor.h"
#include "operation/role.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLES_NAMES_SIZE 256

struct roles_found {
    char both[ROLES_NAMES_SIZE]; /* "alice, bob": who is in the group of reviewers and in another */
    size_t left;                 /* of those who do not fit */
    char staff[ROLES_NAMES_SIZE]; /* who has a role, in the class of everybody */
    size_t staff_left;
    bool failed; /* somebody's could not be looked up */
};

static void roles_name(char names[ROLES_NAMES_SIZE], size_t *left, const char *name)
{
    const size_t len = strlen(names);
    if (len + strlen(name) + 3 > ROLES_NAMES_SIZE)
        (*left)++;
    else
        (void)snprintf(names + len, ROLES_NAMES_SIZE - len, "%s%s", len > 0 ? ", " : "", name);
}

static void roles_of_one(struct roles_found *found, const char *name, bool staff)
{
    unsigned roles = 0;
    const enum medgl_error error = role_of_user(name, &roles);
    if (error != MEDGL_OK) {
        found->failed = found->failed || error != MEDGL_ERR_NOT_FOUND;
        return;
    }
    if ((roles & ROLE_AUDIT) != 0 && (roles & (ROLE_HELPDESK | ROLE_SECURITY)) != 0)
        roles_name(found->both, &found->left, name);
    if (staff && roles != 0)
        roles_name(found->staff, &found->staff_left, name);
}

/* Members by name, of the reviewers' group, who are not enrolled here. */
static void roles_of_members(const struct doctor *doctor, struct roles_found *found)
{
    char **members = NULL;
    size_t count = 0;
    const struct group *group = getgrnam(role_group(ROLE_AUDIT));
    while (group != NULL && group->gr_mem[count] != NULL)
        count++;
    if (count == 0 || (members = calloc(count, sizeof(*members))) == NULL)
        return;
    for (size_t i = 0; i < count; i++) /* what it points to is the next call's */
        members[i] = strdup(group->gr_mem[i]);
    for (size_t i = 0; i < count; i++) {
        if (members[i] != NULL && doctor_account_find(doctor, members[i]) == NULL)
            roles_of_one(found, members[i], false);
        free(members[i]);
    }
    free(members);
}

static bool roles_groups_there(struct doctor *doctor)
{
    static const enum role roles[] = {ROLE_HELPDESK, ROLE_SECURITY, ROLE_AUDIT};
    bool there = true;
    for (size_t i = 0; i < MEDGL_COUNT(roles); i++) {
        errno = 0;
        if (getgrnam(role_group(roles[i])) != NULL)
            continue;
        there = false;
        doctor_say(doctor, DOCTOR_WARNING, "roles",
                   errno == 0 || errno == ENOENT
                       ? "the group %s does not exist, and nobody has that role: make it with "
                         "systemd-sysusers or addgroup --system"
                       : "the group %s cannot be looked up, and nobody has that role: see to the "
                         "user database",
                   role_group(roles[i]));
    }
    return there;
}

void doctor_roles(struct doctor *doctor, const struct policy *policy)
{
    struct roles_found found = {.left = 0};
    if (doctor->root[0] != '\0')
        return;
    if (policy != NULL && policy->roles == POLICY_ROLES_NONE) {
        doctor_say(doctor, DOCTOR_WARNING, "roles",
                   "the policy asks for no roles (roles = none): whoever becomes root may do "
                   "everything");
        return;
    }
    if (!roles_groups_there(doctor))
        return;
    for (size_t i = 0; i < doctor->account_count; i++)
        if (doctor->accounts[i].state == ACCOUNT_STATE_ACTIVE)
            roles_of_one(&found, doctor->accounts[i].name,
                         doctor->accounts[i].class_ == ACCOUNT_CLASS_STAFF);
    roles_of_members(doctor, &found);
    if (found.failed)
        doctor_say(doctor, DOCTOR_WARNING, "roles",
                   "the groups of some people cannot be looked up, and they have no role: see to "
                   "the user database");
    if (found.staff[0] != '\0')
        doctor_say(
            doctor, DOCTOR_WARNING, "roles",
            "who has a role is to be held to more than everybody is: of the class staff: "
            "%s%s; medgl-admin account set NAME --class privileged, from where places_privileged "
            "lets them work (account explain NAME)",
            found.staff, found.staff_left > 0 ? ", and others" : "");
    if (found.both[0] != '\0')
        doctor_say(doctor, DOCTOR_WARNING, "roles",
                   "who reviews is not to be who acts: in %s and in another role's group: %s%s; "
                   "take them out of one of the two",
                   role_group(ROLE_AUDIT), found.both, found.left > 0 ? ", and others" : "");
    else if (!found.failed)
        doctor_say(doctor, DOCTOR_OK, "roles", "nobody who reviews is one who acts");
}
