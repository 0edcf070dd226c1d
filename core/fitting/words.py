"""What is said of a fit, in sentences for a person."""

from core.encoders.fitted.encoder import StoredFit
from core.encoders.fitted.names import Derived, spoken
from core.fitting.design import Term


def note_of(asked: Derived, fit: StoredFit) -> str:
    """Return what a set's notes say of its fitted encoder."""
    return _ensemble(fit) if asked.kind == "ensemble" else _residual(asked, fit)


def _ensemble(fit: StoredFit) -> str:
    meta = fit.meta
    return (
        f"Its vectors join those of {len(fit.members)} encoders: {fit.spec.dims:,} dimensions of "
        f"{meta['width']:,} hold {percent(meta['explained'])} of their variance, as fitted on "
        f"{meta['items']:,} images."
    )


def _residual(asked: Derived, fit: StoredFit) -> str:
    meta = fit.meta
    named = " and ".join(asked.columns)
    beside = f" beside {' and '.join(asked.keep)}" if asked.keep else ""
    way = "" if asked.how == "regress" else ", with all else in the same directions"
    note = (
        f"Its vectors are those of {spoken(asked.members[0], _last)} without what {named} tells"
        f"{beside}{way}: {percent(meta['explained'])} of the variance "
        f"({percent(max(0.0, meta['adjusted']))} beyond chance) of {meta['units']:,} independent "
        "images."
    )
    if not asked.keep:
        note += f" What goes together with {named} went with it."
    for term in (Term.from_json(value) for value in meta["terms"]):
        if term.rare:
            fate = "count as one" if term.pooled else "are left as they are"
            note += f" Values of {term.name} with under three independent images {fate}."
    return note


def _last(name: str) -> str:
    """Return an encoder's name without the folder that its weights lie in."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def percent(share: float) -> str:
    """Return a share as "24 %"; what is not nothing is never "0 %"."""
    text = f"{share:.0%}".replace("%", " %")
    return f"{share:.1%}".replace("%", " %") if text == "0 %" and share > 0.0005 else text
