import { randomUUID } from 'node:crypto';
import { createConversationHistory } from './conversation-history.ts';
import { type ClientMessage, readClientMessage } from './gemini-client-message.ts';
import { checkCredential, type GeminiEndpoint } from './gemini-endpoint.ts';
import { encodeFrame, type ServerMessage } from './gemini-frames.ts';
import { closeReason, GeminiRefusal, invalid } from './gemini-refusal.ts';
import { type GeminiSession, openSession } from './gemini-session.ts';
import { type GeminiSetup, readSetup } from './gemini-setup.ts';
import { createPacedSender } from './paced-sender.ts';
import type { Conversation, ResumptionHandles } from './resumption-handles.ts';
import { createResumptionUpdates, type ResumptionUpdates } from './resumption-updates.ts';
import type { ScenarioAction } from './scenario.ts';
import type { ConnectionScript, ScriptMoment } from './scenario-player.ts';
import { type ConnectionSocket, readSlowly, stopListening } from './socket-trouble.ts';
import { createStrictRules, type StrictRules } from './strict-rules.ts';

export interface GeminiConnectionOptions {
  readonly handles: ResumptionHandles;
  /** Undefined: any key is taken, as long as there is one. */
  readonly apiKey: string | undefined;
  readonly pace: number;
  readonly toolWaitMs: number;
  /** 0: for ever. */
  readonly lifetimeMs: number;
  /** What Gemini only tolerates is refused, too. */
  readonly strict: boolean;
  /** A setup message has come; nothing is known of it yet. */
  onSetup(setup: unknown): void;
  /** The client has done what the protocol does not allow. */
  onViolation(text: string): void;
}

/** A connection whose setup has not come by then is closed with 1011. */
const SETUP_LIMIT_MS = 30_000;
/** goAway comes this long before the end of the connection's life; at half of it if it is short. */
const GO_AWAY_MS = 50_000;
/** A peer that goes on sending and leaves this much unread, bytes, is cut off. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** A peer that does not answer the close within this is cut off. */
const CLOSE_LIMIT_MS = 2_000;
const INTERNAL_ERROR = 'Internal error encountered.';

