#!/usr/bin/env python3
"""A host that asks PAM for many logins at once, from wherever it says.

    guess.py [-a] [-n PROCESSES] [-u FILE] SERVICE  < tries

A try is a line: the place, the login name, the answers to what is asked (password, code), separated by tabs. The place is
an address, or a terminal of this machine as "/dev/tty1". For each the result is written, a line: PAM's code, seconds, place,
name. -a: where the password was right, the account phase is asked as well, and its code is the result. -n: so many at the
same time. -u: the tries are gone through again and again until FILE is there, each once at least. It waits for no delay
that libpam would keep after a failure. It needs Python's standard library and libpam.
"""
import ctypes
import os
import sys
import time

PAM_SUCCESS, PAM_TTY, PAM_RHOST, PAM_FAIL_DELAY, PAM_CONV_ERR = 0, 3, 4, 10, 19
PROMPTS = (1, 2)  # echo off, echo on

libc = ctypes.CDLL(None)
libpam = ctypes.CDLL("libpam.so.0")
libc.calloc.restype = ctypes.c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.strdup.restype = ctypes.c_void_p


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                            ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("data", ctypes.c_void_p)]


no_delay = DELAY(lambda result, microseconds, data: None)


def ask(service, place, name, given, account):
    """PAM's code for one login."""
    asked = 0

    def converse(count, messages, responses, data):
        nonlocal asked
        answers = libc.calloc(count, ctypes.sizeof(Response))
        for i in range(count):
            if messages[i].contents.style in PROMPTS:
                asked += 1
                if asked > len(given):
                    return PAM_CONV_ERR
                Response.from_address(answers + i * ctypes.sizeof(Response)).text = libc.strdup(given[asked - 1].encode())
        responses[0] = answers
        return PAM_SUCCESS

    conversation = Conversation(CONVERSE(converse), None)
    handle = ctypes.c_void_p()
    code = libpam.pam_start(service.encode(), name.encode(), ctypes.byref(conversation), ctypes.byref(handle))
    if code == PAM_SUCCESS:
        item = PAM_TTY if place.startswith("/dev/") else PAM_RHOST
        libpam.pam_set_item(handle, item, place.encode())
        libpam.pam_set_item(handle, PAM_FAIL_DELAY, ctypes.cast(no_delay, ctypes.c_void_p))
        code = libpam.pam_authenticate(handle, 0)
        if code == PAM_SUCCESS and account:
            code = libpam.pam_acct_mgmt(handle, 0)
        libpam.pam_end(handle, code)
    return code


def work(service, tries, account, until):
    while True:
        for place, name, *given in tries:
            begin = time.monotonic()
            code = ask(service, place, name, given, account)
            line = f"{code} {time.monotonic() - begin:.2f} {place} {name}\n"
            os.write(1, line.encode())
        if until is None or os.path.exists(until):
            return


def main(arguments):
    account, processes, until = False, 1, None
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option == "-a":
            account = True
        elif option == "-n" and arguments:
            processes = int(arguments.pop(0))
        elif option == "-u" and arguments:
            until = arguments.pop(0)
        else:
            sys.exit(__doc__)
    if len(arguments) != 1:
        sys.exit(__doc__)
    tries = [line.split("\t") for line in sys.stdin.read().splitlines()]
    children = []
    for i in range(min(processes, len(tries))):
        pid = os.fork()
        if pid == 0:
            work(arguments[0], tries[i::processes], account, until)
            os._exit(0)
        children.append(pid)
    return 0 if all([os.waitpid(pid, 0)[1] == 0 for pid in children]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
