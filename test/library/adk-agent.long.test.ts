/** The example `examples/adk-agent/`, with the real Runner of `@google/adk`, as a process of its own in front of the emulator. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type GeminiEmulator,
  type GeminiEmulatorOptions,
  startGeminiEmulator,
} from '../../src/emulator/gemini/emulator.ts';
import type { SpeechConfig } from '../../src/models/realtime-model.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { type Command, runProgram } from '../cli/command.ts';
import { cuttableLine } from '../http/cuttable-line.ts';
import { post, say } from '../http/requests.ts';
import { HEARD_UTTERANCE, silence, speech, utterance } from '../http/speech.ts';
import { openStream, type SseClient, textOf } from '../http/sse-client.ts';
import { afterTest, type TestServer, waitFor } from '../http/test-server.ts';
import { SamplePage } from '../samples/sample-page.ts';
import { type AdkProject, describeWithRegistry, installAdkProject } from './adk-project.ts';

const INSTALL_MS = 180_000;
const TEST_MS = 60_000;
/** Many times faster than speech. */
const QUICK = { pace: 50 };
const FLUSH_BYTES = 6_400;

/** A server with a short limit for ADK's connection to the model. */
const IMPATIENT = `
  import { fromAdkRunner, installFaultHandlers, startServer } from 'bidi-sse';
  import { runner } from './agent.ts';
  const logger = { error: (details: object, message: string) => console.log(message, details) };
  installFaultHandlers({ logger, onServerFault: () => process.exit(1) });
  const server = await startServer({ runner: fromAdkRunner(runner, { connectTimeoutMs: 1_000 }) });
  console.log('Open ' + server.url);
`;

let project: AdkProject;

