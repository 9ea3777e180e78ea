# Reports, explanations and rules of accounts on the command line: what is asked, what is printed in each form, and how it ends.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
admin setup || exit 1
admin account add daemon && admin account add bin --class privileged && admin account add lp --class breakglass || exit 1

# -- what is asked for is read before anything is done

while IFS='|' read -r name status pattern words; do
    # shellcheck disable=SC2086
    says "usage: $name" "$status" "$pattern" $words
done <<'END'
a time that is none|2|--since needs a time|report access --since yesterday
the end before the beginning|2|--until is not after --since|report access --since 2026-02-02 --until 2026-02-01
one day, of which the end does not count|2|all of a day is --since today --until tomorrow|report access --since today --until today
likewise, of maintenance|2|--until is not after --since|report maintenance --since tomorrow --until today
a day that is none|2|--until needs a time|report access --until 2026-02-30
a result that is none, close|2|did you mean "failure"|report access --result failur
a result that is none|2|unknown result|report access --result maybe
an order, close|2|did you mean "source"|report access --sort sources
a class, close|2|did you mean "staff"|report access --class staf
an account that cannot be|2|cannot be a login name|report access --account a/b
no last|2|from 1 to|report access --last 0
a network that is none|2|--from needs a source|report access --from 10.1.0.0/33
no place|2|--from needs a text|report access --from=
no account|2|cannot be a login name|report access --account=
JSON and CSV|2|either --json or --csv|report access --json --csv
a NAME|2|one word too many|report access daemon
CSV of something else|2|does not take --csv|account list --csv
an age that is none|2|--age needs a time|report dormant --age old
too short an age|2|from 1 day|report dormant --age 1h
a file where a place is asked|2|needs an address, a terminal|account explain daemon --from /etc/passwd
a host's name|2|needs an address, a terminal|account explain daemon --from ward3.example
a uid that is no number|2|needs an address, .* as account show|account explain daemon --from uid
a place for a file|2|is missing|account add --class staff
--from FILE still|2|--from needs the name of a file|account add --from=
a time nobody has|2|--at needs a time|account explain daemon --at 25:00
nobody|3|not enrolled|account explain nobody
help of --from, a place|0|--from PLACE +From there|account explain --help
help of --from, a file|0|--from FILE +A file to read|account add --help
sessions|2|from 1 to 1000|account set daemon --sessions-max many
an idle time|2|from 1 min to 1 day|account set daemon --idle 5
an answer|2|needs yes or no|account set daemon --shared maybe
END

while IFS='|' read -r name status pattern option value; do
    says "usage: $name" "$status" "$pattern" report access "$option" "$value"
done <<'END'
an empty account|2|cannot be a login name|--account|
an empty place|2|--from needs a text|--from|
an empty factor|2|factor|--factor|
an empty service|2|service|--service|
changes from a network that is none|2|--from needs a source|--from|change 10.0.0.0/33
END

# -- reports in each form

json "space, of a day that is not there yet" 0 'd["space"][0]["entries"] == 3 and d["space"][0]["archived"] == 0 and
    d["space"][0]["store_bytes"] > 10000 and d["space"][0]["free_bytes"] > 0 and d["space"][0]["oldest"].endswith("Z") and
    d["space"][0]["days_left"] is None and d["space"][0]["entries_per_day"] is None' report space
says "space, for people" 0 'Free on the device .bytes. +[0-9]' report space
says "space of somebody" 2 'one word too many' report space daemon

while IFS='|' read -r name pattern words; do
    # shellcheck disable=SC2086
    says "there is none, and that is said: $name" 0 "^$pattern\$" $words
done <<'END'
logins|No login or failure was found.|report access
failures|No failure counts, and no account is locked.|report lockouts
locks|No account is locked.|report lockouts --locked
accounts left unused|No account was left unused for so long.|report dormant
confirmations to make|No session waits for a confirmation.|report maintenance --unconfirmed
maintenance|No maintenance session was found.|report maintenance
sessions|No session was found.|session list
grants|No grant is in force or to come.|grant list
grants of ever|No grant was found.|grant list --all
entries|No entry was found.|ledger show --kind grant.add
END
while read -r words; do
    # shellcheck disable=SC2086
    says "for a spreadsheet it is a heading alone: $words" 0 "^[a-z_]+," $words --csv && [ "$(wc -l < "$out")" = 1 ]
    verdict "and no more" $?
done <<'END'
report access
report lockouts
report maintenance
END

json "no logins yet, as JSON" 0 'd == {"access": []}' report access --result failure --from 10.1.0.0/16 --since 2026-01-01 --until '2030-01-01 08:00' \
    --sort account --reverse --last 5 --class staff --service sshd --factor password --account daemon
says "as CSV, the names of the columns" 0 '^seq,time,clock_synchronised,kind,result,account,class,person,' report access --csv
[ "$(tail -c 2 "$out" | od -An -tx1 | tr -d ' ')" = 0d0a ]
verdict "with CRLF behind it (RFC 4180)" $?
json "no lockouts" 0 'd == {"lockouts": []}' report lockouts --locked
says "lockouts as CSV" 0 '^account,enrolled,source,purpose,failures,limit,in_flight,latest,locked,locked_until' report lockouts --csv
json "nobody is dormant yet (R25)" 0 'd == {"dormant": []}' report dormant --age '1 day'
says "dormant as CSV" 0 '^account,class,uid,enrolled,last_used,unix_user_gone,full_name' report dormant --csv

# -- rules of an account (R05 R26 R29)

says "rules are set" 0 'daemon: changed' account set daemon --hours 'mon-fri 08:00-20:00; holiday 10:00-12:00' \
    --places '10.1.0.0/16,tty1' --services sshd,login --sessions-max 2 --idle '15 min' --shared yes
