/* Passwords: text rules, hash and verification, and a generator. Decides nothing, and puts no
 * password into the heap. */
#include "factor/password.h"

#include "base/crypto.h"
#include "base/text.h"
#include "factor/kdf_slots.h"
#include "factor/similar.h"

#include <errno.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* -- text ------------------------------------------------------------------------------------ */

/* Combining marks in a row, after the Stream-Safe Text Format (UAX #15): with more of them
 * u8_normalize() would sort them in memory that nobody wipes. */
#define MARKS_MAX 30
/* NFC makes no UTF-8 text longer than that (UAX #15, section 12). */
#define NFC_GROWTH 3

/* The same text with every space as U+0020. MEDGL_ERR_ARGUMENT: not UTF-8, or too many marks. */
static enum medgl_error password_map_spaces(const struct secret *typed, struct secret *mapped)
{
    const uint8_t *at = typed->bytes, *end = at + typed->len;
    unsigned marks = 0;
    if (u8_check(typed->bytes, typed->len) != NULL)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(secret_alloc(mapped, typed->len));
    while (at < end) {
        ucs4_t c;
        size_t step = (size_t)u8_mbtouc(&c, at, (size_t)(end - at));
        marks = uc_combining_class(c) != 0 ? marks + 1 : 0;
        if (marks > MARKS_MAX)
            return MEDGL_ERR_ARGUMENT;
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs)) {
            mapped->bytes[mapped->len++] = ' ';
        } else {
            memcpy(mapped->bytes + mapped->len, at, step);
            mapped->len += step;
        }
        at += step;
    }
    return MEDGL_OK;
}

static enum medgl_error password_normalise(const struct secret *mapped, struct secret *normal)
{
    size_t len = NFC_GROWTH * mapped->len;
    MEDGL_TRY(secret_alloc(normal, len));
    uint8_t *result = u8_normalize(UNINORM_NFC, mapped->bytes, mapped->len, normal->bytes, &len);
    if (result == NULL)
        return errno == ENOMEM ? MEDGL_ERR_MEMORY : MEDGL_ERR_ARGUMENT;
    if (result != normal->bytes) { /* it found the room too small and took ordinary memory */
        secret_wipe(result, len);
        free(result);
        return MEDGL_ERR_MEMORY;
    }
    normal->len = len;
    normal->bytes[len] = '\0';
    return MEDGL_OK;
}

/* What the FreeformClass of RFC 8264 has no place for: control and format characters, surrogates,
 * private use, unassigned code points and noncharacters (whose NFC a later Unicode may change),
 * line and paragraph separators, and characters that nobody sees. The few code points that
 * RFC 5892 rules one by one stay allowed: they guard names, and hide nothing here. */
static bool password_is_freeform(const struct secret *normal)
{
    const uint32_t banned = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;
    const uint8_t *at = normal->bytes, *end = at + normal->len;
    while (at < end) {
        ucs4_t c;
        at += u8_mbtouc(&c, at, (size_t)(end - at));
        if (uc_is_general_category_withtable(c, banned) ||
            uc_is_property_default_ignorable_code_point(c))
            return false;
    }
    return true;
}

enum medgl_error password_prepare(const struct secret *typed, struct secret *prepared)
{
    auto_secret struct secret mapped = SECRET_NONE, normal = SECRET_NONE;
    if (typed->len == 0 || typed->len > PASSWORD_BYTES_MAX)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(password_map_spaces(typed, &mapped));
    MEDGL_TRY(password_normalise(&mapped, &normal));
    if (normal.len > PASSWORD_BYTES_MAX || !password_is_freeform(&normal))
        return MEDGL_ERR_ARGUMENT;
    *prepared = normal;
    normal = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

void password_compose(const struct secret *prepared, struct password_composition *composition)
{
    const uint8_t *at = prepared->bytes, *end = at + prepared->len;
    *composition = (struct password_composition){0};
    while (at < end) {
        ucs4_t c;
        at += u8_mbtouc(&c, at, (size_t)(end - at));
        composition->length++;
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M))
            composition->letters = true;
        else if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Nd))
            composition->digits = true;
        else
            composition->symbols = true;
    }
}

