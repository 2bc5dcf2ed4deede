"""The pictures of the README show what the product does today."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from gate.demo.scenes import SCENES
from tests.docs.hold_comments import red_comment
from tests.docs.pictures.gallery import FOLDER, PICTURES
from tests.docs.pictures.held import WIDTH
from tests.docs.pictures.markdown import read_blocks
from tests.docs.pictures.recording import read_recording
from tests.docs.pictures.text import Piece, Style, wrap
from tests.support.markdown import shown

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(picture: str) -> list[str]:
    """List the lines of text in a picture."""
    root = ET.fromstring(picture)  # noqa: S314 - our own picture
    return ["".join(it.itertext()) for it in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_current(name: str) -> None:
    """What would be drawn today is what is committed: else run `make pictures`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PICTURES[name]()


def test_no_other_picture_is_kept() -> None:
    """Each committed picture is one that is drawn."""
    assert {it.name for it in FOLDER.glob("*.svg")} == set(PICTURES)


def test_recording_has_the_steps_of_the_demo() -> None:
    """The demo's page has each scene, in order: else run `make recording`."""
    recorded = [(step.title, step.expected) for step in read_recording()]
    assert recorded == [(scene.title, scene.expected) for scene in SCENES]


def test_picture_has_every_word_of_the_comment() -> None:
    """The held deployment shows the whole comment, as text that can be selected."""
    drawn = " ".join(texts_of(PICTURES["held-light.svg"]()))
    assert [word for word in shown(red_comment()).split() if word not in drawn.split()] == []


def test_no_line_leaves_its_box() -> None:
    """Each line of the comment is narrower than the picture in the widest font."""
    lines = [
        line for block in read_blocks(red_comment()) for line in wrap(block.pieces, WIDTH - 70, 15)
    ]
    assert max(sum(piece.width(15) for piece in line) for line in lines) <= WIDTH - 70


def test_wrapping_keeps_words_whole() -> None:
    """A line breaks at a space, also where the style changes, and never inside a word."""
    pieces = [Piece("one two"), Piece("three", Style.BOLD), Piece(" four")]
    assert [(Piece("one"),), (Piece("two"), Piece("three", Style.BOLD)), (Piece("four"),)] == wrap(
        pieces, Piece("twothree", Style.BOLD).width(10), 10
    )


def test_each_mark_starts_a_block() -> None:
    """Paragraphs, quotes and items are told apart; only the first line of each opens one."""
    blocks = list(read_blocks("**Held**\n\n> a\n> b\n\n- `c`\n- [d](https://e.example)\n"))
    assert [(block.kind, block.opens) for block in blocks] == [
        ("text", True),
        ("quote", True),
        ("quote", False),
        ("item", True),
        ("item", False),
    ]


def test_lines_of_the_recording_appear_one_after_another() -> None:
    """Each line of the recorded demo is below the one before."""
    root = ET.fromstring(PICTURES["demo-dark.svg"]())  # noqa: S314 - our own picture
    heights = [float(it.attrib["y"]) for it in root.iter(f"{SVG}text")]
    assert len(heights) > len(SCENES)
    assert all(above < below for above, below in pairwise(heights))
