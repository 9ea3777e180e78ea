"""Somebody at a terminal, as wall(1) finds them: a pty with an entry in /run/utmp, whose screen goes to a file.

seat.py NAME FILE: prints "ready"."""
import os
import pwd
import struct
import sys
import time

user = pwd.getpwnam(sys.argv[1])
master, slave = os.openpty()
name = os.ttyname(slave)
os.chown(name, user.pw_uid, 5)
os.chmod(name, 0o620)
line = name.removeprefix("/dev/").encode()
entry = struct.pack("hi32s4s32s256shhiii16s20x", 7, os.getpid(), line, line[-4:], sys.argv[1].encode(), b"", 0, 0, 0,
                    int(time.time()), 0, b"")
assert len(entry) == 384
with open("/run/utmp", "ab") as utmp:
    utmp.write(entry)
print("ready", flush=True)
with open(sys.argv[2], "wb", buffering=0) as screen:
    while True:
        screen.write(os.read(master, 4096))
