/* Reads policy.conf and its drop-ins: judges each file, checks its lines, takes the values from
 * libeconf. Never goes on with a part of what the files say: one mistake anywhere and there is no
 * policy.
 *
 * libeconf 0.5 is lenient where we must not be: it drops lines such as "= 1" and whatever follows a
 * NUL, keeps the first of two lines with the same key, drops some control characters inside a value
 * ("1\v2" is 12), takes an indented line as more of the value before, and breaks lines of 8 KiB. So
 * every line is checked first, and libeconf reads a copy in memory that holds the settings alone,
 * each in its line: what was judged is what is read, whatever becomes of the file meanwhile. */
#include "policy/load.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libeconf.h>
#include <libeconf_ext.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define LOAD_FILE_MAX ((size_t)64 * 1024)
#define LOAD_LINE_MAX 1024
#define LOAD_BLANKS   " \t"
#define LOAD_NAME     "abcdefghijklmnopqrstuvwxyz0123456789_"

struct loading {
    const char *root;
    uid_t owner;
    const struct policy_report *report;
    struct policy policy;
    const struct policy_key *keys;
    size_t key_count;
    bool *given; /* by some file, in the order of the keys */
    bool faulty;
};

/* One file, with the line that sets each key (0: none), and its copy for libeconf. */
struct load_file {
    struct loading *loading;
    const char *path;
    uint64_t *lines;
    FILE *copy;
    bool malformed; /* libeconf would misread it */
};

static void load_econf_free(econf_file **file)
{
    econf_freeFile(*file);
}

static void load_value_free(econf_ext_value **value)
{
    if (*value != NULL)
        econf_freeExtValue(*value);
}

__attribute__((format(printf, 4, 0))) static void load_say(const struct loading *loading,
                                                           const char *path, uint64_t line,
                                                           const char *format, va_list arguments)
{
    char why[512];
    (void)vsnprintf(why, sizeof(why), format, arguments);
    if (loading->report != NULL)
        loading->report->mistake(loading->report->context, path, line, why);
    else if (path == NULL)
        log_line(LOG_ERR, "policy: %s", why);
    else if (line == 0)
        log_line(LOG_ERR, "%s: %s", path, why);
    else
        log_line(LOG_ERR, "%s:%" PRIu64 ": %s", path, line, why);
}

__attribute__((format(printf, 4, 5))) static void load_mistake(struct loading *loading,
                                                               const char *path, uint64_t line,
                                                               const char *format, ...)
{
    va_list arguments;
    loading->faulty = true;
    va_start(arguments, format);
    load_say(loading, path, line, format, arguments);
    va_end(arguments);
}

/* In the file of holidays: the policy is in force, but for rules on hours. */
__attribute__((format(printf, 4, 5))) static void load_holiday_mistake(struct loading *loading,
                                                                       const char *path,
                                                                       uint64_t line,
                                                                       const char *format, ...)
{
    va_list arguments;
    loading->policy.calendar.known = false;
    va_start(arguments, format);
    load_say(loading, path, line, format, arguments);
    va_end(arguments);
}

static bool load_has_control(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return true;
    return false;
}

/* `line` without its newline: blank, a comment, or KEY =
 * VALUE with a key that exists and was not there yet. */
static void load_check_line(struct load_file *file, char *line, size_t len, uint64_t number)
{
    struct loading *loading = file->loading;
    const char *fault = NULL;
    char *name = line + strspn(line, LOAD_BLANKS);
    size_t name_len = strspn(name, LOAD_NAME);
    const char *equals = name + name_len + strspn(name + name_len, LOAD_BLANKS);
    if (load_has_control(line, len))
        fault = "control character: write the file as plain text with Unix line ends";
    else if (len > LOAD_LINE_MAX)
        fault = "line longer than 1024 bytes";
    else if (*name == '\0' || *name == '#')
        return;
    else if (*name == '[')
        fault = "there are no groups: take this line out";
    else if (name_len == 0 || *equals != '=')
        fault = "not of the form KEY = VALUE";
    if (fault != NULL) {
        file->malformed = true;
        load_mistake(loading, file->path, number, "%s", fault);
        return;
    }
    name[name_len] = '\0';
    const struct policy_key *key = policy_key_find(name);
    if (key == NULL)
        load_mistake(loading, file->path, number, "unknown key %s", name);
    else if (file->lines[key - loading->keys] != 0)
        load_mistake(loading, file->path, number, "%s was set already in line %" PRIu64, name,
                     file->lines[key - loading->keys]);
    else if (key->type == POLICY_TYPE_TEXT && strchr(equals, '#') != NULL) /* as in "ext. #22" */
        load_mistake(loading, file->path, number,
                     "%s cannot hold a #, which begins a comment: write it without one, and a "
                     "comment into a line of its own",
                     name);
    else {
        file->lines[key - loading->keys] = number;
        (void)fprintf(file->copy, "%s =%s", name, equals + 1);
    }
}

