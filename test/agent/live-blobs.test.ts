import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { Runner } from '../../src/agent/runner.ts';
import { createMemoryArtifacts } from '../../src/store/memory-artifacts.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { CONVERSATION, startTalk } from './talk.ts';

const closing = closesAfterEach();
const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64');

async function recordedTalk(artifacts = createMemoryArtifacts()) {
  const server = closing(await startScriptedGemini());
  const store = createMemoryStore();
  const agent = new Agent({ name: 'assistant', runConfig: { responseModalities: ['AUDIO'], saveLiveBlob: true } });
  const talk = closing(startTalk(new Runner({ appName: 'app', agent, model: modelAt(server.url), store, artifacts })));
  const hear = (...bytes: number[]) =>
    talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: base64(...bytes) });
  const peer = await server.connection(0);
  const speak = (...bytes: number[]) => {
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: base64(...bytes) };
    peer.send({ serverContent: { modelTurn: { parts: [{ inlineData }] } } });
  };
  return { peer, talk, store, artifacts, hear, speak };
}

const fileOf = ({ content }: AgentEvent) => content?.parts?.[0]?.fileData;
const filesIn = (events: readonly AgentEvent[]) => events.filter(fileOf);

/** What is in a file that an event names. */
async function bytesOf(event: AgentEvent | undefined, artifacts: ReturnType<typeof createMemoryArtifacts>) {
  const [, filename = '', revision] =
    /^artifact:\/\/app\/ann\/default\/(.*)#(\d+)$/.exec(fileOf(event ?? ({} as AgentEvent))?.fileUri ?? '') ?? [];
  const artifact = await artifacts.load(CONVERSATION, filename, Number(revision));
  return artifact && { mimeType: artifact.mimeType, bytes: [...artifact.data] };
}

test('a run with saveLiveBlob keeps what was said in a turn as two files, of the user first, and names them in the conversation', async () => {
  const { peer, talk, store, artifacts, hear, speak } = await recordedTalk();
  hear(1, 2);
  hear(3, 4);
  await peer.received('realtimeInput');
  await new Promise((resolve) => setTimeout(resolve, 50));
  speak(5, 6);
  speak(7, 8);
  peer.completeTurn();
  await talk.until((event) => fileOf(event) && event.author === 'assistant');
  const files = filesIn(talk.events);
  expect(files.map(({ author }) => author)).toEqual(['user', 'assistant']);
  expect(await bytesOf(files[0], artifacts)).toEqual({ mimeType: 'audio/pcm;rate=16000', bytes: [1, 2, 3, 4] });
  expect(await bytesOf(files[1], artifacts)).toEqual({ mimeType: 'audio/pcm;rate=24000', bytes: [5, 6, 7, 8] });
  expect(filesIn((await store.get(CONVERSATION)).events)).toEqual(files);
  // When it was said, not when it was kept.
  expect(files[0]?.timestamp).toBeLessThanOrEqual(files[1]?.timestamp ?? 0);
});

test('a run with saveLiveBlob keeps an interrupted reply by itself, and what interrupted it with the rest of what the user said', async () => {
  const { peer, talk, artifacts, hear, speak } = await recordedTalk();
  speak(1, 2);
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  hear(3, 4);
  await peer.received('realtimeInput');
  peer.send({ serverContent: { interrupted: true } });
  await talk.until(fileOf);
  expect(await bytesOf(filesIn(talk.events)[0], artifacts)).toMatchObject({ bytes: [1, 2] });
  hear(5, 6);
  await until(() => peer.frames.length === 3);
  peer.completeTurn();
  await talk.until((event) => fileOf(event) && event.author === 'user');
  expect(await bytesOf(filesIn(talk.events)[1], artifacts)).toMatchObject({ bytes: [3, 4, 5, 6] });
});

test('a run with saveLiveBlob that ends in mid-turn keeps what there is', async () => {
  const { peer, talk, store, artifacts, speak } = await recordedTalk();
  speak(1, 2);
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  await talk.close();
  expect(peer).toBeDefined();
  const [file] = filesIn((await store.get(CONVERSATION)).events);
  expect(await bytesOf(file, artifacts)).toMatchObject({ bytes: [1, 2] });
});

test('a run with saveLiveBlob whose artifact store fails ends with its error', async () => {
  const failing = { ...createMemoryArtifacts(), save: () => Promise.reject(new Error('disk full')) };
  const { talk, peer, speak } = await recordedTalk(failing);
  speak(1, 2);
  peer.completeTurn();
  await expect(talk.done).rejects.toThrow('disk full');
});

test('saveLiveBlob without an artifact store is refused when the Runner is made', () => {
  const agent = new Agent({ name: 'assistant', runConfig: { saveLiveBlob: true } });
  const model = modelAt('http://127.0.0.1:9');
  expect(() => new Runner({ appName: 'app', agent, model, store: createMemoryStore() })).toThrow(
    expect.objectContaining({ code: 'invalid_run_config', message: expect.stringContaining('ArtifactStore') }),
  );
});
