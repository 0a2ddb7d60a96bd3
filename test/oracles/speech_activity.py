"""Speech and pauses, frame by frame, as their definition reads."""

from __future__ import annotations

import cmath
import math

HOP, WINDOW, FFT = 160, 400, 512


def level(wave):
    """Decibels between 200 and 4000 Hz of each frame, by a sum over samples for each frequency."""
    found = []
    for frame in range(-(-len(wave) // HOP)):
        start = frame * HOP - (WINDOW - HOP) // 2
        samples = [
            (float(wave[start + n]) if 0 <= start + n < len(wave) else 0.0)
            * (0.5 - 0.5 * math.cos(2 * math.pi * n / (WINDOW - 1)))
            for n in range(WINDOW)
        ]
        bins = range(round(200 * FFT / 16000), round(4000 * FFT / 16000) + 1)
        power = [
            abs(sum(x * cmath.exp(-2j * math.pi * k * n / FFT) for n, x in enumerate(samples))) ** 2
            for k in bins
        ]
        found.append(10 * math.log10(sum(power) / len(power) / WINDOW + 1e-10))
    return found


def smooth(values):
    found = []
    for place in range(len(values)):
        near = values[max(0, place - 2) : place + 3]
        found.append(sum(near) / len(near))
    return found


def percentile(values, share):
    ordered = sorted(values)
    place = share / 100 * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def track(values, share):
    def exact(place):
        return percentile(values[max(0, place - 300) : place + 300], share)

    found = []
    for place in range(len(values)):
        before = place // 50 * 50
        weight = (place - before) / 50
        after = exact(before + 50) if weight else 0.0
        found.append((1 - weight) * exact(before) + weight * after)
    return found


def speech(values):
    """(height above the floor in lower thresholds, speech or not) of smoothed levels."""
    floor, peak = track(values, 10), track(values, 95)
    floor = [max(low, high - 50) for low, high in zip(floor, peak, strict=True)]
    above = [value - low for value, low in zip(values, floor, strict=True)]
    room = [high - low for low, high in zip(floor, peak, strict=True)]
    state = [
        2 if a > max(3, 0.4 * r) else 1 if a > max(2, 0.25 * r) else 0
        for a, r in zip(above, room, strict=True)
    ]
    while True:  # what touches speech and is above the lower threshold is speech
        grown = list(state)
        for place, value in enumerate(state):
            near = state[max(0, place - 1) : place + 2]
            if value == 1 and 2 in near:
                grown[place] = 2
        if grown == state:
            break
        state = grown
    found = [value == 2 for value in state]
    place = 0
    while place < len(found):
        end = place
        while end < len(found) and found[end] == found[place]:
            end += 1
        if not found[place] and place > 0 and end < len(found) and end - place < 10:
            found[place:end] = [True] * (end - place)
        place = end
    heights = [a / max(2, 0.25 * r) for a, r in zip(above, room, strict=True)]
    return heights, found
