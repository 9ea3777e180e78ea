# What must not happen: a password on a screen, a slip left behind or written through a link, privilege that stays, a failed write
# that nobody hears of, damaged evidence that passes, an environment that changes behaviour.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
slip=$mine/slip
reset() { # MORE...: of daemon, into $slip
    admin password reset daemon --verified-by known-in-person --slip "$slip" "$@"
}
admin setup && admin account add daemon || exit 1

reset --note 'shown: card 12' && password=$(sed -n 's/^Password: //p' "$slip") && [ ${#password} -ge 13 ]
verdict "the issued password is in the slip (R18)" $?
! grep -q -e "$password" "$out" "$err"
verdict "and not on the screen (R02)" $?
[ "$(stat -c '%a %h %F' "$slip")" = '600 1 regular file' ] && [ "$(stat -c %u "$slip")" = "$(stat -c %u "$mine")" ]
verdict "the slip is a file of the invoking user alone" $?
grep -q '^Login name: daemon$' "$slip" && grep -q '^Valid until: 2' "$slip" && grep -q '^Host: .' "$slip"
verdict "the slip names the login, the host and the end" $?
! grep -rq -e "$password" "$root"
verdict "the password is nowhere in the installation (R10)" $?
json "who was verified how is in the ledger (R11)" 0 'd["entries"][-1]["details"]["verified_by"] == "known-in-person" and
    d["entries"][-1]["details"]["note"] == "shown: card 12" and "'"$password"'" not in json.dumps(d)' ledger show
json "account show tells of the issued one" 0 'd["account"][0]["password"] == "issued" and
    d["account"][0]["password_issued"] is True and utc.fullmatch(d["account"][0]["password_issued_until"])' account show daemon

before=$(entries)
kept=$(cat "$slip")
reset
[ $? = 2 ] && [ "$(cat "$slip")" = "$kept" ] && grep -q 'is there already: choose a new name' "$err"
verdict "a file that exists is not written over" $?
rm "$slip"
ln -s "$mine/target" "$slip"
reset
[ $? = 2 ] && [ ! -e "$mine/target" ] && [ -L "$slip" ]
verdict "nor is a link followed" $?
rm "$slip"
exits "no slip in a directory that is not there" 2 password reset daemon --verified-by known-in-person --slip "$mine/no/slip"
exits "no slip for somebody unknown" 3 password reset nobody --verified-by known-in-person --slip "$slip"
[ ! -e "$slip" ]
verdict "and none is left" $?
(ulimit -f 0 && reset) 2> "$work/killed"
status=$?
for i in $(seq 300); do [ ! -e "$slip" ] || sleep 0.1; done # its guard outlives it a moment
[ $status != 0 ] && [ ! -e "$slip" ]
verdict "killed while writing: no slip is left" $?
mv "$root/var/lib/medgl/medgl.db" "$work/"
reset
[ $? = 4 ] && [ ! -e "$slip" ]
verdict "no store: no slip is left" $?
mv "$work/medgl.db" "$root/var/lib/medgl/"
[ "$(entries)" = "$before" ]
verdict "and nothing was changed" $?

while IFS='|' read -r name arguments; do
    # shellcheck disable=SC2086
    $user "$program" --root "$root" $arguments > /dev/full 2> "$err"
    [ $? = 4 ] && grep -q 'could not be written' "$err"
    verdict "a full device is noticed: $name" $?
    # shellcheck disable=SC2086
    $user "$program" --root "$root" $arguments >&- 2> "$err"
    [ $? = 4 ]
    verdict "a closed standard output is noticed: $name" $?
done <<'END'
table|account list
JSON|account list --json
help|--help
JSON help|--help --json
export|ledger export
entries|ledger show --json
checkpoint|ledger checkpoint
END
exec 7> >(:) && wait $!
# shellcheck disable=SC2086
$user "$program" --root "$root" ledger export 2> "$err" >&7
[ $? = 4 ] && grep -q 'could not be written' "$err"
verdict "a reader that went away is noticed" $?
exec 7>&-
# shellcheck disable=SC2086
$user "$program" --root "$root" account list <&- > "$out" 2>&- && grep -q daemon "$out" && admin ledger verify
verdict "closed standard input and error harm nothing" $?

admin account list && cp "$out" "$work/plain"
# shellcheck disable=SC2086
env LC_ALL=C.UTF-8 TZ=Asia/Tokyo MEDGL_ROOT=/ ROOT=/ POSIXLY_CORRECT=1 COLUMNS=20 HOME=/nonexistent \
    SQLITE_TMPDIR=/nonexistent LIBSMARTCOLS_DEBUG=all $user "$program" --root "$root" account list > "$out" 2> "$err" &&
    cmp -s "$out" "$work/plain"
verdict "the environment changes nothing" $?
says "a name from the user's own words is made harmless" 3 'no Unix user ' account add "$(printf 'a\302\240b')"

mv "$root/etc/medgl/store.key" "$work/" && touch "$root/etc/medgl/store.key"
exits "a broken key" 4 account list
rm -f "$root/etc/medgl/store.key" && exits "a missing key" 4 report lockouts
mv "$work/store.key" "$root/etc/medgl/" && exits "its return" 0 ledger verify

damage() { # SQL
    python3 -IS -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA ignore_check_constraints=1")
assert db.execute(sys.argv[2]).rowcount > 0
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$root/var/lib/medgl/medgl.db" "$1" &&
        { [ -z "$user" ] || chown -R 65534:65534 "$root/var/lib/medgl"; }
}
$user cp -r "$root/var/lib/medgl" "$mine/good"
while IFS='|' read -r name show statement; do
    damage "$statement" 2> "$err"
    verdict "damage was done: $name" $?
    json "verify finds it: $name (R08)" 5 'd["faults"] and d["verification"][0]["verified"] is False' ledger verify
    exits "export says so: $name" "$show" ledger export
    rm -rf "$root/var/lib/medgl" && cp -a "$mine/good" "$root/var/lib/medgl"
done <<'END'
a changed entry|5|UPDATE ledger SET line = replace(line, 'known-in-person', 'unknown-in-person') WHERE seq = 2
a removed entry|5|DELETE FROM ledger WHERE seq = 1
a truncated ledger|5|DELETE FROM ledger WHERE seq = 2
a changed account|0|UPDATE account SET uid = 0
END
exits "the undamaged copy verifies" 0 ledger verify
# More than a stream keeps for later, and the last but one missing: who cannot write does not walk on and get to that.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    admin account unlock daemon --reason "$(printf '%0400d' $i)"
done
damage 'DELETE FROM ledger WHERE seq = (SELECT max(seq) - 1 FROM ledger)' 2> "$err"
# shellcheck disable=SC2086
$user "$program" --root "$root" ledger export > /dev/full 2> "$err"
[ $? = 4 ] && grep -q 'could not be written' "$err" && ! grep -q 'is missing' "$err"
verdict "a full device ends the walk" $?
says "else it gets there" 5 'is missing' ledger export
rm -rf "$root/var/lib/medgl" && cp -a "$mine/good" "$root/var/lib/medgl"

if [ -n "$user" ]; then
    user=
    exits "root works on it as its owner" 0 account list
    [ "$(find "$root/var" ! -uid 65534 ! -path "$root/var" ! -path "$root/var/lib" | wc -l)" = 0 ]
    verdict "and leaves nothing that is root's in the state" $?
    says "root's own slip is root's" 0 'An issued password' password reset daemon --verified-by video --slip "$work/slip"
    [ "$(stat -c '%u %a' "$work/slip")" = "0 600" ]
    verdict "with mode 600" $?
    python3 -IS "$top_srcdir/tests/admin/privilege.py" "$program" --root "$root" $operator account retire daemon --reason x \
        > "$out" 2> "$err"
    verdict "root is given up for good, and nobody may trace the process" $?
    mkdir "$work/guest" "$work/target" && ln -s "$work/target" "$work/guest/var" && chown -hR 65534:65534 "$work/guest"
    "$program" --root "$work/guest" --operator tester setup > "$out" 2> "$err"
    [ $? = 4 ] && [ -z "$(ls "$work/target")" ]
    verdict "in somebody's root, setup follows no link that they could not follow" $?
    # Root behind whom the kernel knows somebody: where this machine lets us say so.
    echo 1 > "$work/loginuid" && mkdir "$work/daemons" && chown 1 "$work/daemons"
    behind='mount --bind "$0" /proc/$$/loginuid && exec "$@"'
    if unshare -m sh -c "$behind" "$work/loginuid" true 2> "$err"; then
        user="unshare -m sh $work/behind $work/loginuid"
        printf '%s\n' 'mount --bind "$1" /proc/$$/loginuid && shift && exec "$@"' > "$work/behind"
        operator=
        exits "sudo: the kernel says who acts (R06)" 0 account unlock daemon --reason sudo
        json "and the ledger with it" 0 'd["entries"][0]["actor"] == {"uid": 1, "name": "daemon"} and
            "actor_asserted" not in d["entries"][0]["details"]' ledger show --last 1
        says "sudo: a false statement is refused" 1 'you are logged in as daemon' account list --operator root
        exits "sudo: a true one is not" 0 account list --operator daemon
        says "sudo: no file is made with root's rights" 2 'for daemon: Permission denied' \
            password reset daemon --verified-by video --slip "$work/slip2"
        says "sudo: nor is one read" 2 'for daemon: Permission denied' ledger verify --checkpoint /etc/shadow
        exits "sudo: the slip" 0 password reset daemon --verified-by video --slip "$work/daemons/slip"
        [ "$(stat -c '%u %a' "$work/daemons/slip")" = "1 600" ]
        verdict "belongs to the person" $?
        exits "sudo: a reset that fails" 3 password reset nobody --verified-by video --slip "$work/daemons/slip2"
        [ ! -e "$work/daemons/slip2" ]
        verdict "leaves no slip" $?
    fi
    user='setpriv --reuid=65533 --regid=65533 --clear-groups --'
    says "another user has no business there" 4 'does not belong to you' account list
    says "nor has it in setup" 4 'does not belong to you' setup
else
    mkdir "$work/theirs"
    root=/
    says "the machine's own installation is not for an ordinary user" 4 'run this as root|does not exist' account list
fi
finish
