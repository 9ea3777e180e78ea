/* Devices that other programs know are taken over (R24): each in its own transaction, with its
 * entry. A file is read in full before anything is done. */
#include "base/message.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/role.h"
#include "operation/totp.h"

#include <stdio.h>
#include <string.h>

/* One device of the file, or why it cannot be taken over. */
struct import_item {
    struct otp_found found;
    const char *problem; /* N_(); NULL: none */
    bool taken;          /* or would be */
    char account_id[CRYPTO_ID_SIZE];
    unsigned char tag[CRYPTO_HASH_SIZE]; /* of the secret, where it is taken */
};

/* A secret that somebody has already, by a keyed hash. */
struct import_known {
    unsigned char tag[CRYPTO_HASH_SIZE];
    char account_id[CRYPTO_ID_SIZE];
};

struct import_run {
    struct context *context;
    const struct totp_import_request *request;
    struct secret items; /* struct import_item */
    struct import_known *known;
    size_t known_count;
    uint64_t known_at; /* how many entries the ledger had when they were read; 0: not yet */
    size_t at;         /* of the items: the one that it is about */
    struct account account;
    bool refused, done;
    char why[OPERATION_WHY_SIZE];
};

static void import_run_free(struct import_run *run)
{
    secret_free(&run->items);
    free(run->known);
}

static size_t import_count(const struct import_run *run)
{
    return run->items.len / sizeof(struct import_item);
}

static struct import_item *import_item(const struct import_run *run, size_t i)
{
    return (struct import_item *)(void *)run->items.bytes + i;
}

static const char *import_user(const struct import_run *run, const struct import_item *item)
{
    return run->request->name != NULL ? run->request->name : item->found.user;
}

/* -- reading the file ------------------------------------------------------------------------- */

static enum medgl_error import_keep(struct import_run *run, const struct import_item *item)
{
    struct secret *items = &run->items;
    if (items->len + sizeof(*item) > items->cap) {
        auto_secret struct secret larger = SECRET_NONE;
        MEDGL_TRY(secret_alloc(&larger, 2 * items->cap + 8 * sizeof(*item)));
        if (items->len > 0)
            memcpy(larger.bytes, items->bytes, items->len);
        larger.len = items->len;
        secret_free(items);
        *items = larger;
        larger = (struct secret)SECRET_NONE;
    }
    memcpy(items->bytes + items->len, item, sizeof(*item));
    items->len += sizeof(*item);
    return MEDGL_OK;
}

/* What it says of others is not asked for. A token without a user is whose NAME says. */
static bool import_wanted(const struct import_run *run, const char *user, const char *serial)
{
    const struct totp_import_request *request = run->request;
    if (request->serial != NULL && strcmp(request->serial, serial) != 0)
        return false;
    return request->name == NULL || user[0] == '\0' || strcmp(user, request->name) == 0 ||
           request->serial != NULL;
}

static void import_item_wipe(struct import_item *item)
{
    secret_wipe(item, sizeof(*item));
}

static enum medgl_error import_found(void *argument, const struct otp_found *found)
{
    auto_clean(import_item_wipe) struct import_item item = {.found = *found};
    struct import_run *run = argument;
    return import_wanted(run, found->user, found->serial) ? import_keep(run, &item) : MEDGL_OK;
}

static void import_problem(void *argument, size_t line, const char *user, const char *serial,
                           const char *why)
{
    struct import_item item = {.found.line = line, .problem = why};
    struct import_run *run = argument;
    text_printable(item.found.user, sizeof(item.found.user), user);
    text_printable(item.found.serial, sizeof(item.found.serial), serial);
    if (!import_wanted(run, item.found.user, serial))
        return;
    if (import_keep(run, &item) != MEDGL_OK)
        run->refused = true; /* at least it is said that something is missing */
}

