/* engine/serve.c: who may ask what about whom. The MUSTs above serve_right(), one row each. */
#include "engine/serve.h"
#include "tests/unit/table.h"

#define NOBODY 0 /* no such user: root asks about itself in no row */

static const struct row {
    const char *name;
    uid_t peer, own, user; /* NOBODY: there is no such user */
    enum wire_call call;
    enum serve_right right;
} rows[] = {
    {"root about a user", 0, 900, 1000, WIRE_CALL_AUTHENTICATE, SERVE_TRUSTED},
    {"root about nobody", 0, 900, NOBODY, WIRE_CALL_AUTHENTICATE, SERVE_TRUSTED},
    {"root opens a session", 0, 900, 1000, WIRE_CALL_OPEN_SESSION, SERVE_TRUSTED},
    {"the engine's own uid about a user", 900, 900, 1000, WIRE_CALL_ACCOUNT, SERVE_TRUSTED},
    {"the engine's own uid closes a session", 900, 900, 1000, WIRE_CALL_CLOSE_SESSION,
     SERVE_TRUSTED},
    {"a user logs in", 1000, 900, 1000, WIRE_CALL_AUTHENTICATE, SERVE_ITSELF},
    {"a user asks for its account", 1000, 900, 1000, WIRE_CALL_ACCOUNT, SERVE_ITSELF},
    {"a user begins a change", 1000, 900, 1000, WIRE_CALL_CHAUTHTOK_PRELIM, SERVE_ITSELF},
    {"a user ends a change", 1000, 900, 1000, WIRE_CALL_CHAUTHTOK_UPDATE, SERVE_ITSELF},
    {"a user opens a session", 1000, 900, 1000, WIRE_CALL_OPEN_SESSION, SERVE_REFUSED},
    {"a user closes a session", 1000, 900, 1000, WIRE_CALL_CLOSE_SESSION, SERVE_REFUSED},
    {"a user about another", 1000, 900, 1001, WIRE_CALL_AUTHENTICATE, SERVE_REFUSED},
    {"a user about another's password", 1000, 900, 1001, WIRE_CALL_CHAUTHTOK_UPDATE, SERVE_REFUSED},
    {"a user about nobody", 1000, 900, NOBODY, WIRE_CALL_AUTHENTICATE, SERVE_REFUSED},
    {"a user about the engine's user", 1000, 900, 900, WIRE_CALL_AUTHENTICATE, SERVE_REFUSED},
    {"a call that is none", 1000, 900, 1000, (enum wire_call)7, SERVE_REFUSED},
    {"the kernel's uid for nobody in this namespace", 65534, 900, 1000, WIRE_CALL_AUTHENTICATE,
     SERVE_REFUSED},
};

static void right_is_given(void **state)
{
    const struct row *row = *state;
    const uid_t *user = row->user == NOBODY ? NULL : &row->user;
    assert_int_equal(serve_right(row->peer, row->own, user, row->call), row->right);
}

int main(void)
{
    TABLE_ADD("who may ask", rows, right_is_given);
    return table_run("serve");
}
