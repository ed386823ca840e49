import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { exchange, openBody, post, say, write } from '../http/requests.ts';
import { expectAlive, expectRefusal, openSession } from '../http/sessions.ts';
import { HEARD_UTTERANCE, utterance } from '../http/speech.ts';
import { openStream } from '../http/sse-client.ts';
import { startTestServer, waitFor } from '../http/test-server.ts';
import { picture } from '../picture.ts';

const THREE_ONE = 'gemini-3.1-flash-live-preview';

describe('pain 4: "1008, the model is not found or not supported for bidiGenerateContent":', () => {
  test('the server refuses to start with a model that is not live, and names the model', async () => {
    const start = startTestServer({ DEMO_AGENT_MODEL: 'gemini-2.0-flash-lite' });
    await expect(start).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('gemini-2.0-flash-lite'),
      hint: expect.stringContaining('DEMO_AGENT_MODEL'),
    });
  });

  test('a model that the provider does not have is reported once, with the variable to set, and the session stays open', async () => {
    const { server, stream } = await openSession({ DEMO_AGENT_MODEL: 'imagined-live' });
    expect(await stream.untilNamed('failure')).toEqual({
      code: 'model_not_found',
      error: expect.stringContaining('imagined-live'),
      retry: false,
      hint: expect.stringContaining('DEMO_AGENT_MODEL'),
    });
    await say(server, 'hello');
    await stream.until('the second failure', () => stream.named('failure')[1]);
    expect(stream.ended).toBe(false);
    // Two connections were opened, for the stream and for the text, and none is retried in a loop.
    expect(server.upstream?.setups).toHaveLength(2);
  });
});

describe('pain 5: "1007 for a wrong modality, a model that is not live, or a voice without speech":', () => {
  test('a model that only speaks is asked for speech, and its words arrive as transcripts', async () => {
    const { server, stream } = await openSession({ DEMO_AGENT_MODEL: 'gemini-2.5-flash-native-audio-preview-12-2025' });
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
    expect(stream.messages.some(({ mime_type }) => mime_type === 'audio/pcm')).toBe(true);
    expect(server.upstream?.setups).toMatchObject([{ generationConfig: { responseModalities: ['AUDIO'] } }]);
    expect(stream.named('failure')).toEqual([]);
  });

  test('a voice is requested for speech only, not for text', async () => {
    const agent = new Agent({
      name: 'assistant',
      runConfig: { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } } },
    });
    const { server, stream } = await openSession({}, { agent, emulator: { pace: 50, strict: true } });
    await say(server, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    const speaking = await openStream(`${server.url}/events/me?is_audio=true`);
    await speaking.untilNamed('session');
    await say(server, 'count to two');
    expect(await speaking.nextAnswer()).toBe('One, two.');
    const voices = server.upstream?.setups.map((setup) => JSON.stringify(setup).includes('"Kore"'));
    expect(voices).toEqual([false, true]);
    expect(stream.named('failure')).toEqual([]);
  });

  test('a setting that the model does not support is refused with a reason before the provider is asked', async () => {
    const { server } = await openSession({}, { emulator: { pace: 50, strict: true } });
    await waitFor('the setup of the first session', () => server.upstream?.setups.length === 1);
    const answer = await exchange(server, '/events/you?voice=Nobody');
    expectRefusal(answer, { status: 400, code: 'invalid_run_config', error: /"Nobody" is no voice/ });
    expect(server.upstream?.setups).toHaveLength(1);
  });

  test('a setup that the provider refuses is reported in our own words: the text of a provider may name keys and projects', async () => {
    const reason = 'gemini-2.0-flash-001 is not supported in the live api of projects/my-secret-project.';
    const { stream } = await openSession(
      {},
      { emulator: { scenario: [[{ at: 'setup', do: { close: 1007, reason } }]] } },
    );
    const failure = await stream.untilNamed('failure');
    expect(failure).toMatchObject({ code: 'model_request_refused', retry: false });
    expect(JSON.stringify(failure)).not.toContain('my-secret-project');
    expect(stream.ended).toBe(false);
  });
});

describe('pain 6: "1007 for text and images on gemini-3.1-flash-live":', () => {
  test('text, text again, images, and text after a lost connection are all answered', async () => {
    const { server, stream } = await openSession(
      { DEMO_AGENT_MODEL: THREE_ONE },
      { emulator: { pace: 50, strict: true, scenario: [[{ at: { turn: 3 }, do: { close: 1011 } }]] } },
    );
    await say(server, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
    expect((await post(server, { mime_type: 'image/jpeg', data: picture('image/jpeg') })).status).toBe(200);
    await say(server, 'look');
    expect(await stream.nextAnswer()).toContain('image');
    await say(server, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(stream.named('failure')).toEqual([]);
    expect(server.upstream?.setups.length).toBe(2);
  });

  test('a conversation that is seeded again after a refused handle is accepted', async () => {
    const { server, stream } = await openSession(
      { DEMO_AGENT_MODEL: THREE_ONE },
      {
        emulator: {
          pace: 50,
          strict: true,
          scenario: [[{ at: { turn: 1 }, do: 'drop' }], [{ at: 'setup', do: 'refuse handle' }]],
        },
      },
    );
    await say(server, 'my favourite number is seven');
    await stream.nextTurn();
    await stream.until('the fresh connection', () =>
      stream.named('status').some(({ upstream }) => upstream === 'reseeded'),
    );
    await say(server, 'what did I say?');
    expect(await stream.nextAnswer()).toBe('You said: my favourite number is seven');
    await say(server, 'thank you');
    expect(await stream.nextAnswer()).toBe('You are welcome.');
    const told = (server.upstream?.setups ?? []).map((setup) => 'historyConfig' in (setup as object));
    expect(told).toEqual([false, false, true]);
    expect(stream.named('failure')).toEqual([]);
  });
});

describe('pain 7: "1007 during a call for an invalid audio format":', () => {
  test.each([
    ['half a sample', { mime_type: 'audio/pcm', data: Buffer.alloc(3).toString('base64') }, 'odd_pcm_length'],
    ['no base64', { mime_type: 'audio/pcm;rate=16000', data: 'AAA*' }, 'invalid_base64'],
    ['a rate that nobody speaks at', { mime_type: 'audio/pcm;rate=1', data: 'AAAA' }, 'invalid_sample_rate'],
  ])('%s is refused by this server with 400, and the call continues', async (_what, item, code) => {
    const { server, stream } = await openSession({}, { emulator: { pace: 50, strict: true } });
    await say(server, 'hello');
    await stream.nextTurn();
    expectRefusal(await post(server, item), { status: 400, code });
    await expectAlive(server, stream);
    expect(server.upstream?.setups).toHaveLength(1);
  });

  test('a long call at another rate, whose chunks split samples, causes no violation', async () => {
    const { server, stream } = await openSession({}, { emulator: { pace: 50, strict: true } });
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm;rate=44100' });
    const microphone = utterance(44_100);
    for (let at = 0; at < microphone.length; at += 3_333) await write(sending, microphone.subarray(at, at + 3_333));
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    for (let at = 0; at < microphone.length; at += 7_777) await write(sending, microphone.subarray(at, at + 7_777));
    expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
    sending.end();
    expect(await answer).toMatchObject({ status: 200 });
    expect(stream.named('failure')).toEqual([]);
    expect(server.upstream?.violations).toEqual([]);
    expect(server.upstream?.setups).toHaveLength(1);
  });
});
