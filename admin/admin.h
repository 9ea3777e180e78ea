/* The command line of the system. It parses, confirms and prints; it decides nothing and never
 * touches the store itself. */
#ifndef MEDGL_ADMIN_ADMIN_H
#define MEDGL_ADMIN_ADMIN_H

#include "admin/courier.h"
#include "admin/privileged.h"
#include "base/auto.h"
#include "base/message.h"
#include "factor/recovery.h"
#include "operation/context.h"
#include "operation/talk.h"

#include <assert.h>
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

/* -- options -------------------------------------------------------------------------------- */

/* X(ENUM, name, value or NULL, check, help): all options of all verbs. A name means the same thing
 * everywhere, but those of which a later one is the twin (admin/options.c): no verb takes both. */
#define ADMIN_OPTIONS(X)                                                                           \
    X(HELP, "help", NULL, NULL, N_("Say how the program, a noun or a verb is used."))              \
    X(VERSION, "version", NULL, NULL, N_("Say which version this is."))                            \
    X(JSON, "json", NULL, NULL, N_("Print JSON; times are RFC 3339 in UTC."))                      \
    X(ROOT, "root", "DIR", check_text, N_("Work on the installation under DIR."))                  \
    X(OPERATOR, "operator", "NAME", check_operator,                                                \
      N_("Who acts, where the kernel knows of no login."))                                         \
    X(ORIGIN, "origin", "NAME", check_origin,                                                      \
      N_("The ledger's name, for good; the default is HOSTNAME/medgl."))                           \
    X(CLASS, "class", "CLASS", check_class,                                                        \
      N_("staff (the default), privileged, maintenance or breakglass."))                           \
    X(FULL_NAME, "full-name", "TEXT", check_fact,                                                  \
      N_("The person's name; the default is what the Unix user database says."))                   \
    X(READING, "reading", "KANA", check_fact,                                                      \
      N_("How the name is read, in kana, with spaces between its parts."))                         \
    X(STAFF_NUMBER, "staff-number", "TEXT", check_fact, N_("The person's staff number."))          \
    X(BIRTH_DATE, "birth-date", "DATE", check_fact,                                                \
      N_("The person's date of birth: 1985-04-01, S60.4.1."))                                      \
    X(ALL_OR_NOTHING, "all-or-nothing", NULL, NULL,                                                \
      N_("Add nobody unless everybody in the file can be added."))                                 \
    X(ALL, "all", NULL, NULL, N_("All people in the shadow file who have a password."))            \
    X(SHADOW, "shadow", "FILE", check_path,                                                        \
      N_("Another file than /etc/shadow, of the same form."))                                      \
    X(DRY_RUN, "dry-run", NULL, NULL, N_("Check everything and say what would be done."))          \
    X(LOCK_SHADOW, "lock-shadow", NULL, NULL,                                                      \
      N_("Lock the Unix password of everybody who was taken over."))                               \
    X(LOCK, "lock", NULL, NULL, N_("Lock the Unix password."))                                     \
    X(UNLOCK, "unlock", NULL, NULL, N_("Unlock the Unix password again."))                         \
    X(REASON, "reason", "TEXT", check_text, N_("Why; it is kept in the ledger."))                  \
    X(SOURCE, "source", "SOURCE", check_source,                                                    \
      N_("Only the failed tries from there, as 'account show' names it."))                         \
    X(YES, "yes", NULL, NULL, N_("Do not ask for confirmation."))                                  \
    X(VERIFIED_BY, "verified-by", "METHOD", check_method,                                          \
      N_("How the person's identity was verified; the policy names the ways."))                    \
    X(SLIP, "slip", "FILE", check_path, N_("The new file that the password goes to."))             \
    X(NOTE, "note", "TEXT", check_text, N_("A remark for the ledger."))                            \
    X(SEQ, "seq", "FIRST[-LAST]", check_range,                                                     \
      N_("Only these entries: 5, 5-9, or 5- for all from there on."))                              \
    X(KIND, "kind", "KIND", check_kind, N_("Only entries of this kind."))                          \
    X(SUBJECT, "subject", "NAME", check_name, N_("Only entries about this account."))              \
    X(LAST, "last", "N", check_last, N_("Only the last N of them."))                               \
    X(CHECKPOINT, "checkpoint", "FILE", check_path,                                                \
      N_("A checkpoint that was kept elsewhere; may be given more than once."))                    \
    X(OUTPUT, "output", "FILE", check_path, N_("A new file to write to."))                         \
    X(FROM, "from", "FILE", check_path, N_("A file to read; nobody else may write to it."))        \
    X(SESSIONS, "sessions", NULL, NULL,                                                            \
      N_("End the open sessions too, with all processes of the account's uid."))                   \
    X(HOW_MANY, "count", "N", check_how_many, N_("How many; the default is 1."))                   \
    X(AGREEMENT, "agreement", NULL, NULL,                                                          \
      N_("Show the rules in force as sentences, in English and Japanese."))                        \
    X(HOURS, "hours", "RULE", check_rule, N_("When it may be used: Mon-Fri 08:00-20:00, always.")) \
    X(PLACES, "places", "RULE", check_rule,                                                        \
      N_("From where: console, local, 10.1.0.0/16, tty1, any."))                                   \
    X(SERVICES, "services", "RULE", check_rule, N_("Through which PAM services: sshd, su, any."))  \
    X(SESSIONS_MAX, "sessions-max", "N", check_sessions_max,                                       \
      N_("How many sessions may be open at the same time; 0: as the class says."))                 \
    X(IDLE, "idle", "SPAN", check_idle,                                                            \
      N_("After how long an unattended shell ends: 15 min, or none."))                             \
    X(SHARED, "shared", "ANSWER", check_answer,                                                    \
      N_("yes or no: whether more than one person uses it."))                                      \
    X(AT, "at", "TIME", check_time, N_("At this time instead of now: 2026-11-21 08:00."))          \
    X(PLACE, "from", "PLACE", check_place,                                                         \
      N_("From there: a source as 'account show' names it, an address, a network."))               \
    X(SERVICE, "service", "NAME", check_service, N_("Through this PAM service."))                  \
    X(ACCOUNT, "account", "NAME", check_name, N_("Only of this account."))                         \
    X(FACTOR, "factor", "FACTOR", check_factor, N_("Only where this factor was asked for."))       \
    X(RESULT, "result", "RESULT", check_result, N_("Only success, failure, locked or end."))       \
    X(SINCE, "since", "TIME", check_time, N_("Not before: 2026-11-21, 2026-11-21 08:00."))         \
    X(UNTIL, "until", "TIME", check_time, N_("Before this time."))                                 \
    X(SORT, "sort", "ORDER", check_order,                                                          \
      N_("By time (the default), account, source or service."))                                    \
    X(REVERSE, "reverse", NULL, NULL, N_("The other way round."))                                  \
    X(CSV, "csv", NULL, NULL, N_("Print comma-separated values for spreadsheets."))                \
    X(LOCKED, "locked", NULL, NULL, N_("Only what is closed now."))                                \
    X(AGE, "age", "SPAN", check_age, N_("Without a login for that long: 90 days, 6 months."))      \
    X(GRANT_KIND, "kind", "GRANT", check_grant_kind, N_("factor-waiver or out-of-hours."))         \
    X(APPROVED_BY, "approved-by", "NAME", check_operator,                                          \
      N_("Who approved it; not the person whom it is for."))                                       \
    X(INSTEAD, "instead", "WHAT", check_instead,                                                   \
      N_("What a waiver asks for instead: code (issued now) or recovery."))                        \
    X(CODES, "codes", "N", check_codes, N_("How many codes are issued; the default is 1."))        \
    X(OWN_FACTOR, "factor", "RULE", check_own_factor,                                              \
      N_("Whether a second factor is asked: required, optional, none or class."))                  \
    X(LACKING, "lacking", NULL, NULL, N_("Only who still needs a second factor."))                 \
    X(ALGORITHM, "algorithm", "WORD", check_algorithm,                                             \
      N_("sha1, sha256 or sha512; the default is the policy's."))                                  \
    X(DIGITS, "digits", "N", check_digits,                                                         \
      N_("How long codes are: 6 or 8; the default is the policy's."))                              \
    X(LABEL, "label", "TEXT", check_label, N_("What the person calls it, such as \"phone\"."))     \
    X(FORMAT, "format", "FORMAT", check_format, N_("Of what kind the file is."))                   \
    X(KEY, "key", "FILE", check_path, N_("A file with the key that secrets are encrypted with."))  \
    X(ASK_PASSWORD, "ask-password", NULL, NULL,                                                    \
      N_("Ask for the password that secrets are encrypted with."))                                 \
    X(SERIAL, "serial", "TEXT", check_label, N_("Only the one with this serial number."))          \
    X(CERTIFICATE, "certificate", "FILE", check_path,                                              \
      N_("The card's certificate (PEM or DER), instead of the card in the reader."))               \
    X(MATCH, "match", "WORD", check_match,                                                         \
      N_("How the card is told: certificate (the default), serial or subject."))                   \
    X(ATTRIBUTE, "attribute", "WORD", check_attribute,                                             \
      N_("Of the subject: CN, UID, serialNumber or emailAddress."))                                \
    X(ID, "id", "ID", check_label,                                                                 \
      N_("Only this one: its id, the beginning of it, or its label."))                             \
    X(SHOW, "show", NULL, NULL, N_("Show codes, or the slip, on this terminal, once."))            \
    X(FACTORS, "factors", NULL, NULL, N_("End second factors too: devices, cards and codes."))     \
    X(DELIVER, "deliver", "WAY", check_deliver,                                                    \
      N_("How the new password reaches its owner: at-terminal or slip."))                          \
    X(DOCUMENT, "document", "FILE", check_path,                                                    \
      N_("A scan or photo of the document that was shown."))                                       \
    X(REQUESTED_BY, "requested-by", "TEXT", check_operator,                                        \
      N_("Who asked for it, where it was not the person."))                                        \
    X(WITNESS, "witness", "NAME", check_name,                                                      \
      N_("A second person, who proves at the terminal who they are."))                             \
    X(ACTOR, "actor", "NAME", check_operator, N_("Only entries of what this operator did."))       \
    X(CONSISTENCY, "consistency", "SIZE", check_size,                                              \
      N_("Prove that the first SIZE entries are unchanged."))                                      \
    X(ARCHIVE, "archive", "DIR", check_path, N_("A directory with archives of old entries."))      \
    X(VKEY, "vkey", "FILE", check_path, N_("The ledger's public key as it was kept elsewhere."))

