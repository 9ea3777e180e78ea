/* Enrolment of second factors (R24, R03): devices by a confirmed code and by files of other
 * programs, recovery codes, and how they end (R12). liboath is the other side of the devices. */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "base/path.h"
#include "operation/grant.h"
#include "operation/recovery.h"
#include "operation/totp.h"

#include <liboath/oath.h>
#include <sqlite3.h>
#include <time.h>

#define OTHER "daemon"
#define CARDS                                                                                      \
    "factor_kinds = card\ncard_module = /usr/lib/nowhere.so\nfactor_enrol = administrator\n"

static struct fixture *here;

static int open_here(void **state)
{
    (void)state;
    if (fixture_open((void **)&here) != 0)
        return 1;
    enrol(here);
    return 0;
}

static int close_here(void **state)
{
    (void)state;
    return fixture_close((void **)&here);
}

static void enrol_other(void)
{
    const struct account_add_request request = {
        .name = OTHER, .uid = 60001, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = "Other"};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static uint64_t ledger_size(void)
{
    uint64_t size = 0;
    assert_int_equal(operation_ledger_size(&here->context, &size), MEDGL_OK);
    return size;
}

/* -- a person with an app --------------------------------------------------------------------- */

/* What is typed at each question: a code of the app, by the letter; NULL: gives up. "R": right,
 * "W": wrong, "1", "2", "5": right for an app that makes SHA-1, -256, -512 of it whatever it is
 * told, "L": the code of ten minutes ago, "S": of six digits, "D": spelled with blanks and full
 * width, "=": what was typed last; anything else as it stands. */
struct person {
    const char *types[6];
    size_t next;
    char key[256], last[CODE_SIZE], heard[8192];
    unsigned digits, algorithm;
    size_t longest; /* line that was shown */
};

static void app_code(const struct person *person, unsigned algorithm, unsigned digits, int64_t ago,
                     char *code)
{
    static const int flags[] = {0, 0, OATH_TOTP_HMAC_SHA256, OATH_TOTP_HMAC_SHA512};
    char *secret = NULL;
    size_t len = 0;
    assert_int_equal(oath_base32_decode(person->key, strlen(person->key), &secret, &len), OATH_OK);
    assert_int_equal(
        oath_totp_generate2(secret, len, time(NULL) - ago, 30, 0, digits, flags[algorithm], code),
        OATH_OK);
    free(secret);
}

/* Whether an app shows that code within a quarter of an hour, whatever it makes of the key. */
static bool app_shows(const struct person *person, const char *code)
{
    char shown[16];
    for (unsigned algorithm = 1; algorithm <= 3; algorithm++)
        for (int64_t ago = -900; ago <= 900; ago += 30) {
            app_code(person, algorithm, person->digits, ago, shown);
            if (strcmp(shown, code) == 0)
                return true;
        }
    return false;
}

/* Right at no time that anybody looks at. */
static void app_wrong(const struct person *person, char *code)
{
    char digit = '0';
    do {
        memset(code, digit++, person->digits);
        code[person->digits] = '\0';
    } while (app_shows(person, code) && digit <= '9');
}

static void person_types(struct person *person, const char *what, char text[CODE_SIZE])
{
    char code[16];
    (void)snprintf(text, CODE_SIZE, "%s", what);
    if (strcmp(what, "R") == 0)
        app_code(person, person->algorithm, person->digits, 0, text);
    else if (strcmp(what, "W") == 0)
        app_wrong(person, text);
    else if (strlen(what) == 1 && strchr("125", what[0]) != NULL)
        app_code(person, what[0] == '5' ? 3 : (unsigned)(what[0] - '0'), person->digits, 0, text);
    else if (strcmp(what, "L") == 0)
        app_code(person, person->algorithm, person->digits, 600, text);
    else if (strcmp(what, "S") == 0)
        app_code(person, person->algorithm, 6, 0, text);
    else if (strcmp(what, "=") == 0)
        (void)snprintf(text, CODE_SIZE, "%s", person->last);
    if (strcmp(what, "D") != 0)
        return;
    app_code(person, person->algorithm, person->digits, 0, code);
    (void)snprintf(text, CODE_SIZE, "%.3s %s", code, code + 3);
}

static enum medgl_error person_answers(void *carrier, enum talk_style style,
                                       enum talk_meaning meaning, const char *prompt,
                                       struct secret *answer)
{
    struct person *person = carrier;
    char text[CODE_SIZE];
    assert_true(style == TALK_SECRET && meaning == TALK_CODE && prompt[0] != '\0');
    const char *what = person->types[person->next];
    if (what == NULL)
        return MEDGL_ERR_ABORTED;
    person->next++;
    if (what[0] == '\1')
        return MEDGL_ERR_ARGUMENT;
    person_types(person, what, text);
    memcpy(person->last, text, sizeof(text));
    return secret_copy(answer, text, strlen(text));
}

/* Takes the key as a person would who types it over, and the settings with it. */
static void person_hears(void *carrier, const char *message)
{
    struct person *person = carrier;
    char *to = person->key;
    size_t len = strlen(message);
    assert_null(strchr(message, '\n'));
    person->longest = len > person->longest ? len : person->longest;
    (void)strncat(person->heard, message, sizeof(person->heard) - strlen(person->heard) - 2);
    (void)strncat(person->heard, "\n", 2);
    if (strncmp(message, "Key: ", 5) == 0) {
        for (const char *at = message + 5; *at != '\0'; at++)
            if (*at != ' ')
                *to++ = *at;
        *to = '\0';
    }
    if (strncmp(message, "Settings: ", 10) != 0)
        return;
    person->digits = strstr(message, "8 digits") != NULL ? 8 : 6;
    person->algorithm =
        strstr(message, "SHA-512") != NULL ? 3 : (strstr(message, "SHA-256") != NULL ? 2 : 1);
}

static struct talk person_talk(struct person *person)
{
    return (struct talk){
        .carrier = person, .ask = person_answers, .inform = person_hears, .warn = person_hears};
}

static enum medgl_error enrol_device(struct person *person, const char *name, const char *label,
                                     char why[OPERATION_WHY_SIZE])
{
    const struct talk talk = person_talk(person);
    const struct totp_enrol_request request = {.name = name, .label = label, .reason = ""};
    return operation_totp_enrol(&here->context, &talk, &request, why);
}

static void must_enrol(const char *name, const char *label)
{
    struct person person = {.types = {"R"}};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(enrol_device(&person, name, label, why), MEDGL_OK);
}

/* What is kept of an account's devices. */
struct kept {
    uint32_t count;
    struct credential latest;
    struct totp_record record;
};

static enum medgl_error keep_one(void *argument, const struct credential *credential)
{
    struct kept *kept = argument;
    if (kept->count++ == 0)
        kept->latest = *credential;
    return MEDGL_OK;
}

struct kept_run {
    struct kept *kept;
    const char *name;
    enum credential_kind kind;
};

static enum medgl_error keep_all(struct store_txn *txn, void *argument)
{
    struct kept_run *run = argument;
    struct account account;
    run->kept->count = 0;
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return store_credential_each_of(txn, account.id, run->kind, keep_one, run->kept);
}

static struct kept kept_of(const char *name, enum credential_kind kind)
{
    struct kept kept = {.count = 0};
    struct kept_run run = {.kept = &kept, .name = name, .kind = kind};
    auto_secret struct secret text = SECRET_NONE;
    assert_int_equal(store_transact(here->context.store, STORE_READ, keep_all, &run), MEDGL_OK);
    if (kept.count == 0 || kind != CREDENTIAL_TOTP)
        return kept;
    assert_int_equal(factor_unseal(&here->context, &kept.latest, &text), MEDGL_OK);
    assert_int_equal(totp_record_read(&text, &kept.record), MEDGL_OK);
    return kept;
}

/* -- enrolment at a terminal ------------------------------------------------------------------ */

struct enrol_row {
    const char *name;
    enum totp_algorithm algorithm;
    unsigned digits;
    const char *types[4];
    enum medgl_error error;
    enum totp_algorithm found;
    const char *hears;
};
static const struct enrol_row enrol_rows[] = {
    {"a right code", 0, 0, {"R"}, MEDGL_OK, TOTP_SHA256, "Scan this"},
    {"SHA-1 where that is asked for", TOTP_SHA1, 0, {"R"}, MEDGL_OK, TOTP_SHA1, "SHA-1, 6 digits"},
    {"SHA-512 and eight digits", TOTP_SHA512, 8, {"R"}, MEDGL_OK, TOTP_SHA512, "SHA-512, 8 digits"},
    {"with a blank in it", 0, 0, {"D"}, MEDGL_OK, TOTP_SHA256, ""},
    {"an app that makes SHA-1 of it", 0, 0, {"1"}, MEDGL_OK, TOTP_SHA1, ""},
    {"an app that makes SHA-1 of SHA-512", TOTP_SHA512, 0, {"1"}, MEDGL_OK, TOTP_SHA1, ""},
    {"an app that makes SHA-256 of SHA-1", TOTP_SHA1, 0, {"2"}, MEDGL_OK, TOTP_SHA256, ""},
    {"a wrong one, then a right one", 0, 0, {"W", "R"}, MEDGL_OK, TOTP_SHA256, "not the code"},
    {"two wrong ones, then a right one", 0, 0, {"W", "W", "R"}, MEDGL_OK, TOTP_SHA256, ""},
    {"no code at all, then a right one", 0, 0, {"hello", "R"}, MEDGL_OK, TOTP_SHA256, "not the"},
    {"an answer that is too long, then a right one", 0, 0, {"\1", "R"}, MEDGL_OK, TOTP_SHA256, ""},
    {"a clock that is wrong", 0, 0, {"L", "R"}, MEDGL_OK, TOTP_SHA256, "another time"},
    {"six digits of eight", 0, 8, {"S", "R"}, MEDGL_OK, TOTP_SHA256, "8 digits is needed"},
    {"three wrong ones", 0, 0, {"W", "W", "W"}, MEDGL_ERR_ABORTED, 0, "nothing of it is kept"},
    {"three of another time", 0, 0, {"L", "L", "L"}, MEDGL_ERR_ABORTED, 0, "another time"},
    {"Enter", 0, 0, {""}, MEDGL_ERR_ABORTED, 0, ""},
    {"blanks", 0, 0, {"  "}, MEDGL_ERR_ABORTED, 0, ""},
    {"the line breaks", 0, 0, {NULL}, MEDGL_ERR_ABORTED, 0, ""},
    {"the line breaks after a wrong one", 0, 0, {"W", NULL}, MEDGL_ERR_ABORTED, 0, ""},
    {"seven digits alone", 0, 7, {"R"}, MEDGL_ERR_ARGUMENT, 0, ""},
};

static void test_enrol(void **state)
{
    const struct enrol_row *row = *state;
    struct person person = {.next = 0};
    char why[OPERATION_WHY_SIZE];
    memcpy(person.types, row->types, sizeof(row->types));
    const struct talk talk = person_talk(&person);
    const uint64_t before = ledger_size();
    const struct totp_enrol_request request = {.name = here->user,
                                               .algorithm = row->algorithm,
                                               .digits = row->digits,
                                               .label = "phone",
                                               .reason = "first one"};
    assert_int_equal(operation_totp_enrol(&here->context, &talk, &request, why), row->error);
    assert_non_null(strstr(person.heard, row->hears));
    assert_true(person.longest < 512);    /* PAM_MAX_MSG_SIZE */
    if (row->error != MEDGL_ERR_ARGUMENT) /* for a password manager */
        assert_non_null(strstr(person.heard, "\notpauth://totp/"));
    const struct kept kept = kept_of(here->user, CREDENTIAL_TOTP);
    const bool done = row->error == MEDGL_OK;
    assert_int_equal(kept.count, done);
    assert_int_equal(ledger_size(), before + done);
    assert_int_equal(verify(here), MEDGL_OK);
    if (!done)
        return;
    assert_int_equal(kept.record.algorithm, row->found);
    assert_string_equal(kept.latest.label, "phone");
    /* The confirming code is used up. */
    assert_in_range(kept.latest.counter, time(NULL) / 30 - 3, time(NULL) / 30 + 1);
}

/* Labels, reasons and accounts that cannot be; and what is refused before anything is shown. */
struct refuse_row {
    const char *name;
    const char *label, *reason, *policy;
    const char *account; /* NULL: ours */
    bool retired;
    enum medgl_error error;
    const char *why;
};
static const struct refuse_row refuse_rows[] = {
    {"a label with an escape sequence", "\033[2Jphone", "", "", NULL, false, MEDGL_ERR_ARGUMENT,
     ""},
    {"a label that is no UTF-8", "\xff\xfe", "", "", NULL, false, MEDGL_ERR_ARGUMENT, ""},
    {"a reason with a new line", "", "a\nb", "", NULL, false, MEDGL_ERR_ARGUMENT, ""},
    {"an unknown account", "", "", "", "nobody-here", false, MEDGL_ERR_NOT_FOUND, ""},
    {"a retired account", "", "", "", NULL, true, MEDGL_ERR_REFUSED, "only an active account"},
    {"a policy that accepts cards alone", "", "", CARDS, NULL, false, MEDGL_ERR_REFUSED,
     "factor_kinds"},
};

static void test_refuse(void **state)
{
    const struct refuse_row *row = *state;
    struct person person = {.types = {"R"}};
    char why[OPERATION_WHY_SIZE] = "";
    if (row->retired)
        assert_int_equal(operation_account_retire(&here->context, here->user, "left", why),
                         MEDGL_OK);
    write_policy(here, row->policy);
    reopen(here);
    const struct talk talk = person_talk(&person);
    const uint64_t before = ledger_size();
    const struct totp_enrol_request request = {.name =
                                                   row->account != NULL ? row->account : here->user,
                                               .label = row->label,
                                               .reason = row->reason};
    assert_int_equal(operation_totp_enrol(&here->context, &talk, &request, why), row->error);
    assert_non_null(strstr(why, row->why));
    assert_string_equal(person.heard, "");
    assert_int_equal(ledger_size(), before);
}

static void test_fifth(void **state)
{
    struct person person = {.types = {"R"}};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    for (unsigned i = 0; i < FACTORS_TOTP_MAX; i++)
        must_enrol(here->user, "");
    assert_int_equal(enrol_device(&person, here->user, "", why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "as many devices as it can have"));
    assert_string_equal(person.heard, "");
    assert_int_equal(kept_of(here->user, CREDENTIAL_TOTP).count, FACTORS_TOTP_MAX);
    assert_int_equal(verify(here), MEDGL_OK);
}

static enum medgl_error store_unconfirmed(struct store_txn *txn, void *argument)
{
    struct account account;
    char why[OPERATION_WHY_SIZE];
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    return totp_enrolment_store(&here->context, txn, &clock, &account, argument, TOTP_BY_OWNER,
                                why);
}

/* What is shown at a login fits a console: no URI, and no QR code where there shall be none. */
static void test_shown_at_login(void **state)
{
    auto_clean(totp_enrolment_clear) struct totp_enrolment enrolment = {.step = 0};
    const struct account account = {.name = "alice"};
    (void)state;
    for (unsigned qr = 0; qr < 2; qr++) {
        struct person person = {.next = 0};
        const struct talk talk = person_talk(&person);
        size_t lines = 0;
        assert_int_equal(totp_enrolment_begin(&here->context, 0, 0, "", &enrolment), MEDGL_OK);
        totp_enrolment_show(&talk, &account, &enrolment, qr != 0, false);
        assert_null(strstr(person.heard, "otpauth"));
        for (const char *at = person.heard; *at != '\0'; at++)
            lines += *at == '\n';
        assert_in_range(lines, 3, qr != 0 ? 26 : 3);
    }
}

static void test_unconfirmed(void **state)
{
    struct totp_enrolment enrolment;
    (void)state;
    assert_int_equal(totp_enrolment_begin(&here->context, 0, 0, "", &enrolment), MEDGL_OK);
    assert_int_equal(
        store_transact(here->context.store, STORE_WRITE, store_unconfirmed, &enrolment),
        MEDGL_ERR_ARGUMENT);
    assert_int_equal(kept_of(here->user, CREDENTIAL_TOTP).count, 0);
}

/* -- list and remove -------------------------------------------------------------------------- */

struct listed {
    uint32_t count;
    char all[4096], first_id[CRYPTO_ID_SIZE];
    bool damaged; /* one of them may be */
};

static void list_one(void *argument, const struct factor_report *report)
{
    struct listed *listed = argument;
    size_t len = strlen(listed->all);
    if (listed->count++ == 0)
        memcpy(listed->first_id, report->credential->id, CRYPTO_ID_SIZE);
    assert_true(report->last_used > 0 || listed->damaged);
    (void)snprintf(listed->all + len, sizeof(listed->all) - len, "%s|%s|%s\n", report->name,
                   report->credential->label, report->what);
}

static struct listed list_of(const char *name)
{
    struct listed listed = {.count = 0};
    assert_int_equal(
        operation_factor_list(&here->context, name, FACTOR_KIND_NONE, list_one, &listed), MEDGL_OK);
    return listed;
}

/* The seal holds no more, as where another key made it; the row does. */
static enum medgl_error damage_seal(void *argument, const struct credential *credential)
{
    struct credential *damaged = argument;
    if (strcmp(credential->label, "broken") == 0) {
        *damaged = *credential;
        damaged->sealed[damaged->sealed_len - 1] ^= 1;
    }
    return MEDGL_OK;
}

static enum medgl_error damage_seals(struct store_txn *txn, void *argument)
{
    static struct credential damaged;
    (void)argument;
    MEDGL_TRY(store_credential_each(txn, damage_seal, &damaged));
    return store_credential_update(txn, &damaged);
}

/* Not even the row is to be believed. */
static void damage_row(void)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    assert_int_equal(path_under(path, here->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE credential SET label = 'changed' WHERE label = 'broken'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const bool damage_by_row = true;

/* One that is damaged hides nobody else's. */
static void test_list_damaged(void **state)
{
    enrol_other();
    must_enrol(here->user, "broken");
    must_enrol(OTHER, "token");
    if (*state != NULL)
        damage_row();
    else
        assert_int_equal(store_transact(here->context.store, STORE_WRITE, damage_seals, NULL),
                         MEDGL_OK);
    struct listed listed = {.count = 0, .damaged = true};
    assert_int_equal(
        operation_factor_list(&here->context, NULL, FACTOR_KIND_TOTP, list_one, &listed), MEDGL_OK);
    assert_int_equal(listed.count, 2);
    assert_non_null(strstr(listed.all, OTHER "|token|SHA-"));
    assert_non_null(strstr(listed.all, *state != NULL ? "||?" : "|broken|?"));
}

struct remove_row {
    const char *name;
    const char *id; /* "ID": the first one's as a whole, "HEAD": its first eight digits, "SHORT":
                       five; NULL: all */
    enum medgl_error error;
    uint32_t removed, left;
};
static const struct remove_row remove_rows[] = {
    {"by its id", "ID", MEDGL_OK, 1, 2},
    {"by the beginning of its id", "HEAD", MEDGL_OK, 1, 2},
    {"by its label", "phone", MEDGL_OK, 1, 2},
    {"by a label that two have", "token", MEDGL_ERR_REFUSED, 0, 3},
    {"by too few digits", "SHORT", MEDGL_ERR_REFUSED, 0, 3},
    {"by no id of theirs", "0123456789abcdef0123456789abcdef", MEDGL_ERR_REFUSED, 0, 3},
    {"all", NULL, MEDGL_OK, 3, 0},
};

static void test_remove(void **state)
{
    const struct remove_row *row = *state;
    char why[OPERATION_WHY_SIZE], id[CRYPTO_ID_SIZE] = "";
    uint32_t removed;
    must_enrol(here->user, "token");
    must_enrol(here->user, "token");
    must_enrol(here->user, "phone");
    const struct listed listed = list_of(here->user);
    assert_int_equal(listed.count, 3);
    if (row->id != NULL)
        (void)snprintf(id, sizeof(id), "%s", row->id);
    if (strcmp(id, "ID") == 0)
        memcpy(id, listed.first_id, sizeof(id));
    else if (strcmp(id, "HEAD") == 0)
        (void)snprintf(id, sizeof(id), "%.8s", listed.first_id);
    else if (strcmp(id, "SHORT") == 0)
        (void)snprintf(id, sizeof(id), "%.5s", listed.first_id);
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP,
                                             row->id != NULL ? id : NULL, "lost", &removed, why),
                     row->error);
    assert_int_equal(removed, row->removed);
    assert_int_equal(list_of(here->user).count, row->left);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_remove_nothing(void **state)
{
    char why[OPERATION_WHY_SIZE];
    uint32_t removed;
    (void)state;
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP, NULL,
                                             "lost", &removed, why),
                     MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "nothing of that kind"));
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_NONE, NULL,
                                             "lost", &removed, why),
                     MEDGL_ERR_ARGUMENT);
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP, NULL, "",
                                             &removed, why),
                     MEDGL_ERR_ARGUMENT);
    assert_int_equal(operation_factor_remove(&here->context, "nobody-here", FACTOR_KIND_TOTP, NULL,
                                             "lost", &removed, why),
                     MEDGL_ERR_NOT_FOUND);
}

