/* Lines of the ledger: what the scanner takes is byte for byte what the encoder (a JSON library)
 * makes of it, its leaf is the tree's, and the two ways of calling it agree. */
#include "tests/fuzz/fuzz.h"

#include "base/auto.h"
#include "ledger/scan.h"

#include <string.h>

void fuzz_entry(const uint8_t *bytes, size_t len)
{
    static struct ledger_scanner scanner;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    auto_free char *line = NULL, *again = NULL;
    size_t again_len;
    line = malloc(len > 0 ? len : 1); /* its end is watched */
    must(line != NULL);
    memcpy(line, bytes, len);
    unsigned char leaf[MERKLE_HASH_SIZE], told[MERKLE_HASH_SIZE];
    const enum medgl_error error = ledger_scan(&scanner, line, len, told);
    must(error == MEDGL_OK || error == MEDGL_ERR_CORRUPT);
    must(merkle_leaf(line, len, leaf) == MEDGL_OK && memcmp(leaf, told, sizeof(leaf)) == 0);
    must(ledger_entry_decode(line, len, &parsed) == error);
    if (error != MEDGL_OK)
        return;
    must(ledger_entry_encode(&scanner.entry, &again, &again_len) == MEDGL_OK);
    must(again_len == len && memcmp(again, line, len) == 0);
    free(again);
    again = NULL;
    must(ledger_entry_encode(ledger_parsed_entry(parsed), &again, &again_len) == MEDGL_OK);
    must(again_len == len && memcmp(again, line, len) == 0);
}
