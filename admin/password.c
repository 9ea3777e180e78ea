/* The noun password, where an account is touched. An issued one goes into the slip alone: never to
 * the operator's screen (R02, R11, R18). */
#include "admin/admin.h"

#include "base/file.h"
#include "operation/account.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct slip {
    int fd;
    medgl_time valid_until;
};

static enum medgl_error slip_head(int fd, const struct account *account)
{
    char host[HOST_NAME_MAX + 1] = "";
    auto_free char *head = NULL;
    (void)gethostname(host, sizeof(host) - 1);
    if (asprintf(&head,
                 _("Issued password\n"
                   "===============\n\n"
                   "Login name: %s\n"
                   "Full name: %s\n"
                   "Host: %s\n"
                   "Password: "),
                 account->name, account->full_name[0] != '\0' ? account->full_name : "-",
                 host) < 0) {
        head = NULL;
        return MEDGL_ERR_MEMORY;
    }
    return file_write(fd, head, strlen(head));
}

static enum medgl_error slip_tail(int fd, medgl_time valid_until)
{
    char until[CLOCK_LOCAL_SIZE];
    auto_free char *tail = NULL;
    clock_format_local(valid_until, until);
    if (asprintf(
            &tail,
            _("\nValid until: %s\n\n"
              "What to do:\n"
              "1. Log in with this password before that time, the '-' included.\n"
              "2. Choose a new password when you are asked for one; nobody else knows it.\n"
              "3. Destroy this slip.\n\n"
              "You did not ask for this? Tell your administrator at once, and do not use it.\n"),
            until) < 0) {
        tail = NULL;
        return MEDGL_ERR_MEMORY;
    }
    return file_write(fd, tail, strlen(tail));
}

/* Called before the commit: what is not safely on the disk is not in force. The password is written
 * from its own locked pages, never through a stream's buffer. */
static enum medgl_error slip_deliver(void *argument, const struct account *account,
                                     const struct secret *password, medgl_time valid_until)
{
    struct slip *slip = argument;
    if (ftruncate(slip->fd, 0) != 0 || lseek(slip->fd, 0, SEEK_SET) != 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(slip_head(slip->fd, account));
    MEDGL_TRY(file_write(slip->fd, password->bytes, password->len));
    MEDGL_TRY(slip_tail(slip->fd, valid_until));
    slip->valid_until = valid_until;
    return fsync(slip->fd) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

enum admin_exit password_reset(struct admin *admin)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_BOTH},
        {"slip", "", COLUMN_TEXT, COLUMN_BOTH},
        {"valid_until", "", COLUMN_TIME, COLUMN_BOTH},
    };
    const struct options *options = &admin->options;
    const char *note = options->value[OPTION_NOTE], *file = options->value[OPTION_SLIP];
    char why[OPERATION_WHY_SIZE] = "", until[CLOCK_LOCAL_SIZE];
    struct slip slip = {.fd = admin->file.fd};
    const struct password_issue_request request = {
        .name = options->name,
        .method = options->value[OPTION_VERIFIED_BY],
        .note = note != NULL ? note : "",
        .argument = &slip,
        .deliver = slip_deliver,
    };
    enum medgl_error error = operation_password_issue(&admin->context, &request, why);
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, why);
    admin->file_stays = true;
    clock_format_local(slip.valid_until, until);
    output_say(&admin->output,
               _("An issued password for %s is in %s, valid until %s. Give the slip to that "
                 "person alone, then remove the file."),
               options->name, file, until);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "reset", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(options->name), CELL_TEXT(file),
                                         CELL_NUMBER(slip.valid_until)});
        table_print(&table);
    }
    return ADMIN_DONE;
}

/* -- suspected leak ------------------------------------------------------------------------- */

static void revoke_say_processes(struct admin *admin, const struct password_revoked *revoked,
                                 const struct privileged_answer *answer)
{
    if (admin->options.value[OPTION_SESSIONS] == NULL)
        output_say(&admin->output, _("Sessions that are open go on: see who -u; the same command "
                                     "with --sessions ends them."));
    else
        output_say(
            &admin->output,
            _("Sessions that were open: %" PRIu32 ". Processes that were ended: %" PRIu32 "."),
            revoked->sessions, answer->found);
}

static void revoke_print(struct admin *admin, const struct password_revoked *revoked,
                         const struct privileged_answer *answer)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_JSON},
        {"uid", "", COLUMN_NUMBER, COLUMN_JSON},
        {"sessions_ended", "", COLUMN_NUMBER, COLUMN_JSON},
        {"processes_ended", "", COLUMN_NUMBER, COLUMN_JSON},
        {"factors_ended", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    const char *name = admin->options.name;
    const bool ended = admin->options.value[OPTION_SESSIONS] != NULL;
    const bool factors = admin->options.value[OPTION_FACTORS] != NULL;
    output_say(&admin->output,
               revoked->password
                   ? _("The password of %s is ended: it opens nothing any more, and cannot come "
                       "back.")
                   : _("%s has no password: the rest alone is ended."),
               name);
    if (factors)
        output_say(&admin->output,
                   _("Second factors that were ended (devices, cards and codes): %" PRIu32 "."),
                   revoked->factors);
    revoke_say_processes(admin, revoked, answer);
    output_say(&admin->output,
               _("What is left to do: verify who %s is and issue a new one with medgl-admin "
                 "password reset; look for keys in ~/.ssh/authorized_keys that are not theirs."),
               name);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "revoked", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(name), CELL_NUMBER(revoked->uid),
                                         ended ? CELL_NUMBER(revoked->sessions) : CELL_NONE,
                                         ended ? CELL_NUMBER(answer->found) : CELL_NONE,
                                         factors ? CELL_NUMBER(revoked->factors) : CELL_NONE});
        table_print(&table);
    }
}

/* R12. The processes end after the commit: nobody is thrown out by an act that did not happen. */
enum admin_exit password_revoke(struct admin *admin)
{
    const struct options *options = &admin->options;
    const bool sessions = options->value[OPTION_SESSIONS] != NULL;
    const struct password_revoke_request request = {
        .name = options->name,
        .reason = options->value[OPTION_REASON],
        .sessions = sessions,
        .factors = options->value[OPTION_FACTORS] != NULL,
    };
    struct password_revoked revoked;
    struct privileged_answer answer = {.outcome = PRIVILEGED_FAILED};
    char why[OPERATION_WHY_SIZE] = "";
    enum medgl_error error = operation_password_revoke(&admin->context, &request, &revoked, why);
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, why);
    if (sessions && !privileged_order(&admin->privileged, options->name, revoked.uid, &answer)) {
        complain(
            _("%s has no password any more nevertheless, and its open sessions are recorded as "
              "ended (%" PRIu32 "): end their processes, then issue a new password with "
              "medgl-admin password reset."),
            options->name, revoked.sessions);
        return ADMIN_UNUSABLE;
    }
    revoke_print(admin, &revoked, &answer);
    return ADMIN_DONE;
}
