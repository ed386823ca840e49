import { expect, test } from '@jest/globals';
import {
  EMPTY_TRANSCRIPT,
  isAnswering,
  reduceTranscript,
  type Transcript,
  type TranscriptAction,
} from '../../src/web/transcript.ts';

const typed = (id: number, text: string): TranscriptAction => ({ name: 'typed', id, text });
const text = (data: string): TranscriptAction => ({ name: 'message', data: { mime_type: 'text/plain', data } });
const spoken = (data: string): TranscriptAction => ({
  name: 'message',
  data: { mime_type: 'text/plain', data, is_transcript: true },
});
const heard = (words: string, finished: boolean, turn = 1): TranscriptAction => ({
  name: 'input_transcript',
  data: { text: words, finished, turn },
});
const COMPLETE: TranscriptAction = { name: 'message', data: { turn_complete: true, interrupted: null } };
const INTERRUPTED: TranscriptAction = { name: 'message', data: { turn_complete: null, interrupted: true } };
const CALL: TranscriptAction = {
  name: 'tool_call',
  data: { id: 'c1', name: 'current_time', args: { zone: 'UTC' }, where: 'server' },
};

function play(...actions: TranscriptAction[]): Transcript {
  return actions.reduce(reduceTranscript, EMPTY_TRANSCRIPT);
}

/** A line for each turn: who, state, what. */
function lines({ turns }: Transcript): string[] {
  return turns.map((turn) => {
    if (turn.role === 'user') return `user ${turn.state}: ${turn.text}`;
    const parts = turn.parts.map((part) => (part.kind === 'text' ? part.text : `[${part.name} ${part.state}]`));
    return `agent ${turn.state}: ${parts.join('')}`;
  });
}

test('transcript: question and answer in pieces, one turn each', () => {
  const transcript = play(
    typed(-1, 'Hi'),
    { name: 'typed_settled', id: -1, sent: true },
    text('Hel'),
    text('lo.'),
    COMPLETE,
  );
  expect(lines(transcript)).toEqual(['user done: Hi', 'agent done: Hello.']);
  expect(isAnswering(transcript)).toBe(false);
});

test('transcript: a typed question, is awaiting its answer until something of it comes', () => {
  expect(play(typed(-1, 'Hi'))).toMatchObject({ awaiting: true });
  expect(play(typed(-1, 'Hi'), text('H'))).toMatchObject({ awaiting: false });
  expect(isAnswering(play(typed(-1, 'Hi'), text('H')))).toBe(true);
});

test('transcript: text that could not be sent, is marked and awaits nothing', () => {
  const transcript = play(typed(-1, 'Hi'), { name: 'typed_settled', id: -1, sent: false });
  expect(lines(transcript)).toEqual(['user failed: Hi']);
  expect(transcript.awaiting).toBe(false);
});

test('transcript: speech in increments, then the whole, which takes their place', () => {
  const transcript = play(heard('wat ', false), heard('time', false), heard('What time is it?', true));
  expect(lines(transcript)).toEqual(['user done: What time is it?']);
  expect(transcript.awaiting).toBe(true);
});

test('transcript: the transcript of speech comes after the answer has begun, stands before it', () => {
  const transcript = play(spoken('It is '), heard('What time is it?', true), spoken('noon.'), COMPLETE);
  expect(lines(transcript)).toEqual(['user done: What time is it?', 'agent done: It is noon.']);
  expect(transcript.awaiting).toBe(false);
});

test('transcript: speech into an answer to a typed question, stands after it and is answered next', () => {
  const transcript = play(
    typed(-1, 'Count'),
    spoken('One, '),
    heard('Stop', true),
    INTERRUPTED,
    COMPLETE,
    spoken('Yes?'),
    COMPLETE,
  );
  expect(lines(transcript)).toEqual([
    'user open: Count',
    'agent interrupted: One, ',
    'user done: Stop',
    'agent done: Yes?',
  ]);
});

test('transcript: speech into a spoken answer of the same turn, stands after it', () => {
  const transcript = play(heard('Count', true), spoken('One, '), heard('Sto', false), heard('Stop', true), INTERRUPTED);
  expect(lines(transcript)).toEqual(['user done: Count', 'agent interrupted: One, ', 'user done: Stop']);
  expect(transcript.awaiting).toBe(true);
});

test('transcript: interrupted and then complete, stays interrupted', () => {
  expect(lines(play(text('One'), INTERRUPTED, COMPLETE))).toEqual(['agent interrupted: One']);
});

test('transcript: interrupted after the turn was complete, marks what was still being played', () => {
  expect(lines(play(text('One'), COMPLETE, INTERRUPTED))).toEqual(['agent interrupted: One']);
});

test('transcript: cut by the user, what still comes of the answer is dropped until the server confirms', () => {
  const cut = play(typed(-1, 'Count'), text('One, '), { name: 'cut' });
  expect(cut.discarding).toBe(true);
  expect(isAnswering(cut)).toBe(false);
  const late = [text('two, '), INTERRUPTED, COMPLETE].reduce(reduceTranscript, cut);
  expect(lines(late)).toEqual(['user open: Count', 'agent interrupted: One, ']);
  expect(late.discarding).toBe(false);
});

