import type { Activity } from '../activity.ts';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';

/** Activities of which a screen reader tells. Others change all the time, and would be spoken into the call. */
const ANNOUNCED: readonly Activity[] = ['starting', 'offline', 'ended', 'muted', 'system-muted'];

/** State of the call in large letters, and what the user can do. */
export function CallState({ conversation }: { conversation: Conversation }) {
  const words = messages.value;
  const activity = conversation.activity.value;
  const hints: Partial<Record<Activity, string>> = conversation.talk.voice.pushToTalk.value
    ? { ...words.call.hints, ...words.call.talkHints }
    : words.call.hints;
  return (
    <div class="call-text">
      <p class="call-state" data-testid="activity" data-activity={activity}>
        {words.activity[activity]}
      </p>
      <p class="call-hint">{hints[activity]}</p>
      <p class="visually-hidden" role="status">
        {ANNOUNCED.includes(activity) && words.activity[activity]}
      </p>
    </div>
  );
}
