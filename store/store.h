/* What is remembered: one interface, backends behind it. No SQL and no type of a backend appears
 * here.
 *
 * Everything is read and written inside a transaction, which is a function that may be run again
 * after a conflict: it must have no effect besides the transaction and what `argument` points to,
 * and must set the latter anew at each run. Ids are random texts, times are passed in.
 *
 * Every row carries a MAC under a key derived from the store key, over its table, its key and all
 * its columns: reading a row that was changed, or moved from another account, gives
 * MEDGL_ERR_CORRUPT. */
#ifndef MEDGL_STORE_STORE_H
#define MEDGL_STORE_STORE_H

#include "base/account.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/error.h"
#include "base/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct store;     /* one open store */
struct store_txn; /* one transaction in it; valid inside the function only */

struct store_options {
    const char *path;             /* of the database file; its directory holds what belongs to it */
    const unsigned char *row_key; /* CRYPTO_HASH_SIZE bytes; copied */
    int64_t patience_ms;          /* how long to wait for other writers before MEDGL_ERR_DEADLINE */
    bool create;     /* make it when it is not there (setup); else MEDGL_ERR_NOT_FOUND */
    bool read_only;  /* reports: never writes, needs no writable directory */
    bool other_keys; /* there are more keys to try: MEDGL_ERR_KEY is not logged */
};

/* Opens, and migrates an older schema forward in one transaction. MEDGL_ERR_VERSION: made by a
 * newer program. MEDGL_ERR_KEY: the row key is another one. MEDGL_ERR_CORRUPT: not a store, or an
 * empty file without `create`. MEDGL_ERR_NOT_FOUND comes from here alone, and for a missing file
 * alone. Every failure is logged with what to do. */
enum medgl_error store_open(const struct store_options *options, struct store **store);
void store_close(struct store **store); /* also for auto_clean(); harmless on NULL */

enum store_mode {
    STORE_READ,
    STORE_WRITE
};
typedef enum medgl_error (*store_function)(struct store_txn *txn, void *argument);

/* Runs the function in a transaction: commits (synced to the device) when it returns MEDGL_OK, else
 * rolls back and returns its error. STORE_WRITE excludes other writers from its first statement on.
 * When this returns anything but MEDGL_OK nothing has changed. MEDGL_ERR_SPACE, _IO, _ACCESS,
 * _CORRUPT, _DEADLINE are told apart. */
enum medgl_error store_transact(struct store *store, enum store_mode mode, store_function function,
                                void *argument);

/* -- accounts ------------------------------------------------------------------------------- */

#define STORE_NAME_SIZE   256
#define STORE_TEXT_SIZE   512
#define STORE_SOURCE_SIZE 320
#define STORE_ALERT_SIZE  1024
#define STORE_DIGEST_SIZE (2 * CRYPTO_HASH_SIZE + 1) /* SHA-256 in lower case hexadecimal */

struct account {
    char id[CRYPTO_ID_SIZE];
    char name[STORE_NAME_SIZE]; /* login name: unique, retired ones included */
    int64_t uid;                /* of the Unix user when it was enrolled */
    enum account_class class_;
    enum account_state state;
    medgl_time state_since;
    char state_reason[STORE_TEXT_SIZE];
    char full_name[STORE_TEXT_SIZE];
    medgl_time created;
    uint64_t ledger_seq; /* the entry that made this row what it is */
    /* About the owner, so that none of it is in the password (R14); "" where unknown. */
    char reading[STORE_TEXT_SIZE]; /* of the name, in kana */
    char staff_number[STORE_NAME_SIZE];
    char birth_date[16]; /* "1985-04-01" */
    /* Access rules of its own (policy/admission.h); "" and 0: those of its class hold (R05). */
    char hours[STORE_TEXT_SIZE], places[STORE_TEXT_SIZE], services[STORE_TEXT_SIZE];
    uint32_t sessions;             /* open at the same time */
    int64_t idle;                  /* milliseconds; below 0: never */
    bool shared;                   /* more than one person uses it: who it is is asked (R26) */
    enum account_factor factor;    /* whether a second factor is asked (R24) */
    char company[STORE_NAME_SIZE]; /* that a maintenance account is for (R30); "" */
};

enum medgl_error store_account_by_name(struct store_txn *txn, const char *name,
                                       struct account *account);
/* The active or disabled one that was enrolled with that
 * uid, the first by name where there are several. */
enum medgl_error store_account_by_uid(struct store_txn *txn, int64_t uid, struct account *account);
enum medgl_error store_account_by_id(struct store_txn *txn, const char *id,
                                     struct account *account);
