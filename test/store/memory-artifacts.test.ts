import { expect, test } from '@jest/globals';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { audio, describeArtifactStore } from './artifact-store-contract.ts';
import { KEY } from './events.ts';

describeArtifactStore('createMemoryArtifacts', async () => createMemoryArtifacts());

test('artifacts over the limit of bytes are deleted, the oldest first, and a file disappears from the list with its last revision', async () => {
  const store = createMemoryArtifacts(700);
  await store.save(KEY, 'a', audio(1));
  await store.save(KEY, 'a', audio(2));
  await store.save(KEY, 'b', audio(3));
  await store.save(KEY, 'c', audio(4));
  expect(await store.load(KEY, 'a', 0)).toBeUndefined();
  expect(await store.list(KEY)).toEqual(['a', 'b', 'c']);
  await store.save(KEY, 'd', audio(5));
  expect(await store.list(KEY)).toEqual(['b', 'c', 'd']);
  // The newest file stays, whatever its size.
  await store.save(KEY, 'e', { mimeType: 'audio/pcm', data: new Uint8Array(1_000) });
  expect(await store.list(KEY)).toEqual(['e']);
});

test('files of one user over the limit of bytes make only files of that user forgotten', async () => {
  const store = createMemoryArtifacts(2_000);
  await store.save({ ...KEY, userId: 'ann' }, 'a', audio(1));
  for (let index = 0; index < 50; index += 1) await store.save({ ...KEY, userId: 'eve' }, `${index}`, audio(1));
  expect(await store.list({ ...KEY, userId: 'ann' })).toEqual(['a']);
  expect(await store.load({ ...KEY, userId: 'eve' }, '49')).toBeDefined();
});
