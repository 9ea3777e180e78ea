/* What is remembered of break-glass accounts, emergencies, and maintenance (R30..R33). Part of the
 * interface of store.h. Rows of the first two stand in the break-glass store alone. */
#ifndef MEDGL_STORE_EMERGENCY_H
#define MEDGL_STORE_EMERGENCY_H

#include "store/store.h"

/* -- sealed credentials (R32) ------------------------------------------------------------------ */

#define STORE_SERIAL_SIZE 32 /* "ER-0003": what is written on the envelope */

/* One of a break-glass account at most, whose password is the sealed credential. What may be done
 * with the account is told from this and the emergencies by policy/emergency.h. */
struct breakglass {
    char account_id[CRYPTO_ID_SIZE];
    char serial[STORE_SERIAL_SIZE]; /* of the envelope; none comes twice on this machine */
    uint32_t times;                 /* it was sealed, this time included */
    medgl_time sealed_at;
    medgl_time used_at;                /* the first use since it was sealed; 0: none */
    char emergency_id[CRYPTO_ID_SIZE]; /* in which it was used; "" */
    medgl_time closed_at; /* when somebody wrote down that it is closed; 0: nobody has. It is closed
                             all the same once that emergency is over */
    uint64_t ledger_seq;  /* the entry that made it what it is */
};
/* MEDGL_ERR_NOT_FOUND: the account was never sealed. */
enum medgl_error store_breakglass_get(struct store_txn *txn, const char *account_id,
                                      struct breakglass *breakglass);
/* Adds it, or replaces that of the account. MEDGL_ERR_EXISTS: another account has that serial. */
enum medgl_error store_breakglass_put(struct store_txn *txn, const struct breakglass *breakglass);
/* All, in the order of their accounts' ids. */
enum medgl_error store_breakglass_each(
    struct store_txn *txn,
    enum medgl_error (*each)(void *argument, const struct breakglass *breakglass), void *argument);

/* -- emergencies (R31..R33) -------------------------------------------------------------------- */

/* Stored by number. */
enum emergency_end {
    EMERGENCY_END_NONE = 0, /* nobody recorded one; whether it is over is told by the time */
    EMERGENCY_END_RECOVERED = 1,
    EMERGENCY_END_TIMED_OUT = 2, /* its longest time had passed, and that was written down */
};

#define STORE_BOOT_SIZE 40

struct emergency {
    char id[CRYPTO_ID_SIZE];
    uint32_t number; /* 1, 2, 3: what people call it; no gap, so that none is taken out unseen */
    bool drill;
    char criterion[STORE_NAME_SIZE];  /* a word of the policy, or "breakglass-login" */
    char decided_by[STORE_NAME_SIZE]; /* as the operator said; "": it was declared by a login */
    char note[STORE_TEXT_SIZE];
    char account_id[CRYPTO_ID_SIZE]; /* whose login declared it; "": an operator did */
    medgl_time declared;
    /* How long it has lasted so far, and the clocks when that was looked at (policy/emergency.h).
     * Written anew now and then; no entry says so. */
    int64_t spent;                   /* milliseconds */
    medgl_time mark_wall;            /* the clock of the machine, which may be wrong */
    int64_t mark_uptime;             /* milliseconds since the boot */
    char mark_boot[STORE_BOOT_SIZE]; /* the boot's id */
    bool mark_credible;              /* mark_wall was no time before all that is known */
    medgl_time reminded;             /* when alerts told last that it lasts; 0: never */
    enum emergency_end ended;
    medgl_time recovered; /* when that was recorded; 0 */
    char recovered_by[STORE_NAME_SIZE];
    /* Sizes of the main ledger at its begin and end, so that a report knows what lies between; -1:
     * it could not be read. Those of the ledger of this store. */
    int64_t main_from, main_to;
    uint64_t own_from, own_to; /* own_to is 0 while it is open */
    medgl_time reviewed;       /* 0: not yet */
    char reviewed_by[STORE_NAME_SIZE];
    char review_note[STORE_TEXT_SIZE];
    uint64_t ledger_seq; /* the entry that last said something of it */
};
/* MEDGL_ERR_CONFLICT: its number is not the next one. MEDGL_ERR_EXISTS: its id is not new. */
enum medgl_error store_emergency_add(struct store_txn *txn, const struct emergency *emergency);
/* Replaces the row with that id. MEDGL_ERR_NOT_FOUND. MEDGL_ERR_ARGUMENT: another number. */
enum medgl_error store_emergency_update(struct store_txn *txn, const struct emergency *emergency);
/* The one with the highest number. MEDGL_ERR_NOT_FOUND: there was none yet. */
enum medgl_error store_emergency_latest(struct store_txn *txn, struct emergency *emergency);
enum medgl_error store_emergency_by_number(struct store_txn *txn, uint32_t number,
                                           struct emergency *emergency);
enum medgl_error store_emergency_by_id(struct store_txn *txn, const char *id,
                                       struct emergency *emergency);
/* The next one behind that number that has no review, over or not. MEDGL_ERR_NOT_FOUND: none. */
enum medgl_error store_emergency_unreviewed(struct store_txn *txn, uint32_t after,
                                            struct emergency *emergency);
/* All, in the order of their numbers. MEDGL_ERR_CORRUPT: one is missing. */
enum medgl_error store_emergency_each(struct store_txn *txn,
                                      enum medgl_error (*each)(void *argument,
                                                               const struct emergency *emergency),
                                      void *argument);

/* -- what of another ledger was joined to this one ----------------------------------------------
 */

/* In the main store: how much of the break-glass accounts' ledger its own ledger vouches for. */
struct joined {
    char origin[STORE_NAME_SIZE];
    uint64_t size;
    medgl_time time;
    uint64_t ledger_seq; /* the entry of kind emergency.join */
};
/* MEDGL_ERR_NOT_FOUND: nothing so far. */
enum medgl_error store_joined_get(struct store_txn *txn, const char *origin, struct joined *joined);
/* Adds it, or replaces that of the origin. MEDGL_ERR_ARGUMENT: its size would go back. */
enum medgl_error store_joined_put(struct store_txn *txn, const struct joined *joined);

/* -- space that is kept (R32) --------------------------------------------------------------------
 */

#define STORE_RESERVE_MAX 33554432 /* a journal does not stay longer than twice that */

/* Takes space for what is written later, so that it fits where the device is full by then: free
 * pages in the database and a journal that is long enough already, neither of which is given back.
 * `bytes` of each, beside what a journal takes at most before it begins anew (4 MiB). Harmless
 * where it is there. MEDGL_ERR_SPACE: it cannot be had. MEDGL_ERR_DEADLINE: not now, others read.
 */
enum medgl_error store_reserve(struct store *store, uint64_t bytes);
/* How much of it is there: the smaller of the two. */
enum medgl_error store_reserved(struct store *store, uint64_t *bytes);
/* Whether less than `bytes` of it is there, and the device has no more to give than that. */
enum medgl_error store_scarce(struct store *store, uint64_t bytes, bool *scarce);

/* -- a store that somebody holds ----------------------------------------------------------------
 */

/* The process that keeps others from writing (MEDGL_ERR_DEADLINE): it is in a transaction that
 * writes, opens the store, or has it to itself. 0: nobody but this process, or one that cannot be
 * told (of another pid namespace). It may be done by the time this returns. */
enum medgl_error store_lock_holder(struct store *store, pid_t *holder);
/* The same of one that could not be opened. */
enum medgl_error store_lock_holder_at(const char *path, pid_t *holder);

#endif
