/* The command line of the system. It parses, confirms and prints; it decides nothing and never
 * touches the store itself. */
#ifndef MEDGL_ADMIN_ADMIN_H
#define MEDGL_ADMIN_ADMIN_H

#include "admin/courier.h"
#include "admin/option.h"
#include "admin/privileged.h"
#include "base/auto.h"
#include "base/message.h"
#include "factor/recovery.h"
#include "operation/context.h"
#include "operation/talk.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ADMIN_PROGRAM "medgl-admin"

/* -- exit codes ----------------------------------------------------------------------------- */

/* X(ENUM, number, meaning): what scripts rely on; the manual page is compared with it. */
#define ADMIN_EXITS(X)                                                                             \
    X(DONE, 0, N_("done"))                                                                         \
    X(REFUSED, 1, N_("refused by the rules, or a check found faults"))                             \
    X(USAGE, 2, N_("the command line is wrong, or a file named in it cannot be used"))             \
    X(NOT_FOUND, 3, N_("no such account, or no such Unix user"))                                   \
    X(UNUSABLE, 4,                                                                                 \
      N_("the store, a key, the policy or the output cannot be used, or a change was "             \
         "made and what belongs to it was not"))                                                   \
    X(EVIDENCE, 5, N_("the evidence does not verify"))

enum admin_exit {
#define ADMIN_EXIT_ENUM(id, number, meaning) ADMIN_##id = number,
    ADMIN_EXITS(ADMIN_EXIT_ENUM)
#undef ADMIN_EXIT_ENUM
};

/* A sentence for the operator on standard error, control characters made harmless. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit code that stands for an error of an operation on `name` ("" where there is none). Says
 * what went wrong; of MEDGL_ERR_REFUSED it says `why`, which may be NULL. */
enum admin_exit admin_failed(enum medgl_error error, const char *name, const char *why);

/* -- verbs and options ---------------------------------------------------------------------- */

#define ADMIN_CHECKPOINTS_MAX 64
#define ADMIN_ARCHIVES_MAX    256

struct admin;

/* What a verb needs before its function runs. */
enum verb_need {
    VERB_BARE, /* keeps the privilege it was started with: setup and doctor see to it themselves */
    VERB_NOTHING,         /* no store */
    VERB_READING_OF_NAME, /* NAME may be left out: then no store */
    VERB_READING,
    VERB_STATE,
};

/* Which installation it is about (operation/context.h). */
enum verb_place {
    VERB_MAIN = 0,   /* or, where it takes the NAME of an account, that which the account is in */
    VERB_BREAKGLASS, /* that of the break-glass accounts */
    VERB_BOTH,       /* both, where no account is named; see admin/place.h */
    VERB_OF_CLASS,   /* that of the accounts of --class */
};

/* One line of the table in verbs.c, from which parsing, help and the comparison with the manual
 * page come. */
struct verb {
    const char *noun, *word; /* word is "" where the noun says it all */
    enum admin_exit (*run)(struct admin *admin);
    option_set options,
        required; /* OPTION_BIT()s besides OPTIONS_EVERYWHERE; `required` are among `options` */
    enum verb_need need;
    bool named;   /* takes NAME */
    bool changes; /* the operator must be known (R06, R11) */
    const char *help;
    /* Where one option may stand in the place of NAME: that one, and which others go with the one
     * or the other alone. */
    option_set instead, with_instead, with_name;
    bool optional;  /* NAME may be left out */
    bool id;        /* it is an ID, or the beginning of one */
    bool seq;       /* it is the number of an entry */
    bool key;       /* it is "store" or "ledger" */
    bool number;    /* it is the number of an emergency */
    unsigned roles; /* who may beside root: ROLE_* of operation/role.h; 0: nobody */
    enum verb_place place;
};
const struct verb *admin_verbs(size_t *count);

struct options {
    const struct verb *verb;         /* NULL: --version, or help beyond one verb */
    const char *noun;                /* of `--help`; NULL: in general */
    const char *value[OPTION_COUNT]; /* NULL: not given; "" for one without value */
    const char *checkpoint[ADMIN_CHECKPOINTS_MAX];
    size_t checkpoint_count;
    const char *name; /* NULL: none, or an option in its place */
};

/* Everything that can be known to be wrong from the words alone is said here: ADMIN_USAGE. The
 * options --help, --version and
 * --json are filled in even then. */
enum admin_exit options_parse(struct options *options, int argc, char *const *argv);

/* The time of a checked option in the site's zone; not given: `*t` stays. ADMIN_USAGE, with a
 * complaint: clocks there leave that time out. Once the policy is known. */
