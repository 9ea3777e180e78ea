#!/usr/bin/env python3
"""Verifies a ledger of pam_medgl from what it hands out: exported lines, checkpoints, archives, proofs,
cosignatures. Written from medgl-ledger(5), RFC 6962, RFC 8032 and the C2SP specifications alone, with nothing but the
standard library, so that it shares no mistake with the program that it checks.

  ledger_check.py --vkey FILE export LINES [--archive FILE]... [--checkpoint FILE]... [--witness FILE] [--quorum N]
                                 [--joined MAIN-LINES]
  ledger_check.py --vkey FILE checkpoint FILE [--witness FILE] [--quorum N]
  ledger_check.py --vkey FILE inclusion PROOF LINES
  ledger_check.py --vkey FILE consistency PROOF OLD-CHECKPOINT
  ledger_check.py --vkey FILE archive FILE

MAIN-LINES is the export of the main ledger, which vouches for that of the break-glass accounts. FILE of --vkey has the ledger's keys, one a line; of --witness those of witnesses. Ends with 0 when everything holds,
with 5 when anything does not (each fault is a line), with 2 when it was asked wrongly.
"""
import argparse
import base64
import binascii
import hashlib
import json
import re
import sys

# -- Ed25519 (RFC 8032, section 5.1.7), in extended coordinates; slow, and good enough -------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decode(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P != 0 or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = point_decode(public), point_decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = point_multiply(s, BASE), point_add(r, point_multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# -- the tree (RFC 6962, section 2.1) ------------------------------------------------------------------------

def leaf_hash(line):
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    def __init__(self):
        self.size, self.peaks = 0, []  # (height, hash), the largest first

    def append(self, leaf):
        self.peaks.append((0, leaf))
        while len(self.peaks) > 1 and self.peaks[-1][0] == self.peaks[-2][0]:
            (height, left), (_, right) = self.peaks[-2], self.peaks[-1]
            self.peaks[-2:] = [(height + 1, node_hash(left, right))]
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        result = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            result = node_hash(peak, result)
        return result


def inclusion_root(leaf, index, size, hashes):
    """The root that an inclusion proof (RFC 9162, section 2.1.3.2) leads to; None: it cannot be one."""
    if index >= size:
        return None
    at, last, result = index, size - 1, leaf
    for other in hashes:
        if last == 0:
            return None
        if at & 1 or at == last:
            result = node_hash(other, result)
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, other)
        at, last = at >> 1, last >> 1
    return result if last == 0 else None


def consistency_holds(old_size, old_root, size, root, hashes):
    """RFC 9162, section 2.1.4.2."""
    if old_size == 0 or old_size > size:
        return False
    if old_size == size:
        return not hashes and old_root == root
    if not hashes:
        return False
    hashes = list(hashes)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old, new = hashes[0], hashes[0]
    for other in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, other)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == root


# -- notes, checkpoints, cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature) --------------------------

class Fault(Exception):
    pass


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault("not base64: %s" % text) from None


class Key:
    """NAME+HASH+BASE64(type, public key)"""

    def __init__(self, text, kind):
        name, key_hash, data = (text.strip().split("+", 2) + ["", ""])[:3]
        data = unbase64(data)
        self.text, self.name, self.public, self.hash = text.strip(), name, data[1:], key_hash
        good = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8] == key_hash
        if not good or len(data) != 33 or data[0] != kind:
            raise Fault("not a key of this kind: %s" % text.strip())


def read_keys(path, kind):
    with open(path, encoding="utf-8") as file:
        return [Key(line, kind) for line in file if line.strip() and not line.startswith("#")]