/* MEDGL_ERR_EXISTS: the name is or was in use. */
enum medgl_error store_account_add(struct store_txn *txn, const struct account *account);
/* Replaces the row with that id. MEDGL_ERR_ARGUMENT: another name; names are for good (R25). */
enum medgl_error store_account_update(struct store_txn *txn, const struct account *account);
/* All, in the order of their names; stops at the first error that `each` gives. */
enum medgl_error store_account_each(struct store_txn *txn,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct account *account),
                                    void *argument);

/* What happened lately at an account, for notices (R21). No row yet reads as zeros. */
struct activity {
    char account_id[CRYPTO_ID_SIZE];
    medgl_time last_login; /* the latest session that a notice tells of; 0: none */
    char last_service[STORE_NAME_SIZE];
    char last_source[STORE_SOURCE_SIZE];
    uint32_t failures; /* failed tries since a notice last told of them */
    medgl_time last_failure;
    char last_failure_source[STORE_SOURCE_SIZE];
    medgl_time warned_at;     /* the owner was last told that the password is due soon; 0: never */
    uint32_t grace_used;      /* grace logins since the password was due */
    uint32_t factor_failures; /* wrong codes of a second factor since the last right one */
    medgl_time last_used;     /* a session of its owner, or a login, whether a notice was shown or
                                 not (R25); 0: none. See operation/last_use.h */
    medgl_time factor_warned_at; /* the owner was last told that a second factor will be needed */
    uint32_t unrecorded; /* failed tries that have no entry, for want of space (R32): the next
                            entry about a try says how many */
};
enum medgl_error store_activity_get(struct store_txn *txn, const char *account_id,
                                    struct activity *activity);
enum medgl_error store_activity_put(struct store_txn *txn, const struct activity *activity);

/* -- credentials ---------------------------------------------------------------------------- */

/* Stored by number. There may be many of an account of every kind but the first. */
enum credential_kind {
    CREDENTIAL_PASSWORD = 1,
    CREDENTIAL_FORMER = 2,   /* passwords that were in force before (R16) */
    CREDENTIAL_TOTP = 3,     /* devices that make codes */
    CREDENTIAL_CARD = 4,     /* smartcards: what a certificate must be like */
    CREDENTIAL_RECOVERY = 5, /* recovery codes that were not used yet */
    CREDENTIAL_CODE = 6, /* one-time codes of a factor waiver, not used yet; `label` is its id */
};

#define STORE_SEALED_SIZE 1024

struct credential {
    char id[CRYPTO_ID_SIZE];
    char account_id[CRYPTO_ID_SIZE];
    enum credential_kind kind;
    unsigned char sealed[STORE_SEALED_SIZE]; /* as factor/seal made it */
    size_t sealed_len;
    enum password_strength strength;
    bool issued;
    medgl_time set_at;
    medgl_time valid_until;      /* 0: no end */
    uint64_t ledger_seq;         /* the entry that made or last changed or used it */
    char label[STORE_NAME_SIZE]; /* what people call it: "phone", a serial number; no secret */
    int64_t counter; /* of TOTP: the last time step that was accepted; never goes back (R24) */
    int64_t drift;   /* of TOTP: steps by which the device's clock is ahead of ours */
};

/* The account's credential of a kind that there is one of (CREDENTIAL_PASSWORD). Two are
 * MEDGL_ERR_CORRUPT. MEDGL_ERR_NOT_FOUND. */
enum medgl_error store_credential_get(struct store_txn *txn, const char *account_id,
                                      enum credential_kind kind, struct credential *credential);
/* Puts it in the place of the account's credential of that kind, or adds it. */
enum medgl_error store_credential_put(struct store_txn *txn, const struct credential *credential);
/* Takes all of that kind away from the account; none is no error. */
enum medgl_error store_credential_delete(struct store_txn *txn, const char *account_id,
                                         enum credential_kind kind);
/* Adds one beside those of its kind (CREDENTIAL_FORMER). */
enum medgl_error store_credential_add(struct store_txn *txn, const struct credential *credential);
/* The account's credentials of a kind, the latest set first: in the order of their entries,
 * whatever the clock said. */
enum medgl_error store_credential_each_of(
    struct store_txn *txn, const char *account_id, enum credential_kind kind,
    enum medgl_error (*each)(void *argument, const struct credential *credential), void *argument);
/* Replaces the row with that account, kind and id. MEDGL_ERR_NOT_FOUND. MEDGL_ERR_ARGUMENT: its
 * counter would go back. */
enum medgl_error store_credential_update(struct store_txn *txn,
                                         const struct credential *credential);
