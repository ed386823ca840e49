import { expect, test } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { encodeJsonEvent, encodeSse, type SseBlock } from '../../../src/wire/framing/sse.ts';

interface Received {
  events: { id?: string | undefined; event?: string | undefined; data: string }[];
  retries: number[];
  errors: string[];
}

/** Reads the bytes as a client does that gets them in these pieces: one decoder for the whole stream, then the parser. */
function receive(bytes: Uint8Array, cuts: readonly number[]): Received {
  const received: Received = { events: [], retries: [], errors: [] };
  const parser = createParser({
    onEvent: (event) => received.events.push(event),
    onRetry: (ms) => received.retries.push(ms),
    onError: (error) => received.errors.push(error.message),
  });
  const decoder = new TextDecoder();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  edges.slice(1).forEach((end, index) => {
    parser.feed(decoder.decode(bytes.subarray(edges[index], end), { stream: true }));
  });
  return received;
}

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** Text in which line breaks of all kinds are common. */
const anyLines = fc
  .array(fc.oneof(anyText, fc.constantFrom('\n', '\r', '\r\n', '\r\n\r\n', ' ', ':', 'data: x', '\u2028', '🎙️')), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join(''));
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a field of one line may not hold
const oneLine = anyText.map((text) => text.replace(/[\r\n\u0000]/g, ''));
const cuts = fc.array(fc.nat(4096), { maxLength: 12 });

const anyBlock: fc.Arbitrary<SseBlock> = fc.record(
  { id: oneLine, event: oneLine.filter((name) => name !== ''), data: anyLines, retry: fc.nat() },
  { requiredKeys: ['data'] },
);

test('a parser that gets encodeSse blocks in any pieces reads each id, name and data, with line breaks as LF', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 5 }), cuts, (blocks, at) => {
      const received = receive(new TextEncoder().encode(blocks.map(encodeSse).join('')), at);
      expect(received.errors).toEqual([]);
      expect(received.events).toEqual(
        blocks.map(({ id, event, data = '' }) => ({ id, event, data: data.replace(/\r\n|\r|\n/g, '\n') })),
      );
      expect(received.retries).toEqual(blocks.flatMap(({ retry }) => (retry === undefined ? [] : [retry])));
    }),
  );
});

test('an encodeSse block without data dispatches no event and leaves the next block unchanged', () => {
  const text = encodeSse({ id: 'e.1' }) + encodeSse({ retry: 1000.4 }) + encodeSse({ data: 'x' });
  expect(text).toBe('id: e.1\n\nretry: 1000\n\ndata: x\n\n');
  expect(receive(new TextEncoder().encode(text), [])).toEqual({
    events: [{ id: undefined, event: undefined, data: 'x' }],
    retries: [1000],
    errors: [],
  });
});

test.each(['\r', '\n', '\r\n', '\0'])(
  'encodeSse with %j in id or event throws: it would forge another field',
  (bad) => {
    expect(() => encodeSse({ id: `a${bad}data: forged` })).toThrow(TypeError);
    expect(() => encodeSse({ event: `a${bad}data: forged`, data: '' })).toThrow(/SSE event/);
  },
);

test('encodeJsonEvent encodes any JSON to the same bytes as encodeSse', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(fc.constantFrom('hb', 'tool_call'), { nil: undefined }), (value, event) => {
      const data = JSON.stringify(value);
      const block = { id: 'AAAAAAAAAAAAAAAA.7-2', data, ...(event === undefined ? {} : { event }) };
      expect(encodeJsonEvent(block.id, event, data)).toBe(encodeSse(block));
    }),
  );
});
