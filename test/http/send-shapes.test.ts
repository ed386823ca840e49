import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { Agent } from '../../src/agent/agent.ts';
import { picture, pictureBytes } from '../picture.ts';
import { exchange, openBody, post, say, write } from './requests.ts';
import { expectRefusal, openSession } from './sessions.ts';
import { HEARD_UTTERANCE, silence, speech, utterance } from './speech.ts';
import { openStream } from './sse-client.ts';
import { startTestServer } from './test-server.ts';

const SENT = { status: 'sent' };

describe('POST /send of JSON', () => {
  test("the text item of ADK's samples is answered", async () => {
    const { server, stream } = await openSession();
    const { status, body, headers } = await request(server.url)
      .post('/send/me')
      .send({ mime_type: 'text/plain', data: 'count to two' });
    expect({ status, body }).toEqual({ status: 200, body: SENT });
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test("the audio item of ADK's samples is heard", async () => {
    const { server, stream } = await openSession();
    const data = utterance().toString('base64');
    await request(server.url).post('/send/me').send({ mime_type: 'audio/pcm', data }).expect(200, SENT);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    expect(stream.named('input_transcript').at(-1)).toEqual({
      text: expect.stringMatching(/^\d\.\d s of speech$/),
      finished: true,
      turn: 1,
    });
  });

  test('an audio item at another rate is heard at that rate', async () => {
    const { server, stream } = await openSession();
    const data = utterance(48_000).toString('base64');
    await request(server.url).post('/send/me').send({ mime_type: 'audio/pcm;rate=48000', data }).expect(200, SENT);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test('an image item is seen with the next text', async () => {
    const { server, stream } = await openSession();
    const data = picture('image/jpeg', 20_480);
    await request(server.url).post('/send/me').send({ mime_type: 'image/jpeg', data }).expect(200, SENT);
    await say(server, 'what is this?');
    expect(await stream.nextAnswer()).toBe('I received an image: JPEG, 20 kilobytes.');
  });

  test('items of an array are applied in order', async () => {
    const { server, stream } = await openSession();
    const data = picture('image/png', 10_240);
    await request(server.url)
      .post('/send/me')
      .send([
        { mime_type: 'image/png', data },
        { mime_type: 'text/plain', data: 'what is this?' },
      ])
      .expect(200, SENT);
    expect(await stream.nextAnswer()).toBe('I received an image: PNG, 10 kilobytes.');
  });

  test('an empty array is accepted and has no effect', async () => {
    const { server, stream } = await openSession();
    await request(server.url).post('/send/me').send([]).expect(200, SENT);
    await say(server, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('a byte order mark is removed from text and from JSON', async () => {
    const { server, stream } = await openSession();
    const json = JSON.stringify({ mime_type: 'text/plain', data: 'count to two' });
    for (const [type, body] of [
      ['application/json', `\uFEFF${json}`],
      ['text/plain', '\uFEFFcount to two'],
    ] as const) {
      const headers = { 'Content-Type': type };
      expect((await exchange(server, '/send/me', { method: 'POST', headers, body })).status).toBe(200);
      expect(await stream.nextAnswer()).toBe('One, two.');
    }
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: count to two');
  });

  test('a LiveRequest with content is answered', async () => {
    const { server, stream } = await openSession();
    await request(server.url)
      .post('/send/me')
      .send({ content: { role: 'user', parts: [{ text: 'count ' }, { text: 'to three' }] }, blob: null, close: false })
      .expect(200, SENT);
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test('LiveRequests with a blob are heard, and audio_stream_end ends speech without a pause', async () => {
    const { server, stream } = await openSession();
    for (const blob of [
      { mime_type: 'audio/pcm;rate=16000', data: silence(0.3).toString('base64') },
      { mimeType: 'audio/pcm', data: speech(1).toString('base64') },
    ]) {
      await request(server.url).post('/send/me').send({ blob }).expect(200, SENT);
    }
    await request(server.url).post('/send/me').send({ audio_stream_end: true }).expect(200, SENT);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test.each(['activity_start', 'activity_end'])(
    '%s to an agent whose model detects speech is refused, and the session lives',
    async (signal) => {
      const { server, stream } = await openSession();
      expectRefusal(await post(server, [{ [signal]: {} }, { mime_type: 'text/plain', data: 'lost' }]), {
        status: 400,
        code: 'malformed_item',
        error: /does not detect speech/,
        hint: /automaticActivityDetection/,
      });
      await say(server, 'count to two');
      expect(await stream.nextAnswer()).toBe('One, two.');
    },
  );

  test('speech between activity_start and activity_end is heard by an agent whose model does not detect speech', async () => {
    const realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
    const agent = new Agent({ name: 'walkie_talkie', runConfig: { realtimeInputConfig } });
    const { server, stream } = await openSession({}, { agent, emulator: { pace: 50, strict: true } });
    const data = utterance(16_000).toString('base64');
    const pressed = [{ activity_start: {} }, { mime_type: 'audio/pcm', data }, { activity_end: {} }];
    // audio_stream_end has no effect without an activity.
    expect((await post(server, [{ audio_stream_end: true }, ...pressed])).status).toBe(200);
    expect(await stream.nextAnswer()).toMatch(/^You spoke for /);
    // It ends an activity.
    expect((await post(server, [...pressed.slice(0, -1), { audio_stream_end: true }])).status).toBe(200);
    expect(await stream.nextAnswer()).toMatch(/^You spoke for /);
    expect(server.upstream?.violations).toEqual([]);
  });

  test('interrupt stops the current reply', async () => {
    const { server, stream } = await openSession({}, { emulator: { pace: 1.1 } });
    await say(server, 'count to thirty');
    await stream.until('some of the answer', () => stream.messages.length >= 2);
    await request(server.url)
      .post('/send/me')
      .send({ interrupt: { played_ms: 300 } })
      .expect(200, SENT);
    const turn = await stream.nextTurn();
    expect(turn.slice(-2)).toEqual([
      { turn_complete: null, interrupted: true },
      { turn_complete: true, interrupted: null },
    ]);
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
  });

  test('respond has a partial text answered, and makes the agent speak if nothing was said', async () => {
    const { server, stream } = await openSession({}, { emulator: { pace: 50, strict: true } });
    await request(server.url).post('/send/me').send({ respond: {} }).expect(200, SENT);
    expect(await stream.nextAnswer()).toContain('I am the offline agent.');
    const content = { parts: [{ text: 'count to two' }] };
    expect((await post(server, [{ content, partial: true }, { respond: {} }, { respond: {} }])).status).toBe(200);
    expect(await stream.nextAnswer()).toBe('One, two.');
    await say(server, 'thanks');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
    expect(server.upstream?.violations).toEqual([]);
  });

  test('close ends the session', async () => {
    const { server, stream } = await openSession();
    await request(server.url).post('/send/me').send({ close: true }).expect(200, SENT);
    expect(await stream.untilNamed('end')).toEqual({ reason: 'closed' });
  });

  test.each([
    ['no Content-Type', undefined],
    ["curl's default, that of a form", 'application/x-www-form-urlencoded'],
    ['parameters and capitals', 'Application/JSON; Charset="UTF-8"'],
  ])('a body with %s is read as JSON', async (_what, contentType) => {
    const { server, stream } = await openSession();
    const answer = await exchange(server, '/send/me', {
      method: 'POST',
      headers: contentType === undefined ? {} : { 'Content-Type': contentType },
      body: JSON.stringify({ mime_type: 'text/plain', data: 'count to two' }),
    });
    expect(answer).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    expect(await stream.nextAnswer()).toBe('One, two.');
  });
});

describe('POST /send of other types', () => {
  test('a text/plain body is a message of the user', async () => {
    const { server, stream } = await openSession();
    for (const type of ['text/plain', 'text/plain; charset=utf-8', 'TEXT/PLAIN;charset=UTF-8']) {
      const said = await request(server.url).post('/send/me').set('Content-Type', type).send('count to two');
      expect({ status: said.status, body: said.body }).toEqual({ status: 200, body: SENT });
      expect(await stream.nextAnswer()).toBe('One, two.');
    }
    await say(server, 'Grüße aus Tromsø 🙂');
    await stream.nextTurn();
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: Grüße aus Tromsø 🙂');
  });

  test('text in a chunked body is used when it is complete', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain' });
    for (const piece of ['count', ' to', ' thr', 'ee']) await write(sending, piece);
    sending.end();
    expect(await answer).toMatchObject({ status: 200, text: '{"status":"sent"}' });
    expect(await stream.nextAnswer()).toBe('One, two, three.');
  });

  test.each([16_000, 8_000, 48_000])('raw audio/pcm at %i Hz is heard', async (rate) => {
    const { server, stream } = await openSession();
    const type = rate === 16_000 ? 'audio/pcm' : `audio/pcm;rate=${rate}`;
    await request(server.url).post('/send/me').set('Content-Type', type).send(utterance(rate)).expect(200, SENT);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test('a long recording is sent to the model in pieces, and heard as a whole', async () => {
    const { server, stream } = await openSession();
    const recording = Buffer.concat([speech(40), silence(1)]);
    await request(server.url).post('/send/me').set('Content-Type', 'audio/pcm').send(recording).expect(200, SENT);
    expect(await stream.nextAnswer()).toContain('You spoke for forty seconds.');
  });

  test.each(['jpeg', 'png', 'webp'] as const)('a raw image/%s is seen with the next text', async (kind) => {
    const { server, stream } = await openSession();
    await request(server.url)
      .post('/send/me')
      .set('Content-Type', `image/${kind}`)
      .send(pictureBytes(`image/${kind}`, 2_048))
      .expect(200, SENT);
    await say(server, 'what is this?');
    const name = kind === 'webp' ? 'WebP' : kind.toUpperCase();
    expect(await stream.nextAnswer()).toBe(`I received an image: ${name}, 2 kilobytes.`);
  });

  test('PUT is the same as POST', async () => {
    const { server, stream } = await openSession();
    await request(server.url).put('/send/me').set('Content-Type', 'text/plain').send('count to two').expect(200, SENT);
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('a session id in the path reaches that session', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/me/tuesday`);
    await stream.untilNamed('session');
    await request(server.url)
      .post('/send/me/tuesday')
      .send({ mime_type: 'text/plain', data: 'count to two' })
      .expect(200, SENT);
    expect(await stream.nextAnswer()).toBe('One, two.');
    await request(server.url).post('/send/me').send({ mime_type: 'text/plain', data: 'hello' }).expect(404);
  });

  test('Expect: 100-continue, which curl sends before a large body, is answered', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'text/plain', Expect: '100-continue' });
    sending.flushHeaders();
    await once(sending, 'continue');
    sending.end('count to two');
    expect((await answer).status).toBe(200);
    expect(await stream.nextAnswer()).toBe('One, two.');
  });
});

describe('POST /send of endless audio', () => {
  test('endless audio is heard while the body is open', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    for (const piece of inPieces(utterance(), 3_200)) await write(sending, piece);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    for (const piece of inPieces(utterance(), 3_200)) await write(sending, piece);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    sending.end();
    const { status, text } = await answer;
    expect({ status, body: JSON.parse(text) }).toEqual({ status: 200, body: { status: 'sent', bytes: 147_200 } });
  });

  test('endless audio is heard if its chunks split samples', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm;rate=8000' });
    for (const piece of inPieces(utterance(8_000), 1_601)) await write(sending, piece);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    sending.end();
    expect((await answer).status).toBe(200);
  });

  test('endless audio that ends in the middle of speech is answered at its end', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    for (const piece of inPieces(speech(1), 3_200)) await write(sending, piece);
    sending.end();
    expect((await answer).status).toBe(200);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test('endless audio that is cut off in the middle of speech is answered, because the audio before the cut was used', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    for (const piece of inPieces(speech(1), 3_200)) await write(sending, piece);
    sending.destroy();
    await expect(answer).rejects.toThrow();
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test('endless audio can be sent with PUT, as curl -T - does', async () => {
    const { server, stream } = await openSession();
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' }, 'PUT');
    sending.end(utterance());
    expect((await answer).status).toBe(200);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  });

  test('endless audio of many megabytes at once waits for the model and does not fail', async () => {
    const { server, stream } = await openSession({ MAX_USER_AUDIO_S_PER_MINUTE: '100000' });
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    const minute = speech(60);
    for (let minutes = 0; minutes < 6; minutes += 1) await write(sending, minute);
    sending.end(silence(1));
    expect((await answer).status).toBe(200);
    expect(await stream.nextAnswer()).toContain('You spoke for three hundred sixty seconds.');
  });
});

function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
