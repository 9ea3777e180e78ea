# The machine that the system tests and the demo play on, and the words of the tests. Sourced by bash inside the sandbox
# (sandbox.sh), as its root; never on a host. Needs the product installed in the sandbox's /usr.

[ "$(hostname)" = medgl-sandbox ] || { echo "only inside the sandbox" >&2; exit 1; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
log=/var/log/auth.log
policy=/etc/medgl/policy.conf
vendor=/usr/lib/medgl/policy.conf # the layer below it
# Who the administrator says to be, where the kernel knows of no login: as in a sandbox of root's.
operator=()
[ "$(cat /proc/self/loginuid 2>/dev/null || echo 4294967295)" != 4294967295 ] || operator=(--operator jimu)
phone="python3 $here/phone.py /run/phone." # and a name: for `answer` in scripts
ask="One-time code (Enter: none): "        # what is asked for it
confirm="The code that the device shows now (Enter: give up): "
secrets=(wrong-guess guess-number) # every password used, to be looked for where none may be

# -- the machine ------------------------------------------------------------------------------------

machine_furnished() {
    mkdir -p /run/sshd /etc/ssh /etc/sudoers.d
    getent passwd sshd >/dev/null || useradd --system --home-dir /run/sshd --shell /usr/sbin/nologin sshd
    factorless
    printf 'Defaults timestamp_timeout=0, !lecture\nroot ALL=(ALL:ALL) ALL\n%%sudo ALL=(ALL:ALL) ALL\n' > /etc/sudoers
    chmod 440 /etc/sudoers
}
machine_plain() {
    machine_furnished
    python3 "$here/syslog.py" /dev/log $log > /run/syslog.ready &
    wait_for grep -qs ready /run/syslog.ready || return 1
    # The common-* files of a fresh Debian. pam_systemd has no systemd to speak with here.
    pam-auth-update --package --force > /run/pam-auth-update.log 2>&1 &&
        pam-auth-update --disable systemd >> /run/pam-auth-update.log 2>&1 ||
        { cat /run/pam-auth-update.log; return 1; }
}

# No day comes from which a second factor is asked of everybody, and a hash costs the least that a policy may say. Tests of
# second factors take the file away.
factorless() {
    install -d -m 755 "${vendor%/*}" &&
        printf '%s\n' 'kdf_memory = 19 MiB' 'kdf_time = 2' factor_{staff,privileged,maintenance}' = optional' > $vendor
}

# A Unix user with a home and, with a second argument, a password of pam_unix.
person() {
    useradd --create-home --shell /bin/bash --groups sudo "$1" || return 1
    [ -z "${2-}" ] || usermod --password "$(openssl passwd -6 -stdin <<< "$2")" "$1"
}

sshd_configured() {
    cat > /etc/ssh/sshd_config <<-END
	ListenAddress 127.0.0.1
	ListenAddress ::1
	HostKey /etc/ssh/ssh_host_ed25519_key
	UsePAM yes
	KbdInteractiveAuthentication yes
	PasswordAuthentication no
	PermitRootLogin no
	PrintMotd no
	PrintLastLog no
	MaxStartups 200
	END
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key &&
        install -d -m 700 /root/.ssh &&
        sed 's/^/127.0.0.1,::1,localhost /; s/ root@.*//' /etc/ssh/ssh_host_ed25519_key.pub > /root/.ssh/known_hosts &&
        cp /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts
}
sshd_begin() {
    sshd_configured && /usr/sbin/sshd && wait_for sshd_listens
}
# With a configuration that was changed. It says who it is behind the moment from which it listens; the old one takes that back
# behind the moment from which it does not.
sshd_again() {
    local old
    old=$(cat /run/sshd.pid) && kill "$old" && wait_for gone "$old" && /usr/sbin/sshd && wait_for sshd_listens
}
sshd_listens() {
    [ -s /run/sshd.pid ] && ss -lnt | grep -qF 127.0.0.1:22
}
gone() { # PID: no process, or one that only waits for its parent
    ! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# The engine for callers that are not root, as the systemd socket unit serves it. It accepts, and starts one per connection.
socket_begin() {
    local engine=/usr/libexec/medgl/medgl-auth
    mkdir -p /run/medgl
    rm -f /run/medgl/auth.socket
    systemd-socket-activate --seqpacket --accept --listen=/run/medgl/auth.socket \
        setpriv --reuid medgl --regid medgl --clear-groups --inh-caps=-all $engine > /var/log/socket.log 2>&1 &
    wait_for grep -q ' 00010000 .* /run/medgl/auth.socket$' /proc/net/unix && chmod 666 /run/medgl/auth.socket
}

# The same with what the package makes: the user medgl, and /run/medgl.
machine_begin() {
    machine_plain && { systemd-sysusers medgl.conf && systemd-tmpfiles --create medgl.conf; } > /run/begin.log 2>&1 ||
        { cat /run/begin.log; return 1; }
}

# And with pam_medgl in charge.
machine_with_medgl() {
    machine_begin && install -d -m 755 /etc/medgl &&
        admin setup --origin medgl.example/sandbox > /run/setup.log &&
        pam-auth-update --enable medgl >> /run/pam-auth-update.log 2>&1
}

admin() {
    command medgl-admin "${operator[@]}" "$@"
}

# A person with an account here. The issued password is in $issued.
enrol() {
    person "$1" && admin account add "$1" --class staff --full-name "${2:-$1 of the ward}" > /run/add.log && issue "$1"
}
issue() {
    local slip
    slip=/run/slip.$1
    rm -f "$slip"
    admin password reset "$1" --verified-by known-in-person --slip "$slip" > /run/reset.log &&
        issued=$(sed -n 's/^Password: //p' "$slip") && [ -n "$issued" ] && secrets+=("$issued")
}
# Gives the person a password of their own, through the real passwd.
settle() {
    secrets+=("$2")
    as "$1" passwd > /run/settle.log <<-END
	see Current password:
	type $issued
	see New password:
	type $2
	see Retype new password:
	type $2
	end 0
	END
}
settled() { # NAME PASSWORD: enrolled, with that password
    enrol "$1" && settle "$1" "$2"
}

# A person's second factor: a phone, kept in /run/phone.NAME (phone.py).
phone() { # NAME VERB [ARGUMENT...]
    python3 "$here/phone.py" "/run/phone.$1" "${@:2}"
}
# An administrator enrols it, by the key as it is shown; the code that confirms it is used up.
enrol_phone() { # NAME [OPTION...]
    terminal medgl-admin "${operator[@]}" totp enrol "$@" > /run/enrol.log 2>&1 <<-END
	see Key:
	see Settings:
	see $confirm
	answer $phone$1 read && $phone$1 code
	end 0
	END
}
key_is_secret() { # NAME: as it is shown, and as it is kept
    secrets+=("$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["key"])' "/run/phone.$1")")
}

# Until the command succeeds. It is for what comes for certain: how long that takes on a busy machine is nobody's to know.
wait_for() { # COMMAND...
    local end=$((SECONDS + 60))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# For what ends processes before it returns: asked once, behind it. One that ended, and whose parent has not asked yet, is none.
none_runs() { # NAME
    id -u "$1" > /dev/null && ! ps -o pid=,stat=,args= -u "$1" -U "$1" | grep -v '^ *[0-9]* *Z'
}

# For a test of what is said or done once a day: it begins not so late that another day might come before its end.
one_day() { # ZONE
    while [ "$(TZ=$1 date +%H%M)" -ge 2355 ]; do sleep 1; done
}

terminal() { # COMMAND... < script
    python3 "$here/terminal.py" -t 60 -- "$@"
}
at() { # TERMINAL COMMAND... < script: the same, at a terminal of that name ("tty1"), which for programs is beside the machine
    python3 "$here/terminal.py" -t 60 -n "$1" -- "${@:2}"
}
as() { # NAME COMMAND... < script: the same, as that user
    terminal setpriv --reuid "$1" --regid "$1" --init-groups --reset-env "${@:2}"
}

# One wrong password for a program that asks for one, and no more of them.
wrong() { # PASSWORD [as USER] COMMAND...
    local guess=$1
    shift
    case $1 in as | at) ;; *) set -- terminal "$@" ;; esac
    printf 'match [Pp]assword.*: ?$\ntype %s\nmatch .\nleave\n' "$guess" | "$@" > $seen 2>&1
}

# -- TAP ----------------------------------------------------------------------------------------------

tap_count=0
tap_failed=0
seen=/run/seen # what the last command said

tap() { # STATUS NAME
    tap_count=$((tap_count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
        sed 's/^/# /' $seen
        [ ! -f $log ] || tail -n 12 $log | sed 's/^/# log: /'
    fi
}
works() { # NAME COMMAND...: it ends with 0
    local name=$1
    shift
    "$@" > $seen 2>&1 < /dev/null
    tap $? "$name"
}
refused() { # NAME STATUS COMMAND...: it ends with exactly that status
    local name=$1 wanted=$2 status
    shift 2
    "$@" > $seen 2>&1 < /dev/null
    status=$?
    echo "exit status $status, wanted $wanted" >> $seen
    [ $status = "$wanted" ]
    tap $? "$name"
}
converses() { # NAME [as USER | at TERMINAL] COMMAND... < script
    local name=$1
    shift
    case $1 in as | at) ;; *) set -- terminal "$@" ;; esac
    "$@" > $seen 2>&1
    tap $? "$name"
}
says() { # NAME TEXT FILE: a line of the file has the text; what logs comes a moment later
    local tries=600 found
    until found=$(grep -sF -- "$2" "$3") || [ $((tries -= 1)) = 0 ]; do sleep 0.1; done
    [ -n "$found" ] || { echo "no line has: $2" && tail -n 5 "$3"; } > /run/says 2>&1
    [ -n "$found" ] || cp /run/says $seen
    [ -n "$found" ]
    tap $? "$1"
}
logged_all() { # what was sent to the log before is in it
    local mark="all until here is in the log: $EPOCHREALTIME"
    logger -- "$mark" && wait_for grep -qF -- "$mark" $log
}
ledger=() # an option: which one is counted in
counts() { # NAME NUMBER EXPRESSION: so many entries of the ledger are such; the expression sees k (kind), d (details), s (subject)
    local end=$((SECONDS + 60)) status=2
    # Fewer of them: sshd closes a session when its client is gone, or later.
    while [ $status = 2 ] && [ $SECONDS -lt $end ]; do
        counted "$2" "$3"
        status=$?
    done
    tap $status "$1"
}
counted() { # NUMBER EXPRESSION: 0, or 2: there are fewer, or 1
    admin ledger export "${ledger[@]}" > /run/ledger.export 2> $seen
    python3 -I -c '
import json, sys
number, expression = sys.argv[1:]
found = []
for line in open("/run/ledger.export", encoding="utf-8"):
    entry = json.loads(line)
    names = {"k": entry["kind"], "d": entry["details"], "s": (entry["subject"] or {}).get("name")}
    if eval("(" + expression + ")", names):
        found.append(line)
print(len(found), "are such:", *found[-5:])
sys.exit(0 if len(found) == int(number) else 2 if len(found) < int(number) else 1)' "$1" "$2" > $seen 2>&1
}
holds() { # NAME EXPRESSION COMMAND...: of the JSON that it prints, seen as `it`
    local name=$1 expression=$2
    shift 2
    "$@" > /run/json 2> $seen < /dev/null
    python3 -I -c '
import json, sys
it = json.load(open("/run/json", encoding="utf-8"))
if not eval("(" + sys.argv[1] + ")", {"it": it}):
    print("does not hold:", sys.argv[1])
    json.dump(it, sys.stdout, indent=1)
    sys.exit(1)' "$expression" >> $seen 2>&1
    tap $? "$name"
}

has_kinds() { # KIND...: the ledger, as it is in /run/ledger.export
    local kind
    admin ledger export > /run/ledger.export 2> $seen || return 1
    for kind; do
        grep -qF "\"kind\":\"$kind\"" /run/ledger.export || return 1
    done
}
# What holds after everything: the ledger verifies and has these kinds, and no password is anywhere.
evidence_holds() { # KIND...
    local kind secret places=(/var/lib/medgl /var/log /run/medgl /etc/medgl)
    wait_for has_kinds "$@" # first: what still comes is verified, too
    works "the ledger verifies" admin ledger verify
    for kind; do
        says "the ledger has $kind" "\"kind\":\"$kind\"" /run/ledger.export
    done
    : > $seen
    for secret in "${secrets[@]}"; do
        grep -rlF -- "$secret" "${places[@]}" /run/ledger.export >> $seen 2>/dev/null
    done
    [ ! -s $seen ]
    tap $? "no password is in the store, the ledger, the keys' folder or a log (R02)"
}
finish() {
    echo "1..$tap_count"
    [ $tap_count -gt 0 ] && [ $tap_failed = 0 ]
    exit
}
