/* What the host does with the module: PAM service files and sshd's settings. Reads only; a file
 * that cannot be read is told. */
#include "operation/doctor.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SSHD_CONFIG "/etc/ssh/sshd_config"
#define INCLUDE_MAX 8 /* files within files */

/* -- PAM ------------------------------------------------------------------------------------ */

/* A file of /etc/pam.d: what it uses the module for, by itself or through files that it includes.
 * How these use the module is judged once, in their own right. */
struct pam_service {
    struct doctor *doctor;
    const char *directory;
    const char *name;
    bool auth, account, password, session;
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

/* One line that names the module. */
static void pam_use(struct pam_service *service, const char *type, const char *control,
                    const char *arguments)
{
    bool auth = strcasecmp(type, "auth") == 0, account = strcasecmp(type, "account") == 0;
    service->doctor->pam_used = true;
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
    const char *exempt = strstr(arguments, "exempt=");
    if (auth && exempt != NULL)
        doctor_say(service->doctor, DOCTOR_WARNING, "pam",
                   "%s: %.*s: these users log in without any of the rules", service->name,
                   (int)strcspn(exempt, " \t"), exempt);
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
    bool include = strcmp(type, "@include") == 0;
    if (!include) {
        char *control = strsep(&rest, rest[0] == '[' ? "]" : " \t");
        if (rest == NULL || (only != NULL && strcasecmp(type, only) != 0))
            return;
        rest += strspn(rest, " \t");
        include = strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0;
        only = type;
        if (!include && strstr(rest, "pam_medgl.so") != NULL)
            pam_use(service, type, control, rest);
    }
    rest[strcspn(rest, " \t")] = '\0';
    if (include)
        pam_read(service, rest, only);
}

static void pam_read(struct pam_service *service, const char *name, const char *only)
{
    char path[PATH_MAX];
    auto_free char *line = NULL;
    size_t room = 0;
    int len = name[0] == '/' ? snprintf(path, sizeof(path), "%s%s", service->doctor->root, name)
                             : snprintf(path, sizeof(path), "%s/%s", service->directory, name);
    if (len >= (int)sizeof(path) || service->depth >= INCLUDE_MAX)
        return;
    auto_file FILE *file = fopen(path, "re");
    service->depth++;
    while (file != NULL && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        pam_line(service, line, only);
    }
    service->depth--;
    if (file == NULL || ferror(file))
        doctor_say(service->doctor, DOCTOR_WARNING, "pam",
                   "%s: %s cannot be read: %s: put it right, or run this as root", service->name,
                   path, strerror(errno));
}

static void pam_judge(struct doctor *doctor, const char *directory, const char *name)
{
    struct pam_service service = {.doctor = doctor, .directory = directory, .name = name};
    pam_read(&service, name, NULL);
    /* Debian's common-* files hold one type each: only whole services are judged for what is
     * missing. */
    if (service.auth && !service.account && strncmp(name, "common-", 7) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "pam",
                   "%s: auth without account: a disabled user with an ssh key gets in; add the "
                   "account line, or @include common-account",
                   name);
    if (service.auth || service.account || service.password || service.session)
        doctor_say(doctor, DOCTOR_OK, "pam", "%s uses the module for%s%s%s%s", name,
                   service.auth ? " auth" : "", service.account ? " account" : "",
                   service.password ? " password" : "", service.session ? " session" : "");
}

void doctor_pam(struct doctor *doctor)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    if (path_under(path, doctor->root, MEDGL_PAMCONFDIR) != MEDGL_OK)
        return;
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0 && errno != ENOENT)
        doctor_say(doctor, DOCTOR_WARNING, "pam", "%s cannot be read: %s: run this as root", path,
                   strerror(errno));
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.' && strchr(names[i]->d_name, '~') == NULL)
            pam_judge(doctor, path, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    if (!doctor->pam_used)
        doctor_say(doctor, DOCTOR_WARNING, "pam",
                   "no PAM service uses pam_medgl.so: run pam-auth-update, or see pam_medgl(8)");
}

/* -- sshd ----------------------------------------------------------------------------------- */

/* A setting that goes around the module, or keeps it from asking. The first value in the file
 * counts (sshd_config(5)). */
struct sshd_setting {
    const char *name;
    const char *preset; /* sshd's default */
    const char *wrong;  /* the value that defeats the module */
    enum doctor_level level;
    const char *why;
};

