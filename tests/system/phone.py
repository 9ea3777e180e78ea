#!/usr/bin/env python3
"""A person's phone, with oathtool (oath-toolkit) to make the codes and zbarimg (zbar-tools) to read QR codes.

    phone.py FILE take KEY [ALGORITHM [DIGITS]]   has that key (base32) from now on
    phone.py FILE scan < text                     ... the one of the QR code that a terminal showed last; what
                                                  that says is printed
    phone.py FILE read < text                     ... the one whose key was shown last, with its settings
    phone.py FILE code                            a code that was never printed before
    phone.py FILE skip                            the same but one, when that is right as well: a minute later
    phone.py FILE again                           the code printed last
    phone.py FILE before                          the one before that
    phone.py FILE wrong                           one that is wrong now and for minutes around

FILE has what the phone keeps. A code that was used is refused, and a test has no time to wait for the next one: so each
code is one time step behind the last, and the phone's clock goes fast, as far as its drift is remembered.
It needs Python's standard library alone.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

PIXELS = {" ": (1, 1), "\u2580": (0, 1), "\u2584": (1, 0), "\u2588": (0, 0)}  # upper and lower half; 0 is light


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def keep(path, phone):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(phone, file)


def take(path, key, algorithm="sha1", digits="6", period="30"):
    keep(path, {"key": key, "algorithm": algorithm.lower(), "digits": int(digits), "period": int(period), "last": 0,
                "at": 0})


def take_uri(path, uri):
    parts = urllib.parse.urlsplit(uri)
    values = dict(urllib.parse.parse_qsl(parts.query))
    assert parts.scheme == "otpauth" and parts.netloc == "totp", uri
    take(path, values["secret"], values.get("algorithm", "SHA1"), values.get("digits", "6"), values.get("period", "30"))
    print(uri)


def read(path, text):
    key = re.findall(r"^Key: ([A-Z2-7 ]+)$", text, re.MULTILINE)[-1].replace(" ", "")
    algorithm, digits, period = re.findall(r"^Settings: time-based, SHA-([0-9]+), ([68]) digits, ([0-9]+) seconds$", text,
                                           re.MULTILINE)[-1]
    take(path, key, "sha" + algorithm, digits, period)


def picture(text):
    """The last block of lines that are made of half blocks, as a portable bitmap, four pixels a module."""
    block, blocks = [], []
    for line in text.splitlines() + [""]:
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if line.strip() and not set(line) - set(PIXELS):
            block.append(line)
        elif block:
            blocks.append(block)
            block = []
    lines = max(blocks[-2:], key=len)
    width = max(map(len, lines))
    rows = []
    for line in lines:
        for half in (0, 1):
            bits = "".join(str(PIXELS[c][half]) * 4 for c in line.ljust(width))
            rows += [bits] * 4
    quiet = 32
    rows = ["0" * (width * 4)] * quiet + rows + ["0" * (width * 4)] * quiet
    rows = ["0" * quiet + row + "0" * quiet for row in rows]
    return f"P1\n{len(rows[0])} {len(rows)}\n" + "\n".join(rows) + "\n"


def scan(path, text):
    with tempfile.NamedTemporaryFile("w", suffix=".pbm") as file:
        file.write(picture(text))
        file.flush()
        done = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", file.name], stdout=subprocess.PIPE,
                              text=True, check=True)
    take_uri(path, done.stdout.strip())


def code_at(phone, step):
    command = ["oathtool", "--totp=" + phone["algorithm"], "--digits", str(phone["digits"]), "--time-step-size",
               f"{phone['period']}s", "--now", f"@{step * phone['period']}", "--base32", "-"]
    return subprocess.run(command, input=phone["key"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def fresh(path, ahead):
    """The server knows the time at which it last accepted a code, and how fast the phone's clock was then: it is as fast since.
    That time may be a step behind the one at which we printed it."""
    phone = load(path)
    while int(time.time()) // phone["period"] < phone["at"] + (ahead if ahead > 1 else 0):
        time.sleep(0.2)
    now = int(time.time()) // phone["period"]
    phone.update(last=max(phone["last"] + ahead, phone["last"] + now - phone["at"]), at=now)
    keep(path, phone)
    print(code_at(phone, phone["last"]))


def wrong(path):
    phone = load(path)
    now = int(time.time()) // phone["period"]
    right = {code_at(phone, step) for step in range(now - 5, now + 30)}
    print(next(code for code in (str(d) * phone["digits"] for d in range(10)) if code not in right))


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    path, verb = arguments[:2]
    os.umask(0o077)
    if verb == "take" and 3 <= len(arguments) <= 6:
        take(path, *arguments[2:])
    elif verb == "scan":
        scan(path, sys.stdin.read())
    elif verb == "read":
        read(path, sys.stdin.read())
    elif verb == "code":
        fresh(path, 1)
    elif verb == "skip":
        fresh(path, 2)
    elif verb in ("again", "before"):
        phone = load(path)
        print(code_at(phone, phone["last"] - (verb == "before")))
    elif verb == "wrong":
        wrong(path)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
