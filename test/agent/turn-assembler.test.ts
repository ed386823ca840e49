import { TurnCompleteReason } from '@google/genai';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { EventBody } from '../../src/agent/event-factory.ts';
import { TurnAssembler } from '../../src/agent/turn-assembler.ts';
import { toldReason } from '../../src/agent/turn-complete-reason.ts';
import type { ModelEvent } from '../../src/models/realtime-model.ts';

/** How long the end of what the user said is waited for. */
const LATE_MS = 1_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function assemble(...events: ModelEvent[]): EventBody[] {
  const bodies: EventBody[] = [];
  const assembler = new TurnAssembler('bot', (body) => bodies.push(body));
  for (const event of events) assembler.take(event);
  return bodies;
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

test('TurnAssembler gives text in increments, then the whole before the turn is complete', () => {
  expect(assemble(text('Hello'), text(' world'), turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: ' world' }, PARTIAL),
    part({ text: 'Hello world' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with generation_complete gives the whole then, and not again at the end of the turn', () => {
  expect(assemble(text('Hello'), generationComplete, turnComplete)).toEqual([
    part({ text: 'Hello' }, PARTIAL),
    part({ text: 'Hello' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with a thought before the answer gives each whole, the thought marked', () => {
  expect(assemble(text('hm', true), text('Yes'), generationComplete)).toEqual([
    part({ text: 'hm', thought: true }, PARTIAL),
    part({ text: 'hm', thought: true }),
    part({ text: 'Yes' }, PARTIAL),
    part({ text: 'Yes' }),
  ]);
});

test('TurnAssembler with a tool call gives the text before it whole first, and all calls in one event', () => {
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

test('TurnAssembler passes audio on as it is, and merges no text while it comes', () => {
  expect(assemble(text('a'), audio, text('b'), turnComplete)).toEqual([
    part({ text: 'a' }, PARTIAL),
    part({ inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'AAAA' } }),
    part({ text: 'b' }, PARTIAL),
    part({ text: 'ab' }),
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with a transcript that the provider finishes gives it whole once', () => {
  expect(assemble(output('Hel'), output('lo', true), generationComplete, turnComplete)).toEqual([
    { author: 'bot', outputTranscription: { text: 'Hel', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'lo', finished: false }, partial: true },
    { author: 'bot', outputTranscription: { text: 'Hello', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler with transcripts that the provider never finishes gives them whole, input first', () => {
  expect(assemble(output('Fine.'), input('How are'), input(' you?'), turnComplete).slice(3)).toEqual([
    { author: 'user', inputTranscription: { text: 'How are you?', finished: true } },
    { author: 'bot', outputTranscription: { text: 'Fine.', finished: true } },
    { author: 'bot', turnComplete: true },
  ]);
});

test('TurnAssembler attributes what was heard to the user', () => {
  expect(assemble(input('hi', true))).toEqual([
    { author: 'user', inputTranscription: { text: 'hi', finished: false }, partial: true },
    { author: 'user', inputTranscription: { text: 'hi', finished: true } },
  ]);
});

test('TurnAssembler with a transcript that is finished and empty gives nothing', () => {
  expect(assemble(input('', true), output('', true))).toEqual([]);
});

test('TurnAssembler always tells an interruption, in an event of its own, after what was said', () => {
  expect(assemble(text('One'), output('One'), interrupted).slice(2)).toEqual([
    { author: 'bot', outputTranscription: { text: 'One', finished: true } },
    part({ text: 'One' }),
    { author: 'bot', interrupted: true },
  ]);
  expect(assemble(interrupted)).toEqual([{ author: 'bot', interrupted: true }]);
});

test('TurnAssembler passes on usage, grounding and cancelled calls', () => {
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

test('TurnAssembler after a turn begins the next one with nothing of it', () => {
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
  const assembler = new TurnAssembler('bot', (body) => bodies.push(body));
  return { assembler, take: (event: ModelEvent) => assembler.take(event), since: () => bodies.splice(0) };
}

test('TurnAssembler with a call while the user is transcribed tells it, and its result, behind the finished transcript', () => {
  const { assembler, take, since } = open();
  take(input('What time'));
  take(call('c1'));
  assembler.tell(answered('c1'));
  expect(since()).toEqual([hearing('What time')]);
  take(input(' is it?', true));
  expect(since()).toEqual([hearing(' is it?'), heard('What time is it?'), called('c1'), answered('c1')]);
  take(call('c2'));
  assembler.tell(answered('c2'));
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
])('TurnAssembler with a call that waits for a transcript tells both before %s', (_what, next) => {
  const { assembler, take, since } = open();
  take(input('What time'));
  take(call('c1'));
  take({ type: 'tool_cancel', ids: ['c1'] });
  take(next);
  assembler.cut();
  expect(since().slice(0, 4)).toEqual([
    hearing('What time'),
    heard('What time'),
    called('c1'),
    { author: 'bot', toolCancellation: ['c1'] },
  ]);
});

test('TurnAssembler with a call and a transcript that never ends lets the call wait for a second', () => {
  const { take, since } = open();
  take(input('What time'));
  take(call('c1'));
  jest.advanceTimersByTime(LATE_MS - 1);
  expect(since()).toEqual([hearing('What time')]);
  jest.advanceTimersByTime(1);
  expect(since()).toEqual([heard('What time'), called('c1')]);
  expect(jest.getTimerCount()).toBe(0);
});

test('TurnAssembler with more than 64 tool events that wait ends the transcript and tells them', () => {
  const { assembler, take, since } = open();
  take(input('Go'));
  take(call('c1'));
  for (let i = 0; i < 63; i += 1) assembler.tell(answered('c1'));
  expect(since()).toEqual([hearing('Go')]);
  assembler.tell(answered('c1'));
  expect(since().slice(0, 3)).toEqual([heard('Go'), called('c1'), answered('c1')]);
});

test('TurnAssembler with the result of a call that was told tells it while the user is speaking', () => {
  const { assembler, take, since } = open();
  take(call('c1'));
  take(input('Hurry'));
  assembler.tell(answered('c1'));
  expect(since()).toEqual([called('c1'), hearing('Hurry'), answered('c1')]);
});

test('TurnAssembler with words of the question that come after the reply has begun gives one transcript, before the reply is whole', () => {
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

test('TurnAssembler a second after the reply began ends the question; what is heard then is another', () => {
  const { take, since } = open();
  take(input('Count'));
  take(audio);
  jest.advanceTimersByTime(LATE_MS);
  expect(since().slice(2)).toEqual([heard('Count')]);
  take(input('Sto'));
  take(audio);
  jest.advanceTimersByTime(10 * LATE_MS);
  take(input('p'));
  take(interrupted);
  expect(since().slice(-2)).toEqual([heard('Stop'), { author: 'bot', interrupted: true }]);
});

test.each<[string, ModelEvent[]]>([
  ['text before a call', [text('Let me see.'), call('c1')]],
  ['a thought before text', [text('hm', true), text('Yes')]],
  ['a transcript of the reply that is finished', [output('Yes', true)]],
])('TurnAssembler with an open question and %s tells the question whole before it', (_what, events) => {
  const whole = assemble(input('Well?'), ...events).filter(({ partial }) => !partial);
  expect(whole[0]).toEqual(heard('Well?'));
  expect(whole.length).toBeGreaterThan(1);
});

test("TurnAssembler with an interruption while text is pending tells both, each in its own event (ADK's bug 4460)", () => {
  const whole = assemble(text('One, '), text('two'), interrupted).filter(({ partial }) => !partial);
  expect(whole).toEqual([part({ text: 'One, two' }), { author: 'bot', interrupted: true }]);
});

test('TurnAssembler with code tells the text before it whole, then the code and its outcome', () => {
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

test('TurnAssembler tells voice activity, the id of the session and a handle each in an event of its own', () => {
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

const ended = (reason: string): ModelEvent => ({ type: 'turn_complete', reason });

test.each<[string, ModelEvent[], EventBody]>([
  [
    'more input is needed',
    [ended('NEED_MORE_INPUT')],
    { author: 'bot', turnComplete: true, turnCompleteReason: 'NEED_MORE_INPUT' },
  ],
  [
    'the answer is rejected, after a part of it',
    [text('Well'), ended('RESPONSE_REJECTED')],
    {
      author: 'bot',
      turnComplete: true,
      turnCompleteReason: 'RESPONSE_REJECTED',
      errorCode: 'RESPONSE_REJECTED',
      errorMessage: 'The model rejected its own answer',
    },
  ],
  [
    'a reason that is not known and no answer',
    [text('before'), turnComplete, ended('MOON_PHASE')],
    {
      author: 'bot',
      turnComplete: true,
      turnCompleteReason: 'MOON_PHASE',
      errorCode: 'MOON_PHASE',
      errorMessage: 'The model gave no answer',
    },
  ],
  [
    'a reason that is not known and an answer that was interrupted',
    [audio, interrupted, ended('MOON_PHASE')],
    { author: 'bot', turnComplete: true, turnCompleteReason: 'MOON_PHASE' },
  ],
])('TurnAssembler with a turn that ends because %s says so', (_why, events, last) => {
  expect(assemble(...events).at(-1)).toEqual(last);
});

test('TurnAssembler knows every reason of the SDK but one as a failure, and says it in words of its own', () => {
  const { TURN_COMPLETE_REASON_UNSPECIFIED: _, NEED_MORE_INPUT: usual, ...failures } = TurnCompleteReason;
  expect(toldReason(usual, false)).toEqual({ turnCompleteReason: usual });
  const messages = Object.values(failures).map((reason) => toldReason(reason, true).errorMessage ?? reason);
  expect(messages.filter((message) => !/^The |^What /.test(message))).toEqual([]);
  expect(new Set(messages).size).toBe(messages.length);
});

test('TurnAssembler that is cut tells what was heard, and no interruption where nothing was said', () => {
  const { assembler, take, since } = open();
  take(input('Hello'));
  take(call('c1'));
  assembler.cut();
  expect(since()).toEqual([hearing('Hello'), heard('Hello'), called('c1')]);
  take(text('Hi'));
  assembler.cut();
  expect(since().slice(-1)).toEqual([{ author: 'bot', interrupted: true }]);
  assembler.cut();
  expect(since()).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test.each([
  ['text', text],
  ['a transcript of the user', input],
  ['a transcript of the model', output],
])('TurnAssembler with %s that never ends tells it whole after 256 Ki characters, and goes on', (_what, say) => {
  const piece = 'x'.repeat(64 * 1024);
  const whole = assemble(...Array.from({ length: 12 }, () => say(piece))).filter(({ partial }) => !partial);
  expect(whole).toHaveLength(2);
});

test('TurnAssembler of any turns: the increments of each kind, joined, are what is told whole, and nothing is held when a turn is over', () => {
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
      const bodies: EventBody[] = [];
      const assembler = new TurnAssembler('bot', (body) => bodies.push(body));
      const tools: string[] = [];
      const joined = (pick: (body: EventBody) => string | undefined, partial: boolean) =>
        bodies.flatMap((body) => (Boolean(body.partial) === partial ? [pick(body) ?? ''] : [])).join('');
      for (const next of [...steps, end]) {
        if (next === 'wait') jest.advanceTimersByTime(LATE_MS / 2);
        else if (next === 'call') {
          tools.push(`c${tools.length}`);
          assembler.take(call(tools.at(-1) ?? ''));
        } else if (next === 'result') {
          tools.push(`r${tools.length}`);
          assembler.tell(answered(tools.at(-1) ?? ''));
        } else assembler.take(next);
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
