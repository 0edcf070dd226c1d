"""The preset of Lürig and others, against scikit-learn, SciPy and groups made on purpose."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import cosine, mahalanobis
from scipy.stats import chi2
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from core.errors import InputError
from core.morphology.lurig import alike, lurig
from core.morphology.lurig_axis import deal, observed
from core.morphology.lurig_space import standardise

NAMES = ["ash", "beech", "cedar", "elm"]


def specimens(seed=0, each=30, dims=20, shift=1.5):
    """Four groups along one direction at 0, 1, .5 and 1, images of both sides of each specimen."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2, 3], each)
    direction = rng.normal(size=dims)
    direction /= np.linalg.norm(direction)
    place = np.array([0, 1, 0.5, 1])[group] * 2 * shift
    middle = rng.normal(size=(4 * each, dims)) + place[:, None] * direction
    side = np.tile([0, 1], 4 * each)
    points = np.repeat(middle, 2, axis=0) + 0.3 * rng.normal(size=(8 * each, dims))
    return points, np.repeat(group, 2), np.repeat(np.arange(4 * each), 2), side


def half(one, two):
    return (2 - cosine(one, two)) / 2


# -- components ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "d"), [(80, 12), (20, 40)])
def test_components_are_those_of_standardised_dimensions_to_95_percent(n, d):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(n, 3)) @ rng.normal(size=(3, d)) + 0.2 * rng.normal(size=(n, d))
    points *= 10.0 ** rng.integers(-3, 3, d)
    points[:, 2] = 7.0  # an empty dimension
    found = standardise(points)
    scaled = StandardScaler().fit_transform(points)
    theirs = PCA(0.95, svd_solver="full").fit(scaled)
    assert len(found.explained) == theirs.n_components_
    assert found.explained == pytest.approx(theirs.explained_variance_ratio_, rel=1e-8)
    assert np.allclose(np.abs(found.scores), np.abs(theirs.transform(scaled)), atol=1e-7)
    assert np.allclose(found.place(points), found.scores)
    assert found.axes[:, 2] == pytest.approx(0, abs=1e-12)


def test_units_of_another_scale_change_nothing():
    points, groups, units, side = specimens()
    found = lurig(points, groups, side, (0, 1), units=units).to_json(NAMES, ["d", "v"])
    again = lurig(points * np.geomspace(1e-3, 1e3, 20), groups, side, (0, 1), units=units)
    assert json.dumps(again.to_json(NAMES, ["d", "v"]))  # ready for JSON
    assert again.to_json(NAMES, ["d", "v"])["discriminant"]["auc"] == pytest.approx(
        found["discriminant"]["auc"]
    )
    assert again.likeness[0].every == pytest.approx(found["similarity"][0]["all"])


# -- the axis --------------------------------------------------------------------------------------


