# medgl-admin report emergency, report drills (R31 R33): text, JSON, the page to sign, and exit codes.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
state=$root/var/lib/medgl small=$root/var/lib/medgl-breakglass
key=$root/etc/medgl/breakglass.key

exits "nothing is set up" 4 report emergency 1
exits "nor for drills" 4 report drills
admin setup --origin ward.example/1 && admin account add daemon && admin account add games --class breakglass || exit 1
says "there was none" 3 'emergency list says which there were' report emergency 1
exits "no number" 2 report emergency one
exits "number 0" 2 report emergency 0
exits "a number that is too large" 2 report emergency 4294967297
exits "no number at all" 2 report emergency
says "no drill" 0 'There was no drill so far' report drills
json "no drill, for programs" 0 'd["drills"] == [] and d["drill_due"][0]["due"] is False' report drills

# -- an open one ---------------------------------------------------------------------------------------

admin account unlock daemon --reason 'before it'
exits "declared" 0 emergency declare --criterion network-failure --decided-by 'Dr Sato 佐藤' --note 'by phone'
admin account unlock daemon --reason 'a reason, "quoted"; with a very long text that goes on and on, so that no line of a page holds it: 病棟から電話があり、本人を確認したうえで解除した'
says "it is open" 0 '^State +open' report emergency 1
says "and that is to be done" 0 '^open +1 it is open: medgl-admin emergency recover' report emergency 1
says "nobody logged in" 0 'Nobody logged in with a break-glass account' report emergency 1
says "acts have all that is said of them" 0 '^main +[0-9]+ .* account.unlock +.*why: a reason, "quoted"; with' report emergency 1
exits "ended" 0 emergency recover --decided-by 'Dr Mori'
admin account unlock daemon --reason 'after it'
json "for programs" 0 'sorted(d) == ["acts", "alerts", "emergency", "left", "logins", "sessions"] and d["logins"] == d["sessions"] == [] and
    (d["emergency"][0]["number"], d["emergency"][0]["drill"], d["emergency"][0]["state"]) == (1, False, "recovered") and
    (d["emergency"][0]["decided_by"], d["emergency"][0]["ended_by"]) == ("Dr Sato 佐藤", "Dr Mori") and
    utc.fullmatch(d["emergency"][0]["declared"]) and d["emergency"][0]["ledger"] == "ward.example/1/breakglass"' report emergency 1
json "what was done in it, and no more" 0 '[(a["ledger"], a["kind"], a["breakglass"]) for a in d["acts"]] ==
    [("breakglass", "emergency.declare", False), ("breakglass", "emergency.recover", False), ("main", "account.unlock", False)] and
    d["acts"][2]["subject"] == "daemon" and d["acts"][2]["reason"].startswith("a reason")' report emergency 1
json "its alerts, and what is left" 0 '[(a["kind"], a["delivered"]) for a in d["alerts"]] == [("emergency", False), ("emergency-over", False)] and
    {l["what"]: l["count"] for l in d["left"]} == {"alerts": 2, "review": 1}' report emergency 1
json "the entries that it names are those" 0 '[e["kind"] for e in d["entries"]][0] == "emergency.declare"' \
    ledger show --breakglass --seq "$(python3 -IS -c 'import json, sys; e = json.load(open(sys.argv[1]))["emergency"][0]; print(e["from"], e["to"], sep="-")' \
        "$(admin --json report emergency 1; echo "$out")")"

# -- the page ------------------------------------------------------------------------------------------

says "not both" 2 'leave one of them out' report emergency 1 --page --json
exits "no page of what was not" 3 report emergency 2 --page
admin report emergency 1 --page && cp "$out" "$work/page" && LC_ALL=C admin report emergency 1 --page &&
    cmp -s <(grep -v '^Printed' "$out") <(grep -v '^Printed' "$work/page")
