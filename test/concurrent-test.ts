import { test } from '@jest/globals';
import { runWithCleanUps } from './after-test.ts';

/** Defines a test for each row: the title has its values in place of %s, and the test gets them as arguments. */
interface DefineEach {
  <Row extends readonly [unknown, ...unknown[]]>(
    rows: readonly Row[],
  ): (title: string, run: (...args: [...Row]) => unknown, timeoutMs?: number) => void;
  <Value>(rows: readonly Value[]): (title: string, run: (value: Value) => unknown, timeoutMs?: number) => void;
}

/**
 * Defines a test that runs at the same time as the other concurrent tests of its `describe` block, five at a time. A test that mostly waits costs no
 * time then. `afterTest` works as in other tests. jest runs no `beforeEach` and no `afterEach` for the test, and the test must not change anything
 * that other tests use: a global, the clock, the environment, a mock.
 */
export function concurrentTest(title: string, run: () => unknown, timeoutMs?: number): void {
  test.concurrent(title, () => runWithCleanUps(run), timeoutMs);
}

const each: DefineEach =
  (rows: readonly unknown[]) => (title: string, run: (...args: never) => unknown, timeoutMs?: number) =>
    test.concurrent.each(rows as readonly (readonly unknown[])[])(
      title,
      (...args) => runWithCleanUps(() => run(...(args as never))),
      timeoutMs,
    );
concurrentTest.each = each;
