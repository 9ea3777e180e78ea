/* Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, Ed25519 (RFC 8032). Pure:
 * keys and texts come in and go out as bytes. */
#ifndef MEDGL_LEDGER_NOTE_H
#define MEDGL_LEDGER_NOTE_H

#include "base/error.h"
#include "base/secret.h"
#include "ledger/merkle.h"

#define NOTE_ORIGIN_SIZE 256
#define NOTE_VKEY_SIZE   512

struct note_signer;   /* a private key with its name; wiped when freed */
struct note_verifier; /* a public key with its name */

/* Whether it can be the name of a key and a ledger: printable ASCII without '+' and white space,
 * for which the format has no room. */
bool note_name_valid(const char *name);

/* Makes a key. `skey` becomes "PRIVATE+KEY+<name>+<hash8>+<base64>", `vkey`
 * "<name>+<hash8>+<base64>", both without a newline, as Go's golang.org/x/mod/sumdb/note writes
 * them. MEDGL_ERR_ARGUMENT: the name is not valid. */
enum medgl_error note_key_generate(const char *name, struct secret *skey,
                                   char vkey[NOTE_VKEY_SIZE]);

/* From such texts; a trailing newline is forgiven.
 * MEDGL_ERR_KEY: malformed, or the hash does not fit. */
enum medgl_error note_signer_open(const struct secret *skey, struct note_signer **signer);
void note_signer_free(struct note_signer **signer);
const char *note_signer_name(const struct note_signer *signer);
/* The verifier key text that belongs to it. */
enum medgl_error note_signer_vkey(const struct note_signer *signer, char vkey[NOTE_VKEY_SIZE]);
enum medgl_error note_verifier_open(const char *vkey, struct note_verifier **verifier);
void note_verifier_free(struct note_verifier **verifier);
const char *note_verifier_name(const struct note_verifier *verifier);
bool note_verifier_same(const struct note_verifier *one, const struct note_verifier *other);

/* Any text that ends in a newline and has no control character besides: writes the text, a blank
 * line and one signature line. MEDGL_ERR_ARGUMENT: another text, or no room. */
enum medgl_error note_sign(const char *text, const struct note_signer *signer, char *note,
                           size_t size);

/* The same with two signature lines, for a key that takes the place of another.
 * MEDGL_ERR_ARGUMENT: also two keys that no reader can tell apart, by name and key hash. */
enum medgl_error note_sign_both(const char *text, const struct note_signer *first,
                                const struct note_signer *second, char *note, size_t size);

/* Verifies a note; the first *text_len bytes of it are the text. Signatures by other keys are
 * passed over. MEDGL_ERR_CORRUPT: no note, or no valid signature by this key, or an invalid one. */
enum medgl_error note_open(const char *note, const struct note_verifier *verifier,
                           size_t *text_len);

/* Whether a text has the form of a note (a signature line behind a blank line), or a line of it
 * that of a public key: what has not was never one. Verifies nothing. */
bool note_looks_like(const char *text);
bool note_vkey_looks_like(const char *text);

struct checkpoint {
    char origin[NOTE_ORIGIN_SIZE];
    uint64_t size;
    unsigned char root[MERKLE_HASH_SIZE];
};

/* Writes the signed checkpoint: origin, size, base64 root, a blank line, one signature line. The
 * origin is the key's name. MEDGL_ERR_ARGUMENT: another origin, or no room. */
enum medgl_error checkpoint_sign(const struct checkpoint *checkpoint,
                                 const struct note_signer *signer, char *note, size_t size);

/* Whether the last signature line of a note is by this key, by name and key hash alone: verifies
 * nothing, and costs nothing. Of the head of a ledger that is the key in force: the one that comes
 * signs behind the one that goes. */
bool note_names(const char *note, const struct note_signer *signer);

/* The checkpoint over the entry that exchanges the key: signed by the one that goes and the one
 * that comes (R37). Both have the name that is the origin. */
enum medgl_error checkpoint_sign_both(const struct checkpoint *checkpoint,
                                      const struct note_signer *going,
                                      const struct note_signer *coming, char *note, size_t size);

/* Parses strictly and verifies. Signatures by other keys are passed over; extension lines are
 * admitted. MEDGL_ERR_CORRUPT: no checkpoint of this origin, or no valid signature by this key. */
enum medgl_error checkpoint_open(const char *note, const struct note_verifier *verifier,
                                 struct checkpoint *checkpoint);

#endif
