import { useLayoutEffect, useRef } from 'preact/hooks';
import { MicrophoneIcon } from '../components/icons.tsx';
import { MutedIcon } from '../components/later-icons.tsx';
import type { Conversation } from '../conversation.ts';
import { callMessages } from '../messages/call.ts';
import { CallControls } from './call-controls.tsx';
import { AgentIcon } from './call-icons.tsx';
import { CallSide } from './call-side.tsx';
import { CallState } from './call-state.tsx';
import { CallWave } from './call-wave.tsx';
import { TalkButton } from './talk-button.tsx';
import { VideoPreview } from './video-preview.tsx';

export interface CallPanelProps {
  readonly conversation: Conversation;
  /** Opens the choice of devices. */
  onSound(): void;
}

/** The call, which the page shows while voice is on: who speaks, how loud, and the controls of a call. */
export function CallPanel({ conversation, onSound }: CallPanelProps) {
  const panel = useRef<HTMLElement>(null);
  const call = callMessages.value;
  const { voice } = conversation.talk;
  const { video } = voice;
  const isSilent = voice.muted.value || voice.systemMuted.value;
  // The button that has started the call is gone. On a phone this opens no keyboard, unlike the focus of the message field.
  useLayoutEffect(() => panel.current?.querySelector<HTMLElement>('[data-first]')?.focus({ preventScroll: true }), []);
  return (
    <section ref={panel} class="call" aria-label={call.title} data-activity={conversation.activity.value}>
      <div class="call-stage">
        <CallSide name={call.you} side="you" level={voice.microphoneLevel}>
          {video?.stream.value ? <VideoPreview video={video} /> : isSilent ? <MutedIcon /> : <MicrophoneIcon />}
        </CallSide>
        <CallState conversation={conversation}>
          <CallWave you={voice.microphoneLevel} agent={voice.agentLevel} />
        </CallState>
        <CallSide name={call.agent} side="agent" level={voice.agentLevel}>
          <AgentIcon />
        </CallSide>
      </div>
      {voice.pushToTalk.value && <TalkButton voice={voice} />}
      <CallControls conversation={conversation} onSound={onSound} />
    </section>
  );
}
