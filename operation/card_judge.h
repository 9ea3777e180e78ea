/* What logins, enrolment and lists of cards have in common: the machine's driver and trust, the
 * judgement of all certificates of a card, and the words for what went wrong. */
#ifndef MEDGL_OPERATION_CARD_JUDGE_H
#define MEDGL_OPERATION_CARD_JUDGE_H

#include "operation/card_reader.h"
#include "operation/context.h"

/* By the policy. `program` is what driver->program points to. The driver itself is the machine's,
 * also under a private root. */
enum medgl_error card_driver_of(const struct context *context, char program[PATH_MAX],
                                struct card_driver *driver);
/* What went wrong is logged, with what to do. */
enum medgl_error card_trust_of(const struct context *context, struct card_trust **trust);
/* The rule that was enrolled. Errors are logged. */
enum medgl_error card_rule_read(const struct context *context, const struct credential *credential,
                                char match[CARD_MATCH_SIZE]);

/* A certificate of a card. */
struct card_candidate {
    struct card_certificate *certificate; /* NULL: it cannot be read */
    struct card_facts facts;
    struct card_judgement judgement;
    enum card_scheme scheme;
    bool accepted; /* by its judgement, and what the policy says of revocation */
};
/* All certificates of a card, in its order; what was in `candidates` is freed. */
enum medgl_error card_candidates_judge(const struct context *context,
                                       const struct card_trust *trust,
                                       const struct card_token *token, medgl_time now,
                                       struct card_candidate candidates[CARD_CERTIFICATES_MAX]);
void card_candidates_free(struct card_candidate *candidates, size_t count);

/* Whether the policy accepts that verdict: CARD_NO_CRL and CARD_CRL_OLD by card_crl. */
bool card_accepted(const struct policy *policy, enum card_verdict verdict);

/* -- the proof -------------------------------------------------------------------------------- */

/* Whether it may sign: readable, not locked, with a PIN and a certificate. MUST: a card that asks
 * for no PIN is one factor alone, and stands for two with card_alone. */
bool card_usable(const struct card_token *token);

struct card_proof {
    bool good; /* the card signed with the key of that certificate */
    enum card_trouble trouble;
    enum card_tries tries;
};
/* A challenge of our own for that account, signed by the card and checked (R24). */
enum medgl_error card_prove(const struct card_driver *driver, const struct card_token *token,
                            size_t certificate, const struct card_candidate *candidate,
                            const struct secret *pin, const char *account_name,
                            struct card_proof *proof);

/* -- words ------------------------------------------------------------------------------------ */

/* What people call the card. */
const char *card_name(const struct card_token *token);
/* "few tries are left"; "" where the card does not say. */
const char *card_tries_remark(enum card_tries tries);
/* Why a card that is not card_usable() is not. */
void card_unusable_message(const struct card_token *token, char *text, size_t size);
/* A rule for people: "CN=alice, of its issuer". */
void card_rule_text(const char *match, char *text, size_t size);

/* "its list of revoked certificates is 3 days old, the next was due 1 day ago". */
#define CARD_AGE_SIZE 128
void card_crl_age(const struct card_judgement *judgement, medgl_time now, char age[CARD_AGE_SIZE]);

/* For the log; never NULL. */
const char *card_trouble_log(enum card_trouble trouble);
/* For the person; "" where there is nothing to say. */
void card_message(enum card_trouble trouble, enum card_tries tries, enum card_verdict verdict,
                  char *text, size_t size);
/* The same of a verdict alone; "" of CARD_GOOD. */
const char *card_verdict_message(enum card_verdict verdict);

#endif
