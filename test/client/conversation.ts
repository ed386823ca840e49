import { expect } from '@jest/globals';
import { type Client, type ClientEvents, type ClientOptions, createClient } from '../../src/client/index.ts';
import { openStream, type SseClient } from '../http/sse-client.ts';
import { afterTest, type TestServer, waitFor } from '../http/test-server.ts';

/** Events of the log. `status` is missing, because the first one is written before the client connects. */
const LOGGED = ['message', 'input_transcript', 'tool_call', 'tool_result', 'tool_cancel', 'usage', 'end'] as const;

export interface Talk {
  readonly client: Client;
  /** Name and data of the log's events, in the order in which the client emitted them. */
  readonly told: [string, unknown][];
  readonly refused: ClientEvents['refused'][];
  readonly failures: ClientEvents['failure'][];
  readonly sessions: ClientEvents['session'][];
  readonly states: string[];
  /** Waits until `count` replies are complete. */
  turns(count: number): Promise<void>;
}

/** Opens a client of the session of `me`, which is closed after the test. */
export function talk(options: Partial<ClientOptions> & { url: string }): Talk {
  const client = createClient({ userId: 'me', isAudio: false, ...options });
  afterTest(() => client.close());
  const told: Talk['told'] = [];
  const refused: Talk['refused'] = [];
  const failures: Talk['failures'] = [];
  const sessions: Talk['sessions'] = [];
  const states: string[] = [];
  for (const name of LOGGED) client.on(name, (data) => told.push([name, data]));
  client.on('refused', (refusal) => refused.push(refusal));
  client.on('failure', (failure) => failures.push(failure));
  client.on('session', (session) => sessions.push(session));
  client.on('state', (state) => states.push(state));
  const turns = async (count: number) => {
    const completed = () => told.filter(([, data]) => isTurnEnd(data)).length;
    await waitFor(`${count} turns, of which ${completed()} came`, () => completed() >= count);
  };
  return { client, told, refused, failures, sessions, states, turns };
}

/** Opens a reader of the same session without a proxy. */
export async function witness({ url }: TestServer): Promise<SseClient> {
  const stream = await openStream(`${url}/events/me?is_audio=false`);
  await stream.untilNamed('session');
  return stream;
}

/** Lists the events of the log that the witness received. */
function seen({ events }: SseClient): [string, unknown][] {
  return events
    .map(({ event, data }): [string, unknown] => [event ?? 'message', data])
    .filter(([name]) => (LOGGED as readonly string[]).includes(name));
}

/** Lists the user's texts in the conversation that the server keeps. */
export async function said({ url }: TestServer): Promise<string[]> {
  const answer = await fetch(`${url}/poll/me?since=nonsense&wait=0`);
  const { events }: { events: { event?: string; data: ClientEvents['reset'] }[] } = JSON.parse(await answer.text());
  const turns = events.find(({ event }) => event === 'reset')?.data.turns ?? [];
  return turns.filter(({ role }) => role === 'user').flatMap(({ text }) => text.split('\n'));
}

/**
 * Waits until the client has emitted as many events as the witness received, either of which may be the first to have one, and expects the same events,
 * once and in order.
 */
export async function expectSame({ told }: Talk, stream: SseClient): Promise<void> {
  // If the numbers never agree, the events tell why.
  await waitFor('as many events as the witness saw', () => told.length === seen(stream).length).catch(() => undefined);
  expect(told).toEqual(seen(stream));
}

function isTurnEnd(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'turn_complete' in data && data.turn_complete === true;
}
