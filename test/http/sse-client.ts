import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { ReceivedEvents } from './received-events.ts';
import { afterTest } from './test-server.ts';

export { type PlainMessage, type ReceivedEvent as SseEvent, textOf } from './received-events.ts';

/** Reads one SSE response as it comes, and keeps everything. */
export class SseClient extends ReceivedEvents {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #response: IncomingMessage;

  constructor(response: IncomingMessage) {
    super();
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.events.push({ id, event, data: JSON.parse(data) }),
    });
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.text += chunk;
      parser.feed(chunk);
      this.wake();
    });
    response.on('close', () => {
      this.ended = true;
      this.wake();
    });
    // A cut connection: `close` follows.
    response.on('error', () => {});
  }

  /** The id that an EventSource would send as Last-Event-ID: that of the last whole block. */
  get lastId(): string {
    const whole = this.text.slice(0, this.text.lastIndexOf('\n\n') + 1);
    return [...whole.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  }

  /** Cuts the connection, as a network does. */
  close(): void {
    this.#response.destroy();
  }
}

/** Opens a stream; it is closed after the test. Resolves with the response's headers. */
export function openStream(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, agent: false }, (response) => {
      const client = new SseClient(response);
      afterTest(() => client.close());
      resolve(client);
    });
    request.on('error', reject);
    request.end();
  });
}
