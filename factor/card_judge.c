/* What a certificate is worth by the trust of this machine. The order is that of certainty: without
 * a chain nothing of it is known; what was revoked stays so, whatever else is wrong; and what a
 * missing list means is said last, when all else holds.
 *
 * MUSTs:
 * - A list revokes however old it is, and whatever newer ones say. It lets nobody in unless it is
 *   whole, of this very issuer's key, and in time.
 * - Nothing but a date out of range is ever overlooked while the chain is made, and that becomes a
 *   verdict afterwards. */
#include "factor/card_piece.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CHAIN_MOST   8                  /* intermediates */
#define DIGEST_BITS  112                /* of security, of a signature's digest */
#define CLOCKS_APART (5 * MEDGL_MINUTE) /* a list may be so much of the future */

const char *card_verdict_word(enum card_verdict verdict)
{
    switch (verdict) {
    case CARD_UNDECIDED:
        break;
    case CARD_GOOD:
        return "good";
    case CARD_UNTRUSTED:
        return "untrusted";
    case CARD_NOT_YET:
        return "not-yet";
    case CARD_EXPIRED:
        return "expired";
    case CARD_REVOKED:
        return "revoked";
    case CARD_USAGE:
        return "usage";
    case CARD_WEAK_KEY:
        return "weak-key";
    case CARD_NO_CRL:
        return "no-crl";
    case CARD_CRL_OLD:
        return "crl-old";
    case CARD_BAD_SIGNATURE:
        return "bad-signature";
    }
    return "undecided";
}

/* What is being judged; certificates are the chain's. */
struct judging {
    const struct card_trust *trust;
    medgl_time now;
    STACK_OF(X509) * chain; /* the card's first, the anchor last */
    X509 *expired, *early;
    const char *why; /* there is no chain */
};

static void chain_free(STACK_OF(X509) * *chain)
{
    sk_X509_pop_free(*chain, X509_free);
}

static void judging_free(struct judging *judging)
{
    chain_free(&judging->chain);
}

/* -- the chain ------------------------------------------------------------------------------- */

static int chain_note(int good, X509_STORE_CTX *context)
{
    struct judging *judging = X509_STORE_CTX_get_app_data(context);
    int error = X509_STORE_CTX_get_error(context);
    if (good == 1)
        return 1;
    if (error != X509_V_ERR_CERT_HAS_EXPIRED && error != X509_V_ERR_CERT_NOT_YET_VALID)
        return 0;
    /* Told of the anchor first: the last one is the card's, or the nearest to it. */
    *(error == X509_V_ERR_CERT_HAS_EXPIRED ? &judging->expired : &judging->early) =
        X509_STORE_CTX_get_current_cert(context);
    return 1;
}

static void context_free(X509_STORE_CTX **context)
{
    X509_STORE_CTX_free(*context);
}

/* judging->chain stays NULL where there is none. */
static enum medgl_error chain_make(struct judging *judging, X509 *x509)
{
    auto_clean(context_free) X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL || X509_STORE_CTX_init(context, judging->trust->anchors, x509,
                                               judging->trust->intermediates) != 1)
        return MEDGL_ERR_MEMORY;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)(judging->now / MEDGL_SECOND));
    X509_VERIFY_PARAM_set_depth(param, CHAIN_MOST);
    X509_VERIFY_PARAM_set_auth_level(param, 0); /* strength is judged here, after revocation */
    X509_STORE_CTX_set_verify_cb(context, chain_note);
    if (X509_STORE_CTX_set_app_data(context, judging) != 1)
        return MEDGL_ERR_MEMORY;
    if (X509_verify_cert(context) == 1) {
        judging->chain = X509_STORE_CTX_get1_chain(context);
        return judging->chain != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
    }
    int error = X509_STORE_CTX_get_error(context);
    judging->why = X509_verify_cert_error_string(error);
    return error == X509_V_ERR_OUT_OF_MEM ? MEDGL_ERR_MEMORY : MEDGL_OK;
}

