import type { Tool } from './tool.ts';

/** Tools that are known only when a run starts, such as those of an MCP server (ADK: BaseToolset). */
export interface Toolset {
  /** Name in logs. */
  readonly name: string;
  /**
   * Lists the tools for a run that starts now.
   * @param signal aborted after 10 s: the run then starts without these tools
   * @throws if the tools cannot be had: the run starts without them, and the error is logged
   */
  tools(signal: AbortSignal): Promise<readonly Tool[]>;
  /** Releases what the toolset holds, because the server stops. Later calls of `tools` open it again. */
  close?(): Promise<void>;
}

export function isToolset(given: Tool | Toolset): given is Toolset {
  return typeof (given as Partial<Toolset>).tools === 'function';
}
