/* What is known of an account's owner: brought into one form, or refused with a sentence. All of it
 * is there so that it is not in the password (R14). */
#ifndef MEDGL_OPERATION_PERSON_H
#define MEDGL_OPERATION_PERSON_H

#include "operation/account.h"

/* Puts what is not NULL into the account; "" takes away what was there. The reading gets one space
 * between its parts; the birth date becomes "1985-04-01", whether it was given like that, as
 * 1985/4/1, S60.4.1 or 昭和60年4月1日. MEDGL_ERR_ARGUMENT: a fact that cannot be, with `why`, a
 * sentence for the person (translated) that does not repeat it. */
enum medgl_error person_read(const struct account_person *person, medgl_time now,
                             struct account *account, char why[OPERATION_WHY_SIZE]);

/* Whether two accounts are one person's, by the facts: the staff number; where one of them has
 * none, the full name and the birth date. Where these are unknown, nothing says so. */
bool person_is_same(const struct account *a, const struct account *b);

#endif