/* No secret is in what is listed, nor in any entry of the ledger. */
static enum medgl_error no_key(void *argument, const struct ledger_row *row)
{
    const struct person *person = argument;
    assert_null(memmem(row->line, row->len, person->key, strlen(person->key)));
    return MEDGL_OK;
}

static void test_no_secret(void **state)
{
    struct person person = {.types = {"R"}};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    assert_int_equal(enrol_device(&person, here->user, "phone", why), MEDGL_OK);
    const struct listed listed = list_of(NULL);
    assert_int_equal(listed.count, 1);
    assert_non_null(strstr(listed.all, "|phone|SHA-256, 6 digits, 30 seconds"));
    assert_null(strstr(listed.all, person.key));
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, no_key, &person),
                     MEDGL_OK);
}

/* -- recovery codes --------------------------------------------------------------------------- */

struct paper {
    char codes[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];
    enum medgl_error answer;
};

static enum medgl_error take_paper(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    struct paper *paper = argument;
    assert_int_equal(count, RECOVERY_COUNT);
    assert_string_equal(account->name, here->user);
    memcpy(paper->codes, codes, sizeof(paper->codes));
    return paper->answer;
}

static enum medgl_error issue_paper(struct paper *paper)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {
        .name = here->user, .reason = "asked", .argument = paper, .deliver = take_paper};
    return operation_recovery_issue(&here->context, &request, why);
}

