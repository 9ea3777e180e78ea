/* What doctor finds on the host and in the rules: who gets in beside them, whom they keep out, and
 * whether anybody is told (R04, R05, R07, R22, R25, R27, R28, R34, R39). */
#include "tests/unit/doctor_fixture.h"

#include "operation/alert.h"
#include "operation/import.h"
#include "operation/policy_seen.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSWD "/etc/passwd"
#define SHADOW "/etc/shadow"
#define SUBUID "/etc/subuid"
#define ROOT   "root:x:0:0:root:/root:/bin/bash\n"
#define HASH   "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"

#define USER(name, uid)   name ":x:" uid ":100::/home/" name ":/bin/bash\n"
#define SYSTEM(name)      name ":x:33:33::/var/" name ":/usr/sbin/nologin\n"
#define ENTRY(name, hash) name ":" hash ":19700:0:99999:7:::\n"
#define NULLOK                                                                                     \
    {                                                                                              \
        PAM "login", "auth required pam_unix.so nullok\n"                                          \
    }
#define KEYS  ".ssh/authorized_keys"
#define QUIET "ok people no vendor"

/* R28. */
static const struct row people_rows[] = {
    {"nobody but root and people",
     {{PASSWD, ROOT USER("bob", "1001")}, {SHADOW, ENTRY("root", HASH) ENTRY("bob", HASH)}},
     QUIET,
     "fault"},
    {"no passwd at all", {{SHADOW, ENTRY("root", HASH)}}, "ok", " people "},
    {"shadow that cannot be read", {{PASSWD, ROOT}, {SHADOW, LOOP}}, "warning people /", QUIET},
    {"shadow that is a pipe",
     {{PASSWD, ROOT}, {SHADOW, a_fifo}},
     "not a regular file: who can log in",
     QUIET},
    {"shadow of 10 MB",
     {{PASSWD, ROOT}, {SHADOW, too_large}},
     "larger than 4 MiB: who can log in",
     QUIET},
    {"passwd that cannot be read", {{PASSWD, LOOP}}, "warning people /", QUIET},
    {"passwd that is a directory", {{PASSWD, a_directory}}, "it is not a regular file", QUIET},
    {"passwd of 10 MB", {{PASSWD, too_large}}, "it is larger than", QUIET},
    {"passwd with bytes of zero", {{PASSWD, a_nul}}, "2 malformed lines", "fault"},
    {"a line that is cut off",
     {{PASSWD, ROOT "bob:x:1001\n"}},
     "passwd has 1 malformed lines",
     NULL},
    {"a uid that is none", {{PASSWD, ROOT "bob:x:1x:1::/:/bin/sh\n"}}, "1 malformed", NULL},
    {"a name with a control character",
     {{PASSWD, ROOT "b\033[2Jb:x:0:1::/:/bin/sh\n"}},
     "1 malformed",
     "\033"},
    {"lines of NIS", {{PASSWD, ROOT "+::::::\n-bob::::::\n"}}, QUIET, "malformed"},
    {"a system account, locked",
     {{PASSWD, SYSTEM("www-data")}, {SHADOW, ENTRY("www-data", "*")}},
     QUIET,
     NULL},
    {"a system account with a password",
     {{PASSWD, SYSTEM("www-data")}, {SHADOW, ENTRY("www-data", HASH)}},
     "warning people www-data (uid 33), an account of the system, can log in with a password",
     NULL},
    {"its hash in passwd",
     {{PASSWD, "daemon:" HASH ":1:1::/:/usr/sbin/nologin\n"}},
     "daemon (uid 1), an account of the system",
     NULL},
    {"its hash made useless",
     {{PASSWD, SYSTEM("www-data")}, {SHADOW, ENTRY("www-data", "!" HASH)}},
     QUIET,
     NULL},
    {"its hash of a kind that nothing matches",
     {{PASSWD, SYSTEM("www-data")}, {SHADOW, ENTRY("www-data", "NP")}},
     QUIET,
     NULL},
    {"its account expired",
     {{PASSWD, SYSTEM("www-data")}, {SHADOW, "www-data:" HASH ":1:0:9:7::1:\n"}},
     QUIET,
     NULL},
    {"a name of vendors",
     {{PASSWD, USER("pi", "1000")}, {SHADOW, ENTRY("pi", HASH)}},
     "warning people pi (uid 1000), a name that vendors give, can log in",
     NULL},
    {"in capitals",
     {{PASSWD, USER("Admin", "1000")}, {SHADOW, ENTRY("Admin", HASH)}},
     "people Admin (uid",
     NULL},
    {"with a number",
     {{PASSWD, USER("test12", "1000")}, {SHADOW, ENTRY("test12", HASH)}},
     "people test12 (uid",
     NULL},
    {"a name that begins like one",
     {{PASSWD, USER("testa", "1000")}, {SHADOW, ENTRY("testa", HASH)}},
     QUIET,
     NULL},
    {"enrolled under it",
     {{PASSWD, USER("oracle", "1000")}, {SHADOW, ENTRY("oracle", HASH)}},
     QUIET,
     NULL,
     "oracle 1000 staff"},
    {"a key alone",
     {{PASSWD, USER("ubuntu", "1000")},
      {SHADOW, ENTRY("ubuntu", "!")},
      {"/home/ubuntu/" KEYS, "# x\nssh-ed25519 AAAA\n"}},
     "ubuntu (uid 1000), a name that vendors give, can log in with an ssh key",
     "AAAA"},
    {"a file of keys without a key",
     {{PASSWD, USER("ubuntu", "1000")},
      {SHADOW, ENTRY("ubuntu", "!")},
      {"/home/ubuntu/" KEYS, "# x\n\n"}},
     QUIET,
     NULL},
    {"a file of keys that is a pipe",
     {{PASSWD, USER("ubuntu", "1000")},
      {SHADOW, ENTRY("ubuntu", "!")},
      {"/home/ubuntu/" KEYS, a_fifo}},
     QUIET,
     NULL},
    {"a file of keys that is a link to a device",
     {{PASSWD, USER("ubuntu", "1000")},
      {SHADOW, ENTRY("ubuntu", "!")},
      {"/home/ubuntu/" KEYS, to_ptmx}},
     QUIET,
     NULL},
    {"shadow that is a link to a device",
     {{PASSWD, ROOT}, {SHADOW, to_ptmx}},
     "not a regular file: who can log in",
     QUIET},
    {"a uid that would leave root root",
     {{PASSWD, USER("bob", "4294967295")}, {"/home/bob/.rhosts", "+ +\n"}},
     "warning people the home of bob, /home/bob, did not let itself be looked at",
     "believes"},
    {"a key without a shell",
     {{PASSWD, "git:x:99:99::/home/git:/bin/false\n"},
      {SHADOW, ENTRY("git", "!")},
      {"/home/git/" KEYS, "ssh-ed25519 A\n"}},
     QUIET,
     NULL},
    {"a second root",
     {{PASSWD, ROOT USER("toor", "0")}, {SHADOW, ENTRY("toor", HASH)}},
     "fault people toor has uid 0, as root has, and can log in",
     NULL},
    {"a second root, locked",
     {{PASSWD, ROOT USER("toor", "0")}, {SHADOW, ENTRY("toor", "*")}},
     "warning people toor has uid 0",
     "fault"},
    {"an empty password",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "")}},
     "warning people bob has an empty password",
     "fault"},
    {"and PAM takes it",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "")}, NULLOK},
     "fault people bob has an empty password, and a PAM service takes it",
     NULL},
    {"an empty password in passwd",
     {{PASSWD, "bob::1001:1::/:/bin/sh\n"}, NULLOK},
     "fault people bob has an empty",
     NULL},
    {"an enrolled one",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "")}, NULLOK},
     "fault people bob has an empty",
     NULL,
     "bob 1001 staff"},
    {"hosts that a person believes",
     {{PASSWD, USER("bob", "1001")}, {"/home/bob/.rhosts", "+ +\n"}},
     "warning people bob believes other hosts",
     NULL},
    {"locked by hand",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "!" HASH)}},
     "warning people the Unix password of bob was locked by hand",
     NULL,
     "bob 1001 staff"},
    {"break-glass, with a password",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", HASH)}},
     "warning people the break-glass account bob has a Unix password",
     NULL,
     "bob 1001 breakglass"},
    {"break-glass, locked",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "!" HASH)}},
     QUIET,
     NULL,
     "bob 1001 breakglass"},
    {"break-glass, with another uid by now",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "!")}},
     "fault accounts bob was enrolled with uid 1002 and has uid 1001",
     NULL,
     "bob 1002 breakglass"},
    {"never had one",
     {{PASSWD, USER("bob", "1001")}, {SHADOW, ENTRY("bob", "!")}},
     QUIET,
     NULL,
     "bob 1001 staff"},
};

