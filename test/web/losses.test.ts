import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { AttachedImage } from '../../src/web/attached-image.ts';
import { Losses } from '../../src/web/losses.ts';
import { en } from '../../src/web/messages/en.ts';
import { reduceTranscript, type TranscriptAction } from '../../src/web/transcript/transcript.ts';
import { EMPTY_TRANSCRIPT } from '../../src/web/transcript/transcript-state.ts';
import type { ConnectionEvents } from '../../src/wire/named-events.ts';

const SLOW = 'The network is slow, so a part of your speech was lost.';
const UNSENT = 'There was no connection, so a part of your speech was lost.';
const RESTARTED = 'The server was restarted, so a part of your speech was lost.';
const FORGOTTEN = 'The server was restarted, and the agent does not remember the conversation.';

type Turns = ConnectionEvents['reset']['turns'];

const hi: Turns = [
  { role: 'user', text: 'Hi' },
  { role: 'model', text: 'Hello' },
];
const heard = (text: string, finished: boolean): TranscriptAction => ({
  name: 'input_transcript',
  data: { text, finished, turn: 2 },
});
const greeted: TranscriptAction = { name: 'reset', data: { reason: 'malformed', turns: hi, truncated: false } };

/** A page with a connection, in which something was said, and the notices that the user gets. */
function open(...actions: TranscriptAction[]) {
  const told: string[] = [];
  const losses = new Losses({
    findAttached: (): AttachedImage | undefined => undefined,
    sendMessage: () => undefined,
    notify: ({ text }) => told.push(text(en)),
  });
  losses.onConnection({ phase: 'live' });
  jest.advanceTimersByTime(10_000);
  const transcript = [greeted, ...actions].reduce(reduceTranscript, EMPTY_TRANSCRIPT);
  return {
    losses,
    cut: () => losses.onConnection({ phase: 'reconnecting' }),
    drop: () => losses.onSpeechDropped(),
    connect: () => losses.onConnection({ phase: 'live' }),
    /** Connects to a live session that knows these turns. */
    comeBack(turns: Turns = hi, reason: ConnectionEvents['reset']['reason'] = 'unknown_epoch') {
      losses.onConnection({ phase: 'live' });
      losses.onReset(transcript, { reason, turns, truncated: false }, 120_000);
    },
    since: () => told.splice(0),
  };
}

const wait = (ms: number) => jest.advanceTimersByTime(ms);

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('speech that is dropped was lost to a slow network while the page is connected, and to no connection otherwise', () => {
  const { cut, connect, drop, since } = open();
  drop();
  expect(since()).toEqual([SLOW]);
  cut();
  drop();
  expect(since()).toEqual([UNSENT]);
  // What waited meanwhile is being sent.
  connect();
  wait(1_000);
  drop();
  expect(since()).toEqual([UNSENT]);
});

test('speech that was dropped before the page noticed that the server had crashed, or just after its return, was lost by the restart', () => {
  const { cut, drop, comeBack, since } = open();
  drop();
  wait(25_000);
  cut();
  wait(1_000);
  since();
  comeBack();
  expect(since()).toEqual([RESTARTED]);
  wait(1_000);
  drop();
  expect(since()).toEqual([RESTARTED]);
  wait(10_000);
  drop();
  expect(since()).toEqual([SLOW]);
});

test('a session that may have ended while nobody was connected, and one that goes on, are no restart', () => {
  const { cut, drop, comeBack, since } = open();
  cut();
  wait(200_000);
  drop();
  since();
  comeBack();
  expect(since()).toEqual([]);
  cut();
  drop();
  since();
  comeBack(hi, 'too_old');
  expect(since()).toEqual([]);
});

test.each([
  ['words that go on', [heard('Which fer', false)], [RESTARTED]],
  ['words that were not answered to the end', [heard('Which ferry?', true)], [RESTARTED]],
  [
    'words of which the model was not sure yet',
    [{ name: 'interim_transcript', data: { text: 'Which', turn: 2 } }],
    [RESTARTED],
  ],
  ['words that the server knows', [heard(' Hi', true)], []],
] satisfies [string, TranscriptAction[], string[]][])(
  'a restarted server that comes back to %s: lost is what it does not know',
  (_what, actions, notices) => {
    const { cut, comeBack, since } = open(...actions);
    cut();
    wait(500_000);
    comeBack();
    expect(since()).toEqual(notices);
  },
);

test('of a server that remembers nothing, answered words are no loss beside the conversation, and unanswered ones are', () => {
  const message: TranscriptAction = { name: 'message', data: { mime_type: 'text/plain', data: 'At noon.' } };
  const complete: TranscriptAction = { name: 'message', data: { turn_complete: true, interrupted: null } };
  const answered = open(heard('Which ferry?', true), message, complete);
  answered.comeBack([]);
  expect(answered.since()).toEqual([FORGOTTEN]);
  const unanswered = open(heard('Which ferry?', true), message);
  unanswered.comeBack([]);
  expect(unanswered.since()).toEqual([FORGOTTEN, RESTARTED]);
});
