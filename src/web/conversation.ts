import { computed, signal } from '@preact/signals';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { AttachedImage } from './attached-image.ts';
import { Connection, type ConnectionState } from './connection.ts';
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
import type { PlainMessage, ServerEvent } from './server-event.ts';
import type { Surroundings } from './surroundings.ts';
import { EMPTY_TRANSCRIPT, hasOpenAnswer, isAnswering, reduceTranscript, type TranscriptAction } from './transcript.ts';
import { Uplink, type UplinkItem } from './uplink.ts';
import type { Voice, VoiceOptions } from './voice.ts';

const SILENT: PlaybackStats = { bufferedMs: 0, playedMs: 0, playing: false, underruns: 0, level: 0 };
/** An interruption is confirmed by the server; if that does not come, nothing was there to interrupt. */
const DISCARD_MS = 3_000;

/** One live conversation: what the page shows, and what can be done. */
export class Conversation {
  readonly connection = signal<ConnectionState>({ phase: 'connecting' });
  readonly session = signal<ConnectionEvents['session'] | undefined>(undefined);
  readonly upstream = signal<LogEvents['status'] | undefined>(undefined);
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
  readonly #down: Connection;
  readonly #up: Uplink;
  #userId: string;
  #voice: Voice | undefined;
  #lastTypedId = 0;
  #discardTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#userId = surroundings.loadUserId();
    this.#down = new Connection({
      address: (query) => `events/${encodeURIComponent(this.#userId)}?${query}`,
      openStream: surroundings.openStream,
      probe: surroundings.probe,
      onEvent: (event) => this.#receive(event),
      onState: (state) => this.#changeConnection(state),
    });
    this.#up = new Uplink({
      post: (body, abort) => surroundings.post(`send/${encodeURIComponent(this.#userId)}`, body, abort),
      onFailure: (error) =>
        this.#notify({ key: 'send', tone: 'error', text: 'This could not be sent.', advice: error }),
      onAudioDropped: () => this.#notify(AUDIO_LOST),
      onSent: () => this.dismiss('send'),
    });
  }

  open(): void {
    this.#down.open(false);
  }

  retryNow(): void {
    this.#down.retryNow();
  }

  /** Sends what was typed, with a picture or without. An answer that is being given stops: the user has heard enough of it. */
  async say(text: string, image?: AttachedImage): Promise<void> {
    if (hasOpenAnswer(this.transcript.value) || this.playback.value.playing) this.#cut();
    const id = --this.#lastTypedId;
    this.#dispatch({ name: 'typed', id, text, ...(image ? { image: image.bitmap } : {}) });
    const items: UplinkItem[] = [];
    if (image) items.push({ mime_type: 'image/jpeg', data: image.base64 });
    if (text) items.push({ mime_type: 'text/plain', data: text });
    this.#dispatch({ name: 'typed_settled', id, sent: await this.#up.send(...items) });
  }

  interrupt(): void {
    if (!this.canInterrupt.value) return;
    const playedMs = this.#voice?.speaker.heardMs() ?? 0;
    this.#cut();
    void this.#up.send({ interrupt: { played_ms: playedMs } });
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
    try {
      this.#voice = await this.#surroundings.startVoice(this.#voiceOptions());
    } catch (error) {
      this.voice.value = 'off';
      this.#notify({ key: 'microphone', tone: 'error', ...explainMicrophoneError(error) });
      return;
    }
    // What is said from now on waits in the uplink until the agent listens: the first words are not lost.
    this.#switchTo(true);
  }

  stopAudio(): void {
    if (!this.#voice) return;
    this.#endVoice();
    this.#switchTo(false);
  }

  setMuted(muted: boolean): void {
    if (!this.#voice || muted === this.muted.value) return;
    this.muted.value = muted;
    this.#voice.microphone.muted = muted;
    // Without it the model would wait for the end of a sentence that never comes.
    if (muted) void this.#up.send({ audio_stream_end: true });
  }

  /** A new user id: the server keeps the old conversation, this page begins another. */
  startOver(): void {
    this.#endVoice();
    this.#userId = this.#surroundings.renewUserId();
    this.#up.hold();
    this.transcript.value = EMPTY_TRANSCRIPT;
    this.totalTokens.value = 0;
    this.notices.value = [];
    this.#down.open(false);
  }

  dismiss(key: Notice['key']): void {
    this.notices.value = withoutNotice(this.notices.value, key);
  }

  reportBadImage(): void {
    this.#notify(BAD_IMAGE);
  }

  #receive(event: ServerEvent): void {
    if (event.name === 'message') this.#hear(event.data);
    else if (event.name === 'session') this.#begin(event.data);
    else if (event.name === 'status') this.upstream.value = event.data;
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

  #begin(session: ConnectionEvents['session']): void {
    this.session.value = session;
    this.#up.maxBody = session.limits.body_bytes;
    this.#up.release();
    if (this.voice.value === 'starting') this.voice.value = 'on';
  }

  #hear(message: PlainMessage): void {
    if ('turn_complete' in message) {
      if (message.interrupted) this.#voice?.speaker.flush();
      else this.#voice?.speaker.endTurn();
      this.dismiss('slow');
    } else if (!this.transcript.value.discarding) {
      this.dismiss('model');
      if (message.mime_type === 'audio/pcm') this.#voice?.speaker.play(message.data);
    }
  }

  #cut(): void {
    this.#voice?.speaker.flush();
    this.#dispatch({ name: 'cut' });
    clearTimeout(this.#discardTimer);
    this.#discardTimer = setTimeout(() => this.#dispatch({ name: 'stop_discarding' }), DISCARD_MS);
  }

  #switchTo(isAudio: boolean): void {
    this.#up.hold();
    this.#down.switchTo(isAudio);
  }

  #endVoice(): void {
    this.#voice?.stop();
    this.#voice = undefined;
    this.voice.value = 'off';
    this.muted.value = false;
    this.microphoneLevel.value = 0;
    this.playback.value = SILENT;
    this.dismiss('sound');
    this.#up.forgetAudio();
  }

  #voiceOptions(): VoiceOptions {
    return {
      onAudio: (pieces) => this.#up.sendAudio(pieces),
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
    if (state.phase === 'live') this.dismiss('connection');
    if (state.phase === 'offline' || state.phase === 'ended') this.#up.hold();
    if (state.phase === 'offline') this.#notify(unreachable(state.error, () => this.retryNow()));
    if (state.phase === 'ended') {
      this.#notify(ended(() => this.#down.open(this.voice.value !== 'off')));
    }
  }

  #dispatch(action: TranscriptAction): void {
    this.transcript.value = reduceTranscript(this.transcript.value, action);
  }

  #notify(notice: Notice): void {
    this.notices.value = withNotice(this.notices.value, notice);
  }
}
