# Every kind of refusal, by sshd, su, sudo and login: the person sees the same words and prompts, byte by byte, and the
# administrator sees which rule it was (R05 R20 R22 R23 R26 R27 R29).
. "$(dirname "$0")/inside.sh"

own=violet-Anchor-63-pepper
wrong_one=wrong-guess-one
machine_with_medgl || exit 1
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'unenrolled = deny' 'attempt_delay = 0' \
        'attempts_per_source = 3' 'attempts_per_account = 5' 'time_zone = Asia/Tokyo' "$@" > /run/policy &&
        mv /run/policy $policy
}
rules
secrets+=("$own")
settled alice "$own" && settled zoe "$own" && settled ward "$own" && person bob && person carol && sshd_begin || exit 1
printf 'Defaults timestamp_timeout=0, !lecture, passwd_tries=1\n%%sudo ALL=(ALL:ALL) ALL\n' > /etc/sudoers
sed -i /pam_faildelay/d /etc/pam.d/login # Debian's three seconds after a failure are waited often enough elsewhere
works "zoe has left for good" admin account retire zoe --reason "left the hospital" --yes
works "ward is a shared id" admin account set ward --shared yes

# -- what a host shows of one try: into the file /run/shown, without the name that was asked for -----------

show_ssh() { # NAME PASSWORD [PERSON]
    printf '%s\n' 'see Password: ' "type $2" ${3+'match [?:] $' "type $3"} 'see Permission denied' 'end 255' |
        terminal ssh -o NumberOfPasswordPrompts=1 "$1@127.0.0.1"
}
show_login() {
    printf '%s\n' 'see login: ' "type $1" 'see Password: ' "type $2" ${3+'match [?:] $' "type $3"} 'see Login incorrect' \
        'see login: ' | terminal login
}
show_su() {
    printf '%s\n' 'see Password: ' "type $2" ${3+'match [?:] $' "type $3"} 'match failure|denied' 'end 1' |
        as carol su "$1" -c true
}
show_sudo() {
    printf '%s\n' 'match password.*: $' "type $2" ${3+'match [?:] $' "type $3"} 'see sudo: ' 'end 1' | as "$1" sudo true
}
shown() { # HOST NAME PASSWORD [PERSON]
    local status
    logged_all
    lines=$(wc -l < $log)
    "show_$1" "${@:2}" > /run/shown.raw 2>&1
    status=$?
    sed "s/\b$2\b/NAME/g" /run/shown.raw > /run/shown
    logged_all
    [ -z "${4-}" ] || sed -i "s/^\(.*login name: \).*/\1ANSWER/" /run/shown
    tail -n +$((lines + 1)) $log > /run/logged
    return $status
}

# KIND: what makes a right password a wrong one, and what takes that back.
make_disabled() { admin account disable alice --reason "on leave"; }
undo_disabled() { admin account enable alice --reason "back"; }
hour() { TZ=Asia/Tokyo date -d "$1" +%H:%M; }
make_hours() { rules "hours_staff = daily $(hour '2 hours')-$(hour '3 hours')"; }
make_place() { rules 'places_staff = 10.9.0.0/16'; }
make_service() { rules 'services_staff = nothing-at-all'; }
make_calendar() { rules 'hours_staff = Mon-Sun 00:00-24:00' 'holidays = /etc/medgl/no-such-file'; }
undo_hours() { rules; }
undo_place() { rules; }
undo_service() { rules; }
undo_calendar() { rules; }
undo_locked() { admin account unlock alice --reason "asked in person"; }
make_locked() { # each host is locked by guesses through itself
    local i
    for i in 1 2 3; do
        shown "$1" alice "wrong-guess-$i" || return 1
    done
}

# A right password in that state shows what a wrong one showed, and the log says why.
same() { # HOST KIND NAME PASSWORD REASON [PERSON]
    shown "$1" "$3" "$4" "${@:6}" && cmp /run/shown "/run/wrong.$1" > $seen 2>&1
    local status=$?
    [ $status = 0 ] || diff /run/shown "/run/wrong.$1" > $seen 2>&1
    tap $status "$1, $2: nothing tells it from a wrong password (R23)"
    says "$1, $2: the log says $5" ": $5" /run/logged
}

for host in ssh login su sudo; do
    shown $host alice $wrong_one
    tap $? "$host: a wrong password is refused"
    cp /run/shown /run/wrong.$host
    works "$host: cleared" undo_locked
    for kind in disabled hours place service calendar locked; do
        make_$kind $host > $seen 2>&1
        tap $? "$host, $kind: so it is"
        reason=$kind
        [ $kind != locked ] || reason=locked-source
        same $host $kind alice "$own" $reason
        undo_$kind > $seen 2>&1
        tap $? "$host, $kind: undone"
    done
    [ $host = sudo ] || same $host "not enrolled" bob $wrong_one unknown-account
    same $host retired zoe "$own" retired
done
# su and sudo look the name up by themselves, and say so; sshd and login do not.
for host in ssh login; do
    same $host unknown nobody-at-all $wrong_one unknown-account
done

# -- a shared id asks one thing more, whatever was wrong -----------------------------------------------------

for host in ssh login su; do
    shown $host ward $wrong_one alice
    tap $? "$host, shared id: a wrong password"
    cp /run/shown /run/wrong.$host
    works "$host, shared id: cleared" admin account unlock ward --reason "asked in person"
    same $host "shared id, nobody's name" ward "$own" person nobody-at-all
    same $host "shared id, its own name" ward "$own" person ward
    works "$host, shared id: cleared" admin account unlock ward --reason "asked in person"
