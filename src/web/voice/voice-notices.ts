import type { Text } from '../messages/current.ts';
import type { Notice } from '../notice.ts';
import type { VoiceError } from './voice-problem.ts';

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

/** Creates the notice of a microphone that was unplugged. @param label name of the one that has taken its place; may be empty */
export function createReplacedNotice(label: string): Notice {
  return {
    key: 'microphone',
    tone: 'warning',
    text: ({ voiceProblem }) => voiceProblem.gone.text,
    advice: ({ notice }) => notice.microphoneReplaced(label),
  };
}

/** Creates the notice of a chosen microphone that cannot be opened. @param label name of the one that goes on; may be empty */
export function createKeptNotice({ problem }: VoiceError, label: string): Notice {
  return {
    key: 'microphone',
    tone: 'warning',
    text: ({ voiceProblem }) => voiceProblem[problem].text,
    advice: ({ notice }) => notice.microphoneReplaced(label),
  };
}

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

/** Creates the notice of a voice that is on in another tab. @param take starts voice in this tab instead */
export function createOtherTabNotice(take: () => void): Notice {
  return {
    key: 'tabs',
    tone: 'warning',
    text: ({ notice }) => notice.voiceElsewhere,
    action: { label: ({ notice }) => notice.voiceHere, run: take },
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

/** Speech was lost because the network is slower than speech. */
export const SPEECH_LOST = createSpeechNotice(({ notice }) => notice.speechLost);
/** Speech was lost because there was no connection. */
export const SPEECH_UNSENT = createSpeechNotice(({ notice }) => notice.speechUnsent);
/** Speech was lost with the server, which had received it, or could not receive it. */
export const SPEECH_LOST_BY_RESTART = createSpeechNotice(({ notice }) => notice.speechLostByRestart);
/** Speech was lost because the browser did not run this page. */
export const SPEECH_OVERFLOW = createSpeechNotice(({ notice }) => notice.speechOverflow);

function createSpeechNotice(text: Text): Notice {
  return { key: 'slow', tone: 'warning', text, advice: ({ notice }) => notice.speechLostAdvice };
}

/** Notice of a loudspeaker that was unplugged. */
export const SPEAKER_REPLACED: Notice = {
  key: 'speaker',
  tone: 'warning',
  text: ({ notice }) => notice.speakerGone,
  advice: ({ notice }) => notice.speakerReplaced,
};
