import { effect } from '@preact/signals';
import { render } from 'preact';
import { Account } from './account.ts';
import { Address } from './address.ts';
import { getBrowserStorage } from './browser-storage.ts';
import { Composer } from './components/composer.tsx';
import { Header } from './components/header.tsx';
import { NoticeList } from './components/notice-list.tsx';
import { AppSignIn, SignIn } from './components/sign-in.tsx';
import { StatusRow } from './components/status-row.tsx';
import { Conversation } from './conversation.ts';
import { Draft } from './draft.ts';
import { FocusKeeper } from './focus-keeper.ts';
import { watchHiddenTab } from './hidden-tab.ts';
import { ACCOUNT_KEY } from './identity.ts';
import { Measurements } from './inspector/measurements.ts';
import { TrafficLog } from './inspector/traffic-log.ts';
import { Navigation } from './navigation.ts';
import { createPanelNotice, OTHER_VERSION } from './notice.ts';
import { Panels } from './panels.ts';
import { PageSettings } from './settings/page-settings.ts';
import { showSettings } from './settings/show-settings.ts';
import { SETTINGS_KEY } from './settings/stored-settings.ts';
import { callParts, loadCallParts, startVoiceWhenLoaded } from './voice/call-parts.ts';
import './shared-chunk.ts';
import { Shortcuts } from './shortcuts/shortcuts.ts';
import { loadAnswerContent } from './transcript/load-answer-content.ts';
import { TranscriptView } from './transcript/transcript-view.tsx';
import { readTransport } from './transport.ts';
import { findVoiceProblem } from './voice/voice-problem.ts';

const storage = getBrowserStorage('localStorage');
const draft = new Draft(getBrowserStorage('sessionStorage'));

const settings = new PageSettings(storage, {
  onSpeechChanged: () => conversation.applySpeech(),
  onAnswersChanged: () => conversation.talk.applyAnswers(),
  onSoundChanged: () => conversation.talk.voice.applySound(),
});
const textsLoaded = showSettings(settings);

const panels = new Panels(async (retry) => {
  const tryAgain = createPanelNotice(() => {
    conversation.dismiss('panels');
    retry();
  });
  // A server that is there has other scripts than those of this page.
  const isServerThere = await fetch('', { method: 'HEAD', cache: 'no-store' })
    .then(({ ok }) => ok)
    .catch(() => false);
  conversation.notify(isServerThere ? OTHER_VERSION : tryAgain);
});
const trafficLog = new TrafficLog();
const measurements = new Measurements();

const account = new Account({
  // A browser's fetch refuses to run as a method of another object.
  fetch: (input, init) => fetch(input, init),
  storage,
  onSignedIn: () => conversation.open(),
  onSignedOut: () => conversation.leave(),
  onNotice: (notice) => conversation.notify(notice),
});

const conversation = new Conversation({
  network: { transport: readTransport(location.search), storage },
  findVoiceProblem: () =>
    findVoiceProblem({
      isSecureContext,
      hasDevices: 'mediaDevices' in navigator,
      hasWorklet: 'AudioWorkletNode' in globalThis,
    }),
  startVoice: startVoiceWhenLoaded,
  onTraffic(traffic) {
    trafficLog.add(traffic);
    measurements.onTraffic(traffic);
  },
  settings,
  tabs: {
    locks: navigator.locks,
    channel: typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('bidi-sse.voice'),
  },
  account,
  onUnsent: (name, text, image) => draft.prepend(name, text, image),
  onReplaced: (before, next) => draft.move(before, next),
});

effect(() => measurements.onMicrophoneLevel(conversation.talk.voice.microphoneLevel.value));

const navigation = new Navigation(conversation, new Address(window), () => panels.openDialog('end-call'));
const shortcuts = new Shortcuts(conversation, navigation, panels, settings);

function Page() {
  const prompt = account.prompt.value;
  const isHidden = prompt !== undefined;
  const name = conversation.choice.name.value;
  return (
    <>
      <Header conversation={conversation} account={account} navigation={navigation} panels={panels} />
      {prompt && (prompt.byApp ? <AppSignIn prompt={prompt} /> : <SignIn account={account} prompt={prompt} />)}
      {/* The conversation stays in the document during a sign-in, so that nothing that was typed is lost. */}
      <TranscriptView conversation={conversation} settings={settings} isHidden={isHidden} />
      <footer class="dock column" hidden={isHidden}>
        <NoticeList conversation={conversation} />
        <Call />
        <Composer key={name} conversation={conversation} name={name} draft={draft} isHidden={isHidden} />
      </footer>
      <OpenPanels />
    </>
  );
}

/** The call while voice is on, and otherwise what the agent does. */
function Call() {
  const parts = callParts.value;
  if (!parts || conversation.voice.value === 'off') return <StatusRow conversation={conversation} />;
  return <parts.CallPanel conversation={conversation} onSound={() => panels.openDialog('sound')} />;
}

/** The panels that are open. Nothing is shown until their script is loaded. */
function OpenPanels() {
  const views = panels.views.value;
  const name = panels.dialog.value;
  const parts = callParts.value;
  if (!views) return null;
  const { ConversationsPanel, EndCallDialog, ExportDialog, Inspector, SettingsDialog, ShortcutsDialog } = views;
  const onClose = () => name && panels.onDialogClosed(name);
  return (
    <>
      {panels.isListOpen.value && account.prompt.value === undefined && (
        <ConversationsPanel conversation={conversation} navigation={navigation} onClose={() => panels.closeList()} />
      )}
      {panels.isInspectorOpen.value && (
        <Inspector
          log={trafficLog}
          measurements={measurements}
          conversation={conversation}
          onClose={() => panels.toggleInspector()}
        />
      )}
      {name === 'end-call' && (
        <EndCallDialog
          onEnd={() => navigation.leaveCall()}
          onClose={() => {
            onClose();
            navigation.stayInCall();
          }}
        />
      )}
      {name === 'export' && <ExportDialog conversation={conversation} settings={settings} onClose={onClose} />}
      {name === 'shortcuts' && (
        <ShortcutsDialog list={shortcuts.list} hasSingleKeys={settings.values.value.singleKeys} onClose={onClose} />
      )}
      {name === 'sound' && parts && <parts.SoundDialog settings={settings} onClose={onClose} />}
      {name === 'settings' && (
        <SettingsDialog
          settings={settings}
          sound={parts && <parts.SoundSection settings={settings} />}
          session={conversation.session}
          onClose={onClose}
          onShortcuts={() => panels.openDialog('shortcuts')}
        />
      )}
    </>
  );
}

addEventListener('keydown', (event) => shortcuts.onKeyDown(event));

addEventListener('storage', ({ key }) => {
  if (key === ACCOUNT_KEY) account.onAccountStored();
  else if (key === SETTINGS_KEY) settings.onStored();
});

navigation.start();
effect(() => navigation.showAddress());
conversation.open();
// Load what answers need beside the connection, so that it is there before the first one.
void loadAnswerContent();
watchHiddenTab(document, { onLeft: () => conversation.pause(), onBack: () => conversation.resume() });
// Render after the texts have arrived, so that the language does not change before the eyes of the user.
await textsLoaded;
const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  new FocusKeeper(root).start();
  render(<Page />, root);
}
// Load the parts of a call before they are wanted. If that fails, the start of voice tries it again.
void loadCallParts().catch(() => undefined);
