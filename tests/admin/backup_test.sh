# Backups (R36) by the built program, with OpenSSL and tar as the other side: what is in one, that none that was tampered with is
# taken, that a restore brings back what was there and no code that was used since.
. "$(dirname "$0")/common.sh"
state=$root/var/lib/medgl etc=$root/etc/medgl
backups=$root/var/backups/medgl

run() { # as the installation's owner
    # shellcheck disable=SC2086
    $user "$@" > "$out" 2> "$err"
}
keys() { # NAME: a key and its certificate in $work/mine
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/mine/$1.key" -out "$work/mine/$1.pem" -days 100 \
        -subj "/CN=$1" > /dev/null 2>&1 && chmod 600 "$work/mine/$1.key"
    [ -z "$user" ] || chown 65534:65534 "$work/mine/$1.key" "$work/mine/$1.pem"
}
own() { [ -z "$user" ] || chown -R 65534:65534 "$1"; }
newest() { ls "$backups"/medgl-*.cms | tail -1; }

# Where configure put things under the private root.
admin setup --origin test.example/medgl
verdict "an installation" $?
state=$(find "$root" -name medgl.db -printf '%h\n') etc=$(find "$root" -name store.key -printf '%h\n')
mkdir -p "$backups" && own "$root/var/backups"
keys backup && keys other

says "without backup.pem none is made, and it says what to do" 1 'backup.pem is missing.*medgl-backup\(7\)' backup create
cp "$work/mine/backup.pem" "$etc/" && own "$etc/backup.pem"
printf 'kdf_memory = 19 MiB\nkdf_time = 2\nbackup_keep = 3\n' > "$etc/policy.conf" && own "$etc/policy.conf"

admin doctor
tr -s ' ' < "$out" | grep -q '^warning backup no backup was made yet'
verdict "doctor does not say that backups are made before one was" $?
chmod 500 "$backups"
says "where none can be made it says where, and what the unit may write to" 4 'var/backups/medgl: Permission denied.*ReadWritePaths' backup create
chmod 700 "$backups"
json "R36: one is made" 0 'd["backup"][0]["size"] >= 1 and len(d["backup"][0]["digest"]) == 64' backup create
file=$(newest)
[ "$(stat -c %a "$file")" = 600 ] && ! ls "$backups" | grep -q part
verdict "it is the store owner's alone" $?
[ -z "$(ls -A "$state/backup")" ]
verdict "nothing readable is left of it" $?
json "it is listed" 0 'len(d["backups"]) == 1 and d["backups"][0]["verified"] is None' backup list
says "R36: a restore of it would work" 0 'A restore of it would work' backup verify --from "$file" --key "$work/mine/backup.key"
json "and the list says so" 0 'd["backups"][0]["verified"] is not None' backup list
says "the ledger says so" 0 'backup\.verify' ledger show --kind backup.verify
[ -z "$(ls -A "$state/backup")" ]
verdict "nothing readable is left of that" $?
json "R32: the break-glass accounts are in it" 0 'd["backup"][0]["breakglass"] is True' \
    backup verify --from "$file" --key "$work/mine/backup.key"
exits "another key does not open it" 4 backup verify --from "$file" --key "$work/mine/other.key"

# -- the other side -------------------------------------------------------------------------------
plain=$work/mine/plain.tar
run openssl cms -decrypt -inform DER -in "$file" -inkey "$work/mine/backup.key" -out "$plain"
verdict "openssl opens it" $?
tar -tf "$plain" > "$work/names" && head -1 "$work/names" | grep -qx manifest && grep -qx state/medgl.db "$work/names" &&
    grep -qx etc/store.key "$work/names" && grep -qx etc/policy.conf "$work/names" && ! grep -q '\.new$' "$work/names"
verdict "tar lists it, the manifest first" $?
mkdir "$work/mine/open" && tar -xf "$plain" -C "$work/mine/open" &&
    (cd "$work/mine/open" && sed -n '6,/^$/p' manifest | while read -r digest bytes name; do
        [ -z "$digest" ] || { echo "$digest  $name" | sha256sum -c --quiet && [ "$(stat -c %s "$name")" = "$bytes" ]; } || exit 1
    done)
verdict "its manifest is what sha256sum says" $?
cmp -s "$work/mine/open/etc/store.key" "$etc/store.key"
verdict "the keys are in it" $?

