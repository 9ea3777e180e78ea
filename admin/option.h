/* The table of all options of all verbs. */
#ifndef MEDGL_ADMIN_OPTION_H
#define MEDGL_ADMIN_OPTION_H

#include "base/message.h"

#include <assert.h>
#include <limits.h>

/* X(ENUM, name, value or NULL, check of admin/option_check.c, help): all options of all verbs. A
 * name means the same thing everywhere, but those of which a later one is the twin
 * (admin/options.c): no verb takes both. */
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
    X(CRITERION, "criterion", "WORD", check_criterion,                                             \
      N_("On what grounds an emergency is declared; the policy names them."))                      \
    X(DECIDED_BY, "decided-by", "TEXT", check_operator,                                            \
      N_("Who decided that an emergency begins, or is over: name and post."))                      \
    X(DRILL, "drill", NULL, NULL, N_("For practice: everything says that it is a drill."))         \
    X(PAGE, "page", NULL, NULL, N_("As a page to print and sign, in English and Japanese."))       \
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
    X(GRANT_KIND, "kind", "GRANT", check_grant_kind,                                               \
      N_("factor-waiver, out-of-hours or maintenance."))                                           \
    X(ON, "on", "DATE", check_day,                                                                 \
      N_("All of that day, instead of --since and --until: 2026-11-21, today, tomorrow."))         \
    X(WORK, "work", "TEXT", check_text, N_("What is to be done; shown at each login."))            \
    X(COMPANY, "company", "TEXT", check_company, N_("The company of maintenance staff."))          \
    X(UNCONFIRMED, "unconfirmed", NULL, NULL, N_("Only sessions that wait for confirmation."))     \
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
    X(VKEY, "vkey", "FILE", check_path, N_("The ledger's public key as it was kept elsewhere."))   \
    X(BREAKGLASS, "breakglass", NULL, NULL, N_("Of the ledger of the break-glass accounts alone."))

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

struct option_word {
    const char *name, *value, *help;
};
const struct option_word *option_word(enum option option);

#endif
