import { describe, expect, test } from '@jest/globals';
import { type AdkRunnerOptions, fromAdkRunner } from '../../../src/agent/adk/from-adk-runner.ts';
import { LiveRequestQueue } from '../../../src/agent/live-request-queue.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { afterTest, waitFor } from '../../http/test-server.ts';
import { picture } from '../../picture.ts';
import { ScriptedAdkRunner, type ScriptedRun } from './scripted-adk-runner.ts';

const HELLO = { role: 'user', parts: [{ text: 'hello' }] };
const RATE = 'audio/pcm;rate=16000';

describe('the card of an ADK runner', () => {
  test('names the app, the root agent and its model, and has the rates of the model', () => {
    expect(fromAdkRunner(new ScriptedAdkRunner()).card).toEqual({
      appName: 'app',
      agent: 'helper',
      model: 'gemini-3.1-flash-live-preview',
      audioOnly: true,
      inputRate: 16_000,
      outputRate: 24_000,
      images: ['frames'],
      acceptsLanguage: false,
      provider: 'gemini',
    });
  });

  test('has the name of a model object, or the one of the option model', () => {
    const runner = new ScriptedAdkRunner();
    const withObject = { ...runner, runLive: runner.runLive, agent: { name: 'helper', model: { model: 'my-model' } } };
    expect(fromAdkRunner(withObject).card).toMatchObject({ model: 'my-model', audioOnly: false });
    expect(fromAdkRunner(withObject, { model: 'gemini-3.8-live' }).card).toMatchObject({
      model: 'gemini-3.8-live',
      audioOnly: true,
    });
  });

  test('is refused for something other than a Runner of ADK, and for a root agent without a model', () => {
    for (const wrong of [undefined, {}, { appName: 'app', agent: {} }, { appName: 'app', runLive() {} }]) {
      expect(() => fromAdkRunner(wrong as unknown as ScriptedAdkRunner)).toThrow(
        'The runner must be a Runner of @google/adk 2.0',
      );
    }
    const runner = { appName: 'app', agent: { name: 'root' }, runLive: new ScriptedAdkRunner().runLive };
    expect(() => fromAdkRunner(runner)).toThrow('The root agent names no model: pass the option model');
  });
});

