/* The operator's role, asked before anything else is done: a verb that is for others is refused,
 * and the try is written down by a child that became the store's owner. Opens no file for root. */
#include "admin/role.h"

#include "admin/place.h"
#include "base/log.h"
#include "base/privilege.h"
#include "operation/account.h"
#include "operation/role.h"
#include "policy/load.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* -- what an operator has --------------------------------------------------------------------- */

unsigned role_of_identity(const struct identity *identity)
{
    const struct actor *actor = &identity->actor;
    unsigned roles = 0;
    if (actor->uid <= 0 || (!identity->from_root && identity->root[0] != '\0'))
        return ROLE_ROOT;
    /* A name that is another user's, or nobody's, speaks for nobody. */
    const struct passwd *user = actor->name[0] != '\0' ? getpwnam(actor->name) : NULL;
    if (user == NULL || (int64_t)user->pw_uid != actor->uid)
        return 0;
    enum medgl_error error = role_of_user(actor->name, &roles);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "the groups of %s could not be looked up: %s: see to the user "
                 "database",
                 actor->name, medgl_error_text(error));
    return roles;
}

/* -- what a verb is for ----------------------------------------------------------------------- */

void role_verb_groups(const struct verb *verb, char text[ROLE_TEXT_SIZE])
{
    static const enum role all[] = {ROLE_HELPDESK, ROLE_SECURITY, ROLE_AUDIT};
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(all); i++)
        if ((verb->roles & (unsigned)all[i]) != 0 && len < ROLE_TEXT_SIZE)
            len += (size_t)snprintf(text + len, ROLE_TEXT_SIZE - len, "%s%s", len > 0 ? ", " : "",
                                    role_group(all[i]));
}

void role_verb_words(const struct verb *verb, char text[ROLE_TEXT_SIZE])
{
    static const enum role all[] = {ROLE_HELPDESK, ROLE_SECURITY, ROLE_AUDIT};
    size_t len = 0;
    text[0] = '\0';
    if ((verb->roles & ROLE_EVERYBODY) != 0)
        (void)snprintf(text, ROLE_TEXT_SIZE, "everybody");
    else
        for (size_t i = 0; i < MEDGL_COUNT(all); i++)
            if ((verb->roles & (unsigned)all[i]) != 0 && len < ROLE_TEXT_SIZE)
                len += (size_t)snprintf(text + len, ROLE_TEXT_SIZE - len, "%s%s",
                                        len > 0 ? " " : "", role_word(all[i]));
}

static void role_verb_name(const struct verb *verb, char name[ROLE_TEXT_SIZE])
{
    (void)snprintf(name, ROLE_TEXT_SIZE, "%s%s%s", verb->noun, verb->word[0] != '\0' ? " " : "",
                   verb->word);
}

/* -- a refused try ---------------------------------------------------------------------------- */

/* How the child ends. */
enum role_end {
    ROLE_END_UNBOUND = 40, /* the policy asks for no roles */
    ROLE_END_WRITTEN,
    ROLE_END_LOST, /* refused, and not written down */
};

/* MUST: nothing but the policy itself says that nobody is bound. */
static enum role_end role_write_down(struct admin *admin, const struct identity *identity)
{
    char verb[ROLE_TEXT_SIZE];
    auto_clean(context_close) struct context context = {.store = NULL};
    if (identity_drop(identity) != ADMIN_DONE ||
        policy_load(identity->root, identity->owner, NULL, &context.policy) != MEDGL_OK)
        return ROLE_END_LOST;
    if (context.policy.roles == POLICY_ROLES_NONE)
        return ROLE_END_UNBOUND;
    if (context_open(identity->root, CONTEXT_STATE, &context) != MEDGL_OK)
        return ROLE_END_LOST;
    context.actor = identity->actor;
    role_verb_name(admin->options.verb, verb);
    return operation_role_refused(&context, verb, options_account(&admin->options), "role") ==
                   MEDGL_OK
               ? ROLE_END_WRITTEN
               : ROLE_END_LOST;
}

/* A child, so that root is kept where the policy says that nobody is bound. Ctrl-C does not stop it
 * half-way. */
