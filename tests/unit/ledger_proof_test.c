/* Proofs, cosignatures and heads of archives are those of RFC 6962, of C2SP and of
 * medgl-ledger(5), and whatever was changed in them proves nothing (R08). */
#include "base/auto.h"
#include "base/text.h"
#include "ledger/archive.h"
#include "ledger/cosign.h"
#include "ledger/proof.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

#define DASH "\u2014 "

#define SIZES 70

static unsigned char leaves[SIZES][MERKLE_HASH_SIZE];
static unsigned char roots[SIZES + 1][MERKLE_HASH_SIZE]; /* by size */

static void forest_make(void)
{
    struct merkle_tree tree = {.size = 0};
    assert_int_equal(merkle_root(&tree, roots[0]), MEDGL_OK);
    for (size_t i = 0; i < SIZES; i++) {
        assert_int_equal(merkle_leaf(&i, sizeof(i), leaves[i]), MEDGL_OK);
        assert_int_equal(merkle_append(&tree, leaves[i]), MEDGL_OK);
        assert_int_equal(merkle_root(&tree, roots[i + 1]), MEDGL_OK);
    }
}

/* -- the definitions of RFC 6962, word for word ------------------------------------------------ */

static size_t split(size_t n)
{
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    return k;
}

static void mth(size_t from, size_t n, unsigned char hash[MERKLE_HASH_SIZE])
{
    unsigned char right[MERKLE_HASH_SIZE];
    if (n == 1) {
        memcpy(hash, leaves[from], MERKLE_HASH_SIZE);
        return;
    }
    mth(from, split(n), hash);
    mth(from + split(n), n - split(n), right);
    const struct bytes parts[] = {{"\x01", 1}, {hash, MERKLE_HASH_SIZE}, {right, MERKLE_HASH_SIZE}};
    assert_int_equal(crypto_sha256(parts, 3, hash), MEDGL_OK);
}

static void path(size_t m, size_t from, size_t n, struct merkle_proof *proof)
{
    if (n == 1)
        return;
    size_t k = split(n);
    if (m < k) {
        path(m, from, k, proof);
        mth(from + k, n - k, proof->hash[proof->count++]);
    } else {
        path(m - k, from + k, n - k, proof);
        mth(from, k, proof->hash[proof->count++]);
    }
}

static void subproof(size_t m, size_t from, size_t n, bool known, struct merkle_proof *proof)
{
    if (m == n) {
        if (!known)
            mth(from, n, proof->hash[proof->count++]);
        return;
    }
    size_t k = split(n);
    if (m <= k) {
        subproof(m, from, k, known, proof);
        mth(from + k, n - k, proof->hash[proof->count++]);
    } else {
        subproof(m - k, from + k, n - k, false, proof);
        mth(from, k, proof->hash[proof->count++]);
    }
}

/* -- proofs ----------------------------------------------------------------------------------- */

#define auto_prover auto_clean(merkle_prover_free)

static void prove(struct merkle_prover *prover, size_t size, struct merkle_proof *proof)
{
    unsigned char root[MERKLE_HASH_SIZE];
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(merkle_prover_finish(prover, proof, root), MEDGL_ERR_ARGUMENT);
        assert_int_equal(merkle_prover_leaf(prover, leaves[i]), MEDGL_OK);
    }
    assert_int_equal(merkle_prover_leaf(prover, leaves[0]), MEDGL_ERR_ARGUMENT);
    assert_int_equal(merkle_prover_finish(prover, proof, root), MEDGL_OK);
    assert_memory_equal(root, roots[size], sizeof(root));
}

static void prove_inclusion(size_t index, size_t size, struct merkle_proof *proof)
{
    auto_prover struct merkle_prover *prover = NULL;
    assert_int_equal(merkle_prover_inclusion(index, size, &prover), MEDGL_OK);
    prove(prover, size, proof);
}

static void prove_consistency(size_t old_size, size_t size, struct merkle_proof *proof)
{
    auto_prover struct merkle_prover *prover = NULL;
    assert_int_equal(merkle_prover_consistency(old_size, size, &prover), MEDGL_OK);
    prove(prover, size, proof);
}

