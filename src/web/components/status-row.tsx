import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { Words } from './words.tsx';

export function StatusRow({ conversation }: { conversation: Conversation }) {
  const { voice, session, totalTokens, isEmpty } = conversation;
  const activity = conversation.activity.value;
  const words = messages.value;
  // The first screen offers voice by itself.
  const isSilentVoice = voice.value === 'off' && session.value?.modality === 'AUDIO' && !isEmpty.value;
  return (
    <div class="status">
      <p class="activity" data-testid="activity" data-activity={activity} role="status">
        <span class="pulse" aria-hidden="true" />
        <Words text={words.activity[activity]} />
      </p>
      {isSilentVoice && <p class="hint">{words.status.silentVoice}</p>}
      {totalTokens.value > 0 && (
        <p class="tokens">
          <Words text={words.status.tokens(totalTokens.value)} />
        </p>
      )}
    </div>
  );
}