/* -- hash and verification ------------------------------------------------------------------- */

static void password_record_wipe(struct kdf_record *record)
{
    secret_wipe(record, sizeof(*record));
}

/* One evaluation in a slot of its own. */
static enum medgl_error password_evaluate(const struct password_line *line,
                                          const struct kdf_record *record,
                                          const struct secret *prepared,
                                          unsigned char hash[KDF_HASH_SIZE])
{
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    MEDGL_TRY(kdf_slot_acquire(line->directory, line->slots, line->patience_ms, &slot));
    return kdf_derive(&record->cost, prepared->bytes, prepared->len, record->salt, hash);
}

enum medgl_error password_hash(const struct password_line *line, const struct kdf_cost *cost,
                               const unsigned char *salt, const struct secret *prepared,
                               char phc[KDF_PHC_SIZE])
{
    auto_clean(password_record_wipe) struct kdf_record record = {.cost = *cost};
    phc[0] = '\0';
    if (salt != NULL)
        memcpy(record.salt, salt, sizeof(record.salt));
    else
        MEDGL_TRY(crypto_random(record.salt, sizeof(record.salt)));
    MEDGL_TRY(password_evaluate(line, &record, prepared, record.hash));
    return kdf_format(&record, phc);
}

enum medgl_error password_verify(const struct password_line *line, const char *phc,
                                 const struct password_dummy *dummy, const struct secret *prepared,
                                 unsigned char evaluation[KDF_HASH_SIZE], bool *matches)
{
    auto_clean(password_record_wipe) struct kdf_record record = {.cost = dummy->cost}, found = {0};
    *matches = false;
    if (evaluation != NULL)
        memset(evaluation, 0, KDF_HASH_SIZE);
    if (phc != NULL)
        MEDGL_TRY(kdf_parse(phc, &record));
    else
        memcpy(record.salt, dummy->salt, sizeof(record.salt));
    MEDGL_TRY(password_evaluate(line, &record, prepared, found.hash));
    bool equal = secret_equal(record.hash, sizeof(record.hash), found.hash, sizeof(found.hash));
    *matches = equal && phc != NULL;
    if (evaluation != NULL)
        memcpy(evaluation, found.hash, KDF_HASH_SIZE);
    return MEDGL_OK;
}

/* -- records ---------------------------------------------------------------------------------- */

#define ARGON2ID  "$argon2id$"
#define TAG_BYTES (PASSWORD_TAG_BITS / 8)

void password_record_clear(struct password_record *record)
{
    secret_wipe(record, sizeof(*record));
}

bool password_record_imported(const struct password_record *record)
{
    return strncmp(record->hash, ARGON2ID, strlen(ARGON2ID)) != 0;
}

/* One of our own is whole; of others crypt(3) is the judge, but they have no space inside. */
static bool password_hash_is_sound(const struct password_record *record)
{
    struct kdf_record parsed;
    if (record->hash[0] == '\0' || strchr(record->hash, ' ') != NULL)
        return false;
    if (password_record_imported(record))
        return !record->has_stem;
    bool sound = kdf_parse(record->hash, &parsed) == MEDGL_OK;
    secret_wipe(&parsed, sizeof(parsed));
    return sound;
}

enum medgl_error password_record_write(const struct password_record *record,
                                       char text[PASSWORD_RECORD_SIZE])
{
    unsigned char tag[TAG_BYTES];
    text[0] = '\0';
    if (strnlen(record->hash, sizeof(record->hash)) == sizeof(record->hash) ||
        !password_hash_is_sound(record) || record->stem_tag >> PASSWORD_TAG_BITS != 0)
        return MEDGL_ERR_ARGUMENT;
    size_t len = strlen(record->hash);
    memcpy(text, record->hash, len + 1);
    if (!record->has_stem)
        return MEDGL_OK;
    for (size_t i = 0; i < TAG_BYTES; i++)
        tag[i] = (unsigned char)(record->stem_tag >> (8 * (TAG_BYTES - 1 - i)));
    text[len++] = ' ';
    text_hex(text + len, tag, sizeof(tag));
    return MEDGL_OK;
}