describe('requests', () => {
  test('reach ADK in its own shape, each field in a request of its own and in our order', async () => {
    const { queue, run } = await startConnected();
    queue.send({ content: HELLO });
    queue.send({ blob: { mime_type: RATE, data: 'AAAA' }, content: HELLO });
    queue.send({ blob: { mime_type: 'image/png', data: 'iVBO' } });
    queue.send({
      content: {
        parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBO' } }, { text: 'what ' }, { text: 'is this?' }],
      },
    });
    await waitFor('all requests', () => run.sent.length === 6);
    expect(run.sent).toEqual([
      { content: HELLO },
      { blob: { mimeType: RATE, data: 'AAAA' } },
      { content: HELLO },
      { blob: { mimeType: 'image/png', data: 'iVBO' } },
      { blob: { mimeType: 'image/png', data: 'iVBO' } },
      { content: { role: 'user', parts: [{ text: 'what is this?' }] } },
    ]);
  });

  test('with a picture keep it in the message for a model that accepts pictures there', async () => {
    const { queue, run } = await startConnected({ model: 'gemini-live-2.5-flash-preview' });
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'iVBO' } }, { text: 'what is this?' }];
    queue.send({ content: { parts } });
    await waitFor('the message', () => run.sent.length === 1);
    expect(run.sent).toEqual([{ content: { role: 'user', parts } }]);
  });

  test('with audio of another rate are converted to the rate of the model', async () => {
    const { queue, run } = await startConnected();
    queue.send({ blob: { mime_type: 'audio/pcm;rate=48000', data: Buffer.alloc(9_600).toString('base64') } });
    await waitFor('the audio', () => run.sent.length === 1);
    expect(run.sent[0]?.blob?.mimeType).toBe(RATE);
    expect(Buffer.from(run.sent[0]?.blob?.data ?? '', 'base64').length).toBeLessThanOrEqual(3_200);
  });

  test('with activity signals reach a model that does not detect speech, each change once', async () => {
    const runConfig = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const { queue, run } = await startConnected({ runConfig });
    for (const request of [{ activity_start: {} }, { activity_start: {} }, { activity_end: {} }]) queue.send(request);
    queue.send({ content: HELLO });
    await waitFor('all requests', () => run.sent.length === 3);
    expect(run.sent).toEqual([{ activityStart: {} }, { activityEnd: {} }, { content: HELLO }]);
  });

  test('with audio_stream_end become silence, until the model answers', async () => {
    const { queue, run, events } = await startConnected();
    queue.send({ audio_stream_end: true });
    await waitFor('silence', () => run.sent.length >= 2);
    for (const { blob } of run.sent) {
      expect(blob?.mimeType).toBe(RATE);
      expect(blob?.data).toMatch(/^A+=*$/);
    }
    // 1.3 s end an utterance, then half a second each half second.
    const sizes = run.sent.map(({ blob }) => Buffer.from(blob?.data ?? '', 'base64').length);
    expect(sizes.slice(0, 2)).toEqual([41_600, 16_000]);
    run.yield({ content: { role: 'model', parts: [{ inlineData: { mimeType: 'audio/pcm', data: 'AAAA' } }] } });
    await waitFor('the answer', () => events.some(({ content }) => content?.parts?.[0]?.inlineData));
    const { length } = run.sent;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(run.sent).toHaveLength(length);
  });

  test('that ADK has not asked for stay in our queue', async () => {
    const { queue, run } = await start();
    queue.send({ content: HELLO });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(queue.isEmpty).toBe(false);
    run.connect();
    await waitFor('the message', () => run.sent.length === 1);
    expect(queue.isEmpty).toBe(true);
  });

  test('that arrive after the connection is lost are left for the next run', async () => {
    const { queue, run, over } = await startConnected();
    run.end();
    await expect(over).rejects.toMatchObject({ code: 'model_closed' });
    queue.send({ content: HELLO });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(queue.drain()).toHaveLength(1);
    expect(run.sent).toEqual([{ close: true }]);
  });

  test('of a tool of the agent are sent, and refused after the end', async () => {
    const { run, over, abort } = await startConnected();
    const { liveRequestQueue } = run.params;
    liveRequestQueue.sendContent(HELLO);
    liveRequestQueue.sendRealtime({ mimeType: RATE, data: 'AAAA' });
    liveRequestQueue.sendActivityStart();
    liveRequestQueue.sendActivityEnd();
    await waitFor('all requests', () => run.sent.length === 4);
    expect(run.sent.map((request) => Object.keys(request)[0])).toEqual([
      'content',
      'blob',
      'activityStart',
      'activityEnd',
    ]);
    abort();
    await over;
    expect(() => liveRequestQueue.sendContent(HELLO)).toThrow('Cannot send to a closed queue.');
  });

  test.each([
    ['interrupt', { interrupt: {} }, "ADK's Runner cannot stop a reply"],
    ['partial', { content: HELLO, partial: true }, "ADK's Runner has no incomplete messages"],
    ['tool_results', { tool_results: [{ id: 'c', response: {} }] }, "ADK's Runner runs all tools on the server"],
    ['respond', { respond: {} }, "ADK's Runner cannot be asked for an answer"],
  ])('with %s are refused', (_, request, error) => {
    const runner = fromAdkRunner(new ScriptedAdkRunner());
    expect(() => runner.checkRequest?.(request)).toThrow(
      expect.objectContaining({ code: 'not_supported', message: error }),
    );
  });
});

