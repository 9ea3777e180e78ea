# The helpdesk's day (R11), as medgl-helpdesk(7) tells it: real sudo with the sudoers file that comes with the product, a real
# printer's program, real logins over ssh by the slip, with the forced change.
. "$(dirname "$0")/inside.sh"

shipped=$(find /usr/share/doc /usr/local/share/doc -path '*sudoers.d/medgl' 2> /dev/null | head -n 1)
machine_with_medgl && sshd_begin && install -m 440 "$shipped" /etc/sudoers.d/medgl &&
    printf 'Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n@includedir /etc/sudoers.d\n' >> /etc/sudoers && visudo -cq || exit 1
desks_own=Hibari-7-kaze-mado own=Kazaguruma-7-mawaru other=Yamabuki-3-no-hana third=Tsubame-9-to-umi witness_own=Minato.no-4-gatsu
fourth=Akatombo-5-to-ame fifth=Shiosai-2-to-tsuki sixth=Kogarashi-6-ni-hoshi # none comes back
settled desk "$desks_own" && settled suzuki "$witness_own" && settled tanaka "$own" && enrol boss || exit 1
admin account set boss --class privileged > /run/set.log
secrets+=("$other" "$third" "$fourth" "$fifth" "$sixth")
gpasswd --delete desk sudo > /run/group.log && usermod --append --groups medgl-helpdesk desk || exit 1

