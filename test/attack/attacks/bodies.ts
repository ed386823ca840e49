import type { Attack } from '../attack.ts';
import { formatRequest, type Target } from '../target.ts';

const MEGABYTE = 1_024 * 1_024;
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Attacks with the bodies of POSTs. */
export const bodyAttacks: readonly Attack[] = [
  {
    name: 'stored-refusals',
    does: 'sends 48 numbered POSTs of 4 MB that are refused, and whose refusals are stored: an item of an unknown type, and items without end',
    stoppedBy: 'a stored refusal is a code and a text; 20,000 values in a JSON body',
    async run(target) {
      const epoch = await target.openSession(target.name);
      const bodies = [
        `{"mime_type":"video/mp4","data":"${'A'.repeat(4 * MEGABYTE - 1_000)}"}`,
        `${'{},'.repeat(1_300_000)}{}`,
      ];
      for (let cseq = 1; cseq <= target.times(48) && !target.over; cseq += 1) {
        const body = `{"client":"a","cseq":${cseq},"ack":"${epoch}.0","items":[${bodies[cseq % 2]}]}`;
        await target.request(`/send/${target.name}`, { headers: JSON_TYPE, body });
      }
    },
  },
  {
    name: 'held-posts',
    does: 'sends POSTs of 4 MB out of order to 200 sessions of as many users',
    stoppedBy: 'held bytes of a session, and of the process: MAX_HELD_BYTES',
    async run(target) {
      const text = 'x'.repeat(4 * MEGABYTE - 1_000);
      await target.inLanes(4, target.times(200), async (index) => {
        const from = target.address(index);
        const epoch = await target.openSession(`${target.name}${index}`, from);
        const items = `[{"mime_type":"text/plain","data":"${text}"}]`;
        const body = `{"client":"a","cseq":2,"ack":"${epoch}.0","items":${items}}`;
        await target.request(`/send/${target.name}${index}`, { headers: JSON_TYPE, body, from });
      });
    },
  },
  {
    name: 'held-small-posts',
    does: 'sends 16 POSTs of 1,000 small items out of order from each of 16 clients in 40 sessions',
    stoppedBy: 'held bytes count objects, not only text',
    async run(target) {
      const items = `[${Array(1_000).fill('{"interrupt":{}}').join(',')}]`;
      await target.inLanes(8, target.times(40), async (index) => {
        const from = target.address(index);
        const epoch = await target.openSession(`${target.name}${index}`, from);
        for (let client = 0; client < 16 && !target.over; client += 1) {
          for (let cseq = 2; cseq < 17 && !target.over; cseq += 5) {
            const body = `{"client":"c${client}","cseq":${cseq},"ack":"${epoch}.0","items":${items}}`;
            await target.request(`/send/${target.name}${index}`, { headers: JSON_TYPE, body, from });
          }
        }
      });
    },
  },
  {
    name: 'one-byte-chunks',
    does: 'sends ten bodies of 4 MB in HTTP chunks of one byte, 25 MB on the wire each',
    stoppedBy: 'a body is counted in what it costs, and copied into few buffers',
    async run(target) {
      await target.openSession(target.name);
      const chunks = Buffer.from('1\r\nx\r\n'.repeat(64 * 1_024));
      await target.inLanes(10, 10, async (index) => {
        const connection = await target.connect(target.address(index));
        const headers = { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' };
        connection?.write(formatRequest(`/send/${target.name}`, { method: 'POST', headers }));
        for (let count = 0; connection && count < target.times(60) && !target.over && !connection.closed; count += 1) {
          await connection.flush(chunks);
        }
        connection?.write('0\r\n\r\n');
        target.count(await connection?.nextAnswer(3_000));
      });
    },
  },
  {
    name: 'many-sample-rates',
    does: 'sends 1,000 items of audio in one POST, each with another sample rate, ten times',
    stoppedBy: '8 sample rates in a JSON body; filters are read from a table',
    async run(target) {
      await target.openSession(target.name);
      const items = Array.from({ length: 1_000 }, (_, index) => ({
        mime_type: `audio/pcm;rate=${47_999 - 2 * index}`,
        data: 'AAAA'.repeat(4),
      }));
      for (let count = 0; count < 10 && !target.over; count += 1) {
        await target.request(`/send/${target.name}`, { headers: JSON_TYPE, body: JSON.stringify(items) });
      }
      await target.wait(2_000);
    },
  },
  {
    name: 'two-byte-audio-chunks',
    does: 'uploads endless audio in HTTP chunks of two bytes on 20 connections',
    stoppedBy: 'audio of a user; small chunks are joined before they are decoded',
    async run(target) {
      await target.openSession(target.name);
      const chunks = Buffer.from('2\r\nxx\r\n'.repeat(8 * 1_024));
      await target.inLanes(20, 20, async () => {
        const connection = await target.connect();
        const headers = { 'Content-Type': 'audio/pcm', 'Transfer-Encoding': 'chunked' };
        connection?.write(formatRequest(`/send/${target.name}`, { method: 'POST', headers }));
        while (connection && !connection.closed && !target.over) {
          await Promise.race([connection.flush(chunks), target.wait(1_000)]);
        }
      });
    },
  },
  {
    name: 'audio-flood',
    does: 'uploads audio as fast as it is accepted, in POSTs of 1 MB and as endless bodies, for ten users',
    stoppedBy: 'seconds of audio of a user a minute; input that waits for the model',
    async run(target) {
      const body = Buffer.alloc(MEGABYTE, 7);
      await target.inLanes(10, 10, async (index) => {
        const from = target.address(index);
        const headers = { 'Content-Type': 'audio/pcm' };
        await target.openSession(`${target.name}${index}`, from);
        while (!target.over) {
          const answer = await target.request(`/send/${target.name}${index}`, { headers, body, from });
          if (answer?.status !== 200) await target.wait(50);
        }
      });
    },
  },
  {
    name: 'long-mime-types',
    does: 'sends items whose mime_type has 4 MB: spaces, semicolons, slashes',
    stoppedBy: '256 characters of a mime type',
    async run(target) {
      await target.openSession(target.name);
      for (const filler of [' ', ';', 'text/', ';rate=', '=', '"', ';rate="', '\u00a0']) {
        const mime_type = `text/plain${filler.repeat(Math.floor((3.9 * MEGABYTE * target.scale) / filler.length))}x`;
        const item = { mime_type, data: 'hello' };
        if (target.over) return;
        await target.request(`/send/${target.name}`, {
          headers: JSON_TYPE,
          body: Buffer.from(JSON.stringify(item)).subarray(0, 4 * MEGABYTE),
        });
        await target.request(`/send/${target.name}`, {
          headers: JSON_TYPE,
          body: JSON.stringify({ blob: item }).slice(0, 4 * MEGABYTE),
        });
      }
    },
  },
  {
    name: 'json-shapes',
    does: 'sends JSON of every extreme: 2 million levels, a million keys, a million elements, doubled keys, huge numbers, half surrogates',
    stoppedBy: 'MAX_BODY_BYTES; 20,000 values in a JSON body, which are counted before it is parsed',
    async run(target) {
      await target.openSession(target.name);
      for (const body of hostileJson(target)) {
        if (target.over) return;
        const answer = await target.request(`/send/${target.name}`, { headers: JSON_TYPE, body });
        if (answer?.status === 500) target.complain(`${body.slice(0, 60)}… was answered ${answer.status}`);
      }
    },
  },
  {
    name: 'many-texts',
    does: 'sends 300 texts of 1 MB to many sessions of one user',
    stoppedBy: 'stored bytes of a user: only conversations of the same user are forgotten',
    async run(target) {
      const body = 'x'.repeat(MEGABYTE - 100);
      await target.inLanes(4, target.times(300), async (index) => {
        const session = `s${index % 20}`;
        if (index < 20) await target.openSession(`${target.name}/${session}`);
        await target.request(`/send/${target.name}/${session}`, { headers: { 'Content-Type': 'text/plain' }, body });
      });
    },
  },
  {
    name: 'starved-uploads',
    does: 'fills the memory for unfinished bodies with 40 bodies of 4 MB that never end',
    stoppedBy: 'unfinished bodies of an address; the largest of the attacker is refused first',
    async run(target) {
      await target.openSession(target.name);
      const body = Buffer.alloc(4 * MEGABYTE - 1, 'x');
      await target.inLanes(10, 40, async () => {
        const connection = await target.connect();
        const headers = { 'Content-Type': 'text/plain', 'Content-Length': `${4 * MEGABYTE}` };
        connection?.write(formatRequest(`/send/${target.name}`, { method: 'POST', headers }));
        await Promise.race([connection?.flush(body), target.wait(5_000)]);
      });
      await target.wait(4_000);
    },
  },
];

function* hostileJson(target: Target): Iterable<string> {
  const many = (count: number) => Math.round(count * target.scale);
  const deep = many(2_000_000);
  yield '['.repeat(deep) + ']'.repeat(deep);
  yield '['.repeat(deep);
  yield `${'{"a":'.repeat(many(600_000))}1${'}'.repeat(many(600_000))}`;
  yield `{"client":"a","items":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`;
  yield `{"content":{"parts":[${'{"inline_data":'.repeat(1_000)}1${'}'.repeat(1_000)}]}}`;
  yield `{${Array.from({ length: many(250_000) }, (_, index) => `"k${index}":1`).join(',')}}`;
  yield `[${Array(many(1_000_000)).fill('[]').join(',')}]`;
  yield `{"mime_type":"text/plain","data":${'9'.repeat(many(3_000_000))}}`;
  yield `{"interrupt":{"played_ms":${'9'.repeat(many(1_000_000))}}}`;
  yield '{"interrupt":{"played_ms":1e999}}';
  yield `{"client":"a","cseq":${'1'.repeat(400)},"ack":"a.0","items":[]}`;
  yield `{"client":"a","cseq":1e308,"ack":"${'a'.repeat(128)}.999999999999999","items":[]}`;
  yield `{${Array(many(200_000)).fill('"mime_type":"text/plain"').join(',')},"data":"x"}`;
  yield '{"__proto__":{"mime_type":"text/plain","data":"polluted"},"constructor":{"prototype":{"x":1}}}';
  yield '{"mime_type":"text/plain","data":"\\ud800 \\udfff \\u0000 \\u2028"}';
  yield `{"mime_type":"text/plain","data":"${'\\u0000'.repeat(many(600_000))}"}`;
  yield `{"mime_type":"audio/pcm","data":"${'='.repeat(many(3_000_000))}"}`;
  yield `{"mime_type":"audio/pcm","data":"${'A'.repeat(many(3_000_000))}="}`;
  yield `{"mime_type":"image/png","data":"iVBORw0KGg${'A'.repeat(many(3_000_000))}"}`;
  yield `{"content":{"parts":[${Array(1_001).fill('{"text":"x"}').join(',')}]}}`;
  yield `"${'x'.repeat(many(3_900_000))}"`;
  yield `${' '.repeat(many(3_900_000))}1`;
}
