import { computed, signal } from '@preact/signals';
import { pcm16ToBytes } from '../audio/pcm.ts';
import { type Client, createClient, type Item, type Message, type Rung, type Sent } from '../client/index.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { AttachedImage } from './attached-image.ts';
import { type ConnectionState, stateAfter, stateOf } from './connection-state.ts';
import { sayError } from './error-text.ts';
import { explainMicrophoneError } from './microphone-trouble.ts';
import {
  AUDIO_LOST,
  BAD_IMAGE,
  ended,
  MICROPHONE_GONE,
  type Notice,
  soundPaused,
  unreachable,
  withNotice,
  withoutNotice,
} from './notice.ts';
import type { PlaybackStats } from './playback-buffer.ts';
import { EVENT_NAMES, type ServerEvent } from './server-event.ts';
import type { Surroundings } from './surroundings.ts';
import { EMPTY_TRANSCRIPT, hasOpenAnswer, isAnswering, reduceTranscript, type TranscriptAction } from './transcript.ts';
import type { Voice, VoiceOptions } from './voice.ts';

const SILENT: PlaybackStats = { bufferedMs: 0, playedMs: 0, playing: false, underruns: 0, level: 0 };
/** An interruption is confirmed by the server; if that does not come, nothing was there to interrupt. */
const DISCARD_MS = 3_000;
/** A model that is lost and back within this is nobody's business, ms. */
const RECONNECTING_MS = 1_000;

/** One live conversation: what the page shows, and what can be done. */
export class Conversation {
  readonly connection = signal<ConnectionState>({ phase: 'connecting' });
  /** The way down that the network lets through. */
  readonly rung = signal<Rung>('stream');
  readonly session = signal<ConnectionEvents['session'] | undefined>(undefined);
  /** Of the model: what the user should know of it. */
  readonly upstream = signal<LogEvents['status']['upstream'] | undefined>(undefined);
  readonly transcript = signal(EMPTY_TRANSCRIPT);
  readonly totalTokens = signal(0);
  readonly notices = signal<readonly Notice[]>([]);
  readonly voice = signal<'off' | 'starting' | 'on'>('off');
  readonly muted = signal(false);
  readonly microphoneLevel = signal(0);
  readonly playback = signal(SILENT);

  readonly canInterrupt = computed(() => isAnswering(this.transcript.value) || this.playback.value.playing);
  readonly isEmpty = computed(() => this.transcript.value.turns.length === 0);

