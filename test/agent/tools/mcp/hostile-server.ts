import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterTest } from '../../../after-test.ts';

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string };
}

/**
 * An MCP server over HTTP that misbehaves. `hang`: it does not answer after the first message. `endless`: its list of tools has no end. `regexp`: a
 * result takes minutes to be checked against its schema.
 */
export type Misbehaviour = 'none' | 'hang' | 'endless' | 'regexp';

export class HostileServer {
  /** Methods of all requests, GET included. */
  readonly requests: string[] = [];
  /** Sessions that the server knows. */
  readonly sessions = new Set<string>();
  readonly #misbehaviour: Misbehaviour;
  #count = 0;

  constructor(misbehaviour: Misbehaviour) {
    this.#misbehaviour = misbehaviour;
  }

  async start(): Promise<string> {
    const http = createServer((req, res) => void this.#answer(req, res));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    afterTest(() => {
      http.closeAllConnections();
      http.close();
    });
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'POST') {
      this.requests.push(req.method ?? '');
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 0\nid: 1\ndata:\n\n');
      return;
    }
    const { id, method, params } = JSON.parse(await text(req)) as Message;
    this.requests.push(method);
    const reply = (result: object, headers = {}) => {
      res.writeHead(200, { 'Content-Type': 'application/json', ...headers });
      res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    };
    if (method === 'initialize') {
      this.#count += 1;
      const session = `s${this.#count}`;
      this.sessions.add(session);
      const serverInfo = { name: 'hostile', version: '1' };
      reply(
        { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo },
        { 'mcp-session-id': session },
      );
      return;
    }
    if (this.#misbehaviour === 'hang') return;
    if (!this.sessions.has(String(req.headers['mcp-session-id']))) {
      res.writeHead(404, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }));
      return;
    }
    if (method === 'tools/list') this.#listTools(res, id, reply);
    else if (method === 'tools/call') reply({ content: [], structuredContent: { s: `${'a'.repeat(30)}!` } });
    else res.writeHead(202).end();
  }

  #listTools(res: ServerResponse, id: number | undefined, reply: (result: object) => void): void {
    if (this.#misbehaviour !== 'endless') {
      const outputSchema = { type: 'object', properties: { s: { type: 'string', pattern: '^(a+)+$' } } };
      const schema = this.#misbehaviour === 'regexp' ? { outputSchema } : {};
      reply({ tools: [{ name: 'match_text', inputSchema: { type: 'object' }, ...schema }] });
      return;
    }
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.write(`{"jsonrpc":"2.0","id":${id},"result":{"tools":[],"x":"`);
    const write = () => {
      while (!res.destroyed && res.write('z'.repeat(64 * 1024)));
    };
    res.on('drain', write);
    write();
  }
}
