/* The command line as words: options, nouns, verbs, and what is wrong with them. Acts on nothing.
 */
#include "admin/admin.h"

#include "admin/near.h"
#include "admin/option_check.h"

#include <stdio.h>
#include <string.h>

/* -- the table of options ------------------------------------------------------------------- */

static const struct option_word option_words[] = {
#define OPTION_WORD(id, name, value, check, help) {name, value, help},
    ADMIN_OPTIONS(OPTION_WORD)
#undef OPTION_WORD
};

/* Two options of one name, of which a verb takes one. It is found as the first. */
static const struct {
    enum option first, second;
} option_twins[] = {
    {OPTION_FROM, OPTION_PLACE},
    {OPTION_KIND, OPTION_GRANT_KIND},
    {OPTION_FACTOR, OPTION_OWN_FACTOR},
};

/* The other one of the first of two; OPTION_COUNT: it has none. */
static enum option option_twin(enum option option)
{
    for (size_t i = 0; i < MEDGL_COUNT(option_twins); i++)
        if (option_twins[i].first == option)
            return option_twins[i].second;
    return OPTION_COUNT;
}

const struct option_word *option_word(enum option option)
{
    return &option_words[option];
}

/* -- parsing -------------------------------------------------------------------------------- */

struct words {
    int argc;
    char *const *argv;
    int at;
    const char *word[4]; /* noun, verb, NAME, and one too many */
    size_t count;
};

static enum admin_exit options_find(const char *word, enum option *option)
{
    const char *best = NULL;
    char name[NEAR_WORD_MAX + 1];
    size_t len = strcspn(word, "=");
    (void)snprintf(name, sizeof(name), "%.*s", (int)(len < NEAR_WORD_MAX ? len : NEAR_WORD_MAX),
                   word);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strlen(option_words[i].name) == len && strncmp(option_words[i].name, word, len) == 0) {
            *option = (enum option)i;
            return ADMIN_DONE;
        }
        near_offer(name, option_words[i].name, &best);
    }
    return near_unknown(_("option"), "--", name, best);
}

/* Takes an option, and its value where it has one, from the words. */
static enum admin_exit options_take(struct options *options, struct words *words)
{
    const char *word = words->argv[words->at] + 2;
    enum option option;
    enum admin_exit code = options_find(word, &option);
    if (code != ADMIN_DONE)
        return code;
    const char *name = option_words[option].name;
    const char *value = strchr(word, '=');
    if (value != NULL)
        value++;
    if (option_words[option].value == NULL) {
        if (value != NULL) {
            complain(_("--%s takes no value"), name);
            return ADMIN_USAGE;
        }
        value = "";
    } else if (value == NULL) {
        /* A forgotten value must not eat the next option. */
        if (words->at + 1 >= words->argc || strncmp(words->argv[words->at + 1], "--", 2) == 0) {
            complain(_("--%s needs a value: --%s=%s"), name, name, option_words[option].value);
            return ADMIN_USAGE;
        }
        value = words->argv[++words->at];
    }
    if (option == OPTION_CHECKPOINT && options->checkpoint_count < ADMIN_CHECKPOINTS_MAX) {
        options->checkpoint[options->checkpoint_count++] = value;
    } else if (options->value[option] != NULL && option_words[option].value != NULL) {
        complain(_("--%s is given too often"), name);
        return ADMIN_USAGE;
    }
    options->value[option] = value;
    if (option_twin(option) == OPTION_COUNT && !option_check(option, value))
        return ADMIN_USAGE;
    return ADMIN_DONE;
}

/* What an option with a twin means is known once the verb is. */
static enum admin_exit options_settle_twins(struct options *options)
{
    for (size_t i = 0; i < MEDGL_COUNT(option_twins); i++) {
        enum option option = option_twins[i].first;
        const char *value = options->value[option];
        if (value == NULL)
            continue;
        options->value[option] = NULL;
        if ((options->verb->options & OPTION_BIT(option_twins[i].second)) != 0)
            option = option_twins[i].second;
        options->value[option] = value;
        if (!option_check(option, value))
            return ADMIN_USAGE;
    }
    return ADMIN_DONE;
}

