# What befalls a machine in the hour for which envelopes are made, one by one and in pairs: with each of it an envelope opens, over a
# real sshd and at a console, and the small ledger has it afterwards (R32). `make system-long`: all pairs, for ten minutes.
. "$(dirname "$0")/inside.sh"

faults=(network dns clock full alerts locked garbage missing policy held)
pairs=(dns+full alerts+locked garbage+policy missing+full) # and, last, all that go together
contradict=" locked+missing garbage+missing locked+garbage " # no store is two of these
name=emergency1 notify=/etc/medgl/notify.d state=/var/lib
over_ssh=(ssh -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1)

# -- the machine -----------------------------------------------------------------------------------------

# What the programs that fail are made of.
build() { # NAME < C
    gcc -shared -fPIC -O1 -o "$1" -x c -
}
builds() {
    # A machine whose clock was never set: it counts from 1970 on.
    build /usr/local/lib/clock.so <<-'END' &&
	#define _GNU_SOURCE
	#include <sys/syscall.h>
	#include <sys/time.h>
	#include <time.h>
	#include <unistd.h>
	int clock_gettime(clockid_t id, struct timespec *t)
	{
	    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI)
	        id = CLOCK_BOOTTIME;
	    return (int)syscall(SYS_clock_gettime, id, t);
	}
	time_t time(time_t *to)
	{
	    struct timespec t;
	    (void)clock_gettime(CLOCK_REALTIME, &t);
	    if (to)
	        *to = t.tv_sec;
	    return t.tv_sec;
	}
	int gettimeofday(struct timeval *to, void *zone)
	{
	    struct timespec t;
	    (void)zone;
	    (void)clock_gettime(CLOCK_REALTIME, &t);
	    to->tv_sec = t.tv_sec;
	    to->tv_usec = t.tv_nsec / 1000;
	    return 0;
	}
	END
    # A directory that hangs, behind the files.
    build "/usr/lib/$(gcc -print-multiarch)/libnss_hangs.so.2" <<-'END' &&
	#include <unistd.h>
	static int hang(void) { sleep(600); return -1; }
	int _nss_hangs_getpwnam_r(void) { return hang(); }
	int _nss_hangs_getpwuid_r(void) { return hang(); }
	int _nss_hangs_gethostbyname4_r(void) { return hang(); }
	END
    # A program of ours that stops, with the small store's lock.
    build /usr/local/lib/stops.so <<-'END'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <signal.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
	{
	    ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
	    char path[64], name[4096] = "";
	    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	    if (readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "breakglass.db-wal"))
	        raise(SIGSTOP);
	    return next(fd, data, size, at);
	}
	END
}

# Sealed, in normal times; kept, so that each case begins with that.
begin() {
    cp -a $state /run/lib && mount -t tmpfs -o size=64m,nr_inodes=2k,mode=755 small $state && cp -a /run/lib/. $state/ || return 1
    machine_with_medgl && sshd_begin && person $name || return 1
    printf 'alert_mail = security@hospital.example\nalert_hook_timeout = 5 min\n' > $policy
    admin account add $name --class breakglass && admin breakglass seal $name --slip /run/sealed || return 1
    code=$(grep -oxE ' *([0-9A-Z]{4}-){5}[0-9A-Z]{4} *' /run/sealed | tr -d ' ')
    secrets+=("$code")
    mkdir -p /run/kept/state && cp -a /etc/medgl /run/kept/ && cp -a --sparse=never $state/medgl $state/medgl-breakglass /run/kept/state/
}

# -- what befalls it ---------------------------------------------------------------------------------------

stopped() { # PID
    grep -qs '^State:	T' "/proc/$1/status"
}

# Nothing but the way of this one connection; at the console not even that.
network_begin() {
    ip -6 addr flush dev lo && ip addr flush dev lo && ip addr add 127.0.0.1/32 dev lo && ! ip route get 127.0.0.2
}
network_console() {
    ip link set lo down
}
network_end() {
    ip link set lo down && ip addr flush dev lo && ip addr add 127.0.0.1/8 dev lo && ip link set lo up
}

# A name server that never answers, and a directory that hangs.
dns_begin() {
    python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
time.sleep(9999)' &
    dns=$!
    echo 'nameserver 127.0.0.1' > /etc/resolv.conf
    printf 'passwd: files hangs\ngroup: files gone\nshadow: files gone\nhosts: dns hangs\n' > /etc/nsswitch.conf
    timeout 1 getent passwd nobody-known
    [ $? = 124 ]
}
dns_end() {
    kill $dns
    rm /etc/resolv.conf
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' > /etc/nsswitch.conf
}

# Every program that starts from here on.
clock_begin() {
    echo /usr/local/lib/clock.so > /etc/ld.so.preload
    [ "$(date -u +%Y)" = 1970 ]
}
clock_end() {
    rm /etc/ld.so.preload
}

