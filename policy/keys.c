/* The one table of keys, and the rules between their values. Never reads a file: policy/load.c
 * brings the values; how each type of them is written is in policy/key_value.c. */
#include "base/auto.h"
#include "base/message.h"
#include "policy/calendar.h"
#include "policy/emergency.h"
#include "policy/policy.h"
#include "policy/reset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MIB ((int64_t)1024 * 1024)
#define KEY_GIB (1024 * KEY_MIB)

/* The shortest two calendar months of R13 (1 January to 1 March, 31 December to 28 February). */
#define KEY_TWO_MONTHS_LEAST (59 * MEDGL_DAY)
/* RFC 9106 and OWASP: with less memory than this, one pass is too cheap to guess against. */
#define KEY_ONE_PASS_MEMORY (64 * KEY_MIB)
/* More than any machine spares for hashing: a slip in one of two numbers. */
#define KEY_KDF_TOTAL (64 * KEY_GIB)

/* A choice is stored through its number. */
_Static_assert(sizeof(enum policy_profile) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_unenrolled) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_rotation) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_answer) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_factor) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_enrol) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_recovery) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_factor_kinds) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_host) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_totp_algorithm) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_roles) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_outside) == sizeof(unsigned), "enum of another size");
_Static_assert(sizeof(enum policy_crl) == sizeof(unsigned), "enum of another size");

static const char *const key_outside[] = {"declare", "deny", NULL};
static const char *const key_profile[] = {"mhlw-6.0", "mhlw-5.1", "nist-800-63b-4", NULL};
static const char *const key_unenrolled[] = {"ignore", "deny", NULL};
static const char *const key_rotation[] = {"short", "all", "none", NULL};
static const char *const key_answer[] = {"no", "yes", NULL};
static const char *const key_factor[] = {"required", "optional", "none", NULL};
static const char *const key_enrol[] = {"login", "administrator", NULL};
static const char *const key_recovery[] = {"always", "grant", NULL};
static const char *const key_kinds[] = {"any", "totp", "card", NULL};
static const char *const key_host[] = {"knowledge", "possession", NULL};
static const char *const key_algorithm[] = {"sha1", "sha256", "sha512", NULL};
static const char *const key_digits[] = {"6", "8", NULL};
static const char *const key_roles[] = {"groups", "none", NULL};
static const char *const key_crl[] = {"require", "warn", NULL};

#define KEY(member, kind)                                                                          \
    .name = #member, .type = POLICY_TYPE_##kind, .offset = offsetof(struct policy, member),        \
    .size = sizeof(((struct policy *)0)->member)

/* A row for a member of struct policy_class, and the rows of one class. */
#define KEY_OF(member, class_, number, kind)                                                       \
    .name = #member "_" #class_, .type = POLICY_TYPE_##kind,                                       \
    .offset = offsetof(struct policy, classes) +                                                   \
              ((size_t)(number)-1) * sizeof(struct policy_class) +                                 \
              offsetof(struct policy_class, member),                                               \
    .size = sizeof(((struct policy_class *)0)->member)

