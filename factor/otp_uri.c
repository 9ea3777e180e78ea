/* otpauth:// URIs. Says whom a device is of as the URI does; whether that is so is for others. */
#include "factor/otp_uri.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URI_HEAD "otpauth://totp/"
#define UNRESERVED                                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" /* RFC 3986 2.3 */

/* -- written ----------------------------------------------------------------------------------- */

/* Room for one more character is always left for the NUL. */
static enum medgl_error put(struct secret *uri, const char *text, size_t len)
{
    if (len > uri->cap - uri->len)
        return MEDGL_ERR_ARGUMENT;
    memcpy(uri->bytes + uri->len, text, len);
    uri->len += len;
    uri->bytes[uri->len] = '\0';
    return MEDGL_OK;
}

static enum medgl_error put_text(struct secret *uri, const char *text)
{
    return put(uri, text, strlen(text));
}

/* `also` may stand as it is, too: an '@' in a path makes the QR code no larger than it must be. */
static enum medgl_error put_encoded(struct secret *uri, const char *text, const char *also)
{
    for (const char *c = text; *c != '\0'; c++) {
        char escaped[4];
        bool plain = strchr(UNRESERVED, *c) != NULL || strchr(also, *c) != NULL;
        (void)snprintf(escaped, sizeof(escaped), plain ? "%c" : "%%%02X", (unsigned char)*c);
        MEDGL_TRY(put_text(uri, escaped));
    }
    return MEDGL_OK;
}

static enum medgl_error put_number(struct secret *uri, const char *name, unsigned number)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "&%s=%u", name, number);
    return put_text(uri, text);
}

static const char *algorithm_name(enum totp_algorithm algorithm)
{
    switch (algorithm) {
    case TOTP_SHA1:
        return "SHA1";
    case TOTP_SHA256:
        return "SHA256";
    case TOTP_SHA512:
        return "SHA512";
    }
    return "?";
}

static enum medgl_error put_label(struct secret *uri, const char *issuer, const char *account)
{
    MEDGL_TRY(put_text(uri, URI_HEAD));
    if (issuer[0] != '\0') {
        MEDGL_TRY(put_encoded(uri, issuer, "@"));
        MEDGL_TRY(put_text(uri, ":"));
    }
    return put_encoded(uri, account, "@");
}

static void wipe_base32(char (*text)[BASE32_SIZE(TOTP_SECRET_MAX)])
{
    secret_wipe(*text, sizeof(*text));
}

enum medgl_error otp_uri_write(const struct totp_record *record, const char *issuer,
                               const char *account, struct secret *uri)
{
    auto_clean(wipe_base32) char key[BASE32_SIZE(TOTP_SECRET_MAX)] = "";
    auto_secret struct secret made = SECRET_NONE;
    if (record->secret_len > TOTP_SECRET_MAX || strlen(issuer) >= OTP_LABEL_SIZE ||
        strlen(account) >= OTP_LABEL_SIZE || !text_is_printable(issuer) ||
        !text_is_printable(account))
        return MEDGL_ERR_ARGUMENT;
    base32_write(record->secret, record->secret_len, key);
    MEDGL_TRY(secret_alloc(&made, OTP_URI_SIZE - 1));
    MEDGL_TRY(put_label(&made, issuer, account));
    MEDGL_TRY(put_text(&made, "?secret="));
    MEDGL_TRY(put_text(&made, key));
    if (issuer[0] != '\0') {
        MEDGL_TRY(put_text(&made, "&issuer="));
        MEDGL_TRY(put_encoded(&made, issuer, "@"));
    }
    if (record->algorithm != TOTP_SHA1) {
        MEDGL_TRY(put_text(&made, "&algorithm="));
        MEDGL_TRY(put_text(&made, algorithm_name(record->algorithm)));
    }
    if (record->digits != 6)
        MEDGL_TRY(put_number(&made, "digits", record->digits));
    if (record->period != 30)
        MEDGL_TRY(put_number(&made, "period", record->period));
    *uri = made;
    made = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

/* -- read -------------------------------------------------------------------------------------- */

struct slice {
    const char *at;
    size_t len;
};

/* Everything before the first `mark`, or all; `rest` goes on behind it. */
static struct slice cut(struct slice *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->len);
    struct slice head = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len};
    size_t used = head.len + (end != NULL);
    rest->at += used;
    rest->len -= used;
    return head;
}

static bool is(struct slice slice, const char *word)
{
    return slice.len == strlen(word) && strncasecmp(slice.at, word, slice.len) == 0;
}

static bool decode_one(struct slice *from, char *c)
{
    char digits[3] = "";
    if (*from->at != '%') {
        *c = *from->at++;
        from->len--;
        return true;
    }
    if (from->len < 3)
        return false;
    digits[0] = (char)tolower(from->at[1]);
    digits[1] = (char)tolower(from->at[2]);
    from->at += 3;
    from->len -= 3;
    return text_unhex(c, 1, digits) == MEDGL_OK && *c != '\0';
}

