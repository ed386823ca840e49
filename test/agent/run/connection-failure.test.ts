import { describe, expect, jest, test } from '@jest/globals';
import type { ErrorCode } from '../../../src/wire/error-catalogue.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { until } from '../../models/until.ts';
import { controlBackOff, type FakeTalkOptions, flushEvents, sentText, startFakeTalk } from '../fake-talk.ts';
import { statusesOf } from '../talk.ts';

const closing = closesAfterEach();
const backOff = controlBackOff();

function openTalk(options: FakeTalkOptions = {}) {
  const fake = startFakeTalk(options);
  closing(fake.talk);
  return fake;
}

const busy = () => new WireError('model_closed', 'busy');

describe('a connection that fails', () => {
  test.each<ErrorCode>(['model_request_refused', 'model_not_found', 'model_key_refused'])(
    'with %s ends the run, and no other connection is attempted',
    async (code) => {
      const { model, talk } = openTalk();
      await talk.until(({ status }) => status?.upstream === 'ready');
      model.latest.closeWith(new WireError(code));
      await expect(talk.done).rejects.toMatchObject({ name: 'WireError', code });
      expect(model.setups).toHaveLength(1);
    },
  );

  test('because the provider refused an input it accepted before is retried once', async () => {
    const { model, talk } = openTalk({
      model: {
        onInput: (connection) => {
          connection.say('Well, ');
          connection.closeWith(new WireError('model_request_refused'), { mayBeTransient: true });
        },
      },
    });
    talk.say('hello');
    await expect(talk.done).rejects.toMatchObject({ code: 'model_request_refused' });
    expect(model.connections).toHaveLength(2);
  });

  test('five times in a row after it was open ends the run with the last error', async () => {
    const { model, talk } = openTalk({ model: { onConnect: (connection) => connection.closeWith(busy()) } });
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed', message: expect.stringContaining('busy') });
    expect(model.connections).toHaveLength(5);
    const attempts = talk.events.flatMap(({ status }) => (status?.upstream === 'reconnecting' ? [status.attempt] : []));
    expect(attempts).toEqual([2, 3, 4, 5]);
  });

  test('in the middle of each reply ends the run after five connections, however long they were open', async () => {
    const realNow = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => realNow() * 1_000_000);
    const { model, talk } = openTalk({
      model: {
        onInput: (connection) => {
          connection.say('Well, ');
          connection.closeWith(new WireError('model_closed'), { code: 1011 });
        },
      },
    });
    talk.say('what breaks you?');
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(model.connections).toHaveLength(5);
  });

  test('is not counted with earlier failures after a turn was completed', async () => {
    const { model, talk } = openTalk({
      model: {
        onConnect: (connection, index) => {
          if (index === 3) {
            connection.say('Well again.');
            connection.completeTurn();
          }
          connection.closeWith(busy());
        },
      },
    });
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(model.connections).toHaveLength(8);
  });
});

describe('an attempt to connect', () => {
  test('is repeated twice for the first connection, then the run ends with the error', async () => {
    const { model, talk } = openTalk();
    model.refuse(busy(), busy(), busy(), busy());
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(model.setups).toHaveLength(3);
    expect(statusesOf(talk.events)).toEqual(['connecting', 'reconnecting', 'reconnecting']);
  });

  test('is repeated up to five times after a lost connection', async () => {
    const { model, talk } = openTalk();
    await talk.until(({ status }) => status?.upstream === 'ready');
    model.refuse(busy(), busy(), busy(), busy(), busy(), busy());
    model.latest.drop();
    await expect(talk.done).rejects.toMatchObject({ code: 'model_closed' });
    expect(model.setups).toHaveLength(5);
  });

  test('ends the run if its error cannot be mended by a retry', async () => {
    const { model, talk } = openTalk();
    await talk.until(({ status }) => status?.upstream === 'ready');
    model.refuse(new WireError('model_key_refused'));
    model.latest.drop();
    await expect(talk.done).rejects.toMatchObject({ code: 'model_key_refused' });
    expect(model.setups).toHaveLength(2);
  });
});

describe('the end of a run that is connecting again', () => {
  test('comes at once with an abort during the back-off, without an error', async () => {
    backOff.share = 1_000;
    const controller = new AbortController();
    const { model, talk } = openTalk({ signal: controller.signal });
    (await model.connection(0)).drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    controller.abort();
    await talk.done;
    expect(model.connections).toHaveLength(1);
  });

  test('comes after the next connection has received the rest of a closed queue', async () => {
    const { model, talk } = openTalk();
    (await model.connection(0)).drop();
    await talk.until(({ status }) => status?.upstream === 'reconnecting');
    talk.say('goodbye');
    talk.queue.close();
    await talk.done;
    expect(model.connections.flatMap(({ received }) => received)).toEqual([sentText('goodbye')]);
  });

  test('comes at once if a closed queue is empty', async () => {
    const { model, talk } = openTalk();
    const first = await model.connection(0);
    talk.say('hello');
    await first.nextInput('text');
    model.hold();
    first.drop();
    await model.setup(1);
    talk.queue.close();
    await talk.done;
    expect(model.connections).toHaveLength(1);
  });

  test('comes at once with an abort while a connection waits for its last handle', async () => {
    const controller = new AbortController();
    const { model, talk } = openTalk({ signal: controller.signal });
    const first = await model.connection(0);
    first.giveHandle('h1');
    first.say('One.');
    first.goAway(60_000);
    first.completeTurn();
    await flushEvents(talk, first);
    controller.abort();
    await talk.done;
    await until(() => first.closed);
    expect(model.setups).toHaveLength(1);
  });
});
