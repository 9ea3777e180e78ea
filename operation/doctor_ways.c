/* How people come in through sshd, beside what the policy asks of them (R24): by a key alone, by a
 * device alone, or by a method that cannot answer. Reads only. */
#include "operation/doctor.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WAYS_SOON (30 * MEDGL_DAY)

static const struct admission_place ways_anywhere = {.origin = ADMISSION_ORIGIN_ANYWHERE};

struct ways_look {
    struct doctor *doctor;
    const struct policy *policy;
    const struct doctor_ways *ways;
    char who[128]; /* whom they are for */
    bool prompts;  /* sshd asks people for a code, now or soon */
    bool required; /* a second factor will be required of somebody who comes through sshd */
};

static bool ways_required(const struct policy *policy, medgl_time at)
{
    for (int class_ = ACCOUNT_CLASS_STAFF; class_ <= ACCOUNT_CLASS_BREAKGLASS; class_++) {
        const struct factor_facts facts = {.class_ = (enum account_class)class_,
                                           .service = "sshd",
                                           .place = &ways_anywhere,
                                           .utc_offset = clock_utc_offset(at)};
        if (policy_factor(policy, &facts, at).required)
            return true;
    }
    return false;
}

/* -- AuthenticationMethods: ways with blanks between them, of methods with commas ------------- */

static bool way_has(const char *way, const char *method)
{
    const size_t len = strlen(method);
    for (const char *at = way; at != NULL; at = strchr(at, ',')) {
        at += at[0] == ',';
        if (strncasecmp(at, method, len) == 0 && strchr(",:", at[len]) != NULL)
            return true;
    }
    return false;
}

/* Whether a way is asked about by PAM, so by the module. */
static bool way_asks(const char *way)
{
    return way_has(way, "keyboard-interactive") || way_has(way, "password");
}

/* Whether sshd itself proves somebody in a way. */
static bool way_proves(const char *way)
{
    return way_has(way, "publickey") || way_has(way, "gssapi-with-mic");
}

static bool way_password(const char *way)
{
    return way_has(way, "password");
}

/* The first way that is such, or is not; false: there is none. */
static bool ways_find(const char *methods, bool (*is)(const char *way), bool such, char way[512])
{
    char text[512], *rest = text;
    (void)snprintf(text, sizeof(text), "%s", methods);
    for (const char *one; (one = strsep(&rest, " ")) != NULL;) {
        (void)snprintf(way, 512, "%s", one);
        if (one[0] != '\0' && is(one) == such)
            return true;
    }
    return false;
}

/* -- what is said of them --------------------------------------------------------------------- */

/* factor=only: what stands before the module proves the first factor, there or in sshd. */
static void ways_only(const struct ways_look *look)
{
    const struct doctor_sshd *sshd = &look->doctor->sshd;
    const char *methods = look->ways->methods;
    char way[512];
    const bool keys =
        sshd->known && methods[0] != '\0' && !ways_find(methods, way_proves, false, way);
    if (!sshd->proved && !keys)
        doctor_say_unproved(look->doctor, look->who, sshd->failed,
                            "nor does AuthenticationMethods: a device alone lets in; set "
                            "AuthenticationMethods publickey,keyboard-interactive");
    else if (!sshd->proved && look->policy->factor_host == POLICY_HOST_KNOWLEDGE)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "%s: factor=only behind an ssh key, and factor_host says knowledge: a key is "
                   "possession, and a code of a device is possession again; set factor_host = "
                   "possession, and ask for the password too (without factor=only)",
                   look->who);
}

static void ways_password(const struct ways_look *look)
{
    char way[512];
    const char *methods = look->ways->methods;
    const bool used = methods[0] == '\0' ? look->ways->open[DOCTOR_WAY_PASSWORD]
                                         : ways_find(methods, way_password, true, way);
    if (used && look->prompts && !policy_factor_one_prompt(look->policy, "sshd"))
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "%s: the method \"password\" gives the password as the answer to every "
                   "prompt, so a code is always wrong: set PasswordAuthentication no and leave "
                   "KbdInteractiveAuthentication on, or name sshd in factor_one_prompt",
                   look->who);
}

/* A key is one factor, and sshd asks PAM for no other. */
static void ways_alone(const struct ways_look *look)
{
    static const struct {
        enum doctor_way way;
        const char *what, *cure;
    } alone[] = {
        {DOCTOR_WAY_KEYS, "an ssh key", "publickey,keyboard-interactive, or PubkeyAuthentication"},
        {DOCTOR_WAY_TICKETS, "a Kerberos ticket",
         "gssapi-with-mic,keyboard-interactive, or GSSAPIAuthentication"},
        {DOCTOR_WAY_HOSTS, "another host's word",
         "hostbased,keyboard-interactive, or HostbasedAuthentication"},
    };
    char way[512];
    if (!look->required)
        return;
    if (look->ways->methods[0] != '\0') {
        if (ways_find(look->ways->methods, way_asks, false, way))
            doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                       "%s: AuthenticationMethods has a way, %s, that passes no second factor, "
                       "and one is required: write %s,keyboard-interactive",
                       look->who, way, way);
        return;
    }
    for (size_t i = 0; i < MEDGL_COUNT(alone); i++)
        if (look->ways->open[alone[i].way])
            doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                       "%s: who comes with %s passes no second factor, and one is required: set "
                       "AuthenticationMethods %s no",
                       look->who, alone[i].what, alone[i].cure);
}

static void ways_judge(struct ways_look *look)
{
    const struct doctor_sshd *sshd = &look->doctor->sshd;
    const bool everybody = look->ways->match[0] == '\0';
    if (!everybody && !look->ways->set)
        return;
    (void)snprintf(look->who, sizeof(look->who), "sshd%s%s", everybody ? "" : ", Match ",
                   look->ways->match);
    if (sshd->mode == FACTOR_MODE_ONLY)
        ways_only(look);
    if (!sshd->known)
        return;
    ways_password(look);
    ways_alone(look);
}

void doctor_ways(struct doctor *doctor, const struct policy *policy)
{
    const struct doctor_sshd *sshd = &doctor->sshd;
    const medgl_time soon = clock_read().now + WAYS_SOON;
    struct ways_look look = {.doctor = doctor,
                             .policy = policy,
                             .prompts =
                                 policy_factor_prompts(policy, sshd->mode, "sshd", &ways_anywhere,
                                                       true, clock_utc_offset(soon), soon),
                             .required = ways_required(policy, soon)};
    if (!sshd->asked)
        return;
    for (size_t i = 0; i < sshd->ways_count; i++) {
        look.ways = &sshd->ways[i];
        ways_judge(&look);
    }
}