# -- what was tampered with -----------------------------------------------------------------------
# Each is sealed again to the same certificate: a backup that everybody can make.
seal() { # TAR NAME
    openssl cms -encrypt -binary -stream -aes256 -outform DER -in "$1" -out "$work/mine/$2.cms" -recip "$work/mine/backup.pem" \
        -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256 &&
        own "$work/mine/$2.cms"
}
refused() { # NAME, of the file $work/mine/bad.cms
    exits "R08: refused: $1" 5 backup verify --from "$work/mine/bad.cms" --key "$work/mine/backup.key"
    exits "R08: not restored: $1" 5 backup restore --from "$work/mine/bad.cms" --key "$work/mine/backup.key" --reason x --yes
}
tamper() { # NAME EXPRESSION of Python over the list `m` of members: (TarInfo, bytes)
    python3 -IS - "$plain" "$work/mine/bad.tar" "$2" << 'EOF' && seal "$work/mine/bad.tar" bad && refused "$1"
import io, sys, tarfile
old = tarfile.open(sys.argv[1])
m = [(i, old.extractfile(i).read()) for i in old]
names = {i.name: n for n, (i, b) in enumerate(m)}
def info(name, **more):
    i = tarfile.TarInfo(name)
    for k, v in more.items():
        setattr(i, k, v)
    return i
def put(n, bytes):
    m[n][0].size = len(bytes)
    m[n] = (m[n][0], bytes)
exec(sys.argv[3])
new = tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT)
for i, b in m:
    i.size = len(b) if i.isreg() else 0
    new.addfile(i, io.BytesIO(b))
new.close()
EOF
}
seal "$plain" good
says "what is sealed again unchanged is a backup" 0 'would work' backup verify --from "$work/mine/good.cms" --key "$work/mine/backup.key"
tamper "a byte of the store" 'n = names["state/medgl.db"]; b = bytearray(m[n][1]); b[5000] ^= 1; put(n, bytes(b))'
tamper "a longer policy" 'n = names["etc/policy.conf"]; put(n, m[n][1] + b"# x\n")'
tamper "a member more" 'm.append((info("etc/extra"), b"x"))'
tamper "a member less" 'm.pop()'
tamper "two of one name" 'm.insert(2, m[1])'
tamper "another order" 'm[1], m[2] = m[2], m[1]'
tamper "no manifest" 'm.pop(0)'
tamper "the manifest last" 'm.append(m.pop(0))'
tamper "a name that leads out" 'm[1][0].name = "../../escaped"'
tamper "an absolute name" 'm[1][0].name = "/tmp/escaped"'
tamper "a link in a member's place" 'i = m[1][0]; i.type = tarfile.SYMTYPE; i.linkname = "/etc/passwd"; m[1] = (i, b"")'
tamper "a hard link" 'i = m[2][0]; i.type = tarfile.LNKTYPE; i.linkname = m[1][0].name; m[2] = (i, b"")'
tamper "a device" 'i = m[1][0]; i.type = tarfile.CHRTYPE; i.devmajor = 1; i.devminor = 8; m[1] = (i, b"")'
tamper "a manifest without its signature" 'put(0, m[0][1].split(b"\n\n")[0] + b"\n\n")'
tamper "a manifest that says more" 'put(0, m[0][1].replace(b"\n\n", b"\n" + b"0" * 64 + b" 1 state/z\n\n", 1)); m.append((info("state/z"), b"z"))'
tamper "a manifest with a name that leads out" 'put(0, m[0][1].replace(b" etc/policy.conf", b" etc/../policy.conf")); m[names["etc/policy.conf"]][0].name = "etc/../policy.conf"'
tamper "a manifest that lists more than there can be" 'put(0, m[0][1].replace(b"\n\n", b"\n" + b"0" * 64 + b" 99999999999999 state/z\n\n", 1))'
tamper "another ledger key with its own manifest" 'n = names["etc/ledger.key"]; put(n, m[n][1].replace(b"A", b"B"))'
head -c 20000 "$file" > "$work/mine/bad.cms" && own "$work/mine/bad.cms" && refused "a part of a file"
echo nonsense > "$work/mine/bad.cms" && own "$work/mine/bad.cms" && refused "no backup at all"
[ ! -e /tmp/escaped ] && [ -z "$(find "$work" -name escaped)" ] && [ -z "$(ls -A "$state/backup")" ] && [ ! -e "$state.restore" ] &&
    ! ls -d "$state".before-* 2> /dev/null
verdict "none of them left anything behind" $?
exits "and the store verifies" 0 ledger verify

# -- generations ----------------------------------------------------------------------------------
touch "$backups/medgl-mine.cms" "$backups/note" && own "$backups"
for _ in 1 2 3 4; do admin backup create || break; sleep 1; done
[ "$(ls "$backups"/medgl-2*.cms | wc -l)" = 3 ] && [ -e "$backups/medgl-mine.cms" ] && [ -e "$backups/note" ] && [ ! -e "$file" ]
verdict "R36: the policy's number of generations stays, and no other file goes" $?
json "the list has those" 0 'len(d["backups"]) == 3' backup list
json "R36: a file that no row names is told of, and no other" 0 '[f["file"].endswith("/medgl-mine.cms") for f in d["unnamed"]] == [True] and d["missing"] == []' backup list
says "and what to do with it" 0 'knows nothing of these files' backup list
rm -f "$backups/medgl-mine.cms"
last=$(newest) && mv "$last" "$work/mine/away.cms"
json "R36: one whose file is missing is told of" 0 'len(d["missing"]) == 1 and d["unnamed"] == []' backup list
says "and what to do about it" 0 'not there any more' backup list
mv "$work/mine/away.cms" "$last"
cp "$(newest)" "$work/mine/kept.cms" && own "$work/mine/kept.cms"
exits "one to a file that was named" 0 backup create --output "$work/mine/named.cms"
exits "over nothing that is there" 2 backup create --output "$work/mine/named.cms"
[ "$(ls "$backups"/medgl-2*.cms | wc -l)" = 3 ]
verdict "which takes no generation's place" $?

