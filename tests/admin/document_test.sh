# Copies of documents (R11): which files are taken, that the operator cannot read them back and the auditor can, and what doctor
# says of who could.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
documents=$root/var/lib/medgl/documents
auditor=$root/etc/medgl/auditor.pem
as_user() { # COMMAND...
    # shellcheck disable=SC2086
    (cd "$mine" && $user "$@") > "$out" 2> "$err"
}
photo() { # FILE BYTES: a JPEG of that size
    as_user sh -c 'printf "\377\330\377\340\000\020JFIF\000 a staff card" > "$1" && truncate -s "$2" "$1"' sh "$1" "$2"
}
kept() { # how many copies there are
    # shellcheck disable=SC2012
    ls "$documents" 2> "$work/none" | wc -l
}
count_slips=0
hand_in() { # FILE MORE...: a reset of daemon by it
    local file=$1
    shift
    count_slips=$((count_slips + 1))
    admin password reset daemon --verified-by staff-card --deliver slip --slip "$mine/slip$count_slips" --yes --document "$file" "$@"
}
# takes NAME STATUS REGEX FILE: nothing is kept, unless the status is 0.
takes() {
    local name=$1 expected=$2 pattern=$3 before status now entries_before
    before=$(kept)
    entries_before=$(entries)
    hand_in "$4"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    now=$(kept)
    if [ "$expected" = 0 ]; then
        [ $status = 0 ] && [ "$now" = $((before + 1)) ]
    else
        [ $status = "$expected" ] && grep -Eq -e "$pattern" "$err" && [ "$now" = "$before" ] && [ ! -e "$mine/slip$count_slips" ] &&
            [ "$(entries)" = "$entries_before" ]
    fi
    verdict "$name" $?
}
auditor_is() { # FILE
    as_user cp "$1" "$auditor"
}

admin setup && admin account add daemon || exit 1
for name in auditor other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -passout pass:Mado-wo-akeru -days 60 -subj /CN=$name \
        -keyout "$work/$name.key" -out "$work/$name.pem" 2> "$err" || exit 1
    openssl pkey -in "$work/$name.key" -passin pass:Mado-wo-akeru -out "$work/$name.open" || exit 1
    cat "$work/$name.open" > "$mine/$name.open" && cat "$work/$name.key" > "$mine/$name.key"
    chmod 600 "$mine/$name".*
    [ -z "$user" ] || chown 65534:65534 "$mine/$name".*
done
openssl req -x509 -newkey rsa:1024 -nodes -days 60 -subj /CN=short -keyout "$work/short.key" -out "$work/short.pem" 2> "$err"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 20 -subj /CN=soon -keyout "$work/soon.key" \
    -out "$work/soon.pem" 2> "$err"
photo "$mine/card.jpg" 5000

json "no copy is asked for in vain: doctor says that the certificate is missing" 1 \
    '[f for f in d["findings"] if f["check"] == "documents" and f["level"] == "warning" and "auditor.pem is missing" in f["what"]]' doctor
takes "without a certificate none is taken, and the way needs one" 1 'auditor.pem is missing' "$mine/card.jpg"
says "nor is a reset done without" 1 'copy of the document' \
    password reset daemon --verified-by staff-card --deliver slip --slip "$mine/none" --yes
