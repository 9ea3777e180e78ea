/* What the user database of the host lets in beside the rules: vendor and system accounts, empty
 * passwords, other names of root, and enrolled people whose Unix user is another one now (R25, R27,
 * R28). Reads passwd and shadow, and has homes looked at; never shows what is in them. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PASSWD            "/etc/passwd"
#define SHADOW            "/etc/shadow"
#define PEOPLE_FIRST_UID  1000 /* of people (login.defs(5), UID_MIN) */
#define PEOPLE_HASH_LEAST 13   /* DES, the shortest that crypt(3) makes */
#define PEOPLE_PATIENCE   30000

/* -- passwd and shadow --------------------------------------------------------------------------
 */

struct person {
    char *name, *hash, *home, *shell;
    int64_t uid, gid;
};

struct shadow {
    char *name, *hash;
    int64_t expires; /* day; -1: never */
};

struct people {
    struct doctor *doctor;
    struct shadow *shadows; /* by name */
    size_t shadow_count;
    bool shadow_known;
    int64_t today;
    int patience; /* milliseconds that homes may take beyond what they should */
    unsigned told;
};

/* A number of up to ten digits, and nothing else; -1: it is none. */
static int64_t people_number(const char *text)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 10)
        return -1;
    int64_t number = strtoll(text, &end, 10);
    return end[0] == '\0' ? number : -1;
}

/* The fields of a line, as many as there are up to `count`; those that are not there are NULL. */
static size_t people_split(char *line, char *fields[], size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        fields[i] = NULL;
    while (found < count && line != NULL)
        fields[found++] = strsep(&line, ":");
    return found;
}

static int shadow_compare(const void *left, const void *right)
{
    return strcmp(((const struct shadow *)left)->name, ((const struct shadow *)right)->name);
}

static bool people_read_shadow(struct people *people, struct doctor_text *text)
{
    size_t room = 0;
    const char *why = doctor_read(people->doctor, SHADOW, text);
    if (why == doctor_no_file) /* passwords are in passwd then */
        return true;
    if (why != NULL) {
        doctor_say(people->doctor, DOCTOR_WARNING, "people",
                   "%s%s cannot be read: %s: who can log in with a Unix password is not known; put "
                   "it right, or run this as root",
                   people->doctor->root, SHADOW, why);
        return false;
    }
    for (char *line; (line = doctor_line(text)) != NULL;) {
        char *fields[9];
        if (people_split(line, fields, 9) < 2)
            continue;
        if (people->shadow_count == room) {
            struct shadow *more =
                reallocarray(people->shadows, room = 2 * room + 64, sizeof(*more));
            if (more == NULL)
                return false;
            people->shadows = more;
        }
        people->shadows[people->shadow_count++] =
            (struct shadow){fields[0], fields[1], people_number(fields[7])};
    }
    if (people->shadow_count > 0)
        qsort(people->shadows, people->shadow_count, sizeof(*people->shadows), shadow_compare);
    return true;
}

static const struct shadow *people_shadow(const struct people *people, char *name)
{
    const struct shadow key = {.name = name};
    return people->shadow_count == 0
               ? NULL
               : bsearch(&key, people->shadows, people->shadow_count, sizeof(key), shadow_compare);
}

/* -- what lets a user in ------------------------------------------------------------------------
 */

enum people_password {
    PEOPLE_PASSWORD_NONE, /* none that anything matches */
    PEOPLE_PASSWORD_EMPTY,
    PEOPLE_PASSWORD_LOCKED, /* a hash, made useless */
    PEOPLE_PASSWORD_USABLE,
    PEOPLE_PASSWORD_UNKNOWN, /* shadow was not read */
};

static enum people_password people_password(const struct people *people,
                                            const struct person *person)
{
    const struct shadow *shadow = people_shadow(people, person->name);
    const char *hash = person->hash;
    if (strcmp(hash, "x") == 0 && !people->shadow_known)
        return PEOPLE_PASSWORD_UNKNOWN;
    if (strcmp(hash, "x") == 0 && shadow != NULL) {
        hash = shadow->hash;
        if (shadow->expires >= 0 && people->today >= shadow->expires)
            return PEOPLE_PASSWORD_NONE;
    }
    if (hash[0] == '\0')
        return PEOPLE_PASSWORD_EMPTY;
    if (hash[0] == '!' || hash[0] == '*')
        return strlen(hash + strspn(hash, "!*")) >= PEOPLE_HASH_LEAST ? PEOPLE_PASSWORD_LOCKED
                                                                      : PEOPLE_PASSWORD_NONE;
    return strlen(hash) >= PEOPLE_HASH_LEAST ? PEOPLE_PASSWORD_USABLE : PEOPLE_PASSWORD_NONE;
}

