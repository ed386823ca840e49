import { expect, test } from '@jest/globals';
import { ModelCalls } from '../../../src/models/gemini/model-calls.ts';
import { measureCpuMs } from '../../cpu-time.ts';

test('ModelCalls keeps a bounded number of calls without ids that are never answered, in linear work', () => {
  const calls = new ModelCalls();
  const cpuMs = measureCpuMs(() => {
    // One call a frame: a list that is copied for each call would be copied 100,000 times.
    for (let count = 0; count < 100_000; count += 1) calls.add([{ id: '', name: 'slow', args: {} }]);
    for (let count = 0; count < 100_000; count += 1) calls.add([{ id: '', name: `f${count}`, args: {} }]);
  });
  expect(cpuMs).toBeLessThan(10_000);
  expect(calls.refuseOpen({ error: 'stopped' }).ids).toHaveLength(1_000);
});

test('ModelCalls sends results of one function in the order of its calls', () => {
  const calls = new ModelCalls();
  const [first, second] = calls.add([
    { id: '', name: 'clock', args: {} },
    { id: '', name: 'clock', args: {} },
  ]);
  const result = (id = '', response = {}) => [{ id, name: 'clock', response }];
  expect(calls.answer(result(second?.id, { time: 2 }))).toEqual([]);
  expect(calls.answer(result(first?.id, { time: 1 }))).toEqual([
    { id: '', name: 'clock', response: { time: 1 } },
    { id: '', name: 'clock', response: { time: 2 } },
  ]);
});
