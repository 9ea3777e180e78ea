/* The program that speaks to the driver: started, asked, ended. What it says is looked at here;
 * nothing of it is believed. */
#include "operation/card_reader.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "operation/card_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HELPER_FD     3 /* its only descriptor besides 0..2 (WIRE_FD of the engine) */
#define MODULE_MAX    ((size_t)1 << 28) /* bytes */
#define CLOSE_MS      500               /* for logging out of the card, when all was said */
#define END_MS        3000              /* for ending what the driver left */
#define LOOK_SAID_MAX (CARD_TOKENS_MAX * (1 + CARD_CERTIFICATES_MAX))
#define SIGN_SAID_MAX 1

/* medgl-card while it runs. */
struct helper {
    pid_t pid;
    int process; /* pidfd */
    int socket;
    int64_t deadline;
};

void card_tokens_free(struct card_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        for (size_t k = 0; k < tokens->token[i].count; k++)
            free(tokens->token[i].certificate[k].der);
    *tokens = (struct card_tokens){0};
}

/* -- its life --------------------------------------------------------------------------------- */

/* Whether nobody else can put another file where this one is; in a sticky directory nobody can. */
static bool module_stays(const char *real)
{
    char above[PATH_MAX];
    struct stat st;
    (void)snprintf(above, sizeof(above), "%s", real);
    for (char *at = strrchr(above, '/'); at != NULL; at = strrchr(above, '/')) {
        at[at == above ? 1 : 0] = '\0';
        if (stat(above, &st) != 0 || (st.st_uid != 0 && st.st_uid != geteuid()) ||
            ((st.st_mode & 0022) != 0 && (st.st_mode & S_ISVTX) == 0))
            return false;
        if (at == above)
            return true;
    }
    return false;
}

/* Links are the packages' own. */
enum medgl_error card_module_check(const char *module, char real[PATH_MAX])
{
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = MODULE_MAX};
    auto_fd int fd = -1;
    if (module[0] != '/')
        return MEDGL_ERR_ARGUMENT;
    if (realpath(module, real) == NULL)
        return medgl_error_from_errno(errno);
    if (!module_stays(real))
        return MEDGL_ERR_ACCESS;
    return file_open_trusted(real, &rule, &fd);
}

