/** Reasons why voice cannot start, or has ended. */
export type VoiceProblem =
  /** The page has no secure address, so the browser gives it no microphone. */
  | 'insecure'
  /** The browser has no audio for web pages. */
  | 'unsupported'
  /** The user or the browser's settings refuse the microphone to this page. */
  | 'blocked'
  /** The settings of the operating system refuse the microphone to the browser. */
  | 'blocked_by_system'
  /** The question of the browser was not answered. */
  | 'unanswered'
  | 'missing'
  | 'busy'
  /** The microphone was unplugged, or the browser has withdrawn it. */
  | 'gone'
  /** The browser has not started the sound. */
  | 'no_sound'
  /** The server cannot be reached for the page's audio modules. */
  | 'unreachable'
  /** The server has answered a request for an audio module with an error. */
  | 'module_missing'
  /** The audio modules have not arrived in time. */
  | 'module_slow'
  /** The server has the audio modules, and the browser does not run them. */
  | 'module_blocked'
  | 'failed';

/** Failure of a start of voice. */
export class VoiceError extends Error {
  readonly problem: VoiceProblem;
  /** Report of the browser or the server, for the problems that need it. */
  readonly detail: string | undefined;

  constructor(problem: VoiceProblem, detail?: string) {
    super(detail === undefined ? problem : `${problem}: ${detail}`);
    this.name = 'VoiceError';
    this.problem = problem;
    this.detail = detail;
  }
}

/** Returns the reason why this page cannot have voice, or undefined if it may have it. */
export function findVoiceProblem(scope: {
  isSecureContext: boolean;
  hasDevices: boolean;
  hasWorklet: boolean;
}): VoiceProblem | undefined {
  if (!scope.isSecureContext) return 'insecure';
  return scope.hasDevices && scope.hasWorklet ? undefined : 'unsupported';
}

/**
 * Classifies an error of getUserMedia.
 * @see https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia
 */
export function toMicrophoneError(error: unknown): VoiceError {
  const { name, message } = error as Partial<Error>; // reading these fields is safe for any thrown object
  switch (name) {
    case 'NotAllowedError':
      // Chromium's text. Other browsers do not tell who has refused.
      return new VoiceError(/by system/i.test(message ?? '') ? 'blocked_by_system' : 'blocked');
    case 'SecurityError':
      return new VoiceError('blocked');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new VoiceError('missing');
    case 'NotReadableError':
    case 'AbortError':
      return new VoiceError('busy');
    default:
      return toVoiceError(error);
  }
}

/** Classifies any other error of a start. */
export function toVoiceError(error: unknown): VoiceError {
  if (error instanceof VoiceError) return error;
  return new VoiceError('failed', (error as Partial<Error>)?.message ?? String(error));
}
