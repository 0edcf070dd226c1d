"""How long a person waits: for the server, for the first map, and for a second run.

    python -m benchmarks.start [--items 10000]

server     from starting `app.py serve` to its first answered page, against a process that only
           imports dash: what Vitrine itself adds to the wait
sample     from starting `app.py run sample:digits` in an empty workspace to its end, and the share
           of it until the UMAP map was there
second     a second run of a folder of N small pictures, against the first: nothing is encoded, and
           neither torch nor umap is imported

Every process is a fresh one. Medians of --repeat runs, except for the first run of the folder.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]


def timed(command: list[str]) -> tuple[float, str]:
    """Run a command and return its seconds by the clock and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


def server_seconds(workspace: Path) -> float:
    """Return the seconds from starting the server to its first page."""
    environ = os.environ | {"VITRINE_WARM_WORKER": "0"}
    command = [sys.executable, "app.py", "serve", "--no-browser", "--port", "0"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--workspace", str(workspace)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        with urllib.request.urlopen(found.group().rstrip(";")) as page:
            page.read()
        seconds = time.perf_counter() - began
        server.terminate()
    return seconds


def make_pictures(folder: Path, count: int) -> None:
    """Write small pictures, each different."""
    random = np.random.default_rng(0)
    for number in range(count):
        small = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(small).resize((32, 32)).save(folder / f"{number:06}.png")


def run_folder(folder: Path, workspace: Path) -> tuple[float, dict[str, object]]:
    """Run the command line on a folder; return its seconds and its summary."""
    command = [sys.executable, "app.py", "run", str(folder), "--name", "many", "--json"]
    more = ["--encoder", "pixels", "--map", "pca", "--workspace", str(workspace)]
    seconds, text = timed([*command, *more])
    return seconds, json.loads(text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(", ".join(f"{p} {version(p)}" for p in ("dash", "umap-learn", "numba", "numpy")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = [sys.executable, "app.py", "run", "sample:digits", "--name", "digits", "--json"]
        seconds, text = timed([*sample, "--workspace", str(folder / "ws")])
        stages = json.loads(text)["seconds"]
        until = seconds - stages["themes"] - stages["faithfulness"]
        print(
            f"sample set: {seconds:.1f} s to the end, {until / seconds:.2f} of it to the UMAP map"
        )
        bare = [timed([sys.executable, "-c", "import dash"])[0] for _ in range(options.repeat)]
        ours = [server_seconds(folder / "ws") for _ in range(options.repeat)]
        ratio = statistics.median(ours) / statistics.median(bare)
        print(
            f"server: first page after {statistics.median(ours):.2f} s, {ratio:.1f} x import dash"
        )
        (folder / "many").mkdir()
        make_pictures(folder / "many", options.items)
        first, one = run_folder(folder / "many", folder / "many-ws")
        second, two = run_folder(folder / "many", folder / "many-ws")
        print(
            f"second run of {options.items:,} items: {second:.1f} s, {second / first:.3f} of the "
            f"first ({first:.1f} s); encoded {one['encoded']:,}, then {two['encoded']:,}"
        )


if __name__ == "__main__":
    main()