done

# One who says who it is comes in, and the session is that person's (R26).
persons() { # NAME...: of ward's sessions so far
    admin --json session list ward --since 2020-01-01 > /run/ward.json && python3 -c '
import json, sys
found = [s["person"] for s in json.load(open("/run/ward.json"))["sessions"]]
sys.exit(0 if sorted(p or "" for p in found) == sorted(sys.argv[1:]) else 1)' "$@"
}
converses "ssh, shared id: somebody who is known" ssh -o NumberOfPasswordPrompts=1 ward@127.0.0.1 <<-END
	see Password: 
	type $own
	match [?:] $
	type alice
	see $ 
	type exit
	end 0
END
works "is recorded" persons alice
converses "login, shared id: somebody who is known" login <<-END
	see login: 
	type ward
	see Password: 
	type $own
	match [?:] $
	type alice
	see $ 
	type exit
	end any
END
works "is recorded" persons alice alice
converses "su, shared id: somebody who is known" as carol su ward -c 'id -un' <<-END
	see Password: 
	type $own
	match [?:] $
	type alice
	see ward
	end 0
END
works "is recorded" persons alice alice alice
converses "sudo, shared id: who asked for it is known" as alice sudo -i -u ward id -un <<-END
	match password.*: $
	type $own
	see ward
	end 0
END
works "and recorded" persons alice alice alice alice
works "root is not asked" su ward -c true
works "and nobody is recorded" persons alice alice alice alice ""

# -- without a password: root's su, and a key ----------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
for name in alice zoe; do
    install -d -m 700 -o $name -g $name /home/$name/.ssh
    install -m 600 -o $name -g $name /root/.ssh/id_ed25519.pub /home/$name/.ssh/authorized_keys
done
key() { # NAME: what ssh with a key shows
    ssh -o BatchMode=yes -o PreferredAuthentications=publickey "$1@127.0.0.1" true > /run/shown.raw 2>&1
    local status=$?
    sed "s/\b$1\b/NAME/g" /run/shown.raw > /run/shown
    [ $status = 255 ]
}
works "a key lets in" ssh -o BatchMode=yes alice@127.0.0.1 true
key zoe
tap $? "a key does not let in a retired account"
cp /run/shown /run/wrong.key
for kind in disabled hours place service calendar; do
    make_$kind > $seen 2>&1
    key alice
    tap $? "nor with a key: $kind"
    cmp /run/shown /run/wrong.key > $seen 2>&1
    tap $? "and a key is told nothing either: $kind (R23)"
    undo_$kind > $seen 2>&1
done

# -- too many sessions: the password was right, and the host says in its own words that there is no session ----

open_are() { [ "$(admin session list --json 2>/dev/null | grep -c '"alice"')" = "$1" ]; }
rules 'sessions_staff = 1'
wait_for open_are 0
ssh -N -o BatchMode=yes alice@127.0.0.1 > /run/held 2>&1 &
held=$!
wait_for open_are 1
tap $? "ssh -N is a session (R29)"
lines=$(wc -l < $log)
refused "ssh: one more is refused" 255 ssh -o BatchMode=yes alice@127.0.0.1 true
refusal_logged() {
    tail -n +$((lines + 1)) $log > /run/logged
    grep -q "session refused: account alice" /run/logged
}
works "and the log says why" wait_for refusal_logged
refused "nor is ssh -N a way around it" 255 timeout 60 ssh -N -o BatchMode=yes alice@127.0.0.1
converses "login: one more ends at once" login <<-END
	see login: 
	type alice
	see Password: 
	type $own
	end any
	never $ 
END
kill $held
wait $held
wait_for open_are 0
converses "after it ended there is room again" login <<-END
	see login: 
	type alice
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END
rules

# -- account explain says the same, before anybody tries --------------------------------------------------------

explains() { # NAME EXPRESSION ARGUMENT...
    holds "account explain: $1" "$2" admin account explain "${@:3}" --json
}
say='it["explanation"][0]["reason"]'
admitted='it["explanation"][0]["admitted"]'
explains "admitted" "$admitted" alice --from 127.0.0.1 --service sshd
make_hours
explains "hours" "$say == 'hours'" alice --from 127.0.0.1 --service sshd
explains "at another time it would be admitted" "$admitted" alice --from 127.0.0.1 --service sshd \
    --at "$(TZ=Asia/Tokyo date -d '150 minutes' '+%Y-%m-%d %H:%M')"
make_place
explains "place" "$say == 'place'" alice --from 127.0.0.1 --service sshd
explains "and the rule itself" \
    '[r for r in it["rules"] if r["rule"] == "place" and r["verdict"] == "refuses" and "10.9.0.0/16" in r["says"]]' \
    alice --from 127.0.0.1 --service sshd
explains "at another place it would be admitted" "$admitted" alice --from 10.9.8.7 --service sshd
make_service
explains "service" "$say == 'service'" alice --from 127.0.0.1 --service sshd
make_calendar
explains "calendar" "$say == 'calendar'" alice --from 127.0.0.1 --service sshd
rules
explains "retired" "$say == 'retired'" zoe --from 127.0.0.1 --service sshd
make_disabled > /dev/null
explains "disabled" "$say == 'disabled'" alice --from 127.0.0.1 --service sshd
undo_disabled > /dev/null

evidence_holds login.success login.failure login.locked access.denied account.retire account.change session.refused
finish
