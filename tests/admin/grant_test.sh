# Approved exceptions on the command line, and what is said of second factors (R03, R22, R24): a waiver issues codes once, on a slip
# or a terminal; nobody approves for themself; what is over or revoked opens nothing; every act verifies.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
own() { [ -z "$user" ] || chown -h 65534:65534 "$@"; } # FILE...: of who runs the program
policy() { # LINE...
    mkdir -p "$root/etc/medgl" && printf '%s\n' "$@" > "$root/etc/medgl/policy.conf" && own "$root/etc/medgl/policy.conf"
}
day() { # how many from now on
    date -u -d "+$1 days" +%Y-%m-%dT%H:%M:%SZ
}
verifies() { # NAME: that
    exits "$1: the ledger verifies" 0 ledger verify
}
unchanged() { # NAME: the ledger is as long as $before, and there is no slip
    [ "$(entries)" = "$before" ] && ! ls "$mine"/slip* > /dev/null 2>&1
    verdict "$1: nothing was changed" $?
}
id_of() { # KIND: the id of a grant of that kind
    admin --json grant list && python3 -IS -c 'import json, sys
print(next(g["id"] for g in json.load(open(sys.argv[1]))["grants"] if g["kind"] == sys.argv[2]))' "$out" "$1"
}
add() { # NAME EXIT REGEX OPTION...: grant add games, with what every one needs
    local name=$1 status=$2 pattern=$3
    shift 3
    says "$name" "$status" "$pattern" grant add games --reason 'lost phone' "$@"
}
admin setup || exit 1
policy 'factor_required_from = 2020-01-01' 'factor_staff = required' 'factor_privileged = required' 'factor_enrol = administrator' \
    'hours_staff = holiday 00:00-00:01'
admin account add games --full-name 'Tanaka Hanako' --staff-number N-17 && admin account add daemon --class privileged &&
    admin account add bin || exit 1
soon=$(day 2)

# -- what is refused (R03)

before=$(entries)
while IFS='|' read -r name status pattern words; do
    # shellcheck disable=SC2086
    add "refused: $name" "$status" "$pattern" $words
done << END
no kind|2|--kind GRANT is missing|--until $soon --approved-by chief
a kind that is none|2|unknown kind|--kind waiver --until $soon --approved-by chief
a kind of the ledger|2|unknown kind|--kind grant.add --until $soon --approved-by chief
no end|2|--until TIME is missing|--kind out-of-hours --approved-by chief
no approver|2|--approved-by NAME is missing|--kind out-of-hours --until $soon
a waiver for nothing|2|something else instead|--kind factor-waiver --until $soon --approved-by chief
hours instead of something|2|goes with --kind factor-waiver alone|--kind out-of-hours --instead code --until $soon --approved-by chief
codes that go nowhere|2|either --slip FILE or --show|--kind factor-waiver --instead code --until $soon --approved-by chief
codes both ways|2|either --slip FILE or --show|--kind factor-waiver --instead code --until $soon --approved-by chief --show --slip $mine/slip
codes into a pipe|2|needs a terminal|--kind factor-waiver --instead code --until $soon --approved-by chief --show
a slip for nothing|2|go with --instead code alone|--kind factor-waiver --instead recovery --until $soon --approved-by chief --slip $mine/slip
no codes|2|number from 1 to 10|--kind factor-waiver --instead code --codes 0 --until $soon --approved-by chief --slip $mine/slip
too many codes|2|number from 1 to 10|--kind factor-waiver --instead code --codes 11 --until $soon --approved-by chief --slip $mine/slip
approved by whom it is for|1|cannot approve|--kind out-of-hours --until $soon --approved-by games
in capitals|1|cannot approve|--kind out-of-hours --until $soon --approved-by GAMES
in wide letters|1|cannot approve|--kind out-of-hours --until $soon --approved-by ｇａｍｅｓ
by the staff number|1|cannot approve|--kind out-of-hours --until $soon --approved-by n-17
by the parts of the name|1|cannot approve|--kind out-of-hours --until $soon --approved-by hanako_TANAKA
for too long|1|grant_max|--kind out-of-hours --until $(day 9) --approved-by chief
over already|1|over before it begins|--kind out-of-hours --until 2020-01-01 --approved-by chief
no recovery codes|1|no recovery codes left|--kind factor-waiver --instead recovery --until $soon --approved-by chief
a slip is left out with it|1|cannot approve|--kind factor-waiver --instead code --until $soon --approved-by games --slip $mine/slip
END
add "refused: the whole name" 1 'cannot approve' --kind out-of-hours --until "$soon" --approved-by 'TANAKA, Hanako'
says "refused: no reason" 2 '--reason TEXT is missing' grant add games --kind out-of-hours --until "$soon" --approved-by chief
says "refused: a waiver for no reason" 2 '--reason TEXT is missing' \
    grant add games --kind factor-waiver --instead recovery --until "$soon" --approved-by chief
