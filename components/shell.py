"""The frame around every page: top bar, help, notices, and the one clock that polls jobs."""

from typing import Any
from urllib.parse import parse_qs

import dash
import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import follow_up, job_panel, notices, pickers, theme
from components.attributes import attrs
from components.state import latest_set, link, services
from core.errors import VitrineError
from core.keys import digest

LOCATION, POLL = "vt-location", "vt-poll"
#: Pages read these: the live and ended jobs' state, and what the library holds.
JOBS, VERSION = "vt-jobs", "vt-version"
#: A page writes here after it started or stopped a job, so that nobody waits for the clock.
NUDGE = "vt-nudge"

LIVE_MS, IDLE_MS = 700, 5000

#: Pages that show one set.
SET_PAGES = ("/explore", "/clusters", "/quality", "/curate", "/morphology", "/drift",
             "/encoders", "/slices", "/report")  # fmt: skip

PAGES = (("/", "Sets", "s"), ("/explore", "Explore", "e"), ("/clusters", "Clusters", "c"),
         ("/quality", "Quality", "q"), ("/curate", "Curate", "u"),
         ("/morphology", "Morphology", "m"), ("/drift", "Drift", "d"),
         ("/encoders", "Encoders", "n"), ("/slices", "Slices", "l"),
         ("/report", "Report", "r"), ("/jobs", "Jobs", "j"))  # fmt: skip

#: Pages that are a part of another one, which is the one in the top bar.
PARTS = {"/labels": "/quality", "/gradient": "/morphology"}

KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("/",), "Filter the images, or choose the set"),
    (("g", "s e c q u"), "Go to Sets, Explore, Clusters, Quality or Curate"),
    (("g", "m d n l r j"), "Go to Morphology, Drift, Encoders, Slices, Report or Jobs"),
    (("l", "b", "p"), "Map: lasso, box or pan"),
    (("v",), "Map: select what is in view"),
    (("n", "i"), "Map: lines to true neighbours, pictures of themes"),
    (("Enter", "t"), "Map: the image nearest the middle; turn a 3-D map"),
    (("+", "−", "0", "arrows"), "Map: zoom, show all, move"),
    (("arrows", "Home", "End"), "Gallery: move"),
    (("Enter",), "Gallery: open the inspector"),
    (("Space", "Ctrl A"), "Gallery: tick the image, or all"),
    (("x", "k"), "Exclude or keep what is ticked, else what is selected"),
    (("k", "x", "a"), "Quality: keep, drop, take the proposed label"),
    (("n", "p"), "Quality: the next case, the one before"),
    (
        ("z", "Ctrl Z", "Shift Z"),
        "Undo the set's last act (Quality asks if it was made elsewhere), do it again",
    ),
    (("Esc",), "Close the inspector, clear the selection"),
    (("?",), "This help"),
)


def set_in(search: str | None) -> str | None:
    """Return the set that an address names."""
    return parse_qs((search or "").lstrip("?")).get("set", [None])[0]


def page_of(pathname: str) -> str:
    """Return the page of the top bar that an address belongs to; a report's is that of all."""
    if pathname in PARTS:
        return PARTS[pathname]
    return "/report" if (pathname or "").startswith("/report/") else pathname


def nav_links(pathname: str, set_name: str | None) -> list[Component]:
    """Return the links to the pages; they keep the current set."""
    links: list[Component] = []
    for path, name, key in PAGES:
        here = page_of(pathname) == path
        href = link(path, set=set_name) if path in SET_PAGES else path
        told: Any = [name, html.Span(" (this page)", className="visually-hidden")] if here else name
        look = "vt-nav-link vt-nav-here" if here else "vt-nav-link"
        links.append(html.Li(dcc.Link(told, href=href, className=look), **attrs(data_vt_go=key)))
    return links


def help_dialog() -> Component:
    """Return the dialog that lists the keys and can switch them off."""
    rows = [html.Div([html.Dt([html.Kbd(k) for k in keys]), html.Dd(told)]) for keys, told in KEYS]
    return html.Dialog(
        [
            html.H2("Keys", id="vt-help-title"),
            html.Dl(rows, className="vt-keys"),
            dbc.Switch(id="vt-keys-on", label="Use single-key shortcuts", value=True),
            html.Button("Close", type="button", className="btn btn-primary",
                        **attrs(data_vt_action="close-help")),
        ],
        id="vt-help",
        className="vt-dialog",
        **attrs(aria_labelledby="vt-help-title"),
    )  # fmt: skip


def top_bar() -> Component:
    """Return the top bar."""
    return html.Header(
        [
            dcc.Link(
                [html.Span(className="vt-mark", **attrs(aria_hidden="true")), "Vitrine"],
                href="/",
                className="vt-brand",
            ),
            html.Nav(
                html.Ul(nav_links("/", None), id="vt-nav", className="vt-nav"),
                **attrs(aria_label="Pages"),
            ),
            html.Div(
                [
                    html.Div(html.Span(hidden=True), id="vt-indicator"),
                    html.Div(pickers.set_picker([], None), id="vt-set-slot",
                             className="vt-set-slot"),
                    html.Button("?", type="button", className="vt-icon-button", title="Keys (?)",
                                **attrs(aria_label="Keys and help", data_vt_action="help")),
                    theme.toggle(),
                ],
                className="vt-bar-end",
            ),
        ],
        className="vt-bar",
    )  # fmt: skip


