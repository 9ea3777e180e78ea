/* The program that speaks to the driver of smartcards: what honest drivers get done, and that the
 * others get nothing done, in no more than their time, and leave nothing (R24, R38). */
#include "operation/card_reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../cards/cards.h"
#include "table.h"

#define PATIENCE_MS 1500  /* of the tests with drivers that hang */
#define SPARE_MS    30000 /* for ending what they left, on a crowded machine */

static const char *private_root = "";

static struct card_driver driver_named(const char *name, int64_t timeout_ms)
{
    return (struct card_driver){.root = private_root,
                                .program = TEST_BUILDDIR "/medgl-card",
                                .module = cards_driver(name),
                                .timeout_ms = timeout_ms};
}

static void look_at(const char *driver, struct card_tokens *tokens)
{
    const struct card_driver named = driver_named(driver, 20000);
    enum card_trouble trouble = CARD_TROUBLE_DRIVER;
    assert_int_equal(card_reader_look(&named, tokens, &trouble), MEDGL_OK);
    assert_int_equal(trouble, CARD_TROUBLE_NONE);
}

struct signing {
    enum card_trouble trouble;
    enum card_tries tries;
    bool good; /* the signature */
};

static struct signing sign_by(const struct card_driver *driver, const struct card_token *token,
                              size_t certificate, const char *pin, bool pss)
{
    struct signing signing = {.trouble = CARD_TROUBLE_DRIVER};
    unsigned char digest[CRYPTO_HASH_SIZE] = {1, 2, 3}, signature[CARD_SIGNATURE_MAX];
    auto_secret struct secret secret = SECRET_NONE;
    auto_clean(card_certificate_free) struct card_certificate *cert = NULL;
    size_t len = 77;
    assert_int_equal(secret_copy(&secret, pin, strlen(pin)), MEDGL_OK);
    assert_int_equal(card_certificate_read(token->certificate[certificate].der,
                                           token->certificate[certificate].der_len, false, &cert),
                     MEDGL_OK);
    const enum card_scheme scheme = card_scheme_for(cert, pss);
    assert_int_not_equal(scheme, CARD_SCHEME_NONE);
    assert_int_equal(card_reader_sign(driver, token, certificate, &secret, scheme, digest,
                                      signature, &len, &signing.tries, &signing.trouble),
                     MEDGL_OK);
    assert_true((len > 0) == (signing.trouble == CARD_TROUBLE_NONE));
    assert_int_equal(card_verify(cert, scheme, digest, signature, len, &signing.good), MEDGL_OK);
    return signing;
}

/* -- honest drivers --------------------------------------------------------------------------- */

