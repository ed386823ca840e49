export interface NoticeText {
  readonly text: string;
  /** Why, or what to do about it. */
  readonly advice?: string;
}

/** Something the user should know. There is one of a key: the newer replaces the older. */
export interface Notice extends NoticeText {
  readonly key: 'connection' | 'microphone' | 'send' | 'slow' | 'model' | 'image' | 'sound';
  readonly tone: 'error' | 'warning';
  readonly action?: { readonly label: string; readonly run: () => void };
}

export function withNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  return [...notices.filter(({ key }) => key !== notice.key), notice];
}

export function withoutNotice(notices: readonly Notice[], key: Notice['key']): readonly Notice[] {
  return notices.some((notice) => notice.key === key) ? notices.filter((notice) => notice.key !== key) : notices;
}

/** @param error what the server said, if it said anything */
export function unreachable(error: string | undefined, tryNow: () => void): Notice {
  return {
    key: 'connection',
    tone: 'error',
    text: error ?? 'The server cannot be reached.',
    advice: 'The page keeps trying. What you type is sent when the server is back.',
    action: { label: 'Try now', run: tryNow },
  };
}

/** Ends that the user did not ask for; any other speaks for itself. */
const WHY_ENDED: Partial<Record<string, string>> = {
  max_duration: 'It has lasted as long as one may.',
  idle: 'Nothing was said for a while.',
};

/** @param reason as the server said it, if it did */
export function ended(reason: string | undefined, goOn: () => void): Notice {
  const advice = reason === undefined ? undefined : WHY_ENDED[reason];
  return {
    key: 'connection',
    tone: 'warning',
    text: 'The conversation has ended.',
    ...(advice ? { advice } : {}),
    action: { label: 'Continue', run: goOn },
  };
}

export function soundPaused(wake: () => void): Notice {
  return {
    key: 'sound',
    tone: 'warning',
    text: 'The browser has paused the sound.',
    action: { label: 'Resume', run: wake },
  };
}

export const AUDIO_LOST: Notice = {
  key: 'slow',
  tone: 'warning',
  text: 'The network is slow: some of what you said was lost.',
  advice: 'Say it again, or type it.',
};

export const MICROPHONE_GONE: Notice = {
  key: 'microphone',
  tone: 'error',
  text: 'The microphone was disconnected.',
  advice: 'Connect it again, then start audio. Until then you can type.',
};

export const BAD_IMAGE: Notice = {
  key: 'image',
  tone: 'error',
  text: 'This picture cannot be read.',
  advice: 'Attach a JPEG, PNG or WebP file.',
};
