"""What a transducer reads its next symbol from: a frame and the text so far, joined."""

import torch
from torch import Tensor, nn
from typeguard import typechecked


class Joiner(nn.Module):
    """Linear(encoder) + Linear(predictor) -> tanh -> Linear (arXiv 1303.5778).

    Names and shapes are those of ESPnet's `JointNetwork`. Its two biases before the tanh only ever
    add up, so there is one here, that of the encoder.

    Args:
        encoder_size: D of the encoder.
        predictor_size: P of the predictor.
        joint_size: J, channels under the tanh.
        vocab_size: V, blank included.
    """

    @typechecked
    def __init__(
        self, encoder_size: int, predictor_size: int, joint_size: int, vocab_size: int
    ) -> None:
        super().__init__()
        self.lin_enc = nn.Linear(encoder_size, joint_size)
        self.lin_dec = nn.Linear(predictor_size, joint_size, bias=False)
        self.lin_out = nn.Linear(joint_size, vocab_size)

    def project_encoder(self, encoded: Tensor) -> Tensor:
        """(..., D) -> (..., J), the first argument of `forward`."""
        return self.lin_enc(encoded)

    def project_predictor(self, predicted: Tensor) -> Tensor:
        """(..., P) -> (..., J), the second argument of `forward`."""
        return self.lin_dec(predicted)

    def forward(self, encoded: Tensor, predicted: Tensor) -> Tensor:
        """Logits of projected frames and texts, e.g. (B, T, 1, J) and (B, 1, U + 1, J).

        Args:
            encoded: (..., J) from `project_encoder`.
            predicted: (..., J) from `project_predictor`; both are broadcast.

        Returns:
            (..., V).
        """
        return self.lin_out(torch.tanh(encoded + predicted))
