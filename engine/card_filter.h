/* What the driver of a smartcard cannot ask the kernel for. */
#ifndef MEDGL_ENGINE_CARD_FILTER_H
#define MEDGL_ENGINE_CARD_FILTER_H

#include <stdbool.h>

/* From now on this process, and what it makes, gets EPERM for what Landlock lets pass: changing
 * owner, mode, attributes or times of files by their names, reaching into other processes, and
 * setting their limits and priorities. Needs PR_SET_NO_NEW_PRIVS. false: end the process. */
bool card_filter(void);

#endif
