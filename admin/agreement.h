/* How the agreement is told (R40): each sentence in both languages. Short names, for they stand in
 * every line of its files. */
#ifndef MEDGL_ADMIN_AGREEMENT_H
#define MEDGL_ADMIN_AGREEMENT_H

#include "admin/admin.h"

enum tongue {
    TONGUE_ENGLISH,
    TONGUE_JAPANESE,
};

struct agreement {
    struct output *output;
    const struct policy *policy;
    enum tongue tongue;
    struct table *table; /* of JSON */
    unsigned number;     /* of the sentence, for people; 0 is the heading */
};

/* A part of a sentence in the language that it is said in. */
struct phrase {
    char text[64];
};

/* A sentence, of which both languages take the same arguments. */
__attribute__((format(printf, 3, 5), format(printf, 4, 5))) void say(struct agreement *to,
                                                                     const char *topic,
                                                                     const char *english,
                                                                     const char *japanese, ...);
const char *tongue_of(const struct agreement *to, const char *english, const char *japanese);
/* "1 login", "3 logins"; in Japanese the number with its counter. */
struct phrase count_of(const struct agreement *to, int64_t number, const char *one,
                       const char *many, const char *counter);
/* In the largest unit that is exact. */
struct phrase span_of(const struct agreement *to, struct policy_span span);
bool span_is_zero(struct policy_span span);

/* Classes by the names of people in them, and the topics of what is said of each. */
#define AGREEMENT_CLASSES 4
struct agreement_class {
    enum account_class class_;
    const char *english, *japanese, *topics[6];
};
extern const struct agreement_class agreement_classes[AGREEMENT_CLASSES];

/* What is weaker than the guideline that the profile is named after. */
void say_departures(struct agreement *to);
/* Second factors, cards, recovery codes and grants. */
void say_factors(struct agreement *to);

#endif
