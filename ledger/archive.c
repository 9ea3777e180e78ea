/* The head of a file of archived entries: a signed note and a blank line. Reads it in the one form
 * that it is written in. */
#include "ledger/archive.h"

#include "base/auto.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_TEXT_SIZE (4 * ((CRYPTO_HASH_SIZE + 2) / 3) + 1)
#define ARCHIVE_TEXT_SIZE                                                                          \
    (sizeof(archive_format) + NOTE_ORIGIN_SIZE + 3 * sizeof("18446744073709551615\n") +            \
     DIGEST_TEXT_SIZE + 1)

static const char archive_format[] = "medgl.archive/1";

static bool head_valid(const struct archive_head *head)
{
    return head->first <= head->next && head->next <= INT64_MAX && head->bytes <= INT64_MAX;
}

static void head_text(const struct archive_head *head, char text[ARCHIVE_TEXT_SIZE])
{
    char digest[DIGEST_TEXT_SIZE];
    crypto_base64(digest, head->digest, sizeof(head->digest), true);
    (void)snprintf(text, ARCHIVE_TEXT_SIZE, "%s\n%s\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n%s\n",
                   archive_format, head->origin, head->first, head->next, head->bytes, digest);
}

enum medgl_error archive_head_sign(const struct archive_head *head,
                                   const struct note_signer *signer, char *text, size_t size)
{
    char body[ARCHIVE_TEXT_SIZE];
    if (size < 2 || !head_valid(head) || strcmp(head->origin, note_signer_name(signer)) != 0)
        return MEDGL_ERR_ARGUMENT;
    head_text(head, body);
    MEDGL_TRY(note_sign(body, signer, text, size - 1)); /* the blank line has to fit too */
    size_t len = strlen(text);
    text[len] = '\n';
    text[len + 1] = '\0';
    return MEDGL_OK;
}

static bool number_parse(const char **at, uint64_t *number)
{
    char *end = NULL;
    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    *number = strtoull(*at, &end, 10);
    if (errno != 0 || *end != '\n')
        return false;
    *at = end + 1;
    return true;
}

/* The text of a note. What it says is written again and compared: there is one form. */
static bool head_parse(const char *text, size_t len, struct archive_head *head)
{
    char again[ARCHIVE_TEXT_SIZE];
    size_t digest_len = sizeof(head->digest), origin_len;
    if (len <= sizeof(archive_format))
        return false;
    const char *at = text + sizeof(archive_format);
    origin_len = strcspn(at, "\n");
    if (origin_len >= sizeof(head->origin) || at + origin_len + 1 >= text + len)
        return false;
    memcpy(head->origin, at, origin_len);
    head->origin[origin_len] = '\0';
    at += origin_len + 1;
    if (!number_parse(&at, &head->first) || !number_parse(&at, &head->next) ||
        !number_parse(&at, &head->bytes) || !head_valid(head) || at >= text + len)
        return false;
    if (crypto_unbase64(head->digest, &digest_len, at, (size_t)(text + len - at) - 1, true) !=
            MEDGL_OK ||
        digest_len != sizeof(head->digest))
        return false;
    head_text(head, again);
    return strlen(again) == len && memcmp(again, text, len) == 0;
}

/* The note alone: the text has no blank line, so the second one ends it. */
static enum medgl_error note_cut(const char *text, char note[ARCHIVE_HEAD_SIZE], size_t *len)
{
    const char *split = strstr(text, "\n\n");
    const char *end = split != NULL ? strstr(split + 2, "\n\n") : NULL;
    if (end == NULL || (size_t)(end - text) + 2 > ARCHIVE_HEAD_SIZE)
        return MEDGL_ERR_CORRUPT;
    size_t note_len = (size_t)(end - text) + 1;
    memcpy(note, text, note_len);
    note[note_len] = '\0';
    *len = note_len + 1;
    return MEDGL_OK;
}

enum medgl_error archive_head_read(const char *text, struct archive_head *head, size_t *len)
{
    char note[ARCHIVE_HEAD_SIZE];
    size_t whole = 0;
    struct archive_head read = {.first = 0};
    *head = read;
    *len = 0;
    MEDGL_TRY(note_cut(text, note, &whole));
    if (!head_parse(note, (size_t)(strstr(note, "\n\n") - note) + 1, &read))
        return MEDGL_ERR_CORRUPT;
    *head = read;
    *len = whole;
    return MEDGL_OK;
}

enum medgl_error archive_head_open(const char *text, const struct note_verifier *const *keys,
                                   size_t key_count, struct archive_head *head, size_t *len)
{
    char note[ARCHIVE_HEAD_SIZE];
    size_t whole = 0, text_len = 0;
    struct archive_head read;
    *head = (struct archive_head){.first = 0};
    *len = 0;
    MEDGL_TRY(archive_head_read(text, &read, &whole));
    MEDGL_TRY(note_cut(text, note, &whole));
    for (size_t i = 0; i < key_count; i++) {
        enum medgl_error error = note_open(note, keys[i], &text_len);
        if (error == MEDGL_ERR_CORRUPT)
            continue;
        MEDGL_TRY(error);
        if (strcmp(read.origin, note_verifier_name(keys[i])) != 0)
            return MEDGL_ERR_CORRUPT;
        *head = read;
        *len = whole;
        return MEDGL_OK;
    }
    return MEDGL_ERR_CORRUPT;
}
