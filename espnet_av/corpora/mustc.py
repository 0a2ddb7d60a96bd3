"""MuST-C (Di Gangi et al. 2019): TED talks in English with translations."""

from __future__ import annotations

from pathlib import Path

from espnet_av.corpora.talks import TalkCorpus, prepare_talks

# Hours are those of release 1.0 (Di Gangi et al. 2019, Table 1).
_CORPUS = TalkCorpus(
    "mustc",
    {"train": "train", "dev": "valid", "tst-COMMON": "tst-COMMON", "tst-HE": "tst-HE"},
    (".wav", ".flac"),
    "MUSTC",
    {
        "en_de": 408,
        "en_es": 504,
        "en_fr": 492,
        "en_it": 465,
        "en_nl": 442,
        "en_pt": 385,
        "en_ro": 432,
        "en_ru": 489,
    },
)


def prepare_mustc(
    root: str | Path,
    out_dir: str | Path,
    *,
    pairs: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,tst-COMMON,tst-HE}_en_<target>` from a copy of MuST-C.

    `root/en-<target>/data/<split>/txt/<split>.yaml` lists segments of `wav/<talk>.wav`, and
    `<split>.en` and `<split>.<target>` have a line for each. Segments that begin after the end of
    their talk are dropped, those that end after it are cut; both are reported. Ids read
    `mustc_<talk>-<start>-<end>-<target>`, times in ms.

    Args:
        root: the unpacked archives.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        pairs: those to read, as `en_de`; by default all that are there.
        max_missing_ratio: largest share of segments that may be missing or unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: no pair, a missing list, or texts that do not fit it.
        DroppedTooManyError: more is missing than allowed.
    """
    return prepare_talks(
        _CORPUS, Path(root).absolute(), Path(out_dir), pairs, max_missing_ratio, num_jobs
    )
