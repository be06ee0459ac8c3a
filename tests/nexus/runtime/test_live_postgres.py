"""A live incident whose store is a PostgreSQL: alert in, driven, approved, resolved, over two kills."""

from demo.processes import wait_for
from nexus.store.postgres.connecting import connect
from tests.nexus.command_line import typed_before
from tests.nexus.live import live
from tests.nexus.rig import GOOD
from tests.patience import PATIENCE
from tests.postgres import PostgresServer


def test_an_incident_is_driven_to_its_end_on_postgresql(postgres: PostgresServer) -> None:
    database = postgres.new("live")  # `serve` makes the tables
    url = database.url.get_secret_value()
    with live(database=database, store={"url": url}) as one:
        assert one.alert() == (202, "opened")
        one.nexus.until("for a person to decide on A1")
        one.again()  # it goes on from its checkpoint
        one.saved("A1")
        one.alert()
        assert one.decide()[0] == 200
        one.again()  # and what was decided is not lost
        one.seen(lambda incident: not incident.open)
        ended = one.sound("resolved")
        assert one.made.switches == [GOOD]
        assert one.incident in typed_before(one.home, "incidents", NEXUS_DATABASE_URL=url)
        config = str(one.made.folder / "nexus.yaml")
        assert ended.title in typed_before(one.home, "show", one.incident, NEXUS_CONFIG=config)
        assert not (one.home / "nexus.db").exists()
        with connect(database) as raw:
            steps = "select count(*) from checkpoints where thread_id = %s"
            pruned = lambda: raw.execute(steps, (one.incident,)).fetchone() == (1,) or None  # noqa: E731
            wait_for("pruning to the head", pruned, seconds=PATIENCE, pause=0.01)