def note_split(note):
    """The text that is signed, and (name, key hash, signature) of each line."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise Fault("no signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
        if match is None:
            raise Fault("a line is no signature: %s" % line)
        data = unbase64(match[2])
        if len(data) < 5:
            raise Fault("a signature is too short")
        signatures.append((match[1], data[:4].hex(), data[4:]))
    return text + "\n", signatures


def signed_by(note, key):
    """True or False; None: it has no line of this key."""
    text, signatures = note_split(note)
    found = [s for name, key_hash, s in signatures if (name, key_hash) == (key.name, key.hash)]
    return all(ed25519_verify(key.public, text.encode(), s) for s in found) if found else None


def cosigned_by(note, key):
    """The latest time in seconds; None: no line of this witness. Each of its lines has to hold."""
    text, signatures = note_split(note)
    latest = None
    for name, key_hash, data in signatures:
        if (name, key_hash) != (key.name, key.hash):
            continue
        if len(data) != 72:
            raise Fault("a cosignature of %s has another length" % key.name)
        seconds = int.from_bytes(data[:8], "big")
        message = "cosignature/v1\ntime %d\n%s" % (seconds, text)
        if not ed25519_verify(key.public, message.encode(), data[8:]):
            raise Fault("the cosignature of %s is not valid" % key.name)
        latest = max(seconds, latest or 0)
    return latest


class Checkpoint:
    def __init__(self, note, label):
        text, _ = note_split(note)
        lines = text.split("\n")
        if len(lines) < 4 or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
            raise Fault("%s is no checkpoint" % label)
        self.note, self.label, self.origin = note, label, lines[0]
        self.size, self.root = int(lines[1]), unbase64(lines[2])
        if len(self.root) != 32:
            raise Fault("%s has no root hash" % label)


def read_text(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


# -- keys in force ---------------------------------------------------------------------------------------------------

class Chain:
    """Which key signs the tree of which size: entries "key.rotate" say so, and the first keys are given."""

    def __init__(self, keys):
        if not keys:
            raise Fault("no key was given")
        self.given, self.first, self.rotations = keys, keys[0], []

    def rotate(self, seq, details):
        self.rotations.append((seq + 1, Key(details["from"], 1), Key(details["to"], 1)))

    def keys_at(self, size):
        """Those that may have signed the tree of this size: at an exchange both."""
        if not self.rotations:
            return [self.first]
        current = [self.rotations[0][1]]
        for first, going, coming in self.rotations:
            if going.text != current[-1].text:
                raise Fault("an exchange of keys at size %d does not begin with the key in force" % first)
            if size < first:
                break
            current = [going, coming] if size == first else [coming]
        return current

    def verify(self, checkpoints):
        """Each checkpoint by the key in force; each key is given, or named under the signature of one that is trusted."""
        trusted = {key.text for key in self.given}
        # The file of keys has the newest first: the only key of a ledger without an exchange is the one that signed.
        self.first = next((key for key in self.given if any(signed_by(c.note, key) for c in checkpoints)), self.first)
        for first, going, coming in self.rotations:
            over = [c for c in checkpoints if c.size == first and signed_by(c.note, going)]
            if going.text in trusted and over:
                trusted.add(coming.text)
        for checkpoint in checkpoints:
            keys = self.keys_at(checkpoint.size)
            verdicts = [signed_by(checkpoint.note, key) for key in keys]
            if checkpoint.origin != keys[0].name:
                raise Fault("%s is of another ledger: %s" % (checkpoint.label, checkpoint.origin))
            if False in verdicts or True not in verdicts:
                raise Fault("%s is not signed by the key in force" % checkpoint.label)
            if not any(key.text in trusted for key, good in zip(keys, verdicts) if good):
                raise Fault("%s is signed by a key that nothing vouches for" % checkpoint.label)


# -- what can be asked -----------------------------------------------------------------------------------------------

def archive_read(path, keys):
    with open(path, "rb") as file:
        data = file.read()
    head, gap, rest = data.partition(b"\n\n")
    signatures, second, body = rest.partition(b"\n\n")
    if not gap or not second:
        raise Fault("%s is no archive" % path)
    note = (head + gap + signatures + b"\n").decode()
    lines = head.decode().split("\n")
    if len(lines) != 6 or lines[0] != "medgl.archive/1" or lines[1] != keys[0].name:
        raise Fault("%s is no archive of this ledger" % path)
    if not any(signed_by(note, key) for key in keys):
        raise Fault("%s is not signed by a key of the ledger" % path)
    first, after = int(lines[2]), int(lines[3])
    if int(lines[4]) != len(body) or unbase64(lines[5]) != hashlib.sha256(body).digest():
        raise Fault("%s has other lines than were signed" % path)
    entries = body.split(b"\n")
    if entries.pop() != b"" or len(entries) != after - first:
        raise Fault("%s has another number of entries" % path)
    return {first + i: line for i, line in enumerate(entries)}


def entry_check(line, seq, origin):
    def no_number(text):
        raise ValueError(text)

    try:
        text = line.decode()
        entry = json.loads(text, parse_float=no_number, parse_constant=no_number)
    except (UnicodeDecodeError, ValueError):
        raise Fault("line %d is no JSON" % seq) from None
    # One form: no name twice, no white space, no escape but of '"' and '\\'.
    if not isinstance(entry, dict) or json.dumps(entry, ensure_ascii=False, separators=(",", ":")) != text or \
            re.search(r"\\[^\"]", text.replace("\\\\", "")):
        raise Fault("line %d says what it says in another way than entries do" % seq)
    if entry.get("seq") != seq:
        raise Fault("line %d calls itself number %s" % (seq, entry.get("seq")))
    if entry.get("origin") != origin:
        raise Fault("entry %d is of another ledger" % seq)
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.get("time", "")):
        raise Fault("entry %d has no time" % seq)
    return entry


def checkpoints_read(paths):
    return [Checkpoint(read_text(path), path) for path in paths]


def witnesses_check(checkpoints, path, quorum):
    keys = read_keys(path, 4) if path else []
    best = 0
    for checkpoint in checkpoints:
        count = len({key.public for key in keys if cosigned_by(checkpoint.note, key) is not None})
        if count >= max(quorum, 1):
            best = max(best, checkpoint.size)
    if quorum > 0 and best == 0:
        raise Fault("no checkpoint has the cosignatures of %d witnesses" % quorum)
    return best


def joined_read(path, origin):
    """Size and root of each emergency.join in the lines of the main ledger, whose name is the small one's without its end."""
    joined = {}
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    for seq, line in enumerate(lines):
        if b'"kind":"emergency.join"' not in line:
            continue
        entry = entry_check(line, seq, origin.removesuffix("/breakglass"))
        details = entry["details"]
        if entry["kind"] != "emergency.join":
            continue
        if details["origin"] != origin or details["first"] != (not joined):
            raise Fault("entry %d joins another ledger, or out of turn" % seq)
        if joined and details["size"] <= max(joined):
            raise Fault("entry %d joins what was joined before" % seq)
        joined[details["size"]] = (seq, unbase64(details["root"]))
    if not joined:
        raise Fault("nothing was joined")
    return joined


