/* Every order in which an emergency can go, as words, and what it comes to: for tests of the rules,
 * and for the same with a real store.
 *
 *   seal  declare  drill  earnest  use  recover  settle   what people and the timer do
 *   +HOURS  boot+HOURS (off for so long)  clock+DAYS  clock-DAYS  1970   what time does
 *   unsync  sync   what the kernel says of the clock from here on
 *   mark   what is known so far is written down, as the timer does every few minutes */
#ifndef MEDGL_TESTS_EMERGENCY_ORDERS_H
#define MEDGL_TESTS_EMERGENCY_ORDERS_H

#define ORDER_WALL (INT64_C(1795305600) * 1000) /* 2026-11-22: when each begins */

static const struct order_row {
    const char *name; /* what happens */
    const char *end;  /* phase, state of the account, what its use would do */
    const char *settings;
} order_rows[] = {
    /* before anything */
    {"", "none unsealed unsealed", ""},
    {"declare", "open unsealed unsealed", ""},
    {"use", "none unsealed unsealed", ""},
    {"seal", "none sealed declares", ""},
    {"seal", "none sealed outside", "breakglass_outside=deny"},
    {"seal seal", "none sealed declares", ""},
    /* declare and use */
    {"seal declare", "open sealed opens", ""},
    {"seal declare", "open sealed opens", "breakglass_outside=deny"},
    {"declare seal", "open sealed opens", ""},
    {"declare seal use", "open used opens", ""},
    {"seal declare use", "open used opens", ""},
    {"seal declare use use", "open used opens", ""},
    {"seal use", "open used opens", ""},
    {"seal use use", "open used opens", ""},
    {"seal use declare", "open used opens", ""},
    {"seal use", "none sealed outside", "breakglass_outside=deny"},
    {"seal use declare use", "open used opens", "breakglass_outside=deny"},
    /* recover */
    {"recover", "none unsealed unsealed", ""},
    {"seal recover", "none sealed declares", ""},
    {"seal declare recover", "recovered sealed declares", ""},
    {"seal declare recover", "recovered sealed outside", "breakglass_outside=deny"},
    {"seal declare use recover", "recovered closed closed", ""},
    {"seal declare use recover use", "recovered closed closed", ""},
    {"seal declare use recover recover", "recovered closed closed", ""},
    {"seal declare use recover settle", "recovered closed closed", ""},
    {"seal use recover", "recovered closed closed", ""},
    {"seal use recover use use", "recovered closed closed", ""},
    /* another emergency opens nothing that the one before closed */
    {"seal declare use recover declare", "open closed closed", ""},
    {"seal declare use recover declare use", "open closed closed", ""},
    {"seal declare recover declare use", "open used opens", ""},
    /* re-seal */
    {"seal declare use recover seal", "recovered sealed declares", ""},
    {"seal declare use recover seal", "recovered sealed outside", "breakglass_outside=deny"},
    {"seal declare use recover seal use", "open used opens", ""},
    {"seal declare use recover seal declare use recover", "recovered closed closed", ""},
    {"seal declare use recover declare seal", "open sealed opens", ""},
    {"seal declare use recover declare seal use", "open used opens", ""},
    {"seal declare use seal", "open used opens", ""},
    {"seal declare use seal recover", "recovered closed closed", ""},
    /* time-out: without anybody who writes it down */
    {"seal declare +71", "open sealed opens", ""},
    {"seal declare +72", "timed-out sealed declares", ""},
    {"seal declare +72", "timed-out sealed outside", "breakglass_outside=deny"},
    {"seal declare use +71", "open used opens", ""},
    {"seal declare use +72", "timed-out closed closed", ""},
    {"seal declare use +72 use", "timed-out closed closed", ""},
    {"seal declare use +72 settle", "recovered closed closed", ""},
    {"seal declare use +72 recover", "recovered closed closed", ""},
    {"seal declare use +72 declare", "open closed closed", ""},
    {"seal declare use +72 seal", "recovered sealed declares", ""},
    {"seal declare use +72 seal use", "open used opens", ""},
    {"seal declare use +72 settle seal use", "open used opens", ""},
    {"seal use +72", "timed-out closed closed", ""},
    {"seal use +72 declare use", "open closed closed", ""},
    {"seal declare +72 use", "open used opens", ""},
    {"seal declare +72 use +71", "open used opens", ""},
    {"seal declare +71 use +1", "timed-out closed closed", ""},
    {"seal declare +36 mark +35", "open sealed opens", ""},
    {"seal declare +36 mark +36", "timed-out sealed declares", ""},
    {"seal declare use +1", "timed-out closed closed", "emergency_max=1 h"},
    {"seal declare use +73", "open used opens", "emergency_max=31 days"},
    {"seal declare use recover +72", "recovered closed closed", ""},
    {"seal declare use recover +9999", "recovered closed closed", ""},
    /* a drill that becomes one in earnest */
    {"seal drill +71 earnest +71", "open sealed opens", ""},
    {"seal drill use +71 earnest +71", "open used opens", ""},
    {"seal drill use +71 earnest +72", "timed-out closed closed", ""},
    /* reboot */
    {"seal boot+1", "none sealed declares", ""},
    {"seal declare boot+1", "open sealed opens", ""},
    {"seal declare use boot+71", "open used opens", ""},
    {"seal declare use boot+72", "timed-out closed closed", ""},
    {"seal declare use boot+72 use", "timed-out closed closed", ""},
    {"seal declare use +36 boot+35", "open used opens", ""},
    {"seal declare use +36 boot+36", "timed-out closed closed", ""},
    {"seal declare use +36 mark boot+36", "timed-out closed closed", ""},
    {"seal declare use boot+1 +70", "open used opens", ""},
    {"seal declare use boot+1 +71", "timed-out closed closed", ""},
    {"seal declare use boot+1 mark boot+1 mark +69", "open used opens", ""},
    {"seal declare use boot+1 mark boot+1 mark +70", "timed-out closed closed", ""},
    {"seal declare use boot+1 recover", "recovered closed closed", ""},
    {"seal declare use recover boot+0", "recovered closed closed", ""},
    {"seal declare use boot+99 settle boot+0", "recovered closed closed", ""},
    /* clocks that jump, while the machine runs: nothing changes */
    {"seal declare use clock+30", "open used opens", ""},
    {"seal declare use clock-30", "open used opens", ""},
    {"seal declare use 1970", "open used opens", ""},
    {"seal declare use clock+30 +71", "open used opens", ""},
    {"seal declare use clock+30 +72", "timed-out closed closed", ""},
    {"seal declare use clock-30 +72", "timed-out closed closed", ""},
    {"seal declare use 1970 +72", "timed-out closed closed", ""},
    {"1970 seal declare use +71", "open used opens", ""},
    {"1970 seal declare use +72", "timed-out closed closed", ""},
    {"1970 seal use +71 clock+20780", "open used opens", ""},
    {"1970 seal use +72 clock+20780", "timed-out closed closed", ""},
    {"seal declare use +72 clock-30", "timed-out closed closed", ""},
    {"seal declare use +72 clock-30 use", "timed-out closed closed", ""},
    {"seal declare use +72 settle clock-30", "recovered closed closed", ""},
    {"seal declare use recover clock-30", "recovered closed closed", ""},
    {"seal declare use recover 1970", "recovered closed closed", ""},
    {"seal declare use +36 mark clock-9 mark +35", "open used opens", ""},
    {"seal declare use +36 mark clock-9 mark +36", "timed-out closed closed", ""},
    {"seal declare use +36 mark clock+9 mark +35", "open used opens", ""},
    /* clocks that jump, and a reboot: never below what was known */
    {"seal declare use +36 mark 1970 boot+0 +35", "open used opens", ""},
    {"seal declare use +36 mark 1970 boot+0 +36", "timed-out closed closed", ""},
    {"seal declare use +36 mark clock-30 boot+0 +36", "timed-out closed closed", ""},
    {"seal declare use +72 settle 1970 boot+0", "recovered closed closed", ""},
    {"seal declare use 1970 boot+0 clock+20780 +71", "timed-out closed closed", ""},
    {"seal declare use clock+30 boot+0", "timed-out closed closed", ""},
    {"seal declare use unsync clock+30 boot+0", "open used opens", ""},
    {"seal declare use unsync mark clock+30 boot+0 +71", "open used opens", ""},
    {"seal declare use unsync mark clock+30 boot+0 +72", "timed-out closed closed", ""},
    {"unsync seal declare use clock+30 boot+0 sync", "open used opens", ""},
    {"1970 seal declare use boot+0 +71", "open used opens", ""},
    {"1970 seal declare use boot+0 +72", "timed-out closed closed", ""},
    {"1970 seal declare use boot+0 +40 mark boot+0 +31", "open used opens", ""},
    {"1970 seal declare use boot+0 +40 mark boot+0 +32", "timed-out closed closed", ""},
};

#endif
