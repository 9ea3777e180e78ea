/* Where the latest emergency stands, by the clocks of now, and what that means for a break-glass
 * account (R31, R32). Writes nothing.
 *
 * MUST: clocks are read here, and nowhere else of what is said in emergency.h: how long one lasted
 * is told from one reading in each transaction. */
#include "operation/emergency.h"

#include "base/auto.h"
#include "operation/evidence.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* No clock that is right stands before this program was written: 2026-11-01. */
#define EMERGENCY_FIRST_DAY (INT64_C(20758) * MEDGL_DAY)
#define EMERGENCY_BOOT_FILE "/proc/sys/kernel/random/boot_id"

/* -- clocks -----------------------------------------------------------------------------------
 */

static void emergency_boot(char boot[STORE_BOOT_SIZE])
{
    (void)memset(boot, 0, STORE_BOOT_SIZE);
    auto_fd int fd = open(EMERGENCY_BOOT_FILE, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd >= 0 ? read(fd, boot, STORE_BOOT_SIZE - 1) : -1;
    boot[got > 0 ? strcspn(boot, "\n") : 0] = '\0';
}

enum medgl_error emergency_clocks_read(struct store_txn *txn, struct emergency_clocks *clocks)
{
    struct ledger_head head;
    *clocks = (struct emergency_clocks){.clock = clock_read(), .uptime = clock_monotonic()};
    emergency_boot(clocks->boot);
    MEDGL_TRY(store_ledger_head(txn, &head));
    clocks->credible = clocks->clock.synchronised && clocks->clock.now >= EMERGENCY_FIRST_DAY &&
                       clocks->clock.now >= head.time - EVIDENCE_CLOCK_BACK;
    return MEDGL_OK;
}

/* -- the latest one ---------------------------------------------------------------------------
 */

/* Where the kernel does not tell the boot, the uptime does, as far as it can. */
static bool emergency_same_boot(const struct emergency *row, const struct emergency_clocks *clocks)
{
    if (clocks->boot[0] == '\0' || row->mark_boot[0] == '\0')
        return clocks->uptime >= row->mark_uptime;
    return strcmp(clocks->boot, row->mark_boot) == 0;
}

static int64_t emergency_spent(const struct emergency *row, const struct emergency_clocks *clocks)
{
    const struct emergency_mark mark = {.spent = row->spent,
                                        .wall = row->mark_wall,
                                        .uptime = row->mark_uptime,
                                        .credible = row->mark_credible};
    const struct emergency_now now = {.wall = clocks->clock.now,
                                      .uptime = clocks->uptime,
                                      .credible = clocks->credible,
                                      .same_boot = emergency_same_boot(row, clocks)};
    return policy_emergency_spent(&mark, &now);
}

enum medgl_error emergency_look(const struct context *context, struct store_txn *txn,
                                const struct emergency_clocks *clocks,
                                struct emergency_now_view *view)
{
    *view = (struct emergency_now_view){.phase = EMERGENCY_NONE};
    const enum medgl_error error = store_emergency_latest(txn, &view->row);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    view->known = true;
    const bool recorded = view->row.ended != EMERGENCY_END_NONE;
    view->spent = recorded ? view->row.spent : emergency_spent(&view->row, clocks);
    view->phase = policy_emergency_phase(&context->policy, recorded, view->spent);
    if (view->phase == EMERGENCY_OPEN)
        view->left = policy_emergency_left(&context->policy, view->spent);
    return MEDGL_OK;
}

/* -- an account -------------------------------------------------------------------------------
 */

/* One is open at a time: every other than the latest is over. */
static enum emergency_phase used_in(const struct breakglass *breakglass,
                                    const struct emergency_now_view *view)
{
    if (view->known && strcmp(breakglass->emergency_id, view->row.id) == 0)
        return view->phase;
    return breakglass->emergency_id[0] != '\0' ? EMERGENCY_RECOVERED : EMERGENCY_NONE;
}

/* A row without its credential is not sealed. */
static enum medgl_error sealed_is_there(struct store_txn *txn, const char *account_id, bool *there)
{
    struct credential credential;
    const enum medgl_error error =
        store_credential_get(txn, account_id, CREDENTIAL_PASSWORD, &credential);
    *there = error == MEDGL_OK;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error emergency_facts(const struct context *context, struct store_txn *txn,
                                 const struct emergency_now_view *view, const char *account_id,
                                 struct breakglass *breakglass, struct breakglass_facts *facts)
{
    *facts = (struct breakglass_facts){.now = view->phase};
    const enum medgl_error error = store_breakglass_get(txn, account_id, breakglass);
    if (error != MEDGL_OK)
        *breakglass = (struct breakglass){.times = 0};
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    MEDGL_TRY(sealed_is_there(txn, account_id, &facts->sealed));
    facts->used = breakglass->used_at != 0;
    /* Of a store that was put back nobody knows whether it was used since. */
    facts->closed = breakglass->closed_at != 0 || breakglass->sealed_at <= context->put_back;
    facts->used_in = used_in(breakglass, view);
    return MEDGL_OK;
}
