#!/usr/bin/env bash
# A test of an alert rule that says only when the alert is quiet passes for a name that no rule has: a slip of the
# pen in `alertname`, or a rule that was renamed later, and the test goes on saying SUCCESS of nothing. An expression
# on a metric that nobody has does so too, and a pattern for the files of rules that finds none is a warning beside
# the SUCCESS; the exit status is 0 each time. The right name, in the same test, fails.
# Guessed: an unknown alert and a pattern without files are errors. Source: Prometheus' documentation, "Unit testing
# for rules": `alertname` is "Name of the alert to be tested"; an empty list of alerts means that none fires.
# Seen with promtool of Prometheus 2.42.0 (Debian 12's package). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 2>/dev/null
dpkg -x ./prometheus_*.deb .
cat >"$work/seen.py" <<'PY'
import json
import pathlib
import subprocess

RULE = {"alert": "ErrorsAreMany", "expr": "errors > 5", "for": "5m"}
pathlib.Path("rules.yml").write_text(json.dumps({"groups": [{"name": "shop", "rules": [RULE]}]}))


def told(said: str, files: str, **tests: object) -> None:
    series = [{"series": "errors", "values": "9x20"}]
    test = {"rule_files": [files], "tests": [{"interval": "1m", "input_series": series, **tests}]}
    pathlib.Path("tests.yml").write_text(json.dumps(test))
    done = subprocess.run(["usr/bin/promtool", "test", "rules", "tests.yml"], capture_output=True, text=True)
    warned = ", with a warning" if "WARNING" in done.stderr else ""
    print(f"{said}: {'SUCCESS' if 'SUCCESS' in done.stdout else 'FAILED'}, exit status {done.returncode}{warned}")


def quiet(name: str) -> list[dict[str, object]]:
    return [{"eval_time": "10m", "alertname": name, "exp_alerts": []}]


told("the alert, which fires, said to be quiet", "rules.yml", alert_rule_test=quiet("ErrorsAreMany"))
told("an alert that no rule has, said to be quiet", "rules.yml", alert_rule_test=quiet("ErorrsAreMany"))
nothing = [{"expr": "rate(erorrs[5m]) > 0", "eval_time": "10m"}]
told("a metric that nobody has, said to be quiet", "rules.yml", promql_expr_test=nothing)
told("a pattern that finds no file of rules", "rule/*.yml", alert_rule_test=quiet("ErrorsAreMany"))
PY
cat >"$work/expected" <<'OUT'
the alert, which fires, said to be quiet: FAILED, exit status 1
an alert that no rule has, said to be quiet: SUCCESS, exit status 0
a metric that nobody has, said to be quiet: SUCCESS, exit status 0
a pattern that finds no file of rules: SUCCESS, exit status 0, with a warning
OUT
python3 "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "promtool-unknown-alert: the behaviour has changed"; exit 1; }
echo "promtool-unknown-alert: as described"
