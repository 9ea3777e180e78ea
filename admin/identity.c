/* Who acts, and with what privilege: root becomes the owner of the store for good. Never asks the
 * environment. */
#include "admin/option_check.h"
#include "admin/reset.h"
#include "admin/role.h"
#include "admin/steps.h"

#include "base/privilege.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define ASKED_AT_MOST 3

static enum admin_exit identity_root(struct identity *identity, const char *given)
{
    auto_free char *resolved = NULL;
    struct stat st;
    if (given == NULL)
        return ADMIN_DONE;
    resolved = realpath(given, NULL);
    if (resolved == NULL || stat(resolved, &st) != 0 || !S_ISDIR(st.st_mode)) {
        complain(_("--root %s: there is no such directory."), given);
        return ADMIN_USAGE;
    }
    if (strcmp(resolved, "/") != 0 &&
        text_copy(identity->root, sizeof(identity->root), resolved) != MEDGL_OK)
        return ADMIN_USAGE;
    return ADMIN_DONE;
}

/* Takes over the owner of a directory under the private root, unless that is root. */
static bool identity_directory(struct identity *identity, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    if (path_under(path, identity->root, name) != MEDGL_OK || lstat(path, &st) != 0 ||
        !S_ISDIR(st.st_mode) || st.st_uid == 0)
        return false;
    const struct passwd *user = getpwuid(st.st_uid);
    identity->owner = st.st_uid;
    identity->group = user != NULL ? user->pw_gid : st.st_gid;
    return true;
}

/* Whom root becomes: who owns the private root, or the system user. */
static enum admin_exit identity_for_root(struct identity *identity, bool there)
{
    if (there || (identity->root[0] != '\0' && identity_directory(identity, "")) ||
        privilege_owner(&identity->owner, &identity->group) == MEDGL_OK)
        return ADMIN_DONE;
    return ADMIN_UNUSABLE;
}

/* Another user works where there is no boundary: on what is its own. */
static enum admin_exit identity_for_user(struct identity *identity, bool there)
{
    bool private = identity->root[0] != '\0';
    if (!private && privilege_owner(&identity->owner, &identity->group) != MEDGL_OK)
        return ADMIN_UNUSABLE;
    bool own = (private && !there) || identity->owner == geteuid();
    identity->owner = geteuid();
    identity->group = getegid();
    if (own)
        return ADMIN_DONE;
    if (private)
        complain(_("What is set up under %s does not belong to you: run this as its owner or as "
                   "root."),
                 identity->root);
    else
        complain(_("The keys and the store belong to the system: run this as root (sudo "
                   "medgl-admin ...)."));
    return ADMIN_UNUSABLE;
}

/* Whose the keys and the store are. */
static enum admin_exit identity_owner(struct identity *identity, bool bare)
{
    bool private = identity->root[0] != '\0';
    bool there = private && identity_directory(identity, MEDGL_STATEDIR);
    if (private && !there && !bare) {
        complain(_("Nothing is set up under %s: run medgl-admin setup --root %s first."),
                 identity->root, identity->root);
        return ADMIN_UNUSABLE;
    }
    return identity->from_root ? identity_for_root(identity, there)
                               : identity_for_user(identity, there);
}

/* A wrong answer is asked for again: no act fails for a typing error, and none waits for ever. */
static enum admin_exit identity_ask(char *name, size_t size)
{
    step_say(_("The kernel does not know who is logged in here (no audit login uid). The ledger "
               "will say that the name was given, not proven."));
    for (int i = 0; i < ASKED_AT_MOST; i++) {
        const enum medgl_error error = ask_line(_("Who are you (login name)?"), name, size);
        if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
            return admin_failed(error, "", NULL);
        if (text_says_something(name)) /* of one that was too long nothing is left */
            return ADMIN_DONE;
        step_say(
            _("A name has a letter or a digit, no control characters and less than %zu bytes."),
            size);
    }
    return ADMIN_USAGE;
}

