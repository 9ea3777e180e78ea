# An emergency and a drill (R31 R32 R33), as medgl-emergency(7) tells them: each command of that page as it stands there, and what
# was printed in the hands of somebody who has nothing else: over a real sshd, and at a console.
. "$(dirname "$0")/inside.sh"

lp=/run/lp unix=unix-Password-9 own=Kazaguruma-7-mawaru vendors_own=Hotarubukuro-7-to-ame notify=/etc/medgl/notify.d
machine_with_medgl && sshd_begin && settled alice "$own" && person bob "$unix" || exit 1
secrets+=("$unix")
install -d -m 755 /usr/local/sbin && install -d -m 777 /run/told && install -d -m 700 -o medgl-notify -g medgl-notify $lp
printf '#!/bin/sh\ncat "$@" > %s/page\n' $lp | tee /usr/bin/lp > /usr/local/sbin/slips
printf '#!/bin/sh\ncat >> /run/told/all; echo >> /run/told/all\n' > $notify/10-told
chmod 755 /usr/bin/lp /usr/local/sbin/slips $notify/10-told
printf 'alert_mail = security@hospital.example\n' > $policy
printf 'account default\nhost 127.0.0.1\nport 2525\nfrom medgl@hospital.example\ntimeout 20\n' > /etc/msmtprc && chmod 644 /etc/msmtprc
install -d -m 777 /run/mailbox
python3 "$here/mailbox.py" 2525 /run/mailbox > /run/mailbox.ready &
python3 "$here/seat.py" alice /run/screen > /run/seat.ready & # the nurse who sits at a terminal meanwhile
wait_for grep -qs ready /run/mailbox.ready && wait_for grep -qs ready /run/seat.ready || exit 1
cd /root || exit 1

# -- the page of the manual ------------------------------------------------------------------------------

