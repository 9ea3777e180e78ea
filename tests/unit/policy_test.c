/* The rules as tables of cases (R13..R18, R20, R23), and the profiles. */
#include "base/account.h"
#include "base/auto.h"
#include "base/clock.h"
#include "policy/calendar.h"
#include "policy/lockout.h"
#include "policy/login.h"
#include "policy/password.h"
#include "policy/policy.h"
#include "policy/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define TOKYO (9 * 3600)
#define EACH(row, table)                                                                           \
    for (__typeof__(&(table)[0]) row = (table); row < (table) + MEDGL_COUNT(table); row++)

/* One column of one row. */
static void same(const char *row, const char *column, int64_t got, int64_t wanted)
{
    if (got != wanted)
        fail_msg("%s: %s is %lld, not %lld", row, column, (long long)got, (long long)wanted);
}

static void same_text(const char *row, const char *got, const char *wanted)
{
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", row, got, wanted);
}

/* "2026-12-31 12:00" in UTC; "" is 0, which stands for never. */
static medgl_time at(const char *minute)
{
    char text[64];
    medgl_time t = 0;
    if (minute[0] == '\0')
        return 0;
    (void)snprintf(text, sizeof(text), "%.10sT%s:00.000Z", minute, minute + 11);
    if (clock_parse_utc(text, &t) != MEDGL_OK)
        fail_msg("%s is no time", minute);
    return t;
}

static struct policy defaults(void)
{
    struct policy policy;
    policy_defaults(&policy);
    return policy;
}

static const char *const profiles[] = {"mhlw-6.0", "mhlw-5.1", "nist-800-63b-4"};

static struct policy of_profile(const char *word)
{
    struct policy policy = defaults();
    char why[256];
    same(word, "set", policy_set(&policy, policy_key_find("profile"), word, why, sizeof(why)),
         MEDGL_OK);
    policy_profile(&policy, policy.profile);
    return policy;
}

/* "password_kinds=0;password_warn=2 days"; "" changes nothing. */
static void change(struct policy *policy, const char *settings)
{
    char text[256], why[256], *left = text, *one;
    assert_in_range(snprintf(text, sizeof(text), "%s", settings), 0, sizeof(text) - 1);
    while ((one = strsep(&left, ";")) != NULL && *one != '\0') {
        const char *name = strsep(&one, "=");
        if (policy_set(policy, policy_key_find(name), one, why, sizeof(why)) != MEDGL_OK)
            fail_msg("%s: %s", settings, why);
    }
}

#define VALUES_SIZE (16 * 1024)

/* Every value in its notation: what two policies are compared by. */
static const char *all_values(const struct policy *policy, char text[VALUES_SIZE])
{
    size_t count, used = 0;
    const struct policy_key *keys = policy_keys(&count);
    for (size_t i = 0; i < count; i++) {
        char value[POLICY_VALUE_SIZE];
        policy_format(policy, &keys[i], value, sizeof(value));
        used += (size_t)snprintf(text + used, VALUES_SIZE - used, "%s = %s\n", keys[i].name, value);
    }
    return text;
}

static void same_policy(const char *row, const struct policy *got, const struct policy *wanted)
{
    char one[VALUES_SIZE], other[VALUES_SIZE];
    same_text(row, all_values(got, one), all_values(wanted, other));
}

/* -- notations ------------------------------------------------------------------------------ */

static void notation_of_numbers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t number;
    } rows[] = {
        {"0", true, 0},
        {"13", true, 13},
        {" \t13\t ", true, 13},
        {"013", true, 13},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false},
        {"99999999999999999999999", false},
        {"", false},
        {" ", false},
        {"-1", false},
        {"+1", false},
        {"1.5", false},
        {"1e3", false},
        {"0x10", false},
        {"13 ", true, 13},
        {"1 3", false},
        {"13\n", false},
        {"13 characters", false},
        {"\xef\xbc\x91", false}, /* a full-width 1 */
    };
    (void)state;
    EACH(row, rows)
    {
        int64_t number = -1;
        bool good = value_parse_number(row->text, &number) == MEDGL_OK;
        same(row->text, "accepted", good, row->good);
        if (good)
            same(row->text, "number", number, row->number);
    }
}

static void notation_of_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *formatted;
    } rows[] = {
        {"0", 0, "0"},
        {"0 B", 0, "0"},
        {"1 B", 1, "1 B"},
        {"1023B", 1023, "1023 B"},
        {"1024 B", 1024, "1 KiB"},
        {"64 MiB", 67108864, "64 MiB"},
        {"64MiB", 67108864, "64 MiB"},
        {" 64\tMiB ", 67108864, "64 MiB"},
        {"1024 MiB", 1073741824, "1 GiB"},
        {"1537 KiB", 1573888, "1537 KiB"},
        {"1024 GiB", 1099511627776, "1024 GiB"},
        {"8589934591 GiB", INT64_MAX - 1073741823, "8589934591 GiB"},
        {"8589934592 GiB", -1},
        {"64", -1},
        {"64 M", -1},
        {"64 MB", -1},
        {"64 mib", -1},
        {"MiB", -1},
        {"", -1},
        {"-1 MiB", -1},
        {"1 MiB 1 KiB", -1},
        {"1 Mi B", -1},
        {"1.5 GiB", -1},
    };
    (void)state;
    EACH(row, rows)
    {
        int64_t bytes = -1;
        char text[32];
        if (value_parse_size(row->text, &bytes) != MEDGL_OK)
            bytes = -1;
        same(row->text, "bytes", bytes, row->bytes);
        if (bytes < 0)
            continue;
        value_format_size(bytes, text, sizeof(text));
        same_text(row->text, text, row->formatted);
    }
}

static void notation_of_spans(void **state)
{
    static const struct {
        const char *text;
        struct policy_span span;
        const char *formatted; /* NULL: refused */
    } rows[] = {
        {"0", {0, 0}, "0"},
        {"0 s", {0, 0}, "0"},
        {"0 months", {0, 0}, "0"},
        {"1 s", {0, 1000}, "1 s"},
        {"1 sec", {0, 1000}, "1 s"},
        {"60 s", {0, 60000}, "1 min"},
        {"90 s", {0, 90000}, "90 s"},
        {"15 min", {0, 900000}, "15 min"},
        {"15min", {0, 900000}, "15 min"},
        {" 15  min\t", {0, 900000}, "15 min"},
        {"90 min", {0, 5400000}, "90 min"},
        {"1 h", {0, 3600000}, "1 h"},
        {"1 hour", {0, 3600000}, "1 h"},
        {"5 hours", {0, 18000000}, "5 h"},
        {"24 h", {0, 86400000}, "1 day"},
        {"1 day", {0, 86400000}, "1 day"},
        {"14 days", {0, 1209600000}, "14 days"},
        {"1 week", {0, 604800000}, "7 days"},
        {"2 weeks", {0, 1209600000}, "14 days"},
        {"1 month", {1, 0}, "1 month"},
        {"2 months", {2, 0}, "2 months"},
        {"2147483647 months", {INT32_MAX, 0}, "2147483647 months"},
        {"2147483648 months", {0}, NULL},
        {"15250284452 weeks", {0, 9223372036569600000}, "106751991164 days"},
        {"15250284453 weeks", {0}, NULL},
        {"15", {0}, NULL},
        {"", {0}, NULL},
        {"s", {0}, NULL},
        {"100 ms", {0}, NULL},
        {"1 m", {0}, NULL},
        {"1 year", {0}, NULL},
        {"1 Month", {0}, NULL},
        {"-1 s", {0}, NULL},
        {"1 h 30 min", {0}, NULL},
        {"1.5 h", {0}, NULL},
        {"\xef\xbc\x91 s", {0}, NULL},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy_span span = {0};
        char text[32];
        bool good = value_parse_span(row->text, &span) == MEDGL_OK;
        same(row->text, "accepted", good, row->formatted != NULL);
        if (!good)
            continue;
        same(row->text, "months", span.months, row->span.months);
        same(row->text, "milliseconds", span.milliseconds, row->span.milliseconds);
        value_format_span(span, text, sizeof(text));
        same_text(row->text, text, row->formatted);
    }
}

/* -- keys ----------------------------------------------------------------------------------- */

#define HOURS_RANGE                                                                                \
    "always, or days and times separated by ';': \"Mon-Fri 08:00-20:00; Sat,holiday 10:00-12:00\""
#define PLACES_RANGE                                                                               \
    "any, or addresses, networks and terminals separated by ',': \"console, own, local, "          \
    "10.1.0.0/16, 2001:db8::/32, tty*\""
#define SERVICES_RANGE "any, or PAM services separated by ',': \"sshd, login, su\""
#define DATE_RANGE     "empty or YYYY-MM-DD"

static const struct key_row {
    const char *name, *preset, *least, *most, *below, *above;
    const char *range;
} key_rows[] = {
    {"profile", "mhlw-6.0", "mhlw-5.1", "nist-800-63b-4", "mhlw-4.3", "MHLW-6.0",
     "mhlw-6.0 or mhlw-5.1 or nist-800-63b-4 (mhlw-5.2 is mhlw-6.0)"},
    {"unenrolled", "ignore", "ignore", "deny", "allow", "Deny", "ignore or deny"},
    {"time_zone", "", "UTC", "America/Argentina/Buenos_Aires", "Asia Tokyo", "../shadow",
     "up to 63 bytes"},
    {"institution", "", "Minato Clinic", "Minato Clinic, \xe6\xb9\x8a\xe5\x8c\xbb\xe9\x99\xa2", ",",
     "a,,b", "up to 511 bytes"},
    {"password_long_length", "13", "13", "64", "12", "65", "13 to 64"},
    {"password_short_length", "8", "8", "64", "7", "65", "8 to 64"},
    {"password_max_age", "2 months", "1 day", "2 months", "23 h", "3 months", "1 day to 2 months"},
    {"password_warn", "14 days", "0", "60 days", "-1 days", "61 days", "0 to 60 days"},
    {"password_issued_valid", "24 h", "1 h", "7 days", "59 min", "8 days", "1 h to 7 days"},
    {"password_kinds", "3", "0", "3", "-1", "4", "0 to 3"},
    {"password_rotation", "short", "none", "all", "long", "None", "short or all or none"},
    {"password_min_age", "1 day", "0", "7 days", "-1 days", "8 days", "0 to 7 days"},
    {"password_history", "24", "1", "64", "0", "65", "1 to 64"},
    {"password_guess_bits", "41", "30", "80", "29", "81", "30 to 80"},
    {"password_grace_logins", "0", "0", "10", "-1", "11", "0 to 10"},
    {"password_suggest", "yes", "no", "yes", "maybe", "Yes", "no or yes"},
    {"password_blocklist", "", "/a", "/a /b /c /d /e /f /g /h", "a", "/a /b /c /d /e /f /g /h /i",
     "up to 8 paths"},
    {"password_breach_filter", "", "", "/usr/share/medgl/breached.pwq", "breached.pwq", "/a /b",
     "up to 1 path"},
    {"attempts_per_source", "5", "3", "10", "2", "11", "3 to 10"},
    {"attempts_per_account", "20", "5", "100", "4", "101", "5 to 100"},
    {"attempts_per_change", "5", "3", "10", "2", "11", "3 to 10"},
    {"attempt_window", "15 min", "1 min", "24 h", "59 s", "25 h", "1 min to 1 day"},
    {"lock_time", "15 min", "1 min", "24 h", "59 s", "86401 s", "1 min to 1 day"},
    {"attempt_delay", "1 s", "0", "10 s", "-1 s", "11 s", "0 to 10 s"},
    {"attempt_delay_max", "8 s", "0", "20 s", "-1 s", "21 s", "0 to 20 s"},
    {"attempt_timeout", "60 s", "30 s", "10 min", "29 s", "601 s", "30 s to 10 min"},
    {"kdf_memory", "64 MiB", "19 MiB", "1 GiB", "19922943 B", "1073741825 B", "19 MiB to 1 GiB"},
    {"kdf_time", "3", "1", "16", "0", "17", "1 to 16"},
    {"kdf_lanes", "1", "1", "8", "0", "9", "1 to 8"},
    {"kdf_slots", "0", "0", "256", "-1", "257", "0 to 256"},
    {"hours_staff", "always", "Mon 00:00-00:01", "daily 00:00-24:00", "", "Mon-Fri", HOURS_RANGE},
    {"places_staff", "any", "console", "::/0", "", "ward3", PLACES_RANGE},
    {"services_staff", "any", "su", "sshd, login", "", "sshd,", SERVICES_RANGE},
    {"sessions_staff", "20", "1", "1000", "0", "1001", "1 to 1000"},
    {"sessions_total_staff", "0", "0", "100000", "-1", "100001", "0 to 100000"},
    {"idle_staff", "15 min", "0", "1 day", "-1 s", "25 h", "0 to 1 day"},
    {"factor_staff", "required", "required", "none", "", "Required",
     "required or optional or none"},
    {"hours_privileged", "always", "Mon 00:00-00:01", "daily 00:00-24:00", "", "Mon-Fri",
     HOURS_RANGE},
    {"places_privileged", "console, own", "console", "::/0", "", "ward3", PLACES_RANGE},
    {"services_privileged", "any", "su", "sshd, login", "", "sshd,", SERVICES_RANGE},
    {"sessions_privileged", "10", "1", "1000", "0", "1001", "1 to 1000"},
    {"sessions_total_privileged", "0", "0", "100000", "-1", "100001", "0 to 100000"},
    {"idle_privileged", "10 min", "0", "1 day", "-1 s", "25 h", "0 to 1 day"},
    {"factor_privileged", "required", "required", "none", "", "Required",
     "required or optional or none"},
    {"hours_maintenance", "always", "Mon 00:00-00:01", "daily 00:00-24:00", "", "Mon-Fri",
     HOURS_RANGE},
    {"places_maintenance", "any", "console", "::/0", "", "ward3", PLACES_RANGE},
    {"services_maintenance", "any", "su", "sshd, login", "", "sshd,", SERVICES_RANGE},
    {"sessions_maintenance", "5", "1", "1000", "0", "1001", "1 to 1000"},
    {"sessions_total_maintenance", "0", "0", "100000", "-1", "100001", "0 to 100000"},
    {"idle_maintenance", "10 min", "0", "1 day", "-1 s", "25 h", "0 to 1 day"},
    {"factor_maintenance", "required", "required", "none", "", "Required",
     "required or optional or none"},
    {"hours_breakglass", "always", "Mon 00:00-00:01", "daily 00:00-24:00", "", "Mon-Fri",
     HOURS_RANGE},
    {"places_breakglass", "any", "console", "::/0", "", "ward3", PLACES_RANGE},
    {"services_breakglass", "any", "su", "sshd, login", "", "sshd,", SERVICES_RANGE},
    {"sessions_breakglass", "100", "1", "1000", "0", "1001", "1 to 1000"},
    {"sessions_total_breakglass", "0", "0", "100000", "-1", "100001", "0 to 100000"},
    {"idle_breakglass", "15 min", "0", "1 day", "-1 s", "25 h", "0 to 1 day"},
    {"factor_breakglass", "none", "required", "none", "", "Required",
     "required or optional or none"},
    {"holidays", "", "", "/etc/medgl/holidays", "holidays", "/a /b", "up to 1 path"},
    {"dormant_after", "90 days", "1 day", "400 days", "23 h", "401 days", "1 day to 400 days"},
    {"attempts_spread", "10", "3", "100", "2", "101", "3 to 100"},
    {"factor_failures", "100", "10", "100", "9", "101", "10 to 100"},
    {"alert_mail", "", "root", "a@b.example, c@d.example", ",", "a b", "up to 511 bytes"},
    {"alert_wall", "yes", "no", "yes", "maybe", "No", "no or yes"},
    {"alert_fold", "10 min", "1 min", "1 day", "59 s", "25 h", "1 min to 1 day"},
    {"alert_hook_timeout", "30 s", "1 s", "5 min", "0", "301 s", "1 s to 5 min"},
    {"factor_required_from", "2027-04-01", "", "9999-12-31", "2027-4-1", "2027-02-29", DATE_RANGE},
    {"factor_warn", "60 days", "0", "400 days", "-1 s", "401 days", "0 to 400 days"},
    {"factor_exempt_places", "", "", "::/0", "ward3", "console,", "empty, " PLACES_RANGE},
    {"factor_exempt_services", "", "", "sshd, login", "sshd,", "any, sshd",
     "empty, " SERVICES_RANGE},
    {"factor_kinds", "any", "totp", "card", "", "code", "any or totp or card"},
    {"factor_enrol", "login", "login", "administrator", "", "nobody", "login or administrator"},
    {"factor_recovery", "always", "always", "grant", "", "never", "always or grant"},
    {"factor_host", "knowledge", "knowledge", "possession", "", "nothing",
     "knowledge or possession"},
    {"factor_one_prompt", "", "", "sshd, login", "sshd,", "any, sshd", "empty, " SERVICES_RANGE},
    {"factor_qr", "yes", "no", "yes", "", "Yes", "no or yes"},
    {"totp_algorithm", "sha256", "sha1", "sha512", "", "md5", "sha1 or sha256 or sha512"},
    {"totp_digits", "6", "6", "8", "5", "7", "6 or 8"},
    {"card_alone", "no", "no", "yes", "", "2", "no or yes"},
    {"card_module", "", "", "/usr/lib/opensc-pkcs11.so", "opensc-pkcs11.so", "/a /b",
     "up to 1 path"},
    {"card_places", "console", "any", "tty1, own", "", "ward3", PLACES_RANGE},
    {"card_services", "any", "su", "sshd, login", "", "sshd,", SERVICES_RANGE},
    {"card_timeout", "10 s", "1 s", "30 s", "0", "31 s", "1 s to 30 s"},
    {"card_crl", "require", "require", "warn", "", "ignore", "require or warn"},
    {"grant_max", "7 days", "1 h", "31 days", "59 min", "32 days", "1 h to 1 month"},
    {"reset_methods",
     "staff-card, drivers-licence, passport, my-number-card, known-in-person, callback, "
     "supervisor, video",
     "badge", "staff-card, hr-portal", ",", "", "1 to 511 bytes"},
    {"reset_document", "staff-card, drivers-licence, passport, my-number-card", "", "passport", ",",
     "a,,b", "up to 511 bytes"},
    {"reset_witness", "", "", "callback, privileged", ",", "a,,b", "up to 511 bytes"},
    {"reset_delivery", "at-terminal, printer, file", "file", "printer, screen", ",", "",
     "1 to 511 bytes"},
    {"slip_program", "", "", "/usr/local/bin/slip", "slip", "/a /b", "up to 1 path"},
    {"roles", "groups", "groups", "none", "", "all", "groups or none"},
    {"document_max", "8 MiB", "64 KiB", "64 MiB", "63 KiB", "65 MiB", "64 KiB to 64 MiB"},
    {"document_retention", "60 months", "1 day", "120 months", "23 h", "121 months",
     "1 day to 120 months"},
    {"witness_quorum", "0", "0", "16", "-1", "17", "0 to 16"},
    {"witness_age", "2 days", "1 h", "12 months", "59 min", "13 months", "1 h to 12 months"},
    {"backup_directory", "/var/backups/medgl", "/a", "/srv/backups", "", "/a /b", "1 path"},
    {"backup_keep", "7", "2", "366", "1", "367", "2 to 366"},
    {"backup_every", "2 days", "0", "12 months", "-1 s", "13 months", "0 to 12 months"},
    {"backup_verify_every", "3 months", "0", "24 months", "-1 s", "25 months", "0 to 24 months"},
    {"emergency_criteria",
     "system-failure, network-failure, disaster, cyber-attack, patient-safety, other", "a",
     "power, flood", ",", "", "1 to 511 bytes"},
    {"emergency_max", "72 h", "1 h", "31 days", "59 min", "32 days", "1 h to 1 month"},
    {"emergency_remind", "1 h", "10 min", "24 h", "599 s", "25 h", "10 min to 1 day"},
    {"emergency_contact", "", "Sato", "\xe4\xbd\x90\xe8\x97\xa4,, 03-1234-5678", "a\tb", "\xe4\xbd",
     "up to 100 bytes"},
    {"breakglass_outside", "declare", "declare", "deny", "", "no", "declare or deny"},
    {"breakglass_renew", "12 months", "0", "60 months", "-1 s", "61 months", "0 to 60 months"},
    {"drill_every", "12 months", "0", "60 months", "-1 s", "61 months", "0 to 60 months"},
    {"maintenance_confirm", "7 days", "0", "90 days", "-1 s", "91 days", "0 to 90 days"},
    {"ledger_retention", "60 months", "30 days", "360 months", "29 days", "361 months",
     "30 days to 360 months"},
    {"space_warn", "90 days", "0", "60 months", "-1 s", "61 months", "0 to 60 months"},
    {"minimum_free", "64 MiB", "0", "1024 GiB", "-1 B", "1025 GiB", "0 to 1024 GiB"},
};