/* R25, R27. */
static const struct row account_rows[] = {
    {"its Unix user is there",
     {{PASSWD, USER("bob", "1001")}},
     "ok accounts no account's",
     "warning accounts",
     "bob 1001 staff"},
    {"its Unix user is gone",
     {{PASSWD, ROOT}},
     "warning accounts bob is enrolled, and its Unix user is gone",
     NULL,
     "bob 1001 staff"},
    {"its Unix user is another one",
     {{PASSWD, USER("bob", "1002")}},
     "fault accounts bob was enrolled with uid 1001 and has uid 1002",
     NULL,
     "bob 1001 staff"},
    {"R32: the uid of a break-glass account is another name's",
     {{PASSWD, USER("bob", "1001") USER("eve", "1001")}},
     "fault accounts eve has uid 1001, as break-glass account bob has",
     NULL,
     "bob 1001 breakglass"},
    {"R32: it is in a range of containers",
     {{PASSWD, USER("bob", "100500")}, {SUBUID, "eve:100000:65536\n"}},
     "fault accounts uid 100500 of break-glass account bob is in a range",
     NULL,
     "bob 100500 breakglass"},
    {"R32: it is beside that range",
     {{PASSWD, USER("bob", "99999") USER("al", "165536")},
      {SUBUID, "eve:100000:65536\n:\nx:y:z\neve:1\n"}},
     "ok accounts",
     "fault accounts",
     "bob 99999 breakglass, al 165536 breakglass"},
    {"R32: another name has the uid of one that is disabled",
     {{PASSWD, USER("eve", "1001")}, {SUBUID, "al:1000:9\n"}},
     "warning accounts uid 1001 of break-glass account bob, which is not active any more, is that "
     "of eve now",
     "fault accounts",
     "bob 1001 breakglass disabled"},
    {"R32: another name has it as well",
     {{PASSWD, USER("eve", "1001") USER("bob", "1001")}},
     "fault accounts eve has uid 1001, as break-glass account bob has: whatever runs under it is",
     "ends nothing under it",
     "bob 1001 breakglass disabled"},
    {"R32: the uid of one that is disabled is in a range of containers",
     {{PASSWD, USER("eve", "1002")}, {SUBUID, "eve:100000:65536\n"}},
     "fault accounts uid 100500 of break-glass account bob is in a range",
     NULL,
     "bob 100500 breakglass disabled"},
    {"R32: its name has another uid",
     {{PASSWD, USER("bob", "1002")}, {SUBUID, "eve:100000:65536\n"}},
     "ok",
     "is in a range",
     "bob 100500 breakglass disabled"},
    {"R33: the first process counts to a login",
     {{PASSWD, ROOT}, {"/proc/1/loginuid", "1000"}},
     ": the first process of this machine counts to a login",
     NULL,
     NULL},
    {"R33: the first process counts to none",
     {{PASSWD, ROOT}, {"/proc/1/loginuid", "4294967295"}},
     "breakglass",
     "counts to a login",
     NULL},
    {"R30: services of a vendor go on",
     {{PASSWD, USER("bob", "1001")}, {"/var/lib/systemd/linger/bob", ""}},
     "warning accounts services that bob started go on",
     NULL,
     "bob 1001 maintenance"},
    {"R30: those of staff may",
     {{PASSWD, USER("bob", "1001")}, {"/var/lib/systemd/linger/bob", ""}},
     "ok accounts",
     "services that",
     "bob 1001 staff"},
    {"R30: they end with the session",
     {{PASSWD, USER("bob", "1001")}, {"/var/lib/systemd/linger/bobby", ""}},
     "ok accounts",
     "services that",
     "bob 1001 maintenance"},
    {"others share theirs",
     {{PASSWD, USER("bob", "1001") USER("eve", "1001")}, {SUBUID, "eve:1000:65536\n"}},
     "ok accounts",
     "fault accounts",
     "bob 1001 staff"},
    {"one privileged of two",
     {{PASSWD, ROOT}},
     "ok accounts 1 of 2 active accounts is privileged: a",
     "these are many",
     "a 1 privileged, b 2 staff"},
    {"three of four",
     {{PASSWD, ROOT}},
     "warning accounts 3 of 4 active accounts are privileged: a, b, c: these are many",
     NULL,
     "a 1 privileged, b 2 privileged, c 3 privileged, d 4 staff"},
    {"nobody is", {{PASSWD, ROOT}}, "ok", "privileged:", "a 1 staff"},
};

