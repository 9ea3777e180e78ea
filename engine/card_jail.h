/* What the driver of a smartcard cannot reach. */
#ifndef MEDGL_ENGINE_CARD_JAIL_H
#define MEDGL_ENGINE_CARD_JAIL_H

#include <stdbool.h>

/* From now on this process, and what it makes, neither reads nor changes a file of the installation
 * under `root` ("" or a private one), nor signals a process outside; `module`, the driver, can be
 * read wherever it is. Takes no longer for what is mounted and does not answer. Needs
 * PR_SET_NO_NEW_PRIVS.
 * true as well where the kernel knows nothing of the kind; false: end the process. */
bool card_jail(const char *root, const char *module);

#endif
