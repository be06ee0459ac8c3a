"""PetShop (Hardt et al., CLeaR 2024; github.com/amazon-science/petshop-root-cause-analysis).

`dataset/<scenario>/{graph.csv, noissue/metrics.csv, {train,test}/issue_<n>/{metrics.csv, target.json}}`. The
metrics have three rows of headers (microservice, metric, statistic), a fourth that names the index, and one
row per five minutes; a blank is a gap.
"""

import csv
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

import polars as pl

from evals.importers.draft import Draft, Found, Plan, alert, finite, from_epoch, moment, place, read_json
from incidents.catalogue import ServiceKind
from incidents.errors import CaseError
from tools.recorded.document import BaselineEntry, CauseTruth, Document, ServiceEntry, Source, Span, Truth
from tools.recorded.write import Pages

_ORIGIN = "PetShop (Hardt et al., CLeaR 2024), amazon-science/petshop-root-cause-analysis"
_UNITS = {"latency": "seconds", "requests": "count", "availability": "percent"}
_STEP = timedelta(minutes=5)
_HEADERS = ("microservice", "metric", "statistic", "unix_timestamp")
#: What the ends of node names tell, in this order.
_KINDS = (("queue", ServiceKind.QUEUE), ("sql", ServiceKind.DATABASE), ("dynamodb", ServiceKind.DATABASE))


def find(source: Path) -> Found:
    """Every issue of every scenario below a folder."""
    plans, baselines = [], {}
    for graph in sorted(source.rglob("graph.csv")):
        scenario = graph.parent
        baselines[scenario.name] = partial(_quiet, scenario / "noissue" / "metrics.csv")
        for target in sorted(scenario.glob("*/issue_*")):
            name = f"petshop-{scenario.name}-{target.parent.name}-{int(target.name[6:]):02d}"
            plans.append(Plan(name, partial(_draft, name, target)))
    return Found(plans, baselines)


def _draft(name: str, folder: Path) -> Draft:
    scenario = folder.parent.parent
    metrics, gaps = _metrics(folder / "metrics.csv")
    if metrics.is_empty():
        raise CaseError(f"{place(folder / 'metrics.csv')} has no samples")
    target = read_json(folder / "target.json")
    symptom, cause = _part(target, "target", folder), _part(target, "root_cause", folder)
    try:
        at = moment(float(str(symptom["timestamp"])))
        node, metric = str(symptom["node"]), f"{symptom['metric']}.{symptom['agg']}"
        blamed = str(cause["node"])
    except (KeyError, ValueError) as error:
        raise CaseError(f"{place(folder / 'target.json')}: {error} is missing or no value") from error
    first, last = metrics["time"].min(), metrics["time"].max()
    names = {*metrics["service"].unique(), node, blamed}
    document = Document.model_validate(
        {
            "format": 1,
            "id": name,
            "title": f"{node} {symptom['metric']} SLO violated",
            "source": Source(
                kind="imported",
                origin=f"{_ORIGIN}; {scenario.name}/{folder.parent.name}/{folder.name}",
                licence="CC-BY-4.0",
            ),
            "system": f"PetShop {scenario.name}",
            "window": Span.model_validate({"from": first, "to": last + _STEP}),  # type: ignore[operator]
            "baseline": BaselineEntry(folder=f"../_baseline/{scenario.name}"),
            "alerts": (alert(at, f"{node} {symptom['metric']} SLO violated", node, at, metric=metric),),
            "services": _services(names, scenario / "graph.csv", node),
            "truth": Truth(cause=CauseTruth(service=blamed)),
        }
    )
    return Draft(document, Pages(metrics=metrics), _left_out(gaps))


def _quiet(path: Path) -> Pages:
    return Pages(metrics=_metrics(path)[0])


def _left_out(gaps: int) -> tuple[str, ...]:
    return (f"{gaps} blank samples",) if gaps else ()


def _part(target: dict[str, object], key: str, folder: Path) -> dict[str, object]:
    found = target.get(key)
    if not isinstance(found, dict):
        raise CaseError(f"{place(folder / 'target.json')}: {key!r} is missing or no object")
    return found


def _metrics(path: Path) -> tuple[pl.DataFrame, int]:
    """The samples as rows, and how many were blank."""
    head = _header(path)
    columns = [f"c{number}" for number in range(len(head[0]))]
    try:
        raw = pl.read_csv(
            path, has_header=False, skip_rows=len(_HEADERS), new_columns=columns, infer_schema=False
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CaseError(f"{place(path)} cannot be read: {str(error).splitlines()[0]}") from error
    if raw.width != len(columns):
        raise CaseError(f"{place(path)} has {raw.width} columns of values and {len(columns)} of headers")
    names = pl.DataFrame(
        {
            "column": columns[1:],
            "service": head[0][1:],
            "metric": [f"{metric}.{agg}" for metric, agg in zip(head[1][1:], head[2][1:], strict=True)],
            "unit": [_UNITS.get(metric, "") for metric in head[1][1:]],
        }
    )
    long = (
        raw.with_columns(pl.all().cast(pl.Float64, strict=False))
        .unpivot(columns[1:], index="c0", variable_name="column", value_name="value")
        .join(names, on="column", how="inner", maintain_order="left")
        .with_columns(pl.col("c0").cast(pl.Int64).alias("at"), instance=pl.lit(""), peer=pl.lit(""))
        .with_columns(time=from_epoch("at", "s"))
    )
    return finite(long)


def _header(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for _, row in zip(range(len(_HEADERS)), csv.reader(file), strict=False)]
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{place(path)} cannot be read: {error}") from error
    for wanted, row in zip(_HEADERS, [*rows, *[[]] * len(_HEADERS)], strict=False):
        if not row or row[0] != wanted:
            raise CaseError(f"{place(path)}: the header row {wanted!r} is missing")
    if len({len(row) for row in rows[:3]}) != 1:
        raise CaseError(f"{place(path)}: its three header rows differ in length")
    return rows


@cache
def _graph(path: Path) -> dict[str, tuple[str, ...]]:
    """Who calls whom: a matrix with callers as rows."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{place(path)} cannot be read: {error}") from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise CaseError(f"{place(path)} is no matrix: its rows differ in length")
    callees = rows[0][1:]
    return {
        row[0]: tuple(
            callee
            for callee, mark in zip(callees, row[1:], strict=True)
            if _marked(mark) and callee != row[0]
        )
        for row in rows[1:]
    }


def _marked(cell: str) -> bool:
    return cell.strip() not in {"", "0", "0.0"}


def _services(names: set[str], graph: Path, entry: str) -> tuple[ServiceEntry, ...]:
    edges = _graph(graph)
    known = names | set(edges)
    return tuple(
        ServiceEntry(
            name=name,
            kind=_kind(name),
            user_facing=name == entry,
            depends_on=tuple(sorted(callee for callee in edges.get(name, ()) if callee in known)),
        )
        for name in sorted(known)
    )


def _kind(name: str) -> ServiceKind:
    for word, kind in _KINDS:
        if word in name.casefold():
            return kind
    return ServiceKind.EXTERNAL if name.endswith("_remote") else ServiceKind.SERVICE