# The commands, one a line, as they are typed.
page=$here/../../man/medgl-emergency.7
python3 -I -c '
import re, sys
page = open(sys.argv[1], encoding="utf-8").read()
displays = re.findall(r"^\.Bd .*\n((?:(?!\.Ed).*\n)*)\.Ed", page, re.M)
lines = [line for display in displays for line in re.sub(r"\\e\n *", "", display).splitlines()]
assert len(displays) > 10 and all(line.startswith("# ") for line in lines), lines
print("\n".join(dict.fromkeys(line[2:] for line in lines)))' "$page" > /run/commands 2> $seen
tap $? "what the manual displays is commands of root's"
: > /run/done
# Who acts is said, where the kernel does not know.
medgl-admin() {
    admin "$@"
}
# manual NAME PATTERN [FROM TO]: the one command of the page that matches; one word of it may be another.
manual() {
    local command
    grep -- "$2" /run/commands > $seen
    cat $seen >> /run/done
    command=$(cat $seen)
    if [ "$(wc -l < $seen)" != 1 ]; then
        tap 1 "the manual has one command like $2"
        return
    fi
    [ $# -lt 4 ] || command=${command/"$3"/"$4"}
    eval "$command" > $seen 2>&1 < /dev/null
    tap $? "$1: $command"
}

# What medgl-alert.service does, each minute and when there is something to tell.
timer() {
    works "the timer: $1" sh -c 'medgl-admin emergency settle && medgl-admin alert deliver'
}
# carried FILE TEXT: it is there, wherever lines were broken
carried() {
    tr -d ' \r\n' < "$1" | grep -qF -- "$(tr -d ' ' <<< "$2")"
}
# mailed ID TEXT
mailed() {
    local mail
    mail=$(grep -lF "Alert:   $1" /run/mailbox/*) && carried "$mail" "$2"
}
# shown ID TEXT: on the terminal, between the alert before and the id, which is its last line
shown() {
    awk -v end="Alert:   $1" '/Alert:   / { if (index($0, end)) printf "%s", text; text = ""; next } { text = text $0 "\n" }' \
        /run/screen > /run/told/shown
    carried /run/told/shown "$2"
}
# told NAME KIND TEXT: notify.d, the system's log, terminals and mail got it, as what is urgent
told() {
    local id
    grep -F "\"kind\":\"$2\"" /run/told/all | grep -F -- "$3" > /run/told/some
    says "$1: the site's program" "$3" /run/told/some
    id=$(sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p' /run/told/some)
    works "$1: as urgent" sh -c 'test -s /run/told/some && ! grep -vF "\"urgent\":true" /run/told/some'
    works "$1: the terminals" wait_for grep -qs "Alert:   ${id:-none}" /run/screen
    works "$1: in so many words" shown "${id:-none}" "$3"
    works "$1: mail" mailed "${id:-none}" "$3"
    logged_all
    grep "^authpriv\.alert .*alert $2:" $log > /run/told/logged
    says "$1: the log, as an alarm" "$3" /run/told/logged
}
# small NAME NUMBER EXPRESSION: as counts, in the ledger of the break-glass accounts
small() {
    ledger=(--breakglass)
    counts "$@"
    ledger=()
}

# -- who has the envelope ----------------------------------------------------------------------------------

# All that they know: what the printed page says.
open_envelope() {
    name=$(sed -n 's/^Login name.*: *//p' $lp/page)
    code=$(grep -oxE ' *([0-9A-Z]{4}-){5}[0-9A-Z]{4} *' $lp/page | tr -d ' ')
    rm $lp/page
    [ "$(grep -c . <<< "$code")" = 1 ] && [ -n "$name" ] && secrets+=("$code" "${code,,}" "${code//-/}")
    tap $? "the page says a name and a code"
    slip=$(tr 'A-HJ-NP-TV-Z0-9' 'B-HJ-NP-TV-Z0-9A' <<< "${code:0:1}")${code:1} # one letter is another
}
over_ssh=(ssh -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1)
# uses NAME CODE COMMAND... < script: logs in, says who and why
uses() {
    local said=$1 steps
    steps=$(printf 'see Password: \ntype %s\nsee Your name: \ntype Hanako Suzuki\nsee Why\ntype the night duty needs the charts\n' "$2" && cat)
    shift 2
    converses "$said" "$@" <<< "$steps"
}
uses_ssh() {
    uses "$1" "$2" "${over_ssh[@]}" "$name@127.0.0.1"
}
# no_more NAME CODE [USER]: sshd says what it says to a wrong password
no_more() {
    converses "$1" "${over_ssh[@]}" "${3-$name}@127.0.0.1" <<-END
	see Password: 
	type $2
	see Permission denied
	end 255
	never Your name
	never closed
	never sealed
	END
}
# ordinary NAME STEP: at the login of an ordinary user
ordinary() {
    converses "$1" "${over_ssh[@]}" alice@127.0.0.1 <<-END
	see Password: 
	type $own
	$2
	see $ 
	type exit
	end 0
	END
}

# outsider NAME STEP: at that of somebody who is not enrolled
outsider() {
    converses "$1" "${over_ssh[@]}" bob@127.0.0.1 <<-END
	see Password: 
	type $unix
	$2
	see $ 
	type exit
	end 0
	END
}

# -- before ------------------------------------------------------------------------------------------------

manual "a user for it" '^useradd.* emergency1$'
manual "enrolled" '^medgl-admin account add emergency1'
no_more "what was never sealed opens nothing" wrong-guess-one emergency1
manual "sealed, with the page in a file" '^medgl-admin breakglass seal.*--slip'
! grep -qE '([0-9A-Z]{4}-){5}' $seen
tap $? "the screen did not show the code"
works "the file is for its maker's eyes alone" sh -c '[ "$(stat -c %a emergency1.page)" = 600 ]'
manual "printed, and removed" '^lp emergency1.page'
works "it is gone" test ! -e emergency1.page
open_envelope
first=$code
echo 'slip_program = /usr/local/sbin/slips' >> $policy
manual "sealed again, by a printer" '^medgl-admin breakglass seal emergency1$'
open_envelope
no_more "the envelope of before opens nothing" "$first"
manual "one is sealed" '^medgl-admin breakglass list'
says "the list says so" "sealed" $seen
refused "root's su is no way around the envelope" 1 su emergency1 -c true
refused "nor is sudo, which goes on where a session failed" 1 sudo -u emergency1 id
! grep -q uid= $seen
tap $? "nobody got in by it"
ordinary "in normal times nobody hears of emergencies" 'never EMERGENCY'
outsider "who is not enrolled does not, either" 'never EMERGENCY'

# -- in the night ------------------------------------------------------------------------------------------

manual "who is in charge declares it" '^medgl-admin emergency declare --criterion network-failure'
timer "everybody is told"
told "of the declaration" emergency "Dr Sato"
small "in the ledger" 1 "k == 'emergency.declare' and 'Sato' in d['decided_by']"
ordinary "each login shows it" 'see EMERGENCY 1 is declared'
outsider "also that of who is not enrolled" 'see EMERGENCY 1 is declared'

install -d -m 777 /run/night
converses "a typing error is told; capitals and hyphens do not matter; they say who they are, and do what has to be done" \
    "${over_ssh[@]}" "$name@127.0.0.1" <<-END
	see Password: 
	type $slip
	see typing error
	see Password: 
	type ${code,,}
	see you are let in
	see Your name: 
	type Hanako Suzuki
	see Why
	type the night duty needs the charts
	see EMERGENCY 1
	see $ 
	type nohup sleep 98765 > /dev/null 2>&1 &
	see $ 
	type setsid sleep 98766 < /dev/null > /dev/null 2>&1 &
	see $ 
	type sudo id -un
	see password for $name
	type ${code//-/}
	see root
	see $ 
	type sudo su -c 'id -un' alice
	see password for $name
	type $code
	see alice
	see $ 
	type sudo sh -c 'setsid sleep 98767 < /dev/null > /dev/null 2>&1 &'
	see password for $name
	type $code
	see $ 
	type exit 5
	end 5
END
small "the typing error was not counted" 0 "k == 'login.failure' and d.get('reason') == 'wrong' and s == '$name' and d.get('failures', 0) > 2"
works "what they left there goes on" wait_for sh -c "pgrep -u $name -f 'sleep 98765' && pgrep -u $name -f 'sleep 98766'"
works "so does what they started as root" wait_for pgrep -u root -xf 'sleep 98767'
uses "at the console, too" "$code" at tty1 login "$name" <<-END
	see EMERGENCY 1
	see $ 
	type exit
	end 0
END
small "who it was, and why, is written down" 2 "k == 'breakglass.person' and d['person'] == 'Hanako Suzuki' and 'charts' in d['reason']"
small "nobody is asked by sudo" 2 "k == 'breakglass.person'"
small "each use is" 5 "k == 'breakglass.use' and s == '$name' and d['drill'] == False"
small "in the emergency that was declared, and no other" 1 "k == 'emergency.declare'"
timer "everybody is told"
told "of a session that began" breakglass "began"
told "and ended" breakglass "ended"
manual "what is open" '^medgl-admin emergency status'
says "status says it" "open" $seen
holds "and who decided" 'it["emergency"][0]["state"] == "open" and it["emergency"][0]["used"] == 1 and "Sato" in it["emergency"][0]["decided_by"]' \
    medgl-admin --json emergency status
refused "an account in use is not sealed" 1 medgl-admin breakglass seal emergency1

# -- recover -----------------------------------------------------------------------------------------------

(seen=/run/night/seen.console && uses "it is told why it ends" "$code" at tty1 login "$name") > /run/night/console <<-END &
	see $ 
	type touch /run/night/at-console
	see All sessions of this account are ended now
	end any
END
console=$!
works "somebody is at the console" wait_for test -e /run/night/at-console
(seen=/run/night/seen && uses_ssh "a session that is open when it ends is ended" "$code") > /run/night/session <<-END &
	see $ 
	type setsid perl -e '\$SIG{HUP} = \$SIG{TERM} = "IGNORE"; while (1) { exit if fork; open my \$f, ">>", "/run/night/beat"; print \$f \$\$ }' &
	see $ 
	type touch /run/night/in
	match closed|hangup|Broken
	end 255
END
session=$!
works "somebody else is in over ssh" wait_for test -e /run/night/in
works "and what they started forks again and again" wait_for test -s /run/night/beat
manual "it is ended" '^medgl-admin emergency recover'
works "when it says so, all processes of the account have ended" none_runs "$name"
wait $session
cp /run/night/seen $seen
grep -q '^ok' /run/night/session
tap $? "their session ended"
wait $console
cp /run/night/seen.console $seen
grep -q '^ok' /run/night/console
tap $? "and it is said why, before it does; over ssh too, if what carries it is not ended first"
works "also what forks and ends, again and again" sh -c 'cd /run/night && test -s beat && cp beat beaten && sleep 1 && cmp beat beaten'
if [ "$(cat /proc/1/loginuid 2> /dev/null)" = 4294967295 ]; then
    works "and what they started as root with sudo" sh -c "! pgrep -u root -xf 'sleep 98767'"
else
    works "what they started as root goes on: logins are not counted here" pgrep -u root -xf 'sleep 98767'
fi
works "no session of it is open" sh -c "! medgl-admin ${operator[*]} session list | grep $name"
no_more "the envelope opens nothing any more, in the words of a wrong password" "$code"
wrong wrong-guess-two "${over_ssh[@]}" "$name@127.0.0.1"
grep -v wrong-guess $seen | sed '/Permission denied/q' > /run/night/wrong # what ends ssh comes behind that, or not
wrong "$code" "${over_ssh[@]}" "$name@127.0.0.1"
sed '/Permission denied/q' $seen | diff /run/night/wrong - > /run/night/diff
tap $? "they are the same"
refused "nor does su" 1 su "$name" -c true
timer "everybody is told"
told "of the end" emergency-over "Sato"
ordinary "what is still to be done is said at each login" \
    'see Still open: the review of emergency 1; break-glass accounts to be sealed anew: 1'

# -- afterwards --------------------------------------------------------------------------------------------

manual "the report" '^medgl-admin report emergency 1'
says "says who it was" "Hanako Suzuki" $seen
who=("${operator[@]}")
[ ${#operator[@]} = 0 ] || operator=(--operator kansa)
manual "somebody else signs it off" '^medgl-admin emergency review 1'
operator=("${who[@]}")
small "who reviewed it is written down" 1 "k == 'emergency.review'"
refused "once" 1 medgl-admin emergency review 1
ordinary "what is still to be done is a seal" 'see Still open: break-glass accounts to be sealed anew: 1'
manual "the account is sealed anew" '^medgl-admin breakglass seal.*--slip'
manual "printed, and removed" '^lp emergency1.page'
old=$code
open_envelope
no_more "the old code is refused" "$old"
ordinary "nobody hears of the emergency any more" 'never Still open'

# -- a drill -----------------------------------------------------------------------------------------------

timer "the new seal is told before the drill"
before=$(($(wc -l < /run/told/all) + 1))
manual "a drill is declared" '^medgl-admin emergency declare --drill'
ordinary "each login says that it is one" 'see DRILL, no emergency: drill 2'
outsider "also that of who is not enrolled" 'see DRILL, no emergency: drill 2'
uses_ssh "somebody opens the envelope" "$code" <<-END
	see DRILL
	see $ 
	type exit
	end 0
END
timer "everybody is told"
manual "it is ended" '^medgl-admin emergency recover'
timer "everybody is told"
told "of the end" emergency-over "DRILL: Drill 2 is over"
tail -n "+$before" /run/told/all | grep -E '"kind":"(breakglass|emergency)' > $seen
[ "$(wc -l < $seen)" -ge 3 ] && ! grep -v DRILL $seen
tap $? "each alert of it says drill"
no_more "it closes as in earnest" "$code"
small "the use is marked as one in a drill" 1 "k == 'breakglass.use' and d['drill'] == True"
manual "its report is marked" '^medgl-admin report emergency 1' 'emergency 1' 'emergency 2'
says "as one" "rill" $seen
manual "when the last one was" '^medgl-admin report drills'
says "is told" "2" $seen

manual "sealed once more" '^medgl-admin breakglass seal emergency1$'
open_envelope
groupadd --force medgl-security && usermod --append --groups medgl-security "$name"
as_operator=
[ -e /proc/self/loginuid ] || as_operator="--operator jimu"
uses_ssh "who ends it from their own login is told that they are still there" "$code" <<-END
	see $ 
	type sudo sh -c '/usr/sbin/medgl-admin $as_operator emergency recover --decided-by Sato; echo "still here"'
	see password for $name
	type $code
	see Emergency 3 is over
	see this program runs under one of them
	see tries again each minute
	see still here
	see $ 
	type exit 6
	end 6
END
no_more "and it is closed" "$code"

# -- its longest time, where cron does nothing but deliver ---------------------------------------------------

works "sealed for an emergency that nobody ends" medgl-admin breakglass seal emergency1
open_envelope
uses_ssh "its use begins one" "$code" <<-END
	see $ 
	type nohup sleep 98768 > /dev/null 2>&1 &
	see $ 
	type exit
	end 0
END
works "four days later alerts are delivered" unshare --time --fork --boottime 345600 medgl-admin alert deliver
told "of the end" emergency-over "is over, by the longest time that the policy allows"
small "which is written down" 1 "k == 'emergency.recover' and d['how'] == 'timed-out'"
no_more "the envelope opens nothing any more" "$code"
works "what they left there goes on, until it is settled" pgrep -u "$name" -f 'sleep 98768'
works "it is" medgl-admin emergency settle
works "nothing is left" none_runs "$name"

# -- maintenance days ----------------------------------------------------------------------------------------

manual "a vendor's user" '^useradd.* vendor1$'
manual "enrolled" '^medgl-admin account add vendor1'
issue vendor1 && settle vendor1 "$vendors_own" || tap 1 "a vendor has a password"
manual "a day is approved" '^medgl-admin grant add vendor1'
converses "the work is shown" "${over_ssh[@]}" vendor1@127.0.0.1 <<-END
	see Password: 
	type $vendors_own
	see replace the disk of the image server
	see $ 
	type exit
	end 0
END
manual "what is to be confirmed" '^medgl-admin report maintenance'
id=$(grep -oE '^ *[0-9a-f]{8,}' $seen | tr -d ' ')
manual "it is confirmed" '^medgl-admin maintenance confirm' ID "$id"
manual "the contract ends" '^medgl-admin maintenance end'

! grep -vxFf /run/done /run/commands > $seen
tap $? "no command of the page was left out"
works "the ledger of the break-glass accounts verifies" command medgl-admin ledger verify --breakglass
evidence_holds emergency.join
finish
