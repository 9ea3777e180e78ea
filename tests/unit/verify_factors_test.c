/* Second factors and grants, by the ledger and by the store (R08 R24 R03): whoever has the row key
 * of the store, but not the key of the ledger, is found. The rows and entries are those that logins
 * and administrators leave. */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#define OWNER     "daemon"
#define OWNER_UID 1
#define RECOVERY  3 /* codes of each kind */

static struct fixture *here;

static int open_here(void **state)
{
    (void)state;
    return fixture_open((void **)&here);
}

static int close_here(void **state)
{
    (void)state;
    return fixture_close((void **)&here);
}

/* What there is, and what there was: rows to put back. */
struct scene {
    struct store_txn *txn;
    struct clock_reading clock;
    struct account account;
    struct credential phone, phone_before; /* the latter at an earlier step */
    struct credential phone_enrolled;
    struct credential card, card_before, lost_card; /* the latter was revoked */
    struct credential recovery[RECOVERY];           /* the first was used */
    struct credential code[RECOVERY];               /* likewise */
    struct credential over[RECOVERY];               /* of a grant that was revoked */
    struct grant waiver, waiver_before, revoked, revoked_before, expired, night;
};

/* -- entries and rows as they are written ----------------------------------------------------- */

static enum medgl_error append(struct scene *s, struct ledger_entry *entry, uint64_t *seq)
{
    return evidence_append(&here->context, s->txn, entry, seq);
}

static struct ledger_entry entry_of(struct scene *s, enum ledger_kind kind)
{
    struct ledger_entry entry;
    evidence_begin(&here->context, &s->clock, kind, &s->account, &entry);
    return entry;
}

static struct credential credential_of(const struct scene *s, enum credential_kind kind)
{
    struct credential credential = {.kind = kind, .sealed = "sealed", .sealed_len = 6};
    memcpy(credential.account_id, s->account.id, CRYPTO_ID_SIZE);
    assert_int_equal(crypto_random_id(credential.id), MEDGL_OK);
    return credential;
}

static enum medgl_error enrol_device(struct scene *s, enum credential_kind kind, const char *word,
                                     struct credential *device)
{
    struct ledger_entry entry = entry_of(s, LEDGER_FACTOR_ENROL);
    *device = credential_of(s, kind);
    device->counter = kind == CREDENTIAL_TOTP ? 100 : 0;
    ledger_entry_text(&entry, "factor", word);
    ledger_entry_text(&entry, "credential", device->id);
    MEDGL_TRY(append(s, &entry, &device->ledger_seq));
    return store_credential_add(s->txn, device);
}

/* `step`: below 0: none. */
static enum medgl_error login_entry(struct scene *s, const char *factors, const char *id,
                                    int64_t step, uint64_t *seq)
{
    struct ledger_entry entry = entry_of(s, LEDGER_LOGIN_SUCCESS);
    ledger_entry_text(&entry, "factors", factors);
    ledger_entry_text(&entry, "factor", id);
    if (step >= 0)
        ledger_entry_number(&entry, "step", step);
    return append(s, &entry, seq);
}

static enum medgl_error use_device(struct scene *s, const char *factors, struct credential *device)
{
    const bool steps = device->kind == CREDENTIAL_TOTP;
    device->counter += steps;
    MEDGL_TRY(
        login_entry(s, factors, device->id, steps ? device->counter : -1, &device->ledger_seq));
    return store_credential_update(s->txn, device);
}

static enum medgl_error revoke_entry(struct scene *s, const char *word, const char *id,
                                     int64_t count)
{
    struct ledger_entry entry = entry_of(s, LEDGER_FACTOR_REVOKE);
    ledger_entry_text(&entry, "factor", word);
    if (id != NULL)
        ledger_entry_text(&entry, "credential", id);
    else
        ledger_entry_number(&entry, "count", count);
    return append(s, &entry, NULL);
}

