# README.md, "Install" and "Back out": every command of it, as it stands there, then a login; and all is as before in the end.
. "$(dirname "$0")/inside.sh"

readme=$here/../../README.md
commands() { # the lines of the blocks that are marked with that word
    awk -v mark="\`\`\`sh $1" '{ line = $0; sub(/^ +/, "", line) }
        line == "```" { inside = 0 } inside { print line } line == mark { inside = 1 }' "$readme"
}
# No systemd runs here: what it would do for the socket is done by hand.
systemctl() {
    case "$*" in
    "daemon-reload") ;;
    "enable --now medgl-auth.socket medgl-alert.path medgl-alert.timer medgl-emergency.timer") socket_begin ;;
    "enable --now medgl-backup.timer") find /usr/lib/systemd/system /usr/local/lib/systemd/system /lib/systemd/system -name medgl-backup.timer 2> /dev/null | grep -q . ;;
    "disable --now medgl-auth.socket medgl-alert.path medgl-alert.timer medgl-emergency.timer medgl-backup.timer") rm -f /run/medgl/auth.socket ;;
    *) return 1 ;;
    esac
}
run_block() {
    local command
    while read -r command; do
        eval "$command" > $seen 2>&1 < /dev/null
        tap $? "$command"
    done < <(commands "$1")
}

# As after a login of root's: the commands say nobody's name.
[ ${#operator[@]} = 0 ] || { echo 0 > /proc/self/loginuid && operator=(); } || exit 1

own=paper-Valley-73-violin
machine_plain && person alice && person bob unix-Password-9 && sshd_begin || exit 1
secrets+=($own unix-Password-9)
cp -r /etc/pam.d /run/pam.before

cd /root && run_block run
issued=$(sed -n 's/^Password: //p' alice.slip)
secrets+=("$issued")
converses "the enrolled user logs in and changes the password" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type $own
	see Retype new password: 
	type $own
	see $ 
	type exit
	end 0
END
converses "so does another, through pam_unix" ssh bob@127.0.0.1 <<-END
	see Password: 
	type unix-Password-9
	see $ 
	type exit
	end 0
END
works "pam-auth-update finds its own work" pam-auth-update --package
works "and leaves it" grep -q pam_medgl.so /etc/pam.d/common-auth

# Who may log in where and when, and what is told of it.
echo "2026-12-31 New Year's Eve" > /etc/medgl/holidays && chmod 644 /etc/medgl/holidays
sed -n 's/^    \([a-z]*_\(staff\|privileged\) .*= .*\|holidays .*= .*\)/\1/p' "$readme" > $policy
works "the rules of the README are a policy" medgl-admin policy check
works "they are in it" sh -c "grep -c . $policy | grep -x 6"
run_block rules
rm $policy
run_block readiness
run_block reports

# Roles, and backups: the key is made as the README says, but for the passphrase, which only a person types.
run_block helpdesk
works "the helpdesk's role is alice's" sh -c 'id -nG alice | grep -w medgl-helpdesk'
command=$(sed -n 's/^    \(openssl req .*\)/\1/p' "$readme")
(cd /run && eval "$command -nodes") > $seen 2>&1 && install -m 644 /run/auditor.pem /etc/medgl/backup.pem
tap $? "$command"
run_block backup
works "a backup is there" sh -c 'medgl-admin --json backup list | grep -q "\"size\""'

# An envelope: what is printed opens the account.
printf '#!/bin/sh\ncat "$1" > /run/page\n' > /usr/bin/lp && chmod 755 /usr/bin/lp
run_block envelope
works "the page is no file any more" test ! -e emergency1.page
code=$(grep -oxE ' *([0-9A-Z]{4}-){5}[0-9A-Z]{4} *' /run/page | tr -d ' ') && secrets+=("$code") && rm /run/page
converses "and opens the account" ssh emergency1@127.0.0.1 <<-END
	see Password: 
	type $code
	see Your name: 
	type Hanako Suzuki
	see Why
	type to see that it does
	see EMERGENCY 1 is declared
	see $ 
	type exit
	end 0
END
works "until it is ended" medgl-admin emergency recover --decided-by "Dr. Sato"

# Lists of the site's own.
run_block lists
sed -n 's/^    \(password_[bl].*= .*\)/\1/p' "$readme" > $policy
for found in minato-2026:blocklist paper-Lantern-44-moss:breached; do
    works "found: $found" sh -c "echo ${found%:*} | medgl-admin --json password check | grep '\"weakness\": \"${found#*:}\"'"
done
rm $policy

# A way in for root.
usermod --password "$(openssl passwd -6 unix-Password-9)" root
echo 'no_such_key = 1' >> $policy
printf '@include common-account\n@include common-session-noninteractive\n' > /etc/pam.d/job # as cron's
converses "with a broken policy not even root gets in" as alice su -c 'id -un' <<-END
	match Authentication|failure|information
	end 1
END
refused "nor do root's jobs run" 1 pamtester job root acct_mgmt
refused "nor have they a session" 1 pamtester job root open_session
run_block way-in
run_block way-in # again: no argument may come twice
works "pam-auth-update keeps exempt=root" pam-auth-update --package
for file in auth account password session session-noninteractive; do
    works "in common-$file" sh -c "[ \$(grep -c 'pam_medgl.so *exempt=root *\$' /etc/pam.d/common-$file) = 1 ]"
done
works "root's jobs run" pamtester job root acct_mgmt open_session close_session
rm /etc/pam.d/job
converses "with exempt=root root does" as alice su -c 'id -un' <<-END
	see Password: 
	type unix-Password-9
	see root
	end 0
END
converses "and nobody else" as bob su alice -c 'id -un' <<-END
	end 1
	never Password
END
rm -f $policy

evidence_holds setup account.add password.issue password.change login.success session.open session.close
run_block back-out
diff -r /run/pam.before /etc/pam.d > $seen 2>&1
tap $? "the PAM configuration is as it was before"
converses "and pam_unix has everybody" ssh bob@127.0.0.1 <<-END
	see Password: 
	type unix-Password-9
	see $ 
	type exit
	end 0
END
finish
