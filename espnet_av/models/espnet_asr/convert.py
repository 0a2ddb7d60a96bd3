"""A recogniser of ours from one that ESPnet trained on sound: same outputs, and room for lips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from espnet_av.errors import AVError, CheckpointError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.conversion.converted import Converted, convert_weights
from espnet_av.models.espnet_asr.experiment import EspnetExperiment
from espnet_av.models.espnet_asr.frontend_conf import frontend_conf
from espnet_av.models.espnet_asr.key_rules import WITH_ATTENTION, WITH_TRANSDUCER

FAMILY = "espnet_asr"
_KNOWN: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "model": ("espnet", ("espnet",)),
    "frontend": ("default", ("default",)),
    "input_size": (None, (None,)),
    "normalize": ("utterance_mvn", ("global_mvn", "utterance_mvn", None)),
    "preencoder": (None, (None,)),
    "encoder": ("rnn", ("conformer", "e_branchformer")),
    "postencoder": (None, (None,)),
    "decoder": (None, ("transformer", "transducer", None)),
    "specaug": (None, ("specaug", None)),
    "g2p": (None, (None,)),
}
"""Key of ESPnet's configuration -> (its default, what can be converted)."""
_FIXED: tuple[tuple[str, str, Any], ...] = (
    ("encoder", "interctc_use_conditioning", False),
    ("encoder", "ctc_trim", False),
    ("model", "aux_ctc", None),
    ("model", "ignore_id", -1),
    ("decoder", "rnn_type", "lstm"),
    ("decoder", "embed_pad", 0),
    ("joint_net", "joint_activation_type", "tanh"),
)
"""(Section, key, the only value that can be converted, which is ESPnet's default too)."""
_KERNEL = "use_sdpa"
"""Of encoder and decoder, from 202611 on: how attention is computed, not what it gives."""
_LEGACY = (
    "its relative positions are ESPnet's old ones (rel_pos_type: legacy), which depend on the "
    "longest utterance of a batch: ESPnet's results are those of one utterance at a time"
)
_TWO_BIASES = "joint_network.lin_dec.bias is added to that of lin_enc, as the joiner does"


def convert(experiment: EspnetExperiment) -> Converted:
    """A complete `AVSRModel` (CTC, attention) or `TransducerModel` without lips.

    For sound it gives what ESPnet's model gives for one utterance at a time. As an audio-visual
    model it starts there too: with `fusion: sum` new lips add nothing at first.

    Args:
        experiment: the source.

    Raises:
        CheckpointError: it has a part that we have not, or is not complete.
    """
    notes: list[str] = []
    try:
        model, conf = model_conf(experiment, notes)
        _note_the_rest(experiment, notes)
    except AVError:
        raise
    except Exception as error:  # whatever values of another kind lead to
        msg = (
            f"{experiment.path}: its config.yaml has a value that ESPnet does not write there "
            f"({error}); copy the file again, as ESPnet wrote it into the experiment"
        )
        raise CheckpointError(msg) from error
    key_map, weights = WITH_ATTENTION, experiment.weights
    if model == "transducer":
        key_map, weights = WITH_TRANSDUCER, _with_one_bias(weights, notes)
    converted = convert_weights(
        key_map,
        weights,
        experiment.path,
        FAMILY,
        model,
        conf,
        notes,
        sizes=Sizes(vocab=len(experiment.tokens)),
    )
    return replace(converted, longest_sec=experiment.longest_sec)


def model_conf(experiment: EspnetExperiment, notes: list[str]) -> tuple[str, dict[str, Any]]:
    """Name and keys of our model; what is not taken over is added to the notes.

    Raises:
        CheckpointError: the experiment has a part that we have not.
    """
    _check(experiment)
    audio = {"audio_frontend": "espnet", "audio_frontend_conf": frontend_conf(experiment, notes)}
    conf = audio | _encoder_conf(experiment, notes)
    if experiment.config.get("decoder") == "transducer":
        return "transducer", conf | _transducer_conf(experiment)
    return "avsr", conf | _attention_conf(experiment)


