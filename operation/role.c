/* What an operator may do: roles by Unix group, and the accounts that a role reaches. Never trusts
 * a name that was given where the kernel knows better; what cannot be looked up gives no role. */
#include "operation/role.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/account.h"
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/person.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum role role;
    const char *word, *group;
} roles_known[] = {
    {ROLE_HELPDESK, "helpdesk", "medgl-helpdesk"},
    {ROLE_SECURITY, "security", "medgl-security"},
    {ROLE_AUDIT, "audit", "medgl-audit"},
    {ROLE_ROOT, "root", NULL},
};

const char *role_group(enum role role)
{
    for (size_t i = 0; i < MEDGL_COUNT(roles_known); i++)
        if (roles_known[i].role == role)
            return roles_known[i].group;
    return NULL;
}

const char *role_word(enum role role)
{
    for (size_t i = 0; i < MEDGL_COUNT(roles_known); i++)
        if (roles_known[i].role == role)
            return roles_known[i].word;
    return "";
}

/* -- whose roles they are ------------------------------------------------------------------------
 */

#define ROLE_BUFFER_MOST ((size_t)64 << 20) /* a group of a directory lists all of its members */

/* The number of a group; MEDGL_ERR_NOT_FOUND: there is none of that name. */
static enum medgl_error role_gid(const char *name, gid_t *gid)
{
    for (size_t size = 4096; size <= ROLE_BUFFER_MOST; size *= 4) {
        auto_free char *buffer = malloc(size);
        struct group group, *found = NULL;
        if (buffer == NULL)
            return MEDGL_ERR_MEMORY;
        int failed = getgrnam_r(name, &group, buffer, size, &found);
        if (failed == ERANGE)
            continue;
        if (found != NULL) {
            *gid = found->gr_gid;
            return MEDGL_OK;
        }
        /* With these the answer is that there is none (getgrnam(3)); any other is no answer. */
        return failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF ||
                       failed == EPERM
                   ? MEDGL_ERR_NOT_FOUND
                   : medgl_error_from_errno(failed);
    }
    return MEDGL_ERR_MEMORY;
}

#define ROLE_GROUPS_MOST 65536 /* as many as the kernel takes (NGROUPS_MAX) */

/* All groups of a user; *count is how many. */
static enum medgl_error role_groups(const char *name, gid_t primary, gid_t **groups, size_t *count)
{
    int room = 64;
    for (;;) {
        int most = room;
        auto_free gid_t *list = calloc((size_t)room, sizeof(*list));
        if (list == NULL)
            return MEDGL_ERR_MEMORY;
        if (getgrouplist(name, primary, list, &most) >= 0) {
            *groups = list;
            list = NULL;
            *count = (size_t)most;
            return MEDGL_OK;
        }
        if (most <= room || most > ROLE_GROUPS_MOST)
            return MEDGL_ERR_MEMORY;
        room = most;
    }
}

enum medgl_error role_of_user(const char *name, unsigned *roles)
{
    auto_free gid_t *groups = NULL;
    size_t count = 0;
    *roles = 0;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM
                   ? MEDGL_ERR_NOT_FOUND
                   : medgl_error_from_errno(errno);
    MEDGL_TRY(role_groups(name, user->pw_gid, &groups, &count));
    unsigned found = 0;
    for (size_t i = 0; i < MEDGL_COUNT(roles_known); i++) {
        gid_t gid = 0;
        if (roles_known[i].group == NULL)
            continue;
        enum medgl_error error = role_gid(roles_known[i].group, &gid);
        if (error == MEDGL_ERR_NOT_FOUND)
            continue;
        MEDGL_TRY(error);
        for (size_t j = 0; j < count; j++)
            if (groups[j] == gid)
                found |= (unsigned)roles_known[i].role;
    }
    *roles = found;
    return MEDGL_OK;
}

/* -- whom they reach -----------------------------------------------------------------------------
 */

enum role_limit {
    ROLE_LIMIT_NONE,
    ROLE_LIMIT_ROLE, /* no role that acts on accounts at all */
    ROLE_LIMIT_OWN,
    ROLE_LIMIT_CLASS,
    ROLE_LIMIT_HOLDER, /* who has a role themselves, or may have */
};

static const char *role_limit_word(enum role_limit limit)
{
    switch (limit) {
    case ROLE_LIMIT_OWN:
        return "own";
    case ROLE_LIMIT_CLASS:
        return "class";
    case ROLE_LIMIT_HOLDER:
        return "holder";
    case ROLE_LIMIT_NONE:
    case ROLE_LIMIT_ROLE:
        break;
    }
    return "role";
}

