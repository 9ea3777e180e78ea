# The command line itself: what is wrong with it is said, with the nearest right word, and nothing happens. And the manual page
# says what the program says of itself.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
operator=

while IFS='|' read -r name status pattern arguments; do
    # shellcheck disable=SC2086
    says "$name" "$status" "$pattern" $arguments
done <<'END'
nothing at all|2|what shall be done|
unknown noun, close|2|did you mean "account"|acount list
unknown noun, far|2|see medgl-admin --help|frobnicate
unknown verb, close|2|did you mean "list"|account lst
unknown verb, far|2|unknown verb "frobnicate"|account frobnicate
noun without verb|2|account what|account
unknown option, close|2|did you mean "--reason"|account unlock x --raeson y
unknown option with a value|2|did you mean "--reason"|account unlock x --raeson=y
unknown option, far|2|unknown option "--frobnicate"|account list --frobnicate
short option|2|unknown option "-x"|account list -x
-h|2|did you mean "--help"|-h
-V|2|did you mean "--version"|-V
option of another verb|2|does not take --reason|account list --reason x
value missing at the end|2|--reason needs a value|account unlock x --reason
value missing before an option|2|--reason needs a value|account unlock x --reason --source y
value for an option without one|2|takes no value|account list --json=1
option given twice|2|too often|account unlock x --reason a --reason b
required option missing|2|--reason TEXT is missing|account unlock x
usage line with it|2|usage: medgl-admin account unlock NAME --reason TEXT|account unlock x
NAME missing|2|NAME is missing|account show
one word too many|2|"b" is one word too many|account show a b
one word too many after setup|2|"now" is one word too many|setup now
NAME that cannot be one|2|cannot be a login name|account show a/b
NAME like an option after --|2|cannot be a login name|account show -- -x
NAME and what stands in its place|2|either NAME or --from, not both|account add x --from f
NAME and --all|2|either NAME or --all, not both|account import x --all
neither NAME nor what stands in its place|2|NAME or --from is missing|account add
neither NAME nor --all|2|NAME or --all is missing|account import --dry-run
an option for files with NAME|2|--dry-run goes with --from alone|account add x --dry-run
an option for one person with a file|2|--reading does not go with --from|account add --from f --reading x
usage line of either|2|usage: medgl-admin account import .NAME . --all. \[--class|account import
class, close|2|did you mean "staff"|account add x --class staf
method that is no word|2|needs a word of the policy|password reset x --slip f --verified-by Passport
kind, close|2|did you mean "login.success"|ledger show --kind login.sucess
number below zero|2|number of an entry|ledger show --seq=-1
number with a tail|2|number of an entry|ledger show --seq 1x
number too long|2|number of an entry|ledger show --seq 9999999999999999999
range with too long an end|2|number of an entry|ledger show --seq 1-9999999999999999999
range that runs backwards|2|number of an entry|ledger show --seq 9-5
range with a tail|2|number of an entry|ledger show --seq 5-9-
range without a beginning|2|number of an entry|ledger show --seq=-
--last 0|2|from 1 to|ledger show --last 0
origin with a plus|2|without '\+'|setup --origin a+b
origin beyond ASCII|2|ASCII|setup --origin 病院/1
empty origin|2|1 to 255|setup --origin=
empty reason|2|--reason needs a text|account unlock x --reason=
empty operator|2|--operator needs a text|account list --operator=
--root that is not there|2|is given too often|policy show --root /
version|0|^medgl-admin \(pam_medgl\) [0-9]|--version
version, of a noun too|0|^medgl-admin \(pam_medgl\) [0-9]|account --version
help names every noun|0|^  doctor|--help
help of a noun leaves out others|0|^  account +retire|account --help
help of a verb|0|^Usage: account unlock NAME --reason TEXT \[--source SOURCE\]|account unlock --help
help of reset says who names the methods|0|the policy names the ways|password reset --help
no passwords|2|from 1 to 1000|password generate --count 0
too many passwords|2|from 1 to 1000|password generate --count 1001
a password as an argument|2|"b" is one word too many|password check a b
a NAME that may be left out|0|^Usage: password check \[NAME\] \[--from FILE\]|password check --help
sessions have no value|2|takes no value|password revoke x --reason y --sessions=z
a revocation without a reason|2|--reason TEXT is missing|password revoke x --sessions
help of a wrong verb|2|did you mean "list"|account lst --help
END

says "a reason of blanks" 2 '--reason needs a text' account unlock x --reason '   '
says "a reason of the spaces of a Japanese keyboard" 2 '--reason needs a text with a letter' account unlock x --reason '　　'
says "a reason that nobody sees" 2 '--reason needs a text with a letter' account unlock x --reason "$(printf '\u200b')"
says "a work order of dashes" 2 '--work needs a text with a letter' \
    grant add x --kind maintenance --on 2026-01-01 --work=-- --approved-by y --reason z
says "a reason with a newline" 2 'without control characters' account unlock x --reason 'a
b'
says "an escape sequence is not echoed" 2 'unknown noun "\?\[31m"' "$(printf '\033[31m')"
long=$(printf '%0300d' 1)
says "an operator too long for the ledger" 2 '--operator needs a text .* less than 256 bytes' account list --operator "$long"
says "a source too long for the ledger" 2 '--source needs a text .* less than 320 bytes' \
    account unlock x --reason x --source "$long$long"
says "an origin with white space" 2 'white space' setup --origin 'a b'

for arguments in "--help" "account --help" "account add --help" "--version"; do
    # shellcheck disable=SC2086
    json "--json $arguments" 0 'd' $arguments
done
json "the table of a noun is of that noun alone" 0 '{v["noun"] for v in d["verbs"]} == {"ledger"}' ledger --help
json "every verb has its line" 0 'all(v["usage"].startswith(v["noun"]) and v["help"] for v in d["verbs"])' --help
json "what changes something says so (R06)" 0 \
    '{v["noun"] + " " + (v["verb"] or "") for v in d["verbs"] if v["changes"]} == {"account add", "account unlock",
      "account set", "account import", "account shadow", "account disable", "account enable", "account retire",
      "password reset", "password revoke", "totp enrol", "totp import", "totp remove", "recovery issue", "recovery revoke",
      "card enrol", "card remove", "grant add", "grant revoke", "maintenance confirm", "maintenance end", "session end", "breakglass seal", "emergency declare", "emergency recover", "emergency review", "alert test",
      "key rotate", "backup create", "backup verify", "backup restore", "ledger archive", "ledger cosign", "ledger document"}' --help

