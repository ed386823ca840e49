import type { ModelConnection } from '../../models/realtime-model.ts';
import { textLength } from '../../wire/byte-size.ts';
import type { Blob, LiveRequest } from '../../wire/live-request.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import { isFrame, sendRequest } from './send-request.ts';
import { SpokenInput } from './spoken-input.ts';
import type { LiveTurn } from './turn-state.ts';

export interface InputSenderOptions {
  readonly turn: LiveTurn;
  readonly replayBuffer: ReplayBuffer;
  /** Whether the model can be told how much of a reply the user heard. */
  readonly canTruncate: boolean;
  /** Whether the model may stay silent on purpose when it is spoken to. */
  readonly proactive: boolean;
  /** Called when a question was sent: text, or the end of speech. */
  readonly onQuestion: () => void;
}

/** Sends input of the user to the model, after the turn and the replay buffer have counted it. */
export class InputSender {
  readonly #options: InputSenderOptions;
  /** Number of the input with the beginning of a message whose end was not sent, or 0. */
  #partialInput = 0;
  readonly #speech = new SpokenInput();

  constructor(options: InputSenderOptions) {
    this.#options = options;
  }

  /** Whether the beginning of a message was sent, and neither its end nor an answer has followed. */
  get holdsText(): boolean {
    return this.#partialInput > this.#options.turn.state.settledInputs;
  }

  /** @param eventId event of the message that the input contains */
  send(connection: ModelConnection, input: LiveRequest, eventId?: string): void {
    const { turn, canTruncate } = this.#options;
    this.#record(input, eventId);
    sendRequest(connection, input, canTruncate ? { itemId: turn.state.audioItemId } : undefined);
  }

  /** Sends a frame of what the user shows. Without a connection the frame is replayed on the next one. */
  sendFrame(connection: ModelConnection | undefined, image: Blob): void {
    const frame = { blob: image };
    this.#record(frame);
    if (connection) sendRequest(connection, frame);
  }

  #record(input: LiveRequest, eventId?: string): void {
    const { turn, replayBuffer, onQuestion } = this.#options;
    if (input.interrupt) {
      turn.apply({ type: 'stop_requested' });
      return;
    }
    const hasText = textLength(input.content) > 0;
    // The model does not answer the beginning of a message.
    const isQuestion = (hasText && !input.partial) || input.respond !== undefined;
    turn.apply({ type: 'input_recorded', hasText: isQuestion });
    replayBuffer.recordInput(input, eventId);
    // The model answers the message together with the speech.
    if (isQuestion || input.activity_end) this.#partialInput = 0;
    else if (hasText) this.#partialInput = turn.state.inputs;
    const endsSpeech = this.#followSpeech(input);
    if (endsSpeech) turn.apply({ type: 'speech_ended' });
    // Audio alone proves nothing: an open microphone sends it all the time.
    if (isQuestion || endsSpeech) onQuestion();
  }

  /** @returns whether the input ends speech of the user that is a question for the model */
  #followSpeech({ blob, activity_end, audio_stream_end }: LiveRequest): boolean {
    const { turn, proactive } = this.#options;
    if (proactive) return false;
    // What is said into an answer, or was transcribed, is followed by other means.
    if (turn.state.phase !== 'idle') this.#speech.reset();
    else if (blob && !isFrame(blob)) this.#speech.add(blob);
    if (!activity_end && !audio_stream_end) return false;
    const { isSpoken } = this.#speech;
    this.#speech.reset();
    return isSpoken;
  }
}
