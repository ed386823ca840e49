import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  initialTurnState,
  LiveTurn,
  reduceTurn,
  type TurnInput,
  type TurnState,
} from '../../../src/agent/run/turn-state.ts';
import { measureCpuMs } from '../../cpu-time.ts';

const typed: TurnInput = { type: 'input_recorded', hasText: true };
const update: TurnInput = { type: 'update_sent' };
const spoken: TurnInput = { type: 'input_recorded', hasText: false };
const stop: TurnInput = { type: 'stop_requested' };
const lost: TurnInput = { type: 'connection_lost' };
const text: TurnInput = { type: 'text', text: 'x', thought: false };
const audio: TurnInput = { type: 'audio', mimeType: 'audio/pcm;rate=24000', data: 'AAAA' };
const code: TurnInput = { type: 'code', part: {} };
const call: TurnInput = { type: 'tool_call', calls: [] };
const usage: TurnInput = { type: 'usage', usage: {} };
const interrupted: TurnInput = { type: 'interrupted' };
const generated: TurnInput = { type: 'generation_complete' };
const complete: TurnInput = { type: 'turn_complete' };
const exchanged: TurnInput = { type: 'exchange_complete' };
const heard = (words: string, finished = false): TurnInput => ({ type: 'input_transcript', text: words, finished });
const said = (words: string): TurnInput => ({ type: 'output_transcript', text: words, finished: true });
const audioOf = (itemId: string): TurnInput => ({ type: 'audio', mimeType: 'audio/pcm', data: 'AAAA', itemId });

function reduce(inputs: readonly TurnInput[], exchanges: TurnState['exchanges'] = 'single'): TurnState {
  return inputs.reduce(reduceTurn, initialTurnState(exchanges));
}

describe('the phase of a turn', () => {
  test.each<[string, readonly TurnInput[], TurnState['phase']]>([
    ['is idle before anything is sent', [], 'idle'],
    ['stays idle while only audio is sent', [spoken, spoken], 'idle'],
    ['is awaiting after typed text', [typed], 'awaiting'],
    ['is awaiting after a result for which the model did not wait', [update], 'awaiting'],
    ['is idle after the reply to such a result', [update, audio, complete], 'idle'],
    ['is idle after a reply to such a result that stays empty', [update, complete], 'idle'],
    [
      'is awaiting while such a result that interrupted a reply waits',
      [typed, audio, update, interrupted, complete],
      'awaiting',
    ],
    ['is idle after a lost connection: such a result is sent again', [update, audio, lost], 'idle'],
    ['is awaiting after a lost connection if text was typed beside such a result', [update, typed, lost], 'awaiting'],
    ['is awaiting as soon as speech is recognized', [spoken, heard('What')], 'awaiting'],
    ['stays idle for an empty transcript', [spoken, heard('', true)], 'idle'],
    ['is replying after the first audio', [typed, audio], 'replying'],
    ['is replying after a tool call', [typed, call], 'replying'],
    ['is replying after code', [typed, code], 'replying'],
    ['is not changed by an empty transcript of the model', [said('')], 'idle'],
    ['is not changed by usage', [typed, usage], 'awaiting'],
    ['stays replying when the generation is complete', [typed, text, generated], 'replying'],
    ['is interrupted until the turn is complete', [typed, text, interrupted], 'interrupted'],
    ['stays interrupted when more of the reply arrives', [typed, text, interrupted, text], 'interrupted'],
    ['is idle after a complete turn', [typed, text, complete], 'idle'],
    ['is idle after a turn that the model let pass', [typed, complete], 'idle'],
    ['is awaiting if text was typed into the reply', [typed, text, typed, complete], 'awaiting'],
    ['is awaiting if speech interrupted the reply', [typed, text, spoken, interrupted, complete], 'awaiting'],
    ['is idle if the user stopped the reply', [typed, text, spoken, stop, interrupted, complete], 'idle'],
    ['is awaiting if the connection is lost before the answer', [typed, lost], 'awaiting'],
    ['is awaiting if the connection is lost in the reply', [typed, text, lost], 'awaiting'],
    ['is awaiting if the connection is lost after recognized speech', [spoken, heard('What'), lost], 'awaiting'],
    ['is idle if the connection is lost between turns', [typed, text, complete, lost], 'idle'],
  ])('%s', (_what, inputs, phase) => {
    expect(reduce(inputs).phase).toBe(phase);
  });
});

