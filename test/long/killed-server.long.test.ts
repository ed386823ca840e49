import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { CLI } from '../cli/command.ts';
import { openStream, type SseClient } from '../http/sse-client.ts';
import { afterTest, temporaryDirectory } from '../http/test-server.ts';

const KILLS = 200;
/** Number of servers side by side, each with a database and a conversation of its own. */
const LANES = 4;
/** Share of the kills while the server starts. Each start costs a second of CPU. */
const EARLY_SHARE = 0.5;
/** Maximum life of a server that is killed while it starts, in ms. */
const START_MS = 800;
/** Maximum number of turns before the turn in whose course, or after which, a server is killed. */
const MAX_TURNS = 4;
/** Maximum time after the beginning of that turn, in ms: about twice what a turn takes. */
const TURN_MS = 80;
/** Maximum number of turns of a `reset`. */
const SHOWN_TURNS = 200;

/** Texts of the user in a conversation, each with what the agent has answered. */
type Exchange = readonly [question: string, answer: string];

/** A server that is killed again and again, and the client of its only conversation. */
class Lane {
  readonly #environment: Record<string, string>;
  readonly #session: string;
  #server: ChildProcess | undefined;
  #isKilled = false;
  #url = '';
  #lastId = '';
  /** Number of the next message. */
  #next = 0;
  /** Number of exchanges that the server has told as stored. */
  #confirmed = 0;
  /** Number of turns that were complete, stored or not. */
  answered = 0;

  constructor(name: string, environment: Record<string, string>) {
    this.#environment = environment;
    this.#session = `/me/${name}`;
    afterTest(() => this.#server?.kill('SIGKILL'));
  }

  /** Starts the server, and kills it at a random moment of its start or of the conversation. */
  async liveAndDie(): Promise<void> {
    const server = this.#spawn();
    this.#isKilled = false;
    if (Math.random() < EARLY_SHARE) return this.#killIn(server.process, START_MS);
    const url = await server.url;
    let killing: Promise<void> | undefined;
    try {
      const stream = await this.#returnTo(url);
      const turns = Math.floor(Math.random() * MAX_TURNS);
      for (let turn = 0; ; turn += 1) {
        if (turn === turns) killing = this.#killIn(server.process, TURN_MS);
        await this.#exchange(stream);
      }
    } catch (error) {
      if (!this.#isKilled) throw error;
    }
    await killing;
  }

  /** Starts the server, and checks that it has the conversation, and that the agent knows it. */
  async liveOn(): Promise<void> {
    const stream = await this.#returnTo(await this.#spawn().url);
    const last = (await this.#readExport()).at(-1)?.[0];
    await this.#say('what did I say?');
    expect(await stream.nextAnswer()).toBe(`You said: ${last}`);
  }

  #spawn(): { readonly process: ChildProcess; readonly url: Promise<string> } {
    const server = spawn(process.execPath, [CLI, '--port', '0'], {
      env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...this.#environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = server;
    let output = '';
    const url = new Promise<string>((resolve) => {
      server.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-20_000);
        const [, address] = /"url":"(http:[^"]+)"/.exec(output) ?? [];
        if (address !== undefined) resolve(address);
      });
    });
    return { process: server, url };
  }

  async #killIn(server: ChildProcess, maxMs: number): Promise<void> {
    await delay(Math.random() * maxMs);
    this.#isKilled = true;
    const exited = once(server, 'close');
    server.kill('SIGKILL');
    await exited;
  }

  /** Opens the stream again, and compares what it shows, and what is exported, with what the server has told as stored. */
  async #returnTo(url: string): Promise<SseClient> {
    this.#url = url;
    const headers: Record<string, string> = this.#lastId === '' ? {} : { 'last-event-id': this.#lastId };
    const stream = await openStream(`${this.#url}/events${this.#session}?audio=none`, headers);
    const shown = this.#lastId === '' ? undefined : (await stream.untilNamed('reset')).turns;
    await stream.untilNamed('session');
    this.#lastId = stream.lastId;
    const stored = await this.#readExport();
    checkExchanges(stored, this.#confirmed);
    if (shown) {
      const all = stored.flat();
      expect(shown.map(({ text }) => text)).toEqual(all.slice(-Math.min(SHOWN_TURNS, all.length)));
    }
    // A message that was not stored is lost with the process; the client knows that from the reset, and numbers go on.
    this.#confirmed = stored.length;
    return stream;
  }

  async #exchange(stream: SseClient): Promise<void> {
    const number = this.#next;
    this.#next += 1;
    const text = `message ${number}: ${number % 3 === 2 ? 'what time is it?' : 'count to two'}`;
    await this.#say(text);
    await stream.nextTurn();
    this.answered += 1;
    const stored = await this.#readExport();
    expect(stored.at(-1)?.[0]).toBe(text);
    this.#confirmed = stored.length;
  }

  async #say(text: string): Promise<void> {
    const body = JSON.stringify({ mime_type: 'text/plain', data: text });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${this.#url}/send${this.#session}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  }

  /** Reads the conversation. The answer tells that all of it is stored. */
  async #readExport(): Promise<Exchange[]> {
    const answer = await fetch(`${this.#url}/sessions${this.#session}`);
    if (answer.status === 404) return [];
    const { events } = (await answer.json()) as { events: AgentEvent[] };
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    return listExchanges(events);
  }
}

function listExchanges(events: readonly AgentEvent[]): Exchange[] {
  const exchanges: [string, string][] = [];
  for (const { author, content } of events) {
    const text = content?.parts?.[0]?.text;
    if (text === undefined) continue;
    if (author === 'user') exchanges.push([text, '']);
    else {
      const last = exchanges.at(-1);
      if (last) last[1] += text;
    }
  }
  return exchanges;
}

/** Checks that each message is there at most once and in order, each with its whole answer, and all that were told as stored. */
function checkExchanges(stored: readonly Exchange[], confirmed: number): void {
  expect(stored.length).toBeGreaterThanOrEqual(confirmed);
  const numbers = stored.map(([question]) => Number(/^message (\d+):/.exec(question)?.[1]));
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  for (const [, answer] of stored) expect(answer).toMatch(/^(One, two\.|It is .*\.)$/);
}

test('a server that is killed 200 times at random moments has after each restart what it has told as stored, whole and once, and shows it to the client that returns', async () => {
  const upstream = await startGeminiEmulator({ pace: 30, strict: true });
  afterTest(() => upstream.close());
  const folder = await temporaryDirectory();
  const lanes = Array.from({ length: LANES }, (_, index) => {
    const environment = {
      DATABASE_URL: `sqlite:${join(folder, `${index}.db`)}`,
      GOOGLE_API_KEY: 'key',
      GOOGLE_GEMINI_BASE_URL: upstream.url,
      DEMO_AGENT_MODEL: 'gemini-live-2.5-flash-preview',
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      // With a secret, the session of the provider is resumed.
      ...(index % 2 ? { RESUMPTION_SECRET: 'a secret' } : {}),
    };
    return new Lane(`lane${index}`, environment);
  });
  await Promise.all(
    lanes.map(async (lane) => {
      for (let kill = 0; kill < KILLS / LANES; kill += 1) await lane.liveAndDie();
      await lane.liveOn();
    }),
  );
  // The test is about turns, not about starts.
  expect(lanes.reduce((sum, { answered }) => sum + answered, 0)).toBeGreaterThan(KILLS / 3);
  expect(upstream.violations).toEqual([]);
}, 600_000);
