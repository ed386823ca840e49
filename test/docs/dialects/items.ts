import type { DialectName } from '../../../src/wire/dialects/dialect.ts';

/** Something that a client can say, as a message of each dialect that has one. */
export interface ClientItem {
  readonly title: string;
  /** Text below the title, in Markdown. */
  readonly text?: string;
  readonly messages: { readonly [Name in DialectName]?: object };
}

const SESSION = { session_id: 'one' };
/** A PNG of one pixel. */
export const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
/** Speech of 1 ms: 16 samples. */
const SPEECH = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

/** The same LiveRequest of ADK in the two dialects that accept one. */
const liveRequest = (request: object) => ({ plain: request, adk: request });

export const ITEMS: readonly ClientItem[] = [
  {
    title: 'Text',
    messages: {
      plain: { mime_type: 'text/plain', data: 'What time is it?' },
      adk: { type: 'text', text: 'What time is it?' },
      agentscope: { type: 'client_text_append', ...SESSION, text: 'What time is it?' },
    },
  },
  {
    title: 'Text with a picture that it is about',
    text: 'A LiveRequest of ADK.',
    messages: liveRequest({
      content: { parts: [{ text: 'What is this?' }, { inline_data: { mime_type: 'image/png', data: PICTURE } }] },
    }),
  },
  {
    title: 'Picture',
    text: 'The agent sees the picture, and answers the next words of the user.',
    messages: {
      plain: { mime_type: 'image/png', data: PICTURE },
      adk: { type: 'image', mimeType: 'image/png', data: PICTURE },
      agentscope: { type: 'client_image_append', ...SESSION, image: PICTURE, format: { type: 'image/png' } },
    },
  },
  {
    title: 'Speech',
    text: 'On a WebSocket a binary frame is speech, too: PCM of 16 kHz, in all dialects.',
    messages: {
      plain: { mime_type: 'audio/pcm;rate=16000', data: SPEECH },
      adk: { type: 'audio', mimeType: 'audio/pcm;rate=16000', data: SPEECH },
      agentscope: {
        type: 'client_audio_append',
        ...SESSION,
        audio: SPEECH,
        format: { type: 'audio/pcm', rate: 16_000 },
      },
    },
  },
  {
    title: 'Sign that the user begins to speak',
    messages: { plain: { activity_start: {} }, adk: { type: 'activity_start' } },
  },
  {
    title: 'Sign that the user has finished speaking',
    messages: { plain: { activity_end: {} }, adk: { type: 'activity_end' } },
  },
  {
    title: 'The microphone was turned off',
    messages: {
      ...liveRequest({ audio_stream_end: true }),
      agentscope: { type: 'client_audio_commit', ...SESSION },
    },
  },
  {
    title: 'Stop the answer',
    messages: { ...liveRequest({ interrupt: {} }), agentscope: { type: 'client_response_cancel', ...SESSION } },
  },
  {
    title: 'Request an answer',
    messages: { ...liveRequest({ respond: {} }), agentscope: { type: 'client_response_create', ...SESSION } },
  },
  {
    title: 'Result of a tool that the client runs',
    messages: {
      plain: { tool_result: { id: 'call-2', result: 'Departures' } },
      adk: {
        content: {
          parts: [{ function_response: { id: 'call-2', name: 'page_title', response: { result: 'Departures' } } }],
        },
      },
      agentscope: { type: 'client_tool_result', ...SESSION, id: 'call-2', name: 'page_title', output: 'Departures' },
    },
  },
  {
    title: 'Config of the session',
    text: 'Needs the permission of the author of the agent (`acceptsPersona`).',
    messages: {
      agentscope: {
        type: 'client_session_create',
        config: { instructions: 'Answer briefly.', agent_name: 'Friday', model_provider: 'gemini' },
      },
    },
  },
  {
    title: 'End the session',
    messages: { ...liveRequest({ close: true }), agentscope: { type: 'client_session_end', ...SESSION } },
  },
];
