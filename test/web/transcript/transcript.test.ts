import { expect, test } from '@jest/globals';
import { isAnswering, reduceTranscript, type TranscriptAction } from '../../../src/web/transcript/transcript.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../../src/web/transcript/transcript-state.ts';

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

test('a question and an answer that arrive in pieces are one turn each', () => {
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

test('a typed question awaits its answer until a part of the answer arrives', () => {
  expect(play(typed(-1, 'Hi'))).toMatchObject({ awaiting: true });
  expect(play(typed(-1, 'Hi'), text('H'))).toMatchObject({ awaiting: false });
  expect(isAnswering(play(typed(-1, 'Hi'), text('H')))).toBe(true);
});

test('text that could not be sent is marked as failed and awaits no answer', () => {
  const transcript = play(typed(-1, 'Hi'), { name: 'typed_settled', id: -1, sent: false });
  expect(lines(transcript)).toEqual(['user failed: Hi']);
  expect(transcript.awaiting).toBe(false);
});

test('the complete text of speech replaces its increments', () => {
  const transcript = play(heard('wat ', false), heard('time', false), heard('What time is it?', true));
  expect(lines(transcript)).toEqual(['user done: What time is it?']);
  expect(transcript.awaiting).toBe(true);
});

test('interim transcripts replace each other, are no turn, and give way to the transcript and to the end of the turn', () => {
  const interim = (words: string): TranscriptAction => ({ name: 'interim_transcript', data: { text: words, turn: 1 } });
  const speaking = play(interim('What'), interim('What time'));
  expect(speaking).toMatchObject({ interim: 'What time', turns: [], awaiting: false });
  const final = play(interim('What time'), heard('What time is it?', false));
  expect(lines(final)).toEqual(['user open: What time is it?']);
  expect(final.interim).toBe('');
  expect(play(interim('What time'), spoken('It is noon.'), COMPLETE).interim).toBe('');
  expect(play(interim('x'), { name: 'failure', data: { error: 'e', code: 'agent_failed', retry: true } }).interim).toBe(
    '',
  );
});

test('a transcript that arrives after its answer has started is placed before the answer', () => {
  const transcript = play(spoken('It is '), heard('What time is it?', true), spoken('noon.'), COMPLETE);
  expect(lines(transcript)).toEqual(['user done: What time is it?', 'agent done: It is noon.']);
  expect(transcript.awaiting).toBe(false);
});

test('speech during the answer to a typed question is placed after that answer and awaits its own', () => {
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

test('speech during a spoken answer of the same turn is placed after that answer', () => {
  const transcript = play(heard('Count', true), spoken('One, '), heard('Sto', false), heard('Stop', true), INTERRUPTED);
  expect(lines(transcript)).toEqual(['user done: Count', 'agent interrupted: One, ', 'user done: Stop']);
  expect(transcript.awaiting).toBe(true);
});

test('an answer that is interrupted and then completed stays marked as interrupted', () => {
  expect(lines(play(text('One'), INTERRUPTED, COMPLETE))).toEqual(['agent interrupted: One']);
});

test('an interruption after the end of the turn marks the answer that was still being played', () => {
  expect(lines(play(text('One'), COMPLETE, INTERRUPTED))).toEqual(['agent interrupted: One']);
});

test('after an interruption by the user, the rest of the answer is dropped until the server confirms', () => {
  const cut = play(typed(-1, 'Count'), text('One, '), { name: 'interrupt' });
  expect(cut.discarding).toBe(true);
  expect(isAnswering(cut)).toBe(false);
  const late = [text('two, '), INTERRUPTED, COMPLETE].reduce(reduceTranscript, cut);
  expect(lines(late)).toEqual(['user open: Count', 'agent interrupted: One, ']);
  expect(late.discarding).toBe(false);
});

test('a question typed during an answer still awaits its own answer after the old one has ended', () => {
  const transcript = play(
    typed(-1, 'Count'),
    text('One, '),
    { name: 'interrupt' },
    typed(-2, 'Stop'),
    INTERRUPTED,
    COMPLETE,
  );
  expect(transcript.awaiting).toBe(true);
  expect(lines([text('Yes?'), COMPLETE].reduce(reduceTranscript, transcript)).slice(-1)).toEqual(['agent done: Yes?']);
});

test('an interruption after the whole answer has arrived drops nothing that follows', () => {
  expect(play(text('One'), COMPLETE, { name: 'interrupt' })).toMatchObject({
    discarding: false,
    turns: [{ state: 'interrupted' }],
  });
});

test('a turn that ends without words ends the waiting', () => {
  expect(isAnswering(play(typed(-1, 'Hi'), COMPLETE))).toBe(false);
});

test('a tool call between two texts keeps its place and receives its result', () => {
  const transcript = play(text('Let me see. '), CALL, text('It is noon.'), {
    name: 'tool_result',
    data: { id: 'c1', name: 'current_time', result: { time: '12:00' } },
  });
  expect(lines(transcript)).toEqual(['agent open: Let me see. [current_time done]It is noon.']);
  expect(transcript.turns[0]).toMatchObject({ parts: [{}, { args: { zone: 'UTC' }, result: { time: '12:00' } }, {}] });
});

test('a call whose results come later shows the latest one and goes on until its last', () => {
  const result = (value: number, more: { will_continue?: true } = {}): TranscriptAction => ({
    name: 'tool_result',
    data: { id: 'c1', name: 'current_time', result: { value }, ...more },
  });
  const running = play(CALL, result(1, { will_continue: true }), COMPLETE, result(2, { will_continue: true }));
  expect(lines(running)).toEqual(['agent done: [current_time running]']);
  expect(running.turns[0]).toMatchObject({ parts: [{ result: { value: 2 } }] });
  expect(lines(play(CALL, COMPLETE, result(1, { will_continue: true }), result(3)))).toEqual([
    'agent done: [current_time done]',
  ]);
});

test('results, errors and cancellations that arrive after their turn are shown at their tool call', () => {
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
const listGroundings = ({ turns }: Transcript) =>
  turns.flatMap((turn) => (turn.role === 'agent' ? [turn.grounding?.sources.map(({ title }) => title)] : []));

test('the sources of an answer are shown once each, below the answer', () => {
  const transcript = play(text('One'), grounding(1, 2), grounding(2, 3), COMPLETE, text('Two'), COMPLETE);
  expect(listGroundings(transcript)).toEqual([['1', '2', '3'], undefined]);
  expect(transcript.turns[0]).toMatchObject({ grounding: { queries: ['q1', 'q2', 'q3'] } });
  expect(
    listGroundings(play(text('One'), grounding(...Array(15).keys()), grounding(...Array(30).keys())))[0],
  ).toHaveLength(20);
});

test('sources that arrive just after an interruption are added to the interrupted answer', () => {
  expect(listGroundings(play(text('One'), INTERRUPTED, grounding(1), COMPLETE))).toEqual([['1']]);
});

test('sources of an answer that the user has interrupted are dropped', () => {
  expect(listGroundings(play(text('One'), { name: 'interrupt' }, grounding(1)))).toEqual([undefined]);
});

test('a failure between two answers leaves the previous answer complete', () => {
  const failure: TranscriptAction = {
    name: 'failure',
    data: { code: 'response_withheld', error: 'withheld', retry: false },
  };
  expect(lines(play(text('One'), COMPLETE, failure, COMPLETE))).toEqual(['agent done: One']);
  expect(lines(play(text('One'), failure, COMPLETE))).toEqual(['agent interrupted: One']);
});

test('a reset replaces the transcript by the turns of the server but keeps messages that are being sent', () => {
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

test('a failure during an answer ends the waiting', () => {
  const failure: TranscriptAction = {
    name: 'failure',
    data: { code: 'model_closed', error: 'closed', retry: true },
  };
  expect(isAnswering(play(typed(-1, 'Hi'), failure))).toBe(false);
  expect(lines(play(text('Hal'), failure))).toEqual(['agent interrupted: Hal']);
});

test('audio, status and usage do not change the transcript', () => {
  const before = play(text('One'));
  const after = [
    { name: 'message', data: { mime_type: 'audio/pcm', data: 'AAAA' } },
    { name: 'status', data: { upstream: 'ready' } },
    { name: 'usage', data: { prompt_tokens: 1, response_tokens: 1, total_tokens: 2 } },
  ] satisfies TranscriptAction[];
  expect(after.reduce<Transcript>(reduceTranscript, before)).toBe(before);
});
