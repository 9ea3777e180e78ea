/* Devices that make codes: enrolment, import, list, removal. Every change is one transaction with
 * its entry. */
#ifndef MEDGL_OPERATION_TOTP_H
#define MEDGL_OPERATION_TOTP_H

#include "factor/otp_import.h"
#include "operation/account.h"
#include "operation/factors.h"
#include "operation/talk.h"

/* One that is being enrolled: nothing of it is stored before a code of it was confirmed. */
struct totp_enrolment {
    struct totp_record record; /* wiped by totp_enrolment_clear() */
    int64_t step;              /* of the code that confirmed it; 0: none did yet. Used up with it */
    int64_t drift;
    char label[STORE_NAME_SIZE];
    const char *reason; /* for the ledger; NULL: none */
};
void totp_enrolment_clear(struct totp_enrolment *enrolment); /* also for auto_clean() */

/* A new secret under the policy. `digits` 0 and `algorithm` 0: the policy's. */
enum medgl_error totp_enrolment_begin(const struct context *context, enum totp_algorithm algorithm,
                                      unsigned digits, const char *label,
                                      struct totp_enrolment *enrolment);

/* Shows it to the person who scans it: a QR code of at most 80x24 where `qr`, the key in groups,
 * and what to do. In lines of their own: each fits a PAM message. `uri`: the otpauth:// URI too,
 * for a terminal that can scroll; together with the QR code it is more than 24 lines. */
void totp_enrolment_show(const struct talk *talk, const struct account *account,
                         const struct totp_enrolment *enrolment, bool qr, bool uri);

/* Asks for a code of it up to three times. Apps that pass over `algorithm` are found out: a code
 * that is right under another one is right, and the record says so from then on.
 * MEDGL_ERR_ABORTED: nobody answered, or three wrong ones (told). */
enum medgl_error totp_enrolment_confirm(const struct talk *talk, struct totp_enrolment *enrolment);

/* Whether the account can get one more, beside those that it has and `besides` others.
 * MEDGL_ERR_REFUSED with `why`. */
enum medgl_error totp_enrolment_admit(const struct context *context, struct store_txn *txn,
                                      const struct account *account, uint32_t besides,
                                      char why[OPERATION_WHY_SIZE]);

/* In the transaction that enrols: adds it, with its factor.enrol entry. `by`: TOTP_BY_IMPORT alone
 * needs no code that confirmed it. MEDGL_ERR_REFUSED with `why`: there are FACTORS_TOTP_MAX
 * already, the account is not active, or the policy accepts no codes. */
#define TOTP_BY_OWNER         "owner"
#define TOTP_BY_ADMINISTRATOR "administrator"
#define TOTP_BY_IMPORT        "import"
enum medgl_error totp_enrolment_store(struct context *context, struct store_txn *txn,
                                      const struct clock_reading *clock,
                                      const struct account *account,
                                      const struct totp_enrolment *enrolment, const char *by,
                                      char why[OPERATION_WHY_SIZE]);

/* By an administrator, with the person at the terminal: begin, show, confirm, store.
 * MEDGL_ERR_ABORTED: nothing was changed. */
struct totp_enrol_request {
    const char *name;
    enum totp_algorithm algorithm; /* 0: the policy's */
    unsigned digits;               /* 0: the policy's */
    const char *label;             /* "" or what the person calls it */
    const char *reason;            /* "" or a remark for the ledger */
};
enum medgl_error operation_totp_enrol(struct context *context, const struct talk *talk,
                                      const struct totp_enrol_request *request,
                                      char why[OPERATION_WHY_SIZE]);

/* Takes over what a file holds. `name` NULL: the names in the file. `dry_run`: everything is
 * checked, nothing is done. `outcome` hears of each, in the order of the file, with MEDGL_OK or why
 * not (a sentence, translated). All that can be are taken over, each in its own transaction.
 * MEDGL_ERR_REFUSED: some were not. MEDGL_ERR_ARGUMENT with `why`: the file is none of that form.
 */
enum totp_import_form {
    TOTP_IMPORT_USERS = 1,
    TOTP_IMPORT_GOOGLE,
    TOTP_IMPORT_PSKC
};
struct totp_import_request {
    enum totp_import_form form;
    const struct secret *text;
    const struct secret *key, *password; /* of PSKC; NULL: none */
    const char *name;
    const char *serial; /* of PSKC: this token alone; NULL: all */
    bool dry_run;
    void *argument;
    void (*outcome)(void *argument, size_t line, const char *user, const char *serial,
                    enum medgl_error error, const char *why);
};
enum medgl_error operation_totp_import(struct context *context,
                                       const struct totp_import_request *request,
                                       char why[OPERATION_WHY_SIZE]);

/* -- of every kind ---------------------------------------------------------------------------- */

struct factor_report {
    const struct credential *credential;
    enum factor_kind kind;
    const char *name;            /* login name */
    char what[CARD_REPORT_SIZE]; /* "SHA-256, 6 digits", "certificate 3f2a..."; damaged: "?" */
    medgl_time last_used;        /* 0: never, or not known */
};
/* Devices and cards of an account, or of everybody (NULL): never a secret. */
enum medgl_error operation_factor_list(
    struct context *context, const char *name, enum factor_kind kind,
    void (*each)(void *argument, const struct factor_report *report), void *argument);

/* Takes factors of a kind away: one (`id`, or the beginning of it, or its label) or all (NULL). Not
 * the codes of a waiver, MEDGL_ERR_ARGUMENT: they end with their grant, whose entries say so.
 * MEDGL_ERR_REFUSED with `why`: there is none, or several fit. `*removed` says how many. */
enum medgl_error operation_factor_remove(struct context *context, const char *name,
                                         enum factor_kind kind, const char *id, const char *reason,
                                         uint32_t *removed, char why[OPERATION_WHY_SIZE]);

/* In the caller's transaction: all of the account's factors of every kind, with one entry each kind
 * (R12: a leak; retirement). */
enum medgl_error factors_revoke(struct context *context, struct store_txn *txn,
                                const struct clock_reading *clock, const struct account *account,
                                const char *reason, uint32_t *removed);

#endif
