"""Retrieval between two views of utterances, in both directions, and of speech by speech."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.score.bootstrap import Resampling, Sums, percentage, rate_figure
from espnet_av.score.conditions import Decoded, read_references, read_rows
from espnet_av.score.contact_sheet import Nearest, draw_sheet, find_pictures
from espnet_av.score.metric import Metric
from espnet_av.score.reranking import ranks_in_order, read_orders
from espnet_av.score.scorer import NO_TEXT, NO_TRIPLETS, NO_TURNS, Figures, Scored, Scorer
from espnet_av.score.scoring import Scoring

RANKS = (1, 5, 10)
_TINY = 1e-12
_ROWS, _COLUMNS = 4, 5
"""Of the contact sheet, in each direction."""
SPEECH = "speech"
"""View of what was said."""
IMAGE = "image"
"""View of what pictures show; what is said of one is not the same thing said again."""
AGAIN = f"{SPEECH} to {SPEECH}"
"""Direction: utterances find others that say the same, of whichever language."""
ABROAD = f"{AGAIN} of other languages"
"""The same, where those of the same language are left out."""
RECALLS = tuple(
    Metric(name=f"r{rank}", title=f"R@{rank}", words=f"found among the first {rank}")
    for rank in RANKS
)

MRR = Metric(name="mrr", title="MRR", words="mean reciprocal rank")


@dataclass(frozen=True)
class ScoredVectors(Scored):
    """A condition with one or two views of each utterance."""

    condition: Decoded
    refs: dict[str, str]
    """Utterance -> item that belongs to it; several may have the same."""
    vectors: dict[str, np.ndarray]
    """View -> (utterances in the order of `refs`, D) float32."""
    names: dict[str, list[str]]
    """View -> name of the vector of each utterance; utterances may share one."""
    pictures: str = ""
    """Folder of the pictures, to look at."""
    drawn: str = "nearest"

    @cached_property
    def variants(self) -> tuple[Mapping[str, str], ...]:  # type: ignore[override]
        """Both directions, and from speech to speech where others say the same."""
        found = [f"{query} to {item}" for query, item in permutations(self.vectors, 2)]
        if SPEECH in self.vectors and IMAGE not in self.vectors:
            langs = self.condition.tables.get("utt2lang", {})
            said = {(item, langs.get(utt_id)) for utt_id, item in self.refs.items()}
            num_items = len(set(self.refs.values()))
            found += [AGAIN] * (num_items < len(self.refs)) + [ABROAD] * (num_items < len(said))
        return tuple({"direction": direction} for direction in found)

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Share of queries that find what belongs to them among the first 1, 5, 10 items."""
        chosen = [place for place, utt_id in enumerate(self.refs) if utt_id in utt_ids]
        ranks, num_items = self._ranks_of(axes["direction"], chosen)
        if not len(ranks):
            return {}  # of a group; the whole has queries, or else no such direction
        facts = {
            "median_rank": float(np.median(ranks)),
            "mean_rank": float(np.mean(ranks)),
            "num_queries": len(ranks),
            "num_items": num_items,
            "num_utts": len(chosen),
        }
        return {
            name: rate_figure(hits.tolist(), [1] * len(ranks), resampling) | facts
            for name, hits in _hits(ranks).items()
        }

    def sums(self, axes: Mapping[str, str]) -> Mapping[str, Sums]:
        """What each query finds."""
        ranks, _ = self._ranks_of(axes["direction"], range(len(self.refs)))
        return {
            name: Sums(np.stack([hits, np.ones(len(ranks))], axis=1), percentage)
            for name, hits in _hits(ranks).items()
        }

    def _ranks_of(self, direction: str, chosen: Sequence[int]) -> tuple[np.ndarray, int]:
        """Rank of every query of a direction, and among how many items."""
        if direction in (AGAIN, ABROAD):
            ranks = self._found_in_speech(direction, chosen)
            num_items = len(self.refs if direction == ABROAD else chosen)
            return ranks[ranks > 0], num_items
        query, item = next(
            pair for pair in permutations(self.vectors, 2) if direction == f"{pair[0]} to {pair[1]}"
        )
        queries, items = (self._distinct(view, chosen) for view in (query, item))
        return self._ranks(query, item, queries, items), len(items)

    def _found_in_speech(self, direction: str, chosen: Sequence[int]) -> np.ndarray:
        """Ranks among other utterances; 0 where none of these says the same."""
        import torch  # figures need it, reading of scores does not

        from espnet_av.ops.retrieval import retrieval_ranks

        names, items = list(self.refs), chosen
        if direction == ABROAD:
            langs = self.condition.tables["utt2lang"]
            names, items = [langs[u] for u in self.refs], range(len(self.refs))
        tables = [
            torch.from_numpy(np.unique(table, return_inverse=True)[1])
            for table in (list(self.refs.values()), names)
        ]
        vectors = torch.from_numpy(self.vectors[SPEECH])
        (queries, query_ids, query_groups), (found, item_ids, item_groups) = (
            [column[list(rows)] for column in (vectors, *tables)] for rows in (chosen, items)
        )
        groups = query_groups, item_groups
        return np.asarray(retrieval_ranks(queries, found, query_ids, item_ids, groups))

    def draw(self, path: Path, title: str) -> bool:
        """What is nearest to some captions, and to their pictures."""
        if not self.pictures or SPEECH not in self.vectors:
            return False
        refs, utt_ids = list(self.refs.values()), list(self.refs)
        (image,) = (view for view in self.vectors if view != SPEECH)
        said, seen = range(len(refs)), self._distinct(image, range(len(refs)))
        chosen = sorted(np.random.default_rng(0).permutation(seen)[:_ROWS].tolist())
        texts = self.condition.folder / "ref.text"
        draw_sheet(
            [self._nearest(SPEECH, row, image, seen, utt_ids[row], refs) for row in chosen],
            [self._nearest(image, row, SPEECH, said, refs[row], utt_ids) for row in chosen],
            find_pictures(Path(self.pictures), refs),
            read_rows(texts) if texts.is_file() else {},
            title,
            path,
        )
        return True

    def _nearest(
        self,
        query: str,
        row: int,
        item: str,
        rows: Sequence[int],
        name: str,
        names: Sequence[str],
    ) -> Nearest:
        """The `_COLUMNS` nearest rows of the other view."""
        refs = list(self.refs.values())
        scores = self.vectors[item][list(rows)] @ self.vectors[query][row]
        best = [rows[place] for place in np.argsort(-scores, kind="stable")[:_COLUMNS]]
        right = tuple(refs[place] == refs[row] for place in best)
        return Nearest(name, tuple(names[place] for place in best), right)

    def _distinct(self, view: str, chosen: Sequence[int]) -> list[int]:
        """Of these utterances the first of each vector: a picture is one, whatever its captions.

        What is said is there as often as it is said.
        """
        if view == SPEECH:
            return list(chosen)
        from espnet_av.predict.vectors import same_vector  # torch

        refs, vectors = list(self.refs.values()), self.vectors[view]
        found: dict[str, list[int]] = {}
        for place in chosen:
            known = found.setdefault(refs[place], [])
            if not any(same_vector(vectors[first], vectors[place]) for first in known):
                known.append(place)
        return sorted(place for places in found.values() for place in places)

    def _ranks(
        self, query: str, item: str, queries: Sequence[int], items: Sequence[int]
    ) -> np.ndarray:
        import torch  # figures need it, reading of scores does not

        from espnet_av.ops.retrieval import retrieval_ranks

        _, ids = np.unique(list(self.refs.values()), return_inverse=True)
        places = (query, queries), (item, items)
        (asked, found), (asked_ids, found_ids) = (
            [torch.from_numpy(self.vectors[view][rows]) for view, rows in places],
            [torch.from_numpy(ids[rows]) for _, rows in places],
        )
        ranks = np.asarray(retrieval_ranks(asked, found, asked_ids, found_ids))
        orders = read_orders(self.condition.folder, query, item)
        if not orders:
            return ranks
        refs = list(self.refs.values())
        belongs: dict[str, set[str]] = {}
        for row in items:
            belongs.setdefault(refs[row], set()).add(self.names[item][row])
        return ranks_in_order(
            ranks,
            orders,
            [self.names[query][row] for row in queries],
            [belongs[refs[row]] for row in queries],
            {self.names[item][row] for row in items},
        )


