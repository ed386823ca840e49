import { signal } from '@preact/signals';
import type { Traffic } from '../../client/index.ts';
import { SPEECH_LEVEL } from '../voice/hearing-detector.ts';

/** Measurements of a conversation. `undefined`: nothing was measured yet. */
export interface Measured {
  /** Time from the end of the user's input to the first audio of the answer, in ms. */
  readonly firstAudioMs?: number;
  /** Time from the end of the user's input to the first words of the answer, in ms. */
  readonly firstTextMs?: number;
  /** Tokens of the last turn that reported them, and of all turns. */
  readonly lastTokens?: number;
  readonly allTokens?: number;
}

/** Measures how soon answers begin, from what travels and from the level of the microphone. */
export class Measurements {
  readonly values = signal<Measured>({});
  readonly #now: () => number;
  #inputAt: number | undefined;
  /** Kinds of output that the current turn has had. */
  #begun = new Set<'firstAudioMs' | 'firstTextMs'>();

  /** @param now clock that only goes forward, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  onMicrophoneLevel(level: number): void {
    if (level >= SPEECH_LEVEL) this.#inputAt = this.#now();
  }

  onTraffic({ name, data }: Traffic): void {
    if (name === 'post' && hasMessage(data)) this.#inputAt = this.#now();
    else if (name === 'usage') this.#addTokens(Number(Object(data).total_tokens) || 0);
    else if (name === 'message') this.#onMessage(Object(data));
  }

  #onMessage(message: {
    readonly mime_type?: unknown;
    readonly turn_complete?: unknown;
    readonly interrupted?: unknown;
  }) {
    const { mime_type, turn_complete, interrupted } = message;
    if (turn_complete || interrupted) this.#begun = new Set();
    else if (typeof mime_type === 'string')
      this.#onOutput(mime_type.startsWith('audio/') ? 'firstAudioMs' : 'firstTextMs');
  }

  #onOutput(kind: 'firstAudioMs' | 'firstTextMs'): void {
    if (this.#begun.has(kind) || this.#inputAt === undefined) return;
    this.#begun.add(kind);
    this.values.value = { ...this.values.value, [kind]: Math.round(this.#now() - this.#inputAt) };
  }

  #addTokens(tokens: number): void {
    const { allTokens = 0 } = this.values.value;
    this.values.value = { ...this.values.value, lastTokens: tokens, allTokens: allTokens + tokens };
  }
}

/** Whether the items of a POST have something that the user has typed or shown. */
function hasMessage(items: unknown): boolean {
  return Array.isArray(items) && items.some((item) => 'mime_type' in Object(item) || 'content' in Object(item));
}
