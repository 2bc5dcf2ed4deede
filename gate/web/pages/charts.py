"""Draw charts that the pages' security policy allows: no style and no script of their own."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

import pygal  # type: ignore[import-untyped]  # it has no types
from markupsafe import Markup

# Pygal looks for plug-ins at every import that finds nothing, in a way Python no longer knows.
sys.meta_path[:] = [it for it in sys.meta_path if type(it).__name__ != "PluginImportFixer"]

FEWEST: Final = 3
"""A chart of fewer values shows less than a sentence."""

_ALL_NAMED: Final = 10
_DROPPED: Final = ("defs", "title", "desc")
_DRAWN: Final = frozenset({"class", "d", "transform", "x", "y", "width", "height", "rx", "ry"})
_OVERLAYS: Final = ("overlay", "titles")


def draw_bars(label: str, names: Sequence[str], values: Sequence[float | None]) -> Markup | None:
    """Draw bars, one a name, as inline SVG; None for too few values. All texts must be ours."""
    if sum(1 for it in values if it) < FEWEST:
        return None
    chart = pygal.Bar(
        width=720,
        height=200,
        margin=6,
        show_legend=False,
        include_x_axis=True,
        y_labels=_scale(max(it or 0 for it in values)),
        x_labels_major_count=6,
        show_minor_x_labels=len(names) <= _ALL_NAMED,
        formatter=lambda value: f"{value:g}",
    )
    chart.x_labels = list(names)
    chart.add("", list(values))
    root = chart.render_tree()
    _clean(root)
    shape = {"viewBox": "0 0 720 200", "role": "img", "aria-label": label, "class": "chart"}
    root.attrib.clear()
    root.attrib.update(shape)
    # Safe as it is: the serializer escapes the texts, and nothing but shapes is left.
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704


def _clean(element: ET.Element) -> None:
    """Keep shapes and texts only: the page's stylesheet does the rest."""
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


def _scale(highest: float) -> list[int]:
    """Return the numbers beside the bars: whole ones, from zero."""
    top = max(math.ceil(highest), 1)
    return sorted({0, -(-top // 2), top})
