/* Raising alerts (R07, R20): in the transaction of what they tell of. Delivers nothing. */
#include "operation/alert.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "policy/calendar.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

medgl_time alert_fold_time(const struct policy *policy, enum alert_kind kind)
{
    medgl_time usual = policy_span_most(policy->alert_fold), least = 0;
    switch (kind) {
    case ALERT_EMERGENCY:
    case ALERT_EMERGENCY_OVER:
    case ALERT_BREAKGLASS: /* R32: each of them is told, and at once */
        return 0;
    case ALERT_BACKUP:
    case ALERT_MAINTENANCE:
    case ALERT_CLOCK: /* states, which are there at every look until somebody sees to them */
        least = MEDGL_DAY;
        break;
    case ALERT_SPACE:
    case ALERT_EVIDENCE:
        least = MEDGL_HOUR;
        break;
    case ALERT_LOCKOUT:
    case ALERT_SPREAD:
    case ALERT_PRIVILEGED_LOGIN:
    case ALERT_DORMANT_LOGIN:
    case ALERT_POLICY:
    case ALERT_TEST:
    case ALERT_RECOVERY:
    case ALERT_ROLE:
    case ALERT_KEY:
    case ALERT_RESTORE:
        break;
    }
    return usual > least ? usual : least;
}

void alert_fold(enum alert_kind kind, const char *account_id, const char *source,
                char fold[STORE_TEXT_SIZE])
{
    (void)snprintf(fold, STORE_TEXT_SIZE, "%s %s %s", alert_kind_word(kind), account_id, source);
}

/* A new one, about the same as `last`, which was told (NULL: none was). */
static enum medgl_error alert_begin(const struct context *context,
                                    const struct clock_reading *clock,
                                    const struct alert_event *event, const struct alert *last,
                                    struct alert *alert)
{
    MEDGL_TRY(crypto_random_id(alert->id));
    alert->first = clock->now;
    if (last == NULL)
        return MEDGL_OK;
    /* One that was told later than now: the clock was set back, and nothing waits longer for it. */
    medgl_time told = last->not_before < clock->now ? last->not_before : clock->now;
    medgl_time again = told + alert_fold_time(&context->policy, event->kind);
    if (again > clock->now)
        alert->not_before = again;
    return MEDGL_OK;
}

static enum medgl_error alert_write_down(struct context *context, struct store_txn *txn,
                                         const struct clock_reading *clock,
                                         const struct alert_event *event, const struct alert *alert)
{
    struct ledger_entry entry;
    evidence_begin(context, clock, LEDGER_ALERT_RAISE, event->account, &entry);
    ledger_entry_text(&entry, "alert", alert->id);
    ledger_entry_text(&entry, "alert_kind", alert_kind_word(alert->kind));
    ledger_entry_text(&entry, "text", alert->text);
    if (alert->source[0] != '\0')
        ledger_entry_text(&entry, "source", alert->source);
    return evidence_append(context, txn, &entry, NULL);
}

enum medgl_error alert_raise(struct context *context, struct store_txn *txn,
                             const struct clock_reading *clock, const struct alert_event *event)
{
    struct alert last, alert = {.kind = event->kind};
    if (event->account != NULL) {
        MEDGL_TRY(text_copy(alert.account_id, sizeof(alert.account_id), event->account->id));
        text_printable(alert.subject, sizeof(alert.subject), event->account->name);
    }
    if (event->source != NULL)
        text_printable(alert.source, sizeof(alert.source), event->source);
    text_printable(alert.text, sizeof(alert.text), event->text);
    alert_fold(alert.kind, alert.account_id, alert.source, alert.fold);
    if (event->about != NULL) {
        size_t len = strlen(alert.fold);
        MEDGL_TRY(text_copy(alert.fold + len, sizeof(alert.fold) - len, event->about));
    }
    enum medgl_error found = store_alert_by_fold(txn, alert.fold, &last);
    /* One that was changed from outside takes nothing up, and keeps nobody from logging in. */
    if (found != MEDGL_OK && found != MEDGL_ERR_NOT_FOUND && found != MEDGL_ERR_CORRUPT)
        return found;
    if (found == MEDGL_OK && !last.addressed) {
        (void)memcpy(last.text, alert.text, sizeof(last.text));
        last.count += last.count < UINT32_MAX;
        last.last = clock->now;
        return store_alert_update(txn, &last);
    }
    if (found == MEDGL_OK && last.not_before <= clock->now &&
        last.not_before > clock->now - event->apart)
        return MEDGL_OK;
    MEDGL_TRY(alert_begin(context, clock, event, found == MEDGL_OK ? &last : NULL, &alert));
    alert.last = clock->now;
    alert.count = 1;
    MEDGL_TRY(store_alert_add(txn, &alert));
    return alert_write_down(context, txn, clock, event, &alert);
}

/* The path unit looks at files that were open for writing and are closed: a full device is no
 * reason to be silent. */
void alert_wake(const struct context *context)
{
    char path[PATH_MAX];
    if (path_under(path, context->root, PATH_WAKE) != MEDGL_OK)
        return;
    auto_fd int fd =
        open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0 && pwrite(fd, "\n", 1, 0) != 1)
        return;
}