def _hits(ranks: np.ndarray) -> dict[str, np.ndarray]:
    """Metric -> (Q,) what each query adds to it."""
    found = {m.name: (ranks <= rank).astype(int) for rank, m in zip(RANKS, RECALLS, strict=True)}
    return {**found, MRR.name: 1 / ranks}


def _meanings(condition: Decoded, views: Sequence[str]) -> dict[str, str]:
    """Utterance -> what it is about: a picture, a teacher's sentence, or else its text.

    What is said in several languages is about its translation: the vectors of sentences that
    translate each other are right for all of them.
    """
    refs = read_references(condition, "ref.item", "image.scp")
    shared = _shared(condition)
    if IMAGE not in views and shared.keys() >= refs.keys():
        return {utt_id: shared[utt_id] for utt_id in refs}
    texts = condition.folder / "ref.text"
    alone = IMAGE not in views and all(utt_id == item for utt_id, item in refs.items())
    return refs | (read_rows(texts) if alone and texts.is_file() else {})


def _shared(condition: Decoded) -> dict[str, str]:
    """Utterance -> what it says in a language that all are translated into, where they are."""
    path = condition.folder / "ref.meaning"
    return read_rows(path) if path.is_file() else {}


def _check_pairs(scored: ScoredVectors) -> ScoredVectors:
    if not scored.variants:
        there = ", ".join(scored.vectors) or "none"
        msg = (
            f"{scored.condition.folder}: retrieval is between two views, or utterances that say "
            f"the same, but there are {there}, and no two utterances with one text; decode a "
            "model that has two views, or a set that has such utterances"
        )
        raise DataDirError(msg)
    return scored