exits "refused: nobody of that name" 3 grant add nosuchuser --kind out-of-hours --until "$soon" --approved-by chief --reason x
unchanged "refused"
if [ -n "$operator" ]; then # the kernel knows of nobody who could be meant
    $user "$program" --root "$root" --operator games grant add games --kind out-of-hours --until "$soon" --approved-by chief \
        --reason x > "$out" 2> "$err"
    [ $? = 1 ] && grep -q 'another person' "$err"
    verdict "refused: who gives it to themself, and names nobody who is there" $?
    $user "$program" --root "$root" --operator games grant add games --kind out-of-hours --until "$soon" --approved-by daemon \
        --reason x > "$out" 2> "$err"
    [ $? = 1 ] && grep -q 'your own account' "$err"
    verdict "nor with another person who is there: nobody acts on their own account (R08)" $?
    before=$(entries)
fi

# -- a waiver with codes

add "a waiver" 0 'The codes for games are in' --kind factor-waiver --instead code --codes 3 --until "$soon" --approved-by 'Dr Sato' \
    --slip "$mine/slip"
[ "$(grep -cE '^ *[1-3]\. [0-9A-Z]{5}-[0-9A-Z]{5}$' "$mine/slip")" = 3 ] && [ "$(stat -c %a "$mine/slip")" = 600 ]
verdict "three codes are on the slip, for its owner alone" $?
code=$(sed -n 's/^ *1\. //p' "$mine/slip")
! grep -rqa -e "$code" "$root" "$out" "$err"
verdict "and nowhere else (R10)" $?
json "it is listed" 0 'len(d["grants"]) == 1 and {k: d["grants"][0][k] for k in ("account", "kind", "instead", "state", "codes", "used",
    "approved_by", "reason")} == {"account": "games", "kind": "factor-waiver", "instead": "code", "state": "in-force", "codes": 3,
    "used": 0, "approved_by": "Dr Sato", "reason": "lost phone"} and utc.fullmatch(d["grants"][0]["until"])' grant list games
json "of nobody else" 0 'd["grants"] == []' grant list bin
json "the ledger says it" 0 '[(e["kind"], e["details"]["grant_kind"], e["details"]["codes"], e["details"]["approved_by"])
    for e in d["entries"]] == [("grant.add", "factor-waiver", 3, "Dr Sato")]' ledger show --last 1
json "account show says it" 0 'd["account"][0]["code"] == 3 and utc.fullmatch(d["account"][0]["waived_until"])
    and d["account"][0]["factor_rule"] == "required" and d["account"][0]["factor_ground"] == "class"' account show games
json "account list says it" 0 '[a["factors"] for a in d["accounts"]] == [None, None, "code 3"]' account list
verifies "a waiver"
rm -f "$mine"/slip*
before=$(entries)
add "a second one for the same time" 1 'already' --kind factor-waiver --instead code --until "$soon" --approved-by chief --slip "$mine/slip"
unchanged "a second one"
: > "$mine/slip" && own "$mine/slip"
add "a slip that is there already" 2 'slip' --kind factor-waiver --instead code --since "$(day 3)" --until "$(day 4)" --approved-by chief \
    --slip "$mine/slip"
rm -f "$mine"/slip*
add "one that begins when it ends" 0 'ends by itself' --kind factor-waiver --instead code --since "$(day 3)" --until "$(day 4)" \
    --approved-by chief --slip "$mine/slip"
json "it is ahead" 0 '[g["state"] for g in d["grants"]] == ["in-force", "ahead"]' grant list games

# -- hours (R22), and what explain says

json "closed hours" 1 'any(r["rule"] == "hours" and r["verdict"] == "refuses" for r in d["rules"])' \
    account explain games --service sshd --from 192.0.2.1
