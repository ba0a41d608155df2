# The waves of adctestsrc, computed a second time: written from the definition in
# plugin/adctestsrc/adcwave.h, and independent of the C that it checks. The functions of the
# C library are used where the definition leaves the last bit open (erfc), and
# nowhere else.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples of adctestsrc: wave(name, form, seed, first, frames, ...)."""
import math

import numpy as np

from adcnoise import integers, other_seed, words

FORMATS = {"S8": "i1", "S16LE": "<i2", "S16BE": ">i2", "S24LE": "<i3", "S24BE": ">i3",
           "S32LE": "<i4", "S32BE": ">i4", "F32LE": "<f4", "F32BE": ">f4", "F64LE": "<f8",
           "F64BE": ">f8"}
# Bits of a sample.
PACKED = {"S10": 10, "S12": 12}
# AS 241, PPND16.
A = (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
     45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727)
B = (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
     21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610)
C = (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
     3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
     0.0227238449892691845833, 7.74545014278341407640e-4)
D = (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
     0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
     1.05075007164441684324e-9)
E = (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
     0.296560571828504891230, 0.0265321895265761230930, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7)
F = (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15)
SINE = (1.5707963267948966, -0.64596409750624628, 0.079692626246167048, -0.0046817541353186883,
        0.00016044118478735983, -3.5988432352120852e-06, 5.6921729219679268e-08,
        -6.6880351098114677e-10, 6.0669357311061955e-12, -4.3770654673137423e-14,
        2.5714228928604741e-16)


def horner(coefficients, x):
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = coefficient + x * value
    return value


def log(t):
    h, k = np.frexp(t)
    low = h < 0.70710678118654752
    h, k = np.where(low, 2 * h, h), k - low
    u = (h - 1) / (h + 1)
    return k * 0.69314718055994531 + 2 * u * horner([1.0 / i for i in range(1, 24, 2)], u * u)


def exp(y):
    k = math.floor(y / 0.69314718055994531 + 0.5)
    t = y - k * float.fromhex("0x1.62e42fefa38p-1") - k * float.fromhex("0x1.ef35793c7673p-45")
    return 2.0**k * horner([1.0 / math.factorial(i) for i in range(18)], t)


def sine(phase):
    p = phase.view(np.int64)
    p = np.where(p > 2**62, 2**63 - 1 - p + 1, np.where(p < -(2**62), -(2**63) - p, p))
    y = p.astype(np.float64) * 2.0**-62
    return y * horner(SINE, y * y)


def normal(r):
    """The gaussian numbers of words."""
    m = 2 * (r >> np.uint64(11)).astype(np.int64) + 1 - 2**53
    q, t = m * 2.0**-54, (2**53 - np.abs(m)) * 2.0**-54
    x = 0.180625 - q * q
    y = np.sqrt(-log(t))
    near = horner(C, y - 1.6) / horner(D, y - 1.6)
    far = horner(E, y - 5.0) / horner(F, y - 5.0)
    tail = np.where(y <= 5, near, far)
    return np.where(np.abs(q) <= 0.425, q * horner(A, x) / horner(B, x),
                    np.where(q < 0, -tail, tail))


def gaussian_words(sd):
    """How many of the 2^32 words each value has."""
    def exceeds(x):
        return math.erfc(x / math.sqrt(2)) / 2 if sd else 0.0
    edges = [exceeds((v - 0.5) / (sd or 1)) for v in range(1, 128)]
    p = [edges[i] - edges[i + 1] for i in range(126)]
    low = p + [edges[126] - exceeds(127.5 / (sd or 1)), exceeds(127.5 / (sd or 1))]
    numbers = [math.floor(x * 2**32 + 0.5)
               for x in (*low[::-1], 1 - 2 * edges[0], *p, edges[126])]
    numbers[numbers.index(max(numbers))] += 2**32 - sum(numbers)
    return numbers


def gaussian_s8(sd, seed, first, count):
    left, keep, alias, still = gaussian_words(sd), [0] * 256, [0] * 256, list(range(256))
    while still:
        s, l = min(still, key=lambda j: (left[j], j)), min(still, key=lambda j: (-left[j], j))
        keep[s], alias[s] = left[s], l
        left[l] -= 2**24 - left[s]
        still.remove(s)
    r = words(seed, first, count, 32)
    j = (r & np.uint32(255)).astype(np.int64)
    return np.where((r >> np.uint32(8)) < np.array(keep)[j], j, np.array(alias)[j]) - 128


LOW = np.array([13, 14, 22, 24, 30, 35, 36, 127] + [-13, -14, -22, -24, -30, -35, -36, -127])
HIGH = np.array([11, 32, 41, 43, 48, 61, 78, 127] + [-11, -32, -41, -43, -48, -61, -78, -127])
WEIGHTS = ((31, 27), (26, 33), (32, 35), (34, 34))
MEAN_SQUARE = 1795970000315.125


