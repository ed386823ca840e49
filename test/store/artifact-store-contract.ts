import { describe, expect, test } from '@jest/globals';
import { type ArtifactStore, RECORDINGS_PREFIX } from '../../src/store/artifact-store.ts';
import { KEY } from './events.ts';

export const audio = (...bytes: number[]) => ({ mimeType: 'audio/pcm', data: Uint8Array.from(bytes) });

/** Names that a file system would mix up, refuse, or take for another place. */
const AWKWARD_NAMES = [
  ...[
    'a',
    'A',
    'a/b',
    'a/B',
    'a\\b',
    '../a',
    '..',
    '.',
    '/etc/passwd',
    'a/../../b',
    'con',
    'nul.txt',
    'COM1',
    'a.',
    'a ',
    ' a',
  ],
  ...['%41', '%', '0~audio', 'a#1', 'ä', 'é', 'e\u0301', '\0', 'a:b', '*?"<>|', '%tmp', '%deleted'],
  ...[
    'x'.repeat(512),
    'Ä'.repeat(512),
    `${'x'.repeat(180)}.`,
    `${'x'.repeat(180)}con`,
    'x'.repeat(180),
    `${'x'.repeat(180)}/`,
  ],
];

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

    test('a conversation has files of a prefix from the first one that is saved until the last one is deleted, and another one has none of them', async () => {
      const store = await create();
      const ask = (key = KEY) => store.hasFiles?.(key, RECORDINGS_PREFIX);
      await store.save(KEY, 'picture.png', audio(1));
      await store.save(KEY, '_adk_live', audio(1));
      expect(await ask()).toBe(false);
      await store.save(KEY, '_adk_live/a.pcm', audio(1));
      await store.save(KEY, '_adk_live/b.pcm', audio(1));
      expect(await ask()).toBe(true);
      expect(await ask({ ...KEY, sessionId: `${KEY.sessionId}2` })).toBe(false);
      await store.delete(KEY, '_adk_live/a.pcm');
      expect(await ask()).toBe(true);
      await store.delete(KEY, '_adk_live/b.pcm');
      expect(await ask()).toBe(false);
    });

    test('a file is deleted with all its revisions, and a conversation with all its files, and with nothing of another one', async () => {
      const store = await create();
      const other = { ...KEY, sessionId: `${KEY.sessionId}2` };
      await store.save(KEY, 'a.pcm', audio(1));
      await store.save(KEY, 'a.pcm', audio(2));
      await store.save(KEY, 'folder/b.pcm', audio(3));
      await store.save(other, 'a.pcm', audio(4));
      await store.delete(KEY, 'a.pcm');
      expect(await store.list(KEY)).toEqual(['folder/b.pcm']);
      expect(await store.load(KEY, 'a.pcm', 0)).toBeUndefined();
      expect(await store.save(KEY, 'a.pcm', audio(5))).toBe(0);
      await store.delete(KEY);
      expect(await store.list(KEY)).toEqual([]);
      expect(await store.load(KEY, 'folder/b.pcm')).toBeUndefined();
      expect(await store.load(other, 'a.pcm')).toEqual(audio(4));
      await store.delete(KEY);
      await store.delete(KEY, 'c.pcm');
    });

    test('names of files with any character are kept apart, also those that differ by case only or leave a folder', async () => {
      const store = await create();
      const names = AWKWARD_NAMES.toSorted();
      for (const [index, name] of names.entries()) expect(await store.save(KEY, name, audio(index))).toBe(0);
      expect(await store.list(KEY)).toEqual(names);
      for (const [index, name] of names.entries()) expect(await store.load(KEY, name)).toEqual(audio(index));
    });

    test('conversations whose ids differ by case or by a dot have files of their own, and an id may have 128 characters', async () => {
      const store = await create();
      const ids = [
        'a',
        'A',
        'a.',
        'a..',
        'con',
        'CON',
        'nul.txt',
        'a_b',
        'a-b',
        'a@b',
        'A'.repeat(128),
        'A'.repeat(127),
        '0~x',
      ];
      for (const [index, id] of ids.entries()) {
        await store.save({ ...KEY, userId: id }, 'a', audio(index));
        await store.save({ ...KEY, sessionId: id }, 'a', audio(index));
      }
      for (const [index, id] of ids.entries()) {
        expect(await store.load({ ...KEY, userId: id }, 'a')).toEqual(audio(index));
        expect(await store.load({ ...KEY, sessionId: id }, 'a')).toEqual(audio(index));
      }
    });

    test.each(['', 'x'.repeat(513), '\ud800'])(
      'a name of a file that is empty, too long or not Unicode is refused',
      async (name) => {
        const store = await create();
        await expect(store.save(KEY, name, audio(1))).rejects.toThrow(RangeError);
      },
    );

    test('revisions that are saved at the same time have numbers of their own', async () => {
      const store = await create();
      const saved = await Promise.all(Array.from({ length: 10 }, (_, index) => store.save(KEY, 'a', audio(index))));
      expect(saved.toSorted((one, other) => one - other)).toEqual(saved.map((_, index) => index));
      for (const [index, revision] of saved.entries())
        expect(await store.load(KEY, 'a', revision)).toEqual(audio(index));
    });
  });
}
