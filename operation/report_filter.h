/* Which entries a report of accesses shows: the filter held against the bytes of a line, where that
 * is cheap, and then against what the entry says. A part of operation_report_access(). */
#ifndef MEDGL_OPERATION_REPORT_FILTER_H
#define MEDGL_OPERATION_REPORT_FILTER_H

#include "operation/report.h"

#define ACCESS_NEEDLES 4
#define NEEDLE_SIZE    (2 * STORE_SOURCE_SIZE + 32)

/* An address or a network, IPv4 mapped into IPv6. A source of IPv6 is a /64. */
struct access_network {
    unsigned char address[16];
    unsigned bits;
};

/* The filter, ready to be held against the bytes of a line, and then against its fields. */
struct access_test {
    const struct access_filter *filter;
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE]; /* "": no limit */
    char needle[ACCESS_NEEDLES][NEEDLE_SIZE];
    size_t needle_len[ACCESS_NEEDLES], needles;
    struct access_network network; /* `by_network` */
    bool by_network, change_alone;
    char source[STORE_SOURCE_SIZE]; /* the key, where it is none; "": any */
};

/* The filter is borrowed. MEDGL_ERR_ARGUMENT: its place is none. */
enum medgl_error access_test_make(const struct access_filter *filter, struct access_test *test);

/* Says yes to every line whose entry fits, and no to most others. */
bool access_test_wants(const struct access_test *test, const char *line, size_t len);

/* An entry as a record that borrows from it. false: it is not about access. */
bool access_record_of(const struct ledger_entry *entry, struct access_record *record);

/* Everything that the filter asks for. `class_` must be filled in where the entry has none. */
bool access_record_fits(const struct access_test *test, const struct access_record *record);

#endif
