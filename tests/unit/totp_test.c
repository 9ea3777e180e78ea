/* One-time codes (R24): the vectors of the RFCs, oathtool as the other side, each step once
 * whatever the clock does; what people type; base32. */
#include "base/auto.h"
#include "factor/recovery.h"
#include "factor/totp.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tests/unit/draw.h"
#include "tests/unit/table.h"

static struct totp_record record_of(const char *secret, size_t len, enum totp_algorithm algorithm,
                                    unsigned digits, unsigned period)
{
    struct totp_record record = {
        .secret_len = len, .algorithm = algorithm, .digits = digits, .period = period};
    memcpy(record.secret, secret, len);
    return record;
}

/* How many codes were computed: as many whatever comes of it. */
static int computed;
int __real_oath_totp_generate2(const char *secret, size_t len, time_t now, unsigned step,
                               time_t start, unsigned digits, int flags, char *code);
int __wrap_oath_totp_generate2(const char *secret, size_t len, time_t now, unsigned step,
                               time_t start, unsigned digits, int flags, char *code);
int __wrap_oath_totp_generate2(const char *secret, size_t len, time_t now, unsigned step,
                               time_t start, unsigned digits, int flags, char *code)
{
    computed++;
    return __real_oath_totp_generate2(secret, len, now, step, start, digits, flags, code);
}

/* -- the RFCs --------------------------------------------------------------------------------- */

#define SEED20 "12345678901234567890"
#define SEED32 "12345678901234567890123456789012"
#define SEED64 "1234567890123456789012345678901234567890123456789012345678901234"

struct vector {
    const char *name;
    const char *seed;
    enum totp_algorithm algorithm;
    unsigned digits;
    int64_t seconds;
    const char *code;
    int64_t step;
};

