# Who needs a second factor and has none enrols one at the login, over ssh; the deadline before and after (R03 R23 R24).
. "$(dirname "$0")/inside.sh"

own=maple-Signal-61-basket
rules() { # LINE...: the policy, with these lines
    printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' 'attempt_delay = 0' 'time_zone = Asia/Tokyo' "$@" > /run/policy &&
        mv /run/policy $policy
}
machine_with_medgl && rules && sshd_begin || exit 1
for name in alice carol dora emma fumi; do
    settled $name $own || exit 1
done
none_left() { # NAME: nothing is enrolled
    admin --json totp list "$1" > /run/json && python3 -c '
import json, sys
sys.exit(any(v for v in json.load(open("/run/json")).values() if isinstance(v, list)))'
}
begins() { # NAME: the lines up to the enrolment
    printf 'see Password: \ntype %s\nsee %s\ntype \nsee you have none yet\n' $own "$ask"
}
ordinary() { # NAME [NOTICE]: a login with a code
    { printf 'see Password: \ntype %s\nsee %s\nanswer %s code\n' $own "$ask" "$phone$1" &&
        printf 'see %s\n' "${@:2}" '$ ' && printf 'type exit\nend 0\n'; } | terminal ssh "$1@127.0.0.1"
}

# -- before the day ---------------------------------------------------------------------------------------------------

in_days() { # N: that day, in Tokyo
    TZ=Asia/Tokyo date -d "+$1 days" +%F
}
one_day Asia/Tokyo
rules 'factor_staff = required' "factor_required_from = $(in_days 20)"
converses "before the day nothing is asked, and the login tells of it" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	see $(in_days 20)
	see $ 
	type exit
	end 0
	never One-time
END
converses "once a day" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
	never $(in_days 20)
END
rules 'factor_staff = required' "factor_required_from = $(in_days 90)"
converses "not as long before as this" ssh carol@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
	never $(in_days 90)
END
holds "report readiness counts who lacks one" 'str(it).count("carol") >= 1 and "90" in str(it)' admin report readiness --json

# -- from the day on ----------------------------------------------------------------------------------------------------

rules 'factor_staff = required' "factor_required_from = $(in_days 0)"
converses "the key at the login, by hand: a wrong code, then the right one" ssh alice@127.0.0.1 \
    < <(begins alice && cat <<-END
	see Key: 
	see Settings: time-based, SHA-256, 6 digits, 30 seconds
	see $confirm
	answer ${phone}alice read && ${phone}alice wrong
	see not the code
	see $confirm
	answer ${phone}alice code
	see The device is set up
	see $ 
	type exit
	end 0
END
)
cp $seen /run/shown
key_is_secret alice
works "the second login asks for the code" ordinary alice 'Last login: '
counts "the enrolment is the owner's" 1 'k == "factor.enrol" and s == "alice" and d["by"] == "owner" and
    d["factor"] == "totp" and d["algorithm"] == "sha256"'
counts "and let in" 2 'k == "login.success" and s == "alice" and d["factors"] == "password+totp"'

converses "with the QR code" ssh carol@127.0.0.1 \
    < <(begins carol && cat <<-END
	see Scan this
	see Key: 
	see $confirm
	answer ${phone}carol scan >&2 && ${phone}carol code
	see The device is set up
	see $ 
	type exit
	end 0
END
)
cp $seen /run/shown.carol
key_is_secret carol
works "which is the device from then on" ordinary carol
python3 - > $seen 2>&1 <<-'END'
	shown = open("/run/shown.carol", encoding="utf-8").read().split("you have none yet", 1)[1].split("The code that", 1)[0]
	lines = shown.splitlines()
	picture = [line for line in lines if "\u2588" in line]
	print(len(picture), max(map(len, picture)), *lines, sep="\n")
	assert 10 < len(picture) <= 21 and max(map(len, picture)) <= 80
	behind = lines[max(i for i, line in enumerate(lines) if line in picture) + 1:]
	assert len(picture) + len(behind) <= 24 and all(len(line) <= 80 for line in behind)
END
tap $? "all of the QR code, the key and the prompt fit 80x24"

# -- given up -------------------------------------------------------------------------------------------------------------

