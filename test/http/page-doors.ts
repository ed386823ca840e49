import { create, extendFirstMessageWait, isType, textOf } from './agentscope.ts';
import { type BareSocket, openBareSocket } from './bare-socket.ts';
import type { TestServer } from './test-server.ts';

export type Message = Record<string, unknown>;

/** A door through which a page comes, and how it speaks there. */
export interface Door {
  readonly path: string;
  /** User and session, as other routes have them in their paths. */
  readonly session: string;
  open(server: TestServer): Promise<BareSocket>;
  text(words: string): object;
  isDone(message: Message): boolean;
  /** Code and text of an error in the door's own message; `undefined` for any other message. */
  readError(message: Message): readonly [code: unknown, text: unknown] | undefined;
  /** Messages of other dialects. */
  readonly foreign: readonly object[];
}

const SAMPLE_TEXT = { mime_type: 'text/plain', data: 'count to nine' };
const DEMO_TEXT = { type: 'text', text: 'count to nine' };
const SCOPE_TEXT = textOf('count to nine');

const adk = (path: string, session: string): Door => ({
  path,
  session,
  open: (server) => openBareSocket(server, path),
  text: (words) => ({ content: { role: 'user', parts: [{ text: words }] } }),
  isDone: ({ turnComplete }) => turnComplete === true,
  readError: ({ errorCode, errorMessage, author }) =>
    errorCode !== undefined && author === 'google_search_agent' ? [errorCode, errorMessage] : undefined,
  foreign: [SAMPLE_TEXT, SCOPE_TEXT],
});

/** The doors of all pages that were written for other servers. */
export const DOORS: Readonly<Record<string, Door>> = {
  "ADK's WebSocket sample": {
    path: '/ws/4829153?is_audio=false',
    session: '4829153',
    open: (server) => openBareSocket(server, '/ws/4829153?is_audio=false'),
    text: (data) => ({ mime_type: 'text/plain', data }),
    isDone: ({ turn_complete: complete }) => complete === true,
    readError: ({ error, code }) => (error === undefined ? undefined : [code, error]),
    foreign: [DEMO_TEXT, SCOPE_TEXT],
  },
  'bidi-demo': {
    ...adk('/ws/demo-user/demo-session-1', 'demo-user/demo-session-1'),
    text: (text) => ({ type: 'text', text }),
  },
  "ADK's dev page": adk('/run_live?app_name=google_search_agent&user_id=4829153&session_id=1', '4829153/1'),
  AgentScope: {
    path: '/ws/You/session1',
    session: 'You/session1',
    async open(server) {
      extendFirstMessageWait();
      const socket = await openBareSocket(server, '/ws/You/session1');
      socket.send(create());
      await socket.until(isType('server_session_created'));
      return socket;
    },
    text: textOf,
    isDone: isType('agent_response_done'),
    readError: ({ type, code, message }) => (type === 'agent_error' ? [code, message] : undefined),
    foreign: [SAMPLE_TEXT, DEMO_TEXT, { content: { parts: [{ text: 'count to nine' }] } }],
  },
};

/** What the user is told in messages of any door. */
export function wordsOf(messages: readonly Message[]): string {
  const words = messages.map(({ type, delta, mime_type: mime, data, outputTranscription }) => {
    if (type === 'agent_response_audio_transcript_delta') return delta;
    if (mime === 'text/plain') return data;
    const transcript = outputTranscription as { text: string; finished: boolean } | undefined;
    return transcript?.finished ? transcript.text : '';
  });
  return words.join('');
}

/** Asks something. @returns the answer */
export async function ask(socket: BareSocket, door: Door, words: string): Promise<string> {
  const seen = socket.messages.length;
  socket.send(door.text(words));
  await socket.until(door.isDone, seen);
  return wordsOf(socket.messages.slice(seen));
}
