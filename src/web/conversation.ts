import { computed, signal } from '@preact/signals';
import type { Client, Message, Refusal, Rung, Statistics } from '../client/index.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import { readActivity } from './activity.ts';
import { AnswerStopper } from './answer-stopper.ts';
import type { AttachedImage } from './attached-image.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Environment } from './environment.ts';
import type { ConversationIds } from './identity.ts';
import { ModelStatus } from './model-status.ts';
import {
  CONVERSATION_FORGOTTEN,
  createEndedNotice,
  createEventNotice,
  createNewConversationNotice,
  createOfflineNotice,
  type Notice,
  OTHER_VERSION,
} from './notice.ts';
import { Notices } from './notices.ts';
import { openClient } from './open-client.ts';
import { resolveRejection } from './resolve-rejection.ts';
import type { ServerEvent } from './server-event.ts';
import { limitTranscript } from './transcript/limit-transcript.ts';
import { isForgotten } from './transcript/reset.ts';
import { findOpenAnswer, reduceTranscript, type TranscriptAction } from './transcript/transcript.ts';
import { EMPTY_TRANSCRIPT } from './transcript/transcript-state.ts';
import { TypedMessages } from './typed-messages.ts';
import { Talk } from './voice/talk.ts';
import type { VoiceControl } from './voice/voice-control.ts';

/** A live conversation: the state that the page shows, and the actions of the user. */
export class Conversation {
  readonly connection = signal<ConnectionState>({ phase: 'connecting' });
  /** Transport of the down connection. */
  readonly rung = signal<Rung>('stream');
  readonly session = signal<ConnectionEvents['session'] | undefined>(undefined);
  readonly transcript = signal(EMPTY_TRANSCRIPT);
  readonly totalTokens = signal(0);
  readonly talk: Talk;