static enum medgl_error load_check_lines(struct load_file *file, FILE *stream)
{
    auto_free char *line = NULL;
    size_t room = 0;
    ssize_t len;
    errno = 0;
    for (uint64_t number = 1; (len = getline(&line, &room, stream)) > 0; number++) {
        if (line[len - 1] == '\n')
            line[--len] = '\0';
        load_check_line(file, line, (size_t)len, number);
        (void)fputc('\n', file->copy);
    }
    if (ferror(stream) || ferror(file->copy) || fflush(file->copy) != 0)
        return medgl_error_from_errno(errno);
    return feof(stream) ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

static void load_set(struct load_file *file, econf_file *econf, const struct policy_key *key,
                     uint64_t line)
{
    struct loading *loading = file->loading;
    char why[256];
    auto_clean(load_value_free) econf_ext_value *value = NULL;
    if (econf_getExtValue(econf, NULL, key->name, &value) != ECONF_SUCCESS || value == NULL ||
        value->line_number != line || value->values == NULL || value->values[0] == NULL ||
        value->values[1] != NULL)
        load_mistake(loading, file->path, line, "libeconf reads the value of %s differently",
                     key->name);
    else if (policy_set(&loading->policy, key, value->values[0], why, sizeof(why)) != MEDGL_OK)
        load_mistake(loading, file->path, line, "%s", why);
    else if (key->type == POLICY_TYPE_ZONE && !clock_zone_exists(value->values[0]))
        load_mistake(loading, file->path, line,
                     "%s: this machine knows no zone \"%s\": correct it, or install tzdata",
                     key->name, value->values[0]);
    else {
        loading->given[key - loading->keys] = true;
        if (loading->report != NULL && loading->report->set != NULL)
            loading->report->set(loading->report->context, key, file->path, line);
    }
}

/* The values of a file whose lines are sound. libeconf opens by name: that of our descriptor. */
static void load_values(struct load_file *file)
{
    struct loading *loading = file->loading;
    char name[32];
    auto_clean(load_econf_free) econf_file *econf = NULL;
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fileno(file->copy));
    econf_err error = econf_readFile(&econf, name, "=", "#");
    if (error != ECONF_SUCCESS)
        load_mistake(loading, file->path, 0, "libeconf cannot read it through %s: %s", name,
                     econf_errString(error));
    for (size_t i = 0; error == ECONF_SUCCESS && i < loading->key_count; i++)
        if (file->lines[i] != 0)
            load_set(file, econf, &loading->keys[i], file->lines[i]);
}

/* Opens the file, if it is there and to be trusted, and the place for its copy. */
static enum medgl_error load_open(const char *path, uid_t owner, FILE **stream, FILE **copy)
{
    const struct file_rule rule = {owner, 0022, LOAD_FILE_MAX};
    auto_fd int fd = -1;
    MEDGL_TRY(file_open_trusted(path, &rule, &fd));
    auto_fd int memory = memfd_create("policy", MFD_CLOEXEC);
    if (memory < 0 || (*copy = fdopen(memory, "w")) == NULL)
        return medgl_error_from_errno(errno);
    memory = -1; /* the stream's now */
    if ((*stream = fdopen(fd, "r")) == NULL)
        return medgl_error_from_errno(errno);
    fd = -1;
    return MEDGL_OK;
}