#define KEYS_OF(class_, number, places_, sessions_, idle_, factor_)                                \
    {KEY_OF(hours, class_, number, HOURS),                                                         \
     .preset = "always",                                                                           \
     .least = 1,                                                                                   \
     .most = POLICY_RULE_SIZE - 1,                                                                 \
     .help = N_("Days and hours at which accounts of this class may log in."),                     \
     .clause = "R22"},                                                                             \
        {KEY_OF(places, class_, number, PLACES),                                                   \
         .preset = (places_),                                                                      \
         .least = 1,                                                                               \
         .most = POLICY_RULE_SIZE - 1,                                                             \
         .help = N_("Terminals and networks from which they may log in."),                         \
         .clause = (number) == ACCOUNT_CLASS_PRIVILEGED ? "R27" : "R05"},                          \
        {KEY_OF(services, class_, number, SERVICES),                                               \
         .preset = "any",                                                                          \
         .least = 1,                                                                               \
         .most = POLICY_RULE_SIZE - 1,                                                             \
         .help = N_("PAM services through which they may log in."),                                \
         .clause = "R05"},                                                                         \
        {KEY_OF(sessions, class_, number, NUMBER),                                                 \
         .preset = (sessions_),                                                                    \
         .least = 1,                                                                               \
         .most = 1000,                                                                             \
         .help = N_("Sessions that one of them may have open at the same time."),                  \
         .clause = "R29"},                                                                         \
        {KEY_OF(sessions_total, class_, number, NUMBER), .preset = "0", .most = 100000,            \
         .help = N_("Sessions that all of them together may have open, 0 for no limit."),          \
         .clause = "R29"},                                                                         \
        {KEY_OF(idle, class_, number, SPAN), .preset = (idle_), .most = MEDGL_DAY,                 \
         .help = N_("Time after which a shell of theirs that nobody uses ends, 0 for never."),     \
         .clause = "R04"},                                                                         \
    {                                                                                              \
        KEY_OF(factor, class_, number, CHOICE),                                                    \
            .preset = (factor_), .most = 2, .choices = key_factor,                                 \
            .help = N_("Whether a second factor is asked of them."), .clause = "R24"               \
    }

