import { randomUUID } from 'node:crypto';
import type { RawData } from 'ws';
import { ConversationHistory } from '../conversation-history.ts';
import { PacedSender } from '../paced-sender.ts';
import type { ScenarioAction } from '../scenario.ts';
import type { ConnectionScript, ScriptMoment } from '../scenario-player.ts';
import { type ConnectionSocket, readSlowly, stopListening } from '../socket-trouble.ts';
import { Timers } from '../timers.ts';
import { type ClientMessage, readClientMessage } from './client-message.ts';
import type { GeminiConnectionOptions } from './connection-options.ts';
import { checkCredential, type GeminiEndpoint } from './endpoint.ts';
import { encodeFrame, type ServerMessage } from './frames.ts';
import { HeldMessages } from './held-messages.ts';
import { GeminiRefusal, invalidArgument, truncateCloseReason } from './refusal.ts';
import type { Conversation, Resumable } from './resumption-handles.ts';
import { ResumptionUpdates } from './resumption-updates.ts';
import { GeminiSession } from './session.ts';
import { type GeminiSetup, readSetup } from './setup.ts';
import { StrictRules } from './strict-rules.ts';

/** Maximum wait for the setup message, in ms. At the limit the connection is closed with 1011. */
const SETUP_LIMIT_MS = 30_000;
/** Time between goAway and the end of the connection, in ms. In a short life goAway comes at half of it. */
const GO_AWAY_MS = 50_000;
/** Maximum number of bytes that a sending peer may leave unread. At the limit the connection is terminated. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** Maximum wait for the peer's answer to a close frame, in ms. At the limit the connection is terminated. */
const CLOSE_LIMIT_MS = 2_000;
const INTERNAL_ERROR = 'Internal error encountered.';

/** Serves one WebSocket: frames, close codes and the faults of the scenario. `GeminiSession` holds the conversation. */
export class GeminiConnection {
  readonly #socket: ConnectionSocket['webSocket'];
  readonly #stream: ConnectionSocket['stream'];
  readonly #endpoint: GeminiEndpoint;
  readonly #script: ConnectionScript;
  readonly #options: GeminiConnectionOptions;
  readonly #sender: PacedSender;
  readonly #timers = new Timers();
  #setupTimer: NodeJS.Timeout | undefined;
  #session: GeminiSession | undefined;
  #conversation: Conversation | undefined;
  #history: ConversationHistory | undefined;
  #updates: ResumptionUpdates | undefined;
  #rules: StrictRules | undefined;
  #messageCount = 0;
  /** Whether the scenario has silenced this connection: nothing is sent or answered any more. */
  #silent = false;
  /** Whether the scenario has the message that has just arrived ignored. */
  #ignoresMessage = false;
  /** `undefined`: the family never reacts to an ignored message. */
  #held: HeldMessages | undefined;
  #refusesHandle = false;
  #withholdsHandle = false;

