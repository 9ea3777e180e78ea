/* What the main ledger says of that of the break-glass accounts: beside operation_emergency_join(),
 * when it is due, and what its entries and its verification have in common. */
#ifndef MEDGL_OPERATION_EMERGENCY_JOIN_H
#define MEDGL_OPERATION_EMERGENCY_JOIN_H

#include "operation/emergency.h"

/* operation_emergency_join() for the timer: where the small ledger is another one than was joined,
 * once an hour, or every few minutes while an emergency is open. */
enum medgl_error operation_emergency_join_due(struct context *main_context,
                                              struct context *breakglass_context, bool *joined);

/* MUST: a ledger of another name is none of ours, however well it is signed. `text` has room for
 * NOTE_ORIGIN_SIZE bytes. MEDGL_ERR_ARGUMENT: too long. */
enum medgl_error emergency_join_origin(const char *main_origin, char text[NOTE_ORIGIN_SIZE]);

/* An entry of kind emergency.join read back. MEDGL_ERR_CORRUPT: it says no such thing. */
struct emergency_join {
    const char *origin; /* of the entry */
    uint64_t size;
    unsigned char root[MERKLE_HASH_SIZE];
    bool first; /* nothing was joined before */
};
enum medgl_error emergency_join_read(const struct ledger_entry *entry, struct emergency_join *join);

#endif
