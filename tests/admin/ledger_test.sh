#!/bin/bash
# The noun ledger: entries are shown by kind, subject, actor and time, bodies of old ones move to archives, and proofs are what
# their specifications say (R07, R08, R35). Python's standard library and the openssl command are the other side.
. "${top_srcdir:?}/tests/admin/common.sh" || exit 1
mine=$work/mine

# A clock of some days ago, where the compiler and the loader let us have one.
cat > "$work/ago.c" <<'END'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now)
{
    const char *days = getenv("DAYS_AGO");
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME && days != NULL)
        now->tv_sec -= 86400L * atol(days);
    return result;
}
END
shim=$work/ago.so
"${CC:-cc}" -shared -fPIC -o "$shim" "$work/ago.c" 2> /dev/null && chmod 755 "$shim" || shim=
[ -z "$shim" ] || ldd "$program" | grep -q 'lib[atu]*san' && shim= # a sanitizer wants to be first
ago() { # DAYS ARGUMENT...
    local days=$1
    shift
    # shellcheck disable=SC2086
    $user env LD_PRELOAD="$shim${LD_PRELOAD:+:$LD_PRELOAD}" DAYS_AGO="$days" "$program" --root "$root" $operator "$@" > "$out" 2> "$err"
}
[ -n "$shim" ] || ago() { shift && admin "$@"; }

one_day :/etc/localtime
ago 3000 setup --origin medgl.test/ledger
ago 3000 account add daemon
ago 2900 account add bin
ago 2900 account disable bin --reason "long ago"
ago 2800 account disable daemon --reason "not so long ago"
admin account enable bin --reason "back"
admin ledger export && cp "$out" "$mine/lines"
size=$(wc -l < "$mine/lines")
who=$(sed -n '2s/.*"actor":{"uid":[-0-9]*,"name":"\([^"]*\)".*/\1/p' "$mine/lines")
since=$(sed -n '$s/.*"time":"\([^"]*\)".*/\1/p' "$mine/lines")

# -- show

shown() { # NAME EXPRESSION-OF-(e, all) ARGUMENT...: the entries that --json shows, held against the export
    local name=$1 expression=$2
    shift 2
    admin --json ledger show "$@" && in_python '
import json, sys
e = json.load(open(sys.argv[1]))["entries"]
all = [json.loads(line) for line in open(sys.argv[2])]
sys.exit(0 if eval(sys.argv[3]) else 1)' "$out" "$mine/lines" "$expression"
    verdict "$name" $?
}
shown "everything" 'e == all'
shown "a kind" 'e == [a for a in all if a["kind"] == "account.disable"] and len(e) == 2' --kind account.disable
shown "a subject" 'e == [a for a in all if (a["subject"] or {}).get("name") == "bin"] and len(e) == 3' --subject bin
shown "an actor" 'e == [a for a in all if a["actor"]["name"] == "'"$who"'"] and len(e) >= 5' --actor "$who"
shown "nobody's" 'e == []' --actor nobody-did
shown "kind and subject" 'len(e) == 1 and e[0]["details"]["why"] == "long ago"' --kind account.disable --subject bin
shown "since a moment" 'e == [a for a in all if a["time"] >= "'"$since"'"] and len(e) >= 1' --since "$since"
shown "until a moment" 'e == [a for a in all if a["time"] < "'"$since"'"] and len(e) >= 5' --until "$since"
shown "the last two of a subject" 'e == [a for a in all if (a["subject"] or {}).get("name") == "bin"][-2:]' \
    --subject bin --last 2
exits "a time that is none" 2 ledger show --since yesterday
says "an end before the beginning" 2 'until is not after --since: nothing lies between tomorrow and today' ledger show --since tomorrow --until today
shown "today" 'e == [a for a in all if a["time"] >= "'"$(date -u -d "@$(date -d 00:00 +%s)" +%FT%T)"'"] and len(e) >= 1' \
    --since today --until tomorrow
says "the table has the clock" 0 'SEQ +TIME +CLOCK +KIND' ledger show --last 3

# -- prove

