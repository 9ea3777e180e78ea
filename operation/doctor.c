/* Looks at an installation and says what is wrong with it and what to do, before it keeps somebody
 * out. Changes nothing. */
#include "operation/doctor.h"

#include "base/file.h"
#include "base/log.h"
#include "base/privilege.h"
#include "base/text.h"
#include "operation/head_seen.h"
#include "operation/judge.h"
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *check,
                const char *format, ...)
{
    char text[1024], harmless[1024];
    va_list arguments;
    va_start(arguments, format);
    const int len = snprintf(text, sizeof(text), "%s", doctor->about);
    (void)vsnprintf(text + len, sizeof(text) - (size_t)len, format, arguments);
    va_end(arguments);
    text_printable(harmless, sizeof(harmless), text);
    if (level == DOCTOR_FAULT)
        doctor->faults++;
    doctor->finding(doctor->argument, level, check, harmless);
}

/* -- the enrolled --------------------------------------------------------------------------- */

static void doctor_keep(struct doctor *doctor, const struct doctor_account *account)
{
    struct doctor_account *more =
        reallocarray(doctor->accounts, doctor->account_count + 1, sizeof(*more));
    if (more == NULL) {
        doctor_say(doctor, DOCTOR_FAULT, "accounts", "not all accounts were looked at: %s",
                   strerror(errno));
        return;
    }
    doctor->accounts = more;
    doctor->accounts[doctor->account_count++] = *account;
}

const struct doctor_account *doctor_account_find(const struct doctor *doctor, const char *name)
{
    for (size_t i = 0; i < doctor->account_count; i++)
        if (strcmp(doctor->accounts[i].name, name) == 0)
            return &doctor->accounts[i];
    return NULL;
}

/* -- the policy ----------------------------------------------------------------------------- */

static void doctor_policy_mistake(void *context, const char *file, uint64_t line, const char *why)
{
    doctor_say(context, DOCTOR_FAULT, "policy", "%s:%llu: %s", file != NULL ? file : "policy",
               (unsigned long long)line, why);
}

static bool doctor_policy(struct doctor *doctor, uid_t owner, struct policy *policy)
{
    const struct policy_report report = {.context = doctor, .mistake = doctor_policy_mistake};
    unsigned before = doctor->faults;
    const bool usable = policy_load(doctor->root, owner, &report, policy) == MEDGL_OK;
    if (usable && doctor->faults == before)
        doctor_say(doctor, DOCTOR_OK, "policy", "the policy is free of mistakes");
    else if (doctor->faults == before)
        doctor_say(doctor, DOCTOR_FAULT, "policy",
                   "the policy cannot be read: do what the log says about it");
    return usable; /* mistakes in the file of holidays leave it usable */
}

/* -- files ---------------------------------------------------------------------------------- */

struct doctor_file {
    const char *path;
    mode_t type;
    bool owned;          /* by the owner of the store; else by root */
    mode_t most;         /* mode bits that may be set */
    const char *missing; /* what to do when it is not there */
    bool breakglass;     /* of the small installation, which an older version did not make */
};

static const struct doctor_file doctor_files[] = {
    {MEDGL_SYSCONFDIR, S_IFDIR, false, 0755, "run medgl-admin setup"},
    {PATH_STORE_KEY, S_IFREG, true, 0400, "restore it from the backup"},
    {PATH_LEDGER_KEY, S_IFREG, true, 0400, "restore it from the backup"},
    {PATH_LEDGER_VKEY, S_IFREG, false, 0644, "restore it from the backup"},
    {MEDGL_STATEDIR, S_IFDIR, true, 0700, "run medgl-admin setup"},
    {PATH_CHECKPOINTS, S_IFDIR, true, 0700, "run medgl-admin setup"},
    {PATH_DOCUMENTS, S_IFDIR, true, 0700, "run medgl-admin setup"},
    {PATH_STORE, S_IFREG, true, 0600, "restore it from the backup, or run medgl-admin setup"},
    {PATH_KDF, S_IFDIR, true, 0700, "run systemd-tmpfiles --create, or medgl-admin setup"},
    {PATH_KDF_CONSOLE, S_IFDIR, true, 0700, "run systemd-tmpfiles --create, or medgl-admin setup"},
    {PATH_ENGINE, S_IFREG, false, 0755, "install the package again"},
    {PATH_BREAKGLASS_KEY, S_IFREG, true, 0400, "restore it from the backup", true},
    {PATH_BREAKGLASS_LEDGER_KEY, S_IFREG, true, 0400, "restore it from the backup", true},
    {PATH_BREAKGLASS_LEDGER_VKEY, S_IFREG, false, 0644, "restore it from the backup", true},
    {PATH_BREAKGLASS, S_IFDIR, true, 0700, "run medgl-admin setup", true},
    {PATH_BREAKGLASS_CHECKPOINTS, S_IFDIR, true, 0700, "run medgl-admin setup", true},
    {PATH_BREAKGLASS_STORE, S_IFREG, true, 0600, "restore it from the backup", true},
};

