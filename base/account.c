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

const char *account_factor_word(enum account_factor factor)
{
    switch (factor) {
    case ACCOUNT_FACTOR_CLASS:
        break;
    case ACCOUNT_FACTOR_REQUIRED:
        return "required";
    case ACCOUNT_FACTOR_OPTIONAL:
        return "optional";
    case ACCOUNT_FACTOR_NONE:
        return "none";
    }
    return "class";
}

const char *factor_kind_word(enum factor_kind kind)
{
    switch (kind) {
    case FACTOR_KIND_NONE:
        break;
    case FACTOR_KIND_TOTP:
        return "totp";
    case FACTOR_KIND_CARD:
        return "card";
    case FACTOR_KIND_RECOVERY:
        return "recovery";
    case FACTOR_KIND_CODE:
        return "code";
    }
    return "none";
}

const char *grant_kind_word(enum grant_kind kind)
{
    switch (kind) {
    case GRANT_FACTOR_WAIVER:
        return "factor-waiver";
    case GRANT_OUT_OF_HOURS:
        return "out-of-hours";
    case GRANT_MAINTENANCE:
        return "maintenance";
    }
    return "unknown";
}

const char *grant_instead_word(enum grant_instead instead)
{
    switch (instead) {
    case GRANT_INSTEAD_NONE:
        break;
    case GRANT_INSTEAD_RECOVERY:
        return "recovery";
    case GRANT_INSTEAD_CODE:
        return "code";
    }
    return "none";
}

enum medgl_error account_factor_parse(const char *word, enum account_factor *factor)
{
    for (int f = ACCOUNT_FACTOR_CLASS; f <= ACCOUNT_FACTOR_NONE; f++)
        if (strcmp(word, account_factor_word((enum account_factor)f)) == 0) {
            *factor = (enum account_factor)f;
            return MEDGL_OK;
        }
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error grant_kind_parse(const char *word, enum grant_kind *kind)
{
    for (int k = GRANT_FACTOR_WAIVER; k <= GRANT_MAINTENANCE; k++)
        if (strcmp(word, grant_kind_word((enum grant_kind)k)) == 0) {
            *kind = (enum grant_kind)k;
            return MEDGL_OK;
        }
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error grant_instead_parse(const char *word, enum grant_instead *instead)
{
    for (int i = GRANT_INSTEAD_RECOVERY; i <= GRANT_INSTEAD_CODE; i++)
        if (strcmp(word, grant_instead_word((enum grant_instead)i)) == 0) {
            *instead = (enum grant_instead)i;
            return MEDGL_OK;
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
