# Passwords on the command line: what may have leaked ends at once (R12); what the rules say to a password, and one that they
# accept, are to be had without an account (R19). And no password is where somebody else could find it.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
mine() { # COMMAND...: as who owns the installation
    $user "$@"
}
admin setup --origin ward.example/1 && admin account add games --full-name 'Hanako Sato' && admin account add daemon || exit 1

# -- suspected leak ------------------------------------------------------------------------------------

issue() {
    rm -f "$mine/slip"
    admin password reset games --verified-by known-in-person --slip "$mine/slip"
}
says "there is nothing to revoke without a password" 1 'no password' password revoke games --reason x
exits "nor of somebody unknown" 3 password revoke nobody --reason x
issue
says "a password is revoked, and what is left to do is said (R12)" 0 'issue a new one' password revoke games --reason 'seen on a note'
json "the ledger says why" 0 'd["entries"][0]["kind"] == "password.revoke" and d["entries"][0]["subject"]["name"] == "games"
    and d["entries"][0]["details"]["why"] == "seen on a note"' ledger show --last 1
json "the account has none then, and is active" 0 'd["account"][0]["password"] == "none" and d["account"][0]["state"] == "active"' \
    account show games
says "and there is nothing to revoke again" 1 'no password' password revoke games --reason x
issue
json "revoking, in JSON" 0 'd["revoked"] == [{"name": "games", "uid": 5, "sessions_ended": None, "processes_ended": None, "factors_ended": None}]' \
    password revoke games --reason x
issue
if [ "$(id -u)" != 0 ] || [ -n "$user" ]; then
    says "who is not root ends no processes, and is told" 4 'only root can do that' password revoke games --reason x --sessions
    [ ! -s "$out" ] && grep -q 'no password any more nevertheless' "$err"
    verdict "the password is ended nevertheless" $?
    says "it is" 1 'no password' password revoke games --reason x
fi
exits "the ledger verifies" 0 ledger verify
if [ -n "$user" ]; then # root, in a world of processes of its own, where this machine lets us make one
    issue
    keep=$user user=
    says "root ends no processes of this machine for a private root" 2 'does not go with --root' \
        password revoke games --reason x --sessions
    json "and nothing was done" 0 'd["account"][0]["password"] != "none"' account show games
    mkdir -p "$root/etc"
    getent passwd root games > "$root/etc/passwd"
    echo 'medgl:x:65534:65534::/:/bin/false' >> "$root/etc/passwd"
    cat > "$work/world" <<-'END_OF_WORLD'
	mount --bind "$1/var/lib" /var/lib && mount --bind "$1/etc" /etc || exit 1
	shift
	setpriv --reuid=5 --regid=5 --clear-groups sh -c 'trap "" TERM HUP; while :; do sleep 1; done' &
	setpriv --reuid=5 --regid=5 --clear-groups sleep 1000 &
	setpriv --reuid=6 --regid=6 --clear-groups sleep 1000 &
	bystander=$!
	tries=1200
	until pgrep -U 5 -x sh && pgrep -U 5 -f 'sleep 1000' && pgrep -U 6 -f 'sleep 1000'; do
		[ $((tries -= 1)) -gt 0 ] || exit 1
		sleep 0.05
	done > /dev/null
	"$@" && kill -0 $bystander && [ -z "$(ps -o stat= -U 5 | grep -v Z)" ]
	END_OF_WORLD
    world() { # ARGUMENT...: medgl-admin on $root as if it were this machine
        # shellcheck disable=SC2086
        unshare -m -p -f --mount-proc sh "$work/world" "$root" "$program" --json $operator "$@" \
            > "$out" 2> "$err"
    }
    if unshare -m -p -f --mount-proc true 2> "$err"; then
        world password revoke games --reason x --sessions && python3 -IS -c '
