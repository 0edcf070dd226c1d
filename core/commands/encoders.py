"""The command `encoders`: which there are, and those of one's own, checked and registered."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.commands.printed import print_json
from core.config import Settings


def _memo(settings: Settings) -> Path:
    from core.runner import open_workspace

    return open_workspace(settings).root / "encoders"


def _encoders(options: argparse.Namespace, settings: Settings) -> int:
    from core.errors import InputError

    act, named = ACTIONS[options.action]
    if named != bool(options.name):
        raise InputError(
            f"encoders {options.action} {'needs an encoder as its' if named else 'takes no'} name"
        )
    return act(options, settings)


def _list(options: argparse.Namespace, settings: Settings) -> int:
    from core.encoders import ENCODERS
    from core.encoders.own.registering import registered
    from core.encoders.tuned import tuned_encoders

    own, tuned = registered(_memo(settings)), tuned_encoders(_memo(settings))
    if options.json:
        known = [asdict(one) for one in ENCODERS]
        print_json({
            "encoders": known, "own": [asdict(one) for one in own],
            "tuned": [one.to_json() for one in tuned],
        })  # fmt: skip
        return 0
    for listing in ENCODERS:
        print(f"{listing.name}: {listing.title}. {listing.good_for}")
    for one in own:
        state = f"{one.dims} numbers, {one.model_type}" if one.state == "ready" else one.problem
        print(f"{one.name}: your own, {one.state}: {state}")
    for made in tuned:
        print(f"{made.name}: {made.sentence}")
    return 0


def _show(options: argparse.Namespace, settings: Settings) -> int:
    from core.encoders import open_encoder
    from core.encoders.base import spec_to_dict

    spec = open_encoder(options.name, memo=_memo(settings), device=settings.device).spec
    value = {**spec_to_dict(spec), "key": spec.key}
    if options.json:
        print_json(value)
        return 0
    for field, held in value.items():
        if held not in ("", [], {}, None):
            print(f"{field}: {held}")
    return 0


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from core.encoders.own.registering import check

    found = check(options.name, memo=_memo(settings), device=settings.device)
    _tell(found, options.json, "passes" if found.passed else "fails")
    return 0 if found.passed else 2


def _register(options: argparse.Namespace, settings: Settings) -> int:
    from core.encoders.own.registering import register

    found = register(options.name, _memo(settings), device=settings.device)
    _tell(found, options.json, "registered")
    return 0


def _forget(options: argparse.Namespace, settings: Settings) -> int:
    from core.encoders.own.registering import forget

    forget(options.name, _memo(settings))
    if options.json:
        print_json({"forgotten": options.name})
    else:
        print(f"{options.name}: taken off the list; its vectors stay")
    return 0


def _tell(found: Any, as_json: bool, outcome: str) -> None:
    """Print what a check found."""
    from core.encoders.own.proving import as_json as proofs_as_json

    if as_json:
        print_json({
            "name": found.spec.name, "key": found.spec.key, "dims": found.spec.dims,
            "passed": found.passed, "seconds": found.seconds,
            "checks": proofs_as_json(found.proofs),
        })  # fmt: skip
        return
    for proof in found.proofs:
        print(f"{'ok  ' if proof.passed else 'FAIL'} {proof.name}: {proof.told}")
    print(f"{found.spec.name}: {outcome}; {found.spec.dims} numbers, "
          f"{1000 * found.seconds:.3g} ms a picture")  # fmt: skip


def _agree(options: argparse.Namespace, settings: Settings) -> int:
    from core.commands.encoders_agree import agree

    return agree(options, settings)


#: What `encoders` can be told to do, in the order of the help, and whether it takes a name.
ACTIONS: dict[str, tuple[Callable[[argparse.Namespace, Settings], int], bool]] = {
    "list": (_list, False),
    "show": (_show, True),
    "check": (_check, True),
    "register": (_register, True),
    "forget": (_forget, True),
    "agree": (_agree, True),
}


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `encoders` to an argparse sub-parser group."""
    encoders = commands.add_parser(
        "encoders", parents=[common], help="which encoders there are, and your own"
    )
    encoders.add_argument(
        "action", choices=tuple(ACTIONS),
        help="list; show, check or register one of yours (python:, onnx:, torchscript:, "
        "exported:), forget it, or agree: how far the encoders of an ensemble SET agree",
    )  # fmt: skip
    encoders.add_argument("name", nargs="?", help="the encoder, with its options")
    encoders.add_argument("--device", help="auto, cpu, cuda or mps")
    encoders.set_defaults(do=_encoders)
