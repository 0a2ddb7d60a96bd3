"""What sound and video have in common: a test of one of them alone has to have it everywhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from espnet_av.data.dataset_config import Modalities
from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import has_films_alone
from espnet_av.data.readers.abs_reader import AbsReader
from espnet_av.errors import DataDirError


class ModalityReader(AbsReader):
    """Of a pair either may be missing; what is read alone may not."""

    table: ClassVar[str]
    alone: ClassVar[Modalities]
    """The modalities that are this one alone."""

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`.

        Raises:
            DataDirError: an utterance lacks it, and the set has to be whole.
        """
        if has_films_alone(self.data):
            return []
        modalities = self.request.modalities
        drops = self.not_in(self.table, left_out) if modalities == self.alone else []
        if drops and not self.request.partial:
            msg = (
                f"{self.data.path}/{self.table}: {len(drops)} test utterances are missing, e.g. "
                f"{drops[0].utt_id}; mode {modalities} cannot decode them, and none is left out of "
                "a test: dump the set with 'require: both', or drop the mode"
            )
            raise DataDirError(msg)
        return drops
