import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { REFUSED_REQUESTS, REFUSED_SETTINGS } from '../../src/agent/adk/adk-limits.ts';

const page = readFileSync(new URL('../../docs/bring-your-own-runner.md', import.meta.url), 'utf8');

test('docs/bring-your-own-runner.md names each request that a runner of ADK refuses, with its error', () => {
  const rows = page.split('\n').filter((line) => line.includes('Refused with 422 `not_supported`: "'));
  expect(rows.map((row) => /`: "([^"]+)"/.exec(row)?.[1]).sort()).toEqual(
    Object.values(REFUSED_REQUESTS)
      .map(({ error }) => error)
      .sort(),
  );
});

test('docs/bring-your-own-runner.md lists exactly the settings that a runner of ADK refuses, with the reasons', () => {
  const table = page.split('| setting | why |\n|---|---|\n')[1]?.split('\n\n')[0];
  const rows = Object.entries(REFUSED_SETTINGS).map(([setting, reason]) => `| \`${setting}\` | ${reason} |`);
  expect(table?.split('\n')).toEqual(rows);
});