# -- restore --------------------------------------------------------------------------------------
exits "it has to be confirmed" 2 backup restore --from "$work/mine/kept.cms" --key "$work/mine/backup.key" --reason drill
before=$(head -1 "$etc/ledger.vkey")
exits "the ledger key is exchanged" 0 key rotate ledger --reason drill --yes
rm -f "$etc/backup.pem"
json "R36: a restore over what is there" 0 'd["restored"][0]["lost"] > 0 and d["restored"][0]["kept"] and d["restored"][0]["codes_open"] == 0' \
    backup restore --from "$work/mine/kept.cms" --key "$work/mine/backup.key" --reason drill --yes
says "the ledger says so" 0 'backup\.restore' ledger show --kind backup.restore
says "R37: and that an older ledger key is in force again" 0 '"keys_back":"ledger"' ledger export
json "R37: and so does the alert" 0 'any("ledger key is an older one" in a["text"] for a in d["alerts"])' alert list
json "R36: the backup that it came from is listed, and what is there is there" 0 \
    '[b["undone"] for b in d["backups"] if b["verified"]] == [False] and [b["undone"] for b in d["backups"] if b["file"].endswith("/named.cms")] == [True]
        and d["unnamed"] == [] and d["missing"] == []' backup list
exits "and verifies" 0 ledger verify
[ "$(wc -l < "$etc/ledger.vkey")" = 2 ] && [ "$(head -1 "$etc/ledger.vkey")" = "$before" ]
verdict "R37: the verifier keys of both times are kept, the one in force first" $?
[ ! -e "$etc/backup.pem" ] && [ -e "$etc/backup.pem.from-backup" ]
verdict "R36: a setting that was taken away since comes not into force" $?
ls -d "$state".before-*/medgl.db > "$out" 2> "$err"
verdict "what was there is kept" $?
[ ! -e "$state.restore" ] && [ ! -e "$state/never-in-place" ] && [ ! -e "$etc/store.key.new" ]
verdict "nothing half-done is left" $?
json "an alert says so" 0 'any(a["kind"] == "restore" for a in d["alerts"])' alert list

# On a machine where nothing is.
mv "$root" "$work/old" && mkdir "$root" && own "$root"
exits "R36: a restore on a new machine" 0 backup restore --from "$work/mine/kept.cms" --key "$work/mine/backup.key" --reason fire --yes
exits "which verifies" 0 ledger verify
says "and says that what was used since is not known" 0 '"known":false' ledger export
[ -e "$(find "$root" -name policy.conf)" ] && [ "$(find "$root" -name store.key -printf %m)" = 400 ]
verdict "with keys and policy" $?

# A backup of another ledger.
mv "$root" "$work/new" && mkdir "$root" && own "$root"
admin setup --origin other.example/medgl
says "R08: a backup of another ledger is not put in place" 1 'another ledger' \
    backup restore --from "$work/mine/kept.cms" --key "$work/mine/backup.key" --reason swap --yes
exits "which goes on" 0 ledger verify

# A key with a passphrase is asked for it on a terminal alone.
openssl rsa -aes256 -passout pass:x1 -in "$work/mine/backup.key" -out "$work/mine/locked.key" 2> /dev/null
own "$work/mine/locked.key"
says "a passphrase needs a terminal" 1 'passphrase' backup verify --from "$work/mine/kept.cms" --key "$work/mine/locked.key" < /dev/null

# -- a store of break-glass accounts that cannot be opened -----------------------------------------------------------------

cp "$work/mine/backup.pem" "$root/etc/medgl/" && own "$root/etc/medgl/backup.pem"
chmod 0 "$root/var/lib/medgl-breakglass/breakglass.db"
exits "one is made without them, where their store cannot be opened" 0 backup create --output "$work/mine/without.cms"
chmod 600 "$root/var/lib/medgl-breakglass/breakglass.db"
json "which its verification says" 0 'd["backup"][0]["breakglass"] is False' \
    backup verify --from "$work/mine/without.cms" --key "$work/mine/backup.key"
grep -q 'break-glass accounts are not in it' "$err"
verdict "in words too" $?

finish
