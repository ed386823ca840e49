import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { AgentOptions } from '../../src/agent/agent.ts';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import type { ErrorCode } from '../../src/wire/error-catalogue.ts';
import { runnerFor } from '../agent/talk.ts';
import { freePort } from '../free-port.ts';
import { closesAfterEach } from '../models/cleanup.ts';
import { KEY, modelAt } from '../models/gemini/gemini-model.ts';
import { type ScriptedGeminiOptions, startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { open, recordingLogger, say, send, sessionsOf, speak, TestReader } from './live.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.restoreAllMocks();
});

/** Opens a session with a model at `url`, and attaches a reader. */
async function sessionAt(url: string, runner: LiveRunner = runnerFor(modelAt(url))) {
  const { logger, lines } = recordingLogger();
  const sessions = closing(sessionsOf(runner, { logger }));
  const session = await open(sessions);
  const reader = await TestReader.attach(session);
  const failures = (count: number) =>
    until(() => {
      reader.read();
      const found = reader.messages.flatMap(({ failure }) => failure ?? []);
      return found.length >= count && found;
    });
  return { sessions, session, reader, lines, failures };
}

async function scripted(script: ScriptedGeminiOptions = {}, options: Partial<AgentOptions> = {}) {
  const server = closing(await startScriptedGemini(script));
  return { server, ...(await sessionAt(server.url, runnerFor(modelAt(server.url), options))) };
}

/** Skips the waits between runs, and stops the clock. @returns the waits, in ms */
function skipBackOff(): number[] {
  const waits: number[] = [];
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now);
  const realSetTimeout = setTimeout;
  const skip = (action: () => void, ms = 0) => {
    // 10 s is the time limit of a commit, 15 and 20 s are those of the watchdog, 30 s the time limit of a closing handshake in `ws`.
    const isBackOff = ms >= 1_000 && ms < 30_000 && ![10_000, 15_000, 20_000].includes(ms);
    const wait = () => {
      waits.push(ms);
      action();
    };
    // A timer that is cleared, such as that of the end of a run, is no wait.
    return isBackOff ? realSetTimeout(wait, 0) : realSetTimeout(action, ms);
  };
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(skip as unknown as typeof setTimeout);
  return waits;
}

describe('failures', () => {
  test('a refused key is reported as the status failed and a failure, and the session lives', async () => {
    const emulator = closing(await startGeminiEmulator({ apiKey: 'another', strict: true }));
    const { session, reader, failures, lines } = await sessionAt(emulator.url);
    expect(await failures(1)).toMatchObject([
      { code: 'model_key_refused', retry: false, error: expect.stringContaining('the API key is not valid') },
    ]);
    expect(reader.outline).toEqual(['connecting', 'failed', 'failure']);
    expect(session.ended).toBeUndefined();
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { details: { code: 'model_key_refused', hint: expect.stringContaining('GOOGLE_API_KEY') } },
    ]);
    expect(JSON.stringify([reader.messages, lines])).not.toContain(KEY);
  });

  test('a model that does not listen is reported as model_unreachable', async () => {
    const { failures } = await sessionAt(`http://127.0.0.1:${await freePort()}`);
    expect(await failures(1)).toMatchObject([{ code: 'model_unreachable', retry: true }]);
  });

  test('a failure in the middle of a reply is reported after the end of the turn', async () => {
    const { server, reader, failures } = await scripted();
    const peer = await server.connection(0);
    peer.say('One, ');
    await reader.until(({ event }) => event?.content);
    peer.closeWith(1007, 'API key not valid.');
    await failures(1);
    expect(reader.outline.filter((kind) => !kind.startsWith('text')).slice(2)).toEqual([
      'interrupted',
      'turnComplete',
      'failed',
      'failure',
    ]);
  });

  test('an error other than a WireError is reported as agent_failed, and written to the server log only', async () => {
    const bug = new Error('a secret of the agent');
    const runner: LiveRunner = {
      card: runnerFor(modelAt('http://127.0.0.1:1')).card,
      // biome-ignore lint/correctness/useYield: the run fails before it yields
      async *runLive() {
        throw bug;
      },
    };
    const { failures, reader, lines } = await sessionAt('', runner);
    expect(await failures(1)).toMatchObject([{ code: 'agent_failed' satisfies ErrorCode }]);
    expect(JSON.stringify(reader.messages)).not.toContain('secret');
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ details: { err: bug } }]);
  });
});

