/* Cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1). Verifies and merges them;
 * never makes one: a ledger does not vouch for itself. */
#include "ledger/cosign.h"

#include "base/auto.h"
#include "ledger/note_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cosigner {
    struct note_key key;
};

static const char signature_prefix[] = "\u2014 ";

/* timestamped_signature: a big-endian time in front of the signature. */
#define TIME_SIZE        8
#define COSIGNATURE_SIZE (TIME_SIZE + NOTE_SIGNATURE_SIZE)

enum medgl_error cosigner_open(const char *vkey, struct cosigner **cosigner)
{
    *cosigner = NULL;
    auto_clean(cosigner_free) struct cosigner *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(note_key_open(vkey, NOTE_COSIGNATURE, &made->key));
    *cosigner = auto_give(made);
    return MEDGL_OK;
}

void cosigner_free(struct cosigner **cosigner)
{
    if (*cosigner != NULL)
        note_key_close(&(*cosigner)->key);
    free(*cosigner);
    *cosigner = NULL;
}

const char *cosigner_name(const struct cosigner *cosigner)
{
    return cosigner->key.name;
}

bool cosigner_same(const struct cosigner *one, const struct cosigner *other)
{
    return strcmp(one->key.name, other->key.name) == 0 ||
           memcmp(one->key.public_key, other->key.public_key, sizeof(one->key.public_key)) == 0;
}

static enum medgl_error cosignature_check(const struct note_key *key, const char *text, size_t len,
                                          const unsigned char cosignature[COSIGNATURE_SIZE],
                                          uint64_t *seconds)
{
    char head[sizeof("cosignature/v1\ntime 18446744073709551615\n")];
    uint64_t time = 0;
    for (size_t i = 0; i < TIME_SIZE; i++)
        time = time << 8 | cosignature[i];
    if (time > INT64_MAX)
        return MEDGL_ERR_CORRUPT;
    int head_len = snprintf(head, sizeof(head), "cosignature/v1\ntime %" PRIu64 "\n", time);
    auto_free char *message = malloc((size_t)head_len + len);
    if (message == NULL)
        return MEDGL_ERR_MEMORY;
    memcpy(message, head, (size_t)head_len);
    memcpy(message + head_len, text, len);
    *seconds = time;
    return note_key_verify(key, message, (size_t)head_len + len, cosignature + TIME_SIZE);
}

enum medgl_error cosignature_verify(const char *note, const struct cosigner *cosigner,
                                    uint64_t *seconds)
{
    unsigned char cosignature[COSIGNATURE_SIZE];
    uint64_t latest = 0, time = 0;
    bool found = false;
    enum medgl_error error;
    size_t len;
    *seconds = 0;
    MEDGL_TRY(note_split(note, &len));
    const char *at = note + len + 1;
    while ((error = note_signature_next(&cosigner->key, &at, cosignature, sizeof(cosignature))) ==
           MEDGL_OK) {
        MEDGL_TRY(cosignature_check(&cosigner->key, note, len, cosignature, &time));
        latest = time > latest ? time : latest;
        found = true;
    }
    if (error == MEDGL_ERR_NOT_FOUND && found)
        *seconds = latest;
    return error == MEDGL_ERR_NOT_FOUND && found ? MEDGL_OK : error;
}

/* -- merging ---------------------------------------------------------------------------------- */

/* Whether the signature lines from `lines` on have this one. */
static bool line_known(const char *lines, const char *line, size_t len)
{
    for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n") + 1)
        if (strncmp(at, line, len) == 0)
            return true;
    return false;
}

/* Appends a line, its newline included. */
static bool line_append(char *merged, size_t size, size_t *used, const char *line, size_t len)
{
    if (len >= size - *used)
        return false;
    memcpy(merged + *used, line, len);
    *used += len;
    merged[*used] = '\0';
    return true;
}

/* What a witness answers is signature lines alone; what one publishes is a whole note. */
static enum medgl_error lines_of(const char *other, const char *text, size_t len,
                                 const char **lines)
{
    static const struct note_key nobody = {.name = ""};
    size_t other_len;
    *lines = other;
    if (strncmp(other, signature_prefix, sizeof(signature_prefix) - 1) != 0) {
        MEDGL_TRY(note_split(other, &other_len));
        if (len != other_len || memcmp(text, other, len) != 0)
            return MEDGL_ERR_CORRUPT;
        *lines = other + len + 1;
    }
    const char *at = *lines;
    enum medgl_error error = note_signature_next(&nobody, &at, NULL, 0);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error cosignature_merge(const char *note, const char *other, char *merged, size_t size)
{
    const char *line = NULL;
    size_t len, used = strlen(note);
    MEDGL_TRY(note_split(note, &len));
    MEDGL_TRY(lines_of(other, note, len, &line));
    if (used >= size)
        return MEDGL_ERR_ARGUMENT;
    memcpy(merged, note, used + 1);
    while (*line != '\0') {
        size_t line_len = strcspn(line, "\n") + 1;
        if (!line_known(merged + len + 1, line, line_len) &&
            !line_append(merged, size, &used, line, line_len))
            return MEDGL_ERR_ARGUMENT;
        line += line_len;
    }
    return MEDGL_OK;
}