static enum medgl_error add_codes(struct scene *s, enum credential_kind kind, const char *grant,
                                  uint64_t seq, struct credential codes[RECOVERY])
{
    for (size_t i = 0; i < RECOVERY; i++) {
        codes[i] = credential_of(s, kind);
        codes[i].ledger_seq = seq;
        (void)snprintf(codes[i].label, sizeof(codes[i].label), "%s", grant);
        MEDGL_TRY(store_credential_add(s->txn, &codes[i]));
    }
    return MEDGL_OK;
}

static enum medgl_error enrol_recovery(struct scene *s)
{
    uint64_t seq;
    struct ledger_entry entry = entry_of(s, LEDGER_FACTOR_ENROL);
    ledger_entry_text(&entry, "factor", "recovery");
    ledger_entry_number(&entry, "count", RECOVERY);
    MEDGL_TRY(append(s, &entry, &seq));
    return add_codes(s, CREDENTIAL_RECOVERY, "", seq, s->recovery);
}

static enum medgl_error remove_row(struct scene *s, const struct credential *credential)
{
    return store_credential_remove(s->txn, s->account.id, credential->kind, credential->id);
}

static enum medgl_error use_recovery(struct scene *s, const struct credential *code)
{
    MEDGL_TRY(login_entry(s, "password+recovery", code->id, -1, NULL));
    return remove_row(s, code);
}

static enum medgl_error grant_entry(struct scene *s, enum ledger_kind kind, struct grant *grant)
{
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    struct ledger_entry entry = entry_of(s, kind);
    ledger_entry_text(&entry, "grant", grant->id);
    if (kind == LEDGER_GRANT_ADD) {
        ledger_entry_text(&entry, "grant_kind", grant_kind_word(grant->kind));
        ledger_entry_text(&entry, "instead", grant_instead_word(grant->instead));
        if (grant->instead == GRANT_INSTEAD_CODE)
            ledger_entry_number(&entry, "codes", RECOVERY);
        ledger_entry_time(&entry, "since", grant->since, since);
        ledger_entry_time(&entry, "until", grant->until, until);
    }
    return append(s, &entry, &grant->ledger_seq);
}

static enum medgl_error add_grant(struct scene *s, enum grant_kind kind, enum grant_instead instead,
                                  struct grant *grant)
{
    const medgl_time now = s->clock.now;
    *grant = (struct grant){
        .kind = kind, .instead = instead, .created = now, .since = now, .until = now + MEDGL_DAY};
    memcpy(grant->account_id, s->account.id, CRYPTO_ID_SIZE);
    MEDGL_TRY(crypto_random_id(grant->id));
    MEDGL_TRY(grant_entry(s, LEDGER_GRANT_ADD, grant));
    return store_grant_add(s->txn, grant);
}

static enum medgl_error use_grant(struct scene *s, struct grant *grant)
{
    grant->used++;
    grant->last_used = s->clock.now;
    MEDGL_TRY(grant_entry(s, LEDGER_GRANT_USE, grant));
    return store_grant_update(s->txn, grant);
}

static enum medgl_error end_grant(struct scene *s, enum grant_end end, struct grant *grant)
{
    grant->ended = s->clock.now;
    grant->end = end;
    MEDGL_TRY(
        grant_entry(s, end == GRANT_END_REVOKED ? LEDGER_GRANT_REVOKE : LEDGER_GRANT_END, grant));
    return store_grant_update(s->txn, grant);
}

static enum medgl_error use_code(struct scene *s, const struct credential *code,
                                 struct grant *grant)
{
    MEDGL_TRY(login_entry(s, "password+code", code->id, -1, NULL));
    MEDGL_TRY(remove_row(s, code));
    return use_grant(s, grant);
}

static enum medgl_error set_devices(struct scene *s)
{
    MEDGL_TRY(enrol_device(s, CREDENTIAL_TOTP, "totp", &s->phone));
    s->phone_enrolled = s->phone;
    MEDGL_TRY(use_device(s, "password+totp", &s->phone));
    s->phone_before = s->phone;
    MEDGL_TRY(use_device(s, "host+totp", &s->phone));
    MEDGL_TRY(enrol_device(s, CREDENTIAL_CARD, "card", &s->card));
    s->card_before = s->card;
    MEDGL_TRY(use_device(s, "card", &s->card));
    MEDGL_TRY(enrol_device(s, CREDENTIAL_CARD, "card", &s->lost_card));
    MEDGL_TRY(revoke_entry(s, "card", s->lost_card.id, 0));
    return remove_row(s, &s->lost_card);
}

