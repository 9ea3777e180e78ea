#!/bin/bash
# R08: tests/ledger_check.py, which shares no line with the program, agrees with what the ledger hands out, and with `ledger
# verify` that it was tampered with. Keys and witnesses of the openssl command are the other side of signatures.
. "${top_srcdir:?}/tests/admin/common.sh"
mine=$work/mine
ok() { # NAME COMMAND...: it ends with 0
    local name=$1
    shift
    "$@" > "$out" 2> "$err"
    verdict "$name" $?
}
faulty() { # NAME COMMAND...: it ends with 5, and says what is wrong
    local name=$1
    shift
    "$@" > "$out" 2> "$err"
    [ $? = 5 ] && grep -q '^fault: ' "$out"
    verdict "$name" $?
}
save() { # FILE ARGUMENT...: what the program prints
    local file=$1
    shift
    admin "$@" && cp "$out" "$file"
}
checked() { # ARGUMENT...
    ledger_check "$root/etc/medgl/ledger.vkey" "$@"
}

# A small hospital's first days.
admin setup --origin medgl.test/proof || echo "Bail out! no installation"
for name in daemon bin sys games man lp mail; do
    admin account add "$name"
    admin account disable "$name" --reason "a test of $name"
done
save "$mine/early.ckpt" ledger checkpoint
early=$(sed -n 2p "$mine/early.ckpt")
for name in daemon bin sys; do admin account enable "$name" --reason "back"; done
save "$mine/late.ckpt" ledger checkpoint
save "$mine/lines" ledger export
size=$(wc -l < "$mine/lines")
key=$(cut -d+ -f1 "$root/etc/medgl/ledger.vkey")

ok "as it is" checked export "$mine/lines" --checkpoint "$mine/early.ckpt" --checkpoint "$mine/late.ckpt"
grep -q "^entries $size, without body 0, checkpoints 2," "$out"
verdict "all of it was looked at" $?
for seq in 0 1 $((early - 1)) "$early" $((size - 1)); do
    save "$mine/proof.$seq" ledger prove "$seq"
    sed -n "$((seq + 1))p" "$mine/lines" > "$mine/line.$seq"
    ok "entry $seq is in it" checked inclusion "$mine/proof.$seq" "$mine/line.$seq"
done
for old in 1 "$early" "$(sed -n 2p "$mine/late.ckpt")"; do
    [ "$old" = 1 ] && cp "$root/var/lib/medgl/checkpoints/$(printf %020d 1)" "$mine/old.1" 2> /dev/null || cp "$mine/early.ckpt" "$mine/old.$old"
    [ "$old" != "$(sed -n 2p "$mine/late.ckpt")" ] || cp "$mine/late.ckpt" "$mine/old.$old"
    save "$mine/grown.$old" ledger prove --consistency "$old"
    ok "the first $old are unchanged" checked consistency "$mine/grown.$old" "$mine/old.$old"
done

# -- tampered with, in an export --------------------------------------------------------------------------------

tampered() { # NAME: $mine/bad was made of $mine/lines
    cmp -s "$mine/bad" "$mine/lines" && echo "nothing was changed" > "$err" && verdict "$1" 1 && return
    faulty "$1" checked export "$mine/bad" --checkpoint "$mine/early.ckpt" --checkpoint "$mine/late.ckpt"
}
bad() { # NAME COMMAND: which changes lines
    eval "$2" < "$mine/lines" > "$mine/bad"
    tampered "export: $1"
}
bad "a word is another one" "sed '0,/a test of/s//a toast of/'"
bad "one bit" "sed '3s/disable/disablg/'"
bad "who acted" "sed '5s/tester/taster/; 5s/\"uid\":[0-9-]*/\"uid\":4711/'"
bad "the time" "sed -E '6s/(\"time\":\"....)-../\1-00/'"
bad "one is gone" "sed 3d"
bad "one is gone, and the others are numbered anew" "sed 3d | awk '{ sub(/\"seq\":[0-9]+/, \"\\\"seq\\\":\" NR - 1) } 1'"
bad "one is there twice" "sed 4p"
bad "two in another order" "awk 'NR == 4 { kept = \$0; next } { print } NR == 5 { print kept }'"
bad "one was put in" "sed '4{p;s/disable/enable/}'"
bad "the last ones are cut off" "head -n $((size - 3))"
bad "a line cut in its middle" "head -c $(($(wc -c < "$mine/lines") - 40))"
bad "a blank more" "sed '4s/,\"origin\"/, \"origin\"/'"
bad "a name twice" "sed '4s/,\"origin\"/,\"time\":\"2000-01-01T00:00:00.000Z\",\"origin\"/'"
bad "of another ledger" "sed 's/medgl.test\/proof/medgl.test\/other/'"
bad "a body hidden behind another leaf" \
    "sed '5s/.*/{\"seq\":4,\"leaf\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}/'"

