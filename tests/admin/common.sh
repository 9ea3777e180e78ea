# What the tests of medgl-admin have in common; sourced. The built program works on an installation of its own under $root, as
# an ordinary user: run by root, the tests become one. TAP on standard output.
set -u
export LC_ALL=C.UTF-8
unset LANGUAGE TZ # the program takes the zone of the machine or of the policy
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
    python_end
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
    [ $status = "$expected" ] && grep -Eq -e "$pattern" "$out" "$err"
    verdict "$name" $?
}

# in_python PROGRAM ARGUMENT...: the exit status of `python3 -IS -c`; but one process does it for the whole test, for to start
# takes longer than all else in a case. Complaints are added to $err. One that died, or that says nothing for a minute, is a
# failure; the next question starts another.
python='' python_asked='' python_answers=''
in_python() {
    local answer
    [ -n "$python" ] || python_start 2>> "$err" || return 1
    (printf '%s\0' $(($# + 1)) "$err" "$@" >&"$python_asked") 2>> "$err" && read -r -t 60 -u "$python_answers" answer || {
        echo "no answer of python3" >> "$err"
        python_end
        return 1
    }
    return "${answer:-1}"
}
python_start() {
    coproc answering { exec python3 -IS -c '
import os, sys, traceback

def word():
    text = b""
    while (byte := sys.stdin.buffer.read(1)) != b"\0":
        if not byte:
            os._exit(0)
        text += byte
    return os.fsdecode(text)

while True:
    errors, program, *sys.argv[1:] = [word() for _ in range(int(word()))]
    with open(errors, "a", encoding="utf-8") as sys.stderr:
        sys.stdout = sys.stderr
        try:
            exec(program, {"__name__": "__main__"})
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else end.code is not None
        except BaseException:
            traceback.print_exc()
            status = 1
    os.write(1, b"%d\n" % (status & 255))'; }
    python=${answering_PID:-}
    # These two are open in subshells as well, and in no program that is run.
    exec {python_asked}>&"${answering[1]:-}" {python_answers}<&"${answering[0]:-}"
}
python_end() {
    [ -n "$python" ] || return 0
    kill -KILL "$python" && wait "$python"
    exec {python_asked}>&- {python_answers}<&-
    python=
} 2> /dev/null

# json NAME STATUS EXPRESSION ARGUMENT...: --json prints one valid document `d`, and the Python EXPRESSION is true of it.
json() {
    local name=$1 expected=$2 expression=$3 status
    shift 3
    admin --json "$@"
    status=$?
    [ $status = "$expected" ] || echo "exit status $status" >> "$err"
    [ $status = "$expected" ] && in_python '
import json, re, sys
utc = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
d = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)' "$out" "$expression"
    verdict "$name" $?
}

# ledger_check VKEY ARGUMENT...: what tests/ledger_check.py says, in $out, and its exit status.
ledger_check() {
    in_python '
import contextlib, runpy, sys
name, top, *sys.argv[1:] = sys.argv[1:]
with open(name, "w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
    runpy.run_path(top + "/tests/ledger_check.py", run_name="__main__")' "$out" "$top_srcdir" --vkey "$@"
}

# For what holds on one day alone: it begins not so late that another day might come before its end.
one_day() { # ZONE
    while [ "$(TZ=$1 date +%H%M)" -ge 2358 ]; do sleep 1; done
}

entries() { # how many the ledger has
    admin ledger export && wc -l < "$out"
}
