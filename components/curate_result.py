"""What was chosen: figures, the images with their reasons, and where to go from here."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, notices, report_charts, report_head, tables
from components.attributes import attrs
from components.curate_form import strategy_title
from components.notices import button_link
from components.state import captions, has_pictures, link, noun, titled
from components.words import ago, number, plural, score, share
from core.choices import slice_of

#: Images of a choice shown on one page.
SHOWN = 60

REPORT = "curate-report"

SCENARIO_WORDS = {"first": "first images to label", "next": "next batch", "test": "test set"}


def head(found: Any, choice: Any) -> Component:
    """Return the title of a choice."""
    meta, count = choice.meta, len(choice.chosen)
    told = [strategy_title(meta["strategy"]), f"out of {plural(meta['n_pool'], noun(found))}",
            SCENARIO_WORDS.get(choice.request.scenario, "")]  # fmt: skip
    back = dcc.Link("Choose again", href=link("/curate", set=found.name), className="vt-back")
    return html.Div(
        [back, html.H1(f"{plural(count, noun(found))} chosen"),
         html.P(" · ".join(t for t in told if t), className="vt-lead")],
        className="vt-page-head",
    )  # fmt: skip


def actions(found: Any, choice: Any, view: Any, report: Any) -> Component:
    """Return the ways on: see them, report on them, divide them."""
    kept = slice_of(choice.key, view)
    made: Component = html.Button(
        "Make the report", id=REPORT, type="button", className="btn btn-primary"
    )
    if report:
        where = report_head.page_link(report.id, found.name)
        made = button_link("Open the report", where, primary=True)
    see = link("/explore", set=found.name, slice=kept) if kept else None
    parts: list[Component | None] = [
        made,
        button_link("See them on the map", see) if see else None,
        button_link("Divide into train, validation and test",
                    link("/curate", set=found.name, view="split",
                         pool=f"slice:{kept}" if kept else None)),
    ]  # fmt: skip
    told = f"Kept as the slice “{kept}”." if kept else "No slice holds them: it was taken back."
    return html.Div(
        [html.Div([p for p in parts if p is not None], className="vt-actions"),
         html.P(told, className="vt-small")],
        className="vt-result-actions",
    )  # fmt: skip


def verdict(choice: Any) -> Component | None:
    """Return at a glance whether the choice beats random ones; its report tells the whole."""
    told = choice.meta.get("verdict")
    if not told:
        return None
    level = str(told["level"]).replace(" ", "-")
    return html.Section(
        html.P(told["sentence"], className="vt-verdict-sentence"),
        className=f"vt-card vt-verdict vt-verdict-{level}",
        **attrs(aria_label="Verdict"),
    )


def figures(choice: Any) -> Component:
    """Return a choice's counts: roles, what it covers, what was taken out before."""
    meta, roles = choice.meta, choice.chosen["role"].value_counts()
    out, random = meta.get("taken_out") or {}, meta["random"]
    pairs = [
        ("Chosen", number(len(choice.chosen))),
        *((f"{str(role).capitalize()}s", number(int(count))) for role, count in roles.items()),
        ("Micro-clusters covered", f"{number(meta['covered'])} of {number(meta['clusters'])}"),
        ("Random covers", f"{score(random['mean'], 1)} ± {score(random['sd'], 1)}"),
        ("Already there", number(len(choice.already)) if len(choice.already) else ""),
        ("Near-duplicates taken out", number(out["near_duplicates"])
         if out.get("near_duplicates") else ""),
    ]  # fmt: skip
    return tables.facts(pairs, "vt-facts vt-facts-row")


def role_links(found: Any, choice: Any, role: str) -> Component:
    """Return the choice of a role to show."""
    roles = [str(r) for r in choice.chosen["role"].unique()]
    tabs = [("", "All"), *((r, f"{r.capitalize()}s") for r in sorted(roles))]
    links = [
        dcc.Link(text, href=link("/curate", set=found.name, choice=choice.key, role=value),
                 className="vt-tab" + (" vt-tab-here" if value == role else ""))
        for value, text in tabs
    ]  # fmt: skip
    return html.Nav(links, className="vt-tabs", **attrs(aria_label="Role"))


