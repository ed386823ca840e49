import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { LiveTurn, type TurnInput } from '../../../src/agent/run/turn-state.ts';
import { UpdateSender } from '../../../src/agent/run/update-sender.ts';
import type { ToolScheduling } from '../../../src/agent/tool.ts';
import type { ModelConnection, ModelInput } from '../../../src/models/realtime-model.ts';
import { picture } from '../../picture.ts';

const CAPABILITIES = {
  input: { rate: 16_000, images: ['in_message' as const], turnDetection: ['server' as const] },
  tools: {
    functions: true,
    builtIn: [],
    scheduling: false,
    repliesToResults: 'auto' as const,
    resultImages: [],
  },
};
const SPEECH: TurnInput = { type: 'audio', mimeType: 'audio/pcm;rate=24000', data: 'AAAA' };
const COMPLETE: TurnInput = { type: 'turn_complete' };

function createSender({ scheduling = false } = {}) {
  const turn = new LiveTurn('single');
  const sent: ModelInput[] = [];
  const warnings: string[] = [];
  const held = { bytes: 0 };
  const state = { isOpen: true, isUserBusy: false, asked: 0 };
  /** Phase of the turn before each message. */
  const phases: string[] = [];
  const send = (input: ModelInput) => {
    sent.push(input);
    phases.push(turn.previous.phase);
  };
  const connection = { send } as unknown as ModelConnection;
  const sender = new UpdateSender({
    turn,
    capabilities: { ...CAPABILITIES, tools: { ...CAPABILITIES.tools, scheduling } },
    getConnection: () => (state.isOpen ? connection : undefined),
    isUserBusy: () => state.isUserBusy,
    onSent: () => {
      state.asked += 1;
    },
    logger: { warn: (_details, message) => warnings.push(message) },
    memory: {
      add: (bytes) => {
        held.bytes += bytes;
      },
      release: (bytes) => {
        held.bytes -= bytes;
      },
    },
  });
  return {
    turn,
    sender,
    sent,
    phases,
    state,
    warnings,
    held,
    add: (value: unknown, timing: ToolScheduling = 'WHEN_IDLE', id = 'c1', more: object = {}) =>
      sender.add({
        response: { id, name: id, response: { value }, ...more },
        scheduling: timing,
        known: true,
        isNews: true,
        stateDelta: undefined,
      }),
    /** Applies an event of the model, as a run does. */
    apply(input: TurnInput) {
      turn.apply(input);
      if (turn.state.exchange !== turn.previous.exchange) sender.completeExchange();
      sender.flush();
    },
    texts: () => sent.map((input) => ('text' in input ? input.text : '')),
  };
}