/* R06, R11: the kernel's word goes before the operator's. */
static enum admin_exit identity_actor(struct identity *identity, const struct options *options)
{
    const char *name = options->value[OPTION_OPERATOR];
    actor_from_audit(&identity->actor);
    actor_look_name(&identity->actor);
    if (identity->actor.uid >= 0) {
        if (name == NULL || strcmp(name, identity->actor.name) == 0)
            return ADMIN_DONE;
        complain(_("--operator %s: you are logged in as %s (uid %" PRId64
                   "), and that is what the ledger "
                   "will say. Leave --operator out."),
                 name, identity->actor.name[0] != '\0' ? identity->actor.name : "?",
                 identity->actor.uid);
        return ADMIN_REFUSED;
    }
    if (name != NULL) {
        identity->actor.asserted = true;
        return text_copy(identity->actor.name, sizeof(identity->actor.name), name) == MEDGL_OK
                   ? ADMIN_DONE
                   : ADMIN_USAGE;
    }
    if (!options->verb->changes)
        return ADMIN_DONE;
    if (ask_possible() && options->value[OPTION_JSON] == NULL) {
        identity->actor.asserted = true;
        return identity_ask(identity->actor.name, sizeof(identity->actor.name));
    }
    complain(
        _("The kernel does not know who is logged in here (no audit login uid): say who acts with "
          "--operator NAME. The ledger will say that the name was given, not proven."));
    return ADMIN_USAGE;
}

/* Whose files the options name: the person's who logged in, also behind sudo. */
static enum admin_exit identity_person(struct identity *identity, const struct options *options)
{
    bool files = options->value[OPTION_SLIP] != NULL || options->value[OPTION_OUTPUT] != NULL ||
                 options->value[OPTION_FROM] != NULL || options->value[OPTION_KEY] != NULL ||
                 options->value[OPTION_CERTIFICATE] != NULL ||
                 options->value[OPTION_DOCUMENT] != NULL || reset_asks(options) ||
                 options->value[OPTION_SHADOW] != NULL || options->value[OPTION_VKEY] != NULL ||
                 options->value[OPTION_ARCHIVE] != NULL || options->checkpoint_count > 0;
    identity->person = getuid();
    identity->person_group = getgid();
    if (!files || !identity->from_root || identity->actor.uid <= 0)
        return ADMIN_DONE;
    const struct passwd *user = getpwuid((uid_t)identity->actor.uid);
    if (user == NULL || text_copy(identity->person_name, sizeof(identity->person_name),
                                  user->pw_name) != MEDGL_OK) {
        complain(_("The audit login uid %" PRId64 " belongs to no user: see to the user database."),
                 identity->actor.uid);
        return ADMIN_UNUSABLE;
    }
    identity->person = user->pw_uid;
    identity->person_group = user->pw_gid;
    return ADMIN_DONE;
}

enum admin_exit identity_settle(struct admin *admin)
{
    struct identity *identity = &admin->identity;
    bool bare = admin->options.verb->need == VERB_BARE;
    if (getuid() != geteuid() || getgid() != getegid()) {
        complain(_("This program must not be setuid or setgid: take the bits away."));
        return ADMIN_UNUSABLE;
    }
    identity->from_root = geteuid() == 0;
    enum admin_exit code = identity_root(identity, admin->options.value[OPTION_ROOT]);
    if (code == ADMIN_DONE)
        code = identity_owner(identity, bare);
    if (code == ADMIN_DONE)
        code = identity_actor(identity, &admin->options);
    identity->actor.roles = role_of_identity(identity);
    return code == ADMIN_DONE ? identity_person(identity, &admin->options) : code;
}

bool identity_is_guest(const struct identity *identity)
{
    struct stat st;
    return identity->from_root && identity->root[0] != '\0' && identity->owner != 0 &&
           stat(identity->root, &st) == 0 && st.st_uid == identity->owner;
}

enum admin_exit identity_drop(const struct identity *identity)
{
    if (identity->owner != 0 && privilege_drop(identity->owner, identity->group) == MEDGL_OK &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return ADMIN_DONE;
    complain(_("Could not become uid %u for good (%s); nothing was done."),
             (unsigned)identity->owner, strerror(errno));
    return ADMIN_UNUSABLE;
}
