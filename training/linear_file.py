"""Fit, prune, round and write linear models in the form that `language/linear.py` reads."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from language.grams import grams
from language.linear import IDF_STEP

Numbers = NDArray[np.float64]
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Table:
    """Texts as counted n-grams, with the (rounded) inverse document frequencies."""

    names: list[str]
    counts: csr_matrix
    idf: Numbers

    def features(self) -> csr_matrix:
        return normalize(self.counts @ diags(self.idf))

    def only(self, columns: NDArray[np.int64]) -> "Table":
        return Table([self.names[c] for c in columns], self.counts[:, columns], self.idf[columns])


def count(texts: Sequence[str], *, at_least: int) -> Table:
    """Count the n-grams of prepared texts; idf is rounded the way the file stores it."""
    counter = CountVectorizer(analyzer=grams, binary=True, min_df=at_least)
    counts = counter.fit_transform(texts)
    counts.sort_indices()  # sets come in any order; sums of floats must not
    names = list(counter.get_feature_names_out())
    keep = np.array([i for i, name in enumerate(names) if "\n" not in name])
    frequency = np.asarray(counts.sum(axis=0)).ravel()
    idf = np.log((1 + counts.shape[0]) / (1 + frequency)) + 1
    rounded = np.clip(np.round(idf / IDF_STEP), 1, 255) * IDF_STEP
    return Table(names, counts, rounded).only(keep)


def fit(
    table: Table, yes: NDArray[np.bool_], *, strength: float, weights: Numbers | None = None
) -> tuple[Numbers, float]:
    """Weights (idf included) and bias of a logistic regression that trusts n-grams with a leaning more."""
    trust = np.sqrt(_leaning(table, yes) + 0.05)
    model = LogisticRegression(solver="liblinear", C=strength, random_state=SEED)
    model.fit(table.features() @ diags(trust), yes, sample_weight=weights)
    return model.coef_[0] * trust * table.idf, float(model.intercept_[0])


def _leaning(table: Table, yes: NDArray[np.bool_]) -> Numbers:
    """How unevenly each n-gram falls on the two sides: the log of its odds, without the sign."""
    here = np.asarray(table.counts[yes].sum(axis=0)).ravel() + 1
    there = np.asarray(table.counts[~yes].sum(axis=0)).ravel() + 1
    return np.asarray(np.abs(np.log((here / here.sum()) / (there / there.sum()))))


def write(path: Path, table: Table, weights: Numbers, biases: Sequence[float]) -> int:
    """Write the model with 8-bit weights, a row for each bias; the same input gives the same bytes. Gives the size."""
    scale = float(np.quantile(np.abs(weights), 0.9995)) / 127
    steps = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
    data = {
        "biases": [round(bias, 4) for bias in biases],
        "scale": round(scale, 8),
        "grams": "\n".join(table.names),
        "weights": base64.b64encode(steps.T.tobytes()).decode(),
        "idf": base64.b64encode(np.round(table.idf / IDF_STEP).astype(np.uint8).tobytes()).decode(),
    }
    packed = gzip.compress(json.dumps(data, ensure_ascii=False).encode(), compresslevel=9, mtime=0)
    path.write_bytes(packed)
    return len(packed)
