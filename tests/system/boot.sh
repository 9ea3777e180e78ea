# The first process of a machine (sandbox.sh --boot): furnishes what packages would have, and becomes systemd. That runs the
# named test as a service and ends the machine with it, and with its exit status.
#
#   boot.sh FILE
out=/run/test.out

# As a service: the machine ends when the last of what was said is out.
if [ "$1" = --service ]; then
    bash "$2" > $out 2>&1
    status=$?
    for ((tries = 100; tries > 0; tries--)); do
        [ ! -e $out.read ] || break
        sleep 0.1
    done
    exit $status
fi

units=/etc/systemd/system
rm -rf /etc/systemd /etc/{fstab,crypttab} # what the host's administrators enabled and set, and what it mounts
mkdir -p "$units/basic.target.wants"
for unit in getty.target systemd-{udevd,udev-trigger,modules-load,firstboot}.service systemd-journald-audit.socket; do
    ln -sf /dev/null "$units/$unit"
done
ln -sf /usr/lib/systemd/system/basic.target "$units/default.target"
ln -sf ../medgl-test.service "$units/basic.target.wants/"
cat > "$units/medgl-test.service" <<-END
	[Unit]
	After=systemd-user-sessions.service systemd-logind.service
	Wants=systemd-user-sessions.service systemd-logind.service
	SuccessAction=exit-force
	FailureAction=exit-force
	[Service]
	Type=oneshot
	ExecStart=/bin/bash $(readlink -f "$0") --service $1
	Environment=HOME=/root PATH=/usr/sbin:/usr/bin TERM=dumb DEBIAN_FRONTEND=noninteractive
	TimeoutStartSec=infinity
END
# The bus of the system, as its package makes it.
systemd-sysusers > /dev/null 2>&1
getent passwd messagebus > /dev/null || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin messagebus
systemd-machine-id-setup > /dev/null 2>&1
mkfifo $out
{ cat $out && touch $out.read; } & # systemd leaves none of its own files open
exec /usr/lib/systemd/systemd --system
