"""Images that cannot be pulled."""

import re
from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from incidents.findings import Category
from tools.live.cluster.faults.wording import of_event, of_status, quote
from tools.live.cluster.neighbours import Container
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import Snapshot

WAITS = frozenset({
    "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable",
    "ImageInspectError", "SignatureValidationFailed",
})  # fmt: skip
_WHY = (
    (r"no match for platform|no matching manifest|does not match the (specified|detected) platform",
     "there is no build of it for the node's processor", Category.DEPLOYMENT),
    (r"toomanyrequests|too many requests|rate limit", "the registry takes no more pulls for now",
     Category.DEPENDENCY),
    (r"unauthorized|authentication required|pull access denied|403 forbidden|401|insufficient_scope|"
     r"authorization failed|denied", "the registry refuses the credentials, or does not show it without",
     Category.INFRASTRUCTURE),
    (r"not found|manifest unknown|does not exist|name unknown|404", "the registry has no such image or tag",
     Category.DEPLOYMENT),
    (r"no such host|dial tcp|i/o timeout|connection refused|x509|tls:|network is unreachable|"
     r"context deadline|server misbehaving|eof", "the registry cannot be reached", Category.DEPENDENCY),
    (r"never pull|errimageneverpull|imagepullpolicy", "it is not on the node, and may not be pulled",
     Category.DEPLOYMENT),
    (r"invalid reference|couldn't parse image|invalidimagename", "its name is none", Category.DEPLOYMENT),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), why, of) for pattern, why, of in _WHY)


def not_pulled(seen: Snapshot, pod: Pod, one: Container) -> Iterator[Finding]:
    """A container that waits for its image, with why as far as it is told."""
    waits = one.state.waiting
    if waits is None or waits.reason not in WAITS:
        return
    meant = pod.spec.container(one.name)
    image = one.image or (meant.image if meant is not None else "")
    events = [
        event
        for event in seen.told("Pod", pod.meta.name)
        if event.reason in {"Failed", "InspectFailed", "FailedToRetrieveImagePullSecret"}
        and (image in event.message or "pull secret" in event.message)
    ]
    texts = " ".join([waits.reason, waits.message, *(event.message for event in events)]).lower()
    why, category = next(
        ((why, category) for pattern, why, category in _COMPILED if pattern.search(texts)),
        ("why is not told", Category.DEPLOYMENT),
    )
    yield Finding(
        kind=FaultKind.IMAGE,
        object=f"pod/{pod.meta.name}",
        sentence=f"the image {quote(image, 160)} of container {one.name} cannot be pulled: {why}",
        evidence=(
            of_status(f"pod/{pod.meta.name}", waits.reason, waits.message),
            *map(of_event, events[:2]),
        ),
        category=category,
        concerns=seen.concerned(pod),
    )