enum admin_exit options_time(const struct options *options, enum option option, medgl_time *t);
/* --since and --until, likewise; ADMIN_USAGE also where nothing can lie between them. */
enum admin_exit options_period(const struct options *options, medgl_time *since,
                               medgl_time *until);
/* The day of a checked option in the site's zone, from its first moment to that of the next one.
 * ADMIN_USAGE, likewise. */
enum admin_exit options_day(const struct options *options, enum option option, medgl_time now,
                            medgl_time *since, medgl_time *until);
/* The span of a checked option in milliseconds, a month as 31 days; "none" is below 0, "" and not
 * given 0. */
int64_t options_span(const struct options *options, enum option option);
/* The words of --sort, in the order of enum access_order; NULL-terminated. */
const char *const *options_orders(void);
/* The words of --format, in the order of enum totp_import_form. */
const char *const *options_formats(void);
/* Whether the policy names the method; else says so, with the word that was meant. */
bool options_method(const char *method, const struct policy *policy);
/* Those of a certificate's subject that a card is told by. */
const char *const *options_attributes(void);
/* The number of a checked option, or `absent`. */
uint64_t options_number(const struct options *options, enum option option, uint64_t absent);
/* What was given, or "". */
const char *options_text(const struct options *options, enum option option);
/* The range of a checked option, both included; not given: everything. */
void options_range(const struct options *options, enum option option, uint64_t *first,
                   uint64_t *last);

/* The usage line of a verb: "account add NAME [--class CLASS] ...". `line` is malloc'ed, NULL
 * without memory. */
char *verb_usage(const struct verb *verb);

/* -- output --------------------------------------------------------------------------------- */

/* Standard output: tables for people, one JSON document for programs, or comma-separated values
 * (RFC 4180) for spreadsheets. */
struct output {
    bool json, csv;
    bool begun;  /* the JSON document is open */
    bool failed; /* something could not be written: told at the end */
};

enum column_type {
    COLUMN_TEXT,
    COLUMN_NUMBER,
    COLUMN_BOOL,
    COLUMN_TIME,
    COLUMN_BLOCK, /* text whose newlines stay: JSON only */
};
enum column_place {
    COLUMN_BOTH,
    COLUMN_WIDE, /* wrapped at the width of the terminal */
    COLUMN_JSON, /* not in tables for people */
};
struct column {
    const char *key;     /* in JSON */
    const char *heading; /* for people, N_() */
    enum column_type type;
    enum column_place place;
};

/* A value for a column; the column's type says which member counts. */
struct cell {
    const char *text; /* NULL and "": nothing */
    int64_t number;   /* of NUMBER, BOOL and TIME (0: never) */
    bool none;        /* of NUMBER: not known */
};
#define CELL_TEXT(value)   ((struct cell){.text = (value)})
#define CELL_NUMBER(value) ((struct cell){.number = (int64_t)(value)})
#define CELL_NONE          ((struct cell){.none = true})

enum table_shape {
    TABLE_LIST,   /* a row is a line */
    TABLE_RECORD, /* its one row is shown as lines of heading and value */
};
struct table;
/* Never NULL in effect: without memory output->failed is set and the rest does nothing. Columns are
 * borrowed. */
struct table *table_new(struct output *output, const char *name, enum table_shape shape,
                        const struct column *columns, size_t count);
/* Rows of this list leave at once, so that a million of them need no memory: nothing else may be
 * printed until table_print(). The only kind of table there is in CSV. */
void table_stream(struct table *table);
/* As many cells as there are columns. */
void table_row(struct table *table, const struct cell *cells);
void table_print(struct table **table); /* prints and frees; also for auto_clean() */
void table_free(struct table **table);
bool table_empty(const struct table *table);
/* table_print(); but of a list with no row people hear `none`. */
void table_print_or(struct output *output, struct table **table, const char *none);

#define SHORT_ID 8 /* of an id's 32 digits: enough for people to tell ids apart */

