# Many people at once: a list of them from a file, and users with the passwords that they have. What is wrong is said with its
# line, nothing is done that was not reported, no hash and no birth date comes out, and no file is believed that others could
# have changed.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
csv=$mine/people.csv
shadow=$root/etc/shadow
own() { [ -z "$user" ] || chown -h 65534:65534 "$@"; } # FILE...: of who runs the program
csv() { # FORMAT: what is in the file
    # shellcheck disable=SC2059
    printf "$1" > "$csv" && own "$csv"
}
accounts() { # how many there are
    admin --json account list && python3 -IS -c 'import json, sys; print(len(json.load(sys.stdin)["accounts"]))' < "$out"
}
add() {
    admin account add --from "$csv" "$@"
}
without_ids() { # FILE: an id may have any digits in it
    sed -E 's/[0-9a-f]{32}//g' "$1"
}
json_rows='[(r["line"], r["name"], r["result"]) for r in d["rows"]]'
admin setup || exit 1
mkdir -p "$root/etc" && own "$root/etc"

# -- a file of people (R14 R25)

csv 'name,class,full_name,reading,staff_number,birth_date\r\n
daemon,privileged,"山田, ""太郎""",やまだ　たろう,N-17,S60.4.1\r\nbin,,,,,\r\n\r\n,,,,,\r\n'
json "a dry run says what would be done" 0 "$json_rows"' == [(3, "daemon", "would-be-added"), (4, "bin", "would-be-added")]
    and d["rows"][0]["class"] == "privileged" and d["summary"][0] == {"rows": 2, "added": 2, "refused": 0, "dry_run": True}' \
    account add --from "$csv" --dry-run
[ "$(accounts)" = 0 ] && [ "$(entries)" = 1 ]
verdict "and does nothing" $?
says "in a table, for people" 0 '^ *3 +daemon +privileged +would-be-added' account add --from "$csv" --dry-run
json "they are added" 0 "$json_rows"' == [(3, "daemon", "added"), (4, "bin", "added")]' account add --from "$csv"
json "each with an entry" 0 '[(e["kind"], e["subject"]["name"], e["details"]["class"]) for e in d["entries"][1:]] ==
    [("account.add", "daemon", "privileged"), ("account.add", "bin", "staff")]' ledger show
json "with the name in the file, or that of the user database" 0 '[a["full_name"] for a in d["accounts"]] ==
    ["'"$(getent passwd bin | cut -d: -f5 | cut -d, -f1)"'", "山田, \"太郎\""]' account list
admin ledger export && ! without_ids "$out" | grep -e N-17 -e 1985 -e S60 -e やまだ
verdict "no other fact about them is in the ledger" $?
json "added already" 1 '[r["result"] for r in d["rows"]] == ["refused"] * 2 and "already" in d["rows"][0]["why"]' \
    account add --from "$csv"

before=$(entries)
while IFS='|' read -r name line pattern text; do
    csv "name,class,full_name,reading,staff_number,birth_date\n$text\nsys,,,,,\n"
    says "refused: $name" 1 "^ *$line .*refused.* $pattern" account add --from "$csv" --dry-run
    says "and nobody is added with it" 1 'Added: 0. Refused: 1' account add --from "$csv" --all-or-nothing
