/* Backups of a store in a private root, and their restore: for tests. */
#ifndef MEDGL_TESTS_UNIT_BACKUP_FIXTURE_H
#define MEDGL_TESTS_UNIT_BACKUP_FIXTURE_H

#include "operation/backup_restore.h"
#include "tests/unit/operation_fixture.h"

#include <fcntl.h>

static struct secret backup_key = SECRET_NONE;

/* A certificate for backups, and where they go. One key for all tests of a program. */
static inline void backup_prepare(struct fixture *f)
{
    static char made[] = "/tmp/medgl-backup-XXXXXX";
    char command[1024], path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .max = 65536};
    if (backup_key.bytes == NULL) {
        assert_non_null(mkdtemp(made));
        (void)snprintf(command, sizeof(command),
                       "openssl req -x509 -newkey rsa:2048 -nodes -keyout %s/key -out %s/pem "
                       "-days 10 -subj /CN=b 2>/dev/null && chmod 600 %s/key",
                       made, made, made);
        assert_int_equal(system(command), 0);
        (void)snprintf(path, sizeof(path), "%s/key", made);
        assert_int_equal(file_read_trusted(path, &rule, &backup_key), MEDGL_OK);
    }
    (void)snprintf(command, sizeof(command),
                   "cp %s/pem %s%s && mkdir -p %s/var/backups/medgl && chmod 700 "
                   "%s/var/backups/medgl",
                   made, f->root, PATH_BACKUP_CERT, f->root, f->root);
    assert_int_equal(system(command), 0);
}

static inline struct backup backup_make(struct fixture *f)
{
    const struct backup_request request = {.fd = -1};
    struct backup backup;
    char why[BACKUP_WHY_SIZE];
    enum medgl_error error = operation_backup_create(&f->context, &request, &backup, why);
    if (error != MEDGL_OK)
        print_message("# %s: %s\n", medgl_error_text(error), why);
    assert_int_equal(error, MEDGL_OK);
    return backup;
}

/* With the context closed. */
static inline enum medgl_error backup_put(const char *root, const struct backup *backup,
                                          struct backup_restored *restored,
                                          char why[BACKUP_WHY_SIZE])
{
    auto_fd int fd = open(backup->file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const struct backup_restore_request request = {
        .root = root,
        .owner = geteuid(),
        .group = getegid(),
        .actor = {.uid = -1, .name = "tester", .asserted = true},
        .reason = "test",
        .file = backup->file,
        .from = {.fd = fd, .key = {.pem = &backup_key}, .fault = count_fault},
    };
    return operation_backup_restore(&request, restored, why);
}

#endif