  constructor(
    { webSocket, stream }: ConnectionSocket,
    endpoint: GeminiEndpoint,
    script: ConnectionScript,
    options: GeminiConnectionOptions,
  ) {
    this.#socket = webSocket;
    this.#stream = stream;
    this.#endpoint = endpoint;
    this.#script = script;
    this.#options = options;
    this.#sender = new PacedSender({
      send: (frame, isPiece) => {
        this.#transmit(frame);
        if (isPiece) this.#reach('frame');
      },
      bufferedBytes: () => webSocket.bufferedAmount,
      onStuck: () => webSocket.terminate(),
      pace: options.pace,
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** The session as this connection has left it. */
  get state(): Pick<Resumable, 'history' | 'hasOpenCalls'> {
    return { history: this.#history?.turns ?? [], hasOpenCalls: this.#session?.hasOpenCalls ?? false };
  }

  /** Starts to serve the WebSocket. */
  start(): void {
    this.#setupTimer = this.#timers.runAfter(SETUP_LIMIT_MS, () =>
      this.#refuse(new GeminiRefusal(1011, 'Deadline expired before operation could complete.')),
    );
    this.#socket.on('message', (data) => this.#onFrame(data));
    this.#socket.on('pong', (payload) => this.#rules?.onPong(payload.toString()));
    // ws closes the socket after an error (a frame too large: 1009, a protocol error: 1002). Without a listener it would throw.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#onClose());
  }

  #onFrame(data: RawData): void {
    if (this.#isOver()) return;
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.#socket.terminate();
      return;
    }
    try {
      const frame = data.toString();
      this.#receive(readClientMessage(frame), frame);
    } catch (error) {
      if (error instanceof GeminiRefusal) {
        this.#refuse(error);
        return;
      }
      // Close as Gemini does for its own faults: a bug of the emulator must not end the process that runs it.
      this.#refuse(new GeminiRefusal(1011, INTERNAL_ERROR));
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  #onClose(): void {
    this.#timers.clearAll();
    // Handles outlive the connection: let them keep what it knew, and not its socket.
    if (this.#conversation?.connection === this) this.#conversation.connection = { isOpen: false, state: this.state };
    this.#session?.close();
  }

  #receive(message: ClientMessage, frame: string): void {
    this.#messageCount++;
    if (!this.#session) {
      if (message.type !== 'setup') throw invalidArgument('setup must be the first message and only the first');
      this.#receiveSetup(message.setup);
      return;
    }
    this.#ignoresMessage = false;
    if (!this.#reach('heard')) return;
    if (message.type === 'setup') throw invalidArgument('setup must be the first message and only the first');
    this.#rules?.checkMessage(message, frame);
    if (this.#ignoresMessage) this.#held?.hold(message);
    else for (const each of this.#held?.release(message) ?? [message]) this.#session.handleMessage(each);
  }

  #receiveSetup(value: unknown): void {
    const { onSetup, apiKey, model, strict } = this.#options;
    onSetup(value);
    if (!this.#reach('setup')) return;
    checkCredential(this.#endpoint, apiKey);
    const setup = readSetup(value, this.#endpoint, model);
    if (strict) {
      const ping = (payload: string) => this.#socket.ping(payload);
      this.#rules = new StrictRules(value, setup, this.#endpoint.service, ping);
    }
    if (setup.family.waitsForInput) this.#held = new HeldMessages();
    this.#openSession(setup);
  }

  #openSession(setup: GeminiSetup): void {
    const { handles, toolWaitMs } = this.#options;
    const { service } = this.#endpoint;
    const earlier = this.#redeemHandle(setup.resumption?.handle, setup.model);
    const conversation = earlier?.conversation ?? {};
    const left = setup.family.resumesAtLoss ? (conversation.connection?.state ?? earlier) : earlier;
    conversation.connection = this;
    this.#conversation = conversation;
    conversation.instruction ??= setup.instruction;
    conversation.model ??= setup.model;
    clearTimeout(this.#setupTimer);
    const send = (message: ServerMessage) => this.#send(message);
    send({ setupComplete: service === 'vertex' ? { sessionId: randomUUID() } : {} });
    const history = new ConversationHistory(left?.history);
    this.#history = history;
    const updates = new ResumptionUpdates({
      resumption: setup.resumption,
      handles,
      history,
      conversation,
      withheld: this.#withholdsHandle,
      hasOpenCalls: () => this.#session?.hasOpenCalls ?? false,
      countMessages: () => this.#messageCount,
      send,
    });
    this.#updates = updates;
    this.#session = new GeminiSession({
      setup: { ...setup, instruction: conversation.instruction },
      service,
      history,
      awaitsLostCalls: (left?.hasOpenCalls ?? false) && setup.family.waitsForLostCalls,
      sender: this.#sender,
      send,
      toolWaitMs,
      onInstruction: (instruction) => {
        conversation.instruction = instruction;
      },
      onTurnStart: () => updates.onTurnStart(),
      onTurnEnd: () => {
        updates.onTurnEnd();
        this.#reach('turn');
      },
    });
    updates.sendHandle();
    this.#startTimers();
  }

  /** Returns the conversation that a setup resumes. @throws {GeminiRefusal} 1008 for a handle that is unknown or of another model, 1011 for one in use */
  #redeemHandle(handle: string | undefined, model: string): Resumable | undefined {
    if (handle === undefined) return undefined;
    const earlier = this.#refusesHandle ? undefined : this.#options.handles.redeem(handle);
    if (!earlier || earlier.conversation.model !== model)
      throw new GeminiRefusal(1008, 'BidiGenerateContent session not found');
    if (!earlier.conversation.connection?.isOpen) return earlier;
    if (this.#options.strict)
      this.#options.onViolation('The session is resumed while its old connection is still open.');
    throw new GeminiRefusal(1011, INTERNAL_ERROR);
  }

  /** Starts the timers of the scenario and of the connection's lifetime. */
  #startTimers(): void {
    for (const { ms, action } of this.#script.timed) this.#timers.runAfter(ms, () => this.#perform(action));
    const { lifetimeMs } = this.#options;
    if (lifetimeMs === 0) return;
    const noticeMs = Math.min(GO_AWAY_MS, lifetimeMs / 2);
    this.#timers.runAfter(lifetimeMs - noticeMs, () => this.#goAway(noticeMs));
  }

  /** @param ms time that the client has to leave, in ms */
  #goAway(ms: number): void {
    this.#send({ goAway: { timeLeft: `${ms / 1000}s` } });
    this.#timers.runAfter(ms, () => {
      const reason = 'The connection was not closed after goAway.';
      if (this.#options.strict && !this.#isOver()) this.#options.onViolation(reason);
      this.#refuse(new GeminiRefusal(1008, reason));
    });
  }

  /** Performs the actions that the scenario has for a moment. Returns whether the connection continues. */
  #reach(moment: ScriptMoment): boolean {
    for (const action of this.#script.reach(moment)) this.#perform(action);
    return !this.#isOver();
  }

  #perform(action: ScenarioAction): void {
    if (this.#isOver()) return;
    if (action === 'drop') {
      this.#session?.close();
      this.#socket.terminate();
    } else if (action === 'silence') this.#fallSilent();
    else if (action === 'ignore') this.#ignoresMessage = true;
    else if (action === 'refuse handle') this.#refusesHandle = true;
    else if (action === 'not resumable') {
      this.#withholdsHandle = true;
      this.#updates?.withholdHandles();
    } else if ('goAway' in action) this.#goAway(action.goAway);
    else if ('close' in action) this.#end(action.close, action.reason ?? '');
    else if ('send' in action)
      this.#transmit(Buffer.from(typeof action.send === 'string' ? action.send : JSON.stringify(action.send)));
    else if ('drain' in action) readSlowly({ webSocket: this.#socket, stream: this.#stream }, action.drain);
  }

  #fallSilent(): void {
    this.#session?.close();
    this.#silent = true;
    this.#timers.clearAll();
    stopListening(this.#stream);
  }

  #isOver(): boolean {
    return this.#silent || !this.isOpen;
  }

  #transmit(frame: Buffer): void {
    if (!this.#isOver()) this.#socket.send(frame);
  }

  #send(message: ServerMessage): void {
    if (this.#isOver()) return;
    this.#socket.send(encodeFrame(message, this.#endpoint.service));
    this.#rules?.onSent(message);
  }

  #refuse({ code, message }: GeminiRefusal): void {
    // Report 1007 only: 1008 and 1011 also meet an honest client, as for an expired handle or a failure of the server.
    if (code === 1007 && !this.#isOver()) this.#options.onViolation(message);
    this.#end(code, truncateCloseReason(message));
  }

  #end(code: number, reason: string): void {
    this.#session?.close();
    if (this.#isOver()) return;
    this.#socket.close(code, reason);
    this.#timers.runAfter(CLOSE_LIMIT_MS, () => this.#socket.terminate());
  }
}
