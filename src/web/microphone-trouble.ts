import type { NoticeText } from './notice.ts';

/** Why there is no microphone at all on this page; undefined if there may be one. */
export function missingMicrophone(scope: {
  isSecureContext: boolean;
  hasDevices: boolean;
  hasWorklet: boolean;
}): NoticeText | undefined {
  if (!scope.isSecureContext) {
    return {
      text: 'Voice needs a secure address.',
      advice: 'Browsers give the microphone only to https:// pages and to localhost. Typing works here all the same.',
    };
  }
  if (!scope.hasDevices || !scope.hasWorklet) {
    return {
      text: 'This browser has no audio for web pages.',
      advice: 'Use a current Chrome, Edge, Firefox or Safari. Typing works here all the same.',
    };
  }
  return undefined;
}

/** What getUserMedia's error means for the user; https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
export function explainMicrophoneError(error: unknown): NoticeText {
  const { name, message } = error as Partial<Error>; // whatever it is, it can be asked for these
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        text: 'The microphone is blocked.',
        advice:
          'Allow it for this page at the left of the address bar, then start audio again. Until then you can type.',
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return {
        text: 'No microphone was found.',
        advice: 'Connect one, then start audio again. Until then you can type.',
      };
    case 'NotReadableError':
    case 'AbortError':
      return {
        text: 'The microphone is in use by another program.',
        advice: 'Close the other call or recorder, then start audio again. Until then you can type.',
      };
    default:
      return {
        text: 'Audio could not be started.',
        advice: `Try again, or type. (${message ?? String(error)})`,
      };
  }
}
