/* An installation in a private root, what somebody did to it, and what doctor says of that. */
#ifndef MEDGL_TESTS_UNIT_DOCTOR_FIXTURE_H
#define MEDGL_TESTS_UNIT_DOCTOR_FIXTURE_H

#include "operation/account.h"
#include "operation/role.h"

#include "base/file.h"
#include "base/log.h"
#include "tests/factorless.h"
#include "tests/installation.h"
#include "tests/unit/table.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#define PAM    MEDGL_PAMCONFDIR "/"
#define SSHD   "/etc/ssh/sshd_config"
#define POLICY MEDGL_SYSCONFDIR "/policy.conf"

/* What a path can be instead of a file with a text. */
#define LOOP NULL /* a symbolic link to itself: not even root can read it */
static const char a_directory[] = "d", a_fifo[] = "f", too_large[] = "l", to_null[] = "n",
                  to_ptmx[] = "p", a_nul[] = "0";

struct row {
    const char *name;
    const char *files[4][2]; /* path, text */
    const char *finds;       /* in one finding: level, word, sentence */
    const char * not ;       /* in none; NULL: any */
    const char *enrolled;    /* "NAME UID CLASS [disabled], ..."; NULL: nobody */
};

static char root[64];
static char found[16384];

static void hear(void *argument, enum doctor_level level, const char *check, const char *what)
{
    static const char *const levels[] = {"ok", "warning", "fault"};
    size_t used = strlen(found);
    (void)argument;
    (void)snprintf(found + used, sizeof(found) - used, "%s %s %s\n", levels[level], check, what);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    installation_closed();
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* One line of 10 MB. */
static void put_large(const char *path)
{
    const size_t size = 10 * 1024 * 1024;
    auto_free char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, bytes, size), MEDGL_OK);
}

static void put(const char *name, const char *text)
{
    char path[PATH_MAX], part[PATH_MAX];
    assert_int_equal(path_under(path, root, name), MEDGL_OK);
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        if (mkdir(part, 0755) != 0)
            assert_int_equal(errno, EEXIST);
    }
    if (text == LOOP || text == to_null || text == to_ptmx)
        assert_int_equal(symlink(text == LOOP      ? path
                                 : text == to_null ? "/dev/null"
                                                   : "/dev/ptmx",
                                 path),
                         0);
    else if (text == a_directory)
        assert_int_equal(mkdir(path, 0755), 0);
    else if (text == a_fifo)
        assert_int_equal(mkfifo(path, 0644), 0);
    else if (text == too_large)
        put_large(path);
    else if (text == a_nul)
        assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, "a\0b\n\0", 5), MEDGL_OK);
    else
        assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, text, strlen(text)),
                         MEDGL_OK);
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/medgl-doctor-XXXXXX");
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0 || installation_make(root) != MEDGL_OK)
        return 1;
    put(FACTORLESS_FILE, FACTORLESS_TEXT);
    return 0;
}

static enum medgl_error look(const char *finds, const char * not )
{
    found[0] = '\0';
    enum medgl_error error = operation_doctor(root, hear, NULL);
    assert_int_equal(error, strstr(found, "fault ") == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (strstr(found, finds) == NULL)
        fail_msg("not found: %s\nin:\n%s", finds, found);
    if (not != NULL && strstr(found, not ) != NULL)
        fail_msg("found: %s\nin:\n%s", not, found);
    return error;
}

static void open_context(struct context *context)
{
    assert_int_equal(context_open(root, CONTEXT_STATE, context), MEDGL_OK);
    context->actor.roles = ROLE_ROOT;
}

/* "NAME UID CLASS [disabled], ..." */
static void enrol(const char *list)
{
    auto_clean(context_close) struct context context = {.store = NULL}, small = {.store = NULL};
    char why[OPERATION_WHY_SIZE], name[64], class_[32], state[16];
    int uid, words;
    open_context(&context);
    assert_int_equal(context_open_breakglass(root, CONTEXT_STATE, &small), MEDGL_OK);
    small.actor.roles = ROLE_ROOT;
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += strspn(at, ", ");
        words = sscanf(at, "%63s %d %31[a-z] %15[a-z]", name, &uid, class_, state);
        assert_true(words == 3 || (words == 4 && strcmp(state, "disabled") == 0));
        struct account_add_request request = {.name = name, .uid = uid, .person = {"x"}};
        assert_int_equal(account_class_parse(class_, &request.class_), MEDGL_OK);
        const bool breakglass = request.class_ == ACCOUNT_CLASS_BREAKGLASS;
        struct context *of = breakglass ? &small : &context;
        assert_int_equal(operation_account_add(of, &request, why), MEDGL_OK);
        if (words == 4)
            assert_int_equal(operation_account_disable(of, name, "left", why), MEDGL_OK);
    }
}

static void a_row(void **state)
{
    const struct row *row = *state;
    assert_int_equal(make_root(NULL), 0);
    put(PATH_ENGINE, "");
    for (size_t i = 0; i < MEDGL_COUNT(row->files) && row->files[i][0] != NULL; i++)
        put(row->files[i][0], row->files[i][1]);
    if (row->enrolled != NULL)
        enrol(row->enrolled);
    (void)look(row->finds, row->not );
    assert_int_equal(remove_root(NULL), 0);
}

static void on_a_root_of_its_own(void **state)
{
    const struct CMUnitTest *test = *state;
    assert_int_equal(make_root(NULL), 0);
    put(PATH_ENGINE, "");
    test->test_func(NULL);
    assert_int_equal(remove_root(NULL), 0);
}

#endif
