#!/bin/sh
# Makes the English prompt clips again: one WAV file for each line of the dialog crate's catalog.
# Needs flite and sox (Debian packages of those names). The same versions make the same bytes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$here/../../.."
cargo run -q -p paytone-dialog --example catalog >"$work/catalog"

mkdir -p "$here/en"
rm -f "$here/en"/*.wav
tab=$(printf '\t')
while IFS="$tab" read -r name text; do
    flite -voice slt -t "$text" "$work/spoken.wav" </dev/null
    # Silence is cut at both ends except for 30 ms, before the telephone rate takes away most of an "s".
    # No dither, so that the bytes are the same each time; peak at -6 dB.
    sox -D "$work/spoken.wav" -b 16 -c 1 "$here/en/$name.wav" \
        gain -n -6 silence 1 0.005 0.3% reverse silence 1 0.005 0.3% reverse \
        pad 0.03 0.03 rate -h 8000 gain -n -6 </dev/null
done <"$work/catalog"
