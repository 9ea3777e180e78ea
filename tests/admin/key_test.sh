# key list and key rotate (R37): what they say, what they change, what is refused; the openssl command is the other side of
# the checkpoints that both ledger keys sign.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1

says "nothing is set up yet" 4 'Nothing is set up' key rotate store --reason x --yes
says "setup" 0 'Set up as ward.example/1' setup --origin ward.example/1
keys=$(dirname "$(find "$root" -name store.key)")
mine=$work/mine
json "before any exchange there is one key of each" 0 '[(k["key"], k["in_force"], k["seq"]) for k in d["keys"]] ==
    [("store", True, None), ("ledger", True, None)]' key list
json "the algorithms stand with them" 0 '"AES-256-GCM" in d["keys"][0]["algorithm"] and "Ed25519" in d["keys"][1]["algorithm"]' key list
exits "an account, to have a secret" 0 account add daemon

# -- what is refused ---------------------------------------------------------------------------------------------------

exits "which key" 2 key rotate --reason x --yes
says "no other key" 2 'neither store nor ledger' key rotate backup --reason x --yes
exits "a reason" 2 key rotate store --yes
says "elsewhere than on a terminal it needs --yes" 2 'Backups of before.*confirm it with --yes' key rotate store --reason x
says "so does the ledger's, for another reason" 2 'Auditors and witnesses.*confirm it with --yes' key rotate ledger --reason x
answer() { # STATUS TEXT
    # shellcheck disable=SC2086
    python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" $operator key rotate store \
        --reason yearly > "$out" 2> "$err" <<-END
	see Type store to exchange its key:
	type $2
	end $1
	END
}
sum() {
    sha256sum < "$keys/$1"
}
before=$(sum store.key)
answer 1 ledger
verdict "not confirmed by another word" $?
[ "$(sum store.key)" = "$before" ]
verdict "and nothing is changed" $?

# -- the store key -----------------------------------------------------------------------------------------------------

answer 0 store
verdict "confirmed by the word" $?
[ "$(sum store.key)" != "$before" ] && [ "$(stat -c %a "$keys/store.key")" = 400 ] && [ ! -e "$keys/store.key.new" ]
verdict "another key is in its place, for its owner alone" $?
json "the list has both" 0 '[(k["key"], k["in_force"]) for k in d["keys"]] == [("store", False), ("store", True), ("ledger", True)] and
    d["keys"][0]["name"] != d["keys"][1]["name"] and utc.fullmatch(d["keys"][1]["since"])' key list
json "the entry has from, to and why" 0 'd["entries"][0]["kind"] == "key.rotate" and
    [d["entries"][0]["details"][k] for k in ("key", "reason", "secrets")] == ["store", "yearly", 0] and
    len(d["entries"][0]["details"]["from"]) == 8' ledger show --last 1
json "an alert waits" 0 'd["alerts"][0]["kind"] == "key"' alert list
json "and again, in JSON" 0 'd["result"][0]["name"] == "store" and "backup" in d["result"][0]["message"]' \
    key rotate store --reason again --yes
exits "the store opens" 0 account show daemon
exits "the evidence verifies" 0 ledger verify

# -- the ledger key ----------------------------------------------------------------------------------------------------

cp "$keys/ledger.vkey" "$mine/old.vkey"
admin ledger checkpoint && cp "$out" "$mine/early"
says "the ledger key" 0 'first line of' key rotate ledger --reason "the disk was sold" --yes
admin ledger checkpoint && cp "$out" "$mine/both"
[ "$(wc -l < "$keys/ledger.vkey")" = 2 ] && [ "$(tail -n 1 "$keys/ledger.vkey")" = "$(cat "$mine/old.vkey")" ] &&
    [ "$(stat -c %a "$keys/ledger.vkey")" = 644 ]
verdict "the public key file has the new one first, then the old one" $?
json "the entry has both public keys" 0 'd["entries"][0]["details"]["from"] == open("'"$mine/old.vkey"'").read().strip() and
    d["entries"][0]["details"]["to"] == open("'"$keys/ledger.vkey"'").readline().strip()' ledger show --kind key.rotate --last 1

