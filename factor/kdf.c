/* Argon2id and its PHC string. Never keeps a password, never takes a slot: the caller did
 * (factor/kdf_slots.h). */
#include "factor/kdf.h"

#include "base/crypto.h"

#include <argon2.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The working memory has pages of its own: gone from the process and the machine with munmap() (new
 * pages come zeroed), in no core dump, and huge where the system has such pages: Argon2 jumps about
 * in it, and takes a fifth less time when it does not miss the TLB at each jump. */
static int kdf_memory_get(uint8_t **memory, size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return ARGON2_MEMORY_ALLOCATION_ERROR;
    if (madvise(pages, size, MADV_DONTDUMP) != 0) {
        (void)munmap(pages, size);
        return ARGON2_MEMORY_ALLOCATION_ERROR;
    }
    (void)madvise(pages, size, MADV_HUGEPAGE);
    *memory = pages;
    return ARGON2_OK;
}

static void kdf_memory_drop(uint8_t *memory, size_t size)
{
    (void)munmap(memory, size);
}

enum medgl_error kdf_derive(const struct kdf_cost *cost, const void *password, size_t len,
                            const unsigned char salt[KDF_SALT_SIZE],
                            unsigned char hash[KDF_HASH_SIZE])
{
    if (len > UINT32_MAX)
        return MEDGL_ERR_ARGUMENT;
    /* One thread whatever the lanes: a slot stands for one core, and libargon2 leaves threads
     * running and memory unwiped when one cannot be started. The result is the same. No flag asks
     * it to clear its inputs, so it writes to none of them. */
    argon2_context context = {.out = hash,
                              .outlen = KDF_HASH_SIZE,
                              .pwd = (uint8_t *)password,
                              .pwdlen = (uint32_t)len,
                              .salt = (uint8_t *)salt,
                              .saltlen = KDF_SALT_SIZE,
                              .t_cost = cost->time,
                              .m_cost = cost->memory_kib,
                              .lanes = cost->lanes,
                              .threads = 1,
                              .version = ARGON2_VERSION_13,
                              .allocate_cbk = kdf_memory_get,
                              .free_cbk = kdf_memory_drop,
                              .flags = ARGON2_DEFAULT_FLAGS};
    int result = argon2_ctx(&context, Argon2_id);
    if (result == ARGON2_OK)
        return MEDGL_OK;
    return result == ARGON2_MEMORY_ALLOCATION_ERROR ? MEDGL_ERR_MEMORY : MEDGL_ERR_ARGUMENT;
}

#define KDF_SALT_TEXT 22 /* base64 without padding */
#define KDF_HASH_TEXT 43

enum medgl_error kdf_format(const struct kdf_record *record, char phc[KDF_PHC_SIZE])
{
    char salt[KDF_SALT_TEXT + 3], hash[KDF_HASH_TEXT + 3];
    crypto_base64(salt, record->salt, KDF_SALT_SIZE, false);
    crypto_base64(hash, record->hash, KDF_HASH_SIZE, false);
    int len = snprintf(phc, KDF_PHC_SIZE,
                       "$argon2id$v=19$m=%" PRIu32 ",t=%" PRIu32 ",p=%" PRIu32 "$%s$%s",
                       record->cost.memory_kib, record->cost.time, record->cost.lanes, salt, hash);
    secret_wipe(hash, sizeof(hash));
    return len > 0 && len < KDF_PHC_SIZE ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

static bool kdf_scan(const char *phc, struct kdf_record *record)
{
    uint64_t memory, time, lanes;
    char salt[KDF_SALT_TEXT + 1], hash[KDF_HASH_TEXT + 1];
    size_t salt_len = KDF_SALT_SIZE, hash_len = KDF_HASH_SIZE;
    int found = sscanf(
        phc, "$argon2id$v=19$m=%10" SCNu64 ",t=%10" SCNu64 ",p=%10" SCNu64 "$%22[^$]$%43[^$]",
        &memory, &time, &lanes, salt, hash);
    bool good = found == 5 && memory <= UINT32_MAX && time >= ARGON2_MIN_TIME &&
                time <= UINT32_MAX && lanes >= ARGON2_MIN_LANES && lanes <= ARGON2_MAX_LANES &&
                memory >= ARGON2_MIN_MEMORY * lanes &&
                crypto_unbase64(record->salt, &salt_len, salt, strlen(salt), false) == MEDGL_OK &&
                crypto_unbase64(record->hash, &hash_len, hash, strlen(hash), false) == MEDGL_OK &&
                salt_len == KDF_SALT_SIZE && hash_len == KDF_HASH_SIZE;
    secret_wipe(hash, sizeof(hash));
    if (good)
        record->cost = (struct kdf_cost){(uint32_t)memory, (uint32_t)time, (uint32_t)lanes};
    return good;
}

enum medgl_error kdf_parse(const char *phc, struct kdf_record *record)
{
    char again[KDF_PHC_SIZE];
    *record = (struct kdf_record){0};
    /* Strict by construction: what kdf_format() would not have written is no record. */
    bool good = strlen(phc) < KDF_PHC_SIZE && kdf_scan(phc, record) &&
                kdf_format(record, again) == MEDGL_OK && strcmp(again, phc) == 0;
    secret_wipe(again, sizeof(again));
    if (!good)
        secret_wipe(record, sizeof(*record));
    return good ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

bool kdf_cheaper(const struct kdf_cost *a, const struct kdf_cost *b)
{
    return a->memory_kib < b->memory_kib || a->time < b->time || a->lanes < b->lanes;
}
