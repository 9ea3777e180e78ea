/* What the benches share: private roots with accounts in them, logins through the real libpam, the
 * bare KDF, samples, and the lines of the table. Machines are noisy, so what is compared
 * is measured in turns, in one run, and medians are given. */
#ifndef MEDGL_TESTS_BENCH_BENCH_H
#define MEDGL_TESTS_BENCH_BENCH_H

#include "factor/kdf.h"
#include "operation/context.h"
#include "tests/pam/host.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_PEOPLE   14 /* accounts that are Unix users as well, and log in */
#define BENCH_PASSWORD "blue-Lantern-42-harbour"
#define BENCH_RHOST    "192.0.2.7"
#define BENCH_ANSWERS  3 /* to prompts, in order; NULL: none */

struct bench {
    char directory[40]; /* where private roots are made; removed at the end */
    uid_t owner;        /* of stores: the engine's user, or who runs the bench */
    gid_t group;
    const char *people[BENCH_PEOPLE];
    int64_t uids[BENCH_PEOPLE];
    bool quick;        /* to see that the benches work: the figures mean little */
    unsigned *missed;  /* goals that were not met */
    unsigned tries;    /* of each kind, where logins have to look alike */
    uint64_t accounts; /* in the large store; entries in the large ledger */
};

/* Says what did not work, and ends the bench. */
_Noreturn void bench_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define BENCH_MUST(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            bench_stop("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition);                \
    } while (0)

/* -- the benches; each prints its lines ------------------------------------------------------- */

void bench_login(const struct bench *bench);    /* over the bare KDF, and where the time goes */
void bench_accounts(const struct bench *bench); /* with few and with very many accounts */
void bench_crowd(const struct bench *bench);    /* logins per second */
void bench_memory(const struct bench *bench);   /* of 200 logins at once */
void bench_beside(const struct bench *bench);   /* what Debian has instead */
void bench_alike(const struct bench *bench);    /* unknown, wrong and locked (R23) */
void bench_history(const struct bench *bench);  /* a change with few and many former passwords */
void bench_flood(const struct bench *bench);    /* at the terminal, during a flood (R20) */
void bench_quality(const struct bench *bench);  /* judging one candidate */
void bench_report(const struct bench *bench);   /* the access log of very many entries */
void bench_append(const struct bench *bench);   /* entries per second, beside bare fsync */
void bench_verify(const struct bench *bench);   /* the evidence, beside bare SHA-256 */

/* -- private roots (place.c) ------------------------------------------------------------------ */

/* An installation with that many accounts, all with BENCH_PASSWORD at the policy's cost; of them
 * BENCH_PEOPLE are people of the bench, far apart. The store's own ledger tells of them all.
 * `policy` is the text of policy.conf. */
void place_make(const struct bench *bench, const char *policy, uint64_t accounts,
                struct sandbox *place);
/* Runs a function as the owner of the store, in a process of its own. It must return MEDGL_OK. */
void place_run(const struct bench *bench, const struct sandbox *place,
               enum medgl_error (*function)(struct context *context, void *argument),
               void *argument);
/* Enrols them; `context` is of an installation without accounts (fill.c). */
enum medgl_error place_fill(struct context *context, const struct bench *bench, uint64_t accounts);

/* -- logins and the bare KDF (place.c, process.c) -------------------------------------------------
 */

/* The milliseconds of pam_authenticate(). `host`, which may be NULL, tells what was said; `code` is
 * PAM's. Returns when the engine is gone. */
double login_once(const struct sandbox *place, const char *user, const char *rhost,
                  const char *const answers[BENCH_ANSWERS], struct host *host, int *code);
/* The same, and it must be a success. */
double login_good(const struct sandbox *place, const char *user, const char *rhost);

/* Where the bare KDF has its memory from. */
enum kdf_memory {
    KDF_MEMORY_LIBARGON2, /* as libargon2 does it: malloc(), pages of 4 KiB */
    KDF_MEMORY_HUGE, /* as the product does: its own pages, huge ones where the system has any */
};
/* The milliseconds of one Argon2id evaluation by libargon2 alone, in a new process. */
double kdf_once(const struct kdf_cost *cost, enum kdf_memory memory);
/* Evaluations per second by that many at once, each doing `each`; with `fresh` each evaluation in a
 * process of its own, as a login has one. */
double kdf_crowd(const struct kdf_cost *cost, unsigned processes, unsigned each, bool fresh);

/* -- processes and time ----------------------------------------------------------------------- */

double bench_now(void); /* milliseconds */
/* Runs body(argument, number) in that many processes at once, and waits for all of them and for the
 * engines that they left: the milliseconds from the common start to the last end. */
double bench_together(unsigned count, bool (*body)(void *argument, unsigned number),
                      void *argument);
/* Waits until this process has no child, engines included. */
void bench_settle(void);

/* -- samples and lines (sample.c) ------------------------------------------------------------- */

struct sample {
    double *value;
    size_t count, room;
};
#define auto_sample auto_clean(sample_free)
void sample_free(struct sample *sample);
void sample_add(struct sample *sample, double value);
double sample_quantile(const struct sample *sample, double part); /* 0.5: the median */
double sample_median(const struct sample *sample);
double sample_mean(const struct sample *sample);
double sample_deviation(const struct sample *sample); /* the standard deviation */
/* The median of a[i] / b[i], and of a[i] - b[i], for what was measured side by side: what slowed
 * both down is not in it. */
double sample_ratio(const struct sample *a, const struct sample *b);
double sample_excess(const struct sample *a, const struct sample *b);
/* Welch's t of two samples; of the values below `most` alone. */
double sample_welch(const struct sample *a, const struct sample *b, double most);

void line_head(const char *title);
/* A figure with a goal that it must not exceed (or, with `least`, not fall below), and one without.
 * A goal that is missed is counted. */
void line_goal(const struct bench *bench, const char *name, double value, const char *unit,
               double goal, bool least);
void line_info(const char *name, double value, const char *unit);
void line_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
