/* The texts of errors, and what errno values mean to us. */
#include "base/error.h"

#include <errno.h>

const char *medgl_error_text(enum medgl_error error)
{
    switch (error) {
    case MEDGL_OK:
        return "success";
    case MEDGL_ERR_MEMORY:
        return "out of memory";
    case MEDGL_ERR_ARGUMENT:
        return "malformed value";
    case MEDGL_ERR_NOT_FOUND:
        return "not found";
    case MEDGL_ERR_EXISTS:
        return "exists already";
    case MEDGL_ERR_IO:
        return "input/output error";
    case MEDGL_ERR_SPACE:
        return "no space left";
    case MEDGL_ERR_ACCESS:
        return "permission denied or not trusted";
    case MEDGL_ERR_CORRUPT:
        return "stored data fails its integrity check";
    case MEDGL_ERR_KEY:
        return "key missing or not the right one";
    case MEDGL_ERR_POLICY:
        return "policy cannot be used";
    case MEDGL_ERR_VERSION:
        return "made by a newer version";
    case MEDGL_ERR_CONFLICT:
        return "changed in between";
    case MEDGL_ERR_DEADLINE:
        return "did not come in time";
    case MEDGL_ERR_PEER:
        return "the other side closed or broke the protocol";
    case MEDGL_ERR_ABORTED:
        return "the conversation was ended";
    case MEDGL_ERR_REFUSED:
        return "refused by the rules";
    case MEDGL_ERR_CRYPTO:
        return "cryptographic library failed";
    }
    return "unknown error";
}

enum medgl_error medgl_error_from_errno(int errno_value)
{
    switch (errno_value) {
    case ENOMEM:
        return MEDGL_ERR_MEMORY;
    case EINVAL:
    case ENAMETOOLONG:
        return MEDGL_ERR_ARGUMENT;
    case ENOENT:
    case ENOTDIR:
        return MEDGL_ERR_NOT_FOUND;
    case EEXIST:
        return MEDGL_ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return MEDGL_ERR_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return MEDGL_ERR_ACCESS;
    case EPIPE:
    case ECONNRESET:
    case EPROTO:
        return MEDGL_ERR_PEER;
    case ETIMEDOUT:
        return MEDGL_ERR_DEADLINE;
    default:
        return MEDGL_ERR_IO;
    }
}
