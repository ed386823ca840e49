import type { AgentEvent, FunctionResponse, Part, UpstreamStatus } from '../../../src/wire/agent-event.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import type { ConnectionEvents } from '../../../src/wire/named-events.ts';
import { WireError } from '../../../src/wire/wire-error.ts';
import { PICTURE } from './items.ts';

export const EPOCH = 'q3vNw0cT1yHkZb8P';
export const NAMES = { sessionId: 'one', agent: 'google_search_agent' };
const RUN = 'e-019ac4d2-7000-7000-8000-000000000001';
/** Time of the first event of the conversation, in seconds since 1970. */
const START = 1_764_000_000;
/** Speech of 1 ms: 24 samples. */
export const SPEECH = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v';

/** An event that is made for one connection, in the shape that types its data by its name. */
export type Control = {
  [Name in keyof ConnectionEvents]: { readonly name: Name; readonly data: ConnectionEvents[Name] };
}[keyof ConnectionEvents];

/** Something that happens in a live session: entries of its log, or an event of one connection. */
export interface Step {
  readonly title: string;
  /** Text below the title, in Markdown. */
  readonly text?: string;
  readonly entries?: readonly LogMessage[];
  readonly control?: Control;
}

let events = 0;

function event(body: Partial<AgentEvent>): LogMessage {
  events += 1;
  const id = `019ac4d2-7000-7000-8000-${String(events + 1).padStart(12, '0')}`;
  return { event: { id, invocationId: RUN, author: NAMES.agent, timestamp: START + events / 4, ...body } };
}

const model = (...parts: Part[]): Pick<AgentEvent, 'content'> => ({ content: { role: 'model', parts } });
const status = (body: UpstreamStatus): LogMessage => event({ status: body });
const call = (id: string, name: string, args: Record<string, unknown>): Part => ({ functionCall: { id, name, args } });
const result = (functionResponse: FunctionResponse): LogMessage =>
  event({ content: { role: 'user', parts: [{ functionResponse }] } });

const CLOCK_RESULT = { time: '14:05', time_zone: 'UTC' };

