/* The parts of doctor: what belongs to the installation, and what belongs to the host. */
#ifndef MEDGL_OPERATION_DOCTOR_H
#define MEDGL_OPERATION_DOCTOR_H

#include "operation/setup.h"

struct doctor {
    const char *root;
    doctor_finding finding;
    void *argument;
    unsigned faults;
    bool pam_used; /* some PAM service uses the module */
};

/* Reports one finding, with a printf format. */
void doctor_say(struct doctor *doctor, enum doctor_level level, const char *check,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* PAM service files that use the module, and how. */
void doctor_pam(struct doctor *doctor);

/* Settings of sshd that go around the module or keep it from asking. */
void doctor_sshd(struct doctor *doctor);

#endif
