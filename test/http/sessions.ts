import { expect } from '@jest/globals';
import type { ErrorBody } from '../../src/wire/wire-error.ts';
import { type Answer, say } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.ts';

/** A server, and a reader of the session of `me`. */
export async function openSession(
  environment: Record<string, string> = {},
  options: TestServerOptions = {},
): Promise<{ server: TestServer; stream: SseClient }> {
  const server = await startTestServer(environment, options);
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  return { server, stream };
}

/** What a refusal says. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** Exactly; a pattern: what it contains. */
  readonly error?: string | RegExp;
  readonly hint?: RegExp;
}

export function expectRefusal(
  answer: { readonly status: number; readonly text: string },
  { status, code, error = /./, hint }: Refusal,
): void {
  const { hint: told, retry_after_ms: _, ...body }: Partial<ErrorBody> = JSON.parse(answer.text);
  expect({ status: answer.status, ...body }).toEqual({
    status,
    code,
    error: typeof error === 'string' ? error : expect.stringMatching(error),
    retry: expect.any(Boolean),
  });
  // Not every error has one.
  if (hint || told !== undefined) expect(told).toMatch(hint ?? /./);
}

/** The session answers the next texts, and those only. */
export async function expectAlive(server: TestServer, stream: SseClient): Promise<void> {
  await say(server, 'count to two');
  expect(await stream.nextAnswer()).toBe('One, two.');
  await say(server, 'what did I say?');
  expect(await stream.nextAnswer()).toBe('You said: count to two');
  expect(stream.named('failure')).toEqual([]);
}

/** Expects the refusal of a limit: with the time to wait, as a header and in the body. */
export function expectLimit(answer: Answer, status: 429 | 503, code: string): void {
  const body: ErrorBody = JSON.parse(answer.text);
  expect({ status: answer.status, code: body.code, retry: body.retry }).toEqual({ status, code, retry: true });
  expect(body.retry_after_ms).toBeGreaterThan(0);
  expect(answer.headers['retry-after']).toBe(String(Math.ceil((body.retry_after_ms ?? 0) / 1_000)));
}
