/* Signed notes and checkpoints agree with Go's and with the openssl command, and the recipes of
 * medgl-ledger(5) do what it says (R08). */
#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "ledger/note.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/unit/table.h"

#define DASH      "\u2014 "
#define NOTE_ROOM 1280 /* as much as the store has */

/* The example of the documentation of Go's golang.org/x/mod/sumdb/note. */
#define PETER_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_SKEY "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define ENOCH_VKEY "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                                       \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define PETER_SIGNATURE                                                                            \
    DASH "PeterNeumann "                                                                           \
         "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy"   \
         "BwJnAM=\n"
#define ENOCH_SIGNATURE                                                                            \
    DASH "EnochRoot "                                                                              \
         "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1R"   \
         "vMc+QQ=\n"

static struct note_signer *signer_of(const char *text)
{
    auto_secret struct secret skey = SECRET_NONE;
    struct note_signer *signer = NULL;
    assert_int_equal(secret_copy(&skey, text, strlen(text)), MEDGL_OK);
    assert_int_equal(note_signer_open(&skey, &signer), MEDGL_OK);
    return signer;
}

static struct note_verifier *verifier_of(const char *vkey)
{
    struct note_verifier *verifier = NULL;
    assert_int_equal(note_verifier_open(vkey, &verifier), MEDGL_OK);
    return verifier;
}

#define auto_signer   auto_clean(note_signer_free)
#define auto_verifier auto_clean(note_verifier_free)

/* -- keys ------------------------------------------------------------------------------------- */

static void known_key_opens(void **state)
{
    (void)state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY "\n");
    auto_verifier struct note_verifier *verifier = verifier_of(PETER_VKEY "\n");
    char vkey[NOTE_VKEY_SIZE];
    assert_string_equal(note_signer_name(signer), "PeterNeumann");
    assert_string_equal(note_verifier_name(verifier), "PeterNeumann");
    assert_int_equal(note_signer_vkey(signer, vkey), MEDGL_OK);
    assert_string_equal(vkey, PETER_VKEY);
}

static void generated_keys_belong_together_and_differ(void **state)
{
    (void)state;
    auto_secret struct secret one = SECRET_NONE, other = SECRET_NONE;
    char vkey[NOTE_VKEY_SIZE], other_vkey[NOTE_VKEY_SIZE], again[NOTE_VKEY_SIZE];
    size_t len;
    assert_int_equal(note_key_generate("ward3.example/a", &one, vkey), MEDGL_OK);
    assert_int_equal(note_key_generate("ward3.example/a", &other, other_vkey), MEDGL_OK);
    assert_string_not_equal(vkey, other_vkey);
    assert_false(secret_equal(one.bytes, one.len, other.bytes, other.len));

    auto_signer struct note_signer *signer = NULL;
    assert_int_equal(note_signer_open(&one, &signer), MEDGL_OK);
    assert_int_equal(note_signer_vkey(signer, again), MEDGL_OK);
    assert_string_equal(again, vkey);
    auto_verifier struct note_verifier *verifier = verifier_of(vkey);
    auto_verifier struct note_verifier *stranger = verifier_of(other_vkey);
    char note[1024];
    assert_int_equal(note_sign(TEXT, signer, note, sizeof(note)), MEDGL_OK);
    assert_int_equal(note_open(note, verifier, &len), MEDGL_OK);
    assert_int_equal(note_open(note, stranger, &len), MEDGL_ERR_CORRUPT);
}