  readonly #environment: Environment;
  readonly #notices = new Notices();
  readonly #model = new ModelStatus();
  readonly #voice: VoiceControl;
  readonly #typed = new TypedMessages({
    getClient: () => this.#client,
    dispatch: (action) => this.#dispatch(action),
    onSent: () => this.dismiss('send'),
  });
  readonly #stopper: AnswerStopper;
  #client: Client | undefined;
  #ids: ConversationIds | undefined;
  /** Name and version of the server, as of the first connection the one that the page came from. */
  #server: string | undefined;
  /** Reason of the server for the end of the conversation. */
  #endReason: string | undefined;

  /** State of the model, if the user should know it. */
  readonly upstream = this.#model.upstream;
  readonly notices = this.#notices.shown;
  readonly voice: VoiceControl['state'];
  readonly playback: VoiceControl['playback'];

  readonly canInterrupt = computed(() => this.#stopper.canStop);
  readonly activity = computed(() =>
    readActivity({
      connection: this.connection,
      upstream: this.upstream,
      transcript: this.transcript,
      voice: this.#voice,
    }),
  );
  readonly isEmpty = computed(() => this.transcript.value.turns.length === 0);

  constructor(environment: Environment) {
    this.#environment = environment;
    this.talk = new Talk({
      ...environment,
      getClient: () => this.#client,
      reopenIfEnded: () => this.#reopenIfEnded(),
      onInterrupted: () => this.#stopper.stopByInput(),
      showHeard: (id, heard) => this.#dispatch({ name: 'heard', id, heard }),
      notify: (notice) => this.notify(notice),
      dismiss: (key) => this.dismiss(key),
    });
    this.#stopper = new AnswerStopper({
      transcript: this.transcript,
      talk: this.talk,
      getClient: () => this.#client,
      dispatch: (action) => this.#dispatch(action),
      notify: (notice) => this.notify(notice),
    });
    this.#voice = this.talk.voice;
    this.voice = this.#voice.state;
    this.playback = this.#voice.playback;
  }

  /** Opens the conversation of the user: for a new page, and to continue one that has ended. */
  open(): void {
    this.#client?.close();
    this.#model.update(undefined);
    this.#endReason = undefined;
    const ids = this.#environment.account.getIds();
    // The page shows nothing of another user's conversation, and sends nothing that was typed for it.
    if (ids.userId !== this.#ids?.userId || ids.sessionId !== this.#ids.sessionId) this.#clear();
    this.#ids = ids;
    this.talk.follow(`${ids.userId}/${ids.sessionId ?? ''}`);
    this.#changeConnection({ phase: 'connecting' });
    const { network, settings, onTraffic } = this.#environment;
    // Another page may be speaking with the agent: a page without voice asks for no modality, and receives no speech.
    const audio = this.#voice.isOpen ? { isAudio: settings.wantsSpeech } : { receivesAudio: false };
    this.#client = openClient(
      { ...ids, ...audio, history: true, ...settings.speech, ...network },
      {
        onEvent: (event) => this.#receive(event),
        onConnection: (state) => this.#changeConnection(state),
        rung: this.rung,
        onRejected: (client, refusal) => void this.#onRejected(client, refusal),
        onNotice: (notice) => this.notify(notice),
        onTraffic,
      },
    );
    this.#typed.resend();
  }

  /** Measurements of the client; `undefined` before the conversation is opened. */
  get statistics(): Statistics | undefined {
    return this.#client?.statistics;
  }

  close(): void {
    this.talk.end();
    this.#client?.close();
    this.#model.update(undefined);
  }

  retryNow(): void {
    if (this.#client?.state === 'failed') this.open();
    else if (this.connection.value.phase !== 'live') this.#client?.reconnect();
  }

  /** Sends text with or without a picture. Stops the current answer, because the user no longer waits for it. */
  sendMessage(text: string, image?: AttachedImage): void {
    this.#stopper.stopByInput();
    this.dismiss('new');
    this.#typed.send(text, image);
  }

  interrupt(): void {
    void this.#stopper.stop();
  }

  /** Switches voice on. Call it in a click handler. */
  startAudio(): Promise<void> {
    return this.talk.start();
  }

  /** Has the agent speak in the voice and the language of the settings. */
  applySpeech(): void {
    void this.#client?.setSpeech(this.#environment.settings.speech);
  }

  stopAudio(): void {
    this.talk.stop();
  }

  /** Starts a new conversation under new ids. The server keeps the old one. */
  startOver(): void {
    this.talk.end();
    const { account } = this.#environment;
    const previous = account.getIds();
    account.renewIds();
    this.open();
    const undo = () => {
      account.useIds(previous);
      this.open();
    };
    this.notify(createNewConversationNotice(undo));
  }

  /** Closes the connection while nobody sees the page: a browser opens only six to a server, for all tabs together. WebSockets do not count. */
  pause(): void {
    const { phase } = this.connection.value;
    if (this.voice.value !== 'off' || this.rung.value === 'ws' || (phase !== 'live' && phase !== 'connecting')) return;
    this.#client?.pause();
  }

  /** Continues after `pause`. */
  resume(): void {
    this.talk.refresh();
    if (this.connection.value.phase === 'paused') this.#client?.reconnect();
  }

  /** Leaves the conversation, and shows nothing more of it: the user has signed out. */
  leave(): void {
    this.close();
    this.#clear();
    this.#changeConnection({ phase: 'signed-out' });
  }

  notify(notice: Notice): void {
    this.#notices.add(notice);
  }

  dismiss(key: Notice['key']): void {
    this.#notices.remove(key);
  }

  async #onRejected(client: Client, refusal: Refusal): Promise<void> {
    const { account, settings } = this.#environment;
    const [userId, isEmpty] = [this.#ids?.userId, this.isEmpty.value];
    const resolution = await resolveRejection(refusal, { account, settings, userId, isEmpty, open: () => this.open() });
    if (client !== this.#client) return;
    if ('notice' in resolution && resolution.notice) this.notify(resolution.notice);
    if (resolution.kind === 'reopen') this.open();
    else if (resolution.kind === 'offline') this.connection.value = { phase: 'offline' };
    else {
      this.talk.end();
      this.#changeConnection({ phase: 'signed-out' });
      account.requireSignIn(resolution.byApp);
    }
  }

  /** Forgets what belongs to one user or conversation. */
  #clear(): void {
    this.#typed.clear();
    this.transcript.value = EMPTY_TRANSCRIPT;
    this.session.value = undefined;
    this.totalTokens.value = 0;
    this.#notices.clear();
  }

  #receive(event: ServerEvent): void {
    // The page shows what was typed here already.
    if (event.name === 'user_message' && event.data.client === this.session.value?.client) return;
    if (event.name === 'settings') this.#onSettings(event.data);
    else if (event.name === 'session') this.#onSession(event.data);
    else if (event.name === 'status') this.#model.update(event.data.upstream);
    // Forget the state of the model at a reset, because a newer one may be among the missed events.
    else if (event.name === 'reset') {
      this.#model.update(undefined);
      if (isForgotten(this.transcript.value, event.data)) this.notify(CONVERSATION_FORGOTTEN);
    } else if (event.name === 'end') this.#endReason = event.data.reason;
    else if (event.name === 'usage') this.totalTokens.value = event.data.total_tokens || this.totalTokens.value;
    const notice = createEventNotice(event);
    if (notice) this.notify(notice);
    const { discarding } = this.transcript.value;
    this.#dispatch({ ...event, at: performance.now() });
    if (event.name === 'message' && (!discarding || 'turn_complete' in event.data)) this.#receiveMessage(event.data);
  }

  #onSettings(settings: LogEvents['settings']): void {
    if (this.session.value) this.session.value = { ...this.session.value, modality: settings.modality };
    this.talk.onSettings(settings);
  }

  #onSession(session: ConnectionEvents['session']): void {
    if (this.#server !== undefined && session.server !== this.#server) this.notify(OTHER_VERSION);
    this.#server = session.server;
    this.session.value = session;
    this.#voice.setPushToTalk(session.manual_activity === true);
  }

  #receiveMessage(message: Message): void {
    this.dismiss('turn_complete' in message ? 'slow' : 'model');
    this.talk.play(message, findOpenAnswer(this.transcript.value)?.id);
  }

  #reopenIfEnded(): boolean {
    const hasEnded = this.connection.value.phase === 'ended' || this.#client?.state === 'failed';
    if (hasEnded) this.open();
    return hasEnded;
  }

  #changeConnection(state: ConnectionState): void {
    this.connection.value = state;
    if (state.phase === 'live') {
      this.#environment.account.onAccepted();
      this.dismiss('connection');
      this.#voice.markOn();
    }
    if (state.phase === 'offline') this.notify(createOfflineNotice(state.error, () => this.retryNow()));
    if (state.phase === 'ended') this.notify(createEndedNotice(this.#endReason, () => this.open()));
  }

  #dispatch(action: TranscriptAction): void {
    const previous = this.transcript.value;
    this.transcript.value = limitTranscript(reduceTranscript(previous, action), previous);
  }
}
