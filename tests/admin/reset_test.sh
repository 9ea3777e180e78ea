# A reset at the desk (R11, R18): by options and step by step, on a slip, at the printer and typed by the person; and no password on
# the operator's screen, in arguments, environment, logs or files.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine slip=$work/mine/slip
conf=$root/etc/medgl/policy.conf
policy() { # LINE...: the site's policy
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' 'factor_required_from = 2999-01-01' "$@" > "$conf"
}
admin setup --origin ward.example/1 && policy && admin account add games --full-name 'Hanako Sato' --staff-number N-17 &&
    admin account add daemon --full-name 'Ichiro Abe' && admin account add man || exit 1

# terminal NAME ARGUMENTS: standard input is the script; the operator's terminal
terminal() {
    # shellcheck disable=SC2086
    python3 -IS "$top_srcdir/tests/system/terminal.py" -t 60 -- $user "$program" --root "$root" $operator $2 > "$out" 2> "$err"
    verdict "$1" $?
}
unchanged() { # NAME
    [ "$(entries)" = "$before" ]
    verdict "$1" $?
}
last='d["entries"][-1]["details"]'

printf '%%PDF-1.4\nstaff card of Hanako Sato\n' > "$mine/card.pdf"

# -- by options ----------------------------------------------------------------------------------------

before=$(entries)
says "how the identity was verified has to be said" 2 '--verified-by METHOD is missing' password reset games --slip "$slip"
says "and how the password reaches its owner" 2 'say how the new password reaches' password reset games --verified-by video
says "a word like one of the policy's" 2 'did you mean "passport"' password reset games --verified-by pasport --slip "$slip"
says "a word like none" 2 'the policy names these' password reset games --verified-by tarot --slip "$slip"
says "one way alone" 2 'one way only' password reset games --verified-by video --slip "$slip" --show
says "not both a slip and the terminal" 2 'one way only' password reset games --verified-by video --slip "$slip" --deliver at-terminal
says "nobody types where no terminal is" 2 'needs a terminal' password reset games --verified-by video --deliver at-terminal
says "nor is a witness asked" 2 'needs a terminal' password reset games --verified-by video --slip "$slip" --witness daemon
says "nor is anything shown" 2 'needs a terminal' password reset games --verified-by video --show
says "a card without its copy" 1 'name the file with --document' password reset games --verified-by staff-card --slip "$slip"
says "a copy that nobody could read" 1 'auditor.pem' password reset games --verified-by staff-card --slip "$slip" \
    --document "$mine/card.pdf"
says "no printer" 1 'slip_program' password reset games --verified-by video --deliver slip
exits "somebody unknown" 3 password reset nobody --verified-by video --slip "$slip"
[ ! -e "$slip" ]
verdict "no slip is left of all that" $?
unchanged "and nothing was changed"

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=auditor -keyout "$work/auditor.key" -out "$root/etc/medgl/auditor.pem" \
    2> "$err"
chmod 644 "$root/etc/medgl/auditor.pem"
json "a copy, a remark, who asked: in one document" 0 'd["reset"][0]["deliver"] == "file" and d["reset"][0]["name"] == "games" and
    utc.fullmatch(d["reset"][0]["valid_until"]) and d["reset"][0]["seq"] == '"$before" password reset games --verified-by staff-card \
    --slip "$slip" --document "$mine/card.pdf" --note 'card 12' --requested-by 'ward 3'
json "all of it in the entry" 0 "$last"'["verified_by"] == "staff-card" and '"$last"'["note"] == "card 12" and
    '"$last"'["requested_by"] == "ward 3" and '"$last"'["document_type"] == "application/pdf" and len('"$last"'["document"]) == 64' \
    ledger show
