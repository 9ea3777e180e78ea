/* A host program for tests of the built module through the real libpam: a private root, a service
 * file, a conversation that gives scripted answers and keeps what it was told. */
#ifndef MEDGL_TESTS_PAM_HOST_H
#define MEDGL_TESTS_PAM_HOST_H

#include <limits.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HOST_USER_UID 65534 /* the ordinary user that tests run by root become */

/* One private root. */
struct sandbox {
    char root[64];
};

/* Under it: an empty state owned by `owner`, a copy of that program as engine (NULL: none), and
 * tests/factorless.h. */
bool sandbox_make(struct sandbox *sandbox, uid_t owner, const char *engine);
/* The same in that directory instead of /tmp. */
bool sandbox_make_in(struct sandbox *sandbox, const char *directory, uid_t owner,
                     const char *engine);
bool sandbox_write(const struct sandbox *sandbox, const char *name, const char *content);
void sandbox_remove(const struct sandbox *sandbox);

/* The service "test": a copy of the module with the private root, unless `arguments` begin with
 * root=, and `arguments`. Behind it stands a module that answers PAM_MODULE_UNKNOWN, which is heard
 * when ours said PAM_IGNORE and only then. */
bool sandbox_service(const struct sandbox *sandbox, const char *module, const char *arguments);

/* Sessions of that service alone: our module, which is there already, and behind it that one. */
bool sandbox_sessions_with(const struct sandbox *sandbox, const char *behind);

struct host {
    const struct sandbox *sandbox;
    pam_handle_t *pamh;
    const char *answers[4]; /* to prompts, in order; NULL: the conversation fails */
    int asked;              /* prompts so far */
    char said[8192];        /* every message and prompt, one a line */
    bool wild;              /* answers change the user while they are given */
};

/* pam_start in the private root; "alice" where user is NULL. */
bool host_start(struct host *host, const struct sandbox *sandbox, const char *user);
void host_end(struct host *host);

enum host_call {
    HOST_AUTH,
    HOST_SETCRED,
    HOST_ACCT,
    HOST_CHAUTHTOK,
    HOST_OPEN,
    HOST_CLOSE
};
int host_call(struct host *host, enum host_call call);
/* What the call answers when no verdict can be had. */
int host_unavailable(enum host_call call);

/* Runs the scenario in a process of its own, as `uid` (root alone can choose). true: it returned
 * true, and a memory checker, where one watches, found nothing. */
bool host_run(uid_t uid, bool (*scenario)(const struct sandbox *, const void *),
              const struct sandbox *sandbox, const void *row);

/* In a scenario: says what did not hold, and ends it. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            host_complain(__FILE__, __LINE__, #condition);                                         \
            return false;                                                                          \
        }                                                                                          \
    } while (0)
void host_complain(const char *file, int line, const char *what);

#endif
