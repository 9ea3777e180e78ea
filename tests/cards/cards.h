/* Cards for tests: issuers, cards, and readers of SoftHSM, made once for a program by make.sh. */
#ifndef MEDGL_TESTS_CARDS_CARDS_H
#define MEDGL_TESTS_CARDS_CARDS_H

#include "base/file.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define CARD_PIN "123456"

static char cards_directory[64];

static inline void cards_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void cards_command(const char *format, ...)
{
    char command[4 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

/* Before any test: TEST_CARDS is tests/cards of the source. */
static inline void cards_make(void)
{
    (void)snprintf(cards_directory, sizeof(cards_directory), "/tmp/medgl-cards-XXXXXX");
    assert_non_null(mkdtemp(cards_directory));
    assert_int_equal(chmod(cards_directory, 0755), 0);
    cards_command("sh '%s/make.sh' '%s' && mkdir -p '%s/reader/tokens'", TEST_CARDS,
                  cards_directory, cards_directory);
    cards_command("printf 'directories.tokendir = %s/reader/tokens\\nobjectstore.backend = file\\n"
                  "log.level = ERROR\\n' > '%s/reader/softhsm2.conf'",
                  cards_directory, cards_directory);
}

static inline int cards_remove_one(const char *path, const struct stat *st, int type,
                                   struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void cards_remove(void)
{
    (void)nftw(cards_directory, cards_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The driver that behaves as its name says: "softhsm", "C_Login-hang". */
static inline const char *cards_driver(const char *name)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/reader/%s.so", cards_directory, name);
    if (access(path, F_OK) != 0)
        cards_command("cp '%s' '%s' && chmod 0644 '%s'", TEST_DRIVER, path, path);
    return path;
}

/* Takes all cards out, and puts these in (words). `tries`: of wrong PINs; below 0: not counted. */
static inline void cards_insert(const char *names, int tries)
{
    cards_command("cd '%s' && rm -rf reader/tokens reader/tries && mkdir reader/tokens && "
                  "for name in %s; do cp -r cards/$name/. reader/tokens/; done",
                  cards_directory, names);
    if (tries >= 0)
        cards_command("echo %d > '%s/reader/tries'", tries, cards_directory);
}

/* A certificate or other file of the tests. */
static inline void cards_read(const char *name, struct secret *content)
{
    char path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = 65536};
    (void)snprintf(path, sizeof(path), "%s/%s", cards_directory, name);
    assert_int_equal(file_read_trusted(path, &rule, content), MEDGL_OK);
}

#endif
