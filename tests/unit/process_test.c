/* Processes by names that are never given out again: real ones, and what a procfs may say. */
#include "base/auto.h"
#include "base/path.h"
#include "base/process.h"
#include "table.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT    "01234567-89ab-cdef-0123-456789abcdef"
#define ANOTHER "01234567-89ab-cdef-0123-456789abcdee"
#define SPACE   "4026531836"

/* -- names ---------------------------------------------------------------------------------- */

struct parse_case {
    const char *name;
    pid_t pid;
    bool certain;
};

static const struct parse_case parse_cases[] = {
    {BOOT " " SPACE " 1234 567890", 1234, true},
    {BOOT " " SPACE " 1234 0", 1234},
    {BOOT " 0 1234 567890", 1234},
    {"0 " SPACE " 1234 567890", 1234},
    {"0 0 1 0", 1},
    {BOOT " 0 2147483647 18446744073709551615", INT_MAX},
    {BOOT " 18446744073709551615 7 0", 7},
    {"", 0},
    {" ", 0},
    {"0", 0},
    {"0 0", 0},
    {"0 0 1", 0},
    {"0 0 1 ", 0},
    {"0 0 1 0 ", 0},
    {"0 0 1 0\n", 0},
    {"0 0 1 0 0", 0},
    {" 0 0 1 0", 0},
    {"0  0 1 0", 0},
    {"0\t0 1 0", 0},
    {"0 0 0 0", 0},
    {"0 0 -1 0", 0},
    {"0 0 +1 0", 0},
    {"0 0 01 0", 0},
    {"0 0 1 00", 0},
    {"0 0 1 -0", 0},
    {"0 0 0x1 0", 0},
    {"0 0 1e1 0", 0},
    {"0 0 2147483648 0", 0},
    {"0 0 18446744073709551617 0", 0},
    {"0 0 1 18446744073709551616", 0},
    {"0 99999999999999999999 1 0", 0},
    {"1 0 1 0", 0},
    {"00 0 1 0", 0},
    {"01234567-89AB-cdef-0123-456789abcdef 0 1 0", 0},
    {"01234567-89ab-cdef-0123-456789abcde 0 1 0", 0},
    {"01234567-89ab-cdef-0123-456789abcdefa 0 1 0", 0},
    {"0123456789-ab-cdef-0123-456789abcdef 0 1 0", 0},
    {"0123456789abcdef0123456789abcdef0123 0 1 0", 0},
    {"../../../../../../../../../../../etc 0 1 0", 0},
    {BOOT " " SPACE " 1234/../1 567890", 0},
    {BOOT BOOT BOOT BOOT " " SPACE " 1234 567890", 0},
    {"%s%s%s%n 0 1 0", 0},
};

static void a_name_is_read_strictly(void **state)
{
    const struct parse_case *row = *state;
    assert_int_equal(process_pid(row->name), row->pid);
    assert_int_equal(process_is_certain(row->name), row->certain);
    if (row->pid == 0)
        assert_int_equal(process_look(row->name), PROCESS_UNKNOWN);
}

/* -- what a procfs may say ------------------------------------------------------------------ */

/* A pid that no process has: that of a child that is over. */
static pid_t gone_pid(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return child;
}

static char procfs[64];

static const char *in_procfs(const char *file)
{
    static char path[PATH_MAX];
    assert_int_equal(path_under(path, procfs, file), MEDGL_OK);
    return path;
}

static void put(const char *file, const char *content)
{
    auto_file FILE *stream = fopen(in_procfs(file), "w");
    assert_non_null(stream);
    assert_true(fputs(content, stream) >= 0);
}

static int make_procfs(void **state)
{
    static const char *const folders[] = {"/sys", "/sys/kernel", "/sys/kernel/random", "/me",
                                          "/me/ns"};
    (void)state;
    (void)snprintf(procfs, sizeof(procfs), "/tmp/medgl-procfs-XXXXXX");
    if (mkdtemp(procfs) == NULL)
        return -1;
    for (size_t i = 0; i < MEDGL_COUNT(folders); i++)
        if (mkdir(in_procfs(folders[i]), 0700) != 0)
            return -1;
    return 0;
}

