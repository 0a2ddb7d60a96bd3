"""One reader for each kind of data; augmentation stands beside the reader that uses it."""

from __future__ import annotations

from espnet_av.data.readers.abs_reader import AbsReader
from espnet_av.data.readers.lang import LangReader
from espnet_av.data.readers.speech import SpeechReader
from espnet_av.data.readers.text import TextReader
from espnet_av.data.readers.units import UnitsReader
from espnet_av.data.readers.video import VideoReader

READERS: dict[str, type[AbsReader]] = {
    reader.field: reader
    for reader in (SpeechReader, VideoReader, TextReader, UnitsReader, LangReader)
}
"""Field -> its reader, in the order in which they draw: a new one goes to the end."""
ALWAYS = ("speech", "video", "text", "units", "lang")
"""Fields that are read wherever they are, and asked for by modalities, tokenizer and labels."""
