# medgl-admin session list and end, on sessions that the engine opened for a process that lives, or was killed (R06 R29).
. "${top_srcdir:?}/tests/admin/common.sh"

cp "$top_builddir/medgl-auth" "$top_srcdir/tests/admin/session.py" "$work/" || exit 1
person=$($user id -un)
running=
trap 'for pid in $running; do kill "$pid" 2>/dev/null; done; rm -rf "$work"' EXIT

opened=0
open_session() { # SERVICE ADDRESS: one more, held by a process; its id is in $id, the process in $holder
    opened=$((opened + 1))
    mkfifo "$work/hold.$opened"
    # shellcheck disable=SC2086
    $user env PATH=/usr/bin:/bin python3 -IS "$work/session.py" "$work/medgl-auth" "$root" "$person" "$1" "$2" \
        < "$work/hold.$opened" > "$work/id.$opened" 2> "$err" &
    holder=$!
    running="$running $holder"
    exec 7> "$work/hold.$opened" # it reads from there as long as we, or what we start, have it open
    for _ in $(seq 600); do
        [ -s "$work/id.$opened" ] && break
        sleep 0.05
    done
    id=$(cat "$work/id.$opened")
}
close_session() {
    exec 7>&-
    wait "$holder"
}

admin setup --origin test.example/sessions
exits "the person is enrolled" 0 account add "$person"
printf 'kdf_memory = 19 MiB\nkdf_time = 2\nsessions_staff = 2\ntime_zone = Asia/Tokyo\n' > "$root/etc/medgl/policy.conf"

# -- list -----------------------------------------------------------------------------------------------

json "none is open" 0 'd["sessions"] == []' session list
json "nor of one account" 0 'd["sessions"] == []' session list "$person"
exits "of nobody who is enrolled" 3 session list nobody-of-that-name
exits "of two" 2 session list a b
exits "a time that is none" 2 session list --since yesterday
exits "an option of others" 2 session list --reason x

open_session sshd 192.0.2.7
json "one is open, with all that is known of it" 0 "[(s['id'], s['account'], s['class'], s['service'], s['source'],
    s['terminal'], s['state'], s['closed'], s['person']) for s in d['sessions']] ==
    [('$id', '$person', 'staff', 'sshd', '192.0.2.7', 'ssh', 'open', None, None)] and
    utc.fullmatch(d['sessions'][0]['opened']) and 0 <= d['sessions'][0]['seconds'] < 3600" session list "$person"
says "people see the beginning of its id, and how long it lasts" 0 \
    "^$(echo "$id" | cut -c1-8) +$person +staff +sshd +192.0.2.7 .* 0:[0-9]{2}:[0-9]{2} .*open" session list
close_session
json "closed, it is not listed" 0 'd["sessions"] == []' session list
json "but where it is asked for" 0 "[s['state'] for s in d['sessions']] == ['closed']" session list --since 2020-01-01
json "also with a time of day, in the zone of the site" 0 "len(d['sessions']) == 1" \
    session list --since "$(TZ=Asia/Tokyo date -d '-10 min' '+%Y-%m-%d %H:%M')"
json "not since later" 0 "d['sessions'] == []" session list --since 2099-01-01T00:00:00Z

open_session login ''
kill -KILL "$holder"
exec 7>&-
wait "$holder" 2> /dev/null
json "one whose process was killed is gone" 0 "[s['state'] for s in d['sessions']] == ['gone']" session list
open_session sshd 192.0.2.8
json "and lost, when the next one opened" 0 "sorted(s['state'] for s in d['sessions']) == ['closed', 'lost', 'open']" \
    session list --since 2020-01-01

# -- end ------------------------------------------------------------------------------------------------

exits "no id" 2 session end --reason x
exits "an id that is too short" 2 session end abcde --reason x
exits "a name is no id" 2 session end "$person" --reason x
exits "without a reason" 2 session end "$id"
exits "with an empty one" 2 session end "$id" --reason ''
exits "an id that none has" 3 session end 00000000000000000000000000000000 --reason x
json "nothing was ended" 0 "len(d['sessions']) == 1" session list
before=$(entries)
exits "not root: it is recorded, and the processes are left" 4 session end "$(echo "$id" | cut -c1-6)" --reason "left the ward"
says "which is said" 3 "No open session has the id" session end "$id" --reason again
kill -0 "$holder" 2> "$err"
verdict "its process lives" $?
json "it is ended" 0 "[s['state'] for s in d['sessions'] if s['id'] == '$id'] == ['ended']" session list --since 2020-01-01
json "with its reason in the ledger" 0 "[(e['details']['session'], e['details']['why'], e['details']['class'])
    for e in d['entries']] == [('$id', 'left the ward', 'staff')]" ledger show --kind session.end
close_session
verdict "its host may say later that it is over" $?
[ "$(entries)" = $((before + 1)) ]
verdict "which adds nothing" $?
open_session sshd 192.0.2.9
kill -KILL "$holder"
exec 7>&-
wait "$holder" 2> /dev/null
json "one without a process is ended, root or not" 0 "d['session_end'] == [{'id': '$id', 'account': '$person',
    'processes_ended': 0}]" \
    session end "$id" --reason "nobody is there"
exits "the ledger verifies" 0 ledger verify
finish