static const struct key_row {
    const char *name, *text;
} bad_keys[] = {
    {"empty", ""},
    {"name alone", "PeterNeumann"},
    {"no key", "PeterNeumann+c74f20a3"},
    {"empty key", "PeterNeumann+c74f20a3+"},
    {"no name", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"another name", "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"space in the name", "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"another hash", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"short hash", "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"long hash", "PeterNeumann+c74f20a30+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"hash not hexadecimal", "PeterNeumann+c74f20ag+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"another key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX"},
    {"another algorithm", "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"},
    {"short key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy"},
    {"long key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAAAA"},
    {"key not base64", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW"},
    {"two newlines", PETER_VKEY "\n\n"},
    {"space in front", " " PETER_VKEY},
};

static void bad_verifier_key_is_refused(void **state)
{
    const struct key_row *row = *state;
    auto_verifier struct note_verifier *verifier = NULL;
    assert_int_equal(note_verifier_open(row->text, &verifier), MEDGL_ERR_KEY);
    assert_null(verifier);
}

static const struct key_row bad_private_keys[] = {
    {"a public key", PETER_VKEY},
    {"a public key in the place of the seed", "PRIVATE+KEY+" PETER_VKEY},
    {"another seed",
     "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFy"},
    {"another name",
     "PRIVATE+KEY+PeterNeumanm+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"},
    {"cut", "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXH"},
    {"prefix alone", "PRIVATE+KEY+"},
};

static void bad_private_key_is_refused(void **state)
{
    const struct key_row *row = *state;
    auto_secret struct secret skey = SECRET_NONE;
    auto_signer struct note_signer *signer = NULL;
    assert_int_equal(secret_copy(&skey, row->text, strlen(row->text)), MEDGL_OK);
    assert_int_equal(note_signer_open(&skey, &signer), MEDGL_ERR_KEY);
    assert_null(signer);
}

static void no_private_key_and_nul_in_it_are_refused(void **state)
{
    (void)state;
    auto_secret struct secret empty = SECRET_NONE, nul = SECRET_NONE;
    auto_signer struct note_signer *signer = NULL;
    assert_int_equal(note_signer_open(&empty, &signer), MEDGL_ERR_KEY);
    assert_int_equal(secret_copy(&nul, PETER_SKEY "\0x", sizeof(PETER_SKEY) + 1), MEDGL_OK);
    assert_int_equal(note_signer_open(&nul, &signer), MEDGL_ERR_KEY);
}

static const struct key_row bad_names[] = {
    {"empty", ""},      {"with +", "a+b"},     {"with a space", "a b"},
    {"newline", "a\n"}, {"not ASCII", "病院"}, {"DEL", "a\x7f"},
};

static void bad_name_gets_no_key(void **state)
{
    const struct key_row *row = *state;
    auto_secret struct secret skey = SECRET_NONE;
    char vkey[NOTE_VKEY_SIZE];
    assert_int_equal(note_key_generate(row->text, &skey, vkey), MEDGL_ERR_ARGUMENT);
    assert_null(skey.bytes);
}

static void longest_name_works_and_one_more_is_refused(void **state)
{
    (void)state;
    char name[NOTE_ORIGIN_SIZE + 1], vkey[NOTE_VKEY_SIZE], note[1024];
    memset(name, 'n', NOTE_ORIGIN_SIZE);
    name[NOTE_ORIGIN_SIZE] = '\0';
    auto_secret struct secret refused = SECRET_NONE, skey = SECRET_NONE;
    assert_int_equal(note_key_generate(name, &refused, vkey), MEDGL_ERR_ARGUMENT);
    name[NOTE_ORIGIN_SIZE - 1] = '\0';
    assert_int_equal(note_key_generate(name, &skey, vkey), MEDGL_OK);
    auto_signer struct note_signer *signer = NULL;
    assert_int_equal(note_signer_open(&skey, &signer), MEDGL_OK);
    auto_verifier struct note_verifier *verifier = verifier_of(vkey);
    struct checkpoint checkpoint = {.size = UINT64_MAX}, read;
    memcpy(checkpoint.origin, name, NOTE_ORIGIN_SIZE);
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, sizeof(note)), MEDGL_OK);
    assert_int_equal(checkpoint_open(note, verifier, &read), MEDGL_OK);
    assert_int_equal(read.size, UINT64_MAX);
}

/* -- notes ------------------------------------------------------------------------------------ */

static void note_is_signed_as_go_does(void **state)
{
    (void)state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    char note[1024];
    assert_int_equal(note_sign(TEXT, signer, note, sizeof(note)), MEDGL_OK);
    assert_string_equal(note, TEXT "\n" PETER_SIGNATURE);
}

