#!/bin/bash
# run.sh PROGRAM SOURCE SECONDS [TARGET...]: fuzzes each parser for so long, two at once. What is found stays in tests/fuzz/found/
# of the build directory, and what it learnt in tests/fuzz/corpus/. The status tells whether all went well.
set -u
program=$1 source=$2 seconds=$3
shift 3
[ $# -gt 0 ] || set -- $("$program" < /dev/null)
mkdir -p tests/fuzz/found tests/fuzz/corpus
"$source/tests/fuzz/seeds.sh" "$source" tests/fuzz/seeds || { echo "no seeds were made"; exit 1; }

fuzz() { # TARGET
    local log=tests/fuzz/found/$1.log
    mkdir -p "tests/fuzz/corpus/$1"
    # An input that takes 10 s, or 1 GiB, is a finding.
    MEDGL_FUZZ=$1 "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 \
        -dict="$source/tests/fuzz/words.dict" -artifact_prefix="tests/fuzz/found/$1-" \
        "tests/fuzz/corpus/$1" "tests/fuzz/seeds/$1" > "$log" 2>&1
    local status=$? units
    units=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status = 0 ] && [ "${units:-0}" -gt 0 ]; then
        printf '%-12s %9s inputs, nothing found\n' "$1" "$units"
        return 0
    fi
    printf '%-12s ended with %s:\n' "$1" "$status"
    tail -n 60 "$log"
    return 1
}

failed=0
while [ $# -gt 0 ]; do
    fuzz "$1" &
    [ $# -lt 2 ] || fuzz "$2" || failed=1
    wait $! || failed=1
    shift $(($# < 2 ? 1 : 2))
done
exit $failed
