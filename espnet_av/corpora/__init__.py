"""Corpora: each reads one corpus as it lies on disk and writes Kaldi-style data dirs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.registry import Registry

CORPORA: Registry[str] = Registry(
    "corpora",
    {
        "audiocite": "espnet_av.corpora.audiocite:prepare_audiocite",
        "avspeech": "espnet_av.corpora.avspeech:prepare_avspeech",
        "common_voice": "espnet_av.corpora.common_voice:prepare_common_voice",
        "covost2": "espnet_av.corpora.covost2:prepare_covost2",
        "europarl_st": "espnet_av.corpora.europarl_st:prepare_europarl_st",
        "fleurs": "espnet_av.corpora.fleurs:prepare_fleurs",
        "fluent_speech_commands": (
            "espnet_av.corpora.fluent_speech_commands:prepare_fluent_speech_commands"
        ),
        "grid": "espnet_av.corpora.grid:prepare_grid",
        "kinetics600": "espnet_av.corpora.kinetics600:prepare_kinetics600",
        "librilight": "espnet_av.corpora.librilight:prepare_librilight",
        "librimix": "espnet_av.corpora.librimix:prepare_librimix",
        "librispeech": "espnet_av.corpora.librispeech:prepare_librispeech",
        "lrs3": "espnet_av.corpora.lrs3:prepare_lrs3",
        "mini_av": "espnet_av.corpora.mini_av:prepare_mini_av",
        "mini_coco": "espnet_av.corpora.mini_coco:prepare_mini_coco",
        "mini_superb": "espnet_av.corpora.mini_av.superb:prepare_mini_superb",
        "mlcoco": "espnet_av.corpora.mlcoco:prepare_mlcoco",
        "mtedx": "espnet_av.corpora.mtedx:prepare_mtedx",
        "muavic": "espnet_av.corpora.muavic:prepare_muavic",
        "musan": "espnet_av.corpora.musan:prepare_musan",
        "mustc": "espnet_av.corpora.mustc:prepare_mustc",
        "phone_lexicon": "espnet_av.corpora.phone_lexicon:prepare_phone_lexicon",
        "speech_commands": "espnet_av.corpora.speech_commands:prepare_speech_commands",
        "speechcoco": "espnet_av.corpora.speechcoco:prepare_speechcoco",
        "spokencoco": "espnet_av.corpora.spokencoco:prepare_spokencoco",
        "textgrids": "espnet_av.corpora.textgrids:prepare_textgrids",
        "voxceleb2": "espnet_av.corpora.voxceleb2:prepare_voxceleb2",
        "zerospeech": "espnet_av.corpora.zerospeech:prepare_zerospeech",
    },
)
"""Corpus name -> `module:function`; a corpus's own dependencies load only when it is prepared."""


def load_prepare(name: str) -> Callable[..., Any]:
    """Function that prepares a corpus.

    Raises:
        ConfigError: no such corpus; the nearest name is given.
    """
    if name not in CORPORA:
        raise ConfigError(unknown_key_message(name, list(CORPORA), "corpus"))
    module, function = CORPORA[name].split(":")
    prepare: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return prepare
