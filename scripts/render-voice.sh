#!/usr/bin/env bash
# Renders the emulator's vocabulary (src/emulator/voice/phrases.txt) to speech. Run after changing a phrase; its output is
# committed, so neither users nor CI need the tools: espeak-ng (GPL; what it says is not) and sox.
# Debian: apt-get install espeak-ng sox
#
#   clips.ulaw  every clip after the other: G.711 mu-law, 16 kHz, mono, no header
#   clips.json  where each clip lies in it: {"rate":16000,"clips":[{"text","start","length"},…]}, in samples
set -euo pipefail

voice=${VOICE:-en-us+f3}
words_a_minute=${SPEED:-176}
rate=16000
level_db=-21 # RMS of every clip: what a telephone headset delivers, with room for peaks

folder=$(cd "$(dirname "$0")/../src/emulator/voice" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start=0
: >"$work/clips.ulaw"
: >"$work/index"
while IFS='|' read -r text spoken; do
  text=$(sed 's/^ *//; s/ *$//' <<<"$text")
  case $text in '' | '#'*) continue ;; esac
  espeak-ng -v "$voice" -s "$words_a_minute" -w "$work/raw.wav" -- "${spoken:-$text}"
  # Trimmed at both ends (the agent sets its own pauses), without rumble, ends faded against clicks.
  sox "$work/raw.wav" -b 16 "$work/clean.wav" rate -h $rate highpass 70 \
    silence 1 0.005 0.4% reverse silence 1 0.005 1% fade q 0.006 reverse fade q 0.003
  rms=$(sox "$work/clean.wav" -n stats 2>&1 | awk '/^RMS lev dB/ {print $4}')
  gain=$(awk -v have="$rms" -v want=$level_db 'BEGIN {print want - have}')
  sox "$work/clean.wav" -t ul -r $rate -c 1 "$work/clip.ulaw" gain -l "$gain"
  length=$(stat -c %s "$work/clip.ulaw")
  cat "$work/clip.ulaw" >>"$work/clips.ulaw"
  printf '    { "text": "%s", "start": %d, "length": %d }\n' "${text//\"/\\\"}" "$start" "$length" >>"$work/index"
  start=$((start + length))
done <"$folder/phrases.txt"

{
  printf '{\n  "rate": %d,\n  "clips": [\n' $rate
  sed '$!s/$/,/' "$work/index"
  printf '  ]\n}\n'
} >"$folder/clips.json"
cp "$work/clips.ulaw" "$folder/clips.ulaw"
printf '%d clips, %d bytes, %s s\n' "$(wc -l <"$work/index")" "$start" "$(awk -v n="$start" -v r=$rate 'BEGIN {printf "%.1f", n / r}')"
