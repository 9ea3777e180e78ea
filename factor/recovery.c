/* Recovery codes and issued one-time codes: made at random, kept as evaluations of Argon2id. Never
 * keeps a code itself. */
#include "factor/recovery.h"

#include "base/crypto.h"
#include "factor/kdf_slots.h"

#include <string.h>

_Static_assert(RECOVERY_TEXT_SIZE == CODE_RECOVERY_COUNT + 2, "the codes and their '-' fit");
_Static_assert(RECOVERY_TEXT_SIZE <= CODE_SIZE, "what is typed of them fits");

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

enum medgl_error recovery_terms_new(const struct kdf_cost *cost, struct recovery_terms *terms)
{
    *terms = (struct recovery_terms){.cost = *cost};
    return crypto_random(terms->salt, sizeof(terms->salt));
}

enum medgl_error recovery_terms_read(const char *phc, struct recovery_terms *terms)
{
    auto_clean(recovery_record_wipe) struct kdf_record record = {.cost = {.time = 0}};
    *terms = (struct recovery_terms){.cost = {.time = 0}};
    MEDGL_TRY(kdf_parse(phc, &record));
    terms->cost = record.cost;
    memcpy(terms->salt, record.salt, sizeof(terms->salt));
    return MEDGL_OK;
}

bool recovery_terms_equal(const struct recovery_terms *a, const struct recovery_terms *b)
{
    return a->cost.memory_kib == b->cost.memory_kib && a->cost.time == b->cost.time &&
           a->cost.lanes == b->cost.lanes && memcmp(a->salt, b->salt, sizeof(a->salt)) == 0;
}

enum medgl_error recovery_hash(const struct password_line *line, const struct recovery_terms *terms,
                               const char *code, unsigned char evaluation[KDF_HASH_SIZE])
{
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    memset(evaluation, 0, KDF_HASH_SIZE);
    MEDGL_TRY(kdf_slot_acquire(line->directory, line->slots, line->patience_ms, &slot));
    return kdf_derive(&terms->cost, code, strlen(code), terms->salt, evaluation);
}

enum medgl_error recovery_record_write(const struct recovery_terms *terms,
                                       const unsigned char evaluation[KDF_HASH_SIZE],
                                       char phc[KDF_PHC_SIZE])
{
    auto_clean(recovery_record_wipe) struct kdf_record record = {.cost = terms->cost};
    memcpy(record.salt, terms->salt, sizeof(record.salt));
    memcpy(record.hash, evaluation, sizeof(record.hash));
    return kdf_format(&record, phc);
}

enum medgl_error recovery_record_matches(const char *phc, const struct recovery_terms *terms,
                                         const unsigned char evaluation[KDF_HASH_SIZE],
                                         bool *matches)
{
    auto_clean(recovery_record_wipe) struct kdf_record record = {.cost = {.time = 0}};
    *matches = false;
    MEDGL_TRY(kdf_parse(phc, &record));
    struct recovery_terms its = {.cost = record.cost};
    memcpy(its.salt, record.salt, sizeof(its.salt));
    const bool same = secret_equal(record.hash, sizeof(record.hash), evaluation, KDF_HASH_SIZE);
    *matches = recovery_terms_equal(&its, terms) && same;
    return MEDGL_OK;
}
