import type { ConversationHistory } from '../conversation-history.ts';
import { Hearing, type PcmChunk, type Utterance } from '../hearing.ts';
import type { PacedSender } from '../paced-sender.ts';
import { loadSpeechClips } from '../speech-clips.ts';
import type { ReceivedImage } from '../turn.ts';
import type { ClientMessage, FunctionResponse, RealtimeInput } from './client-message.ts';
import type { ReceivedContent } from './content.ts';
import { fitHistory } from './context-window.ts';
import type { ServerMessage } from './frames.ts';
import { invalidArgument } from './refusal.ts';
import type { GeminiSetup } from './setup.ts';
import { readTools } from './tools.ts';
import { describeSpeech } from './transcript.ts';
import { TurnTaking } from './turn-taking.ts';

export interface GeminiSessionOptions {
  readonly setup: GeminiSetup;
  readonly service: 'gemini' | 'vertex';
  readonly history: ConversationHistory;
  /** Whether the session was resumed while it waited for results of functions. Its first input ends that exchange and is not answered. */
  readonly awaitsLostCalls: boolean;
  readonly sender: PacedSender;
  readonly toolWaitMs: number;
  send(message: ServerMessage): void;
  /** Called when the client changes the instruction. */
  onInstruction(instruction: string): void;
  onTurnStart(): void;
  onTurnEnd(): void;
}

/** Maximum number of images stored until the next turn. At the limit the oldest image is discarded. */
const MAX_IMAGES = 16;
/** Maximum number of characters of text within an activity. The rest is discarded. */
const MAX_ACTIVITY_TEXT = 8_192;

/** The conversation on a connection after setup is complete. */
export class GeminiSession {
  readonly #options: GeminiSessionOptions;
  readonly #turns: TurnTaking;
  readonly #hearing: Hearing;
  #setup: GeminiSetup;
  /** Whether the next client content is history that gets no answer. */
  #seeding: boolean;
  #awaitsLostCalls: boolean;
  #images: ReceivedImage[] = [];
  /** Text received between activityStart and activityEnd. Undefined outside of an activity. */
  #activityText: string | undefined;

