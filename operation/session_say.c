/* What is said at the start of a session (R21, R32), or of one that is refused. Decides nothing,
 * and writes down that failed tries were told, no more. */
#include "operation/session_run.h"

#include "base/log.h"
#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>

static void session_say_last(const struct talk *talk, const struct activity *before)
{
    char when[CLOCK_LOCAL_SIZE], text[1024];
    if (before->last_login == 0) {
        (void)snprintf(text, sizeof(text), "%s", _("This is your first login here."));
    } else {
        clock_format_local(before->last_login, when);
        (void)snprintf(text, sizeof(text), _("Last login: %s from %s (%s)."), when,
                       before->last_source, before->last_service);
    }
    talk->inform(talk->carrier, text);
}

/* The last login may have been one that nobody could be told anything at. */
static void session_say_failures(const struct talk *talk, const struct activity *before)
{
    char when[CLOCK_LOCAL_SIZE], text[1024];
    const bool since = before->last_failure >= before->last_login;
    clock_format_local(before->last_failure, when);
    (void)snprintf(
        text, sizeof(text),
        since ? dngettext(MESSAGE_DOMAIN,
                          "Warning: %u failed try since then, at %s from %s. "
                          "If it was not you, tell your administrator.",
                          "Warning: %u failed tries since then, the last one at %s from %s. "
                          "If it was not you, tell your administrator.",
                          before->failures)
              : dngettext(MESSAGE_DOMAIN,
                          "Warning: %u failed try that you were not told of yet, at %s from %s. "
                          "If it was not you, tell your administrator.",
                          "Warning: %u failed tries that you were not told of yet, the last one at "
                          "%s from %s. If it was not you, tell your administrator.",
                          before->failures),
        before->failures, when, before->last_failure_source);
    talk->warn(talk->carrier, text);
}

static enum medgl_error session_told(struct store_txn *txn, void *argument)
{
    const struct session_run *run = argument;
    const uint32_t told = run->before.failures;
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, run->account.id, &activity));
    activity.failures -= activity.failures < told ? activity.failures : told;
    return store_activity_put(txn, &activity);
}

/* To who holds the page of the envelope, and may have nothing else. */
static void session_say_breakglass(const struct talk *talk, const struct session_run *run)
{
    const struct emergency_now_view *now = &run->breakglass.now;
    char text[1024];
    if (now->row.drill)
        talk->inform(talk->carrier,
                     _("If this is no drill for you, go on: everything works as in an emergency. "
                       "Tell it whom the page names."));
    (void)snprintf(text, sizeof(text),
                   _("Telephone whom the page names. This account works until somebody ends this, "
                     "at most %" PRId64 " h %02" PRId64 " min more; then you are logged out."),
                   now->left / MEDGL_HOUR, now->left % MEDGL_HOUR / MEDGL_MINUTE);
    talk->inform(talk->carrier, text);
}

void session_say_emergency(const struct talk *talk, const struct session_run *run)
{
    char banner[EMERGENCY_BANNER_SIZE];
    emergency_banner(run->context, banner);
    if (banner[0] != '\0')
        talk->warn(talk->carrier, banner);
    if (breakglass_is(&run->account))
        session_say_breakglass(talk, run);
}

void session_notice(const struct talk *talk, struct session_run *run)
{
    session_say_last(talk, &run->before);
    if (run->before.failures == 0)
        return;
    session_say_failures(talk, &run->before);
    if (talk->heard != NULL && !talk->heard(talk->carrier))
        return;
    enum medgl_error error = store_transact(run->context->store, STORE_WRITE, session_told, run);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "account %s was warned of failed tries, which could not be kept (%s): it will be "
                 "said again at the next login",
                 run->account.name, medgl_error_text(error));
}

/* Another module stood in for the account phase, which asks, or that is too long ago. */
void session_say_nobody(const struct talk *talk, const struct session_run *run)
{
    log_line(LOG_NOTICE,
             "session refused: shared account %s, service %s, from %s: nobody said at this login "
             "who it is; pam_medgl has to stand in the account phase of that service",
             run->account.name, run->session.service, run->session.source);
    talk->warn(talk->carrier, _("It is not known who uses this shared account. Log in again."));
}

void session_say_closed(const struct talk *talk, const struct session_run *run)
{
    log_line(LOG_WARNING,
             "session refused: break-glass account %s, service %s, from %s: it is %s; medgl-admin "
             "breakglass seal opens it for the next emergency",
             run->account.name, run->session.service, run->session.source,
             breakglass_state_word(policy_breakglass_state(&run->breakglass.facts)));
    talk->warn(talk->carrier, _("This break-glass account is not open. Ask the administrator."));
}

/* As little as the account phase says of it. */
void session_say_over(const struct session_run *run)
{
    log_line(LOG_NOTICE,
             "session refused: account %s, service %s, from %s: %s since the login began; "
             "medgl-admin account show says more",
             run->account.name, run->session.service, run->session.source, run->over);
}

/* Who has come so far has proved who they are: they may know. */
void session_say_refused(const struct talk *talk, const struct session_run *run)
{
    const bool class_ = run->admitted == CROWD_CLASS;
    log_line(LOG_NOTICE,
             "session refused: account %s, service %s, from %s: %u %s are open, which is the "
             "limit; see medgl-admin session list, and end one with medgl-admin session end",
             run->account.name, run->session.service, run->session.source,
             (unsigned)(class_ ? run->crowd.class_ : run->crowd.own),
             class_ ? "sessions of its class" : "of its sessions");
    if (!run->silent)
        talk->warn(talk->carrier,
                   class_ ? _("Too many sessions are open here. Try again later, or ask your "
                              "administrator.")
                          : _("You have too many sessions open. Log out elsewhere, or ask your "
                              "administrator."));
}
