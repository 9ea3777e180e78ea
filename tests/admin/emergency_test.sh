# medgl-admin emergency: declare, recover, review, status, list, settle, and alerts of both stores (R31 R32 R33).
. "${top_srcdir:?}/tests/admin/common.sh"

state=$root/var/lib/medgl small=$root/var/lib/medgl-breakglass
as() { # OPERATOR ARGUMENT...
    local operator="--operator $1"
    [ "$loginuid" = 4294967295 ] || operator=
    shift
    admin "$@"
}

exits "nothing is set up" 4 emergency status
admin setup --origin test.example/emergency

# -- words

exits "no criterion, and nobody to ask" 2 emergency declare --decided-by "Director"
exits "nobody decided it" 2 emergency declare --criterion disaster
exits "a criterion that is no word" 2 emergency declare --criterion 'A b' --decided-by Director
says "one that the policy lacks" 1 'the policy names no criterion "fire"' emergency declare --criterion fire --decided-by Director
says "none is open" 1 'no emergency or drill is open' emergency recover --decided-by Director
exits "a review of none" 3 emergency review 1
exits "of no number" 2 emergency review one
exits "of number 0" 2 emergency review 0
says "none yet" 0 'no emergency and no drill' emergency list
json "as JSON" 0 'd["emergencies"] == []' emergency list
json "normal times" 0 '(d["emergency"][0]["state"], d["emergency"][0]["number"], d["emergency"][0]["unreviewed"]) == ("none", None, 0)' \
    emergency status

# -- a drill that becomes one in earnest

says "a drill" 0 'Drill 1 began' emergency declare --drill --criterion other --decided-by "Director" --note "as planned"
says "a second one" 1 'drill 1 is open already' emergency declare --drill --criterion other --decided-by Director
json "it is open" 0 '(d["emergency"][0]["state"], d["emergency"][0]["drill"], d["emergency"][0]["minutes_left"]) in
    [("open", True, 4320), ("open", True, 4319)]' emergency status
says "in earnest" 0 'Emergency 1 is declared' emergency declare --criterion disaster --decided-by "Director"
says "no second one" 1 'emergency 1 is open already' emergency declare --criterion disaster --decided-by Director
json "it is no drill any more" 0 'not d["emergency"][0]["drill"] and d["emergency"][0]["criterion"] == "disaster"' emergency status
says "a review of an open one" 1 'emergency 1 is open' emergency review 1
exits "nothing is to be settled" 0 emergency settle
says "it ends" 0 'Emergency 1 is over' emergency recover --decided-by "Deputy"
says "and has to be reviewed" 0 'Not reviewed: 1, the first is 1' emergency status
if [ "$loginuid" = 4294967295 ]; then
    as Deputy emergency review 1
    [ $? = 1 ] && grep -q 'does not review it' "$err"
    verdict "not by who decided it" $?
fi
says "not by who recorded it" 1 'declared or ended an emergency for others does not review it' emergency review 1
[ "$loginuid" != 4294967295 ] || {
    mv "$state/medgl.db" "$state/away.db"
    as Kansa emergency review 1
    [ $? = 1 ] && grep -q 'main store cannot be read' "$err"
    verdict "not while the main store is away" $?
    mv "$state/away.db" "$state/medgl.db"
    as Kansa emergency review 1 --note "all of it"
    [ $? = 0 ] && grep -q 'Emergency 1: reviewed' "$out"
    verdict "by somebody else" $?
    says "once" 1 'was reviewed already' emergency review 1
}
json "the list has all of it" 0 '[(e["number"], e["drill"], e["state"], e["criterion"], e["ended_by"], e["reviewed"] is not None)
    for e in d["emergencies"]] == [(1, False, "recovered", "disaster", "Deputy", '"$([ "$loginuid" = 4294967295 ] && echo True || echo False)"')]' emergency list

# -- its longest time, by the time alone

printf 'emergency_max = 1 h\n' > "$root/etc/medgl/policy.conf"
exits "another drill" 0 emergency declare --drill --criterion other --decided-by Director
printf 'emergency_max = 31 days\n' > "$root/etc/medgl/policy.conf"
exits "it ends" 0 emergency recover --decided-by Director
json "both are there" 0 '[(e["number"], e["drill"]) for e in d["emergencies"]] == [(1, False), (2, True)]' emergency list
json "the drill is known" 0 'd["emergency"][0]["last_drill"] is not None' emergency status

# -- alerts of both stores

