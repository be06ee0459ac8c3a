#!/usr/bin/env bash
# Slack's text takes `&`, `<` and `>` for itself, in code as well, and wants them written as &amp; &lt; &gt;. Two
# packages that make it of Markdown: one escapes none of the three, so that `<nil>` and `Map<String>` of a log line
# are taken for links and what they say is not shown; (Markdown's own backslash before the bracket is shown
# instead); the other escapes them in sentences and not in code, where log lines stand.
# Guessed: escaped everywhere. Source: Slack, "Formatting text for app surfaces", "Escaping text".
# Seen with markdown-to-mrkdwn 0.3.3, slackify-markdown 0.2.4 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check markdown-to-mrkdwn==0.3.3 slackify-markdown==0.2.4
cat >"$work/seen.py" <<'PY'
from markdown_to_mrkdwn import SlackMarkdownConverter
from slackify_markdown import slackify_markdown

TEXT = "errors < 5% & p99 > 2s: dial tcp \\<nil>\n\n`panic: Map<String> & <nil>`"
CONVERTERS = {"markdown-to-mrkdwn": SlackMarkdownConverter().convert, "slackify-markdown": slackify_markdown}
for name, convert in CONVERTERS.items():
    for line in convert(TEXT).split("\n"):
        if line:
            print(f"{name}: {line}")
PY
cat >"$work/expected" <<'OUT'
markdown-to-mrkdwn: errors < 5% & p99 > 2s: dial tcp \<nil>
markdown-to-mrkdwn: `panic: Map<String> & <nil>`
slackify-markdown: errors &lt; 5% &amp; p99 &gt; 2s: dial tcp &lt;nil&gt;
slackify-markdown: `panic: Map<String> & <nil>`
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "mrkdwn-escapes: the behaviour has changed"; exit 1; }
echo "mrkdwn-escapes: as described"