static const struct sign_row {
    const char *name, *cards, *driver, *pin;
    int before; /* wrong PINs that are left; below 0: not counted */
    enum card_trouble trouble;
    enum card_tries tries;
    bool good, pkcs1;
    int left; /* tries on the card, where that is of interest */
} sign_rows[] = {
    {"RSA, PSS", "alice-rsa", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true,
     false},
    {"RSA, a card that pads by itself alone", "alice-rsa", "C_SignInit-noraw", CARD_PIN, -1,
     CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true, false},
    {"RSA, PKCS #1", "alice-rsa", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN,
     true, true},
    {"EC", "alice-ec", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true, false},
    {"RSA, the PIN for each signature", "always-rsa", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, true, false},
    {"EC, the PIN for each signature", "always-ec", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, true, false},
    {"PKCS #1, the PIN for each signature", "always-rsa", "softhsm", CARD_PIN, -1,
     CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true, true},
    {"a card that has no PSS", "alice-rsa", "C_GetMechanismInfo-nopss", CARD_PIN, -1,
     CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true, true},
    {"the reader's own keys", "alice-ec", "C_GetTokenInfo-pinpad", "y", -1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, true, false},
    {"the key of somebody else", "wrongkey-ec", "softhsm", CARD_PIN, -1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, false, false},
    {"a signature that was changed", "alice-ec", "C_Sign-wrong", CARD_PIN, -1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, false, false},
    {"a wrong PIN", "alice-ec", "softhsm", "654321", 3, CARD_TROUBLE_PIN, CARD_TRIES_FEWER, false,
     false},
    {"a wrong PIN, and one try left", "alice-ec", "softhsm", "654321", 2, CARD_TROUBLE_PIN,
     CARD_TRIES_LAST, false, false},
    {"the last wrong PIN", "alice-ec", "softhsm", "654321", 1, CARD_TROUBLE_PIN_LOCKED,
     CARD_TRIES_LOCKED, false, false},
    {"a PIN that is locked", "alice-ec", "softhsm", CARD_PIN, 0, CARD_TROUBLE_PIN_LOCKED,
     CARD_TRIES_LOCKED, false, false},
    {"a right PIN after wrong ones", "alice-ec", "softhsm", CARD_PIN, 1, CARD_TROUBLE_NONE,
     CARD_TRIES_UNKNOWN, true, false},
    {"a driver that says it was logged in before", "alice-ec", "C_Login-already", "654321", -1,
     CARD_TROUBLE_SIGN, CARD_TRIES_UNKNOWN, false, false},
    {"the same, with the right PIN", "alice-ec", "C_Login-already", CARD_PIN, -1, CARD_TROUBLE_SIGN,
     CARD_TRIES_UNKNOWN, false, false},
    {"a card that asks for no PIN", "alice-ec", "C_GetTokenInfo-nologin", CARD_PIN, -1,
     CARD_TROUBLE_SIGN, CARD_TRIES_UNKNOWN, false, false},
    {"a PIN that is too short for the card", "alice-ec", "C_GetTokenInfo-lengths", "65432", 3,
     CARD_TROUBLE_PIN, CARD_TRIES_UNKNOWN, false, false, .left = 3},
    {"a PIN that is too long for the card", "alice-ec", "C_GetTokenInfo-lengths", "654321987", 3,
     CARD_TROUBLE_PIN, CARD_TRIES_UNKNOWN, false, false, .left = 3},
    {"a wrong PIN of a length that fits", "alice-ec", "C_GetTokenInfo-lengths", "65432198", 3,
     CARD_TROUBLE_PIN, CARD_TRIES_FEWER, false, false, .left = 2},
    {"lengths that are none", "alice-ec", "C_GetTokenInfo-nolengths", CARD_PIN, -1,
     CARD_TROUBLE_NONE, CARD_TRIES_UNKNOWN, true, false},
    {"a PIN of no length", "alice-ec", "softhsm", "", 3, CARD_TROUBLE_PIN, CARD_TRIES_UNKNOWN,
     false, false},
    {"a certificate without a key", "keyless", "softhsm", CARD_PIN, -1, CARD_TROUBLE_SIGN,
     CARD_TRIES_UNKNOWN, false, false},
};

static void test_sign(void **state)
{
    const struct sign_row *row = *state;
    auto_clean(card_tokens_free) struct card_tokens tokens;
    cards_insert(row->cards, row->before);
    look_at(row->driver, &tokens);
    assert_int_equal(tokens.count, 1);
    assert_int_equal(tokens.token[0].count, 1);
    const struct card_driver driver = driver_named(row->driver, 20000);
    const bool pss = tokens.token[0].certificate[0].pss;
    assert_true(pss == (strcmp(row->driver, "C_GetMechanismInfo-nopss") != 0));
    const struct signing signing =
        sign_by(&driver, &tokens.token[0], 0, row->pin, pss && !row->pkcs1);
    assert_int_equal(signing.trouble, row->trouble);
    assert_int_equal(signing.tries, row->tries);
    assert_int_equal(signing.good, row->good);
    if (row->left > 0)
        cards_command("test \"$(cat '%s/reader/tries')\" = %d", cards_directory, row->left);
}

static const struct look_row {
    const char *name, *cards, *driver;
    int before;
    size_t tokens, certificates; /* the latter of the first */
    bool readable, pinpad;
    enum card_tries tries;
} look_rows[] = {
    {"no card", "", "softhsm", -1, 0, 0, false, false, CARD_TRIES_UNKNOWN},
    {"no reader", "alice-ec", "C_GetSlotList-none", -1, 0, 0, false, false, CARD_TRIES_UNKNOWN},
    {"one", "alice-ec", "softhsm", -1, 1, 1, true, false, CARD_TRIES_UNKNOWN},
    {"two cards", "alice-ec bob-rsa", "softhsm", -1, 2, 1, true, false, CARD_TRIES_UNKNOWN},
    {"two certificates", "two", "softhsm", -1, 1, 2, true, false, CARD_TRIES_UNKNOWN},
    {"none on it", "bare", "softhsm", -1, 1, 0, true, false, CARD_TRIES_UNKNOWN},
    {"few tries left", "alice-ec", "softhsm", 2, 1, 1, true, false, CARD_TRIES_FEWER},
    {"the last try", "alice-ec", "softhsm", 1, 1, 1, true, false, CARD_TRIES_LAST},
    {"locked", "alice-ec", "softhsm", 0, 1, 1, true, false, CARD_TRIES_LOCKED},
    {"keys at the reader", "alice-ec", "C_GetTokenInfo-pinpad", -1, 1, 1, true, true,
     CARD_TRIES_UNKNOWN},
    {"a label of control characters", "alice-ec", "C_GetTokenInfo-garbage", -1, 1, 1, true, false,
     CARD_TRIES_UNKNOWN},
};