static enum medgl_error import_parse(struct import_run *run)
{
    const struct totp_import_request *request = run->request;
    const struct otp_import import = {
        .argument = run, .found = import_found, .problem = import_problem, .now = clock_read().now};
    switch (request->form) {
    case TOTP_IMPORT_USERS:
        return otp_import_users(request->text, &import);
    case TOTP_IMPORT_GOOGLE:
        return otp_import_google(request->text, request->name, &import);
    case TOTP_IMPORT_PSKC:
        return otp_import_pskc(request->text, request->key, request->password, &import);
    }
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error import_say(char *why, enum medgl_error error, const char *text)
{
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s", text);
    return error;
}

static enum medgl_error import_read(struct import_run *run, char why[OPERATION_WHY_SIZE])
{
    const struct totp_import_request *request = run->request;
    if (request->form == TOTP_IMPORT_GOOGLE && request->name == NULL)
        return import_say(why, MEDGL_ERR_ARGUMENT,
                          _("a file of google-authenticator does not say whose it is: give NAME"));
    const enum medgl_error error = import_parse(run);
    if (error == MEDGL_ERR_KEY)
        return import_say(why, MEDGL_ERR_ARGUMENT,
                          _("the secrets in the file cannot be decrypted: they need the right key "
                            "(--key FILE) or password (--ask-password)"));
    if (error == MEDGL_ERR_ARGUMENT)
        return import_say(why, error, _("the file is none of that format"));
    MEDGL_TRY(error);
    if (import_count(run) == 0)
        return import_say(why, MEDGL_ERR_REFUSED, _("the file holds no device that is asked for"));
    return MEDGL_OK;
}

/* Several tokens without a user cannot all be one person's by an oversight. */
static enum medgl_error import_judge_whole(const struct import_run *run,
                                           char why[OPERATION_WHY_SIZE])
{
    size_t without = 0;
    for (size_t i = 0; i < import_count(run); i++)
        without += import_item(run, i)->problem == NULL &&
                   import_item(run, i)->found.user[0] == '\0' && run->request->name != NULL;
    if (without <= 1)
        return MEDGL_OK;
    return import_say(why, MEDGL_ERR_REFUSED,
                      _("the file holds several devices and does not say whose they are: choose "
                        "one with --serial"));
}

/* -- secrets that are enrolled already -------------------------------------------------------- */

/* By the key that codes are made with: a secret that was written in another way is the same. */
static enum medgl_error import_tag(const struct import_run *run, const struct totp_record *record,
                                   unsigned char tag[CRYPTO_HASH_SIZE])
{
    unsigned char key[TOTP_SECRET_MAX];
    size_t len = 0;
    enum medgl_error error = totp_record_key(record, key, &len);
    if (error == MEDGL_OK)
        error =
            crypto_hmac_sha256(run->context->tag_key, sizeof(run->context->tag_key), key, len, tag);
    secret_wipe(key, sizeof(key));
    return error;
}

static enum medgl_error import_learn(void *argument, const struct credential *credential)
{
    struct import_run *run = argument;
    auto_clean(totp_record_clear) struct totp_record record = {.digits = 0};
    auto_secret struct secret text = SECRET_NONE;
    if (credential->kind != CREDENTIAL_TOTP)
        return MEDGL_OK;
    struct import_known *larger =
        reallocarray(run->known, run->known_count + 1, sizeof(*run->known));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->known = larger;
    MEDGL_TRY(factor_unseal(run->context, credential, &text));
    MEDGL_TRY(totp_record_read(&text, &record));
    memcpy(larger[run->known_count].account_id, credential->account_id, CRYPTO_ID_SIZE);
    MEDGL_TRY(import_tag(run, &record, larger[run->known_count].tag));
    run->known_count++;
    return MEDGL_OK;
}

/* All are opened again only where somebody else has acted in between. */
static enum medgl_error import_learn_all(struct store_txn *txn, struct import_run *run)
{
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    if (run->known_at == head.tree.size)
        return MEDGL_OK;
    run->known_count = 0;
    run->known_at = 0;
    MEDGL_TRY(store_credential_each(txn, import_learn, run));
    run->known_at = head.tree.size;
    return MEDGL_OK;
}

/* Whose it is; NULL: nobody's. Those that a dry run would have taken count too. */
static const char *import_owner(const struct import_run *run, const unsigned char *tag)
{
    for (size_t i = 0; i < run->known_count; i++)
        if (memcmp(run->known[i].tag, tag, CRYPTO_HASH_SIZE) == 0)
            return run->known[i].account_id;
    for (size_t i = 0; i < run->at; i++)
        if (import_item(run, i)->taken &&
            memcmp(import_item(run, i)->tag, tag, CRYPTO_HASH_SIZE) == 0)
            return import_item(run, i)->account_id;
    return NULL;
}

static enum medgl_error import_judge_secret(struct store_txn *txn, struct import_run *run,
                                            struct import_item *item)
{
    struct account owner;
    MEDGL_TRY(import_tag(run, &item->found.record, item->tag));
    MEDGL_TRY(import_learn_all(txn, run));
    const char *owner_id = import_owner(run, item->tag);
    if (owner_id == NULL)
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(txn, owner_id, &owner));
    (void)snprintf(run->why, sizeof(run->why), _("the same device is enrolled already, for %s"),
                   owner.name);
    return MEDGL_ERR_EXISTS;
}

/* -- one device ------------------------------------------------------------------------------- */

static uint32_t import_besides(const struct import_run *run)
{
    uint32_t count = 0;
    for (size_t i = 0; i < run->at && run->request->dry_run; i++)
        count += import_item(run, i)->taken &&
                 strcmp(import_item(run, i)->account_id, run->account.id) == 0;
    return count;
}

