import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  agentScopeDialect,
  agentScopePageDialect,
  silentAgentScopeDialect,
} from '../../../src/wire/dialects/agentscope.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { AGENT, EPOCH, event, heard, serverEventsOf, speech, spoken, turnComplete } from './agentscope-log.ts';

const RESPONSE = { response_id: `resp_${EPOCH}_1` };
const ITEM = { ...RESPONSE, item_id: `item_${EPOCH}_1` };
const INPUT = { item_id: `input_${EPOCH}_1` };
const AUDIO_PARTS = [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }];
const CALL = { id: 'call_1', name: 'current_time', args: { time_zone: 'UTC' } };

describe('a ServerEvent of AgentScope', () => {
  test('is sent for each step of a spoken turn, with the same ids from the first to the last', () => {
    const usageMetadata = { promptTokenCount: 12, candidatesTokenCount: 34, totalTokenCount: 46 };
    expect(serverEventsOf([speech('AAAA'), spoken('Hello'), event({ usageMetadata }), turnComplete])).toEqual([
      { type: 'agent_response_created', ...RESPONSE, ...AGENT },
      {
        type: 'agent_response_audio_delta',
        ...ITEM,
        delta: 'AAAA',
        format: { type: 'audio/pcm', rate: 24_000 },
        ...AGENT,
      },
      { type: 'agent_response_audio_transcript_delta', ...ITEM, delta: 'Hello', ...AGENT },
      { type: 'agent_response_audio_done', ...ITEM, ...AGENT },
      { type: 'agent_response_audio_transcript_done', ...ITEM, ...AGENT },
      { type: 'agent_response_done', ...RESPONSE, input_tokens: 12, output_tokens: 34, metadata: {}, ...AGENT },
    ]);
  });

  test('has ids of its own in the next turn, and says in metadata that a turn was interrupted', () => {
    const events = serverEventsOf([
      spoken('Hello'),
      event({ interrupted: true }),
      turnComplete,
      spoken('Yes'),
      turnComplete,
    ]);
    expect(events).toContainEqual({
      type: 'agent_response_done',
      ...RESPONSE,
      input_tokens: 0,
      output_tokens: 0,
      metadata: { interrupted: 'true' },
      ...AGENT,
    });
    expect(events.at(-1)).toMatchObject({ response_id: `resp_${EPOCH}_2`, metadata: {} });
  });

  test('carries the sample rate of the speech; without one it is 24 kHz', () => {
    const formats = serverEventsOf([speech('AAAA', 'audio/pcm;rate=16000'), speech('AAAA', 'audio/pcm')]).flatMap(
      (each) => each?.format ?? [],
    );
    expect(formats).toEqual([
      { type: 'audio/pcm', rate: 16_000 },
      { type: 'audio/pcm', rate: 24_000 },
    ]);
  });

  test('carries written text as a transcript: no ServerEvent has text', () => {
    const written = event({ content: { role: 'model', parts: [{ text: 'Hi' }] }, partial: true });
    expect(serverEventsOf([written, turnComplete]).map((each) => each?.type)).toEqual([
      'agent_response_created',
      'agent_response_audio_transcript_delta',
      'agent_response_audio_transcript_done',
      'agent_response_done',
    ]);
  });

  test('has the pictures of the result of a tool as blocks of images', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }];
    const functionResponse = { id: 'call_1', name: 'draw', response: { result: 'A cat' }, parts };
    const [result] = serverEventsOf([event({ content: { role: 'user', parts: [{ functionResponse }] } })]);
    expect(result).toMatchObject({
      tool_result: {
        output: [
          { type: 'text', text: 'A cat' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
        ],
      },
    });
  });

  test('is sent for a tool call, as one piece and complete, and for its result in blocks', () => {
    const call = event({ content: { role: 'model', parts: [{ functionCall: CALL }] } });
    const result = (response: Record<string, unknown>) =>
      event({
        content: { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'current_time', response } }] },
      });
    const ids = { ...RESPONSE, item_id: `item_${EPOCH}_1_call_1` };
    const toolUse = { type: 'tool_use', id: 'call_1', name: 'current_time', raw_input: '{"time_zone":"UTC"}' };
    const toolResult = (text: string) => ({
      type: 'agent_response_tool_result',
      tool_result: { type: 'tool_result', id: 'call_1', name: 'current_time', output: [{ type: 'text', text }] },
      ...AGENT,
    });
    expect(
      serverEventsOf([call, result({ result: 'noon' }), result({ time: '12:00' }), result({ error: 'no clock' })]),
    ).toEqual([
      { type: 'agent_response_created', ...RESPONSE, ...AGENT },
      { type: 'agent_response_tool_use_delta', ...ids, tool_use: { ...toolUse, input: {} }, ...AGENT },
      { type: 'agent_response_tool_use_done', ...ids, tool_use: { ...toolUse, input: { time_zone: 'UTC' } }, ...AGENT },
      toolResult('noon'),
      toolResult('{"time":"12:00"}'),
      toolResult('Error: no clock'),
    ]);
  });

  test('is sent for a tool call without arguments', () => {
    const call = event({ content: { role: 'model', parts: [{ functionCall: { ...CALL, args: {} } }] } });
    expect(serverEventsOf([call]).at(-1)).toMatchObject({ tool_use: { input: {}, raw_input: '{}' } });
  });

  test('is sent for the words of the user: in pieces, then complete, after the end of speech', () => {
    expect(serverEventsOf([heard('What', false), heard(' time', false), heard('What time', true)])).toEqual([
      { type: 'agent_input_started', ...INPUT, audio_start_ms: 0, ...AGENT },
      { type: 'agent_input_transcription_delta', ...INPUT, delta: 'What', ...AGENT },
      { type: 'agent_input_transcription_delta', ...INPUT, delta: ' time', ...AGENT },
      { type: 'agent_input_done', ...INPUT, audio_end_ms: 0, ...AGENT },
      {
        type: 'agent_input_transcription_done',
        transcript: 'What time',
        ...INPUT,
        input_tokens: null,
        output_tokens: null,
        ...AGENT,
      },
    ]);
  });

  test('has the times of a voice detection, which comes before the words', () => {
    const sign = (voiceActivityType: 'ACTIVITY_START' | 'ACTIVITY_END', audioOffset: string) =>
      event({ voiceActivity: { voiceActivityType, audioOffset } });
    expect(
      serverEventsOf([sign('ACTIVITY_START', '0.12s'), sign('ACTIVITY_END', '2s'), heard('Hello', true)]),
    ).toMatchObject([
      { type: 'agent_input_started', ...INPUT, audio_start_ms: 120 },
      { type: 'agent_input_done', ...INPUT, audio_end_ms: 2_000 },
      { type: 'agent_input_transcription_done', ...INPUT, transcript: 'Hello' },
    ]);
  });

  test('is sent when the model can be reached, once in a run, and not for each of its pauses', () => {
    const status = (upstream: 'connecting' | 'ready' | 'working' | 'reconnecting' | 'resumed' | 'failed') =>
      event({ status: { upstream } });
    const ready = { type: 'agent_ready', ...AGENT };
    expect(
      serverEventsOf([
        status('connecting'),
        status('ready'),
        status('working'),
        status('ready'),
        status('reconnecting'),
        status('resumed'),
        status('failed'),
        status('connecting'),
        status('ready'),
      ]),
    ).toEqual([ready, { type: 'agent_ended', ...AGENT }, ready]);
  });

  test('is sent for a failed run and a failed reply, with a class, a code and a hint', () => {
    const failure = new WireError('model_quota').body();
    expect(serverEventsOf([{ failure }, event({ errorCode: 'SAFETY', errorMessage: 'projects/secret' })])).toEqual([
      {
        type: 'agent_error',
        error_type: 'model_error',
        code: 'model_quota',
        message: 'The quota at the model provider is used up (hint: wait, or raise the quota of the API key)',
        ...AGENT,
      },
      {
        type: 'agent_error',
        error_type: 'model_error',
        code: 'response_withheld',
        message: expect.not.stringContaining('secret'),
        ...AGENT,
      },
    ]);
  });

  test('is sent for a change of the config and for the end of the session', () => {
    expect(serverEventsOf([{ reconfigured: SETTINGS }, { end: { reason: 'closed' } }])).toEqual([
      { type: 'server_session_updated', session_id: 'session1' },
      { type: 'agent_ended', ...AGENT },
      { type: 'server_session_ended', session_id: 'session1' },
    ]);
  });

  test('names the agent as a client has named it, and another agent by its own name', () => {
    const named = serverEventsOf([spoken('Hello'), heard('Hi', true)], agentScopeDialect, 'Friday');
    expect(new Set(named.map((each) => `${each?.agent_id} ${each?.agent_name}`))).toEqual(new Set(['helper Friday']));
    const other = event({ author: 'expert', outputTranscription: { text: 'Yes', finished: false }, partial: true });
    expect(serverEventsOf([other], agentScopeDialect, 'Friday').at(-1)).toMatchObject({
      agent_id: 'expert',
      agent_name: 'expert',
    });
  });
});

