/* Whether witnesses watch the ledger as the policy says (R08). */
#include "operation/doctor.h"

#include "operation/prove.h"
#include "policy/calendar.h"

#include <inttypes.h>

static void witnesses_late(struct doctor *doctor, const struct policy *policy,
                           const struct witness_state *state)
{
    char then[CLOCK_LOCAL_SIZE];
    if (state->size == 0) {
        doctor_say(doctor, DOCTOR_WARNING, "witnesses",
                   "no checkpoint has the cosignatures of %" PRId64 " witnesses yet: hand one to "
                   "them (medgl-admin ledger prove --consistency), and take their answers in with "
                   "medgl-admin ledger cosign",
                   policy->witness_quorum);
        return;
    }
    clock_format_local(state->time, then);
    if (clock_read().now - state->time > policy_span_most(policy->witness_age))
        doctor_say(doctor, DOCTOR_WARNING, "witnesses",
                   "%" PRId64 " witnesses have cosigned no checkpoint since %s, and witness_age "
                   "asks for more: see whether they still get them",
                   policy->witness_quorum, then);
    else
        doctor_say(doctor, DOCTOR_OK, "witnesses",
                   "%" PRId64 " witnesses have cosigned the first %" PRIu64 " entries, at %s",
                   policy->witness_quorum, state->size, then);
}

void doctor_witnesses(struct doctor *doctor, struct context *context)
{
    const struct policy *policy = &context->policy;
    struct witness_state state;
    enum medgl_error error = operation_witness_state(context, &state);
    if (error == MEDGL_ERR_KEY)
        doctor_say(doctor, DOCTOR_FAULT, "witnesses",
                   "%s%s has a line that is no key of a witness, or one name or key twice: no "
                   "cosignature is believed until it is corrected",
                   doctor->root, PATH_WITNESSES);
    else if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "witnesses",
                   "the witnesses of the ledger cannot be read: %s: do what the log says",
                   medgl_error_text(error));
    else if ((int64_t)state.witnesses < policy->witness_quorum)
        doctor_say(doctor, DOCTOR_FAULT, "witnesses",
                   "witness_quorum asks for %" PRId64 " witnesses, and %s%s has the keys of %u: "
                   "put the others in, or lower it",
                   policy->witness_quorum, doctor->root, PATH_WITNESSES, state.witnesses);
    else if (policy->witness_quorum > 0)
        witnesses_late(doctor, policy, &state);
}
