/* One call: who may ask, what is asked, and the verdict. The only place where verdicts of
 * operations become results on the wire; an error of an operation is never anything but
 * "unavailable". */
#include "engine/serve.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "engine/conversation.h"
#include "engine/share.h"
#include "operation/change_password.h"
#include "operation/login.h"
#include "operation/session.h"

#include <inttypes.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_MS   10000 /* a connection that says nothing is not kept */
#define LOCALE_SIZE  33
#define NAME_NOBODY  "-" /* no login name: goes the way of every unknown one (R23) */
#define FIRST_PASSES (WIRE_FLAG_USE_FIRST_PASS | WIRE_FLAG_TRY_FIRST_PASS)

struct request {
    enum wire_call call;
    unsigned flags;
    char user[STORE_NAME_SIZE];
    char locale[LOCALE_SIZE];
    char session[CRYPTO_ID_SIZE];
    struct session_opening opening; /* told in the verdict of open_session */
    struct caller caller;
    char person[PERSON_TOKEN_SIZE]; /* told in the verdict; "": none */
    int share;
    struct secret authtok; /* empty: none */
    struct secret oldauthtok;
};

static void request_clear(struct request *request)
{
    secret_free(&request->authtok);
    secret_free(&request->oldauthtok);
    if (request->share >= 0)
        (void)close(request->share);
}

/* For the log, with the module argument `debug`. */
static const char *const call_words[] = {
    [WIRE_CALL_AUTHENTICATE] = "authenticate",
    [WIRE_CALL_ACCOUNT] = "acct_mgmt",
    [WIRE_CALL_CHAUTHTOK_PRELIM] = "chauthtok, preliminary check",
    [WIRE_CALL_CHAUTHTOK_UPDATE] = "chauthtok, update",
    [WIRE_CALL_OPEN_SESSION] = "open_session",
    [WIRE_CALL_CLOSE_SESSION] = "close_session",
};
static const char *const result_words[] = {
    [WIRE_RESULT_SUCCESS] = "success",
    [WIRE_RESULT_NOT_ENROLLED] = "not enrolled",
    [WIRE_RESULT_AUTH_ERR] = "authentication failed",
    [WIRE_RESULT_UNAVAILABLE] = "no verdict",
    [WIRE_RESULT_PERM_DENIED] = "denied",
    [WIRE_RESULT_ACCT_EXPIRED] = "retired",
    [WIRE_RESULT_CHANGE_DUE] = "the password must be changed",
    [WIRE_RESULT_MAXTRIES] = "three new passwords were refused",
    [WIRE_RESULT_AUTHTOK_ERR] = "the new password was not set",
    [WIRE_RESULT_SESSION_ERR] = "no session",
    [WIRE_RESULT_CONV_ERR] = "nobody answered",
};

/* -- the request ---------------------------------------------------------------------------- */

/* For names that are shown, counted against and recorded, but never looked up. */
static void read_words(const struct wire_message *message, enum wire_tag tag, char *to, size_t size)
{
    char raw[WIRE_TEXT_MAX + 1];
    (void)wire_get_text(message, tag, raw, sizeof(raw)); /* "" where there is none */
    text_printable(to, size, raw);
}

static enum medgl_error read_secret(const struct wire_message *message, enum wire_tag tag,
                                    struct secret *secret)
{
    const unsigned char *data;
    size_t len;
    if (!wire_get(message, tag, &data, &len) || len == 0)
        return MEDGL_OK;
    return secret_copy(secret, data, len);
}