def _one(found: Any, line: Mapping[str, Any], themes: Sequence[str]) -> Component:
    """Return one chosen image with the reason for it."""
    row, cluster, theme = int(line["row"]), int(line["cluster"]), int(line["theme"])
    if has_pictures(found):
        shown: Component = gallery.thumb(f"{found.key}/{row}", titled(found, row))
    else:
        shown = html.Span(captions(found, [row])[0] or f"no. {row}", className="vt-word")
    where: list[Any] = []
    if cluster >= 0:
        href = link("/explore", set=found.name, cluster=cluster, kind="micro")
        where.append(dcc.Link(f"Micro-cluster {cluster + 1}", href=href))
    if 0 <= theme < len(themes):
        where.append(f" · {themes[theme]}" if where else themes[theme])
    return html.Li(
        [
            shown,
            html.P([html.Strong(f"{int(line['order'])}. "), str(line["role"])],
                   className="vt-chosen-role"),
            html.P(where, className="vt-small"),
            html.P(str(line["reason"]), className="vt-small vt-chosen-reason"),
        ],
        className="vt-chosen-one",
    )  # fmt: skip


def images(found: Any, choice: Any, role: str, page: int) -> list[Component]:
    """Return a page of the chosen images, in the order of choice, with their reasons."""
    table = choice.chosen
    known = set(table["role"].astype(str))
    role = role if role in known else ""
    table = table[table["role"].astype(str) == role] if role else table
    pages = max(1, -(-len(table) // SHOWN))
    page = min(max(1, page), pages)
    lines = table.iloc[(page - 1) * SHOWN : page * SHOWN].to_dict("records")
    themes = found.theme_names()
    query = {"set": found.name, "choice": choice.key, "role": role}
    pager = gallery.pager("/curate", query, page, pages)
    shown = html.Ul([_one(found, line, themes) for line in lines], className="vt-chosen")
    return [role_links(found, choice, role), shown, *([pager] if pager else [])]


def saturation(choice: Any) -> Component | None:
    """Return the edge-case curve of a choice with the suggested stopping point."""
    table, told = choice.saturation, choice.meta.get("saturation")
    if table is None or not told or not len(table):
        return None
    found = {**told, **{str(name): table[name].tolist() for name in table}}
    return html.Section(
        [html.H2("Are the edge cases covered?"), html.P(told["text"]),
         report_charts.saturation_chart(found)],
        className="vt-report-section",
    )  # fmt: skip


def notes(choice: Any) -> Component | None:
    """Return what the choice noted."""
    told = [str(note) for note in choice.meta.get("notes") or []]
    return html.Div([html.P(note, className="vt-hint") for note in told]) if told else None


def view_of(
    found: Any, choice: Any, view: Any, report: Any, role: str, page: int
) -> list[Component]:
    """Return a choice: its figures, its images with reasons, its curve."""
    gone = choice.meta.get("imageset") != found.key
    parts: list[Component | None] = [
        head(found, choice),
        verdict(choice),
        actions(found, choice, view, report),
        figures(choice),
        notes(choice),
    ]
    if gone:
        parts.append(notices.alert(
            "The set has changed since this choice was made, so its rows mean other images now. "
            "Its slice still holds the images that were chosen.", "warning", dismissable=False,
        ))  # fmt: skip
    else:
        objective = choice.meta.get("objective")
        gain = f" Gains add up to {score(float(choice.meta['total']), 3)}: {objective}." if (
            objective) else ""  # fmt: skip
        parts += [
            html.H2("Each with its reason", className="vt-result-title"),
            html.P("A centre stands for the middle of its micro-cluster, an edge for a small or "
                   "remote group, a gap filler lies between those taken before it." + gain,
                   className="vt-small"),
            *images(found, choice, role, page),
        ]  # fmt: skip
    parts.append(saturation(choice))
    return [part for part in parts if part is not None]


# -- recent choices --------------------------------------------------------------------------------


def recent(found: Any, lines: Sequence[Any], reports: Mapping[str, Any]) -> Component | None:
    """Return the choices made of a set so far, newest first; None where there is none."""
    if not lines:
        return None
    rows = [_recent_row(found, line, reports.get(line.key)) for line in lines[:12]]
    head = ("Chosen", "How", "When", "Report")
    return html.Section(
        [html.H2("Recent choices", className="vt-card-title"),
         tables.table(head, rows, caption="Choices made of this set")],
        className="vt-card vt-recent",
    )  # fmt: skip


def _recent_row(found: Any, line: Any, report: Any) -> list[Any]:
    """Return one earlier choice as a row of a table."""
    name = line.slice or plural(line.count, noun(found))
    where = link("/curate", set=found.name, choice=line.key)
    part = share(line.count / line.pool) if line.pool else ""
    report_link = dcc.Link("Open", href=report_head.page_link(report.id, found.name)) if (
        report) else ""  # fmt: skip
    told = f"{strategy_title(line.strategy)}, {number(line.count)}"
    return [dcc.Link(name, href=where), f"{told} ({part})" if part else told, ago(line.created),
            report_link]  # fmt: skip
