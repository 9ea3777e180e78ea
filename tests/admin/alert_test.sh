# Alerts through medgl-admin, with real programs in notify.d: what they get, what becomes of one that fails, hangs or leaves
# something behind, and what happens when who delivers is killed in the middle (R07).
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
seen=$work/seen # what the programs leave for the test
mkdir "$seen" && chmod 777 "$seen"
notify=$root/etc/medgl/notify.d
store=$root/var/lib/medgl

# hook NAME < script: a program of the owner's in notify.d.
hook() {
    { echo '#!/bin/sh' && cat; } > "$notify/$1" && chmod 755 "$notify/$1"
    [ -z "$user" ] || chown 65534:65534 "$notify/$1"
}
no_hooks() {
    rm -rf "$notify"/* "$seen"/*
}
# is NAME EXPRESSION: the Python EXPRESSION is true of what `alert list --all` has, as `a` and `d`.
is() {
    json "$1" 0 "(lambda a, d: $2)(d['alerts'], d['deliveries'])" alert list --all
}
times() { # FILE: how many alerts of kind test are in it; the machine's clock may have raised others
    grep -c test "$seen/$1"
}
same() { # NAME WANTED FOUND
    [ "$2" = "$3" ]
    local status=$?
    [ $status = 0 ] || echo "wanted $2, found $3" >> "$err"
    verdict "$1" $status
}
wait_for() { # COMMAND...: until it is true, a minute at most
    local round
    for round in $(seq 1200); do
        ! "$@" || return 0
        sleep 0.05
    done
    return 1
}
gone() { # PID: no process, or one that only waits for its parent
    ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

exits "setup" 0 setup --origin ward.example/1
[ -d "$notify" ] && [ "$(stat -c %a "$notify")" = 755 ]
verdict "setup makes the directory for programs" $?
printf 'alert_hook_timeout = 10 s\nalert_mail = root@localhost\n' > "$root/etc/medgl/policy.conf"
says "nothing waits" 0 'Every alert reached everybody' alert list

# -- what a program gets

hook 10-look <<END
cat > $seen/input
env > $seen/environment
for fd in /proc/self/fd/*; do readlink "\$fd"; done > $seen/files
cat /proc/self/status > $seen/status
pwd > $seen/directory
cut -d' ' -f5,6 /proc/\$\$/stat > $seen/session; echo \$\$ >> $seen/session
END
echo 'exit 1' > "$notify/README.txt"
hook .hidden <<< 'exit 1'
hook 'with space' <<< 'exit 1'
mkdir "$notify/directory"
MEDGL_SECRET=leak admin alert test
same "a test reaches everybody there is" 0 $?
is "the log and the program; what has no name for running is not run, mail and terminals belong to the machine" \
    '[x["channel"] for x in d] == ["hook 10-look", "syslog"] and all(x["state"] == "done" for x in d) and
     [x["state"] for x in a] == ["done"]'
python3 -IS - "$seen/input" "$top_srcdir/man/medgl-alerts.7" <<'END' > "$out" 2> "$err"
import json, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
page = open(sys.argv[2], encoding="utf-8").read()
alert = json.loads(text)
named = re.findall(r"(?m)^\.It Sy (\S+)", page[page.index("compares these names"):page.index("Later versions")])
assert list(alert) == named, (list(alert), named)
assert text.count("\n") == 1 and text.endswith("\n")
assert re.fullmatch(r"[0-9a-f]{32}", alert["id"]) and alert["kind"] == "test" and alert["urgent"] is False
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", alert["time"]) and alert["count"] == 1
assert alert["account"] is None and alert["source"] is None
END
verdict "it reads one JSON object, of the names that the manual has" $?
id=$(sed 's/.*"id":"\([0-9a-f]*\)".*/\1/' "$seen/input")
same "its environment is ours and no other's" \
    "LANG=C.UTF-8 MEDGL_ALERT_ID=$id MEDGL_ALERT_KIND=test PATH=/usr/sbin:/usr/bin:/sbin:/bin" \
    "$(grep -v -e '^PWD=' -e '^_=' -e '^OLDPWD=' -e '^SHLVL=' "$seen/environment" | sort | paste -sd' ')"
same "it has an input and no other file" "/dev/null /memfd:alert (deleted)" \
    "$(grep -v -e "^$seen" -e '^/proc' -e '^pipe' -e "$notify" -e '^$' "$seen/files" | sort -u | paste -sd' ')"
same "it can gain no privilege" "NoNewPrivs:	1" "$(grep NoNewPrivs "$seen/status")"
same "it has a session of its own" "$(sed -n 2p "$seen/session") $(sed -n 2p "$seen/session")" "$(sed -n 1p "$seen/session")"
same "it works in /" / "$(cat "$seen/directory")"
json "the ledger says that it was raised, and whom it reached" 0 '[e["kind"] for e in d["entries"]] == ["alert.raise",
    "alert.deliver"] and {k: v for k, v in d["entries"][1]["details"].items() if k != "actor_asserted"} == {"alert": "'"$id"'", "alert_kind": "test", "count": 1,
    "channels": "hook 10-look, syslog"}' ledger show --last 2

