# One-time codes, with oathtool as the phone, at ssh, su, sudo, login and a locker (R20 R23 R24).
. "$(dirname "$0")/inside.sh"

own=silver-Anchor-27-meadow
hers=Bronze=44=harvest=lily
unix=unix-Password-9
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' 'attempts_per_source = 10' \
        'attempts_per_account = 100' "$@" > /run/policy && mv /run/policy $policy
}
machine_with_medgl && rules && settled alice $own && settled carol $hers && person bob $unix && sshd_begin || exit 1
secrets+=($own $hers $unix)
printf '@include common-auth\n@include common-account\n' > /etc/pam.d/locker
sed 's/pam_medgl\.so/& factor=none/' /etc/pam.d/common-auth > /etc/pam.d/codeless
cat /etc/pam.d/common-account >> /etc/pam.d/codeless

# The lines of a script that gives a password and a code.
gives() { # PASSWORD STEP
    printf 'match [Pp]assword.*: ?$\ntype %s\nsee %s\n%s\n' "$1" "$ask" "$2"
}
fresh() { # NAME: the step
    echo "answer $phone$1 code"
}
ssh_in() { # NAME PASSWORD STEP [NOTICE]: in, and out again
    { gives "$2" "$3" && printf 'see %s\n' "${@:4}" '$ ' && printf 'type exit\nend 0\n'; } |
        terminal ssh "$1@127.0.0.1"
}
ssh_out() { # WORD NAME PASSWORD STEP: refused; what was shown is kept as WORD
    { gives "$3" "$4" && printf 'see Permission denied\nend 255\n'; } |
        terminal ssh -o NumberOfPasswordPrompts=1 "$2@127.0.0.1" > $seen 2>&1 && sed "s/$2@/NAME@/" $seen > "/run/said.$1"
}
unlock() {
    admin account unlock "$1" --reason "a test goes on" > /run/unlock.log
}

# -- who has none ------------------------------------------------------------------------------------------------------

converses "where nobody has a factor, nothing more is asked than before" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
	never One-time
END

# -- every algorithm and length ------------------------------------------------------------------------------------------

for algorithm in sha1 sha256 sha512; do
    for digits in 6 8; do
        works "a device with $algorithm and $digits digits is enrolled" enrol_phone alice --algorithm $algorithm --digits $digits
        key_is_secret alice
        gives $own "$(fresh alice)" > /run/script
        converses "its code lets in" as bob su alice -c 'id -un' < <(cat /run/script && printf 'see alice\nend 0\n')
        converses "and no second time" as bob su alice -c 'id -un' \
            < <(gives $own "answer ${phone}alice again" && printf 'see Authentication failure\nend 1\n')
        works "it is taken away" admin totp remove alice --reason "the next one comes"
    done
done
unlock alice
works "one for good" enrol_phone alice
key_is_secret alice

# -- at every service -----------------------------------------------------------------------------------------------------

works "ssh lets in with password and code" ssh_in alice $own "$(fresh alice)"
works "and again with the next code" ssh_in alice $own "$(fresh alice)" 'Last login: '
converses "su" as bob su alice -c 'id -un' < <(gives $own "$(fresh alice)" && printf 'see alice\nend 0\n')
converses "sudo" as alice sudo id < <(gives $own "$(fresh alice)" && printf 'see uid=0(root)\nend 0\n')
converses "login" login < <(printf 'see login: \ntype alice\n' && gives $own "$(fresh alice)" &&
    printf 'see Last login: \nsee $ \ntype exit\nend 0\n')
converses "who is not enrolled goes on to pam_unix, as before" ssh bob@127.0.0.1 <<-END
	see Password: 
	type $unix
	see $ 
	type exit
	end 0
	never One-time
END
works "who is enrolled and has none is asked too, and gives none" ssh_in carol $hers 'type '
counts "the ledger says by what, and which step" 11 'k == "login.success" and s == "alice" and
    d["factors"] == "password+totp" and d["step"] > 50000000 and d["factor"]'

# -- refusals look alike (R23) ---------------------------------------------------------------------------------------------

rules 'unenrolled = deny' # else the next module's words tell who is not enrolled
wrong_code=$(phone alice wrong)
newest=$(phone alice skip)
works "a code" ssh_in alice $own "type $newest"
refusals=(wrong empty again before malformed password both unknown unenrolled)
ssh_out wrong alice $own "type $wrong_code"
tap $? "a wrong code is refused"
ssh_out empty alice $own 'type '
tap $? "an empty one"
ssh_out again alice $own "type $newest"
tap $? "one that was used"
ssh_out before alice $own "answer ${phone}alice before"
tap $? "the one before it, which never was"
ssh_out malformed alice $own "type not-a-code"
tap $? "what is no code"
next_code=$(phone alice code)
ssh_out password alice "wrong-guess-one" "type $next_code"
tap $? "a wrong password with the right code"
works "which is not used up by that" ssh_in alice $own "type $next_code"
ssh_out both alice "wrong-guess-two" "type $wrong_code"
tap $? "a wrong password with a wrong code"
ssh_out unknown nobody-at-all "wrong-guess-one" "type $wrong_code"
tap $? "an unknown user"
ssh_out unenrolled bob "wrong-guess-one" "type $wrong_code"
tap $? "a user who is not enrolled"
for said in "${refusals[@]}"; do
    cmp /run/said.wrong "/run/said.$said" > $seen 2>&1
    tap $? "$said: in the words and prompts of a wrong code"
done
counts "the ledger knows why" 4 'k == "login.failure" and s == "alice" and d["reason"] == "wrong-factor" and
    d["factors"] == "password+code" and d["service"] == "sshd"'
