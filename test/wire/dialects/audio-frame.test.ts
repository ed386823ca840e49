import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adkDialect } from '../../../src/wire/dialects/adk.ts';
import { agentScopeDialect } from '../../../src/wire/dialects/agentscope.ts';
import { encodeAudioFrame } from '../../../src/wire/dialects/audio-frame.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import type { LogEntry } from '../../../src/wire/log-entry.ts';

const isAscii = (text: string) =>
  Buffer.byteLength(text) === text.length && Buffer.from(text).every((byte) => byte < 0x80);

test('a frame of base64 between ASCII is in pieces, and any other is encoded as JSON encodes it', () => {
  const text = fc.oneof(
    fc.base64String(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '"', '\\', '\n', 'é', '日本'),
  );
  fc.assert(
    fc.property(text, fc.string({ unit: 'binary' }), (data, name) => {
      const before = `{${JSON.stringify(name)}:`;
      const frame = encodeAudioFrame(before, data, ',"end":1}');
      expect(frame.data).toBe(`${before}${JSON.stringify(data)},"end":1}`);
      if (!frame.pieces) return;
      expect(frame.pieces.join('')).toBe(frame.data);
      expect(isAscii(frame.data)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
  expect(encodeAudioFrame('{"data":', 'AAAA', '}').pieces).toEqual(['{"data":"', 'AAAA', '"}']);
});

test.each([plainDialect, adkDialect, agentScopeDialect])(
  'speech in the dialect $name is in pieces, unless the agent has a name that is not ASCII',
  (dialect) => {
    const encode = (author: string) => {
      const content = { role: 'model', parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }] };
      const event = { id: 'a', invocationId: 'b', author, timestamp: 1.5, content };
      const names = { epoch: 'epoch', sessionId: 'here', agent: author };
      const entry: LogEntry = { seq: 1, turn: 1, message: { event }, names };
      return dialect.encodeEntry(entry).filter((frame) => frame?.data.includes('AAAA'));
    };
    expect(encode('Ann')[0]?.pieces?.[1]).toBe('AAAA');
    const [named] = encode('Zoë');
    expect(named?.pieces !== undefined).toBe(isAscii(named?.data ?? ''));
  },
);
