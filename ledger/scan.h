/* A line of the ledger read strictly, and fast: verification reads every one of them. The one
 * reader of lines; ledger_entry_decode() is this with memory of its own.
 *
 * MUSTs (R08):
 * - An entry has exactly one form: what is read here is byte for byte what ledger_entry_encode()
 *   writes, so that nothing can be altered without altering a hash or being refused.
 * - No recursion and no work beyond the length of the line, whatever the line holds.
 * This is a scanner of that form and no JSON parser: the parser and a second encoding beside it
 * would cost more time than all hashes of a verification. */
#ifndef MEDGL_LEDGER_SCAN_H
#define MEDGL_LEDGER_SCAN_H

#include "base/error.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"

#include <stddef.h>

/* Behind the end of a line that is scanned: NULs, so that no comparison leaves the buffer. */
#define SCAN_SLACK 32

/* `line` has `len` bytes and SCAN_SLACK NULs; the texts of the entry are cut from it, in place.
 * False: it is no entry. */
bool ledger_scan_in_place(char *line, size_t len, struct ledger_entry *entry);

/* The same with a buffer that is used again for the next line. Zeroed is ready for use. */
struct ledger_scanner {
    char *buffer;
    size_t room;
    struct ledger_entry entry; /* of the last line that was one; its texts are valid until the next
                                  call */
};
/* `leaf` (NULL: not wanted) becomes the line's hash in the tree, of whatever it says.
 * MEDGL_ERR_CORRUPT: it is no entry. */
enum medgl_error ledger_scan(struct ledger_scanner *scanner, const char *line, size_t len,
                             unsigned char leaf[MERKLE_HASH_SIZE]);
void ledger_scanner_free(struct ledger_scanner *scanner); /* also for auto_clean() */

#endif
