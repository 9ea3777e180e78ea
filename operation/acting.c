/* Who acts, by the kernel's word, the user database and what is enrolled. Writes nothing, and
 * decides nothing. */
#include "operation/acting.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/caller.h"
#include "operation/identity.h"
#include "operation/refuse.h"

#include <stdlib.h>
#include <string.h>

void acting_free(struct acting *acting)
{
    free(acting->accounts);
    *acting = (struct acting){.uid = -1};
}

/* Of a name that was given, the uid is that user's. */
enum medgl_error acting_look(const struct actor *actor, struct acting *acting,
                             char why[OPERATION_WHY_SIZE])
{
    struct unix_user user;
    *acting = (struct acting){.name = actor->name, .uid = actor->uid};
    if (actor->name[0] == '\0')
        return refuse(why, _("nobody knows who you are: log in under your own name, or say "
                             "--operator"));
    if (unix_user_find(actor->name, &user) != MEDGL_OK)
        return refuse(why, _("the user database gives no answer, so nobody knows which names are "
                             "yours: try again when it does"));
    if (!user.exists)
        return MEDGL_OK;
    if (acting->uid < 0)
        acting->uid = user.uid;
    return text_copy(acting->full_name, sizeof(acting->full_name), user.full_name);
}

/* -- what is enrolled ------------------------------------------------------------------------- */

static enum medgl_error acting_add(struct acting *acting, const struct account *account)
{
    struct account *larger = reallocarray(acting->accounts, acting->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    acting->accounts = larger;
    larger[acting->count++] = *account;
    return MEDGL_OK;
}

static bool acting_owns(const struct acting *acting, const struct account *account)
{
    return (acting->uid >= 0 && acting->uid == account->uid) ||
           text_same_name(acting->name, account->name);
}

static enum medgl_error acting_add_own(void *argument, const struct account *account)
{
    struct acting *acting = argument;
    return acting_owns(acting, account) ? acting_add(acting, account) : MEDGL_OK;
}

/* One person's accounts stand for each other: a staff one and a maintenance one are not two. */
static enum medgl_error acting_add_same(void *argument, const struct account *account)
{
    struct acting *acting = argument;
    bool same = false;
    for (size_t i = 0; i < acting->count; i++) {
        if (strcmp(account->id, acting->accounts[i].id) == 0)
            return MEDGL_OK;
        same |= person_is_same(account, &acting->accounts[i]);
    }
    return same ? acting_add(acting, account) : MEDGL_OK;
}

/* What links two accounts may be a third one, whatever their order: until no more are found. */
enum medgl_error acting_look_accounts(struct store_txn *txn, struct acting *acting)
{
    size_t before = 0;
    acting->count = 0;
    MEDGL_TRY(store_account_each(txn, acting_add_own, acting));
    while (acting->count > before) {
        before = acting->count;
        MEDGL_TRY(store_account_each(txn, acting_add_same, acting));
    }
    return MEDGL_OK;
}

/* -- whether it is they ----------------------------------------------------------------------- */

bool acting_is_uid(const struct acting *acting, int64_t uid)
{
    bool is = uid >= 0 && uid == acting->uid;
    for (size_t i = 0; i < acting->count; i++)
        is |= uid >= 0 && uid == acting->accounts[i].uid;
    return is;
}

bool acting_is_called(const struct acting *acting, const char *name)
{
    bool is = text_same_name(name, acting->name) || text_same_name(name, acting->full_name);
    for (size_t i = 0; i < acting->count; i++) {
        const struct account *account = &acting->accounts[i];
        is |= text_same_name(name, account->name) || text_same_name(name, account->full_name) ||
              text_same_name(name, account->reading) || text_same_name(name, account->staff_number);
    }
    return is;
}

/* Two people of one name may be told apart by what is enrolled of both; what the user database
 * calls the one who acts is not. */
bool acting_is_account(const struct acting *acting, const struct account *account)
{
    bool is = acting_is_uid(acting, account->uid) || text_same_name(acting->name, account->name) ||
              text_same_name(acting->name, account->full_name) ||
              text_same_name(acting->full_name, account->full_name);
    for (size_t i = 0; i < acting->count; i++)
        is |= person_is_same(account, &acting->accounts[i]);
    return is;
}

bool acting_is_source(const struct acting *acting, const char *key)
{
    int64_t uid;
    const char *user = source_key_asker(key, &uid);
    return acting_is_uid(acting, uid) || acting_is_called(acting, user);
}

bool acting_is_actor(const struct acting *acting, const struct ledger_actor *actor)
{
    return acting_is_uid(acting, actor->uid) || acting_is_called(acting, actor->name);
}
