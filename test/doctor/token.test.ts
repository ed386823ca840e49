import { describe, expect } from '@jest/globals';
import { runCli } from '../cli/command.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { startTestServer, type TestServer } from '../http/test-server.ts';

const ANN = 'ann-0123456789abcdef';
const ENVIRONMENT = { AUTH: 'token', AUTH_TOKENS: `ann:${ANN},*:any-0123456789abcdef` };

const listSessions = ({ logs }: TestServer) =>
  logs
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === 'live session opened')
    .map(({ userId, sessionId }) => [userId, sessionId]);

describe('bidi-sse doctor of a server with AUTH=token', () => {
  test('with the token of a user, examines a session of its own of that user, over WebSockets too', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const env = { BIDI_SSE_TOKEN: ANN };
    const command = await runCli(['doctor', server.url, '--seconds', '1'], { env });
    expect(await command.exitCode()).toBe(0);
    expect(command.stdout).toMatch(/WebSocket {2}first event after/);
    expect(command.stdout).toMatch(/What this network does\n {2}No problem was found\./);
    expect(command.stdout + command.stderr).not.toContain(ANN);
    expect(listSessions(server)).toEqual([['ann', expect.stringMatching(/^doctor-/)]]);
  });

  test('with a token of every user, examines a session of a user of its own', async () => {
    const server = await startTestServer(ENVIRONMENT);
    const command = await runCli(['doctor', server.url, '--token', 'any-0123456789abcdef', '--seconds', '1']);
    expect(await command.exitCode()).toBe(0);
    expect(listSessions(server)).toEqual([[expect.stringMatching(/^doctor-/), expect.stringMatching(/^doctor-/)]]);
  });

  test.each<[string, string[], RegExp]>([
    [
      'no token',
      [],
      /The server requires a token: .+ \(status 401, unauthorized\)\. Set BIDI_SSE_TOKEN to a valid one/,
    ],
    ['a wrong token', ['--token', 'wrong-secret'], /The server requires a token: The token is not valid \(status 401/],
    ['a token with a space', ['--token', 'two secret'], /The token is not valid: a token has letters/],
    [
      'a token and a header Authorization',
      ['--token', 'secret', '--header', 'authorization: secret'],
      /Give no other header Authorization/,
    ],
  ])('with %s, exits with 1 and tells what to do without the token', async (_, options, text) => {
    const { url } = await startTestServer(ENVIRONMENT);
    const command = await runCli(['doctor', url, ...options]);
    expect([await command.exitCode(), command.stdout.includes('secret')]).toEqual([1, false]);
    expect(command.stderr).toMatch(text);
    expect(command.stderr).not.toContain('secret');
  });
});
