#!/bin/sh
# Makes the prompt clips again: one WAV file for each line of the dialog crate's catalog.
#
#   ./make.sh en            needs flite and sox (Debian packages of those names)
#   ./make.sh ja            needs sox and the Python package pyopenjtalk-plus; PYTHON names the interpreter that has it
#   ./make.sh ja yen won    these clips alone
#
# The same versions make the same bytes.
set -eu

language=${1:?which language: en or ja}
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$here/../../.."
cargo run -q -p paytone-dialog --example catalog -- "$language" >"$work/catalog"
if [ $# -gt 0 ]; then
    for name in "$@"; do
        awk -F '\t' -v name="$name" '$1 == name' "$work/catalog"
    done >"$work/wanted"
    mv "$work/wanted" "$work/catalog"
else
    rm -f "$here/$language"/*.wav
fi
mkdir -p "$here/$language" "$work/spoken"

# Speaks every line of the catalog into a file of the clip's name.
case $language in
en)
    tab=$(printf '\t')
    while IFS="$tab" read -r name text _; do
        flite -voice slt -t "$text" "$work/spoken/$name.wav" </dev/null
    done <"$work/catalog"
    ;;
ja) "${PYTHON:-python3}" "$here/speak_ja.py" "$work/spoken" <"$work/catalog" ;;
*) echo "no such language: $language" >&2 && exit 1 ;;
esac

cut -f 1 "$work/catalog" | while read -r name; do
    # Silence is cut at both ends except for 30 ms, before the telephone rate takes away most of an "s".
    # No dither, so that the bytes are the same each time; peak at -6 dB.
    sox -D "$work/spoken/$name.wav" -b 16 -c 1 "$here/$language/$name.wav" \
        gain -n -6 silence 1 0.005 0.3% reverse silence 1 0.005 0.3% reverse \
        pad 0.03 0.03 rate -h 8000 gain -n -6 </dev/null
done
