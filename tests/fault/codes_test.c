/* R24: a one-time code lets in once, ever: however many use it at the same moment, and whatever is
 * killed in between. */
#include "tests/fault/scene.h"
#include "tests/unit/table.h"

#include "operation/grant.h"
#include "operation/recovery.h"
#include "operation/totp.h"

#include "base/auto.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

#define CROWD       100
#define CROWD_DYING 20

static bool whole_campaign; /* `make fault-long` */

/* -- enrolment, and the device ----------------------------------------------------------------- */

/* What the other side has; in the scratch that children share. */
struct device {
    char key[BASE32_SIZE(TOTP_SECRET_MAX)];
    char codes[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];
};

static struct device *device_of(const struct scene *scene)
{
    static_assert(sizeof(struct device) <= SCENE_SCRATCH, "the scratch has room for it");
    return (struct device *)(void *)scene->scratch;
}

struct enrol_run {
    struct context *context;
    const struct scene *scene;
    const struct totp_enrolment *enrolment;
};

static enum medgl_error enrol_now(struct store_txn *txn, void *argument)
{
    const struct enrol_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct account account;
    char why[OPERATION_WHY_SIZE];
    MEDGL_TRY(store_account_by_name(txn, run->scene->user, &account));
    return totp_enrolment_store(run->context, txn, &clock, &account, run->enrolment, "owner", why);
}

static bool enrol_totp(struct context *context, struct scene *scene, const void *argument)
{
    auto_clean(totp_enrolment_clear) struct totp_enrolment enrolment = {.step = 0};
    struct enrol_run run = {context, scene, &enrolment};
    (void)argument;
    CHECK(totp_enrolment_begin(context, 0, 0, "", &enrolment) == MEDGL_OK);
    enrolment.step = 1; /* long ago */
    base32_write(enrolment.record.secret, enrolment.record.secret_len, device_of(scene)->key);
    return store_transact(context->store, STORE_WRITE, enrol_now, &run) == MEDGL_OK;
}

static enum medgl_error keep_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)account;
    memcpy(((struct device *)argument)->codes, codes, count * sizeof(codes[0]));
    return MEDGL_OK;
}

static bool issue_recovery(struct context *context, struct scene *scene, const void *argument)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {
        .name = scene->user, .reason = "test", .argument = device_of(scene), .deliver = keep_codes};
    (void)argument;
    return operation_recovery_issue(context, &request, why) == MEDGL_OK;
}

static enum medgl_error keep_waiver(void *argument, const struct account *account,
                                    const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                    medgl_time until)
{
    (void)until;
    return keep_codes(argument, account, codes, count);
}

static bool add_waiver(struct context *context, struct scene *scene, const void *argument)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    const struct grant_add_request request = {.name = scene->user,
                                              .kind = GRANT_FACTOR_WAIVER,
                                              .instead = GRANT_INSTEAD_CODE,
                                              .codes = 3,
                                              .until = clock_read().now + MEDGL_DAY,
                                              .approved_by = "a physician",
                                              .reason = "the device is broken",
                                              .argument = device_of(scene),
                                              .deliver = keep_waiver};
    (void)argument;
    return operation_grant_add(context, &request, id, why) == MEDGL_OK;
}

/* What oathtool says for the step that is `ahead` of now; as no test lasts as long as the window
 * is wide, one ahead is right for a minute. */
static bool device_code(const struct scene *scene, int ahead, char code[16])
{
    char command[sizeof(struct device) + 128];
    (void)snprintf(command, sizeof(command), "oathtool --totp=sha256 -d 6 -b -N @%lld %s",
                   (long long)(clock_read().now / 1000 + ahead * 30), device_of(scene)->key);
    FILE *pipe = popen(command, "re");
    CHECK(pipe != NULL);
    bool read = fgets(code, 16, pipe) != NULL;
    CHECK(pclose(pipe) == 0 && read);
    code[strcspn(code, "\n")] = '\0';
    return true;
}

/* Waits until most of a step is left. A code that is used in the step behind its own would be
 * remembered as that of a slow clock, and the next one, of a fast clock, would be out of reach. */
static void step_begin(void)
{
    while (clock_read().now % (30 * MEDGL_SECOND) > 8 * MEDGL_SECOND)
        clock_sleep(100);
}

/* -- many at once ------------------------------------------------------------------------------ */

