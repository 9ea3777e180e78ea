# Second factors on the command line (R24, R03): devices are enrolled on a terminal with oathtool as the other side, taken over from
# files of other programs, and taken away; recovery codes are given out. No secret is where it must not be, and what ends in the
# middle leaves nothing.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine phone="python3 -IS $top_srcdir/tests/system/phone.py"
export FAKE_PHONE=$work/phone
admin setup --origin ward.example/1 && admin account add games && admin account add daemon || exit 1

verifies() { # NAME: that
    exits "$1: the ledger verifies" 0 ledger verify
}
devices() { # NAME: how many
    admin --json totp list "$1" && python3 -IS -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["devices"]))' "$out"
}
# terminal NAME SCRIPT ARGUMENT...: medgl-admin on a terminal, with that script of tests/system/terminal.py
terminal() {
    local name=$1 script=$2
    shift 2
    # shellcheck disable=SC2086
    printf '%s\n' "$script" | python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" $operator "$@" > "$out" 2> "$err"
    verdict "$name" $?
}
nothing() { # NAME: the ledger is as long as $before
    [ "$(entries)" = "$before" ] && ! ls "$mine"/slip* > /dev/null 2>&1
    verdict "$1: nothing was changed" $?
}

# -- on a terminal -------------------------------------------------------------------------------------