const SETTINGS = { modality: 'AUDIO', proactivity: false, affective_dialog: false } as const;

describe('the messages of a connection', () => {
  const session = {
    epoch: EPOCH,
    user_id: 'You',
    session_id: 'session1',
    client: null,
    next: 1,
    head: 0,
    agent: 'helper',
    model: 'm',
    modality: 'AUDIO' as const,
    manual_activity: false,
    input_rate: 16_000,
    output_rate: 24_000,
    limits: { body_bytes: 1, window: 1, linger_ms: 1, heartbeat_ms: 1 },
    server: 's',
  };

  test('are the named events of all dialects, and one ServerEvent for a session', () => {
    expect(agentScopeDialect.encodeControl('session', session)).toEqual([
      { event: 'session', data: JSON.stringify(session) },
      { data: '{"type":"server_session_created","session_id":"session1"}' },
    ]);
    expect(agentScopeDialect.encodeControl('superseded', {})).toEqual([{ event: 'superseded', data: '{}' }]);
    expect(agentScopeDialect.encodeControl('gap', { audio_ms: 5 })).toEqual([{ event: 'gap', data: '{"audio_ms":5}' }]);
    expect(silentAgentScopeDialect.encodeControl('gap', { audio_ms: 5 })).toEqual([]);
  });

  test('have an agent_error for a refusal, with all its fields and the name that the client gave', () => {
    const { data } = agentScopeDialect.encodeRefusal(new WireError('malformed_json', 'no', 'try').body(), {
      agent: 'helper',
      agentName: 'Friday',
    });
    expect(JSON.parse(data)).toEqual({
      type: 'agent_error',
      error_type: 'invalid_request_error',
      code: 'malformed_json',
      message: 'no (hint: try)',
      agent_id: 'helper',
      agent_name: 'Friday',
    });
  });
});

