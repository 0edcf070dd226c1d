"""How far parts of a set are from the whole, for many parts at once: MMD by random features.

The squared maximum mean discrepancy for the Gaussian kernel exp(−d² / median d²) is the squared
distance of two mean vectors in a space of random Fourier features (Rahimi and Recht 2007).
"""

import numpy as np

from core.progress import Progress
from core.space import blocks

STAGE = "comparing splits"

#: Random features, and pairs whose median distance sets the kernel's width.
FEATURES = 512
PAIRS = 4000


class MeanMap:
    """Random features of unit vectors `(n, d)`; the same for a seed."""

    def __init__(self, unit: np.ndarray, seed: int = 0):
        random = np.random.default_rng(seed)
        self._unit = unit
        one, two = random.integers(0, max(1, len(unit)), (2, PAIRS)) if len(unit) else ([], [])
        away = ((unit[one].astype(np.float64) - unit[two]) ** 2).sum(axis=1)
        away = away[away > 0]
        self.width = float(np.median(away)) if len(away) else 0.0
        scale = np.sqrt(2 / self.width) if self.width else 0.0
        self._turn = (random.standard_normal((unit.shape[1], FEATURES)) * scale).astype(np.float32)
        self._shift = (random.random(FEATURES) * 2 * np.pi).astype(np.float32)

    def distances(
        self, splits: np.ndarray, count: int, progress: Progress | None = None
    ) -> np.ndarray:
        """Return the squared MMD of every split to all items.

        Parameters
        ----------
        splits
            Split of each item, `(candidates, n)` int8 from 0 to count − 1.
        count
            How many splits there are.

        Returns
        -------
        numpy.ndarray
            Shape `(candidates, count)` float64; 0 for an empty split.
        """
        progress = progress or Progress()
        sums = np.zeros((len(splits) * count, FEATURES))
        whole = np.zeros(FEATURES)
        for part in blocks(len(self._unit), FEATURES * 4):
            progress.report(STAGE, part.start, len(self._unit))
            turned = np.cos(self._unit[part] @ self._turn + self._shift) * np.sqrt(2 / FEATURES)
            inside = splits[:, None, part] == np.arange(count)[None, :, None]
            sums += inside.reshape(len(sums), -1).astype(np.float32) @ turned.astype(np.float32)
            whole += turned.sum(axis=0, dtype=np.float64)
        sizes = np.stack([(splits == s).sum(axis=1) for s in range(count)], axis=1).reshape(-1, 1)
        means = sums / np.maximum(sizes, 1)
        found = ((means - whole / max(1, len(self._unit))) ** 2).sum(axis=1)
        return np.where(sizes[:, 0] > 0, found, 0.0).reshape(len(splits), count)
