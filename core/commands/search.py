"""The command `search`: the items of a set nearest to pictures, items or words."""

import argparse
from pathlib import Path
from typing import Any

from core.commands import zero_shot
from core.commands.printed import print_json
from core.config import Settings
from core.errors import InputError

#: Seconds that the command waits for a picture or words to be encoded, loading the encoder
#: included.
PATIENCE = 600.0


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `search` and `zero-shot` to an argparse sub-parser group."""
    search = commands.add_parser("search", parents=[common], help="find the items nearest to some")
    search.add_argument("name", help="the set or part")
    search.add_argument("--text", action="append", default=[], metavar="WORDS",
                        help="what to show; may be repeated; needs an encoder with a text "
                             "tower")  # fmt: skip
    search.add_argument("--not-text", action="append", default=[], metavar="WORDS",
                        help="what not to show; may be repeated")  # fmt: skip
    search.add_argument("--template", action="append", default=[], metavar="NAME|TEXT",
                        help="what stands around the words: a set of templates (photo, plain, "
                             "photos, species, object, satellite, micrograph) or a text of your "
                             "own with {}; may be repeated")  # fmt: skip
    search.add_argument("--image", action="append", default=[], metavar="FILE",
                        help="a picture file to be like; may be repeated")  # fmt: skip
    search.add_argument("--item", action="append", default=[], metavar="ROW|ITEM_ID",
                        help="an item of the set to be like; may be repeated")  # fmt: skip
    search.add_argument("--not", action="append", default=[], metavar="ROW|ITEM_ID", dest="unlike",
                        help="an item of the set to be unlike; may be repeated")  # fmt: skip
    search.add_argument("--all", action="store_true", dest="every",
                        help="be like all of the examples together, not like any one")  # fmt: skip
    search.add_argument("--top", type=int, default=20, metavar="K", help="how many to list")
    search.add_argument("--device", help="auto, cpu, cuda or mps")
    search.set_defaults(do=do)
    zero_shot.add(commands, common)


def do(options: argparse.Namespace, settings: Settings) -> int:
    """Search and print what is nearest; return the exit code."""
    from core.curation import Desk
    from core.library import Library
    from core.runner import open_workspace
    from core.search import Searches

    if options.top < 1:
        raise InputError(f"--top {options.top}: needs a number of 1 or more")
    workspace = open_workspace(settings)
    opened = Library.with_desk(workspace, Desk(workspace)).open(options.name)
    searches = Searches(workspace, settings)
    try:
        found = _found(options, settings, searches, opened)
    finally:
        searches.close()
    results = _results(opened, found, options.top)
    if options.json:
        print_json(
            {"set": opened.name, "query": found.id, "results": results, "usual": found.usual}
        )
        return 0
    _tell(found, results)
    return 0


def _found(options: argparse.Namespace, settings: Settings, searches: Any, opened: Any) -> Any:
    """Return what the search finds that the options ask for."""
    words = [*options.text, *options.not_text]
    if options.template and not words:
        raise InputError("--template: goes with --text")
    around = searches.read(opened, words, options.template, PATIENCE) if words else None
    return searches.start(
        opened,
        [_row(opened, text, "--item") for text in options.item],
        [_row(opened, text, "--not") for text in options.unlike],
        [searches.encode(opened, _bytes(Path(path), settings), PATIENCE) for path in options.image],
        options.text,
        options.not_text,
        around,
        options.every,
    )


def _tell(found: Any, results: list[dict[str, Any]]) -> None:
    """Print results for a person, a line where "similar" ends."""
    similar = True
    if found.spoken and found.usual is None:
        print("-- no items stand out for these words; these are the nearest --")
    for line in results:
        if similar and found.usual is not None and line["distance"] > found.usual:
            similar = False
            print(f"-- {_end(found)} ({found.usual:.3f}) --")
        print(f"{line['distance']:.3f}  {line['row']:>8}  {line['path'] or line['item_id']}")


def _end(found: Any) -> str:
    if found.spoken or found.every:
        return "further than those that stand out"
    return "further than is usual among neighbours here"


def _results(opened: Any, found: Any, top: int) -> list[dict[str, Any]]:
    """Return the first results as JSON values."""
    rows = found.order[:top]
    table = opened.items.iloc[rows]
    return [
        {
            "row": int(row),
            "item_id": str(item),
            "path": path if isinstance(path, str) and path else None,
            "distance": round(float(distance), 7),
        }
        for row, item, path, distance in zip(
            rows, table["item_id"], table["path"], found.distances, strict=False
        )
    ]


def _row(opened: Any, text: str, flag: str) -> int:
    """Return the row that an option names by its number or its item id."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        row: int = opened.check_row(int(text))
        return row
    found = opened.first_row(text)
    if found is None:
        raise InputError(f"{flag} {text}: neither a row nor an item id of {opened.name!r}")
    return int(found)


def _bytes(path: Path, settings: Settings) -> bytes:
    """Return a file's bytes, read no further than files are in any case."""
    from core.imaging.files import open_regular, reason_of_os_error

    try:
        with open_regular(path) as file:
            return file.read(settings.max_file_mb * 2**20 + 1)
    except OSError as error:
        raise InputError(f"--image {path}: {reason_of_os_error(error)}") from error