/* Whether the shell gives a session at all. */
static bool people_has_shell(const struct person *person)
{
    static const char *const none[] = {"nologin", "false", "true", "sync", "shutdown", "halt"};
    const char *last = strrchr(person->shell, '/');
    last = last != NULL ? last + 1 : person->shell;
    for (size_t i = 0; i < MEDGL_COUNT(none); i++)
        if (strcmp(last, none[i]) == 0)
            return false;
    return true;
}

/* -- one user -----------------------------------------------------------------------------------
 */

/* Names that vendors, images and default installations give. */
static bool people_is_vendor(const char *name)
{
    static const char *const names[] = {
        "admin",    "administrator", "adm",      "alpine",   "ansible",     "arch",    "bitnami",
        "centos",   "cloud-user",    "cloudera", "core",     "debian",      "default", "demo",
        "ec2-user", "factory",       "fedora",   "field",    "ftp",         "git",     "guest",
        "install",  "jenkins",       "kali",     "maint",    "maintenance", "manager", "mysql",
        "nagios",   "nobody",        "opc",      "operator", "oracle",      "pi",      "postgres",
        "public",   "remote",        "rocky",    "scott",    "service",     "student", "supervisor",
        "support",  "sysadmin",      "system",   "temp",     "test",        "tomcat",  "toor",
        "ubuntu",   "user",          "vagrant",  "vendor",   "vyos",        "web",     "webmaster",
        "www",      "www-data",
    };
    size_t len = strlen(name);
    while (len > 1 && name[len - 1] >= '0' && name[len - 1] <= '9') /* test1 */
        len--;
    for (size_t i = 0; i < MEDGL_COUNT(names); i++)
        if (strcasecmp(name, names[i]) == 0 ||
            (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0))
            return true;
    return false;
}

static void people_say(struct people *people, enum doctor_level level, const char *text)
{
    people->told++;
    doctor_say(people->doctor, level, "people", "%s", text);
}

/* R28. */
static void people_judge_vendor(struct people *people, const struct person *person,
                                enum people_password password, bool keys)
{
    char text[1024];
    const bool system = person->uid < PEOPLE_FIRST_UID;
    const bool hash = password == PEOPLE_PASSWORD_USABLE;
    if (!(system || people_is_vendor(person->name)) || !(hash || keys))
        return;
    (void)snprintf(
        text, sizeof(text),
        "%s (uid %lld), %s, can log in with %s: lock it with usermod --lock --expiredate "
        "1%s, and enrol who uses it under a name of their own",
        person->name, (long long)person->uid,
        system ? "an account of the system" : "a name that vendors give",
        hash && keys ? "a password and an ssh key"
        : hash       ? "a password"
                     : "an ssh key",
        keys ? ", take its authorized_keys away" : "");
    people_say(people, DOCTOR_WARNING, text);
}

static void people_judge_root(struct people *people, const struct person *person,
                              enum people_password password, bool keys)
{
    char text[1024];
    const bool open = password != PEOPLE_PASSWORD_NONE && password != PEOPLE_PASSWORD_LOCKED;
    (void)snprintf(text, sizeof(text),
                   "%s has uid 0, as root has%s: remove it, or give it a uid of its own",
                   person->name, open || keys ? ", and can log in" : "");
    people_say(people, open || keys ? DOCTOR_FAULT : DOCTOR_WARNING, text);
}

/* Who stands in the shadow file without a password needs none, if PAM is told so. */
static void people_judge_empty(struct people *people, const struct person *person)
{
    char text[1024];
    const bool open = people->doctor->nullok && people_has_shell(person);
    (void)snprintf(text, sizeof(text),
                   "%s has an empty password%s: lock it with passwd --lock, or set one",
                   person->name, open ? ", and a PAM service takes it (nullok)" : "");
    people_say(people, open ? DOCTOR_FAULT : DOCTOR_WARNING, text);
}

/* R32: what opens a break-glass account is in its envelope, and nothing else does, also where the
 * module is not asked. */
