"""How BLEU cuts texts into tokens: sacreBLEU's tokenisers, and which one suits a language."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Literal

from sacrebleu.metrics.bleu import BLEU

from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

Tokeniser = Literal["13a", "intl", "zh", "ja-mecab", "ko-mecab", "char", "flores200", "none"]
TokeniserChoice = Literal["by_language", Tokeniser]
_CHINESE = frozenset({"zh", "cmn", "yue", "wuu", "nan", "hak", "lzh", "zho"})
_WITHOUT_SPACES = frozenset({"th", "lo", "km", "my", "bo", "dz", "tha", "lao", "khm", "mya", "bod"})
"""Written without spaces between words, and not cut by a tokeniser of their own."""
_MECAB: dict[str, Tokeniser] = {
    "ja": "ja-mecab",
    "jpn": "ja-mecab",
    "ko": "ko-mecab",
    "kor": "ko-mecab",
}
_EXTRAS = {"ja-mecab": "ja", "ko-mecab": "ko"}


@lru_cache
def tokeniser_of(langs: frozenset[str | None]) -> Tokeniser:
    """The tokeniser for texts in these languages, each as in `zh`, `zh-CN` or `cmn_hans_cn`.

    `13a`, sacreBLEU's default, takes a Chinese or Japanese sentence for one word. So Chinese gets
    `zh`, Japanese and Korean MeCab's where it is installed and else `char`, other languages without
    spaces `char`, and every other one, known or not, `13a`. Texts that would be cut in different
    ways are no corpus to have one BLEU: they get `char`.
    """
    found = {_of_language(lang) for lang in langs} or {"13a"}
    if len(found) == 1:
        return found.pop()
    logger.warning(
        "texts in %s need different tokenisers (%s), so BLEU is of characters; score the languages "
        "apart, or set scoring.tokenize, e.g. flores200",
        ", ".join(sorted(map(str, langs))),
        ", ".join(sorted(found)),
    )
    return "char"


def make_bleu(tokenize: str, *, lowercase: bool = False) -> BLEU:
    """SacreBLEU's metric.

    Raises:
        ConfigError: what the tokeniser needs is not on this machine.
    """
    try:
        # `force`: a text that looks tokenised is scored as it is, without a warning for each.
        return BLEU(tokenize=tokenize, lowercase=lowercase, force=True)
    except (RuntimeError, ImportError, AssertionError) as error:
        extra = _EXTRAS.get(tokenize)
        cure = f'pip install "sacrebleu[{extra}]"' if extra else "pip install sentencepiece"
        msg = f"scoring.tokenize {tokenize}: its package is not installed; {cure}, or take char"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = (
            f"scoring.tokenize {tokenize}: sacreBLEU cannot fetch its model ({error}); score once "
            "where there is a network and copy ~/.sacrebleu/models, or take char"
        )
        raise ConfigError(msg) from error


def _of_language(lang: str | None) -> Tokeniser:
    name = (lang or "").lower().replace("_", "-").split("-")[0]
    if name in _CHINESE:
        return "zh"
    if name in _MECAB:
        try:
            make_bleu(_MECAB[name])
        except ConfigError as error:
            logger.warning("BLEU of '%s' is of characters: %s", lang, error)
            return "char"
        return _MECAB[name]
    return "char" if name in _WITHOUT_SPACES else "13a"
