/* The operator's role: by the groups of whoever logged in, whatever root they became. */
#ifndef MEDGL_ADMIN_ROLE_H
#define MEDGL_ADMIN_ROLE_H

#include "admin/admin.h"

#define ROLE_TEXT_SIZE 128

/* The roles of who acts. Who logged in counts, not whom sudo or su made of them. ROLE_ROOT: the
 * kernel knows of no login, or of root's own; or an ordinary user works in a private root of its
 * own. 0: none, or the groups could not be looked up. */
unsigned role_of_identity(const struct identity *identity);

/* Whether the verb is for the operator; to be asked before any file is opened and before any child
 * is made that keeps privilege. ADMIN_REFUSED, with a complaint and, where the store can be opened,
 * an entry and an alert. Behind sudo nobody with a role works in a private root, where the machine
 * has an installation of its own: links may lead into its store, beside a policy that the operator
 * wrote. */
enum admin_exit role_settle(struct admin *admin);

/* Whether the account that the verb changes is one that the role reaches; before anybody is asked
 * anything. Its act asks again in its transaction. */
enum admin_exit role_reaches_named(struct admin *admin);

/* Who may, for people ("medgl-helpdesk, medgl-security") and for programs ("helpdesk security", or
 * "everybody"). */
void role_verb_groups(const struct verb *verb, char text[ROLE_TEXT_SIZE]);
void role_verb_words(const struct verb *verb, char text[ROLE_TEXT_SIZE]);

#endif