static void doctor_check_files(struct doctor *doctor, uid_t owner)
{
    unsigned before = doctor->faults;
    const bool breakglass = context_there(doctor->root, CONTEXT_BREAKGLASS);
    for (size_t i = 0; i < MEDGL_COUNT(doctor_files); i++) {
        const struct doctor_file *file = &doctor_files[i];
        if (file->breakglass && !breakglass)
            continue;
        char path[PATH_MAX];
        struct stat st;
        uid_t wanted = file->owned || doctor->root[0] != '\0' ? owner : 0;
        if (path_under(path, doctor->root, file->path) != MEDGL_OK || lstat(path, &st) != 0)
            doctor_say(doctor, DOCTOR_FAULT, "files", "%s: %s: %s", path, strerror(errno),
                       file->missing);
        else if ((st.st_mode & S_IFMT) != file->type)
            doctor_say(doctor, DOCTOR_FAULT, "files", "%s is not what belongs there: %s", path,
                       file->missing);
        else if (st.st_uid != wanted && (file->owned || st.st_uid != 0))
            doctor_say(doctor, DOCTOR_FAULT, "files", "%s belongs to uid %u: chown it to uid %u",
                       path, (unsigned)st.st_uid, (unsigned)wanted);
        else if ((st.st_mode & 07777 & ~file->most) != 0)
            doctor_say(doctor, DOCTOR_FAULT, "files", "%s has mode %04o: chmod it to %04o", path,
                       (unsigned)(st.st_mode & 07777), (unsigned)file->most);
    }
    if (doctor->faults == before)
        doctor_say(doctor, DOCTOR_OK, "files", "owners and modes are as they must be");
}

/* -- keys, store, ledger: as their owner ---------------------------------------------------- */

static void doctor_problem(void *argument, const char *what)
{
    doctor_say(argument, DOCTOR_FAULT, "store", "%s: run medgl-admin ledger verify", what);
}

static void doctor_store(struct doctor *doctor, const struct context *context)
{
    enum medgl_error error = store_check(context->store, doctor_problem, doctor);
    if (error == MEDGL_OK)
        doctor_say(doctor, DOCTOR_OK, "store", "every page and row of the store is intact");
    else if (error != MEDGL_ERR_CORRUPT) /* of which each fault was told */
        doctor_say(doctor, DOCTOR_FAULT, "store",
                   "the check of the store was not carried out: %s: do what the log says, then "
                   "run this again",
                   medgl_error_text(error));
}

/* R14: no password is set unless all of them can be asked. */
static void doctor_lists(struct doctor *doctor, const struct context *context)
{
    auto_clean(judge_close) struct judge judge = {.policy = NULL};
    enum medgl_error error = judge_open(context->root, &context->policy, &judge);
    if (error == MEDGL_OK)
        doctor_say(doctor, DOCTOR_OK, "lists", "every list of refused passwords can be asked");
    else
        doctor_say(doctor, DOCTOR_FAULT, "lists",
                   "a list that the policy names cannot be used: %s: no password can be set; do "
                   "what the log says, or take it out of password_blocklist or "
                   "password_breach_filter",
                   medgl_error_text(error));
}

