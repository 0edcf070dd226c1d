"""The directions of the house, read from the source: app → pages → components → core."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Tier of each module and package of core; it imports only its own and lower tiers.
TIERS = {
    0: ("errors", "config", "keys", "model", "progress"),
    1: ("space", "columns", "imaging", "ingest", "encoders", "embed"),
    2: ("neighbors", "maps", "clusters", "curate", "report", "quality", "morphology", "drift"),
    3: ("storage",),
    4: (
        "selection",
        "opened",
        "library",
        "link",
        "pictures",
        "curation",
        "search",
        "export",
        "request",
        "partplan",
        "jobs",
        "choices",
        "reports",
        "reportfiles",
        "findings",
        "labelled",
        "labelfiles",
        "comparisons",
        "drifts",
        "courts",
        "itemfiles",
    ),
    5: (
        "regroup",
        "choosing",
        "splitting",
        "reporting",
        "checking",
        "labelling",
        "streaming",
        "comparing",
        "drifting",
        "judging",
        "tuning",
        "fitting",
        "cutting",
        "run",
        "gather",
        "analyse",
        "additions",
        "parts",
        "replay",
        "pipeline",
        "runner",
        "commands",
        "__main__",
    ),
}

#: Never loaded by the process that serves pages.
HEAVY = ("torch", "timm", "torchvision", "numba", "umap", "hdbscan", "sklearn", "skimage",
         "faiss", "openTSNE", "scipy", "pynndescent", "open_clip", "onnxruntime", "onnx", "av",
         "lightly", "fsspec")  # fmt: skip


def sources(folder):
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def imports(path, top_only=False):
    """Return the dotted names a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def tops(path, top_only=False):
    return {name.split(".")[0] for name in imports(path, top_only)}


@pytest.mark.parametrize("path", sources("core"), ids=str)
def test_core_knows_nothing_of_the_dashboard(path):
    assert not tops(path) & {"dash", "plotly", "flask", "pages", "components", "app",
                             "dash_bootstrap_components"}  # fmt: skip


@pytest.mark.parametrize("path", [*sources("core"), *sources("components")], ids=str)
def test_heavy_packages_are_imported_only_where_they_are_used(path):
    assert not tops(path, top_only=True) & set(HEAVY)


@pytest.mark.parametrize("path", sources("components"), ids=str)
def test_components_do_not_know_pages(path):
    assert not tops(path) & {"pages", "app"}


@pytest.mark.parametrize("path", sources("pages"), ids=str)
def test_pages_compute_nothing_and_know_no_other_page(path):
    assert not tops(path) & {"numpy", "pandas", "plotly", "app", *HEAVY}
    assert not {n for n in imports(path) if n.startswith("pages.")}


def tier_of(module):
    for tier, names in TIERS.items():
        if module in names:
            return tier
    pytest.fail(f"core.{module} has no tier: add it to TIERS in {Path(__file__).name}")


@pytest.mark.parametrize("path", sources("core"), ids=str)
def test_a_tier_of_core_imports_only_itself_and_lower_ones(path):
    module = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    if module == "__init__":
        return
    own = tier_of(module)
    for name in imports(path):
        if name.startswith("core."):
            other = name.split(".")[1]
            assert tier_of(other) <= own, f"core.{module} imports core.{other} of a higher tier"


def test_the_web_process_loads_nothing_that_computes(tmp_path):
    script = (
        "import sys; from app import create_app; from core.config import load_settings;"
        f"create_app(load_settings({{'workspace': {str(tmp_path)!r}}}));"
        f"print([n for n in {HEAVY!r} if n in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["core.pipeline", "core.__main__", "app"])
def test_importing_the_command_line_loads_nothing_that_computes(module):
    script = f"import sys, {module}; print([n for n in {HEAVY!r} if n in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
