import { formatError } from './format-error.ts';
import type { Text } from './messages/current.ts';
import type { Messages } from './messages/en.ts';
import type { ServerEvent } from './server-event.ts';
import type { VoiceError } from './voice/voice-problem.ts';

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
    | 'new';
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

/** @param reason the server's reason, if the server gave one. Ends that the user requested need no explanation. */
export function createEndedNotice(reason: string | undefined, continueConversation: () => void): Notice {
  const isExplained = reason === 'max_duration' || reason === 'idle';
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

export function createSoundNotice(resume: () => void): Notice {
  return {
    key: 'sound',
    tone: 'warning',
    text: ({ notice }) => notice.soundPaused,
    action: { label: ({ notice }) => notice.resumeSound, run: resume },
  };
}

/** Creates the notice of voice that cannot start, or was lost. @param retry starts voice again */
export function createVoiceNotice({ problem, detail }: VoiceError, retry: () => void): Notice {
  // The user cannot change these two here, so that another attempt would fail as well.
  const isFinal = problem === 'insecure' || problem === 'unsupported';
  const action: Notice['action'] = { label: ({ voiceProblem }) => voiceProblem.tryAgain, run: retry };
  return {
    key: 'microphone',
    tone: isFinal ? 'warning' : 'error',
    text: ({ voiceProblem }) => voiceProblem[problem].text,
    advice: ({ voiceProblem }) => `${voiceProblem[problem].advice}${detail === undefined ? '' : ` (${detail})`}`,
    ...(isFinal ? {} : { action }),
  };
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

/** Creates the notice of a microphone that was unplugged. @param label name of the one that has taken its place; may be empty */
export function createReplacedNotice(label: string): Notice {
  return {
    key: 'microphone',
    tone: 'warning',
    text: ({ voiceProblem }) => voiceProblem.gone.text,
    advice: ({ notice }) => notice.microphoneReplaced(label),
  };
}

/** Notice of a loudspeaker that was unplugged. */
export const SPEAKER_REPLACED: Notice = {
  key: 'speaker',
  tone: 'warning',
  text: ({ notice }) => notice.speakerGone,
  advice: ({ notice }) => notice.speakerReplaced,
};

/** Creates the notice of a camera or a screen that cannot be shown. */
export function createVideoNotice({ problem, detail }: VoiceError): Notice {
  return {
    key: 'image',
    tone: 'warning',
    text: ({ notice }) => notice.noVideo,
    advice: ({ notice }) =>
      `${problem === 'blocked' ? notice.cameraBlocked : notice.videoFailed}${detail ? ` (${detail})` : ''}`,
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

/** Creates the notice of an event. @returns `undefined` unless the user should know of the event */
export function createEventNotice(event: ServerEvent): Notice | undefined {
  if (event.name === 'failure') return createModelNotice(event.data.error, event.data.hint);
  return event.name === 'status' && event.data.upstream === 'restarted' ? MODEL_RESTARTED : undefined;
}

/** Creates the notice of a voice that is on in another tab. @param take starts voice in this tab instead */
export function createOtherTabNotice(take: () => void): Notice {
  return {
    key: 'tabs',
    tone: 'warning',
    text: ({ notice }) => notice.voiceElsewhere,
    action: { label: ({ notice }) => notice.voiceHere, run: take },
  };
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

/** Creates the notice of a modality that somebody else has changed. @param restart starts voice again */
export function createSpeechOffNotice(restart: () => void): Notice {
  return {
    key: 'tabs',
    tone: 'warning',
    text: ({ notice }) => notice.speechOff,
    action: { label: ({ notice }) => notice.voiceHere, run: restart },
  };
}

export const CONVERSATION_FORGOTTEN: Notice = {
  key: 'restart',
  tone: 'warning',
  text: ({ notice }) => notice.forgotten,
  advice: ({ notice }) => notice.modelRestartedAdvice,
};

const MODEL_RESTARTED: Notice = {
  key: 'model',
  tone: 'warning',
  text: ({ notice }) => notice.modelRestarted,
  advice: ({ notice }) => notice.modelRestartedAdvice,
};

/** Speech was lost because the network is slower than speech. */
export const SPEECH_LOST = createSpeechNotice(({ notice }) => notice.speechLost);
/** Speech was lost because there was no connection. */
export const SPEECH_UNSENT = createSpeechNotice(({ notice }) => notice.speechUnsent);
/** Speech was lost because the browser did not run this page. */
export const SPEECH_OVERFLOW = createSpeechNotice(({ notice }) => notice.speechOverflow);

function createSpeechNotice(text: Text): Notice {
  return { key: 'slow', tone: 'warning', text, advice: ({ notice }) => notice.speechLostAdvice };
}

export const BAD_IMAGE: Notice = {
  key: 'image',
  tone: 'error',
  text: ({ notice }) => notice.badPicture,
  advice: ({ notice }) => notice.badPictureAdvice,
};
