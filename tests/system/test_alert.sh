# Alerts on a whole machine: medgl-notify runs what carries them, through a real mail program and a real wall (R07).
. "$(dirname "$0")/inside.sh"

notify=/etc/medgl/notify.d left=/run/notify
own=clear-Window-29-bridge
machine_with_medgl && settled alice $own || exit 1
install -d -m 777 $left /run/mailbox
printf 'alert_mail = security@hospital.example, night@hospital.example\nalert_hook_timeout = 20 s\nattempt_delay = 0\n' > $policy
printf 'account default\nhost 127.0.0.1\nport 2525\nfrom medgl@hospital.example\ntimeout 20\n' > /etc/msmtprc
chmod 644 /etc/msmtprc
python3 "$here/seat.py" alice /run/screen > /run/seat.ready &
wait_for grep -qs ready /run/seat.ready || exit 1

hook() { # NAME < script
    { echo '#!/bin/sh' && cat; } > $notify/"$1" && chmod 755 $notify/"$1"
}
mails() {
    find /run/mailbox -name '[0-9]*' ! -name '*.part' | wc -l
}
deliveries() { # EXPRESSION: true of the deliveries that wait, and of all alerts
    admin --json alert list --all > /run/list && python3 -c '
import json, sys
d = json.load(open("/run/list"))["deliveries"]
w = {x["channel"]: x["problem"] for x in d if x["state"] == "waiting"}
sys.exit(0 if eval("(" + sys.argv[1] + ")") else 1)' "$1"
}

works "the machine has the user that runs what carries alerts" id medgl-notify
works "the units are good" env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no \
    /usr/lib/systemd/system/medgl-alert.path /usr/lib/systemd/system/medgl-alert.service /usr/lib/systemd/system/medgl-alert.timer \
    /usr/lib/systemd/system/medgl-emergency.service /usr/lib/systemd/system/medgl-emergency.timer
[ ! -s $seen ]
tap $? "and nothing is said about them"

# -- mail, terminals, a program

hook 10-look <<END
cat > $left/input
{ id -u; id -g; id -G; } | paste -sd' ' > $left/id
grep -E '^(NoNewPrivs|CapEff|CapPrm|CapInh|CapAmb)' /proc/self/status > $left/status
for fd in /proc/\$\$/fd/*; do readlink \$fd; done > $left/files
env > $left/environment
for file in /etc/medgl/store.key /etc/medgl/ledger.key /var/lib/medgl/medgl.db /proc/\$PPID/environ /proc/\$PPID/mem; do
    head -c 1 \$file > /dev/null 2>&1 && echo \$file
done > $left/read
ls /var/lib/medgl /proc/\$PPID/fd >> $left/read 2> /dev/null
su -c id root < /dev/null >> $left/read 2> /dev/null
true
END
refused "without a mail server a test does not reach everybody" 1 admin alert test
works "the mail waits and says why, the others have it" deliveries 'list(w) == ["mail"] and "ended with status" in w["mail"]'
python3 "$here/mailbox.py" 2525 /run/mailbox > /run/mailbox.ready &
wait_for grep -qs ready /run/mailbox.ready || exit 1
works "with one it does" admin alert retry
works "nothing waits" deliveries 'not w'
works "one mail came" [ "$(mails)" = 1 ]
id=$(sed 's/.*"id":"\([0-9a-f]*\)".*/\1/' $left/input)
for line in 'X-Envelope: RCPT TO:<security@hospital.example>' 'X-Envelope: RCPT TO:<night@hospital.example>' \
    'Subject: [medgl] medgl-sandbox: test' 'Auto-Submitted: auto-generated' "Message-ID: <$id.medgl@medgl-sandbox>" \
    'Content-Type: text/plain; charset=UTF-8' "Alert:   $id"; do
    says "it has \"$line\"" "$line" /run/mailbox/0
done
works "the text is on the terminals" wait_for grep -q "Alert:   $id" /run/screen
says "the system's log has it" "alert test: This is a test" $log
who="$(id -u medgl-notify) $(id -g medgl-notify) $(id -g medgl-notify)"
says "the program runs as medgl-notify, in no other group" "$who" $left/id
works "not as root, and not as the store's owner" sh -c "! grep -qw -e 0 -e $(id -u medgl) $left/id"
says "it can gain no privilege" 'NoNewPrivs:	1' $left/status
works "it has no capability" sh -c "! grep -E '^Cap[A-Za-z]*:.*[1-9a-f]' $left/status"
works "it has no file of ours open" sh -c "! grep -v -e /dev/null -e memfd:alert -e '^$left' -e '^$notify/10-look' -e '^/proc' $left/files"
works "nor a word of our environment" sh -c "! grep -v -E '^(PATH|LANG|MEDGL_ALERT_ID|MEDGL_ALERT_KIND|PWD|OLDPWD|_|SHLVL)=' $left/environment"
works "it reached neither key, store, nor who runs it, and became nobody else" sh -c "cat $left/read; ! [ -s $left/read ]"

# -- what is missing

