import { describe, expect, test } from '@jest/globals';
import { fillTemplate } from '../../src/agent/instruction.ts';
import { StateReader } from '../../src/agent/state.ts';
import { createLiveState } from './live-state.ts';

function fill(template: string): string {
  const state = createLiveState();
  state.apply({
    name: 'Ann',
    count: 0,
    on: false,
    list: [1, { a: 'b' }],
    'user:city': 'Rome',
    'app:shop': 'Bread',
    'temp:t': 1,
  });
  return fillTemplate(template, new StateReader(state));
}

describe('the template of an instruction', () => {
  test('may have any number of braces that are never closed', () => {
    const template = `${'{'.repeat(500_000)}x`;
    expect(fill(template)).toBe(template);
  });

  test.each<[string, string]>([
    ['You talk to {name}.', 'You talk to Ann.'],
    ['{user:city} {app:shop} {temp:t}', 'Rome Bread 1'],
    ['{count}{on}', '0false'],
    ['{list}', '[1,{"a":"b"}]'],
    ['{ name }, {{name}} and {{{name?}}}', 'Ann, Ann and Ann'],
    ['[{nobody?}] [{user:nobody?}]', '[] []'],
    ['{name}{name}', 'AnnAnn'],
  ])('%j becomes %j', (template, instruction) => {
    expect(fill(template)).toBe(instruction);
  });

  test.each([
    '{}',
    '{ }',
    'Answer as {"name": "…", "n": 1}',
    '{not valid}',
    '{1st}',
    '{a-b}',
    '{other:name}',
    '{user:}',
    '{user:a:b}',
    '{artifact.file}',
    'if (a) { return b; }',
    '{',
    '}{',
    '{?}',
  ])('%j stays as it is', (template) => {
    expect(fill(template)).toBe(template);
  });

  test('that names a missing key fails with the key and what to do', () => {
    expect(() => fill('{name} {user:plan}')).toThrow(
      expect.objectContaining({
        code: 'instruction_failed',
        message: expect.stringContaining('"user:plan"'),
        hint: expect.stringContaining('{user:plan?}'),
      }),
    );
  });

  test('does not fill the values that it fills in', () => {
    const state = createLiveState();
    state.apply({ name: '{app:secret}', 'app:secret': 'x' });
    expect(fillTemplate('{name}', new StateReader(state))).toBe('{app:secret}');
  });
});
