/* Checkpoints (C2SP tlog-checkpoint): what a signed note about the tree says. Signs and verifies
 * through note.c alone. */
#include "ledger/note.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_TEXT_LEN (4 * ((MERKLE_HASH_SIZE + 2) / 3))

#define CHECKPOINT_TEXT_SIZE                                                                       \
    (NOTE_ORIGIN_SIZE + sizeof("\n18446744073709551615\n\n") + ROOT_TEXT_LEN)

static enum medgl_error checkpoint_text(const struct checkpoint *checkpoint,
                                        const struct note_signer *signer,
                                        char text[CHECKPOINT_TEXT_SIZE])
{
    char root[ROOT_TEXT_LEN + 1];
    if (strcmp(checkpoint->origin, note_signer_name(signer)) != 0)
        return MEDGL_ERR_ARGUMENT;
    crypto_base64(root, checkpoint->root, sizeof(checkpoint->root), true);
    (void)snprintf(text, CHECKPOINT_TEXT_SIZE, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin,
                   checkpoint->size, root);
    return MEDGL_OK;
}

enum medgl_error checkpoint_sign(const struct checkpoint *checkpoint,
                                 const struct note_signer *signer, char *note, size_t size)
{
    char text[CHECKPOINT_TEXT_SIZE];
    MEDGL_TRY(checkpoint_text(checkpoint, signer, text));
    return note_sign(text, signer, note, size);
}

enum medgl_error checkpoint_sign_both(const struct checkpoint *checkpoint,
                                      const struct note_signer *going,
                                      const struct note_signer *coming, char *note, size_t size)
{
    char text[CHECKPOINT_TEXT_SIZE];
    MEDGL_TRY(checkpoint_text(checkpoint, going, text));
    MEDGL_TRY(checkpoint_text(checkpoint, coming, text)); /* of the same name */
    return note_sign_both(text, going, coming, note, size);
}

/* Decimal digits in their one form. */
static bool size_parse(const char *line, size_t len, uint64_t *size)
{
    if (len == 0 || strspn(line, "0123456789") != len || (line[0] == '0' && len > 1))
        return false;
    errno = 0;
    *size = strtoull(line, NULL, 10);
    return errno == 0;
}

static bool root_parse(const char *line, size_t len, unsigned char root[MERKLE_HASH_SIZE])
{
    size_t size = MERKLE_HASH_SIZE;
    return crypto_unbase64(root, &size, line, len, true) == MEDGL_OK && size == MERKLE_HASH_SIZE;
}

/* The lines of a text whose last byte is a newline: three that mean something, then extensions that
 * may say anything but nothing. */
static bool checkpoint_parse(const char *text, size_t text_len, const char *origin,
                             struct checkpoint *checkpoint)
{
    size_t number = 0;
    bool good = text_copy(checkpoint->origin, sizeof(checkpoint->origin), origin) == MEDGL_OK;
    for (const char *line = text; good && line < text + text_len; number++) {
        size_t len = strcspn(line, "\n");
        if (number == 0)
            good = len == strlen(origin) && memcmp(line, origin, len) == 0;
        else if (number == 1)
            good = size_parse(line, len, &checkpoint->size);
        else if (number == 2)
            good = root_parse(line, len, checkpoint->root);
        else
            good = len > 0;
        line += len + 1;
    }
    return good && number >= 3;
}

enum medgl_error checkpoint_open(const char *note, const struct note_verifier *verifier,
                                 struct checkpoint *checkpoint)
{
    struct checkpoint read = {.size = 0};
    size_t len;
    *checkpoint = read;
    MEDGL_TRY(note_open(note, verifier, &len));
    if (!checkpoint_parse(note, len, note_verifier_name(verifier), &read))
        return MEDGL_ERR_CORRUPT;
    *checkpoint = read;
    return MEDGL_OK;
}