struct find_run {
    struct factors factors;
    struct account account;
};

static enum medgl_error find_read(struct store_txn *txn, void *argument)
{
    struct find_run *run = argument;
    MEDGL_TRY(store_account_by_name(txn, here->user, &run->account));
    return factors_read(txn, run->account.id, clock_read().now, &run->factors);
}

static size_t find_code(const char *code, bool accepted)
{
    static struct find_run run;
    size_t index = 0;
    const struct recovery_accept accept = {.recovery = accepted, .code = true};
    assert_int_equal(store_transact(here->context.store, STORE_READ, find_read, &run), MEDGL_OK);
    assert_int_equal(
        recovery_find(&here->context, run.account.id, &run.factors, &accept, code, &index),
        MEDGL_OK);
    return index;
}

static void test_recovery_form(void **state)
{
    char code[RECOVERY_TEXT_SIZE], normal[CODE_SIZE];
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        struct secret typed = {(unsigned char *)code, RECOVERY_TEXT_SIZE - 1, RECOVERY_TEXT_SIZE};
        assert_int_equal(recovery_generate(code), MEDGL_OK);
        assert_int_equal(strlen(code), RECOVERY_TEXT_SIZE - 1);
        assert_int_equal(code_normalise(&typed, normal), CODE_RECOVERY);
        assert_string_equal(normal, code);
    }
}