  constructor(options: GeminiSessionOptions) {
    this.#options = options;
    this.#setup = options.setup;
    this.#seeding = options.setup.seedsHistory;
    this.#awaitsLostCalls = options.awaitsLostCalls;
    // Load the clips now, so that missing clips refuse the session instead of its first answer.
    if (options.setup.modality === 'AUDIO') loadSpeechClips();
    this.#turns = new TurnTaking({ ...options, setup: () => this.#setup });
    this.#hearing = new Hearing(options.setup.activityDetection, {
      onSpeechStart: (offset) => this.#onSpeechStart(offset),
      onSpeechContinues: (seconds) => this.#onSpeechContinues(seconds),
      onUtterance: (utterance, offset) => this.#onUtterance(utterance, offset),
    });
  }

  /** Whether the model waits for results of functions, or is about to call them. */
  get hasOpenCalls(): boolean {
    return this.#turns.hasOpenCalls;
  }

  /** Handles a message of the client. @throws {GeminiRefusal} for a message that the setup does not allow */
  handleMessage(message: ClientMessage): void {
    switch (message.type) {
      case 'clientContent':
        this.#handleClientContent(message.turns, message.turnComplete);
        return;
      case 'realtimeInput':
        this.#handleRealtimeInput(message);
        return;
      case 'toolResponse':
        for (const response of message.responses) this.#handleToolResponse(response);
        return;
      case 'contextUpdate':
        if (message.instruction !== undefined) this.#options.onInstruction(message.instruction);
        this.#setup = {
          ...this.#setup,
          instruction: message.instruction ?? this.#setup.instruction,
          tools:
            message.tools === undefined
              ? this.#setup.tools
              : readTools(message.tools, 'context_update.tools', this.#setup.family),
        };
    }
  }

  close(): void {
    this.#turns.close();
  }

  #handleToolResponse(response: FunctionResponse): void {
    if (response.isScheduled && this.#setup.family.refusesScheduling)
      throw invalidArgument('Function response scheduling is not supported for this model.');
    const { resultMedia } = this.#setup.family;
    const refused = response.media.find(({ mimeType }) => !resultMedia.includes(mimeType));
    if (refused)
      throw invalidArgument(`Unsupported mime type in function response: '${refused.mimeType.slice(0, 40)}'.`);
    this.#turns.recordToolResponse(response);
  }

  #onSpeechStart(offsetSeconds: number): void {
    this.#signalActivity('ACTIVITY_START', offsetSeconds);
    if (this.#setup.interruptible) this.#turns.interrupt();
  }

  #onSpeechContinues(seconds: number): void {
    const { family, transcribeInput } = this.#setup;
    if (!family.sendsInterimTranscripts || !transcribeInput) return;
    this.#options.send({ serverContent: { interimInputTranscription: { text: describeSpeech(seconds) } } });
  }

  #onUtterance(utterance: Utterance, offsetSeconds: number): void {
    this.#signalActivity('ACTIVITY_END', offsetSeconds);
    const text = this.#activityText ?? '';
    this.#activityText = undefined;
    // An activity may hold text and no audio.
    this.#ask(text, this.#takeImages(), utterance.seconds === 0 && text !== '' ? undefined : utterance);
  }

  #signalActivity(type: 'ACTIVITY_START' | 'ACTIVITY_END', offsetSeconds: number): void {
    if (!this.#setup.signalsVoiceActivity) return;
    this.#options.send({ voiceActivity: { type, audioOffset: `${Number(offsetSeconds.toFixed(3))}s` } });
  }

  #ask(text: string, images: readonly ReceivedImage[], utterance?: Utterance): void {
    fitHistory(this.#options.history, this.#setup.instruction, this.#setup.compression);
    if (this.#awaitsLostCalls) {
      this.#awaitsLostCalls = false;
      this.#turns.endLostExchange();
      return;
    }
    this.#turns.ask({ text, utterance, images });
  }

  #takeImages(): readonly ReceivedImage[] {
    const images = this.#images;
    this.#images = [];
    return images;
  }

  #handleClientContent(contents: readonly ReceivedContent[], turnComplete: boolean): void {
    const { history } = this.#options;
    const { family } = this.#setup;
    if (this.#turns.hasSpoken && family.contentSeedsOnly)
      throw invalidArgument('Request contains an invalid argument.');
    if (family.cancelsByEmptyContent && contents.length === 0 && turnComplete && this.#turns.isReplying) {
      this.#turns.interrupt();
      return;
    }
    // "A message here will interrupt any current model generation", whatever activityHandling says.
    this.#turns.interrupt();
    for (const { audio, ...turn } of contents) {
      history.add(audio.length === 0 ? turn : { ...turn, speechSeconds: sumSeconds(audio) });
    }
    if (!turnComplete) return;
    if (this.#seeding) {
      this.#seeding = false;
      return;
    }
    const asked = history.takeUnanswered();
    const spoken = contents.at(-1)?.role === 'user' ? contents.at(-1)?.audio : undefined;
    // A typed message sees the pictures in it, and none of those that were sent as video (pydantic-ai, realtime tests of seven models,
    // measured; live-api-web-console#35).
    this.#ask(asked?.text ?? '', asked?.images ?? [], spoken && spoken.length > 0 ? joinAudio(spoken) : undefined);
  }

  #handleRealtimeInput(input: RealtimeInput): void {
    this.#seeding = false;
    if ((input.activityStart || input.activityEnd) && !this.#options.setup.activityDetection.disabled) {
      throw invalidArgument('Explicit activity control is not supported when automatic activity detection is enabled.');
    }
    if (input.activityStart) {
      this.#activityText = '';
      this.#hearing.startActivity();
    }
    if (input.image) this.#images = [...this.#images.slice(1 - MAX_IMAGES), input.image];
    if (input.audio) this.#hearing.receiveAudio(input.audio);
    if (input.text) this.#handleText(input.text);
    if (input.activityEnd) this.#hearing.endActivity();
    if (input.audioStreamEnd && this.#setup.family.endsSpeechAtStreamEnd) this.#hearing.endStream();
  }

  #handleText(text: string): void {
    if (this.#activityText === undefined) this.#ask(text, this.#takeImages());
    else this.#activityText = `${this.#activityText} ${text}`.trim().slice(0, MAX_ACTIVITY_TEXT);
  }
}

function sumSeconds(audio: readonly PcmChunk[]): number {
  return audio.reduce((sum, { rate, samples }) => sum + samples.length / rate, 0);
}

/** Joins the audio of a message into an utterance, without detection: the message is complete. */
function joinAudio(audio: readonly PcmChunk[]): Utterance {
  let joined: Utterance = { samples: new Int16Array(0), seconds: 0 };
  const whole = { disabled: true, prefixPaddingMs: undefined, silenceDurationMs: undefined } as const;
  const hearing = new Hearing(
    { ...whole, startSensitivity: 'high', endSensitivity: 'high' },
    {
      onSpeechStart() {},
      onUtterance(utterance) {
        joined = utterance;
      },
    },
  );
  hearing.startActivity();
  for (const chunk of audio) hearing.receiveAudio(chunk);
  hearing.endActivity();
  return joined;
}
