/* What belongs to the access log, and what of it is asked for (R07). Looks at lines and entries,
 * never at the store. */
#include "operation/report_filter.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/peek.h"
#include "operation/caller.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define KIND_SIZE 64

/* -- what belongs to it ------------------------------------------------------------------------ */

const char *access_result_word(enum access_result result)
{
    switch (result) {
    case ACCESS_RESULT_SUCCESS:
        return "success";
    case ACCESS_RESULT_FAILURE:
        return "failure";
    case ACCESS_RESULT_LOCKED:
        return "locked";
    case ACCESS_RESULT_END:
        return "end";
    }
    return "unknown";
}

/* False: the entry is not about access. */
static bool access_result_of(enum ledger_kind kind, enum access_result *result)
{
    switch (kind) {
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_SESSION_OPEN:
        *result = ACCESS_RESULT_SUCCESS;
        return true;
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_SESSION_REFUSED:
        *result = ACCESS_RESULT_FAILURE;
        return true;
    case LEDGER_LOGIN_LOCKED:
        *result = ACCESS_RESULT_LOCKED;
        return true;
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_END:
        *result = ACCESS_RESULT_END;
        return true;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return false;
}

/* -- the filter -------------------------------------------------------------------------------- */

/* "203.0.113.7", "2001:db8::/64": `len` bytes. */
static bool network_address(const char *text, size_t len, struct access_network *network)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr four;
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    network->bits = 128;
    if (inet_pton(AF_INET6, copy, network->address) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &four) != 1)
        return false;
    memset(network->address, 0, 10);
    memset(network->address + 10, 0xff, 2);
    memcpy(network->address + 12, &four, sizeof(four));
    return true;
}

static bool network_is_v4(const struct access_network *network)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(network->address, mapped, sizeof(mapped)) == 0;
}

/* MEDGL_ERR_NOT_FOUND: no address. MEDGL_ERR_ARGUMENT: one with bits that cannot be. */
static enum medgl_error network_parse(const char *text, struct access_network *network)
{
    const size_t len = strcspn(text, "/");
    const char *bits = text + len;
    unsigned value = 0;
    if (!network_address(text, len, network))
        return MEDGL_ERR_NOT_FOUND;
    const unsigned most = network_is_v4(network) && strchr(text, ':') == NULL ? 32 : 128;
    if (bits[0] == '\0')
        value = most;
    else if (bits[1] == '\0' || strlen(bits) > 4 ||
             bits[1 + strspn(bits + 1, "0123456789")] != '\0')
        return MEDGL_ERR_ARGUMENT;
    for (const char *at = bits; at[0] != '\0' && at[1] != '\0'; at++)
        value = value * 10 + (unsigned)(at[1] - '0');
    if (value > most)
        return MEDGL_ERR_ARGUMENT;
    network->bits = value + 128 - most;
    if (!network_is_v4(network) && network->bits > 64)
        network->bits = 64;
    return MEDGL_OK;
}

static bool network_holds(const struct access_network *network, const char *source, size_t len)
{
    struct access_network other;
    const char *slash = memchr(source, '/', len);
    const unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (!network_address(source, slash != NULL ? (size_t)(slash - source) : len, &other) ||
        network_is_v4(network) != network_is_v4(&other) || /* as in policy/admission.h */
        memcmp(network->address, other.address, whole) != 0)
        return false;
    return rest == 0 || ((network->address[whole] ^ other.address[whole]) >> (8 - rest)) == 0;
}

/* Where a source is, whatever is asked for there, or a change alone. */
static bool network_holds_source(const struct access_test *test, const char *source, size_t len)
{
    static const char change[] = "change ";
    const size_t skip = sizeof(change) - 1;
    if (len > skip && memcmp(source, change, skip) == 0)
        return network_holds(&test->network, source + skip, len - skip);
    return !test->change_alone && network_holds(&test->network, source, len);
}

static enum medgl_error test_needle(struct access_test *test, const char *key, const char *value)
{
    if (value == NULL)
        return MEDGL_OK;
    char *needle = test->needle[test->needles];
    const size_t len = ledger_peek_needle(key, value, needle, NEEDLE_SIZE);
    if (len == 0)
        return MEDGL_ERR_ARGUMENT;
    test->needle_len[test->needles++] = len;
    return MEDGL_OK;
}

static enum medgl_error test_source(struct access_test *test, const char *text)
{
    if (text == NULL)
        return MEDGL_OK;
    struct caller caller = {.trusted = true};
    struct source source;
    MEDGL_TRY(text_copy(caller.rhost, sizeof(caller.rhost), source_key_place(text)));
    enum medgl_error error = network_parse(source_key_place(text), &test->network);
    if (error == MEDGL_ERR_ARGUMENT || caller.rhost[0] == '\0')
        return MEDGL_ERR_ARGUMENT;
    if (error == MEDGL_OK) {
        test->by_network = true;
        test->change_alone = source_key_is_change(text);
        if (strchr(text, '/') != NULL)
            return MEDGL_OK;
        source_of(&caller, &source); /* an address is found by what it is counted as */
        return network_parse(source.key, &test->network);
    }
    MEDGL_TRY(text_copy(test->source, sizeof(test->source), text));
    return test_needle(test, NULL, text);
}

enum medgl_error access_test_make(const struct access_filter *filter, struct access_test *test)
{
    *test = (struct access_test){.filter = filter};
    if (filter->since > 0)
        clock_format_utc(filter->since, test->since);
    if (filter->until > 0)
        clock_format_utc(filter->until, test->until);
    MEDGL_TRY(test_needle(test, "name", filter->account));
    MEDGL_TRY(test_needle(test, "service", filter->service));
    return test_source(test, filter->source);
}

