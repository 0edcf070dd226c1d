"""`aria-*` and `data-*` attributes of Dash components, written as Python names."""

from typing import Any


def attrs(**given: Any) -> Any:
    """Return attributes with dashes for underscores: `attrs(aria_label="Close")`.

    The result is untyped, since Dash's components declare no such parameters.
    """
    return {name.replace("_", "-"): value for name, value in given.items()}
