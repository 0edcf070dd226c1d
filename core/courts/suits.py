"""Which kind of encoder suits which question, by how it was made; what a court then measures.

The table says where to begin. A court on one's own images decides, and may say otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.findings.wording import share
from core.model import EncoderSpec

#: A kind of encoder: a model type, or "pixels", which is hand-made and compares place by place.
Kind = str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that an encoder is chosen for.

    Attributes
    ----------
    name, title
        As a key, and for a person.
    figure
        Name of the figure by which a court answers it.
    measures
        What that figure is, in words, to follow "by".
    order
        Kinds of encoders, the one made for it first; those not named come last.
    why
        Why in this order.
    """

    name: str
    title: str
    figure: str
    measures: str
    order: tuple[Kind, ...]
    why: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "classes", "Telling classes apart", "probe",
        "balanced accuracy of a linear classifier on unseen units",
        ("classification", "contrastive", "self-supervised", "segmentation", "detection"),
        "A classifier's features are trained to part classes; where yours are not everyday ones, "
        "self-supervised features may part them better.",
    ),
    Question(
        "similar", "Finding similar pictures", "retrieval",
        "the share of the ten nearest images of other units that have the same label",
        ("contrastive", "self-supervised", "classification", "hand-made"),
        "Contrastive and self-supervised training shape distances themselves, so the nearest "
        "pictures are alike.",
    ),
    Question(
        "copies", "Finding duplicates", "copies",
        "the share of known copies found where one image in a thousand is taken for a copy wrongly",
        ("self-supervised", "pixels", "hand-made", "classification", "contrastive"),
        "Copies are alike in every detail: features that keep details and shrug off compression, "
        "brightness and size find them. Features of meaning put different pictures too near.",
    ),
    Question(
        "drift", "Seeing drift", "drift",
        "the share of planted changes in the mix of classes that a test of up to 100 a side sees",
        ("self-supervised", "classification", "contrastive", "hand-made"),
        "Drift is seen where what matters lies apart and what does not (light, compression) does "
        "not move a picture.",
    ),
    Question(
        "detail", "Fine detail", "detail",
        "how often a small mark moves a picture further than a harmless change does",
        ("self-supervised", "segmentation", "detection", "pixels", "classification"),
        "Small defects change few pixels: features that keep where things are see them. Features "
        "of meaning are trained to overlook them.",
    ),
)  # fmt: skip

#: The same by their names.
BY_NAME = {question.name: question for question in QUESTIONS}

#: What a page asks of an encoder: the question, by the page's path.
PAGES = {
    "/clusters": "classes", "/explore": "similar", "/quality": "copies", "/drift": "drift",
    "/morphology": "similar", "/gradient": "similar", "/curate": "similar", "/labels": "classes",
}  # fmt: skip

#: Kinds whose vectors say what is shown, and are trained to overlook small things.
GENERIC = frozenset({"classification", "contrastive"})


def kind_of(spec: EncoderSpec) -> Kind:
    """Return the kind of an encoder: its model type, or "pixels"."""
    if spec.name.partition("?")[0].strip() == "pixels" or spec.extra.get("encoder") == "pixels":
        return "pixels"
    return spec.model_type


def rank_of(question: Question, spec: EncoderSpec) -> int:
    """Return the place of an encoder's kind in the table; 0 is made for the question."""
    kind = kind_of(spec)
    return question.order.index(kind) if kind in question.order else len(question.order)


def caution(page: str, spec: EncoderSpec) -> str:
    """Return why the encoder in use does not suit a page; "" where nothing speaks against it.

    Parameters
    ----------
    page
        The page's path; "/quality/defects" and "/drift/where" ask for fine detail.
    spec
        The encoder of the set that is shown.

    >>> from core.encoders import describe
    >>> caution("/clusters", describe("pixels"))[:35]
    'Pixel distances compare pictures pl'
    """
    kind = kind_of(spec)
    if page in {"/quality/defects", "/drift/where"}:
        if kind in GENERIC or kind == "hand-made":
            return (
                "This encoder describes a picture as a whole and was made to overlook small "
                "things: tiny defects may not show here. Encode patches, or a self-supervised "
                "model, or crops of what is looked at."
            )
        return ""
    if kind == "pixels" and page in PAGES and page != "/quality":
        return (
            "Pixel distances compare pictures place by place: a shift, a turn or another ground "
            "counts as much as another object. They suit small aligned pictures only."
        )
    if kind == "hand-made" and page in {"/clusters", "/labels", "/drift", "/morphology"}:
        return (
            "Colour and texture are all that this encoder sees: what differs in shape or meaning "
            "only is alike here."
        )
    if kind in {"segmentation", "detection"} and page in PAGES:
        return "This model was trained for parts and outlines, not to compare whole pictures."
    return ""


def advice(page: str, spec: EncoderSpec, court: Mapping[str, Any] | None = None) -> str:
    """Return what a court measured for a page's question, where another encoder is better.

    "" where no court was held, none is clearly better, or the encoder in use is the best. `court`
    is what `core.courts.stored.Courts.measured` returns.
    """
    question = PAGES.get(page.removesuffix("/defects").removesuffix("/where"))
    if page.endswith(("/defects", "/where")):
        question = "detail"
    if court is None or question is None:
        return ""
    for one in court["recommendations"]:
        if one["question"] != question or not one["key"] or one["key"] == spec.key:
            continue
        own = next((line for line in one["order"] if line["key"] == spec.key), None)
        if own is not None and own["behind"]:
            best = next(line for line in one["order"] if line["key"] == one["key"])
            return (
                f"On these images {best['name']} is better at {one['title'].lower()}: "
                f"{share(best['value'])} against {share(own['value'])} by this set's encoder "
                f"({one['measures']})."
            )
    return ""