static void assert_same_proof(const struct merkle_proof *proof, const struct merkle_proof *wanted)
{
    assert_int_equal(proof->count, wanted->count);
    assert_memory_equal(proof->hash, wanted->hash, wanted->count * MERKLE_HASH_SIZE);
}

static void inclusion_is_the_recursive_definition(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZES; size++)
        for (size_t index = 0; index < size; index++) {
            struct merkle_proof proof, wanted = {.count = 0};
            prove_inclusion(index, size, &proof);
            path(index, 0, size, &wanted);
            assert_same_proof(&proof, &wanted);
            assert_int_equal(
                merkle_verify_inclusion(leaves[index], index, size, &proof, roots[size]), MEDGL_OK);
        }
}

static void consistency_is_the_recursive_definition(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZES; size++)
        for (size_t old = 1; old <= size; old++) {
            struct merkle_proof proof, wanted = {.count = 0};
            prove_consistency(old, size, &proof);
            subproof(old, 0, size, true, &wanted);
            assert_same_proof(&proof, &wanted);
            assert_int_equal(merkle_verify_consistency(old, roots[old], size, roots[size], &proof),
                             MEDGL_OK);
        }
}

/* Every other index, size, leaf, root, every hash changed, left out or added: nothing is proven.
 * With one exception that the definition has: in trees of other sizes the same path may lead from
 * the same leaf to the same root; what is proven of the leaf is then true. */
static void changed_inclusion_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZES; size += 1 + size / 9)
        for (size_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            prove_inclusion(index, size, &proof);
            for (size_t other = 0; other <= size; other++)
                if (other != index)
                    assert_int_equal(
                        merkle_verify_inclusion(leaves[index], other, size, &proof, roots[size]),
                        MEDGL_ERR_CORRUPT);
            for (size_t other = 0; other < size; other++)
                if (other != index)
                    assert_int_equal(
                        merkle_verify_inclusion(leaves[other], index, size, &proof, roots[size]),
                        MEDGL_ERR_CORRUPT);
            for (size_t other = 0; other <= SIZES; other++)
                if (other != size)
                    assert_int_equal(
                        merkle_verify_inclusion(leaves[index], index, size, &proof, roots[other]),
                        MEDGL_ERR_CORRUPT);
            for (size_t i = 0; i < proof.count; i++) {
                proof.hash[i][i % MERKLE_HASH_SIZE] ^= 0x10;
                assert_int_equal(
                    merkle_verify_inclusion(leaves[index], index, size, &proof, roots[size]),
                    MEDGL_ERR_CORRUPT);
                proof.hash[i][i % MERKLE_HASH_SIZE] ^= 0x10;
            }
            proof.count++;
            memset(proof.hash[proof.count - 1], 0, MERKLE_HASH_SIZE);
            assert_int_equal(
                merkle_verify_inclusion(leaves[index], index, size, &proof, roots[size]),
                MEDGL_ERR_CORRUPT);
            proof.count -= 2;
            if (size > 1)
                assert_int_equal(
                    merkle_verify_inclusion(leaves[index], index, size, &proof, roots[size]),
                    MEDGL_ERR_CORRUPT);
        }
}

static void changed_consistency_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZES; size += 1 + size / 9)
        for (size_t old = 1; old <= size; old++) {
            struct merkle_proof proof;
            prove_consistency(old, size, &proof);
            for (size_t other = 0; other <= SIZES; other++) {
                if (other != old)
                    assert_int_equal(
                        merkle_verify_consistency(old, roots[other], size, roots[size], &proof),
                        MEDGL_ERR_CORRUPT);
                if (other != size)
                    assert_int_equal(
                        merkle_verify_consistency(old, roots[old], size, roots[other], &proof),
                        MEDGL_ERR_CORRUPT);
            }
            for (size_t i = 0; i < proof.count; i++) {
                proof.hash[i][i % MERKLE_HASH_SIZE] ^= 0x10;
                assert_int_equal(
                    merkle_verify_consistency(old, roots[old], size, roots[size], &proof),
                    MEDGL_ERR_CORRUPT);
                proof.hash[i][i % MERKLE_HASH_SIZE] ^= 0x10;
            }
            proof.count++;
            memset(proof.hash[proof.count - 1], 0, MERKLE_HASH_SIZE);
            assert_int_equal(merkle_verify_consistency(old, roots[old], size, roots[size], &proof),
                             MEDGL_ERR_CORRUPT);
            proof.count -= 2;
            if (old != size)
                assert_int_equal(
                    merkle_verify_consistency(old, roots[old], size, roots[size], &proof),
                    MEDGL_ERR_CORRUPT);
        }
}