static int remove_procfs(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -r %s", procfs);
    return system(command);
}

/* "PID", where it stands in a text, becomes the number. */
static const char *with_pid(const char *text, pid_t pid)
{
    static char result[256];
    const char *at = strstr(text, "PID");
    if (at == NULL)
        return text;
    (void)snprintf(result, sizeof(result), "%.*s%ld%s", (int)(at - text), text, (long)pid, at + 3);
    return result;
}

#define STAT(comm, state, threads, start)                                                          \
    "77 (" comm ") " state " 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 " threads " 0 " start       \
    " 9 10 11\n"

struct procfs_case {
    const char *name;
    const char *boot, *self, *space, *stat; /* NULL: not there */
    bool gone;                              /* no process has that pid */
    const char *is;                         /* the name it is given; NULL: none */
    const char *look_at;                    /* NULL: the name it is given */
    enum process_life life;
};
#define HERE BOOT "\n", "PID", "pid:[" SPACE "]"
#define NAME BOOT " " SPACE " PID "

static const struct procfs_case procfs_cases[] = {
    {"as it is", HERE, STAT("sshd", "S", "1", "567"), false, NAME "567", NULL, PROCESS_ALIVE},
    {"blanks", HERE, STAT("a b  c", "S", "1", "567"), false, NAME "567", NULL, PROCESS_ALIVE},
    {"a parenthesis", HERE, STAT("a) Z 1 (b", "S", "1", "567"), false, NAME "567", NULL,
     PROCESS_ALIVE},
    {"nothing but a parenthesis", HERE, STAT(")", "R", "1", "567"), false, NAME "567", NULL,
     PROCESS_ALIVE},
    {"a name like fields", HERE, STAT(") Z 1 1 1 1 1 1 1", "R", "1", "567"), false, NAME "567",
     NULL, PROCESS_ALIVE},
    {"a line feed", HERE, STAT("a\nb", "D", "1", "567"), false, NAME "567", NULL, PROCESS_ALIVE},
    {"largest start", HERE, STAT("a", "S", "1", "18446744073709551615"), false,
     NAME "18446744073709551615", NULL, PROCESS_ALIVE},
    {"pid given out again", HERE, STAT("a", "S", "1", "567"), false, NAME "567", NAME "566",
     PROCESS_GONE},
    {"started later", HERE, STAT("a", "S", "1", "567"), false, NAME "567", NAME "568",
     PROCESS_GONE},
    {"start was hidden once", HERE, STAT("a", "S", "1", "567"), false, NAME "567", NAME "0",
     PROCESS_ALIVE},
    {"hidden now", HERE, NULL, false, NAME "0", NAME "567", PROCESS_ALIVE},
    {"hidden then and now", HERE, NULL, false, NAME "0", NULL, PROCESS_ALIVE},
    {"gone", HERE, NULL, true, NULL, NAME "567", PROCESS_GONE},
    {"gone, start was hidden", HERE, NULL, true, NULL, NAME "0", PROCESS_GONE},
    {"zombie", HERE, STAT("a", "Z", "1", "567"), false, NULL, NAME "567", PROCESS_GONE},
    {"zombie without threads", HERE, STAT("a", "Z", "0", "567"), false, NULL, NAME "567",
     PROCESS_GONE},
    {"dead", HERE, STAT("a", "X", "1", "567"), false, NULL, NAME "567", PROCESS_GONE},
    {"other threads go on", HERE, STAT("a", "Z", "2", "567"), false, NAME "567", NULL,
     PROCESS_ALIVE},
    {"empty stat", HERE, "", false, NAME "0", NULL, PROCESS_ALIVE},
    {"stat without a name", HERE, "77 a S 1 1", false, NAME "0", NULL, PROCESS_ALIVE},
    {"short stat", HERE, "77 (a) S 1 1 1", false, NAME "0", NULL, PROCESS_ALIVE},
    {"another boot", HERE, STAT("a", "S", "1", "567"), false, NAME "567",
     ANOTHER " " SPACE " PID 567", PROCESS_GONE_BOOT},
    {"another boot, another namespace", HERE, STAT("a", "S", "1", "567"), false, NAME "567",
     ANOTHER " 5 PID 567", PROCESS_GONE_BOOT},
    {"another boot, gone", HERE, NULL, true, NULL, ANOTHER " " SPACE " PID 567", PROCESS_GONE_BOOT},
    {"another namespace", HERE, STAT("a", "S", "1", "567"), false, NAME "567", BOOT " 5 PID 567",
     PROCESS_UNKNOWN},
    {"another namespace, gone here", HERE, NULL, true, NULL, BOOT " 5 PID 567", PROCESS_UNKNOWN},
    {"namespace hidden once", HERE, NULL, true, NULL, BOOT " 0 PID 567", PROCESS_UNKNOWN},
    {"boot hidden once", HERE, NULL, true, NULL, "0 " SPACE " PID 567", PROCESS_UNKNOWN},
    {"boot hidden", NULL, "PID", "pid:[" SPACE "]", STAT("a", "S", "1", "567"), false,
     "0 " SPACE " PID 567", NAME "567", PROCESS_UNKNOWN},
    {"boot is none", "no boot\n", "PID", "pid:[" SPACE "]", STAT("a", "S", "1", "567"), false,
     "0 " SPACE " PID 567", NULL, PROCESS_UNKNOWN},
    {"boot and more", BOOT "0\n", "PID", "pid:[" SPACE "]", STAT("a", "S", "1", "567"), false,
     "0 " SPACE " PID 567", NAME "567", PROCESS_UNKNOWN},
    {"boot without a line feed", BOOT, "PID", "pid:[" SPACE "]", STAT("a", "S", "1", "567"), false,
     NAME "567", NULL, PROCESS_ALIVE},
    {"namespace hidden", BOOT "\n", "PID", NULL, STAT("a", "S", "1", "567"), false,
     BOOT " 0 PID 567", NAME "567", PROCESS_UNKNOWN},
    {"namespace of another kind", BOOT "\n", "PID", "net:[" SPACE "]", STAT("a", "S", "1", "567"),
     false, BOOT " 0 PID 567", NAME "567", PROCESS_UNKNOWN},
    {"namespace and more", BOOT "\n", "PID", "pid:[" SPACE "]x", STAT("a", "S", "1", "567"), false,
     BOOT " 0 PID 567", NULL, PROCESS_UNKNOWN},
    {"a procfs of others", BOOT "\n", "1", "pid:[" SPACE "]", STAT("a", "S", "1", "567"), false,
     BOOT " 0 PID 567", NAME "567", PROCESS_UNKNOWN},
    {"no procfs", NULL, NULL, NULL, NULL, false, "0 0 PID 0", NAME "567", PROCESS_UNKNOWN},
    {"no procfs, gone", NULL, NULL, NULL, NULL, true, NULL, NAME "567", PROCESS_UNKNOWN},
};

