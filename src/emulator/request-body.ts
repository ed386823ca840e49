import type { IncomingMessage } from 'node:http';

/** Maximum size of a request, in bytes. @see https://ai.google.dev/gemini-api/docs/files (20 MB) */
const MAX_REQUEST_BYTES = 20 * 1024 * 1024;

/** Reads the body of a request. @throws if the request breaks, or is too large */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) throw new RangeError('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @returns the text itself if it is no JSON */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
