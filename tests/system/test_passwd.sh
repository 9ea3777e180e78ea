# passwd(1): the owner changes the password; root does not (R11 R13 R17).
. "$(dirname "$0")/inside.sh"

own=quiet-Garden-64-pencil
next=Marmalade_8_tugboat_fern
machine_with_medgl && settled alice $own && person bob unix-Password-9 || exit 1
secrets+=($next unix-Password-9 unix-Password-10)
printf 'attempt_delay = 0\npassword_min_age = 0\n' > $policy

converses "a new one, after the current one" as alice passwd <<-END
	see Current password: 
	type $own
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see The password was changed.
	end 0
END
converses "three that the rules refuse, each with its reason (R13)" as alice passwd <<-END
	see Current password: 
	type $next
	see New password: 
	type short-1
	see This password is too short
	see New password: 
	type onlylettersandmore
	see This password needs letters, digits and symbols
	see New password: 
	type $next
	see This is the current password
	end 10
END
converses "not without the current one (R17)" as alice passwd <<-END
	see Current password: 
	type wrong-guess-one
	end 10
	never New password
END
converses "root is told to use medgl-admin (R11)" passwd alice <<-END
	see medgl-admin password reset --verified-by METHOD --slip FILE alice
	end 10
	never New password
END
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as alice passwd
done
converses "repeated wrong ones close the change for a while (R17)" as alice passwd <<-END
	see Current password: 
	type $next
	end 10
	never New password
END
converses "who is not enrolled changes it in pam_unix" as bob passwd <<-END
	see Current password: 
	type unix-Password-9
	see New password: 
	type unix-Password-10
	see Retype new password: 
	type unix-Password-10
	see password updated successfully
	end 0
END
converses "and root does it for them" passwd bob <<-END
	see New password: 
	type unix-Password-9
	see Retype new password: 
	type unix-Password-9
	see password updated successfully
	end 0
END

evidence_holds password.issue password.change login.failure login.locked
finish
