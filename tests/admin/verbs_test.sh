# Every verb on a real installation: what it does, what it prints, in text and in JSON, and with which exit code it ends.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
other=$work/mine/other
mkdir "$other"
[ -z "$user" ] || chown 65534:65534 "$other"

exits "nothing can be done before setup" 4 account list
says "setup" 0 'Set up as ward.example/1' setup --origin ward.example/1
says "setup again changes nothing" 1 'set up already' setup
says "a Unix user is enrolled, and the next step is named" 0 'password reset daemon' account add daemon
json "enrolling, in JSON" 0 'd["account"][0] == {"name": "bin", "uid": 2, "class": "privileged",
    "full_name": "山田 \"太郎\" \\o/"}' account add bin --class privileged --full-name '山田 "太郎" \o/'
says "enrolled already (R25)" 1 'daemon is enrolled already; nothing was changed' account add daemon
says "no such Unix user" 3 'create it first' account add no-such-user-here
exits "options after the name, and --option=value" 0 account add games --full-name='G' --class=maintenance
exits "a name after --" 0 account show -- games

json "account list" 0 '[a["name"] for a in d["accounts"]] == ["bin", "daemon", "games"] and
    type(d["accounts"][0]["uid"]) is int and d["accounts"][0]["last_login"] is None' account list
says "account list for people" 0 '^bin +privileged +active +none' account list
json "account show" 0 'd["account"][0]["name"] == "daemon" and d["account"][0]["password_issued"] is False and
    utc.fullmatch(d["account"][0]["enrolled"]) and d["account"][0]["due"] is None and d["sources"] == []' account show daemon
says "account show for people, in the zone of the policy" 0 '^Enrolled +[0-9-]+ [0-9:]+ [A-Z+]' account show daemon
says "account show of somebody unknown" 3 'nobody is not enrolled' account show nobody

json "disable" 0 'd["result"][0]["name"] == "daemon" and "disabled" in d["result"][0]["message"]' \
    account disable daemon --reason 'on leave "until May"'
says "disabled already" 1 'disabled already' account disable daemon --reason again
json "the reason is shown" 0 'd["account"][0]["state"] == "disabled" and
    d["account"][0]["state_reason"] == "on leave \"until May\""' account show daemon
says "a disabled account gets no password (R11)" 1 'only an active account' \
    password reset daemon --verified-by known-in-person --slip "$work/mine/slip"
[ ! -e "$work/mine/slip" ]
verdict "and no slip is left" $?
exits "enable" 0 account enable daemon --reason back
says "enabled already" 1 'not disabled' account enable daemon --reason back
json "unlock, with what was cleared" 0 'd["unlocked"] == [{"name": "daemon", "source": "192.0.2.1", "cleared": 0}]' \
    account unlock daemon --reason "called" --source 192.0.2.1
detail='d["entries"][0]["details"]'
json "the ledger has why, from where and how many" 0 \
    "$detail"'["why"] == "called" and '"$detail"'["source"] == "192.0.2.1" and '"$detail"'["cleared"] == 0' ledger show --last 1
exits "unlock, all sources" 0 account unlock daemon --reason "called again"
json "the ledger names no source then" 0 '"source" not in '"$detail" ledger show --last 1
exits "unlock somebody unknown" 3 account unlock nobody --reason x

says "retiring elsewhere than on a terminal needs --yes" 2 'confirm it with --yes' account retire games --reason left
answer() { # STATUS TEXT
    # shellcheck disable=SC2086
    python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" $operator account retire games \
        --reason left > "$out" 2> "$err" <<-END
	see Type the login name to confirm:
	type $2
	end $1
	END
}
answer 1 game
verdict "retiring is not confirmed by another word" $?
answer 0 games
verdict "retiring is confirmed by the name" $?
says "retired is for good (R25)" 1 'is for good' account enable games --reason x
says "a retired name is not enrolled again (R25)" 1 'never given out twice' account add games

json "policy show" 0 'len(d["policy"]) > 10 and all(k["value"] == k["default"] and k["set_in"] is None and k["help"]
    for k in d["policy"])' policy show
