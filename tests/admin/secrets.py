"""Runs a command that has passwords to print about and is not read from, so that it waits with all of them in memory; then looks
where the password is: prints each place that a core dump, a child or ps would show. For root.

    secrets.py PASSWORD|- COMMAND [ARGUMENT...]    -: the first line that the command prints
"""
import fcntl
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 60


def waits(pid):
    """Whether the process waits for a reader of its pipe."""
    return open(f"/proc/{pid}/wchan").read() in ("pipe_write", "anon_pipe_write", "0")


def places(pid, password):
    found, seen = [], False
    regions, memory = [], open(f"/proc/{pid}/mem", "rb", buffering=0)
    for line in open(f"/proc/{pid}/smaps"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            regions.append([int(head[1], 16), int(head[2], 16), head[3], head[4], ""])
        elif line.startswith("VmFlags:"):
            regions[-1][4] = line.split()
    for begin, end, mode, name, flags in regions:
        if "r" not in mode or name.startswith("[v") or end - begin > 1 << 30:  # the kernel's; AddressSanitizer's tables
            continue
        memory.seek(begin)
        if password in memory.read(end - begin):
            seen = True
            if not {"dd", "dc"} <= set(flags):
                found.append(f"{name or 'memory'} {begin:x} ({' '.join(flags)})")
    if not seen:
        found.append("nowhere: the command does not hold it, and this shows nothing")
    for what in ("cmdline", "environ"):
        if password in open(f"/proc/{pid}/{what}", "rb").read():
            found.append(what)
    return found


def main(password, command, here):
    os.chmod(here, 0o777)  # whoever it becomes can leave a core there
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    readable, writable = os.pipe()
    fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(command, stdout=writable, cwd=here)
    os.close(writable)
    if password == b"-":
        password = os.read(readable, 24).split(b"\n")[0]
    deadline, before = time.monotonic() + PATIENCE, None
    while time.monotonic() < deadline:  # it stands still, twice in a row
        now = (open(f"/proc/{process.pid}/stat").read().split(") ")[1].split()[0],
               open(f"/proc/{process.pid}/stat").read().split(") ")[1].split()[11:13])
        if now == before and now[0] == "S" and waits(process.pid):
            break
        before = now
        time.sleep(0.2)
    found = places(process.pid, password)
    process.send_signal(signal.SIGSEGV)
    if os.WCOREDUMP(os.waitpid(process.pid, 0)[1]):
        found.append("a core")
    print("\n".join(found))
    return 1 if found else 0


with tempfile.TemporaryDirectory() as directory:
    status = main(sys.argv[1].encode(), sys.argv[2:], directory)
sys.exit(status)
