"""`screens`: the configured pages in a browser. Models get titles and statuses, people the pictures."""

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.value import Moment, Value
from tools.pictures.screenshots import shoot_all
from tools.toolbox.arguments import NoArgs
from tools.toolset import Sources, Tool
from tools.wording import clock_time, paragraphs, rows


class PageView(Value):
    """One page that was opened, without its picture."""

    page: str
    service: str
    title: str
    status: int | None = Field(description="of HTTP; None: the page tells none")
    complete: bool = Field(description="whether the part that is waited for appeared")
    at: Moment


class ScreensView(Value):
    """The pages that were opened, and why others were not."""

    pages: tuple[PageView, ...] = ()
    gaps: tuple[str, ...] = ()


async def _ask(sources: Sources, args: NoArgs) -> ScreensView:
    screens = sources.world.screens
    if screens is None:
        raise ToolFailed("no pages are configured (backends.screens)")
    shots, gaps = await shoot_all(screens)
    pages = tuple(
        PageView(
            page=shot.page, service=shot.service, title=shot.title, status=shot.status,
            complete=shot.complete, at=shot.at,
        )
        for shot in shots
    )  # fmt: skip
    return ScreensView(pages=pages, gaps=gaps)


def _say(view: ScreensView) -> str:
    lines = [
        f"{one.page} ({one.service}) [{'no status' if one.status is None else f'HTTP {one.status}'}] at "
        f"{clock_time(one.at)}, title: {one.title or 'none'}"
        + ("" if one.complete else "; the part that the configuration waits for did not appear")
        for one in view.pages
    ]
    head = "Pages opened in a browser; their pictures are kept for people with the recovery chart."
    return paragraphs(head if lines else "No page could be opened.", rows(lines, 0, ""), *view.gaps)


SCREENS = Tool(
    name="screens",
    description=(
        "Opens the configured dashboards and pages in a browser now: status, title, whether the expected "
        "part appeared."
    ),
    args=NoArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.pages and not view.gaps,
)
