import { encodeSse } from '../../src/wire/framing/sse.ts';

const EPOCH = 'aaaaaaaaaaaaaaaa';

/** A server in a test's hand, behind a `fetch`: what the page asks and posts is written down, what goes down its stream is said by the test. */
export class PageNetwork {
  readonly #log: string[];
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #seq = 0;
  #cseq = 0;
  /** Response to POSTs while set. Undefined: POSTs are accepted. */
  refusal: { status: number; body: object } | undefined;

  constructor(log: string[]) {
    this.#log = log;
  }

  /** Status of the answer to a request for a stored conversation. */
  storedStatus = 200;

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = String(input);
    if (url.startsWith('sessions/')) {
      this.#log.push(`GET ${url}`);
      return Response.json({}, { status: this.storedStatus });
    }
    return init.method === 'POST' ? this.#answer(url, init.body) : this.#open(url, init.signal);
  };

  /** Emits an event of the log or of the connection. */
  emit(name: string, data: unknown): void {
    this.#seq += 1;
    this.#write({
      id: `${EPOCH}.${this.#seq}`,
      ...(name === 'message' ? {} : { event: name }),
      data: JSON.stringify(data),
    });
  }

  /** @param session further fields of the `session` event */
  begin(modality: string, session: object = {}): void {
    const limits = { body_bytes: 1_000_000, heartbeat_ms: 10_000 };
    const event = { ...session, epoch: EPOCH, next: this.#cseq + 1, modality, limits };
    const id = `${EPOCH}.${this.#seq}`;
    this.#write({ id, event: 'session', data: JSON.stringify(event) });
    this.#write({ id, event: 'hb', data: JSON.stringify({ t: Date.now(), next: event.next }) });
  }

  #write(block: Parameters<typeof encodeSse>[0]): void {
    this.#stream?.enqueue(new TextEncoder().encode(encodeSse(block)));
  }

  #open(url: string, signal: AbortSignal | null | undefined): Response {
    const isAudio = new URLSearchParams(url.split('?')[1]).get('is_audio');
    this.#log.push(`GET ${url.split('?')[0]}${isAudio === null ? '' : `?is_audio=${isAudio}`}`);
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        this.#stream = stream;
        signal?.addEventListener('abort', () => stream.error(signal.reason));
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  #answer(url: string, body: RequestInit['body']): Response {
    const [path = '', query] = url.split('?');
    const envelope = typeof body === 'string' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(query));
    if (envelope.cseq === undefined) return Response.json({ status: 'sent', next: this.#cseq + 1 });
    this.#cseq = Number(envelope.cseq);
    for (const item of envelope.items ?? ['audio']) {
      this.#log.push(`POST ${path} ${typeof item === 'string' ? item : JSON.stringify(item)}`);
    }
    const { status, body: refusal } = this.refusal ?? {};
    if (refusal) return Response.json(refusal, { status: status ?? 400 });
    return Response.json({ status: 'sent', next: this.#cseq + 1 });
  }
}
