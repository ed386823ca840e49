import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import {
  type CloseCause,
  type ModelConnection,
  type ModelEvent,
  type ModelInput,
  type ModelSetup,
  type RealtimeModel,
  ResumptionRefused,
  type ToolDeclaration,
} from '../../src/models/realtime-model.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { closesAfterEach } from './cleanup.ts';
import { EventReader } from './event-reader.ts';
import { until } from './until.ts';

/** Behaviour of the provider in a contract test. */
export type ProviderBehaviour =
  /** Answers every text: see `QUESTIONS`. Gives a handle after each turn, if the model has handles. */
  | 'normal'
  /** Never answers a setup. */
  | 'silent'
  /** Refuses the setup, because a quota is exhausted. */
  | 'quota'
  /** Drops the connection in the first reply. */
  | 'drops_reply'
  /** Closes on the first input, for this cause. */
  | 'rejected'
  | 'auth'
  /** Announces after the first turn that it closes the connection. */
  | 'go_away'
  /** Opens connections and reads slowly, or not at all. */
  | 'stops_reading';

/** A model with its provider. */
export interface ContractSubject {
  readonly model: RealtimeModel;
  /** Number of connections that the provider has open. */
  readonly openConnections: number;
  close(): unknown;
}

/** Starts a provider that behaves as asked, and the model that connects to it. */
export type StartSubject = (behaviour: ProviderBehaviour) => Promise<ContractSubject>;

/** Texts that the provider of a contract test knows, and its answers. */
const QUESTIONS = {
  /** Answered at length, one number after the other. */
  long: 'count to thirty',
  short: 'thanks',
  shortAnswer: 'You are welcome.',
  /** Answered with the last text of the user. */
  recall: 'What did I say?',
  /** Answered by a call of the function `dice`, and then with its result. */
  call: 'roll the dice',
} as const;

/** A function that `QUESTIONS.call` makes the provider call. */
const DICE: ToolDeclaration = { type: 'function', name: 'dice', description: 'Rolls.' };

const never = new AbortController().signal;

/** Time in which a provider that continues a cancelled reply sends several pieces of it, in ms. */
const LATE_PIECES_MS = 200;

const EVERY_INPUT: readonly ModelInput[] = [
  { type: 'text', text: 'hello' },
  { type: 'partial_text', text: 'hello' },
  { type: 'text_end' },
  { type: 'audio', mimeType: 'audio/pcm;rate=16000', data: 'AAAA' },
  { type: 'image', mimeType: 'image/jpeg', data: 'AAAA' },
  { type: 'tool_results', results: [{ id: 'c1', name: 'dice', response: {} }] },
  { type: 'activity_start' },
  { type: 'activity_end' },
  { type: 'audio_end' },
  { type: 'cancel' },
  { type: 'truncate', playedMs: 100 },
];

/** Tests one model against the contract of `realtime-model.ts`. Every provider's tests call it, with a provider that knows `QUESTIONS`. */
export function testRealtimeModelContract(name: string, start: StartSubject): void {
  describe(`${name} keeps to the contract of a realtime model:`, () => {
    testReplies(start);
    testCancel(start);
    testTools(start);
    testHistoryAndResumption(start);
    testEnds(start);
    testConnecting(start);
  });
}