static enum medgl_error set_codes(struct scene *s)
{
    MEDGL_TRY(enrol_recovery(s));
    MEDGL_TRY(revoke_entry(s, "recovery", NULL, RECOVERY)); /* new ones replace all that are left */
    MEDGL_TRY(store_credential_delete(s->txn, s->account.id, CREDENTIAL_RECOVERY));
    MEDGL_TRY(enrol_recovery(s));
    MEDGL_TRY(use_recovery(s, &s->recovery[0]));
    MEDGL_TRY(add_grant(s, GRANT_FACTOR_WAIVER, GRANT_INSTEAD_CODE, &s->revoked));
    MEDGL_TRY(add_codes(s, CREDENTIAL_CODE, s->revoked.id, s->revoked.ledger_seq, s->over));
    MEDGL_TRY(use_code(s, &s->over[0], &s->revoked));
    s->revoked_before = s->revoked;
    MEDGL_TRY(end_grant(s, GRANT_END_REVOKED, &s->revoked));
    MEDGL_TRY(store_credential_delete(s->txn, s->account.id, CREDENTIAL_CODE));
    MEDGL_TRY(add_grant(s, GRANT_FACTOR_WAIVER, GRANT_INSTEAD_CODE, &s->waiver));
    MEDGL_TRY(add_codes(s, CREDENTIAL_CODE, s->waiver.id, s->waiver.ledger_seq, s->code));
    s->waiver_before = s->waiver;
    return use_code(s, &s->code[0], &s->waiver);
}

static enum medgl_error set_scene(struct store_txn *txn, void *argument)
{
    struct scene *s = argument;
    s->txn = txn;
    s->clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, OWNER, &s->account));
    MEDGL_TRY(set_devices(s));
    MEDGL_TRY(set_codes(s));
    MEDGL_TRY(add_grant(s, GRANT_FACTOR_WAIVER, GRANT_INSTEAD_RECOVERY, &s->expired));
    MEDGL_TRY(use_recovery(s, &s->recovery[1]));
    MEDGL_TRY(use_grant(s, &s->expired));
    MEDGL_TRY(end_grant(s, GRANT_END_EXPIRED, &s->expired));
    MEDGL_TRY(add_grant(s, GRANT_OUT_OF_HOURS, GRANT_INSTEAD_NONE, &s->night));
    MEDGL_TRY(
        login_entry(s, "password+totp", s->phone.id, ++s->phone.counter, &s->phone.ledger_seq));
    MEDGL_TRY(store_credential_update(txn, &s->phone));
    return use_grant(s, &s->night);
}

/* -- what is changed -------------------------------------------------------------------------- */

static enum medgl_error change_nothing(struct scene *s)
{
    (void)s;
    return MEDGL_OK;
}

static enum medgl_error put_back(struct scene *s, const struct credential *credential)
{
    enum medgl_error error = remove_row(s, credential);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    return store_credential_add(s->txn, credential);
}

static enum medgl_error earlier_step(struct scene *s)
{
    return put_back(s, &s->phone_before);
}

static enum medgl_error as_enrolled(struct scene *s)
{
    return put_back(s, &s->phone_enrolled);
}

static enum medgl_error other_step(struct scene *s)
{
    s->phone.counter--;
    return put_back(s, &s->phone);
}

static enum medgl_error used_again_after_put_back(struct scene *s)
{
    MEDGL_TRY(put_back(s, &s->phone_before));
    return use_device(s, "password+totp", &s->phone_before);
}

static enum medgl_error earlier_card(struct scene *s)
{
    return put_back(s, &s->card_before);
}

static enum medgl_error device_gone(struct scene *s)
{
    return remove_row(s, &s->phone);
}

static enum medgl_error card_gone(struct scene *s)
{
    return remove_row(s, &s->card);
}

