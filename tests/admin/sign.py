#!/usr/bin/env python3
"""The openssl command as the other side of notes: checks a signature, forges one, cosigns as a witness.

  sign.py verify DIRECTORY VKEY NOTE      ends with 0 where openssl finds the ledger's signature good
  sign.py forge DIRECTORY NAME < NOTE     the same text, signed by a key of that name that was made just now
  sign.py witness DIRECTORY NAME NOTE     the note with a cosignature; DIRECTORY/witness.vkey has the witness's key
"""
import base64
import hashlib
import os
import subprocess
import sys
import time

PREFIX = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519 (RFC 8410)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def key_make(directory):
    path, public = os.path.join(directory, "sign.key"), os.path.join(directory, "sign.pub")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", path)
    run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER", "-out", public)
    with open(public, "rb") as file:
        return path, file.read()[-32:]


def sign(directory, path, message):
    with open(os.path.join(directory, "message"), "wb") as file:
        file.write(message)
    signature = os.path.join(directory, "signature")
    run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", path, "-in", os.path.join(directory, "message"), "-out", signature)
    with open(signature, "rb") as file:
        return file.read()


def key_hash(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def line(name, data):
    return "\u2014 %s %s\n" % (name, base64.b64encode(data).decode())


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    verb, directory, *words = sys.argv[1:]
    if verb == "verify":
        name, _, data = read(words[0]).split("\n")[0].split("+", 2)
        public = base64.b64decode(data)[1:]
        text, _, lines = read(words[1]).rpartition("\n\n")
        found = [base64.b64decode(each.split(" ")[2]) for each in lines.splitlines() if each.split(" ")[1] == name]
        with open(os.path.join(directory, "public.der"), "wb") as file:
            file.write(PREFIX + public)
        for path, content in (("message", text.encode() + b"\n"), ("signature", found[0][4:])):
            with open(os.path.join(directory, path), "wb") as file:
                file.write(content)
        run("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey",
            os.path.join(directory, "public.der"), "-in", os.path.join(directory, "message"), "-sigfile",
            os.path.join(directory, "signature"))
        return
    path, public = key_make(directory)
    if verb == "forge":
        text = sys.stdin.read().rpartition("\n\n")[0] + "\n"
        signature = sign(directory, path, text.encode())
        sys.stdout.write(text + "\n" + line(words[0], key_hash(words[0], 1, public) + signature))
    elif verb == "witness":
        name, note = words[0], read(words[1])
        text, seconds = note.rpartition("\n\n")[0] + "\n", int(time.time())
        signature = sign(directory, path, ("cosignature/v1\ntime %d\n%s" % (seconds, text)).encode())
        data = key_hash(name, 4, public)
        with open(os.path.join(directory, "witness.vkey"), "w", encoding="utf-8") as file:
            file.write("%s+%s+%s\n" % (name, data.hex(), base64.b64encode(b"\x04" + public).decode()))
        sys.stdout.write(note + line(name, data + seconds.to_bytes(8, "big") + signature))
    else:
        sys.exit(2)


main()
