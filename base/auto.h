/* What owns something releases it by itself: error paths are then a plain return. */
#ifndef MEDGL_BASE_AUTO_H
#define MEDGL_BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Written before the declaration: auto_free char *text = NULL; auto_fd int fd = -1; */
#define auto_clean(function) __attribute__((cleanup(function)))

static inline void medgl_auto_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void medgl_auto_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static inline void medgl_auto_file(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

#define auto_free auto_clean(medgl_auto_free)
#define auto_fd   auto_clean(medgl_auto_fd)
#define auto_file auto_clean(medgl_auto_file)

/* Hands the pointer or descriptor over to somebody else: the variable no longer owns it. */
#define auto_give(variable)                                                                        \
    __extension__({                                                                                \
        __typeof__(variable) medgl_given_ = (variable);                                            \
        (variable) = NULL;                                                                         \
        medgl_given_;                                                                              \
    })
#define auto_give_fd(variable)                                                                     \
    __extension__({                                                                                \
        int medgl_given_ = (variable);                                                             \
        (variable) = -1;                                                                           \
        medgl_given_;                                                                              \
    })

#define MEDGL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