/* So many logins with that code at once, each from an address of its own unless `together`. */
static bool crowd(struct scene *scene, size_t count, const char *code, bool together,
                  unsigned codes[64])
{
    const char *const answers[] = {SCENE_PASSWORD, code, NULL};
    pid_t hosts[CROWD];
    int gate[2];
    memset(codes, 0, 64 * sizeof(*codes));
    CHECK(pipe(gate) == 0);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !together)
            scene_fresh_source(scene);
        hosts[i] = scene_start(scene, HOST_AUTH, answers, gate);
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (size_t i = 0; i < count; i++) {
        int ended = scene_end(hosts[i]);
        CHECK(ended >= 0 && ended < 64);
        codes[ended]++;
    }
    scene_quiet(scene);
    return true;
}

/* One of a hundred gets in, and nobody after them. */
static bool a_hundred_get_in_once(struct scene *scene, const char *code, bool together)
{
    unsigned codes[64];
    CHECK(scene_audit(scene));
    const struct tally before = *scene->tally;
    scene_plan(scene, NULL);
    CHECK(crowd(scene, CROWD, code, together, codes));
    /* Whoever waits for too long on a busy machine is told that it is unavailable. */
    CHECK(codes[PAM_SUCCESS] == 1 && codes[PAM_AUTH_ERR] > 0);
    CHECK(codes[PAM_AUTH_ERR] + codes[PAM_AUTHINFO_UNAVAIL] == CROWD - 1);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    CHECK(scene->tally->kinds[LEDGER_LOGIN_SUCCESS] - before.kinds[LEDGER_LOGIN_SUCCESS] == 1);
    CHECK(scene_unlock(scene));
    scene_fresh_source(scene);
    const char *const answers[] = {SCENE_PASSWORD, code, NULL};
    CHECK(scene_call(scene, HOST_AUTH, answers) == PAM_AUTH_ERR);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    return true;
}

static bool a_code_of_a_device(struct scene *scene)
{
    char code[16];
    CHECK(scene_act(scene, enrol_totp, NULL) && device_code(scene, 1, code));
    return a_hundred_get_in_once(scene, code, false);
}

/* From one place: the limit of that place besides. */
static bool a_code_from_one_place(struct scene *scene)
{
    char code[16];
    CHECK(scene_act(scene, enrol_totp, NULL) && device_code(scene, 1, code));
    return a_hundred_get_in_once(scene, code, true);
}

static bool a_recovery_code(struct scene *scene)
{
    CHECK(scene_act(scene, enrol_totp, NULL) && scene_act(scene, issue_recovery, NULL));
    CHECK(a_hundred_get_in_once(scene, device_of(scene)->codes[3], false));
    /* The others are as they were. */
    scene_fresh_source(scene);
    const char *const answers[] = {SCENE_PASSWORD, device_of(scene)->codes[4], NULL};
    CHECK(scene_call(scene, HOST_AUTH, answers) == PAM_SUCCESS);
    return true;
}

static bool a_code_of_a_waiver(struct scene *scene)
{
    CHECK(scene_act(scene, enrol_totp, NULL) && scene_act(scene, add_waiver, NULL));
    CHECK(a_hundred_get_in_once(scene, device_of(scene)->codes[0], false));
    CHECK(scene->tally->kinds[LEDGER_GRANT_USE] == 1);
    return true;
}

/* -- killed in between ------------------------------------------------------------------------- */

/* A login with a code whose engine dies at that point, then the same again: one of both got in, or
 * the first was recorded and nobody told. */
static bool die_once(struct scene *scene, const char *code, const char *trace, uint32_t point)
{
    const struct board_plan plan = {BOARD_ANY, BOARD_KILL, point, point, 0};
    const char *const answers[] = {SCENE_PASSWORD, code, NULL};
    const bool told = trace + point - 1 > strrchr(trace, 'v'); /* the last is the verdict's */
    const struct tally before = *scene->tally;
    CHECK(scene_restore(scene));
    scene_plan(scene, &plan);
    CHECK(scene_call(scene, HOST_AUTH, answers) == (told ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL));
    CHECK(scene->board->fired == 1);
    scene_plan(scene, NULL);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    const unsigned recorded =
        scene->tally->kinds[LEDGER_LOGIN_SUCCESS] - before.kinds[LEDGER_LOGIN_SUCCESS];
    CHECK(recorded <= 1 && (recorded == 1 || !told));
    CHECK(scene_call(scene, HOST_AUTH, answers) == (recorded == 1 ? PAM_AUTH_ERR : PAM_SUCCESS));
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    CHECK(scene->tally->kinds[LEDGER_LOGIN_SUCCESS] - before.kinds[LEDGER_LOGIN_SUCCESS] == 1);
    *scene->tally = before;
    return true;
}

