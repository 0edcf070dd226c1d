"""Edge-case saturation: how many edge cases are enough, and what they do to the rest.

S(m) is the share of edge cases within τ_e of one of the m that were taken. The curve takes them in
the best order: each next one is that which shows most edge cases not shown yet.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from core.curate.coverage import covered, expected_new_cluster_probability, new_cluster_probability
from core.curate.edges import edge_radius, edge_rows
from core.model import Clustering, Neighbors
from core.progress import Progress

STAGE = "edge cases"

#: Least share of the edge cases that the next 1 % of them must add: no less than themselves.
STOP = 0.01
#: Edge cases whose whole neighbourhood is near are compared with each other up to this many.
COMPARED = 5000


@dataclass(frozen=True, slots=True)
class Saturation:
    """The curve of edge cases.

    Attributes
    ----------
    edges, radius
        Edge cases in the pool, and τ_e.
    budgets
        Numbers of edge cases taken, from 0 to where all are shown, in steps of 1 % of them.
    s
        S(m) at each budget.
    gain_next
        What the next 1 % of the edge cases adds to S.
    drift
        How far the centre of the choice lies from that of its common images, in units of their
        spread: x ‖μ_e − μ_c‖ / √tr Σ_c at a share x of edge cases.
    new_cluster_probability
        Chance that one more image, drawn at random from the rest of the pool, is of a
        micro-cluster that the choice lacks.
    random_new_cluster_probability
        The same after a random choice of as many images; exact expectation.
    common
        Common images of the choice, taken at every budget.
    suggested
        The first budget whose next 1 % adds less than `STOP`.
    taken, taken_s
        Edge cases that the choice holds, and their S.
    text
        All that in words.
    """

    edges: int
    radius: float
    budgets: list[int]
    s: list[float]
    gain_next: list[float]
    drift: list[float]
    new_cluster_probability: list[float]
    random_new_cluster_probability: list[float]
    common: int
    suggested: int
    taken: int
    taken_s: float
    text: str


def saturation(
    unit: np.ndarray,
    neighbors: Neighbors,
    micro: Clustering,
    *,
    chosen: np.ndarray | None = None,
    pool: np.ndarray | None = None,
    stop: float = STOP,
    progress: Progress | None = None,
) -> Saturation | None:
    """Measure how many edge cases are enough.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)` float32.
    neighbors, micro
        The graph and the micro-clusters of the same items.
    chosen
        Rows of a choice, with what counts as taken: its common images are kept at every budget
        and its edge cases are told of. None plans instead: all common images are taken.
    pool
        Rows that count; None is all.
    stop
        Where the next 1 % adds less than this share, the curve is called saturated.

    Returns
    -------
    Saturation or None
        None where the pool has no edge cases.
    """
    progress = progress or Progress()
    inside = np.zeros(len(unit), bool)
    inside[np.arange(len(unit)) if pool is None else pool] = True
    if chosen is not None:
        inside[chosen] = True
    is_edge = edge_rows(neighbors, micro) & inside
    edges = np.flatnonzero(is_edge)
    if not len(edges):
        return None
    radius = edge_radius(neighbors)
    starts, near = _shown_by(unit, neighbors, edges, radius)
    order, shown = _best_order(starts, near, progress)
    step = max(1, round(len(edges) / 100))
    last = int(np.argmax(shown >= len(edges))) + 1
    budgets = [*range(0, last, step), last]
    s = np.array([0, *shown])[budgets] / len(edges)
    ahead = np.minimum(np.array(budgets) + step, len(shown))
    gain = np.array([0, *shown])[ahead] / len(edges) - s
    base = np.flatnonzero(inside & ~is_edge) if chosen is None else chosen[~is_edge[chosen]]
    taken = np.zeros(0, np.int64) if chosen is None else chosen[is_edge[chosen]]
    taken_s = _share_shown(starts, near, np.searchsorted(edges, taken))
    few = gain * len(edges) < stop * 100 * step - 1e-9  # of a step, which is only about 1 %
    suggested = budgets[int(np.argmax(few))]
    chances = _chances(np.asarray(micro.labels), inside, base, edges[order], budgets)
    drift = _drift(unit, edges, np.flatnonzero(inside & ~is_edge), len(base), budgets)
    text = _words(len(edges), int(inside.sum()), suggested, step, radius,
                  None if chosen is None else (len(taken), taken_s))  # fmt: skip
    return Saturation(
        len(edges), radius, budgets, s.tolist(), gain.tolist(), drift, *chances, len(base),
        suggested, len(taken), taken_s, text,
    )  # fmt: skip


def _shown_by(
    unit: np.ndarray, neighbors: Neighbors, edges: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which edge cases each of them is within the radius of, itself among them.

    As a compressed table: those of the i-th are `near[starts[i]:starts[i + 1]]`, places in
    `edges`. The graph knows them but for pairs both of whose whole neighbourhoods are nearer.
    """
    place = np.full(len(unit), -1, np.int64)
    place[edges] = np.arange(len(edges))
    distances = np.asarray(neighbors.distances[edges])
    to = place[np.asarray(neighbors.indices[edges])]
    at, column = np.nonzero((distances <= np.float32(radius)) & (to >= 0))
    first, second = [at], [to[at, column]]
    full = np.flatnonzero(distances[:, -1] <= radius) if distances.shape[1] else at[:0]
    if 1 < len(full) <= COMPARED:
        vectors = unit[edges[full]]
        one, two = np.nonzero(vectors @ vectors.T >= 1 - radius * radius / 2)
        first.append(full[one])
        second.append(full[two])
    own = np.arange(len(edges))
    a, b = np.concatenate([*first, *second, own]), np.concatenate([*second, *first, own])
    pairs = np.unique(a * len(edges) + b)
    at, near = pairs // len(edges), pairs % len(edges)
    return np.searchsorted(at, np.arange(len(edges) + 1)), near


def _best_order(
    starts: np.ndarray, near: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the edge cases, each next one showing most that are not shown, and the running count.

    Lazy greedy: what an edge case would add can only fall, so only the first of the queue is
    looked at again. Ties go to the lower row.
    """
    total = len(starts) - 1
    hidden = np.ones(total, bool)
    queue = [(-int(starts[i + 1] - starts[i]), i) for i in range(total)]
    heapq.heapify(queue)
    order, shown, count = [], [], 0
    while queue:
        worth, i = heapq.heappop(queue)
        mine = near[starts[i] : starts[i + 1]]
        now = int(hidden[mine].sum())
        if -worth > now:
            heapq.heappush(queue, (-now, i))
            continue
        hidden[mine] = False
        count += now
        order.append(i)
        shown.append(count)
        progress.report(STAGE, count, total)
        if count == total:  # the rest adds nothing: as they come
            rest = np.setdiff1d(np.arange(total), order)
            order += rest.tolist()
            shown += [count] * len(rest)
            break
    return np.array(order, np.int64), np.array(shown, np.int64)


def _share_shown(starts: np.ndarray, near: np.ndarray, taken: np.ndarray) -> float:
    """Return the share of edge cases within the radius of some of them."""
    shown = np.zeros(len(starts) - 1, bool)
    for i in taken.tolist():
        shown[near[starts[i] : starts[i + 1]]] = True
    return float(shown.mean())


def _chances(
    labels: np.ndarray, inside: np.ndarray, base: np.ndarray, order: np.ndarray, budgets: list[int]
) -> tuple[list[float], list[float]]:
    """Return the chance of a new micro-cluster at each budget: of the choice, of a random one."""
    kept = inside & (labels >= 0)
    sizes = np.bincount(labels[kept], minlength=int(labels.max(initial=-1)) + 1)
    there, total = sizes > 0, int(inside.sum())
    hit = covered(labels, base, len(sizes))
    own, random = [], []
    done = 0
    for budget in budgets:
        hit |= covered(labels, order[done:budget], len(sizes))
        done, taken = budget, len(base) + budget
        own.append(new_cluster_probability(sizes[there], hit[there], total, taken))
        random.append(expected_new_cluster_probability(sizes[there], total, taken))
    return own, random


def _drift(
    unit: np.ndarray, edges: np.ndarray, common: np.ndarray, base: int, budgets: list[int]
) -> list[float]:
    """Return how far edge cases move the centre, at each budget; 0 where nothing is common."""
    if not len(common):
        return [0.0] * len(budgets)
    middle = unit[common].mean(axis=0, dtype=np.float64)
    square = np.einsum("ij,ij->i", unit[common], unit[common], dtype=np.float64).mean()
    spread = float(np.sqrt(max(0.0, square - middle @ middle)))
    away = float(np.linalg.norm(unit[edges].mean(axis=0, dtype=np.float64) - middle))
    if spread < 1e-6:
        return [0.0] * len(budgets)
    shares = [budget / (base + budget) if base + budget else 0.0 for budget in budgets]
    return [share * away / spread for share in shares]


def _words(
    edges: int, pool: int, suggested: int, step: int, radius: float,
    taken: tuple[int, float] | None,
) -> str:  # fmt: skip
    """Return the curve in words."""
    text = (
        f"{edges:,} of {pool:,} images are edge cases ({edges / pool * 100:.0f} %). "
        f"{suggested:,} of them, well chosen, leave little to add: every {step:,} more would show "
        f"fewer than {step:,} others within a distance of {radius:.3f}."
    )
    if suggested > edges / 2:
        text += " They hardly resemble each other, so there is no early point to stop at."
    if taken is None:
        return text
    shown = f"{taken[1] * 100:.0f} %"
    return f"{text} This choice holds {taken[0]:,} edge cases, which show {shown} of all."
