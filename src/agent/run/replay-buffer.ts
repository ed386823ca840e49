import { AudioSlabs, type StoredText } from '../../memory/audio-slabs.ts';
import type { ModelCapabilities } from '../../models/realtime-model.ts';
import type { FunctionResponse } from '../../wire/agent-event.ts';
import { mediaLength, REQUEST_BYTES, textLength } from '../../wire/byte-size.ts';
import type { Blob, LiveRequest } from '../../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import { isFrame } from './send-request.ts';
import { toSeenResult } from './send-tool-result.ts';
import { hasSound } from './sound.ts';
import type { TurnState, TurnView } from './turn-state.ts';

/** Maximum length of the buffered audio and images, in characters of base64: 12 s of 16 kHz speech. Beyond it the oldest are discarded. */
const MAX_MEDIA = 512 * 1024;
/** Maximum length of the buffered text, in characters. Beyond it the oldest text is discarded. */
const MAX_TEXT = 256 * 1024;
/** Maximum number of buffered requests. A limit of its own, because signs of activity have no length. */
const MAX_REQUESTS = 4_000;
/**
 * Audio that was sent during a reply and is kept when the exchange ends, in characters of base64: 1 s, in which the user may have started to
 * speak again. Most audio that is sent during a reply is background noise.
 */
const MAX_OVERLAP = 43_000;

/** Memory of an entry beside its media and text, in bytes. */
const ENTRY_BYTES = REQUEST_BYTES + 100;

interface Entry {
  /** The request, with `data` empty in an audio blob. */
  readonly request: LiveRequest;
  /** Audio of the request. */
  readonly audio: StoredText | undefined;
  /** Number of the input, as `TurnState` counts inputs. */
  readonly number: number;
  /** Events of the conversation that record this input. */
  readonly eventIds: readonly string[];
  readonly media: number;
  readonly text: number;
  /** Whether the audio contains a sound. `undefined`: not examined yet. */
  hasSound?: boolean;
}

const NO_IDS: readonly string[] = [];

/**
 * The user's input that the model has not answered completely. If the connection is lost, the buffer is replayed on the next one, in the
 * order in which the input was sent.
 */
export class ReplayBuffer {
  readonly #turn: TurnView;
  #entries: Entry[] = [];
  /**
   * Audio of the entries. As strings in the heap, the garbage collector would copy each twice: with 100 ms of speech at a time that cost a quarter
   * of a voice round trip.
   */
  readonly #slabs = new AudioSlabs();
  /** Request of the latest entry that holds nothing but audio, for all further ones with the same mime type. */
  #audioRequest: { readonly blob: Blob } = { blob: { mime_type: '', data: '' } };
  /** Total length of the buffered audio and images, in characters of base64. */
  #media = 0;
  /** Total length of the buffered text, in characters. */
  #text = 0;
  readonly #memory: MemoryShare;
  readonly #capabilities: Pick<ModelCapabilities, 'input'> | undefined;

  /**
   * @param memory counts the buffered input together with everything else in memory. Default: nobody does
   * @param capabilities what the model sees of the pictures in results of tools. Default: all
   */
  constructor(turn: TurnView, memory?: MemoryCounter, capabilities?: Pick<ModelCapabilities, 'input'>) {
    this.#turn = turn;
    this.#memory = new MemoryShare(memory);
    this.#capabilities = capabilities;
  }

  /** Discards the buffered input for good, because the run is over. */
  close(): void {
    this.#replaceEntries([]);
    this.#memory.close();
  }

  /**
   * Adds an input that was sent to the model. The turn has counted the input before.
   * @param eventId id of the event that records the input in the conversation
   */
  recordInput(request: LiveRequest, eventId?: string): void {
    const entry = this.#createEntry(request, this.#turn.state.inputs, eventId === undefined ? NO_IDS : [eventId]);
    if (request.blob && isFrame(request.blob)) this.#dropReplacedFrame();
    this.#entries.push(entry);
    this.#media += entry.media;
    this.#text += entry.text;
    // The newest input stays, even if it alone exceeds a limit.
    while (this.#media > MAX_MEDIA && this.#media > entry.media) this.#dropOldest('media');
    while (this.#text > MAX_TEXT && this.#text > entry.text) this.#dropOldest('text');
    if (this.#entries.length > MAX_REQUESTS) this.#drop(0);
    this.#count();
  }

  /** The exchange is complete: keeps only the input that belongs to the next exchange. The turn has applied the event before. */
  completeExchange(): void {
    const { state, previous } = this.#turn;
    // Nothing is settled. A model may complete interrupted turns as fast as it can send, and walking all entries costs more than the event.
    const oldest = this.#entries[0];
    if (previous.interrupted && oldest && oldest.number > state.settledInputs) return;
    const pending = this.#entries.filter(({ number }) => number > state.settledInputs);
    this.#replaceEntries(previous.interrupted ? pending : trimOverlap(pending));
  }

  /**
   * The connection is lost. If the model had started to answer, the user's words are known: replaces the input of the question by text, so that
   * speech is not transcribed, and no tool is called, a second time. The turn has applied the loss before.
   * @param results results of the calls that the model made for the question
   */
  interruptExchange(results: readonly FunctionResponse[]): void {
    const { questionEnd, heardText } = this.#turn.previous;
    const heard = heardText.trim();
    if (questionEnd === undefined || (heard === '' && results.length === 0)) return;
    const count = this.#entries.filter(({ number }) => number <= questionEnd).length;
    const question = this.#summarizeAsText(this.#entries.slice(0, count), questionEnd, heard, results);
    this.#replaceEntries([...question, ...this.#entries.slice(count)]);
  }

  /** Returns the buffered input, to be sent on a new connection. The buffer keeps it. */
  replay(): readonly LiveRequest[] {
    return this.#entries.map((entry) => this.#restoreRequest(entry));
  }

  /**
   * Whether the buffered input may contain speech: a sound, or an activity that has ended, which models answer whatever they have heard. Each piece
   * of audio is decoded once at most.
   */
  mayHoldSpeech(): boolean {
    return this.#entries.some((entry) => {
      if (entry.request.activity_end) return true;
      if (entry.audio === undefined) return false;
      entry.hasSound ??= hasSound(this.#slabs.read(entry.audio));
      return entry.hasSound;
    });
  }

  /** Ids of the events of the conversation that record an input that will be replayed. */
  get eventIds(): ReadonlySet<string> {
    return new Set(this.#entries.flatMap(({ eventIds }) => eventIds));
  }

  /** A newer frame replaces the frame before it, so that a camera leaves room for speech. Frames before the latest message stay with it. */
  #dropReplacedFrame(): void {
    const questionEnd = this.#turn.state.questionEnd ?? 0;
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index];
      if (!entry || entry.number <= questionEnd || entry.request.content) return;
      if (entry.request.blob && isFrame(entry.request.blob)) {
        this.#drop(index);
        return;
      }
    }
  }