static const struct note_row {
    const char *name, *note;
    bool good;
} notes[] = {
    {"Go's example", TEXT "\n" PETER_SIGNATURE, true},
    {"another key's before it", TEXT "\n" ENOCH_SIGNATURE PETER_SIGNATURE, true},
    {"another key's behind it", TEXT "\n" PETER_SIGNATURE ENOCH_SIGNATURE, true},
    {"another key's of another length",
     TEXT "\n" PETER_SIGNATURE DASH "witness AAAAAAAAAAAAAAAAAAAAAAAA\n", true},
    {"the same name with another key's hash",
     TEXT "\n" PETER_SIGNATURE DASH "PeterNeumann AAAAAAAAAAAA\n", true},
    {"twice", TEXT "\n" PETER_SIGNATURE PETER_SIGNATURE, true},
    {"another key's alone", TEXT "\n" ENOCH_SIGNATURE, false},
    {"no signature", TEXT "\n", false},
    {"no empty line", TEXT PETER_SIGNATURE, false},
    {"text alone", TEXT, false},
    {"nothing", "", false},
    {"a newline", "\n", false},
    {"signature alone", "\n" PETER_SIGNATURE, false},
    {"another text", "x" TEXT "\n" PETER_SIGNATURE, false},
    {"an empty line more", TEXT "\n\n" PETER_SIGNATURE, false},
    {"a line behind", TEXT "\n" PETER_SIGNATURE "x\n", false},
    {"an empty line behind", TEXT "\n" PETER_SIGNATURE "\n", false},
    {"escape sequence in another's name", TEXT "\n" PETER_SIGNATURE DASH "\x1b[2J AAAAAAAAAAAA\n",
     false},
    {"carriage return behind another's", TEXT "\n" PETER_SIGNATURE DASH "witness AAAAAAAAAAAA\r\n",
     false},
    {"carriage return", TEXT "\n" DASH "PeterNeumann x08go\r\n", false},
    {"a hyphen for the dash", TEXT "\n- PeterNeumann x08go/ZJkuBS9UG/SffcvA==\n", false},
    {"no name", TEXT "\n" PETER_SIGNATURE DASH " AAAAAAAAAAAA\n", false},
    {"no base64", TEXT "\n" PETER_SIGNATURE DASH "witness\n", false},
    {"empty base64", TEXT "\n" PETER_SIGNATURE DASH "witness \n", false},
    {"base64 too short for a hash", TEXT "\n" PETER_SIGNATURE DASH "witness AAAA\n", false},
    {"not base64", TEXT "\n" PETER_SIGNATURE DASH "witness ????????\n", false},
    {"our hash, short signature", TEXT "\n" DASH "PeterNeumann x08go/ZJkuBS\n", false},
    {"our signature and a wrong one of ours",
     TEXT "\n" PETER_SIGNATURE DASH "PeterNeumann "
          "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy"
          "BwJnAI=\n",
     false},
    {"signature too long",
     TEXT "\n" DASH "PeterNeumann "
          "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy"
          "BwJnAMA\n",
     false},
};