static void impossible_proofs_are_refused(void **state)
{
    (void)state;
    struct merkle_prover *prover = NULL;
    struct merkle_proof proof = {.count = 0}, many = {.count = PROOF_HASHES_MAX + 1};
    assert_int_equal(merkle_prover_inclusion(0, 0, &prover), MEDGL_ERR_ARGUMENT);
    assert_int_equal(merkle_prover_inclusion(7, 7, &prover), MEDGL_ERR_ARGUMENT);
    assert_int_equal(merkle_prover_consistency(0, 7, &prover), MEDGL_ERR_ARGUMENT);
    assert_int_equal(merkle_prover_consistency(8, 7, &prover), MEDGL_ERR_ARGUMENT);
    assert_null(prover);
    assert_int_equal(merkle_verify_inclusion(leaves[0], 0, 0, &proof, roots[0]), MEDGL_ERR_CORRUPT);
    assert_int_equal(merkle_verify_consistency(0, roots[0], 7, roots[7], &proof),
                     MEDGL_ERR_CORRUPT);
    assert_int_equal(merkle_verify_consistency(7, roots[7], 6, roots[6], &proof),
                     MEDGL_ERR_CORRUPT);
    assert_int_equal(merkle_verify_inclusion(leaves[0], 0, 7, &many, roots[7]), MEDGL_ERR_CORRUPT);
    assert_int_equal(merkle_verify_consistency(3, roots[3], 7, roots[7], &many), MEDGL_ERR_CORRUPT);
}

/* Only the first leaves are there: what matters is that the longest proof has room. */
static void largest_tree_has_room(void **state)
{
    (void)state;
    auto_prover struct merkle_prover *inclusion = NULL, *consistency = NULL;
    assert_int_equal(merkle_prover_inclusion(UINT64_MAX - 1, UINT64_MAX, &inclusion), MEDGL_OK);
    assert_int_equal(merkle_prover_consistency(UINT64_MAX - 1, UINT64_MAX, &consistency), MEDGL_OK);
    assert_int_equal(merkle_prover_leaf(inclusion, leaves[0]), MEDGL_OK);
    assert_int_equal(merkle_prover_leaf(consistency, leaves[0]), MEDGL_OK);
}

/* -- the test tree of Certificate Transparency --------------------------------------------------
 */

