/* Putting a backup in the place of what is there (R36). It is opened, proved and written to beside
 * the state directory; only then the two are exchanged. Nothing that was there is destroyed.
 *
 * MUSTs:
 * - What a backup holds is read by the store's owner alone, in a process of its own.
 * - From what the old ledger says last until the switch nobody writes to the old store; who had it
 *   open finds out that it was moved, and is refused (store/sqlite/transact.c).
 * - The first entry after the backup says that it was put back, and what is lost. */
#include "operation/backup_restore.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/message.h"
#include "base/privilege.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/factors.h"
#include "operation/head_seen.h"
#include "operation/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RESTORE_KEY_MAX 32768 /* of a private key: what a pipe holds */
#define RESTORE_AHEAD   MEDGL_HOUR
#define RESTORE_NAMES   1024

/* -- what the two processes say to each other ----------------------------------------------------
 */

enum restore_word {
    RESTORE_FAULT,
    RESTORE_LOST,
    RESTORE_OPEN,
    RESTORE_READY, /* all is staged: switch now */
    RESTORE_SWITCHED,
    RESTORE_DONE,
};

struct restore_message {
    enum restore_word word;
    enum medgl_error error;
    uint64_t seq;
    medgl_time time;
    char text[STORE_ALERT_SIZE], name[STORE_NAME_SIZE];
    bool had_store, new_key[2];
    struct backup_found found;
    uint64_t lost;
    uint32_t redone, codes_since, codes_open;
};

static enum medgl_error restore_send(int socket, const struct restore_message *message)
{
    return send(socket, message, sizeof(*message), MSG_NOSIGNAL) == (ssize_t)sizeof(*message)
               ? MEDGL_OK
               : MEDGL_ERR_PEER;
}

static enum medgl_error restore_receive(int socket, struct restore_message *message)
{
    ssize_t got;
    do
        got = recv(socket, message, sizeof(*message), 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*message) ? MEDGL_OK : MEDGL_ERR_PEER;
}

/* -- the owner's half ----------------------------------------------------------------------------
 */

struct restore {
    const struct backup_restore_request *request;
    int socket;
    char why[BACKUP_WHY_SIZE];
    struct backup_stage stage;
    struct backup_opened opened;
    struct before before;
    struct restore_message answer; /* of the last word */
    char names[RESTORE_NAMES];     /* whose codes may have been used */
    uint32_t pending;              /* of the account that is being counted */
    bool switched;
};

static void restore_close(struct restore *restore)
{
    backup_opened_close(&restore->opened);
    before_close(&restore->before);
    backup_stage_close(&restore->stage);
}

static void restore_tell_fault(void *argument, uint64_t seq, const char *what)
{
    const struct restore *restore = argument;
    struct restore_message message = {.word = RESTORE_FAULT, .seq = seq};
    (void)snprintf(message.text, sizeof(message.text), "%s", what);
    (void)restore_send(restore->socket, &message);
}

static void restore_tell_lost(void *argument, const struct ledger_entry *entry)
{
    const struct restore *restore = argument;
    struct restore_message message = {.word = RESTORE_LOST, .seq = entry->seq, .time = entry->time};
    (void)snprintf(message.text, sizeof(message.text), "%s", ledger_kind_word(entry->kind));
    (void)snprintf(message.name, sizeof(message.name), "%s",
                   entry->subject.name != NULL ? entry->subject.name : "");
    (void)restore_send(restore->socket, &message);
}

/* -- whether it may take the place of what is there -- */

/* MUST: who has a certificate can make a backup of a ledger of their own. One that takes the place
 * of this ledger is signed by a key that this ledger had. */
