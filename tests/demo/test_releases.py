"""The releases folder: real folders, one link, one log."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.catalogue import FIRST_VERSIONS
from demo.releases import Releases, UnknownReleaseError


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path, FIRST_VERSIONS)


def test_every_source_is_laid_out_under_its_version(releases: Releases, tmp_path: Path) -> None:
    assert releases.versions("checkout") == ["2026.11.1", "2026.11.2", "2026.11.3"]
    for service in FIRST_VERSIONS:
        for version in releases.versions(service):
            about = json.loads((tmp_path / service / version / "release.json").read_text())
            assert (about["service"], about["version"]) == (service, version)
            assert (tmp_path / service / version / "app.py").is_file()


def test_an_overlay_takes_the_code_of_its_base(releases: Releases, tmp_path: Path) -> None:
    old, new = tmp_path / "catalogue" / "2026.11.3", tmp_path / "catalogue" / "2026.11.4"
    assert (old / "app.py").read_text() == (new / "app.py").read_text()
    assert json.loads((old / "config.json").read_text())["page_size"] == 20
    assert json.loads((new / "config.json").read_text())["page_size"] == 24


def test_a_switch_moves_the_link_and_is_logged(releases: Releases, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    change = releases.switch("checkout", "2026.11.2")

    assert (tmp_path / "checkout" / "current").readlink() == Path("2026.11.2")
    assert releases.version("checkout") == "2026.11.2"
    assert releases.log.changes() == [change]
    assert before <= change.at <= datetime.now(UTC)
    assert (change.version_from, change.version_to) == ("2026.11.1", "2026.11.2")
    assert change.author
    assert change.summary
    assert len(change.commit) == 12


def test_previous_is_what_ran_before(releases: Releases) -> None:
    with pytest.raises(UnknownReleaseError, match=r"nothing ran before 2026\.11\.1"):
        releases.previous("checkout")
    releases.switch("checkout", "2026.11.2")
    releases.switch("catalogue", "2026.11.4")
    assert releases.previous("checkout") == "2026.11.1"


def test_ids_tell_two_deploys_of_one_version_apart(releases: Releases) -> None:
    changes = [releases.switch("checkout", version) for version in ("2026.11.2", "2026.11.1", "2026.11.2")]
    assert len({change.id for change in changes}) == 3


def test_an_unknown_version_is_refused_and_not_logged(releases: Releases) -> None:
    with pytest.raises(UnknownReleaseError, match=r"only \['2026\.10\.4', "):
        releases.switch("payment", "../checkout/2026.11.2")
    assert releases.log.changes() == []
