"""Compares the bash completion (argument) with what `medgl-admin --json --help` prints on standard input."""
import json
import subprocess
import sys

program = json.load(sys.stdin)
faults = []


def compare(what, expected, *words):
    script = '. "$1"; shift; COMP_WORDS=(medgl-admin "$@"); COMP_CWORD=$#; _medgl_admin; printf "%s\\n" "${COMPREPLY[@]}"'
    shown = subprocess.run(["bash", "-c", script, "bash", sys.argv[1], *words], capture_output=True, text=True, check=True)
    got = set(shown.stdout.split())
    if got != set(expected):
        faults.append(f"{what}: lacks {sorted(set(expected) - got)}, has too much: {sorted(got - set(expected))}")


everywhere = ["--" + option["option"] for option in program["options"] if option["everywhere"]]
nouns = {verb["noun"] for verb in program["verbs"]}
compare("the first word", nouns | set(everywhere), "")
for noun in nouns:
    verbs = [verb["verb"] for verb in program["verbs"] if verb["noun"] == noun and verb["verb"]]
    if verbs:
        compare(noun, verbs + ["--help"], "--root", "/x", noun, "")
for verb in program["verbs"]:
    own = ["--" + option["option"] for option in program["verb_options"]
           if (option["noun"], option["verb"]) == (verb["noun"], verb["verb"])]
    compare(verb["usage"], own + everywhere, verb["noun"], *([verb["verb"]] if verb["verb"] else []), "--")
for option in {word["option"] for word in program["words"]}:
    compare(option, [word["word"] for word in program["words"] if word["option"] == option], "ledger", "--" + option, "")

print("\n".join(faults))
sys.exit(1 if faults else 0)