static const struct bytes ct_leaves[8] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const struct ct_row {
    const char *name;
    bool consistency;
    uint64_t from, size;
    const char *hashes[4];
} ct_rows[] = {
    {"leaf 0 of 1", false, 0, 1, {NULL}},
    {"leaf 0 of 8",
     false,
     0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {"leaf 5 of 8",
     false,
     5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {"leaf 2 of 3",
     false,
     2,
     3,
     {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {"leaf 1 of 5",
     false,
     1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    {"tree 1 to 1", true, 1, 1, {NULL}},
    {"tree 1 to 8",
     true,
     1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {"tree 6 to 8",
     true,
     6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {"tree 2 to 5",
     true,
     2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static void proof_is_that_of_ct(void **state)
{
    const struct ct_row *row = *state;
    auto_prover struct merkle_prover *prover = NULL;
    struct merkle_proof proof;
    unsigned char leaf[MERKLE_HASH_SIZE], root[MERKLE_HASH_SIZE];
    assert_int_equal(row->consistency ? merkle_prover_consistency(row->from, row->size, &prover)
                                      : merkle_prover_inclusion(row->from, row->size, &prover),
                     MEDGL_OK);
    for (size_t i = 0; i < row->size; i++) {
        assert_int_equal(merkle_leaf(ct_leaves[i].data, ct_leaves[i].len, leaf), MEDGL_OK);
        assert_int_equal(merkle_prover_leaf(prover, leaf), MEDGL_OK);
    }
    assert_int_equal(merkle_prover_finish(prover, &proof, root), MEDGL_OK);
    for (size_t i = 0; i < proof.count; i++) {
        char hex[2 * MERKLE_HASH_SIZE + 1];
        text_hex(hex, proof.hash[i], MERKLE_HASH_SIZE);
        assert_non_null(row->hashes[i]);
        assert_string_equal(hex, row->hashes[i]);
    }
    assert_null(row->hashes[proof.count]);
}

/* -- texts ------------------------------------------------------------------------------------ */

#define CHECKPOINT "ward3.example/ledger\n3\nroot\n\n" DASH "ward3.example/ledger c2ln\n"

static void proofs_are_written_as_c2sp_says(void **state)
{
    (void)state;
    struct merkle_proof proof = {.count = 2}, none = {.count = 0}, many = {.count = 64};
    auto_free char *inclusion = NULL, *alone = NULL, *consistency = NULL, *first = NULL,
                   *refused = NULL;
    memset(proof.hash[0], 0xff, MERKLE_HASH_SIZE);
    assert_int_equal(proof_write_inclusion(2, &proof, CHECKPOINT, &inclusion), MEDGL_OK);
    assert_string_equal(inclusion, "c2sp.org/tlog-proof@v1\n"
                                   "index 2\n"
                                   "//////////////////////////////////////////8=\n"
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                                   "\n" CHECKPOINT);
    assert_int_equal(proof_write_inclusion(0, &none, CHECKPOINT, &alone), MEDGL_OK);
    assert_string_equal(alone, "c2sp.org/tlog-proof@v1\nindex 0\n\n" CHECKPOINT);
    assert_int_equal(proof_write_consistency(2, &proof, CHECKPOINT, &consistency), MEDGL_OK);
    assert_string_equal(consistency, "old 2\n"
                                     "//////////////////////////////////////////8=\n"
                                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                                     "\n" CHECKPOINT);
    assert_int_equal(proof_write_consistency(0, &none, CHECKPOINT, &first), MEDGL_OK);
    assert_string_equal(first, "old 0\n\n" CHECKPOINT);
    assert_int_equal(proof_write_consistency(2, &many, CHECKPOINT, &refused), MEDGL_ERR_ARGUMENT);
    assert_null(refused);
}

/* -- cosignatures (made with the openssl command) -----------------------------------------------
 */

#define WITNESS        "witness.example/w1"
#define WITNESS_VKEY   WITNESS "+0bce2610+BJeFSZus7xOqOPqJodFQxRN0KHHVtpEvsFaxfrdVKtiZ"
#define WITNESS_PLAIN  WITNESS "+887ef4f7+AZeFSZus7xOqOPqJodFQxRN0KHHVtpEvsFaxfrdVKtiZ"
#define COSIGNED       "ward3.example/ledger\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
#define COSIGNED_OTHER "ward3.example/ledger\n8\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
#define AT_1679315147                                                                              \
    DASH WITNESS " C84mEAAAAABkGFDLDxnCaBAD1emGY7/SAyaW+UpGNk7VMewdHdcJiTTbv0PpVzt18ZyUPet6m8F7h"  \
                 "xNrkoUnuEHoal9m0PCaN5TKDA==\n"
#define AT_1800000000                                                                              \
    DASH WITNESS " C84mEAAAAABrSdIAFARHGd/WhIMNJC6xetoeQGjyJYKZC8MkdWvuiegVbgvIGWehv6Lbp8HAy6tA2"  \
                 "mXtGFGqHM5DJzG80kto/UG/DA==\n"
#define AT_0                                                                                       \
    DASH WITNESS " C84mEAAAAAAAAAAAylK5uCWvD+PIIQJmC5gWl5tVdeZ4bxqUmXCfaYRxpCXhEwHYf9X4IJjsnCSUQ"  \
                 "kXz/bbtcKneNAgL6RKP1rT4BA==\n"
#define AT_2_TO_63                                                                                 \
    DASH WITNESS " C84mEIAAAAAAAAAAIeuUFhCv7gKqx9SG5OoCexgcoqmuIFnR0WmCt77OE+Y8GKQzF0JqYAfvHWNoQ"  \
                 "CrEBsG4yF0FAeJXzEmc57VdBw==\n"
/* The text alone, without the line that says the time. */
#define WITHOUT_TIME                                                                               \
    DASH WITNESS " C84mEAAAAABkGFDLU6cgrByvtX0shlAXjjWlO2vh0E6PhZqfftwQaIASrCvLYnA5WYgzWR4tuXmFL"  \
                 "/sU4iRYzI8B6onAms4OngYaDw==\n"
#define ANOTHER_TIME                                                                               \
    DASH WITNESS " C84mEAAAAABkGFDMDxnCaBAD1emGY7/SAyaW+UpGNk7VMewdHdcJiTTbv0PpVzt18ZyUPet6m8F7h"  \
                 "xNrkoUnuEHoal9m0PCaN5TKDA==\n"
#define STRANGER      DASH "ward3.example/ledger Az3grlgtzPICa5OS8npVmf1M\n"
#define ANOTHER_HASH  DASH WITNESS " D84mEAAAAABkGFDL\n"
#define CUT_SIGNATURE DASH WITNESS " C84mEAAAAABkGFDL\n"

static const struct cosign_row {
    const char *name, *note;
    enum medgl_error error;
    uint64_t seconds;
} cosign_rows[] = {
    {"one", COSIGNED "\n" AT_1679315147, MEDGL_OK, 1679315147},
    {"among others", COSIGNED "\n" STRANGER AT_1679315147 ANOTHER_HASH, MEDGL_OK, 1679315147},
    {"two: the later", COSIGNED "\n" AT_1800000000 AT_1679315147, MEDGL_OK, 1800000000},
    {"time 0", COSIGNED "\n" AT_0, MEDGL_OK, 0},
    {"none of its", COSIGNED "\n" STRANGER, MEDGL_ERR_NOT_FOUND, 0},
    {"its name, another key", COSIGNED "\n" ANOTHER_HASH, MEDGL_ERR_NOT_FOUND, 0},
    {"over another text", COSIGNED_OTHER "\n" AT_1679315147, MEDGL_ERR_CORRUPT, 0},
    {"another time", COSIGNED "\n" ANOTHER_TIME, MEDGL_ERR_CORRUPT, 0},
    {"a good and a bad one", COSIGNED "\n" AT_1800000000 ANOTHER_TIME, MEDGL_ERR_CORRUPT, 0},
    {"no time in what is signed", COSIGNED "\n" WITHOUT_TIME, MEDGL_ERR_CORRUPT, 0},
    {"a time past 2^63", COSIGNED "\n" AT_2_TO_63, MEDGL_ERR_CORRUPT, 0},
    {"cut", COSIGNED "\n" CUT_SIGNATURE, MEDGL_ERR_CORRUPT, 0},
    {"no note", COSIGNED, MEDGL_ERR_CORRUPT, 0},
    {"no signature line", COSIGNED "\n" AT_1679315147 "x\n", MEDGL_ERR_CORRUPT, 0},
    {"empty", "", MEDGL_ERR_CORRUPT, 0},
};

#define auto_cosigner auto_clean(cosigner_free)

static void cosignature_is_judged(void **state)
{
    const struct cosign_row *row = *state;
    auto_cosigner struct cosigner *cosigner = NULL;
    uint64_t seconds = 5;
    assert_int_equal(cosigner_open(WITNESS_VKEY "\n", &cosigner), MEDGL_OK);
    assert_string_equal(cosigner_name(cosigner), WITNESS);
    assert_int_equal(cosignature_verify(row->note, cosigner, &seconds), row->error);
    assert_int_equal(seconds, row->seconds);
}

static void keys_are_not_taken_for_each_other(void **state)
{
    (void)state;
    auto_cosigner struct cosigner *cosigner = NULL;
    struct note_verifier *verifier = NULL;
    assert_int_equal(cosigner_open(WITNESS_PLAIN, &cosigner), MEDGL_ERR_KEY);
    assert_int_equal(
        cosigner_open(WITNESS "+887ef4f7+BJeFSZus7xOqOPqJodFQxRN0KHHVtpEvsFaxfrdVKtiZ", &cosigner),
        MEDGL_ERR_KEY);
    assert_int_equal(cosigner_open("", &cosigner), MEDGL_ERR_KEY);
    assert_null(cosigner);
    assert_int_equal(note_verifier_open(WITNESS_VKEY, &verifier), MEDGL_ERR_KEY);
    assert_null(verifier);
}

static const struct merge_row {
    const char *name, *note, *other;
    enum medgl_error error;
    const char *merged;
} merge_rows[] = {
    {"new", COSIGNED "\n" STRANGER, COSIGNED "\n" AT_0, MEDGL_OK, COSIGNED "\n" STRANGER AT_0},
    {"known", COSIGNED "\n" STRANGER AT_0, COSIGNED "\n" AT_0, MEDGL_OK,
     COSIGNED "\n" STRANGER AT_0},
    {"some known", COSIGNED "\n" STRANGER AT_0, COSIGNED "\n" AT_1800000000 STRANGER AT_0, MEDGL_OK,
     COSIGNED "\n" STRANGER AT_0 AT_1800000000},
    {"twice in the other", COSIGNED "\n" STRANGER, COSIGNED "\n" AT_0 AT_0, MEDGL_OK,
     COSIGNED "\n" STRANGER AT_0},
    {"lines alone", COSIGNED "\n" STRANGER, AT_0 AT_1800000000, MEDGL_OK,
     COSIGNED "\n" STRANGER AT_0 AT_1800000000},
    {"another text", COSIGNED "\n" STRANGER, COSIGNED_OTHER "\n" AT_0, MEDGL_ERR_CORRUPT, NULL},
    {"longer text", COSIGNED "\n" STRANGER, COSIGNED "more\n\n" AT_0, MEDGL_ERR_CORRUPT, NULL},
    {"no note", COSIGNED "\n" STRANGER, "x", MEDGL_ERR_CORRUPT, NULL},
    {"a line that is none", COSIGNED "\n" STRANGER, AT_0 "x\n", MEDGL_ERR_CORRUPT, NULL},
    {"a line without an end", COSIGNED "\n" STRANGER, DASH "x AAAAAAAA", MEDGL_ERR_CORRUPT, NULL},
    {"an empty line", COSIGNED "\n" STRANGER, AT_0 "\n" AT_0, MEDGL_ERR_CORRUPT, NULL},
};

static void cosignatures_are_merged(void **state)
{
    const struct merge_row *row = *state;
    char merged[2048] = "";
    assert_int_equal(cosignature_merge(row->note, row->other, merged, sizeof(merged)), row->error);
    if (row->merged == NULL)
        return;
    assert_string_equal(merged, row->merged);
    size_t len = strlen(row->merged);
    assert_int_equal(cosignature_merge(row->note, row->other, merged, len), MEDGL_ERR_ARGUMENT);
    assert_int_equal(cosignature_merge(row->note, row->other, merged, 1), MEDGL_ERR_ARGUMENT);
    assert_int_equal(cosignature_merge(row->note, row->other, merged, len + 1), MEDGL_OK);
    assert_string_equal(merged, row->merged);
}

/* -- archives --------------------------------------------------------------------------------- */

#define ORIGIN "ward3.example/ledger"

struct keys {
    struct note_signer *signer[2];
    struct note_verifier *verifier[2];
};

static void keys_free(struct keys *keys)
{
    for (int i = 0; i < 2; i++) {
        note_signer_free(&keys->signer[i]);
        note_verifier_free(&keys->verifier[i]);
    }
}

static struct keys keys_make(const char *name)
{
    struct keys keys = {{NULL}, {NULL}};
    for (int i = 0; i < 2; i++) {
        auto_secret struct secret skey = SECRET_NONE;
        char vkey[NOTE_VKEY_SIZE];
        assert_int_equal(note_key_generate(name, &skey, vkey), MEDGL_OK);
        assert_int_equal(note_signer_open(&skey, &keys.signer[i]), MEDGL_OK);
        assert_int_equal(note_verifier_open(vkey, &keys.verifier[i]), MEDGL_OK);
    }
    return keys;
}

#define auto_keys auto_clean(keys_free)

static struct archive_head head_make(void)
{
    return (struct archive_head){
        .origin = ORIGIN, .first = 3, .next = 1000000, .bytes = 1234567, .digest = {1, 2, 3}};
}

static enum medgl_error head_open(const char *text, const struct keys *keys, size_t count)
{
    struct archive_head head;
    size_t len;
    return archive_head_open(text, (const struct note_verifier *const *)keys->verifier, count,
                             &head, &len);
}

static void archive_head_comes_back(void **state)
{
    (void)state;
    auto_keys struct keys keys = keys_make(ORIGIN);
    const struct archive_head head = head_make();
    struct archive_head read;
    char text[2 * ARCHIVE_HEAD_SIZE];
    size_t len;
    assert_int_equal(archive_head_sign(&head, keys.signer[1], text, ARCHIVE_HEAD_SIZE), MEDGL_OK);
    const char *start = "medgl.archive/1\n" ORIGIN "\n3\n1000000\n1234567\n"
                        "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" DASH ORIGIN " ";
    assert_memory_equal(text, start, strlen(start));
    size_t whole = strlen(text);
    strcpy(text + whole, "{\"seq\":3}\n\n\n\u2014 x y\n");
    assert_int_equal(
        archive_head_open(text, (const struct note_verifier *const *)keys.verifier, 2, &read, &len),
        MEDGL_OK);
    assert_memory_equal(text + len, "{\"seq\":3}\n", 10);
    assert_int_equal(len, whole);
    assert_string_equal(read.origin, ORIGIN);
    assert_int_equal(read.first, 3);
    assert_int_equal(read.next, 1000000);
    assert_int_equal(read.bytes, 1234567);
    assert_memory_equal(read.digest, head.digest, sizeof(read.digest));
    assert_int_equal(head_open(text, &keys, 1), MEDGL_ERR_CORRUPT); /* not the key that signed */
    assert_int_equal(head_open(text, &keys, 0), MEDGL_ERR_CORRUPT);
}

static void longest_archive_head_fits(void **state)
{
    (void)state;
    char name[NOTE_ORIGIN_SIZE], text[ARCHIVE_HEAD_SIZE];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    auto_keys struct keys keys = keys_make(name);
    struct archive_head head = {.first = INT64_MAX, .next = INT64_MAX, .bytes = INT64_MAX};
    memcpy(head.origin, name, sizeof(head.origin));
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, sizeof(text)), MEDGL_OK);
    assert_int_equal(head_open(text, &keys, 2), MEDGL_OK);
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, strlen(text)),
                     MEDGL_ERR_ARGUMENT);
}

static void wrong_archive_head_is_not_signed(void **state)
{
    (void)state;
    auto_keys struct keys keys = keys_make(ORIGIN);
    char text[ARCHIVE_HEAD_SIZE];
    struct archive_head head = head_make();
    head.next = 2;
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, sizeof(text)),
                     MEDGL_ERR_ARGUMENT);
    head = head_make();
    head.bytes = UINT64_MAX;
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, sizeof(text)),
                     MEDGL_ERR_ARGUMENT);
    head = head_make();
    head.origin[0] = 'W';
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, sizeof(text)),
                     MEDGL_ERR_ARGUMENT);
    head = head_make();
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, 0), MEDGL_ERR_ARGUMENT);
}

