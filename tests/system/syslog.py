#!/usr/bin/env python3
"""Writes what programs send to /dev/log into a file, one line each: the sandbox has no syslog daemon.

    syslog.py SOCKET FILE

It prints "ready" when the socket is there, and ends with the sandbox. It needs Python's standard library alone.
"""
import os
import re
import socket
import sys

FACILITIES = {0: "kern", 1: "user", 3: "daemon", 4: "auth", 9: "cron", 10: "authpriv"}
LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]


def main(path, target):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    os.chmod(path, 0o666)
    with open(target, "a", encoding="utf-8", errors="replace") as log:
        os.chmod(target, 0o640)
        print("ready", flush=True)
        while True:
            text = listener.recv(65536).decode(errors="replace").rstrip("\n\0")
            found = re.match(r"<(\d+)>", text)
            priority = int(found.group(1)) if found else 13
            facility = FACILITIES.get(priority >> 3, str(priority >> 3))
            text = text[found.end():] if found else text
            log.write(f"{facility}.{LEVELS[priority & 7]} {text}\n")
            log.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