static void note_opens_or_not(void **state)
{
    const struct note_row *row = *state;
    auto_verifier struct note_verifier *verifier = verifier_of(PETER_VKEY);
    size_t len = 99;
    assert_int_equal(note_open(row->note, verifier, &len),
                     row->good ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    assert_int_equal(len, row->good ? strlen(TEXT) : 0);
}

static void text_may_have_empty_lines(void **state)
{
    (void)state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    auto_verifier struct note_verifier *verifier = verifier_of(PETER_VKEY);
    char note[1024];
    size_t len;
    assert_int_equal(note_sign("a\n\nb\n", signer, note, sizeof(note)), MEDGL_OK);
    assert_int_equal(note_open(note, verifier, &len), MEDGL_OK);
    assert_int_equal(len, strlen("a\n\nb\n"));
}

static void second_known_signature_verifies(void **state)
{
    (void)state;
    auto_verifier struct note_verifier *verifier = verifier_of(ENOCH_VKEY);
    size_t len;
    assert_int_equal(note_open(TEXT "\n" PETER_SIGNATURE ENOCH_SIGNATURE, verifier, &len),
                     MEDGL_OK);
}

static void every_cut_note_and_every_small_buffer_is_refused(void **state)
{
    (void)state;
    static const char whole[] = TEXT "\n" PETER_SIGNATURE;
    auto_verifier struct note_verifier *verifier = verifier_of(PETER_VKEY);
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    size_t len;
    for (size_t cut = 0; cut < sizeof(whole) - 1; cut++) {
        char note[sizeof(whole)];
        memcpy(note, whole, cut);
        note[cut] = '\0';
        assert_int_equal(note_open(note, verifier, &len), MEDGL_ERR_CORRUPT);
        auto_free char *small = malloc(cut + 1);
        assert_non_null(small);
        assert_int_equal(note_sign(TEXT, signer, small, cut + 1),
                         cut + 1 < sizeof(whole) ? MEDGL_ERR_ARGUMENT : MEDGL_OK);
    }
}

static const struct key_row bad_texts[] = {
    {"empty", ""},
    {"no newline at the end", "a\nb"},
    {"control character", "a\x01\n"},
    {"carriage return", "a\r\n"},
};

static void bad_text_is_not_signed(void **state)
{
    const struct key_row *row = *state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    char note[1024];
    assert_int_equal(note_sign(row->text, signer, note, sizeof(note)), MEDGL_ERR_ARGUMENT);
}

/* -- checkpoints ------------------------------------------------------------------------------ */

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static const struct checkpoint_row {
    const char *name, *text;
    bool good;
    uint64_t size;
} checkpoints[] = {
    {"plain", "PeterNeumann\n20852163\n" ROOT, true, 20852163},
    {"of nothing", "PeterNeumann\n0\n" ROOT, true, 0},
    {"the largest", "PeterNeumann\n18446744073709551615\n" ROOT, true, UINT64_MAX},
    {"with an extension", "PeterNeumann\n1\n" ROOT "anything\n", true, 1},
    {"with two extensions", "PeterNeumann\n1\n" ROOT "a b\n\u2014 c\n", true, 1},
    {"another origin", "PeterNeuman\n1\n" ROOT, false, 0},
    {"longer origin", "PeterNeumann2\n1\n" ROOT, false, 0},
    {"space behind the origin", "PeterNeumann \n1\n" ROOT, false, 0},
    {"empty origin", "\n1\n" ROOT, false, 0},
    {"size too large", "PeterNeumann\n18446744073709551616\n" ROOT, false, 0},
    {"size with a zero in front", "PeterNeumann\n01\n" ROOT, false, 0},
    {"size below 0", "PeterNeumann\n-1\n" ROOT, false, 0},
    {"size with a plus", "PeterNeumann\n+1\n" ROOT, false, 0},
    {"size with a space", "PeterNeumann\n 1\n" ROOT, false, 0},
    {"size in hexadecimal", "PeterNeumann\n0x1\n" ROOT, false, 0},
    {"size empty", "PeterNeumann\n\n" ROOT, false, 0},
    {"root too short", "PeterNeumann\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n", false, 0},
    {"root too long", "PeterNeumann\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Ia\n", false, 0},
    {"root without padding", "PeterNeumann\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
     false, 0},
    {"root with bits left over", "PeterNeumann\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
     false, 0},
    {"no root", "PeterNeumann\n1\n", false, 0},
    {"origin alone", "PeterNeumann\n", false, 0},
    {"empty extension", "PeterNeumann\n1\n" ROOT "\n", false, 0},
    {"empty line between", "PeterNeumann\n1\n" ROOT "\nx\n", false, 0},
};

/* All are signed well: it is the text that is judged. */
static void checkpoint_opens_or_not(void **state)
{
    const struct checkpoint_row *row = *state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    auto_verifier struct note_verifier *verifier = verifier_of(PETER_VKEY);
    struct checkpoint read = {.size = 99};
    char note[1024];
    assert_int_equal(note_sign(row->text, signer, note, sizeof(note)), MEDGL_OK);
    assert_int_equal(checkpoint_open(note, verifier, &read),
                     row->good ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    assert_int_equal(read.size, row->size);
    assert_string_equal(read.origin, row->good ? "PeterNeumann" : "");
    assert_int_equal(read.root[0], row->good ? 0x0a : 0);
}

static void checkpoint_of_another_origin_is_not_signed(void **state)
{
    (void)state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    struct checkpoint checkpoint = {.origin = "ward3.example", .size = 1};
    char note[1024];
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, sizeof(note)), MEDGL_ERR_ARGUMENT);
    assert_int_equal(text_copy(checkpoint.origin, sizeof(checkpoint.origin), "PeterNeumann"),
                     MEDGL_OK);
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, 100), MEDGL_ERR_ARGUMENT);
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, sizeof(note)), MEDGL_OK);
}

/* -- two keys, one after the other (R37) ------------------------------------------------------ */

