"""Name every picture, and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from tests.docs.pictures.canvas import DARK, LIGHT
from tests.docs.pictures.demo import draw_demo
from tests.docs.pictures.held import draw_held

FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"
PICTURES: Final[dict[str, Callable[[], str]]] = {
    f"{name}-{shade}.svg": partial(draw, palette)
    for name, draw in (("held", draw_held), ("demo", draw_demo))
    for shade, palette in (("light", LIGHT), ("dark", DARK))
}
