/* policy.conf as sites write it, mistype it, and as somebody else may have left it. */
#include "base/auto.h"
#include "base/log.h"
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NOBODY ((uid_t)65534)
#define EACH(row, table)                                                                           \
    for (__typeof__(&(table)[0]) row = (table); row < (table) + MEDGL_COUNT(table); row++)

/* A root of its own for each test, and what policy_load() told. */
struct world {
    char root[PATH_MAX];
    char set[4096], mistakes[4096];
    struct policy policy;
};

static void path_of(const struct world *world, const char *name, char path[PATH_MAX])
{
    int len = strncmp(name, "vendor", 6) == 0
                  ? snprintf(path, PATH_MAX, "%s%s%s", world->root, MEDGL_VENDORDIR, name + 6)
                  : snprintf(path, PATH_MAX, "%s%s/%s", world->root, MEDGL_SYSCONFDIR, name);
    assert_in_range(len, 1, PATH_MAX - 1);
}

/* The same backwards: short names in the tables below. */
static const char *name_of(const struct world *world, const char *path)
{
    size_t root = strlen(world->root);
    if (path == NULL)
        return "-";
    assert_memory_equal(path, world->root, root);
    if (strncmp(path + root, MEDGL_VENDORDIR "/", sizeof(MEDGL_VENDORDIR)) == 0)
        return "vendor";
    assert_memory_equal(path + root, MEDGL_SYSCONFDIR, sizeof(MEDGL_SYSCONFDIR) - 1);
    return path[root + sizeof(MEDGL_SYSCONFDIR) - 1] == '\0'
               ? "."
               : path + root + sizeof(MEDGL_SYSCONFDIR);
}

static void make_directories(const char *path)
{
    char part[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        if (mkdir(part, 0755) != 0)
            assert_int_equal(errno, EEXIST);
    }
}

static void write_bytes(const struct world *world, const char *name, const char *bytes, size_t len)
{
    char path[PATH_MAX];
    path_of(world, name, path);
    make_directories(path);
    auto_file FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fchmod(fileno(file), 0644), 0);
}

static void write_text(const struct world *world, const char *name, const char *text)
{
    write_bytes(world, name, text, strlen(text));
}

static void hear_set(void *context, const struct policy_key *key, const char *file, uint64_t line)
{
    struct world *world = context;
    size_t used = strlen(world->set);
    (void)snprintf(world->set + used, sizeof(world->set) - used, "%s:%d %s\n", name_of(world, file),
                   (int)line, key->name);
}

static void hear_mistake(void *context, const char *file, uint64_t line, const char *why)
{
    struct world *world = context;
    size_t used = strlen(world->mistakes);
    (void)snprintf(world->mistakes + used, sizeof(world->mistakes) - used, "%s:%d: %s\n",
                   name_of(world, file), (int)line, why);
}

/* Loads; a mistake and a failure must go together, and a failure leaves *policy alone. */
static enum medgl_error load(struct world *world, uid_t owner)
{
    const struct policy_report report = {world, hear_set, hear_mistake};
    struct policy untouched;
    world->set[0] = world->mistakes[0] = '\0';
    memset(&world->policy, 0x5a, sizeof(world->policy));
    memset(&untouched, 0x5a, sizeof(untouched));
    enum medgl_error error = policy_load(world->root, owner, &report, &world->policy);
    if (error == MEDGL_OK) {
        assert_string_equal(world->mistakes, "");
    } else {
        assert_int_equal(error, MEDGL_ERR_POLICY);
        assert_string_not_equal(world->mistakes, "");
        assert_memory_equal(&world->policy, &untouched, sizeof(untouched));
    }
    return error;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    (void)umask(022);
    if (world == NULL)
        return -1;
    (void)snprintf(world->root, sizeof(world->root), "%s/medgl_policy.XXXXXX", P_tmpdir);
    if (mkdtemp(world->root) == NULL || chmod(world->root, 0755) != 0)
        return -1;
    *state = world;
    return 0;
}

