/* The command line as words: options, nouns, verbs, and what is wrong with them. Acts on nothing.
 */
#include "admin/admin.h"

#include "base/text.h"
#include "factor/card.h"
#include "factor/totp.h"
#include "ledger/entry.h"
#include "ledger/note.h"
#include "operation/account_rules.h"
#include "operation/factors.h"
#include "operation/report.h"
#include "policy/calendar.h"
#include "policy/reset.h"
#include "policy/value.h"

#include <stdio.h>
#include <string.h>

#define NEAR_WORD_MAX 32
#define LAST_MAX      1000000
#define HOW_MANY_MAX  1000
#define AGE_MAX       (36525 * MEDGL_DAY)
#define RANGE_END     (UINT64_MAX - 1) /* one behind it is a number as well */

/* -- the nearest right word ----------------------------------------------------------------- */

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

/* Keeps the candidate if it is close to the word, and closer than what is kept. */
static void near_offer(const char *word, const char *candidate, const char **best)
{
    size_t distance = near_distance(word, candidate);
    if (distance <= 2 && distance < strlen(candidate) &&
        (*best == NULL || distance < near_distance(word, *best)))
        *best = candidate;
}

static enum admin_exit options_unknown(const char *what, const char *prefix, const char *word,
                                       const char *best)
{
    if (best != NULL)
        complain(_("unknown %s \"%s%s\"; did you mean \"%s%s\"?"), what, prefix, word, prefix,
                 best);
    else
        complain(_("unknown %s \"%s%s\"; see medgl-admin --help"), what, prefix, word);
    return ADMIN_USAGE;
}

/* -- values --------------------------------------------------------------------------------- */

/* Each says what is wrong with an option's value. */
typedef bool (*option_check)(const char *name, const char *value);

static bool check_words(const char *name, const char *value, int size)
{
    if (value[strspn(value, " ")] != '\0' && strlen(value) < (size_t)size &&
        text_is_printable(value))
        return true;
    complain(_("--%s needs a text without control characters, of less than %d bytes"), name, size);
    return false;
}

static bool check_text(const char *name, const char *value)
{
    return check_words(name, value, STORE_TEXT_SIZE);
}

/* What is known of a person; nothing takes it away. operation/person.h says what it has to be. */
static bool check_fact(const char *name, const char *value)
{
    return value[0] == '\0' || check_text(name, value);
}

static bool check_path(const char *name, const char *value)
{
    if (value[0] != '\0' && strlen(value) < PATH_MAX)
        return true;
    complain(_("--%s needs the name of a file"), name);
    return false;
}

static bool check_source(const char *name, const char *value)
{
    return check_words(name, value, STORE_SOURCE_SIZE);
}

static bool check_operator(const char *name, const char *value)
{
    return check_words(name, value, STORE_NAME_SIZE);
}

static bool check_name(const char *name, const char *value)
{
    if (text_is_login_name(value))
        return true;
    complain(_("\"%s\" cannot be a login name"), value);
    (void)name;
    return false;
}

/* Of a session, or the beginning of one. */
static bool check_id(const char *value)
{
    size_t len = strlen(value);
    if (len >= CRYPTO_ID_LEAST && len < CRYPTO_ID_SIZE &&
        value[strspn(value, "0123456789abcdef")] == '\0')
        return true;
    complain(_("\"%s\" cannot be an id: those have %d digits and letters from a to f, of which the "
               "first %d will do"),
             value, CRYPTO_ID_SIZE - 1, CRYPTO_ID_LEAST);
    return false;
}

static bool check_origin(const char *name, const char *value)
{
    if (note_name_valid(value))
        return true;
    complain(_("--%s needs 1 to %d ASCII characters without '+' and white space, such as "
               "medgl.hospital.example/host1"),
             name, NOTE_ORIGIN_SIZE - 1);
    return false;
}

static bool check_class(const char *name, const char *value)
{
    enum account_class parsed;
    const char *best = NULL;
    (void)name;
    if (account_class_parse(value, &parsed) == MEDGL_OK)
        return true;
    for (int c = ACCOUNT_CLASS_STAFF; c <= ACCOUNT_CLASS_BREAKGLASS; c++)
        near_offer(value, account_class_word((enum account_class)c), &best);
    (void)options_unknown(_("class"), "", value, best);
    return false;
}