/* What OpenSSL lets pass: version 1 certificates as anchors, and a card's certificate that is an
 * anchor itself. NULL: in order. */
static const char *chain_fault(const STACK_OF(X509) * chain)
{
    int count = sk_X509_num(chain);
    if (count < 2)
        return "it is an anchor itself";
    for (int i = 0; i < count; i++) {
        X509 *x509 = sk_X509_value(chain, i);
        if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0)
            return "an extension is malformed";
        if (i > 0 && X509_check_ca(x509) != 1)
            return "an issuer is no certification authority";
    }
    return NULL;
}

/* -- revocation ------------------------------------------------------------------------------ */

static void points_free(CRL_DIST_POINTS **points)
{
    CRL_DIST_POINTS_free(*points);
}

static void idp_free(ISSUING_DIST_POINT **idp)
{
    ISSUING_DIST_POINT_free(*idp);
}

/* By full names alone, type 0. */
static bool point_equal(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
    if (a->type != 0 || b->type != 0)
        return false;
    for (int i = 0; i < sk_GENERAL_NAME_num(a->name.fullname); i++)
        for (int j = 0; j < sk_GENERAL_NAME_num(b->name.fullname); j++)
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a->name.fullname, i),
                                 sk_GENERAL_NAME_value(b->name.fullname, j)) == 0)
                return true;
    return false;
}

static bool point_of(const X509 *x509, const DIST_POINT_NAME *point)
{
    auto_clean(points_free) CRL_DIST_POINTS *points =
        X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *at = sk_DIST_POINT_value(points, i);
        if (at->distpoint != NULL && at->reasons == NULL && at->CRLissuer == NULL &&
            point_equal(at->distpoint, point))
            return true;
    }
    return false;
}

/* Whether it would be on that list if it were revoked. */
static bool list_covers(const struct card_list *list, X509 *x509)
{
    int seen;
    auto_clean(idp_free) ISSUING_DIST_POINT *idp =
        X509_CRL_get_ext_d2i(list->crl, NID_issuing_distribution_point, &seen, NULL);
    if (!list->whole)
        return false;
    if (idp == NULL)
        return seen == -1;
    bool ca = X509_check_ca(x509) != 0;
    if ((idp->onlyuser > 0 && ca) || (idp->onlyCA > 0 && !ca) || idp->onlyattr > 0)
        return false;
    return idp->distpoint == NULL || point_of(x509, idp->distpoint);
}

static bool list_names(const struct card_list *list, X509 *x509)
{
    X509_REVOKED *entry;
    int found = X509_CRL_get0_by_cert(list->crl, &entry, x509);
    /* 2: taken off again, which delta lists alone can say. */
    return found == 1 || (found == 2 && !list->delta);
}

static bool list_signed_by(const struct card_list *list, X509 *issuer)
{
    for (int i = 0; i < sk_X509_num(list->signers); i++)
        if (X509_cmp(sk_X509_value(list->signers, i), issuer) == 0)
            return true;
    return false;
}

/* An issuer with a new key signs lists about what it signed with its old one. It must come from the
 * same anchor (RFC 5280, 6.3.3 (f)): another one may have given the name to somebody else. */
static enum medgl_error list_signed_beside(const struct judging *judging,
                                           const struct card_list *list, bool *beside)
{
    X509 *anchor = sk_X509_value(judging->chain, sk_X509_num(judging->chain) - 1);
    for (int i = 0; !*beside && i < sk_X509_num(list->signers); i++) {
        auto_clean(judging_free) struct judging other = {.trust = judging->trust,
                                                         .now = judging->now};
        MEDGL_TRY(chain_make(&other, sk_X509_value(list->signers, i)));
        *beside = other.chain != NULL &&
                  X509_cmp(sk_X509_value(other.chain, sk_X509_num(other.chain) - 1), anchor) == 0;
    }
    return MEDGL_OK;
}

