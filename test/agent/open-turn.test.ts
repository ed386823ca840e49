import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createOpenTurn, type OpenTurn } from '../../src/agent/open-turn.ts';
import type { ModelEvent } from '../../src/models/realtime-model.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';

const typed = (text: string): LiveRequest => ({ content: { role: 'user', parts: [{ text }] } });
const spoken = (name: string, characters = 4): LiveRequest => ({
  blob: { mime_type: 'audio/pcm;rate=16000', data: name.padEnd(characters, '=') },
});
const reply: ModelEvent = { type: 'text', text: 'x', thought: false };
const turnComplete: ModelEvent = { type: 'turn_complete' };
const interrupted: ModelEvent = { type: 'interrupted' };

function turnOf(...steps: readonly (LiveRequest | ModelEvent)[]): OpenTurn {
  const turn = createOpenTurn();
  for (const step of steps) {
    if ('type' in step) turn.take(step);
    else turn.sent(step);
  }
  return turn;
}

describe('an open turn has again', () => {
  test.each<[string, readonly (LiveRequest | ModelEvent)[], readonly LiveRequest[]]>([
    ['what was typed and not answered', [typed('a')], [typed('a')]],
    ['what a reply has begun to answer', [typed('a'), reply], [typed('a')]],
    ['nothing of what was answered', [typed('a'), reply, turnComplete], []],
    ['what was typed into a reply that is complete', [typed('a'), reply, typed('b'), turnComplete], [typed('b')]],
    ['what interrupted a reply', [typed('a'), reply, typed('b'), interrupted, turnComplete], [typed('b')]],
    [
      'what interrupted the model before it said anything',
      [typed('a'), typed('b'), interrupted, turnComplete],
      [typed('b')],
    ],
    ['nothing where the model let a turn pass', [typed('a'), turnComplete], []],
    ['speech that was not answered', [spoken('a'), spoken('b')], [spoken('a'), spoken('b')]],
    [
      'speech that interrupted a reply, from its beginning',
      [spoken('a'), reply, spoken('b'), interrupted, spoken('c'), turnComplete],
      [spoken('b'), spoken('c')],
    ],
    [
      'of the sound while a reply was given the last second',
      [spoken('a'), reply, spoken('b', 40_000), spoken('c', 30_000), spoken('d', 10_000), turnComplete],
      [spoken('c', 30_000), spoken('d', 10_000)],
    ],
    [
      'signs of activity in their places',
      [{ activity_start: {} }, spoken('a'), { activity_end: {} }],
      [{ activity_start: {} }, spoken('a'), { activity_end: {} }],
    ],
    [
      'nothing of what the user stopped before it was answered, and what came after that',
      [typed('a'), spoken('b'), { interrupt: {} }, typed('c'), interrupted, turnComplete],
      [typed('c')],
    ],
    ['no interruption', [typed('a'), { interrupt: {} }], [typed('a')]],
  ])('%s', (_what, steps, expected) => {
    expect(turnOf(...steps).again()).toEqual(expected);
  });

  test('it once more where that too gets no answer, and what was said meanwhile', () => {
    const turn = turnOf(typed('a'), reply);
    expect(turn.again()).toEqual([typed('a')]);
    turn.take(reply);
    turn.sent(typed('b'));
    expect(turn.again()).toEqual([typed('a'), typed('b')]);
  });

  test('12 s of speech at the most, the latest, and all that was typed', () => {
    const second = 42_668;
    const turn = createOpenTurn();
    turn.sent(typed('a'));
    for (let index = 0; index < 20; index += 1) turn.sent(spoken(`${index}`, second));
    const kept = turn.again();
    expect(kept[0]).toEqual(typed('a'));
    expect(kept.at(-1)).toEqual(spoken('19', second));
    expect(kept).toHaveLength(1 + 12);
  });

  test('a picture that is larger than that, alone', () => {
    const turn = createOpenTurn();
    turn.sent(spoken('a'));
    turn.sent({ blob: { mime_type: 'image/png', data: 'x'.repeat(1024 * 1024) } });
    expect(turn.again()).toHaveLength(1);
  });

  test('what was heard in words where the model had begun to answer, and the calls it made', () => {
    const turn = turnOf(spoken('a'), { type: 'input_transcript', text: 'what is it?', finished: false });
    turn.sent(typed('quick'), 'event-1');
    turn.take({ type: 'tool_call', calls: [] });
    turn.done({ id: '1', name: 'look', response: { it: 'a pear' } });
    turn.sent(spoken('b'));
    const inWords = typed('what is it?\nquick\n(look was called for this, and returned {"it":"a pear"})');
    expect(turn.again()).toEqual([inWords, spoken('b')]);
    expect(turn.has('event-1')).toBe(true);
    // And if that is lost, too, still once.
    turn.take(reply);
    expect(turn.again()).toEqual([inWords, spoken('b')]);
  });

  test('speech once more where nobody knows its words, with the calls that it led to', () => {
    const turn = turnOf(spoken('a'), { type: 'tool_call', calls: [] });
    turn.done({ id: '1', name: 'look', response: {} });
    expect(turn.again()).toEqual([spoken('a'), typed('(look was called for this, and returned {})')]);
  });

  test('pictures beside what was heard or typed about them, and nothing twice', () => {
    const frame: LiveRequest = { blob: { mime_type: 'image/png', data: 'AAAA' } };
    const image = { inlineData: { mimeType: 'image/png', data: 'BBBB' } };
    const shown = turnOf(frame, spoken('a'), { type: 'input_transcript', text: 'what is it?', finished: false }, reply);
    expect(shown.again()).toEqual([frame, typed('what is it?')]);
    const asked = turnOf({ content: { role: 'user', parts: [image, { text: 'and this?' }] } });
    asked.take({ type: 'tool_call', calls: [] });
    asked.done({ id: '1', name: 'look', response: {} });
    const text = 'and this?\n(look was called for this, and returned {})';
    expect(asked.again()).toEqual([{ content: { role: 'user', parts: [image, { text }] } }]);
  });

  test('signs of activity around speech that nobody knows the words of, where calls were made', () => {
    const said: LiveRequest[] = [{ activity_start: {} }, spoken('a'), { activity_end: {} }];
    const turn = turnOf(...said, { type: 'tool_call', calls: [] });
    turn.done({ id: '1', name: 'look', response: {} });
    expect(turn.again()).toEqual([...said, typed('(look was called for this, and returned {})')]);
  });

  test('of what is shown the newest, and that of each text', () => {
    const frame = (name: string): LiveRequest => ({ blob: { mime_type: 'image/jpeg', data: name.repeat(200_000) } });
    const second = 42_668;
    const turn = turnOf(frame('a'), frame('b'), typed('what is it?'));
    for (let index = 0; index < 6; index += 1) {
      turn.sent(frame('c'));
      turn.sent(spoken(`${index}`, second));
    }
    const kept = turn.again();
    expect(kept.filter(({ blob }) => blob?.mime_type.startsWith('audio/'))).toHaveLength(6);
    expect(kept.slice(0, 1)).toEqual([typed('what is it?')]);
    expect(turnOf(frame('a'), frame('b'), typed('what is it?'), frame('c')).again()).toEqual([
      frame('b'),
      typed('what is it?'),
      frame('c'),
    ]);
  });

  test('what is said after it was said in words, however large the picture was that it had', () => {
    const turn = turnOf(spoken('a'), { blob: { mime_type: 'image/png', data: 'x'.repeat(1024 * 1024) } });
    turn.take({ type: 'input_transcript', text: 'what is it?', finished: false });
    turn.take(reply);
    turn.again();
    turn.sent(spoken('b'));
    turn.sent(spoken('c'));
    expect(turn.again().slice(-3)).toEqual([typed('what is it?'), spoken('b'), spoken('c')]);
  });

  test('4,000 requests at the most, of a user who only says that there is nothing to hear', () => {
    const turn = createOpenTurn();
    turn.sent(typed('a'));
    for (let index = 0; index < 5_000; index += 1) turn.sent({ audio_stream_end: true });
    expect(turn.again()).toHaveLength(4_000);
  });

  test('speech whose words were told whole in words, so that they are not told twice', () => {
    const turn = turnOf(spoken('a'), { type: 'input_transcript', text: 'what is it?', finished: true }, spoken('b'));
    expect(turn.again()).toEqual([typed('what is it?'), spoken('b')]);
  });

  test('speech that is being heard as it was said, not in the words that came so far', () => {
    const turn = turnOf(spoken('a'), { type: 'input_transcript', text: 'what', finished: false });
    expect(turn.again()).toEqual([spoken('a')]);
  });
});

