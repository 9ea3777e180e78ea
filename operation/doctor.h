/* The parts of doctor: what belongs to the installation, and what belongs to the host. */
#ifndef MEDGL_OPERATION_DOCTOR_H
#define MEDGL_OPERATION_DOCTOR_H

#include "operation/setup.h"
#include "policy/factor.h"

#define DOCTOR_INCLUDE_MAX 8 /* files within files */

/* An enrolled account, as what the host says of its Unix user is judged by it. */
struct doctor_account {
    char name[STORE_NAME_SIZE];
    int64_t uid;
    enum account_class class_;
    enum account_state state;
    bool shared;
    bool shadow_locked; /* by `account import` or `account shadow`, says the ledger */
};

/* What sshd lets people in by, beside keyboard-interactive. */
enum doctor_way {
    DOCTOR_WAY_KEYS,
    DOCTOR_WAY_TICKETS,
    DOCTOR_WAY_HOSTS,
    DOCTOR_WAY_PASSWORD,
    DOCTOR_WAYS
};

/* What sshd's settings say of everybody, or of those whom a Match block is for. */
struct doctor_ways {
    char match[96];         /* the block's criteria; "": everybody */
    bool set;               /* the block says something of this by itself */
    char methods[512];      /* AuthenticationMethods; "": any */
    bool open[DOCTOR_WAYS]; /* accepted where no methods are named */
};
#define DOCTOR_MATCH_MAX 64

/* How people come in through sshd, where the module is asked there. */
struct doctor_sshd {
    bool asked;            /* its PAM service has the module in auth */
    enum factor_mode mode; /* what the line says of second factors */
    bool proved;           /* the stack proves something before it */
    char failed[64];       /* else the module that would have, and does not end the stack */
    bool known;            /* its settings were read */
    struct doctor_ways ways[1 + DOCTOR_MATCH_MAX]; /* everybody, then the blocks */
    size_t ways_count;
};

struct doctor {
    const char *root;
    doctor_finding finding;
    void *argument;
    const char *about; /* what findings begin with: "", or which installation they are of */
    bool legible;      /* the policy can be used */
    bool vouched;      /* the main ledger vouches for that of break-glass accounts */
    unsigned faults;
    bool pam_used; /* some PAM service uses the module */
    bool nullok;   /* some PAM service lets in who has an empty password */
    struct doctor_sshd sshd;

    /* The enrolled accounts in the order of their names, retired ones too; where they could not be
     * read, `accounts_known` is false. */
    struct doctor_account *accounts;
    size_t account_count;
    bool accounts_known;
    void (*enrolled)(struct doctor *doctor, const struct doctor_account *account);
};