static enum medgl_error read_request(const struct wire_message *message, struct request *request)
{
    uint64_t call = wire_get_number(message, WIRE_CALL, 0);
    uint64_t real_uid = wire_get_number(message, WIRE_REAL_UID, UINT64_MAX);
    if (message->kind != WIRE_REQUEST || call < WIRE_CALL_AUTHENTICATE ||
        call > WIRE_CALL_CLOSE_SESSION)
        return MEDGL_ERR_PEER;
    request->call = (enum wire_call)call;
    request->flags = (unsigned)wire_get_number(message, WIRE_FLAGS, 0);
    request->caller.real_uid = real_uid < UINT32_MAX ? (int64_t)real_uid : -1;
    if (!wire_get_text(message, WIRE_USER, request->user, sizeof(request->user)) ||
        !text_is_login_name(request->user))
        (void)text_copy(request->user, sizeof(request->user), NAME_NOBODY);
    (void)wire_get_text(message, WIRE_LOCALE, request->locale, sizeof(request->locale));
    (void)wire_get_text(message, WIRE_SESSION, request->session, sizeof(request->session));
    read_words(message, WIRE_SERVICE, request->caller.service, sizeof(request->caller.service));
    read_words(message, WIRE_RHOST, request->caller.rhost, sizeof(request->caller.rhost));
    read_words(message, WIRE_TTY, request->caller.tty, sizeof(request->caller.tty));
    read_words(message, WIRE_RUSER, request->caller.ruser, sizeof(request->caller.ruser));
    (void)wire_get_text(message, WIRE_PERSON, request->caller.person,
                        sizeof(request->caller.person));
    MEDGL_TRY(read_secret(message, WIRE_AUTHTOK, &request->authtok));
    return read_secret(message, WIRE_OLDAUTHTOK, &request->oldauthtok);
}

static enum medgl_error receive_request(int fd, const char *root, struct request *request)
{
    auto_clean(wire_wipe) struct wire_message message;
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return MEDGL_ERR_PEER;
    request->caller.peer_uid = peer.uid;
    /* MUST: an ordinary user has its share before it is waited for. */
    if (peer.uid != 0 && peer.uid != geteuid())
        MEDGL_TRY(share_take(root, peer.uid, &request->share));
    if (wire_receive(fd, &message, REQUEST_MS) != 0)
        return MEDGL_ERR_PEER;
    return read_request(&message, request);
}

static void log_no_request(const struct request *request, enum medgl_error error)
{
    if (error == MEDGL_ERR_REFUSED)
        log_line(LOG_WARNING,
                 "hung up on uid %u, for which %d conversations are open already: look what that "
                 "user's programs do",
                 (unsigned)request->caller.peer_uid, SHARE_MAX);
    else if (error == MEDGL_ERR_PEER)
        log_line(LOG_WARNING, "a caller sent no valid request: module and engine must be of one "
                              "version, install the package again");
    else
        log_line(LOG_ERR, "cannot begin (%s): run medgl-admin doctor", medgl_error_text(error));
}

/* Messages in the language of the host, where the name is harmless and the system knows it. */
static void choose_language(const char *locale)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-";
    if (locale[0] == '\0' || locale[strspn(locale, allowed)] != '\0')
        return;
    (void)setlocale(LC_CTYPE, locale);
    (void)setlocale(LC_MESSAGES, locale);
    (void)bindtextdomain(MESSAGE_DOMAIN, MEDGL_LOCALEDIR);
    (void)bind_textdomain_codeset(MESSAGE_DOMAIN, "UTF-8");
}

/* -- who may ask ---------------------------------------------------------------------------- */

/* MUSTs:
 * - uid 0 may ask about anyone.
 * - Where the caller's uid is the engine's own there is no boundary: it may ask as root may.
 * - Any other uid may ask about itself alone, by the name that the system gives that uid, and only
 *   to authenticate, for the account's state, and to change the password.
 * - The uid is the kernel's word (SO_PEERCRED), never the caller's. */
enum serve_right serve_right(uid_t peer, uid_t own, const uid_t *user, enum wire_call call)
{
    if (peer == 0 || peer == own)
        return SERVE_TRUSTED;
    if (user == NULL || *user != peer)
        return SERVE_REFUSED;
    switch (call) {
    case WIRE_CALL_AUTHENTICATE:
    case WIRE_CALL_ACCOUNT:
    case WIRE_CALL_CHAUTHTOK_PRELIM:
    case WIRE_CALL_CHAUTHTOK_UPDATE:
        return SERVE_ITSELF;
    case WIRE_CALL_OPEN_SESSION:
    case WIRE_CALL_CLOSE_SESSION:
        break;
    }
    return SERVE_REFUSED;
}

