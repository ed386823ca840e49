import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type FaultHandlersOptions, installFaultHandlers, recordPromises } from '../../src/isolation/fault-handlers.ts';
import { FaultScope, findFaultScope } from '../../src/isolation/fault-scope.ts';
import { awkwardValues } from '../wire/awkward-values.ts';

const removers: (() => void)[] = [];

afterEach(() => {
  for (const remove of removers.splice(0)) remove();
  jest.restoreAllMocks();
});

/** Installs the handlers on a process that only records them, and returns them. */
function install(options: Partial<FaultHandlersOptions> = {}) {
  const handlers = new Map<string, (error: unknown, promise?: unknown) => void>();
  jest.spyOn(process, 'on').mockImplementation((event, handler) => {
    handlers.set(String(event), handler);
    return process;
  });
  jest.spyOn(process, 'off').mockImplementation((event) => {
    handlers.delete(String(event));
    return process;
  });
  const faults: unknown[] = [];
  const lines: object[] = [];
  const remove = installFaultHandlers({
    logger: { error: (details) => lines.push(details) },
    onServerFault: (error) => faults.push(error),
    ...options,
  });
  removers.push(remove);
  return {
    handlers,
    faults,
    lines,
    remove,
    throwUncaught: (error: unknown) => handlers.get('uncaughtException')?.(error),
  };
}

describe('an error that nobody has caught', () => {
  test.each(awkwardValues())('is reported to the scope of its code if it is %s', (_name, error) => {
    const { faults, lines, throwUncaught } = install();
    const reported: unknown[] = [];
    new FaultScope((each) => reported.push(each)).run(() => throwUncaught(error));
    expect(reported).toHaveLength(1);
    expect(Object.is(reported[0], error)).toBe(true);
    expect([faults, lines]).toEqual([[], []]);
  });

  test.each(awkwardValues())(
    'is logged and reported as a server fault if it belongs to no scope and is %s',
    (_name, error) => {
      const { faults, lines, throwUncaught } = install();
      throwUncaught(error);
      expect(faults).toHaveLength(1);
      expect(lines).toEqual([{ err: expect.objectContaining({ message: expect.any(String) }) }]);
    },
  );

  test('is a server fault if the scope itself fails', () => {
    const { faults, throwUncaught } = install();
    const failure = new Error('the report failed');
    new FaultScope(() => {
      throw failure;
    }).run(() => throwUncaught(new Error('first')));
    expect(faults).toEqual([failure]);
  });

  test('is reported once as a server fault and logged at most 20 times, however many follow', () => {
    const { faults, lines, throwUncaught } = install();
    for (let count = 0; count < 100; count += 1) throwUncaught(new Error(`${count}`));
    expect(faults).toHaveLength(1);
    expect(lines).toHaveLength(20);
  });

  test('ends nothing if the logger and the callback throw', () => {
    const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
    const broken = () => {
      throw new Error('broken');
    };
    install({ logger: { error: broken }, onServerFault: broken }).throwUncaught(new Error('first'));
    expect(printed.mock.calls.map(([details]) => details.message)).toEqual(['first', 'broken']);
  });
});

describe('a rejection that nobody has handled', () => {
  test('is reported to the scope that created its promise, although code outside of every scope has rejected it', () => {
    const { handlers, faults } = install();
    const reported: unknown[] = [];
    const scope = new FaultScope((error) => reported.push(error));
    const endRecord = recordPromises();
    const promise = scope.run(() => new Promise(() => {}));
    endRecord();
    handlers.get('unhandledRejection')?.('refused', promise);
    expect([reported, faults]).toEqual([['refused'], []]);
  });

  test('is a server fault if its promise belongs to no scope', () => {
    const { handlers, faults } = install();
    const endRecord = recordPromises();
    handlers.get('unhandledRejection')?.('refused', new Promise(() => {}));
    endRecord();
    expect(faults).toEqual(['refused']);
  });

  test('is reported to the scope of the code that rejects while promises are not recorded', () => {
    const { handlers } = install();
    const reported: unknown[] = [];
    const promise = new Promise(() => {});
    new FaultScope((error) => reported.push(error)).run(() => handlers.get('unhandledRejection')?.('refused', promise));
    expect(reported).toEqual(['refused']);
  });
});

test('handlers that were removed are gone from the process', () => {
  const { handlers, remove } = install();
  expect([...handlers.keys()].sort()).toEqual(['uncaughtException', 'unhandledRejection']);
  remove();
  removers.pop();
  expect(handlers.size).toBe(0);
});

test('code that handles a report is in no scope', () => {
  let found: unknown = 'not called';
  const scope = new FaultScope(() => {
    found = findFaultScope();
  });
  scope.run(() => scope.report(new Error('first')));
  expect(found).toBeUndefined();
});
