/* Every SQL statement besides the schema, and how they
 * are prepared and run. Builds no SQL at run time. */
#include "store/sqlite/database.h"

#include <errno.h>

/* The columns of each table, in the order of its struct row_table. */
#define META "name, value, mac"
#define ACCOUNT                                                                                    \
    "id, name, uid, class, state, state_since, state_reason, full_name, created, ledger_seq, "     \
    "reading, staff_number, birth_date, hours, places, services, sessions, idle, shared, factor, " \
    "company, mac"
#define ACTIVITY                                                                                   \
    "account_id, last_login, last_service, last_source, failures, last_failure, "                  \
    "last_failure_source, warned_at, grace_used, factor_failures, last_used, factor_warned_at, "   \
    "unrecorded, mac"
#define CREDENTIAL                                                                                 \
    "id, account_id, kind, sealed, strength, issued, set_at, valid_until, ledger_seq, label, "     \
    "counter, drift, mac"
#define GRANT                                                                                      \
    "id, account_id, kind, asks_instead, created, since, until, ended, how_ended, approved_by, "   \
    "reason, used, last_used, ledger_seq, work, mac"
#define ATTEMPT                                                                                    \
    "id, account_id, source, service, started, deadline, finished, outcome, lease, tag, mac"
#define SESSION                                                                                    \
    "id, account_id, service, source, tty, opened, closed, class, ended, leader, person, "         \
    "grant_id, confirmed, confirmed_by, confirmed_seq, mac"
#define ALERT                                                                                      \
    "id, kind, fold, account_id, subject, source, text, first, last, count, not_before, "          \
    "addressed, done, mac"
#define DELIVERY    "alert_id, channel, state, tries, next, last, problem, mac"
#define POLICY_SEEN "id, digest, since, ledger_seq, text, mac"
#define LEDGER      "seq, line, leaf, mac"
#define LEDGER_HEAD "id, size, peaks, checkpoint, time, mac"
#define CHECKPOINT  "size, time, note, told, mac"
#define ARCHIVE     "first, next, digest, bytes, file, created, ledger_seq, mac"
#define DOCUMENT                                                                                   \
    "id, account_id, digest, type, size, created, destroyed, ledger_seq, shown_seq, mac"
#define KEY    "key_use, name, algorithm, first_size, since, ledger_seq, mac"
#define BACKUP "id, file, digest, bytes, size, state, created, verified, ledger_seq, mac"
#define BREAKGLASS                                                                                 \
    "account_id, serial, times, sealed_at, used_at, emergency_id, closed_at, ledger_seq, mac"
#define EMERGENCY                                                                                  \
    "id, number, drill, criterion, decided_by, note, account_id, declared, spent, mark_wall, "     \
    "mark_uptime, mark_boot, mark_credible, reminded, ended, recovered, recovered_by, main_from, " \
    "main_to, own_from, own_to, reviewed, reviewed_by, review_note, ledger_seq, mac"
#define JOINED "origin, size, time, ledger_seq, mac"

/* Outcomes stand as numbers (1 in flight, 2 failed, 4 refused, 7 repeated) where a partial index
 * has to be recognised. */