counts "and that none was given" 1 'k == "login.failure" and s == "alice" and d["reason"] == "wrong-factor" and
    d["factors"] == "password" and d["service"] == "sshd"'
converses "su refuses in its own words" as bob su alice -c true \
    < <(gives $own "type $wrong_code" && printf 'see Authentication failure\nend 1\n')
converses "login asks for everything again" login < <(printf 'see login: \ntype alice\n' &&
    gives $own "type $wrong_code" && printf 'see Login incorrect\nsee login: \n')
converses "an escape from the prompt is no try" ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1 \
    < <(gives $own 'press \x03' && printf 'end any\n')
unlock alice

# -- where the service has no room for it -------------------------------------------------------------------------------------

socket_begin || exit 1
rules 'factor_one_prompt = locker'
one_prompt() { # TYPED: pamtester's end
    printf 'see Password\ntype %s\nnever One-time\nend %s\n' "$2" "$1" |
        as alice pamtester locker alice authenticate
}
works "one prompt: the code is typed behind the password" one_prompt 0 "$own$(phone alice code)"
works "the password alone is not enough there" one_prompt 1 "$own"
works "nor with a wrong code" one_prompt 1 "$own$wrong_code"
works "nor one that was used" one_prompt 1 "$own$(phone alice again)"
converses "who has none types the password alone" as carol pamtester locker carol authenticate <<-END
	see Password
	type $hers
	end 0
	never One-time
END
rules
converses "factor=none asks for none" pamtester codeless alice authenticate <<-END
	see Password: 
	type $own
	end 0
	never One-time
END
rules 'factor_exempt_services = locker'
converses "nor does a service that the policy exempts" pamtester locker alice authenticate <<-END
	see Password: 
	type $own
	end 0
	never One-time
END
rules 'factor_exempt_places = 127.0.0.0/8'
converses "nor is one asked at a place that it exempts" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
	never One-time
END
rules

# -- recovery codes ----------------------------------------------------------------------------------------------------------

works "recovery codes are made" admin recovery issue alice --slip /run/codes --reason "the first ones"
mapfile -t paper < <(grep -oE '\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b' /run/codes)
secrets+=("${paper[@]}")
works "ten of them" test ${#paper[@]} = 10
for code in "${paper[@]:0:9}"; do
    printf '127.0.0.1\talice\t%s\t%s\n' $own "$code"
done > /run/tries
cat /run/tries /run/tries | python3 "$here/guess.py" locker > $seen
[ "$(cut -d' ' -f1 $seen | tr -d '\n')" = 000000000777777777 ]
tap $? "each lets in once"
unlock alice
works "typed as people do, the tenth" ssh_in alice $own "type $(tr 'A-Z-' 'a-z ' <<< "${paper[9]}")"
ssh_out recovery alice $own "type ${paper[9]}"
tap $? "no second time"
cmp /run/said.wrong /run/said.recovery > $seen 2>&1
tap $? "in the same words (R23)"
works "the phone is right beside them" ssh_in alice $own "$(fresh alice)"
counts "the ledger says so" 10 'k == "login.success" and s == "alice" and d["factors"] == "password+recovery"'
holds "and an administrator was told of each" 'sum(a["count"] for a in it["alerts"] if a["kind"] == "recovery" and
    a["account"] == "alice") == 10' admin alert list --all --json

# -- a hundred wrong codes -----------------------------------------------------------------------------------------------------

# Few at a time, and unlocked between: what closes is the factor, and no source.
rules 'factor_failures = 20'
wrong_codes() { # COUNT: from as many addresses
    local i
    for ((i = 0; i < $1; i++)); do
        printf '198.51.100.%d\talice\t%s\t%s\n' "$((i + 1))" $own "$wrong_code"
    done | python3 "$here/guess.py" -n 4 locker > $seen && ! cut -d' ' -f1 $seen | grep -qv 7
}
wrong_codes 19
tap $? "wrong codes, one less than the limit"
works "close nothing" ssh_in alice $own "$(fresh alice)"
wrong_codes 20
tap $? "as many as the limit, since that success"
ssh_out closed alice $own "$(fresh alice)"
tap $? "close the factor: the right code is refused (R20)"
cmp /run/said.wrong /run/said.closed > $seen 2>&1
tap $? "in the same words (R23)"
holds "an administrator was told" 'any(a["kind"] == "lockout" and a["account"] == "alice" and "wrong codes" in a["text"]
    for a in it["alerts"])' admin alert list --all --json
holds "account show says it" 'it["account"][0]["wrong_codes"] >= it["account"][0]["wrong_codes_limit"] == 20' \
    admin account show alice --json
works "account explain as well" sh -c 'medgl-admin account explain alice | grep "wrong codes .*: closed until"'
unlock alice
works "an administrator opens it; the code was not used up" ssh_in alice $own "answer ${phone}alice again"
for ((i = 0; i < 25; i++)); do
    printf '203.0.113.%d\talice\twrong-guess-%d\t%s\n' "$((i + 1))" $i "$wrong_code"
done | python3 "$here/guess.py" -n 4 locker > $seen
unlock alice # of the sources and the account; the factor was never closed
works "strangers without the password close no factor" ssh_in alice $own "$(fresh alice)"

# sshd answers every question of PAM with the one password that it has.
sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' /etc/ssh/sshd_config
sshd_again || exit 1
converses "sshd's PasswordAuthentication gives the password as the code, and is refused" \
    ssh -o NumberOfPasswordPrompts=1 -o PreferredAuthentications=password alice@127.0.0.1 <<-END
	see password: 
	type $own
	see Permission denied
	end 255
END

evidence_holds factor.enrol factor.revoke login.success login.failure account.unlock
finish
