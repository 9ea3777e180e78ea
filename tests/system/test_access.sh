# Who may log in, where, when and how: rules of a class and of an account, for ssh with a password and with a key, login,
# su, sudo and cron (R05 R22 R27 R34).
. "$(dirname "$0")/inside.sh"

own=amber-Compass-74-willow
machine_with_medgl || exit 1
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' 'time_zone = Asia/Tokyo' "$@" > /run/policy &&
        mv /run/policy $policy
}
rules
secrets+=("$own")
settled alice "$own" && settled boss "$own" && person carol && sshd_begin || exit 1
admin account set boss --class privileged > /run/set.log || exit 1
for address in 10.1.0.5 10.2.0.5 203.0.113.7; do
    ip address add $address/32 dev lo
done
ip address add 2001:db8:5::7/128 dev lo nodad
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
for name in alice boss; do
    install -d -m 700 -o $name -g $name /home/$name/.ssh
    install -m 600 -o $name -g $name /root/.ssh/id_ed25519.pub /home/$name/.ssh/authorized_keys
done

server() { # ADDRESS: where sshd is reached from there
    case $1 in *:*) echo ::1 ;; *) echo 127.0.0.1 ;; esac
}
key() { # NAME ADDRESS: ssh with a key, from that address; exit status of ssh
    ssh -b "$2" -o BatchMode=yes -o PreferredAuthentications=publickey "$1@$(server "$2")" true
}
password() { # NAME ADDRESS: the same with the password; what is asked and said is the test's to see
    printf '%s\n' 'see Password: ' "type $own" 'match \$ $|Permission denied' 'press exit\r' 'end any' |
        terminal ssh -b "$2" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 "$1@$(server "$2")" > $seen 2>&1
    ! grep -q 'Permission denied' $seen
}
admits() { # YES|NO NAME COMMAND...
    local wanted=$1 name=$2 got=no
    shift 2
    "$@" > $seen 2>&1 < /dev/null && got=yes
    [ $got = "$wanted" ]
    tap $? "$name: $wanted"
}
as_su() { # carol becomes alice, with alice's password
    printf '%s\n' 'see Password: ' "type $own" 'end 0' | as carol su alice -c true
}
su_by_tty() { # the same; su takes the name of its standard input, and asks at the terminal
    printf '%s\n' 'see Password: ' "type $own" 'end 0' | as carol sh -c 'exec su alice -c true < /dev/tty'
}
su_by_console() {
    printf '%s\n' 'see Password: ' "type $own" 'end 0' |
        at ttyUSB0 setpriv --reuid carol --regid carol --init-groups --reset-env su alice -c true
}
sudo_as_alice() {
    printf '%s\n' 'match password.*: $' "type $own" 'end 0' | as alice sudo true
}
logged() { # REASON: the last refusal says it
    logged_all
    grep 'refused: ' $log | tail -n 1 > /run/refusal
    says "and the log says: $1" ": $1" /run/refusal
}

# -- places: of the class, of the account; each by its whole address -----------------------------------------

admits yes "without a rule, a key from 203.0.113.7" key alice 203.0.113.7
while IFS='|' read -r places address wanted; do
    rules "places_staff = $places"
    admits "$wanted" "places \"$places\", a key from $address" key alice "$address"
done <<-END
	10.1.0.0/16|10.1.0.5|yes
	10.1.0.0/16|10.2.0.5|no
	10.1.0.0/16|2001:db8:5::7|no
	10.1.0.0/16, 2001:db8::/32|2001:db8:5::7|yes
	2001:db8:6::/48|2001:db8:5::7|no
	203.0.113.7|203.0.113.7|yes
	127.0.0.0/8|127.0.0.9|yes
	127.0.0.9|127.0.0.9|yes
	127.0.0.1|127.0.0.9|no
	console, local|127.0.0.1|no