static bool test_holds(const struct ledger_peek *peek, const char *needle, size_t len)
{
    return memmem(peek->rest, peek->rest_len, needle, len) != NULL;
}

static bool test_begins(const struct ledger_peek *peek, const char *word)
{
    const size_t len = strlen(word);
    return peek->kind_len > len && memcmp(peek->kind, word, len) == 0;
}

static bool test_result(const struct ledger_peek *peek, enum access_result wanted)
{
    char word[KIND_SIZE];
    enum ledger_kind kind;
    enum access_result result;
    if (peek->kind_len >= sizeof(word))
        return false;
    memcpy(word, peek->kind, peek->kind_len);
    word[peek->kind_len] = '\0';
    return ledger_kind_parse(word, &kind) == MEDGL_OK && access_result_of(kind, &result) &&
           result == wanted;
}

/* Older entries have no class: what their account has now is asked of the store. */
static bool test_class(const struct ledger_peek *peek, const enum account_class *wanted)
{
    size_t len;
    const char *word = wanted != NULL ? account_class_word(*wanted) : "";
    const char *text = wanted != NULL ? ledger_peek_text(peek, "class", &len) : NULL;
    return text == NULL || (len == strlen(word) && memcmp(text, word, len) == 0);
}

/* By the bytes alone; never no to an entry that belongs to the report. */
bool access_test_wants(const struct access_test *test, const char *line, size_t len)
{
    const struct access_filter *filter = test->filter;
    struct ledger_peek peek;
    if (!ledger_peek(line, len, &peek))
        return true; /* for the decoder to refuse */
    if (!test_begins(&peek, "login.") && !test_begins(&peek, "session.") &&
        !test_begins(&peek, "access."))
        return false;
    if (filter->result != NULL && !test_result(&peek, *filter->result))
        return false;
    if ((test->since[0] != '\0' && memcmp(peek.time, test->since, CLOCK_TEXT_SIZE - 1) < 0) ||
        (test->until[0] != '\0' && memcmp(peek.time, test->until, CLOCK_TEXT_SIZE - 1) >= 0))
        return false;
    for (size_t i = 0; i < test->needles; i++)
        if (!test_holds(&peek, test->needle[i], test->needle_len[i]))
            return false;
    if (filter->factor != NULL && !test_holds(&peek, filter->factor, strlen(filter->factor)))
        return false;
    if (test->by_network) {
        size_t source_len;
        const char *source = ledger_peek_text(&peek, "source", &source_len);
        if (source == NULL || !network_holds_source(test, source, source_len))
            return false;
    }
    return test_class(&peek, filter->class_);
}

/* -- an entry as a record ---------------------------------------------------------------------- */

/* What it was refused for, or what was locked, or why it ended. */
static const char *entry_reason(const struct ledger_entry *entry)
{
    static const char *const names[] = {"reason", "reach", "why", "cause"};
    const char *text = "";
    for (size_t i = 0; i < MEDGL_COUNT(names) && text[0] == '\0'; i++)
        text = ledger_entry_find_text(entry, names[i]);
    return text;
}

/* False: it is not about access. */
bool access_record_of(const struct ledger_entry *entry, struct access_record *record)
{
    const struct ledger_field *seconds = ledger_entry_find(entry, "seconds", LEDGER_FIELD_NUMBER);
    *record = (struct access_record){
        .seq = entry->seq,
        .time = entry->time,
        .clock_synchronised = entry->clock_synchronised,
        .kind = ledger_kind_word(entry->kind),
        .account = entry->subject.name != NULL ? entry->subject.name : "",
        .class_ = ledger_entry_find_text(entry, "class"),
        .service = ledger_entry_find_text(entry, "service"),
        .source = ledger_entry_find_text(entry, "source"),
        .terminal = ledger_entry_find_text(entry, "terminal"),
        .factors = ledger_entry_find_text(entry, "factors"),
        .reason = entry_reason(entry),
        .person = ledger_entry_find_text(entry, "person"),
        .session = ledger_entry_find_text(entry, "session"),
        .seconds = seconds != NULL ? seconds->number : -1,
    };
    return access_result_of(entry->kind, &record->result);
}

/* One of the words in "password totp". */
static bool factors_have(const char *factors, const char *factor)
{
    const size_t len = strlen(factor);
    while (factors[strspn(factors, " ,+")] != '\0') {
        factors += strspn(factors, " ,+");
        const size_t word = strcspn(factors, " ,+");
        if (word == len && memcmp(factors, factor, len) == 0)
            return true;
        factors += word;
    }
    return false;
}

static bool source_fits(const struct access_test *test, const char *source)
{
    if (test->by_network)
        return network_holds_source(test, source, strlen(source));
    return test->source[0] == '\0' || strcmp(source, test->source) == 0 ||
           strcmp(source_key_place(source), test->source) == 0;
}

bool access_record_fits(const struct access_test *test, const struct access_record *record)
{
    const struct access_filter *filter = test->filter;
    return (filter->account == NULL || strcmp(record->account, filter->account) == 0) &&
           (filter->service == NULL || strcmp(record->service, filter->service) == 0) &&
           (filter->factor == NULL || factors_have(record->factors, filter->factor)) &&
           (filter->result == NULL || record->result == *filter->result) &&
           (filter->class_ == NULL ||
            strcmp(record->class_, account_class_word(*filter->class_)) == 0) &&
           (filter->since == 0 || record->time >= filter->since) &&
           (filter->until == 0 || record->time < filter->until) &&
           source_fits(test, record->source);
}