static const struct policy_key keys[] = {
    {KEY(profile, CHOICE), .preset = "mhlw-6.0", .most = 2, .choices = key_profile,
     .also = "mhlw-5.2",
     .help = N_("The guideline whose rules are the defaults of all other keys."), .clause = "R13"},
    {KEY(unenrolled, CHOICE), .preset = "ignore", .most = 1, .choices = key_unenrolled,
     .help = N_("What becomes of a login whose user is not enrolled."), .clause = "R01"},
    {KEY(time_zone, ZONE), .preset = "", .most = 63,
     .help = N_("Time zone of the site, empty for the machine's."), .clause = "R13"},
    {KEY(institution, NAMES), .preset = "", .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Names of the site, separated by commas; passwords made of them are refused."),
     .clause = "R14"},
    {KEY(password_long_length, NUMBER), .preset = "13", .least = 13, .most = 64,
     .help = N_("Characters from which on a password does not expire (rule A)."), .clause = "R13"},
    {KEY(password_short_length, NUMBER), .preset = "8", .least = 8, .most = 64,
     .help = N_("Characters that every password has at least (rules B and C)."), .clause = "R13"},
    {KEY(password_max_age, SPAN), .preset = "2 months", .least = MEDGL_DAY,
     .most = 2 * POLICY_MONTH,
     .help = N_("Age at which a short password without a second factor must be changed (rule B)."),
     .clause = "R13"},
    {KEY(password_warn, SPAN), .preset = "14 days", .most = 60 * MEDGL_DAY,
     .help = N_("How long before that the user is warned."), .clause = "R15"},
    {KEY(password_issued_valid, SPAN), .preset = "24 h", .least = MEDGL_HOUR, .most = 7 * MEDGL_DAY,
     .help = N_("How long an issued password can be used for the first login."), .clause = "R18"},
    {KEY(password_kinds, NUMBER), .preset = "3", .most = 3,
     .help = N_("How many of letters, digits and symbols every password mixes."), .clause = "R13"},
    {KEY(password_rotation, CHOICE), .preset = "short", .most = 2, .choices = key_rotation,
     .help = N_("Which passwords without a second factor expire; with none, short ones are "
                "accepted with a second factor alone."),
     .clause = "R13"},
    {KEY(password_min_age, SPAN), .preset = "1 day", .most = 7 * MEDGL_DAY,
     .help = N_("How old a password must be before its owner may change it without need."),
     .clause = "R16"},
    {KEY(password_history, NUMBER), .preset = "24", .least = 1, .most = 64,
     .help = N_("How many former passwords cannot come back."), .clause = "R16"},
    {KEY(password_guess_bits, NUMBER), .preset = "41", .least = 30, .most = 80,
     .help = N_("Guesses that a password withstands at least, as a power of two."),
     .clause = "R14"},
    {KEY(password_grace_logins, NUMBER), .preset = "0", .most = 10,
     .help = N_("Logins that are still possible with an expired password."), .clause = "R15"},
    {KEY(password_suggest, CHOICE), .preset = "yes", .most = 1, .choices = key_answer,
     .help = N_("Whether a generated password is offered where one is changed."), .clause = "R19"},
    {KEY(password_blocklist, PATHS), .preset = "", .most = 8,
     .help = N_("Files with passwords that the site refuses, besides the built-in words."),
     .clause = "R14"},
    {KEY(password_breach_filter, PATHS), .preset = "", .most = 1,
     .help = N_("A filter of breached passwords as pwqfilter(1) makes it."), .clause = "R14"},
    {KEY(attempts_per_source, NUMBER), .preset = "5", .least = 3, .most = 10,
     .help = N_("Failed tries from one source that lock it for the account."), .clause = "R20"},
    {KEY(attempts_per_account, NUMBER), .preset = "20", .least = 5, .most = 100,
     .help = N_("Failed tries from everywhere that lock the account for remote sources."),
     .clause = "R20"},
    {KEY(attempts_per_change, NUMBER), .preset = "5", .least = 3, .most = 10,
     .help = N_("Wrong current passwords that close the change of a password for a while."),
     .clause = "R17"},
    {KEY(attempt_window, SPAN), .preset = "15 min", .least = MEDGL_MINUTE, .most = MEDGL_DAY,
     .help = N_("Failed tries further apart than this do not add up."), .clause = "R20"},
    {KEY(lock_time, SPAN), .preset = "15 min", .least = MEDGL_MINUTE, .most = MEDGL_DAY,
     .help = N_("How long a lock lasts after the latest failed try."), .clause = "R20"},
    {KEY(attempt_delay, SPAN), .preset = "1 s", .most = 10 * MEDGL_SECOND,
     .help = N_("Wait after a failed try, doubled by each further one."), .clause = "R20"},
    {KEY(attempt_delay_max, SPAN), .preset = "8 s", .most = 20 * MEDGL_SECOND,
     .help = N_("The longest such wait."), .clause = "R20"},
    {KEY(attempt_timeout, SPAN), .preset = "60 s", .least = 30 * MEDGL_SECOND,
     .most = 10 * MEDGL_MINUTE,
     .help = N_("A try that is not decided within this time counts as failed."), .clause = "R20"},
    {KEY(kdf_memory, SIZE), .preset = "64 MiB", .least = 19 * KEY_MIB, .most = KEY_GIB,
     .help = N_("Memory of one Argon2id password hash."), .clause = "R10"},
    {KEY(kdf_time, NUMBER), .preset = "3", .least = 1, .most = 16,
     .help = N_("Passes of Argon2id over that memory."), .clause = "R10"},
    {KEY(kdf_lanes, NUMBER), .preset = "1", .least = 1, .most = 8, .help = N_("Lanes of Argon2id."),
     .clause = "R10"},
    {KEY(kdf_slots, NUMBER), .preset = "0", .most = 256,
     .help = N_("Password hashes computed at the same time, 0 for one per processor."),
     .clause = "R10"},
    KEYS_OF(staff, ACCOUNT_CLASS_STAFF, "any", "20", "15 min", "required"),
    KEYS_OF(privileged, ACCOUNT_CLASS_PRIVILEGED, "console, own", "10", "10 min", "required"),
    KEYS_OF(maintenance, ACCOUNT_CLASS_MAINTENANCE, "any", "5", "10 min", "required"),
    KEYS_OF(breakglass, ACCOUNT_CLASS_BREAKGLASS, "any", "100", "15 min", "none"),
    {KEY(holidays, PATHS), .preset = "", .most = 1,
     .help = N_("A file with the holidays of the site, a date in each line."), .clause = "R22"},
    {KEY(dormant_after, SPAN), .preset = "90 days", .least = MEDGL_DAY, .most = 400 * MEDGL_DAY,
     .help = N_("Time without a login after which an account is dormant."), .clause = "R25"},
    {KEY(attempts_spread, NUMBER), .preset = "10", .least = 3, .most = 100,
     .help = N_("Accounts tried from one source that raise an alert."), .clause = "R20"},
    {KEY(factor_failures, NUMBER), .preset = "100", .least = 10, .most = 100,
     .help = N_("Wrong codes without a success between them that close a second factor of codes."),
     .clause = "R24"},
    {KEY(alert_mail, MAIL), .preset = "", .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Mail addresses that get the alerts, separated by commas."), .clause = "R07"},
    {KEY(alert_wall, CHOICE), .preset = "yes", .most = 1, .choices = key_answer,
     .help = N_("Whether urgent alerts are shown on all terminals."), .clause = "R07"},
    {KEY(alert_fold, SPAN), .preset = "10 min", .least = MEDGL_MINUTE, .most = MEDGL_DAY,
     .help = N_("Time within which alerts of one kind about one thing become one."),
     .clause = "R07"},
    {KEY(alert_hook_timeout, SPAN), .preset = "30 s", .least = MEDGL_SECOND,
     .most = 5 * MEDGL_MINUTE, .help = N_("How long one run of a program in notify.d may take."),
     .clause = "R07"},
    {KEY(factor_required_from, DATE), .preset = "2027-04-01", .most = 10,
     .help = N_("Day from which what is required is refused without, empty for at once."),
     .clause = "R24"},
    {KEY(factor_warn, SPAN), .preset = "60 days", .most = 400 * MEDGL_DAY,
     .help = N_("How long before that day logins warn who has no second factor yet."),
     .clause = "R24"},
    {KEY(factor_exempt_places, PLACES), .preset = "", .most = POLICY_RULE_SIZE - 1,
     .help = N_("Terminals and networks from which no second factor is asked."), .clause = "R24"},
    {KEY(factor_exempt_services, SERVICES), .preset = "", .most = POLICY_RULE_SIZE - 1,
     .help = N_("PAM services in which no second factor is asked."), .clause = "R24"},
    {KEY(factor_kinds, CHOICE), .preset = "any", .most = 2, .choices = key_kinds,
     .help =
         N_("Which second factors are accepted, besides recovery codes and what a waiver names."),
     .clause = "R24"},
    {KEY(factor_enrol, CHOICE), .preset = "login", .most = 1, .choices = key_enrol,
     .help = N_("Who enrols the first device where one is required and missing."), .clause = "R24"},
    {KEY(factor_recovery, CHOICE), .preset = "always", .most = 1, .choices = key_recovery,
     .help = N_("Whether recovery codes are accepted always, or with a waiver that names them."),
     .clause = "R03"},
    {KEY(factor_host, CHOICE), .preset = "knowledge", .most = 1, .choices = key_host,
     .help = N_("What the host has proved where the module asks for the second factor alone."),
     .clause = "R24"},
    {KEY(factor_one_prompt, SERVICES), .preset = "", .most = POLICY_RULE_SIZE - 1,
     .help = N_("PAM services with one prompt: the code is typed right behind the password."),
     .clause = "R24"},
    {KEY(factor_qr, CHOICE), .preset = "yes", .most = 1, .choices = key_answer,
     .help = N_("Whether enrolment at a login shows a QR code."), .clause = "R24"},
    {KEY(totp_algorithm, CHOICE), .preset = "sha256", .most = 2, .choices = key_algorithm,
     .help = N_("Hash of the codes of new devices."), .clause = "R37"},
    {KEY(totp_digits, NUMBER), .preset = "6", .least = 6, .most = 8, .choices = key_digits,
     .help = N_("Digits of the codes of new devices."), .clause = "R24"},
    {KEY(card_alone, CHOICE), .preset = "no", .most = 1, .choices = key_answer,
     .help = N_("Whether a card and its PIN are enough, without the password."), .clause = "R13"},
    {KEY(card_module, PATHS), .preset = "", .most = 1,
     .help = N_("The PKCS#11 driver of the card reader, empty for no cards."), .clause = "R24"},
    {KEY(card_places, PLACES), .preset = "console", .least = 1, .most = POLICY_RULE_SIZE - 1,
     .help = N_("Terminals where this machine's card reader is asked."), .clause = "R24"},
    {KEY(card_services, SERVICES), .preset = "any", .least = 1, .most = POLICY_RULE_SIZE - 1,
     .help = N_("PAM services in which it is asked."), .clause = "R24"},
    {KEY(card_timeout, SPAN), .preset = "10 s", .least = MEDGL_SECOND, .most = 30 * MEDGL_SECOND,
     .help = N_("How long the driver may take each time that it is asked."), .clause = "R24"},
    {KEY(card_crl, CHOICE), .preset = "require", .most = 1, .choices = key_crl,
     .help =
         N_("What an old or missing list of revoked certificates means: refused, or a warning."),
     .clause = "R38"},
    {KEY(grant_max, SPAN), .preset = "7 days", .least = MEDGL_HOUR, .most = POLICY_MONTH,
     .help = N_("The longest that an approved exception may last."), .clause = "R03"},
    {KEY(reset_methods, NAMES),
     .preset = "staff-card, drivers-licence, passport, my-number-card, known-in-person, callback, "
               "supervisor, video",
     .least = 1, .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Ways in which a person's identity may be verified before a reset."),
     .clause = "R11"},
    {KEY(reset_document, NAMES), .preset = "staff-card, drivers-licence, passport, my-number-card",
     .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Those of them of which a copy of the document must be handed in."),
     .clause = "R11"},
    {KEY(reset_witness, NAMES), .preset = "", .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Ways, and classes of accounts, for which a witness must prove who they are."),
     .clause = "R11"},
    {KEY(reset_delivery, NAMES), .preset = "at-terminal, printer, file", .least = 1,
     .most = POLICY_NAMES_SIZE - 1,
     .help = N_("How a new password may reach its owner: at-terminal, printer, file, screen."),
     .clause = "R11"},
    {KEY(slip_program, PATHS), .preset = "", .most = 1,
     .help = N_("Program that prints slips, which come on its standard input."), .clause = "R11"},
    {KEY(roles, CHOICE), .preset = "groups", .most = 1, .choices = key_roles,
     .help = N_("Whether operators may do what their Unix groups allow, or everything."),
     .clause = "R08"},
    {KEY(document_max, SIZE), .preset = "8 MiB", .least = 64 * 1024, .most = 64 * KEY_MIB,
     .help = N_("The largest copy of a document that is taken."), .clause = "R11"},
    {KEY(document_retention, SPAN), .preset = "60 months", .least = MEDGL_DAY,
     .most = 120 * POLICY_MONTH, .help = N_("After which time copies of documents are destroyed."),
     .clause = "R35"},
    {KEY(witness_quorum, NUMBER), .preset = "0", .most = 16,
     .help = N_("Witnesses that must have cosigned the ledger, 0 for none."), .clause = "R08"},
    {KEY(witness_age, SPAN), .preset = "2 days", .least = MEDGL_HOUR, .most = 12 * POLICY_MONTH,
     .help = N_("Within which time they must have."), .clause = "R08"},
    {KEY(backup_directory, PATHS), .preset = "/var/backups/medgl", .least = 1, .most = 1,
     .help = N_("Where generations of backups are kept."), .clause = "R36"},
    {KEY(backup_keep, NUMBER), .preset = "7", .least = 2, .most = 366,
     .help = N_("How many of them are kept."), .clause = "R36"},
    {KEY(backup_every, SPAN), .preset = "2 days", .most = 12 * POLICY_MONTH,
     .help = N_("An alert is raised when the last backup is older, 0 for never."), .clause = "R36"},
    {KEY(backup_verify_every, SPAN), .preset = "3 months", .most = 24 * POLICY_MONTH,
     .help = N_("How old the last proof may be that a backup can be restored, 0 for any age."),
     .clause = "R36"},
    {KEY(emergency_criteria, NAMES),
     .preset = "system-failure, network-failure, disaster, cyber-attack, patient-safety, other",
     .least = 1, .most = POLICY_NAMES_SIZE - 1,
     .help = N_("Grounds on which an emergency may be declared, as words separated by commas."),
     .clause = "R31"},
    {KEY(emergency_max, SPAN), .preset = "72 h", .least = MEDGL_HOUR, .most = 31 * MEDGL_DAY,
     .help = N_("Time after which an emergency is over, whether or not anybody ended it."),
     .clause = "R32"},
    {KEY(emergency_remind, SPAN), .preset = "1 h", .least = 10 * MEDGL_MINUTE, .most = MEDGL_DAY,
     .help = N_("How often alerts tell that an emergency lasts."), .clause = "R32"},
    {KEY(emergency_contact, TEXT), .preset = "", .most = POLICY_CONTACT_SIZE - 1,
     .help = N_("Whom to tell, and their telephone number; printed on the page of an envelope."),
     .clause = "R32"},
    {KEY(breakglass_outside, CHOICE), .preset = "declare", .most = 1, .choices = key_outside,
     .help = N_("What using a break-glass account does while there is no emergency."),
     .clause = "R32"},
    {KEY(breakglass_renew, SPAN), .preset = "12 months", .most = 60 * POLICY_MONTH,
     .help = N_("Age at which a sealed credential is due for renewal, 0 for never."),
     .clause = "R32"},
    {KEY(drill_every, SPAN), .preset = "12 months", .most = 60 * POLICY_MONTH,
     .help = N_("How often emergencies are practised in a drill, 0 for never."), .clause = "R31"},
    {KEY(maintenance_confirm, SPAN), .preset = "7 days", .most = 90 * MEDGL_DAY,
     .help = N_("Time within which maintenance sessions are to be confirmed, 0 for any."),
     .clause = "R30"},
    {KEY(ledger_retention, SPAN), .preset = "60 months", .least = 30 * MEDGL_DAY,
     .most = 360 * POLICY_MONTH,
     .help = N_("How long entries stay in the store before they may be archived."),
     .clause = "R35"},
    {KEY(space_warn, SPAN), .preset = "90 days", .most = 60 * POLICY_MONTH,
     .help = N_("An alert is raised when the disk will do for less, 0 for never."),
     .clause = "R35"},
    {KEY(minimum_free, SIZE), .preset = "64 MiB", .most = 1024 * KEY_GIB,
     .help = N_("Space on the store's device below which a warning is given."), .clause = "R35"},
};

const struct policy_key *policy_keys(size_t *count)
{
    *count = MEDGL_COUNT(keys);
    return keys;
}

const struct policy_key *policy_key_find(const char *name)
{
    for (size_t i = 0; i < MEDGL_COUNT(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* A number that is no class, from a damaged row, is admitted nowhere. */
const struct policy_class *policy_class_of(const struct policy *policy, enum account_class class_)
{
    static const struct policy_class nobody = {.idle = {0, MEDGL_MINUTE}};
    switch (class_) {
    case ACCOUNT_CLASS_STAFF:
    case ACCOUNT_CLASS_PRIVILEGED:
    case ACCOUNT_CLASS_MAINTENANCE:
    case ACCOUNT_CLASS_BREAKGLASS:
        return &policy->classes[class_ - 1];
    }
    return &nobody;
}

enum medgl_error policy_text(const struct policy *policy, char **text)
{
    char value[POLICY_VALUE_SIZE], date[CLOCK_TEXT_SIZE];
    size_t size;
    *text = NULL;
    FILE *stream = open_memstream(text, &size);
    if (stream == NULL)
        return MEDGL_ERR_MEMORY;
    for (size_t i = 0; i < MEDGL_COUNT(keys); i++) {
        policy_format(policy, &keys[i], value, sizeof(value));
        (void)fprintf(stream, "%s = %s\n", keys[i].name, value);
    }
    for (size_t i = 0; i < policy->calendar.count; i++) {
        clock_format_utc(policy->calendar.day[i] * MEDGL_DAY, date);
        (void)fprintf(stream, "holiday = %.10s\n", date);
    }
    if (!policy->calendar.known)
        (void)fputs("holiday = unknown\n", stream);
    const bool good = ferror(stream) == 0;
    if (fclose(stream) == 0 && good)
        return MEDGL_OK;
    free(*text);
    *text = NULL;
    return MEDGL_ERR_MEMORY;
}

/* R24: what would keep out everybody of whom a factor is asked, or pass one factor twice for two.
 */
static const char *key_factor_conflict(const struct policy *p)
{
    const bool cards = p->factor_kinds != POLICY_FACTOR_KINDS_TOTP && p->card_module[0] != '\0';
    if (p->factor_kinds == POLICY_FACTOR_KINDS_CARD && !cards)
        return "card_module must name a driver where factor_kinds is card";
    if (p->factor_kinds == POLICY_FACTOR_KINDS_CARD && p->factor_enrol == POLICY_ENROL_LOGIN)
        return "factor_enrol must be administrator where factor_kinds is card: nobody enrols a "
               "card "
               "at a login";
    if (p->factor_host == POLICY_HOST_POSSESSION && !cards)
        return "factor_host = possession must have cards, by factor_kinds and card_module: a key "
               "and a code are the same factor twice, for only a card's PIN is known to a person";
    if (p->card_alone == POLICY_YES && !cards)
        return "card_alone = yes must have cards, by factor_kinds and card_module";
    if (strcmp(p->factor_exempt_services, "any") == 0) /* R13: rule C would hold without one */
        return "factor_exempt_services must not be any: write factor_CLASS = none for each class "
               "of which no second factor is asked";
    if (strcmp(p->factor_exempt_places, "any") == 0)
        return "factor_exempt_places must not be any: write factor_CLASS = none for each class of "
               "which no second factor is asked";
    if (policy_span_most(p->card_timeout) >= policy_span_most(p->attempt_timeout))
        return "card_timeout must be below attempt_timeout";
    if (policy_class_of(p, ACCOUNT_CLASS_BREAKGLASS)->factor == POLICY_FACTOR_REQUIRED) /* R32 */
        return "factor_breakglass must not be required: nobody has the device at hand when an "
               "emergency comes";
    return NULL;
}

/* `word`: the one of a list that it is about, "" where it is about none. */
static const char *key_conflict(const struct policy *p, char word[POLICY_WORD_SIZE])
{
    word[0] = '\0';
    if (p->password_long_length < p->password_short_length)
        return "password_long_length must not be below password_short_length";
    if (p->password_max_age.milliseconds > KEY_TWO_MONTHS_LEAST)
        return "password_max_age in days must not exceed 59, which two calendar months can be "
               "short of: write \"2 months\"";
    if (policy_span_most(p->password_min_age) >= policy_span_most(p->password_max_age))
        return "password_min_age must be below password_max_age";
    if (p->attempts_per_account < p->attempts_per_source)
        return "attempts_per_account must not be below attempts_per_source";
    if (policy_span_most(p->attempt_delay) > policy_span_most(p->attempt_delay_max))
        return "attempt_delay must not exceed attempt_delay_max";
    if (p->kdf_memory < KEY_ONE_PASS_MEMORY && p->kdf_time < 2)
        return "kdf_time must be 2 or more where kdf_memory is below 64 MiB";
    if (p->kdf_slots > KEY_KDF_TOTAL / p->kdf_memory)
        return "kdf_slots times kdf_memory must not exceed 64 GiB";
    if (strcmp(policy_class_of(p, ACCOUNT_CLASS_BREAKGLASS)->hours, "always") != 0) /* R32 */
        return "hours_breakglass must be always: nobody knows when an emergency comes";
    const char *conflict = policy_reset_conflict(p, word);
    if (conflict == NULL)
        conflict = policy_emergency_conflict(p);
    return conflict != NULL ? conflict : key_factor_conflict(p);
}

enum medgl_error policy_check(const struct policy *policy, char *why, size_t why_size)
{
    char word[POLICY_WORD_SIZE];
    const char *conflict = key_conflict(policy, word);
    (void)snprintf(why, why_size, "%s%s%s%s", conflict != NULL ? conflict : "",
                   word[0] != '\0' ? ": \"" : "", word, word[0] != '\0' ? "\" is not" : "");
    return conflict == NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}
