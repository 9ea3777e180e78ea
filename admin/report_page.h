/* The report of an emergency as a page to print and to sign, and what it shares with the tables. */
#ifndef MEDGL_ADMIN_REPORT_PAGE_H
#define MEDGL_ADMIN_REPORT_PAGE_H

#include "admin/admin.h"

#include "operation/report_emergency.h"

/* What is left to be done, as a sentence for gettext. Never NULL. */
const char *report_left_say(enum emergency_left what);

/* `there`: the main installation; NULL: it cannot be read. As operation_report_emergency(). */
enum medgl_error report_page(struct admin *admin, struct context *there, uint32_t number);

#endif
