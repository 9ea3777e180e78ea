/* medgl-auth: decides one PAM call and ends. Spawned by the module in a root host, or by systemd
 * for each connection to auth.socket; either way the connection is its descriptor WIRE_FD. Its exit
 * status tells nobody anything. */
#include "base/log.h"
#include "base/process.h"
#include "engine/conversation.h"
#include "engine/harden.h"
#include "engine/serve.h"
#include "engine/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A connection of the kind that keeps messages apart, and a local one: else there are no
 * credentials of the peer. */
static bool is_wire(int fd)
{
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof(peer), type_size = sizeof(int);
    int type = 0;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_SEQPACKET &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 && peer.ss_family == AF_UNIX;
}

/* MUST: while this is root still, from whom alone hidepid hides no process; nothing that the peer
 * sent is read. "": of a pid namespace that is not seen from here. */
static void peer_name(int fd, char leader[PROCESS_NAME_SIZE])
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        process_name(peer.pid, leader) != MEDGL_OK)
        leader[0] = '\0';
}

/* The only option is --root DIR. */
static bool read_options(int argc, char **argv, const char **root)
{
    *root = "";
    if (argc == 1)
        return true;
    if (argc != 3 || strcmp(argv[1], "--root") != 0) {
        log_line(LOG_ERR, "started by hand or with unknown options: pam_medgl and systemd start "
                          "this program, see pam_medgl(8)");
        return false;
    }
    *root = argv[2];
    if (harden_may_use_root(*root))
        return true;
    log_line(LOG_ERR, "--root is for root and for the owner of the state under it, and takes an "
                      "absolute directory without a '/' at its end");
    return false;
}

int main(int argc, char **argv)
{
    const char *root;
    char leader[PROCESS_NAME_SIZE];
    if (!harden_world())
        return EXIT_FAILURE;
    harden_deadline(CONVERSATION_WORK_S);
    log_open(LOG_TARGET_SYSLOG, "medgl-auth", false);
    if (!is_wire(WIRE_FD)) {
        log_line(LOG_ERR,
                 "descriptor %d is no connection: pam_medgl and systemd start this program, "
                 "see pam_medgl(8)",
                 WIRE_FD);
        return EXIT_FAILURE;
    }
    peer_name(WIRE_FD, leader);
    if (!read_options(argc, argv, &root) || harden_privilege() != MEDGL_OK)
        return EXIT_FAILURE;
    serve(WIRE_FD, root, leader);
    return EXIT_SUCCESS;
}
