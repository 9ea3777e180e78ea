/* A host program for tests of the built module through the real libpam. */
#include "tests/pam/host.h"

#include "base/auto.h"
#include "tests/factorless.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* -- the private root ----------------------------------------------------------------------- */

static bool make_directories(const char *root, const char *path)
{
    char whole[PATH_MAX];
    (void)snprintf(whole, sizeof(whole), "%s%s", root, path);
    char *slash = whole + strlen(root);
    do {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(whole, 0755) != 0 && errno != EEXIST)
            return false;
        if (slash != NULL)
            *slash = '/';
    } while (slash != NULL);
    return true;
}

/* A copy, because the ordinary user may not be able to reach the place of the build. */
static bool copy_program(const char *from, const char *to)
{
    auto_fd int in = open(from, O_RDONLY | O_CLOEXEC);
    auto_fd int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    ssize_t copied = in < 0 || out < 0 ? -1 : 1;
    while (copied > 0)
        copied = sendfile(out, in, NULL, 1 << 20);
    return copied == 0 && fchmod(out, 0755) == 0;
}

bool sandbox_make(struct sandbox *sandbox, uid_t owner, const char *engine)
{
    return sandbox_make_in(sandbox, "/tmp", owner, engine);
}

bool sandbox_make_in(struct sandbox *sandbox, const char *directory, uid_t owner,
                     const char *engine)
{
    char path[PATH_MAX];
    (void)snprintf(sandbox->root, sizeof(sandbox->root), "%s/medgl-pam-XXXXXX", directory);
    if (mkdtemp(sandbox->root) == NULL || chmod(sandbox->root, 0755) != 0 ||
        !make_directories(sandbox->root, MEDGL_LIBEXECDIR) ||
        !make_directories(sandbox->root, MEDGL_STATEDIR) ||
        !make_directories(sandbox->root, MEDGL_RUNDIR) ||
        !make_directories(sandbox->root, MEDGL_SYSCONFDIR) ||
        !make_directories(sandbox->root, MEDGL_VENDORDIR) ||
        !make_directories(sandbox->root, "/pam.d") ||
        !sandbox_write(sandbox, FACTORLESS_FILE, FACTORLESS_TEXT))
        return false;
    (void)snprintf(path, sizeof(path), "%s%s", sandbox->root, MEDGL_STATEDIR);
    if (owner != geteuid() && chown(path, owner, (gid_t)owner) != 0)
        return false;
    (void)snprintf(path, sizeof(path), "%s%s/medgl-auth", sandbox->root, MEDGL_LIBEXECDIR);
    return engine == NULL || copy_program(engine, path);
}

bool sandbox_write(const struct sandbox *sandbox, const char *name, const char *content)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", sandbox->root, name);
    auto_file FILE *file = fopen(path, "we");
    return file != NULL && fputs(content, file) >= 0 && fflush(file) == 0 && chmod(path, 0644) == 0;
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *where)
{
    (void)state;
    (void)kind;
    (void)where;
    return remove(path);
}

