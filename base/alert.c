/* The words for what an administrator is told at once. */
#include "base/alert.h"

#include <string.h>

const char *alert_kind_word(enum alert_kind kind)
{
    switch (kind) {
#define ALERT_KIND_WORD(id, number, word, urgent, help)                                            \
    case ALERT_##id:                                                                               \
        return word;
        ALERT_KINDS(ALERT_KIND_WORD)
#undef ALERT_KIND_WORD
    }
    return "unknown";
}

bool alert_kind_urgent(enum alert_kind kind)
{
    switch (kind) {
#define ALERT_KIND_URGENT(id, number, word, urgent, help)                                          \
    case ALERT_##id:                                                                               \
        return urgent;
        ALERT_KINDS(ALERT_KIND_URGENT)
#undef ALERT_KIND_URGENT
    }
    return true;
}

enum medgl_error alert_kind_parse(const char *word, enum alert_kind *kind)
{
#define ALERT_KIND_PARSE(id, number, its_word, urgent, help)                                       \
    if (strcmp(word, its_word) == 0) {                                                             \
        *kind = ALERT_##id;                                                                        \
        return MEDGL_OK;                                                                           \
    }
    ALERT_KINDS(ALERT_KIND_PARSE)
#undef ALERT_KIND_PARSE
    return MEDGL_ERR_ARGUMENT;
}