const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_META_GET] = "SELECT " META " FROM meta WHERE name = :name",
    [STATEMENT_META_ADD] = "INSERT INTO meta (" META ") VALUES (:name, :value, :mac)",
    [STATEMENT_META_DELETE] = "DELETE FROM meta WHERE name = :name",
    [STATEMENT_META_ALL] = "SELECT " META " FROM meta",
    [STATEMENT_META_REKEY] = "UPDATE meta SET mac = row_rekey(" META ")",

    [STATEMENT_ACCOUNT_BY_NAME] = "SELECT " ACCOUNT " FROM account WHERE name = :name",
    /* 2 is retired: its uid may belong to somebody else by now. */
    [STATEMENT_ACCOUNT_BY_UID] =
        "SELECT " ACCOUNT " FROM account WHERE uid = :uid AND state <> 2 ORDER BY name LIMIT 1",
    [STATEMENT_ACCOUNT_BY_ID] = "SELECT " ACCOUNT " FROM account WHERE id = :id",
    [STATEMENT_ACCOUNT_ADD] = "INSERT INTO account (" ACCOUNT ") VALUES (:id, :name, :uid, :class, "
                              ":state, :state_since, :state_reason, :full_name, :created, "
                              ":ledger_seq, :reading, :staff_number, :birth_date, :hours, "
                              ":places, :services, :sessions, :idle, :shared, :factor, :company, "
                              ":mac)",
    /* A name stays with its account for good (R25). */
    [STATEMENT_ACCOUNT_UPDATE] =
        "UPDATE account SET uid = :uid, class = :class, state = :state, state_since = "
        ":state_since, "
        "state_reason = :state_reason, full_name = :full_name, created = :created, "
        "ledger_seq = :ledger_seq, reading = :reading, staff_number = :staff_number, "
        "birth_date = :birth_date, hours = :hours, places = :places, services = :services, "
        "sessions = :sessions, idle = :idle, shared = :shared, factor = :factor, "
        "company = :company, mac = :mac WHERE id = :id AND name = :name",
    [STATEMENT_ACCOUNT_ALL] = "SELECT " ACCOUNT " FROM account ORDER BY name",
    [STATEMENT_ACCOUNT_REKEY] = "UPDATE account SET mac = row_rekey(" ACCOUNT ")",
    [STATEMENT_ACCOUNT_COUNT] = "SELECT count(*) FROM account",

    [STATEMENT_ACTIVITY_GET] = "SELECT " ACTIVITY " FROM activity WHERE account_id = :account_id",
    [STATEMENT_ACTIVITY_PUT] =
        "INSERT OR REPLACE INTO activity (" ACTIVITY ") VALUES (:account_id, :last_login, "
        ":last_service, :last_source, :failures, :last_failure, :last_failure_source, :warned_at, "
        ":grace_used, :factor_failures, :last_used, :factor_warned_at, "
        ":unrecorded, :mac)",
    [STATEMENT_ACTIVITY_ALL] = "SELECT " ACTIVITY " FROM activity",
    [STATEMENT_ACTIVITY_REKEY] = "UPDATE activity SET mac = row_rekey(" ACTIVITY ")",

    [STATEMENT_CREDENTIAL_GET] =
        "SELECT " CREDENTIAL " FROM credential WHERE account_id = :account_id AND kind = :kind",
    [STATEMENT_CREDENTIAL_ADD] =
        "INSERT INTO credential (" CREDENTIAL ") VALUES (:id, :account_id, "
        ":kind, :sealed, :strength, :issued, :set_at, :valid_until, "
        ":ledger_seq, :label, :counter, :drift, :mac)",
    [STATEMENT_CREDENTIAL_BY_ID] =
        "SELECT " CREDENTIAL
        " FROM credential WHERE account_id = :account_id AND kind = :kind AND id = :id",
    [STATEMENT_CREDENTIAL_UPDATE] =
        "UPDATE credential SET sealed = :sealed, strength = :strength, issued = :issued, set_at = "
        ":set_at, valid_until = :valid_until, "
        "ledger_seq = :ledger_seq, label = :label, counter = :counter, drift = :drift, mac = :mac "
        "WHERE account_id = :account_id AND kind = :kind AND id = :id",
    /* 3 is CREDENTIAL_TOTP: the partial index has to be recognised. */
    [STATEMENT_CREDENTIAL_ANY_FACTOR] = "SELECT EXISTS (SELECT 1 FROM credential WHERE kind >= 3)",
    [STATEMENT_CREDENTIAL_OF] =
        "SELECT " CREDENTIAL " FROM credential WHERE account_id = :account_id AND kind = :kind "
        "ORDER BY ledger_seq DESC, id",
    [STATEMENT_CREDENTIAL_NEXT] =
        "SELECT " CREDENTIAL " FROM credential WHERE (account_id, kind, id) > "
        "(:account_id, :kind, :id) ORDER BY account_id, kind, id LIMIT 1",
    [STATEMENT_CREDENTIAL_COUNT] = "SELECT count(*) FROM credential",
    [STATEMENT_CREDENTIAL_DELETE] =
        "DELETE FROM credential WHERE account_id = :account_id AND kind = :kind",
    [STATEMENT_CREDENTIAL_REMOVE] =
        "DELETE FROM credential WHERE account_id = :account_id AND kind = :kind AND id = :id",
    [STATEMENT_CREDENTIAL_ALL] =
        "SELECT " CREDENTIAL " FROM credential ORDER BY account_id, kind, id",
    [STATEMENT_CREDENTIAL_REKEY] = "UPDATE credential SET mac = row_rekey(" CREDENTIAL ")",

    [STATEMENT_GRANT_BY_ID] = "SELECT " GRANT " FROM account_grant WHERE id = :id",
    [STATEMENT_GRANT_ADD] =
        "INSERT INTO account_grant (" GRANT
        ") VALUES (:id, :account_id, :kind, :asks_instead, :created, :since, :until, :ended, "
        ":how_ended, :approved_by, :reason, :used, :last_used, :ledger_seq, :work, :mac)",
    [STATEMENT_GRANT_UPDATE] =
        "UPDATE account_grant SET account_id = :account_id, kind = :kind, asks_instead = "
        ":asks_instead, created = :created, since = :since, until = :until, ended = :ended, "
        "how_ended = :how_ended, "
        "approved_by = :approved_by, reason = :reason, used = :used, last_used = :last_used, "
        "ledger_seq = :ledger_seq, work = :work, mac = :mac WHERE id = :id",
    [STATEMENT_GRANT_OF] =
        "SELECT " GRANT " FROM account_grant WHERE account_id = :account_id ORDER BY created, id",
    [STATEMENT_GRANT_OPEN_OF] =
        "SELECT " GRANT
        " FROM account_grant WHERE account_id = :account_id AND ended = 0 ORDER BY created, id",
    [STATEMENT_GRANT_OPEN_ALL] =
        "SELECT " GRANT " FROM account_grant WHERE ended = 0 ORDER BY created, id",
    [STATEMENT_GRANT_ALL] = "SELECT " GRANT " FROM account_grant ORDER BY created, id",
    [STATEMENT_GRANT_REKEY] = "UPDATE account_grant SET mac = row_rekey(" GRANT ")",

    [STATEMENT_ATTEMPT_BY_ID] = "SELECT " ATTEMPT " FROM attempt WHERE id = :id",
    [STATEMENT_ATTEMPT_ADD] =
        "INSERT INTO attempt (" ATTEMPT ") VALUES (:id, :account_id, :source, "
        ":service, :started, :deadline, :finished, :outcome, :lease, :tag, :mac)",
    [STATEMENT_ATTEMPT_UPDATE] =
        "UPDATE attempt SET account_id = :account_id, source = :source, service = :service, "
        "started = :started, deadline = :deadline, finished = :finished, outcome = :outcome, "
        "lease = :lease, tag = :tag, mac = :mac WHERE id = :id",
    [STATEMENT_ATTEMPT_IN_FLIGHT] =
        "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id AND outcome = 1 "
        "AND id > :after ORDER BY id LIMIT 1",
    [STATEMENT_ATTEMPT_FAILED] = "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id "
                                 "AND outcome = 2 ORDER BY finished DESC LIMIT :most",
    [STATEMENT_ATTEMPT_FAILED_BY_SOURCE] =
        "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id AND source = :source "
        "AND outcome = 2 ORDER BY finished DESC LIMIT :most",
    /* More of them delay no longer. */
    [STATEMENT_ATTEMPT_REFUSED] =
        "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id AND source = :source "
        "AND outcome IN (4, 7) AND finished <= :now ORDER BY finished DESC LIMIT 8",
    [STATEMENT_ATTEMPT_FORGET_REFUSED] =
        "DELETE FROM attempt WHERE account_id = :account_id AND outcome IN (4, 7)",
    [STATEMENT_ATTEMPT_FORGET_REFUSED_BY_SOURCE] =
        "DELETE FROM attempt WHERE account_id = :account_id AND source = :source "
        "AND outcome IN (4, 7)",
    [STATEMENT_ATTEMPT_FAILED_LATER] =
        "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id AND outcome = 2 "
        "AND finished > :now LIMIT 1",
    [STATEMENT_ATTEMPT_NEXT_SOURCE] =
        "SELECT " ATTEMPT " FROM attempt WHERE account_id = :account_id AND outcome = 2 "
        "AND source > :after ORDER BY source LIMIT 1",
    [STATEMENT_ATTEMPT_NEXT_ACCOUNT] =
        "SELECT " ATTEMPT " FROM attempt WHERE outcome = 2 AND account_id > :after "
        "ORDER BY account_id LIMIT 1",
    [STATEMENT_ATTEMPT_NEXT_ACCOUNT_IN_FLIGHT] =
        "SELECT " ATTEMPT " FROM attempt WHERE outcome = 1 AND account_id > :after "
        "ORDER BY account_id LIMIT 1",
    [STATEMENT_ATTEMPT_NEXT_SPREAD] =
        "SELECT " ATTEMPT " FROM attempt WHERE outcome = 2 AND source = :source "
        "AND account_id > :after AND finished >= :since ORDER BY account_id LIMIT 1",
    [STATEMENT_ATTEMPT_PURGE] =
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE finished > 0 "
        "AND finished < :before ORDER BY finished LIMIT 100)",
    [STATEMENT_ATTEMPT_MAKE_WAY] =
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE account_id = :account_id "
        "AND outcome = 2 ORDER BY finished DESC LIMIT 100 OFFSET :most)",
    [STATEMENT_ATTEMPT_MAKE_WAY_REFUSED] =
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE account_id = :account_id "
        "AND outcome IN (4, 7) ORDER BY finished DESC LIMIT 100 OFFSET :most)",
    [STATEMENT_ATTEMPT_OVERDUE] =
        "SELECT " ATTEMPT " FROM attempt WHERE outcome = 1 AND deadline < :before "
        "AND (deadline, id) > (:deadline, :after) ORDER BY deadline, id LIMIT 1",
    [STATEMENT_ATTEMPT_FORGET] = "DELETE FROM attempt WHERE id = :id",
    [STATEMENT_ATTEMPT_ALL] = "SELECT " ATTEMPT " FROM attempt",
    [STATEMENT_ATTEMPT_REKEY] = "UPDATE attempt SET mac = row_rekey(" ATTEMPT ")",

    [STATEMENT_SESSION_BY_ID] = "SELECT " SESSION " FROM session WHERE id = :id",
    [STATEMENT_SESSION_FIND] =
        "SELECT " SESSION " FROM session WHERE account_id = :account_id AND service = :service "
        "AND tty = :tty AND closed = 0 ORDER BY opened DESC LIMIT 1",
    [STATEMENT_SESSION_OPEN_OF] =
        "SELECT " SESSION " FROM session WHERE account_id = :account_id AND closed = 0 "
        "ORDER BY opened, id",
    [STATEMENT_SESSION_OPEN_ALL] =
        "SELECT " SESSION " FROM session WHERE closed = 0 ORDER BY opened, id",
    [STATEMENT_SESSION_SINCE_OF] =
        "SELECT " SESSION " FROM session WHERE account_id = :account_id AND closed = 0 UNION ALL "
        "SELECT " SESSION " FROM session WHERE account_id = :account_id AND closed <> 0 "
        "AND closed >= :since ORDER BY opened DESC, id",
    [STATEMENT_SESSION_SINCE_ALL] =
        "SELECT " SESSION " FROM session WHERE closed = 0 UNION ALL "
        "SELECT " SESSION " FROM session WHERE closed <> 0 AND closed >= :since "
        "ORDER BY opened DESC, id",
    /* 3 is ACCOUNT_CLASS_MAINTENANCE: the partial index has to be recognised. */
    [STATEMENT_SESSION_UNCONFIRMED] =
        "SELECT " SESSION " FROM session WHERE class = 3 AND closed <> 0 AND confirmed IS NULL "
        "ORDER BY opened, id",
    [STATEMENT_SESSION_CONFIRMED] =
        "SELECT " SESSION " FROM session WHERE confirmed IS NOT NULL ORDER BY opened, id",
    [STATEMENT_SESSION_ADD] =
        "INSERT INTO session (" SESSION ") VALUES (:id, :account_id, :service, "
        ":source, :tty, :opened, :closed, :class, :ended, :leader, :person, :grant_id, "
        ":confirmed, :confirmed_by, :confirmed_seq, :mac)",
    [STATEMENT_SESSION_UPDATE] =
        "UPDATE session SET account_id = :account_id, service = :service, source = :source, "
        "tty = :tty, opened = :opened, closed = :closed, class = :class, ended = :ended, "
        "leader = :leader, person = :person, grant_id = :grant_id, confirmed = :confirmed, "
        "confirmed_by = :confirmed_by, confirmed_seq = :confirmed_seq, mac = :mac WHERE id = :id",
    [STATEMENT_SESSION_ALL] = "SELECT " SESSION " FROM session",
    [STATEMENT_SESSION_REKEY] = "UPDATE session SET mac = row_rekey(" SESSION ")",

    [STATEMENT_ALERT_BY_ID] = "SELECT " ALERT " FROM alert WHERE id = :id",
    /* One that nobody was told of yet comes before all others, whatever the clock said. */
    [STATEMENT_ALERT_BY_FOLD] = "SELECT " ALERT " FROM alert WHERE fold = :fold "
                                "ORDER BY addressed, first DESC LIMIT 1",
    [STATEMENT_ALERT_WAITING] = "SELECT " ALERT " FROM alert WHERE done = 0 ORDER BY first, id",
    [STATEMENT_ALERT_ADD] =
        "INSERT INTO alert (" ALERT ") VALUES (:id, :kind, :fold, :account_id, :subject, :source, "
        ":text, :first, :last, :count, :not_before, :addressed, :done, :mac)",
    [STATEMENT_ALERT_UPDATE] =
        "UPDATE alert SET kind = :kind, fold = :fold, account_id = :account_id, "
        "subject = :subject, source = :source, text = :text, first = :first, last = :last, "
        "count = :count, not_before = :not_before, addressed = :addressed, done = :done, "
        "mac = :mac WHERE id = :id",
    [STATEMENT_ALERT_PURGE] = "DELETE FROM alert WHERE done <> 0 AND done < :before",
    [STATEMENT_ALERT_ALL] = "SELECT " ALERT " FROM alert ORDER BY first, id",
    [STATEMENT_ALERT_REKEY] = "UPDATE alert SET mac = row_rekey(" ALERT ")",

    [STATEMENT_DELIVERY_OF] =
        "SELECT " DELIVERY " FROM delivery WHERE alert_id = :alert_id ORDER BY channel",
    [STATEMENT_DELIVERY_PUT] =
        "INSERT OR REPLACE INTO delivery (" DELIVERY ") VALUES (:alert_id, :channel, :state, "
        ":tries, :next, :last, :problem, :mac)",
    [STATEMENT_DELIVERY_PURGE] =
        "DELETE FROM delivery WHERE alert_id IN (SELECT id FROM alert WHERE done <> 0 "
        "AND done < :before)",
    [STATEMENT_DELIVERY_ALL] = "SELECT " DELIVERY " FROM delivery",
    [STATEMENT_DELIVERY_REKEY] = "UPDATE delivery SET mac = row_rekey(" DELIVERY ")",

    [STATEMENT_POLICY_SEEN_PUT] =
        "INSERT OR REPLACE INTO policy_seen (" POLICY_SEEN ") VALUES (:id, :digest, :since, "
        ":ledger_seq, :text, :mac)",
    /* There is one; by no key, so that one whose key was changed is found. */
    [STATEMENT_POLICY_SEEN_ALL] = "SELECT " POLICY_SEEN " FROM policy_seen ORDER BY id",
    [STATEMENT_POLICY_SEEN_REKEY] = "UPDATE policy_seen SET mac = row_rekey(" POLICY_SEEN ")",

    [STATEMENT_LEDGER_HEAD] = "SELECT " LEDGER_HEAD " FROM ledger_head WHERE id = 1",
    [STATEMENT_LEDGER_HEAD_PUT] = "INSERT OR REPLACE INTO ledger_head (" LEDGER_HEAD
                                  ") VALUES (:id, :size, :peaks, :checkpoint, :time, :mac)",
    [STATEMENT_LEDGER_HEAD_ALL] = "SELECT " LEDGER_HEAD " FROM ledger_head",
    [STATEMENT_LEDGER_HEAD_REKEY] = "UPDATE ledger_head SET mac = row_rekey(" LEDGER_HEAD ")",
    [STATEMENT_LEDGER_ANY] = "SELECT EXISTS (SELECT 1 FROM ledger)",
    [STATEMENT_LEDGER_ADD] = "INSERT INTO ledger (" LEDGER ") VALUES (:seq, :line, :leaf, :mac)",
    /* Its leaf is there for good. */
    [STATEMENT_LEDGER_UPDATE] =
        "UPDATE ledger SET line = :line, mac = :mac WHERE seq = :seq AND leaf = :leaf",
    [STATEMENT_LEDGER_RANGE] =
        "SELECT " LEDGER " FROM ledger WHERE seq >= :from AND seq < :to ORDER BY seq",
    [STATEMENT_LEDGER_LINES] =
        "SELECT seq, line FROM ledger WHERE seq >= :from AND seq < :to ORDER BY seq",
    [STATEMENT_LEDGER_STREAM] = "SELECT seq, line, leaf FROM ledger ORDER BY seq",
    [STATEMENT_LEDGER_ALL] = "SELECT " LEDGER " FROM ledger ORDER BY seq",
    [STATEMENT_LEDGER_REKEY] = "UPDATE ledger SET mac = row_rekey(" LEDGER ")",
    [STATEMENT_LEDGER_SPAN] = "SELECT count(*), min(seq), max(seq) FROM ledger",

    /* The same tree has the same note: the one kept first stays. */
    [STATEMENT_CHECKPOINT_ADD] =
        "INSERT INTO checkpoint (" CHECKPOINT ") VALUES (:size, :time, :note, :told, :mac) "
        "ON CONFLICT DO NOTHING",
    [STATEMENT_CHECKPOINT_UPDATE] = "UPDATE checkpoint SET time = :time, note = :note, "
                                    "told = :told, mac = :mac WHERE size = :size",
    [STATEMENT_CHECKPOINT_OF] = "SELECT " CHECKPOINT " FROM checkpoint WHERE size = :size",
    [STATEMENT_CHECKPOINT_AT] = "SELECT " CHECKPOINT " FROM checkpoint WHERE time <= :time "
                                "ORDER BY time DESC, size DESC LIMIT 1",
    [STATEMENT_CHECKPOINT_ALL] = "SELECT " CHECKPOINT " FROM checkpoint ORDER BY size",
    [STATEMENT_CHECKPOINT_REKEY] = "UPDATE checkpoint SET mac = row_rekey(" CHECKPOINT ")",

    [STATEMENT_ARCHIVE_LAST] = "SELECT " ARCHIVE " FROM archive ORDER BY first DESC LIMIT 1",
    [STATEMENT_ARCHIVE_ADD] =
        "INSERT INTO archive (" ARCHIVE ") VALUES (:first, :next, :digest, :bytes, :file, "
        ":created, :ledger_seq, :mac)",
    [STATEMENT_ARCHIVE_ALL] = "SELECT " ARCHIVE " FROM archive ORDER BY first",
    [STATEMENT_ARCHIVE_REKEY] = "UPDATE archive SET mac = row_rekey(" ARCHIVE ")",

    [STATEMENT_DOCUMENT_BY_ID] = "SELECT " DOCUMENT " FROM document WHERE id = :id",
    [STATEMENT_DOCUMENT_OF] = "SELECT " DOCUMENT " FROM document WHERE shown_seq = :shown_seq",
    [STATEMENT_DOCUMENT_ADD] =
        "INSERT INTO document (" DOCUMENT ") VALUES (:id, :account_id, :digest, :type, :size, "
        ":created, :destroyed, :ledger_seq, :shown_seq, :mac)",
    [STATEMENT_DOCUMENT_UPDATE] =
        "UPDATE document SET account_id = :account_id, digest = :digest, type = :type, "
        "size = :size, created = :created, destroyed = :destroyed, ledger_seq = :ledger_seq, "
        "shown_seq = :shown_seq, mac = :mac WHERE id = :id",
    [STATEMENT_DOCUMENT_ALL] = "SELECT " DOCUMENT " FROM document ORDER BY created, id",
    [STATEMENT_DOCUMENT_REKEY] = "UPDATE document SET mac = row_rekey(" DOCUMENT ")",

    [STATEMENT_KEY_ADD] = "INSERT INTO key_period (" KEY ") VALUES (:key_use, :name, :algorithm, "
                          ":first_size, :since, :ledger_seq, :mac)",
    [STATEMENT_KEY_ALL] = "SELECT " KEY " FROM key_period ORDER BY key_use, ledger_seq",
    [STATEMENT_KEY_REKEY] = "UPDATE key_period SET mac = row_rekey(" KEY ")",

    [STATEMENT_BACKUP_BY_ID] = "SELECT " BACKUP " FROM backup WHERE id = :id",
    [STATEMENT_BACKUP_ADD] =
        "INSERT INTO backup (" BACKUP ") VALUES (:id, :file, :digest, :bytes, :size, :state, "
        ":created, :verified, :ledger_seq, :mac)",
    [STATEMENT_BACKUP_UPDATE] =
        "UPDATE backup SET file = :file, digest = :digest, bytes = :bytes, size = :size, "
        "state = :state, created = :created, verified = :verified, ledger_seq = :ledger_seq, "
        "mac = :mac WHERE id = :id",
    [STATEMENT_BACKUP_ALL] = "SELECT " BACKUP " FROM backup ORDER BY size DESC, created DESC, id",
    [STATEMENT_BACKUP_REKEY] = "UPDATE backup SET mac = row_rekey(" BACKUP ")",

    /* Not OR REPLACE: it would take away the row of another account with that serial. */
    [STATEMENT_BREAKGLASS_PUT] =
        "INSERT INTO breakglass (" BREAKGLASS ") VALUES (:account_id, :serial, :times, :sealed_at, "
        ":used_at, :emergency_id, :closed_at, :ledger_seq, :mac) ON CONFLICT (account_id) DO "
        "UPDATE SET serial = :serial, times = :times, sealed_at = :sealed_at, used_at = :used_at, "
        "emergency_id = :emergency_id, closed_at = :closed_at, ledger_seq = :ledger_seq, "
        "mac = :mac",
    [STATEMENT_BREAKGLASS_GET] =
        "SELECT " BREAKGLASS " FROM breakglass WHERE account_id = :account_id",
    [STATEMENT_BREAKGLASS_ALL] = "SELECT " BREAKGLASS " FROM breakglass ORDER BY account_id",
    [STATEMENT_BREAKGLASS_REKEY] = "UPDATE breakglass SET mac = row_rekey(" BREAKGLASS ")",

    [STATEMENT_EMERGENCY_LATEST] =
        "SELECT " EMERGENCY " FROM emergency ORDER BY number DESC LIMIT 1",
    [STATEMENT_EMERGENCY_BY_NUMBER] = "SELECT " EMERGENCY " FROM emergency WHERE number = :number",
    [STATEMENT_EMERGENCY_BY_ID] = "SELECT " EMERGENCY " FROM emergency WHERE id = :id",
    [STATEMENT_EMERGENCY_UNREVIEWED] =
        "SELECT " EMERGENCY " FROM emergency WHERE number > :number AND reviewed = 0 "
        "ORDER BY number LIMIT 1",
    [STATEMENT_EMERGENCY_ADD] =
        "INSERT INTO emergency (" EMERGENCY ") VALUES (:id, :number, :drill, :criterion, "
        ":decided_by, :note, :account_id, :declared, :spent, :mark_wall, :mark_uptime, "
        ":mark_boot, :mark_credible, :reminded, :ended, :recovered, :recovered_by, :main_from, "
        ":main_to, :own_from, :own_to, :reviewed, :reviewed_by, :review_note, :ledger_seq, :mac)",
    [STATEMENT_EMERGENCY_UPDATE] =
        "UPDATE emergency SET drill = :drill, criterion = :criterion, decided_by = :decided_by, "
        "note = :note, account_id = :account_id, declared = :declared, spent = :spent, "
        "mark_wall = :mark_wall, mark_uptime = :mark_uptime, mark_boot = :mark_boot, "
        "mark_credible = :mark_credible, reminded = :reminded, ended = :ended, "
        "recovered = :recovered, recovered_by = :recovered_by, main_from = :main_from, "
        "main_to = :main_to, own_from = :own_from, own_to = :own_to, reviewed = :reviewed, "
        "reviewed_by = :reviewed_by, review_note = :review_note, ledger_seq = :ledger_seq, "
        "mac = :mac WHERE id = :id AND number = :number",
    [STATEMENT_EMERGENCY_SPAN] = "SELECT count(*), max(number) FROM emergency",
    [STATEMENT_EMERGENCY_ALL] = "SELECT " EMERGENCY " FROM emergency ORDER BY number",
    [STATEMENT_EMERGENCY_REKEY] = "UPDATE emergency SET mac = row_rekey(" EMERGENCY ")",

    [STATEMENT_JOINED_GET] = "SELECT " JOINED " FROM joined WHERE origin = :origin",
    [STATEMENT_JOINED_PUT] = "INSERT OR REPLACE INTO joined (" JOINED
                             ") VALUES (:origin, :size, :time, :ledger_seq, :mac)",
    [STATEMENT_JOINED_ALL] = "SELECT " JOINED " FROM joined",
    [STATEMENT_JOINED_REKEY] = "UPDATE joined SET mac = row_rekey(" JOINED ")",

    [STATEMENT_REKEY_COUNT] =
        "SELECT (SELECT count(*) FROM meta) + (SELECT count(*) FROM account) + "
        "(SELECT count(*) FROM activity) + (SELECT count(*) FROM credential) + "
        "(SELECT count(*) FROM account_grant) + (SELECT count(*) FROM attempt) + "
        "(SELECT count(*) FROM session) + (SELECT count(*) FROM alert) + "
        "(SELECT count(*) FROM delivery) + (SELECT count(*) FROM policy_seen) + "
        "(SELECT count(*) FROM ledger) + (SELECT count(*) FROM ledger_head) + "
        "(SELECT count(*) FROM checkpoint) + (SELECT count(*) FROM archive) + "
        "(SELECT count(*) FROM document) + (SELECT count(*) FROM key_period) + "
        "(SELECT count(*) FROM backup) + (SELECT count(*) FROM breakglass) + "
        "(SELECT count(*) FROM emergency) + (SELECT count(*) FROM joined)",

    [STATEMENT_SCHEMA_VERSION] = "PRAGMA user_version",
    [STATEMENT_SCHEMA_OWNER] = "PRAGMA application_id",
    [STATEMENT_SCHEMA_OBJECTS] =
        "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY type, name",
    [STATEMENT_JOURNAL_WAL] = "PRAGMA journal_mode = WAL",
    [STATEMENT_PAGE_SIZE] = "PRAGMA page_size",
    [STATEMENT_PAGE_COUNT] = "PRAGMA page_count",
    [STATEMENT_PAGE_SPARE] = "PRAGMA freelist_count",
    [STATEMENT_CHECK_INTEGRITY] = "PRAGMA integrity_check",
    [STATEMENT_CHECK_BESIDE_LEDGER] =
        "SELECT found.integrity_check"
        "  FROM sqlite_schema AS object, pragma_integrity_check(object.name) AS found"
        "  WHERE object.type = 'table' AND object.name <> 'ledger'",
    [STATEMENT_CHECK_FOREIGN_KEYS] = "PRAGMA foreign_key_check",
};

