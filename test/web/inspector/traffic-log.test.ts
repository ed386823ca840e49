import { expect, test } from '@jest/globals';
import type { Traffic } from '../../../src/client/index.ts';
import { filterMessages, toJsonLines } from '../../../src/web/inspector/select-messages.ts';
import { MAX_CHARACTERS, MAX_MESSAGES, TrafficLog } from '../../../src/web/inspector/traffic-log.ts';

const event = (name: string, data: unknown, id: string | undefined = undefined): Traffic => ({
  direction: 'down',
  over: 'ws',
  name,
  id,
  data,
});
const words = (text: string) => event('message', { mime_type: 'text/plain', data: text });
const ALL = new Set(['content', 'audio', 'control'] as const);

test('each message has its time, its kind, its author and its size', () => {
  let now = 12.4;
  const log = new TrafficLog(() => now);
  log.add(event('message', { mime_type: 'audio/pcm', data: 'AAAA' }, 'e.1'));
  now = 99.6;
  log.add({ direction: 'up', over: 'http', name: 'post', id: 3, data: [{ audio_ms: 100 }] });
  log.add({
    direction: 'up',
    over: 'http',
    name: 'post',
    id: 4,
    data: [{ audio_ms: 100 }, { mime_type: 'text/plain' }],
  });
  log.add(event('hb', { t: 1, next: 1 }));
  log.add(event('tool_call', { author: 'guide', name: 'current_time' }));
  expect(log.messages.map(({ number, atMs, kind, author }) => [number, atMs, kind, author])).toEqual([
    [1, 12, 'audio', undefined],
    [2, 100, 'audio', undefined],
    [3, 100, 'content', undefined],
    [4, 100, 'control', undefined],
    [5, 100, 'content', 'guide'],
  ]);
  expect(log.messages[0]).toMatchObject({ direction: 'down', over: 'ws', id: 'e.1', bytes: 39 });
});

test('data of another shape than the protocol has is kept, too', () => {
  const log = new TrafficLog();
  for (const data of [null, undefined, 7, 'text', [], [null], { author: 7, mime_type: {} }])
    log.add(event('message', data));
  expect(log.messages.map(({ json }) => json)).toEqual([
    'null',
    'null',
    '7',
    '"text"',
    '[]',
    '[null]',
    '{"author":7,"mime_type":{}}',
  ]);
});

test('long texts and base64 are shortened, and count with their whole size', () => {
  const log = new TrafficLog();
  log.add(event('message', { mime_type: 'audio/pcm', data: 'A'.repeat(64_000) }));
  log.add(words('ä '.repeat(2_000)));
  const [audio, text] = log.messages;
  expect(audio?.json).toBe(`{"mime_type":"audio/pcm","data":"${'A'.repeat(40)}… (64000)"}`);
  expect(audio?.bytes).toBeGreaterThanOrEqual(64_000);
  expect(text?.json.length).toBeLessThan(300);
  expect(text?.bytes).toBeGreaterThanOrEqual(4_000);
});

test('beyond the maximum the oldest messages are dropped and counted, until the log is cleared', () => {
  const log = new TrafficLog();
  for (let count = 1; count <= MAX_MESSAGES + 5; count++) log.add(words(`${count}`));
  expect([log.messages.length, log.dropped, log.messages[0]?.number]).toEqual([MAX_MESSAGES, 5, 6]);
  log.clear();
  expect([log.messages.length, log.dropped]).toEqual([0, 0]);
});

test('messages with many fields are dropped at the limit of their characters', () => {
  const log = new TrafficLog();
  const turns = Array.from({ length: 100 }, () => ({ role: 'user', text: 'word '.repeat(300) }));
  for (let count = 0; count < 100; count++) log.add(event('reset', { turns }));
  const characters = log.messages.reduce((sum, { json }) => sum + json.length, 0);
  expect(characters).toBeLessThanOrEqual(MAX_CHARACTERS);
  expect(log.messages.length + log.dropped).toBe(100);
  expect(log.dropped).toBeGreaterThan(0);
});

test('a filter selects by kind, and by a text in the name or the data, in upper or lower case', () => {
  const log = new TrafficLog();
  log.add(words('One, TWO'));
  log.add(event('tool_call', { name: 'two_dice' }));
  log.add(event('hb', { t: 2 }));
  const names = (kinds: ReadonlySet<'content' | 'audio' | 'control'>, text: string) =>
    filterMessages(log.messages, kinds, text).map(({ name }) => name);
  expect(names(ALL, '')).toEqual(['message', 'tool_call', 'hb']);
  expect(names(new Set(['content']), ' Two ')).toEqual(['message', 'tool_call']);
  expect(names(ALL, 'hb')).toEqual(['hb']);
  expect(names(new Set(), '')).toEqual([]);
});

test('the export has one JSON object a line, with the time on the clock', () => {
  const log = new TrafficLog(() => 1_500);
  log.add(event('message', { mime_type: 'text/plain', data: 'a\nb' }, 'e.7'));
  log.add({ direction: 'up', over: 'http', name: 'ack', id: undefined, data: { ack: 'e.7' } });
  const lines = toJsonLines(log.messages, Date.UTC(2026, 0, 1)).split('\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line))).toEqual([
    {
      number: 1,
      at: '2026-01-01T00:00:01.500Z',
      ms: 1500,
      direction: 'down',
      over: 'ws',
      name: 'message',
      id: 'e.7',
      bytes: 40,
      data: { mime_type: 'text/plain', data: 'a\nb' },
    },
    expect.objectContaining({ number: 2, direction: 'up', name: 'ack', data: { ack: 'e.7' } }),
  ]);
});