#define SUDOERS "/etc/sudoers"
static const struct row sudo_rows[] = {
    {"no sudo", {{PASSWD, ROOT}}, "ok", " sudo "},
    {"with a password",
     {{SUDOERS, "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n"}},
     "ok sudo",
     NULL},
    {"a group without",
     {{SUDOERS, "%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n"}},
     "warning sudo /",
     "ok sudo"},
    {"an enrolled user without",
     {{SUDOERS, "bob ALL = NOPASSWD:ALL\n"}},
     "bob becomes root without",
     NULL,
     "bob 1001 privileged"},
    {"one who is not enrolled", {{SUDOERS, "bob ALL=(root) NOPASSWD: ALL\n"}}, "ok sudo", NULL},
    {"the second of two",
     {{SUDOERS, "carol, bob ALL=NOPASSWD: ALL\n"}},
     ": bob becomes root",
     "carol",
     "bob 1001 staff"},
    {"one command", {{SUDOERS, "%sudo ALL=NOPASSWD: /bin/true\n"}}, "ok sudo", NULL},
    {"a role's group and everything, behind a password (R08)",
     {{SUDOERS, "%medgl-helpdesk ALL=(ALL:ALL) ALL\n"}},
     "%medgl-helpdesk runs everything as root",
     "ok sudo"},
    {"the same after its commands",
     {{SUDOERS, "%medgl-audit ALL=(root) /usr/sbin/medgl-admin, PASSWD: ALL\n"}},
     "%medgl-audit runs everything as root",
     "ok sudo"},
    {"a role's group and its commands",
     {{SUDOERS, "%medgl-security ALL=(root) /usr/sbin/medgl-admin\n"}},
     "ok sudo",
     NULL},
    {"one command, and all with a password",
     {{SUDOERS, "%sudo ALL=NOPASSWD: /bin/true, PASSWD: ALL\n"}},
     "ok sudo",
     NULL},
    {"behind another tag",
     {{SUDOERS, "%sudo ALL=(ALL) NOPASSWD:SETENV: ALL\n"}},
     "warning sudo",
     NULL},
    {"a comment", {{SUDOERS, "# %sudo ALL=NOPASSWD: ALL\n"}}, "ok sudo", NULL},
    {"a line that goes on",
     {{SUDOERS, "%sudo ALL=\\\n NOPASSWD: \\\n ALL\n"}},
     "warning sudo",
     NULL},
    {"a directory of files",
     {{SUDOERS, "@includedir /etc/sudoers.d\n"},
      {"/etc/sudoers.d/90-cloud", "%x ALL=NOPASSWD:ALL\n"}},
     "sudoers.d/90-cloud: %x becomes root",
     NULL},
    {"the old notation",
     {{SUDOERS, "#includedir /etc/sudoers.d\n"}, {"/etc/sudoers.d/x", "%x ALL=NOPASSWD:ALL\n"}},
     "%x becomes root",
     NULL},
    {"a name that sudo passes over",
     {{SUDOERS, "@includedir /etc/sudoers.d\n"}, {"/etc/sudoers.d/x.bak", "%x ALL=NOPASSWD:ALL\n"}},
     "ok sudo",
     NULL},
    {"includes itself", {{SUDOERS, "@include /etc/sudoers\n"}}, "ok sudo", NULL},
    {"!authenticate", {{SUDOERS, "Defaults:%adm !authenticate\n"}}, "warning sudo", NULL},
    {"cannot be read", {{SUDOERS, LOOP}}, "sudoers cannot be read", NULL},
    {"10 MB in a line", {{SUDOERS, too_large}}, "it is larger than", NULL},
    {"bytes of zero", {{SUDOERS, a_nul}}, "ok sudo", "fault"},
};

