"""Recognisers that ESPnet trained on sound, as recognisers of ours."""

from espnet_av.models.espnet_asr.convert import convert
from espnet_av.models.espnet_asr.experiment import EspnetExperiment, read_espnet_experiment

__all__ = ["EspnetExperiment", "convert", "read_espnet_experiment"]
