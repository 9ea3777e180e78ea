/* Smartcards at a login and their enrolment (R24, R38): what is asked, what a signature proves and
 * what it does not, and what each trouble is told as. The cards are SoftHSM's. */
#include "operation/card.h"

#include "operation/totp.h"

#include "tests/cards/cards.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

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

/* -- the machine ------------------------------------------------------------------------------ */

static void copy_in(const char *name, const char *to)
{
    auto_secret struct secret content = SECRET_NONE;
    cards_read(name, &content);
    write_file(here, to, (const char *)content.bytes);
}

/* `list`: of revoked certificates; "" for none. */
static void equip(const char *driver, const char *list, const char *more)
{
    char path[PATH_MAX], policy[2 * PATH_MAX];
    copy_in("trust/ca.pem", PATH_TRUST "/ca.pem");
    if (list[0] != '\0')
        copy_in(list, PATH_TRUST "/ca.crl");
    write_file(here, PATH_CARD, "");
    assert_int_equal(path_under(path, here->root, PATH_CARD), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(TEST_BUILDDIR "/medgl-card", path), 0);
    (void)snprintf(policy, sizeof(policy), "card_module = %s\n%s%s", cards_driver(driver),
                   strstr(more, "card_timeout") == NULL ? "card_timeout = 20 s\n" : "", more);
    write_policy(here, policy);
    reopen(here);
}

static enum medgl_error enrol_by(const struct talk *talk, const char *file,
                                 enum card_match_kind match, const char *attribute, char *why)
{
    auto_secret struct secret certificate = SECRET_NONE;
    const struct card_enrol_request request = {
        .name = here->user,
        .certificate = file != NULL ? &certificate : NULL,
        .match = match,
        .attribute = attribute,
        .label = "",
        .reason = "first card",
    };
    if (file != NULL)
        cards_read(file, &certificate);
    return operation_card_enrol(&here->context, talk, &request, why);
}

static void enrol_certificate(const char *name, enum card_match_kind match, const char *attribute)
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    char file[128], why[OPERATION_WHY_SIZE] = "";
    (void)snprintf(file, sizeof(file), "certificates/%s.pem", name);
    if (enrol_by(&talk, file, match, attribute, why) != MEDGL_OK)
        fail_msg("%s", why);
}

static enum medgl_error read_factors(struct store_txn *txn, void *argument)
{
    struct account account;
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    return factors_read(txn, account.id, clock_read().now, argument);
}

/* -- a login ---------------------------------------------------------------------------------- */

