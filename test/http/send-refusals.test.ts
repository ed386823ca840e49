import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { exchange, openBody, post, type RequestOptions, rawConnection, write } from './requests.ts';
import { expectAlive, expectRefusal, openSession, type Refusal } from './sessions.ts';
import { HEARD_UTTERANCE, speech } from './speech.ts';
import { startTestServer, waitFor } from './test-server.ts';

describe('refusals of POST /send', () => {
  const json = (body: unknown): RequestOptions => ({
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const raw = (type: string, body: string | Buffer): RequestOptions => ({ headers: { 'Content-Type': type }, body });
  const text = (data: string) => ({ mime_type: 'text/plain', data });

  const refusals: [what: string, request: RequestOptions, refusal: Refusal][] = [
    ['JSON that is cut short', json('{"mime_type":'), { status: 400, code: 'malformed_json', error: /not valid JSON/ }],
    ['a form', raw('application/x-www-form-urlencoded', 'a=b'), { status: 400, code: 'malformed_json' }],
    ['a number', json('5'), { status: 400, code: 'malformed_item', error: 'An item must be a JSON object' }],
    ['null', json('null'), { status: 400, code: 'malformed_item' }],
    [
      'an object of no known shape',
      json({ hello: 'world' }),
      { status: 400, code: 'malformed_item', hint: /LiveRequest/ },
    ],
    [
      'no mime_type',
      json({ data: 'hello' }),
      { status: 400, code: 'missing_mime_type', error: 'The item has no mime_type' },
    ],
    ['a mime_type that is no text', json({ mime_type: 7, data: 'x' }), { status: 400, code: 'missing_mime_type' }],
    [
      'no data',
      json({ mime_type: 'text/plain' }),
      { status: 400, code: 'malformed_item', error: 'data must be a string' },
    ],
    [
      'a mime type that nobody knows',
      json({ mime_type: 'video/mp4', data: 'AAAA' }),
      { status: 415, code: 'unsupported_mime_type', error: 'Mime type not supported: video/mp4' },
    ],
    [
      'a body of a mime type that nobody knows',
      raw('application/pdf', '%PDF'),
      {
        status: 415,
        code: 'unsupported_mime_type',
        error: 'Mime type not supported: application/pdf',
        hint: /audio\/pcm/,
      },
    ],
    ['base64 with a hole', json({ mime_type: 'audio/pcm', data: 'AA*A' }), { status: 400, code: 'invalid_base64' }],
    [
      'base64 in the URL alphabet',
      json({ mime_type: 'image/png', data: '_-8=' }),
      { status: 400, code: 'invalid_base64' },
    ],
    [
      'base64 with line breaks',
      json({ mime_type: 'image/png', data: 'AAAA\nAAA' }),
      { status: 400, code: 'invalid_base64' },
    ],
    ['odd-length PCM in JSON', json({ mime_type: 'audio/pcm', data: 'AAAA' }), { status: 400, code: 'odd_pcm_length' }],
    ['odd-length PCM', raw('audio/pcm', Buffer.alloc(641)), { status: 400, code: 'odd_pcm_length', hint: /16-bit/ }],
    [
      'a sample rate out of range',
      raw('audio/pcm;rate=4000', Buffer.alloc(64)),
      {
        status: 400,
        code: 'invalid_sample_rate',
        error: 'The sample rate "4000" is not a whole number from 8000 to 48000 Hz',
      },
    ],
    [
      'a sample rate that is none',
      json({ mime_type: 'audio/pcm;rate=fast', data: '' }),
      { status: 400, code: 'invalid_sample_rate' },
    ],
    ['no body', { headers: { 'Content-Type': 'application/json' } }, { status: 400, code: 'empty_body' }],
    ['an image of no bytes', json({ mime_type: 'image/png', data: '' }), { status: 400, code: 'empty_body' }],
    [
      'close that is not the last item',
      json([{ close: true }, text('hello')]),
      { status: 400, code: 'malformed_item', error: 'Nothing may follow close' },
    ],
    ['no audio', raw('audio/pcm', ''), { status: 400, code: 'empty_body' }],
    ['an empty text', json(text('')), { status: 400, code: 'empty_body', error: 'The text is empty' }],
    ['a text of spaces', raw('text/plain', ' \n\t '), { status: 400, code: 'empty_body', error: 'The text is empty' }],
    [
      'text that is not UTF-8',
      raw('text/plain', Buffer.from([0x68, 0xe4, 0x68])),
      { status: 400, code: 'invalid_utf8' },
    ],
    [
      'JSON that is not UTF-8',
      { headers: { 'Content-Type': 'application/json' }, body: Buffer.from(JSON.stringify(text('häh')), 'latin1') },
      { status: 400, code: 'invalid_utf8' },
    ],
    [
      'a body that is compressed',
      { headers: { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }, body: gzipSync('hello') },
      { status: 415, code: 'unsupported_encoding' },
    ],
    [
      '1001 items',
      json(Array(1_001).fill(text('hello'))),
      { status: 400, code: 'malformed_item', error: /at most 1000 items/ },
    ],
    ['content without parts', json({ content: { parts: [] } }), { status: 400, code: 'malformed_item' }],
    ['text as blob', json({ blob: text('hello') }), { status: 400, code: 'malformed_item' }],
    ['close that is no flag', json({ close: 'yes' }), { status: 400, code: 'malformed_item' }],
    ['a negative played_ms', json({ interrupt: { played_ms: -1 } }), { status: 400, code: 'malformed_item' }],
    [
      'a body over the limit',
      raw('text/plain', 'x'.repeat(70_000)),
      { status: 413, code: 'body_too_large', error: 'The body is larger than 65536 bytes', hint: /MAX_BODY_BYTES/ },
    ],
  ];

  test.each(refusals)('a POST with %s is refused, and the session lives', async (_what, options, refusal) => {
    const { server, stream } = await openSession({ MAX_BODY_BYTES: '65536' });
    expectRefusal(await exchange(server, '/send/me', { method: 'POST', ...options }), refusal);
    await expectAlive(server, stream);
  });

  test('an invalid item refuses its whole body, and the answer names its index', async () => {
    const { server, stream } = await openSession();
    const answer = await post(server, [
      text('count to two'),
      { mime_type: 'audio/wav', data: 'AAAA' },
      { close: true },
    ]);
    expectRefusal(answer, {
      status: 415,
      code: 'unsupported_mime_type',
      error: 'Item 1: Mime type not supported: audio/wav',
    });
    await expectAlive(server, stream);
  });

  test('a chunked body over the limit is refused', async () => {
    const { server, stream } = await openSession({ MAX_BODY_BYTES: '65536' });
    const { sending, answer } = openBody(server, { 'Content-Type': 'application/json' });
    sending.end(`"${'x'.repeat(70_000)}"`);
    expectRefusal(await answer, { status: 413, code: 'body_too_large' });
    await expectAlive(server, stream);
  });

  test.each([
    ['declared', 'Content-Length: 16777216', (chunk: string) => chunk],
    ['undeclared', 'Transfer-Encoding: chunked', (chunk: string) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`],
  ])(
    'a body far over the limit, %s: a client that reads only once it has sent all of it gets the 413',
    async (_what, header, frame) => {
      const { server, stream } = await openSession({ MAX_BODY_BYTES: '65536' });
      const socket = await rawConnection(server);
      let received = '';
      socket.setEncoding('utf8');
      socket.pause();
      socket.write(`POST /send/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n${header}\r\n\r\n`);
      const piece = frame('x'.repeat(1024 * 1024));
      for (let pieces = 0; pieces < 16; pieces += 1) {
        await new Promise<void>((resolve, reject) =>
          socket.write(piece, (error) => (error ? reject(error) : resolve())),
        );
      }
      socket.on('data', (chunk: string) => {
        received += chunk;
      });
      socket.resume();
      await waitFor('the answer', () => received.includes('}'));
      expect(received).toMatch(/^HTTP\/1\.1 413 /);
      expect(received).toContain('"code":"body_too_large"');
      await expectAlive(server, stream);
    },
  );

  test('endless audio of odd length is refused at its end, and all whole samples are heard', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    sending.end(Buffer.concat([speech(1), Buffer.of(1)]));
    expectRefusal(await answer, { status: 400, code: 'odd_pcm_length', error: /all samples before it were used/ });
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    await expectAlive(server, stream);
  });

  test('endless audio without a byte is refused', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    sending.end();
    expectRefusal(await answer, { status: 400, code: 'empty_body' });
    await expectAlive(server, stream);
  });

  test('endless audio with an invalid rate is refused before its end', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm;rate=96000' });
    await write(sending, speech(0.1));
    expectRefusal(await answer, { status: 400, code: 'invalid_sample_rate' });
    await expectAlive(server, stream);
  });

  test('no part of a text that is cut off is used', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain', 'Content-Length': '100' });
    await write(sending, 'count to three');
    sending.destroy();
    await expect(answer).rejects.toThrow();
    await expectAlive(server, stream);
  });

  test('no part of a recording that is cut off is used', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm', 'Content-Length': '64000' });
    await write(sending, speech(1));
    sending.destroy();
    await expect(answer).rejects.toThrow();
    await expectAlive(server, stream);
    // If any of the recording had been heard, audio_stream_end would make the model answer.
    await post(server, { audio_stream_end: true });
    await expectAlive(server, stream);
    expect(stream.named('input_transcript')).toEqual([]);
  });
});

describe('POST /send without a live session', () => {
  test('a POST without a live session is refused with 404 "Session not found", whatever the body', async () => {
    const server = await startTestServer();
    for (const body of [{ mime_type: 'text/plain', data: 'hello' }, 'nonsense', { close: true }]) {
      const answer = await post(server, body);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.text)).toEqual({
        error: 'Session not found',
        code: 'session_not_found',
        retry: true,
        hint: 'open GET /events/:userId first, with the same ids',
      });
    }
  });

  test('endless audio without a live session is refused before its end', async () => {
    const server = await startTestServer();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    await write(sending, speech(0.1));
    expectRefusal(await answer, { status: 404, code: 'session_not_found' });
  });

  test('a POST whose session ends while the body arrives is refused, and no part of it is used', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain' });
    await write(sending, 'count to');
    await post(server, { close: true });
    await stream.untilEnded();
    sending.end(' three');
    expectRefusal(await answer, { status: 410, code: 'session_ended' });
  });

  test('endless audio whose session ends is refused before its end', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    await write(sending, speech(0.1));
    await post(server, { close: true });
    await stream.untilEnded();
    await write(sending, speech(0.1));
    expectRefusal(await answer, { status: 410, code: 'session_ended' });
  });
});

test('the next request on a connection is answered after a refusal', async () => {
  const server = await startTestServer();
  const socket = await rawConnection(server);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write('POST /send/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n');
  await waitFor('the refusal', () => received.includes('session_not_found'));
  socket.write('hello');
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await waitFor('the second answer', () => received.includes('{"status":"ok"}'));
});
