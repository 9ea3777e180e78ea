/* libpasswdqc: a second opinion on a candidate, and its filters of breached passwords. Its copies
 * of the candidate are in the heap for the time of a call; it wipes them itself. */
#include "factor/quality_piece.h"

#include <limits.h>
#include <passwdqc.h>
#include <string.h>

/* So many characters have to be left when most of what it knows is taken away: no rule admits
 * fewer. */
#define LEAST 8
/* It looks for each of its 4,096 words at each place; with matches of 6 letters that takes half a
 * millisecond for eight characters, and longer matches are sequences alone. Its words have six
 * letters at most, of which it takes one away: in longer candidates enough is left in any case. */
#define MATCH_SHORT 6
#define MATCH_LONG  7
#define SHORT       8
#define LOOKED_AT   64

static void passwdqc_set(passwdqc_params_qc_t *params, int least, int match)
{
    passwdqc_params_t all;
    passwdqc_params_reset(&all);
    *params = all.qc;
    for (size_t i = 0; i < sizeof(params->min) / sizeof(params->min[0]); i++)
        params->min[i] = least;
    params->max = INT_MAX;
    params->match_length = match;
}

static enum password_weakness passwdqc_weakness(const char *reason)
{
    if (reason == NULL || strcmp(reason, "too short") == 0) /* lengths are the policy's */
        return PASSWORD_WEAKNESS_NONE;
    if (strstr(reason, "dictionary word") != NULL)
        return PASSWORD_WEAKNESS_WORD;
    if (strstr(reason, "sequence") != NULL)
        return PASSWORD_WEAKNESS_SEQUENCE;
    return PASSWORD_WEAKNESS_SIMPLE;
}

enum medgl_error quality_passwdqc_judge(const struct secret *prepared,
                                        enum password_weakness *weakness)
{
    passwdqc_params_qc_t params;
    auto_secret struct secret head = SECRET_NONE;
    MEDGL_TRY(
        secret_copy(&head, prepared->bytes, prepared->len < LOOKED_AT ? prepared->len : LOOKED_AT));
    passwdqc_set(&params, LEAST, prepared->len <= SHORT ? MATCH_SHORT : MATCH_LONG);
    const char *reason = passwdqc_check(&params, (const char *)head.bytes, NULL, NULL);
    if (reason != NULL && strcmp(reason, "check failed") == 0)
        return MEDGL_ERR_MEMORY;
    *weakness = passwdqc_weakness(reason);
    return MEDGL_OK;
}

enum medgl_error quality_passwdqc_filter(int fd, const char *text, bool *found)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
    passwdqc_params_qc_t params;
    passwdqc_set(&params, 0, 0);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    params.filter = path;
    const char *reason = passwdqc_check(&params, text, NULL, NULL);
    /* Of one or two characters it says other things, whatever is asked for, and looks them up
     * nowhere. */
    *found = reason != NULL && strcmp(reason, "appears to be in a database") == 0;
    return reason != NULL && strcmp(reason, "check failed") == 0 ? MEDGL_ERR_CORRUPT : MEDGL_OK;
}