/* A sentence for people; nothing in JSON and CSV. */
void output_say(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes as they are; nothing in JSON and CSV. */
void output_raw(struct output *output, const void *bytes, size_t len);
/* An array of JSON values that are there as text already. */
void output_array_begin(struct output *output, const char *name);
void output_array_value(struct output *output, bool first, const char *json, size_t len);
void output_array_end(struct output *output);
/* The result of an act: its sentence for people, and for programs name and message. */
void output_result(struct output *output, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Closes the document and standard output. ADMIN_UNUSABLE when anything was not written. */
enum admin_exit output_close(struct output *output, enum admin_exit code);

/* -- who acts, and with what privilege ------------------------------------------------------ */

/* A new file that the operator named. A process of its own watches over it until it is known
 * whether it stays. */
struct guarded_file {
    int fd;
    int pipe;
    pid_t guard;
    const char *path;
};

struct identity {
    struct actor actor;
    uid_t owner; /* of keys and store: whom root becomes */
    gid_t group;
    bool from_root;
    uid_t person; /* whose files the options name: behind root, whoever logged in */
    gid_t person_group;
    char person_name[STORE_NAME_SIZE];
    char root[PATH_MAX]; /* "" or the private root, resolved */
};

/* A child that opens what is named while questions are answered (admin/opener.h). Zero: none. */
struct opener {
    int socket;
    pid_t child;
};

struct admin {
    struct options options;
    struct output output;
    struct identity identity;
    struct context context;
    struct context small; /* of a verb of both: the break-glass accounts'; its store is NULL where
                             there is none */
    bool partial;         /* of a verb of both: one of them cannot be opened, */
    enum medgl_error lacking; /* for this reason */
    struct guarded_file file; /* of --slip or --output; fd -1: none */
    bool file_stays;
    struct secret from;           /* what is in the file of --from, or --certificate */
    struct secret key;            /* of --key */
    struct secret document;       /* of --document */
    int input;                    /* of --from, where it is too large to be read whole;
                                     -1: none */
    struct privileged privileged; /* for what needs root after the commit */
    struct courier courier;       /* for what carries alerts, and prints slips */
    struct opener opener;
    char *checkpoint[ADMIN_CHECKPOINTS_MAX]; /* texts of --checkpoint */
    char *vkey;                              /* text of --vkey */
    struct {
        char *path[ADMIN_ARCHIVES_MAX];
        int fd[ADMIN_ARCHIVES_MAX];
        size_t count;
    } archive;  /* the files in the directory of --archive */
    int shadow; /* the shadow file, for verbs that take one; -1: none */
};

/* MUSTs:
 * - Nothing is opened for root that the person behind root could not open: FILEs named by options
 * are opened with the rights of the audit login uid, before privilege goes. The exceptions are the
 * system's own /etc/shadow (a private root's is opened with the rights of that root's owner), and
 * backups that belong to the store's owner, which are opened with that one's.
 * - Keys and store are opened after privilege is gone for good, and regaining it was tried and
 * failed.
 * - An act names who acted: the kernel's word where it has one; a name that the operator gives is
 * marked as such, and one that contradicts the kernel is refused. */
enum admin_exit identity_settle(struct admin *admin);
enum admin_exit identity_open_files(struct admin *admin);
enum admin_exit identity_drop(const struct identity *identity);
/* Root in a private root of somebody else's, whose links may lead anywhere: not even setup and
 * doctor keep privilege there. */
bool identity_is_guest(const struct identity *identity);
/* Lets go of the file: it stays, or is emptied and removed. */
enum admin_exit identity_release_file(struct guarded_file *file, bool stays);

/* What --archive opened. */
void files_close_archives(struct admin *admin);

/* The copy of a document, a regular file of at most what the policy can allow, in locked pages. */
enum admin_exit files_read_document(int fd, const char *path, struct secret *document);
/* All that comes from `fd`, in locked pages. `what` names it in complaints. */
enum admin_exit files_read(int fd, const char *what, struct secret *content);

/* Whether there is somebody to ask. */
bool ask_possible(void);
/* MUST: from the beginning on: a program that is stopped in a transaction holds the store for
 * everybody. Ctrl-Z waits until a question is asked; then it stops us, who hold nothing. */
void ask_hold_stops(void);
/* Whether that is at the terminal which this session controls: no other program reads along what
 * its owner does not know of. */
bool ask_is_ours(void);
/* One line, which is shown; "" where nothing was typed. MEDGL_ERR_ABORTED: the end of it all. */
enum medgl_error ask_line(const char *question, char *line, size_t size);
/* Asks on the terminal to type `word`. */
bool ask_to_type(const char *question, const char *word);
/* One line from the terminal on standard input, which shows nothing of it. The terminal is as it
 * was afterwards, also when a signal ends or stops the program. MEDGL_ERR_ABORTED: nothing came. */
enum medgl_error ask_secretly(const char *question, struct secret *answer);
/* Of a private key that was given (struct envelope_key); complains where nobody can be asked. */
enum medgl_error ask_passphrase(void *argument, struct secret *answer);

/* An operation speaks with who is at the terminal. MUST: ask_possible(). */
struct talk ask_talk(void);

/* -- codes (admin/codes.c) -------------------------------------------------------------------- */

/* Where recovery codes, and those of a waiver, go: either --slip FILE or --show, which needs a
 * terminal. ADMIN_USAGE, with a complaint. To be asked before anything is done. */
enum admin_exit codes_settle(const struct admin *admin);
/* Gives them out; called before the commit. `until`: of a waiver; 0: recovery codes. */
enum medgl_error codes_deliver(const struct admin *admin, const struct account *account,
                               const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                               medgl_time until);
/* After the commit: the slip stays, and the operator hears what to do with the codes. */
void codes_say(struct admin *admin, const char *name);

/* An error of an operation on the ledger, or of a report that reads it: one that was changed is
 * ADMIN_EVIDENCE. */
enum admin_exit ledger_failed(enum medgl_error error, const char *why);

/* -- verbs ---------------------------------------------------------------------------------- */

enum admin_exit setup_run(struct admin *admin);
enum admin_exit account_add(struct admin *admin);
enum admin_exit account_add_from(struct admin *admin); /* --from */
enum admin_exit account_set(struct admin *admin);
enum admin_exit account_import(struct admin *admin);
enum admin_exit account_shadow(struct admin *admin);
enum admin_exit account_list(struct admin *admin);
enum admin_exit account_show(struct admin *admin);
enum admin_exit account_explain(struct admin *admin);
enum admin_exit account_unlock(struct admin *admin);
enum admin_exit account_disable(struct admin *admin);
enum admin_exit account_enable(struct admin *admin);
enum admin_exit account_retire(struct admin *admin);
enum admin_exit password_reset(struct admin *admin);
enum admin_exit password_revoke(struct admin *admin);
enum admin_exit password_check(struct admin *admin);
enum admin_exit password_generate_some(struct admin *admin);
enum admin_exit totp_enrol(struct admin *admin);
enum admin_exit totp_import(struct admin *admin);
enum admin_exit totp_list(struct admin *admin);
enum admin_exit totp_remove(struct admin *admin);
enum admin_exit recovery_issue(struct admin *admin);
enum admin_exit recovery_list(struct admin *admin);
enum admin_exit recovery_revoke(struct admin *admin);
enum admin_exit card_look(struct admin *admin);
enum admin_exit card_enrol(struct admin *admin);
enum admin_exit card_list(struct admin *admin);
enum admin_exit card_remove(struct admin *admin);
enum admin_exit policy_show(struct admin *admin);
enum admin_exit policy_check_files(struct admin *admin);
void agreement_print(struct output *output, const struct policy *policy); /* R40 */
enum admin_exit ledger_show(struct admin *admin);
enum admin_exit ledger_verify(struct admin *admin);
enum admin_exit ledger_export(struct admin *admin);
enum admin_exit ledger_checkpoint(struct admin *admin);
enum admin_exit ledger_prove(struct admin *admin);
enum admin_exit ledger_document(struct admin *admin);
enum admin_exit ledger_archive(struct admin *admin);
enum admin_exit ledger_cosign(struct admin *admin);
enum admin_exit report_space(struct admin *admin);
enum admin_exit key_list(struct admin *admin);
enum admin_exit key_rotate(struct admin *admin);
enum admin_exit backup_create(struct admin *admin);
enum admin_exit backup_list(struct admin *admin);
enum admin_exit backup_verify(struct admin *admin);
enum admin_exit backup_restore(struct admin *admin);
enum admin_exit report_access(struct admin *admin);
enum admin_exit report_lockouts(struct admin *admin);
enum admin_exit report_dormant(struct admin *admin);
enum admin_exit report_readiness(struct admin *admin);
enum admin_exit report_emergency(struct admin *admin);
enum admin_exit report_drills(struct admin *admin);
enum admin_exit grant_add(struct admin *admin);
enum admin_exit grant_list(struct admin *admin);
enum admin_exit grant_revoke(struct admin *admin);
enum admin_exit session_list(struct admin *admin);
enum admin_exit session_end(struct admin *admin);
enum admin_exit breakglass_seal(struct admin *admin);
enum admin_exit breakglass_list(struct admin *admin);
enum admin_exit alert_list(struct admin *admin);
enum admin_exit alert_test(struct admin *admin);
enum admin_exit alert_retry(struct admin *admin);
enum admin_exit alert_deliver(struct admin *admin);
enum admin_exit maintenance_confirm(struct admin *admin);
enum admin_exit maintenance_end(struct admin *admin);
enum admin_exit report_maintenance(struct admin *admin);
enum admin_exit emergency_declare(struct admin *admin);
enum admin_exit emergency_recover(struct admin *admin);
enum admin_exit emergency_settle_now(struct admin *admin);
enum admin_exit emergency_review(struct admin *admin);
enum admin_exit emergency_status_show(struct admin *admin);
enum admin_exit emergency_list(struct admin *admin);
enum admin_exit doctor_run(struct admin *admin);

#endif
