import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { clientTool } from '../../src/agent/tool.ts';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { until } from '../models/until.ts';
import { picture } from '../picture.ts';
import { textOf } from './agentscope.ts';
import { openBareSocket } from './bare-socket.ts';
import { exchange, post } from './requests.ts';
import { speech } from './scripted-session.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer } from './test-server.ts';
import { openSocket } from './ws-client.ts';

type Message = Record<string, unknown>;

const PATH = 'You/session1';
const DIALECT = 'dialect=agentscope';
const SESSION = { session_id: 'session1' };

const STRING = expect.any(String);
const NUMBER = expect.any(Number);
const AGENT = { agent_id: 'helper', agent_name: STRING };
const RESPONSE = { response_id: STRING };
const ITEM = { ...RESPONSE, item_id: STRING };
const TOOL_USE = { type: 'tool_use', id: 'c1', name: 'locate', input: expect.any(Object), raw_input: STRING };

/** All fields of each of the 19 ServerEvents of AgentScope 1.0.21. */
const SERVER_EVENTS: Readonly<Record<string, object>> = {
  server_session_created: SESSION,
  server_session_updated: SESSION,
  server_session_ended: SESSION,
  agent_ready: AGENT,
  agent_ended: AGENT,
  agent_response_created: { ...RESPONSE, ...AGENT },
  agent_response_done: {
    ...RESPONSE,
    input_tokens: NUMBER,
    output_tokens: NUMBER,
    metadata: expect.any(Object),
    ...AGENT,
  },
  agent_response_audio_delta: { ...ITEM, delta: STRING, format: { type: 'audio/pcm', rate: 24_000 }, ...AGENT },
  agent_response_audio_done: { ...ITEM, ...AGENT },
  agent_response_audio_transcript_delta: { ...ITEM, delta: STRING, ...AGENT },
  agent_response_audio_transcript_done: { ...ITEM, ...AGENT },
  agent_response_tool_use_delta: { ...ITEM, tool_use: TOOL_USE, ...AGENT },
  agent_response_tool_use_done: { ...ITEM, tool_use: TOOL_USE, ...AGENT },
  agent_response_tool_result: {
    tool_result: { type: 'tool_result', id: 'c1', name: 'locate', output: [{ type: 'text', text: 'Berlin' }] },
    ...AGENT,
  },
  agent_input_transcription_delta: { item_id: STRING, delta: STRING, ...AGENT },
  agent_input_transcription_done: {
    item_id: STRING,
    transcript: STRING,
    input_tokens: null,
    output_tokens: null,
    ...AGENT,
  },
  agent_input_started: { item_id: STRING, audio_start_ms: NUMBER, ...AGENT },
  agent_input_done: { item_id: STRING, audio_end_ms: NUMBER, ...AGENT },
  agent_error: { error_type: STRING, code: STRING, message: STRING, ...AGENT },
};

/** One way from a client to the server and back. */
interface Line {
  /** The ServerEvents so far. */
  readonly messages: () => readonly Message[];
  /** Sends a ClientEvent. */
  readonly send: (item: object) => Promise<void>;
}

async function postItem(server: TestServer, item: object): Promise<void> {
  const { status, text } = await post(server, item, `/send/${PATH}?${DIALECT}`);
  expect({ status, text }).toEqual({ status: 200, text: '{"status":"sent"}' });
}

const unnamed = (events: readonly { event?: string | undefined; data: unknown }[]) =>
  events.flatMap(({ event, data }) => (event === undefined ? [data as Message] : []));

const LINES: Readonly<Record<string, (server: TestServer) => Promise<Line>>> = {
  'a stream and POSTs': async (server) => {
    const stream = await openStream(`${server.url}/events/${PATH}?${DIALECT}`);
    return { messages: () => unnamed(stream.events), send: (item) => postItem(server, item) };
  },
  'polls and POSTs': async (server) => {
    const messages: Message[] = [];
    let isOver = false;
    const poll = async () => {
      for (let cursor = ''; !isOver; ) {
        const since = cursor && `&since=${cursor}`;
        const { text, status } = await exchange(server, `/poll/${PATH}?${DIALECT}&wait=1${since}`);
        if (status !== 200) break;
        const batch = JSON.parse(text);
        messages.push(...unnamed(batch.events));
        ({ cursor } = batch);
      }
    };
    const polling = poll();
    afterTest(async () => {
      isOver = true;
      await polling;
    });
    return { messages: () => messages, send: (item) => postItem(server, item) };
  },
  'a WebSocket of a client with numbers': async (server) => {
    const socket = await openSocket(server, `/ws/${PATH}?client=phone&${DIALECT}`);
    let cseq = 0;
    const send = async (item: object) => {
      cseq += 1;
      expect(await socket.ask({ client: 'phone', cseq, items: [item] })).toMatchObject({ status: 'sent' });
    };
    return { messages: () => unnamed(socket.events), send };
  },
  'a bare WebSocket': async (server) => {
    const socket = await openBareSocket(server, `/ws/${PATH}?${DIALECT}`);
    return { messages: () => socket.messages, send: async (item) => socket.send(item) };
  },
};

