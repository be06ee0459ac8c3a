"""What the revisions of a workload are called, and which one a name means. Pure.

A name identifies a pod template. The tag of the image does where no other template that the cluster keeps
has it and where it names a build; else the revision stands with it: `1.4.2@revision-3`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.live.cluster.objects import Template
from tools.live.cluster.templates import main_image, same

_AT_REVISION = re.compile(r"(?:^|@)revision-(\d{1,9})$")
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{7,64}")


class Revision(NamedTuple):
    """One pod template that the cluster keeps, by the object that keeps it.

    Attributes:
        kept_by: the object's kind and name: `ReplicaSet payment-7fb4zkcrw`.
        name: the object's name.
        number: its revision now.
        former: those that it had before, oldest first.
        created: when the object was.
        cause: what its last release was said to be for.
        pods: how many there are of it; `available`: how many of them can be used.
    """

    kept_by: str
    name: str
    number: int
    former: tuple[int, ...]
    template: Template
    created: datetime | None
    cause: str = ""
    pods: int = 0
    available: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every revision that it ever was, oldest first."""
        return (*self.former, self.number)


class Versions:
    """The names of a workload's revisions.

    Args:
        workload: its name.
        kept: the revisions, in any order.
    """

    def __init__(self, workload: str, kept: Iterable[Revision]) -> None:
        self.workload = workload
        self.kept: Sequence[Revision] = sorted(kept, key=lambda one: one.number)

    def label(self, template: Template) -> str:
        """The tag of its image; where that names no build, its digest's beginning."""
        tag, digest = _tag(main_image(template, self.workload))
        return digest if digest and not names_a_build(tag) else tag or "latest"

    def name(self, template: Template, number: int = 0) -> str:
        """What a template is called, with its revision where the tag alone does not tell which it is."""
        label = self.label(template)
        others = [one for one in self.kept if self.label(one.template) == label]
        if names_a_build(label) and all(same(one.template, template) for one in others):
            return label
        found = number or max((one.number for one in others if same(one.template, template)), default=0)
        return f"{label}@revision-{found}" if found else label

    def of(self, template: Template) -> Revision | None:
        """The newest revision that has just this template."""
        return next((one for one in reversed(self.kept) if same(one.template, template)), None)

    def meant(self, wanted: str) -> Sequence[Revision]:
        """The revisions that a name may mean, newest first; the most exact way to name them counts."""
        newest = list(reversed(self.kept))
        change = re.fullmatch(rf"{re.escape(self.workload)}-r(\d{{1,9}})", wanted)
        if change is not None and all(one.name != wanted for one in newest):
            wanted = f"revision-{change[1]}"  # as the feed of changes calls it
        if numbered := _AT_REVISION.search(wanted):
            label = wanted[: numbered.start()]
            found = [one for one in newest if int(numbered[1]) in one.numbers]
            return [one for one in found if label in {"", self.label(one.template)}]
        ways = (
            lambda one: one.name == wanted,
            lambda one: self.label(one.template) == wanted,
            lambda one: main_image(one.template, self.workload) == wanted,
            lambda one: _is_digest(wanted, main_image(one.template, self.workload)),
        )  # fmt: skip
        return next((found for way in ways if (found := [one for one in newest if way(one)])), [])


def names_a_build(label: str) -> bool:
    """Whether a tag may stand for one image: `latest`, `main` and `stable` move on by their nature."""
    return any(letter.isdigit() for letter in label)


def _tag(image: str) -> tuple[str, str]:
    """The tag of an image and the beginning of its digest; each empty where it has none."""
    name, _, digest = image.partition("@")
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag, digest.rpartition(":")[2][:12]


def _is_digest(wanted: str, image: str) -> bool:
    _, _, digest = image.partition("@")
    given = wanted.removeprefix("sha256:")
    return bool(_DIGEST.fullmatch(wanted)) and digest.rpartition(":")[2].startswith(given)
