import type { IncomingMessage } from 'node:http';
import { decodeRaw, parseJson } from '../../../src/http/decode-body.ts';
import { checkOrigin } from '../../../src/http/origins.ts';
import { readReaderQuery } from '../../../src/http/reader-query.ts';
import { readIds } from '../../../src/http/route-ids.ts';
import { matchRoute } from '../../../src/http/route-match.ts';
import { decodeJsonPost } from '../../../src/http/routes/send.ts';
import { base64ByteLength, isBase64 } from '../../../src/wire/base64.ts';
import { formatCursor, parseCursor } from '../../../src/wire/cursor.ts';
import { plainDialect } from '../../../src/wire/dialects/plain.ts';
import { readEnvelopeQuery } from '../../../src/wire/envelope.ts';
import { parseMimeType } from '../../../src/wire/mime-type.ts';
import { checkPost, EPOCH } from './check-post.ts';
import { decode, expect, MAX_HEADERS, type Surface } from './surface.ts';

/** Ids and names of clients. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
export const PCM = Buffer.alloc(64, 3).toString('base64');
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Bodies of every form, as JSON. */
export const BODIES: readonly string[] = [
  '{"mime_type":"text/plain","data":"hello"}',
  `{"mime_type":"audio/pcm;rate=16000","data":"${PCM}"}`,
  `{"mime_type":"image/png","data":"${PNG}"}`,
  '{"interrupt":{"played_ms":1200}}',
  '{"content":{"role":"user","parts":[{"text":"hello"}]},"partial":true}',
  `{"content":{"parts":[{"text":"what is this"},{"inline_data":{"mime_type":"image/png","data":"${PNG}"}}]}}`,
  `{"blob":{"mimeType":"audio/pcm;rate=24000","data":"${PCM}"}}`,
  '{"activity_start":{}}',
  '[{"activity_start":{}},{"activity_end":{}},{"audio_stream_end":true}]',
  '{"close":true}',
  '{"tool_result":{"id":"c1","result":{"lat":52.5,"__proto__":{"polluted":true}}}}',
  '[{"tool_result":{"id":"c1","error":"denied"}},{"tool_result":{"id":"c2","result":null}}]',
  '{"content":{"parts":[{"function_response":{"id":"c1","name":"locate","response":{"lat":1}}}]}}',
  '{"respond":{}}',
  `{"client":"phone","cseq":1,"ack":"${EPOCH}.0","items":[{"mime_type":"text/plain","data":"hello"}]}`,
  `{"client":"phone","cseq":3,"ack":"${EPOCH}.7-2","items":[{"interrupt":{}},{"close":true}]}`,
  `{"client":"phone","ack":"${EPOCH}.5"}`,
  '[{"mime_type":"text/plain","data":"a"},{"mime_type":"text/plain","data":"b"}]',
];

function createRequest(headers: Record<string, string>): IncomingMessage {
  // The check reads the headers and the local address only.
  return {
    headers,
    rawHeaders: Object.entries(headers).flat(),
    socket: { localAddress: '127.0.0.1' },
  } as unknown as IncomingMessage;
}

