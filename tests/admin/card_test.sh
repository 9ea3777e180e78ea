# Smartcards on the command line (R24, R38): what is in the readers, enrolment from the reader and by a certificate, the list and
# removal; SoftHSM is the card. A PIN is where it must not be nowhere, and a driver that misbehaves ends nothing but the verb.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine cards=$work/mine/cards reader=$work/mine/cards/reader
pin=84139920-5713 # six digits are somewhere in the digests of a ledger, now and then
helper=$(grep -aoE '/[A-Za-z0-9._/-]+/medgl-card' "$program" | head -1) # where it is looked for

CARD_PIN=$pin sh "$top_srcdir/tests/cards/make.sh" "$cards" && mkdir -p "$reader" || exit 1
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$reader" > "$reader/softhsm2.conf"
owned() {
    [ -z "$user" ] || chown -R 65534:65534 "$mine" "$root"
}
# insert CARD...: these are in the readers, no others
insert() {
    rm -rf "$reader/tokens"
    mkdir "$reader/tokens"
    local card
    for card in "$@"; do cp -r "$cards/cards/$card/." "$reader/tokens/"; done
    owned
}
# driver NAME [LINE...]: the policy names this one of tests/cards/driver.c
driver() {
    cp "$top_builddir/tests/cards/.libs/driver.so" "$reader/$1.so"
    chmod 644 "$reader/$1.so"
    printf 'card_module = %s\n' "$reader/$1.so" > "$root/etc/medgl/policy.conf"
    shift
    [ $# = 0 ] || printf '%s\n' "$@" >> "$root/etc/medgl/policy.conf"
    owned
}
# terminal NAME SCRIPT ARGUMENT...: medgl-admin on a terminal, with that script of tests/system/terminal.py
terminal() {
    local name=$1 script=$2
    shift 2
    # shellcheck disable=SC2086
    printf '%s\n' "$script" | python3 -IS "$top_srcdir/tests/system/terminal.py" -- $user "$program" --root "$root" $operator "$@" > "$out" 2> "$err"
    verdict "$name" $?
}

mkdir -p "$(dirname "$root$helper")"
cp "$(ls "$top_builddir/.libs/medgl-card" "$top_builddir/medgl-card" 2>/dev/null | head -1)" "$root$helper"
owned
admin setup --origin ward.example/1 && admin account add games && admin account add daemon || exit 1

says "no driver" 1 'card_module' card look
driver softhsm
insert alice-ec
says "no trust" 1 'directory trust' card look
mkdir -p "$root/etc/medgl/trust"
cp "$cards"/trust/* "$root/etc/medgl/trust/"
owned

# -- the readers -----------------------------------------------------------------------------------

insert
says "an empty reader" 0 'No card is in a reader' card look
insert alice-ec revoked-ec bare
json "every card is told, and its certificate" 0 'len(d["readers"]) == 3 and {(r["label"], r["verdict"], r["accepted"]) for r in d["readers"]} ==
    {("alice-ec", "good", True), ("revoked-ec", "revoked", False), ("bare", None, False)} and
    all(r["account"] is None for r in d["readers"])' card look
[ -z "$user" ] || [ "$(stat -c %u "$reader/tokens")" = 65534 ]
verdict "the readers are the user's" $?

# -- enrolment --------------------------------------------------------------------------------------

exits "no terminal, no PIN" 2 card enrol games
insert alice-ec
terminal "a card is enrolled from the reader" "see PIN of card alice-ec
type $pin
see has a card now
never $pin
end 0" card enrol games --label blue --reason 'first card'
json "the ledger says which, for whom and why" 0 'd["entries"][0]["kind"] == "factor.enrol" and
    {k: d["entries"][0]["details"][k] for k in ("factor", "by", "match", "label", "reason")} ==
    {"factor": "card", "by": "administrator", "match": "certificate", "label": "blue", "reason": "first card"} and
    len(d["entries"][0]["details"]["certificate"]) == 64 and "CN=ca" in d["entries"][0]["details"]["issuer"] and
    utc.fullmatch(d["entries"][0]["details"]["until"])' ledger show --last 1
json "the readers say whose it is" 0 'd["readers"][0]["account"] == "games"' card look
terminal "not twice" "see has that card already
end 1" card enrol games
terminal "a wrong PIN" "see PIN of card alice-ec
type 999999
see The PIN of the card is wrong
end 1" card enrol daemon
insert alice-ec bob-rsa
terminal "of two cards none" "see several cards
end 1" card enrol daemon
insert two
terminal "one of two certificates" "see several certificates
see 2.
see by its number
type 1
see PIN of card two
type $pin
see has a card now
end 0" card enrol daemon --label both
insert
exits "by a certificate, without the card" 0 card enrol games --certificate "$cards/certificates/alice-rsa.pem" --match subject --attribute UID --label spare
says "not one that was revoked" 1 'has been revoked' card enrol games --certificate "$cards/certificates/revoked-ec.pem"
says "not one that has expired" 1 'has expired' card enrol games --certificate "$cards/certificates/expired-ec.pem"
says "not one of another issuer" 1 'does not trust' card enrol games --certificate "$cards/certificates/stranger-ec.pem"
says "not one for encryption" 1 'not one for logging in' card enrol games --certificate "$cards/certificates/usage-ec.pem"
says "what is no certificate" 1 'holds no certificate' card enrol games --certificate "$cards/softhsm2.conf"
says "an attribute goes with the subject" 2 'goes with --match subject' card enrol games --certificate "$cards/certificates/bob-rsa.pem" --attribute CN
says "the subject needs an attribute" 2 'goes with --match subject' card enrol games --certificate "$cards/certificates/bob-rsa.pem" --match subject
says "a rule that there is none of, close" 2 'did you mean "serial"' card enrol games --certificate "$cards/certificates/bob-rsa.pem" --match seriall
exits "nobody" 3 card enrol nobody --certificate "$cards/certificates/bob-rsa.pem"

# -- list and removal -------------------------------------------------------------------------------

json "the list" 0 'sorted((c["account"], c["label"]) for c in d["cards"]) == [("daemon", "both"), ("games", "blue"), ("games", "spare")] and
    "UID=alice-rsa, of its issuer" in [c["rule"] for c in d["cards"]] and all(len(c["id"]) == 32 for c in d["cards"])' card list
json "of one account" 0 '[c["label"] for c in d["cards"]] == ["both"]' card list daemon
says "for people" 0 'UID=alice-rsa, of its issuer' card list games
says "one that is not there" 1 'none of the account' card remove games --id green --reason lost
exits "one" 0 card remove games --id blue --reason lost
json "the ledger says so" 0 'd["entries"][0]["kind"] == "factor.revoke" and d["entries"][0]["details"]["factor"] == "card"' ledger show --last 1
exits "all" 0 card remove games --reason 'left the ward'
says "none is left" 0 'No card is enrolled' card list games
exits "the ledger verifies" 0 ledger verify

# -- drivers that misbehave -------------------------------------------------------------------------

insert alice-ec
while IFS='|' read -r name seconds pattern; do
    driver "$name" "card_timeout = $seconds s"
    says "a driver that is bad: $name" 1 "$pattern" card look
done << 'END'
C_Initialize-hang|1|gave no answer in time
C_GetSlotList-segv|30|card reader failed
C_GetTokenInfo-forkhang|1|gave no answer in time
C_Initialize-floodwhole|30|card reader failed
END
driver softhsm
chmod go+w "$reader/softhsm.so"
says "a driver that others may write to" 1 'belongs to root and nobody else may write' card look
says "the same, to whoever is at the console" 1 'is not run, for others could change it' card look

# -- the script of medgl-cards(7) that fetches lists: who answers in the issuer's place gets no older one in -----------------------

lists=$work/mine/lists
mkdir -p "$lists/trust" "$lists/bin"
# Its own directory, and a curl that copies what the test serves.
{
    echo 'PATH=$LISTS/bin:$PATH'
    sed -n '/^# \/etc\/cron.hourly\/medgl-lists$/,/^\.Ed$/{/^\.Ed$/d;s/\\e$/\\/;p}' "$top_srcdir/man/medgl-cards.7" |
        sed -e "s,^cd /etc/medgl/trust$,cd \$LISTS/trust," -e '/^fetch root/d'
} > "$lists/script"
printf '%s\n' '#!/bin/sh' 'while [ "$1" != --output ]; do shift; done' 'cp "$LISTS/served" "$2"' > "$lists/bin/curl"
chmod 755 "$lists/bin/curl"
list() { # WHEN [AUTHORITY]: a list that was issued then is served
    openssl ca -config "$cards/${2:-ca}/openssl.cnf" -gencrl -crldays 30 -crl_lastupdate "$(date -u -d "$1" +%Y%m%d%H%M%SZ)" \
        -out "$lists/served" 2> "$err"
}
fetches() { # YES|NO NAME: whether what is served comes into the place of what is there, and nothing else does
    local got=no before
    before=$(cat "$lists/trust/cards.crl" 2> /dev/null)
    LISTS=$lists sh "$lists/script" > "$out" 2> "$err" && got=yes
    [ $got = "$1" ] && case $got in
    yes) cmp "$lists/served" "$lists/trust/cards.crl" >> "$err" 2>&1 ;;
    no) [ "$before" = "$(cat "$lists/trust/cards.crl")" ] ;;
    esac
    verdict "$2" $?
}
cp "$cards/ca/ca.pem" "$lists/trust/cards.pem"
list '7 days ago' && fetches yes "a first list is taken"
list '1 day ago' && fetches yes "so is a newer one"
fetches yes "and the same again"
list '6 days ago' && fetches no "an older one is not, though it is in time"
grep -q 'older list' "$err"
verdict "and why is said" $?
list '1 hour ago' other && fetches no "one of another issuer"
list '1 hour ago' && head -c 300 "$lists/served" > "$lists/cut" && mv "$lists/cut" "$lists/served" && fetches no "one that is cut off"
echo hello > "$lists/served" && fetches no "what is no list"
list '1 hour ago' && fetches yes "and the next one is taken"

! grep -rqa -e "PIN of" -e "$pin" "$root/var"
verdict "no PIN is in the installation" $?
exits "the ledger verifies at the end" 0 ledger verify
finish
