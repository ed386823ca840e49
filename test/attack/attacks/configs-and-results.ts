import type { Attack } from '../attack.ts';
import { encodeFrame } from '../client/web-socket-frames.ts';
import type { Target } from '../target.ts';
import { openSocket, pour } from './open-socket.ts';
import { fillLog } from './unread-output.ts';

const KILOBYTE = 1_024;
const MEGABYTE = KILOBYTE * KILOBYTE;
const JSON_HEADERS = { 'Content-Type': 'application/json' };

/** Attacks with the configs of sessions, the results of tools, the dialects of readers and `/api/check-models`. */
export const configAttacks: readonly Attack[] = [
  {
    name: 'config-changes',
    does: 'changes the config of a session 1,000 times in each body, and in bodies as fast as they are answered',
    stoppedBy: 'connections to the model of a user a minute; of the configs of a body the last applies',
    async run(target) {
      await target.openSession(target.name);
      await target.inLanes(8, Number.POSITIVE_INFINITY, async (index) => {
        const items = Array.from({ length: index % 4 === 0 ? 1_000 : 1 }, (_, at) =>
          createConfig({ agent_name: `agent ${index} ${at}`, instructions: `Be number ${index} ${at}.` }),
        );
        await send(target, items);
      });
    },
  },
  {
    name: 'config-changes-on-a-socket',
    does: 'does the same on WebSockets with a client, and reconnects pages that each bring another config',
    stoppedBy: 'connections to the model of a user a minute; requests of an address',
    async run(target) {
      await target.inLanes(6, Number.POSITIVE_INFINITY, async (index) => {
        const isPage = index % 3 > 0;
        const query = isPage ? '' : `?client=c${index % 6}&dialect=agentscope`;
        const connection = await openSocket(target, `/ws/${target.name}/session1${query}`);
        const frames = Array.from({ length: isPage ? 2 : 200 }, (_, at) =>
          encodeFrame(JSON.stringify(createConfig({ agent_name: `agent ${index} ${at}` }))),
        );
        connection?.write(Buffer.concat(frames));
        await target.wait(isPage ? 20 : 100);
        connection?.destroy();
      });
    },
  },
  {
    name: 'large-configs',
    does: 'sends instructions of 1 MB and of the allowed 16 KiB, deep and wide configs, and names of every kind',
    stoppedBy:
      'characters of an instruction and of a name; values in a JSON body; connections to the model of a user a minute',
    async run(target) {
      await target.openSession(target.name);
      const deep = `${'{"config":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
      const bodies = [
        JSON.stringify(createConfig({ instructions: 'x'.repeat(MEGABYTE) })),
        JSON.stringify(createConfig({ agent_name: '\u202e'.repeat(MEGABYTE) })),
        JSON.stringify(createConfig({ instructions: ' \n'.repeat(8 * KILOBYTE), user_name: 'constructor' })),
        JSON.stringify(Array(200).fill(createConfig({ instructions: 'y'.repeat(16 * KILOBYTE) }))),
        JSON.stringify(
          createConfig({ ...Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`k${at}`, at])) }),
        ),
        '{"type":"client_session_create","config":{"__proto__":{"instructions":"x"},"constructor":{"prototype":{"a":1}}}}',
        `{"type":"client_session_create","config":${deep}}`,
      ];
      await target.inLanes(8, Number.POSITIVE_INFINITY, async (index) => {
        await sendBody(target, bodies[index % bodies.length] ?? '');
      });
    },
  },
  {
    name: 'tool-results',
    does: 'sends results of calls that nobody made: 1,000 in a body, of 64 KiB, deep, with every kind of id, in all dialects',
    stoppedBy: 'a result needs an open call: 409; bytes and levels of a result; requests of an address',
    async run(target) {
      await target.openSession(target.name);
      const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
      const bodies: [dialect: string, items: unknown][] = [
        ['plain', Array.from({ length: 1_000 }, (_, at) => ({ tool_result: { id: `c${at}`, result: at } }))],
        ['plain', { tool_result: { id: 'c', result: 'x'.repeat(60 * KILOBYTE) } }],
        ['plain', { tool_result: { id: 'c', result: deep } }],
        ['plain', { tool_result: { id: '__proto__', result: { toString: 1 } } }],
        ['plain', { tool_result: { id: 'i'.repeat(MEGABYTE), error: 'e' } }],
        ['adk', { content: { parts: Array(100).fill({ function_response: { id: 'c', name: 'n', response: {} } }) } }],
        ['adk', Array(1_000).fill({ tool_result: { id: 'constructor', error: 'x' } })],
        ['agentscope', Array(1_000).fill({ type: 'client_tool_result', id: 'c', name: 'n', output: 'o' })],
        [
          'agentscope',
          { type: 'client_tool_result', id: 'c', name: 'n', output: Array(6_000).fill({ type: 'text', text: 'x' }) },
        ],
      ];
      const encoded = bodies.map(([dialect, items]) => [dialect, JSON.stringify(items)] as const);
      const flood = target.inLanes(2, 2, async (index) => {
        const connection = await openSocket(target, `/ws/${target.name}?client=t${index}`);
        await pour(target, connection, Buffer.concat(Array(50).fill(encodeFrame(encoded[0]?.[1] ?? ''))));
      });
      await target.inLanes(6, Number.POSITIVE_INFINITY, async (index) => {
        const [dialect = 'plain', body = ''] = encoded[index % encoded.length] ?? [];
        await sendBody(target, body, dialect);
      });
      await flood;
    },
  },
  {
    name: 'dialect-polls',
    does: 'polls a log of 1 MB in another dialect each time, on one connection in one write, and reads nothing',
    stoppedBy:
      'unanswered requests of a connection; bytes that wait for a connection; an entry is encoded once a dialect',
    async run(target) {
      await fillLog(target, target.name, MEGABYTE);
      const requests = ['plain', 'adk', 'agentscope', 'constructor'].flatMap((dialect) =>
        ['', '&audio=none'].map(
          (audio) => `GET /poll/${target.name}?since=z&dialect=${dialect}${audio} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        ),
      );
      await target.inLanes(10, 10, async (index) => {
        const connection = await target.connect();
        if (index % 2) connection?.pause();
        connection?.write(requests.join('').repeat(target.times(200)));
        await target.wait(4_000);
      });
    },
  },
  {
    name: 'check-models-flood',
    does: 'asks which providers there are on 20 connections, many times in one write, with bodies and from foreign pages',
    stoppedBy: 'requests of an address; unanswered requests of a connection',
    async run(target) {
      const plain = 'GET /api/check-models HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const foreign = 'GET /api/check-models HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n';
      await target.inLanes(20, Number.POSITIVE_INFINITY, async (index) => {
        const connection = await target.connect();
        await connection?.flush((index % 2 ? plain : foreign).repeat(1_000));
        await target.wait(100);
        connection?.destroy();
      });
    },
  },
];

function createConfig(config: object): object {
  return { type: 'client_session_create', config };
}

async function send(target: Target, items: unknown): Promise<void> {
  await sendBody(target, JSON.stringify(items));
}

async function sendBody(target: Target, body: string, dialect = 'agentscope'): Promise<void> {
  const answer = await target.request(`/send/${target.name}?dialect=${dialect}`, { headers: JSON_HEADERS, body });
  if (answer?.status === 429) await target.wait(20);
}
