/* Counting a try before anything about it is verified (R20). Used by whatever asks for a password.
 */
#ifndef MEDGL_OPERATION_ATTEMPT_H
#define MEDGL_OPERATION_ATTEMPT_H

#include "operation/caller.h"
#include "operation/context.h"
#include "policy/lockout.h"

/* MUSTs:
 * - The reservation is committed, synced to the device, before a single bit of the answer is looked
 * at.
 * - Whoever holds no reservation (decision.verdict is not ATTEMPT_ADMITTED) verifies nothing, but
 * does the same work.
 * - A process that ends without attempt_finish() has used its try up.
 * - Guessing at a break-glass account takes no more than half of the space that is kept for a full
 *   device (R32): beyond that (context.scarce) a try that failed or was refused, also with what was
 *   the right credential, is a number in its account's activity, and a line in the system log; an
 *   alert about it is at most one an hour. The other half is for what the right credential writes.
 */
struct reservation {
    struct attempt attempt;
    struct attempt_decision decision;
};

/* Waits for attempts in flight and for the delay after a failure, then reserves, or records the
 * refusal. `account` is NULL for an unknown name; `account_key` is its id, or the stand-in.
 * MEDGL_ERR_DEADLINE: waited too long. */
enum medgl_error attempt_reserve(struct context *context, const struct account *account,
                                 const char *account_key, const struct caller *caller,
                                 const struct source *source, struct reservation *reservation);

/* For an evaluation that could not be made (no slot, no memory): the try is given back, as nothing
 * was learnt. */
void attempt_withdraw(struct context *context, const struct reservation *reservation);

/* Sets context.scarce. Before the transaction that asks for it. */
void attempt_look_for_space(struct context *context);

/* Counts a try that has no entry, because space is scarce. */
enum medgl_error attempt_unrecorded(struct store_txn *txn, const struct account *account);

/* Notes that somebody was refused without a guess (the account phase), so that the next refusal of
 * the same source within the delay is `*again`: whoever asks in a loop shall not fill the ledger.
 */
enum medgl_error attempt_note_refusal(const struct context *context, struct store_txn *txn,
                                      const struct account *account, const char *account_key,
                                      const struct caller *caller, const struct source *source,
                                      medgl_time now, bool *again);

/* Forgets what is too old to count, a bounded number at a time. What is still in flight there gets
 * its entry first: nobody tried that account or name again, so nothing else tells of it. */
enum medgl_error attempt_purge(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock);

/* The id under which tries at a name that is not enrolled are counted, so that it behaves like one
 * that is (R23). */
enum medgl_error attempt_stand_in(const struct context *context, const char *name,
                                  char id[CRYPTO_ID_SIZE]);

/* The policy as it is without delays: a delay comes first, and hides a lock. */
void attempt_undelayed(const struct policy *policy, struct policy *undelayed);

/* How many failures are counted where something is decided: no more of them decide anything. */
uint32_t attempt_counted(const struct policy *policy);

/* What stands against (account, source), as far as that. */
enum medgl_error attempt_count(const struct policy *policy, struct store_txn *txn,
                               const char *account_key, const struct source *source, medgl_time now,
                               struct attempt_counts *counts);

/* Counts what stands against (account, source), and decides, inside the caller's transaction. */
enum medgl_error attempt_judge(const struct policy *policy, struct store_txn *txn,
                               const struct account *account, const char *account_key,
                               const struct source *source, medgl_time now,
                               struct attempt_decision *decision);

/* Takes the facts that store/ counts to those that policy/ judges. `account` is NULL for an unknown
 * name. */
struct attempt_facts attempt_facts_from(const struct attempt_counts *counts,
                                        const struct account *account, const struct source *source);

/* Whether failures delay it, and never close it (R32). */
bool attempt_delays_only(const struct account *account);

/* How many failures close a source, or ("") the account as a whole; 0: they never do. */
int64_t attempt_limit(const struct policy *policy, const struct account *account, const char *key);

/* -- the same guess again --------------------------------------------------------------------- */

/* A client that repeats one stored password by itself makes one guess, however often it asks. What
 * is kept of a try is its tag: ATTEMPT_TAG_BITS bits of an HMAC, under a key that is not in the
 * store, of the evaluation (Argon2id with the account's salt) and of whatever else was answered.
 * Few on purpose, as with the stem of a password (factor/password.h): whoever has both the store
 * and its key pays one evaluation for each word that is tried against a tag, the same one that
 * tells whether the word is the password in force, and is left with one in 16 million of all words.
 * A guess that is new passes for a repeated one as seldom, and is evaluated all the same. */
#define ATTEMPT_TAG_BITS 24

/* What is evaluated for a name that has no record: the same salt each time, so that the same guess
 * is known again there too (R23). */
enum medgl_error attempt_salt(const struct context *context, const char *account_key,
                              unsigned char salt[KDF_SALT_SIZE]);

/* `more`: what was answered besides the password, "" for nothing. MUST be all that decides about
 * this try; what is worth another guess at another time (a code of a second factor) has no tag.
 * Never 0. */
enum medgl_error attempt_tag(const struct context *context, const char *account_key,
                             const unsigned char evaluation[KDF_HASH_SIZE], const char *more,
                             uint32_t *tag);

#endif
