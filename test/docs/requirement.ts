import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';

/** `describe` for tests that need a program; without it they are skipped by name with the reason, and under CI fail. */
export function describeWith(program: string): (name: string, tests: () => void) => void {
  const found = spawnSync(program, ['--version']).status === 0;
  if (found || process.env.CI === 'true') return describe;
  return (name, tests) => describe.skip(`${name} (skipped: there is no ${program} on this machine)`, tests);
}
