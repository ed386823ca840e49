import type { ComponentChildren } from 'preact';
import { MicrophoneIcon, MutedIcon, StopIcon } from '../components/icons.tsx';
import type { Conversation } from '../conversation.ts';
import { callMessages } from '../messages/call.ts';
import { messages } from '../messages/current.ts';
import { CameraIcon, EndIcon, HeadphonesIcon, ScreenIcon } from './call-icons.tsx';
import type { VideoSource } from './video-share.ts';

export interface CallControlsProps {
  readonly conversation: Conversation;
  onSound(): void;
}

/** Whether the browser can share the screen. Phones cannot. */
const CAN_SHARE_SCREEN = typeof navigator.mediaDevices?.getDisplayMedia === 'function';

export function CallControls({ conversation, onSound }: CallControlsProps) {
  const { composer } = messages.value;
  const call = callMessages.value;
  const { voice } = conversation.talk;
  const seesFrames = conversation.session.value?.images?.includes('frames') === true;
  const muted = voice.muted.value;
  return (
    <div class="call-controls">
      {!voice.pushToTalk.value && (
        <Toggle
          first
          label={call.mute}
          title={muted ? call.unmute : call.mute}
          pressed={muted}
          onClick={() => voice.setMuted(!muted)}
        >
          {muted ? <MutedIcon /> : <MicrophoneIcon />}
        </Toggle>
      )}
      {seesFrames && <VideoToggle conversation={conversation} source="camera" />}
      {seesFrames && CAN_SHARE_SCREEN && <VideoToggle conversation={conversation} source="screen" />}
      <button type="button" class="round" aria-label={call.sound} title={call.sound} onClick={onSound}>
        <HeadphonesIcon />
      </button>
      <span class="spacer" />
      {conversation.canInterrupt.value && (
        <button
          type="button"
          class="pill interrupt"
          aria-label={composer.interrupt}
          aria-keyshortcuts="Escape"
          title={composer.interruptTitle}
          onClick={() => conversation.interrupt()}
        >
          <StopIcon />
          <span class="pill-label">{composer.stop}</span>
        </button>
      )}
      <button
        type="button"
        class="pill end"
        aria-label={call.endTitle}
        title={call.endTitle}
        onClick={() => conversation.stopAudio()}
      >
        <EndIcon />
        <span class="pill-label">{call.end}</span>
      </button>
    </div>
  );
}

/** Shows the agent the camera or the screen. */
function VideoToggle({ conversation, source }: { conversation: Conversation; source: VideoSource }) {
  const call = callMessages.value;
  const { state, video } = conversation.talk.voice;
  const isShown = video?.source.value === source;
  const label = call[source];
  return (
    <Toggle
      label={label}
      title={label}
      pressed={isShown}
      disabled={state.value !== 'on'}
      onClick={() => {
        if (isShown) video?.stop();
        else void video?.start(source);
      }}
    >
      {source === 'camera' ? <CameraIcon /> : <ScreenIcon />}
    </Toggle>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly title: string;
  readonly pressed: boolean;
  readonly disabled?: boolean;
  /** Whether the control gets the focus when the call begins. */
  readonly first?: boolean;
  readonly children: ComponentChildren;
  onClick(): void;
}

function Toggle({ label, title, pressed, disabled = false, first, children, onClick }: ToggleProps) {
  return (
    <button
      type="button"
      class="round"
      data-first={first}
      aria-label={label}
      aria-pressed={pressed}
      title={title}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
