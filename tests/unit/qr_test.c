/* QR codes as text (R24): what is drawn is read again by zbarimg, on terminals of both kinds, and
 * what is enrolled fits a console. */
#include "base/auto.h"
#include "factor/otp_uri.h"
#include "operation/qr.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/table.h"

#define SIDE_MAX 200
#define DOT      4 /* pixels of a module */

/* What a terminal would show: light where a half block is. */
struct screen {
    int rows, columns;
    bool light[SIDE_MAX][SIDE_MAX];
};

static const char *half_block(const char *at, bool *upper, bool *lower)
{
    static const struct {
        const char *bytes;
        bool upper, lower;
    } blocks[] = {{" ", false, false},
                  {"\u2580", true, false},
                  {"\u2584", false, true},
                  {"\u2588", true, true}};
    for (size_t i = 0; i < MEDGL_COUNT(blocks); i++) {
        size_t len = strlen(blocks[i].bytes);
        if (strncmp(at, blocks[i].bytes, len) == 0) {
            *upper = blocks[i].upper;
            *lower = blocks[i].lower;
            return at + len;
        }
    }
    fail_msg("neither a blank nor a half block");
    return at;
}

static void show(const char *text, struct screen *screen)
{
    int row = 0, column = 0;
    memset(screen, 0, sizeof(*screen));
    while (*text != '\0') {
        if (*text == '\n') {
            assert_int_equal(column, screen->columns);
            row += 2;
            column = 0;
            text++;
            continue;
        }
        assert_true(row + 1 < SIDE_MAX && column < SIDE_MAX);
        text = half_block(text, &screen->light[row][column], &screen->light[row + 1][column]);
        column++;
        if (row == 0)
            screen->columns = column;
    }
    assert_int_equal(column, screen->columns);
    screen->rows = row + 2;
}

static void paint(const struct screen *screen, bool light_on_dark, FILE *image)
{
    fprintf(image, "P5\n%d %d\n255\n", screen->columns * DOT, screen->rows * DOT);
    for (int y = 0; y < screen->rows * DOT; y++) {
        for (int x = 0; x < screen->columns * DOT; x++)
            fputc(screen->light[y / DOT][x / DOT] == light_on_dark ? 255 : 0, image);
    }
}

/* What zbarimg reads in it. */
static void scan(const struct screen *screen, bool light_on_dark, char *said, size_t size)
{
    char path[] = "/tmp/medgl-qr-XXXXXX", command[128];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    auto_file FILE *image = fdopen(fd, "w");
    assert_non_null(image);
    paint(screen, light_on_dark, image);
    assert_int_equal(fflush(image), 0);
    (void)snprintf(command, sizeof(command), "zbarimg -q --raw %s pgm:%s 2>/dev/null",
                   light_on_dark ? "" : "-Stest-inverted", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    said[fread(said, 1, size - 1, pipe)] = '\0';
    int status = pclose(pipe);
    unlink(path);
    assert_int_equal(status, 0);
    said[strcspn(said, "\n")] = '\0';
}

static void draw_and_read(const char *content, size_t columns, size_t lines, struct screen *screen)
{
    auto_secret struct secret from = SECRET_NONE, text = SECRET_NONE;
    char said[2048];
    assert_int_equal(secret_copy(&from, content, strlen(content)), MEDGL_OK);
    assert_int_equal(qr_text(&from, columns, lines, &text), MEDGL_OK);
    assert_int_equal(strlen((const char *)text.bytes), text.len);
    show((const char *)text.bytes, screen);
    assert_true((size_t)screen->columns <= columns && (size_t)screen->rows / 2 <= lines);
    scan(screen, true, said, sizeof(said));
    assert_string_equal(said, content);
    scan(screen, false, said, sizeof(said));
    assert_string_equal(said, content);
}

/* -- what is drawn ---------------------------------------------------------------------------- */

struct drawing {
    const char *name;
    const char *content;
    size_t columns, lines; /* that there are */
    int wide, high;        /* what is drawn: columns and lines */
};
static const struct drawing drawings[] = {
    {"the smallest, with all of its margin", "medgl", 80, 24, 29, 15},
    {"letters of Japanese", "\u91ab\u7642", 80, 24, 29, 15},
    {"as little room as there may be", "medgl", 25, 12, 25, 12},
    {"one line less margin", "medgl", 80, 13, 29, 13},
    {"a long one",
     "otpauth://totp/Hospital:user@example.org?secret="
     "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
     120, 60, 45, 23},
};

static void test_drawing(void **state)
{
    const struct drawing *row = *state;
    struct screen screen;
    draw_and_read(row->content, row->columns, row->lines, &screen);
    assert_int_equal(screen.columns, row->wide);
    assert_int_equal(screen.rows / 2, row->high);
}

/* -- what is enrolled ------------------------------------------------------------------------- */

struct enrolled {
    const char *name;
    enum totp_algorithm algorithm;
    unsigned digits;
    const char *issuer, *account;
};
static const struct enrolled enrolments[] = {
    {"the default of the policy", TOTP_SHA256, 6, "medgl-host", "yamada"},
    {"SHA-1", TOTP_SHA1, 6, "medgl", "y"},
    {"SHA-512 and 8 digits", TOTP_SHA512, 8, "ward-3-terminal", "hanako.suzuki"},
    {"a long name", TOTP_SHA256, 6, "ehr-gateway-02", "konstantin.alexandrowitsch"},
    {"Japanese", TOTP_SHA256, 6, "\u4e2d\u592e", "\u5c71\u7530"},
};

/* Beside 22 lines of it a console of 24 has two for the question. */
static void test_enrolled(void **state)
{
    const struct enrolled *row = *state;
    auto_secret struct secret uri = SECRET_NONE;
    struct totp_record record;
    struct screen screen;
    assert_int_equal(totp_generate(row->algorithm, row->digits, &record), MEDGL_OK);
    assert_int_equal(otp_uri_write(&record, row->issuer, row->account, &uri), MEDGL_OK);
    draw_and_read((const char *)uri.bytes, 45, 22, &screen);
}

/* -- what is not ------------------------------------------------------------------------------ */

struct refusal {
    const char *name;
    const char *content;
    size_t len, columns, lines;
};
static const struct refusal refusals[] = {
    {"nothing", "", 0, 80, 24},
    {"a NUL", "a\0b", 3, 80, 24},
    {"no line", "medgl", 5, 80, 0},
    {"a column too few", "medgl", 5, 24, 24},
    {"a line too few", "medgl", 5, 80, 11},
    {"more than any has", NULL, 4000, 1000, 1000},
};

static void test_refusal(void **state)
{
    const struct refusal *row = *state;
    static char much[4000];
    auto_secret struct secret from = SECRET_NONE, text = SECRET_NONE;
    memset(much, 'x', sizeof(much));
    assert_int_equal(secret_copy(&from, row->content != NULL ? row->content : much, row->len),
                     MEDGL_OK);
    assert_int_equal(qr_text(&from, row->columns, row->lines, &text), MEDGL_ERR_ARGUMENT);
    assert_null(text.bytes);
}

int main(void)
{
    TABLE_ADD("drawn", drawings, test_drawing);
    TABLE_ADD("enrolled", enrolments, test_enrolled);
    TABLE_ADD("refused", refusals, test_refusal);
    return table_run("qr");
}