seen=$work/seen && mkdir "$seen" && chmod 777 "$seen"
mkdir -p "$root/etc/medgl/notify.d"
printf '#!/bin/sh\ncat >> %s/all\n' "$seen" > "$root/etc/medgl/notify.d/10-all"
chmod 755 "$root/etc/medgl/notify.d/10-all"
[ -z "$user" ] || chown -R 65534:65534 "$root/etc/medgl/notify.d"
told() { grep -c "\"kind\":\"$1\"" "$seen/all" 2> /dev/null; }
exits "they leave" 0 alert deliver
[ "$(told emergency)" = 3 ] && [ "$(told emergency-over)" = 2 ]
verdict "each of them by itself" $?
[ "$(grep -c '"text":"DRILL: ' "$seen/all")" = 3 ]
verdict "those of drills are marked" $?
json "the main ledger vouches for them" 0 'd["emergency"][0]["unjoined"] is not None and d["emergency"][0]["unjoined"] <= 12' emergency status

: > "$seen/all"
exits "one more, while the main store is whole" 0 emergency declare --criterion cyber-attack --decided-by Director
mv "$state/medgl.db" "$work/medgl.db" && rm -f "$state"/medgl.db-*
[ -n "$user" ] && install -m 600 -o 65534 -g 65534 /dev/null "$state/medgl.db" || install -m 600 /dev/null "$state/medgl.db"
admin alert deliver
[ $? = 4 ]
verdict "the main store is ruined" $?
[ "$(told emergency)" = 1 ]
verdict "it leaves all the same" $?
json "and is seen" 0 '(d["emergency"][0]["state"], d["emergency"][0]["unjoined"]) == ("open", None)' emergency status
says "and ends" 0 'Emergency 3 is over' emergency recover --decided-by Director
exits "settled likewise" 0 emergency settle
mv "$work/medgl.db" "$state/medgl.db"
exits "the main store is back" 0 alert deliver

mv "$small/breakglass.db" "$work/breakglass.db" && rm -f "$small"/breakglass.db-*
touch "$state/alerts.straight" # of the main store was told this hour
exits "that of the break-glass accounts is lost" 4 alert deliver
[ "$(grep -c 'not found' "$err")" = 1 ] && [ "$(grep -c 'Nothing was done for break-glass accounts' "$err")" = 1 ]
verdict "which it says once" $?
grep -q '"kind":"evidence".*break-glass accounts cannot be told' "$seen/all"
verdict "which is told" $?
exits "settle says so" 4 emergency settle
mv "$work/breakglass.db" "$small/breakglass.db"
exits "it is back" 0 emergency status
: > "$seen/all"
exits "which was told this hour" 0 alert deliver
rm "$state/alerts.straight.breakglass" && mv "$small" "$work/small"
exits "all of theirs is lost, directory and all" 4 alert deliver
grep -q '"kind":"evidence".*break-glass accounts cannot be told' "$seen/all"
verdict "which is told, too" $?
mv "$work/small" "$small"
exits "that is back" 0 emergency status

# -- its longest time, where nothing but the delivery runs: cron with one line

cat > "$work/up.c" <<'END'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now)
{
    const char *days = getenv("DAYS_UP");
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_BOOTTIME && days != NULL)
        now->tv_sec += 86400L * atol(days);
    return result;
}
END
over() { # NAME: by its time, as the ledger says once
    json "$1" 0 '[e["details"]["how"] for e in d["entries"]] == ["recovered", "recovered", "timed-out"]' \
        ledger show --breakglass --kind emergency.recover
}
without=
if ldd "$program" | grep -q 'lib[atu]*san'; then
    without="a sanitizer wants to be loaded first"
elif ! ${CC:-cc} -shared -fPIC -o "$work/up.so" "$work/up.c" 2> "$err" || ! chmod 755 "$work/up.so"; then
    without="no compiler"
fi
if [ -n "$without" ]; then
    count=$((count + 1))
    echo "ok $count - an emergency whose time is over is told of by the delivery alone # SKIP $without"
else
    : > "$seen/all"
    exits "a drill, which nobody ends" 0 emergency declare --drill --criterion other --decided-by Director
    exits "while it lasts" 0 alert deliver
    json "it goes on" 0 '(d["emergency"][0]["number"], d["emergency"][0]["state"]) == (3, "open")' emergency status
    before=${LD_PRELOAD-}
    export DAYS_UP=32 LD_PRELOAD="$work/up.so${before:+:$before}"
    json "its longest time is over, and nobody wrote it down" 0 'd["emergency"][0]["state"] == "timed-out"' emergency status
    exits "only alerts are delivered" 0 alert deliver
    [ "$(told emergency-over)" = 1 ] && grep -q '"kind":"emergency-over","urgent":true.*Drill 3 is over, by the longest time' "$seen/all"
    verdict "that run tells the end" $?
    over "the ledger says it"
    json "which the main one vouches for at once" 0 'd["emergency"][0]["unjoined"] == 0' emergency status
    exits "the next minute" 0 alert deliver
    exits "and a late settle" 0 emergency settle
    [ "$(told emergency-over)" = 1 ]
    verdict "tell nothing twice" $?
    over "nor write it"
    unset DAYS_UP
    export LD_PRELOAD=$before
    json "it stays over" 0 'd["emergencies"][2]["state"] == "timed-out"' emergency list
fi

# -- a machine without them

rm -rf "$small" "$root"/etc/medgl/breakglass*
exits "settle has nothing to say" 0 emergency settle
[ ! -s "$out" ] && [ ! -s "$err" ]
verdict "and says nothing" $?
says "others say what to do" 4 'run medgl-admin setup' emergency status
finish
