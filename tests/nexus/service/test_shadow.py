"""What `shadow` of nexus.yaml means: who begins in shadow, what joins it, and that it stays as it began."""

from pathlib import Path

import pytest

from incidents.action import ActionKind
from incidents.actor import Actor, Via
from incidents.errors import Refused, SettingsError
from incidents.incident import Incident
from incidents.shadow import Shadow
from nexus.config.site import load_site
from nexus.service.regrouping import IncidentRegrouping
from nexus.store.records import Summary
from tests.conformance.test_regrouping import driven
from tests.nexus.sample import at
from tests.nexus.service.test_intake import SITE, Taking

DANA = Actor(id="dana", name="dana", roles=(), via=Via.CLI)
WHOLE = Shadow(whole=True)


def says(taking: Taking, shadow: str) -> None:
    """From now on nexus.yaml says that."""
    taking.intake.path.write_text(f"{SITE}shadow: {shadow}\n")
    taking.intake.use(load_site(taking.intake.path))


async def told(taking: Taking, title: str, service: str, status: str = "firing") -> Incident:
    """The incident that an alert reaches."""
    _, identity = await taking.told(title, service, status)
    found = await taking.store.load(str(identity))
    assert found is not None
    return found


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    return Taking(tmp_path)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("{services: [chekout]}", "shadow.services: there is no service 'chekout'; did you mean checkout?"),
        ("{mode: shadow, services: [web]}", "`mode: shadow` is the whole site, `services` a part of it"),
        ("{mode: shadow, actions: [scale]}", "`mode: shadow` is the whole site, `actions` a part of it"),
        ("{mode: shadw}", "did you mean shadow?"),
        ("{actions: [rolback]}", "did you mean rollback?"),
        ("{service: [web]}", "did you mean services?"),
    ],
)
def test_what_it_cannot_mean_is_refused(tmp_path: Path, said: str, sentence: str) -> None:
    path = tmp_path / "nexus.yaml"
    path.write_text(f"{SITE}shadow: {said}\n")
    with pytest.raises(SettingsError) as refused:
        load_site(path)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("said", "service", "shadow"),
    [
        ("{mode: shadow}", "checkout", WHOLE),
        ("{mode: shadow}", "nobody-knows", WHOLE),
        ("{services: [checkout]}", "checkout", WHOLE),
        ("{services: [checkout]}", "search", Shadow(services=("checkout",))),
        ("{services: [checkout]}", "nobody-knows", Shadow(services=("checkout",))),
        ("{actions: [rollback]}", "checkout", Shadow(kinds=(ActionKind.ROLLBACK,))),
        ("{}", "checkout", Shadow()),
    ],
)
async def test_an_incident_begins_in_shadow_if_all_that_it_is_about_is(
    taking: Taking, said: str, service: str, shadow: Shadow
) -> None:
    says(taking, said)
    assert (await told(taking, "errors", service)).shadow == shadow


async def test_a_later_change_of_the_file_changes_none_that_has_begun(taking: Taking) -> None:
    says(taking, "{services: [checkout]}")
    begun = await told(taking, "errors", "checkout")
    says(taking, "{}")
    again = await told(taking, "errors", "checkout", "resolved")
    assert (again.id, again.shadow) == (begun.id, WHOLE)
    fresh = await told(taking, "slow", "checkout")
    assert fresh.id != begun.id, "it is live by now: in the old one people would not hear of it"
    assert not fresh.shadow.whole
    says(taking, "{mode: shadow}")
    later = await told(taking, "queue is full", "checkout")
    assert (later.id, later.shadow.whole) == (fresh.id, False), "it joins what people know of"


async def test_what_is_live_joins_no_shadow(taking: Taking) -> None:
    says(taking, "{services: [checkout]}")
    shadow = await told(taking, "errors", "checkout")
    live = await told(taking, "slow", "web")
    assert live.id != shadow.id
    assert not live.shadow.whole


async def test_what_is_in_shadow_joins_what_is_live(taking: Taking) -> None:
    says(taking, "{services: [web]}")
    live = await told(taking, "errors", "checkout")
    assert (await told(taking, "slow", "web")).id == live.id
    assert live.shadow == Shadow(services=("web",)), "people are told, and changes of web stand in shadow"


async def test_a_list_says_it_without_the_incident(taking: Taking) -> None:
    says(taking, "{mode: shadow}")
    one = await told(taking, "errors", "checkout")
    assert Summary.of(one, at(0)).shadow
    says(taking, "{actions: [rollback]}")
    assert not Summary.of(await told(taking, "empty", "search"), at(0)).shadow


async def test_people_cannot_merge_what_is_live_into_a_shadow(taking: Taking) -> None:
    says(taking, "{services: [checkout]}")
    shadow, live = await told(taking, "errors", "checkout"), await told(taking, "slow", "web")
    door = IncidentRegrouping.of(taking.intake.home)
    with pytest.raises(Refused, match="people would hear no more of it"):
        await door.merge(shadow.id, live.id, actor=DANA, reason="one cause")
    assert (await door.merge(live.id, shadow.id, actor=DANA, reason="one cause")).merged == shadow.id


async def test_what_is_taken_out_of_a_shadow_is_one(taking: Taking) -> None:
    says(taking, "{mode: shadow}")
    shadow = await told(taking, "errors", "checkout")
    await told(taking, "slow", "web")
    await driven(taking.store, shadow.id)
    door = IncidentRegrouping.of(taking.intake.home)
    done = await door.split(shadow.id, ["web"], actor=DANA, reason="two faults")
    made = await taking.store.load(str(done.split_into))
    assert made is not None
    assert made.shadow == WHOLE