/* Whether anybody has a credential of a kind of second factors (CREDENTIAL_TOTP and above): one
 * look-up, however many accounts there are. */
enum medgl_error store_credential_any_factor(struct store_txn *txn, bool *any);
/* Takes one away. MEDGL_ERR_NOT_FOUND. */
enum medgl_error store_credential_remove(struct store_txn *txn, const char *account_id,
                                         enum credential_kind kind, const char *id);
enum medgl_error store_credential_each(
    struct store_txn *txn,
    enum medgl_error (*each)(void *argument, const struct credential *credential), void *argument);

/* -- grants (R03, R22) ------------------------------------------------------------------------- */

/* Stored by number. */
enum grant_end {
    GRANT_END_NONE = 0, /* nobody has recorded an end; whether it is over is told by the time */
    GRANT_END_EXPIRED = 1,
    GRANT_END_REVOKED = 2,
};
struct grant {
    char id[CRYPTO_ID_SIZE];
    char account_id[CRYPTO_ID_SIZE];
    enum grant_kind kind;
    enum grant_instead instead;
    medgl_time created, since, until; /* in force: since <= time < until, and not ended */
    medgl_time ended;                 /* 0: not yet */
    enum grant_end end;
    char approved_by[STORE_NAME_SIZE];
    char reason[STORE_TEXT_SIZE];
    uint32_t used; /* logins that it made possible */
    medgl_time last_used;
    uint64_t ledger_seq;        /* the entry that made or last changed or used it */
    char work[STORE_TEXT_SIZE]; /* of maintenance: what is to be done; "" */
};
enum medgl_error store_grant_add(struct store_txn *txn, const struct grant *grant);
/* Replaces the row with that id. MEDGL_ERR_NOT_FOUND. MEDGL_ERR_ARGUMENT: another account. */
enum medgl_error store_grant_update(struct store_txn *txn, const struct grant *grant);
enum medgl_error store_grant_by_id(struct store_txn *txn, const char *id, struct grant *grant);
/* Those of an account, or of all (NULL); `open_only`: without those whose end is recorded. The
 * oldest first. */
enum medgl_error store_grant_each(struct store_txn *txn, const char *account_id, bool open_only,
                                  enum medgl_error (*each)(void *argument,
                                                           const struct grant *grant),
                                  void *argument);

/* -- attempts ------------------------------------------------------------------------------- */

/* MUSTs (R20), kept in store/sqlite/attempt.c:
 * - An attempt is counted in a committed transaction before anything is verified.
 * - It is read and written under the same write lock.
 * - One whose process is gone, or that is past its deadline, has failed. Whether the process lives
 *   is told by a lock that the system drops with the process, never by its number.
 * - A time later than `now` (the clock was set back) is taken as `now`: a lock neither vanishes nor
 *   outlives its rule. */
enum attempt_outcome {
    ATTEMPT_OUTCOME_IN_FLIGHT = 1,
    ATTEMPT_OUTCOME_FAILED = 2,
    ATTEMPT_OUTCOME_SUCCEEDED = 3,
    ATTEMPT_OUTCOME_REFUSED = 4,   /* never admitted: kept for the same work, counted nowhere */
    ATTEMPT_OUTCOME_CLEARED = 5,   /* a failure that no longer counts */
    ATTEMPT_OUTCOME_REPEATED = 7,  /* failed with what failed from there before: one guess, not two;
                                      delays like a refused one, and counts nowhere */
    ATTEMPT_OUTCOME_WITHDRAWN = 6, /* the system failed, not the guess: nothing was verified */
};

struct attempt {
    char id[CRYPTO_ID_SIZE];
    char account_id[CRYPTO_ID_SIZE]; /* or the stand-in id of an unknown name */
    char source[STORE_SOURCE_SIZE];
    char service[STORE_NAME_SIZE];
    medgl_time started;
    medgl_time deadline;
    enum attempt_outcome outcome;
    uint32_t tag; /* of what was guessed: some bits of a keyed hash of its evaluation; 0: none */
};

struct attempt_counts {
    uint32_t source_failures, source_in_flight;
    medgl_time source_latest;
    uint32_t account_failures, account_in_flight;
    medgl_time account_latest;
    uint32_t source_refused; /* tries not admitted, up to a few: they delay, and lock nothing */
    medgl_time source_refused_latest;
};

/* Failures that lie within `window` before the latest one of the same reach, the latest `most` of
 * them, and all attempts in flight. What decides, and holds the write lock meanwhile, counts no
 * further than decides anything: of an account that no number of failures closes there may be any
 * number. */
