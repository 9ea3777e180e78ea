/* Anchors, intermediates and lists of revoked certificates, from a directory that the administrator
 * keeps. Nothing is ever fetched, and no name from a certificate becomes the name of a file. */
#include "factor/card_piece.h"

#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define TRUST_FILE_MAX ((size_t)32 << 20) /* lists of whole countries have some megabytes */

static const char *const trust_suffixes[] = {".pem", ".crt", ".crl"};

static void crl_free(X509_CRL **crl)
{
    X509_CRL_free(*crl);
}

static void idp_free(ISSUING_DIST_POINT **idp)
{
    ISSUING_DIST_POINT_free(*idp);
}

void card_trust_free(struct card_trust **trust)
{
    if (*trust == NULL)
        return;
    for (size_t i = 0; i < (*trust)->list_count; i++) {
        X509_CRL_free((*trust)->lists[i].crl);
        sk_X509_free((*trust)->lists[i].signers);
    }
    free((*trust)->lists);
    X509_STORE_free((*trust)->anchors);
    sk_X509_free((*trust)->intermediates);
    sk_X509_pop_free((*trust)->all, X509_free);
    free(*trust);
    *trust = NULL;
}

/* Of several issuers of one name the one whose key it was. */
static int trust_issued(X509_STORE_CTX *context, X509 *x509, X509 *issuer)
{
    (void)context;
    return X509_check_issued(issuer, x509) == X509_V_OK &&
           X509_verify(x509, X509_get0_pubkey(issuer)) == 1;
}

enum medgl_error card_trust_new(struct card_trust **trust)
{
    auto_clean(card_trust_free) struct card_trust *made = calloc(1, sizeof(*made));
    *trust = NULL;
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    made->anchors = X509_STORE_new();
    made->intermediates = sk_X509_new_null();
    made->all = sk_X509_new_null();
    if (made->anchors == NULL || made->intermediates == NULL || made->all == NULL)
        return MEDGL_ERR_MEMORY;
    X509_STORE_set_check_issued(made->anchors, trust_issued);
    *trust = auto_give(made);
    return MEDGL_OK;
}

/* -- what a file says ------------------------------------------------------------------------ */

static enum medgl_error add_refuse(const char *name)
{
    log_line(LOG_ERR,
             "%s holds a certificate or list of revoked ones that cannot be read: get it again "
             "from its issuer, and put it there by a rename",
             name);
    return MEDGL_ERR_CORRUPT;
}

static enum medgl_error add_certificate(struct card_trust *trust, const char *name,
                                        const void *bytes, size_t len)
{
    auto_clean(card_x509_free) X509 *x509 = card_x509(bytes, len);
    if (x509 == NULL)
        return add_refuse(name);
    if (sk_X509_push(trust->all, x509) <= 0)
        return MEDGL_ERR_MEMORY;
    X509 *kept = auto_give(x509); /* of `all` now */
    bool itself = X509_self_signed(kept, 1) == 1;
    /* What says to be an anchor and has a wrong signature is damaged. */
    if (!itself && (X509_get_extension_flags(kept) & (EXFLAG_SS | EXFLAG_INVALID)) != 0)
        return add_refuse(name);
    if (!itself)
        return sk_X509_push(trust->intermediates, kept) > 0 ? MEDGL_OK : MEDGL_ERR_MEMORY;
    trust->anchor_count++;
    return X509_STORE_add_cert(trust->anchors, kept) == 1 ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

/* Whether a critical extension is there that is not among those: then the list may mean something
 * else than it seems to. */
static bool extensions_known(const STACK_OF(X509_EXTENSION) * extensions, const int *known)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(extensions, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        bool found = !X509_EXTENSION_get_critical(extension);
        for (const int *at = known; !found && *at != NID_undef; at++)
            found = *at == nid;
        if (!found)
            return false;
    }
    return true;
}

