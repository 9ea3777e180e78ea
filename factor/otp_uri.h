/* otpauth:// URIs (the key URI format of authenticator apps): written for QR codes, and read. */
#ifndef MEDGL_FACTOR_OTP_URI_H
#define MEDGL_FACTOR_OTP_URI_H

#include "factor/totp.h"

#define OTP_URI_SIZE   1024
#define OTP_LABEL_SIZE 128

/* "otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER&algorithm=SHA256". What is the default of
 * the format (SHA1, 6 digits, 30 s) is left out, so that the QR code stays small. `issuer` may be
 * "". MEDGL_ERR_ARGUMENT: too long. */
enum medgl_error otp_uri_write(const struct totp_record *record, const char *issuer,
                               const char *account, struct secret *uri);

/* Reads one. `account` and `issuer` are printable. MEDGL_ERR_ARGUMENT with a sentence in `why`
 * (untranslated: N_()): hotp, a secret that is too short, an algorithm or a period that is none of
 * ours, anything twice. Unknown parameters are passed over. */
enum medgl_error otp_uri_read(const char *text, size_t len, struct totp_record *record,
                              char account[OTP_LABEL_SIZE], char issuer[OTP_LABEL_SIZE],
                              const char **why);

#endif
