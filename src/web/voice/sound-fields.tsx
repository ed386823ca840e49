import { useEffect, useId, useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { type Choices, FieldRow, SelectField } from '../components/form-fields.tsx';
import { callMessages } from '../messages/call.ts';
import type { PageSettings } from '../settings/page-settings.ts';
import { type AudioDevice, AudioDevices } from './audio-devices.ts';

/** The choice of devices, for a call that goes on. */
export function SoundDialog({ settings, onClose }: { settings: PageSettings; onClose(): void }) {
  return (
    <Dialog title={callMessages.value.sound} onClose={onClose}>
      <section class="dialog-section">
        <SoundFields settings={settings} />
      </section>
    </Dialog>
  );
}

/** The choice of devices, as a part of the settings. */
export function SoundSection({ settings }: { settings: PageSettings }) {
  return (
    <section class="dialog-section">
      <h3>{callMessages.value.sound}</h3>
      <SoundFields settings={settings} />
    </section>
  );
}

/** Microphone, loudspeaker and volume. The lists follow what is plugged in and out. */
function SoundFields({ settings }: { settings: PageSettings }) {
  const call = callMessages.value;
  const [devices] = useState(() => new AudioDevices());
  useEffect(() => {
    const lifetime = new AbortController();
    devices.follow(lifetime.signal);
    return () => lifetime.abort();
  }, [devices]);
  const { microphone, speaker, volume } = settings.values.value;
  return (
    <>
      <SelectField
        label={call.microphone}
        value={microphone}
        choices={listChoices(devices.microphones.value, microphone, call.defaultDevice)}
        onChange={(id) => settings.change({ microphone: id })}
      />
      {devices.hasSpeakerChoice && (
        <SelectField
          label={call.speaker}
          value={speaker}
          choices={listChoices(devices.speakers.value, speaker, call.defaultDevice)}
          onChange={(id) => settings.change({ speaker: id })}
        />
      )}
      <VolumeField volume={volume} onChange={(chosen) => settings.change({ volume: chosen })} />
    </>
  );
}

function VolumeField({ volume, onChange }: { volume: number; onChange(volume: number): void }) {
  const call = callMessages.value;
  const id = useId();
  const percent = Math.round(volume * 100);
  return (
    <FieldRow label={call.volume} id={id}>
      <input
        id={id}
        class="range"
        type="range"
        min="0"
        max="100"
        step="5"
        value={percent}
        aria-valuetext={`${percent} %`}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber / 100)}
      />
    </FieldRow>
  );
}

/** Lists the devices, and the chosen one also while it is not plugged in. */
function listChoices(devices: readonly AudioDevice[], chosen: string, defaultName: string): Choices<string> {
  const { unnamedDevice, missingDevice } = callMessages.value;
  const isMissing = chosen !== '' && !devices.some(({ id }) => id === chosen);
  return [
    ['', defaultName],
    ...devices.map(({ id, label }, index) => [id, label || unnamedDevice(index + 1)] as const),
    ...(isMissing ? [[chosen, missingDevice] as const] : []),
  ];
}