static enum medgl_error revoked_card_back(struct scene *s)
{
    return put_back(s, &s->lost_card);
}

static enum medgl_error device_invented(struct scene *s)
{
    s->phone = credential_of(s, CREDENTIAL_TOTP);
    return store_credential_add(s->txn, &s->phone);
}

static enum medgl_error device_as_card(struct scene *s)
{
    MEDGL_TRY(remove_row(s, &s->phone));
    s->phone.kind = CREDENTIAL_CARD;
    return store_credential_add(s->txn, &s->phone);
}

static enum medgl_error unknown_device_used(struct scene *s)
{
    return login_entry(s, "password+totp", s->lost_card.id, 500, NULL);
}

static enum medgl_error use_not_stored(struct scene *s)
{
    return login_entry(s, "password+totp", s->phone.id, 500, NULL);
}

static enum medgl_error enrol_not_stored(struct scene *s)
{
    MEDGL_TRY(enrol_device(s, CREDENTIAL_TOTP, "totp", &s->phone));
    return remove_row(s, &s->phone);
}

static enum medgl_error revoke_not_stored(struct scene *s)
{
    return revoke_entry(s, "totp", s->phone.id, 0);
}

static enum medgl_error revoke_all(struct scene *s)
{
    MEDGL_TRY(revoke_entry(s, "totp", NULL, 1));
    MEDGL_TRY(revoke_entry(s, "card", NULL, 1));
    MEDGL_TRY(revoke_entry(s, "recovery", NULL, 1));
    MEDGL_TRY(store_credential_delete(s->txn, s->account.id, CREDENTIAL_TOTP));
    MEDGL_TRY(store_credential_delete(s->txn, s->account.id, CREDENTIAL_CARD));
    return store_credential_delete(s->txn, s->account.id, CREDENTIAL_RECOVERY);
}

static enum medgl_error used_recovery_back(struct scene *s)
{
    return put_back(s, &s->recovery[0]);
}

static enum medgl_error used_recovery_for_a_new_one(struct scene *s)
{
    MEDGL_TRY(remove_row(s, &s->recovery[2]));
    return put_back(s, &s->recovery[0]);
}

static enum medgl_error recovery_gone(struct scene *s)
{
    return remove_row(s, &s->recovery[2]);
}

static enum medgl_error recovery_all_gone(struct scene *s)
{
    return store_credential_delete(s->txn, s->account.id, CREDENTIAL_RECOVERY);
}

static enum medgl_error recovery_invented(struct scene *s)
{
    struct credential code = credential_of(s, CREDENTIAL_RECOVERY);
    code.ledger_seq = s->recovery[0].ledger_seq;
    return store_credential_add(s->txn, &code);
}

static enum medgl_error recovery_used_twice(struct scene *s)
{
    return login_entry(s, "password+recovery", s->recovery[0].id, -1, NULL);
}

static enum medgl_error recovery_used_too_often(struct scene *s)
{
    MEDGL_TRY(use_recovery(s, &s->recovery[2]));
    return login_entry(s, "password+recovery", s->phone.id, -1, NULL);
}

static enum medgl_error recovery_replaced_after_loss(struct scene *s)
{
    MEDGL_TRY(recovery_all_gone(s));
    MEDGL_TRY(revoke_entry(s, "recovery", NULL, 0));
    return enrol_recovery(s);
}

static enum medgl_error recovery_replaced(struct scene *s)
{
    MEDGL_TRY(recovery_all_gone(s));
    MEDGL_TRY(revoke_entry(s, "recovery", NULL, RECOVERY - 2));
    return enrol_recovery(s);
}

static enum medgl_error used_code_back(struct scene *s)
{
    return put_back(s, &s->code[0]);
}

static enum medgl_error used_code_for_a_new_one(struct scene *s)
{
    MEDGL_TRY(remove_row(s, &s->code[1]));
    return put_back(s, &s->code[0]);
}

static enum medgl_error code_gone(struct scene *s)
{
    return remove_row(s, &s->code[1]);
}

static enum medgl_error code_of_revoked_back(struct scene *s)
{
    return put_back(s, &s->over[1]);
}

