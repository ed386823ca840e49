import { expect, jest, test } from '@jest/globals';
import { Agent } from '../../../src/agent/agent.ts';
import type { AgentCallbackOptions } from '../../../src/agent/callbacks.ts';
import { Runner } from '../../../src/agent/run/runner.ts';
import { createMemoryArtifacts } from '../../../src/store/memory-artifacts.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { loadEvents } from '../../store/events.ts';
import { CONVERSATION, startTalk } from '../talk.ts';

const closing = closesAfterEach();
const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64');

async function startRecordedTalk(artifacts = createMemoryArtifacts(), callbacks: AgentCallbackOptions = {}) {
  const model = new FakeModel();
  const store = createMemoryStore();
  const agent = new Agent({
    ...callbacks,
    name: 'assistant',
    runConfig: { responseModalities: ['AUDIO'], saveLiveBlob: true },
  });
  const runner = new Runner({ appName: 'app', agent, model, store, artifacts });
  const talk = closing(startTalk(runner));
  const provider = await model.connection(0);
  await talk.until(({ status }) => status?.upstream === 'ready');
  return {
    model,
    provider,
    talk,
    runner,
    store,
    artifacts,
    /** Sends audio of the user. */
    sendAudio: (...bytes: number[]) =>
      talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: base64(...bytes) }),
    /** Sends audio of the model. */
    speak: (...bytes: number[]) => provider.speak(base64(...bytes)),
  };
}

const fileOf = ({ content }: AgentEvent) => content?.parts?.[0]?.fileData;
const filesIn = (events: readonly AgentEvent[]) => events.filter(fileOf);

/** Content of the file that an event names. */
async function bytesOf(event: AgentEvent | undefined, artifacts: ReturnType<typeof createMemoryArtifacts>) {
  const [, filename = '', revision] =
    /^artifact:\/\/app\/ann\/default\/(.*)#(\d+)$/.exec(fileOf(event ?? ({} as AgentEvent))?.fileUri ?? '') ?? [];
  const artifact = await artifacts.load(CONVERSATION, filename, Number(revision));
  return artifact && { mimeType: artifact.mimeType, bytes: [...artifact.data] };
}

test('a run with saveLiveBlob stores the speech of a turn as two files, the user first, and records them in the conversation', async () => {
  const { provider, talk, store, artifacts, sendAudio, speak } = await startRecordedTalk();
  sendAudio(1, 2);
  sendAudio(3, 4);
  await provider.nextInput('audio');
  await new Promise((resolve) => setTimeout(resolve, 50));
  speak(5, 6);
  speak(7, 8);
  provider.completeTurn();
  await talk.until((event) => fileOf(event) && event.author === 'assistant');
  const files = filesIn(talk.events);
  expect(files.map(({ author }) => author)).toEqual(['user', 'assistant']);
  expect(await bytesOf(files[0], artifacts)).toEqual({ mimeType: 'audio/pcm;rate=16000', bytes: [1, 2, 3, 4] });
  expect(await bytesOf(files[1], artifacts)).toEqual({ mimeType: 'audio/pcm;rate=24000', bytes: [5, 6, 7, 8] });
  await talk.close();
  expect(filesIn(await loadEvents(store, CONVERSATION))).toEqual(files);
  // The timestamp is the start of the speech, not the time at which the file was stored.
  expect(files[0]?.timestamp).toBeLessThanOrEqual(files[1]?.timestamp ?? 0);
});

test('a run with saveLiveBlob stores an interrupted reply by itself, and the speech that interrupted it with the rest of the user', async () => {
  const { provider, talk, artifacts, sendAudio, speak } = await startRecordedTalk();
  speak(1, 2);
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  sendAudio(3, 4);
  await provider.nextInput('audio');
  provider.interrupt();
  await talk.until(fileOf);
  expect(await bytesOf(filesIn(talk.events)[0], artifacts)).toMatchObject({ bytes: [1, 2] });
  sendAudio(5, 6);
  await provider.nextInput('audio');
  provider.completeTurn();
  await talk.until((event) => fileOf(event) && event.author === 'user');
  expect(await bytesOf(filesIn(talk.events)[1], artifacts)).toMatchObject({ bytes: [3, 4, 5, 6] });
});

test('a run with saveLiveBlob that ends during a turn stores the speech so far', async () => {
  const { talk, store, artifacts, speak } = await startRecordedTalk();
  speak(1, 2);
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  await talk.close();
  const [file] = filesIn(await loadEvents(store, CONVERSATION));
  expect(await bytesOf(file, artifacts)).toMatchObject({ bytes: [1, 2] });
});

test('saveLiveBlob without an artifact store is refused when the Runner is created', () => {
  const agent = new Agent({ name: 'assistant', runConfig: { saveLiveBlob: true } });
  expect(() => new Runner({ appName: 'app', agent, model: new FakeModel(), store: createMemoryStore() })).toThrow(
    expect.objectContaining({ code: 'invalid_run_config', message: expect.stringContaining('ArtifactStore') }),
  );
});

