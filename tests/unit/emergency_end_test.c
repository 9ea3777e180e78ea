/* admin/emergency.c, how what is closed ends (R32): of whose uid it has processes ended, what it
 * says where that is another's, and which records it ends. What it calls is played here: nothing
 * ends. */
#include "admin/emergency.h"
#include "tests/unit/table.h"

#include <string.h>

#define UID 1001

static const struct end_row *now;
static unsigned orders, ended;

static const struct end_row {
    const char *name;
    enum admin_exit (*run)(struct admin *admin);
    bool private; /* root: nothing here is of its accounts */
    bool active;
    bool theirs; /* the uid is still the account's */
    bool left;   /* processes of it do not end */
    unsigned orders, ended;
    enum admin_exit code;
} rows[] = {
    {"the timer ends what is theirs", emergency_settle_now, false, true, true, false, 1, 1,
     ADMIN_DONE},
    {"the timer, of one that is disabled", emergency_settle_now, false, false, true, false, 1, 1,
     ADMIN_DONE},
    {"the timer is quiet where the uid is another's", emergency_settle_now, false, false, false,
     false, 0, 1, ADMIN_DONE},
    {"not where the account is active", emergency_settle_now, false, true, false, false, 1, 0,
     ADMIN_UNUSABLE},
    {"not where some do not end", emergency_settle_now, false, false, true, true, 1, 0,
     ADMIN_UNUSABLE},
    {"recover ends what is theirs", emergency_recover, false, true, true, false, 1, 1, ADMIN_DONE},
    {"recover says that the uid is another's", emergency_recover, false, false, false, false, 1, 1,
     ADMIN_UNUSABLE},
    {"recover, of one that is active", emergency_recover, false, true, false, false, 1, 0,
     ADMIN_UNUSABLE},
    {"recover, where some do not end", emergency_recover, false, false, true, true, 1, 0,
     ADMIN_UNUSABLE},
    {"in a private root records end", emergency_recover, true, false, false, false, 0, 1,
     ADMIN_DONE},
};

/* -- what is played --------------------------------------------------------------------------- */

bool privileged_is_theirs(const char *name, uid_t uid)
{
    assert_string_equal(name, "bob");
    assert_int_equal(uid, UID);
    return now->theirs;
}

bool privileged_order(const struct privileged *privileged, const char *name, int64_t uid,
                      struct privileged_answer *answer)
{
    (void)privileged;
    assert_string_equal(name, "bob");
    assert_int_equal(uid, UID);
    orders++;
    *answer = (struct privileged_answer){.outcome = !now->theirs ? PRIVILEGED_NOT_THEIRS
                                                    : now->left  ? PRIVILEGED_LEFT
                                                                 : PRIVILEGED_DONE};
    return answer->outcome == PRIVILEGED_DONE;
}

enum medgl_error operation_emergency_closed(struct context *context,
                                            void (*each)(void *argument,
                                                         const struct emergency_closed *closed),
                                            void *argument)
{
    (void)context;
    each(argument, &(struct emergency_closed){
                       .name = "bob", .uid = UID, .sessions = 1, .active = now->active});
    return MEDGL_OK;
}

enum medgl_error operation_emergency_ended(struct context *context, const char *name)
{
    (void)context;
    assert_string_equal(name, "bob");
    ended++;
    return MEDGL_OK;
}

enum medgl_error operation_emergency_settle(struct context *context, bool *settled)
{
    (void)context;
    *settled = false;
    return MEDGL_OK;
}

enum medgl_error operation_emergency_recover(struct context *context, const char *decided_by,
                                             const char *note, struct emergency *recovered,
                                             char why[OPERATION_WHY_SIZE])
{
    (void)context, (void)decided_by, (void)note, (void)why;
    *recovered = (struct emergency){.number = 1};
    return MEDGL_OK;
}

enum medgl_error operation_emergency_declare(struct context *context,
                                             const struct emergency_declare_request *request,
                                             struct emergency *declared,
                                             char why[OPERATION_WHY_SIZE])
{
    (void)context, (void)request, (void)declared, (void)why;
    return MEDGL_ERR_REFUSED;
}

enum medgl_error operation_emergency_review(struct context *context, struct context *main_context,
                                            uint32_t number, const char *note,
                                            char why[OPERATION_WHY_SIZE])
{
    (void)context, (void)main_context, (void)number, (void)note, (void)why;
    return MEDGL_ERR_REFUSED;
}

enum medgl_error context_open_breakglass(const char *root, enum context_need need,
                                         struct context *context)
{
    (void)root, (void)need, (void)context;
    return MEDGL_OK;
}

void context_close(struct context *context)
{
    (void)context;
}

enum admin_exit emergency_ask_declare(struct admin *admin, struct emergency_plan *plan)
{
    (void)admin, (void)plan;
    return ADMIN_REFUSED;
}

enum admin_exit emergency_ask_recover(struct admin *admin, struct emergency_plan *plan)
{
    (void)admin;
    *plan = (struct emergency_plan){.decided_by = "Director"};
    return ADMIN_DONE;
}

void emergency_join_now(struct admin *admin)
{
    (void)admin;
}

struct context *emergency_main(struct admin *admin, struct context *there)
{
    (void)admin, (void)there;
    return NULL;
}

/* -- what is said ----------------------------------------------------------------------------- */

void complain(const char *format, ...)
{
    (void)format;
}

enum admin_exit admin_failed(enum medgl_error error, const char *name, const char *why)
{
    (void)name, (void)why;
    return error == MEDGL_OK ? ADMIN_DONE : ADMIN_REFUSED;
}

void output_say(struct output *output, const char *format, ...)
{
    (void)output, (void)format;
}

void output_result(struct output *output, const char *name, const char *format, ...)
{
    (void)output, (void)name, (void)format;
}

struct table *table_new(struct output *output, const char *name, enum table_shape shape,
                        const struct column *columns, size_t count)
{
    (void)output, (void)name, (void)shape, (void)columns, (void)count;
    return NULL;
}

void table_row(struct table *table, const struct cell *cells)
{
    (void)table, (void)cells;
}

void table_print(struct table **table)
{
    (void)table;
}

/* -- the test --------------------------------------------------------------------------------- */

static void R32_what_is_closed_ends(void **state)
{
    static struct admin admin;
    now = *state;
    orders = ended = 0;
    admin.privileged.act = now->private ? PRIVILEGED_NOTHING : PRIVILEGED_END_LOGINS;
    assert_int_equal(now->run(&admin), now->code);
    assert_int_equal(orders, now->orders);
    assert_int_equal(ended, now->ended);
}

int main(void)
{
    TABLE_ADD("R32 what is closed ends", rows, R32_what_is_closed_ends);
    return table_run("emergency_end");
}