static bool entries_known(X509_CRL *crl)
{
    static const int known[] = {NID_crl_reason, NID_invalidity_date, NID_certificate_issuer,
                                NID_undef};
    const STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
        if (!extensions_known(X509_REVOKED_get0_extensions(sk_X509_REVOKED_value(entries, i)),
                              known))
            return false;
    return true;
}

static bool digest_is_strong(const X509_CRL *crl)
{
    int digest = NID_undef;
    if (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &digest, NULL) != 1)
        return false;
    /* Schemes without a digest of their own name (PSS, Ed25519) are of a later time. */
    return digest != NID_md2 && digest != NID_md4 && digest != NID_md5 && digest != NID_md5_sha1 &&
           digest != NID_sha1 && digest != NID_ripemd160 && digest != NID_mdc2;
}

/* Whether all that its issuer revoked is on it, but for its distribution point. NULL: yes. */
static const char *list_lacks(X509_CRL *crl, const ISSUING_DIST_POINT *idp, bool delta)
{
    static const int known[] = {NID_issuing_distribution_point, NID_crl_number,
                                NID_authority_key_identifier, NID_undef};
    if (delta)
        return "it is a delta list";
    if (idp != NULL && idp->indirectCRL > 0)
        return "it is an indirect list";
    if (idp != NULL && idp->onlysomereasons != NULL)
        return "it has some reasons alone";
    if (idp != NULL && idp->onlyattr > 0)
        return "it is of attribute certificates";
    if (!extensions_known(X509_CRL_get0_extensions(crl), known) || !entries_known(crl))
        return "it has a critical extension that is not known here";
    return digest_is_strong(crl) ? NULL : "its digest is weak";
}

static bool list_read(X509_CRL *crl, struct card_list *list, const char **lacks)
{
    int seen, delta;
    auto_clean(idp_free) ISSUING_DIST_POINT *idp =
        X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &seen, NULL);
    if (idp == NULL && seen != -1) /* twice, or malformed */
        return false;
    delta = X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1);
    list->delta = delta >= 0;
    *lacks = list_lacks(crl, idp, list->delta);
    list->whole = *lacks == NULL;
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    return card_time(X509_CRL_get0_lastUpdate(crl), &list->issued) == MEDGL_OK &&
           (next == NULL || card_time(next, &list->next) == MEDGL_OK);
}

static enum medgl_error add_list(struct card_trust *trust, const char *name, const void *bytes,
                                 size_t len)
{
    const unsigned char *at = bytes;
    const char *lacks = NULL;
    struct card_list list = {.delta = false};
    auto_clean(crl_free) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)len);
    if (crl == NULL || at != (const unsigned char *)bytes + len || !list_read(crl, &list, &lacks))
        return add_refuse(name);
    if (lacks != NULL)
        log_line(LOG_WARNING,
                 "%s holds a list of revoked certificates on which not all of its issuer's are "
                 "(%s): put the whole list beside it",
                 name, lacks);
    struct card_list *more =
        reallocarray(trust->lists, trust->list_count + 1, sizeof(*trust->lists));
    if (more == NULL)
        return MEDGL_ERR_MEMORY;
    trust->lists = more;
    if ((list.signers = sk_X509_new_null()) == NULL)
        return MEDGL_ERR_MEMORY;
    list.crl = auto_give(crl);
    trust->lists[trust->list_count++] = list;
    return MEDGL_OK;
}

static enum medgl_error add_pem(struct card_trust *trust, const char *name, const void *bytes,
                                size_t len)
{
    auto_clean(card_bio_free) BIO *in = BIO_new_mem_buf(bytes, (int)len);
    if (in == NULL)
        return MEDGL_ERR_MEMORY;
    for (size_t left = card_pem_count(bytes, len); left > 0; left--) {
        auto_clean(card_text_free) char *kind = NULL;
        auto_clean(card_bytes_free) unsigned char *der = NULL;
        size_t der_len = 0;
        if (card_pem_next(in, &kind, &der, &der_len) != MEDGL_OK)
            return add_refuse(name);
        if (strcmp(kind, PEM_STRING_X509) == 0 || strcmp(kind, PEM_STRING_X509_OLD) == 0) {
            MEDGL_TRY(add_certificate(trust, name, der, der_len));
        } else if (strcmp(kind, PEM_STRING_X509_CRL) == 0) {
            MEDGL_TRY(add_list(trust, name, der, der_len));
        } else {
            log_line(LOG_ERR,
                     "%s holds a %.40s: leave nothing there but certificates and lists of revoked "
                     "ones",
                     name, kind);
            return MEDGL_ERR_CORRUPT;
        }
    }
    return MEDGL_OK;
}