static enum medgl_error restore_judge_key(struct restore *restore)
{
    auto_secret struct secret known = SECRET_NONE;
    char path[PATH_MAX], vkey[NOTE_VKEY_SIZE], *rest = NULL;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = 65536};
    MEDGL_TRY(path_under(path, restore->request->root, PATH_LEDGER_VKEY));
    enum medgl_error error = file_read_trusted(path, &rule, &known);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK; /* nothing is set up here */
    MEDGL_TRY(error);
    MEDGL_TRY(note_signer_vkey(restore->opened.context.signer, vkey));
    for (const char *line = strtok_r((char *)known.bytes, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        if (strcmp(line, vkey) == 0)
            return MEDGL_OK;
    (void)snprintf(
        restore->why, sizeof(restore->why),
        _("It is a backup of another ledger (%s): no key in %s signed it. To put it here "
          "nevertheless, move that file and the keys beside it, and the store, "
          "elsewhere first."),
        restore->opened.manifest.origin, path);
    return MEDGL_ERR_REFUSED;
}

/* -- codes -- */

/* Where nobody can say what was used since, every code may have been. */
struct open_run {
    struct restore *restore;
    struct store_txn *txn;
};

static enum medgl_error open_count(void *argument, const struct credential *credential)
{
    struct restore *restore = argument;
    (void)credential;
    restore->pending++;
    return MEDGL_OK;
}

static enum medgl_error open_account(void *argument, const struct account *account)
{
    struct open_run *run = argument;
    struct restore *restore = run->restore;
    const size_t used = strlen(restore->names), len = strlen(account->name);
    restore->pending = 0;
    MEDGL_TRY(
        store_credential_each_of(run->txn, account->id, CREDENTIAL_RECOVERY, open_count, restore));
    MEDGL_TRY(
        store_credential_each_of(run->txn, account->id, CREDENTIAL_CODE, open_count, restore));
    if (restore->pending == 0)
        return MEDGL_OK;
    struct restore_message message = {.word = RESTORE_OPEN, .seq = restore->pending};
    (void)snprintf(message.name, sizeof(message.name), "%s", account->name);
    (void)restore_send(restore->socket, &message);
    restore->answer.codes_open += restore->pending;
    if (used + len + sizeof(" ...") < sizeof(restore->names))
        (void)snprintf(restore->names + used, sizeof(restore->names) - used, "%s%s",
                       used > 0 ? " " : "", account->name);
    else if (used < sizeof(restore->names) - sizeof(" ...") &&
             strcmp(restore->names + used - 3, "...") != 0)
        (void)strcat(restore->names, " ...");
    return MEDGL_OK;
}

/* -- what the restored store says -- */

static void restore_describe(const struct restore *restore, struct ledger_entry *entry,
                             char created[CLOCK_TEXT_SIZE])
{
    const struct restore_message *answer = &restore->answer;
    ledger_entry_text(entry, "digest", restore->opened.digest);
    ledger_entry_number(entry, "size", (int64_t)restore->opened.manifest.size);
    ledger_entry_time(entry, "created", restore->opened.manifest.created, created);
    ledger_entry_bool(entry, "known", restore->before.follows);
    ledger_entry_number(entry, "lost", (int64_t)answer->lost);
    if (answer->codes_open > 0) {
        ledger_entry_number(entry, "codes_open", answer->codes_open);
        ledger_entry_text(entry, "codes_of", restore->names);
    }
    ledger_entry_text(entry, "reason", restore->request->reason);
}

static enum medgl_error restore_alert(struct restore *restore, struct store_txn *txn,
                                      const struct clock_reading *clock)
{
    char text[STORE_ALERT_SIZE], created[CLOCK_TEXT_SIZE], lost[64] = "an unknown number of";
    clock_format_utc(restore->opened.manifest.created, created);
    if (restore->before.follows)
        (void)snprintf(lost, sizeof(lost), "%" PRIu64, restore->answer.lost);
    (void)snprintf(
        text, sizeof(text),
        "The store was put back from a backup of %s: %s entries that came after it are "
        "in the store that was kept, and what they gave is undone. Passwords, devices and "
        "accounts are as they were then, but for what was taken away%s.",
        created, lost,
        restore->answer.codes_open > 0 ? "; one-time codes may have been used since: issue new ones"
                                       : "");
    const struct alert_event event = {.kind = ALERT_RESTORE, .text = text};
    return alert_raise(&restore->opened.context, txn, clock, &event);
}

static enum medgl_error restore_write(struct store_txn *txn, void *argument)
{
    struct restore *restore = argument;
    struct context *context = &restore->opened.context;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    struct open_run open = {restore, txn};
    struct redone done;
    char created[CLOCK_TEXT_SIZE];
    restore->answer.codes_since = restore->answer.codes_open = 0;
    restore->names[0] = '\0';
    if (!restore->before.follows)
        MEDGL_TRY(store_account_each(txn, open_account, &open));
    evidence_begin(context, &clock, LEDGER_BACKUP_RESTORE, NULL, &entry);
    restore_describe(restore, &entry, created);
    MEDGL_TRY(evidence_append(context, txn, &entry, NULL));
    MEDGL_TRY(redo_acts(context, txn, &clock, &restore->before, &done));
    restore->answer.codes_since = done.codes;
    restore->answer.redone = done.acts;
    MEDGL_TRY(restore_alert(restore, txn, &clock));
    return evidence_keep(txn, clock.now);
}

static enum medgl_error restore_read_mark(struct store_txn *txn, void *argument)
{
    return head_seen_mark(txn, clock_read().now, argument);
}

/* R24: no step of a device of before now is good, nor the last one that was. */
static enum medgl_error restore_bar(struct restore *restore)
{
    struct context *context = &restore->opened.context;
    struct head_mark mark;
    MEDGL_TRY(store_transact(context->store, STORE_READ, restore_read_mark, &mark));
    if (restore->before.seen > mark.time && restore->before.seen - mark.time <= RESTORE_AHEAD)
        mark.time = restore->before.seen;
    return head_seen_bar(context, &mark);
}

/* The mark by which a state directory that was never in place is known, and all of it on the disk.
 */
static enum medgl_error restore_settle(const struct restore *restore)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, restore->stage.path, MEDGL_STATEDIR "/" RESTORE_NEVER));
    MEDGL_TRY(file_create(path, geteuid(), getegid(), 0400, "", 0));
    return syncfs(restore->stage.lock) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

