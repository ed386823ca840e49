import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ClientCalls } from '../../src/session/client-calls.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';

const event = (fields: Partial<AgentEvent>): AgentEvent => ({
  id: 'e',
  invocationId: 'i',
  author: 'assistant',
  timestamp: 0,
  ...fields,
});
const call = (id: string) => ({ functionCall: { id, name: 'locate', args: {} } });
const called = (id: string, isClient = true) =>
  event({ content: { parts: [call(id)] }, ...(isClient ? { clientToolIds: [id] } : {}) });
const answered = (id: string) =>
  event({ content: { parts: [{ functionResponse: { id, name: 'locate', response: {} } }] } });
const cancelled = (id: string) => event({ toolCancellation: [id] });
const result = (id: string) => ({ id, response: {} });

describe('the result of a client', () => {
  test('is accepted once', () => {
    const calls = new ClientCalls();
    calls.apply(called('c1'));
    expect(calls.findViolation([{ tool_results: [result('c1')] }])).toBeUndefined();
    expect(calls.accept([result('c1')])).toEqual([result('c1')]);
    expect(calls.accept([result('c1')])).toEqual([]);
    // The run may end before the model has the result.
    expect(calls.unfinished).toEqual(['c1']);
    calls.apply(answered('c1'));
    expect(calls.unfinished).toEqual([]);
  });

  test.each<[string, AgentEvent[], string]>([
    ['of an unknown call', [], 'There is no call "c1" in this live session'],
    ['of a call of the server', [called('c1', false)], 'The call "c1" runs on the server: no client can answer it'],
    [
      'of a call that was cancelled',
      [called('c1'), cancelled('c1')],
      'The call "c1" was cancelled: its result is not needed any more',
    ],
    ['of a call that has a result', [called('c1'), answered('c1')], 'The call "c1" has its result already'],
  ])('%s is refused with the reason', (_which, events, error) => {
    const calls = new ClientCalls();
    for (const each of events) calls.apply(each);
    expect(calls.findViolation([{ tool_results: [result('c1')] }])).toMatchObject({
      code: 'tool_call_not_open',
      error,
      retry: false,
    });
    expect(calls.accept([result('c1')])).toEqual([]);
  });

  test('is refused if another result in the same body answers the same call', () => {
    const calls = new ClientCalls();
    calls.apply(called('c1'));
    expect(calls.findViolation([{ tool_results: [result('c1'), result('c1')] }])?.error).toBe(
      'The call "c1" has its result already',
    );
  });

  test('of an id that is a name of JavaScript is refused like any other', () => {
    for (const id of ['__proto__', 'constructor', 'toString']) {
      expect(new ClientCalls().findViolation([{ tool_results: [result(id)] }])?.code).toBe('tool_call_not_open');
    }
  });

  test('of a call that was forgotten, because 200 came after it, is refused as unknown', () => {
    const calls = new ClientCalls();
    for (let index = 0; index <= 200; index += 1) calls.apply(called(`c${index}`));
    expect(calls.findViolation([{ tool_results: [result('c0')] }])?.error).toContain('There is no call');
    expect(calls.findViolation([{ tool_results: [result('c1')] }])).toBeUndefined();
  });

  test('shows at most 100 characters of an id', () => {
    expect(new ClientCalls().findViolation([{ tool_results: [result('x'.repeat(500))] }])?.error.length).toBeLessThan(
      160,
    );
  });
});

