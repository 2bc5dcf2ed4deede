"""The kinds of entries that the trail may hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gate.reconciler
from gate.domain.audit.kinds import KINDS
from gate.domain.audit.segments import SEGMENT_BEGUN
from gate.domain.model.ledger import EffectKind
from gate.store.incidents.incidents import EVENT_KINDS

SOURCES = Path(gate.reconciler.__file__).parent
KIND = re.compile(rf"(?:{'|'.join(sorted({it.partition('.')[0] for it in KINDS}))})\.[a-z_]+")


def written_kinds() -> Iterator[str]:
    """List the texts of the reconciler that are spelled like kinds and are no log events."""
    for file in SOURCES.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        logged = {id(it.args[0]) for it in calls if ast.unparse(it.func).startswith("log.")}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in logged else ""
            if isinstance(text, str) and KIND.fullmatch(text):
                yield text


def test_every_kind_that_is_recorded_is_listed() -> None:
    """The API takes no other kind for a filter, so none may be missing."""
    assert set(written_kinds()) <= set(KINDS)
    assert {f"incident.{kind}" for kind in EVENT_KINDS.values()} <= set(KINDS)
    assert SEGMENT_BEGUN in KINDS
    for kind in EffectKind:
        assert {f"{kind}.{end}" for end in ("sent", "lost", "refused", "postponed")} <= set(KINDS)


def test_kinds_are_sorted_and_found_in_the_source() -> None:
    """One that nothing records would be a filter without a meaning."""
    assert list(KINDS) == sorted(set(KINDS))
    # Segments are begun by the store itself.
    built = {"review", "report", "status", "incident", "alert", "segment"}
    plain = {kind for kind in KINDS if kind.partition(".")[0] not in built}
    assert plain <= set(written_kinds())
