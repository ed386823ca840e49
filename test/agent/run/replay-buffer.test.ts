import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ReplayBuffer } from '../../../src/agent/run/replay-buffer.ts';
import { LiveTurn } from '../../../src/agent/run/turn-state.ts';
import type { ModelEvent } from '../../../src/models/realtime-model.ts';
import type { FunctionResponse } from '../../../src/wire/agent-event.ts';
import type { LiveRequest } from '../../../src/wire/live-request.ts';

const typed = (text: string): LiveRequest => ({ content: { role: 'user', parts: [{ text }] } });
const spoken = (name: string, characters = 4): LiveRequest => ({
  blob: { mime_type: 'audio/pcm;rate=16000', data: name.padEnd(characters, '=') },
});
const reply: ModelEvent = { type: 'text', text: 'x', thought: false };
const turnComplete: ModelEvent = { type: 'turn_complete' };
const interrupted: ModelEvent = { type: 'interrupted' };

/** A buffer with its turn, in the order in which a run applies both. */
class Conversation {
  readonly turn = new LiveTurn('single');
  readonly buffer = new ReplayBuffer(this.turn);
  #results: FunctionResponse[] = [];

  send(request: LiveRequest, eventId?: string): void {
    if (request.interrupt) {
      this.turn.apply({ type: 'stop_requested' });
      return;
    }
    this.turn.apply({ type: 'input_recorded', hasText: request.content !== undefined });
    this.buffer.recordInput(request, eventId);
  }

  receive(event: ModelEvent): void {
    this.turn.apply(event);
    if (this.turn.state.exchange !== this.turn.previous.exchange) this.buffer.completeExchange();
  }

  addResult(result: FunctionResponse): void {
    this.#results.push(result);
  }

