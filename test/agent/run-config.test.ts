import { describe, expect, test } from '@jest/globals';
import { mergeRunConfig, type RunConfig } from '../../src/agent/run-config.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { modelAt } from '../models/gemini-model.ts';
import { startScriptedGemini } from '../models/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { said } from '../store/conversation-store-contract.ts';
import { errorOf, NATIVE, SPOKEN, voice } from './model-families.ts';
import { CONVERSATION, runnerFor, startTalk, statusesOf } from './talk.ts';

const closing = closesAfterEach();
const inAudio = { responseModalities: ['AUDIO'] };

describe('a run whose config is wrong', () => {
  test('fails before anything is opened', async () => {
    const server = closing(await startScriptedGemini());
    const talk = closing(
      startTalk(runnerFor(modelAt(server.url, { model: NATIVE })), { responseModalities: ['TEXT'] }),
    );
    await expect(talk.done).rejects.toMatchObject({ code: 'invalid_run_config' });
    expect([talk.events, server.connections]).toEqual([[], []]);
  });
});

describe('the RunConfig of an agent', () => {
  test('that its model cannot do is refused when the Runner is made', () => {
    const runConfig: RunConfig = { enableAffectiveDialog: true };
    expect(errorOf(() => runnerFor(modelAt('http://127.0.0.1:1'), { runConfig })).message).toMatch(
      /^Agent "assistant": runConfig\.enableAffectiveDialog: gemini-\S+ has none/,
    );
  });

  test('that has a handle is refused, for its users would share a conversation', () => {
    const runConfig: RunConfig = { sessionResumption: { handle: 'h1' } };
    expect(errorOf(() => runnerFor(modelAt('http://127.0.0.1:1'), { runConfig })).message).toMatch(
      /^Agent "assistant": runConfig\.sessionResumption\.handle is of one conversation/,
    );
  });

  test('holds where the run says nothing else, voice and language each for itself', () => {
    const runConfig: RunConfig = {
      ...SPOKEN,
      speechConfig: { ...voice('Kore').speechConfig, languageCode: 'de-DE' },
      maxDurationMs: 1_000,
    };
    const runner = runnerFor(modelAt('http://127.0.0.1:1'), { runConfig });
    expect(runner.check({})).toEqual(runConfig);
    expect(runner.check({ responseModalities: ['TEXT'], speechConfig: { languageCode: 'fr-FR' } })).toEqual({
      responseModalities: ['TEXT'],
      speechConfig: { ...voice('Kore').speechConfig, languageCode: 'fr-FR' },
      maxDurationMs: 1_000,
    });
  });

  test('is not changed by what a run says, nor by a field that is there without a value', () => {
    const base: RunConfig = { ...voice('Kore') };
    expect(mergeRunConfig(base, JSON.parse('{}'))).toEqual(voice('Kore'));
    expect(mergeRunConfig(base, { speechConfig: undefined } as object)).toEqual(voice('Kore'));
    mergeRunConfig(base, voice('Puck'));
    expect(base).toEqual(voice('Kore'));
  });

  test('is what the provider is asked for', async () => {
    const server = closing(await startScriptedGemini());
    const runConfig: RunConfig = { ...SPOKEN, ...voice('Kore') };
    closing(startTalk(runnerFor(modelAt(server.url), { runConfig })));
    const { setup } = await server.connection(0);
    expect(setup.generationConfig).toEqual({ ...inAudio, ...voice('Kore') });
  });
});

describe('customMetadata', () => {
  test('stands on every event of the run, as it was when that began', async () => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    const customMetadata = { tenant: 'acme', tags: ['a'] };
    const talk = closing(startTalk(runnerFor(modelAt(server.url), {}, store), { customMetadata }));
    talk.say('hello');
    const peer = await server.connection(0);
    await peer.received('clientContent');
    customMetadata.tags.push('b');
    peer.say('Good day.');
    peer.completeTurn();
    const events = await talk.turn(1);
    const stored = (await store.get(CONVERSATION)).events;
    expect(stored.map(({ author }) => author)).toEqual(['user', 'assistant', 'assistant']);
    expect(events.length).toBeGreaterThan(3);
    for (const event of [...events, ...stored]) expect(event.customMetadata).toEqual({ tenant: 'acme', tags: ['a'] });
  });
});

describe('numRecentEvents', () => {
  test.each([
    [undefined, ['one', 'two', 'three']],
    [2, ['two', 'three']],
    [9, ['one', 'two', 'three']],
    [0, []],
  ])('%p tells a fresh connection %j', async (numRecentEvents, told) => {
    const server = closing(await startScriptedGemini());
    const store = createMemoryStore();
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      await store.append(CONVERSATION, said(text, index % 2 === 0 ? 'user' : 'assistant'));
    }
    const talk = closing(
      startTalk(runnerFor(modelAt(server.url), {}, store), {
        getSessionConfig: numRecentEvents === undefined ? {} : { numRecentEvents },
      }),
    );
    talk.say('last');
    const peer = await server.connection(0);
    await peer.received('clientContent');
    const texts = await until(() => {
      const turns = peer.frames.slice(1).flatMap(({ clientContent }) => clientContent.turns);
      const said = turns.map(({ parts }) => parts[0].text);
      return said.includes('last') && said;
    });
    expect(texts).toEqual([...told, 'last']);
  });
});

test('afterTimestamp tells a fresh connection what was said from then on', async () => {
  const server = closing(await startScriptedGemini());
  const store = createMemoryStore();
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    await store.append(CONVERSATION, { ...said(text, index % 2 === 0 ? 'user' : 'assistant'), timestamp: 100 + index });
  }
  closing(startTalk(runnerFor(modelAt(server.url), {}, store), { getSessionConfig: { afterTimestamp: 101 } }));
  const { clientContent } = await (await server.connection(0)).received('clientContent');
  const turns: { parts: [{ text: string }] }[] = clientContent.turns;
  expect(turns.map(({ parts }) => parts[0].text)).toEqual(['two', 'three']);
});

describe('a handle', () => {
  test('is resumed from by the first connection of the run', async () => {
    const server = closing(await startScriptedGemini());
    const talk = closing(startTalk(runnerFor(modelAt(server.url)), { sessionResumption: { handle: 'h1' } }));
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect((await server.connection(0)).setup.sessionResumption).toEqual({ handle: 'h1' });
  });

  test('that the provider does not know any more gives way to a fresh connection', async () => {
    const server = closing(
      await startScriptedGemini({
        onSetup: (connection, index) =>
          index === 0
            ? connection.closeWith(1008, 'BidiGenerateContent session not found')
            : connection.completeSetup(),
      }),
    );
    const talk = closing(startTalk(runnerFor(modelAt(server.url)), { sessionResumption: { handle: 'h1' } }));
    await talk.until(({ status }) => status?.upstream === 'ready');
    expect(statusesOf(talk.events)).toEqual(['connecting', 'reconnecting', 'ready']);
    expect((await server.connection(1)).setup.sessionResumption).toEqual({});
  });
});