/* Refuses, or says whether the caller's words are believed. */
static bool admit(struct request *request)
{
    uid_t peer = request->caller.peer_uid;
    enum serve_right right = serve_right(peer, geteuid(), NULL, request->call);
    if (right == SERVE_REFUSED) { /* who is trusted costs no look-up */
        const struct passwd *user = getpwnam(request->user);
        right = serve_right(peer, geteuid(), user == NULL ? NULL : &user->pw_uid, request->call);
    }
    /* MUST: that another module proved the first factor is believed from trusted callers alone, or
     * everybody could clear the failures counted against themselves. */
    if (right == SERVE_ITSELF && (request->flags & WIRE_FLAG_FACTOR_ONLY) != 0)
        right = SERVE_REFUSED;
    request->caller.trusted = right == SERVE_TRUSTED;
    if (right == SERVE_REFUSED)
        log_line(LOG_WARNING,
                 "refused uid %u, which asked about another user or for what is root's (call %d, "
                 "service \"%s\"): if this is a program of yours, run it as root",
                 (unsigned)peer, (int)request->call, request->caller.service);
    return right != SERVE_REFUSED;
}

/* -- verdicts ------------------------------------------------------------------------------- */

static enum wire_result login_result(enum login_verdict verdict)
{
    switch (verdict) {
    case LOGIN_ALLOWED:
        return WIRE_RESULT_SUCCESS;
    case LOGIN_NOT_ENROLLED:
        return WIRE_RESULT_NOT_ENROLLED;
    case LOGIN_ABORTED:
        return WIRE_RESULT_CONV_ERR;
    case LOGIN_REFUSED:
        break;
    }
    return WIRE_RESULT_AUTH_ERR;
}

static enum wire_result access_result(enum access_verdict verdict)
{
    switch (verdict) {
    case ACCESS_ALLOWED:
        return WIRE_RESULT_SUCCESS;
    case ACCESS_NOT_ENROLLED:
        return WIRE_RESULT_NOT_ENROLLED;
    case ACCESS_CHANGE_DUE:
        return WIRE_RESULT_CHANGE_DUE;
    case ACCESS_EXPIRED:
        return WIRE_RESULT_ACCT_EXPIRED;
    case ACCESS_DENIED:
        break;
    }
    return WIRE_RESULT_PERM_DENIED;
}

/* `success` is the one verdict by which this phase has done something. */
static enum wire_result change_result(enum change_verdict verdict, enum change_verdict success)
{
    switch (verdict) {
    case CHANGE_DONE:
    case CHANGE_READY:
        return verdict == success ? WIRE_RESULT_SUCCESS : WIRE_RESULT_AUTHTOK_ERR;
    case CHANGE_NOT_DUE: /* in both phases: all that had to be changed was */
        return WIRE_RESULT_SUCCESS;
    case CHANGE_NOT_ENROLLED:
        return WIRE_RESULT_NOT_ENROLLED;
    case CHANGE_WRONG_CURRENT:
        return WIRE_RESULT_AUTH_ERR;
    case CHANGE_TRIES_USED:
        return WIRE_RESULT_MAXTRIES;
    case CHANGE_NOT_OWNER:
        return WIRE_RESULT_PERM_DENIED;
    case CHANGE_ABORTED:
        return WIRE_RESULT_CONV_ERR;
    case CHANGE_TOO_SOON:
    case CHANGE_REFUSED:
        break;
    }
    return WIRE_RESULT_AUTHTOK_ERR;
}

/* MUST: what is refused is refused of sudo, too, which goes on after a failed session. */
static enum wire_result session_result(enum wire_call call, enum session_verdict verdict)
{
    switch (verdict) {
    case SESSION_DONE:
        return WIRE_RESULT_SUCCESS;
    case SESSION_NOT_ENROLLED:
        return WIRE_RESULT_NOT_ENROLLED;
    case SESSION_OUTSIDER:
        return WIRE_RESULT_SESSION_ERR;
    case SESSION_REFUSED:
        break;
    }
    return call == WIRE_CALL_OPEN_SESSION ? WIRE_RESULT_PERM_DENIED : WIRE_RESULT_SESSION_ERR;
}

/* -- calls ---------------------------------------------------------------------------------- */

