import { describe, expect, test } from '@jest/globals';
import { generateRun } from '../../src/agent/live-run.ts';
import { AsyncQueue } from '../../src/models/async-queue.ts';

function run(begins: 'well' | 'not at all' | 'badly' = 'well') {
  const events = new AsyncQueue<number>(10);
  const counts = { begun: 0, ended: 0 };
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const generator = generateRun<number>(() => {
    counts.begun += 1;
    if (begins === 'badly') throw new TypeError('no such run');
    if (begins === 'not at all') return undefined;
    return {
      events,
      async end() {
        counts.ended += 1;
        await held;
      },
    };
  });
  return { generator, events, counts, letGo };
}

const DONE = { value: undefined, done: true };

describe('the generator of a run', () => {
  test('begins with the first event that is asked for, and ends once, after the last', async () => {
    const { generator, events, counts, letGo } = run();
    expect(counts).toEqual({ begun: 0, ended: 0 });
    events.push(1);
    events.push(2);
    events.end();
    letGo();
    const taken: number[] = [];
    for await (const value of generator) taken.push(value);
    expect(taken).toEqual([1, 2]);
    expect(await generator.next()).toEqual(DONE);
    expect(counts).toEqual({ begun: 1, ended: 1 });
  });

  test('is done only when all that it holds is let go of', async () => {
    const { generator, events, letGo } = run();
    events.end();
    let done = false;
    const last = generator.next().then((result) => {
      done = true;
      return result;
    });
    const after = generator.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    letGo();
    expect([await last, await after]).toEqual([DONE, DONE]);
  });

  test('ends the run when its reader leaves the loop, and has nothing more', async () => {
    const { generator, events, counts, letGo } = run();
    letGo();
    events.push(1);
    events.push(2);
    for await (const value of generator) if (value === 1) break;
    expect(counts.ended).toBe(1);
    expect(await generator.next()).toEqual(DONE);
  });

  test('that is left before it has begun never begins', async () => {
    const { generator, counts } = run();
    expect(await generator.return()).toEqual(DONE);
    expect(await generator.next()).toEqual(DONE);
    expect(counts).toEqual({ begun: 0, ended: 0 });
  });

  test('throws what ended the run, once, when all is let go of', async () => {
    const { generator, events, counts, letGo } = run();
    letGo();
    events.end(new Error('lost'));
    await expect(generator.next()).rejects.toThrow('lost');
    expect(counts.ended).toBe(1);
    expect(await generator.next()).toEqual(DONE);
  });

  test('throws what kept the run from beginning, and then has nothing', async () => {
    const { generator, counts } = run('badly');
    await expect(generator.next()).rejects.toThrow('no such run');
    expect(await generator.next()).toEqual(DONE);
    expect(counts).toEqual({ begun: 1, ended: 0 });
  });

  test('of a run that has nothing to begin is done', async () => {
    expect(await run('not at all').generator.next()).toEqual(DONE);
  });

  test('ends the run when something is thrown into it, or it is disposed of', async () => {
    const thrown = run();
    thrown.letGo();
    thrown.events.push(1);
    await thrown.generator.next();
    await expect(thrown.generator.throw(new Error('enough'))).rejects.toThrow('enough');
    expect(thrown.counts.ended).toBe(1);
    const disposed = run();
    disposed.letGo();
    disposed.events.push(1);
    await disposed.generator.next();
    await disposed.generator[Symbol.asyncDispose]();
    expect(disposed.counts.ended).toBe(1);
  });
});
