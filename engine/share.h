/* How many engines one user may keep busy at a time. */
#ifndef MEDGL_ENGINE_SHARE_H
#define MEDGL_ENGINE_SHARE_H

#include "base/error.h"

#include <sys/types.h>

/* Of the 64 connections that auth.socket serves at a time. */
#define SHARE_MAX 8

/* Takes one of the shares of `uid` under `root`; it is held until *fd is closed. MEDGL_ERR_REFUSED:
 * that uid has SHARE_MAX of them already. */
enum medgl_error share_take(const char *root, uid_t uid, int *fd);

#endif
