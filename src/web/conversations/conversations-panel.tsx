import { effect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { StoredConversations } from '../../client/stored-conversations.ts';
import { focusMessage } from '../components/focus-message.ts';
import { IconButton } from '../components/icon-button.tsx';
import { CloseIcon, PlusIcon } from '../components/icons.tsx';
import { saveFile } from '../components/save-file.ts';
import { Words } from '../components/words.tsx';
import type { Conversation } from '../conversation.ts';
import { hasMouse } from '../has-mouse.ts';
import { messages } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import type { Navigation } from '../navigation.ts';
import { ConversationList } from './conversation-list.ts';
import { ConversationRows } from './conversation-rows.tsx';

export interface ConversationsPanelProps {
  readonly conversation: Conversation;
  readonly navigation: Navigation;
  onClose(): void;
}

/** Width up to which the list is a sheet above the conversation, as conversations.css has it. */
const NARROW = '(max-width: 52rem)';
/** Time after the end of an answer until the server has stored it, in ms. */
const STORED_MS = 400;

/** The list of conversations: beside the open one, and in a narrow window above it. */
export function ConversationsPanel({ conversation, navigation, onClose }: ConversationsPanelProps) {
  const isNarrow = useMedia(NARROW);
  const titleId = useId();
  const list = useConversationList(conversation);
  const { choice, isEmpty } = conversation;
  const words = panelMessages.value.conversations;
  /** The conversation that was open when the user deleted it. */
  const left = useRef<string | undefined>(undefined);
  const closeIfNarrow = () => {
    if (isNarrow) onClose();
  };
  const content = (
    <>
      <header class="conversations-head">
        <h2 id={titleId}>{words.title}</h2>
        <IconButton
          label={messages.value.header.newConversation}
          disabled={isEmpty.value}
          onClick={() => {
            closeIfNarrow();
            navigation.startOver();
          }}
        >
          <PlusIcon />
        </IconButton>
        <IconButton label={words.close} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </header>
      <ConversationRows
        list={list}
        current={choice.sessionId.value}
        onOpen={(id) => {
          closeIfNarrow();
          navigation.openStored(id);
          // The message field is that of the other conversation after the next rendering.
          if (id === choice.sessionId.peek() && hasMouse()) requestAnimationFrame(focusMessage);
        }}
        onDelete={(id) => {
          if (id !== choice.sessionId.peek()) return list.delete(id);
          navigation.depart(() => {
            list.delete(id);
            left.current = id;
            conversation.leaveDeleted();
          });
        }}
        onUndo={(id) => {
          list.undoDelete(id);
          if (id === left.current && isEmpty.peek()) navigation.openStored(id);
        }}
      />
      {list.isVolatile.value && <p class="conversations-note">{words.volatile}</p>}
      <ProblemNote list={list} />
    </>
  );
  return isNarrow ? (
    <Sheet titleId={titleId} onClose={onClose}>
      {content}
    </Sheet>
  ) : (
    <Side titleId={titleId} onClose={onClose}>
      {content}
    </Side>
  );
}

interface FrameProps {
  readonly titleId: string;
  onClose(): void;
  readonly children: ComponentChildren;
}

function Side({ titleId, onClose, children }: FrameProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <aside
      ref={panel}
      class="conversations"
      tabIndex={-1}
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </aside>
  );
}

function Sheet({ titleId, onClose, children }: FrameProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      // In a window that becomes wide the list stays open, beside the conversation.
      isGone.current = true;
      element?.close();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog without a handler
    <dialog
      ref={dialog}
      class="dialog conversations-sheet"
      aria-labelledby={titleId}
      onClose={() => {
        if (!isGone.current) onClose();
      }}
      onCancel={(event) => {
        // Escape has closed a menu or ended a change of a title.
        if (event.currentTarget.querySelector('[role="menu"], .conversation-title-field')) event.preventDefault();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div class="conversations-content">{children}</div>
    </dialog>
  );
}

/** What went wrong in the list, and how to repeat it. */
function ProblemNote({ list }: { readonly list: ConversationList }) {
  const words = panelMessages.value.conversations;
  const problem = list.problem.value;
  if (!problem) return null;
  const { action, text, retry } = problem;
  return (
    <div class="notice conversations-problem" data-testid="list-problem" data-tone="error" role="alert">
      <p>
        <strong>
          <Words text={words.problems[action]} />
        </strong>{' '}
        <Words text={text(messages.value)} />
      </p>
      {retry && (
        <button type="button" class="text-button" onClick={retry}>
          {messages.value.panels.tryAgain}
        </button>
      )}
      <IconButton isSmall label={messages.value.notice.dismiss} onClick={() => list.dismiss()}>
        <CloseIcon />
      </IconButton>
    </div>
  );
}

/** Creates the list of the user, and keeps it up to date while it is shown. */
function useConversationList(conversation: Conversation): ConversationList {
  const userId = conversation.choice.userId ?? '';
  const list = useMemo(() => {
    const conversations = new StoredConversations({
      url: '',
      userId,
      // A change is sent even if the user closes the page meanwhile.
      fetch: (input, init) => fetch(input, { ...init, keepalive: init?.method === 'POST' }),
    });
    return new ConversationList({
      conversations,
      onUnauthorized: () => void conversation.onUnauthorized(),
      saveFile,
    });
  }, [conversation, userId]);
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') void list.refresh();
      else list.pause();
    };
    const flush = () => list.flush();
    refresh();
    document.addEventListener('visibilitychange', refresh);
    addEventListener('online', refresh);
    addEventListener('pagehide', flush);
    return () => {
      document.removeEventListener('visibilitychange', refresh);
      removeEventListener('online', refresh);
      removeEventListener('pagehide', flush);
      flush();
    };
  }, [list]);
  useRefreshAfterAnswers(list, conversation);
  return list;
}

/** Loads the list again when an answer is complete, and when the server is back. */
function useRefreshAfterAnswers(list: ConversationList, { transcript, connection, choice }: Conversation): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let before = '';
    const stop = effect(() => {
      const complete = transcript.value.turns.filter(({ state }) => state !== 'open').length;
      const state = `${choice.name.value} ${connection.value.phase === 'live'} ${complete}`;
      if (state === before) return;
      const isFirst = before === '';
      before = state;
      if (isFirst || connection.value.phase !== 'live') return;
      clearTimeout(timer);
      timer = setTimeout(() => void list.refresh(), STORED_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [list, transcript, connection, choice]);
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const onChange = () => setMatches(media.matches);
    media.addEventListener('change', onChange);
    return () => media.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}
