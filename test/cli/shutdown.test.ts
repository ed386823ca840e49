import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Shutdown } from '../../src/cli/shutdown.ts';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function createShutdown(close: () => Promise<void>) {
  const lines: string[] = [];
  const log = (_details: object, message: string) => lines.push(message);
  const closing = jest.fn(close);
  const shutdown = new Shutdown({ close: closing, graceMs: 1_000, logger: { info: log, error: log } });
  return { shutdown, closing, lines, status: shutdown.waitForEnd() };
}

test('a process that was asked to end closes the server once and ends with 0', async () => {
  const { shutdown, closing, lines, status } = createShutdown(async () => {});
  shutdown.onTermination('SIGTERM');
  shutdown.onTermination('npm has ended');
  expect(await status).toBe(0);
  expect(closing).toHaveBeenCalledTimes(1);
  expect(lines).toEqual(['SIGTERM: finishing replies, then closing']);
});

test('a process whose server has failed closes the server and ends with 70', async () => {
  const { shutdown, lines, status } = createShutdown(async () => {});
  shutdown.onServerFault();
  shutdown.onTermination('SIGTERM');
  expect(await status).toBe(70);
  expect(lines).toEqual(['server fault: finishing replies, then closing']);
});

test('a server that fails while it closes makes the process end with 70', async () => {
  const pending = Promise.withResolvers<void>();
  const { shutdown, status } = createShutdown(() => pending.promise);
  shutdown.onTermination('SIGTERM');
  shutdown.onServerFault();
  pending.resolve();
  expect(await status).toBe(70);
});

test('a server that cannot be closed makes the process end with 70, and says why', async () => {
  const { shutdown, lines, status } = createShutdown(() => Promise.reject(new Error('no')));
  shutdown.onTermination('SIGTERM');
  expect(await status).toBe(70);
  expect(lines).toContain('the server could not be closed');
});

test('a server that never closes keeps the process for 5 s beyond the grace period of replies', async () => {
  const { shutdown, status } = createShutdown(() => new Promise(() => {}));
  shutdown.onTermination('SIGTERM');
  let ended = false;
  void status.then(() => {
    ended = true;
  });
  await jest.advanceTimersByTimeAsync(5_999);
  expect(ended).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(await status).toBe(0);
});