describe('events', () => {
  test('are those of ADK without its empty fields, and in seconds', async () => {
    const { run, received } = await startConnected();
    run.yield({
      content: { role: 'model', parts: [{ text: 'Hi', thoughtSignature: 'x' }] },
      partial: true,
      groundingMetadata: null,
    });
    run.yield({ outputTranscription: { text: 'Hi', finished: undefined }, partial: true });
    run.yield({ inputTranscription: { finished: true }, author: 'user' });
    run.yield({ usageMetadata: { promptTokenCount: 1, responseTokenCount: 2, totalTokenCount: 3 } });
    run.yield({ interrupted: true });
    run.yield({ turnComplete: true, interrupted: false, modelVersion: 'm', finishReason: 'STOP', interactionId: 'i' });
    const common = { invocationId: 'e-1', author: 'helper', timestamp: 1_796_000_119.871 };
    expect((await received(6)).map(({ id: _, ...event }) => event)).toEqual([
      { ...common, content: { role: 'model', parts: [{ text: 'Hi' }] }, partial: true },
      { ...common, outputTranscription: { text: 'Hi', finished: false }, partial: true },
      { ...common, author: 'user', inputTranscription: { text: '', finished: true } },
      { ...common, usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 } },
      { ...common, interrupted: true },
      { ...common, turnComplete: true, modelVersion: 'm', finishReason: 'STOP', interactionId: 'i' },
    ]);
  });

  test('with calls, results and actions keep what clients use, and lose the secrets of the application', async () => {
    const { run, received } = await startConnected();
    const call = { id: 'c1', name: 'get_time', args: { zone: 'UTC' } };
    run.yield({ content: { role: 'model', parts: [{ functionCall: call }] }, longRunningToolIds: ['c1'] });
    run.yield({
      content: {
        role: 'user',
        parts: [{ functionResponse: { id: 'c1', name: 'get_time', response: { time: '12:34' } } }],
      },
      actions: {
        stateDelta: { seen: 1 },
        artifactDelta: {},
        transferToAgent: 'other',
        requestedAuthConfigs: { c1: { secret: 's' } },
      },
    });
    const secret = { id: 'c2', name: 'adk_request_credential', args: { authConfig: { clientSecret: 's' } } };
    run.yield({ content: { role: 'user', parts: [{ functionCall: secret }] } });
    const [called, answered, asked] = await received(3);
    expect(called).toMatchObject({ content: { parts: [{ functionCall: call }] }, longRunningToolIds: ['c1'] });
    expect(called).not.toHaveProperty('actions');
    expect(answered?.content?.parts).toEqual([
      { functionResponse: { id: 'c1', name: 'get_time', response: { time: '12:34' } } },
    ]);
    expect(answered?.actions).toEqual({ stateDelta: { seen: 1 }, transferToAgent: 'other' });
    expect(asked?.content?.parts).toEqual([{ functionCall: { id: 'c2', name: 'adk_request_credential', args: {} } }]);
  });

  test('have the pictures of results, as far as clients can use them; of the others the number is left', async () => {
    const { run, received } = await startConnected();
    const inlineData = { mimeType: 'image/png', data: picture('image/png'), displayName: 'chart' };
    const answer = (id: string, parts: unknown) => ({ functionResponse: { id, name: 'draw', response: {}, parts } });
    const pdf = { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } };
    const given = [answer('c1', [{ inlineData }]), answer('c2', [pdf, null]), answer('c3', []), answer('c4', 'none')];
    run.yield({ content: { role: 'user', parts: given } });
    const [event] = await received(1);
    expect(event?.content?.parts).toEqual([
      answer('c1', [{ inlineData: { mimeType: 'image/png', data: inlineData.data } }]),
      { functionResponse: { id: 'c2', name: 'draw', response: {}, pictures: 2 } },
      { functionResponse: { id: 'c3', name: 'draw', response: {} } },
      { functionResponse: { id: 'c4', name: 'draw', response: {} } },
    ]);
  });

  test('begin with the state of the connection: connecting, and ready once ADK reads requests', async () => {
    const { run, events } = await start();
    await waitFor('the first event', () => events.length === 1);
    expect(events[0]).toMatchObject({ author: 'helper', status: { upstream: 'connecting' } });
    run.connect();
    await waitFor('the second event', () => events.length === 2);
    expect(events[1]?.status).toEqual({ upstream: 'ready' });
  });

  test('tell of a conversation that had begun before that the model knows little of it', async () => {
    const adk = new ScriptedAdkRunner();
    adk.stored.set('s', [{ id: 'earlier' }]);
    const { run, events } = await start({}, {}, adk);
    run.connect();
    await waitFor('the second event', () => events.length === 2);
    expect(events.map(({ status }) => status)).toEqual([{ upstream: 'connecting' }, { upstream: 'restarted' }]);
  });

  test('tell of a model that answers nothing to a message, and of an answer that comes after all', async () => {
    const { queue, run, events } = await startConnected({ runConfig: { watchdog: { firstOutputMs: 1_000 } } });
    queue.send({ content: HELLO });
    await waitFor('the silence', () => events.length === 3);
    expect(events[2]?.status).toEqual({ upstream: 'stalled', stall: 'no_response' });
    run.yield({ usageMetadata: {} });
    run.yield({ content: { role: 'model', parts: [{ text: 'Hi' }] }, partial: true });
    await waitFor('the answer', () => events.length === 6);
    expect(events.slice(4).map(({ status, content }) => status ?? content)).toEqual([
      { upstream: 'ready' },
      { role: 'model', parts: [{ text: 'Hi' }] },
    ]);
  });

  test('of a shape that ADK 2.0 does not have end the run', async () => {
    const { run, over } = await startConnected();
    run.yield({ id: 7 });
    await expect(over).rejects.toThrow("ADK's Runner yielded something other than an event of ADK 2.0");
  });
});

