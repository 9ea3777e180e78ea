#!/bin/bash
# What ./check ends with, by the very function that ends it: its last line, and a status that tells of failures.
cd "$(dirname "$0")/.." || exit 1
logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT || exit 1
number=0
tap() { # STATUS NAME
    number=$((number + 1))
    [ "$1" = 0 ] && echo "ok $number - $2" || { echo "not ok $number - $2"; failed=1; }
}
failed=0 file=0
ends() { # NAME STATUS LINE COUNTS...
    local name=$1 status=$2 line=$3 got
    shift 3
    rm -f "$logs"/*.count
    for count; do echo "$count" > "$logs/$((++file)).count"; done
    got=$(bash -c 'descendants() { :; }; logs=$1; '"$(sed -n '/^finish()/,/^}/p' check)"'; trap finish EXIT; true' \
        check "$logs" 2>/dev/null; echo "status $?")
    [ "$got" = "
$line
status $status" ]
    tap $? "$name"
}
echo 1..5
ends "all passed" 0 "5 passed, 0 failed, 0 skipped" "2 0 0" "3 0 0"
ends "one failed" 1 "4 passed, 1 failed, 0 skipped" "2 0 0" "2 1 0"
ends "one skipped" 0 "2 passed, 0 failed, 1 skipped" "2 0 1"
ends "nothing was counted" 1 "0 passed, 1 failed, 0 skipped"
ends "all skipped" 1 "0 passed, 1 failed, 3 skipped" "0 0 3"
[ $failed = 0 ]
