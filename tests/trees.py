"""Component trees as data: what tests ask of what a page or component returns."""

import json
from collections.abc import Iterator
from typing import Any

from plotly.utils import PlotlyJSONEncoder


def data(component: Any) -> Any:
    """Return a tree as the browser gets it: plain lists and dicts."""
    return json.loads(json.dumps(component, cls=PlotlyJSONEncoder))


def nodes(component: Any) -> Iterator[dict[str, Any]]:
    """Yield every component of a tree as {"type", "props"}, parents first."""
    tree = component if isinstance(component, dict | list | str) else data(component)
    if isinstance(tree, list):
        for part in tree:
            yield from nodes(data(part))
    elif isinstance(tree, dict):
        if "props" in tree and "type" in tree:
            yield tree
            for value in tree["props"].values():
                yield from nodes(value)
        else:
            for value in tree.values():
                yield from nodes(value)


def text(component: Any) -> str:
    """Return all text of a tree, in reading order."""

    def words(tree: Any) -> Iterator[str]:
        if isinstance(tree, str | int | float) and not isinstance(tree, bool):
            yield str(tree)
        elif isinstance(tree, list):
            for part in tree:
                yield from words(part)
        elif isinstance(tree, dict) and "props" in tree:
            yield from words(tree["props"].get("children"))

    return " ".join(" ".join(words(data(component))).split())


def find(component: Any, **wanted: Any) -> list[dict[str, Any]]:
    """Return the props of the components whose props have these values (_ stands for -)."""
    asked = {name.replace("__", "-"): value for name, value in wanted.items()}
    return [
        n["props"]
        for n in nodes(component)
        if all(n["props"].get(name) == value for name, value in asked.items())
    ]


def types(component: Any) -> list[str]:
    """Return the names of the component types of a tree."""
    return [n["type"] for n in nodes(component)]


def ids(component: Any) -> list[str]:
    """Return the ids of a tree as text."""
    found = [n["props"].get("id") for n in nodes(component)]
    return [i if isinstance(i, str) else json.dumps(i, sort_keys=True) for i in found if i]