static struct note_signer *signer_made(const char *name, struct note_verifier **verifier)
{
    auto_secret struct secret skey = SECRET_NONE;
    struct note_signer *signer = NULL;
    char vkey[NOTE_VKEY_SIZE];
    assert_int_equal(note_key_generate(name, &skey, vkey), MEDGL_OK);
    assert_int_equal(note_signer_open(&skey, &signer), MEDGL_OK);
    *verifier = verifier_of(vkey);
    return signer;
}

static const struct names_row {
    const char *name, *note;
    bool named;
} named_notes[] = {
    {"its own", TEXT "\n" PETER_SIGNATURE, true},
    {"behind another's", TEXT "\n" ENOCH_SIGNATURE PETER_SIGNATURE, true},
    {"before another's, which signed last", TEXT "\n" PETER_SIGNATURE ENOCH_SIGNATURE, false},
    {"verifies nothing", "x\n\n" PETER_SIGNATURE, true},
    {"another's", TEXT "\n" ENOCH_SIGNATURE, false},
    {"the same name with another key's hash", TEXT "\n" DASH "PeterNeumann AAAAAAAAAAAA\n", false},
    {"another name with this key's hash", TEXT "\n" DASH "PeterNeuman x08go/ZJkuBS\n", false},
    {"a longer name", TEXT "\n" DASH "PeterNeumann2 x08go/ZJkuBS\n", false},
    {"in the text alone", PETER_SIGNATURE "\n" ENOCH_SIGNATURE, false},
    {"empty", "", false},
    {"no signature", TEXT "\n", false},
    {"no empty line", TEXT PETER_SIGNATURE, false},
    {"garbage behind another's", TEXT "\n" ENOCH_SIGNATURE "x\n" PETER_SIGNATURE, false},
    {"cut", TEXT "\n" DASH "PeterNeumann x08go", false},
};

static void note_names_its_signers(void **state)
{
    const struct names_row *row = *state;
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    assert_int_equal(note_names(row->note, signer), row->named);
}

static const struct form_row {
    const char *name, *text;
    bool note, vkey;
} forms[] = {
    {"a note", TEXT "\n" PETER_SIGNATURE, true, false},
    {"a signature that was cut", TEXT "\n" DASH "P", true, false},
    {"another's", "x\n\n" ENOCH_SIGNATURE, true, false},
    {"a key", PETER_VKEY, false, true},
    {"a key behind lines that are none", "\n+\nx\n\n" PETER_VKEY "\n", false, true},
    {"a key that was cut", "PeterNeumann+c74f20a3+", false, true},
    {"a key whose hash was cut", "PeterNeumann+c74f20a", false, false},
    {"a key without a name", "+c74f20a3+ARpc2QcUPDhMQegwxbzh", false, false},
    {"a private key", PETER_SKEY, false, false},
    {"empty", "", false, false},
    {"a word", "ward-7\n", false, false},
    {"no signature", TEXT "\n", false, false},
    {"no blank line", TEXT PETER_SIGNATURE, false, false},
    {"a signature alone", PETER_SIGNATURE, false, false},
};

static void form_is_told(void **state)
{
    const struct form_row *row = *state;
    assert_int_equal(note_looks_like(row->text), row->note);
    assert_int_equal(note_vkey_looks_like(row->text), row->vkey);
}

static void checkpoint_of_both_keys_opens_with_either(void **state)
{
    (void)state;
    char name[NOTE_ORIGIN_SIZE], note[NOTE_ROOM];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    auto_verifier struct note_verifier *old = NULL, *new = NULL, *third = NULL;
    auto_signer struct note_signer *going = signer_made(name, &old);
    auto_signer struct note_signer *coming = signer_made(name, &new);
    auto_signer struct note_signer *stranger = signer_made(name, &third);
    struct checkpoint checkpoint = {.size = UINT64_MAX}, read;
    memcpy(checkpoint.origin, name, sizeof(name));
    assert_int_equal(checkpoint_sign_both(&checkpoint, going, coming, note, sizeof(note)),
                     MEDGL_OK);
    assert_int_equal(checkpoint_open(note, old, &read), MEDGL_OK);
    assert_int_equal(checkpoint_open(note, new, &read), MEDGL_OK);
    assert_int_equal(read.size, UINT64_MAX);
    assert_int_equal(checkpoint_open(note, third, &read), MEDGL_ERR_CORRUPT);
    assert_true(note_names(note, coming)); /* the one in force from here on */
    assert_false(note_names(note, going));
    assert_false(note_names(note, stranger));
    /* Whichever of the two lines is damaged, it is found by its key alone. */
    char *first = strstr(note, DASH), *second = strstr(first + 1, DASH);
    second[strlen(DASH) + strlen(name) + 41] ^= 1;
    assert_int_equal(checkpoint_open(note, old, &read), MEDGL_OK);
    assert_int_equal(checkpoint_open(note, new, &read), MEDGL_ERR_CORRUPT);
    size_t whole = strlen(note);
    for (size_t room = 1; room <= whole; room += 7)
        assert_int_equal(checkpoint_sign_both(&checkpoint, going, coming, note, room),
                         MEDGL_ERR_ARGUMENT);
}

