"""Starts a command on a terminal, waits until it asks, and looks at what it still may: prints what is wrong. For root."""
import os
import pty
import select
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while b":" not in text and select.select([terminal], [], [], 60)[0]:
    text += os.read(terminal, 4096)
status = dict(line.rstrip("\n").split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)
traced = os.stat(f"/proc/{pid}/mem").st_uid  # of a process that may not be traced by its user: root's
limits = open(f"/proc/{pid}/limits").read().splitlines()
core = next(line.split()[4:6] for line in limits if line.startswith("Max core file size"))
os.write(terminal, b"\n")
_, code = os.waitpid(pid, 0)
facts = {
    "the question came": b"confirm" in text,
    "four user ids": status["Uid"].split() == ["65534"] * 4,
    "four group ids": status["Gid"].split() == ["65534"] * 4,
    "no groups": status["Groups"].split() == [],
    "no capabilities": int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0,
    "no new privileges": status["NoNewPrivs"] == "1",
    "not dumpable": traced == 0,
    "no core": core == ["0", "0"],
    "refused": os.waitstatus_to_exitcode(code) == 1,
}
for fact, good in facts.items():
    print(("" if good else "NOT ") + fact)
sys.exit(0 if all(facts.values()) else 1)
