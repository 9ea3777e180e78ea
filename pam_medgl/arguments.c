/* The module's arguments: one table. A word that is not in it is an error and never ignored: what
 * it was meant to forbid would be allowed. */
#include "pam_medgl/module.h"

#include <string.h>
#include <syslog.h>

#define ROOT_MAX 2048 /* every path under it fits PATH_MAX */

static const struct word {
    const char *text; /* whole, or up to the '=' where a value follows */
    bool valued;
    size_t member; /* where the value goes */
    unsigned flag;
} words[] = {
    {"root=", true, offsetof(struct arguments, root), 0},
    {"exempt=", true, offsetof(struct arguments, exempt), 0},
    {"factor=", true, offsetof(struct arguments, factor), 0},
    {"use_first_pass", false, 0, WIRE_FLAG_USE_FIRST_PASS},
    {"try_first_pass", false, 0, WIRE_FLAG_TRY_FIRST_PASS},
    {"debug", false, 0, WIRE_FLAG_DEBUG},
};

/* Takes one argument in; false: it is none of ours, or was there already. */
static bool take_word(const char *given, struct arguments *arguments)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct word *word = &words[i];
        size_t len = strlen(word->text);
        if (!word->valued && strcmp(given, word->text) == 0) {
            arguments->flags |= word->flag;
            return true;
        }
        if (word->valued && strncmp(given, word->text, len) == 0) {
            const char **value = (const char **)((char *)arguments + word->member);
            bool first = *value == NULL;
            *value = given + len;
            return first;
        }
    }
    return false;
}

static bool take_factor(struct arguments *arguments)
{
    const char *factor = arguments->factor;
    if (factor == NULL || strcmp(factor, "policy") == 0)
        return true;
    if (strcmp(factor, "none") == 0)
        arguments->flags |= WIRE_FLAG_FACTOR_NONE;
    else if (strcmp(factor, "only") == 0)
        arguments->flags |= WIRE_FLAG_FACTOR_ONLY;
    else
        return false;
    return true;
}

static bool root_valid(const char *root)
{
    size_t len = root == NULL ? 0 : strlen(root);
    return root == NULL || (root[0] == '/' && len > 1 && len <= ROOT_MAX && root[len - 1] != '/');
}

bool arguments_parse(pam_handle_t *pamh, int argc, const char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){NULL, NULL, NULL, 0};
    for (int i = 0; i < argc; i++)
        if (!take_word(argv[i], arguments)) {
            module_log(pamh, LOG_ERR,
                       "argument \"%s\" is unknown or given twice: correct the service file, see "
                       "pam_medgl(8); every call fails until then",
                       argv[i]);
            return false;
        }
    if (root_valid(arguments->root) && take_factor(arguments))
        return true;
    module_log(pamh, LOG_ERR,
               "root= takes an absolute directory without a '/' at its end, factor= takes policy, "
               "none or only: correct the service file; every call fails until then");
    return false;
}

bool arguments_exempt(const struct arguments *arguments, const char *user)
{
    const char *at = arguments->exempt;
    size_t wanted = strlen(user);
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, ",");
        if (len > 0 && len == wanted && memcmp(at, user, len) == 0)
            return true;
        at += len + (at[len] == ',');
    }
    return false;
}