static enum medgl_error code_of_another_grant(struct scene *s)
{
    (void)snprintf(s->code[1].label, sizeof(s->code[1].label), "%s", s->night.id);
    return put_back(s, &s->code[1]);
}

static enum medgl_error code_used_without_grant(struct scene *s)
{
    MEDGL_TRY(login_entry(s, "password+code", s->code[1].id, -1, NULL));
    return remove_row(s, &s->code[1]);
}

static enum medgl_error code_used_then_a_device(struct scene *s)
{
    MEDGL_TRY(code_used_without_grant(s));
    return use_device(s, "password+totp", &s->phone);
}

static enum medgl_error grant_as_before_its_use(struct scene *s)
{
    return store_grant_update(s->txn, &s->waiver_before);
}

static enum medgl_error grant_longer(struct scene *s)
{
    s->night.until += MEDGL_DAY;
    return store_grant_update(s->txn, &s->night);
}

static enum medgl_error grant_sooner(struct scene *s)
{
    s->night.since -= MEDGL_DAY;
    return store_grant_update(s->txn, &s->night);
}

static enum medgl_error grant_of_another_kind(struct scene *s)
{
    s->night.kind = GRANT_FACTOR_WAIVER;
    return store_grant_update(s->txn, &s->night);
}

static enum medgl_error grant_asks_something_else(struct scene *s)
{
    s->waiver.instead = GRANT_INSTEAD_RECOVERY;
    return store_grant_update(s->txn, &s->waiver);
}

static enum medgl_error grant_used_less(struct scene *s)
{
    s->night.used = 0;
    return store_grant_update(s->txn, &s->night);
}

static enum medgl_error revoked_grant_back(struct scene *s)
{
    return store_grant_update(s->txn, &s->revoked_before);
}

static enum medgl_error grant_ended_otherwise(struct scene *s)
{
    s->revoked.end = GRANT_END_EXPIRED;
    return store_grant_update(s->txn, &s->revoked);
}

static enum medgl_error grant_hidden(struct scene *s)
{
    s->waiver.ended = s->clock.now;
    s->waiver.end = GRANT_END_REVOKED;
    return store_grant_update(s->txn, &s->waiver);
}

static enum medgl_error grant_invented(struct scene *s)
{
    MEDGL_TRY(crypto_random_id(s->night.id));
    return store_grant_add(s->txn, &s->night);
}

static enum medgl_error grant_not_stored(struct scene *s)
{
    MEDGL_TRY(crypto_random_id(s->night.id));
    return grant_entry(s, LEDGER_GRANT_ADD, &s->night);
}

static enum medgl_error grant_made_twice(struct scene *s)
{
    return grant_entry(s, LEDGER_GRANT_ADD, &s->night);
}

static enum medgl_error unknown_grant_used(struct scene *s)
{
    MEDGL_TRY(crypto_random_id(s->night.id));
    return grant_entry(s, LEDGER_GRANT_USE, &s->night);
}

static enum medgl_error ended_grant_used(struct scene *s)
{
    return use_grant(s, &s->revoked);
}

static enum medgl_error ended_grant_ended(struct scene *s)
{
    return end_grant(s, GRANT_END_REVOKED, &s->expired);
}

static enum medgl_error waiver_revoked(struct scene *s)
{
    MEDGL_TRY(end_grant(s, GRANT_END_REVOKED, &s->waiver));
    return store_credential_delete(s->txn, s->account.id, CREDENTIAL_CODE);
}

static enum medgl_error waiver_over(struct scene *s)
{
    MEDGL_TRY(end_grant(s, GRANT_END_EXPIRED, &s->waiver));
    return store_credential_delete(s->txn, s->account.id, CREDENTIAL_CODE);
}

static enum medgl_error codes_outlive_the_waiver(struct scene *s)
{
    return end_grant(s, GRANT_END_EXPIRED, &s->waiver);
}

static enum medgl_error one_recovery_code_revoked(struct scene *s)
{
    MEDGL_TRY(revoke_entry(s, "recovery", s->recovery[2].id, 0));
    return remove_row(s, &s->recovery[2]);
}

