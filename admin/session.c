/* The noun session: prints what operation/session.h says, and has the processes of one ended. */
#include "admin/admin.h"

#include "operation/account.h"
#include "operation/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- list ----------------------------------------------------------------------------------- */

static const char *session_state(const struct session_record *record)
{
    switch (record->session->ended) {
    case SESSION_END_NONE:
        break;
    case SESSION_END_CLOSED:
        return "closed";
    case SESSION_END_LOST:
        return "lost";
    case SESSION_END_ENDED:
        return "ended";
    }
    if (record->session->closed != 0) /* before it was kept how one ends */
        return "closed";
    switch (record->life) {
    case PROCESS_GONE:
    case PROCESS_GONE_BOOT:
        return "gone";
    case PROCESS_UNKNOWN:
    case PROCESS_ALIVE:
        break;
    }
    return "open";
}

/* When one ended that nobody said the end of is not known. */
static bool session_has_length(const struct session_record *record)
{
    if (record->session->ended == SESSION_END_LOST)
        return false;
    return record->session->closed != 0 ||
           (record->life != PROCESS_GONE && record->life != PROCESS_GONE_BOOT);
}

struct session_table {
    struct table *table;
    medgl_time now;
    bool json;
    bool left; /* the process of one is gone, and what it started may not be */
};

static void session_row(void *argument, const struct session_record *record)
{
    struct session_table *list = argument;
    const struct session *session = record->session;
    const int64_t seconds = session_seconds(session, list->now);
    const bool known = session_has_length(record);
    char id[CRYPTO_ID_SIZE], length[32];
    (void)snprintf(id, sizeof(id), "%.*s", list->json ? CRYPTO_ID_SIZE - 1 : SHORT_ID, session->id);
    (void)snprintf(length, sizeof(length), "%" PRId64 ":%02d:%02d", seconds / 3600,
                   (int)(seconds / 60 % 60), (int)(seconds % 60));
    table_row(list->table, (struct cell[]){
                               CELL_TEXT(id),
                               CELL_TEXT(record->account),
                               CELL_TEXT(account_class_word(record->class_)),
                               CELL_TEXT(session->service),
                               CELL_TEXT(session->source),
                               CELL_TEXT(session->tty),
                               CELL_NUMBER(session->opened),
                               CELL_NUMBER(session->closed),
                               CELL_TEXT(known ? length : NULL),
                               known ? CELL_NUMBER(seconds) : CELL_NONE,
                               CELL_TEXT(session->person),
                               CELL_TEXT(session_state(record)),
                           });
    list->left |= session->ended == SESSION_END_LOST ||
                  (session->closed == 0 && record->life == PROCESS_GONE);
}

enum admin_exit session_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ID"), COLUMN_TEXT, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
        {"service", N_("SERVICE"), COLUMN_TEXT, COLUMN_BOTH},
        {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
        {"terminal", N_("TERMINAL"), COLUMN_TEXT, COLUMN_BOTH},
        {"opened", N_("OPENED"), COLUMN_TIME, COLUMN_BOTH},
        {"closed", N_("CLOSED"), COLUMN_TIME, COLUMN_JSON},
        {"length", N_("LENGTH"), COLUMN_TEXT, COLUMN_BOTH},
        {"seconds", "", COLUMN_NUMBER, COLUMN_JSON},
        {"person", N_("PERSON"), COLUMN_TEXT, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
    };
    medgl_time since = 0;
    enum admin_exit code = options_time(&admin->options, OPTION_SINCE, &since);
    if (code != ADMIN_DONE)
        return code;
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "sessions", TABLE_LIST, columns, MEDGL_COUNT(columns));
    struct session_table list = {table, clock_read().now, admin->output.json, false};
    const char *name = admin->options.name;
    enum medgl_error error =
        operation_session_list(&admin->context, name, since, session_row, &list);
    if (error == MEDGL_OK && admin->small.store != NULL)
        error = operation_session_list(&admin->small, name, since, session_row, &list);
    code = admin_failed(error, name != NULL ? name : "", NULL);
    if (error == MEDGL_OK)
        table_print_or(&admin->output, &table, _("No session was found."));
    else
        table_print(&table);
    if (list.left)
        output_say(&admin->output,
                   _("Of a session that is gone or lost, processes may go on: look with ps -U "
                     "ACCOUNT; medgl-admin password revoke ACCOUNT --sessions ends all of them."));
    return code;
}

/* -- end ------------------------------------------------------------------------------------ */

static enum admin_exit session_not_ended(enum medgl_error error, const char *id)
{
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("No open session has the id %s; medgl-admin session list says which are open."),
                 id);
        return ADMIN_NOT_FOUND;
    }
    if (error == MEDGL_ERR_ARGUMENT) {
        complain(_("The ids of several open sessions begin with %s: give more of it."), id);
        return ADMIN_USAGE;
    }
    return admin_failed(error, id, NULL);
}

static bool session_say_gone(struct admin *admin, const struct session_ended *ended)
{
    output_say(&admin->output,
               _("The process that opened it was gone. What it had started may go on: look with "
                 "ps -U %s; medgl-admin password revoke %s --sessions ends all of it."),
               ended->account, ended->account);
    return true;
}

/* Whether the process that opened it is gone, or what belongs to it has been ended. */
static bool session_processes_end(struct admin *admin, const struct session_ended *ended,
                                  struct privileged_answer *answer)
{
    switch (ended->life) {
    case PROCESS_GONE:
        return session_say_gone(admin, ended);
    case PROCESS_GONE_BOOT:
        return true;
    case PROCESS_UNKNOWN:
    case PROCESS_ALIVE:
        break;
    }
    if (ended->leads_others) {
        complain(_("The process that opened it has opened sessions of others too, which would end "
                   "with it, so none was ended: look with ps -U %s, and end them yourself, or all "
                   "of them with medgl-admin password revoke %s --sessions."),
                 ended->account, ended->account);
        return false;
    }
    if (!privileged_order_session(&admin->privileged, ended->account, ended->uid,
                                  ended->session.leader, answer))
        return false;
    /* Root saw what hidepid hides from the store's owner. */
    return answer->found > 0 || session_say_gone(admin, ended);
}

/* The processes end after the commit: nobody is thrown out by an act that did not happen. */
enum admin_exit session_end(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", "", COLUMN_TEXT, COLUMN_JSON},
        {"account", "", COLUMN_TEXT, COLUMN_JSON},
        {"processes_ended", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    const char *id = admin->options.name;
    struct session_ended ended;
    struct privileged_answer answer = {.outcome = PRIVILEGED_FAILED};
    char why[OPERATION_WHY_SIZE];
    const char *reason = admin->options.value[OPTION_REASON];
    enum medgl_error error = operation_session_end(&admin->context, id, reason, &ended, why);
    if (error == MEDGL_ERR_NOT_FOUND && admin->small.store != NULL)
        error = operation_session_end(&admin->small, id, reason, &ended, why);
    if (error == MEDGL_ERR_REFUSED)
        return admin_failed(error, id, why);
    if (error != MEDGL_OK)
        return session_not_ended(error, id);
    if (!session_processes_end(admin, &ended, &answer)) {
        complain(_("The session is recorded as ended nevertheless: end what is left of it."));
        return ADMIN_UNUSABLE;
    }
    output_say(&admin->output,
               _("The session of %s through %s is ended. Processes that were ended: %" PRIu32),
               ended.account, ended.session.service, answer.found);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "session_end", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(ended.session.id), CELL_TEXT(ended.account),
                                         CELL_NUMBER(answer.found)});
        table_print(&table);
    }
    return ADMIN_DONE;
}