function testReplies(start: StartSubject): void {
  const open = opener(start);

  test('the capabilities name at least one modality, a provider, and rates in Hz', async () => {
    const { model } = await open();
    const { modalities, input, output, tools } = model.capabilities;
    expect(model.provider).toMatch(/^[a-z]+$/);
    expect(model.name).not.toBe('');
    expect(modalities.length).toBeGreaterThan(0);
    expect(input.rate).toBeGreaterThanOrEqual(8_000);
    expect(output.rate).toBeGreaterThanOrEqual(8_000);
    expect(input.turnDetection.length).toBeGreaterThan(0);
    expect(tools.functions || tools.builtIn.length === 0).toBe(true);
  });

  test('a text is answered by pieces of a reply and one turn_complete, and nothing of the reply comes after it', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.short });
    const events = await reader.readTurn();
    expect(textOf(events)).toBe(QUESTIONS.shortAnswer);
    expect(events.map(({ type }) => type)).not.toContain('interrupted');
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await reader.readTurn())).toBe(QUESTIONS.shortAnswer);
  });

  test('the events of a turn come in the order that ModelEvent documents', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.short });
    const events = (await reader.readTurn()).map(({ type }) => type);
    const order = ['text', 'usage', 'generation_complete', 'turn_complete'];
    const last = (type: ModelEvent['type']) => events.lastIndexOf(type);
    const firstEnd = order.slice(1).map((type) => events.indexOf(type as ModelEvent['type']));
    for (const place of firstEnd.filter((each) => each >= 0)) {
      expect(place).toBeGreaterThan(Math.max(last('text'), last('audio')));
    }
    expect(events.at(-1)).toBe('turn_complete');
  });

  test('a partial text has no turn of its own: the text that completes it is answered', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'partial_text', text: 'I like pears. ' });
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await reader.readTurn())).not.toBe('');
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await reader.readTurn())).toBe(QUESTIONS.shortAnswer);
  });

  test('a partial text is answered once text_end completes it, and text_end without one has no effect', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text_end' });
    connection.send({ type: 'partial_text', text: QUESTIONS.short });
    connection.send({ type: 'text_end' });
    expect(textOf(await reader.readTurn())).toBe(QUESTIONS.shortAnswer);
    connection.send({ type: 'text_end' });
    connection.send({ type: 'text', text: QUESTIONS.recall });
    expect(textOf(await reader.readTurn())).toContain(QUESTIONS.short);
  });

  test('speech between activity_start and activity_end is answered, if turns can be marked', async () => {
    const { model, connection, reader } = await open('normal', {
      realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
    });
    if (!model.capabilities.input.turnDetection.includes('manual')) return;
    const { rate } = model.capabilities.input;
    connection.send({ type: 'activity_start' });
    connection.send({
      type: 'audio',
      mimeType: `audio/pcm;rate=${rate}`,
      data: Buffer.alloc(rate, 7).toString('base64'),
    });
    connection.send({ type: 'activity_end' });
    expect(textOf(await reader.readTurn())).not.toBe('');
  });

  test('truncate at any time breaks nothing, whether or not the model can truncate', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'truncate', playedMs: 0 });
    connection.send({ type: 'text', text: QUESTIONS.long });
    const piece = await reader.readUntil(isPiece);
    connection.send({ type: 'truncate', playedMs: 100, ...itemOf(piece.at(-1)) });
    connection.send({ type: 'truncate', itemId: 'unknown', playedMs: 1e9 });
    connection.send({ type: 'cancel' });
    await reader.readTurn();
    connection.send({ type: 'truncate', playedMs: 100 });
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await reader.readTurn())).toBe(QUESTIONS.shortAnswer);
  });
}

function testCancel(start: StartSubject): void {
  const open = opener(start);

  test('cancel in a reply is followed by interrupted, turn_complete and nothing more of that reply', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.long });
    await reader.readUntil(isPiece);
    connection.send({ type: 'cancel' });
    const ending = (await reader.readTurn()).map(({ type }) => type);
    expect(ending.slice(-2)).toEqual(['interrupted', 'turn_complete']);
    expect(ending.filter((type) => type === 'interrupted')).toHaveLength(1);
    await delay(LATE_PIECES_MS);
    connection.send({ type: 'text', text: QUESTIONS.short });
    const next = await reader.readTurn();
    expect(textOf(next)).toBe(QUESTIONS.shortAnswer);
    expect(next.map(({ type }) => type)).not.toContain('interrupted');
  });

  test('a second cancel of the same reply does nothing', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.long });
    await reader.readUntil(isPiece);
    connection.send({ type: 'cancel' });
    connection.send({ type: 'cancel' });
    await reader.readTurn();
    connection.send({ type: 'text', text: QUESTIONS.short });
    const next = await reader.readTurn();
    expect(textOf(next)).toBe(QUESTIONS.shortAnswer);
    expect(next.map(({ type }) => type)).not.toContain('interrupted');
  });

  test('cancel without a reply does nothing', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'cancel' });
    connection.send({ type: 'text', text: QUESTIONS.short });
    const events = await reader.readTurn();
    expect(textOf(events)).toBe(QUESTIONS.shortAnswer);
    expect(events.map(({ type }) => type)).not.toContain('interrupted');
  });

  test('cancel before the reply has started stops it, and the next text is answered', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.long });
    connection.send({ type: 'cancel' });
    const ending = await reader.readTurn();
    expect(ending.slice(-2).map(({ type }) => type)).toEqual(['interrupted', 'turn_complete']);
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await reader.readUntilText(QUESTIONS.shortAnswer))).toContain(QUESTIONS.shortAnswer);
    expect(connection.open).toBe(true);
  });
}