def test_the_axis_is_that_of_fishers_discriminant_on_seven_components_of_trimmed_units():
    points, groups, units, _ = specimens()
    points[groups == 0] *= np.where(np.arange(60) // 2 == 3, 4, 1)[:, None]  # one far unit
    found = lurig(points, groups, poles=(0, 1), units=units)
    scores = found.space.scores[:, :7].reshape(-1, 2, 7).mean(axis=1)
    code = groups[::2]
    kept = np.ones(len(code), bool)
    for pole in (0, 1):
        mine = scores[code == pole]
        inverse = np.linalg.inv(np.cov(mine.T, ddof=0))
        far = [mahalanobis(row, mine.mean(axis=0), inverse) ** 2 for row in mine]
        kept[code == pole] = np.array(far) <= chi2.ppf(0.95, 7)
    assert not kept[3]
    axis = found.discriminant
    assert axis.trimmed == ((~kept & (code == 0)).sum(), (~kept & (code == 1)).sum())
    assert axis.units == (30, 30)
    ends = kept & (code <= 1)
    theirs = LinearDiscriminantAnalysis().fit(scores[ends], code[ends])
    turn = cosine(theirs.coef_[0], axis.direction)
    assert turn == pytest.approx(0, abs=1e-9)
    own = scores @ axis.direction
    step = own[ends & (code == 1)].mean() - own[ends & (code == 0)].mean()
    assert step == pytest.approx(1)


def test_groups_that_are_no_ends_lie_on_the_axis_where_they_belong():
    points, groups, units, _ = specimens(shift=2.5)
    found = lurig(points, groups, poles=(0, 1), units=units).to_json(NAMES)["discriminant"]
    where = {one["group"]: one for one in found["groups"]}
    assert found["auc"] > 0.9
    assert where["cedar"]["mean"] == pytest.approx(0.5, abs=0.15)
    assert where["elm"]["mean"] == pytest.approx(1, abs=0.15)
    assert where["elm"]["second"] > 0.85
    assert where["ash"]["second"] < 0.15
    assert [where[name]["pole"] for name in NAMES] == [True, True, False, False]
    assert all(one["unseen"] and one["units"] == 30 for one in found["groups"])
    assert where["cedar"]["low"] < where["cedar"]["mean"] < where["cedar"]["high"]


def test_without_a_difference_units_held_out_are_told_apart_by_chance_only():
    seen, made = [], []
    for seed in range(1000, 1030):
        points, groups, units, _ = specimens(seed, each=12, shift=0)
        found = lurig(points, groups, poles=(0, 1), units=units, seed=seed)
        seen.append(found.discriminant.auc)
        own = found.space.scores[:, : found.discriminant.components] @ found.discriminant.direction
        made.append(roc_auc_score(groups[groups <= 1], own[groups <= 1]))
    assert np.mean(made) > 0.7  # on the units the axis was made from
    assert np.mean(seen) == pytest.approx(0.5, abs=0.1)


def test_what_is_held_out_is_held_out_of_every_step():
    points, groups, units, _ = specimens(3, each=10)
    found = lurig(points, groups, poles=(0, 1), units=units, seed=5).discriminant
    seen = observed(groups, units)
    ends = np.flatnonzero(seen.group <= 1)
    fold = np.full(len(seen.group), -1)
    fold[ends] = deal(seen.unit[ends], seen.group[ends] == 1, 5)
    values = []
    for held in range(5):
        out = fold[seen.place] == held
        scaler = StandardScaler().fit(points[~out])
        pca = PCA(0.95, svd_solver="full").fit(scaler.transform(points[~out]))
        scores = pca.transform(scaler.transform(points))[:, : found.components]
        mean = np.array([scores[seen.place == at].mean(axis=0) for at in range(len(fold))])
        fit = np.flatnonzero((fold >= 0) & (fold != held))
        assert len(fit) < 2 * 3 * 7  # too few to trim any
        axis = LinearDiscriminantAnalysis().fit(mean[fit], seen.group[fit])
        test = np.flatnonzero(fold == held)
        values.append(roc_auc_score(seen.group[test], axis.decision_function(mean[test])))
    assert found.folds == pytest.approx(values)
    assert found.auc == pytest.approx(np.mean(values))


def test_whole_units_are_dealt_to_folds_evenly():
    names = np.array([3, 3, 1, 4, 4, 5, 9, 9, 9, 2, 6, 7])
    second = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], bool)
    fold = deal(names, second, 1)
    assert len({fold[names == name].tolist()[0] for name in np.unique(names)}) == 4
    assert all(len(set(fold[names == name])) == 1 for name in np.unique(names))
    assert sorted(fold[[0, 2, 3, 5]]) == [0, 1, 2, 3]
    both = deal(np.array([1, 2, 3, 1, 2, 3]), np.array([0, 0, 0, 1, 1, 1], bool), 0)
    assert (both[:3] == both[3:]).all()  # a unit of both ends is one unit
    assert len(set(both)) > 1


def test_the_two_farthest_groups_are_the_ends_unless_named():
    points, groups, units, _ = specimens(shift=4)
    far = lurig(points, groups, units=units).discriminant.poles
    assert far in ((0, 1), (0, 3))
    assert lurig(points, groups, poles=(2, 0), units=units).discriminant.poles == (2, 0)
    with pytest.raises(InputError, match="two different groups"):
        lurig(points, groups, poles=(1, 1), units=units)
    with pytest.raises(InputError, match="two different groups"):
        lurig(points, groups, poles=(1, 9), units=units)


def test_few_units_make_a_shorter_axis_and_say_so():
    points, groups, units, _ = specimens(each=4)
    two = groups <= 1
    found = lurig(points[two], groups[two], units=units[two])
    assert found.discriminant.components == 2
    assert found.discriminant.trimmed == (0, 0)
    text = " ".join(found.warnings)
    assert "2 components instead of 7: 8 units of the ends carry no more" in text
    assert "no group it has not seen" in text
    one = lurig(points[2:12], np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]), units=units[2:12])
    assert one.discriminant.auc is None
    assert "too few units to be tested" in " ".join(one.warnings)


