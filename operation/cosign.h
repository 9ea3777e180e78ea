/* The witnesses that a site names in PATH_WITNESSES (ledger/cosign.h says what they are). */
#ifndef MEDGL_OPERATION_COSIGN_H
#define MEDGL_OPERATION_COSIGN_H

#include "ledger/cosign.h"
#include "operation/context.h"

#define WITNESSES_MOST 16

struct witnesses {
    struct cosigner *key[WITNESSES_MOST];
    size_t count;
};

/* Without the file there are none. On an error there are none either. MEDGL_ERR_KEY: a line that is
 * no key of a witness, or one name or key twice; logged. */
enum medgl_error witnesses_open(const struct context *context, struct witnesses *witnesses);
void witnesses_free(struct witnesses *witnesses);

#endif
