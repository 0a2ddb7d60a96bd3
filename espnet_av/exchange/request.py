"""What is to be converted, and whether that makes sense."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from espnet_av.errors import ConfigError
from espnet_av.rates import FrameRate

REPORT, WITH_LIPS = "conversion.txt", "train_av.yaml"
ESPNET = "espnet_asr"
HF_MODELS = {"xlsr": "wav2vec2", "wav2vec2": "wav2vec2", "hubert": "hubert"}
"""Family that Hugging Face has a class for -> our model."""
GROUNDED = ("fast_vgs", "vg_hubert")
"""Families of visually grounded speech."""
MBART = "mbart"
"""Not a model of ours, but the decoder of one."""
FAMILIES = (*HF_MODELS, "avhubert", "avhubert_finetuned", *GROUNDED, MBART, ESPNET)
_WITH_UNITS = ("hubert", "avhubert", *GROUNDED)


@dataclass(frozen=True, kw_only=True)
class ConversionRequest:
    """One conversion."""

    family: str
    """What `source` is, one of `FAMILIES`."""
    to: str
    """`ours`, `hf` or `xlavsr`: what `out_dir` will be."""
    source: Path
    """File or folder to read."""
    out_dir: Path
    """Folder to write."""
    frame_rate: FrameRate | None = None
    """Of XLAVS-R, in Hz; None: 50."""
    visual: Path | None = None
    """AV-HuBERT whose ResNet XLAVS-R starts with."""
    num_units: int | None = None
    """Units of a head that the source does not have."""
    checkpoint: str | None = None
    """File in an experiment; None: the averaged model."""
    bpe_model: Path | None = None
    """Of ESPnet, if it is not where its config.yaml says."""

    def __post_init__(self) -> None:
        """Options that would be without effect, and folders that hold something else.

        Raises:
            ConfigError: there is one.
        """
        if self.to != "xlavsr" and (self.frame_rate or self.visual):
            msg = "--frame_rate and --visual are of XLAVS-R; add --to xlavsr"
            raise ConfigError(msg)
        if self.to != "hf" and self.family != ESPNET and self.checkpoint:
            msg = f"--checkpoint names a file of an experiment; it goes with --to hf or {ESPNET}"
            raise ConfigError(msg)
        if self.bpe_model and self.family not in (ESPNET, MBART):
            msg = f"--bpe_model is of {ESPNET} and {MBART}; leave it out"
            raise ConfigError(msg)
        uses_units = self.to == "xlavsr" or (self.to == "ours" and self.family in _WITH_UNITS)
        if self.num_units is not None and (not uses_units or self.num_units < 1):
            msg = f"--num_units {self.num_units}: {self.family} --to {self.to} has no units"
            raise ConfigError(msg if not uses_units else "--num_units must be 1 or more")
        audio_only = self.family in HF_MODELS
        if self.to != "ours" and not audio_only:
            msg = f"--to {self.to} takes {', '.join(HF_MODELS)}, not {self.family}"
            raise ConfigError(msg)
        if self.out_dir.exists() and not (self.out_dir / REPORT).is_file():
            msg = f"{self.out_dir}: holds something else; choose another folder, or remove it"
            raise ConfigError(msg)
        for path in filter(None, (self.source, self.visual, self.bpe_model)):
            if path.resolve().is_relative_to(self.out_dir.resolve()):
                msg = f"{path}: is read, and would be replaced by the output; choose another OUT"
                raise ConfigError(msg)