/* Every byte matters, and every length. */
static void changed_archive_head_is_refused(void **state)
{
    (void)state;
    auto_keys struct keys keys = keys_make(ORIGIN);
    const struct archive_head head = head_make();
    char text[ARCHIVE_HEAD_SIZE];
    assert_int_equal(archive_head_sign(&head, keys.signer[0], text, sizeof(text)), MEDGL_OK);
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char was = text[i];
        text[i] ^= 1;
        assert_int_equal(head_open(text, &keys, 2), MEDGL_ERR_CORRUPT);
        text[i] = '\0';
        assert_int_equal(head_open(text, &keys, 2), MEDGL_ERR_CORRUPT);
        text[i] = was;
    }
    assert_int_equal(head_open(text, &keys, 2), MEDGL_OK);
}

#define DIGEST "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

/* Signed by our key, and no head of an archive all the same. */
static const struct signed_row {
    const char *name, *text;
} signed_rows[] = {
    {"a checkpoint", ORIGIN "\n3\n" DIGEST},
    {"another version", "medgl.archive/2\n" ORIGIN "\n3\n4\n5\n" DIGEST},
    {"another origin", "medgl.archive/1\nward4.example/ledger\n3\n4\n5\n" DIGEST},
    {"a number with a zero in front", "medgl.archive/1\n" ORIGIN "\n03\n4\n5\n" DIGEST},
    {"a number with a sign", "medgl.archive/1\n" ORIGIN "\n+3\n4\n5\n" DIGEST},
    {"a number too many", "medgl.archive/1\n" ORIGIN "\n3\n4\n5\n6\n" DIGEST},
    {"a number missing", "medgl.archive/1\n" ORIGIN "\n3\n4\n" DIGEST},
    {"no digest", "medgl.archive/1\n" ORIGIN "\n3\n4\n5\n"},
    {"a short digest", "medgl.archive/1\n" ORIGIN "\n3\n4\n5\nAQID\n"},
    {"a line more", "medgl.archive/1\n" ORIGIN "\n3\n4\n5\n" DIGEST "more\n"},
    {"backwards", "medgl.archive/1\n" ORIGIN "\n5\n4\n5\n" DIGEST},
    {"a number past 2^63", "medgl.archive/1\n" ORIGIN "\n3\n9223372036854775808\n5\n" DIGEST},
    {"a number past 2^64", "medgl.archive/1\n" ORIGIN "\n3\n4\n18446744073709551616\n" DIGEST},
};

