#!/usr/bin/env bash
# A test of an incident tool on the stand-in for AWS passes where the service would answer otherwise. An alarm is OK
# from its first second (the service begins with INSUFFICIENT_DATA) and is OK for ever, whatever is measured, until
# somebody sets its state. A filter on a JSON field, which the stand-in does not know, finds every line. A query of
# Logs Insights is answered "Complete" with all lines, whatever it filters and counts. A percentile is a data point
# without a value.
# Guessed: the alarm rings, or stays without data; a filter that is not known is refused. Source: AWS CloudWatch user
# guide, "Alarm states"; CloudWatch Logs user guide, "Filter pattern syntax".
# Seen with moto 5.2.5, boto3 1.44.8 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check 'moto[cloudwatch,logs]==5.2.5' boto3==1.44.8
cat >"$work/seen.py" <<'PY'
import datetime
import os

import boto3
from moto import mock_aws

os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}
NOW = datetime.datetime.now(datetime.UTC)
AT = int(NOW.timestamp() * 1000)
LAST = {"StartTime": NOW - datetime.timedelta(minutes=5), "EndTime": NOW + datetime.timedelta(minutes=5), "Period": 60}
with mock_aws():
    watch, logs = boto3.client("cloudwatch"), boto3.client("logs")
    errors = {"Namespace": "shop", "MetricName": "errors"}
    watch.put_metric_alarm(
        AlarmName="errors", **errors, Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    print("new alarm:", watch.describe_alarms()["MetricAlarms"][0]["StateValue"])
    watch.put_metric_data(Namespace="shop", MetricData=[{"MetricName": "errors", "Value": 50, "Timestamp": NOW}])
    print("50 errors, at most 1:", watch.describe_alarms()["MetricAlarms"][0]["StateValue"])
    (point,) = watch.get_metric_statistics(**errors, **LAST, ExtendedStatistics=["p99"])["Datapoints"]
    print("p99:", point.get("ExtendedStatistics"))
    logs.create_log_group(logGroupName="shop")
    logs.create_log_stream(logGroupName="shop", logStreamName="pay")
    lines = [{"timestamp": AT, "message": f'{{"level": "{level}"}}'} for level in ("error", "info", "info")]
    logs.put_log_events(logGroupName="shop", logStreamName="pay", logEvents=lines)
    for pattern in ("error", '{ $.level = "error" }'):
        found = logs.filter_log_events(logGroupName="shop", filterPattern=pattern)["events"]
        print(f"lines for {pattern}:", len(found))
    asked = "filter level = 'error' | stats count(*)"
    began = {"logGroupName": "shop", "startTime": AT // 1000 - 60, "endTime": AT // 1000 + 60}
    answer = logs.get_query_results(queryId=logs.start_query(**began, queryString=asked)["queryId"])
    print("Insights, count of errors:", answer["status"], len(answer["results"]), "rows")
PY
cat >"$work/expected" <<'OUT'
new alarm: OK
50 errors, at most 1: OK
p99: None
lines for error: 1
lines for { $.level = "error" }: 3
Insights, count of errors: Complete 3 rows
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "moto-cloudwatch-alarms: the behaviour has changed"; exit 1; }
echo "moto-cloudwatch-alarms: as described"