enum medgl_error card_trust_add(struct card_trust *trust, const char *name, const void *bytes,
                                size_t len)
{
    enum medgl_error error = MEDGL_ERR_CORRUPT;
    if (len == 0 || len > TRUST_FILE_MAX)
        return add_refuse(name);
    if (card_pem_count(bytes, len) > 0) {
        error = add_pem(trust, name, bytes, len);
    } else {
        /* A list is no certificate at its first date; they may be long, and are read once. */
        const unsigned char *at = bytes;
        auto_clean(card_x509_free) X509 *x509 = d2i_X509(NULL, &at, (long)len);
        error = x509 != NULL ? add_certificate(trust, name, bytes, len)
                             : add_list(trust, name, bytes, len);
    }
    ERR_clear_error();
    return error;
}

/* -- the directory --------------------------------------------------------------------------- */

/* Whose key signed which list: asked once, for lists may be long. */
static enum medgl_error trust_sign(const struct card_trust *trust, const struct card_list *list)
{
    for (int i = 0; i < sk_X509_num(trust->all); i++) {
        X509 *x509 = sk_X509_value(trust->all, i);
        if (X509_NAME_cmp(X509_get_subject_name(x509), X509_CRL_get_issuer(list->crl)) != 0 ||
            X509_check_ca(x509) == 0 || (X509_get_key_usage(x509) & KU_CRL_SIGN) == 0 ||
            X509_get0_pubkey(x509) == NULL ||
            X509_CRL_verify(list->crl, X509_get0_pubkey(x509)) != 1)
            continue;
        if (sk_X509_push(list->signers, x509) <= 0)
            return MEDGL_ERR_MEMORY;
    }
    if (sk_X509_num(list->signers) > 0)
        return MEDGL_OK;
    char issuer[CARD_TEXT_SIZE];
    MEDGL_TRY(card_name_text(X509_CRL_get_issuer(list->crl), issuer));
    log_line(LOG_WARNING,
             "a list of revoked certificates by %s says nothing here, for no certificate beside it "
             "has the key that signed it: put its issuer's there, or take the list away",
             issuer);
    return MEDGL_OK;
}

enum medgl_error card_trust_settle(struct card_trust *trust)
{
    for (size_t i = 0; i < trust->list_count; i++) {
        sk_X509_zero(trust->lists[i].signers);
        MEDGL_TRY(trust_sign(trust, &trust->lists[i]));
    }
    ERR_clear_error();
    return MEDGL_OK;
}

static int trust_filter(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    if (entry->d_name[0] == '.')
        return 0;
    for (size_t i = 0; i < MEDGL_COUNT(trust_suffixes); i++)
        if (len > strlen(trust_suffixes[i]) &&
            strcasecmp(entry->d_name + len - strlen(trust_suffixes[i]), trust_suffixes[i]) == 0)
            return 1;
    return 0;
}

/* Not by file_read_trusted(): this is public, and too much to be locked in memory. */
static enum medgl_error trust_read(struct card_trust *trust, const char *path, uid_t owner)
{
    const struct file_rule rule = {.owner = owner, .forbidden = 0022, .max = TRUST_FILE_MAX};
    auto_fd int fd = -1;
    struct stat st;
    enum medgl_error error = file_open_trusted(path, &rule, &fd);
    if (error == MEDGL_ERR_NOT_FOUND) /* taken away just now */
        return MEDGL_OK;
    if (error != MEDGL_OK || fstat(fd, &st) != 0)
        return MEDGL_ERR_CORRUPT;
    auto_free unsigned char *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        return MEDGL_ERR_MEMORY;
    auto_file FILE *stream = fdopen(fd, "r");
    if (stream == NULL)
        return MEDGL_ERR_MEMORY;
    fd = -1; /* the stream's now */
    size_t len = fread(bytes, 1, (size_t)st.st_size + 1, stream);
    if (ferror(stream) || len != (size_t)st.st_size) {
        log_line(LOG_ERR, "%s changed while it was read: put files there by a rename", path);
        return MEDGL_ERR_CORRUPT;
    }
    return card_trust_add(trust, path, bytes, len);
}

