/* A policy that was changed is noticed, and says so once (R34). Compares texts, never files:
 * comments, order and layers of files change nothing. */
#include "operation/policy_seen.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHANGED_MAX 400       /* bytes of what is said of the difference */
#define HOLIDAY     "holiday" /* a line for each day in the file of holidays */

struct changed {
    char text[CHANGED_MAX + 64];
    bool full;
};

/* -- what differs ----------------------------------------------------------------------------- */

/* A line "key = value" of a policy's text. */
struct policy_line {
    const char *key, *value;
    int key_len, value_len;
};

static bool line_next(const char **at, struct policy_line *line)
{
    for (;;) {
        if (**at == '\0')
            return false;
        const char *start = *at;
        size_t len = strcspn(start, "\n");
        *at = start + len + (start[len] == '\n');
        const char *sign = memmem(start, len, " =", 2);
        if (sign == NULL)
            continue;
        const char *value = sign + 2;
        value += *value == ' ';
        *line = (struct policy_line){start, value, (int)(sign - start), (int)(start + len - value)};
        return true;
    }
}

static bool line_is(const struct policy_line *line, const char *key, int len)
{
    return line->key_len == len && strncmp(line->key, key, (size_t)len) == 0;
}

static bool line_find(const char *text, const struct policy_line *like, struct policy_line *found)
{
    while (line_next(&text, found))
        if (line_is(found, like->key, like->key_len))
            return true;
    return false;
}

/* How many lines one text has of a key that may repeat, and whether the other has the same ones. */
static unsigned line_count(const char *text, const char *key)
{
    struct policy_line line;
    unsigned count = 0;
    while (line_next(&text, &line))
        count += line_is(&line, key, (int)strlen(key));
    return count;
}

static bool line_same_days(const char *one, const char *other)
{
    struct policy_line a, b;
    bool more_a, more_b;
    do {
        while ((more_a = line_next(&one, &a)) && !line_is(&a, HOLIDAY, sizeof(HOLIDAY) - 1))
            ;
        while ((more_b = line_next(&other, &b)) && !line_is(&b, HOLIDAY, sizeof(HOLIDAY) - 1))
            ;
        if (more_a != more_b || (more_a && (a.value_len != b.value_len ||
                                            strncmp(a.value, b.value, (size_t)a.value_len) != 0)))
            return false;
    } while (more_a);
    return true;
}

/* What does not fit is left out as a whole where nothing stands there yet; a long value is cut
 * between two characters. */
__attribute__((format(printf, 2, 3))) static void changed_add(struct changed *changed,
                                                              const char *format, ...)
{
    char part[2 * POLICY_VALUE_SIZE + 128];
    size_t len = strlen(changed->text);
    va_list arguments;
    if (changed->full)
        return;
    va_start(arguments, format);
    (void)vsnprintf(part, sizeof(part), format, arguments);
    va_end(arguments);
    size_t room = CHANGED_MAX - len, most = room > 8 ? room - 8 : 0, size = strlen(part);
    if (size > most) { /* ", ..." follows */
        changed->full = true;
        for (size = most; size > 0 && ((unsigned char)part[size] & 0xc0) == 0x80;)
            size--;
        part[size] = '\0';
    }
    (void)snprintf(changed->text + len, sizeof(changed->text) - len, "%s%s%s", len > 0 ? ", " : "",
                   part, changed->full ? "..." : "");
}

static void changed_line(struct changed *changed, const struct policy_line *line,
                         const struct policy_line *before)
{
    static const char none[] = "\"\"";
    const bool from = before->value_len > 0, to = line->value_len > 0;
    changed_add(changed, "%.*s %.*s -> %.*s", line->key_len, line->key,
                from ? before->value_len : 2, from ? before->value : none, to ? line->value_len : 2,
                to ? line->value : none);
}