test.each(Object.entries(LINES))(
  'over %s all 19 ServerEvents arrive with exactly their fields, and all 9 ClientEvents take effect',
  async (name, open) => {
    const gemini = await startScriptedGemini();
    afterTest(() => gemini.close());
    const agent = new Agent({
      name: 'helper',
      tools: [clientTool({ name: 'locate', description: 'Returns the place of the user.' })],
      acceptsPersona: true,
    });
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: gemini.url }, { agent, emulator: 'none' });
    const { messages, send } = await open(server);
    const seen = (type: string, count = 1) =>
      until(() => messages().filter((message) => message.type === type)[count - 1]);
    const first = await gemini.connection(0);
    await seen('agent_ready');

    await send({ type: 'client_session_create', config: { agent_name: 'Friday', user_name: 'Ann' } });
    await seen('agent_ready', 2);
    await until(() => first.closed);
    const model = await gemini.connection(1);
    expect(model.setup.systemInstruction.parts[0].text).toContain('"Ann"');

    // Speech, which client_audio_commit ends, with an answer that calls a tool of the client.
    const audio = Buffer.alloc(6_400, 1).toString('base64');
    await send({ type: 'client_audio_append', ...SESSION, audio, format: { type: 'audio/pcm', rate: 16_000 } });
    await send({ type: 'client_audio_commit', ...SESSION });
    await until(() => model.frames.some(({ realtimeInput }) => realtimeInput?.audioStreamEnd));
    for (const text of ['Where', ' am I?']) model.send({ serverContent: { inputTranscription: { text } } });
    model.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'locate', args: { exact: true } }] } });
    const { tool_use: use } = await seen('agent_response_tool_use_done');
    expect(use).toMatchObject({ input: { exact: true }, raw_input: '{"exact":true}' });
    await send({ type: 'client_tool_result', ...SESSION, id: 'c1', name: 'locate', output: 'Berlin' });
    const { toolResponse } = await model.received('toolResponse');
    expect(toolResponse.functionResponses[0]).toMatchObject({ id: 'c1', response: { result: 'Berlin' } });
    model.send(speech(100, 1));
    model.transcribe('In Berlin.');
    model.send({ usageMetadata: { promptTokenCount: 12, responseTokenCount: 34, totalTokenCount: 46 } });
    model.completeTurn();
    expect(await seen('agent_response_done')).toMatchObject({ input_tokens: 12, output_tokens: 34, metadata: {} });

    // A picture and a text, with an answer that the client stops.
    const image = picture('image/jpeg');
    await send({ type: 'client_image_append', ...SESSION, image, format: { type: 'image/jpeg' } });
    await send({ ...textOf('What is this?') });
    await until(() => model.texts.some((text) => text.includes('What is this?')));
    expect(model.texts.some((text) => text.includes('image/jpeg'))).toBe(true);
    model.send(speech(100, 2));
    await seen('agent_response_created', 2);
    await send({ type: 'client_response_cancel', ...SESSION });
    model.send({ serverContent: { interrupted: true } });
    model.completeTurn();
    expect(await seen('agent_response_done', 2)).toMatchObject({ metadata: { interrupted: 'true' } });

    // A request without a question, whose answer the provider withholds.
    const { length } = model.texts;
    await send({ type: 'client_response_create', ...SESSION });
    await until(() => model.texts.length > length);
    model.send({ serverContent: { turnComplete: true, turnCompleteReason: 'PROHIBITED_INPUT_CONTENT' } });
    expect(await seen('agent_error')).toMatchObject({ code: 'response_withheld', error_type: 'model_error' });

    await send({ type: 'client_session_end', ...SESSION });
    await seen('server_session_ended');

    // A bare WebSocket is told of the session in answer to its client_session_create.
    expect(messages()[0]?.type).toBe(name === 'a bare WebSocket' ? 'agent_ready' : 'server_session_created');
    for (const { type, ...fields } of messages()) {
      expect({ type, ...fields }).toEqual({ type, ...SERVER_EVENTS[String(type)] });
    }
    const types = new Set(messages().map(({ type }) => type));
    expect([...types].sort()).toEqual(Object.keys(SERVER_EVENTS).sort());
  },
);
