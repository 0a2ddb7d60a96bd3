"""Which clips are held out for validation where a corpus has no set for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from espnet_av.errors import DataDirError
from espnet_av.fingerprint import place_of
from espnet_av.text_file import read_text

_LARGEST_SHARE = 0.1
_KINDS = frozenset(("", ".", "mp4", "aac", "wav", "video", "audio"))


def hold_out(utt_ids: Collection[str], num_clips: int) -> set[str]:
    """The `num_clips` ids, at most a tenth (but one), whose SHA-256 comes first.

    The choice does not depend on order, machine or seed, and a clip that is missing from a copy
    hands its place to the next one without moving any other.
    """
    limit = min(num_clips, max(1, int(_LARGEST_SHARE * len(utt_ids))))
    return set(sorted(utt_ids, key=place_of)[:limit])


def read_id_list(path: Path, known: Mapping[str, str]) -> tuple[set[str], list[str]]:
    """Ids named in a list, whichever way it writes them.

    Args:
        path: one clip a line (its first word): an utterance id or the last parts of the clip's path
            below the corpus, with or without an extension.
        known: path below the corpus without extension -> utterance id.

    Returns:
        The utterance ids, and the lines that name no clip.

    Raises:
        DataDirError: there is no such list, or it is empty.
    """
    if not path.is_file():
        msg = f"{path}: no such list of clips; check the path"
        raise DataDirError(msg)
    lines = read_text(path, DataDirError, "check the path").splitlines()
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        msg = f"{path}: the list names no clip"
        raise DataDirError(msg)
    depth = {_plain(name).count("/") + 1 for name in names}
    by_name = {utt_id: utt_id for utt_id in known.values()}
    for place, utt_id in known.items():
        parts = place.split("/")
        by_name |= {"/".join(parts[-count:]): utt_id for count in depth if count <= len(parts)}
    found: set[str] = set()
    unknown: list[str] = []
    for name in names:
        plain = name if name in by_name else _plain(name)
        if plain in by_name:
            found.add(by_name[plain])
        else:
            unknown.append(name)
    return found, unknown


def _plain(name: str) -> str:
    """A path without extension and without the folders that only tell the kind of file."""
    stem = name.removesuffix(Path(name).suffix)
    return "/".join(part for part in stem.split("/") if part not in _KINDS)