static void test_recovery_issue(void **state)
{
    struct paper first = {.answer = MEDGL_OK}, second = {.answer = MEDGL_OK};
    bool seen[FACTORS_MAX] = {false};
    (void)state;
    assert_int_equal(issue_paper(&first), MEDGL_OK);
    for (size_t i = 0; i < RECOVERY_COUNT; i++) {
        const size_t found = find_code(first.codes[i], true);
        assert_true(found < FACTORS_MAX && !seen[found]);
        seen[found] = true;
    }
    assert_int_equal(find_code(first.codes[0], false), FACTORS_MAX);
    assert_int_equal(find_code("00000-0000A", true), FACTORS_MAX);
    assert_int_equal(issue_paper(&second), MEDGL_OK);
    assert_int_equal(find_code(first.codes[0], true), FACTORS_MAX);
    assert_true(find_code(second.codes[9], true) < FACTORS_MAX);
    assert_int_equal(kept_of(here->user, CREDENTIAL_RECOVERY).count, RECOVERY_COUNT);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_recovery_lost_slip(void **state)
{
    struct paper good = {.answer = MEDGL_OK}, lost = {.answer = MEDGL_ERR_SPACE};
    (void)state;
    assert_int_equal(issue_paper(&good), MEDGL_OK);
    const uint64_t before = ledger_size();
    assert_int_equal(issue_paper(&lost), MEDGL_ERR_SPACE);
    assert_int_equal(ledger_size(), before);
    assert_true(find_code(good.codes[0], true) < FACTORS_MAX);
    assert_int_equal(find_code(lost.codes[0], true), FACTORS_MAX);
}

/* Kept like passwords (R10): at the policy's cost, with a random salt. */
static enum medgl_error terms_read(struct store_txn *txn, void *argument)
{
    static struct find_run run;
    auto_secret struct secret phc = SECRET_NONE;
    MEDGL_TRY(find_read(txn, &run));
    assert_true(run.factors.count > 0);
    const struct credential *last = &run.factors.all[run.factors.count - 1];
    assert_true(last->kind == CREDENTIAL_RECOVERY || last->kind == CREDENTIAL_CODE);
    MEDGL_TRY(factor_unseal(&here->context, last, &phc));
    return recovery_terms_read((const char *)phc.bytes, argument);
}

static struct recovery_terms terms_of_last(void)
{
    struct recovery_terms terms;
    assert_int_equal(store_transact(here->context.store, STORE_READ, terms_read, &terms), MEDGL_OK);
    return terms;
}

static void test_recovery_terms(void **state)
{
    struct paper paper = {.answer = MEDGL_OK};
    struct policy *policy = &here->context.policy;
    (void)state;
    assert_int_equal(issue_paper(&paper), MEDGL_OK);
    const struct recovery_terms first = terms_of_last();
    assert_int_equal(first.cost.time, policy->kdf_time);
    assert_int_equal(first.cost.memory_kib, policy->kdf_memory / 1024);
    assert_int_equal(first.cost.lanes, policy->kdf_lanes);
    policy->kdf_time++; /* what there is goes on, and the next ones cost more */
    memset(here->context.tag_key, 1, sizeof(here->context.tag_key));
    assert_true(find_code(paper.codes[3], true) < FACTORS_MAX);
    assert_int_equal(find_code("K7XQM-3NPWD", true), FACTORS_MAX);
    assert_int_equal(issue_paper(&paper), MEDGL_OK);
    const struct recovery_terms second = terms_of_last();
    assert_int_equal(second.cost.time, policy->kdf_time);
    assert_memory_not_equal(first.salt, second.salt, sizeof(first.salt));
    assert_true(find_code(paper.codes[3], true) < FACTORS_MAX);
}

/* Of other terms than a typed code was evaluated with: no match, and no error (R23). */
static void test_recovery_other_terms(void **state)
{
    const struct kdf_cost cost = {.memory_kib = 64, .time = 1, .lanes = 1};
    const unsigned char evaluation[KDF_HASH_SIZE] = {7};
    struct recovery_terms terms;
    char phc[KDF_PHC_SIZE];
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        bool matches = i != 0;
        assert_int_equal(recovery_terms_new(&cost, &terms), MEDGL_OK);
        assert_int_equal(recovery_record_write(&terms, evaluation, phc), MEDGL_OK);
        terms.salt[KDF_SALT_SIZE - 1] ^= i == 1;
        terms.cost.time += i == 2;
        terms.cost.memory_kib += i == 3;
        terms.cost.lanes += i == 4;
        assert_int_equal(recovery_record_matches(phc, &terms, evaluation, &matches), MEDGL_OK);
        assert_int_equal(matches, i == 0);
        phc[0] = '?';
        assert_int_equal(recovery_record_matches(phc, &terms, evaluation, &matches),
                         MEDGL_ERR_CORRUPT);
        assert_int_equal(recovery_terms_read(phc, &terms), MEDGL_ERR_CORRUPT);
    }
}