static bool role_is_bound(const struct context *context)
{
    return context->policy.roles != POLICY_ROLES_NONE && (context->actor.roles & ROLE_ROOT) == 0;
}

bool role_only_reads(const struct context *context)
{
    return role_is_bound(context) &&
           (context->actor.roles & (ROLE_AUDIT | ROLE_SECURITY)) == ROLE_AUDIT;
}

/* Whether the operator is asked about: by the kernel's login uid, or by name. A name that was given
 * is believed where it speaks against whoever gave it. */
static bool role_is_operator(const struct context *context, const struct account *account)
{
    const struct actor *actor = &context->actor;
    if (actor->asserted)
        return text_same_name(actor->name, account->name);
    return role_is_bound(context) && actor->uid >= 0 &&
           (actor->uid == account->uid || strcmp(actor->name, account->name) == 0);
}

struct role_own {
    const struct context *context;
    const struct account *account; /* that is acted on */
    bool own;
};

/* One person's accounts stand for each other: a staff one and a privileged one are not two. */
static enum medgl_error role_own_look(void *argument, const struct account *other)
{
    struct role_own *look = argument;
    look->own = look->own ||
                (role_is_operator(look->context, other) && person_is_same(other, look->account));
    return MEDGL_OK;
}

/* Whether the helpdesk alone stands behind this: who has another role besides is not held to it. */
static bool role_is_helpdesk(const struct context *context)
{
    return role_is_bound(context) && (context->actor.roles & ROLE_HELPDESK) != 0 &&
           (context->actor.roles & ROLE_SECURITY) == 0;
}

/* MUST: who has a role is as high as it, whatever their class: a helpdesk that sets the password of
 * somebody in security's group has that role. Who was not looked up, or could not be, may be one.
 */
static enum role_limit role_limit_of_helpdesk(const struct context *context,
                                              const struct account *account)
{
    const struct role_holder *holder = &context->holder;
    if (account->class_ != ACCOUNT_CLASS_STAFF)
        return ROLE_LIMIT_CLASS;
    return strcmp(holder->name, account->name) == 0 && holder->roles == 0 ? ROLE_LIMIT_NONE
                                                                          : ROLE_LIMIT_HOLDER;
}

static enum medgl_error role_limit(const struct context *context, struct store_txn *txn,
                                   const struct account *account, enum role_limit *limit)
{
    struct role_own look = {.context = context, .account = account};
    look.own = role_is_operator(context, account);
    *limit = ROLE_LIMIT_ROLE;
    MEDGL_TRY(store_account_each(txn, role_own_look, &look));
    if (look.own)
        *limit = ROLE_LIMIT_OWN;
    else if (!role_is_bound(context) || (context->actor.roles & ROLE_SECURITY) != 0)
        *limit = ROLE_LIMIT_NONE;
    else if (role_is_helpdesk(context))
        *limit = role_limit_of_helpdesk(context, account);
    return MEDGL_OK;
}

/* What to do instead; MEDGL_OK: nothing stands against it. */
static enum medgl_error role_say(enum role_limit limit, const struct account *account, char why[])
{
    switch (limit) {
    case ROLE_LIMIT_NONE:
        return MEDGL_OK;
    case ROLE_LIMIT_ROLE:
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("that is for the groups %s and %s: ask somebody who is in one of them"),
                       role_group(ROLE_HELPDESK), role_group(ROLE_SECURITY));
        break;
    case ROLE_LIMIT_OWN:
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s is your own account, and nobody acts on their own: ask another "
                         "operator; your password you change yourself with passwd"),
                       account->name);
        break;
    case ROLE_LIMIT_CLASS:
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s is of the class %s, which the helpdesk does not reach: ask somebody "
                         "in the group %s"),
                       account->name, account_class_word(account->class_),
                       role_group(ROLE_SECURITY));
        break;
    case ROLE_LIMIT_HOLDER:
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s has a role here, or the user database does not say that they have "
                         "none, and the helpdesk does not reach them: ask somebody in the group "
                         "%s"),
                       account->name, role_group(ROLE_SECURITY));
        break;
    }
    return MEDGL_ERR_REFUSED;
}

enum medgl_error role_reaches(const struct context *context, struct store_txn *txn,
                              const struct account *account, char why[])
{
    enum role_limit limit;
    MEDGL_TRY(role_limit(context, txn, account, &limit));
    return role_say(limit, account, why);
}

/* -- refused tries -------------------------------------------------------------------------------
 */

struct role_run {
    struct context *context;
    const char *verb, *name, *why;
};

