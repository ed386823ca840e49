import { describe, expect, test } from '@jest/globals';
import { through } from '../../gauntlet/course.ts';
import { profiles } from '../../gauntlet/profiles/all.ts';
import { missingPrograms } from '../../gauntlet/program.ts';

import { exchange } from '../requests.ts';
import { expectLimit } from '../sessions.ts';
import { startTestServer } from '../test-server.ts';
import { holdBudgets } from './held-budgets.ts';

const NAMES = ['nginx-recommended', 'haproxy-recommended', 'apache-recommended', 'caddy-recommended'];

describe('behind the configuration that docs/networks.md recommends for', () => {
  const recommended = profiles.filter(({ name }) => NAMES.includes(name));
  const missing = missingPrograms(recommended.flatMap(({ programs }) => programs));

  for (const profile of recommended) {
    const define = profile.programs.some((program) => missing.has(program)) ? test.skip : test;
    define(`${profile.programs[0]}, each client has limits of its own, and cannot pose as another`, async () => {
      // Two requests at once.
      const server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1', MAX_ADDRESS_REQUESTS_PER_MINUTE: '12' });
      holdBudgets();
      await through(profile, server.port, async ({ url }) => {
        const proxy = { ...server, port: Number(new URL(url).port) };
        const ask = (from: string, headers = {}) => exchange(proxy, '/poll/me?wait=0', { from, headers });
        for (const _ of [1, 2]) expect((await ask('127.0.0.3')).status).toBe(200);
        expectLimit(await ask('127.0.0.3'), 429, 'too_many_requests');
        expectLimit(await ask('127.0.0.3', { 'X-Forwarded-For': '203.0.113.1' }), 429, 'too_many_requests');
        expect((await ask('127.0.0.4')).status).toBe(200);
      });
    });
  }
});
