/* Alerts (R07, R20): raised in the transaction of their event, delivered afterwards until done. */
#ifndef MEDGL_OPERATION_ALERT_H
#define MEDGL_OPERATION_ALERT_H

#include "operation/context.h"

#include <sys/stat.h>

/* MUSTs:
 * - alert_raise() writes into the caller's transaction: the alert and its event commit together.
 * - Nothing is delivered by who raises: a slow receiver delays no login.
 * - One that was killed in the middle of a delivery delivers it again: each has its alert's id, so
 *   that a receiver can tell.
 * - Programs of notify.d, sendmail and wall run as nobody who owns the store or is root. */

struct alert_event {
    enum alert_kind kind;
    const struct account *account; /* NULL: about none, or an unknown name */
    const char *source;            /* NULL likewise */
    const char *text;              /* one English sentence, no secret, no unknown name */
    const char *about; /* what tells it from others of its kind, besides account and source; NULL:
                          nothing */
    medgl_time apart;  /* for so long after one about the same was told it raises none: space is
                          scarce; 0: it always does */
};

/* Raises it: a new alert with its ledger entry, or one more of an alert of the same kind about the
 * same that nobody was told of yet. Within policy.alert_fold after the last one
 * was told, the next waits. */
enum medgl_error alert_raise(struct context *context, struct store_txn *txn,
                             const struct clock_reading *clock, const struct alert_event *event);

/* After the commit: wakes whoever delivers (a systemd path unit looks at PATH_WAKE). Failures are
 * of no interest: a timer looks as well. */
void alert_wake(const struct context *context);

/* How long alerts about the same thing keep apart: policy.alert_fold, and at least an hour or a day
 * for what lasts. */
medgl_time alert_fold_time(const struct policy *policy, enum alert_kind kind);

/* What an alert is about, as store_alert_by_fold() wants it; "" where it is about none. */
void alert_fold(enum alert_kind kind, const char *account_id, const char *source,
                char fold[STORE_TEXT_SIZE]);

/* -- who delivers ----------------------------------------------------------------------------- */

#define ALERT_SYSLOG "syslog"
#define ALERT_HOOK   "hook " /* how channels of notify.d begin; the file's name follows */
/* Stands for all of them while the directory cannot be read: carry() fails then and says why. That
 * it is not found means that it can be read again, and channels() names them. */
#define ALERT_HOOKS "notify.d"

/* Programs of notify.d, for whoever runs them and whoever looks at them. `self`: the user whose own
 * installation it is; 0 where root delivers. */
#define ALERT_HOOK_SIZE 65 /* of a name */

/* Whether a file is meant to be run, by its name, as run-parts(8) would. */
bool alert_hook_name(const char *name);
/* Whether nobody but root, or but that user, may have a say in what it holds: a program or the
 * directory. */
bool alert_hook_kept(const struct stat *st, uid_t self);
/* Why a file there (lstat) is not run, and what to do; NULL: it is. */
const char *alert_hook_fault(const char *name, const struct stat *st, uid_t self);

/* How one alert reaches one receiver; `payload` is the JSON object, `text` the words for people.
 * MEDGL_OK: it did. MEDGL_ERR_NOT_FOUND: there is no such receiver any more. Anything else: `why`
 * says what went wrong, and it is tried again. */
struct alert_carrier {
    void *argument;
    enum medgl_error (*carry)(void *argument, const char *channel, const struct alert *alert,
                              const char *payload, char why[STORE_TEXT_SIZE]);
    /* The receivers of an alert that is about to leave; calls `each` with "syslog", "mail" ... */
    enum medgl_error (*channels)(void *argument, const struct alert *alert,
                                 enum medgl_error (*each)(void *each_argument, const char *channel),
                                 void *each_argument);
    int64_t (*clock)(void); /* milliseconds; NULL: clock_monotonic() */
    /* Hands something that is no alert to a program of notify.d, as carry() does; NULL: nobody gets
     * checkpoints. */
    enum medgl_error (*hand)(void *argument, const char *channel, const char *id, const char *kind,
                             const char *payload, char why[STORE_TEXT_SIZE]);
};

/* Of deliveries, each one alert to one receiver. */
struct alert_report {
    uint32_t delivered, failed, waiting; /* waiting: neither of them, and not done */
};
/* Delivers what is due; with `only` that alert alone, whether it is due or not. A receiver that
 * failed is left alone for the rest of the run: one that hangs costs its time once, however many
 * alerts wait for it. One process at a time: a second one waits for the first, MEDGL_ERR_DEADLINE
 * where that takes longer than a minute. MEDGL_ERR_REFUSED: some failed, and will be tried again.
 * MEDGL_ERR_CORRUPT: some were changed from outside and passed over. The urgent ones come first,
 * and mail does not take all the time that there is. */
enum medgl_error operation_alert_deliver(struct context *context,
                                         const struct alert_carrier *carrier, const char *only,
                                         struct alert_report *report);

/* Hands the newest checkpoint that was kept to each program of notify.d that had it not yet; the
 * older ones say nothing that it does not. One that failed is tried again later, and keeps the
 * others from nothing. MEDGL_ERR_REFUSED: some failed. */
#define ALERT_CHECKPOINT "checkpoint" /* its kind there */
enum medgl_error operation_alert_checkpoint(struct context *context,
                                            const struct alert_carrier *carrier,
                                            struct alert_report *report);

/* Looks for what nobody's login would tell of: the clock, space, sessions and grants that are over,
 * and once a day whether the evidence verifies; raises what it finds, and says how many. What is
 * urgent and cannot be raised is told straight. */
enum medgl_error operation_alert_watch(struct context *context, const struct alert_carrier *carrier,
                                       uint32_t *raised);

/* Makes waiting deliveries due, and alerts that wait for their time: of one alert, or of all
 * (NULL). A beginning of at least CRYPTO_ID_LEAST digits that only one has stands for an id; fewer,
 * or several that have it: MEDGL_ERR_ARGUMENT; none that is not done: MEDGL_ERR_NOT_FOUND. */
enum medgl_error operation_alert_retry(struct context *context, const char *id, uint32_t *count);

/* Raises one of kind TEST; `id` is its id. */
enum medgl_error operation_alert_test(struct context *context, char id[CRYPTO_ID_SIZE]);

/* Those that are not done, or all; `each_delivery` follows its alert. */
enum medgl_error operation_alert_list(
    struct context *context, bool all, void (*each)(void *argument, const struct alert *alert),
    void (*each_delivery)(void *argument, const struct delivery *delivery), void *argument);

/* The JSON object (RFC 8259) of an alert, one line; malloc'ed. */
enum medgl_error alert_payload(const struct alert *alert, char **payload);

/* Until somebody else has delivered, a minute at most: MEDGL_ERR_DEADLINE. It is held while `*fd`,
 * which the caller closes, is open. */
enum medgl_error alert_lock(const struct context *context, int *fd);

/* -- without the store ------------------------------------------------------------------------ */

/* Tells everybody at once of what cannot be written down, at most once an hour for the context's
 * installation; where that cannot be kept to, the log alone. Of the same hour: MEDGL_OK. Of the
 * context, root and place are used. `carrier` NULL: there is only the log. */
enum medgl_error alert_straight(const struct context *context, const struct alert_carrier *carrier,
                                enum alert_kind kind, const char *text);
/* Whether that was done within the last hour. */
bool alert_straight_lately(const struct context *context);
/* Makes what it needs, while there is space. */
void alert_straight_prepare(const struct context *context);

#endif