/* Reads and locks do not matter to what is written; the whole campaign dies at them too. */
static bool worth_dying_at(const char *trace, uint32_t point)
{
    return whole_campaign || point == 1 || strchr("rlomR", trace[point - 1]) == NULL;
}

/* The code is made anew for each point: the test may last longer than a code is right. */
static bool a_login_dies_at_every_point(struct scene *scene)
{
    char trace[BOARD_TRACE], code[16];
    CHECK(scene_act(scene, enrol_totp, NULL));
    CHECK(scene_settle(scene) && scene_keep(scene) && scene_audit(scene));
    CHECK(scene_restore(scene) && device_code(scene, 0, code));
    const char *const answers[] = {SCENE_PASSWORD, code, NULL};
    scene_plan(scene, NULL);
    CHECK(scene_call(scene, HOST_AUTH, answers) == PAM_SUCCESS);
    CHECK(scene->board->seen[BOARD_ANY] < BOARD_TRACE);
    memcpy(trace, scene->board->trace, BOARD_TRACE);
    const uint32_t points = (uint32_t)strlen(trace);
    for (uint32_t point = 1; point <= points; point++)
        if (worth_dying_at(trace, point) &&
            !(device_code(scene, 0, code) && die_once(scene, code, trace, point))) {
            print_message("# at point %u of %s\n", point, trace);
            return false;
        }
    return true;
}

/* Engines that die at any moment while others use the same code. */
static bool a_dying_crowd_gets_in_once(struct scene *scene)
{
    const struct board_plan deadly = {.within_us = 200000};
    const unsigned rounds = whole_campaign ? 18 : 3;
    unsigned codes[64];
    char code[16];
    CHECK(scene_act(scene, enrol_totp, NULL));
    for (unsigned round = 0; round < rounds; round++) {
        CHECK(scene_audit(scene));
        const struct tally before = *scene->tally;
        step_begin();
        CHECK(
            device_code(scene, (int)round, code)); /* its clock goes fast, and that is remembered */
        scene_plan(scene, &deadly);
        CHECK(crowd(scene, CROWD_DYING, code, false, codes));
        CHECK(codes[PAM_SUCCESS] <= 1);
        CHECK(codes[PAM_SUCCESS] + codes[PAM_AUTH_ERR] + codes[PAM_AUTHINFO_UNAVAIL] ==
              CROWD_DYING);
        scene_plan(scene, NULL);
        CHECK(scene_unlock(scene));
        const char *const answers[] = {SCENE_PASSWORD, code, NULL};
        scene_fresh_source(scene);
        const bool late = scene_call(scene, HOST_AUTH, answers) == PAM_SUCCESS;
        CHECK(!late || codes[PAM_SUCCESS] == 0);
        CHECK(scene_audit(scene) && scene->tally->faults == 0);
        CHECK(scene->tally->kinds[LEDGER_LOGIN_SUCCESS] - before.kinds[LEDGER_LOGIN_SUCCESS] == 1);
    }
    return true;
}

/* -- running ----------------------------------------------------------------------------------- */

static const struct row {
    const char *name;
    bool (*body)(struct scene *);
    enum scene_cost cost; /* the whole campaign pays it in all of them */
} rows[] = {
    {"a hundred uses of a device's code at once", a_code_of_a_device, SCENE_CHEAP},
    {"a hundred uses of it from one place", a_code_from_one_place, SCENE_COSTLY},
    {"a hundred uses of a recovery code", a_recovery_code, SCENE_COSTLY},
    {"a hundred uses of a waiver's code", a_code_of_a_waiver, SCENE_COSTLY},
    {"a login with a code dies at every point", a_login_dies_at_every_point, SCENE_CHEAP},
    {"a code in a crowd of dying engines", a_dying_crowd_gets_in_once, SCENE_COSTLY},
};

static void run_row(void **state)
{
    const struct row *row = *state;
    const int64_t begun = clock_monotonic();
    struct scene scene;
    bool good = scene_make(&scene, scene_ordinary(), whole_campaign ? SCENE_COSTLY : row->cost) &&
                scene_policy(&scene, "attempts_per_account = 100\n") && row->body(&scene);
    if (!good && scene.board != NULL)
        print_message("# log: %s\n# fault: %s\n", scene.board->log, scene.tally->fault);
    scene_remove(&scene);
    print_message("# %.1f s\n", (double)(clock_monotonic() - begun) / 1000);
    assert_true(good);
}

int main(int argc, char **argv)
{
    whole_campaign = argc == 2 && strcmp(argv[1], "--long") == 0;
    TABLE_ADD("R24 once", rows, run_row);
    return table_run("codes");
}
