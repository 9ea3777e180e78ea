/* The noun breakglass: sealing, with the page for the envelope, and the list (R32). */
#ifndef MEDGL_ADMIN_BREAKGLASS_H
#define MEDGL_ADMIN_BREAKGLASS_H

#include "admin/slip.h"
#include "operation/breakglass.h"

/* Of the words alone: whether a page is to be printed. */
bool breakglass_prints(const struct options *options);

/* The page, in English and Japanese, whatever the operator's language, 72 columns wide. */
enum medgl_error breakglass_page(struct secret *text, const struct policy *policy,
                                 const struct account *account, const struct breakglass *row,
                                 const struct secret *code);

#endif
