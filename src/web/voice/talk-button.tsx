import { useEffect } from 'preact/hooks';
import { MicrophoneIcon } from '../components/icons.tsx';
import { Words } from '../components/words.tsx';
import { callMessages } from '../messages/call.ts';
import type { VoiceControl } from './voice-control.ts';

/** Controls in which the space bar has a meaning of its own. */
const OWN_SPACE = 'input, textarea, select, [contenteditable], button:not(.talk), summary, a, [role="log"]';

/** The button of push-to-talk: the agent hears the user while it is held, or the space bar. Assistive technology clicks it, once to begin and once to end. */
export function TalkButton({ voice }: { voice: VoiceControl }) {
  const call = callMessages.value;
  const talking = voice.talking.value;
  useEffect(() => followSpace(voice), [voice]);
  return (
    <button
      type="button"
      class="talk"
      data-first
      aria-pressed={talking}
      aria-keyshortcuts="Space"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        voice.setTalking(true);
      }}
      onLostPointerCapture={() => voice.setTalking(false)}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        // A key that is held would click again and again.
        if (event.key === 'Enter' && event.repeat) event.preventDefault();
      }}
      onClick={({ detail }) => {
        // The click of a pointer has the number of clicks, and its press has been handled.
        if (detail === 0) voice.setTalking(!talking);
      }}
    >
      <MicrophoneIcon />
      <Words text={talking ? call.release : call.hold} />
    </button>
  );
}

/** Follows the space bar, and lets go when the page does not see its release. @returns a function that stops */
function followSpace(voice: VoiceControl): () => void {
  const isTalkKey = ({ code, target }: KeyboardEvent) =>
    code === 'Space' && !(target instanceof Element && target.closest(OWN_SPACE));
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isTalkKey(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    voice.setTalking(true);
  };
  const onKeyUp = (event: KeyboardEvent) => {
    if (event.code !== 'Space' || !voice.talking.value) return;
    // Without this the button under the focus would be clicked.
    event.preventDefault();
    voice.setTalking(false);
  };
  const release = () => voice.setTalking(false);
  addEventListener('keydown', onKeyDown);
  addEventListener('keyup', onKeyUp);
  addEventListener('blur', release);
  return () => {
    removeEventListener('keydown', onKeyDown);
    removeEventListener('keyup', onKeyUp);
    removeEventListener('blur', release);
  };
}
