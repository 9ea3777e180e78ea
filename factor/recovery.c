/* Recovery codes and issued one-time codes: made at random, kept as evaluations of Argon2id. Never
 * keeps a code itself. */
#include "factor/recovery.h"

#include "base/crypto.h"
#include "factor/kdf_slots.h"

#include <string.h>

_Static_assert(RECOVERY_TEXT_SIZE == CODE_RECOVERY_COUNT + 2, "the codes and their '-' fit");
_Static_assert(RECOVERY_TEXT_SIZE <= CODE_SIZE, "what is typed of them fits");

const struct kdf_cost recovery_cost = {.memory_kib = 19 * 1024, .time = 2, .lanes = 1};

static void recovery_record_wipe(struct kdf_record *record)
{
    secret_wipe(record, sizeof(*record));
}

/* All anew where no letter was drawn, so that every code is as likely as the next: digits alone are
 * what devices show. */
enum medgl_error recovery_generate(char code[RECOVERY_TEXT_SIZE])
{
    static const char alphabet[] = CODE_RECOVERY_ALPHABET;
    bool letter = false;
    unsigned pick = 0;
    while (!letter) {
        char *at = code;
        for (size_t i = 0; i < CODE_RECOVERY_COUNT; i++) {
            if (i == CODE_RECOVERY_GROUP)
                *at++ = '-';
            MEDGL_TRY(crypto_random_below(sizeof(alphabet) - 1, &pick));
            letter = letter || alphabet[pick] > '9';
            *at++ = alphabet[pick];
        }
        *at = '\0';
    }
    secret_wipe(&pick, sizeof(pick));
    return MEDGL_OK;
}

enum medgl_error recovery_hash(const struct password_line *line,
                               const unsigned char salt[KDF_SALT_SIZE], const char *code,
                               unsigned char evaluation[KDF_HASH_SIZE])
{
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    memset(evaluation, 0, KDF_HASH_SIZE);
    MEDGL_TRY(kdf_slot_acquire(line->directory, line->slots, line->patience_ms, &slot));
    return kdf_derive(&recovery_cost, code, strlen(code), salt, evaluation);
}

enum medgl_error recovery_record_write(const unsigned char salt[KDF_SALT_SIZE],
                                       const unsigned char evaluation[KDF_HASH_SIZE],
                                       char phc[KDF_PHC_SIZE])
{
    auto_clean(recovery_record_wipe) struct kdf_record record = {.cost = recovery_cost};
    memcpy(record.salt, salt, sizeof(record.salt));
    memcpy(record.hash, evaluation, sizeof(record.hash));
    return kdf_format(&record, phc);
}

enum medgl_error recovery_record_matches(const char *phc, const unsigned char salt[KDF_SALT_SIZE],
                                         const unsigned char evaluation[KDF_HASH_SIZE],
                                         bool *matches)
{
    auto_clean(recovery_record_wipe) struct kdf_record record = {.cost = recovery_cost};
    *matches = false;
    MEDGL_TRY(kdf_parse(phc, &record));
    if (record.cost.memory_kib != recovery_cost.memory_kib ||
        record.cost.time != recovery_cost.time || record.cost.lanes != recovery_cost.lanes ||
        memcmp(record.salt, salt, sizeof(record.salt)) != 0)
        return MEDGL_ERR_CORRUPT;
    *matches = secret_equal(record.hash, sizeof(record.hash), evaluation, KDF_HASH_SIZE);
    return MEDGL_OK;
}
