/* The evidence and what tells how to read it: entries, checkpoints, archives, documents, the policy
 * and the keys of a time. Part of the interface of store.h. */
#ifndef MEDGL_STORE_EVIDENCE_H
#define MEDGL_STORE_EVIDENCE_H

#include "ledger/merkle.h"
#include "store/store.h"

/* -- ledger --------------------------------------------------------------------------------- */

#define STORE_NOTE_SIZE 1280 /* two signatures by keys of the longest name */

/* Where the ledger ends: the append state of its tree and the signed checkpoint over it. */
struct ledger_head {
    struct merkle_tree tree; /* tree.size is the seq of the next entry */
    char checkpoint[STORE_NOTE_SIZE];
    medgl_time time; /* the latest that any entry says (R09); 0: not known */
};
/* An empty ledger reads as a tree of size 0 and an empty checkpoint. */
enum medgl_error store_ledger_head(struct store_txn *txn, struct ledger_head *head);

/* Appends the entry with seq = head's size - 1, and replaces the head. MEDGL_ERR_CONFLICT: not made
 * from the head that is stored. */
enum medgl_error store_ledger_append(struct store_txn *txn, const char *line, size_t len,
                                     const unsigned char leaf[MERKLE_HASH_SIZE],
                                     const struct ledger_head *head);

struct ledger_row {
    uint64_t seq;
    const char *line; /* the exact bytes that were hashed, no newline; valid during the call. "":
                         its body is in an archive */
    size_t len;
    unsigned char leaf[MERKLE_HASH_SIZE];
};
/* Entries with from <= seq < to, in order; gaps are not filled: the caller sees the seq. */
enum medgl_error store_ledger_each(struct store_txn *txn, uint64_t from, uint64_t to,
                                   enum medgl_error (*each)(void *argument,
                                                            const struct ledger_row *row),
                                   void *argument);

/* All of them as they are stored, without a look at their MACs: for verification, where the tree
 * and its signed head prove more, and which is to be fast. Not for anything that decides. */
enum medgl_error store_ledger_stream(struct store_txn *txn,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct ledger_row *row),
                                     void *argument);

/* Takes the bodies of the entries with from <= seq < to away; their leaf hashes stay. */
enum medgl_error store_ledger_archive(struct store_txn *txn, uint64_t from, uint64_t to);

/* The same as store_ledger_each(), but of the entries that `wanted` says no to, by their bytes
 * alone, nothing is checked but that their seq is not negative: for reports, which read a million
 * of them and show few. It is asked about each, so who counts finds out whether one is missing. */
enum medgl_error store_ledger_select(struct store_txn *txn, uint64_t from, uint64_t to,
                                     bool (*wanted)(void *argument, const char *line, size_t len),
                                     enum medgl_error (*each)(void *argument,
                                                              const struct ledger_row *row),
                                     void *argument);

#define STORE_COSIGNED_SIZE 8192 /* a checkpoint with the cosignatures of witnesses */

/* Checkpoints kept for good (at administrative acts and
 * at the start of a day). Of one size the first stays. */
enum medgl_error store_checkpoint_add(struct store_txn *txn, uint64_t size, medgl_time now,
                                      const char *checkpoint);
enum medgl_error store_checkpoint_each(struct store_txn *txn,
                                       enum medgl_error (*each)(void *argument, uint64_t size,
                                                                const char *checkpoint),
                                       void *argument);

struct kept_checkpoint {
    uint64_t size;
    medgl_time time; /* when it was kept */
    medgl_time told; /* when all programs in notify.d had it; 0: not yet */
    char note[STORE_COSIGNED_SIZE];
};
/* The latest (at the same time: the largest) that was kept at `time` or before. */
enum medgl_error store_checkpoint_at(struct store_txn *txn, medgl_time time,
                                     struct kept_checkpoint *checkpoint);
enum medgl_error store_checkpoint_of(struct store_txn *txn, uint64_t size,
                                     struct kept_checkpoint *checkpoint);
