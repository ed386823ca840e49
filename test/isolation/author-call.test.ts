import { expect, test } from '@jest/globals';
import { AuthorTimeoutError, callAuthor } from '../../src/isolation/author-call.ts';
import { type FaultScope, findFaultScope } from '../../src/isolation/fault-scope.ts';

function call<Result>(code: () => Result | PromiseLike<Result>, ms = 60_000) {
  const faults: unknown[] = [];
  return { faults, run: () => callAuthor(code, { ms, onLateFault: (error) => faults.push(error) }) };
}

test('code that returns at once has its result at once, and what it throws is thrown at once', () => {
  expect(call(() => 1).run()).toBe(1);
  expect(call(() => undefined).run()).toBeUndefined();
  const error = new Error('no');
  expect(() =>
    call(() => {
      throw error;
    }).run(),
  ).toThrow(error);
});

test('code that returns a promise has its result, and its rejection', async () => {
  await expect(call(async () => 1).run()).resolves.toBe(1);
  await expect(call(() => Promise.reject(new Error('no'))).run()).rejects.toThrow('no');
});

test('a promise that does not settle is rejected after the time limit', async () => {
  await expect(call(() => new Promise(() => {}), 5).run()).rejects.toBeInstanceOf(AuthorTimeoutError);
});

test('an error that the code leaves behind rejects its promise, and is reported once the promise has settled', async () => {
  const scopes: (FaultScope | undefined)[] = [];
  const { promise, resolve } = Promise.withResolvers<number>();
  const failing = call(() => {
    scopes.push(findFaultScope());
    return new Promise(() => {});
  });
  const failed = failing.run();
  scopes[0]?.report(new Error('in a timer'));
  await expect(failed).rejects.toThrow('in a timer');
  scopes[0]?.report(new Error('later'));
  expect(failing.faults).toEqual([new Error('later')]);
  const working = call(() => {
    scopes.push(findFaultScope());
    return promise;
  });
  const answered = working.run();
  resolve(7);
  expect(await answered).toBe(7);
  scopes[1]?.report(new Error('too late'));
  expect(working.faults).toEqual([new Error('too late')]);
});
