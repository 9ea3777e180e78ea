/* The smartcard driver, through libp11: what is in the readers, and a signature. The driver is
 * somebody else's code: it may hang, crash or lie here, and who gave the order reckons with it. */
#define OPENSSL_SUPPRESS_DEPRECATED /* libp11 0.4 gives its methods for PSS to an ENGINE alone */
#include "engine/card_token.h"

#include "base/secret.h"
#include "base/text.h"

#include <dlfcn.h>
#include <libp11.h>
#include <openssl/engine.h>
#include <openssl/x509v3.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#define SLOTS_MAX 64

struct driver {
    PKCS11_CTX *context;
    PKCS11_SLOT *slots;
    unsigned count;
    CK_FUNCTION_LIST *functions; /* for what libp11 does not tell; NULL: no more is known */
    ENGINE *engine;
};

static void driver_close(struct driver *driver)
{
    if (driver->slots != NULL)
        PKCS11_release_all_slots(driver->context, driver->slots, driver->count);
    if (driver->engine != NULL)
        (void)ENGINE_free(driver->engine);
    if (driver->context != NULL) {
        PKCS11_CTX_unload(driver->context);
        PKCS11_CTX_free(driver->context);
    }
}

/* The driver is loaded already: this finds it again. */
static CK_FUNCTION_LIST *driver_functions(const char *module)
{
    CK_FUNCTION_LIST *functions = NULL;
    void *handle = dlopen(module, RTLD_NOW | RTLD_NOLOAD);
    void *symbol = handle != NULL ? dlsym(handle, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get = NULL;
    memcpy(&get, &symbol, sizeof(get));
    return get != NULL && get(&functions) == CKR_OK ? functions : NULL;
}

/* No reader at all is an error to libp11. */
static bool driver_is_bare(const struct driver *driver)
{
    CK_ULONG count = 0;
    return driver->functions != NULL &&
           driver->functions->C_GetSlotList(CK_FALSE, NULL, &count) == CKR_OK && count == 0;
}

static bool driver_open(struct driver *driver, const char *module)
{
    driver->context = PKCS11_CTX_new();
    if (driver->context == NULL)
        return false;
    if (PKCS11_CTX_load(driver->context, module) != 0) {
        PKCS11_CTX_free(driver->context);
        driver->context = NULL;
        return false;
    }
    driver->functions = driver_functions(module);
    if (PKCS11_enumerate_slots(driver->context, &driver->slots, &driver->count) != 0) {
        driver->slots = NULL;
        driver->count = 0;
        return driver_is_bare(driver);
    }
    return driver->count <= SLOTS_MAX;
}

/* -- what there is ---------------------------------------------------------------------------- */

static void say_text(char *to, size_t size, const char *from)
{
    text_printable(to, size, from != NULL ? from : "");
}

static enum card_tries token_tries(const PKCS11_TOKEN *token)
{
    if (token->userPinLocked)
        return CARD_TRIES_LOCKED;
    if (token->userPinFinalTry)
        return CARD_TRIES_LAST;
    return token->userPinCountLow ? CARD_TRIES_FEWER : CARD_TRIES_UNKNOWN;
}

/* A card that the driver does not know: libp11 says of it what it says of an empty reader. */
static bool slot_has_unknown(const struct driver *driver, PKCS11_SLOT *slot)
{
    CK_SLOT_INFO info;
    memset(&info, 0, sizeof(info));
    return slot->token == NULL && driver->functions != NULL &&
           driver->functions->C_GetSlotInfo(PKCS11_get_slotid_from_slot(slot), &info) == CKR_OK &&
           (info.flags & CKF_TOKEN_PRESENT) != 0;
}

static bool slot_signs_pss(const struct driver *driver, PKCS11_SLOT *slot)
{
    CK_MECHANISM_INFO info;
    memset(&info, 0, sizeof(info));
    return driver->functions != NULL &&
           driver->functions->C_GetMechanismInfo(PKCS11_get_slotid_from_slot(slot),
                                                 CKM_RSA_PKCS_PSS, &info) == CKR_OK &&
           (info.flags & CKF_SIGN) != 0;
}

static bool key_is_among(const PKCS11_KEY *keys, unsigned count, const PKCS11_CERT *cert)
{
    for (unsigned i = 0; i < count; i++)
        if (keys[i].id_len == cert->id_len && memcmp(keys[i].id, cert->id, cert->id_len) == 0)
            return true;
    return false;
}

/* Private keys are seen after the PIN alone, on most cards: public ones tell as well. */
static bool cert_has_key(PKCS11_TOKEN *token, const PKCS11_CERT *cert)
{
    PKCS11_KEY *keys = NULL;
    unsigned count = 0;
    if (PKCS11_enumerate_keys(token, &keys, &count) == 0 && key_is_among(keys, count, cert))
        return true;
    return PKCS11_enumerate_public_keys(token, &keys, &count) == 0 &&
           key_is_among(keys, count, cert);
}

static bool cert_fits(const PKCS11_CERT *cert)
{
    return cert->x509 != NULL && cert->id != NULL && cert->id_len > 0 &&
           cert->id_len <= CARD_ID_MAX && X509_check_ca(cert->x509) == 0 &&
           i2d_X509(cert->x509, NULL) <= CARD_CERTIFICATE_MAX;
}

static bool look_certificate(const PKCS11_CERT *cert, bool pss,
                             bool (*tell)(const struct card_said *said))
{
    struct card_said said = {.kind = CARD_SAID_CERTIFICATE};
    unsigned char *at = said.certificate.der;
    int len = i2d_X509(cert->x509, &at);
    if (len <= 0)
        return true;
    said.certificate.der_len = (size_t)len;
    said.certificate.id_len = cert->id_len;
    memcpy(said.certificate.id, cert->id, cert->id_len);
    said.certificate.pss = pss;
    return tell(&said);
}

/* Of a card that shows no key at all, each certificate may have one. */
static bool look_certificates(const struct driver *driver, PKCS11_SLOT *slot, PKCS11_CERT *certs,
                              unsigned count, bool (*tell)(const struct card_said *said))
{
    const bool pss = slot_signs_pss(driver, slot);
    bool keyed = false;
    unsigned told = 0;
    for (unsigned i = 0; i < count; i++)
        keyed |= cert_fits(&certs[i]) && cert_has_key(slot->token, &certs[i]);
    for (unsigned i = 0; i < count && told < CARD_CERTIFICATES_MAX; i++) {
        if (!cert_fits(&certs[i]) || (keyed && !cert_has_key(slot->token, &certs[i])))
            continue;
        told++;
        if (!look_certificate(&certs[i], pss, tell))
            return false;
    }
    return true;
}

/* Bytes of a PIN; what the driver does not tell stays 0. */
static void look_lengths(const struct driver *driver, PKCS11_SLOT *slot, struct card_said *said)
{
    CK_TOKEN_INFO info;
    memset(&info, 0, sizeof(info));
    if (driver->functions == NULL ||
        driver->functions->C_GetTokenInfo(PKCS11_get_slotid_from_slot(slot), &info) != CKR_OK)
        return;
    said->token.pin_least = info.ulMinPinLen;
    said->token.pin_most = info.ulMaxPinLen;
}

static bool look_slot(const struct driver *driver, PKCS11_SLOT *slot,
                      bool (*tell)(const struct card_said *said))
{
    struct card_said said = {.kind = CARD_SAID_TOKEN};
    PKCS11_CERT *certs = NULL;
    unsigned count = 0;
    say_text(said.token.reader, sizeof(said.token.reader), slot->description);
    if (slot->token != NULL) {
        if (!slot->token->initialized)
            return true; /* nobody's card: SoftHSM always has one */
        say_text(said.token.label, sizeof(said.token.label), slot->token->label);
        say_text(said.token.serial, sizeof(said.token.serial), slot->token->serialnr);
        said.token.tries = token_tries(slot->token);
        said.token.pinpad = slot->token->secureLogin;
        said.token.asks = slot->token->loginRequired;
        look_lengths(driver, slot, &said);
        said.token.readable = PKCS11_enumerate_certs(slot->token, &certs, &count) == 0;
    }
    return tell(&said) &&
           (!said.token.readable || look_certificates(driver, slot, certs, count, tell));
}

static enum card_trouble look(const struct driver *driver,
                              bool (*tell)(const struct card_said *said))
{
    unsigned told = 0;
    for (unsigned i = 0; i < driver->count && told < CARD_TOKENS_MAX; i++) {
        PKCS11_SLOT *slot = &driver->slots[i];
        if (slot->token == NULL && !slot_has_unknown(driver, slot))
            continue;
        told++;
        if (!look_slot(driver, slot, tell))
            break;
    }
    return CARD_TROUBLE_NONE;
}

/* -- a signature ------------------------------------------------------------------------------ */

static bool text_is(const char *said, const char *now, size_t size)
{
    char printable[CARD_TEXT_SIZE];
    say_text(printable, size, now);
    return strcmp(said, printable) == 0;
}

/* The card by its serial, wherever it is by now. */
static PKCS11_SLOT *sign_slot(const struct driver *driver, const struct card_order *order,
                              enum card_trouble *trouble)
{
    PKCS11_SLOT *found = NULL;
    *trouble = CARD_TROUBLE_GONE;
    for (unsigned i = 0; i < driver->count; i++) {
        PKCS11_SLOT *slot = &driver->slots[i];
        const bool here = text_is(order->reader, slot->description, sizeof(order->reader));
        if (slot->token == NULL)
            continue;
        if (text_is(order->serial, slot->token->serialnr, sizeof(order->serial))) {
            if (found == NULL || here)
                found = slot;
        } else if (here && slot->token->initialized) {
            *trouble = CARD_TROUBLE_OTHER;
        }
    }
    if (found != NULL)
        *trouble = CARD_TROUBLE_NONE;
    return found;
}

/* The driver's last words, out of OpenSSL's queue: what libp11 calls a code is the number of its
 * library there. */
static int driver_last(void)
{
    const int library = ERR_get_CKR_code();
    int last = CKR_OK;
    for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error())
        if (ERR_GET_LIB(error) == library)
            last = ERR_GET_REASON(error);
    return last;
}

