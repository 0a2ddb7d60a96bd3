"""Layers: front ends that turn sound and lips into 25 Hz features, and what joins them."""

from espnet_av.modules.frontend.espnet_frontend import EspnetFrontend, EspnetFrontendConfig
from espnet_av.modules.frontend.log_mel import LogMelConfig, LogMelFrontend
from espnet_av.modules.frontend.stacked_fbank import StackedFbankConfig, StackedFbankFrontend
from espnet_av.modules.frontend.visual_patches import LinearPatchConfig, LinearPatchFrontend
from espnet_av.modules.frontend.visual_r2plus1d import R2Plus1dConfig, R2Plus1dFrontend
from espnet_av.modules.frontend.visual_resnet import ResNetConfig, ResNetFrontend
from espnet_av.modules.frontend.wave_frontend import WaveConfig, WaveFrontend

AUDIO_FRONTENDS = {
    "espnet": (EspnetFrontendConfig, EspnetFrontend),
    "log_mel": (LogMelConfig, LogMelFrontend),
    "stacked_fbank": (StackedFbankConfig, StackedFbankFrontend),
    "wave": (WaveConfig, WaveFrontend),
}
"""Name -> (config, module); each maps (B, S) at 16 kHz to exactly S // 640 frames (`wave` at 50 Hz:
twice as many; `espnet`: those of its `grid`)."""

VISUAL_FRONTENDS = {
    "resnet": (ResNetConfig, ResNetFrontend),
    "r2plus1d": (R2Plus1dConfig, R2Plus1dFrontend),
    "linear_patch": (LinearPatchConfig, LinearPatchFrontend),
}
"""Name -> (config, module); each maps (B, V, H, W) uint8 to V frames."""
