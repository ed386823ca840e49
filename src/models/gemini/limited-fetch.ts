/** Maximum size of an answer, in bytes. A text of 16,384 tokens has less than 200 kB. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Fetches like `fetch`, with a limit to the size of the answer. The SDK's own request passes a dispatcher to `fetch` that finds the one of the process, which may
 * be that of a proxy, by an internal symbol of undici (@google/genai 3.3.0).
 * @throws {RangeError} if the answer is too large; the rest is not read
 */
export async function limitedFetch(...[url, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new RangeError('the answer of the provider is too large');
    chunks.push(chunk);
  }
  const { status, statusText, headers } = response;
  return new Response(Buffer.concat(chunks), { status, statusText, headers });
}
