/* Both installations of one root, and what happens in the small one: for tests of what the ledgers
 * say of it. */
#ifndef MEDGL_TESTS_EMERGENCY_FIXTURE_H
#define MEDGL_TESTS_EMERGENCY_FIXTURE_H

#include "tests/unit/operation_fixture.h"

#include "factor/breakglass.h"
#include "operation/breakglass.h"
#include "operation/emergency.h"

/* Users of any Debian, whom nobody logs in as. */
#define BREAKGLASS_ONE "games"
#define BREAKGLASS_TWO "lp"

struct both {
    struct fixture *main;
    struct context small;
};

static inline void both_open_small(struct both *both)
{
    assert_int_equal(context_open_breakglass(both->main->root, CONTEXT_STATE, &both->small),
                     MEDGL_OK);
    both->small.actor = (struct actor){.uid = -1, .roles = ROLE_ROOT};
    (void)snprintf(both->small.actor.name, sizeof(both->small.actor.name), "operator");
}

static inline void both_add(struct both *both, const char *name)
{
    char why[OPERATION_WHY_SIZE];
    const struct passwd *user = getpwnam(name);
    assert_non_null(user);
    const struct account_add_request request = {
        .name = name, .uid = user->pw_uid, .class_ = ACCOUNT_CLASS_BREAKGLASS};
    assert_int_equal(operation_account_add(&both->small, &request, why), MEDGL_OK);
}

static inline void both_begin(struct both *both)
{
    *both = (struct both){.main = NULL};
    assert_int_equal(fixture_open((void **)&both->main), 0);
    both_open_small(both);
    both_add(both, BREAKGLASS_ONE);
    both_add(both, BREAKGLASS_TWO);
}

static inline void both_end(struct both *both)
{
    context_close(&both->small);
    assert_int_equal(fixture_close((void **)&both->main), 0);
}

/* -- what happens ----------------------------------------------------------------------------- */

static inline enum medgl_error page_nowhere(void *argument, const struct account *account,
                                            const struct breakglass *row, const struct secret *code)
{
    (void)argument;
    (void)account;
    (void)row;
    (void)code;
    return MEDGL_OK;
}

static inline enum medgl_error page_kept(void *argument, const struct account *account,
                                         const struct breakglass *row, const struct secret *code)
{
    (void)account;
    (void)row;
    memcpy(argument, code->bytes, BREAKGLASS_TEXT_SIZE);
    return MEDGL_OK;
}

/* `code`: what is on the page; NULL: nobody reads it. */
static inline void both_seal_for(struct both *both, const char *name,
                                 char code[BREAKGLASS_TEXT_SIZE])
{
    char why[OPERATION_WHY_SIZE];
    struct breakglass sealed;
    const struct breakglass_seal_request request = {.name = name,
                                                    .way = "file",
                                                    .argument = code,
                                                    .deliver =
                                                        code != NULL ? page_kept : page_nowhere};
    assert_int_equal(operation_breakglass_seal(&both->small, &request, &sealed, why), MEDGL_OK);
}

static inline void both_seal(struct both *both, const char *name)
{
    both_seal_for(both, name, NULL);
}

/* Somebody types that. */
static inline enum login_verdict both_type(struct both *both, const char *name, const char *typed)
{
    struct script script = {.answers = {typed}, .person = "Tanaka"};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.7");
    const struct login_request request = {.caller = &caller, .user = name};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&both->small, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static inline void both_declare(struct both *both, bool drill)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    const struct emergency_declare_request request = {.criterion = "network-failure",
                                                      .decided_by = "Director",
                                                      .note = "by phone",
                                                      .drill = drill};
    assert_int_equal(operation_emergency_declare(&both->small, &request, &row, why), MEDGL_OK);
}

static inline void both_recover(struct both *both)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    assert_int_equal(operation_emergency_recover(&both->small, "Deputy", "all is well", &row, why),
                     MEDGL_OK);
}

static inline void both_review(struct both *both, uint32_t number)
{
    char why[OPERATION_WHY_SIZE];
    const struct actor actor = both->small.actor;
    (void)snprintf(both->small.actor.name, sizeof(both->small.actor.name), "auditor");
    assert_int_equal(operation_emergency_review(&both->small, &both->main->context, number,
                                                "nothing amiss", why),
                     MEDGL_OK);
    both->small.actor = actor;
}

struct both_use {
    struct both *both;
    const char *name;
};

static inline enum medgl_error both_use_now(struct store_txn *txn, void *argument)
{
    const struct both_use *use = argument;
    struct emergency_clocks clocks;
    struct emergency_now_view view;
    struct account account;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(store_account_by_name(txn, use->name, &account));
    return emergency_use(&use->both->small, txn, &clocks, &account, "sshd", "192.0.2.7", &view);
}

/* As a login does that the sealed credential opens. */
static inline void both_log_in(struct both *both, const char *name)
{
    struct both_use use = {.both = both, .name = name};
    assert_int_equal(store_transact(both->small.store, STORE_WRITE, both_use_now, &use), MEDGL_OK);
}

/* A drill that was reviewed; an emergency that a login declared; and another one that is open, in
 * which an account that was sealed again is used. The other account stays sealed. */
static inline void both_play(struct both *both)
{
    both_seal(both, BREAKGLASS_ONE);
    both_seal(both, BREAKGLASS_TWO);
    both_declare(both, true);
    both_recover(both);
    both_review(both, 1);
    both_log_in(both, BREAKGLASS_ONE);
    both_log_in(both, BREAKGLASS_ONE);
    both_recover(both);
    both_seal(both, BREAKGLASS_ONE);
    both_declare(both, true);
    both_declare(both, false); /* in earnest */
    both_log_in(both, BREAKGLASS_ONE);
}

#endif
