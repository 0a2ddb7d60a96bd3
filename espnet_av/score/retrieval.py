"""Retrieval between two views of utterances, in both directions."""

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
from espnet_av.score.bootstrap import Resampling, rate_figure
from espnet_av.score.conditions import Decoded, read_references, read_rows
from espnet_av.score.contact_sheet import Nearest, draw_sheet, find_pictures
from espnet_av.score.metric import Metric
from espnet_av.score.reranking import ranks_in_order, read_orders
from espnet_av.score.scorer import NO_TEXT, NO_TRIPLETS, NO_TURNS, Figures, Scored, Scorer
from espnet_av.score.scoring import Scoring

RANKS = (1, 5, 10)
_ROWS, _COLUMNS = 4, 5
"""Of the contact sheet, in each direction."""
SPEECH = "speech"
"""View of what was said."""
RECALLS = tuple(
    Metric(name=f"r{rank}", title=f"R@{rank}", words=f"found among the first {rank}")
    for rank in RANKS
)


@dataclass(frozen=True)
class ScoredVectors(Scored):
    """A condition with two views of each utterance."""

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
        """Both directions."""
        return tuple(
            {"direction": f"{query} to {item}"} for query, item in permutations(self.vectors)
        )

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Share of queries that find what belongs to them among the first 1, 5, 10 items."""
        query, item = next(
            pair
            for pair in permutations(self.vectors)
            if axes["direction"] == f"{pair[0]} to {pair[1]}"
        )
        chosen = [place for place, utt_id in enumerate(self.refs) if utt_id in utt_ids]
        queries, items = (self._distinct(view, chosen) for view in (query, item))
        ranks = self._ranks(query, item, queries, items)
        return {
            metric.name: {
                **rate_figure((ranks <= rank).astype(int).tolist(), [1] * len(ranks), resampling),
                "median_rank": float(np.median(ranks)),
                "mean_rank": float(np.mean(ranks)),
                "num_queries": len(ranks),
                "num_items": len(items),
                "num_utts": len(chosen),
            }
            for rank, metric in zip(RANKS, RECALLS, strict=True)
        }

    def draw(self, path: Path, title: str, axes: Mapping[str, str]) -> bool:
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
        refs = list(self.refs.values())
        found: dict[tuple[str, bytes], int] = {}
        for place in chosen:
            found.setdefault((refs[place], self.vectors[view][place].tobytes()), place)
        return list(found.values())

    def _ranks(
        self, query: str, item: str, queries: Sequence[int], items: Sequence[int]
    ) -> np.ndarray:
        import torch  # figures need it, reading of scores does not

        from espnet_av.ops.retrieval import retrieval_ranks

        _, ids = np.unique(list(self.refs.values()), return_inverse=True)
        places = (query, queries), (item, items)
        ranks = np.asarray(
            retrieval_ranks(
                *(torch.from_numpy(self.vectors[view][rows]) for view, rows in places),
                *(torch.from_numpy(ids[rows]) for _, rows in places),
            )
        )
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


def _read(condition: Decoded, scoring: Scoring) -> ScoredVectors:
    from espnet_av.data.ark import read_array

    refs = read_references(condition, "ref.item", "image.scp")
    views = condition.info.get("views", [])
    if len(views) != 2:
        there = ", ".join(views) or "none"
        msg = (
            f"{condition.folder}: retrieval is between two views, but there are {there}; decode a "
            "model that has two"
        )
        raise DataDirError(msg)
    vectors: dict[str, Any] = {}
    named: dict[str, list[str]] = {}
    for view in views:
        rows = read_rows(condition.folder / f"{view}.scp")
        # A view of pictures that have names is written under these.
        names = [utt_id if utt_id in rows else item for utt_id, item in refs.items()]
        lacking = [utt_id for utt_id, name in zip(refs, names, strict=True) if name not in rows]
        if lacking:
            msg = f"{condition.folder}/{view}.scp: {lacking[0]}: no vector; "
            raise DataDirError(msg + decode_again(condition.folder))
        found = {
            name: read_array(f"{condition.folder}/{rows[name]}", name, num_axes=1)
            for name in dict.fromkeys(names)
        }
        vectors[view], named[view] = np.stack([found[name] for name in names]), names
    return ScoredVectors(condition, refs, vectors, named, scoring.pictures)


RETRIEVAL = Scorer(
    name="retrieval",
    kind="vector",
    metrics=RECALLS,
    read=_read,
    refuses=NO_TEXT | NO_TURNS | NO_TRIPLETS,
)
