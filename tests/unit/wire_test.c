/* engine/wire.c: what is put comes back, and nothing malformed is taken: neither side trusts the
 * other. */
#include "engine/wire.h"
#include "tests/unit/table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* -- checking ------------------------------------------------------------------------------- */

#define NUMBER(n)   "\x00\x08\x00\x00\x00\x00\x00\x00\x00" n
#define BYTES(text) text, sizeof(text) - 1

static const struct packet {
    const char *name;
    const char *bytes;
    size_t len;
    bool valid;
    size_t filler; /* that many more bytes 'x' */
} packets[] = {
    {"nothing", BYTES(""), false, 0},
    {"magic alone", BYTES("MGL1"), false, 0},
    {"a bare request", BYTES("MGL1\x01"), true, 0},
    {"another version", BYTES("MGL2\x01"), false, 0},
    {"kind 0", BYTES("MGL1\x00"), false, 0},
    {"kind 5", BYTES("MGL1\x05"), false, 0},
    {"kind 255", BYTES("MGL1\xff"), false, 0},
    {"a number", BYTES("MGL1\x01\x01" NUMBER("\x01")), true, 0},
    {"a number of 1 byte", BYTES("MGL1\x01\x01\x00\x01\x01"), false, 0},
    {"a number of 9 bytes",
     BYTES("MGL1\x01\x01\x00\x09\x00"
           "12345678"),
     false, 0},
    {"a text",
     BYTES("MGL1\x01\x04\x00\x05"
           "alice"),
     true, 0},
    {"an empty text", BYTES("MGL1\x01\x04\x00\x00"), true, 0},
    {"a text with a NUL",
     BYTES("MGL1\x01\x04\x00\x05"
           "al\0ce"),
     false, 0},
    {"a length without its bytes",
     BYTES("MGL1\x01\x04\x00\x06"
           "alice"),
     false, 0},
    {"a length of 65535",
     BYTES("MGL1\x01\x04\xff\xff"
           "alice"),
     false, 0},
    {"half a field header", BYTES("MGL1\x01\x04\x00"), false, 0},
    {"one trailing byte",
     BYTES("MGL1\x01\x04\x00\x05"
           "alice\x00"),
     false, 0},
    {"tag 0", BYTES("MGL1\x01\x00\x00\x00"), false, 0},
    {"an unknown tag", BYTES("MGL1\x01\x17\x00\x00"), false, 0},
    {"tag 255", BYTES("MGL1\x01\xff\x00\x00"), false, 0},
    {"a verdict's tag in a request", BYTES("MGL1\x01\x14" NUMBER("\x01")), false, 0},
    {"a request's tag in a verdict",
     BYTES("MGL1\x04\x04\x00\x05"
           "alice"),
     false, 0},
    {"the session id in a verdict",
     BYTES("MGL1\x04\x0a\x00\x02"
           "ab"),
     true, 0},
    {"the user twice",
     BYTES("MGL1\x01\x04\x00\x01"
           "a"
           "\x04\x00\x01"
           "b"),
     false, 0},
    {"the verdict twice", BYTES("MGL1\x04\x14" NUMBER("\x03") "\x14" NUMBER("\x01")), false, 0},
    {"two variables",
     BYTES("MGL1\x04\x15\x00\x03"
           "A=1"
           "\x15\x00\x03"
           "B=2"),
     true, 0},
    {"the longest text", BYTES("MGL1\x01\x04\x08\x00"), true, WIRE_TEXT_MAX},
    {"a text that is too long", BYTES("MGL1\x01\x04\x08\x01"), false, WIRE_TEXT_MAX + 1},
    {"the longest answer", BYTES("MGL1\x03\x11\x04\x00"), true, WIRE_ANSWER_MAX},
    {"an answer that is too long", BYTES("MGL1\x03\x11\x04\x01"), false, WIRE_ANSWER_MAX + 1},
};

static void packet_is_judged(void **state)
{
    const struct packet *packet = *state;
    struct wire_message message;
    memset(&message, 0xa5, sizeof(message));
    memcpy(message.bytes, packet->bytes, packet->len);
    memset(message.bytes + packet->len, 'x', packet->filler);
    message.len = packet->len + packet->filler;
    errno = 0;
    assert_int_equal(wire_check(&message), packet->valid ? 0 : -1);
    if (!packet->valid)
        assert_int_equal(errno, EPROTO);
}

