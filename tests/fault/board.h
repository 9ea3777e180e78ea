/* The board between a test and the engines that it disturbs: a file <root>/board that both map. It
 * outlives SIGKILL, needs no descriptor and no environment. Belongs to tests alone. */
#ifndef MEDGL_TESTS_FAULT_BOARD_H
#define MEDGL_TESTS_FAULT_BOARD_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The calls that can be disturbed, those of SQLite included. */
enum board_call {
    BOARD_ANY,
    BOARD_OPEN,
    BOARD_READ,
    BOARD_WRITE,
    BOARD_SYNC,
    BOARD_TRUNCATE,
    BOARD_MAP,
    BOARD_LOCK,
    BOARD_KDF,      /* an evaluation begins */
    BOARD_KDF_DONE, /* its result is there */
    BOARD_SEND,     /* a message to the module */
    BOARD_SENT,
    BOARD_RECEIVED,
    BOARD_CALLS
};
#define BOARD_LETTERS "?orwstmlkKvVR"

#define BOARD_KILL  1000000 /* in place of an errno */
#define BOARD_TRACE 4096
#define BOARD_SALTS 4096
#define BOARD_SALT  16
#define BOARD_LOG   65536
#define BOARD_PIDS  1024

struct board {
    bool cheap; /* a hash is; it stays when the rest is counted anew */
    /* What is disturbed: the first-th to last-th of these calls since they were last counted. */
    struct board_plan {
        enum board_call call;
        int action; /* an errno, BOARD_KILL, or 0 */
        uint32_t first, last;
        uint32_t within_us; /* besides: SIGKILL within that time from the start, 0: none */
    } plan;
    _Atomic uint32_t seen[BOARD_CALLS];
    _Atomic uint32_t fired;
    char trace[BOARD_TRACE]; /* a letter for each call */
    _Atomic uint32_t salts;  /* evaluations that began, each with its salt */
    unsigned char salt[BOARD_SALTS][BOARD_SALT];
    _Atomic uint32_t engines;
    pid_t engine[BOARD_PIDS]; /* that were started */
    _Atomic uint32_t log_used;
    char log[BOARD_LOG]; /* what engine and module said to syslog */
};

static inline struct board *board_map(const char *root, int flags)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/board", root);
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return NULL;
    struct board *board = MAP_FAILED;
    if ((flags & O_CREAT) == 0 || (fchmod(fd, 0666) == 0 && ftruncate(fd, sizeof(*board)) == 0))
        board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return board == MAP_FAILED ? NULL : board;
}

/* Takes a line of syslog in; what does not fit is lost. */
__attribute__((format(printf, 2, 0))) static inline void board_note(struct board *board,
                                                                    const char *format,
                                                                    va_list arguments)
{
    char line[2048];
    (void)vsnprintf(line, sizeof(line) - 1, format, arguments);
    uint32_t len = (uint32_t)strlen(line);
    line[len++] = '\n';
    uint32_t at = atomic_fetch_add(&board->log_used, len);
    if (at < BOARD_LOG - len)
        memcpy(board->log + at, line, len);
}

#endif