/* One evaluation answers for recovery codes and those of a waiver. */
struct waiver {
    char code[RECOVERY_TEXT_SIZE];
    struct paper *meanwhile; /* issued before the waiver is there; NULL: none */
};

static enum medgl_error take_waiver(void *argument, const struct account *account,
                                    const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                    medgl_time until)
{
    struct waiver *waiver = argument;
    (void)account;
    assert_true(count == 2 && until > 0);
    memcpy(waiver->code, codes[1], sizeof(waiver->code));
    return waiver->meanwhile != NULL ? issue_paper(waiver->meanwhile) : MEDGL_OK;
}

static enum medgl_error give_waiver(struct waiver *waiver)
{
    char why[OPERATION_WHY_SIZE], grant[CRYPTO_ID_SIZE];
    const struct grant_add_request request = {.name = here->user,
                                              .kind = GRANT_FACTOR_WAIVER,
                                              .instead = GRANT_INSTEAD_CODE,
                                              .codes = 2,
                                              .until = clock_read().now + MEDGL_DAY,
                                              .approved_by = "boss",
                                              .reason = "lost",
                                              .argument = waiver,
                                              .deliver = take_waiver};
    return operation_grant_add(&here->context, &request, grant, why);
}

static const bool waiver_comes_first = true;

static void test_recovery_two_batches(void **state)
{
    const bool waiver_first = *state != NULL;
    struct paper paper = {.answer = MEDGL_OK};
    struct waiver waiver = {.meanwhile = NULL};
    must_enrol(here->user, "phone");
    if (waiver_first)
        assert_int_equal(give_waiver(&waiver), MEDGL_OK);
    assert_int_equal(issue_paper(&paper), MEDGL_OK);
    here->context.policy.kdf_time++;
    if (!waiver_first)
        assert_int_equal(give_waiver(&waiver), MEDGL_OK);
    else
        assert_int_equal(issue_paper(&paper), MEDGL_OK);
    assert_true(find_code(paper.codes[0], true) < FACTORS_MAX);
    assert_true(find_code(waiver.code, true) < FACTORS_MAX);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_recovery_batch_between(void **state)
{
    struct paper paper = {.answer = MEDGL_OK};
    struct waiver waiver = {.meanwhile = &paper};
    (void)state;
    must_enrol(here->user, "phone");
    assert_int_equal(give_waiver(&waiver), MEDGL_ERR_CONFLICT);
    assert_int_equal(kept_of(here->user, CREDENTIAL_CODE).count, 0);
    waiver.meanwhile = NULL;
    assert_int_equal(give_waiver(&waiver), MEDGL_OK);
    assert_true(find_code(paper.codes[0], true) < FACTORS_MAX);
    assert_true(find_code(waiver.code, true) < FACTORS_MAX);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_recovery_none(void **state)
{
    (void)state;
    assert_int_equal(find_code("K7XQM-3NPWD", true), FACTORS_MAX);
}

static void count_left(void *argument, const struct recovery_report *report)
{
    *(uint32_t *)argument = report->left;
}

static void test_recovery_list(void **state)
{
    struct paper paper = {.answer = MEDGL_OK};
    uint32_t left = 99, removed;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    assert_int_equal(operation_recovery_list(&here->context, NULL, count_left, &left), MEDGL_OK);
    assert_int_equal(left, 99); /* nobody has any */
    assert_int_equal(issue_paper(&paper), MEDGL_OK);
    assert_int_equal(operation_recovery_list(&here->context, here->user, count_left, &left),
                     MEDGL_OK);
    assert_int_equal(left, RECOVERY_COUNT);
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_RECOVERY, NULL,
                                             "found", &removed, why),
                     MEDGL_OK);
    assert_int_equal(removed, RECOVERY_COUNT);
    assert_int_equal(operation_recovery_list(&here->context, here->user, count_left, &left),
                     MEDGL_OK);
    assert_int_equal(left, 0);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* -- all at once (R12, R25) ------------------------------------------------------------------- */

static void fill(void)
{
    struct paper paper = {.answer = MEDGL_OK};
    must_enrol(here->user, "phone");
    must_enrol(here->user, "token");
    assert_int_equal(issue_paper(&paper), MEDGL_OK);
}

static void expect_nothing(void)
{
    assert_int_equal(kept_of(here->user, CREDENTIAL_TOTP).count, 0);
    assert_int_equal(kept_of(here->user, CREDENTIAL_RECOVERY).count, 0);
    assert_int_equal(tally_of(here).kinds[LEDGER_FACTOR_REVOKE], 2);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_leak(void **state)
{
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    const struct password_revoke_request alone = {.name = here->user, .reason = "leaked"};
    const struct password_revoke_request all = {
        .name = here->user, .reason = "leaked", .factors = true};
    (void)state;
    issue(here);
    fill();
    assert_int_equal(operation_password_revoke(&here->context, &alone, &revoked, why), MEDGL_OK);
    assert_int_equal(revoked.factors, 0);
    assert_int_equal(kept_of(here->user, CREDENTIAL_TOTP).count, 2);
    assert_int_equal(operation_password_revoke(&here->context, &all, &revoked, why), MEDGL_OK);
    assert_false(revoked.password); /* that went before */
    assert_int_equal(revoked.factors, 2 + RECOVERY_COUNT);
    expect_nothing();
    assert_int_equal(operation_password_revoke(&here->context, &all, &revoked, why),
                     MEDGL_ERR_REFUSED);
}

static enum medgl_error take_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                   medgl_time until)
{
    (void)argument;
    assert_true(account != NULL && codes[0][0] != '\0' && count == 2 && until > 0);
    return MEDGL_OK;
}

/* The codes of a waiver end too; the waiver itself is then without a way in, and may be revoked. */
static void test_leak_waiver(void **state)
{
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE], grant[CRYPTO_ID_SIZE];
    const struct password_revoke_request all = {
        .name = here->user, .reason = "leaked", .factors = true};
    const struct grant_add_request waiver = {.name = here->user,
                                             .kind = GRANT_FACTOR_WAIVER,
                                             .instead = GRANT_INSTEAD_CODE,
                                             .codes = 2,
                                             .until = clock_read().now + MEDGL_DAY,
                                             .approved_by = "boss",
                                             .reason = "lost",
                                             .deliver = take_codes};
    (void)state;
    must_enrol(here->user, "phone");
    assert_int_equal(operation_grant_add(&here->context, &waiver, grant, why), MEDGL_OK);
    assert_int_equal(kept_of(here->user, CREDENTIAL_CODE).count, 2);
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_CODE, NULL,
                                             "lost", &revoked.factors, why),
                     MEDGL_ERR_ARGUMENT); /* they end with their grant */
    assert_int_equal(operation_password_revoke(&here->context, &all, &revoked, why), MEDGL_OK);
    assert_int_equal(revoked.factors, 3);
    assert_int_equal(kept_of(here->user, CREDENTIAL_CODE).count, 0);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(operation_grant_revoke(&here->context, grant, "leaked", why), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
}

