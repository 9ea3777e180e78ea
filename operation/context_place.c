/* The two installations (R32): where each of them is, and which one an account is in. Nothing of
 * the main one is touched on the way to a break-glass account. */
#include "operation/context.h"

#include "base/auto.h"
#include "base/log.h"
#include "operation/context_stuck.h"
#include "operation/emergency.h"
#include "operation/emergency_join.h"
#include "operation/head_seen.h"
#include "operation/identity.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PLACE_LOOK_MS 2000

const char *context_file(enum context_place place, enum context_file file)
{
    const bool breakglass = place == CONTEXT_BREAKGLASS;
    switch (file) {
    case CONTEXT_FILE_STATE:
        return breakglass ? PATH_BREAKGLASS : MEDGL_STATEDIR;
    case CONTEXT_FILE_STORE:
        return breakglass ? PATH_BREAKGLASS_STORE : PATH_STORE;
    case CONTEXT_FILE_STORE_KEY:
        return breakglass ? PATH_BREAKGLASS_KEY : PATH_STORE_KEY;
    case CONTEXT_FILE_STORE_KEY_NEW:
        return breakglass ? PATH_BREAKGLASS_KEY ".new" : PATH_STORE_KEY_NEW;
    case CONTEXT_FILE_LEDGER_KEY:
        return breakglass ? PATH_BREAKGLASS_LEDGER_KEY : PATH_LEDGER_KEY;
    case CONTEXT_FILE_LEDGER_KEY_NEW:
        return breakglass ? PATH_BREAKGLASS_LEDGER_KEY ".new" : PATH_LEDGER_KEY_NEW;
    case CONTEXT_FILE_LEDGER_VKEY:
        return breakglass ? PATH_BREAKGLASS_LEDGER_VKEY : PATH_LEDGER_VKEY;
    case CONTEXT_FILE_CHECKPOINTS:
        return breakglass ? PATH_BREAKGLASS_CHECKPOINTS : PATH_CHECKPOINTS;
    case CONTEXT_FILE_HEAD_SEEN:
        return breakglass ? PATH_BREAKGLASS_HEAD_SEEN : PATH_HEAD_SEEN;
    }
    return NULL;
}

enum medgl_error context_path(const struct context *context, enum context_file file,
                              char path[PATH_MAX])
{
    return path_under(path, context->root, context_file(context->place, file));
}

bool context_there(const char *root, enum context_place place)
{
    static const enum context_file files[] = {CONTEXT_FILE_STORE, CONTEXT_FILE_STORE_KEY};
    for (size_t i = 0; i < MEDGL_COUNT(files); i++) {
        char path[PATH_MAX];
        struct stat st;
        if (path_under(path, root, context_file(place, files[i])) != MEDGL_OK ||
            lstat(path, &st) == 0 || errno != ENOENT)
            return true;
    }
    return false;
}

/* -- the break-glass accounts' ---------------------------------------------------------------- */

static enum medgl_error place_read_emergency(struct store_txn *txn, void *argument)
{
    struct context *context = argument;
    struct emergency_clocks clocks;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_look(context, txn, &clocks, &context->emergency));
    return emergency_undone(context, txn, &clocks, &context->undone);
}

/* For what everybody is told; what opens an account is looked at again where it is decided. */
static void place_look_emergency(struct context *context)
{
    const enum medgl_error error =
        store_transact(context->store, STORE_READ, place_read_emergency, context);
    if (error == MEDGL_OK)
        return;
    context->undone = (struct emergency_undone){.count = 0}; /* an open one is told all the same */
    log_line(LOG_ERR, "what is open of emergencies cannot be read: %s: run medgl-admin doctor",
             medgl_error_text(error));
}

struct place_head {
    struct head_seen seen;
    medgl_time until;
};

static enum medgl_error place_read_head(struct store_txn *txn, void *argument)
{
    struct place_head *head = argument;
    return head_seen_lost_until(txn, &head->seen, &head->until);
}

/* MUST: an envelope that was used is not sealed again by a copy of the store from before. */
static enum medgl_error place_look_put_back(struct context *context)
{
    struct place_head head = {.until = 0};
    head_seen_read(context, &head.seen); /* MUST: before the transaction begins */
    MEDGL_TRY(store_transact(context->store, STORE_READ, place_read_head, &head));
    context->put_back = head.until;
    return MEDGL_OK;
}

static enum medgl_error place_open(const char *root, enum context_need need, int64_t patience_ms,
                                   const struct context *read, struct context *context)
{
    *context = (struct context){.place = CONTEXT_BREAKGLASS, .actor = {.uid = -1}};
    if (!context_there(root, CONTEXT_BREAKGLASS))
        return MEDGL_ERR_NOT_FOUND;
    enum medgl_error error = context_prepare_of(CONTEXT_BREAKGLASS, root, read, context);
    context->patience_ms = patience_ms;
    if (error == MEDGL_OK)
        error = context_store(context, false, need == CONTEXT_READING);
    if (error == MEDGL_OK)
        error = place_look_put_back(context);
    if (error == MEDGL_OK) {
        place_look_emergency(context);
        return MEDGL_OK;
    }
    context_close(context);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_CORRUPT : error; /* a store was there once */
}

