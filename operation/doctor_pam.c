/* What the host does with the module: files of PAM services. Reads only; a file that cannot be read
 * is told. */
#include "operation/doctor.h"

#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAM_VENDOR "/usr/lib/pam.d" /* for services that have no file in /etc/pam.d */

/* A file of a service: what it uses the module for, by itself or through files that it includes.
 * How these use the module is judged once, in their own right. */
struct pam_service {
    struct doctor *doctor;
    const char *name;
    bool auth, account, password, session;
    char door[128];   /* the first line of its own that lets people in before the module is asked */
    bool wide;        /* everybody */
    char exempt[128]; /* the last that was told */
    uint64_t ahead;   /* bit N: who proved nothing comes to the line N lines ahead */
    bool ended;       /* ... or to the end of the stack, or of the substack */
    bool proved;      /* nobody comes to ours who proved nothing: no password, no key */
    char failed[64];  /* the first module that would have proved it */
    enum factor_mode mode; /* what its line says of second factors */
    int depth;
};

static void pam_read(struct pam_service *service, const char *name, const char *only);

/* Whether a word of a control field, VALUE=ACTION, lets people pass whom the module, or its
 * absence, keeps out. What no word names is "bad" (pam.conf(5)). */
static bool pam_word_is_weak(const char *value, const char *action)
{
    static const char *const refusals[] = {
        "default",  "auth_err", "authinfo_unavail", "perm_denied", "acct_expired",
        "conv_err", "abort",    "open_err",         "symbol_err",  "module_unknown",
    };
    if (strcmp(action, "bad") == 0 || strcmp(action, "die") == 0)
        return false;
    if (strcmp(value, "new_authtok_reqd") == 0)
        return strcmp(action, "ok") != 0 && strcmp(action, "done") != 0;
    for (size_t i = 0; i < MEDGL_COUNT(refusals); i++)
        if (strcmp(value, refusals[i]) == 0)
            return true;
    return false;
}

/* A control field: one word, or the words of [...] behind the '['. */
static bool pam_control_is_weak(const char *control)
{
    char words[512], *rest = NULL;
    if (control[0] != '[')
        return strcasecmp(control, "optional") == 0 || strcasecmp(control, "sufficient") == 0;
    if (text_copy(words, sizeof(words), control + 1) != MEDGL_OK)
        return true;
    for (const char *value = strtok_r(words, " \t=", &rest); value != NULL;
         value = strtok_r(NULL, " \t=", &rest)) {
        const char *action = strtok_r(NULL, " \t=", &rest);
        if (action != NULL && pam_word_is_weak(value, action))
            return true;
    }
    return false;
}

/* Whether success in a line is enough to be let in. */
static bool pam_control_ends(const char *control)
{
    return strcasecmp(control, "sufficient") == 0 ||
           (control[0] == '[' && strcasestr(control, "success=done") != NULL);
}

/* -- one line --------------------------------------------------------------------------------- */

static bool pam_is(const char *module, const char *name)
{
    const char *last = strrchr(module, '/');
    return strcmp(last != NULL ? last + 1 : module, name) == 0;
}

/* A word among the arguments; with `next`, what follows it. */
static bool pam_word(const char *arguments, const char *word, char *next, size_t size)
{
    size_t len = strlen(word);
    for (const char *at = arguments; (at = strstr(at, word)) != NULL; at += len) {
        const char *behind = at + len;
        if ((at != arguments && strchr(" \t", at[-1]) == NULL) || strchr(" \t", behind[0]) == NULL)
            continue;
        behind += strspn(behind, " \t");
        if (next != NULL)
            (void)snprintf(next, size, "%.*s", (int)strcspn(behind, " \t"), behind);
        return true;
    }
    return false;
}

/* Whether anybody is in a group by /etc/group. */
static bool pam_group_has_members(const struct doctor *doctor, const char *name)
{
    auto_clean(doctor_text_free) struct doctor_text text;
    if (doctor_read(doctor, "/etc/group", &text) != NULL)
        return true; /* for all that is known */
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        const char *group = strsep(&line, ":");
        const char *members = line != NULL ? strrchr(line, ':') : NULL;
        if (strcmp(group, name) == 0)
            return members != NULL && members[1] != '\0';
    }
    return false;
}

