# Maintenance on the command line (R30): approved for a day, closed else; companies; what waits for a confirmation and who gives it;
# all accounts of a company end together; every act verifies.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine
own() { [ -z "$user" ] || chown -h 65534:65534 "$@"; } # FILE...: of who runs the program
id_of() { # the id of the grant that is in force or ahead
    admin --json grant list && python3 -IS -c 'import json, sys; print(json.load(open(sys.argv[1]))["grants"][-1]["id"])' "$out"
}
add() { # NAME EXIT REGEX OPTION...: grant add games, with what every one needs
    local name=$1 status=$2 pattern=$3
    shift 3
    says "$name" "$status" "$pattern" grant add games --approved-by 'Dr Sato' --reason 'work order 2026-114' "$@"
}
admin setup || exit 1
printf '%s\n' 'time_zone = Asia/Tokyo' 'factor_maintenance = none' 'factor_required_from = 2020-01-01' \
    > "$root/etc/medgl/policy.conf" && own "$root/etc/medgl/policy.conf"
TZ=Asia/Tokyo
export TZ
one_day Asia/Tokyo
today=$(date +%Y-%m-%d)

# -- companies

exits "an account with a company" 0 account add games --class maintenance --company 'Aoi Systems' --full-name 'Tanaka Hanako'
says "staff has none" 2 'only an account for maintenance' account add bin --company 'Aoi Systems'
exits "staff" 0 account add bin
says "and gets none" 2 'only an account for maintenance' account set bin --company 'Aoi Systems'
printf 'name,class,company\nlp,maintenance,Aoi Systems\nmail,staff,Aoi Systems\nnews,maintenance,"Midori, Ltd"\n' > "$mine/people.csv" &&
    own "$mine/people.csv"
json "companies in a file of people" 1 '[r["result"] for r in d["rows"]] == ["added", "refused", "added"] and
    "only an account for maintenance" in d["rows"][1]["why"]' account add --from "$mine/people.csv"
json "are listed" 0 '{a["name"]: a["company"] for a in d["accounts"]} == {"bin": None, "games": "Aoi Systems", "lp": "Aoi Systems",
    "news": "Midori, Ltd"}' account list
says "and shown" 0 '^Company +Aoi Systems' account show games
exits "another one" 0 account set news --company 'Midori Systems'
says "the same again" 1 'nothing to change' account set news --company 'Midori Systems'
says "taken away with the class alone" 2 'only an account for maintenance' account set news --class staff
json "the ledger says it" 0 '[(e["subject"]["name"], e["details"].get("fields"), e["details"]["company"]) for e in d["entries"]] ==
    [("news", "company", "Midori Systems")]' ledger show --kind account.change
exits "it verifies" 0 ledger verify

# -- closed but on a day that was approved

json "closed" 1 'not d["explanation"][0]["key_admitted"] and d["explanation"][0]["key_reason"] == "maintenance" and
    any(r["rule"] == "maintenance" and r["verdict"] == "refuses" for r in d["rules"])' account explain games
while IFS='|' read -r name status pattern words; do
    # shellcheck disable=SC2086
    add "refused: $name" "$status" "$pattern" $words
done << END
no work|2|--work|--kind maintenance --on today
work of another kind|2|goes with --kind maintenance alone|--kind out-of-hours --on today --work disk
a day and an end|2|either --on|--kind maintenance --work disk --on today --until 2036-01-01
a day and a begin|2|either --on|--kind maintenance --work disk --on today --since 2036-01-01
no time|2|--until TIME is missing|--kind maintenance --work disk
a day that is none|2|needs a day|--kind maintenance --work disk --on yesterday
a day with a time|2|needs a day|--kind maintenance --work disk --on 2036-01-01T00:00:00Z
a day of no calendar|2|needs a day|--kind maintenance --work disk --on 2036-02-31
a day that is over|1|over before it begins|--kind maintenance --work disk --on 2020-01-01
instead of something|2|goes with --kind factor-waiver alone|--kind maintenance --work disk --on today --instead code
END
says "refused: of staff" 1 'no account for maintenance' grant add bin --kind maintenance --on today --work disk --approved-by 'Dr Sato' --reason x
add "today" 0 '\(maintenance\) for games until' --kind maintenance --on today --work 'replace the disk'
json "is open to the end of the day in the zone of the site" 0 '[(g["kind"], g["state"], g["until"], g["work"], g["approved_by"])
    for g in d["grants"]] == [("maintenance", "in-force",
    "'"$(date -u -d "TZ=\"Asia/Tokyo\" $today + 1 day" +%Y-%m-%dT%H:%M:%S.000Z)"'", "replace the disk", "Dr Sato")]' grant list games
json "open" 1 'any(r["rule"] == "maintenance" and r["verdict"] == "admits" for r in d["rules"])' account explain games
json "the ledger says the work" 0 '[(e["details"]["grant_kind"], e["details"]["work"]) for e in d["entries"]] ==
    [("maintenance", "replace the disk")]' ledger show --kind grant.add
add "once" 1 'already' --kind maintenance --on today --work 'more of it'
add "tomorrow" 0 'maintenance' --kind maintenance --on tomorrow --work 'look at the disk'
json "begins when today ends" 0 'd["grants"][0]["until"] == d["grants"][1]["since"] and d["grants"][1]["state"] == "ahead"' \
    grant list games
says "without a reason the work is it" 0 '\(maintenance\) for games until' \
    grant add games --kind maintenance --on "$(date -d "$today + 6 days" +%Y-%m-%d)" --work 'exchange a fan' --approved-by 'Dr Sato'
json "which is recorded" 0 '(d["entries"][-1]["details"]["work"], d["entries"][-1]["details"]["reason"]) ==
    ("exchange a fan", "exchange a fan")' ledger show --kind grant.add
add "by two times" 0 'maintenance' --kind maintenance --since "$(date -d "$today + 3 days" +%Y-%m-%d) 22:00" \
    --until "$(date -d "$today + 4 days" +%Y-%m-%d) 02:00" --work 'at night'
exits "it verifies" 0 ledger verify

# -- report and confirmation

json "nobody came" 0 'd["maintenance"] == []' report maintenance
json "of one account" 0 'd["maintenance"] == []' report maintenance --unconfirmed --account games --since "$today"
says "for spreadsheets" 0 '^id,account,company,' report maintenance --csv
exits "of nobody" 3 report maintenance --account nosuchuser
exits "an id that is none" 2 maintenance confirm hello
says "an id that nobody has" 3 'report maintenance' maintenance confirm "$(id_of)" --note 'as ordered'
says "doctor says that nothing waits" 1 'maintenance +no maintenance session waits' doctor

# -- a company ends

exits "no company" 2 maintenance end --reason 'contract ended'
exits "an empty one" 2 maintenance end --company '' --reason 'contract ended'
says "one that nobody is of" 3 'No account has the company' maintenance end --company Aka --reason 'contract ended'
json "all of one end, however it is spelled" 0 '[(a["account"], a["result"], a["sessions_ended"]) for a in d["maintenance_end"]] ==
    [("games", "disabled", 0), ("lp", "disabled", 0)]' maintenance end --company 'AOI systems' --reason 'contract ended'
json "their grants too" 0 'd["grants"] == []' grant list
json "nobody else" 0 '{a["name"]: a["state"] for a in d["accounts"]} == {"bin": "active", "games": "disabled", "lp": "disabled",
    "news": "active"}' account list
says "again" 0 'disabled-before' maintenance end --company 'Aoi Systems' --reason 'contract ended'
exits "it verifies" 0 ledger verify
finish
