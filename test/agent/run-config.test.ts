import { describe, expect, test } from '@jest/globals';
import { mergeRunConfig, type RunConfig } from '../../src/agent/run-config.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { FakeModel } from '../models/fake-model.ts';
import { loadEvents, textEvent } from '../store/events.ts';
import { asked, controlBackOff, startFakeTalk } from './fake-talk.ts';
import { errorOf, SPOKEN, voice } from './model-families.ts';
import { CONVERSATION, runnerFor, startTalk, statusesOf } from './talk.ts';

const closing = closesAfterEach();
controlBackOff();

describe('a run with an invalid config', () => {
  test('fails before a connection is opened', async () => {
    const { model, talk } = startFakeTalk({
      model: { capabilities: { modalities: ['AUDIO'] } },
      runConfig: { responseModalities: ['TEXT'] },
    });
    closing(talk);
    await expect(talk.done).rejects.toMatchObject({ code: 'invalid_run_config' });
    expect([talk.events, model.setups]).toEqual([[], []]);
  });
});

describe('the config of an agent', () => {
  test('is refused when the Runner is created, if the model does not support it', () => {
    const model = new FakeModel({ capabilities: { runOptions: new Set() } });
    const runConfig: RunConfig = { enableAffectiveDialog: true };
    expect(errorOf(() => runnerFor(model, { runConfig })).message).toMatch(
      /^Agent "assistant": runConfig\.enableAffectiveDialog: fake-live has none/,
    );
  });

  test('is refused with a handle, because all users would share a conversation', () => {
    const runConfig: RunConfig = { sessionResumption: { handle: 'h1' } };
    expect(errorOf(() => runnerFor(new FakeModel(), { runConfig })).message).toMatch(
      /^Agent "assistant": runConfig\.sessionResumption\.handle belongs to one conversation/,
    );
  });

  test('applies unless the run overrides a field, with voice and language merged separately', () => {
    const runConfig: RunConfig = {
      ...SPOKEN,
      speechConfig: { ...voice('Kore').speechConfig, languageCode: 'de-DE' },
      maxDurationMs: 1_000,
    };
    const runner = runnerFor(new FakeModel(), { runConfig });
    expect(runner.check({})).toEqual(runConfig);
    expect(runner.check({ responseModalities: ['TEXT'], speechConfig: { languageCode: 'fr-FR' } })).toEqual({
      responseModalities: ['TEXT'],
      speechConfig: { ...voice('Kore').speechConfig, languageCode: 'fr-FR' },
      maxDurationMs: 1_000,
    });
  });

  test('is not changed by a merge, nor overridden by a field without a value', () => {
    const base: RunConfig = { ...voice('Kore') };
    expect(mergeRunConfig(base, JSON.parse('{}'))).toEqual(voice('Kore'));
    expect(mergeRunConfig(base, { speechConfig: undefined } as object)).toEqual(voice('Kore'));
    mergeRunConfig(base, voice('Puck'));
    expect(base).toEqual(voice('Kore'));
  });

  test('reaches the provider', async () => {
    const { model, talk } = startFakeTalk({ agent: { runConfig: { ...SPOKEN, ...voice('Kore') } } });
    closing(talk);
    expect(await model.setup(0)).toMatchObject({ modality: 'AUDIO', ...voice('Kore') });
  });
});

describe('customMetadata', () => {
  test('is carried by every event of the run, as it was when the run started', async () => {
    const customMetadata = { tenant: 'acme', tags: ['a'] };
    const { model, talk, store } = startFakeTalk({ runConfig: { customMetadata } });
    closing(talk);
    talk.say('hello');
    const provider = await model.connection(0);
    await provider.nextInput('text');
    customMetadata.tags.push('b');
    provider.say('Good day.');
    provider.completeTurn();
    const events = await talk.turn(1);
    const stored = await loadEvents(store, CONVERSATION);
    expect(stored.map(({ author }) => author)).toEqual(['user', 'assistant', 'assistant']);
    expect(events.length).toBeGreaterThan(3);
    for (const event of [...events, ...stored]) expect(event.customMetadata).toEqual({ tenant: 'acme', tags: ['a'] });
  });
});

/** A store with a conversation of three messages, at 100, 101 and 102 s. */
async function createStore() {
  const store = createMemoryStore();
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    const event = { ...textEvent(text, index % 2 === 0 ? 'user' : 'assistant'), timestamp: 100 + index };
    await store.commit(CONVERSATION, { events: [event] });
  }
  return store;
}

/** The texts that seed the first connection of a run with this config. */
async function seedWith(getSessionConfig: RunConfig['getSessionConfig']) {
  const { model, talk } = startFakeTalk({ store: await createStore(), runConfig: { getSessionConfig } });
  closing(talk);
  const { history } = await model.setup(0);
  return history.map(({ parts }) => parts?.[0]?.text);
}

describe('numRecentEvents', () => {
  test.each<[number, string[]]>([
    [2, ['two', 'three']],
    [9, ['one', 'two', 'three']],
    [0, []],
  ])('of %p seeds a fresh connection with %j', async (numRecentEvents, texts) => {
    expect(await seedWith({ numRecentEvents })).toEqual(texts);
  });

  test('is not limited by default', async () => {
    expect(await seedWith({})).toEqual(['one', 'two', 'three']);
  });
});

test('afterTimestamp seeds a fresh connection with the events since that time', async () => {
  expect(await seedWith({ afterTimestamp: 101 })).toEqual(['two', 'three']);
});

describe('a handle in the config', () => {
  const runConfig: RunConfig = { sessionResumption: { handle: 'h1' } };

  test('is used by the first connection of the run', async () => {
    const model = new FakeModel();
    model.rememberHandle('h1');
    const talk = closing(startTalk(runnerFor(model), runConfig));
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(model.setups).toMatchObject([{ handle: 'h1', history: [] }]);
  });

  test('that the provider no longer knows is replaced by a fresh connection', async () => {
    const store = createMemoryStore();
    await store.commit(CONVERSATION, { events: [textEvent('hello', 'user')] });
    const { model, talk } = startFakeTalk({ runConfig, store });
    closing(talk);
    await talk.until(({ status }) => status?.upstream === 'ready');
    expect(statusesOf(talk.events)).toEqual(['connecting', 'reconnecting', 'ready']);
    expect(model.setups).toMatchObject([{ handle: 'h1' }, { history: [asked('hello')] }]);
    expect(model.setups[1]?.handle).toBeUndefined();
  });
});
