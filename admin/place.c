/* Opens the installation that a verb is about: the main one, that of the break-glass accounts
 * (R32), or both. Decides nothing but where. */
#include "admin/place.h"

#include "base/account.h"

#include <string.h>

const char *options_account(const struct options *options)
{
    const struct verb *verb = options->verb;
    return verb->named && !verb->id && !verb->seq && !verb->key && !verb->number ? options->name
                                                                                 : NULL;
}

/* Accounts are enrolled where their class is. */
static bool place_of_class(const struct options *options)
{
    const char *word = options->value[OPTION_CLASS];
    enum account_class class_;
    return word != NULL && account_class_parse(word, &class_) == MEDGL_OK &&
           class_ == ACCOUNT_CLASS_BREAKGLASS;
}

static enum medgl_error place_breakglass(const struct admin *admin, enum context_need need,
                                         struct context *context)
{
    const enum medgl_error error = context_open_breakglass(admin->identity.root, need, context);
    if (error == MEDGL_ERR_NOT_FOUND)
        complain(_("There is no installation of break-glass accounts here yet: run medgl-admin "
                   "setup, which makes it and changes nothing else."));
    return error;
}

/* What was left out is told, and the verb fails in the end: who reads a list takes it for whole. */
static enum medgl_error place_both(struct admin *admin, enum context_need need)
{
    const char *root = admin->identity.root;
    enum medgl_error error = context_open(root, need, &admin->context);
    const enum medgl_error small = context_open_breakglass(root, need, &admin->small);
    if (error == MEDGL_OK && (small == MEDGL_OK || small == MEDGL_ERR_NOT_FOUND))
        return MEDGL_OK;
    if (error != MEDGL_OK && small != MEDGL_OK)
        return error;
    admin->partial = true;
    admin->lacking = error != MEDGL_OK ? error : small;
    if (error == MEDGL_OK) {
        complain(_("The break-glass accounts are left out: %s. medgl-admin doctor may say more."),
                 medgl_error_text(small));
        return MEDGL_OK;
    }
    complain(_("Only the break-glass accounts can be looked at; the main store cannot: %s. "
               "medgl-admin doctor may say more."),
             medgl_error_text(error));
    admin->context = admin->small;
    admin->small = (struct context){.store = NULL};
    return MEDGL_OK;
}

enum medgl_error place_open(struct admin *admin, enum context_need need)
{
    const char *root = admin->identity.root, *name = options_account(&admin->options);
    const enum verb_place place = admin->options.verb->place;
    admin->partial = false;
    if (admin->options.value[OPTION_BREAKGLASS] != NULL)
        return place_breakglass(admin, need, &admin->context);
    if (name != NULL && place != VERB_OF_CLASS && place != VERB_BREAKGLASS)
        return context_open_of(root, need, name, &admin->context);
    switch (place) {
    case VERB_OF_CLASS:
        if (place_of_class(&admin->options))
            return place_breakglass(admin, need, &admin->context);
        break;
    case VERB_BREAKGLASS:
        return place_breakglass(admin, need, &admin->context);
    case VERB_BOTH:
        return place_both(admin, need);
    case VERB_MAIN:
        break;
    }
    return context_open(root, need, &admin->context);
}

void place_close(struct admin *admin)
{
    context_close(&admin->context);
    context_close(&admin->small);
}