static void load_one(struct loading *loading, const char *path)
{
    auto_free uint64_t *lines = calloc(loading->key_count, sizeof(*lines));
    auto_file FILE *stream = NULL;
    auto_file FILE *copy = NULL;
    enum medgl_error error = MEDGL_ERR_MEMORY;
    if (lines != NULL)
        error = load_open(path, loading->owner, &stream, &copy);
    if (error == MEDGL_ERR_NOT_FOUND)
        return;
    struct load_file file = {loading, path, lines, copy};
    if (error == MEDGL_OK)
        error = load_check_lines(&file, stream);
    if (error != MEDGL_OK)
        load_mistake(
            loading, path, 0,
            "cannot be used (%s): it must be a readable regular file of root or uid %u, no "
            "link, writable by its owner alone, of at most 64 KiB",
            medgl_error_text(error), (unsigned)loading->owner);
    else if (!file.malformed)
        load_values(&file);
}

/* Who may write a directory decides which files are in it.
 * False: not there, or (a mistake) not to be trusted. */
static bool load_directory(struct loading *loading, const char *path, int *fd)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return false;
    if (*fd < 0 || fstat(*fd, &st) != 0)
        load_mistake(loading, path, 0, "cannot be read as a directory: %s", strerror(errno));
    else if ((st.st_uid != 0 && st.st_uid != loading->owner) || (st.st_mode & 0022) != 0)
        load_mistake(loading, path, 0,
                     "must belong to root or uid %u and be writable by its owner alone: mend it "
                     "with chown and chmod",
                     (unsigned)loading->owner);
    else
        return true;
    return false;
}

static int load_is_drop_in(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* By bytes: the order must not depend on anybody's locale. */
static int load_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_drop_ins(struct loading *loading, const char *directory)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    auto_fd int fd = -1;
    if (!load_directory(loading, directory, &fd))
        return;
    int count = scandirat(fd, ".", &entries, load_is_drop_in, load_by_name);
    if (count < 0)
        load_mistake(loading, directory, 0, "cannot be listed: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        int len = snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        if (len < 0 || (size_t)len >= sizeof(path))
            load_mistake(loading, directory, 0, "a name in it is too long");
        else
            load_one(loading, path);
        free(entries[i]);
    }
    free(entries);
}

static void load_layer(struct loading *loading, const char *directory, bool drop_ins)
{
    char path[PATH_MAX], file[PATH_MAX];
    auto_fd int fd = -1;
    if (path_under(path, loading->root, directory) != MEDGL_OK ||
        path_under(file, path, "/policy.conf") != MEDGL_OK)
        load_mistake(loading, NULL, 0, "the path %s%s is too long", loading->root, directory);
    else if (load_directory(loading, path, &fd)) {
        load_one(loading, file);
        if (drop_ins && path_under(file, path, "/policy.conf.d") == MEDGL_OK)
            load_drop_ins(loading, file);
    }
}

/* The profile's defaults for what no file gives, wherever the line stands that names the profile.
 */
static void load_profile(struct loading *loading)
{
    struct policy defaults;
    policy_profile(&defaults, loading->policy.profile);
    for (size_t i = 0; i < loading->key_count; i++) {
        const struct policy_key *key = &loading->keys[i];
        if (!loading->given[i])
            memcpy((char *)&loading->policy + key->offset, (const char *)&defaults + key->offset,
                   key->size);
    }
}

/* -- holidays --------------------------------------------------------------------------------- */

/* "2026-01-01", and behind it nothing or a blank. */
static bool load_date(const char *text, int32_t *day)
{
    char utc[CLOCK_TEXT_SIZE];
    medgl_time t;
    (void)snprintf(utc, sizeof(utc), "%.10sT00:00:00.000Z", text);
    if (strlen(text) < 10 || strchr(LOAD_BLANKS, text[10]) == NULL ||
        clock_parse_utc(utc, &t) != MEDGL_OK)
        return false;
    *day = (int32_t)(t / MEDGL_DAY); /* four digits of years: it fits */
    return true;
}

