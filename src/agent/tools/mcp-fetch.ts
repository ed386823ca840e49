/**
 * Creates the `fetch` of a client of MCP, for servers that are not trusted: an answer is cut with an error at its limit, redirects are errors, and no
 * stream is opened for messages that nobody has asked for (a server could have it opened again without end).
 * @param maxBytes maximum size of an answer, in bytes
 */
export function createBoundedFetch(maxBytes: number): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    if ((init.method ?? 'GET') === 'GET') return new Response(null, { status: 405 });
    const { body, status, statusText, headers } = await fetch(url, { ...init, redirect: 'error' });
    const limited = body?.pipeThrough(limitBytes(maxBytes)) ?? null;
    return new Response(limited, { status, statusText, headers });
  };
}

function limitBytes(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= maxBytes) controller.enqueue(chunk);
      else controller.error(new Error(`The answer of the MCP server has more than ${maxBytes} bytes`));
    },
  });
}
