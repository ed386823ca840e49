import { describe, expect, test } from '@jest/globals';
import { type BasicLogger, GuardedLogger } from '../../src/isolation/guarded-logger.ts';
import { awkwardValues } from '../wire/awkward-values.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

function createLogger(log: (...line: [level: string, details: object, message: string]) => unknown): BasicLogger {
  const methods = LEVELS.map((level) => [
    level,
    (details: object, message: string) => log(level, details, message) as undefined,
  ]);
  const logger: BasicLogger = { ...Object.fromEntries(methods), child: () => createLogger(log) };
  return logger;
}

describe('a guarded logger', () => {
  test('passes every line on to the logger, and those of a child to the child', () => {
    const lines: unknown[] = [];
    const logger = new GuardedLogger(createLogger((...line) => lines.push(line)));
    for (const level of LEVELS) logger[level]({ n: 1 }, 'a line');
    logger.child({ user: 'ann' }).info({ n: 2 }, 'a line of the child');
    expect(lines).toEqual([
      ...LEVELS.map((level) => [level, { n: 1 }, 'a line']),
      ['info', { n: 2 }, 'a line of the child'],
    ]);
  });

  test('that is guarded again passes on the type of an error', () => {
    const lines: unknown[] = [];
    const logger = new GuardedLogger(new GuardedLogger(createLogger((...line) => lines.push(line))));
    logger.error({ err: new RangeError('too far') }, 'a fault');
    const err = expect.objectContaining({ type: 'RangeError', message: 'too far', stack: expect.any(String) });
    expect(lines).toEqual([['error', { err }, 'a fault']]);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw Object.create(null);
      },
    ],
    ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ])('protects its caller from a logger that %s', async (_what, log) => {
    const logger = new GuardedLogger({
      ...createLogger(log),
      child: () => {
        throw new Error('no child');
      },
    });
    for (const level of LEVELS) logger[level]({ n: 1 }, 'a line');
    logger.child({}).error({ err: 1 }, 'a line');
    await new Promise(setImmediate);
  });

  test.each(awkwardValues())('passes %s on as the plain data of an error', (_name, err) => {
    const lines: object[] = [];
    new GuardedLogger(createLogger((_level, details) => lines.push(details))).error({ err, n: 1 }, 'a line');
    expect(lines).toEqual([{ err: expect.objectContaining({ message: expect.any(String) }), n: 1 }]);
  });
});