def joined_check(joined, roots):
    for size, (seq, root) in joined.items():
        if size not in roots:
            raise Fault("entry %d of the main ledger vouches for %d entries: it was cut" % (seq, size))
        if roots[size] != root:
            raise Fault("entry %d of the main ledger vouches for other entries" % seq)


def ask_export(arguments, keys):
    chain, tree, roots, hidden = Chain(keys), Tree(), {}, 0
    joined = joined_read(arguments.joined, keys[0].name) if arguments.joined else {}
    if not arguments.checkpoint:
        raise Fault("nothing signed was given")
    checkpoints = checkpoints_read(arguments.checkpoint)
    wanted = {checkpoint.size for checkpoint in checkpoints} | set(joined)
    bodies = {}
    for path in arguments.archive:
        bodies.update(archive_read(path, keys))
    with open(arguments.file, "rb") as file:
        data = file.read()
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise Fault("the last line does not end")
    roots[0] = tree.root()
    for seq, line in enumerate(lines):
        leaf, stub = None, re.fullmatch(rb'\{"seq":(\d+),"leaf":"([A-Za-z0-9+/]{43}=)"\}', line)
        if stub is not None:
            if int(stub[1]) != seq:
                raise Fault("line %d calls itself number %s" % (seq, stub[1].decode()))
            leaf, line = unbase64(stub[2].decode()), bodies.get(seq)
        if line is not None:
            entry = entry_check(line, seq, keys[0].name)
            if leaf is not None and leaf != leaf_hash(line):
                raise Fault("the archive has another entry %d" % seq)
            leaf = leaf_hash(line)
            if entry["kind"] == "key.rotate" and entry["details"].get("key") == "ledger":
                chain.rotate(seq, entry["details"])
        else:
            hidden += 1
        if bodies.get(seq, line) != line:
            raise Fault("the archive has another entry %d" % seq)
        tree.append(leaf)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    for checkpoint in checkpoints:
        if checkpoint.size > tree.size:
            raise Fault("%s has %d entries, the export %d: it was cut" % (checkpoint.label, checkpoint.size, tree.size))
        if checkpoint.root != roots[checkpoint.size]:
            raise Fault("%s was made over other entries" % checkpoint.label)
    joined_check(joined, roots)
    chain.verify(checkpoints)
    witnessed = witnesses_check(checkpoints, arguments.witness, arguments.quorum)
    print("entries %d, without body %d, checkpoints %d, witnessed %d, root %s" %
          (tree.size, hidden, len(checkpoints), witnessed, base64.b64encode(tree.root()).decode()))


