/* Judging a candidate password: facts from factor/, the verdict from policy/, and the sentence that
 * explains it (R13, R14, R19). Asks nobody and stores nothing; no sentence holds any of the
 * password. */
#include "operation/judge.h"

#include "base/log.h"
#include "base/message.h"
#include "factor/password.h"
#include "factor/similar.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* One in thousands is refused by chance; a policy that refuses so many in a row accepts none. */
#define JUDGE_DRAWS 16

/* The first label of this machine's name, and the policy's names. */
static enum medgl_error judge_name_places(struct judge *judge)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof(host)) != 0)
        return MEDGL_ERR_IO;
    host[HOST_NAME_MAX] = '\0';
    host[strcspn(host, ".")] = '\0';
    (void)snprintf(judge->places, sizeof(judge->places), "%s%s%s", host,
                   host[0] != '\0' && judge->policy->institution[0] != '\0' ? "," : "",
                   judge->policy->institution);
    return MEDGL_OK;
}

enum medgl_error judge_open(const char *root, const struct policy *policy, struct judge *judge)
{
    const struct quality_lists_request request = {.root = root,
                                                  .owner = geteuid(),
                                                  .blocklists = policy->password_blocklist,
                                                  .filter = policy->password_breach_filter};
    *judge = (struct judge){.policy = policy};
    MEDGL_TRY(judge_name_places(judge));
    enum medgl_error error = quality_lists_open(&request, &judge->lists);
    if (error != MEDGL_OK)
        log_line(LOG_ERR,
                 "no password can be set: a list that the policy names cannot be used (%s): see "
                 "the line before, or take it out of password_blocklist or "
                 "password_breach_filter",
                 medgl_error_text(error));
    return error;
}

void judge_close(struct judge *judge)
{
    quality_lists_free(&judge->lists);
}

static enum medgl_error judge_quality(const struct judge *judge, const struct judge_case *subject,
                                      const struct secret *prepared,
                                      struct password_candidate *candidate)
{
    const struct account *account = subject->account;
    struct quality_person person = {.places = judge->places};
    struct quality quality = {.refused = true};
    if (account != NULL)
        person = (struct quality_person){.login_name = account->name,
                                         .full_name = account->full_name,
                                         .reading = account->reading,
                                         .staff_number = account->staff_number,
                                         .birth_date = account->birth_date,
                                         .places = judge->places};
    MEDGL_TRY(quality_assess(judge->lists, &person, subject->typed, prepared, &quality));
    candidate->full_width = quality.full_width;
    candidate->weakness = quality.weakness;
    candidate->weakness_refused = quality.refused;
    candidate->guess_bits = quality.bits;
    return MEDGL_OK;
}

/* What is no text to us now may have come with an imported hash: then nothing is the same. */
static enum medgl_error judge_against_current(const struct judge_case *subject,
                                              const struct secret *prepared,
                                              struct password_candidate *candidate)
{
    auto_secret struct secret current = SECRET_NONE;
    if (subject->current == NULL)
        return MEDGL_OK;
    enum medgl_error error = password_prepare(subject->current, &current);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_ARGUMENT ? MEDGL_OK : error;
    candidate->same_as_current =
        secret_equal(current.bytes, current.len, prepared->bytes, prepared->len);
    return similar_to(prepared, &current, &candidate->similar_to_current);
}

enum medgl_error judge_candidate(const struct judge *judge, const struct judge_case *subject,
                                 struct secret *prepared, struct password_candidate *candidate)
{
    struct password_composition found;
    *candidate = (struct password_candidate){.second_factor = subject->second_factor,
                                             .weakness_refused = true};
    if (subject->typed->len > PASSWORD_BYTES_MAX) {
        candidate->valid_text = true;
        candidate->length = UINT32_MAX;
        return MEDGL_OK;
    }
    enum medgl_error error = password_prepare(subject->typed, prepared);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_ARGUMENT ? MEDGL_OK : error;
    password_compose(prepared, &found);
    candidate->valid_text = true;
    candidate->length = found.length;
    candidate->letters = found.letters;
    candidate->digits = found.digits;
    candidate->symbols = found.symbols;
    MEDGL_TRY(judge_quality(judge, subject, prepared, candidate));
    return judge_against_current(subject, prepared, candidate);
}

enum medgl_error judge_suggest(const struct judge *judge, const struct account *account,
                               struct secret *password)
{
    for (int draw = 0; draw < JUDGE_DRAWS; draw++) {
        auto_secret struct secret drawn = SECRET_NONE;
        auto_secret struct secret prepared = SECRET_NONE;
        struct password_candidate candidate;
        const struct judge_case subject = {.account = account, .typed = &drawn};
        MEDGL_TRY(password_generate((size_t)judge->policy->password_long_length, &drawn));
        MEDGL_TRY(judge_candidate(judge, &subject, &prepared, &candidate));
        if (policy_password_check(judge->policy, &candidate).refusal == PASSWORD_ACCEPTED) {
            *password = drawn;
            drawn = (struct secret)SECRET_NONE;
            return MEDGL_OK;
        }
    }
    log_line(LOG_ERR, "no generated password meets the policy: see medgl-admin policy show");
    return MEDGL_ERR_POLICY;
}

/* -- sentences ------------------------------------------------------------------------------ */

