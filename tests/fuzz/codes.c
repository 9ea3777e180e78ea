/* What people type, and what is sealed of a device. */
#include "base/auto.h"
#include "base/clock.h"
#include "factor/totp.h"
#include "policy/value.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* What is read is written the one way, and read again as the same. */
void fuzz_base32(const uint8_t *bytes, size_t len)
{
    unsigned char read[TOTP_SECRET_MAX], again[TOTP_SECRET_MAX];
    char text[BASE32_SIZE(TOTP_SECRET_MAX)];
    size_t read_len, again_len;
    if (base32_read((const char *)bytes, len, read, sizeof(read), &read_len) != MEDGL_OK)
        return;
    base32_write(read, read_len, text);
    must(base32_read(text, strlen(text), again, sizeof(again), &again_len) == MEDGL_OK);
    must(again_len == read_len && memcmp(again, read, read_len) == 0);
}

static void check_form(enum code_form form, const char *code)
{
    switch (form) {
    case CODE_MALFORMED:
    case CODE_EMPTY:
        must(code[0] == '\0');
        break;
    case CODE_DIGITS:
        must(strspn(code, "0123456789") == strlen(code));
        must(strlen(code) == 6 || strlen(code) == 8);
        break;
    case CODE_RECOVERY:
        must(strspn(code, CODE_RECOVERY_ALPHABET "-") == CODE_RECOVERY_COUNT + 1);
        must(strlen(code) == CODE_RECOVERY_COUNT + 1 && code[CODE_RECOVERY_GROUP] == '-');
        break;
    }
}

/* A code as it is kept is itself. */
void fuzz_code(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret typed = SECRET_NONE, kept = SECRET_NONE;
    char code[CODE_SIZE], again[CODE_SIZE];
    must(secret_copy(&typed, bytes, len) == MEDGL_OK);
    enum code_form form = code_normalise(&typed, code);
    check_form(form, code);
    must(secret_copy(&kept, code, strlen(code)) == MEDGL_OK);
    must(code_normalise(&kept, again) == (form == CODE_MALFORMED ? CODE_EMPTY : form));
    must(strcmp(code, again) == 0);
}

/* There is one text of a record; a code never matches a used step, whatever the record and the
 * clock. */
void fuzz_record(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret text = SECRET_NONE, again = SECRET_NONE;
    struct totp_record record;
    struct totp_state state = {0, 0};
    int64_t step, drift;
    medgl_time now = 0;
    must(secret_copy(&text, bytes, len) == MEDGL_OK);
    if (totp_record_read(&text, &record) != MEDGL_OK)
        return;
    must(totp_record_write(&record, &again) == MEDGL_OK);
    must(secret_equal(text.bytes, text.len, again.bytes, again.len));
    memcpy(&now, record.secret, sizeof(now));
    state.last = totp_step(&record, now) + TOTP_WINDOW;
    must(totp_check(&record, &state, "123456", now, &step, &drift) == MEDGL_OK);
    must(step == 0 && drift == 0);
}

/* A day of the policy is a time, too. */
void fuzz_date(const uint8_t *bytes, size_t len)
{
    char text[64];
    int64_t day;
    medgl_time local, utc;
    if (len >= sizeof(text))
        return;
    memcpy(text, bytes, len);
    text[len] = '\0';
    bool is_time = clock_parse_local(text, &local) == MEDGL_OK;
    must(!is_time || clock_is_time(text));
    (void)clock_parse_utc(text, &utc);
    if (value_parse_date(text, &day) == MEDGL_OK && day > 0 && len == 10)
        must(is_time && local == day * MEDGL_DAY);
}
