import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ArtifactStore } from '../../src/store/artifact-store.ts';
import { createFolderArtifacts } from '../../src/store/folder-artifacts.ts';
import { temporaryDirectory } from '../http/test-server.ts';
import { audio, describeArtifactStore } from './artifact-store-contract.ts';
import { KEY } from './events.ts';

describeArtifactStore('createFolderArtifacts', async () =>
  createFolderArtifacts({ folder: join(await temporaryDirectory(), 'recordings') }),
);

/** Lists the files in a folder, by path. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])).toSorted();
}

/** Saves files with a little time between them, so that their order is known after a restart. */
async function saveAll(store: ArtifactStore, userId: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    await store.save({ ...KEY, userId }, name, audio(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('files are there in another store of the same folder, whose next revision follows', async () => {
  const folder = await temporaryDirectory();
  await createFolderArtifacts({ folder }).save(KEY, 'a.pcm', audio(1));
  const store = createFolderArtifacts({ folder });
  expect(await store.load(KEY, 'a.pcm')).toEqual(audio(1));
  expect(await store.save(KEY, 'a.pcm', audio(2))).toBe(1);
});

test('no file is outside of the folder, and none has a name that a file system would change', async () => {
  const parent = await temporaryDirectory();
  const folder = join(parent, 'recordings');
  const store = createFolderArtifacts({ folder });
  for (const name of ['../../a', '/a', 'A', 'con', 'a.'])
    await store.save({ ...KEY, sessionId: 'B..' }, name, audio(1));
  expect(await readdir(parent)).toEqual(['recordings']);
  const names = (await readdir(folder, { recursive: true })).flatMap((path) => path.split('/'));
  expect(names.filter((name) => !/^[a-z0-9_%~+-][a-z0-9_.%~+-]*$/.test(name) || /\.$|^con$/.test(name))).toEqual([]);
});

test('files of one user over the limit are deleted, the oldest first, also those from before a restart', async () => {
  const folder = await temporaryDirectory();
  const limits = { folder, maxUserBytes: 3 * 4200 };
  await saveAll(createFolderArtifacts(limits), 'eve', 'a', 'b', 'c');
  await saveAll(createFolderArtifacts(limits), 'ann', 'a');
  const store = createFolderArtifacts(limits);
  await saveAll(store, 'eve', 'd');
  expect(await store.list({ ...KEY, userId: 'eve' })).toEqual(['b', 'c', 'd']);
  expect(await store.list({ ...KEY, userId: 'ann' })).toEqual(['a']);
});

test('files over the limit in total are deleted, those of the user with the most first', async () => {
  const folder = await temporaryDirectory();
  const store = createFolderArtifacts({ folder, maxBytes: 4 * 4200 });
  await saveAll(store, 'ann', 'a');
  await saveAll(store, 'eve', 'b', 'c', 'd', 'e', 'f');
  expect(await store.list({ ...KEY, userId: 'ann' })).toEqual(['a']);
  expect(await store.list({ ...KEY, userId: 'eve' })).toEqual(['d', 'e', 'f']);
});

test('what a crash has left is deleted, and a temporary file of another process is not', async () => {
  const folder = await temporaryDirectory();
  await mkdir(join(folder, '%tmp'));
  await mkdir(join(folder, '%deleted', 'x', 'a'), { recursive: true });
  await writeFile(join(folder, '%deleted', 'x', 'a', '0~audio'), 'x');
  await writeFile(join(folder, '%tmp', 'old'), 'x');
  await writeFile(join(folder, '%tmp', 'young'), 'x');
  const hourAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(folder, '%tmp', 'old'), hourAgo, hourAgo);
  await createFolderArtifacts({ folder }).save(KEY, 'a', audio(1));
  expect((await listFiles(folder)).map((path) => path.split('/').at(-1))).toEqual(['young', '0~audio%2fpcm']);
});

test('a deleted conversation leaves neither files nor folders', async () => {
  const folder = await temporaryDirectory();
  const store = createFolderArtifacts({ folder });
  await store.save(KEY, 'a/b', audio(1));
  await store.delete(KEY);
  expect((await readdir(folder)).toSorted()).toEqual(['%deleted', '%tmp']);
  expect(await listFiles(folder)).toEqual([]);
});

test('a folder that was removed is made again', async () => {
  const folder = join(await temporaryDirectory(), 'recordings');
  const store = createFolderArtifacts({ folder });
  await store.save(KEY, 'a', audio(1));
  await rm(folder, { recursive: true });
  expect(await store.load(KEY, 'a')).toBeUndefined();
  expect(await store.list(KEY)).toEqual([]);
  expect(await store.save(KEY, 'a', audio(2))).toBe(0);
  expect(await store.load(KEY, 'a')).toEqual(audio(2));
});

test('a save that fails leaves nothing, and the next one works', async () => {
  const parent = await temporaryDirectory();
  const folder = join(parent, 'recordings');
  await writeFile(folder, 'a file is in the way');
  const store = createFolderArtifacts({ folder });
  await expect(store.save(KEY, 'a', audio(1))).rejects.toThrow();
  await rm(folder);
  expect(await store.save(KEY, 'a', audio(1))).toBe(0);
  expect(await readdir(join(folder, '%tmp'))).toEqual([]);
});
