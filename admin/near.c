/* What was meant by a word that is unknown. */
#include "admin/near.h"

#include <string.h>

static size_t near_least(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance (Levenshtein) of two short words. */
static size_t near_distance(const char *a, const char *b)
{
    size_t row[NEAR_WORD_MAX + 1], b_len = strlen(b);
    if (strlen(a) > NEAR_WORD_MAX || b_len > NEAR_WORD_MAX)
        return NEAR_WORD_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = near_least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

void near_offer(const char *word, const char *candidate, const char **best)
{
    size_t distance = near_distance(word, candidate);
    if (distance <= 2 && distance < strlen(candidate) &&
        (*best == NULL || distance < near_distance(word, *best)))
        *best = candidate;
}

enum admin_exit near_unknown(const char *what, const char *prefix, const char *word,
                             const char *best)
{
    if (best != NULL)
        complain(_("unknown %s \"%s%s\"; did you mean \"%s%s\"?"), what, prefix, word, prefix,
                 best);
    else
        complain(_("unknown %s \"%s%s\"; see medgl-admin --help"), what, prefix, word);
    return ADMIN_USAGE;
}
