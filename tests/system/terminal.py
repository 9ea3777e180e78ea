#!/usr/bin/env python3
"""Runs a program on a terminal of its own and converses with it as a person would.

    terminal.py [-t SECONDS] [-s] [-n NAME] -- COMMAND [ARGUMENT...]  < script

-n: the terminal is /dev/NAME ("tty1"), for root in a mount namespace of its own.

The script has one step a line:
    see TEXT       wait until the program has shown TEXT, behind what was seen before
    match REGEX    the same with a regular expression
    type TEXT      type TEXT and Enter; typed too long after a prompt never happens: see first
    press TEXT     type TEXT without Enter; \\x03 and the like are understood
    answer COMMAND type the line that a shell command prints; on its standard input is what was shown so far
    pause SECONDS
    end STATUS     the program ends now, with this exit status ("any": whichever)
    leave          Ctrl-C, again and again: a program that is between two questions may not hear the first
    never TEXT     TEXT was shown nowhere
Standard output gets what the terminal showed; with -s also what was typed, between « and ». Exit status 0: every step
was met. Its own words go to standard error. It needs Python's standard library alone.
"""
import codecs
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time


class Name:
    """Another name for a pty. A program that opens it there finds that name, as at a console (ttyname)."""

    def __init__(self, name):
        self.path = os.path.join("/dev", name)
        self.fd, slave = pty.openpty()
        with open(self.path, "ab"):
            pass
        subprocess.run(["mount", "--bind", os.ttyname(slave), self.path], check=True)
        os.close(slave)

    def fork(self):
        opened, ready = os.pipe()  # with nobody on the other side a read of the pty fails
        pid = os.fork()
        if pid == 0:
            os.setsid()
            terminal = os.open(self.path, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(terminal, fd)
            os.closerange(3, max(terminal, self.fd, opened, ready) + 1)
        else:
            os.close(ready)
            os.read(opened, 1)
            os.close(opened)
        return pid, self.fd

    def drop(self):
        subprocess.run(["umount", "--lazy", self.path], check=True)


class Terminal:
    def __init__(self, command, patience, shows, name):
        self.patience, self.shows = patience, shows
        self.text, self.mark, self.status = "", 0, None
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")  # one read may end within a character
        self.name = Name(name) if name else None
        self.pid, self.fd = self.name.fork() if self.name else pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.environ["TERM"] = "dumb"
            try:
                os.execvp(command[0], command)
            except OSError as error:
                print(f"{command[0]}: {error.strerror}")
                os._exit(127)

    def read(self, deadline):
        """Takes in what the program shows. False: it closed the terminal, or the time is over."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.fd], [], [], left)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.show(self.decoder.decode(data).replace("\r", ""))
        return bool(data)

    def show(self, text):
        self.text += text
        sys.stdout.write(text)
        sys.stdout.flush()

    def see(self, pattern):
        deadline = time.monotonic() + self.patience
        while True:
            found = pattern.search(self.text, self.mark)
            if found:
                self.mark = found.end()
                return None
            if not self.read(deadline):
                return "did not appear"

    def type(self, text):
        time.sleep(0.05)  # a program may still be turning the echo off
        try:
            os.write(self.fd, text.encode())
        except OSError:
            return "the program has closed the terminal"
        if self.shows:
            sys.stdout.write(f"«{text.rstrip(chr(10))}»")
            sys.stdout.flush()
        return None

    def answer(self, command):
        done = subprocess.run(["bash", "-c", command], input=self.text, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            return f"the command ended with {done.returncode}"
        return self.type(done.stdout.partition("\n")[0] + "\n")

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def pause(self, seconds):
        deadline = time.monotonic() + seconds
        while self.read(deadline):
            pass

    def leave(self):
        deadline = time.monotonic() + self.patience
        while not self.ended() and time.monotonic() < deadline:
            self.type("\x03")
            self.pause(0.5)
        return self.end("any")

    def end(self, wanted):
        deadline = time.monotonic() + self.patience
        while self.read(deadline):
            pass
        while not self.ended():
            if time.monotonic() > deadline:
                return "the program goes on"
            time.sleep(0.01)
        if wanted != "any" and self.status != int(wanted):
            return f"the program ended with {self.status}"
        return None

    def step(self, verb, rest):
        if verb == "see":
            return self.see(re.compile(re.escape(rest)))
        if verb == "match":
            return self.see(re.compile(rest))
        if verb == "type":
            return self.type(rest + "\n")
        if verb == "press":
            return self.type(rest.encode().decode("unicode_escape"))
        if verb == "answer":
            return self.answer(rest)
        if verb == "pause":
            return self.pause(float(rest))
        if verb == "end":
            return self.end(rest)
        if verb == "leave":
            return self.leave()
        if verb == "never":
            return "was shown" if rest in self.text else None
        return "is no step"

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        if self.name:
            self.name.drop()


def main(arguments):
    patience, shows, name = 60.0, False, None
    while arguments and arguments[0] != "--":
        option = arguments.pop(0)
        if option == "-t" and arguments:
            patience = float(arguments.pop(0))
        elif option == "-s":
            shows = True
        elif option == "-n" and arguments:
            name = arguments.pop(0)
        else:
            sys.exit(__doc__)
    if len(arguments) < 2:
        sys.exit(__doc__)
    steps = [line for line in sys.stdin.read().splitlines() if line.strip()]
    terminal = Terminal(arguments[1:], patience, shows, name)
    fault = None
    for number, line in enumerate(steps, 1):
        verb, _, rest = line.strip("\n").lstrip().partition(" ")
        fault = terminal.step(verb, rest)
        if fault:
            shown = rest if verb != "type" else "..."
            print(f"\nstep {number}: {verb} {shown}: {fault}", file=sys.stderr)
            break
    terminal.close()
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