static void other_signed_text_is_no_archive(void **state)
{
    const struct signed_row *row = *state;
    auto_keys struct keys keys = keys_make(ORIGIN);
    char text[ARCHIVE_HEAD_SIZE];
    assert_int_equal(note_sign(row->text, keys.signer[0], text, sizeof(text) - 1), MEDGL_OK);
    strcat(text, "\n");
    assert_int_equal(head_open(text, &keys, 2), MEDGL_ERR_CORRUPT);
}

int main(void)
{
    forest_make();
    table_add("R08", "inclusion proofs are the recursive definition",
              inclusion_is_the_recursive_definition, NULL);
    table_add("R08", "consistency proofs are the recursive definition",
              consistency_is_the_recursive_definition, NULL);
    table_add("R08", "changed inclusion proofs are refused", changed_inclusion_is_refused, NULL);
    table_add("R08", "changed consistency proofs are refused", changed_consistency_is_refused,
              NULL);
    table_add("R08", "proofs of what cannot be", impossible_proofs_are_refused, NULL);
    table_add("R08", "the largest tree has room", largest_tree_has_room, NULL);
    TABLE_ADD("the proof is that of Certificate Transparency", ct_rows, proof_is_that_of_ct);
    table_add("R08", "proofs are written as C2SP says", proofs_are_written_as_c2sp_says, NULL);
    TABLE_ADD("cosignature", cosign_rows, cosignature_is_judged);
    table_add("R08", "keys of witnesses and of ledgers", keys_are_not_taken_for_each_other, NULL);
    TABLE_ADD("cosignatures merged", merge_rows, cosignatures_are_merged);
    table_add("R08", "the head of an archive comes back", archive_head_comes_back, NULL);
    table_add("R08", "the longest head of an archive fits", longest_archive_head_fits, NULL);
    table_add("R08", "a wrong head is not signed", wrong_archive_head_is_not_signed, NULL);
    table_add("R08", "a changed head is refused", changed_archive_head_is_refused, NULL);
    TABLE_ADD("no head of an archive", signed_rows, other_signed_text_is_no_archive);
    return table_run("ledger_proof");
}