static void people_judge_breakglass(struct people *people, const struct person *person,
                                    enum people_password password, bool keys)
{
    char text[1024];
    if (password == PEOPLE_PASSWORD_USABLE) {
        (void)snprintf(text, sizeof(text),
                       "the break-glass account %s has a Unix password, which opens it wherever "
                       "the module is not asked: medgl-admin account shadow %s --lock",
                       person->name, person->name);
        people_say(people, DOCTOR_WARNING, text);
    }
    if (keys) {
        (void)snprintf(text, sizeof(text),
                       "the break-glass account %s has ssh keys: once its envelope is open, who "
                       "has one of them gets in without it; take its authorized_keys away",
                       person->name);
        people_say(people, DOCTOR_WARNING, text);
    }
}

/* Of enrolled people the rules are in force whatever shadow says, and so a lock there locks
 * nothing; and what is asked of a person cannot be asked where a key logs in (R26). */
static void people_judge_enrolled(struct people *people, const struct person *person,
                                  const struct doctor_account *account,
                                  enum people_password password, bool keys)
{
    char text[1024];
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return;
    if (account->class_ == ACCOUNT_CLASS_BREAKGLASS) {
        people_judge_breakglass(people, person, password, keys);
        return;
    }
    if (password == PEOPLE_PASSWORD_LOCKED && !account->shadow_locked) {
        (void)snprintf(text, sizeof(text),
                       "the Unix password of %s was locked by hand, and its password here was not: "
                       "medgl-admin account disable keeps it out, account shadow --lock says that "
                       "the lock is meant so",
                       person->name);
        people_say(people, DOCTOR_WARNING, text);
    }
    if (account->shared && keys) {
        (void)snprintf(text, sizeof(text),
                       "%s is a shared id and has ssh keys: a login with one cannot be asked who "
                       "it is; take its authorized_keys away",
                       person->name);
        people_say(people, DOCTOR_WARNING, text);
    }
}

/* Of who has no shell nothing there lets in. */
static struct doctor_home people_home(struct people *people, const struct person *person)
{
    struct doctor_home home = {false, false};
    char text[1024];
    if (people_has_shell(person) && !doctor_home(people->doctor, person->home, person->uid,
                                                 person->gid, &people->patience, &home)) {
        (void)snprintf(text, sizeof(text),
                       "the home of %s, %s, did not let itself be looked at: whether there are ssh "
                       "keys is not known; see whether its file system answers",
                       person->name, person->home);
        people_say(people, DOCTOR_WARNING, text);
    }
    return home;
}

static void people_judge(struct people *people, const struct person *person)
{
    const struct doctor_account *account = doctor_account_find(people->doctor, person->name);
    const bool active = account != NULL && account->state == ACCOUNT_STATE_ACTIVE;
    const enum people_password password = people_password(people, person);
    const struct doctor_home home = people_home(people, person);
    const bool keys = home.keys;
    const bool is_root = strcmp(person->name, "root") == 0;
    if (password == PEOPLE_PASSWORD_EMPTY)
        people_judge_empty(people, person);
    if (person->uid == 0 && !is_root)
        people_judge_root(people, person, password, keys);
    else if (!is_root && !active)
        people_judge_vendor(people, person, password, keys);
    if (account != NULL)
        people_judge_enrolled(people, person, account, password, keys);
    if (home.hosts) {
        char text[1024];
        (void)snprintf(text, sizeof(text),
                       "%s believes other hosts: remove .rhosts and .shosts from its home",
                       person->name);
        people_say(people, DOCTOR_WARNING, text);
    }
}

/* A line of passwd; false: it is malformed. Lines of NIS are passed over. */
static bool people_line(struct people *people, char *line)
{
    char *fields[7], name[STORE_NAME_SIZE];
    if (line[0] == '\0' || line[0] == '#' || line[0] == '+' || line[0] == '-')
        return true;
    if (people_split(line, fields, 7) != 7 || people_number(fields[2]) < 0 || fields[0][0] == '\0')
        return false;
    text_printable(name, sizeof(name), fields[0]);
    if (strcmp(name, fields[0]) != 0)
        return false;
    people_judge(people, &(struct person){fields[0], fields[1], fields[5], fields[6],
                                          people_number(fields[2]), people_number(fields[3])});
    return true;
}

/* -- the enrolled (R25, R27) --------------------------------------------------------------------
 */

