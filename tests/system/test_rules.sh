# The password rules where people meet them: passwd, sshd, su; imported and revoked passwords
# (R12 R13 R14 R15 R16 R17 R18 R19).
. "$(dirname "$0")/inside.sh"

own=lively-Turnip-52-harpsichord
next=Bremen+9-marigold-otter
third=cobalt/Fjord/73/walnut
short='kV7#pz2Q'
weak='Hanako0401!'
machine_with_medgl && enrol alice "Hanako Suzuki" && sshd_begin || exit 1
secrets+=("$own" "$next" "$third" "$short" "$weak")
one_day UTC && one_day :/etc/localtime
printf 'attempt_delay = 0\ninstitution = Kazemidori Byouin\n' > $policy
works "what is known of the owner is recorded" admin account set alice --reading "すずき はなこ" --staff-number N40117 \
    --birth-date 1985-04-01

imported() { # NAME HASH-OPTION PASSWORD DAYS: a Unix user whose password was set so many days ago, taken over
    useradd --create-home --shell /bin/bash "$1" &&
        usermod --password "$(openssl passwd "$2" -stdin <<< "$3")" "$1" &&
        chage --lastday "$(($(date +%s) / 86400 - $4))" "$1" && admin account import "$1" > /run/import.log
}

# -- the forced change ------------------------------------------------------------------------------

converses "an issued password is changed at the login; each weak one is told apart (R14 R18 R19)" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see Choose a password of 13 or more characters (letters, digits and symbols)
	see New password: 
	type Suzuki-2024!
	see This password contains your own name
	see New password: 
	type S60.4.1-abC
	see This password contains your birth date
	see New password: 
	type zaq1XSW@zaq1
	see This password runs along neighbouring keys
	see Password: 
	press \x03
	end any
END
converses "full-width input is told from a bad password" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type Ｓａｋｕｒａ－２０２４！ａｂｃ
	see This password has full-width characters: switch the input method off
	see New password: 
	type $own
	see Retype new password: 
	type $own
	see $ 
	type exit
	end 0
END

# -- of the owner's own will ------------------------------------------------------------------------

converses "not again on the same day (R16)" as alice passwd <<-END
	see Current password: 
	type $own
	see it may be changed again from
	end 10
	never New password
END
echo 'password_min_age = 0' >> $policy
converses "the old one in new clothes, the one before, the name of the place: refused (R14 R16)" as alice passwd <<-END
	see Current password: 
	type $own
	see New password: 
	type ${own/52/53}
	see This password is too similar to the current one
	see New password: 
	type $issued
	see This password was used before
	see New password: 
	type Kazemidori-77x!
	see This password contains the name of this machine or of your institution
	end 10
END
suggested() { # the generated password that passwd offers
    sed -n 's/.*\([a-z2-9]\{5\}-[a-z2-9]\{5\}-[a-z2-9]\{5\}-[a-z2-9]\{5\}\).*/\1/p' $seen | head -1
}
as alice passwd > $seen 2>&1 <<-END
	see Current password: 
	type $own
	see New password: 
	press \x03
	end any
END
offered=$(suggested)
[ -n "$offered" ]
tap $? "passwd offers a generated one (R19)"
secrets+=("${offered:-nothing-was-offered}")
converses "which meets the rules" as alice passwd <<-END
	see Current password: 
	type $own
	see New password: 
	type $offered
	see Retype new password: 
	type $offered
	see The password was changed.
	end 0
END
converses "and takes one of one's own" as alice passwd <<-END
	see Current password: 
	type $offered
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see The password was changed.
	end 0
END
converses "the one before cannot come back (R16)" as alice passwd <<-END
	see Current password: 
	type $next
	see New password: 
	type $own
	see This password was used before
	see New password: 
	type $third
	see Retype new password: 
	type $third
	see The password was changed.
	end 0
END
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as alice passwd
done
converses "repeated wrong ones close the change (R17)" as alice passwd <<-END
	see Current password: 
	type $third
	end 10
	never New password
END
converses "but not the login, which has a limit of its own" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $third
	see $ 
	type exit
	end 0
END

# -- taken over from /etc/shadow --------------------------------------------------------------------

works "three users are taken over with their hashes" imported bob -6 "$short" 70
works "with SHA-256 too" imported carol -5 "$weak" 1
works "and MD5" imported dave -1 "$own" 700
refused "who has a password of ours keeps it" 1 admin account import alice
converses "a long one of old goes on, and is Argon2id after the first login" ssh dave@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END
admin --json account show dave > $seen
python3 -c 'import json,sys; a = json.load(open(sys.argv[1]))["account"][0]; sys.exit(a["rule"] != "A" or a["ground"] != "long")' $seen
tap $? "account show says rule A"
converses "a short one that is older than two months is changed there and then (R13 R15)" ssh bob@127.0.0.1 <<-END
	see Password: 
	type $short
	see Current password: 
	type $short
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see $ 
	type exit
	end 0
END
converses "a weak one too (R19)" ssh carol@127.0.0.1 <<-END
	see Password: 
	type $weak
	see Current password: 
	type $weak
	see New password: 
	type $weak
	see This is the current password
	see New password: 
	type Elephant-12!
	see This password is made of common words or names
	see New password: 
	press \x03
	end any
	never $ 
END
works "with a date ten days before it is due" imported erin -6 "$short" 50
converses "a warning at the first login of the day (R15)" ssh erin@127.0.0.1 <<-END
	see Password: 
	type $short
	match Your password must be changed before .*\. Change it with passwd\.
	see $ 
	type exit
	end 0
END
converses "and no other on the same day" ssh erin@127.0.0.1 <<-END
	see Password: 
	type $short
	see $ 
	type exit
	end 0
	never must be changed before
END
works "another one that is due" imported frank -6 "$short" 70
echo 'password_grace_logins = 1' >> $policy
converses "one grace login" ssh frank@127.0.0.1 <<-END
	see Password: 
	type $short
	see this was the last login without changing it
	see $ 
	type exit
	end 0
END
converses "then su asks for a new one" as alice su frank -c 'id -un' <<-END
	see Password: 
	type $short
	see Current password: 
	type $short
	see New password: 
	type $third
	see Retype new password: 
	type $third
	see frank
	end 0
END

works "the Unix password is locked on request" admin account shadow bob --lock
getent shadow bob > $seen
grep -q '^bob:!' $seen
tap $? "in /etc/shadow"
works "with a way back" admin account shadow bob --unlock
getent shadow bob > $seen
grep -q '^bob:\$6\$' $seen
tap $? "to the same hash"

# -- a suspected leak -------------------------------------------------------------------------------

rm -f /tmp/logged-in
terminal ssh alice@127.0.0.1 > $seen 2>&1 <<-END &
	see Password: 
	type $third
	see $ 
	type touch /tmp/logged-in; exec sleep 1000
	end 255
END
session=$!
wait_for test -e /tmp/logged-in
admin password revoke alice --reason "seen on a note at the ward" --sessions > /run/revoke.log 2>&1
revoked=$?
works "when it says so, no process of the person is left (R12)" none_runs alice
wait $session
tap $? "revoking ends an open session at once (R12)"
cat /run/revoke.log >> $seen
tap $revoked "medgl-admin says so"
wrong "$third" ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1
grep -q 'Permission denied' $seen
tap $? "the password is of no use any more"
issue alice
converses "nor can it come back (R16)" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type $third
	see This password was used before
	see New password: 
	press \x03
	end any
END

evidence_holds account.change account.shadow password.import password.judge password.grace password.revoke \
    password.change password.issue
finish
