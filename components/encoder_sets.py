"""What a click on Encoders asks for: the requests of courts and of sets in other encoders."""

from collections.abc import Mapping
from typing import Any

from components import court_form, follow_up
from components.state import link, services
from components.words import encoder_name
from core.courts.request import BASELINE, MOST, CourtRequest
from core.encoders.fitted.names import residual_name
from core.errors import InputError
from core.request import RunRequest


def court(name: str, given: Mapping[str, Any]) -> CourtRequest:
    """Return the court that the form describes.

    Raises
    ------
    InputError
        A field cannot be used, or the encoders are too few or too many with the set's own.
    """
    app = services()
    wanted = court_form.request(name, given, app.settings.seed)
    own = app.library.open(name).spec.name
    heard = {own, *wanted.encoders}
    if not any(one.partition("?")[0].strip() == BASELINE for one in heard):
        heard.add(BASELINE)
    if len(heard) > MOST:
        raise InputError(
            f"Encoders: with the set's own and the pixel baseline they are {len(heard)}; take "
            f"away {len(heard) - MOST}."
        )
    if len(heard) < 2:
        raise InputError("Encoders: tick or name one beside the set's own.")
    return wanted


def expect(job_id: str, keys: Mapping[str, str], view: str) -> dict[str, Any]:
    """Return what is waited for: a job, and where its result is seen."""
    there = link("/encoders", set=keys["set"], view=view, done=job_id)
    return follow_up.expect(job_id, "/encoders", to=there)


def other_encoder(found: Any, courts: Any, keys: Mapping[str, str], key: str) -> RunRequest:
    """Return the run that makes a set of the same images in an encoder of the court shown.

    Raises
    ------
    NotFoundError, InputError
        The court is gone, or it heard no such encoder.
    """
    lines = courts.list(found.name)
    shown = courts.open(keys.get("key") or (lines[0].key if lines else ""))
    spec = shown.meta["specs"].get(key)
    if spec is None:
        raise InputError("This court did not hear that encoder; reload the page.")
    name = free_name(f"{found.base.name} {_short(encoder_name(str(spec['name'])))}")
    return _run(found, name, str(spec["name"]))


def residual(found: Any, columns: str) -> RunRequest:
    """Return the run that makes a set with columns regressed out of its vectors."""
    name = free_name(f"{found.base.name} without {columns.replace(',', ', ')}")
    return _run(found, name, residual_name(found.spec.name, columns.split(",")))


def free_name(wanted: str) -> str:
    """Return a name that no set has, made of characters that a name may hold."""
    plain = "".join(one if one.isalnum() or one in " .+-_" else "-" for one in wanted)[:76].strip()
    taken = set(services().library.names())
    name, at = plain, 2
    while name in taken:
        name, at = f"{plain} {at}", at + 1
    return name


def _short(encoder: str) -> str:
    """Return what is left of an encoder's name in that of a set."""
    return encoder.rpartition(":")[2].partition(".")[0].partition("?")[0][:32]


def _run(found: Any, name: str, encoder: str) -> RunRequest:
    """Return the request of the base's own run, for another name and encoder."""
    known = {key: value for key, value in found.base.request.items() if key != "place"}
    return RunRequest.from_json({**known, "name": name, "encoder": encoder})