verdict "a page, whatever the operator's language" $?
python3 -IS - "$work/page" <<'END' > "$err" 2>&1
import re, sys, unicodedata
page = open(sys.argv[1], encoding="utf-8").read()
wide = lambda line: sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line)
assert not [line for line in page.split("\n") if wide(line) > 72], [line for line in page.split("\n") if wide(line) > 72]
assert not re.search(r"[ \t]$", page, re.M), "blanks at ends of lines"
assert not re.search("^[、。]", page, re.M), "a line begins with a comma"
for text in ("EMERGENCY 1: ", "非常時", "Dr Sato 佐藤", "Dr Mori", "network-failure", "by phone", "account.unlock daemon", "none / なし",
             "emergency-over", "Signature / 署名: ____", "Name / 氏名: ", "Date / 日付: ", "Recorded / 記録済み: not yet", "ward.example/1/breakglass"):
    assert text in page, text
assert re.sub(r"\s", "", page).count("病棟から電話があり、本人を確認したうえで解除した") == 1, "the reason is torn"
assert [int(n) for n in re.findall(r"^(\d)\. ", page, re.M)] == [1, 2, 3, 4, 5, 6], "parts"
assert "DRILL" not in page and "before it" not in page and "after it" not in page
END
verdict "in 72 columns, with all that the reviewer needs, and a place to sign" $?
says "alerts that nobody has tried to deliver are not said to have failed" 0 'emergency: not delivered yet' report emergency 1 --page

# -- drills --------------------------------------------------------------------------------------------

exits "a drill" 0 emergency declare --drill --criterion other --decided-by Director
exits "ends" 0 emergency recover --decided-by Director
says "it is marked" 0 '^DRILL, no emergency' report emergency 2
says "also on the page" 0 '^DRILL 2, no emergency' report emergency 2 --page
says "listed" 0 '^ *2 +recovered ' report drills
! grep -q 'There was no drill' "$out"
verdict "and not that there was none" $?
json "alone" 0 '[(e["number"], e["state"], e["decided_by"], e["ended_by"]) for e in d["drills"]] == [(2, "recovered", "Director", "Director")] and
    utc.fullmatch(d["drill_due"][0]["last"]) and d["drill_due"][0]["due"] is False' report drills
# Who recorded it does not review it: another name, where the kernel knows none.
if [ "$loginuid" = 4294967295 ]; then
    operator='--operator kansa'
    exits "reviewed" 0 emergency review 2 --note 'as planned'
    operator='--operator tester'
    json "what was reviewed is not left" 0 '"review" not in [l["what"] for l in d["left"]] and d["emergency"][0]["review_note"] == "as planned"' \
        report emergency 2
    says "the page has it" 0 'Recorded / 記録済み: .*: as planned' report emergency 2 --page
fi

# -- what is damaged -----------------------------------------------------------------------------------

mv "$state/medgl.db" "$work/" && rm -f "$state"/medgl.db-*
json "without the main store: the rest, and that it is so" 0 '"main-ledger" in [l["what"] for l in d["left"]] and
    not [a for a in d["acts"] if a["ledger"] == "main"] and len(d["alerts"]) == 2' report emergency 1
says "on the page" 0 'the main ledger could not be read' report emergency 1 --page
mv "$work/medgl.db" "$state/"
exits "it is back" 0 report emergency 1
mkdir "$work/small" && cp "$small"/breakglass.db* "$work/small/"
python3 -IS - "$small/breakglass.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE ledger SET line = replace(line, 'network-failure', 'network-failurE') WHERE line LIKE '%emergency.declare%network-failure%'")
db.commit()
assert db.total_changes == 1
END
says "an entry that was changed" 5 'run medgl-admin ledger verify' report emergency 1
rm -f "$small"/breakglass.db* && cp "$work/small"/* "$small/"
[ -z "$user" ] || chown 65534:65534 "$small"/breakglass.db*
exits "put right" 0 report emergency 1
mv "$key" "$work/" && exits "no key" 4 report emergency 1
finish