enum medgl_error password_record_read(const char *text, struct password_record *record)
{
    unsigned char tag[TAG_BYTES];
    size_t len = strcspn(text, " ");
    *record = (struct password_record){.has_stem = text[len] == ' '};
    if (len < sizeof(record->hash))
        memcpy(record->hash, text, len);
    bool sound = password_hash_is_sound(record);
    if (sound && record->has_stem) {
        sound = text_unhex(tag, sizeof(tag), text + len + 1) == MEDGL_OK;
        for (size_t i = 0; i < TAG_BYTES && sound; i++)
            record->stem_tag = record->stem_tag << 8 | tag[i];
    }
    if (!sound)
        password_record_clear(record);
    return sound ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

/* The tag of the stem, with the salt and at the cost that the hash was made with. What goes into
 * the KDF begins with a character that no prepared password can have: no tag is a part of the hash
 * of any. */
static enum medgl_error password_tag(const struct password_line *line,
                                     const struct secret *prepared, struct password_record *record)
{
    static const char domain[] = "\1stem";
    auto_clean(password_record_wipe) struct kdf_record derived = {0};
    auto_secret struct secret stem = SECRET_NONE, input = SECRET_NONE;
    MEDGL_TRY(similar_stem(prepared, &stem));
    if (stem.len == 0)
        return MEDGL_OK;
    MEDGL_TRY(secret_alloc(&input, sizeof(domain) + stem.len));
    memcpy(input.bytes, domain, sizeof(domain)); /* its NUL as well */
    memcpy(input.bytes + sizeof(domain), stem.bytes, stem.len);
    input.len = sizeof(domain) + stem.len;
    MEDGL_TRY(kdf_parse(record->hash, &derived));
    MEDGL_TRY(password_evaluate(line, &derived, &input, derived.hash));
    for (size_t i = 0; i < TAG_BYTES; i++)
        record->stem_tag = record->stem_tag << 8 | derived.hash[i];
    record->has_stem = true;
    return MEDGL_OK;
}

enum medgl_error password_record_make(const struct password_line *line, const struct kdf_cost *cost,
                                      const unsigned char *salt, const struct secret *prepared,
                                      struct password_record *record)
{
    *record = (struct password_record){.has_stem = false};
    enum medgl_error error = password_hash(line, cost, salt, prepared, record->hash);
    if (error == MEDGL_OK)
        error = password_tag(line, prepared, record);
    if (error != MEDGL_OK)
        password_record_clear(record);
    return error;
}

/* -- generator ------------------------------------------------------------------------------- */

#define GROUPS     4
#define GROUP_SIZE 5

enum medgl_error password_generate(size_t least, struct secret *password)
{
    /* Without i, l, o, 0 and 1: 31 characters, 4.95 bits each. */
    static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
    auto_secret struct secret drawn = SECRET_NONE;
    struct password_composition kinds;
    size_t groups = least / (GROUP_SIZE + 1) + 1;
    if (least > PASSWORD_BYTES_MAX / 2)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(secret_alloc(&drawn, (groups > GROUPS ? groups : GROUPS) * (GROUP_SIZE + 1) - 1));
    do { /* all anew, so that every password with both kinds is as likely as the next */
        for (drawn.len = 0; drawn.len < drawn.cap; drawn.len++) {
            unsigned pick = 0;
            bool joint = drawn.len % (GROUP_SIZE + 1) == GROUP_SIZE;
            if (!joint)
                MEDGL_TRY(crypto_random_below(sizeof(alphabet) - 1, &pick));
            drawn.bytes[drawn.len] = (unsigned char)(joint ? '-' : alphabet[pick]);
            secret_wipe(&pick, sizeof(pick));
        }
        password_compose(&drawn, &kinds);
    } while (!kinds.letters || !kinds.digits);
    *password = drawn;
    drawn = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}