static enum role_end role_in_child(struct admin *admin, const struct identity *identity)
{
    sigset_t all, before;
    int status = 0;
    pid_t ended = -1;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    const pid_t child = fork();
    if (child == 0)
        _exit((int)role_write_down(admin, identity));
    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        continue;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0 || ended != child || !WIFEXITED(status))
        return ROLE_END_LOST;
    return WEXITSTATUS(status) == ROLE_END_UNBOUND   ? ROLE_END_UNBOUND
           : WEXITSTATUS(status) == ROLE_END_WRITTEN ? ROLE_END_WRITTEN
                                                     : ROLE_END_LOST;
}

static void role_complain(const struct admin *admin, bool elsewhere)
{
    const struct actor *actor = &admin->identity.actor;
    char verb[ROLE_TEXT_SIZE], groups[ROLE_TEXT_SIZE], who[STORE_NAME_SIZE];
    role_verb_name(admin->options.verb, verb);
    role_verb_groups(admin->options.verb, groups);
    if (actor->name[0] != '\0')
        (void)snprintf(who, sizeof(who), "%s", actor->name);
    else
        (void)snprintf(who, sizeof(who), "uid %lld", (long long)actor->uid);
    if (elsewhere)
        complain(
            _("--root is not for sudo: run it as the owner of %s, without sudo. What root does "
              "for %s, it does on the installation of this machine."),
            admin->identity.root, who);
    else if (groups[0] == '\0')
        complain(_("\"%s\" is for root alone, and you logged in as %s."), verb, who);
    else
        complain(_("\"%s\" is for members of %s, and %s is none: ask one of them to do it, or "
                   "whoever manages groups here to make %s a member."),
                 verb, groups, who, who);
}

/* Whether this machine has an installation of its own, with roles of its own. */
static bool role_has_system(void)
{
    return context_there("", CONTEXT_MAIN) || context_there("", CONTEXT_BREAKGLASS);
}

static enum admin_exit role_refuse(struct admin *admin, bool elsewhere)
{
    struct identity identity = admin->identity; /* whose the store is that hears of it */
    enum role_end end = ROLE_END_LOST;
    identity.root[0] = '\0';
    if (!elsewhere || privilege_owner(&identity.owner, &identity.group) == MEDGL_OK)
        end = role_in_child(admin, &identity);
    if (end == ROLE_END_UNBOUND) {
        admin->identity.actor.roles = ROLE_ROOT;
        return ADMIN_DONE;
    }
    role_complain(admin, elsewhere);
    if (end == ROLE_END_WRITTEN)
        complain(_("The try was written down."));
    else
        log_system(LOG_WARNING,
                   "%s (uid %lld) tried \"medgl-admin %s %s\", which their role does not allow; "
                   "the ledger could not be written: see to that",
                   identity.actor.name, (long long)identity.actor.uid, admin->options.verb->noun,
                   admin->options.verb->word);
    return ADMIN_REFUSED;
}

enum admin_exit role_settle(struct admin *admin)
{
    struct identity *identity = &admin->identity;
    const unsigned meant = admin->options.verb->roles;
    /* Links in a private root lead anywhere, and its policy is its owner's. */
    const bool elsewhere = identity->from_root && identity->root[0] != '\0';
    if (elsewhere && !role_has_system())
        identity->actor.roles = ROLE_ROOT;
    if ((identity->actor.roles & ROLE_ROOT) != 0)
        return ADMIN_DONE;
    if (!elsewhere && (meant & (identity->actor.roles | ROLE_EVERYBODY)) != 0)
        return ADMIN_DONE;
    return role_refuse(admin, elsewhere);
}

/* -- whom it reaches -------------------------------------------------------------------------- */

enum admin_exit role_reaches_named(struct admin *admin)
{
    char verb[ROLE_TEXT_SIZE], why[OPERATION_WHY_SIZE];
    const char *name = options_account(&admin->options);
    /* A grant says first who may approve it. */
    if (name == NULL || !admin->options.verb->changes || admin->options.verb->run == grant_add)
        return ADMIN_DONE;
    role_verb_name(admin->options.verb, verb);
    return admin_failed(operation_role_reaches(&admin->context, verb, name, why), name, why);
}
