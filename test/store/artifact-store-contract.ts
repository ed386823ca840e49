import { describe, expect, test } from '@jest/globals';
import type { ArtifactStore } from '../../src/store/artifact-store.ts';
import { KEY } from './events.ts';

export const audio = (...bytes: number[]) => ({ mimeType: 'audio/pcm', data: Uint8Array.from(bytes) });

/** The rules that every artifact store keeps. @param create opens an empty store */
export function describeArtifactStore(name: string, create: () => Promise<ArtifactStore>): void {
  describe(`${name} keeps the contract of an ArtifactStore:`, () => {
    test('a saved file is loaded as it was, in its newest or in a given revision', async () => {
      const store = await create();
      expect(await store.save(KEY, 'folder/a.pcm', audio(1))).toBe(0);
      expect(await store.save(KEY, 'folder/a.pcm', audio(2))).toBe(1);
      expect(await store.load(KEY, 'folder/a.pcm')).toEqual(audio(2));
      expect(await store.load(KEY, 'folder/a.pcm', 0)).toEqual(audio(1));
    });

    test('a file, a revision or a conversation that does not exist is undefined', async () => {
      const store = await create();
      await store.save(KEY, 'a.pcm', audio(1));
      expect(await store.load(KEY, 'b.pcm')).toBeUndefined();
      expect(await store.load(KEY, 'a.pcm', 1)).toBeUndefined();
      expect(await store.load({ ...KEY, sessionId: 'other' }, 'a.pcm')).toBeUndefined();
    });

    test('a list has the files of one conversation, each once, in alphabetical order', async () => {
      const store = await create();
      for (const filename of ['b.pcm', 'a.pcm', 'b.pcm']) await store.save(KEY, filename, audio(1));
      await store.save({ ...KEY, sessionId: 'default2' }, 'c.pcm', audio(1));
      expect(await store.list(KEY)).toEqual(['a.pcm', 'b.pcm']);
      expect(await store.list({ ...KEY, userId: 'nobody' })).toEqual([]);
    });
  });
}
