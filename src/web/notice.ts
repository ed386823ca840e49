import type { LogEvents } from '../wire/named-events.ts';
import { formatError } from './format-error.ts';
import type { Text } from './messages/current.ts';
import type { Messages } from './messages/en.ts';
import type { ServerEvent } from './server-event.ts';

export interface NoticeText {
  readonly text: Text;
  /** Cause or remedy. */
  readonly advice?: Text;
}

/** Information for the user. A newer notice replaces an older one of the same key. */
export interface Notice extends NoticeText {
  readonly key:
    | 'connection'
    | 'microphone'
    | 'speaker'
    | 'send'
    | 'slow'
    | 'model'
    | 'image'
    | 'sound'
    | 'account'
    | 'settings'
    | 'panels'
    | 'version'
    | 'tabs'
    | 'restart'
    | 'new'
    | 'gone'
    | 'storage';
  readonly tone: 'error' | 'warning';
  readonly action?: { readonly label: Text; readonly run: () => void };
}

/** A notice in the words of one language. */
export interface ShownNotice extends Pick<Notice, 'key' | 'tone'> {
  readonly text: string;
  readonly advice?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export function showNotice({ key, tone, text, advice, action }: Notice, messages: Messages): ShownNotice {
  return {
    key,
    tone,
    text: text(messages),
    ...(advice ? { advice: advice(messages) } : {}),
    ...(action ? { action: { label: action.label(messages), run: action.run } } : {}),
  };
}

/** @param error the server's error, if there was a response */
export function createOfflineNotice(error: Text | undefined, retryNow: () => void): Notice {
  return {
    key: 'connection',
    tone: 'error',
    text: error ?? (({ notice }) => notice.unreachable),
    advice: ({ notice }) => notice.keepsRetrying,
    action: { label: ({ notice }) => notice.retryNow, run: retryNow },
  };
}

export interface EndedActions {
  continueConversation(): void;
  startOver(): void;
}

/** @param reason the server's reason, if the server gave one. Ends that the user requested need no explanation. */
export function createEndedNotice(
  reason: string | undefined,
  { continueConversation, startOver }: EndedActions,
): Notice {
  if (reason === 'deleted') {
    return {
      key: 'connection',
      tone: 'warning',
      text: ({ notice }) => notice.deleted,
      advice: ({ notice }) => notice.deletedAdvice,
      action: { label: ({ header }) => header.newConversation, run: startOver },
    };
  }
  const isExplained = reason === 'max_duration' || reason === 'idle' || reason === 'agent_ended';
  return {
    key: 'connection',
    tone: 'warning',
    text: ({ notice }) => notice.ended,
    ...(isExplained ? { advice: ({ notice }) => notice.endReasons[reason] } : {}),
    action: { label: ({ notice }) => notice.continueConversation, run: continueConversation },
  };
}

/** Creates the notice of a page whose browser has signed in as another user, as in another tab. */
export function createOtherUserNotice(userId: string, continueAsUser: () => void): Notice {
  return {
    key: 'connection',
    tone: 'error',
    text: ({ notice }) => notice.signedInAs(userId),
    advice: ({ notice }) => notice.otherUser,
    action: { label: ({ notice }) => notice.continueAs(userId), run: continueAsUser },
  };
}

/** Creates the notice of a sign-out that has failed. */
export function createSignOutNotice(error: Text): Notice {
  return { key: 'account', tone: 'error', text: ({ notice }) => notice.stillSignedIn, advice: error };
}

/** Creates the notice of a panel whose script cannot be loaded. */
export function createPanelNotice(retry: () => void): Notice {
  return {
    key: 'panels',
    tone: 'warning',
    text: ({ panels }) => panels.loadFailed,
    advice: ({ panels }) => panels.loadFailedAdvice,
    action: { label: ({ panels }) => panels.tryAgain, run: retry },
  };
}

/** Notice of a server that has another version than the page, so that parts of the page may not be there. */
export const OTHER_VERSION: Notice = {
  key: 'version',
  tone: 'warning',
  text: ({ notice }) => notice.otherVersion,
  advice: ({ notice }) => notice.otherVersionAdvice,
  action: { label: ({ signIn }) => signIn.reload, run: () => location.reload() },
};

/** Creates the notice of settings that the agent has refused. */
export function createSettingsNotice(error: string): Notice {
  return {
    key: 'settings',
    tone: 'warning',
    text: ({ notice }) => notice.speechRefused,
    advice: ({ notice }) => notice.speechRefusedAdvice(error),
  };
}

/** Creates the notice of a message that the server refused. */
export function createRefusedNotice(error: string, hint: string | undefined): Notice {
  return { key: 'send', tone: 'error', text: ({ notice }) => notice.notSent, advice: () => formatError(error, hint) };
}

/** Creates the notice of a request that the agent cannot carry out. */
export function createUnsupportedNotice(error: string, hint: string | undefined): Notice {
  return { ...createModelNotice(error, hint), key: 'send' };
}

/** Creates the notice of a failure of the model. */
function createModelNotice(error: string, hint: string | undefined): Notice {
  return {
    key: 'model',
    tone: 'error',
    text: () => formatError(error),
    ...(hint ? { advice: () => formatError(hint) } : {}),
  };
}

/** Creates the notice of a conversation that is not stored, or not all of it. @returns `undefined` if all of it is */
function createStorageNotice({ state, lost_turns: lostTurns = 0 }: LogEvents['storage']): Notice | undefined {
  if (state === 'ok' && lostTurns === 0) return undefined;
  return {
    key: 'storage',
    tone: 'warning',
    text: ({ notice }) => (lostTurns > 0 ? notice.turnsLost : notice.notStored),
    advice: ({ notice }) => (lostTurns > 0 ? notice.turnsLostAdvice : notice.notStoredAdvice),
  };
}

/** Creates the notice of an event. @returns `undefined` unless the user should know of the event */
export function createEventNotice(event: ServerEvent): Notice | undefined {
  if (event.name === 'storage') return createStorageNotice(event.data);
  if (event.name === 'failure') return createModelNotice(event.data.error, event.data.hint);
  return event.name === 'status' && event.data.upstream === 'restarted' ? MODEL_RESTARTED : undefined;
}

/** Creates the notice of a new conversation. @param undo returns to the one before */
export function createNewConversationNotice(undo: () => void): Notice {
  return {
    key: 'new',
    tone: 'warning',
    text: ({ notice }) => notice.newConversation,
    action: { label: ({ notice }) => notice.undoNewConversation, run: undo },
  };
}

/** Notice of an address that leads to no conversation of the user. */
export const CONVERSATION_GONE: Notice = {
  key: 'gone',
  tone: 'warning',
  text: ({ notice }) => notice.conversationGone,
  advice: ({ notice }) => notice.conversationGoneAdvice,
};

export const CONVERSATION_FORGOTTEN: Notice = {
  key: 'restart',
  tone: 'warning',
  text: ({ notice }) => notice.forgotten,
  advice: ({ notice }) => notice.modelRestartedAdvice,
};

/**
 * Creates the notice of a message that was lost with the server, before the server could store it.
 * @param sendAgain `undefined`: this page does not have all of the message
 */
export function createLostMessageNotice(sendAgain: (() => void) | undefined): Notice {
  return {
    key: 'send',
    tone: 'warning',
    text: ({ notice }) => notice.messageLost,
    ...(sendAgain ? { action: { label: ({ panels }) => panels.tryAgain, run: sendAgain } } : {}),
  };
}

const MODEL_RESTARTED: Notice = {
  key: 'model',
  tone: 'warning',
  text: ({ notice }) => notice.modelRestarted,
  advice: ({ notice }) => notice.modelRestartedAdvice,
};

export const BAD_IMAGE: Notice = {
  key: 'image',
  tone: 'error',
  text: ({ notice }) => notice.badPicture,
  advice: ({ notice }) => notice.badPictureAdvice,
};
