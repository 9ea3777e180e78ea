/* What was done in an emergency (R33), from the evidence of both ledgers and the rows. Reads only.
 */
#ifndef MEDGL_OPERATION_REPORT_EMERGENCY_H
#define MEDGL_OPERATION_REPORT_EMERGENCY_H

#include "operation/emergency.h"

/* Somebody proved the sealed credential, or was refused. */
struct emergency_login {
    uint64_t seq; /* of the break-glass accounts' ledger */
    medgl_time time;
    medgl_time last; /* of refusals in a row that are alike: the last one */
    uint32_t times;  /* how many they are */
    bool clock_synchronised;
    const char *account, *service, *source;
    bool allowed;
    bool inside;                  /* asked for by who was logged in as the account already: sudo */
    const char *reason;           /* of a refusal; "" */
    const char *serial;           /* of the envelope; "" */
    const char *person, *purpose; /* as they said at the login; "" where nobody answered */
};

struct emergency_session {
    const char *account;
    const struct session *session;
    const char *state; /* "open", "closed", "lost", "ended"; "forgotten": its row is gone */
    int64_t seconds;   /* until its end, or until now; -1: not known */
};

/* What an operator did, anywhere. */
struct emergency_act {
    bool main;       /* in the main ledger; else in that of the break-glass accounts */
    bool breakglass; /* by somebody who was logged in with an account that was used */
    uint64_t seq;
    medgl_time time;
    const char *kind, *actor, *subject; /* "" */
    const char *reason;                 /* reason or note, where the entry has one; "" */
    const char *details;                /* all that the entry says of it: "class: staff; ..." */
};

struct emergency_alarm {
    medgl_time time;
    const char *kind, *text;
    uint32_t receivers, failed; /* failed: did not have it so far */
    bool tried;                 /* for anybody */
    bool delivered;             /* everybody had it */
    bool forgotten;             /* long ago: to how many is not known any more */
};

enum emergency_left {
    EMERGENCY_LEFT_OPEN = 1, /* it lasts */
    EMERGENCY_LEFT_SESSIONS, /* sessions of its accounts are open by the records */
    EMERGENCY_LEFT_ALERTS,   /* alerts that did not reach everybody */
    EMERGENCY_LEFT_PERSON,   /* logins at which nobody said who they are */
    EMERGENCY_LEFT_REVIEW,   /* nobody has reviewed it */
    EMERGENCY_LEFT_SEAL,     /* used accounts that were not sealed anew */
    EMERGENCY_LEFT_JOIN,     /* the main ledger does not vouch for all of it so far */
    EMERGENCY_LEFT_MAIN,     /* the main ledger could not be read, then or now, or has lost entries:
                                acts may be missing here */
    EMERGENCY_LEFT_BODIES,   /* bodies of entries are in archives: their acts are missing here */
};
const char *emergency_left_word(enum emergency_left what); /* "review"; never NULL */

struct emergency_report {
    struct emergency row;
    enum emergency_phase phase;
    int64_t spent;       /* milliseconds that it lasted */
    const char *account; /* whose login declared it; "" */
    const char *origin;  /* of the break-glass accounts' ledger, where its entries are from
                            row.own_from to before row.own_to */
    void *argument;
    /* What each hears is valid during the call. In the order of the ledgers. */
    void (*login)(void *argument, const struct emergency_login *login);
    void (*session)(void *argument, const struct emergency_session *session);
    void (*act)(void *argument, const struct emergency_act *act);
    void (*alarm)(void *argument, const struct emergency_alarm *alarm);
    void (*left)(void *argument, enum emergency_left what, uint32_t count);
};
/* First `head` hears of the emergency itself, in `report`; then the others are called, one list
 * after the other. `main_context`: NULL where the main store cannot be read; what is wrong with it
 * is EMERGENCY_LEFT_MAIN and no error, for then emergencies are declared. MEDGL_ERR_NOT_FOUND:
 * there was none of that number. MEDGL_ERR_CORRUPT: an entry of the break-glass accounts' ledger is
 * damaged. */
enum medgl_error operation_report_emergency(struct context *context, struct context *main_context,
                                            uint32_t number, struct emergency_report *report,
                                            void (*head)(void *argument,
                                                         const struct emergency_report *report));

#endif
