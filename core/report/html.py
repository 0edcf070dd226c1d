"""The report as one HTML file that needs nothing else: no script, no address, no other file.

The order is that of reading: the verdict, four figures and two maps are the minute; then what
they stand on; then everything an auditor asks for.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.report import audit, groups, minute, proof
from core.report.text import absent, escape, plain, plural

Report = Mapping[str, Any]

#: Gives the picture of a row as a JPEG or PNG file, None where there is none.
Pictures = Callable[[int], bytes | None]

#: Nothing may be fetched or run, whatever a label or a name says.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"

_STYLE = Path(__file__).with_name("report.css")


def render_html(report: Report, pictures: Pictures, maps: Mapping[str, bytes]) -> bytes:
    """Return a report as one self-contained HTML file.

    Parameters
    ----------
    report
        The report, "vitrine.report" format 1 (`docs/methods/report.md`); a part that is None is
        left out.
    pictures
        Gives the picture of a row as JPEG or PNG bytes, None where there is none.
    maps
        "curated" and "random" as PNG bytes on the same axes; without them there are no maps.

    Returns
    -------
    bytes
        UTF-8. All text is escaped, every picture is inside, and paths of this machine are cut to
        their last part.
    """
    sections = [
        *minute.sections(report, maps),
        *proof.sections(report),
        *groups.sections(report, pictures),
        *audit.sections(report),
    ]
    shown = [section for section in sections if section]
    body = "\n".join([*minute.head(report), _contents(report), *shown, _foot(report)])
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="generator" content="Vitrine">\n'
        f"<title>{escape(title(report))}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def title(report: Report) -> str:
    """Return what a report is called, as plain text that is not escaped."""
    choice = report["choice"]
    what = choice.get("slice") or plural(choice["count"], minute.noun_of(report))
    return f"Report on {what} of {report['set'].get('title') or report['set']['name']}"


def _contents(report: Report) -> str:
    """Return links to the sections there are."""
    links = [
        ("coverage", "Coverage", report.get("coverage")),
        ("independent", "Independent grouping", (report.get("coverage") or {}).get("independent")),
        ("bands", "Other measures", report.get("bands")),
        ("sparse", "Sparse clusters", report.get("sparse")),
        ("dense", "Dense clusters", report.get("dense")),
        ("saturation", "Edge cases", report.get("saturation")),
        ("labels", "Labels", report.get("labels")),
        ("limits", "What this does not show", report.get("limits")),
        ("audit", "For the auditor", True),
    ]
    inside = "".join(f'<li><a href="#{at}">{name}</a></li>' for at, name, there in links if there)
    return f'<nav aria-label="In this report"><ul class="toc">{inside}</ul></nav>'


def _foot(report: Report) -> str:
    """Return the end of the file: what it is and its checksum."""
    checksum = report.get("checksum")
    told = f" Checksum of the report: <code>{plain(checksum)}</code>." if checksum else ""
    number = f" Report <code>{plain(report['id'])}</code>." if not absent(report.get("id")) else ""
    return f'<footer class="small">Made by Vitrine.{number}{told}</footer>'
