import type { ModelCapabilities, ModelConnection } from '../../models/realtime-model.ts';
import type { InlineData } from '../../wire/agent-event.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import type { ToolUpdate } from '../tools/background-calls.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import { describeLateResult, sendToolUpdate } from './send-tool-result.ts';
import type { LiveTurn, TurnInput } from './turn-state.ts';

/** Maximum number of results of one call that wait. The oldest is left out, and the model is told so. */
const MAX_WAITING = 8;
/** Maximum number of messages with results that no exchange has settled. */
const MAX_SENT = 16;
/** Maximum length of all results that wait with their pictures, in characters. At the limit the oldest are left out. */
const MAX_CHARACTERS = 2 * 1024 * 1024;
/** Maximum length of the pictures of results that were told and may have to be told again, in characters. At the limit the oldest are left out. */
const MAX_SENT_PICTURES = 2 * 1024 * 1024;
/** Maximum number of silent results that are told again on a fresh connection. The oldest are forgotten. */
const MAX_SILENT = 8;
/** Minimum time between two messages with results, in ms: results that arrive meanwhile go into the next one. */
const MESSAGE_INTERVAL_MS = 1_000;
/** Maximum time for which results wait because the user seems to speak, in ms: it may be noise. */
const MAX_SPEAKING_MS = 10_000;
/** Wait before the user is examined again who was speaking, in ms. */
const SPEAKING_CHECK_MS = 300;

export interface UpdateSenderOptions {
  readonly turn: LiveTurn;
  /** Tells which pictures in results the model sees, and whether results can be scheduled by the provider. */
  readonly capabilities: Pick<ModelCapabilities, 'input' | 'tools'>;
  /** Returns the connection that accepts input, if there is one now. */
  readonly getConnection: () => ModelConnection | undefined;
  /** Whether the user is speaking, or has typed the beginning of a message. */
  readonly isUserBusy: () => boolean;
  /** Called when a result was sent about which the model will speak. */
  readonly onSent: () => void;
  /** Default: nothing is logged. */
  readonly logger?: ToolLogger | undefined;
  /** Counts the results that are held. Default: nobody does. */
  readonly memory?: MemoryCounter | undefined;
}

interface Update {
  readonly callId: string;
  readonly name: string;
  readonly scheduling: ToolUpdate['scheduling'];
  readonly text: string;
  images: readonly InlineData[];
  /** Number of earlier results of the call that were left out. */
  omitted: number;
}

/** Results that were sent in one message, which no exchange has settled. */
interface SentUpdates {
  readonly updates: readonly Update[];
  /** Number of the message, as `TurnState` counts inputs. */
  readonly number: number;
}

/**
 * Tells the model, as text, results for which it does not wait, when each may be told. Results that wait at the same time go into one message, because
 * a further message would interrupt the reply to the first. A message that is lost with its connection is sent again.
 */
export class UpdateSender {
  readonly #options: UpdateSenderOptions;
  #waiting: Update[] = [];
  #sent: SentUpdates[] = [];
  /** Latest silent results that the model was told. Nothing of the conversation has them, because nobody spoke about them. */
  #silent: Update[] = [];
  #lastMessageAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Since when results wait because the user seems to speak, on the monotonic clock, in ms. */
  #speakingSince: number | undefined;
  /** Names of the tools whose results were left out, of which each is logged once. */
  readonly #logged = new Set<string>();

  readonly #memory: MemoryShare;

  constructor(options: UpdateSenderOptions) {
    this.#options = options;
    this.#memory = new MemoryShare(options.memory);
  }

  /** Whether results wait to be told. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds a result, and sends it if it may be told now. A model that can schedule results gets it at once. */
  add(update: ToolUpdate): void {
    const { response, scheduling, known, isNews } = update;
    const { id, name } = response;
    const { capabilities, getConnection } = this.#options;
    const described = describeLateResult(response, capabilities);
    const waiting = { callId: id, name, scheduling, ...described, omitted: 0 };
    const connection = known && capabilities.tools.scheduling ? getConnection() : undefined;
    if (connection) {
      sendToolUpdate(connection, update, capabilities);
      if (isNews) this.#recordSent([waiting], { type: 'input_recorded', hasText: false });
    } else if (isNews) {
      this.#waiting.push(waiting);
      this.#limitWaiting(id);
      this.#measure();
      this.flush();
    }
  }

  /** Forgets the results of calls that were taken back. */
  discard(callIds: readonly string[]): void {
    const isKept = ({ callId }: Update) => !callIds.includes(callId);
    this.#waiting = this.#waiting.filter(isKept);
    this.#sent = this.#sent.map(({ updates, number }) => ({ updates: updates.filter(isKept), number }));
    this.#silent = this.#silent.filter(isKept);
    this.#measure();
  }