# -- one that fails, and then does not

no_hooks
hook 10-fails <<< "echo \$MEDGL_ALERT_KIND >> $seen/tries; [ -e $seen/good ]"
hook 20-good <<< "cat >> $seen/good-got"
says "one that fails is said" 1 'ended with status 1' alert test
is "it waits for its next try, the others are done" 'sorted((x["channel"], x["state"], x["tries"]) for x in d[2:]) ==
    sorted([("hook 10-fails", "waiting", 1), ("hook 20-good", "done", 1), ("syslog", "done", 1)])'
says "and is listed with what is wrong" 0 'hook 10-fails +waiting +1 .*it ended with status 1' alert list
admin alert deliver
same "it is not tried before its time" 1 "$(times tries)"
touch "$seen/good"
exits "retried when that is asked for" 0 alert retry
same "once more" 2 "$(times tries)"
same "the other one had it once" 1 "$(times good-got)"
is "then all of it is done" 'all(x["state"] == "done" for x in a + d)'
exits "nothing is left to be tried" 0 alert retry
says "no such alert" 3 'No alert that waits has the id 0000000' alert retry 0000000
exits "an id too short" 2 alert retry 00

# -- programs that are not to be run

no_hooks
hook 10-anybody <<< "touch $seen/ran"
chmod o+w "$notify/10-anybody"
says "one that others may write to is not run" 1 'others may write to it: chmod go-w it' alert test
chmod 755 "$notify/10-anybody" && chmod o+w "$notify"
exits "nor in a directory that others may write to" 1 alert retry
[ ! -e "$seen/ran" ]
verdict "it did not run" $?
chmod 755 "$notify"
rm "$notify/10-anybody"
exits "one that is gone is waited for no longer" 0 alert retry
is "it is dropped" 'any(x["channel"] == "hook 10-anybody" and x["state"] == "dropped" for x in d)'
ln -s /bin/true "$notify/10-link"
says "a link is no program" 1 'it is not run: it is a link' alert test
rm "$notify/10-link"
hook 10-broken <<< ''
echo '#!/no/such/interpreter' > "$notify/10-broken"
says "one that cannot be run" 1 'could not be run: No such file' alert test
rm "$notify/10-broken"
exits "and is gone" 0 alert retry

# -- programs that cannot be listed, rows that were changed, a policy that is broken

no_hooks
hook 10-late <<< "cat >> $seen/late"
chmod 0 "$notify"
says "a directory that cannot be read is said" 1 'notify.d +waiting .*cannot be read \(Permission denied\): it should' alert test
is "and the log has the alert" '("syslog", "done") in [(x["channel"], x["state"]) for x in d[-2:]]'
chmod 755 "$notify"
exits "mended, and asked for" 0 alert retry
same "the program has it too" 1 "$(times late)"
changes() { # BY: of the count of the first that waits, as somebody who has the file and not the key
    python3 -IS - "$store/medgl.db" "$1" <<'END' 2> "$err"
import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
assert d.execute("update alert set count = count + ? where id = (select id from alert where done = 0 order by first limit 1)", (int(sys.argv[2]),)).rowcount == 1
d.commit()
END
}
no_hooks
hook 10-fails <<< 'exit 1'
admin alert test
admin alert test
changes 1
verdict "an alert that waits is changed from outside" $?
hook 10-fails <<< "cat >> $seen/whole"
says "that is said" 4 'changed from outside' alert retry
same "the one behind it is told all the same" 1 "$(times whole)"
says "the list shows the others" 4 'ALERT +KIND' alert list --all
changes -1
exits "as it was" 0 alert retry
same "it is told too" 2 "$(times whole)"
no_hooks
hook 10-look <<< "cat >> $seen/straight"
mv "$root/etc/medgl/policy.conf" "$work/policy" && echo 'nonsense' > "$root/etc/medgl/policy.conf"
for again in "where the main store cannot be opened" again; do
    admin alert deliver
    [ $? = 4 ]
    verdict "$again" $?
