"""Whether causes are right: the whole playbook over every set of recorded cases, beside another checkout.

Run from the repository's root:

    python -m benchmarks.causes ../shared/cases evals/cases [--against CHECKOUT] [--cases] [--json FILE]

Unlike `benchmarks/rca.py`, which looks at the ranking alone, every case goes through the whole graph, as an
incident does, in one warm process per checkout; with `--against` both take turns, case by case. Of each set:

- @1, @3, @5: a right service is among the first suspects; wrong ones of the same score count as ahead;
- named: the diagnosis names a right service, be it only as where the trouble is narrowed to;
- category: it names the right one, of the cases whose truth has one;
- wrong: a wrong service was named with medium or high confidence, as a share of all cases;
- right / said for each word of confidence, with the 95 % interval of Wilson, of the causes that are known;
- unknown: of the cases that were not named right, how many say that the cause is not known;
- seconds of the processor: median and most.

On 2026-11-30, two processors under a load of 10, before issue 15 was begun; 6376209 concluded the same of
every case, in 1.30 s (median; 5.06 s at most):

  set                      n    @1    @3    @5  named  categ.  wrong  unknown  cpu  most high, medium, low
  cloudopsbench           25  .640  .680  .680   .640    .360   .120      1/9  1.22  2.36 -, 13/16, 3/8
  nezha OB                24  .958 1.000 1.000   .958    .875   .000      0/1  0.98  3.51 5/5, 18/18, 0/1
  nezha TT                28  .964  .964 1.000   .964   1.000   .036      0/1  1.46  3.94 6/7, 21/21, -
  petshop low             26 1.000 1.000 1.000  1.000       -   .000      0/0  1.44  2.35 -, 8/8, 6/6
  petshop temporal1        8  .625  .875  .875   .625       -   .000      1/3  1.17  1.54 -, 2/2, 1/3
  petshop temporal1 late   7  .429  .429  .429   .429       -   .143      3/4  0.97  1.24 -, 2/3, 1/1
  shop                    14  .714  .714  .714   .857   1.000   .000      2/2  1.67  2.35 9/9, 3/3, -
  all                    132  .833  .864  .871   .848    .787   .038     7/20  1.33  3.94 20/21, 67/71, 11/19

The same day at a51ca96 (silence, late alerts, sparse spans, ties), beside 6376209, which concluded as above
in 1.43 s (median): sets that are not named are as above but for high, medium and low (nezha TT 7/8, 20/20, -,
and petshop low -, 7/7, 7/7). It costs 14 % more than 6376209 does.

  set                      n    @1    @3    @5  named  categ.  wrong  unknown  cpu s  most high, medium, low
  petshop temporal1        8  .875  .875  .875   .875       -   .000      1/1  1.29  1.63 -, 2/2, 3/3
  petshop temporal1 late   7 1.000 1.000 1.000  1.000       -   .000      0/0  1.21  1.59 -, 3/3, 2/2
  all                    132  .879  .894  .902   .894    .787   .030     4/14  1.63  5.12 21/22, 66/69, 15/21

The same day with quantiles, hangs, machines, hearsay and the end of the list, under a load of 20. In between,
at 6625316, no kind was said without a sign: named .894, categ. .787 (nezha OB .708), wrong .030, 14/15 high.

  set                      n    @1    @3    @5  named  categ.  wrong  unknown  cpu s  most high, medium, low
  cloudopsbench           25  .800  .880  .920   .800    .600   .000      0/5  1.03  1.71 -, 10/10, 3/5
  nezha OB                24  .958 1.000 1.000   .917    .792   .000      1/2  0.74  2.47 4/4, 17/17, 0/1
  nezha TT                28  .929  .964 1.000   .929   1.000   .071      0/2  1.26  4.04 3/4, 22/23, 1/1
  petshop low             26 1.000 1.000 1.000  1.000       -   .000      0/0  1.28  1.96 -, 2/2, -
  petshop temporal1        8  .875  .875  .875   .875       -   .000      0/1  0.96  1.02 -, 1/1, -
  petshop temporal1 late   7 1.000 1.000 1.000  1.000       -   .000      0/0  0.84  1.10 -, 1/1, -
  shop                    14  .714  .714  .714   .857   1.000   .000      2/2  1.40  2.10 9/9, 3/3, -
  all                    132  .902  .932  .947   .909    .831   .015     3/12  1.19  4.04 16/17, 56/57, 4/7

Of 109 simulated cases (`python -m evals.simulate --seed 7001 --many 129`, those with a cause, as far as they
were run) .670 were named right, .574 with their category, .202 were wrong with medium or high confidence
(high 47/57, medium 19/31; without the last step). At 6625316 it was .468, .454 and .440 of the same (high
37/61, medium 9/33).

On 2026-12-01, with what a cause does not explain held against it (decision 163): what every case above had
shown was weighed anew, without its later rounds, and that of the simulated cases of seeds 9001 to 9130 that
have a cause. The rule was chosen on 54 of these; the other 68 were not looked at. Before, then after:

                        n  named        wrong        high            medium          low
  recorded            132  .909  .909   .015  .008   16/17   15/16   56/57   47/47   4/7   14/19
  simulated, chosen    54  .685  .685   .241  .093   22/30   22/24    9/14    7/10   1/1    3/11
  simulated, left out  68  .735  .750   .221  .074   34/41   29/34   12/20   11/11   1/1    8/17

Later that day, with what began before the blamed part, and what a change long before puts first, held against
it as well; the rule was chosen on all of these simulated cases, and 19 new ones (seeds 20001 to 20020) were
left out. Before, then after:

                        n  named        wrong        high            medium          low
  recorded            132  .909  .909   .008  .008   15/16   15/16   47/47   47/47   14/19   14/19
  simulated, chosen   122  .721  .721   .082  .049   51/58   48/52   18/21   20/22   11/28   12/33
  simulated, left out  19  .526  .526   .105  .105    6/8     5/7     2/2     1/1     0/3     2/5

So on what nobody had looked at it made two right ones less sure, and no wrong one. Of the six that are wrong
still, two blame a part whose machine is down or slow and reports nothing, two the workers of one that waits
for another or for too many, one a way to a part, and one the caller of a part that is not traced. Of four
cases with nothing wrong, two name a service with medium confidence.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.checkouts import python_of
from evals.case import find_cases
from evals.scorers.cause import accepted
from incidents.findings import Confidence
from incidents.intervals import wilson
from tools.recorded.document import Truth, load_document

HERE = Path(__file__).resolve().parents[1]
WORKER = Path(__file__).resolve().parent / "causes_worker.py"
#: Which set a case belongs to, by its id, the first that matches; else by the system that was recorded.
SETS = (
    (r"^nz-2022", "nezha OB"),
    (r"^nz-2023", "nezha TT"),
    (r"^ps-low-", "petshop low"),
    (r"^ps-temporal1-.*-late$", "petshop temporal1 late"),
    (r"^ps-temporal1-", "petshop temporal1"),
    (r"^ps-high-", "petshop high"),
    (r"^cob-", "cloudopsbench"),
    (r"^shop-", "shop"),
)
_UNRANKED = 10_000


@dataclass(frozen=True)
class Answer:
    """What one checkout concluded of one case; the fields are those of `causes_worker.concluded`."""

    case: str
    group: str
    right: frozenset[str]
    true_category: str | None
    cpu: float
    suspects: tuple[tuple[str, float], ...]
    named: str | None
    known: bool
    category: str
    mechanism: str
    confidence: str | None
    summary: str
    proposed: tuple[str, ...]

    @cached_property
    def rank(self) -> int:
        """The place of the best right service, behind all wrong ones of the same score."""
        best = max((score for name, score in self.suspects if name in self.right), default=None)
        if best is None:
            return _UNRANKED
        return 1 + sum(score >= best for name, score in self.suspects if name not in self.right)

    @property
    def is_right(self) -> bool:
        """Whether a right service is named."""
        return self.named in self.right

    @property
    def misleads(self) -> bool:
        """Whether a wrong service is named as one that may be acted on."""
        surer = self.confidence in {Confidence.MEDIUM, Confidence.HIGH}
        return self.known and surer and not self.is_right


class Checkout:
    """A warm process of one checkout that answers case by case."""

    def __init__(self, folder: Path) -> None:
        """Start it; it is ready when it answers first."""
        # `-c` puts the working folder first on the path: the checkout that stands there is the one that runs.
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter of a checkout that was named
            [python_of(folder), "-c", WORKER.read_text(encoding="utf-8")],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, case: Path) -> dict[str, Any]:
        """What it concludes of one case.

        Raises:
            SystemExit: it ended, or could not run the case.
        """
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise SystemExit("the process of a checkout cannot be spoken with")
        asked.write(f"{case}\n")
        asked.flush()
        line = answered.readline()
        answer = json.loads(line) if line else {"error": "the process ended"}
        if "error" in answer:
            raise SystemExit(f"{case.name}: {answer['error']}")
        return dict(answer)

    def end(self) -> None:
        """Let it end."""
        self._process.communicate()


def group_of(folder: Path) -> str:
    """The set that a case belongs to."""
    found = next((name for pattern, name in SETS if re.search(pattern, folder.name)), None)
    return found or load_document(folder).system or folder.parent.name


def compared(folder: Path, answer: dict[str, Any]) -> Answer | None:
    """An answer beside the truth; None where the truth names no service."""
    truth: Truth = load_document(folder).truth
    if not accepted(truth):
        return None
    category = truth.cause.category
    plain = {"suspects": tuple(map(tuple, answer["suspects"])), "proposed": tuple(answer["proposed"])}
    return Answer(
        case=folder.name,
        group=group_of(folder),
        right=accepted(truth),
        true_category=str(category) if category is not None else None,
        **{**answer, **plain},
    )


def rows(answers: Sequence[Answer]) -> Iterator[str]:
    """The lines of one checkout's table: a row per set, then all sets together."""
    yield (
        f"{'set':<23}{'n':>4}{'@1':>6}{'@3':>6}{'@5':>6}{'named':>7}{'categ.':>8}{'wrong':>7}{'unknown':>9}"
        f"{'cpu s':>7}{'most':>6}   right/said: high, medium, low"
    )
    groups = sorted({one.group for one in answers})
    for name in groups:
        yield _row(name, [one for one in answers if one.group == name])
    if len(groups) > 1:
        yield _row("all", answers)