void sandbox_remove(const struct sandbox *sandbox)
{
    (void)nftw(sandbox->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool sandbox_service(const struct sandbox *sandbox, const char *module, const char *arguments)
{
    static const char *const types[] = {"auth", "account", "password", "session"};
    char content[4096], copy[PATH_MAX], root[80];
    size_t used = 0;
    (void)snprintf(copy, sizeof(copy), "%s/pam_medgl.so", sandbox->root);
    (void)snprintf(root, sizeof(root), "root=%s", sandbox->root);
    (void)unlink(copy);
    if (!copy_program(module, copy))
        return false;
    for (size_t i = 0; i < MEDGL_COUNT(types); i++) {
        int len = snprintf(content + used, sizeof(content) - used,
                           "%s [success=done new_authtok_reqd=done ignore=ignore default=die] "
                           "%s %s %s\n"
                           "%s required pam_debug.so auth=module_unknown cred=success "
                           "acct=module_unknown prechauthtok=module_unknown "
                           "chauthtok=module_unknown open_session=module_unknown "
                           "close_session=module_unknown\n",
                           types[i], copy, strncmp(arguments, "root=", 5) == 0 ? "" : root,
                           arguments, types[i]);
        used += (size_t)len;
        if (used >= sizeof(content))
            return false;
    }
    return sandbox_write(sandbox, "pam.d/test", content);
}

bool sandbox_sessions_with(const struct sandbox *sandbox, const char *behind)
{
    char content[512], copy[96];
    (void)snprintf(copy, sizeof(copy), "%s/pam_behind.so", sandbox->root);
    (void)snprintf(content, sizeof(content),
                   "session required %s/pam_medgl.so root=%s\nsession required %s\n", sandbox->root,
                   sandbox->root, copy);
    return copy_program(behind, copy) && sandbox_write(sandbox, "pam.d/test", content);
}

/* -- the conversation ----------------------------------------------------------------------- */

static void keep(struct host *host, const char *text)
{
    size_t used = strlen(host->said);
    (void)snprintf(host->said + used, sizeof(host->said) - used, "%s\n", text);
}

static int answer_one(struct host *host, const struct pam_message *message,
                      struct pam_response *response)
{
    keep(host, message->msg);
    if (message->msg_style != PAM_PROMPT_ECHO_OFF && message->msg_style != PAM_PROMPT_ECHO_ON)
        return PAM_SUCCESS;
    if (host->asked == (int)MEDGL_COUNT(host->answers) || host->answers[host->asked] == NULL)
        return PAM_CONV_ERR;
    if (host->wild && pam_set_item(host->pamh, PAM_USER, "mallory") != PAM_SUCCESS)
        return PAM_CONV_ERR;
    response->resp = strdup(host->answers[host->asked++]);
    return response->resp == NULL ? PAM_CONV_ERR : PAM_SUCCESS;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    auto_free struct pam_response *mine = calloc((size_t)count, sizeof(*mine));
    if (mine == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        int code = answer_one(data, messages[i], &mine[i]);
        if (code != PAM_SUCCESS)
            return code;
    }
    *responses = auto_give(mine);
    return PAM_SUCCESS;
}

bool host_start(struct host *host, const struct sandbox *sandbox, const char *user)
{
    const struct pam_conv conv = {converse, host};
    char directory[PATH_MAX];
    host->sandbox = sandbox;
    (void)snprintf(directory, sizeof(directory), "%s/pam.d", sandbox->root);
    return pam_start_confdir("test", user == NULL ? "alice" : user, &conv, directory,
                             &host->pamh) == PAM_SUCCESS;
}

void host_end(struct host *host)
{
    (void)pam_end(host->pamh, PAM_SUCCESS);
}

int host_call(struct host *host, enum host_call call)
{
    switch (call) {
    case HOST_AUTH:
        return pam_authenticate(host->pamh, 0);
    case HOST_SETCRED:
        return pam_setcred(host->pamh, PAM_ESTABLISH_CRED);
    case HOST_ACCT:
        return pam_acct_mgmt(host->pamh, 0);
    case HOST_CHAUTHTOK:
        return pam_chauthtok(host->pamh, 0);
    case HOST_OPEN:
        return pam_open_session(host->pamh, 0);
    case HOST_CLOSE:
        return pam_close_session(host->pamh, 0);
    }
    return PAM_SYSTEM_ERR;
}

int host_unavailable(enum host_call call)
{
    return call == HOST_OPEN || call == HOST_CLOSE ? PAM_SESSION_ERR : PAM_AUTHINFO_UNAVAIL;
}

/* -- processes ------------------------------------------------------------------------------ */

void host_complain(const char *file, int line, const char *what)
{
    char text[512];
    int len = snprintf(text, sizeof(text), "# %s:%d: does not hold: %s\n", file, line, what);
    if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0)
        _exit(2);
}

bool host_run(uid_t uid, bool (*scenario)(const struct sandbox *, const void *),
              const struct sandbox *sandbox, const void *row)
{
    int status = -1;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        gid_t gid = (gid_t)uid;
        if (uid != geteuid() && (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
                                 setresuid(uid, uid, uid) != 0))
            _exit(3);
        _exit(scenario(sandbox, row) ? 0 : 1);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        (void)fprintf(stderr, "# the host ended with status 0x%x\n", (unsigned)status);
    return status == 0;
}