import json, sys
revoked = json.load(open(sys.argv[1]))["revoked"][0]
sys.exit(0 if revoked["sessions_ended"] == 0 and revoked["processes_ended"] >= 2 else 1)' "$out"
        verdict "root ends all processes of the uid, those that will not too, and no others (R12)" $?
        world password revoke games --reason 'forgot them' --sessions
        verdict "also when the password was ended before" $?
        json "with an entry that names no password" 0 '"credential" not in d["entries"][0]["details"] and
            d["entries"][0]["details"]["why"] == "forgot them"' ledger show --last 1
        exits "and the ledger verifies then too" 0 ledger verify
        admin account add root && admin password reset root --verified-by known-in-person --slip "$work/roots" &&
            { world password revoke root --reason x --sessions; [ $? = 4 ] && grep -q "is root's" "$err"; }
        verdict "but not root's" $?
    fi
    rm "$root/etc/passwd"
    user=$keep
fi

# -- what the rules say --------------------------------------------------------------------------------

state() { # what is stored
    cat "$root"/var/lib/medgl/medgl.db "$root"/var/lib/medgl/medgl.db-wal | sha256sum
}
before=$(state)
printf 'Abc1!\nTr7%%kQ9z\n\ncorrect-horse7-battery-Staple\nqwertyuiop12!X\n' > "$mine/list"
printf 'Tr7\377%%kQ9z\nTr7\001%%kQ9z\r\n%01025d\nTr7%%kQ9zw\r\nＴｒ７％ｋＱ９ｚ\n' 1 >> "$mine/list"
printf 'Tr7\000%%kQ9z\nHanako5!zqKv\nTr7%%kQ9zx' >> "$mine/list"
json "what is accepted, by which rule, and what is not, and why (R13, R14, R19)" 1 \
    '[(p["line"], p["accepted"], p["rule"], p["refusal"], p["weakness"]) for p in d["passwords"]] == [
    (1, False, None, "too-short", None), (2, True, "B", None, None), (4, True, "A", None, None),
    (5, False, None, "guessable", "keyboard"), (6, False, None, "malformed", None), (7, False, None, "malformed", None),
    (8, False, None, "too-long", None), (9, True, "B", None, None), (10, False, None, "full-width", None),
    (11, False, None, "malformed", None), (12, True, "B", None, None), (13, True, "B", None, None)]' \
    password check --from "$mine/list"
json "rule B says until when, rule A never ends" 1 '[utc.fullmatch(p["until"] or "") is not None for p in d["passwords"]
    if p["accepted"]] == [True, False, True, True, True] and all(p["until"] is None for p in d["passwords"] if p["rule"] == "A")' \
    password check --from "$mine/list"
json "each refusal has a sentence, and an estimate stands where there is one" 1 '{tuple(p) for p in d["passwords"]} ==
    {("line", "accepted", "rule", "until", "refusal", "weakness", "bits", "why")} and
    all((p["why"] is None) == p["accepted"] for p in d["passwords"]) and d["passwords"][1]["bits"] > 40 and
    d["passwords"][4]["bits"] is None' password check --from "$mine/list"
json "with NAME, what is known of that person counts (R14)" 1 '[(p["refusal"], p["weakness"]) for p in d["passwords"]
    if p["line"] == 12] == [("guessable", "name")]' password check games --from "$mine/list"
says "for people: numbers of lines, reasons, a summary" 1 '^Accepted: 5. Refused: 7.$' password check --from "$mine/list"
grep -Eq '^ +5 +no .*keyboard .*neighbouring keys' "$out" && grep -Eq '^ +2 +yes +B +2[0-9-]+ [0-9:]+ ' "$out"
verdict "and until when, in the zone of the policy" $?
! grep -qaF -e 'Tr7' -e 'Abc1' -e horse -e qwerty -e Hanako "$out" "$err"
verdict "but no password" $?
exits "nobody of that name" 3 password check nobody --from "$mine/list"

