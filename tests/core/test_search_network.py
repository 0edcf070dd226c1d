"""A network loaded by the encoding process prepares a given picture as it did the set's files."""

from pathlib import Path

from making import picture
from PIL import Image
from test_encoders_timm import save_model

from core.config import load_settings
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import Searches
from core.storage.store import Workspace


def test_a_picture_of_the_set_gets_the_vector_that_a_network_gave_it(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(4):
        picture(seed, (200, 150)).save(folder / f"{seed}.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    picture(11, (900, 600)).save(folder / "turned.jpg", exif=turned)
    settings = load_settings({"workspace": str(tmp_path / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    name = f"timm:local-dir:{save_model(tmp_path / 'model')}"
    run(RunRequest(str(folder), "net", name, ("pca",)), workspace, settings)
    opened = Library(workspace).open("net")
    search = Searches(workspace, settings)
    try:
        row = opened.items["path"].tolist().index("turned.jpg")
        key = search.encode(opened, (folder / "turned.jpg").read_bytes(), seconds=300)
        found = search.start(opened, pictures=[key])
        assert found.order[0] == row
        assert found.distances[0] < 1e-3
        assert found.distances[1] > 1e-2
        maps = Path(f"/proc/{search.process.pid}/maps")
        if maps.exists():  # what the process has loaded; llvmlite would be umap's
            loaded = maps.read_text()
            assert "libtorch" in loaded
            assert "llvmlite" not in loaded
    finally:
        search.close()
