/* One entry of the evidence: a line of JSON (RFC 8259),
 * UTF-8, keys in a fixed order, no newline inside. */
#ifndef MEDGL_LEDGER_ENTRY_H
#define MEDGL_LEDGER_ENTRY_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What entries can be about: X(ENUM, "word", "one sentence for medgl-ledger(5)"). */
#define LEDGER_KINDS(X)                                                                            \
    X(SETUP, "setup", "The store and the keys were made.")                                         \
    X(ACCOUNT_ADD, "account.add", "A Unix user was enrolled.")                                     \
    X(ACCOUNT_DISABLE, "account.disable", "An account was disabled.")                              \
    X(ACCOUNT_ENABLE, "account.enable", "A disabled account was enabled again.")                   \
    X(ACCOUNT_RETIRE, "account.retire", "An account was ended for good; its id never returns.")    \
    X(ACCOUNT_CHANGE, "account.change",                                                            \
      "What is known of an account's owner, or its access rules, was changed.")                    \
    X(ACCOUNT_SHADOW, "account.shadow", "A Unix password in /etc/shadow was locked or unlocked.")  \
    X(ACCOUNT_UNLOCK, "account.unlock", "Failed tries were cleared by an administrator.")          \
    X(LOGIN_SUCCESS, "login.success", "A person proved who they are.")                             \
    X(LOGIN_FAILURE, "login.failure", "A try was refused.")                                        \
    X(LOGIN_ABANDONED, "login.abandoned", "A try ended without a verdict and counts as failed.")   \
    X(LOGIN_LOCKED, "login.locked", "A limit was reached; further tries are refused for a while.") \
    X(ACCESS_DENIED, "access.denied", "The account phase refused, whoever proved the identity.")   \
    X(PASSWORD_ISSUE, "password.issue", "An administrator had a random password issued.")          \
    X(PASSWORD_CHANGE, "password.change", "The owner set a new password.")                         \
    X(PASSWORD_REHASH, "password.rehash", "The hash was renewed at the policy's cost.")            \
    X(PASSWORD_IMPORT, "password.import", "A hash was taken over from /etc/shadow.")               \
    X(PASSWORD_JUDGE, "password.judge",                                                            \
      "A password was judged at a login under the rules in force.")                                \
    X(PASSWORD_GRACE, "password.grace", "A grace login was used after the password was due.")      \
    X(PASSWORD_REVOKE, "password.revoke", "A password was ended because it may have leaked.")      \
    X(FACTOR_ENROL, "factor.enrol", "An account got a second factor.")                             \
    X(FACTOR_REVOKE, "factor.revoke", "A second factor was taken away.")                           \
    X(GRANT_ADD, "grant.add", "An exception for an account was approved.")                         \
    X(GRANT_USE, "grant.use", "A login was possible by a grant.")                                  \
    X(GRANT_REVOKE, "grant.revoke", "An administrator ended a grant before its time.")             \
    X(GRANT_END, "grant.end", "A grant was found to be past its end.")                             \
    X(PASSWORD_RESET, "password.reset",                                                            \
      "The owner typed a new password after an operator had verified who they are.")               \
    X(ROLE_REFUSED, "role.refused", "An operator tried what their role does not allow.")           \
    X(DOCUMENT_READ, "document.read", "The copy of a document was opened.")                        \
    X(DOCUMENT_DESTROY, "document.destroy",                                                        \
      "The copy of a document was destroyed at the end of its retention.")                         \
    X(ARCHIVE, "ledger.archive", "The bodies of old entries were moved to a signed file.")         \
    X(COSIGN, "ledger.cosign", "Cosignatures of witnesses over a checkpoint were taken in.")       \
    X(CLOCK_BACK, "clock.back", "The clock stood before the time of an earlier entry.")            \
    X(KEY_ROTATE, "key.rotate", "A key was exchanged for another one.")                            \
    X(BACKUP_CREATE, "backup.create", "A backup was made.")                                        \
    X(BACKUP_VERIFY, "backup.verify", "A backup was opened, and a restore would work.")            \
    X(BACKUP_RESTORE, "backup.restore", "The store was put back from a backup.")                   \
    X(SESSION_OPEN, "session.open", "A session began.")                                            \
    X(SESSION_CLOSE, "session.close", "A session ended.")                                          \
    X(SESSION_LOST, "session.lost", "A session was found to be over, and nobody had said so.")     \
    X(SESSION_REFUSED, "session.refused",                                                          \
      "A session was refused: too many were open, or nobody said who uses a shared account.")      \
    X(SESSION_END, "session.end", "An administrator ended a session.")                             \
    X(POLICY_CHANGE, "policy.change", "The policy in force is another one than before.")           \
    X(BREAKGLASS_SEAL, "breakglass.seal", "A break-glass account got a new credential, sealed.")   \
    X(BREAKGLASS_USE, "breakglass.use", "The sealed credential of an account was used.")           \
    X(BREAKGLASS_PERSON, "breakglass.person",                                                      \
      "Who used a break-glass account said who they are, and why.")                                \
    X(BREAKGLASS_CLOSE, "breakglass.close",                                                        \
      "A used break-glass account was closed; it works again after it was sealed anew.")           \
    X(EMERGENCY_DECLARE, "emergency.declare", "An emergency or a drill began.")                    \
    X(EMERGENCY_RECOVER, "emergency.recover",                                                      \
      "An emergency or a drill ended, by an administrator or by its longest time.")                \
    X(EMERGENCY_REVIEW, "emergency.review", "What was done in an emergency was reviewed.")         \
    X(EMERGENCY_JOIN, "emergency.join",                                                            \
      "The head of the break-glass accounts' ledger was joined to this one.")                      \
    X(MAINTENANCE_CONFIRM, "maintenance.confirm",                                                  \
      "A responsible person confirmed the record of a maintenance session.")                       \
    X(ALERT_RAISE, "alert.raise", "An administrator is to be told.")                               \
    X(ALERT_DELIVER, "alert.deliver", "An alert reached all of its receivers.")

