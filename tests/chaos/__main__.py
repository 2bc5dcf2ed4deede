"""Play storms: `python -m tests.chaos --seeds 1-50`, `--seed 17`, or `--plan FILE`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.chaos.clocks import find_library
from tests.chaos.fleet import Server
from tests.chaos.oracle import find_violations
from tests.chaos.plan import Plan, PlanError, read_plan, write_plan
from tests.chaos.report import describe, keep
from tests.chaos.run import play, running_server
from tests.chaos.seeds import make_plan

_WITHOUT_CLOCKS: Final = (
    "libfaketime is not installed: no clock is skewed or moved, and a run may take minutes."
    " On Debian: apt-get install libfaketime"
)


def main() -> int:
    """Play what was asked for; return 1 when a promise was broken."""
    options = _options()
    plans = list(_plans(options))
    if options.print:
        for plan in plans:
            sys.stdout.write(write_plan(plan))
        return 0
    if find_library() is None:
        _say(_WITHOUT_CLOCKS)
    # Whoever ends the suite ends its processes as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with running_server() as server:
        if len(plans) == 1:
            sys.stdout.write(write_plan(plans[0]))
        broken = play_all(plans, lambda plan: _keeps_every_promise(plan, server, options))
    failed = f"; broken: {', '.join(map(str, broken))}" if broken else ""
    _say(f"{len(plans) - len(broken)} of {len(plans)} kept every promise{failed}")
    return 1 if broken else 0


def play_all(plans: Sequence[Plan], keeps_every_promise: Callable[[Plan], bool]) -> list[int]:
    """Play each plan and return the seeds of those that broke a promise or could not be played.

    An exception ends the run of one seed, not the runs after it. When the suite is stopped, the
    last line names the seed to resume from, which was not finished.
    """
    broken: list[int] = []
    for plan in plans:
        try:
            is_kept = keeps_every_promise(plan)
        except Exception as error:  # noqa: BLE001 - a fault of the suite must not hide later seeds
            _say(f"seed {plan.seed}: ERROR ({type(error).__name__}: {error})")
            is_kept = False
        except (KeyboardInterrupt, SystemExit):
            failed = f"; broken so far: {', '.join(map(str, broken))}" if broken else ""
            _say(f"stopped during seed {plan.seed}; resume from there{failed}")
            raise
        if not is_kept:
            broken.append(plan.seed)
    return broken


def _keeps_every_promise(plan: Plan, server: Server, options: argparse.Namespace) -> bool:
    played = play(plan, server, _say if options.verbose else _keep_quiet)
    violations = find_violations(played.record)
    _say(describe(plan, played, violations))
    if violations or options.keep:
        place = keep(Path(options.folder), plan, played)
        _say(f"  plan, trail and logs: {place}; again: --seed {plan.seed}, or --plan FILE")
    return not violations


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="one seed; may be repeated")
    parser.add_argument("--seeds", default="1-10", help="a range of seeds (%(default)s)")
    parser.add_argument("--plan", type=Path, action="append", help="a plan's text, edited by hand")
    parser.add_argument("--print", action="store_true", help="print the plans, and play nothing")
    parser.add_argument("--keep", action="store_true", help="keep the record of what passed, too")
    parser.add_argument("--folder", default="build/chaos", help="where records go (%(default)s)")
    parser.add_argument("--verbose", action="store_true", help="say what a run waits for")
    return parser.parse_args()


def _plans(options: argparse.Namespace) -> Iterator[Plan]:
    for file in options.plan or ():
        try:
            yield read_plan(file.read_text("utf-8"))
        except PlanError as error:
            sys.exit(f"{file}: {error}")
    seeds = options.seed or ()
    if not options.plan and not options.seed:
        first, _, last = options.seeds.partition("-")
        seeds = range(int(first), int(last or first) + 1)
    yield from map(make_plan, seeds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _keep_quiet(_line: str) -> None:
    """Print nothing."""


if __name__ == "__main__":
    sys.exit(main())
