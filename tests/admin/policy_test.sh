# What medgl-admin says of the policy: values, what of them is not the profile's, what falls short of it, and the agreement (R40).
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
conf=$root/etc/medgl/policy.conf
exits "setup" 0 setup

settings() { # "KEY=VALUE;KEY=VALUE" becomes the policy of the site, from line 1 on
    printf '%s' "${1//;/$'\n'}" > "$conf"
}

# -- values, overrides and warnings --

json "the profile comes first, and overrides nothing" 0 'd["policy"][0]["key"] == "profile" and d["warnings"] == [] and
    not any(k["overridden"] for k in d["policy"])' policy show
says "nothing overridden, for people" 0 '^password_kinds +3 +3 +no +R13' policy show

settings 'profile=nist-800-63b-4;password_history=30;password_kinds=0'
json "the default is the profile's, and what differs is marked" 0 '{k["key"]: (k["value"], k["default"], k["set_in"])
    for k in d["policy"] if k["overridden"]} == {"profile": ("nist-800-63b-4", "mhlw-6.0", "'"$conf"':1"),
    "password_history": ("30", "24", "'"$conf"':2")} and d["warnings"] == []' policy show
json "a line that says what the profile does overrides nothing" 0 '[(k["value"], k["default"], k["overridden"], k["set_in"])
    for k in d["policy"] if k["key"] == "password_kinds"] == [("0", "0", False, "'"$conf"':3")]' policy show
says "overridden, for people" 0 '^password_history +30 +24 +yes +.*policy.conf:2' policy show