static void key_table_is_the_documented_one(void **state)
{
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    (void)state;
    same("keys", "count", (int64_t)count, (int64_t)MEDGL_COUNT(key_rows));
    for (size_t i = 0; i < count; i++) {
        char range[POLICY_RANGE_SIZE];
        same_text("name", keys[i].name, key_rows[i].name);
        same_text(keys[i].name, keys[i].preset, key_rows[i].preset);
        policy_key_range(&keys[i], range, sizeof(range));
        same_text(keys[i].name, range, key_rows[i].range);
        assert_ptr_equal(policy_key_find(keys[i].name), &keys[i]);
        same(keys[i].name, "clause", keys[i].clause[0], 'R');
    }
    assert_null(policy_key_find("password_length"));
    assert_null(policy_key_find(""));
    assert_null(policy_key_find("Unenrolled"));
}

static void key_accepts(struct policy *policy, const struct policy_key *key, const char *value)
{
    char why[256], text[POLICY_VALUE_SIZE], again[POLICY_VALUE_SIZE];
    struct policy copy;
    if (policy_set(policy, key, value, why, sizeof(why)) != MEDGL_OK)
        fail_msg("%s = %s: %s", key->name, value, why);
    policy_format(policy, key, text, sizeof(text));
    policy_defaults(&copy);
    if (policy_set(&copy, key, text, why, sizeof(why)) != MEDGL_OK)
        fail_msg("%s = %s from %s: %s", key->name, text, value, why);
    policy_format(&copy, key, again, sizeof(again));
    same_text(key->name, again, text);
}

static void key_refuses(const struct policy_key *key, const char *value)
{
    char why[256];
    struct policy policy = defaults(), before = defaults();
    if (policy_set(&policy, key, value, why, sizeof(why)) != MEDGL_ERR_ARGUMENT)
        fail_msg("%s = %s was accepted", key->name, value);
    same_policy(value, &policy, &before);
    assert_ptr_equal(strstr(why, key->name), why);
    assert_non_null(strstr(why, " must be "));
}

static void key_limits(void **state)
{
    (void)state;
    EACH(row, key_rows)
    {
        const struct policy_key *key = policy_key_find(row->name);
        struct policy policy = defaults(), again = defaults();
        key_accepts(&policy, key, row->preset);
        same_policy(row->name, &policy, &again);
        key_accepts(&policy, key, row->least);
        key_accepts(&policy, key, row->most);
        key_refuses(key, row->below);
        key_refuses(key, row->above);
    }
}

static void key_garbage(void **state)
{
    static const char *const garbage[] = {
        "?",
        "-",
        "99999999999999999999",
        "1;2",
        "on",
        "1 month ago",
        "%s%n",
        "\x1b[2J",
        "\xff",
        "1\n2",
        "a..b",
        "a b",
        "ignore deny",
        "138547333 months",  /* 27 days more than 2^32 days */
        "2078209982 months", /* more than an int of days */
    };
    static char long_text[4096];
    (void)state;
    memset(long_text, '9', sizeof(long_text) - 1);
    EACH(row, key_rows)
    {
        const struct policy_key *key = policy_key_find(row->name);
        bool zone = key->type == POLICY_TYPE_ZONE,
             names = key->type == POLICY_TYPE_NAMES || key->type == POLICY_TYPE_TEXT;
        if (key->type == POLICY_TYPE_MAIL || key->type == POLICY_TYPE_HOURS ||
            key->type == POLICY_TYPE_PLACES || key->type == POLICY_TYPE_SERVICES)
            continue; /* these have tables of their own */
        key_refuses(key, long_text);
        for (size_t i = 0; i < MEDGL_COUNT(garbage); i++)
            if ((!zone || strpbrk(garbage[i], "?; %\x1b\xff\n.") != NULL) &&
                (!names || strpbrk(garbage[i], "\x1b\xff\n") != NULL))
                key_refuses(key, garbage[i]);
        if (!zone && !names && key->type != POLICY_TYPE_PATHS && key->type != POLICY_TYPE_DATE)
            key_refuses(key, "");
    }
}

/* What stands in the key afterwards; NULL: refused. */
static void key_becomes(const char *name, const char *value, const char *kept)
{
    const struct policy_key *key = policy_key_find(name);
    struct policy policy = defaults();
    char text[POLICY_VALUE_SIZE];
    if (kept == NULL) {
        key_refuses(key, value);
        return;
    }
    key_accepts(&policy, key, value);
    policy_format(&policy, key, text, sizeof(text));
    same_text(value, text, kept);
}

static void key_paths(void **state)
{
    static const struct {
        const char *value, *kept;
    } rows[] = {
        {"", ""},
        {" \t ", ""},
        {"/a", "/a"},
        {" \t/a  /b\t/c ", "/a /b /c"},
        {"/a/./b", "/a/./b"},
        {"/..a/b../c...", "/..a/b../c..."},
        {"/\xe8\xbe\x9e\xe6\x9b\xb8", "/\xe8\xbe\x9e\xe6\x9b\xb8"},
        {"a", NULL},
        {"/a b", NULL},
        {"/a, /b", "/a, /b"}, /* a comma is part of a name */
        {"~/a", NULL},
        {"/a /b/../c", NULL},
        {"/..", NULL},
        {"/a/..", NULL},
        {"../a", NULL},
        {"/a\x7f", NULL},
        {"/\xff", NULL},
    };
    char longest[POLICY_PATHS_SIZE + 1];
    (void)state;
    EACH(row, rows)
    {
        key_becomes("password_blocklist", row->value, row->kept);
    }
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[POLICY_PATHS_SIZE - 1] = '\0';
    key_becomes("password_breach_filter", longest, longest);
    longest[POLICY_PATHS_SIZE - 1] = 'x';
    longest[POLICY_PATHS_SIZE] = '\0';
    key_becomes("password_breach_filter", longest, NULL);
}

static void key_names(void **state)
{
    static const struct {
        const char *value, *kept;
    } rows[] = {
        {"", ""},
        {" \t", ""},
        {"  Minato Clinic\t", "Minato Clinic"},
        {"a,b", "a,b"},
        {"a , b c ,d", "a , b c ,d"},
        {"\xe6\xb8\xaf\xe7\x97\x85\xe9\x99\xa2", "\xe6\xb8\xaf\xe7\x97\x85\xe9\x99\xa2"},
        {",", NULL},
        {"a,", NULL},
        {",a", NULL},
        {"a,,b", NULL},
        {"a, ,b", NULL},
        {"a\tb", NULL},
        {"a\x1b[2J", NULL},
        {"\xe6\xb8", NULL},
    };
    char longest[POLICY_NAMES_SIZE + 1];
    (void)state;
    EACH(row, rows)
    {
        key_becomes("institution", row->value, row->kept);
    }
    memset(longest, 'x', sizeof(longest));
    longest[POLICY_NAMES_SIZE - 1] = '\0';
    key_becomes("institution", longest, longest);
    longest[POLICY_NAMES_SIZE - 1] = 'x';
    longest[POLICY_NAMES_SIZE] = '\0';
    key_becomes("institution", longest, NULL);
}

static void key_text(void **state)
{
    char longest[POLICY_CONTACT_SIZE + 1];
    (void)state;
    key_becomes("emergency_contact", " \t Dr Sato, ext. 2204; \t", "Dr Sato, ext. 2204;");
    key_becomes("emergency_contact", " ", "");
    key_becomes("emergency_contact", ",", NULL); /* nobody */
    key_becomes("emergency_contact", "7", "7");
    key_becomes("emergency_contact", "a\x1b[2J", NULL);
    memset(longest, 'x', sizeof(longest));
    longest[POLICY_CONTACT_SIZE - 1] = '\0';
    key_becomes("emergency_contact", longest, longest);
    longest[POLICY_CONTACT_SIZE - 1] = 'x';
    longest[POLICY_CONTACT_SIZE] = '\0';
    key_becomes("emergency_contact", longest, NULL);
}

/* What a mail program could take for an option, a pipe or a file is no address. */
static void key_mail(void **state)
{
    static const struct {
        const char *value, *kept;
    } rows[] = {
        {"", ""},
        {" \t", ""},
        {"root", "root"},
        {"admin@example.org", "admin@example.org"},
        {" a@b ,\tc.d+e_f=g@h-i.example", "a@b, c.d+e_f=g@h-i.example"},
        {"a,b,c", "a, b, c"},
        {",", NULL},
        {"a,", NULL},
        {",a", NULL},
        {"a,,b", NULL},
        {"a b", NULL},
        {"a@", NULL},
        {"@b", NULL},
        {"a@b@c", NULL},
        {"a@.b", NULL},
        {"a@-b", NULL},
        {"a@b.", NULL},
        {"-bd", NULL},
        {".a", NULL},
        {"a, -oQ/tmp", NULL},
        {"|/bin/sh", NULL},
        {"/etc/passwd", NULL},
        {"a@b/c", NULL},
        {"<a@b>", NULL},
        {"a;b", NULL},
        {"a`id`", NULL},
        {"a\nb", NULL},
        {"\xe6\xb8\xaf@example.org", NULL},
    };
    char longest[POLICY_NAMES_SIZE + 1];
    (void)state;
    EACH(row, rows)
    {
        key_becomes("alert_mail", row->value, row->kept);
    }
    memset(longest, 'x', sizeof(longest));
    longest[POLICY_NAMES_SIZE - 1] = '\0';
    key_becomes("alert_mail", longest, longest);
    longest[POLICY_NAMES_SIZE - 1] = 'x';
    longest[POLICY_NAMES_SIZE] = '\0';
    key_becomes("alert_mail", longest, NULL);
    memset(longest, 'x', sizeof(longest));
    for (size_t i = 1; i < sizeof(longest); i += 2)
        longest[i] = ',';
    longest[POLICY_NAMES_SIZE - 1] = '\0';
    key_becomes("alert_mail", longest, NULL); /* with blanks behind its commas it is too long */
}

/* R05: the keys of a class are those of its place in the policy, and of no other. */
static void key_classes(void **state)
{
    static const struct {
        enum account_class class_;
        const char *word;
    } rows[] = {
        {ACCOUNT_CLASS_STAFF, "staff"},
        {ACCOUNT_CLASS_PRIVILEGED, "privileged"},
        {ACCOUNT_CLASS_MAINTENANCE, "maintenance"},
        {ACCOUNT_CLASS_BREAKGLASS, "breakglass"},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy policy = defaults();
        const char *word = row->word;
        char settings[512];
        (void)snprintf(settings, sizeof(settings),
                       "sessions_%s=3;sessions_total_%s=7;idle_%s=77 s;hours_%s=Sun 01:00-02:00;"
                       "places_%s=tty7;services_%s=gdm;factor_%s=optional",
                       word, word, word, word, word, word, word);
        change(&policy, settings);
        EACH(other, rows)
        {
            const struct policy_class *class_ = policy_class_of(&policy, other->class_);
            const bool changed = other == row;
            same_text(word, account_class_word(other->class_), other->word);
            same(word, "sessions", class_->sessions == 3, changed);
            same(word, "total", class_->sessions_total == 7, changed);
            same(word, "idle", class_->idle.milliseconds == 77 * MEDGL_SECOND, changed);
            same(word, "hours", strcmp(class_->hours, "Sun 01:00-02:00") == 0, changed);
            same(word, "places", strcmp(class_->places, "tty7") == 0, changed);
            same(word, "services", strcmp(class_->services, "gdm") == 0, changed);
            same(word, "factor", class_->factor == POLICY_FACTOR_OPTIONAL, changed);
        }
    }
}

