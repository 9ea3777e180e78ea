/* QR codes as text. What is light is drawn, what is dark is left out: right where letters are light
 * on dark, and the other way round elsewhere, which readers of today know as well. */
#include "operation/qr.h"

#include "base/auto.h"

#include <qrencode.h>
#include <string.h>

#define QUIET_MOST  4 /* modules of margin that ISO/IEC 18004 asks for */
#define QUIET_LEAST 1 /* above and below; at the sides there is room for two */
#define BLOCK_SIZE  3 /* bytes of a half block in UTF-8 */

struct picture {
    QRcode *code;
    int side, left, top, rows, columns; /* in modules; half blocks make rows even */
};

static void picture_clear(struct picture *picture)
{
    if (picture->code == NULL)
        return;
    secret_wipe(picture->code->data, (size_t)picture->code->width * (size_t)picture->code->width);
    QRcode_free(picture->code);
}

/* The margin that there is room for, up to the one that is asked for. */
static int margin(int room, int least)
{
    int quiet = room / 2 < QUIET_MOST ? room / 2 : QUIET_MOST;
    return quiet < least ? -1 : quiet;
}

static enum medgl_error place(struct picture *picture, size_t columns, size_t lines)
{
    int side = picture->code->width;
    picture->left = margin((columns < 1000 ? (int)columns : 1000) - side, 2 * QUIET_LEAST);
    picture->top = margin(2 * (lines < 1000 ? (int)lines : 1000) - side, QUIET_LEAST);
    if (picture->left < 0 || picture->top < 0)
        return MEDGL_ERR_ARGUMENT;
    picture->side = side;
    picture->columns = side + 2 * picture->left;
    picture->rows = side + 2 * picture->top;
    picture->rows += picture->rows % 2;
    return MEDGL_OK;
}

/* All that is no dark module of the code is light. */
static bool is_light(const struct picture *picture, int row, int column)
{
    int y = row - picture->top, x = column - picture->left;
    if (y < 0 || y >= picture->side || x < 0 || x >= picture->side)
        return true;
    return (picture->code->data[y * picture->side + x] & 1) == 0;
}

static void put(struct secret *text, const char *bytes)
{
    size_t len = strlen(bytes);
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void draw(const struct picture *picture, struct secret *text)
{
    static const char *const blocks[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};
    for (int row = 0; row < picture->rows; row += 2) {
        if (row > 0)
            put(text, "\n");
        for (int column = 0; column < picture->columns; column++)
            put(text, blocks[is_light(picture, row, column)][is_light(picture, row + 1, column)]);
    }
    text->bytes[text->len] = '\0';
}

enum medgl_error qr_text(const struct secret *content, size_t columns, size_t lines,
                         struct secret *text)
{
    auto_clean(picture_clear) struct picture picture = {NULL};
    if (content->len == 0 || memchr(content->bytes, '\0', content->len) != NULL)
        return MEDGL_ERR_ARGUMENT;
    /* Version 0: the smallest. Capitals and digits of the key take less room than other letters. */
    picture.code = QRcode_encodeString((const char *)content->bytes, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (picture.code == NULL)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(place(&picture, columns, lines));
    MEDGL_TRY(
        secret_alloc(text, (size_t)picture.rows / 2 * ((size_t)picture.columns * BLOCK_SIZE + 1)));
    draw(&picture, text);
    return MEDGL_OK;
}
