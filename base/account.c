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

const char *password_strength_word(enum password_strength strength)
{
    switch (strength) {
    case PASSWORD_STRENGTH_NONE:
        break;
    case PASSWORD_STRENGTH_SHORT:
        return "short";
    case PASSWORD_STRENGTH_LONG:
        return "long";
    }
    return "none";
}

const char *password_weakness_word(enum password_weakness weakness)
{
    switch (weakness) {
    case PASSWORD_WEAKNESS_NONE:
        return "none";
    case PASSWORD_WEAKNESS_NAME:
        return "name";
    case PASSWORD_WEAKNESS_STAFF_NUMBER:
        return "staff-number";
    case PASSWORD_WEAKNESS_BIRTH_DATE:
        return "birth-date";
    case PASSWORD_WEAKNESS_PLACE:
        return "place";
    case PASSWORD_WEAKNESS_WORD:
        return "word";
    case PASSWORD_WEAKNESS_KEYBOARD:
        return "keyboard";
    case PASSWORD_WEAKNESS_SEQUENCE:
        return "sequence";
    case PASSWORD_WEAKNESS_REPEAT:
        return "repeat";
    case PASSWORD_WEAKNESS_DATE:
        return "date";
    case PASSWORD_WEAKNESS_BLOCKLIST:
        return "blocklist";
    case PASSWORD_WEAKNESS_BREACHED:
        return "breached";
    case PASSWORD_WEAKNESS_SIMPLE:
        return "simple";
    }
    return "simple";
}