# warns NAME SETTINGS KEYS CLAUSE: of these keys and no others, the last with that clause, in both verbs and both forms.
warns() {
    local verb keys lines
    settings "$2"
    read -ra keys <<< "$3"
    for verb in show check; do
        json "$1 (policy $verb)" 0 '[w["key"] for w in d["warnings"]] == "'"$3"'".split() and (not d["warnings"] or
            (d["warnings"][-1]["clause"] == "'"$4"'" and all(w["file"] == "'"$conf"'" and w["line"] > 0 and w["value"] != w["default"]
            for w in d["warnings"])))' policy $verb
        admin policy $verb && mapfile -t lines < "$err" && [ ${#lines[@]} = ${#keys[@]} ] &&
            { [ -z "$3" ] || [[ ${lines[-1]} = *" for $4."* ]]; }
        verdict "$1 (policy $verb, for people)" $?
    done
}
warns "stricter than the profile" 'password_long_length=20;password_history=64;lock_time=1 h;password_rotation=none' '' ''
warns "history" 'password_history=12' password_history 'HP 2-1-6-124'
warns "composition" '#;password_kinds=2' password_kinds '5.2 T15, 6.0 Q&A Sys-54'
warns "all of them, in the order of the keys" 'password_grace_logins=1;password_guess_bits=35' \
    'password_guess_bits password_grace_logins' 'HP 2-1-6-123'
warns "no end of idle time, administrators from anywhere" 'idle_staff=0;idle_maintenance=11 min;places_privileged=any' \
    'idle_staff places_privileged idle_maintenance' '5.2 T4'
warns "no rotation under 5.1" 'profile=mhlw-5.1;password_rotation=short' password_rotation '5.1 6.5 C.11'
warns "factors of some, later, from afar" \
    'factor_privileged=optional;factor_required_from=2028-04-01;factor_exempt_places=own;card_places=10.1.0.0/16' \
    'factor_privileged factor_required_from factor_exempt_places card_places' '5.1 6.5 C.11(4)'
warns "a network that is exempt keeps nobody out" 'factor_exempt_places=10.1.0.0/16' factor_exempt_places '5.1 6.5 C.11(4)'
warns "factors of all, at once" 'factor_required_from=;factor_enrol=administrator;factor_recovery=grant' '' ''
warns "NIST, factors of some" 'profile=nist-800-63b-4;factor_staff=none;factor_required_from=2030-01-01' factor_staff 'NIST SP 800-63B-4 2.2'
warns "NIST, shorter" 'profile=nist-800-63b-4;password_long_length=14' password_long_length 'NIST SP 800-63B-4 3.1.1.2'
warns "NIST, composition that it forbids" 'profile=nist-800-63b-4;password_kinds=3' password_kinds 'NIST SP 800-63B-4 3.1.1.2'
settings 'places_staff=10.1.0.0/16;places_maintenance=10.1.0.0/16, own;places_privileged=10.1.9.0/28'
json "networks that leave out who is logged in already" 0 '[(w["key"], w["value"], w["clause"], w["line"]) for w in d["warnings"]] ==
    [("places_staff", "10.1.0.0/16", "R05", 1), ("places_privileged", "10.1.9.0/28", "R27", 3)]' policy check
says "are warned of" 0 "$conf:1: places_staff = 10.1.0.0/16 leaves out who is logged in already" policy check
settings '# a site;password_history=12'
says "the warning names the place, both values and the profile" 0 \
    "$conf:2: password_history = 12 falls short of the profile mhlw-6.0, which sets 24 for HP 2-1-6-124\." policy check
settings 'factor_exempt_services=sudo'
says "and says of an empty one that it is" 0 'sudo falls short of the profile mhlw-6.0, which sets empty for ' policy check
settings 'password_history=12;password_kinds=4'
exits "mistakes are no warnings" 1 policy check
json "while there are mistakes nothing is warned of" 1 'len(d["mistakes"]) == 1 and "warnings" not in d' policy check
settings 'password_blocklist = /nowhere/list;password_breach_filter = /dev/zero'
json "R14: lists that cannot be asked are mistakes" 1 '[(m["file"], m["line"], m["why"].split(":")[0]) for m in d["mistakes"]] ==
    [("'"$conf"'", 1, "password_blocklist"), ("'"$conf"'", 2, "password_breach_filter")] and "warnings" not in d' policy check
settings 'password_blocklist = /nowhere/list'
json "R14: and the one that is, alone" 1 '[m["line"] for m in d["mistakes"]] == [1]' policy check
settings "#;hours_staff=Mon-Fri 08:00-20:00;holidays=$root/nowhere"
json "R22: a file of holidays that cannot be read is a mistake" 1 '[(m["file"][-8:], m["why"][:24]) for m in d["mistakes"]] ==
    [("/nowhere", "holidays cannot be read ")] and "warnings" not in d' policy check
says "R22: the policy is shown nevertheless" 0 '^hours_staff +Mon-Fri 08:00-20:00 +always +yes' policy show
mkdir -p "$root/etc/medgl" && printf '2026-01-01 New Year\n2026-02-30\n01-01\n' > "$root/etc/medgl/holidays"
settings 'holidays=/etc/medgl/holidays'
json "R22: what is wrong in it, by its lines" 1 '[(m["file"], m["line"]) for m in d["mistakes"]] ==
    [("'"$root"'/etc/medgl/holidays", 2), ("'"$root"'/etc/medgl/holidays", 3)]' policy check
echo '2026-01-01 New Year' > "$root/etc/medgl/holidays"
exits "R22: and mended" 0 policy check
settings 'hours_staff=Mon-Fri'
json "a rule that is none is a mistake that shows its notation" 1 'd["mistakes"][0]["why"].startswith(
    "hours_staff must be always, or days and times") and "Mon-Fri 08:00-20:00" in d["mistakes"][0]["why"]' policy check
settings 'factor_exempt_services=any'
json "R13: an exemption of everything is a mistake, for rule C would hold without a factor" 1 'd["mistakes"][0]["why"].startswith(
    "factor_exempt_services must not be any: write factor_CLASS = none")' policy check
settings 'factor_kinds=card;card_module=/usr/lib/driver.so'
json "R24: factors that nobody could have are a mistake" 1 '["factor_enrol must be administrator" in m["why"] for m in d["mistakes"]] ==
    [True]' policy check
settings 'factor_required_from=2027-02-29'
json "R24: a day that is none is a mistake that shows its notation" 1 'd["mistakes"][0]["why"] ==
    "factor_required_from must be empty or YYYY-MM-DD"' policy check
settings 'password_history=12;password_kinds=4'
exits "no agreement under a policy with mistakes" 4 policy show --agreement

# -- the agreement (R40) --

one_day :/etc/localtime

