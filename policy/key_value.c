/* The values of keys, by their types: what a key takes, how it is set from its notation and written
 * in it. Knows no key by its name. */
#include "base/text.h"
#include "policy/admission.h"
#include "policy/calendar.h"
#include "policy/policy.h"
#include "policy/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_BLANKS  " \t"
#define KEY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A limit of a key in its own notation; a span's most of whole 31 days stands for months. */
static void key_limit(const struct policy_key *key, int64_t limit, char *text, size_t size)
{
    if (key->type == POLICY_TYPE_SIZE)
        value_format_size(limit, text, size);
    else if (key->type != POLICY_TYPE_SPAN)
        (void)snprintf(text, size, "%" PRId64, limit);
    else if (limit % POLICY_MONTH == 0)
        value_format_span((struct policy_span){(int32_t)(limit / POLICY_MONTH), 0}, text, size);
    else
        value_format_span((struct policy_span){0, limit}, text, size);
}

/* "6 or 8", "no or yes" */
static void key_choices(const struct policy_key *key, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; key->choices[i] != NULL && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : " or ",
                                 key->choices[i]);
    if (key->also != NULL && used < size)
        (void)snprintf(text + used, size - used, " (%s is %s)", key->also, key->choices[0]);
}

void policy_key_range(const struct policy_key *key, char *text, size_t size)
{
    char least[32], most[32];
    const char *empty = key->least == 0 ? "empty, " : "";
    key_limit(key, key->least, least, sizeof(least));
    key_limit(key, key->most, most, sizeof(most));
    switch (key->type) {
    case POLICY_TYPE_NUMBER:
    case POLICY_TYPE_SIZE:
    case POLICY_TYPE_SPAN:
        if (key->choices != NULL)
            key_choices(key, text, size);
        else
            (void)snprintf(text, size, "%s to %s", least, most);
        return;
    case POLICY_TYPE_CHOICE:
        key_choices(key, text, size);
        return;
    case POLICY_TYPE_ZONE:
    case POLICY_TYPE_NAMES:
    case POLICY_TYPE_MAIL:
    case POLICY_TYPE_TEXT:
        (void)snprintf(text, size, key->least > 0 ? "1 to %s bytes" : "up to %s bytes", most);
        return;
    case POLICY_TYPE_DATE:
        (void)snprintf(text, size, "empty or YYYY-MM-DD");
        return;
    case POLICY_TYPE_HOURS:
        (void)snprintf(text, size, "%s%s", empty, admission_hours_help);
        return;
    case POLICY_TYPE_PLACES:
        (void)snprintf(text, size, "%s%s", empty, admission_places_help);
        return;
    case POLICY_TYPE_SERVICES:
        (void)snprintf(text, size, "%s%s", empty, admission_services_help);
        return;
    case POLICY_TYPE_PATHS:
        (void)snprintf(text, size, "%s%s path%s", key->least == 0 ? "up to " : "", most,
                       key->most == 1 ? "" : "s");
        return;
    }
}

/* The characters of IANA names. Whether there is such a zone is for policy/load.c to see. */
static bool key_zone_name(const char *name)
{
    return name[strspn(name, KEY_LETTERS "/_+-")] == '\0';
}

/* Absolute paths between blanks, one blank between them in `paths`. No "..": what a path says is
 * where the file is. */
static bool key_set_paths(char *paths, const struct policy_key *key, const char *value)
{
    char found[POLICY_PATHS_SIZE + 1]; /* with the '/' behind the last */
    size_t used = 0;
    int64_t count = 0;
    for (const char *path = value + strspn(value, KEY_BLANKS), *end; *path != '\0';
         path = end + strspn(end, KEY_BLANKS)) {
        end = path + strcspn(path, KEY_BLANKS);
        int len = snprintf(found + used, sizeof(found) - used, "%s%.*s/", count > 0 ? " " : "",
                           (int)(end - path), path);
        if (*path != '/' || ++count > key->most || len < 0 || (size_t)len >= sizeof(found) - used ||
            strstr(found + used, "/../") != NULL)
            return false;
        used += (size_t)len - 1;
    }
    found[used] = '\0';
    if (count < key->least || used >= key->size || !text_is_printable(found))
        return false;
    memcpy(paths, found, used + 1);
    return true;
}

/* Text that says something, or none; blanks around it are dropped. */
static bool key_set_text(char *text, const struct policy_key *key, const char *value)
{
    char found[POLICY_NAMES_SIZE];
    value += strspn(value, KEY_BLANKS);
    size_t len = strlen(value);
    while (len > 0 && strchr(KEY_BLANKS, value[len - 1]) != NULL)
        len--;
    if (len >= key->size || len >= sizeof(found) || len < (size_t)key->least)
        return false;
    memcpy(found, value, len);
    found[len] = '\0';
    if (len > 0 && !text_says_something(found))
        return false;
    memcpy(text, found, len + 1);
    return true;
}

