import { expect, test } from '@jest/globals';
import { AudioSlabs } from '../../../src/memory/audio-slabs.ts';
import { restoreAudio, storeEntry } from '../../../src/session/log/stored-entry.ts';
import type { Content } from '../../../src/wire/agent-event.ts';

const PIECE: Content = { role: 'model', parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }] };

/** Content of an event that a log has stored and read again. */
function store(content: Content): Content | undefined {
  const slabs = new AudioSlabs();
  const event = { id: '1', invocationId: 'e-1', author: 'agent', timestamp: 1, content };
  return restoreAudio(storeEntry({ seq: 1, turn: 1, message: { event } }, slabs, 0), slabs).message.event?.content;
}

test('a field that a runner adds to a piece of speech does not reach the equal piece of another session', () => {
  store({ ...PIECE, secret: 'of one user' } as Content);
  expect(store(PIECE)).toEqual(PIECE);
});
