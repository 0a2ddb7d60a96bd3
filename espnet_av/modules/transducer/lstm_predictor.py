"""Predictor with a memory of the whole text, as in ESPnet."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.transducer.abs_predictor import (
    BLANK,
    AbsPredictor,
    PredictorState,
    with_start,
)
from espnet_av.modules.transducer.lstm_precision import with_lstm_kernel


@dataclass(frozen=True, kw_only=True)
class LSTMPredictorConfig:
    """LSTM layers over the tokens."""

    hidden_size: int = 320
    """Channels of the embedding and of every layer."""
    num_layers: int = 1
    """Layers."""
    dropout_rate: float = 0.0
    """Dropout after each layer."""
    embed_dropout_rate: float = 0.0
    """Dropout on the embedding."""

    def __post_init__(self) -> None:
        for name in ("hidden_size", "num_layers"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be 1 or more"
                raise ConfigError(msg)
        for name in ("dropout_rate", "embed_dropout_rate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                msg = f"{name} is {getattr(self, name)}; it must be in 0..1"
                raise ConfigError(msg)


class LSTMPredictor(AbsPredictor):
    """Embedding -> LSTM layers (arXiv 1211.3711); layers and weights of ESPnet's decoder.

    The embedding of the blank is zero and stays so.

    Args:
        config: see `LSTMPredictorConfig`.
        vocab_size: V, blank included.
    """

    @typechecked
    def __init__(self, config: LSTMPredictorConfig, vocab_size: int) -> None:
        super().__init__()
        size = config.hidden_size
        self.embed = nn.Embedding(vocab_size, size, padding_idx=BLANK)
        self.embed_dropout = nn.Dropout(config.embed_dropout_rate)
        self.layers = nn.ModuleList(
            nn.LSTM(size, size, batch_first=True) for _ in range(config.num_layers)
        )
        self.dropout = nn.Dropout(config.dropout_rate)

    def output_size(self) -> int:
        """P."""
        return self.embed.embedding_dim

    def forward(self, text: Tensor) -> Tensor:
        """(B, U) int64, negative in the padding -> (B, U + 1, P)."""
        hidden = self._embed(with_start(text))
        for layer in self.layers:
            hidden = self.dropout(with_lstm_kernel(layer, hidden)[0])
        return hidden

    def empty_state(self, batch_size: int, device: torch.device) -> PredictorState:
        """Hidden and cell state of each layer in turn, (B, P) each."""
        zeros = self.embed.weight.new_zeros(batch_size, self.output_size(), device=device)
        return (zeros,) * (2 * len(self.layers))

    def step(self, tokens: Tensor, state: PredictorState) -> tuple[Tensor, PredictorState]:
        """(B,) int64 and the state before -> (B, P) and the state after."""
        hidden = self._embed(tokens)
        after: list[Tensor] = []
        for layer, output, cell in zip(self.layers, state[::2], state[1::2], strict=True):
            assert isinstance(layer, nn.LSTM)
            # The layer itself lays out its weights anew at each call: thrice the time on a CPU.
            output, cell = torch.lstm_cell(hidden, (output, cell), *layer.all_weights[0])
            hidden = self.dropout(output)
            after += [output, cell]
        return hidden, tuple(after)

    def _embed(self, tokens: Tensor) -> Tensor:
        """(...) int64 -> (..., P); padding counts as blank."""
        return self.embed_dropout(self.embed(tokens.clamp(min=BLANK)))
