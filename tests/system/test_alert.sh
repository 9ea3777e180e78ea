# Alerts on a whole machine: medgl-notify runs what carries them, through a real mail program and a real wall (R07).
. "$(dirname "$0")/inside.sh"

machine_with_medgl || exit 1
works "an alert can be raised" admin alert test
finish
