// What an AudioWorkletGlobalScope has and TypeScript's DOM library leaves out; https://webaudio.github.io/web-audio-api/

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** The context's rate in Hz. */
declare const sampleRate: number;