def halves(r):
    """p and q of words of 32 bits: adcsky.h."""
    octets = r.astype("<u4").view(np.uint8).reshape(-1, 4)
    part = [low * LOW[octets[:, i] % 16] + high * HIGH[octets[:, i] // 16]
            for i, (low, high) in enumerate(WEIGHTS)]
    return part[0] + part[1], part[2] + part[3]


def sky(seed, first, frames):
    """The words of the sky of a seed, from a frame on that may be negative."""
    first %= 2**64
    before = min(frames, 2**64 - first)
    drawn = [words(other_seed(seed), first, before, 32)] if before else []
    if frames > before:
        drawn.append(words(other_seed(seed), 0, frames - before, 32))
    return np.concatenate(drawn)


def correlated(form, sd, seed, n, count, correlation, shared):
    """Gaussian counts, of which a part is the sky's: its word for each sample."""
    p, q = halves(shared)
    if form != "S8":
        own = sd * math.sqrt(1 - correlation) * normal(words(seed, n, count, 64))
        return sd * math.sqrt(correlation / MEAN_SQUARE) * (256 * p + 257 * q) + own
    d = min(sd, 2.0**26) / math.sqrt(MEAN_SQUARE)
    s = next((s for s in range(29, 1, -1) if 257 * d * 2**s <= 32767), 1)
    a, b, e, h = (math.floor(factor * (d * 2**s) * math.sqrt(c) + 0.5)
                  for c in (correlation, 1 - correlation) for factor in (256, 257))
    own_p, own_q = halves(words(seed, n, count, 32))
    return np.clip((a * p + b * q + e * own_p + h * own_q + 2**(s - 1)) >> s, -128, 127)


def signal(name, f, rate, sd, freq, snr, tones):
    """The part that is the same in all channels, and the noise's deviation."""
    ratio = exp(snr * 0.23025850929940458)
    power = sd * sd * (ratio / (1 + ratio))
    q = freq / rate
    increment = int((q - math.floor(q)) * 2.0**64) if freq else 2**56
    phi = f * np.uint64(increment)
    if name == "sine":
        s = math.sqrt(2 * power) * sine(phi)
    elif name == "tones":
        s = math.sqrt(2 * power / tones) * sum(
            sine(np.uint64(k) * phi + np.uint64(k * (k - 1) * (2**63 // tones) % 2**64))
            for k in range(1, tones + 1))
    else:
        s = np.where(phi < np.uint64(max(2**58, increment)), math.sqrt(power), 0.0)
    return s, math.sqrt(sd * sd / (1 + ratio))


def bits_of(form):
    """Of an integer format, the bits of a sample."""
    return PACKED.get(form) or 8 * int(FORMATS[form][-1])


def pack(counts, bits):
    """The lowest bits of integers, one behind the other, the highest first."""
    places = np.arange(bits - 1, -1, -1)
    return np.packbits((counts[:, np.newaxis] >> places & 1).astype(np.uint8)).tobytes()


def unpack(octets, bits):
    """The samples of whole bytes."""
    digits = np.unpackbits(np.frombuffer(octets, np.uint8)).reshape(-1, bits).astype(np.int64)
    counts = digits @ (1 << np.arange(bits - 1, -1, -1))
    return counts - (digits[:, 0] << bits)


def encode(counts, form):
    """Counts, integers or real, in the bytes of a format."""
    if form[0] == "F":
        return (counts / 128).astype(FORMATS[form]).tobytes()
    limit = 2 ** (bits_of(form) - 1)
    if counts.dtype.kind == "f":
        counts = np.floor(counts + 0.5)
        counts = np.clip(counts, -limit, limit - 1).astype(np.int64)
    if form in PACKED:
        return pack(counts, PACKED[form])
    kind = FORMATS[form]
    if kind[-1] != "3":
        return counts.astype(kind).tobytes()
    octets = counts.astype(">i4" if kind[0] == ">" else "<i4").view(np.uint8).reshape(-1, 4)
    return (octets[:, 1:] if kind[0] == ">" else octets[:, :3]).tobytes()


def wave(name, form, seed, first, frames, channels=1, rate=1712000000, minimum=-100, maximum=100,
         sd=20.0, freq=0.0, snr=20.0, tones=8, correlation=0.0, sky_seed=0, delay=0):
    """The bytes of frames first to first + frames - 1."""
    n, count = first * channels, frames * channels
    if name == "uniform":
        counts = integers(seed, n, count, minimum, maximum)
    elif name == "silence":
        counts = np.zeros(count, dtype=np.int64)
    elif name == "ramp":
        bits = {"F32": 24, "F64": 53}.get(form[:3]) or bits_of(form)
        counts = (np.arange(count, dtype=np.uint64) + np.uint64(n)) % np.uint64(2**bits)
        counts = counts.astype(np.int64)
        counts -= (counts >= 2 ** (bits - 1)) * 2**bits
        if form[0] == "F":
            counts = counts * 2.0 ** (8 - bits)
    elif name == "gaussian" and correlation:
        shared = np.repeat(sky(sky_seed, first - delay, frames), channels)
        counts = correlated(form, sd, seed, n, count, correlation, shared)
    elif name == "gaussian" and form == "S8":
        counts = gaussian_s8(sd, seed, n, count)
    elif name == "gaussian":
        counts = sd * normal(words(seed, n, count, 64))
    else:
        f = np.arange(frames, dtype=np.uint64) + np.uint64(first)
        s, sn = signal(name, f, rate, sd, freq, snr, tones)
        counts = np.repeat(s, channels) + sn * normal(words(seed, n, count, 64))
    return encode(counts, form)
