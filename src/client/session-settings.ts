import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';
import type { ClientOptions, Speech } from './client-options.ts';
import type { Rung } from './observation.ts';

/**
 * Settings of the run that this client asks for: modality, voice, language and so on. A connection carries them in its query until the server
 * has applied them. Afterwards connections leave them out: repeated, they would undo what another client has asked for since. That this client
 * receives no speech concerns its own connections only, so each of them says it. A new live session, as after a restart of the server, gets the settings
 * again, without those that another client has changed in the meantime.
 */
export class SessionSettings {
  /** Everything that this client has asked for, by the names in a query. */
  #asked: Readonly<Record<string, string>>;
  #receivesAudio: boolean;
  /** Settings that another client has changed, by their names in a query. */
  readonly #overruled = new Set<string>();
  #settingsApplied = false;
  /** Whether the newest connection carries the settings. */
  #requested = false;
  /** Epoch of the live session in which the settings were repeated. */
  #repeatedIn: string | undefined;
  #settingsWaiters: (() => void)[] = [];

  constructor(options: ClientOptions) {
    const { isAudio, voice, language, proactivity, affectiveDialog: affective_dialog, agent } = options;
    this.#receivesAudio = options.receivesAudio ?? isAudio !== false;
    this.#asked = toQuery({ is_audio: isAudio, voice, language, proactivity, affective_dialog, agent });
  }

  /** Query of the next connection. */
  createQuery(): Record<string, string> {
    const wanted = this.#wantedQuery;
    this.#requested = !this.#settingsApplied && Object.keys(wanted).length > 0;
    const audio: Record<string, string> = this.#receivesAudio ? {} : { audio: 'none' };
    return this.#requested ? { ...audio, ...wanted } : audio;
  }

  setAudio(isAudio: boolean): void {
    this.#receivesAudio = isAudio;
    this.#change({ is_audio: isAudio });
  }

  /** Notes the settings of the live session after a client, perhaps this one, has changed them. */
  onChanged(settings: LogEvents['settings']): void {
    const current: Record<string, string | boolean | undefined> = {
      ...settings,
      is_audio: settings.modality === 'AUDIO',
    };
    for (const [name, value] of Object.entries(this.#asked)) {
      if (name in current && String(current[name]) === value) this.#overruled.delete(name);
      else if (name !== 'agent') this.#overruled.add(name);
    }
  }

  setSpeech({ voice, language }: Speech): void {
    this.#change({ voice, language });
  }

  /** Has the next connection carry the settings. @returns a promise that resolves when they are applied, or when the client ends */
  request(): Promise<void> {
    this.#settingsApplied = false;
    return new Promise((resolve) => {
      this.#settingsWaiters.push(resolve);
    });
  }

  /**
   * Notes that a connection has opened a live session.
   * @param isNew whether the client has not seen this live session before
   * @returns false if the live session lacks the settings. The caller must then request them over another connection
   */
  onSession({ epoch, modality }: ConnectionEvents['session'], isNew: boolean): boolean {
    const { is_audio, ...others } = this.#wantedQuery;
    const differs =
      Object.keys(others).length > 0 || (is_audio !== undefined && is_audio !== String(modality === 'AUDIO'));
    // Settings are repeated once for each live session: some models only speak, and `session` does not name the voice.
    if (isNew && differs && !this.#requested && this.#repeatedIn !== epoch) {
      this.#repeatedIn = epoch;
      return false;
    }
    this.#settingsApplied = true;
    return true;
  }

  /** Notes that a connection has delivered its first bytes. */
  onConnected(rung: Rung): void {
    // The answer to a poll shows that the server has read its query. A poll only delivers `session` if that is news.
    if (rung === 'poll' && this.#requested) this.#settingsApplied = true;
    this.releaseWaiters();
  }

  /** Resolves the promises of `request`. */
  releaseWaiters(): void {
    for (const resolve of this.#settingsWaiters.splice(0)) resolve();
  }

  #change(settings: Readonly<Record<string, string | boolean | undefined>>): void {
    this.#asked = toQuery({ ...this.#asked, ...settings });
    for (const name of Object.keys(settings)) this.#overruled.delete(name);
  }

  /** What this client asks for, without what another client has changed. */
  get #wantedQuery(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.#asked).filter(([name]) => !this.#overruled.has(name)));
  }
}

function toQuery(settings: Readonly<Record<string, string | boolean | undefined>>): Record<string, string> {
  const given = Object.entries(settings);
  return Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}