static enum medgl_error statement_bind(struct statement *statement, const struct statement_key *key)
{
    int index = sqlite3_bind_parameter_index(statement->stmt, key->parameter);
    int result = key->text != NULL
                     ? sqlite3_bind_text(statement->stmt, index, key->text, -1, SQLITE_STATIC)
                     : sqlite3_bind_int64(statement->stmt, index, key->number);
    return result == SQLITE_OK ? MEDGL_OK
                               : database_error(statement->store, result, "binding a value");
}

enum medgl_error statement_begin(struct store *store, enum statement_id id,
                                 const struct statement_key *keys, struct statement *statement)
{
    *statement = (struct statement){store, id, auto_give(store->statements[id])};
    if (statement->stmt == NULL) {
        errno = 0;
        int result = sqlite3_prepare_v3(store->db, statement_sql[id], -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement->stmt, NULL);
        if (result != SQLITE_OK)
            return database_error(store, result, "preparing a statement");
    }
    for (; keys != NULL && keys->parameter != NULL; keys++)
        MEDGL_TRY(statement_bind(statement, keys));
    return MEDGL_OK;
}

enum medgl_error statement_begin_in(struct store_txn *txn, enum statement_id id,
                                    const struct statement_key *keys, struct statement *statement)
{
    /* SQLite ends a transaction by itself on some errors: what follows must not commit alone. */
    if (sqlite3_get_autocommit(txn->store->db))
        return MEDGL_ERR_IO;
    MEDGL_TRY(statement_begin(txn->store, id, keys, statement));
    return txn->mode == STORE_WRITE || sqlite3_stmt_readonly(statement->stmt) ? MEDGL_OK
                                                                              : MEDGL_ERR_ARGUMENT;
}

