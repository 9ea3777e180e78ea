# The built module needs libpam and libc alone, and gives its host nothing but the six calls of PAM. The engine needs what
# logins need.
module=$top_builddir/.libs/pam_medgl.so
plan=0
failed=0

# ok NAME EXPECTED FOUND
ok() {
    plan=$((plan + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $plan - $1"
    else
        failed=1
        echo "not ok $plan - $1"
        printf 'expected:\n%s\nfound:\n%s\n' "$2" "$3" | sed 's/^/# /'
    fi
}

# needs FILE: the libraries that it names. A build with sanitizers needs their run-time libraries, and says so by what it calls.
needs() {
    objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }' | LC_ALL=C sort |
        if nm -D "$1" | grep -q __asan_init; then
            grep -Ev '^(lib([aut]bsan|asan|dl|m|pthread|rt|resolv|gcc_s)|ld-linux.*)\.so'
        else
            cat
        fi
}
ok "the module needs libc and libpam alone" "libc.so.6
libpam.so.0" "$(needs "$module")"

ok "the program with the driver of smartcards needs libp11, and nothing that knows of stores" "libc.so.6
libcrypto.so.3
libp11.so.3
libunistring.so.2" "$(needs "$(ls "$top_builddir/.libs/medgl-card" "$top_builddir/medgl-card" 2>/dev/null | head -1)")"

ok "the module exports the six calls and nothing else" "pam_sm_acct_mgmt
pam_sm_authenticate
pam_sm_chauthtok
pam_sm_close_session
pam_sm_open_session
pam_sm_setcred" "$(nm -D --defined-only --format=posix "$module" | awk '{ print $1 }' | LC_ALL=C sort)"

ok "the module never ends its host, makes no output, and asks for no variable" "" \
    "$(nm -D --undefined-only --format=posix "$module" | sed 's/@.*//' |
        grep -Ex 'exit|abort|puts|putchar|printf|fprintf|perror|getenv|system|popen|__printf_chk|__fprintf_chk')"

# What could be written to at run time. The names left out are the compiler's own.
ok "the module keeps no state of its own" "" \
    "$(objdump -t "$module" | awk '$3 == "O" && ($4 == ".data" || $4 == ".bss") { print $NF }' |
        grep -Ev '^(completed\.0|__dso_handle|__TMC_END__|.*[au]san.*|.Lubsan.*)$')"

# What runs as root at a login has no more in it than logins need: no parser of XML, no tables, no driver of
# cards.
ok "the engine needs no library of imports, tables or cards" "" \
    "$(objdump -p "$top_builddir/medgl-auth" | awk '$1 == "NEEDED" { print $2 }' |
        grep -E '^lib(xml2|pskc|xmlsec1|xslt|p11|p11-kit|smartcols|pam|zbar)')"

echo "1..$plan"
exit $failed