test('transcript: typed into an answer, the next question is still awaiting its own after the old one has ended', () => {
  const transcript = play(typed(-1, 'Count'), text('One, '), { name: 'cut' }, typed(-2, 'Stop'), INTERRUPTED, COMPLETE);
  expect(transcript.awaiting).toBe(true);
  expect(lines([text('Yes?'), COMPLETE].reduce(reduceTranscript, transcript)).slice(-1)).toEqual(['agent done: Yes?']);
});

test('transcript: cut when everything has come already, nothing later is dropped', () => {
  expect(play(text('One'), COMPLETE, { name: 'cut' })).toMatchObject({
    discarding: false,
    turns: [{ state: 'interrupted' }],
  });
});

test('transcript: a turn that ends without words, leaves nobody waiting', () => {
  expect(isAnswering(play(typed(-1, 'Hi'), COMPLETE))).toBe(false);
});

test('transcript: a tool between two texts, keeps its place and takes its result', () => {
  const transcript = play(text('Let me see. '), CALL, text('It is noon.'), {
    name: 'tool_result',
    data: { id: 'c1', name: 'current_time', result: { time: '12:00' } },
  });
  expect(lines(transcript)).toEqual(['agent open: Let me see. [current_time done]It is noon.']);
  expect(transcript.turns[0]).toMatchObject({ parts: [{}, { args: { zone: 'UTC' }, result: { time: '12:00' } }, {}] });
});

test('transcript: results, errors and cancellations long after their turn, find their tool', () => {
  const ended = [CALL, COMPLETE, text('Next'), COMPLETE];
  const failed: TranscriptAction = { name: 'tool_result', data: { id: 'c1', name: 'current_time', error: 'no clock' } };
  expect(lines(play(...ended, failed))[0]).toBe('agent done: [current_time failed]');
  expect(lines(play(...ended, { name: 'tool_cancel', data: { id: 'c1' } }))[0]).toBe(
    'agent done: [current_time cancelled]',
  );
});

const grounding = (...numbers: number[]): TranscriptAction => ({
  name: 'grounding',
  data: {
    turn: 1,
    sources: numbers.map((n) => ({ uri: `https://a.example/${n}`, title: `${n}` })),
    queries: numbers.map((n) => `q${n}`),
  },
});
const groundingsOf = ({ turns }: Transcript) =>
  turns.flatMap((turn) => (turn.role === 'agent' ? [turn.grounding?.sources.map(({ title }) => title)] : []));

test('transcript: sources of one answer, stand under it, each once', () => {
  const transcript = play(text('One'), grounding(1, 2), grounding(2, 3), COMPLETE, text('Two'), COMPLETE);
  expect(groundingsOf(transcript)).toEqual([['1', '2', '3'], undefined]);
  expect(transcript.turns[0]).toMatchObject({ grounding: { queries: ['q1', 'q2', 'q3'] } });
  expect(
    groundingsOf(play(text('One'), grounding(...Array(15).keys()), grounding(...Array(30).keys())))[0],
  ).toHaveLength(20);
});

test('transcript: sources just after an interruption, stand under the answer that it cut and begin no other', () => {
  expect(groundingsOf(play(text('One'), INTERRUPTED, grounding(1), COMPLETE))).toEqual([['1']]);
});

test('transcript: sources of an answer that the user has cut, are dropped with it', () => {
  expect(groundingsOf(play(text('One'), { name: 'cut' }, grounding(1)))).toEqual([undefined]);
});

test('transcript: a failure between answers, leaves the last one complete', () => {
  const failure: TranscriptAction = {
    name: 'failure',
    data: { code: 'response_withheld', error: 'withheld', retry: false },
  };
  expect(lines(play(text('One'), COMPLETE, failure, COMPLETE))).toEqual(['agent done: One']);
  expect(lines(play(text('One'), failure, COMPLETE))).toEqual(['agent interrupted: One']);
});

test('transcript: reset, the turns of the server replace it, but what is on its way up stays', () => {
  const transcript = play(text('old'), COMPLETE, typed(-1, 'new'), {
    name: 'reset',
    data: {
      reason: 'too_old',
      truncated: true,
      turns: [
        { role: 'user', text: 'a' },
        { role: 'model', text: 'b', interrupted: true },
      ],
    },
  });
  expect(lines(transcript)).toEqual(['user done: a', 'agent interrupted: b', 'user open: new']);
  expect(transcript.truncated).toBe(true);
  expect(new Set(transcript.turns.map(({ id }) => id)).size).toBe(3);
});

test('transcript: a failure in mid-answer, ends the waiting', () => {
  const failure: TranscriptAction = {
    name: 'failure',
    data: { code: 'model_closed', error: 'closed', retry: true },
  };
  expect(isAnswering(play(typed(-1, 'Hi'), failure))).toBe(false);
  expect(lines(play(text('Hal'), failure))).toEqual(['agent interrupted: Hal']);
});

test('transcript: audio, status and usage, change nothing', () => {
  const before = play(text('One'));
  const after = [
    { name: 'message', data: { mime_type: 'audio/pcm', data: 'AAAA' } },
    { name: 'status', data: { upstream: 'ready' } },
    { name: 'usage', data: { prompt_tokens: 1, response_tokens: 1, total_tokens: 2 } },
  ] satisfies TranscriptAction[];
  expect(after.reduce<Transcript>(reduceTranscript, before)).toBe(before);
});