describe('the inputs of an exchange', () => {
  test.each<[string, readonly TurnInput[], Partial<TurnState>]>([
    ['are open until a reply starts', [typed, spoken], { inputs: 2, questionEnd: undefined, settledInputs: 0 }],
    ['end where the reply starts', [typed, spoken, audio, spoken], { inputs: 3, questionEnd: 2 }],
    ['end where a transcript is finished', [spoken, heard('What?', true), spoken], { inputs: 2, questionEnd: 1 }],
    ['do not end with a partial transcript', [spoken, heard('What')], { questionEnd: undefined, heardText: 'What' }],
    ['end at the request to stop, if nothing was said', [typed, stop, typed, interrupted], { questionEnd: 1 }],
    ['are settled by a complete turn', [typed, text, typed, complete], { settledInputs: 1, questionEnd: undefined }],
    ['are settled if the model let the turn pass', [typed, spoken, complete], { settledInputs: 2 }],
    [
      'are kept since the last text if the model was interrupted before it spoke',
      [typed, typed, interrupted, complete],
      { settledInputs: 1 },
    ],
    [
      'are all kept if speech interrupted the model before it spoke',
      [spoken, spoken, interrupted, complete],
      { settledInputs: 0 },
    ],
    [
      'are not settled by a lost connection',
      [typed, text, lost],
      { inputs: 1, settledInputs: 0, questionEnd: undefined },
    ],
  ])('%s', (_what, inputs, expected) => {
    expect(reduce(inputs)).toMatchObject(expected);
  });
});

describe('what is known of a turn', () => {
  test('the transcript of the user grows, keeps its last 256 Ki characters, and ends with the turn', () => {
    expect(reduce([heard('Good '), heard('night')]).heardText).toBe('Good night');
    expect(reduce([heard('a'.repeat(512 * 1024)), heard('b')]).heardText).toMatch(/^a{262143}b$/);
    expect(reduce([heard('Good '), complete]).heardText).toBe('');
    expect(reduce([heard('Good '), lost]).heardText).toBe('');
  });

  test('the transcript of a user who never stops grows in linear work', () => {
    // Cutting the text at each of these increments would copy 90 GB.
    const word = heard('yes ');
    let state = initialTurnState('single');
    const cpuMs = measureCpuMs(() => {
      for (let count = 0; count < 400_000; count += 1) state = reduceTurn(state, word);
    });
    expect(cpuMs).toBeLessThan(4_000);
    expect(state.heardText.length).toBeLessThanOrEqual(512 * 1024);
  });

  test('a tool call starts the answer, and only speech, text or code is output', () => {
    expect(reduce([call])).toMatchObject({ answerStarted: true, outputStarted: false });
    expect(reduce([call, said('Well')])).toMatchObject({ answerStarted: true, outputStarted: true });
    expect(reduce([call, said('Well'), complete])).toMatchObject({ answerStarted: false, outputStarted: false });
  });

  test('the item whose audio came last is known until the connection is lost, also after the turn', () => {
    expect(reduce([audioOf('a'), audioOf('b'), complete]).audioItemId).toBe('b');
    expect(reduce([audioOf('a'), lost]).audioItemId).toBeUndefined();
  });

  test('a turn that is lost with its connection is repeated under the same number', () => {
    expect(reduce([typed, text, complete])).toMatchObject({ turn: 2, exchange: 2 });
    expect(reduce([typed, text, complete, typed, text, lost])).toMatchObject({ turn: 2, exchange: 2 });
  });

  test('further audio of an item does not create a new state', () => {
    const state = reduce([typed, audioOf('a')]);
    expect(reduceTurn(state, audioOf('a'))).toBe(state);
    expect(reduceTurn(state, usage)).toBe(state);
  });
});

