import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { IconButton } from './icon-button.tsx';
import { CloseIcon } from './icons.tsx';
import { Words } from './words.tsx';

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
            <strong>
              <Words text={text} />
            </strong>{' '}
            {advice && <Words text={advice} />}
          </p>
          {action && (
            <button type="button" class="text-button" onClick={action.run}>
              <Words text={action.label} />
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
