/* What the two halves of a restore say to each other: root's (backup_restore.c), and that of the
 * store's owner (backup_rebuild.c). */
#ifndef MEDGL_OPERATION_BACKUP_REBUILD_H
#define MEDGL_OPERATION_BACKUP_REBUILD_H

#include "operation/backup_restore.h"

#define RESTORE_KEY_MAX 32768 /* of a private key: what a pipe holds */

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
    bool had_store, new_key[2], key_back[2];
    struct backup_found found;
    uint64_t lost;
    uint32_t redone, codes_since, codes_open;
};

enum medgl_error restore_send(int socket, const struct restore_message *message);
enum medgl_error restore_receive(int socket, struct restore_message *message);

/* The owner's half, in a child of its own: reads the key from `key_pipe`, and says all else on the
 * socket. `kept`: where root's half puts what is there now. */
_Noreturn void restore_child(const struct backup_restore_request *request, int socket, int key_pipe,
                             const char *kept);

#endif