# agrees NAME SETTINGS TOPIC ENGLISH JAPANESE: under SETTINGS the sentence on TOPIC holds these words, or with "-" there is none.
# Always: both languages have the same topics, every sentence is whole, and people read the very same sentences. What was
# printed under the same SETTINGS before is not asked for again.
declare -A printed=()
agrees() {
    local number=${printed[=$2]:-}
    : > "$err"
    if [ -z "$number" ]; then
        number=${#printed[@]}
        settings "$2"
        { out=$work/people.$number admin policy show --agreement &&
            out=$work/agreement.$number admin --json policy show --agreement; } || echo failed >> "$err"
        [ -s "$err" ] || printed[=$2]=$number
    fi
    in_python '
import json, sys

document, people, topic, *wanted = sys.argv[1:]
d = json.load(open(document, encoding="utf-8"))
assert sorted(d) == ["en", "ja"], d.keys()
assert [s["topic"] for s in d["en"]] == [s["topic"] for s in d["ja"]]
read = open(people, encoding="utf-8").read()
lines = []
for language, words, end in zip(("en", "ja"), wanted, ".。"):
    sentences = [s["sentence"] for s in d[language]]
    assert all(s.endswith(end) and "%" not in s and "  " not in s for s in sentences), sentences
    lines += [sentences[0], ""] + [f"{i}. {s}" for i, s in enumerate(sentences) if i > 0] + [""]
    found = [s["sentence"] for s in d[language] if s["topic"] == topic]
    assert (found == []) if words == "-" else (len(found) == 1 and words in found[0]), (words, found)
assert read.split("\n") == lines, read' "$work/agreement.$number" "$work/people.$number" "$3" "$4" "$5" && [ ! -s "$err" ]
    verdict "agreement: $1" $?
}
while IFS='|' read -r name settings topic english japanese; do
    agrees "$name" "$settings" "$topic" "$english" "$japanese"
done <<END
machine||heading|on the server $(uname -n), in force on $(date +%Y-)|サーバー $(uname -n) に
site|institution=Minato Clinic, 港医院|heading|at Minato Clinic on the server|Minato Clinic のサーバー
site in Japanese|institution=港医院|heading|at 港医院 on the server|港医院 のサーバー
profile 6.0||profile|version 6.0 (Q&A Sys-54; the same as version 5.2, T15).|第6.0版（Q&A Sys-54。第5.2版 T15 と同じ）
profile 5.1|profile=mhlw-5.1|profile|version 5.1 (6.5 C.11).|第5.1版（6.5 C.11）
profile of NIST|profile=nist-800-63b-4|profile|NIST Special Publication 800-63B-4 (3.1.1.2).|SP 800-63B-4（3.1.1.2）
no departure||departure|-|-
no departure where it is stricter|password_history=30|departure|-|-
departure|password_history=12|departure|the number of former passwords that cannot be used again is 12 and not 24 (HP 2-1-6-124).|ただし、再び使えない過去のパスワードの数は24ではなく12です（HP 2-1-6-124）。
departure in time|attempt_delay_max=1 s|departure|the longest wait after a failed try is 1 second and not 8 seconds (|最長の時間は8秒ではなく1秒です（
departure in choice|profile=mhlw-5.1;password_rotation=short|departure|expires without a second factor is short passwords alone and not every password (|すべてのパスワードではなく短いパスワードだけです（
who||who|not enrolled are subject to other rules|別の規則が適用され
who, all|unenrolled=deny|who|not enrolled are refused|ログインは拒否され
length||length|has at least 8 characters.|パスワードは8文字以上です。
longer|password_short_length=10|length|has at least 10 characters.|パスワードは10文字以上です。
length, by factor|password_rotation=none|length|at least 13 characters, or at least 8 characters where|13文字以上です。第二の認証要素が有効なアカウントでは8文字以上です。
length of NIST|profile=nist-800-63b-4|length|at least 15 characters, or at least 8 characters where|15文字以上です。第二の認証要素が有効なアカウントでは8文字以上です。
length, the same for all|password_rotation=none;password_short_length=13|length|has at least 13 characters.|パスワードは13文字以上です。
composition||composition|mixes letters, digits and symbols.|すべて含みます
composition of two|password_kinds=2|composition|at least two of|2種類以上
composition of one says nothing|password_kinds=1|composition|-|-
no composition|password_kinds=0|composition|-|-
guessable||guessable|fewer than 2^41 guesses|2の41乗に
guessable, stricter|password_guess_bits=60|guessable|fewer than 2^60 guesses|2の60乗に
no lists||blocklist|-|-
lists|password_blocklist=/etc/medgl/words /etc/medgl/more|blocklist|lists that the site keeps|施設が定める禁止リスト
no filter||breached|-|-
filter|password_breach_filter=/etc/medgl/breached|breached|known from breaches|他所での漏えい
history||history|The last 24 former passwords cannot|直近24個の
history of one|password_history=1|history|The former password cannot|直前に使っていた
similar||similar|resembles the current one|似たもの
least age||min_age|until 1 day after it was set|設定から1日が過ぎるまで
least age in hours|password_min_age=36 h|min_age|until 36 hours after|設定から36時間が過ぎるまで
no least age|password_min_age=0|min_age|-|-
expiry||expiry|13 characters or more does not expire; a shorter one must be changed within 2 months|13文字以上のパスワードに有効期限はありません。それより短いものは2か月以内
expiry, sooner|password_max_age=1 month;password_long_length=16|expiry|of 16 characters or more does not expire; a shorter one must be changed within 1 month,|16文字以上のパスワードに有効期限はありません。それより短いものは1か月以内
expiry of all|profile=mhlw-5.1|expiry|Whatever its length, a password must be changed within 2 months|長さにかかわらず、パスワードは2か月以内
no expiry|password_rotation=none|expiry|Passwords do not expire.|パスワードに有効期限はありません。
no expiry, all are long|password_short_length=13|expiry|Passwords do not expire.|パスワードに有効期限はありません。
factor taken away|password_rotation=none|factor_gone|fewer than 13 characters must be changed when|13文字に満たない
factor taken away, all are long|password_rotation=none;password_short_length=13|factor_gone|-|-
factor taken away, rule B||factor_gone|-|-
warning||warning|From 14 days before|期限の14日前から
warning of a day|password_warn=1 day|warning|From 1 day before|期限の1日前から
no warning|password_warn=0|warning|-|-
no warning without expiry|password_rotation=none|warning|-|-
no warning where all are long|password_short_length=13|warning|-|-
expired||expired|must be changed at the next login.|次のログイン時に変更
one grace login|password_grace_logins=1|expired|admits 1 more login before|あと1回ログイン
grace logins|password_grace_logins=3|expired|admits 3 more logins before|あと3回ログイン
nothing expired without expiry|password_rotation=none|expired|-|-
change||change|after 5 wrong answers, the password cannot be changed for 15 minutes|5回誤ると、15分の間
change, stricter|attempts_per_change=3;lock_time=1 h|change|after 3 wrong answers, the password cannot be changed for 1 hour|3回誤ると、1時間の間
suggestion||suggestion|random password is offered|無作為に作ったパスワードを提案
no suggestion|password_suggest=no|suggestion|-|-
issued||issued|can be used for 1 day, and must be changed at the first login|使えるのは1日で
issued, shorter|password_issued_valid=90 min|issued|can be used for 90 minutes, and|使えるのは90分で
lockout||lockout|After 5 failed tries from one source, the account is locked for that source for 15 minutes; after 20 failed tries|5回失敗すると、その接続元からのログインを15分の間拒否します。全接続元の合計で20回
lockout, stricter|attempts_per_source=3;attempts_per_account=9;lock_time=1 day|lockout|After 3 failed tries from one source, the account is locked for that source for 1 day; after 9 failed|3回失敗すると、その接続元からのログインを1日の間拒否します。全接続元の合計で9回
window|attempt_window=90 s|window|more than 90 seconds apart|間隔が90秒を
delay||delay|for 1 second, and for twice as long after each further one, up to 8 seconds|次の試行は1秒待たされ、その時間は失敗のたびに2倍、最長8秒
delay that does not grow|attempt_delay_max=1 s|delay|the next one waits for 1 second.|次の試行は1秒待たされます。
no delay|attempt_delay=0|delay|-|-
breakglass||breakglass|no number of them locks them|何回失敗しても拒否されません
hours||hours_staff|-|-
hours of staff|hours_staff=mon-fri 08:00-20:00|hours_staff|Staff can log in only at these times: Mon-Fri 08:00-20:00.|職員がログインできるのは次の時間だけです（Mon-Fri 08:00-20:00）
hours of maintenance|hours_maintenance=Sat 10:00-12:00|hours_maintenance|Maintenance staff can|保守要員が
places of staff||places_staff|-|-
places of administrators||places_privileged|Administrators can log in only from these terminals and networks: console, own.|特権アカウントの利用者がログインできるのは次の端末とネットワークからだけです（console, own）
places, anywhere|places_privileged=any|places_privileged|-|-
words of places||places|"own" what the account's own user asks for who is logged in already|ownはログイン済みの本人による操作
no words of places|places_privileged=any|places|-|-
places of staff by a word|places_staff=local;places_privileged=any|places|"local" what anybody asks for|localはログイン済みの利用者
services||services_staff|-|-
services of staff|services_staff=login,gdm-password|services_staff|only through these services: login, gdm-password.|次のサービスからだけです（login, gdm-password）
rules of accounts||access|rules on hours, places and services of its own|アカウントごとに定める
sessions||sessions_staff|Staff can have 20 sessions open at the same time with one account.|職員が同時に接続できるのは、1アカウントにつき20件まで
one session|sessions_staff=1|sessions_staff|Staff can have 1 session open|につき1件まで
sessions in all|sessions_total_breakglass=9|sessions_breakglass|100 sessions open at the same time with one account, and 9 sessions with all|1アカウントにつき100件、全アカウントの合計で9件まで
idle||idle_privileged|Administrators have a shell that nobody uses ended after 10 minutes.|特権アカウントの利用者の無操作のシェルは、10分で終了
idle, never|idle_staff=0|idle_staff|-|-
idle departure|idle_staff=0|departure|unused session of staff ends is unlimited and not 15 minutes (5.2 T4).|15分ではなく無制限です（5.2 T4）
places departure|places_privileged=console, 0.0.0.0/0|departure|is any terminal or network and not administration terminals alone (HP 2-1-6-117).|管理端末だけではなくすべての端末とネットワークです（
factor of staff||factor_staff|Staff must log in with a second factor from 2027-04-01 on; until then it is asked of those who have one.|職員のログインには、2027-04-01以降、第二の認証要素が必要です。
factor at once|factor_required_from=|factor_privileged|Administrators must log in with a second factor.|特権アカウントの利用者のログインには、第二の認証要素が必要です。
factor, optional|factor_maintenance=optional|factor_maintenance|Maintenance staff are asked for a second factor where they have one.|保守要員には、第二の認証要素を登録した人だけに
factor of nobody||factor_breakglass|Users of emergency accounts are asked for no second factor.|非常時アカウントの利用者には、第二の認証要素を確認しません。
factor departure|factor_staff=none|departure|a second factor of staff is not asked for and not required (5.1 6.5 C.11(4)).|職員の第二の認証要素は必須ではなく「確認しない」です（
factor later|factor_required_from=2028-04-01|departure|the day from which a second factor is required is 2028-04-01 and not 2027-04-01 (|必須とする日は2027-04-01ではなく2028-04-01です（
no places exempt||factor_exempt_places|-|-
places exempt|factor_exempt_places=own, 10.1.0.0/16|factor_exempt_places|asked for no second factor: own, 10.1.0.0/16.|確認しません（own, 10.1.0.0/16）
nothing exempt of nobody|factor_exempt_places=own;factor_staff=none;factor_privileged=none;factor_maintenance=none|factor_exempt_places|-|-
no services exempt||factor_exempt_services|-|-
services exempt|factor_exempt_services=sudo, sudo-i|factor_exempt_services|ask for no second factor: sudo, sudo-i.|確認しません（sudo, sudo-i）
rules on factors||factor_own|a rule of its own on the second factor|規則に優先してアカウントごとに
kinds without a driver||factor_kinds|is a device that makes one-time codes (RFC 6238).|作る機器（RFC 6238）です。
kinds|card_module=/usr/lib/driver.so|factor_kinds|or a smartcard with its PIN.|または暗証番号付きのICカードです
kinds, cards alone|card_module=/usr/lib/driver.so;factor_kinds=card;factor_enrol=administrator|factor_kinds|A second factor is a smartcard with its PIN.|第二の認証要素は、暗証番号付きのICカードです
no codes of cards|card_module=/usr/lib/driver.so;factor_kinds=card;factor_enrol=administrator|factor_code|-|-
codes||factor_code|accepted once; 100 wrong codes without a success|成功を挟まずに100回誤ると
enrolled at a login||factor_enrol|enrols one at the next login.|次のログイン時にそれを登録します
enrolled by an administrator|factor_enrol=administrator|factor_enrol|Only an administrator enrols|管理者だけがそれを登録します
recovery codes||recovery|can use a recovery code; each of them works once|本人の復旧コードを使えます
recovery codes, approved|factor_recovery=grant|recovery|accepted only with an approval|承認された期間だけ使えます
no cards||card_alone|-|-
card and password|card_module=/usr/lib/driver.so|card_alone|together with the password|パスワードと併せて
card alone|card_module=/usr/lib/driver.so;card_alone=yes|card_alone|are two factors, and need no password|パスワードは不要です
no lists of cards||card_crl|-|-
revoked cards|card_module=/usr/lib/driver.so|card_crl|without a current list of revoked ones it is refused|失効リストがなければ拒否されます
revoked cards, with a warning|card_module=/usr/lib/driver.so;card_crl=warn|card_crl|where that list is old, a warning is recorded|警告を記録します
exceptions||grant|lasts for 7 days at most, ends by itself|期間は最長7日で、自動的に終了し
exceptions, shorter|grant_max=36 h|grant|lasts for 36 hours at most|期間は最長36時間で
silence||silence|does not say what was wrong|何が誤りであったかを示しません
storage||storage|(Argon2id, 64 MiB of memory, 3 passes), and these are encrypted (AES-256-GCM)|（Argon2id、メモリ 64 MiB、3回）
storage, one pass|kdf_memory=1 GiB;kdf_time=1|storage|1 GiB of memory, 1 pass)|メモリ 1 GiB、1回）
END

# Whatever a key is called, its departure is said in plain words: no name of a key, none without words of its own.
plain() { # NAME SETTINGS KEYS
    settings "$2"
    json "agreement: all departures, $1" 0 'len(d["en"]) == len(d["ja"]) and len(set(s["sentence"] for s in d["en"]
        if s["topic"] == "departure")) == '"$3"' and not any("_" in s["sentence"] or "a setting" in s["sentence"]
        or "(null)" in s["sentence"] for s in d["en"] + d["ja"] if s["topic"] == "departure")' policy show --agreement
}
few='password_guess_bits=30;attempts_per_source=10;attempts_per_account=100;attempts_per_change=10;attempt_window=1 min'
few="$few;lock_time=1 min;attempt_delay=0;attempt_delay_max=1 s;kdf_memory=32 MiB;kdf_time=2"
factors='factor_staff=none;factor_privileged=optional;factor_maintenance=none;factor_exempt_places=own'
factors="$factors;factor_exempt_services=sudo;card_places=any"
plain "mhlw-6.0" "$few;password_kinds=0;password_warn=0;password_issued_valid=2 days;password_min_age=0;password_history=1
password_grace_logins=1;password_suggest=no;minimum_free=0;attempts_spread=11;idle_staff=0;idle_privileged=11 min
idle_maintenance=1 day;idle_breakglass=0;places_privileged=any;dormant_after=91 days;$factors;factor_required_from=2028-01-01;card_crl=warn;grant_max=8 days
totp_algorithm=sha1" 35
plain "mhlw-5.1" "profile=mhlw-5.1;password_rotation=none" 1
plain "nist" "$few;profile=nist-800-63b-4;password_long_length=13;password_kinds=3;password_rotation=all;$factors" 19

# Neither language depends on the locale, not even on the one of C.
settings 'institution=港医院'
admin policy show --agreement && mv "$out" "$work/utf8"
for locale in C POSIX ja_JP.UTF-8; do
    LC_ALL=$locale admin policy show --agreement && cmp "$work/utf8" "$out" > "$err"
    verdict "agreement: the same in the locale $locale" $?
done
finish
