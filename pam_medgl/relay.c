/* One call, told to the engine and brought to its verdict: PAM's items there, prompts and answers
 * to and fro. Decides nothing, keeps no answer but as the PAM item that the engine names, and ends
 * every silence. */
#include "pam_medgl/module.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define PROMPTS_MAX  64 /* more in one call is no conversation */
#define LOCALE_MAX   32
#define SESSION_NAME "pam_medgl-session" /* of the PAM data that keeps the session id */
#define SESSION_MAX  64
#define RUNTIME_NAME "systemd.runtime_max_sec" /* of the PAM data that pam_systemd(8) reads */
#define PERSON_NAME  "MEDGL_PERSON"            /* one call gives it, the next brings it back */

static void put_item(struct wire_message *message, enum wire_tag tag, const pam_handle_t *pamh,
                     int item)
{
    const void *text = NULL;
    if (pam_get_item(pamh, item, &text) == PAM_SUCCESS && text != NULL)
        wire_put(message, tag, text, strnlen(text, WIRE_ITEM_MAX));
}

/* A password that PAM holds. One that is empty or too long is none. */
static void put_authtok(struct wire_message *message, enum wire_tag tag, const pam_handle_t *pamh,
                        int item)
{
    const void *text = NULL;
    if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || text == NULL)
        return;
    size_t len = strnlen(text, WIRE_ANSWER_MAX + 1);
    if (len > 0 && len <= WIRE_ANSWER_MAX)
        wire_put(message, tag, text, len);
}

static void put_authtoks(struct wire_message *message, const pam_handle_t *pamh,
                         const struct arguments *arguments, enum wire_call call)
{
    bool first = (arguments->flags & (WIRE_FLAG_USE_FIRST_PASS | WIRE_FLAG_TRY_FIRST_PASS)) != 0;
    if (call == WIRE_CALL_AUTHENTICATE && first)
        put_authtok(message, WIRE_AUTHTOK, pamh, PAM_AUTHTOK);
    if (call == WIRE_CALL_CHAUTHTOK_UPDATE || (call == WIRE_CALL_CHAUTHTOK_PRELIM && first))
        put_authtok(message, WIRE_OLDAUTHTOK, pamh, PAM_OLDAUTHTOK);
}