password=$(sed -n 's/^Password: //p' "$slip")
grep -q 'CONFIDENTIAL' "$slip" && grep -q '親展' "$slip" && grep -q 'Hanako Sato 様' "$slip" && grep -q 'fold / 折り線' "$slip" &&
    grep -q '有効期限' "$slip" && [ ${#password} -ge 13 ] && [ "$(sed '/^Issued password/,$d' "$slip" | grep -c -e "$password")" = 0 ]
verdict "the slip is in English and Japanese, and folds over the password" $?
! grep -rqF -e "$password" "$out" "$err" "$root"
verdict "which is nowhere else (R02)" $?
rm "$slip"
ln -s card.pdf "$mine/link.pdf"
mkfifo "$mine/fifo.pdf"
for odd in link.pdf fifo.pdf .; do
    exits "no document: $odd" 2 password reset games --verified-by staff-card --slip "$slip" --document "$mine/$odd"
done
exits "the ledger verifies" 0 ledger verify

# -- the printer ---------------------------------------------------------------------------------------

cat > "$mine/printer" <<-END
	#!/bin/sh
	cat > $mine/paper
	env > $mine/printers-environment
	tr '\\0' ' ' < /proc/\$\$/cmdline > $mine/printers-arguments
	echo "a word that nobody sees"
END
chmod 755 "$mine/printer"
[ -z "$user" ] || chown -R 65534:65534 "$mine"
policy "slip_program = $mine/printer"
says "a slip is printed" 0 'was printed, valid until' password reset games --verified-by video --deliver slip
password=$(sed -n 's/^Password: //p' "$mine/paper")
[ ${#password} -ge 13 ] && ! grep -qF -e "$password" "$out" "$err" "$mine/printers-environment" "$mine/printers-arguments" &&
    ! grep -q MEDGL "$mine/printers-environment" && ! grep -q 'nobody sees' "$out" "$err"
verdict "through its standard input alone" $?
json "the entry says so" 0 "$last"'["deliver"] == "printer"' ledger show
printf '#!/bin/sh\ncat > %s\n%s --root %s %s account disable games --reason "left" > /dev/null 2>&1\n' "$mine/paper" "$program" "$root" \
    "$operator" > "$mine/printer"
says "an account that is disabled while its slip is printed: the slip is told to be void" 1 \
    'A slip came out and opens nothing: destroy it \(number [0-9a-f]{8}\)' password reset games --verified-by video --deliver slip
number=$(sed -n 's/^Number: //p' "$mine/paper")
[ ${#number} = 8 ] && grep -q "(number $number)" "$err" && grep -q 'account disable\|is disabled' "$err"
verdict "by the number that is on the paper, and with the reason" $?
json "no password was issued" 0 'd["entries"][-1]["kind"] == "account.disable"' ledger show
exits "and the account goes on" 0 account enable games --reason 'came back'
before=$(entries)
chmod 777 "$mine/printer"
says "a program that others may write to is not run" 4 'chown root it, chmod go-w it' password reset games --verified-by video --deliver slip
printf '#!/bin/sh\nexit 3\n' > "$mine/printer" && chmod 755 "$mine/printer"
says "a printer that fails" 4 'was not printed: it ended with status 3' password reset games --verified-by video --deliver slip
policy "slip_program = $mine/none"
says "one that is not there" 4 'was not printed: slip_program cannot be opened' password reset games --verified-by video --deliver slip
unchanged "and nothing was changed"

# -- typed by its owner --------------------------------------------------------------------------------

policy
terminal "its owner types it, twice, and it is not shown" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see games: choose your new password now
	see New password:
	type Kazaguruma-7-mawaru
	see Retype new password:
	type Kazaguruma-7-mawaru
	see is in force
	end 0
	never Kazaguruma
	never random
END
json "the entry" 0 'd["entries"][-1]["kind"] == "password.reset" and '"$last"'["deliver"] == "at-terminal" and
    '"$last"'["strength"] == "long"' ledger show
# Judging takes a while here. What the person types meanwhile is not shown either, and is not lost (R02).
printf '%s\n' 'kdf_memory = 128 MiB' 'kdf_time = 8' > "$conf"
terminal "both at once" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	press Higanbana-4-to-kaze\nHiganbana-4-to-kaze\n
	see Retype new password:
	see is in force
	end 0
	never Higanbana
END
terminal "the second while the first is judged" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	type Asagao-6-no-tsuru
	pause 0.2
	type Asagao-6-no-tsuru
	see Retype new password:
	see is in force
	end 0
	never Asagao
END
terminal "Ctrl-C while it is judged" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	type Tsuyukusa-8-no-ao
	press \x03
	end -2
	never Tsuyukusa
END
policy
before=$(entries)
terminal "the same again is refused, and so is one like it; after three tries nothing was changed (R14, R16)" \
    'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	type Asagao-6-no-tsuru
	see New password:
	type Asagao-7-no-tsuru
	see New password:
	type short1!
	see last try
	see nothing was changed
	end 1
	never Asagao
END
terminal "who gives up changes nothing" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	press \x04
	see nothing was changed
	end 1
END
terminal "nor does Ctrl-C" 'password reset games --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	press half-a-passw\x03
	end -2
	never half
END
unchanged "all of that left no entry"

# -- a witness -----------------------------------------------------------------------------------------

terminal "the witness has a password" 'password reset daemon --verified-by known-in-person --deliver at-terminal' <<-'END'
	see New password:
	type Minato.no 4-gatsu!
	see Retype
	type Minato.no 4-gatsu!
	see is in force
	end 0
END
policy 'reset_witness = known-in-person'
before=$(entries)
says "four eyes: nothing without a witness" 1 'second person' password reset games --verified-by known-in-person --slip "$slip"
unchanged "and no entry"
terminal "a witness with a wrong password" "password reset games --verified-by known-in-person --slip $slip --witness daemon" <<-'END'
	see Witness: Ichiro Abe
	see Password of daemon:
	type Wrong-guess-1234
	see did not prove
	end 1
END
[ ! -e "$slip" ]
verdict "gets no slip out" $?
! grep -q 'wrong-password\|refused: account' "$out" "$err"
verdict "and the operator is not told why (R23)" $?
json "is counted, and nothing else was changed" 0 '{e["kind"] for e in d["entries"][-2:]} == {"login.failure", "policy.change"} and
    len(d["entries"]) == '$((before + 2)) ledger show
printf '%s\n' 'kdf_memory = 128 MiB' 'kdf_time = 8' 'factor_required_from = 2999-01-01' 'reset_witness = known-in-person' > "$conf"
terminal "what is typed while a witness is verified is not shown" \
    "password reset games --verified-by known-in-person --deliver at-terminal --witness daemon" <<-'END'
	see Password of daemon:
	type Minato.no 4-gatsu!
	pause 0.1
	type Suisen-2-no-kaori
	see New password:
	press \x04
	end 1
	never Minato
	never Suisen
END
policy 'reset_witness = known-in-person'
terminal "a witness with the right one" "password reset games --verified-by known-in-person --slip $slip --witness daemon" <<-'END'
	see Password of daemon:
	type Minato.no 4-gatsu!
	see is in
	end 0
	never Minato
END
json "is in the entry" 0 "$last"'["witness"] == "daemon" and len('"$last"'["witness_account"]) == 32' ledger show
rm -f "$slip"

# Ctrl-Z while something is written would hold the store for everybody: it waits until a question is asked.
# shellcheck disable=SC2086
python3 -IS - $user "$program" --root "$root" $operator account unlock games --reason x > "$out" 2> "$err" <<-'END'
	import os, signal, subprocess, sys, time
	for i in range(10):
	    p = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
	    def held():
	        lines = dict(l.split(":\t", 1) for l in open(f"/proc/{p.pid}/status") if ":\t" in l)
	        return lines["Name"].startswith("medgl-admin") and int(lines["SigBlk"], 16) >> (signal.SIGTSTP - 1) & 1
	    while not held() and "Z" not in open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1][:3]:
	        time.sleep(0.001)
	    time.sleep(0.004 * i)
	    os.kill(p.pid, signal.SIGTSTP)
	    status = os.waitpid(p.pid, os.WUNTRACED)[1]
	    if os.WIFSTOPPED(status):
	        os.kill(p.pid, signal.SIGKILL)
	    assert status == 0, status
END
verdict "Ctrl-Z stops nothing that writes" $?

# -- step by step --------------------------------------------------------------------------------------

policy 'reset_witness = staff-card'
if [ -n "$user" ] || [ "$(id -u)" != 0 ]; then # root itself names files by options alone
    terminal "step by step: card, copy, witness, a file; a summary; done" 'password reset games' <<-END
		see Password reset for games
		see Hanako Sato
		see N-17
		see How did you verify
		match 1 +staff-card: you hold
		type 1
		see File with a scan
		type $mine/nowhere.pdf
		see cannot be opened
		type $mine/card.pdf
		see Who asked for it
		type her ward
		see Login name of the witness
		type 　
		see no text. Once more
		see Login name of the witness
		type daemon
		see Remark
		type 
		see How does the new password reach them
		match 2 +file
		type 2
		see New file for the slip
		type $slip
		see This will be done
		match Verified by: +staff-card
		match Witness: +daemon
		see Type yes to go on
		type yes
		see Password of daemon:
		type Minato.no 4-gatsu!
		see is in $slip
		end 0
		never Minato
	END
    [ "$(stat -c '%a %h %F' "$slip")" = '600 1 regular file' ] && grep -q '^Password: ' "$slip"
    verdict "the slip is a file of its own" $?
    json "all of it is in the entry" 0 "$last"'["verified_by"] == "staff-card" and '"$last"'["requested_by"] == "her ward" and
        '"$last"'["witness"] == "daemon" and "note" not in '"$last"' and len('"$last"'["document"]) == 64' ledger show
    rm -f "$slip"
    before=$(entries)
    terminal "a no at the end" 'password reset games --verified-by video' <<-END
		see photo of a document (Enter: none)
		type 
		see Who asked for it
		type 
		see Login name of a witness
		type 
		see Remark
		type 
		see How does the new password reach them
		type file
		see New file for the slip
		type $slip
		see Type yes to go on
		type no
		see nothing was changed
		end 1
	END
    [ ! -e "$slip" ]
    verdict "leaves no slip" $?
    unchanged "and no entry"
    terminal "killed before the end" 'password reset games --verified-by video --requested-by x --witness daemon --note y' <<-END
		see photo of a document (Enter: none)
		type 
		see How does the new password reach them
		type file
		see New file for the slip
		type $slip
		see Type yes to go on
		answer pkill -KILL -o -f '^$program .*password reset games'; echo
		end -9
	END
    for _ in $(seq 300); do [ ! -e "$slip" ] || sleep 0.1; done # its guard outlives it a moment
    [ ! -e "$slip" ]
    verdict "leaves no slip either" $?
    unchanged "nor an entry"
fi
terminal "--yes asks no more at the end" "password reset games --verified-by video --yes --document $mine/card.pdf" <<-'END'
	see Who asked for it
	type 
	see Login name of a witness
	type 
	see Remark
	type 
	see How does the new password reach them
	type at-terminal
	see New password:
	type Yamabuki-3-no-hana
	see Retype
	type Yamabuki-3-no-hana
	see is in force
	end 0
	never Yamabuki
END
terminal "who is not enrolled is told before any question" 'password reset nobody' <<-'END'
	see is not enrolled
	end 3
	never How did you verify
END

# -- the screen, where the policy lets it --------------------------------------------------------------

policy 'reset_delivery = screen'
terminal "the screen, once" 'password reset games --verified-by video --show' <<-'END'
	see CONFIDENTIAL
	match Password: [a-z2-9-]{13,}
	see is not shown again
	end 0
END
exits "the ledger verifies after all of it" 0 ledger verify
! grep -rqF -e Kazaguruma -e Minato -e Yamabuki "$root"
verdict "and no typed password is anywhere in the installation (R10)" $?
finish
