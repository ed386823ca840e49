import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { IconButton } from './icon-button.tsx';
import { CloseIcon } from './icons.tsx';

export function NoticeList({ conversation }: { conversation: Conversation }) {
  return (
    <div class="notices">
      {conversation.notices.value.map(({ key, tone, text, advice, action }) => (
        <div
          key={key}
          class="notice"
          data-testid={`notice-${key}`}
          data-tone={tone}
          role={tone === 'error' ? 'alert' : 'status'}
        >
          <p>
            <strong>{text}</strong> {advice}
          </p>
          {action && (
            <button type="button" class="text-button" onClick={action.run}>
              {action.label}
            </button>
          )}
          <IconButton isSmall label={messages.value.notice.dismiss} onClick={() => conversation.dismiss(key)}>
            <CloseIcon />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