static bool check_kind(const char *name, const char *value)
{
    enum ledger_kind parsed;
    const char *best = NULL;
    (void)name;
    if (ledger_kind_parse(value, &parsed) == MEDGL_OK)
        return true;
    for (int k = 0; k < LEDGER_KIND_COUNT; k++)
        near_offer(value, ledger_kind_word((enum ledger_kind)k), &best);
    (void)options_unknown(_("kind"), "", value, best);
    return false;
}

/* A site has words of its own: which ones is known once the policy is. */
static bool check_method(const char *name, const char *value)
{
    if (policy_is_word(value))
        return true;
    complain(_("--%s needs a word of the policy, such as staff-card or known-in-person"), name);
    return false;
}

bool options_method(const char *method, const struct policy *policy)
{
    char words[POLICY_NAMES_SIZE / 2][POLICY_WORD_SIZE];
    const char *best = NULL;
    for (size_t i = 0;
         i < MEDGL_COUNT(words) && policy_list_word(policy->reset_methods, i, words[i]); i++) {
        if (strcmp(words[i], method) == 0)
            return true;
        near_offer(method, words[i], &best);
    }
    (void)options_unknown(_("method"), "", method, best);
    complain(_("the policy names these (reset_methods): %s"), policy->reset_methods);
    return false;
}

