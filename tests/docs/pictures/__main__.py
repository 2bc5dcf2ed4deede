"""Write the pictures; with `--record`, play the demo and record it first."""

from __future__ import annotations

import sys

from tests.docs.pictures.gallery import FOLDER, PICTURES
from tests.docs.pictures.recording import record

if __name__ == "__main__":
    if "--record" in sys.argv[1:]:
        record()
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
