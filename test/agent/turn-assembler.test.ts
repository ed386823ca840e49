import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EventBody } from '../../src/agent/event-factory.ts';
import { TurnAssembler } from '../../src/agent/turn-assembler.ts';
import type { ModelEvent } from '../../src/models/realtime-model.ts';

function assemble(...events: ModelEvent[]): EventBody[] {
  const bodies: EventBody[] = [];
  const assembler = new TurnAssembler('bot', (body) => bodies.push(body));
  for (const event of events) assembler.take(event);
  return bodies;
}

const text = (piece: string, thought = false): ModelEvent => ({ type: 'text', text: piece, thought });
const audio: ModelEvent = { type: 'audio', mimeType: 'audio/pcm;rate=24000', data: 'AAAA' };
const input = (piece: string, finished = false): ModelEvent => ({ type: 'input_transcript', text: piece, finished });
const output = (piece: string, finished = false): ModelEvent => ({ type: 'output_transcript', text: piece, finished });
const generationComplete: ModelEvent = { type: 'generation_complete' };
const interrupted: ModelEvent = { type: 'interrupted' };
const turnComplete: ModelEvent = { type: 'turn_complete' };

const part = (piece: object, more: object = {}) => ({
  author: 'bot',
  content: { role: 'model', parts: [piece] },
  ...more,
});
const PARTIAL = { partial: true };

test('TurnAssembler gives text in increments, then the whole before the turn is complete', () => {
  expect(assemble(text('Hello'), text(' world'), turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: ' world' }, PARTIAL),
    part({ text: 'Hello world' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with generation_complete gives the whole then, and not again at the end of the turn', () => {
  expect(assemble(text('Hello'), generationComplete, turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: 'Hello' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with a thought before the answer gives each whole, the thought marked', () => {
  expect(assemble(text('hm', true), text('Yes'), generationComplete)).toEqual([
    part({ text: 'hm', thought: true }, PARTIAL),
    part({ text: 'hm', thought: true }),
    part({ text: 'Yes' }, PARTIAL),
    part({ text: 'Yes' }),
  ]);
});

test('TurnAssembler with a tool call gives the text before it whole first, and all calls in one event', () => {
  const calls = [
    { id: 'c1', name: 'a', args: {} },
    { id: 'c2', name: 'b', args: { x: 1 } },
  ];
  expect(assemble(text('Let me see.'), { type: 'tool_call', calls })).toEqual([
    part({ text: 'Let me see.' }, PARTIAL),
    part({ text: 'Let me see.' }),
    {
      author: 'bot',
      content: { role: 'model', parts: [{ functionCall: calls[0] }, { functionCall: calls[1] }] },
    },
  ]);
});

test('TurnAssembler passes audio on as it is, and merges no text while it comes', () => {
  expect(assemble(text('a'), audio, text('b'), turnComplete)).toEqual([
    part({ text: 'a' }, PARTIAL),
    part({ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }),
    part({ text: 'b' }, PARTIAL),
    part({ text: 'ab' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with a transcript that the provider finishes gives it whole once', () => {
  expect(assemble(output('Hel'), output('lo', true), generationComplete, turnComplete)).toEqual([
    { author: 'bot', outputTranscription: { text: 'Hel', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'lo', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'Hello', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with transcripts that the provider never finishes gives them whole, input first', () => {
  expect(assemble(output('Fine.'), input('How are'), input(' you?'), turnComplete).slice(3)).toEqual([
    { author: 'user', inputTranscription: { text: 'How are you?', finished: true } },
    { author: 'bot', outputTranscription: { text: 'Fine.', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler attributes what was heard to the user', () => {
  expect(assemble(input('hi', true))).toEqual([
    { author: 'user', inputTranscription: { text: 'hi', finished: false }, partial: true },
    { author: 'user', inputTranscription: { text: 'hi', finished: true } },
  ]);
});

test('TurnAssembler with a transcript that is finished and empty gives nothing', () => {
  expect(assemble(input('', true), output('', true))).toEqual([]);
});

test('TurnAssembler always tells an interruption, in an event of its own, after what was said', () => {
  expect(assemble(text('One'), output('One'), interrupted).slice(2)).toEqual([
    { author: 'bot', outputTranscription: { text: 'One', finished: true } },
    part({ text: 'One' }),
    { author: 'bot', interrupted: true },
  ]);
  expect(assemble(interrupted)).toEqual([{ author: 'bot', interrupted: true }]);
});

test('TurnAssembler passes on usage, grounding and cancelled calls', () => {
  expect(
    assemble(
      { type: 'usage', usage: { totalTokenCount: 3 } },
      { type: 'grounding', metadata: { q: 1 } },
      { type: 'tool_cancel', ids: ['c1'] },
    ),
  ).toEqual([
    { author: 'bot', usageMetadata: { totalTokenCount: 3 } },
    { author: 'bot', groundingMetadata: { q: 1 } },
    { author: 'bot', toolCancellation: ['c1'] },
  ]);
});

test('TurnAssembler after a turn begins the next one with nothing of it', () => {
  const second = assemble(text('a'), output('b'), input('c'), turnComplete, text('d'), turnComplete).slice(7);
  expect(second).toEqual([part({ text: 'd' }, PARTIAL), part({ text: 'd' }), { author: 'bot', turnComplete: true }]);
});

test('TurnAssembler of any turn: the increments of each kind, joined, are what is told whole, each once', () => {
  const event = fc.oneof(
    fc.string({ minLength: 1 }).map((piece) => text(piece)),
    fc.string({ minLength: 1 }).map((piece) => input(piece)),
    fc.string({ minLength: 1 }).map((piece) => output(piece)),
    fc.constantFrom<ModelEvent>(audio, generationComplete, input('', true), output('', true)),
    fc.constant<ModelEvent>({ type: 'tool_call', calls: [{ id: 'c', name: 'n', args: {} }] }),
  );
  fc.assert(
    fc.property(fc.array(event), fc.constantFrom(interrupted, turnComplete), (events, end) => {
      const bodies = assemble(...events, end);
      const joined = (pick: (body: EventBody) => string | undefined, partial: boolean) =>
        bodies.flatMap((body) => (Boolean(body.partial) === partial ? [pick(body) ?? ''] : [])).join('');
      for (const pick of [
        (body: EventBody) => body.content?.parts?.[0]?.text,
        (body: EventBody) => body.inputTranscription?.text,
        (body: EventBody) => body.outputTranscription?.text,
      ]) {
        expect(joined(pick, false)).toBe(joined(pick, true));
      }
      expect(bodies.filter((body) => body.interrupted || body.turnComplete)).toEqual([bodies.at(-1)]);
    }),
  );
});