  #dropOldest(kind: 'media' | 'text'): void {
    this.#drop(this.#entries.findIndex((entry) => entry[kind] > 0));
  }

  #drop(index: number): void {
    // Nearly always the oldest. `splice` would move all others, and return an array.
    const dropped = index === 0 ? this.#entries.shift() : this.#entries.splice(index, 1)[0];
    if (!dropped) return;
    this.#media -= dropped.media;
    this.#text -= dropped.text;
    if (dropped.audio !== undefined) this.#slabs.free(dropped.audio);
  }

  #replaceEntries(entries: Entry[]): void {
    const kept = new Set(entries);
    for (const entry of this.#entries) {
      if (entry.audio !== undefined && !kept.has(entry)) this.#slabs.free(entry.audio);
    }
    this.#entries = entries;
    this.#media = entries.reduce((sum, { media }) => sum + media, 0);
    this.#text = entries.reduce((sum, { text }) => sum + text, 0);
    this.#count();
  }

  #count(): void {
    const entryBytes = this.#entries.length * ENTRY_BYTES;
    this.#memory.set(this.#media + 2 * this.#text + entryBytes + this.#slabs.unusedBytes);
  }

  #createEntry(request: LiveRequest, number: number, eventIds: readonly string[]): Entry {
    const media = mediaLength(request);
    const text = textLength(request.content);
    const { blob } = request;
    if (!blob || isFrame(blob)) return { request, audio: undefined, number, eventIds, media, text };
    const audio = this.#slabs.store(blob.data);
    return { request: this.#omitAudio(request, blob), audio, number, eventIds, media, text };
  }

  #omitAudio(request: LiveRequest, { mime_type }: Blob): LiveRequest {
    if (this.#audioRequest.blob.mime_type !== mime_type) this.#audioRequest = { blob: { mime_type, data: '' } };
    return isBlobOnly(request) ? this.#audioRequest : { ...request, ...this.#audioRequest };
  }

  #restoreRequest({ request, audio }: Entry): LiveRequest {
    if (audio === undefined || !request.blob) return request;
    return { ...request, blob: { mime_type: request.blob.mime_type, data: this.#slabs.read(audio) } };
  }

  /**
   * Converts a question to text: the transcript, typed text, and the results of the calls made for it. Speech without a transcript and frames stay
   * as they are.
   */
  #summarizeAsText(
    question: readonly Entry[],
    number: NonNullable<TurnState['questionEnd']>,
    heard: string,
    results: readonly FunctionResponse[],
  ): Entry[] {
    const repeated = question.filter(
      ({ request: { blob, content } }) => !content && (heard === '' || (blob && isFrame(blob))),
    );
    const parts = question.flatMap(({ request }) => request.content?.parts ?? []);
    const capabilities = this.#capabilities;
    const seen = capabilities ? results.map((result) => toSeenResult(result, capabilities)) : results;
    const returned = seen.map(
      ({ name, response }) => `(${name} was called for this, and returned ${JSON.stringify(response)})`,
    );
    const texts = [heard, ...parts.flatMap(({ text }) => text ?? []), ...returned].filter((text) => text !== '');
    const shown = seen.flatMap((result) => result.parts ?? []);
    const images = [...parts, ...shown].flatMap(({ inlineData }) => (inlineData ? { inlineData } : []));
    const content = { role: 'user', parts: [...images, { text: texts.join('\n') }] };
    const eventIds = question.flatMap((entry) => entry.eventIds);
    return [...repeated, this.#createEntry({ content }, number, eventIds)];
  }
}

function isBlobOnly(request: LiveRequest): boolean {
  for (const field in request) if (field !== 'blob') return false;
  return true;
}

/** Discards media that exceeds `MAX_OVERLAP`, the oldest first. */
function trimOverlap(entries: readonly Entry[]): Entry[] {
  let left = MAX_OVERLAP;
  const kept = entries.toReversed().filter(({ media }) => {
    left -= media;
    return media === 0 || left >= 0;
  });
  return kept.reverse();
}
