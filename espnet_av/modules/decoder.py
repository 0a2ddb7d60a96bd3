"""Attention decoders by name."""

import inspect
from typing import Any

from typeguard import TypeCheckError

from espnet_av.compat import AbsDecoder, TransformerDecoder
from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.modules.fairseq_decoder import FairseqTransformerDecoder

DECODERS: dict[str, type[AbsDecoder]] = {
    "transformer": TransformerDecoder,
    "fairseq_transformer": FairseqTransformerDecoder,
}
"""Name -> class; `transformer` is ESPnet's."""


def build_decoder(
    name: str, vocab_size: int, encoder_size: int, conf: dict[str, Any]
) -> AbsDecoder:
    """Builds a decoder.

    Args:
        name: a key of `DECODERS`.
        vocab_size: tokens, blank and end of sentence included.
        encoder_size: D of the encoder output.
        conf: arguments of the class.

    Raises:
        ConfigError: an argument is unknown (the nearest is named) or has the wrong type.
    """
    decoder_class = DECODERS[name]
    given = ("self", "vocab_size", "encoder_output_size")
    valid = [key for key in inspect.signature(decoder_class).parameters if key not in given]
    for key in conf:
        if key not in valid:
            raise ConfigError(unknown_key_message(key, valid, f"decoder_conf of {name}"))
    try:
        return decoder_class(vocab_size=vocab_size, encoder_output_size=encoder_size, **conf)
    except (TypeCheckError, TypeError, ValueError, AssertionError) as error:
        msg = f"decoder_conf of {name}: {error or conf}"
        raise ConfigError(msg) from error
