/* Whether alerts reach anybody (R07): programs of notify.d, mail, the units that deliver, and what
 * waits. Runs none of them. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/privilege.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTIFY_USER MEDGL_USER "-notify"
#define SENDMAIL    "/usr/sbin/sendmail"
#define ALERT_LATE  MEDGL_HOUR

/* -- programs of notify.d -----------------------------------------------------------------------
 */

static void alerts_hook(struct doctor *doctor, const char *name, void *argument)
{
    char path[PATH_MAX], shown[256];
    struct stat st;
    unsigned *hooks = argument;
    if (path_under(path, doctor->root, name) != MEDGL_OK || lstat(path, &st) != 0)
        return;
    const char *why = alert_hook_fault(strrchr(name, '/') + 1, &st, geteuid());
    text_printable(shown, sizeof(shown), path);
    if (why != NULL)
        doctor_say(doctor, DOCTOR_WARNING, "alerts", "%s is not run: %s", shown, why);
    *hooks += why == NULL;
}

static bool alerts_may(const struct stat *st, uid_t uid, gid_t gid, mode_t what)
{
    const int shift = st->st_uid == uid ? 6 : (st->st_gid == gid ? 3 : 0);
    return (st->st_mode >> shift & what) == what;
}

/* Who delivers lists the programs, and who runs them opens them. */
static void alerts_reach(struct doctor *doctor)
{
    static const struct {
        const char *path;
        mode_t what;
    } rows[] = {{MEDGL_SYSCONFDIR, 01}, {PATH_NOTIFY, 05}};
    static const char *const users[] = {MEDGL_USER, NOTIFY_USER};
    struct unix_user user;
    struct stat st;
    uid_t uid;
    gid_t gid;
    if (doctor->root[0] != '\0' || geteuid() != 0)
        return;
    for (size_t i = 0; i < MEDGL_COUNT(rows) * MEDGL_COUNT(users); i++) {
        const char *path = rows[i / MEDGL_COUNT(users)].path, *name = users[i % MEDGL_COUNT(users)];
        if (unix_user_find(name, &user) != MEDGL_OK || !user.exists || stat(path, &st) != 0 ||
            privilege_user(name, &uid, &gid) != MEDGL_OK ||
            alerts_may(&st, uid, gid, rows[i / MEDGL_COUNT(users)].what))
            continue;
        doctor_say(doctor, DOCTOR_FAULT, "alerts",
                   "%s may not look into %s, and alerts do not reach the programs of notify.d: "
                   "chmod 0755 it",
                   name, path);
    }
}

static void alerts_hooks(struct doctor *doctor, unsigned *hooks)
{
    char path[PATH_MAX];
    struct stat st;
    doctor_each_file(doctor, "alerts", PATH_NOTIFY, "", alerts_hook, hooks);
    if (path_under(path, doctor->root, PATH_NOTIFY) != MEDGL_OK || stat(path, &st) != 0)
        return;
    if (!alert_hook_kept(&st, geteuid()))
        doctor_say(doctor, DOCTOR_FAULT, "alerts",
                   "others than root may write to %s, and none of its programs is run: chown root "
                   "it, chmod go-w it",
                   path);
}

/* -- mail, units --------------------------------------------------------------------------------
 */

static void alerts_mail(struct doctor *doctor, const struct policy *policy)
{
    char path[PATH_MAX];
    if (policy->alert_mail[0] == '\0' || path_under(path, doctor->root, SENDMAIL) != MEDGL_OK)
        return;
    if (access(path, X_OK) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "alerts",
                   "alert_mail names %s, and there is no %s to send with: install a mail program "
                   "that has it, or take the key out",
                   policy->alert_mail, path);
}

/* Without that user nothing is run, because nothing runs as root. */
static void alerts_user(struct doctor *doctor)
{
    struct unix_user user;
    if (doctor->root[0] != '\0' ||
        geteuid() != 0) /* of a private root the programs are its owner's */
        return;
    if (unix_user_find(NOTIFY_USER, &user) == MEDGL_OK && !user.exists)
        doctor_say(doctor, DOCTOR_FAULT, "alerts",
                   "there is no user %s, as whom mail and the programs of notify.d are run: run "
                   "systemd-sysusers",
                   NOTIFY_USER);
}