static unsigned wire_flags(unsigned flags)
{
    unsigned result = 0;
    if ((flags & PAM_SILENT) != 0)
        result |= WIRE_FLAG_SILENT;
    if ((flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
        result |= WIRE_FLAG_EXPIRED;
    return result;
}

/* Who uses a shared id: of use to the calls that come after one that asked. */
static void put_person(struct wire_message *message, pam_handle_t *pamh, enum wire_call call)
{
    const char *person = pam_getenv(pamh, PERSON_NAME);
    if (person != NULL && call != WIRE_CALL_AUTHENTICATE && call != WIRE_CALL_CLOSE_SESSION)
        wire_put(message, WIRE_PERSON, person, strnlen(person, WIRE_ITEM_MAX));
}

static void build_request(struct wire_message *message, pam_handle_t *pamh,
                          const struct arguments *arguments, enum wire_call call, unsigned flags,
                          const char *user)
{
    const char *locale = setlocale(LC_MESSAGES, NULL);
    const void *session = NULL;
    wire_begin(message, WIRE_REQUEST);
    wire_put_number(message, WIRE_CALL, call);
    wire_put_number(message, WIRE_FLAGS, flags | arguments->flags);
    wire_put_number(message, WIRE_REAL_UID, getuid());
    put_item(message, WIRE_SERVICE, pamh, PAM_SERVICE);
    put_item(message, WIRE_RHOST, pamh, PAM_RHOST);
    put_item(message, WIRE_TTY, pamh, PAM_TTY);
    put_item(message, WIRE_RUSER, pamh, PAM_RUSER);
    if (strlen(user) <= WIRE_ITEM_MAX)
        wire_put_text(message, WIRE_USER, user);
    if (locale != NULL && strlen(locale) <= LOCALE_MAX)
        wire_put_text(message, WIRE_LOCALE, locale);
    if (call == WIRE_CALL_CLOSE_SESSION &&
        pam_get_data(pamh, SESSION_NAME, &session) == PAM_SUCCESS)
        wire_put_text(message, WIRE_SESSION, session);
    put_person(message, pamh, call);
    put_authtoks(message, pamh, arguments, call);
}

/* PAM's style of one of the engine's; 0: there is none. */
static int pam_style(uint64_t style)
{
    if (style > WIRE_STYLE_ERROR)
        return 0;
    switch ((enum wire_style)style) {
    case WIRE_STYLE_SECRET:
        return PAM_PROMPT_ECHO_OFF;
    case WIRE_STYLE_VISIBLE:
        return PAM_PROMPT_ECHO_ON;
    case WIRE_STYLE_INFO:
        return PAM_TEXT_INFO;
    case WIRE_STYLE_ERROR:
        return PAM_ERROR_MSG;
    }
    return 0;
}

/* Keeps the answer for the modules behind this one. */
static bool remember(pam_handle_t *pamh, uint64_t what, const char *answer)
{
    switch ((enum wire_remember)what) {
    case WIRE_REMEMBER_NOTHING:
        return true;
    case WIRE_REMEMBER_AUTHTOK:
        return pam_set_item(pamh, PAM_AUTHTOK, answer) == PAM_SUCCESS;
    case WIRE_REMEMBER_OLDAUTHTOK:
        return pam_set_item(pamh, PAM_OLDAUTHTOK, answer) == PAM_SUCCESS;
    }
    return false;
}

/* Asks the person and puts what came into the ANSWER. */
static void ask_person(pam_handle_t *pamh, int style, const char *text, uint64_t what,
                       struct wire_message *answer)
{
    char *given = NULL;
    int code = pam_prompt(pamh, style, &given, "%s", text);
    size_t len = given == NULL ? 0 : strlen(given);
    if (code != PAM_SUCCESS || given == NULL || !remember(pamh, what, given))
        wire_put_number(answer, WIRE_FAILED, 1);
    else if (len > WIRE_ANSWER_MAX)
        wire_put_number(answer, WIRE_TOO_LONG, 1);
    else
        wire_put(answer, WIRE_BYTES, given, len);
    if (given != NULL)
        explicit_bzero(given, len);
    free(given);
}

/* Shows or asks what the PROMPT in `message` says; the ANSWER takes its place. */
static bool hold_prompt(pam_handle_t *pamh, bool silent, struct wire_message *message)
{
    char text[WIRE_TEXT_MAX + 1];
    int style = pam_style(wire_get_number(message, WIRE_STYLE, 0));
    uint64_t what = wire_get_number(message, WIRE_REMEMBER, WIRE_REMEMBER_NOTHING);
    if (style == 0 || what > WIRE_REMEMBER_OLDAUTHTOK ||
        !wire_get_text(message, WIRE_TEXT, text, sizeof(text)))
        return false;
    wire_begin(message, WIRE_ANSWER);
    if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
        ask_person(pamh, style, text, what, message);
    else if (silent || pam_prompt(pamh, style, NULL, "%s", text) != PAM_SUCCESS)
        wire_put_number(message, WIRE_FAILED, 1); /* nobody to read it: no failure of the call */
    explicit_bzero(text, sizeof(text));           /* a suggested password may be in it */
    return true;
}

static void free_text(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    free(data);
}

/* The variables that an engine may set in a session, and no other: LD_PRELOAD and its like would be
 * worth more than a login. */
static bool variable_allowed(const char *text)
{
    static const char *const allowed[] = {"TMOUT=", PERSON_NAME "="};
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (strncmp(text, allowed[i], strlen(allowed[i])) == 0)
            return true;
    return false;
}

/* Keeps a text for the calls and the modules that come later. */
static bool keep_text(pam_handle_t *pamh, const char *name, const void *data, size_t len)
{
    char *text = strndup(data, len);
    if (text != NULL && pam_set_data(pamh, name, text, free_text) == PAM_SUCCESS)
        return true;
    free(text);
    return false;
}

static bool keep_variables(pam_handle_t *pamh, const struct wire_message *verdict)
{
    char text[WIRE_TEXT_MAX + 1];
    const unsigned char *data;
    size_t cursor = 0, len;
    while (wire_next(verdict, WIRE_ENVIRONMENT, &cursor, &data, &len)) {
        memcpy(text, data, len);
        text[len] = '\0';
        if (!variable_allowed(text) || pam_putenv(pamh, text) != PAM_SUCCESS)
            return false;
    }
    return true;
}

/* Keeps what a verdict brings by which the host goes on. false: it could not be kept, or no engine
 * would send it. */
static bool keep_gifts(pam_handle_t *pamh, const struct wire_message *verdict)
{
    char seconds[24];
    const unsigned char *data;
    size_t len;
    uint64_t runtime = wire_get_number(verdict, WIRE_RUNTIME, 0);
    int digits = snprintf(seconds, sizeof(seconds), "%" PRIu64, runtime);
    if (!keep_variables(pamh, verdict) ||
        (runtime != 0 && !keep_text(pamh, RUNTIME_NAME, seconds, (size_t)digits)))
        return false;
    if (!wire_get(verdict, WIRE_SESSION, &data, &len))
        return true;
    return len <= SESSION_MAX && keep_text(pamh, SESSION_NAME, data, len);
}

/* MUST: the verdict is about the user that was asked about, and about nobody whom the host has put
 * in PAM_USER since (CVE-2026-12610 was such a swap). */
static enum wire_result take_verdict(pam_handle_t *pamh, const struct wire_message *verdict,
                                     const char *user)
{
    const void *now = NULL;
    uint64_t result = wire_get_number(verdict, WIRE_RESULT, WIRE_RESULT_UNAVAILABLE);
    if (pam_get_item(pamh, PAM_USER, &now) != PAM_SUCCESS || now == NULL || strcmp(now, user) != 0)
        return WIRE_RESULT_UNAVAILABLE;
    if (result > WIRE_RESULT_CONV_ERR)
        return WIRE_RESULT_UNAVAILABLE;
    if ((result == WIRE_RESULT_SUCCESS || result == WIRE_RESULT_CHANGE_DUE) &&
        !keep_gifts(pamh, verdict))
        return WIRE_RESULT_UNAVAILABLE;
    return (enum wire_result)result;
}

/* From the REQUEST in `message` to the verdict. false (errno): the engine broke off, was silent or
 * broke the protocol. */
static bool converse(pam_handle_t *pamh, int fd, bool silent, struct wire_message *message)
{
    for (int prompts = 0; prompts <= PROMPTS_MAX; prompts++) {
        if (wire_send(fd, message, WIRE_PATIENCE_MS) != 0 ||
            wire_receive(fd, message, WIRE_PATIENCE_MS) != 0)
            return false;
        if (message->kind == WIRE_VERDICT)
            return true;
        if (message->kind != WIRE_PROMPT || !hold_prompt(pamh, silent, message))
            break;
    }
    errno = EPROTO;
    return false;
}

enum wire_result relay_call(pam_handle_t *pamh, const struct arguments *arguments,
                            enum wire_call call, unsigned flags, const char *user)
{
    enum wire_result result = WIRE_RESULT_UNAVAILABLE;
    struct wire_message message;
    char *asked = strdup(user); /* PAM's own goes when the host sets another */
    int fd = asked == NULL ? -1 : engine_open(pamh, arguments->root);
    if (fd >= 0) {
        build_request(&message, pamh, arguments, call, wire_flags(flags), asked);
        if (converse(pamh, fd, (flags & PAM_SILENT) != 0, &message))
            result = take_verdict(pamh, &message, asked);
        else
            module_log(pamh, LOG_ERR,
                       "medgl-auth gave no verdict (%m): look for its own lines in this log, then "
                       "run medgl-admin doctor");
        wire_wipe(&message);
        (void)close(fd);
    }
    free(asked);
    return result;
}
