/* Proving a password: find, reserve, verify, decide and commit. One way through it for logging in
 * and for changing. */
#ifndef MEDGL_OPERATION_PASSWORD_H
#define MEDGL_OPERATION_PASSWORD_H

#include "operation/attempt.h"
#include "operation/head_seen.h"
#include "operation/person_asked.h"
#include "operation/second.h"
#include "policy/login.h"

enum proof_purpose {
    PROOF_LOGIN,
    PROOF_CHANGE,
    PROOF_WITNESS, /* of an act on another account: nothing is opened, so no service is asked about
                    */
};

struct proof {
    struct context *context;
    const struct caller *caller;
    enum proof_purpose purpose;
    struct source source;
    struct admission_place place;
    bool known; /* enrolled */
    bool alias; /* not the enrolled name, but a name of the same uid: refused */
    struct account account;
    bool present; /* it has a password */
    struct credential credential;
    char account_key[CRYPTO_ID_SIZE];
    bool uid_matches; /* the Unix user of that name still has the uid of the enrolment */
    /* Who it is that uses a shared id (R26). */
    bool person_asked;
    char person_answer[PERSON_ANSWER_MAX];
    struct unix_user person_user;
    char person_told[STORE_NAME_SIZE]; /* by the token of an earlier call; then none is asked */
    bool person_found;                 /* at the time it was answered; decided anew at the commit */
    struct reservation reservation;
    bool matches;
    bool password_asked; /* false: another module proved the first factor, or a card stands alone */
    bool any_factor;     /* somebody on this host has a second factor */
    struct factors factors; /* of the account, as they were when it was looked up */
    struct head_found head; /* whether the store was put back from a copy */
    struct second second;
    uint32_t tag; /* of what was guessed; 0: not evaluated */
    /* What the commit puts in the place of what is stored, now that the plain text was at hand. */
    struct password_record renewed; /* at the policy's cost, where the stored one is cheaper or was
                                       imported (R10); its hash is "" where there is nothing new */
    bool judged; /* under the rules in force, and found to be of that strength (R19) */
    enum password_strength strength;
    struct login_decision decision;
    char person[STORE_NAME_SIZE]; /* login name of who uses a shared id, once that is committed */
};

/* "login", "change-password", "witness". */
const char *proof_purpose_word(enum proof_purpose purpose);
/* Whether a second factor is asked for the purpose. */
bool proof_asks_second(const struct proof *proof);

/* Looks the user up. Nothing is counted yet. Wiped by proof_clear(), also for auto_clean(). */
enum medgl_error proof_find(struct context *context, const struct caller *caller, const char *user,
                            enum proof_purpose purpose, struct proof *proof);
void proof_clear(struct proof *proof);

/* Whether the policy leaves this user to the next module (PAM_IGNORE). */
bool proof_is_not_ours(const struct proof *proof);

/* Whether who it is has to be asked before proof_verify(); then asks (R26). MEDGL_ERR_ABORTED:
 * nothing was answered. */
bool proof_wants_person(const struct proof *proof);
enum medgl_error proof_ask_person(struct proof *proof, const struct talk *talk);

/* What the access rules say of this account, as it is now, with its grants, at that time (R05, R22,
 * R27). Of the change of a password nothing: whoever makes it is logged in, or passes the account
 * phase. Of a witness places and hours: nothing is opened for them that could be a service. */
struct admission_decision proof_admission(const struct proof *proof, const struct account *account,
                                          const struct factors *factors, medgl_time now);

/* Why, for the log: "wrong-password"; with the access rule that refuses, where one does: "place
 * (its own rule: 10.1.0.0/16)". */
#define PROOF_WHY_SIZE (POLICY_RULE_SIZE + 64)
void proof_why(const struct proof *proof, const struct account *account, enum login_reason reason,
               medgl_time now, char why[PROOF_WHY_SIZE]);

/* Reserves a try, then verifies the second factor and the password. `typed` NULL: an answer that
 * cannot be a password (malformed, too long): fails after the same work. Of no interest where
 * `password_asked` is false. */
enum medgl_error proof_verify(struct proof *proof, const struct secret *typed);

/* Decides once, on facts read in the transaction that also writes counters and the ledger entry;
 * the decision stands in proof->decision only when that transaction is committed. */
enum medgl_error proof_commit(struct proof *proof);

/* After LOGIN_REASON_ENROL, and a code of the new device was confirmed: decides once more, and
 * enrols and allows in one transaction, or neither. */
struct totp_enrolment;
enum medgl_error proof_commit_enrolled(struct proof *proof, const struct totp_enrolment *enrolment);

/* The facts that policy/ wants to know about a password; `credential` NULL: none. How many grace
 * logins were used stands elsewhere (struct activity). */
struct password_facts password_facts_from(const struct credential *credential, medgl_time now);

#define SEAL_FIELD_PASSWORD "password" /* what passwords, former ones too, are bound to */

/* Seals a record into a password credential of credential->account_id, and opens it again.
 * MEDGL_ERR_CORRUPT and _KEY are logged: a changed row is no wrong password. */
enum medgl_error password_seal(const struct context *context, struct credential *credential,
                               const struct password_record *record);
enum medgl_error password_unseal(const struct context *context, const struct credential *credential,
                                 struct password_record *record);

/* In the transaction that sets a password: its owner was not warned of it yet, and has used no
 * grace login (R15). */
enum medgl_error password_begin(struct store_txn *txn, const char *account_id);

/* For auto_clean(). */
static inline void credential_clear(struct credential *credential)
{
    secret_wipe(credential, sizeof(*credential));
}

#endif
