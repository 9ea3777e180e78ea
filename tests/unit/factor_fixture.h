/* A device that makes codes, as liboath has them: for tests of operation/. */
#ifndef MEDGL_TESTS_FACTOR_FIXTURE_H
#define MEDGL_TESTS_FACTOR_FIXTURE_H

#include "tests/unit/device_fixture.h"
#include "tests/unit/operation_fixture.h"

#include <liboath/oath.h>
#include <time.h>

static struct totp_record device;
static time_t shown_at;

/* Codes are counted from this time until it is called again: a step may end at any moment, and what
 * was the code of now would be another one. Some of this step is left. */
static inline void shown_begin(void)
{
    while (clock_read().now % (30 * MEDGL_SECOND) > 24 * MEDGL_SECOND)
        clock_sleep(100);
    shown_at = (time_t)(clock_read().now / MEDGL_SECOND);
}

/* Its last two steps are not used up yet. */
static inline void enrol_device(struct fixture *f)
{
    struct device_run run = {.context = &f->context, .name = f->user};
    shown_begin();
    assert_int_equal(totp_enrolment_begin(&f->context, 0, 0, "phone", &run.enrolment), MEDGL_OK);
    device = run.enrolment.record;
    run.enrolment.step = totp_step(&device, clock_read().now) - 3;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, device_store, &run), MEDGL_OK);
}

/* What a device shows at a time of the clock, as liboath has it. */
static inline const char *shown(int64_t steps_ahead)
{
    static char code[16];
    static const int flags[] = {[TOTP_SHA1] = 0,
                                [TOTP_SHA256] = OATH_TOTP_HMAC_SHA256,
                                [TOTP_SHA512] = OATH_TOTP_HMAC_SHA512};
    const time_t at = shown_at + steps_ahead * 30;
    assert_int_equal(oath_totp_generate2((const char *)device.secret, device.secret_len, at, 30, 0,
                                         device.digits, flags[device.algorithm], code),
                     OATH_OK);
    return code;
}

/* One that no step near by has. */
static inline const char *not_shown(void)
{
    static char wrong[16];
    for (int i = 0; i < 10; i++) {
        bool near = false;
        (void)snprintf(wrong, sizeof(wrong), "%06d", 111111 * i);
        for (int64_t step = -3; step <= 3; step++)
            near = near || strcmp(shown(step), wrong) == 0;
        if (!near)
            break;
    }
    return wrong;
}

#endif