/* Reports one finding, with a printf format. What comes from files is made printable. */
void doctor_say(struct doctor *doctor, enum doctor_level level, const char *check,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* factor=only with no first factor before it. `failed`: a module that would be one, had its failure
 * ended the stack, or ""; `cure`: what to do where there is none. */
void doctor_say_unproved(struct doctor *doctor, const char *name, const char *failed,
                         const char *cure);

/* NULL: nobody of that name is enrolled. */
const struct doctor_account *doctor_account_find(const struct doctor *doctor, const char *name);

/* -- the host's files: anybody may have written them --------------------------------------------
 */

/* A file, to be read line by line. */
struct doctor_text {
    char *bytes;
    char *rest;
};
void doctor_text_free(struct doctor_text *text); /* also for auto_clean() */

/* Why a file was not read that is not there. */
extern const char doctor_no_file[];

/* Reads a regular file under the root, whole, of a bounded size; never opens anything else, so
 * never waits for a pipe and touches no device. A link to /dev/null reads as empty. NULL: done,
 * else why not, in words. */
const char *doctor_read(const struct doctor *doctor, const char *name, struct doctor_text *text);

/* The next line, without its end; NULL after the last. A NUL in the file reads as '?'. */
char *doctor_line(struct doctor_text *text);

/* Makes one line of those that end in a backslash. Before the first is taken. */
void doctor_join(struct doctor_text *text);

/* doctor_read(), with a warning where a file that is there cannot be read. False: it was not read.
 */
bool doctor_open(struct doctor *doctor, const char *check, const char *name,
                 struct doctor_text *text);

/* Calls for each name in a directory under the root that ends in `suffix`, in their order, with the
 * path; up to a bounded number. One that is not there is empty. */
void doctor_each_file(struct doctor *doctor, const char *check, const char *directory,
                      const char *suffix,
                      void (*each)(struct doctor *doctor, const char *path, void *argument),
                      void *argument);

/* Whether something of that name is there, if only a link that leads nowhere. */
bool doctor_is_there(const struct doctor *doctor, const char *name);

/* What the files in a person's home say (operation/doctor_home.c). */
struct doctor_home {
    bool keys;  /* somebody can log in with an ssh key */
    bool hosts; /* other hosts are believed */
};
/* Looks at a home as the person whose it is, in a process of its own, and waits for it up to
 * `*patience` milliseconds, from which it takes what was waited in vain. False: it is not known. */
bool doctor_home(const struct doctor *doctor, const char *home, int64_t uid, int64_t gid,
                 int *patience, struct doctor_home *found);

/* -- the parts ----------------------------------------------------------------------------------
 */

/* Files of PAM services: those that use the module, and how; those that ask nobody. */
void doctor_pam(struct doctor *doctor);

/* Settings of sshd that go around the module or keep it from asking. */
void doctor_sshd(struct doctor *doctor);

/* Users of the host: vendor and system accounts, empty passwords, enrolled ones that changed (R25,
 * R27, R28). After doctor_pam(). */
void doctor_people(struct doctor *doctor);

/* Whose the uids of break-glass accounts are beside their own (R32). */
void doctor_uids(struct doctor *doctor);

/* Services of maintenance accounts that outlive their sessions (R30). */
void doctor_linger(struct doctor *doctor);

/* Who has which role (R08). */
void doctor_roles(struct doctor *doctor, const struct policy *policy);

/* sudo without a password, or with everything for who has a role. */
void doctor_sudo(struct doctor *doctor);

/* Automatic logon (R39), and hosts that are believed. */
void doctor_autologin(struct doctor *doctor);

/* Keys: whether they belong together, and an exchange that was interrupted (R37). `vkey`: of the
 * ledger key in use. As the owner of the store. */
void doctor_keys(struct doctor *doctor, struct context *context, const char *vkey);

/* The break-glass accounts, and whether they would do what they are for (R32): `context` is theirs.
 * As the owner of the store. */
void doctor_breakglass(struct doctor *doctor, struct context *context);
/* Sessions of maintenance accounts that nobody has confirmed (R30). As the owner of the store. */
void doctor_maintenance(struct doctor *doctor, struct context *context);

/* Whether the main ledger vouches for theirs: then they were there. */
bool doctor_vouched(const struct context *context);
/* False: there is no installation of theirs, which is told. After doctor_vouched(). */
bool doctor_breakglass_there(struct doctor *doctor);
/* Accounts of that class in the main store, where they do nothing. */
void doctor_misplaced(struct doctor *doctor, const struct context *context);

/* Rules of access: whether they let anybody in, and end idle sessions (R04, R05, R22, R34). As the
 * owner of the store. */
void doctor_access(struct doctor *doctor, const struct context *context);

/* Second factors: who would be kept out by the policy, has no recovery codes, or has a waiver; what
 * cards are checked with (R24, R03). As the owner of the store. */
void doctor_factors(struct doctor *doctor, const struct context *context);
/* Whether sshd asks for them where the policy wants them. After doctor_pam() and doctor_sshd(). */
void doctor_ways(struct doctor *doctor, const struct policy *policy);

/* Whether backups are made, and would work (R36). As the owner of the store. */
void doctor_backup(struct doctor *doctor, struct context *context);

/* Whether the files of archives are there, and whole (R08). As the owner of the store. */
void doctor_archives(struct doctor *doctor, const struct context *context);

/* Whether copies of documents can be taken in (R11). As the owner of the store. */
void doctor_documents(struct doctor *doctor, const struct context *context);
/* Keys that could open them, or backups, where the operator could read them. */
void doctor_private_keys(struct doctor *doctor);

/* Who is told of alerts (R07). */
void doctor_alerts(struct doctor *doctor, const struct policy *policy);
/* Alerts that wait. As the owner of the store. */
void doctor_outbox(struct doctor *doctor, const struct context *context);

/* Witnesses of the ledger (R08). As the owner of the store. */
void doctor_witnesses(struct doctor *doctor, struct context *context);

#endif