function testTools(start: StartSubject): void {
  const open = opener(start);
  const withDice = { tools: [DICE] };

  test('a call has an id, and its result is answered', async () => {
    const { connection, reader } = await open('normal', withDice);
    connection.send({ type: 'text', text: QUESTIONS.call });
    const [call] = await reader.readCalls();
    expect(call).toMatchObject({ name: 'dice', id: expect.stringMatching(/./), args: expect.any(Object) });
    connection.send({
      type: 'tool_results',
      results: [{ id: call?.id ?? '', name: 'dice', response: { result: 'six' } }],
    });
    expect(textOf(await reader.readTurn())).toContain('six');
  });

  test('cancel takes open calls back before it ends the turn, and a result that comes too late breaks nothing', async () => {
    const { connection, reader } = await open('normal', withDice);
    connection.send({ type: 'text', text: QUESTIONS.call });
    const [call] = await reader.readCalls();
    const id = call?.id ?? '';
    connection.send({ type: 'cancel' });
    connection.send({ type: 'tool_results', results: [{ id, name: 'dice', response: { result: 'six' } }] });
    const ending = await reader.readTurn();
    expect(ending.filter(({ type }) => ['tool_cancel', 'interrupted', 'turn_complete'].includes(type))).toEqual([
      { type: 'tool_cancel', ids: [id] },
      { type: 'interrupted' },
      { type: 'turn_complete' },
    ]);
    connection.send({ type: 'text', text: QUESTIONS.short });
    const events = await reader.readUntilText(QUESTIONS.shortAnswer);
    expect(events.map(({ type }) => type)).not.toContain('closed');
  });
}

function testHistoryAndResumption(start: StartSubject): void {
  const open = opener(start);
  const user = (text: string) => ({ role: 'user', parts: [{ text }] });
  const model = (text: string) => ({ role: 'model', parts: [{ text }] });

  test('a history that ends with the user is replied to', async () => {
    const { reader } = await open('normal', { history: [user('hello'), model('Hello.'), user(QUESTIONS.short)] });
    expect(textOf(await reader.readTurn())).toBe(QUESTIONS.shortAnswer);
  });

  test.each<[string, Partial<ModelSetup>]>([
    ['that ends with the model', { history: [user('My name is Ann.'), model('Hello Ann.')] }],
    ['whose last entry is answered', { history: [model('Hello.'), user('My name is Ann.')], answered: true }],
  ])('a history %s is known and not replied to', async (_which, setup) => {
    const { connection, reader } = await open('normal', setup);
    connection.send({ type: 'text', text: QUESTIONS.recall });
    expect(textOf(await reader.readTurn())).toBe('You said: My name is Ann.');
  });

  test('a handle continues the conversation on another connection, if the model has handles', async () => {
    const { model, setup, connection, reader } = await open();
    if (model.capabilities.resumption !== 'handle') return;
    connection.send({ type: 'text', text: QUESTIONS.short });
    await reader.readTurn();
    const handle = await reader.readHandle();
    connection.close();
    await reader.readToEnd();
    const resumed = await model.connect({ ...setup, handle }, never);
    try {
      resumed.send({ type: 'text', text: QUESTIONS.recall });
      expect(textOf(await new EventReader(resumed).readTurn())).toBe(`You said: ${QUESTIONS.short}`);
    } finally {
      resumed.close();
    }
  });

  test('a handle that the provider does not know is refused with ResumptionRefused, if the model has handles', async () => {
    const { model, setup } = await open();
    if (model.capabilities.resumption !== 'handle') return;
    await expect(model.connect({ ...setup, handle: 'unknown' }, never)).rejects.toBeInstanceOf(ResumptionRefused);
  });
}

function testEnds(start: StartSubject): void {
  const open = opener(start);

  test('close ends the events with one closed, and further calls of close change nothing', async () => {
    const { subject, connection, reader } = await open();
    connection.close();
    expect(connection.open).toBe(false);
    connection.close();
    const events = await reader.readToEnd();
    expect(events.filter(({ type }) => type === 'closed')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'closed', cause: 'transient' });
    connection.close();
    await until(() => subject.openConnections === 0);
  });

  test('close in a reply ends the events with closed', async () => {
    const { connection, reader } = await open();
    connection.send({ type: 'text', text: QUESTIONS.long });
    await reader.readUntil(isPiece);
    connection.close();
    expect((await reader.readToEnd()).filter(({ type }) => type === 'closed')).toHaveLength(1);
  });

  test.each<[ProviderBehaviour, CloseCause, ErrorCode]>([
    ['drops_reply', 'transient', 'model_closed'],
    ['rejected', 'rejected', 'model_request_refused'],
    ['auth', 'auth', 'model_key_refused'],
  ])(
    'a provider that ends the connection (%s) ends the events with closed and cause %s',
    async (behaviour, cause, code) => {
      const { connection, reader } = await open(behaviour);
      connection.send({ type: 'text', text: QUESTIONS.long });
      const events = await reader.readToEnd();
      expect(events.filter(({ type }) => type === 'closed')).toHaveLength(1);
      const last = events.at(-1);
      expect(last).toMatchObject({ type: 'closed', cause, error: { code } });
      if (last?.type === 'closed') expect(last.error.retry).toBe(cause === 'transient');
      expect(connection.open).toBe(false);
    },
  );

  test('no input throws while the connection is being closed, or after it', async () => {
    const { connection, reader } = await open();
    const sendAll = () => {
      for (const input of EVERY_INPUT) connection.send(input);
    };
    connection.close();
    expect(sendAll).not.toThrow();
    expect((await reader.readToEnd()).at(-1)).toMatchObject({ type: 'closed', cause: 'transient' });
    expect(sendAll).not.toThrow();
    expect(connection.open).toBe(false);
  });

  test('a provider that is about to close announces it, with the time that is left in ms', async () => {
    const { connection, reader } = await open('go_away');
    connection.send({ type: 'text', text: QUESTIONS.short });
    const announcement = (await reader.readUntil(({ type }) => type === 'go_away')).at(-1);
    expect(announcement).toEqual({ type: 'go_away', timeLeftMs: expect.any(Number) });
    expect(connection.open).toBe(true);
  });

  test('bufferedBytes is 0 at first, and counts what the provider does not read', async () => {
    const { model, connection } = await open('stops_reading');
    expect(connection.bufferedBytes).toBe(0);
    const data = 'A'.repeat(1024 * 1024);
    const mimeType = `audio/pcm;rate=${model.capabilities.input.rate}`;
    for (let sent = 0; sent < 32; sent += 1) connection.send({ type: 'audio', mimeType, data });
    expect(connection.bufferedBytes).toBeGreaterThan(4 * 1024 * 1024);
  });
}