static const struct login_row {
    const char *name;
    const char *enrolled; /* a certificate, by this rule; NULL: none is */
    enum card_match_kind match;
    const char *cards, *after; /* in the readers, and at the signature (NULL: the same) */
    const char *pin;
    enum card_presence presence;
    const char *prompt; /* in it */
    bool proved;
    enum card_verdict verdict;
    const char *message; /* in it; NULL: there is none */
    const char *driver, *list, *policy;
    int tries; /* of wrong PINs that are left; 0: not counted, below 0: locked */
    int left;  /* of them, behind it; 0: of no interest */
} login_rows[] = {
    {"RSA", "alice-rsa", CARD_MATCH_EXACT, "alice-rsa", NULL, CARD_PIN, CARD_READY,
     "PIN of card alice-rsa (Enter", true, CARD_GOOD, NULL},
    {"EC", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN, CARD_READY,
     "PIN of card alice-ec (Enter", true, CARD_GOOD, NULL},
    {"RSA without PSS", "alice-rsa", CARD_MATCH_EXACT, "alice-rsa", NULL, CARD_PIN, CARD_READY,
     "PIN of", true, CARD_GOOD, NULL, .driver = "C_GetMechanismInfo-nopss"},
    {"by issuer and serial", "alice-ec", CARD_MATCH_SERIAL, "alice-ec", NULL, CARD_PIN, CARD_READY,
     "PIN of", true, CARD_GOOD, NULL},
    {"a renewed card, by the subject", "alice-ec", CARD_MATCH_SUBJECT, "alice-rsa", NULL, CARD_PIN,
     CARD_READY, "PIN of", true, CARD_GOOD, NULL},
    {"a renewed card, by the certificate", "alice-ec", CARD_MATCH_EXACT, "alice-rsa", NULL,
     CARD_PIN, CARD_READY, "PIN of", false, CARD_GOOD, NULL},
    {"another person's", "alice-ec", CARD_MATCH_EXACT, "bob-rsa", NULL, CARD_PIN, CARD_READY,
     "PIN of", false, CARD_GOOD, NULL},
    {"nobody's", NULL, CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN, CARD_READY, "PIN of", false,
     CARD_GOOD, NULL},
    {"the certificate of another key", "alice-ec", CARD_MATCH_EXACT, "wrongkey-ec", NULL, CARD_PIN,
     CARD_READY, "PIN of", false, CARD_BAD_SIGNATURE, "not that of its certificate"},
    {"a signature that was changed", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_READY, "PIN of", false, CARD_BAD_SIGNATURE, "not that of its certificate",
     .driver = "C_Sign-wrong"},
    {"no list of revoked ones", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_READY, "PIN of", false, CARD_NO_CRL, "whether the card has been revoked", .list = ""},
    {"no list, where that only warns", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_READY, "PIN of", true, CARD_NO_CRL, "", .list = "", .policy = "card_crl = warn\n"},
    {"an old list", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN, CARD_READY, "PIN of",
     false, CARD_CRL_OLD, "whether the card has been revoked", .list = "old.crl"},
    {"an old list, where that only warns", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_READY, "PIN of", true, CARD_CRL_OLD, "", .list = "old.crl",
     .policy = "card_crl = warn\n"},
    {"the right one of two cards", "alice-ec", CARD_MATCH_EXACT, "bob-rsa alice-ec", NULL, CARD_PIN,
     CARD_READY, "several cards", true, CARD_GOOD, "Several cards are in the readers"},
    {"none of two cards: no try of theirs", "carol-ec", CARD_MATCH_EXACT, "bob-rsa alice-ec", NULL,
     "654321", CARD_READY, "several cards", false, CARD_UNDECIDED,
     "Several cards are in the readers", .tries = 3, .left = 3},
    {"a wrong PIN of one of two cards", "alice-ec", CARD_MATCH_EXACT, "bob-rsa alice-ec", NULL,
     "654321", CARD_READY, "several cards", false, CARD_GOOD, "Several cards are in the readers",
     .tries = 3, .left = 2},
    {"a card that asks for no PIN", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_UNUSABLE, "asks for no PIN", false, CARD_UNDECIDED, NULL,
     .driver = "C_GetTokenInfo-nologin"},
    {"a driver that says it was logged in before", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL,
     "654321", CARD_READY, "PIN of", false, CARD_GOOD, "did not sign", .driver = "C_Login-already"},
    {"a PIN that is not to be tried", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, NULL,
     CARD_READY, "PIN of", false, CARD_UNDECIDED, NULL, .tries = 3, .left = 3},
    {"the right one of two certificates", "alice-ec", CARD_MATCH_EXACT, "two", NULL, CARD_PIN,
     CARD_READY, "PIN of card two", true, CARD_GOOD, NULL},
    {"the other one of two certificates", "bob-rsa", CARD_MATCH_EXACT, "two", NULL, CARD_PIN,
     CARD_READY, "PIN of card two", true, CARD_GOOD, NULL},
    {"none of two certificates", "carol-ec", CARD_MATCH_EXACT, "two", NULL, CARD_PIN, CARD_READY,
     "PIN of card two", false, CARD_GOOD, NULL},
    {"no certificate", "alice-ec", CARD_MATCH_EXACT, "bare", NULL, CARD_PIN, CARD_UNUSABLE,
     "no certificate for logging in", false, CARD_UNDECIDED, NULL},
    {"a certificate without a key", "alice-ec", CARD_MATCH_EXACT, "keyless", NULL, CARD_PIN,
     CARD_READY, "PIN of", false, CARD_GOOD, "did not sign"},
    {"no card", "alice-ec", CARD_MATCH_EXACT, "", NULL, CARD_PIN, CARD_ABSENT, "", false,
     CARD_UNDECIDED, NULL},
    {"a card that nobody knows", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_UNUSABLE, "cannot be read", false, CARD_UNDECIDED, NULL,
     .driver = "C_GetTokenInfo-unknown"},
    {"a wrong PIN", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, "654321", CARD_READY,
     "PIN of card alice-ec (Enter", false, CARD_GOOD, "is wrong; few tries", .tries = 3},
    {"a second wrong PIN", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, "654321", CARD_READY,
     "few tries are left", false, CARD_GOOD, "The next try is the LAST", .tries = 2},
    {"a third wrong PIN", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, "654321", CARD_READY,
     "the LAST try", false, CARD_GOOD, "is locked", .tries = 1},
    {"a PIN that is locked", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_UNUSABLE, "is locked", false, CARD_UNDECIDED, NULL, .tries = -1},
    {"no PIN", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, "", CARD_READY, "PIN of", false,
     CARD_UNDECIDED, NULL},
    {"keys at the reader", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, "y", CARD_READY,
     "the PIN at the reader", true, CARD_GOOD, NULL, .driver = "C_GetTokenInfo-pinpad"},
    {"removed during the prompt", "alice-ec", CARD_MATCH_EXACT, "alice-ec", "", CARD_PIN,
     CARD_READY, "PIN of", false, CARD_GOOD, "removed too early"},
    {"another one during the prompt", "alice-ec", CARD_MATCH_EXACT, "alice-ec", "alice-rsa",
     CARD_PIN, CARD_READY, "PIN of", false, CARD_GOOD, "Another card was put in"},
    {"put in again during the prompt", "alice-ec", CARD_MATCH_EXACT, "alice-ec", "alice-ec",
     CARD_PIN, CARD_READY, "PIN of", true, CARD_GOOD, NULL},
    {"a driver that hangs", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN, CARD_READY,
     "PIN of", false, CARD_GOOD, "no answer in time", .driver = "C_Sign-hang",
     .policy = "card_timeout = 10 s\n"},
    {"a driver that crashes", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN, CARD_READY,
     "PIN of", false, CARD_GOOD, "The card reader failed", .driver = "C_Login-segv"},
    {"a driver that crashes at once", "alice-ec", CARD_MATCH_EXACT, "alice-ec", NULL, CARD_PIN,
     CARD_ABSENT, "", false, CARD_UNDECIDED, NULL, .driver = "C_Initialize-segv"},
};

