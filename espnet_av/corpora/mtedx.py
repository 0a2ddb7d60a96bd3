"""mTEDx (Salesky et al. 2021): TEDx talks in eight languages, translations of some."""

from __future__ import annotations

from pathlib import Path

from espnet_av.corpora.talks import TalkCorpus, prepare_talks

_CORPUS = TalkCorpus(
    "mtedx", {"train": "train", "valid": "valid", "test": "test"}, (".flac", ".wav"), "MTEDX", {}
)


def prepare_mtedx(
    root: str | Path,
    out_dir: str | Path,
    *,
    pairs: list[str] | None = None,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}_<source>_<target>`, or `..._<source>` for transcripts.

    `root/<source>-<target>/data/<split>/txt/<split>.yaml` lists segments of `wav/<talk>.flac`, and
    `<split>.<source>` and `<split>.<target>` have a line for each; `es-es` has transcripts alone.
    Ids read `mtedx_<talk>-<start>-<end>`, times in ms, and `-<target>` for translations.

    Args:
        root: the unpacked archives.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        pairs: those to read, as `es_en` or `es_es`; by default all that are there.
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