terminal "a device is enrolled by its QR code" "see Scan this
see Settings: time-based, SHA-256, 6 digits, 30 seconds
see shows now
answer $phone $FAKE_PHONE scan > $work/uri; $phone $FAKE_PHONE code
see has a device now
end 0" totp enrol games --label phone --reason 'first one'
key=$(sed -n 's/.*secret=\([A-Z2-7]*\).*/\1/p' "$work/uri")
[ ${#key} = 32 ] && grep -q '^otpauth://totp/.*games?secret=' "$work/uri"
verdict "the QR code says what apps read" $?
tr -d '\r' < "$out" | grep -q "^otpauth://totp/[^ ]*secret=$key[^ ]*$"
verdict "and so does a line, for who has no camera" $?
json "it is listed, without its secret" 0 'd["devices"][0]["account"] == "games" and d["devices"][0]["label"] == "phone" and
    d["devices"][0]["codes"] == "SHA-256, 6 digits, 30 seconds" and utc.fullmatch(d["devices"][0]["last_used"]) and
    "'"$key"'" not in json.dumps(d)' totp list
json "the ledger says who, what and why" 0 'd["entries"][0]["kind"] == "factor.enrol" and d["entries"][0]["details"]["factor"] == "totp"
    and d["entries"][0]["details"]["by"] == "administrator" and d["entries"][0]["details"]["reason"] == "first one"' \
    ledger show --last 1
! grep -rqa -e "$key" "$root" && ! grep -rqa -e "$(printf %s "$key" | base32 -d | base64)" "$root"
verdict "its secret is nowhere in the installation (R10)" $?
verifies "a device"
terminal "wrong codes are told, and a right one is good enough" "see Settings
see shows now
answer $phone $FAKE_PHONE read; $phone $FAKE_PHONE wrong
see not the code
see shows now
type hello
see not the code
see shows now
answer $phone $FAKE_PHONE code
see has a device now
end 0" totp enrol games --algorithm sha512 --digits 8
json "with another algorithm and length" 0 '[x["codes"] for x in d["devices"]].count("SHA-512, 8 digits, 30 seconds") == 1' totp list games
terminal "an app that ignores the algorithm is found out" "see Settings: time-based, SHA-512
see shows now
answer $phone $FAKE_PHONE take \"\$(sed -n 's/^Key: //p' | tr -d ' ')\" sha1 6; $phone $FAKE_PHONE code
see has a device now
end 0" totp enrol games --algorithm sha512 --label 'old app'
json "and kept as what it is" 0 '[x["codes"] for x in d["devices"] if x["label"] == "old app"] == ["SHA-1, 6 digits, 30 seconds"]' \
    totp list games
verifies "three devices"

before=$(entries)
terminal "three wrong ones" "see shows now
answer $phone $FAKE_PHONE wrong
see not the code
see shows now
answer $phone $FAKE_PHONE wrong
see not the code
see shows now
answer $phone $FAKE_PHONE wrong
see nothing of it is kept
end 1" totp enrol daemon
nothing "three wrong ones"
terminal "Enter gives up" 'see shows now
type 
see nothing was changed
end 1' totp enrol daemon
terminal "so does the end of input" 'see shows now
press \x04
see nothing was changed
end 1' totp enrol daemon
terminal "Ctrl-C" 'see shows now
press 123\x03
end -2' totp enrol daemon
nothing "Ctrl-C"
cat > "$work/killed" <<END
echo \$\$ > $work/pid
exec $user $program --root $root $operator totp enrol daemon
END
printf '%s\n' 'see shows now' "answer kill -9 \$(cat $work/pid)" 'end -9' |
    python3 -IS "$top_srcdir/tests/system/terminal.py" -- sh "$work/killed" > "$out" 2> "$err"
verdict "kill -9" $?
nothing "kill -9"
exits "not without a terminal" 2 totp enrol daemon
nothing "without a terminal"
cat > "$work/pipe" <<END
exec $user $program --json --root $root $operator totp enrol daemon > $work/piped
END
printf '%s\n' 'see Settings' 'see shows now' "answer $phone $FAKE_PHONE read; $phone $FAKE_PHONE code" 'end 0' |
    python3 -IS "$top_srcdir/tests/system/terminal.py" -- sh "$work/pipe" > "$out" 2> "$err"
verdict "standard output may be a pipe" $?
key=$(sed -n 's/^Key: //p' "$out" | tr -d '\r ')
[ ${#key} = 32 ] && python3 -IS -m json.tool < "$work/piped" > "$err" && ! grep -q -e "$key" -e secret -e Key -e otpauth "$work/piped"
verdict "and gets JSON without the secret" $?
exits "it is taken away" 0 totp remove daemon --reason test
verifies "a device that was taken away"

while IFS='|' read -r name pattern arguments; do
    # shellcheck disable=SC2086
    says "$name" 2 "$pattern" $arguments
done <<'END'
an unknown algorithm|did you mean "sha256"|totp enrol games --algorithm sha255
seven digits|needs 6 or 8|totp enrol games --digits 7
an unknown format|did you mean "users"|totp import --format user --from x
no format|--format FORMAT is missing|totp import --from x
a key of no PSKC|go with --format pskc alone|totp import --format users --from /etc/hostname --serial x
no reason to remove|--reason TEXT is missing|totp remove games
codes nowhere to go|either --slip FILE or --show|recovery issue games --reason x
END
says "codes to a slip and the screen" 2 'either --slip FILE or --show' recovery issue games --reason x --show --slip "$mine/slip"
for bad in "$(printf 'a\033[2Jb')" "$(printf 'a\nb')" "$(printf '\377')" '   ' "$(head -c 300 /dev/zero | tr '\0' x)"; do
    says "a label of $(printf %s "$bad" | head -c 4 | od -An -tx1)" 2 'without control characters' totp enrol games --label "$bad"
done
exits "nobody unknown" 3 totp remove nobody-here --reason x
exits "no list of somebody unknown" 3 totp list nobody-here

# -- import --------------------------------------------------------------------------------------------

put() { # FILE: standard input into it, as a file of who runs the program
    cat > "$work/put" && $user cp "$work/put" "$mine/$1" && $user chmod 600 "$mine/$1"
}
a=3132333435363738393031323334353637383930
put users <<END
HOTP/T30/6 daemon - $a
# a remark
HOTP/T30/6 no-such-user - ${a}01
HOTP daemon - ${a}02
HOTP/T30/6 daemon 1234 ${a}03
HOTP/T30/8 games - ${a}04
END
before=$(entries)
says "a dry run of pam_oath's file" 1 'would be taken over: 2; refused: 3' totp import --format users --from "$mine/users" --dry-run
nothing "a dry run"
json "what it says of each line" 1 '[(x["line"], x["name"], x["result"]) for x in d["devices"]] == [(1, "daemon", "good"),
    (3, "no-such-user", "refused"), (4, "daemon", "refused"), (5, "daemon", "refused"), (6, "games", "good")] and
    all(x["why"] for x in d["devices"] if x["result"] == "refused") and "'$a'" not in json.dumps(d)' \
    totp import --format users --from "$mine/users" --dry-run
says "it is taken over, and what cannot be is said" 1 'taken over: 2; refused: 3.*Remove the file' \
    totp import --format users --from "$mine/users"
[ "$(devices daemon) $(devices games)" = '1 4' ]
verdict "each by itself" $?
says "a second time nothing is" 1 'same device is enrolled already, for daemon' totp import --format users --from "$mine/users"
verifies "pam_oath's file"
before=$(entries)
terminal "a fifth device is refused before anything is shown" 'see as many devices as it can have
end 1
never Key:' totp enrol games
nothing "a fifth device"
printf '%s\n' "HOTP/T30/6 games - ${a}05" "HOTP daemon - ${a}06" "HOTP/T30/6 daemon - ${a}07" | put only
says "also by import" 1 'as many devices' totp import games --format users --from "$mine/only"
admin totp remove games --id 'old app' --reason lost
says "by name only what is theirs is looked at" 0 'taken over: 1; refused: 0' totp import games --format users --from "$mine/only"

put google <<'END'
JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
" RATE_LIMIT 3 30
" WINDOW_SIZE 17
" DISALLOW_REUSE
" TOTP_AUTH
12345678
END
says "a file of google-authenticator does not say whose it is" 2 'give NAME' totp import --format google --from "$mine/google"
says "it is checked" 0 'would be taken over: 1' totp import daemon --format google --from "$mine/google" --dry-run
says "and taken over" 0 'taken over: 1' totp import daemon --format google --from "$mine/google"
says "a file of another format is none" 2 'none of that format' totp import daemon --format google --from "$mine/users"

pskc() { # HEADER, KEYPACKAGES...
    echo '<?xml version="1.0"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"
        xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
        xmlns:xenc11="http://www.w3.org/2009/xmlenc11#"
        xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#">' "$@" '</KeyContainer>'
}
token() { # SERIAL SECRET [USERID]
    echo "<KeyPackage><DeviceInfo><Manufacturer>M</Manufacturer><SerialNo>$1</SerialNo></DeviceInfo><Key Id=\"$1\"
        Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\"><AlgorithmParameters><ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/>
        </AlgorithmParameters><Data><Secret>$2</Secret><Time><PlainValue>0</PlainValue></Time><TimeInterval><PlainValue>30</PlainValue>
        </TimeInterval></Data>${3-}</Key></KeyPackage>"
}
cipher() {
    echo "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/><xenc:CipherData>
        <xenc:CipherValue>$1</xenc:CipherValue></xenc:CipherData>"
}
sealed() { # VALUE MAC
    echo "<EncryptedValue>$(cipher "$1")</EncryptedValue><ValueMAC>$2</ValueMAC>"
}
maced() { # MACKEY
    echo "<MACMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><MACKey>$(cipher "$1")</MACKey></MACMethod>"
}
pskc "$(token 1001 '<PlainValue>QUJDREVGR0hJSktMTU5PUFFSU1Q=</PlainValue>')" \
    "$(token 1002 '<PlainValue>YWJjZGVmZ2hpamtsbW5vcHFyc3Q=</PlainValue>')" | put tokens
says "of several tokens it must be said which" 1 'choose one with --serial' totp import daemon --format pskc --from "$mine/tokens"
says "and whose" 1 'give NAME' totp import --format pskc --from "$mine/tokens"
says "one that is not there" 1 'holds no device' totp import daemon --format pskc --from "$mine/tokens" --serial 1003
pskc "$(token 1004 '<PlainValue>QWJDREVGR0hJSktMTU5PUFFSU1Q=</PlainValue>' '<UserId>games</UserId>')" \
    "$(token 1005 '<PlainValue>QUJD</PlainValue>' '<UserId>games</UserId>')" | put assigned
says "a token of somebody else's by the file is said to be" 0 "the file says it is games's" \
    totp import daemon --format pskc --from "$mine/assigned" --serial 1004 --dry-run
says "one that is damaged is told of, though it was asked for by its serial number" 1 '1005 .*its secret' \
    totp import daemon --format pskc --from "$mine/assigned" --serial 1005
says "a hardware token is checked" 0 'would be taken over: 1' totp import daemon --format pskc --from "$mine/tokens" --serial 1002 --dry-run
says "and taken over" 0 'taken over: 1' totp import daemon --format pskc --from "$mine/tokens" --serial 1002
json "under its serial number" 0 '"1002" in [x["label"] for x in d["devices"]]' totp list daemon
# RFC 6030, figures 6 and 7: the secret is "12345678901234567890", which daemon has by now.
pskc '<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>' \
    "$(maced ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX)" \
    "$(token 1 "$(sealed AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv Su+NvtQfmvfJzF6bmQiJqoLRExc=)")" | put sealed
pskc '<EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod
    Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><pkcs5:PBKDF2-params><Salt>
    <Specified>Ej7/PEpyEpw=</Specified></Salt><IterationCount>1000</IterationCount><KeyLength>16</KeyLength><PRF/>
    </pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod></xenc11:DerivedKey></EncryptionKey>' \
    "$(maced 2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx)" \
    "$(token 2 "$(sealed oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f LP6xMvjtypbfT9PdkJhBZ+D6O4w=)")" | put locked
echo 12345678901234567890123456789012 | put key
echo 12345678901234567890123456789013 | put other
says "an encrypted file needs its key" 2 'need the right key' totp import daemon --format pskc --from "$mine/sealed"
says "and no other" 2 'need the right key' totp import daemon --format pskc --from "$mine/sealed" --key "$mine/other"
says "the same device, encrypted, is the same" 1 'same device is enrolled already' \
    totp import daemon --format pskc --from "$mine/sealed" --key "$mine/key"
admin totp remove daemon --reason anew
says "with its key it is taken over" 0 'taken over: 1' totp import daemon --format pskc --from "$mine/sealed" --key "$mine/key"
says "a password needs a terminal" 2 'needs a terminal' totp import daemon --format pskc --from "$mine/locked" --ask-password
admin totp remove daemon --reason anew
terminal "it is asked for there, and not shown" 'see Password of the file
type qwerty
see taken over: 1
end 0
never qwerty' totp import daemon --format pskc --from "$mine/locked" --ask-password
verifies "imports"

# -- files that are not what they should be ------------------------------------------------------------

before=$(entries)
hostile() { # NAME FILE STATUS
    says "$1" "$3" 'is not read|cannot be opened|is too long|none of that format' totp import daemon --format users --from "$2"
}
ln -s /etc/shadow "$mine/link"
mkfifo "$mine/fifo"
mkdir "$mine/directory"
head -c 5000000 /dev/zero | put huge
head -c 4000 /dev/urandom | put noise
echo "HOTP/T30/6 daemon - ${a}09" | put shared && $user chmod 620 "$mine/shared"
hostile "a link to what is not theirs" "$mine/link" 2
hostile "a pipe" "$mine/fifo" 2
hostile "a device" /dev/zero 2
hostile "a directory" "$mine/directory" 2
hostile "a file without end" "$mine/huge" 2
hostile "a file that others may write to" "$mine/shared" 2
hostile "none" "$mine/none" 2
admin totp import daemon --format users --from "$mine/noise"
status=$?
[ $status = 1 ] || [ $status = 2 ]
verdict "noise" $?
if [ -n "$user" ]; then
    echo "HOTP/T30/6 daemon - ${a}09" > "$work/mode" && chmod 644 "$work/mode" && chown 1:1 "$work/mode"
    hostile "a file of somebody else's" "$work/mode" 2
fi
says "a key that others may write to" 2 'is not read' totp import daemon --format pskc --from "$mine/sealed" --key "$mine/shared"
nothing "hostile files"

# -- recovery codes ------------------------------------------------------------------------------------

slip=$mine/slip
says "ten codes go into a slip" 0 'The codes for games are in' recovery issue games --slip "$slip" --reason 'asked for'
codes=$(grep -Ec '^ +[0-9]+\. [0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$' "$slip")
[ "$codes" = 10 ] && [ "$(stat -c '%a %h %F' "$slip")" = '600 1 regular file' ] && grep -q '^Login name: games$' "$slip"
verdict "of its owner alone" $?
one=$(sed -n 's/^ *1\. //p' "$slip")
! grep -q -e "$one" "$out" "$err" && ! grep -rqa -e "$one" "$root"
verdict "and are nowhere else (R10)" $?
json "how many are left" 0 'd["recovery"][0]["account"] == "games" and d["recovery"][0]["left"] == 10' recovery list
verifies "recovery codes"
says "a slip that is there is not written over" 2 'is there already' recovery issue games --slip "$slip" --reason x
rm "$slip"
before=$(entries)
says "not on a screen where there is none" 2 'needs a terminal' recovery issue games --show --reason x
exits "not for somebody unknown" 3 recovery issue nobody-here --slip "$slip" --reason x
if [ -e /dev/full ]; then
    (ulimit -f 0 && admin recovery issue games --slip "$slip" --reason x) 2> /dev/null
    for _ in $(seq 300); do [ ! -e "$slip" ] || sleep 0.1; done # its guard outlives it a moment
fi
nothing "no slip"
terminal "new ones on the screen" 'match 10\. [0-9A-Z]{5}-[0-9A-Z]{5}
see in force now
end 0' recovery issue games --show --reason 'lost the slip'
json "end the old ones" 0 '[x["kind"] for x in d["entries"]] == ["factor.revoke", "factor.enrol"] and
    d["entries"][0]["details"]["count"] == 10' ledger show --last 2
json "ten there are" 0 'd["recovery"][0]["left"] == 10' recovery list games
verifies "new recovery codes"
says "they are revoked" 0 'ended: 10' recovery revoke games --reason found
says "and not again" 1 'nothing of that kind' recovery revoke games --reason found
json "none is left" 0 'd["recovery"] == []' recovery list

# -- all at once ---------------------------------------------------------------------------------------

admin recovery issue games --slip "$slip" --reason x
says "with a password that leaked all factors end (R12)" 0 'were ended .devices, cards and codes.: 14' \
    password revoke games --reason phished --factors
[ "$(devices games)" = 0 ]
verdict "none is left" $?
verifies "a leak"
says "and nothing is left to end" 1 'nothing to revoke' password revoke games --reason again --factors
says "an account that is retired keeps none (R25)" 0 . account retire daemon --reason left --yes
[ "$(devices daemon)" = 0 ]
verdict "none is left of it" $?
says "and gets none" 1 'only an active account' recovery issue daemon --slip "$mine/late" --reason x
verifies "a retired account"
finish
