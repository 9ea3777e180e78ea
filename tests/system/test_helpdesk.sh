# The helpdesk's day (R11), as medgl-helpdesk(7) tells it: each command of that page as it stands there, by who has the role, behind
# real sudo with the sudoers file that comes with the product; a real printer's program, a card, a phone, and real logins over ssh.
. "$(dirname "$0")/inside.sh"

shipped=$(find /usr/share/doc /usr/local/share/doc -path '*sudoers.d/medgl' 2> /dev/null | head -n 1)
machine_with_medgl && sshd_begin && install -m 440 "$shipped" /etc/sudoers.d/medgl &&
    printf 'Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n@includedir /etc/sudoers.d\n' >> /etc/sudoers && visudo -cq || exit 1
desks_own=Hibari-7-kaze-mado own=Kazaguruma-7-mawaru other=Yamabuki-3-no-hana third=Tsubame-9-to-umi witness_own=Minato.no-4-gatsu
fourth=Akatombo-5-to-ame fifth=Shiosai-2-to-tsuki sixth=Kogarashi-6-ni-hoshi # none comes back
auditors_own=Suzumushi-8-ya-aki passphrase=Kagibako-4-no-naka
settled desk "$desks_own" && settled suzuki "$witness_own" && settled tanaka "$own" && settled kansa "$auditors_own" && enrol boss || exit 1
admin account set boss --class privileged > /run/set.log
secrets+=("$other" "$third" "$fourth" "$fifth" "$sixth" "$passphrase")
for name in desk kansa; do gpasswd --delete $name sudo; done > /run/group.log
usermod --append --groups medgl-helpdesk desk && usermod --append --groups medgl-audit kansa || exit 1

# -- the page ------------------------------------------------------------------------------------------

