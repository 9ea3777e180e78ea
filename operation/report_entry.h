/* What an entry is in the report of an emergency (R33), and how it is told there. Part of
 * report_emergency.h. */
#ifndef MEDGL_OPERATION_REPORT_ENTRY_H
#define MEDGL_OPERATION_REPORT_ENTRY_H

#include "ledger/entry.h"

#define REPORT_DETAILS_SIZE 1024

/* What people and the machine do by themselves is no act of an operator. */
enum report_part {
    REPORT_PART_NONE,
    REPORT_PART_SESSION,
    REPORT_PART_ALERT,
    REPORT_PART_ACT,
};
enum report_part report_part_of(enum ledger_kind kind);

/* All that the entry says besides ids and digests, for people: "class: staff; shared: no". */
void report_details(const struct ledger_entry *entry, char details[REPORT_DETAILS_SIZE]);

#endif
