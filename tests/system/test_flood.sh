# A flood of guesses from 1,000 addresses against one account, while its owner comes and goes at a terminal beside the
# machine (R07 R20).
. "$(dirname "$0")/inside.sh"

own=copper-Lantern-52-orchard
next=Saddle+41+marble+window
machine_with_medgl || exit 1
# The cheapest hash that the policy allows: a thousand of them have to be computed here.
cat > $policy <<-END
	kdf_memory = 19 MiB
	kdf_time = 2
	unenrolled = deny
END
secrets+=($next distinct-wrong-)
settled alice $own && settled carol $next && socket_begin || exit 1
printf '@include common-auth\n@include common-account\n' > /etc/pam.d/locker

# -- the flood: 500 IPv4 addresses, 500 IPv6 networks, each with a wrong password of its own ----------

tries() {
    local i
    for ((i = 0; i < 500; i++)); do
        printf '198.51.%d.%d\talice\tdistinct-wrong-%d\n' $((100 + i / 250)) $((i % 250 + 1)) $i
        printf '2001:db8:%x:%x::%x\talice\tdistinct-wrong-%d\n' $((i / 100)) $((i % 100)) $((i + 1)) $((i + 500))
    done
}
# The owner, with login(1) on tty1.
console() {
    at tty1 login <<-END
	see login: 
	type alice
	see Password: 
	type $own
	see $ 
	type exit
	end 0
END
}
# One try through PAM; it comes to that code (0: let in, 7: refused).
try() { # CODE PLACE NAME PASSWORD
    printf '%s\t%s\t%s\n' "$2" "$3" "$4" | python3 "$here/guess.py" -a sshd > $seen 2>&1 && [ "$(cut -d' ' -f1 $seen)" = "$1" ]
}

begin=$EPOCHSECONDS
console > $seen 2>&1
tap $? "before the flood the owner logs in at tty1"
alone=$((EPOCHSECONDS - begin + 1))

tries | python3 "$here/guess.py" -n 64 -u /run/flood.stop sshd > /run/flood 2> /run/flood.said &
flood=$!
wait_for test -s /run/flood
tap $? "the flood has begun"

let_in=0
longest=0
for i in 1 2 3 4 5 6 7 8 9 10; do
    begin=$EPOCHSECONDS
    kill -0 $flood && console > /run/console.$i 2>&1 && let_in=$((let_in + 1)) || cat /run/console.$i > $seen
    took=$((EPOCHSECONDS - begin))
    [ $took -le $longest ] || longest=$took
done
[ $let_in = 10 ]
tap $? "during the flood the owner gets in at tty1 at each of ten tries (R20)"
echo "the longest took $longest s, one before the flood less than $alone s" > $seen
[ $longest -le $((alone > 2 ? alone * 10 : 20)) ] # a busy machine has its own idea of a second
tap $? "and waits no longer than an ordinary login may take"
echo "# the longest of them took $longest s"

converses "a screen locker of the owner opens as well" as alice pamtester locker alice authenticate acct_mgmt <<-END
	see Password: 
	type $own
	see account management done
	end 0
END
converses "so does sudo for the owner" as alice sudo id -un <<-END
	match [Pp]assword.*: ?$
	type $own
	see root
	end 0
END
touch /run/flood.stop
wait $flood
tap $? "every guess was answered"
cat /run/flood.said > $seen
[ "$(cut -d' ' -f3 /run/flood | sort -u | wc -l)" = 1000 ] && [ ! -s /run/flood.said ]
tap $? "from each of 1,000 addresses"
# 9: on a busy machine one that waited 20 seconds for its turn to be evaluated is sent away.
grep -v '^[79] ' /run/flood > $seen
[ ! -s $seen ]
tap $? "and none was let in, or told why"

counts "exactly twenty guesses were evaluated (R20)" 20 'k == "login.failure" and d["reason"] == "wrong-password" and d["counted"]'
counts "nothing else was counted" 20 'k == "login.failure" and d["counted"]'
counts "the account was closed once" 1 'k == "login.locked" and d["reach"] == "account"'
counts "and at no time a source" 0 'k == "login.locked" and d["reach"] == "source"'
counts "the owner was refused nowhere" 0 "k in ('login.failure', 'login.abandoned') and d['source'] in ('tty1', 'uid $(id -u alice)')"

# -- what is closed, what is said of it, how it is opened ----------------------------------------------

try 7 203.0.113.9 alice $own
tap $? "afterwards the right password is refused from an address that never guessed"
says "and the log says why" "refused: account alice, service sshd, from 203.0.113.9: locked-account" $log
try 0 203.0.113.9 carol $next
tap $? "another account is not touched"
console > $seen 2>&1
tap $? "at tty1 its owner still gets in"

holds "account show says that it is closed to remote sources, and until when" \
    'it["account"][0]["remote"] == "locked-account" and it["account"][0]["remote_until"] and it["account"][0]["failures"] == 20' \
    admin account show alice --json
holds "report lockouts says what is counted, from where, until when" \
    '[r for r in it["lockouts"] if r["account"] == "alice" and r["source"] in ("", None) and r["failures"] == 20 and r["limit"] == 20 and r["locked_until"]] and
len([r for r in it["lockouts"] if r["account"] == "alice" and r["source"] and r["failures"] == 1]) == 20' \
    admin report lockouts --json

refused "an unlock wants a reason" 2 admin account unlock alice
works "the administrator unlocks" admin account unlock alice --reason "the owner was asked by telephone"
try 0 203.0.113.9 alice $own
tap $? "then the right password lets in from there"
counts "the unlock has its entry" 1 'k == "account.unlock" and s == "alice" and "telephone" in d["why"]'

# -- alerts ------------------------------------------------------------------------------------------------

alert_is='[a for a in it["alerts"] if a["kind"] == "%s" and a["account"] == "%s" and a["count"] == %s]'
holds "one alert tells of the lockout" "len($(printf "$alert_is" lockout alice 1)) == 1" admin alert list --all --json
tries | head -n 40 | python3 "$here/guess.py" -n 8 sshd > /run/flood 2>&1
holds "a second lockout is folded into it" "len($(printf "$alert_is" lockout alice 2)) == 1" admin alert list --all --json

for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    printf '192.0.2.77\tnobody-%d\tdistinct-wrong-s%d\n' $i $i
done | python3 "$here/guess.py" sshd > /run/flood 2>&1
holds "one source that fails at many names raises an alert of its own (R07)" \
    'len([a for a in it["alerts"] if a["kind"] == "spread" and a["source"] == "192.0.2.77"]) == 1' admin alert list --all --json
counts "each alert has its entry" 2 'k == "alert.raise" and d["alert_kind"] in ("lockout", "spread")'

evidence_holds login.success login.failure login.locked account.unlock session.open session.close alert.raise
finish
