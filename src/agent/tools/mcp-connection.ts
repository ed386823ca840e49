import type {
  CallToolResult,
  Client,
  jsonSchemaValidator,
  Tool as McpTool,
  Transport,
} from '@modelcontextprotocol/client';
import { createBoundedFetch } from './mcp-fetch.ts';

/** A program that speaks MCP on its standard input and output. It runs as long as the toolset is open. */
export interface McpProgram {
  readonly command: string;
  readonly args?: readonly string[];
  /** Variables of its environment, beside the harmless ones that each program gets (PATH, HOME and so on). No secret of this server is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A server that speaks MCP over HTTP ("streamable HTTP"). */
export interface McpAddress {
  readonly url: string;
  /** Headers of each request, for example `Authorization`. They are not sent to the target of a redirect: redirects are errors. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Name under which servers see this client. */
const CLIENT = { name: 'bidi-sse', version: '1' };
/** Maximum time to connect, in ms. */
const CONNECT_MS = 10_000;
/** Maximum size of a message of a program, and of an answer over HTTP, in bytes. A larger one ends the connection. */
const MAX_MESSAGE_BYTES = 1536 * 1024;
/** Maximum duration of a close, in ms. A program that runs still is then killed. */
const CLOSE_MS = 1_000;
/** The client of MCP has a time-out of its own; calls have that of their tool. One day, in ms. */
const NO_TIMEOUT_MS = 86_400_000;

/**
 * Accepts whatever a tool returns. The client of MCP would check it against the schema of the server, whose regular expressions may take minutes, in
 * which nothing else of this process runs.
 */
const ANY_RESULT: jsonSchemaValidator = {
  // `never`: whatever type its caller expects.
  getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
};

/** A connection to an MCP server, which may hang, lie or die. Whatever it does, each request and `close` end in time. */
export class McpConnection {
  readonly #lifetime = new AbortController();
  readonly #client: Promise<Client>;
  /** Id of the process of a program that was started. */
  #pid: number | undefined;
  #isLost = false;

  /** Opens the connection. Errors are those of the requests. */
  constructor(server: McpProgram | McpAddress) {
    this.#client = this.#open(server);
    this.#client.catch(() => this.close());
  }

  /** Whether the connection cannot be used any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** @throws what has failed. The connection is lost then */
  async listTools(signal: AbortSignal): Promise<readonly McpTool[]> {
    try {
      const client = await settleBefore(this.#client, signal);
      const { tools } = await settleBefore(client.listTools(undefined, { signal, cacheMode: 'refresh' }), signal);
      return tools;
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** @throws the error of the server, or what has failed. The connection is lost after an error that is not the server's */
  async callTool(name: string, args: unknown, signal: AbortSignal): Promise<CallToolResult> {
    const { ProtocolError } = await import('@modelcontextprotocol/client');
    try {
      const client = await settleBefore(this.#client, signal);
      const request = { name, arguments: args as Record<string, unknown> };
      return await settleBefore(client.callTool(request, { signal, timeout: NO_TIMEOUT_MS }), signal);
    } catch (error) {
      if (!signal.aborted && !(error instanceof ProtocolError)) void this.close();
      throw error;
    }
  }

  /** Ends the connection, and the process of a program. Resolves within 1 s. */
  async close(): Promise<void> {
    this.#isLost = true;
    if (this.#lifetime.signal.aborted) return;
    this.#lifetime.abort(new Error('the connection to the MCP server is closed'));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    const closed = this.#client.then((client) => client.close()).catch(() => undefined);
    await Promise.race([closed.then(() => this.#untilExit(timeout)), timeout]);
    clearTimeout(timer);
    this.#kill('SIGKILL');
  }

  async #open(server: McpProgram | McpAddress): Promise<Client> {
    // Loaded here, because most agents have no MCP server.
    const { Client } = await import('@modelcontextprotocol/client');
    const client = new Client(CLIENT, { jsonSchemaValidator: ANY_RESULT });
    client.onclose = () => void this.close();
    const signal = AbortSignal.any([this.#lifetime.signal, AbortSignal.timeout(CONNECT_MS)]);
    const transport = await this.#createTransport(server);
    // No program is started for a connection that was closed meanwhile.
    signal.throwIfAborted();
    await settleBefore(client.connect(transport, { signal }), signal);
    return client;
  }

  async #createTransport(server: McpProgram | McpAddress): Promise<Transport> {
    if ('url' in server) {
      const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
      return new StreamableHTTPClientTransport(new URL(server.url), {
        requestInit: { headers: { ...server.headers } },
        fetch: createBoundedFetch(MAX_MESSAGE_BYTES),
      });
    }
    const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
    const { command, args = [], env = {}, cwd } = server;
    const transport = new StdioClientTransport({
      command,
      args: [...args],
      env: { ...getDefaultEnvironment(), ...env },
      stderr: 'ignore',
      maxBufferSize: MAX_MESSAGE_BYTES,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const start = transport.start.bind(transport);
    transport.start = async () => {
      const started = start();
      // The process is there at once. The transport forgets it as soon as it is closed, long before the process has ended.
      this.#pid = transport.pid ?? undefined;
      await started;
      if (this.#isLost) this.#kill('SIGKILL');
    };
    return transport;
  }

  /** Waits until the process has ended. */
  async #untilExit(timeout: Promise<void>): Promise<void> {
    let isOver = false;
    void timeout.then(() => {
      isOver = true;
    });
    while (!isOver && this.#kill(0)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** @returns whether there is a process that got the signal */
  #kill(signal: NodeJS.Signals | 0): boolean {
    if (this.#pid === undefined) return false;
    try {
      return process.kill(this.#pid, signal);
    } catch {
      return false;
    }
  }
}

/** @throws the reason of the signal, if that is aborted first */
async function settleBefore<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // The loser may fail later, where nobody waits for it.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