static void test_login(void **state)
{
    const struct login_row *row = *state;
    auto_clean(card_login_free) struct card_login *login = NULL;
    auto_secret struct secret pin = SECRET_NONE;
    enum card_presence presence = CARD_ABSENT;
    struct factors factors;
    struct card_answer answer;
    char prompt[512] = "";
    enrol(here);
    equip("softhsm", "trust/ca.crl", "");
    if (row->enrolled != NULL)
        enrol_certificate(row->enrolled, row->match, row->match == CARD_MATCH_SUBJECT ? "CN" : "");
    if (row->list != NULL && row->list[0] == '\0')
        cards_command("rm '%s%s/ca.crl'", here->root, PATH_TRUST);
    equip(row->driver != NULL ? row->driver : "softhsm",
          row->list != NULL ? row->list : "trust/ca.crl", row->policy != NULL ? row->policy : "");
    cards_insert(row->cards, row->tries < 0 ? 0 : row->tries > 0 ? row->tries : -1);
    assert_int_equal(card_login_begin(&here->context, &login, &presence), MEDGL_OK);
    assert_int_equal(presence, row->presence);
    if (login != NULL)
        card_login_prompt(login, prompt, sizeof(prompt));
    assert_non_null(strstr(prompt, row->prompt));
    assert_true(presence != CARD_ABSENT || prompt[0] == '\0');
    if (row->after != NULL)
        cards_insert(row->after, -1);
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_factors, &factors),
                     MEDGL_OK);
    if (row->pin != NULL)
        assert_int_equal(secret_copy(&pin, row->pin, strlen(row->pin)), MEDGL_OK);
    assert_int_equal(card_login_prove(login, row->pin != NULL ? &pin : NULL, here->user, &factors,
                                      clock_read().now, &answer),
                     MEDGL_OK);
    if (row->left > 0)
        cards_command("test \"$(cat '%s/reader/tries')\" = %d", cards_directory, row->left);
    assert_int_equal(answer.result, row->proved ? FACTOR_PROVED : FACTOR_FAILED);
    assert_int_equal(answer.verdict, row->verdict);
    if (strstr(answer.message, row->message != NULL ? row->message : "") == NULL ||
        (row->message == NULL && answer.message[0] != '\0'))
        fail_msg("said: %s", answer.message);
}

/* -- certificates that are no good ------------------------------------------------------------ */

