/* Smartcards: at a login, and their enrolment. The driver runs in a program of its own,
 * medgl-card, which knows no secret but the PIN that is typed for it (operation/card_reader.h). */
#ifndef MEDGL_OPERATION_CARD_H
#define MEDGL_OPERATION_CARD_H

#include "factor/card.h"
#include "operation/account.h"
#include "operation/factors.h"
#include "operation/talk.h"

struct card_login; /* one reader that was looked at */

/* What the reader says before anybody is asked anything. */
enum card_presence {
    CARD_ABSENT = 0, /* no reader, no card, or no driver: nothing is said, the login goes on */
    CARD_READY,
    CARD_UNUSABLE, /* a card that cannot be read, is locked, or has no certificate: told */
};

/* Looks at the machine's readers. Whatever the driver does, this ends within card_timeout. Never an
 * error but of memory. *login must be freed. */
enum medgl_error card_login_begin(const struct context *context, struct card_login **login,
                                  enum card_presence *presence);
void card_login_free(struct card_login **login); /* also for auto_clean(); ends the driver */

/* For the prompt: "PIN of card LABEL (2 tries left; Enter: without the card): "; and of
 * CARD_UNUSABLE what is to be told. By the card alone, never by the account. */
void card_login_prompt(const struct card_login *login, char *text, size_t size);

/* Has the card sign, and checks everything. `factors`: the account's; `count` 0 for an unknown one:
 * the same is done. *result starts as FACTOR_FAILED; *index is which of factors->all matched.
 * `message`: what the person is told about the card after all prompts, "" for nothing: removed,
 * another one, the PIN is wrong or locked, unreadable, the driver gave no answer. The reason why it
 * proves nothing goes to the log. Several certificates: the one that the account is enrolled with,
 * if any; of several cards none but the account's is tried. `pin` NULL: no card is tried, so that it
 * costs no try of theirs; the driver works all the same. MEDGL_OK whatever the driver does. */
struct card_answer {
    enum factor_result result;
    size_t index;
    enum card_verdict verdict;
    char message[256];
};
enum medgl_error card_login_prove(struct card_login *login, const struct secret *pin,
                                  const char *account_name, const struct factors *factors,
                                  medgl_time now, struct card_answer *answer);

/* From the card in the reader, whose PIN is asked for and which has to sign (`certificate` NULL; of
 * several certificates the person chooses one), or from a certificate file. The certificate must
 * stand up to card_judge(). That it opens another account, too, is told and stands in the entry.
 * MEDGL_ERR_REFUSED with `why`. */
struct card_enrol_request {
    const char *name;
    const struct secret *certificate; /* PEM or DER; NULL: the card in the reader */
    enum card_match_kind match;
    const char *attribute; /* of CARD_MATCH_SUBJECT */
    const char *label;
    const char *reason;
};
enum medgl_error operation_card_enrol(struct context *context, const struct talk *talk,
                                      const struct card_enrol_request *request,
                                      char why[OPERATION_WHY_SIZE]);

/* What is in the readers, for people: label, serial, certificates, and whether each would be
 * accepted. */
struct card_seen {
    char reader[CARD_TEXT_SIZE], label[CARD_TEXT_SIZE], serial[64];
    struct card_facts facts;
    enum card_verdict verdict; /* UNDECIDED where there is no certificate */
    bool accepted;             /* by its verdict and the policy */
    medgl_time crl_next;
    char remark[256];              /* why nobody can use the card as it is; "" */
    char account[STORE_NAME_SIZE]; /* whose it is; "" nobody's; "?": not known, for somebody's rule
                                      is damaged */
};
enum medgl_error operation_card_look(struct context *context,
                                     void (*each)(void *argument, const struct card_seen *seen),
                                     void *argument, char why[OPERATION_WHY_SIZE]);

#endif