/* Of a private root, by its own files; else as PAM asks. */
static enum medgl_error people_find(const struct doctor *doctor, const char *name,
                                    struct unix_user *user)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (doctor->root[0] == '\0')
        return unix_user_find(name, user);
    *user = (struct unix_user){.exists = false};
    if (doctor_read(doctor, PASSWD, &text) != NULL)
        return MEDGL_ERR_IO;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        char *fields[7];
        if (people_split(line, fields, 7) == 7 && strcmp(fields[0], name) == 0) {
            *user = (struct unix_user){.exists = true, .uid = people_number(fields[2])};
            return MEDGL_OK;
        }
    }
    return MEDGL_OK;
}

static void people_unix_user(struct doctor *doctor, const struct doctor_account *account)
{
    struct unix_user user;
    enum medgl_error error = people_find(doctor, account->name, &user);
    if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_WARNING, "accounts",
                   "whether %s still has its Unix user is not known: %s: do what the log says",
                   account->name, medgl_error_text(error));
    else if (!user.exists)
        doctor_say(doctor, DOCTOR_WARNING, "accounts",
                   "%s is enrolled, and its Unix user is gone: run medgl-admin account retire, or "
                   "make the user again with uid %lld",
                   account->name, (long long)account->uid);
    else if (user.uid != account->uid)
        doctor_say(
            doctor, DOCTOR_FAULT, "accounts",
            "%s was enrolled with uid %lld and has uid %lld: it is refused; give it back its "
            "uid, or retire the account and enrol who it is now under another name",
            account->name, (long long)account->uid, (long long)user.uid);
}

static void people_privileged(struct doctor *doctor)
{
    char names[512] = "";
    size_t privileged = 0, all = 0, used = 0;
    for (size_t i = 0; i < doctor->account_count; i++) {
        const struct doctor_account *account = &doctor->accounts[i];
        all += account->state == ACCOUNT_STATE_ACTIVE;
        if (account->state != ACCOUNT_STATE_ACTIVE || account->class_ != ACCOUNT_CLASS_PRIVILEGED)
            continue;
        const int len = snprintf(names + used, sizeof(names) - used, "%s%s",
                                 privileged++ > 0 ? ", " : "", account->name);
        used = (size_t)len < sizeof(names) - used ? used + (size_t)len : sizeof(names) - 1;
    }
    if (privileged == 0)
        return;
    const bool many = privileged > 5 || (privileged > 2 && privileged * 5 > all);
    doctor_say(doctor, many ? DOCTOR_WARNING : DOCTOR_OK, "accounts",
               "%zu of %zu active accounts %s privileged: %s%s", privileged, all,
               privileged == 1 ? "is" : "are", names,
               many ? ": these are many; give those who do other work another class" : "");
}

static void people_enrolled(struct doctor *doctor)
{
    const unsigned before = doctor->faults;
    if (!doctor->accounts_known || (doctor->root[0] != '\0' && !doctor_is_there(doctor, PASSWD)))
        return;
    for (size_t i = 0; i < doctor->account_count; i++)
        if (doctor->accounts[i].state != ACCOUNT_STATE_RETIRED)
            people_unix_user(doctor, &doctor->accounts[i]);
    if (doctor->faults == before && doctor->account_count > 0)
        doctor_say(doctor, DOCTOR_OK, "accounts", "no account's Unix user has another uid");
}

void doctor_people(struct doctor *doctor)
{
    struct people people = {
        .doctor = doctor, .today = clock_read().now / MEDGL_DAY, .patience = PEOPLE_PATIENCE};
    auto_clean(doctor_text_free) struct doctor_text passwd = {NULL}, shadow = {NULL};
    unsigned malformed = 0;
    people_enrolled(doctor);
    people_privileged(doctor);
    if (!doctor_open(doctor, "people", PASSWD, &passwd))
        return;
    people.shadow_known = people_read_shadow(&people, &shadow);
    for (char *line; (line = doctor_line(&passwd)) != NULL;)
        malformed += !people_line(&people, line);
    if (malformed > 0)
        doctor_say(doctor, DOCTOR_WARNING, "people",
                   "%s%s has %u malformed lines, and programs read them as they like: run pwck",
                   doctor->root, PASSWD, malformed);
    if (people.told == 0 && people.shadow_known)
        doctor_say(doctor, DOCTOR_OK, "people",
                   "no vendor or system account can log in, and nobody without a password");
    free(people.shadows);
}
