"""Opens a session as a host of PAM does, and closes it when its standard input ends: the protocol of engine/wire.h, spoken to
the engine itself. Arguments: the engine, the private root, the user, the service, the address it comes from. Prints the id."""
import os
import socket
import struct
import subprocess
import sys

engine, root, user, service, address = sys.argv[1:]
CALL, SERVICE, USER, RHOST, TTY, REAL_UID, SESSION, RESULT = 1, 3, 4, 5, 6, 8, 10, 20
OPEN, CLOSE, SUCCESS = 5, 6, 1


def field(tag, value):
    data = struct.pack(">Q", value) if isinstance(value, int) else value.encode()
    return struct.pack(">BH", tag, len(data)) + data


def fields(packet):
    assert packet[:4] == b"MGL1"
    at, found = 5, {}
    while at < len(packet):
        tag, length = struct.unpack(">BH", packet[at:at + 3])
        found[tag] = packet[at + 3:at + 3 + length]
        at += 3 + length
    return packet[4], found


def call(number, *more):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen([engine, "--root", root], stdin=subprocess.DEVNULL, close_fds=False,
                               preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
    theirs.close()
    ours.send(b"MGL1\x01" + field(CALL, number) + field(REAL_UID, 0) + field(SERVICE, service) + field(USER, user) +
              field(RHOST, address) + field(TTY, "ssh") + b"".join(more))
    while True:
        kind, found = fields(ours.recv(8192))
        if kind == 4:
            break
        ours.send(b"MGL1\x03")  # a message, which is read
    process.wait()
    return struct.unpack(">Q", found[RESULT])[0], found.get(SESSION, b"").decode()


result, session = call(OPEN)
print(session if result == SUCCESS else f"refused {result}", flush=True)
sys.stdin.read()
if result == SUCCESS:
    sys.exit(call(CLOSE, field(SESSION, session))[0] != SUCCESS)
