"""Configuration of ESPnet's front end, in our words."""

from pathlib import Path

import pytest

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.espnet_asr.convert import convert
from espnet_av.models.espnet_asr.experiment import EspnetExperiment
from espnet_av.models.espnet_asr.frontend_conf import frontend_conf
from espnet_av.modules.frontend.espnet_frontend import EspnetFrontendConfig


def conf_of(**config):
    notes = []
    conf = frontend_conf(EspnetExperiment(Path("exp/asr/x.pth"), config, {}), notes)
    return build(EspnetFrontendConfig, conf), notes


def test_defaults_are_espnets():
    from espnet2.asr.frontend.default import DefaultFrontend
    from espnet2.utils.get_default_kwargs import get_default_kwargs

    conf, notes = conf_of()
    theirs = get_default_kwargs(DefaultFrontend)
    for name in ("n_fft", "win_length", "hop_length", "window", "center", "normalized", "n_mels"):
        assert getattr(conf, name) == theirs[name]
    assert (conf.fmin, conf.fmax, conf.htk, conf.input_layer) == (None, None, False, "conv2d")
    assert (conf.normalize, conf.norm_means, conf.norm_vars) == ("utterance_mvn", True, False)
    assert (conf.spec_augment.num_freq_masks, conf.spec_augment.num_time_masks) == (0, 0)
    assert not notes


def test_what_is_given_is_taken_over():
    conf, _ = conf_of(
        frontend_conf={"fs": "16k", "hop_length": 160, "win_length": 400, "fmin": 20},
        normalize="global_mvn",
        normalize_conf={"stats_file": "x.npz", "norm_means": False},
        encoder_conf={"input_layer": "conv2d6"},
    )
    assert (conf.hop_length, conf.win_length, conf.fmin) == (160, 400, 20)
    assert (conf.normalize, conf.norm_means, conf.norm_vars) == ("global_mvn", False, True)
    assert conf.input_layer == "conv2d6"
    assert conf_of(normalize=None)[0].normalize == "none"


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (
            # LibriSpeech's Conformer
            {
                "time_warp_window": 5,
                "freq_mask_width_range": [0, 27],
                "num_freq_mask": 2,
                "time_mask_width_ratio_range": [0.0, 0.05],
                "num_time_mask": 10,
            },
            (2, 26, 10, 0.05, None),
            ["the warping of time is not"],
        ),
        (
            {
                "apply_time_warp": False,
                "freq_mask_width_range": 30,
                "time_mask_width_range": [0, 40],
            },
            (2, 29, 2, 1.0, 39),
            [],
        ),
        (
            {
                "apply_time_warp": False,
                "apply_time_mask": False,
                "freq_mask_width_range": [5, 20],
            },
            (2, 19, 0, 0.05, None),
            ["as narrow as 0"],
        ),
    ],
)
def test_spec_augment(theirs, ours, said):
    conf, notes = conf_of(specaug="specaug", specaug_conf=theirs)
    found = conf.spec_augment
    stripes = (found.num_freq_masks, found.max_freq_width, found.num_time_masks)
    assert (*stripes, found.max_time_ratio, found.max_time_width) == ours
    assert len(notes) == len(said)
    assert all(text in note for text, note in zip(said, notes, strict=True))


def test_notes_of_what_is_otherwise_here():
    config = {
        "encoder": "conformer",
        "encoder_conf": {"output_size": 8, "linear_units": 8, "num_blocks": 1},
        "model_conf": {"ctc_weight": 1.0, "length_normalized_loss": True},
        "ctc_conf": {"dropout_rate": 0.1},
        "cleaner": "tacotron",
        "token_list": ["<blank>", "<unk>", "<space>", "A", "'", "<sos/eos>"],
    }
    from espnet_av.models.avsr import AVSRConfig, AVSRModel

    experiment = EspnetExperiment(Path("exp/asr/x.pth"), config, {})
    # The weights are those of our own model under ESPnet's names, which the rules give.
    conf = {
        "audio_frontend": "espnet",
        "visual_frontend": "none",
        "fusion": "none",
        "feature_size": 8,
        "encoder_conf": {**config["encoder_conf"], "rel_pos_type": "legacy", "input_layer": "none"},
    }
    weights = AVSRModel.from_config(build(AVSRConfig, conf), Sizes(vocab=6)).state_dict()
    back = (("frontend.audio.log_mel.", "frontend."), ("frontend.audio.", "encoder."))
    for ours, theirs in back:
        weights = {name.replace(ours, theirs): value for name, value in weights.items()}
    experiment.weights.update(weights)
    notes = "\n".join(convert(experiment).notes)
    for said in ("old ones", "length_normalized_loss", "ctc_conf", "tacotron", "in capitals"):
        assert said in notes
