/* Settings of sshd that go around the module or keep it from asking. Reads only; a file that cannot
 * be read is told. */
#include "operation/doctor.h"

#include "base/text.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SSHD_CONFIG "/etc/ssh/sshd_config"

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
    char keys[32]; /* PubkeyAuthentication, outside of Match blocks */
    char value[MEDGL_COUNT(sshd_settings)][32];
    int depth;
    bool match;   /* inside a Match block */
    bool told;    /* something was found */
    bool partial; /* a file could not be read */
};

static void sshd_read(struct sshd_reading *reading, const char *path);

static void sshd_unreadable(struct sshd_reading *reading, const char *path, const char *why)
{
    reading->told = reading->partial = true;
    doctor_say(reading->doctor, DOCTOR_WARNING, "sshd",
               "%s%s cannot be read, and may say anything: %s: put it right, or run this as root",
               reading->doctor->root, path, why);
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
        size_t root = strlen(reading->doctor->root);
        int result = len < (int)sizeof(path) ? glob(path, 0, sshd_glob_failed, &found) : 0;
        if (result == GLOB_ABORTED)
            sshd_unreadable(reading, path + root, strerror(errno));
        for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
            sshd_read(reading, found.gl_pathv[i] + root);
        globfree(&found);
    }
}

/* What second factors are judged by (operation/doctor_factors.c). The first value counts. */
static bool sshd_methods(struct sshd_reading *reading, const char *name, const char *value)
{
    char *methods = reading->doctor->sshd.methods;
    if (strcasecmp(name, "PubkeyAuthentication") == 0 && !reading->match &&
        reading->keys[0] == '\0')
        text_printable(reading->keys, sizeof(reading->keys), value);
    if (strcasecmp(name, "AuthenticationMethods") != 0)
        return false;
    if (!reading->match && methods[0] == '\0')
        text_printable(methods, sizeof(reading->doctor->sshd.methods), value);
    return true;
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
    if (sshd_methods(reading, name, rest))
        return;
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
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    bool match = reading->match;
    if (reading->depth >= DOCTOR_INCLUDE_MAX)
        return;
    const char *why = doctor_read(reading->doctor, path, &text);
    if (why != NULL)
        sshd_unreadable(reading, path, why);
    reading->depth++;
    for (char *line; (line = doctor_line(&text)) != NULL;)
        sshd_line(reading, line);
    reading->depth--;
    reading->match = match; /* a Match in an included file ends with it */
}

static bool sshd_is(const struct sshd_reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++)
        if (strcmp(sshd_settings[i].name, name) == 0) {
            const char *set = reading->value[i];
            return strcasecmp(set[0] != '\0' ? set : sshd_settings[i].preset, value) == 0;
        }
    return false;
}

static void sshd_tell(const struct sshd_reading *reading)
{
    struct doctor_sshd *sshd = &reading->doctor->sshd;
    sshd->known = !reading->partial && sshd_is(reading, "UsePAM", "yes");
    sshd->password = sshd_is(reading, "PasswordAuthentication", "yes");
    sshd->keys = strncasecmp(reading->keys, "no", 2) != 0;
    if (strcasecmp(sshd->methods, "any") == 0)
        sshd->methods[0] = '\0';
}

void doctor_sshd(struct doctor *doctor)
{
    struct sshd_reading reading = {.doctor = doctor};
    if (!doctor_is_there(doctor, SSHD_CONFIG))
        return;
    sshd_read(&reading, SSHD_CONFIG);
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++) {
        const struct sshd_setting *setting = &sshd_settings[i];
        bool unset = reading.value[i][0] == '\0';
        const char *value = unset ? setting->preset : reading.value[i];
        if (strcasecmp(value, setting->wrong) != 0 || (unset && reading.partial))
            continue;
        reading.told = true;
        doctor_say(doctor, setting->level, "sshd", "%s %s: %s", setting->name, value, setting->why);
    }
    sshd_tell(&reading);
    if (!reading.told)
        doctor_say(doctor, DOCTOR_OK, "sshd", "no setting goes around the module");
}
