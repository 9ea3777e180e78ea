/* What a login, the account phase and a session ask about a break-glass account. Decides nothing:
 * policy/emergency.c does. */
#include "operation/breakglass_login.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/refuse.h"

#include <stdio.h>
#include <string.h>

bool breakglass_is(const struct account *account)
{
    return account->class_ == ACCOUNT_CLASS_BREAKGLASS;
}

enum medgl_error breakglass_sealed_alone(const struct account *account, char *why)
{
    if (!breakglass_is(account))
        return MEDGL_OK;
    return refuse(why,
                  _("%s is a break-glass account, which its sealed credential opens and nothing "
                    "else: medgl-admin breakglass seal makes a new one"),
                  account->name);
}

enum medgl_error breakglass_look(const struct context *context, struct store_txn *txn,
                                 const struct account *account, struct breakglass_look *look)
{
    memset(look, 0, sizeof(*look));
    if (!breakglass_is(account) || context->place != CONTEXT_BREAKGLASS)
        return MEDGL_OK;
    MEDGL_TRY(emergency_clocks_read(txn, &look->clocks));
    MEDGL_TRY(emergency_look(context, txn, &look->clocks, &look->now));
    return emergency_facts(context, txn, &look->now, account->id, &look->row, &look->facts);
}

static const char *breakglass_mark(bool drill)
{
    return drill ? "DRILL: " : "";
}

const char *breakglass_drill_mark(const struct breakglass_look *look)
{
    return breakglass_mark(look->now.phase == EMERGENCY_OPEN && look->now.row.drill);
}

/* A session of a drill ends after it. What the envelope is used for then is no drill. */
static const char *breakglass_session_mark(const struct breakglass_look *look)
{
    const struct emergency_now_view *now = &look->now;
    const bool of_it = now->known && strcmp(look->row.emergency_id, now->row.id) == 0;
    return of_it ? breakglass_mark(now->row.drill) : breakglass_drill_mark(look);
}

enum medgl_error breakglass_tell_session(struct context *context, struct store_txn *txn,
                                         const struct clock_reading *clock,
                                         const struct account *account,
                                         const struct session *session, const char *what)
{
    struct breakglass_look look;
    char all[2 * STORE_ALERT_SIZE], text[STORE_ALERT_SIZE], about[CRYPTO_ID_SIZE + 16];
    MEDGL_TRY(breakglass_look(context, txn, account, &look));
    (void)snprintf(all, sizeof(all), "%sA session of break-glass account %s %s: %s%s%s, from %s.",
                   breakglass_session_mark(&look), account->name, what, session->service,
                   session->person[0] != '\0' ? ", by " : "", session->person, session->source);
    text_printable(text, sizeof(text), all);
    (void)snprintf(about, sizeof(about), "%s %s", session->id, what);
    const struct alert_event event = {.kind = ALERT_BREAKGLASS,
                                      .account = account,
                                      .source = session->source,
                                      .text = text,
                                      .about = about};
    return alert_raise(context, txn, clock, &event);
}

enum medgl_error breakglass_tell_try(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock,
                                     const struct account *account, const char *service,
                                     const char *source)
{
    char all[2 * STORE_ALERT_SIZE], text[STORE_ALERT_SIZE];
    (void)snprintf(all, sizeof(all),
                   "Break-glass account %s was refused to somebody who came without its sealed "
                   "credential: %s, from %s.",
                   account->name, service, source);
    text_printable(text, sizeof(text), all);
    const struct alert_event event = {.kind = ALERT_BREAKGLASS,
                                      .account = account,
                                      .source = context->scarce ? NULL : source,
                                      .text = text,
                                      .about = context->scarce ? "scarce" : service,
                                      .apart = context->scarce ? MEDGL_HOUR : 0};
    return alert_raise(context, txn, clock, &event);
}
