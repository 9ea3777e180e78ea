# On a machine that systemd booted: the units as they are shipped, with logind, a journal and user managers. What does not need
# that is in the other tests.
. "$(dirname "$0")/inside.sh"

own=Kazaguruma-7-mawaru vendors_own=Hotarubukuro-7-to-ame told=/run/told/all mail=/run/mailbox readme=$here/../../README.md
secrets+=("$own-b")
journalctl --boot --follow --output=short --no-pager > $log 2>&1 &
machine_furnished && sshd_configured && pam-auth-update --package --force > $seen 2>&1 && systemctl start ssh && sshd_listens
tap $? "a Debian with sshd, and pam_systemd in its PAM configuration"

# -- the README -------------------------------------------------------------------------------------------------------------

sed -nE 's/^   (systemd-(sysusers|tmpfiles) .*|systemctl (daemon-reload|enable --now .*))/\1/p' "$readme" | grep -v backup > /run/commands
works "the README installs with four commands" test "$(wc -l < /run/commands)" = 4
while read -r command; do
    works "$command" eval "$command"
done < /run/commands
works "setup" admin setup --origin medgl.example/booted
works "the module is in charge" pam-auth-update --enable medgl
works "before pam_systemd, which it tells when sessions end" sh -c \
    'grep -oE "pam_(medgl|systemd)" /etc/pam.d/common-session | paste -sd" " | grep -x "pam_medgl pam_systemd"'
settled alice "$own" && settled bob "$own-b"
tap $? "people have passwords of their own"

# -- sessions ---------------------------------------------------------------------------------------------------------------

