# Break-glass accounts at the desk (R32): sealed to a file, at the printer and on the screen, the page for the envelope, what is
# told of it, and that the code is nowhere else.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine slip=$work/mine/slip
conf=$root/etc/medgl/policy.conf
policy() { # LINE...: the site's policy
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' "$@" > "$conf"
}
admin setup --origin ward.example/1 && policy && admin account add daemon || exit 1
serial='[A-Z0-9-]+-[0-9]{4}-[A-Z]{2}'

terminal() { # NAME ARGUMENTS: standard input is the script; the operator's terminal
    # shellcheck disable=SC2086
    python3 -IS "$top_srcdir/tests/system/terminal.py" -t 60 -- $user "$program" --root "$root" $operator $2 > "$out" 2> "$err"
    verdict "$1" $?
}
code_of() { # FILE: what is on the page
    sed -n 's/^ *\(\([0-9A-Z]\{4\}-\)\{5\}[0-9A-Z]\{4\}\)$/\1/p' "$1"
}
one_sheet() { # NAME
    python3 -IS - "$slip" <<-'END'
	import sys, unicodedata
	wide = lambda line: sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line)
	lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
	sys.exit(any(wide(line) > 72 for line in lines) or len(lines) > 64)
END
    verdict "$1" $?
}

says "there is none yet" 0 'account add NAME --class breakglass' breakglass list
json "in JSON an empty list" 0 'd["breakglass"] == []' breakglass list
exits "somebody unknown" 3 breakglass seal games --slip "$slip"
says "another class" 1 'daemon is no break-glass account' breakglass seal daemon --slip "$slip"
says "it is enrolled, and the next step is named" 0 'breakglass seal games' account add games --class breakglass
json "not sealed" 0 'd["breakglass"][0]["state"] == "unsealed" and d["breakglass"][0]["serial"] in ("", None) and
    d["breakglass"][0]["sealed"] is None and d["breakglass"][0]["renew"] is None' breakglass list
says "no printer" 1 'slip_program' breakglass seal games
says "nothing is shown where no terminal is" 2 'needs a terminal' breakglass seal games --show
says "one way alone" 2 'one way only' breakglass seal games --show --slip "$slip"
[ ! -e "$slip" ]
verdict "no page is left of all that" $?

# -- to a file -----------------------------------------------------------------------------------------

