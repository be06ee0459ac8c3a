"""Notes of people: what is understood as a constraint, and what they are told of the rest."""

import pytest

from incidents.action import ActionKind
from incidents.language import Language
from incidents.ruled_out import ruled_out, understood

ROLLBACK, RESTART, SCALE = ActionKind.ROLLBACK, ActionKind.RESTART, ActionKind.SCALE
FAILOVER, HOTFIX, FLAG = ActionKind.FAILOVER, ActionKind.HOTFIX, ActionKind.FEATURE_FLAG

#: Written down before it was run.
NOTES: list[tuple[str, set[ActionKind]]] = [
    ("please do NOT roll back during the sale", {ROLLBACK}),
    ("no restarts, and never scale the shop", {RESTART, SCALE}),
    ("don't fail over yet", {FAILOVER}),
    ("roll back if you must", set()),
    ("not sure what it is; a restart may help", set()),
    ("not sure if a rollback helps", set()),
    ("I don't know whether a restart helps", set()),
    ("rollback is forbidden until noon", {ROLLBACK}),
    ("look at payment, it was slow yesterday", set()),
    ("", set()),
    ("Bitte kein Rollback während des Verkaufs.", {ROLLBACK}),
    ("checkout auf keinen Fall neu starten", {RESTART}),
    ("Bitte nicht zurückrollen!", {ROLLBACK}),
    ("Rollt checkout nicht zurück.", {ROLLBACK}),
    ("Startet die Datenbank bitte nicht neu.", {RESTART}),
    ("Ein Failover ist tabu.", {FAILOVER}),
    ("Rollback verboten, Hotfix ist in Ordnung.", {ROLLBACK}),
    ("keine Neustarts und niemals skalieren", {RESTART, SCALE}),
    ("Neustart vermeiden", {RESTART}),
    ("Der Rollback hat gestern nicht geholfen.", set()),
    ("Ich weiß nicht, ob ein Rollback hilft.", set()),
    ("Nicht sicher, was es ist; ein Neustart könnte helfen.", set()),
    ("Notfalls zurückrollen.", set()),
    ("Schaut euch die Zahlungen an.", set()),
    ("Nicht nur neu starten, auch zurückrollen", set()),
    ("Feature-Flag bitte nicht umlegen", {FLAG}),
    ("Pas de rollback pendant les soldes.", {ROLLBACK}),
    ("Ne redémarrez pas la base.", {RESTART}),
    ("N\u2019appliquez aucun correctif.", {HOTFIX}),
    ("Surtout pas de retour en arrière", {ROLLBACK}),
    ("Évitez le redémarrage de checkout.", {RESTART}),
    ("Le redémarrage est interdit.", {RESTART}),
    ("Ne jamais basculer vers le réplica.", {FAILOVER}),
    ("Je ne sais pas si un rollback aide.", set()),
    ("Pas sûr ; un redémarrage peut aider.", set()),
    ("Un redémarrage aiderait peut-être.", set()),
    ("Regardez les paiements.", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kinds"), NOTES, ids=[text for text, _ in NOTES])
def test_a_prohibition_is_understood_in_each_language_and_doubt_is_none(
    text: str, kinds: set[ActionKind]
) -> None:
    assert ruled_out((text,)) == kinds


def test_who_leaves_a_hint_is_told_that_it_is_only_one() -> None:
    told = [understood("Schaut euch die Zahlungen an.", language) for language in Language]
    assert told[0].startswith("This note is only a hint: it rules out no kind of change")
    assert told[1].startswith("Diese Notiz gilt nur als Hinweis: Sie schließt keine Art von Änderung")
    assert told[2].startswith(
        "Cette note n\u2019est qu\u2019une indication\u00a0: elle n\u2019exclut aucun type"
    )


def test_who_leaves_a_constraint_is_told_which() -> None:
    told = [understood("no restarts, kein Rollback", language) for language in Language]
    assert told[0].endswith(" propose none of these changes: restart, rollback.")
    assert told[1].endswith(" keine dieser Änderungen vor: Neustart, Rollback.")
    assert told[2].endswith(" aucun de ces changements\u00a0: redémarrage, retour arrière.")
