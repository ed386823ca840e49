import type { CallToolResult, Client, Tool as McpTool, Transport } from '@modelcontextprotocol/client';
import type { Tool, ToolContext } from '../tool.ts';
import type { Toolset } from '../toolset.ts';

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
  /** Headers of each request, for example `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface McpToolsetOptions {
  /** Name in logs. */
  readonly name: string;
  readonly server: McpProgram | McpAddress;
  /** Names of the tools that the agent may use. Default: all that the server has. */
  readonly only?: readonly string[];
  /** Whether the user has to confirm a call, by the name of the tool. Default: never. */
  readonly requireConfirmation?: (name: string, args: unknown) => boolean;
  /** Maximum duration of a call, in ms; 0: no limit. Default: `toolTimeoutMs` of the RunConfig, 60 s. */
  readonly timeoutMs?: number;
}

/** Name under which servers see this client. */
const CLIENT = { name: 'bidi-sse', version: '1' };
/** Maximum time to connect, in ms. */
const CONNECT_MS = 10_000;
/** Time after a failed attempt in which no other one is made, in ms. Each run that starts would wait for it. */
const RETRY_MS = 30_000;
/** Maximum size of a message of a program, in bytes. A larger one ends the connection. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
/** The client of MCP has a time-out of its own; calls have that of their tool. One day, in ms. */
const NO_TIMEOUT_MS = 86_400_000;

/**
 * Creates the toolset of an MCP server. The server is asked for its tools when a run starts; one connection serves all runs, and is opened again after
 * it was lost. A server that fails is not asked again for 30 s. It costs a run its tools, and a call its result: the model receives an error.
 * @throws {TypeError} if an option is invalid
 * @see https://modelcontextprotocol.io/specification
 */
export function mcpToolset(options: McpToolsetOptions): Toolset {
  const { name, server } = options;
  if (typeof name !== 'string' || name === '') throw new TypeError('mcpToolset: name must be a text');
  if (typeof server !== 'object' || server === null || !('url' in server || 'command' in server)) {
    throw new TypeError(`mcpToolset "${name}": server must be {command, args} or {url, headers}`);
  }
  if ('url' in server && !URL.canParse(server.url)) {
    throw new TypeError(`mcpToolset "${name}": the url of the server is not valid`);
  }
  return new McpToolset(options);
}

class McpToolset implements Toolset {
  readonly name: string;
  readonly #options: McpToolsetOptions;
  #connection: Promise<Client> | undefined;
  /** Why there are no tools now, and until when that is not tried again, in ms of `performance.now()`. */
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(options: McpToolsetOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async tools(signal: AbortSignal): Promise<readonly Tool[]> {
    if (this.#failure && performance.now() < this.#failure.until) throw this.#failure.error;
    try {
      const tools = await this.#listTools(signal);
      this.#failure = undefined;
      return tools;
    } catch (error) {
      this.#failure = { error, until: performance.now() + RETRY_MS };
      throw error;
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.then((client) => client.close()).catch(() => undefined);
  }

  async #listTools(signal: AbortSignal): Promise<readonly Tool[]> {
    const client = await this.#connect();
    const { tools } = await client.listTools(undefined, { signal, cacheMode: 'refresh' });
    const { only } = this.#options;
    return tools
      .filter(({ name }) => NAME.test(name) && (only === undefined || only.includes(name)))
      .map((tool) => this.#createTool(tool));
  }

  /** Returns the connection, which is opened if there is none. */
  #connect(): Promise<Client> {
    if (this.#connection) return this.#connection;
    const connection = this.#open(() => {
      // A connection that ends late must not take its successor with it.
      if (this.#connection === connection) this.#connection = undefined;
    });
    this.#connection = connection;
    return connection;
  }

  /** @param onEnd called when the connection cannot be opened, or is lost */
  async #open(onEnd: () => void): Promise<Client> {
    // Loaded here, because most agents have no MCP server.
    const { Client } = await import('@modelcontextprotocol/client');
    const client = new Client(CLIENT);
    client.onclose = onEnd;
    try {
      await client.connect(await createTransport(this.#options.server), { signal: AbortSignal.timeout(CONNECT_MS) });
      return client;
    } catch (error) {
      onEnd();
      await client.close().catch(() => undefined);
      throw error;
    }
  }

  #createTool({ name, description = '', inputSchema }: McpTool): Tool {
    const { timeoutMs, requireConfirmation } = this.#options;
    return {
      declaration: { type: 'function', name, description, parameters: inputSchema },
      run: (args, context) => this.#call(name, args, context),
      ...(requireConfirmation
        ? { needsConfirmation: (args: unknown) => asksUser(requireConfirmation, name, args) }
        : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  }

  async #call(name: string, args: unknown, { signal }: ToolContext): Promise<unknown> {
    const client = await this.#connect();
    const result = await client.callTool(
      { name, arguments: args as Record<string, unknown> },
      { signal, timeout: NO_TIMEOUT_MS },
    );
    return toResult(result);
  }
}

async function createTransport(server: McpProgram | McpAddress): Promise<Transport> {
  if ('url' in server) {
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: { ...server.headers } } });
  }
  const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const { command, args = [], env = {}, cwd } = server;
  return new StdioClientTransport({
    command,
    args: [...args],
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'ignore',
    maxBufferSize: MAX_MESSAGE_BYTES,
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Calls a rule of the author. One that throws asks the user. */
function asksUser(rule: NonNullable<McpToolsetOptions['requireConfirmation']>, name: string, args: unknown): boolean {
  try {
    return rule(name, args) !== false;
  } catch {
    return true;
  }
}

/**
 * Converts the result of a call: structured content as it is, one text as a text, everything else as its list of contents.
 * @throws {Error} if the result is an error
 */
function toResult({ content, structuredContent, isError }: CallToolResult): unknown {
  const texts = content.flatMap((each) => (each.type === 'text' ? [each.text] : []));
  if (isError) throw new Error(texts.join('\n') || 'The tool has failed');
  if (structuredContent !== undefined) return structuredContent;
  if (texts.length === content.length) return texts.join('\n');
  return { content };
}
