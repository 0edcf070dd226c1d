"""How often tests of groups find a difference where there is none.

    python -m benchmarks.false_positives [--runs 2000] [--seed 0] [--only NAME ...]

Draws each design of `core.morphology.nulls` many times and prints, as the table of
docs/methods/false-positives.md, the share of draws that each test rejects at p ≤ .05 with its 95 %
interval (Wilson). A sound test rejects 5 %. The same seed prints the same table; with `--power` the
groups do differ, and the more that are found the better.
"""

import argparse
import sys

import numpy as np

from core.morphology.nulls import DIMS, PERMUTATIONS, STUDIES, Study, rejections, spreads
from core.morphology.nulls import classic as f_test
from core.morphology.nulls import headline as f2_test

BOTH = {"F": f_test, "F₂": f2_test}
#: Designs in which the second group does lie elsewhere.
POWER = {
    "equal": Study("30 and 30, equal spread, 1.2 apart", spreads((30, 30), (1, 1), 1.2), BOTH),
    "uneven": Study("50 and 10, equal spread, 1.6 apart", spreads((50, 10), (1, 1), 1.6), BOTH),
    "large_wide": Study("50 and 10, spread 2 and 1, 2 apart", spreads((50, 10), (2, 1), 2.0), BOTH),
}


def interval(count: int, runs: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    share, square = count / runs, 1.96**2
    middle, whole = share + square / (2 * runs), 1 + square / runs
    away = 1.96 * np.sqrt(share * (1 - share) / runs + square / (4 * runs**2))
    return float((middle - away) / whole), float((middle + away) / whole)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--power", action="store_true")
    parser.add_argument("--only", action="append", choices=sorted({*STUDIES, *POWER}))
    options = parser.parse_args()
    studies = POWER if options.power else STUDIES
    print(f"{options.runs:,} draws each, {DIMS} dimensions, {PERMUTATIONS} permutations, seed "
          f"{options.seed}\n")  # fmt: skip
    print("| Groups | Test | Rejected | 95 % interval |\n|---|---|---|---|")
    for name, study in studies.items():
        if options.only and name not in options.only:
            continue
        for test, count in rejections(study, options.runs, options.seed).items():
            low, high = interval(count, options.runs)
            share = f"{count / options.runs:.3f} | {low:.3f} to {high:.3f}"
            print(f"| {study.title} | {test} | {share} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