# -- tampered with, in checkpoints and proofs ---------------------------------------------------------------------

note() { # NAME COMMAND: which changes the late checkpoint
    eval "$2" < "$mine/late.ckpt" > "$mine/bad"
    cmp -s "$mine/bad" "$mine/late.ckpt" && echo "nothing was changed" > "$err" && verdict "$1" 1 && return
    faulty "checkpoint: $1" checked export "$mine/lines" --checkpoint "$mine/bad"
    $user cp "$mine/bad" "$mine/given" 2> /dev/null || cp "$mine/bad" "$mine/given"
    chmod 644 "$mine/given"
    exits "ledger verify says the same: $1" 5 ledger verify --checkpoint "$mine/given"
}
note "another size" "sed 2s/.*/$((size - 1))/"
note "another root" "sed '3s/^..../AAAA/'"
note "another origin" "sed '1s/proof/other/'"
note "a signature cut short" "sed 's/....\$//'"
note "a bit of the signature" "sed -E 's/(medgl.test.proof .{40})A/\1B/;t;s/(medgl.test.proof .{40})./\1A/'"
note "signed by somebody else" "python3 -IS '$top_srcdir/tests/admin/sign.py' forge '$mine' medgl.test/proof"
proof() { # NAME COMMAND: which changes the proof of entry 1
    eval "$2" < "$mine/proof.1" > "$mine/bad"
    cmp -s "$mine/bad" "$mine/proof.1" && echo "nothing was changed" > "$err" && verdict "$1" 1 && return
    faulty "proof: $1" checked inclusion "$mine/bad" "$mine/line.1"
}
proof "of another entry" "sed 's/^index 1$/index 2/'"
proof "a hash less" "sed 3d"
proof "a hash twice" "sed 3p"
proof "another hash" "sed '3s/^..../AAAA/'"
faulty "proof: another line" checked inclusion "$mine/proof.1" "$mine/line.0"
sed '2s/^..../AAAA/' "$mine/grown.$early" > "$mine/bad"
faulty "consistency: another hash" checked consistency "$mine/bad" "$mine/old.$early"
sed 2d "$mine/grown.$early" > "$mine/bad"
faulty "consistency: a hash less" checked consistency "$mine/bad" "$mine/old.$early"

# -- the openssl command as the other side --------------------------------------------------------------------------

ok "openssl finds the checkpoint's signature good" python3 -IS "$top_srcdir/tests/admin/sign.py" verify "$mine" \
    "$root/etc/medgl/ledger.vkey" "$mine/late.ckpt"
