r"""What the forms of settings mean in words: whoever gets one wrong reads what to write, and no expression.

Keyed by the expression of the field's `pattern`; a test holds the table against every field of a document.
"""

from collections.abc import Mapping

FORMS: Mapping[str, str] = {
    r"^[a-z0-9][a-z0-9_-]{0,39}$": "at most 40 of a-z, 0-9, - and _, a letter or digit first, such as ops-1",
    r"^[a-z0-9][a-z0-9._-]{0,62}$": "at most 63 of a-z, 0-9, ., - and _, a letter or digit first",
    r"^[a-z][a-z0-9_]{1,47}$": "2 to 48 of a-z, 0-9 and _, a letter first, such as disk_full",
    r"^[a-z][a-z0-9]{0,19}$": "at most 20 of a-z and 0-9, a letter first, such as tickets",
    r"^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$": (
        "at most 42 of a-z, 0-9 and -, a letter or digit first and last, such as nexus"
    ),
    r"^[A-Za-z_][A-Za-z0-9_]*$": "a variable: letters, digits and _, no digit first, such as DEPLOY_TOKEN",
    (
        r"^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?"
        r"|(PR|TM|WM|TC|TS)\([\d.%]{0,20}:[\d.%]{0,20}\))$"
    ): "a statistic of CloudWatch, such as Average or p99",
    r"^[a-z0-9_]+$": "a-z, 0-9 and _ alone, such as second_hour",
    r"^[\w.-]+/[\w.-]+$": "OWNER/NAME, such as acme/shop, without a host",
    r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$": "OWNER/NAME, such as acme/shop, without a host",
    r"^\w[\w.-]*(/\w[\w.-]*)+$": "its whole path, such as acme/web/checkout, without a host",
    r"^[A-Za-z0-9_./-]+$": "its path such as acme/shop, or its number, without a host",
    r"^[A-Z][A-Z0-9_]{1,49}$": "the key in capitals that begins each issue of the project, such as OPS",
    r"^[0-9a-f-]{36}$": "its id with 36 characters, such as 7f3a1d52-0c1b-4e6a-9a3c-5d2f1b0e9c84",
    r"^[^\s,][^,\n]{0,49}$": "at most 50 characters without a comma, no blank first",
    r"^\w[\w./-]*$": "the name of a branch, such as main",
    r"^\w.*$": "a name or an address that begins with a letter or a digit, such as origin",
    r"^((deployments?|deploy|statefulsets?|sts|daemonsets?|ds|rollouts?|ro)/)?[^/\s]+$": (
        "the workload's name such as checkout, or with its kind before it: deployment/, statefulset/, "
        "daemonset/ or rollout/"
    ),
    r"^[^@\s<>]+@[^@\s<>]+$": "a mail address alone, such as nexus@example.org",
    r"^[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+$": "one mail address without a name, such as oncall@example.org",
    r"^(/[^#\s]*)?$": "a path that begins with / and has no spaces, such as /status?full=1",
    r"^/": "a path that begins with /, such as /openapi.json",
    r"^[A-Za-z0-9-]+$": "the name of a header, such as X-Forwarded-User",
    r"^https?://[A-Za-z0-9.\-\[\]:]+$": "https://HOST without a path and without a / at its end",
}