  /** Sends what may be told now. Call it when the turn or the connection has changed. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const connection = this.#options.getConnection();
    if (!connection) return;
    const waitMs = this.#findWait();
    if (waitMs === undefined) return;
    if (waitMs > 0) this.#timer ??= setTimeout(() => this.#onTimer(), waitMs).unref();
    else this.#send(connection);
  }

  /** The exchange has ended. The turn has applied the event before. */
  completeExchange(): void {
    if (this.#sent.length === 0) return;
    const { settledInputs } = this.#options.turn.state;
    const settled = this.#sent.filter(({ number }) => number <= settledInputs).flatMap(({ updates }) => updates);
    this.#sent = this.#sent.filter(({ number }) => number > settledInputs);
    this.#silent.push(...settled.filter(({ scheduling }) => scheduling === 'SILENT'));
    this.#silent.splice(0, this.#silent.length - MAX_SILENT);
    this.#measure();
  }

  /** A fresh connection was told the conversation, in which nothing has the silent results. They are told again. */
  onReseeded(): void {
    this.#waiting.unshift(...this.#silent);
    this.#silent = [];
  }

  /** The connection is lost. What no exchange has settled is sent again on the next one. */
  onConnectionLost(): void {
    this.#waiting.unshift(...this.#sent.flatMap(({ updates }) => updates));
    this.#sent = [];
    this.#lastMessageAt = Number.NEGATIVE_INFINITY;
  }

  /** Discards everything, because the run is over. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#sent = [];
    this.#silent = [];
    this.#memory.close();
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.flush();
  }

  /** @returns time until the results may be told, in ms; `undefined`: when the turn has changed */
  #findWait(): number | undefined {
    const { turn, isUserBusy } = this.#options;
    const isUrgent = this.#waiting.some(({ scheduling }) => scheduling === 'INTERRUPT');
    if (!isUrgent && turn.state.phase !== 'idle') return undefined;
    const now = performance.now();
    if (!isUrgent && isUserBusy()) {
      this.#speakingSince ??= now;
      if (now - this.#speakingSince < MAX_SPEAKING_MS) return SPEAKING_CHECK_MS;
    }
    this.#speakingSince = undefined;
    return Math.max(0, this.#lastMessageAt + MESSAGE_INTERVAL_MS - now);
  }

  #send(connection: ModelConnection): void {
    const { onSent } = this.#options;
    const updates = this.#waiting;
    this.#waiting = [];
    this.#lastMessageAt = performance.now();
    const text = updates.map(toLine).join('\n');
    const isSilent = updates.every(({ scheduling }) => scheduling === 'SILENT');
    this.#recordSent(updates, isSilent ? { type: 'input_recorded', hasText: false } : { type: 'update_sent' });
    const images = updates.flatMap((update) => update.images);
    connection.send({
      ...(isSilent ? { type: 'partial_text', text: `${text}\n` } : { type: 'text', text }),
      ...(images.length > 0 ? { images } : {}),
    });
    if (!isSilent) onSent();
  }

  /** Remembers what was sent until an exchange settles it. At the limit the oldest is forgotten. */
  #recordSent(updates: readonly Update[], input: TurnInput): void {
    const { turn } = this.#options;
    turn.apply(input);
    this.#sent.push({ updates, number: turn.state.inputs });
    if (this.#sent.length > MAX_SENT) this.#sent.shift();
    this.#limitSentPictures();
    this.#measure();
  }

  #limitSentPictures(): void {
    let characters = 0;
    for (const update of [...this.#silent, ...this.#sent.flatMap(({ updates }) => updates)].reverse()) {
      characters += measurePictures(update);
      if (characters > MAX_SENT_PICTURES) update.images = [];
    }
  }

  /** Counts everything that is held. */
  #measure(): void {
    const held = [...this.#waiting, ...this.#silent, ...this.#sent.flatMap(({ updates }) => updates)];
    this.#memory.set(held.reduce((sum, update) => sum + measureUpdate(update), 0));
  }

  /** @param callId the call that has a new result */
  #limitWaiting(callId: string): void {
    const ofCall = this.#waiting.filter((update) => update.callId === callId);
    for (const oldest of ofCall.slice(0, -MAX_WAITING)) this.#omit(oldest);
    let characters = this.#waiting.reduce((sum, update) => sum + measureUpdate(update), 0);
    while (characters > MAX_CHARACTERS && this.#waiting.length > 1) {
      const [oldest] = this.#waiting;
      if (oldest) characters -= measureUpdate(oldest);
      this.#omit(oldest);
    }
  }

  #omit(update: Update | undefined): void {
    if (!update) return;
    this.#waiting = this.#waiting.filter((each) => each !== update);
    const next = this.#waiting.find(({ callId }) => callId === update.callId);
    if (next) next.omitted += update.omitted + 1;
    if (this.#logged.has(update.name)) return;
    this.#logged.add(update.name);
    this.#options.logger?.warn(
      { tool: update.name, callId: update.callId },
      'a tool has more results than the model can be told: the oldest are left out',
    );
  }
}

function measureUpdate(update: Update): number {
  return update.text.length + measurePictures(update);
}

function measurePictures({ images }: Update): number {
  return images.reduce((sum, { data }) => sum + data.length, 0);
}

function toLine({ name, text, omitted }: Update): string {
  if (omitted === 0) return text;
  return `(${omitted} earlier results of ${name} are left out)\n${text}`;
}