static int remove_world(void **state)
{
    struct world *world = *state;
    int failed = nftw(world->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(world);
    return failed;
}

static void has_defaults(const struct world *world)
{
    struct policy defaults;
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    policy_defaults(&defaults);
    for (size_t i = 0; i < count; i++) {
        char got[POLICY_VALUE_SIZE], wanted[POLICY_VALUE_SIZE];
        policy_format(&world->policy, &keys[i], got, sizeof(got));
        policy_format(&defaults, &keys[i], wanted, sizeof(wanted));
        assert_string_equal(got, wanted);
    }
}

/* -- what is in the files ------------------------------------------------------------------- */

static void no_file_means_the_defaults(void **state)
{
    struct world *world = *state;
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    has_defaults(world);
    assert_string_equal(world->set, "");
    write_text(world, "policy.conf", "");
    write_text(world, "policy.conf.d/10.conf", "# nothing yet\n\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    has_defaults(world);
    assert_string_equal(world->set, "");
}

static void notation_that_is_accepted(void **state)
{
    struct world *world = *state;
    write_text(world, "policy.conf",
               "# \xe6\x96\xbd\xe8\xa8\xad\xe3\x81\xae\xe8\xa6\x8f\xe5\x89\x87\n"
               "unenrolled=deny\n"
               "\n"
               "  \t \n"
               "  time_zone = \"Asia/Tokyo\"  # the site\n"
               "\tlock_time\t=\t30 min\t\n"
               " \n" /* libeconf would take this as more of the value before */
               "# lock_time = 1 min\n"
               "   # indented = comment\n"
               "kdf_memory = 128 MiB# at once\n"
               "  kdf_time = \"4\"\n"
               "password_max_age = 1 month");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    assert_int_equal(world->policy.unenrolled, POLICY_UNENROLLED_DENY);
    assert_string_equal(world->policy.time_zone, "Asia/Tokyo");
    assert_int_equal(world->policy.lock_time.milliseconds, 30 * MEDGL_MINUTE);
    assert_int_equal(world->policy.kdf_memory, 128 * 1024 * 1024);
    assert_int_equal(world->policy.kdf_time, 4);
    assert_int_equal(world->policy.password_max_age.months, 1);
    assert_string_equal(world->set, "policy.conf:2 unenrolled\n"
                                    "policy.conf:5 time_zone\n"
                                    "policy.conf:12 password_max_age\n"
                                    "policy.conf:6 lock_time\n"
                                    "policy.conf:10 kdf_memory\n"
                                    "policy.conf:11 kdf_time\n");
}

static void an_empty_zone_is_the_machines(void **state)
{
    struct world *world = *state;
    write_text(world, "vendor/policy.conf", "time_zone = Asia/Tokyo\n");
    write_text(world, "policy.conf", "time_zone =\nkdf_time = 4\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    assert_string_equal(world->policy.time_zone, "");
    assert_int_equal(world->policy.kdf_time, 4);
}

static void layers(void **state)
{
    static const struct {
        const char *name;
        const char *files[5][2];
        int64_t attempts;
    } rows[] = {
        {"vendor", {{"vendor/policy.conf", "6"}}, 6},
        {"site over vendor", {{"vendor/policy.conf", "6"}, {"policy.conf", "7"}}, 7},
        {"drop-in over site", {{"policy.conf", "7"}, {"policy.conf.d/a.conf", "8"}}, 8},
        {"drop-in alone", {{"policy.conf.d/a.conf", "8"}}, 8},
        {"later name over earlier",
         {{"policy.conf.d/20.conf", "9"}, {"policy.conf.d/10.conf", "8"}},
         9},
        {"names by bytes: capitals first",
         {{"policy.conf.d/a.conf", "9"}, {"policy.conf.d/B.conf", "8"}},
         9},
        {"names by bytes: not by number",
         {{"policy.conf.d/9.conf", "9"}, {"policy.conf.d/10.conf", "8"}},
         9},
        {"other names are passed over",
         {{"policy.conf", "7"},
          {"policy.conf.d/.a.conf", "8"},
          {"policy.conf.d/b.conf.bak", "8"},
          {"policy.conf.d/README", "8"},
          {"policy.conf.d/.conf", "8"}},
         7},
        {"the vendor has no drop-ins",
         {{"vendor/policy.conf", "6"}, {"vendor/policy.conf.d/a.conf", "8"}},
         6},
    };
    (void)state;
    EACH(row, rows)
    {
        void *own = NULL;
        char text[64];
        assert_int_equal(make_world(&own), 0);
        struct world *world = own;
        for (size_t i = 0; i < 5 && row->files[i][0] != NULL; i++) {
            (void)snprintf(text, sizeof(text), "attempts_per_source = %s\n", row->files[i][1]);
            write_text(world, row->files[i][0], text);
        }
        if (load(world, geteuid()) != MEDGL_OK ||
            world->policy.attempts_per_source != row->attempts)
            fail_msg("%s: %d %s", row->name, (int)world->policy.attempts_per_source,
                     world->mistakes);
        assert_int_equal(remove_world(&own), 0);
    }
}

/* Which profile is in force, and that it comes before all other keys, wherever it stands. */
static void profile_comes_first(void **state)
{
    static const struct {
        const char *name;
        const char *files[3][2];
        enum policy_profile profile;
        int64_t long_length, kinds;
        enum policy_rotation rotation;
    } rows[] = {
        {"its own line",
         {{"policy.conf", "profile = nist-800-63b-4\n"}},
         POLICY_PROFILE_NIST_800_63B_4,
         15,
         0,
         POLICY_ROTATION_NONE},
        {"a key behind it",
         {{"policy.conf", "profile = nist-800-63b-4\npassword_kinds = 2\n"}},
         POLICY_PROFILE_NIST_800_63B_4,
         15,
         2,
         POLICY_ROTATION_NONE},
        {"a key before it",
         {{"policy.conf", "password_kinds = 2\nprofile = nist-800-63b-4\n"}},
         POLICY_PROFILE_NIST_800_63B_4,
         15,
         2,
         POLICY_ROTATION_NONE},
        {"a key that says what another profile does",
         {{"policy.conf", "password_kinds = 3\nprofile = nist-800-63b-4\n"}},
         POLICY_PROFILE_NIST_800_63B_4,
         15,
         3,
         POLICY_ROTATION_NONE},
        {"a key of an earlier file",
         {{"vendor/policy.conf", "password_long_length = 20\n"},
          {"policy.conf.d/50.conf", "profile = nist-800-63b-4\n"}},
         POLICY_PROFILE_NIST_800_63B_4,
         20,
         0,
         POLICY_ROTATION_NONE},
        {"the last file that names one",
         {{"vendor/policy.conf", "profile = nist-800-63b-4\n"},
          {"policy.conf", "password_rotation = short\nprofile = mhlw-5.1\n"},
          {"policy.conf.d/50.conf", "password_long_length = 14\n"}},
         POLICY_PROFILE_MHLW_5_1,
         14,
         3,
         POLICY_ROTATION_SHORT},
        {"back to the first",
         {{"policy.conf", "profile = nist-800-63b-4\n"},
          {"policy.conf.d/50.conf", "profile = mhlw-6.0\n"}},
         POLICY_PROFILE_MHLW_6_0,
         13,
         3,
         POLICY_ROTATION_SHORT},
        {"5.2 is 6.0",
         {{"policy.conf", "profile = mhlw-5.2\n"}},
         POLICY_PROFILE_MHLW_6_0,
         13,
         3,
         POLICY_ROTATION_SHORT},
    };
    (void)state;
    EACH(row, rows)
    {
        void *own = NULL;
        assert_int_equal(make_world(&own), 0);
        struct world *world = own;
        for (size_t i = 0; i < 3 && row->files[i][0] != NULL; i++)
            write_text(world, row->files[i][0], row->files[i][1]);
        if (load(world, geteuid()) != MEDGL_OK || world->policy.profile != row->profile ||
            world->policy.password_long_length != row->long_length ||
            world->policy.password_kinds != row->kinds ||
            world->policy.password_rotation != row->rotation)
            fail_msg("%s: %s", row->name, world->mistakes);
        assert_int_equal(remove_world(&own), 0);
    }
}

/* Rules between keys are judged by what is in force in the end. */
static void profile_can_make_a_conflict(void **state)
{
    struct world *world = *state;
    write_text(world, "policy.conf", "profile = nist-800-63b-4\npassword_short_length = 15\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    write_text(world, "policy.conf", "profile = nist-800-63b-4\npassword_short_length = 16\n");
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
}

static void paths_and_names_as_sites_write_them(void **state)
{
    struct world *world = *state;
    write_text(world, "policy.conf",
               "institution = \xe6\xb8\xaf\xe7\x97\x85\xe9\x99\xa2, Minato Hospital # us\n"
               "password_blocklist = \"/etc/a  /etc/b\"\n"
               "password_breach_filter =\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    assert_string_equal(world->policy.institution,
                        "\xe6\xb8\xaf\xe7\x97\x85\xe9\x99\xa2, Minato Hospital");
    assert_string_equal(world->policy.password_blocklist, "/etc/a /etc/b");
    assert_string_equal(world->policy.password_breach_filter, "");
}

#define ROW(text) text, sizeof(text) - 1
#define FORM      "not of the form KEY = VALUE\n"
#define ZONE(name)                                                                                 \
    "policy.conf:1: time_zone: this machine knows no zone \"" name                                 \
    "\": correct it, or install tzdata\n"
#define CONTROL "control character: write the file as plain text with Unix line ends\n"

static void mistakes_name_file_and_line(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *mistakes;
    } rows[] = {
        {ROW("lock_tme = 5 min\n"), "policy.conf:1: unknown key lock_tme\n"},
        {ROW("\n\nkdf_time = 99\n"), "policy.conf:3: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time =\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time = \"\"\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time = \"3\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time = \"3\" 4\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time == 3\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time = 3 = 3\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_time = 3 ; three\n"), "policy.conf:1: kdf_time must be a number from 1 to 16\n"},
        {ROW("kdf_memory = 64\n"),
         "policy.conf:1: kdf_memory must be a size (B, KiB, MiB, GiB) from 19 MiB to 1 GiB\n"},
        {ROW("lock_time = 25 h\n"), "policy.conf:1: lock_time must be a span of time (s, min, h, "
                                    "days, weeks, months) from 1 min to 1 day\n"},
        {ROW("unenrolled = Deny\n"), "policy.conf:1: unenrolled must be ignore or deny\n"},
        {ROW("time_zone = ../../shadow\n"),
         "policy.conf:1: time_zone must be empty or the name of a time zone such as Asia/Tokyo, up "
         "to 63 bytes\n"},
        {ROW("profile = mhlw\n"),
         "policy.conf:1: profile must be mhlw-6.0 or mhlw-5.1 or nist-800-63b-4 (mhlw-5.2 is "
         "mhlw-6.0)\n"},
        {ROW("password_blocklist = blocklist\n"),
         "policy.conf:1: password_blocklist must be empty or absolute paths without \"..\", "
         "separated by spaces, up to 8 paths\n"},
        {ROW("emergency_contact = Dr Sato, ext. #2204\n"),
         "policy.conf:1: emergency_contact cannot hold a #, which begins a comment: write it "
         "without one, and a comment into a line of its own\n"},
        {ROW("emergency_contact = \"#7119\"\n"),
         "policy.conf:1: emergency_contact cannot hold a #, which begins a comment: write it "
         "without one, and a comment into a line of its own\n"},
        {ROW("institution = a,,b\n"),
         "policy.conf:1: institution must be empty or names separated by commas, printable UTF-8 "
         "of up to 511 bytes\n"},
        {ROW("time_zone = Asia/Tokio\n"), ZONE("Asia/Tokio")},
        {ROW("time_zone = Asia\n"), ZONE("Asia")},                     /* a directory */
        {ROW("time_zone = leapseconds\n"), ZONE("leapseconds")},       /* a table */
        {ROW("time_zone = /etc/localtime\n"), ZONE("/etc/localtime")}, /* no IANA name */
        {ROW("kdf_time = 3\nkdf_time = 4\n"),
         "policy.conf:2: kdf_time was set already in line 1\n"},
        {ROW("kdf_time = 3\nkdf_time = 3\n"),
         "policy.conf:2: kdf_time was set already in line 1\n"},
        {ROW("[passwords]\nkdf_time = 3\n"),
         "policy.conf:1: there are no groups: take this line out\n"},
        {ROW("[]\n"), "policy.conf:1: there are no groups: take this line out\n"},
        {ROW("[passwords\n"), "policy.conf:1: there are no groups: take this line out\n"},
        {ROW("kdf_time\n"), "policy.conf:1: " FORM},
        {ROW("kdf_time 3\n"), "policy.conf:1: " FORM},
        {ROW("kdf_time: 3\n"), "policy.conf:1: " FORM},
        {ROW("kdf time = 3\n"), "policy.conf:1: " FORM},
        {ROW("\"kdf_time\" = 3\n"), "policy.conf:1: " FORM},
        {ROW("KDF_TIME = 3\n"), "policy.conf:1: " FORM},
        {ROW("= 3\n"), "policy.conf:1: " FORM},
        {ROW("; comment\n"), "policy.conf:1: " FORM},
        {ROW("kdf_time = 3\n  4\n"), "policy.conf:2: " FORM},
        {ROW("kdf_time = 3 \\\n4\n"), "policy.conf:2: " FORM},
        {ROW("\xef\xbb\xbfkdf_time = 3\n"), "policy.conf:1: " FORM},
        {ROW("k\xc3\xa4se = 3\n"), "policy.conf:1: " FORM},
        {ROW("kdf_time = 3\r\n"), "policy.conf:1: " CONTROL},
        {ROW("kdf_time = 3\0 kdf_lanes = 9\n"), "policy.conf:1: " CONTROL},
        {ROW("\0kdf_time = 3\n"), "policy.conf:1: " CONTROL},
        {ROW("# a comment \0 kdf_time = 99\n"), "policy.conf:1: " CONTROL},
        {ROW("kdf_time = 1\v2\n"), "policy.conf:1: " CONTROL},
        {ROW("kdf_time = 1\f2\n"), "policy.conf:1: " CONTROL},
        {ROW("kdf_time = \x1b[2J3\n"), "policy.conf:1: " CONTROL},
        {ROW("kdf_time = 0\nunknown = 1\nkdf_lanes = 0\nkdf_time = 1\n"),
         "policy.conf:2: unknown key unknown\n"
         "policy.conf:4: kdf_time was set already in line 1\n"
         "policy.conf:1: kdf_time must be a number from 1 to 16\n"
         "policy.conf:3: kdf_lanes must be a number from 1 to 8\n"},
        {ROW("nonsense\nunknown = 1\n[x]\n"),
         "policy.conf:1: " FORM "policy.conf:2: unknown key unknown\n"
         "policy.conf:3: there are no groups: take this line "
         "out\n"},
        {ROW("password_short_length = 20\n"),
         "-:0: password_long_length must not be below password_short_length\n"},
    };
    struct world *world = *state;
    EACH(row, rows)
    {
        write_bytes(world, "policy.conf", row->bytes, row->len);
        if (load(world, geteuid()) != MEDGL_ERR_POLICY ||
            strcmp(world->mistakes, row->mistakes) != 0)
            fail_msg("%s gave %s", row->bytes, world->mistakes);
    }
}

static void mistakes_of_all_files_are_told(void **state)
{
    struct world *world = *state;
    write_text(world, "vendor/policy.conf", "kdf_time = 0\n");
    write_text(world, "policy.conf", "kdf_time = 3\nnonsense\n");
    write_text(world, "policy.conf.d/10.conf", "kdf_tme = 3\n");
    write_text(world, "policy.conf.d/20.conf", "\n[kdf]\n");
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
    assert_string_equal(world->mistakes,
                        "vendor:1: kdf_time must be a number from 1 to 16\n"
                        "policy.conf:2: " FORM "policy.conf.d/10.conf:1: unknown key kdf_tme\n"
                        "policy.conf.d/20.conf:2: there are no groups: take this "
                        "line out\n");
}

/* libeconf joins equal keys where the environment says so: it must not matter. */
static void environment_changes_nothing(void **state)
{
    struct world *world = *state;
    assert_int_equal(setenv("ECONF_JOIN_SAME_ENTRIES", "1", 1), 0);
    write_text(world, "policy.conf", "kdf_time = 4\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    assert_int_equal(world->policy.kdf_time, 4);
    write_text(world, "policy.conf", "kdf_time = 4\nkdf_time = 5\n");
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
    assert_ptr_equal(strstr(world->mistakes, "policy.conf:2: kdf_time was set already in line 1\n"),
                     world->mistakes);
    assert_int_equal(unsetenv("ECONF_JOIN_SAME_ENTRIES"), 0);
}

static void line_length(void **state)
{
    struct world *world = *state;
    char text[10000];
    memset(text, '#', 1025);
    memcpy(text + 1024, "\nkdf_time = 4\n", 15);
    write_text(world, "policy.conf", text);
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    assert_string_equal(world->set, "policy.conf:2 kdf_time\n");
    memset(text, '#', 1026);
    memcpy(text + 1025, "\nkdf_time = 4\n", 15);
    write_text(world, "policy.conf", text);
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
    assert_string_equal(world->mistakes, "policy.conf:1: line longer than 1024 bytes\n");
    /* libeconf would break this line in two and find a second setting. */
    memset(text, '#', 8191);
    memcpy(text + 8191, "kdf_time = 4\n", 14);
    write_text(world, "policy.conf", text);
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
    assert_string_equal(world->mistakes, "policy.conf:1: line longer than 1024 bytes\n");
}

/* -- what the files are --------------------------------------------------------------------- */

static void refused_file(struct world *world, const char *name, uid_t owner)
{
    char start[64];
    (void)snprintf(start, sizeof(start), "%s:0: ", name);
    assert_int_equal(load(world, owner), MEDGL_ERR_POLICY);
    assert_ptr_equal(strstr(world->mistakes, start), world->mistakes);
    assert_ptr_equal(strchr(world->mistakes, '\n')[1], '\0'); /* the one mistake */
}

static void files_must_be_trusted(void **state)
{
    static const char *const names[] = {"policy.conf", "policy.conf.d/a.conf"};
    static const mode_t modes[] = {0664, 0646, 0666, 0777};
    struct world *world = *state;
    char path[PATH_MAX], other[PATH_MAX];
    EACH(name, names)
    {
        path_of(world, *name, path);
        path_of(world, "elsewhere", other);
        write_text(world, *name, "kdf_time = 4\n");
        write_text(world, "elsewhere", "kdf_time = 4\n");
        for (size_t i = 0; i < MEDGL_COUNT(modes); i++) {
            assert_int_equal(chmod(path, modes[i]), 0);
            refused_file(world, *name, geteuid());
        }
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(load(world, geteuid()), MEDGL_OK);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink(other, path), 0);
        refused_file(world, *name, geteuid());
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("nowhere", path), 0);
        refused_file(world, *name, geteuid());
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        refused_file(world, *name, geteuid());
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0755), 0);
        refused_file(world, *name, geteuid());
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(load(world, geteuid()), MEDGL_OK);
    }
}

