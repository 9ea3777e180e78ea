/* Devices that pam_oath and google-authenticator know: their files, a line at a time. */
#include "factor/otp_import.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 1024 /* longer ones are none of these programs */
#define STEP_MOST                                                                                  \
    (INT64_C(253402300800) /                                                                       \
     30) /* of the year 10000: what is beyond would close a device for ever                        \
          */

/* -- lines ------------------------------------------------------------------------------------- */

struct lines {
    const struct secret *text;
    size_t at, number;
    char line[LINE_SIZE]; /* without its end; a copy, to be cut up */
    bool too_long;
};

static void lines_clear(struct lines *lines)
{
    secret_wipe(lines->line, sizeof(lines->line));
}

static bool next_line(struct lines *lines)
{
    const char *from = (const char *)lines->text->bytes + lines->at;
    size_t left = lines->text->len - lines->at;
    if (left == 0)
        return false;
    const char *end = memchr(from, '\n', left);
    size_t len = end != NULL ? (size_t)(end - from) : left;
    lines->at += len + (end != NULL);
    lines->number++;
    lines->too_long = len >= LINE_SIZE || memchr(from, '\0', len) != NULL;
    if (lines->too_long)
        len = 0;
    memcpy(lines->line, from, len);
    if (len > 0 && lines->line[len - 1] == '\r')
        len--;
    lines->line[len] = '\0';
    return true;
}

/* Digits alone, up to `most`. */
static bool number(const char *text, int64_t most, int64_t *value)
{
    char *end;
    if (strspn(text, "0123456789") == 0 || strlen(text) > 18)
        return false;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && *value <= most;
}

static void found_clear(struct otp_found *found)
{
    secret_wipe(found, sizeof(*found));
}

/* -- pam_oath ---------------------------------------------------------------------------------- */

enum {
    USERS_TYPE,
    USERS_NAME,
    USERS_PIN,
    USERS_KEY,
    USERS_COUNTER,
    USERS_LAST,
    USERS_WHEN
};
#define USERS_FIELDS (USERS_WHEN + 1)

static const char *users_type(const char *type, struct totp_record *record)
{
    static const struct {
        const char *type;
        unsigned period, digits;
    } types[] = {
        {"HOTP/T30", 30, 6},   {"HOTP/T30/6", 30, 6}, {"HOTP/T30/8", 30, 8}, {"HOTP/T60", 60, 6},
        {"HOTP/T60/6", 60, 6}, {"HOTP/T60/8", 60, 8}, {"HOTP/T30/7", 30, 7}, {"HOTP/T60/7", 60, 7},
    };
    for (size_t i = 0; i < MEDGL_COUNT(types); i++) {
        if (strcmp(type, types[i].type) == 0) {
            record->period = types[i].period;
            record->digits = types[i].digits;
            return types[i].digits == 7 ? N_("its codes have neither 6 nor 8 digits") : NULL;
        }
    }
    if (strcmp(type, "HOTP") == 0 || strcmp(type, "HOTP/E") == 0 ||
        strncmp(type, "HOTP/E/", 7) == 0)
        return N_("it counts its codes (HOTP) and has no clock");
    return N_("this is no line of pam_oath's users file");
}

static const char *users_key(char *key, struct totp_record *record)
{
    size_t digits = strlen(key);
    for (char *digit = key; *digit != '\0'; digit++)
        *digit = (char)tolower(*digit);
    if (digits / 2 < TOTP_SECRET_LEAST)
        return N_("its secret is too short");
    record->secret_len = digits / 2;
    if (digits / 2 > TOTP_SECRET_MAX ||
        text_unhex(record->secret, record->secret_len, key) != MEDGL_OK)
        return N_("its secret is not hexadecimal");
    return NULL;
}

/* "2026-11-21T08:00:30L", in the zone of the host: of the site. */
static bool users_time(const char *text, medgl_time *when)
{
    char written[20];
    if (strlen(text) != 20 || text[10] != 'T' || text[19] != 'L')
        return false;
    memcpy(written, text, 19);
    written[10] = ' ';
    written[19] = '\0';
    return clock_parse_local(written, when) == MEDGL_OK;
}

