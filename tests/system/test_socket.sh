# A caller that is not root, such as a screen locker: through /run/medgl/auth.socket, under NoNewPrivileges too.
. "$(dirname "$0")/inside.sh"

own=clear-Window-29-bridge
next=Trombone.4.lichen.parade
machine_with_medgl && settled alice $own && settled carol $own-c && person bob unix-Password-9 || exit 1
secrets+=(unix-Password-9 $next)
echo 'attempt_delay = 0' > $policy
printf '@include common-auth\n@include common-account\n@include common-password\n' > /etc/pam.d/locker

refused "without the engine nobody gets in" 1 sh -c "echo $own |
    setpriv --reuid alice --regid alice --init-groups pamtester locker alice authenticate"
says "and the log says what to start" medgl-auth.socket $log
socket_begin
tap $? "the engine is served on /run/medgl/auth.socket"

converses "the right password" as alice pamtester locker alice authenticate acct_mgmt <<-END
	see Password: 
	type $own
	see successfully authenticated
	see account management done
	end 0
END
converses "under NoNewPrivileges" as alice setpriv --no-new-privs pamtester locker alice authenticate <<-END
	see Password: 
	type $own
	see successfully authenticated
	end 0
END
converses "a wrong one" as alice pamtester locker alice authenticate <<-END
	see Password: 
	type wrong-guess-one
	see Authentication failure
	end 1
END
# The engine hangs up before any prompt: no right password would help.
converses "nobody may ask about another" as carol pamtester locker alice authenticate <<-END
	end 1
	never successfully
END
works "nobody holds all the engines: of nine conversations one is hung up, and another user is heard" python3 -I -c '
import os, pwd, select, socket, sys
def connect(name):
    os.seteuid(0)
    os.seteuid(pwd.getpwnam(name).pw_uid)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect("/run/medgl/auth.socket")
    return connection
def ended(connections, seconds):
    return len(select.select(connections, [], [], seconds)[0])
mine = [connect("alice") for i in range(9)]
select.select(mine, [], [], 60)
sys.exit(0 if ended([connect("carol")], 1) == 0 and ended(mine, 0) == 1 else 1)'
says "and the log says whose they are" "conversations are open already" $log
issue alice
converses "an issued password is due, and is changed (R18)" as alice pamtester locker alice authenticate acct_mgmt <<-END
	see Password: 
	type $issued
	see successfully authenticated
	see Authentication token is no longer valid; new one required
	end 1
END
converses "by its owner" as alice pamtester locker alice chauthtok <<-END
	see Current password: 
	type $issued
	see New password: 
	type $next
	see Retype new password: 
	type $next
	see authentication token altered successfully
	end 0
END
converses "then it counts" as alice pamtester locker alice authenticate acct_mgmt <<-END
	see Password: 
	type $next
	see account management done
	end 0
END
for i in 1 2 3 4 5; do
    wrong "guess-number-$i" as alice pamtester locker alice authenticate
done
converses "after five wrong ones the right one is refused (R20)" as alice pamtester locker alice authenticate <<-END
	see Password: 
	type $next
	see Authentication failure
	end 1
END
works "disabled" admin account disable carol --reason "left the ward"
converses "a disabled account is refused" as carol pamtester locker carol authenticate <<-END
	see Password: 
	type $own-c
	see Authentication failure
	end 1
END
works "the store is medgl's alone" sh -c '[ -z "$(find /var/lib/medgl ! -user medgl -o ! -type l -perm /077)" ]'
works "nothing of ours is setuid or setgid" sh -c '[ -z "$(find /usr/libexec/medgl /usr/sbin/medgl-admin -perm /6000)" ]'

evidence_holds login.success login.failure login.locked password.change
finish
