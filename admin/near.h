/* What was meant by a word that is unknown. */
#ifndef MEDGL_ADMIN_NEAR_H
#define MEDGL_ADMIN_NEAR_H

#include "admin/admin.h"

#define NEAR_WORD_MAX 32 /* longer words are near to none */

/* Keeps the candidate if it is close to the word, and closer than what is kept. */
void near_offer(const char *word, const char *candidate, const char **best);
/* Says that the word is unknown, and which one is near (NULL: none): ADMIN_USAGE. `what` says what
 * it would have been, `prefix` what stands before it. */
enum admin_exit near_unknown(const char *what, const char *prefix, const char *word,
                             const char *best);

#endif
