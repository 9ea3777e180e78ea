/* A private root with a real store, an enrolled user and an engine that can be disturbed; what a
 * person does there through libpam, and what the ledger says of it afterwards. No process that
 * forks another ever has the store open. */
#ifndef MEDGL_TESTS_FAULT_SCENE_H
#define MEDGL_TESTS_FAULT_SCENE_H

#include "tests/fault/board.h"
#include "tests/pam/host.h"

#include "ledger/entry.h"

#define SCENE_PASSWORD "Kazaguruma-7-mawaru"
#define SCENE_OTHER    "Minato.no 4-gatsu!"
#define SCENE_WRONG    "Wrong-guess-1234"
#define SCENE_LIMIT    5 /* failures of one source */

/* What the ledger says. */
struct tally {
    unsigned kinds[LEDGER_KIND_COUNT];
    unsigned counted; /* failures that count, and tries that were abandoned */
    unsigned faults;  /* found by `ledger verify` */
    char fault[256];  /* the last of them */
};

#define SCENE_FILES   5
#define SCENE_SCRATCH 2048

struct scene {
    struct sandbox sandbox;
    struct board *board;
    uid_t owner; /* of the store: whoever runs the test, an ordinary user where that is root */
    uid_t host;  /* runs the PAM application: the owner, or root */
    char user[64];
    unsigned char salt[BOARD_SALT]; /* of the password's hash */
    struct tally *tally;            /* shared with children */
    char *scratch;                  /* so is this, SCENE_SCRATCH bytes for what they find out */
    bool (*before)(void);           /* done in the process of a PAM call, as who runs the test */
    bool (*loaded)(void);           /* done there once the module is loaded */
    unsigned source;                /* of the last fresh one */
    char rhost[32];                 /* "": none */
    const char *tty;                /* NULL: none */
    unsigned guesses;
    char guess[32];
    struct scene_file {
        char *bytes; /* NULL: there was none */
        size_t len;
    } kept[SCENE_FILES];
};

/* What a password hash costs there. */
enum scene_cost {
    SCENE_CHEAP,  /* next to nothing, for what is about something else */
    SCENE_COSTLY, /* what the policy asks for: while one is made, others come */
};

/* Sets up, enrols the user and has the password changed to SCENE_PASSWORD. Says what failed. */
bool scene_make(struct scene *scene, uid_t host, enum scene_cost cost);
void scene_remove(struct scene *scene);
/* `medgl-admin setup`. */
bool scene_setup(const struct scene *scene);
/* An ordinary user: whoever runs the test, or somebody else where that is root. */
uid_t scene_ordinary(void);

/* "ROOT" + name. */
void scene_path(const struct scene *scene, const char *name, char path[PATH_MAX]);

/* Writes the policy that the tests share, and more. */
bool scene_policy(const struct scene *scene, const char *more);

/* Another address, from which nothing was tried yet. */
void scene_fresh_source(struct scene *scene);

/* A wrong password that was not tried yet: the same one again is no new guess. */
const char *scene_guess(struct scene *scene);

/* The store's files as they are now, and back again; while nobody has it open. */
bool scene_keep(struct scene *scene);
bool scene_restore(const struct scene *scene);

/* SQL as anybody can run it who may write the file, without the keys. */
bool scene_sql(const struct scene *scene, const char *sql);
/* Moves the journal into the database file, so that all of the store is in that. */
bool scene_settle(const struct scene *scene);

/* Waits until no engine is left: it ends after its verdict, and tidies the store up before. */
void scene_quiet(const struct scene *scene);

/* Counts from here on, and disturbs as planned. NULL: undisturbed. */
void scene_plan(struct scene *scene, const struct board_plan *plan);
/* Evaluations of the real hash that began since then. */
unsigned scene_evaluations(const struct scene *scene);
bool scene_logged(const struct scene *scene, const char *word);

/* One PAM call in a process of its own, with the answers to its prompts; not before the pipe
 * `gate`, where there is one, is closed. */
pid_t scene_start(const struct scene *scene, enum host_call call, const char *const *answers,
                  const int gate[2]);
/* Its PAM code; -1: the process ended otherwise. */
int scene_end(pid_t host);
int scene_call(const struct scene *scene, enum host_call call, const char *const *answers);
int scene_login(const struct scene *scene, const char *password);

/* `ledger verify`, and the counts. false: the store could not be read at all. */
bool scene_audit(struct scene *scene);
/* Lets other processes act on the store: as its owner, with the context open. */
struct context;
bool scene_act(struct scene *scene, bool (*act)(struct context *, struct scene *, const void *),
               const void *argument);
bool scene_unlock(struct scene *scene);

#endif
