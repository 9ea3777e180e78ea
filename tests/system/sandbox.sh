#!/bin/bash
# Runs a command as root of a machine of its own: private mounts, processes, network, host name and System V IPC. What it
# changes is gone when it ends; it never changes the host. Works for root, and for a user with newuidmap and /etc/subuid.
#
#   sandbox.sh [--boot] LAYERS TREE COMMAND [ARGUMENT...]
#
# The machine's /usr is the host's under LAYERS/installed/usr and LAYERS/unpacked/usr, with changes kept in memory; /etc
# begins as a copy of what is readable of the host's, with the users of a fresh Debian; /var, /home, /run, /root and /tmp
# begin empty. TREE, a directory, is there under its own path, changes kept in memory. The network is a loopback alone.
# --boot, for root alone: the machine has a control group of its own, and its first process becomes the command: boot.sh.
# Exit status: the command's; 77 when this kernel or user cannot have such a machine.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin

self=$(readlink -f "$0")

unable=77 # the status of what fails
fail() {
    echo "sandbox: $*" >&2
    exit $unable
}

# -- outside --------------------------------------------------------------------------------------

enter() {
    local user=() boot=
    if [ "${1-}" = --boot ]; then
        boot=1
        shift
    fi
    if [ $# -lt 3 ] || [ ! -d "$1/root" ] || [ ! -d "$2" ]; then
        sed -n '2,12s/^# \{0,1\}//p' "$self" >&2
        exit 2
    fi
    if [ -n "$boot" ]; then
        [ "$(id -u)" = 0 ] || fail "only root can boot a machine"
        export boot # to inside()
        grouped unshare --cgroup --mount --pid --net --uts --ipc --fork --kill-child --propagation private \
            "$BASH" "$self" --inside "$(readlink -f "$1")" "$(readlink -f "$2")" "${@:3}"
    fi
    if [ "$(id -u)" != 0 ]; then
        command -v newuidmap >/dev/null || fail "an ordinary user needs newuidmap (package uidmap)"
        grep -q "^$(id -un):" /etc/subuid 2>/dev/null || fail "an ordinary user needs a line in /etc/subuid and /etc/subgid"
        user=(--user --map-root-user --map-auto)
    fi
    unshare "${user[@]}" --mount --pid --net --uts --ipc true 2>/dev/null ||
        fail "this kernel or container does not let $(id -un) make namespaces"
    exec unshare "${user[@]}" --mount --pid --net --uts --ipc --fork --kill-child --propagation private \
        "$BASH" "$self" --inside "$(readlink -f "$1")" "$(readlink -f "$2")" "${@:3}"
}

# Runs a command in a control group below ours, and then removes that, and those of whom a SIGKILL kept from it; another signal
# ends the command. What a systemd would do to the host, it cannot.
grouped() { # COMMAND...
    unshare --mount true 2>/dev/null || fail "this kernel or container makes no namespaces"
    exec unshare --mount --propagation private "$BASH" -c '
        removed() {
            find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
        }
        mount -t cgroup2 cgroup2 /mnt || exit 77
        ours=/mnt$(sed -n "s/^0:://p" /proc/self/cgroup)
        here=$ours/medgl-sandbox.$$
        for old in "$ours"/medgl-sandbox.*; do
            [ -e "/proc/${old##*.}" ] || removed "$old"
        done
        mkdir "$here" && echo $$ > "$here/cgroup.procs" || exit 77
        "$@" &
        trap "kill -KILL $!" INT TERM HUP # and what it started, with it
        wait $!
        status=$?
        echo $$ > "$ours/cgroup.procs"
        for ((tries = 100; tries > 0; tries--)); do
            ! removed "$here" || break
            sleep 0.1
        done
        exit $status' - setpriv --pdeathsig KILL --bounding-set -sys_module,-sys_time,-sys_rawio,-syslog "$@"
}

# -- inside, before the root is changed -------------------------------------------------------------

# A directory of the host under the same path, with changes in memory, below the layers that come behind it.
cover() {
    local directory=$1 name lower=
    shift
    name=${directory//\//-}
    for layer; do
        [ ! -d "$layer" ] || lower+=$layer:
    done
    mkdir -p "$root$directory" "$memory/upper$name" "$memory/work$name"
    local options=lowerdir=$lower$directory,upperdir=$memory/upper$name,workdir=$memory/work$name
    mount -t overlay overlay -o "$options,userxattr" "$root$directory" 2>/dev/null ||
        mount -t overlay overlay -o "$options" "$root$directory" || fail "no overlay over $directory"
}

# The newest of what the layers and the host have.
newest() {
    local layer
    for layer in "$layers/unpacked" ""; do
        [ ! -e "$layer$1" ] || { echo "$layer$1"; return; }
    done
}

# For an ordinary user, setuid and setgid count only where the sandbox's own root and groups own the file; sudo wants its
# plugins to be root's too.
own_setuid() {
    local program found
    mkdir -p "$memory"/own/usr/{bin,sbin,libexec}
    for program in bin/su bin/sudo bin/passwd bin/newgrp bin/chsh bin/chfn bin/gpasswd; do
        found=$(newest "/usr/$program")
        [ -z "$found" ] || install -m 4755 "$found" "$memory/own/usr/$program"
    done
    install -m 2755 -g 42 "$(newest /usr/sbin/unix_chkpwd)" "$memory/own/usr/sbin/"
    cp -r --no-preserve=ownership "$(newest /usr/libexec/sudo)" "$memory/own/usr/libexec/"
}

devices() {
    local device
    mkdir -p "$root/dev" && mount -t tmpfs -o mode=755 dev "$root/dev" || return 1
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device" || return 1
    done
    mkdir -p "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts" &&
        mount -t tmpfs -o mode=1777 shm "$root/dev/shm" || return 1
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s /proc/self/fd/0 "$root/dev/stdin"
    ln -s /proc/self/fd/1 "$root/dev/stdout"
    ln -s /proc/self/fd/2 "$root/dev/stderr"
}

# /etc: what is readable of the host's, without its people, secrets and services; then a fresh Debian's.
etc() {
    local etc=$root/etc
    cp -a /etc "$root/" 2>/dev/null
    chown -R 0:0 "$etc" 2>/dev/null
    rm -rf "$etc"/{passwd,group,shadow,gshadow,subuid,subgid}{,-} "$etc/ssh" "$etc/sudoers" "$etc/sudoers.d" \
        "$etc"/pam.d/common-* "$etc/medgl" "$etc/hostname" "$etc/hosts" "$etc/resolv.conf" "$etc/mtab" "$etc/nologin" "$etc/ld.so.preload" \
        "$etc/security/opasswd" "$etc/ssl/private" "$etc/environment" "$etc/update-motd.d" "$etc/motd"
    local layer
    for layer in "$layers/unpacked" "$layers/installed"; do
        [ ! -d "$layer/etc" ] || cp -r --no-preserve=ownership "$layer/etc/." "$etc/"
    done
    cp /usr/share/base-passwd/passwd.master "$etc/passwd" && cp /usr/share/base-passwd/group.master "$etc/group" || return 1
    sed 's/^\([^:]*\):[^:]*.*/\1:*:19700:0:99999:7:::/' "$etc/passwd" > "$etc/shadow"
    sed 's/^\([^:]*\):.*/\1:*::/' "$etc/group" > "$etc/gshadow"
    sed -i 's/^\([^:]*\):[^:]*:/\1:x:/' "$etc/passwd" "$etc/group"
    chmod 640 "$etc/shadow" "$etc/gshadow" && chgrp 42 "$etc/shadow" "$etc/gshadow"
    printf '127.0.0.1 localhost medgl-sandbox\n::1 localhost\n' > "$etc/hosts"
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' > "$etc/nsswitch.conf"
    echo medgl-sandbox > "$etc/hostname"
    touch "$etc/environment"
}

var() {
    local directory
    mkdir -p "$root"/var/{cache,lib,log,mail,spool,tmp} "$root/home" "$root/run" "$root/tmp" "$root/proc" "$root/sys"
    mkdir -p "$root/root"
    chmod 700 "$root/root"
    chmod 1777 "$root/tmp" "$root/var/tmp"
    ln -s /run "$root/var/run"
    ln -s /run/lock "$root/var/lock"
    mkdir -p "$root/run/lock" "$root/run/user"
    mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/pam" # pam-auth-update asks through debconf
    cp /var/lib/dpkg/info/libpam-runtime.templates "$root/var/lib/dpkg/info/"
    cp -r /var/cache/debconf "$root/var/cache/" 2>/dev/null
    touch "$root/var/log/wtmp" "$root/var/log/btmp" "$root/var/log/lastlog" "$root/run/utmp"
    chmod 664 "$root/var/log/wtmp" "$root/run/utmp"
    chmod 660 "$root/var/log/btmp"
    for directory in bin lib sbin lib64 lib32 libx32; do
        [ ! -L "/$directory" ] || ln -s "usr/$directory" "$root/$directory"
    done
}

# What a first process finds, as container managers prepare it.
bootable() {
    mount -t tmpfs -o mode=755 run "$root/run" && mkdir -p "$root/run/lock" "$root/run/user" && touch "$root/run/utmp" &&
        mount -t sysfs -o ro sysfs "$root/sys" && mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
}

inside() {
    layers=$1 tree=$2
    shift 2
    [ -z "${boot-}" ] || unable=1 # what it takes is there
    umask 022
    memory=$layers/root
    root=$memory/machine
    mount -t tmpfs -o mode=755 changes "$memory" && mkdir "$root" &&
        mount -t tmpfs -o mode=755 sandbox "$root" || fail "no tmpfs"
    [ "$(id -u)" = 0 ] && [ "$(awk '{print $2; exit}' /proc/self/uid_map)" = 0 ] || own_setuid
    cover /usr "$memory/own/usr" "$layers/installed/usr" "$layers/unpacked/usr"
    [ "${tree#/usr/}" != "$tree" ] || cover "$tree"
    etc && var && devices || fail "the sandbox could not be furnished"
    mount -t proc proc "$root/proc" || fail "no /proc of its own"
    mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/sys" ||
        fail "/proc/sys could not be made read-only"
    hostname medgl-sandbox
    ip link set lo up
    [ -z "${boot-}" ] || bootable || fail "nothing can be booted"
    cd "$root" && pivot_root . . && cd / && umount -l . || fail "no root of its own"
    { echo 4294967295 > /proc/self/loginuid; } 2>/dev/null # nobody is logged in here yet
    [ -z "${boot-}" ] || exec env -i container=medgl-sandbox PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 "$@"
    trap 'exit 130' INT TERM HUP
    env -i PATH=/usr/sbin:/usr/bin HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
    exit $?
}

if [ "${1-}" = --inside ]; then
    shift
    inside "$@"
else
    enter "$@"
fi