def _mean_frames(condition: Decoded) -> ScoredVectors:
    """What features know of meaning before anything is learnt of it: their mean over time.

    Of several layers the last one that was asked for.
    """
    from espnet_av.data.ark import read_array

    layer = condition.info["layers"][-1]
    rows = read_rows(condition.folder / f"{layer}.scp")
    said = _shared(condition) or read_references(condition, "ref.text", "text")
    refs = {utt_id: text for utt_id, text in said.items() if utt_id in rows}
    means = [
        read_array(f"{condition.folder}/{rows[utt_id]}", utt_id, num_axes=2).mean(axis=0)
        for utt_id in refs
    ]
    vectors = np.stack([mean / max(float(np.linalg.norm(mean)), _TINY) for mean in means])
    return ScoredVectors(condition, refs, {SPEECH: vectors}, {SPEECH: list(refs)})


def _read(condition: Decoded, scoring: Scoring) -> ScoredVectors:
    from espnet_av.data.ark import read_array

    if condition.kind == "frames":
        return _check_pairs(_mean_frames(condition))
    views = condition.info.get("views", [])
    refs = _meanings(condition, views)
    items = read_references(condition, "ref.item", "image.scp")
    vectors: dict[str, Any] = {}
    named: dict[str, list[str]] = {}
    for view in views:
        rows = read_rows(condition.folder / f"{view}.scp")
        # A view of pictures that have names is written under these.
        names = [utt_id if utt_id in rows else items[utt_id] for utt_id in refs]
        lacking = [utt_id for utt_id, name in zip(refs, names, strict=True) if name not in rows]
        if lacking:
            msg = f"{condition.folder}/{view}.scp: {lacking[0]}: no vector; "
            raise DataDirError(msg + decode_again(condition.folder))
        found = {
            name: read_array(f"{condition.folder}/{rows[name]}", name, num_axes=1)
            for name in dict.fromkeys(names)
        }
        vectors[view], named[view] = np.stack([found[name] for name in names]), names
    return _check_pairs(ScoredVectors(condition, refs, vectors, named, scoring.pictures))


RETRIEVAL = Scorer(
    name="retrieval",
    kind="vector",
    also=("frames",),
    metrics=(*RECALLS, MRR),
    read=_read,
    refuses=NO_TEXT | NO_TURNS | NO_TRIPLETS,
)