def layout() -> Component:
    """Return the frame; Dash calls it for each page load."""
    jobs, version = known_state()
    return html.Div(
        [
            dcc.Location(id=LOCATION, refresh="callback-nav"),
            dcc.Interval(id=POLL, interval=IDLE_MS),
            dcc.Store(id=JOBS, data=jobs),
            dcc.Store(id=VERSION, data=version),
            dcc.Store(id=NUDGE),
            follow_up.store(),
            theme.store(),
            html.A("Skip to the page", href="#vt-main", className="vt-skip"),
            top_bar(),
            html.Div(id=notices.NOTICES, className="vt-notices", role="status"),
            html.Main(dash.page_container, id="vt-main", tabIndex=-1),
            help_dialog(),
        ]
    )


@callback(
    Output("vt-nav", "children"),
    Output("vt-set-slot", "children"),
    Output(notices.NOTICES, "children"),
    Input(LOCATION, "pathname"),
    Input(LOCATION, "search"),
    Input(VERSION, "data"),
)
def follow_address(pathname: str, search: str, version: str | None) -> tuple[Any, Any, Any]:
    """Mark the current page and set, and drop notices that belong to the page before."""
    library = services().library
    names, named = library.names(), set_in(search)
    whole = (named or "").partition("/")[0]  # a part is named after its set
    current = whole if whole in names else None
    if not named and page_of(pathname) in SET_PAGES:
        current = latest_set(library)
    picker = pickers.set_picker(names, current)
    moved = dash.callback_context.triggered_id != VERSION
    return nav_links(pathname, current), picker, [] if moved else no_update


@callback(
    Output(LOCATION, "href"),
    Input(pickers.SET_PICKER, "value"),
    State(LOCATION, "pathname"),
    State(LOCATION, "search"),
    prevent_initial_call=True,
)
def choose_set(name: str | None, pathname: str, search: str) -> Any:
    """Go to the chosen set; a picker that only says where one is starts nothing."""
    shown: str | None = (set_in(search) or "").partition("/")[0]
    page = page_of(pathname)
    if not shown and page in SET_PAGES:
        shown = latest_set(services().library)
    if not name or name == shown:
        return no_update
    return link(page if page in SET_PAGES else "/explore", set=name)


def library_version(library: Any) -> str:
    """Return a text that changes whenever a set, a map or a clustering is added or renewed."""
    told = []
    for name in library.names():
        try:
            found = library.open(name)
        except VitrineError as error:
            told.append(f"{name}: {error}")
            continue
        kinds = [kind for kind in ("themes", "micro") if found.clustering(kind) is not None]
        told.append(f"{name}:{found.key}:{found.projections}:{kinds}:{bool(found.summary)}")
    return digest(*told, *library.part_states())


def known_state() -> tuple[str | None, str | None]:
    """Return what the job table and the library hold as a page is loaded; None if unreadable."""
    try:
        found = services()
        return job_panel.signature(found.jobs.list()), library_version(found.library)
    except VitrineError:
        return None, None


@callback(
    Output("vt-indicator", "children"),
    Output(JOBS, "data"),
    Output(VERSION, "data"),
    Output(POLL, "interval"),
    Input(POLL, "n_intervals"),
    Input(NUDGE, "data"),
    State(JOBS, "data"),
    State(VERSION, "data"),
)
def poll(ticks: int | None, nudge: Any, known: str | None, version: str | None) -> tuple[Any, ...]:
    """Look at the job table; tell pages only what changed."""
    try:
        jobs = services().jobs.list()
        present = library_version(services().library)
    except VitrineError as error:
        return notices.quiet(str(error)), no_update, no_update, IDLE_MS
    told = job_panel.signature(jobs)
    return (
        job_panel.indicator(jobs),
        told if told != known else no_update,
        present if present != version else no_update,
        LIVE_MS if any(map(job_panel.is_live, jobs)) else IDLE_MS,
    )


@callback(
    Output(follow_up.STORE, "data"),
    Output(LOCATION, "href", allow_duplicate=True),
    Output(POLL, "interval", allow_duplicate=True),
    Input(JOBS, "data"),
    Input(follow_up.STORE, "data"),
    State(LOCATION, "pathname"),
    prevent_initial_call=True,
)
def take_next_step(changed: str | None, waiting: dict[str, Any] | None, pathname: str) -> Any:
    """Go on after a job that a page started: its report, or the page of what it made."""
    if not waiting:
        return no_update, no_update, no_update
    board = services().jobs
    following, place = follow_up.step(waiting, board.list(), page_of(pathname), board)
    if following == waiting:
        return no_update, no_update, no_update
    return following, place or no_update, LIVE_MS if following else no_update
