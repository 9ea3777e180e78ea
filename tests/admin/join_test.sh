# R31, R32: the two ledgers vouch for each other: joined by the verbs, verified by ledger verify and by a verifier that shares no
# line with the program; one that was cut, put back or taken away is found. A backup holds both.
. "${top_srcdir:?}/tests/admin/common.sh"
mine=$work/mine
small=$root/var/lib/medgl-breakglass etc=$root/etc/medgl
other() { # NAME STATUS ARGUMENT...
    local name=$1 expected=$2
    shift 2
    ledger_check "$etc/breakglass-ledger.vkey" "$@" 2> "$err"
    [ $? = "$expected" ]
    verdict "the other verifier: $name" $?
}
admin setup --origin ward.example/1
exits "a break-glass account" 0 account add games --class breakglass
exits "a drill" 0 emergency declare --drill --criterion other --decided-by Director
exits "which ends" 0 emergency recover --decided-by Director
json "R32: the main ledger vouches for it" 0 '[e["details"]["origin"] for e in d["entries"]] == ["ward.example/1/breakglass"]' \
    ledger show --kind emergency.join
json "ledger show --breakglass is of the small one" 0 \
    'd["entries"][0]["origin"] == "ward.example/1/breakglass" and any(e["kind"] == "emergency.recover" for e in d["entries"])' \
    ledger show --breakglass
json "R08: both verify" 0 '[v["verified"] for v in d["verification"]] == [True, True] and
    [v["ledger"] for v in d["verification"]] == ["ward.example/1", "ward.example/1/breakglass"]' ledger verify
json "the small one alone" 0 '[v["ledger"] for v in d["verification"]] == ["ward.example/1/breakglass"]' ledger verify --breakglass
exits "a proof of the small one" 0 ledger prove 1 --breakglass

# -- what is handed out ---------------------------------------------------------------------------
admin ledger export && cp "$out" "$mine/main"
admin ledger export --breakglass && cp "$out" "$mine/small"
admin ledger checkpoint --breakglass && cp "$out" "$mine/small.ckpt"
exits "a checkpoint of the small one, kept elsewhere" 0 ledger verify --checkpoint "$mine/small.ckpt"
other "the small ledger, and that the main one vouches for it" 0 export "$mine/small" --checkpoint "$mine/small.ckpt" --joined "$mine/main"
sed 's/"root":"..../"root":"AAAA/' "$mine/main" > "$mine/bad"
other "another root was joined" 5 export "$mine/small" --checkpoint "$mine/small.ckpt" --joined "$mine/bad"
sed -E '/emergency.join/s/"size":[0-9]+/"size":99/' "$mine/main" > "$mine/bad"
other "more was joined than there is" 5 export "$mine/small" --checkpoint "$mine/small.ckpt" --joined "$mine/bad"
grep -v emergency.join "$mine/main" > "$mine/bad"
other "nothing was joined" 5 export "$mine/small" --checkpoint "$mine/small.ckpt" --joined "$mine/bad"

# -- what befalls the small one -------------------------------------------------------------------
cp -a "$small" "$mine/before"
exits "one more act" 0 account disable games --reason drill
exits "another drill" 0 emergency declare --drill --criterion other --decided-by Director
exits "which ends too" 0 emergency recover --decided-by Director
cp -a "$small" "$mine/after"
rm -rf "$small" && cp -a "$mine/before" "$small"
json "R08: an older one that was put back is found" 5 \
    'd["verification"][0]["verified"] is True and d["verification"][1]["verified"] is False' ledger verify
says "and told by what the main one vouches for" 5 'vouches for [0-9]+ entries .* not as many any more' ledger verify
exits "by itself it is whole" 0 ledger verify --breakglass
rm -rf "$small" && mkdir "$mine/keys" && mv "$etc"/breakglass* "$mine/keys/"
says "R08: one that is gone is found" 5 'is gone, and the main one vouches for it' ledger verify
mv "$mine/keys"/* "$etc/" && cp -a "$mine/after" "$small"
exits "with all of it in place again they verify" 0 ledger verify

# -- backups --------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$mine/backup.key" -out "$mine/backup.crt" -days 30 -subj /CN=backup \
    -addext keyUsage=critical,keyEncipherment 2> /dev/null
cp "$mine/backup.crt" "$etc/backup.pem" && chmod 644 "$etc/backup.pem" && chmod 600 "$mine/backup.key"
[ -z "$user" ] || chown 65534:65534 "$mine/backup.key" "$etc/backup.pem"
exits "R36: a backup" 0 backup create --output "$mine/both.cms"
exits "which is proved, with both ledgers" 0 backup verify --from "$mine/both.cms" --key "$mine/backup.key"
says "over what is there the break-glass accounts stay" 0 'that are here stay as they are' \
    backup restore --from "$mine/both.cms" --key "$mine/backup.key" --reason drill --yes
exits "and both verify" 0 ledger verify
mv "$root" "$work/old" && mkdir "$root" && { [ -z "$user" ] || chown 65534:65534 "$root"; }
says "on a new machine they come back" 0 'Seal each of them anew' \
    backup restore --from "$mine/both.cms" --key "$mine/backup.key" --reason fire --yes
json "with their account" 0 '[a["name"] for a in d["accounts"]] == ["games"]' account list
json "and both ledgers verify" 0 '[v["verified"] for v in d["verification"]] == [True, True]' ledger verify
[ "$(find "$etc" -name 'breakglass*.key' -printf '%m ')" = '400 400 ' ]
verdict "R37: nobody else reads their keys" $?
finish