static enum medgl_error restore_switch(struct restore *restore)
{
    struct restore_message *answer = &restore->answer;
    answer->word = RESTORE_READY;
    answer->new_key[0] = restore->before.new_key[0];
    answer->new_key[1] = restore->before.new_key[1];
    MEDGL_TRY(restore_send(restore->socket, answer));
    struct restore_message order;
    MEDGL_TRY(restore_receive(restore->socket, &order));
    (void)snprintf(restore->why, sizeof(restore->why), "%.*s", (int)sizeof(restore->why) - 1,
                   order.text);
    restore->switched = order.error == MEDGL_OK;
    return order.error;
}

static enum medgl_error restore_finish(struct restore *restore)
{
    const uint64_t size = restore->opened.manifest.size;
    restore->answer.lost = restore->before.size > size ? restore->before.size - size : 0;
    restore->opened.context.actor = restore->request->actor;
    MEDGL_TRY(store_transact(restore->opened.context.store, STORE_WRITE, restore_write, restore));
    MEDGL_TRY(evidence_publish(&restore->opened.context));
    MEDGL_TRY(restore_bar(restore));
    context_close(&restore->opened.context);
    MEDGL_TRY(restore_settle(restore));
    return restore_switch(restore);
}

/* MUST: in a transaction of the old store, which holds its write lock meanwhile, and writes
 * nothing.
 */
static enum medgl_error restore_locked(struct store_txn *txn, void *argument)
{
    struct restore *restore = argument;
    restore->before.argument = restore;
    restore->before.lost = restore_tell_lost;
    MEDGL_TRY(before_learn(&restore->before, txn, restore->opened.manifest.size));
    return restore_finish(restore);
}

/* -- tidying -- */

static int restore_remove_directory(const char *path, const struct stat *st, int type,
                                    struct FTW *walk)
{
    (void)st;
    if (type == FTW_DP && walk->level > 0)
        (void)rmdir(path);
    return 0;
}

/* After the switch: what is left of a state directory that held no store, where that is nothing. */
static void restore_tidy(const struct restore *restore, const char *kept)
{
    const struct context place = {.root = ""};
    struct context here = place;
    char path[PATH_MAX];
    if (path_under(path, restore->request->root, MEDGL_STATEDIR "/" RESTORE_NEVER) == MEDGL_OK)
        (void)unlink(path);
    if (!restore->answer.had_store && kept[0] != '\0')
        (void)nftw(kept, restore_remove_directory, 8, FTW_DEPTH | FTW_PHYS);
    if (text_copy(here.root, sizeof(here.root), restore->request->root) == MEDGL_OK)
        alert_wake(&here);
}