/* Whatever one byte of a good message becomes, it is refused or every field still lies inside. */
static void flipped_bytes_stay_inside(void **state)
{
    struct wire_message good, message;
    (void)state;
    wire_begin(&good, WIRE_REQUEST);
    wire_put_number(&good, WIRE_CALL, WIRE_CALL_AUTHENTICATE);
    wire_put_text(&good, WIRE_USER, "alice");
    wire_put_text(&good, WIRE_TTY, "");
    wire_put(&good, WIRE_AUTHTOK, "secret\0bytes", 12);
    for (size_t at = 0; at < good.len; at++)
        for (unsigned value = 0; value < 256; value++) {
            message = good;
            message.bytes[at] = (unsigned char)value;
            if (wire_check(&message) != 0)
                continue;
            for (unsigned tag = WIRE_CALL; tag <= WIRE_ENVIRONMENT; tag++) {
                const unsigned char *data;
                size_t len, cursor = 0;
                while (wire_next(&message, (enum wire_tag)tag, &cursor, &data, &len))
                    assert_true(data + len <= message.bytes + message.len);
            }
        }
}

/* -- putting and getting -------------------------------------------------------------------- */

static void fields_come_back(void **state)
{
    struct wire_message message;
    const unsigned char *data;
    char text[6], small[5];
    size_t len, cursor = 0;
    (void)state;
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, UINT64_C(0x0123456789abcdef));
    wire_put_text(&message, WIRE_SESSION, "12345");
    wire_put_text(&message, WIRE_ENVIRONMENT, "A=1");
    wire_put_text(&message, WIRE_ENVIRONMENT, "B=2");
    assert_int_equal(wire_check(&message), 0);
    assert_int_equal(message.kind, WIRE_VERDICT);
    assert_true(wire_get_number(&message, WIRE_RESULT, 0) == UINT64_C(0x0123456789abcdef));
    assert_true(wire_get_number(&message, WIRE_CALL, 77) == 77);
    assert_true(wire_get_text(&message, WIRE_SESSION, text, sizeof(text)));
    assert_string_equal(text, "12345");
    assert_false(wire_get_text(&message, WIRE_SESSION, small, sizeof(small)));
    assert_string_equal(small, "");
    assert_false(wire_get_text(&message, WIRE_USER, text, sizeof(text)));
    assert_true(wire_next(&message, WIRE_ENVIRONMENT, &cursor, &data, &len));
    assert_memory_equal(data, "A=1", 3);
    assert_true(wire_next(&message, WIRE_ENVIRONMENT, &cursor, &data, &len));
    assert_memory_equal(data, "B=2", 3);
    assert_false(wire_next(&message, WIRE_ENVIRONMENT, &cursor, &data, &len));
}

static void a_null_text_is_no_field(void **state)
{
    struct wire_message message;
    const unsigned char *data;
    size_t len;
    (void)state;
    wire_begin(&message, WIRE_REQUEST);
    wire_put_text(&message, WIRE_RHOST, NULL);
    assert_false(wire_get(&message, WIRE_RHOST, &data, &len));
}

/* A message that does not hold everything it should is never sent: half a request is another one.
 */
