/* The outside of an envelope, read as a stream: see envelope_read.h. */
#include "ledger/envelope_read.h"

#include "base/auto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAG_INTEGER  0x02
#define TAG_OCTETS   0x04
#define TAG_OID      0x06
#define TAG_SEQUENCE 0x30
#define TAG_SET      0x31
#define TAG_PIECES   0xa0 /* [0], constructed */
#define TAG_WHOLE    0x80 /* [0], primitive */

#define HEADER_MAX 10 /* tag, and a length of eight bytes */

enum medgl_error envelope_read_begin(struct envelope_read *read, const void *bytes, size_t len,
                                     int fd)
{
    *read = (struct envelope_read){.fd = bytes == NULL ? fd : -1, .bytes = bytes, .len = len};
    if (bytes != NULL)
        return MEDGL_OK;
    read->len = 0;
    read->buffer = malloc(ENVELOPE_PIECE);
    return read->buffer != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

void envelope_read_free(struct envelope_read *read)
{
    free(read->buffer);
    read->buffer = NULL;
}

/* -- bytes ------------------------------------------------------------------------------------ */

/* At least one byte at hand, or none because there is none any more. */
static enum medgl_error read_more(struct envelope_read *in)
{
    ssize_t got = 0;
    if (in->len > 0 || in->fd < 0)
        return MEDGL_OK;
    do
        got = read(in->fd, in->buffer, ENVELOPE_PIECE);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return medgl_error_from_errno(errno);
    in->bytes = in->buffer;
    in->len = (size_t)got;
    return MEDGL_OK;
}

/* Up to `most` of the bytes at hand, all of them within every value that is open. */
static enum medgl_error read_some(struct envelope_read *in, uint64_t most,
                                  const unsigned char **bytes, size_t *len)
{
    MEDGL_TRY(read_more(in));
    for (size_t i = 0; i < in->depth; i++)
        if (!in->level[i].open && most > in->level[i].left)
            return MEDGL_ERR_CORRUPT;
    *bytes = in->bytes;
    *len = most < in->len ? (size_t)most : in->len;
    if (*len == 0)
        return MEDGL_ERR_CORRUPT; /* cut off */
    in->bytes += *len;
    in->len -= *len;
    for (size_t i = 0; i < in->depth; i++)
        if (!in->level[i].open)
            in->level[i].left -= *len;
    return MEDGL_OK;
}

static enum medgl_error read_bytes(struct envelope_read *in, unsigned char *to, size_t len)
{
    const unsigned char *bytes;
    for (size_t some; len > 0; to += some, len -= some) {
        MEDGL_TRY(read_some(in, len, &bytes, &some));
        memcpy(to, bytes, some);
    }
    return MEDGL_OK;
}

/* -- values ----------------------------------------------------------------------------------- */

/* The header of a value, as it stands. */
struct header {
    unsigned char bytes[HEADER_MAX];
    size_t len;
    uint64_t value; /* bytes behind it */
    bool open;
};

static enum medgl_error read_length(struct envelope_read *in, struct header *header)
{
    MEDGL_TRY(read_bytes(in, header->bytes + 1, 1));
    size_t more = header->bytes[1] & 0x7f;
    header->len = 2;
    header->open = header->bytes[1] == 0x80;
    header->value = header->bytes[1];
    if (header->bytes[1] <= 0x80)
        return MEDGL_OK;
    if (more > HEADER_MAX - 2)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(read_bytes(in, header->bytes + 2, more));
    header->len += more;
    header->value = 0;
    for (size_t i = 0; i < more; i++)
        header->value = header->value << 8 | header->bytes[2 + i];
    return MEDGL_OK;
}

static enum medgl_error read_header(struct envelope_read *in, struct header *header)
{
    *header = (struct header){.len = 0};
    MEDGL_TRY(read_bytes(in, header->bytes, 1));
    return read_length(in, header);
}

static enum medgl_error read_enter(struct envelope_read *in, const struct header *header)
{
    if (in->depth == ENVELOPE_LEVELS)
        return MEDGL_ERR_CORRUPT;
    for (size_t i = 0; i < in->depth; i++)
        if (!header->open && !in->level[i].open && header->value > in->level[i].left)
            return MEDGL_ERR_CORRUPT;
    in->level[in->depth].open = header->open;
    in->level[in->depth].left = header->value;
    in->depth++;
    return MEDGL_OK;
}

static enum medgl_error read_into(struct envelope_read *in, unsigned char tag)
{
    struct header header;
    MEDGL_TRY(read_header(in, &header));
    return header.bytes[0] == tag ? read_enter(in, &header) : MEDGL_ERR_CORRUPT;
}

/* Nothing may be left in it. */
static enum medgl_error read_leave(struct envelope_read *in)
{
    unsigned char zeros[2];
    const bool open = in->level[in->depth - 1].open;
    if (!open && in->level[in->depth - 1].left != 0)
        return MEDGL_ERR_CORRUPT;
    if (open) {
        MEDGL_TRY(read_bytes(in, zeros, sizeof(zeros)));
        if (zeros[0] != 0 || zeros[1] != 0)
            return MEDGL_ERR_CORRUPT;
    }
    in->depth--;
    return MEDGL_OK;
}

/* A value with its header, behind what is in `to` already; its length must be said. */
static enum medgl_error read_value(struct envelope_read *in, unsigned char tag, unsigned char *to,
                                   size_t *used)
{
    struct header header;
    MEDGL_TRY(read_header(in, &header));
    if (header.bytes[0] != tag || header.open ||
        header.value > ENVELOPE_HEAD_MAX - HEADER_MAX - *used)
        return MEDGL_ERR_CORRUPT;
    memcpy(to + *used, header.bytes, header.len);
    *used += header.len;
    MEDGL_TRY(read_bytes(in, to + *used, (size_t)header.value));
    *used += (size_t)header.value;
    return MEDGL_OK;
}

/* -- the head --------------------------------------------------------------------------------- */

/* A header in front of the `inner` bytes that end at `end`; gives where it begins. */
static unsigned char *head_wrap(unsigned char *begin, unsigned char tag, size_t inner)
{
    size_t len = 0;
    if (inner < 0x80) {
        *--begin = (unsigned char)inner;
    } else {
        for (; inner > 0; inner >>= 8, len++)
            *--begin = (unsigned char)(inner & 0xff);
        *--begin = (unsigned char)(0x80 | len);
    }
    *--begin = tag;
    return begin;
}

/* The parts as they were read: the type, version and recipients, the type of the content and its
 * cipher, one behind the other. */
struct parts {
    unsigned char bytes[ENVELOPE_HEAD_MAX];
    size_t type, recipients, cipher, end; /* where each of them ends, or begins */
};

static enum medgl_error head_parts(struct envelope_read *in, struct parts *parts)
{
    size_t used = 0;
    MEDGL_TRY(read_into(in, TAG_SEQUENCE));
    MEDGL_TRY(read_value(in, TAG_OID, parts->bytes, &used));
    parts->type = used;
    MEDGL_TRY(read_into(in, TAG_PIECES));
    MEDGL_TRY(read_into(in, TAG_SEQUENCE));
    MEDGL_TRY(read_value(in, TAG_INTEGER, parts->bytes, &used));
    MEDGL_TRY(read_value(in, TAG_SET, parts->bytes, &used));
    parts->recipients = used;
    MEDGL_TRY(read_into(in, TAG_SEQUENCE));
    MEDGL_TRY(read_value(in, TAG_OID, parts->bytes, &used));
    parts->cipher = used;
    MEDGL_TRY(read_value(in, TAG_SEQUENCE, parts->bytes, &used));
    parts->end = used;
    return MEDGL_OK;
}

/* ContentInfo, [0], EnvelopedData and EncryptedContentInfo around the parts anew. */
static enum medgl_error head_build(const struct parts *parts, struct envelope_head *head)
{
    const size_t room = parts->end + (size_t)4 * HEADER_MAX;
    auto_free unsigned char *der = malloc(room);
    if (der == NULL)
        return MEDGL_ERR_MEMORY;
    unsigned char *end = der + room, *at = end - (parts->end - parts->recipients);
    memcpy(at, parts->bytes + parts->recipients, parts->end - parts->recipients);
    at = head_wrap(at, TAG_SEQUENCE, (size_t)(end - at));
    at -= parts->recipients - parts->type;
    memcpy(at, parts->bytes + parts->type, parts->recipients - parts->type);
    at = head_wrap(at, TAG_SEQUENCE, (size_t)(end - at));
    at = head_wrap(at, TAG_PIECES, (size_t)(end - at));
    at -= parts->type;
    memcpy(at, parts->bytes, parts->type);
    at = head_wrap(at, TAG_SEQUENCE, (size_t)(end - at));
    head->len = (size_t)(end - at);
    memmove(der, at, head->len);
    head->der = auto_give(der);
    head->cipher_len = parts->end - parts->cipher;
    head->cipher = head->der + head->len - head->cipher_len;
    return MEDGL_OK;
}

static enum medgl_error head_content(struct envelope_read *in)
{
    struct header header;
    MEDGL_TRY(read_header(in, &header));
    in->pieces = header.bytes[0] == TAG_PIECES;
    if (!in->pieces && (header.bytes[0] != TAG_WHOLE || header.open))
        return MEDGL_ERR_CORRUPT;
    in->piece = in->pieces ? 0 : header.value;
    return read_enter(in, &header);
}

enum medgl_error envelope_read_head(struct envelope_read *read, struct envelope_head *head)
{
    *head = (struct envelope_head){.len = 0};
    auto_free struct parts *parts = malloc(sizeof(*parts));
    if (parts == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(head_parts(read, parts));
    MEDGL_TRY(head_content(read));
    return head_build(parts, head);
}

/* -- the content ------------------------------------------------------------------------------ */

/* Goes to the next piece that has bytes; false: there is none. */
static enum medgl_error content_next(struct envelope_read *in, bool *more)
{
    *more = in->piece > 0;
    while (in->pieces && !*more) {
        struct header header;
        if (!in->level[in->depth - 1].open && in->level[in->depth - 1].left == 0)
            return MEDGL_OK;
        MEDGL_TRY(read_header(in, &header));
        if (in->level[in->depth - 1].open && header.bytes[0] == 0 && header.bytes[1] == 0) {
            in->level[in->depth - 1].open = false; /* the zeros that end it */
            in->level[in->depth - 1].left = 0;
            return MEDGL_OK;
        }
        if (header.bytes[0] != TAG_OCTETS || header.open)
            return MEDGL_ERR_CORRUPT;
        in->piece = header.value;
        *more = in->piece > 0;
    }
    return MEDGL_OK;
}

static enum medgl_error content_end(struct envelope_read *in)
{
    while (in->depth > 0)
        MEDGL_TRY(read_leave(in));
    MEDGL_TRY(read_more(in));
    in->ended = true;
    return in->len == 0 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

enum medgl_error envelope_read_content(struct envelope_read *read, const unsigned char **bytes,
                                       size_t *len)
{
    bool more;
    *len = 0;
    if (read->ended)
        return MEDGL_OK;
    MEDGL_TRY(content_next(read, &more));
    if (!more)
        return content_end(read);
    const uint64_t most = read->piece < ENVELOPE_PIECE ? read->piece : ENVELOPE_PIECE;
    MEDGL_TRY(read_some(read, most, bytes, len));
    read->piece -= *len;
    return MEDGL_OK;
}
