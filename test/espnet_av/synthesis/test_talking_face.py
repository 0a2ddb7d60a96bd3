"""The rendered face."""

import hashlib

import cv2
import numpy as np
import pytest

from espnet_av.synthesis.talking_face import render
from espnet_av.synthesis.talking_face_look import LOOKS
from espnet_av.synthesis.visemes import VISEMES

SHAPES = np.array([viseme[:7] for viseme in VISEMES.values()])


def draw(shapes, look=LOOKS[0], seed=3, **options):
    return render(shapes, look, np.random.default_rng(seed), **options)


def test_frames_are_pinned():
    frames = draw(SHAPES[:6])
    assert frames.shape == (6, 224, 224, 3)
    assert frames.dtype == np.uint8
    digest = hashlib.sha256(frames.tobytes()).hexdigest()
    assert digest[:16] == "8e306798c97dc2ef"


@pytest.mark.parametrize("look", range(len(LOOKS)))
def test_the_face_detector_finds_every_speaker(look):
    name = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(name)
    for frame in draw(SHAPES[::3], LOOKS[look]):
        boxes = cascade.detectMultiScale(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), 1.1, 3)
        assert len(boxes) >= 1
        x, y, width, height = max(boxes, key=lambda box: box[2])
        assert abs(x + width / 2 - 112) < 20
        assert abs(y + height / 2 - 112) < 25


def test_only_the_lower_face_depends_on_the_shape():
    shut, opened = (draw(np.tile(VISEMES[name][:7], (3, 1))) for name in ("bilabial", "open"))
    difference = np.abs(shut.astype(int) - opened).max(axis=(0, 2, 3))
    assert difference[:125].max() == 0
    assert difference[140:190].max() > 50


def test_every_speaker_looks_different():
    pictures = [draw(SHAPES[:1], look)[0].astype(int) for look in LOOKS]
    for index, first in enumerate(pictures):
        for second in pictures[index + 1 :]:
            assert np.abs(first - second).mean() > 5


def test_blur_softens():
    sharp, soft = (draw(SHAPES[:1], blur=value)[0] for value in (0.0, 2.0))
    edges = [cv2.Laplacian(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), cv2.CV_64F) for f in (sharp, soft)]
    assert edges[1].std() < 0.8 * edges[0].std()


def test_eyes_blink_and_the_head_sways():
    frames = draw(np.tile(SHAPES[0], (200, 1))).astype(int)
    eyes = frames[:, 86:106, 82:142].mean(axis=(1, 2, 3))
    assert np.abs(np.diff(eyes)).max() > 3
    assert np.abs(frames[0] - frames[100]).mean() > 2