#define UNITS  "/etc/systemd/system/"
#define DROP   UNITS "getty@tty1.service.d/autologin.conf"
#define ASKS   "ok autologin no automatic logon"
#define ENTERS "fault autologin /"

/* R39. */
static const struct row autologin_rows[] = {
    {"nothing", {{PASSWD, ROOT}}, ASKS, "fault"},
    {"Debian's own",
     {{"/usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=-/sbin/agetty -o '-p -- "
                                                 "\\\\u' --noclear - $TERM\nStandardInput=tty\n"}},
     ASKS,
     NULL},
    {"--autologin in a drop-in",
     {{DROP,
       "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin bob --noclear %I $TERM\n"}},
     ENTERS,
     ASKS},
    {"--autologin=",
     {{DROP, "[Service]\nExecStart=-/sbin/agetty --autologin=bob %I\n"}},
     ENTERS,
     NULL},
    {"-a", {{DROP, "[Service]\nExecStart=-/sbin/agetty -a bob %I\n"}}, ENTERS, NULL},
    {"-8a", {{DROP, "[Service]\nExecStart=-/sbin/agetty -8abob %I\n"}}, ENTERS, NULL},
    {"-n", {{DROP, "[Service]\nExecStart=/sbin/agetty -nl /bin/sh %I\n"}}, ENTERS, NULL},
    {"--skip-login", {{DROP, "[Service]\nExecStart=/sbin/agetty --skip-login %I\n"}}, ENTERS, NULL},
    {"an argument with an a", {{DROP, "[Service]\nExecStart=/sbin/agetty -lan %I\n"}}, ASKS, NULL},
    {"taken back",
     {{DROP,
       "[Service]\nExecStart=/sbin/agetty -a bob %I\nExecStart=\nExecStart=/sbin/agetty %I\n"}},
     ASKS,
     NULL},
    {"a comment", {{DROP, "[Service]\n#ExecStart=/sbin/agetty -a bob %I\n"}}, ASKS, NULL},
    {"a line that goes on",
     {{DROP, "[Service]\nExecStart=/sbin/agetty \\\n --autologin \\\n bob %I\n"}},
     ENTERS,
     NULL},
    {"a serial line",
     {{UNITS "serial-getty@ttyS0.service", "[Service]\nExecStart=/sbin/agetty -a root %I\n"}},
     ENTERS,
     NULL},
    {"of this boot",
     {{"/run/systemd/system/console-getty.service.d/x.conf",
       "[Service]\nExecStart=/sbin/agetty -a root -\n"}},
     ENTERS,
     NULL},
    {"of the vendor",
     {{"/usr/lib/systemd/system/autovt@.service", "[Service]\nExecStart=/sbin/agetty -a root -\n"}},
     ENTERS,
     NULL},
    {"of the vendor, a drop-in",
     {{"/usr/lib/systemd/system/container-getty@.service.d/x.conf",
       "[Service]\nExecStart=/sbin/agetty -a root -\n"}},
     ENTERS,
     NULL},
    {"mingetty",
     {{UNITS "kiosk.service", "[Service]\nExecStart=/sbin/mingetty --autologin bob tty2\n"}},
     ENTERS,
     NULL},
    {"login -f",
     {{UNITS "kiosk.service", "[Service]\nExecStart=/bin/login -f bob\n"}},
     ENTERS,
     NULL},
    {"a shell on a terminal",
     {{UNITS "kiosk.service", "[Service]\nStandardInput=tty\nExecStart=/bin/bash\n"}},
     "a shell without a login",
     NULL},
    {"a shell without a terminal",
     {{UNITS "job.service", "[Service]\nExecStart=/bin/sh -c true\n"}},
     ASKS,
     NULL},
    {"a unit that is masked", {{UNITS "getty@.service", to_null}}, ASKS, "cannot be read"},
    {"the shell for debugging",
     {{UNITS "sysinit.target.wants/debug-shell.service", to_null}},
     "a shell of root without a login",
     NULL},
    {"a loop of links", {{UNITS "getty@.service", LOOP}}, "getty@.service cannot be read", "fault"},
    {"a pipe", {{UNITS "getty@.service", a_fifo}}, "it is not a regular file", "fault"},
    {"a directory", {{UNITS "getty@.service", a_directory}}, "it is not a regular file", "fault"},
    {"10 MB in a line", {{UNITS "getty@.service", too_large}}, "it is larger than", "fault"},
    {"bytes of zero", {{UNITS "getty@.service", a_nul}}, ASKS, "fault"},
    {"inittab",
     {{"/etc/inittab", "1:2345:respawn:/sbin/getty --autologin root 38400 tty1\n"}},
     ENTERS,
     NULL},
    {"inittab that asks",
     {{"/etc/inittab",
       "1:2345:respawn:/sbin/getty 38400 tty1\n#2:2:respawn:/sbin/getty -a root tty2\n"}},
     ASKS,
     NULL},
    {"inittab with a shell", {{"/etc/inittab", "1:2345:askfirst:-/bin/sh\n"}}, ENTERS, NULL},
    {"inittab cut off", {{"/etc/inittab", "1\n:\n::\n1:2:respawn\n"}}, ASKS, NULL},
    {"gdm3",
     {{"/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLoginEnable = true\nAutomaticLogin = bob\n"}},
     "automatic logon (AutomaticLoginEnable true)",
     NULL},
    {"gdm3, a user alone",
     {{"/etc/gdm3/daemon.conf", "[daemon]\n#AutomaticLoginEnable = true\nAutomaticLogin = bob\n"}},
     ASKS,
     NULL},
    {"gdm3, another section",
     {{"/etc/gdm3/daemon.conf", "[x]\nAutomaticLoginEnable=true\n"}},
     ASKS,
     NULL},
    {"gdm, after a time",
     {{"/etc/gdm/custom.conf", "[daemon]\nTimedLoginEnable=True\n"}},
     ENTERS,
     NULL},
    {"lightdm", {{"/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=bob\n"}}, ENTERS, NULL},
    {"lightdm, nobody",
     {{"/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=\n#autologin-user=x\n"}},
     ASKS,
     NULL},
    {"lightdm, only how long",
     {{"/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user-timeout=0\n"}},
     ASKS,
     NULL},
    {"lightdm, a directory of files",
     {{"/etc/lightdm/lightdm.conf.d/50-x.conf", "[SeatDefaults]\nautologin-user=bob\n"}},
     ENTERS,
     NULL},
    {"sddm", {{"/etc/sddm.conf", "[Autologin]\nUser=bob\nSession=x\n"}}, ENTERS, NULL},
    {"sddm, a directory of files",
     {{"/etc/sddm.conf.d/a.conf", "[Autologin]\nUser=bob\n"}},
     ENTERS,
     NULL},
    {"sddm, another section", {{"/etc/sddm.conf", "[Users]\nUser=bob\n"}}, ASKS, NULL},
    {"lxdm", {{"/etc/lxdm/lxdm.conf", "[base]\nautologin=bob\n"}}, ENTERS, NULL},
    {"slim", {{"/etc/slim.conf", "default_user bob\nauto_login yes\n"}}, ENTERS, NULL},
    {"slim that asks", {{"/etc/slim.conf", "auto_login no\n"}}, ASKS, NULL},
    {"nodm", {{"/etc/default/nodm", "NODM_ENABLED=true\nNODM_USER=root\n"}}, ENTERS, NULL},
    {"nodm, off", {{"/etc/default/nodm", "NODM_ENABLED=false\nNODM_USER=root\n"}}, ASKS, NULL},
    {"greetd",
     {{"/etc/greetd/config.toml",
       "[default_session]\nuser = \"greeter\"\n[initial_session]\nuser = \"bob\"\n"}},
     ENTERS,
     NULL},
    {"greetd that asks",
     {{"/etc/greetd/config.toml", "[default_session]\nuser = \"greeter\"\n"}},
     ASKS,
     NULL},
    {"kdm", {{"/etc/kde4/kdm/kdmrc", "[X-:0-Core]\nAutoLoginEnable=true\n"}}, ENTERS, NULL},
    {"a terminal's escape in a name",
     {{"/etc/sddm.conf", "[Autologin]\nUser=\033[2J\n"}},
     ENTERS,
     "\033"},
    {"hosts.equiv", {{"/etc/hosts.equiv", "# x\nward7\n"}}, "warning autologin /", NULL},
    {"shosts.equiv", {{"/etc/ssh/shosts.equiv", "ward7\n"}}, "warning autologin /", NULL},
    {"hosts.equiv, empty", {{"/etc/hosts.equiv", "# x\n"}}, ASKS, "equiv"},
};