static void size_is_bounded(void **state)
{
    struct world *world = *state;
    static char text[64 * 1024 + 1];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 64 == 63 ? '\n' : '#';
    write_bytes(world, "policy.conf", text, sizeof(text) - 1);
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    write_bytes(world, "policy.conf", text, sizeof(text));
    refused_file(world, "policy.conf", geteuid());
}

static void directories_must_be_trusted(void **state)
{
    struct world *world = *state;
    char etc[PATH_MAX], drop_ins[PATH_MAX], other[PATH_MAX];
    path_of(world, "", etc);
    etc[strlen(etc) - 1] = '\0';
    path_of(world, "policy.conf.d", drop_ins);
    path_of(world, "elsewhere", other);
    write_text(world, "policy.conf.d/a.conf", "kdf_time = 4\n");

    assert_int_equal(chmod(drop_ins, 0775), 0);
    refused_file(world, "policy.conf.d", geteuid());
    assert_int_equal(chmod(drop_ins, 0755), 0);
    assert_int_equal(chmod(etc, 0757), 0);
    refused_file(world, ".", geteuid());
    assert_int_equal(chmod(etc, 0755), 0);
    assert_int_equal(load(world, geteuid()), MEDGL_OK);

    assert_int_equal(rename(drop_ins, other), 0);
    assert_int_equal(symlink(other, drop_ins), 0);
    refused_file(world, "policy.conf.d", geteuid());
    assert_int_equal(unlink(drop_ins), 0);
    write_text(world, "policy.conf.d", "kdf_time = 4\n");
    refused_file(world, "policy.conf.d", geteuid());
}

