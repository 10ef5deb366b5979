"""The command line of `tests/e2e/hunt`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .. import parts
from ..__main__ import interrupt, scratch_folder
from ..controllers import CONTROLLERS
from ..program import Program
from ..registry import COUNTERPARTS
from ..specs.doors import Doors
from ..world import Run
from .ground import Ground, quick_ground
from .hunt import SIZE, Hunt, described, keep

_TELLS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Hunts; 1 if there were finds."""
    options = _arguments(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        parts.install(COUNTERPARTS[options.controller].parts)
        program = Program(options.program or parts.build_mtlsgen())
        with scratch_folder(options.keep) as scratch, closing(Run(program, scratch)) as run:
            return _hunt(quick_ground(run, options.controller, options.webhook), options)
    except parts.Missing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _hunt(where: Ground, options: argparse.Namespace) -> int:
    known = options.known.read_text().splitlines() if options.known else []
    hunt = Hunt(where, options.seed, [each for each in known if each and not each.startswith("#")])
    if options.doors:
        return _again(hunt, options.doors)
    end = time.monotonic() + 60 * float(options.minutes)
    finds, reported = 0, time.monotonic()

    def goes_on() -> bool:
        nonlocal reported
        if time.monotonic() - reported > _TELLS:
            reported = time.monotonic()
            print(f"{time.strftime('%H:%M:%S')} {hunt.tally}", flush=True)
        return time.monotonic() < end

    for name, find in hunt.until(goes_on, options.size):
        finds += 1
        print(described(name, find), flush=True)
        keep(where.run.scratch / "finds", name, find)
        if options.report:
            with options.report.open("a") as report:
                report.write(described(name, find))
    print(f"{hunt.tally}; {finds} kinds of finds")
    for name, number in hunt.tally.labels.most_common():
        print(f"{number:>6}  {name}")
    return 1 if finds else 0


def _again(hunt: Hunt, files: Sequence[Path]) -> int:
    """Asks doors that were kept."""
    finds = hunt.batch([Doors.read(file.read_text()) for file in files])
    for find in finds:
        print(f"{find.doors.name}: {find.kind}: {find.asked}: {find.answered} ({find.expected})")
    print(f"{hunt.tally.accepted} of {len(files)} accepted, {len(finds)} finds")
    return 1 if finds else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/e2e/hunt", description="Generated specs before a real controller.")
    parser.add_argument("--minutes", type=float, default=60, help="how long to go on (60)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other specs (1)")
    parser.add_argument("--controller", choices=list(CONTROLLERS), default="ingress-nginx")
    parser.add_argument("--webhook", action="store_true", help="have ingress-nginx's webhook judge each Ingress too")
    parser.add_argument("--size", type=int, default=SIZE, help=f"specs at once ({SIZE})")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder, with a file for each find")
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="regular expressions of labels to pass over, one a line"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="append finds to this file")
    parser.add_argument("--program", type=Path, metavar="FILE", help="this mtlsgen, instead of building it")
    parser.add_argument(
        "--doors", type=Path, action="append", metavar="FILE", help="ask kept doors once; may be repeated"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