#define OPEN "could log in now"
#define SHUT "fault access no privileged account could log in"
#define A    "a 1001 privileged"

/* R05, R22, R27. */
static const struct row access_rows[] = {
    {"nobody is privileged", {{POLICY, "places_privileged = 0.0.0.0\n"}}, "ok policy", " access "},
    {"as it comes", {{POLICY, ""}}, "ok access 1 of 1 privileged accounts " OPEN, "fault", A},
    {"a terminal that there is", {{POLICY, "places_privileged = tty3\n"}}, OPEN, "fault", A},
    {"a serial line", {{POLICY, "places_privileged = ttyS?\n"}}, OPEN, "fault", A},
    {"a terminal that there is not",
     {{POLICY, "places_privileged = tty99\n"}},
     "warning access a, privileged, may log in from \"tty99\"",
     OPEN " ",
     A},
    {"and so nobody", {{POLICY, "places_privileged = tty99\n"}}, SHUT, NULL, A},
    {"a network", {{POLICY, "places_privileged = 10.1.0.0/16\n"}}, OPEN, "fault", A},
    {"an address", {{POLICY, "places_privileged = tty99, 203.0.113.7\n"}}, OPEN, "fault", A},
    {"an address of IPv6", {{POLICY, "places_privileged = 2001:db8::/32\n"}}, OPEN, "fault", A},
    {"an address that nobody has", {{POLICY, "places_privileged = 0.0.0.0/32\n"}}, SHUT, NULL, A},
    {"a group of receivers", {{POLICY, "places_privileged = 224.0.0.1\n"}}, SHUT, NULL, A},
    {"local alone", {{POLICY, "places_privileged = local\n"}}, OPEN, "fault", A},
    {"who is logged in already alone", {{POLICY, "places_privileged = own\n"}}, SHUT, NULL, A},
    {"a service that there is",
     {{POLICY, "services_privileged = sshd, gone\n"}, {PAM "sshd", ""}},
     OPEN,
     "fault",
     A},
    {"a service that there is not", {{POLICY, "services_privileged = gone\n"}}, SHUT, NULL, A},
    {"never in the hours",
     {{POLICY, "hours_privileged = holiday 00:00-24:00\nholidays = /etc/days\n"},
      {"/etc/days", "2100-01-01\n"}},
     SHUT,
     "warning calendar",
     A},
    {"staff from a network, and not at this machine",
     {{POLICY, "places_staff = 10.1.0.0/16, tty1\n"}},
     "warning access places_staff is \"10.1.0.0/16, tty1\", without own or local",
     "fault"},
    {"staff from a network, and who is logged in",
     {{POLICY, "places_staff = local, 10.1.0.0/16\n"}},
     "ok",
     "places_staff"},
    {"staff from a network, and what they do there",
     {{POLICY, "places_staff = 10.1.0.0/16, own\n"}},
     "ok",
     "places_staff"},
    {"staff from a network, and at the console",
     {{POLICY, "places_staff = console, 10.1.0.0/16\n"}},
     "ok",
     "places_staff"},
    {"staff from anywhere", {{POLICY, "places_staff = any\n"}}, "ok", "places_staff"},
    {"staff at one terminal", {{POLICY, "places_staff = tty1\n"}}, "ok", "places_staff"},
    {"no day ahead",
     {{POLICY, "hours_staff = Mon-Fri 08:00-20:00\nholidays = /etc/days\n"},
      {"/etc/days", "2020-01-01\n"}},
     "warning calendar /etc/days has no day after today",
     NULL},
    {"no day at all",
     {{POLICY, "hours_staff = Mon-Fri 08:00-20:00\nholidays = /etc/days\n"}, {"/etc/days", ""}},
     "warning calendar",
     NULL},
    {"a day ahead",
     {{POLICY, "hours_staff = Mon-Fri 08:00-20:00\nholidays = /etc/days\n"},
      {"/etc/days", "2100-01-01\n"}},
     "ok",
     " calendar "},
    {"hours are not limited",
     {{POLICY, "holidays = /etc/days\n"}, {"/etc/days", ""}},
     "ok",
     " calendar "},
    {"no file of holidays", {{POLICY, "holidays = /etc/days\n"}}, "fault", "ok policy"},
};