/* The code that was used last is looked for around the time when it was; that tells how wrong the
 * device's clock is, too. pam_oath may have taken one from far away, or its file has been moved
 * from another zone: then the time stands for the step. */
static enum medgl_error users_last(const char *code, medgl_time when, struct otp_found *found)
{
    for (int64_t drift = 0; drift <= TOTP_DRIFT_MAX; drift += 2 * TOTP_WINDOW + 1) {
        for (int sign = 1; sign >= -1; sign -= 2) {
            struct totp_state state = {0, sign * drift};
            MEDGL_TRY(totp_check(&found->record, &state, code, when, &found->last, &found->drift));
            if (found->last != 0)
                return MEDGL_OK;
        }
    }
    found->last = totp_step(&found->record, when);
    found->drift = 0;
    return MEDGL_OK;
}

static size_t users_split(char *line, char *fields[USERS_FIELDS + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *field = strtok_r(line, " \t", &rest); field != NULL && count <= USERS_FIELDS;
         field = strtok_r(NULL, " \t", &rest))
        fields[count++] = field;
    return count;
}

/* What is wrong with a line, or NULL. */
static const char *users_read(char *const fields[], size_t count, struct otp_found *found,
                              medgl_time *when)
{
    int64_t counter;
    *when = 0;
    found->record = (struct totp_record){.algorithm = TOTP_SHA1};
    const bool named = count > USERS_NAME && text_is_login_name(fields[USERS_NAME]) &&
                       text_copy(found->user, sizeof(found->user), fields[USERS_NAME]) == MEDGL_OK;
    const char *why = users_type(fields[USERS_TYPE], &found->record);
    if (why != NULL)
        return why;
    if (count <= USERS_KEY || count > USERS_FIELDS)
        return N_("this is no line of pam_oath's users file");
    if (!named)
        return N_("this is no login name");
    if (strcmp(fields[USERS_PIN], "-") != 0 && strcmp(fields[USERS_PIN], "+") != 0)
        return N_("it has a PIN, which is not taken over");
    if (count > USERS_COUNTER && !number(fields[USERS_COUNTER], INT64_MAX, &counter))
        return N_("its counter is no number");
    if (count > USERS_WHEN && !users_time(fields[USERS_WHEN], when))
        return N_("the time of its last use is malformed");
    return users_key(fields[USERS_KEY], &found->record);
}

static enum medgl_error users_line(struct lines *lines, const struct otp_import *import)
{
    char *fields[USERS_FIELDS + 1] = {NULL};
    auto_clean(found_clear) struct otp_found found = {.line = lines->number};
    medgl_time when = 0;
    const char *why = NULL;
    size_t count = users_split(lines->line, fields);
    if (lines->too_long)
        why = N_("this is no line of pam_oath's users file");
    else if (count == 0 || fields[0][0] == '#')
        return MEDGL_OK;
    else
        why = users_read(fields, count, &found, &when);
    if (why != NULL) {
        import->problem(import->argument, lines->number, found.user, "", why);
        return MEDGL_OK;
    }
    if (when != 0)
        MEDGL_TRY(users_last(fields[USERS_LAST], when, &found));
    return import->found(import->argument, &found);
}

/* One line at least that is meant for pam_oath. */
static bool is_users_file(const struct secret *text)
{
    auto_clean(lines_clear) struct lines lines = {.text = text};
    while (next_line(&lines)) {
        if (strncmp(lines.line + strspn(lines.line, " \t"), "HOTP", 4) == 0)
            return true;
    }
    return false;
}

enum medgl_error otp_import_users(const struct secret *text, const struct otp_import *import)
{
    auto_clean(lines_clear) struct lines lines = {.text = text};
    if (!is_users_file(text))
        return MEDGL_ERR_ARGUMENT;
    while (next_line(&lines))
        MEDGL_TRY(users_line(&lines, import));
    return MEDGL_OK;
}

/* -- google-authenticator ---------------------------------------------------------------------- */