python3 -IS "$top_srcdir/tests/admin/sign.py" witness "$mine" witness.example/one "$mine/late.ckpt" > "$mine/cosigned"
cp "$mine/witness.vkey" "$root/etc/medgl/witnesses" && chmod 644 "$root/etc/medgl/witnesses" "$mine/cosigned"
echo "witness_quorum = 1" >> "$root/etc/medgl/policy.conf"
says "ledger verify says that there are too few" 0 'Not witnessed: .* more than 0 cosignatures of the 1' ledger verify
ok "a witness of openssl's" checked checkpoint "$mine/cosigned" --witness "$mine/witness.vkey" --quorum 1
exits "is taken in" 0 ledger cosign --from "$mine/cosigned"
says "and seen by ledger verify" 0 'Witnessed: the first [0-9]+ entries, by 1 witnesses of the 1' ledger verify
sed -E 's/(witness.example.one .{60})..../\1AAAA/' "$mine/cosigned" > "$mine/bad"
{ cat "$mine/witness.vkey" && python3 -IS - "$mine/witness.vkey" << 'END'; } > "$mine/twice.vkey"
import base64, hashlib, sys
data = base64.b64decode(open(sys.argv[1]).read().split("+", 2)[2])
print("other.example+%s+%s" % (hashlib.sha256(b"other.example\n" + data).hexdigest()[:8], base64.b64encode(data).decode()))
END
python3 -IS - "$mine/cosigned" > "$mine/doubled" << 'END'
import base64, hashlib, sys
note = open(sys.argv[1], encoding="utf-8").read()
data = base64.b64decode(note.splitlines()[-1].split(" ")[2])
key = base64.b64decode(open(sys.argv[1].replace("cosigned", "witness.vkey")).read().split("+", 2)[2])
sys.stdout.write(note + "\u2014 other.example %s\n" % base64.b64encode(hashlib.sha256(b"other.example\n" + key).digest()[:4] + data[4:]).decode())
END
ok "one key under two names is one witness" checked checkpoint "$mine/doubled" --witness "$mine/twice.vkey" --quorum 1
faulty "and not two" checked checkpoint "$mine/doubled" --witness "$mine/twice.vkey" --quorum 2
tail -1 "$mine/cosigned" | sed -E 's/(witness.example.one .{60})..../\1AAAA/' | cat "$mine/cosigned" - > "$mine/bad"
faulty "a second line of a witness, which is not valid" checked checkpoint "$mine/bad" --witness "$mine/witness.vkey" --quorum 1
python3 -IS "$top_srcdir/tests/admin/sign.py" forge "$mine" medgl.test/proof < "$mine/late.ckpt" > "$mine/strange.ckpt"
python3 -IS - "$mine" << 'END' > "$mine/two.vkey"
import base64, hashlib, sys
data = b"\1" + open(sys.argv[1] + "/sign.pub", "rb").read()[-32:]
print("medgl.test/proof+%s+%s" % (hashlib.sha256(b"medgl.test/proof\n" + data).hexdigest()[:8], base64.b64encode(data).decode()))
END
cat "$root/etc/medgl/ledger.vkey" >> "$mine/two.vkey"
ok "the key that signed is behind another one" ledger_check "$mine/two.vkey" export "$mine/lines" --checkpoint "$mine/late.ckpt"
faulty "one ledger under two keys, without an exchange" ledger_check "$mine/two.vkey" export "$mine/lines" \
    --checkpoint "$mine/strange.ckpt" --checkpoint "$mine/late.ckpt"
faulty "an export with nothing signed" checked export "$mine/lines"
faulty "a witness that did not sign that" checked checkpoint "$mine/bad" --witness "$mine/witness.vkey" --quorum 1
chmod 644 "$mine/bad"
exits "is not taken in" 1 ledger cosign --from "$mine/bad"

# -- a key that was exchanged ------------------------------------------------------------------------------------------

cp "$root/etc/medgl/ledger.vkey" "$mine/before.vkey"
exits "the ledger's key is exchanged" 0 key rotate ledger --reason "a test" --yes
over=$(ls "$root/var/lib/medgl/checkpoints" | tail -1)
cp "$root/var/lib/medgl/checkpoints/$over" "$mine/over.ckpt"
admin account enable lp --reason "after the exchange"
save "$mine/new.ckpt" ledger checkpoint
save "$mine/lines2" ledger export
ok "with both keys at hand" checked export "$mine/lines2" --checkpoint "$mine/early.ckpt" \
    --checkpoint "$mine/over.ckpt" --checkpoint "$mine/new.ckpt"
ok "who has the old key follows the exchange" ledger_check "$mine/before.vkey" export "$mine/lines2" \
    --checkpoint "$mine/early.ckpt" --checkpoint "$mine/over.ckpt" --checkpoint "$mine/new.ckpt"
faulty "not without the checkpoint that both signed" ledger_check "$mine/before.vkey" export "$mine/lines2" \
    --checkpoint "$mine/early.ckpt" --checkpoint "$mine/new.ckpt"
exits "ledger verify follows it too" 0 ledger verify --checkpoint "$mine/early.ckpt" --vkey "$mine/before.vkey"
finish