def ask_checkpoint(arguments, keys):
    checkpoint = Checkpoint(read_text(arguments.file), arguments.file)
    if not any(signed_by(checkpoint.note, key) for key in keys) or checkpoint.origin != keys[0].name:
        raise Fault("not signed by a key of the ledger")
    if any(signed_by(checkpoint.note, key) is False for key in keys):
        raise Fault("a signature is not valid")
    print("size %d, witnessed %d" % (checkpoint.size, witnesses_check([checkpoint], arguments.witness, arguments.quorum)))


def ask_inclusion(arguments, keys):
    """C2SP tlog-proof: a header, the index, the hashes, a blank line, the checkpoint."""
    text = read_text(arguments.file)
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Fault("no proof")
    lines = [line for line in lines[1:] if not line.startswith("extra ")]
    match = re.fullmatch(r"index (0|[1-9][0-9]*)", lines[0] if lines else "")
    if match is None:
        raise Fault("a proof without an index")
    checkpoint = Checkpoint(note, "the proof's checkpoint")
    if checkpoint.origin != keys[0].name or not any(signed_by(note, key) for key in keys):
        raise Fault("the proof's checkpoint is not signed by a key of the ledger")
    index, hashes = int(match[1]), [unbase64(line) for line in lines[1:]]
    with open(arguments.lines, "rb") as file:
        line = file.read().split(b"\n")[0]
    entry_check(line, index, keys[0].name)
    if any(len(h) != 32 for h in hashes) or \
            inclusion_root(leaf_hash(line), index, checkpoint.size, hashes) != checkpoint.root:
        raise Fault("the proof does not lead to the root")
    print("entry %d is in the ledger of %d" % (index, checkpoint.size))


def ask_consistency(arguments, keys):
    """The body of C2SP tlog-witness's add-checkpoint, and the older checkpoint."""
    head, gap, note = read_text(arguments.file).partition("\n\n")
    lines = head.split("\n")
    match = re.fullmatch(r"old (0|[1-9][0-9]*)", lines[0])
    old = Checkpoint(read_text(arguments.old), arguments.old)
    if not gap or match is None or int(match[1]) != old.size:
        raise Fault("no proof from that checkpoint on")
    new = Checkpoint(note, "the proof's checkpoint")
    for checkpoint in (old, new):
        if checkpoint.origin != keys[0].name or not any(signed_by(checkpoint.note, key) for key in keys):
            raise Fault("%s is not signed by a key of the ledger" % checkpoint.label)
    hashes = [unbase64(line) for line in lines[1:]]
    if any(len(h) != 32 for h in hashes) or \
            not consistency_holds(old.size, old.root, new.size, new.root, hashes):
        raise Fault("the later ledger does not hold the earlier one")
    print("the first %d of %d entries are unchanged" % (old.size, new.size))


def ask_archive(arguments, keys):
    entries = archive_read(arguments.file, keys)
    for seq, line in entries.items():
        entry_check(line, seq, keys[0].name)
    print("entries %d to %d" % (min(entries), max(entries)))


def main():
    parser = argparse.ArgumentParser(description="Verifies a ledger of pam_medgl.")
    parser.add_argument("--vkey", required=True)
    commands = parser.add_subparsers(required=True)
    for name, run, more in (("export", ask_export, ()), ("checkpoint", ask_checkpoint, ()), ("archive", ask_archive, ()),
                            ("inclusion", ask_inclusion, ("lines",)), ("consistency", ask_consistency, ("old",))):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("file")
        for word in more:
            command.add_argument(word)
        if name == "export":
            command.add_argument("--archive", action="append", default=[])
            command.add_argument("--checkpoint", action="append", default=[])
            command.add_argument("--joined")
        if name in ("export", "checkpoint"):
            command.add_argument("--witness")
            command.add_argument("--quorum", type=int, default=0)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments, read_keys(arguments.vkey, 1))
    except (Fault, KeyError, UnicodeDecodeError) as fault:
        print("fault: %s" % fault)
        return 5
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


sys.exit(main())
