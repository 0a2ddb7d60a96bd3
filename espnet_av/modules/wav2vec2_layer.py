"""One transformer layer of wav2vec 2.0, HuBERT, AV-HuBERT and BERT."""

import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.modules.adapter import adapter


class Attention(nn.Module):
    """Multi-head attention to itself or to something else, one fused kernel.

    Args:
        size: D.
        num_heads: divides D.
        dropout_rate: on the attention weights.
        mixes_heads: end with a projection of all heads together.
    """

    def __init__(
        self, size: int, num_heads: int, dropout_rate: float, mixes_heads: bool = True
    ) -> None:
        super().__init__()
        self.num_heads, self.dropout_rate = num_heads, dropout_rate
        self.q_proj = nn.Linear(size, size)
        self.k_proj = nn.Linear(size, size)
        self.v_proj = nn.Linear(size, size)
        self.out_proj = nn.Linear(size, size) if mixes_heads else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None, context: Tensor | None = None) -> Tensor:
        """Attend.

        Args:
            x: (B, T, D).
            mask: (B, 1, 1, T') bool of what is attended to, True = valid; None = all is.
            context: (B, T', D) what is attended to; None: x.

        Returns:
            (B, T, D).
        """
        dropout_rate = self.dropout_rate if self.training else 0.0
        context = x if context is None else context
        query, key, value = (
            self._heads(self.q_proj(x)),
            self._heads(self.k_proj(context)),
            self._heads(self.v_proj(context)),
        )
        out = F.scaled_dot_product_attention(query, key, value, mask, dropout_rate)
        # (B, H, T, D / H) -> (B, T, D)
        return self.out_proj(out.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, H, T, D / H)."""
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)


class Wav2Vec2Layer(nn.Module):
    """Self-attention and feed-forward block, each with a residual connection.

    Args:
        size: D.
        num_heads: attention heads.
        linear_units: size inside the feed-forward block.
        dropout_rate: on the output of each block.
        attention_dropout_rate: on the attention weights.
        activation_dropout_rate: inside the feed-forward block.
        pre_norm: normalise the input of each block (stable layer norm: AV-HuBERT, large, XLS-R),
            else the sum after it (base).
        norm_eps: of the layer norms.
        adapter_size: of adapters on the output of each block; 0 = none.
    """

    def __init__(
        self,
        size: int,
        num_heads: int,
        linear_units: int,
        dropout_rate: float,
        attention_dropout_rate: float,
        activation_dropout_rate: float,
        pre_norm: bool,
        norm_eps: float = 1e-5,
        adapter_size: int = 0,
    ) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.self_attn = Attention(size, num_heads, attention_dropout_rate)
        self.self_attn_layer_norm = nn.LayerNorm(size, eps=norm_eps)
        self.fc1 = nn.Linear(size, linear_units)
        self.fc2 = nn.Linear(linear_units, size)
        self.final_layer_norm = nn.LayerNorm(size, eps=norm_eps)
        self.dropout = nn.Dropout(dropout_rate)
        self.activation_dropout = nn.Dropout(activation_dropout_rate)
        self.attn_adapter = adapter(size, adapter_size)
        self.ffn_adapter = adapter(size, adapter_size)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D), mask as in `Attention` -> (B, T, D), arbitrary where there is no frame."""
        if self.pre_norm:
            x = x + self._attend(self.self_attn_layer_norm(x), mask)
            return x + self._feed_forward(self.final_layer_norm(x))
        x = self.self_attn_layer_norm(x + self._attend(x, mask))
        return self.final_layer_norm(x + self._feed_forward(x))

    def _attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        attended: Tensor = self.attn_adapter(self.dropout(self.self_attn(x, mask)))
        return attended

    def _feed_forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        hidden = self.activation_dropout(F.gelu(self.fc1(x)))
        transformed: Tensor = self.ffn_adapter(self.dropout(self.fc2(hidden)))
        return transformed