/** A conversation, in order: some messages depend on what came before. */
export const STEPS: readonly Step[] = [
  {
    title: 'A connection begins',
    text: 'The first event of each connection.',
    control: {
      name: 'session',
      data: {
        epoch: EPOCH,
        user_id: 'ann',
        session_id: NAMES.sessionId,
        client: null,
        next: 1,
        head: 0,
        agent: NAMES.agent,
        model: 'gemini-2.5-flash-native-audio-preview-12-2025',
        modality: 'AUDIO',
        manual_activity: false,
        images: ['frames', 'in_message'],
        input_rate: 16_000,
        output_rate: 24_000,
        limits: { body_bytes: 4_194_304, window: 16, linger_ms: 120_000, heartbeat_ms: 10_000 },
        server: 'bidi-sse/0.1.0',
      },
    },
  },
  {
    title: 'The model can be reached',
    entries: [status({ upstream: 'connecting', attempt: 1 }), status({ upstream: 'ready' })],
  },
  {
    title: 'The user begins to speak',
    text: 'From models that report voice activity (Vertex AI). With other models the message of AgentScope comes with the first words.',
    entries: [event({ voiceActivity: { voiceActivityType: 'ACTIVITY_START', audioOffset: '0.48s' } })],
  },
  {
    title: 'Words of the user, while they are spoken',
    text: 'From models that report interim transcripts (generation 3.8).',
    entries: [event({ author: 'user', interimInputTranscription: { text: 'What time' }, partial: true })],
  },
  {
    title: 'The user has finished speaking',
    text: 'From models that report voice activity. With other models the message of AgentScope comes with the whole transcript.',
    entries: [event({ voiceActivity: { voiceActivityType: 'ACTIVITY_END', audioOffset: '1.92s' } })],
  },
  {
    title: 'Transcript of the user',
    text: 'Increments, then the whole. A page of AgentScope that names no dialect gets only the whole, because it would append both.',
    entries: [
      event({ author: 'user', inputTranscription: { text: 'What time', finished: false }, partial: true }),
      event({ author: 'user', inputTranscription: { text: ' is it?', finished: false }, partial: true }),
      event({ author: 'user', inputTranscription: { text: 'What time is it?', finished: true } }),
    ],
  },
  {
    title: 'Tool call, and its result',
    text: 'The call is the first part of the reply. AgentScope has a message for the beginning of a reply.',
    entries: [
      event(model(call('call-1', 'current_time', { time_zone: 'UTC' }))),
      result({ id: 'call-1', name: 'current_time', response: CLOCK_RESULT }),
    ],
  },
  {
    title: 'Speech of the agent',
    entries: [event(model({ inlineData: { mimeType: 'audio/pcm;rate=24000', data: SPEECH } }))],
  },
  {
    title: "Transcript of the agent's speech",
    text: 'Increments. The whole transcript follows in `adk` only: pages of the other two would show the words twice.',
    entries: [
      event({ outputTranscription: { text: 'It is five', finished: false }, partial: true }),
      event({ outputTranscription: { text: ' past two.', finished: false }, partial: true }),
      event({ outputTranscription: { text: 'It is five past two.', finished: true } }),
    ],
  },
  {
    title: 'Sources of the answer',
    entries: [
      event({
        groundingMetadata: {
          groundingChunks: [{ web: { uri: 'https://time.example/utc', title: 'Time in UTC' } }],
          webSearchQueries: ['time in UTC'],
        },
      }),
    ],
  },
  {
    title: 'Usage',
    text: 'In `agentscope` the end of the turn has the counts.',
    entries: [event({ usageMetadata: { promptTokenCount: 310, candidatesTokenCount: 62, totalTokenCount: 372 } })],
  },
  { title: 'The turn is complete', entries: [event({ turnComplete: true })] },
  {
    title: 'Thought',
    text: 'Reasoning of the model, which is not part of its answer. Only Events of ADK have thoughts.',
    entries: [event({ ...model({ text: 'The user wants the time.', thought: true }), partial: true })],
  },
  {
    title: 'Text of an agent that writes',
    text: 'AgentScope has no message with text: the text takes the place of the transcript.',
    entries: [
      event({ ...model({ text: 'It is five' }), partial: true }),
      event({ ...model({ text: ' past two.' }), partial: true }),
      event(model({ text: 'It is five past two.' })),
    ],
  },
  {
    title: 'The user interrupts',
    text: 'AgentScope has no message for an interruption: `metadata` of the end of the turn reports it.',
    entries: [event({ interrupted: true }), event({ turnComplete: true })],
  },
  {
    title: 'Call of a tool that the client runs',
    entries: [event({ ...model(call('call-2', 'page_title', {})), clientToolIds: ['call-2'] })],
  },
  {
    title: 'Call of a tool that waits for the user, who confirms it',
    text: 'AgentScope has no message for it: its pages show the call, which runs when a user of another page has confirmed it, or fails after 5 minutes.',
    entries: [
      event({ ...model(call('call-4', 'send_mail', { to: 'Bob' })), confirmToolIds: ['call-4'] }),
      event({ author: 'user', toolConfirmation: { id: 'call-4', ok: true } }),
    ],
  },
  {
    title: 'Another agent continues the conversation',
    entries: [
      event(model(call('call-5', 'transfer_to_agent', { agent_name: 'billing' }))),
      event({
        content: {
          role: 'user',
          parts: [
            {
              functionResponse: {
                id: 'call-5',
                name: 'transfer_to_agent',
                response: { transferred_to: 'billing' },
              },
            },
          ],
        },
        actions: { transferToAgent: 'billing' },
      }),
    ],
  },
  { title: 'The result of a call is not needed any more', entries: [event({ toolCancellation: ['call-2'] })] },
  {
    title: 'The result of a tool has a picture',
    entries: [
      event(model(call('call-6', 'draw_chart', {}))),
      result({
        id: 'call-6',
        name: 'draw_chart',
        response: { title: 'Sales' },
        parts: [{ inlineData: { mimeType: 'image/png', data: PICTURE } }],
      }),
    ],
  },
  {
    title: 'The result of a tool comes later, from an app',
    text: 'AgentScope has no message for it: each result is one of the call.',
    entries: [
      event({ ...model(call('call-7', 'request_refund', {})), longRunningToolIds: ['call-7'] }),
      result({ id: 'call-7', name: 'request_refund', response: { ticket: 12 }, willContinue: true }),
      result({ id: 'call-7', name: 'request_refund', response: { granted: true } }),
    ],
  },
  {
    title: 'A tool has failed',
    entries: [
      event(model(call('call-3', 'current_time', { time_zone: 'Mars' }))),
      result({ id: 'call-3', name: 'current_time', response: { error: 'There is no time zone Mars' } }),
    ],
  },
  {
    title: 'An answer is withheld or fails',
    entries: [event({ turnComplete: true, errorCode: 'SAFETY', errorMessage: 'blocked' })],
  },
  {
    title: 'The model still works on the question',
    text: 'From models with extended thinking, after a turn that is complete. `ready` ends the work.',
    entries: [status({ upstream: 'working' }), status({ upstream: 'ready' })],
  },
  {
    title: 'The connection to the model is replaced',
    entries: [status({ upstream: 'reconnecting', attempt: 1, code: 1011 }), status({ upstream: 'resumed' })],
  },
  {
    title: 'The model has fallen silent',
    entries: [status({ upstream: 'stalled', stall: 'no_response' })],
  },
  {
    title: 'The run fails',
    text: 'The session continues: the next message starts another run.',
    entries: [status({ upstream: 'failed', code: 1011 }), { failure: new WireError('model_quota').body() }],
  },
  {
    title: 'A run with other settings continues the conversation',
    text: 'A client has asked for them. Each client is told, because several may show the conversation.',
    entries: [{ reconfigured: { modality: 'AUDIO', voice: 'Puck', proactivity: false, affective_dialog: false } }],
  },
  {
    title: 'A client has typed a message',
    text: 'The sender receives it, too.',
    entries: [{ typed: { client: 'phone', text: 'What is in the picture?', pictures: 1 } }],
  },
  {
    title: 'The conversation is not stored at the moment',
    text: 'Another one follows when the store has everything.',
    entries: [{ storage: { state: 'failing' } }],
  },
  {
    title: 'Heartbeat',
    control: { name: 'hb', data: { t: 1_764_000_010_000, next: 1 } },
  },
  {
    title: 'Speech was dropped before it was sent',
    control: { name: 'gap', data: { audio_ms: 1_240 } },
  },
  {
    title: 'The position of the client is lost',
    control: {
      name: 'reset',
      data: {
        reason: 'too_old',
        turns: [
          { role: 'user', text: 'What time is it?' },
          { role: 'model', text: 'It is five past two.' },
        ],
        truncated: false,
      },
    },
  },
  {
    title: 'A newer connection of the client replaces this one',
    control: { name: 'superseded', data: {} },
  },
  {
    title: 'The server shuts down',
    control: { name: 'drain', data: { retry_ms: 730 } },
  },
  {
    title: 'The session ends',
    entries: [{ end: { reason: 'closed' } }],
  },
];