describe('the end of a run', () => {
  test('comes with the end of the queue: ADK is told to close, and no error follows', async () => {
    const { queue, run, over } = await startConnected();
    queue.send({ content: HELLO });
    queue.close();
    await over;
    expect(run.sent).toEqual([{ content: HELLO }, { close: true }]);
    expect(run.leaked).toBe(false);
  });

  test('comes at once with an abort, which closes the connection of ADK before it aborts the run', async () => {
    const { run, over, abort } = await startConnected();
    abort();
    await over;
    expect(run.sent).toEqual([{ close: true }]);
    await waitFor('the abort of the run', () => run.params.abortSignal?.aborted);
    expect(run.leaked).toBe(false);
  });

  test('comes at once with an abort while ADK connects, and the connection is closed when it opens', async () => {
    const { run, over, abort } = await start();
    abort();
    await over;
    expect(run.params.abortSignal?.aborted).toBe(false);
    run.connect();
    await waitFor('the end of the connection', () => run.sent.length === 1);
    expect(run.sent).toEqual([{ close: true }]);
  });

  test('that nobody has asked for is an error that says what is lost', async () => {
    const { run, over } = await startConnected();
    run.end();
    await expect(over).rejects.toMatchObject({
      code: 'model_closed',
      hint: expect.stringContaining("ADK's Runner resumes none"),
    });
  });

  test.each([
    [
      'the last agent of a sequence',
      { content: { role: 'user', parts: [{ functionResponse: { id: 'c', name: 'task_completed', response: {} } }] } },
    ],
    [
      'a plugin that answers for the agent',
      { author: 'model', content: { role: 'model', parts: [{ text: 'Closed today.' }] } },
    ],
  ])('by %s is no error', async (_, last) => {
    const { run, over } = await startConnected();
    run.yield(last);
    run.end();
    await over;
  });

  test('names the model, if it is one to which ADK sends audio in a form that Gemini refuses', async () => {
    const { queue, run, over } = await startConnected({ model: 'gemini-3.8-live' });
    queue.send({ blob: { mime_type: RATE, data: 'AAAA' } });
    await waitFor('the audio', () => run.sent.length === 1);
    run.end();
    await expect(over).rejects.toMatchObject({
      code: 'model_request_refused',
      message:
        'The connection closed after audio or an image: ADK 2.0 sends both to gemini-3.8-live in a form that Gemini refuses',
    });
  });

  test('that is announced by the model is an error, because ADK resumes nothing without a handle', async () => {
    const { run, over } = await startConnected();
    run.end(Object.assign(new Error('live reconnect requested: goAway'), { name: 'LiveReconnectSignal' }));
    await expect(over).rejects.toMatchObject({
      code: 'model_closed',
      message: 'The model provider has announced the end of the connection',
    });
  });

  test('by an error of the socket names the code, and nothing of its text', async () => {
    const { run, over } = await startConnected();
    const error = Object.assign(new Error('connect wss://host/?key=secret'), { code: 'ECONNRESET' });
    run.end({ type: 'error', target: {}, error, message: error.message });
    await expect(over).rejects.toMatchObject({
      code: 'model_unreachable',
      message: 'The model provider cannot be reached (ECONNRESET)',
    });
  });

  test('by an error of the agent is that error', async () => {
    const { run, over } = await startConnected();
    const error = new Error('the plugin has failed');
    run.end(error);
    await expect(over).rejects.toBe(error);
  });

  test('comes after the limit for a connection that never opens', async () => {
    const { over } = await start({ connectTimeoutMs: 30 });
    await expect(over).rejects.toMatchObject({
      code: 'model_unreachable',
      message: "ADK's Runner opened no connection to the model within 30 ms",
    });
  });
});

