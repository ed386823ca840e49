// A question that ends each connection must not stand in the way of what the user says next.
import { describe, expect, test } from '@jest/globals';
import { tool } from '../../../src/agent/tool.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import type { FakeConnection } from '../../models/fake-connection.ts';
import type { FakeModelOptions } from '../../models/fake-model.ts';
import { asked, controlBackOff, replied, sentText, startFakeTalk } from '../fake-talk.ts';

const closing = closesAfterEach();
controlBackOff();

const POISON = 'what breaks you?';
const store = () => createMemoryStore();

function open(model: FakeModelOptions, shared: ReturnType<typeof store>) {
  const fake = startFakeTalk({ model, store: shared });
  closing(fake.talk);
  return fake;
}

/** Ends a connection as soon as it is asked the poison, and answers everything else. */
function answerAllBut(end: (connection: FakeConnection) => void): FakeModelOptions['onInput'] {
  return (connection, input) => {
    if (input.type !== 'text') return;
    if (input.text.includes(POISON)) {
      end(connection);
      return;
    }
    connection.say(`You said ${input.text}`);
    connection.completeTurn();
  };
}

describe.each([
  ['closes with a rejection', (it: FakeConnection) => it.closeWith(new WireError('model_request_refused'))],
  ['closes with an error that may pass', (it: FakeConnection) => it.closeWith(new WireError('model_closed'))],
  ['dies', (it: FakeConnection) => it.drop()],
])('a question at which the provider %s each time', (_how, end) => {
  test('fails its run, and the next run is told of it as said and answers only what is said then', async () => {
    const shared = store();
    const first = open({ onInput: answerAllBut(end) }, shared);
    first.talk.say('hello');
    await first.talk.turn(1);
    first.talk.say(POISON);
    await expect(first.talk.done).rejects.toThrow(WireError);
    await first.talk.close().catch(() => {});

    const second = open({ onInput: answerAllBut(end) }, shared);
    second.talk.say('still there?');
    await second.talk.turn(1);
    const { latest } = second.model;
    expect(latest.setup.history).toEqual([asked('hello'), replied('You said hello'), asked(POISON)]);
    expect(latest.setup.answered).toBe(true);
    expect(latest.received).toEqual([sentText('still there?')]);
  });
});

test('a question that ends a fresh connection even as history is left out of the history', async () => {
  const shared = store();
  const end = (it: FakeConnection) => it.drop();
  const first = open({ onInput: answerAllBut(end) }, shared);
  first.talk.say('hello');
  await first.talk.turn(1);
  first.talk.say(POISON);
  await expect(first.talk.done).rejects.toThrow(WireError);
  await first.talk.close().catch(() => {});

  const isPoisoned = ({ setup }: FakeConnection) => JSON.stringify(setup.history).includes(POISON);
  const second = open(
    { onConnect: (it) => (isPoisoned(it) ? it.drop() : undefined), onInput: answerAllBut(end) },
    shared,
  );
  second.talk.say('still there?');
  await second.talk.turn(1);
  expect(second.model.latest.setup.history).toEqual([asked('hello'), replied('You said hello')]);
});

test('a result at which the provider closes each time fails its run, and the next run calls the tool no more and answers what is said then', async () => {
  const shared = store();
  let runs = 0;
  const book = tool({ name: 'book', description: 'Books.', execute: () => ({ booked: ++runs }) });
  const closeOnResult: FakeModelOptions['onInput'] = (connection, input) => {
    if (JSON.stringify(input).includes('booked')) connection.closeWith(new WireError('model_closed'), { code: 1009 });
    else if (input.type === 'text' && input.text.includes('table')) connection.call({ name: 'book' });
    else if (input.type === 'text') {
      connection.say(`You said ${input.text}`);
      connection.completeTurn();
    }
  };
  const open = () => {
    const fake = startFakeTalk({ model: { onInput: closeOnResult }, store: shared, agent: { tools: [book] } });
    closing(fake.talk);
    return fake;
  };
  const first = open();
  first.talk.say('book a table');
  await expect(first.talk.done).rejects.toMatchObject({ code: 'model_closed' });
  await first.talk.close().catch(() => {});
  expect(first.model.connections.length).toBeLessThanOrEqual(5);

  const second = open();
  second.talk.say('still there?');
  await second.talk.turn(1);
  expect(second.model.latest.setup).toMatchObject({ history: [asked('book a table')], answered: true });
  expect(second.model.latest.received).toEqual([sentText('still there?')]);
  expect(second.model.connections).toHaveLength(1);
  expect(runs).toBe(1);
});

test('a question that no connection could be opened for is answered by the next run', async () => {
  const shared = store();
  const first = open({}, shared);
  first.model.refuse(new WireError('model_key_refused'));
  first.talk.say('hello');
  await expect(first.talk.done).rejects.toThrow(WireError);
  await first.talk.close().catch(() => {});
  const second = open({}, shared);
  await second.model.connection(0);
  expect(second.model.latest.setup.answered ?? false).toBe(false);
});
