/** Opens the microphone. `onPcm` gets blocks of 256 bytes: PCM16 of 16 kHz. */
export async function startRecorder(onPcm) {
  const context = new AudioContext({ sampleRate: 16_000 });
  await context.audioWorklet.addModule(new URL('./recorder-worklet.js', import.meta.url));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const recorder = new AudioWorkletNode(context, 'recorder');
  context.createMediaStreamSource(stream).connect(recorder);
  recorder.port.onmessage = ({ data }) => onPcm(Int16Array.from(data, (sample) => sample * 0x7fff).buffer);
}

/** Opens the loudspeaker. @returns the port that takes PCM16 of 24 kHz */
export async function startPlayer() {
  const context = new AudioContext({ sampleRate: 24_000 });
  await context.audioWorklet.addModule(new URL('./player-worklet.js', import.meta.url));
  const player = new AudioWorkletNode(context, 'player');
  player.connect(context.destination);
  return player.port;
}

/** Decodes base64 of either alphabet. */
export function decodeBase64(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    .buffer;
}
