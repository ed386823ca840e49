import { expect } from '@jest/globals';
import { EventSource } from 'eventsource';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { cuttableLine } from './cuttable-line.ts';
import { post, say } from './requests.ts';
import { type PlainMessage, textOf } from './sse-client.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

test('an EventSource whose connection is cut in mid-answer comes back by itself and hears every piece once', async () => {
  const server = await startTestServer({}, { emulator: { pace: 1.1 } });
  const line = await cuttableLine(server);
  const source = listen(`${line.url}/events/me`);
  await waitFor('the stream', () => source.named.has('session'));
  await say(server, 'count to twelve');
  await waitFor('some of the answer', () => source.messages.length >= 2);
  expect(line.cut()).toBe(1);
  await waitFor('turn_complete', () => source.messages.some((message) => message.turn_complete));
  expect(textOf(source.messages)).toBe('One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.');
  expect(source.errors).toBe(1);
  expect(source.named.has('reset')).toBe(false);
  expect(source.opened).toBe(2);
});

test('an EventSource whose session a client closes stops for good', async () => {
  const server = await startTestServer();
  const source = listen(`${server.url}/events/me`);
  await waitFor('the stream', () => source.named.has('session'));
  await post(server, { close: true });
  await waitFor('end', () => source.named.has('end'));
  await waitFor('it to stop', () => source.eventSource.readyState === EventSource.CLOSED);
  expect(source.opened).toBe(1);
});

test('an EventSource whose server was restarted comes back, is told so, and goes on', async () => {
  const first = await startTestServer({ PORT: `${await freePort()}` });
  const source = listen(`${first.url}/events/me`);
  await waitFor('the stream', () => source.named.has('session'));
  await first.close();
  await waitFor('drain', () => source.named.has('drain'));
  const second = await startTestServer({ PORT: `${first.port}` });
  await waitFor('the stream', () => source.named.has('reset'));
  expect(source.named.get('reset')).toMatchObject({ reason: 'unknown_epoch', turns: [] });
  await say(second, 'count to two');
  await waitFor('the answer', () => textOf(source.messages) === 'One, two.');
});

test('an EventSource that is refused for a while comes back until it is let in', async () => {
  const server = await startTestServer({ MAX_SESSIONS: '1', LINGER_MS: '0' });
  const line = await cuttableLine(server);
  const source = listen(`${line.url}/events/me`);
  await waitFor('the stream', () => source.named.has('session'));
  source.named.clear();
  // Its session is over at once, and another one takes its place.
  line.cut();
  await waitFor('its end', () => server.logs.some((entry) => entry.includes('"reason":"idle"')));
  const other = listen(`${server.url}/events/other`);
  await waitFor('the other stream', () => other.named.has('session'));
  await waitFor('the refusal', () => source.named.get('failure'));
  expect(source.named.get('failure')).toMatchObject({ code: 'too_many_sessions' });
  expect(source.eventSource.readyState).not.toBe(EventSource.CLOSED);
  other.eventSource.close();
  await waitFor('the stream', () => source.named.has('session'));
});

interface Listener {
  readonly eventSource: EventSource;
  readonly messages: PlainMessage[];
  /** The latest event of each name. */
  readonly named: Map<string, unknown>;
  opened: number;
  errors: number;
}

function listen(url: string): Listener {
  const eventSource = new EventSource(url);
  afterTest(() => eventSource.close());
  const listener: Listener = { eventSource, messages: [], named: new Map(), opened: 0, errors: 0 };
  eventSource.onopen = () => {
    listener.opened += 1;
  };
  eventSource.onerror = () => {
    listener.errors += 1;
  };
  eventSource.onmessage = ({ data }) => listener.messages.push(JSON.parse(data));
  for (const name of ['session', 'hb', 'reset', 'drain', 'failure', 'end']) {
    eventSource.addEventListener(name, ({ data }) => listener.named.set(name, JSON.parse(data)));
  }
  return listener;
}
