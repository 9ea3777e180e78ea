/* PKCS #11 drivers for tests: SoftHSM in readers that cards are put into and taken out of, and the
 * same misbehaving. The name of the file says how: "softhsm.so" well, "C_Login-hang.so" hangs in
 * C_Login. Beside it: softhsm2.conf, and perhaps "tries", how many wrong PINs are left. */
#include "base/path.h"
#include "operation/card_wire.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <p11-kit/pkcs11.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SOCKET 3 /* of medgl-card */

static char directory[PATH_MAX], where[64], how[64];
static CK_FUNCTION_LIST *real, own;

/* -- misbehaving ------------------------------------------------------------------------------ */

/* Orphans that left their group and keep all descriptors. */
static void linger(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            (void)setsid();
            if (fork() != 0)
                _exit(0);
            for (;;)
                (void)pause();
        }
}

static void flood(size_t size)
{
    static unsigned char rubbish[2 * sizeof(struct card_said)];
    memset(rubbish, 0x01, sizeof(rubbish));
    while (send(SOCKET, rubbish, size, MSG_NOSIGNAL) > 0)
        ;
}

static void say(const struct card_said *said)
{
    (void)send(SOCKET, said, sizeof(*said), MSG_NOSIGNAL);
}

/* One packet that is none, where an honest program would say what it found. */
static void lie(void)
{
    static struct card_said said;
    const struct card_said token = {.kind = CARD_SAID_TOKEN, .token = {.readable = 1}};
    if (strcmp(how, "sayunknown") == 0)
        said.kind = 77;
    if (strcmp(how, "sayendless") == 0) {
        said.kind = CARD_SAID_TOKEN;
        memset(&said.token.label, 'A', sizeof(said.token.label));
    }
    if (strcmp(how, "saycontrol") == 0) {
        said.kind = CARD_SAID_TOKEN;
        memcpy(said.token.label, "\033[2J", 5);
    }
    if (strcmp(how, "saytries") == 0)
        said = (struct card_said){.kind = CARD_SAID_END, .end.tries = 99};
    if (strcmp(how, "saytrouble") == 0)
        said = (struct card_said){.kind = CARD_SAID_END, .end.trouble = CARD_TROUBLE_UNTRUSTED};
    if (strcmp(how, "saylonely") == 0)
        said = (struct card_said){.kind = CARD_SAID_CERTIFICATE,
                                  .certificate = {.id_len = 1, .der_len = 1}};
    if (strcmp(how, "saylong") == 0) {
        say(&token);
        said = (struct card_said){.kind = CARD_SAID_CERTIFICATE,
                                  .certificate = {.id_len = SIZE_MAX, .der_len = SIZE_MAX}};
    }
    if (strcmp(how, "saysigned") == 0)
        said = (struct card_said){.kind = CARD_SAID_SIGNATURE, .signature.len = SIZE_MAX};
    for (int i = 0; strcmp(how, "saymany") == 0 && i < 1000; i++)
        say(&token);
    say(&said);
}

/* What the process holds, for a test that it is nothing. */
static void tell(void)
{
    char command[PATH_MAX + 512];
    (void)snprintf(command, sizeof(command),
                   "(cd /proc/%d; for fd in fd/*; do readlink $fd; done; tr '\\0' '\\n' < environ; "
                   "grep -E '^(NoNewPrivs|Cap...|Seccomp):' status; cat limits) > %s/told 2>&1",
                   (int)getpid(), directory);
    (void)!system(command);
}

static void reach_report(FILE *told, const char *what, const char *path, long result)
{
    if (result >= 0)
        (void)fprintf(told, "DID %s %s\n", what, path);
    else if (errno != EPERM && errno != EACCES)
        (void)fprintf(told, "TRIED %s %s: %s\n", what, path, strerror(errno));
}