enum medgl_error store_attempt_count(struct store_txn *txn, const char *account_id,
                                     const char *source, medgl_time now, medgl_time window,
                                     uint32_t most, struct attempt_counts *counts);

/* Makes the dead and overdue attempts of an account failures;
 * `each` hears of every one (for its ledger entry). */
enum medgl_error store_attempt_sweep(struct store_txn *txn, const char *account_id, medgl_time now,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct attempt *attempt),
                                     void *argument);

/* Records an attempt with its outcome (IN_FLIGHT or REFUSED). One in flight is tied to this process
 * and this `struct store` until it is finished or the store is closed. */
enum medgl_error store_attempt_begin(struct store_txn *txn, const struct attempt *attempt);

/* Forgets attempts of an account beyond the latest `most` that failed, and beyond as many of the
 * latest that were no new guess: a bounded number at a time. */
enum medgl_error store_attempt_make_way(struct store_txn *txn, const char *account_id,
                                        uint32_t most);
/* Gives an attempt in flight its outcome, and the tag of what was guessed. MEDGL_ERR_CONFLICT: it
 * is not in flight any more. */
enum medgl_error store_attempt_finish(struct store_txn *txn, const char *id, medgl_time now,
                                      enum attempt_outcome outcome, uint32_t tag);

/* Whether a failure that still counts from that source, one of the latest `most`, has this tag (0
 * never has). */
enum medgl_error store_attempt_repeats(struct store_txn *txn, const char *account_id,
                                       const char *source, uint32_t tag, medgl_time now,
                                       medgl_time window, uint32_t most, bool *repeats);

/* At how many accounts (unknown names included) there were failures from a source since then;
 * counts no further than `most`. */
enum medgl_error store_attempt_spread(struct store_txn *txn, const char *source, medgl_time since,
                                      uint32_t most, uint32_t *accounts);

/* The ids of all accounts and stand-ins that have failures, or tries in flight: those of dead
 * processes have failed. */
enum medgl_error store_attempt_accounts(struct store_txn *txn,
                                        enum medgl_error (*each)(void *argument,
                                                                 const char *account_id),
                                        void *argument);

/* Makes failures count no longer, and forgets refused tries: of one source, or of all (source
 * NULL). `*cleared` says how many failures. */
enum medgl_error store_attempt_clear(struct store_txn *txn, const char *account_id,
                                     const char *source, uint32_t *cleared);

/* Forgets finished attempts older than that, and those in flight whose deadline passed before it
 * and whose process is gone: nobody tried that account or name again. `each` hears of the latter
 * (for its ledger entry). A bounded number of either at a time. */
enum medgl_error store_attempt_purge(struct store_txn *txn, medgl_time before,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct attempt *attempt),
                                     void *argument);

/* The sources that have failures against an account, with what counts from each, latest first. */
enum medgl_error store_attempt_sources(
    struct store_txn *txn, const char *account_id, medgl_time now, medgl_time window,
    enum medgl_error (*each)(void *argument, const char *source,
                             const struct attempt_counts *counts),
    void *argument);

/* -- sessions ------------------------------------------------------------------------------- */

/* Stored by number. */
enum session_end {
    SESSION_END_NONE = 0,
    SESSION_END_CLOSED = 1, /* by the program that opened it */
    SESSION_END_LOST = 2,   /* nobody said so; `closed` is when it was found */
    SESSION_END_ENDED = 3,  /* by an administrator */
};

struct session {
    char id[CRYPTO_ID_SIZE];
    char account_id[CRYPTO_ID_SIZE];
    char service[STORE_NAME_SIZE];
    char source[STORE_SOURCE_SIZE];
    char tty[STORE_NAME_SIZE];
    medgl_time opened;
    medgl_time closed; /* 0: open */
    enum account_class class_;
    enum session_end ended;
    char leader[PROCESS_NAME_SIZE]; /* the process that opened it (base/process.h); "": not known */
    char person[STORE_NAME_SIZE];   /* who used a shared id; "": the account's owner */
    /* Of maintenance (R30). */
    char grant_id[CRYPTO_ID_SIZE]; /* that it was opened under; "" */
    medgl_time confirmed;          /* what was done was looked at; 0: not yet */
    char confirmed_by[STORE_NAME_SIZE];
    uint64_t confirmed_seq; /* the entry that says so */
};
enum medgl_error store_session_open(struct store_txn *txn, const struct session *session);
enum medgl_error store_session_by_id(struct store_txn *txn, const char *id,
                                     struct session *session);
/* The newest open session of that account, service and terminal. */
enum medgl_error store_session_find(struct store_txn *txn, const char *account_id,
                                    const char *service, const char *tty, struct session *session);
