"""Draw charts that the pages' security policy allows: no style and no script of their own."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

import pygal  # type: ignore[import-untyped]  # it has no types
from markupsafe import Markup

# Pygal looks for plug-ins at every import that finds nothing, in a way Python no longer knows.
sys.meta_path[:] = [it for it in sys.meta_path if type(it).__name__ != "PluginImportFixer"]

FEWEST: Final = 3
"""A chart of fewer values shows less than a sentence."""

_WIDTH: Final = 360
_HEIGHT: Final = 130
_MOST_CHARTS: Final = 512
_DROPPED: Final = ("defs", "title", "desc")
_DRAWN: Final = frozenset({"class", "d", "transform", "x", "y", "width", "height", "rx", "ry"})
_OVERLAYS: Final = ("overlay", "titles")


@lru_cache(maxsize=_MOST_CHARTS)
def draw_bars(
    label: str, names: tuple[str, ...], values: tuple[float | None, ...], top: float | None = None
) -> Markup | None:
    """Draw bars, one a name, as inline SVG; None for too few values. All texts must be ours.

    The scale reaches from zero to `top`, or else to the highest value; None where that is zero.
    Drawing takes milliseconds, so the same chart is drawn once.
    """
    known = [it for it in values if it is not None]
    highest = max(known, default=0) if top is None else top
    if len(known) < FEWEST or not highest:
        return None
    chart = pygal.Bar(
        width=_WIDTH,
        height=_HEIGHT,
        margin=4,
        spacing=6,
        show_legend=False,
        include_x_axis=True,
        y_labels=_scale(highest),
        x_labels=list(names),
        x_labels_major=_ends(names),
        show_minor_x_labels=False,
        truncate_label=-1,
        formatter=lambda value: f"{value:g}",
    )
    chart.add("", list(values))
    root = chart.render_tree()
    _clean(root)
    shape = {
        "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
        "role": "img",
        "aria-label": label,
        "class": "chart",
    }
    root.attrib.clear()
    root.attrib.update(shape)
    # Safe as it is: the serializer escapes the texts, and nothing but shapes is left.
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704


def _ends(names: Sequence[str]) -> list[str]:
    """Return the names that are written below: the first, the middle one and the last."""
    return [names[0], names[len(names) // 2], names[-1]]


def _clean(element: ET.Element) -> None:
    """Reduce to shapes and texts: the page's stylesheet does the rest."""
    for child in list(element):
        is_comment = not isinstance(child.tag, str)
        classes = child.get("class", "").split()
        if is_comment or child.tag.rpartition("}")[2] in _DROPPED or _is_overlay(classes):
            element.remove(child)
            continue
        for name in set(child.attrib) - _DRAWN:
            del child.attrib[name]
        _clean(child)


def _is_overlay(classes: Sequence[str]) -> bool:
    return any(it.endswith(_OVERLAYS) for it in classes)


def _scale(highest: float) -> list[float]:
    """Return the numbers beside the bars: three round ones from zero, the last not below."""
    step = 10.0 ** math.floor(math.log10(highest))
    top = next(it * step for it in (1, 2, 4, 6, 8, 10) if it * step >= highest)
    return sorted({0, top / 2, top} if top > 1 else {0, top})
