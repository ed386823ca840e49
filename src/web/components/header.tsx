import type { Account } from '../account.ts';
import type { Conversation } from '../conversation.ts';
import { EVERY_USER } from '../identity.ts';
import { messages } from '../messages/current.ts';
import type { Navigation } from '../navigation.ts';
import type { Panels } from '../panels.ts';
import { IconButton } from './icon-button.tsx';
import { ActivityIcon, DownloadIcon, ListIcon, PlusIcon, SettingsIcon, SignOutIcon } from './icons.tsx';
import { Words } from './words.tsx';

interface HeaderProps {
  readonly conversation: Conversation;
  readonly account: Account;
  readonly navigation: Navigation;
  readonly panels: Panels;
}

export function Header({ conversation, account, navigation, panels }: HeaderProps) {
  const { header } = messages.value;
  const session = conversation.session.value;
  const { phase } = conversation.connection.value;
  const rung = conversation.rung.value;
  const user = account.user.value;
  const preload = () => void panels.load();
  return (
    <header class="top">
      {phase !== 'signed-out' && (
        <IconButton
          label={header.conversations}
          aria-expanded={panels.isListOpen.value}
          onPointerEnter={preload}
          onFocus={preload}
          onClick={() => panels.toggleList()}
        >
          <ListIcon />
        </IconButton>
      )}
      <h1 class="brand">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path d="M10 6v20M10 26l-5-5M10 26l5-5" />
          <path d="M22 26V6M22 6l-5 5M22 6l5 5" class="logo-up" />
        </svg>
        {header.product}
      </h1>
      <p
        class="connection"
        data-testid="connection"
        data-phase={phase}
        data-rung={rung}
        title={header.transports[rung]}
        role="status"
      >
        <span class="dot" aria-hidden="true" />
        <Words class="connection-text" text={header.phases[phase]} />
      </p>
      {/* The line is there before its words, so that nothing moves when they arrive. */}
      <p class="agent" data-testid="agent">
        {session && (
          <>
            <span class="agent-name" title={session.agent}>
              <Words text={session.agent} />
            </span>
            {session.emulated && <span class="badge">{header.demo}</span>}
            <span class="model" title={session.model}>
              <Words text={session.model} />
            </span>
          </>
        )}
      </p>
      {phase !== 'signed-out' && (
        <IconButton
          label={header.newConversation}
          disabled={conversation.isEmpty.value}
          onClick={() => navigation.startOver()}
        >
          <PlusIcon />
        </IconButton>
      )}
      {phase !== 'signed-out' && (
        <IconButton
          label={header.exportConversation}
          aria-haspopup="dialog"
          disabled={conversation.isEmpty.value}
          onClick={() => panels.openDialog('export')}
        >
          <DownloadIcon />
        </IconButton>
      )}
      {phase !== 'signed-out' && (
        <IconButton
          label={header.inspector}
          aria-expanded={panels.isInspectorOpen.value}
          onPointerEnter={preload}
          onFocus={preload}
          onClick={() => panels.toggleInspector()}
        >
          <ActivityIcon />
        </IconButton>
      )}
      <IconButton
        label={header.settings}
        aria-haspopup="dialog"
        onPointerEnter={preload}
        onFocus={preload}
        onClick={() => panels.openDialog('settings')}
      >
        <SettingsIcon />
      </IconButton>
      {user !== undefined && (
        <IconButton
          label={header.signOut}
          title={user === EVERY_USER ? header.signOut : header.signOutUser(user)}
          onClick={() => void account.signOut()}
        >
          <SignOutIcon />
        </IconButton>
      )}
    </header>
  );
}
