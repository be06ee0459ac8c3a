"""What a browser and axe-core have against the pages: `python -m benchmarks.page_audit --axe axe.min.js`.

Every page is opened in the distribution's Chromium, wide and narrow, light and dark. It ends with 1 if axe
finds anything of serious or critical impact, also in what is folded, if anything is told on the console, or
if the content policy stops anything. `--pictures FOLDER` keeps how each page looks. axe-core is not kept
here: `npm pack axe-core@4.14.1` has it as `package/axe.min.js`.
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

from nexus.cli.base import say
from nexus.service.identity import Credential
from nexus.service.logins import Logins
from nexus.store.records import Message, MessageKind
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.sample import EVIDENCE, ID, at
from tests.nexus.server.pages.test_browser import CHROMIUM, SWITCHES, WarRoom, run, war_room
from tests.nexus.server.pages.test_browser_decision import becomes, waits
from tests.nexus.server.pages.test_stream import SITE
from tests.nexus.server.rooms import ENDED
from tests.nexus.server.test_serve import alert
from tools.clock import WallClock

#: One destination takes what it is sent, and one cannot.
NOTIFY = """notify:
  destinations:
    - {name: log, kind: file, path: told.jsonl}
    - {name: archive, kind: file, path: /dev/null/told.jsonl}
"""
#: One schedule has gaps, somebody who is not known and somebody who stands in; one never answers.
_TOMORROW = datetime.now(UTC) + timedelta(days=1)
DUTY = f"""oncall:
  - name: first
    services: [checkout]
    kind: rotation
    time_zone: Europe/Berlin
    layers:
      - {{people: [dana, Kim], begins: 2026-01-05, every: day, hours: {{from: '08:00', until: '20:00'}}}}
    overrides:
      - {{person: Kim, from: {_TOMORROW.isoformat()}, until: {(_TOMORROW + timedelta(days=1)).isoformat()}}}
  - {{name: silent, kind: calendar, time_zone: UTC, url: 'file:/gone'}}
"""
PUBLIC = SITE.replace("{name: checkout}", "{name: checkout, public: Payments}") + NOTIFY + DUTY
#: For everybody; `{link}` is one that was made for a person's first password.
OPEN = ("/login", "/setup/{link}", "/setup/used-already", "/status", "/status/subscribe")
PAGES = (
    "/", "/history", "/history?words=checkout", "/alerts", "/alerts/1", "/settings", "/oncall", "/you",
    f"/incidents/{ID}", f"/incidents/{ID}/decisions/A1", f"/incidents/{ID}/updates",
    f"/incidents/{ID}/regroup", f"/incidents/{ID}/post-mortem",
    f"/incidents/{ID}/evidence/{EVIDENCE[0]}", f"/incidents/{ENDED}", f"/incidents/{ENDED}/post-mortem",
    "/incidents/INC-1",
)  # fmt: skip
#: What people were told of the incident that waits.
SAID = (
    (MessageKind.PAGE, "P1: a third of the payments fail"),
    (MessageKind.PAGE, "A decision is needed: roll checkout back to 1.0"),
    (MessageKind.CHANNEL, "The cause is named: release 2.0 of checkout"),
)
#: How it is looked at: how wide, and in which colours.
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1600, "light"),
    (360, "dark"),
    (360, "light"),
    (1600, "dark"),
)
SEVERE = {"serious", "critical"}


class Seen(NamedTuple):
    """What there is against one page in one look."""

    page: str
    faults: list[str]


def main() -> None:
    """Look at all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--axe", type=Path, required=True, help="axe.min.js")
    parser.add_argument("--pictures", type=Path, help="a folder")
    asked = parser.parse_args()
    axe = asked.axe.read_text(encoding="utf-8")
    with (
        tempfile.TemporaryDirectory() as folder,
        war_room(Path(folder), PUBLIC) as war,
        sync_playwright() as playing,
    ):
        link = furnished(war)
        browser = playing.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        seen = [one for look in LOOKS for one in looked(war, browser, look, axe, link, asked.pictures)]
    for page, faults in seen:
        say(f"{page}: {'nothing' if not faults else ''}")
        for fault in faults:
            say(f"    {fault}")
    raise SystemExit(any(faults for _, faults in seen))


def furnished(war: WarRoom) -> str:
    """The room with something on every page; a one-time link that was not used."""
    becomes(war, waits)
    with Store.existing(war.home) as store:
        ended = sample.resolved().evolve(id=ENDED, opened_at=at(1))
        world = run(store.world_of(ID))
        run(store.register(ended, world, at(50), "default"))
        for number, (kind, text) in enumerate(SAID):
            message = Message(incident=ID, kind=kind, key=str(number), at=at(12), title=text, text=text)
            run(store.send(message))
        for number in range(4):
            run(store.put(sample.evidence(number), b'{"lines": 1204}'))
        dana = Credential("dana", "people[0]", person="dana")
        link = run(Logins(store, WallClock()).link_for(dana))
    httpx2.post(f"{war.root}/alerts", json=alert("web", fingerprint="f9")).raise_for_status()
    return link


def looked(
    war: WarRoom,
    browser: Browser,
    look: tuple[int, Literal["light", "dark"]],
    axe: str,
    link: str,
    pictures: Path | None,
) -> list[Seen]:
    """Every page in one look: first those for everybody, then as somebody who has logged in."""
    width, colours = look
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda said: told.append(f"console: {said.type}: {said.text}"))
    page.on("pageerror", lambda error: told.append(f"error: {error}"))
    seen = []
    for path in (*OPEN, "login", *PAGES):
        if path == "login":
            log_in(war, page)
            continue
        page.goto(f"{war.root}{path.format(link=link)}")
        faults = [*found(page, axe), *(one for one in told if not _of_the_status(one))]
        told.clear()
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append("it is wider than the window")
        seen.append(Seen(f"{width} {colours} {path}", faults))
        if pictures is not None:
            name = path.strip("/").replace("/", "-").replace("?", "-") or "now"
            page.screenshot(path=pictures / f"{name}-{width}-{colours}.png", full_page=True)
    context.close()
    return seen


def log_in(war: WarRoom, page: Page) -> None:
    """As Dana."""
    page.goto(f"{war.root}/login")
    page.fill("input[name=name]", "dana")
    page.fill("input[name=secret]", "the-token-of-dana")
    page.press("input[name=secret]", "Enter")
    page.wait_for_url(f"{war.root}/")


def found(page: Page, axe: str) -> list[str]:
    """What axe finds, with its first places; it comes in past the content policy, as a debugger does."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate(axe)
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['impact']}: {one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in report["violations"]
        if one["impact"] in SEVERE
    ]


def _of_the_status(said: str) -> bool:
    """A browser tells of every page that is answered with a refusal; those here are meant to be."""
    return "Failed to load resource: the server responded with a status of 40" in said


if __name__ == "__main__":
    main()