test('a run with saveLiveBlob stores a reply that was lost with its connection, and the user with the reply that follows', async () => {
  const { model, provider, talk, artifacts, sendAudio, speak } = await startRecordedTalk();
  sendAudio(1, 2);
  await provider.nextInput('audio');
  speak(3, 4);
  await talk.until(({ content }) => content?.parts?.[0]?.inlineData);
  provider.drop();
  await talk.until(fileOf);
  expect(await bytesOf(filesIn(talk.events)[0], artifacts)).toMatchObject({ bytes: [3, 4] });
  const second = await model.connection(1);
  second.speak(base64(5, 6));
  second.completeTurn();
  await talk.until(() => filesIn(talk.events).length === 3);
  const [, ofUser, ofModel] = filesIn(talk.events);
  expect(await bytesOf(ofUser, artifacts)).toMatchObject({ bytes: [1, 2] });
  expect(await bytesOf(ofModel, artifacts)).toMatchObject({ bytes: [5, 6] });
});

/** An artifact store whose first `save` does something else. */
function createFailingArtifacts(save: () => unknown) {
  const artifacts = createMemoryArtifacts();
  const given = artifacts.save.bind(artifacts);
  let calls = 0;
  artifacts.save = (...parameters) => (++calls === 1 ? (save() as Promise<number>) : given(...parameters));
  return artifacts;
}

test.each<[string, () => unknown]>([
  ['throws', () => failWith(Object.create(null))],
  ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ['answers no number', async () => ({ toString: () => failWith(new Error('no')) })],
])('a run whose artifact store %s tells so and continues, and stores the next turn', async (_what, save) => {
  const { provider, talk, store, speak } = await startRecordedTalk(createFailingArtifacts(save));
  speak(1, 2);
  provider.completeTurn();
  await talk.until(({ errorCode }) => errorCode === 'RECORDING_FAILED');
  speak(3, 4);
  provider.completeTurn();
  await talk.until(fileOf);
  await talk.close();
  const events = await loadEvents(store, CONVERSATION);
  expect(events.filter(({ errorCode }) => errorCode)).toHaveLength(1);
  expect(filesIn(events)).toHaveLength(1);
});

test('a run whose artifact store never answers tells so after 30 s, and continues', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance', 'Date'] });
  try {
    const artifacts = createFailingArtifacts(() => new Promise<number>(() => {}));
    const { provider, talk, speak } = await startRecordedTalk(artifacts);
    speak(1, 2);
    provider.completeTurn();
    await talk.until(({ turnComplete }) => turnComplete);
    await jest.advanceTimersByTimeAsync(30_000);
    await talk.until(({ errorCode }) => errorCode === 'RECORDING_FAILED');
    provider.transcribe('Still here.');
    provider.completeTurn();
    await talk.turn(2);
  } finally {
    jest.useRealTimers();
  }
});

function failWith(error: unknown): never {
  throw error;
}

test('a run with saveLiveBlob stores no audio of a reply, or of speech, that a callback has stopped', async () => {
  const answer = { content: { parts: [{ text: 'No.' }] } };
  const { model, provider, talk, artifacts, sendAudio, speak } = await startRecordedTalk(createMemoryArtifacts(), {
    beforeModelCallback: ({ request }) => (JSON.stringify(request).includes('bomb') ? answer : undefined),
    afterModelCallback: ({ response }) => (response.outputTranscription?.text.includes('1234') ? answer : undefined),
  });
  sendAudio(1, 2);
  await provider.nextInput('audio');
  speak(3, 4);
  provider.transcribe('It is 1234');
  await talk.turn(1);
  const next = await model.connection(1);
  sendAudio(5, 6);
  await next.nextInput('audio');
  next.hear('a bomb', true);
  await talk.turn(2);
  await talk.close();
  const files = filesIn(talk.events);
  expect(await Promise.all(files.map((file) => bytesOf(file, artifacts)))).toMatchObject([{ bytes: [1, 2] }]);
});

test('a conversation that is deleted leaves no file, neither of before nor of speech that is stored only then', async () => {
  const artifacts = createMemoryArtifacts();
  const save = artifacts.save.bind(artifacts);
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { provider, talk, runner, speak } = await startRecordedTalk(artifacts);
  speak(1, 2);
  provider.completeTurn();
  await talk.until(fileOf);
  expect(await artifacts.list(CONVERSATION)).toHaveLength(1);
  artifacts.save = async (...parameters) => {
    onStarted();
    await released;
    return save(...parameters);
  };
  speak(3, 4);
  provider.completeTurn();
  speak(5, 6);
  await started;
  await talk.turn(2);
  await runner.conversations.delete(CONVERSATION);
  release();
  await talk.close();
  expect(await artifacts.list(CONVERSATION)).toEqual([]);
});
