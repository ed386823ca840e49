import type { PlannedCall } from '../call-planner.ts';
import type { ConversationHistory } from '../conversation-history.ts';
import type { Utterance } from '../hearing.ts';
import { chooseReply, describeOutcomes, type Reply, type ToolOutcome } from '../offline-agent.ts';
import type { PacedSender, Sent } from '../paced-sender.ts';
import { loadSpeechClips } from '../speech-clips.ts';
import type { ReceivedImage, Turn } from '../turn.ts';
import { generateSpokenAnswer, generateTextAnswer } from './answer-frames.ts';
import type { FunctionResponse } from './client-message.ts';
import type { ServerMessage } from './frames.ts';
import type { GeminiSetup } from './setup.ts';
import { countUsage } from './token-usage.ts';
import { ToolCalls } from './tool-calls.ts';
import { describeSpeech } from './transcript.ts';

/** Input of the user for one turn. */
export interface UserInput {
  readonly text: string;
  readonly utterance?: Utterance | undefined;
  readonly images: readonly ReceivedImage[];
}

export interface TurnTakingOptions {
  readonly service: 'gemini' | 'vertex';
  /** Returns the current setup, whose instruction and tools may change during the session. */
  readonly setup: () => GeminiSetup;
  readonly history: ConversationHistory;
  readonly sender: PacedSender;
  readonly toolWaitMs: number;
  send(message: ServerMessage): void;
  /** Called when the agent starts to work on a reply. */
  onTurnStart(): void;
  /** Called when a turn is complete and its end was sent. May close the connection. */
  onTurnEnd(): void;
}

/** Status of an exchange that goes on. */
const IN_PROGRESS = 'IN_PROGRESS' as const;
/** What a model that thinks in the background says before it is done. */
const FILLER = 'One moment.';
/** Maximum number of times that a call with an empty result is repeated. */
const MAX_REPEATS = 5;
/** Maximum number of actions that wait for the end of a reply. At the limit the oldest is dropped and gets no answer. */
const MAX_WAITING = 8;

/** Decides who speaks: answers the user, handles interruptions and waits for tools. */
export class TurnTaking {
  readonly #options: TurnTakingOptions;
  readonly #toolCalls: ToolCalls;
  readonly #waiting: (() => void)[] = [];
  /** Calls that a model which thinks in the background makes after its first utterance. */
  #plannedCalls: readonly PlannedCall[] = [];
  /** Number of times that calls were repeated because their results were empty. */
  #repeats = 0;
  #busy = false;
  #hasSpoken = false;
  #closed = false;