done <<'END'
the name is missing|2|name is missing|,staff,x,,,
no Unix user|2|no such Unix user|no-such-user-here,,,,,
no login name|2|cannot be a login name|a b,,,,,
a name with a newline|2|cannot be a login name|"sy\ns",,,,,
a class that is none|2|class must be staff|games,boss,,,,
a class of another case|2|class must be staff|games,Staff,,,,
a birth date that is none|2|not in the calendar|games,,,,,1985-02-30
a birth date to come|2|in the future|games,,,,,2999-01-01
a birth date of an American|2|like 1985-04-01|games,,,,,04/01/1985
a reading in Latin letters|2|in kana|games,,,Yamada,,
an escape sequence|2|one line of text|games,,\033[31m,,,
a name that nobody sees|2|one line of text with a letter|games,,\xe3\x80\x80,,,
a staff number with a tab|2|staff number|games,,,,1\t2,
too few fields|2|has 2 fields|games,staff
too many fields|2|has 7 fields|games,,,,,,
far too many fields|2|too many fields|games,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
a quote inside of a field|2|quote stands|games,,Yamada "T",,,
text behind a quote|2|quote stands|games,,"Yamada" T,,,
a NUL byte|2|NUL byte|ga\000mes,,,,,
the same name twice|3|stands in line 2|games,,,,,\ngames,,,,,
somebody who is enrolled|2|already|daemon,,,,,
END
csv 'name,class,full_name,reading,staff_number,birth_date\ngames,,"never closed,,,\nsys,,,,,\n'
says "refused: a quote that is never closed, at its line" 1 '^ *2 .*never closed' account add --from "$csv" --all-or-nothing
[ "$(entries)" = "$before" ]
verdict "none of that left anything" $?
csv 'name\ngames\nno-such-user-here\nman\n'
says "all or nothing: the good are left out" 1 '^ *2 +games +staff +left-out' account add --from "$csv" --all-or-nothing
[ "$(entries)" = "$before" ]
verdict "and nothing was done" $?
json "row by row: the good are added" 1 '[r["result"] for r in d["rows"]] == ["added", "refused", "added"] and
    d["summary"][0]["added"] == 2' account add --from "$csv"
json "the default of the class" 0 'd["rows"][0]["class"] == "maintenance"' \
    account add --class maintenance --dry-run --from "$(csv 'name\nlp\n' && echo "$csv")"

# -- what is no such file

while IFS='|' read -r name pattern text; do
    csv "$text"
    says "not read: $name" 2 "$pattern" account add --from "$csv"
    [ ! -s "$out" ]
    verdict "and nothing is printed" $?
done <<'END'
an empty file|nothing in it|
a header alone|nobody is in it|name,class\n
no name in the header|"name" is missing|class,full_name\nstaff,x\n
an unknown column|no column "nmae"|nmae\ndaemon\n
a column twice|"name" is there twice|name,name\ndaemon,daemon\n
columns of another case|no column "Name"|Name\ndaemon\n
semicolons|separated by commas|name;class\nlp;staff\n
a header that is broken|does not name columns|"name\nlp\n
Shift-JIS|line 2 is not UTF-8; Shift-JIS|name,full_name\nlp,\216R\223c\n
EUC-JP|not UTF-8|name,full_name\nlp,\273\263\n
UTF-16|this is UTF-16|\377\376n\000a\000m\000e\000
UTF-16 of the other kind|this is UTF-16|\376\377\000n\000a\000m\000e
UTF-16 without a mark|this is UTF-16|n\000a\000m\000e\000
END
csv '\357\273\277name,class\r\nlp,staff'
json "a byte order mark, CRLF and no newline at the end" 0 '[r["name"] for r in d["rows"]] == ["lp"]' \
    account add --dry-run --from "$csv"
exits "a file that is not there" 2 account add --from "$mine/none"
exits "a directory" 2 account add --from "$mine"
mkfifo "$mine/fifo" && own "$mine/fifo"
exits "a FIFO does not hold it up" 2 account add --from "$mine/fifo"
cp "$program" "$mine/binary" && own "$mine/binary"
exits "a program" 2 account add --from "$mine/binary"
chmod g+w "$csv"
says "one that others may write to" 2 'nobody else may write' account add --from "$csv"
chmod 644 "$csv"
{ echo name && head -c 5000000 /dev/zero | tr '\0' a; } > "$mine/huge" && own "$mine/huge"
says "a huge one" 2 'too long' account add --from "$mine/huge"
{ echo name && seq 1 20001; } > "$mine/huge" && own "$mine/huge"
says "too many rows" 2 'more than 20000 rows' account add --from "$mine/huge"
{ echo name && echo lp && seq -f 'nobody-%.0f' 1 9999; } > "$csv"
json "ten thousand rows" 1 'len(d["rows"]) == 10000 and d["rows"][0]["result"] == "would-be-added" and
    d["rows"][9999]["line"] == 10001 and d["summary"][0]["refused"] == 9999' account add --dry-run --from "$csv"
{ echo name && getent passwd | head -n 17 | cut -d: -f1; } > "$csv"
# shellcheck disable=SC2086
python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" $operator account add --dry-run \
    --from "$csv" > "$out" 2> "$err" <<-'END'
	see 16/17
	see 17/17
	see Rows: 17. Would be added: 
	end 1
END
verdict "a terminal sees how far it is" $?
says "and nothing else does" 1 'Rows: 17' account add --dry-run --from "$csv"
! grep -q /17 "$out" "$err"
verdict "neither in its report nor in its messages" $?
csv 'name\nlp\n'
if $user test -w /dev/full; then
    # shellcheck disable=SC2086
    $user "$program" --root "$root" $operator account add --dry-run --from "$csv" > /dev/full 2> "$err"
    [ $? = 4 ]
    verdict "a report that cannot be written is no success" $?
fi

# -- what is known of one person (R14)

json "facts at the enrolment" 0 'd["account"][0]["full_name"] == "Print"' account add lp --full-name Print --reading 'プリント' \
    --staff-number 9 --birth-date 1985/4/1
says "a fact that cannot be" 2 'not in the calendar; nothing was changed' account add news --birth-date 1985-04-31
exits "left nobody" 3 account show news
says "facts are changed" 0 'lp: changed' account set lp --full-name '' --birth-date H1.1.8 --class privileged
json "the ledger names them and their class alone" 0 '[e["details"][k] for e in d["entries"] for k in ("fields", "class")] ==
    ["class full_name birth_date", "privileged"] and "1989" not in json.dumps({**d["entries"][0], "subject": None})' ledger show --last 1
json "the account has them" 0 'd["account"][0]["full_name"] is None and d["account"][0]["class"] == "privileged"' account show lp
says "nothing to change" 1 'nothing to change' account set lp --class privileged
says "places that leave out who is logged in already are warned of" 0 'lp: these places leave out who is logged in' \
    account set lp --places 10.1.0.0/16
admin account set lp --places '10.1.0.0/16, own' && ! grep -q 'leave out' "$err"
verdict "others are not" $?
says "nothing said" 2 'Say what to change' account set lp
says "nobody to change" 3 'not enrolled' account set news --class staff
says "a fact with control characters" 2 'without control characters' account set lp --staff-number "$(printf 'a\033b')"
admin ledger export && ! without_ids "$out" | grep -e プリント -e 1985
verdict "no fact is in the ledger" $?

# -- the passwords that people have (R19)

hash=$(openssl passwd -6 Kazaguruma-7-mawaru)
other=$(openssl passwd -1 Minato.no-4-gatsu)
shadow() { # the lines of the shadow file
    cat > "$shadow" && chmod 640 "$shadow" && own "$shadow"
}
exits "no shadow file" 4 account import --all
shadow <<END
root:$hash:20000:0:99999:7:::
# a comment

sync:$hash:20000:0:99999:7:::
uucp:*:20000::::::
proxy:!$hash:20000::::::
backup::20000::::::
list:password:20000::::::
irc:$other:::::::
news:\$6\$salt:20000::::::
man:$other:20000::::::
not-in-passwd:$hash:20000::::::
sync:$other:20001::::::
broken
:$hash:1::::::
END
echo 'UID_MIN 3' > "$root/etc/login.defs" && own "$root/etc/login.defs"
admin account disable man --reason x && before=$(entries)
results='{r["name"]: r["result"] for r in d["rows"]}'
expected='{"root": "system-user", "sync": "D", "uucp": "no-hash", "proxy": "no-hash", "backup": "no-hash",
    "list": "unknown-hash", "irc": "D", "news": "unknown-hash", "man": "not-active", "not-in-passwd": "no-user", None: "no-user"}'
