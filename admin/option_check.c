/* What is wrong with the value of an option, as far as the words alone tell. */
#include "admin/option_check.h"

#include "admin/near.h"
#include "admin/option_value.h"
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

#include <string.h>

#define LAST_MAX     1000000
#define HOW_MANY_MAX 1000
#define AGE_MAX      (36525 * MEDGL_DAY)

static bool check_words(const char *name, const char *value, int size)
{
    if (strlen(value) < (size_t)size && text_says_something(value))
        return true;
    complain(
        _("--%s needs a text with a letter or a digit, without control characters, of less than "
          "%d bytes"),
        name, size);
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
    (void)near_unknown(_("class"), "", value, best);
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
    (void)near_unknown(_("kind"), "", value, best);
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

/* The number of one. */
static bool check_emergency(const char *value)
{
    uint64_t number;
    if (option_number_parse(value, &number) && number > 0 && number <= UINT32_MAX)
        return true;
    complain(_("\"%s\" is no number of an emergency"), value);
    return false;
}

static bool check_criterion(const char *name, const char *value)
{
    if (policy_is_word(value))
        return true;
    complain(_("--%s needs a word of the policy (emergency_criteria), such as system-failure"),
             name);
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
    (void)near_unknown(_("method"), "", method, best);
    complain(_("the policy names these (reset_methods): %s"), policy->reset_methods);
    return false;
}

static bool check_range(const char *name, const char *value)
{
    uint64_t first, last;
    if (option_range_parse(value, &first, &last))
        return true;
    complain(_("--%s needs the number of an entry, 0 or more, or a range of them: 5, 5-9 or 5-"),
             name);
    return false;
}

/* How many entries a tree has. */
static bool check_size(const char *name, const char *value)
{
    uint64_t number;
    if (option_number_parse(value, &number))
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
    if (option_number_parse(value, &number) && number >= 1 && number <= most)
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
        (option_number_parse(value, &number) && number <= (uint64_t)rules_sessions_most()))
        return true;
    complain(_("--%s needs a number from 1 to %lld, or 0 for what the class says"), name,
             (long long)rules_sessions_most());
    return false;
}

static bool check_idle(const char *name, const char *value)
{
    int64_t span;
    if (value[0] == '\0' || strcmp(value, "none") == 0 ||
        (option_span_parse(value, &span) && span >= MEDGL_MINUTE && span <= MEDGL_DAY))
        return true;
    complain(_("--%s needs a time from 1 min to 1 day, such as \"15 min\", or none; an empty one "
               "is what the class says"),
             name);
    return false;
}

static bool check_age(const char *name, const char *value)
{
    int64_t span;
    if (option_span_parse(value, &span) && span >= MEDGL_DAY && span <= AGE_MAX)
        return true;
    complain(_("--%s needs a time from 1 day to 100 years, such as \"90 days\" or \"6 months\""),
             name);
    return false;
}

static bool check_time(const char *name, const char *value)
{
    if (clock_is_time(value) || option_day_is(value))
        return true;
    complain(_("--%s needs a time: \"2026-11-21 08:00\", 2026-11-21, today or tomorrow in the zone "
               "of the site, or 2026-11-21T08:00:00Z"),
             name);
    return false;
}

static bool check_day(const char *name, const char *value)
{
    if (option_day_is(value))
        return true;
    complain(_("--%s needs a day: 2026-11-21, today or tomorrow"), name);
    return false;
}

/* Nothing takes it away. */
static bool check_company(const char *name, const char *value)
{
    return value[0] == '\0' || check_words(name, value, STORE_NAME_SIZE);
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
    (void)near_unknown(what, "", value, best);
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
                           grant_kind_word(GRANT_OUT_OF_HOURS), grant_kind_word(GRANT_MAINTENANCE),
                           NULL};
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

/* -- which option has which ----------------------------------------------------------------- */

typedef bool (*check_function)(const char *name, const char *value);
static const check_function check_functions[] = {
#define OPTION_CHECK(id, name, value, check, help) check,
    ADMIN_OPTIONS(OPTION_CHECK)
#undef OPTION_CHECK
};

bool option_check(enum option option, const char *value)
{
    const check_function check = check_functions[option];
    return check == NULL || check(option_word(option)->name, value);
}

bool option_check_positional(const struct verb *verb, const char *word)
{
    uint64_t number;
    if (verb->id)
        return check_id(word);
    if (verb->number)
        return check_emergency(word);
    if (!verb->seq && !verb->key)
        return check_name("", word);
    if (verb->seq ? option_number_parse(word, &number)
                  : strcmp(word, "store") == 0 || strcmp(word, "ledger") == 0)
        return true;
    complain(verb->seq ? _("\"%s\" is no number of an entry")
                       : _("\"%s\" is neither store nor ledger"),
             word);
    return false;
}