/* What the lists say about one certificate. */
struct standing {
    bool revoked, fresh;
    const struct card_list *newest; /* of those that cover it, a fresh one if there is any */
};

static bool list_is_fresh(const struct card_list *list, medgl_time now)
{
    return list->issued <= now + CLOCKS_APART && list->next != 0 && now < list->next;
}

static void standing_add(struct standing *standing, const struct card_list *list, medgl_time now)
{
    bool fresh = list_is_fresh(list, now);
    if (standing->newest == NULL || fresh > standing->fresh ||
        (fresh == standing->fresh && list->issued > standing->newest->issued)) {
        standing->newest = list;
        standing->fresh = fresh;
    }
}

static enum medgl_error standing_find(const struct judging *judging, int place,
                                      struct standing *standing)
{
    X509 *x509 = sk_X509_value(judging->chain, place);
    X509 *issuer = sk_X509_value(judging->chain, place + 1);
    memset(standing, 0, sizeof(*standing));
    for (size_t i = 0; i < judging->trust->list_count; i++) {
        const struct card_list *list = &judging->trust->lists[i];
        if (X509_NAME_cmp(X509_CRL_get_issuer(list->crl), X509_get_issuer_name(x509)) != 0)
            continue;
        bool own = list_signed_by(list, issuer), beside = own;
        if (list_names(list, x509)) {
            MEDGL_TRY(list_signed_beside(judging, list, &beside));
            standing->revoked = standing->revoked || beside;
        }
        if (own && list_covers(list, x509))
            standing_add(standing, list, judging->now);
    }
    return MEDGL_OK;
}

/* -- usage and strength ---------------------------------------------------------------------- */

static void usages_free(EXTENDED_KEY_USAGE **usages)
{
    EXTENDED_KEY_USAGE_free(*usages);
}

static bool usage_is_client(const X509 *x509)
{
    int seen;
    auto_clean(usages_free) EXTENDED_KEY_USAGE *usages =
        X509_get_ext_d2i(x509, NID_ext_key_usage, &seen, NULL);
    if (usages == NULL)
        return seen == -1; /* it has none: anything is right */
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));
        if (nid == NID_client_auth || nid == NID_ms_smartcard_login ||
            nid == NID_anyExtendedKeyUsage)
            return true;
    }
    return false;
}

