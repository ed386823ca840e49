import { expect, test } from '@jest/globals';
import { post } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';
import { HEARD_UTTERANCE, speech, utterance } from '../http/speech.ts';

test('pain 7: microphones of different rates are heard one after the other in one call, without a 1007', async () => {
  const { server, stream } = await openSession({}, { emulator: { pace: 50, strict: true } });
  for (const rate of [16_000, 48_000, 44_100]) {
    const data = utterance(rate).toString('base64');
    expect((await post(server, { mime_type: `audio/pcm;rate=${rate}`, data })).status).toBe(200);
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
  }
  expect(server.upstream?.violations).toEqual([]);
  expect(server.upstream?.setups).toHaveLength(1);
});

test('pain 7: audio of different rates in one utterance is heard as one utterance, without a 1007', async () => {
  const { server, stream } = await openSession({}, { emulator: { pace: 50, strict: true } });
  for (const rate of [48_000, 16_000, 24_000]) {
    await post(server, { mime_type: `audio/pcm;rate=${rate}`, data: speech(0.5, rate).toString('base64') });
  }
  await post(server, { audio_stream_end: true });
  expect(await stream.nextAnswer()).toMatch(/^You spoke for /);
  expect(server.upstream?.violations).toEqual([]);
  expect(stream.named('failure')).toEqual([]);
});
