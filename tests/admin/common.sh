# What the tests of medgl-admin have in common; sourced. The built program works on an installation of its own under $root, as
# an ordinary user: run by root, the tests become one. TAP on standard output.
set -u
export LC_ALL=C.UTF-8
unset LANGUAGE
umask 022
top_srcdir=${top_srcdir:?} top_builddir=${top_builddir:?}
work=$(mktemp -d) && chmod 755 "$work" || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root out=$work/out err=$work/err
cp "$top_builddir/medgl-admin" "$work/" || exit 1 # others may not look into the build directory
program=$work/medgl-admin
# Whatever is run here makes password hashes that cost nothing. A sanitizer would want to come first.
if ! ldd "$program" | grep -q 'lib[atu]*san'; then
    cp "$top_builddir/tests/admin/.libs/cheap_hash.so" "$work/" && chmod 755 "$work/cheap_hash.so" || exit 1
    export LD_PRELOAD=$work/cheap_hash.so
fi
mkdir "$root" "$work/mine"
user=
if [ "$(id -u)" = 0 ]; then
    user='setpriv --reuid=65534 --regid=65534 --clear-groups --'
    chown 65534:65534 "$root" "$work/mine"
fi
# A kernel that knows who is logged in wants no --operator.
loginuid=$(cat /proc/self/loginuid 2>/dev/null || echo 4294967295)
operator=
[ "$loginuid" != 4294967295 ] || operator='--operator tester'

count=0
verdict() { # NAME GOOD(0|...)
    count=$((count + 1))
    if [ "$2" = 0 ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        sed 's,^,# ,' "$err" "$out" | head -40
    fi
}
finish() {
    echo "1..$count"
}

# Runs medgl-admin on $root; what it printed is in $out and $err.
admin() {
    # shellcheck disable=SC2086
    $user "$program" --root "$root" $operator "$@" > "$out" 2> "$err"
}

# exits NAME STATUS ARGUMENT...: that exit status; and unless it is 0, 1 or 5 nothing on standard output.
exits() {
    local name=$1 expected=$2 status
    shift 2
    admin "$@"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    case $expected in
    [234]) [ $status = "$expected" ] && [ ! -s "$out" ] && [ -s "$err" ] ;;
    *) [ $status = "$expected" ] ;;
    esac
    verdict "$name" $?
}

# says NAME STATUS REGEX ARGUMENT...: that, and REGEX in what was printed.
says() {
    local name=$1 expected=$2 pattern=$3 status
    shift 3
    admin "$@"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    [ $status = "$expected" ] && cat "$out" "$err" | grep -Eq -e "$pattern"
    verdict "$name" $?
}

# json NAME STATUS EXPRESSION ARGUMENT...: --json prints one valid document `d`, and the Python EXPRESSION is true of it.
json() {
    local name=$1 expected=$2 expression=$3 status
    shift 3
    admin --json "$@"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    [ $status = "$expected" ] && python3 -IS -c '
import json, re, sys
utc = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
d = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)' "$out" "$expression" 2>> "$err"
    verdict "$name" $?
}

entries() { # how many the ledger has
    admin ledger export && wc -l < "$out"
}
