"""The objects of the namespace `shop`, and what may be done with them over the API."""

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

NAMESPACE = "shop"
KINDS = {
    "deployments": "Deployment", "replicasets": "ReplicaSet",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler", "pods": "Pod", "events": "Event",
}  # fmt: skip


class PatchFailedError(Exception):
    """An operation of a patch could not be carried out, or a `test` in it did not hold."""


class Namespace:
    """Kept in memory; every write gives the object a new resource version, as the API server does.

    A change of `spec` raises the generation; a patch of people and one of a controller do not mix.
    """

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Json] = {}
        self._version = 100
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile."""
        with self._lock:
            yield

    def all(self, resource: str) -> list[Json]:
        """Copies of the objects of a resource, in the order in which they were made."""
        with self._lock:
            return [copy.deepcopy(one) for (of, _), one in self._objects.items() if of == resource]

    def get(self, resource: str, name: str) -> Json | None:
        """A copy of one."""
        with self._lock:
            return copy.deepcopy(self._objects.get((resource, name)))

    def put(self, resource: str, found: Json) -> None:
        """Keep an object as it is given; unchanged ones stay as they are."""
        with self._lock:
            name = found["metadata"]["name"]
            known = self._objects.get((resource, name))
            fresh = copy.deepcopy(found)
            meta = fresh["metadata"]
            if known is None:
                meta |= {"namespace": NAMESPACE, "uid": str(uuid.uuid4()), "generation": 1}
                meta.setdefault("creationTimestamp", now())
            elif _without_version(known) == _without_version(fresh):
                return
            elif known.get("spec") != fresh.get("spec"):
                meta["generation"] = known["metadata"]["generation"] + 1
            self._version += 1
            meta["resourceVersion"] = str(self._version)
            self._objects[(resource, name)] = fresh

    def replace_all(self, resource: str, found: Sequence[Json]) -> None:
        """These objects and no others of a resource."""
        with self._lock:
            names = {one["metadata"]["name"] for one in found}
            for key in [key for key in self._objects if key[0] == resource and key[1] not in names]:
                del self._objects[key]
            for one in found:
                self.put(resource, one)

    def change(self, resource: str, name: str, how: Callable[[Json], None]) -> None:
        """Change an object in place."""
        with self._lock:
            found = copy.deepcopy(self._objects[(resource, name)])
            how(found)
            self.put(resource, found)

    def patch(self, resource: str, name: str, operations: Sequence[Json], *, dry: bool) -> Json:
        """A JSON patch (RFC 6902), all or nothing.

        Raises:
            PatchFailedError: an operation does not fit the object, or a `test` does not hold.
        """
        with self._lock:
            fresh = copy.deepcopy(self._objects[(resource, name)])
            for one in operations:
                _apply(fresh, one)
            if dry:
                return fresh
            self.put(resource, fresh)
            return copy.deepcopy(self._objects[(resource, name)])


def merged(into: Any, patch: Any) -> Any:
    """A merge patch, as kubectl sends it: null takes away, lists of named parts are merged by name."""
    if isinstance(patch, dict):
        found = dict(into) if isinstance(into, dict) else {}
        for name, part in patch.items():
            if part is None:
                found.pop(name, None)
            elif not name.startswith("$"):  # an order of elements, which stays as it is here
                found[name] = merged(found.get(name), part)
        return found
    if isinstance(patch, list) and all(isinstance(one, dict) and "name" in one for one in patch):
        given = {one["name"]: one for one in patch}
        known = [one for one in into or () if isinstance(one, dict)]
        kept = [merged(one, given.pop(one.get("name"), {})) for one in known]
        return [*kept, *given.values()]
    return patch


def now() -> str:
    """This second, as the API writes it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _without_version(found: Json) -> Json:
    given = {"resourceVersion", "generation", "uid", "creationTimestamp", "namespace"}
    meta = {name: value for name, value in found["metadata"].items() if name not in given}
    return found | {"metadata": meta}


def _apply(document: Json, operation: Json) -> None:
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    try:
        place: Any = document
        for part in path:
            place = place[part]
        match operation["op"]:
            case "test":
                if place.get(last) != operation["value"]:
                    raise PatchFailedError(f"{operation['path']} is another one")
            case "remove":
                del place[last]
            case "replace" if last not in place:
                raise PatchFailedError(f"{operation['path']} is not there")
            case "add" | "replace":
                place[last] = operation["value"]
            case other:
                raise PatchFailedError(f"the operation {other} is not known here")
    except (KeyError, TypeError, AttributeError) as error:
        raise PatchFailedError(f"{operation['path']}: {error}") from None