static void changed_find(const char *before, const char *after, struct changed *changed)
{
    struct policy_line line, old;
    *changed = (struct changed){.full = false};
    for (const char *at = after; line_next(&at, &line);) {
        if (line_is(&line, HOLIDAY, sizeof(HOLIDAY) - 1))
            continue;
        if (!line_find(before, &line, &old))
            changed_add(changed, "%.*s %.*s (new)", line.key_len, line.key, line.value_len,
                        line.value);
        else if (old.value_len != line.value_len ||
                 strncmp(old.value, line.value, (size_t)line.value_len) != 0)
            changed_line(changed, &line, &old);
    }
    for (const char *at = before; line_next(&at, &line);)
        if (!line_is(&line, HOLIDAY, sizeof(HOLIDAY) - 1) && !line_find(after, &line, &old))
            changed_add(changed, "%.*s (gone)", line.key_len, line.key);
    if (!line_same_days(before, after))
        changed_add(changed, "days in the file of holidays %u -> %u", line_count(before, HOLIDAY),
                    line_count(after, HOLIDAY));
}

/* -- saying so -------------------------------------------------------------------------------- */

static enum medgl_error seen_digest(const char *text, char digest[2 * CRYPTO_HASH_SIZE + 1])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    const struct bytes part = {text, strlen(text)};
    MEDGL_TRY(crypto_sha256(&part, 1, hash));
    text_hex(digest, hash, sizeof(hash));
    return MEDGL_OK;
}

static enum medgl_error seen_record(struct context *context, struct store_txn *txn,
                                    const struct clock_reading *clock,
                                    const struct policy_seen *before, struct policy_seen *now)
{
    struct ledger_entry entry;
    struct changed changed;
    evidence_begin(context, clock, LEDGER_POLICY_CHANGE, NULL, &entry);
    ledger_entry_text(&entry, "digest", now->digest);
    if (before == NULL)
        return evidence_append(context, txn, &entry, &now->ledger_seq);
    changed_find(before->text, now->text, &changed);
    ledger_entry_text(&entry, "previous", before->digest);
    ledger_entry_text(&entry, "changed", changed.text);
    MEDGL_TRY(evidence_append(context, txn, &entry, &now->ledger_seq));
    if (context->place == CONTEXT_BREAKGLASS) /* the main one tells of it */
        return MEDGL_OK;
    char text[sizeof(changed.text) + 64];
    (void)snprintf(text, sizeof(text), "The policy in force was changed: %s", changed.text);
    /* No other change hides behind it. */
    char about[sizeof(before->digest) + sizeof(now->digest)];
    (void)snprintf(about, sizeof(about), "%s %s", before->digest, now->digest);
    const struct alert_event event = {.kind = ALERT_POLICY, .text = text, .about = about};
    return alert_raise(context, txn, clock, &event);
}

enum medgl_error policy_seen_note(struct context *context, struct store_txn *txn,
                                  const struct clock_reading *clock, bool *changed)
{
    auto_free char *text = NULL;
    struct policy_seen before, now = {.since = clock->now};
    if (changed != NULL)
        *changed = false;
    if (context->policy_lost) /* it is that one itself, or no policy of anybody's */
        return MEDGL_OK;
    MEDGL_TRY(policy_text(&context->policy, &text));
    now.text = text;
    now.len = strlen(text);
    MEDGL_TRY(seen_digest(text, now.digest));
    enum medgl_error error = store_policy_seen_get(txn, &before);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    if (error == MEDGL_OK && strcmp(before.digest, now.digest) == 0)
        return MEDGL_OK;
    /* A login that waited for its person since before a change knows the policy of that time. The
     * wall's clock is last: a pause between the two must not make a new policy an old one. */
    const int64_t known = clock_monotonic() - context->policy_read;
    const medgl_time read = clock_read().now - known;
    if (error == MEDGL_OK && read < before.since && before.since <= clock->now)
        return MEDGL_OK;
    MEDGL_TRY(seen_record(context, txn, clock, error == MEDGL_OK ? &before : NULL, &now));
    MEDGL_TRY(store_policy_seen_put(txn, &now));
    if (changed != NULL)
        *changed = true;
    return MEDGL_OK;
}