  constructor(options: TurnTakingOptions) {
    this.#options = options;
    this.#toolCalls = new ToolCalls(options.toolWaitMs, {
      onOutcomes: (outcomes) => this.#onOutcomes(outcomes),
      onNonBlockingResponse: (outcome, scheduling) => {
        if (scheduling === 'SILENT') return;
        if (scheduling === 'INTERRUPT') this.interrupt();
        this.#runWhenIdle(() => this.#onOutcomes([outcome]));
      },
    });
  }

  /** Whether the agent has completed a turn. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  /** Whether the agent is giving a reply, or works on one. */
  get isReplying(): boolean {
    return this.#busy;
  }

  /** Whether the model waits for results of functions, or is about to call them. */
  get hasOpenCalls(): boolean {
    return this.#plannedCalls.length > 0 || this.#toolCalls.hasOpenCalls;
  }

  /** Ends the exchange of a lost connection, whose calls have not been answered. */
  endLostExchange(): void {
    const { setup, send } = this.#options;
    const status = setup().family.thinksInBackground ? { interactionStatus: 'IDLE' as const } : {};
    send({ serverContent: { turnComplete: true, ...status } });
  }

  /** Answers the user. Interrupts the current reply, or waits for its end if the setup forbids interruption. */
  ask(input: UserInput): void {
    if (this.#busy && this.#options.setup().interruptible) this.interrupt();
    this.#runWhenIdle(() => this.#answer(input));
  }

  /** Interrupts the current reply. Does nothing while the agent is idle. */
  interrupt(): void {
    if (!this.#busy) return;
    const { send, sender } = this.#options;
    this.#plannedCalls = [];
    const ids = this.#toolCalls.cancelBlocking();
    if (ids.length > 0) send({ toolCallCancellation: { ids } });
    const sent = sender.stop();
    send({ serverContent: { interrupted: true } });
    this.#endTurn(sent);
  }

  recordToolResponse(response: FunctionResponse): void {
    const isLast = this.#options.setup().family.nonBlocking === 'final only';
    this.#toolCalls.recordResponse(isLast ? { ...response, willContinue: false } : response);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#toolCalls.close();
    this.#options.sender.stop();
  }

  #startTurn(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#options.onTurnStart();
  }

  #runWhenIdle(action: () => void): void {
    if (this.#closed) return;
    if (!this.#busy) {
      action();
      return;
    }
    this.#waiting.push(action);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  #answer({ text, utterance, images }: UserInput): void {
    this.#startTurn();
    const { history, send } = this.#options;
    const { family, instruction, tools, modality, transcribeInput } = this.#options.setup();
    const transcript = utterance ? describeSpeech(utterance.seconds) : '';
    const isEmpty = text.trim() === '' && utterance === undefined && images.length === 0;
    const reply: Reply =
      isEmpty && family.fillsEmptyTurns
        ? { type: 'answer', text: FILLER }
        : chooseReply({
            text,
            speechSeconds: utterance?.seconds,
            images,
            history: history.turns,
            instruction,
            functions: tools.functions,
            canSearch: tools.canSearch,
            modality,
          });
    history.add(createUserTurn(text || transcript, utterance, images));
    if (family.thinksInBackground) send({ interactionStatus: IN_PROGRESS });
    if (utterance && transcribeInput) send({ serverContent: { inputTranscription: { text: transcript } } });
    if (reply.type === 'answer') {
      this.#speak(reply.text, reply.playsBack ? utterance?.samples : undefined);
      return;
    }
    if (family.thinksInBackground) {
      this.#plannedCalls = reply.calls;
      this.#speak(FILLER);
    } else this.#call(reply.calls);
  }

  #call(calls: readonly PlannedCall[]): void {
    const { thinksInBackground } = this.#options.setup().family;
    // The calls of a model that thinks in the background belong to no turn: it speaks again when a result arrives.
    if (!thinksInBackground) this.#startTurn();
    this.#options.send({ toolCall: { functionCalls: this.#toolCalls.start(calls) } });
    if (!thinksInBackground && !this.#toolCalls.isBlocked) this.#speak('I asked the tool.');
  }

  #onOutcomes(outcomes: readonly ToolOutcome[]): void {
    const isEmpty = outcomes.every(
      ({ response }) => response && Object.values(response).every((value) => value === null),
    );
    if (isEmpty && this.#options.setup().family.repeatsEmptyResults && this.#repeats < MAX_REPEATS) {
      this.#repeats += 1;
      this.#call(outcomes.map(({ name }) => ({ name, args: {}, nonBlocking: false })));
      return;
    }
    this.#repeats = 0;
    this.#speak(describeOutcomes(outcomes));
  }

  #speak(text: string, playback?: Int16Array): void {
    this.#startTurn();
    const { service, sender } = this.#options;
    const { modality, transcribeOutput } = this.#options.setup();
    const onEnd = (sent: Sent) => this.#endTurn(sent);
    if (modality === 'TEXT') {
      sender.play(generateTextAnswer(text), onEnd);
      return;
    }
    // Vertex leaves the rate out, as recordings show.
    const mimeType = service === 'vertex' ? 'audio/pcm' : 'audio/pcm;rate=24000';
    const spoken = { text, playback, transcribe: transcribeOutput, mimeType };
    sender.play(generateSpokenAnswer(spoken, loadSpeechClips()), onEnd);
  }

  #endTurn({ words, speechMs }: Sent): void {
    const { service, history, send } = this.#options;
    const { family, instruction, modality } = this.#options.setup();
    const speechSeconds = speechMs / 1000;
    const calls = this.#plannedCalls;
    const isIdle = family.thinksInBackground && calls.length === 0 && !this.#toolCalls.hasOpenCalls;
    const usage = countUsage(service, instruction, history.turns, { text: words, speechSeconds, modality });
    if (words !== '') history.add({ role: 'model', text: words, ...(modality === 'AUDIO' ? { speechSeconds } : {}) });
    this.#busy = false;
    this.#hasSpoken = true;
    // Each end of a turn tells whether the exchange goes on (LiveServerContent in @google/genai).
    const status = family.thinksInBackground ? { interactionStatus: isIdle ? ('IDLE' as const) : IN_PROGRESS } : {};
    send({ serverContent: { turnComplete: true, ...status }, usageMetadata: usage });
    this.#options.onTurnEnd();
    this.#plannedCalls = [];
    if (calls.length > 0) this.#call(calls);
    else this.#waiting.shift()?.();
  }
}

function createUserTurn(text: string, utterance: Utterance | undefined, images: readonly ReceivedImage[]): Turn {
  return {
    role: 'user',
    text,
    ...(utterance ? { speechSeconds: utterance.seconds } : {}),
    ...(images.length > 0 ? { images } : {}),
  };
}
