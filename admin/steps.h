/* What wizards ask an operator on the terminal: for the steps of a reset and of an emergency. */
#ifndef MEDGL_ADMIN_STEPS_H
#define MEDGL_ADMIN_STEPS_H

#include "admin/admin.h"

#include "policy/reset.h"

/* On standard error, control characters made harmless. */
void step_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of text for the ledger. `needed`: one that says nothing is asked for again.
 * MEDGL_ERR_ABORTED: the end of it all. */
enum medgl_error step_ask_text(const char *question, bool needed, char *text, size_t size);

struct step_choice {
    const char *word, *text;
};
/* By its number or its word. */
enum medgl_error step_ask_choice(const struct step_choice *choices, size_t count, size_t *chosen);
/* One of the policy's `words`, by its number or as it is. `known` are those that are shipped, with
 * what they mean, for gettext; a site knows what its own mean. */
enum medgl_error step_ask_word(const char *words, const struct step_choice *known, size_t count,
                               char chosen[POLICY_WORD_SIZE]);

#endif