static bool number_parse(const char *value, uint64_t *number)
{
    *number = 0;
    if (value[0] == '\0' || strlen(value) > 18 || value[strspn(value, "0123456789")] != '\0')
        return false;
    for (const char *at = value; *at != '\0'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return true;
}

/* "5", "5-9", "5-". */
static bool range_parse(const char *value, uint64_t *first, uint64_t *last)
{
    char head[24];
    size_t len = strcspn(value, "-");
    if (snprintf(head, sizeof(head), "%.*s", (int)len, value) >= (int)sizeof(head) ||
        !number_parse(head, first))
        return false;
    *last = *first;
    if (value[len] == '\0')
        return true;
    *last = RANGE_END;
    return value[len + 1] == '\0' || (number_parse(value + len + 1, last) && *last >= *first);
}

static bool check_range(const char *name, const char *value)
{
    uint64_t first, last;
    if (range_parse(value, &first, &last))
        return true;
    complain(_("--%s needs the number of an entry, 0 or more, or a range of them: 5, 5-9 or 5-"),
             name);
    return false;
}

/* How many entries a tree has. */
static bool check_size(const char *name, const char *value)
{
    uint64_t number;
    if (number_parse(value, &number))
        return true;
    complain(_("--%s needs a number of entries, 0 or more"), name);
    return false;
}

static bool check_deliver(const char *name, const char *value)
{
    if (strcmp(value, "at-terminal") == 0 || strcmp(value, "slip") == 0)
        return true;
    complain(_("--%s needs at-terminal or slip"), name);
    return false;
}

static bool check_count(const char *name, const char *value, unsigned most)
{
    uint64_t number;
    if (number_parse(value, &number) && number >= 1 && number <= most)
        return true;
    complain(_("--%s needs a number from 1 to %d"), name, (int)most);
    return false;
}

static bool check_last(const char *name, const char *value)
{
    return check_count(name, value, LAST_MAX);
}

static bool check_how_many(const char *name, const char *value)
{
    return check_count(name, value, HOW_MANY_MAX);
}

static bool check_service(const char *name, const char *value)
{
    return check_words(name, value, STORE_NAME_SIZE);
}

/* The rule itself is operation/'s to judge, with what is wrong with it; nothing takes one away. */
static bool check_rule(const char *name, const char *value)
{
    return value[0] == '\0' || check_words(name, value, POLICY_RULE_SIZE);
}

static bool check_sessions_max(const char *name, const char *value)
{
    uint64_t number;
    if (value[0] == '\0' ||
        (number_parse(value, &number) && number <= (uint64_t)rules_sessions_most()))
        return true;
    complain(_("--%s needs a number from 1 to %lld, or 0 for what the class says"), name,
             (long long)rules_sessions_most());
    return false;
}

static bool span_parse(const char *value, int64_t *milliseconds)
{
    struct policy_span span;
    if (value_parse_span(value, &span) != MEDGL_OK)
        return false;
    *milliseconds = policy_span_most(span);
    return true;
}

static bool check_idle(const char *name, const char *value)
{
    int64_t span;
    if (value[0] == '\0' || strcmp(value, "none") == 0 ||
        (span_parse(value, &span) && span >= MEDGL_MINUTE && span <= MEDGL_DAY))
        return true;
    complain(_("--%s needs a time from 1 min to 1 day, such as \"15 min\", or none; an empty one "
               "is what the class says"),
             name);
    return false;
}

static bool check_age(const char *name, const char *value)
{
    int64_t span;
    if (span_parse(value, &span) && span >= MEDGL_DAY && span <= AGE_MAX)
        return true;
    complain(_("--%s needs a time from 1 day to 100 years, such as \"90 days\" or \"6 months\""),
             name);
    return false;
}

static bool check_time(const char *name, const char *value)
{
    if (clock_is_time(value))
        return true;
    complain(_("--%s needs a time: \"2026-11-21 08:00\" or 2026-11-21 in the zone of the site, or "
               "2026-11-21T08:00:00Z"),
             name);
    return false;
}

/* What can be a source at all; operation/ says the rest. */
static bool check_place(const char *name, const char *value)
{
    return check_words(name, value, STORE_SOURCE_SIZE);
}

static bool check_factor(const char *name, const char *value)
{
    return check_words(name, value, NEAR_WORD_MAX);
}

/* One of the words; NULL-terminated. */
static bool check_word(const char *what, const char *const *words, const char *value)
{
    const char *best = NULL;
    for (; *words != NULL; words++) {
        if (strcmp(*words, value) == 0)
            return true;
        near_offer(value, *words, &best);
    }
    (void)options_unknown(what, "", value, best);
    return false;
}

static bool check_answer(const char *name, const char *value)
{
    if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
        return true;
    complain(_("--%s needs yes or no"), name);
    return false;
}

static bool check_result(const char *name, const char *value)
{
    const char *words[] = {
        access_result_word(ACCESS_RESULT_SUCCESS), access_result_word(ACCESS_RESULT_FAILURE),
        access_result_word(ACCESS_RESULT_LOCKED), access_result_word(ACCESS_RESULT_END), NULL};
    (void)name;
    return check_word(_("result"), words, value);
}

static bool check_algorithm(const char *name, const char *value)
{
    const char *words[] = {totp_algorithm_word(TOTP_SHA1), totp_algorithm_word(TOTP_SHA256),
                           totp_algorithm_word(TOTP_SHA512), NULL};
    (void)name;
    return check_word(_("algorithm"), words, value);
}

static bool check_digits(const char *name, const char *value)
{
    if (strcmp(value, "6") == 0 || strcmp(value, "8") == 0)
        return true;
    complain(_("--%s needs 6 or 8"), name);
    return false;
}

static bool check_label(const char *name, const char *value)
{
    return check_words(name, value, STORE_NAME_SIZE);
}

static bool check_match(const char *name, const char *value)
{
    const char *words[] = {card_match_word(CARD_MATCH_EXACT), card_match_word(CARD_MATCH_SERIAL),
                           card_match_word(CARD_MATCH_SUBJECT), NULL};
    (void)name;
    return check_word(_("match"), words, value);
}

const char *const *options_attributes(void)
{
    static const char *const attributes[] = {"CN", "UID", "serialNumber", "emailAddress", NULL};
    return attributes;
}

static bool check_attribute(const char *name, const char *value)
{
    (void)name;
    return check_word(_("attribute"), options_attributes(), value);
}

const char *const *options_formats(void)
{
    static const char *const formats[] = {"users", "google", "pskc", NULL};
    return formats;
}

static bool check_format(const char *name, const char *value)
{
    (void)name;
    return check_word(_("format"), options_formats(), value);
}

const char *const *options_orders(void)
{
    static const char *const orders[] = {"time", "account", "source", "service", NULL};
    return orders;
}

static bool check_order(const char *name, const char *value)
{
    (void)name;
    return check_word(_("order"), options_orders(), value);
}

static bool check_grant_kind(const char *name, const char *value)
{
    const char *words[] = {grant_kind_word(GRANT_FACTOR_WAIVER),
                           grant_kind_word(GRANT_OUT_OF_HOURS), NULL};
    (void)name;
    return check_word(_("kind"), words, value);
}

static bool check_instead(const char *name, const char *value)
{
    const char *words[] = {grant_instead_word(GRANT_INSTEAD_CODE),
                           grant_instead_word(GRANT_INSTEAD_RECOVERY), NULL};
    (void)name;
    return check_word(_("substitute"), words, value);
}

static bool check_codes(const char *name, const char *value)
{
    return check_count(name, value, FACTORS_CODE_MAX);
}

static bool check_own_factor(const char *name, const char *value)
{
    const char *words[] = {
        account_factor_word(ACCOUNT_FACTOR_REQUIRED), account_factor_word(ACCOUNT_FACTOR_OPTIONAL),
        account_factor_word(ACCOUNT_FACTOR_NONE), account_factor_word(ACCOUNT_FACTOR_CLASS), NULL};
    (void)name;
    return check_word(_("rule"), words, value);
}

/* -- the table of options ------------------------------------------------------------------- */

static const struct option_word option_words[] = {
#define OPTION_WORD(id, name, value, check, help) {name, value, help},
    ADMIN_OPTIONS(OPTION_WORD)
#undef OPTION_WORD
};

static const option_check option_checks[] = {
#define OPTION_CHECK(id, name, value, check, help) check,
    ADMIN_OPTIONS(OPTION_CHECK)
#undef OPTION_CHECK
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

uint64_t options_number(const struct options *options, enum option option, uint64_t absent)
{
    uint64_t number;
    return options->value[option] != NULL && number_parse(options->value[option], &number) ? number
                                                                                           : absent;
}

void options_range(const struct options *options, enum option option, uint64_t *first,
                   uint64_t *last)
{
    const char *value = options->value[option];
    if (value != NULL && range_parse(value, first, last))
        return;
    *first = 0;
    *last = RANGE_END;
}

int64_t options_span(const struct options *options, enum option option)
{
    int64_t milliseconds = 0;
    const char *value = options->value[option];
    if (value == NULL || value[0] == '\0')
        return 0;
    return span_parse(value, &milliseconds) ? milliseconds : -1;
}

enum admin_exit options_time(const struct options *options, enum option option, medgl_time *t)
{
    const char *value = options->value[option];
    if (value == NULL || clock_parse_local(value, t) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("--%s: clocks of the site never show %s"), option_words[option].name, value);
    return ADMIN_USAGE;
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
    return options_unknown(_("option"), "--", name, best);
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
    if (option_twin(option) == OPTION_COUNT && option_checks[option] != NULL &&
        !option_checks[option](name, value))
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
        if (!option_checks[option](option_words[option].name, value))
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
            code =
                options_unknown(_("option"), "", word,
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
        return options_unknown(_("noun"), "", noun, best_noun);
    if (words->count > 1)
        return options_unknown(_("verb"), "", word, best_word);
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
    return verb->id ? "ID" : verb->seq ? "SEQ" : verb->key ? "KEY" : "NAME";
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

static bool check_positional(const struct verb *verb, const char *word)
{
    uint64_t number;
    if (verb->id)
        return check_id(word);
    if (!verb->seq && !verb->key)
        return check_name("", word);
    if (verb->seq ? number_parse(word, &number)
                  : strcmp(word, "store") == 0 || strcmp(word, "ledger") == 0)
        return true;
    complain(verb->seq ? _("\"%s\" is no number of an entry")
                       : _("\"%s\" is neither store nor ledger"),
             word);
    return false;
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
    return check_positional(verb, options->name) ? ADMIN_DONE : ADMIN_USAGE;
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
