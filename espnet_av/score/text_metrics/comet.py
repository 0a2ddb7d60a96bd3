"""COMET of translations, by the package unbabel-comet, if that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.package import import_for, version_of
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs

_USUAL = "Unbabel/wmt22-comet-da"
_PACKAGE = "unbabel-comet"
_BATCH = 8


def _load(package: Any, name: str) -> Any:
    try:
        path = name if Path(name).is_file() else package.download_model(name)
        return package.load_from_checkpoint(path)
    except (OSError, KeyError, ValueError) as error:
        first = (str(error).strip() or repr(error)).splitlines()[0]
        msg = (
            f"metric comet: {name} is not here and cannot be fetched ({first}); set scoring: "
            "metric_models: {comet: <file model.ckpt>}, or another name of Hugging Face"
        )
        raise ConfigError(msg) from error


def measure_comet(texts: TextPairs) -> TextFigure:
    """Mean of sentences, which are judged beside what was said.

    Raises:
        ConfigError: the package, the network, or what was said is missing.
    """
    package = import_for("comet", "comet", _PACKAGE)
    lacking = [u for u in texts.utt_ids if not texts.sources.get(u)]
    if lacking:
        msg = (
            f"metric comet: {texts.where}: {lacking[0]} and {len(lacking) - 1} others have no "
            "transcript of what was said, which COMET reads; give the test set the table `text` "
            "beside `text.<language>`, decode it again, or leave comet out of scoring: metrics"
        )
        raise ConfigError(msg)
    name = texts.model or _USUAL
    model = _load(package, name)
    data = [
        {"src": texts.sources[u], "mt": texts.hyps[u], "ref": texts.refs[u]} for u in texts.utt_ids
    ]
    import torch  # the package has loaded it

    gpus = int(torch.cuda.is_available())
    found = model.predict(data, batch_size=_BATCH, gpus=gpus, progress_bar=False)
    rows = np.array([(float(value), 1.0) for value in found.scores])
    return TextFigure(Sums(rows, percentage), f"{name}|{version_of(_PACKAGE)}")


COMET = TextMetric(
    metric=Metric(name="comet", title="COMET", words="COMET", unit="", unit_words=HUNDRED),
    measure=measure_comet,
    apart=True,
)
