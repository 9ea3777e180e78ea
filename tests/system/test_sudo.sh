# sudo (R01 R18 R20): the user's own password. sudo puts its own words in the place of "Password: ".
. "$(dirname "$0")/inside.sh"

own=green-Mountain-5-candle
next=Velvet=71=orbit=sparrow
machine_with_medgl && settled alice $own && person bob unix-Password-9 || exit 1
secrets+=(unix-Password-9 $next)
echo 'attempt_delay = 0' > $policy

converses "the right password" as alice sudo id <<-END
	see [sudo] password for alice: 
	type $own
	see uid=0(root)
	end 0
END
converses "wrong ones" as alice sudo id <<-END
	see [sudo] password for alice: 
	type wrong-guess-one
	see [sudo] password for alice: 
	type wrong-guess-two
	see [sudo] password for alice: 
	type wrong-guess-three
	see 3 incorrect password attempts
	end 1
END
issue alice
converses "an issued password must be changed (R18)" as alice sudo id <<-END
	see [sudo] password for alice: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see uid=0(root)
	end 0
END
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as alice sudo true
done
converses "after five wrong ones the right one is refused (R20)" as alice sudo id <<-END
	see [sudo] password for alice: 
	type $next
	see [sudo] password for alice: 
	press \x03
	end any
	never uid=0
END
works "unlock" admin account unlock alice --reason "identity verified by telephone"
converses "and then it works" as alice sudo id <<-END
	see [sudo] password for alice: 
	type $next
	see uid=0(root)
	end 0
END
converses "who is not enrolled uses pam_unix" as bob sudo id <<-END
	see password for bob: 
	type unix-Password-9
	see uid=0(root)
	end 0
END


# What sudo must not go past: it takes a session that failed for one that it can do without.
echo 'bob ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers
as_bob=(setpriv --reuid bob --regid bob --init-groups)
useradd --non-unique --uid "$(id -u alice)" --gid alice --no-create-home twin
works "bob becomes alice" "${as_bob[@]}" sudo -n -u alice true
refused "but not by another name of her uid" 1 "${as_bob[@]}" sudo -n -u twin touch /run/was-twin
refused "nor does root" 1 sudo -u twin touch /run/was-twin
works "nothing was done" test ! -e /run/was-twin
userdel --force twin > /run/userdel.log 2>&1
printf '%s\n' 'attempt_delay = 0' 'sessions_staff = 1' > $policy
"${as_bob[@]}" sudo -n -u alice sleep 98764 < /dev/null > /run/first 2>&1 &
works "one session of hers is open (R29)" wait_for pgrep -u alice -f 'sleep 98764'
refused "no second one" 1 "${as_bob[@]}" sudo -n -u alice touch /run/was-second
works "nothing was done then" test ! -e /run/was-second
pkill -u alice -f 'sleep 98764'
wait $!
printf '%s\n' 'attempt_delay = 0' 'unenrolled = deny' > $policy
converses "where only who is enrolled gets in, they become root (R01)" as alice sudo id <<-END
	see [sudo] password for alice: 
	type $next
	see uid=0(root)
	end 0
END

# No session of hers by her own sudo: the one that it opens is root's.
evidence_holds login.success login.failure login.locked password.change session.open session.refused
finish