static enum card_trouble trouble_of(CK_RV last)
{
    switch (last) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_FUNCTION_CANCELED: /* at a reader's own keys */
        return CARD_TROUBLE_PIN;
    case CKR_PIN_LOCKED:
    case CKR_PIN_EXPIRED:
        return CARD_TROUBLE_PIN_LOCKED;
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
        return CARD_TROUBLE_GONE;
    default:
        return CARD_TROUBLE_SIGN;
    }
}

/* Why an act of libp11 failed, which began with an empty queue. */
static enum card_trouble trouble_now(void)
{
    return trouble_of((CK_RV)driver_last());
}

/* MUST: CKR_OK alone is a PIN that was checked. libp11 takes "already logged in" for one as well.
 * The session stays open: with the last one the card would forget. */
static CK_RV sign_login(const struct driver *driver, PKCS11_SLOT *slot, const char *pin)
{
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR *text = (CK_UTF8CHAR *)(uintptr_t)pin;
    CK_RV rv = CKR_GENERAL_ERROR;
    if (driver->functions == NULL || !slot->token->loginRequired)
        return rv;
    rv = driver->functions->C_OpenSession(PKCS11_get_slotid_from_slot(slot), CKF_SERIAL_SESSION,
                                          NULL, NULL, &session);
    if (rv != CKR_OK)
        return rv;
    return driver->functions->C_Login(session, CKU_USER, text, pin != NULL ? strlen(pin) : 0);
}