describe('the config of a run', () => {
  test('has the names of ADK, and what is on by default here', async () => {
    const { run } = await start(
      { runConfig: { contextWindowCompression: { triggerTokens: 1_000, slidingWindow: { targetTokens: 500 } } } },
      { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } }, enableAffectiveDialog: false },
    );
    expect(run.params).toMatchObject({ userId: 'u', sessionId: 's' });
    expect(run.params.runConfig).toEqual({
      responseModalities: ['AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      contextWindowCompression: { triggerTokens: '1000', slidingWindow: { targetTokens: '500' } },
    });
  });

  test('leaves out what null turns off, and what belongs to speech in a text run', async () => {
    const { run } = await start(
      { model: 'gemini-live-2.5-flash-preview' },
      {
        responseModalities: ['TEXT'],
        speechConfig: { languageCode: 'de-DE' },
        inputAudioTranscription: null,
        contextWindowCompression: null,
      },
    );
    expect(run.params.runConfig).toEqual({ responseModalities: ['TEXT'] });
  });

  test('is refused before a run starts if the model, or ADK, cannot do it', () => {
    const adk = new ScriptedAdkRunner();
    expect(() => fromAdkRunner(adk, { runConfig: { enableAffectiveDialog: true } })).toThrow('enableAffectiveDialog');
    expect(() => fromAdkRunner(adk, { runConfig: { sessionResumption: { handle: 'h' }, saveLiveBlob: true } })).toThrow(
      /sessionResumption: .*; RunConfig\.saveLiveBlob: /,
    );
    const runner = fromAdkRunner(adk);
    expect(() => runner.check?.({ thinkingConfig: { thinkingLevel: 'LOW' } })).toThrow(
      expect.objectContaining({ code: 'invalid_run_config' }),
    );
    expect(() => runner.check?.({ watchdog: { firstOutputMs: 1_000, turnEndMs: 1_000 } })).toThrow('watchdog');
    const possible = { watchdog: { firstOutputMs: 1_000 }, maxDurationMs: 1_000 };
    expect(runner.check?.(possible)).toEqual(possible);
    expect(runner.check?.({ watchdog: null })).toEqual({ watchdog: null });
  });
});

interface StartedRun {
  readonly queue: LiveRequestQueue;
  readonly run: ScriptedRun;
  /** Events so far. */
  readonly events: readonly AgentEvent[];
  /** Resolves at the end of the run; rejects with its error. */
  readonly over: Promise<void>;
  abort(): void;
  /** Waits for events, apart from those of the connection. */
  received(count: number): Promise<readonly AgentEvent[]>;
}

/** Starts a run whose connection to the model is not open yet. */
async function start(
  options: AdkRunnerOptions = {},
  runConfig: AdkRunnerOptions['runConfig'] = {},
  adk = new ScriptedAdkRunner(),
): Promise<StartedRun> {
  const runner = fromAdkRunner(adk, options);
  const queue = new LiveRequestQueue();
  const controller = new AbortController();
  const events: AgentEvent[] = [];
  const responseModalities = runConfig.responseModalities ?? (['AUDIO'] as const);
  const params = {
    userId: 'u',
    sessionId: 's',
    liveRequestQueue: queue,
    runConfig: { ...runConfig, responseModalities },
  };
  const over = (async () => {
    for await (const event of runner.runLive({ ...params, abortSignal: controller.signal })) events.push(event);
  })();
  over.catch(() => {});
  afterTest(async () => {
    controller.abort();
    await over.catch(() => {});
  });
  const run = await adk.run();
  return {
    queue,
    run,
    events,
    over,
    abort: () => controller.abort(),
    received: (count) =>
      waitFor(`${count} events`, () => {
        const others = events.filter(({ status }) => !status);
        return others.length >= count && others;
      }),
  };
}

async function startConnected(options: AdkRunnerOptions = {}): Promise<StartedRun> {
  const started = await start(options);
  started.run.connect();
  await waitFor('the connection', () => started.events.length === 2);
  return started;
}