for state in "short|fault|too short" "soon|warning|ends on"; do
    auditor_is "$work/${state%%|*}.pem"
    level=${state#*|}
    json "doctor: ${state##*|}" 1 '[f for f in d["findings"] if f["check"] == "documents" and f["level"] == "'"${level%%|*}"'" and
        "'"${state##*|}"'" in f["what"]]' doctor
done
auditor_is "$work/auditor.pem"
json "doctor: good" 1 '[f for f in d["findings"] if f["check"] == "documents" and f["level"] == "ok"]' doctor
as_user cp "$mine/auditor.open" "$root/etc/medgl/auditor.key"
json "doctor: a private key lies here" 1 '[f for f in d["findings"] if f["level"] == "fault" and "private key is in" in f["what"]]' doctor
rm -f "$root/etc/medgl/auditor.key"

takes "a photo is taken" 0 . "$mine/card.jpg"
json "and the entry tells of it" 0 'd["entries"][-1]["details"]["document_type"] == "image/jpeg" and
    d["entries"][-1]["details"]["document_size"] == 5000 and len(d["entries"][-1]["details"]["document"]) == 64' \
    ledger show --kind password.issue
seq=$(python3 -IS -c 'import json, sys; print(json.load(open(sys.argv[1]))["entries"][-1]["seq"])' "$out")
digest=$(python3 -IS -c 'import json, sys; print(json.load(open(sys.argv[1]))["entries"][-1]["details"]["document"])' "$out")
[ "$(sha256sum < "$documents/$digest.cms" | cut -d ' ' -f 1)" = "$digest" ] && [ "$(stat -c %a "$documents/$digest.cms")" = 400 ]
verdict "it is kept by the digest of what is sealed" $?
! grep -rqa 'a staff card' "$root"
verdict "nothing of it can be read there" $?
openssl cms -decrypt -binary -inform DER -in "$documents/$digest.cms" -recip "$work/auditor.pem" -inkey "$work/auditor.open" \
    -out "$work/opened" 2> "$err" && cmp "$work/opened" "$mine/card.jpg"
verdict "openssl opens it with the auditor's key" $?

# What is no photo, and what is not even a file.
photo "$mine/large.jpg" 8388609
photo "$mine/largest.jpg" 8388608
photo "$mine/enormous.jpg" 67108865
: > "$mine/empty.jpg"
echo 'my staff card' > "$mine/text.jpg"
printf '%%PDF-1.7\n' > "$mine/scan.jpg"
ln -s "$mine/card.jpg" "$mine/link.jpg"
ln -s /dev/zero "$mine/zero.jpg"
mkfifo "$mine/pipe.jpg"
mkdir "$mine/directory.jpg"
python3 -IS -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$mine/socket.jpg"
printf '\377\330\377\340' > "$work/secret.jpg"
chmod 600 "$work/secret.jpg"
while IFS='|' read -r name status pattern file; do
    takes "$name" "$status" "$pattern" "$file"
done << END
a PDF, whatever its name|0|.|$mine/scan.jpg
as large as may be|0|.|$mine/largest.jpg
one byte more|1|too large|$mine/large.jpg
larger than any policy allows|2|larger than any policy|$mine/enormous.jpg
an empty file|1|empty|$mine/empty.jpg
a text called JPEG|1|neither a picture|$mine/text.jpg
a symbolic link|2|symbolic link|$mine/link.jpg
a symbolic link to a device|2|symbolic link|$mine/zero.jpg
a device|2|is no file|/dev/zero
a terminal|2|is no file|/dev/ptmx
a pipe that nobody writes to|2|is no file|$mine/pipe.jpg
a directory|2|is no file|$mine/directory.jpg
a socket|2|cannot be opened|$mine/socket.jpg
a file of the kernel|2|changed while it was read|/proc/self/status
no file|2|cannot be opened|$mine/nothing.jpg
END
[ -z "$user" ] || takes "a file that the operator cannot read" 2 'cannot be opened' "$work/secret.jpg"
(cd "$mine" && $user sh -c 'while [ ! -e enough ]; do printf "\377\330\377\340 more and more" >> growing.jpg || exit; done') &
for i in 1 2 3 4 5; do # it is as it was at one moment, or is refused
    hand_in "$mine/growing.jpg"
    [ $? -le 2 ] || echo "grew" >> "$work/grew"
done
as_user touch enough
wait $!
[ ! -e "$work/grew" ] && admin ledger verify
verdict "a file that grows harms nothing" $?

# The auditor.
opens() { # NAME STATUS REGEX KEY SEQ
    local name=$1 expected=$2 pattern=$3 status
    rm -f "$mine/copy"
    admin ledger document "$5" --key "$4" --output "$mine/copy" < "$work/none"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    [ $status = "$expected" ] && cat "$out" "$err" | grep -Eq -e "$pattern" && { [ $status = 0 ] || [ ! -e "$mine/copy" ]; }
    verdict "$name" $?
}
opens "the auditor opens it" 0 'image/jpeg, 5000 bytes' "$mine/auditor.open" "$seq"
cmp "$mine/copy" "$mine/card.jpg" && [ "$(stat -c '%a %u' "$mine/copy")" = "600 $(stat -c %u "$mine")" ]
verdict "as it was handed in, for the auditor alone" $?
json "and an entry says so" 0 'd["entries"][-1]["details"] == {**d["entries"][-1]["details"], "entry": '"$seq"', "document": "'"$digest"'"}' \
    ledger show --kind document.read
opens "another key opens nothing" 1 'not sealed to this key' "$mine/other.open" "$seq"
opens "nor does a certificate" 1 'not sealed to this key' "$auditor" "$seq"
opens "an entry without a document" 3 'No document belongs to entry 0' "$mine/auditor.open" 0
opens "a passphrase is asked for on a terminal alone" 1 'run this on a terminal' "$mine/auditor.key" "$seq"
chmod 660 "$mine/auditor.open"
opens "a key that others may change" 2 'nobody else may' "$mine/auditor.open" "$seq"
chmod 600 "$mine/auditor.open"
echo here > "$mine/copy"
admin ledger document "$seq" --key "$mine/auditor.open" --output "$mine/copy"
[ $? = 2 ] && [ "$(cat "$mine/copy")" = here ]
verdict "a file that is there is not written over" $?
chmod 600 "$documents/$digest.cms" && python3 -IS -c 'import sys
file = open(sys.argv[1], "r+b")
file.seek(600)
byte = file.read(1)[0]
file.seek(600)
file.write(bytes([byte ^ 1]))' "$documents/$digest.cms"
opens "a copy that was changed is not opened" 5 'missing or was changed' "$mine/auditor.open" "$seq"
says "and verification finds it" 5 'the file of a document was changed' ledger verify
rm -f "$documents/$digest.cms"
opens "nor one that is gone" 5 'missing or was changed' "$mine/auditor.open" "$seq"
says "and verification finds that" 5 'the file of a document is gone' ledger verify
json "one reading is in the ledger" 0 'len(d["entries"]) == 1' ledger show --kind document.read
finish
