import { createCaptureFramer } from './capture-framer.ts';
import { CaptureQueue } from './capture-queue.ts';
import type { CaptureCommand, CaptureReport } from './microphone.ts';

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #queue = new CaptureQueue((batch) => this.#report(batch, [batch.pcm.buffer]));
  readonly #framer = createCaptureFramer(sampleRate, (frame) => this.#queue.push(frame));

  constructor() {
    super();
    this.port.onmessage = ({ data: command }: MessageEvent<CaptureCommand>) => {
      if (command === 'received') this.#queue.acknowledge();
      else if (command === 'open') this.#queue.open();
      else {
        this.#queue.close();
        this.#report('closed');
      }
    };
  }

  override process(inputs: Float32Array[][]): boolean {
    const [channels] = inputs;
    if (channels) this.#framer.push(channels);
    return true;
  }

  #report(report: CaptureReport, transfer: Transferable[] = []): void {
    this.port.postMessage(report, transfer);
  }
}

registerProcessor('capture', CaptureProcessor);
