/** A sine of the given amplitude. */
export function tone(hz: number, sampleRate: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length: Math.round(sampleRate * seconds) }, (_, i) => {
    return amplitude * Math.sin((2 * Math.PI * hz * i) / sampleRate);
  });
}

/** The amplitude of one frequency (Goertzel's correlation under a Hann window, so that neighbours do not leak in). */
export function amplitudeAt(hz: number, samples: Float32Array, sampleRate: number): number {
  let real = 0;
  let imaginary = 0;
  let weight = 0;
  samples.forEach((sample, i) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length);
    const angle = (2 * Math.PI * hz * i) / sampleRate;
    real += window * sample * Math.cos(angle);
    imaginary += window * sample * Math.sin(angle);
    weight += window;
  });
  return (2 * Math.hypot(real, imaginary)) / weight;
}

export function decibels(ratio: number): number {
  return 20 * Math.log10(Math.max(ratio, 1e-12));
}

/** Without the start and end, where a filter runs in from and out to silence. */
export function middle(samples: Float32Array): Float32Array {
  const margin = Math.floor(samples.length / 10);
  return samples.subarray(margin, samples.length - margin);
}