static void keys_that_no_reader_can_tell_apart_sign_nothing_together(void **state)
{
    (void)state;
    auto_verifier struct note_verifier *verifier = NULL;
    auto_signer struct note_signer *peter = signer_of(PETER_SKEY);
    auto_signer struct note_signer *again = signer_of(PETER_SKEY);
    auto_signer struct note_signer *other = signer_made("ward3.example", &verifier);
    struct checkpoint checkpoint = {.origin = "PeterNeumann", .size = 1};
    char note[NOTE_ROOM];
    assert_int_equal(checkpoint_sign_both(&checkpoint, peter, again, note, sizeof(note)),
                     MEDGL_ERR_ARGUMENT);
    assert_int_equal(checkpoint_sign_both(&checkpoint, peter, other, note, sizeof(note)),
                     MEDGL_ERR_ARGUMENT);
    assert_int_equal(checkpoint_sign_both(&checkpoint, other, peter, note, sizeof(note)),
                     MEDGL_ERR_ARGUMENT);
}

/* -- the other side: the openssl command ------------------------------------------------------ */

static char directory[] = "ledger_note_test.XXXXXX";

/* Runs a shell script in the directory of this test; what it prints goes to the file "printed". */
static int run(const char *script)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (chdir(directory) != 0 || freopen("printed", "w", stdout) == NULL ||
            dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
            _exit(126);
        (void)execl("/bin/sh", "sh", "-eu", "-c", script, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void put(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    auto_file FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
}

static size_t get(const char *name, void *bytes, size_t size)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    auto_file FILE *file = fopen(path, "r");
    assert_non_null(file);
    return fread(bytes, 1, size, file);
}

/* The recipe of that name in the manual, as a reader of the page sees it. */
static void recipe(const char *name, char *script, size_t size)
{
    char marker[64], line[512];
    size_t used = 0;
    bool found = false;
    auto_file FILE *page = fopen(MAN_PAGE, "r");
    assert_non_null(page);
    (void)snprintf(marker, sizeof(marker), ".\\\" tested: %s\n", name);
    while (fgets(line, sizeof(line), page) != NULL) {
        if (found && strcmp(line, ".Ed\n") == 0)
            break;
        if (found && line[0] != '.')
            for (const char *at = line; *at != '\0'; at++) {
                assert_true(used + 2 < size);
                script[used++] = *at;
                if (at[0] == '\\' && at[1] == 'e') /* mdoc's way to print a backslash */
                    at++;
            }
        found = found || strcmp(line, marker) == 0;
    }
    script[used] = '\0';
    assert_true(used > 0);
}

static void make_directory(void)
{
    memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(directory));
}

static int remove_directory(void **state)
{
    (void)state;
    (void)run("rm -rf \"$PWD\"");
    return 0;
}

static void openssl_verifies_our_checkpoint(void **state)
{
    (void)state;
    make_directory();
    auto_secret struct secret skey = SECRET_NONE;
    auto_signer struct note_signer *signer = NULL;
    struct checkpoint checkpoint = {.origin = "ward3.example", .size = 3, .root = {1, 2, 3}};
    char vkey[NOTE_VKEY_SIZE], note[1024], script[2048];
    assert_int_equal(note_key_generate(checkpoint.origin, &skey, vkey), MEDGL_OK);
    assert_int_equal(note_signer_open(&skey, &signer), MEDGL_OK);
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, sizeof(note)), MEDGL_OK);
    recipe("signature", script, sizeof(script));
    put("ledger.vkey", vkey);
    put("checkpoint", note);
    assert_int_equal(run(script), 0);
    *strchr(note, '3') = '4'; /* the origin */
    put("checkpoint", note);
    assert_int_not_equal(run(script), 0);
}