static enum medgl_error seen_is_new(struct store_txn *txn, void *argument)
{
    struct policy_seen before;
    const char *digest = argument;
    enum medgl_error error = store_policy_seen_get(txn, &before);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    return strcmp(before.digest, digest) == 0 ? MEDGL_ERR_EXISTS : MEDGL_OK;
}

static enum medgl_error seen_keep(struct store_txn *txn, void *argument)
{
    const struct clock_reading clock = clock_read();
    return policy_seen_note(argument, txn, &clock, NULL);
}

enum medgl_error policy_seen_keep(struct context *context)
{
    auto_free char *text = NULL;
    char digest[2 * CRYPTO_HASH_SIZE + 1];
    if (context->policy_lost)
        return MEDGL_OK;
    MEDGL_TRY(policy_text(&context->policy, &text));
    MEDGL_TRY(seen_digest(text, digest));
    enum medgl_error error = store_transact(context->store, STORE_READ, seen_is_new, digest);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_EXISTS ? MEDGL_OK : error;
    return store_transact(context->store, STORE_WRITE, seen_keep, context);
}

/* -- reading it again ------------------------------------------------------------------------- */

/* A line that this version does not know is of another one, whose policy it is none of. A zone that
 * was known once and is not today (no tzdata) leaves the machine's. */
static enum medgl_error last_line(struct policy *policy, const struct policy_line *line)
{
    char name[64], value[POLICY_VALUE_SIZE], why[256];
    if (line->key_len >= (int)sizeof(name) || line->value_len >= (int)sizeof(value))
        return MEDGL_ERR_POLICY;
    (void)snprintf(name, sizeof(name), "%.*s", line->key_len, line->key);
    (void)snprintf(value, sizeof(value), "%.*s", line->value_len, line->value);
    const struct policy_key *key = policy_key_find(name);
    if (key == NULL || (policy_set(policy, key, value, why, sizeof(why)) != MEDGL_OK &&
                        key->type != POLICY_TYPE_ZONE))
        return MEDGL_ERR_POLICY;
    return MEDGL_OK;
}

/* "2026-01-01", in their order; "unknown": no day is a known one. */
static enum medgl_error last_holiday(struct policy_calendar *calendar,
                                     const struct policy_line *line)
{
    char text[CLOCK_TEXT_SIZE];
    medgl_time t;
    if (line->value_len != 10) {
        *calendar = (struct policy_calendar){.known = false};
        return MEDGL_OK;
    }
    (void)snprintf(text, sizeof(text), "%.10sT00:00:00.000Z", line->value);
    if (calendar->count == POLICY_HOLIDAYS || clock_parse_utc(text, &t) != MEDGL_OK)
        return MEDGL_ERR_POLICY;
    calendar->day[calendar->count++] = (int32_t)(t / MEDGL_DAY);
    return MEDGL_OK;
}

static enum medgl_error last_read(const char *text, struct policy *policy)
{
    const struct policy_line profile = {.key = "profile", .key_len = sizeof("profile") - 1};
    struct policy_line line;
    char why[256];
    policy_defaults(policy);
    if (line_find(text, &profile, &line)) {
        MEDGL_TRY(last_line(policy, &line));
        policy_profile(policy, policy->profile);
    }
    policy->calendar = (struct policy_calendar){.known = true};
    while (line_next(&text, &line))
        MEDGL_TRY(line_is(&line, HOLIDAY, sizeof(HOLIDAY) - 1)
                      ? last_holiday(&policy->calendar, &line)
                      : last_line(policy, &line));
    return policy_check(policy, why, sizeof(why)) == MEDGL_OK ? MEDGL_OK : MEDGL_ERR_POLICY;
}

enum medgl_error policy_seen_last(struct store_txn *txn, struct policy *policy)
{
    struct policy_seen seen;
    MEDGL_TRY(store_policy_seen_get(txn, &seen));
    return last_read(seen.text, policy);
}
