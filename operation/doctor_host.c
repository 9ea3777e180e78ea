/* What the host does with the module: PAM service files and sshd's settings. Reads only; a file
 * that cannot be read is told. */
#include "operation/doctor.h"

#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SSHD_CONFIG      "/etc/ssh/sshd_config"
#define SSHD_INCLUDE_MAX 8

/* -- PAM ------------------------------------------------------------------------------------ */

struct pam_service {
    const char *name;
    bool auth, account, password, session;
};

/* Words of a control field that let a failure of the module pass. */
static bool pam_control_is_weak(const char *control)
{
    return strcasecmp(control, "optional") == 0 || strstr(control, "default=ignore") != NULL ||
           strstr(control, "auth_err=ignore") != NULL ||
           strstr(control, "authinfo_unavail=ignore") != NULL;
}

/* One line of /etc/pam.d/NAME: type, control (a word or [...]), module, arguments. */
static void pam_line(struct doctor *doctor, struct pam_service *service, char *line)
{
    char *rest = line + strspn(line, " \t-");
    char *type = strsep(&rest, " \t");
    if (type == NULL || type[0] == '\0' || type[0] == '#' || rest == NULL)
        return;
    rest += strspn(rest, " \t");
    char *control = strsep(&rest, rest[0] == '[' ? "]" : " \t");
    if (rest == NULL || strstr(rest, "pam_medgl.so") == NULL)
        return;
    doctor->pam_used = true;
    bool auth = strcasecmp(type, "auth") == 0, account = strcasecmp(type, "account") == 0;
    service->auth |= auth;
    service->account |= account;
    service->password |= strcasecmp(type, "password") == 0;
    service->session |= strcasecmp(type, "session") == 0;
    if ((auth || account) && pam_control_is_weak(control))
        doctor_say(doctor, DOCTOR_FAULT, "pam",
                   "%s: the %s line lets a refusal pass (%s): use [success=done ignore=ignore "
                   "default=die]",
                   service->name, type, control);
    const char *exempt = strstr(rest, "exempt=");
    if (auth && exempt != NULL)
        doctor_say(doctor, DOCTOR_WARNING, "pam",
                   "%s: %.*s: these users log in without any of the rules", service->name,
                   (int)strcspn(exempt, " \t\n"), exempt);
}

static void pam_file(struct doctor *doctor, const char *directory, const char *name)
{
    char path[PATH_MAX];
    auto_free char *line = NULL;
    size_t room = 0;
    struct pam_service service = {.name = name};
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL) {
        doctor_say(doctor, DOCTOR_WARNING, "pam", "%s: %s", path, strerror(errno));
        return;
    }
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        pam_line(doctor, &service, line);
    }
    /* Debian's common-* files hold one type each: only whole services are judged for what is
     * missing. */
    if (service.auth && !service.account && strncmp(name, "common-", 7) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "pam",
                   "%s: auth without account: a disabled user with an ssh key gets in; add the "
                   "account line",
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
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.' && strchr(names[i]->d_name, '~') == NULL)
            pam_file(doctor, path, names[i]->d_name);
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
    bool match; /* inside a Match block */
};

static void sshd_read(struct sshd_reading *reading, const char *path);

static void sshd_include(struct sshd_reading *reading, char *patterns)
{
    for (char *pattern; (pattern = strsep(&patterns, " \t")) != NULL;) {
        char path[PATH_MAX];
        glob_t found = {0};
        if (pattern[0] == '\0')
            continue;
        int len = snprintf(path, sizeof(path), "%s%s%s", reading->doctor->root,
                           pattern[0] == '/' ? "" : "/etc/ssh/", pattern);
        if (len < (int)sizeof(path) && glob(path, 0, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
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
            if (strcasecmp(rest, setting->wrong) == 0)
                doctor_say(reading->doctor, DOCTOR_WARNING, "sshd", "%s %s in a Match block: %s",
                           name, rest, setting->why);
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
    if (reading->depth >= SSHD_INCLUDE_MAX)
        return;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    reading->depth++;
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        sshd_line(reading, line);
    }
    reading->depth--;
    reading->match = match; /* a Match in an included file ends with it */
}

void doctor_sshd(struct doctor *doctor)
{
    struct sshd_reading reading = {.doctor = doctor};
    char path[PATH_MAX];
    bool clean = true;
    if (path_under(path, doctor->root, SSHD_CONFIG) != MEDGL_OK || access(path, F_OK) != 0)
        return;
    if (access(path, R_OK) != 0) {
        doctor_say(doctor, DOCTOR_WARNING, "sshd", "%s: %s: run this as root", path,
                   strerror(errno));
        return;
    }
    sshd_read(&reading, path);
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++) {
        const struct sshd_setting *setting = &sshd_settings[i];
        const char *value = reading.value[i][0] != '\0' ? reading.value[i] : setting->preset;
        if (strcasecmp(value, setting->wrong) != 0)
            continue;
        clean = false;
        doctor_say(doctor, setting->level, "sshd", "%s %s: %s", setting->name, value, setting->why);
    }
    if (clean)
        doctor_say(doctor, DOCTOR_OK, "sshd", "no setting goes around the module");
}
