# The day on which a card is lost, from start to end, over ssh: card, refusal, waiver with codes on a slip, new card (R03 R24
# R38). SoftHSM is the card: it stands in the reader when its files are in their place.
. "$(dirname "$0")/inside.sh"

own=cedar-Lantern-58-bridge
pin=84139920-5713
driver=/usr/lib/softhsm/libsofthsm2.so
reader=/var/lib/softhsm/tokens
machine_with_medgl || exit 1
cat > $policy <<-END
	kdf_memory = 19 MiB
	kdf_time = 2
	attempt_delay = 0
	card_module = $driver
	card_places = any
	card_services = sshd
	factor_staff = required
	factor_required_from = 2020-01-01
	factor_enrol = administrator
END
settled alice $own && sshd_begin || exit 1
secrets+=($own $pin)

# -- a card office: what it makes, and a reader ---------------------------------------------------------------------------

install -d -m 755 /etc/softhsm /var/lib/softhsm /etc/medgl/trust && install -d -m 700 -o medgl -g medgl $reader || exit 1
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' $reader > /etc/softhsm/softhsm2.conf
chmod 644 /etc/softhsm/softhsm2.conf
card_in() { # NAME: into the reader
    cp -r "/run/office/cards/$1/." $reader && chown -R medgl:medgl $reader && chmod -R go= $reader
}
CARD_PIN=$pin sh "$here/../cards/make.sh" /run/office > $seen 2>&1 &&
    install -m 644 /run/office/trust/* /etc/medgl/trust/ && card_in alice-ec
tap $? "a card for alice is in the reader"

# -- the card in use ------------------------------------------------------------------------------------------------------

works "the policy is good" admin policy check
converses "an administrator enrols it, its owner types the PIN" medgl-admin "${operator[@]}" card enrol alice \
    --reason "issued by the card office" <<-END
	match PIN of
	type $pin
	end 0
END
pin_in() { # CARD [NOTICE]
    { printf 'see PIN of card %s\ntype %s\nsee Password: \ntype %s\n' "$1" $pin $own &&
        printf 'see %s\n' "${@:2}" '$ ' && printf 'type exit\nend 0\nnever One-time\n'; } | terminal ssh alice@127.0.0.1
}
with_code() { # CODE END [STEP...]: no card is in the reader
    { printf 'see Password: \ntype %s\nsee %s\ntype %s\n' $own "$ask" "$1" && printf '%s\n' "${@:3}" "end $2" 'never PIN of'; } |
        terminal ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1
}
gets_in=('see $ ' 'type exit')
works "card, PIN and password let in" pin_in alice-ec
works "and again, with the notice of the last login" pin_in alice-ec 'Last login: '
counts "the ledger says by what" 2 'k == "login.success" and s == "alice" and d["factors"] == "password+card" and d["factor"]'
converses "a wrong PIN does not" ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1 <<-END
	see PIN of card alice-ec
	type 999999
	see Password: 
	type $own
	see Permission denied
	end 255
END
works "the next right one does" pin_in alice-ec 'Warning: 1 failed try'

# -- lost ----------------------------------------------------------------------------------------------------------------

mv $reader /run/lost && install -d -m 700 -o medgl -g medgl $reader
works "08:10: without the card there is no way in" with_code '' 255 'see Permission denied'
works "08:20: it is reported as lost" admin card remove alice --reason "lost on the way to work"
counts "and the ledger says so" 1 'k == "factor.revoke" and s == "alice" and d["factor"] == "card" and
    "lost" in d["reason"]'
works "the login is refused still" with_code '' 255 'see Permission denied'
counts "there is no factor now" 1 'k == "login.failure" and s == "alice" and d["reason"] == "no-factor"'
mv $reader /run/empty && cp -a /run/lost $reader
converses "the card that was lost is dead, even with PIN and password" ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1 <<-END
	see PIN of card alice-ec
	type $pin
	see Password: 
	type $own
	see Permission denied
	end 255
END
rm -r $reader && mv /run/empty $reader
holds "report readiness says that alice lacks one" '[r["ready"] for r in it["readiness"] if r["account"] == "alice"] == [False] and
    it["summary"][0]["lacking"] == 1' admin report readiness --json

# -- a waiver --------------------------------------------------------------------------------------------------------------

until=$(date -u -d '+1 day' '+%F %H:%M')
refused "nobody approves for themselves" 1 admin grant add alice --kind factor-waiver --instead code --codes 3 \
    --until "$until" --approved-by alice --reason "card lost" --slip /run/slip.none
works "08:30: a waiver for a day, with three codes on a slip" admin grant add alice --kind factor-waiver --instead code \
    --codes 3 --until "$until" --approved-by "Dr. Sato" --reason "card lost, staff number checked" --slip /run/waiver
mapfile -t codes < <(grep -oE '\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b' /run/waiver)
secrets+=("${codes[@]}")
works "three of them" test ${#codes[@]} = 3
works "the slip is for its reader alone" test "$(stat -c %a /run/waiver)" = 600
holds "the grant is in force" '"Dr. Sato" in str(it) and "in-force" in str(it)' admin grant list --json
works "08:35: a code lets in, and the login tells of the grant" with_code "${codes[0]}" 0 'see approved by Dr. Sato' "${gets_in[@]}"
works "the same code does not" with_code "${codes[0]}" 255 'see Permission denied'
works "nor none" with_code '' 255 'see Permission denied'
works "an administrator unlocks" admin account unlock alice --reason "it was the old code"
works "the next one does" with_code "${codes[1]}" 0 'see approved by Dr. Sato' "${gets_in[@]}"
counts "each use is in the ledger" 2 'k == "grant.use" and s == "alice" and d["service"] == "sshd" and d["source"] == "127.0.0.1"'
counts "with the login" 2 'k == "login.success" and s == "alice" and d["factors"] == "password+code"'
works "account show tells of it" sh -c 'medgl-admin account show alice > /run/show; cat /run/show; grep "Factor waived until  *20" /run/show'
works "ledger show tells who approved" sh -c 'medgl-admin ledger show --last 30 | grep grant.add | grep Sato'
holds "an administrator is told of each use" 'sum(a["count"] for a in it["alerts"] if a["kind"] == "recovery" and
    a["account"] == "alice") == 2' admin alert list --all --json

# -- the new card -----------------------------------------------------------------------------------------------------------

card_in alice-rsa
tap $? "14:00: a new card, with a key of another kind"
converses "it is enrolled" medgl-admin "${operator[@]}" card enrol alice --reason "in the place of the lost one" <<-END
	match PIN of
	type $pin
	end 0
END
works "and lets in" pin_in alice-rsa
id=$(admin grant list --json | python3 -c 'import json, sys, re; print(re.search(r"\"id\": *\"([^\"]+)\"", sys.stdin.read()).group(1))')
works "the waiver is ended" admin grant revoke "$id" --reason "the new card is there"
mv $reader /run/pocket && install -d -m 700 -o medgl -g medgl $reader
works "its last code is dead" with_code "${codes[2]}" 255 'see Permission denied'
rm -r $reader && mv /run/pocket $reader
works "the card lets in, and no grant is told of" pin_in alice-rsa 'Last login: '
holds "no grant is in force" '"in-force" not in str(it)' admin grant list --json
holds "it is remembered" '"revoked" in str(it) and "Dr. Sato" in str(it)' admin grant list --all --json
holds "report readiness counts alice as ready" '[r["ready"] for r in it["readiness"] if r["account"] == "alice"] == [True] and
    it["summary"][0]["lacking"] == 0' admin report readiness --json

evidence_holds factor.enrol factor.revoke grant.add grant.use grant.revoke login.success login.failure
finish