describeWithRegistry('the Runner of @google/adk', () => {
  beforeAll(async () => {
    project = await installAdkProject();
    await project.write('impatient.ts', IMPATIENT);
  }, INSTALL_MS);

  afterAll(() => project.remove());

  test(
    'fits the types of fromAdkRunner, and the agent alone does not',
    async () => {
      const path = await project.write(
        'wrong.ts',
        "import { fromAdkRunner } from 'bidi-sse';\nimport { rootAgent } from './agent.ts';\nfromAdkRunner(rootAgent);\n",
      );
      // The example itself has no error.
      expect(await project.checkTypes()).toMatch(
        /^wrong\.ts\(3,15\): error TS2739: Type 'LlmAgent' is missing the following properties from type 'AdkRunner': .*\n$/,
      );
      await rm(path);
    },
    TEST_MS,
  );

  test(
    "answers ADK's SSE sample page: a typed text, then a spoken question",
    async () => {
      const { url, emulator } = await startExample();
      const page = new SamplePage(url);
      page.connect();
      await waitFor('the connection', () => page.notice === 'Connection opened');
      await page.submit('count to two');
      await untilTurns(page, 1);
      expect(page.paragraphs).toEqual(['> count to two', 'One, two.']);

      page.startAudio();
      await waitFor('the second connection', () => page.eventSource?.readyState === 1);
      const microphone = utterance();
      for (let at = 0; at < microphone.length; at += FLUSH_BYTES) {
        await page.sendAudio(microphone.subarray(at, at + FLUSH_BYTES));
      }
      await untilTurns(page, 2);
      expect(page.paragraphs.at(-1)).toMatch(HEARD_UTTERANCE);
      expect(page.played.length).toBeGreaterThan(0);
      expect(page.errors).toBe(0);
      expect(emulator.violations).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'runs a tool of the agent, reports the state of its connection, and its connection closes with the session',
    async () => {
      const example = await startExample();
      const stream = await openStream(`${example.url}/events/me`);
      await say(example, 'what time is it?');
      expect(await stream.nextAnswer()).toMatch(/^It is \d+:\d\d\.$/);
      expect(stream.named('status')).toEqual([{ upstream: 'connecting' }, { upstream: 'ready' }]);
      const [call] = stream.named('tool_call');
      expect(call).toMatchObject({ name: 'get_current_time', where: 'server' });
      expect(stream.named('tool_result')).toEqual([
        { id: call?.id, name: 'get_current_time', result: { time: expect.stringMatching(/^\d\d:\d\d$/) } },
      ]);
      expect(stream.named('usage')).toHaveLength(1);

      expect((await post(example, { interrupt: {} })).status).toBe(422);
      await post(example, { close: true });
      expect(await stream.untilNamed('end')).toEqual({ reason: 'closed' });
      await waitFor('the end of the connection', () => example.emulator.connections === 0);
    },
    TEST_MS,
  );

  test(
    'has its events as Events of ADK in dialect=adk, without the fields that ADK leaves empty',
    async () => {
      const example = await startExample();
      const stream = await openStream(`${example.url}/events/me?dialect=adk`);
      await say(example, 'what time is it?');
      await stream.until('the end of the turn', () => findEvent(stream, ({ turnComplete }) => turnComplete === true));
      const events = stream.events.filter(({ event }) => event === undefined).map(({ data }) => data as AgentEvent);
      for (const { id, invocationId, author, timestamp, actions } of events) {
        expect({ id, invocationId, author }).toEqual({
          id: expect.stringMatching(/^\w{8}$/),
          invocationId: expect.stringMatching(/^e-[\da-f-]{36}$/),
          author: 'clock',
        });
        expect(Math.abs(timestamp - Date.now() / 1_000)).toBeLessThan(60);
        expect(actions).toMatchObject({ stateDelta: {} });
      }
      const parts = events.flatMap(({ content }) => content?.parts ?? []);
      const id = parts.find(({ functionCall }) => functionCall)?.functionCall?.id;
      expect(parts).toContainEqual({ functionCall: { id, name: 'get_current_time', args: {} } });
      expect(parts).toContainEqual({
        functionResponse: { id, name: 'get_current_time', response: { time: expect.stringMatching(/^\d\d:\d\d$/) } },
      });
      expect(parts.some(({ inlineData }) => inlineData?.mimeType === 'audio/pcm;rate=24000')).toBe(true);
      const spoken = events.flatMap(({ outputTranscription }) => outputTranscription ?? []);
      expect(spoken.at(-1)).toEqual({ text: expect.stringMatching(/^It is \d+:\d\d\.$/), finished: true });
      expect(JSON.stringify(events).includes(':null')).toBe(false);
    },
    TEST_MS,
  );

  test(
    'hears a recording that ends without silence, because silence stands in the place of audio_stream_end',
    async () => {
      const example = await startExample();
      const stream = await openStream(`${example.url}/events/me?is_audio=true`);
      const data = Buffer.concat([silence(0.3), speech(1)]).toString('base64');
      await post(example, [{ mime_type: 'audio/pcm', data }, { audio_stream_end: true }]);
      expect(await stream.nextAnswer()).toMatch(HEARD_UTTERANCE);
      expect(stream.named('input_transcript').at(-1)).toMatchObject({ finished: true });
    },
    TEST_MS,
  );

  test(
    'is interrupted when the user speaks, and a reader whose connection is lost in a reply misses nothing',
    async () => {
      const example = await startExample({ pace: 1.1 });
      const line = await cuttableLine(example);
      const cut = await openStream(`${line.url}/events/me?is_audio=true`);
      await say(example, 'count to thirty');
      await cut.until(
        'some speech',
        () => cut.messages.filter(({ mime_type }) => mime_type === 'audio/pcm').length > 2,
      );
      line.cut();
      await cut.untilEnded();

      const stream = await openStream(`${example.url}/events/me?is_audio=true`, { 'Last-Event-ID': cut.lastId });
      await stream.until('more speech', () => textOf([...cut.messages, ...stream.messages]).includes('two,'));
      await post(example, { mime_type: 'audio/pcm', data: speech(0.5).toString('base64') });
      const rest = await stream.nextTurn();
      expect(rest.slice(-2)).toEqual([
        { turn_complete: null, interrupted: true },
        { turn_complete: true, interrupted: null },
      ]);
      const text = textOf([...cut.messages, ...rest]);
      expect(text).toMatch(/^One, two,/);
      expect(text).not.toContain('thirty');
    },
    TEST_MS,
  );

  test(
    'continues with another voice in a new run, and tells that it knows little of the conversation',
    async () => {
      const example = await startExample();
      const stream = await openStream(`${example.url}/events/me?client=a`);
      await say(example, 'count to two');
      expect(await stream.nextAnswer()).toBe('One, two.');
      const next = await openStream(`${example.url}/events/me?client=b&voice=Kore`);
      await next.until('the new run', () => next.named('status').some(({ upstream }) => upstream === 'restarted'));
      await say(example, 'what did I say?');
      expect(await next.nextAnswer()).toBe('You said nothing before.');
      expect(example.emulator.setups.map(readVoice)).toEqual([undefined, 'Kore']);
      await waitFor('a single connection', () => example.emulator.connections === 1);
    },
    TEST_MS,
  );

  test(
    'fails with a hint when its connection closes, is announced to close, or gets nonsense, and the next message goes on',
    async () => {
      const at = { frame: 3 };
      const example = await startExample({
        ...QUICK,
        scenario: [
          [{ at: { turn: 1 }, do: { close: 1011, reason: 'Internal error encountered.' } }],
          [{ at, do: { goAway: 2_000 } }],
          [{ at, do: { send: '{"serverContent": {"modelTurn": ' } }],
        ],
      });
      const stream = await openStream(`${example.url}/events/me`);
      await say(example, 'count to two');
      await untilFailures(stream, 1);
      await say(example, 'count to three');
      await untilFailures(stream, 2);
      await say(example, 'count to four');
      await untilFailures(stream, 3);
      const forgets = expect.stringContaining("ADK's Runner resumes none");
      expect(stream.named('failure')).toEqual([
        expect.objectContaining({
          code: 'model_closed',
          error: expect.stringContaining('does not report why'),
          hint: forgets,
        }),
        expect.objectContaining({
          code: 'model_closed',
          error: expect.stringContaining('announced the end'),
          hint: forgets,
        }),
        expect.objectContaining({ code: 'agent_failed' }),
      ]);
      await stream.until(
        'the end of each turn',
        () => stream.messages.filter((message) => message.turn_complete).length === 3,
      );
      await say(example, 'what did I say?');
      await stream.until('an answer', () => stream.messages.filter((message) => message.turn_complete).length === 4);
      // As the hint says: what was typed before is not known.
      expect(textOf(stream.messages)).not.toContain('You said: count');
      await waitFor('a single connection', () => example.emulator.connections === 1);
    },
    TEST_MS,
  );

  test(
    'tells that it cannot connect, although ADK waits for ever, and leaves no connection when the user has left',
    async () => {
      const notFound = { close: 1008, reason: 'models/gemini-live is not found for API version v1beta.' };
      const options = { ...QUICK, scenario: [[{ at: 'setup' as const, do: notFound }]] };
      const example = await startExample(options, { program: 'impatient.ts', env: { LINGER_MS: '100' } });
      const stream = await openStream(`${example.url}/events/me`);
      expect(await stream.untilNamed('failure')).toMatchObject({
        code: 'model_unreachable',
        error: "ADK's Runner opened no connection to the model within 1000 ms",
      });
      await say(example, 'count to two');
      expect(await stream.nextAnswer()).toBe('One, two.');
      expect(example.emulator.connections).toBe(1);
      stream.close();
      await waitFor('the end of the connection', () => example.emulator.connections === 0);
    },
    TEST_MS,
  );

  test(
    'runs no tool of a 2.5 model until the user speaks again, as the documentation says',
    async () => {
      const model = 'gemini-2.5-flash-native-audio-preview-12-2025';
      const example = await startExample(QUICK, { env: { DEMO_AGENT_MODEL: model } });
      const stream = await openStream(`${example.url}/events/me`);
      await say(example, 'what time is it?');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(stream.named('tool_call')).toEqual([]);
      await say(example, 'hello');
      await stream.untilNamed('tool_call');
    },
    TEST_MS,
  );

  test(
    'loses its connection when the user speaks to a 3.8 model, and the failure names the cause',
    async () => {
      const example = await startExample(QUICK, { env: { DEMO_AGENT_MODEL: 'gemini-3.8-live' } });
      const stream = await openStream(`${example.url}/events/me`);
      await post(example, { mime_type: 'audio/pcm', data: speech(0.2).toString('base64') });
      expect(await stream.untilNamed('failure')).toMatchObject({
        code: 'model_request_refused',
        error: expect.stringContaining('ADK 2.0 sends both to gemini-3.8-live in a form that Gemini refuses'),
      });
      expect(example.emulator.violations.join()).toContain('media_chunks is deprecated');
    },
    TEST_MS,
  );
});

interface Example extends TestServer {
  readonly emulator: GeminiEmulator;
  readonly command: Command;
}

/** Starts a program of the example in front of an emulator. Both end with the test. */
async function startExample(
  options: GeminiEmulatorOptions = QUICK,
  { program = 'server.ts', env = {} }: { readonly program?: string; readonly env?: Record<string, string> } = {},
): Promise<Example> {
  const emulator = await startGeminiEmulator(options);
  afterTest(() => emulator.close());
  const command = await runProgram(process.execPath, [join(project.directory, program)], {
    cwd: project.directory,
    env: { PORT: '0', GOOGLE_API_KEY: 'key', GOOGLE_GEMINI_BASE_URL: emulator.url, ...env },
  });
  const [, url = ''] = await command.until(/Open (http:\S+)/);
  const close = async () => {
    command.kill('SIGTERM');
    await command.exitCode();
  };
  return { url, port: Number(new URL(url).port), logs: [], upstream: emulator, close, emulator, command };
}

function untilTurns(page: SamplePage, count: number): Promise<true> {
  return waitFor(`turn ${count}`, () => page.received.filter((message) => message.turn_complete).length === count);
}

function untilFailures(stream: SseClient, count: number): Promise<unknown> {
  return stream.until(`failure ${count}`, () => stream.named('failure').length === count);
}

function findEvent(stream: SseClient, isWanted: (event: AgentEvent) => boolean): boolean {
  return stream.events.some(({ event, data }) => event === undefined && isWanted(data as AgentEvent));
}

function readVoice(setup: unknown): string | undefined {
  const { generationConfig } = setup as { generationConfig?: { speechConfig?: SpeechConfig } };
  return generationConfig?.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName;
}
