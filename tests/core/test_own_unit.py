"""What a set says of units counts where nobody names another column."""

import pandas as pd
from looking import gathered
from making import picture

from core.comparisons.design import preview
from core.curation import Desk
from core.drift.request import Side
from core.drifts.sides import open_side
from core.findings import Findings
from core.morphology.request import MorphologyRequest
from core.opened.units import own_unit
from core.storage.store import Workspace


def table(units):
    return pd.DataFrame({"unit": pd.Series(units, dtype="string")})


def test_a_column_that_tells_nothing_apart_or_together_is_no_unit():
    assert own_unit(table(["a", "a", None])) == "unit"
    assert own_unit(table(["a", "b", "c"])) is None
    assert own_unit(table([None, None, None])) is None
    assert own_unit(pd.DataFrame({"label": ["a", "a"]})) is None


def test_comparisons_take_the_unit_that_the_set_names(tmp_path):
    for seed in range(8):
        picture(seed).save(tmp_path / f"{seed}.png")
    rows = [f"{seed}.png,{'ab'[seed // 4]},clip{seed // 2}" for seed in range(8)]
    (tmp_path / "t.csv").write_text("path,label,unit\n" + "\n".join(rows) + "\n")
    workspace = Workspace(tmp_path / "ws")
    opened = gathered(workspace, tmp_path / "t.csv")
    view, findings = Desk(workspace).view(opened), Findings(workspace)
    side = open_side(Side("set"), None, lambda _: opened, lambda _: view, findings)
    assert (len(side.rows), len(set(side.units)), side.unit_kind) == (8, 4, "column")
    told = preview(MorphologyRequest("set", "label"), opened, view, findings)
    assert (told["unit"], told["unit_kind"]) == ("unit", "column")
    alone = preview(MorphologyRequest("set", "label", aggregate="image"), opened, view, findings)
    assert alone["unit"] == "image"