done
same "the programs are told so, once an hour" 1 "$(grep -c '"kind":"evidence".*cannot be read or written' "$seen/straight")"
mv "$work/policy" "$root/etc/medgl/policy.conf" && rm "$store/alerts.straight"
no_hooks

# -- time, and what is left behind

no_hooks
hook 10-hangs <<END
sleep 300 & echo \$! > $seen/child
setsid sleep 300 & echo \$! > $seen/other
echo \$\$ > $seen/self
sleep 300
END
says "one that hangs is killed after its time" 1 'it took longer than 10 s, and was killed' alert test
wait_for gone "$(cat "$seen/self")" && wait_for gone "$(cat "$seen/child")" && wait_for gone "$(cat "$seen/other")"
verdict "with all that it started, in whatever session" $?
no_hooks
exits "it goes" 0 alert retry
hook 10-leaves <<END
( setsid sh -c 'echo \$\$ > $seen/leftover; exec sleep 300' & )
while [ ! -s $seen/leftover ]; do sleep 0.05; done
exit 0
END
exits "one that leaves something behind has delivered" 0 alert test
wait_for gone "$(cat "$seen/leftover")"
verdict "what it left is ended" $?
no_hooks
hook 10-deaf <<< 'exec < /dev/null; exit 0'
exits "one that does not read is no trouble" 0 alert test
no_hooks
hook 10-kills <<< 'kill -KILL $PPID; sleep 5'
says "one that kills who runs it has not delivered" 1 'the process that runs programs has ended' alert test
no_hooks
exits "and harms nothing else" 0 alert retry
hook 10-stops <<< 'kill -STOP $PPID'
hook 20-next <<< "cat >> $seen/next"
says "one that stops who runs it is not waited for" 1 'hook 10-stops +waiting .*does not answer' alert test
same "the one behind it is told" 1 "$(times next)"
is "so is the log" 'all(x["state"] == ("waiting" if x["channel"] == "hook 10-stops" else "done") for x in d[-3:])'
no_hooks
exits "it goes too" 0 alert retry
hook 10-writes <<END
( echo more >&0 ) 2> /dev/null && echo input >> $seen/wrote
ulimit -c > $seen/core
END
exits "a program" 0 alert test
same "cannot write to its input, and leaves no core" "0" "$(cat "$seen/wrote" "$seen/core" 2> /dev/null)"
no_hooks

# -- killed in the middle

no_hooks
hook 10-first <<< "cat >> $seen/first"
hook 20-second <<END
cat >> $seen/second
echo \$\$ > $seen/pid
[ -e $seen/go ] || sleep 300
END
hook 30-third <<< "cat >> $seen/third"
printf 'alert_hook_timeout = 30 s\n' > "$root/etc/medgl/policy.conf"
# shellcheck disable=SC2086
$user "$program" --root "$root" $operator alert test > "$out" 2> "$err" &
starter=$!
wait_for test -s "$seen/pid"
verdict "the second of three is under way" $?
kill -KILL $starter # setpriv became it
wait $starter 2>/dev/null
wait_for gone "$(cat "$seen/pid")"
verdict "what was under way ends with who delivers" $?
touch "$seen/go"
exits "a run after that" 0 alert deliver
same "leaves what was under way for its next try" "1 1 1" "$(times first) $(times second) $(times third)"
exits "which is made when it is asked for" 0 alert retry
same "exactly once more, and the others once" "1 2 1" "$(times first) $(times second) $(times third)"
same "under the same id" 1 "$(grep '"kind":"test"' "$seen/second" | sort -u | wc -l)"
is "then it is done" 'all(x["state"] == "done" for x in a)'