def _row(name: str, some: Sequence[Answer]) -> str:
    at = "".join(f"{_share([one.rank <= n for one in some]):>6}" for n in (1, 3, 5))
    category = _share([one.category == one.true_category for one in some if one.true_category is not None])
    honest = [one.named is None for one in some if not one.is_right]
    seconds = [one.cpu for one in some]
    words = ", ".join(_said(word, some) for word in reversed(Confidence))
    return (
        f"{name:<23}{len(some):>4}{at}{_share([one.is_right for one in some]):>7}{category:>8}"
        f"{_share([one.misleads for one in some]):>7}{f'{sum(honest)}/{len(honest)}':>9}"
        f"{statistics.median(seconds):>7.2f}{max(seconds):>6.2f}   {words}"
    )


def _share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f}".replace("0.", ".", 1) if values else "-"


def _said(word: Confidence, some: Sequence[Answer]) -> str:
    said = [one.is_right for one in some if one.confidence == word]
    if not said:
        return "-"
    low, high = wilson(sum(said), len(said))
    return f"{sum(said)}/{len(said)} [{low:.2f} {high:.2f}]"


def _line(one: Answer) -> str:
    rank = "-" if one.rank == _UNRANKED else str(one.rank)
    mark = "right" if one.is_right else "WRONG" if one.misleads else "wrong" if one.named else "unknown"
    return (
        f"{one.group:<23}{one.case:<30}{rank:>4} {mark:<8}{one.confidence or '-':<7}"
        f"{one.named or '-'}: {one.category} {one.mechanism} (was {', '.join(sorted(one.right))}: "
        f"{one.true_category or 'no category'})"
    )