# With a login uid of the kernel's, where one can be set here. Else who acts is said to the program, in more words than the page
# has, and what works on files of the person's own cannot be tried.
known=no
( echo 0 > /proc/self/loginuid && grep -qx 0 /proc/self/loginuid ) 2> /dev/null && [ ${#operator[@]} != 0 ] && known=yes
who=("${operator[@]}")
[ $known = no ] || who=()
login='import os, sys
if sys.argv[1] == "yes":
    open("/proc/self/loginuid", "w").write(sys.argv[3])
os.chdir("/home/" + sys.argv[2])
os.execvp("setpriv", ["setpriv", "--reuid", sys.argv[2], "--regid", sys.argv[2], "--init-groups", "--reset-env"] + sys.argv[4:])'
devices= # once somebody has one everybody is asked for a code
# by NAME-OF-TEST USER COMMAND < script: on a terminal, in their home; sudo asks for their own password
by() {
    local script password=$desks_own line=$3
    [ "$2" != kansa ] || password=$auditors_own
    script=$(cat)
    case $3 in
    sudo*)
        line="$3 ${who[*]}"
        [ -z "$devices" ] || script=$(printf 'see %s\ntype \n%s' "$ask" "$script")
        script=$(printf 'see [sudo] password for %s: \ntype %s\n%s' "$2" "$password" "$script")
        ;;
    esac
    converses "$1" python3 -I -c "$login" $known "$2" "$(id -u "$2")" bash -c "$line" <<< "$script"
}
# desk NAME VERB... < script: in other words than those of the page
desk() {
    by "$1" desk "sudo medgl-admin ${*:2}"
}

# The commands of the page, one a line, as a reader sees them.
page=$here/../../man/medgl-helpdesk.7
mandoc -T ascii -O width=500 "$page" | python3 -I -c '
import re, sys
text = re.sub(r" *\\\n *", " ", re.sub(".\b", "", sys.stdin.read()))
print("\n".join(dict.fromkeys(re.findall("^ *[$] (.*)$", text, re.M))))' > /run/commands
: > /run/done
python3 -I -c '
import re, sys
page = open(sys.argv[1], encoding="utf-8").read()
displays = [a or b for a, b in re.findall(r"^\.(?:Bd .*\n((?:(?!\.Ed).*\n)*)\.Ed|D[1l] (.*))$", page, re.M)]
lines = [line for display in displays for line in display.replace("\\e\n", "").strip().split("\n")]
shown = open(sys.argv[2], encoding="utf-8").read().splitlines()
print(len(displays), "displays:", *lines, "", "shown:", *shown, sep="\n")
begun = len(re.findall(r"^\.(?:Bd|D[1l])\b", page, re.M))
sys.exit(begun < 15 or begun != len(displays) or not all(line.startswith("$ ") for line in lines) or len(set(lines)) != len(shown))' \
    "$page" /run/commands > $seen 2>&1
tap $? "what the page displays is commands, and they are all known here"
# manual [files] NAME USER PATTERN [NUMBER] < script: the one command of the page that matches; "files": it works on some of the
# person's own. NUMBER goes where the page has its example of one.
manual() {
    local files=no command
    [ "$1" != files ] || { files=yes; shift; }
    grep -- "$3" /run/commands > $seen
    cat $seen >> /run/done
    command=$(cat $seen)
    if [ "$(wc -l < $seen)" != 1 ]; then
        tap 1 "the page has one command like $3"
    elif [ $files = yes ] && [ $known = no ]; then
        tap 0 "$1 # SKIP no login uid can be set here"
    else
        by "$1: $command" "$2" "${command/ 412 / ${4-412} }"
    fi
}
# logs_in NAME PASSWORD: over ssh, with no more questions
logs_in() {
    converses "$1" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $2
	see $ 
	type exit 5
	end 5
	END
}
# logs_in_with NAME PASSWORD STEP: with a one-time code
logs_in_with() {
    converses "$1" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $2
	see $ask
	$3
	see $ 
	type exit 5
	end 5
	END
}
# by_slip NAME ISSUED NEW: with the forced change
by_slip() {
    converses "$1" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $2
	see Current password: 
	type $2
	see New password: 
	type $3
	see Retype new password: 
	type $3
	see $ 
	type exit 5
	end 5
	END
}
# on_paper: what the slip says, which is destroyed then
on_paper() {
    issued=$(sed -n 's/^Password: //p' "$1") && secrets+=("$issued") && rm "$1"
}

# -- at the desk ---------------------------------------------------------------------------------------

printf '\377\330\377\340\000\020JFIF\000 the staff card of tanaka' > /run/card.jpg && install -o desk -g desk -m 600 /run/card.jpg /home/desk/ &&
    openssl req -x509 -newkey rsa:3072 -sha256 -days 30 -subj /CN=Auditor -passout pass:$passphrase \
        -addext keyUsage=critical,keyEncipherment -keyout /run/auditor.key -out /etc/medgl/auditor.pem 2> $seen &&
    chmod 644 /etc/medgl/auditor.pem && install -o kansa -g kansa -m 600 /run/auditor.key /home/kansa/ && rm /run/auditor.key
tap $? "an auditor has a key, and the machine the certificate"
manual "who it is, and what is wrong" desk 'account show' <<< 'end 0'
manual files "the person types, and the desk sees nothing" desk '--deliver at-terminal' <<-END
	see choose your new password
	see New password:
	type $other
	see Retype new password:
	type $other
	see is in force
	end 0
	never $other
END
[ $known = no ] || logs_in "and logs in with it at once" "$other"
manual files "the picture goes" desk 'shred -u card.jpg' <<< 'end 0'
[ $known = no ] || works "it is gone" test ! -e /home/desk/card.jpg
photo='see photo of a document (Enter: none)
	type '
[ $known = yes ] || photo= # nor is a file asked for
manual "asked step by step" desk 'reset tanaka$' <<-END
	see Password reset for tanaka
	see How did you verify
	type known-in-person
	$photo
	see Who asked for it
	type 
	see Login name of a witness
	type 
	see Remark
	type forgot it on leave
	see How does the new password reach them
	type at-terminal
	see This will be done
	see Type yes
	type yes
	see New password:
	type $third
	see Retype
	type $third
	see is in force
	end 0
	never $third
END
logs_in "that one opens logins" "$third"

# -- on the telephone: the printer ----------------------------------------------------------------------

install -d -m 755 /usr/local/sbin && install -d -m 700 -o medgl-notify -g medgl-notify /run/paper
printf '#!/bin/sh\nid -un > /run/paper/who\ntty > /run/paper/tty\nexec cat > /run/paper/slip\n' > /usr/local/sbin/slips
chmod 755 /usr/local/sbin/slips && echo 'slip_program = /usr/local/sbin/slips' > $policy
manual "by call-back, on a printed slip" desk requested-by <<-END
	see was printed
	end 0
END
says "the printer's program owns nothing" medgl-notify /run/paper/who
says "and has no terminal" "not a tty" /run/paper/tty
on_paper /run/paper/slip
[ -n "$issued" ] && ! grep -qF -- "$issued" $seen
tap $? "the desk's screen did not show it"
by_slip "the slip opens one login, which wants a new password (R18)" "$issued" "$fourth"
logs_in "and then that one" "$fourth"

# -- a witness ------------------------------------------------------------------------------------------

printf 'slip_program = /usr/local/sbin/slips\nreset_witness = callback\n' > $policy
desk "where four eyes are wanted nothing goes without" password reset tanaka --verified-by callback --deliver slip <<-END
	see second person
	end 1
END
manual "a colleague proves who they are" desk 'witness suzuki' <<-END
	see Password of suzuki:
	type $witness_own
	see was printed
	end 0
	never $witness_own
END
on_paper /run/paper/slip
by_slip "the slip is good" "$issued" "$fifth"
counts "the entry has the witness" 1 "k == 'password.issue' and d.get('witness') == 'suzuki' and d['deliver'] == 'printer'"

# -- a printer that is stuck: a file --------------------------------------------------------------------

printf '#!/bin/sh\nexit 1\n' > /usr/local/sbin/slips && echo 'slip_program = /usr/local/sbin/slips' > $policy
desk "a printer that fails is told, and changes nothing" password reset tanaka --verified-by callback --deliver slip <<-END
	see was not printed
	end 4
END
logs_in "the password is what it was" "$fifth"
# The desk's own printer, and with what mode the file lay there.
install -d -m 755 /usr/local/bin && install -d -m 700 -o desk -g desk /run/tray
printf '#!/bin/sh\nstat -c %%a "$1" > /run/tray/mode && exec cat "$1" > /run/tray/paper\n' > /usr/local/bin/lp && chmod 755 /usr/local/bin/lp
manual files "then the slip is a file" desk 'slip tanaka.slip' <<-END
	see An issued password for tanaka is in
	end 0
END
manual files "which is printed and removed" desk 'lp tanaka.slip' <<< 'end 0'
now=$fifth
if [ $known = yes ]; then
    works "it is gone" test ! -e /home/desk/tanaka.slip
    says "it was for the desk's eyes alone" 600 /run/tray/mode
    on_paper /run/tray/paper
    by_slip "it is good, too" "$issued" "$sixth"
    now=$sixth
fi

# -- locked ---------------------------------------------------------------------------------------------

for i in 1 2 3 4 5; do wrong "wrong-guess-$i" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1; done
manual "a locked account is opened, and the password stays" desk 'account unlock' <<< 'end 0'
logs_in "it opens again" "$now"

# -- a lost card or device ------------------------------------------------------------------------------

pin=84139920-5713
reader=/var/lib/softhsm/tokens
secrets+=($pin)
printf 'card_module = /usr/lib/softhsm/libsofthsm2.so\ncard_places = any\ncard_services = sshd\n' > $policy
install -d -m 755 /etc/softhsm /var/lib/softhsm /etc/medgl/trust && install -d -m 700 -o medgl -g medgl $reader || exit 1
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' $reader > /etc/softhsm/softhsm2.conf
chmod 644 /etc/softhsm/softhsm2.conf
card_in() { # NAME: into the reader
    cp -r "/run/office/cards/$1/." $reader && chown -R medgl:medgl $reader && chmod -R go= $reader
}
card_out() {
    rm -r $reader && install -d -m 700 -o medgl -g medgl $reader
}
CARD_PIN=$pin sh "$here/../cards/make.sh" /run/office > $seen 2>&1 &&
    install -m 644 /run/office/trust/* /etc/medgl/trust/ && card_in alice-ec
tap $? "a card is in the reader"
converses "tanaka has it" medgl-admin "${operator[@]}" card enrol tanaka --reason "from the card office" <<-END
	see PIN of
	type $pin
	end 0
END
card_out
works "and a phone" enrol_phone tanaka --reason "a phone"
works "as others have" enrol_phone suzuki --reason "a phone"
key_is_secret tanaka && key_is_secret suzuki && devices=yes
works "and has to use it" admin account set tanaka --factor required
manual "what there is: the card" desk 'card list' <<-END
	see tanaka
	end 0
END
manual "and the phone" desk 'totp list' <<-END
	see tanaka
	end 0
END
manual "the card is taken away" desk 'card remove' <<< 'end 0'
manual "so is the phone" desk 'totp remove' <<< 'end 0'
counts "and why is in the ledger" 2 "k == 'factor.revoke' and s == 'tanaka' and d['reason'] in ('lost on the train', 'phone stolen')"
manual files "codes for the time between" desk 'recovery issue' <<< 'end 0'
manual files "are printed and removed" desk 'lp tanaka.codes' <<< 'end 0'
if [ $known = yes ]; then
    works "the file is gone" test ! -e /home/desk/tanaka.codes
    mapfile -t codes < <(grep -oE '\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b' /run/tray/paper) && rm /run/tray/paper
    secrets+=("${codes[@]}")
    logs_in_with "one of them opens a login" "$now" "type ${codes[0]}"
    counts "by that code" 1 "k == 'login.success' and s == 'tanaka' and d.get('factors') == 'password+recovery'"
fi
manual "the new phone is enrolled at the desk" desk 'totp enrol' <<-END
	see Key:
	see Settings:
	see $confirm
	answer ${phone}new read && ${phone}new code
	end 0
END
key_is_secret new
card_in alice-rsa
manual "and the new card" desk 'card enrol' <<-END
	see PIN of
	type $pin
	end 0
	never $pin
END
card_out
logs_in_with "a code of the new phone opens a login" "$now" "answer ${phone}new code"

# -- suspected ------------------------------------------------------------------------------------------

manual "a suspected leak ends the password at once" desk 'password revoke' <<< 'end 0'
converses "it opens nothing" ssh -o NumberOfPasswordPrompts=1 -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $now
	see $ask
	answer ${phone}new code
	see Permission denied
	end 255
END
counts "and the ledger says why" 1 "k == 'login.failure' and s == 'tanaka' and d['reason'] == 'no-password'"

# -- asked later ----------------------------------------------------------------------------------------

manual "an auditor has the ledger verified" kansa 'ledger verify' <<< 'end 0'
manual "and sees what was done" kansa 'ledger show' <<-END
	see password.reset
	see password.revoke
	end 0
END
number=$(admin ledger export | python3 -I -c '
import json, sys
print(*[entry["seq"] for entry in map(json.loads, sys.stdin) if entry["kind"] == "password.reset" and "document" in entry["details"]])')
manual files "and opens the copy of the card with the key" kansa 'ledger document' "$number" <<-END
	see Passphrase of the key:
	type $passphrase
	end 0
	never $passphrase
END
if [ $known = yes ]; then
    works "it is what was handed in" cmp /run/card.jpg /home/kansa/opened.jpg
    counts "and who opened it is written down" 1 "k == 'document.read'"
fi
manual files "then removes it" kansa 'shred -u opened.jpg' <<< 'end 0'
! grep -vxFf /run/done /run/commands > $seen
tap $? "no command of the page was left out"

# -- what the desk does not do --------------------------------------------------------------------------

if [ $known = yes ]; then
    desk "privileged accounts are for others" password reset boss --verified-by known-in-person --deliver slip <<-END
		see does not reach
		end 1
	END
    desk "and one's own account, too" password reset desk --verified-by known-in-person --deliver slip <<-END
		see your own account
		end 1
	END
fi
desk "the desk manages no accounts" account add games <<-END
	see not allowed to execute
	end 1
END
desk "and has no other root" account list --root /home/desk <<-END
	see not allowed to execute
	end 1
END
evidence_holds password.reset password.issue password.revoke account.unlock factor.enrol factor.revoke
finish
