# Roles (R08 R11): real groups, real sudo with the sudoers file that comes with the product, and the audit login uid of the
# kernel. Whoever logged in counts, whatever root they became.
. "$(dirname "$0")/inside.sh"

# Unset in the sandbox as a rule; a login sets it once, and nobody who logged in can change it.
( echo 0 > /proc/self/loginuid && grep -qx 0 /proc/self/loginuid ) 2> /dev/null ||
    { echo "1..0 # SKIP no login uid can be set here"; exit 0; }
[ ${#operator[@]} != 0 ] || { echo "1..0 # SKIP somebody is logged in here"; exit 0; }

shipped=$(find /usr/share/doc /usr/local/share/doc -path '*sudoers.d/medgl' 2> /dev/null | head -n 1)
machine_with_medgl || exit 1
for name in hanako sora aki nobody1 alice boss; do
    useradd --create-home --shell /bin/bash $name || exit 1
done
usermod --append --groups medgl-helpdesk hanako && usermod --append --groups medgl-security sora &&
    usermod --append --groups medgl-audit aki || exit 1
echo "Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin" >> /etc/sudoers
for name in hanako sora aki nobody1; do # this test is not about what sudo asks
    echo "$name ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers
done
admin account add alice --class staff > /run/add.log && admin account add boss --class privileged >> /run/add.log &&
    admin account add hanako --class staff >> /run/add.log || exit 1

# behind NAME COMMAND...: as somebody who logged in under that name, behind sudo
login='import os, sys
open("/proc/self/loginuid", "w").write(sys.argv[1])
os.execvp("setpriv", ["setpriv", "--reuid", sys.argv[2], "--regid", sys.argv[2], "--init-groups", "--reset-env"] + sys.argv[3:])'
behind() {
    python3 -I -c "$login" "$(id -u "$1")" "$1" sudo -n "${@:2}"
}
# logged NAME COMMAND...: as root, who logged in under that name (su)
logged() {
    python3 -I -c 'import os, sys
open("/proc/self/loginuid", "w").write(sys.argv[1])
os.execvp(sys.argv[2], sys.argv[2:])' "$(id -u "$1")" "${@:2}"
}
may() { # NAME-OF-TEST NAME VERB...
    works "$1" behind "$2" medgl-admin "${@:3}"
}
may_not() { # NAME-OF-TEST NAME TEXT VERB...: refused with that text, and one entry more
    local name=$1 who=$2 text=$3 before status how=behind
    [ "${who%-su}" = "$who" ] || { how=logged who=${who%-su}; }
    before=$(admin ledger export | grep -c '"kind":"role.refused"')
    shift 3
    $how "$who" medgl-admin "$@" > $seen 2>&1 < /dev/null
    status=$?
    echo "exit status $status; entries before: $before" >> $seen
    [ $status = 1 ] && grep -qF -- "$text" $seen && [ "$(admin ledger export | grep -c '"kind":"role.refused"')" = $((before + 1)) ]
    tap $? "$name"
}
size() {
    admin ledger export | wc -l
}

# -- one of each, and nobody -------------------------------------------------------------------------

may "the helpdesk unlocks" hanako account unlock alice --reason "called back"
may "the helpdesk looks" hanako account show alice
may_not "the helpdesk adds nobody" hanako "for members of medgl-security" account add games
may_not "the helpdesk exports no ledger" hanako "medgl-security, medgl-audit" ledger export
may_not "the helpdesk reaches no privileged account" hanako "does not reach" account unlock boss --reason x
may_not "not even to reset its password" hanako "does not reach" password reset boss --verified-by known-in-person --slip /home/hanako/slip
may_not "the helpdesk does not reach its own account" hanako "your own account" account unlock hanako --reason x
admin account add sora --class staff >> /run/add.log
may_not "the helpdesk reaches nobody who has a role, of whatever class" hanako "has a role here" password reset sora --verified-by known-in-person --slip /home/hanako/slip
may_not "nor unlocks them" hanako "has a role here" account unlock sora --reason x
counts "and the entry says why" 2 "k == 'role.refused' and d['why'] == 'holder' and s == 'sora'"
may "security reaches privileged accounts" sora account unlock boss --reason x
may "security adds people" sora account add games
may_not "security opens no documents" sora "for members of medgl-audit" ledger document 1 --key /dev/null --output /run/d
may "the auditor exports the ledger" aki ledger export
may "the auditor verifies it" aki ledger verify
may "the auditor lists drills" aki report drills
may_not "the auditor takes in no cosignatures" aki "for members of medgl-security" ledger cosign --from /dev/null
may_not "and verifies no backup" aki "for members of medgl-security" backup verify --from /dev/null --key /dev/null
checkpoints=$(ls /var/lib/medgl/checkpoints | wc -l)
may "the auditor sees a checkpoint" aki ledger checkpoint
may "and a proof" aki ledger prove 1
works "and keeps neither" test "$(ls /var/lib/medgl/checkpoints | wc -l)" = "$checkpoints"
may_not "the auditor unlocks nobody" aki "medgl-helpdesk, medgl-security" account unlock alice --reason x
may_not "nobody's role does nothing" nobody1 "nobody1 is none" account list
may "but anybody may have the installation looked at" nobody1 doctor --json || :
may_not "a verb that keeps root is no way around (bare)" hanako "medgl-security" key rotate store --reason x --yes
may_not "nor is a restore" aki "medgl-security" backup restore --from /dev/null --key /dev/null --reason x --yes
counts "entries say who it was, by the login uid" 4 \
    "k == 'role.refused' and d['roles'] == 'audit' and d['verb'] not in ('ledger cosign', 'backup verify') or k == 'role.refused' and d['roles'] == '' or k == 'role.refused' and d['verb'] == 'ledger document'"
counts "and about whom" 2 "k == 'role.refused' and d['why'] == 'class' and s == 'boss'"
holds "an alert is raised" 'any(a["kind"] == "role" for a in it["alerts"])' admin alert list --all --json

# -- ways around -------------------------------------------------------------------------------------

refused "--operator does not make somebody else of them" 1 behind hanako medgl-admin --operator sora account list
may_not "su to root keeps the login" hanako-su "for members of medgl-security" account add daemon
works "and root without a login is bound by nothing" admin account show boss
mkdir -p /home/hanako/etc/medgl && ln -s /var /home/hanako/var && echo 'roles = none' > /home/hanako/etc/medgl/policy.conf &&
    cp -p /etc/medgl/*.key /home/hanako/etc/medgl/ && chown -R --no-dereference hanako: /home/hanako
may_not "a private root behind sudo is none" hanako "--root is not for sudo" --root /home/hanako account list
groupadd hanako-friends && usermod --append --groups hanako-friends hanako
for i in $(seq 1 300); do echo "many$i:x:$((5000 + i)):hanako"; done >> /etc/group
may "three hundred groups more hide no role" hanako account list
cp -p /etc/group /etc/group.before
sed -i 's/^medgl-helpdesk:[^:]*:\([0-9]*\):.*/medgl-helpdesk:x:\1:hanako2, hanako ,x hanako/' /etc/group
may_not "a name that is only in another one's is none" hanako "hanako is none" account list
sed -i '/^medgl-helpdesk:/d' /etc/group
may_not "without the group nobody has the role" hanako "hanako is none" account list
rm /etc/group && mkdir /etc/group
may_not "groups that cannot be read give no role" sora-su "sora is none" account list
rmdir /etc/group && cp -p /etc/group.before /etc/group
useradd --create-home --user-group medgl-audit2
may_not "a group named nearly like it is none" medgl-audit2-su "is none" ledger export
userdel nobody1
( echo 7777 > /proc/self/loginuid; medgl-admin account list ) > $seen 2>&1
[ $? = 1 ] && grep -q "uid 7777 is none" $seen
tap $? "a login uid without a name has no role"

# -- the auditor changes nothing ---------------------------------------------------------------------

before=$(size)
for verb in "account list" "ledger show" "ledger verify" "report access" "grant list" "session list" "key list" "backup list" \
    "policy show" "alert list" "ledger checkpoint" "ledger prove 1" "ledger cosign --from /dev/null" "account unlock alice --reason x" "account disable alice --reason x" "grant revoke 00000000 --reason x" \
    "password revoke alice --reason x" "alert test"; do
    behind aki medgl-admin $verb > /dev/null 2>&1 < /dev/null
done
echo "before $before, after $(size)" > $seen
admin ledger export | tail -n +$((before + 1)) | grep -v '"kind":"\(role.refused\|alert.raise\)"' >> $seen
[ "$(wc -l < $seen)" = 1 ] && [ "$(size)" -ge $((before + 5)) ]
tap $? "what an auditor tries leaves refused tries alone"

# -- roles = none, and a store that is not there -----------------------------------------------------

echo 'roles = none' > $policy
works "without roles whoever becomes root does everything" behind hanako medgl-admin account add sys
rm $policy
mv /var/lib/medgl/medgl.db /var/lib/medgl/away
logged hanako medgl-admin account add mail > $seen 2>&1
[ $? = 1 ] && grep -q "for members of medgl-security" $seen && ! grep -q "written down" $seen
tap $? "what cannot be written down is refused all the same"
says "and the log has it" "which their role does not allow" $log
mv /var/lib/medgl/away /var/lib/medgl/medgl.db

# -- doctor, and the sudoers file --------------------------------------------------------------------

usermod --append --groups medgl-audit sora
admin doctor > /run/doctor 2>&1
says "doctor names who reviews and acts (R08)" "another role's group: sora" /run/doctor
says "and who has a role in the class of everybody (R08)" "of the class staff: hanako, sora" /run/doctor
says "and who runs everything beside a role" "hanako runs everything as root" /run/doctor
sed -i '/NOPASSWD/d' /etc/sudoers
echo '@includedir /etc/sudoers.d' >> /etc/sudoers
works "there is a sudoers file" test -n "$shipped"
sed 's/= (root) /= (root) NOPASSWD: /' "$shipped" > /etc/sudoers.d/medgl && chmod 440 /etc/sudoers.d/medgl
works "it is a good one" visudo -c
works "by it the helpdesk unlocks" behind hanako medgl-admin account unlock alice --reason "x y"
denied() { # NAME-OF-TEST COMMAND...: sudo itself does not run it
    behind hanako "${@:2}" > $seen 2>&1 < /dev/null
    [ $? = 1 ] && grep -q '^sudo: \|^Sorry' $seen
    tap $? "$1"
}
denied "but has no other root" medgl-admin account list --root /home/hanako
denied "nor by another spelling" medgl-admin account list --root=/home/hanako
denied "nor before the verb" medgl-admin --root=/ account list
denied "nor a shell" sh -c true
denied "nor an editor" vi /etc/sudoers
denied "nor what is security's" medgl-admin account add news
works "the auditor's part" behind aki medgl-admin ledger verify
refused "the auditor resets nothing" 1 behind aki medgl-admin password reset alice
works "security's part" behind sora medgl-admin account add news
evidence_holds role.refused
finish
