/* The copy of a document that belongs to an entry, for an auditor who brings the key (R11). What it
 * shows goes to a file of the operator's, never to standard output. */
#include "admin/admin.h"

#include "base/file.h"
#include "operation/account.h"
#include "operation/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static enum admin_exit document_failed(const struct options *options, enum medgl_error error,
                                       const char *why)
{
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("No document belongs to entry %s."), options->name);
        return ADMIN_NOT_FOUND;
    }
    if (error == MEDGL_ERR_CORRUPT) {
        complain(_("The file of that document is missing or was changed: run medgl-admin ledger "
                   "verify."));
        return ADMIN_EVIDENCE;
    }
    return admin_failed(error, options->name, why);
}

static enum admin_exit document_write(struct admin *admin, const struct secret *plain,
                                      const struct document *document)
{
    const char *path = admin->options.value[OPTION_OUTPUT];
    if (file_write(admin->file.fd, plain->bytes, plain->len) != MEDGL_OK ||
        fsync(admin->file.fd) != 0) {
        complain(_("%s could not be written (%s)."), path, strerror(errno));
        return ADMIN_UNUSABLE;
    }
    admin->file_stays = true;
    output_result(
        &admin->output, path,
        _("The copy is in %s (%s, %zu bytes); that it was opened is in the ledger. Remove "
          "it when you have seen it."),
        path, document->type, plain->len);
    return ADMIN_DONE;
}

enum admin_exit ledger_document(struct admin *admin)
{
    auto_secret struct secret plain = SECRET_NONE;
    char why[OPERATION_WHY_SIZE];
    struct document document;
    const struct envelope_key key = {.pem = &admin->key, .passphrase = ask_passphrase};
    enum medgl_error error = operation_document_open(
        &admin->context, strtoull(admin->options.name, NULL, 10), &key, &plain, &document, why);
    if (error != MEDGL_OK)
        return document_failed(&admin->options, error, why);
    return document_write(admin, &plain, &document);
}