/* One that a process keeps to itself cannot even be opened. */
static enum medgl_error place_open_freed(const char *root, enum context_need need,
                                         int64_t patience_ms, const struct context *read,
                                         struct context *context)
{
    const enum medgl_error error = place_open(root, need, patience_ms, read, context);
    if (error != MEDGL_ERR_DEADLINE || !context_end_holder(root, patience_ms))
        return error;
    return place_open(root, need, patience_ms, read, context);
}

static enum medgl_error place_open_breakglass(const char *root, enum context_need need,
                                              const struct context *read, struct context *context)
{
    MEDGL_TRY(place_open_freed(root, need, CONTEXT_PATIENCE_MS, read, context));
    const enum medgl_error error = need == CONTEXT_STATE ? context_unstick(context) : MEDGL_OK;
    if (error != MEDGL_OK)
        context_close(context);
    return error;
}

enum medgl_error context_open_breakglass(const char *root, enum context_need need,
                                         struct context *context)
{
    return place_open_breakglass(root, need, NULL, context);
}

/* -- which of the two ------------------------------------------------------------------------- */

struct place_run {
    const char *name;
    const struct unix_user *user; /* NULL: by the name alone */
    bool here;
};

/* Retired ones too: their names are for good (R25). */
static enum medgl_error place_look(struct store_txn *txn, void *argument)
{
    static const struct unix_user nobody;
    struct place_run *run = argument;
    struct account account;
    enum identity_match match;
    MEDGL_TRY(
        identity_find(txn, run->name, run->user != NULL ? run->user : &nobody, &account, &match));
    run->here = match != IDENTITY_NONE;
    return MEDGL_OK;
}

/* The user database is asked where the name alone does not tell: it may hang while the network is
 * down, and who is in the small store by name does not wait for it. */
static enum medgl_error place_is_here(struct context *small, const char *name, bool *here,
                                      bool *answered)
{
    struct unix_user user;
    struct place_run run = {.name = name};
    MEDGL_TRY(store_transact(small->store, STORE_READ, place_look, &run));
    if (!run.here) {
        const enum medgl_error error = unix_user_find(name, &user);
        *answered = error == MEDGL_OK;
        MEDGL_TRY(error);
        run.user = &user;
        MEDGL_TRY(store_transact(small->store, STORE_READ, place_look, &run));
    }
    *here = run.here;
    return MEDGL_OK;
}

/* For everybody's login, so that it is not waited for long. `small` stays open where it could be.
 */
static bool place_is_breakglass(const char *root, enum context_need need, const char *name,
                                struct context *small, bool *unsure)
{
    bool here = false, answered = true;
    *unsure = false;
    enum medgl_error error = place_open_freed(root, need, PLACE_LOOK_MS, NULL, small);
    if (error == MEDGL_ERR_NOT_FOUND)
        return false;
    if (error == MEDGL_OK)
        error = place_is_here(small, name, &here, &answered);
    if (error == MEDGL_OK)
        return here;
    *unsure = true;
    if (!answered) { /* MUST: without the name, which may be a password that was typed as one */
        log_line(LOG_ERR,
                 "the user database does not say which uid somebody has, which could be a "
                 "break-glass account's: nobody is known not to be enrolled until it does: see to "
                 "nsswitch.conf's services");
        return false;
    }
    log_line(LOG_ALERT,
             "the break-glass accounts in %s%s cannot be looked at (%s): none of them works, and "
             "nobody is known not to be enrolled: run medgl-admin doctor",
             root, PATH_BREAKGLASS, medgl_error_text(error));
    return false;
}

static enum medgl_error place_read_joined(struct store_txn *txn, void *argument)
{
    const struct context *context = argument;
    char origin[NOTE_ORIGIN_SIZE];
    struct joined joined;
    MEDGL_TRY(emergency_join_origin(note_signer_name(context->signer), origin));
    return store_joined_get(txn, origin, &joined);
}

/* Of an installation that is not there: whether it was, by the main ledger. */
static bool place_was_there(struct context *context)
{
    const enum medgl_error error =
        store_transact(context->store, STORE_READ, place_read_joined, context);
    if (error == MEDGL_ERR_NOT_FOUND)
        return false;
    log_line(LOG_ALERT,
             "the break-glass accounts in %s%s are gone, store and key: none of them works, and "
             "nobody is known not to be enrolled: restore a backup",
             context->root, PATH_BREAKGLASS);
    return true;
}

/* Each of the two is opened after a look, so that neither takes less time than the other (R23). */
enum medgl_error context_open_of(const char *root, enum context_need need, const char *user,
                                 struct context *context)
{
    auto_clean(context_close) struct context look = {.store = NULL};
    bool unsure;
    const bool here = place_is_breakglass(root, need, user, &look, &unsure);
    const struct context *read = look.store != NULL ? &look : NULL;
    if (here)
        return place_open_breakglass(root, need, read, context);
    MEDGL_TRY(context_open_as(root, need, read, context));
    context->emergency = look.emergency;
    context->undone = look.undone;
    context->unsure = unsure || (read == NULL && place_was_there(context));
    return MEDGL_OK;
}