static void others_files_are_refused(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];
    write_text(world, "policy.conf", "kdf_time = 4\n");
    path_of(world, "policy.conf", path);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
        refused_file(world, "policy.conf", 4712);
        assert_int_equal(load(world, 4711), MEDGL_OK);
        *strrchr(path, '/') = '\0';
        assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
        assert_int_equal(load(world, 4711), MEDGL_OK);
        refused_file(world, ".", 4712);
    } else {
        refused_file(world, ".", geteuid() + 1); /* what we made is neither root's nor that one's */
    }
}

/* In a process that may not read everything, hardened like the engine: not dumpable, another uid.
 */
static void without_privilege(struct world *world, void (*check)(struct world *world))
{
    pid_t child = fork();
    int status = -1;
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 &&
            (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
            _exit(98);
        if (prctl(PR_SET_DUMPABLE, 0) != 0)
            _exit(97);
        check(world);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void check_readable(struct world *world)
{
    if (load(world, geteuid()) != MEDGL_OK || world->policy.kdf_time != 4)
        _exit(1);
}

static void check_refused(struct world *world)
{
    if (load(world, geteuid()) != MEDGL_ERR_POLICY ||
        strstr(world->mistakes, "permission denied") == NULL)
        if (strstr(world->mistakes, "Permission denied") == NULL)
            _exit(1);
}

static void unreadable_is_not_absent(void **state)
{
    static const char *const names[] = {"policy.conf", "policy.conf.d", "policy.conf.d/a.conf", ""};
    struct world *world = *state;
    char path[PATH_MAX];
    write_text(world, "policy.conf", "kdf_time = 4\n");
    write_text(world, "policy.conf.d/a.conf", "kdf_lanes = 2\n");
    without_privilege(world, check_readable);
    EACH(name, names)
    {
        struct stat st;
        path_of(world, *name, path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(chmod(path, 0), 0);
        without_privilege(world, check_refused);
        assert_int_equal(chmod(path, st.st_mode & 07777), 0);
    }
    without_privilege(world, check_readable);
}

/* What policy_load() logs where nobody wants a report. */
static void logged(struct world *world, enum medgl_error wanted, char *lines, size_t size)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    log_open(LOG_TARGET_STDERR, "test", false);
    enum medgl_error error = policy_load(world->root, geteuid(), NULL, &world->policy);
    log_open(LOG_TARGET_NONE, "test", false);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(saved), 0);
    rewind(file);
    lines[fread(lines, 1, size - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_int_equal(error, wanted);
}

static void without_a_report_mistakes_are_logged(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX], wanted[3 * PATH_MAX], got[3 * PATH_MAX];
    path_of(world, "policy.conf", path);
    write_text(world, "policy.conf", "kdf_time = 4\n");
    logged(world, MEDGL_OK, got, sizeof(got));
    assert_string_equal(got, "");
    assert_int_equal(world->policy.kdf_time, 4);

    write_text(world, "policy.conf", "kdf_time = 4\nnonsense\nunknown = 1\n");
    logged(world, MEDGL_ERR_POLICY, got, sizeof(got));
    (void)snprintf(wanted, sizeof(wanted), "test: %s:2: " FORM "test: %s:3: unknown key unknown\n",
                   path, path);
    assert_string_equal(got, wanted);

    write_text(world, "policy.conf", "attempt_delay = 9 s\n");
    logged(world, MEDGL_ERR_POLICY, got, sizeof(got));
    assert_string_equal(got, "test: policy: attempt_delay must not exceed attempt_delay_max\n");

    path_of(world, "policy.conf.d", path);
    write_text(world, "policy.conf.d", "");
    write_text(world, "policy.conf", "");
    logged(world, MEDGL_ERR_POLICY, got, sizeof(got));
    (void)snprintf(wanted, sizeof(wanted), "test: %s: cannot be read as a directory: %s\n", path,
                   strerror(ENOTDIR));
    assert_string_equal(got, wanted);
}

static void a_root_that_is_too_long(void **state)
{
    struct world *world = *state;
    char saved[PATH_MAX];
    memcpy(saved, world->root, sizeof(saved));
    memset(world->root, 'x', sizeof(world->root) - 1);
    world->root[0] = '/';
    assert_int_equal(load(world, geteuid()), MEDGL_ERR_POLICY);
    memcpy(world->root, saved, sizeof(saved));
}

/* -- rules and holidays (R22) ------------------------------------------------------------------ */

/* What libeconf makes of the characters of rules. */
static void rules_as_sites_write_them(void **state)
{
    struct world *world = *state;
    write_text(world, "policy.conf",
               "hours_staff = mon-fri 08:00-20:00; Sat,holiday 10:00-12:00   # by day\n"
               "hours_privileged = \"daily 22:00-06:00; Sun 00:00-24:00\"\n"
               "places_staff=2001:DB8::/32,tty*, :0, 10.1.0.0/16\n"
               "services_staff = login , gdm-password\n"
               "alert_mail = root,security@example.org\n");
    assert_int_equal(load(world, geteuid()), MEDGL_OK);
    const struct policy_class *staff = policy_class_of(&world->policy, ACCOUNT_CLASS_STAFF);
    assert_string_equal(staff->hours, "Mon-Fri 08:00-20:00; Sat,holiday 10:00-12:00");
    assert_string_equal(staff->places, "2001:db8::/32, tty*, :0, 10.1.0.0/16");
    assert_string_equal(staff->services, "login, gdm-password");
    assert_string_equal(policy_class_of(&world->policy, ACCOUNT_CLASS_PRIVILEGED)->hours,
                        "daily 22:00-06:00; Sun 00:00-24:00");
    assert_string_equal(world->policy.alert_mail, "root, security@example.org");
    assert_true(world->policy.calendar.known);
    assert_int_equal(world->policy.calendar.count, 0);
}

/* The policy holds in any case: what is wrong is told, and no day is known then. */
static void load_holidays(struct world *world, bool known, const char *mistakes)
{
    const struct policy_report report = {world, hear_set, hear_mistake};
    world->mistakes[0] = '\0';
    memset(&world->policy, 0x5a, sizeof(world->policy));
    assert_int_equal(policy_load(world->root, geteuid(), &report, &world->policy), MEDGL_OK);
    assert_int_equal(world->policy.calendar.known, known);
    if (!known)
        assert_int_equal(world->policy.calendar.count, 0);
    if (strncmp(world->mistakes, mistakes, strlen(mistakes)) != 0 ||
        (mistakes[0] == '\0') != (world->mistakes[0] == '\0'))
        fail_msg("\"%s\" instead of \"%s\"", world->mistakes, mistakes);
}

static void name_holidays(struct world *world)
{
    write_text(world, "policy.conf", "holidays = " MEDGL_SYSCONFDIR "/holidays\n");
}

#define NO_DATE    "not a date that exists, as 2026-01-01, with a blank before any further text\n"
#define NO_CONTROL "control character: write the file as plain text with Unix line ends\n"

static void holidays_as_sites_write_them(void **state)
{
    static const struct {
        const char *name, *text, *days; /* numbers of days; NULL: unknown */
        const char *mistakes;
    } rows[] = {
        {"nothing", "", "", ""},
        {"comments and blanks", "# none\n\n \t\n  # yet", "", ""},
        {"days in any order, some twice",
         "2027-01-01\n2026-01-01 New Year's Day\n\t2026-12-31\tlast\n2026-01-01\n",
         "20454 20818 20819", ""},
        {"names of theirs", "2026-01-01 \xe5\x85\x83\xe6\x97\xa5 # first", "20454", ""},
        {"leap day", "2028-02-29", "21243", ""},
        {"the first and the last", "9999-12-31\n1970-01-01\n", "0 2932896", ""},
        {"before the epoch", "1969-12-31\n", "-1", ""},
        {"no leap day", "2026-02-29\n", NULL, "holidays:1: " NO_DATE},
        {"month 13", "2026-01-01\n2026-13-01\n", NULL, "holidays:2: " NO_DATE},
        {"day 0", "2026-01-00\n", NULL, "holidays:1: " NO_DATE},
        {"all that is wrong", "x\n2026-01-01\ny\n", NULL,
         "holidays:1: " NO_DATE "holidays:3: " NO_DATE},
        {"short", "2026-1-1\n", NULL, "holidays:1: " NO_DATE},
        {"other order", "01/01/2026\n", NULL, "holidays:1: " NO_DATE},
        {"text at once", "2026-01-01New Year\n", NULL, "holidays:1: " NO_DATE},
        {"a comment at once", "2026-01-01# New Year\n", NULL, "holidays:1: " NO_DATE},
        {"a range", "2026-01-01-2026-01-03\n", NULL, "holidays:1: " NO_DATE},
        {"a time", "2026-01-01T00:00\n", NULL, "holidays:1: " NO_DATE},
        {"a key", "holiday = 2026-01-01\n", NULL, "holidays:1: " NO_DATE},
        {"ends of lines of others", "2026-01-01\r\n", NULL, "holidays:1: " NO_CONTROL},
        {"an escape", "2026-01-01 \x1b[2J\n", NULL, "holidays:1: " NO_CONTROL},
        {"a byte order mark",
         "\xef\xbb\xbf"
         "2026-01-01\n",
         NULL, "holidays:1: " NO_DATE},
    };
    struct world *world = *state;
    name_holidays(world);
    EACH(row, rows)
    {
        char days[256] = "";
        write_text(world, "holidays", row->text);
        load_holidays(world, row->days != NULL, row->mistakes);
        for (size_t i = 0; i < world->policy.calendar.count; i++)
            (void)snprintf(days + strlen(days), sizeof(days) - strlen(days), "%s%d",
                           i == 0 ? "" : " ", world->policy.calendar.day[i]);
        if (row->days != NULL && strcmp(days, row->days) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", row->name, days, row->days);
    }
    write_bytes(world, "holidays", "2026-01-01\0\n", 12);
    load_holidays(world, false, "holidays:1: " NO_CONTROL);
}

static void holidays_are_bounded(void **state)
{
    struct world *world = *state;
    static char text[64 * 1024 + 1];
    size_t used = 0;
    name_holidays(world);
    for (int day = 0; day < POLICY_HOLIDAYS; day++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%d-%02d-%02d\n%d-%02d-%02d\n",
                                 2000 + day / 300, 1 + day / 25 % 12, 1 + day % 25,
                                 2000 + day / 300, 1 + day / 25 % 12, 1 + day % 25);
    write_text(world, "holidays", text);
    load_holidays(world, true, "");
    assert_int_equal(world->policy.calendar.count, POLICY_HOLIDAYS);
    for (size_t i = 1; i < POLICY_HOLIDAYS; i++)
        assert_true(world->policy.calendar.day[i - 1] < world->policy.calendar.day[i]);
    (void)snprintf(text + used, sizeof(text) - used, "1999-01-01\n");
    write_text(world, "holidays", text);
    load_holidays(world, false, "holidays:2049: more than 1024 days: take out those gone by\n");

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 64 == 63 ? '\n' : '#';
    write_bytes(world, "holidays", text, sizeof(text) - 1);
    load_holidays(world, true, "");
    write_bytes(world, "holidays", text, sizeof(text));
    load_holidays(world, false, "holidays:0: holidays cannot be read");
}

static void holidays_must_be_trusted(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX], other[PATH_MAX];
    path_of(world, "holidays", path);
    path_of(world, "elsewhere", other);
    name_holidays(world);
    load_holidays(world, false, "holidays:0: holidays cannot be read (");
    write_text(world, "holidays", "2026-01-01\n");
    load_holidays(world, true, "");
    assert_int_equal(chmod(path, 0664), 0);
    load_holidays(world, false, "holidays:0: holidays cannot be read (");
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(chmod(other, 0644), 0);
    assert_int_equal(symlink(other, path), 0);
    load_holidays(world, false, "holidays:0: holidays cannot be read (");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    load_holidays(world, false, "holidays:0: holidays cannot be read (");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    load_holidays(world, false, "holidays:0: holidays cannot be read (");
    assert_int_equal(rmdir(path), 0);
    if (geteuid() == 0) {
        write_text(world, "holidays", "2026-01-01\n");
        assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
        load_holidays(world, false, "holidays:0: holidays cannot be read (");
    }
    write_text(world, "policy.conf", "holidays =\n");
    load_holidays(world, true, "");
}

/* At every login: a line of the log, and not one for each line of the file. */
static void holidays_are_logged_once(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX], wanted[2 * PATH_MAX], got[3 * PATH_MAX];
    path_of(world, "holidays", path);
    name_holidays(world);
    write_text(world, "holidays", "# comment\nx\ny\nz\n");
    logged(world, MEDGL_OK, got, sizeof(got));
    (void)snprintf(wanted, sizeof(wanted), "test: %s:2: " NO_DATE, path);
    assert_string_equal(got, wanted);
    assert_false(world->policy.calendar.known);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_world, remove_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_file_means_the_defaults),
        TEST(notation_that_is_accepted),
        TEST(an_empty_zone_is_the_machines),
        TEST(layers),
        TEST(profile_comes_first),
        TEST(profile_can_make_a_conflict),
        TEST(paths_and_names_as_sites_write_them),
        TEST(mistakes_name_file_and_line),
        TEST(mistakes_of_all_files_are_told),
        TEST(environment_changes_nothing),
        TEST(line_length),
        TEST(files_must_be_trusted),
        TEST(size_is_bounded),
        TEST(directories_must_be_trusted),
        TEST(others_files_are_refused),
        TEST(unreadable_is_not_absent),
        TEST(without_a_report_mistakes_are_logged),
        TEST(a_root_that_is_too_long),
        TEST(rules_as_sites_write_them),
        TEST(holidays_as_sites_write_them),
        TEST(holidays_are_bounded),
        TEST(holidays_must_be_trusted),
        TEST(holidays_are_logged_once),
    };
    log_open(LOG_TARGET_NONE, "policy_load_test", false);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_load", tests, NULL, NULL);
}
