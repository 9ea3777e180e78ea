# Sessions, with Debian's sshd, su and cron: what is recorded (R06), how many there may be (R29), those
# that are lost, what ends by itself (R04), what an administrator ends, the notice across services (R21), what is heard (R07).
. "$(dirname "$0")/inside.sh"

own=amber-Compass-74-willow
machine_with_medgl && settled alice $own && person carol && sshd_begin || exit 1
admin account add carol --class staff > /run/add.log || exit 1
secrets+=($own)
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' "$@" > /run/policy && mv /run/policy $policy
}
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
install -d -m 700 -o alice -g alice /home/alice/.ssh
install -m 600 -o alice -g alice /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys
key() { # ARGUMENT...: alice's ssh, by key
    ssh -o BatchMode=yes "$@"
}
hold() { # a session without a command and a terminal, until its process $! is killed
    ssh -o BatchMode=yes -N alice@127.0.0.1 2> /dev/null &
}
# The open sessions of alice that the program says, as JSON; EXPRESSION in Python about the list `s`, as its exit status.
sessions() { # EXPRESSION [ARGUMENT...]
    admin --json session list alice "${@:2}" > /run/sessions.json && python3 -c '
import json, sys
s = json.load(open("/run/sessions.json"))["sessions"]
sys.exit(0 if eval(sys.argv[1]) else 1)' "$1"
}
session_id() { # N: of the Nth open one
    python3 -c 'import json, sys; print(json.load(open("/run/sessions.json"))["sessions"][int(sys.argv[1])]["id"])' "$1"
}
# COMMAND..., which prints its environment, succeeds, and there is a HOME in it and no TMOUT.
without_tmout() {
    "$@" > /run/env && grep -q ^HOME= /run/env && ! grep TMOUT /run/env
}
none_open() {
    sessions 'len(s) == 0'
}
rules

# -- what is a session (R06) -------------------------------------------------------------------------------------------

works "a command without a terminal" key alice@127.0.0.1 true
works "is over when it is" wait_for none_open
hold
background=$!
works "ssh -N is a session" wait_for sessions 's[0]["state"] == "open" and s[0]["service"] == "sshd"'
works "of a source and a class" sessions 's[0]["source"] == "127.0.0.1" and s[0]["class"] == "staff"'
works "whose length grows" wait_for sessions 's[0]["seconds"] >= 1 and s[0]["length"] >= "0:00:01" and s[0]["closed"] is None'
kill $background
works "and over when the client leaves" wait_for none_open
works "with its length" sessions 's[0]["state"] == "closed" and s[0]["closed"] is not None and 1 <= s[0]["seconds"] < 600' --since 2020-01-01
install -d -m 1730 /var/spool/cron/crontabs
works "not since a day to come" sessions 'len(s) == 0' --since 2099-01-01
refused "a time that is none" 2 admin session list --since yesterday
refused "of nobody who is enrolled" 3 admin session list nobody-of-that-name

# -- how many (R29) ----------------------------------------------------------------------------------------------------

rules 'sessions_staff = 2'
for i in 1 2; do
    hold
    held[i]=$!
done
works "two ssh -N are two sessions" wait_for sessions 'len(s) == 2'
refused "a third session is refused, with a right key" 255 key alice@127.0.0.1 true
refused "one without a command and a terminal too" 255 key -N alice@127.0.0.1
says "and the log says what to do" "medgl-admin session end" $log
converses "nor with the right password" ssh -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 alice@127.0.0.1 <<-END
	see Password: 
	type $own
	match ask your administrator|Permission denied|closed
	end any
END
cp /etc/pam.d/common-session /run/common-session
echo 'session optional pam_exec.so seteuid type=open_session /usr/bin/touch /run/behind' >> /etc/pam.d/common-session
converses "nor through su" as carol su alice -c true <<-END
	see Password: 
	type $own
	match cannot open session|ask your administrator
	end 1
END
refused "nothing is begun for what is refused by a module behind, such as systemd's" 1 test -e /run/behind
works "root is not kept out" su alice -c true
works "nor from those modules" test -e /run/behind
cp /run/common-session /etc/pam.d/common-session
works "still two" wait_for sessions 'len(s) == 2'
works "an own limit holds instead" admin account set alice --sessions-max 3
works "and lets in one more" key alice@127.0.0.1 true
works "the account's own goes" admin account set alice --sessions-max 0

# -- an administrator ends one -------------------------------------------------------------------------------------------

wait_for sessions 'len(s) == 2' # of the one more its client alone is gone
id=$(session_id 0)
works "an administrator ends one" admin session end "$id" --reason "left unattended"
one_left() {
    [ "$(jobs -r | grep -c 'ssh -o')" = 1 ]
}
works "its client is gone" wait_for one_left
works "the other one stays" sessions 'len(s) == 1'
refused "it is no open one any more" 3 admin session end "$id" --reason again
refused "a reason is wanted" 2 admin session end "$id"
refused "an id is wanted" 2 admin session end alice --reason x
works "there is room again" key alice@127.0.0.1 true
works "what was ended is listed so" sessions '[x["state"] for x in s if x["id"] == "'"$id"'"] == ["ended"]' --since 2020-01-01

# -- nobody says that it is over -----------------------------------------------------------------------------------------

