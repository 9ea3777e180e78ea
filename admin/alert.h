/* The parts of the noun alert. */
#ifndef MEDGL_ADMIN_ALERT_H
#define MEDGL_ADMIN_ALERT_H

#include "admin/admin.h"
#include "admin/courier.h"
#include "operation/alert.h"

struct carrying {
    const struct context *context;
    struct courier *courier;
};

/* "syslog" always, "mail" and "wall" as the policy says, "hook NAME" for each program in notify.d.
 * In a private root neither mail nor wall: they belong to the machine. */
struct alert_carrier alert_carrier_of(struct carrying *carrying);

#endif