/* Percent-decoded; printable. In a query a '+' is a space. */
static bool decode(struct slice from, bool query, char to[OTP_LABEL_SIZE])
{
    size_t len = 0;
    while (from.len > 0) {
        bool plus = query && *from.at == '+';
        if (len == OTP_LABEL_SIZE - 1 || !decode_one(&from, &to[len]))
            return false;
        if (plus)
            to[len] = ' ';
        len++;
    }
    to[len] = '\0';
    return text_is_printable(to);
}

/* "ISSUER:ACCOUNT" or "ACCOUNT"; blanks behind the colon are none of the name. */
static bool read_label(struct slice label, char account[OTP_LABEL_SIZE],
                       char issuer[OTP_LABEL_SIZE])
{
    char whole[OTP_LABEL_SIZE];
    if (!decode(label, false, whole))
        return false;
    const char *colon = strchr(whole, ':'), *name = whole;
    if (colon != NULL) {
        memcpy(issuer, whole, (size_t)(colon - whole));
        issuer[colon - whole] = '\0';
        name = colon + 1 + strspn(colon + 1, " ");
    }
    return text_copy(account, OTP_LABEL_SIZE, name) == MEDGL_OK;
}

struct reading {
    struct totp_record *record;
    char *issuer;
    unsigned seen; /* bits of the parameters' numbers */
};

static const char *read_secret(struct reading *reading, struct slice value)
{
    struct totp_record *record = reading->record;
    if (value.len == 0 || base32_read(value.at, value.len, record->secret, sizeof(record->secret),
                                      &record->secret_len) != MEDGL_OK)
        return N_("its secret is not base32");
    return record->secret_len < TOTP_SECRET_LEAST ? N_("its secret is too short") : NULL;
}

static const char *read_issuer(struct reading *reading, struct slice value)
{
    return decode(value, true, reading->issuer) ? NULL : N_("its issuer is malformed");
}

static const char *read_algorithm(struct reading *reading, struct slice value)
{
    for (enum totp_algorithm a = TOTP_SHA1; a <= TOTP_SHA512; a++) {
        if (is(value, algorithm_name(a))) {
            reading->record->algorithm = a;
            return NULL;
        }
    }
    return N_("its algorithm is none of SHA-1, SHA-256 and SHA-512");
}

static const char *read_digits(struct reading *reading, struct slice value)
{
    if (!is(value, "6") && !is(value, "8"))
        return N_("its codes have neither 6 nor 8 digits");
    reading->record->digits = (unsigned)(*value.at - '0');
    return NULL;
}

static const char *read_period(struct reading *reading, struct slice value)
{
    if (!is(value, "30") && !is(value, "60"))
        return N_("its codes last neither 30 nor 60 seconds");
    reading->record->period = is(value, "30") ? 30 : 60;
    return NULL;
}

/* The first is the one that must be there. */
static const struct parameter {
    const char *name;
    const char *(*read)(struct reading *reading, struct slice value);
} parameters[] = {
    {"secret", read_secret}, {"issuer", read_issuer}, {"algorithm", read_algorithm},
    {"digits", read_digits}, {"period", read_period},
};

/* NULL: good, and a parameter of other programs is. */
static const char *read_parameter(struct reading *reading, struct slice value)
{
    struct slice name = cut(&value, '=');
    for (size_t i = 0; i < MEDGL_COUNT(parameters); i++) {
        if (!is(name, parameters[i].name))
            continue;
        if ((reading->seen & 1u << i) != 0)
            return N_("it says something twice");
        reading->seen |= 1u << i;
        return parameters[i].read(reading, value);
    }
    return NULL;
}

static const char *read_query(struct reading *reading, struct slice query)
{
    while (query.len > 0) {
        const char *why = read_parameter(reading, cut(&query, '&'));
        if (why != NULL)
            return why;
    }
    return (reading->seen & 1) != 0 ? NULL : N_("it has no secret");
}

static const char *read_uri(struct slice uri, struct totp_record *record, char *account,
                            char *issuer)
{
    size_t head = strlen(URI_HEAD);
    if (uri.len >= OTP_URI_SIZE)
        return N_("it is too long");
    for (size_t i = 0; i < uri.len; i++) {
        unsigned char c = (unsigned char)uri.at[i];
        if (c <= ' ' || c == 0x7f || c == '#')
            return N_("it has characters that no URI has");
    }
    if (uri.len < head || strncasecmp(uri.at, URI_HEAD, head) != 0)
        return N_("it is no otpauth:// URI of a time-based device");
    uri = (struct slice){uri.at + head, uri.len - head};
    if (!read_label(cut(&uri, '?'), account, issuer))
        return N_("its label is malformed");
    struct reading reading = {.record = record, .issuer = issuer};
    return read_query(&reading, uri);
}

enum medgl_error otp_uri_read(const char *text, size_t len, struct totp_record *record,
                              char account[OTP_LABEL_SIZE], char issuer[OTP_LABEL_SIZE],
                              const char **why)
{
    *record = (struct totp_record){.algorithm = TOTP_SHA1, .digits = 6, .period = 30};
    account[0] = issuer[0] = '\0';
    *why = read_uri((struct slice){text, len}, record, account, issuer);
    if (*why == NULL)
        return MEDGL_OK;
    totp_record_clear(record);
    account[0] = issuer[0] = '\0';
    return MEDGL_ERR_ARGUMENT;
}
