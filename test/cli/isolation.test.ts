import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { openStream, type SseClient } from '../http/sse-client.ts';
import { addressOf, CLI, type Command, type CommandOptions, runCli, runProgram, runShell } from './command.ts';

/** Its answers in text are complete sooner than spoken ones. */
const MODEL = 'gemini-live-2.5-flash-preview';
const AGENT = fileURLToPath(new URL('./agents/troublesome-agent.ts', import.meta.url));

/** Starts a server whose agent has tools that make mistakes. */
async function startServer(options: CommandOptions = {}) {
  const command = await runCli(['--port', '0', '--agent', AGENT, '--model', MODEL], options);
  const url = await addressOf(command);
  const say = (user: string, text: string) =>
    fetch(`${url}/send/${user}`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: text });
  const open = async (user: string) => {
    const stream = await openStream(`${url}/events/${user}`);
    await stream.untilNamed('session');
    return stream;
  };
  return { command, url, say, open };
}

function logged(command: Command): Record<string, unknown>[] {
  const lines = command.stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

const resultOf = (stream: SseClient) => stream.named('tool_result').at(-1) as Record<string, unknown>;

/** What the user says for each mistake, and the error that the model then receives. */
const MISTAKES = [
  ['throw oddity', 'unknown error (object)'],
  ['throw in timer', 'thrown in a timer'],
  ['throw null in timer', 'unknown error (null)'],
  ['throw proxy in timer', 'unknown error (object)'],
  ['throw in tick', 'thrown in a tick'],
  ['emit error', 'nobody listens'],
  ['leave rejection', 'left alone'],
  ['reject by pool', 'the pool is empty'],
  ['throw when stopped', 'The tool did not answer within 500 ms'],
  ['return giant', 'The result is larger than 65536 bytes of JSON, the limit: return less'],
] as const;

describe('a tool', () => {
  test('that makes any mistake fails its own call, while another user hears whole answers', async () => {
    const { command, say, open } = await startServer();
    const [ann, bob] = [await open('ann'), await open('bob')];
    const makeMistakes = async () => {
      for (const [request, error] of MISTAKES) {
        await say('ann', request);
        expect(await ann.nextAnswer()).toBe(`The tool failed: ${error}`);
        expect(resultOf(ann)).toMatchObject({ error });
      }
      await say('ann', 'count to two');
      expect(await ann.nextAnswer()).toBe('One, two.');
    };
    const count = async () => {
      for (let round = 0; round < 3; round += 1) {
        await say('bob', 'count to ten');
        expect(await bob.nextAnswer()).toBe('One, two, three, four, five, six, seven, eight, nine, ten.');
      }
    };
    await Promise.all([makeMistakes(), count()]);
    expect(command.stderr).toBe('');
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
  });

  test('that throws again and again after it has answered is logged once, and its conversation continues', async () => {
    const { command, say, open } = await startServer();
    const ann = await open('ann');
    await say('ann', 'answer then throw');
    expect(await ann.nextAnswer()).toBe('The tool answered: answered');
    await command.until(/a tool failed after the end of its call/);
    await say('ann', 'count to two');
    expect(await ann.nextAnswer()).toBe('One, two.');
    const [line, ...more] = logged(command).filter(({ msg }) => /after the end of its call/.test(String(msg)));
    expect(line).toMatchObject({
      tool: 'answer_then_throw',
      userId: 'ann',
      err: { message: 'thrown again and again', stack: expect.stringContaining('troublesome-agent.ts') },
    });
    expect(more).toEqual([]);
  });
});

describe('an error that belongs to nobody', () => {
  test('is logged with its stack; the server finishes its replies and ends with 70', async () => {
    const { command, say, open } = await startServer({ env: { SHUTDOWN_GRACE_MS: '60000' } });
    const bob = await open('bob');
    await say('bob', 'count to five');
    await bob.until('a part of the answer', () => bob.messages.length > 0);
    command.kill('SIGUSR2');
    expect(await bob.nextAnswer()).toBe('One, two, three, four, five.');
    await bob.untilEnded();
    expect(bob.named('drain')).toHaveLength(1);
    expect(await command.exitCode()).toBe(70);
    const lines = logged(command).filter(({ level }) => level === 50);
    expect(lines).toMatchObject([
      {
        msg: 'an error that nobody caught belongs to no tool, run or store',
        err: { message: 'this belongs to nobody', stack: expect.stringContaining('troublesome-agent.ts') },
      },
    ]);
  });

  test('leaves the first signal after it without effect, and the second ends the process at once with 1', async () => {
    const { command, say, open } = await startServer({ env: { SHUTDOWN_GRACE_MS: '60000' } });
    const bob = await open('bob');
    await say('bob', 'count to thirty');
    await bob.until('a part of the answer', () => bob.messages.length > 0);
    command.kill('SIGUSR2');
    await command.until(/server fault: finishing replies/);
    command.kill('SIGTERM');
    await delay(300);
    expect(bob.ended).toBe(false);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(1);
  });
});

test('a runner, a store and a logger that throw later end no conversation of a program that has installed the handlers', async () => {
  const program = fileURLToPath(new URL('./programs/foreign-parts.ts', import.meta.url));
  const command = await runProgram(process.execPath, [program]);
  const url = await addressOf(command);
  const say = (user: string, body: string) =>
    fetch(`${url}/send/${user}`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body });
  const [ann, bob] = [await openStream(`${url}/events/ann`), await openStream(`${url}/events/bob`)];
  for (const reader of [ann, bob]) await reader.untilNamed('session');
  await say('bob', 'before');
  expect(await bob.nextAnswer()).toBe('You said: before');
  await say('ann', 'fail');
  expect(await ann.untilNamed('failure')).toMatchObject({ code: 'agent_failed' });
  await say('ann', 'again');
  expect(await ann.nextAnswer()).toBe('You said: again');
  await say('bob', 'after');
  expect(await bob.nextAnswer()).toBe('You said: after');
  expect(bob.named('failure')).toEqual([]);
  command.kill('SIGTERM');
  expect(await command.exitCode()).toBe(0);
  expect(command.stderr).toBe('');
});

test.each(['json', 'pretty'])(
  'a log in the format %s on a full disk neither stops the server nor keeps it from ending',
  async (format) => {
    const port = await freePort();
    const command = runShell(
      `env LOG_FORMAT=${format} LOG_LEVEL=debug ${process.execPath} ${CLI} --port ${port} > /dev/full`,
    );
    const url = `http://127.0.0.1:${port}`;
    while (!(await isReady(url))) await delay(50);
    const stream = await openStream(`${url}/events/ann`);
    await stream.untilNamed('session');
    expect((await fetch(`${url}/events/%25`)).status).toBe(400);
    command.kill('SIGTERM');
    await stream.untilEnded();
    expect(await command.exitCode()).toBe(0);
  },
);

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}