/* Whether a module lets people in without a proof: everybody, or who meets its condition. */
enum pam_door {
    PAM_DOOR_NONE,
    PAM_DOOR_SOME,
    PAM_DOOR_WIDE
};
static enum pam_door pam_door(const struct doctor *doctor, const char *module,
                              const char *arguments)
{
    static const char *const wide[] = {"pam_permit.so", "pam_rhosts.so", "pam_rhosts_auth.so",
                                       "pam_debug.so"};
    static const char *const some[] = {"pam_succeed_if.so", "pam_listfile.so", "pam_localuser.so",
                                       "pam_usertype.so",   "pam_access.so",   "pam_time.so",
                                       "pam_securetty.so",  "pam_shells.so",   "pam_nologin.so",
                                       "pam_group.so",      "pam_env.so",      "pam_warn.so"};
    char group[128];
    for (size_t i = 0; i < MEDGL_COUNT(wide); i++)
        if (pam_is(module, wide[i]))
            return PAM_DOOR_WIDE;
    if (pam_is(module, "pam_wheel.so"))
        return pam_word(arguments, "trust", NULL, 0) ? PAM_DOOR_SOME : PAM_DOOR_NONE;
    if (pam_is(module, "pam_succeed_if.so") &&
        (pam_word(arguments, "use_uid", NULL, 0) || /* who asks, as with pam_rootok */
         (pam_word(arguments, "ingroup", group, sizeof(group)) &&
          !pam_group_has_members(doctor, group))))
        return PAM_DOOR_NONE;
    for (size_t i = 0; i < MEDGL_COUNT(some); i++)
        if (pam_is(module, some[i]))
            return PAM_DOOR_SOME;
    return PAM_DOOR_NONE;
}

/* -- who proved nothing -----------------------------------------------------------------------
 *
 * Lines are walked as PAM walks them, by somebody whom no module has believed yet. Whatever line of
 * ours such a person reaches has no first factor before it, and what PAM will say in the end does
 * not matter: ours was asked by then. */

#define PAM_FAR 63 /* lines ahead */

static void pam_go(struct pam_service *service, const char *action)
{
    const unsigned long jump = strtoul(action, NULL, 10);
    if (strcasecmp(action, "die") == 0 || strcasecmp(action, "done") == 0)
        service->ended = true;
    else if (action[0] >= '1' && action[0] <= '9')
        service->ahead |= UINT64_C(1) << (jump < PAM_FAR ? jump : PAM_FAR);
    else
        service->ahead |= 1;
}

/* What a control field does with an outcome; what it does not name is its default. */
static const char *pam_action(const char *control, const char *outcome, char action[16])
{
    char words[512], *rest = NULL;
    bool named = false;
    const bool good = strcmp(outcome, "success") == 0;
    if (control[0] != '[') {
        if (strcasecmp(control, "sufficient") == 0)
            return good ? "done" : "ignore";
        return !good && strcasecmp(control, "requisite") == 0 ? "die" : "ok";
    }
    (void)snprintf(action, 16, "bad");
    if (text_copy(words, sizeof(words), control + 1) != MEDGL_OK)
        return action;
    for (const char *value = strtok_r(words, " \t=", &rest); value != NULL && !named;
         value = strtok_r(NULL, " \t=", &rest)) {
        const char *what = strtok_r(NULL, " \t=", &rest);
        named = strcasecmp(value, outcome) == 0;
        if (what != NULL && (named || strcasecmp(value, "default") == 0))
            (void)snprintf(action, 16, "%s", what);
    }
    return action;
}

/* Every way in which a module can say no. */
static void pam_fail(struct pam_service *service, const char *control)
{
    static const char *const known[] = {"success", "new_authtok_reqd", "ignore", "default"};
    char words[512], action[16], *rest = NULL;
    pam_go(service, pam_action(control, "default", action));
    if (control[0] != '[' || text_copy(words, sizeof(words), control + 1) != MEDGL_OK)
        return;
    for (const char *value = strtok_r(words, " \t=", &rest); value != NULL;
         value = strtok_r(NULL, " \t=", &rest)) {
        const char *what = strtok_r(NULL, " \t=", &rest);
        bool failure = what != NULL;
        for (size_t i = 0; i < MEDGL_COUNT(known); i++)
            failure &= strcasecmp(value, known[i]) != 0;
        if (failure)
            pam_go(service, what);
    }
}

