"""Kinds of prediction: what a model offers for each, and who runs it and writes the files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from espnet_av.data.fields import FIELDS, Clock
from espnet_av.errors import ConfigError
from espnet_av.predict.activity import predict_activity
from espnet_av.predict.frames import predict_frames
from espnet_av.predict.labels import predict_labels
from espnet_av.predict.prediction import Predict
from espnet_av.predict.states import predict_states
from espnet_av.predict.text import predict_texts
from espnet_av.predict.vectors import predict_vectors
from espnet_av.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of prediction."""

    predict: Predict
    offers: tuple[str, ...]
    """What a model of this kind has."""
    lasts: bool = False
    """Whether it is made of what lasts some time alone, as sound and video do: test sets may be
    without what else the model reads."""


_OWN = {
    "text": Kind(predict=predict_texts, offers=("encode", "blank_id", "feature_rate")),
    "label": Kind(predict=predict_labels, offers=("predict_labels",)),
    "activity": Kind(predict=predict_activity, offers=("predict_activity", "feature_rate")),
    "vector": Kind(predict=predict_vectors, offers=("predict_vectors",)),
    "frames": Kind(predict=predict_frames, offers=("extract_features", "feature_rate"), lasts=True),
    "states": Kind(predict=predict_states, offers=("extract_features", "feature_rate"), lasts=True),
}
_OF_FEATURES = ("frames", "states")
"""Kinds that almost every model has, and that are made only where they are asked for: who offers
the first offers all."""


def _problem(name: str, kind: Any) -> str | None:
    return None if isinstance(kind, Kind) else f"{kind!r} is no Kind"


KINDS: Registry[Kind] = Registry("kinds", _OWN, _problem)
"""Name, as in a model's `predicts` -> kind; a new kind is an entry above."""


def kinds_of(model: Any) -> tuple[str, ...]:
    """What can be had of a model, or of its class, that for which it was made first."""
    told = tuple(model.predicts)
    return (*told, *_OF_FEATURES[1:]) if _OF_FEATURES[0] in told else told


def has_text_alone(model: Any) -> bool:
    """Whether text is all that a model was made for, or nothing but its features."""
    return not set(kinds_of(model)) - {"text", *_OF_FEATURES}


def fields_of(model: Any, kind: str, tables: Collection[str] = ()) -> frozenset[str]:
    """Fields of a batch, of those that a model reads, that predictions of a kind are made from.

    Args:
        model: any.
        kind: of prediction.
        tables: of the set; of the views of a model, those that it has are read.
    """
    views: tuple[str, ...] = getattr(model, "views", ())
    if kind == "vector" and views:
        there = frozenset(v for v in views if any(t.name in tables for t in FIELDS[v].tables))
        return there or frozenset(views)
    told: frozenset[str] | None = getattr(model, "predicts_from", None)
    if told is None:
        reads = getattr(model, "reads", ())
        told = frozenset(name for name in reads if not FIELDS[name].for_learning)
    if not KINDS[kind].lasts:
        return told
    return frozenset(name for name in told if FIELDS[name].clock is not Clock.NONE)


def kind_of(model: Any, wanted: str | None = None) -> str:
    """What is to be predicted with a model.

    Args:
        model: what it offers its class says, in `predicts`.
        wanted: one of them; None: the first, but features of frames, which almost every model
            has, only where they are asked for.

    Raises:
        ConfigError: the model predicts no such thing, or lacks what the kind needs.
    """
    offered = kinds_of(model)
    usual = next((kind for kind in offered if kind not in _OF_FEATURES), None)
    name = wanted or usual
    title = type(model).__name__
    if name is None:
        msg = (
            f"{title} is pre-trained and predicts nothing itself; fine-tune it, or ask for --kind "
            f"{' or '.join(offered)}"
        )
        raise ConfigError(msg)
    if name not in offered or name not in KINDS:
        msg = f"--kind {name}: {title} predicts {', '.join(offered)}; kinds are {', '.join(KINDS)}"
        raise ConfigError(msg)
    lacking = [part for part in KINDS[name].offers if not hasattr(model, part)]
    if lacking:
        msg = f"{title} says that it predicts {name}, but has no {', '.join(lacking)}"
        raise ConfigError(msg)
    return name