/* MUST: a file is believed about what was used before, but cannot close a device for good. */
static bool import_times_fit(const struct otp_found *found, medgl_time now)
{
    return found->drift >= -TOTP_DRIFT_MAX && found->drift <= TOTP_DRIFT_MAX && found->last >= 0 &&
           found->last <= totp_step(&found->record, now) + TOTP_DRIFT_MAX + TOTP_WINDOW;
}

/* What is not MEDGL_OK comes with run->why where it is a reason of this one alone. */
static enum medgl_error import_judge(struct store_txn *txn, void *argument)
{
    struct import_run *run = argument;
    struct import_item *item = import_item(run, run->at);
    run->why[0] = '\0';
    if (item->problem != NULL)
        return import_say(run->why, MEDGL_ERR_ARGUMENT, _(item->problem));
    if (import_user(run, item)[0] == '\0')
        return import_say(run->why, MEDGL_ERR_ARGUMENT,
                          _("the file does not say whose it is: give NAME and --serial"));
    if (!import_times_fit(&item->found, clock_read().now))
        return import_say(run->why, MEDGL_ERR_ARGUMENT,
                          _("by the file it was used at a time that has not come yet, or its clock "
                            "is too far from the right time"));
    const enum medgl_error error =
        store_account_by_name(txn, import_user(run, item), &run->account);
    if (error == MEDGL_ERR_NOT_FOUND)
        return import_say(run->why, error, _("there is no account of that name"));
    MEDGL_TRY(error);
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(import_judge_secret(txn, run, item));
    return totp_enrolment_admit(run->context, txn, &run->account, import_besides(run), run->why);
}

/* MUST: a code that was used elsewhere a moment ago, also here before the device was taken away, is
 * none any more: the step that the device is at counts as used, and the next one is the first. */
static int64_t import_used(const struct otp_found *found, medgl_time now)
{
    const int64_t present = totp_step(&found->record, now) + found->drift;
    return found->last > present ? found->last : present;
}

static enum medgl_error import_now(struct store_txn *txn, void *argument)
{
    struct import_run *run = argument;
    auto_clean(totp_enrolment_clear) struct totp_enrolment enrolment = {.step = 0};
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(import_judge(txn, run));
    const struct otp_found *found = &import_item(run, run->at)->found;
    enrolment.record = found->record;
    enrolment.step = import_used(found, clock.now);
    enrolment.drift = found->drift;
    MEDGL_TRY(text_copy(enrolment.label, sizeof(enrolment.label), found->serial));
    MEDGL_TRY(totp_enrolment_store(run->context, txn, &clock, &run->account, &enrolment,
                                   TOTP_BY_IMPORT, run->why));
    return evidence_keep(txn, clock.now);
}

/* It is known from now on, without opening all of them again. */
static void import_remember(struct import_run *run, struct import_item *item)
{
    item->taken = true;
    memcpy(item->account_id, run->account.id, sizeof(item->account_id));
    run->done = run->done || !run->request->dry_run;
    run->known_at += !run->request->dry_run; /* its own entry */
}

/* By its serial number a token goes to whom NAME says: that the file says another one is told. */
static void import_note(struct import_run *run, const struct import_item *item)
{
    const char *user = item->found.user;
    if (user[0] != '\0' && strcmp(user, import_user(run, item)) != 0)
        (void)snprintf(run->why, sizeof(run->why), _("the file says it is %s's"), user);
}

/* An error that comes without a reason is the store's, and ends all. */
static enum medgl_error import_one(struct import_run *run)
{
    const struct totp_import_request *request = run->request;
    struct import_item *item = import_item(run, run->at);
    const enum medgl_error error =
        request->dry_run ? store_transact(run->context->store, STORE_READ, import_judge, run)
                         : store_transact(run->context->store, STORE_WRITE, import_now, run);
    if (error != MEDGL_OK && run->why[0] == '\0')
        return error;
    if (error == MEDGL_OK) {
        import_remember(run, item);
        import_note(run, item);
    }
    run->refused = run->refused || error != MEDGL_OK;
    request->outcome(request->argument, item->found.line, import_user(run, item),
                     item->found.serial, error, run->why);
    return MEDGL_OK;
}

enum medgl_error operation_totp_import(struct context *context,
                                       const struct totp_import_request *request,
                                       char why[OPERATION_WHY_SIZE])
{
    auto_clean(import_run_free) struct import_run run = {.context = context, .request = request};
    enum medgl_error error = MEDGL_OK;
    why[0] = '\0';
    MEDGL_TRY(import_read(&run, why));
    MEDGL_TRY(import_judge_whole(&run, why));
    for (run.at = 0; run.at < import_count(&run) && error == MEDGL_OK; run.at++)
        error = import_one(&run);
    if (run.done)
        (void)evidence_publish(context); /* the acts stand even if the outside copy fails: logged */
    MEDGL_TRY(error);
    return run.refused ? MEDGL_ERR_REFUSED : MEDGL_OK;
}
