import { describe, expect, test } from '@jest/globals';
import type { ArtifactStore } from '../../src/store/artifact-store.ts';
import { KEY } from './conversation-store-contract.ts';

export const audio = (...bytes: number[]) => ({ mimeType: 'audio/pcm', data: Uint8Array.from(bytes) });

/** What every artifact store does. */
export function describeArtifactStore(name: string, create: () => Promise<ArtifactStore>): void {
  describe(`${name}, as an artifact store,`, () => {
    test('gives back what was saved, the latest or the revision that is asked for', async () => {
      const store = await create();
      expect(await store.save(KEY, 'folder/a.pcm', audio(1))).toBe(0);
      expect(await store.save(KEY, 'folder/a.pcm', audio(2))).toBe(1);
      expect(await store.load(KEY, 'folder/a.pcm')).toEqual(audio(2));
      expect(await store.load(KEY, 'folder/a.pcm', 0)).toEqual(audio(1));
    });

    test('has nothing under a name, a revision or a conversation that is not there', async () => {
      const store = await create();
      await store.save(KEY, 'a.pcm', audio(1));
      expect(await store.load(KEY, 'b.pcm')).toBeUndefined();
      expect(await store.load(KEY, 'a.pcm', 1)).toBeUndefined();
      expect(await store.load({ ...KEY, sessionId: 'other' }, 'a.pcm')).toBeUndefined();
    });

    test('lists the files of one conversation, each once, in order', async () => {
      const store = await create();
      for (const filename of ['b.pcm', 'a.pcm', 'b.pcm']) await store.save(KEY, filename, audio(1));
      await store.save({ ...KEY, sessionId: 'default2' }, 'c.pcm', audio(1));
      expect(await store.list(KEY)).toEqual(['a.pcm', 'b.pcm']);
      expect(await store.list({ ...KEY, userId: 'nobody' })).toEqual([]);
    });
  });
}
