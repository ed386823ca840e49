import { computed, signal } from '@preact/signals';
import type { Client, Message, Refusal, Statistics } from '../client/index.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { readActivity } from './activity.ts';
import { AnswerStopper } from './answer-stopper.ts';
import type { AttachedImage } from './attached-image.ts';
import type { ConnectionState } from './connection-state.ts';
import { ConversationChoice } from './conversation-choice.ts';
import { ConversationLink } from './conversation-link.ts';
import type { Environment } from './environment.ts';
import { Losses } from './losses.ts';
import {
  createEndedNotice,
  createEventNotice,
  createNewConversationNotice,
  createOfflineNotice,
  type Notice,
  OTHER_VERSION,
} from './notice.ts';
import { Notices } from './notices.ts';
import { resolveRejection } from './resolve-rejection.ts';
import type { ServerEvent } from './server-event.ts';
import { SessionState } from './session-state.ts';
import { limitTranscript } from './transcript/limit-transcript.ts';
import { isUnsent } from './transcript/reset.ts';
import { findOpenAnswer, reduceTranscript, type TranscriptAction } from './transcript/transcript.ts';
import { EMPTY_TRANSCRIPT } from './transcript/transcript-state.ts';
import { TypedMessages } from './typed-messages.ts';
import { Talk } from './voice/talk.ts';
import type { VoiceControl } from './voice/voice-control.ts';

/** A live conversation: the state that the page shows, and the actions of the user. */
export class Conversation {
  readonly transcript = signal(EMPTY_TRANSCRIPT);
  readonly talk: Talk;