static void doctor_space(struct doctor *doctor, const struct context *context)
{
    struct store_facts facts;
    enum medgl_error error = store_facts(context->store, &facts);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "space",
                   "the space on the store's device is not known: %s: do what the log says, then "
                   "run this again",
                   medgl_error_text(error));
        return;
    }
    bool low = facts.free_bytes < context->policy.minimum_free;
    doctor_say(doctor, low ? DOCTOR_WARNING : DOCTOR_OK, "space",
               "%lld MiB free on the store's device, %lld MiB used%s",
               (long long)(facts.free_bytes >> 20), (long long)(facts.bytes >> 20),
               low ? ": make room, logins fail when it is full" : "");
}

static enum medgl_error doctor_read_head(struct store_txn *txn, void *head)
{
    return store_ledger_head(txn, head);
}

/* The head must be signed by the key in use, and be of the tree that is stored with it. */
static void doctor_head(struct doctor *doctor, const struct context *context, const char *vkey)
{
    struct ledger_head head;
    struct checkpoint checkpoint;
    unsigned char root[MERKLE_HASH_SIZE];
    auto_clean(note_verifier_free) struct note_verifier *verifier = NULL;
    enum medgl_error error = store_transact(context->store, STORE_READ, doctor_read_head, &head);
    if (error == MEDGL_OK && head.tree.size == 0) {
        doctor_say(doctor, DOCTOR_FAULT, "ledger",
                   "the ledger is empty: run medgl-admin setup to its end");
        return;
    }
    if (error == MEDGL_OK)
        error = note_verifier_open(vkey, &verifier);
    if (error == MEDGL_OK)
        error = checkpoint_open(head.checkpoint, verifier, &checkpoint);
    if (error == MEDGL_OK)
        error = merkle_root(&head.tree, root);
    if (error == MEDGL_OK &&
        (checkpoint.size != head.tree.size || memcmp(checkpoint.root, root, sizeof(root)) != 0))
        error = MEDGL_ERR_CORRUPT;
    if (error == MEDGL_OK)
        doctor_say(doctor, DOCTOR_OK, "ledger", "its head is signed by the ledger key in use");
    else
        doctor_say(doctor, DOCTOR_FAULT, "ledger",
                   "its head is not signed by the ledger key in use (%s): restore keys and store "
                   "from the same backup, then run medgl-admin ledger verify",
                   medgl_error_text(error));
}

struct doctor_seen {
    struct head_seen seen;
    bool holds[2];
};

static enum medgl_error doctor_read_seen(struct store_txn *txn, void *argument)
{
    struct doctor_seen *run = argument;
    MEDGL_TRY(head_seen_holds(txn, &run->seen.seen, &run->holds[0]));
    return head_seen_holds(txn, &run->seen.lost, &run->holds[1]);
}

static const char put_back[] =
    "an older store was put back: what was used up or taken away since the copy is there again; "
    "run medgl-admin ledger verify, see to that, then remove %s%s";
static const char put_back_envelopes[] =
    "an older store was put back, and every envelope that was sealed before is closed: run "
    "medgl-admin ledger verify, seal all accounts anew, and remove %s%s only then: without it used "
    "envelopes open again";

/* One that was put back from a copy is sound in itself. */
static void doctor_put_back(struct doctor *doctor, const struct context *context)
{
    struct doctor_seen run = {.holds = {false, false}};
    head_seen_read(context, &run.seen);
    enum medgl_error error = store_transact(context->store, STORE_READ, doctor_read_seen, &run);
    if (error == MEDGL_OK && (!run.holds[0] || !run.holds[1]))
        doctor_say(doctor, DOCTOR_FAULT, "ledger",
                   context->place == CONTEXT_BREAKGLASS ? put_back_envelopes : put_back,
                   doctor->root, context_file(context->place, CONTEXT_FILE_HEAD_SEEN));
}