exits "an entry that is not there" 3 ledger prove 4711
exits "a size that was never" 3 ledger prove --consistency 4711
exits "a word" 2 ledger prove first
exits "a proof in a file" 0 ledger prove 2 --output "$mine/proof"
admin ledger prove 2 && cmp -s "$out" "$mine/proof" && head -2 "$mine/proof" | tr '\n' ' ' | grep -q '^c2sp.org/tlog-proof@v1 index 2 $'
verdict "is what is printed" $?
admin ledger prove 2 --output "$mine/proof"
[ $? = 2 ]
verdict "not over another file" $?
json "and in JSON" 0 'd["proof"][0]["text"].startswith("c2sp.org/tlog-proof@v1\nindex 2\n")' ledger prove 2
sed -n 3p "$mine/lines" | tr -d '\n' > "$mine/line"
python3 -IS - "$mine/proof" "$mine/line" <<'END' 2> "$err"
import base64, hashlib, sys
head, note = open(sys.argv[1]).read().split("\n\n", 1)
hashes = [base64.b64decode(h, validate=True) for h in head.split("\n")[2:]]
origin, size, root = note.split("\n")[:3]
i, last = 2, int(size) - 1
h = hashlib.sha256(b"\0" + open(sys.argv[2], "rb").read()).digest()
for p in hashes:
    assert last > 0
    if i & 1 or i == last:
        h = hashlib.sha256(b"\1" + p + h).digest()
        while i and not i & 1:
            i, last = i >> 1, last >> 1
    else:
        h = hashlib.sha256(b"\1" + h + p).digest()
    i, last = i >> 1, last >> 1
assert last == 0 and base64.b64encode(h).decode() == root, "another root"
END
verdict "the path leads to the root, as the manual page says" $?
admin ledger prove --consistency 0 && head -2 "$out" | cmp -s - <(printf 'old 0\n\n')
verdict "nothing to prove to a witness that saw nothing" $?

# -- witnesses

exits "a file that is not there" 2 ledger cosign --from "$mine/nothing"
admin ledger checkpoint && $user cp "$out" "$mine/note" && chmod 644 "$mine/note"
says "nobody is a witness here" 1 'no witness is known' ledger cosign --from "$mine/note"
if [ -e "$top_srcdir/tests/admin/sign.py" ]; then
    chmod 777 "$mine"
    python3 -IS "$top_srcdir/tests/admin/sign.py" witness "$mine" w.example "$mine/note" > "$mine/cosigned"
    cp "$mine/witness.vkey" "$root/etc/medgl/witnesses" && chmod 644 "$root/etc/medgl/witnesses" "$mine/cosigned"
    says "the checkpoint as it was has none" 1 'no witness of' ledger cosign --from "$mine/note"
    says "a witness" 0 'Witnesses on it now +1' ledger cosign --from "$mine/cosigned"
    tail -1 "$mine/cosigned" > "$mine/answer" && chmod 644 "$mine/answer"
    says "its answer alone" 0 'Witnesses on it now +1' ledger cosign --from "$mine/answer"
    echo "not a key" >> "$root/etc/medgl/witnesses"
    says "a file of witnesses that is malformed" 4 '' ledger cosign --from "$mine/cosigned"
    says "doctor says so" 1 'witnesses .*no key of a witness' doctor
    sed -i '$d' "$root/etc/medgl/witnesses"
    echo 'witness_quorum = 2' > "$root/etc/medgl/policy.conf"
    says "doctor misses a witness" 1 'witness_quorum asks for 2' doctor
    echo 'witness_quorum = 1' > "$root/etc/medgl/policy.conf"
    says "doctor sees one" 1 'witnesses have cosigned' doctor || :
fi

# -- archive

says "too young" 1 'ledger_retention' ledger archive --until "$since" --yes
says "so old is nothing" 1 'that old' ledger archive --until 2001-01-01 --yes
if [ -n "$shim" ]; then
    admin ledger export && cp "$out" "$mine/before"
    exits "not without a word" 2 ledger archive < /dev/null
    says "what is old enough goes" 0 'medgl.test_ledger-0-' ledger archive --yes
    file=$(ls "$root/var/lib/medgl/archive")
    admin ledger export && head -n "$(wc -l < "$mine/before")" "$out" | cmp -s - "$mine/before"
    verdict "an export has it from the file" $?
    exits "it verifies" 0 ledger verify
    python3 -IS - "$root/var/lib/medgl/archive/$file" "$mine/before" <<'END' 2> "$err"
