/* What doctor finds of second factors (R24, R03): before they keep an administrator out, and where
 * the host asks for none. */
#include "tests/unit/doctor_fixture.h"

#include "operation/grant.h"
#include "policy/factor.h"
#include "tests/unit/device_fixture.h"

#include <time.h>

#define PAST     "factor_required_from = 2020-01-01\n"
#define REQUIRED PAST "factor_staff = required\nfactor_privileged = required\n"
#define NONE     "factor_staff = none\nfactor_privileged = none\nfactor_maintenance = none\n"
#define MEDGL    "auth required pam_medgl.so\naccount required pam_medgl.so\n"
#define ONLY     "auth required pam_medgl.so factor=only\naccount required pam_medgl.so\n"
#define KBD      "UsePAM yes\nPasswordAuthentication no\n"
#define CHAIN    "AuthenticationMethods publickey,keyboard-interactive\n"

#define MILLENNIUM                                                                                 \
    "factor_required_from = 2999-01-01\nfactor_staff = required\nfactor_privileged = required\n"

/* -- the host --------------------------------------------------------------------------------- */

static const struct row host_rows[] = {
    {"no second factor anywhere",
     {{POLICY, NONE}, {PAM "sshd", MEDGL}, {SSHD, KBD}},
     "ok factors no second",
     "warning factors"},
    {"the method password",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, "UsePAM yes\n" CHAIN "x y\n"}},
     "ok pam sshd",
     "every prompt"},
    {"password answers every prompt",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, "UsePAM yes\n"}},
     "warning factors sshd: the method \"password\" gives",
     NULL},
    {"password among the methods",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods publickey,password\n"}},
     "the method \"password\" gives",
     NULL},
    {"one prompt for both",
     {{POLICY, REQUIRED "factor_one_prompt = sshd\n"}, {PAM "sshd", MEDGL}, {SSHD, "UsePAM yes\n"}},
     "ok pam sshd",
     "every prompt"},
    {"keyboard-interactive alone",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD}},
     "ok pam sshd",
     "every prompt"},
    {"a key alone",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD}},
     "warning factors sshd: who comes with an ssh key passes no second factor",
     NULL},
    {"no keys",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD "PubkeyAuthentication no\n"}},
     "ok pam sshd",
     "an ssh key"},
    {"a key and then the module",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD CHAIN}},
     "ok pam sshd",
     "an ssh key"},
    {"a key alone as one of two ways",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods publickey keyboard-interactive\n"}},
     "warning factors sshd: AuthenticationMethods has a way, publickey, that passes no second",
     NULL},
    {"a comment behind the methods",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods publickey,keyboard-interactive # both\n"}},
     "ok pam sshd",
     "warning factors sshd"},
    {"methods in quotes",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods \"publickey,keyboard-interactive:pam\"\n"}},
     "ok pam sshd",
     "warning factors sshd"},
    {"any method",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD "AuthenticationMethods \"any\" # x\n"}},
     "sshd: who comes with an ssh key passes",
     NULL},
    {"a ticket",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "PubkeyAuthentication no\nGSSAPIAuthentication yes\n"}},
     "warning factors sshd: who comes with a Kerberos ticket passes no second factor",
     "an ssh key"},
    {"another host",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "PubkeyAuthentication no\nHostbasedAuthentication yes\n"}},
     "warning factors sshd: who comes with another host's word passes no second factor",
     "an ssh key"},
    {"a ticket and then the module",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods gssapi-with-mic,keyboard-interactive\n"
                 "GSSAPIAuthentication yes\n"}},
     "ok pam sshd",
     "passes no second"},
    {"a ticket as one of two ways",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods publickey,keyboard-interactive gssapi-with-mic\n"}},
     "AuthenticationMethods has a way, gssapi-with-mic, that",
     NULL},
    {"none as one of two ways",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "AuthenticationMethods publickey,keyboard-interactive none\n"}},
     "AuthenticationMethods has a way, none, that",
     NULL},
    {"a block with methods of its own",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD,
       KBD CHAIN "Match User backup Address 10.0.0.0/8 # x\nAuthenticationMethods publickey\n"}},
     "warning factors sshd, Match User backup Address 10.0.0.0/8: AuthenticationMethods has a way, "
     "publickey,",
     "warning factors sshd:"},
    {"a block for any method",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD CHAIN "Match User backup\nAuthenticationMethods any\n"}},
     "warning factors sshd, Match User backup: who comes with an ssh key",
     "warning factors sshd:"},
    {"a block that closes what is open",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD "Match User x\n" CHAIN}},
     "warning factors sshd: who comes with an ssh key",
     "Match User"},
    {"a block that takes keys",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "PubkeyAuthentication no\nMatch User x\nPubkeyAuthentication yes\n"}},
     "warning factors sshd, Match User x: who comes with an ssh key",
     "warning factors sshd:"},
    {"a block that takes keys behind methods",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD CHAIN "Match User x\nPubkeyAuthentication yes\n"}},
     "ok pam sshd",
     "factors sshd"},
    {"a block with the method password",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "PubkeyAuthentication no\nMatch User x\nPasswordAuthentication yes\n"}},
     "warning factors sshd, Match User x: the method \"password\"",
     "warning factors sshd:"},
    {"a block that says nothing of it",
     {{POLICY, REQUIRED}, {PAM "sshd", MEDGL}, {SSHD, KBD "Match User x\nX11Forwarding no\n"}},
     "sshd: who comes with an ssh key",
     "Match User"},
    {"a block in a file that is included",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD "Include more\n" CHAIN},
      {"/etc/ssh/more", "Match Group y\nAuthenticationMethods publickey\n"}},
     "warning factors sshd, Match Group y: ",
     "warning factors sshd:"},
    {"Match all",
     {{POLICY, REQUIRED},
      {PAM "sshd", MEDGL},
      {SSHD, KBD CHAIN "Match all\nAuthenticationMethods publickey\n"}},
     "warning factors sshd: AuthenticationMethods has a way",
     NULL},
    {"none is required",
     {{POLICY, NONE}, {PAM "sshd", MEDGL}, {SSHD, KBD}},
     "ok pam sshd",
     "an ssh key passes"},
    {"sshd is exempt",
     {{POLICY, REQUIRED "factor_exempt_services = sshd\n"},
      {PAM "sshd", MEDGL},
      {SSHD, "UsePAM yes\n"}},
     "ok pam sshd",
     "warning factors sshd"},
    {"sshd without the module",
     {{POLICY, REQUIRED}, {PAM "login", MEDGL}, {SSHD, "UsePAM yes\n"}},
     "ok pam login",
     "factors sshd"},
    {"factor=none",
     {{PAM "login", "auth required pam_medgl.so factor=none\naccount required pam_medgl.so\n"}},
     "warning factors login: factor=none",
     NULL},
    {"factor=none in a file that is included",
     {{PAM "common-auth", "auth required pam_medgl.so factor=none\n"},
      {PAM "login", "@include common-auth\naccount required pam_medgl.so\n"}},
     "warning factors common-auth: factor=none",
     "factors login"},
    {"factor=policy",
     {{PAM "login", "auth required pam_medgl.so factor=policy\naccount required pam_medgl.so\n"}},
     "ok pam login",
     "factors login"},
};

