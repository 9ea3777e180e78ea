/* Who uses a break-glass account, and why (R32): asked after the login was allowed, and recorded as
 * it was said. Keeps nobody out, whatever goes wrong. */
#include "operation/breakglass.h"

#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "factor/breakglass.h"
#include "factor/totp.h"
#include "operation/evidence.h"

#include <stdio.h>
#include <string.h>

#define PERSON_PIECE 8 /* characters of the credential that no answer may hold in a row */

struct person_run {
    struct context *context;
    const struct account *account;
    const char *service, *source;
    char person[STORE_NAME_SIZE];
    char reason[STORE_TEXT_SIZE];
};

/* MUST: what holds the credential, in whatever way it is written, is never kept: sshd's password
 * method answers every prompt with it, and people type it into the next field. */
static bool person_is_credential(const struct secret *answer, const struct secret *typed)
{
    auto_secret struct secret said = SECRET_NONE, code = SECRET_NONE;
    if (breakglass_code_normalise(answer, &code) != BREAKGLASS_FORM_OTHER ||
        code_letters(answer, &said) != MEDGL_OK)
        return true;
    if (typed->len > 0 && memmem(answer->bytes, answer->len, typed->bytes, typed->len) != NULL)
        return true;
    secret_free(&code);
    if (code_letters(typed, &code) != MEDGL_OK)
        return true;
    for (size_t at = 0; at + PERSON_PIECE <= code.len; at++)
        if (memmem(said.bytes, said.len, code.bytes + at, PERSON_PIECE) != NULL)
            return true;
    return false;
}

static void person_question(const struct talk *talk, const char *question,
                            const struct secret *typed, char *answer, size_t size)
{
    auto_secret struct secret said = SECRET_NONE;
    answer[0] = '\0';
    if (talk->ask(talk->carrier, TALK_VISIBLE, TALK_ANSWER, question, &said) != MEDGL_OK ||
        said.len == 0 || memchr(said.bytes, '\0', said.len) != NULL)
        return;
    if (!person_is_credential(&said, typed))
        text_printable(answer, size, (const char *)said.bytes);
}

static enum medgl_error person_record(struct store_txn *txn, void *argument)
{
    struct person_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    evidence_begin(run->context, &clock, LEDGER_BREAKGLASS_PERSON, run->account, &entry);
    ledger_entry_text(&entry, "service", run->service);
    ledger_entry_text(&entry, "source", run->source);
    ledger_entry_text(&entry, "person", run->person);
    ledger_entry_text(&entry, "reason", run->reason);
    return evidence_append(run->context, txn, &entry, NULL);
}

void breakglass_ask_person(struct context *context, const struct talk *talk,
                           const struct account *account, const char *service, const char *source,
                           const struct secret *typed, char person[STORE_NAME_SIZE])
{
    struct person_run run = {
        .context = context, .account = account, .service = service, .source = source};
    person[0] = '\0';
    talk->inform(talk->carrier,
                 _("The password is right. Two questions first, your name and the reason: the "
                   "answers are recorded, and whatever you answer, you are let in."));
    person_question(talk, _("Your name: "), typed, run.person, sizeof(run.person));
    if (run.person[0] != '\0')
        person_question(talk, _("Why do you need this account? "), typed, run.reason,
                        sizeof(run.reason));
    enum medgl_error error = store_transact(context->store, STORE_WRITE, person_record, &run);
    if (error != MEDGL_OK)
        log_line(LOG_ALERT,
                 "break-glass account %s is used by \"%s\" (%s), which could not be written into "
                 "the ledger (%s): note it down",
                 account->name, run.person, run.reason, medgl_error_text(error));
    memcpy(person, run.person, STORE_NAME_SIZE);
}
