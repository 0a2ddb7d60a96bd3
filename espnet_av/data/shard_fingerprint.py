"""What a shard was made from, hashed, and that of the shard behind an archive."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from itertools import chain
from pathlib import Path

from espnet_av.config import to_dict
from espnet_av.errors import DataDirError
from espnet_av.fingerprint import fingerprint


def work_fingerprint(
    config: object, rows: Iterable[tuple[object, ...]], unused: Collection[str] = ()
) -> str:
    """Fingerprint of a configuration and of one row an utterance.

    Args:
        config: a dataclass.
        rows: of the utterances.
        unused: fields of the configuration that change nothing of these.
    """
    # Not the tolerated share of drops: it decides whether a result is accepted, not what it is.
    left_out = {"max_dropped_ratio", *unused}
    settings = {k: v for k, v in to_dict(config).items() if k not in left_out}
    return fingerprint(chain([repr(sorted(settings.items()))], map(repr, rows)))


def archive_fingerprint(ark: str) -> str | None:
    """Fingerprint of the shard whose archive this is; None if it is nobody's.

    Raises:
        DataDirError: the shard's record is damaged.
    """
    path = Path(ark)
    record = path.parent / "shards" / f"{path.stem.rpartition('.')[2]}.json"
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        # A film with another content can give clips of the same sizes.
        return " ".join(map(checked_text, (content["fingerprint"], *content.get("sources", []))))
    except FileNotFoundError:
        return None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        msg = (
            f"{record}: damaged ({' '.join(str(error).split())[:80]}); remove {path.parent}/.done "
            "and run its stage again (2 for mouth clips, 3 for a dump): it makes this shard anew"
        )
        raise DataDirError(msg) from error


def checked_text(value: object) -> str:
    """The value of a record, if it is a text as it should be; else a TypeError says so."""
    if not isinstance(value, str):
        msg = f"{value!r:.40} where a text is expected"
        raise TypeError(msg)
    return value