static const struct verdict_row {
    const char *name; /* of the card */
    enum card_verdict verdict;
    const char *message;
} verdict_rows[] = {
    {"revoked-ec", CARD_REVOKED, "has been revoked"},
    {"expired-ec", CARD_EXPIRED, "has expired"},
    {"early-ec", CARD_NOT_YET, "not valid yet"},
    {"stranger-ec", CARD_UNTRUSTED, "does not trust"},
    {"usage-ec", CARD_USAGE, "not one for logging in"},
};

/* Neither enrolled nor let in: the rule of another certificate may hold for them all the same. */
static void test_verdict(void **state)
{
    const struct verdict_row *row = *state;
    auto_clean(card_login_free) struct card_login *login = NULL;
    auto_secret struct secret pin = SECRET_NONE;
    enum card_presence presence = CARD_ABSENT;
    struct script script = {.answers = {CARD_PIN}};
    const struct talk talk = script_talk(&script);
    struct factors factors = {.count = 0};
    struct card_answer answer;
    char why[OPERATION_WHY_SIZE] = "", file[128];
    enrol(here);
    equip("softhsm", "trust/ca.crl", "card_crl = warn\n");
    cards_insert(row->name, -1);
    (void)snprintf(file, sizeof(file), "certificates/%s.pem", row->name);
    assert_int_equal(enrol_by(&talk, file, CARD_MATCH_EXACT, "", why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, row->message));
    assert_int_equal(enrol_by(&talk, NULL, CARD_MATCH_EXACT, "", why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, row->message));
    assert_int_equal(script.next, 0); /* no PIN was asked for */
    assert_int_equal(card_login_begin(&here->context, &login, &presence), MEDGL_OK);
    assert_int_equal(presence, CARD_READY);
    assert_int_equal(secret_copy(&pin, CARD_PIN, strlen(CARD_PIN)), MEDGL_OK);
    assert_int_equal(card_login_prove(login, &pin, "", &factors, clock_read().now, &answer),
                     MEDGL_OK);
    assert_int_equal(answer.result, FACTOR_FAILED);
    assert_int_equal(answer.verdict, row->verdict);
    assert_non_null(strstr(answer.message, row->message));
}

/* A card that was good when it was enrolled is none when it is on the list. */
static void test_revoked_later(void **state)
{
    auto_clean(card_login_free) struct card_login *login = NULL;
    auto_secret struct secret pin = SECRET_NONE;
    enum card_presence presence;
    struct factors factors;
    struct card_answer answer;
    (void)state;
    enrol(here);
    equip("softhsm", "", "card_crl = warn\n");
    enrol_certificate("revoked-ec", CARD_MATCH_EXACT, "");
    cards_insert("revoked-ec", -1);
    equip("softhsm", "trust/ca.crl", "card_crl = warn\n");
    assert_int_equal(card_login_begin(&here->context, &login, &presence), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_factors, &factors),
                     MEDGL_OK);
    assert_int_equal(factors.card, 1);
    assert_int_equal(secret_copy(&pin, CARD_PIN, strlen(CARD_PIN)), MEDGL_OK);
    assert_int_equal(card_login_prove(login, &pin, here->user, &factors, clock_read().now, &answer),
                     MEDGL_OK);
    assert_int_equal(answer.result, FACTOR_FAILED);
    assert_int_equal(answer.verdict, CARD_REVOKED);
}

/* -- trust ------------------------------------------------------------------------------------ */

static const struct trust_row {
    const char *name, *command; /* in the directory of trust */
} trust_rows[] = {
    {"none", "rm -r ."},
    {"a file that others may write to", "chmod 666 ca.pem"},
    {"a file of rubbish", "echo rubbish > more.pem"},
};

static void test_trust(void **state)
{
    const struct trust_row *row = *state;
    auto_clean(card_login_free) struct card_login *login = NULL;
    auto_secret struct secret pin = SECRET_NONE;
    enum card_presence presence;
    struct factors factors;
    struct card_answer answer;
    enrol(here);
    equip("softhsm", "trust/ca.crl", "card_crl = warn\n");
    enrol_certificate("alice-ec", CARD_MATCH_EXACT, "");
    cards_insert("alice-ec", -1);
    cards_command("cd '%s%s' && { %s; } 2> /dev/null || true", here->root, PATH_TRUST,
                  row->command);
    assert_int_equal(card_login_begin(&here->context, &login, &presence), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_factors, &factors),
                     MEDGL_OK);
    assert_int_equal(secret_copy(&pin, CARD_PIN, strlen(CARD_PIN)), MEDGL_OK);
    if (strcmp(row->name, "none") == 0)
        cards_command("rm -f '%s%s'/*", here->root, PATH_TRUST);
    assert_int_equal(card_login_prove(login, &pin, here->user, &factors, clock_read().now, &answer),
                     MEDGL_OK);
    assert_int_equal(answer.result, FACTOR_FAILED);
    assert_non_null(strstr(answer.message, "cannot be checked"));
}

