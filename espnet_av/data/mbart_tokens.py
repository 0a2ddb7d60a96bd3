"""The tokens of mBART-50, as a folder of ours: its pieces, and a tag for each of 52 languages."""

from __future__ import annotations

from pathlib import Path

from espnet_av.data.sentencepiece_model import pieces_of, reorder_pieces, with_symbols
from espnet_av.data.tokenizer import Tokenizer, write_tokenizer
from espnet_av.errors import CheckpointError

LANGUAGES = (
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN",
    "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO",
    "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN", "af_ZA", "az_AZ", "bn_IN", "fa_IR", "he_IL",
    "hr_HR", "id_ID", "ka_GE", "km_KH", "mk_MK", "ml_IN", "mn_MN", "mr_IN", "pl_PL", "ps_AF",
    "pt_XX", "sv_SE", "sw_KE", "ta_IN", "te_IN", "th_TH", "tl_XX", "uk_UA", "ur_PK", "xh_ZA",
    "gl_ES", "sl_SI",
)  # fmt: skip
"""In the order of their rows, which follow those of the pieces."""
_NUM_SPECIAL = 3
"""The model begins with <unk>, <s>, </s>; embeddings have a <pad> more, and <mask> at the end."""
NO_PIECES = ("<s>", "<mask>")
"""Rows that no text has; they stand last, before the end of sentence."""


def save_mbart_tokens(model: bytes, out_dir: Path, num_rows: int, where: str) -> Tokenizer:
    """Write `bpe.model` and `tokens.txt`, in the order of `models.avsr.mbart.token_order`.

    The tag of a language is `<en>`, `<de>`: the names of languages here.

    Args:
        model: its `sentencepiece.bpe.model`.
        out_dir: folder to write to.
        num_rows: of the embeddings.
        where: names the model in errors.

    Raises:
        CheckpointError: it is damaged, or not the model of these embeddings.
    """
    pieces = pieces_of(model, where)
    expected = len(pieces) + 1 + len(LANGUAGES) + 1
    if pieces[:_NUM_SPECIAL] != ["<unk>", "<s>", "</s>"] or expected != num_rows:
        msg = (
            f"{where}: has {len(pieces)} pieces, beginning with {', '.join(pieces[:3])}; the "
            f"embeddings have {num_rows} rows, for {num_rows - 2 - len(LANGUAGES)} pieces that "
            "begin with <unk>, <s>, </s>; take the sentencepiece.bpe.model of the same mBART-50"
        )
        raise CheckpointError(msg)
    tags = [f"<{code.partition('_')[0]}>" for code in LANGUAGES]
    plain = reorder_pieces(model, pieces[_NUM_SPECIAL:], where)
    return write_tokenizer(with_symbols(plain, tags, NO_PIECES), out_dir)
