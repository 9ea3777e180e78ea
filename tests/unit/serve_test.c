/* engine/serve.c: who may ask what about whom, the MUSTs above serve_right(), one row each;
 * engine/share.c: how many engines one user may keep busy; engine/conversation.c: what was heard.
 */
#include "base/path.h"
#include "engine/conversation.h"
#include "engine/serve.h"
#include "engine/share.h"
#include "tests/unit/table.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void nobody_takes_the_share_of_others(void **state)
{
    char root[] = "/tmp/medgl-share-XXXXXX", path[PATH_MAX];
    int held[SHARE_MAX], one_more = -1, before = -1, behind = -1;
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(share_take(root, 1000, &one_more), MEDGL_ERR_NOT_FOUND); /* no directory */
    assert_int_equal(path_under(path, root, PATH_SHARES), MEDGL_OK);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    for (size_t i = 0; i < SHARE_MAX; i++)
        assert_int_equal(share_take(root, 1000, &held[i]), MEDGL_OK);
    assert_int_equal(share_take(root, 1000, &one_more), MEDGL_ERR_REFUSED);
    assert_int_equal(share_take(root, 1001, &behind), MEDGL_OK);
    assert_int_equal(share_take(root, 999, &before), MEDGL_OK);
    assert_int_equal(close(held[3]), 0);
    assert_int_equal(share_take(root, 1000, &held[3]), MEDGL_OK);
    assert_int_equal(share_take(root, 1000, &one_more), MEDGL_ERR_REFUSED);
    for (size_t i = 0; i < SHARE_MAX; i++)
        (void)close(held[i]);
    (void)close(before);
    (void)close(behind);
    for (char *end; strlen(path) > strlen(root); *end = '\0') {
        (void)remove(path);
        end = strrchr(path, '/');
    }
    assert_int_equal(rmdir(root), 0);
}

/* R15: a warning counts as given where the host says that it showed it. */
static const struct said {
    const char *name;
    bool silent, answers, failed;
    bool heard;
} said_rows[] = {
    {"shown", false, true, false, true},
    {"not shown", false, true, true, false},
    {"silent", true, true, false, false},
    {"the line is gone", false, false, false, false},
};

static void what_was_said_is_known_to_be_heard(void **state)
{
    const struct said *row = *state;
    struct wire_message answer;
    int line[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, line), 0);
    struct conversation conversation = {
        .fd = line[0], .person_s = CONVERSATION_SOCKET_S, .silent = row->silent, .heard = true};
    const struct talk talk = conversation_talk(&conversation);
    wire_begin(&answer, WIRE_ANSWER);
    if (row->failed)
        wire_put_number(&answer, WIRE_FAILED, 1);
    if (row->answers)
        assert_int_equal(wire_send(line[1], &answer, 1000), 0);
    else
        (void)shutdown(line[1], SHUT_WR);
    talk.warn(talk.carrier, "Your password must be changed.");
    assert_int_equal(talk.heard(talk.carrier), row->heard);
    (void)close(line[0]);
    (void)close(line[1]);
}

int main(void)
{
    TABLE_ADD("what is said", said_rows, what_was_said_is_known_to_be_heard);
    table_add("shares", "of one user, and of others", nobody_takes_the_share_of_others, NULL);
    TABLE_ADD("who may ask", rows, right_is_given);
    return table_run("serve");
}