mine "$program" --root "$root" password check > "$out" 2> "$err" < "$mine/list"
[ $? = 1 ] && grep -q '^Accepted: 5. Refused: 7.$' "$out"
verdict "standard input that is no terminal is read like a file" $?
printf '\357\273\277Tr7%%kQ9z' | mine "$program" --root "$root" password check > "$out" 2> "$err"
verdict "a mark of Windows at the beginning is none of the password" $?
printf '%01024d' 1 | mine "$program" --json --root "$root" password check > "$out" 2> "$err"
[ $? = 1 ] && ! grep -q too-long "$out"
verdict "1,024 bytes are not too long" $?
printf '\n\r\n' | mine "$program" --root "$root" password check > "$out" 2> "$err"
[ $? = 2 ] && [ ! -s "$out" ] && grep -q 'no password to check' "$err"
verdict "empty lines are no passwords" $?
head -c 4194305 /dev/zero | mine "$program" --root "$root" password check > "$out" 2> "$err"
[ $? = 2 ] && grep -q 'too long: it may have 4194304 bytes' "$err"
verdict "what is larger than 4 MiB is not read" $?

while IFS='|' read -r name pattern script; do
    rm -rf "$mine/odd"
    mine sh -c "cd '$mine' && $script"
    says "not believed: $name" 2 "$pattern" password check --from "$mine/odd"
done <<'END'
a file that is not there|No such file|:
one that others may write to|nobody else may write|cp list odd; chmod 602 odd
one that a group may write to|nobody else may write|cp list odd; chmod 620 odd
a directory|nobody else may write|mkdir odd
a fifo that nobody writes to|nobody else may write|mkfifo odd
a file that is too long|too long|head -c 4194305 /dev/zero > odd
END
if [ -n "$user" ]; then
    cp "$mine/list" "$work/roots-own" && chmod 600 "$work/roots-own"
    says "not believed: one that one may not read" 2 'Permission denied' password check --from "$work/roots-own"
    keep=$user user=
    chown 1 "$work/roots-own"
    says "not believed: somebody else's, by root" 2 'a file of yours' password check --from "$work/roots-own"
    user=$keep
fi

conf=$root/etc/medgl/policy.conf
printf 'profile = nist-800-63b-4\n' > "$conf"
json "another profile, other verdicts" 1 '[p["line"] for p in d["passwords"] if p["accepted"]] == [4]' \
    password check --from "$mine/list"
printf 'password_blocklist = /lists/ours\n' > "$conf"
exits "without a list that the policy names nothing is judged" 4 password check --from "$mine/list"
exits "nor generated" 4 password generate
mkdir -p "$root/lists" && printf '# ours\nTr7%%kQ9z\n' > "$root/lists/ours"
json "with it" 1 '[(p["refusal"], p["weakness"]) for p in d["passwords"]][1] == ("guessable", "blocklist")' \
    password check --from "$mine/list"
printf 'frobnicate = 1\n' > "$conf"
says "a policy with mistakes judges nothing" 4 'policy.conf:1:' password check --from "$mine/list"
says "and generates nothing" 4 'policy.conf:1:' password generate
rm "$conf"
[ "$(state)" = "$before" ]
verdict "nothing was stored and no try was counted" $?
mv "$root/var/lib/medgl/medgl.db" "$work/"
exits "no store is needed" 1 password check --from "$mine/list"
exits "except with NAME" 4 password check games --from "$mine/list"

# -- good ones -----------------------------------------------------------------------------------------

exits "generate (R19)" 0 password generate
[ "$(wc -l < "$out")" = 1 ] && [ "$(wc -c < "$out")" -ge 14 ]
verdict "one on a line" $?
exits "generate --count" 0 password generate --count 1000
[ "$(sort -u "$out" | wc -l)" = 1000 ] && [ ! -s "$err" ]
verdict "no two are the same" $?
mine "$program" --root "$root" password check < "$out" > "$work/judged" 2> "$err"
[ $? = 0 ] && grep -q '^Accepted: 1000. Refused: 0.$' "$work/judged" && ! grep -q ' B ' "$work/judged"
verdict "all of them are accepted, by rule A" $?
json "generate, in JSON" 0 'len(set(d["passwords"])) == 3 and all(re.fullmatch("[a-z2-9-]{13,}", p) for p in d["passwords"])' \
    password generate --count 3