function testConnecting(start: StartSubject): void {
  const closing = closesAfterEach();
  const subjectFor = async (behaviour: ProviderBehaviour) => closing(await start(behaviour));

  test('a provider that refuses makes connect throw a WireError with a model_ code', async () => {
    const { model } = await subjectFor('quota');
    const error = await model.connect(setupFor(model), never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WireError);
    expect(error).toMatchObject({ code: 'model_quota', retry: true });
  });

  test('an abort before connect throws its reason, and opens nothing', async () => {
    const subject = await subjectFor('normal');
    const reason = new Error('enough');
    await expect(subject.model.connect(setupFor(subject.model), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(subject.openConnections).toBe(0);
  });

  test('an abort while the provider is silent throws its reason, and leaves nothing open', async () => {
    const subject = await subjectFor('silent');
    const controller = new AbortController();
    const connecting = subject.model.connect(setupFor(subject.model), controller.signal);
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    await expect(connecting).rejects.toBe(reason);
    await until(() => subject.openConnections === 0);
  });

  test('an abort after connect changes nothing', async () => {
    const { model } = await subjectFor('normal');
    const controller = new AbortController();
    const connection: ModelConnection = closing(await model.connect(setupFor(model), controller.signal));
    controller.abort();
    connection.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await new EventReader(connection).readTurn())).toBe(QUESTIONS.shortAnswer);
  });

  test('two connections of one model are independent', async () => {
    const { model } = await subjectFor('normal');
    const connect = async () => closing(await model.connect(setupFor(model), never));
    const [first, second] = [await connect(), await connect()];
    first.close();
    await new EventReader(first).readToEnd();
    second.send({ type: 'text', text: QUESTIONS.short });
    expect(textOf(await new EventReader(second).readTurn())).toBe(QUESTIONS.shortAnswer);
  });
}

/** @returns a function that opens one connection to a provider, both closed after the test */
function opener(start: StartSubject) {
  const closing = closesAfterEach();
  return async (behaviour: ProviderBehaviour = 'normal', more: Partial<ModelSetup> = {}) => {
    const subject = closing(await start(behaviour));
    const { model } = subject;
    const setup = { ...setupFor(model), ...more };
    const connection = closing(await model.connect(setup, never));
    return { subject, model, setup, connection, reader: new EventReader(connection) };
  };
}

function setupFor({ capabilities }: RealtimeModel): ModelSetup {
  return {
    modality: capabilities.modalities.includes('TEXT') ? 'TEXT' : 'AUDIO',
    instruction: '',
    tools: [],
    history: [],
    inputAudioTranscription: {},
    outputAudioTranscription: {},
  };
}

function isPiece({ type }: ModelEvent): boolean {
  return type === 'text' || type === 'audio' || type === 'output_transcript';
}

function itemOf(event: ModelEvent | undefined): { itemId?: string } {
  return event && 'itemId' in event && event.itemId !== undefined ? { itemId: event.itemId } : {};
}

/** The words of a reply, written or spoken. */
function textOf(events: readonly ModelEvent[]): string {
  return events
    .map((event) => {
      if (event.type === 'text') return event.thought ? '' : event.text;
      return event.type === 'output_transcript' ? event.text : '';
    })
    .join('');
}
