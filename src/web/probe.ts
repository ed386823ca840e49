import { readError } from './error-text.ts';

/** What a GET of the stream's address answers. */
export type Probe = { answer: 'stream' } | { answer: 'ended' } | { answer: 'error'; error?: string };

const TIMEOUT_MS = 8_000;

/** Asks for the stream and leaves as soon as the answer's head is there. */
export async function probeStream(address: string): Promise<Probe> {
  const leave = new AbortController();
  const timeout = setTimeout(() => leave.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      headers: { accept: 'text/event-stream' },
      cache: 'no-store',
      signal: leave.signal,
    });
    if (response.status === 204) return { answer: 'ended' };
    if (response.ok) return { answer: 'stream' };
    return { answer: 'error', error: (await readError(response)).error };
  } catch {
    return { answer: 'error' };
  } finally {
    clearTimeout(timeout);
    leave.abort();
  }
}