static enum medgl_error revoked_recovery_code_back(struct scene *s)
{
    MEDGL_TRY(one_recovery_code_revoked(s));
    return put_back(s, &s->recovery[2]);
}

static enum medgl_error kind_unknown(struct scene *s)
{
    return revoke_entry(s, "token", NULL, 0);
}

#define DEVICE_OLD   "a second factor is not what its last entry made of it"
#define DEVICE_NONE  "a second factor has no entry that made it"
#define DEVICE_GONE  "a second factor that an entry made is gone"
#define CODE_COUNT   "there are more or fewer codes than were left"
#define CODE_AGAIN   "a code is there again that was used"
#define CODE_NONE    "a code is there that no entry made, or that was taken away"
#define CODE_TWICE   "a code was used that was used before, or never made"
#define GRANT_OTHER  "a grant is not what its entries say"
#define GRANT_NONE   "a grant has no entry that made it"
#define GRANT_ABSENT "a grant was used or ended that was not there"

static const struct change_row {
    const char *name;
    enum medgl_error (*change)(struct scene *s);
    const char *fault; /* NULL: none */
} change_rows[] = {
    {"nothing", change_nothing, NULL},
    {"a device at an earlier step", earlier_step, DEVICE_OLD},
    {"a device as it was enrolled", as_enrolled, DEVICE_OLD},
    {"a device with another step", other_step, DEVICE_OLD},
    {"a step used again with a row put back", used_again_after_put_back,
     "a step of a device was used again"},
    {"a card before its last use", earlier_card, DEVICE_OLD},
    {"a device gone", device_gone, DEVICE_GONE},
    {"a card gone", card_gone, DEVICE_GONE},
    {"a revoked card put back", revoked_card_back, DEVICE_NONE},
    {"a device that never was", device_invented, DEVICE_NONE},
    {"a device that is a card", device_as_card, DEVICE_NONE},
    {"a login by a device that is not the account's", unknown_device_used,
     "a second factor was used that the account has not"},
    {"a use that is not stored", use_not_stored, DEVICE_OLD},
    {"an enrolment that is not stored", enrol_not_stored, DEVICE_GONE},
    {"a revocation that is not stored", revoke_not_stored, DEVICE_NONE},
    {"all of each kind revoked", revoke_all, NULL},
    {"a used recovery code put back", used_recovery_back, CODE_AGAIN},
    {"a used recovery code for a new one", used_recovery_for_a_new_one, CODE_AGAIN},
    {"a recovery code gone", recovery_gone, CODE_COUNT},
    {"all recovery codes gone", recovery_all_gone, CODE_COUNT},
    {"a recovery code that never was", recovery_invented, CODE_COUNT},
    {"a recovery code used twice", recovery_used_twice, CODE_TWICE},
    {"more recovery codes used than made", recovery_used_too_often, CODE_TWICE},
    {"one recovery code revoked", one_recovery_code_revoked, NULL},
    {"a revoked recovery code put back", revoked_recovery_code_back, CODE_AGAIN},
    {"a revocation of no kind", kind_unknown,
     "an entry takes away other second factors than there were"},
    {"recovery codes replaced", recovery_replaced, NULL},
    {"recovery codes replaced after they were gone", recovery_replaced_after_loss,
     "an entry takes away other second factors than there were"},
    {"a used code of a waiver put back", used_code_back, CODE_AGAIN},
    {"a used code of a waiver for a new one", used_code_for_a_new_one, CODE_AGAIN},
    {"a code of a waiver gone", code_gone, CODE_COUNT},
    {"a code of a revoked waiver", code_of_revoked_back, CODE_NONE},
    {"a code of another grant", code_of_another_grant, CODE_NONE},
    {"a code used by no grant", code_used_without_grant,
     "a code of a grant was used, and no entry"},
    {"a code used by no grant, then a device", code_used_then_a_device,
     "a code of a grant was used, and no entry"},
    {"a waiver revoked", waiver_revoked, NULL},
    {"a waiver that is over", waiver_over, NULL},
    {"codes that outlive their waiver", codes_outlive_the_waiver, CODE_NONE},
    {"a grant before its use", grant_as_before_its_use, GRANT_OTHER},
    {"a grant that lasts longer", grant_longer, GRANT_OTHER},
    {"a grant that begins sooner", grant_sooner, GRANT_OTHER},
    {"a grant of another kind", grant_of_another_kind, GRANT_OTHER},
    {"a grant that asks for something else", grant_asks_something_else, GRANT_OTHER},
    {"a grant used less often", grant_used_less, GRANT_OTHER},
    {"a revoked grant in force again", revoked_grant_back, GRANT_OTHER},
    {"a grant that ended otherwise", grant_ended_otherwise, GRANT_OTHER},
    {"a grant ended without an entry", grant_hidden, GRANT_OTHER},
    {"a grant that was never approved", grant_invented, GRANT_NONE},
    {"a grant that is not stored", grant_not_stored, "a grant that an entry made is gone"},
    {"a grant made twice", grant_made_twice, "a grant was made that was there"},
    {"a use of a grant that was not", unknown_grant_used, GRANT_ABSENT},
    {"a use of a grant that was revoked", ended_grant_used, GRANT_ABSENT},
    {"an end of a grant that was over", ended_grant_ended, GRANT_ABSENT},
};