def _note_the_rest(experiment: EspnetExperiment, notes: list[str]) -> None:
    """What is otherwise here, but for front end and encoder."""
    if experiment.part("model").get("length_normalized_loss"):
        notes.append("length_normalized_loss: losses are summed over an utterance here")
    if experiment.config.get("cleaner") is not None:
        notes.append(f"cleaner: texts are not cleaned by {experiment.config['cleaner']} here")
    spelled = "".join(token for token in experiment.tokens if not token.startswith("<"))
    if spelled.isupper():
        notes.append("its tokens are in capitals: write transcripts so, others are unknown to it")
    if experiment.part("ctc").get("dropout_rate"):
        notes.append("ctc_conf: CTC has no dropout here")


def _check(experiment: EspnetExperiment) -> None:
    """Stop at the first part that has no counterpart here."""
    for key, (default, choices) in _KNOWN.items():
        value = experiment.config.get(key, default)
        if value not in choices:
            named = ", ".join("none" if choice is None else choice for choice in choices)
            msg = (
                f"{experiment.path}: has {key}: {value}; only {named} can be converted. Train one "
                "with that in ESPnet, or start from another of its models"
            )
            raise CheckpointError(msg)
    for section, key, wanted in _FIXED:
        value = experiment.part(section).get(key, wanted)
        if value != wanted:
            msg = (
                f"{experiment.path}: {section}_conf has {key}: {value}; only {wanted} can be "
                "converted"
            )
            raise CheckpointError(msg)
    if experiment.part("model").get("transducer_multi_blank_durations"):
        msg = f"{experiment.path}: has blanks of several durations, which we have not"
        raise CheckpointError(msg)


def _encoder_conf(experiment: EspnetExperiment, notes: list[str]) -> dict[str, Any]:
    """Keys of the model for the encoder, the size of what it is given included."""
    theirs, model_conf = experiment.part("encoder"), experiment.part("model")
    for name in ("interctc_use_conditioning", "ctc_trim", "padding_idx", _KERNEL):
        theirs.pop(name, None)
    layers = theirs.pop("interctc_layer_idx", None) or []
    share = model_conf.get("interctc_weight", 0.0)
    if experiment.config["encoder"] == "conformer":
        # Ours begins with the new ones.
        theirs.setdefault("rel_pos_type", "legacy")
    if theirs.get("rel_pos_type") == "legacy":
        notes.append(_LEGACY)
    theirs["input_layer"] = "none"
    conf: dict[str, Any] = {
        "visual_frontend": "none",
        "fusion": "none",
        "feature_size": theirs.setdefault("output_size", 256),
        "dropout_rate": 0.0,
        "encoder": experiment.config["encoder"],
        "encoder_conf": theirs,
    }
    if layers and share:
        conf |= {"interctc_layers": layers, "interctc_weight": share}
    return conf


def _attention_conf(experiment: EspnetExperiment) -> dict[str, Any]:
    """Keys of `AVSRConfig` for CTC and the decoder."""
    model_conf = experiment.part("model")
    weight = model_conf.get("ctc_weight", 0.5)
    conf = {"ctc_weight": weight, "lsm_weight": model_conf.get("lsm_weight", 0.0)}
    if weight == 1.0:
        # ESPnet then makes no decoder, whatever is named.
        return {"ctc_weight": weight}
    theirs = experiment.part("decoder")
    theirs.pop(_KERNEL, None)
    return {**conf, "decoder": "transformer", "decoder_conf": theirs}


def _transducer_conf(experiment: EspnetExperiment) -> dict[str, Any]:
    """Keys of `TransducerConfig` for predictor, joiner and CTC."""
    theirs = experiment.part("decoder")
    names = {
        "hidden_size": ("hidden_size", 320),
        "num_layers": ("num_layers", 1),
        "dropout_rate": ("dropout", 0.0),
        "embed_dropout_rate": ("dropout_embed", 0.0),
    }
    return {
        "predictor": "lstm",
        "predictor_conf": {ours: theirs.get(*given) for ours, given in names.items()},
        "joint_size": experiment.part("joint_net").get("joint_space_size", 256),
        "ctc_weight": experiment.part("model").get("ctc_weight", 0.5),
    }


def _with_one_bias(weights: Mapping[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """ESPnet's joiner has two biases that are only ever added."""
    weights = dict(weights)
    second, first = weights.pop("joint_network.lin_dec.bias", None), "joint_network.lin_enc.bias"
    if second is not None and first in weights and weights[first].shape == second.shape:
        weights[first] = weights[first] + second
        notes.append(_TWO_BIASES)
    return weights
