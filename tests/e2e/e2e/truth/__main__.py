"""The command line of `tests/e2e/truth`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .. import parts
from ..__main__ import interrupt, scratch_folder
from ..program import Program
from ..registry import COUNTERPARTS, TRAEFIK_VERSIONS
from ..specs.setups import GATE_KINDS, TRAEFIK_KINDS, generate_setups
from ..world import Run
from .batch import Tally, described
from .ground import ground
from .judging import judge
from .readers import Reader, chosen
from .sample import SIZE


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks; 1 if there were finds."""
    options = _arguments(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        parts.install(COUNTERPARTS[_reader(options).counterpart].parts)
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
    reader = _reader(options)
    where, tally = ground(run, reader), Tally()
    finds: Counter[str] = Counter()
    chosen = [number for number in range(options.first, options.first + options.size) if _wanted(reader, number, options.kind)]
    for start in range(0, len(chosen), options.batch):
        setups = generate_setups(
            options.seed, chosen[start : start + options.batch], where.material, reader.kinds
        )
        found = judge(where, setups, tally)
        finds.update(each.setup.kind if each.setup else "" for each in found)
        for text in described(found):
            print(f"{text}\n", flush=True)
        print(f"{time.strftime('%H:%M:%S')} {tally}, {finds.total()} finds", flush=True)
    for each, words in tally.not_taken:
        print(f"not taken: {each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}: {words}")
    for title, numbers in (("unknown", tally.unknown), ("one of several", tally.open), ("finds", finds)):
        for name, number in numbers.most_common():
            print(f"{number:>6}  {title}: {name}")
    for setup, words in tally.not_read:
        print(f"nginx refuses the configuration of {setup.described()}\n{words}")
    return 1 if finds or tally.not_read else 0


def _wanted(reader: Reader, number: int, kinds: Sequence[str]) -> bool:
    return not kinds or reader.kinds[number % len(reader.kinds)].__name__ in kinds


def _reader(options: argparse.Namespace) -> Reader:
    return chosen(options.controller, options.version, options.strict, options.laxer)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = list(dict.fromkeys(kind.__name__ for kind in (*TRAEFIK_KINDS, *GATE_KINDS)))
    parser = argparse.ArgumentParser(
        prog="tests/e2e/truth", description="What `mtlsgen access` says of generated set-ups, before a real controller."
    )
    parser.add_argument("--size", type=int, default=1000, help="how many set-ups (1000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other set-ups (1)")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="number of the first set-up (0)")
    parser.add_argument("--batch", type=int, default=SIZE, help=f"set-ups at once ({SIZE})")
    parser.add_argument(
        "--kind", action="append", default=[], choices=names, help="set-ups of this kind alone; may be repeated"
    )
    parser.add_argument("--controller", default="ingress-nginx", choices=("ingress-nginx", "traefik", "envoy-gateway"))
    parser.add_argument("--version", choices=TRAEFIK_VERSIONS, help=f"of Traefik ({TRAEFIK_VERSIONS[-1]})")
    parser.add_argument("--strict", action="store_true", help="Traefik with `core.strictTLSOptions`")
    parser.add_argument("--laxer", action="store_true", help="ingress-nginx with snippets, and no redirect by default")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("--program", type=Path, metavar="FILE", help="this mtlsgen, instead of building it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