/* The open sessions of an account, or all (NULL), the oldest first. */
enum medgl_error store_session_each_open(struct store_txn *txn, const char *account_id,
                                         enum medgl_error (*each)(void *argument,
                                                                  const struct session *session),
                                         void *argument);
/* All that were open at some time since then, of an account or of all (NULL), the latest first. */
enum medgl_error store_session_each_since(
    struct store_txn *txn, const char *account_id, medgl_time since,
    enum medgl_error (*each)(void *argument, const struct session *session), void *argument);
/* The closed sessions of maintenance accounts that nobody has confirmed, the oldest first. */
enum medgl_error store_session_each_unconfirmed(
    struct store_txn *txn, enum medgl_error (*each)(void *argument, const struct session *session),
    void *argument);
/* Those that somebody has confirmed, the oldest first. */
enum medgl_error store_session_each_confirmed(
    struct store_txn *txn, enum medgl_error (*each)(void *argument, const struct session *session),
    void *argument);
/* Confirms the session with that id: nothing but `confirmed`, `confirmed_by` and `confirmed_seq` is
 * written. MEDGL_ERR_NOT_FOUND. MEDGL_ERR_CONFLICT: it is open, or was confirmed already.
 * MEDGL_ERR_ARGUMENT: `confirmed` is 0. */
enum medgl_error store_session_update(struct store_txn *txn, const struct session *session);
/* Ends it at `now`, though never before it began. MEDGL_ERR_CONFLICT: closed already. */
enum medgl_error store_session_close(struct store_txn *txn, const char *id, medgl_time now,
                                     enum session_end how);

/* -- another store key (R37) ----------------------------------------------------------------- */

/* Everything under another store key, in the caller's transaction: each credential as `reseal`
 * changes its `sealed`, each row of each table with a MAC under the new row key. When the
 * transaction is committed the open store uses the new key; when it is not, the old one. */
struct store_rekey {
    const unsigned char *row_key; /* CRYPTO_HASH_SIZE bytes */
    void *argument;
    enum medgl_error (*reseal)(void *argument, struct credential *credential);
    void (*progress)(void *argument, uint64_t done, uint64_t total); /* may be NULL */
};
enum medgl_error store_rekey(struct store_txn *txn, const struct store_rekey *rekey);

/* -- backups (R36) ------------------------------------------------------------------------------
 */

/* Copies the store as it is at one moment into a new file (mode 0600), while others go on writing
 * (SQLite's online backup). The copy is whole, without a journal beside it. MEDGL_ERR_EXISTS. */
enum medgl_error store_copy(struct store *store, const char *path);

/* Stored by number. */
enum backup_state {
    BACKUP_MADE = 1,
    BACKUP_GONE = 2,   /* a newer generation took its place */
    BACKUP_UNDONE = 3, /* it is there, and has entries that a restore undid */
};
struct backup {
    char id[CRYPTO_ID_SIZE];
    char file[STORE_TEXT_SIZE]; /* its path when it was made */
    char digest[STORE_DIGEST_SIZE];
    uint64_t bytes;
    uint64_t size; /* of the ledger in it */
    enum backup_state state;
    medgl_time created;
    medgl_time verified; /* when a restore of it was last proved to work; 0: never */
    uint64_t ledger_seq; /* the entry that last said something of it */
};
enum medgl_error store_backup_add(struct store_txn *txn, const struct backup *backup);
enum medgl_error store_backup_update(struct store_txn *txn, const struct backup *backup);
/* All, the latest first: by the ledger in them, whatever the clock said. */
enum medgl_error store_backup_each(struct store_txn *txn,
                                   enum medgl_error (*each)(void *argument,
                                                            const struct backup *backup),
                                   void *argument);

/* -- the store itself ----------------------------------------------------------------------- */

/* Looks at every page, index, foreign key and row MAC; `problem` hears
 * of each fault found, in words. MEDGL_OK: the check was carried out
 * and found nothing. MEDGL_ERR_CORRUPT: it found something. */
enum medgl_error store_check(struct store *store, void (*problem)(void *argument, const char *what),
                             void *argument);
/* The same without the table of entries: for verification, which reads each of them itself
 * (store_ledger_stream()), and proves more of it by the tree than its MAC does. */
enum medgl_error store_check_beside_ledger(struct store *store,
                                           void (*problem)(void *argument, const char *what),
                                           void *argument);

struct store_facts {
    int64_t bytes;      /* database and journal */
    int64_t free_bytes; /* on its device */
    int schema;
    uint64_t accounts;
    uint64_t entries;
};
enum medgl_error store_facts(struct store *store, struct store_facts *facts);

#endif
