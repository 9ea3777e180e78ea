/* How operations refuse: with a sentence for a person that says what to do. */
#ifndef MEDGL_OPERATION_REFUSE_H
#define MEDGL_OPERATION_REFUSE_H

#include "base/error.h"

/* Writes it to `why`, of OPERATION_WHY_SIZE, and gives MEDGL_ERR_REFUSED. */
enum medgl_error refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