static enum factor_mode factor_mode(unsigned flags)
{
    if ((flags & WIRE_FLAG_FACTOR_ONLY) != 0)
        return FACTOR_MODE_ONLY;
    return (flags & WIRE_FLAG_FACTOR_NONE) != 0 ? FACTOR_MODE_NONE : FACTOR_MODE_POLICY;
}

static enum medgl_error serve_login(struct context *context, const struct talk *talk,
                                    struct request *request, enum wire_result *result)
{
    enum login_verdict verdict = LOGIN_REFUSED;
    bool given = (request->flags & FIRST_PASSES) != 0 && request->authtok.len > 0;
    const struct login_request login = {
        .caller = &request->caller,
        .user = request->user,
        .given = given ? &request->authtok : NULL,
        .only_given = (request->flags & WIRE_FLAG_USE_FIRST_PASS) != 0,
        .factor = factor_mode(request->flags),
        .silent = (request->flags & WIRE_FLAG_SILENT) != 0,
        .person = request->person,
    };
    MEDGL_TRY(operation_login(context, talk, &login, &verdict));
    *result = login_result(verdict);
    return MEDGL_OK;
}

static enum medgl_error serve_access(struct context *context, const struct talk *talk,
                                     struct request *request, enum wire_result *result)
{
    enum access_verdict verdict = ACCESS_DENIED;
    const struct access_request access = {
        .caller = &request->caller,
        .user = request->user,
        .silent = (request->flags & WIRE_FLAG_SILENT) != 0,
        .person = request->person,
    };
    MEDGL_TRY(operation_access(context, talk, &access, &verdict));
    *result = access_result(verdict);
    return MEDGL_OK;
}

static enum medgl_error serve_change(struct context *context, const struct talk *talk,
                                     struct request *request, enum wire_result *result)
{
    enum change_verdict verdict = CHANGE_REFUSED;
    bool prelim = request->call == WIRE_CALL_CHAUTHTOK_PRELIM;
    const struct change_request change = {
        .caller = &request->caller,
        .user = request->user,
        .expired_only = (request->flags & WIRE_FLAG_EXPIRED) != 0,
        .current = request->oldauthtok.len > 0 ? &request->oldauthtok : NULL,
        .only_given = (request->flags & WIRE_FLAG_USE_FIRST_PASS) != 0,
        .silent = (request->flags & WIRE_FLAG_SILENT) != 0,
        .person = request->person,
    };
    MEDGL_TRY(prelim ? operation_change_prepare(context, talk, &change, &verdict)
                     : operation_change(context, talk, &change, &verdict));
    *result = change_result(verdict, prelim ? CHANGE_READY : CHANGE_DONE);
    return MEDGL_OK;
}

static enum medgl_error serve_session(struct context *context, const struct talk *talk,
                                      struct request *request, enum wire_result *result)
{
    enum session_verdict verdict = SESSION_REFUSED;
    bool silent = (request->flags & WIRE_FLAG_SILENT) != 0;
    if (request->call == WIRE_CALL_OPEN_SESSION)
        MEDGL_TRY(operation_session_open(context, talk, &request->caller, request->user, silent,
                                         &request->opening, &verdict));
    else
        MEDGL_TRY(operation_session_close(context, &request->caller, request->user,
                                          request->session, &verdict));
    *result = session_result(request->call, verdict);
    return MEDGL_OK;
}

static enum medgl_error serve_call(struct context *context, const struct talk *talk,
                                   struct request *request, enum wire_result *result)
{
    switch (request->call) {
    case WIRE_CALL_AUTHENTICATE:
        return serve_login(context, talk, request, result);
    case WIRE_CALL_ACCOUNT:
        return serve_access(context, talk, request, result);
    case WIRE_CALL_CHAUTHTOK_PRELIM:
    case WIRE_CALL_CHAUTHTOK_UPDATE:
        return serve_change(context, talk, request, result);
    case WIRE_CALL_OPEN_SESSION:
    case WIRE_CALL_CLOSE_SESSION:
        return serve_session(context, talk, request, result);
    }
    return MEDGL_ERR_PEER;
}

/* MUST: where the break-glass accounts cannot be looked at, nobody is left to the next module: it
 * could be one of theirs, and an envelope would not be asked for (R32). */
