# su (R01 R18 R20), by a user who is not root, and by root.
. "$(dirname "$0")/inside.sh"

own=brown-River-88-ladder
next=Thimble+5+glacier+mango
unix=unix-Password-9
machine_with_medgl && settled alice $own && person bob $unix && person carol || exit 1
secrets+=($unix $next)
echo 'attempt_delay = 0' > $policy

converses "the right password" as bob su alice -c 'id -un' <<-END
	see Password: 
	type $own
	see alice
	end 0
END
converses "a wrong one" as bob su alice -c 'id -un' <<-END
	see Password: 
	type wrong-guess-one
	see Authentication failure
	end 1
END
converses "the other way, to a user who is not enrolled" as alice su bob -c 'id -un' <<-END
	see Password: 
	type $unix
	see bob
	end 0
END
works "root needs no password" su alice -c true

issue alice
converses "an issued password must be changed (R18)" as bob su alice -c 'id -un' <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see alice
	end 0
END
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as bob su alice -c true
done
converses "after five wrong ones the right one is refused (R20)" as bob su alice -c true <<-END
	see Password: 
	type $next
	see Authentication failure
	end 1
END
converses "but not to another user (R20)" as carol su alice -c 'id -un' <<-END
	see Password: 
	type $next
	see alice
	end 0
END
works "disabled" admin account disable alice --reason "left the ward"
refused "not even root may become a disabled account" 1 su alice -c true

# An account that Unix itself expired stays closed, also while the password is due.
works "enabled" admin account enable alice --reason "came back"
usermod --expiredate 1970-01-02 alice
issue alice
converses "pam_unix is asked for the account too" as carol su alice -c 'id -un' <<-END
	see Password: 
	type $issued
	match expired|denied|failure
	end 1
END

evidence_holds login.success login.failure login.locked password.change session.open session.close
finish
