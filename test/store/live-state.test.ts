import { describe, expect, test } from '@jest/globals';
import { LiveState } from '../../src/store/live-state.ts';
import { StateLimitError, StateScope } from '../../src/store/state-scope.ts';
import { STATE_LIMITS } from '../../src/wire/state-delta.ts';

function createState() {
  return new LiveState({ app: new StateScope(), user: new StateScope(), session: new StateScope() });
}

describe('the state of a conversation', () => {
  test('has each key in the scope of its prefix, and all of them in its record', () => {
    const state = createState().withTemp();
    const applied = state.apply({ 'app:a': 1, 'user:u': [2], s: { deep: 3 }, 'temp:t': 4, 'other:x': 5 });
    expect(applied).toEqual({ 'app:a': 1, 'user:u': [2], s: { deep: 3 }, 'other:x': 5 });
    expect(state.toRecord()).toEqual({ 'app:a': 1, 'user:u': [2], s: { deep: 3 }, 'other:x': 5, 'temp:t': 4 });
    expect(state.toCommit(applied)).toEqual({
      app: { a: 1 },
      user: { u: [2] },
      session: { s: { deep: 3 }, 'other:x': 5 },
    });
  });

  test('loses a key that is set to null, and reports the removal', () => {
    const state = createState();
    state.apply({ name: 'Ann' });
    expect(state.apply({ name: null })).toEqual({ name: null });
    expect(state.has('name')).toBe(false);
    expect(state.get('name')).toBeUndefined();
  });

  test('keeps a copy of each value, which nobody can change', () => {
    const state = createState();
    const given = { list: [1] };
    state.apply({ given });
    given.list.push(2);
    const kept = state.get('given') as typeof given;
    expect(kept).toEqual({ list: [1] });
    expect(() => kept.list.push(3)).toThrow(TypeError);
  });

  test('takes keys that have a meaning in JavaScript like any other', () => {
    const state = createState();
    const delta = JSON.parse('{"__proto__":{"polluted":1},"constructor":2}');
    expect(Object.entries(state.apply(delta))).toEqual(Object.entries(delta));
    expect(Object.entries(state.toRecord())).toEqual(Object.entries(delta));
    expect(Object.entries(state.toCommit(delta).session ?? {})).toEqual(Object.entries(delta));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(state.get('toString')).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['an object that contains itself', Object.assign({}, { self: {} })],
  ])('refuses %s, or keeps what JSON has for it', (name, value) => {
    const state = createState();
    if (name.startsWith('an object')) (value as { self: unknown }).self = value;
    expect(() => state.apply({ fine: 1, key: value })).toThrow();
    expect(state.toRecord()).toEqual({});
  });

  test('refuses an empty key, a prefix alone and a key of more than 128 characters', () => {
    const state = createState();
    for (const key of ['', 'user:', 'app:', 'k'.repeat(129)])
      expect(() => state.apply({ [key]: 1 })).toThrow(TypeError);
    state.apply({ [`user:${'k'.repeat(128)}`]: 1 });
  });

  test('refuses keys of a run where there is none', () => {
    expect(() => createState().apply({ 'temp:x': 1 })).toThrow('belongs to a run');
  });
});

describe('the limits of the state', () => {
  test('a value that is too large is refused, and nothing of the change applies', () => {
    const state = createState();
    const large = 'x'.repeat(STATE_LIMITS.valueCharacters);
    expect(() => state.apply({ small: 1, large })).toThrow(StateLimitError);
    expect(state.toRecord()).toEqual({});
  });

  test('a scope that would be too large, or have too many keys, is refused; other scopes still take changes, and a full one can shrink', () => {
    const state = createState();
    const part = 'x'.repeat(STATE_LIMITS.valueCharacters - 10);
    state.apply({ a: part });
    expect(() => state.apply({ b: part, c: part })).toThrow(StateLimitError);
    expect(() => state.apply({ b: part })).not.toThrow();
    expect(() => state.apply({ c: 'x'.repeat(100) })).toThrow(/32768/);
    state.apply({ 'user:c': 'x'.repeat(100) });
    state.apply({ a: null, c: part });
    state.load({});
    const many = Object.fromEntries(Array.from({ length: STATE_LIMITS.keys }, (_, index) => [`app:${index}`, 1]));
    state.apply(many);
    expect(() => state.apply({ 'app:more': 1 })).toThrow(/256 keys/);
    state.apply({ 'app:0': null, 'app:more': 1 });
  });

  test('keys that come and go before the stored values arrive are limited, too', () => {
    const state = createState();
    const toggle = (count: number) => {
      for (let index = 0; index < count; index += 1) {
        state.apply({ [`k${index}`]: 1 });
        state.apply({ [`k${index}`]: null });
      }
    };
    expect(() => toggle(1_000)).toThrow(StateLimitError);
    state.load({});
    toggle(1_000);
  });

  test('stored values over a limit are kept, and can only shrink', () => {
    const state = createState();
    state.load({ session: { a: 'x'.repeat(STATE_LIMITS.scopeCharacters), b: 1 } });
    expect(() => state.apply({ c: 1 })).toThrow(StateLimitError);
    state.apply({ b: null });
    state.apply({ a: null });
    state.apply({ c: 1 });
    expect(state.toRecord()).toEqual({ c: 1 });
  });
});

describe('stored values', () => {
  test('that arrive late do not replace what was changed or removed before, and arrive once', () => {
    const state = createState();
    state.apply({ changed: 'new', removed: null });
    state.load({ session: { changed: 'old', removed: 'old', kept: 'old' }, user: { u: 1 } });
    expect(state.toRecord()).toEqual({ changed: 'new', kept: 'old', 'user:u': 1 });
    state.load({ session: { kept: 'older' } });
    expect(state.get('kept')).toBe('old');
  });
});