describe('an exchange of a model that works in the background', () => {
  const background = (...inputs: TurnInput[]) => reduce(inputs, 'background');

  test('is open after a turn, and ends with exchange_complete', () => {
    expect(background(typed, text, complete)).toMatchObject({
      phase: 'awaiting',
      turn: 2,
      exchange: 1,
      settledInputs: 0,
    });
    expect(background(typed, text, complete, exchanged)).toMatchObject({
      phase: 'idle',
      turn: 2,
      exchange: 2,
      settledInputs: 1,
    });
  });

  test('keeps its question over several turns, so that the question is replayed if the connection is lost', () => {
    const open = background(spoken, heard('What?'), text, complete, call, spoken);
    expect(open).toMatchObject({ questionEnd: 1, heardText: 'What?', exchange: 1 });
    expect(reduceTurn(open, lost)).toMatchObject({ phase: 'awaiting', settledInputs: 0, exchange: 1 });
  });

  test('that ends in the middle of a turn leaves the turn as it is', () => {
    expect(background(typed, text, exchanged)).toMatchObject({ phase: 'replying', turn: 1, exchange: 2 });
    expect(background(typed, text, exchanged, complete)).toMatchObject({ phase: 'idle', turn: 2, exchange: 2 });
  });
});

test('the first words after the reply to a result are a question, not those of speech that was answered', () => {
  expect(reduce([update, audio, complete, heard('Thanks')])).toMatchObject({ heardText: 'Thanks', phase: 'awaiting' });
});

test('LiveTurn holds the state before the last input beside the current one', () => {
  const turn = new LiveTurn('single');
  turn.apply(typed);
  turn.apply(text);
  expect([turn.previous.phase, turn.state.phase]).toEqual(['awaiting', 'replying']);
  turn.apply(text);
  expect(turn.previous).toBe(turn.state);
});

const anyInput = fc.oneof(
  fc.constantFrom(typed, spoken, stop, lost, text, audio, audioOf('a'), audioOf('b'), code, call, usage),
  fc.constantFrom(interrupted, generated, complete, exchanged, said('Well'), said('')),
  fc.tuple(fc.string(), fc.boolean()).map(([words, finished]) => heard(words, finished)),
);

/** Rules that hold for every step from one state to the next. */
function checkStep(before: TurnState, input: TurnInput, after: TurnState): void {
  expect(after.turn - before.turn).toBe(input === complete ? 1 : 0);
  const endsExchange = input === exchanged || (input === complete && after.exchanges === 'single');
  expect(after.exchange - before.exchange).toBe(endsExchange ? 1 : 0);
  expect(after.inputs - before.inputs).toBe(input.type === 'input_recorded' ? 1 : 0);
  expect(after.settledInputs).toBeGreaterThanOrEqual(before.settledInputs);
}

/** Rules that hold for every state. */
function checkState(state: TurnState): void {
  const { phase, answerStarted, outputStarted, interrupted: isInterrupted, inputs, settledInputs, questionEnd } = state;
  expect(phase === 'interrupted').toBe(isInterrupted);
  expect(phase === 'replying').toBe(answerStarted && !isInterrupted);
  expect(answerStarted || !outputStarted).toBe(true);
  expect(settledInputs).toBeLessThanOrEqual(questionEnd ?? inputs);
  expect(questionEnd ?? 0).toBeLessThanOrEqual(inputs);
  expect(state.lastTextInput).toBeLessThanOrEqual(inputs);
  expect(state.stoppedAt ?? 0).toBeLessThanOrEqual(inputs);
  // Text that nobody has answered is never forgotten.
  if (phase === 'idle') expect(state.lastTextInput).toBeLessThanOrEqual(settledInputs);
}

test.each(['single', 'background'] as const)(
  'with %s exchanges, any sequence of inputs keeps the numbers in order and the phase true, and changes no earlier state',
  (exchanges) => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 30 }), (inputs) => {
        let state = Object.freeze(initialTurnState(exchanges));
        for (const input of inputs) {
          const next = Object.freeze(reduceTurn(state, Object.freeze(input)));
          checkStep(state, input, next);
          checkState(next);
          state = next;
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
    );
  },
);

test('with single exchanges, typed text is never idle before the next turn is complete, whatever happens to the connection', () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
      const turn = new LiveTurn('single');
      let isPending = false;
      for (const input of inputs.filter(({ type }) => type !== 'exchange_complete')) {
        turn.apply(input);
        if (input === typed) isPending = true;
        if (input === complete) isPending = false;
        if (isPending) expect(turn.state.phase).not.toBe('idle');
      }
    }),
  );
});
