"""The form that adds a set, and the request it makes."""

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import encoder_builder, pickers
from components.attributes import attrs
from core.errors import InputError
from core.ingest.naming import canonical, is_there
from core.request import RunRequest, name_for

SOURCE, NAME = "home-source", "home-name"
ENCODER, TIMM, MAPS = "home-encoder", "home-timm", "home-maps"
START, STARTED = "home-start", "home-started"
SAMPLE_BUTTON, SAMPLE_HERO = "home-sample", "home-sample-hero"

_SUGGESTED = (
    "mobilenetv2_100.ra_in1k", "resnet50.a1_in1k", "convnext_tiny.in12k_ft_in1k",
    "vit_small_patch14_dinov2.lvd142m", "vit_base_patch16_clip_224.openai",
)  # fmt: skip


def request(
    source: str | None,
    name: str | None,
    encoder: str,
    timm: str | None,
    maps: Sequence[str],
    seed: int = 0,
) -> RunRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field is missing or cannot be used; the message says what to enter.
    """
    path = (source or "").strip().strip("\"'")
    if not path:
        raise InputError("Say where the images are: a folder, a table, an idx or a vector file.")
    path = canonical(path.split("; ") if "; " in path else path)
    if not is_there(path):
        raise InputError(f"There is no file or folder {path} on this computer.")
    full = encoder_builder.full_name(timm) if encoder == encoder_builder.BY_NAME else encoder
    if not full:
        raise InputError("Name the timm model, for example mobilenetv2_100.ra_in1k.")
    encoder_builder.checked(full)
    chosen = tuple(m for m in ("umap", "tsne") if m in maps) or ("pca",)
    return RunRequest(path, (name or "").strip() or name_for(path), full, chosen, seed=seed)


def sample(seed: int = 0) -> RunRequest:
    """Return what opens the sample set."""
    return RunRequest("sample:digits", "digits", "pixels", seed=seed)


def title(wanted: RunRequest) -> str:
    """Return a job's title from its request."""
    return f"{wanted.name}: {wanted.encoder}"


def sample_button(button_id: str, *, primary: bool = False) -> Component:
    """Return the button that opens the sample set."""
    look = "btn btn-primary" if primary else "btn btn-quiet"
    return html.Button("Open the sample set", id=button_id, type="button", className=look)


def form() -> Component:
    """Return the form "Add a set"; what comes of it is told above its buttons."""
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
                "Path or address",
                source,
                help_text="A folder of images, a zip or tar archive, a CSV or Parquet table, an "
                "idx-ubyte file, vectors (.npy, .npz, .parquet), or an s3://, gs:// or https:// "
                "address; several with “; ” between them. Name passwords by their environment "
                "variable, ${NAME}: what is typed here is not kept.",
            ),
            pickers.labelled("Name", name),
            pickers.encoder_picker(ENCODER),
            html.Div(
                [
                    pickers.labelled(
                        "Name of the model or encoder",
                        timm,
                        help_text="A timm name of the hub, local-dir:<folder> or a checkpoint "
                        "file; or any encoder's full name, as onnx:<file>.",
                    ),
                    html.Datalist([html.Option(value=n) for n in _SUGGESTED], id="home-timm-known"),
                ],
                id="home-timm-field",
                hidden=True,
            ),
            encoder_builder.fields(),
            pickers.maps_picker(MAPS),
            html.Div(id=STARTED, role="status"),
            html.Div(
                [
                    html.Button("Start", id=START, type="button", className="btn btn-primary"),
                    sample_button(SAMPLE_BUTTON),
                ],
                className="vt-actions",
            ),
            html.P("Pictures stay where they are: nothing is uploaded or changed.",
                   className="vt-small"),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="Add a set"),
    )  # fmt: skip


encoder_builder.register(ENCODER, TIMM)
