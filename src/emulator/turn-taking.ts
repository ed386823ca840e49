import { answerInSpeech, answerInText } from './answer-frames.ts';
import type { ConversationHistory } from './conversation-history.ts';
import type { FunctionResponse } from './gemini-client-message.ts';
import type { Turn } from './gemini-content.ts';
import type { ServerMessage } from './gemini-frames.ts';
import type { ReceivedImage } from './gemini-media.ts';
import type { GeminiSetup } from './gemini-setup.ts';
import type { Utterance } from './hearing.ts';
import { replyTo, tellOutcomes } from './offline-agent.ts';
import type { PacedSender, Sent } from './paced-sender.ts';
import { speechClips } from './speech-clips.ts';
import { countUsage } from './token-usage.ts';
import { createToolCalls } from './tool-calls.ts';

/** What the user says in one go. */
export interface UserInput {
  readonly text: string;
  readonly utterance?: Utterance | undefined;
  readonly images: readonly ReceivedImage[];
}

/** Who speaks when: answers the user, lets itself be interrupted, waits for tools. */
export interface TurnTaking {
  /** Answers; a reply being given is interrupted, or, where setup forbids that, finished before. */
  ask(input: UserInput): void;
  /** Stops a reply being given, if there is one. */
  interrupt(): void;
  takeToolResponse(response: FunctionResponse): void;
  /** The agent has had a turn. */
  readonly hasSpoken: boolean;
  close(): void;
}

export interface TurnTakingOptions {
  readonly service: 'gemini' | 'vertex';
  /** Its instruction and tools may change in mid-session. */
  readonly setup: () => GeminiSetup;
  readonly history: ConversationHistory;
  readonly sender: PacedSender;
  readonly toolWaitMs: number;
  readonly headStartMs: number;
  send(message: ServerMessage): void;
  /** The agent begins to work on a reply. */
  onTurnStart(): void;
  /** A turn is complete and told. May close everything. */
  onTurnEnd(): void;
}

/** What may wait for the end of a reply that must not be interrupted; beyond that the oldest is dropped, unanswered. */
const MAX_WAITING = 8;

export function createTurnTaking(options: TurnTakingOptions): TurnTaking {
  const { service, setup, history, sender, send, headStartMs } = options;
  const toolCalls = createToolCalls(options.toolWaitMs, {
    onOutcomes: (outcomes) => speak(tellOutcomes(outcomes)),
    onNews(outcome, scheduling) {
      if (scheduling === 'SILENT') return;
      if (scheduling === 'INTERRUPT') interrupt();
      whenIdle(() => speak(tellOutcomes([outcome])));
    },
  });
  const waiting: (() => void)[] = [];
  let busy = false;
  let hasSpoken = false;
  let closed = false;

  function begin(): void {
    if (busy) return;
    busy = true;
    options.onTurnStart();
  }

  function whenIdle(action: () => void): void {
    if (closed) return;
    if (!busy) {
      action();
      return;
    }
    waiting.push(action);
    if (waiting.length > MAX_WAITING) waiting.shift();
  }

  function ask(input: UserInput): void {
    if (busy && setup().interruptible) interrupt();
    whenIdle(() => answer(input));
  }

  function answer({ text, utterance, images }: UserInput): void {
    begin();
    const { instruction, tools, modality, transcribeInput } = setup();
    const transcript = utterance ? `${utterance.seconds.toFixed(1)} s of speech` : '';
    const reply = replyTo({
      text,
      speechSeconds: utterance?.seconds,
      images,
      history: history.turns,
      instruction,
      functions: tools.functions,
      canSearch: tools.canSearch,
      modality,
    });
    history.add(userTurn(text || transcript, utterance, images));
    if (utterance && transcribeInput) send({ serverContent: { inputTranscription: { text: transcript } } });
    if (reply.type === 'answer') {
      speak(reply.text, reply.playsBack ? utterance?.samples : undefined);
      return;
    }
    send({ toolCall: { functionCalls: toolCalls.begin(reply.calls) } });
    if (!toolCalls.blocking) speak('I asked the tool.');
  }

  function speak(text: string, playback?: Int16Array): void {
    begin();
    const { modality, transcribeOutput } = setup();
    if (modality === 'TEXT') {
      sender.play(answerInText(text), 0, endTurn);
      return;
    }
    // As recorded: Vertex leaves the rate out.
    const mimeType = service === 'vertex' ? 'audio/pcm' : 'audio/pcm;rate=24000';
    const spoken = { text, playback, transcribe: transcribeOutput, mimeType, headStartMs };
    sender.play(answerInSpeech(spoken, speechClips()), headStartMs, endTurn);
  }

  function interrupt(): void {
    if (!busy) return;
    const ids = toolCalls.cancel();
    if (ids.length > 0) send({ toolCallCancellation: { ids } });
    const sent = sender.stop();
    send({ serverContent: { interrupted: true } });
    endTurn(sent);
  }

  function endTurn({ words, ms }: Sent): void {
    const { instruction, modality } = setup();
    const speechSeconds = ms / 1000;
    const usage = countUsage(service, instruction, history.turns, { text: words, speechSeconds, modality });
    if (words !== '') history.add({ role: 'model', text: words, ...(modality === 'AUDIO' ? { speechSeconds } : {}) });
    busy = false;
    hasSpoken = true;
    send({ serverContent: { turnComplete: true }, usageMetadata: usage });
    options.onTurnEnd();
    waiting.shift()?.();
  }

  return {
    ask,
    interrupt,
    takeToolResponse: toolCalls.take,
    get hasSpoken() {
      return hasSpoken;
    },
    close() {
      closed = true;
      waiting.length = 0;
      toolCalls.close();
      sender.stop();
    },
  };
}

function userTurn(text: string, utterance: Utterance | undefined, images: readonly ReceivedImage[]): Turn {
  return {
    role: 'user',
    text,
    ...(utterance ? { speechSeconds: utterance.seconds } : {}),
    ...(images.length > 0 ? { images } : {}),
  };
}
