import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../../src/agent/agent.ts';
import { Runner } from '../../../src/agent/run/runner.ts';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import { tool } from '../../../src/agent/tool.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import type { SessionStore } from '../../../src/store/session-store.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { FakeModel, type FakeModelOptions } from '../../models/fake-model.ts';
import { CONVERSATION, startTalk } from '../talk.ts';

const closing = closesAfterEach();
const wait = tool({ name: 'wait', description: 'Waits.', execute: () => new Promise(() => {}) });

interface StartOptions {
  readonly runConfig?: RunConfig;
  readonly model?: FakeModelOptions;
}

/** Starts a run of the conversation in the store. The provider knows the handle of the run before. */
async function start(store: SessionStore, { runConfig = {}, model: options = {} }: StartOptions = {}) {
  const model = new FakeModel(options);
  model.rememberHandle('handle-1');
  const agent = new Agent({ name: 'assistant', instruction: 'Help {user?}.', tools: [wait] });
  const talk = closing(startTalk(new Runner({ appName: 'app', agent, model, store }), runConfig));
  return { model, talk, provider: await model.connection(0) };
}

type Run = Awaited<ReturnType<typeof start>>;

/** A run with one turn and its handle, and with what a test does after that. */
async function talkOnce(store: SessionStore, more: (run: Run) => unknown = () => {}) {
  const run = await start(store);
  await ask(run, 'hello');
  run.provider.say('Hi.');
  run.provider.completeTurn();
  run.provider.giveHandle('handle-1');
  await run.talk.until(({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate?.newHandle === 'handle-1');
  await more(run);
  await run.talk.close();
}

async function ask({ talk, provider }: Run, text: string) {
  talk.say(text);
  await provider.nextInput('text');
}

describe('a stored handle', () => {
  test('is used by the next run, which tells the provider nothing', async () => {
    const store = createMemoryStore();
    await talkOnce(store);
    const { model, talk } = await start(store);
    expect(model.setups).toMatchObject([{ handle: 'handle-1', history: [] }]);
    await talk.until(({ status }) => status?.upstream === 'resumed');
  });

  test('is not used twice: a lost connection that has given no other handle is replaced by one that is told the conversation', async () => {
    const store = createMemoryStore();
    await talkOnce(store);
    const { model, provider } = await start(store);
    provider.drop();
    expect((await model.setup(1)).handle).toBeUndefined();
    expect((await model.setup(1)).history).toHaveLength(2);
  });

  test.each<[string, (run: Run) => unknown]>([
    ['a question was asked that nobody has answered', (run) => ask(run, 'and now?')],
    [
      'a turn followed without a handle',
      async (run) => {
        await ask(run, 'and now?');
        run.provider.say('Now this.');
        run.provider.completeTurn();
        await run.talk.turn(2);
      },
    ],
    [
      'a handle followed in the middle of a turn',
      async (run) => {
        await ask(run, 'and now?');
        run.provider.say('Now');
        run.provider.giveHandle('handle-2');
        await run.talk.until(
          ({ liveSessionResumptionUpdate }) => liveSessionResumptionUpdate?.newHandle === 'handle-2',
        );
      },
    ],
    [
      'a function is called whose result is missing',
      async (run) => {
        run.provider.call({ name: 'wait' });
        await run.talk.until(({ content }) => content?.parts?.[0]?.functionCall);
      },
    ],
    [
      'the state has changed that the instruction names',
      ({ talk }) => {
        talk.queue.send({ state_delta: { user: 'Ann' } });
        return talk.until(({ actions }) => actions?.stateDelta);
      },
    ],
  ])('is not used if %s', async (_what, more) => {
    const store = createMemoryStore();
    await talkOnce(store, more);
    const { model } = await start(store);
    expect(model.setups).toHaveLength(1);
    expect(model.setups[0]?.handle).toBeUndefined();
    expect(model.setups[0]?.history.slice(0, 2)).toMatchObject([{ role: 'user' }, { role: 'model' }]);
  });

  test.each<[string, StartOptions]>([
    ['other settings', { runConfig: { responseModalities: ['AUDIO'] } }],
    ['the setting reseed', { runConfig: { sessionResumption: { reseed: true } } }],
    ['another model', { model: { name: 'other-live' } }],
  ])('is not used by a run with %s', async (_what, options) => {
    const store = createMemoryStore();
    await talkOnce(store);
    const { model } = await start(store, options);
    expect(model.setups[0]?.handle).toBeUndefined();
    expect(model.setups[0]?.history).toHaveLength(2);
  });

  test.each(['{', '{"handle":1}', 'null', 'a handle of an earlier version'])('%j is not used', async (handle) => {
    const store = createMemoryStore();
    await talkOnce(store);
    await store.commit(CONVERSATION, { events: [], resumption: { provider: 'fake', handle } });
    const { model } = await start(store);
    expect(model.setups[0]?.history).toHaveLength(2);
  });

  test('that the provider refuses is given up at once, and not stored again', async () => {
    const store = createMemoryStore();
    await talkOnce(store);
    const model = new FakeModel();
    const agent = new Agent({ name: 'assistant', instruction: 'Help {user?}.', tools: [wait] });
    closing(startTalk(new Runner({ appName: 'app', agent, model, store })));
    await model.connection(0);
    expect(model.setups).toMatchObject([{ handle: 'handle-1', history: [] }, { history: [{}, {}] }]);
    expect(model.setups[1]?.handle).toBeUndefined();
  });
});
