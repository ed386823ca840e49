import { createCaptureFramer } from './capture-framer.ts';

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #framer = createCaptureFramer(sampleRate, (frame) => {
    this.port.postMessage(frame, [frame.pcm.buffer]);
  });

  override process(inputs: Float32Array[][]): boolean {
    const [channels] = inputs;
    if (channels) this.#framer.push(channels);
    return true;
  }
}

registerProcessor('capture', CaptureProcessor);