#define LOGIND "/usr/lib/systemd/systemd-logind"
#define CONF   "/etc/systemd/logind.conf"

static const struct row idle_rows[] = {
    {"no logind", {{POLICY, ""}}, "ok", " idle systemd"},
    {"not set",
     {{LOGIND, ""}, {CONF, "[Login]\n#StopIdleSessionSec=infinity\n"}},
     "warning idle systemd-logind ends no session",
     NULL},
    {"set",
     {{LOGIND, ""}, {CONF, "[Login]\nStopIdleSessionSec=900\n"}},
     "ok idle systemd-logind",
     "warning idle"},
    {"set in a drop-in",
     {{LOGIND, ""}, {CONF ".d/medgl.conf", "[Login]\nStopIdleSessionSec = 15min\n"}},
     "ok idle systemd-logind",
     NULL},
    {"set to never",
     {{LOGIND, ""}, {CONF, "[Login]\nStopIdleSessionSec=infinity\n"}},
     "warning idle systemd",
     NULL},
    {"taken back",
     {{LOGIND, ""},
      {CONF, "StopIdleSessionSec=900\n"},
      {CONF ".d/z.conf", "StopIdleSessionSec=0\n"}},
     "warning idle systemd",
     NULL},
    {"cannot be read", {{LOGIND, ""}, {CONF, LOOP}}, "logind.conf cannot be read", "ok idle"},
    {"shells are left open", {{POLICY, "idle_staff = 0\n"}}, "warning idle idle_staff is 0", NULL},
};

#define HOOKS MEDGL_SYSCONFDIR "/notify.d/"
static const struct row alert_rows[] = {
    {"nobody is told", {{POLICY, ""}}, "warning alerts alerts reach nobody", "fault"},
    {"no sendmail",
     {{POLICY, "alert_mail = it@example.jp\n"}},
     "fault alerts alert_mail names it@example.jp",
     "ok alerts"},
    {"no right to execute",
     {{HOOKS "pager", "#!/bin/sh\n"}},
     "pager is not run: it is not executable",
     "ok alerts"},
    {"a pipe", {{HOOKS "pager", a_fifo}}, "pager is not run: it is no regular file", NULL},
    {"a link", {{HOOKS "pager", LOOP}}, "pager is not run: it is a link", NULL},
    {"a directory",
     {{HOOKS "pager", a_directory}},
     "pager is not run: it is no regular file",
     NULL},
    {"units that are not enabled",
     {{"/run/systemd/system", a_directory}},
     "fault alerts medgl-alert.path is not enabled",
     NULL},
    {"units that are",
     {{"/run/systemd/system", a_directory},
      {UNITS "paths.target.wants/medgl-alert.path", to_null},
      {UNITS "timers.target.wants/medgl-alert.timer", to_null},
      {UNITS "timers.target.wants/medgl-emergency.timer", to_null}},
     "warning alerts alerts reach",
     "fault"},
};