says "sealed" 0 "games is sealed, number $serial: the page is in" breakglass seal games --slip "$slip"
code=$(code_of "$slip")
[ ${#code} = 29 ] && grep -q 'EMERGENCY ACCESS' "$slip" && grep -q '非常時以外は開封しないでください' "$slip" &&
    grep -Eq "^  Serial number / 番号: +$serial\$" "$slip" && grep -q 'Account / アカウント: *games' "$slip" &&
    grep -q 'fold this part' "$slip" && grep -q 'Logging in declares an emergency' "$slip" && grep -q '終わったら' "$slip"
verdict "the page says all that has to be known, in English and Japanese" $?
grep -q '^  Whom to tell / 連絡先: *____*$' "$slip" && grep -q '^  Telephone / 電話: *____*$' "$slip"
verdict "with blanks for whom to tell" $?
[ "$(sed '/fold this part/,$d' "$slip" | grep -cF -e "$code" -e "${code%-*}")" = 0 ]
verdict "the code is on the inside" $?
one_sheet "in 72 columns, on one sheet"
[ "$(stat -c %a "$slip")" = 600 ] && ! grep -rqF -e "$code" "$out" "$err" "$root"
verdict "which is nowhere else (R02)" $?
exits "a page is never over another file" 2 breakglass seal games --slip "$slip"
rm "$slip"
json "listed" 0 'd["breakglass"][0]["state"] == "sealed" and d["breakglass"][0]["times"] == 1 and
    d["breakglass"][0]["due"] is False and utc.fullmatch(d["breakglass"][0]["renew"]) and
    d["breakglass"][0]["emergency"] is None and d["breakglass"][0]["sessions"] == 0' breakglass list
says "for people" 0 "^games +sealed +no +active +$serial" breakglass list
says "again: the old envelope is named" 0 "The envelope $serial opens nothing any more" \
    breakglass seal games --slip "$slip" --reason 'once a year'
[ "$(code_of "$slip")" != "$code" ]
verdict "with another code" $?
rm "$slip"
json "in JSON" 0 'd["breakglass_seal"][0]["name"] == "games" and d["breakglass_seal"][0]["times"] == 3 and
    d["breakglass_seal"][0]["deliver"] == "file" and re.search("-0003-", d["breakglass_seal"][0]["serial"])' \
    breakglass seal games --slip "$slip"
rm "$slip"
says "the reason is in the ledger" 0 'once a year' ledger show --breakglass --kind breakglass.seal

# -- what does not go with it --------------------------------------------------------------------------

for what in 'password reset games --verified-by video' 'recovery issue games --reason x'; do
    # shellcheck disable=SC2086
    says "no $what" 1 'breakglass seal makes a new one' $what --slip "$slip"
done
says "no grant" 1 'breakglass seal makes a new one' grant add games --kind out-of-hours --until "$(date -d "+1 day" +%F)" --reason x \
    --approved-by daemon
says "an envelope that was open: ended, and the next step is named" 0 'seal it anew with medgl-admin breakglass seal games;' \
    password revoke games --reason 'the envelope was open'
! grep -q 'password reset' "$out" "$err"
verdict "which is not one that is refused" $?
json "and unsealed" 0 'd["breakglass"][0]["state"] == "unsealed"' breakglass list

# -- whom to tell --------------------------------------------------------------------------------------

while IFS='|' read -r name contact shown; do
    policy "emergency_contact = $contact" 'breakglass_outside = deny'
    rm -f "$slip"
    says "$name" 0 'fill in what is blank' breakglass seal games --slip "$slip"
    one_sheet "$name: on one sheet"
    [ "$(sed -n '/^  Whom to tell/,/^  Sealed by/{s/^  Whom to tell[^:]*: *//;/^  Sealed by/d;s/^ *//;p}' "$slip" | paste -sd/)" = "$shown" ]
    verdict "$name: it says that, in the place of the blanks" $?
done <<-'END'
	whom to tell|Dr Sato, 03-1234-5678|Dr Sato, 03-1234-5678
	a line is full|1234567890123456789012345678901234567890 123|1234567890123456789012345678901234567890 123
	one more is on the next|1234567890123456789012345678901234567890 1234|1234567890123456789012345678901234567890 /1234
	Japanese, which is wide|情報システム室の佐藤(内線2204)、夜間は03-1234-5678、いなければ山田|情報システム室の佐藤(内線2204)、夜間は/03-1234-5678、いなければ山田
	Japanese with spaces|情報システム室 佐藤一郎 内線2204 夜間は当直の山田二郎 03-1234-5678|情報システム室 佐藤一郎 内線2204 夜間は当直/の山田二郎 03-1234-5678
	as long as can be|юююююююююююююююююююююююююююююююююююююююююююююююююю|юююююююююююююююююююююю/юююююююююююююююююююююю/юююююю
	with long words|aaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccccccc|aaaaaaaaaaaaaaaaaaaaaaaaaaa /bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb /cccccccccccccccccccccccccccc
	with words that fit badly|aaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbb ccccccccccccccccccccccccccccccccccccccccccc|aaaaaaaaaaaaaaaaaaaaaaaaaaaa /bbbbbbbbbbbbbbbbbbbbbbbbbbb /ccccccccccccccccccccccccccccccccccccccccccc
END
rm "$slip"
policy "emergency_contact = $(printf %0101d 0)"
says "no longer one" 1 'emergency_contact must be empty or printable UTF-8 with a letter or a digit, up to 100 bytes' policy check
policy

# -- the printer ---------------------------------------------------------------------------------------

printf '#!/bin/sh\ncat > %s\n' "$mine/paper" > "$mine/printer" && chmod 755 "$mine/printer"
[ -z "$user" ] || chown -R 65534:65534 "$mine"
policy "slip_program = $mine/printer" 'breakglass_outside = deny'
says "printed" 0 'the page was printed. Fold it unread' breakglass seal games
code=$(code_of "$mine/paper")
[ ${#code} = 29 ] && ! grep -rqF -e "$code" "$out" "$err" "$root" && grep -q 'must run medgl-admin emergency declare' "$mine/paper"
verdict "by its standard input alone, with what the policy says" $?
printf '#!/bin/sh\nexit 3\n' > "$mine/printer"
before=$(admin ledger export --breakglass && wc -l < "$out")
says "a printer that fails" 4 'was not printed: it ended with status 3' breakglass seal games
[ "$(admin ledger export --breakglass && wc -l < "$out")" = "$before" ]
verdict "the old envelope is in force, nothing was changed" $?
printf '#!/bin/sh\ncat > %s\n%s --root %s %s account disable games --reason "left" > /dev/null 2>&1\n' "$mine/paper" "$program" \
    "$root" "$operator" > "$mine/printer"
says "disabled while its page is printed: the page is told to be void" 1 "A page came out and opens nothing: destroy it \\($serial\\)" \
    breakglass seal games
exits "enabled again" 0 account enable games --reason 'came back'

# -- the screen ----------------------------------------------------------------------------------------

policy
terminal "not where the policy does not allow it" 'breakglass seal games --show' <<-'END'
	see reset_delivery
	end 1
	never Login name
END
policy 'reset_delivery = screen'
terminal "on the screen, once" 'breakglass seal games --show' <<-'END'
	see EMERGENCY ACCESS
	match ([0-9A-Z]{4}-){5}[0-9A-Z]{4}
	see is in force, and is not shown
	end 0
END
exits "the ledger verifies" 0 ledger verify
finish
