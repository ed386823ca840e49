/** Telephone audio (G.711 µ-law, one byte a sample) as PCM16. */
export function muLawToPcm16(encoded: Uint8Array): Int16Array {
  const pcm = new Int16Array(encoded.length);
  for (let i = 0; i < encoded.length; i++) pcm[i] = DECODED[encoded[i] ?? 0] ?? 0;
  return pcm;
}

const BIAS = 0x84;

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => {
  // G.711 sends every bit inverted, so that silence is a line full of ones.
  const bits = ~byte & 0xff;
  const exponent = (bits >> 4) & 0x07;
  const mantissa = bits & 0x0f;
  const magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
});
