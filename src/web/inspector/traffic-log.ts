import { signal } from '@preact/signals';
import type { Traffic } from '../../client/index.ts';
import { shortenJson } from './shorten-json.ts';

/** Kind of a message, by which the inspector filters: speech and what keeps the connection going would hide the rest. */
export type MessageKind = 'content' | 'audio' | 'control';

/** A message as the inspector keeps it. */
export interface LoggedMessage extends Omit<Traffic, 'data'> {
  /** Number of the message, from 1. */
  readonly number: number;
  /** Time since the page was opened, in ms. */
  readonly atMs: number;
  readonly kind: MessageKind;
  /** Author of the message; `undefined`: the message does not name one. */
  readonly author: string | undefined;
  /** Size of the data as JSON, in bytes. */
  readonly bytes: number;
  /** Data as JSON, in which long texts are shortened. */
  readonly json: string;
}

/** Maximum number of messages. Beyond it the oldest are dropped. */
export const MAX_MESSAGES = 2_000;
/** Maximum length of all JSON, in characters. Beyond it the oldest messages are dropped. */
export const MAX_CHARACTERS = 4_000_000;

/** Messages that concern the connection, not the conversation. */
const CONTROL = ['hb', 'ack', 'answer', 'session', 'drain', 'superseded'];

/** The messages between the page and the server, the newest of which are kept. */
export class TrafficLog {
  /** Changes with every message. Read it where a component is to show new messages. */
  readonly version = signal(0);
  readonly #now: () => number;
  readonly #messages: LoggedMessage[] = [];
  #characters = 0;
  #count = 0;

  /** @param now returns the time since the page was opened, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The messages, oldest first. */
  get messages(): readonly LoggedMessage[] {
    return this.#messages;
  }

  /** Number of messages that were dropped because there were too many. */
  get dropped(): number {
    return this.#count - this.#messages.length;
  }

  add({ direction, over, name, id, data }: Traffic): void {
    const { json, bytes } = shortenJson(data);
    this.#messages.push({
      number: ++this.#count,
      atMs: Math.round(this.#now()),
      kind: findKind(name, data),
      author: findAuthor(data),
      direction,
      over,
      name,
      id,
      bytes,
      json,
    });
    this.#characters += json.length;
    while (this.#messages.length > MAX_MESSAGES || this.#characters > MAX_CHARACTERS) this.#dropOldest();
    this.version.value += 1;
  }

  /** Forgets all messages. */
  clear(): void {
    this.#messages.length = 0;
    this.#characters = 0;
    this.#count = 0;
    this.version.value += 1;
  }

  #dropOldest(): void {
    this.#characters -= this.#messages.shift()?.json.length ?? 0;
  }
}

function findKind(name: string, data: unknown): MessageKind {
  if (CONTROL.includes(name)) return 'control';
  const { mime_type } = Object(data) as { readonly mime_type?: unknown };
  if (name === 'message' && String(mime_type).startsWith('audio/')) return 'audio';
  const isRecording = Array.isArray(data) && data.length > 0 && data.every((item) => 'audio_ms' in Object(item));
  return isRecording ? 'audio' : 'content';
}

function findAuthor(data: unknown): string | undefined {
  const { author } = Object(data) as { readonly author?: unknown };
  return typeof author === 'string' ? author : undefined;
}