struct unit {
    const char *name;
    bool enabled;
};

static void alerts_wants(struct doctor *doctor, const char *path, void *argument)
{
    struct unit *unit = argument;
    char link[PATH_MAX];
    if (snprintf(link, sizeof(link), "%s/%s", path, unit->name) < (int)sizeof(link))
        unit->enabled |= doctor_is_there(doctor, link);
}

static void alerts_units(struct doctor *doctor)
{
    static const char *const names[] = {"medgl-alert.path", "medgl-alert.timer",
                                        "medgl-emergency.timer"};
    static const char *const directories[] = {"/etc/systemd/system", "/run/systemd/system",
                                              "/usr/lib/systemd/system", "/lib/systemd/system"};
    if (!doctor_is_there(doctor, "/run/systemd/system"))
        return;
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        struct unit unit = {.name = names[i]};
        for (size_t at = 0; at < MEDGL_COUNT(directories); at++)
            doctor_each_file(doctor, "alerts", directories[at], ".wants", alerts_wants, &unit);
        if (!unit.enabled)
            doctor_say(doctor, DOCTOR_FAULT, "alerts",
                       "%s is not enabled, and %s: run systemctl enable --now %s", names[i],
                       i < 2 ? "alerts wait for somebody to run medgl-admin alert retry"
                             : "what an emergency opened goes on running when it is over",
                       names[i]);
    }
}

void doctor_alerts(struct doctor *doctor, const struct policy *policy)
{
    const unsigned before = doctor->faults;
    unsigned hooks = 0;
    alerts_hooks(doctor, &hooks);
    alerts_mail(doctor, policy);
    alerts_user(doctor);
    alerts_reach(doctor);
    alerts_units(doctor);
    if (hooks == 0 && policy->alert_mail[0] == '\0')
        doctor_say(doctor, DOCTOR_WARNING, "alerts",
                   "alerts reach nobody who does not read the log: set alert_mail, or put a "
                   "program into %s",
                   PATH_NOTIFY);
    else if (doctor->faults == before)
        doctor_say(doctor, DOCTOR_OK, "alerts", "alerts go to the log%s%s",
                   policy->alert_mail[0] != '\0' ? ", by mail" : "",
                   hooks > 0 ? ", to programs of notify.d" : "");
}

/* -- what waits ---------------------------------------------------------------------------------
 */

struct outbox {
    medgl_time now;
    size_t late;
    medgl_time oldest;
};

static enum medgl_error outbox_alert(void *argument, const struct alert *alert)
{
    struct outbox *outbox = argument;
    if (outbox->now - alert->last <= ALERT_LATE || alert->not_before > outbox->now)
        return MEDGL_OK;
    if (outbox->late++ == 0 || alert->first < outbox->oldest)
        outbox->oldest = alert->first;
    return MEDGL_OK;
}

static enum medgl_error outbox_read(struct store_txn *txn, void *argument)
{
    struct outbox *outbox = argument;
    outbox->late = 0;
    return store_alert_each(txn, false, outbox_alert, outbox);
}

void doctor_outbox(struct doctor *doctor, const struct context *context)
{
    struct outbox outbox = {.now = clock_read().now};
    char oldest[CLOCK_LOCAL_SIZE];
    enum medgl_error error = store_transact(context->store, STORE_READ, outbox_read, &outbox);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "alerts",
                   "the alerts cannot be read: %s: do what the log says, then run this again",
                   medgl_error_text(error));
        return;
    }
    if (outbox.late == 0)
        return;
    clock_format_local(outbox.oldest, oldest);
    doctor_say(doctor, DOCTOR_WARNING, "alerts",
               "%zu alerts have waited for more than an hour, the oldest since %s: medgl-admin "
               "alert list says why; put that right, then run medgl-admin alert retry",
               outbox.late, oldest);
}