/* In its place among the others; once. False: there are too many. */
static bool load_holiday(struct policy_calendar *calendar, int32_t day)
{
    size_t at = calendar->count;
    while (at > 0 && calendar->day[at - 1] > day)
        at--;
    if (at > 0 && calendar->day[at - 1] == day)
        return true;
    if (calendar->count == POLICY_HOLIDAYS)
        return false;
    memmove(&calendar->day[at + 1], &calendar->day[at], (calendar->count - at) * sizeof(day));
    calendar->day[at] = day;
    calendar->count++;
    return true;
}

static void load_holiday_line(struct loading *loading, const char *path, const char *line,
                              size_t len, uint64_t number)
{
    int32_t day;
    const char *text = line + strspn(line, LOAD_BLANKS);
    if (load_has_control(line, len))
        load_holiday_mistake(loading, path, number,
                             "control character: write the file as plain text with Unix line ends");
    else if (*text == '\0' || *text == '#')
        return;
    else if (!load_date(text, &day))
        load_holiday_mistake(loading, path, number,
                             "not a date that exists, as 2026-01-01, with a blank before any "
                             "further text");
    else if (!load_holiday(&loading->policy.calendar, day))
        load_holiday_mistake(loading, path, number, "more than %d days: take out those gone by",
                             POLICY_HOLIDAYS);
}

static enum medgl_error load_holiday_lines(struct loading *loading, const char *path)
{
    const struct file_rule rule = {loading->owner, 0022, LOAD_FILE_MAX};
    auto_free char *line = NULL;
    auto_fd int fd = -1;
    size_t room = 0;
    ssize_t len;
    MEDGL_TRY(file_open_trusted(path, &rule, &fd));
    auto_file FILE *stream = fdopen(fd, "r");
    if (stream == NULL)
        return medgl_error_from_errno(errno);
    fd = -1; /* the stream's now */
    errno = 0;
    for (uint64_t number = 1; (len = getline(&line, &room, stream)) > 0; number++) {
        if (line[len - 1] == '\n')
            line[--len] = '\0';
        load_holiday_line(loading, path, line, (size_t)len, number);
        if (!loading->policy.calendar.known && loading->report == NULL)
            return MEDGL_OK; /* a log has this at every login: one line of it will do */
    }
    if (ferror(stream))
        return medgl_error_from_errno(errno);
    return feof(stream) ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

/* MUST: with a file that is named and cannot be read in full, no day is a known one: `known` is
 * false, and rules on hours refuse. The rest of the policy holds: a slip in a list of holidays
 * keeps nobody out whose hours are not limited. */
static void load_holidays(struct loading *loading)
{
    char path[PATH_MAX] = "";
    struct policy_calendar *calendar = &loading->policy.calendar;
    *calendar = (struct policy_calendar){.known = true};
    if (loading->policy.holidays[0] == '\0')
        return;
    enum medgl_error error = path_under(path, loading->root, loading->policy.holidays);
    if (error == MEDGL_OK)
        error = load_holiday_lines(loading, path);
    if (error != MEDGL_OK)
        load_holiday_mistake(
            loading, path[0] != '\0' ? path : loading->policy.holidays, 0,
            "holidays cannot be read (%s), and whose hours are limited cannot log in: it must be a "
            "readable regular file of root or uid %u, no link, writable by its owner alone, of at "
            "most 64 KiB",
            medgl_error_text(error), (unsigned)loading->owner);
    if (!calendar->known)
        calendar->count = 0;
}

enum medgl_error policy_load(const char *root, uid_t owner, const struct policy_report *report,
                             struct policy *policy)
{
    struct loading loading = {root, owner, report};
    char why[256];
    loading.keys = policy_keys(&loading.key_count);
    auto_free bool *given = calloc(loading.key_count, sizeof(*given));
    if ((loading.given = given) == NULL)
        return MEDGL_ERR_MEMORY;
    policy_defaults(&loading.policy);
    load_layer(&loading, MEDGL_VENDORDIR, false);
    load_layer(&loading, MEDGL_SYSCONFDIR, true);
    load_profile(&loading);
    if (!loading.faulty && policy_check(&loading.policy, why, sizeof(why)) != MEDGL_OK)
        load_mistake(&loading, NULL, 0, "%s", why);
    if (loading.faulty)
        return MEDGL_ERR_POLICY;
    load_holidays(&loading);
    *policy = loading.policy;
    return MEDGL_OK;
}
