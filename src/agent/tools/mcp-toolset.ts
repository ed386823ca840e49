import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/client';
import { base64ByteLength } from '../../wire/base64.ts';
import { isImage } from '../../wire/image.ts';
import type { ResultImage } from '../../wire/result-images.ts';
import { TOOL_NAME, type Tool, type ToolContext } from '../tool.ts';
import { toolResult } from '../tool-result.ts';
import type { Toolset } from '../toolset.ts';
import { type McpAddress, McpConnection, type McpProgram } from './mcp-connection.ts';

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

/** Time after a failed attempt in which no other one is made, in ms. Each run that starts would wait for it. */
const RETRY_MS = 30_000;

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
  #connection: McpConnection | undefined;
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
    await this.#connection?.close();
    this.#connection = undefined;
  }

  async #listTools(signal: AbortSignal): Promise<readonly Tool[]> {
    const tools = await this.#connect().listTools(signal);
    const { only } = this.#options;
    return tools
      .filter(({ name }) => TOOL_NAME.test(name) && (only === undefined || only.includes(name)))
      .map((tool) => this.#createTool(tool));
  }

  /** Returns the connection. Opens one if there is none that works. */
  #connect(): McpConnection {
    if (!this.#connection || this.#connection.isLost) this.#connection = new McpConnection(this.#options.server);
    return this.#connection;
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
    return toResult(await this.#connect().callTool(name, args, signal));
  }
}

/** Calls a rule of the author. One that throws asks the user. */
function asksUser(rule: NonNullable<McpToolsetOptions['requireConfirmation']>, name: string, args: unknown): boolean {
  try {
    return rule(name, args) !== false;
  } catch {
    return true;
  }
}

type McpContent = CallToolResult['content'][number];

/**
 * Converts the result of a call: structured content as it is, texts as one text, everything else as its list of contents. Images become pictures of
 * the result, also those in embedded resources. Other data, such as sound, is left out: the model would read its base64.
 * @throws {Error} if the result is an error, or its pictures are over a limit
 */
function toResult({ content, structuredContent, isError }: CallToolResult): unknown {
  const texts = content.flatMap((each) => (each.type === 'text' ? [each.text] : []));
  if (isError) throw new Error(texts.join('\n') || 'The tool has failed');
  const images = content.flatMap((each) => findImage(each) ?? []);
  const others = content.filter((each) => !findImage(each));
  const result = structuredContent ?? toPlainResult(others, texts);
  if (images.length === 0) return result;
  // A picture without words has no response beside it.
  return toolResult({ response: result === '' ? {} : result, images });
}

function findImage(content: McpContent): ResultImage | undefined {
  if (content.type === 'image') return content;
  if (content.type !== 'resource' || !('blob' in content.resource)) return undefined;
  const { mimeType = '', blob } = content.resource;
  return isImage(mimeType) ? { mimeType, data: blob } : undefined;
}

function toPlainResult(content: readonly McpContent[], texts: readonly string[]): unknown {
  return texts.length === content.length ? texts.join('\n') : { content: content.map(omitData) };
}

/** Replaces data that is not text by its size. */
function omitData(content: McpContent): unknown {
  if (content.type === 'audio') {
    const { data, ...rest } = content;
    return { ...rest, bytes: base64ByteLength(data) };
  }
  if (content.type !== 'resource' || !('blob' in content.resource)) return content;
  const { blob, ...resource } = content.resource;
  return { ...content, resource: { ...resource, bytes: base64ByteLength(blob) } };
}