mine "$program" --root "$root" password generate > /dev/full 2> "$err"
[ $? = 4 ] && grep -q 'could not be written' "$err"
verdict "a full device is noticed" $?
mine "$program" --root "$root" password generate >&- 2> "$err"
[ $? = 4 ]
verdict "so is a closed standard output" $?
mv "$work/medgl.db" "$root/var/lib/medgl/"

# -- on a terminal -------------------------------------------------------------------------------------

terminal() { # NAME SCRIPT COMMANDS: these in bash on a terminal; `check` in them runs the program
    printf '%s\n' "check() { $user '$program' --root '$root' password check \"\$@\"; }" "$3" > "$work/script"
    printf '%s\n' "$2" | python3 -IS "$top_srcdir/tests/system/terminal.py" -- bash "$work/script" > "$out" 2> "$err"
    verdict "$1" $?
}
echoes='stty -a | grep -Eo "(^| )-?echo( |$)"'
terminal "one is asked for, and not shown" 'see Password to check:
type Tr7%kQ9zAAA
see Accepted: 1
end 0
never Tr7' check
terminal "a refused one, with the reason" 'see Password to check:
type Abc1!
see too short
end 1
never Abc1' check
terminal "with NAME" 'see Password to check:
type Hanako5!zqKv
see your own name
end 1' 'check games'
terminal "nothing typed is no password" 'see Password to check:
type 
see There is no password
end 2' check
terminal "the end of input is no password" 'see Password to check:
press \x04
see Cancelled
end 1' check
terminal "the terminal shows what is typed again" 'see Password to check:
type Tr7%kQ9zAAA
match (^| |\n)echo
end 0' "check; $echoes"
terminal "also after Ctrl-C" 'see Password to check:
press Tr7\x03
see ended with 130
match (^| |\n)echo
end 0
never Tr7' "trap : INT; (trap - INT; check); echo ended with \$?; $echoes"
terminal "also after SIGTERM and SIGHUP" 'see Password to check:
see ended with 143
see Password to check:
see ended with 129
match (^| |\n)echo
end 0' "for s in TERM HUP; do
    bash -c '(until stty -a -F /dev/tty | grep -qe -echo\ ; do sleep 0.05; done; sleep 1; kill -'\$s' \$\$) & exec $user \"$program\" --root \"$root\" password check'
    echo ended with \$?
done 2>&1; $echoes"
terminal "also while it is stopped, and it asks anew" 'see Password to check:
press Tr7\x1a
match (^| |\n)echo
see Password to check:
type Tr7%kQ9zAAA
see Accepted: 1
end 0
never Tr7' "set -m; check; $echoes; fg"

# -- where somebody else could find one ----------------------------------------------------------------

if [ -n "$user" ]; then
    for i in $(seq 2000); do echo "Tr7%kQ9zMarker$i"; done > "$work/many"
    python3 -IS "$top_srcdir/tests/admin/secrets.py" Tr7%kQ9zMarker1000 "$program" --root "$root" --json password check \
        --from "$work/many" > "$out" 2> "$err"
    verdict "those that are checked are in pages of their own alone, not in a core, not in what ps shows" $?
    python3 -IS "$top_srcdir/tests/admin/secrets.py" - "$program" --root "$root" password generate --count 1000 > "$out" 2> "$err"
    verdict "so are generated ones" $?
    # shellcheck disable=SC2016
    python3 -IS "$top_srcdir/tests/admin/secrets.py" Tr7%kQ9zMarker1000 sh -c 'x=$(cat "$0"); while :; do echo "$x"; done' \
        "$work/many" > "$out" 2> "$err"
    [ $? = 1 ] && grep -q 'heap' "$out"
    verdict "which is where they would be seen" $?
fi
finish
