/* What can go wrong, for every room. A verdict (allowed, refused, why) is not an error and has a
 * type of its own in the room that gives it. */
#ifndef MEDGL_BASE_ERROR_H
#define MEDGL_BASE_ERROR_H

/* A function that can fail returns one of these; 0 is success. Every caller looks at it. */
enum medgl_error {
    MEDGL_OK = 0,
    MEDGL_ERR_MEMORY,    /* memory could not be had (or not be locked where that is a must) */
    MEDGL_ERR_ARGUMENT,  /* a value from outside is malformed, too long, or out of range */
    MEDGL_ERR_NOT_FOUND, /* what was asked for does not exist */
    MEDGL_ERR_EXISTS,    /* what was to be made exists already */
    MEDGL_ERR_IO,        /* the system refused to read, write, open or sync */
    MEDGL_ERR_SPACE,     /* no space, or a quota, on the device */
    MEDGL_ERR_ACCESS,    /* permission denied, read-only, or an owner or mode that is not trusted */
    MEDGL_ERR_CORRUPT,   /* stored data fails its integrity check */
    MEDGL_ERR_KEY,       /* a key is missing, unreadable, or not the one this data was made with */
    MEDGL_ERR_POLICY,    /* the policy cannot be read or has an error */
    MEDGL_ERR_VERSION,   /* made by a newer version (schema, protocol, format) */
    MEDGL_ERR_CONFLICT,  /* state changed in between; the same call may be made again */
    MEDGL_ERR_DEADLINE,  /* a lock, a slot or a peer did not come in time */
    MEDGL_ERR_PEER,      /* the other side closed or broke the protocol */
    MEDGL_ERR_ABORTED,   /* the person ended the conversation: no attempt was made */
    MEDGL_ERR_REFUSED,   /* the rules say no; the callee has said why in its own result */
    MEDGL_ERR_CRYPTO,    /* a cryptographic library failed for a reason of its own */
};

/* A short text in the C locale for logs ("no space left"). Never NULL. */
const char *medgl_error_text(enum medgl_error error);

/* The value that stands for errno_value. Never MEDGL_OK. */
enum medgl_error medgl_error_from_errno(int errno_value);

/* Gives a function's error on to the caller. */
#define MEDGL_TRY(call)                                                                            \
    do {                                                                                           \
        enum medgl_error medgl_try_error_ = (call);                                                \
        if (medgl_try_error_ != MEDGL_OK)                                                          \
            return medgl_try_error_;                                                               \
    } while (0)

#endif