const told = (value: unknown, id = 'c1') => `(${id}, called before, returned {"value":${JSON.stringify(value)}})`;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a result for which the model does not wait', () => {
  test('is told at once while nobody speaks, and the model is expected to speak', () => {
    const { add, sent, turn, state } = createSender();
    add(1);
    expect(sent).toEqual([{ type: 'text', text: told(1) }]);
    expect(turn.state.phase).toBe('awaiting');
    expect(state.asked).toBe(1);
  });

  test('waits for the end of the reply, together with all that come meanwhile', () => {
    const { add, apply, texts } = createSender();
    apply(SPEECH);
    add(1, 'WHEN_IDLE', 'a');
    add(2, 'SILENT', 'b');
    expect(texts()).toEqual([]);
    apply(COMPLETE);
    expect(texts()).toEqual([`${told(1, 'a')}\n${told(2, 'b')}`]);
  });

  test('waits while the user is speaking, at most 10 s', () => {
    const { add, texts, state } = createSender();
    state.isUserBusy = true;
    add(1);
    jest.advanceTimersByTime(9_500);
    expect(texts()).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(texts()).toEqual([told(1)]);
  });

  test('with INTERRUPT waits for nobody, and takes those along that wait', () => {
    const { add, apply, texts, state } = createSender();
    apply(SPEECH);
    state.isUserBusy = true;
    add(1);
    add(2, 'INTERRUPT');
    expect(texts()).toEqual([`${told(1)}\n${told(2)}`]);
  });

  test('with INTERRUPT is told at most once a second', () => {
    const { add, texts } = createSender();
    for (let value = 0; value < 5; value += 1) {
      add(value, 'INTERRUPT');
      jest.advanceTimersByTime(250);
    }
    expect(texts()).toEqual([told(0), [1, 2, 3].map((value) => told(value)).join('\n')]);
  });

  test('with SILENT asks for no reply, and leaves the turn idle', () => {
    const { add, sent, turn, state } = createSender();
    add(1, 'SILENT');
    expect(sent).toEqual([{ type: 'partial_text', text: `${told(1)}\n` }]);
    expect(turn.state.phase).toBe('idle');
    expect(state.asked).toBe(0);
  });

  test('with SILENT is told again on a fresh connection, which nothing else tells of it, up to 8 of them', () => {
    const { add, apply, sender, texts } = createSender();
    for (let value = 1; value <= 10; value += 1) {
      add(value, 'SILENT', `c${value}`);
      jest.advanceTimersByTime(1_000);
      apply(SPEECH);
      apply(COMPLETE);
    }
    sender.discard(['c5']);
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    expect(texts()).toHaveLength(10);
    sender.onReseeded();
    sender.flush();
    const again = [3, 4, 6, 7, 8, 9, 10].map((value) => told(value, `c${value}`));
    expect(texts()[10]).toBe(`${again.join('\n')}\n`);
  });

  test('has its pictures in the message', () => {
    const { add, sent } = createSender();
    const inlineData = { mimeType: 'image/jpeg', data: picture('image/jpeg') };
    add(1, 'WHEN_IDLE', 'c1', { parts: [{ inlineData }] });
    expect(sent).toEqual([{ type: 'text', text: told(1), images: [inlineData] }]);
  });

  test('is counted with its pictures as long as it may have to be told again, of which the oldest are left out above 2 Mi characters', () => {
    const { add, sender, texts, sent, held, state, apply } = createSender();
    const large = { parts: [{ inlineData: { mimeType: 'image/jpeg', data: 'A'.repeat(1_000_000) } }] };
    for (let value = 0; value < 12; value += 1) {
      add(value, 'SILENT', 'c1', large);
      jest.advanceTimersByTime(1_000);
    }
    expect(texts()).toHaveLength(12);
    expect(held.bytes).toBeGreaterThan(2_000_000);
    expect(held.bytes).toBeLessThan(2_100_000);
    state.isOpen = false;
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    state.isOpen = true;
    sender.flush();
    expect(texts()[12]?.split('\n')).toHaveLength(13);
    expect((sent[12] as { images?: readonly unknown[] }).images).toHaveLength(2);
    sender.close();
    expect(held.bytes).toBe(0);
  });

  test('is told again on the next connection unless a reply to it was completed', () => {
    const { add, apply, sender, texts } = createSender();
    add(1);
    apply(SPEECH);
    apply(COMPLETE);
    jest.advanceTimersByTime(1_000);
    add(2);
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    expect(texts()).toEqual([told(1), told(2), told(2)]);
  });

  test('that has interrupted a reply is not settled by the end of that reply', () => {
    const { add, apply, sender, texts } = createSender();
    apply(SPEECH);
    add(1, 'INTERRUPT');
    apply({ type: 'interrupted' });
    apply(COMPLETE);
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    expect(texts()).toEqual([told(1), told(1)]);
  });

  test('waits for a connection', () => {
    const { add, sender, state, texts } = createSender();
    state.isOpen = false;
    add(1);
    expect(texts()).toEqual([]);
    state.isOpen = true;
    sender.flush();
    expect(texts()).toEqual([told(1)]);
  });

  test('is one of at most 8 of its call that wait: the number of those that are left out is told, and logged once', () => {
    const { add, apply, texts, warnings } = createSender();
    apply(SPEECH);
    for (let value = 1; value <= 20; value += 1) add(value);
    add('other', 'WHEN_IDLE', 'c2');
    apply(COMPLETE);
    const kept = Array.from({ length: 8 }, (_, index) => told(index + 13));
    expect(texts()).toEqual([['(12 earlier results of c1 are left out)', ...kept, told('other', 'c2')].join('\n')]);
    expect(warnings).toEqual(['a tool has more results than the model can be told: the oldest are left out']);
  });

  test('is left out if those that wait are larger than 2 Mi characters, the oldest first', () => {
    const { add, apply, texts } = createSender();
    apply(SPEECH);
    for (let index = 0; index < 5; index += 1) add('x'.repeat(500_000), 'WHEN_IDLE', `c${index}`);
    apply(COMPLETE);
    expect(texts()[0]?.length).toBeLessThan(2 * 1024 * 1024);
    expect(texts()[0]).toMatch(/^\(c1, called before/);
  });

  test('is forgotten with its call, whether it waits or was sent', () => {
    const { add, apply, sender, texts } = createSender();
    add(1);
    add(2);
    sender.discard(['c1']);
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    jest.advanceTimersByTime(5_000);
    expect(texts()).toEqual([told(1)]);
  });

  test('is not told after the end of the run', () => {
    const { add, apply, sender, texts, state } = createSender();
    state.isUserBusy = true;
    add(1);
    sender.close();
    state.isUserBusy = false;
    jest.advanceTimersByTime(5_000);
    apply(COMPLETE);
    expect(texts()).toEqual([]);
  });
});