describe('after a failure', () => {
  test('the next run gets typed messages, but no speech and no activity signals', async () => {
    const runConfig = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const script: ScriptedGeminiOptions = { onSetup: (it, index) => index > 0 && it.completeSetup() };
    const { server, session, failures } = await scripted(script, { runConfig });
    const first = await server.connection(0);
    await send(session, [
      { activity_start: {} },
      speak(400),
      say('typed'),
      { activity_end: {} },
      { audio_stream_end: true },
    ]);
    first.closeWith(1007, 'no');
    await failures(1);
    await send(session, [say('once more')]);
    const second = await server.connection(1);
    await until(() => second.frames.length >= 3);
    expect(second.frames.slice(1).map(({ clientContent }) => clientContent?.turns[0].parts[0].text)).toEqual([
      'typed',
      'once more',
    ]);
  });

  test('the next run applies changes of the state that the failed one did not', async () => {
    const { server, session, reader, failures } = await scripted({
      onSetup: (it, index) => index > 0 && it.completeSetup(),
    });
    await server.connection(0);
    await send(session, [say('typed'), { ...speak(400), state_delta: { theme: 'dark' } }]);
    server.connections[0]?.closeWith(1007, 'no');
    await failures(1);
    session.revive();
    await (await server.connection(1)).received('clientContent');
    const changes = await until(() => {
      reader.read();
      const found = reader.messages.flatMap(({ event }) => (event?.actions ? [event.actions] : []));
      return found.length > 0 && found;
    });
    expect(changes).toEqual([{ stateDelta: { theme: 'dark' } }]);
  });

  test('the next run gets the content of a request without the speech in the same request', async () => {
    const { server, session, failures } = await scripted({ onSetup: (it, index) => index > 0 && it.completeSetup() });
    await server.connection(0);
    await send(session, [{ ...speak(400), ...say('typed') }]);
    server.connections[0]?.closeWith(1007, 'no');
    await failures(1);
    session.revive();
    const second = await server.connection(1);
    await second.received('clientContent');
    expect(second.frames).toHaveLength(2);
  });

  test('the next request starts a run at once, and the reader sees its status', async () => {
    const { server, session, reader, failures } = await scripted({
      onSetup: (it, index) => (index === 0 ? it.closeWith(1007, 'no') : it.completeSetup()),
    });
    await failures(1);
    await send(session, [say('hello')]);
    await (await server.connection(1)).received('clientContent');
    await reader.until(({ event }) => event?.status?.upstream === 'ready');
    expect(reader.outline).toEqual(['connecting', 'failed', 'failure', 'connecting', 'ready']);
  });

  test('a reader that opens the session starts a run, and an EventSource that reconnects by itself does not', async () => {
    const { server, sessions, failures } = await scripted({
      onSetup: (it, index) => (index === 0 ? it.closeWith(1007, 'no') : it.completeSetup()),
    });
    await failures(1);
    await open(sessions, { reconnect: true });
    expect(server.connections).toHaveLength(1);
    await open(sessions);
    await server.connection(1);
  });

  test('ten messages start one run, and each failure in a row doubles the wait before the next run', async () => {
    const { server, session, failures } = await scripted({ onSetup: (it) => it.closeWith(1007, 'no') });
    const waits = skipBackOff();
    await failures(1);
    for (let count = 2; count <= 7; count += 1) {
      for (let index = 0; index < 10; index += 1) await send(session, [say(`${index}`)]);
      await failures(count);
      expect(server.connections).toHaveLength(count);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  test('after a complete turn the next failure is followed by no wait', async () => {
    const { session, reader, failures } = await scripted({
      onSetup: (it, index) => {
        if (index === 2) {
          it.completeSetup();
          it.say('Well again.');
          it.completeTurn();
        }
        it.closeWith(1007, 'no');
      },
    });
    const waits = skipBackOff();
    await failures(1);
    for (let count = 2; count <= 4; count += 1) {
      await send(session, [say('again')]);
      await failures(count);
    }
    expect(reader.outline).toContain('turnComplete');
    expect(waits).toEqual([1_000]);
  });

  test('close ends the session at once if its run has failed', async () => {
    const { session, reader, failures } = await scripted({ onSetup: (it) => it.closeWith(1007, 'no') });
    await failures(1);
    await send(session, [{ close: true }]);
    expect(session.ended).toEqual({ reason: 'closed' });
    reader.read();
    expect(reader.messages.at(-1)).toEqual({ end: { reason: 'closed' } });
  });
});
