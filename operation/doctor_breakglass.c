/* The break-glass accounts (R32): their installation, and whether it would do what it is for. Works
 * as the owner of the store. */
#include "operation/breakglass.h"
#include "operation/doctor.h"
#include "operation/emergency.h"
#include "operation/emergency_join.h"

#include "base/auto.h"
#include "base/process.h"
#include "base/text.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define FIRST_LOGIN "/proc/1/loginuid"

/* -- accounts --------------------------------------------------------------------------------- */

static enum medgl_error breakglass_account(void *argument, const struct account *account)
{
    struct doctor *doctor = argument;
    struct doctor_account kept = {.uid = account->uid,
                                  .class_ = account->class_,
                                  .state = account->state,
                                  .shared = account->shared};
    MEDGL_TRY(text_copy(kept.name, sizeof(kept.name), account->name));
    doctor->enrolled(doctor, &kept);
    return MEDGL_OK;
}

static enum medgl_error breakglass_accounts(struct store_txn *txn, void *argument)
{
    return store_account_each(txn, breakglass_account, argument);
}

static enum medgl_error misplaced_account(void *argument, const struct account *account)
{
    if (account->class_ == ACCOUNT_CLASS_BREAKGLASS && account->state != ACCOUNT_STATE_RETIRED)
        doctor_say(argument, DOCTOR_FAULT, "breakglass",
                   "%s is of class breakglass and in the main store, from an older version: it is "
                   "refused. Retire it, and enrol another Unix user with medgl-admin account add "
                   "NAME --class breakglass",
                   account->name);
    return MEDGL_OK;
}

static enum medgl_error misplaced_accounts(struct store_txn *txn, void *argument)
{
    return store_account_each(txn, misplaced_account, argument);
}

void doctor_misplaced(struct doctor *doctor, const struct context *context)
{
    const enum medgl_error error =
        store_transact(context->store, STORE_READ, misplaced_accounts, doctor);
    if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "breakglass",
                   "whether break-glass accounts are in the main store is not known: %s: do what "
                   "the log says",
                   medgl_error_text(error));
}

static enum medgl_error vouched_now(struct store_txn *txn, void *argument)
{
    struct joined joined;
    return store_joined_get(txn, argument, &joined);
}

/* What cannot be read is told of elsewhere. */
bool doctor_vouched(const struct context *context)
{
    char origin[NOTE_ORIGIN_SIZE];
    return emergency_join_origin(note_signer_name(context->signer), origin) == MEDGL_OK &&
           store_transact(context->store, STORE_READ, vouched_now, origin) == MEDGL_OK;
}

bool doctor_breakglass_there(struct doctor *doctor)
{
    if (context_there(doctor->root, CONTEXT_BREAKGLASS))
        return true;
    if (doctor->vouched)
        doctor_say(doctor, DOCTOR_FAULT, "breakglass",
                   "the installation of the break-glass accounts is gone, which the main ledger "
                   "vouches for: none of them works: restore a backup");
    else
        doctor_say(doctor, DOCTOR_WARNING, "breakglass",
                   "there is no installation of break-glass accounts: run medgl-admin setup, which "
                   "makes it and changes nothing else");
    return false;
}

/* -- whether it would do ---------------------------------------------------------------------- */

static void breakglass_warn(struct doctor *doctor, const char *text, unsigned *told)
{
    (*told)++;
    doctor_say(doctor, DOCTOR_WARNING, "breakglass", "%s", text);
}