# -- likeness --------------------------------------------------------------------------------------


def test_likeness_is_that_of_mean_scores_of_units():
    points, groups, units, side = specimens(each=6)
    side = side.copy()
    side[:4] = [0, 0, 0, 1]  # unit 0 has one side twice, and counts once
    side[-1] = -1
    found = lurig(points, groups, side, (0, 1), units=units)
    scores = found.space.scores

    def mean(group, value):
        rows = (groups == group) & (side == value)
        return np.mean(
            [scores[rows & (units == unit)].mean(axis=0) for unit in np.unique(units[rows])], axis=0
        )

    for one in found.likeness:
        a, b = mean(one.group, one.one), mean(one.group, one.two)
        k = found.discriminant.components
        assert one.every == pytest.approx(half(a, b))
        assert one.axis == pytest.approx(half(a[:k], b[:k]))
    assert [(one.group, one.one, one.two) for one in found.likeness] == [
        (0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1),
    ]  # fmt: skip
    assert found.likeness[0].units == (6, 5)
    assert found.likeness[3].units == (6, 5)
    wanted = [half(mean(a, 0), mean(b, 1)) for a in range(4) for b in range(4) if a != b]
    assert found.apart == {(0, 1): pytest.approx(np.mean(wanted))}


def test_likeness_within_a_group_is_the_mean_over_all_pairs_of_units():
    points, groups, units, _ = specimens(each=5)
    found = lurig(points, groups, units=units)
    scores = found.space.scores.reshape(-1, 2, found.space.scores.shape[1]).mean(axis=1)
    for code in range(4):
        mine = scores[groups[::2] == code]
        pairs = [half(mine[a], mine[b]) for a in range(5) for b in range(a)]
        assert found.within[code] == pytest.approx(np.mean(pairs))
    assert found.likeness == ()
    assert found.apart == {}
    assert lurig(points[:-8], groups[:-8], units=units[:-8]).within[3] is None


def test_likeness_depends_on_the_origin_and_the_preset_says_so():
    points, groups, units, side = specimens()
    whole = lurig(points, groups, side, (0, 1), units=units)
    some = groups <= 1
    part = lurig(points[some], groups[some], side[some], (0, 1), units=units[some])
    assert abs(whole.likeness[0].every - part.likeness[0].every) > 1e-3
    assert "changes when some are left out" in whole.warnings[0]
    assert alike(np.array([1.0, 0]), np.array([0.0, 2])) == 0.5
    assert alike(np.zeros(2), np.ones(2)) == 0.5
    assert alike(np.ones(3), 5 * np.ones(3)) == 1


def test_the_exemplar_is_the_image_nearest_the_mean_of_its_group():
    points, groups, units, _ = specimens(each=6)
    found = lurig(points, groups, units=units)
    for code, row in enumerate(found.exemplars):
        rows = np.flatnonzero(groups == code)
        middle = found.space.scores[rows].mean(axis=0)  # two images of each unit: the same mean
        away = np.linalg.norm(found.space.scores[rows] - middle, axis=1)
        assert row == rows[away.argmin()]
    gap = np.where(groups == 2, 3, groups)
    assert lurig(points, gap, poles=(0, 1), units=units).exemplars[2] == -1
    told = lurig(points, gap, poles=(0, 1), units=units).to_json(NAMES)
    assert [one["group"] for one in told["exemplars"]] == ["ash", "beech", "elm"]
    assert [one["units"] for one in told["within"]] == [6, 6, 12]


def test_what_the_preset_cannot_use_is_refused():
    points, groups, units, side = specimens(each=3)
    for change, match in (
        ({"points": np.ones_like(points)}, "one place"),
        ({"points": np.where(np.eye(*points.shape) > 0, np.nan, points)}, "NaN"),
        ({"groups": groups - 1}, "no group"),
        ({"groups": np.zeros_like(groups)}, "two groups"),
        ({"pair": side[1:]}, "pair of shape"),
        ({"units": units[1:]}, "units of shape"),
    ):
        given = {"points": points, "groups": groups, "units": units, **change}
        with pytest.raises(InputError, match=match):
            lurig(**given)
