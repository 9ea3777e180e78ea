/* Whether copies of documents can be taken in, and by whom they could be read (R11). */
#include "operation/doctor.h"
#include "operation/document.h"

#include <string.h>

#define SOON     (30 * MEDGL_DAY)
#define KEY_MARK "PRIVATE KEY-----"

static void documents_missing(struct doctor *doctor, const struct context *context)
{
    if (context->policy.reset_document[0] == '\0')
        doctor_say(doctor, DOCTOR_OK, "documents", "no copies of documents are asked for");
    else
        doctor_say(doctor, DOCTOR_WARNING, "documents",
                   "%s is missing, and reset_document asks for a copy of the document: passwords "
                   "are not reset by these ways: have an auditor make a certificate as "
                   "medgl-ledger(5) says",
                   PATH_AUDITOR);
}

static void documents_until(struct doctor *doctor, medgl_time until, medgl_time now)
{
    char when[CLOCK_LOCAL_SIZE];
    clock_format_local(until, when);
    if (until - now < SOON)
        doctor_say(doctor, DOCTOR_WARNING, "documents",
                   "a certificate in %s ends on %s: have its auditor make a new one, or no copy of "
                   "a document is taken in from then on",
                   PATH_AUDITOR, when);
    else
        doctor_say(doctor, DOCTOR_OK, "documents",
                   "copies of documents are sealed; the first "
                   "certificate of their readers ends on %s",
                   when);
}

void doctor_documents(struct doctor *doctor, const struct context *context)
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    char why[ENVELOPE_WHY_SIZE];
    const medgl_time now = clock_read().now;
    enum medgl_error error = document_readers(context, now, &readers, why);
    if (error == MEDGL_OK)
        documents_until(doctor, envelope_readers_until(readers), now);
    else if (error == MEDGL_ERR_NOT_FOUND)
        documents_missing(doctor, context);
    else
        doctor_say(doctor, DOCTOR_FAULT, "documents", "%s cannot be used: %s", PATH_AUDITOR,
                   error == MEDGL_ERR_KEY ? why : medgl_error_text(error));
}

/* MUST: whoever runs this machine cannot read what was handed in. */
static void documents_look_for_key(struct doctor *doctor, const char *path, void *argument)
{
    static const char *const ours[] = {PATH_STORE_KEY,      PATH_STORE_KEY_NEW,
                                       PATH_LEDGER_KEY,     PATH_LEDGER_KEY_NEW,
                                       PATH_BREAKGLASS_KEY, PATH_BREAKGLASS_LEDGER_KEY};
    auto_clean(doctor_text_free) struct doctor_text text = {.bytes = NULL};
    (void)argument;
    for (size_t i = 0; i < MEDGL_COUNT(ours); i++)
        if (strcmp(path, ours[i]) == 0)
            return;
    if (doctor_read(doctor, path, &text) != NULL)
        return;
    for (const char *line; (line = doctor_line(&text)) != NULL;)
        if (strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, KEY_MARK) != NULL) {
            doctor_say(doctor, DOCTOR_FAULT, "documents",
                       "a private key is in %s: whoever can read it can read the copies of "
                       "documents or the backups that are sealed to it: keep it away from this "
                       "machine, and make another one for what comes",
                       path);
            return;
        }
}

void doctor_private_keys(struct doctor *doctor)
{
    doctor_each_file(doctor, "documents", MEDGL_SYSCONFDIR, "", documents_look_for_key, NULL);
}
