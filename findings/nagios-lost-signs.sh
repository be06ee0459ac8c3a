#!/usr/bin/env bash
# What a check says reaches a notification command without the signs that a shell might take: "p99 2.4s > 2s, errors
# <5%" is told as "p99 2.4s  2s, errors 5%", so that neither the one who is paged nor a program that reads the text
# knows which side of the limit the value is on; "orders & refunds" loses its &, 'pay' its quotation marks. A
# passive result that has a semicolon in its text (not in its performance data) is told with a colon. And the "last
# state change" of a problem moves with each step from WARNING to CRITICAL: it is not when the problem began.
# Guessed: the macro holds the text as the check wrote it. Source: the sample configuration that Nagios ships and
# Debian installs, illegal_macro_output_chars=`~$&|'<>; the manual of macros ($SERVICEOUTPUT$: "the first line of
# text output").
# Seen with Nagios 4.4.6 (Debian 12's packages nagios4-core, nagios4-common). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
pid=""
trap '[ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; }; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq nagios4-core=4.4.6* nagios4-common=4.4.6* 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
mkdir spool results
cat >notify <<SH
#!/bin/sh
echo "\$*" >>"$work/told"
SH
cat >objects.cfg <<CFG
define command {
  command_name tell
  command_line $work/notify "\$SERVICESTATE\$ since \$LASTSERVICESTATECHANGE\$: \$SERVICEOUTPUT\$ [\$SERVICEPERFDATA\$]"
}
define timeperiod {
  timeperiod_name always
  alias always
$(for day in monday tuesday wednesday thursday friday saturday sunday; do echo "  $day 00:00-24:00"; done)
}
define contact {
  contact_name ann
  host_notification_period always
  service_notification_period always
  service_notification_options w,u,c,r
  host_notification_options d,u,r
  service_notification_commands tell
  host_notification_commands tell
}
define host {
  host_name web1
  address 127.0.0.1
  max_check_attempts 1
  check_period always
  notification_period always
  contacts ann
  active_checks_enabled 0
}
define service {
  host_name web1
  service_description pay
  check_command tell
  max_check_attempts 1
  check_period always
  notification_period always
  notification_interval 0
  contacts ann
  active_checks_enabled 0
  flap_detection_enabled 0
}
CFG
cat >nagios.cfg <<CFG
cfg_file=$work/objects.cfg
log_file=$work/log
object_cache_file=$work/spool/objects
precached_object_file=$work/spool/precached
status_file=$work/spool/status
state_retention_file=$work/spool/kept
temp_file=$work/spool/temp
temp_path=$work/spool
check_result_path=$work/results
lock_file=$work/spool/pid
command_file=$work/spool/commands
query_socket=$work/spool/queries
check_external_commands=1
check_result_reaper_frequency=1
nagios_user=nobody
nagios_group=nogroup
$(grep '^illegal_macro_output_chars=' etc/nagios4/nagios.cfg)
CFG
chmod -R a+rwX . && chmod a+x notify
usr/sbin/nagios4 nagios.cfg >output.log 2>&1 &
pid=$!
until [ -p spool/commands ]; do sleep 0.2; done
number=0
for result in \
  "1;p99 2.4s > 2s, errors <5% of orders & refunds in 'pay'|p99=2.4s;2;5" \
  "2;p99 6.1s; 2s allowed|p99=6.1s;2;5"; do
  sleep 2
  echo "[$(date +%s)] PROCESS_SERVICE_CHECK_RESULT;web1;pay;$result" >spool/commands
  number=$((number + 1))
  until [ -e told ] && [ "$(wc -l <told)" = "$number" ]; do sleep 0.2; done
done
sed 's/ since [0-9]*//' told | tee output
if [ "$(grep -o 'since [0-9]*' told | sort -u | wc -l)" = 2 ]; then echo "two moments of the last change"; fi | tee -a output
cat >expected <<'OUT'
WARNING: p99 2.4s  2s, errors 5% of orders  refunds in pay [p99=2.4s;2;5]
CRITICAL: p99 6.1s: 2s allowed [p99=6.1s;2;5]
two moments of the last change
OUT
diff expected output || { echo "nagios-lost-signs: the behaviour has changed"; exit 1; }
echo "nagios-lost-signs: as described"
