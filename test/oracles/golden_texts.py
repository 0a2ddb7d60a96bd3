"""Five pairs of texts, and what the reference packages score them (sacreBLEU 2.6, NLTK 3.10)."""

from __future__ import annotations

from espnet_av.score.text_metrics.text_metric import TextPairs

PAIRS = (
    ("The cat sat on the mat, didn't it?", "The cat is on the mat, isn't it?"),
    ("Il a été à l'école avec sa mère.", "Il était à l'école avec sa mere."),
    ("Он сказал, что придёт завтра утром.", "Он сказал что придет завтра вечером."),
    ("Não é possível ir à praia hoje.", "Nao é possível ir a praia hoje à tarde."),
    ("Wir treffen uns um 10:30 Uhr am Bahnhof.", "Wir treffen uns um 10.30 Uhr am Bahnhof."),
)


def texts_of(*pairs: tuple[str, str], **facts: str) -> TextPairs:
    """Reference and hypothesis of utterances `a0`, `a1` and so on."""
    refs = {f"a{n}": ref for n, (ref, _) in enumerate(pairs)}
    hyps = {f"a{n}": hyp for n, (_, hyp) in enumerate(pairs)}
    return TextPairs(refs=refs, hyps=hyps, **facts)


GOLDEN = texts_of(*PAIRS)