/* The same with parts between commas, none of them blank. */
static bool key_set_names(char *names, const struct policy_key *key, const char *value)
{
    const char *part = value + strspn(value, KEY_BLANKS);
    for (bool more = *part != '\0'; more; part++) {
        part += strspn(part, KEY_BLANKS);
        if (*part == ',' || *part == '\0')
            return false;
        part += strcspn(part, ",");
        more = *part == ',';
    }
    return key_set_text(names, key, value);
}

/* One that a mail program can only take for an address: no option, no pipe, no file. A name alone
 * is a mailbox of this machine. */
static bool key_mail_address(const char *address, size_t len)
{
    const size_t local = strspn(address, KEY_LETTERS "._+=-");
    if (strchr("-.", address[0]) != NULL || local == 0 || local > len)
        return false;
    if (local == len)
        return true;
    const char *domain = address + local + 1;
    const size_t rest = len - local - 1;
    return address[local] == '@' && rest > 0 && strspn(domain, KEY_LETTERS ".-") == rest &&
           strchr("-.", domain[0]) == NULL && strchr("-.", domain[rest - 1]) == NULL;
}

/* Mail addresses between commas, ", " between them in `list`. */
static bool key_set_mail(char *list, const struct policy_key *key, const char *value)
{
    char found[POLICY_NAMES_SIZE];
    size_t used = 0;
    found[0] = '\0';
    value += strspn(value, KEY_BLANKS);
    for (bool more = *value != '\0'; more; value++) {
        value += strspn(value, KEY_BLANKS);
        const size_t len = strcspn(value, KEY_BLANKS ",");
        if (!key_mail_address(value, len))
            return false;
        used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%.*s", used > 0 ? ", " : "",
                                 (int)len, value);
        value += len + strspn(value + len, KEY_BLANKS);
        if (used >= sizeof(found) || used >= key->size || (*value != ',' && *value != '\0'))
            return false;
        more = *value == ',';
    }
    memcpy(list, found, used + 1);
    return true;
}

/* A rule of access in its canonical form, so that two ways to write it are one policy. */
static bool key_set_rule(char *rule, const struct policy_key *key,
                         enum medgl_error (*parse)(const char *text, char *canonical),
                         const char *value)
{
    char canonical[POLICY_RULE_SIZE] = "";
    const bool empty = value[strspn(value, KEY_BLANKS)] == '\0';
    if (empty ? key->least > 0 : parse(value, canonical) != MEDGL_OK)
        return false;
    memcpy(rule, canonical, strlen(canonical) + 1);
    return true;
}

/* A number within its limits; one of its choices where it has some. */
static bool key_set_number(int64_t *member, const struct policy_key *key, const char *value)
{
    int64_t number, choice;
    if ((key->type == POLICY_TYPE_SIZE ? value_parse_size(value, &number)
                                       : value_parse_number(value, &number)) != MEDGL_OK ||
        number < key->least || number > key->most)
        return false;
    bool good = key->choices == NULL;
    for (size_t i = 0; !good && key->choices[i] != NULL; i++)
        good = value_parse_number(key->choices[i], &choice) == MEDGL_OK && choice == number;
    if (good)
        memcpy(member, &number, sizeof(number));
    return good;
}

/* "2027-04-01", a day that the calendar has; "". */
static bool key_set_date(char *date, const struct policy_key *key, const char *value)
{
    char found[POLICY_DATE_SIZE];
    int64_t day;
    const size_t begin = strspn(value, KEY_BLANKS), len = strcspn(value + begin, KEY_BLANKS);
    if (len > (size_t)key->most ||
        value[begin + len + strspn(value + begin + len, KEY_BLANKS)] != '\0')
        return false;
    memcpy(found, value + begin, len);
    found[len] = '\0';
    if (len > 0 && value_parse_date(found, &day) != MEDGL_OK)
        return false;
    memcpy(date, found, len + 1);
    return true;
}

