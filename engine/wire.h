/* The protocol between pam_medgl.so and medgl-auth: one packet of a SOCK_SEQPACKET socket is one
 * message. Used by both sides; needs libc alone. Neither side trusts the other: everything received
 * is checked here.
 *
 *   module  -> engine  REQUEST   once
 *   engine  -> module  PROMPT    any number of times; each is answered by
 *   module  -> engine  ANSWER
 *   engine  -> module  VERDICT   once, and the last
 *
 * A message: 4 bytes "MGL1", 1 byte kind, then fields: 1 byte tag, 2 bytes length (big-endian),
 * bytes. A tag occurs at most once per message, but for ENVIRONMENT. Unknown tags, trailing bytes
 * and other lengths make the message invalid. */
#ifndef MEDGL_ENGINE_WIRE_H
#define MEDGL_ENGINE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_FD          3 /* the engine's only descriptor besides 0..2 on /dev/null */
#define WIRE_MESSAGE_MAX 8192
#define WIRE_TEXT_MAX    2048 /* a text field, without NUL */
#define WIRE_ITEM_MAX    1024 /* bytes of a PAM item */
#define WIRE_ANSWER_MAX  1024 /* bytes of an answer; a longer one is sent as TOO_LONG */

/* Silence of the engine, while no prompt is open, that the module bears (a test bears less). */
#ifndef WIRE_PATIENCE_MS
#define WIRE_PATIENCE_MS 90000
#endif

enum wire_kind {
    WIRE_REQUEST = 1,
    WIRE_PROMPT,
    WIRE_ANSWER,
    WIRE_VERDICT,
};

enum wire_tag {
    /* REQUEST */
    WIRE_CALL = 1, /* number: enum wire_call */
    WIRE_FLAGS,    /* number: WIRE_FLAG_* */
    WIRE_SERVICE,  /* the PAM items; absent where PAM has none */
    WIRE_USER,     /* absent too where it is longer than any name: stands for an unknown user */
    WIRE_RHOST,    /* the others lose what is beyond WIRE_ITEM_MAX bytes */
    WIRE_TTY,
    WIRE_RUSER,
    WIRE_REAL_UID,   /* number: getuid() of the host; believed from a root caller alone */
    WIRE_LOCALE,     /* LC_MESSAGES of the host, for messages */
    WIRE_SESSION,    /* the session id that the open_session verdict gave */
    WIRE_AUTHTOK,    /* the password that an earlier module got (use_first_pass, try_first_pass) */
    WIRE_OLDAUTHTOK, /* the current password that the first phase of chauthtok got */
    WIRE_PERSON,     /* what an earlier call of this login had put into the PAM environment as
                        MEDGL_PERSON; the engine checks it */
    /* PROMPT */
    WIRE_STYLE, /* number: enum wire_style */
    WIRE_TEXT,
    WIRE_REMEMBER, /* number: enum wire_remember */
    /* ANSWER */
    WIRE_BYTES,    /* absent where there is none: the conversation failed, or it was a message */
    WIRE_TOO_LONG, /* number 1: there was an answer of more than WIRE_ANSWER_MAX bytes */
    WIRE_FAILED,   /* number 1: the conversation failed */
    /* VERDICT (WIRE_SESSION too) */
    WIRE_RESULT,      /* number: enum wire_result */
    WIRE_ENVIRONMENT, /* "NAME=value" for pam_putenv; may repeat */
    WIRE_RUNTIME,     /* number: seconds until the session has to end, for pam_systemd */
};

enum wire_call {
    WIRE_CALL_AUTHENTICATE = 1,
    WIRE_CALL_ACCOUNT,
    WIRE_CALL_CHAUTHTOK_PRELIM,
    WIRE_CALL_CHAUTHTOK_UPDATE,
    WIRE_CALL_OPEN_SESSION,
    WIRE_CALL_CLOSE_SESSION,
};

