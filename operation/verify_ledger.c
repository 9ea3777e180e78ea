/* Checkpoints from everywhere, and the head that logins saw. Reads only. */
#include "operation/verify_ledger.h"

#include "base/auto.h"
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISHED_DIGITS 20 /* what evidence_publish() calls a checkpoint by: its size */

static int is_published(const struct dirent *entry)
{
    return strlen(entry->d_name) == PUBLISHED_DIGITS &&
           entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
}

static enum medgl_error published_one(struct verify_published *published,
                                      const struct context *context, const char *name,
                                      ledger_fault fault, void *argument)
{
    auto_secret struct secret note = SECRET_NONE;
    char path[PATH_MAX], directory[PATH_MAX], beneath[sizeof("/") + PUBLISHED_DIGITS];
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = STORE_NOTE_SIZE};
    (void)snprintf(beneath, sizeof(beneath), "/%.*s", PUBLISHED_DIGITS, name);
    MEDGL_TRY(context_path(context, CONTEXT_FILE_CHECKPOINTS, directory));
    MEDGL_TRY(path_under(path, directory, beneath));
    if (file_read_trusted(path, &rule, &note) != MEDGL_OK) {
        fault(argument, 0, "a published checkpoint cannot be read: see the log");
        return MEDGL_OK;
    }
    published->file[published->count].path = strdup(path);
    published->file[published->count].note = strdup(note.bytes != NULL ? (char *)note.bytes : "");
    published->count++;
    return published->file[published->count - 1].path != NULL &&
                   published->file[published->count - 1].note != NULL
               ? MEDGL_OK
               : MEDGL_ERR_MEMORY;
}

enum medgl_error verify_published_read(struct verify_published *published, struct context *context,
                                       ledger_fault fault, void *argument)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    enum medgl_error error = context_path(context, CONTEXT_FILE_CHECKPOINTS, path);
    int count = error == MEDGL_OK ? scandir(path, &names, is_published, alphasort) : 0;
    if (count < 0)
        fault(argument, 0, "the published checkpoints cannot be listed");
    if (count > 0) {
        published->file = calloc((size_t)count, sizeof(*published->file));
        if (published->file == NULL)
            error = MEDGL_ERR_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        if (error == MEDGL_OK)
            error = published_one(published, context, names[i]->d_name, fault, argument);
        free(names[i]);
    }
    free(names);
    head_seen_read(context, &published->seen);
    return error;
}

void verify_published_free(struct verify_published *published)
{
    for (size_t i = 0; i < published->count; i++) {
        free(published->file[i].path);
        free(published->file[i].note);
    }
    free(published->file);
    *published = (struct verify_published){.count = 0};
}

static enum medgl_error checkpoint_kept(void *argument, uint64_t size, const char *checkpoint)
{
    char label[64];
    (void)snprintf(label, sizeof(label), "stored checkpoint %llu", (unsigned long long)size);
    return ledger_verifier_checkpoint(argument, label, checkpoint);
}

enum medgl_error verify_ledger_checkpoints(const struct verify_published *published,
                                           const struct evidence_request *request,
                                           const struct ledger_head *head, struct store_txn *txn,
                                           struct ledger_verifier *verifier)
{
    for (size_t i = 0; i < published->count; i++)
        MEDGL_TRY(
            ledger_verifier_checkpoint(verifier, published->file[i].path, published->file[i].note));
    for (size_t i = 0; i < request->checkpoint_count; i++)
        MEDGL_TRY(
            ledger_verifier_checkpoint(verifier, request->labels[i], request->checkpoints[i]));
    if (head->tree.size > 0)
        MEDGL_TRY(ledger_verifier_checkpoint(verifier, "head", head->checkpoint));
    return store_checkpoint_each(txn, checkpoint_kept, verifier);
}

enum medgl_error verify_ledger_seen(const struct verify_published *published, struct store_txn *txn,
                                    ledger_fault fault, void *argument)
{
    const struct head_mark *const marks[] = {&published->seen.seen, &published->seen.lost};
    for (size_t i = 0; i < MEDGL_COUNT(marks); i++) {
        char what[160], time[CLOCK_TEXT_SIZE];
        bool holds;
        MEDGL_TRY(head_seen_holds(txn, marks[i], &holds));
        if (holds)
            continue;
        clock_format_utc(marks[i]->time, time);
        (void)snprintf(what, sizeof(what),
                       "a login saw another ledger with this entry at %s: an older store was put "
                       "back since",
                       time);
        fault(argument, marks[i]->size - 1, what);
    }
    return MEDGL_OK;
}
