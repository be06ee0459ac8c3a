"""What differs between two readings of `nexus.yaml`, in words that name its parts and no value of them."""

from collections.abc import Iterator, Sequence

from nexus.config.site import Site

#: Parts whose entries have names that people know them by.
_NAMED = ("services", "people")


def changed_parts(old: Site, new: Site) -> tuple[str, ...]:
    """The parts that differ, in the file's order: `services (added cart; changed web)`, `intake.senders`."""
    return tuple(_parts(old, new))


def _parts(old: Site, new: Site) -> Iterator[str]:
    for part in Site.model_fields:
        before, after = getattr(old, part), getattr(new, part)
        if before == after:
            continue
        if part in _NAMED:
            yield f"{part} ({_entries(before, after)})"
        elif part == "intake":
            fields = type(new.intake).model_fields
            yield from (f"{part}.{name}" for name in fields if getattr(before, name) != getattr(after, name))
        else:
            yield part


def _entries(before: Sequence[object], after: Sequence[object]) -> str:
    old, new = ({str(getattr(one, "name", "")): one for one in entries} for entries in (before, after))
    told = {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
    }
    return (
        "; ".join(f"{verb} {', '.join(names)}" for verb, names in told.items() if names) or "in another order"
    )
