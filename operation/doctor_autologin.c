/* What starts a session that nobody logged in for (R39): terminals, display managers, and hosts
 * that are believed. Reads the files that say so; an override that takes it back is not weighed. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct autologin {
    bool told;
    const struct autologin_key *key;
};

static void autologin_say(struct doctor *doctor, struct autologin *autologin, const char *path,
                          const char *what, const char *remedy)
{
    autologin->told = true;
    doctor_say(doctor, DOCTOR_FAULT, "autologin", "%s%s: %s: %s", doctor->root, path, what, remedy);
}

/* -- terminals ----------------------------------------------------------------------------------
 */

/* An option of agetty(8) or one of its like that leaves the question for a name out. Short ones may
 * stand together, up to the first that has an argument. */
static bool getty_option(const char *word)
{
    static const char with_argument[] = "CdEfHIloprtPw";
    if (strncmp(word, "--", 2) == 0)
        return strncmp(word, "--autologin", 11) == 0 || strcmp(word, "--skip-login") == 0;
    for (const char *at = word + 1; word[0] == '-' && at[0] != '\0'; at++) {
        if (at[0] == 'a' || at[0] == 'n')
            return true;
        if (strchr(with_argument, at[0]) != NULL)
            return false;
    }
    return false;
}

static bool getty_is(const char *program, const char *const names[], size_t count)
{
    const char *last = strrchr(program, '/');
    last = last != NULL ? last + 1 : program;
    for (size_t i = 0; i < count; i++)
        if (strcmp(last, names[i]) == 0)
            return true;
    return false;
}

/* A command that a terminal is given to: why it asks nobody; NULL: it asks. */
static const char *getty_judge(char *command)
{
    static const char *const getties[] = {"getty",  "agetty",   "mingetty",
                                          "fgetty", "rungetty", "mgetty"};
    static const char *const shells[] = {"sh", "bash", "dash", "ksh", "zsh"};
    static const char *const login[] = {"login"};
    char *rest = command + strspn(command, " \t-@:+!");
    const char *program = strsep(&rest, " \t");
    const bool getty = getty_is(program, getties, MEDGL_COUNT(getties));
    const bool is_login = getty_is(program, login, MEDGL_COUNT(login));
    if (getty_is(program, shells, MEDGL_COUNT(shells)))
        return "a shell without a login";
    for (const char *word; (word = strsep(&rest, " \t")) != NULL;) {
        if (getty && getty_option(word))
            return "automatic logon";
        if (is_login && strncmp(word, "-f", 2) == 0)
            return "automatic logon";
    }
    return NULL;
}

/* Services of systemd and their drop-ins. A shell is of interest where it has a terminal alone. */
static void getty_unit(struct doctor *doctor, const char *path, void *argument)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    const char *why = NULL;
    const bool is_getty = strstr(path, "getty") != NULL || strstr(path, "autovt") != NULL;
    bool terminal = is_getty;
    if (!doctor_open(doctor, "autologin", path, &text))
        return;
    doctor_join(&text);
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        char *key = strsep(&line, "=");
        key += strspn(key, " \t");
        key[strcspn(key, " \t")] = '\0';
        if (line == NULL || key[0] == '#' || key[0] == ';')
            continue;
        line += strspn(line, " \t");
        if (strcmp(key, "StandardInput") == 0 && strncmp(line, "tty", 3) == 0)
            terminal = true;
        else if (strcmp(key, "ExecStart") == 0 && line[0] == '\0')
            why = NULL; /* takes back what stood before */
        else if (strcmp(key, "ExecStart") == 0 && why == NULL)
            why = getty_judge(line);
    }
    if (why != NULL && (terminal || strcmp(why, "automatic logon") == 0))
        autologin_say(doctor, argument, path, why,
                      "take the option out, or disable the unit (systemctl disable --now)");
}

static void getty_drop_in(struct doctor *doctor, const char *path, void *argument)
{
    doctor_each_file(doctor, "autologin", path, ".conf", getty_unit, argument);
}

/* Of the vendor's units those that may hold a terminal. */
static void getty_vendor(struct doctor *doctor, const char *path, void *argument)
{
    if (strstr(path, "getty") != NULL || strstr(path, "autovt") != NULL)
        getty_unit(doctor, path, argument);
}

