"""Slow reference of AV-HuBERT's filterbank: numpy, 64 bit, one window and one band at a time."""

import math

import numpy as np

FS, WINDOW, HOP, NFFT, NUM_MELS = 16000, 400, 160, 512, 26


def hz_to_mel(hz):
    return 2595 * math.log10(1 + hz / 700)


def mel_to_hz(mel):
    return 700 * (10 ** (mel / 2595) - 1)


def filters():
    top = hz_to_mel(FS / 2)
    points = [mel_to_hz(top * i / (NUM_MELS + 1)) for i in range(NUM_MELS + 2)]
    bins = [math.floor((NFFT + 1) * hz / FS) for hz in points]
    bank = np.zeros((NUM_MELS, NFFT // 2 + 1))
    for m in range(NUM_MELS):
        left, centre, right = bins[m : m + 3]
        for k in range(left, centre):
            bank[m, k] = (k - left) / (centre - left)
        for k in range(centre, right):
            bank[m, k] = (right - k) / (right - centre)
    return bank


def logfbank(wave_int16):
    """(S,) integers -> (1 + ceil((S - 400) / 160), 26)."""
    signal = np.asarray(wave_int16, dtype=np.float64)
    emphasised = [signal[0]]
    for t in range(1, len(signal)):
        emphasised.append(signal[t] - 0.97 * signal[t - 1])
    count = 1 if len(signal) <= WINDOW else 1 + math.ceil((len(signal) - WINDOW) / HOP)
    emphasised += [0.0] * ((count - 1) * HOP + WINDOW - len(emphasised))
    bank, rows = filters(), []
    for n in range(count):
        window = np.array(emphasised[n * HOP : n * HOP + WINDOW])
        power = np.abs(np.fft.rfft(window, NFFT)) ** 2 / NFFT
        energy = bank @ power
        rows.append(np.log(np.where(energy == 0, np.finfo(float).eps, energy)))
    return np.array(rows)
