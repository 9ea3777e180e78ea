/* A device that makes codes, or recovery codes, for an account: for tests that log nobody in. */
#ifndef MEDGL_TESTS_UNIT_DEVICE_FIXTURE_H
#define MEDGL_TESTS_UNIT_DEVICE_FIXTURE_H

#include "operation/recovery.h"
#include "operation/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct device_run {
    struct context *context;
    const char *name;
    struct totp_enrolment enrolment;
};

static inline enum medgl_error device_store(struct store_txn *txn, void *argument)
{
    struct device_run *run = argument;
    struct account account;
    char why[OPERATION_WHY_SIZE];
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return totp_enrolment_store(run->context, txn, &clock, &account, &run->enrolment,
                                "administrator", why);
}

static inline void give_device(struct context *context, const char *name)
{
    struct device_run run = {.context = context, .name = name};
    assert_int_equal(totp_enrolment_begin(context, 0, 0, "phone", &run.enrolment), MEDGL_OK);
    run.enrolment.step = totp_step(&run.enrolment.record, clock_read().now) - 3;
    assert_int_equal(store_transact(context->store, STORE_WRITE, device_store, &run), MEDGL_OK);
    totp_enrolment_clear(&run.enrolment);
}

static inline enum medgl_error paper_dropped(void *argument, const struct account *account,
                                             const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument, (void)account, (void)codes;
    return count == RECOVERY_COUNT ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

static inline void give_paper(struct context *context, const char *name)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {
        .name = name, .reason = "new", .deliver = paper_dropped};
    assert_int_equal(operation_recovery_issue(context, &request, why), MEDGL_OK);
}

#endif
