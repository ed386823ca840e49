import type { ComponentChildren } from 'preact';
import type { Activity } from '../activity.ts';
import { Words } from '../components/words.tsx';
import type { Conversation } from '../conversation.ts';
import { callMessages } from '../messages/call.ts';
import { messages } from '../messages/current.ts';

/** Activities of which a screen reader tells. Others change all the time, and would be spoken into the call. */
const ANNOUNCED: readonly Activity[] = ['starting', 'offline', 'ended', 'muted', 'system-muted'];

interface CallStateProps {
  readonly conversation: Conversation;
  readonly children: ComponentChildren;
}

/** State of the call in large letters, what the user can do, and below it what it is given. */
export function CallState({ conversation, children }: CallStateProps) {
  const call = callMessages.value;
  const activity = conversation.activity.value;
  const name = messages.value.activity[activity];
  const hints: Partial<Record<Activity, string>> = conversation.talk.voice.pushToTalk.value
    ? { ...call.hints, ...call.talkHints }
    : call.hints;
  return (
    <div class="call-text">
      <p class="call-state" data-testid="activity" data-activity={activity}>
        <Words text={name} />
      </p>
      <p class="call-hint">
        <Words text={hints[activity] ?? ''} />
      </p>
      {children}
      <p class="visually-hidden" role="status">
        <Words text={ANNOUNCED.includes(activity) ? name : ''} />
      </p>
    </div>
  );
}
