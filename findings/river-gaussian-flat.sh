#!/usr/bin/env bash
# A detector of anomalies that has seen nothing but zeros scores another zero 1.0, "as anomalous as can be", and cannot
# tell it from a five: an error ratio that was flat (the usual case) alarms always, or, under a threshold that was set for
# that, never. One tiny sample that differs makes the zero as usual as it is.
# Guessed: the usual value of a flat series scores about 0. Source: river's description of GaussianScorer (the score is
# between 0 and 1, the closer to 1 the more anomalous).
# Seen with river 0.26.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q river==0.26.1 2>/dev/null
cat >"$work/seen.py" <<'PY'
from river import anomaly


def scores(samples: list[float]) -> str:
    scorer = anomaly.GaussianScorer(window_size=None, grace_period=10)
    for sample in samples:
        scorer.learn_one(None, sample)
    return ", ".join(f"{value:g} scores {scorer.score_one(None, value):.2f}" for value in (0.0, 5.0))


print("fifty zeros:", scores([0.0] * 50))
print("and one of .001:", scores([0.0] * 50 + [0.001]))
PY
cat >"$work/expected" <<'OUT'
fifty zeros: 0 scores 1.00, 5 scores 1.00
and one of .001: 0 scores 0.11, 5 scores 1.00
OUT
"$work/venv/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "river-gaussian-flat: the behaviour has changed"; exit 1; }
echo "river-gaussian-flat: as described"