/* -- programs of notify.d -----------------------------------------------------------------------
 */

struct hook_row {
    const char *name, *file;
    mode_t mode;
    const char *finds, *not ;
};

static const struct hook_row hook_rows[] = {
    {"as it must be", HOOKS "pager", 0755, "ok alerts alerts go to the log, to programs",
     "not run"},
    {"another's to write", HOOKS "pager", 0775, "pager is not run: others may write", "ok alerts"},
    {"a name with a blank", HOOKS "the pager", 0755, "is not run: its name", "ok alerts"},
    {"a name with an escape", HOOKS "\033[2J", 0755, "is not run: its name", "\033"},
    {"a hidden one", HOOKS ".pager", 0755, "alerts reach nobody", "not run"},
};

static void a_hook(void **state)
{
    const struct hook_row *row = *state;
    char path[PATH_MAX];
    assert_int_equal(make_root(NULL), 0);
    put(PATH_ENGINE, "");
    put(row->file, "#!/bin/sh\n");
    assert_int_equal(path_under(path, root, row->file), MEDGL_OK);
    assert_int_equal(chmod(path, row->mode), 0);
    (void)look(row->finds, row->not );
    assert_int_equal(remove_root(NULL), 0);
}

static void R07_mail_that_can_be_sent(void **state)
{
    char path[PATH_MAX];
    (void)state;
    put(POLICY, "alert_mail = it@example.jp\n");
    put("/usr/sbin/sendmail", "");
    assert_int_equal(path_under(path, root, "/usr/sbin/sendmail"), MEDGL_OK);
    assert_int_equal(chmod(path, 0755), 0);
    (void)look("ok alerts alerts go to the log, by mail", "fault");
}

/* -- what the store remembers -------------------------------------------------------------------
 */

static enum medgl_error raise_old(struct store_txn *txn, void *context)
{
    struct clock_reading clock = clock_read();
    const struct alert_event event = {.kind = ALERT_SPACE, .text = "full"};
    clock.now -= 2 * MEDGL_HOUR;
    return alert_raise(context, txn, &clock, &event);
}

static void R07_an_alert_that_waits(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    open_context(&context);
    assert_int_equal(store_transact(context.store, STORE_WRITE, raise_old, &context), MEDGL_OK);
    context_close(&context);
    (void)look("warning alerts 1 alerts have waited for more than an hour", "fault");
}

static enum medgl_error see_policy(struct store_txn *txn, void *context)
{
    const struct clock_reading clock = clock_read();
    return policy_seen_note(context, txn, &clock, NULL);
}

static void R34_a_policy_that_nobody_was_told_of(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    put(POLICY, "time_zone = Asia/Tokyo\n");
    open_context(&context);
    assert_int_equal(store_transact(context.store, STORE_WRITE, see_policy, &context), MEDGL_OK);
    context_close(&context);
    (void)look("ok change the policy in force", "warning change");
    put(POLICY, "time_zone = Asia/Tokyo\nattempts_per_source = 4\n");
    (void)look("warning change the policy is another one", "fault");
}

/* Hours that are over for today are no fault: that is every night. */
static void R22_not_now_but_later(void **state)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char rule[128];
    const int64_t hour = clock_read().now / MEDGL_HOUR, day = hour / 24;
    (void)state;
    enrol("a 1001 privileged");
    (void)snprintf(rule, sizeof(rule),
                   "time_zone = UTC\nhours_privileged = daily %02d:00-%02d:15\n",
                   (int)((hour + 22) % 24), (int)((hour + 22) % 24));
    put(POLICY, rule);
    (void)look("ok access 0 of 1 privileged accounts could log in now: their hours begin at",
               "fault");
    (void)snprintf(rule, sizeof(rule), "time_zone = UTC\nhours_privileged = %s 12:00-12:15\n",
                   days[(day + 4 + 6) % 7]); /* 1970-01-01 was a Thursday */
    put(POLICY, rule);
    (void)look("ok access 0 of 1 privileged accounts could log in now: their hours begin at",
               "fault");
    put(POLICY, "time_zone = UTC\nhours_privileged = holiday 12:00-12:15\n");
    (void)look("fault access no privileged account could log in from anywhere", "ok access");
}

static enum medgl_error age(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, "bob", &account));
    account.created -= 200 * MEDGL_DAY;
    return store_account_update(txn, &account);
}

static void R25_an_account_that_is_not_used(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    enrol("alice 1000 staff, bob 1001 staff");
    (void)look("ok", "long time");
    open_context(&context);
    assert_int_equal(store_transact(context.store, STORE_WRITE, age, NULL), MEDGL_OK);
    context_close(&context);
    (void)look("warning accounts 1 accounts have not been used for a long time (bob)", "alice");
}