static _Noreturn void helper_become(const char *program, int socket)
{
    char *const argv[] = {(char *)(uintptr_t) "medgl-card", NULL};
    char *const environment[] = {NULL};
    sigset_t none;
    for (int number = 1; number <= SIGRTMAX; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int high = fcntl(socket, F_DUPFD_CLOEXEC, HELPER_FD + 1);
    bool good = null >= 0 && high >= 0 && setsid() >= 0 && chdir("/") == 0;
    for (int fd = STDIN_FILENO; good && fd <= STDERR_FILENO; fd++)
        good = (null == fd ? fcntl(fd, F_SETFD, 0) : dup2(null, fd)) >= 0;
    if (good && dup2(high, HELPER_FD) == HELPER_FD &&
        close_range(HELPER_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        (void)execve(program, argv, environment);
    _exit(127);
}

static enum medgl_error helper_begin(const struct card_driver *driver, struct helper *helper)
{
    int ends[2];
    *helper = (struct helper){.process = -1, .socket = -1};
    helper->deadline = clock_monotonic() + driver->timeout_ms;
    if (access(driver->program, X_OK) != 0)
        return medgl_error_from_errno(errno);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return medgl_error_from_errno(errno);
    helper->socket = ends[0];
    helper->pid = fork();
    if (helper->pid == 0)
        helper_become(driver->program, ends[1]);
    int failed = errno;
    (void)close(ends[1]);
    if (helper->pid < 0)
        return medgl_error_from_errno(failed);
    helper->process = pidfd_open(helper->pid, 0);
    return MEDGL_OK;
}

/* Whether something of `events` is there, or the process ended, in that time. */
static bool helper_wait(const struct helper *helper, short events, int64_t until)
{
    struct pollfd ends[] = {{.fd = helper->socket, .events = events},
                            {.fd = helper->process, .events = POLLIN}};
    for (;;) {
        int64_t left = until - clock_monotonic();
        int ready = poll(ends, MEDGL_COUNT(ends), left > 0 ? (int)left : 0);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
        if (left <= 0)
            return false;
    }
}

/* Without the socket it ends all that the driver left, then itself; the last means is a signal. */
static void helper_end(struct helper *helper)
{
    if (helper->socket >= 0)
        (void)close(helper->socket);
    helper->socket = -1;
    if (helper->pid <= 0)
        return;
    if (!helper_wait(helper, 0, clock_monotonic() + END_MS))
        (void)kill(helper->pid, SIGKILL);
    while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    helper->pid = 0;
    if (helper->process >= 0)
        (void)close(helper->process);
    helper->process = -1;
}

/* The card is logged out of by the driver itself, when it has said all: not for long. */
static void helper_let_end(struct helper *helper)
{
    struct pollfd end = {.fd = helper->process, .events = POLLIN};
    int64_t until = clock_monotonic() + CLOSE_MS;
    for (int64_t left = CLOSE_MS; left > 0; left = until - clock_monotonic())
        if (poll(&end, 1, (int)left) >= 0 || errno != EINTR)
            break;
}

/* -- what is said ----------------------------------------------------------------------------- */

static enum card_trouble helper_tell(const struct helper *helper, const struct card_order *order)
{
    ssize_t sent = send(helper->socket, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == (ssize_t)sizeof(*order) ? CARD_TROUBLE_NONE : CARD_TROUBLE_DRIVER;
}

/* One packet. NONE: it is whole. What came before the process ended is heard still. */
static enum card_trouble helper_hear(const struct helper *helper, struct card_said *said)
{
    struct pollfd process = {.fd = helper->process, .events = POLLIN};
    for (bool gone = false;; gone = poll(&process, 1, 0) > 0) {
        ssize_t got = recv(helper->socket, said, sizeof(*said), MSG_DONTWAIT | MSG_TRUNC);
        if (got == (ssize_t)sizeof(*said))
            return CARD_TROUBLE_NONE;
        if (got >= 0 || gone || (errno != EAGAIN && errno != EINTR))
            return CARD_TROUBLE_DRIVER;
        if (!helper_wait(helper, POLLIN, helper->deadline))
            return CARD_TROUBLE_TIME;
    }
}

/* A text that came over is ended and printable, or what came is no answer. */
static bool said_text(char *to, size_t size, const char *from)
{
    if (memchr(from, '\0', size) == NULL || !text_is_printable(from))
        return false;
    return text_copy(to, size, from) == MEDGL_OK;
}

static bool said_tries(uint32_t number, enum card_tries *tries)
{
    *tries = CARD_TRIES_UNKNOWN;
    if (number > CARD_TRIES_LOCKED)
        return false;
    *tries = (enum card_tries)number;
    return true;
}

static bool take_token(const struct card_said *said, struct card_tokens *tokens)
{
    if (tokens->count == CARD_TOKENS_MAX)
        return false;
    struct card_token *token = &tokens->token[tokens->count];
    *token = (struct card_token){.pinpad = said->token.pinpad != 0,
                                 .readable = said->token.readable != 0,
                                 .asks = said->token.asks != 0};
    if (!said_text(token->reader, sizeof(token->reader), said->token.reader) ||
        !said_text(token->label, sizeof(token->label), said->token.label) ||
        !said_text(token->serial, sizeof(token->serial), said->token.serial) ||
        !said_tries(said->token.tries, &token->tries))
        return false;
    if (said->token.pin_most > 0 && said->token.pin_least <= said->token.pin_most) {
        token->pin_least = said->token.pin_least;
        token->pin_most = said->token.pin_most;
    }
    tokens->count++;
    return true;
}

static bool take_certificate(const struct card_said *said, struct card_tokens *tokens)
{
    if (tokens->count == 0 || said->certificate.id_len == 0 ||
        said->certificate.id_len > CARD_ID_MAX || said->certificate.der_len == 0 ||
        said->certificate.der_len > CARD_CERTIFICATE_MAX)
        return false;
    struct card_token *token = &tokens->token[tokens->count - 1];
    if (token->count == CARD_CERTIFICATES_MAX)
        return false;
    unsigned char *der = malloc(said->certificate.der_len);
    if (der == NULL)
        return false;
    memcpy(der, said->certificate.der, said->certificate.der_len);
    memcpy(token->certificate[token->count].id, said->certificate.id, said->certificate.id_len);
    token->certificate[token->count].id_len = said->certificate.id_len;
    token->certificate[token->count].der = der;
    token->certificate[token->count].der_len = said->certificate.der_len;
    token->certificate[token->count].pss = said->certificate.pss != 0;
    token->count++;
    return true;
}

/* What an order gets: one of the two. */
struct taking {
    struct card_tokens *tokens;
    unsigned char *signature;
    size_t *len;
    enum card_tries tries;
};

static bool take_signature(const struct card_said *said, const struct taking *taking)
{
    if (said->signature.len == 0 || said->signature.len > CARD_SIGNATURE_MAX)
        return false;
    memcpy(taking->signature, said->signature.bytes, said->signature.len);
    *taking->len = said->signature.len;
    return true;
}

static enum card_trouble take_end(const struct card_said *said, struct taking *taking)
{
    if (said->end.trouble >= CARD_TROUBLE_UNTRUSTED || !said_tries(said->end.tries, &taking->tries))
        return CARD_TROUBLE_DRIVER;
    return (enum card_trouble)said->end.trouble;
}

/* All that is said until the end; no more than an honest one says. */
static enum card_trouble helper_listen(const struct helper *helper, struct taking *taking)
{
    const size_t most = taking->tokens != NULL ? LOOK_SAID_MAX : SIGN_SAID_MAX;
    auto_free struct card_said *said = malloc(sizeof(*said));
    enum card_trouble trouble = said != NULL ? CARD_TROUBLE_NONE : CARD_TROUBLE_DRIVER;
    for (size_t heard = 0; trouble == CARD_TROUBLE_NONE; heard++) {
        bool good = false;
        trouble = helper_hear(helper, said);
        if (trouble != CARD_TROUBLE_NONE)
            return trouble;
        if (said->kind == CARD_SAID_END)
            return take_end(said, taking);
        if (heard < most && taking->tokens != NULL && said->kind == CARD_SAID_TOKEN)
            good = take_token(said, taking->tokens);
        else if (heard < most && taking->tokens != NULL && said->kind == CARD_SAID_CERTIFICATE)
            good = take_certificate(said, taking->tokens);
        else if (heard < most && taking->tokens == NULL && said->kind == CARD_SAID_SIGNATURE)
            good = take_signature(said, taking);
        if (!good)
            return CARD_TROUBLE_DRIVER;
    }
    return trouble;
}

/* -- orders ----------------------------------------------------------------------------------- */

static enum medgl_error reader_run(const struct card_driver *driver, struct card_order *order,
                                   struct taking *taking, enum card_trouble *trouble)
{
    struct helper helper;
    order->version = CARD_WIRE_VERSION;
    *trouble = CARD_TROUBLE_DRIVER;
    MEDGL_TRY(text_copy(order->root, sizeof(order->root), driver->root));
    enum medgl_error error = card_module_check(driver->module, order->module);
    if (error != MEDGL_OK) {
        log_line(LOG_ERR,
                 "the smartcard driver %s: %s: name one with card_module in the policy that "
                 "belongs to root and nobody else may write to, nor to the directories above it",
                 driver->module, medgl_error_text(error));
        if (error == MEDGL_ERR_ACCESS)
            *trouble = CARD_TROUBLE_UNTRUSTED;
        return error == MEDGL_ERR_MEMORY ? error : MEDGL_OK;
    }
    error = helper_begin(driver, &helper);
    if (error != MEDGL_OK) {
        log_line(LOG_ERR, "%s: %s: install the package again", driver->program,
                 medgl_error_text(error));
        helper_end(&helper);
        return error == MEDGL_ERR_MEMORY ? error : MEDGL_OK;
    }
    *trouble = helper_tell(&helper, order);
    if (*trouble == CARD_TROUBLE_NONE) {
        *trouble = helper_listen(&helper, taking);
        if (*trouble != CARD_TROUBLE_DRIVER && *trouble != CARD_TROUBLE_TIME)
            helper_let_end(&helper);
    }
    helper_end(&helper);
    return MEDGL_OK;
}

enum medgl_error card_reader_look(const struct card_driver *driver, struct card_tokens *tokens,
                                  enum card_trouble *trouble)
{
    struct taking taking = {.tokens = tokens};
    *tokens = (struct card_tokens){0};
    *trouble = CARD_TROUBLE_DRIVER;
    auto_free struct card_order *order = calloc(1, sizeof(*order));
    if (order == NULL)
        return MEDGL_ERR_MEMORY;
    order->kind = CARD_ORDER_LOOK;
    enum medgl_error error = reader_run(driver, order, &taking, trouble);
    if (error != MEDGL_OK || *trouble != CARD_TROUBLE_NONE)
        card_tokens_free(tokens);
    return error;
}

/* What no card's PIN is, or not this one's. */
static bool pin_fits(const struct card_token *token, const struct secret *pin)
{
    if (token->pinpad)
        return true;
    if (pin->len == 0 || pin->len > CARD_PIN_MAX || memchr(pin->bytes, '\0', pin->len) != NULL)
        return false;
    return token->pin_most == 0 || (pin->len >= token->pin_least && pin->len <= token->pin_most);
}

enum medgl_error card_reader_sign(const struct card_driver *driver, const struct card_token *token,
                                  size_t certificate, const struct secret *pin,
                                  enum card_scheme scheme,
                                  const unsigned char digest[CRYPTO_HASH_SIZE],
                                  unsigned char signature[CARD_SIGNATURE_MAX], size_t *len,
                                  enum card_tries *tries, enum card_trouble *trouble)
{
    struct taking taking = {.signature = signature, .len = len};
    auto_secret struct secret memory = SECRET_NONE;
    *len = 0;
    *tries = CARD_TRIES_UNKNOWN;
    *trouble = CARD_TROUBLE_PIN;
    if (certificate >= token->count || !pin_fits(token, pin))
        return MEDGL_OK;
    MEDGL_TRY(secret_alloc(&memory, sizeof(struct card_order)));
    struct card_order *order = (struct card_order *)(void *)memory.bytes;
    memset(order, 0, sizeof(*order));
    order->kind = CARD_ORDER_SIGN;
    order->scheme = scheme;
    MEDGL_TRY(text_copy(order->reader, sizeof(order->reader), token->reader));
    MEDGL_TRY(text_copy(order->serial, sizeof(order->serial), token->serial));
    order->id_len = token->certificate[certificate].id_len;
    memcpy(order->id, token->certificate[certificate].id, order->id_len);
    memcpy(order->digest, digest, sizeof(order->digest));
    if (!token->pinpad)
        memcpy(order->pin, pin->bytes, pin->len);
    enum medgl_error error = reader_run(driver, order, &taking, trouble);
    if (error == MEDGL_OK && *trouble == CARD_TROUBLE_NONE && *len == 0)
        *trouble = CARD_TROUBLE_DRIVER; /* an end without a signature */
    *tries = taking.tries;
    if (error != MEDGL_OK || *trouble != CARD_TROUBLE_NONE)
        *len = 0;
    return error;
}
