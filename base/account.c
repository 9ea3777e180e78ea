/* The words for what an account is. */
#include "base/account.h"

#include <string.h>

const char *account_class_word(enum account_class class_)
{
    switch (class_) {
    case ACCOUNT_CLASS_STAFF:
        return "staff";
    case ACCOUNT_CLASS_PRIVILEGED:
        return "privileged";
    case ACCOUNT_CLASS_MAINTENANCE:
        return "maintenance";
    case ACCOUNT_CLASS_BREAKGLASS:
        return "breakglass";
    }
    return "unknown";
}

const char *account_state_word(enum account_state state)
{
    switch (state) {
    case ACCOUNT_STATE_DISABLED:
        return "disabled";
    case ACCOUNT_STATE_RETIRED:
        return "retired";
    case ACCOUNT_STATE_ACTIVE:
        return "active";
    }
    return "unknown";
}

enum medgl_error account_class_parse(const char *word, enum account_class *class_)
{
    for (int c = ACCOUNT_CLASS_STAFF; c <= ACCOUNT_CLASS_BREAKGLASS; c++) {
        if (strcmp(word, account_class_word((enum account_class)c)) == 0) {
            *class_ = (enum account_class)c;
            return MEDGL_OK;
        }
    }
    return MEDGL_ERR_ARGUMENT;
}
