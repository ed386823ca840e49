import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressOf, runProgram } from '../cli/command.ts';
import { openStream } from '../http/sse-client.ts';
import { NODE_MODULES } from './project-copy.ts';
import { installPackage, type UserProject } from './user-project.ts';

const run = promisify(execFile);
/** Packing builds everything, and emits the types. */
const PACK_MS = 180_000;
const TEST_MS = 60_000;

let directory: string;
let project: UserProject;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bidi-sse-package-'));
  project = await installPackage(directory, ['@types/node', '@types/express', 'undici-types']);
}, PACK_MS);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the packed package', () => {
  test(
    'is imported as bidi-sse, bidi-sse/client and bidi-sse/emulator, and starts no timer by that',
    async () => {
      const file = await project.write(
        'import.mjs',
        `let timers = 0;
        for (const name of ['setInterval', 'setTimeout']) {
          const original = globalThis[name];
          globalThis[name] = (...args) => { timers += 1; return original(...args); };
        }
        const names = [];
        for (const entry of ['bidi-sse', 'bidi-sse/client', 'bidi-sse/emulator']) names.push(Object.keys(await import(entry)));
        console.log(JSON.stringify({ names, timers }));`,
      );
      const { stdout, stderr } = await run(process.execPath, [file]);
      const { names, timers } = JSON.parse(stdout);
      expect(names[0]).toEqual(
        expect.arrayContaining(['Agent', 'tool', 'createRouter', 'createService', 'startServer']),
      );
      expect(names[1]).toContain('createClient');
      expect(names[2]).toContain('startGeminiEmulator');
      expect({ timers, stderr }).toEqual({ timers: 0, stderr: '' });
    },
    TEST_MS,
  );

  test(
    'mounts its router in an Express app under a prefix, with an agent and nothing else',
    async () => {
      const file = await project.write(
        'mount.mjs',
        `import express from 'express';
        import { Agent, createRouter } from 'bidi-sse';
        const app = express();
        app.use('/talk', createRouter({ agent: new Agent({ name: 'mounted' }) }, { page: true }));
        app.get('/', (req, res) => res.send('of the app'));
        const server = app.listen(0, '127.0.0.1', () => console.log('bidi-sse 0 http://127.0.0.1:' + server.address().port));`,
      );
      const url = await addressOf(await runProgram(process.execPath, [file]));
      await expectConversation(`${url}/talk`);
      expect(await (await fetch(url)).text()).toBe('of the app');
      const page = await (await fetch(`${url}/talk/`)).text();
      const [, script] = /src="(static\/[^"]+\.js)"/.exec(page) ?? [];
      expect((await fetch(`${url}/talk/${script}`)).status).toBe(200);
    },
    TEST_MS,
  );

  test(
    'starts by npx bidi-sse, and ends when npx receives SIGTERM',
    async () => {
      const options = { cwd: project.directory, detached: true };
      const command = await runProgram('npx', ['bidi-sse', '--port', '0'], options);
      const url = await addressOf(command);
      await expectConversation(url);
      process.kill(command.pid, 'SIGTERM');
      await command.exitCode();
      await expect(fetch(url)).rejects.toThrow('fetch failed');
    },
    TEST_MS,
  );

  test(
    'type-checks a program that uses it, together with its own types',
    async () => {
      const wrong = PROGRAM.replace("name: 'typed'", 'name: 1');
      expect(await checkTypes({ 'right.ts': PROGRAM, 'wrong.ts': wrong })).toMatch(
        /^wrong\.ts\(\d+,\d+\): error TS2322: Type 'number' is not assignable to type 'string'\.\n$/,
      );
    },
    PACK_MS,
  );

  test('holds examples/probe.ts, which imports only what a user of the package can import', async () => {
    const examples = join(project.directory, 'examples');
    // Node strips no types below node_modules.
    await cp(join(project.directory, 'node_modules/bidi-sse/examples'), examples, { recursive: true });
    const command = await runProgram(process.execPath, [join(examples, 'probe.ts')]);
    expect(await command.exitCode()).toBe(2);
    expect(command.stderr).toMatch(/^GOOGLE_API_KEY is not set\nusage: /);
  });

  test('holds every file that its README and its docs link to, and that --help names', async () => {
    const documents = project.packed.filter((path) => /^[^/]+\.md$|^docs\/.*\.md$/.test(path));
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/protocol.md']));
    const missing: string[] = [];
    for (const document of documents) {
      // The parity page links to the tests that prove it.
      if (document === 'docs/adk-parity.md') continue;
      const text = await readFile(join(project.directory, 'node_modules/bidi-sse', document), 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\(((?!\w+:|#)[^)\s]+)\)/g)) {
        const [path = ''] = link.split('#');
        const target = posix.join(posix.dirname(document), path);
        // Pictures would be nine tenths of the package, and nobody looks at them there.
        if (!project.packed.includes(target) && !target.startsWith('docs/screenshots/'))
          missing.push(`${document} → ${target}`);
      }
    }
    expect(missing).toEqual([]);
    expect(project.packed).toEqual(expect.arrayContaining(['.env.example', 'LICENSE']));
  });
});

const oldNode = findOldNode();
const describeOldNode = oldNode ? describe : describe.skip;

describeOldNode(`on ${oldNode?.version ?? 'a Node that is too old (skipped: there is none on this machine)'}`, () => {
  const refusal = /^bidi-sse needs Node 24 or newer; this is Node \d+\.\d+\.\d+\./;

  test('the command refuses to start, with 1 and one line that says what to do', async () => {
    const command = await runProgram(oldNode?.path ?? '', [join(project.directory, 'node_modules/.bin/bidi-sse')]);
    expect(await command.exitCode()).toBe(1);
    expect(command.stderr).toMatch(refusal);
    expect(command.stderr.trim().split('\n')).toHaveLength(1);
    expect(command.stdout).toBe('');
  });

  test('startServer and createRouter refuse, in the same words', async () => {
    const file = await project.write(
      'old.mjs',
      `import { Agent, createRouter, startServer } from 'bidi-sse';
      const agent = new Agent({ name: 'old' });
      for (const start of [() => startServer({ agent }), async () => createRouter({ agent })]) {
        await start().then(() => console.log('started'), (error) => console.log(error.name + ': ' + error.message));
      }`,
    );
    const { stdout } = await run(oldNode?.path ?? '', [file]);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.replace('UnsupportedNodeError: ', '')).toMatch(refusal);
  });
});