static bool key_set(void *member, const struct policy_key *key, const char *value)
{
    struct policy_span span;
    bool good = false;
    switch (key->type) {
    case POLICY_TYPE_NUMBER:
    case POLICY_TYPE_SIZE:
        return key_set_number(member, key, value);
    case POLICY_TYPE_SPAN:
        good = value_parse_span(value, &span) == MEDGL_OK && policy_span_most(span) >= key->least &&
               policy_span_most(span) <= key->most;
        if (good)
            memcpy(member, &span, sizeof(span));
        break;
    case POLICY_TYPE_CHOICE:
        for (unsigned i = 0; !good && key->choices[i] != NULL; i++)
            if ((good = strcmp(key->choices[i], value) == 0))
                memcpy(member, &i, sizeof(i));
        if (!good && key->also != NULL && (good = strcmp(key->also, value) == 0))
            memset(member, 0, sizeof(unsigned));
        break;
    case POLICY_TYPE_PATHS:
        return key_set_paths(member, key, value);
    case POLICY_TYPE_NAMES:
        return key_set_names(member, key, value);
    case POLICY_TYPE_MAIL:
        return key_set_mail(member, key, value);
    case POLICY_TYPE_HOURS:
        return key_set_rule(member, key, admission_parse_hours, value);
    case POLICY_TYPE_PLACES:
        return key_set_rule(member, key, admission_parse_places, value);
    case POLICY_TYPE_SERVICES:
        return key_set_rule(member, key, admission_parse_services, value);
    case POLICY_TYPE_DATE:
        return key_set_date(member, key, value);
    case POLICY_TYPE_TEXT:
        return key_set_text(member, key, value);
    case POLICY_TYPE_ZONE:
        good = strlen(value) < key->size && key_zone_name(value);
        if (good)
            memcpy(member, value, strlen(value) + 1);
        break;
    }
    return good;
}

enum medgl_error policy_set(struct policy *policy, const struct policy_key *key, const char *value,
                            char *why, size_t why_size)
{
    char range[POLICY_RANGE_SIZE];
    const char *what = NULL;
    why[0] = '\0';
    if (key_set((char *)policy + key->offset, key, value))
        return MEDGL_OK;
    policy_key_range(key, range, sizeof(range));
    switch (key->type) {
    case POLICY_TYPE_NUMBER:
        what = key->choices != NULL ? "" : "a number from ";
        break;
    case POLICY_TYPE_SIZE:
        what = "a size (B, KiB, MiB, GiB) from ";
        break;
    case POLICY_TYPE_SPAN:
        what = "a span of time (s, min, h, days, weeks, months) from ";
        break;
    case POLICY_TYPE_CHOICE:
    case POLICY_TYPE_HOURS: /* their ranges are their notations */
    case POLICY_TYPE_PLACES:
    case POLICY_TYPE_SERVICES:
    case POLICY_TYPE_DATE:
        what = "";
        break;
    case POLICY_TYPE_PATHS:
        what = key->least > 0 ? "absolute paths without \"..\", separated by spaces, "
                              : "empty or absolute paths without \"..\", separated by spaces, ";
        break;
    case POLICY_TYPE_MAIL:
        what = "empty or mail addresses separated by commas, ";
        break;
    case POLICY_TYPE_NAMES:
        what = key->least > 0 ? "names separated by commas, printable UTF-8 of "
                              : "empty or names separated by commas, printable UTF-8 of ";
        break;
    case POLICY_TYPE_TEXT:
        what = "empty or printable UTF-8 with a letter or a digit, ";
        break;
    case POLICY_TYPE_ZONE:
        what = "empty or the name of a time zone such as Asia/Tokyo, ";
        break;
    }
    (void)snprintf(why, why_size, "%s must be %s%s", key->name, what, range);
    return MEDGL_ERR_ARGUMENT;
}

void policy_format(const struct policy *policy, const struct policy_key *key, char *text,
                   size_t size)
{
    const char *member = (const char *)policy + key->offset;
    int64_t number;
    struct policy_span span;
    unsigned choice;
    switch (key->type) {
    case POLICY_TYPE_NUMBER:
    case POLICY_TYPE_SIZE:
        memcpy(&number, member, sizeof(number));
        key_limit(key, number, text, size);
        return;
    case POLICY_TYPE_SPAN:
        memcpy(&span, member, sizeof(span));
        value_format_span(span, text, size);
        return;
    case POLICY_TYPE_CHOICE:
        memcpy(&choice, member, sizeof(choice));
        (void)snprintf(text, size, "%s", key->choices[choice]);
        return;
    case POLICY_TYPE_PATHS:
    case POLICY_TYPE_NAMES:
    case POLICY_TYPE_MAIL:
    case POLICY_TYPE_HOURS:
    case POLICY_TYPE_PLACES:
    case POLICY_TYPE_SERVICES:
    case POLICY_TYPE_DATE:
    case POLICY_TYPE_TEXT:
    case POLICY_TYPE_ZONE:
        (void)snprintf(text, size, "%s", member);
        return;
    }
}