struct google {
    struct otp_found found;
    bool totp;
    const char *why; /* the first problem */
};

static void google_clear(struct google *google)
{
    found_clear(&google->found);
}

static void google_problem(struct google *google, const char *why)
{
    if (google->why == NULL)
        google->why = why;
}

/* The steps that were used, in no order. */
static void google_reuse(struct google *google, char *values)
{
    char *rest = NULL;
    for (char *word = strtok_r(values, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        int64_t step;
        if (!number(word, STEP_MOST, &step))
            google_problem(google, N_("what was used of it is malformed"));
        else if (step > google->found.last)
            google->found.last = step;
    }
}

static void google_skew(struct google *google, char *value)
{
    bool behind = *value == '-';
    int64_t steps;
    if (!number(value + behind, TOTP_DRIFT_MAX, &steps))
        google_problem(google, N_("its clock is too far off"));
    else
        google->found.drift = behind ? -steps : steps;
}

static void google_step_size(struct google *google, char *value)
{
    if (strcmp(value, "30") != 0 && strcmp(value, "60") != 0)
        google_problem(google, N_("its codes last neither 30 nor 60 seconds"));
    else
        google->found.record.period = strcmp(value, "30") == 0 ? 30 : 60;
}

static void google_totp(struct google *google, char *value)
{
    google->totp = *value == '\0';
}

static void google_counter(struct google *google, char *value)
{
    (void)value;
    google_problem(google, N_("it counts its codes (HOTP) and has no clock"));
}

/* `" NAME VALUES`; how often codes may be tried and how far off they may be is for our policy. */
static void google_option(struct google *google, char *option)
{
    static const struct {
        const char *name;
        void (*read)(struct google *google, char *values);
    } options[] = {
        {"TOTP_AUTH", google_totp},      {"HOTP_COUNTER", google_counter},
        {"STEP_SIZE", google_step_size}, {"DISALLOW_REUSE", google_reuse},
        {"TIME_SKEW", google_skew},
    };
    char *values = option + strcspn(option, " ");
    if (*values != '\0')
        *values++ = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(options); i++) {
        if (strcmp(option, options[i].name) == 0)
            options[i].read(google, values);
    }
}

/* The first line: base32 and nothing else. False: this is another kind of file. */
static bool google_secret(struct google *google, const struct lines *lines)
{
    struct totp_record *record = &google->found.record;
    if (lines->too_long || strchr(lines->line, '-') != NULL ||
        base32_read(lines->line, strlen(lines->line), record->secret, sizeof(record->secret),
                    &record->secret_len) != MEDGL_OK ||
        record->secret_len == 0)
        return false;
    if (record->secret_len < TOTP_SECRET_LEAST)
        google_problem(google, N_("its secret is too short"));
    return true;
}

static bool google_line(struct google *google, struct lines *lines)
{
    if (lines->too_long)
        return false;
    if (strncmp(lines->line, "\" ", 2) == 0) {
        google_option(google, lines->line + 2);
        return true;
    }
    /* A scratch code, or nothing. */
    return strspn(lines->line, "0123456789") == strlen(lines->line);
}

enum medgl_error otp_import_google(const struct secret *text, const char *user,
                                   const struct otp_import *import)
{
    auto_clean(lines_clear) struct lines lines = {.text = text};
    auto_clean(google_clear) struct google google = {
        .found = {.record = {.algorithm = TOTP_SHA1, .digits = 6, .period = 30}, .line = 1}};
    MEDGL_TRY(text_copy(google.found.user, sizeof(google.found.user), user));
    if (!next_line(&lines) || !google_secret(&google, &lines))
        return MEDGL_ERR_ARGUMENT;
    while (next_line(&lines)) {
        if (!google_line(&google, &lines))
            return MEDGL_ERR_ARGUMENT;
    }
    if (!google.totp)
        google_problem(&google, N_("it counts its codes (HOTP) and has no clock"));
    if (google.why == NULL)
        return import->found(import->argument, &google.found);
    import->problem(import->argument, 1, user, "", google.why);
    return MEDGL_OK;
}
