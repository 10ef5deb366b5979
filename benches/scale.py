#!/usr/bin/env python3
"""Measures `mtlsgen render` on small and large specs, as ratios to something run beside it.

    python3 benches/scale.py [--hosts 1000 10000] [--runs 5] [--binary target/release/mtlsgen] [--against OLDER]

Start-up: `render` of the first mutual-TLS example with an existing store, against the start of
`true`. Scale: N hosts, each with Deployment, Service, TLS Secret, CA Secret and Ingress, store
unchanged, written to standard output; then the larger spec with a derived store. CPU seconds and peak memory are the kernel's figures for
the finished process; runs of different sizes alternate, and medians are printed.

With `--against`, both binaries render the same specs in turn, and the ratios of the first to the second are printed: CPU; peak
memory on one processor, where it does not depend on how threads meet; and, where valgrind is there, instructions, which do not
depend on what else the machine does.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(command, cwd):
    """CPU seconds, wall seconds, peak memory in MiB and output bytes of one run."""
    with open(os.devnull, "wb") as sink:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=cwd, stdout=sink, stderr=subprocess.PIPE)
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{message.decode()}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def spec(hosts, store=""):
    """A spec of `hosts` hosts: one authority for the servers, one for the clients."""
    lines = [
        'namespace = "default"',
        store,
        "[cas.servers]",
        "[cas.clients]",
        "[defaults.hosts]",
        'tls.issuer = "servers"',
        'clientAuth.cas = ["clients"]',
    ]
    for number in range(hosts):
        name = f"app-{number:05}"
        lines += [
            f"[services.{name}]",
            'image = "httpd"',
            "port = 80",
            f'[hosts."{name}.example.com"]',
            f'service = "{name}"',
        ]
    return "\n".join(lines) + "\n"


def prepare(binary, folder, text):
    """Writes the spec and issues its certificates, so that later renders change nothing."""
    folder.mkdir(parents=True)
    (folder / "mtls.toml").write_text(text)
    started = time.monotonic()
    run([binary, "render"], folder)
    return time.monotonic() - started


def compare(binary, other, folder, runs):
    """Ratios of CPU, peak memory and instructions of two binaries over one folder."""
    rows = {each: [] for each in (binary, other)}
    pinned = {each: [] for each in (binary, other)}
    one = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    for _ in range(runs):
        for each in (binary, other):
            rows[each].append(run([each, "render"], folder))
            pinned[each].append(run([*one, each, "render"], folder))
    words = [f"CPU {median(rows[binary], 0) / median(rows[other], 0):.3f}"]
    words.append(f"peak {median(pinned[binary], 2) / median(pinned[other], 2):.3f}")
    if shutil.which("valgrind"):
        count = [instructions(each, folder) for each in (binary, other)]
        words.append(f"instructions {count[0] / count[1]:.3f}")
    return ", ".join(words)


def instructions(binary, folder):
    """Instructions of one run, as valgrind counts them."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "render"]
    said = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(said.stderr.split("Collected :")[1].split()[0])


def median(rows, column):
    return statistics.median(row[column] for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", nargs=2, type=int, default=[1000, 10000], metavar=("FEW", "MANY"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--binary", type=pathlib.Path)
    parser.add_argument("--against", type=pathlib.Path)
    arguments = parser.parse_args()
    binary = arguments.binary
    if binary is None:
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        binary = target / "release" / "mtlsgen"
    binary = binary.resolve()
    few, many = arguments.hosts
    with tempfile.TemporaryDirectory(prefix="mtlsgen-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        prepare(binary, scratch / "start", (ROOT / "examples/demo-app-3-mtls/mtls.toml").read_text())
        issuing = {n: prepare(binary, scratch / str(n), spec(n)) for n in (few, many)}
        if arguments.against:
            for n in (few, many):
                print(f"{n} hosts: {compare(binary, arguments.against.resolve(), scratch / str(n), arguments.runs)}")
            return
        seed = scratch / "seed"
        seed.touch(mode=0o600)
        seed.write_text(os.urandom(32).hex())
        prepare(binary, scratch / "derived", spec(many, 'store = { kind = "derived", seedFile = "../seed" }'))
        start, empty, sizes, derived = [], [], {few: [], many: []}, []
        true = shutil.which("true")
        for _ in range(arguments.runs * 4):
            empty.append(run([true], scratch))
            start.append(run([binary, "render"], scratch / "start"))
        for _ in range(arguments.runs):
            for n in (few, many):
                sizes[n].append(run([binary, "render"], scratch / str(n)))
            derived.append(run([binary, "render"], scratch / "derived"))
    print(f"start-up: render {median(start, 1) * 1000:.1f} ms, `true` {median(empty, 1) * 1000:.1f} ms, "
          f"ratio {median(start, 1) / median(empty, 1):.1f}")
    print("hosts   first render   CPU s   wall s   peak MiB   (store unchanged, medians)")
    for n in (few, many):
        rows = sizes[n]
        print(f"{n:>6}  {issuing[n]:>10.2f} s  {median(rows, 0):>6.3f}  {median(rows, 1):>7.3f}  {median(rows, 2):>9.1f}")
    cost, wall = median(derived, 0), median(derived, 1)
    print(f"derived: {many} hosts cost {cost:.3f} CPU s ({wall:.3f} wall s), "
          f"{cost / median(sizes[many], 0):.1f} times the unchanged folder")
    growth = median(sizes[many], 0) / median(sizes[few], 0)
    print(f"growth: {many / few:.0f} times the hosts cost {growth:.1f} times the CPU")


if __name__ == "__main__":
    main()