admin --json --help && python3 -IS "$top_srcdir/tests/admin/manual.py" "$top_srcdir/man" < "$out" > "$err" 2>&1
verdict "medgl-admin(8) says what the program says" $?
admin --json --help && python3 -IS "$top_srcdir/tests/admin/completion.py" "$top_srcdir/dist/completion/medgl-admin" \
    < "$out" > "$err" 2>&1
verdict "so does the completion for bash" $?

# Nothing is set up: what is right goes wrong at that, or at a terminal or a file that is not there.
if command -v mandoc > /dev/null; then
    mandoc -T ascii -O width=500 "$top_srcdir/man/medgl-helpdesk.7" | python3 -IS -c '
import re, shlex, subprocess, sys
text = re.sub(".\b", "", sys.stdin.read()).replace("\\\n", " ")
lines = [shlex.split(line.strip()[7:]) for line in text.splitlines() if re.match(" *[$] sudo medgl-admin ", line)]
wrong = [line for line in lines if re.search("one word too many|unknown|did you mean|is missing|needs a (value|text)|does not take|usage:",
    subprocess.run(sys.argv[1:] + line[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stderr)]
print(len(lines), "commands; wrong:", wrong)
sys.exit(len(lines) < 10 or wrong != [])' $user "$program" --root "$root" > "$out" 2> "$err"
    verdict "the commands of medgl-helpdesk(7) are right as they are shown" $?
fi
finish
