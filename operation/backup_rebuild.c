/* The half of a restore that reads the backup, as the store's owner, in a process of its own:
 * builds a whole installation beside the one that is there, proves it, and writes what its ledger
 * says first. Changes nothing that is in place.
 *
 * MUSTs:
 * - From what the old ledger says last until the switch nobody writes to the old store; who had it
 *   open finds out that it was moved, and is refused (store/sqlite/transact.c).
 * - The first entry after the backup says that it was put back, and what is lost. */
#include "operation/backup_rebuild.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/message.h"
#include "base/privilege.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/factors.h"
#include "operation/head_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define RESTORE_AHEAD MEDGL_HOUR
#define RESTORE_NAMES 1024

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

/* By which key is in force that was not: none, one or both. */
static const char *restore_back(const bool back[2], const char *store, const char *ledger,
                                const char *both)
{
    if (back[0] && back[1])
        return both;
    return back[0] ? store : back[1] ? ledger : "";
}

static void restore_describe(const struct restore *restore, const struct carried *carried,
                             struct ledger_entry *entry, char created[CLOCK_TEXT_SIZE])
{
    const struct restore_message *answer = &restore->answer;
    const char *back = restore_back(answer->key_back, "store", "ledger", "store ledger");
    ledger_entry_text(entry, "digest", restore->opened.digest);
    if (carried->from.file[0] != '\0')
        ledger_entry_text(entry, "file", carried->from.file);
    ledger_entry_number(entry, "bytes", (int64_t)restore->opened.bytes);
    ledger_entry_number(entry, "size", (int64_t)restore->opened.manifest.size);
    ledger_entry_time(entry, "created", restore->opened.manifest.created, created);
    ledger_entry_bool(entry, "known", restore->before.follows);
    ledger_entry_number(entry, "lost", (int64_t)answer->lost);
    if (answer->codes_open > 0) {
        ledger_entry_number(entry, "codes_open", answer->codes_open);
        ledger_entry_text(entry, "codes_of", restore->names);
    }
    if (back[0] != '\0')
        ledger_entry_text(entry, "keys_back", back);
    if (carried->removed > 0)
        ledger_entry_number(entry, "removed", carried->removed);
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
        "accounts are as they were then, but for what was taken away%s.%s",
        created, lost,
        restore->answer.codes_open > 0 ? "; one-time codes may have been used since: issue new ones"
                                       : "",
        restore_back(restore->answer.key_back, " The store key is an older one again: exchange it.",
                     " The ledger key is an older one again: exchange it.",
                     " The keys of store and ledger are older ones again: exchange them."));
    const struct alert_event event = {.kind = ALERT_RESTORE, .text = text};
    return alert_raise(&restore->opened.context, txn, clock, &event);
}

/* How the restored store calls the backup that it came from. */
static enum medgl_error restore_carry(const struct restore *restore, struct store_txn *txn,
                                      struct carried *carried)
{
    const struct backup_opened *opened = &restore->opened;
    struct backup from = {
        .bytes = opened->bytes, .size = opened->manifest.size, .created = opened->manifest.created};
    const char *file = restore->request->file;
    memcpy(from.digest, opened->digest, sizeof(from.digest));
    if (file != NULL && text_copy(from.file, sizeof(from.file), file) != MEDGL_OK)
        from.file[0] = '\0'; /* a name that long is no reason to lose a store */
    return carry_backups_find(txn, &restore->before, &from, carried);
}

static enum medgl_error restore_write(struct store_txn *txn, void *argument)
{
    struct restore *restore = argument;
    struct context *context = &restore->opened.context;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    struct open_run open = {restore, txn};
    struct redone done;
    struct carried carried;
    char created[CLOCK_TEXT_SIZE];
    restore->answer.codes_since = restore->answer.codes_open = 0;
    restore->names[0] = '\0';
    if (!restore->before.follows)
        MEDGL_TRY(store_account_each(txn, open_account, &open));
    evidence_begin(context, &clock, LEDGER_BACKUP_RESTORE, NULL, &entry);
    MEDGL_TRY(restore_carry(restore, txn, &carried));
    restore_describe(restore, &carried, &entry, created);
    MEDGL_TRY(evidence_append(context, txn, &entry, &carried.from.ledger_seq));
    MEDGL_TRY(carry_backups(context, txn, &clock, &restore->before, &carried));
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

/* A backup has files alone: of what setup makes, a directory that was empty is not in it. */
static enum medgl_error restore_directories(const struct restore *restore)
{
    static const char *const made[] = {PATH_CHECKPOINTS, PATH_DOCUMENTS, PATH_ARCHIVE};
    char path[PATH_MAX];
    for (size_t i = 0; i < MEDGL_COUNT(made); i++) {
        MEDGL_TRY(path_under(path, restore->stage.path, made[i]));
        MEDGL_TRY(file_directory(path, geteuid(), getegid(), 0700));
    }
    return MEDGL_OK;
}

static enum medgl_error restore_finish(struct restore *restore)
{
    const uint64_t size = restore->opened.manifest.size;
    MEDGL_TRY(restore_directories(restore));
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
    MEDGL_TRY(before_keys(&restore->before, request->root, restore->stage.path,
                          restore->answer.key_back));
    if (restore->before.open)
        return store_transact(restore->before.context.store, STORE_WRITE, restore_locked, restore);
    return restore_finish(restore);
}

static enum medgl_error restore_take_key(int from, struct secret *key)
{
    MEDGL_TRY(secret_alloc(key, RESTORE_KEY_MAX));
    return file_read(from, key);
}

_Noreturn void restore_child(const struct backup_restore_request *request, int socket, int key_pipe,
                             const char *kept)
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