says "policy check" 0 'no mistakes' policy check
json "policy check in JSON" 0 'd["mistakes"] == []' policy check
conf=$root/etc/medgl/policy.conf
printf '# a site\nattempts_per_source = 4\n' > "$conf"
json "policy show says where a value was set" 0 '[k["set_in"] for k in d["policy"] if k["value"] == "4"
    and k["key"] == "attempts_per_source"] == ["'"$conf"':2"]' policy show
printf 'frobnicate = 1\nattempts_per_source = many\n' > "$conf"
json "policy check finds all mistakes" 1 '[m["line"] for m in d["mistakes"]] == [1, 2] and
    "frobnicate" in d["mistakes"][0]["why"]' policy check
says "policy show says them too" 4 'policy.conf:1: .*frobnicate' policy show
says "nothing works under a policy with mistakes" 4 'policy.conf:2:' account list
rm "$conf"

json "ledger show: the entries themselves" 0 'all(e["seq"] == i for i, e in enumerate(d["entries"])) and
    d["entries"][0]["kind"] == "setup" and d["entries"][1]["subject"]["name"] == "daemon"' ledger show
json "ledger show --last" 0 'len(d["entries"]) == 2 and d["entries"][1]["kind"] == "account.retire"' ledger show --last 2
json "ledger show --seq of a range, both ends included" 0 '[e["seq"] for e in d["entries"]] == [1, 2]' ledger show --seq 1-2
json "ledger show --seq of one entry" 0 '[e["seq"] for e in d["entries"]] == [2]' ledger show --seq 2
json "ledger show --seq to the end" 0 '[e["seq"] for e in d["entries"][:2]] == [3, 4] and len(d["entries"]) > 3' \
    ledger show --seq 3-
json "ledger show --seq with an end beyond the end" 0 'd["entries"][0]["seq"] == 3' ledger show --seq 3-999999999999999999
json "ledger show --seq beyond the end" 0 'd["entries"] == []' ledger show --seq 999
json "ledger show --kind" 0 '[e["subject"]["name"] for e in d["entries"]] == ["daemon", "bin", "games"]' \
    ledger show --kind account.add
json "ledger show --subject" 0 '{e["subject"]["name"] for e in d["entries"]} == {"bin"}' ledger show --subject bin
json "ledger show --kind --last" 0 '[e["subject"]["name"] for e in d["entries"]] == ["bin", "games"]' \
    ledger show --kind account.add --last 2
json "ledger show --kind --last, more than there are" 0 'len(d["entries"]) == 1' ledger show --kind setup --last 1000
says "ledger show for people" 0 '^ +1 [0-9-]+ [0-9:]+ [A-Z+].* account.add .* daemon +' ledger show
if [ "$loginuid" = 4294967295 ]; then
    json "who acted was said, not proven (R06)" 0 'all(e["actor"] == {"uid": -1, "name": "tester"} and
        e["details"]["actor_asserted"] is True for e in d["entries"])' ledger show
    operator=
    says "a change without --operator" 2 'say who acts with --operator' account unlock daemon --reason x
    exits "reading needs none" 0 account list
    asked() { # NAME SCRIPT ARGUMENT...: on a terminal, with that script of tests/system/terminal.py
        local name=$1 script=$2
        shift 2
        # shellcheck disable=SC2086
        printf '%s\n' "$script" | python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" "$@" > "$out" 2> "$err"
        verdict "$name" $?
    }
    asked "on a terminal who acts is asked for, once, before anything else (R06)" 'see given, not proven
see Who are you (login name)?
type  hanako sato
see daemon: changed
end 0' account set daemon --full-name ''
    asked "and so before other questions" 'see Who are you (login name)?
type hanako sato
see Password reset for daemon
press \x04
see nothing was changed
end 1' password reset daemon
    asked "an answer is checked as --operator is, and asked for again" "see Who are you (login name)?
type
see A name has a letter or a digit
see Who are you (login name)?
type $(printf %0300d 0)
see A name has a letter or a digit
see Who are you (login name)?
type hanako sato
see unlocked
end 0" account unlock daemon --reason asked
    json "and recorded as one (R06)" 0 'd["entries"][0]["actor"] == {"uid": -1, "name": "hanako sato"} and
        d["entries"][0]["details"]["actor_asserted"] is True and d["entries"][0]["details"]["why"] == "asked"' ledger show --last 1
    before=$(entries)
    asked "not for ever" 'see Who are you (login name)?
