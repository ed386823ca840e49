import { ACTIVITY_WORDS, activityOf } from '../activity.ts';
import type { Conversation } from '../conversation.ts';
import { hasOpenAnswer, isAnswering } from '../transcript.ts';
import { LevelMeter } from './level-meter.tsx';

export function StatusRow({ conversation }: { conversation: Conversation }) {
  const { connection, upstream, transcript, playback, voice, muted, microphoneLevel, session, totalTokens } =
    conversation;
  const voiceOn = voice.value !== 'off';
  const activity = activityOf({
    phase: connection.value.phase,
    upstream: upstream.value,
    answering: isAnswering(transcript.value),
    begun: hasOpenAnswer(transcript.value),
    playing: playback.value.playing,
    voice: voiceOn,
    muted: muted.value,
  });
  const isSilentVoice = !voiceOn && session.value?.modality === 'AUDIO';
  return (
    <div class="status">
      <p class="activity" data-testid="activity" data-activity={activity} role="status">
        <span class="pulse" aria-hidden="true" />
        {voice.value === 'starting' ? 'Starting audio' : ACTIVITY_WORDS[activity]}
      </p>
      {isSilentVoice && <p class="aside hint">This agent speaks. Start audio to hear it.</p>}
      {voiceOn && (
        <div class="meters">
          <LevelMeter label="You" level={microphoneLevel.value} testId="microphone-level" />
          <LevelMeter label="Agent" level={playback.value.level} testId="agent-level" />
        </div>
      )}
      {totalTokens.value > 0 && <p class="aside tokens">{totalTokens.value.toLocaleString()} tokens</p>}
    </div>
  );
}
