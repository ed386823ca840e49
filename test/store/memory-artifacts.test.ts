import { expect, test } from '@jest/globals';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { audio, describeArtifactStore } from './artifact-store-contract.ts';
import { KEY } from './conversation-store-contract.ts';

describeArtifactStore('createMemoryArtifacts', async () => createMemoryArtifacts());

test('createMemoryArtifacts over its limit forgets the files that were saved first, and their names with the last of them', async () => {
  const store = createMemoryArtifacts(700);
  await store.save(KEY, 'a', audio(1));
  await store.save(KEY, 'a', audio(2));
  await store.save(KEY, 'b', audio(3));
  await store.save(KEY, 'c', audio(4));
  expect(await store.load(KEY, 'a', 0)).toBeUndefined();
  expect(await store.list(KEY)).toEqual(['a', 'b', 'c']);
  await store.save(KEY, 'd', audio(5));
  expect(await store.list(KEY)).toEqual(['b', 'c', 'd']);
  // The newest stays, whatever its size.
  await store.save(KEY, 'e', { mimeType: 'audio/pcm', data: new Uint8Array(1_000) });
  expect(await store.list(KEY)).toEqual(['e']);
});