static void an_imported_hash_that_was_never_used(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    auto_secret struct secret hash = SECRET_NONE;
    enum import_verdict verdict;
    (void)state;
    assert_int_equal(secret_copy(&hash, HASH, strlen(HASH)), MEDGL_OK);
    const struct import_request request = {
        .name = "bob", .uid = 1001, .class_ = ACCOUNT_CLASS_STAFF, .full_name = "x", .hash = &hash};
    open_context(&context);
    assert_int_equal(operation_import(&context, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_DONE);
    context_close(&context);
    (void)look("1 accounts have a password from /etc/shadow that was never judged", "fault");
}

static void a_lock_that_the_ledger_knows_is_none_by_hand(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)state;
    enrol("bob 1001 staff");
    put(PASSWD, USER("bob", "1001"));
    put(SHADOW, ENTRY("bob", "!" HASH));
    (void)look("bob was locked by hand", NULL);
    open_context(&context);
    assert_int_equal(operation_shadow_note(&context, "bob", true), MEDGL_OK);
    context_close(&context);
    (void)look(QUIET, "by hand");
}

static void R26_a_shared_id_with_keys(void **state)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    const struct account_change_request request = {.name = "ward", .rules = {.shared = "yes"}};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol("ward 1001 staff");
    put(PASSWD, USER("ward", "1001"));
    put("/home/ward/" KEYS, "ssh-ed25519 A\n");
    (void)look(QUIET, "shared");
    open_context(&context);
    assert_int_equal(operation_account_change(&context, &request, why), MEDGL_OK);
    context_close(&context);
    (void)look("warning people ward is a shared id and has ssh keys", "fault");
}

/* A process that waits for somebody to read from the pipe. */
static pid_t writer_start(const char *path)
{
    const pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer > 0)
        return writer;
    (void)open(path, O_WRONLY | O_CLOEXEC);
    for (;;)
        (void)raise(SIGSTOP);
}

/* As in proc_pid_stat(5). */
static char writer_state(pid_t writer)
{
    char path[64], line[256], *end = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)writer);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(end = strrchr(line, ')'));
    return end[2];
}

/* Opening one can do harm, and be it for a moment. */
static void no_pipe_is_opened(void **state)
{
    static const char *const names[] = {PASSWD, SHADOW, SSHD, ("/home/bob/" KEYS),
                                        "/home/bob/.rhosts"};
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        char path[PATH_MAX];
        assert_int_equal(path_under(path, root, names[i]), MEDGL_OK);
        put(names[i], a_fifo);
        const pid_t writer = writer_start(path);
        while (writer_state(writer) != 'S')
            (void)sched_yield();
        (void)look("ok", NULL);
        const char after = writer_state(writer);
        assert_int_equal(kill(writer, SIGKILL), 0);
        assert_int_equal(waitpid(writer, NULL, 0), writer);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(after, 'S'); /* it waits still */
        if (strcmp(names[i], PASSWD) == 0)
            put(PASSWD, USER("bob", "1001"));
    }
}

/* A link must not make root tell of what the person cannot read. */
static void a_home_is_looked_at_as_its_person(void **state)
{
    char path[PATH_MAX], target[PATH_MAX];
    (void)state;
    put(PASSWD, USER("ubuntu", "1000"));
    put("/etc/secret", "ssh-ed25519 A\n");
    put("/home/ubuntu/.ssh/x", "");
    assert_int_equal(path_under(target, root, "/etc/secret"), MEDGL_OK);
    assert_int_equal(path_under(path, root, "/home/ubuntu/" KEYS), MEDGL_OK);
    assert_int_equal(symlink(target, path), 0);
    (void)look("can log in with an ssh key", NULL);
    assert_int_equal(chmod(target, 0600), 0);
    if (geteuid() == 0)
        (void)look(QUIET, "ubuntu");
}

static int give_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return lchown(path, 12345, 12345);
}

/* Root leaves keys and store to a child that is their owner, and hears of accounts from it. */
static void what_belongs_to_another_user(void **state)
{
    (void)state;
    enrol("alice 1000 privileged, bob 1001 staff");
    put(PASSWD, USER("alice", "1000") USER("bob", "1002"));
    if (geteuid() == 0)
        assert_int_equal(nftw(root, give_away, 8, FTW_DEPTH | FTW_PHYS), 0);
    (void)look("fault accounts bob was enrolled with uid 1001 and has uid 1002", "fault store");
    (void)look("ok accounts 1 of 2 active accounts is privileged: alice", "fault files");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(R07_mail_that_can_be_sent),
        cmocka_unit_test(R07_an_alert_that_waits),
        cmocka_unit_test(R34_a_policy_that_nobody_was_told_of),
        cmocka_unit_test(R22_not_now_but_later),
        cmocka_unit_test(R25_an_account_that_is_not_used),
        cmocka_unit_test(an_imported_hash_that_was_never_used),
        cmocka_unit_test(a_lock_that_the_ledger_knows_is_none_by_hand),
        cmocka_unit_test(R26_a_shared_id_with_keys),
        cmocka_unit_test(no_pipe_is_opened),
        cmocka_unit_test(a_home_is_looked_at_as_its_person),
        cmocka_unit_test(what_belongs_to_another_user),
    };
    log_open(LOG_TARGET_NONE, "doctor_host_test", false);
    TABLE_ADD("R28", people_rows, a_row);
    TABLE_ADD("R25 R27", account_rows, a_row);
    TABLE_ADD("sudo", sudo_rows, a_row);
    TABLE_ADD("R39", autologin_rows, a_row);
    TABLE_ADD("R05 R22 R27", access_rows, a_row);
    TABLE_ADD("R04", idle_rows, a_row);
    TABLE_ADD("R07", alert_rows, a_row);
    TABLE_ADD("R07 notify.d", hook_rows, a_hook);
    TABLE_ADD("installation", tests, on_a_root_of_its_own);
    return table_run("doctor_host");
}
