import type { LiveRequest } from '../../wire/live-request.ts';
import type { InputConverter } from './input-converter.ts';
import type { InputSender } from './input-sender.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import type { RunHistory } from './run-history.ts';
import { awaitsUnheardSpeech, type TurnView } from './turn-state.ts';

export interface ResponseRequestsOptions {
  readonly turn: TurnView;
  readonly converter: Pick<InputConverter, 'isSpeaking' | 'isAudioOpen'>;
  readonly sender: Pick<InputSender, 'holdsText'>;
  readonly replayBuffer: Pick<ReplayBuffer, 'mayHoldSpeech'>;
  readonly history: Pick<RunHistory, 'awaitsReply'>;
  /** Text that makes the model speak first. */
  readonly opening: string;
}

/**
 * Time after which a sound that brought neither words nor an answer counts as noise, in ms. Models recognize the end of speech within 2 s. The same
 * for a question of the history.
 */
const PATIENCE_MS = 5_000;

/**
 * Decides what a request for an answer means. Speech that is open ends, a message that is incomplete is completed. If nothing waits for an answer,
 * the model is asked to speak, as for a greeting. There are never two answers: while an answer is expected or being given, the request has no effect.
 */
export class ResponseRequests {
  readonly #options: ResponseRequestsOptions;
  /** The exchange in which a request relied on an answer without being sure of it, and the time of the request on the monotonic clock, in ms. */
  #reliance: { readonly exchange: number; readonly at: number } | undefined;

  constructor(options: ResponseRequestsOptions) {
    this.#options = options;
  }

  /** @returns what to send to the model in place of the request; `undefined`: nothing */
  resolve(): LiveRequest | undefined {
    const { turn, converter, sender, opening } = this.#options;
    const { phase } = turn.state;
    if (converter.isSpeaking) return { activity_end: {} };
    if (phase === 'replying') return undefined;
    if (sender.holdsText) return { respond: {} };
    if (phase !== 'idle' && !awaitsUnheardSpeech(turn.state)) return undefined;
    if (this.#expectsAnswer()) return converter.isAudioOpen ? { audio_stream_end: true } : undefined;
    return { content: { role: 'user', parts: [{ text: opening }] } };
  }

  /** Whether the model will probably answer although nothing shows it: it may not have recognized the speech yet, or answers the history. */
  #expectsAnswer(): boolean {
    const { turn, replayBuffer, history } = this.#options;
    if (!history.awaitsReply && !replayBuffer.mayHoldSpeech()) return false;
    const { exchange } = turn.state;
    if (this.#reliance?.exchange !== exchange) {
      this.#reliance = { exchange, at: performance.now() };
      return true;
    }
    return performance.now() - this.#reliance.at < PATIENCE_MS;
  }
}
