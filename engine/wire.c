/* Packets between the module and the engine: building, checking, sending, receiving. Never trusts
 * the other side, raises no SIGPIPE, never waits longer than it was told. Keeps no state. */
#include "engine/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define WIRE_MAGIC  "MGL1"
#define WIRE_HEADER 5 /* magic and kind */
#define WIRE_FIELD  3 /* tag and length */

enum wire_type {
    WIRE_TYPE_NONE = 0,
    WIRE_TYPE_NUMBER,
    WIRE_TYPE_TEXT,
    WIRE_TYPE_BYTES
};

#define IN(kind) (1u << (kind))

/* What each tag may hold, and in which messages it may stand. */
static const struct wire_rule {
    enum wire_type type;
    unsigned kinds;
    bool repeats;
} wire_rules[] = {
    [WIRE_CALL] = {WIRE_TYPE_NUMBER, IN(WIRE_REQUEST), false},
    [WIRE_FLAGS] = {WIRE_TYPE_NUMBER, IN(WIRE_REQUEST), false},
    [WIRE_SERVICE] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_USER] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_RHOST] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_TTY] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_RUSER] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_REAL_UID] = {WIRE_TYPE_NUMBER, IN(WIRE_REQUEST), false},
    [WIRE_LOCALE] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_SESSION] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST) | IN(WIRE_VERDICT), false},
    [WIRE_AUTHTOK] = {WIRE_TYPE_BYTES, IN(WIRE_REQUEST), false},
    [WIRE_OLDAUTHTOK] = {WIRE_TYPE_BYTES, IN(WIRE_REQUEST), false},
    [WIRE_PERSON] = {WIRE_TYPE_TEXT, IN(WIRE_REQUEST), false},
    [WIRE_STYLE] = {WIRE_TYPE_NUMBER, IN(WIRE_PROMPT), false},
    [WIRE_TEXT] = {WIRE_TYPE_TEXT, IN(WIRE_PROMPT), false},
    [WIRE_REMEMBER] = {WIRE_TYPE_NUMBER, IN(WIRE_PROMPT), false},
    [WIRE_BYTES] = {WIRE_TYPE_BYTES, IN(WIRE_ANSWER), false},
    [WIRE_TOO_LONG] = {WIRE_TYPE_NUMBER, IN(WIRE_ANSWER), false},
    [WIRE_FAILED] = {WIRE_TYPE_NUMBER, IN(WIRE_ANSWER), false},
    [WIRE_RESULT] = {WIRE_TYPE_NUMBER, IN(WIRE_VERDICT), false},
    [WIRE_ENVIRONMENT] = {WIRE_TYPE_TEXT, IN(WIRE_VERDICT), true},
    [WIRE_RUNTIME] = {WIRE_TYPE_NUMBER, IN(WIRE_VERDICT), false},
};
#define WIRE_RULES (sizeof(wire_rules) / sizeof(wire_rules[0]))
_Static_assert(WIRE_RULES <= 32, "wire_check() keeps the tags seen in 32 bits");

void wire_begin(struct wire_message *message, enum wire_kind kind)
{
    message->kind = kind;
    message->overflow = false;
    message->len = WIRE_HEADER;
    memcpy(message->bytes, WIRE_MAGIC, WIRE_HEADER - 1);
    message->bytes[WIRE_HEADER - 1] = (unsigned char)kind;
}

/* The most that a field of that type may hold. */
static size_t wire_limit(enum wire_type type)
{
    switch (type) {
    case WIRE_TYPE_NUMBER:
        return sizeof(uint64_t);
    case WIRE_TYPE_TEXT:
        return WIRE_TEXT_MAX;
    case WIRE_TYPE_BYTES:
        return WIRE_ANSWER_MAX;
    case WIRE_TYPE_NONE:
        break;
    }
    return 0;
}

void wire_put(struct wire_message *message, enum wire_tag tag, const void *data, size_t len)
{
    if (message->overflow || len > wire_limit(wire_rules[tag].type) ||
        len + WIRE_FIELD > WIRE_MESSAGE_MAX - message->len) {
        message->overflow = true;
        return;
    }
    unsigned char *at = message->bytes + message->len;
    at[0] = (unsigned char)tag;
    at[1] = (unsigned char)(len >> 8);
    at[2] = (unsigned char)(len & 0xff);
    if (len > 0)
        memcpy(at + WIRE_FIELD, data, len);
    message->len += WIRE_FIELD + len;
}

void wire_put_text(struct wire_message *message, enum wire_tag tag, const char *text)
{
    if (text != NULL)
        wire_put(message, tag, text, strlen(text));
}

void wire_put_number(struct wire_message *message, enum wire_tag tag, uint64_t number)
{
    unsigned char bytes[sizeof(number)];
    for (size_t i = sizeof(bytes); i-- > 0; number >>= 8)
        bytes[i] = (unsigned char)(number & 0xff);
    wire_put(message, tag, bytes, sizeof(bytes));
}

/* The field at *cursor, which lies whole in the message; *cursor moves behind it. */
static bool wire_field(const struct wire_message *message, size_t *cursor, unsigned *tag,
                       const unsigned char **data, size_t *len)
{
    size_t left = message->len - *cursor;
    const unsigned char *at = message->bytes + *cursor;
    if (left < WIRE_FIELD)
        return false;
    *tag = at[0];
    *len = (size_t)at[1] << 8 | at[2];
    *data = at + WIRE_FIELD;
    if (*len > left - WIRE_FIELD)
        return false;
    *cursor += WIRE_FIELD + *len;
    return true;
}

