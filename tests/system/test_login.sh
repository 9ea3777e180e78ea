# login(1) on a terminal (R01 R18 R21 R23).
. "$(dirname "$0")/inside.sh"

own=white-Cloud-31-teapot
machine_with_medgl && enrol alice && person bob unix-Password-9 || exit 1
secrets+=($own unix-Password-9)
echo 'attempt_delay = 0' > $policy

converses "an issued password must be changed (R18)" login <<-END
	see login: 
	type alice
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type $own
	see Retype new password: 
	type $own
	see This is your first login here.
	see $ 
	type exit
	end 0
END
converses "a wrong password, then the right one: the notice tells of both (R21)" login <<-END
	see login: 
	type alice
	see Password: 
	type wrong-guess-one
	see Login incorrect
	see login: 
	type alice
	see Password: 
	type $own
	see Last login: 
	see Warning: 1 failed try since then
	see $ 
	type exit
	end 0
END
converses "who is not enrolled uses pam_unix" login <<-END
	see login: 
	type bob
	see Password: 
	type unix-Password-9
	see $ 
	type exit
	end 0
END
works "disabled" admin account disable alice --reason "left the ward"
converses "a disabled account is refused in the words of a wrong password (R23)" login <<-END
	see login: 
	type alice
	see Password: 
	type $own
	see Login incorrect
END

evidence_holds login.success login.failure password.change session.open session.close
finish
