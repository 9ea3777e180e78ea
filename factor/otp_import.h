/* Devices that other programs know: pam_oath's users file, google-authenticator's file, PSKC (RFC
 * 6030). Parsers alone: they read bytes, and keep nothing. */
#ifndef MEDGL_FACTOR_OTP_IMPORT_H
#define MEDGL_FACTOR_OTP_IMPORT_H

#include "factor/otp_uri.h"

struct otp_found {
    struct totp_record record;
    char user[OTP_LABEL_SIZE];   /* login name; "" where the file names none */
    char serial[OTP_LABEL_SIZE]; /* of a hardware token; "" */
    int64_t last;                /* the last step that was used there, 0: not known */
    int64_t drift;               /* steps */
    size_t line;                 /* in the file, from 1; of PSKC: which key */
};
struct otp_import {
    void *argument;
    /* One device. What it returns ends the reading unless it is MEDGL_OK. */
    enum medgl_error (*found)(void *argument, const struct otp_found *found);
    /* One that cannot be taken over, and why (N_()). */
    void (*problem)(void *argument, size_t line, const char *user, const char *serial,
                    const char *why);
    medgl_time now; /* tokens of PSKC may begin and end */
};

/* "HOTP/T30/6 user - 00...": PINs in the second field, and event-based tokens, are problems. */
enum medgl_error otp_import_users(const struct secret *text, const struct otp_import *import);

/* ~/.google_authenticator: the secret in the first line, options, scratch codes, which are not
 * taken over. `user`: whose it is. MEDGL_ERR_ARGUMENT: not such a file. */
enum medgl_error otp_import_google(const struct secret *text, const char *user,
                                   const struct otp_import *import);

/* Encrypted ones with a pre-shared key (`key`: base16 or base64) or a password (`password`); NULL:
 * none. `user` is the PSKC UserId where there is one. MEDGL_ERR_ARGUMENT: no PSKC; MEDGL_ERR_KEY:
 * encrypted with something else. No network, no external entities. */
enum medgl_error otp_import_pskc(const struct secret *text, const struct secret *key,
                                 const struct secret *password, const struct otp_import *import);

#endif