const COMPILER_OPTIONS = {
  target: 'ES2024',
  module: 'NodeNext',
  strict: true,
  noEmit: true,
  types: ['node'],
};

const PROGRAM = `import express, { type Request } from 'express';
import * as z from 'zod';
import { Agent, createRouter, createService, type RunningServer, startServer, tool } from 'bidi-sse';
import { createClient } from 'bidi-sse/client';
import { type GeminiEmulator, startGeminiEmulator } from 'bidi-sse/emulator';

const dice = tool({
  name: 'roll_dice',
  description: 'Rolls a die.',
  parameters: z.object({ sides: z.number() }),
  execute: ({ sides }) => sides.toFixed(),
});
const agent = new Agent({ name: 'typed', tools: [dice] });
const router = createRouter(createService({ agent }), { page: true });
const authenticate = (req: Request) => (req.hostname === 'a' ? { userId: 'ann', expiresAt: Date.now() } : undefined);
express().use('/talk', router, createRouter({ agent, authenticate }));
const closed: Promise<void> = router.service.close();
const server: RunningServer = await startServer({ agent });
const emulator: GeminiEmulator = await startGeminiEmulator();
const client = createClient({ url: server.url, userId: 'ann' });
console.log(closed, emulator.url, client);
`;

/** Checks programs of the user, by file name. @returns what tsc prints */
async function checkTypes(programs: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(programs)) await project.write(name, text);
  const files = Object.keys(programs);
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }));
  const options = { cwd: project.directory, encoding: 'utf8' } as const;
  return spawnSync(join(NODE_MODULES, '.bin', 'tsc'), options).stdout;
}

/** Talks to the offline agent as curl would. */
async function expectConversation(url: string): Promise<void> {
  const stream = await openStream(`${url}/events/me`);
  await stream.untilNamed('session');
  const headers = { 'Content-Type': 'text/plain' };
  expect((await fetch(`${url}/send/me`, { method: 'POST', headers, body: 'count to two' })).status).toBe(200);
  expect(await stream.nextAnswer()).toBe('One, two.');
  stream.close();
}

/** Finds a Node on the PATH that is too old to run the server. */
function findOldNode(): { path: string; version: string } | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'node');
    const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim();
    if (version && Number.parseInt(version.slice(1), 10) < 24) return { path, version };
  }
  return undefined;
}
