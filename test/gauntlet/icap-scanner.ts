import { createServer, type Socket } from 'node:net';
import { loopbackServer } from './loopback-server.ts';

const NEWLINES = '\r\n\r\n';
/** End of a chunked body. Chunks are read one by one, because their content may look the same. */
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * Starts a virus scanner that Squid asks before it forwards a response (ICAP, RFC 3507). Like real scanners it reads each body to its
 * end before it answers, so that a response without an end is never forwarded.
 * @returns the address of the scanner
 */
export async function startIcapScanner(stack: AsyncDisposableStack): Promise<string> {
  const { track, listen } = loopbackServer(stack);
  const server = createServer((socket) => {
    void scan(track(socket)).catch(() => socket.destroy());
  });
  return `icap://127.0.0.1:${await listen(server)}/scan`;
}

/** Answers the requests of a connection, one after the other. */
async function scan(socket: Socket): Promise<void> {
  const source = createSource(socket);
  for (let head = await source.until(NEWLINES); head !== undefined; head = await source.until(NEWLINES)) {
    const text = head.toString('latin1');
    if (text.startsWith('OPTIONS ')) {
      socket.write(`ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nISTag: "gauntlet"\r\nEncapsulated: null-body=0${NEWLINES}`);
      continue;
    }
    // Parse the offsets of the parts: `req-hdr=0, res-hdr=137, res-body=296`.
    const parts = /^Encapsulated:(.*)$/im.exec(text)?.[1] ?? '';
    const at = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(parts)?.[1] ?? -1);
    const bodyAt = Math.max(at('res-body'), at('null-body'));
    const heads = await source.take(bodyAt);
    const responseHead = heads.subarray(Math.max(0, at('res-hdr')));
    const hasBody = at('res-body') >= 0;
    const body = hasBody ? await readChunks(source) : Buffer.alloc(0);
    const found = `res-hdr=0, ${hasBody ? 'res-body' : 'null-body'}=${responseHead.length}`;
    const answer = `ICAP/1.0 200 OK\r\nISTag: "gauntlet"\r\nEncapsulated: ${found}${NEWLINES}`;
    socket.write(Buffer.concat([Buffer.from(answer), responseHead, body]));
  }
}

/** Reads a whole body with its chunk headers. */
async function readChunks(source: Source): Promise<Buffer> {
  const body: Buffer[] = [];
  for (;;) {
    const line = await source.until('\r\n');
    if (line === undefined) throw new Error('It ended within a body');
    const size = Number.parseInt(line.toString('latin1'), 16);
    if (size === 0) {
      await source.take(2);
      return Buffer.concat([...body, LAST_CHUNK]);
    }
    body.push(line, await source.take(size + 2));
  }
}

interface Source {
  /** Reads up to and including `mark`. Returns undefined at the end of the data. */
  until(mark: string): Promise<Buffer | undefined>;
  /** Reads a number of bytes. @throws if the data ends before */
  take(bytes: number): Promise<Buffer>;
}

function createSource(socket: Socket): Source {
  const chunks = socket[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  const more = async () => {
    const { value, done } = await chunks.next();
    if (!done) held = Buffer.concat([held, value]);
    return !done;
  };
  const cut = (bytes: number) => {
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return taken;
  };
  return {
    async until(mark) {
      while (!held.includes(mark)) if (!(await more())) return undefined;
      return cut(held.indexOf(mark) + mark.length);
    },
    async take(bytes) {
      while (held.length < bytes) if (!(await more())) throw new Error('It ended within a request');
      return cut(bytes);
    },
  };
}