  readonly #surroundings: Surroundings;
  #client: Client | undefined;
  #userId: string;
  /** Why the conversation has ended. */
  #endReason: string | undefined;
  /** What was typed when the conversation had ended: for the one that goes on with it. */
  #unsent: (() => void)[] = [];
  #voice: Voice | undefined;
  #closed = false;
  #lastTypedId = 0;
  #discardTimer: ReturnType<typeof setTimeout> | undefined;
  #reconnectingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#userId = surroundings.loadUserId();
  }

  /** For a page that knows nothing yet, and for going on with a conversation that has ended. */
  open(): void {
    this.#client?.close();
    this.#followUpstream(undefined);
    this.#endReason = undefined;
    this.#changeConnection({ phase: 'connecting' });
    const client = createClient({
      url: '',
      userId: this.#userId,
      isAudio: this.#voice !== undefined,
      history: true,
      ...this.#surroundings.network,
    });
    this.#client = client;
    for (const name of EVENT_NAMES) client.on(name, (data) => this.#receive({ name, data } as ServerEvent)); // name and data belong together
    client.on('state', (state) => {
      if (state !== 'closed') this.#changeConnection(stateOf(state));
    });
    client.on('retry', (retry) => this.#changeConnection(stateAfter(retry)));
    this.rung.value = client.statistics.rung;
    client.on('rung', (rung) => {
      this.rung.value = rung;
    });
    client.on('audio_dropped', () => this.#notify(AUDIO_LOST));
    client.on('refused', ({ error, hint }) => {
      const advice = sayError(error, hint);
      this.#notify({ key: 'send', tone: 'error', text: 'This could not be sent.', advice });
    });
    for (const sendAgain of this.#unsent.splice(0)) sendAgain();
  }

  close(): void {
    this.#closed = true;
    this.#endVoice();
    this.#client?.close();
    this.#followUpstream(undefined);
  }

  retryNow(): void {
    if (this.connection.value.phase !== 'live') this.#client?.reconnect();
  }

  /** Sends what was typed, with a picture or without. An answer that is being given stops: the user has heard enough of it. */
  say(text: string, image?: AttachedImage): void {
    if (hasOpenAnswer(this.transcript.value) || this.playback.value.playing) this.#cut();
    const id = --this.#lastTypedId;
    this.#dispatch({ name: 'typed', id, text, ...(image ? { image: image.bitmap } : {}) });
    const items: Item[] = [];
    if (image) items.push({ mime_type: 'image/jpeg', data: image.base64 });
    if (text) items.push(text);
    void this.#send(id, items);
  }

  async #send(id: number, items: readonly Item[]): Promise<void> {
    const client = this.#client;
    const results: Sent[] = await Promise.all(items.map((item) => client?.send(item) ?? { sent: false }));
    const sent = results.every((result) => result.sent);
    if (sent) this.dismiss('send');
    // It had ended before this arrived: it waits for the user to go on.
    if (!sent && client?.state === 'ended' && results.every(({ refusal }) => !refusal)) {
      if (this.#client === client) this.#unsent.push(() => void this.#send(id, items));
      else await this.#send(id, items);
      return;
    }
    this.#dispatch({ name: 'typed_settled', id, sent });
  }

  interrupt(): void {
    if (!this.canInterrupt.value) return;
    const playedMs = this.#voice?.speaker.heardMs() ?? 0;
    this.#cut();
    void this.#client?.interrupt(playedMs);
  }

  /** From a click. */
  async startAudio(): Promise<void> {
    if (this.voice.value !== 'off') return;
    this.dismiss('microphone');
    const trouble = this.#surroundings.voiceTrouble();
    if (trouble) {
      this.#notify({ key: 'microphone', tone: 'warning', ...trouble });
      return;
    }
    this.voice.value = 'starting';
    const asked = this.#userId;
    let voice: Voice;
    try {
      voice = await this.#surroundings.startVoice(this.#voiceOptions());
    } catch (error) {
      if (this.#userId !== asked) return;
      this.voice.value = 'off';
      this.#notify({ key: 'microphone', tone: 'error', ...explainMicrophoneError(error) });
      return;
    }
    // Another conversation was begun while the browser asked for the microphone.
    if (this.#userId !== asked || this.#closed) {
      voice.stop();
      return;
    }
    this.#voice = voice;
    // What is said from now on waits until the agent listens: the first words are not lost.
    if (this.connection.value.phase === 'ended') this.open();
    else void this.#client?.setAudio(true).then(() => this.#listen());
  }

  stopAudio(): void {
    if (!this.#voice) return;
    this.#endVoice();
    void this.#client?.setAudio(false);
  }

  setMuted(muted: boolean): void {
    if (!this.#voice || muted === this.muted.value) return;
    this.muted.value = muted;
    this.#voice.microphone.muted = muted;
    // Without it the model would wait for the end of a sentence that never comes.
    if (muted) void this.#client?.send({ audio_stream_end: true });
  }

  /** A new user id: the server keeps the old conversation, this page begins another. */
  startOver(): void {
    this.#endVoice();
    this.#userId = this.#surroundings.renewUserId();
    this.#unsent = [];
    this.transcript.value = EMPTY_TRANSCRIPT;
    this.totalTokens.value = 0;
    this.notices.value = [];
    this.open();
  }

  dismiss(key: Notice['key']): void {
    this.notices.value = withoutNotice(this.notices.value, key);
  }

  reportBadImage(): void {
    this.#notify(BAD_IMAGE);
  }

  #receive(event: ServerEvent): void {
    if (event.name === 'message') this.#hear(event.data);
    else if (event.name === 'session') this.session.value = event.data;
    else if (event.name === 'status') this.#followUpstream(event.data.upstream);
    // How it is with the model may have been said in what was missed.
    else if (event.name === 'reset') this.#followUpstream(undefined);
    else if (event.name === 'end') this.#endReason = event.data.reason;
    else if (event.name === 'usage') this.totalTokens.value = event.data.total_tokens;
    else if (event.name === 'failure') {
      const { error, hint } = event.data;
      this.#notify({
        key: 'model',
        tone: 'error',
        text: sayError(error),
        ...(hint ? { advice: sayError(hint) } : {}),
      });
    }
    this.#dispatch(event);
  }

  #hear(message: Message): void {
    if ('turn_complete' in message) {
      if (message.interrupted) this.#voice?.speaker.flush();
      else this.#voice?.speaker.endTurn();
      this.dismiss('slow');
    } else if (!this.transcript.value.discarding) {
      this.dismiss('model');
      if (message.mime_type === 'audio/pcm') this.#voice?.speaker.play(message.data);
    }
  }

  #followUpstream(upstream: LogEvents['status']['upstream'] | undefined): void {
    if (upstream === 'reconnecting') {
      this.#reconnectingTimer ??= setTimeout(() => {
        this.upstream.value = upstream;
      }, RECONNECTING_MS);
      return;
    }
    clearTimeout(this.#reconnectingTimer);
    this.#reconnectingTimer = undefined;
    this.upstream.value = upstream;
  }

  #cut(): void {
    this.#voice?.speaker.flush();
    this.#dispatch({ name: 'cut' });
    clearTimeout(this.#discardTimer);
    this.#discardTimer = setTimeout(() => this.#dispatch({ name: 'stop_discarding' }), DISCARD_MS);
  }

  /** The agent has been told that there is a voice. */
  #listen(): void {
    if (this.#voice && this.voice.value === 'starting') this.voice.value = 'on';
  }

  #endVoice(): void {
    this.#voice?.stop();
    this.#voice = undefined;
    this.voice.value = 'off';
    this.muted.value = false;
    this.microphoneLevel.value = 0;
    this.playback.value = SILENT;
    this.dismiss('sound');
    this.#client?.forgetAudio();
  }

  #voiceOptions(): VoiceOptions {
    return {
      onAudio: (pieces) => {
        for (const piece of pieces) this.#client?.sendAudio(pcm16ToBytes(piece));
      },
      onLevel: (level) => {
        this.microphoneLevel.value = level;
      },
      onStats: (stats) => {
        this.playback.value = stats;
      },
      onLost: () => {
        this.stopAudio();
        this.#notify(MICROPHONE_GONE);
      },
      onAsleep: (asleep) => {
        if (asleep) this.#notify(soundPaused(() => this.#voice?.wake()));
        else this.dismiss('sound');
      },
    };
  }

  #changeConnection(state: ConnectionState): void {
    this.connection.value = state;
    if (state.phase === 'live') {
      this.dismiss('connection');
      this.#listen();
    }
    if (state.phase === 'offline') this.#notify(unreachable(state.error, () => this.retryNow()));
    if (state.phase === 'ended') this.#notify(ended(this.#endReason, () => this.open()));
  }

  #dispatch(action: TranscriptAction): void {
    this.transcript.value = reduceTranscript(this.transcript.value, action);
  }

  #notify(notice: Notice): void {
    this.notices.value = withNotice(this.notices.value, notice);
  }
}
