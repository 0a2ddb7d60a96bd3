"""Files that end before they say they do: a copy or a download that was interrupted."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from espnet_av.media.film_size import FILM_ENDS
from espnet_av.media.wave_size import WAVE_ENDS

_ENDS = {**WAVE_ENDS, **FILM_ENDS}
_HEADER_SLACK_BYTES = 16
"""Some writers count a few bytes of a header twice; of sound that is half a millisecond."""


def is_cut_short(
    container: InputContainer, stream: av.AudioStream | av.VideoStream, count: int = 0
) -> bool:
    """True when what the file says of its own size, or its index, points past its end.

    Streams that say nothing of either (MPEG streams, ADTS, live webm) are never known to be cut.

    Args:
        container: the open file.
        stream: a track of it.
        count: frames that could be decoded; 0 judges by the header alone.
    """
    path = Path(container.name)
    size = path.stat().st_size
    # An edit list hides frames, so fewer frames than declared prove nothing by themselves.
    if count < stream.frames and any(e.pos + e.size > size for e in stream.index_entries):
        return True
    form = container.format.name.split(",")[0]
    find_end = _ENDS.get(form)
    if find_end is None:
        return False
    with path.open("rb") as file:
        missing = find_end(file, size) - size
    return missing > (_HEADER_SLACK_BYTES if form in WAVE_ENDS else 0)
