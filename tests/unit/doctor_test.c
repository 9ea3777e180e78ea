/* What doctor finds, on a real installation in a private root: a row is something that somebody did
 * to it, and a finding that must, or must not, come of that. */
#include "tests/unit/doctor_fixture.h"

#define AUTH    "auth [success=2 ignore=ignore default=die] pam_medgl.so\n"
#define ACCOUNT "account [success=ok new_authtok_reqd=ok ignore=ignore default=die] pam_medgl.so\n"

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
    {"exempt, in a file of Debian's",
     {{PAM "common-session", "session required pam_medgl.so exempt=root\n"}},
     "warning pam common-session: exempt=root: these",
     NULL},
    {"exempt, in a session alone",
     {{PAM "su", AUTH ACCOUNT "session required pam_medgl.so exempt=root\n"}},
     "warning pam su: exempt=root: these",
     NULL},
    {"a line goes on in the next",
     {{PAM "su", "auth \\\n optional \\\n pam_medgl.so\n" ACCOUNT}},
     "fault pam su: the auth line " WEAK,
     NULL},
    {"of the vendor",
     {{"/usr/lib/pam.d/su", "auth optional pam_medgl.so\n" ACCOUNT}},
     "fault pam su: the auth line " WEAK,
     NULL},
    {"of the vendor, and one instead",
     {{"/usr/lib/pam.d/su", "auth optional pam_medgl.so\n" ACCOUNT}, {PAM "su", AUTH ACCOUNT}},
     "ok pam su uses",
     WEAK},
    {"a directory", {{PAM "su", a_directory}}, "su cannot be read: it is not a regular", NULL},
    {"a pipe", {{PAM "su", a_fifo}}, "su cannot be read: it is not a regular", NULL},
    {"10 MB in a line", {{PAM "su", too_large}}, "su cannot be read: it is larger", NULL},
    {"bytes of zero", {{PAM "su", a_nul}}, "warning pam no PAM service", "fault"},
};

#define OPEN "before the module is asked"

