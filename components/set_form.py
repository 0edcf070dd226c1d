"""The form that adds a set, and the request it makes."""

import re
from pathlib import PurePath
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import pickers
from core.errors import InputError

SAMPLE = {"source": "sample:digits", "name": "digits", "encoder": "pixels", "maps": ["umap"]}

SOURCE, NAME = "home-source", "home-name"
ENCODER, TIMM, MAPS = "home-encoder", "home-timm", "home-maps"
START, SAMPLE_BUTTON, SAMPLE_HERO = "home-start", "home-sample", "home-sample-hero"

_SUGGESTED = (
    "mobilenetv2_100.ra_in1k", "resnet50.a1_in1k", "convnext_tiny.in12k_ft_in1k",
    "vit_small_patch14_dinov2.lvd142m", "vit_base_patch16_clip_224.openai",
)  # fmt: skip


def suggest_name(source: str) -> str:
    """Return a set's name from its source: the folder's or the file's own name."""
    stem = PurePath(source.rstrip("/\\").replace("\\", "/")).name or "set"
    stem = re.sub(r"(\.(csv|parquet|npy|npz|gz))+$", "", stem, flags=re.IGNORECASE)
    return re.sub(r"[^\w .+-]+", "-", stem).strip(" .-_")[:80] or "set"


def request(
    source: str | None, name: str | None, encoder: str, timm: str | None, maps: list[str]
) -> dict[str, Any]:
    """Return the job request of the form's fields.

    Raises
    ------
    InputError
        The source or the network's name is missing.
    """
    path = (source or "").strip().strip("\"'")
    if not path:
        raise InputError("Say where the images are: a folder, a table, an idx or a vector file.")
    full = pickers.encoder_name(encoder, timm)
    if not full:
        raise InputError("Name the timm model, for example mobilenetv2_100.ra_in1k.")
    return {
        "source": path,
        "name": (name or "").strip() or suggest_name(path),
        "encoder": full,
        "maps": [m for m in ("umap", "tsne") if m in (maps or [])] or ["pca"],
    }


def title(wanted: dict[str, Any]) -> str:
    """Return a job's title from its request."""
    return f"{wanted['name']} with {wanted['encoder']}"


def sample_button(button_id: str, *, primary: bool = False) -> Component:
    """Return the button that opens the sample set."""
    look = "btn btn-primary" if primary else "btn btn-quiet"
    return html.Button("Open the sample set", id=button_id, type="button", className=look)


def form() -> Component:
    """Return the form "Add a set"."""
    timm = dbc.Input(id=TIMM, type="text", size="sm", list="home-timm-known", autoComplete="off",
                     placeholder="mobilenetv2_100.ra_in1k")  # fmt: skip
    source = dbc.Input(id=SOURCE, type="text", size="sm", autoComplete="off",
                       placeholder="/data/wings")  # fmt: skip
    name = dbc.Input(id=NAME, type="text", size="sm", autoComplete="off",
                     placeholder="taken from the path")  # fmt: skip
    return html.Section(
        [
            html.H2("Add a set", className="vt-card-title"),
            pickers.labelled(
                "Path on this computer",
                source,
                help_text="A folder of images, a CSV or Parquet table with a path column, an "
                "idx-ubyte file, or vectors (.npy, .npz, .parquet).",
            ),
            pickers.labelled("Name", name),
            pickers.encoder_picker(ENCODER),
            html.Div(
                [
                    pickers.labelled(
                        "timm model",
                        timm,
                        help_text="A name of the hub, local-dir:<folder>, or a checkpoint file.",
                    ),
                    html.Datalist([html.Option(value=n) for n in _SUGGESTED], id="home-timm-known"),
                ],
                id="home-timm-field",
                hidden=True,
            ),
            pickers.maps_picker(MAPS),
            html.Div(
                [
                    html.Button("Start", id=START, type="button", className="btn btn-primary"),
                    sample_button(SAMPLE_BUTTON),
                ],
                className="vt-actions",
            ),
            html.P("Pictures stay where they are: nothing is copied or uploaded.",
                   className="vt-small"),
        ],
        className="vt-card vt-form",
        **{"aria-label": "Add a set"},
    )  # fmt: skip