static void getty_units(struct doctor *doctor, struct autologin *autologin)
{
    static const char *const own[] = {"/etc/systemd/system", "/run/systemd/system",
                                      "/usr/local/lib/systemd/system"};
    static const char *const vendor[] = {"/usr/lib/systemd/system", "/lib/systemd/system"};
    static const char debug[] = "/etc/systemd/system/sysinit.target.wants/debug-shell.service";
    const bool merged = doctor_is_there(doctor, vendor[0]);
    for (size_t i = 0; i < MEDGL_COUNT(own); i++) {
        doctor_each_file(doctor, "autologin", own[i], ".service", getty_unit, autologin);
        doctor_each_file(doctor, "autologin", own[i], ".service.d", getty_drop_in, autologin);
    }
    doctor_each_file(doctor, "autologin", vendor[merged ? 0 : 1], ".service", getty_vendor,
                     autologin);
    doctor_each_file(doctor, "autologin", vendor[merged ? 0 : 1], ".service.d", getty_drop_in,
                     autologin);
    if (doctor_is_there(doctor, debug))
        autologin_say(doctor, autologin, debug, "a shell of root without a login",
                      "run systemctl disable --now debug-shell");
}

/* inittab(5): "1:2345:respawn:/sbin/getty 38400 tty1". */
static void getty_inittab(struct doctor *doctor, struct autologin *autologin)
{
    static const char inittab[] = "/etc/inittab";
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (!doctor_open(doctor, "autologin", inittab, &text))
        return;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        char *rest = line + strspn(line, " \t");
        const bool comment = rest[0] == '#';
        (void)strsep(&rest, ":");
        (void)strsep(&rest, ":");
        const char *action = rest != NULL ? strsep(&rest, ":") : NULL;
        if (comment || rest == NULL ||
            (strcmp(action, "respawn") != 0 && strcmp(action, "askfirst") != 0))
            continue;
        const char *why = getty_judge(rest);
        if (why != NULL)
            autologin_say(doctor, autologin, inittab, why, "take the option out, run telinit q");
    }
}

/* -- display managers ---------------------------------------------------------------------------
 */

enum autologin_value {
    AUTOLOGIN_TRUE, /* yes, true, 1, on */
    AUTOLOGIN_TEXT, /* not empty */
};

struct autologin_key {
    const char *path; /* a file, or a directory of *.conf */
    bool directory;
    const char *section; /* its beginning; "" for any, and for files without */
    const char *key;
    enum autologin_value value;
};

static const struct autologin_key autologin_keys[] = {
    {"/etc/gdm3/daemon.conf", false, "daemon", "AutomaticLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/gdm3/daemon.conf", false, "daemon", "TimedLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/gdm3/custom.conf", false, "daemon", "AutomaticLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/gdm3/custom.conf", false, "daemon", "TimedLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/gdm/custom.conf", false, "daemon", "AutomaticLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/gdm/custom.conf", false, "daemon", "TimedLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/lightdm/lightdm.conf", false, "Seat", "autologin-user", AUTOLOGIN_TEXT},
    {"/etc/lightdm/lightdm.conf", false, "Seat", "autologin-guest", AUTOLOGIN_TRUE},
    {"/etc/lightdm/lightdm.conf.d", true, "Seat", "autologin-user", AUTOLOGIN_TEXT},
    {"/etc/lightdm/lightdm.conf.d", true, "Seat", "autologin-guest", AUTOLOGIN_TRUE},
    {"/usr/share/lightdm/lightdm.conf.d", true, "Seat", "autologin-user", AUTOLOGIN_TEXT},
    {"/etc/sddm.conf", false, "Autologin", "User", AUTOLOGIN_TEXT},
    {"/etc/sddm.conf.d", true, "Autologin", "User", AUTOLOGIN_TEXT},
    {"/usr/lib/sddm/sddm.conf.d", true, "Autologin", "User", AUTOLOGIN_TEXT},
    {"/etc/lxdm/lxdm.conf", false, "base", "autologin", AUTOLOGIN_TEXT},
    {"/etc/lxdm/default.conf", false, "base", "autologin", AUTOLOGIN_TEXT},
    {"/etc/slim.conf", false, "", "auto_login", AUTOLOGIN_TRUE},
    {"/etc/default/nodm", false, "", "NODM_ENABLED", AUTOLOGIN_TRUE},
    {"/etc/greetd/config.toml", false, "initial_session", "user", AUTOLOGIN_TEXT},
    {"/etc/kde4/kdm/kdmrc", false, "", "AutoLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/trinity/kdm/kdmrc", false, "", "AutoLoginEnable", AUTOLOGIN_TRUE},
    {"/etc/sysconfig/displaymanager", false, "", "DISPLAYMANAGER_AUTOLOGIN", AUTOLOGIN_TEXT},
    {"/etc/X11/xdm/xdm-config", false, "", "DisplayManager*autoLogin", AUTOLOGIN_TEXT},
};

