import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { formatAddress } from '../address.ts';
import { IconButton } from '../components/icon-button.tsx';
import { Words } from '../components/words.tsx';
import { language } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import { MoreIcon } from './conversation-icons.tsx';
import type { ListedConversation } from './conversation-list.ts';

/** What the user does to a conversation of the list. */
export interface RowActions {
  onOpen(id: string): void;
  onDelete(id: string): void;
  onUndo(id: string): void;
}

export interface ConversationRowProps extends RowActions {
  readonly row: ListedConversation;
  /** Time of the newest event, for a person. */
  readonly time: string;
  readonly isCurrent: boolean;
  /** Whether Tab stops at this row. */
  readonly isStop: boolean;
  readonly isEditing: boolean;
  readonly isExporting: boolean;
  readonly isMenuOpen: boolean;
  onFocus(): void;
  onMenu(button: HTMLElement): void;
  /** Ends a change of the title. @param title `undefined`: it stays as it was */
  onRename(title: string | undefined): void;
}

/** Maximum length of a title, in characters: that of the server. */
const MAX_TITLE = 80;

/** A conversation: a link to it, with its title and time, and a menu. */
export function ConversationRow(props: ConversationRowProps) {
  const { row, isStop, isEditing, onUndo, onRename } = props;
  const words = panelMessages.value.conversations;
  const title = row.title || words.untitled;
  if (isEditing) return <TitleField title={row.title} label={words.newTitle(title)} onRename={onRename} />;
  if (!row.isDeleting) return <OpenLink {...props} title={title} />;
  return (
    <p class="conversation-deleting" role="status">
      <span class="conversation-title" dir="auto">
        <Words text={words.deleting(title)} />
      </span>
      <button
        type="button"
        class="text-button"
        data-stop={isStop}
        tabIndex={isStop ? 0 : -1}
        aria-label={words.undoOf(title)}
        onClick={() => onUndo(row.id)}
      >
        {words.undo}
      </button>
    </p>
  );
}

interface OpenLinkProps extends ConversationRowProps {
  readonly title: string;
}

function OpenLink({
  row,
  title,
  time,
  isCurrent,
  isStop,
  isExporting,
  isMenuOpen,
  onOpen,
  onFocus,
  onMenu,
}: OpenLinkProps) {
  const words = panelMessages.value.conversations;
  const timeId = useId();
  const at = new Date(row.lastUpdateTime * 1_000);
  return (
    <>
      <a
        class="conversation-link"
        href={formatAddress(row.id)}
        data-stop={isStop}
        tabIndex={isStop ? 0 : -1}
        aria-describedby={timeId}
        aria-current={isCurrent ? 'page' : undefined}
        title={`${title}\n${at.toLocaleString(language.value, { dateStyle: 'long', timeStyle: 'short' })}`}
        onFocus={onFocus}
        onClick={(event) => {
          // With one of these keys the browser opens another tab or window.
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          onOpen(row.id);
        }}
      >
        <span class={row.title ? 'conversation-title' : 'conversation-title untitled'} dir="auto">
          <Words text={title} />
        </span>
      </a>
      <span class="conversation-end">
        <time id={timeId} dateTime={at.toISOString()}>
          <Words text={isExporting ? words.exporting : time} />
        </time>
        <IconButton
          label={words.actionsOf(title)}
          title={words.actions}
          tabIndex={isStop ? 0 : -1}
          aria-haspopup="menu"
          aria-expanded={isMenuOpen}
          onFocus={onFocus}
          onClick={(event) => onMenu(event.currentTarget)}
        >
          <MoreIcon />
        </IconButton>
      </span>
    </>
  );
}

interface TitleFieldProps {
  readonly title: string;
  readonly label: string;
  onRename(title: string | undefined): void;
}

/** The title while the user changes it: Enter and a click elsewhere keep the change, Escape does not. */
function TitleField({ title, label, onRename }: TitleFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useLayoutEffect(() => field.current?.select(), []);
  const end = (next: string | undefined) => {
    // The field loses the focus when it is removed.
    if (isOver.current) return;
    isOver.current = true;
    onRename(next);
  };
  return (
    <form
      class="conversation-edit"
      onSubmit={(event) => {
        event.preventDefault();
        end(field.current?.value);
      }}
    >
      <input
        ref={field}
        class="conversation-title-field"
        aria-label={label}
        defaultValue={title}
        maxLength={MAX_TITLE}
        autocomplete="off"
        enterkeyhint="done"
        dir="auto"
        onBlur={(event) => end(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          end(undefined);
        }}
      />
    </form>
  );
}