# signed VKEY-LINE NOTE: openssl finds the signature of that key good.
signed() {
    python3 -IS - "$1" "$2" "$mine" <<-'END'
	import base64, sys
	vkey, note, to = sys.argv[1:]
	name, digits, key = vkey.split("+", 2)
	text, lines = open(note, encoding="utf-8").read().rsplit("\n\n", 1)
	for line in lines.splitlines():
	    dash, signer, signature = line.split(" ")
	    signature = base64.b64decode(signature)
	    if dash == "\u2014" and signer == name and signature[:4].hex() == digits:
	        open(to + "/text", "w", encoding="utf-8").write(text + "\n")
	        open(to + "/signature", "wb").write(signature[4:])
	        open(to + "/key.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key)[1:])
	        sys.exit(0)
	sys.exit(1)
	END
    [ $? = 0 ] && openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$mine/key.der" -in "$mine/text" \
        -sigfile "$mine/signature" > "$out" 2> "$err"
}
old=$(cat "$mine/old.vkey") new=$(head -n 1 "$keys/ledger.vkey")
signed "$old" "$mine/early"
verdict "openssl: the checkpoint before is the old key's" $?
! signed "$new" "$mine/early"
verdict "and not the new one's" $?
signed "$old" "$mine/both" && signed "$new" "$mine/both"
verdict "openssl: the checkpoint of the exchange is of both" $?
sed '2s/.*/1/' "$mine/both" > "$mine/forged"
! signed "$new" "$mine/forged"
verdict "openssl: not of another size" $?
exits "one more entry" 0 account disable daemon --reason leave
admin ledger checkpoint && cp "$out" "$mine/late"
signed "$new" "$mine/late" && ! signed "$old" "$mine/late"
verdict "openssl: the one behind is the new key's alone" $?
exits "verification goes across, with checkpoints of all three kinds" 0 ledger verify --checkpoint "$mine/early" \
    --checkpoint "$mine/both" --checkpoint "$mine/late"
exits "who kept the old public key follows to the new one" 0 ledger verify --vkey "$mine/old.vkey"
echo 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW' > "$mine/foreign.vkey"
says "another key is none of the ledger's" 5 . ledger verify --vkey "$mine/foreign.vkey"

# -- files that are none of these: a mistake at the keyboard, and no alarm

held() { # NAME STATUS PATTERN OPTION: with that in a file, as $mine/given
    $user cp "$mine/made" "$mine/given" 2> /dev/null || cp "$mine/made" "$mine/given"
    chmod 644 "$mine/given"
    says "$1" "$2" "$3" ledger verify "$4" "$mine/given"
    grep -q 'call the auditor' "$err"
    [ $? = "$([ "$2" = 5 ]; echo $?)" ]
    verdict "$1: who is called" $?
}
none='given is no checkpoint' no_key='given is no public key of a ledger'
echo ward-7 > "$mine/made"
held "a host's name is no checkpoint" 2 "$none" --checkpoint
held "nor a key" 2 "$no_key" --vkey
says "it hides no fault of another" 5 'given is no checkpoint' ledger verify --checkpoint "$mine/given" --vkey "$mine/foreign.vkey"
says "nor keeps the rest from being verified" 2 'Verified +yes' ledger verify --checkpoint "$mine/given" --checkpoint "$mine/late"
: > "$mine/made"
held "nothing is no checkpoint" 2 "$none" --checkpoint
held "nor a key" 2 "$no_key" --vkey
head -n 4 "$mine/late" > "$mine/made"
held "one without its signature proves nothing" 2 "$none" --checkpoint
cp "$mine/old.vkey" "$mine/made"
held "a key is no checkpoint" 2 "$none" --checkpoint
cp "$mine/late" "$mine/made"
held "a checkpoint is no key" 2 "$no_key" --vkey
says "a good one beside a bad one" 2 "Verified +yes" ledger verify --checkpoint "$mine/late" --checkpoint /etc/hostname
head -c -20 "$mine/late" > "$mine/made"
held "a signature that was cut is evidence that fails" 5 'given is not signed by the key of' --checkpoint
sed '2s/.*/1/' "$mine/late" > "$mine/made"
held "so is one over another size" 5 'given is not signed by the key of' --checkpoint
sed 's/.....$//' "$mine/old.vkey" > "$mine/made"
held "and a key that was cut" 5 'given is no key that this ledger ever had' --vkey

# -- doctor ------------------------------------------------------------------------------------------------------------

says "doctor finds keys that belong together" 1 'keys.*belong together' doctor
$user cp "$keys/ledger.key" "$keys/ledger.key.new"
says "doctor tells of a file that is left" 1 'key rotate ledger' doctor
says "key list tells of it too" 0 'interrupted' key list
says "it is finished, and no other exchange begins" 0 'had been interrupted was finished' key rotate ledger --reason y --yes
[ ! -e "$keys/ledger.key.new" ] && [ "$(wc -l < "$keys/ledger.vkey")" = 2 ]
verdict "and the file is gone" $?
head -n 1 "$keys/ledger.vkey" > "$mine/one" && cat "$mine/one" > "$keys/ledger.vkey"
says "doctor misses a former public key" 1 'lacks 1 former' doctor

# -- of the break-glass accounts ---------------------------------------------------------------------------------------

before=$(sum store.key) small=$(sum breakglass.key)
says "their store key" 0 'store key was exchanged' key rotate store --breakglass --reason leak --yes
[ "$(sum store.key)" = "$before" ] && [ "$(sum breakglass.key)" != "$small" ] && [ ! -e "$keys/breakglass.key.new" ]
verdict "the main one's stays" $?
says "their ledger key" 0 'first line of .*breakglass-ledger.vkey' key rotate ledger --breakglass --reason leak --yes
json "they are listed by themselves" 0 '[(k["key"], k["in_force"]) for k in d["keys"]] ==
    [("store", False), ("store", True), ("ledger", False), ("ledger", True)]' key list --breakglass
json "their ledger has the entries" 0 '[e["details"]["key"] for e in d["entries"]] == ["store", "ledger"]' \
    ledger show --breakglass --kind key.rotate
$user cp "$keys/breakglass-ledger.key" "$keys/breakglass-ledger.key.new"
says "doctor names the cure" 1 'key rotate ledger --breakglass' doctor
says "it is finished" 0 'had been interrupted was finished' key rotate ledger --breakglass --reason y --yes
exits "both ledgers verify" 0 ledger verify
finish