converses "three wrong codes: no login" ssh -o NumberOfPasswordPrompts=1 dora@127.0.0.1 \
    < <(begins dora && cat <<-END
	see $confirm
	answer ${phone}dora read && ${phone}dora wrong
	see not the code
	see $confirm
	answer ${phone}dora wrong
	see not the code
	see $confirm
	answer ${phone}dora wrong
	see nothing of it is kept
	see Permission denied
	end 255
	never $ 
END
)
works "and nothing enrolled" none_left dora
converses "Enter: no login" ssh -o NumberOfPasswordPrompts=1 dora@127.0.0.1 \
    < <(begins dora && printf 'see %s\ntype \nsee Permission denied\nend 255\n' "$confirm")
works "and nothing enrolled either" none_left dora
converses "the connection ends" ssh dora@127.0.0.1 \
    < <(begins dora && printf 'see %s\npress \\x03\nend any\n' "$confirm")
works "nothing is enrolled by that" none_left dora
converses "a code of the key that was given up is none; the next enrolment is of another key" ssh dora@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ask
	answer ${phone}dora code
	see you have none yet
	see $confirm
	answer cp /run/phone.dora /run/phone.before && ${phone}dora read && ! cmp -s /run/phone.dora /run/phone.before && ${phone}dora code
	see The device is set up
	see $ 
	type exit
	end 0
END
works "and works" ordinary dora
converses "whoever has no right password enrols nothing, and sees nothing of it" \
    ssh -o NumberOfPasswordPrompts=1 emma@127.0.0.1 <<-END
	see Password: 
	type wrong-guess-one
	see $ask
	type 
	see Permission denied
	end 255
	never Key:
END
converses "nor does a disabled account" sh -c "medgl-admin ${operator[*]} account disable emma --reason leave > /dev/null;
    ssh -o NumberOfPasswordPrompts=1 emma@127.0.0.1" <<-END
	see Password: 
	type $own
	see $ask
	type 
	see Permission denied
	end 255
	never Key:
END
works "it comes back" admin account enable emma --reason "back"
rules 'factor_staff = required' 'factor_required_from = 2020-01-01' 'factor_qr = no'
converses "without the QR code where the policy has none" ssh emma@127.0.0.1 \
    < <(begins emma && cat <<-END
	see Key: 
	see $confirm
	answer ${phone}emma read && ${phone}emma code
	see $ 
	type exit
	end 0
	never Scan this
END
)

# -- where nothing can be shown -------------------------------------------------------------------------------------------

rules 'factor_staff = required' 'factor_required_from = 2020-01-01'
converses "sudo, which shows nothing, asks for no code of a key that nobody saw" as fumi sudo id <<-END
	match password.*: $
	type $own
	see $ask
	type 
	match password.*: $
	press \x03
	end any
	never The code that
	never uid=0
END
works "nothing is enrolled by that" none_left fumi
counts "and the ledger says why" 1 'k == "login.failure" and s == "fumi" and d["service"] == "sudo" and d["reason"] == "no-factor"'

# -- by an administrator ------------------------------------------------------------------------------------------------------

rules 'factor_staff = required' 'factor_required_from = 2020-01-01' 'factor_enrol = administrator'
converses "where administrators enrol, a login without one is refused" ssh -o NumberOfPasswordPrompts=1 fumi@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ask
	type 
	see Permission denied
	end 255
	never Key:
END
counts "and the ledger says why" 1 'k == "login.failure" and s == "fumi" and d["service"] == "sshd" and d["reason"] == "no-factor"'
converses "an administrator gives up half way" medgl-admin "${operator[@]}" totp enrol fumi <<-END
	see Key: 
	see $confirm
	type 
	end 1
END
works "nothing is enrolled" none_left fumi
works "an administrator enrols" enrol_phone fumi --label "blue phone"
key_is_secret fumi
counts "and the ledger says so" 1 'k == "factor.enrol" and s == "fumi" and d["by"] == "administrator" and d["label"] == "blue phone"'
works "and the login asks for the code" ordinary fumi
works "the device is listed, and its secret nowhere" sh -c "medgl-admin totp list fumi > /run/list && grep 'blue phone' /run/list"
rules 'factor_staff = required' 'factor_required_from = 2020-01-01'

evidence_holds factor.enrol login.success login.failure
finish
