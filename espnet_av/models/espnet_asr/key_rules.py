"""Names of the weights of ESPnet's recognisers and of ours."""

from __future__ import annotations

from espnet_av.models.conversion.key_map import Dropped, KeyMap, Rule

_AUDIO = "frontend.audio"

_SHARED = (
    Rule("frontend.logmel.melmat", f"{_AUDIO}.log_mel.logmel.melmat"),
    Rule("normalize.{p}", f"{_AUDIO}.normalise.{{p}}"),
    # What stands before the positional encoding is our front end.
    Rule("encoder.embed.conv.{n}.{p}", f"{_AUDIO}.embed.conv.{{n}}.{{p}}"),
    Rule("encoder.embed.out.0.{p}", f"{_AUDIO}.embed.out.0.{{p}}"),
    # conv2d8, and all of them from ESPnet 202609 on.
    Rule("encoder.embed.out.{p}", f"{_AUDIO}.embed.out.0.{{p}}"),
    Rule("encoder.embed.out.1.alpha", "encoder.embed.0.alpha"),
    Rule("encoder.embed.pos_enc.alpha", "encoder.embed.0.alpha"),
    Rule("encoder.encoders.{rest}", "encoder.encoders.{rest}"),
    Rule("encoder.after_norm.{p}", "encoder.after_norm.{p}"),
    Rule("ctc.ctc_lo.{p}", "ctc.ctc_lo.{p}"),
)
_ATTENTION = (Rule("decoder.{rest}", "decoder.{rest}"),)
_TRANSDUCER = (
    Rule("decoder.embed.weight", "predictor.embed.weight"),
    Rule("decoder.decoder.{n}.{p}", "predictor.layers.{n}.{p}"),
    Rule("joint_network.{part}.{p}", "joiner.{part}.{p}"),
)
_DROPPED = (
    Dropped("encoder.embed.pos_enc.pe", "table of positions, which is computed"),
    Dropped("encoder.embed.out.1.pe", "table of positions, which is computed"),
    Dropped("decoder.embed.1.pe", "table of positions, which is computed"),
)

WITH_ATTENTION = KeyMap(_SHARED + _ATTENTION, _DROPPED)
"""CTC, attention or both -> `avsr`."""
WITH_TRANSDUCER = KeyMap(_SHARED + _TRANSDUCER, _DROPPED)
"""Transducer -> `transducer`."""