/* The tries that are left now are read anew: what libp11 keeps is from before the PIN. */
static enum card_tries sign_tries(const struct driver *driver, PKCS11_SLOT *slot)
{
    CK_TOKEN_INFO info;
    memset(&info, 0, sizeof(info));
    if (driver->functions == NULL ||
        driver->functions->C_GetTokenInfo(PKCS11_get_slotid_from_slot(slot), &info) != CKR_OK)
        return CARD_TRIES_UNKNOWN;
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
        return CARD_TRIES_LOCKED;
    if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return CARD_TRIES_LAST;
    return (info.flags & CKF_USER_PIN_COUNT_LOW) != 0 ? CARD_TRIES_FEWER : CARD_TRIES_UNKNOWN;
}

/* A key that wants the PIN for each signature asks for it here. */
static int pin_read(UI *ui, UI_STRING *string)
{
    const enum UI_string_types type = UI_get_string_type(string);
    if (type != UIT_PROMPT && type != UIT_VERIFY)
        return 1;
    return UI_set_result(ui, string, UI_get0_user_data(ui)) == 0;
}

static PKCS11_KEY *sign_key(PKCS11_TOKEN *token, const struct card_order *order)
{
    PKCS11_KEY *keys = NULL;
    unsigned count = 0;
    if (PKCS11_enumerate_keys(token, &keys, &count) != 0)
        return NULL;
    for (unsigned i = 0; i < count; i++)
        if (keys[i].isPrivate && keys[i].id_len == order->id_len &&
            memcmp(keys[i].id, order->id, order->id_len) == 0)
            return &keys[i];
    return NULL;
}