static void reach_file(FILE *told, const char *path)
{
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    const int directory_fd = open(path, O_RDONLY | O_DIRECTORY);
    int flags = 0;
    reach_report(told, "chmod", path, chmod(path, 0777));
    reach_report(told, "fchmodat2", path, syscall(452, AT_FDCWD, path, 0777, 0));
    reach_report(told, "chown", path, chown(path, geteuid(), getegid()));
    reach_report(told, "utimensat", path, utimensat(AT_FDCWD, path, times, 0));
    reach_report(told, "setxattr", path, setxattr(path, "user.medgl", "x", 1, 0));
    reach_report(told, "removexattr", path, removexattr(path, "user.medgl"));
    reach_report(told, "truncate", path,
                 directory_fd < 0 ? truncate(path, 0) : (errno = EPERM, -1));
    reach_report(told, "unlink", path, unlink(path));
    if (directory_fd < 0)
        return;
    reach_report(told, "fchmod", path, fchmod(directory_fd, 0777));
    reach_report(told, "fchown", path, fchown(directory_fd, geteuid(), getegid()));
    reach_report(told, "FS_IOC_SETFLAGS", path, ioctl(directory_fd, FS_IOC_SETFLAGS, &flags));
    (void)close(directory_fd);
}

/* The process that ordered all of this: two above. */
static void reach_process(FILE *told)
{
    char path[64];
    int above = 0;
    const struct rlimit none = {0, 0};
    const struct sched_param idle = {0};
    struct io_uring_params {
        unsigned numbers[64];
    } ring = {{0}};
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
    FILE *stat = fopen(path, "re");
    if (stat == NULL || fscanf(stat, "%*d %*s %*c %d", &above) != 1)
        above = getppid();
    if (stat != NULL)
        (void)fclose(stat);
    reach_report(told, "prlimit", "", prlimit(above, RLIMIT_CORE, &none, NULL));
    reach_report(told, "setpriority", "", setpriority(PRIO_PROCESS, (id_t)above, 1));
    reach_report(told, "sched_setscheduler", "", sched_setscheduler(above, SCHED_BATCH, &idle));
    reach_report(told, "ioprio_set", "", syscall(SYS_ioprio_set, 1, above, 2 << 13));
    reach_report(told, "ptrace", "", ptrace(PTRACE_SEIZE, above, NULL, NULL));
    reach_report(told, "io_uring_setup", "", syscall(SYS_io_uring_setup, 1, &ring));
    if (getrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0}) != 0)
        (void)fprintf(told, "its own limits are kept from it\n");
}

/* Of the installation that is linked to beside it. */
static void reach(void)
{
    char path[2 * PATH_MAX], command[4 * PATH_MAX];
    static const char *const names[] = {MEDGL_SYSCONFDIR, PATH_STORE_KEY, MEDGL_STATEDIR,
                                        PATH_STORE,       PATH_KDF,       PATH_KDF "/slots"};
    (void)snprintf(path, sizeof(path), "%s/told", directory);
    FILE *told = fopen(path, "we");
    if (told == NULL)
        return;
    (void)fprintf(told, "reached for it\n");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/root%s", directory, names[i]);
        reach_file(told, path);
    }
    reach_process(told);
    (void)fclose(told);
    (void)snprintf(command, sizeof(command),
                   "cd '%s'; exec >> told 2>&1; cat root%s root%s; "
                   "echo planted > root%s/planted",
                   directory, PATH_STORE_KEY, PATH_STORE, MEDGL_SYSCONFDIR);
    (void)!system(command);
}

static void misbehave(const char *function)
{
    if (strcmp(function, where) != 0)
        return;
    if (strcmp(how, "tell") == 0)
        tell();
    if (strcmp(how, "reach") == 0)
        reach();
    if (strncmp(how, "fork", 4) == 0)
        linger();
    if (strncmp(how, "say", 3) == 0)
        lie();
    if (strcmp(how, "flood") == 0)
        flood(64);
    if (strcmp(how, "floodwhole") == 0)
        flood(sizeof(struct card_said));
    if (strcmp(how, "segv") == 0)
        (void)raise(SIGSEGV);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "forkexit") == 0)
        _exit(0);
    if (strcmp(how, "parent") == 0)
        (void)kill(getppid(), SIGKILL);
    while (strcmp(how, "spin") == 0)
        (void)getppid();
    while (strcmp(how, "hang") == 0 || strcmp(how, "forkhang") == 0)
        (void)pause();
}