static void too_much_is_not_sent(void **state)
{
    static char text[WIRE_TEXT_MAX + 2];
    struct wire_message message;
    int pair[2];
    (void)state;
    memset(text, 'x', WIRE_TEXT_MAX + 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    wire_begin(&message, WIRE_REQUEST);
    wire_put_text(&message, WIRE_USER, text);
    wire_put_text(&message, WIRE_TTY, "tty1");
    errno = 0;
    assert_int_equal(wire_send(pair[0], &message, 0), -1);
    assert_int_equal(errno, EMSGSIZE);
    text[WIRE_TEXT_MAX] = '\0';
    wire_begin(&message, WIRE_VERDICT);
    for (int i = 0; i < 3; i++)
        wire_put_text(&message, WIRE_ENVIRONMENT, text);
    assert_int_equal(wire_send(pair[0], &message, 0), 0);
    wire_put_text(&message, WIRE_ENVIRONMENT, text);
    assert_int_equal(wire_send(pair[0], &message, 0), -1);
    assert_int_equal(wire_receive(pair[1], &message, 0), 0); /* the one that fitted */
    assert_int_equal(wire_receive(pair[1], &message, 0), -1);
    close(pair[0]);
    close(pair[1]);
}

/* -- sockets -------------------------------------------------------------------------------- */

static const struct raw {
    const char *name;
    size_t len; /* of the packet that the other side sends; SIZE_MAX: it closes */
    int error;
} raws[] = {
    {"the end of the stream", SIZE_MAX, ECONNRESET},
    {"an empty packet", 0, ECONNRESET},
    {"garbage", 100, EPROTO},
    {"a packet as large as a message may be", WIRE_MESSAGE_MAX, EPROTO},
    {"a packet that is larger", WIRE_MESSAGE_MAX + 1, EMSGSIZE},
    {"a packet that is much larger", 100000, EMSGSIZE},
};

static void raw_packet_is_refused(void **state)
{
    const struct raw *raw = *state;
    static char bytes[100000];
    struct wire_message message;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    if (raw->len != SIZE_MAX)
        assert_int_equal(send(pair[0], bytes, raw->len, 0), (ssize_t)raw->len);
    else
        close(pair[0]);
    errno = 0;
    assert_int_equal(wire_receive(pair[1], &message, 1000), -1);
    assert_int_equal(errno, raw->error);
    close(pair[1]);
    if (raw->len != SIZE_MAX)
        close(pair[0]);
}

static void descriptors_do_not_come_along(void **state)
{
    struct wire_message message;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec part;
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    wire_begin(&message, WIRE_VERDICT);
    part = (struct iovec){message.bytes, message.len};
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof(control.bytes);
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(first), &pair[0], sizeof(int));
    assert_true(sendmsg(pair[0], &header, 0) > 0);
    int next = dup(pair[0]);
    close(next);
    assert_int_equal(wire_receive(pair[1], &message, 1000), 0);
    int after = dup(pair[0]);
    assert_int_equal(after, next);
    close(after);
    close(pair[0]);
    close(pair[1]);
}

static void sending_to_nobody_raises_nothing(void **state)
{
    struct wire_message message;
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    close(pair[1]);
    wire_begin(&message, WIRE_ANSWER);
    assert_int_equal(wire_send(pair[0], &message, 0), -1); /* SIGPIPE would end the test */
    assert_int_equal(errno, ECONNRESET);
    close(pair[0]);
}

static long since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void on_alarm(int signal)
{
    (void)signal;
}

/* A host whose timer fires all the time gets its deadline nevertheless. */
static void signals_do_not_move_the_deadline(void **state)
{
    const struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm}; /* stays: one may come late */
    struct wire_message message;
    struct timespec start;
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    sigaction(SIGALRM, &action, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    setitimer(ITIMER_REAL, &often, NULL);
    int result = wire_receive(pair[0], &message, 300);
    int error = errno;
    setitimer(ITIMER_REAL, &never, NULL);
    assert_int_equal(result, -1);
    assert_int_equal(error, ETIMEDOUT);
    assert_true(since(&start) >= 290 && since(&start) < 10000);
    close(pair[0]);
    close(pair[1]);
}

static void a_full_queue_ends_the_sending(void **state)
{
    struct wire_message message;
    int pair[2], result, sent = 0;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    wire_begin(&message, WIRE_ANSWER);
    do
        result = wire_send(pair[0], &message, 10);
    while (result == 0 && ++sent < 100000);
    assert_int_equal(result, -1);
    assert_int_equal(errno, ETIMEDOUT);
    close(pair[0]);
    close(pair[1]);
}

static void wiping_leaves_nothing(void **state)
{
    static const unsigned char zeros[WIRE_MESSAGE_MAX];
    struct wire_message message;
    (void)state;
    memset(message.bytes, 'p', sizeof(message.bytes));
    wire_wipe(&message);
    assert_memory_equal(message.bytes, zeros, sizeof(zeros));
}

int main(void)
{
    TABLE_ADD("a packet is taken only whole and known", packets, packet_is_judged);
    TABLE_ADD("received and refused", raws, raw_packet_is_refused);
    table_add("fields", "flipped bytes stay inside", flipped_bytes_stay_inside, NULL);
    table_add("fields", "what was put comes back", fields_come_back, NULL);
    table_add("fields", "a null text is no field", a_null_text_is_no_field, NULL);
    table_add("fields", "a message that overflowed is not sent", too_much_is_not_sent, NULL);
    table_add("socket", "descriptors do not come along", descriptors_do_not_come_along, NULL);
    table_add("socket", "no SIGPIPE", sending_to_nobody_raises_nothing, NULL);
    table_add("socket", "signals do not move the deadline", signals_do_not_move_the_deadline, NULL);
    table_add("socket", "a full queue", a_full_queue_ends_the_sending, NULL);
    table_add("secrets", "wiping leaves nothing (R02)", wiping_leaves_nothing, NULL);
    return table_run("wire");
}