END
logged place
rules 'places_staff = 10.1.0.0/16'
admits yes "the password from the ward's network" password alice 10.1.0.5
admits no "and not from another one" password alice 10.2.0.5
logged 'place (the rule of its class: 10.1.0.0/16)'
works "the account gets places of its own" admin account set alice --places '10.2.0.0/16, local'
admits no "then its class's do not hold any more" key alice 10.1.0.5
logged 'place (its own rule: 10.2.0.0/16, local)'
admits yes "its own do" key alice 10.2.0.5
admits yes "local is who is logged in here: su" as_su
works "own is its owner" admin account set alice --places own
admits no "who else is logged in here is not" as_su
logged 'place (its own rule: own)'
admits yes "its owner's sudo is" sudo_as_alice
works "terminals beside the machine" admin account set alice --places 'tty*, :*'
admits no "are not for who is logged in here" as_su
admits no "su by /dev/tty, which is any terminal" su_by_tty
logged 'place (its own rule: tty*, :*)'
admits no "su by a terminal beside the machine, which its caller could open" su_by_console
logged 'place (its own rule: tty*, :*)'
works "pseudo-terminals" admin account set alice --places 'pts/*'
admits yes "are" as_su
works "and back" admin account set alice --places ''
admits no "the class's hold again" key alice 10.2.0.5
rules

# -- privileged accounts: from administration terminals alone, unless the policy says otherwise (R27) ---------

admits no "a privileged account over ssh with a key" key boss 127.0.0.1
logged place
admits no "with its password" password boss 127.0.0.1
converses "at tty1 it logs in" at tty1 login <<-END
	see login: 
	type boss
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END
su_to_boss() { # carol, who came from anywhere, becomes boss
    printf '%s\n' 'see Password: ' "type $own" 'end 0' | as carol su boss -c true
}
sudo_as_boss() {
    printf '%s\n' 'match password.*: $' "type $own" 'end 0' | as boss sudo true
}
admits no "not by su of somebody who is logged in here" su_to_boss
logged 'place (the rule of its class: console, own)'
works "root's su is the machine's" su boss -c true
admits yes "its own sudo is its own" sudo_as_boss
rules 'places_privileged = console, local'
admits yes "a site that wants it has su" su_to_boss
rules
holds "each use raises an alert (R07)" 'sum(a["count"] for a in it["alerts"] if a["kind"] == "privileged-login" and a["account"] == "boss") >= 2' \
    admin alert list --all --json
rules 'places_privileged = console, 10.1.0.5'
admits yes "an administration terminal is what the policy names" key boss 10.1.0.5
admits no "and another address is none" key boss 10.2.0.5
rules

# -- hours, in the site's zone, whatever the machine's; holidays ------------------------------------------------

hour() { # ZONE TIME
    TZ=$1 date -d "$2" +%H:%M
}
day() { # ZONE TIME
    TZ=$1 LC_ALL=C date -d "$2" +%a
}
around="daily $(hour Asia/Tokyo '1 hour ago')-$(hour Asia/Tokyo '2 hours')"
elsewhere="daily $(hour UTC '1 hour ago')-$(hour UTC '2 hours')" # these hours in Tokyo are nine hours away
today="$(day Asia/Tokyo '2 hours ago') 00:00-24:00; $(day Asia/Tokyo '2 hours') 00:00-24:00"
another="$(day Asia/Tokyo '3 days') 00:00-24:00"
printf '%s\n' "$(TZ=Asia/Tokyo date -d '2 hours ago' +%F)" "$(TZ=Asia/Tokyo date -d '2 hours' +%F)" |
    sort -u > /etc/medgl/holidays
while IFS='|' read -r name hours more wanted; do
    rules "hours_staff = $hours" "$more"
    admits "$wanted" "$name ($hours), with a key" key alice 127.0.0.1
done <<-END
	an hour before to two hours after now|$around||yes
	the same hours in another zone|$elsewhere||no
	today|$today||yes
	another day|$another||no
	a holiday is no day of the week|$today|holidays = /etc/medgl/holidays|no
	a holiday has hours of its own|$another; holiday 00:00-24:00|holidays = /etc/medgl/holidays|yes
	daily is every day|daily 00:00-24:00|holidays = /etc/medgl/holidays|yes
	always|always|holidays = /etc/medgl/holidays|yes
