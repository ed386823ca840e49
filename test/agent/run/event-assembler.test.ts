import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { EventAssembler } from '../../../src/agent/run/event-assembler.ts';
import type { EventBody } from '../../../src/agent/run/event-factory.ts';
import { LiveTurn } from '../../../src/agent/run/turn-state.ts';
import type { ModelEvent } from '../../../src/models/realtime-model.ts';

/** How long the end of what the user said is waited for. */
const LATE_MS = 1_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function assemble(...events: ModelEvent[]): EventBody[] {
  const { apply, since } = open();
  for (const event of events) apply(event);
  return since();
}

const text = (piece: string, thought = false): ModelEvent => ({ type: 'text', text: piece, thought });
const audio: ModelEvent = { type: 'audio', mimeType: 'audio/pcm;rate=24000', data: 'AAAA' };
const input = (piece: string, finished = false): ModelEvent => ({ type: 'input_transcript', text: piece, finished });
const output = (piece: string, finished = false): ModelEvent => ({ type: 'output_transcript', text: piece, finished });
const generationComplete: ModelEvent = { type: 'generation_complete' };
const interrupted: ModelEvent = { type: 'interrupted' };
const turnComplete: ModelEvent = { type: 'turn_complete' };

const part = (piece: object, more: object = {}) => ({
  author: 'bot',
  content: { role: 'model', parts: [piece] },
  ...more,
});
const PARTIAL = { partial: true };