json "a dry run of all says what would be done" 1 "$results == $(echo "$expected" | sed s/D/would-be-done/g) and
    d['summary'][0]['done'] == 2 and d['summary'][0]['refused'] == 5" account import --all --dry-run
[ "$(entries)" = "$before" ]
verdict "and does nothing" $?
json "all are taken over" 1 "$results == $(echo "$expected" | sed s/D/done/g)" account import --all --class maintenance
json "enrolled, with the day of the Unix password" 0 'd["account"][0]["class"] == "maintenance" and
    d["account"][0]["password_set"] == "2024-10-04T00:00:00.000Z" and d["account"][0]["password_issued"] is False' account show sync
json "two entries for each, and no hash in them" 0 '[e["kind"] for e in d["entries"]] ==
    ["account.add", "password.import"] * 2 and "$" not in json.dumps(d)' ledger show --seq "$before-"
! { grep -rqF "$hash" "$root/var" || grep -rqF "$other" "$root/var"; }
verdict "no hash is readable in the store (R10)" $?
json "again: they have one" 1 "$results"'["sync"] == "has-password" and d["summary"][0]["done"] == 0' account import --all
says "one by name, for people" 1 '^sync +4 +has-password' account import sync
json "one by name, whatever the uid" 0 '[(r["name"], r["uid"], r["result"]) for r in d["rows"]] == [("root", 0, "done")]' \
    account import root
