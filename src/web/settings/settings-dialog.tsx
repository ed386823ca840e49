import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ConnectionEvents } from '../../wire/named-events.ts';
import { Dialog } from '../components/dialog.tsx';
import { type Choices, SegmentedField, SelectField, SwitchField, TextField } from '../components/form-fields.tsx';
import { language, messages } from '../messages/current.ts';
import { LANGUAGES, type Language } from '../messages/language-tags.ts';
import { panelMessages } from '../messages/panels.ts';
import type { PageSettings } from './page-settings.ts';
import { listSpeechLanguages } from './speech-languages.ts';
import { MAX_LENGTH } from './stored-settings.ts';

type Session = ConnectionEvents['session'];

export interface SettingsDialogProps {
  readonly settings: PageSettings;
  readonly session: Signal<Session | undefined>;
  /** Section for microphone and loudspeaker, once it has been loaded. */
  readonly sound: ComponentChildren;
  onClose(): void;
  onShortcuts(): void;
}

/** The settings of the page, by what they concern. Each change applies at once. */
export function SettingsDialog({ settings, session, sound, onClose, onShortcuts }: SettingsDialogProps) {
  const words = panelMessages.value.settings;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <section class="dialog-section">
        <h3>{words.agent}</h3>
        <AgentFields settings={settings} session={session.value} />
      </section>
      {sound}
      <section class="dialog-section">
        <h3>{words.page}</h3>
        <PageFields settings={settings} />
      </section>
      <footer class="dialog-foot">
        <p>{settings.isKept.value ? words.kept : words.notKept}</p>
        <button type="button" class="text-button" onClick={onShortcuts}>
          {panelMessages.value.shortcuts.title}
        </button>
      </footer>
    </Dialog>
  );
}

function AgentFields({ settings, session }: { settings: PageSettings; session: Session | undefined }) {
  const words = panelMessages.value.settings;
  const { voice, speechLanguage, answers } = settings.values.value;
  return (
    <>
      <VoiceField voices={session?.voices} voice={voice} onChange={(name) => settings.change({ voice: name })} />
      {session?.accepts_language !== false && (
        <SelectField
          label={words.speechLanguage}
          hint={words.speechLanguageHint}
          value={speechLanguage}
          choices={[['', words.agentsOwn], ...listSpeechLanguages(speechLanguage, language.value)]}
          onChange={(tag) => settings.change({ speechLanguage: tag })}
        />
      )}
      <SegmentedField
        label={words.answers}
        hint={words.answersHint}
        value={answers}
        choices={[
          ['speech', words.answersSpeech],
          ['text', words.answersText],
        ]}
        onChange={(chosen) => settings.change({ answers: chosen })}
      />
    </>
  );
}

interface VoiceFieldProps {
  /** Names of the model's voices; `undefined`: not known. */
  readonly voices: readonly string[] | undefined;
  readonly voice: string;
  onChange(voice: string): void;
}

function VoiceField({ voices, voice, onChange }: VoiceFieldProps) {
  const words = panelMessages.value.settings;
  if (!voices) {
    return (
      <TextField
        label={words.voice}
        hint={words.voiceUnknown}
        value={voice}
        placeholder={words.agentsOwn}
        maxLength={MAX_LENGTH}
        onChange={onChange}
      />
    );
  }
  const names = voices.includes(voice) || voice === '' ? voices : [voice, ...voices];
  const choices: Choices<string> = [['', words.agentsOwn], ...names.map((name) => [name, name] as const)];
  return <SelectField label={words.voice} value={voice} choices={choices} onChange={onChange} />;
}

function PageFields({ settings }: { settings: PageSettings }) {
  const words = panelMessages.value.settings;
  const { theme, pageLanguage, displayName, singleKeys } = settings.values.value;
  const languages = Object.entries(LANGUAGES) as [Language, string][]; // the keys are the tags
  return (
    <>
      <TextField
        label={words.displayName}
        hint={words.displayNameHint}
        value={displayName}
        placeholder={messages.value.transcript.you}
        maxLength={MAX_LENGTH}
        autocomplete="nickname"
        onChange={(name) => settings.change({ displayName: name })}
      />
      <SegmentedField
        label={words.theme}
        value={theme}
        choices={[
          ['system', words.themeSystem],
          ['light', words.themeLight],
          ['dark', words.themeDark],
        ]}
        onChange={(chosen) => settings.change({ theme: chosen })}
      />
      <SelectField
        label={words.pageLanguage}
        value={pageLanguage}
        choices={[['auto', words.pageLanguageAuto], ...languages]}
        onChange={(chosen) => settings.change({ pageLanguage: chosen })}
      />
      <SwitchField
        label={words.singleKeys}
        hint={words.singleKeysHint}
        checked={singleKeys}
        onChange={(checked) => settings.change({ singleKeys: checked })}
      />
    </>
  );
}