static const char *judge_weakness_sentence(enum password_weakness weakness)
{
    switch (weakness) {
    case PASSWORD_WEAKNESS_NAME:
        return _("This password contains your own name: choose another one.");
    case PASSWORD_WEAKNESS_STAFF_NUMBER:
        return _("This password contains your staff number: choose another one.");
    case PASSWORD_WEAKNESS_BIRTH_DATE:
        return _("This password contains your birth date: choose another one.");
    case PASSWORD_WEAKNESS_PLACE:
        return _("This password contains the name of this machine or of your institution: choose "
                 "another one.");
    case PASSWORD_WEAKNESS_WORD:
        return _("This password is made of common words or names and easy to guess: take several "
                 "words that have nothing to do with each other.");
    case PASSWORD_WEAKNESS_KEYBOARD:
        return _("This password runs along neighbouring keys and is easy to guess: choose another "
                 "one.");
    case PASSWORD_WEAKNESS_SEQUENCE:
        return _("This password counts up or down and is easy to guess: choose another one.");
    case PASSWORD_WEAKNESS_REPEAT:
        return _("This password repeats itself and is easy to guess: choose another one.");
    case PASSWORD_WEAKNESS_DATE:
        return _("This password is a date with little else and easy to guess: choose another one.");
    case PASSWORD_WEAKNESS_BLOCKLIST:
        return _("This password is on a list of those that are not allowed here: choose another "
                 "one.");
    case PASSWORD_WEAKNESS_BREACHED:
        return _("This password is known to strangers from a data breach: choose another one, and "
                 "use it nowhere else.");
    case PASSWORD_WEAKNESS_SIMPLE:
    case PASSWORD_WEAKNESS_NONE:
        break;
    }
    return _("This password is too simple: use more characters, and more different ones.");
}

static void judge_say_short(const struct policy *policy, bool second_factor,
                            char text[JUDGE_TEXT_SIZE])
{
    const long long least = policy_password_least(policy, second_factor);
    const long long better = policy->password_long_length;
    if (second_factor || least >= better)
        (void)snprintf(text, JUDGE_TEXT_SIZE,
                       _("This password is too short: use %lld or more characters."), least);
    else
        (void)snprintf(text, JUDGE_TEXT_SIZE,
                       _("This password is too short: use %lld or more characters, better %lld."),
                       least, better);
}

static void judge_say_kinds(const struct policy *policy, char text[JUDGE_TEXT_SIZE])
{
    const char *all = _("This password needs letters, digits and symbols, each at least once.");
    const char *two = _("This password needs two of these at least: letters, digits, symbols.");
    (void)snprintf(text, JUDGE_TEXT_SIZE, "%s", policy->password_kinds > 2 ? all : two);
}

static void judge_say(const char *sentence, char text[JUDGE_TEXT_SIZE])
{
    (void)snprintf(text, JUDGE_TEXT_SIZE, "%s", sentence);
}

void judge_explain(const struct policy *policy, const struct password_verdict *verdict,
                   bool second_factor, char text[JUDGE_TEXT_SIZE])
{
    text[0] = '\0';
    switch (verdict->refusal) {
    case PASSWORD_ACCEPTED:
        return;
    case PASSWORD_REFUSED_TEXT:
        return judge_say(_("This password has characters that cannot be used: leave out control "
                           "characters and check the input method."),
                         text);
    case PASSWORD_REFUSED_TOO_LONG:
        (void)snprintf(text, JUDGE_TEXT_SIZE, _("This password is too long: use at most %d bytes."),
                       PASSWORD_BYTES_MAX);
        return;
    case PASSWORD_REFUSED_FULL_WIDTH:
        return judge_say(_("This password has full-width characters: switch the input method off "
                           "(半角英数) and type it again."),
                         text);
    case PASSWORD_REFUSED_TOO_SHORT:
        return judge_say_short(policy, second_factor, text);
    case PASSWORD_REFUSED_KINDS:
        return judge_say_kinds(policy, text);
    case PASSWORD_REFUSED_SAME:
        return judge_say(_("This is the current password: choose a new one."), text);
    case PASSWORD_REFUSED_GUESSABLE:
        return judge_say(judge_weakness_sentence(verdict->weakness), text);
    case PASSWORD_REFUSED_SIMILAR:
        return judge_say(_("This password is too similar to the current one: choose one that has "
                           "nothing to do with it."),
                         text);
    case PASSWORD_REFUSED_USED:
        return judge_say(_("This password was used before: choose a new one."), text);
    case PASSWORD_REFUSED_SIMILAR_FORMER:
        return judge_say(_("This password is too similar to one that was used before: choose one "
                           "that has nothing to do with it."),
                         text);
    }
}

void judge_announce(const struct policy *policy, bool second_factor, char text[JUDGE_TEXT_SIZE])
{
    const long long least = policy_password_least(policy, second_factor);
    const long long longer = policy->password_long_length;
    const char *kinds = policy->password_kinds > 2   ? _("letters, digits and symbols")
                        : policy->password_kinds > 1 ? _("two of: letters, digits, symbols")
                                                     : _("of any kind");
    bool alone = policy->password_rotation != POLICY_ROTATION_ALL;
    if (second_factor || (alone && least >= longer))
        (void)snprintf(text, JUDGE_TEXT_SIZE,
                       _("Choose a password of %lld or more characters (%s) that is not easy to "
                         "guess and unlike earlier ones."),
                       least, kinds);
    else if (alone)
        (void)snprintf(text, JUDGE_TEXT_SIZE,
                       _("Choose a password of %lld or more characters (%s) that is not easy to "
                         "guess and unlike earlier ones; one of %lld or more is accepted too, but "
                         "must be changed regularly."),
                       longer, kinds, least);
    else
        (void)snprintf(text, JUDGE_TEXT_SIZE,
                       _("Choose a password of %lld or more characters (%s) that is not easy to "
                         "guess and unlike earlier ones; it must be changed regularly."),
                       least, kinds);
}
