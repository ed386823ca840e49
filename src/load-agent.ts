import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Agent } from './agent/agent.ts';

/** The agent file cannot be used; its text says why and what to do. */
export class AgentFileError extends Error {
  override readonly name = 'AgentFileError';
}

/**
 * Imports an agent file, which exports `rootAgent` (or a default) made by `new Agent(…)` of 'bidi-sse'. TypeScript runs as it is, on
 * Node 22.18 or newer.
 * @param path relative to the working directory
 * @throws {AgentFileError}
 */
export async function loadAgent(path: string): Promise<Agent> {
  const file = resolve(path);
  let module: { rootAgent?: unknown; default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new AgentFileError(describe(error, path, file), { cause: error });
  }
  const agent = module.rootAgent ?? module.default;
  if (agent instanceof Agent) return agent;
  throw new AgentFileError(
    agent === undefined
      ? `${path} exports no agent: write "export const rootAgent = new Agent({ name: '…', … })"`
      : `${path}: rootAgent must be made by "new Agent(…)", with Agent imported from 'bidi-sse'`,
  );
}

function describe(error: unknown, path: string, file: string): string {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : (new Error(String(error)) as NodeJS.ErrnoException);
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${file}'`)) return `There is no agent file ${file}`;
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'bidi-sse'")) {
    return `${path} imports 'bidi-sse', which cannot be found from there: keep the file in this project, or install bidi-sse beside it`;
  }
  if (code === 'ERR_UNSUPPORTED_DIR_IMPORT') return `${path} is a folder: name the agent file in it`;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && !/\.[mc]?ts$/.test(path))
    return `${path} is no agent file: it must end in .ts or .js`;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return `${path}: TypeScript needs Node 22.18 or newer; this is ${process.version}`;
  return `${path} failed: ${message}`;
}
