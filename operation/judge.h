/* Judging a candidate password: facts from factor/, the verdict from policy/, and the sentence that
 * explains it. One way for the change, the login of an imported account, `password check` and the
 * generator, so that all of them say the same (R13, R14, R19). */
#ifndef MEDGL_OPERATION_JUDGE_H
#define MEDGL_OPERATION_JUDGE_H

#include "base/secret.h"
#include "factor/quality.h"
#include "policy/password.h"
#include "store/store.h"

#define JUDGE_TEXT_SIZE 512

/* What candidates are judged by; borrows the policy. */
struct judge {
    const struct policy *policy;
    struct quality_lists *lists;
    char places[POLICY_NAMES_SIZE + 72]; /* this host and the institution, for struct
                                            quality_person */
};
/* Opens the lists that the policy names, under `root`. Fails as quality_lists_open(): no password
 * is set unless all of them can be asked. */
enum medgl_error judge_open(const char *root, const struct policy *policy, struct judge *judge);
void judge_close(struct judge *judge); /* also for auto_clean() */

struct judge_case {
    const struct account *account; /* NULL: nobody in particular */
    bool second_factor;            /* one is in force */
    const struct secret *typed;
    const struct secret *current; /* as typed; NULL: none at hand */
};
/* All that is known without a KDF evaluation. `prepared` must be empty; it is set unless the text
 * is malformed or too long, which `candidate` says. */
enum medgl_error judge_candidate(const struct judge *judge, const struct judge_case *subject,
                                 struct secret *prepared, struct password_candidate *candidate);

/* One sentence, translated: what is wrong and what to do; never any of the password. */
void judge_explain(const struct policy *policy, const struct password_verdict *verdict,
                   bool second_factor, char text[JUDGE_TEXT_SIZE]);
/* One sentence, translated: what is asked for, before the first try. */
void judge_announce(const struct policy *policy, bool second_factor, char text[JUDGE_TEXT_SIZE]);

/* A generated password that this very judge accepts (R19), as long as the policy's long ones. */
enum medgl_error judge_suggest(const struct judge *judge, const struct account *account,
                               struct secret *password);

#endif