  readonly #environment: Environment;
  readonly #notices = new Notices();
  readonly #session = new SessionState();
  readonly #link = new ConversationLink({
    onEvent: (event) => this.#receive(event),
    onConnection: (state) => this.#onConnection(state),
    onRejected: (client, refusal) => void this.#onRejected(client, refusal),
    onNotice: (notice) => this.notify(notice),
    onSpeechDropped: () => this.#losses.onSpeechDropped(),
    onTraffic: (traffic) => this.#environment.onTraffic(traffic),
  });
  readonly #typed: TypedMessages;
  readonly #stopper: AnswerStopper;
  readonly #losses: Losses;
  readonly #fetch: typeof fetch;
  /** Which conversation is open. */
  readonly choice: ConversationChoice;

  readonly connection = this.#link.connection;
  readonly rung = this.#link.rung;
  readonly session = this.#session.session;
  readonly totalTokens = this.#session.totalTokens;
  readonly upstream = this.#session.upstream;
  readonly notices = this.#notices.shown;
  readonly voice: VoiceControl['state'];
  readonly playback: VoiceControl['playback'];

  readonly canInterrupt = computed(() => this.#stopper.canStop);
  readonly activity = computed(() =>
    readActivity({
      connection: this.connection,
      upstream: this.upstream,
      transcript: this.transcript,
      voice: this.talk.voice,
    }),
  );
  readonly isEmpty = computed(() => this.transcript.value.turns.length === 0);

  constructor(environment: Environment) {
    this.#environment = environment;
    const parts = {
      transcript: this.transcript,
      getClient: () => this.#link.client,
      dispatch: (action: TranscriptAction) => this.#dispatch(action),
      notify: (notice: Notice) => this.notify(notice),
      dismiss: (key: Notice['key']) => this.dismiss(key),
    };
    // A browser's fetch refuses to run as a method of another object.
    this.#fetch = environment.network.fetch ?? ((input, init) => fetch(input, init));
    this.choice = new ConversationChoice({
      account: environment.account,
      fetch: this.#fetch,
      open: () => this.open(),
      isEmpty: () => this.isEmpty.value,
      notify: parts.notify,
    });
    this.talk = new Talk({
      ...environment,
      ...parts,
      reopenIfEnded: () => this.#reopenIfEnded(),
      onInterrupted: () => this.#stopper.stopByInput(),
      showHeard: (id, heard) => this.#dispatch({ name: 'heard', id, heard }),
    });
    this.#stopper = new AnswerStopper({ ...parts, talk: this.talk, isOver: () => this.#isOver });
    this.#typed = new TypedMessages({ ...parts, onSent: () => this.dismiss('send') });
    this.#losses = new Losses({
      findAttached: (bitmap) => this.#typed.findAttached(bitmap),
      sendMessage: (text, image) => this.sendMessage(text, image),
      notify: parts.notify,
    });
    this.voice = this.talk.voice.state;
    this.playback = this.talk.voice.playback;
  }

  /** Opens the conversation of the user: for a new page, and to continue one that has ended. */
  open(): void {
    this.#session.leave();
    const { network, settings } = this.#environment;
    const { ids, left } = this.choice.adopt();
    // The page shows nothing of another conversation, and sends nothing that was typed for it.
    if (left !== undefined) this.#leave(left);
    this.talk.follow(this.choice.name.peek());
    // Another page may be speaking with the agent: a page without voice asks for no modality, and receives no speech.
    const audio = this.talk.voice.isOpen ? { isAudio: settings.wantsSpeech } : { receivesAudio: false };
    this.#link.open({ ...ids, ...audio, history: true, ...settings.speech, ...network });
    this.#typed.resend();
  }

  /** Measurements of the client; `undefined` before the conversation is opened. */
  get statistics(): Statistics | undefined {
    return this.#link.client?.statistics;
  }

  close(): void {
    this.talk.end();
    this.#link.close();
    this.#session.leave();
  }

  retryNow(): void {
    if (this.#link.hasFailed) this.open();
    else this.#link.retryNow();
  }

  /** Sends text with or without a picture. Stops the current answer, because the user no longer waits for it. */
  sendMessage(text: string, image?: AttachedImage): void {
    this.#stopper.stopByInput();
    this.dismiss('new');
    this.#typed.send(text, image);
  }

  /** Answers a call of the agent that waits for the user. The calls show what came of it: the first answer of all pages counts. */
  confirmTool(id: string, ok: boolean): void {
    void this.#link.client?.confirmTool(id, ok);
  }

  interrupt(): void {
    void this.#stopper.stop();
  }

  /** Has the agent speak in the voice and the language of the settings. */
  applySpeech(): void {
    void this.#link.client?.setSpeech(this.#environment.settings.speech);
  }

  /** Starts a new conversation. The server keeps the old one, unless it was deleted. */
  startOver(): void {
    this.talk.end();
    if (this.#isDeleted) this.#replaceDeleted();
    else this.notify(createNewConversationNotice(this.choice.openNew()));
  }

  /** Ends a call, and opens a conversation that the server keeps. */
  openStored(sessionId: string): void {
    if (sessionId === this.choice.sessionId.peek()) return;
    this.talk.end();
    this.choice.openStored(sessionId);
  }

  /** Begins a new conversation in the place of one that the user has deleted. */
  leaveDeleted(): void {
    this.talk.end();
    this.choice.openNew();
  }

  /** Closes the connection while nobody sees the page, unless the user talks. */
  pause(): void {
    if (this.voice.value === 'off') this.#link.pause();
  }

  /** Continues after `pause`. */
  resume(): void {
    this.talk.refresh();
    this.#link.resume();
  }

  /** Leaves the conversation, and shows nothing more of it: the user has signed out. */
  leave(): void {
    this.close();
    this.#leave(this.choice.name.peek());
    this.#link.change({ phase: 'signed-out' });
  }

  notify(notice: Notice): void {
    this.#notices.add(notice);
  }

  dismiss(key: Notice['key']): void {
    this.#notices.remove(key);
  }

  async #onRejected(client: Client, refusal: Refusal): Promise<void> {
    const { account, settings } = this.#environment;
    const { userId } = this.choice;
    const isEmpty = this.isEmpty.value;
    this.choice.stopOpening();
    const resolution = await resolveRejection(refusal, { account, settings, userId, isEmpty, open: () => this.open() });
    if (client !== this.#link.client) return;
    if (resolution.kind === 'reopen') this.open();
    else if (resolution.kind === 'offline') this.#link.change({ phase: 'offline' });
    else this.#requireSignIn(resolution.byApp);
    // The notice replaces that of the state of the connection.
    if ('notice' in resolution && resolution.notice) this.notify(resolution.notice);
  }

  /** Asks for a sign-in, because the server refuses the credentials of a request beside those of the conversation. */
  async onUnauthorized(): Promise<void> {
    const byApp = await this.#environment.account.isSignInByApp();
    // The connection may have been refused meanwhile.
    if (this.connection.value.phase === 'signed-out') return;
    this.#link.close();
    this.#requireSignIn(byApp);
  }

  #requireSignIn(byApp: boolean): void {
    this.talk.end();
    this.#link.change({ phase: 'signed-out' });
    this.#environment.account.requireSignIn(byApp);
  }

  /** Forgets what belongs to one user or conversation. @param name of the conversation that is left */
  #leave(name: string): void {
    const unsent = this.transcript.peek().turns.filter(isUnsent);
    const text = unsent.map((turn) => turn.text).join('\n');
    const image = this.#typed.findAttached(unsent.findLast((turn) => turn.image)?.image);
    if (unsent.length > 0) this.#environment.onUnsent(name, text, image);
    this.#typed.clear();
    this.transcript.value = EMPTY_TRANSCRIPT;
    this.#session.clear();
    this.#notices.clear();
  }

  #receive(event: ServerEvent): void {
    // The page shows what was typed here already.
    if (event.name === 'user_message' && event.data.client === this.session.value?.client) return;
    if (event.name === 'session' && this.#session.isOtherServer(event.data)) this.notify(OTHER_VERSION);
    this.#session.onEvent(event);
    if (event.name === 'settings') this.talk.onSettings(event.data);
    else if (event.name === 'session') this.talk.voice.setPushToTalk(event.data.manual_activity === true);
    else if (event.name === 'reset') this.choice.onReceived(event.data.turns.length === 0);
    if (event.name === 'reset')
      this.#losses.onReset(this.transcript.peek(), event.data, this.session.value?.limits.linger_ms);
    if (event.name === 'storage') this.dismiss('storage');
    const notice = createEventNotice(event);
    if (notice) this.notify(notice);
    const { discarding } = this.transcript.value;
    this.#dispatch({ ...event, at: performance.now() });
    if (event.name === 'reset') void this.#loadPictures(event.data);
    if (event.name === 'message' && (!discarding || 'turn_complete' in event.data)) this.#receiveMessage(event.data);
  }

  /** Loads the pictures of a reset, with a script that few conversations need. Without it they stay numbers. */
  async #loadPictures(reset: ConnectionEvents['reset']): Promise<void> {
    if (!reset.turns.some(({ images, tools }) => images || tools?.some((tool) => tool.images))) return;
    const { address } = this.choice;
    const { turns } = this.transcript.value;
    const script = await import('./stored-pictures.ts').catch(() => undefined);
    if (!script || address !== this.choice.address) return;
    const options = { fetch: this.#fetch, locate: () => this.choice.address };
    const dispatch = (action: TranscriptAction) => this.#dispatch(action);
    await new script.StoredPictures({ ...options, dispatch }).load(reset, turns);
  }

  #receiveMessage(message: Message): void {
    this.dismiss('turn_complete' in message ? 'slow' : 'model');
    this.talk.play(message, findOpenAnswer(this.transcript.value)?.id);
  }

  /** Whether the conversation has ended, or the server has refused the client for good. */
  get #isOver(): boolean {
    return this.connection.value.phase === 'ended' || this.#link.hasFailed;
  }

  #reopenIfEnded(): boolean {
    const hasEnded = this.#isOver;
    if (hasEnded && this.#isDeleted) this.#replaceDeleted();
    else if (hasEnded) this.open();
    return hasEnded;
  }

  #onConnection(state: ConnectionState): void {
    this.#losses.onConnection(state);
    if (state.phase === 'live') {
      this.#environment.account.onAccepted();
      this.dismiss('connection');
      this.talk.voice.markOn();
    }
    if (state.phase === 'offline') this.notify(createOfflineNotice(state.error, () => this.retryNow()));
    if (state.phase !== 'ended') return;
    // Nobody hears the user any more, and nobody can continue the conversation.
    if (this.#isDeleted) this.talk.end();
    this.notify(this.#createEndedNotice());
  }

  /** Whether the open conversation was deleted elsewhere. */
  get #isDeleted(): boolean {
    return this.#session.endReason === 'deleted';
  }

  /** Begins a new conversation in the place of one that was deleted elsewhere. What was written for that one is for the new one. */
  #replaceDeleted(): void {
    const before = this.choice.name.peek();
    this.choice.openNew();
    this.#environment.onReplaced(before, this.choice.name.peek());
  }

  #createEndedNotice(): Notice {
    const continueConversation = () => this.open();
    return createEndedNotice(this.#session.endReason, { continueConversation, startOver: () => this.startOver() });
  }

  #dispatch(action: TranscriptAction): void {
    const previous = this.transcript.value;
    this.transcript.value = limitTranscript(reduceTranscript(previous, action), previous);
  }
}
