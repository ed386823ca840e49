import { describe, expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import type { FakeConnection } from '../../models/fake-connection.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { controlBackOff, flushEvents, replied, sentText, startFakeTalk } from '../fake-talk.ts';
import { heard, runnerFor, startTalk, type Talk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();

const AGENT = { instruction: 'You sell bread.', greeting: 'Welcome the caller.' };

describe('an agent with a greeting', () => {
  test('is asked to speak first, with an instruction that says what, and the request is no message of the user', async () => {
    const { model, talk } = startFakeTalk({ agent: AGENT });
    closing(talk);
    const provider = await model.connection(0);
    expect(await provider.nextInput('text')).toEqual(sentText('begin'));
    expect(provider.setup.instruction).toMatch(
      /^You sell bread\.\n\nThe first message .*"begin".* Do this: Welcome the caller\.$/,
    );
    provider.say('Welcome!');
    provider.completeTurn();
    await talk.turn(1);
    expect(heard(talk.events)).toBe('Welcome!');
    expect(talk.events.filter(({ author }) => author === 'user')).toEqual([]);
  });

  test('is asked again if the connection is lost before the greeting is complete', async () => {
    const { model, talk } = startFakeTalk({ agent: AGENT });
    closing(talk);
    (await model.connection(0)).drop();
    expect(await (await model.connection(1)).nextInput('text')).toEqual(sentText('begin'));
  });

  test('greets once in a conversation: not after a lost connection, and not in a later run', async () => {
    const store = createMemoryStore();
    const first = startFakeTalk({ agent: AGENT, store });
    closing(first.talk);
    const provider = await first.model.connection(0);
    provider.say('Welcome!');
    provider.completeTurn();
    await first.talk.turn(1);
    provider.drop();
    const next = await first.model.connection(1);
    await flushEvents(first.talk, next);
    expect(next.received).toEqual([]);
    await first.talk.close();

    const second = startFakeTalk({ agent: AGENT, store });
    closing(second.talk);
    const later = await second.model.connection(0);
    await flushEvents(second.talk, later);
    expect(later.setup.history).toEqual([replied('Welcome!')]);
    expect(later.received).toEqual([]);
  });

  test.each<[string, (talk: Talk, provider: FakeConnection) => void]>([
    [
      'says something',
      (talk, provider) => {
        talk.say('two rolls, please');
        provider.interrupt();
        provider.completeTurn();
      },
    ],
    ['asks for silence', (talk) => talk.queue.send({ interrupt: {} })],
  ])('is interrupted by a user who %s, and does not greet again', async (_how, interrupt) => {
    const store = createMemoryStore();
    const first = startFakeTalk({ agent: AGENT, store });
    closing(first.talk);
    const provider = await first.model.connection(0);
    await provider.nextInput('text');
    provider.say('Welcome to the ');
    await first.talk.until(({ partial }) => partial);
    interrupt(first.talk, provider);
    await first.talk.until(({ interrupted }) => interrupted);
    await first.talk.turn(1);
    await first.talk.close();

    const second = startFakeTalk({ agent: AGENT, store });
    closing(second.talk);
    const later = await second.model.connection(0);
    await flushEvents(second.talk, later);
    expect(later.setup.history[0]).toMatchObject({ role: 'model' });
    expect(later.received).toEqual([]);
  });

  test('does not greet in a conversation that the provider remembers', async () => {
    const model = new FakeModel();
    model.rememberHandle('h1');
    const talk = closing(startTalk(runnerFor(model, AGENT), { sessionResumption: { handle: 'h1' } }));
    const provider = await model.connection(0);
    await talk.until(({ status }) => status?.upstream === 'resumed');
    await flushEvents(talk, provider);
    expect(provider.received).toEqual([]);
  });

  test('does not greet a user who was faster', async () => {
    const { model, talk } = startFakeTalk({ agent: AGENT });
    closing(talk);
    talk.say('two rolls, please');
    const provider = await model.connection(0);
    await flushEvents(talk, provider);
    expect(provider.received).toEqual([sentText('two rolls, please')]);
  });

  test.each(Object.values(GEMINI_FAMILIES).map(({ example }) => example))('greets on %s', async (name) => {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const talk = closing(startTalk(runnerFor(modelAt(emulator.url, { model: name }), AGENT)));
    const turn = await talk.turn(1);
    const said = turn.map((event) => event.outputTranscription?.text ?? event.content?.parts?.[0]?.text ?? '').join('');
    expect(said).toContain('I am the offline agent.');
    expect(emulator.violations).toEqual([]);
  });
});