static void test_retire(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    fill();
    assert_int_equal(operation_account_retire(&here->context, here->user, "left", why), MEDGL_OK);
    expect_nothing();
}

/* -- import ----------------------------------------------------------------------------------- */

#define KEY_A "3132333435363738393031323334353637383930"
#define KEY_B "4142434445464748494a4b4c4d4e4f5051525354"
#define LONG_KEY                                                                                   \
    "313131313131313131313131313131313131313131313131313131313131313131"                           \
    "3131313131313131313131313131313131313131313131313131313131313131"
#define LONG_KEY_HASH "22c21655615adbb2b0aae9adcf8788ae5f93b69b" /* SHA-1 */

struct heard {
    char all[4096];
    uint32_t good, bad;
};

static void hear(void *argument, size_t line, const char *user, const char *serial,
                 enum medgl_error error, const char *why)
{
    struct heard *heard = argument;
    size_t len = strlen(heard->all);
    heard->good += error == MEDGL_OK;
    heard->bad += error != MEDGL_OK;
    (void)snprintf(heard->all + len, sizeof(heard->all) - len, "%zu|%s|%s|%s\n", line, user, serial,
                   error == MEDGL_OK ? "good" : why);
}

static enum medgl_error import(const char *form_text, enum totp_import_form form, const char *name,
                               bool dry_run, struct heard *heard, char why[OPERATION_WHY_SIZE])
{
    auto_secret struct secret text = SECRET_NONE;
    const struct totp_import_request request = {.form = form,
                                                .text = &text,
                                                .name = name,
                                                .dry_run = dry_run,
                                                .argument = heard,
                                                .outcome = hear};
    assert_int_equal(secret_copy(&text, form_text, strlen(form_text)), MEDGL_OK);
    return operation_totp_import(&here->context, &request, why);
}