static const struct sshd_setting sshd_settings[] = {
    {"UsePAM", "no", "no", DOCTOR_FAULT, "the module is never asked: set UsePAM yes"},
    {"PermitEmptyPasswords", "no", "yes", DOCTOR_FAULT, "set PermitEmptyPasswords no"},
    {"KbdInteractiveAuthentication", "yes", "no", DOCTOR_WARNING,
     "a password that is due cannot be changed at login: set KbdInteractiveAuthentication yes"},
    {"PasswordAuthentication", "yes", "yes", DOCTOR_WARNING,
     "messages and a change that is due do not reach the person: set PasswordAuthentication no and "
     "leave KbdInteractiveAuthentication on"},
    {"HostbasedAuthentication", "no", "yes", DOCTOR_WARNING,
     "another host's word replaces the person's proof: set HostbasedAuthentication no"},
};

struct sshd_reading {
    struct doctor *doctor;
    char value[MEDGL_COUNT(sshd_settings)][32];
    int depth;
    bool match;   /* inside a Match block */
    bool told;    /* something was found */
    bool partial; /* a file could not be read */
};

static void sshd_read(struct sshd_reading *reading, const char *path);

static void sshd_unreadable(struct sshd_reading *reading, const char *path, int error)
{
    reading->told = reading->partial = true;
    doctor_say(reading->doctor, DOCTOR_WARNING, "sshd",
               "%s cannot be read, and may say anything: %s: put it right, or run this as root",
               path, strerror(error));
}

/* For glob(): only what is not there is passed over. */
static int sshd_glob_failed(const char *path, int error)
{
    (void)path;
    return error != ENOENT;
}

static void sshd_include(struct sshd_reading *reading, char *patterns)
{
    for (char *pattern; (pattern = strsep(&patterns, " \t")) != NULL;) {
        char path[PATH_MAX];
        glob_t found = {0};
        if (pattern[0] == '\0')
            continue;
        int len = snprintf(path, sizeof(path), "%s%s%s", reading->doctor->root,
                           pattern[0] == '/' ? "" : "/etc/ssh/", pattern);
        int result = len < (int)sizeof(path) ? glob(path, 0, sshd_glob_failed, &found) : 0;
        if (result == GLOB_ABORTED)
            sshd_unreadable(reading, path, errno);
        for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
            sshd_read(reading, found.gl_pathv[i]);
        globfree(&found);
    }
}

static void sshd_line(struct sshd_reading *reading, char *line)
{
    char *rest = line + strspn(line, " \t");
    char *name = strsep(&rest, " \t=");
    if (name == NULL || name[0] == '\0' || name[0] == '#' || rest == NULL)
        return;
    rest += strspn(rest, " \t=\"");
    if (strcasecmp(name, "Match") == 0)
        reading->match = strcasecmp(rest, "all") != 0;
    if (strcasecmp(name, "Include") == 0) {
        sshd_include(reading, rest);
        return;
    }
    rest[strcspn(rest, " \t\"")] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++) {
        const struct sshd_setting *setting = &sshd_settings[i];
        if (strcasecmp(name, setting->name) != 0)
            continue;
        if (reading->match) {
            if (strcasecmp(rest, setting->wrong) != 0)
                continue;
            reading->told = true;
            doctor_say(reading->doctor, DOCTOR_WARNING, "sshd", "%s %s in a Match block: %s", name,
                       rest, setting->why);
        } else if (reading->value[i][0] == '\0') {
            text_printable(reading->value[i], sizeof(reading->value[i]), rest);
        }
    }
}

static void sshd_read(struct sshd_reading *reading, const char *path)
{
    auto_free char *line = NULL;
    size_t room = 0;
    bool match = reading->match;
    if (reading->depth >= INCLUDE_MAX)
        return;
    auto_file FILE *file = fopen(path, "re");
    reading->depth++;
    while (file != NULL && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        sshd_line(reading, line);
    }
    reading->depth--;
    reading->match = match; /* a Match in an included file ends with it */
    if (file == NULL || ferror(file))
        sshd_unreadable(reading, path, errno);
}

void doctor_sshd(struct doctor *doctor)
{
    struct sshd_reading reading = {.doctor = doctor};
    char path[PATH_MAX];
    if (path_under(path, doctor->root, SSHD_CONFIG) != MEDGL_OK ||
        (access(path, F_OK) != 0 && errno == ENOENT))
        return;
    sshd_read(&reading, path);
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++) {
        const struct sshd_setting *setting = &sshd_settings[i];
        bool unset = reading.value[i][0] == '\0';
        const char *value = unset ? setting->preset : reading.value[i];
        if (strcasecmp(value, setting->wrong) != 0 || (unset && reading.partial))
            continue;
        reading.told = true;
        doctor_say(doctor, setting->level, "sshd", "%s %s: %s", setting->name, value, setting->why);
    }
    if (!reading.told)
        doctor_say(doctor, DOCTOR_OK, "sshd", "no setting goes around the module");
}