static enum wire_result serve_unsure(const struct context *context, enum wire_result result)
{
    if (result != WIRE_RESULT_NOT_ENROLLED || !context->unsure)
        return result;
    log_line(LOG_ERR, "who is not enrolled stays out as long as the break-glass accounts cannot be "
                      "looked at: run medgl-admin doctor");
    return WIRE_RESULT_UNAVAILABLE;
}

static enum wire_result decide(int fd, const char *root, struct request *request,
                               struct context *context)
{
    enum wire_result result = WIRE_RESULT_UNAVAILABLE;
    struct conversation conversation = {.fd = fd,
                                        .person_s = request->caller.trusted ? CONVERSATION_PERSON_S
                                                                            : CONVERSATION_SOCKET_S,
                                        .silent = (request->flags & WIRE_FLAG_SILENT) != 0,
                                        .broken = false};
    const struct talk talk = conversation_talk(&conversation);
    enum medgl_error error =
        context_open_of(root, CONTEXT_STATE, request->user, context); /* logs its failures */
    if (error != MEDGL_OK)
        return result;
    error = serve_call(context, &talk, request, &result);
    if (error == MEDGL_OK)
        return serve_unsure(context, result);
    log_line(LOG_ERR, "no verdict for service \"%s\": %s: run medgl-admin doctor",
             request->caller.service, medgl_error_text(error));
    return WIRE_RESULT_UNAVAILABLE;
}

/* Verdicts by which the call goes on: what is asked here is not asked again. */
static bool result_goes_on(enum wire_result result)
{
    return result == WIRE_RESULT_SUCCESS || result == WIRE_RESULT_CHANGE_DUE;
}

/* One that the host shall set (pam_putenv). */
static void put_variable(struct wire_message *verdict, const char *name, const char *value)
{
    char text[WIRE_TEXT_MAX + 1];
    (void)snprintf(text, sizeof(text), "%s=%s", name, value);
    wire_put_text(verdict, WIRE_ENVIRONMENT, text);
}

static void put_opening(struct wire_message *verdict, const struct session_opening *opening)
{
    char seconds[24];
    wire_put_text(verdict, WIRE_SESSION, opening->id);
    if (opening->idle_s > 0) { /* bash and ksh end by themselves (R04) */
        (void)snprintf(seconds, sizeof(seconds), "%" PRId64, opening->idle_s);
        put_variable(verdict, "TMOUT", seconds);
    }
    if (opening->until_s > 0)
        wire_put_number(verdict, WIRE_RUNTIME, (uint64_t)opening->until_s);
}

void serve(int fd, const char *root, const char *leader)
{
    auto_clean(request_clear) struct request request = {.share = -1};
    /* Closed after the verdict: what the store has to tidy up keeps nobody waiting. */
    auto_clean(context_close) struct context context = {.store = NULL};
    struct wire_message verdict;
    enum wire_result result = WIRE_RESULT_PERM_DENIED;
    (void)text_copy(request.caller.leader, sizeof(request.caller.leader), leader);
    enum medgl_error error = receive_request(fd, root, &request);
    if (error != MEDGL_OK) {
        log_no_request(&request, error);
        return;
    }
    log_open(LOG_TARGET_SYSLOG, "medgl-auth", (request.flags & WIRE_FLAG_DEBUG) != 0);
    log_line(LOG_DEBUG, "%s for service \"%s\", asked by uid %u", call_words[request.call],
             request.caller.service, (unsigned)request.caller.peer_uid);
    choose_language(request.locale);
    if (admit(&request))
        result = decide(fd, root, &request, &context);
    log_line(LOG_DEBUG, "%s: %s", call_words[request.call], result_words[result]);
    wire_begin(&verdict, WIRE_VERDICT);
    wire_put_number(&verdict, WIRE_RESULT, result);
    if (result_goes_on(result) && request.person[0] != '\0')
        put_variable(&verdict, PERSON_VARIABLE, request.person);
    if (request.call == WIRE_CALL_OPEN_SESSION && result == WIRE_RESULT_SUCCESS)
        put_opening(&verdict, &request.opening);
    if (wire_send(fd, &verdict, REQUEST_MS) != 0)
        log_line(LOG_WARNING, "the caller left before the verdict: %m: nothing to do unless it "
                              "happens often");
}
