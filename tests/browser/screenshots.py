"""Take the screenshots of README and docs from the demo's story: `make screenshots`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from tests.browser.chromium import running_chromium
from tests.browser.story import list_pages, played_story

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN: Final = {
    "board": "page-board",
    "held deployment": "page-deployment",
    "incident": "page-incident",
    "insights": "page-insights",
}
"""The pages that are shown, and the beginning of each file's name."""
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_WIDTH: Final = 1120
_MOST_HEIGHT: Final = 860


def main() -> None:
    """Play the story, and write one picture for each page and color scheme."""
    with played_story() as stage, running_chromium() as browser:
        paths = list_pages(stage)
        for scheme in SCHEMES:
            context = browser.new_context(
                base_url=stage.url,
                viewport={"width": _WIDTH, "height": _MOST_HEIGHT},
                color_scheme=scheme,
            )
            page = context.new_page()
            for name, stem in SHOWN.items():
                page.goto(paths[name])
                height = min(_MOST_HEIGHT, page.evaluate("document.documentElement.scrollHeight"))
                file = FOLDER / f"{stem}-{scheme}.png"
                clip = {"x": 0, "y": 0, "width": _WIDTH, "height": height}
                page.screenshot(path=file, clip=clip)  # type: ignore[arg-type]
            context.close()


if __name__ == "__main__":
    main()
