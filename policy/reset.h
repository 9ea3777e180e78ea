/* What the policy asks of a password reset (R11): pure functions of its lists of words. */
#ifndef MEDGL_POLICY_RESET_H
#define MEDGL_POLICY_RESET_H

#include "policy/policy.h"

#define POLICY_WORD_SIZE 64

/* The ways in which a new password reaches its owner. */
#define RESET_BY_TERMINAL "at-terminal"
#define RESET_BY_PRINTER  "printer"
#define RESET_BY_FILE     "file"
#define RESET_BY_SCREEN   "screen"

/* Whether a list of words, with commas between, holds the word. */
bool policy_list_has(const char *list, const char *word);
/* Its `n`-th word, from 0; false: it has not so many. */
bool policy_list_word(const char *list, size_t n, char word[POLICY_WORD_SIZE]);

/* Whether it is one: small letters, digits and '-', of less than POLICY_WORD_SIZE bytes. */
bool policy_is_word(const char *word);

/* Whether the policy names the method, asks for a copy of the document with it, asks for a witness
 * with it or for that class, and allows the way. */
bool policy_reset_method(const struct policy *policy, const char *method);
bool policy_reset_document(const struct policy *policy, const char *method);
bool policy_reset_witness(const struct policy *policy, const char *method,
                          enum account_class class_);
bool policy_reset_delivers(const struct policy *policy, const char *way);

/* What is wrong with these keys, untranslated; NULL: nothing. `word`: the one of a list that should
 * not be there, "" where it is no word. */
const char *policy_reset_conflict(const struct policy *policy, char word[POLICY_WORD_SIZE]);

#endif
