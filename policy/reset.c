/* What the policy asks of a password reset (R11). Lists are short: each question walks through
 * them. */
#include "policy/reset.h"

#include <string.h>

#define RESET_BLANKS " \t"

bool policy_list_word(const char *list, size_t n, char word[POLICY_WORD_SIZE])
{
    word[0] = '\0';
    for (size_t i = 0;; i++) {
        list += strspn(list, RESET_BLANKS);
        size_t len = strcspn(list, ",");
        const char *next = list + len;
        while (len > 0 && strchr(RESET_BLANKS, list[len - 1]) != NULL)
            len--;
        if (len == 0)
            return false;
        if (i == n) {
            if (len >= POLICY_WORD_SIZE)
                return false;
            memcpy(word, list, len);
            word[len] = '\0';
            return true;
        }
        if (*next == '\0')
            return false;
        list = next + 1;
    }
}

bool policy_list_has(const char *list, const char *word)
{
    char each[POLICY_WORD_SIZE];
    for (size_t i = 0; policy_list_word(list, i, each); i++)
        if (strcmp(each, word) == 0)
            return true;
    return false;
}

bool policy_is_word(const char *word)
{
    const size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len < POLICY_WORD_SIZE && word[len] == '\0' && word[0] != '-';
}

bool policy_reset_method(const struct policy *policy, const char *method)
{
    return policy_list_has(policy->reset_methods, method);
}

bool policy_reset_document(const struct policy *policy, const char *method)
{
    return policy_list_has(policy->reset_document, method);
}

bool policy_reset_witness(const struct policy *policy, const char *method,
                          enum account_class class_)
{
    return policy_list_has(policy->reset_witness, method) ||
           policy_list_has(policy->reset_witness, account_class_word(class_));
}

bool policy_reset_delivers(const struct policy *policy, const char *way)
{
    return policy_list_has(policy->reset_delivery, way);
}

/* -- rules between the keys ------------------------------------------------------------------- */

/* How many words of a list are well formed; false: one is not. */
static bool reset_words(const char *list, size_t *count)
{
    char word[POLICY_WORD_SIZE];
    size_t commas = 0;
    for (const char *at = list; (at = strchr(at, ',')) != NULL; at++)
        commas++;
    for (*count = 0; policy_list_word(list, *count, word); ++*count)
        if (!policy_is_word(word))
            return false;
    return *count == (list[0] == '\0' ? 0 : commas + 1); /* one that is too long ends the walk */
}

static bool reset_is_class(const char *word)
{
    enum account_class class_;
    return account_class_parse(word, &class_) == MEDGL_OK;
}

/* Of methods alone, or of methods and classes. false: `word` is not. */
static bool reset_all_known(const char *list, const char *methods, bool classes,
                            char word[POLICY_WORD_SIZE])
{
    for (size_t i = 0; policy_list_word(list, i, word); i++)
        if (!policy_list_has(methods, word) && !(classes && reset_is_class(word)))
            return false;
    word[0] = '\0';
    return true;
}

static bool reset_ways_known(const char *list, char word[POLICY_WORD_SIZE])
{
    static const char ways[] =
        RESET_BY_TERMINAL "," RESET_BY_PRINTER "," RESET_BY_FILE "," RESET_BY_SCREEN;
    return reset_all_known(list, ways, false, word);
}

static bool reset_method_is_class(const char *methods)
{
    char word[POLICY_WORD_SIZE];
    for (size_t i = 0; policy_list_word(methods, i, word); i++)
        if (reset_is_class(word))
            return true;
    return false;
}

const char *policy_reset_conflict(const struct policy *policy, char word[POLICY_WORD_SIZE])
{
    size_t methods, documents, witnesses, ways;
    word[0] = '\0';
    if (!reset_words(policy->reset_methods, &methods) || methods == 0)
        return "reset_methods must have words of small letters, digits and '-', with commas "
               "between: staff-card, known-in-person";
    if (reset_method_is_class(policy->reset_methods))
        return "reset_methods must not have the name of a class: reset_witness has both";
    if (!reset_words(policy->reset_document, &documents) ||
        !reset_all_known(policy->reset_document, policy->reset_methods, false, word))
        return "reset_document must have words that reset_methods has, too";
    if (!reset_words(policy->reset_witness, &witnesses) ||
        !reset_all_known(policy->reset_witness, policy->reset_methods, true, word))
        return "reset_witness must have words that reset_methods has, too, or classes of accounts: "
               "staff, privileged, maintenance, breakglass";
    if (!reset_words(policy->reset_delivery, &ways) || ways == 0 ||
        !reset_ways_known(policy->reset_delivery, word))
        return "reset_delivery must have words out of at-terminal, printer, file, screen";
    if (policy->slip_program[0] == '\0' && strcmp(policy->reset_delivery, RESET_BY_PRINTER) == 0)
        return "slip_program must name a program where reset_delivery is printer alone";
    return NULL;
}