static void test_look(void **state)
{
    const struct look_row *row = *state;
    auto_clean(card_tokens_free) struct card_tokens tokens;
    cards_insert(row->cards, row->before);
    look_at(row->driver, &tokens);
    assert_int_equal(tokens.count, row->tokens);
    if (row->tokens == 0)
        return;
    const struct card_token *token = &tokens.token[0];
    assert_int_equal(token->count, row->certificates);
    assert_int_equal(token->readable, row->readable);
    assert_int_equal(token->pinpad, row->pinpad);
    assert_int_equal(token->tries, row->tries);
    assert_int_equal(strncmp(token->reader, "Reader ", 7), 0);
}

static void test_unknown_card(void **state)
{
    auto_clean(card_tokens_free) struct card_tokens tokens;
    (void)state;
    cards_insert("alice-ec", -1);
    look_at("C_GetTokenInfo-unknown", &tokens);
    assert_true(tokens.count > 0);
    assert_false(tokens.token[0].readable);
}

/* Between the look and the signature. */
static const struct swap_row {
    const char *name, *after;
    enum card_trouble trouble;
} swap_rows[] = {
    {"removed", "", CARD_TROUBLE_GONE},
    {"another one", "bob-rsa", CARD_TROUBLE_OTHER},
    {"the same again", "alice-ec", CARD_TROUBLE_NONE},
    {"the same beside another one", "alice-ec bob-rsa", CARD_TROUBLE_NONE},
};

static void test_swap(void **state)
{
    const struct swap_row *row = *state;
    auto_clean(card_tokens_free) struct card_tokens tokens;
    cards_insert("alice-ec", -1);
    look_at("softhsm", &tokens);
    cards_insert(row->after, -1);
    const struct card_driver driver = driver_named("softhsm", 20000);
    const struct signing signing = sign_by(&driver, &tokens.token[0], 0, CARD_PIN, false);
    assert_int_equal(signing.trouble, row->trouble);
    assert_int_equal(signing.good, row->trouble == CARD_TROUBLE_NONE);
}

#define ANY_TROUBLE CARD_TROUBLE_SIGN /* also none: by how much memory there is */

/* -- the others ------------------------------------------------------------------------------- */