static void openssl_signs_our_checkpoint(void **state)
{
    (void)state;
    make_directory();
    /* A key that openssl made, as the texts of a note key. */
    unsigned char seed[33] = {0x01}, public_key[33] = {0x01}, hash[CRYPTO_HASH_SIZE];
    unsigned char signature[68];
    char hex[9], encoded[100], skey[256], vkey[NOTE_VKEY_SIZE], made[NOTE_VKEY_SIZE], note[1024],
        ours[1024];
    assert_int_equal(run("openssl genpkey -algorithm ed25519 -outform DER -out key.der\n"
                         "tail -c 32 key.der > seed\n"
                         "openssl pkey -inform DER -in key.der -pubout -outform DER |"
                         " tail -c 32 > public"),
                     0);
    assert_int_equal(get("seed", seed + 1, 32), 32);
    assert_int_equal(get("public", public_key + 1, 32), 32);
    const struct bytes parts[] = {{"ward3.example\n", 14}, {public_key, sizeof(public_key)}};
    assert_int_equal(crypto_sha256(parts, 2, hash), MEDGL_OK);
    text_hex(hex, hash, 4);
    crypto_base64(encoded, seed, sizeof(seed), true);
    (void)snprintf(skey, sizeof(skey), "PRIVATE+KEY+ward3.example+%s+%s", hex, encoded);
    crypto_base64(encoded, public_key, sizeof(public_key), true);
    (void)snprintf(vkey, sizeof(vkey), "ward3.example+%s+%s", hex, encoded);
    auto_signer struct note_signer *signer = signer_of(skey);
    assert_int_equal(note_signer_vkey(signer, made), MEDGL_OK);
    assert_string_equal(made, vkey);

    put("text", "ward3.example\n7\n" ROOT);
    assert_int_equal(run("openssl pkeyutl -sign -keyform DER -inkey key.der -rawin"
                         " -in text -out signature"),
                     0);
    memcpy(signature, hash, 4);
    assert_int_equal(get("signature", signature + 4, 64), 64);
    crypto_base64(encoded, signature, sizeof(signature), true);
    (void)snprintf(note, sizeof(note), "ward3.example\n7\n" ROOT "\n" DASH "ward3.example %s\n",
                   encoded);
    auto_verifier struct note_verifier *verifier = verifier_of(vkey);
    struct checkpoint read;
    assert_int_equal(checkpoint_open(note, verifier, &read), MEDGL_OK);
    assert_int_equal(read.size, 7);
    assert_int_equal(checkpoint_sign(&read, signer, ours, sizeof(ours)), MEDGL_OK);
    assert_string_equal(ours, note); /* Ed25519 has one signature */
}

/* -- the manual ------------------------------------------------------------------------------- */

#define SIGNED_ENTRIES 11

/* Eleven entries under a checkpoint, and two that came later. */
static void make_ledger(char entries[16384], char first_leaf[2 * MERKLE_HASH_SIZE + 1])
{
    struct merkle_tree tree = {0};
    struct checkpoint checkpoint = {.origin = "PeterNeumann"};
    size_t used = 0;
    for (uint64_t seq = 0; seq < SIGNED_ENTRIES + 2; seq++) {
        struct ledger_entry entry = {.seq = seq,
                                     .time = (medgl_time)(1795251238120 + seq),
                                     .origin = checkpoint.origin,
                                     .kind = LEDGER_SESSION_OPEN,
                                     .actor = {.uid = -1, .name = ""}};
        ledger_entry_text(&entry, "tty", "back\\slash \"quote\" 佐藤 %s \\n");
        auto_free char *line = NULL;
        unsigned char leaf[MERKLE_HASH_SIZE];
        size_t len;
        assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
        assert_int_equal(merkle_leaf(line, len, leaf), MEDGL_OK);
        if (seq == 0)
            text_hex(first_leaf, leaf, sizeof(leaf));
        if (seq < SIGNED_ENTRIES)
            assert_int_equal(merkle_append(&tree, leaf), MEDGL_OK);
        used += (size_t)snprintf(entries + used, 16384 - used, "%s\n", line);
        assert_true(used < 16384);
    }
    auto_signer struct note_signer *signer = signer_of(PETER_SKEY);
    char note[1024];
    checkpoint.size = tree.size;
    assert_int_equal(merkle_root(&tree, checkpoint.root), MEDGL_OK);
    assert_int_equal(checkpoint_sign(&checkpoint, signer, note, sizeof(note)), MEDGL_OK);
    put("checkpoint", note);
    put("entries", entries);
}

