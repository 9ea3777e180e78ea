#!/bin/bash
# Break-glass accounts at the command line (R32, R25): which installation each verb takes, and what is left of it when one of the
# two is damaged.
. "${top_srcdir:?}/tests/admin/common.sh"

state=$(printf '%s' "$root"/*/lib 2>/dev/null) # before setup there is none
says "setup makes both" 0 'breakglass-ledger.vkey' setup --origin ward.example/1
state=$(find "$root" -name medgl.db -printf '%h\n')
small=$(find "$root" -name breakglass.db -printf '%h\n')
config=$(find "$root" -name store.key -printf '%h\n')
[ -n "$state" ] && [ -n "$small" ] && [ "$(cat "$config/breakglass-ledger.vkey" | cut -d+ -f1)" = ward.example/1/breakglass ]
verdict "its ledger is called after the main one" $?
says "a second setup" 1 'already' setup

# -- enrolling
says "an account of the staff" 0 'password reset' account add daemon
says "a break-glass account" 0 'breakglass seal lp' account add lp --class breakglass
says "R25: its name in the main store" 1 'enrolled already' account add lp
says "R25: a main account's name in the small one" 1 'enrolled already' account add daemon --class breakglass
says "a class that becomes breakglass" 1 'no account becomes a break-glass one' account set daemon --class breakglass
says "a class that was it" 1 'stays one' account set lp --class staff
exits "a fact of one" 0 account set lp --full-name 'Envelope 1'
printf 'name,class\nbin,staff\nsys,breakglass\n' > "$work/mine/both.csv"
says "R25: a file with both" 1 'sys .*refused .*--class breakglass' account add --from "$work/mine/both.csv"
says "the other row of it" 0 'bin .*staff' account list
printf 'name\nsys\ngames\n' > "$work/mine/own.csv"
says "a file of their own, dry" 0 'Would be added: 2' account add --from "$work/mine/own.csv" --class breakglass --dry-run
says "a file of their own, all or nothing" 0 'Added: 2' account add --from "$work/mine/own.csv" --class breakglass --all-or-nothing
says "the same again" 1 'Added: 0' account add --from "$work/mine/own.csv" --class breakglass
mkdir -p "$work/mine/none"
# shellcheck disable=SC2016 # a hash
printf 'sys:$6$abcdefghijklmnop$%086d:20000:0:99999:7:::\nnews:$6$abcdefghijklmnop$%086d:20000:0:99999:7:::\n' 0 0 > "$work/mine/shadow"
chmod 600 "$work/mine/shadow"
[ -z "$user" ] || chown 65534:65534 "$work/mine/shadow"
says "no password of one is imported" 1 'sys .*breakglass .*sealed' account import sys --shadow "$work/mine/shadow"
says "nobody is imported as one" 1 'news .*breakglass .*sealed' account import news --class breakglass --shadow "$work/mine/shadow"

# -- both in lists, each by its name
says "both are listed" 0 'daemon .*staff' account list
grep -q 'lp .*breakglass' "$out"
verdict "both are listed: the break-glass one" $?
says "shown" 0 'breakglass' account show lp
says "explained" 1 'lp' account explain lp
says "unlocked" 0 'is unlocked' account unlock lp --reason test
says "disabled" 0 'disabled' account disable lp --reason test
says "and listed so" 0 'lp .*breakglass .*disabled' account list
says "enabled" 0 'enabled' account enable lp --reason test
exits "sessions of one" 0 session list lp
exits "sessions of all" 0 session list
exits "a session that is none" 3 session end 00000000000000000000000000000000 --reason test
exits "alerts" 0 alert list
says "retired" 0 'retired for good' account retire games --reason test --yes
says "R25: its name is never given out again" 1 'never given out' account add games

# -- the main store is lost
hidden() { # FILE: moves a store away; shown FILE: back
    mkdir "$1.away" && mv "$1" "$1-wal" "$1-shm" "$1.away/"
}
shown() {
    rm -f "$1" "$1-wal" "$1-shm"
    mv "$1.away/"* "$(dirname "$1")/" && rmdir "$1.away"
}
hidden "$state/medgl.db"
says "without the main store: one of them" 0 'Envelope 1' account show lp
says "without the main store: one is disabled" 0 'disabled' account disable lp --reason test
says "without the main store: who is in it" 4 'not found' account show daemon
admin account list
[ $? = 4 ] && grep -q 'lp .*breakglass' "$out" && grep -q 'Only the break-glass accounts' "$err"
verdict "without the main store: the list says what is left out" $?
says "R25: without the main store nobody is enrolled" 4 'Not done' account add news --class breakglass
shown "$state/medgl.db"

# -- the small store is lost
hidden "$small/breakglass.db"
echo garbage > "$small/breakglass.db"
[ -z "$user" ] || chown 65534:65534 "$small/breakglass.db"
chmod 600 "$small/breakglass.db"
says "without the small store: the others" 0 'daemon' account show daemon
admin account list
[ $? = 4 ] && grep -q 'daemon' "$out" && grep -q 'break-glass accounts are left out' "$err"
verdict "without the small store: the list says what is left out" $?
says "R25: without the small store nobody is enrolled" 4 'Not done' account add news
says "doctor says so" 1 'fault .*of the break-glass accounts: keys or store cannot be opened' doctor
shown "$small/breakglass.db"

# -- the policy is of no use
printf 'no_such_key = 1\n' > "$work/mine/policy.conf"
[ -z "$user" ] || chown 65534:65534 "$work/mine/policy.conf"
cp -p "$work/mine/policy.conf" "$config/policy.conf"
says "with a broken policy: one of them" 0 'Envelope 1' account show lp
says "with a broken policy: who is in the main store" 4 '' account show daemon
rm "$config/policy.conf"

# -- an installation from before
mkdir "$work/mine/kept" && mv "$small" "$config"/breakglass* "$work/mine/kept/"
says "an older installation: enrolling" 4 'run medgl-admin setup' account add news --class breakglass
exits "an older installation: everybody else" 0 account show daemon
says "an older installation: setup" 0 'nothing that was there was changed' setup
says "an older installation: enrolling after it" 0 'breakglass seal news' account add news --class breakglass
finish