static const struct bad_row {
    const char *name; /* of the driver */
    bool signs;       /* looks are honest: it is about the signature */
    enum card_trouble trouble, or_else;
} bad_rows[] = {
    {"C_Initialize-hang", false, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_GetSlotList-hang", false, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_GetTokenInfo-hang", false, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_OpenSession-spin", false, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_Login-hang", true, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_Sign-hang", true, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_Initialize-segv", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_GetSlotInfo-abort", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Login-segv", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Sign-exit", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-exit", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-parent", false, CARD_TROUBLE_NONE, CARD_TROUBLE_DRIVER},
    {"C_Initialize-forkhang", false, CARD_TROUBLE_TIME, CARD_TROUBLE_TIME},
    {"C_Initialize-forkexit", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-fork", false, CARD_TROUBLE_NONE, CARD_TROUBLE_NONE},
    {"C_Sign-forkexit", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Finalize-hang", false, CARD_TROUBLE_NONE, CARD_TROUBLE_NONE},
    {"C_Finalize-segv", false, CARD_TROUBLE_NONE, CARD_TROUBLE_NONE},
    {"C_GetSlotList-many", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_GetSlotList-fail", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_FindObjects-endless", false, CARD_TROUBLE_TIME, CARD_TROUBLE_DRIVER},
    {"C_GetAttributeValue-huge", false, CARD_TROUBLE_TIME, ANY_TROUBLE},
    {"C_Sign-long", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_SIGN},
    {"C_Initialize-flood", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-floodwhole", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Sign-flood", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Sign-floodwhole", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-sayunknown", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-sayendless", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saycontrol", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saytries", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saytrouble", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saylonely", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saylong", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Initialize-saymany", false, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Sign-saysigned", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
    {"C_Sign-saymany", true, CARD_TROUBLE_DRIVER, CARD_TROUBLE_DRIVER},
};

/* Nothing that the driver made is there any more: as a subreaper we would have got it. */
static void assert_nothing_left(void)
{
    const int64_t until = clock_monotonic() + SPARE_MS;
    pid_t left;
    while ((left = waitpid(-1, NULL, WNOHANG)) >= 0 && clock_monotonic() < until)
        clock_sleep(left == 0 ? 10 : 0);
    assert_int_equal(left, -1);
    assert_int_equal(errno, ECHILD);
}

static void test_bad(void **state)
{
    const struct bad_row *row = *state;
    auto_clean(card_tokens_free) struct card_tokens tokens = {0};
    enum card_trouble trouble = CARD_TROUBLE_DRIVER;
    struct signing signing = {.good = false};
    cards_insert("alice-ec", -1);
    if (row->signs)
        look_at("softhsm", &tokens);
    const bool hangs = row->trouble == CARD_TROUBLE_TIME;
    const struct card_driver driver = driver_named(row->name, hangs ? PATIENCE_MS : 20000);
    const int64_t begun = clock_monotonic();
    if (row->signs) {
        signing = sign_by(&driver, &tokens.token[0], 0, CARD_PIN, false);
        trouble = signing.trouble;
    } else {
        assert_int_equal(card_reader_look(&driver, &tokens, &trouble), MEDGL_OK);
        assert_true(trouble == CARD_TROUBLE_NONE || tokens.count == 0);
    }
    const int64_t took = clock_monotonic() - begun;
    if (trouble != row->trouble && trouble != row->or_else && row->or_else != ANY_TROUBLE)
        fail_msg("trouble %d, not %d", trouble, row->trouble);
    assert_true(took < driver.timeout_ms + SPARE_MS);
    assert_true(!hangs || trouble != CARD_TROUBLE_TIME || took >= PATIENCE_MS);
    assert_false(signing.good);
    assert_nothing_left();
}

/* -- what the helper has ---------------------------------------------------------------------- */

static void test_holds_nothing(void **state)
{
    auto_clean(card_tokens_free) struct card_tokens tokens;
    auto_secret struct secret told = SECRET_NONE;
    auto_fd int leaked = open("/etc/passwd", O_RDONLY); /* no O_CLOEXEC: as a host may have */
    (void)state;
    assert_true(leaked >= 0);
    assert_int_equal(setenv("MEDGL_TEST_LEAK", "leaked", 1), 0);
    cards_insert("alice-ec", -1);
    look_at("C_Initialize-tell", &tokens);
    cards_read("reader/told", &told);
    const char *text = (const char *)told.bytes;
    assert_null(strstr(text, "/etc/passwd"));
    assert_null(strstr(text, "MEDGL_TEST_LEAK"));
    assert_non_null(strstr(text, "/dev/null\n/dev/null\n/dev/null\nsocket:["));
    assert_non_null(strstr(text, "NoNewPrivs:\t1"));
    assert_non_null(strstr(text, "Seccomp:\t2"));
    assert_non_null(strstr(text, "Max core file size        0"));
}

/* Whether this kernel keeps files from a process that may read them. */
static bool kernel_hides(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

/* What the filter keeps from it with any kernel, and what it must not. */
static const char *const kept_rows[] = {
    "DID chmod",
    "DID fchmod",
    "DID chown",
    "DID fchown",
    "DID utimensat",
    "DID setxattr",
    "DID removexattr",
    "DID truncate",
    "DID FS_IOC_SETFLAGS",
    "DID prlimit",
    "DID setpriority",
    "DID sched_setscheduler",
    "DID ioprio_set",
    "DID ptrace",
    "DID io_uring_setup",
    "TRIED",
    "its own limits are kept from it",
};

/* Keys and store belong to the user that the driver runs as. */
static void test_reaches_nothing(void **state)
{
    auto_clean(card_tokens_free) struct card_tokens tokens;
    auto_secret struct secret told = SECRET_NONE;
    char root[PATH_MAX];
    (void)state;
    (void)snprintf(root, sizeof(root), "%s/root", cards_directory);
    cards_command("cd '%s' && rm -rf root && mkdir -p root && cd root && "
                  "mkdir -p .%s .%s .%s && echo KEYS > .%s && echo ROWS > .%s && : > .%s/slots",
                  cards_directory, MEDGL_SYSCONFDIR, MEDGL_STATEDIR, PATH_KDF, PATH_STORE_KEY,
                  PATH_STORE, PATH_KDF);
    cards_command("ln -sfn '%s' '%s/reader/root'", root, cards_directory);
    private_root = root;
    cards_insert("alice-ec", -1);
    look_at("C_Initialize-reach", &tokens);
    private_root = "";
    assert_int_equal(tokens.count, 1);
    cards_read("reader/told", &told);
    const char *text = (const char *)told.bytes;
    assert_non_null(strstr(text, "reached for it"));
    assert_true(strstr(text, "KEYS") == NULL || !kernel_hides());
    assert_true(strstr(text, "ROWS") == NULL || !kernel_hides());
    cards_command("test ! -e '%s%s/planted' || %s", root, MEDGL_SYSCONFDIR,
                  kernel_hides() ? "false" : "true");
    for (size_t i = 0; i < MEDGL_COUNT(kept_rows); i++)
        if (strstr(text, kept_rows[i]) != NULL)
            fail_msg("%s", text);
    if (kernel_hides() && strstr(text, "DID") != NULL)
        fail_msg("%s", text);
}

/* A sandbox may refuse openat2, which nobody can look into. MUST be last: nothing gives it back. */
static void test_reaches_nothing_filtered(void **state)
{
    static struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = MEDGL_COUNT(code), .filter = code};
    assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    test_reaches_nothing(state);
}

static const struct refused_row {
    const char *name, *module, *program;
    mode_t mode;
} refused_rows[] = {
    {"a driver that is not there", "/nonexistent/driver.so", TEST_BUILDDIR "/medgl-card", 0},
    {"a relative path", "driver.so", TEST_BUILDDIR "/medgl-card", 0},
    {"a driver that others may write to", NULL, TEST_BUILDDIR "/medgl-card", 0666},
    {"a driver of a group", NULL, TEST_BUILDDIR "/medgl-card", 0664},
    {"no medgl-card", NULL, "/nonexistent/medgl-card", 0644},
    {"a medgl-card that says nothing", NULL, "/bin/true", 0644},
    {"what is no library", "/etc/passwd", TEST_BUILDDIR "/medgl-card", 0},
};

static void test_refused(void **state)
{
    const struct refused_row *row = *state;
    auto_clean(card_tokens_free) struct card_tokens tokens;
    enum card_trouble trouble = CARD_TROUBLE_NONE;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s", cards_driver("refused"));
    if (row->mode != 0)
        assert_int_equal(chmod(path, row->mode), 0);
    const struct card_driver driver = {.root = "",
                                       .program = row->program,
                                       .module = row->module != NULL ? row->module : path,
                                       .timeout_ms = 20000};
    assert_int_equal(card_reader_look(&driver, &tokens, &trouble), MEDGL_OK);
    assert_int_equal(trouble,
                     (row->mode & 0022) != 0 ? CARD_TROUBLE_UNTRUSTED : CARD_TROUBLE_DRIVER);
    assert_int_equal(tokens.count, 0);
}

/* Whoever can put another file there decides as well. */
static void test_open_directory(void **state)
{
    auto_clean(card_tokens_free) struct card_tokens tokens;
    enum card_trouble trouble = CARD_TROUBLE_NONE;
    const struct card_driver driver = driver_named("softhsm", 20000);
    (void)state;
    cards_command("chmod 777 '%s/reader'", cards_directory);
    assert_int_equal(card_reader_look(&driver, &tokens, &trouble), MEDGL_OK);
    cards_command("chmod 755 '%s/reader'", cards_directory);
    assert_int_equal(trouble, CARD_TROUBLE_UNTRUSTED);
}

int main(void)
{
    log_open(LOG_TARGET_NONE, "card_reader_test", false);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    cards_make();
    TABLE_ADD("a card signs", sign_rows, test_sign);
    TABLE_ADD("what is in the readers", look_rows, test_look);
    table_add("what is in the readers", "a card that nobody knows", test_unknown_card, NULL);
    TABLE_ADD("during the prompt", swap_rows, test_swap);
    TABLE_ADD("a bad driver", bad_rows, test_bad);
    table_add("the helper", "holds no descriptor, environment or privilege", test_holds_nothing,
              NULL);
    table_add("the helper", "reaches neither keys nor store", test_reaches_nothing, NULL);
    TABLE_ADD("not run", refused_rows, test_refused);
    table_add("not run", "a driver in a directory of others", test_open_directory, NULL);
    table_add("the helper", "nor where openat2 is refused", test_reaches_nothing_filtered, NULL);
    const int failed = table_run("card_reader");
    cards_remove();
    return failed;
}