add "hours" 0 'out-of-hours' --kind out-of-hours --until "$soon" --approved-by chief
json "a grant opens them" 1 'any(r["rule"] == "hours" and r["verdict"] == "admits" and "a grant opens them" in r["says"]
    for r in d["rules"])' account explain games --service sshd --from 192.0.2.1
json "the second factor is told" 1 'd["explanation"][0]["factor_asked"] and d["explanation"][0]["factor_ground"] == "class" and
    any(r["rule"] == "second-factor" and "code (3)" in r["says"] for r in d["rules"])' \
    account explain games --service sshd --from 192.0.2.1
says "who has none is told why" 1 'second-factor +refuses' account explain daemon --service login --from tty1
json "its own rule" 0 'd["result"][0]["message"] == "daemon: changed"' account set daemon --factor none
json "asks for none" 1 'not d["explanation"][0]["factor_asked"] and d["explanation"][0]["factor_ground"] == "account"' \
    account explain daemon --service login --from tty1
exits "a rule that is none" 2 account set daemon --factor sometimes
exits "the class's again" 0 account set daemon --factor class
json "each was recorded" 0 '[e["details"]["factor"] for e in d["entries"]] == ["none", "class"]' \
    ledger show --kind account.change --subject daemon
verifies "rules"

# -- readiness (R24)

json "who is ready" 0 '[(r["account"], r["factor"], r["ready"]) for r in d["readiness"]] == [("bin", "required", False),
    ("daemon", "required", False), ("games", "required", False)] and d["summary"][0]["lacking"] == 3 and
    d["summary"][0]["administrators_lacking"] == 1 and d["summary"][0]["days_left"] == 0' report readiness
exits "nobody asks for it of one" 0 account set bin --factor none
json "who lacks one" 0 '[r["account"] for r in d["readiness"]] == ["daemon", "games"]' report readiness --lacking
says "for people" 0 'Of 3 active accounts it is asked of 2; 2 still lack one, and 1 have a waiver' report readiness
says "for spreadsheets" 0 '^daemon,privileged,required,class,0,0,0,false' report readiness --csv
policy 'factor_required_from = 2999-01-01' 'factor_staff = required'
says "the days that are left" 0 'is required from 2999-01-01 .*[0-9]{6} days are left' report readiness
says "doctor warns where it is far, and the last administrator has none" 1 'warning +factors .* from 2999-01-01 on, .*\(daemon\)' doctor
policy 'factor_required_from = 2020-01-01' 'factor_staff = required' 'factor_privileged = required'
says "the last administrator has none" 1 'fault +factors .*no privileged account has one \(daemon\)' doctor

# -- their ends

id=$(id_of factor-waiver)
exits "an id that is none" 2 grant revoke hello --reason x
exits "an id that is nobody's" 3 grant revoke ffffffff --reason x
says "revoked by the beginning of its id" 0 'revoked' grant revoke "$(printf %.8s "$id")" --reason 'phone found'
says "once" 1 'revoked already' grant revoke "$id" --reason 'phone found'
json "its codes are gone" 0 'd["account"][0]["code"] == 0 and d["account"][0]["waived_until"] is None' account show games
json "what is over is left out" 0 '[g["kind"] for g in d["grants"]] == ["factor-waiver", "out-of-hours"]' grant list games
json "unless all are asked for" 0 '[g["state"] for g in d["grants"]].count("revoked") >= 1 and
    any(g["id"] == "'"$id"'" and g["codes"] == 0 for g in d["grants"])' grant list --all
verifies "revoked"
json "disabled" 0 'True' account disable games --reason 'on leave'
json "its grants end with it" 0 'd["grants"] == []' grant list games
add "a disabled account gets none" 1 'is disabled' --kind out-of-hours --until "$soon" --approved-by chief
exits "enabled" 0 account enable games --reason 'back'
json "what was approved before stays ended" 0 'd["grants"] == []' grant list games
exits "retired" 0 account retire games --reason gone --yes
add "a retired account gets none" 1 'is retired' --kind out-of-hours --until "$soon" --approved-by chief
verifies "the account is gone"

# -- a file of people

printf 'name,factor\nman,none\nlp,sometimes\nmail,\n' > "$mine/people.csv" && own "$mine/people.csv"
json "rules on second factors in a file of people" 1 '[r["result"] for r in d["rows"]] == ["added", "refused", "added"] and
    "required, optional" in d["rows"][1]["why"]' account add --from "$mine/people.csv"
json "are there" 0 'd["account"][0]["factor"] == "none"' account show man
verifies "a file of people"
finish