static void breakglass_sealed(struct doctor *doctor, const struct emergency_status *status,
                              unsigned *told)
{
    char text[256];
    if (status->sealed == 0 && status->used + status->closed + status->unsealed == 0)
        breakglass_warn(doctor,
                        "there is no break-glass account: in an emergency that the main store does "
                        "not survive nobody logs in; medgl-emergency(7) says how to make one",
                        told);
    else if (status->sealed == 0)
        breakglass_warn(doctor,
                        "no break-glass account is sealed, so none opens in an emergency: "
                        "medgl-admin breakglass list says why; breakglass seal NAME seals one",
                        told);
    if (status->due > 0) {
        (void)snprintf(text, sizeof(text),
                       "%u sealed credentials are due for renewal: medgl-admin breakglass list "
                       "says which; seal them anew",
                       (unsigned)status->due);
        breakglass_warn(doctor, text, told);
    }
    if (status->sealed > 0 && status->reserved < BREAKGLASS_RESERVE) {
        (void)snprintf(text, sizeof(text),
                       "%llu KiB of %llu are kept for logins while the device is full: free space "
                       "on it; medgl-alert.timer takes it then",
                       (unsigned long long)status->reserved >> 10,
                       (unsigned long long)BREAKGLASS_RESERVE >> 10);
        breakglass_warn(doctor, text, told);
    }
}

static void breakglass_past(struct doctor *doctor, const struct emergency_status *status,
                            unsigned *told)
{
    char text[256];
    if (status->now.phase == EMERGENCY_OPEN) {
        (void)snprintf(text, sizeof(text), "%s %u is open: medgl-admin emergency recover ends it",
                       status->now.row.drill ? "drill" : "emergency",
                       (unsigned)status->now.row.number);
        breakglass_warn(doctor, text, told);
    }
    if (status->unreviewed > 0) {
        (void)snprintf(text, sizeof(text),
                       "%u emergencies and drills were not reviewed, number %u is the first: "
                       "medgl-admin report emergency %u, then emergency review",
                       (unsigned)status->unreviewed, (unsigned)status->first_unreviewed,
                       (unsigned)status->first_unreviewed);
        breakglass_warn(doctor, text, told);
    }
    if (status->drill_due)
        breakglass_warn(doctor,
                        "a drill is due: medgl-emergency(7) says how one is held; drill_every in "
                        "the policy says how often",
                        told);
}

/* Root sees what hidepid hides where nobody took CAP_SYS_PTRACE from it; this process gave its own
 * away, and knows of that which root has here by the bounding set. */
static void breakglass_processes(struct doctor *doctor, unsigned *told)
{
    if (doctor->root[0] == '\0' && process_hidden() &&
        prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0) == 0)
        breakglass_warn(doctor,
                        "/proc hides processes here, and root has no CAP_SYS_PTRACE: what runs on "
                        "under a break-glass account that is closed may be hidden from it, too, "
                        "and is not ended then: leave root that capability",
                        told);
}

/* What was started there as root is told by the login that it came from (R33). */
static void breakglass_logins(struct doctor *doctor, unsigned *told)
{
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    const char *login;
    if (doctor_read(doctor, FIRST_LOGIN, &text) != NULL || (login = doctor_line(&text)) == NULL ||
        strcmp(login, "4294967295") == 0)
        return;
    breakglass_warn(doctor,
                    "the first process of this machine counts to a login (" FIRST_LOGIN "), as in "
                    "a container that was started from one: what was started as root from a "
                    "break-glass account is not told by it, and is not ended with an emergency: "
                    "have a service start the container",
                    told);
}

void doctor_breakglass(struct doctor *doctor, struct context *context)
{
    struct emergency_status status;
    unsigned told = 0;
    enum medgl_error error =
        store_transact(context->store, STORE_READ, breakglass_accounts, doctor);
    if (error == MEDGL_OK)
        error = operation_emergency_status(context, NULL, &status);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "breakglass",
                   "what they are is not known: %s: do what the log says", medgl_error_text(error));
        return;
    }
    breakglass_sealed(doctor, &status, &told);
    breakglass_past(doctor, &status, &told);
    breakglass_processes(doctor, &told);
    breakglass_logins(doctor, &told);
    if (told == 0)
        doctor_say(doctor, DOCTOR_OK, "breakglass", "%u sealed, none of them due for renewal",
                   (unsigned)status.sealed);
}