# -- what is looked for

no_hooks
printf 'minimum_free = 1024 GiB\n' > "$root/etc/medgl/policy.conf"
admin alert deliver
is "space that is short" '[x["urgent"] for x in a if x["kind"] == "space"] == [True]'
admin alert deliver
is "once within its time" '[x["count"] for x in a if x["kind"] == "space"] == [1]'
rm -f "$root/etc/medgl/policy.conf"
exits "the evidence verifies" 0 ledger verify
: > "$root/spoilt" && mv "$root/spoilt" "$store/checkpoints/00000000000000000001"
exits "and now it does not" 5 ledger verify
is "who verified knows, and nobody else is told" '[x for x in a if x["kind"] == "evidence"] == []'
rm -f "$store/verified"
admin alert deliver
is "the daily look tells" '["does not verify" in x["text"] for x in a if x["kind"] == "evidence"] == [True]'
rm -f "$store/checkpoints/00000000000000000001"
exits "whatever was delivered, the evidence verifies" 0 ledger verify

# -- checkpoints to programs, which are no alerts

no_hooks
hook 10-keeps <<END
[ "\$MEDGL_ALERT_KIND" = checkpoint ] || exit 0
cat >> $seen/checkpoints
END
hook 20-fails <<END
[ "\$MEDGL_ALERT_KIND" != checkpoint ] || { echo x >> $seen/tries; exit 1; }
END
admin alert deliver
admin ledger checkpoint && cp "$out" "$work/note"
admin alert deliver
python3 -IS -c '
import json, sys
last = [json.loads(line) for line in open(sys.argv[1])][-1]
note = open(sys.argv[2]).read()
names = {"id", "kind", "urgent", "host", "time", "last", "count", "account", "source", "text", "size", "note"}
sys.exit(0 if last["note"] == note and last["kind"] == "checkpoint" and str(last["size"]) == note.split("\n")[1] and
    set(last) == names and len(last["id"]) == 32 else 1)' "$seen/checkpoints" "$work/note" 2> "$err"
verdict "a program gets the newest checkpoint" $?
got=$(wc -l < "$seen/checkpoints") tries=$(wc -l < "$seen/tries")
admin alert deliver
admin alert deliver
same "the one that has it is left alone" "$got" "$(wc -l < "$seen/checkpoints")"
same "and the one that failed waits" "$tries" "$(wc -l < "$seen/tries")"
is "nothing of that is an alert" '[x for x in d if x["channel"] == "hook 20-fails" and x["state"] == "waiting"] == []'
rm -f "$notify/20-fails"
admin alert deliver
exits "nothing is left to hand out" 0 alert deliver
exits "the evidence verifies after that" 0 ledger verify

# -- the manual

sed -n 's/^ *X([A-Z_]*, [0-9]*, "\([a-z-]*\)", [a-z]*,.*/\1/p' "$top_srcdir/base/alert.h" | sort > "$out"
sed -n '/^\.Sh KINDS/,/^\.El/s/^\.It Sy //p' "$top_srcdir/man/medgl-alerts.7" | sort > "$err"
[ -s "$out" ] && cmp -s "$out" "$err"
verdict "medgl-alerts(7) has the kinds that there are" $?
grep -o '"[A-Z][^"]*\."' "$top_srcdir/base/alert.h" | tr -d '"' | sort > "$out"
sed -n '/^\.Sh KINDS/,/^\.El/p' "$top_srcdir/man/medgl-alerts.7" | grep '\.$' | sort > "$err"
cmp -s "$out" "$err"
verdict "with what they mean" $?
sed -n 's/^ *X([A-Z_]*, [0-9]*, "\([a-z-]*\)", true,.*/\1/p' "$top_srcdir/base/alert.h" | sort > "$out"
sed -n '/^Of these$/,/^are urgent\.$/s/^\.Sy \([a-z-]*\).*/\1/p' "$top_srcdir/man/medgl-alerts.7" | sort > "$err"
[ -s "$out" ] && cmp -s "$out" "$err"
verdict "and with those that are urgent" $?
finish