# With a login uid of the kernel's, where one can be set here; else the desk says who it is.
known=no
( echo 0 > /proc/self/loginuid && grep -qx 0 /proc/self/loginuid ) 2> /dev/null && [ ${#operator[@]} != 0 ] && known=yes
who=("${operator[@]}")
[ $known = no ] || who=()
login='import os, sys
if sys.argv[1] == "yes":
    open("/proc/self/loginuid", "w").write(sys.argv[2])
os.execvp("setpriv", ["setpriv", "--reuid", "desk", "--regid", "desk", "--init-groups", "--reset-env"] + sys.argv[3:])'
# desk NAME VERB... < script: on a terminal; sudo asks for the desk's own password
desk() {
    local name=$1
    shift
    local script
    script=$(printf 'see [sudo] password for desk: \ntype %s\n' "$desks_own"; cat)
    converses "$name" python3 -I -c "$login" $known "$(id -u desk)" sudo medgl-admin "$@" "${who[@]}" <<< "$script"
}
# logs_in NAME PASSWORD: over ssh, with no more questions
logs_in() {
    converses "$1" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $2
	see $ 
	type exit 5
	end 5
	END
}
# by_slip NAME ISSUED NEW: with the forced change
by_slip() {
    converses "$1" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1 <<-END
	see Password: 
	type $2
	see Current password: 
	type $2
	see New password: 
	type $3
	see Retype new password: 
	type $3
	see $ 
	type exit 5
	end 5
	END
}

# -- at the desk ---------------------------------------------------------------------------------------

desk "who it is, and what is wrong" account show tanaka <<< 'end 0'
desk "at the desk: the person types, and the desk sees nothing" password reset tanaka --verified-by known-in-person --deliver at-terminal <<-END
	see choose your new password
	see New password:
	type $other
	see Retype new password:
	type $other
	see is in force
	end 0
	never $other
END
logs_in "and logs in with it at once" "$other"
desk "the same, asked step by step" password reset tanaka <<-END
	see Password reset for tanaka
	see How did you verify
	type known-in-person
	see photo of a document (Enter: none)
	type 
	see Who asked for it
	type 
	see Login name of a witness
	type 
	see Remark
	type forgot it on leave
	see How does the new password reach them
	type at-terminal
	see This will be done
	see Type yes
	type yes
	see New password:
	type $third
	see Retype
	type $third
	see is in force
	end 0
	never $third
END

# -- on the telephone: the printer ----------------------------------------------------------------------

install -d -m 755 /usr/local/sbin && install -d -m 700 -o medgl-notify -g medgl-notify /run/paper
printf '#!/bin/sh\nid -un > /run/paper/who\ntty > /run/paper/tty\nexec cat > /run/paper/slip\n' > /usr/local/sbin/slips
chmod 755 /usr/local/sbin/slips && echo 'slip_program = /usr/local/sbin/slips' > $policy
desk "by call-back, on a printed slip" password reset tanaka --verified-by callback --requested-by 'ward 3' --deliver slip <<-END
	see was printed
	end 0
END
says "the printer's program owns nothing" medgl-notify /run/paper/who
says "and has no terminal" "not a tty" /run/paper/tty
issued=$(sed -n 's/^Password: //p' /run/paper/slip) && secrets+=("$issued")
[ -n "$issued" ] && ! grep -qF -- "$issued" $seen
tap $? "the desk's screen did not show it"
by_slip "the slip opens one login, which wants a new password (R18)" "$issued" "$fourth"
logs_in "and then that one" "$fourth"

# -- a witness ------------------------------------------------------------------------------------------

printf 'slip_program = /usr/local/sbin/slips\nreset_witness = callback\n' > $policy
desk "where four eyes are wanted nothing goes without" password reset tanaka --verified-by callback --deliver slip <<-END
	see second person
	end 1
END
desk "a colleague proves who they are" password reset tanaka --verified-by callback --deliver slip --witness suzuki <<-END
	see Password of suzuki:
	type $witness_own
	see was printed
	end 0
	never $witness_own
END
issued=$(sed -n 's/^Password: //p' /run/paper/slip) && secrets+=("$issued")
by_slip "the slip is good" "$issued" "$fifth"
counts "the entry has the witness" 1 "k == 'password.issue' and d.get('witness') == 'suzuki' and d['deliver'] == 'printer'"

# -- a printer that is stuck: a file --------------------------------------------------------------------

printf '#!/bin/sh\nexit 1\n' > /usr/local/sbin/slips && : > $policy && echo 'slip_program = /usr/local/sbin/slips' > $policy
desk "a printer that fails is told, and changes nothing" password reset tanaka --verified-by callback --deliver slip <<-END
	see was not printed
	end 4
END
logs_in "the password is what it was" "$fifth"
where=/home/desk/tanaka.slip
[ $known = yes ] || where=/root/tanaka.slip
desk "then the slip is a file" password reset tanaka --verified-by callback --slip $where <<-END
	see An issued password for tanaka is in
	end 0
END
issued=$(sed -n 's/^Password: //p' $where) && secrets+=("$issued")
[ "$(stat -c %a $where)" = 600 ]
tap $? "for the desk's eyes alone"
rm $where
by_slip "it is good, too" "$issued" "$sixth"

# -- locked, and suspected ------------------------------------------------------------------------------

for i in 1 2 3 4 5; do wrong "wrong-guess-$i" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1; done
desk "a locked account is opened, and the password stays" account unlock tanaka --reason "caps lock, at the desk" <<< 'end 0'
logs_in "it opens again" "$sixth"
desk "a suspected leak ends the password at once" password revoke tanaka --sessions --reason "note on a screen" <<< 'end 0'
wrong "$sixth" ssh -o PreferredAuthentications=keyboard-interactive tanaka@127.0.0.1
counts "it opens nothing" 1 "k == 'login.failure' and s == 'tanaka' and d['reason'] == 'no-password'"
if [ $known = yes ]; then
    desk "privileged accounts are for others" password reset boss --verified-by known-in-person --deliver slip <<-END
		see does not reach
		end 1
	END
    desk "and one's own account, too" password reset desk --verified-by known-in-person --deliver slip <<-END
		see your own account
		end 1
	END
fi
desk "the desk manages no accounts" account add games <<-END
	see not allowed to execute
	end 1
END
evidence_holds password.reset password.issue password.revoke account.unlock
finish