enum option {
#define ADMIN_OPTION_ENUM(id, name, value, check, help) OPTION_##id,
    ADMIN_OPTIONS(ADMIN_OPTION_ENUM)
#undef ADMIN_OPTION_ENUM
    OPTION_COUNT
};

/* A set of options. */
__extension__ typedef unsigned __int128 option_set;
static_assert(OPTION_COUNT <= sizeof(option_set) * CHAR_BIT, "an option has no bit");
#define OPTION_BIT(option) ((option_set)1 << (option))
#define OPTIONS_EVERYWHERE                                                                         \
    (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION) | OPTION_BIT(OPTION_JSON) |              \
     OPTION_BIT(OPTION_ROOT) | OPTION_BIT(OPTION_OPERATOR))

#define ADMIN_CHECKPOINTS_MAX 64
#define ADMIN_ARCHIVES_MAX    256

struct option_word {
    const char *name, *value, *help;
};
const struct option_word *option_word(enum option option);

struct admin;

/* What a verb needs before its function runs. */
enum verb_need {
    VERB_BARE, /* keeps the privilege it was started with: setup and doctor see to it themselves */
    VERB_NOTHING,         /* no store */
    VERB_READING_OF_NAME, /* NAME may be left out: then no store */
    VERB_READING,
    VERB_STATE,
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
    unsigned roles; /* who may beside root: ROLE_* of operation/role.h; 0: nobody */
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
enum admin_exit grant_add(struct admin *admin);
enum admin_exit grant_list(struct admin *admin);
enum admin_exit grant_revoke(struct admin *admin);
enum admin_exit session_list(struct admin *admin);
enum admin_exit session_end(struct admin *admin);
enum admin_exit alert_list(struct admin *admin);
enum admin_exit alert_test(struct admin *admin);
enum admin_exit alert_retry(struct admin *admin);
enum admin_exit alert_deliver(struct admin *admin);
enum admin_exit doctor_run(struct admin *admin);

#endif