  /** Loses the connection and gets the input for the next one. */
  reconnect(): readonly LiveRequest[] {
    this.turn.apply({ type: 'connection_lost' });
    this.buffer.interruptExchange(this.#results);
    this.#results = [];
    return this.buffer.replay();
  }
}

function converse(...steps: readonly (LiveRequest | ModelEvent)[]): Conversation {
  const conversation = new Conversation();
  for (const step of steps) {
    if ('type' in step) conversation.receive(step);
    else conversation.send(step);
  }
  return conversation;
}

describe('the replay', () => {
  test.each<[string, readonly (LiveRequest | ModelEvent)[], readonly LiveRequest[]]>([
    ['contains text that was not answered', [typed('a')], [typed('a')]],
    ['contains text whose answer is not complete', [typed('a'), reply], [typed('a')]],
    ['contains nothing that was answered', [typed('a'), reply, turnComplete], []],
    ['contains text that was typed into a complete reply', [typed('a'), reply, typed('b'), turnComplete], [typed('b')]],
    [
      'contains text that interrupted a reply',
      [typed('a'), reply, typed('b'), interrupted, turnComplete],
      [typed('b')],
    ],
    [
      'contains text that interrupted the model before it produced output',
      [typed('a'), typed('b'), interrupted, turnComplete],
      [typed('b')],
    ],
    ['contains nothing if the model let the turn pass', [typed('a'), turnComplete], []],
    ['contains speech that was not answered', [spoken('a'), spoken('b')], [spoken('a'), spoken('b')]],
    [
      'contains speech that interrupted a reply, from its start',
      [spoken('a'), reply, spoken('b'), interrupted, spoken('c'), turnComplete],
      [spoken('b'), spoken('c')],
    ],
    [
      'contains the last second of audio that was sent during a reply',
      [spoken('a'), reply, spoken('b', 40_000), spoken('c', 30_000), spoken('d', 10_000), turnComplete],
      [spoken('c', 30_000), spoken('d', 10_000)],
    ],
    [
      'contains signs of activity in their places',
      [{ activity_start: {} }, spoken('a'), { activity_end: {} }],
      [{ activity_start: {} }, spoken('a'), { activity_end: {} }],
    ],
    [
      'contains no question that the user stopped, and what was sent after that',
      [typed('a'), spoken('b'), { interrupt: {} }, typed('c'), interrupted, turnComplete],
      [typed('c')],
    ],
    ['contains no request to stop', [typed('a'), { interrupt: {} }], [typed('a')]],
  ])('%s', (_what, steps, expected) => {
    expect(converse(...steps).reconnect()).toEqual(expected);
  });

  test('is repeated if the next connection is lost too, with the input sent meanwhile', () => {
    const turn = converse(typed('a'), reply);
    expect(turn.reconnect()).toEqual([typed('a')]);
    turn.receive(reply);
    turn.send(typed('b'));
    expect(turn.reconnect()).toEqual([typed('a'), typed('b')]);
  });

  test('contains at most 12 s of speech, the latest, and all text', () => {
    const second = 42_668;
    const turn = new Conversation();
    turn.send(typed('a'));
    for (let index = 0; index < 20; index += 1) turn.send(spoken(`${index}`, second));
    const kept = turn.reconnect();
    expect(kept[0]).toEqual(typed('a'));
    expect(kept.at(-1)).toEqual(spoken('19', second));
    expect(kept).toHaveLength(1 + 12);
  });

  test('contains an image that exceeds the limit, alone', () => {
    const turn = new Conversation();
    turn.send(spoken('a'));
    turn.send({ blob: { mime_type: 'image/png', data: 'x'.repeat(1024 * 1024) } });
    expect(turn.reconnect()).toHaveLength(1);
  });

  test('contains the question as text, with the results of its calls, if the model had started to answer', () => {
    const turn = converse(spoken('a'), { type: 'input_transcript', text: 'what is it?', finished: false });
    turn.send(typed('quick'), 'event-1');
    turn.receive({ type: 'tool_call', calls: [] });
    turn.addResult({ id: '1', name: 'look', response: { it: 'a pear' } });
    turn.send(spoken('b'));
    const inWords = typed('what is it?\nquick\n(look was called for this, and returned {"it":"a pear"})');
    expect(turn.reconnect()).toEqual([inWords, spoken('b')]);
    expect(turn.buffer.eventIds.has('event-1')).toBe(true);
    // And if that is lost, too, still once.
    turn.receive(reply);
    expect(turn.reconnect()).toEqual([inWords, spoken('b')]);
  });

  test('contains speech without a transcript as audio, with the results of its calls', () => {
    const turn = converse(spoken('a'), { type: 'tool_call', calls: [] });
    turn.addResult({ id: '1', name: 'look', response: {} });
    expect(turn.reconnect()).toEqual([spoken('a'), typed('(look was called for this, and returned {})')]);
  });

  test('contains images beside the words about them, and nothing twice', () => {
    const frame: LiveRequest = { blob: { mime_type: 'image/png', data: 'AAAA' } };
    const image = { inlineData: { mimeType: 'image/png', data: 'BBBB' } };
    const shown = converse(
      frame,
      spoken('a'),
      { type: 'input_transcript', text: 'what is it?', finished: false },
      reply,
    );
    expect(shown.reconnect()).toEqual([frame, typed('what is it?')]);
    const asked = converse({ content: { role: 'user', parts: [image, { text: 'and this?' }] } });
    asked.receive({ type: 'tool_call', calls: [] });
    asked.addResult({ id: '1', name: 'look', response: {} });
    const text = 'and this?\n(look was called for this, and returned {})';
    expect(asked.reconnect()).toEqual([{ content: { role: 'user', parts: [image, { text }] } }]);
  });

  test('contains signs of activity around speech without a transcript, if calls were made', () => {
    const said: LiveRequest[] = [{ activity_start: {} }, spoken('a'), { activity_end: {} }];
    const turn = converse(...said, { type: 'tool_call', calls: [] });
    turn.addResult({ id: '1', name: 'look', response: {} });
    expect(turn.reconnect()).toEqual([...said, typed('(look was called for this, and returned {})')]);
  });

  test('contains the newest frame, and the frame of each text', () => {
    const frame = (name: string): LiveRequest => ({ blob: { mime_type: 'image/jpeg', data: name.repeat(200_000) } });
    const second = 42_668;
    const turn = converse(frame('a'), frame('b'), typed('what is it?'));
    for (let index = 0; index < 6; index += 1) {
      turn.send(frame('c'));
      turn.send(spoken(`${index}`, second));
    }
    const kept = turn.reconnect();
    expect(kept.filter(({ blob }) => blob?.mime_type.startsWith('audio/'))).toHaveLength(6);
    expect(kept.slice(0, 1)).toEqual([typed('what is it?')]);
    expect(converse(frame('a'), frame('b'), typed('what is it?'), frame('c')).reconnect()).toEqual([
      frame('b'),
      typed('what is it?'),
      frame('c'),
    ]);
  });

  test('contains speech after a question that was replayed as text with a large image', () => {
    const turn = converse(spoken('a'), { blob: { mime_type: 'image/png', data: 'x'.repeat(1024 * 1024) } });
    turn.receive({ type: 'input_transcript', text: 'what is it?', finished: false });
    turn.receive(reply);
    turn.reconnect();
    turn.send(spoken('b'));
    turn.send(spoken('c'));
    expect(turn.reconnect().slice(-3)).toEqual([typed('what is it?'), spoken('b'), spoken('c')]);
  });

  test('contains at most 4,000 requests, even if none has a length', () => {
    const turn = new Conversation();
    turn.send(typed('a'));
    for (let index = 0; index < 5_000; index += 1) turn.send({ audio_stream_end: true });
    expect(turn.reconnect()).toHaveLength(4_000);
  });

  test('contains speech with a finished transcript as text, so that it is not transcribed twice', () => {
    const turn = converse(spoken('a'), { type: 'input_transcript', text: 'what is it?', finished: true }, spoken('b'));
    expect(turn.reconnect()).toEqual([typed('what is it?'), spoken('b')]);
  });

  test('contains speech with a partial transcript as audio', () => {
    const turn = converse(spoken('a'), { type: 'input_transcript', text: 'what', finished: false });
    expect(turn.reconnect()).toEqual([spoken('a')]);
  });
});

test('the buffer includes the events of the input that it holds, and no others', () => {
  const turn = new Conversation();
  turn.send(typed('a'), 'event-1');
  expect([turn.buffer.eventIds.has('event-1'), turn.buffer.eventIds.has('event-2')]).toEqual([true, false]);
  turn.receive(turnComplete);
  expect(turn.buffer.eventIds.has('event-1')).toBe(false);
});

test('after any sequence of inputs and events, the replay is in the order of sending, without duplicates, and contains the last text unless it was answered', () => {
  const step = fc.oneof(
    fc.constant('typed' as const),
    fc.constant('spoken' as const),
    fc.constantFrom(reply, interrupted, turnComplete),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const turn = new Conversation();
      const sent: LiveRequest[] = [];
      let lastTyped: LiveRequest | undefined;
      for (const each of steps) {
        if (typeof each === 'object') {
          turn.receive(each);
          if (each.type === 'turn_complete') lastTyped = undefined;
          continue;
        }
        const request = each === 'typed' ? typed(`${sent.length}`) : spoken(`${sent.length}`);
        sent.push(request);
        turn.send(request);
        if (each === 'typed') lastTyped = request;
      }
      // The data of each request is its place.
      const places = turn.reconnect().map((request) => sent.findIndex((one) => isDeepStrictEqual(one, request)));
      expect(places).toEqual([...new Set(places)].toSorted((one, other) => one - other));
      expect(places).not.toContain(-1);
      if (lastTyped) expect(turn.reconnect()).toContain(lastTyped);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
  );
});

test('the memory that is counted is that of all buffered audio, and nothing once the exchange is complete', () => {
  let counted = 0;
  const memory = { add: (bytes: number) => (counted += bytes), release: (bytes: number) => (counted -= bytes) };
  const turn = new LiveTurn('single');
  const buffer = new ReplayBuffer(turn, memory);
  for (let piece = 0; piece < 300; piece += 1) {
    turn.apply({ type: 'input_recorded', hasText: false });
    buffer.recordInput({ activity_start: {}, ...spoken(`${piece}`, 4_000) });
    const held = buffer.replay();
    const characters = held.reduce((sum, { blob }) => sum + (blob?.data.length ?? 0), 0);
    expect(counted).toBeGreaterThan(characters);
    expect(held.at(-1)).toEqual({ activity_start: {}, ...spoken(`${piece}`, 4_000) });
  }
  // What is free within the slabs is less than two of them.
  expect(counted).toBeLessThan(512 * 1024 + 150 * 400 + 192 * 1024);
  for (const event of [reply, turnComplete]) turn.apply(event);
  buffer.completeExchange();
  expect(buffer.replay()).toEqual([]);
  expect(counted).toBe(0);
});
