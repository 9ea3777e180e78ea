# The aging of /etc/shadow, beside rules of our own: it neither locks an enrolled user out, nor asks for a
# change of what is not due; who is not enrolled stays under it.
. "$(dirname "$0")/inside.sh"

own=lively-Turnip-52-harpsichord
next=Bremen+9-marigold-otter
machine_with_medgl && sshd_begin || exit 1
secrets+=("$own" "$next")
echo 'attempt_delay = 0' > $policy
one_day UTC
today=$(($(date +%s) / 86400))

aged() { # NAME CHAGE-OPTION...: a Unix user whose password has an age in shadow
    useradd --create-home --shell /bin/bash "$1" &&
        usermod --password "$(openssl passwd -6 -stdin <<< "$own")" "$1" && chage "${@:2}" "$1"
}
goes_in() { # NAME USER: no more than the password is asked for
    converses "$1" ssh "$2@127.0.0.1" <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
	never Current password
	never required to change
END
}

works "a user whose Unix password is far too old" aged alice --lastday $((today - 200)) --maxdays 90
works "one whose Unix password is too old to be changed any more" aged bob --lastday $((today - 200)) --maxdays 90 --inactive 7
works "one who was told to change it (passwd -e)" aged carol --lastday 0
works "and one whom Unix itself expired" aged dave --expiredate 1970-01-02
for user in alice bob carol dave; do
    works "$user is taken over" admin account import $user --lock-shadow
    grep "chage -M -1 -d -1 $user" $seen > /run/told
    [ -s /run/told ] || [ $user = dave ]
    tap $? "the administrator is told of the aging"
done
for user in alice bob carol; do
    goes_in "$user logs in" $user
    goes_in "and again on the same day" $user
done
converses "whom Unix itself expired stays outside" ssh -o NumberOfPasswordPrompts=1 dave@127.0.0.1 <<-END
	see Password: 
	type $own
	end any
	never $ 
END

# What asks for a change of an expired password alone.
converses "passwd -k changes nothing that is not due" as alice passwd -k <<-END
	see has not expired under the rules of this machine
	end 0
	never Current password
END
says "the log says what may be behind it" "chage -M -1 -d -1 alice" $log
issue alice
converses "it does change what is due" as alice passwd -k <<-END
	see Current password: 
	type $issued
	see New password: 
	type $next
	see Retype new password: 
	type $next
	end 0
END

works "the command that is told ends it" chage -M -1 -d -1 bob
getent shadow bob | cut -d: -f3,5 > $seen
grep -qx : $seen
tap $? "in /etc/shadow"

# A service file without no_pass_expiry: pam_unix asks, and the login goes on.
sed -i 's/ no_pass_expiry//' /etc/pam.d/common-account
converses "where pam_unix has its way the login goes on all the same" ssh carol@127.0.0.1 <<-END
	see Password: 
	type $own
	see has not expired under the rules of this machine
	see $ 
	type exit
	end 0
END
pam-auth-update --enable medgl --force >> /run/pam-auth-update.log 2>&1

works "a user who is not enrolled" aged erin --lastday $((today - 200)) --maxdays 90
converses "stays under the aging" ssh erin@127.0.0.1 <<-END
	see assword: 
	type $own
	see required to change your password
	press \x03
	end any
	never $ 
END

evidence_holds password.import session.open
finish
