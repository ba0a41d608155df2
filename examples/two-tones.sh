#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# two-tones.sh PORT RATE: sends 4 million int8 samples at 20 MHz that are worth
# a look, the same in every run. Noise is the sum of three uniform ones, and so
# nearly normal, with a standard deviation of 16.5 steps of the ADC. In it are a
# tone of 3.2 MHz, 16 steps high, and one of 7.1 MHz that is one step high: it
# shows only when many spectra are averaged.
set -eu
port=${1:-8888}
rate=${2:-10e6}

samples="samplesperbuffer=65536 num-buffers=64"
noise="adctestsrc minimum=-16 maximum=16 $samples"
tone="audiotestsrc $samples"
as_int8="audio/x-raw,format=S8,rate=20000000,channels=1"
as_float="audio/x-raw,format=F32LE,rate=20000000,channels=1"

# A heap is what audiomixer makes in 3276800 ns: 65536 samples of 50 ns.
exec gst-launch-1.0 -q audiomixer name=sum output-buffer-duration=3276800 \
  ! "$as_float" ! audioconvert dithering=none ! "$as_int8" \
  ! spead2sink port="$port" rate="$rate" burst-size=16384 \
  $noise seed=1 ! "$as_int8" ! sum. \
  $noise seed=2 ! "$as_int8" ! sum. \
  $noise seed=3 ! "$as_int8" ! sum. \
  $tone freq=3200000 volume=0.125 ! "$as_float" ! sum. \
  $tone freq=7100000 volume=0.0078125 ! "$as_float" ! sum.
