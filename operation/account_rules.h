/* Access rules of an account's own (R05, R22, R26, R27, R29): brought into one form, or refused
 * with a sentence, and told to the ledger, which keeps what they are. */
#ifndef MEDGL_OPERATION_ACCOUNT_RULES_H
#define MEDGL_OPERATION_ACCOUNT_RULES_H

#include "operation/account.h"

/* Puts what is not NULL into the account. MEDGL_ERR_ARGUMENT with `why`, a sentence for the person
 * (translated) that says the notation. */
enum medgl_error rules_read(const struct account_rules *rules, struct account *account,
                            char why[OPERATION_WHY_SIZE]);

/* Whether rules and class go together, once both are known. MEDGL_ERR_ARGUMENT with `why`. */
enum medgl_error rules_fit(const struct account *account, char why[OPERATION_WHY_SIZE]);

/* Appends the names of the rules in which two accounts differ to `fields`, separated by spaces. */
void rules_fields(const struct account *before, const struct account *after,
                  char fields[OPERATION_WHY_SIZE]);

/* The most that an account's own number of sessions may be: what the policy allows for a class. */
int64_t rules_sessions_most(void);

#define RULES_IDLE_SIZE 32
/* Tells an entry of the rules in which two accounts differ, as they are afterwards. `idle` must
 * live as long as the entry. */
void rules_tell(const struct account *before, const struct account *after,
                struct ledger_entry *entry, char idle[RULES_IDLE_SIZE]);

/* The notation of account.idle: "15 min", "none", "" for the class's. */
void rules_idle_text(int64_t idle, char text[RULES_IDLE_SIZE]);

#endif