static enum admin_exit options_words(struct options *options, struct words *words)
{
    enum admin_exit first = ADMIN_DONE;
    bool only_words = false;
    for (words->at = 1; words->at < words->argc; words->at++) {
        const char *word = words->argv[words->at];
        enum admin_exit code = ADMIN_DONE;
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(word, "--", 2) == 0) {
            code = options_take(options, words);
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            code = near_unknown(_("option"), "", word,
                                word[1] == 'h' ? "--help" : (word[1] == 'V' ? "--version" : NULL));
        } else if (words->count < MEDGL_COUNT(words->word)) {
            words->word[words->count++] = word;
        }
        if (first == ADMIN_DONE)
            first = code;
    }
    return first;
}

/* The verb that the first words name; `*used` says how many they are. With --help a noun is enough.
 */
static enum admin_exit options_verb(struct options *options, const struct words *words,
                                    size_t *used)
{
    size_t count;
    const struct verb *verbs = admin_verbs(&count);
    const char *noun = words->word[0], *word = words->count > 1 ? words->word[1] : "";
    const char *best_noun = NULL, *best_word = NULL;
    for (size_t i = 0; i < count; i++) {
        near_offer(noun, verbs[i].noun, &best_noun);
        if (strcmp(verbs[i].noun, noun) != 0)
            continue;
        options->noun = verbs[i].noun;
        if (verbs[i].word[0] == '\0' || strcmp(verbs[i].word, word) == 0) {
            options->verb = &verbs[i];
            *used = verbs[i].word[0] == '\0' ? 1 : 2;
            return ADMIN_DONE;
        }
        near_offer(word, verbs[i].word, &best_word);
    }
    if (options->noun == NULL)
        return near_unknown(_("noun"), "", noun, best_noun);
    if (words->count > 1)
        return near_unknown(_("verb"), "", word, best_word);
    if (options->value[OPTION_HELP] != NULL || options->value[OPTION_VERSION] != NULL)
        return ADMIN_DONE;
    complain(_("%s what? See medgl-admin %s --help"), noun, noun);
    return ADMIN_USAGE;
}

static enum admin_exit options_usage(const struct verb *verb)
{
    auto_free char *usage = verb_usage(verb);
    if (usage != NULL)
        complain(_("usage: %s %s"), ADMIN_PROGRAM, usage);
    return ADMIN_USAGE;
}

/* Whether the verb takes the options that are there, and has those that it needs. */
static enum admin_exit options_fit(const struct options *options)
{
    const struct verb *verb = options->verb;
    for (int i = 0; i < OPTION_COUNT; i++) {
        bool given = options->value[i] != NULL;
        if (given && ((verb->options | OPTIONS_EVERYWHERE) & OPTION_BIT(i)) == 0)
            complain(_("%s%s%s does not take --%s"), verb->noun, verb->word[0] != '\0' ? " " : "",
                     verb->word, option_words[i].name);
        else if (!given && (verb->required & OPTION_BIT(i)) != 0)
            complain(_("--%s %s is missing: %s"), option_words[i].name, option_words[i].value,
                     _(option_words[i].help));
        else
            continue;
        return options_usage(verb);
    }
    return ADMIN_DONE;
}

static enum admin_exit options_forms(const struct options *options)
{
    if (options->value[OPTION_JSON] == NULL || options->value[OPTION_CSV] == NULL)
        return ADMIN_DONE;
    complain(_("either --json or --csv, not both"));
    return options_usage(options->verb);
}

/* What stands behind the verb. */
static const char *verb_positional(const struct verb *verb)
{
    return verb->id       ? "ID"
           : verb->seq    ? "SEQ"
           : verb->key    ? "KEY"
           : verb->number ? "NUMBER"
                          : "NAME";
}

