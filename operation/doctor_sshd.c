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
    {"KerberosAuthentication", "no", "yes", DOCTOR_WARNING,
     "a password is verified by Kerberos, and the module is not asked: set KerberosAuthentication "
     "no"},
};

/* What second factors are judged by (operation/doctor_ways.c). */
static const struct {
    const char *name;
    bool preset;
} sshd_ways[DOCTOR_WAYS] = {
    [DOCTOR_WAY_KEYS] = {"PubkeyAuthentication", true},
    [DOCTOR_WAY_TICKETS] = {"GSSAPIAuthentication", false},
    [DOCTOR_WAY_HOSTS] = {"HostbasedAuthentication", false},
    [DOCTOR_WAY_PASSWORD] = {"PasswordAuthentication", true},
};

/* The first value counts; but what Match blocks say, `Match all` too, comes before what stands
 * outside of them. */
struct sshd_value {
    bool set, all; /* at all, in `Match all` */
};

struct sshd_reading {
    struct doctor *doctor;
    char value[MEDGL_COUNT(sshd_settings)][32];
    struct sshd_value taken[MEDGL_COUNT(sshd_settings)];
    struct sshd_value ways[1 + DOCTOR_MATCH_MAX][DOCTOR_WAYS + 1]; /* the last: the methods */
    char match[96]; /* criteria of the Match block, "": none */
    size_t block;   /* its place in doctor->sshd.ways; 0: everybody */
    int depth;
    bool all;     /* inside `Match all` */
    bool within;  /* inside a file that a Match block includes */
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

/* The next word, without its quotes, as sshd takes a line apart; NULL: none is left, or what is
 * left is a comment. */
static char *sshd_word(char **rest)
{
    static const char blank[] = " \t\r\f";
    char *from = *rest + strspn(*rest, blank), *const word = from, *to = from;
    char quote = '\0';
    if (from[0] == '\0' || from[0] == '#')
        return NULL;
    for (; from[0] != '\0' && (quote != '\0' || strchr(blank, from[0]) == NULL); from++) {
        if (from[0] == '\\' && from[1] != '\0' &&
            (strchr("'\"\\", from[1]) != NULL || (quote == '\0' && from[1] == ' ')))
            *to++ = *++from;
        else if (quote != '\0' ? from[0] == quote : from[0] == '"' || from[0] == '\'')
            quote = quote != '\0' ? '\0' : from[0];
        else
            *to++ = from[0];
    }
    *rest = from + (from[0] != '\0');
    *to = '\0';
    return word;
}

/* All words that are left, with one blank between them. */
static void sshd_words(char *rest, char *to, size_t size)
{
    size_t len = 0;
    to[0] = '\0';
    for (const char *word; (word = sshd_word(&rest)) != NULL && len + 2 < size;) {
        if (len > 0)
            to[len++] = ' ';
        text_printable(to + len, size - len, word);
        len += strlen(to + len);
    }
}

static void sshd_include(struct sshd_reading *reading, char *rest)
{
    for (const char *pattern; (pattern = sshd_word(&rest)) != NULL;) {
        char path[PATH_MAX];
        glob_t found = {0};
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

static void sshd_match(struct sshd_reading *reading, char *rest)
{
    struct doctor_sshd *sshd = &reading->doctor->sshd;
    sshd_words(rest, reading->match, sizeof(reading->match));
    reading->all = !reading->within && strcasecmp(reading->match, "all") == 0;
    reading->block = 0;
    if (reading->all) {
        reading->match[0] = '\0';
        return;
    }
    if (sshd->ways_count <= DOCTOR_MATCH_MAX) {
        reading->block = sshd->ways_count++;
        memcpy(sshd->ways[reading->block].match, reading->match, sizeof(reading->match));
        return;
    }
    reading->told = true;
    doctor_say(reading->doctor, DOCTOR_WARNING, "sshd",
               "Match %s: no more than %d blocks are looked at: say it in fewer", reading->match,
               DOCTOR_MATCH_MAX);
}

/* Whether a value counts here. */
static bool sshd_takes(const struct sshd_reading *reading, struct sshd_value *value)
{
    const bool takes = !value->set || (reading->all && !value->all);
    value->set = true;
    value->all |= reading->all;
    return takes;
}

/* How people come in, by everybody's settings or the block's. */
static void sshd_way(struct sshd_reading *reading, const char *name, char *rest)
{
    struct doctor_ways *ways = &reading->doctor->sshd.ways[reading->block];
    struct sshd_value *values = reading->ways[reading->block];
    if (reading->block == 0 && reading->match[0] != '\0')
        return; /* one block too many */
    if (strcasecmp(name, "AuthenticationMethods") == 0 && sshd_takes(reading, &values[DOCTOR_WAYS]))
        sshd_words(rest, ways->methods, sizeof(ways->methods));
    for (size_t i = 0; i < DOCTOR_WAYS; i++)
        if (strcasecmp(name, sshd_ways[i].name) == 0 && sshd_takes(reading, &values[i])) {
            const char *value = sshd_word(&rest);
            ways->open[i] = value == NULL || strcasecmp(value, "no") != 0;
        }
}

static void sshd_setting(struct sshd_reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < MEDGL_COUNT(sshd_settings); i++) {
        const struct sshd_setting *setting = &sshd_settings[i];
        if (strcasecmp(name, setting->name) != 0)
            continue;
        if (reading->match[0] != '\0') {
            if (strcasecmp(value, setting->wrong) != 0)
                continue;
            reading->told = true;
            doctor_say(reading->doctor, DOCTOR_WARNING, "sshd", "%s %s in Match %s: %s", name,
                       value, reading->match, setting->why);
        } else if (sshd_takes(reading, &reading->taken[i])) {
            text_printable(reading->value[i], sizeof(reading->value[i]), value);
        }
    }
}

static void sshd_line(struct sshd_reading *reading, char *line)
{
    char *rest = line + strspn(line, " \t");
    char *name = strsep(&rest, " \t=");
    if (name == NULL || name[0] == '\0' || name[0] == '#' || rest == NULL)
        return;
    rest += strspn(rest, " \t=");
    if (strcasecmp(name, "Match") == 0) {
        sshd_match(reading, rest);
    } else if (strcasecmp(name, "Include") == 0) {
        sshd_include(reading, rest);
    } else {
        char copy[512];
        (void)snprintf(copy, sizeof(copy), "%s", rest);
        sshd_way(reading, name, copy);
        const char *value = sshd_word(&rest);
        if (value != NULL)
            sshd_setting(reading, name, value);
    }
}

static void sshd_read(struct sshd_reading *reading, const char *path)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    char match[sizeof(reading->match)];
    const size_t block = reading->block;
    const bool all = reading->all, within = reading->within;
    if (reading->depth >= DOCTOR_INCLUDE_MAX)
        return;
    memcpy(match, reading->match, sizeof(match));
    const char *why = doctor_read(reading->doctor, path, &text);
    if (why != NULL)
        sshd_unreadable(reading, path, why);
    reading->depth++;
    reading->within |= match[0] != '\0';
    for (char *line; (line = doctor_line(&text)) != NULL;)
        sshd_line(reading, line);
    reading->depth--;
    /* a Match in an included file ends with it */
    memcpy(reading->match, match, sizeof(match));
    reading->block = block;
    reading->all = all;
    reading->within = within;
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

/* What a block does not say is what holds for everybody. */
static void sshd_tell(const struct sshd_reading *reading)
{
    struct doctor_sshd *sshd = &reading->doctor->sshd;
    const struct doctor_ways *everybody = &sshd->ways[0];
    sshd->known = !reading->partial && sshd_is(reading, "UsePAM", "yes");
    for (size_t block = 0; block < sshd->ways_count; block++) {
        struct doctor_ways *ways = &sshd->ways[block];
        const struct sshd_value *values = reading->ways[block];
        for (size_t i = 0; i < DOCTOR_WAYS; i++) {
            ways->set |= values[i].set;
            if (!values[i].set)
                ways->open[i] = block > 0 ? everybody->open[i] : sshd_ways[i].preset;
        }
        ways->set |= values[DOCTOR_WAYS].set;
        if (!values[DOCTOR_WAYS].set)
            memcpy(ways->methods, everybody->methods, sizeof(ways->methods));
        if (strcasecmp(ways->methods, "any") == 0)
            ways->methods[0] = '\0';
    }
}

void doctor_sshd(struct doctor *doctor)
{
    struct sshd_reading reading = {.doctor = doctor};
    doctor->sshd.ways_count = 1;
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
