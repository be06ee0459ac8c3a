"""Makes the two pictures of the README: `python -m tests.nexus.server.pages.screenshots`.

What is shown is the incident that `nexus demo` replays: Dana signs its change in the browser, and it is shown
again once it is over.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.nexus.server.pages.test_browser import CHROMIUM, SWITCHES

IMAGES = Path(__file__).parents[4] / "docs" / "images"
WIDTH, HEIGHT, LARGEST = 1280, 910, 200_000
SITE = """
services: [{name: checkout}, {name: web, user_facing: true}]
people: [{name: Dana, token: "env:DANA"}]
"""
TOKEN = "the token of whoever makes pictures"


def main() -> None:
    """Replay the incident up to its decision, sign it, play it to its end; keep both pages."""
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as playing:
        folder = Path(kept)
        (folder / "nexus.yaml").write_text(SITE)
        told = typed(folder, "demo", "--engine", "playbook")
        found = re.search(r"INC-[-0-9]+", told)
        assert found is not None, told
        browser = playing.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        with served(folder) as root:
            page.goto(f"{root}/incidents/{found[0]}/decisions/A1")
            page.fill("input[name=name]", "Dana")
            page.fill("input[name=secret]", TOKEN)
            page.press("input[name=secret]", "Enter")
            sign = page.get_by_role("button", name=re.compile("^Sign and"))
            sign.wait_for()
            keep(page, "decision")
            sign.click()
            page.get_by_text("Dana signed at").first.wait_for()
            typed(folder, "resume", "--approve", "none")
            page.goto(f"{root}/incidents/{found[0]}")
            page.get_by_role("heading", level=1).wait_for()
            keep(page, "incident")
        browser.close()


def typed(folder: Path, *words: str) -> str:
    """What a verb prints in a home of this folder."""
    made = subprocess.run(  # noqa: S603 - the words are our own
        [sys.executable, "-m", "nexus", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        env=_environment(folder), check=False,
    )  # fmt: skip
    return made.stdout


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of this folder."""
    words = [sys.executable, "-u", "-m", "nexus", "serve", "--no-worker", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - the words are our own
        words, stdout=subprocess.PIPE, text=True, env=_environment(folder)
    ) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().split(" at ")[1].strip().removesuffix("/alerts")
        finally:
            running.terminate()


def _environment(folder: Path) -> dict[str, str]:
    return {"NEXUS_HOME": str(folder), "NEXUS_CONFIG": str(folder / "nexus.yaml"), "DANA": TOKEN}


def keep(page: Page, name: str) -> None:
    """The page from its top to the window's height, in the 256 colours that it needs at most.

    Raises:
        SystemExit: it has become too large to be in a README.
    """
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    with Image.open(file) as seen:
        seen.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    if (size := file.stat().st_size) > LARGEST:
        raise SystemExit(f"{file} has {size:,} bytes; {LARGEST:,} at most")


if __name__ == "__main__":
    main()