export const clientSurfaces: readonly Surface[] = [
  {
    name: 'JSON body',
    seeds: BODIES,
    check(input) {
      for (const draining of [false, true]) {
        const post = decode(() =>
          decodeJsonPost(
            parseJson(Buffer.from(input, 'latin1')),
            { dialect: plainDialect, sessionId: 'default' },
            draining,
          ),
        );
        if ('value' in post) checkPost(post.value);
      }
      expect(({} as Record<string, unknown>).polluted === undefined, 'the prototype of all objects was changed');
    },
  },
  {
    name: 'raw body',
    seeds: [
      'text/plain\nhello',
      'text/plain; charset=utf-8\n\u00ef\u00bb\u00bfhello',
      `audio/pcm;rate=44100\n${Buffer.alloc(40).toString('latin1')}`,
      'image/jpeg\n\u00ff\u00d8\u00ff\u00e0',
      'image/png\n\u0089PNG\r\n\u001a\n',
      'image/webp\nRIFF0000WEBP',
    ],
    check(input) {
      const [contentType = '', ...rest] = input.split('\n');
      const type = decode(() => parseMimeType(contentType));
      if ('refusal' in type) return;
      const query = new URLSearchParams(`client=a&cseq=1&ack=${EPOCH}.0`);
      const body = decode(() => decodeRaw(Buffer.from(rest.join('\n'), 'latin1'), type.value.essence, contentType));
      if ('value' in body) checkPost({ envelope: readEnvelopeQuery(query), body: body.value });
    },
  },
  {
    name: 'mime type',
    isText: true,
    seeds: [
      'text/plain',
      'audio/pcm;rate=16000',
      'audio/pcm; rate="48000"',
      'AUDIO/PCM ;channels=1; RATE=8000',
      'image/png;a=b;c=d',
    ],
    check(input) {
      const type = decode(() => parseMimeType(input));
      if ('refusal' in type) return;
      const { rate } = type.value;
      expect(
        rate === undefined || (Number.isInteger(rate) && rate >= 8_000 && rate <= 48_000),
        `the rate ${rate} was accepted`,
      );
    },
  },
  {
    name: 'base64',
    isText: true,
    seeds: ['', 'AAAA', 'AAA=', 'AA==', PCM, PNG, 'A===', 'AA A', '-_==', 'AAB='],
    check(input) {
      const isValid = input.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(input);
      expect(isBase64(input) === isValid, `isBase64 says ${isBase64(input)}`);
      if (isValid)
        expect(Buffer.from(input, 'base64').length === base64ByteLength(input), 'the length of the data is wrong');
    },
  },
  {
    name: 'query',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      '/events/ann?is_audio=true&voice=Kore&language=de-DE&proactivity=false&affective_dialog=true&client=phone&since=x.1&framing=pusher&wait=3',
      `/send/ann?client=phone&cseq=12&ack=${EPOCH}.3`,
      '/poll/ann/default?wait=0&agent=attacked',
      '/ws/ann?client=a&lastEventId=b&ticket=a.b',
      '/ws/ann/s1?dialect=agentscope&audio=none',
      '/events/ann?dialect=adk&is_audio=true',
    ],
    check(input) {
      for (const lastEventId of [undefined, input, `${EPOCH}.1`]) {
        const read = decode(() => readReaderQuery(input, 'attacked', { 'last-event-id': lastEventId }));
        expect(!lastEventId || 'value' in read, 'an EventSource that reconnects was refused for its query');
        if ('value' in read)
          expect(read.value.client === undefined || ID.test(read.value.client), 'a client has an invalid name');
      }
      const envelope = decode(() => readEnvelopeQuery(new URLSearchParams(input.split('?')[1])));
      if ('value' in envelope && envelope.value) expect(ID.test(envelope.value.client), 'a client has an invalid name');
    },
  },
  {
    name: 'cursor',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [`${EPOCH}.0`, `${EPOCH}.123456789012345`, `${EPOCH}.7-2`, 'z', `${'e'.repeat(128)}.1`],
    check(input) {
      const cursor = parseCursor(input);
      if (!cursor) return;
      const { epoch, seq, frames } = cursor;
      expect(Number.isSafeInteger(seq) && seq >= 0, `the number ${seq} was accepted`);
      // Leading zeros are the one difference.
      const again = parseCursor(formatCursor(epoch, seq, frames));
      expect(
        again?.epoch === epoch && again.seq === seq && again.frames === frames,
        'a cursor changes when it is formatted',
      );
    },
  },
  {
    name: 'path and ids',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      '/events/ann',
      '/send/ann/default',
      '/poll/%61nn/s-1/?wait=0',
      'http://localhost:8000/ws/ann?client=a',
      '/EVENTS/ann@example.com',
      '/events/..%2f..',
      '/run_live?app_name=attacked&user_id=ann&session_id=s1',
    ],
    check(input) {
      const match = matchRoute(input);
      if (!match) return;
      const ids = decode(() => readIds(match.userId, match.sessionId));
      if ('value' in ids)
        expect(ID.test(ids.value.userId) && ID.test(ids.value.sessionId), 'an invalid id was accepted');
    },
  },
  {
    name: 'Host and Origin',
    isText: true,
    maxLength: MAX_HEADERS,
    seeds: [
      'localhost\nhttp://localhost',
      '127.0.0.1:8000\nhttp://127.0.0.1:8000',
      '[::1]:80\nnull',
      'localhost\nhttps://app.example.com',
      'attacker.example\nhttp://localhost',
    ],
    check(input) {
      const [host = '', origin] = input.split('\n');
      const options = { allowedOrigins: ['https://app.example.com'], allowedHosts: [], hostCheck: 'always' as const };
      const headers = { host, ...(origin === undefined ? {} : { origin }) };
      const accepted = decode(() => checkOrigin(createRequest(headers), options, true));
      if ('refusal' in accepted) return;
      expect(
        /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d*)?$/i.test(host),
        `the host ${host} was accepted`,
      );
      if (origin === undefined || origin === 'https://app.example.com') return;
      expect(isSameHost(URL.parse(origin), host), `the origin ${origin} was accepted for ${host}`);
    },
  },
];

function isSameHost(origin: URL | null, requested: string): boolean {
  const scheme = origin?.protocol === 'https:' ? 'https' : 'http';
  return origin !== null && URL.parse(`${scheme}://${requested}`)?.host === origin.host;
}