wait_for sessions 'len(s) == 1'
one_leader() { # sshd of the sessions before may still be ending
    leader=$(pgrep -f 'sshd: alice \[priv\]') && [ "$(wc -l <<< "$leader")" = 1 ]
}
wait_for one_leader && kill -KILL "$leader"
works "a session whose process was killed is listed as gone" wait_for sessions 's[0]["state"] == "gone"'
works "without a length, which nobody knows" sessions 's[0]["seconds"] is None and not s[0]["length"]'
admin session list alice > /run/gone.list
says "and what its process had started may go on" "password revoke ACCOUNT --sessions" /run/gone.list
works "the next login" key alice@127.0.0.1 true
works "finds it lost" sessions '"lost" in [x["state"] for x in s]' --since 2020-01-01
admin session list alice --since 2020-01-01 > /run/lost.list
says "which may have left something, too" "password revoke ACCOUNT --sessions" /run/lost.list
works "without a length too" sessions 'all(x["seconds"] is None and not x["length"] for x in s if x["state"] == "lost")' --since 2020-01-01
kill "${held[@]}" 2> /dev/null
works "nothing is open" wait_for none_open

# su ends by its caller's signal, and what it started goes on: neither counted nor forgotten.
cat > /run/killed.py <<'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("su", ["su", "alice", "-c", "trap '' HUP TERM; echo begun; sleep 1001"])
def until(word):
    text = b""
    while word not in text:
        text += os.read(terminal, 1000)
until(b"Password: ")
os.write(terminal, (sys.argv[1] + "\n").encode())
until(b"begun")
os.kill(pid, 9)
os.waitpid(pid, 0)
END
works "su is killed by its caller" setpriv --reuid carol --regid carol --init-groups --reset-env python3 /run/killed.py "$own"
works "its session is gone" sessions '[x["state"] for x in s] == ["gone"]'
admin session end "$(session_id 0)" --reason "what is left" > /run/gone.end
says "an administrator is told what to do" "password revoke alice --sessions" /run/gone.end
pkill -KILL -u alice

# The engine knows who opened a session, also where the system user sees no process of others.
mount -o remount,hidepid=2 /proc
hold
background=$!
works "a session opens with hidepid" wait_for sessions 'len(s) == 1'
works "an administrator ends it" admin session end "$(session_id 0)" --reason "left unattended"
client_left() {
    ! jobs -rp | grep -qx $background
}
works "its client is gone with hidepid" wait_for client_left
mount -o remount,hidepid=0 /proc

# -- an unattended shell ends (R04) ----------------------------------------------------------------------------------------

rules 'idle_staff = 1 min'
works "the idle time is in the environment" sh -c 'ssh -o BatchMode=yes alice@127.0.0.1 env | grep -x TMOUT=60'
works "an idle time of its own" admin account set alice --idle '5 min'
works "holds instead" sh -c 'ssh -o BatchMode=yes alice@127.0.0.1 env | grep -x TMOUT=300'
works "none" admin account set alice --idle none
works "is none" without_tmout key alice@127.0.0.1 env
works "as its class" admin account set alice --idle ''
converses "and bash ends by it" as carol su alice <<-END
	see Password: 
	type $own
	see $ 
	type TMOUT=1
	match timed out waiting for input
	end any
END
works "root that steps in has none" without_tmout su alice -c env

# -- the notice, across services (R21) ---------------------------------------------------------------------------------------

works "a login by key" key alice@127.0.0.1 true
wrong guess-number-1 as carol su alice -c true
wrong guess-number-2 as carol su alice -c true
works "root's su tells nothing" sh -c 'su alice -c true 2>&1 | grep . && exit 1 || exit 0'
converses "what failed at su is told at ssh" ssh -o PubkeyAuthentication=no alice@127.0.0.1 <<-END
	see Password: 
	type $own
	match Last login: .* from 127\.0\.0\.1 \(sshd\)
	match Warning: 2 failed tries since then, the last one at .* from uid
	see $ 
	type exit
	end 0
END
converses "and once alone" as carol su - alice <<-END
	see Password: 
	type $own
	match Last login: .* from 127\.0\.0\.1 \(sshd\)
	never Warning
	see $ 
	type exit
	end 0
END

# -- cron, whose jobs are recorded, and neither counted nor refused -------------------------------------------------------------

wait_for none_open
rules 'sessions_staff = 1'
hold
background=$!
works "one session is open, which is the limit" wait_for sessions 'len(s) == 1'
echo '@reboot echo ran > /home/alice/ran' > /var/spool/cron/crontabs/alice
chown alice /var/spool/cron/crontabs/alice
chmod 600 /var/spool/cron/crontabs/alice
cron=$(command -v cron)
"$cron" -f > /run/cron.log 2>&1 &
cron=$!
works "her job runs nevertheless" wait_for test -s /home/alice/ran
kill $cron
admin ledger export > /run/ledger.export
says "and is recorded" '"service":"cron"' /run/ledger.export
kill $background
works "nothing is open at the end" wait_for none_open

# -- what administrators hear (R07) ---------------------------------------------------------------------------------------------

works "alice becomes privileged" admin account set alice --class privileged
refused "and may not come through ssh any more (R27)" 255 key alice@127.0.0.1 true
rules 'places_privileged = console, local'
converses "but by su, logged in here, where the policy has it" as carol su alice -c 'id -un' <<-END
	see Password: 
	type $own
	see alice
	end 0
END
admin ledger export > /run/ledger.export
says "an alert is raised" '"alert_kind":"privileged-login"' /run/ledger.export

evidence_holds session.open session.close session.lost session.refused session.end alert.raise
finish