test('what no ServerEvent can say is a named event of the plain dialect', () => {
  const frames = [
    event({ status: { upstream: 'reconnecting', attempt: 2 } }),
    event({ toolCancellation: ['call_1'] }),
    event({ author: 'user', interimInputTranscription: { text: 'Wha' } }),
    event({ groundingMetadata: { webSearchQueries: ['a'] } }),
    { end: { reason: 'idle' } as const },
  ].flatMap((message) => agentScopeDialect.encodeEntry({ seq: 1, turn: 2, message }));
  expect(
    frames.flatMap((frame) => (frame?.event === undefined ? [] : [[frame.event, JSON.parse(frame.data)]])),
  ).toEqual([
    ['status', { upstream: 'reconnecting', attempt: 2 }],
    ['tool_cancel', { id: 'call_1' }],
    ['interim_transcript', { text: 'Wha', turn: 2 }],
    ['grounding', { turn: 2, sources: [], queries: ['a'] }],
    ['end', { reason: 'idle' }],
  ]);
});

describe('speech', () => {
  const dropped = { droppedAudio: { mimeType: 'audio/pcm', ms: 20 } };
  const parts = [{ text: 'a' }, ...AUDIO_PARTS, { text: 'b' }];

  test('that is dropped from the log keeps its place', () => {
    const whole = serverEventsOf([event({ content: { role: 'model', parts }, partial: true })]);
    const lost = serverEventsOf([
      event({ content: { role: 'model', parts: [{ text: 'a' }, dropped, { text: 'b' }] }, partial: true }),
    ]);
    expect(lost).toEqual([whole[0], whole[1], undefined, whole[3]]);
    const silent = serverEventsOf(
      [event({ content: { role: 'model', parts }, partial: true })],
      silentAgentScopeDialect,
    );
    expect(silent).toEqual(lost);
  });

  test('is ended for a silent reader, too: what a turn contained is the same for all', () => {
    const types = serverEventsOf([speech('AAAA'), turnComplete], silentAgentScopeDialect).map((each) => each?.type);
    expect(types).toEqual(['agent_response_created', undefined, 'agent_response_audio_done', 'agent_response_done']);
  });

  test.each(['AA"A', 'AA\nA', 'AAA'])('of which a provider sends %j in place of base64 is one line of JSON', (data) => {
    expect(serverEventsOf([speech(data)]).at(-1)).toMatchObject({ delta: data });
  });
});

