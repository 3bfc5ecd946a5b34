"""Train the category model and write it with its card: part of `make train DATA_DIR=…`.

Nobody has labelled complaints by these codes, so the visible lists teach the model: texts they are sure
about, posts and praise for `other`, and the 200 hand-labelled rows, which weigh more. The figures of
the card come from five models that each left a fifth of the hand-labelled rows out.
"""

import argparse
import base64
import gzip
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags, vstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from language.categories import CODES, WORDS_COUNT, category_words, severity_of, word_scores
from language.grams import grams, prepare
from language.linear import IDF_STEP
from language.resources import DATA
from training.linear_file import SEED, Table, count
from training.samples import Sample, read_rows, sentiment_samples

NAMES = {
    "产品质量": "product_quality",
    "服务态度": "service_attitude",
    "物流配送": "logistics",
    "虚假宣传": "false_promise",
    "退换货售后": "after_sale",
    "个人信息": "personal_data",
    "价格计费": "pricing",
    "安全卫生": "safety",
    "其他": "other",
}
NGRAMS, STRENGTH, HAND_WEIGHT, FOLDS = 6_000, 1.0, 4.0, 5
SURE, MARGIN, QUIET = 2.5, 1.5, 1.0
MOST_POSTS, MOST_PRAISE = 4_000, 1_500
OTHER = CODES.index("other")
# Added to the log odds: the lists find `other` too easily, and miss products, whose faults have no common words.
LEANINGS = {"product_quality": 0.5, "other": -0.5}
CARD = """# Category and severity

What it says: which of nine kinds of complaint a text is, the runner-up, the words that speak for it, and a
severity of 1 to 3. A suggestion, never a decision.

- Form: visible word lists (`categories.json`, written by hand) plus a linear model over {ngrams:,} character n-grams,
  8-bit weights, {size:,} bytes; the lists weigh {weight} against the model's log odds.
- Made by `make train`, repeatable to the byte (seed {seed}); last trained {date}.
- Trained on {rows:,} texts of the public sets named in `sentiment.md` that the lists are sure about, and on 200
  hand-labelled rows. The texts themselves are not here and cannot be read back from the weights.
- Severity: word lists only.

## Figures on the 200 hand-labelled rows (model trained without the fifth it is asked about)

| figure | value |
| --- | --- |
{figures}

The lists were written by someone who had read these rows. Other lots, reviews and angry posts drawn by chance, were
labelled before anyone saw what the model says. After the first two, 209 texts, the lists were mended with what was
learnt there: right in 64.6 % before and 77.5 % since, counting the second label in 77.0 and 87.6 %, among the first
two in 87.6 and 91.9 %. A third, 55 texts, came after the last mending: 80.0, 87.3 and 98.2 %.
Of texts drawn by chance that severity 3 is said of, about half are harm done or threatened; the others are vermin in
a hotel room, figures of speech and news.

## Limits

- The model learnt from the lists and shares their blind spots; corrections by people are the way to a better one.
- Personal data and safety had few examples. Texts that are no complaint go to `other` only when they look like it.
- Main and second grievance of one text are often swapped: look at the runner-up.
- Severity 3 hears the words of harm, not whether harm happened.
"""
Labels = NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with the training texts (DATA_DIR)")
    parser.add_argument("--date", required=True, help="for the card, YYYY-MM-DD")
    options = parser.parse_args()
    rows = read_rows(options.folder / "category_dev.csv")
    hand = [prepare(row["text"]) for row in rows]
    labels = np.array([CODES.index(NAMES[row["label"]]) for row in rows])
    texts, taught = _taught(sentiment_samples(options.folder), set(hand))
    table = count(texts, at_least=5)
    frequency = np.asarray(table.counts.sum(axis=0)).ravel()
    table = table.only(np.sort(np.argsort(-frequency, kind="stable")[:NGRAMS]))
    folds = np.array([zlib.crc32(text.encode()) % FOLDS for text in hand])
    logits = np.zeros((len(hand), len(CODES)))
    for fold in range(FOLDS):
        model = _fit(table, taught, [t for t, f in zip(hand, folds, strict=True) if f != fold], labels[folds != fold])
        logits[folds == fold] = _logits(model, table, [t for t, f in zip(hand, folds, strict=True) if f == fold])
    size = _write(DATA / "categories_model.json.gz", table, *_fit(table, taught, hand, labels))
    card = CARD.format(
        ngrams=NGRAMS,
        size=size,
        weight=WORDS_COUNT,
        seed=SEED,
        date=options.date,
        rows=len(texts),
        figures="\n".join(f"| {name} | {value:.1%} |" for name, value in _figures(rows, hand, labels, logits)),
    )
    (DATA / "categories.md").write_text(card, encoding="utf-8")
    sys.stdout.write(card)


