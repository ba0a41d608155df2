# The samples of adctestsrc, computed a second time: written from the definition
# in plugin/adctestsrc/adcnoise.h, and independent of the C that it checks.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples of adctestsrc: samples(seed, first, count, minimum, maximum)."""
import numpy as np

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
BLOCK = 65536
LANES = 16


def _u64(value):
    """A value as uint64 array, so that arithmetic wraps without a warning."""
    return np.atleast_1d(np.asarray(value, dtype=np.uint64))


def _mix64(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _hash(a, b, c):
    golden = np.uint64(GOLDEN)
    return _mix64(_mix64(_mix64(_u64(a) + golden) + _u64(b) + golden) + _u64(c) + golden)


def other_seed(seed):
    """Of a sky: mix64 (seed + G)."""
    return _mix64(_u64(seed) + np.uint64(GOLDEN))[0]


def _rotl(x, k):
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


def _block_words(seed, first_block, blocks, bits):
    """The words of whole blocks, as an array (blocks, BLOCK)."""
    steps = BLOCK * bits // (64 * LANES)
    block = np.arange(blocks, dtype=np.uint64) + np.uint64(first_block)
    h = _hash(seed, np.repeat(block, LANES), np.tile(np.arange(LANES), blocks))
    s = [_mix64(h + np.uint64((i + 1) * GOLDEN & MASK)) for i in range(4)]
    results = np.empty((blocks, steps, LANES), dtype="<u8")
    for step in range(steps):
        results[:, step, :] = (_rotl(s[0] + s[3], 23) + s[0]).reshape(blocks, LANES)
        t = s[1] << np.uint64(17)
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = _rotl(s[3], 45)
    return results.view(f"<u{bits // 8}").reshape(blocks, BLOCK)


def words(seed, first, count, bits):
    """Words first to first + count - 1 of the stream of a seed."""
    first_block, skip = divmod(first, BLOCK)
    blocks = (skip + count + BLOCK - 1) // BLOCK
    return _block_words(seed, first_block, blocks, bits).reshape(-1)[skip : skip + count]


def integers(seed, first, count, minimum=-100, maximum=100):
    """Samples first to first + count - 1 of the stream of a seed, as int64."""
    span = maximum - minimum + 1
    bits = 16 if span <= 256 else 32
    k = 2**bits // span
    index = words(seed, first, count, bits).astype(np.uint64) // np.uint64(k)
    again = np.flatnonzero(index >= span)
    attempt = 1
    while again.size:
        n = again.astype(np.uint64) + np.uint64(first)
        drawn = _hash(seed, n, 15 + attempt) & np.uint64(2**bits - 1)
        index[again] = drawn // np.uint64(k)
        again = again[index[again] >= span]
        attempt += 1
    return index.astype(np.int64) + minimum


def samples(seed, first, count, minimum=-100, maximum=100):
    """The same, as int8."""
    return integers(seed, first, count, minimum, maximum).astype(np.int8)
