"""The page around a file of drift: styles, no scripts, nothing from elsewhere."""

from collections.abc import Mapping
from pathlib import Path

from core.report.html import POLICY
from core.report.text import escape

_CORE = Path(__file__).parents[2]
_STYLES = (
    _CORE / "report" / "report.css",
    _CORE / "comparisons" / "report" / "report.css",
    Path(__file__).with_name("report.css"),
)


def page_of(title: str, head: str, sections: Mapping[str, tuple[str, str]], foot: str) -> bytes:
    """Return a self-contained HTML file, UTF-8.

    Parameters
    ----------
    title
        Of the file; any text.
    head, foot
        HTML before and after the sections.
    sections
        By their id: title and HTML; those without HTML are left out.
    """
    there = {name: (title, text) for name, (title, text) in sections.items() if text}
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, (title, _) in there.items())
    body = "\n".join([
        head, f'<nav aria-label="In this report"><ul class="toc">{links}</ul></nav>',
        *(f'<section id="{name}"><h2>{title}</h2>{text}</section>'
          for name, (title, text) in there.items()),
        foot,
    ])  # fmt: skip
    style = "\n".join(one.read_text(encoding="utf-8") for one in _STYLES)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="generator" content="Vitrine">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode("utf-8")
