/* What is wrong with the value of an option, as far as the words alone tell. */
#ifndef MEDGL_ADMIN_OPTION_CHECK_H
#define MEDGL_ADMIN_OPTION_CHECK_H

#include "admin/admin.h"

/* Whether the option can have that value; else says what is wrong with it. */
bool option_check(enum option option, const char *value);
/* The same of what stands behind the verb: a NAME, an ID, the number of an entry or a key. */
bool option_check_positional(const struct verb *verb, const char *word);

#endif