static void make_self(const struct procfs_case *row)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (row->boot != NULL)
        put("/sys/kernel/random/boot_id", row->boot);
    if (row->space != NULL)
        assert_int_equal(symlink(row->space, in_procfs("/me/ns/pid")), 0);
    if (row->self == NULL)
        return;
    const char *self = with_pid(row->self, getpid());
    assert_int_equal(symlink(self, in_procfs("/self")), 0);
    (void)snprintf(from, sizeof(from), "%s/me", procfs);
    (void)snprintf(to, sizeof(to), "%s/%s", procfs, self);
    assert_int_equal(rename(from, to), 0);
}

static void R06_procfs(void **state)
{
    const struct procfs_case *row = *state;
    const pid_t pid = row->gone ? gone_pid() : getpid();
    char name[PROCESS_NAME_SIZE], folder[64];
    make_self(row);
    if (row->stat != NULL) {
        (void)snprintf(folder, sizeof(folder), "/%ld", (long)pid);
        assert_true(mkdir(in_procfs(folder), 0700) == 0 || errno == EEXIST);
        (void)snprintf(folder, sizeof(folder), "/%ld/stat", (long)pid);
        put(folder, row->stat);
    }
    assert_int_equal(process_name_by(procfs, pid, name),
                     row->is != NULL ? MEDGL_OK : MEDGL_ERR_NOT_FOUND);
    assert_string_equal(name, row->is != NULL ? with_pid(row->is, pid) : "");
    if (row->is != NULL)
        assert_int_equal(process_pid(name), pid);
    assert_int_equal(
        process_look_by(procfs, row->look_at != NULL ? with_pid(row->look_at, pid) : name),
        row->life);
}

