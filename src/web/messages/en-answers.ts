/** The texts in and below answers in English. */
export const enAnswers = {
  answer: {
    code: 'Code',
    copyCode: 'Copy the code',
    copied: 'Copied',
    notCopied: 'Not copied',
    taskDone: 'Done',
    taskOpen: 'Not done',
    textCut: 'This text is longer than the page shows. Copy or export it to read the rest.',
    copyAnswer: 'Copy the answer',
  },
  tool: {
    states: {
      confirming: 'waits for you',
      running: 'running',
      done: 'done',
      failed: 'failed',
      cancelled: 'cancelled',
      unknown: 'no result',
    },
    confirm: 'May the agent do this?',
    allow: 'Allow',
    refuse: 'Don’t allow',
    arguments: 'Arguments',
    result: 'Result',
    error: 'Error',
    duration: (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`),
    picture: 'Picture in the result',
    enlargePicture: 'Enlarge the picture',
    reducePicture: 'Reduce the picture',
    brokenPicture: 'A picture in the result cannot be shown.',
  },
  sources: {
    title: 'Sources',
    searchedFor: 'Searched for',
    more: (count: number) => (count === 1 ? '1 more source' : `${count} more sources`),
  },
};

/** The texts in and below answers in one language. */
export type AnswerMessages = typeof enAnswers;
