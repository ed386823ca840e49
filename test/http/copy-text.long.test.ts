import { expect, test } from '@jest/globals';
import { copyText, isLongTarget } from '../../src/http/copy-text.ts';
import { readReaderQuery } from '../../src/http/reader-query.ts';
import { readIds } from '../../src/http/route-ids.ts';
import { matchRoute } from '../../src/http/route-match.ts';
import { MEGABYTE, memoryInUse } from '../long/memory.ts';

/** What the server keeps of a request target. */
function keepParts(url: string): unknown {
  const { userId, sessionId } = matchRoute(url) ?? { userId: '', sessionId: undefined };
  const { client, runConfig } = readReaderQuery(url, 'agent');
  return [readIds(userId, sessionId, isLongTarget(url)), client, runConfig];
}

test('what is kept of 300 long request targets does not keep the targets', () => {
  const kept: unknown[] = [];
  const before = memoryInUse();
  for (let index = 0; index < 300; index += 1) {
    const path = `/events/a-user-with-a-long-name-${index}/a-session-with-a-long-name-${index}`;
    const query = `client=a-client-with-a-long-name-${index}&voice=a-voice-with-a-long-name&language=de-Latn-DE-1996`;
    kept.push(keepParts(Buffer.from(`${path}?${query}&pad=${'x'.repeat(14_000)}`).toString('latin1')));
  }
  // The targets have 4.2 MB.
  expect(memoryInUse() - before).toBeLessThan(MEGABYTE);
  expect(kept[7]).toEqual([
    { userId: 'a-user-with-a-long-name-7', sessionId: 'a-session-with-a-long-name-7' },
    'a-client-with-a-long-name-7',
    {
      speechConfig: {
        voiceConfig: { prebuiltVoiceConfig: { voiceName: 'a-voice-with-a-long-name' } },
        languageCode: 'de-Latn-DE-1996',
      },
    },
  ]);
});

test('a copy has the same characters, whatever they are', () => {
  for (const text of ['', 'abc', 'é€😀', '\ud800']) expect(copyText(text)).toBe(text);
});