import base64, hashlib, sys
text, signatures, body = open(sys.argv[1], "rb").read().split(b"\n\n", 2)
format, origin, first, after, size, digest = text.decode().split("\n")
lines = open(sys.argv[2], "rb").read().split(b"\n")
assert (format, origin, first) == ("medgl.archive/1", "medgl.test/ledger", "0")
assert int(size) == len(body) and base64.b64decode(digest) == hashlib.sha256(body).digest()
assert body == b"".join(line + b"\n" for line in lines[:int(after)]) and int(after) >= 5
END
    verdict "the file is what the manual page says" $?
    mv "$root/var/lib/medgl/archive/$file" "$mine/elsewhere"
    admin ledger export && python3 -IS - "$out" "$mine/before" <<'END' 2>> "$err"
import base64, hashlib, json, sys
now, before = (open(name, "rb").read().split(b"\n") for name in sys.argv[1:])
leaf = base64.b64encode(hashlib.sha256(b"\0" + before[1]).digest()).decode()
assert now[1].decode() == '{"seq":1,"leaf":"%s"}' % leaf, now[1]
assert now[len(before) - 2] == before[-2]
END
    verdict "without the file it has the leaf hashes" $?
    # The other verifier, from the manual page alone.
    other() { # NAME STATUS ARGUMENT...
        local name=$1 expected=$2
        shift 2
        ledger_check "$root/etc/medgl/ledger.vkey" "$@" 2> "$err"
        [ $? = "$expected" ]
        verdict "the other verifier: $name" $?
    }
    cp "$out" "$mine/stubs"
    admin ledger checkpoint && cp "$out" "$mine/head.ckpt"
    other "an export with stubs" 0 export "$mine/stubs" --checkpoint "$mine/head.ckpt"
    other "an export with nothing signed" 5 export "$mine/stubs"
    grep -q "nothing signed was given" "$out"
    verdict "the other verifier: and it says so" $?
    other "the archive" 0 archive "$mine/elsewhere"
    other "both together" 0 export "$mine/stubs" --archive "$mine/elsewhere" --checkpoint "$mine/head.ckpt"
    grep -q 'without body 0,' "$out"
    verdict "the other verifier: every body was looked at" $?
    sed 's/long ago/last week/' "$mine/elsewhere" > "$mine/bad"
    other "a body changed" 5 archive "$mine/bad"
    sed '0,/^[0-9]*$/s//1/' "$mine/elsewhere" > "$mine/bad"
    other "a head changed" 5 archive "$mine/bad"
    head -n -1 "$mine/elsewhere" > "$mine/bad"
    other "a line less" 5 archive "$mine/bad"
    sed -E '2s/"leaf":"..../"leaf":"AAAA/' "$mine/stubs" > "$mine/bad"
    other "a stub that its body contradicts" 5 export "$mine/bad" --archive "$mine/elsewhere" --checkpoint "$mine/head.ckpt"
    other "a stub that the checkpoint contradicts" 5 export "$mine/bad" --checkpoint "$mine/head.ckpt"
    says "show says where they are" 0 'in an archive' ledger show
    says "a filter says what it did not see" 0 'not looked at' ledger show --subject bin
    says "and so does a report" 0 'archive' report access
    exits "it verifies still" 0 ledger verify
    exits "a proof needs no body" 0 ledger prove 1
    says "nothing is left to move" 1 'that old' ledger archive --yes
    ago 0 account disable bin --reason "once more"
    [ ! -e "$mine/given" ] && ago -4000 ledger archive --output "$mine/given" --yes && [ -s "$mine/given" ] &&
        head -1 "$mine/given" | grep -q '^medgl.archive/1$'
    verdict "into a file of the operator's" $?
    own=$(ls -t "$root/var/lib/medgl/archive" | head -1)
    cmp -s "$mine/given" "$root/var/lib/medgl/archive/$own"
    verdict "which is a copy of our own" $?
    json "which verifies, and the one taken away is counted" 0 'd["verification"][0]["archives"] == 2 and
        d["verification"][0]["archives_missing"] == 1 and d["verification"][0]["archives_altered"] == 0' ledger verify
    says "verify names the one that is missing" 0 "$file.* is missing" ledger verify
    says "and so does doctor" 1 "$file.* is not in " doctor || :
    says "which verifies" 0 'Faults +0' ledger verify
    admin account enable bin --reason "years before that"
    says "a clock that went back is seen" 0 'went back +account.enable' ledger show
    says "what went back says so itself" 0 'clock.back' ledger show --kind clock.back
fi
finish
