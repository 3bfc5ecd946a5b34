"""Estimate how sentiment fares on kinds of text it was not taught, and write the second card: part of `make train`.

Three ways of leaving out: a fifth of all reviews, five times; one category of the shops; one of the two collections of
posts. The models are fitted like the one that stays, but not pruned and not rounded. What an n-gram's frequency is
worth (idf) is counted over all texts: it knows no labels.
"""

import argparse
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import f1_score, roc_auc_score

from language.grams import grams, prepare, sentences
from language.resources import DATA, load_json
from language.sentiment import LONG_SCALE, LONG_TEXT
from training.linear_file import Numbers, Table, count
from training.samples import LETTERS, Sample, emoticon_samples, read_rows, sentiment_samples
from training.train_sentiment import REVIEW, SOCIAL, fit_teacher

FOLDS = 5
CATEGORIES = ("水果", "酒店", "蒙牛", "书籍")
SHARES = (0.67, 0.25)  # of negative texts: delivery services are full of them, restaurants are mostly praised
CARD = """# Sentiment on texts of another kind

Made by `make train` ({date}), with the thresholds of `sentiment.md`: review {review:+.2f}, social {social:+.2f}.

## A fifth of all reviews left out, five times

| texts | figure | mean | sd over the fifths |
| --- | --- | --- | --- |
{fifths}

The slice of product reviews behind `sentiment.md` is an unlucky one: these figures say more.

## A category of the shops left out

F1 is that of negative texts, with texts weighed so that {much:.0%} and {little:.0%} of them are negative. Reviews keep
the threshold at which both stay near their best: food delivery and restaurants are not among the texts, and nobody
knows how many of their reviews will be negative.

| left out | AUC | F1 at {much:.0%} | best F1 there | F1 at {little:.0%} | best F1 there |
| --- | --- | --- | --- | --- | --- |
{categories}

## One collection of posts left out

| left out | AUC | AUC without neutral posts | F1 of negative | neutral called negative |
| --- | --- | --- | --- | --- |
{collections}
"""
Truth = NDArray[np.bool_]


class Texts:
    """All samples, counted once: fit on some of them, ask about others."""

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples
        self.negative = np.array([s.label == "0" for s in samples])
        self._table = count([s.prepared for s in samples], at_least=4)
        parts = [sentences(s.prepared) if len(s.prepared) > LONG_TEXT else [] for s in samples]
        self._of = np.repeat(np.arange(len(samples)), [len(p) for p in parts])
        self._sentences = self._known(sentence for p in parts for sentence in p)

    def where(self, **wanted: str) -> Truth:
        """Which samples have this source, emotion …; a source is named by how it begins."""
        return np.array([all(getattr(s, key).startswith(value) for key, value in wanted.items()) for s in self.samples])

    def logits(self, asked: Truth, teacher: int) -> Numbers:
        """Logits of all samples by a model that was fitted without those asked about; the others are not to be used."""
        rest = np.flatnonzero(~asked)
        table = Table(self._table.names, self._table.counts[rest], self._table.idf)
        weights, bias = fit_teacher(table, [self.samples[at] for at in rest], teacher)
        whole = self._scored(self._table.counts, weights, bias)
        parts = self._scored(self._sentences, weights, bias)
        number = np.bincount(self._of, minlength=len(whole))
        mean = np.bincount(self._of, parts, minlength=len(whole)) / np.maximum(number, 1)
        return np.where(number > 0, LONG_SCALE * (whole + mean), whole)

    def _scored(self, counts: csr_matrix, weights: Numbers, bias: float) -> Numbers:
        return np.asarray(counts @ weights / np.sqrt(np.maximum(counts @ self._table.idf**2, 1e-9)) + bias)

    def _known(self, texts: Iterable[str]) -> csr_matrix:
        vocabulary = {name: at for at, name in enumerate(self._table.names)}
        return CountVectorizer(analyzer=grams, binary=True, vocabulary=vocabulary).transform(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with the training texts (DATA_DIR)")
    parser.add_argument("--date", required=True, help="for the card, YYYY-MM-DD")
    options = parser.parse_args()
    texts = Texts([*sentiment_samples(options.folder), *emoticon_samples()])
    lines = load_json("sentiment_settings.json")["thresholds"]
    category = {prepare(r["text"]): r["category"] for r in read_rows(options.folder / "sentiment_shop.csv")}
    card = CARD.format(
        date=options.date,
        review=lines["review"],
        social=lines["social"],
        much=SHARES[0],
        little=SHARES[1],
        fifths="\n".join(_fifths(texts, lines["review"])),
        categories="\n".join(_categories(texts, category, lines["review"])),
        collections="\n".join(_collections(texts, lines["social"])),
    )
    (DATA / "sentiment_domains.md").write_text(card, encoding="utf-8")
    sys.stdout.write(card)


def _fifths(texts: Texts, review: float) -> list[str]:
    folds = np.array([zlib.crc32(b"fold" + LETTERS.sub("", s.text).encode()) % FOLDS for s in texts.samples])
    folds[texts.where(source="emoticons")] = FOLDS
    found: dict[tuple[str, str], list[float]] = {}
    for fold in range(FOLDS):
        asked = folds == fold
        logits = texts.logits(asked, REVIEW)
        for source, title in (("shop", "shopping and hotel reviews"), ("nlpcc2014", "NLPCC 2014 product reviews")):
            some = asked & texts.where(source=source)
            truth = texts.negative[some]
            found.setdefault((title, "accuracy"), []).append(((logits[some] > review) == truth).mean())
            found.setdefault((title, "AUC"), []).append(roc_auc_score(truth, logits[some]))
    return [f"| {t} | {n} | {np.mean(v):.1%} | {100 * np.std(v):.1f} |" for (t, n), v in found.items()]


def _categories(texts: Texts, category: dict[str, str], review: float) -> list[str]:
    rows = []
    shop = texts.where(source="shop")
    for name in CATEGORIES:
        asked = shop & np.array([category.get(s.prepared) == name for s in texts.samples])
        logits, truth = texts.logits(asked, REVIEW)[asked], texts.negative[asked]
        cells = [f"{roc_auc_score(truth, logits):.1%}"]
        for share in SHARES:
            weights = np.where(truth, share / truth.mean(), (1 - share) / (1 - truth.mean()))
            best = max(f1_score(truth, logits > t, sample_weight=weights) for t in np.arange(-1.5, 1.51, 0.1))
            cells += [f"{f1_score(truth, logits > review, sample_weight=weights):.1%}", f"{best:.1%}"]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def _collections(texts: Texts, social: float) -> list[str]:
    rows = []
    for source, title in (("weibo_usual", "everyday"), ("weibo_virus", "epidemic")):
        asked = texts.where(source=source)
        figures = _of_posts(texts, asked, texts.logits(asked, SOCIAL), social)
        rows.append(f"| {title} | {' | '.join(f'{value:.1%}' for value in figures)} |")
    return rows


def _of_posts(texts: Texts, some: Truth, logits: Numbers, line: float) -> tuple[float, float, float, float]:
    """AUC, AUC of negative against happy posts alone, F1 of negative, share of neutral posts called negative."""
    truth, sided = texts.negative[some], some & (texts.negative | texts.where(emotion="happy"))
    return (
        roc_auc_score(truth, logits[some]),
        roc_auc_score(texts.negative[sided], logits[sided]),
        f1_score(truth, logits[some] > line),
        (logits[some & texts.where(emotion="neutral")] > line).mean(),
    )


if __name__ == "__main__":
    main()
