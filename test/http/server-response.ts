import diagnostics from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { afterTest } from './test-server.ts';

/** The server's side of the next request for `url`: it runs in this process. */
export function nextResponse(url: string): Promise<ServerResponse> {
  return new Promise((resolve) => {
    const onRequest = (message: unknown) => {
      const { request, response } = message as { request: { url: string }; response: ServerResponse };
      if (request.url === url) resolve(response);
    };
    diagnostics.subscribe('http.server.request.start', onRequest);
    afterTest(() => diagnostics.unsubscribe('http.server.request.start', onRequest));
  });
}