enum medgl_error statement_step(struct statement *statement)
{
    errno = 0;
    int result = sqlite3_step(statement->stmt);
    if (result == SQLITE_ROW)
        return MEDGL_OK;
    if (result == SQLITE_DONE)
        return MEDGL_ERR_NOT_FOUND;
    return database_error(statement->store, result, "reading or writing");
}

enum medgl_error statement_run(struct store_txn *txn, enum statement_id id,
                               const struct statement_key *keys)
{
    auto_statement struct statement statement = {0};
    MEDGL_TRY(statement_begin_in(txn, id, keys, &statement));
    enum medgl_error error = statement_step(&statement);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error statement_number(struct store *store, enum statement_id id, int64_t *number)
{
    auto_statement struct statement statement = {0};
    MEDGL_TRY(statement_begin(store, id, NULL, &statement));
    enum medgl_error error = statement_step(&statement);
    if (error == MEDGL_OK)
        *number = sqlite3_column_int64(statement.stmt, 0);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_CORRUPT : error;
}

void statement_end(struct statement *statement)
{
    if (statement->stmt == NULL)
        return;
    sqlite3_stmt **kept = &statement->store->statements[statement->id];
    (void)sqlite3_reset(statement->stmt); /* the error of the last step was given already */
    (void)sqlite3_clear_bindings(statement->stmt);
    if (*kept != NULL)
        (void)sqlite3_finalize(*kept);
    *kept = auto_give(statement->stmt);
}