/* "helpdesk audit"; "" of nobody who has one. */
static void role_words(unsigned roles, char words[64])
{
    size_t len = 0;
    words[0] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(roles_known); i++)
        if ((roles & (unsigned)roles_known[i].role) != 0 && len < 64)
            len += (size_t)snprintf(words + len, 64 - len, "%s%s", len > 0 ? " " : "",
                                    roles_known[i].word);
}

static enum medgl_error role_refused_now(struct store_txn *txn, void *argument)
{
    const struct role_run *run = argument;
    const struct actor *actor = &run->context->actor;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    struct account account;
    char words[64], text[STORE_TEXT_SIZE], who[STORE_NAME_SIZE], brief[65];
    /* A name that nobody has may be a password: it is not kept. */
    enum medgl_error found =
        run->name != NULL ? store_account_by_name(txn, run->name, &account) : MEDGL_ERR_NOT_FOUND;
    if (found != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(found);
    const struct account *about = found == MEDGL_OK ? &account : NULL;
    role_words(actor->roles, words);
    evidence_begin(run->context, &clock, LEDGER_ROLE_REFUSED, about, &entry);
    ledger_entry_text(&entry, "verb", run->verb);
    ledger_entry_text(&entry, "why", run->why);
    ledger_entry_text(&entry, "roles", words);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    if (actor->name[0] != '\0')
        text_printable(who, sizeof(who), actor->name);
    else
        (void)snprintf(who, sizeof(who), "uid %lld", (long long)actor->uid);
    text_printable(brief, sizeof(brief), who);
    (void)snprintf(text, sizeof(text), "%s tried \"medgl-admin %.32s\", which was refused (%.8s).",
                   brief, run->verb, run->why);
    const struct alert_event event = {
        .kind = ALERT_ROLE, .account = about, .text = text, .about = who};
    return alert_raise(run->context, txn, &clock, &event);
}

enum medgl_error operation_role_refused(struct context *context, const char *verb, const char *name,
                                        const char *why)
{
    struct role_run run = {.context = context, .verb = verb, .name = name, .why = why};
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, role_refused_now, &run));
    alert_wake(context);
    return MEDGL_OK;
}

/* -- before anybody is asked anything ------------------------------------------------------------
 */

struct role_question {
    const struct context *context;
    const char *name;
    char *why;
    enum role_limit limit;
};

static enum medgl_error role_find(struct store_txn *txn, void *argument)
{
    struct account account;
    return store_account_by_name(txn, argument, &account);
}

/* MUST: outside of a transaction, which a slow directory would hold; and of names that are enrolled
 * alone: another one may be a password, and goes to no directory. */
static enum medgl_error role_look(struct context *context, const char *name)
{
    char wanted[STORE_NAME_SIZE];
    unsigned roles;
    context->holder = (struct role_holder){.roles = 0};
    if (text_copy(wanted, sizeof(wanted), name) != MEDGL_OK)
        return MEDGL_ERR_NOT_FOUND;
    MEDGL_TRY(store_transact(context->store, STORE_READ, role_find, wanted));
    if (role_is_helpdesk(context) && role_of_user(wanted, &roles) == MEDGL_OK) {
        memcpy(context->holder.name, wanted, sizeof(wanted));
        context->holder.roles = roles;
    }
    return MEDGL_OK;
}

static enum medgl_error role_ask(struct store_txn *txn, void *argument)
{
    struct role_question *question = argument;
    struct account account;
    MEDGL_TRY(store_account_by_name(txn, question->name, &account));
    MEDGL_TRY(role_limit(question->context, txn, &account, &question->limit));
    return role_say(question->limit, &account, question->why);
}

enum medgl_error operation_role_reaches(struct context *context, const char *verb, const char *name,
                                        char why[])
{
    struct role_question question = {.context = context, .name = name, .why = why};
    why[0] = '\0';
    enum medgl_error error = role_look(context, name);
    if (error == MEDGL_OK)
        error = store_transact(context->store, STORE_READ, role_ask, &question);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK; /* the act itself says so */
    if (error != MEDGL_ERR_REFUSED)
        return error;
    MEDGL_TRY(operation_role_refused(context, verb, name, role_limit_word(question.limit)));
    return MEDGL_ERR_REFUSED;
}

enum medgl_error operation_role_beyond(struct context *context, const char *verb, const char *name)
{
    char why[OPERATION_WHY_SIZE];
    const enum medgl_error error = operation_role_reaches(context, verb, name, why);
    return error == MEDGL_OK ? MEDGL_ERR_REFUSED
                             : error; /* changed meanwhile, and nothing was done */
}
