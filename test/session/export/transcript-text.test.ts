import { expect, test } from '@jest/globals';
import { formatTextHead, TranscriptText } from '../../../src/session/export/transcript-text.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { textEvent } from '../../store/events.ts';

const at = (timestamp: number, event: Partial<AgentEvent>): AgentEvent => ({
  ...textEvent('', 'helper'),
  content: {},
  timestamp,
  ...event,
});
const user = (text: string): Partial<AgentEvent> => ({ author: 'user', content: { role: 'user', parts: [{ text }] } });
const heard = (text: string): Partial<AgentEvent> => ({ author: 'user', inputTranscription: { text, finished: true } });
const spoken = (text: string): Partial<AgentEvent> => ({ outputTranscription: { text, finished: true } });

function write(...events: AgentEvent[]): string {
  const transcript = new TranscriptText();
  return events.map((event) => transcript.add(event)).join('') + transcript.finish();
}

test('a conversation is written with the time and the speaker at each change, and with calls, pictures and interruptions', () => {
  const call = { functionCall: { id: '1', name: 'weather', args: { city: 'Rome' } } };
  const result = { functionResponse: { id: '1', name: 'weather', response: { sky: 'clear' }, pictures: 1 } };
  expect(
    formatTextHead('Trip', 'helper', 1_000_000_009) +
      write(
        at(1_000_000_000, { ...user('Look:'), pictures: 2 }),
        at(1_000_000_001, { content: { role: 'model', parts: [call] } }),
        at(1_000_000_002, { content: { role: 'user', parts: [result] } }),
        at(1_000_000_003, { ...spoken('It is clear in'), interrupted: true }),
        at(1_000_000_004, heard('Stop.')),
        at(1_000_000_005, spoken('All right.')),
        at(1_000_000_006, { turnComplete: true }),
        at(1_000_000_007, { ...spoken('Hello, '), partial: true }),
        at(1_000_000_008, { author: 'billing', ...spoken('Hello.') }),
      ),
  ).toBe(`Trip
With helper, until 2001-09-09 01:46:49 (UTC)

2001-09-09 01:46:40  User
Look:
[2 pictures]

2001-09-09 01:46:41  helper
[calls weather {"city":"Rome"}]
[weather: {"sky":"clear"}]
[1 picture]
It is clear in
[interrupted]

2001-09-09 01:46:44  User
Stop.

2001-09-09 01:46:45  helper
All right.

2001-09-09 01:46:48  billing
Hello.
`);
});

test('words of the user that were recognized late stand before the reply to them', () => {
  const text = write(
    at(1, user('first')),
    at(2, spoken('one')),
    at(4, spoken('two')),
    at(3, { ...heard('late'), answered: true }),
  );
  expect(text.indexOf('late')).toBeLessThan(text.indexOf('two'));
  expect(text).toContain('first\nlate\n');
});

test('control characters, which a terminal would carry out, and marks of direction are not written', () => {
  const text = write(
    at(1, user('a\u001b[2Jb\r\nc\u202ed\u0000')),
    at(Number.NaN, { ...spoken('e'), author: 'x\u001by' }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text).toContain('a [2Jb\nc d');
});

test('a long result is cut, and a reply of any length is written before it is complete', () => {
  const response = { text: 'x'.repeat(10_000) };
  const part = { functionResponse: { id: '1', name: 'read', response } };
  expect(write(at(1, { author: 'user', content: { parts: [part] } })).length).toBeLessThan(700);
  const transcript = new TranscriptText();
  let written = 0;
  for (let index = 0; index < 100; index += 1) written += transcript.add(at(index, spoken('x'.repeat(10_000)))).length;
  expect(written).toBeGreaterThan(900_000);
});
