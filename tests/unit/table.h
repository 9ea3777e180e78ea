/* Tests driven by tables: each row is a test of its own, with its name in the TAP output. */
#ifndef MEDGL_TESTS_UNIT_TABLE_H
#define MEDGL_TESTS_UNIT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TABLE_MAX 512

static struct CMUnitTest table_tests[TABLE_MAX];
static char table_names[TABLE_MAX][160];
static size_t table_count;

/* One test; `row` is what it finds in *state. `what` says what all rows of a table show. */
static inline void table_add(const char *what, const char *name, CMUnitTestFunction test,
                             const void *row)
{
    if (table_count == TABLE_MAX)
        abort();
    (void)snprintf(table_names[table_count], sizeof(table_names[0]), "%s: %s", what, name);
    table_tests[table_count].name = table_names[table_count];
    table_tests[table_count].test_func = test;
    table_tests[table_count].initial_state = (void *)(uintptr_t)row;
    table_count++;
}

/* All rows of an array of structs with a member `name`. */
#define TABLE_ADD(what, table, test)                                                               \
    for (size_t table_i_ = 0; table_i_ < sizeof(table) / sizeof((table)[0]); table_i_++)           \
    table_add(what, (table)[table_i_].name, test, &(table)[table_i_])

static inline int table_run(const char *group)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests(group, table_tests, table_count, NULL, NULL);
}

#endif
