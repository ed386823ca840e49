import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, afterEach } from '@jest/globals';

/** Clean-ups of one test, which run the latest first. */
class CleanUps {
  readonly #waiting: (() => unknown)[] = [];

  add(cleanUp: () => unknown): void {
    this.#waiting.push(cleanUp);
  }

  /** Runs all clean-ups, also if some of them fail. @throws the first failure */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanUp = this.#waiting.pop(); cleanUp; cleanUp = this.#waiting.pop()) {
      try {
        await cleanUp();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Clean-ups of the test that runs alone. */
const shared = new CleanUps();
/** Clean-ups of the concurrent test in which the current code runs. */
const own = new AsyncLocalStorage<CleanUps>();

afterEach(() => shared.run());
// jest runs no `afterEach` for concurrent tests.
afterAll(() => shared.run());

/** Has `cleanUp` run after the test, the latest first. */
export function afterTest(cleanUp: () => unknown): void {
  (own.getStore() ?? shared).add(cleanUp);
}

/** Runs a concurrent test, and its own clean-ups after it, also if it fails. @throws the failure of the test, or else of its clean-ups */
export function runWithCleanUps(test: () => unknown): Promise<void> {
  const cleanUps = new CleanUps();
  return own.run(cleanUps, async () => {
    try {
      await test();
    } catch (error) {
      await cleanUps.run().catch(() => undefined);
      throw error;
    }
    await cleanUps.run();
  });
}