/* What both installations have. `error`: of opening it. */
static bool doctor_installation(struct doctor *doctor, enum medgl_error error,
                                struct context *context)
{
    char vkey[NOTE_VKEY_SIZE];
    if (error == MEDGL_OK)
        error = note_signer_vkey(context->signer, vkey);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "store",
                   "keys or store cannot be opened: %s: no enrolled user can log in; do what the "
                   "log says about it",
                   medgl_error_text(error));
        return false;
    }
    doctor_keys(doctor, context, vkey);
    doctor_store(doctor, context);
    doctor_head(doctor, context, vkey);
    doctor_put_back(doctor, context);
    return true;
}

static void doctor_small(struct doctor *doctor)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    if (!doctor_breakglass_there(doctor))
        return;
    doctor->about = "of the break-glass accounts: ";
    if (doctor_installation(
            doctor, context_open_breakglass(doctor->root, CONTEXT_READING, &context), &context)) {
        doctor_space(doctor, &context);
        doctor_breakglass(doctor, &context);
        doctor_outbox(doctor, &context);
    }
    doctor->about = "";
}

static void doctor_main(struct doctor *doctor)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    if (!doctor_installation(doctor, context_open(doctor->root, CONTEXT_READING, &context),
                             &context))
        return;
    doctor->vouched = doctor_vouched(&context);
    doctor_misplaced(doctor, &context);
    doctor_maintenance(doctor, &context);
    doctor_archives(doctor, &context);
    doctor_lists(doctor, &context);
    doctor_space(doctor, &context);
    doctor_access(doctor, &context);
    doctor_factors(doctor, &context);
    doctor_outbox(doctor, &context);
    doctor_witnesses(doctor, &context);
    doctor_documents(doctor, &context);
    doctor_backup(doctor, &context);
}

/* Everything that opens keys or store. Runs as the owner. */
static void doctor_state(struct doctor *doctor)
{
    if (doctor->legible)
        doctor_main(doctor);
    doctor_small(doctor);
}

/* Findings of the child come through a pipe: "<level><check>\t<what>\n"; accounts as
 * "+<uid> <class> <state> <shared> <shadow_locked> <name>\n", and "." when that is all of them. */
static void doctor_pass_on(void *argument, enum doctor_level level, const char *check,
                           const char *what)
{
    (void)fprintf(argument, "%d%s\t%s\n", (int)level, check, what);
}

static void doctor_pass_account(struct doctor *doctor, const struct doctor_account *account)
{
    (void)fprintf(doctor->argument, "+%lld %d %d %d %d %s\n", (long long)account->uid,
                  (int)account->class_, (int)account->state, account->shared,
                  account->shadow_locked, account->name);
}

static void doctor_collect_account(struct doctor *doctor, const char *line)
{
    struct doctor_account account = {.uid = -1};
    long long uid;
    int class_, state, shared, locked;
    _Static_assert(sizeof(account.name) > 255, "the format below");
    if (sscanf(line, "+%lld %d %d %d %d %255s", &uid, &class_, &state, &shared, &locked,
               account.name) != 6)
        return;
    account.uid = uid;
    account.class_ = (enum account_class)class_;
    account.state = (enum account_state)state;
    account.shared = shared != 0;
    account.shadow_locked = locked != 0;
    doctor_keep(doctor, &account);
}

static void doctor_collect(struct doctor *doctor, FILE *from)
{
    auto_free char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, from) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '+')
            doctor_collect_account(doctor, line);
        doctor->accounts_known |= line[0] == '.';
        char *what = strchr(line, '\t');
        if (what == NULL || line[0] < '0' + DOCTOR_OK || line[0] > '0' + DOCTOR_FAULT)
            continue;
        *what++ = '\0';
        doctor_say(doctor, (enum doctor_level)(line[0] - '0'), line + 1, "%s", what);
    }
}

static void doctor_state_child(struct doctor *doctor, uid_t owner, gid_t group, int fd)
{
    FILE *to = fdopen(fd, "w");
    if (to == NULL || privilege_drop(owner, group) != MEDGL_OK)
        _exit(1);
    doctor->finding = doctor_pass_on;
    doctor->argument = to;
    doctor->enrolled = doctor_pass_account;
    doctor_state(doctor);
    if (doctor->accounts_known)
        (void)fputs(".\n", to);
    _exit(fclose(to) == 0 ? 0 : 1);
}