/** Serves one WebSocket until it closes: frames in, frames out, close codes. What is said is the session's business. */
export function serveConnection(
  { webSocket: socket, stream }: ConnectionSocket,
  endpoint: GeminiEndpoint,
  script: ConnectionScript,
  options: GeminiConnectionOptions,
): void {
  let session: GeminiSession | undefined;
  let conversation: Conversation = {};
  let updates: ResumptionUpdates | undefined;
  let rules: StrictRules | undefined;
  let messages = 0;
  /** The scenario has this connection say and answer nothing any more. */
  let silent = false;
  let refusesHandle = false;
  let withholdsHandle = false;
  const timers = new Set<NodeJS.Timeout>();
  const connection = {
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
  };
  const sender = createPacedSender({
    send(frame, isPiece) {
      transmit(frame);
      if (isPiece) reach('frame');
    },
    bufferedBytes: () => socket.bufferedAmount,
    onStuck: () => socket.terminate(),
    pace: options.pace,
  });

  function isOver(): boolean {
    return silent || !connection.isOpen;
  }

  function after(ms: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms);
    timers.add(timer);
    return timer;
  }

  function clearTimers(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }

  function transmit(frame: Buffer): void {
    if (!isOver()) socket.send(frame);
  }

  function send(message: ServerMessage): void {
    if (isOver()) return;
    socket.send(encodeFrame(message));
    rules?.sent(message);
  }

  function end(code: number, reason: string): void {
    session?.close();
    if (isOver()) return;
    socket.close(code, reason);
    after(CLOSE_LIMIT_MS, () => socket.terminate());
  }

  function refuse({ code, message }: GeminiRefusal): void {
    // 1008 and 1011 are what may befall an honest client: a handle that is too old, a failure of the server.
    if (code === 1007 && !isOver()) options.onViolation(message);
    end(code, closeReason(message));
  }

  /** Does what the scenario has for this moment. Returns whether the connection goes on. */
  function reach(moment: ScriptMoment): boolean {
    for (const action of script.reach(moment)) perform(action);
    return !isOver();
  }

  function perform(action: ScenarioAction): void {
    if (isOver()) return;
    if (action === 'drop') {
      session?.close();
      socket.terminate();
    } else if (action === 'silence') {
      session?.close();
      silent = true;
      clearTimers();
      stopListening(stream);
    } else if (action === 'refuse handle') refusesHandle = true;
    else if (action === 'not resumable') {
      withholdsHandle = true;
      updates?.withhold();
    } else if ('goAway' in action) goAway(action.goAway);
    else if ('close' in action) end(action.close, action.reason ?? '');
    else if ('send' in action)
      transmit(Buffer.from(typeof action.send === 'string' ? action.send : JSON.stringify(action.send)));
    else if ('drain' in action) readSlowly({ webSocket: socket, stream }, action.drain);
  }

  function open(setup: GeminiSetup): void {
    const { resumption } = setup;
    const handle = resumption?.handle;
    const earlier = handle === undefined || refusesHandle ? undefined : options.handles.redeem(handle);
    if (handle !== undefined && !earlier) throw new GeminiRefusal(1008, 'BidiGenerateContent session not found');
    if (earlier?.conversation.connection?.isOpen) {
      if (options.strict) options.onViolation('The session is resumed while its old connection is still open.');
      throw new GeminiRefusal(1011, INTERNAL_ERROR);
    }
    conversation = earlier?.conversation ?? {};
    conversation.connection = connection;
    clearTimeout(setupTimer);
    send({ setupComplete: endpoint.service === 'vertex' ? { sessionId: randomUUID() } : {} });
    const history = createConversationHistory(earlier?.history);
    const told = createResumptionUpdates({
      resumption,
      handles: options.handles,
      history,
      conversation,
      withheld: withholdsHandle,
      messages: () => messages,
      send,
    });
    updates = told;
    session = openSession({
      setup,
      service: endpoint.service,
      history,
      sender,
      send,
      toolWaitMs: options.toolWaitMs,
      onTurnStart: told.turnStarts,
      onTurnEnd() {
        told.turnEnds();
        reach('turn');
      },
    });
    told.offer();
    for (const { ms, action } of script.timed) after(ms, () => perform(action));
    if (options.lifetimeMs > 0) {
      const notice = Math.min(GO_AWAY_MS, options.lifetimeMs / 2);
      after(options.lifetimeMs - notice, () => goAway(notice));
    }
  }

  /** The client has so long to leave, ms. */
  function goAway(ms: number): void {
    send({ goAway: { timeLeft: `${ms / 1000}s` } });
    after(ms, () => {
      const reason = 'The connection was not closed after goAway.';
      if (options.strict && !isOver()) options.onViolation(reason);
      refuse(new GeminiRefusal(1008, reason));
    });
  }

  function receive(message: ClientMessage, frame: string): void {
    messages++;
    if (!session) {
      if (message.type !== 'setup') throw invalid('setup must be the first message and only the first');
      options.onSetup(message.setup);
      if (!reach('setup')) return;
      checkCredential(endpoint, options.apiKey);
      const setup = readSetup(message.setup, endpoint);
      if (options.strict)
        rules = createStrictRules(message.setup, setup, endpoint.service, (payload) => socket.ping(payload));
      open(setup);
      return;
    }
    if (!reach('heard')) return;
    if (message.type === 'setup') throw invalid('setup must be the first message and only the first');
    rules?.check(message, frame);
    session.take(message);
  }

  const setupTimer = after(SETUP_LIMIT_MS, () =>
    refuse(new GeminiRefusal(1011, 'Deadline expired before operation could complete.')),
  );

  socket.on('message', (data) => {
    if (isOver()) return;
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) {
      socket.terminate();
      return;
    }
    try {
      const frame = data.toString();
      receive(readClientMessage(frame), frame);
    } catch (error) {
      if (error instanceof GeminiRefusal) return refuse(error);
      // A bug of the emulator must not take down the server that it runs in. Gemini says the same of its own.
      refuse(new GeminiRefusal(1011, INTERNAL_ERROR));
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  });
  socket.on('pong', (payload) => rules?.acknowledge(payload.toString()));
  // ws closes by itself after an error (a frame too large: 1009; not WebSocket: 1002); without a listener it would throw.
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimers();
    session?.close();
    if (conversation.connection === connection) conversation.connection = undefined;
  });
}