/* Whether a module believes nobody without a first factor. */
static bool pam_proves(const char *module, const char *arguments)
{
    static const char *const provers[] = {
        "pam_unix.so",    "pam_sss.so",     "pam_ldap.so",        "pam_krb5.so",
        "pam_pwdfile.so", "pam_winbind.so", "pam_radius_auth.so", "pam_ssh_agent_auth.so"};
    for (size_t i = 0; i < MEDGL_COUNT(provers); i++)
        if (pam_is(module, provers[i]))
            return strstr(arguments, "ignore_") == NULL; /* ignore_unknown_user */
    return false;
}

static void pam_walk(struct pam_service *service, const char *control, const char *module,
                     const char *arguments)
{
    char action[16];
    const bool here = (service->ahead & 1) != 0, proves = pam_proves(module, arguments);
    service->ahead >>= 1;
    if (!here)
        return;
    if (proves && service->failed[0] == '\0')
        text_printable(service->failed, sizeof(service->failed), module);
    if (!proves && !pam_is(module, "pam_deny.so"))
        pam_go(service, pam_action(control, "success", action));
    if (!pam_is(module, "pam_permit.so"))
        pam_fail(service, control);
}

/* A line of another module, as long as ours was not asked. */
static void pam_other(struct pam_service *service, const char *control, const char *module,
                      const char *arguments)
{
    if (pam_is(module, "pam_unix.so") &&
        (pam_word(arguments, "nullok", NULL, 0) || pam_word(arguments, "nullok_secure", NULL, 0)))
        service->doctor->nullok = true;
    if (!service->auth)
        pam_walk(service, control, module, arguments);
    if (service->auth || service->depth > 1 || service->door[0] != '\0' ||
        !pam_control_ends(control))
        return;
    enum pam_door door = pam_door(service->doctor, module, arguments);
    if (door == PAM_DOOR_NONE)
        return;
    service->wide = door == PAM_DOOR_WIDE;
    (void)snprintf(service->door, sizeof(service->door), "%s%s %s", control,
                   control[0] == '[' ? "]" : "", module);
}

static void pam_exempt(struct pam_service *service, const char *arguments)
{
    char users[sizeof(service->exempt)];
    const char *exempt = strstr(arguments, "exempt=");
    if (exempt == NULL)
        return;
    (void)snprintf(users, sizeof(users), "%.*s", (int)strcspn(exempt, " \t"), exempt);
    if (strcmp(users, service->exempt) == 0)
        return;
    memcpy(service->exempt, users, sizeof(users));
    doctor_say(service->doctor, DOCTOR_WARNING, "pam",
               "%s: %s: these users log in without any of the rules; take it out when every one "
               "of them has another way in",
               service->name, users);
}

/* R24. Of the first line that asks; a file that is included is told of by itself. */
static void pam_factor(struct pam_service *service, const char *arguments)
{
    char word[32] = "";
    const char *factor = strstr(arguments, "factor=");
    if (service->auth)
        return;
    if (factor != NULL)
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(factor, " \t"), factor);
    if (strcmp(word, "factor=none") == 0)
        service->mode = FACTOR_MODE_NONE;
    else if (strcmp(word, "factor=only") == 0)
        service->mode = FACTOR_MODE_ONLY;
    service->proved = (service->ahead & 1) == 0;
    if (service->mode == FACTOR_MODE_NONE && service->depth <= 1)
        doctor_say(service->doctor, DOCTOR_WARNING, "factors",
                   "%s: factor=none: no second factor is ever asked there, whatever the policy "
                   "says; take it out unless that is meant",
                   service->name);
}