test('an open turn knows the events of what it holds, and no others', () => {
  const turn = createOpenTurn();
  turn.sent(typed('a'), 'event-1');
  expect([turn.has('event-1'), turn.has('event-2')]).toEqual([true, false]);
  turn.take(turnComplete);
  expect(turn.has('event-1')).toBe(false);
});

test('an open turn, whatever happens, has what it says in the order in which it was sent, once, and what was typed last unless it was answered', () => {
  const step = fc.oneof(
    fc.constant('typed' as const),
    fc.constant('spoken' as const),
    fc.constantFrom(reply, interrupted, turnComplete),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const turn = createOpenTurn();
      const sent: LiveRequest[] = [];
      let lastTyped: LiveRequest | undefined;
      for (const each of steps) {
        if (typeof each === 'object') {
          turn.take(each);
          if (each.type === 'turn_complete') lastTyped = undefined;
          continue;
        }
        const request = each === 'typed' ? typed(`${sent.length}`) : spoken(`${sent.length}`);
        sent.push(request);
        turn.sent(request);
        if (each === 'typed') lastTyped = request;
      }
      const places = turn.again().map((request) => sent.indexOf(request));
      expect(places).toEqual([...new Set(places)].toSorted((one, other) => one - other));
      expect(places).not.toContain(-1);
      if (lastTyped) expect(turn.again()).toContain(lastTyped);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
  );
});
