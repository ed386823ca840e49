import { render } from 'preact';
import { Composer } from './components/composer.tsx';
import { Header } from './components/header.tsx';
import { NoticeList } from './components/notice-list.tsx';
import { StatusRow } from './components/status-row.tsx';
import { TranscriptView } from './components/transcript-view.tsx';
import { Conversation } from './conversation.ts';
import { missingMicrophone } from './microphone-trouble.ts';
import { readTransport } from './transport.ts';
import { loadUserId, renewUserId } from './user-id.ts';
import { startVoice } from './voice.ts';

const conversation = new Conversation({
  network: { transport: readTransport(location.search), storage: browserStorage() },
  voiceTrouble: () =>
    missingMicrophone({
      isSecureContext,
      hasDevices: 'mediaDevices' in navigator,
      hasWorklet: 'AudioWorkletNode' in globalThis,
    }),
  startVoice,
  loadUserId: () => loadUserId(browserStorage()),
  renewUserId: () => renewUserId(browserStorage()),
});

/** The mere access throws where the browser's settings forbid it. */
function browserStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function Page() {
  return (
    <>
      <Header conversation={conversation} />
      <TranscriptView conversation={conversation} />
      <footer class="dock column">
        <NoticeList conversation={conversation} />
        <StatusRow conversation={conversation} />
        <Composer conversation={conversation} />
      </footer>
    </>
  );
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.isComposing) conversation.interrupt();
});

const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
conversation.open();
