"""The command line of `tests/e2e/witnesses`."""

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
from ..program import Program
from ..registry import COUNTERPARTS, TRAEFIK_VERSIONS
from ..truth.ground import ground
from ..truth.readers import chosen
from ..world import Run
from .clients import Clients
from .generator import declared, generate
from .judge import Tally, judge
from .sample import SIZE


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks; 1 if there were finds."""
    options = _arguments(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        parts.install(COUNTERPARTS[chosen(options.controller, options.version, options.strict).counterpart].parts)
        program = Program(options.program or parts.build_mtlsgen())
        with scratch_folder(options.keep) as scratch, closing(Run(program, scratch)) as run:
            return _asked(run, options)
    except parts.Missing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _asked(run: Run, options: argparse.Namespace) -> int:
    reader = chosen(options.controller, options.version, options.strict)
    where, tally = ground(run, reader), Tally()
    clients = Clients(where.folder / "clients")
    finds = 0
    last = options.first + options.size
    for start in range(options.first, last, options.batch):
        numbers = range(start, min(start + options.batch, last))
        specs = generate(run.program, where.folder / "specs", options.seed, numbers, declared(reader))
        found = judge(where, clients, specs, tally)
        finds += len(found)
        for each in found:
            print(f"{each}\n", flush=True)
        print(f"{time.strftime('%H:%M:%S')} {tally}, {finds} finds", flush=True)
    for each, words in tally.not_taken:
        print(f"not taken: {each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}: {words}")
    for setup, words in tally.not_read:
        print(f"nginx refuses the configuration of {setup.described()}\n{words}")
    return 1 if finds else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/e2e/witnesses", description="What mtlsgen says of spoilt manifests, asked of a real controller."
    )
    parser.add_argument("--size", type=int, default=600, help="how many specs (600)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other specs (1)")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="number of the first spec (0)")
    parser.add_argument("--batch", type=int, default=SIZE, help=f"specs at once ({SIZE})")
    parser.add_argument("--controller", default="ingress-nginx", choices=("ingress-nginx", "traefik"))
    parser.add_argument("--version", choices=TRAEFIK_VERSIONS, help=f"of Traefik ({TRAEFIK_VERSIONS[-1]})")
    parser.add_argument("--strict", action="store_true", help="Traefik with `core.strictTLSOptions`")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("--program", type=Path, metavar="FILE", help="this mtlsgen, instead of building it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