says "one without a password" 1 'no-hash' account import uucp
says "one who is in no line" 3 'no line in the shadow file' account import sys
says "one who is no Unix user" 3 'no Unix user' account import not-in-passwd
json "the evidence of it verifies (R08)" 0 'd["verification"][0]["verified"] is True' ledger verify
rm "$root/etc/login.defs"
json "people begin at uid 1000 where nothing is said" 0 \
    '{r["result"] for r in d["rows"] if r["uid"] is not None} <= {"system-user"}' \
    account import --all --dry-run --shadow "$(echo "uucp:$hash:1::::::" > "$mine/shadow" && chmod 600 "$mine/shadow" &&
        own "$mine/shadow" && echo "$mine/shadow")"
json "another file, by name" 0 'd["rows"][0]["result"] == "done"' account import uucp --shadow "$mine/shadow"

while IFS='|' read -r name mode; do
    chmod "$mode" "$mine/shadow" "$shadow"
    exits "not believed: a named file $name" 2 account import sync --shadow "$mine/shadow"
    exits "not believed: the shadow file $name" 4 account import sync
done <<'END'
that its group may write|660
that others may write|602
that everybody may read|644
END
chmod 600 "$mine/shadow" "$shadow"
ln -s "$mine/shadow" "$mine/link" && own "$mine/link"
exits "not believed: a link" 2 account import sync --shadow "$mine/link"
exits "not believed: a FIFO" 2 account import sync --shadow "$mine/fifo"
exits "not believed: a directory" 2 account import sync --shadow "$mine"
exits "not believed: a file that is not there" 2 account import sync --shadow "$mine/none"
truncate -s 17M "$mine/huge" && chmod 600 "$mine/huge" && own "$mine/huge"
exits "not believed: a huge one" 2 account import sync --shadow "$mine/huge"
chmod 600 "$mine/binary"
exits "a binary has no lines" 3 account import sync --shadow "$mine/binary"
{ head -c 200000 /dev/zero | tr '\0' 'a' && echo && echo "proxy:$hash:1::::::"; } > "$mine/shadow"
json "an endless line hides none after it" 0 'd["rows"][0]["result"] == "done"' account import proxy --shadow "$mine/shadow"
{ printf 'backup:%s\000:1::::::\n' "$hash" && printf 'list:%s:2932897::::::\n' "$hash"; } > "$mine/shadow"
exits "a NUL byte in a line" 3 account import backup --shadow "$mine/shadow"
json "a day that cannot be is no day" 0 'd["rows"][0]["result"] == "done"' account import list --shadow "$mine/shadow"
json "so the password has none" 0 'd["account"][0]["password_set"] is None' account show list

# -- locking Unix passwords, and the way back

getent passwd sync uucp proxy irc > "$root/etc/passwd" && getent group > "$root/etc/group" &&
    own "$root/etc/passwd" "$root/etc/group"
shadow <<END
sync:$hash:20000:0:99999:7:::
irc:$other:20000:0:99999:7:::
news:$hash:20000:0:99999:7:::
END
says "a Unix password is locked" 0 'sync: the Unix password is locked' account shadow sync --lock
grep -q "^sync:!" "$shadow" && grep -q "^irc:.1" "$shadow"
verdict "that one alone" $?
json "with an entry" 0 'd["entries"][0]["kind"] == "account.shadow" and d["entries"][0]["subject"]["name"] == "sync" and
    d["entries"][0]["details"]["locked"] is True' ledger show --last 1