def main() -> None:
    """Run every case below the given folders through each checkout and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--against", type=Path, help="another checkout, such as a worktree of 6376209")
    parser.add_argument("--cases", action="store_true", help="a line for each case, too")
    parser.add_argument("--json", type=Path, help="a file for every answer")
    parser.add_argument("--sets", default="", help="only sets whose name matches this pattern")
    asked = parser.parse_args()
    folders = [one for one in find_cases(asked.folders) if re.search(asked.sets, group_of(one))]
    checkouts = {"this checkout": HERE} | ({str(asked.against): asked.against} if asked.against else {})
    workers = {name: Checkout(folder.resolve()) for name, folder in checkouts.items()}
    answers: dict[str, list[Answer]] = {name: [] for name in workers}
    for number, folder in enumerate(folders, 1):
        sys.stderr.write(f"\r{number} of {len(folders)}: {folder.name:<40}")
        for name, worker in workers.items():
            if (one := compared(folder, worker.ask(folder))) is not None:
                answers[name].append(one)
    for worker in workers.values():
        worker.end()
    for name, found in answers.items():
        sys.stdout.write(
            "\n".join([f"\n{name}", *rows(found), *map(_line, found if asked.cases else ())]) + "\n"
        )
    if asked.json:
        kept = {
            name: [{**asdict(one), "right": sorted(one.right), "rank": one.rank} for one in found]
            for name, found in answers.items()
        }
        asked.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