full_begin() {
    dd if=/dev/zero of=$state/full bs=64k 2> /dev/null
    dd if=/dev/zero of=$state/full bs=512 oflag=append conv=notrunc 2> /dev/null
    mkdir $state/more && python3 -c 'import itertools, sys
for i in itertools.count():
    open(f"/var/lib/more/{i}", "w").close()' 2> /dev/null
    ! touch $state/another
}
full_end() {
    rm -rf $state/full $state/more
}

# Who delivers, and hangs.
alerts_begin() {
    printf '#!/bin/sh\nexec sleep 9999\n' > $notify/00-hangs && chmod 755 $notify/00-hangs
    printf '#!/bin/sh\nexec sleep 9998\n' > /usr/sbin/sendmail && chmod 755 /usr/sbin/sendmail
    admin alert test > /dev/null 2>&1 &
    deliverer=$!
    [ "$1" != alone ] || wait_for pgrep -f 'sleep 999[89]'
}
alerts_console() {
    admin alert deliver > /dev/null 2>&1 &
    deliverer="$deliverer $!"
    sleep 0.3
}
alerts_end() {
    local pid
    for pid in $deliverer; do
        kill -KILL "$pid" $(pgrep -P "$pid") 2> /dev/null
    done
    pkill -KILL -f 'sleep 999[89]'
    rm $notify/00-hangs /usr/sbin/sendmail
}

locked_begin() {
    python3 -c 'import os, signal, sqlite3
d = sqlite3.connect("/var/lib/medgl/medgl.db", isolation_level=None)
d.execute("begin exclusive")
os.kill(os.getpid(), signal.SIGSTOP)' &
    locker=$!
    wait_for stopped $locker
}
locked_end() {
    kill -KILL $locker
}

garbage_begin() {
    local file
    for file in $state/medgl/medgl.db $state/medgl/medgl.db-wal; do dd if=/dev/urandom of=$file bs=4k count=64 conv=notrunc; done
    ! admin account list
}
garbage_end() { :; }

missing_begin() {
    rm -r $state/medgl && rm /etc/medgl/store.key /etc/medgl/ledger.key
    ! admin account list
}
missing_end() { :; }

policy_begin() {
    echo 'no_such_key = 1' >> $policy
    ! admin policy check
}
policy_end() { :; }

held_begin() {
    LD_PRELOAD=/usr/local/lib/stops.so admin account set $name --full-name "Somebody stopped here" > /dev/null 2>&1 &
    holder=$!
    wait_for holds_it
}
holds_it() {
    local pid
    for pid in $holder $(pgrep -P "$holder"); do
        ! stopped "$pid" || return 0
    done
    return 1
}
# A login ended it.
held_end() {
    ! holds_it && return
    kill -KILL $(pgrep -P $holder) $holder
    return 1
}

# -- a case ------------------------------------------------------------------------------------------------

back() {
    rm -rf $state/medgl $state/medgl-breakglass /etc/medgl
    cp -a --sparse=never /run/kept/state/. $state/ && cp -a /run/kept/medgl /etc/
}
# The break-glass accounts' store stays as it became.
mended() {
    rm -rf $state/medgl /etc/medgl
    cp -a /run/kept/state/medgl $state/ && cp -a /run/kept/medgl /etc/
}
gets_in() { # NAME COMMAND...
    local named=$1
    shift
    converses "$named" "$@" <<-END
	see Password: 
	type $code
	see Your name: 
	type Hanako Suzuki
	see Why
	type drill of all that fails
	see EMERGENCY 1
	see $ 
	type exit 7
	match logout|closed|^
	end any
END
}
try() { # FAULT...
    local fault all="$*"
    all=${all:-nothing}
    all=${all// / and }
    back
    for fault; do
        "${fault}_begin" $([ $# != 1 ] || echo alone) > $seen 2>&1 || tap 1 "$all: $fault"
    done
    gets_in "$all: over ssh" "${over_ssh[@]}" $name@127.0.0.1
    for fault; do
        case $fault in network | alerts) "${fault}_console" > $seen 2>&1 ;; esac
    done
    gets_in "$all: at the console" at tty1 login $name
    for fault; do
        "${fault}_end" > $seen 2>&1 || tap 1 "$all: mended: $fault"
    done
    mended
    works "$all: the ledger verifies" admin ledger verify --breakglass
    ledger=(--breakglass)
    counts "$all: it has both logins, who it was, and their ends" 9 "k == 'emergency.declare' or s == '$name' and
        k in ('login.success', 'breakglass.person', 'session.open', 'session.close')"
    ledger=()
}

begin > $seen 2>&1 && builds >> $seen 2>&1
ready=$?
tap $ready "an account is sealed"
[ $ready = 0 ] || finish
try
for fault in "${faults[@]}"; do try "$fault"; done
if [ "${1-}" = --long ]; then
    pairs=()
    for one in "${faults[@]}"; do
        for other in "${faults[@]}"; do
            [[ $one < $other && $contradict != *" $one+$other "* && $contradict != *" $other+$one "* ]] && pairs+=("$one+$other")
        done
    done
fi
for pair in "${pairs[@]}"; do try "${pair%+*}" "${pair#*+}"; done
try network dns clock full alerts locked policy held
finish
