// Globals of an AudioWorkletGlobalScope that TypeScript's DOM library lacks. See https://webaudio.github.io/web-audio-api/

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Sample rate of the audio context, in Hz. */
declare const sampleRate: number;