describe('on a model that schedules results itself, a result', () => {
  test('is sent at once as a result of its call, and told as text if the connection is lost before a reply', () => {
    const { add, apply, sender, sent } = createSender({ scheduling: true });
    apply(SPEECH);
    add(1, 'INTERRUPT', 'c1', { willContinue: true });
    const response = { id: 'c1', name: 'c1', response: { value: 1 }, willContinue: true, scheduling: 'INTERRUPT' };
    expect(sent).toEqual([{ type: 'tool_results', results: [response] }]);
    sender.onConnectionLost();
    apply({ type: 'connection_lost' });
    expect(sent[1]).toEqual({ type: 'text', text: told(1) });
  });
});

test('whatever happens, results of a call are told in order, none while somebody speaks unless it interrupts, and none is lost', () => {
  const step = fc.oneof(
    fc.record({
      type: fc.constant('add' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      timing: fc.constantFrom<ToolScheduling>('WHEN_IDLE', 'INTERRUPT', 'SILENT'),
    }),
    fc.record({ type: fc.constantFrom('speech', 'complete', 'interrupted', 'lost', 'user', 'time') }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { add, apply, sender, sent, phases, state } = createSender();
      const added: string[] = [];
      const urgent = new Set<string>();
      let value = 0;
      for (const each of steps) {
        if (each.type === 'add') {
          value += 1;
          const { id, timing } = each as { id: string; timing: ToolScheduling };
          added.push(told(value, id));
          if (timing === 'INTERRUPT') urgent.add(told(value, id));
          add(value, timing, id);
        }
        if (each.type === 'speech') apply(SPEECH);
        if (each.type === 'complete') apply(COMPLETE);
        if (each.type === 'interrupted') apply({ type: 'interrupted' });
        if (each.type === 'lost') {
          sender.onConnectionLost();
          apply({ type: 'connection_lost' });
        }
        if (each.type === 'user') state.isUserBusy = !state.isUserBusy;
        if (each.type === 'time') jest.advanceTimersByTime(400);
      }
      state.isUserBusy = false;
      for (let round = 0; round < 3; round += 1) {
        jest.advanceTimersByTime(2_000);
        apply(COMPLETE);
      }
      const texts = sent.map((input) => ('text' in input ? input.text : ''));
      for (const [index, text] of texts.entries()) {
        const mayInterrupt = [...urgent].some((line) => text.includes(line));
        if (!mayInterrupt) expect(phases[index]).toBe('idle');
      }
      const all = texts.join('\n');
      // The results of a call that do not fit are named by their number.
      const omitted = [...all.matchAll(/\((\d+) earlier results/g)].reduce((sum, [, count]) => sum + Number(count), 0);
      expect(added.filter((line) => !all.includes(line)).length).toBeLessThanOrEqual(omitted);
      for (const text of texts) {
        for (const id of ['a', 'b', 'c']) {
          const values = [...text.matchAll(new RegExp(`\\(${id}, called before, returned \\{"value":(\\d+)`, 'g'))];
          const numbers = values.map(([, number]) => Number(number));
          expect(numbers).toEqual(numbers.toSorted((first, second) => first - second));
        }
      }
      sender.close();
    }),
  );
});