mv /usr/sbin/sendmail /usr/sbin/sendmail.away
refused "without a mail program" 1 admin alert test
works "that is what is said" deliveries '"install a mail transfer agent" in w["mail"]'
mv /usr/sbin/sendmail.away /usr/sbin/sendmail
chown alice $notify/10-look
refused "a program that is not root's" 1 admin alert test
works "is not run, and that is said" deliveries '"chown root" in w["hook 10-look"]'
chown root $notify/10-look
works "mended" admin alert retry
works "nothing waits any more" deliveries 'not w'
userdel medgl-notify
refused "without the user" 1 admin alert test
works "nothing is run, as nobody else either" deliveries 'sorted(w) == ["hook 10-look", "mail", "wall"] and
    all("systemd-sysusers" in problem for problem in w.values())'
systemd-sysusers medgl.conf > /run/begin.log 2>&1
works "with the user" admin alert retry
works "all of it arrives" deliveries 'not w'

mv /dev/log /dev/log.away
refused "without a log" 1 admin alert test
works "that waits too, and says why" deliveries 'list(w) == ["syslog"] and "nobody listens at /dev/log" in w["syslog"]'
mv /dev/log.away /dev/log
works "with one" admin alert retry
works "it has it" deliveries 'not w'
chmod 700 $notify
refused "programs that cannot be listed" 1 admin alert test
works "wait, and nobody else does" deliveries 'list(w) == ["notify.d"] and "Permission denied" in w["notify.d"]'
admin doctor > $seen 2>&1
says "doctor says who may not look there" "medgl may not look into $notify" $seen
chmod 755 $notify
works "when they can be" admin alert retry
works "they have it" deliveries 'not w'

# -- somebody else's installation, and a program that turns on who runs it

guest=/home/alice/own
install -d -o alice -g alice $guest
works "a user has an installation of their own" runuser -u alice -- medgl-admin setup --root $guest --origin own.example/1 "${operator[@]}"
printf '#!/bin/sh\nid > %s/guest\n' $left > $guest/etc/medgl/notify.d/10-guest
chown alice:alice $guest/etc/medgl/notify.d/10-guest
chmod 755 $guest/etc/medgl/notify.d/10-guest
for verb in deliver test retry; do
    refused "root does not deliver for it: $verb" 2 admin --root $guest alert $verb
done
works "nothing of it ran" [ ! -e $left/guest ]
hook 00-stops <<< 'kill -STOP $PPID; sleep 300'
refused "a program that stops who runs it, as another user, fails" 1 admin alert test
works "alone" deliveries 'list(w) == ["hook 00-stops"] and "does not answer" in w["hook 00-stops"]'
pkill -KILL -u medgl-notify # what it left: the manual says that it may
rm $notify/00-stops
works "it is gone" admin alert retry

# -- what happened at a login

before=$(mails)
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as alice su alice
done
works "five wrong passwords" admin alert deliver
works "are told, by mail too (R20)" sh -c "grep -l 'Subject: .medgl. medgl-sandbox: lockout alice' /run/mailbox/*"
works "the file that wakes who delivers is medgl's alone" [ "$(stat -c '%U %a' /var/lib/medgl/alerts)" = "medgl 600" ]

# -- killed in the middle, as root starts it

rm -f $notify/*
hook 20-slow <<END
cat >> $left/slow
echo \$\$ > $left/pid
[ -e $left/go ] || sleep 300
END
printf 'alert_wall = no\nalert_hook_timeout = 60 s\n' > $policy
admin alert test > $seen 2>&1 &
starter=$!
wait_for test -s $left/pid
kill -KILL "$(pgrep -P $starter -x medgl-admin -o || echo $starter)" $starter 2> /dev/null
works "what was under way ends with who delivers" wait_for sh -c "! kill -0 $(cat $left/pid) 2> /dev/null"
touch $left/go
works "made again" admin alert retry
works "exactly once more" [ "$(grep -c '"kind":"test"' $left/slow)" = 2 ]
works "and no more after that" sh -c "medgl-admin alert retry && [ \"\$(grep -c '\"kind\":\"test\"' $left/slow)\" = 2 ]"

# -- killed while the mail server has the mail, and has not said so yet

has_mails() {
    [ "$(mails)" = "$1" ]
}
rm -f $notify/*
printf 'alert_mail = security@hospital.example\nalert_wall = no\nalert_hook_timeout = 60 s\n' > $policy
sed -i 's/^timeout .*/timeout 60/' /etc/msmtprc
before=$(mails)
touch /run/mailbox.slow
admin alert test > $seen 2>&1 &
starter=$!
works "the server takes the mail" wait_for has_mails $((before + 1))
works "and the mail program waits for its word" pgrep -u medgl-notify -f sendmail
kill -KILL "$(pgrep -P $starter -x medgl-admin -o || echo $starter)" $starter 2> /dev/null
works "it ends with who delivers" wait_for sh -c "! pgrep -u medgl-notify"
rm /run/mailbox.slow
works "made again by mail" admin alert retry
works "exactly one mail more" has_mails $((before + 2))
works "of the same id, by which a reader knows it again" \
    [ "$(grep -h '^Message-ID: ' /run/mailbox/$before /run/mailbox/$((before + 1)) | sort | uniq -c | awk '{ print $1 }')" = 2 ]
works "nothing is left to be tried" admin alert retry
works "and no mail comes any more" has_mails $((before + 2))

evidence_holds alert.raise alert.deliver
finish
