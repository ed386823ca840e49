import {
  type ScriptedConnection,
  type ScriptedGeminiOptions,
  startScriptedGemini,
} from '../models/gemini/scripted-gemini.ts';
import type { ReceivedEvents } from './received-events.ts';
import { openStream, type SseClient, type SseEvent } from './sse-client.ts';
import { afterTest, startTestServer, type TestServer } from './test-server.ts';

/** A server, a provider that says what the test tells it to, and an anonymous reader that hears everything as it comes. */
export async function openScripted(
  environment: Record<string, string> = {},
  options: ScriptedGeminiOptions = {},
): Promise<{ server: TestServer; provider: ScriptedConnection; witness: SseClient; epoch: string }> {
  const gemini = await startScriptedGemini(options);
  afterTest(() => gemini.close());
  const server = await startTestServer(
    { GOOGLE_GEMINI_BASE_URL: gemini.url, HEARTBEAT_MS: '1000', ...environment },
    { emulator: 'none' },
  );
  const witness = await openStream(`${server.url}/events/me?is_audio=true`);
  const { epoch } = await witness.untilNamed('session');
  return { server, provider: await gemini.connection(0), witness, epoch };
}

/** Speech of the model, one message. @param ms not more than a second; each piece has its own sound */
export function speech(ms: number, index: number): object {
  const data = Buffer.alloc(ms * 48, index).toString('base64');
  return { serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] } } };
}

/** Has the model speak, each piece when the witness has the one before: it needs nothing that the log has no room for. */
export async function speakSlowly(
  provider: ScriptedConnection,
  witness: SseClient,
  pieces: number,
  ms: number,
): Promise<void> {
  for (let index = 0; index < pieces; index += 1) {
    provider.send(speech(ms, index));
    await witness.until('a piece', () => audioOf(witness).length > index);
  }
}

export function isAudio({ data }: SseEvent): boolean {
  return (data as { mime_type?: string }).mime_type === 'audio/pcm';
}

/** The audio that a reader has. */
export function audioOf({ events }: { readonly events: readonly SseEvent[] }): SseEvent[] {
  return events.filter(isAudio);
}

/** The events of the log that a reader has: none that are for its connection alone. */
export function loggedOf({ events }: { readonly events: readonly SseEvent[] }): SseEvent[] {
  const own = ['session', 'hb', 'gap', 'reset', 'drain', 'superseded'];
  return events.filter(({ event }) => event === undefined || !own.includes(event));
}

/** Waits for a heartbeat that the server has yet to write: what it wrote before is there then. */
export async function untilNextHeartbeat(stream: ReceivedEvents): Promise<void> {
  const beats = stream.named('hb').length;
  await stream.until('a heartbeat', () => stream.named('hb').length > beats);
}