/* -- enrolment -------------------------------------------------------------------------------- */

static const struct enrol_row {
    const char *name, *cards, *file;
    const char *answers[3];
    const char *person; /* which certificate */
    enum card_match_kind match;
    const char *attribute;
    enum medgl_error error;
    const char *why;
    const char *policy, *driver;
} enrol_rows[] = {
    {"from the reader", "alice-ec", NULL, {CARD_PIN}, NULL, CARD_MATCH_EXACT, "", MEDGL_OK, ""},
    {"from a file in PEM",
     "",
     "certificates/alice-ec.pem",
     {NULL},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_OK,
     ""},
    {"from a file in DER",
     "",
     "certificates/alice-rsa.der",
     {NULL},
     NULL,
     CARD_MATCH_SERIAL,
     "",
     MEDGL_OK,
     ""},
    {"by the subject", "alice-ec", NULL, {CARD_PIN}, NULL, CARD_MATCH_SUBJECT, "UID", MEDGL_OK, ""},
    {"by what the subject does not have",
     "alice-ec",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_SUBJECT,
     "emailAddress",
     MEDGL_ERR_REFUSED,
     "does not have that attribute"},
    {"a wrong PIN",
     "alice-ec",
     NULL,
     {"654321"},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "PIN of the card is wrong"},
    {"no PIN", "alice-ec", NULL, {NULL}, NULL, CARD_MATCH_EXACT, "", MEDGL_ERR_ABORTED, ""},
    {"the certificate of another key",
     "wrongkey-ec",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "not that of its certificate"},
    {"no card",
     "",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "no card is in the reader"},
    {"two cards",
     "alice-ec bob-rsa",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "several cards"},
    {"a card that asks for no PIN",
     "alice-ec",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "asks for no PIN",
     .driver = "C_GetTokenInfo-nologin"},
    {"no certificate",
     "bare",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "no certificate"},
    {"the second of two certificates",
     "two",
     NULL,
     {CARD_PIN},
     "2",
     CARD_MATCH_EXACT,
     "",
     MEDGL_OK,
     ""},
    {"the third of two certificates",
     "two",
     NULL,
     {CARD_PIN},
     "3",
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "no certificate of that number"},
    {"a file that holds no certificate",
     "",
     "keys/alice-ec.pem",
     {NULL},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "no certificate"},
    {"where cards are not accepted",
     "alice-ec",
     NULL,
     {CARD_PIN},
     NULL,
     CARD_MATCH_EXACT,
     "",
     MEDGL_ERR_REFUSED,
     "a card would open nothing",
     .policy = "factor_kinds = totp\n"},
};

static void test_enrol(void **state)
{
    const struct enrol_row *row = *state;
    struct script script = {.person = row->person};
    const struct talk talk = script_talk(&script);
    char why[OPERATION_WHY_SIZE] = "";
    struct factors factors;
    memcpy(script.answers, row->answers, sizeof(row->answers));
    enrol(here);
    equip(row->driver != NULL ? row->driver : "softhsm", "trust/ca.crl",
          row->policy != NULL ? row->policy : "");
    cards_insert(row->cards, -1);
    assert_int_equal(enrol_by(&talk, row->file, row->match, row->attribute, why), row->error);
    if (strstr(why, row->why) == NULL)
        fail_msg("why: %s", why);
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_factors, &factors),
                     MEDGL_OK);
    assert_int_equal(factors.card, row->error == MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_FACTOR_ENROL], row->error == MEDGL_OK);
    if (row->error == MEDGL_OK)
        assert_int_equal(enrol_by(&talk, row->file, row->match, row->attribute, why),
                         MEDGL_ERR_REFUSED); /* it is there already */
    assert_int_equal(verify(here), MEDGL_OK);
}

/* Two accounts that one card opens: of one person that may be meant. */
static const struct shared_row {
    const char *name, *first; /* the certificate of the other account's card */
    bool told;
} shared_rows[] = {
    {"another account's already", "alice-ec", true},
    {"by its subject", "alice-rsa", true},
    {"nobody else's", "bob-rsa", false},
};