#define WIRE_FLAG_SILENT         0x01u /* PAM_SILENT */
#define WIRE_FLAG_EXPIRED        0x02u /* PAM_CHANGE_EXPIRED_AUTHTOK */
#define WIRE_FLAG_USE_FIRST_PASS 0x08u /* never ask for the password: WIRE_AUTHTOK or failure */
#define WIRE_FLAG_TRY_FIRST_PASS 0x10u
#define WIRE_FLAG_FACTOR_NONE    0x20u /* factor=none: no second factor in this service */
#define WIRE_FLAG_FACTOR_ONLY    0x40u /* factor=only: the second factor alone */
#define WIRE_FLAG_DEBUG          0x80u

enum wire_style {
    WIRE_STYLE_SECRET = 1, /* echo off */
    WIRE_STYLE_VISIBLE,    /* echo on */
    WIRE_STYLE_INFO,       /* a message; the ANSWER is empty */
    WIRE_STYLE_ERROR,
};

/* What the module keeps of an answer, as a PAM item for the modules behind it. */
enum wire_remember {
    WIRE_REMEMBER_NOTHING = 0,
    WIRE_REMEMBER_AUTHTOK,
    WIRE_REMEMBER_OLDAUTHTOK
};

/* The engine's verdicts; the module maps them to PAM codes in one table. 0 is never sent. */
enum wire_result {
    WIRE_RESULT_SUCCESS = 1,
    WIRE_RESULT_NOT_ENROLLED, /* PAM_IGNORE: the store was read and this user is not in it */
    WIRE_RESULT_AUTH_ERR,
    WIRE_RESULT_UNAVAILABLE, /* PAM_AUTHINFO_UNAVAIL */
    WIRE_RESULT_PERM_DENIED,
    WIRE_RESULT_ACCT_EXPIRED,
    WIRE_RESULT_CHANGE_DUE, /* PAM_NEW_AUTHTOK_REQD */
    WIRE_RESULT_MAXTRIES,
    WIRE_RESULT_AUTHTOK_ERR, /* the new password was not set */
    WIRE_RESULT_SESSION_ERR,
    WIRE_RESULT_CONV_ERR, /* the conversation failed: no attempt was made */
};

struct wire_message {
    enum wire_kind kind;
    bool overflow; /* a put did not fit: wire_send() refuses the message */
    size_t len;    /* bytes in use */
    unsigned char bytes[WIRE_MESSAGE_MAX];
};

void wire_begin(struct wire_message *message, enum wire_kind kind);
void wire_put(struct wire_message *message, enum wire_tag tag, const void *data, size_t len);
void wire_put_text(struct wire_message *message, enum wire_tag tag,
                   const char *text); /* NULL: nothing */
void wire_put_number(struct wire_message *message, enum wire_tag tag, uint64_t number);

/* Checks what lies in message->bytes[0..len) and sets message->kind. 0, or -1 with errno EPROTO.
 * The rest of the get functions may be used after it succeeded (or after puts). */
int wire_check(struct wire_message *message);

/* The first field with that tag at or behind *cursor (0 at first), which is moved behind it. false:
 * none. */
bool wire_next(const struct wire_message *message, enum wire_tag tag, size_t *cursor,
               const unsigned char **data, size_t *len);
bool wire_get(const struct wire_message *message, enum wire_tag tag, const unsigned char **data,
              size_t *len);
/* A text without NUL inside, copied and terminated; false: absent, too long, or with a NUL. */
bool wire_get_text(const struct wire_message *message, enum wire_tag tag, char *text, size_t size);
/* `absent` where there is none. */
uint64_t wire_get_number(const struct wire_message *message, enum wire_tag tag, uint64_t absent);

/* One packet, never raising SIGPIPE, never blocking for longer than timeout_ms (-1: no limit). 0,
 * or -1 with errno (ETIMEDOUT, EPROTO, ECONNRESET at the end of the stream, EMSGSIZE). EINTR is
 * taken care of. */
int wire_send(int fd, const struct wire_message *message, int timeout_ms);
int wire_receive(int fd, struct wire_message *message, int timeout_ms);

/* Overwrites the bytes: answers are passwords. */
void wire_wipe(struct wire_message *message);

#endif
