# factor=only: sshd proves the first factor by a key, and PAM asks for the second alone (R23 R24).
. "$(dirname "$0")/inside.sh"

own=walnut-Ferry-83-lamp
unix=unix-Password-9
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' "$@" > /run/policy && mv /run/policy $policy
}
machine_with_medgl && rules && settled alice $own && settled carol $own && person bob $unix && sshd_begin || exit 1
secrets+=($own $unix)
rules 'unenrolled = deny' 'factor_enrol = administrator'
# As pam_medgl(8) shows it.
sed -i 's/^@include common-auth/auth required pam_medgl.so factor=only/' /etc/pam.d/sshd
echo 'AuthenticationMethods publickey,keyboard-interactive' >> /etc/ssh/sshd_config
sshd_again || exit 1
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
for name in alice carol bob; do
    install -d -m 700 -o $name -g $name /home/$name/.ssh
    install -m 600 -o $name -g $name /root/.ssh/id_ed25519.pub /home/$name/.ssh/authorized_keys
done
lets_in() { # NAME STEP [NOTICE]
    { printf 'see %s\n%s\n' "$ask" "$2" && printf 'see %s\n' "${@:3}" '$ ' &&
        printf 'type exit\nend 0\nnever Password\n'; } | terminal ssh "$1@127.0.0.1"
}
turns_away() { # WORD NAME STEP: what was shown is kept as WORD
    printf 'see %s\n%s\nsee Permission denied\nend 255\nnever Password\n' "$ask" "$3" |
        terminal ssh -o NumberOfPasswordPrompts=1 "$2@127.0.0.1" > $seen 2>&1 && sed "s/$2@/NAME@/" $seen > "/run/said.$1"
}

turns_away wrong carol 'type 123456'
tap $? "who has no second factor is asked, and refused with a code"
turns_away none carol 'type '
tap $? "and without: nothing is never a proof"
works "alice gets a device" enrol_phone alice
key_is_secret alice
works "key and code let in" lets_in alice "answer ${phone}alice code"
works "and again, with the notice of the last login" lets_in alice "answer ${phone}alice code" 'Last login: '
turns_away again alice "answer ${phone}alice again"
tap $? "a code that was used is refused"
turns_away wrong alice "answer ${phone}alice wrong"
tap $? "so is a wrong one"
turns_away empty alice 'type '
tap $? "and none"
turns_away unenrolled bob 'type 123456'
tap $? "who is not enrolled has no way in"
for said in none again empty unenrolled; do
    cmp /run/said.wrong /run/said.$said > $seen 2>&1
    tap $? "$said: in the words of a wrong code (R23)"
done
refused "without the key no code is asked" 255 ssh -o BatchMode=yes -o IdentityFile=/dev/null alice@127.0.0.1 true
counts "the ledger says what proved it: the host, and a code" 2 'k == "login.success" and s == "alice" and
    d["factors"] == "host+totp" and d["service"] == "sshd" and d["step"] > 0'
converses "su asks for the password and a code, as before" as bob su alice -c 'id -un' <<-END
	see Password: 
	type $own
	see $ask
	answer ${phone}alice code
	see alice
	end 0
END

# -- of two kinds (R24) ---------------------------------------------------------------------------------------------------

rules 'unenrolled = deny' 'factor_host = possession' 'card_module = /usr/lib/softhsm/libsofthsm2.so' # without cards no policy has that
turns_away same alice "answer ${phone}alice code"
tap $? "where the host's key is a possession, a device is the same kind, and refused"
cmp /run/said.wrong /run/said.same > $seen 2>&1
tap $? "in the same words (R23)"
counts "and the ledger says why" 1 'k == "login.failure" and s == "alice" and d["reason"] == "same-kind"'
rules 'unenrolled = deny'
works "an administrator unlocks" admin account unlock alice --reason "a test goes on"
works "where it has a passphrase, two kinds; the code was not used up" lets_in alice "answer ${phone}alice again"
turns_away bare carol 'type '
tap $? "nobody enrols a device there, with factor_enrol = login neither: who has none is refused"
cmp /run/said.wrong /run/said.bare > $seen 2>&1
tap $? "in the same words (R23)"
holds "and has none" 'it["devices"] == []' admin totp list carol --json
works "an administrator enrols one" enrol_phone carol
key_is_secret carol
works "whose code is asked from then on" lets_in carol "answer ${phone}carol code"
for i in 1 2 3 4 5; do
    turns_away locked alice "answer ${phone}alice wrong"
done
turns_away locked alice "answer ${phone}alice code"
tap $? "five wrong codes close the source: the right one is refused from there (R20)"
cmp /run/said.wrong /run/said.locked > $seen 2>&1
tap $? "and nothing shows it (R23)"

evidence_holds factor.enrol login.success login.failure login.locked
finish