/* A card that could issue certificates is no person's. */
static bool usage_is_right(const STACK_OF(X509) * chain, int place)
{
    X509 *x509 = sk_X509_value(chain, place);
    if (place == 0 &&
        (X509_check_ca(x509) != 0 || (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 ||
         (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0))
        return false;
    return usage_is_client(x509);
}

/* The anchor's own signature proves nothing, so its digest does not matter. */
static bool strength_is_right(const STACK_OF(X509) * chain, int place)
{
    X509 *x509 = sk_X509_value(chain, place);
    const struct card_certificate card = {x509};
    int bits = 0;
    if (!card_key_is_strong(X509_get0_pubkey(x509)) ||
        (place == 0 && card_scheme_for(&card, true) == CARD_SCHEME_NONE))
        return false;
    return place == sk_X509_num(chain) - 1 ||
           (X509_get_signature_info(x509, NULL, NULL, &bits, NULL) == 1 && bits >= DIGEST_BITS);
}

/* -- the judgement --------------------------------------------------------------------------- */

static enum medgl_error verdict_about(struct card_judgement *judgement, enum card_verdict verdict,
                                      const X509 *x509)
{
    judgement->verdict = verdict;
    return card_name_text(X509_get_subject_name(x509), judgement->about);
}

static void verdict_untrusted(struct card_judgement *judgement, const char *why)
{
    judgement->verdict = CARD_UNTRUSTED;
    text_printable(judgement->about, sizeof(judgement->about), why);
}

static void crl_times(struct card_judgement *judgement, const struct standing *standing)
{
    judgement->crl_issued = standing->newest != NULL ? standing->newest->issued : 0;
    judgement->crl_next = standing->newest != NULL ? standing->newest->next : 0;
}

/* Leaves the verdict as it is, but where something is revoked. */
static enum medgl_error judge_revoked(const struct judging *judging, struct standing *standings,
                                      struct card_judgement *judgement)
{
    int below = sk_X509_num(judging->chain) - 1;
    for (int i = 0; i < below; i++)
        MEDGL_TRY(standing_find(judging, i, &standings[i]));
    crl_times(judgement, &standings[0]);
    for (int i = 0; i < below; i++)
        if (standings[i].revoked)
            return verdict_about(judgement, CARD_REVOKED, sk_X509_value(judging->chain, i));
    return MEDGL_OK;
}

static enum medgl_error judge_itself(const struct judging *judging,
                                     struct card_judgement *judgement)
{
    int count = sk_X509_num(judging->chain);
    if (judging->expired != NULL)
        return verdict_about(judgement, CARD_EXPIRED, judging->expired);
    if (judging->early != NULL)
        return verdict_about(judgement, CARD_NOT_YET, judging->early);
    for (int i = 0; i < count; i++)
        if (!usage_is_right(judging->chain, i))
            return verdict_about(judgement, CARD_USAGE, sk_X509_value(judging->chain, i));
    for (int i = 0; i < count; i++)
        if (!strength_is_right(judging->chain, i))
            return verdict_about(judgement, CARD_WEAK_KEY, sk_X509_value(judging->chain, i));
    return MEDGL_OK;
}

/* The only place that says good. */
static enum medgl_error judge_lists(const struct judging *judging, const struct standing *standings,
                                    struct card_judgement *judgement)
{
    int below = sk_X509_num(judging->chain) - 1;
    for (int i = 0; i < below; i++)
        if (standings[i].newest == NULL)
            return verdict_about(judgement, CARD_NO_CRL, sk_X509_value(judging->chain, i + 1));
    for (int i = 0; i < below; i++)
        if (!standings[i].fresh) {
            crl_times(judgement, &standings[i]);
            return verdict_about(judgement, CARD_CRL_OLD, sk_X509_value(judging->chain, i + 1));
        }
    judgement->verdict = CARD_GOOD;
    return MEDGL_OK;
}

static enum medgl_error judge(struct judging *judging, X509 *x509, struct card_judgement *judgement)
{
    struct standing standings[CHAIN_MOST + 2];
    MEDGL_TRY(chain_make(judging, x509));
    if (judging->chain != NULL)
        judging->why = chain_fault(judging->chain);
    if (judging->chain == NULL || judging->why != NULL ||
        (size_t)sk_X509_num(judging->chain) > MEDGL_COUNT(standings)) {
        verdict_untrusted(judgement, judging->why != NULL ? judging->why : "the chain is too long");
        return MEDGL_OK;
    }
    MEDGL_TRY(judge_revoked(judging, standings, judgement));
    if (judgement->verdict == CARD_UNDECIDED)
        MEDGL_TRY(judge_itself(judging, judgement));
    if (judgement->verdict == CARD_UNDECIDED)
        MEDGL_TRY(judge_lists(judging, standings, judgement));
    return MEDGL_OK;
}

enum medgl_error card_judge(const struct card_trust *trust,
                            const struct card_certificate *certificate, medgl_time now,
                            struct card_judgement *judgement)
{
    auto_clean(judging_free) struct judging judging = {.trust = trust, .now = now};
    memset(judgement, 0, sizeof(*judgement));
    enum medgl_error error = judge(&judging, certificate->x509, judgement);
    ERR_clear_error();
    if (error != MEDGL_OK)
        judgement->verdict = CARD_UNDECIDED;
    return error;
}