test('text is emitted in increments, and completely before the turn is complete', () => {
  expect(assemble(text('Hello'), text(' world'), turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: ' world' }, PARTIAL),
    part({ text: 'Hello world' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('generation_complete emits the complete text, and the end of the turn does not repeat it', () => {
  expect(assemble(text('Hello'), generationComplete, turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: 'Hello' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('a thought before the answer is emitted completely by itself, marked as a thought', () => {
  expect(assemble(text('hm', true), text('Yes'), generationComplete)).toEqual([
    part({ text: 'hm', thought: true }, PARTIAL),
    part({ text: 'hm', thought: true }),
    part({ text: 'Yes' }, PARTIAL),
    part({ text: 'Yes' }),
  ]);
});

test('a tool call emits the complete text before it first, and all calls in one event', () => {
  const calls = [
    { id: 'c1', name: 'a', args: {} },
    { id: 'c2', name: 'b', args: { x: 1 } },
  ];
  expect(assemble(text('Let me see.'), { type: 'tool_call', calls })).toEqual([
    part({ text: 'Let me see.' }, PARTIAL),
    part({ text: 'Let me see.' }),
    {
      author: 'bot',
      content: { role: 'model', parts: [{ functionCall: calls[0] }, { functionCall: calls[1] }] },
    },
  ]);
});

test('audio is emitted as it is, and does not end the text around it', () => {
  expect(assemble(text('a'), audio, text('b'), turnComplete)).toEqual([
    part({ text: 'a' }, PARTIAL),
    part({ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }),
    part({ text: 'b' }, PARTIAL),
    part({ text: 'ab' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('a transcript that the provider finishes is emitted completely once', () => {
  expect(assemble(output('Hel'), output('lo', true), generationComplete, turnComplete)).toEqual([
    { author: 'bot', outputTranscription: { text: 'Hel', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'lo', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'Hello', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('transcripts that the provider never finishes are emitted completely at the end of the turn, input first', () => {
  expect(assemble(output('Fine.'), input('How are'), input(' you?'), turnComplete).slice(3)).toEqual([
    { author: 'user', inputTranscription: { text: 'How are you?', finished: true } },
    { author: 'bot', outputTranscription: { text: 'Fine.', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('the author of an input transcript is the user', () => {
  expect(assemble(input('hi', true))).toEqual([
    { author: 'user', inputTranscription: { text: 'hi', finished: false }, partial: true },
    { author: 'user', inputTranscription: { text: 'hi', finished: true } },
  ]);
});

test('interim transcripts of the user are emitted whole, each different one once, and no increment repeats them', () => {
  const interim = (whole: string): ModelEvent => ({ type: 'interim_transcript', text: whole });
  const shown = (whole: string) => ({ author: 'user', interimInputTranscription: { text: whole }, partial: true });
  const long = 'a'.repeat(5_000);
  const events = assemble(
    interim('What'),
    interim('What'),
    interim('What time'),
    interim(`${long} b`),
    input('What time is it?'),
    interim('What'),
    turnComplete,
  );
  expect(events.slice(0, 2)).toEqual([shown('What'), shown('What time')]);
  const { text = '' } = events[2]?.interimInputTranscription ?? {};
  expect(text.length).toBeLessThanOrEqual(2_000);
  expect(text).toMatch(/a b$/);
  expect(events.slice(3)).toEqual([
    { author: 'user', inputTranscription: { text: 'What time is it?', finished: false }, partial: true },
    shown('What'),
    { author: 'user', inputTranscription: { text: 'What time is it?', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('an empty finished transcript emits nothing', () => {
  expect(assemble(input('', true), output('', true))).toEqual([]);
});

test('an interruption is always emitted, in an event of its own, after the texts it interrupts', () => {
  expect(assemble(text('One'), output('One'), interrupted).slice(2)).toEqual([
    { author: 'bot', outputTranscription: { text: 'One', finished: true } },
    part({ text: 'One' }),
    { author: 'bot', interrupted: true },
  ]);
  expect(assemble(interrupted)).toEqual([{ author: 'bot', interrupted: true }]);
});

test('usage, grounding and cancelled calls are emitted', () => {
  expect(
    assemble(
      { type: 'usage', usage: { totalTokenCount: 3 } },
      { type: 'grounding', metadata: { q: 1 } },
      { type: 'tool_cancel', ids: ['c1'] },
    ),
  ).toEqual([
    { author: 'bot', usageMetadata: { totalTokenCount: 3 } },
    { author: 'bot', groundingMetadata: { q: 1 } },
    { author: 'bot', toolCancellation: ['c1'] },
  ]);
});

test('the next turn starts without anything of the turn before', () => {
  const second = assemble(text('a'), output('b'), input('c'), turnComplete, text('d'), turnComplete).slice(7);
  expect(second).toEqual([part({ text: 'd' }, PARTIAL), part({ text: 'd' }), { author: 'bot', turnComplete: true }]);
});

const call = (id: string): ModelEvent => ({ type: 'tool_call', calls: [{ id, name: 'clock', args: {} }] });
const called = (id: string) => part({ functionCall: { id, name: 'clock', args: {} } });
const answered = (id: string): EventBody => ({
  author: 'bot',
  content: { role: 'user', parts: [{ functionResponse: { id, name: 'clock', response: {} } }] },
});
const heard = (words: string) => ({ author: 'user', inputTranscription: { text: words, finished: true } });
const hearing = (piece: string) => ({
  author: 'user',
  inputTranscription: { text: piece, finished: false },
  ...PARTIAL,
});

/** An assembler and what it has told since it was last asked. */
function open() {
  const bodies: EventBody[] = [];
  const turn = new LiveTurn('single');
  const assembler = new EventAssembler({ agentName: 'bot' }, turn, (body) => bodies.push(body));
  const apply = (event: ModelEvent) => {
    turn.apply(event);
    assembler.onModelEvent(event);
  };
  return { turn, assembler, apply, bodies, since: () => bodies.splice(0) };
}

test('a call during the transcript of the user is emitted with its result after the finished transcript', () => {
  const { assembler, apply, since } = open();
  apply(input('What time'));
  apply(call('c1'));
  assembler.addToolEvent(answered('c1'));
  expect(since()).toEqual([hearing('What time')]);
  apply(input(' is it?', true));
  expect(since()).toEqual([hearing(' is it?'), heard('What time is it?'), called('c1'), answered('c1')]);
  apply(call('c2'));
  assembler.addToolEvent(answered('c2'));
  expect(since()).toEqual([called('c2'), answered('c2')]);
});

test.each<[string, ModelEvent]>([
  ['text', text('It')],
  ['audio', audio],
  ['a transcript', output('It')],
  ['code', { type: 'code', part: { executableCode: { code: '1' } } }],
  ['the end of the generation', generationComplete],
  ['an interruption', interrupted],
  ['the end of the turn', turnComplete],
])('a transcript of the user and the call that waits for it are emitted before %s', (_what, next) => {
  const { assembler, apply, since } = open();
  apply(input('What time'));
  apply(call('c1'));
  apply({ type: 'tool_cancel', ids: ['c1'] });
  apply(next);
  assembler.interrupt();
  expect(since().slice(0, 4)).toEqual([
    hearing('What time'),
    heard('What time'),
    called('c1'),
    { author: 'bot', toolCancellation: ['c1'] },
  ]);
});

test('a call waits at most 1 s for a transcript that never ends', () => {
  const { apply, since } = open();
  apply(input('What time'));
  apply(call('c1'));
  jest.advanceTimersByTime(LATE_MS - 1);
  expect(since()).toEqual([hearing('What time')]);
  jest.advanceTimersByTime(1);
  expect(since()).toEqual([heard('What time'), called('c1')]);
  expect(jest.getTimerCount()).toBe(0);
});

test('more than 64 waiting tool events end the transcript of the user', () => {
  const { assembler, apply, since } = open();
  apply(input('Go'));
  apply(call('c1'));
  for (let i = 0; i < 63; i += 1) assembler.addToolEvent(answered('c1'));
  expect(since()).toEqual([hearing('Go')]);
  assembler.addToolEvent(answered('c1'));
  expect(since().slice(0, 3)).toEqual([heard('Go'), called('c1'), answered('c1')]);
});

test('the result of a call that was emitted before does not wait for the transcript of the user', () => {
  const { assembler, apply, since } = open();
  apply(call('c1'));
  apply(input('Hurry'));
  assembler.addToolEvent(answered('c1'));
  expect(since()).toEqual([called('c1'), hearing('Hurry'), answered('c1')]);
});

test('words of the question that arrive after the reply has started belong to one transcript, before the complete reply', () => {
  expect(assemble(input('What ti'), output('It is'), input('me is it?'), output(' noon.'), turnComplete)).toEqual([
    hearing('What ti'),
    { author: 'bot', outputTranscription: { text: 'It is', finished: false }, partial: true },
    hearing('me is it?'),
    { author: 'bot', outputTranscription: { text: ' noon.', finished: false }, partial: true },
    heard('What time is it?'),
    { author: 'bot', outputTranscription: { text: 'It is noon.', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('the transcript of the question ends 1 s after the reply has started, and later words are another transcript', () => {
  const { apply, since } = open();
  apply(input('Count'));
  apply(audio);
  jest.advanceTimersByTime(LATE_MS);
  expect(since().slice(2)).toEqual([heard('Count')]);
  apply(input('Sto'));
  apply(audio);
  jest.advanceTimersByTime(10 * LATE_MS);
  apply(input('p'));
  apply(interrupted);
  expect(since().slice(-2)).toEqual([heard('Stop'), { author: 'bot', interrupted: true }]);
});

test.each<[string, ModelEvent[]]>([
  ['text before a call', [text('Let me see.'), call('c1')]],
  ['a thought before text', [text('hm', true), text('Yes')]],
  ['a transcript of the reply that is finished', [output('Yes', true)]],
])('the transcript of an open question is emitted completely before %s', (_what, events) => {
  const whole = assemble(input('Well?'), ...events).filter(({ partial }) => !partial);
  expect(whole[0]).toEqual(heard('Well?'));
  expect(whole.length).toBeGreaterThan(1);
});

test("an interruption while text is pending emits both, each in an event of its own (ADK's bug 4460)", () => {
  const whole = assemble(text('One, '), text('two'), interrupted).filter(({ partial }) => !partial);
  expect(whole).toEqual([part({ text: 'One, two' }), { author: 'bot', interrupted: true }]);
});

test('code emits the complete text before it first, then the code and its outcome', () => {
  const executableCode = { code: '1+1', language: 'PYTHON' };
  const codeExecutionResult = { outcome: 'OUTCOME_OK', output: '2' };
  expect(
    assemble(
      text('So'),
      { type: 'code', part: { executableCode } },
      { type: 'code', part: { codeExecutionResult } },
    ).slice(1),
  ).toEqual([part({ text: 'So' }), part({ executableCode }), part({ codeExecutionResult })]);
});

test('voice activity, the id of the session and a handle are each emitted in an event of their own', () => {
  const activity = { voiceActivityType: 'ACTIVITY_START', audioOffset: '2.5s' } as const;
  expect(
    assemble(
      { type: 'voice_activity', activity },
      { type: 'session_id', id: 's1' },
      { type: 'resumption', handle: 'h1' },
      { type: 'resumption', handle: undefined },
    ),
  ).toEqual([
    { author: 'bot', voiceActivity: activity },
    { author: 'bot', liveSessionId: 's1' },
    { author: 'bot', liveSessionResumptionUpdate: { newHandle: 'h1', resumable: true } },
  ]);
});

const ended = (reason: string, failure?: string): ModelEvent => ({
  type: 'turn_complete',
  reason,
  ...(failure === undefined ? {} : { failure }),
});

test.each<[string, ModelEvent[], EventBody]>([
  [
    'more input is needed',
    [ended('NEED_MORE_INPUT')],
    { author: 'bot', turnComplete: true, turnCompleteReason: 'NEED_MORE_INPUT' },
  ],
  [
    'the answer is rejected, after a part of it',
    [text('Well'), ended('RESPONSE_REJECTED', 'The model rejected its own answer')],
    {
      author: 'bot',
      turnComplete: true,
      turnCompleteReason: 'RESPONSE_REJECTED',
      errorCode: 'RESPONSE_REJECTED',
      errorMessage: 'The model rejected its own answer',
    },
  ],
])('the end of a turn carries its reason if %s', (_why, events, last) => {
  expect(assemble(...events).at(-1)).toEqual(last);
});

test('interrupt emits the transcript of the user, and an interruption only if a reply was in progress', () => {
  const { assembler, apply, since } = open();
  apply(input('Hello'));
  apply(call('c1'));
  assembler.interrupt();
  expect(since()).toEqual([hearing('Hello'), heard('Hello'), called('c1')]);
  apply(text('Hi'));
  assembler.interrupt();
  expect(since().slice(-1)).toEqual([{ author: 'bot', interrupted: true }]);
  assembler.interrupt();
  expect(since()).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test.each([
  ['text', text],
  ['a transcript of the user', input],
  ['a transcript of the model', output],
])('%s that never ends is emitted completely after 256 Ki characters, and continues', (_what, say) => {
  const piece = 'x'.repeat(64 * 1024);
  const whole = assemble(...Array.from({ length: 12 }, () => say(piece))).filter(({ partial }) => !partial);
  expect(whole).toHaveLength(2);
});

test('in any sequence of turns, the increments of each kind add up to the complete texts, and nothing is held when a turn is over', () => {
  const toolEvents = (bodies: EventBody[]) =>
    bodies.flatMap(({ content }) =>
      (content?.parts ?? []).flatMap(
        ({ functionCall, functionResponse }) => functionCall?.id ?? functionResponse?.id ?? [],
      ),
    );
  const step = fc.oneof(
    fc.string({ minLength: 1 }).map((piece) => text(piece)),
    fc.string({ minLength: 1 }).map((piece) => input(piece)),
    fc.string({ minLength: 1 }).map((piece) => output(piece)),
    fc.constantFrom<ModelEvent>(audio, generationComplete, input('', true), output('', true), interrupted),
    fc.constantFrom('call', 'result', 'wait'),
    fc.constant(turnComplete),
  );
  fc.assert(
    fc.property(fc.array(step), fc.constantFrom(interrupted, turnComplete), (steps, end) => {
      const { assembler, apply, bodies } = open();
      const tools: string[] = [];
      const joined = (pick: (body: EventBody) => string | undefined, partial: boolean) =>
        bodies.flatMap((body) => (Boolean(body.partial) === partial ? [pick(body) ?? ''] : [])).join('');
      for (const next of [...steps, end]) {
        if (next === 'wait') jest.advanceTimersByTime(LATE_MS / 2);
        else if (next === 'call') {
          tools.push(`c${tools.length}`);
          apply(call(tools.at(-1) ?? ''));
        } else if (next === 'result') {
          tools.push(`r${tools.length}`);
          assembler.addToolEvent(answered(tools.at(-1) ?? ''));
        } else apply(next);
        if (next !== interrupted && next !== turnComplete) continue;
        expect(bodies.at(-1)).toMatchObject(next === interrupted ? { interrupted: true } : { turnComplete: true });
        expect(toolEvents(bodies)).toEqual(tools);
        expect(jest.getTimerCount()).toBe(0);
        for (const pick of [
          (body: EventBody) => body.content?.parts?.[0]?.text,
          (body: EventBody) => body.inputTranscription?.text,
          (body: EventBody) => body.outputTranscription?.text,
        ]) {
          expect(joined(pick, false)).toBe(joined(pick, true));
        }
      }
    }),
  );
});
