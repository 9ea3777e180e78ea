/* Questions to the operator, step by step, on their terminal. */
#include "admin/steps.h"

#include "base/text.h"
#include "policy/reset.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHOICES_MAX 64

void step_say(const char *format, ...)
{
    char text[1024], harmless[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text_printable(harmless, sizeof(harmless), text);
    (void)fprintf(stderr, "%s\n", harmless);
}

enum medgl_error step_ask_text(const char *question, bool needed, char *text, size_t size)
{
    for (;;) {
        enum medgl_error error = ask_line(question, text, size);
        const bool good =
            error == MEDGL_OK && (needed ? text_says_something(text) : text_is_printable(text));
        if (error == MEDGL_ERR_ARGUMENT || (error == MEDGL_OK && !good && text[0] != '\0'))
            step_say(_("That is too long, or no text. Once more:"));
        else if (good || error != MEDGL_OK)
            return error;
    }
}

enum medgl_error step_ask_choice(const struct step_choice *choices, size_t count, size_t *chosen)
{
    char answer[POLICY_WORD_SIZE], number[24];
    for (size_t i = 0; i < count; i++)
        step_say("  %zu  %s%s%s", i + 1, choices[i].word, choices[i].text[0] != '\0' ? ": " : "",
                 choices[i].text);
    for (;;) {
        MEDGL_TRY(step_ask_text(_("Number:"), true, answer, sizeof(answer)));
        for (*chosen = 0; *chosen < count; ++*chosen) {
            (void)snprintf(number, sizeof(number), "%zu", *chosen + 1);
            if (strcmp(answer, number) == 0 || strcmp(answer, choices[*chosen].word) == 0)
                return MEDGL_OK;
        }
        step_say(_("Type one of the numbers."));
    }
}

static const char *step_meaning(const char *word, const struct step_choice *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].word, word) == 0)
            return _(known[i].text);
    return "";
}

enum medgl_error step_ask_word(const char *words, const struct step_choice *known, size_t count,
                               char chosen[POLICY_WORD_SIZE])
{
    char word[CHOICES_MAX][POLICY_WORD_SIZE];
    struct step_choice choices[CHOICES_MAX];
    size_t there = 0, number;
    for (; there < CHOICES_MAX && policy_list_word(words, there, word[there]); there++)
        choices[there] = (struct step_choice){word[there], step_meaning(word[there], known, count)};
    MEDGL_TRY(step_ask_choice(choices, there, &number));
    return text_copy(chosen, POLICY_WORD_SIZE, word[number]);
}
