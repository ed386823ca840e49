import { jest } from '@jest/globals';
import { ActiveSessions } from '../../src/session/active-sessions.ts';
import { afterTest } from '../after-test.ts';
import { type BareSocket, openBareSocket } from './bare-socket.ts';
import type { TestServer } from './test-server.ts';

const { open } = ActiveSessions.prototype;

/** The messages of AgentScope's page, with which it creates a session. */
export const CONFIG = {
  instructions: "You're a helpful assistant named Friday.",
  agent_name: 'Friday',
  model_provider: 'gemini',
};
export const create = (config: object = CONFIG) => ({ type: 'client_session_create', config });
export const textOf = (text: string) => ({ type: 'client_text_append', session_id: 'session1', text });

export const isType =
  (type: string) =>
  (message: Record<string, unknown>): boolean =>
    message.type === type;

/**
 * Has servers wait longer for the first message of a page, until the end of the test: a page that shares a slow process with its server may send it too
 * late, and is taken for a page of ADK.
 * @param ms wait in place of the half second
 */
export function extendFirstMessageWait(ms = 20_000): void {
  const spy = jest.spyOn(ActiveSessions.prototype, 'open').mockImplementation(function (this: ActiveSessions, params) {
    return open.call(this, params.firstRunDelayMs === undefined ? params : { ...params, firstRunDelayMs: ms });
  });
  afterTest(() => spy.mockRestore());
}

/** A page of AgentScope whose session is there. */
export async function openAgentScope(server: TestServer, config: object = CONFIG): Promise<BareSocket> {
  extendFirstMessageWait();
  const socket = await openBareSocket(server, '/ws/You/session1');
  socket.send(create(config));
  await socket.until(isType('server_session_created'));
  return socket;
}

/** Instructions of the connections to the model, in order. */
export function instructionsOf({ upstream }: TestServer): (string | undefined)[] {
  const setups = upstream?.setups as { systemInstruction?: { parts?: { text: string }[] } }[];
  return setups.map(({ systemInstruction }) => systemInstruction?.parts?.[0]?.text);
}

/** What the user is shown of a reply. */
export function transcriptOf({ messages }: BareSocket, from = 0): string {
  return messages
    .slice(from)
    .filter(isType('agent_response_audio_transcript_delta'))
    .map(({ delta }) => delta)
    .join('');
}
