#!/usr/bin/env bash
# Where each container puts the delay of the sound's encoder; and FFmpeg 8.1 reads otherwise than 8.0.
#
# Encoders of AAC, MP3, Opus, AC-3 put 5 to 23 ms of silence before sound of 48 kHz (AAC of 16 kHz:
# 64 ms). A tone at 0.5 s of the pictures is written with FFmpeg, as PyAV brings it, and read back:
#   start: first stamp of the sound minus first stamp of the picture, ms;
#   tone:  how late the tone comes if stamps are believed, ms;
#   index: how late if each track's first frame is taken for its second 0, as many readers do, ms.
# mp4 has the silence cut off. MPEG-TS and FLV begin with it, and the *picture* is stamped late: who
# takes the earliest track for second 0 and samples 25 pictures a second from there is half a frame
# off with AAC. AVI cannot tell at all: the sound is late in every reader. Matroska: one and the same
# file begins with the silence under FFmpeg 8.0 and older, and has it cut off under 8.1.
# (FFmpeg 5.1 wrote none of this into Matroska: AAC starts at -21 for all, Opus is 7 ms early.)
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/write.py" <<'PY'
import sys
from fractions import Fraction

import av
import numpy as np

RATE, FPS = 48000, 25
av.logging.set_level(av.logging.PANIC)
wave = np.zeros((1, 2 * RATE), np.float32)
wave[0, RATE // 2 : RATE] = 0.9 * np.cos(2 * np.pi * 1000 * np.arange(RATE // 2) / RATE)
for codec in ("aac", "libmp3lame", "libopus", "ac3"):
    for suffix in ("mp4", "mkv", "ts", "flv", "avi"):
        if codec + suffix in ("libopusavi", "libopusflv", "ac3flv"):
            continue
        with av.open(f"{sys.argv[1]}/{codec}.{suffix}", "w") as film:
            video = film.add_stream("mpeg4" if suffix == "avi" else "libx264", rate=FPS)
            video.width, video.height, video.options = 64, 64, {"bf": "0"}
            audio = film.add_stream(codec, rate=RATE)
            audio.layout = "mono"
            for i in range(2 * FPS):
                picture = av.VideoFrame(64, 64, "yuv420p")
                picture.pts, picture.time_base = i, Fraction(1, FPS)
                span = wave[:, i * RATE // FPS : (i + 1) * RATE // FPS]
                sound = av.AudioFrame.from_ndarray(span, format="flt", layout="mono")
                sound.pts, sound.time_base = i * RATE // FPS, Fraction(1, RATE)
                sound.sample_rate = RATE
                film.mux(video.encode(picture) + audio.encode(sound))
            film.mux(video.encode(None) + audio.encode(None))
PY
cat > "$work/read.py" <<'PY'
import sys
from pathlib import Path

import av
import numpy as np

DELAY = {"aac": 21.3, "libmp3lame": 23.0, "libopus": 6.5, "ac3": 5.3}
print(f"read by PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}: start, tone, index")
as_described = True
for path in sorted(Path(sys.argv[1]).iterdir()):
    with av.open(str(path)) as film, av.open(str(path)) as again:
        first, frames = next(film.decode(video=0)).time, list(again.decode(audio=0))
    wave = np.abs(np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(float))
    tone = np.argmax(wave > 0.3 * wave.max()) / frames[0].sample_rate
    start, late = frames[0].time - first, tone - 0.5
    seen = [1000 * x for x in (start, start + late, late)]
    print(f"{path.suffix[1:]:9} {path.stem:10}", *(f"{x:6.1f}" for x in seen))
    first, last = {".ts": (-1, 1), ".flv": (-1, 1), ".avi": (0, 1)}.get(path.suffix, (0, 0))
    if path.suffix == ".mkv" and path.stem != "libopus" and av.ffmpeg_version_info < "8.1":
        first, last = -1, 1
    expected = np.array([first, first + last, last]) * DELAY[path.stem]
    as_described &= np.allclose(seen, expected, atol=0.6)
print("as described" if as_described else "CHANGED: other delays")
sys.exit(not as_described)
PY
for version in 18.1.0 16.1.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet "av==$version" numpy==2.4.6
    mkdir "$work/films" 2>/dev/null && "$work/$version/bin/python" "$work/write.py" "$work/films"
    "$work/$version/bin/python" "$work/read.py" "$work/films"
done