/* An option in the place of NAME: one of the two, and with each the options that go with it. */
static enum admin_exit options_instead(const struct options *options, bool named)
{
    const struct verb *verb = options->verb;
    const option_set others = named ? verb->with_instead : verb->with_name;
    int instead = 0;
    while (OPTION_BIT(instead) != verb->instead)
        instead++;
    if (named == (options->value[instead] != NULL)) {
        complain(named ? _("either %s or --%s, not both") : _("%s or --%s is missing"),
                 verb_positional(verb), option_words[instead].name);
        return options_usage(verb);
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options->value[i] != NULL && (others & OPTION_BIT(i)) != 0) {
            complain(named ? _("--%s goes with --%s alone") : _("--%s does not go with --%s"),
                     option_words[i].name, option_words[instead].name);
            return options_usage(verb);
        }
    return ADMIN_DONE;
}

static bool options_may_lack_name(const struct verb *verb)
{
    return verb->optional || verb->need == VERB_READING_OF_NAME;
}

static enum admin_exit options_name(struct options *options, const struct words *words, size_t used)
{
    const struct verb *verb = options->verb;
    if (words->count > used + (verb->named ? 1 : 0)) {
        complain(_("\"%s\" is one word too many"), words->word[used + (verb->named ? 1 : 0)]);
        return options_usage(verb);
    }
    if (!verb->named)
        return ADMIN_DONE;
    if (words->count == used && options_may_lack_name(verb))
        return ADMIN_DONE;
    if (verb->instead != 0) {
        enum admin_exit code = options_instead(options, words->count > used);
        if (code != ADMIN_DONE || words->count == used)
            return code;
    }
    if (words->count == used) {
        complain(_("%s is missing"), verb_positional(verb));
        return options_usage(verb);
    }
    options->name = words->word[used];
    return option_check_positional(verb, options->name) ? ADMIN_DONE : ADMIN_USAGE;
}

enum admin_exit options_parse(struct options *options, int argc, char *const *argv)
{
    struct words words = {.argc = argc, .argv = argv};
    size_t used = 0;
    enum admin_exit code = options_words(options, &words);
    if (code != ADMIN_DONE)
        return code;
    if (words.count == 0) {
        if (options->value[OPTION_HELP] != NULL || options->value[OPTION_VERSION] != NULL)
            return ADMIN_DONE;
        complain(_("what shall be done? See medgl-admin --help"));
        return ADMIN_USAGE;
    }
    code = options_verb(options, &words, &used);
    if (code != ADMIN_DONE || options->value[OPTION_HELP] != NULL ||
        options->value[OPTION_VERSION] != NULL)
        return code;
    code = options_settle_twins(options);
    if (code == ADMIN_DONE)
        code = options_fit(options);
    if (code == ADMIN_DONE)
        code = options_forms(options);
    return code == ADMIN_DONE ? options_name(options, &words, used) : code;
}

char *verb_usage(const struct verb *verb)
{
    char *line = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&line, &size);
    if (stream == NULL)
        return NULL;
    (void)fprintf(stream, "%s%s%s", verb->noun, verb->word[0] != '\0' ? " " : "", verb->word);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (verb->instead == OPTION_BIT(i))
            (void)fprintf(stream, " (%s | --%s%s%s)", verb_positional(verb), option_words[i].name,
                          option_words[i].value != NULL ? " " : "",
                          option_words[i].value != NULL ? option_words[i].value : "");
    if (verb->named && verb->instead == 0)
        (void)fprintf(stream, options_may_lack_name(verb) ? " [%s]" : " %s", verb_positional(verb));
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_word *word = &option_words[i];
        bool required = (verb->required & OPTION_BIT(i)) != 0;
        if ((verb->options & ~verb->instead & OPTION_BIT(i)) == 0)
            continue;
        (void)fprintf(stream, " %s--%s%s%s%s%s", required ? "" : "[", word->name,
                      word->value != NULL ? " " : "", word->value != NULL ? word->value : "",
                      required ? "" : "]", i == OPTION_CHECKPOINT ? "..." : "");
    }
    return fclose(stream) == 0 ? line : NULL;
}
