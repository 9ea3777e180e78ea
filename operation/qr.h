/* QR codes as text (through libqrencode): half blocks, two modules a line, for terminals that show
 * light on dark or dark on light. */
#ifndef MEDGL_OPERATION_QR_H
#define MEDGL_OPERATION_QR_H

#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

/* Lines with '\n' between them. MEDGL_ERR_ARGUMENT: it does not fit into `columns` and `lines` (of
 * a console: 80 and 24, with room for what stands beside it). The margin is up to four modules, and
 * at least two at the sides and one above and below. libqrencode leaves copies of `content` in the
 * heap: the process is to end soon. */
enum medgl_error qr_text(const struct secret *content, size_t columns, size_t lines,
                         struct secret *text);

#endif