/* R39: who needs no proof. */
static const struct row door_rows[] = {
    {"pam_permit, sufficient",
     {{PAM "su", "auth sufficient pam_permit.so\n" AUTH ACCOUNT}},
     "fault pam su: sufficient pam_permit.so lets everybody in " OPEN,
     NULL},
    {"pam_permit, success=done",
     {{PAM "su", "auth [success=done default=ignore] pam_permit.so\n" AUTH ACCOUNT}},
     "fault pam su: [success=done default=ignore] pam_permit.so lets everybody in",
     NULL},
    {"before an include",
     {{PAM "common-auth", AUTH},
      {PAM "su",
       "auth sufficient /usr/lib/security/pam_permit.so\n@include common-auth\n" ACCOUNT}},
     "fault pam su: sufficient",
     NULL},
    {"behind the module",
     {{PAM "su", AUTH "auth sufficient pam_permit.so\n" ACCOUNT}},
     "ok pam su",
     "pam_permit"},
    {"pam_permit, required",
     {{PAM "su", "auth required pam_permit.so\n" AUTH ACCOUNT}},
     "ok",
     OPEN},
    {"pam_rhosts", {{PAM "rlogin", "auth sufficient pam_rhosts.so\n" AUTH ACCOUNT}}, OPEN, NULL},
    {"pam_rootok", {{PAM "su", "auth sufficient pam_rootok.so\n" AUTH ACCOUNT}}, "ok", OPEN},
    {"pam_wheel", {{PAM "su", "auth sufficient pam_wheel.so\n" AUTH ACCOUNT}}, "ok", OPEN},
    {"pam_wheel, trust",
     {{PAM "su", "auth sufficient pam_wheel.so group=adm trust\n" AUTH ACCOUNT}},
     "warning pam su: sufficient pam_wheel.so lets whoever meets its condition in " OPEN,
     NULL},
    {"pam_succeed_if, of who asks",
     {{PAM "su", "auth sufficient pam_succeed_if.so uid = 0 use_uid\n" AUTH ACCOUNT}},
     "ok",
     OPEN},
    {"pam_succeed_if, of who is asked",
     {{PAM "su", "auth sufficient pam_succeed_if.so uid > 1000\n" AUTH ACCOUNT}},
     "warning pam su",
     NULL},
    {"a group with nobody in it",
     {{PAM "lightdm",
       "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin\n" AUTH ACCOUNT},
      {"/etc/group", "x:x:1:a\nnopasswdlogin:x:2:\n"}},
     "ok pam lightdm",
     OPEN},
    {"a group with somebody in it",
     {{PAM "lightdm",
       "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin\n" AUTH ACCOUNT},
      {"/etc/group", "x:x:1:a\nnopasswdlogin:x:2:bob\n"}},
     "warning pam lightdm",
     NULL},
    {"where the module is not used",
     {{PAM "su", "auth sufficient pam_permit.so\n"}},
     "warning pam su: sufficient pam_permit.so lets everybody in without a proof",
     NULL},
    {"a greeter", {{PAM "lightdm-greeter", "auth sufficient pam_permit.so\n"}}, "no PAM", "proof"},
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
     "warning sshd PermitEmptyPasswords yes in Match User x: ",
     "ok sshd"},
    {"a comment behind a value",
     {USED, {SSHD, "UsePAM yes# no\nUsePAM no\n"}},
     "ok pam su",
     "UsePAM no"},
    {"a comment behind a blank",
     {USED, {SSHD, "UsePAM yes # no\nPasswordAuthentication no\t#\n"}},
     "ok sshd no setting",
     NULL},
    {"quotes",
     {USED, {SSHD, "UsePAM \"yes\"\nPasswordAuthentication = 'no' # \"\n"}},
     "ok sshd no setting",
     NULL},
    {"an end of line of DOS",
     {USED, {SSHD, "UsePAM yes\r\nPasswordAuthentication no\r\n"}},
     "ok sshd no setting",
     NULL},
    {"a quoted name",
     {USED, {SSHD, GOOD "Include \"a b\" # c\n"}, {"/etc/ssh/a b", "PermitEmptyPasswords yes\n"}},
     "fault sshd PermitEmptyPasswords",
     NULL},
    {"Match all comes before what everybody has",
     {USED, {SSHD, "UsePAM yes\nMatch all\nPasswordAuthentication no\n"}},
     "ok sshd no setting",
     NULL},
    {"and opens what was closed",
     {USED, {SSHD, GOOD "Match all\nPermitEmptyPasswords yes\nPermitEmptyPasswords no\n"}},
     "fault sshd PermitEmptyPasswords yes: ",
     NULL},
    {"Match all in a file of a block",
     {USED,
      {SSHD, GOOD "Match User x\nInclude more\n"},
      {"/etc/ssh/more", "Match all\nPermitEmptyPasswords yes\n"}},
     "warning sshd PermitEmptyPasswords yes in Match all: ",
     "fault sshd"},
    {"Kerberos beside the module",
     {USED, {SSHD, GOOD "KerberosAuthentication yes\n"}},
     "warning sshd KerberosAuthentication yes",
     "ok sshd"},
    {"cannot be read", {USED, {SSHD, LOOP}}, "warning sshd /", "sshd UsePAM"},
    {"a directory", {USED, {SSHD, a_directory}}, "it is not a regular file", "sshd UsePAM"},
    {"a pipe", {USED, {SSHD, a_fifo}}, "it is not a regular file", "sshd UsePAM"},
    {"10 MB in a line", {USED, {SSHD, too_large}}, "it is larger than", "sshd UsePAM"},
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
    (void)look("ledger.vkey cannot be read: not found: restore it", "ok keys the keys");
}

/* -- break-glass accounts (R32) --------------------------------------------------------------- */

