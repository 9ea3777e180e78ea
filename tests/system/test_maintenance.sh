# Maintenance days over a real sshd (R30): closed but while somebody approved the work, which is shown; confirmed afterwards; ended with
# the company, processes and all.
. "$(dirname "$0")/inside.sh"

own=Hotarubukuro-7-to-ame
machine_with_medgl && sshd_begin || exit 1
person vendor1 && admin account add vendor1 --class maintenance --company "Aoi Systems" > $seen 2>&1 && issue vendor1 && settle vendor1 "$own"
tap $? "a vendor has an account"
over_ssh=(ssh -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 vendor1@127.0.0.1)
stays_out() {
    converses "$1" "${over_ssh[@]}" <<-END
	see Password: 
	type $own
	see Permission denied
	end 255
	never aintenance
	END
}
approve() {
    admin grant add vendor1 --kind maintenance --work "replace the disk of the image server" --approved-by "Dr Sato" \
        --reason "work order 2026-114" "$@"
}
waiting() { # EXPRESSION: of the sessions that nobody confirmed
    admin --json report maintenance --unconfirmed > /run/waiting && python3 -I -c '
import json, sys
w = json.load(open("/run/waiting"))["maintenance"]
sys.exit(0 if eval(sys.argv[1]) else 1)' "$1"
}

stays_out "without an approval it is closed, in the words of a wrong password (R23)"
counts "and the ledger says why" 1 "k == 'login.failure' and s == 'vendor1' and d['reason'] == 'maintenance'"
wrong wrong-guess-one "${over_ssh[@]}"
works "an approval for another day" approve --on "$(date -u -d '3 days' +%F)"
stays_out "opens nothing today"
works "one for today" approve --since "$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%SZ)" --until "$(date -u -d '12 hours' +%Y-%m-%dT%H:%M:%SZ)"
converses "lets in, and shows the work" "${over_ssh[@]}" <<-END
	see Password: 
	type $own
	see replace the disk of the image server
	see $ 
	type exit
	end 0
END
works "a session waits for its confirmation" wait_for waiting 'len(w) == 1 and w[0]["company"] == "Aoi Systems" and "disk" in w[0]["work"]'
id=$(python3 -I -c 'import json; print(json.load(open("/run/waiting"))["maintenance"][0]["id"])')
works "it is confirmed" admin maintenance confirm "$id" --note "as ordered"
works "nothing waits" waiting 'w == []'
refused "once" 1 admin maintenance confirm "$id"

printf 'see Password: \ntype %s\nsee $ \ntype nohup sleep 98765 > /dev/null 2>&1 & touch /tmp/in\nmatch closed|hangup|Broken\nend 255\n' "$own" > /run/steps
terminal "${over_ssh[@]}" < /run/steps > /run/session 2>&1 &
session=$!
works "somebody works" wait_for test -e /tmp/in
waiting 'True' && python3 -I -c 'import json; print(json.load(open("/run/waiting"))["maintenance"])' > $seen
works "and who is still in waits for nothing" waiting 'w == []'
works "the contract ends" admin maintenance end --company "Aoi Systems" --reason "contract ended"
works "when it says so, all processes of the account have ended" none_runs vendor1
wait $session
tap $? "their session ended"
stays_out "nobody logs in"
evidence_holds grant.add login.failure
finish
