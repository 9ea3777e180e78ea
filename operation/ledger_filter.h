/* Which entries somebody wants to see: held against the bytes of a line, where that is cheap, and
 * then against what the entry says. Never looks at the store. */
#ifndef MEDGL_OPERATION_LEDGER_FILTER_H
#define MEDGL_OPERATION_LEDGER_FILTER_H

#include "ledger/entry.h"
#include "store/store.h"

struct ledger_filter {
    const enum ledger_kind *kind; /* NULL: any */
    const char *subject, *actor;  /* login names; NULL: any */
    medgl_time since, until;      /* since <= time < until; 0: no limit */
};

/* The filter, ready to be used. */
struct ledger_test {
    const struct ledger_filter *filter;
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    char needle[2][2 * STORE_NAME_SIZE + 16];
    size_t needles;
};

/* The filter is borrowed. MEDGL_ERR_ARGUMENT: a name is too long. */
enum medgl_error ledger_test_make(const struct ledger_filter *filter, struct ledger_test *test);
bool ledger_filter_empty(const struct ledger_filter *filter);

/* Says yes to every line whose entry fits, and to what is no entry; and no to most others. */
bool ledger_test_wants(const struct ledger_test *test, const char *line, size_t len);
bool ledger_test_fits(const struct ledger_test *test, const struct ledger_entry *entry);

#endif