/* OURS and OTHER stand for login names. */
static const char *fill_names(const char *text, char *filled, size_t size)
{
    size_t len = 0;
    for (; *text != '\0' && len + 64 < size; text++) {
        const bool ours = strncmp(text, "OURS", 4) == 0;
        if (!ours && strncmp(text, "OTHR", 4) != 0) {
            filled[len++] = *text;
            continue;
        }
        len += (size_t)snprintf(filled + len, size - len, "%s", ours ? here->user : OTHER);
        text += 3;
    }
    filled[len] = '\0';
    return filled;
}

struct import_row {
    const char *name;
    enum totp_import_form form;
    const char *text;
    bool named;
    enum medgl_error error;
    uint32_t good, bad;
    const char *hears, *why;
};
static const struct import_row import_rows[] = {
    {"one device", TOTP_IMPORT_USERS, "HOTP/T30/6 OURS - " KEY_A "\n", false, MEDGL_OK, 1, 0,
     "good", ""},
    {"two people", TOTP_IMPORT_USERS, "HOTP/T30/6 OURS - " KEY_A "\nHOTP/T30 OTHR - " KEY_B "\n",
     false, MEDGL_OK, 2, 0, "2|" OTHER "||good", ""},
    {"one of two, by name", TOTP_IMPORT_USERS,
     "HOTP/T30/6 OTHR - " KEY_A "\nHOTP/T30 OURS - " KEY_B "\n", true, MEDGL_OK, 1, 0, "2|", ""},
    {"nobody of that name", TOTP_IMPORT_USERS, "HOTP/T30/6 OTHR - " KEY_A "\n", true,
     MEDGL_ERR_REFUSED, 0, 0, "", "holds no device"},
    {"the same secret twice", TOTP_IMPORT_USERS,
     "HOTP/T30/6 OURS - " KEY_A "\nHOTP/T30/6 OTHR - " KEY_A "\n", false, MEDGL_ERR_REFUSED, 1, 1,
     "2|" OTHER "||the same device is enrolled already", ""},
    {"the same with zeros behind it", TOTP_IMPORT_USERS,
     "HOTP/T30/6 OURS - " KEY_A "\nHOTP/T30/6 OTHR - " KEY_A "0000\n", false, MEDGL_ERR_REFUSED, 1,
     1, "2|" OTHER "||the same device is enrolled already", ""},
    {"a long secret, and what HMAC makes of it", TOTP_IMPORT_USERS,
     "HOTP/T30/6 OURS - " LONG_KEY "\nHOTP/T30/6 OTHR - " LONG_KEY_HASH "\n", false,
     MEDGL_ERR_REFUSED, 1, 1, "2|" OTHER "||the same device is enrolled already", ""},
    {"somebody who is not enrolled", TOTP_IMPORT_USERS,
     "HOTP/T30/6 no-such-user - " KEY_A "\nHOTP/T30/6 OURS - " KEY_B "\n", false, MEDGL_ERR_REFUSED,
     1, 1, "1|no-such-user||there is no account", ""},
    {"a token that counts", TOTP_IMPORT_USERS, "HOTP OURS - " KEY_A "\n", false, MEDGL_ERR_REFUSED,
     0, 1, "1|", ""},
    {"five devices", TOTP_IMPORT_USERS,
     "HOTP/T30 OURS - " KEY_A "01\nHOTP/T30 OURS - " KEY_A "02\nHOTP/T30 OURS - " KEY_A
     "03\nHOTP/T30 OURS - " KEY_A "04\nHOTP/T30 OURS - " KEY_A "05\n",
     false, MEDGL_ERR_REFUSED, 4, 1, "as many devices as it can have", ""},
    {"a file of google-authenticator", TOTP_IMPORT_GOOGLE,
     "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n12345678\n", true, MEDGL_OK, 1, 0, "good",
     ""},
    {"the same without NAME", TOTP_IMPORT_GOOGLE,
     "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n", false, MEDGL_ERR_ARGUMENT, 0, 0, "",
     "give NAME"},
    {"no such file", TOTP_IMPORT_GOOGLE, "hello, world!\n", true, MEDGL_ERR_ARGUMENT, 0, 0, "",
     "none of that format"},
    {"no PSKC", TOTP_IMPORT_PSKC, "<a/>", true, MEDGL_ERR_ARGUMENT, 0, 0, "",
     "none of that format"},
};

static void test_import(void **state)
{
    const struct import_row *row = *state;
    struct heard dry = {.good = 0}, real = {.good = 0}, again = {.good = 0};
    char why[OPERATION_WHY_SIZE], text[1024];
    const char *name = row->named ? here->user : NULL;
    enrol_other();
    fill_names(row->text, text, sizeof(text));
    const uint64_t before = ledger_size();
    assert_int_equal(import(text, row->form, name, true, &dry, why), row->error);
    assert_non_null(strstr(why, row->why));
    assert_int_equal(ledger_size(), before);
    assert_int_equal(import(text, row->form, name, false, &real, why), row->error);
    assert_string_equal(dry.all, real.all); /* it said what would be */
    assert_non_null(strstr(real.all, row->hears));
    assert_int_equal(real.good, row->good);
    assert_int_equal(real.bad, row->bad);
    assert_int_equal(ledger_size(), before + row->good);
    assert_int_equal(verify(here), MEDGL_OK);
    if (row->good == 0)
        return;
    assert_int_equal(import(text, row->form, name, false, &again, why), MEDGL_ERR_REFUSED);
    assert_int_equal(again.good, 0);
    assert_int_equal(ledger_size(), before + row->good);
}