static bool wire_field_valid(enum wire_kind kind, unsigned tag, const unsigned char *data,
                             size_t len, uint32_t *seen)
{
    if (tag >= WIRE_RULES || (wire_rules[tag].kinds & IN(kind)) == 0)
        return false;
    const struct wire_rule *rule = &wire_rules[tag];
    if (!rule->repeats && (*seen & UINT32_C(1) << tag) != 0)
        return false;
    *seen |= UINT32_C(1) << tag;
    if (rule->type == WIRE_TYPE_NUMBER && len != sizeof(uint64_t))
        return false;
    if (rule->type == WIRE_TYPE_TEXT && memchr(data, '\0', len) != NULL)
        return false;
    return len <= wire_limit(rule->type);
}

static bool wire_fields_valid(const struct wire_message *message, enum wire_kind kind)
{
    size_t cursor = WIRE_HEADER, len;
    const unsigned char *data;
    unsigned tag;
    uint32_t seen = 0;
    while (cursor < message->len)
        if (!wire_field(message, &cursor, &tag, &data, &len) ||
            !wire_field_valid(kind, tag, data, len, &seen))
            return false;
    return true;
}

int wire_check(struct wire_message *message)
{
    unsigned kind = message->len < WIRE_HEADER ? 0 : message->bytes[WIRE_HEADER - 1];
    message->overflow = false;
    if (message->len < WIRE_HEADER || message->len > WIRE_MESSAGE_MAX ||
        memcmp(message->bytes, WIRE_MAGIC, WIRE_HEADER - 1) != 0 || kind < WIRE_REQUEST ||
        kind > WIRE_VERDICT || !wire_fields_valid(message, (enum wire_kind)kind)) {
        errno = EPROTO;
        return -1;
    }
    message->kind = (enum wire_kind)kind;
    return 0;
}

bool wire_next(const struct wire_message *message, enum wire_tag tag, size_t *cursor,
               const unsigned char **data, size_t *len)
{
    unsigned found;
    if (*cursor < WIRE_HEADER)
        *cursor = WIRE_HEADER;
    while (wire_field(message, cursor, &found, data, len))
        if (found == (unsigned)tag)
            return true;
    *data = NULL;
    *len = 0;
    return false;
}

bool wire_get(const struct wire_message *message, enum wire_tag tag, const unsigned char **data,
              size_t *len)
{
    size_t cursor = 0;
    return wire_next(message, tag, &cursor, data, len);
}

bool wire_get_text(const struct wire_message *message, enum wire_tag tag, char *text, size_t size)
{
    const unsigned char *data;
    size_t len;
    text[0] = '\0';
    if (!wire_get(message, tag, &data, &len) || len >= size || memchr(data, '\0', len) != NULL)
        return false;
    memcpy(text, data, len);
    text[len] = '\0';
    return true;
}

uint64_t wire_get_number(const struct wire_message *message, enum wire_tag tag, uint64_t absent)
{
    const unsigned char *data;
    size_t len;
    uint64_t number = 0;
    if (!wire_get(message, tag, &data, &len) || len != sizeof(number))
        return absent;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | data[i];
    return number;
}

static int64_t wire_clock(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket is ready or has ended. A signal
 * of the host's does not make the deadline any later. */
static int wire_wait(int fd, short events, int timeout_ms)
{
    int64_t until = wire_clock() + timeout_ms;
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = events, .revents = 0};
        int64_t left = timeout_ms < 0 ? -1 : until - wire_clock();
        if (timeout_ms >= 0 && left < 0)
            left = 0;
        int ready = poll(&waiting, 1, (int)left);
        if (ready > 0)
            return 0;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready == 0 || errno != EINTR)
            return -1;
    }
}

/* Whether a call that failed is to be made again. */
static bool wire_again(int fd, short events, int timeout_ms)
{
    if (errno == EINTR)
        return true;
    if (errno == EPIPE)
        errno = ECONNRESET;
    return (errno == EAGAIN || errno == EWOULDBLOCK) && wire_wait(fd, events, timeout_ms) == 0;
}

int wire_send(int fd, const struct wire_message *message, int timeout_ms)
{
    ssize_t sent;
    if (message->overflow) {
        errno = EMSGSIZE;
        return -1;
    }
    do
        sent = send(fd, message->bytes, message->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && wire_again(fd, POLLOUT, timeout_ms));
    if (sent >= 0 && (size_t)sent != message->len) {
        errno = EPROTO;
        return -1;
    }
    return sent < 0 ? -1 : 0;
}

int wire_receive(int fd, struct wire_message *message, int timeout_ms)
{
    ssize_t got;
    message->len = 0;
    do
        got = recv(fd, message->bytes, sizeof(message->bytes), MSG_DONTWAIT | MSG_TRUNC);
    while (got < 0 && wire_again(fd, POLLIN, timeout_ms));
    if (got < 0)
        return -1;
    if (got == 0 || (size_t)got > sizeof(message->bytes)) {
        errno = got == 0 ? ECONNRESET : EMSGSIZE;
        return -1;
    }
    message->len = (size_t)got;
    return wire_check(message);
}

void wire_wipe(struct wire_message *message)
{
    explicit_bzero(message, sizeof(*message));
}