END
rules "hours_staff = $another"
admits no "out of hours the password does not help" password alice 127.0.0.1
logged hours
works "the account gets hours of its own" admin account set alice --hours "$around"
admits yes "they hold" password alice 127.0.0.1
works "and back" admin account set alice --hours ''
rules "hours_staff = $another"
admits no "root's su is refused too" su alice -c true
admits no "and sudo" sudo_as_alice
works "an exception is approved (R22)" admin grant add alice --kind out-of-hours --until "$(date -d '1 day' '+%F %H:%M')" \
    --approved-by "Dr. Sato" --reason "the night shift"
admits yes "then sudo is let in" sudo_as_alice
counts "and leaves a use of it, silent as it is" 1 'k == "grant.use" and s == "alice" and d["service"] == "sudo"'
admits yes "root's su is let in" su alice -c true
counts "and is no use of it" 1 'k == "grant.use"'
holds "the grant says so" 'str(it).count("Dr. Sato") == 1' admin grant list alice --json
id=$(admin grant list alice --json | python3 -c 'import re, sys; print(re.search(r"\"id\": *\"([^\"]+)\"", sys.stdin.read()).group(1))')
works "it is ended" admin grant revoke "$id" --reason "the night is over"
admits no "sudo is refused again" sudo_as_alice
rules

# -- services -----------------------------------------------------------------------------------------------------

rules 'services_staff = sshd, login'
admits yes "ssh is a service that the class may use" key alice 127.0.0.1
admits no "su is none" as_su
logged service
rules 'services_staff = su, sudo, login'
admits no "now ssh is none" key alice 127.0.0.1
logged service
admits yes "and su is one" as_su
admits yes "and sudo" sudo_as_alice
rules

# -- cron: neither places nor services are asked, where nobody logs in; hours are ------------------------------------

install -d -m 1730 /var/spool/cron/crontabs
echo '@reboot echo ran > /home/alice/ran' > /var/spool/cron/crontabs/alice
chown alice /var/spool/cron/crontabs/alice
chmod 600 /var/spool/cron/crontabs/alice
cron_runs() { # cron is started as at the boot, and runs alice's job
    local cron
    rm -f /home/alice/ran /run/crond.reboot /var/run/crond.reboot
    lines=$(wc -l < $log)
    cron -f > /run/cron.log 2>&1 &
    cron=$!
    cron_came() { [ -s /home/alice/ran ] || tail -n +$((lines + 1)) $log | grep -q 'service cron'; }
    wait_for cron_came
    kill $cron
    wait $cron 2> /run/cron.end
    [ -s /home/alice/ran ]
}
rules 'places_staff = 10.1.0.0/16'
admits yes "a job of cron's runs, wherever its owner may log in" cron_runs
rules 'services_staff = sshd'
admits yes "and through whatever" cron_runs
rules "hours_staff = $another"
admits no "but not out of hours" cron_runs
logged hours
rules

# -- a changed policy is noticed at the next login, once (R34) ----------------------------------------------------------

changes() {
    admin ledger export | grep -c '"kind":"policy.change"'
}
admits yes "a login under the policy as it is" key alice 127.0.0.1
before=$(changes)
rules 'password_history = 30'
admits yes "the next login" key alice 127.0.0.1
[ "$(changes)" = $((before + 1)) ]
tap $? "says that the policy was changed (R34)"
counts "and which key" 1 'k == "policy.change" and "password_history" in str(d)'
holds "an alert says so" 'any(a["kind"] == "policy" for a in it["alerts"])' admin alert list --all --json
admits yes "the login after that" key alice 127.0.0.1
[ "$(changes)" = $((before + 1)) ]
tap $? "says nothing any more"
{
    echo '# a remark'
    cat $policy
} > /run/policy && mv /run/policy $policy
admits yes "a remark in the file is no change" key alice 127.0.0.1
[ "$(changes)" = $((before + 1)) ]
tap $? "of what is in force"

evidence_holds login.success login.failure access.denied grant.add grant.use grant.revoke account.change policy.change alert.raise session.open
finish