static enum medgl_error trust_open(const char *directory, uid_t owner, int *fd)
{
    struct stat st;
    *fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st) != 0) {
        enum medgl_error error = medgl_error_from_errno(errno);
        log_line(LOG_ERR, "%s cannot be opened: %m: make it a directory that uid %u may read",
                 directory, (unsigned)geteuid());
        return error;
    }
    if ((st.st_uid == 0 || st.st_uid == owner) && (st.st_mode & 0022) == 0)
        return MEDGL_OK;
    log_line(LOG_ERR,
             "%s must belong to root or uid %u and be writable by its owner alone: mend it with "
             "chown and chmod",
             directory, (unsigned)owner);
    return MEDGL_ERR_ACCESS;
}

/* Every file is looked at, so that all that is wrong is logged at once. */
static enum medgl_error trust_read_all(struct card_trust *trust, const char *directory, uid_t owner,
                                       struct dirent **names, int count)
{
    enum medgl_error result = MEDGL_OK;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name) >= PATH_MAX)
            return MEDGL_ERR_ARGUMENT;
        enum medgl_error error = trust_read(trust, path, owner);
        if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
            return error;
        if (error != MEDGL_OK)
            result = error;
    }
    return result;
}

enum medgl_error card_trust_load(const char *directory, uid_t owner, struct card_trust **trust)
{
    auto_clean(card_trust_free) struct card_trust *loaded = NULL;
    auto_fd int fd = -1;
    struct dirent **names = NULL;
    *trust = NULL;
    MEDGL_TRY(card_trust_new(&loaded));
    MEDGL_TRY(trust_open(directory, owner, &fd));
    int count = scandirat(fd, ".", &names, trust_filter, alphasort);
    if (count < 0)
        return medgl_error_from_errno(errno);
    enum medgl_error error = trust_read_all(loaded, directory, owner, names, count);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    MEDGL_TRY(error);
    if (loaded->anchor_count == 0)
        return MEDGL_ERR_NOT_FOUND;
    MEDGL_TRY(card_trust_settle(loaded));
    *trust = auto_give(loaded);
    return MEDGL_OK;
}

/* One that lets people in; NULL: there is none. */
static const struct card_list *trust_newest(const struct card_trust *trust, X509 *issuer)
{
    const struct card_list *newest = NULL;
    for (size_t i = 0; i < trust->list_count; i++) {
        const struct card_list *list = &trust->lists[i];
        if (list->whole && sk_X509_find(list->signers, issuer) >= 0 &&
            (newest == NULL || list->issued > newest->issued))
            newest = list;
    }
    return newest;
}

void card_trust_facts(const struct card_trust *trust, medgl_time now,
                      struct card_trust_facts *facts)
{
    *facts = (struct card_trust_facts){.anchors = trust->anchor_count, .lists = trust->list_count};
    for (int i = 0; i < sk_X509_num(trust->all); i++) {
        X509 *issuer = sk_X509_value(trust->all, i);
        const struct card_list *newest = trust_newest(trust, issuer);
        if (newest == NULL && X509_check_ca(issuer) != 0 && facts->missing++ == 0)
            (void)card_name_text(X509_get_subject_name(issuer), facts->without);
        if (newest == NULL)
            continue;
        facts->old += newest->next <= now;
        if (newest->next != 0 && (facts->next == 0 || newest->next < facts->next))
            facts->next = newest->next;
    }
}
