import { IconButton } from '../components/icon-button.tsx';
import { MicrophoneIcon } from '../components/icons.tsx';
import { MutedIcon } from '../components/later-icons.tsx';
import { StopButton } from '../components/stop-button.tsx';
import type { Conversation } from '../conversation.ts';
import { callMessages } from '../messages/call.ts';
import { CameraIcon, EndIcon, HeadphonesIcon, ScreenIcon } from './call-icons.tsx';
import type { VideoSource } from './video-share.ts';

export interface CallControlsProps {
  readonly conversation: Conversation;
  onSound(): void;
}

/** Whether the browser can share the screen. Phones cannot. */
const CAN_SHARE_SCREEN = typeof navigator.mediaDevices?.getDisplayMedia === 'function';

export function CallControls({ conversation, onSound }: CallControlsProps) {
  const call = callMessages.value;
  const { voice } = conversation.talk;
  const seesFrames = conversation.session.value?.images?.includes('frames') === true;
  const muted = voice.muted.value;
  return (
    <div class="call-controls">
      {!voice.pushToTalk.value && (
        <IconButton
          data-first
          label={call.mute}
          title={muted ? call.unmute : call.mute}
          aria-pressed={muted}
          onClick={() => voice.setMuted(!muted)}
        >
          {muted ? <MutedIcon /> : <MicrophoneIcon />}
        </IconButton>
      )}
      {seesFrames && <VideoToggle conversation={conversation} source="camera" />}
      {seesFrames && CAN_SHARE_SCREEN && <VideoToggle conversation={conversation} source="screen" />}
      <IconButton label={call.sound} onClick={onSound}>
        <HeadphonesIcon />
      </IconButton>
      <span class="spacer" />
      {conversation.canInterrupt.value && <StopButton onClick={() => conversation.interrupt()} />}
      <button
        type="button"
        class="pill end"
        aria-label={call.endTitle}
        title={call.endTitle}
        onClick={() => conversation.talk.stop()}
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
    <IconButton
      label={label}
      aria-pressed={isShown}
      disabled={state.value !== 'on'}
      onClick={() => {
        if (isShown) video?.stop();
        else void video?.start(source);
      }}
    >
      {source === 'camera' ? <CameraIcon /> : <ScreenIcon />}
    </IconButton>
  );
}
