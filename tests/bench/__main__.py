"""Run the measurements and print the table: `make bench`.

python -m tests.bench [--quick] [--only NAME ...] [--json FILE] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from pathlib import Path

import structlog
from rich.console import Console

from tests.bench.choice import chosen
from tests.bench.fleet.scenarios import SCENARIOS as FLEET
from tests.bench.report import Report
from tests.bench.single import SCENARIOS as SINGLE


def main() -> None:
    """Measure and print."""
    known = {**SINGLE, **FLEET}
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to try it")
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help=f"a measurement, or the first word of several: {', '.join(known)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it as Markdown, too")
    given = parser.parse_args()
    try:
        names = chosen(list(known), given.only)
    except LookupError as error:
        parser.error(str(error))
    # What is measured in this process would else write its log into the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console, report = Console(width=110), Report()
    gave_up = False
    for name in names:
        started = time.monotonic()
        try:
            known[name](report, 10 if given.quick else 1)
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            gave_up = True
            report.add_row(name, f"gave up: {error}")
        console.print(f"{name}: {time.monotonic() - started:.0f} s", style="dim")
        _write(report, given.json, given.markdown)
    report.print_table(console)
    sys.exit(gave_up)


def _write(report: Report, as_json: Path | None, as_markdown: Path | None) -> None:
    """Write what is measured so far, so that nothing of it is lost."""
    if as_json is not None:
        as_json.write_text(report.as_json(), encoding="utf-8")
    if as_markdown is not None:
        as_markdown.write_text(report.as_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