/* What an interrupted restore left: a state directory that was never in place. First the one that
 * is in place loses that mark, which a kill right behind the switch left in it. */
static enum medgl_error restore_forget(const struct restore *restore)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, restore->request->root, MEDGL_STATEDIR "/" RESTORE_NEVER));
    if (unlink(path) != 0 && errno != ENOENT)
        return medgl_error_from_errno(errno);
    switch_forget(restore->request, true);
    return MEDGL_OK;
}

/* -- all of it -- */

static enum medgl_error restore_run(struct restore *restore, const struct secret *key)
{
    const struct backup_restore_request *request = restore->request;
    struct backup_open_request open = request->from;
    char path[PATH_MAX];
    struct stat st;
    open.key.pem = key;
    open.fault = restore_tell_fault;
    open.argument = restore;
    open.key.argument = request->from.key.argument;
    MEDGL_TRY(restore_forget(restore));
    MEDGL_TRY(path_under(path, request->root, RESTORE_STAGE));
    MEDGL_TRY(backup_stage_open(path, &restore->stage, restore->why));
    if (fstat(open.fd, &st) != 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(before_open(request->root, &restore->before));
    MEDGL_TRY(path_under(path, request->root, PATH_STORE));
    restore->answer.had_store = lstat(path, &(struct stat){0}) == 0;
    if (restore->before.open)
        MEDGL_TRY(backup_room(&restore->before.context, restore->stage.path, (uint64_t)st.st_size,
                              restore->why));
    MEDGL_TRY(backup_open(&open, restore->stage.path, &restore->opened, &restore->answer.found,
                          restore->why));
    MEDGL_TRY(restore_judge_key(restore));
    MEDGL_TRY(before_compare(&restore->before, &restore->opened.manifest));
    if (restore->before.open)
        return store_transact(restore->before.context.store, STORE_WRITE, restore_locked, restore);
    return restore_finish(restore);
}

static enum medgl_error restore_take_key(int from, struct secret *key)
{
    MEDGL_TRY(secret_alloc(key, RESTORE_KEY_MAX));
    for (ssize_t got; key->len < key->cap; key->len += (size_t)got) {
        got = read(from, key->bytes + key->len, key->cap - key->len);
        if (got <= 0)
            return got == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
    }
    return MEDGL_OK;
}

static _Noreturn void restore_child(const struct backup_restore_request *request, int socket,
                                    int key_pipe, const char *kept)
{
    static struct restore restore = {.stage = {.lock = -1}};
    auto_secret struct secret key = SECRET_NONE;
    enum medgl_error error = MEDGL_OK;
    restore.request = request;
    restore.socket = socket;
    if (geteuid() != request->owner)
        error = privilege_drop(request->owner, request->group);
    if (error == MEDGL_OK)
        error = restore_take_key(key_pipe, &key);
    if (error == MEDGL_OK)
        error = restore_run(&restore, &key);
    if (restore.switched) {
        error = MEDGL_OK; /* whatever came after it */
        restore_tidy(&restore, kept);
    }
    restore_close(&restore);
    secret_free(&key);
    restore.answer.word = RESTORE_DONE;
    restore.answer.error = error;
    (void)snprintf(restore.answer.text, sizeof(restore.answer.text), "%s", restore.why);
    _exit(restore_send(socket, &restore.answer) == MEDGL_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* -- root's half ---------------------------------------------------------------------------------
 */

static void restore_take(const struct restore_message *message, struct backup_restored *restored)
{
    restored->found = message->found;
    restored->lost = message->lost;
    restored->redone = message->redone;
    restored->codes_since = message->codes_since;
    restored->codes_open = message->codes_open;
}

static enum medgl_error restore_serve(const struct switch_plan *plan, int socket,
                                      struct backup_restored *restored, char why[])
{
    const struct backup_restore_request *request = plan->request;
    struct switch_plan now = *plan;
    struct restore_message message;
    for (;;) {
        if (restore_receive(socket, &message) != MEDGL_OK)
            return MEDGL_ERR_IO;
        message.text[sizeof(message.text) - 1] = message.name[sizeof(message.name) - 1] = '\0';
        switch (message.word) {
        case RESTORE_FAULT:
            request->from.fault(request->from.argument, message.seq, message.text);
            break;
        case RESTORE_LOST:
            if (request->lost != NULL)
                request->lost(request->from.argument, message.seq, message.time, message.text,
                              message.name);
            break;
        case RESTORE_OPEN:
            if (request->open != NULL)
                request->open(request->from.argument, message.name, (uint32_t)message.seq);
            break;
        case RESTORE_READY:
            memcpy(now.new_key, message.new_key, sizeof(now.new_key));
            now.set_up = switch_is_set_up(request);
            message.text[0] = '\0';
            message.error = switch_now(&now, restored, message.text);
            message.word = RESTORE_SWITCHED;
            MEDGL_TRY(restore_send(socket, &message));
            break;
        case RESTORE_SWITCHED:
            return MEDGL_ERR_IO;
        case RESTORE_DONE:
            restore_take(&message, restored);
            (void)snprintf(why, BACKUP_WHY_SIZE, "%.*s", BACKUP_WHY_SIZE - 1, message.text);
            return message.error;
        }
    }
}

/* The key in locked pages stays with this process: it goes through a pipe. */
static enum medgl_error restore_give_key(const struct secret *pem, int *from)
{
    int ends[2];
    if (pem->len > RESTORE_KEY_MAX)
        return MEDGL_ERR_ARGUMENT;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return medgl_error_from_errno(errno);
    *from = ends[0];
    enum medgl_error error = file_write(ends[1], pem->bytes, pem->len);
    (void)close(ends[1]);
    return error;
}

static enum medgl_error restore_in_child(const struct switch_plan *plan,
                                         struct backup_restored *restored, char why[])
{
    const struct backup_restore_request *request = plan->request;
    auto_fd int key = -1;
    char kept[PATH_MAX], beneath[PATH_MAX];
    int ends[2], status;
    (void)snprintf(beneath, sizeof(beneath), RESTORE_KEPT "%s", plan->time);
    MEDGL_TRY(path_under(kept, request->root, beneath));
    MEDGL_TRY(restore_give_key(request->from.key.pem, &key));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return medgl_error_from_errno(errno);
    auto_fd int ours = ends[0], theirs = ends[1];
    const pid_t child = fork();
    if (child < 0)
        return medgl_error_from_errno(errno);
    if (child == 0) {
        (void)close(ours);
        restore_child(request, theirs, key, kept);
    }
    (void)close(auto_give_fd(theirs));
    enum medgl_error error = restore_serve(plan, ours, restored, why);
    (void)close(auto_give_fd(ours));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return medgl_error_from_errno(errno);
    return error;
}

/* The directory that all is staged in, of the store's owner. */
static enum medgl_error restore_stage(const struct backup_restore_request *request,
                                      char path[PATH_MAX])
{
    MEDGL_TRY(path_under(path, request->root, RESTORE_STAGE));
    return file_directory(path, request->owner, request->group, 0700);
}

static void restore_time(char time[32])
{
    char now[CLOCK_TEXT_SIZE];
    size_t used = 0;
    clock_format_utc(clock_read().now, now);
    for (const char *at = now; *at != '\0'; at++)
        if (*at != '-' && *at != ':')
            time[used++] = *at;
    time[used] = '\0';
}

enum medgl_error operation_backup_restore(const struct backup_restore_request *request,
                                          struct backup_restored *restored, char why[])
{
    struct switch_plan plan = {.request = request};
    char stage[PATH_MAX] = "";
    const mode_t mask = umask(022);
    *restored = (struct backup_restored){.lost = 0};
    why[0] = '\0';
    restore_time(plan.time);
    enum medgl_error error = setup_make_directories(request->root, request->owner, request->group);
    if (error == MEDGL_OK)
        error = switch_check(request, why);
    if (error == MEDGL_OK)
        error = restore_stage(request, stage);
    if (error == MEDGL_OK)
        error = restore_in_child(&plan, restored, why);
    if (stage[0] != '\0')
        (void)rmdir(stage);
    switch_forget(request, false);
    if (restored->kept[0] != '\0' && access(restored->kept, F_OK) != 0)
        restored->kept[0] = '\0'; /* there was nothing in it */
    (void)umask(mask);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}