# works_on NAME PASSWORD STEP...: a session that stays open until somebody else ends it, with what systemd keeps beside sessions
works_on() {
    rm -f /run/lock/in
    { printf 'see Password: \ntype %s\n' "$2" && [ $# -lt 3 ] || printf '%s\n' "${@:3}" &&
        printf '%s\n' 'see $ ' 'type systemd-run --user sleep 9801; setsid nohup sleep 9802 > /dev/null 2>&1 & touch /run/lock/in' \
            'match closed|hangup|Broken' 'end 255'; } > /run/steps
    python3 "$here/terminal.py" -t 300 -- ssh -o NumberOfPasswordPrompts=1 "$1@127.0.0.1" < /run/steps > "/run/session.$1" 2>&1 &
    session=$!
    wait_for test -e /run/lock/in && wait_for runs "$1" 9801 && wait_for runs "$1" 9802
}
runs() { # NAME SECONDS: that sleep
    pgrep -u "$1" -xf "(/usr/bin/)?sleep $2" > /dev/null
}
thrown_out() { # NAME: and nothing else happened to the session
    wait $session
    tap $? "$1"
}
chmod 1777 /run/lock
works "alice works, with services of her own" works_on alice "$own"
works "logind knows of her session" sh -c 'loginctl --no-legend list-sessions | grep -w alice'
works "and so do we, and of her manager" sh -c 'medgl-admin session list > /run/list && grep -w sshd /run/list && grep -w systemd-user /run/list'
id=$(medgl-admin --json session list | python3 -I -c '
import json, sys
print(next(s["id"] for s in json.load(sys.stdin)["sessions"] if s["service"] == "sshd"))')
works "an administrator ends it" admin session end "$id" --reason "left the terminal"
thrown_out "she is thrown out"
refused "with what she left behind in it" 1 runs alice 9802
works "alice works again" works_on alice "$own"
works "her password is revoked, and her sessions with it" admin password revoke alice --reason "lost" --sessions
thrown_out "she is thrown out again"
works "and nothing of hers runs on, her manager neither" none_runs alice
works "a socket unit serves screen lockers" sh -c \
    'printf "@include common-auth\n@include common-account\n@include common-password\n" > /etc/pam.d/locker'
converses "in its sandbox the engine reads, judges and writes" as bob pamtester locker bob authenticate acct_mgmt <<-END
	see Password: 
	type $own-b
	see successfully authenticated
	see account management done
	end 0
END
counts "which the ledger has" 1 'k == "login.success" and s == "bob" and d["service"] == "locker"'

# -- a card in the socket unit's sandbox (R24 R38) -----------------------------------------------------------------------------

pin=84139920-5713 reader=/opt/tokens
secrets+=("$pin")
install -d -m 755 /opt /etc/softhsm /etc/medgl/trust && install -d -m 700 -o medgl -g medgl $reader || exit 1
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' $reader > /etc/softhsm/softhsm2.conf && chmod 644 /etc/softhsm/softhsm2.conf
CARD_PIN=$pin sh "$here/../cards/make.sh" /run/office > $seen 2>&1 && install -m 644 /run/office/trust/* /etc/medgl/trust/ &&
    cp -r /run/office/cards/bob-rsa/. $reader && chown -R medgl:medgl $reader && chmod -R go= $reader
tap $? "a card for bob is in the reader"
# What stands for a card is files, and is written to.
install -d /etc/systemd/system/medgl-auth@.service.d &&
    printf '[Service]\nReadWritePaths=/opt\n' > /etc/systemd/system/medgl-auth@.service.d/test.conf && systemctl daemon-reload
printf '%s\n' 'card_module = /usr/lib/softhsm/libsofthsm2.so' 'card_places = any' 'card_services = locker' > $policy
converses "bob's card is enrolled" medgl-admin "${operator[@]}" card enrol bob --reason "issued by the card office" <<-END
	match PIN of
	type $pin
	end 0
END
converses "it signs at the locker, by its driver" as bob pamtester locker bob authenticate <<-END
	see PIN of card bob-rsa
	type $pin
	see Password: 
	type $own-b
	see successfully authenticated
	end 0
END
counts "which the ledger has, too" 1 'k == "login.success" and s == "bob" and d["factors"] == "password+card"'
rm $policy
admin card remove bob --reason "given back" > $seen 2>&1
tap $? "it is given back"

# -- idle sessions ----------------------------------------------------------------------------------------------------------

logind_says() { # MICROSECONDS
    busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager StopIdleSessionUSec |
        grep -qxF "t $1"
}
doctor_finds() { # CHECK
    admin doctor | tr -s ' ' | grep -E "^[a-z]+ $1 " > /run/found
}
doctor_finds idle
says "doctor sees that logind ends no idle session" "warning idle" /run/found
install -d "$(grep -oE '/etc/systemd/[a-z.]+' /run/found)" && medgl_conf=/etc/systemd/logind.conf.d/medgl.conf &&
    grep -oE '\[Login\]|StopIdleSessionSec=[0-9]+' /run/found > $medgl_conf && eval "$(grep -oE 'systemctl kill .*' /run/found)"
tap $? "what it says to do can be done"
cat $medgl_conf > $seen
works "logind knows of it" wait_for logind_says 600000000
doctor_finds idle
says "and doctor is content" "ok idle" /run/found
sed -i 's/=.*/=10/' $medgl_conf
works "once that is ten seconds" systemctl kill --signal=HUP systemd-logind
wait_for logind_says 10000000
works "and bob works" works_on bob "$own-b"
thrown_out "his session is ended when he does nothing"
sed -i 's/=.*/=600/' $medgl_conf && systemctl kill --signal=HUP systemd-logind && wait_for logind_says 600000000
tap $? "it is ten minutes again"

# -- an emergency -----------------------------------------------------------------------------------------------------------

install -d -m 777 ${told%/*} $mail && install -d /etc/medgl/notify.d || exit 1
printf '#!/bin/sh\ncat >> %s; echo >> %s\nid -un >> %s.by\ncd /home/bob && pwd > %s.home\n' $told $told $told $told > /etc/medgl/notify.d/10-told
chmod 755 /home/bob
chmod 755 /etc/medgl/notify.d/10-told
printf 'account default\nhost 127.0.0.1\nport 2525\nfrom medgl@hospital.example\n' > /etc/msmtprc && chmod 644 /etc/msmtprc
python3 "$here/mailbox.py" 2525 $mail > /run/mailbox.ready 2>&1 &
wait_for grep -qs ready /run/mailbox.ready && printf 'alert_mail = security@hospital.example\n' > $policy || exit 1
person night && admin account add night --class breakglass --full-name "Night duty" > $seen 2>&1
sealed() {
    rm -f /run/page
    admin breakglass seal night --slip /run/page > $seen 2>&1 &&
        code=$(grep -oxE ' *([0-9A-Z]{4}-){5}[0-9A-Z]{4} *' /run/page | tr -d ' ') && [ -n "$code" ] && secrets+=("$code")
}
works "an envelope is sealed" sealed
works "bob is at his terminal" works_on bob "$own-b"
who=('see Your name: ' 'type Hanako Suzuki' 'see Why' 'type the night duty needs the charts')
works "it opens the account" works_on night "$code" "${who[@]}"
works "the account may go on without a session" loginctl enable-linger night
works "the path unit tells of it: the site's program" wait_for grep -qs '"kind":"emergency"' $told
works "which runs as who owns nothing" wait_for sh -c "[ \"\$(sort -u $told.by)\" = medgl-notify ]"
works "and what delivers mail gets to homes" wait_for grep -qx /home/bob $told.home
works "mail" wait_for sh -c "cat $mail/* | grep -q 'Subject: .medgl. medgl-sandbox: emergency'"
works "who is logged in reads it" wait_for grep -qs "Emergency 1 is declared" /run/session.bob
says "and the journal" "alert emergency: Emergency 1 is declared" $log
works "it is recovered from" admin emergency recover --decided-by "Dr Sato"
thrown_out "who used it is thrown out"
works "nothing of the account runs on, its manager neither" none_runs night
refused "nor is that started again" 1 systemctl start "user@$(id -u night)"
setpriv --reuid night --regid night --init-groups setsid --fork sleep 9803
wait_for runs night 9803
works "what comes up later is ended by the unit" systemctl start medgl-emergency.service
systemctl start medgl-emergency.service # again: where the timer had started it, it may have looked before
works "and nothing of the account runs" none_runs night
logger "nothing is to be done" && systemctl start medgl-emergency.service && logged_all
sed -n '/nothing is to be done/,$p' $log | grep 'medgl-emergency' > $seen
tap $((! $?)) "where nothing is to be done, nothing is in the journal"
chmod 0 /var/lib/medgl-breakglass/breakglass.db
refused "what cannot be done fails" 1 systemctl start medgl-emergency.service
chmod 600 /var/lib/medgl-breakglass/breakglass.db
says "and is in the journal, in our words" "Not done: permission denied" $log
works "and goes on" systemctl start medgl-emergency.service

# -- a maintenance day ------------------------------------------------------------------------------------------------------

person vendor1 && admin account add vendor1 --class maintenance --company "Aoi Systems" > $seen 2>&1 && issue vendor1 &&
    settle vendor1 "$vendors_own"
tap $? "a vendor has an account"
maintains() { # for some seconds, if that is enough to begin
    local seconds
    for seconds in 15 60 200; do
        admin grant add vendor1 --kind maintenance --work "replace the disk" --approved-by "Dr Sato" --reason "work order 7" \
            --until "$(date -u -d "$seconds seconds" +%Y-%m-%dT%H:%M:%SZ)" && works_on vendor1 "$vendors_own" && return
    done
}
works "and maintains something for seconds" maintains
works "with services that may go on" loginctl enable-linger vendor1
thrown_out "systemd ends the session when the time is over"
refused "with what was left behind in it" 1 runs vendor1 9802
works "not the service that goes on" runs vendor1 9801
doctor_finds accounts
says "of which doctor tells" "warning accounts services that vendor1 started go on" /run/found
eval "$(grep -oE 'loginctl disable-linger vendor1' /run/found)"
works "what it says ends that" wait_for none_runs vendor1

# -- a backup ---------------------------------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /run/key -out /etc/medgl/backup.pem -days 30 \
    -subj "/CN=backup" > $seen 2>&1
works "the unit of backups makes one" systemctl start medgl-backup.service
works "which is there" sh -c 'medgl-admin --json backup list | grep -q "\"size\""'
works "and holds the break-glass accounts, too" sh -c 'openssl cms -decrypt -inform DER -in "$(ls -t /var/backups/medgl/*.cms | head -n 1)" \
    -inkey /run/key | tar -t | grep -x breakglass/breakglass.db'

systemctl --failed --no-legend --plain | grep -vE "^(user@$(id -u night)[.]service|session-[0-9]+[.]scope) " > /run/failed
refused "no unit failed but the manager that was refused and sessions whose time was over" 1 grep . /run/failed
evidence_holds account.add password.issue password.change password.revoke login.success session.open session.close session.end backup.create

# -- that backup on a new machine -------------------------------------------------------------------------------------------

works "here is nothing any more" sh -c 'systemctl stop medgl-alert.path medgl-alert.timer medgl-emergency.timer &&
    mv /etc/medgl /etc/medgl.gone && mv /var/lib/medgl /var/lib/medgl.gone && mv /var/lib/medgl-breakglass /var/lib/medgl-breakglass.gone'
works "the backup is put back" admin backup restore --from "$(ls -t /var/backups/medgl/*.cms | head -n 1)" --key /run/key --reason "a new machine" --yes
works "with the break-glass accounts" sh -c 'medgl-admin breakglass list | grep -w night'
works "it verifies" admin ledger verify
admin doctor | tr -s ' ' > /run/found
says "doctor looks at its files" "ok files owners and modes" /run/found
finish
