/* What runs for somebody whose sessions the rules end, and belongs to no session (R30). */
#include "operation/doctor.h"

#include <stdio.h>

#define LINGER "/var/lib/systemd/linger" /* a file for each such user; loginctl(1) */

void doctor_linger(struct doctor *doctor)
{
    char path[sizeof(LINGER) + 1 + STORE_NAME_SIZE];
    for (size_t i = 0; i < doctor->account_count && doctor->accounts_known; i++) {
        const struct doctor_account *account = &doctor->accounts[i];
        (void)snprintf(path, sizeof(path), LINGER "/%s", account->name);
        if (account->class_ == ACCOUNT_CLASS_MAINTENANCE && doctor_is_there(doctor, path))
            doctor_say(doctor, DOCTOR_WARNING, "accounts",
                       "services that %s started go on when the time of the maintenance is over: "
                       "run loginctl disable-linger %s",
                       account->name, account->name);
    }
}