static bool act(const char *function, const char *what)
{
    return strcmp(function, where) == 0 && strcmp(what, how) == 0;
}

/* -- wrong PINs, which SoftHSM does not count -------------------------------------------------- */

/* -1: no card of the test counts them. */
static int tries_read(void)
{
    char path[PATH_MAX + 16];
    int tries = -1;
    (void)snprintf(path, sizeof(path), "%s/tries", directory);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%d", &tries) != 1)
            tries = -1;
        (void)fclose(file);
    }
    return tries;
}

static void tries_write(int tries)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s/tries", directory);
    FILE *file = fopen(path, "we");
    if (file != NULL) {
        (void)fprintf(file, "%d", tries);
        (void)fclose(file);
    }
}

/* -- functions -------------------------------------------------------------------------------- */

static CK_RV initialize(void *arguments)
{
    misbehave("C_Initialize");
    return real->C_Initialize(arguments);
}

static CK_RV finalize(void *reserved)
{
    misbehave("C_Finalize");
    return real->C_Finalize(reserved);
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    misbehave("C_GetSlotList");
    CK_RV rv = real->C_GetSlotList(present, slots, count);
    if (act("C_GetSlotList", "many"))
        *count = 0x7fffffff;
    if (act("C_GetSlotList", "none"))
        *count = 0;
    return act("C_GetSlotList", "fail") ? CKR_GENERAL_ERROR : rv;
}

/* SoftHSM's slots are named after the cards in them; readers are not. */
static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16, at = 0;
    char name[64];
    misbehave("C_GetSlotInfo");
    CK_RV rv = real->C_GetSlotInfo(slot, info);
    if (rv != CKR_OK || real->C_GetSlotList(CK_FALSE, slots, &count) != CKR_OK)
        return rv;
    while (at < count && slots[at] != slot)
        at++;
    int len = snprintf(name, sizeof(name), "Reader %lu", at);
    memset(info->slotDescription, ' ', sizeof(info->slotDescription));
    memcpy(info->slotDescription, name, (size_t)len);
    return rv;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    misbehave("C_GetTokenInfo");
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    int tries = tries_read();
    if (tries >= 0) {
        info->flags &=
            ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
        info->flags |= tries == 0   ? CKF_USER_PIN_LOCKED
                       : tries == 1 ? CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW
                       : tries == 2 ? CKF_USER_PIN_COUNT_LOW
                                    : 0;
    }
    if (act("C_GetTokenInfo", "pinpad"))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    if (act("C_GetTokenInfo", "nologin"))
        info->flags &= ~(CK_FLAGS)CKF_LOGIN_REQUIRED;
    if (act("C_GetTokenInfo", "lengths")) {
        info->ulMinPinLen = 6;
        info->ulMaxPinLen = 8;
    }
    if (act("C_GetTokenInfo", "nolengths")) {
        info->ulMinPinLen = CK_UNAVAILABLE_INFORMATION;
        info->ulMaxPinLen = 0;
    }
    if (act("C_GetTokenInfo", "garbage")) {
        memset(info->label, 0x1b, sizeof(info->label));
        memset(info->serialNumber, 0xff, sizeof(info->serialNumber));
    }
    return act("C_GetTokenInfo", "unknown") ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    misbehave("C_GetMechanismInfo");
    if (act("C_GetMechanismInfo", "nopss") && type == CKM_RSA_PKCS_PSS)
        return CKR_MECHANISM_INVALID;
    return real->C_GetMechanismInfo(slot, type, info);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    misbehave("C_OpenSession");
    return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
    misbehave("C_Login");
    int tries = tries_read();
    if (tries == 0)
        return CKR_PIN_LOCKED;
    if (act("C_Login", "already")) { /* whatever was typed */
        CK_RV before = real->C_Login(session, user, (CK_UTF8CHAR *)(uintptr_t) "123456", 6);
        return before == CKR_OK ? CKR_USER_ALREADY_LOGGED_IN : before;
    }
    if (pin == NULL) { /* at the reader's own keys */
        pin = (CK_UTF8CHAR *)(uintptr_t) "123456";
        len = 6;
    }
    CK_RV rv = real->C_Login(session, user, pin, len);
    if (tries > 0 && rv == CKR_PIN_INCORRECT)
        tries_write(tries - 1);
    else if (tries > 0 && rv == CKR_OK)
        tries_write(3);
    return rv;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most,
                          CK_ULONG *count)
{
    misbehave("C_FindObjects");
    CK_RV rv = real->C_FindObjects(session, objects, most, count);
    if (act("C_FindObjects", "endless") && rv == CKR_OK && most > 0) {
        static CK_OBJECT_HANDLE last = 1;
        if (*count > 0)
            last = objects[0];
        for (CK_ULONG i = 0; i < most; i++)
            objects[i] = last;
        *count = most;
    }
    return rv;
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    misbehave("C_GetAttributeValue");
    CK_RV rv = real->C_GetAttributeValue(session, object, attributes, count);
    for (CK_ULONG i = 0; act("C_GetAttributeValue", "huge") && i < count; i++)
        attributes[i].ulValueLen = 0x7ffffff0;
    return rv;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    misbehave("C_SignInit");
    if (act("C_SignInit", "noraw") && mechanism->mechanism == CKM_RSA_X_509)
        return CKR_MECHANISM_INVALID;
    return real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
                  CK_ULONG *signature_len)
{
    misbehave("C_Sign");
    CK_RV rv = real->C_Sign(session, data, len, signature, signature_len);
    if (act("C_Sign", "wrong") && rv == CKR_OK && signature != NULL)
        signature[*signature_len / 2] ^= 1;
    if (act("C_Sign", "long"))
        *signature_len = 0x7ffffff0;
    return rv;
}