enum ledger_kind {
#define LEDGER_KIND_ENUM(id, word, help) LEDGER_##id,
    LEDGER_KINDS(LEDGER_KIND_ENUM)
#undef LEDGER_KIND_ENUM
    LEDGER_KIND_COUNT
};

/* "login.success", and its sentence. Never NULL for a member. */
const char *ledger_kind_word(enum ledger_kind kind);
const char *ledger_kind_help(enum ledger_kind kind);
enum medgl_error ledger_kind_parse(const char *word, enum ledger_kind *kind);

/* Who acted: the audit login uid of the process behind the act, and that uid's name. */
struct ledger_actor {
    int64_t uid;      /* -1: the kernel knows of none */
    const char *name; /* "" where unknown */
};

/* Whom it is about. */
struct ledger_subject {
    const char *account; /* account id, NULL: nobody enrolled */
    const char *name; /* login name, NULL likewise: an unknown one may be a password, never kept */
};

enum ledger_field_type {
    LEDGER_FIELD_TEXT,
    LEDGER_FIELD_NUMBER,
    LEDGER_FIELD_BOOL
};

/* One kind-specific field. Names: lower case with '_'. Text must be printable UTF-8. */
struct ledger_field {
    const char *name;
    enum ledger_field_type type;
    const char *text;
    int64_t number; /* also the BOOL: 0 or 1 */
};
#define LEDGER_FIELDS_MAX 24

/* Strings are borrowed. */
struct ledger_entry {
    uint64_t seq; /* from 0, the leaf's index in the tree */
    medgl_time time;
    bool clock_synchronised;
    const char *origin; /* the ledger's name, as in its checkpoints */
    enum ledger_kind kind;
    struct ledger_actor actor;
    struct ledger_subject subject;
    struct ledger_field fields[LEDGER_FIELDS_MAX];
    size_t field_count;
};

/* Adds a field; a NULL text or more than LEDGER_FIELDS_MAX is a MEDGL_ERR_ARGUMENT of
 * ledger_entry_encode(). */
void ledger_entry_text(struct ledger_entry *entry, const char *name, const char *text);
void ledger_entry_number(struct ledger_entry *entry, const char *name, int64_t number);
void ledger_entry_bool(struct ledger_entry *entry, const char *name, bool value);
void ledger_entry_time(struct ledger_entry *entry, const char *name, medgl_time t,
                       char buffer[CLOCK_TEXT_SIZE]);

/* A field by its name; NULL: the entry has none of that name and type. */
const struct ledger_field *ledger_entry_find(const struct ledger_entry *entry, const char *name,
                                             enum ledger_field_type type);
/* A text; "" where there is none. */
const char *ledger_entry_find_text(const struct ledger_entry *entry, const char *name);
/* A number; `none` where there is none. */
int64_t ledger_entry_find_number(const struct ledger_entry *entry, const char *name, int64_t none);

/* The line:
 * {"seq":0,"time":"2026-11-21T08:53:58.120Z","clock":"synchronised","origin":"...","kind":"...",
 * "actor":{"uid":1000,"name":"..."},"subject":{"account":"...","name":"..."},"details":{...}}.
 * `subject` is null where there is none. *line is malloc'ed and NUL-terminated; *len is without the
 * NUL. MEDGL_ERR_ARGUMENT: a text that is not printable UTF-8. */
enum medgl_error ledger_entry_encode(const struct ledger_entry *entry, char **line, size_t *len);

/* The fields alone as one JSON object (RFC 8259), for other programs: a NULL text becomes null, and
 * any valid UTF-8 will do. *text is malloc'ed. */
enum medgl_error ledger_fields_encode(const struct ledger_field *fields, size_t count, char **text);

/* A line read back, for show and verify. Owns its strings. */
struct ledger_parsed;
enum medgl_error ledger_entry_decode(const char *line, size_t len, struct ledger_parsed **parsed);
const struct ledger_entry *ledger_parsed_entry(const struct ledger_parsed *parsed);
void ledger_parsed_free(struct ledger_parsed **parsed); /* also for auto_clean() */

#endif
