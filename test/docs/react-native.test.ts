import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Client } from '../../src/client/index.ts';
import { createApp } from '../client/react-native/app.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';

const PAGE = fileURLToPath(new URL('../../docs/react-native.md', import.meta.url));
const TOKEN = 'ann-0123456789abcdef';
/** Modules of the app. `change` does what the system does. */
const MODULES = {
  'react-native': `export const listeners = [];
    export const AppState = { addEventListener: (type, listener) => listeners.push(listener) };`,
  './session': `export const getToken = async () => '${TOKEN}';`,
};

test('the app of docs/react-native.md runs as printed, except for the address, and reconnects when it becomes active', async () => {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const { url } = await startTestServer({ AUTH: 'token', AUTH_TOKENS: `ann:${TOKEN}` });
  const program = `${code.replace('https://voice.example.org', url)}
    export { client };
    export { listeners } from 'react-native';`;
  const { exports, urls } = await createApp<{ client: Client; listeners: ((state: string) => void)[] }>({
    program,
    modules: MODULES,
  });
  const { client, listeners } = exports;
  afterTest(() => client.close());
  await waitFor('the connection', () => client.state === 'open');
  expect(urls[0]).toContain(`${url}/poll/ann?`);
  listeners[0]?.('background');
  expect(client.statistics.reconnects).toBe(0);
  listeners[0]?.('active');
  await waitFor('the next connection', () => client.statistics.reconnects === 1 && client.state === 'open');
});