static void test_shared(void **state)
{
    const struct shared_row *row = *state;
    struct script script = {.answers = {NULL}};
    const struct talk talk = script_talk(&script);
    char why[OPERATION_WHY_SIZE] = "";
    char self[sizeof(here->user)];
    const struct account_add_request other = {.name = "bin",
                                              .uid = 2,
                                              .class_ = ACCOUNT_CLASS_STAFF,
                                              .person.full_name = "Another Person"};
    enrol(here);
    assert_int_equal(operation_account_add(&here->context, &other, why), MEDGL_OK);
    equip("softhsm", "trust/ca.crl", "");
    memcpy(self, here->user, sizeof(self));
    (void)snprintf(here->user, sizeof(here->user), "%s", other.name);
    enrol_certificate(row->first, CARD_MATCH_SUBJECT, "CN");
    memcpy(here->user, self, sizeof(self));
    assert_int_equal(enrol_by(&talk, "certificates/alice-ec.pem", CARD_MATCH_EXACT, "", why),
                     MEDGL_OK);
    assert_true((strstr(script.heard, "opens account bin as well") != NULL) == row->told);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void count_seen(void *argument, const struct card_seen *seen)
{
    unsigned *mine = argument;
    mine[0]++;
    mine[1] += strcmp(seen->account, here->user) == 0;
    mine[2] += seen->accepted;
}

static void take_rule(void *argument, const struct factor_report *report)
{
    (void)snprintf(argument, CARD_REPORT_SIZE, "%s", report->what);
}

static void test_look(void **state)
{
    char why[OPERATION_WHY_SIZE] = "", rule[CARD_REPORT_SIZE] = "";
    unsigned mine[3] = {0, 0, 0};
    (void)state;
    enrol(here);
    equip("softhsm", "trust/ca.crl", "");
    enrol_certificate("alice-ec", CARD_MATCH_SUBJECT, "CN");
    cards_insert("two revoked-ec bare", -1);
    assert_int_equal(operation_card_look(&here->context, count_seen, mine, why), MEDGL_OK);
    assert_int_equal(mine[0], 4); /* two, one, and a card without */
    assert_int_equal(mine[1], 1);
    assert_int_equal(mine[2], 2);
    assert_int_equal(
        operation_factor_list(&here->context, here->user, FACTOR_KIND_CARD, take_rule, rule),
        MEDGL_OK);
    assert_string_equal(rule, "CN=alice, of its issuer");
}

/* Whoever else's rule is damaged, a card is told by those that are not; else it may be theirs. */
static enum medgl_error damage_rule(void *argument, const struct credential *credential)
{
    struct credential *damaged = argument; /* the oldest one */
    if (credential->kind == CREDENTIAL_CARD &&
        (damaged->sealed_len == 0 || credential->ledger_seq < damaged->ledger_seq)) {
        *damaged = *credential;
        damaged->sealed[damaged->sealed_len - 1] ^= 1;
    }
    return MEDGL_OK;
}

static enum medgl_error damage_rules(struct store_txn *txn, void *argument)
{
    static struct credential damaged;
    (void)argument;
    MEDGL_TRY(store_credential_each(txn, damage_rule, &damaged));
    return store_credential_update(txn, &damaged);
}

static void count_unknown(void *argument, const struct card_seen *seen)
{
    unsigned *counts = argument;
    counts[0]++;
    counts[1] += strcmp(seen->account, "?") == 0;
    counts[2] += strcmp(seen->account, here->user) == 0;
}

static void test_look_damaged(void **state)
{
    char why[OPERATION_WHY_SIZE] = "";
    unsigned counts[3] = {0, 0, 0};
    (void)state;
    enrol(here);
    equip("softhsm", "trust/ca.crl", "");
    enrol_certificate("alice-rsa", CARD_MATCH_EXACT, NULL);
    enrol_certificate("alice-ec", CARD_MATCH_EXACT, NULL);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, damage_rules, NULL),
                     MEDGL_OK);
    cards_insert("alice-ec revoked-ec", -1);
    assert_int_equal(operation_card_look(&here->context, count_unknown, counts, why), MEDGL_OK);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 1);
}

/* -- a whole login ---------------------------------------------------------------------------- */