/* -- real processes ------------------------------------------------------------------------- */

static void this_one_is_alive(void **state)
{
    char name[PROCESS_NAME_SIZE], again[PROCESS_NAME_SIZE];
    (void)state;
    assert_int_equal(process_name(getpid(), name), MEDGL_OK);
    assert_int_equal(process_pid(name), getpid());
    assert_int_equal(process_look(name), PROCESS_ALIVE);
    assert_true(strncmp(name, "0 ", 2) != 0 && strstr(name, " 0") == NULL); /* nothing is hidden */
    assert_int_equal(prctl(PR_SET_NAME, "a) Z 0 (b"), 0);
    assert_int_equal(process_name(getpid(), again), MEDGL_OK);
    assert_string_equal(again, name);
    name[0] = name[0] == 'f' ? '0' : 'f';
    assert_int_equal(process_look(name), PROCESS_GONE_BOOT);
}

static void no_such_pid(void **state)
{
    char name[PROCESS_NAME_SIZE] = "before";
    const pid_t none[] = {0, -1, -getpid(), INT_MIN, gone_pid()};
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(none); i++) {
        assert_int_equal(process_name(none[i], name), MEDGL_ERR_NOT_FOUND);
        assert_string_equal(name, "");
    }
}

/* Alive, then a zombie, then gone. */
static void R06_child_from_start_to_end(void **state)
{
    char name[PROCESS_NAME_SIZE], other[PROCESS_NAME_SIZE];
    siginfo_t info;
    int pipes[2];
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        char c;
        (void)close(pipes[1]);
        _exit(read(pipes[0], &c, 1) == 0 ? 0 : 1);
    }
    assert_int_equal(process_name(child, name), MEDGL_OK);
    assert_int_equal(process_look(name), PROCESS_ALIVE);
    assert_int_equal(process_name(getpid(), other), MEDGL_OK);
    assert_string_not_equal(name, other);
    assert_int_equal(close(pipes[1]), 0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_look(name), PROCESS_GONE);
    assert_int_equal(process_name(child, other), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(process_look(name), PROCESS_GONE);
    assert_int_equal(close(pipes[0]), 0);
}

/* The one that all others come from belongs to root: kill() is not allowed, and it is there. */
static void somebody_elses_is_alive(void **state)
{
    char name[PROCESS_NAME_SIZE];
    (void)state;
    assert_int_equal(process_name(1, name), MEDGL_OK);
    assert_int_equal(process_look(name), PROCESS_ALIVE);
    pid_t child = fork();
    if (child == 0) /* as nobody, where we are root */
        _exit((geteuid() == 0 && setuid(65534) != 0) || process_look(name) != PROCESS_ALIVE);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The first process is somebody else's: what hides it hides others. */
static void what_is_hidden(void **state)
{
    (void)state;
    assert_int_equal(make_procfs(NULL), 0);
    assert_true(process_hidden_by(procfs));
    assert_int_equal(mkdir(in_procfs("/1"), 0700), 0);
    put("/1/stat", "");
    assert_true(process_hidden_by(procfs));
    put("/1/stat", STAT("init", "S", "1", "7"));
    assert_false(process_hidden_by(procfs));
    assert_int_equal(remove_procfs(NULL), 0);
}

int main(void)
{
#define TEST(function) table_add("process", #function, function, NULL)
    TABLE_ADD("name", parse_cases, a_name_is_read_strictly);
    TEST(this_one_is_alive);
    TEST(no_such_pid);
    TEST(R06_child_from_start_to_end);
    TEST(somebody_elses_is_alive);
    TEST(what_is_hidden);
    const size_t real = table_count;
    TABLE_ADD("R06 procfs", procfs_cases, R06_procfs);
    for (size_t i = real; i < table_count; i++) {
        table_tests[i].setup_func = make_procfs;
        table_tests[i].teardown_func = remove_procfs;
    }
    return table_run("process");
}