struct faults {
    unsigned count;
    char first[256];
};

static void note_fault(void *argument, uint64_t seq, const char *what)
{
    struct faults *faults = argument;
    (void)seq;
    if (faults->count++ == 0)
        (void)snprintf(faults->first, sizeof(faults->first), "%s", what);
}

struct changing {
    struct scene scene;
    const struct change_row *row;
};

static enum medgl_error change_now(struct store_txn *txn, void *argument)
{
    struct changing *changing = argument;
    changing->scene.txn = txn;
    return changing->row->change(&changing->scene);
}

static void enrol_owner(void)
{
    const struct account_add_request request = {
        .name = OWNER, .uid = OWNER_UID, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void assert_fault(const char *expected)
{
    struct faults faults = {.count = 0};
    struct ledger_result result;
    const struct evidence_request request = {.fault = note_fault, .argument = &faults};
    enum medgl_error error = operation_verify(&here->context, &request, &result);
    if (expected == NULL && faults.count > 0)
        fail_msg("%s", faults.first);
    assert_int_equal(error, expected == NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    if (expected != NULL && strncmp(faults.first, expected, strlen(expected)) != 0)
        fail_msg("\"%s\" instead of \"%s\"", faults.first, expected);
}

static void R08_factors_against_ledger(void **state)
{
    struct changing changing = {.row = *state};
    struct store *store = here->context.store;
    enrol_owner();
    assert_int_equal(store_transact(store, STORE_WRITE, set_scene, &changing.scene), MEDGL_OK);
    assert_fault(NULL);
    assert_int_equal(store_transact(store, STORE_WRITE, change_now, &changing), MEDGL_OK);
    assert_fault(changing.row->fault);
}

/* R25: an account that ends takes all of it along. */
static const struct change_row retire_rows[] = {
    {"as it was", change_nothing, NULL},
    {"without its device", device_gone,
     "an account was retired, and second factors of it were gone before"},
    {"without its recovery code", recovery_gone,
     "an account was retired, and second factors of it were gone before"},
    {"with a grant that was made to look revoked", grant_hidden, GRANT_OTHER},
};

static void R25_retired(void **state)
{
    struct changing changing = {.row = *state};
    struct store *store = here->context.store;
    char why[OPERATION_WHY_SIZE];
    enrol_owner();
    assert_int_equal(store_transact(store, STORE_WRITE, set_scene, &changing.scene), MEDGL_OK);
    assert_int_equal(store_transact(store, STORE_WRITE, change_now, &changing), MEDGL_OK);
    assert_int_equal(operation_account_retire(&here->context, OWNER, "left", why), MEDGL_OK);
    assert_fault(changing.row->fault);
}

int main(void)
{
    TABLE_ADD("R25 retired", retire_rows, R25_retired);
    TABLE_ADD("R08", change_rows, R08_factors_against_ledger);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    return table_run("verify_factors");
}