/* -- the driver ------------------------------------------------------------------------------- */

/* "C_Login-hang.so" taken apart. */
static bool names_read(void)
{
    Dl_info info;
    if (dladdr(&own, &info) == 0 || strlen(info.dli_fname) >= sizeof(directory))
        return false;
    (void)strcpy(directory, info.dli_fname);
    char *name = strrchr(directory, '/');
    if (name == NULL)
        return false;
    *name++ = '\0';
    if (strchr(name, '-') != NULL)
        (void)sscanf(name, "%63[^-]-%63[^.]", where, how);
    return true;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static const char *const places[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                         "/usr/lib64/pkcs11/libsofthsm2.so", "libsofthsm2.so"};
    char conf[PATH_MAX + 32];
    void *handle = NULL, *symbol;
    CK_C_GetFunctionList get = NULL;
    if (!names_read())
        return CKR_GENERAL_ERROR;
    (void)snprintf(conf, sizeof(conf), "%s/softhsm2.conf", directory);
    (void)setenv("SOFTHSM2_CONF", conf, 1);
    for (size_t i = 0; handle == NULL && i < sizeof(places) / sizeof(places[0]); i++)
        handle = dlopen(places[i], RTLD_NOW);
    symbol = handle != NULL ? dlsym(handle, "C_GetFunctionList") : NULL;
    memcpy(&get, &symbol, sizeof(get));
    if (get == NULL || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    own = *real;
    own.C_Initialize = initialize;
    own.C_Finalize = finalize;
    own.C_GetSlotList = get_slot_list;
    own.C_GetSlotInfo = get_slot_info;
    own.C_GetTokenInfo = get_token_info;
    own.C_GetMechanismInfo = get_mechanism_info;
    own.C_OpenSession = open_session;
    own.C_Login = login;
    own.C_FindObjects = find_objects;
    own.C_GetAttributeValue = get_attribute_value;
    own.C_SignInit = sign_init;
    own.C_Sign = sign;
    own.C_GetFunctionList = C_GetFunctionList;
    *list = &own;
    return CKR_OK;
}