static const struct whole_row {
    const char *name, *policy;
    const char *answers[4];
    enum login_verdict verdict;
    const char *heard;
    int left;    /* wrong PINs that the card allows then, of 3; 0: it counts none */
    bool locked; /* by wrong passwords */
} whole_rows[] = {
    {"card and password", "", {CARD_PIN, PASSWORD_ONE}, LOGIN_ALLOWED, "PIN of card alice-ec"},
    {"card alone", "card_alone = yes\n", {CARD_PIN}, LOGIN_ALLOWED, "PIN of card alice-ec"},
    {"card alone, where no factor is asked",
     "card_alone = yes\nfactor_exempt_services = login\n",
     {CARD_PIN},
     LOGIN_ALLOWED,
     "PIN of card alice-ec"},
    {"wrong PIN alone, where no factor is asked",
     "card_alone = yes\nfactor_exempt_services = login\n",
     {"654321"},
     LOGIN_REFUSED,
     "The PIN of the card is wrong"},
    {"wrong PIN and the password, where no factor is asked",
     "factor_exempt_services = login\n",
     {"654321", PASSWORD_ONE},
     LOGIN_ALLOWED,
     "PIN of card alice-ec"},
    {"the password for the PIN: no try of the card",
     "",
     {PASSWORD_ONE, PASSWORD_ONE},
     LOGIN_REFUSED,
     "the card was not tried",
     3},
    {"wrong PIN, of a card that counts",
     "",
     {"654321", PASSWORD_ONE},
     LOGIN_REFUSED,
     "The PIN of the card is wrong",
     2},
    {"of an account that is locked: no try of the card",
     "",
     {"654321", PASSWORD_ONE},
     LOGIN_REFUSED,
     "PIN of card alice-ec",
     3,
     .locked = true},
    {"wrong PIN", "", {"654321", PASSWORD_ONE}, LOGIN_REFUSED, "The PIN of the card is wrong"},
    {"wrong password", "", {CARD_PIN, WRONG}, LOGIN_REFUSED, "PIN of card alice-ec"},
};

static void test_whole(void **state)
{
    const struct whole_row *row = *state;
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    char policy[512];
    struct caller caller = {.trusted = true, .service = "login", .tty = "/dev/tty1"};
    const struct login_request request = {.caller = &caller, .user = here->user};
    enum login_verdict verdict = LOGIN_REFUSED;
    memcpy(script.answers, row->answers, sizeof(row->answers));
    enrol(here);
    set_password(here, PASSWORD_ONE);
    (void)snprintf(policy, sizeof(policy),
                   "card_places = any\nfactor_staff = required\nfactor_required_from = "
                   "2020-01-01\n%s",
                   row->policy);
    cards_command("rm -f '%s%s'", here->root, FACTORLESS_FILE);
    equip("softhsm", "trust/ca.crl", policy);
    enrol_certificate("alice-ec", CARD_MATCH_EXACT, "");
    cards_insert("", -1);
    for (int i = 0; row->locked && i < 12; i++) {
        struct script wrong = {.answers = {WRONG, "000000"}};
        const struct talk wrong_talk = script_talk(&wrong);
        assert_int_equal(operation_login(&here->context, &wrong_talk, &request, &verdict),
                         MEDGL_OK);
    }
    cards_insert("alice-ec", row->left > 0 ? 3 : -1);
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    if (verdict != row->verdict || strstr(script.heard, row->heard) == NULL)
        fail_msg("verdict %d, heard: %s", (int)verdict, script.heard);
    if (row->left > 0)
        cards_command("test \"$(cat '%s/reader/tries')\" = %d", cards_directory, row->left);
    assert_int_equal(verify(here), MEDGL_OK);
}

int main(void)
{
    cards_make();
    TABLE_ADD("a card at a login", login_rows, test_login);
    TABLE_ADD("a card that is no good", verdict_rows, test_verdict);
    table_add("a card that is no good", "revoked after it was enrolled", test_revoked_later, NULL);
    TABLE_ADD("trust that cannot be used", trust_rows, test_trust);
    TABLE_ADD("enrolment", enrol_rows, test_enrol);
    TABLE_ADD("enrolment of a card that is", shared_rows, test_shared);
    table_add("what is in the readers", "and whose it is", test_look, NULL);
    table_add("what is in the readers", "where a rule is damaged", test_look_damaged, NULL);
    TABLE_ADD("a whole login", whole_rows, test_whole);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    const int failed = table_run("card");
    cards_remove();
    return failed;
}