/* An error of the store ends it, and is no reason of one device. */
static void test_import_with_a_removed_one(void **state)
{
    struct heard heard = {.good = 0};
    char why[OPERATION_WHY_SIZE], text[256];
    uint32_t removed;
    (void)state;
    fill_names("HOTP/T30 OURS - " KEY_A "\n", text, sizeof(text));
    assert_int_equal(import(text, TOTP_IMPORT_USERS, NULL, false, &heard, why), MEDGL_OK);
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP, NULL,
                                             "again", &removed, why),
                     MEDGL_OK);
    assert_int_equal(import(text, TOTP_IMPORT_USERS, NULL, false, &heard, why), MEDGL_OK);
    assert_int_equal(heard.good, 2);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* A code that was used elsewhere, or here before the device was taken away, opens nothing; the next
 * one does. */
static enum medgl_error import_see(struct store_txn *txn, void *argument)
{
    static struct find_run run;
    auto_secret struct secret plain = SECRET_NONE;
    auto_clean(totp_record_clear) struct totp_record record;
    char code[2][CODE_SIZE];
    int64_t step, drift;
    const medgl_time now = clock_read().now, *before = argument;
    MEDGL_TRY(find_read(txn, &run));
    assert_int_equal(run.factors.totp, 1);
    const struct credential *device = &run.factors.all[0];
    const struct totp_state state = {device->counter, device->drift};
    MEDGL_TRY(factor_unseal(&here->context, device, &plain));
    MEDGL_TRY(totp_record_read(&plain, &record));
    assert_in_range(device->counter, totp_step(&record, *before), totp_step(&record, now));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(oath_totp_generate((const char *)record.secret, record.secret_len,
                                            (time_t)((device->counter + i) * record.period),
                                            record.period, 0, record.digits, code[i]),
                         OATH_OK);
    MEDGL_TRY(totp_check(&record, &state, code[0], now, &step, &drift));
    assert_int_equal(step, 0);
    MEDGL_TRY(totp_check(&record, &state, code[1], now, &step, &drift));
    assert_int_equal(step, device->counter + 1);
    return MEDGL_OK;
}

static void test_import_uses_up_now(void **state)
{
    struct heard heard = {.good = 0};
    char why[OPERATION_WHY_SIZE], text[256];
    uint32_t removed;
    medgl_time before;
    (void)state;
    fill_names("HOTP/T30 OURS - " KEY_A "\n", text, sizeof(text));
    for (unsigned i = 0; i < 2; i++) {
        before = clock_read().now;
        assert_int_equal(import(text, TOTP_IMPORT_USERS, NULL, false, &heard, why), MEDGL_OK);
        assert_int_equal(store_transact(here->context.store, STORE_READ, import_see, &before),
                         MEDGL_OK);
        assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP, NULL,
                                                 "again", &removed, why),
                         MEDGL_OK);
    }
    assert_int_equal(verify(here), MEDGL_OK);
}

/* What the file says was used up is believed where it is later than now. */
static void test_import_used_later(void **state)
{
    struct heard heard = {.good = 0};
    char why[OPERATION_WHY_SIZE], text[256];
    static struct find_run run;
    const int64_t last = clock_read().now / MEDGL_SECOND / 30 + 3;
    (void)state;
    (void)snprintf(text, sizeof(text),
                   "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n\" DISALLOW_REUSE %lld\n",
                   (long long)last);
    assert_int_equal(import(text, TOTP_IMPORT_GOOGLE, here->user, false, &heard, why), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_READ, find_read, &run), MEDGL_OK);
    assert_int_equal(run.factors.all[0].counter, last);
}

/* -- all ----------------------------------------------------------------------------------------
 */

#define SINGLE(what, name, test) table_add(what, name, test, NULL)

int main(void)
{
    TABLE_ADD("a device is enrolled by its code (R24)", enrol_rows, test_enrol);
    TABLE_ADD("refused, and nothing was shown", refuse_rows, test_refuse);
    SINGLE("a device", "no fifth one", test_fifth);
    SINGLE("a device", "what is shown of it at a login", test_shown_at_login);
    SINGLE("a device", "none without a code that confirmed it", test_unconfirmed);
    SINGLE("a device", "its secret is in no list and no entry", test_no_secret);
    SINGLE("a list", "with a device whose seal is damaged", test_list_damaged);
    table_add("a list", "with a device whose row is damaged", test_list_damaged, &damage_by_row);
    TABLE_ADD("devices are taken away", remove_rows, test_remove);
    SINGLE("devices are taken away", "not where there is none", test_remove_nothing);
    SINGLE("recovery codes", "have their form", test_recovery_form);
    SINGLE("recovery codes", "each is found, and the older ones end", test_recovery_issue);
    SINGLE("recovery codes", "nothing changes where they did not arrive", test_recovery_lost_slip);
    SINGLE("recovery codes", "cost what a password costs (R10, R37)", test_recovery_terms);
    SINGLE("recovery codes", "of other terms are no match", test_recovery_other_terms);
    SINGLE("recovery codes", "beside those of a waiver (R03)", test_recovery_two_batches);
    table_add("recovery codes", "beside those of an older waiver (R03)", test_recovery_two_batches,
              &waiver_comes_first);
    SINGLE("recovery codes", "that came in between", test_recovery_batch_between);
    SINGLE("recovery codes", "none is found where there is none", test_recovery_none);
    SINGLE("recovery codes", "how many are left", test_recovery_list);
    SINGLE("all factors end", "with a password that leaked (R12)", test_leak);
    SINGLE("all factors end", "the codes of a waiver too (R12)", test_leak_waiver);
    SINGLE("all factors end", "with the account (R25)", test_retire);
    TABLE_ADD("import", import_rows, test_import);
    SINGLE("import", "what was taken away may come again", test_import_with_a_removed_one);
    SINGLE("import", "what was used a moment ago is used up", test_import_uses_up_now);
    SINGLE("import", "what the file says was used is used up", test_import_used_later);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    return table_run("enrolment");
}
