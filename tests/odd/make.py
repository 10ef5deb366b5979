#!/usr/bin/env python3
"""Makes authorities, revocation lists and signing requests that are odd, each in one way, by a real openssl.

`make.py FOLDER` gives each a folder: `ca.crt`, the bundle that is trusted; `ca.crl`, where it is about a list;
`client.pem` and `client.key`, who wants to come in; or `request.csr`. Names are those in the table of
`docs/targets/odd-authorities.md`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import signing  # noqa: E402
from authorities import AUTHORITIES  # noqa: E402
from lists import LISTS  # noqa: E402
from workshop import Workshop  # noqa: E402


def main(folder: Path) -> None:
    """Makes everything."""
    workshop = Workshop(folder / ".workshop")
    for odd in (*AUTHORITIES, *LISTS):
        bundle = odd.make(workshop)
        own = folder / odd.name
        own.mkdir()
        (own / "ca.crt").write_text("".join(workshop.path(f"{one}.pem").read_text() for one in bundle))
        shutil.copy(workshop.path(f"{odd.name}-client.pem"), own / "client.pem")
        shutil.copy(workshop.path(workshop.key("P-256", "client")), own / "client.key")
        if workshop.path(f"{odd.name}.crl").exists():
            shutil.copy(workshop.path(f"{odd.name}.crl"), own / "ca.crl")
    for name, *how in signing.REQUESTS:
        signing.make(workshop, name, *how)
        (folder / name).mkdir()
        shutil.copy(workshop.path(f"{name}.csr"), folder / name / "request.csr")
    shutil.rmtree(folder / ".workshop")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