type
see Who are you (login name)?
type
see Who are you (login name)?
type
see A name has a letter or a digit
end 2' account unlock daemon --reason x
    asked "Ctrl-D cancels" 'see Who are you (login name)?
press \x04
see Cancelled; nothing was changed
end 1' account unlock daemon --reason x
    asked "Ctrl-C ends it" 'see Who are you (login name)?
press \x03
end -2' account unlock daemon --reason x
    asked "a program that reads JSON is not asked" 'see say who acts with --operator
end 2
never Who are you' --json account unlock daemon --reason x
    asked "nor who only reads" 'see daemon
end 0
never Who are you' account list
    [ "$(entries)" = "$before" ]
    verdict "nothing was done without an answer" $?
    operator='--operator tester'
else
    json "who acted is what the kernel says (R06)" 0 'all(e["actor"]["uid"] == '"$loginuid"' for e in d["entries"])' ledger show
    operator='--operator somebody-else'
    says "a false statement is refused" 1 'you are logged in as' account unlock daemon --reason x
    operator=
fi

admin ledger checkpoint && cp "$out" "$work/kept" && [ "$(sed -n 1p "$out")" = ward.example/1 ] &&
    [ "$(sed -n 2p "$out")" = "$(entries)" ]
verdict "ledger checkpoint prints the signed head" $?
json "ledger checkpoint in JSON" 0 'd["checkpoint"][0]["note"] == open("'"$work/kept"'").read()' ledger checkpoint
exits "one more entry" 0 account unlock daemon --reason x
json "ledger verify with a checkpoint kept elsewhere (R08)" 0 'd["verification"][0]["verified"] is True and d["faults"] == []' \
    ledger verify --checkpoint "$work/kept"
sed '2s/.*/3/' "$work/kept" > "$work/forged"
json "ledger verify with a forged one" 5 'd["verification"][0]["verified"] is False and d["faults"]' \
    ledger verify --checkpoint "$work/kept" --checkpoint "$work/forged"
exits "with a file that is not there" 2 ledger verify --checkpoint "$work/missing"
exits "with a binary" 2 ledger verify --checkpoint "$program"
keep=$root root=$other
admin setup --origin ward.example/1 && admin ledger checkpoint && cp "$out" "$work/stranger"
root=$keep
says "with that of another ledger of the same name" 5 'does not verify' ledger verify --checkpoint "$work/stranger"

admin ledger export && cp "$out" "$work/lines" && python3 -IS - "$work/lines" "$root" <<'END' > "$err" 2>&1
import base64, glob, hashlib, sys
lines = open(sys.argv[1], "rb").read()
assert lines.endswith(b"\n")
leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines[:-1].split(b"\n")]
def root(nodes):
    if len(nodes) == 1:
        return nodes[0]
    half = 1
    while half * 2 < len(nodes):
        half *= 2
    return hashlib.sha256(b"\1" + root(nodes[:half]) + root(nodes[half:])).digest()
newest = open(max(glob.glob(sys.argv[2] + "/**/checkpoints/*", recursive=True)), encoding="utf-8").read().split("\n")
assert int(newest[1]) == len(leaves), newest
assert base64.b64decode(newest[2]) == root(leaves)
END
verdict "ledger export: the exact bytes of the tree that was published" $?
json "ledger export in JSON" 0 '[json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in d["entries"]] ==
    open("'"$work/lines"'", encoding="utf-8").read().splitlines()' ledger export
json "ledger export to a file" 0 'd["result"][0]["name"].endswith("/export")' ledger export --output "$work/mine/export"
cmp -s "$work/lines" "$work/mine/export"
verdict "has the same bytes" $?
exits "and is not written over" 2 ledger export --output "$work/mine/export"
json "doctor: findings have a level, a word and a sentence" 1 '{f["level"] for f in d["findings"]} <= {"ok", "warning", "fault"}
    and all(f["check"] and f["what"] for f in d["findings"])' doctor
finish