static void manual_recomputes_leaf_and_root(void **state)
{
    (void)state;
    make_directory();
    char entries[16384], leaf[2 * MERKLE_HASH_SIZE + 1], script[2048], printed[256] = "";
    make_ledger(entries, leaf);
    recipe("leaf", script, sizeof(script));
    assert_int_equal(run(script), 0);
    assert_true(get("printed", printed, sizeof(printed) - 1) > 64);
    assert_memory_equal(printed, leaf, 64);

    recipe("root", script, sizeof(script));
    assert_int_equal(run(script), 0);
    assert_int_equal(run("rm -r tree"), 0);
    entries[strlen(entries) / 2] ^= 1;
    put("entries", entries);
    assert_int_not_equal(run(script), 0);
    assert_int_equal(run("rm -r tree"), 0);
    entries[strlen(entries) / 2] ^= 1;
    *(strchr(entries, '\n') + 1) = '\0';
    put("entries", entries);
    assert_int_not_equal(run(script), 0);
}

static void manual_names_every_kind(void **state)
{
    (void)state;
    static char page[65536];
    auto_file FILE *file = fopen(MAN_PAGE, "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    size_t items = 0;
    for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
        char item[256];
        (void)snprintf(item, sizeof(item), ".It Sy %s\n%s\n", ledger_kind_word((enum ledger_kind)i),
                       ledger_kind_help((enum ledger_kind)i));
        if (strstr(page, item) == NULL)
            print_error("medgl-ledger(5) lacks:\n%s", item);
        else
            items++;
    }
    assert_int_equal(items, LEDGER_KIND_COUNT);
}

static void table_add_directory(const char *what, const char *name, CMUnitTestFunction test)
{
    table_add(what, name, test, NULL);
    table_tests[table_count - 1].teardown_func = remove_directory;
}

int main(void)
{
    table_add("key", "a known one opens", known_key_opens, NULL);
    table_add("key", "a generated pair", generated_keys_belong_together_and_differ, NULL);
    TABLE_ADD("public key refused", bad_keys, bad_verifier_key_is_refused);
    TABLE_ADD("private key refused", bad_keys, bad_private_key_is_refused);
    TABLE_ADD("private key refused", bad_private_keys, bad_private_key_is_refused);
    table_add("private key refused", "none, and NUL", no_private_key_and_nul_in_it_are_refused,
              NULL);
    TABLE_ADD("name refused", bad_names, bad_name_gets_no_key);
    table_add("name", "of the greatest length", longest_name_works_and_one_more_is_refused, NULL);
    table_add("note", "signed as Go does", note_is_signed_as_go_does, NULL);
    TABLE_ADD("note", notes, note_opens_or_not);
    table_add("note", "a second known signature", second_known_signature_verifies, NULL);
    table_add("note", "a text with empty lines", text_may_have_empty_lines, NULL);
    table_add("note", "every cut", every_cut_note_and_every_small_buffer_is_refused, NULL);
    TABLE_ADD("text not signed", bad_texts, bad_text_is_not_signed);
    TABLE_ADD("checkpoint", checkpoints, checkpoint_opens_or_not);
    table_add("checkpoint", "of another origin", checkpoint_of_another_origin_is_not_signed, NULL);
    TABLE_ADD("note names", named_notes, note_names_its_signers);
    TABLE_ADD("form", forms, form_is_told);
    table_add("R37", "a checkpoint of both keys", checkpoint_of_both_keys_opens_with_either, NULL);
    table_add("R37", "keys that cannot be told apart",
              keys_that_no_reader_can_tell_apart_sign_nothing_together, NULL);
    table_add_directory("R08", "openssl verifies our checkpoint", openssl_verifies_our_checkpoint);
    table_add_directory("R08", "openssl signs our checkpoint", openssl_signs_our_checkpoint);
    table_add_directory("R08", "the manual's recipes work", manual_recomputes_leaf_and_root);
    table_add("R08", "the manual names every kind", manual_names_every_kind, NULL);
    return table_run("ledger_note");
}