/* The value of "key = value", "key: value" or "key value", without quotes; NULL: another key. */
static char *autologin_value(char *line, const char *key)
{
    const size_t len = strlen(key);
    line += strspn(line, " \t");
    if (strncasecmp(line, key, len) != 0 || strchr(" \t=:", line[len]) == NULL)
        return NULL;
    char *value = line + len;
    value += strspn(value, " \t=:\"'");
    value[strcspn(value, " \t\r\"'#;")] = '\0';
    return value;
}

static bool autologin_is_on(const char *value, enum autologin_value wanted)
{
    static const char *const on[] = {"true", "yes", "1", "on"};
    if (wanted == AUTOLOGIN_TEXT)
        return value[0] != '\0';
    for (size_t i = 0; i < MEDGL_COUNT(on); i++)
        if (strcasecmp(value, on[i]) == 0)
            return true;
    return false;
}

static void autologin_file(struct doctor *doctor, const char *path, void *argument)
{
    struct autologin *autologin = argument;
    const struct autologin_key *key = autologin->key;
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    bool inside = key->section[0] == '\0', on = false;
    char shown[64] = "";
    if (!doctor_open(doctor, "autologin", path, &text))
        return;
    for (char *line; (line = doctor_line(&text)) != NULL;) {
        line += strspn(line, " \t");
        if (line[0] == '[' && key->section[0] != '\0')
            inside = strncasecmp(line + 1, key->section, strlen(key->section)) == 0;
        const char *value = inside ? autologin_value(line, key->key) : NULL;
        if (value == NULL)
            continue;
        on = autologin_is_on(value, key->value); /* the last one counts */
        text_printable(shown, sizeof(shown), value);
    }
    if (!on)
        return;
    char what[160];
    (void)snprintf(what, sizeof(what), "automatic logon (%s %s)", key->key, shown);
    autologin_say(doctor, autologin, path, what, "take it out, and start the display manager anew");
}

static void autologin_displays(struct doctor *doctor, struct autologin *autologin)
{
    for (size_t i = 0; i < MEDGL_COUNT(autologin_keys); i++) {
        autologin->key = &autologin_keys[i];
        if (autologin_keys[i].directory)
            doctor_each_file(doctor, "autologin", autologin_keys[i].path, ".conf", autologin_file,
                             autologin);
        else
            autologin_file(doctor, autologin_keys[i].path, autologin);
    }
}

/* -- hosts that are believed --------------------------------------------------------------------
 */

static void autologin_hosts(struct doctor *doctor, const char *path)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (!doctor_open(doctor, "autologin", path, &text))
        return;
    for (const char *line; (line = doctor_line(&text)) != NULL;) {
        line += strspn(line, " \t\r");
        if (line[0] == '\0' || line[0] == '#')
            continue;
        doctor_say(doctor, DOCTOR_WARNING, "autologin",
                   "%s%s names hosts whose word replaces the person's proof: remove it",
                   doctor->root, path);
        return;
    }
}

void doctor_autologin(struct doctor *doctor)
{
    struct autologin autologin = {.told = false};
    getty_units(doctor, &autologin);
    getty_inittab(doctor, &autologin);
    autologin_displays(doctor, &autologin);
    autologin_hosts(doctor, "/etc/hosts.equiv");
    autologin_hosts(doctor, "/etc/ssh/shosts.equiv");
    if (!autologin.told)
        doctor_say(doctor, DOCTOR_OK, "autologin", "no automatic logon is set up");
}
