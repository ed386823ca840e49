import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ClientTools } from '../../src/client/client-tools.ts';
import { Emitter } from '../../src/client/emitter.ts';
import { Position } from '../../src/client/position.ts';

const EPOCH = 'epoch-of-the-test-01';

interface Entry {
  readonly kind: 'call' | 'result' | 'cancel' | 'other';
  readonly id: string;
}

/** Delivers a log to the tools of a client as its receiver does, with a task between two events. @returns the calls that ran, in order */
async function deliver(log: readonly Entry[], head: number): Promise<string[]> {
  const position = new Position();
  const emitter = new Emitter();
  const ran: string[] = [];
  const tools = new ClientTools({ position, emitter, send: () => {} });
  tools.add('locate', (_args, { id }) => {
    ran.push(id);
    return new Promise(() => {});
  });
  position.moveTo(`${EPOCH}.0`);
  emitter.emit('session', { epoch: EPOCH, head });
  for (const [index, { kind, id }] of log.entries()) {
    position.accept(`${EPOCH}.${index + 1}`);
    if (kind === 'call') emitter.emit('tool_call', { id, name: 'locate', args: {}, where: 'client' });
    if (kind === 'result') emitter.emit('tool_result', { id, name: 'locate' });
    if (kind === 'cancel') emitter.emit('tool_cancel', { id });
    await new Promise(setImmediate);
  }
  tools.stop();
  return ran;
}

test('a call of the replay runs if nothing in the replay has ended it, and a call that comes later always runs', async () => {
  const entry = fc.record({
    kind: fc.constantFrom('call', 'result', 'cancel', 'other'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
  }) as fc.Arbitrary<Entry>;
  // An id is called once.
  const log = fc
    .array(entry, { maxLength: 15 })
    .map((entries) =>
      entries.filter(
        ({ kind, id }, index) =>
          kind !== 'call' || !entries.slice(0, index).some((before) => before.id === id && before.kind === 'call'),
      ),
    );
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: 15 }), async (entries, newest) => {
      const head = Math.min(newest, entries.length);
      const isEnded = (id: string, from: number) =>
        entries.slice(from, head).some((later) => later.id === id && ['result', 'cancel'].includes(later.kind));
      const expected = entries.flatMap(({ kind, id }, index) =>
        kind === 'call' && !isEnded(id, index + 1) ? [id] : [],
      );
      expect((await deliver(entries, head)).sort()).toEqual(expected.sort());
    }),
    { numRuns: 100 },
  );
});

test('after a reset a call that was waiting does not start, and after a new live session a running one is aborted', async () => {
  const position = new Position();
  const emitter = new Emitter();
  const signals: AbortSignal[] = [];
  const tools = new ClientTools({ position, emitter, send: () => {} });
  tools.add('locate', (_args, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const receive = async (seq: number, id: string) => {
    position.accept(`${EPOCH}.${seq}`);
    emitter.emit('tool_call', { id, name: 'locate', args: {}, where: 'client' });
    await new Promise(setImmediate);
  };
  position.moveTo(`${EPOCH}.0`);
  emitter.emit('session', { epoch: EPOCH, head: 5 });
  await receive(1, 'waiting');
  position.moveTo(`${EPOCH}.9`);
  emitter.emit('reset', { reason: 'too_old', turns: [], truncated: false });
  await new Promise(setImmediate);
  expect(signals).toEqual([]);
  await receive(10, 'running');
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  emitter.emit('session', { epoch: EPOCH, head: 10 });
  expect(signals[0]?.aborted).toBe(false);
  emitter.emit('session', { epoch: 'another-epoch-of-it-02', head: 0 });
  expect(signals[0]?.aborted).toBe(true);
});

test('an entry of several events counts as received with the last of them', async () => {
  const position = new Position();
  position.moveTo(`${EPOCH}.4`);
  expect(position.complete).toBe(4);
  position.accept(`${EPOCH}.5-1`);
  expect(position.complete).toBe(4);
  position.accept(`${EPOCH}.5`);
  expect(position.complete).toBe(5);
});

test('of more than 100 calls without a result the oldest is aborted', async () => {
  const position = new Position();
  const emitter = new Emitter();
  const signals = new Map<string, AbortSignal>();
  const tools = new ClientTools({ position, emitter, send: () => {} });
  tools.add('locate', (_args, { id, signal }) => {
    signals.set(id, signal);
    return new Promise(() => {});
  });
  for (let index = 0; index <= 100; index += 1) {
    emitter.emit('tool_call', { id: `c${index}`, name: 'locate', args: {}, where: 'client' });
    await new Promise(setImmediate);
  }
  expect([signals.get('c0')?.aborted, signals.get('c1')?.aborted]).toEqual([true, false]);
});