/* factor=only is the second factor; something must be the first. */
static const struct row only_rows[] = {
    {"nothing before it",
     {{PAM "login", ONLY}},
     "fault factors login: factor=only, and nothing in front",
     NULL},
    {"pam_unix",
     {{PAM "login", "auth requisite pam_unix.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"pam_sss",
     {{PAM "login", "auth requisite pam_sss.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"required goes on after a failure",
     {{PAM "login", "auth required pam_unix.so\n" ONLY}},
     "fault factors login: factor=only, and PAM comes to it also where pam_unix.so has failed",
     "nothing in front"},
    {"a failure that is bad goes on too",
     {{PAM "login", "auth [success=ok default=bad] pam_unix.so\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"no default is bad",
     {{PAM "login", "auth [success=ok] pam_unix.so\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"one failure of many",
     {{PAM "login", "auth [success=ok user_unknown=ignore default=die] pam_unix.so\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"requisite, spelled out",
     {{PAM "login",
       "auth [success=ok new_authtok_reqd=ok ignore=ignore default=die] pam_unix.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"one of two is enough",
     {{PAM "login", "auth required pam_unix.so\nauth requisite pam_sss.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"who is unknown is ignored",
     {{PAM "login", "auth requisite pam_sss.so ignore_unknown_user\n" ONLY}},
     "fault factors login: factor=only, and nothing in front",
     NULL},
    {"sufficient",
     {{PAM "login", "auth sufficient pam_unix.so\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"in brackets",
     {{PAM "login", "auth [success=ok default=die] pam_unix.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"optional proves nothing",
     {{PAM "login", "auth optional pam_unix.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"a failure that is ignored",
     {{PAM "login", "auth [success=ok default=ignore] pam_unix.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"a jump over a refusal",
     {{PAM "login",
       "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"a jump over a refusal that goes on",
     {{PAM "login",
       "auth [success=1 default=ignore] pam_unix.so\nauth required pam_deny.so\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"two jumps over a refusal",
     {{PAM "login", "auth [success=2 default=ignore] pam_unix.so\nauth [success=1 default=ignore] "
                    "pam_sss.so\nauth requisite pam_deny.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"a jump over a refusal without a proof",
     {{PAM "login", "auth [success=2 default=ignore] pam_unix.so\nauth [success=1 default=ignore] "
                    "pam_succeed_if.so user = x\nauth requisite pam_deny.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"a refusal for everybody but who jumps",
     {{PAM "login", "auth [default=1] pam_permit.so\nauth requisite pam_deny.so\nauth requisite "
                    "pam_unix.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"a jump over the proof",
     {{PAM "login",
       "auth [success=1 default=ignore] pam_usertype.so\nauth requisite pam_unix.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"a jump over nothing",
     {{PAM "login", "auth [success=1 default=ignore] pam_unix.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"a module that proves nothing",
     {{PAM "login", "auth required pam_env.so\n" ONLY}},
     "fault factors login",
     NULL},
    {"behind it", {{PAM "login", ONLY "auth required pam_unix.so\n"}}, "fault factors login", NULL},
    {"through an include",
     {{PAM "common-auth", "auth requisite pam_unix.so\n"},
      {PAM "login", "@include common-auth\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"through an include that goes on",
     {{PAM "common-auth", "auth required pam_unix.so\n"},
      {PAM "login", "auth include common-auth\n" ONLY}},
     "write requisite in that line",
     NULL},
    {"a substack ends alone",
     {{PAM "common-auth", "auth requisite pam_unix.so\n"},
      {PAM "login", "auth substack common-auth\n" ONLY}},
     "include it where it is a substack",
     NULL},
    {"behind a substack",
     {{PAM "common-auth", "auth requisite pam_env.so\nauth required pam_env.so\n"},
      {PAM "login", "auth substack common-auth\nauth requisite pam_unix.so\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"a substack is one line",
     {{PAM "common-auth", "auth required pam_env.so\nauth required pam_env.so\n"},
      {PAM "login", "auth [success=1 default=die] pam_unix.so\nauth substack common-auth\n" ONLY}},
     "ok pam login",
     "fault factors"},
    {"both within a substack",
     {{PAM "common-auth", "auth requisite pam_unix.so\n" ONLY},
      {PAM "login", "auth substack common-auth\naccount required pam_medgl.so\n"}},
     "ok pam login",
     "fault factors login"},
    {"sshd, nothing", {{PAM "sshd", ONLY}, {SSHD, KBD}}, "fault factors sshd: factor=only", NULL},
    {"sshd, a key",
     {{PAM "sshd", ONLY}, {SSHD, KBD CHAIN}},
     "warning factors sshd: factor=only behind an ssh key, and factor_host says knowledge",
     "fault factors"},
    {"sshd, a key, as the policy has it",
     {{POLICY, "factor_host = possession\ncard_module = /bin/true\n"},
      {PAM "sshd", ONLY},
      {SSHD, KBD CHAIN}},
     "ok pam sshd",
     "factor_host"},
    {"sshd, a ticket, as the policy has it",
     {{POLICY, "factor_host = possession\ncard_module = /bin/true\n"},
      {PAM "sshd", ONLY},
      {SSHD, KBD "AuthenticationMethods gssapi-with-mic,keyboard-interactive\n"}},
     "ok pam sshd",
     "fault factors"},
    {"sshd, a key, and a block without",
     {{PAM "sshd", ONLY}, {SSHD, KBD CHAIN "Match User x\nAuthenticationMethods any\n"}},
     "fault factors sshd, Match User x: factor=only, and nothing in front",
     "fault factors sshd:"},
    {"sshd, a key in one of two ways",
     {{PAM "sshd", ONLY},
      {SSHD, KBD "AuthenticationMethods publickey,keyboard-interactive keyboard-interactive\n"}},
     "fault factors sshd",
     NULL},
    {"sshd, pam_unix",
     {{PAM "sshd", "auth requisite pam_unix.so\n" ONLY}, {SSHD, KBD}},
     "ok pam sshd",
     "factor=only"},
    {"sshd, pam_unix that goes on",
     {{PAM "sshd", "auth required pam_unix.so\n" ONLY}, {SSHD, KBD}},
     "fault factors sshd: factor=only, and PAM comes to it also where pam_unix.so has failed",
     NULL},
};

/* -- the administrators ----------------------------------------------------------------------- */

static char ahead[128]; /* a day in two weeks, as the policy has it */
static const char in_two_weeks[] = "@";

/* In a zone in which it is about noon, so that no midnight falls into the test. */
static void look_ahead(void)
{
    const time_t now = time(NULL);
    const int east = 12 - (int)(now % 86400 / 3600);
    const time_t day = now + east * 3600 + 14 * 86400;
    char date[16];
    struct tm tm;
    assert_non_null(gmtime_r(&day, &tm));
    assert_int_equal(strftime(date, sizeof(date), "%Y-%m-%d", &tm), 10);
    (void)snprintf(ahead, sizeof(ahead),
                   "time_zone = Etc/GMT%+d\n" /* the sign is the other way */
                   "factor_required_from = %s\nfactor_privileged = required\n",
                   -east, date);
}

static const struct administrator_case {
    const char *name, *policy, *enrolled, *devices, *own; /* names with a device; rule of `boss` */
    const char *finds, *not ;
} administrator_cases[] = {
    {"one has a device", REQUIRED, "boss 1 privileged", "boss", NULL, "ok factors no second factor",
     "fault factors"},
    {"the last one has none", REQUIRED, "boss 1 privileged", NULL, NULL,
     "fault factors a second factor is required now, and no privileged account has one (boss)",
     NULL},
    {"one of two has none", REQUIRED, "boss 1 privileged, chief 2 privileged", "chief", NULL,
     "warning factors a second factor is required now, and these privileged accounts have none: "
     "boss",
     "fault factors"},
    {"within 30 days", in_two_weeks, "boss 1 privileged", NULL, NULL,
     "fault factors a second factor is required in 14 days", NULL},
    {"in a thousand years", MILLENNIUM, "boss 1 privileged, chief 2 privileged", NULL, NULL,
     "warning factors a second factor is required from 2999-01-01 on, and no privileged account "
     "has one (boss, chief)",
     "fault factors"},
    {"then, and one has one", MILLENNIUM, "boss 1 privileged, chief 2 privileged", "boss", NULL,
     "ok factors no second factor", "2999"},
    {"then, and nobody administers, and root cannot", MILLENNIUM "unenrolled = deny\n",
     "bob 1 staff", NULL, NULL,
     "warning factors a second factor is required from 2999-01-01 on, who is not enrolled",
     "fault factors"},
    {"then, of nobody", "factor_required_from = 2999-01-01\n" NONE, "boss 1 privileged", NULL, NULL,
     "ok factors", "2999"},
    {"no rule requires it of them", PAST "factor_staff = required\nfactor_privileged = optional\n",
     "boss 1 privileged", NULL, NULL, "ok factors", "fault factors"},
    {"its own rule", PAST "factor_privileged = optional\n", "boss 1 privileged", NULL, "required",
     "fault factors a second factor is required now", NULL},
    {"its own rule lets it in", REQUIRED, "boss 1 privileged", NULL, "none", "ok factors",
     "fault factors"},
    {"a device that is not accepted",
     REQUIRED "factor_kinds = card\nfactor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "boss 1 privileged", "boss", NULL, "fault factors a second factor is required now", NULL},
    {"an optional device that is not accepted",
     "factor_staff = optional\nfactor_kinds = card\nfactor_enrol = administrator\n"
     "factor_privileged = optional\ncard_module = /usr/lib/none.so\n",
     "bob 2 staff, boss 1 privileged, dan 3 staff", "bob", NULL,
     "warning factors accounts whose devices are of a kind that is not accepted now, 1: bob: "
     "their password alone",
     "dan"},
    {"before the day, a device that is not accepted",
     MILLENNIUM
     "factor_kinds = card\nfactor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "bob 2 staff", "bob", NULL, "not accepted now, 1: bob:", NULL},
    {"required, and a device that is not accepted",
     REQUIRED "factor_kinds = card\nfactor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "bob 2 staff", "bob", NULL, "ok factors", "their password alone"},
    {"of none is asked, whatever there is",
     NONE "factor_kinds = card\nfactor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "bob 2 staff", "bob", NULL, "ok factors", "their password alone"},
    {"nobody administers, and root cannot", REQUIRED "unenrolled = deny\n", "bob 1 staff", NULL,
     NULL, "nobody could put it right", NULL},
    {"nobody administers, and root can", REQUIRED, "bob 1 staff", NULL, NULL, "ok factors",
     "fault factors"},
    {"no recovery codes", REQUIRED, "boss 1 privileged, bob 2 staff", "boss", NULL,
     "warning factors accounts with a second factor and no recovery codes, 1: boss", NULL},
};

static void administrators(void **state)
{
    const struct administrator_case *row = *state;
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(make_root(NULL), 0);
    put(PATH_ENGINE, "");
    enrol(row->enrolled);
    auto_clean(context_close) struct context context = {.store = NULL};
    open_context(&context);
    if (row->own != NULL) {
        const struct account_change_request change = {.name = "boss", .rules.factor = row->own};
        assert_int_equal(operation_account_change(&context, &change, why), MEDGL_OK);
    }
    if (row->devices != NULL)
        give_device(&context, row->devices);
    if (row->policy == in_two_weeks)
        look_ahead();
    put(POLICY, row->policy == in_two_weeks ? ahead : row->policy);
    (void)look(row->finds, row->not );
    assert_int_equal(remove_root(NULL), 0);
}

static enum medgl_error drop_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                   medgl_time until)
{
    (void)argument, (void)account, (void)codes, (void)count, (void)until;
    return MEDGL_OK;
}

static void open_waivers(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    auto_clean(context_close) struct context context = {.store = NULL};
    const struct grant_add_request request = {.name = "bob",
                                              .kind = GRANT_FACTOR_WAIVER,
                                              .instead = GRANT_INSTEAD_CODE,
                                              .codes = 1,
                                              .until = clock_read().now + MEDGL_HOUR,
                                              .approved_by = "Dr Sato",
                                              .reason = "lost",
                                              .deliver = drop_codes};
    (void)state;
    put(POLICY, REQUIRED);
    enrol("bob 1 staff");
    (void)look("ok factors", "waivers that are open");
    open_context(&context);
    assert_int_equal(operation_grant_add(&context, &request, id, why), MEDGL_OK);
    (void)look("warning factors factor waivers that are open, 1: bob", NULL);
    give_device(&context, "bob");
    give_paper(&context, "bob");
    (void)look("ok factors", "no recovery codes");
}

/* -- cards ------------------------------------------------------------------------------------ */

static void a_driver(void **state)
{
    char module[PATH_MAX], text[PATH_MAX + 64];
    (void)state;
    (void)snprintf(module, sizeof(module), "%s/driver.so", root);
    (void)snprintf(text, sizeof(text), "card_module = %s\n", module);
    put(POLICY, text);
    (void)look("fault cards card_module, /tmp/", "the driver, /");
    put("/driver.so", "x");
    (void)look("ok cards the driver, /tmp/", "card_module, /");
    assert_int_equal(chmod(root, 0775), 0); /* who may write there may put another one there */
    (void)look("can be changed by others than root", "the driver, /");
    assert_int_equal(chmod(root, 0755), 0);
    assert_int_equal(chmod(module, 0664), 0);
    (void)look("can be changed by others than root", "the driver, /");
    assert_int_equal(unlink(module), 0);
    assert_int_equal(mkdir(module, 0755), 0);
    (void)look("is no file that the engine can read", NULL);
    (void)snprintf(text, sizeof(text), "card_module =\n");
    put(POLICY, text);
    (void)look("ok factors", " cards ");
}

static void trust(void **state)
{
    (void)state;
    put(POLICY, "card_module = /bin/true\n");
    (void)look("fault cards /tmp/", "can be used");
    put(PATH_TRUST "/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    (void)look("no card is accepted; do what the log says", NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_waivers),
        cmocka_unit_test(a_driver),
        cmocka_unit_test(trust),
    };
    log_open(LOG_TARGET_NONE, "doctor_factors_test", false);
    TABLE_ADD("R24 host", host_rows, a_row);
    TABLE_ADD("R24 factor=only", only_rows, a_row);
    TABLE_ADD("R24 administrators", administrator_cases, administrators);
    TABLE_ADD("R24 R03", tests, on_a_root_of_its_own);
    return table_run("doctor_factors");
}
