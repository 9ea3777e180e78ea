/* What doctor finds, on a real installation in a private root: a row is something that somebody did
 * to it, and a finding that must, or must not, come of that. */
#include "operation/setup.h"

#include "base/file.h"
#include "base/log.h"
#include "tests/unit/table.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#define PAM    MEDGL_PAMCONFDIR "/"
#define SSHD   "/etc/ssh/sshd_config"
#define POLICY MEDGL_SYSCONFDIR "/policy.conf"
#define LOOP   NULL /* a symbolic link to itself: not even root can read it */

#define AUTH    "auth [success=2 ignore=ignore default=die] pam_medgl.so\n"
#define ACCOUNT "account [success=ok new_authtok_reqd=ok ignore=ignore default=die] pam_medgl.so\n"

struct row {
    const char *name;
    const char *files[3][2]; /* path, text */
    const char *finds;       /* in one finding: level, word, sentence */
    const char * not ;       /* in none; NULL: any */
};

#define WEAK "lets a refusal pass"

/* R01: a stack that lets people pass whom the module refused. */
static const struct row pam_rows[] = {
    {"as the manual says",
     {{PAM "su", AUTH ACCOUNT}},
     "ok pam su uses the module for auth account",
     "fault pam"},
    {"nobody uses it",
     {{PAM "su", "auth required pam_unix.so\n"}},
     "warning pam no PAM service",
     NULL},
    {"required", {{PAM "su", "auth required pam_medgl.so\n" ACCOUNT}}, "ok pam su", WEAK},
    {"requisite", {{PAM "su", "auth requisite pam_medgl.so\n" ACCOUNT}}, "ok pam su", WEAK},
    {"optional",
     {{PAM "su", "auth optional pam_medgl.so\n" ACCOUNT}},
     "fault pam su: the auth line " WEAK,
     NULL},
    {"sufficient, auth",
     {{PAM "su", "auth sufficient pam_medgl.so\n" ACCOUNT}},
     "the auth line " WEAK " (sufficient): use [success=done ",
     NULL},
    {"sufficient, account",
     {{PAM "su", AUTH "account sufficient pam_medgl.so\n"}},
     "the account line " WEAK " (sufficient): use [success=ok new_authtok_reqd=ok ",
     NULL},
    {"sufficient, session",
     {{PAM "su", AUTH ACCOUNT "session sufficient pam_medgl.so\n"}},
     "ok pam su",
     WEAK},
    {"default=ignore",
     {{PAM "su", "auth [success=1 default=ignore] pam_medgl.so\n" ACCOUNT}},
     WEAK " ([success=1 default=ignore])",
     NULL},
    {"auth_err=ignore",
     {{PAM "su", "auth [auth_err=ignore default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"auth_err=ok",
     {{PAM "su", "auth [auth_err=ok default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"auth_err=done",
     {{PAM "su", "auth [default=die auth_err=done] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"auth_err=reset",
     {{PAM "su", "auth [auth_err=reset default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"a refusal jumps",
     {{PAM "su", "auth [auth_err=1 default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"blanks around =",
     {{PAM "su", "auth [ auth_err = ignore default=die ] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"authinfo_unavail=ignore",
     {{PAM "su", "auth [authinfo_unavail=ignore default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"module_unknown=ignore",
     {{PAM "su", "auth [module_unknown=ignore default=die] pam_medgl.so\n" ACCOUNT}},
     WEAK,
     NULL},
    {"perm_denied=ignore",
     {{PAM "su", AUTH "account [perm_denied=ignore default=die] pam_medgl.so\n"}},
     WEAK,
     NULL},
    {"acct_expired=ignore",
     {{PAM "su", AUTH "account [acct_expired=ignore default=die] pam_medgl.so\n"}},
     WEAK,
     NULL},
    {"new_authtok_reqd=ignore",
     {{PAM "su", AUTH "account [new_authtok_reqd=ignore default=die] pam_medgl.so\n"}},
     WEAK,
     NULL},
    {"new_authtok_reqd=done",
     {{PAM "su", AUTH "account [new_authtok_reqd=done default=die] pam_medgl.so\n"}},
     "ok pam su",
     WEAK},
    {"auth_err=bad, no default",
     {{PAM "su", "auth [success=done auth_err=bad] pam_medgl.so\n" ACCOUNT}},
     "ok pam su",
     WEAK},
    {"a comment", {{PAM "su", AUTH ACCOUNT "# auth sufficient pam_medgl.so\n"}}, "ok pam su", WEAK},
    {"auth without account", {{PAM "su", AUTH}}, "fault pam su: auth without account", NULL},
    {"common-auth without common-account",
     {{PAM "common-auth", AUTH},
      {PAM "common-account", ACCOUNT},
      {PAM "su", "@include common-auth\n"}},
     "fault pam su: auth without account",
     "common-auth: auth without"},
    {"both are included",
     {{PAM "common-auth", AUTH},
      {PAM "common-account", ACCOUNT},
      {PAM "su", "@include common-auth\n@include common-account\n"}},
     "ok pam su uses the module for auth account",
     "fault pam"},
    {"an included line is judged once",
     {{PAM "common-auth", "auth optional pam_medgl.so\n" ACCOUNT},
      {PAM "su", "@include common-auth\n"}},
     "fault pam common-auth: the auth line",
     "su: the auth line"},
    {"include takes one type of a file",
     {{PAM "system-auth", AUTH ACCOUNT}, {PAM "su", "auth include system-auth\n"}},
     "fault pam su: auth without account",
     "system-auth: auth without"},
    {"substack of both types",
     {{PAM "system-auth", AUTH ACCOUNT},
      {PAM "su", "auth substack system-auth\naccount substack system-auth\n"}},
     "ok pam su uses the module for auth account",
     "fault pam"},
    {"includes itself", {{PAM "su", AUTH ACCOUNT "@include su\n"}}, "ok pam su uses", "fault pam"},
    {"includes what is not there",
     {{PAM "su", AUTH ACCOUNT "@include gone\n"}},
     "warning pam su: ",
     NULL},
    {"cannot be read", {{PAM "su", LOOP}}, "su cannot be read", NULL},
    {"exempt",
     {{PAM "su", "auth required pam_medgl.so exempt=root,x debug\n" ACCOUNT}},
     "warning pam su: exempt=root,x: these",
     NULL},
};

#define USED                                                                                       \
    {                                                                                              \
        PAM "su", AUTH ACCOUNT                                                                     \
    }
#define GOOD "UsePAM yes\nPasswordAuthentication no\n"

static const struct row sshd_rows[] = {
    {"as it must be", {USED, {SSHD, GOOD}}, "ok sshd no setting", "fault sshd"},
    {"not there", {USED}, "ok pam su", " sshd "},
    {"UsePAM is off where nothing is said",
     {USED, {SSHD, "Port 22\n"}},
     "fault sshd UsePAM no",
     NULL},
    {"the first value counts", {USED, {SSHD, "UsePAM no\n" GOOD}}, "fault sshd UsePAM no", NULL},
    {"included",
     {USED, {SSHD, "Include more\n"}, {"/etc/ssh/more", GOOD}},
     "ok sshd no setting",
     NULL},
    {"included by pattern",
     {USED,
      {SSHD, "Include /etc/ssh/*.d/*\n"},
      {"/etc/ssh/x.d/y", "PermitEmptyPasswords yes\n" GOOD}},
     "fault sshd PermitEmptyPasswords",
     NULL},
    {"a pattern without files",
     {USED, {SSHD, "Include gone.d/*\n" GOOD}},
     "ok sshd no setting",
     NULL},
    {"in a Match block",
     {USED, {SSHD, GOOD "Match User x\nPermitEmptyPasswords yes\n"}},
     "warning sshd PermitEmptyPasswords yes in a Match",
     "ok sshd"},
    {"cannot be read", {USED, {SSHD, LOOP}}, "warning sshd /", "sshd UsePAM"},
    {"an included one cannot be read",
     {USED, {SSHD, GOOD "Include more\n"}, {"/etc/ssh/more", LOOP}},
     "more cannot be read",
     "ok sshd"},
};

static const struct row policy_rows[] = {
    {"free of mistakes", {{POLICY, "time_zone = Asia/Tokyo\n"}}, "ok policy", "fault"},
    {"a zone that is not known",
     {{POLICY, "\ntime_zone = Asia/Tokio\n"}},
     "policy.conf:2: time_zone",
     "ok policy"},
    {"no list is named", {{POLICY, ""}}, "ok lists", "fault"},
    {"a list that is there",
     {{POLICY, "password_blocklist = /etc/list\n"}, {"/etc/list", "byoin\n"}},
     "ok lists",
     "fault"},
    {"a list that is not there",
     {{POLICY, "password_blocklist = /etc/list\n"}},
     "fault lists a list that the policy names",
     "ok lists"},
    {"a filter that is none",
     {{POLICY, "password_breach_filter = /etc/list\n"}, {"/etc/list", "byoin\n"}},
     "fault lists a list that the policy names",
     "ok lists"},
};

static char root[64];
static char found[16384];

static void hear(void *argument, enum doctor_level level, const char *check, const char *what)
{
    static const char *const levels[] = {"ok", "warning", "fault"};
    size_t used = strlen(found);
    (void)argument;
    (void)snprintf(found + used, sizeof(found) - used, "%s %s %s\n", levels[level], check, what);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/medgl-doctor-XXXXXX");
    const struct setup_request request = {.root = root,
                                          .origin = "test.example/medgl",
                                          .owner = geteuid(),
                                          .group = getegid(),
                                          .actor = {.uid = -1}};
    return mkdtemp(root) == NULL || chmod(root, 0755) != 0 || operation_setup(&request) != MEDGL_OK;
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
    char path[PATH_MAX], part[PATH_MAX];
    assert_int_equal(path_under(path, root, name), MEDGL_OK);
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        if (mkdir(part, 0755) != 0)
            assert_int_equal(errno, EEXIST);
    }
    if (text == LOOP)
        assert_int_equal(symlink(path, path), 0);
    else
        assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, text, strlen(text)),
                         MEDGL_OK);
}

static enum medgl_error look(const char *finds, const char * not )
{
    found[0] = '\0';
    enum medgl_error error = operation_doctor(root, hear, NULL);
    assert_int_equal(error, strstr(found, "fault ") == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (strstr(found, finds) == NULL)
        fail_msg("not found: %s\nin:\n%s", finds, found);
    if (not != NULL && strstr(found, not ) != NULL)
        fail_msg("found: %s\nin:\n%s", not, found);
    return error;
}

static void a_row(void **state)
{
    const struct row *row = *state;
    assert_int_equal(make_root(NULL), 0);
    put(PATH_ENGINE, "");
    for (size_t i = 0; i < MEDGL_COUNT(row->files) && row->files[i][0] != NULL; i++)
        put(row->files[i][0], row->files[i][1]);
    (void)look(row->finds, row->not );
    assert_int_equal(remove_root(NULL), 0);
}

/* -- keys and ledger -------------------------------------------------------------------------- */

static void ledger_keys(bool private_too)
{
    char path[PATH_MAX], vkey[NOTE_VKEY_SIZE];
    auto_secret struct secret skey = SECRET_NONE;
    assert_int_equal(note_key_generate("test.example/medgl", &skey, vkey), MEDGL_OK);
    put(PATH_LEDGER_VKEY, vkey);
    assert_int_equal(path_under(path, root, PATH_LEDGER_KEY), MEDGL_OK);
    if (private_too)
        assert_int_equal(file_replace(path, geteuid(), getegid(), 0400, skey.bytes, skey.len),
                         MEDGL_OK);
}

static void R08_the_head_is_signed_by_the_key_in_use(void **state)
{
    (void)state;
    put(PATH_ENGINE, "");
    assert_int_equal(look("ok ledger its head is signed", "fault "), MEDGL_OK);
    ledger_keys(true);
    (void)look("fault ledger its head is not signed by the ledger key in use", "fault keys");
}

static void R08_the_public_key_belongs_to_the_private_one(void **state)
{
    (void)state;
    ledger_keys(false);
    (void)look("does not belong to the ledger key", "fault ledger");
}

static void a_public_key_that_is_gone(void **state)
{
    char path[PATH_MAX];
    (void)state;
    assert_int_equal(path_under(path, root, PATH_LEDGER_VKEY), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    (void)look("ledger.vkey cannot be read: not found: restore it", "ok keys");
}

static void nothing_is_set_up(void **state)
{
    (void)state;
    assert_int_equal(remove_root(NULL), 0);
    assert_int_equal(mkdir(root, 0755), 0);
    assert_int_equal(look("run medgl-admin setup", "ok "), MEDGL_ERR_REFUSED);
}

static void on_a_root_of_its_own(void **state)
{
    const struct CMUnitTest *test = *state;
    assert_int_equal(make_root(NULL), 0);
    test->test_func(NULL);
    assert_int_equal(remove_root(NULL), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(R08_the_head_is_signed_by_the_key_in_use),
        cmocka_unit_test(R08_the_public_key_belongs_to_the_private_one),
        cmocka_unit_test(a_public_key_that_is_gone),
        cmocka_unit_test(nothing_is_set_up),
    };
    log_open(LOG_TARGET_NONE, "doctor_test", false);
    TABLE_ADD("pam", pam_rows, a_row);
    TABLE_ADD("sshd", sshd_rows, a_row);
    TABLE_ADD("policy", policy_rows, a_row);
    TABLE_ADD("installation", tests, on_a_root_of_its_own);
    return table_run("doctor");
}