/* One line that names the module. */
static void pam_use(struct pam_service *service, const char *type, const char *control,
                    const char *arguments)
{
    bool auth = strcasecmp(type, "auth") == 0, account = strcasecmp(type, "account") == 0;
    service->doctor->pam_used = true;
    if (auth)
        pam_factor(service, arguments);
    service->auth |= auth;
    service->account |= account;
    service->password |= strcasecmp(type, "password") == 0;
    service->session |= strcasecmp(type, "session") == 0;
    if (service->depth > 1)
        return;
    if ((auth || account) && pam_control_is_weak(control))
        doctor_say(service->doctor, DOCTOR_FAULT, "pam",
                   "%s: the %s line lets a refusal pass (%s%s): use [success=%s ignore=ignore "
                   "default=die]",
                   service->name, type, control, control[0] == '[' ? "]" : "",
                   auth ? "done" : "ok new_authtok_reqd=ok");
    pam_exempt(service, arguments);
}

static void pam_module(struct pam_service *service, const char *type, const char *control,
                       char *module)
{
    char *arguments = module;
    (void)strsep(&arguments, " \t");
    if (arguments == NULL)
        arguments = module + strlen(module);
    if (strstr(module, "pam_medgl.so") != NULL)
        pam_use(service, type, control, arguments);
    else if (strcasecmp(type, "auth") == 0)
        pam_other(service, control, module, arguments);
}

/* To those around it a substack is one line, and what ends it does not end them. */
static void pam_substack(struct pam_service *service, const char *name)
{
    const uint64_t ahead = service->ahead >> 1;
    const bool ended = service->ended;
    service->ahead &= 1;
    service->ended = false;
    pam_read(service, name, "auth");
    service->ahead = ahead | (service->ahead != 0 || service->ended);
    service->ended = ended;
}

/* One line: type, control (a word or [...]), module, arguments; or @include and a file. Of the type
 * `only`, unless that is NULL. */
static void pam_line(struct pam_service *service, char *line, const char *only)
{
    char *rest = line + strspn(line, " \t-");
    char *type = strsep(&rest, " \t");
    if (type == NULL || type[0] == '\0' || type[0] == '#' || rest == NULL)
        return;
    rest += strspn(rest, " \t");
    bool include = strcmp(type, "@include") == 0, substack = false;
    if (!include) {
        char *control = strsep(&rest, rest[0] == '[' ? "]" : " \t");
        if (rest == NULL || (only != NULL && strcasecmp(type, only) != 0))
            return;
        rest += strspn(rest, " \t");
        substack = strcasecmp(control, "substack") == 0 && strcasecmp(type, "auth") == 0;
        include = strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0;
        only = type;
        if (!include)
            pam_module(service, type, control, rest);
    }
    rest[strcspn(rest, " \t")] = '\0';
    if (substack)
        pam_substack(service, rest);
    else if (include)
        pam_read(service, rest, only);
}

/* A name among the files of services, or a path. */
static const char *pam_text(const struct doctor *doctor, const char *name, char path[PATH_MAX],
                            struct doctor_text *text)
{
    static const char *const directories[] = {MEDGL_PAMCONFDIR "/", PAM_VENDOR "/", ""};
    const char *why = doctor_no_file;
    for (size_t i = name[0] == '/' ? 2 : 0; i < (name[0] == '/' ? 3 : 2); i++) {
        if (snprintf(path, PATH_MAX, "%s%s", directories[i], name) >= PATH_MAX)
            return "its name is too long";
        why = doctor_read(doctor, path, text);
        if (why != doctor_no_file)
            return why;
    }
    return why;
}

static void pam_read(struct pam_service *service, const char *name, const char *only)
{
    char path[PATH_MAX];
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (service->depth >= DOCTOR_INCLUDE_MAX)
        return;
    const char *why = pam_text(service->doctor, name, path, &text);
    if (why != NULL)
        doctor_say(service->doctor, DOCTOR_WARNING, "pam",
                   "%s: %s%s cannot be read: %s: put it right, or run this as root", service->name,
                   service->doctor->root, path, why);
    doctor_join(&text);
    service->depth++;
    for (char *line; (line = doctor_line(&text)) != NULL;)
        pam_line(service, line, only);
    service->depth--;
}

/* -- a service -------------------------------------------------------------------------------- */

/* Greeters and automatic logons of display managers permit everybody, and are told by what starts
 * them (R39). */