static char *text_of(const struct policy *policy)
{
    char *text = NULL;
    assert_int_equal(policy_text(policy, &text), MEDGL_OK);
    return text;
}

/* R34: one text for one policy, whatever way it was written; another for any other value. */
static void R34_text(void **state)
{
    struct policy policy = defaults(), other = defaults();
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    (void)state;
    auto_free char *plain = text_of(&policy);
    char line[POLICY_VALUE_SIZE + 64], value[POLICY_VALUE_SIZE];
    const char *at = plain;
    for (size_t i = 0; i < count; i++) {
        policy_format(&policy, &keys[i], value, sizeof(value));
        (void)snprintf(line, sizeof(line), "%s = %s\n", keys[i].name, value);
        same(keys[i].name, "line", strncmp(at, line, strlen(line)), 0);
        at += strlen(line);
    }
    same_text("nothing more", at, "");

    change(&policy, "hours_staff=mon-FRI 08:00 - 20:00;places_staff=LOCAL,10.0.0.0/8");
    change(&other, "places_staff=local ,10.0.0.0/8");
    char why[256];
    assert_int_equal(policy_set(&other, policy_key_find("hours_staff"),
                                "Mon,Tue,Wed,Thu,Fri 08:00-20:00", why, sizeof(why)),
                     MEDGL_OK);
    auto_free char *one = text_of(&policy), *two = text_of(&other);
    same_text("two ways to write it", one, two);
    assert_string_not_equal(one, plain);

    other.calendar = (struct policy_calendar){true, 2, {20454, 20820}};
    auto_free char *days = text_of(&other);
    assert_non_null(strstr(days, "\nholiday = 2026-01-01\nholiday = 2027-01-02\n"));
    other.calendar = (struct policy_calendar){.known = false};
    auto_free char *unknown = text_of(&other);
    assert_non_null(strstr(unknown, "\nholiday = unknown\n"));
}

static void key_zone_length(void **state)
{
    const struct policy_key *key = policy_key_find("time_zone");
    struct policy policy = defaults();
    char zone[65];
    (void)state;
    memset(zone, 'Z', sizeof(zone));
    zone[63] = '\0';
    key_accepts(&policy, key, zone);
    same_text("63 bytes", policy.time_zone, zone);
    zone[63] = 'Z';
    zone[64] = '\0';
    key_refuses(key, zone);
}

