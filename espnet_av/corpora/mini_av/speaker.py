"""The speakers of `mini_av`: a voice and a look each, the same in every language."""

from __future__ import annotations

from dataclasses import dataclass

from espnet_av.synthesis.talking_face_look import LOOKS, Look


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """How somebody sounds and looks."""

    variant: str
    """Timbre of the speech engine."""
    rate: int
    """Words per minute."""
    pitch: int
    """Base pitch, 0 to 100."""
    pitch_range: int
    """Liveliness of the pitch, 0 to 100."""
    look: Look


SPEAKERS = {
    "m1": Speaker(variant="m1", rate=178, pitch=42, pitch_range=45, look=LOOKS[0]),
    "f1": Speaker(variant="f1", rate=171, pitch=58, pitch_range=55, look=LOOKS[2]),
    "m2": Speaker(variant="m2", rate=185, pitch=48, pitch_range=50, look=LOOKS[1]),
    "f2": Speaker(variant="f2", rate=175, pitch=54, pitch_range=60, look=LOOKS[4]),
    "m3": Speaker(variant="m3", rate=168, pitch=45, pitch_range=40, look=LOOKS[3]),
    "f4": Speaker(variant="f4", rate=181, pitch=60, pitch_range=50, look=LOOKS[5]),
    "m7": Speaker(variant="m7", rate=173, pitch=50, pitch_range=45, look=LOOKS[6]),
    "f5": Speaker(variant="f5", rate=177, pitch=55, pitch_range=55, look=LOOKS[7]),
}
"""Speaker name -> speaker; a speaker id is `<language>_<name>`."""