says "and unlocked again" 0 'sync: the Unix password is unlocked' account shadow sync --unlock
grep -qF "sync:$hash:" "$shadow"
verdict "as it was" $?
json "with an entry too" 0 'd["entries"][0]["details"]["locked"] is False' ledger show --last 1
before=$(entries)
says "neither lock nor unlock" 2 '--lock or --unlock' account shadow sync
says "both" 2 '--lock or --unlock' account shadow sync --lock --unlock
says "of somebody who is not enrolled" 3 'not enrolled' account shadow sys --lock
says "of somebody whom usermod does not find" 4 'was not changed' account shadow lp --unlock
[ "$(entries)" = "$before" ]
verdict "what was not done has no entry" $?
json "not in a dry run" 0 '[r["result"] for r in d["rows"]] == ["would-be-done"]' account import news --dry-run --lock-shadow
! grep -q '!' "$shadow"
verdict "nothing was locked" $?
says "taken over, but not locked: usermod does not know the user" 4 'news .*done .*not locked' account import news --lock-shadow
json "the import stands" 0 'd["account"][0]["password"] != "none"' account show news
json "without an entry of a lock" 0 'd["entries"][0]["kind"] == "password.import"' ledger show --last 1
says "cut off before the lock: the same again says how" 1 'account shadow NAME --lock' account import news --lock-shadow
says "what another file says is not locked here" 2 'does not go with --shadow' \
    account import news --shadow "$mine/shadow" --lock-shadow
getent passwd news | sed 's/:9:/:60999:/' >> "$root/etc/passwd" && before=$(entries)
says "nor a name that has another uid now" 4 'another uid by now' account shadow news --lock
admin account disable irc --reason left
says "nor somebody's who is shut out let in" 1 'let in who was shut out' account shadow irc --unlock
says "nor locked here" 1 'usermod -L' account shadow irc --lock
[ "$(entries)" = $((before + 1)) ] && ! grep -q '!' "$shadow"
verdict "and none of that was done" $?
getent passwd nobody games >> "$root/etc/passwd" && echo "games:$hash:20000:0:99999:7:::" >> "$shadow"
json "taken over and locked" 0 'd["rows"][0]["result"] == "done" and d["summary"][0]["not_locked"] == 0' \
    account import games --lock-shadow
grep -q '^games:!' "$shadow"
verdict "in the shadow file" $?
json "in this order" 0 '[e["kind"] for e in d["entries"]] == ["password.import", "account.shadow"]' ledger show --last 2
exits "and the evidence verifies" 0 ledger verify

# -- run by root

if [ -n "$user" ]; then
    user=
    before=$(entries)
    says "root changes no Unix password in somebody's root" 2 'belongs to somebody else' account shadow sync --lock
    says "nor with an import" 2 'belongs to somebody else' account import sync --lock-shadow
    [ "$(entries)" = "$before" ] && ! grep -q '^sync:!' "$shadow"
    verdict "and nothing was done there" $?
    echo "bin:$hash:20000::::::" > "$work/target" && chmod 600 "$work/target" && rm "$shadow" && ln "$work/target" "$shadow" &&
        chown 0 "$work/target"
    exits "root reads no file in somebody's root that they could not read" 4 account import bin
    rm "$shadow" && rm -r "$root/etc/passwd" && mkdir "$work/etc" && mv "$work/target" "$work/etc/shadow"
    mv "$root/etc/medgl" "$work/etc/" && rm -r "$root/etc" && ln -s "$work/etc" "$root/etc" && chmod 711 "$work/etc"
    exits "nor through a link" 4 account import bin
    json "its own named file it reads" 0 'd["rows"][0]["result"] == "done"' account import bin --shadow "$work/etc/shadow"
    echo 'name' > "$csv" && echo sys >> "$csv" && chown 65534 "$csv"
    says "a list that belongs to somebody else is not read" 2 'yours or root' account add --from "$csv"
    echo 1 > "$work/loginuid"
    printf '%s\n' 'mount --bind "$1" /proc/$$/loginuid && shift && exec "$@"' > "$work/behind"
    if unshare -m sh "$work/behind" "$work/loginuid" true 2> "$err"; then
        user="unshare -m sh $work/behind $work/loginuid" operator=
        says "sudo: a list is read with the person's rights" 2 'for daemon: Permission denied' \
            account add --from "$work/etc/shadow"
        exits "sudo: so is a named shadow file" 2 account import sys --shadow "$work/etc/shadow"
    fi
fi
finish