static void key_cross_rules(void **state)
{
    static const struct {
        const char *name;
        const char *set[3][2];
        const char *conflict; /* in the sentence; NULL: none */
    } rows[] = {
        {"defaults", {{NULL}}, NULL},
        {"long equals short",
         {{"password_long_length", "14"}, {"password_short_length", "14"}},
         NULL},
        {"long below short",
         {{"password_long_length", "13"}, {"password_short_length", "14"}},
         "password_long_length"},
        {"a document with a way of which there is none",
         {{"reset_methods", "staff-card, video"}, {"reset_document", "staff-card, passport"}},
         "reset_methods has, too: \"passport\" is not"},
        {"a witness of what is neither a way nor a class",
         {{"reset_witness", "privileged, visitor"}},
         "breakglass: \"visitor\" is not"},
        {"a way to deliver that there is not",
         {{"reset_delivery", "file, pigeon"}},
         "screen: \"pigeon\" is not"},
        {"max age of 59 days", {{"password_max_age", "59 days"}}, NULL},
        {"max age of 60 days", {{"password_max_age", "60 days"}}, "password_max_age"},
        {"max age of 62 days", {{"password_max_age", "62 days"}}, "password_max_age"},
        {"change the next day, at most a day old",
         {{"password_max_age", "1 day"}, {"password_min_age", "1 day"}},
         "password_min_age"},
        {"change at once, at most a day old",
         {{"password_max_age", "1 day"}, {"password_min_age", "23 h"}},
         NULL},
        {"account limit equals source limit",
         {{"attempts_per_source", "5"}, {"attempts_per_account", "5"}},
         NULL},
        {"account limit below source limit",
         {{"attempts_per_source", "6"}, {"attempts_per_account", "5"}},
         "attempts_per_account"},
        {"delay at its most", {{"attempt_delay", "8 s"}}, NULL},
        {"delay over its most", {{"attempt_delay", "9 s"}}, "attempt_delay_max"},
        {"no delay", {{"attempt_delay", "0"}, {"attempt_delay_max", "0"}}, NULL},
        {"one pass over 64 MiB", {{"kdf_time", "1"}}, NULL},
        {"one pass over less", {{"kdf_time", "1"}, {"kdf_memory", "67108863 B"}}, "kdf_time"},
        {"two passes over the least", {{"kdf_time", "2"}, {"kdf_memory", "19 MiB"}}, NULL},
        {"64 GiB in slots", {{"kdf_slots", "64"}, {"kdf_memory", "1 GiB"}}, NULL},
        {"hours of a break-glass account", {{"hours_breakglass", "Always"}}, NULL},
        {"limited hours of a break-glass account",
         {{"hours_breakglass", "daily 00:00-24:00"}},
         "hours_breakglass"},
        {"cards alone",
         {{"factor_kinds", "card"}, {"factor_enrol", "administrator"}, {"card_module", "/p.so"}},
         NULL},
        {"cards alone, and no driver",
         {{"factor_kinds", "card"}, {"factor_enrol", "administrator"}},
         "card_module"},
        {"cards alone, enrolled at a login",
         {{"factor_kinds", "card"}, {"card_module", "/p.so"}},
         "factor_enrol"},
        {"a key and a card", {{"factor_host", "possession"}, {"card_module", "/p.so"}}, NULL},
        {"a key and no cards", {{"factor_host", "possession"}}, "factor_host"},
        {"a key and codes",
         {{"factor_host", "possession"}, {"factor_kinds", "totp"}, {"card_module", "/p.so"}},
         "factor_host"},
        {"a card that stands alone", {{"card_alone", "yes"}, {"card_module", "/p.so"}}, NULL},
        {"one that is not there", {{"card_alone", "yes"}}, "card_alone"},
        {"one that is not accepted",
         {{"card_alone", "yes"}, {"card_module", "/p.so"}, {"factor_kinds", "totp"}},
         "card_alone"},
        {"everywhere exempt", {{"factor_exempt_places", "Any"}}, "factor_exempt_places must not"},
        {"everything exempt", {{"factor_exempt_services", "any"}}, "factor_CLASS = none"},
        {"some of both exempt",
         {{"factor_exempt_services", "cron"}, {"factor_exempt_places", "console, own"}},
         NULL},
        {"a driver as slow as a try",
         {{"card_timeout", "30 s"}, {"attempt_timeout", "30 s"}},
         "card_timeout"},
        {"a driver that is less slow",
         {{"card_timeout", "29 s"}, {"attempt_timeout", "30 s"}},
         NULL},
        {"a factor in an emergency", {{"factor_breakglass", "required"}}, "factor_breakglass"},
        {"of who has one", {{"factor_breakglass", "optional"}}, NULL},
        {"65 GiB in slots", {{"kdf_slots", "65"}, {"kdf_memory", "1 GiB"}}, "kdf_slots"},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy policy = defaults();
        char why[256];
        for (size_t i = 0; i < 3 && row->set[i][0] != NULL; i++)
            same(row->name, "set",
                 policy_set(&policy, policy_key_find(row->set[i][0]), row->set[i][1], why,
                            sizeof(why)),
                 MEDGL_OK);
        enum medgl_error error = policy_check(&policy, why, sizeof(why));
        same(row->name, "error", error, row->conflict == NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
        if (row->conflict != NULL && strstr(why, row->conflict) == NULL)
            fail_msg("%s: %s", row->name, why);
    }
}

/* -- profiles ------------------------------------------------------------------------------- */

static void profile_defaults(void **state)
{
    static const struct {
        const char *word, *settings; /* what differs from the presets */
    } rows[] = {
        {"mhlw-6.0", ""},
        {"mhlw-5.2", ""},
        {"mhlw-5.1", "profile=mhlw-5.1;password_rotation=all"},
        {"nist-800-63b-4", "profile=nist-800-63b-4;password_long_length=15;password_kinds=0;"
                           "password_rotation=none"},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy got = of_profile(row->word), wanted = defaults();
        char why[256];
        change(&wanted, row->settings);
        same_policy(row->word, &got, &wanted);
        same(row->word, "check", policy_check(&got, why, sizeof(why)), MEDGL_OK);
    }
}

/* No profile falls short of itself, at no key; and what is stricter does not either. */
static void profile_is_as_strong_as_itself(void **state)
{
    static const char *const strict =
        "password_long_length=64;password_short_length=10;password_max_age=1 month;"
        "password_warn=20 days;password_issued_valid=1 h;password_min_age=7 days;"
        "password_history=64;password_guess_bits=80;attempts_per_source=3;attempts_per_account=5;"
        "attempts_per_change=3;attempt_window=1 day;lock_time=1 day;attempt_delay=2 s;"
        "attempt_delay_max=20 s;attempt_timeout=30 s;kdf_memory=1 GiB;kdf_time=16;"
        "minimum_free=1 GiB;unenrolled=deny;kdf_lanes=8;kdf_slots=1;idle_staff=1 min;"
        "idle_privileged=1 min;idle_maintenance=1 min;idle_breakglass=1 min;"
        "places_privileged=tty1, 10.1.0.0/16;dormant_after=30 days;attempts_spread=3;"
        "factor_failures=10;sessions_staff=1;hours_staff=Mon 10:00-11:00;services_staff=login;"
        "factor_required_from=;factor_enrol=administrator;factor_recovery=grant;"
        "totp_algorithm=sha512;totp_digits=8;grant_max=1 "
        "h;card_places=tty1;factor_breakglass=optional";
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    (void)state;
    for (size_t p = 0; p < 2 * MEDGL_COUNT(profiles); p++) {
        struct policy policy = of_profile(profiles[p / 2]);
        char part[256];
        for (const char *at = strict; p % 2 == 1 && *at != '\0'; at += strspn(at, ";")) {
            (void)snprintf(part, sizeof(part), "%.*s", (int)strcspn(at, ";"), at);
            change(&policy, part);
            at += strlen(part);
        }
        for (size_t i = 0; i < count; i++)
            if (policy_weaker(&policy, &keys[i]) != NULL)
                fail_msg("%s: %s", profiles[p / 2], keys[i].name);
    }
}

#define NIST_PASSWORD "NIST SP 800-63B-4 3.1.1.2"
#define NIST_GUESS    "NIST SP 800-63B-4 3.2.2"
#define NIST_TWO      "NIST SP 800-63B-4 2.2"
#define MHLW_TWO      "5.1 6.5 C.11(4)"

static void profile_names_the_clause_of_what_is_weaker(void **state)
{
    static const struct {
        const char *key, *value;
        const char *clauses[3]; /* in the order of `profiles`; NULL: no weaker there */
    } rows[] = {
        {"password_long_length", "13", {NULL, NULL, NIST_PASSWORD}},
        {"password_long_length", "14", {NULL, NULL, NIST_PASSWORD}},
        {"password_kinds", "2", {"5.2 T15, 6.0 Q&A Sys-54", "5.1 6.5 C.11", NIST_PASSWORD}},
        {"password_kinds", "0", {"5.2 T15, 6.0 Q&A Sys-54", "5.1 6.5 C.11", NULL}},
        {"password_kinds", "3", {NULL, NULL, NIST_PASSWORD}},
        {"password_rotation", "short", {NULL, "5.1 6.5 C.11", NIST_PASSWORD}},
        {"password_rotation", "none", {NULL, "5.1 6.5 C.11", NULL}},
        {"password_rotation", "all", {NULL, NULL, NIST_PASSWORD}},
        {"password_warn", "0", {"HP 2-1-6-123", "HP 2-1-6-123", NULL}},
        {"password_issued_valid", "2 days", {"HP 2-1-6-126", "HP 2-1-6-126", NULL}},
        {"password_min_age", "0", {"HP 2-1-6-124", "HP 2-1-6-124", NULL}},
        {"password_history", "23", {"HP 2-1-6-124", "HP 2-1-6-124", NULL}},
        {"password_guess_bits", "40", {"5.2 T16", "5.2 T16", NIST_PASSWORD}},
        {"password_grace_logins", "1", {"HP 2-1-6-123", "HP 2-1-6-123", NULL}},
        {"password_suggest", "no", {"HP 2-1-6-112", "HP 2-1-6-112", NULL}},
        {"attempts_per_source", "6", {"HP 2-1-6-130", "HP 2-1-6-130", NIST_GUESS}},
        {"attempts_per_account", "21", {"HP 2-1-6-130", "HP 2-1-6-130", NIST_GUESS}},
        {"attempts_per_change", "6", {"HP 2-1-6-125", "HP 2-1-6-125", NIST_GUESS}},
        {"attempt_window", "14 min", {"HP 2-1-6-130", "HP 2-1-6-130", NIST_GUESS}},
        {"lock_time", "899 s", {"HP 2-1-6-130", "HP 2-1-6-130", NIST_GUESS}},
        {"attempt_delay", "0", {"5.1 6.5 D.4", "5.1 6.5 D.4", NIST_GUESS}},
        {"attempt_delay_max", "7 s", {"5.1 6.5 D.4", "5.1 6.5 D.4", NIST_GUESS}},
        {"kdf_memory", "63 MiB", {"5.2 T12", "5.2 T12", NIST_PASSWORD}},
        {"kdf_time", "2", {"5.2 T12", "5.2 T12", NIST_PASSWORD}},
        {"attempts_spread", "11", {"HP 2-1-6-130", "HP 2-1-6-130", NULL}},
        {"idle_staff", "0", {"5.2 T4", "5.2 T4", NULL}},
        {"idle_staff", "16 min", {"5.2 T4", "5.2 T4", NULL}},
        {"idle_privileged", "11 min", {"5.2 T4", "5.2 T4", NULL}},
        {"idle_maintenance", "0", {"5.2 T4", "5.2 T4", NULL}},
        {"idle_breakglass", "1 day", {"5.2 T4", "5.2 T4", NULL}},
        {"idle_staff", "15 min", {NULL}},
        {"places_privileged", "any", {"HP 2-1-6-117", "HP 2-1-6-117", NULL}},
        {"places_privileged", "local, 0.0.0.0/0", {"HP 2-1-6-117", "HP 2-1-6-117", NULL}},
        {"places_privileged", "::/0", {"HP 2-1-6-117", "HP 2-1-6-117", NULL}},
        {"places_privileged", "10.1.0.0/16, pts/0", {NULL}},
        {"places_privileged", "console, local", {NULL}},
        {"places_staff", "any", {NULL}},
        {"dormant_after", "91 days", {"HP 2-1-6-110", "HP 2-1-6-110", NULL}},
        {"sessions_staff", "1000", {NULL}},
        {"hours_staff", "always", {NULL}},
        {"alert_wall", "no", {NULL}},
        {"minimum_free", "0", {"HP 2-1-6-94", "HP 2-1-6-94", NULL}},
        {"factor_staff", "optional", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"factor_privileged", "none", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"factor_maintenance", "none", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"factor_breakglass", "none", {NULL}},
        {"factor_required_from", "2027-04-02", {MHLW_TWO, MHLW_TWO, NULL}},
        {"factor_required_from", "2027-04-01", {NULL}},
        {"factor_required_from", "2026-12-31", {NULL}},
        {"factor_required_from", "", {NULL}},
        {"factor_exempt_places", "console", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"factor_exempt_services", "sudo", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"factor_one_prompt", "any", {NULL}},
        {"card_places", "any", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"card_places", "console, 10.1.0.0/16", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"card_places", "2001:db8::5", {MHLW_TWO, MHLW_TWO, NIST_TWO}},
        {"card_places", "local, console, :0.0, tty*, own", {NULL}},
        {"card_services", "any", {NULL}},
        {"card_crl", "warn", {"HP 2-1-6-90", "HP 2-1-6-90", NULL}},
        {"grant_max", "8 days", {"5.2 T3", "5.2 T3", NULL}},
        {"totp_algorithm", "sha1", {"HP 2-1-6-86", "HP 2-1-6-86", NULL}},
        {"card_alone", "yes", {NULL}},
        {"unenrolled", "ignore", {NULL}},
        {"time_zone", "UTC", {NULL}},
        {"institution", "", {NULL}},
        {"emergency_contact", "Dr Sato", {NULL}},
        {"password_blocklist", "", {NULL}},
        {"kdf_slots", "0", {NULL}},
    };
    (void)state;
    EACH(row, rows)
    {
        for (size_t p = 0; p < MEDGL_COUNT(profiles); p++) {
            char name[256];
            struct policy policy = of_profile(profiles[p]);
            (void)snprintf(name, sizeof(name), "%s=%s", row->key, row->value);
            change(&policy, name);
            const char *clause = policy_weaker(&policy, policy_key_find(row->key));
            (void)snprintf(name, sizeof(name), "%s = %s under %s", row->key, row->value,
                           profiles[p]);
            same_text(name, clause != NULL ? clause : "",
                      row->clauses[p] != NULL ? row->clauses[p] : "");
        }
    }
}

/* -- calendar ------------------------------------------------------------------------------- */

static void calendar_cases(void **state)
{
    static const struct {
        const char *from;
        struct policy_span span;
        int utc_offset;
        const char *to;
    } rows[] = {
        {"2026-11-21 08:53", {2, 0}, 0, "2027-01-21 08:53"},
        {"2026-12-31 00:00", {2, 0}, 0, "2027-02-28 00:00"},
        {"2026-12-31 23:59", {2, 0}, 0, "2027-02-28 23:59"},
        {"2027-12-31 12:00", {2, 0}, 0, "2028-02-29 12:00"}, /* a leap year */
        {"2027-12-29 12:00", {2, 0}, 0, "2028-02-29 12:00"},
        {"2027-12-28 12:00", {2, 0}, 0, "2028-02-28 12:00"},
        {"2099-12-31 12:00", {2, 0}, 0, "2100-02-28 12:00"}, /* not every fourth is one */
        {"1999-12-31 12:00", {2, 0}, 0, "2000-02-29 12:00"}, /* but every 400th is */
        {"2026-06-30 12:00", {2, 0}, 0, "2026-08-30 12:00"},
        {"2026-07-31 12:00", {2, 0}, 0, "2026-09-30 12:00"},
        {"2026-08-31 12:00", {1, 0}, 0, "2026-09-30 12:00"},
        {"2026-01-31 12:00", {1, 0}, 0, "2026-02-28 12:00"},
        {"2028-02-29 12:00", {12, 0}, 0, "2029-02-28 12:00"},
        {"2028-02-29 12:00", {48, 0}, 0, "2032-02-29 12:00"},
        {"2026-11-30 12:00", {1, 0}, 0, "2026-12-30 12:00"},
        {"2027-03-31 12:00", {-1, 0}, 0, "2027-02-28 12:00"},
        {"2027-01-15 12:00", {-2, 0}, 0, "2026-11-15 12:00"},
        {"1969-12-31 23:00", {2, 0}, 0, "1970-02-28 23:00"},
        {"1600-02-29 00:00", {-12, 0}, 0, "1599-02-28 00:00"},
        /* 15:00 in Greenwich is midnight in Tokyo: the 31st there, the 30th or 31st here. */
        {"2026-12-30 15:00", {2, 0}, TOKYO, "2027-02-27 15:00"},
        {"2026-12-30 14:59", {2, 0}, TOKYO, "2027-02-28 14:59"},
        {"2026-12-31 14:59", {2, 0}, TOKYO, "2027-02-28 14:59"},
        {"2026-12-31 15:00", {2, 0}, TOKYO, "2027-02-28 15:00"},
        {"2027-01-31 02:00", {1, 0}, -5 * 3600, "2027-03-01 02:00"},
        {"2026-11-21 08:53", {0, 15 * MEDGL_MINUTE}, TOKYO, "2026-11-21 09:08"},
        {"2026-12-31 23:59", {0, 59 * MEDGL_DAY}, TOKYO, "2027-02-28 23:59"},
        {"2026-11-21 08:53", {0, 0}, TOKYO, "2026-11-21 08:53"},
    };
    (void)state;
    EACH(row, rows)
    {
        same(row->from, row->to, policy_add(at(row->from), row->span, row->utc_offset),
             at(row->to));
    }
}

/* Every day of three centuries against the C library's calendar. */
static void calendar_agrees_with_libc(void **state)
{
    static const int months[] = {1, 2, -1, 25};
    (void)state;
    for (int64_t day = -25600; day < 84000; day++) {
        for (size_t i = 0; i < MEDGL_COUNT(months); i++) {
            time_t seconds = (time_t)(day * 86400 + 49321);
            struct tm from, to;
            assert_non_null(gmtime_r(&seconds, &from));
            to = (struct tm){.tm_sec = from.tm_sec,
                             .tm_min = from.tm_min,
                             .tm_hour = from.tm_hour,
                             .tm_mday = from.tm_mday,
                             .tm_mon = from.tm_mon + months[i],
                             .tm_year = from.tm_year};
            time_t wanted = timegm(&to);
            if (to.tm_mday != from.tm_mday) /* it ran over into the next month: its day 0 */
                wanted -= to.tm_mday * 86400;
            same("day", "sum", policy_add(seconds * 1000, (struct policy_span){months[i], 0}, 0),
                 wanted * 1000);
        }
    }
}

static void calendar_ends_of_time(void **state)
{
    const struct policy_span later = {2, 0}, day = {0, MEDGL_DAY}, earlier = {0, -MEDGL_DAY};
    const struct policy_span all = {INT32_MAX, 0};
    (void)state;
    same("most", "months", policy_add(INT64_MAX, later, 0), INT64_MAX);
    same("most", "day", policy_add(INT64_MAX, day, 0), INT64_MAX);
    same("least", "day", policy_add(INT64_MIN, earlier, 0), INT64_MIN);
    same("span", "two months", policy_span_most(later), 62 * MEDGL_DAY);
    same("span", "a day", policy_span_most(day), MEDGL_DAY);
    same("span", "all months", policy_span_most(all), 31 * MEDGL_DAY * INT32_MAX);
}

static void calendar_days(void **state)
{
    (void)state;
    same("epoch", "day", policy_day(0, 0), 0);
    same("before the epoch", "day", policy_day(-1, 0), -1);
    same("end of a day", "day", policy_day(MEDGL_DAY - 1, 0), 0);
    same("Tokyo, midnight", "day", policy_day(at("2026-11-20 15:00"), TOKYO),
         policy_day(at("2026-11-21 00:00"), 0));
    same("Tokyo, a minute before", "day", policy_day(at("2026-11-20 14:59"), TOKYO),
         policy_day(at("2026-11-20 00:00"), 0));
    same("end of time", "day", policy_day(INT64_MAX, TOKYO), INT64_MAX / MEDGL_DAY);
}

/* -- passwords (R13, R15, R18) --------------------------------------------------------------- */

/* Letters, digits and so many symbols in valid text; what a row adds to it is against it. */
#define WITH(count, symbols_, bits)                                                                \
    .length = (count), .letters = 1, .digits = 1, .symbols = (symbols_), .valid_text = 1,          \
    .guess_bits = (bits)
#define GOOD_ONE WITH(16, 1, 60)

/* The first refusal in the order of the enum, whatever else is wrong. */
static void R13_R14_R16_refusals(void **state)
{
    static const struct {
        const char *name;
        struct password_candidate candidate;
        enum password_refusal refusal;
    } rows[] = {
        {"good", {GOOD_ONE}, PASSWORD_ACCEPTED},
        {"malformed", {16, 1, 1, 1, 0, .guess_bits = 60}, PASSWORD_REFUSED_TEXT},
        {"nothing known", {0}, PASSWORD_REFUSED_TEXT},
        {"1024 characters", {WITH(1024, 1, 60)}, PASSWORD_ACCEPTED},
        {"1025 characters", {WITH(1025, 1, 60)}, PASSWORD_REFUSED_TOO_LONG},
        {"full width", {GOOD_ONE, .full_width = 1}, PASSWORD_REFUSED_FULL_WIDTH},
        {"full width, short", {.valid_text = 1, .full_width = 1}, PASSWORD_REFUSED_FULL_WIDTH},
        {"empty", {.valid_text = 1}, PASSWORD_REFUSED_TOO_SHORT},
        {"short, no symbol", {WITH(7, 0, 60)}, PASSWORD_REFUSED_TOO_SHORT},
        {"no symbol, same", {WITH(16, 0, 60), .same_as_current = 1}, PASSWORD_REFUSED_KINDS},
        {"same", {GOOD_ONE, .same_as_current = 1}, PASSWORD_REFUSED_SAME},
        {"same, guessable, similar",
         {WITH(16, 1, 0), .same_as_current = 1, .similar_to_current = 1},
         PASSWORD_REFUSED_SAME},
        {"guessable, similar",
         {WITH(16, 1, 0), .similar_to_current = 1},
         PASSWORD_REFUSED_GUESSABLE},
        {"similar", {GOOD_ONE, .similar_to_current = 1}, PASSWORD_REFUSED_SIMILAR},
        {"similar, used",
         {GOOD_ONE, .similar_to_current = 1, .used_before = 1},
         PASSWORD_REFUSED_SIMILAR},
        {"used", {GOOD_ONE, .used_before = 1}, PASSWORD_REFUSED_USED},
        {"used, similar to a former one",
         {GOOD_ONE, .used_before = 1, .similar_to_former = 1},
         PASSWORD_REFUSED_USED},
        {"similar to a former one",
         {GOOD_ONE, .similar_to_former = 1},
         PASSWORD_REFUSED_SIMILAR_FORMER},
        {"no use of a factor against these",
         {GOOD_ONE, .second_factor = 1, .similar_to_former = 1},
         PASSWORD_REFUSED_SIMILAR_FORMER},
    };
    (void)state;
    for (size_t p = 0; p < MEDGL_COUNT(profiles); p++) {
        struct policy policy = of_profile(profiles[p]);
        policy.password_kinds = 3;
        EACH(row, rows)
        {
            struct password_verdict verdict = policy_password_check(&policy, &row->candidate);
            same_text(row->name, password_refusal_word(verdict.refusal),
                      password_refusal_word(row->refusal));
            same(row->name, "strength", verdict.strength,
                 row->refusal == PASSWORD_ACCEPTED ? PASSWORD_STRENGTH_LONG
                                                   : PASSWORD_STRENGTH_NONE);
        }
    }
}

/* R13 at set time: least lengths alone and with a factor, composition, and which strength it is. */
static void R13_lengths_and_kinds_of_the_policy(void **state)
{
    enum {
        REFUSED,
        SHORT_ONE,
        LONG_ONE
    };
    static const char *const outcomes[] = {"refused", "short", "long"};
    static const struct {
        const char *profile, *settings;
        uint32_t length;
        unsigned kinds;
        int alone, with_factor;
    } rows[] = {
        {"mhlw-6.0", "", 7, 3, REFUSED, REFUSED},
        {"mhlw-6.0", "", 8, 3, SHORT_ONE, SHORT_ONE},
        {"mhlw-6.0", "", 12, 3, SHORT_ONE, SHORT_ONE},
        {"mhlw-6.0", "", 13, 3, LONG_ONE, LONG_ONE},
        {"mhlw-6.0", "", 13, 2, REFUSED, REFUSED},
        {"mhlw-6.0", "", 64, 2, REFUSED, REFUSED},
        {"mhlw-6.0", "", 1024, 3, LONG_ONE, LONG_ONE},
        {"mhlw-6.0", "password_long_length=16;password_short_length=10", 9, 3, REFUSED, REFUSED},
        {"mhlw-6.0", "password_long_length=16;password_short_length=10", 15, 3, SHORT_ONE,
         SHORT_ONE},
        {"mhlw-6.0", "password_long_length=16;password_short_length=10", 16, 3, LONG_ONE, LONG_ONE},
        {"mhlw-6.0", "password_kinds=2", 8, 2, SHORT_ONE, SHORT_ONE},
        {"mhlw-6.0", "password_kinds=2", 8, 1, REFUSED, REFUSED},
        {"mhlw-6.0", "password_kinds=1", 13, 1, LONG_ONE, LONG_ONE},
        {"mhlw-6.0", "password_kinds=1", 13, 0, REFUSED, REFUSED},
        {"mhlw-6.0", "password_rotation=none", 8, 3, REFUSED, SHORT_ONE},
        {"mhlw-6.0", "password_rotation=none", 12, 3, REFUSED, SHORT_ONE},
        {"mhlw-6.0", "password_rotation=none", 13, 3, LONG_ONE, LONG_ONE},
        {"mhlw-5.1", "", 7, 3, REFUSED, REFUSED},
        {"mhlw-5.1", "", 8, 3, SHORT_ONE, SHORT_ONE},
        {"mhlw-5.1", "", 13, 3, LONG_ONE, LONG_ONE},
        {"mhlw-5.1", "", 13, 2, REFUSED, REFUSED},
        {"nist-800-63b-4", "", 7, 1, REFUSED, REFUSED},
        {"nist-800-63b-4", "", 8, 1, REFUSED, SHORT_ONE},
        {"nist-800-63b-4", "", 14, 3, REFUSED, SHORT_ONE},
        {"nist-800-63b-4", "", 15, 1, LONG_ONE, LONG_ONE},
        {"nist-800-63b-4", "", 15, 0, LONG_ONE, LONG_ONE},
        {"nist-800-63b-4", "password_rotation=short", 8, 1, SHORT_ONE, SHORT_ONE},
        {"nist-800-63b-4", "password_kinds=3", 15, 2, REFUSED, REFUSED},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy policy = of_profile(row->profile);
        change(&policy, row->settings);
        for (unsigned i = 0; i < 16; i++) { /* each way to have so many kinds, without and with */
            const struct password_candidate candidate = {.length = row->length,
                                                         .valid_text = 1,
                                                         .guess_bits = 60,
                                                         .letters = i & 1,
                                                         .digits = (i & 2) != 0,
                                                         .symbols = (i & 4) != 0,
                                                         .second_factor = i >= 8};
            char name[160];
            if ((unsigned)__builtin_popcount(i & 7) != row->kinds)
                continue;
            (void)snprintf(name, sizeof(name), "%s %s: %u of %u kinds%s", row->profile,
                           row->settings, row->length, row->kinds,
                           candidate.second_factor ? " with a factor" : "");
            int wanted = candidate.second_factor ? row->with_factor : row->alone;
            struct password_verdict verdict = policy_password_check(&policy, &candidate);
            same_text(name, outcomes[verdict.strength], outcomes[wanted]);
            same(name, "accepted", verdict.refusal == PASSWORD_ACCEPTED, wanted != REFUSED);
            bool least = row->length >= policy_password_least(&policy, candidate.second_factor);
            same(name, "too short", verdict.refusal == PASSWORD_REFUSED_TOO_SHORT, !least);
            enum password_strength strength =
                policy_password_strength(&policy, row->length, row->kinds);
            if (wanted != REFUSED)
                same(name, "strength", strength, verdict.strength);
            else if (least)
                same(name, "strength", strength, PASSWORD_STRENGTH_NONE);
        }
    }
}

static void R14_guessable(void **state)
{
    const uint32_t least = (uint32_t)defaults().password_guess_bits;
    const struct {
        const char *name, *settings;
        enum password_weakness weakness;
        bool refused;
        uint32_t bits;
        bool guessable;
        enum password_weakness said;
    } rows[] = {
        {"strong", "", PASSWORD_WEAKNESS_NONE, 0, 80, 0, 0},
        {"just strong enough", "", PASSWORD_WEAKNESS_NONE, 0, least, 0, 0},
        {"just not", "", PASSWORD_WEAKNESS_NONE, 0, least - 1, 1, PASSWORD_WEAKNESS_SIMPLE},
        {"a word among others", "", PASSWORD_WEAKNESS_WORD, 0, 52, 0, 0},
        {"a word", "", PASSWORD_WEAKNESS_WORD, 0, 18, 1, PASSWORD_WEAKNESS_WORD},
        {"own name, however long", "", PASSWORD_WEAKNESS_NAME, 1, 300, 1, PASSWORD_WEAKNESS_NAME},
        {"refused without a kind", "", PASSWORD_WEAKNESS_NONE, 1, 90, 1, PASSWORD_WEAKNESS_SIMPLE},
        {"stricter", "password_guess_bits=60", PASSWORD_WEAKNESS_KEYBOARD, 0, 59, 1,
         PASSWORD_WEAKNESS_KEYBOARD},
        {"laxer", "password_guess_bits=30", PASSWORD_WEAKNESS_DATE, 0, 30, 0, 0},
        {"laxer, refused", "password_guess_bits=30", PASSWORD_WEAKNESS_BREACHED, 1, 30, 1,
         PASSWORD_WEAKNESS_BREACHED},
    };
    (void)state;
    EACH(row, rows)
    {
        for (size_t p = 0; p < 2 * MEDGL_COUNT(profiles); p++) { /* with and without a factor */
            const struct password_candidate candidate = {
                WITH(16, 1, row->bits), .second_factor = p % 2, .weakness = row->weakness,
                .weakness_refused = row->refused};
            struct policy policy = of_profile(profiles[p / 2]);
            change(&policy, row->settings);
            struct password_verdict verdict = policy_password_check(&policy, &candidate);
            same(row->name, "guessable", verdict.refusal == PASSWORD_REFUSED_GUESSABLE,
                 row->guessable);
            same_text(row->name, password_weakness_word(verdict.weakness),
                      password_weakness_word(row->said));
        }
    }
}

/* One fact more against a password never makes it acceptable, under any profile. */
static void R14_every_combination_of_facts(void **state)
{
    struct policy policy;
    (void)state;
    for (unsigned i = 0; i < (1U << 11) * MEDGL_COUNT(profiles); i++) {
        if ((i & 0x7ff) == 0)
            policy = of_profile(profiles[i >> 11]);
        const bool against = (i & 0x1ff) != 0;
        const struct password_candidate candidate = {
            .length = i & 1 ? 7 : 16,
            .letters = 1,
            .digits = 1,
            .symbols = (i & 0x200) == 0,
            .valid_text = (i & 2) == 0,
            .full_width = (i & 4) != 0,
            .second_factor = (i & 0x400) != 0,
            .weakness_refused = (i & 8) != 0,
            .guess_bits = i & 16 ? 40 : 41,
            .same_as_current = (i & 32) != 0,
            .similar_to_current = (i & 64) != 0,
            .used_before = (i & 128) != 0,
            .similar_to_former = (i & 256) != 0,
        };
        struct password_verdict verdict = policy_password_check(&policy, &candidate);
        bool accepted = !against && (candidate.symbols || policy.password_kinds < 3);
        same("combination", "accepted", verdict.refusal == PASSWORD_ACCEPTED, accepted);
        same("combination", "strength", verdict.strength,
             accepted ? PASSWORD_STRENGTH_LONG : PASSWORD_STRENGTH_NONE);
        same("combination", "weakness", verdict.weakness != PASSWORD_WEAKNESS_NONE,
             verdict.refusal == PASSWORD_REFUSED_GUESSABLE);
    }
}

#define NONE  PASSWORD_STRENGTH_NONE
#define SHORT PASSWORD_STRENGTH_SHORT
#define LONG  PASSWORD_STRENGTH_LONG

static void R13_R15_R18_standing(void **state)
{
    static const struct {
        const char *name;
        enum password_strength strength;
        bool issued, second_factor;
        const char *set_at, *valid_until, *now;
        int utc_offset;
        const char *rule;
        bool usable, due, warn;
        const char *due_at;
    } rows[] = {
        {"A on its first day", LONG, 0, 0, "2026-11-21 09:00", "", "2026-11-21 09:00", TOKYO, "A",
         1, 0, 0, ""},
        {"A after thirty years", LONG, 0, 0, "2026-11-21 09:00", "", "2056-11-21 09:00", TOKYO, "A",
         1, 0, 0, ""},
        {"A with a factor stays A", LONG, 0, 1, "2026-11-21 09:00", "", "2056-11-21 09:00", TOKYO,
         "A", 1, 0, 0, ""},
        {"C after thirty years", SHORT, 0, 1, "2026-11-21 09:00", "", "2056-11-21 09:00", TOKYO,
         "C", 1, 0, 0, ""},
        {"B fresh", SHORT, 0, 0, "2026-11-21 09:00", "", "2026-11-21 09:00", TOKYO, "B", 1, 0, 0,
         "2027-01-21 09:00"},
        {"B before the warning", SHORT, 0, 0, "2026-11-21 09:00", "", "2027-01-07 08:59", TOKYO,
         "B", 1, 0, 0, "2027-01-21 09:00"},
        {"B when the warning begins", SHORT, 0, 0, "2026-11-21 09:00", "", "2027-01-07 09:00",
         TOKYO, "B", 1, 0, 1, "2027-01-21 09:00"},
        {"B in its last minute", SHORT, 0, 0, "2026-11-21 09:00", "", "2027-01-21 08:59", TOKYO,
         "B", 1, 0, 1, "2027-01-21 09:00"},
        {"B exactly due", SHORT, 0, 0, "2026-11-21 09:00", "", "2027-01-21 09:00", TOKYO, "B", 1, 1,
         0, "2027-01-21 09:00"},
        {"B a year late", SHORT, 0, 0, "2026-11-21 09:00", "", "2028-01-21 09:00", TOKYO, "B", 1, 1,
         0, "2027-01-21 09:00"},
        {"B set on 31 December", SHORT, 0, 0, "2026-12-31 09:00", "", "2027-02-28 09:00", 0, "B", 1,
         1, 0, "2027-02-28 09:00"},
        {"B set on 31 December before a leap year", SHORT, 0, 0, "2027-12-31 09:00", "",
         "2028-02-28 09:00", 0, "B", 1, 0, 1, "2028-02-29 09:00"},
        {"B set on 31 December in Tokyo, still the 30th in Greenwich", SHORT, 0, 0,
         "2026-12-30 18:00", "", "2027-02-27 18:00", TOKYO, "B", 1, 1, 0, "2027-02-27 18:00"},
        {"factor taken away in time: B from the original date", SHORT, 0, 0, "2026-10-01 00:00", "",
         "2026-11-21 00:00", 0, "B", 1, 0, 1, "2026-12-01 00:00"},
        {"factor taken away later: due at once", SHORT, 0, 0, "2020-01-31 00:00", "",
         "2026-11-21 00:00", 0, "B", 1, 1, 0, "2020-03-31 00:00"},
        {"clock back by an hour", SHORT, 0, 0, "2026-11-21 09:00", "", "2026-11-21 08:00", 0, "B",
         1, 0, 0, "2027-01-21 09:00"},
        {"clock back by a day", SHORT, 0, 0, "2026-11-21 09:00", "", "2026-11-20 09:00", 0, "B", 1,
         0, 0, "2027-01-21 09:00"},
        {"clock back by more than a day", SHORT, 0, 0, "2026-11-21 09:00", "", "2026-11-20 08:59",
         0, "B", 1, 1, 0, "2026-11-20 08:59"},
        {"clock back by years, A", LONG, 0, 0, "2026-11-21 09:00", "", "2016-11-20 08:59", 0, "A",
         1, 1, 0, "2016-11-20 08:59"},
        {"clock back by years, C", SHORT, 0, 1, "2026-11-21 09:00", "", "2016-11-20 08:59", 0, "C",
         1, 1, 0, "2016-11-20 08:59"},
        {"imported, no rule", NONE, 0, 0, "2026-11-21 09:00", "", "2026-11-21 10:00", 0, "none", 1,
         1, 0, "2026-11-21 09:00"},
        {"imported, a factor does not help", NONE, 0, 1, "2026-11-21 09:00", "", "2026-11-21 10:00",
         0, "none", 1, 1, 0, "2026-11-21 09:00"},
        {"issued", LONG, 1, 0, "2026-11-21 09:00", "2026-11-22 09:00", "2026-11-21 10:00", 0, "A",
         1, 1, 0, "2026-11-21 09:00"},
        {"issued, in its last minute", LONG, 1, 0, "2026-11-21 09:00", "2026-11-22 09:00",
         "2026-11-22 08:59", 0, "A", 1, 1, 0, "2026-11-21 09:00"},
        {"issued, exactly over", LONG, 1, 0, "2026-11-21 09:00", "2026-11-22 09:00",
         "2026-11-22 09:00", 0, "A", 0, 1, 0, "2026-11-21 09:00"},
        {"issued, over, with a factor", SHORT, 1, 1, "2026-11-21 09:00", "2026-11-22 09:00",
         "2026-12-22 09:00", 0, "C", 0, 1, 0, "2026-11-21 09:00"},
        {"issued without end", LONG, 1, 0, "2026-11-21 09:00", "", "2036-11-22 09:00", 0, "A", 1, 1,
         0, "2026-11-21 09:00"},
        {"issued, then the clock was set back", LONG, 1, 0, "2026-11-21 09:00", "2026-11-22 09:00",
         "2026-11-01 09:00", 0, "A", 0, 1, 0, "2026-11-01 09:00"},
        {"an end binds issued ones alone", LONG, 0, 0, "2026-11-21 09:00", "2026-11-22 09:00",
         "2026-12-22 09:00", 0, "A", 1, 0, 0, ""},
    };
    const struct policy policy = defaults();
    (void)state;
    EACH(row, rows)
    {
        const struct password_facts facts = {.present = true,
                                             .strength = row->strength,
                                             .issued = row->issued,
                                             .set_at = at(row->set_at),
                                             .valid_until = at(row->valid_until),
                                             .second_factor = row->second_factor,
                                             .utc_offset = row->utc_offset};
        struct password_standing standing = policy_password_standing(&policy, &facts, at(row->now));
        same_text(row->name, password_rule_word(standing.rule), row->rule);
        same(row->name, "usable", standing.usable, row->usable);
        same(row->name, "due", standing.due, row->due);
        same(row->name, "warn", standing.warn, row->warn);
        same(row->name, "due_at", standing.due_at, at(row->due_at));
    }
}

/* R13 under each profile, alone and with a second factor, a quarter of a year after it was set;
 * adding or removing the factor is going from one column to the other: at once, and from the
 * original date. */
static void R13_standing_of_profiles(void **state)
{
    static const struct {
        const char *profile;
        enum password_strength strength;
        const char *rule, *ground; /* alone */
        bool due;
        const char *due_at;
        const char *factor_rule, *factor_ground; /* with a second factor */
        bool factor_due;
        const char *factor_due_at;
    } rows[] = {
        {"mhlw-6.0", LONG, "A", "long", 0, "", "A", "long", 0, ""},
        {"mhlw-6.0", SHORT, "B", "short-alone", 1, "2027-02-28 09:00", "C", "second-factor", 0, ""},
        {"mhlw-6.0", NONE, "none", "unjudged", 1, "2026-12-31 09:00", "none", "unjudged", 1,
         "2026-12-31 09:00"},
        {"mhlw-5.1", LONG, "B", "rotation", 1, "2027-02-28 09:00", "C", "second-factor", 0, ""},
        {"mhlw-5.1", SHORT, "B", "rotation", 1, "2027-02-28 09:00", "C", "second-factor", 0, ""},
        {"mhlw-5.1", NONE, "none", "unjudged", 1, "2026-12-31 09:00", "none", "unjudged", 1,
         "2026-12-31 09:00"},
        {"nist-800-63b-4", LONG, "A", "long", 0, "", "A", "long", 0, ""},
        {"nist-800-63b-4", SHORT, "none", "not-alone", 1, "2026-12-31 09:00", "C", "second-factor",
         0, ""},
        {"nist-800-63b-4", NONE, "none", "unjudged", 1, "2026-12-31 09:00", "none", "unjudged", 1,
         "2026-12-31 09:00"},
    };
    static const struct {
        const char *name;
        bool issued;
        const char *set_at, *ground;
    } overruled[] = {
        {"issued", 1, "2026-12-31 09:00", "issued"},
        {"dated ahead", 0, "2027-04-02 09:00", "clock"},
        {"issued and dated ahead", 1, "2027-04-02 09:00", "clock"},
    };
    const medgl_time now = at("2027-03-31 09:00");
    (void)state;
    EACH(row, rows)
    {
        const struct policy policy = of_profile(row->profile);
        for (int factor = 0; factor < 2; factor++) {
            struct password_facts facts = {.present = true,
                                           .strength = row->strength,
                                           .set_at = at("2026-12-31 09:00"),
                                           .second_factor = factor};
            struct password_standing got = policy_password_standing(&policy, &facts, now);
            char name[80];
            (void)snprintf(name, sizeof(name), "%s, strength %d, factor %d", row->profile,
                           row->strength, factor);
            same_text(name, password_rule_word(got.rule), factor ? row->factor_rule : row->rule);
            same_text(name, password_ground_word(got.ground),
                      factor ? row->factor_ground : row->ground);
            same(name, "due", got.due, factor ? row->factor_due : row->due);
            same(name, "due_at", got.due_at, at(factor ? row->factor_due_at : row->due_at));
            same(name, "usable", got.usable, true);
            EACH(over, overruled)
            {
                facts.issued = over->issued;
                facts.set_at = at(over->set_at);
                got = policy_password_standing(&policy, &facts, now);
                same_text(over->name, password_ground_word(got.ground), over->ground);
                same(over->name, "due", got.due, true);
                same(over->name, "usable", got.usable,
                     strcmp(over->ground, "clock") != 0 || !over->issued);
            }
        }
    }
}

/* How many logins a due password still has, if it is due by its age alone. */
static void R15_grace_logins(void **state)
{
    static const struct {
        const char *name, *settings;
        struct password_facts facts;
        uint32_t left;
    } rows[] = {
        {"none by default", "", {1, SHORT, .set_at = MEDGL_DAY}, 0},
        {"three, none used", "password_grace_logins=3", {1, SHORT, .set_at = MEDGL_DAY}, 3},
        {"the last",
         "password_grace_logins=3",
         {1, SHORT, .set_at = MEDGL_DAY, .grace_used = 2},
         1},
        {"used up", "password_grace_logins=3", {1, SHORT, .set_at = MEDGL_DAY, .grace_used = 3}, 0},
        {"more used than there are now",
         "password_grace_logins=3",
         {1, SHORT, .set_at = MEDGL_DAY, .grace_used = 7},
         0},
        {"not due", "password_grace_logins=3", {1, SHORT, .set_at = 99 * MEDGL_DAY}, 0},
        {"long, rotation for all",
         "password_grace_logins=3;password_rotation=all",
         {1, LONG, .set_at = MEDGL_DAY},
         3},
        {"issued", "password_grace_logins=3", {1, SHORT, 1, .set_at = MEDGL_DAY}, 0},
        {"imported", "password_grace_logins=3", {1, NONE, .set_at = MEDGL_DAY}, 0},
        {"too short alone",
         "password_grace_logins=3;password_rotation=none",
         {1, SHORT, .set_at = MEDGL_DAY},
         0},
        {"dated ahead", "password_grace_logins=3", {1, SHORT, .set_at = 200 * MEDGL_DAY}, 0},
        {"with a factor",
         "password_grace_logins=3",
         {1, SHORT, .set_at = MEDGL_DAY, .second_factor = 1},
         0},
        {"no password", "password_grace_logins=3", {0}, 0},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy policy = defaults();
        change(&policy, row->settings);
        struct password_standing standing =
            policy_password_standing(&policy, &row->facts, 100 * MEDGL_DAY);
        same(row->name, "left", standing.grace_left, row->left);
        same(row->name, "grace", standing.grace, row->left > 0);
    }
}

static void R15_warning_once_a_day(void **state)
{
    static const struct {
        const char *name, *warned_at, *now;
        int utc_offset;
        bool again;
    } rows[] = {
        {"never warned", "", "2026-11-21 09:00", TOKYO, 1},
        {"a minute ago", "2026-11-21 09:00", "2026-11-21 09:01", TOKYO, 0},
        {"this morning", "2026-11-20 15:00", "2026-11-21 14:59", TOKYO, 0},
        {"after midnight", "2026-11-21 14:59", "2026-11-21 15:00", TOKYO, 1},
        {"midnight in Greenwich is none", "2026-11-21 23:59", "2026-11-22 00:00", TOKYO, 0},
        {"midnight in Greenwich", "2026-11-21 23:59", "2026-11-22 00:00", 0, 1},
        {"west of it", "2026-11-22 04:59", "2026-11-22 05:00", -5 * 3600, 1},
        {"a year ago", "2025-11-21 09:00", "2026-11-21 09:00", 0, 1},
        {"clock back by a minute", "2026-11-21 09:00", "2026-11-21 08:59", 0, 0},
        {"clock back by a year", "2026-11-21 09:00", "2025-11-21 09:00", 0, 1},
    };
    (void)state;
    EACH(row, rows)
    {
        const struct password_facts facts = {true, SHORT, .utc_offset_now = row->utc_offset};
        same(row->name, "again",
             policy_password_warn_again(&facts, at(row->warned_at), at(row->now)), row->again);
    }
}

/* Nobody cycles through the history; what must be changed may always be. */
static void R16_min_age(void **state)
{
    static const struct {
        const char *name, *settings;
        enum password_strength strength;
        bool issued, second_factor;
        const char *set_at, *from; /* "": at once */
    } rows[] = {
        {"just set", "", LONG, 0, 0, "2026-11-21 09:00", "2026-11-22 09:00"},
        {"just set, with a factor", "", SHORT, 0, 1, "2026-11-21 09:00", "2026-11-22 09:00"},
        {"short, just set", "", SHORT, 0, 0, "2026-11-21 09:00", "2026-11-22 09:00"},
        {"a minute less than a day", "", LONG, 0, 0, "2026-11-20 09:01", "2026-11-21 09:01"},
        {"a day old", "", LONG, 0, 0, "2026-11-20 09:00", ""},
        {"a week is asked", "password_min_age=7 days", LONG, 0, 0, "2026-11-20 09:00",
         "2026-11-27 09:00"},
        {"a week old", "password_min_age=7 days", LONG, 0, 0, "2026-11-14 09:00", ""},
        {"no least age", "password_min_age=0", LONG, 0, 0, "2026-11-21 09:00", ""},
        {"issued", "", LONG, 1, 0, "2026-11-21 09:00", ""},
        {"imported", "", NONE, 0, 0, "2026-11-21 09:00", ""},
        {"factor taken away", "password_rotation=none", SHORT, 0, 0, "2026-11-21 09:00", ""},
        {"due, and younger than the least age", "password_max_age=1 day;password_min_age=7 days",
         SHORT, 0, 0, "2026-11-20 09:00", ""},
        {"in a grace login", "password_grace_logins=3", SHORT, 0, 0, "2026-01-20 09:00", ""},
        {"clock back by an hour", "", LONG, 0, 0, "2026-11-21 10:00", "2026-11-22 10:00"},
        {"dated far ahead", "", LONG, 0, 0, "2036-11-21 10:00", ""},
    };
    (void)state;
    EACH(row, rows)
    {
        struct policy policy = defaults();
        const struct password_facts facts = {.present = true,
                                             .strength = row->strength,
                                             .issued = row->issued,
                                             .set_at = at(row->set_at),
                                             .second_factor = row->second_factor};
        medgl_time from = 1;
        change(&policy, row->settings);
        bool may = policy_password_may_change(&policy, &facts, at("2026-11-21 09:00"), &from);
        same(row->name, "may", may, row->from[0] == '\0');
        same(row->name, "from", from, at(row->from));
    }
    const struct policy policy = defaults();
    const struct password_facts none = {false, .set_at = 100};
    medgl_time from = 1;
    same("no password", "may", policy_password_may_change(&policy, &none, 100, &from), true);
}

static void R13_standing_follows_the_policy(void **state)
{
    struct policy policy = defaults();
    struct password_facts facts = {true, SHORT, .set_at = at("2026-11-21 09:00")};
    struct password_standing standing;
    (void)state;
    policy.password_max_age = (struct policy_span){0, 7 * MEDGL_DAY};
    standing = policy_password_standing(&policy, &facts, at("2026-11-28 09:00"));
    same("a week", "due_at", standing.due_at, at("2026-11-28 09:00"));
    same("a week", "due", standing.due, true);
    policy.password_max_age = (struct policy_span){1, 0};
    policy.password_warn = (struct policy_span){0, 0};
    standing = policy_password_standing(&policy, &facts, at("2026-12-21 08:59"));
    same("a month", "due_at", standing.due_at, at("2026-12-21 09:00"));
    same("no warning", "warn", standing.warn, false);
    policy.password_warn = (struct policy_span){1, 0};
    standing = policy_password_standing(&policy, &facts, at("2026-11-22 08:59"));
    same("a month's warning, but it may not be changed yet", "warn", standing.warn, false);
    standing = policy_password_standing(&policy, &facts, at("2026-11-22 09:00"));
    same("a month's warning", "warn", standing.warn, true);
    facts.present = false;
    standing = policy_password_standing(&policy, &facts, at("2036-12-21 09:00"));
    same("no password", "rule", standing.rule, PASSWORD_RULE_NONE);
    same("no password", "usable or due", standing.usable || standing.due || standing.warn, false);
    same("no password", "due_at", standing.due_at, 0);
}

/* -- lockout (R20) -------------------------------------------------------------------------- */

#define T     (20000 * MEDGL_DAY) /* the latest failure */
#define LOCK  (15 * MEDGL_MINUTE)
#define STALE (T + LOCK + 1) /* beyond the window */

static void R20_lockout(void **state)
{
    static const struct {
        const char *name;
        struct attempt_facts facts;
        medgl_time now;
        enum attempt_verdict verdict;
        medgl_time until;
    } rows[] = {
        {"nothing counted", {0}, T, ATTEMPT_ADMITTED, 0},
        {"delay after one", {1, 0, T, 1, 0, T}, T, ATTEMPT_DELAYED, T + 1000},
        {"delay, last instant", {1, 0, T, 1, 0, T}, T + 999, ATTEMPT_DELAYED, T + 1000},
        {"delay over", {1, 0, T, 1, 0, T}, T + 1000, ATTEMPT_ADMITTED, 0},
        {"delay after two", {2, 0, T, 2, 0, T}, T + 1999, ATTEMPT_DELAYED, T + 2000},
        {"delay after two over", {2, 0, T, 2, 0, T}, T + 2000, ATTEMPT_ADMITTED, 0},
        {"delay after three", {3, 0, T, 3, 0, T}, T, ATTEMPT_DELAYED, T + 4000},
        {"delay after four", {4, 0, T, 4, 0, T}, T, ATTEMPT_DELAYED, T + 8000},
        {"four, then admitted", {4, 0, T, 4, 0, T}, T + 8000, ATTEMPT_ADMITTED, 0},
        {"delay is capped", {5, 0, T, 5, 0, T}, T, ATTEMPT_DELAYED, T + 8000},
        {"delay of very many", {UINT32_MAX, 0, T, UINT32_MAX, 0, T}, T, ATTEMPT_DELAYED, T + 8000},
        {"delay comes before the locks", {5, 0, T, 20, 0, T}, T + 7999, ATTEMPT_DELAYED, T + 8000},
        {"source locked", {5, 0, T, 5, 0, T}, T + 8000, ATTEMPT_LOCKED_SOURCE, T + LOCK},
        {"source locked, over", {6, 0, T, 6, 0, T}, T + 8000, ATTEMPT_LOCKED_SOURCE, T + LOCK},
        {"source locked, last instant",
         {5, 0, T, 5, 0, T},
         T + LOCK - 1,
         ATTEMPT_LOCKED_SOURCE,
         T + LOCK},
        {"lock over", {5, 0, T, 5, 0, T}, T + LOCK, ATTEMPT_ADMITTED, 0},
        {"lock over, new run", {5, 4, T, 5, 4, T}, T + LOCK, ATTEMPT_ADMITTED, 0},
        {"lock over, new run is bounded", {5, 5, T, 5, 5, T}, T + LOCK, ATTEMPT_IN_FLIGHT, 0},
        {"source lock comes before the account's",
         {5, 0, T, 20, 0, T},
         T + 8000,
         ATTEMPT_LOCKED_SOURCE,
         T + LOCK},
        {"account locked", {0, 0, 0, 20, 0, T}, T, ATTEMPT_LOCKED_ACCOUNT, T + LOCK},
        {"account locked, last instant",
         {0, 0, 0, 20, 0, T},
         T + LOCK - 1,
         ATTEMPT_LOCKED_ACCOUNT,
         T + LOCK},
        {"account lock over", {0, 0, 0, 20, 0, T}, T + LOCK, ATTEMPT_ADMITTED, 0},
        {"account nearly locked", {0, 0, 0, 19, 0, T}, T, ATTEMPT_ADMITTED, 0},
        {"account full with one in flight", {0, 0, 0, 19, 1, T}, T, ATTEMPT_IN_FLIGHT, 0},
        {"account lock does not bind a console", {0, 0, 0, 20, 0, T, true}, T, ATTEMPT_ADMITTED, 0},
        {"nor what is in flight from elsewhere",
         {0, 0, 0, 19, 30, T, true},
         T,
         ATTEMPT_ADMITTED,
         0},
        {"a console's own failures do",
         {5, 0, T, 20, 0, T, true},
         T + 8000,
         ATTEMPT_LOCKED_SOURCE,
         T + LOCK},
        {"a console's own attempts do", {0, 5, 0, 0, 5, 0, true}, T, ATTEMPT_IN_FLIGHT, 0},
        {"four in flight", {0, 4, 0, 0, 4, 0}, T, ATTEMPT_ADMITTED, 0},
        {"five in flight", {0, 5, 0, 0, 5, 0}, T, ATTEMPT_IN_FLIGHT, 0},
        {"in flight and failed", {3, 2, T, 3, 2, T}, T + 8000, ATTEMPT_IN_FLIGHT, 0},
        {"in flight and failed, one left", {3, 1, T, 3, 1, T}, T + 8000, ATTEMPT_ADMITTED, 0},
        {"failures at the window's end count", {4, 1, T, 4, 1, T}, STALE - 1, ATTEMPT_IN_FLIGHT, 0},
        {"failures beyond the window do not", {4, 1, T, 4, 1, T}, STALE, ATTEMPT_ADMITTED, 0},
        {"what is in flight still does", {4, 5, T, 4, 5, T}, STALE, ATTEMPT_IN_FLIGHT, 0},
        {"account lock does not bind its own user",
         {0, 0, 0, 20, 0, T, .own = true},
         T,
         ATTEMPT_ADMITTED,
         0},
        {"nor what is in flight", {0, 0, 0, 19, 30, T, .own = true}, T, ATTEMPT_ADMITTED, 0},
        {"its own user's failures do",
         {5, 0, T, 20, 0, T, .own = true},
         T + 8000,
         ATTEMPT_LOCKED_SOURCE,
         T + LOCK},
        {"its own user's attempts do", {0, 5, 0, 0, 5, 0, .own = true}, T, ATTEMPT_IN_FLIGHT, 0},
        {"break-glass: delayed",
         {5, 0, T, 20, 0, T, .delay_only = true},
         T + 7999,
         ATTEMPT_DELAYED,
         T + 8000},
        {"break-glass: by refusals too",
         {0, 0, 0, 0, 0, 0, .source_refused = 3, .source_refused_latest = T, .delay_only = true},
         T,
         ATTEMPT_DELAYED,
         T + 4000},
        {"break-glass: no lock of the source",
         {5, 0, T, 5, 0, T, .delay_only = true},
         T + 8000,
         ATTEMPT_ADMITTED,
         0},
        {"break-glass: no lock of the account",
         {0, 0, 0, UINT32_MAX, UINT32_MAX, T, .remote = true, .delay_only = true},
         T,
         ATTEMPT_ADMITTED,
         0},
        {"break-glass: by no number of failures",
         {UINT32_MAX, 0, T, UINT32_MAX, 0, T, .remote = true, .delay_only = true},
         T + 8000,
         ATTEMPT_ADMITTED,
         0},
        {"break-glass: failures do not fill the line",
         {4, 4, T, 4, 4, T, .delay_only = true},
         T + 8000,
         ATTEMPT_ADMITTED,
         0},
        {"break-glass: the line of a source is bounded",
         {4, 5, T, 4, 5, T, .delay_only = true},
         T + 8000,
         ATTEMPT_IN_FLIGHT,
         0},
        {"clock set back: delay from now",
         {1, 0, T, 1, 0, T},
         T - MEDGL_DAY,
         ATTEMPT_DELAYED,
         T - MEDGL_DAY + 1000},
        {"clock set back: no lock vanishes",
         {0, 0, 0, 20, 0, T},
         T - MEDGL_DAY,
         ATTEMPT_LOCKED_ACCOUNT,
         T - MEDGL_DAY + LOCK},
    };
    const struct policy policy = defaults();
    (void)state;
    EACH(row, rows)
    {
        struct attempt_decision decision = policy_attempt(&policy, &row->facts, row->now);
        same(row->name, "verdict", decision.verdict, row->verdict);
        same(row->name, "until", decision.until, row->until);
    }
}

/* A change has its own limit, and whoever fails to log in from elsewhere does not close it. */
static void R17_change_has_a_limit_of_its_own(void **state)
{
    static const struct {
        const char *name;
        bool change, remote;
        uint32_t source, source_in_flight, account, account_in_flight;
        enum attempt_verdict verdict;
    } rows[] = {
        {"login, third", 0, 0, 2, 0, 2, 0, ATTEMPT_ADMITTED},
        {"change, third", 1, 0, 2, 0, 2, 0, ATTEMPT_ADMITTED},
        {"login, fourth", 0, 0, 3, 0, 3, 0, ATTEMPT_ADMITTED},
        {"change, fourth", 1, 0, 3, 0, 3, 0, ATTEMPT_LOCKED_SOURCE},
        {"login, third in flight", 0, 0, 2, 1, 2, 1, ATTEMPT_ADMITTED},
        {"change, third in flight", 1, 0, 2, 1, 2, 1, ATTEMPT_IN_FLIGHT},
        {"login, account locked", 0, 0, 0, 0, 20, 0, ATTEMPT_LOCKED_ACCOUNT},
        {"change, account locked", 1, 0, 0, 0, 20, 0, ATTEMPT_ADMITTED},
        {"login, account taken", 0, 0, 0, 0, 0, 20, ATTEMPT_IN_FLIGHT},
        {"change, account taken", 1, 0, 0, 0, 0, 20, ATTEMPT_ADMITTED},
        {"change from elsewhere, third", 1, 1, 2, 0, 2, 0, ATTEMPT_ADMITTED},
        {"change from elsewhere, fourth", 1, 1, 3, 0, 3, 0, ATTEMPT_LOCKED_SOURCE},
        {"change from elsewhere, account locked", 1, 1, 0, 0, 20, 0, ATTEMPT_LOCKED_ACCOUNT},
        {"change from elsewhere, account taken", 1, 1, 0, 0, 0, 20, ATTEMPT_IN_FLIGHT},
    };
    struct policy policy = defaults();
    (void)state;
    change(&policy, "attempts_per_change=3");
    EACH(row, rows)
    {
        const struct attempt_facts facts = {.source_failures = row->source,
                                            .source_in_flight = row->source_in_flight,
                                            .source_latest = row->source > 0 ? T : 0,
                                            .account_failures = row->account,
                                            .account_in_flight = row->account_in_flight,
                                            .account_latest = row->account > 0 ? T : 0,
                                            .remote = row->remote,
                                            .change = row->change};
        struct attempt_decision decision = policy_attempt(&policy, &facts, T + MEDGL_MINUTE);
        same(row->name, "verdict", decision.verdict, row->verdict);
        same(row->name, "until", decision.until,
             row->verdict == ATTEMPT_LOCKED_SOURCE || row->verdict == ATTEMPT_LOCKED_ACCOUNT
                 ? T + LOCK
                 : 0);
    }
}

static void R20_lockout_follows_the_policy(void **state)
{
    struct policy policy = defaults();
    const struct attempt_facts five = {5, 0, T, 5, 0, T}, three = {3, 0, T, 3, 0, T};
    (void)state;
    policy.attempt_delay = (struct policy_span){0, 0};
    policy.attempts_per_source = 3;
    policy.lock_time = (struct policy_span){0, MEDGL_HOUR};
    same("no delay", "verdict", policy_attempt(&policy, &three, T).verdict, ATTEMPT_LOCKED_SOURCE);
    same("an hour", "until", policy_attempt(&policy, &three, T).until, T + MEDGL_HOUR);
    same("beyond the window", "verdict", policy_attempt(&policy, &three, STALE).verdict,
         ATTEMPT_LOCKED_SOURCE);
    policy.attempts_per_source = 10;
    same("ten", "verdict", policy_attempt(&policy, &five, T).verdict, ATTEMPT_ADMITTED);
    policy.attempt_delay = (struct policy_span){0, 3 * MEDGL_SECOND};
    policy.attempt_delay_max = (struct policy_span){0, 5 * MEDGL_SECOND};
    same("doubling stops at the most", "until", policy_attempt(&policy, &five, T).until, T + 5000);
}

/* Whatever was counted: who is admitted never makes it more than the limits. */
static void R20_never_more_than_the_limits(void **state)
{
    const struct policy policy = defaults();
    int64_t admitted = 0;
    (void)state;
    for (uint32_t i = 0; i < 8 * 8 * 24 * 24 * 2; i++) {
        const struct attempt_facts facts = {i % 8, i / 8 % 8,     T, i / 64 % 24, i / 1536 % 24,
                                            T,     i / 36864 == 1};
        struct attempt_decision decision = policy_attempt(&policy, &facts, T + 8000);
        if (decision.verdict != ATTEMPT_ADMITTED)
            continue;
        admitted++;
        assert_true(facts.source_failures + facts.source_in_flight < 5);
        assert_true(facts.console || facts.account_failures + facts.account_in_flight < 20);
    }
    same("some", "admitted", admitted > 0, true);
}

/* -- login ---------------------------------------------------------------------------------- */

#define NOW    (20000 * MEDGL_DAY)
#define GOOD   FACTOR_PROVED
#define BAD    FACTOR_FAILED
#define UNSAID FACTOR_NOT_ASKED
#define ACTIVE ACCOUNT_STATE_ACTIVE

/* The password of a row: a good one, none, or issued and past its end. */
enum kept {
    KEPT_GOOD,
    KEPT_NONE,
    KEPT_OVER
};

static struct password_facts kept_facts(enum kept kept)
{
    return (struct password_facts){
        .present = kept != KEPT_NONE,
        .strength = LONG,
        .issued = kept == KEPT_OVER,
        .set_at = NOW - 2 * MEDGL_DAY,
        .valid_until = kept == KEPT_OVER ? NOW - MEDGL_DAY : 0,
    };
}

static void login_reasons(void **state)
{
    static const struct {
        const char *name;
        bool known, uid_matches;
        enum account_state state;
        enum attempt_verdict attempt;
        bool held;
        enum factor_result password, second;
        bool second_required;
        enum kept kept;
        enum login_reason reason;
        bool counts;
    } rows[] = {
        {"right password", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 0, KEPT_GOOD,
         LOGIN_REASON_OK, 0},
        {"both factors", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, GOOD, 1, KEPT_GOOD,
         LOGIN_REASON_OK, 0},
        {"wrong password", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, BAD, UNSAID, 0, KEPT_GOOD,
         LOGIN_REASON_WRONG_PASSWORD, 1},
        {"wrong password, right code", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, BAD, GOOD, 1, KEPT_GOOD,
         LOGIN_REASON_WRONG_PASSWORD, 1},
        {"wrong code", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, BAD, 1, KEPT_GOOD,
         LOGIN_REASON_WRONG_FACTOR, 1},
        {"code not asked though required", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 1,
         KEPT_GOOD, LOGIN_REASON_NO_FACTOR, 1},
        {"wrong code though not required", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, BAD, 0,
         KEPT_GOOD, LOGIN_REASON_WRONG_FACTOR, 1},
        {"nothing asked", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, UNSAID, UNSAID, 0, KEPT_GOOD,
         LOGIN_REASON_WRONG_PASSWORD, 1},
        {"unknown", 0, 0, 0, ATTEMPT_ADMITTED, 1, BAD, UNSAID, 0, KEPT_NONE,
         LOGIN_REASON_UNKNOWN_ACCOUNT, 1},
        {"unknown and locked", 0, 0, 0, ATTEMPT_LOCKED_SOURCE, 0, BAD, UNSAID, 0, KEPT_NONE,
         LOGIN_REASON_UNKNOWN_ACCOUNT, 0},
        {"unknown, everything else right", 0, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, GOOD, 1,
         KEPT_GOOD, LOGIN_REASON_UNKNOWN_ACCOUNT, 1},
        {"locked source, right password", 1, 1, ACTIVE, ATTEMPT_LOCKED_SOURCE, 0, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_LOCKED_SOURCE, 0},
        {"locked source, wrong password", 1, 1, ACTIVE, ATTEMPT_LOCKED_SOURCE, 0, BAD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_LOCKED_SOURCE, 0},
        {"locked account, right password", 1, 1, ACTIVE, ATTEMPT_LOCKED_ACCOUNT, 0, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_LOCKED_ACCOUNT, 0},
        {"locked and disabled", 1, 1, ACCOUNT_STATE_DISABLED, ATTEMPT_LOCKED_ACCOUNT, 0, GOOD,
         UNSAID, 0, KEPT_GOOD, LOGIN_REASON_LOCKED_ACCOUNT, 0},
        {"reservation lost, right password", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 0, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_ATTEMPT_LOST, 0},
        {"reservation lost, wrong password", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 0, BAD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_ATTEMPT_LOST, 0},
        {"never admitted: delayed", 1, 1, ACTIVE, ATTEMPT_DELAYED, 1, GOOD, UNSAID, 0, KEPT_GOOD,
         LOGIN_REASON_ATTEMPT_LOST, 0},
        {"never admitted: in flight", 1, 1, ACTIVE, ATTEMPT_IN_FLIGHT, 1, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_ATTEMPT_LOST, 0},
        {"no such verdict", 1, 1, ACTIVE, (enum attempt_verdict)99, 1, GOOD, UNSAID, 0, KEPT_GOOD,
         LOGIN_REASON_UNDECIDED, 0},
        {"uid changed, right password", 1, 0, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_UID_CHANGED, 1},
        {"disabled, right password", 1, 1, ACCOUNT_STATE_DISABLED, ATTEMPT_ADMITTED, 1, GOOD,
         UNSAID, 0, KEPT_GOOD, LOGIN_REASON_DISABLED, 1},
        {"disabled, wrong password", 1, 1, ACCOUNT_STATE_DISABLED, ATTEMPT_ADMITTED, 1, BAD, UNSAID,
         0, KEPT_GOOD, LOGIN_REASON_DISABLED, 1},
        {"retired, right password", 1, 1, ACCOUNT_STATE_RETIRED, ATTEMPT_ADMITTED, 1, GOOD, UNSAID,
         0, KEPT_GOOD, LOGIN_REASON_RETIRED, 1},
        {"retired, wrong password", 1, 1, ACCOUNT_STATE_RETIRED, ATTEMPT_ADMITTED, 1, BAD, UNSAID,
         0, KEPT_GOOD, LOGIN_REASON_RETIRED, 1},
        {"no such state", 1, 1, (enum account_state)0, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 0,
         KEPT_GOOD, LOGIN_REASON_UNDECIDED, 1},
        {"uid changed and disabled", 1, 0, ACCOUNT_STATE_DISABLED, ATTEMPT_ADMITTED, 1, GOOD,
         UNSAID, 0, KEPT_GOOD, LOGIN_REASON_UID_CHANGED, 1},
        {"no password kept", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, BAD, UNSAID, 0, KEPT_NONE,
         LOGIN_REASON_NO_PASSWORD, 1},
        {"no password kept, yet proved", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 0,
         KEPT_NONE, LOGIN_REASON_NO_PASSWORD, 1},
        {"issued, past its end", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, UNSAID, 0, KEPT_OVER,
         LOGIN_REASON_ISSUED_EXPIRED, 1},
        {"issued, past its end, wrong", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, BAD, UNSAID, 0,
         KEPT_OVER, LOGIN_REASON_WRONG_PASSWORD, 1},
        {"issued, past its end, wrong code", 1, 1, ACTIVE, ATTEMPT_ADMITTED, 1, GOOD, BAD, 1,
         KEPT_OVER, LOGIN_REASON_WRONG_FACTOR, 1},
    };
    const struct policy policy = defaults();
    (void)state;
    EACH(row, rows)
    {
        const struct login_facts facts = {
            row->known,
            row->uid_matches,
            row->state,
            ACCOUNT_CLASS_STAFF,
            row->attempt,
            row->held,
            row->password,
            row->second,
            FACTOR_KIND_TOTP,
            row->second_required,
            .password_facts = kept_facts(row->kept),
            .admission = ADMISSION_GRANTED,
            .person = UNSAID,
        };
        struct login_decision decision = policy_login(&policy, &facts, NOW);
        same_text(row->name, login_reason_word(decision.reason), login_reason_word(row->reason));
        same(row->name, "allowed", decision.allowed, row->reason == LOGIN_REASON_OK);
        same(row->name, "counts", decision.counts, row->counts);
    }
}

/* What refuses somebody who proved everything, or who proved nothing: the order of the reasons. */
static void R05_R22_R26_R27_login_rules(void **state)
{
    static const struct {
        const char *name;
        enum factor_result password;
        bool second_closed;
        enum admission_reason admission;
        enum factor_result person;
        enum login_reason reason;
    } rows[] = {
        {"admitted", GOOD, 0, ADMISSION_GRANTED, UNSAID, LOGIN_REASON_OK},
        {"a person named", GOOD, 0, ADMISSION_GRANTED, GOOD, LOGIN_REASON_OK},
        {"nobody decided", GOOD, 0, ADMISSION_UNDECIDED, UNSAID, LOGIN_REASON_UNDECIDED},
        {"no such decision", GOOD, 0, (enum admission_reason)99, UNSAID, LOGIN_REASON_UNDECIDED},
        {"service", GOOD, 0, ADMISSION_SERVICE, UNSAID, LOGIN_REASON_SERVICE},
        {"place", GOOD, 0, ADMISSION_PLACE, UNSAID, LOGIN_REASON_PLACE},
        {"hours", GOOD, 0, ADMISSION_HOURS, UNSAID, LOGIN_REASON_HOURS},
        {"calendar", GOOD, 0, ADMISSION_CALENDAR, UNSAID, LOGIN_REASON_CALENDAR},
        {"a stranger", GOOD, 0, ADMISSION_GRANTED, BAD, LOGIN_REASON_PERSON},
        {"no such person", GOOD, 0, ADMISSION_GRANTED, (enum factor_result)99, LOGIN_REASON_PERSON},
        {"codes closed", GOOD, 1, ADMISSION_GRANTED, UNSAID, LOGIN_REASON_FACTOR_CLOSED},
        {"closed before the rules", GOOD, 1, ADMISSION_HOURS, BAD, LOGIN_REASON_FACTOR_CLOSED},
        {"the rules before the person", GOOD, 0, ADMISSION_PLACE, BAD, LOGIN_REASON_PLACE},
        {"the password before them", BAD, 1, ADMISSION_HOURS, BAD, LOGIN_REASON_WRONG_PASSWORD},
        {"wrong, undecided", BAD, 0, ADMISSION_UNDECIDED, UNSAID, LOGIN_REASON_WRONG_PASSWORD},
    };
    const struct policy policy = defaults();
    (void)state;
    EACH(row, rows)
    {
        struct login_facts facts = {.known = true,
                                    .uid_matches = true,
                                    .state = ACTIVE,
                                    .class_ = ACCOUNT_CLASS_STAFF,
                                    .attempt = ATTEMPT_ADMITTED,
                                    .reservation_held = true,
                                    .password = row->password,
                                    .second = UNSAID,
                                    .password_facts = kept_facts(KEPT_GOOD),
                                    .second_closed = row->second_closed,
                                    .admission = row->admission,
                                    .person = row->person};
        struct login_decision decision = policy_login(&policy, &facts, NOW);
        same_text(row->name, login_reason_word(decision.reason), login_reason_word(row->reason));
        same(row->name, "allowed", decision.allowed, row->reason == LOGIN_REASON_OK);
        same(row->name, "counts", decision.counts, row->reason != LOGIN_REASON_OK);
        facts.state = ACCOUNT_STATE_DISABLED;
        decision = policy_login(&policy, &facts, NOW);
        same(row->name, "disabled", decision.reason, LOGIN_REASON_DISABLED);
    }
}

/* Every combination of facts: one alone is let in, and R23: no refusal of an admitted guess looks
 * different in what is counted. */
static void login_lets_in_one_combination_alone(void **state)
{
    static const enum admission_reason admissions[] = {ADMISSION_UNDECIDED, ADMISSION_GRANTED,
                                                       ADMISSION_HOURS};
    const struct policy policy = defaults();
    int allowed = 0;
    (void)state;
    for (unsigned i = 0; i < 2 * 2 * 4 * 5 * 2 * 3 * 3 * 2 * 3 * 3 * 2 * 2; i++) {
        unsigned n = i;
        struct login_facts facts = {.class_ = ACCOUNT_CLASS_STAFF, .second_kind = FACTOR_KIND_TOTP};
        facts.known = n % 2, n /= 2;
        facts.uid_matches = n % 2, n /= 2;
        facts.state = (enum account_state)(n % 4), n /= 4;
        facts.attempt = (enum attempt_verdict)(n % 5), n /= 5;
        facts.reservation_held = n % 2, n /= 2;
        facts.password = (enum factor_result)(n % 3), n /= 3;
        facts.second = (enum factor_result)(n % 3), n /= 3;
        facts.second_required = n % 2, n /= 2;
        const enum kept kept = (enum kept)(n % 3);
        n /= 3;
        facts.password_facts = kept_facts(kept);
        facts.admission = admissions[n % 3], n /= 3;
        facts.person = (enum factor_result)(n % 2), n /= 2;
        facts.second_closed = n != 0;
        bool good = facts.known && facts.uid_matches && facts.state == ACTIVE &&
                    facts.attempt == ATTEMPT_ADMITTED && facts.reservation_held &&
                    facts.password == GOOD && kept == KEPT_GOOD &&
                    (facts.second == GOOD || (facts.second == UNSAID && !facts.second_required)) &&
                    facts.admission == ADMISSION_GRANTED && facts.person != BAD &&
                    !facts.second_closed;
        struct login_decision decision = policy_login(&policy, &facts, NOW);
        same("combination", "allowed", decision.allowed, good);
        same("combination", "counts", decision.counts,
             !good && facts.attempt == ATTEMPT_ADMITTED && facts.reservation_held);
        allowed += decision.allowed;
    }
    same("combinations", "allowed", allowed,
         3); /* code proved (2), or neither asked nor required */
}

static void login_with_a_due_password_is_let_in_to_change_it(void **state)
{
    const struct policy policy = defaults();
    struct login_facts facts = {true,
                                true,
                                ACTIVE,
                                ACCOUNT_CLASS_STAFF,
                                ATTEMPT_ADMITTED,
                                true,
                                GOOD,
                                UNSAID,
                                .admission = ADMISSION_GRANTED,
                                .person = UNSAID};
    (void)state;
    facts.password_facts = (struct password_facts){true, SHORT, .set_at = NOW - 90 * MEDGL_DAY};
    struct login_decision decision = policy_login(&policy, &facts, NOW);
    same("due", "allowed", decision.allowed, true);
    same("due", "due", decision.standing.due, true);
    facts.password_facts = (struct password_facts){true, LONG, true, NOW - 1, NOW + MEDGL_DAY};
    decision = policy_login(&policy, &facts, NOW);
    same("issued", "allowed", decision.allowed, true);
    same("issued", "due", decision.standing.due, true);
}

static void account_phase(void **state)
{
    static const struct {
        const char *name;
        bool known, uid_matches;
        enum account_state state;
        struct password_facts password;
        enum account_verdict verdict;
        enum login_reason reason;
    } rows[] = {
        {"long password", 1, 1, ACTIVE, {1, LONG, 0, NOW}, ACCOUNT_OK, LOGIN_REASON_OK},
        {"key alone", 1, 1, ACTIVE, {0}, ACCOUNT_OK, LOGIN_REASON_OK},
        {"unknown", 0, 1, ACTIVE, {1, LONG, 0, NOW}, ACCOUNT_DENIED, LOGIN_REASON_UNKNOWN_ACCOUNT},
        {"uid changed", 1, 0, ACTIVE, {1, LONG, 0, NOW}, ACCOUNT_DENIED, LOGIN_REASON_UID_CHANGED},
        {"disabled",
         1,
         1,
         ACCOUNT_STATE_DISABLED,
         {1, LONG, 0, NOW},
         ACCOUNT_DENIED,
         LOGIN_REASON_DISABLED},
        {"disabled, key alone",
         1,
         1,
         ACCOUNT_STATE_DISABLED,
         {0},
         ACCOUNT_DENIED,
         LOGIN_REASON_DISABLED},
        {"retired",
         1,
         1,
         ACCOUNT_STATE_RETIRED,
         {1, LONG, 0, NOW},
         ACCOUNT_EXPIRED,
         LOGIN_REASON_RETIRED},
        {"retired, uid changed",
         1,
         0,
         ACCOUNT_STATE_RETIRED,
         {1, LONG, 0, NOW},
         ACCOUNT_DENIED,
         LOGIN_REASON_UID_CHANGED},
        {"no such state",
         1,
         1,
         (enum account_state)0,
         {1, LONG, 0, NOW},
         ACCOUNT_DENIED,
         LOGIN_REASON_UNDECIDED},
        {"short, fresh", 1, 1, ACTIVE, {1, SHORT, 0, NOW}, ACCOUNT_OK, LOGIN_REASON_OK},
        {"short, soon due",
         1,
         1,
         ACTIVE,
         {1, SHORT, 0, NOW - 55 * MEDGL_DAY},
         ACCOUNT_OK_WARN,
         LOGIN_REASON_OK},
        {"short, due",
         1,
         1,
         ACTIVE,
         {1, SHORT, 0, NOW - 62 * MEDGL_DAY, .grace_used = 3},
         ACCOUNT_CHANGE_DUE,
         LOGIN_REASON_OK},
        {"short, old, with a factor",
         1,
         1,
         ACTIVE,
         {1, SHORT, 0, MEDGL_DAY, 0, 1},
         ACCOUNT_OK,
         LOGIN_REASON_OK},
        {"short, due, the last grace login",
         1,
         1,
         ACTIVE,
         {1, SHORT, 0, NOW - 62 * MEDGL_DAY, .grace_used = 1},
         ACCOUNT_OK_GRACE,
         LOGIN_REASON_OK},
        {"short, due, no grace login left",
         1,
         1,
         ACTIVE,
         {1, SHORT, 0, NOW - 62 * MEDGL_DAY, .grace_used = 2},
         ACCOUNT_CHANGE_DUE,
         LOGIN_REASON_OK},
        {"disabled, due, a grace login left",
         1,
         1,
         ACCOUNT_STATE_DISABLED,
         {1, SHORT, 0, NOW - 62 * MEDGL_DAY},
         ACCOUNT_DENIED,
         LOGIN_REASON_DISABLED},
        {"no rule", 1, 1, ACTIVE, {1, NONE, 0, NOW}, ACCOUNT_CHANGE_DUE, LOGIN_REASON_OK},
        {"issued", 1, 1, ACTIVE, {1, LONG, 1, NOW, NOW + 1}, ACCOUNT_CHANGE_DUE, LOGIN_REASON_OK},
        {"issued, past its end, by key",
         1,
         1,
         ACTIVE,
         {1, LONG, 1, NOW, NOW},
         ACCOUNT_DENIED,
         LOGIN_REASON_ISSUED_EXPIRED},
    };
    struct policy policy = defaults();
    (void)state;
    policy.password_grace_logins = 2;
    EACH(row, rows)
    {
        const struct account_facts facts = {.known = row->known,
                                            .uid_matches = row->uid_matches,
                                            .state = row->state,
                                            .class_ = ACCOUNT_CLASS_STAFF,
                                            .password_facts = row->password,
                                            .admission = ADMISSION_GRANTED,
                                            .person = UNSAID};
        struct account_decision decision = policy_account(&policy, &facts, NOW);
        same(row->name, "verdict", decision.verdict, row->verdict);
        same_text(row->name, login_reason_word(decision.reason), login_reason_word(row->reason));
    }
}

/* The rules of access hold for keys as for passwords, and before anything is due. */
static void R05_R22_R26_R27_account_rules(void **state)
{
    static const struct {
        const char *name;
        struct password_facts password;
        enum admission_reason admission;
        enum factor_result person;
        enum account_verdict verdict;
        enum login_reason reason;
    } rows[] = {
        {"key, admitted", {0}, ADMISSION_GRANTED, UNSAID, ACCOUNT_OK, LOGIN_REASON_OK},
        {"key, a person named", {0}, ADMISSION_GRANTED, GOOD, ACCOUNT_OK, LOGIN_REASON_OK},
        {"key, a stranger", {0}, ADMISSION_GRANTED, BAD, ACCOUNT_DENIED, LOGIN_REASON_PERSON},
        {"key, hours", {0}, ADMISSION_HOURS, UNSAID, ACCOUNT_DENIED, LOGIN_REASON_HOURS},
        {"key, place", {0}, ADMISSION_PLACE, UNSAID, ACCOUNT_DENIED, LOGIN_REASON_PLACE},
        {"key, service", {0}, ADMISSION_SERVICE, UNSAID, ACCOUNT_DENIED, LOGIN_REASON_SERVICE},
        {"key, calendar", {0}, ADMISSION_CALENDAR, UNSAID, ACCOUNT_DENIED, LOGIN_REASON_CALENDAR},
        {"key, undecided", {0}, ADMISSION_UNDECIDED, GOOD, ACCOUNT_DENIED, LOGIN_REASON_UNDECIDED},
        {"place before the person", {0}, ADMISSION_PLACE, BAD, ACCOUNT_DENIED, LOGIN_REASON_PLACE},
        {"password due, hours",
         {1, SHORT, 0, NOW - 62 * MEDGL_DAY},
         ADMISSION_HOURS,
         UNSAID,
         ACCOUNT_DENIED,
         LOGIN_REASON_HOURS},
        {"issued, past its end, hours",
         {1, LONG, 1, NOW, NOW},
         ADMISSION_HOURS,
         UNSAID,
         ACCOUNT_DENIED,
         LOGIN_REASON_ISSUED_EXPIRED},
    };
    const struct policy policy = defaults();
    (void)state;
    EACH(row, rows)
    {
        struct account_facts facts = {.known = true,
                                      .uid_matches = true,
                                      .state = ACTIVE,
                                      .class_ = ACCOUNT_CLASS_STAFF,
                                      .password_facts = row->password,
                                      .admission = row->admission,
                                      .person = row->person};
        struct account_decision decision = policy_account(&policy, &facts, NOW);
        same(row->name, "verdict", decision.verdict, row->verdict);
        same_text(row->name, login_reason_word(decision.reason), login_reason_word(row->reason));
        facts.state = ACCOUNT_STATE_RETIRED;
        decision = policy_account(&policy, &facts, NOW);
        same(row->name, "retired", decision.verdict, ACCOUNT_EXPIRED);
    }
}

/* Words go into the ledger: each means one thing, and none changes unnoticed. */
static void words(void **state)
{
    static const char *const reasons[] = {
        "undecided",      "ok",           "unknown-account", "locked-source",
        "locked-account", "attempt-lost", "uid-changed",     "disabled",
        "retired",        "no-password",  "wrong-password",  "wrong-factor",
        "same-kind",      "no-factor",    "enrol",           "issued-expired",
        "factor-closed",  "not-sealed",   "closed",          "no-emergency",
        "sealed",         "maintenance",  "service",         "place",
        "hours",          "calendar",     "person"};
    static const char *const rules[] = {"none", "A", "B", "C"};
    static const char *const refusals[] = {
        "accepted", "malformed", "too-long", "full-width",  "too-short",        "kinds",
        "same",     "guessable", "similar",  "used-before", "similar-to-former"};
    static const char *const grounds[] = {"none",     "long",          "short-alone",
                                          "rotation", "second-factor", "issued",
                                          "unjudged", "not-alone",     "clock"};
    (void)state;
    for (unsigned i = 0; i < MEDGL_COUNT(reasons); i++)
        assert_string_equal(login_reason_word((enum login_reason)i), reasons[i]);
    for (unsigned i = 0; i < MEDGL_COUNT(rules); i++)
        assert_string_equal(password_rule_word((enum password_rule)i), rules[i]);
    for (unsigned i = 0; i < MEDGL_COUNT(refusals); i++)
        assert_string_equal(password_refusal_word((enum password_refusal)i), refusals[i]);
    for (unsigned i = 0; i < MEDGL_COUNT(grounds); i++)
        assert_string_equal(password_ground_word((enum password_ground)i), grounds[i]);
    assert_string_equal(password_ground_word((enum password_ground)99), "none");
    assert_string_equal(login_reason_word((enum login_reason)99), "undecided");
    assert_string_equal(password_rule_word((enum password_rule)99), "none");
    assert_string_equal(password_refusal_word((enum password_refusal)99), "malformed");
}

/* -- the manual ----------------------------------------------------------------------------- */

/* The sentence that medgl-policy.conf(5) must have under a key. */
static void manual_line(const struct policy_key *key, char *line, size_t size)
{
    static const char *const types[] = {"Number",   "Size",  "Span", "Choice", "Zone",
                                        "Paths",    "Names", "Mail", "Hours",  "Places",
                                        "Services", "Date",  "Text"};
    char range[POLICY_RANGE_SIZE];
    policy_key_range(key, range, sizeof(range));
    (void)snprintf(line, size, "%s, %s, default %s (%s).\n", types[key->type], range,
                   key->preset[0] != '\0' ? key->preset : "empty", key->clause);
}

static void manual_lists_the_keys(void **state)
{
    const char *top = getenv("top_srcdir");
    char path[4096], line[512], wanted[512];
    size_t count, at_key = 0;
    const struct policy_key *keys = policy_keys(&count);
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/man/medgl-policy.conf.5", top != NULL ? top : ".");
    auto_file FILE *page = fopen(path, "re");
    if (page == NULL)
        fail_msg("%s cannot be read: set top_srcdir", path);
    while (fgets(line, sizeof(line), page) != NULL) {
        if (strncmp(line, ".It Ic ", 7) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (at_key == count)
            fail_msg("%s is no key", line + 7);
        same_text("order of keys", line + 7, keys[at_key].name);
        manual_line(&keys[at_key], wanted, sizeof(wanted));
        assert_non_null(fgets(line, sizeof(line), page));
        const size_t len = strcspn(line, "\n");
        if (strstr(line, ").\n") == NULL && len + 1 < sizeof(line)) { /* it goes on */
            line[len] = ' ';
            assert_non_null(fgets(line + len + 1, (int)(sizeof(line) - len - 1), page));
        }
        same_text(keys[at_key].name, line, wanted);
        at_key++;
    }
    same("manual", "keys", (int64_t)at_key, (int64_t)count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation_of_numbers),
        cmocka_unit_test(notation_of_sizes),
        cmocka_unit_test(notation_of_spans),
        cmocka_unit_test(key_table_is_the_documented_one),
        cmocka_unit_test(key_limits),
        cmocka_unit_test(key_garbage),
        cmocka_unit_test(key_zone_length),
        cmocka_unit_test(key_paths),
        cmocka_unit_test(key_names),
        cmocka_unit_test(key_text),
        cmocka_unit_test(key_mail),
        cmocka_unit_test(key_classes),
        cmocka_unit_test(R34_text),
        cmocka_unit_test(key_cross_rules),
        cmocka_unit_test(profile_defaults),
        cmocka_unit_test(profile_is_as_strong_as_itself),
        cmocka_unit_test(profile_names_the_clause_of_what_is_weaker),
        cmocka_unit_test(calendar_cases),
        cmocka_unit_test(calendar_agrees_with_libc),
        cmocka_unit_test(calendar_ends_of_time),
        cmocka_unit_test(calendar_days),
        cmocka_unit_test(R13_R14_R16_refusals),
        cmocka_unit_test(R13_lengths_and_kinds_of_the_policy),
        cmocka_unit_test(R14_guessable),
        cmocka_unit_test(R14_every_combination_of_facts),
        cmocka_unit_test(R13_R15_R18_standing),
        cmocka_unit_test(R13_standing_of_profiles),
        cmocka_unit_test(R13_standing_follows_the_policy),
        cmocka_unit_test(R15_grace_logins),
        cmocka_unit_test(R15_warning_once_a_day),
        cmocka_unit_test(R16_min_age),
        cmocka_unit_test(R20_lockout),
        cmocka_unit_test(R17_change_has_a_limit_of_its_own),
        cmocka_unit_test(R20_lockout_follows_the_policy),
        cmocka_unit_test(R20_never_more_than_the_limits),
        cmocka_unit_test(login_reasons),
        cmocka_unit_test(R05_R22_R26_R27_login_rules),
        cmocka_unit_test(login_lets_in_one_combination_alone),
        cmocka_unit_test(login_with_a_due_password_is_let_in_to_change_it),
        cmocka_unit_test(account_phase),
        cmocka_unit_test(R05_R22_R26_R27_account_rules),
        cmocka_unit_test(words),
        cmocka_unit_test(manual_lists_the_keys),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