test('the page of AgentScope gets each sentence of the user once, because it appends the pieces and the whole', () => {
  const events = serverEventsOf([heard('What', false), heard('What time', true)], agentScopePageDialect);
  const shown = events.map((each) => each?.delta ?? each?.transcript ?? '').join('');
  expect(shown).toBe('What time');
});

/** Any message of a log. */
const anyMessage: fc.Arbitrary<LogMessage> = fc
  .record(
    {
      author: fc.constantFrom('helper', 'user', 'expert'),
      content: fc.record({
        role: fc.constantFrom('user', 'model'),
        parts: fc.array(
          fc.oneof(
            fc.record({ text: fc.string(), thought: fc.boolean() }, { requiredKeys: ['text'] }),
            fc.record({ inlineData: fc.record({ mimeType: fc.string(), data: fc.string() }) }),
            fc.record({ functionCall: fc.record({ id: fc.string(), name: fc.string(), args: fc.constant({}) }) }),
            fc.record({
              functionResponse: fc.record({ id: fc.string(), name: fc.string(), response: fc.constant({}) }),
            }),
          ),
        ),
      }),
      partial: fc.boolean(),
      turnComplete: fc.boolean(),
      interrupted: fc.boolean(),
      inputTranscription: fc.record({ text: fc.string(), finished: fc.boolean() }),
      outputTranscription: fc.record({ text: fc.string(), finished: fc.boolean() }),
      usageMetadata: fc.record({ totalTokenCount: fc.nat() }),
      errorCode: fc.string(),
    },
    { requiredKeys: ['author'] },
  )
  .map(event);

test('any log makes JSON on one line with a type, and every response and every utterance begins before it goes on and ends once', () => {
  fc.assert(
    fc.property(fc.array(anyMessage), (messages) => {
      const events = serverEventsOf(messages);
      expect(serverEventsOf(messages)).toEqual(events);
      const begun = new Set<unknown>();
      const done = new Set<unknown>();
      for (const each of events) {
        if (!each) continue;
        const { type, response_id: response } = each;
        expect(type).toMatch(/^(agent|server)_/);
        if (type === 'agent_response_created') {
          expect(begun).not.toContain(response);
          begun.add(response);
        } else if (response !== undefined && type !== 'agent_response_tool_result') {
          if (type === 'agent_response_done') {
            expect(done).not.toContain(response);
            expect(begun).toContain(response);
            done.add(response);
          }
        }
      }
    }),
  );
});
