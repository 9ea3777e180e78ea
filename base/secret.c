/* Secrets in memory: pages of their own, locked, kept out of core dumps, wiped at the end. */
#include "base/secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>

static size_t secret_pages(size_t cap)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (cap / page + 1) * page; /* cap + the NUL, rounded up */
}

enum medgl_error secret_alloc(struct secret *secret, size_t cap)
{
    if (secret->bytes != NULL || cap > (size_t)1 << 30)
        return MEDGL_ERR_ARGUMENT;
    size_t size = secret_pages(cap);
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return MEDGL_ERR_MEMORY;
    /* Locked as far as the caller's limit goes; out of dumps and forks, whatever it is. */
    (void)mlock(pages, size);
    if (madvise(pages, size, MADV_DONTDUMP) != 0 || madvise(pages, size, MADV_DONTFORK) != 0) {
        (void)munmap(pages, size);
        return MEDGL_ERR_MEMORY;
    }
    secret->bytes = pages;
    secret->len = 0;
    secret->cap = cap;
    return MEDGL_OK;
}

enum medgl_error secret_copy(struct secret *secret, const void *bytes, size_t len)
{
    MEDGL_TRY(secret_alloc(secret, len));
    if (len > 0)
        memcpy(secret->bytes, bytes, len);
    secret->len = len;
    return MEDGL_OK;
}

void secret_free(struct secret *secret)
{
    if (secret->bytes != NULL) {
        size_t size = secret_pages(secret->cap);
        secret_wipe(secret->bytes, size);
        (void)munmap(secret->bytes, size);
    }
    *secret = (struct secret)SECRET_NONE;
}

bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}

void secret_wipe(void *bytes, size_t len)
{
    explicit_bzero(bytes, len);
}
