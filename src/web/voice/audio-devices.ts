import { signal } from '@preact/signals';

/** A microphone or a loudspeaker. */
export interface AudioDevice {
  readonly id: string;
  /** Name, as the browser gives it; empty until the user has allowed the microphone. */
  readonly label: string;
}

/** Ids of no device in particular. */
const GENERAL = ['', 'default', 'communications'];

/** The microphones and loudspeakers of this device, also after one was plugged in or unplugged. */
export class AudioDevices {
  readonly microphones = signal<readonly AudioDevice[]>([]);
  readonly speakers = signal<readonly AudioDevice[]>([]);
  /** Whether the user can choose the loudspeaker of a page's sound. Not in Firefox and Safari. */
  readonly hasSpeakerChoice = 'AudioContext' in globalThis && 'setSinkId' in AudioContext.prototype;

  /**
   * Follows the devices until `signal` is aborted.
   * @param onChange called after devices were plugged in or unplugged
   */
  follow(signal: AbortSignal, onChange: () => void = () => undefined): void {
    const refresh = () => this.refresh().then(onChange);
    navigator.mediaDevices?.addEventListener('devicechange', refresh, { signal });
    void this.refresh();
  }

  /** Lists the devices again: the browser tells their names only after the user has allowed the microphone. */
  async refresh(): Promise<void> {
    const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    this.microphones.value = select(devices ?? [], 'audioinput');
    this.speakers.value = select(devices ?? [], 'audiooutput');
  }
}

function select(devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind): AudioDevice[] {
  // Chromium lists the default device once more under its own name, and tells no ids before the microphone was allowed.
  return devices
    .filter((device) => device.kind === kind && !GENERAL.includes(device.deviceId))
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}
