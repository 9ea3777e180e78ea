/* Whether a new password is an old one in new clothes (R14). Pure; no memory but locked pages. Both
 * functions look at the first SIMILAR_POINTS code points, so that their time is bounded. */
#ifndef MEDGL_FACTOR_SIMILAR_H
#define MEDGL_FACTOR_SIMILAR_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

#define SIMILAR_POINTS 256

/* Both in plain text (the current one is at hand while it is changed): few edits, a long shared
 * piece that leaves too little of its own, changed digits, rotation, reversal, case and usual
 * substitutions, the same stem. Both prepared. *similar starts as true. MEDGL_ERR_MEMORY. */
enum medgl_error similar_to(const struct secret *fresh, const struct secret *current,
                            bool *similar);

/* What stays of a password when case, usual substitutions, digits and symbols at its ends, numbers
 * and separators inside, and repetition are taken away: what people keep while they count up. Two
 * passwords with the same stem are similar. Lower-case UTF-8, not for display: "sakura" is "kur",
 * because letters at the ends for which a digit or a symbol often stands are taken for one. Empty
 * where nothing is left that identifies it (then it is compared with none). */
enum medgl_error similar_stem(const struct secret *prepared, struct secret *stem);

#endif
