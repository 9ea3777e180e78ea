/* Whether the bodies of old entries are still where they were moved to (R08). Without a key: what a
 * file must be is in the store, and `ledger verify` proves that. */
#include "operation/archive_file.h"
#include "operation/doctor.h"

#include "base/auto.h"

#include <inttypes.h>

static enum medgl_error archives_learn(struct store_txn *txn, void *argument)
{
    return archive_files_learn(argument, txn);
}

static void archives_fault(void *argument, uint64_t seq, const char *what)
{
    (void)seq;
    doctor_say(argument, DOCTOR_FAULT, "archives",
               "%s: put back a copy of it, and find out who changed it", what);
}

static void archives_missing(struct doctor *doctor, const struct archive *archive)
{
    doctor_say(doctor, DOCTOR_WARNING, "archives",
               "%s, with the entries from %" PRIu64 " to %" PRIu64 ", is not in %s%s: put a copy "
               "back, or keep in mind that reports and exports lack what it holds",
               archive->file, archive->first, archive->next - 1, doctor->root, PATH_ARCHIVE);
}

void doctor_archives(struct doctor *doctor, const struct context *context)
{
    auto_clean(archive_files_free) struct archive_files files = {.root = context->root,
                                                                 .whole = true,
                                                                 .any_signer = true,
                                                                 .fault = archives_fault,
                                                                 .argument = doctor};
    bool good = true;
    enum medgl_error error = store_transact(context->store, STORE_READ, archives_learn, &files);
    if (error == MEDGL_OK)
        error = archive_files_rest(&files);
    for (size_t i = 0; i < files.count; i++) {
        if (files.rows[i].missing)
            archives_missing(doctor, &files.rows[i].archive);
        good &= !files.rows[i].missing && !files.rows[i].altered;
    }
    if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "archives",
                   "the archives of old entries cannot be read: %s: do what the log says",
                   medgl_error_text(error));
    else if (good && files.count > 0)
        doctor_say(doctor, DOCTOR_OK, "archives", "the archives of old entries are whole");
}
