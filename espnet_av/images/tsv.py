"""Features of a detector in a TSV, as LXMERT gives them out: read line by line, where needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from espnet_av.errors import ArrayError
from espnet_av.fingerprint import SHORT, fingerprint
from espnet_av.images.config import ImagesConfig
from espnet_av.images.regions import to_regions
from espnet_av.images.source import Found, ImageSource
from espnet_av.images.tsv_index import index_tsv
from espnet_av.images.tsv_row import MAX_LINE, parse_row


class TsvSource(ImageSource):
    """One TSV.

    Args:
        path: the file; any size.
        out_dir: keeps its index.
        config: sizes to expect, order of the regions, checksum.

    Raises:
        DataDirError: it is no such TSV, or was cut short.
    """

    def __init__(self, path: Path, out_dir: Path, config: ImagesConfig) -> None:
        self._path, self._config = path, config
        place = fingerprint([str(path.absolute())], SHORT)
        cache = out_dir / "index" / f"{path.name}.{place}.json"
        self._index = index_tsv(path, cache, config.sha256.get(path.name, ""))

    def names(self) -> Sequence[str]:
        """See `ImageSource`."""
        return list(self._index.rows)

    def read(self, names: Sequence[str]) -> Iterator[Found]:
        """See `ImageSource`."""
        with self._path.open("rb") as stream:
            for name in names:
                stream.seek(self._index.rows[name])
                row = stream.readline(MAX_LINE).rstrip(b"\r\n").split(b"\t")
                try:
                    yield name, to_regions(parse_row(row), self._config)
                except ArrayError as error:
                    where = f"{self._path}: byte {self._index.rows[name]}"
                    yield name, ArrayError(f"{where}: {error}", error.reason)

    def mark(self, names: Sequence[str]) -> object:
        """See `ImageSource`."""
        return self._index.sha256

    def describe(self) -> dict[str, object]:
        """See `ImageSource`."""
        return {
            "file": str(self._path),
            "images": len(self._index.rows),
            "bytes": self._index.size,
            "sha256": self._index.sha256,
        }
