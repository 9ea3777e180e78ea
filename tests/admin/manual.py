"""Compares medgl-admin(8) with what `medgl-admin --json --help` prints on standard input: verbs with their options, exit
codes, words for options, and the kinds of medgl-ledger(5). Prints what differs. Argument: the directory of the manual."""
import json
import re
import sys

program = json.load(sys.stdin)
page = open(sys.argv[1] + "/medgl-admin.8", encoding="utf-8").read()
ledger = open(sys.argv[1] + "/medgl-ledger.5", encoding="utf-8").read()
faults = []


def differ(what, ours, theirs):
    for item in sorted(set(ours) - set(theirs)):
        faults.append(f"{what}: the manual lacks {item!r}")
    for item in sorted(set(theirs) - set(ours)):
        faults.append(f"{what}: the program lacks {item!r}")


def plain(macros):
    """One line of mdoc as the words that it shows."""
    words, closing = [], 0
    for word in macros.split():
        if word in ("It", "Ic", "Ar", "Xo", "Xc", "Cm"):
            continue
        if word == "Op":
            words.append("[")
            closing += 1
        elif word in ("Po", "Pc"):
            words.append("(" if word == "Po" else ")")
        elif word == "Oo":
            words.append("[")
        elif word == "Oc":
            words.append("]")
        elif word == "Fl":
            words.append("-")
        elif word != "Ns":
            words.append(word)
    text = " ".join(words + ["]"] * closing)
    return text.replace("[ ", "[").replace(" ]", "]").replace("( ", "(").replace(" )", ")").replace("- -", "--").replace("] ...", "]...")


# Verbs: the items that begin with .Ic, those over several lines joined.
joined = re.sub(r"\n\.Xc", "", re.sub(r"(?s)\.It Xo(.*?)\n\.Xc", lambda m: ".It " + " ".join(
    "Oo " + part[4:] + " Oc" if part.startswith(".Op") else part
    for part in m.group(1).strip().split("\n")), page))
differ("verb", [v["usage"] for v in program["verbs"]], [plain(m) for m in re.findall(r"(?m)^\.It (Ic .*)$", joined)])

everywhere = ["--" + o["option"] + (" " + o["value"] if o["value"] else "") for o in program["options"] if o["everywhere"]]
differ("option", everywhere, [plain(m) for m in re.findall(r"(?m)^\.It (Fl .*)$", page)])

codes = {f'{c["code"]} {" ".join(c["meaning"].split()[:2]).lower().rstrip(".")}' for c in program["exit_codes"]}
shown = {f'{n} {" ".join(t.split()[:2]).lower().rstrip(".")}' for n, t in re.findall(r"(?m)^\.It (\d+)\n(.*)$", page)}
differ("exit code", codes, shown)

words = [w["word"] for w in program["words"] if w["option"] != "kind"]
differ("word", words, re.findall(r"(?m)^\.Cm (\S+)", page))
kinds = [w["word"] for w in program["words"] if w["option"] == "kind"]
differ("kind", kinds, [k for k in kinds if re.search(rf"(?m)^\.\S.*\b{re.escape(k)}\b", ledger)])

# Roles: the rows of the table, and the sudoers file that comes with the product.
def roles_shown():
    shown = {}
    for noun, words, *marks in re.findall(r"(?m)^\.It (\w+) ([\w, ]+) Ta (yes|\\&-) Ta (yes|\\&-) Ta (yes|\\&-)$", page):
        for word in words.split(", "):
            shown[f"{noun} {word}"] = " ".join(r for r, mark in zip(("helpdesk", "security", "audit"), marks) if mark == "yes")
    return shown


def roles_sudoers():
    text = open(sys.argv[1] + "/../dist/sudoers.d/medgl.in", encoding="utf-8").read().replace("\\\n", " ")
    aliases = {name: re.findall(r"medgl-admin (\^.*?\$)(?=,|\s*$)", rest) for name, rest in
               re.findall(r"(?m)^Cmnd_Alias (\w+) = (.*)$", text)}
    users = {group: rest.split(", ") for group, rest in re.findall(r"(?m)^%medgl-(\w+) ALL = \(root\) (.*)$", text)}
    for group, names in users.items():
        if names[-1] != "!MEDGL_ELSEWHERE":
            faults.append(f"sudoers: {group} has --root")

    def may(group, line):
        return any(re.match(pattern, line) for name in users[group] if name[0] != "!" for pattern in aliases[name])
    return may


names = {(v["noun"] + " " + (v["verb"] or "")).strip(): v["roles"] for v in program["verbs"]}
differ("root's alone", {name for name, roles in names.items() if not roles}, {"emergency settle"})
everybody = {name for name, roles in names.items() if roles == "everybody"}
differ("role", everybody, {"setup", "doctor"})
differ("role", [f"{n}: {r or ''}" for n, r in names.items() if n not in everybody], [f"{n}: {r}" for n, r in roles_shown().items()])
may = roles_sudoers()
for name, roles in names.items():
    for group in ("helpdesk", "security", "audit"):
        wanted = name == "doctor" or (name not in everybody and group in (roles or "").split())
        for line in (name, name + " x --json"):
            if may(group, line) != wanted:
                faults.append(f"sudoers: {group} and {line!r}")

print("\n".join(faults))
sys.exit(1 if faults else 0)
