import { errorCatalogue } from '../../../src/wire/error-catalogue.ts';
import type { Attack } from '../attack.ts';
import type { Answer } from '../client/raw-connection.ts';
import { encodeFrame, formatHandshake, OPCODE } from '../client/web-socket-frames.ts';
import { BODIES } from '../fuzz/client-surfaces.ts';
import { Mutator } from '../fuzz/mutator.ts';
import { ADK_MESSAGES, AGENTSCOPE_MESSAGES } from '../fuzz/page-surfaces.ts';
import { formatRequest, type Target } from '../target.ts';

/** The fuzzer's inputs through real connections. The fuzzer itself reads many more of them, in its own process. */
export const mutationAttacks: readonly Attack[] = [
  {
    name: 'mutated-bodies',
    does: 'sends mutated bodies of every type, with and without numbers, on ten connections',
    stoppedBy: 'every body is accepted, or refused with a code of the catalogue',
    async run(target) {
      const epoch = await target.openSession(target.name);
      const mutator = new Mutator(target.random);
      const bodies = [...BODIES, ...ADK_MESSAGES, ...AGENTSCOPE_MESSAGES];
      const seeds = bodies.map((body) => body.replaceAll(/epoch-of-the-fuzzer_01/g, epoch ?? 'x'));
      const types = [
        'application/json',
        'text/plain',
        'audio/pcm',
        'image/png',
        '',
        'application/x-www-form-urlencoded',
        'audio/pcm;rate=22050',
      ];
      await target.inLanes(10, Number.POSITIVE_INFINITY, async (lane) => {
        const connection = await target.connect(target.address(lane % 10));
        if (!connection) return target.wait(50);
        for (let index = 0; index < 500 && !connection.closed && !target.over; index += 1) {
          const type = types[index % types.length] ?? '';
          // A body that ends the session would end the attack.
          const body = mutator.mutate(seeds, 8_192).replaceAll(/close|session_end/g, 'c1ose');
          const headers: Record<string, string> = type === '' ? {} : { 'Content-Type': type };
          const dialect = ['plain', 'adk', 'agentscope'][index % 3];
          connection.write(
            formatRequest(`/send/${target.name}?dialect=${dialect}`, { headers, body: Buffer.from(body, 'latin1') }),
          );
          check(target, await connection.nextAnswer(5_000), body);
        }
        connection.destroy();
      });
    },
  },
  {
    name: 'mutated-requests',
    does: 'sends whole requests with mutated lines, targets, queries and headers',
    stoppedBy: "Node's parser, and the checks of Host, Origin, ids and queries",
    async run(target) {
      const mutator = new Mutator(target.random);
      const seeds = [
        `GET /poll/${target.name}?wait=0&since=x.1&is_audio=true&client=a HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n`,
        `POST /send/${target.name} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`,
        `POST /send/${target.name} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
        `GET /events/${target.name} HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: a.1\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n`,
        'GET /static/page.js HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-10\r\nIf-None-Match: "x"\r\n\r\n',
        formatHandshake(`/ws/${target.name}?client=a`),
      ];
      await target.inLanes(20, Number.POSITIVE_INFINITY, async (index) => {
        const connection = await target.connect(target.address(index % 50));
        const request = mutator.mutate(seeds, 20_000);
        connection?.write(Buffer.from(request, 'latin1'));
        connection?.socket.end();
        const answer = await connection?.nextAnswer(300);
        if (answer) check(target, answer, request);
        connection?.destroy();
      });
    },
  },
  {
    name: 'mutated-frames',
    does: 'sends mutated text and binary frames of all dialects, and mutated bytes of frames, on WebSockets of clients and of pages',
    stoppedBy: 'every frame is accepted, refused with an answer, or closes its connection',
    async run(target) {
      const mutator = new Mutator(target.random);
      const seeds = [...BODIES, ...ADK_MESSAGES, ...AGENTSCOPE_MESSAGES];
      const doors = ['?client=m', '/session1', '?dialect=agentscope&client=n', '', '?dialect=adk&client=o'];
      await target.inLanes(6, Number.POSITIVE_INFINITY, async (lane) => {
        const connection = await target.connect(target.address(lane % 6));
        connection?.write(formatHandshake(`/ws/${target.name}${doors[lane % doors.length]}`));
        if (!connection || !(await connection.waitFor('\r\n\r\n', 2_000))) return target.wait(50);
        for (let index = 0; index < 300 && !connection.closed && !target.over; index += 1) {
          const payload = Buffer.from(mutator.mutate(seeds, 4_096).replaceAll(/close|session_end/g, 'c1ose'), 'latin1');
          const frame = encodeFrame(payload, { opcode: index % 4 === 3 ? OPCODE.binary : OPCODE.text });
          const bytes =
            index % 50 === 49 ? Buffer.from(mutator.mutate([frame.toString('latin1')], 4_096), 'latin1') : frame;
          await Promise.race([connection.flush(bytes), target.wait(1_000)]);
        }
        connection.destroy();
      });
    },
  },
];

/** Complains about an answer that is no success and not in the form of the catalogue. */
function check(target: Target, answer: Answer | undefined, input: string): void {
  if (!answer) return;
  target.count(answer);
  const { status, body, code } = answer;
  if (status < 400 || body === '') return;
  const isKnown = code !== undefined && Object.hasOwn(errorCatalogue, code);
  if (!isKnown)
    target.complain(
      `answered ${status} with ${JSON.stringify(body.slice(0, 100))} to ${JSON.stringify(input.slice(0, 300))}`,
    );
}