/* Replaces the row of that size, whose text (without its signatures) must be the same. */
enum medgl_error store_checkpoint_update(struct store_txn *txn,
                                         const struct kept_checkpoint *checkpoint);

/* -- archives of old entries ------------------------------------------------------------------- */

struct archive {
    uint64_t first, next;           /* seqs: first <= seq < next */
    char digest[STORE_DIGEST_SIZE]; /* of the lines, as in ledger/archive.h */
    uint64_t bytes;
    char file[STORE_NAME_SIZE]; /* its name, without a directory */
    medgl_time created;
    uint64_t ledger_seq; /* the entry that says so */
};
/* MEDGL_ERR_CONFLICT: it does not follow the one before without a gap. */
enum medgl_error store_archive_add(struct store_txn *txn, const struct archive *archive);
/* In the order of their seqs. */
enum medgl_error store_archive_each(struct store_txn *txn,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct archive *archive),
                                    void *argument);

/* -- documents (R11) ----------------------------------------------------------------------------
 */

struct document {
    char id[CRYPTO_ID_SIZE];
    char account_id[CRYPTO_ID_SIZE]; /* whom it identified */
    char digest[STORE_DIGEST_SIZE];  /* of the sealed file, which is called so in PATH_DOCUMENTS */
    char type[STORE_NAME_SIZE];      /* by its content: "image/jpeg" */
    uint64_t size;                   /* of what was handed in, bytes */
    medgl_time created;
    medgl_time destroyed; /* 0: it is there */
    uint64_t ledger_seq;  /* the entry it belongs to; destroyed: the one that says so */
    uint64_t shown_seq;   /* the entry it belongs to, for good */
};
enum medgl_error store_document_add(struct store_txn *txn, const struct document *document);
/* Replaces the row with that id. MEDGL_ERR_NOT_FOUND. */
enum medgl_error store_document_update(struct store_txn *txn, const struct document *document);
/* That of an entry. MEDGL_ERR_NOT_FOUND. */
enum medgl_error store_document_of(struct store_txn *txn, uint64_t shown_seq,
                                   struct document *document);
/* All, the oldest first. */
enum medgl_error store_document_each(struct store_txn *txn,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct document *document),
                                     void *argument);

/* -- the policy as it was seen (R34) ---------------------------------------------------------- */

#define STORE_POLICY_SIZE 65536
struct policy_seen {
    char digest[2 * CRYPTO_HASH_SIZE + 1]; /* SHA-256 of the text, in hexadecimal */
    medgl_time since;
    uint64_t ledger_seq; /* the entry that says so */
    const char *text; /* as policy_text() gives it; when read: ended by a NUL, and valid until the
                         next call with txn */
    size_t len;       /* up to STORE_POLICY_SIZE */
};
/* The one seen last. MEDGL_ERR_NOT_FOUND: none yet. */
enum medgl_error store_policy_seen_get(struct store_txn *txn, struct policy_seen *seen);
/* Puts it in the place of the one seen last. */
enum medgl_error store_policy_seen_put(struct store_txn *txn, const struct policy_seen *seen);

/* -- keys, one after the other (R37) ------------------------------------------------------------
 */

/* Stored by number. */
enum key_use {
    KEY_USE_STORE = 1,
    KEY_USE_LEDGER = 2,
};
/* None is there before the first exchange: the one key of setup is in force since ever. */
struct key_period {
    enum key_use use;
    char name[STORE_TEXT_SIZE];      /* of the store key its id; of the ledger's its verifier key */
    char algorithm[STORE_NAME_SIZE]; /* what it is for: "AES-256-GCM, HMAC-SHA-256", "Ed25519" */
    uint64_t from; /* of a ledger key: the size of the first tree that it signed */
    medgl_time since;
    uint64_t ledger_seq; /* the entry that exchanged it; of the first key: of the setup, 0 */
};
enum medgl_error store_key_add(struct store_txn *txn, const struct key_period *key);
/* Those of a use, the oldest first. */
enum medgl_error store_key_each(struct store_txn *txn, enum key_use use,
                                enum medgl_error (*each)(void *argument,
                                                         const struct key_period *key),
                                void *argument);

#endif
