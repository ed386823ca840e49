import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { createConversationHistory } from './conversation-history.ts';
import { type ClientMessage, readClientMessage } from './gemini-client-message.ts';
import type { GeminiEndpoint } from './gemini-endpoint.ts';
import { encodeFrame, type ServerMessage } from './gemini-frames.ts';
import { closeReason, GeminiRefusal, invalid } from './gemini-refusal.ts';
import { type GeminiSession, openSession } from './gemini-session.ts';
import { type GeminiSetup, readSetup } from './gemini-setup.ts';
import { createPacedSender } from './paced-sender.ts';
import type { ResumptionHandles } from './resumption-handles.ts';

export interface GeminiConnectionOptions {
  readonly handles: ResumptionHandles;
  /** Undefined: any key is taken, as long as there is one. */
  readonly apiKey: string | undefined;
  readonly pace: number;
  readonly toolWaitMs: number;
  /** 0: for ever. */
  readonly lifetimeMs: number;
}

/** A connection whose setup has not come by then is closed with 1011. */
const SETUP_LIMIT_MS = 30_000;
/** goAway comes this long before the end of the connection's life; at half of it if it is short. */
const GO_AWAY_MS = 50_000;
/** A peer that goes on sending and leaves this much unread, bytes, is cut off. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** A peer that does not answer the close within this is cut off. */
const CLOSE_LIMIT_MS = 2_000;

/** Serves one WebSocket until it closes: frames in, frames out, close codes. What is said is the session's business. */
export function serveConnection(socket: WebSocket, endpoint: GeminiEndpoint, options: GeminiConnectionOptions): void {
  let session: GeminiSession | undefined;
  let messages = 0;
  const timers: NodeJS.Timeout[] = [];
  const sender = createPacedSender({
    send: (frame) => socket.send(frame),
    bufferedBytes: () => socket.bufferedAmount,
    onStuck: () => socket.terminate(),
    pace: options.pace,
  });

  function after(ms: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(action, ms);
    timers.push(timer);
    return timer;
  }

  function send(message: ServerMessage): void {
    socket.send(encodeFrame(message));
  }

  function refuse({ code, message }: GeminiRefusal): void {
    session?.close();
    if (socket.readyState !== socket.OPEN) return;
    socket.close(code, closeReason(message));
    after(CLOSE_LIMIT_MS, () => socket.terminate());
  }

  function open(setup: GeminiSetup): void {
    const { resumption } = setup;
    const earlier = resumption?.handle === undefined ? [] : options.handles.redeem(resumption.handle);
    if (!earlier) throw new GeminiRefusal(1008, 'BidiGenerateContent session not found');
    clearTimeout(setupTimer);
    send({ setupComplete: endpoint.service === 'vertex' ? { sessionId: randomUUID() } : {} });
    const history = createConversationHistory(earlier);
    const offerHandle = () => {
      if (!resumption) return;
      const newHandle = options.handles.issue(history.turns);
      const index = resumption.transparent ? { lastConsumedClientMessageIndex: String(messages) } : {};
      send({ sessionResumptionUpdate: { newHandle, resumable: true, ...index } });
    };
    session = openSession({
      setup,
      service: endpoint.service,
      history,
      sender,
      send,
      toolWaitMs: options.toolWaitMs,
      onTurnEnd: offerHandle,
    });
    offerHandle();
    if (options.lifetimeMs > 0) limitLife(options.lifetimeMs);
  }

  function limitLife(ms: number): void {
    const notice = Math.min(GO_AWAY_MS, ms / 2);
    after(ms - notice, () => send({ goAway: { timeLeft: `${notice / 1000}s` } }));
    after(ms, () => refuse(new GeminiRefusal(1008, 'The connection was not closed after goAway.')));
  }

  function receive(message: ClientMessage): void {
    messages++;
    if (!session) {
      if (message.type !== 'setup') throw invalid('setup must be the first message and only the first');
      checkCredential(endpoint, options.apiKey);
      open(readSetup(message.setup, endpoint));
      return;
    }
    if (message.type === 'setup') throw invalid('setup must be the first message and only the first');
    session.take(message);
  }

  const setupTimer = after(SETUP_LIMIT_MS, () =>
    refuse(new GeminiRefusal(1011, 'Deadline expired before operation could complete.')),
  );

  socket.on('message', (data) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) {
      socket.terminate();
      return;
    }
    try {
      receive(readClientMessage(data.toString()));
    } catch (error) {
      if (error instanceof GeminiRefusal) return refuse(error);
      // A bug of the emulator must not take down the server that it runs in. Gemini says the same of its own.
      refuse(new GeminiRefusal(1011, 'Internal error encountered.'));
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  });
  // ws closes by itself after an error (a frame too large: 1009; not WebSocket: 1002); without a listener it would throw.
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const timer of timers) clearTimeout(timer);
    session?.close();
  });
}

/** @throws {GeminiRefusal} */
function checkCredential({ credential }: GeminiEndpoint, apiKey: string | undefined): void {
  if (credential === undefined) {
    throw new GeminiRefusal(
      1008,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of " +
        'API consumer identity to call this API.',
    );
  }
  if (apiKey !== undefined && credential !== apiKey) throw invalid('API key not valid. Please pass a valid API key.');
}
