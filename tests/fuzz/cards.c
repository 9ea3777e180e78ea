/* Certificates, and the files of a trust directory. */
#include "base/auto.h"
#include "base/text.h"
#include "factor/card.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define JUNE INT64_C(1780272000000) /* 2026-06-01: the certificates of the tests are good then */

static struct card_certificate *read_certificate(const void *bytes, size_t len)
{
    struct card_certificate *certificate = NULL;
    if (card_certificate_read(bytes, len, false, &certificate) != MEDGL_OK &&
        card_certificate_read(bytes, len, true, &certificate) != MEDGL_OK)
        must(certificate == NULL);
    return certificate;
}

/* A rule that is made of a certificate holds of it. */
static void check_match(const struct card_certificate *certificate, enum card_match_kind kind,
                        const char *attribute)
{
    char match[CARD_MATCH_SIZE];
    bool holds = false;
    if (card_match_make(certificate, kind, attribute, match) != MEDGL_OK)
        return;
    must(card_match_holds(match, certificate, &holds) == MEDGL_OK && holds);
}

void fuzz_certificate(const uint8_t *bytes, size_t len)
{
    static const unsigned char digest[CRYPTO_HASH_SIZE];
    auto_clean(card_certificate_free) struct card_certificate *certificate =
        read_certificate(bytes, len);
    struct card_facts facts;
    bool good = true;
    if (certificate == NULL)
        return;
    if (card_certificate_facts(certificate, &facts) == MEDGL_OK)
        must(text_is_printable(facts.subject) && text_is_printable(facts.issuer));
    check_match(certificate, CARD_MATCH_EXACT, "");
    check_match(certificate, CARD_MATCH_SERIAL, "");
    check_match(certificate, CARD_MATCH_SUBJECT, "CN");
    check_match(certificate, CARD_MATCH_SUBJECT, "emailAddress");
    enum card_scheme scheme = card_scheme_for(certificate, (len & 1) != 0);
    size_t signature = len < CARD_SIGNATURE_MAX ? len : CARD_SIGNATURE_MAX;
    (void)card_verify(certificate, scheme, digest, bytes, signature, &good);
    must(!good);
}

/* The first line is a rule, the rest a certificate. */
void fuzz_match(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = memchr(bytes, '\n', len);
    char match[2 * CARD_MATCH_SIZE];
    bool holds;
    if (end == NULL || (size_t)(end - bytes) >= sizeof(match))
        return;
    size_t match_len = (size_t)(end - bytes);
    auto_clean(card_certificate_free) struct card_certificate *certificate =
        read_certificate(end + 1, len - match_len - 1);
    if (certificate == NULL)
        return;
    memcpy(match, bytes, match_len);
    match[match_len] = '\0';
    if (card_match_holds(match, certificate, &holds) != MEDGL_OK)
        must(!holds);
}

/* One file of the directory; the last certificate in it is judged by it. */
void fuzz_trust(const uint8_t *bytes, size_t len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    struct card_trust_facts facts;
    struct card_judgement judgement;
    const uint8_t *last = bytes, *next;
    must(card_trust_new(&trust) == MEDGL_OK);
    if (card_trust_add(trust, "file", bytes, len) != MEDGL_OK ||
        card_trust_settle(trust) != MEDGL_OK)
        return;
    card_trust_facts(trust, JUNE, &facts);
    while ((next = memmem(last + (last > bytes), len - (size_t)(last - bytes) - (last > bytes),
                          begin, sizeof(begin) - 1)) != NULL &&
           next > last)
        last = next;
    auto_clean(card_certificate_free) struct card_certificate *certificate =
        read_certificate(last, len - (size_t)(last - bytes));
    if (certificate == NULL || card_judge(trust, certificate, JUNE, &judgement) != MEDGL_OK)
        return;
    must(text_is_printable(judgement.about) && judgement.verdict != CARD_UNDECIDED);
    must(judgement.verdict != CARD_GOOD || facts.anchors > 0);
}
