#!/usr/bin/env bash
# A release that is pinned names its tag and its digest, `pay:1.4@sha256:...`, as GitOps tools write it. docker's own
# parser takes the digest for the tag and leaves the tag in the repository, so that "which repository" is `pay:1.4`:
# the release before and after are two repositories, and what was rolled out never has a history. The one that follows
# the grammar of the registry takes all three apart.
# Guessed: repository pay, tag 1.4, the digest beside it. Source: distribution/reference, "Grammar" (name [ ":" tag ]
# [ "@" digest ]).
# Seen with docker 7.2.0, docker-image-py 0.2.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check docker==7.2.0 docker-image-py==0.2.0
cat >"$work/seen.py" <<'PY'
from docker.utils import parse_repository_tag
from docker_image import reference

DIGEST = "sha256:" + "0af7651916cd43dd8448eb211c80319c" * 2
for image in ("registry:5000/pay:1.4", f"registry:5000/pay:1.4@{DIGEST}"):
    repository, tag = parse_repository_tag(image)
    print("docker:", repository, "-", tag[:12])
    read = reference.Reference.parse(image)
    print("docker-image-py:", read["name"], "-", read["tag"], "-", read["digest"] and read["digest"][:12])
PY
cat >"$work/expected" <<'OUT'
docker: registry:5000/pay - 1.4
docker-image-py: registry:5000/pay - 1.4 - None
docker: registry:5000/pay:1.4 - sha256:0af76
docker-image-py: registry:5000/pay - 1.4 - sha256:0af76
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "docker-tag-and-digest: the behaviour has changed"; exit 1; }
echo "docker-tag-and-digest: as described"
