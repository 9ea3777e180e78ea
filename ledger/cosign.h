/* Cosignatures of witnesses over a checkpoint: C2SP tlog-cosignature (cosignature/v1, Ed25519). A
 * witness says when it saw this tree, and that it is consistent with all that it saw before. Pure.
 */
#ifndef MEDGL_LEDGER_COSIGN_H
#define MEDGL_LEDGER_COSIGN_H

#include "base/error.h"
#include "ledger/note.h"

#include <stddef.h>
#include <stdint.h>

#define COSIGNERS_MAX 64 /* more witnesses nobody asks */

struct cosigner; /* the public key of a witness, with its name */

/* From a verifier key text whose key type is 0x04. MEDGL_ERR_KEY: malformed, or of another type. */
enum medgl_error cosigner_open(const char *vkey, struct cosigner **cosigner);
void cosigner_free(struct cosigner **cosigner); /* also for auto_clean() */
const char *cosigner_name(const struct cosigner *cosigner);
/* Whether they are one witness: the same key, or the same name. */
bool cosigner_same(const struct cosigner *one, const struct cosigner *other);

/* Whether the note has this witness's signature over its text; `*seconds` is its time (Unix), of
 * several the latest.
 * MEDGL_ERR_NOT_FOUND: no line of its. MEDGL_ERR_CORRUPT: one that is not valid, or the note is
 * none. */
enum medgl_error cosignature_verify(const char *note, const struct cosigner *cosigner,
                                    uint64_t *seconds);

/* Writes `note` with the signature lines of `other` that it lacks; `other` is a note over the same
 * text, or the signature lines alone, as a witness answers (C2SP tlog-witness). Verifies none of
 * them: that is for whoever keeps the result. MEDGL_ERR_CORRUPT: the texts differ, or `other` is
 * neither. MEDGL_ERR_ARGUMENT: no room. */
enum medgl_error cosignature_merge(const char *note, const char *other, char *merged, size_t size);

#endif
