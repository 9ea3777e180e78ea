# ssh, keyboard-interactive and with a key, with Debian's sshd (R01 R06 R15 R18 R20 R21 R23).
. "$(dirname "$0")/inside.sh"

own=grey-Harbour-17-kettle
unix=unix-Password-9
machine_with_medgl && enrol alice && person bob $unix && sshd_begin || exit 1
secrets+=($own $unix)
echo 'attempt_delay = 0' > $policy
works "the policy is good" admin policy check

converses "an issued password lets in once, and must be changed there and then (R18)" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Current password: 
	type $issued
	see New password: 
	type short-1
	see too short
	see New password: 
	type $own
	see Retype new password: 
	type $own
	see This is your first login here.
	see $ 
	type exit 5
	end 5
END

converses "the next login tells of the last one (R21)" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	match Last login: .* from 127\.0\.0\.1 \(sshd\)
	never Warning
	see $ 
	type exit
	end 0
END

converses "the issued password is of no use any more" ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1 <<-END
	see Password: 
	type $issued
	see Permission denied
	end 255
END

converses "a login after a failure warns of it (R21)" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	match Warning: 1 failed try since then, at .* from 127\.0\.0\.1
	see $ 
	type exit
	end 0
END

converses "a user who is not enrolled logs in through pam_unix" ssh bob@127.0.0.1 <<-END
	see Password: 
	type $unix
	see $ 
	type exit
	end 0
END

guess() { # NAME ADDRESS PASSWORD: one try that is refused; what the client showed is in $seen
    printf 'see Password: \ntype %s\nsee Permission denied\nend 255\n' "$3" |
        terminal ssh -o NumberOfPasswordPrompts=1 "$1@$2" > $seen 2>&1
}
five_guesses() {
    local i
    for i in 1 2 3 4 5; do
        guess alice 127.0.0.1 "wrong-guess-$i" || return 1
    done
}
five_guesses
tap $? "wrong guesses are refused"
cp $seen /run/seen.wrong
guess alice 127.0.0.1 $own
tap $? "after five of them the right password is refused from there (R20)"
cp $seen /run/seen.locked
cmp /run/seen.wrong /run/seen.locked > $seen 2>&1
tap $? "a lock shows itself in no word (R23)"
works "account show tells the administrator" sh -c 'medgl-admin account show alice | grep 127.0.0.1'

converses "from another place the owner still gets in (R20)" ssh alice@::1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END

refused "an unlock wants a reason" 2 admin account unlock alice
works "the administrator unlocks" admin account unlock alice --reason "identity verified by telephone"
converses "after the unlock the same password lets in" ssh alice@127.0.0.1 <<-END
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END

ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
install -d -m 700 -o alice -g alice /home/alice/.ssh
install -m 600 -o alice -g alice /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys
works "a key lets in an active account" ssh -o BatchMode=yes alice@127.0.0.1 true
works "the administrator disables the account" admin account disable alice --reason "on leave"
refused "a key does not let in a disabled account" 255 ssh -o BatchMode=yes alice@127.0.0.1 true
rm /root/.ssh/id_ed25519
guess alice 127.0.0.1 $own
tap $? "nor does its password"
works "enabled again" admin account enable alice --reason "back from leave"

echo 'unenrolled = deny' >> $policy
guess bob 127.0.0.1 $unix
tap $? "with unenrolled = deny a user who is not enrolled is refused"
sed 's/bob@/alice@/' $seen > /run/seen.unenrolled
guess nobody-at-all 127.0.0.1 wrong-guess-one
sed 's/nobody-at-all@/alice@/' $seen > /run/seen.unknown
cmp /run/seen.unenrolled /run/seen.wrong > $seen 2>&1 && cmp /run/seen.unknown /run/seen.wrong > $seen 2>&1
tap $? "unknown, not enrolled and wrong look the same (R23)"

converses "an unreadable policy lets nobody in" sh -c "echo 'no_such_key = 1' >> $policy;
    ssh -o NumberOfPasswordPrompts=1 alice@127.0.0.1" <<-END
	see Permission denied
	end 255
END
says "and the log says which key it is" no_such_key $log
sed -i /no_such_key/d $policy

evidence_holds account.add password.issue password.change login.success login.failure login.locked access.denied \
    session.open session.close account.disable account.enable
finish