static bool pam_is_greeter(const char *name)
{
    return strstr(name, "autologin") != NULL || strstr(name, "greeter") != NULL ||
           strstr(name, "launch-environment") != NULL;
}

static void pam_judge_door(const struct pam_service *service)
{
    const char *const whom = service->wide ? "everybody" : "whoever meets its condition";
    if (service->door[0] == '\0')
        return;
    if (service->auth)
        doctor_say(service->doctor, service->wide ? DOCTOR_FAULT : DOCTOR_WARNING, "pam",
                   "%s: %s lets %s in before the module is asked: take the line out, or put it "
                   "behind the module's with another control",
                   service->name, service->door, whom);
    else if (service->wide && !pam_is_greeter(service->name))
        doctor_say(service->doctor, DOCTOR_WARNING, "pam",
                   "%s: %s lets %s in without a proof: take the line out", service->name,
                   service->door, whom);
}

void doctor_say_unproved(struct doctor *doctor, const char *name, const char *failed,
                         const char *cure)
{
    if (failed[0] != '\0')
        doctor_say(doctor, DOCTOR_FAULT, "factors",
                   "%s: factor=only, and PAM comes to it also where %s has failed: a first factor "
                   "that failed is taken for proved; write requisite in that line, and include it "
                   "where it is a substack",
                   name, failed);
    else
        doctor_say(doctor, DOCTOR_FAULT, "factors",
                   "%s: factor=only, and nothing in front of it proves who comes: %s", name, cure);
}

/* A second factor with nothing before it is a single one. What sshd proves by itself is judged with
 * its settings. */
static void pam_judge_factor(const struct pam_service *service)
{
    struct doctor *doctor = service->doctor;
    if (!service->auth)
        return;
    if (strcmp(service->name, "sshd") == 0) {
        doctor->sshd.asked = true;
        doctor->sshd.mode = service->mode;
        doctor->sshd.proved = service->proved;
        memcpy(doctor->sshd.failed, service->failed, sizeof(service->failed));
    } else if (service->mode == FACTOR_MODE_ONLY && !service->proved &&
               strncmp(service->name, "common-", 7) != 0) {
        doctor_say_unproved(doctor, service->name, service->failed,
                            "a device alone lets in; put the module that asks for the password "
                            "before it, as requisite, or take factor=only out");
    }
}

static void pam_judge(struct doctor *doctor, const char *path, void *argument)
{
    const char *const *over = argument;
    const char *name = strrchr(path, '/') + 1;
    char instead[PATH_MAX];
    struct pam_service service = {.doctor = doctor, .name = name, .ahead = 1};
    if (strchr(name, '~') != NULL)
        return;
    if (*over != NULL &&
        (snprintf(instead, sizeof(instead), "%s/%s", *over, name) >= (int)sizeof(instead) ||
         doctor_is_there(doctor, instead)))
        return;
    pam_read(&service, name, NULL);
    /* Debian's common-* files hold one type each: only whole services are judged for what is
     * missing. */
    if (service.auth && !service.account && strncmp(name, "common-", 7) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "pam",
                   "%s: auth without account: a disabled user with an ssh key gets in; add the "
                   "account line, or @include common-account",
                   name);
    pam_judge_door(&service);
    pam_judge_factor(&service);
    if (service.auth || service.account || service.password || service.session)
        doctor_say(doctor, DOCTOR_OK, "pam", "%s uses the module for%s%s%s%s", name,
                   service.auth ? " auth" : "", service.account ? " account" : "",
                   service.password ? " password" : "", service.session ? " session" : "");
}

void doctor_pam(struct doctor *doctor)
{
    const char *none = NULL, *etc = MEDGL_PAMCONFDIR;
    doctor_each_file(doctor, "pam", MEDGL_PAMCONFDIR, "", pam_judge, &none);
    doctor_each_file(doctor, "pam", PAM_VENDOR, "", pam_judge, &etc);
    if (!doctor->pam_used)
        doctor_say(doctor, DOCTOR_WARNING, "pam",
                   "no PAM service uses pam_medgl.so: run pam-auth-update, or see pam_medgl(8)");
}