/* Without an engine of its own PSS would be padded here, for a card that then signs anything. */
static EVP_PKEY_CTX *sign_context(struct driver *driver, EVP_PKEY *pkey, enum card_scheme scheme)
{
    if (scheme != CARD_RSA_PSS_SHA256)
        return EVP_PKEY_CTX_new(pkey, NULL);
    driver->engine = ENGINE_new();
    if (driver->engine == NULL || ENGINE_set_id(driver->engine, "medgl-card") != 1 ||
        ENGINE_set_pkey_meths(driver->engine, PKCS11_pkey_meths) != 1)
        return NULL;
    return EVP_PKEY_CTX_new(pkey, driver->engine);
}

static bool sign_scheme(EVP_PKEY_CTX *ctx, enum card_scheme scheme)
{
    if (EVP_PKEY_sign_init(ctx) != 1)
        return false;
    switch (scheme) {
    case CARD_SCHEME_NONE:
        return false;
    case CARD_RSA_PSS_SHA256:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    case CARD_RSA_PKCS1_SHA256:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
    case CARD_ECDSA_SHA256:
        return EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
    }
    return false;
}

static enum card_trouble sign_digest(struct driver *driver, PKCS11_KEY *key,
                                     const struct card_order *order, struct card_said *said)
{
    ERR_clear_error();
    EVP_PKEY *pkey = PKCS11_get_private_key(key);
    EVP_PKEY_CTX *ctx = pkey != NULL ? sign_context(driver, pkey, order->scheme) : NULL;
    size_t len = sizeof(said->signature.bytes);
    bool good =
        ctx != NULL && EVP_PKEY_get_size(pkey) > 0 && (size_t)EVP_PKEY_get_size(pkey) <= len &&
        sign_scheme(ctx, order->scheme) &&
        EVP_PKEY_sign(ctx, said->signature.bytes, &len, order->digest, sizeof(order->digest)) == 1;
    enum card_trouble trouble = good ? CARD_TROUBLE_NONE : trouble_now();
    said->signature.len = good ? len : 0;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return trouble;
}

static enum card_trouble sign(struct driver *driver, const struct card_order *order,
                              struct card_said *said, enum card_tries *tries)
{
    enum card_trouble trouble;
    PKCS11_SLOT *slot = sign_slot(driver, order, &trouble);
    if (slot == NULL)
        return trouble;
    const bool pinpad = slot->token->secureLogin;
    UI_METHOD *ui = UI_create_method("medgl-card");
    if (ui == NULL || UI_method_set_reader(ui, pin_read) != 0 ||
        PKCS11_set_ui_method(driver->context, ui, (void *)(uintptr_t)order->pin) != 0)
        return CARD_TROUBLE_SIGN;
    const CK_RV rv = sign_login(driver, slot, pinpad ? NULL : order->pin);
    if (rv != CKR_OK) {
        trouble = trouble_of(rv);
        *tries = sign_tries(driver, slot);
        return trouble == CARD_TROUBLE_PIN && *tries == CARD_TRIES_LOCKED ? CARD_TROUBLE_PIN_LOCKED
                                                                          : trouble;
    }
    PKCS11_KEY *key = sign_key(slot->token, order);
    return key != NULL ? sign_digest(driver, key, order, said) : CARD_TROUBLE_SIGN;
}

void card_token_serve(const struct card_order *order, bool (*tell)(const struct card_said *said))
{
    struct driver driver = {0};
    struct card_said signature = {.kind = CARD_SAID_SIGNATURE};
    struct card_said end = {.kind = CARD_SAID_END, .end.trouble = CARD_TROUBLE_DRIVER};
    const bool open = driver_open(&driver, order->module);
    if (open && order->kind == CARD_ORDER_LOOK)
        end.end.trouble = look(&driver, tell);
    if (open && order->kind == CARD_ORDER_SIGN) {
        enum card_tries tries = CARD_TRIES_UNKNOWN;
        end.end.trouble = sign(&driver, order, &signature, &tries);
        end.end.tries = tries;
        if (end.end.trouble == CARD_TROUBLE_NONE)
            (void)tell(&signature);
    }
    (void)tell(&end);
    driver_close(&driver);
}
