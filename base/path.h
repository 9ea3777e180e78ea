/* Where things are (file-system layout), and the private
 * root that tests and sandboxes put before it. */
#ifndef MEDGL_BASE_PATH_H
#define MEDGL_BASE_PATH_H

#include "base/error.h"

#include <limits.h>

/* MEDGL_SYSCONFDIR, MEDGL_STATEDIR, MEDGL_RUNDIR, MEDGL_VENDORDIR and
 * MEDGL_LIBEXECDIR are absolute and come from configure: /etc/medgl,
 * /var/lib/medgl, /run/medgl, /usr/lib/medgl, LIBEXECDIR/medgl. */
#define PATH_STORE_KEY   MEDGL_SYSCONFDIR "/store.key"
#define PATH_LEDGER_KEY  MEDGL_SYSCONFDIR "/ledger.key"
#define PATH_LEDGER_VKEY MEDGL_SYSCONFDIR "/ledger.vkey"
#define PATH_STORE       MEDGL_STATEDIR "/medgl.db"
#define PATH_CHECKPOINTS MEDGL_STATEDIR "/checkpoints"
#define PATH_HEAD_SEEN   MEDGL_STATEDIR "/head" /* what the last login saw of the store */
#define PATH_DOCUMENTS   MEDGL_STATEDIR "/documents"
#define PATH_WAKE        MEDGL_STATEDIR "/alerts" /* written to when there is something to deliver */
#define PATH_ARCHIVE     MEDGL_STATEDIR "/archive" /* bodies of old entries, in signed files */
#define PATH_STAGING     MEDGL_STATEDIR "/backup"  /* a backup that is being made or looked at */
#define PATH_NOTIFY      MEDGL_SYSCONFDIR "/notify.d"
#define PATH_AUDITOR     MEDGL_SYSCONFDIR "/auditor.pem" /* who can read documents */
#define PATH_BACKUP_CERT MEDGL_SYSCONFDIR "/backup.pem"  /* who can read backups */
#define PATH_WITNESSES   MEDGL_SYSCONFDIR "/witnesses"   /* keys of witnesses, one a line */
/* A key that is about to take the place of another: which of the two holds, the store says. */
#define PATH_STORE_KEY_NEW  PATH_STORE_KEY ".new"
#define PATH_LEDGER_KEY_NEW PATH_LEDGER_KEY ".new"
#define PATH_KDF_CONSOLE    PATH_KDF "/console" /* the line of who stands before the machine */
#define PATH_SOCKET         MEDGL_RUNDIR "/auth.socket"
#define PATH_KDF            MEDGL_RUNDIR "/kdf"
#define PATH_SHARES         PATH_KDF "/shares" /* where the engine may write while it runs */
#define PATH_ENGINE         MEDGL_LIBEXECDIR "/medgl-auth"
#define PATH_CARD           MEDGL_LIBEXECDIR "/medgl-card"
#define PATH_TRUST          MEDGL_SYSCONFDIR "/trust"

/* Break-glass accounts: a small installation of their own beside the main one (R32), with another
 * key for each use, so that nothing that befalls the main store reaches it. */
#define PATH_BREAKGLASS             MEDGL_STATEDIR "-breakglass"
#define PATH_BREAKGLASS_STORE       PATH_BREAKGLASS "/breakglass.db"
#define PATH_BREAKGLASS_CHECKPOINTS PATH_BREAKGLASS "/checkpoints"
#define PATH_BREAKGLASS_HEAD_SEEN   PATH_BREAKGLASS "/head"
#define PATH_BREAKGLASS_KEY         MEDGL_SYSCONFDIR "/breakglass.key"
#define PATH_BREAKGLASS_LEDGER_KEY  MEDGL_SYSCONFDIR "/breakglass-ledger.key"
#define PATH_BREAKGLASS_LEDGER_VKEY MEDGL_SYSCONFDIR "/breakglass-ledger.vkey"

/* root + path. `root` is "" or an absolute directory
 * without a trailing '/'. MEDGL_ERR_ARGUMENT: too long. */
enum medgl_error path_under(char result[PATH_MAX], const char *root, const char *path);

#endif
