/* Second factors: whether one is asked, which, and what counts as one (R24, R03). Facts and a time
 * in, a demand out. */
#ifndef MEDGL_POLICY_FACTOR_H
#define MEDGL_POLICY_FACTOR_H

#include "base/account.h"
#include "policy/admission.h"
#include "policy/policy.h"

/* What a factor proved in this login. */
enum factor_result {
    FACTOR_FAILED = 0,
    FACTOR_NOT_ASKED,
    FACTOR_PROVED,
};

/* What the PAM service file says (module argument factor=). */
enum factor_mode {
    FACTOR_MODE_POLICY = 0,
    FACTOR_MODE_NONE, /* no second factor in this service */
    FACTOR_MODE_ONLY, /* the second factor alone: another module proves the first */
};

struct factor_facts {
    enum account_class class_;
    enum account_factor own; /* the account's own rule */
    enum factor_mode mode;
    const char *service;
    const struct admission_place *place;
    bool totp, card;   /* enrolled */
    uint32_t recovery; /* codes that are left */
    bool waived;       /* a factor waiver is in force */
    enum grant_instead instead;
    int utc_offset; /* of the site now */
};

/* Why a second factor is asked, or not; for explain, readiness and the log. The first that holds is
 * given. */
enum factor_ground {
    FACTOR_GROUND_UNDECIDED = 0,
    FACTOR_GROUND_MODULE,   /* factor=none or factor=only */
    FACTOR_GROUND_SERVICE,  /* factor_exempt_services */
    FACTOR_GROUND_PLACE,    /* factor_exempt_places, or what the machine does by itself */
    FACTOR_GROUND_ACCOUNT,  /* the account's own rule */
    FACTOR_GROUND_CLASS,    /* its class's */
    FACTOR_GROUND_DEADLINE, /* required from a day that has not come yet */
};

struct factor_demand {
    bool asked;    /* a factor is asked of this account here and now: wrong or missing refuses */
    bool required; /* also of who has none */
    bool enrols;   /* required, none is there (no recovery code that is accepted either), no waiver,
                      and the owner may enrol at this login */
    bool waived;   /* by a grant: what it names is accepted instead, as well */
    bool totp, card, recovery, code; /* accepted here, and enrolled */
    bool in_force; /* the account has a factor, and is asked for it: rule C of R13. Of exemptions by
                      service or place, and of the module's word, nothing here */
    enum account_factor rule; /* required, optional or none, as it will be after the deadline */
    medgl_time required_from; /* 0: at once, or never; a time ahead: until then it is optional. The
                                 day is for classes: an account's own rule holds at once */
    enum factor_ground ground;
};

/* MUSTs:
 * - A waiver never makes `asked` false: something else is asked.
 * - factor=only always asks: nothing is never a proof.
 * - `card` of FACTOR_KINDS_TOTP and `totp` of FACTOR_KINDS_CARD are false, whatever is enrolled. */
struct factor_demand policy_factor(const struct policy *policy, const struct factor_facts *facts,
                                   medgl_time now);

/* Whether a code is asked for in this service and from this place, of everybody alike (R23): never
 * by what is known of the account. `any_enrolled`: somebody on this host has a device, a card, or
 * codes; then everywhere but in what is exempt, for accounts have rules of their own. Else from the
 * day on from which a class requires one. */
bool policy_factor_prompts(const struct policy *policy, enum factor_mode mode, const char *service,
                           const struct admission_place *place, bool any_enrolled, int utc_offset,
                           medgl_time now);
/* Whether that service has room for one prompt alone. */
bool policy_factor_one_prompt(const struct policy *policy, const char *service);
/* Whether the machine's reader is asked there. */
bool policy_card_applies(const struct policy *policy, const char *service,
                         const struct admission_place *place);

/* Two independent factors, not two steps (R24: knowledge and possession). `password` and `host`:
 * the first was proved so; `second`: what proved the other. A card proves its PIN as well: by
 * itself it is two factors with card_alone = yes, and with a host that proved a key in any case. */
bool policy_factors_independent(const struct policy *policy, bool password, bool host,
                                enum factor_kind second);

/* The start of that day of the site. "" gives 0. */
medgl_time policy_required_from(const struct policy *policy, int utc_offset);
/* Whole days until then, rounded up; 0: it has come. */
int64_t policy_required_days(const struct policy *policy, int utc_offset, medgl_time now);
/* Whether a login warns its owner of that day now (factor_warn), once a calendar day. */
bool policy_factor_warns(const struct policy *policy, const struct factor_demand *demand,
                         bool has_factor, medgl_time warned_at, int utc_offset, medgl_time now);

/* "class", "deadline"; never NULL. */
const char *factor_ground_word(enum factor_ground ground);

#endif
