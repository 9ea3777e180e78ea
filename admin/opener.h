/* Files that the operator names while a question is answered, when privilege is gone (R11): opened
 * by a child that was made before, with the rights of the person who is logged in. */
#ifndef MEDGL_ADMIN_OPENER_H
#define MEDGL_ADMIN_OPENER_H

#include "admin/admin.h"

/* MUSTs:
 * - The child has the person's rights for good before it hears of a file, and is never root: where
 *   the person is, there is none, and files are named by options, before privilege goes.
 * - A new file is never over or through something that is there, and goes again unless it is said
 *   that it stays, also when this process is killed. */
bool opener_start(struct opener *opener, const struct identity *identity);
bool opener_there(const struct opener *opener);

/* A file to read, or a new one: one new one alone. -1 with errno. */
int opener_ask(const struct opener *opener, const char *path, bool create);
/* The new file is let go of by identity_release_file() from here on. */
void opener_guards(struct opener *opener, struct guarded_file *file, const char *path, int fd);

void opener_end(struct opener *opener);

#endif