def _taught(samples: list[Sample], hand: set[str]) -> tuple[list[str], Labels]:
    """What the lists teach: complaints they are sure about, quiet posts and praise as `other`."""
    texts: list[str] = []
    labels: list[int] = []
    room = {"posts": MOST_POSTS, "praise": MOST_PRAISE}
    for sample in samples:
        if sample.part == "held" or sample.prepared in hand:
            continue
        label = _lesson(sample, room)
        if label is not None:
            texts.append(sample.prepared)
            labels.append(label)
    return texts, np.array(labels)


def _lesson(sample: Sample, room: dict[str, int]) -> int | None:
    scores = word_scores(category_words().found(sample.prepared))
    complaint = [s for code, s in zip(CODES, scores, strict=True) if code != "other"]
    best, second = sorted(complaint, reverse=True)[:2]
    if sample.label == "0" and best >= SURE and best - second >= MARGIN and best > scores[OTHER]:
        return int(np.argmax(complaint))
    pile = "posts" if sample.source.startswith("weibo") else "praise" if sample.label == "1" else ""
    if pile and room[pile] and (best <= QUIET or pile == "praise"):
        room[pile] -= 1
        return OTHER
    return None


def _fit(
    table: Table, taught: Labels, hand: Sequence[str], labels: Labels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (codes × n-grams, idf included) and biases, one against the rest for each code."""
    features = vstack([table.features(), _features(table, hand)]).tocsr()
    known = np.concatenate([taught, labels])
    sizes = np.bincount(known, minlength=len(CODES))
    shares = np.sqrt(sizes.max() / np.maximum(sizes, 1))[known]
    shares[len(taught) :] *= HAND_WEIGHT
    weights, biases = [], []
    for code in range(len(CODES)):
        model = LogisticRegression(solver="liblinear", C=STRENGTH, random_state=SEED)
        model.fit(features, known == code, sample_weight=shares)
        weights.append(model.coef_[0] * table.idf)
        biases.append(float(model.intercept_[0]) + LEANINGS.get(CODES[code], 0.0))
    return np.array(weights), np.array(biases)


def _features(table: Table, texts: Sequence[str]):  # type: ignore[no-untyped-def]  # scipy has no types here
    counter = CountVectorizer(analyzer=grams, binary=True, vocabulary={n: i for i, n in enumerate(table.names)})
    return normalize(counter.transform(texts) @ diags(table.idf))


def _logits(
    model: tuple[NDArray[np.float64], NDArray[np.float64]], table: Table, texts: Sequence[str]
) -> NDArray[np.float64]:
    weights, biases = model
    return np.asarray(_features(table, texts) @ (weights / table.idf).T) + biases


def _write(path: Path, table: Table, weights: NDArray[np.float64], biases: NDArray[np.float64]) -> int:
    scale = float(np.quantile(np.abs(weights), 0.9998)) / 127
    steps = np.clip(np.round(weights.T / scale), -127, 127).astype(np.int8)
    data = {
        "biases": [round(float(b), 4) for b in biases],
        "scale": round(scale, 8),
        "grams": "\n".join(table.names),
        "weights": base64.b64encode(np.ascontiguousarray(steps).tobytes()).decode(),
        "idf": base64.b64encode(np.round(table.idf / IDF_STEP).astype(np.uint8).tobytes()).decode(),
    }
    packed = gzip.compress(json.dumps(data, ensure_ascii=False).encode(), compresslevel=9, mtime=0)
    path.write_bytes(packed)
    return len(packed)


def _figures(
    rows: list[dict[str, str]], hand: list[str], labels: Labels, logits: NDArray[np.float64]
) -> list[tuple[str, float]]:
    words = np.array([word_scores(category_words().found(text)) for text in hand])
    order = np.argsort(-(logits + WORDS_COUNT * words), axis=1, kind="stable")
    second = np.array([CODES.index(NAMES[row["label2"]]) if row["label2"] else -1 for row in rows])
    strict = order[:, 0] == labels
    severe, said = np.array([row["severity"] == "3" for row in rows]), np.array([severity_of(t) == 3 for t in hand])
    return [
        ("right", strict.mean()),
        ("right, counting the second label", (strict | (order[:, 0] == second)).mean()),
        ("among the first two", (strict | (order[:, 1] == labels)).mean()),
        ("severity 3, recall", (severe & said).sum() / severe.sum()),
        ("severity 3, precision", (severe & said).sum() / max(said.sum(), 1)),
    ]


if __name__ == "__main__":
    main()
