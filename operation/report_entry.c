#include "operation/report_entry.h"

#include "base/auto.h"
#include "base/crypto.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum report_part report_part_of(enum ledger_kind kind)
{
    switch (kind) {
    case LEDGER_SESSION_OPEN:
        return REPORT_PART_SESSION;
    case LEDGER_ALERT_RAISE:
        return REPORT_PART_ALERT;
    case LEDGER_LOGIN_SUCCESS: /* see report_logins.c */
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_END:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_CLOCK_BACK:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_KIND_COUNT:
        return REPORT_PART_NONE;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_SESSION_END:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_MAINTENANCE_CONFIRM:
        return REPORT_PART_ACT;
    }
    return REPORT_PART_NONE;
}

/* Ids and digests say nothing to people; the emergency is known, with its range of the main ledger.
 */
static bool report_tells(const struct ledger_field *field)
{
    static const char *const others[] = {"id", "emergency", "drill", "main", "actor_asserted"};
    for (size_t i = 0; i < MEDGL_COUNT(others); i++)
        if (strcmp(field->name, others[i]) == 0)
            return false;
    return field->type != LEDGER_FIELD_TEXT ||
           (field->text != NULL && field->text[0] != '\0' &&
            (strlen(field->text) < CRYPTO_ID_SIZE - 1 ||
             field->text[strspn(field->text, "0123456789abcdef")] != '\0'));
}

void report_details(const struct ledger_entry *entry, char details[REPORT_DETAILS_SIZE])
{
    char all[REPORT_DETAILS_SIZE + 8] = "";
    size_t len = 0;
    for (size_t i = 0; i < entry->field_count && len < REPORT_DETAILS_SIZE; i++) {
        const struct ledger_field *field = &entry->fields[i];
        if (!report_tells(field))
            continue;
        const char *comma = len > 0 ? "; " : "";
        int made = -1;
        switch (field->type) {
        case LEDGER_FIELD_TEXT:
            made =
                snprintf(all + len, sizeof(all) - len, "%s%s: %s", comma, field->name, field->text);
            break;
        case LEDGER_FIELD_NUMBER:
            made = snprintf(all + len, sizeof(all) - len, "%s%s: %" PRId64, comma, field->name,
                            field->number);
            break;
        case LEDGER_FIELD_BOOL:
            made = snprintf(all + len, sizeof(all) - len, "%s%s: %s", comma, field->name,
                            field->number != 0 ? "yes" : "no");
            break;
        }
        len += made > 0 ? (size_t)made : 0;
    }
    text_printable(details, REPORT_DETAILS_SIZE, all); /* and cuts between characters */
}