static void spoil(const char *name, const char *text)
{
    char path[PATH_MAX], journal[PATH_MAX + 8];
    assert_int_equal(path_under(path, root, name), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(journal, sizeof(journal), "%s-wal", path); /* a store can be whole in it */
    (void)unlink(journal);
    if (text != NULL)
        put(name, text);
}

#define SMALL "of the break-glass accounts: "

static void R32_all_is_well_but_for_accounts(void **state)
{
    (void)state;
    (void)look("ok store " SMALL "every page", "fault ");
    (void)look("ok keys " SMALL, NULL);
    (void)look("ok ledger " SMALL, NULL);
    (void)look("warning breakglass " SMALL "there is no break-glass account", NULL);
    enrol("envelope 7001 breakglass");
    (void)look("warning breakglass " SMALL "no break-glass account is sealed", "there is no ");
}

static void R32_an_older_version_made_none(void **state)
{
    (void)state;
    spoil(PATH_BREAKGLASS_STORE, NULL);
    spoil(PATH_BREAKGLASS_KEY, NULL);
    (void)look("warning breakglass there is no installation of break-glass accounts: run "
               "medgl-admin setup",
               "fault ");
}

static void R32_the_small_store_is_garbage(void **state)
{
    (void)state;
    spoil(PATH_BREAKGLASS_STORE, "no store\n");
    (void)look("fault store " SMALL "keys or store cannot be opened", NULL);
    (void)look("ok store every page", NULL);
}

static void R32_the_small_key_is_gone(void **state)
{
    (void)state;
    spoil(PATH_BREAKGLASS_KEY, NULL);
    (void)look("breakglass.key: No such file or directory: restore it", NULL);
    (void)look("fault store " SMALL, NULL);
}

static void R32_owners_and_modes(void **state)
{
    char path[PATH_MAX];
    (void)state;
    assert_int_equal(path_under(path, root, PATH_BREAKGLASS), MEDGL_OK);
    assert_int_equal(chmod(path, 0755), 0);
    (void)look("medgl-breakglass has mode 0755: chmod it to 0700", NULL);
}

/* It is looked at where nothing else can be. */
static void R32_without_the_main_store(void **state)
{
    (void)state;
    spoil(PATH_STORE, "no store\n");
    (void)look("ok store " SMALL "every page", "ok store every page");
    put(MEDGL_SYSCONFDIR "/policy.conf", "no_such_key = 1\n");
    (void)look("ok store " SMALL "every page", NULL);
}

static enum medgl_error misplace(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, "old", &account));
    account.class_ = ACCOUNT_CLASS_BREAKGLASS;
    return store_account_update(txn, &account);
}

static void R32_one_in_the_main_store(void **state)
{
    char why[OPERATION_WHY_SIZE];
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    enrol("old 7002 privileged, ward 7003 staff");
    (void)look("ok", "in the main store");
    open_context(&context);
    assert_int_equal(store_transact(context.store, STORE_WRITE, misplace, NULL), MEDGL_OK);
    (void)look("fault breakglass old is of class breakglass and in the main store", NULL);
    assert_int_equal(operation_account_retire(&context, "old", "test", why), MEDGL_OK);
    (void)look("ok", "in the main store");
}

static void nothing_is_set_up(void **state)
{
    (void)state;
    assert_int_equal(remove_root(NULL), 0);
    assert_int_equal(mkdir(root, 0755), 0);
    assert_int_equal(look("run medgl-admin setup", "ok "), MEDGL_ERR_REFUSED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(R08_the_head_is_signed_by_the_key_in_use),
        cmocka_unit_test(R08_the_public_key_belongs_to_the_private_one),
        cmocka_unit_test(a_public_key_that_is_gone),
        cmocka_unit_test(R32_all_is_well_but_for_accounts),
        cmocka_unit_test(R32_an_older_version_made_none),
        cmocka_unit_test(R32_the_small_store_is_garbage),
        cmocka_unit_test(R32_the_small_key_is_gone),
        cmocka_unit_test(R32_owners_and_modes),
        cmocka_unit_test(R32_without_the_main_store),
        cmocka_unit_test(R32_one_in_the_main_store),
        cmocka_unit_test(nothing_is_set_up),
    };
    log_open(LOG_TARGET_NONE, "doctor_test", false);
    TABLE_ADD("pam", pam_rows, a_row);
    TABLE_ADD("R39 pam", door_rows, a_row);
    TABLE_ADD("sshd", sshd_rows, a_row);
    TABLE_ADD("policy", policy_rows, a_row);
    TABLE_ADD("installation", tests, on_a_root_of_its_own);
    return table_run("doctor");
}