static void doctor_state_as_owner(struct doctor *doctor, uid_t owner, gid_t group)
{
    int ends[2], status = -1;
    if (geteuid() == owner) {
        doctor_state(doctor);
        return;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        doctor_say(doctor, DOCTOR_FAULT, "store",
                   "no look at keys and store: %s: try again when fewer files are open",
                   strerror(errno));
        return;
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        doctor_state_child(doctor, owner, group, ends[1]);
    }
    (void)close(ends[1]);
    auto_file FILE *from = fdopen(ends[0], "r");
    if (from != NULL)
        doctor_collect(doctor, from);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (from == NULL || child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "store",
                   "the look at keys and store did not end as it should: do what the log says, "
                   "then run this again");
}

/* -- the rest ------------------------------------------------------------------------------- */

static void doctor_clock(struct doctor *doctor)
{
    if (clock_read().synchronised)
        doctor_say(doctor, DOCTOR_OK, "clock", "the kernel's clock is synchronised");
    else
        doctor_say(doctor, DOCTOR_WARNING, "clock",
                   "the kernel's clock is not synchronised, and entries say so: run chrony or "
                   "systemd-timesyncd");
}

/* Who owns keys and store here: the system user, or in a private root whoever made it. */
static enum medgl_error doctor_owner(const char *root, uid_t *owner, gid_t *group)
{
    char path[PATH_MAX];
    struct stat st;
    MEDGL_TRY(path_under(path, root, MEDGL_STATEDIR));
    if (root[0] == '\0')
        return privilege_owner(owner, group);
    if (stat(path, &st) != 0)
        return medgl_error_from_errno(errno);
    *owner = st.st_uid;
    *group = st.st_gid;
    return MEDGL_OK;
}

/* What the host does beside the module, or with it. */
static void doctor_host(struct doctor *doctor, const struct policy *policy)
{
    doctor_pam(doctor);
    if (doctor->pam_used)
        doctor_sshd(doctor);
    doctor_people(doctor);
    doctor_uids(doctor);
    doctor_linger(doctor);
    doctor_roles(doctor, policy);
    doctor_sudo(doctor);
    doctor_autologin(doctor);
    if (policy != NULL)
        doctor_ways(doctor, policy);
    if (policy != NULL)
        doctor_alerts(doctor, policy);
}

enum medgl_error operation_doctor(const char *root, doctor_finding finding, void *argument)
{
    struct doctor doctor = {.root = root,
                            .finding = finding,
                            .argument = argument,
                            .about = "",
                            .enrolled = doctor_keep};
    struct policy policy;
    uid_t owner = 0;
    gid_t group = 0;
    enum medgl_error error = doctor_owner(root, &owner, &group);
    if (error == MEDGL_ERR_NOT_FOUND)
        doctor_say(&doctor, DOCTOR_FAULT, "files", "nothing is set up here: run medgl-admin setup");
    else if (error != MEDGL_OK)
        doctor_say(&doctor, DOCTOR_FAULT, "files",
                   "who owns keys and store is not known: %s: do what the log says, or run this "
                   "as root",
                   medgl_error_text(error));
    if (error != MEDGL_OK)
        return MEDGL_ERR_REFUSED;
    if (geteuid() != 0 && geteuid() != owner) {
        doctor_say(&doctor, DOCTOR_FAULT, "files", "run this as root");
        return MEDGL_ERR_REFUSED;
    }
    const bool legible = doctor.legible = doctor_policy(&doctor, owner, &policy);
    doctor_check_files(&doctor, owner);
    doctor_state_as_owner(&doctor, owner, group);
    doctor_private_keys(&doctor);
    doctor_clock(&doctor);
    doctor_host(&doctor, legible ? &policy : NULL);
    free(doctor.accounts);
    return doctor.faults == 0 ? MEDGL_OK : MEDGL_ERR_REFUSED;
}