describe('the result of a long-running call', () => {
  const longRunning = (id: string) => event({ content: { parts: [call(id)] }, longRunningToolIds: [id] });
  const first = (id: string) =>
    event({ content: { parts: [{ functionResponse: { id, name: 'locate', response: {}, willContinue: true } }] } });

  test('is accepted once, from the first response on, and the call does not end with its run', () => {
    const calls = new ClientCalls();
    calls.apply(longRunning('c1'));
    expect(calls.findViolation([{ tool_results: [result('c1')] }])?.error).toContain('runs on the server');
    expect(calls.unfinished).toEqual(['c1']);
    calls.apply(first('c1'));
    expect(calls.unfinished).toEqual([]);
    expect(calls.findViolation([{ tool_results: [result('c1')] }])).toBeUndefined();
    expect(calls.accept([result('c1')])).toEqual([result('c1')]);
    expect(calls.accept([result('c1')])).toEqual([]);
    calls.apply(answered('c1'));
    expect(calls.findViolation([{ tool_results: [result('c1')] }])?.error).toBe('The call "c1" has its result already');
  });

  /** The calls of a live session whose conversation has events. */
  const callsAfter = async (...events: AgentEvent[]) => {
    const calls = new ClientCalls({ loaded: Promise.resolve(), events });
    await Promise.resolve();
    return calls;
  };

  test('of an earlier live session is accepted once, unless the conversation has its result, or its cancellation', async () => {
    const ended = [longRunning('b'), first('b'), answered('b'), longRunning('d'), first('d'), cancelled('d')];
    const calls = await callsAfter(longRunning('a'), first('a'), ...ended, longRunning('c'));
    for (const id of ['b', 'c', 'd']) {
      expect(calls.findViolation([{ tool_results: [result(id)] }])?.error).toContain('There is no call');
    }
    expect(calls.findViolation([{ tool_results: [result('a')] }])).toBeUndefined();
    expect(calls.accept([result('a'), result('b'), result('c'), result('d')])).toEqual([result('a')]);
    expect(calls.accept([result('a')])).toEqual([]);
  });

  test('of an earlier live session does not replace what is known of a call', async () => {
    const calls = await callsAfter(longRunning('a'), first('a'));
    calls.apply(longRunning('a'));
    calls.apply(answered('a'));
    expect(calls.accept([result('a')])).toEqual([]);
  });

  test('is accepted after 200 further calls, too', async () => {
    const calls = await callsAfter(longRunning('a'), first('a'));
    for (const each of [longRunning('a'), first('a')]) calls.apply(each);
    for (let index = 0; index < 300; index += 1) calls.apply(called(`c${index}`));
    expect(calls.findViolation([{ tool_results: [result('a')] }])).toBeUndefined();
    expect(calls.accept([result('a')])).toEqual([result('a')]);
  });

  test('is accepted while the conversation is being loaded, because nobody knows the calls yet, and not after that', async () => {
    const { promise: loaded, resolve } = Promise.withResolvers<void>();
    const calls = new ClientCalls({ loaded, events: [] });
    expect(calls.findViolation([{ tool_results: [result('a')] }])).toBeUndefined();
    expect(calls.accept([result('a')])).toEqual([result('a')]);
    resolve();
    await loaded;
    expect(calls.findViolation([{ tool_results: [result('b')] }])?.error).toContain('There is no call');
  });

  test('is accepted once the stored conversation is there, which a store delivers late', async () => {
    const events: AgentEvent[] = [];
    const late = new ClientCalls({ loaded: Promise.resolve(), events });
    await Promise.resolve();
    expect(late.accept([result('a')])).toEqual([]);
    events.push(longRunning('a'), first('a'));
    expect(late.accept([result('a')])).toEqual([result('a')]);
  });

  test('of a call of a server tool that streams is refused', () => {
    const calls = new ClientCalls();
    calls.apply(called('c1', false));
    calls.apply(first('c1'));
    expect(calls.findViolation([{ tool_results: [result('c1')] }])?.error).toContain('runs on the server');
  });
});

describe('the confirmation of a call', () => {
  const asked = event({ content: { parts: [call('c1')] }, clientToolIds: ['c1'], confirmToolIds: ['c1'] });
  const yes = { id: 'c1', ok: true };

  test('is accepted once; only then clients may send the result', () => {
    const calls = new ClientCalls();
    calls.apply(asked);
    expect([...calls.confirming]).toEqual(['c1']);
    expect(calls.findViolation([{ tool_results: [result('c1')] }])?.error).toBe(
      'The call "c1" waits for the user to confirm it',
    );
    expect(calls.accept([result('c1')])).toEqual([]);
    expect(calls.findViolation([{ tool_confirmations: [yes] }])).toBeUndefined();
    expect(calls.findViolation([{ tool_confirmations: [yes] }, { tool_confirmations: [yes] }])?.error).toBe(
      'The call "c1" waits for no confirmation',
    );
    expect(calls.acceptConfirmations([yes])).toEqual([yes]);
    expect(calls.acceptConfirmations([yes])).toEqual([]);
    expect([...calls.confirming]).toEqual([]);
    calls.apply(event({ toolConfirmation: yes }));
    expect(calls.findViolation([{ tool_results: [result('c1')] }])).toBeUndefined();
    expect(calls.unfinished).toEqual(['c1']);
  });

  test('that is a refusal leaves nothing for clients to answer', () => {
    const calls = new ClientCalls();
    calls.apply(asked);
    calls.acceptConfirmations([{ id: 'c1', ok: false }]);
    calls.apply(event({ toolConfirmation: { id: 'c1', ok: false } }));
    expect(calls.accept([result('c1')])).toEqual([]);
  });

  test.each<[string, AgentEvent[], string]>([
    ['of an unknown call', [], 'There is no call "c1" in this live session'],
    ['of a call that needs none', [called('c1')], 'The call "c1" waits for no confirmation'],
    [
      'of a call that was cancelled',
      [asked, cancelled('c1')],
      'The call "c1" was cancelled: its result is not needed any more',
    ],
    ['of a call that has its result', [asked, answered('c1')], 'The call "c1" waits for no confirmation'],
  ])('%s is refused with the reason', (_which, events, error) => {
    const calls = new ClientCalls();
    for (const each of events) calls.apply(each);
    expect(calls.findViolation([{ tool_confirmations: [yes] }])).toMatchObject({ code: 'tool_call_not_open', error });
    expect(calls.acceptConfirmations([yes])).toEqual([]);
  });
});

test('whatever happens in whatever order, a call is answered by at most one client, and only while it is open', () => {
  const ids = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ kind: fc.constantFrom('call', 'server', 'answer', 'cancel', 'result'), id: ids });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const calls = new ClientCalls();
      const open = new Set<string>();
      for (const { kind, id } of steps) {
        if (kind === 'result') {
          const isWanted = open.delete(id);
          expect(calls.findViolation([{ tool_results: [result(id)] }]) === undefined).toBe(isWanted);
          expect(calls.accept([result(id)])).toHaveLength(isWanted ? 1 : 0);
          continue;
        }
        if (kind === 'call') open.add(id);
        else open.delete(id);
        if (kind === 'call') calls.apply(called(id));
        else if (kind === 'server') calls.apply(called(id, false));
        else calls.apply(kind === 'answer' ? answered(id) : cancelled(id));
      }
    }),
  );
});