json "the ledger says what they are" 0 '(lambda e: [e[k] for k in ("fields", "hours", "places", "services", "sessions_max", "idle",
    "shared")] == ["hours places services sessions_max idle shared", "Mon-Fri 08:00-20:00; holiday 10:00-12:00",
    "10.1.0.0/16, tty1", "sshd, login", 2, "15 min", True])(d["entries"][0]["details"])' ledger show --last 1
json "the account has them" 0 '[d["account"][0][k] for k in ("hours", "places", "services", "sessions_max", "idle", "shared")] ==
    ["Mon-Fri 08:00-20:00; holiday 10:00-12:00", "10.1.0.0/16, tty1", "sshd, login", 2, "15 min", True]' account show daemon
says "set as they are" 1 'nothing to change' account set daemon --hours 'Mon-Fri 08:00-20:00; holiday 10:00-12:00'
while IFS='|' read -r name pattern option value account; do
    says "refused: $name" 2 "$pattern.*nothing was changed" account set "$account" "$option=$value"
done <<'END'
hours that are none|hours: .*Mon-Fri 08:00-20:00|--hours|office hours|daemon
a place that is a name|places: .*10.1.0.0/16|--places|ward3.example|daemon
a service that is none|services: .*sshd|--services|a/b c|daemon
a shared privileged account (R27)|cannot be shared|--shared|yes|bin
a shared break-glass account|cannot be shared|--shared|yes|lp
break-glass with hours (R32)|cannot have hours|--hours|Mon-Fri 08:00-20:00|lp
privileged, while it is shared|cannot be shared|--class|privileged|daemon
END
says "an empty one takes it away" 0 'daemon: changed' account set daemon --idle= --sessions-max= --places=
json "so that the class's holds" 0 '[d["account"][0][k] for k in ("places", "sessions_max", "idle")] == [None] * 3' account show daemon
csv=$work/mine/people.csv
printf 'name,hours,places,services,sessions_max,idle,shared\ngames,always,any,su,3,none,yes\nman,,,,,,\nnews,x,,,,,\nmail,,,,-1,,\nuucp,,,,,,maybe\n' \
    > "$csv"
[ -z "$user" ] || chown 65534:65534 "$csv"
json "rules from a file" 1 '[r["result"] for r in d["rows"]] == ["added", "added", "refused", "refused", "refused"] and
    "hours: " in d["rows"][2]["why"] and "sessions_max: " in d["rows"][3]["why"] and "yes or no" in d["rows"][4]["why"]' \
    account add --from "$csv"
json "are the account's" 0 '[d["account"][0][k] for k in ("hours", "places", "services", "sessions_max", "idle", "shared")] ==
    ["always", "any", "su", 3, "none", True]' account show games
json "and in the entry that made it" 0 '[e["details"].get("hours") for e in d["entries"]] == ["always", None]' \
    ledger show --kind account.add --last 2
json "the evidence verifies (R08)" 0 'd["verification"][0]["verified"] is True' ledger verify

# -- explanations

rules='{r["rule"]: r["verdict"] for r in d["rules"]}'
json "why not: no password, and hours" 1 "d['explanation'][0]['admitted'] is False and
    d['explanation'][0]['reason'] == 'no-password' and $rules['password'] == 'refuses' and $rules['hours'] == 'refuses' and
    $rules['place'] == 'not-asked' and $rules['person'] == 'admits' and d['explanation'][0]['at'] == '2026-11-21T00:00:00.000Z'" \
    account explain daemon --at 2026-11-21T09:00:00+09:00
json "in hours, from there, through that" 1 "$rules['hours'] == 'admits' and $rules['place'] == 'admits' and
    $rules['service'] == 'refuses' and d['explanation'][0]['source'] == '10.1.2.3'" \
    account explain daemon --at 2026-11-23T10:00:00Z --from 10.1.2.3 --service su
json "privileged, not from a remote address (R27)" 1 "$rules['place'] == 'refuses' and $rules['uid'] == 'admits'" \
    account explain bin --from 203.0.113.7
json "without a password a key is let in, and that is said" 1 'd["explanation"][0]["admitted"] is False and
    d["explanation"][0]["key_admitted"] is True and not d["explanation"][0]["key_reason"]' \
    account explain daemon --at 2026-11-23T10:00:00Z --from 10.1.2.3 --service sshd
json "and where it is not, why" 1 'd["explanation"][0]["key_admitted"] is False and d["explanation"][0]["key_reason"] == "service"' \
    account explain daemon --from 10.1.2.3 --service su
says "of a key, in words" 1 '^A key is admitted +no' account explain daemon --from 10.1.2.3 --service su
for from in own local pts/3 "uid $(id -u daemon)"; do
    json "who is logged in here: $from" 1 '(d["explanation"][0]["source"], d["explanation"][0]["key_reason"]) == ("uid 1", "hours")' \
        account explain daemon --at 2026-11-21 --from "$from" --service sshd
done
json "as account show names it" 1 'd["explanation"][0]["source"] == "user alice"' account explain daemon --from 'user alice'
says "in words" 1 "^hours +refuses +the account's own rule: Mon-Fri 08:00-20:00" account explain daemon --at 2026-11-21
admin account disable daemon --reason 'on leave'
says "disabled, since when and why" 1 '^state +refuses +disabled since .*: on leave' account explain daemon
before=$(entries)
admin account explain daemon && admin report access && admin report lockouts && admin report dormant
[ "$(entries)" = "$before" ]
verdict "none of that leaves anything" $?
finish
