"""Every benchmark that needs no data of one's own, one after the other: `python -m benchmarks`.

Each prints ratios against a named peer measured in the same run. `--images DIR` adds the encoding
throughput on your own pictures, with `--encoder E`. docs/performance.md has the figures.
"""

import argparse
import subprocess
import sys

ALONE = ("start", "umap_start", "vectors", "neighbors", "micro", "map", "curate", "structure",
         "quality", "morphology", "drift")  # fmt: skip


def main() -> int:
    """Run them; return the number that failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", help="a folder of images for the encoding throughput")
    parser.add_argument("--encoder", default="colour-texture")
    parser.add_argument("--only", action="append", choices=(*ALONE, "encode"))
    options = parser.parse_args()
    commands = [[name] for name in options.only or ALONE if name != "encode"]
    if options.images:
        commands.append(["encode", "--images", options.images, "--encoder", options.encoder])
    failed = 0
    for name, *arguments in commands:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments])
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