/* RFC 6238 Appendix B, with the seeds of its reference code (erratum 2866). */
#define AT(seconds, step, sha1, sha256, sha512)                                                    \
    {#seconds " SHA-1", SEED20, TOTP_SHA1, 8, seconds, sha1, step},                                \
        {#seconds " SHA-256", SEED32, TOTP_SHA256, 8, seconds, sha256, step},                      \
    {                                                                                              \
#seconds " SHA-512", SEED64, TOTP_SHA512, 8, seconds, sha512, step                         \
    }
static const struct vector rfc6238[] = {
    AT(59, 0x1, "94287082", "46119246", "90693936"),
    AT(1111111109, 0x23523ec, "07081804", "68084774", "25091201"),
    AT(1111111111, 0x23523ed, "14050471", "67062674", "99943326"),
    AT(1234567890, 0x273ef07, "89005924", "91819424", "93441116"),
    AT(2000000000, 0x3f940aa, "69279037", "90698825", "38618901"),
    AT(20000000000, 0x27bc86aa, "65353130", "77737706", "47863826"),
};

/* RFC 4226 Appendix D: its counters are our steps, but the first. */
static const struct vector rfc4226[] = {
    {"counter 1", SEED20, TOTP_SHA1, 6, 1 * 30, "287082", 1},
    {"counter 2", SEED20, TOTP_SHA1, 6, 2 * 30, "359152", 2},
    {"counter 3", SEED20, TOTP_SHA1, 6, 3 * 30, "969429", 3},
    {"counter 4", SEED20, TOTP_SHA1, 6, 4 * 30, "338314", 4},
    {"counter 5", SEED20, TOTP_SHA1, 6, 5 * 30, "254676", 5},
    {"counter 6", SEED20, TOTP_SHA1, 6, 6 * 30, "287922", 6},
    {"counter 7", SEED20, TOTP_SHA1, 6, 7 * 30, "162583", 7},
    {"counter 8", SEED20, TOTP_SHA1, 6, 8 * 30, "399871", 8},
    {"counter 9", SEED20, TOTP_SHA1, 6, 9 * 30, "520489", 9},
};

static void test_vector(void **state)
{
    const struct vector *row = *state;
    struct totp_record record =
        record_of(row->seed, strlen(row->seed), row->algorithm, row->digits, 30);
    struct totp_state fresh = {0, 0}, used = {row->step, 0};
    int64_t step, drift;
    medgl_time now = row->seconds * MEDGL_SECOND;
    assert_int_equal(totp_check(&record, &fresh, row->code, now, &step, &drift), MEDGL_OK);
    assert_int_equal(step, row->step);
    assert_int_equal(drift, 0);
    assert_int_equal(totp_step(&record, now), row->step);
    assert_int_equal(totp_check(&record, &used, row->code, now, &step, &drift), MEDGL_OK);
    assert_int_equal(step, 0);
}

/* -- what is accepted ------------------------------------------------------------------------- */

/* The RFC's seed, SHA-1, six digits, at 1111111110 s. */
#define STEP INT64_C(37037037)
/* Of the steps STEP - 4 .. STEP + 4, made by oathtool when the tests begin. */
static char made[9][9];

struct acceptance {
    const char *name;
    int code;       /* of which step, from STEP on */
    int64_t last;   /* the same; NEVER: none was used */
    int64_t drift;  /* remembered */
    int64_t now;    /* seconds from the beginning of STEP */
    int step;       /* accepted, from STEP on; NONE */
    int64_t drifts; /* remembered from then on */
};
#define NEVER (-STEP)
#define NONE  99

static const struct acceptance acceptances[] = {
    {"its own step", 0, NEVER, 0, 0, 0, 0},
    {"at the end of it", 0, NEVER, 0, 29, 0, 0},
    {"the step before", -1, NEVER, 0, 0, -1, -1},
    {"the step behind", 1, NEVER, 0, 29, 1, 1},
    {"two steps before", -2, NEVER, 0, 0, NONE, 0},
    {"two steps behind", 2, NEVER, 0, 29, NONE, 0},
    {"a used step", 0, 0, 0, 0, NONE, 0},
    {"one before a used step", -1, 0, 0, 0, NONE, 0},
    {"one behind a used step", 1, 0, 0, 0, 1, 1},
    {"the step before, of which an older one was used", -1, -2, 0, 0, -1, -1},
    {"the clock went back by a step: the used one", 1, 1, 0, 0, NONE, 0},
    {"the clock went back by an hour: the used one", 0, 0, 0, -3600, NONE, 0},
    {"the clock went back by a minute: older codes", -2, 0, 0, -60, NONE, 0},
    {"the clock went back by two steps: what was not used then", -1, 0, 0, -60, NONE, 0},
    {"a device that is slow", -3, NEVER, -3, 0, -3, -3},
    {"a slow device gets slower", -4, NEVER, -3, 0, -4, -4},
    {"a slow device was put right", 0, NEVER, -3, 0, NONE, -3},
    {"a device that is fast", 3, NEVER, 3, 0, 3, 3},
    {"a fast device gets less so", 2, NEVER, 3, 0, 2, 2},
    {"a fast device, of our own time", 0, NEVER, 3, 0, NONE, 3},
    {"a fast device, a used step", 3, 3, 3, 0, NONE, 3},
    {"a drift that nobody may have is cut: not found there", 0, NEVER, 500, 0, NONE, 20},
    {"a drift at the end of what may be", 0, NEVER, 20, -19 * 30, 0, 19},
    {"a drift beyond it is not remembered", 0, NEVER, 20, -21 * 30, 0, 20},
    {"a drift beyond it the other way", 0, NEVER, -20, 21 * 30, 0, -20},
};

static struct totp_record rfc_record(void)
{
    return record_of(SEED20, 20, TOTP_SHA1, 6, 30);
}

static void test_acceptance(void **state)
{
    const struct acceptance *row = *state;
    struct totp_record record = rfc_record();
    struct totp_state known = {STEP + row->last, row->drift};
    int64_t step = -1, drift = -1;
    medgl_time now = (STEP * 30 + row->now) * MEDGL_SECOND;
    computed = 0;
    assert_int_equal(totp_check(&record, &known, made[4 + row->code], now, &step, &drift),
                     MEDGL_OK);
    assert_int_equal(computed, 2 * TOTP_WINDOW + 1);
    assert_int_equal(step, row->step == NONE ? 0 : STEP + row->step);
    assert_int_equal(drift, row->drifts);
}

struct refusal {
    const char *name;
    const char *code;
    medgl_time now;
};
static const struct refusal refusals[] = {
    {"no code", "", STEP * 30 * MEDGL_SECOND},
    {"five digits", "28708", 30 * MEDGL_SECOND},
    {"seven digits", "2870820", 30 * MEDGL_SECOND},
    {"eight digits of six", "94287082", 30 * MEDGL_SECOND},
    {"letters", "ABCDEF", 30 * MEDGL_SECOND},
    {"a recovery code", "K7XQM-3NPWD", 30 * MEDGL_SECOND},
    {"step 0 is none", "755224", 0},
    {"step 0 is none a step later", "755224", 30 * MEDGL_SECOND},
    {"before 1970", "755224", -1},
    {"long before 1970", "287082", -STEP * 30 * MEDGL_SECOND},
    {"as long ago as can be", "287082", INT64_MIN},
    {"as far ahead as can be", "287082", INT64_MAX},
};

static void test_refusal(void **state)
{
    const struct refusal *row = *state;
    struct totp_record record = rfc_record();
    struct totp_state fresh = {0, 0};
    int64_t step = -1, drift = -1;
    computed = 0;
    assert_int_equal(totp_check(&record, &fresh, row->code, row->now, &step, &drift), MEDGL_OK);
    assert_int_equal(computed, 2 * TOTP_WINDOW + 1);
    assert_int_equal(step, 0);
    assert_int_equal(drift, 0);
}

struct stepping {
    const char *name;
    unsigned period;
    medgl_time now;
    int64_t step;
};
static const struct stepping steppings[] = {
    {"the beginning", 30, 0, 0},
    {"the last moment of step 0", 30, 29999, 0},
    {"step 1", 30, 30000, 1},
    {"a moment before 1970", 30, -1, -1},
    {"a step before 1970", 30, -30000, -1},
    {"more than a step before 1970", 30, -30001, -2},
    {"a minute's step", 60, 119999, 1},
    {"the year 9999", 30, INT64_C(253402300799000), INT64_C(8446743359)},
};

static void test_step(void **state)
{
    const struct stepping *row = *state;
    struct totp_record record = record_of(SEED20, 20, TOTP_SHA1, 6, row->period);
    assert_int_equal(totp_step(&record, row->now), row->step);
}

/* -- oathtool --------------------------------------------------------------------------------- */

static const char *const hash_names[] = {
    [TOTP_SHA1] = "sha1", [TOTP_SHA256] = "sha256", [TOTP_SHA512] = "sha512"};

/* What oathtool says of a step, and of `more` steps behind it: a code a line. */
static void oathtool(const struct totp_record *record, int64_t step, unsigned more, char said[][9])
{
    char key[BASE32_SIZE(TOTP_SECRET_MAX)], command[512];
    base32_write(record->secret, record->secret_len, key);
    (void)snprintf(command, sizeof(command),
                   "oathtool --base32 --totp=%s -d %u -s %us -w %u -N @%" PRId64 " %s",
                   hash_names[record->algorithm], record->digits, record->period, more,
                   step * record->period, key);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    for (unsigned i = 0; i <= more; i++)
        assert_int_equal(fscanf(pipe, "%8s", said[i]), 1);
    assert_int_equal(pclose(pipe), 0);
}

struct draws {
    const char *name;
    enum totp_algorithm algorithm;
    unsigned digits, period;
    size_t least, most; /* bytes of the secret */
};
static const struct draws oathtools[] = {
    {"SHA-1, 6 digits", TOTP_SHA1, 6, 30, 10, 64},
    {"SHA-1, 8 digits", TOTP_SHA1, 8, 30, 10, 64},
    {"SHA-1, 6 digits, 60 s", TOTP_SHA1, 6, 60, 10, 64},
    {"SHA-256, 6 digits", TOTP_SHA256, 6, 30, 10, 64},
    {"SHA-256, 8 digits", TOTP_SHA256, 8, 30, 10, 64},
    {"SHA-512, 6 digits", TOTP_SHA512, 6, 30, 10, 64},
    {"SHA-512, 8 digits, 60 s", TOTP_SHA512, 8, 60, 10, 64},
    {"keys longer than a block of the hash", TOTP_SHA256, 6, 30, 65, TOTP_SECRET_MAX},
};

/* What it makes is accepted as the step that it is, and nothing else of it is. */
static void test_oathtool(void **state)
{
    const struct draws *row = *state;
    uint64_t seed = row->digits * 1000 + row->period + row->least;
    for (int round = 0; round < 6; round++) {
        struct totp_record record = {
            .algorithm = row->algorithm, .digits = row->digits, .period = row->period};
        record.secret_len = row->least + draw(&seed) % (row->most - row->least + 1);
        for (size_t i = 0; i < record.secret_len; i++)
            record.secret[i] = (unsigned char)draw(&seed);
        int64_t now = 10 + (int64_t)(draw(&seed) % 200000000);
        char said[9][9];
        oathtool(&record, now - 4, 8, said);
        for (int64_t i = 0; i < 9; i++) {
            struct totp_state fresh = {0, 0};
            int64_t step, drift, expected = i >= 3 && i <= 5 ? now - 4 + i : 0;
            assert_int_equal(totp_check(&record, &fresh, said[i],
                                        now * row->period * MEDGL_SECOND + 1, &step, &drift),
                             MEDGL_OK);
            assert_int_equal(step, expected);
        }
    }
}

/* A secret that is made here is one for it too, and no two are alike. */
static void test_generated(void **state)
{
    struct totp_record one, other;
    struct totp_state fresh = {0, 0};
    char said[1][9];
    int64_t step, drift;
    (void)state;
    assert_int_equal(totp_generate(TOTP_SHA256, 6, &one), MEDGL_OK);
    assert_int_equal(totp_generate(TOTP_SHA256, 6, &other), MEDGL_OK);
    assert_int_equal(one.secret_len, TOTP_SECRET_NEW);
    assert_int_equal(one.period, 30);
    assert_memory_not_equal(one.secret, other.secret, TOTP_SECRET_NEW);
    oathtool(&one, STEP, 0, said);
    assert_int_equal(totp_check(&one, &fresh, said[0], STEP * 30 * MEDGL_SECOND, &step, &drift),
                     MEDGL_OK);
    assert_int_equal(step, STEP);
    assert_int_equal(totp_generate(TOTP_SHA256, 7, &one), MEDGL_ERR_ARGUMENT);
    assert_int_equal(totp_generate(0, 6, &one), MEDGL_ERR_ARGUMENT);
}

/* -- the record as text ----------------------------------------------------------------------- */

struct text_row {
    const char *name;
    const char *text;
    enum medgl_error error;
};
#define KEY "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
static const struct text_row texts[] = {
    {"as it is written", "totp-1 sha1 6 30 " KEY, MEDGL_OK},
    {"the others", "totp-1 sha512 8 60 " KEY, MEDGL_OK},
    {"the shortest key", "totp-1 sha256 6 30 GEZDGNBVGY3TQOJQ", MEDGL_OK},
    {"nothing", "", MEDGL_ERR_CORRUPT},
    {"another version", "totp-2 sha1 6 30 " KEY, MEDGL_ERR_CORRUPT},
    {"another algorithm", "totp-1 md5 6 30 " KEY, MEDGL_ERR_CORRUPT},
    {"seven digits", "totp-1 sha1 7 30 " KEY, MEDGL_ERR_CORRUPT},
    {"a digit too many", "totp-1 sha1 06 30 " KEY, MEDGL_ERR_CORRUPT},
    {"another period", "totp-1 sha1 6 45 " KEY, MEDGL_ERR_CORRUPT},
    {"a blank more", "totp-1 sha1  6 30 " KEY, MEDGL_ERR_CORRUPT},
    {"a line's end", "totp-1 sha1 6 30 " KEY "\n", MEDGL_ERR_CORRUPT},
    {"small letters", "totp-1 sha1 6 30 gezdgnbvgy3tqojq", MEDGL_ERR_CORRUPT},
    {"a key that is too short", "totp-1 sha1 6 30 GEZDGNBVGY3TQ", MEDGL_ERR_CORRUPT},
    {"no key", "totp-1 sha1 6 30 ", MEDGL_ERR_CORRUPT},
    {"no base32", "totp-1 sha1 6 30 GEZDGNBVGY3TQO1!", MEDGL_ERR_CORRUPT},
    {"bits left over", "totp-1 sha1 6 30 GEZDGNBVGY3TQOJQGF", MEDGL_ERR_CORRUPT},
};

static void test_text(void **state)
{
    const struct text_row *row = *state;
    auto_secret struct secret text = SECRET_NONE;
    auto_secret struct secret again = SECRET_NONE;
    struct totp_record record;
    if (row->text[0] != '\0')
        assert_int_equal(secret_copy(&text, row->text, strlen(row->text)), MEDGL_OK);
    assert_int_equal(totp_record_read(&text, &record), row->error);
    if (row->error != MEDGL_OK) {
        assert_int_equal(record.secret_len, 0);
        return;
    }
    assert_int_equal(totp_record_write(&record, &again), MEDGL_OK);
    assert_string_equal((const char *)again.bytes, row->text);
}

/* -- what people type ------------------------------------------------------------------------- */

struct typed {
    const char *name;
    const char *typed;
    enum code_form form;
    const char *code;
};
static const struct typed typings[] = {
    {"six digits", "123456", CODE_DIGITS, "123456"},
    {"eight digits", "12345678", CODE_DIGITS, "12345678"},
    {"with a blank", "123 456", CODE_DIGITS, "123456"},
    {"with blanks around", "  123456\t", CODE_DIGITS, "123456"},
    {"with a hyphen", "1234-5678", CODE_DIGITS, "12345678"},
    {"full-width", "１２３４５６", CODE_DIGITS, "123456"},
    {"full-width with a full-width blank", "１２３　４５６", CODE_DIGITS, "123456"},
    {"full-width with the prolonged sound mark", "１２３ー４５６", CODE_DIGITS, "123456"},
    {"full-width with a full-width hyphen", "１２３－４５６", CODE_DIGITS, "123456"},
    {"half-width prolonged sound mark", "123ｰ456", CODE_DIGITS, "123456"},
    {"a minus sign", "123\u2212456", CODE_DIGITS, "123456"},
    {"a no-break space", "123\u00a0456", CODE_DIGITS, "123456"},
    {"nothing", "", CODE_EMPTY, ""},
    {"blanks", "  \t", CODE_EMPTY, ""},
    {"a full-width blank", "　", CODE_EMPTY, ""},
    {"a hyphen alone", "-", CODE_MALFORMED, ""},
    {"five digits", "12345", CODE_MALFORMED, ""},
    {"seven digits", "1234567", CODE_MALFORMED, ""},
    {"ten digits are no recovery code", "1234567890", CODE_MALFORMED, ""},
    {"look-alikes of ten digits", "I23456789O", CODE_MALFORMED, ""},
    {"a letter among six digits", "12345O", CODE_MALFORMED, ""},
    {"a recovery code", "K7XQM-3NPWD", CODE_RECOVERY, "K7XQM-3NPWD"},
    {"small letters", "k7xqm-3npwd", CODE_RECOVERY, "K7XQM-3NPWD"},
    {"without its hyphen", "k7xqm3npwd", CODE_RECOVERY, "K7XQM-3NPWD"},
    {"with blanks", " k7x qm 3np wd ", CODE_RECOVERY, "K7XQM-3NPWD"},
    {"full-width letters", "ｋ７ｘｑｍー３ｎｐｗｄ", CODE_RECOVERY, "K7XQM-3NPWD"},
    {"look-alikes", "oO1iI-lLabc", CODE_RECOVERY, "00111-11ABC"},
    {"a letter that none has", "K7XQM-3NPWU", CODE_MALFORMED, ""},
    {"too short", "K7XQM-3NPW", CODE_MALFORMED, ""},
    {"too long", "K7XQM-3NPWD2", CODE_MALFORMED, ""},
    {"far too long", "K7XQM-3NPWDK7XQM-3NPWDK7XQM-3NPWDK7XQM-3NPWD", CODE_MALFORMED, ""},
    {"other characters", "123456!", CODE_MALFORMED, ""},
    {"kana", "いちにさん", CODE_MALFORMED, ""},
    {"no UTF-8", "123456\xff", CODE_MALFORMED, ""},
    {"cut UTF-8", "12345\xef\xbc", CODE_MALFORMED, ""},
    {"a control character", "123456\x7f", CODE_MALFORMED, ""},
};

static void test_typed(void **state)
{
    const struct typed *row = *state;
    auto_secret struct secret typed = SECRET_NONE;
    char code[CODE_SIZE];
    assert_int_equal(secret_copy(&typed, row->typed, strlen(row->typed)), MEDGL_OK);
    assert_int_equal(code_normalise(&typed, code), row->form);
    assert_string_equal(code, row->code);
}

static void test_typed_nul(void **state)
{
    auto_secret struct secret typed = SECRET_NONE, none = SECRET_NONE;
    char code[CODE_SIZE];
    (void)state;
    assert_int_equal(secret_copy(&typed, "123456\0", 7), MEDGL_OK);
    assert_int_equal(code_normalise(&typed, code), CODE_MALFORMED);
    assert_int_equal(code_normalise(&none, code), CODE_EMPTY);
}

/* What is made as a recovery code is read as that, and as itself. */
static void test_recovery_form(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        auto_secret struct secret typed = SECRET_NONE;
        char recovery[RECOVERY_TEXT_SIZE], code[CODE_SIZE];
        assert_int_equal(recovery_generate(recovery), MEDGL_OK);
        assert_int_equal(secret_copy(&typed, recovery, strlen(recovery)), MEDGL_OK);
        assert_int_equal(code_normalise(&typed, code), CODE_RECOVERY);
        assert_string_equal(code, recovery);
    }
}

/* -- base32 ----------------------------------------------------------------------------------- */

struct base32 {
    const char *name;
    const char *text;
    const char *bytes; /* NULL: refused */
    const char *again; /* as it is written; NULL: as it was */
};
static const struct base32 base32s[] = {
    /* RFC 4648 section 10 */
    {"nothing", "", "", NULL},
    {"f", "MY", "f", NULL},
    {"fo", "MZXQ", "fo", NULL},
    {"foo", "MZXW6", "foo", NULL},
    {"foob", "MZXW6YQ", "foob", NULL},
    {"fooba", "MZXW6YTB", "fooba", NULL},
    {"foobar", "MZXW6YTBOI", "foobar", NULL},
    {"padding", "MZXW6YTBOI======", "foobar", "MZXW6YTBOI"},
    {"small letters", "mzxw6ytboi", "foobar", "MZXW6YTBOI"},
    {"groups", "mzxw 6ytb oi", "foobar", "MZXW6YTBOI"},
    {"hyphens", "MZXW-6YTB-OI", "foobar", "MZXW6YTBOI"},
    {"bits left over", "MZ", "f", "MY"},
    {"one digit", "M", NULL, NULL},
    {"three digits", "MZX", NULL, NULL},
    {"six digits", "MZXW6Y", NULL, NULL},
    {"padding of the wrong length", "MZXW6YTBOI==", NULL, NULL},
    {"padding of a whole group", "MZXW6YTB========", NULL, NULL},
    {"padding in the middle", "MZXW=6YTB", NULL, NULL},
    {"padding alone", "========", NULL, NULL},
    {"the digits that none has", "MZXW0189", NULL, NULL},
    {"other characters", "MZXW6YT\n", NULL, NULL},
};

static void test_base32(void **state)
{
    const struct base32 *row = *state;
    unsigned char bytes[64];
    char text[BASE32_SIZE(64)];
    size_t len;
    enum medgl_error error = base32_read(row->text, strlen(row->text), bytes, sizeof(bytes), &len);
    assert_int_equal(error, row->bytes != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    if (row->bytes == NULL)
        return;
    assert_int_equal(len, strlen(row->bytes));
    assert_memory_equal(bytes, row->bytes, len);
    base32_write(bytes, len, text);
    assert_string_equal(text, row->again != NULL ? row->again : row->text);
}

static void test_base32_room(void **state)
{
    unsigned char bytes[5];
    size_t len;
    (void)state;
    assert_int_equal(base32_read("MZXW6YTB", 8, bytes, 5, &len), MEDGL_OK);
    assert_int_equal(base32_read("MZXW6YTB", 8, bytes, 4, &len), MEDGL_ERR_ARGUMENT);
}

/* Every length there and back. */
static void test_base32_lengths(void **state)
{
    uint64_t seed = 5;
    (void)state;
    for (size_t len = 0; len <= TOTP_SECRET_MAX; len++) {
        unsigned char bytes[TOTP_SECRET_MAX], again[TOTP_SECRET_MAX];
        char text[BASE32_SIZE(TOTP_SECRET_MAX)];
        size_t again_len;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)draw(&seed);
        base32_write(bytes, len, text);
        assert_int_equal(strlen(text), (len * 8 + 4) / 5);
        assert_int_equal(base32_read(text, strlen(text), again, sizeof(again), &again_len),
                         MEDGL_OK);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
    }
}

int main(void)
{
    struct totp_record record = rfc_record();
    oathtool(&record, STEP - 4, MEDGL_COUNT(made) - 1, made);
    TABLE_ADD("RFC 6238", rfc6238, test_vector);
    TABLE_ADD("RFC 4226", rfc4226, test_vector);
    TABLE_ADD("accepted", acceptances, test_acceptance);
    TABLE_ADD("never", refusals, test_refusal);
    TABLE_ADD("step", steppings, test_step);
    TABLE_ADD("oathtool", oathtools, test_oathtool);
    table_add("oathtool", "a secret that was made here", test_generated, NULL);
    TABLE_ADD("record", texts, test_text);
    TABLE_ADD("typed", typings, test_typed);
    table_add("typed", "a NUL, and nothing at all", test_typed_nul, NULL);
    table_add("typed", "recovery codes as they are made", test_recovery_form, NULL);
    TABLE_ADD("base32", base32s, test_base32);
    table_add("base32", "no more than there is room for", test_base32_room, NULL);
    table_add("base32", "every length", test_base32_lengths, NULL);
    return table_run("totp");
}
