"""BERTScore of translations, by the package bert-score, if that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.package import import_for
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs

_CURE = "set scoring: metric_models: {bertscore: <folder or name>@<layer>}"


def _model(package: Any, texts: TextPairs) -> tuple[str, int]:
    """Folder or name of the network and the layer that is compared."""
    utils = package.utils
    name, at, layer = texts.model.rpartition("@") if "@" in texts.model else (texts.model, "", "")
    if not name:
        name = utils.lang2model[texts.lang.split("-")[0]] if texts.lang else ""
    if not name:
        msg = (
            f"metric bertscore: {texts.where}: the language of the references is not known, or not "
            f"one, so neither is the network to judge them; {_CURE}"
        )
        raise ConfigError(msg)
    if at and layer.isdecimal():
        return name, int(layer)
    if at or name not in utils.model2layers:
        msg = f"metric bertscore: {texts.model or name}: no layer is known of it; {_CURE}"
        raise ConfigError(msg)
    return name, utils.model2layers[name]


def _is_rescaled(package: Any, name: str, lang: str | None) -> bool:
    """Whether the package has what texts of a language score that have nothing in common."""
    folder = Path(package.__file__).parent / "rescale_baseline"
    return lang is not None and (folder / lang / f"{name}.tsv").is_file()


def measure_bertscore(texts: TextPairs) -> TextFigure:
    """Mean F1 of sentences, rescaled where the package knows a baseline; the signature tells.

    Raises:
        ConfigError: the package is missing, or the network, its layer, or the language.
    """
    package = import_for("bertscore", "bert_score", "bert-score")
    name, layer = _model(package, texts)
    lang = texts.lang.split("-")[0] if texts.lang else None
    try:
        (_, _, found), signature = package.score(
            [texts.hyps[u] for u in texts.utt_ids],
            [texts.refs[u] for u in texts.utt_ids],
            model_type=name,
            num_layers=layer,
            lang=lang,
            rescale_with_baseline=_is_rescaled(package, name, lang),
            return_hash=True,
        )
    except OSError as error:
        first = str(error).strip().splitlines()[0]
        msg = f"metric bertscore: {name} is not here and cannot be fetched ({first}); {_CURE}"
        raise ConfigError(msg) from error
    except OverflowError as error:
        msg = (
            f"metric bertscore: the tokeniser of {name} does not say how many tokens it takes, "
            "which bert-score needs; write model_max_length: 512 into its tokenizer_config.json"
        )
        raise ConfigError(msg) from error
    rows = np.array([(float(value), 1.0) for value in found])
    return TextFigure(Sums(rows, percentage), str(signature))


BERTSCORE = TextMetric(
    metric=Metric(
        name="bertscore", title="BERTScore", words="BERTScore F1", unit="", unit_words=HUNDRED
    ),
    measure=measure_bertscore,
    apart=True,
)
